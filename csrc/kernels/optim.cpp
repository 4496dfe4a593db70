#include "kernels/optim.h"

#include "core/simd.h"

namespace RL_LEVEL {

// The body once for whole vectors and once for the last n % W elements.
template <class F>
RL_INLINE void each(int64_t n, F&& f) {
  int64_t i = 0;
  for (; i + W <= n; i += W) f([i](const float* p) { return load(p + i); }, [i](float* p, vf v) { store(p + i, v); });
  if (i < n) {
    int rest = (int)(n - i);
    f([i, rest](const float* p) { return load_n(p + i, rest); },
      [i, rest](float* p, vf v) { store_n(p + i, v, rest); });
  }
}

template <bool kBuffer, bool kNesterov>
static void sgd_case(float* p, const float* g, float* buffer, int64_t n, const SgdScalars* s) {
  float sign = s->maximize ? -1.0f : 1.0f, decay = s->weight_decay, lr = -s->lr;
  // The first step's buffer is g: 0 * (anything finite there) + 1 * g.
  float keep = s->first ? 0.0f : s->momentum, take = s->first ? 1.0f : s->dampening, momentum = s->momentum;
  each(n, [&](auto get, auto put) __attribute__((always_inline)) {
    vf x = get(p), d = get(g) * sign;
    if (decay != 0) d = d + x * decay;  // apart: an infinite x times 0 would be NaN
    if (kBuffer) {
      vf b = get(buffer) * keep + d * take;
      put(buffer, b);
      d = kNesterov ? d + b * momentum : b;
    }
    put(p, x + d * lr);
  });
}

static void sgd(float* p, const float* g, float* buffer, int64_t n, const SgdScalars* s) {
  if (!buffer)
    sgd_case<false, false>(p, g, buffer, n, s);
  else if (s->nesterov)
    sgd_case<true, true>(p, g, buffer, n, s);
  else
    sgd_case<true, false>(p, g, buffer, n, s);
}

template <bool kLargest>
static void adam_case(float* p, const float* g, float* m, float* v, float* largest, int64_t n, const AdamScalars* s) {
  float sign = s->maximize ? -1.0f : 1.0f, decay = s->weight_decay, shrink = s->shrink, beta2 = s->beta2;
  float rest1 = s->rest1, rest2 = s->rest2, step = -s->step, inverse = 1.0f / s->correction, eps = s->eps;
  bool near = rest1 < 0.5f;  // m + (g - m) * rest1, from the nearer end, as torch.lerp
  float beta1 = s->beta1;
  each(n, [&](auto get, auto put) __attribute__((always_inline)) {
    vf x = get(p) * shrink, d = get(g) * sign;
    if (decay != 0) d = d + x * decay;
    vf old = get(m), a = near ? old + (d - old) * rest1 : d - (d - old) * beta1;
    vf b = get(v) * beta2 + d * d * rest2;
    put(m, a);
    put(v, b);
    if (kLargest) {
      b = max(get(largest), b);
      put(largest, b);
    }
    put(p, x + a * step / (sqrt(b) * inverse + eps));
  });
}

static void adam(float* p, const float* g, float* m, float* v, float* largest, int64_t n, const AdamScalars* s) {
  if (largest)
    adam_case<true>(p, g, m, v, largest, n, s);
  else
    adam_case<false>(p, g, m, v, largest, n, s);
}

template <bool kMean, bool kBuffer>
static void rmsprop_case(float* p, const float* g, float* square, float* mean, float* buffer, int64_t n,
                         const RmspropScalars* s) {
  float sign = s->maximize ? -1.0f : 1.0f, decay = s->weight_decay, alpha = s->alpha, rest = s->rest;
  float eps = s->eps, momentum = s->momentum, lr = -s->lr;
  bool near = rest < 0.5f;
  each(n, [&](auto get, auto put) __attribute__((always_inline)) {
    vf x = get(p), d = get(g) * sign;
    if (decay != 0) d = d + x * decay;
    vf q = get(square) * alpha + d * d * rest;
    put(square, q);
    if (kMean) {
      vf old = get(mean), a = near ? old + (d - old) * rest : d - (d - old) * alpha;
      put(mean, a);
      q = q - a * a;
    }
    d = d / (sqrt(q) + eps);
    if (kBuffer) {
      d = get(buffer) * momentum + d;
      put(buffer, d);
    }
    put(p, x + d * lr);
  });
}

static void rmsprop(float* p, const float* g, float* square, float* mean, float* buffer, int64_t n,
                    const RmspropScalars* s) {
  if (mean && buffer)
    rmsprop_case<true, true>(p, g, square, mean, buffer, n, s);
  else if (mean)
    rmsprop_case<true, false>(p, g, square, mean, buffer, n, s);
  else if (buffer)
    rmsprop_case<false, true>(p, g, square, mean, buffer, n, s);
  else
    rmsprop_case<false, false>(p, g, square, mean, buffer, n, s);
}

static void adagrad(float* p, const float* g, float* sum, int64_t n, const AdagradScalars* s) {
  float sign = s->maximize ? -1.0f : 1.0f, decay = s->weight_decay, lr = -s->lr, eps = s->eps;
  each(n, [&](auto get, auto put) __attribute__((always_inline)) {
    vf x = get(p), d = get(g) * sign;
    if (decay != 0) d = d + x * decay;
    vf t = get(sum) + d * d;
    put(sum, t);
    put(p, x + d * lr / (sqrt(t) + eps));
  });
}

extern const OptimKernels optim_kernels;
const OptimKernels optim_kernels = {sgd, adam, rmsprop, adagrad};

}  // namespace RL_LEVEL
