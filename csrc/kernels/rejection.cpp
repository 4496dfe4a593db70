#include "kernels/rejection.h"

#include <cmath>

namespace RL_LEVEL {

static double draw(const UniformSource* u) { return u->next(u->context); }

// Below 10 by products of uniforms; else W. Hoermann 1993, "The transformed rejection method for generating
// Poisson random variables" (PTRS).
static double poisson_one(const UniformSource* u, double rate) {
  if (rate == 0) return 0;
  if (rate < 10) {
    double limit = std::exp(-rate), product = 1;
    for (double k = 0;; k++) {
      product *= draw(u);
      if (!(product > limit)) return k;
    }
  }
  double log_rate = std::log(rate), b = 0.931 + 2.53 * std::sqrt(rate), a = -0.059 + 0.02483 * b;
  double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), vr = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    double v1 = draw(u) - 0.5, v = draw(u), us = 0.5 - std::fabs(v1);
    double k = std::floor((2 * a / us + b) * v1 + rate + 0.43);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v) + std::log(inverse_alpha) - std::log(a / (us * us) + b) <=
        -rate + k * log_rate - std::lgamma(k + 1))
      return k;
  }
}

static void poisson(const UniformSource* u, const double* rate, double* out, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = poisson_one(u, rate[i]);
}

static double stirling(double k) {
  static const double table[] = {0.0810614667953272,  0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
                                 0.0166446911898211,  0.0138761288230707, 0.0118967099458917, 0.0104112652619720,
                                 0.00925546218271273, 0.00833056343336287};
  if (k <= 9) return table[(int)k];
  double square = (k + 1) * (k + 1);
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

// Few successes: geometric gaps between them. Many: W. Hoermann 1993, "The generation of binomial random
// variates" (BTRS).
static double binomial_one(const UniformSource* u, double n, double p, bool single) {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (std::isnan(n) || std::isnan(p)) return NAN;
  if (p > 0.5) return n - binomial_one(u, n, 1 - p, single);
  if ((single ? (double)((float)n * (float)p) : n * p) < 10) {
    double rest = std::log1p(-p), total = 0, done = 0;
    for (;; done++) {
      total += std::ceil(std::log(draw(u)) / rest);
      if (total > n) return done;
    }
  }
  double deviation = std::sqrt(n * p * (1 - p)), b = 1.15 + 2.53 * deviation, a = -0.0873 + 0.0248 * b + 0.01 * p;
  double c = n * p + 0.5, vr = 0.92 - 4.2 / b, r = p / (1 - p), alpha = (2.83 + 5.1 / b) * deviation;
  double m = std::floor((n + 1) * p);
  for (;;) {
    double v1 = draw(u) - 0.5, v = draw(u), us = 0.5 - std::fabs(v1);
    double k = std::floor((2 * a / us + b) * v1 + c);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || k > n) continue;
    v = std::log(v * alpha / (a / (us * us) + b));
    double bound = (m + 0.5) * std::log((m + 1) / (r * (n - m + 1))) + (n + 1) * std::log((n - m + 1) / (n - k + 1)) +
                   (k + 0.5) * std::log(r * (n - k + 1) / (k + 1)) + stirling(m) + stirling(n - m) - stirling(k) -
                   stirling(n - k);
    if (v <= bound) return k;
  }
}

static void binomial(const UniformSource* u, const double* count, const double* p, double* out, int64_t n,
                     bool single) {
  for (int64_t i = 0; i < n; i++) out[i] = binomial_one(u, count[i], p[i], single);
}

extern const RejectionKernels rejection_kernels;
const RejectionKernels rejection_kernels = {poisson, binomial};

}  // namespace RL_LEVEL
