#include "kernels/loss.h"

#include "kernels/softmax.inl.h"

namespace RL_LEVEL {

// ---- cross-entropy ----------------------------------------------------------------------------------

// Sums over a row of a function of the position, in float over blocks of 4096 and in double over blocks.
template <class F>
RL_INLINE double row_sum(int64_t n, F&& f) {
  double total = 0;
  for (int64_t from = 0; from < n; from += 4096) {
    int64_t end = from + 4096 < n ? from + 4096 : n;
    vf s = {};
    for (int64_t i = from; i < end; i += W) s += f(i, end - i < W ? (int)(end - i) : W);
    total += sum(s);
  }
  return total;
}

static float class_weight(const float* weight, int64_t c) { return weight ? weight[c] : 1; }

// With smoothing e, a row's loss is (1 - e) w_t (lse - x_t) + e/C sum_c w_c (lse - x_c); with
// probabilities p, sum_c p'_c w_c (lse - x_c) where p' = (1 - e) p + e/C.
static void cross_entropy(const CrossEntropy* p, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; row++) {
    if (p->target && p->target[row] == p->ignore) {
      p->loss[row] = 0;
      p->lse[row] = 0;
      continue;
    }
    const float* x = p->x + row * p->C;
    float most = row_max(x, p->C), about = __builtin_isinf(most) ? 0 : most;
    double rest = __builtin_log(row_exp_sum(x, nullptr, p->C, about));  // lse - about: kept apart, it is small
    double e = p->smoothing, each = e / p->C, loss;
    vf a = set1(about), r = set1((float)rest);
    if (p->target) {
      int64_t t = p->target[row];
      loss = (1 - e) * class_weight(p->weight, t) * (rest - ((double)x[t] - about));
      if (e != 0)
        loss += each * row_sum(p->C, [&](int64_t i, int lanes) {
                  vf v = r - (load_some(x + i, lanes) - a);
                  if (p->weight) return v * load_some(p->weight + i, lanes);
                  return lanes == W ? v : first_lanes(v, lanes, 0);
                });
    } else {
      const float* q = p->probabilities + row * p->C;
      vf keep = set1((float)(1 - e)), more = set1((float)each);
      loss = row_sum(p->C, [&](int64_t i, int lanes) {
        vf v = (r - (load_some(x + i, lanes) - a)) * fma(load_some(q + i, lanes), keep, more);
        if (p->weight) return v * load_some(p->weight + i, lanes);
        return lanes == W ? v : first_lanes(v, lanes, 0);
      });
    }
    p->loss[row] = (float)loss;
    p->lse[row] = (float)(about + rest);
  }
}

static void cross_entropy_gradient(const CrossEntropy* p, int64_t begin, int64_t end) {
  double e = p->smoothing, each = e / p->C;
  for (int64_t row = begin; row < end; row++) {
    float* dx = p->dx + row * p->C;
    if (p->target && p->target[row] == p->ignore) {
      map_to(dx, p->C, p->stream, [&](int64_t, int) { return vf{}; });
      continue;
    }
    const float* x = p->x + row * p->C;
    double g = p->dy[row * p->dy_step] * p->scale;
    vf l = set1(p->lse[row]);
    if (p->target) {
      int64_t t = p->target[row];
      double w = (1 - e) * class_weight(p->weight, t);
      vf all = set1((float)(g * (w + each * p->weight_sum))), one = set1((float)(g * each));
      if (e == 0)
        map_to(dx, p->C, p->stream, [&](int64_t i, int lanes) { return exp_below(load_some(x + i, lanes) - l) * all; });
      else
        map_to(dx, p->C, p->stream, [&](int64_t i, int lanes) {
          vf v = p->weight ? load_some(p->weight + i, lanes) * one : one;
          return exp_below(load_some(x + i, lanes) - l) * all - v;
        });
      if (p->stream) stream_end();  // the line of dx[t] must be out before it is read
      dx[t] -= (float)(g * w);
    } else {
      const float* q = p->probabilities + row * p->C;
      vf keep = set1((float)(1 - e)), more = set1((float)each), scale = set1((float)g);
      auto part = [&](int64_t i, int lanes) {
        vf v = fma(load_some(q + i, lanes), keep, more);
        if (p->weight) return v * load_some(p->weight + i, lanes);
        return lanes == W ? v : first_lanes(v, lanes, 0);
      };
      vf all = set1((float)row_sum(p->C, part));
      map_to(dx, p->C, p->stream, [&](int64_t i, int lanes) {
        return (exp_below(load_some(x + i, lanes) - l) * all - part(i, lanes)) * scale;
      });
    }
  }
  if (p->stream) stream_end();
}

static int64_t bad_target(const int64_t* target, int64_t n, int64_t C, int64_t ignore) {
  for (int64_t i = 0; i < n; i++)
    if ((uint64_t)target[i] >= (uint64_t)C && target[i] != ignore) return i;
  return -1;
}

static double total_weight(const int64_t* target, const float* weight, int64_t n, int64_t ignore) {
  double total = 0;
  for (int64_t i = 0; i < n; i++)
    if (target[i] != ignore) total += class_weight(weight, target[i]);
  return total;
}

static void nll(const Nll* p, int64_t begin, int64_t end) {
  for (int64_t n = begin; n < end; n++)
    for (int64_t i = 0; i < p->inner; i++) {
      int64_t t = p->target[n * p->inner + i];
      p->loss[n * p->inner + i] =
          t == p->ignore ? 0 : -class_weight(p->weight, t) * p->x[(n * p->C + t) * p->inner + i];
    }
}

static void nll_gradient(const Nll* p, int64_t begin, int64_t end) {
  for (int64_t n = begin; n < end; n++) {
    __builtin_memset(p->dx + n * p->C * p->inner, 0, p->C * p->inner * sizeof(float));
    for (int64_t i = 0; i < p->inner; i++) {
      int64_t at = n * p->inner + i, t = p->target[at];
      if (t != p->ignore)
        p->dx[(n * p->C + t) * p->inner + i] = -class_weight(p->weight, t) * (float)(p->dy[at * p->dy_step] * p->scale);
    }
  }
}

// ---- element by element -----------------------------------------------------------------------------

RL_INLINE vf clamped_log(vf v) { return max(log(v), set1(-100.0f)); }

template <LossKind kKind>
RL_INLINE vf value(vf x, vf t, vf positive, vf c) {
  vf d = x - t, a = abs(d);
  switch (kKind) {
    case kMse:
      return d * d;
    case kL1:
      return a;
    case kSmoothL1:
      return select(a < c, d * d * (0.5f / c), a - 0.5f * c);
    case kHuber:
      return select(a <= c, 0.5f * d * d, c * (a - 0.5f * c));
    case kBce:
      return -(t * clamped_log(x) + (1.0f - t) * max(log1p(-x), set1(-100.0f)));
    case kBceLogits:  // log(1 + e**-x) without overflow
      return (1.0f - t) * x + (1.0f + (positive - 1.0f) * t) * (log1p(exp(-abs(x))) + max(-x, vf{}));
    case kKlDiv:  // 0 log 0 = 0
      return select(t == 0.0f, vf{}, t * log(t)) - t * x;
    case kKlDivLog:
      return exp(t) * (t - x);
  }
  return x;
}

template <LossKind kKind>
RL_INLINE vf slope(vf x, vf t, vf positive, vf c) {
  vf d = x - t, a = abs(d), sign = select(d > 0.0f, set1(1), select(d < 0.0f, set1(-1), d));
  switch (kKind) {
    case kMse:
      return 2.0f * d;
    case kL1:
      return sign;
    case kSmoothL1:
      return select(a < c, d / c, sign);
    case kHuber:
      return select(a <= c, d, c * sign);
    case kBce:
      return d / max(x * (1.0f - x), set1(1e-12f));
    case kBceLogits:
      return (positive * t + 1.0f - t) * sigmoid(x) - positive * t;
    case kKlDiv:
      return -t;
    case kKlDivLog:
      return -exp(t);
  }
  return x;
}

template <LossKind kKind>
static double point_of(const PointLoss* p, int64_t begin, int64_t end) {
  vf c = set1((float)p->parameter);
  double total = 0;
  for (int64_t from = begin; from < end; from += 4096) {
    int64_t to = from + 4096 < end ? from + 4096 : end;
    vf s = {};
    for (int64_t i = from; i < to; i += W) {
      int lanes = to - i < W ? (int)(to - i) : W;
      vf v = value<kKind>(load_some(p->x + i, lanes), load_some(p->t + i, lanes),
                          p->positive ? load_some(p->positive + i, lanes) : set1(1), c);
      if (p->w) v *= load_some(p->w + i, lanes);
      if (p->loss)
        store_some(p->loss + i, v, lanes);
      else
        s += lanes == W ? v : first_lanes(v, lanes, 0);
    }
    total += sum(s);
  }
  return total;
}

template <LossKind kKind>
static void point_gradient_of(const PointLoss* p, int64_t begin, int64_t end) {
  vf c = set1((float)p->parameter), g = set1((float)(p->dy[0] * p->scale)), scale = set1((float)p->scale);
  map_to(p->dx + begin, end - begin, p->stream, [&](int64_t k, int lanes) {
    int64_t i = begin + k;
    vf v = slope<kKind>(load_some(p->x + i, lanes), load_some(p->t + i, lanes),
                        p->positive ? load_some(p->positive + i, lanes) : set1(1), c);
    if (p->w) v *= load_some(p->w + i, lanes);
    return v * (p->dy_step ? load_some(p->dy + i, lanes) * scale : g);
  });
  if (p->stream) stream_end();
}

#define RL_EACH_LOSS(f)                    \
  switch (p->kind) {                       \
    case kMse:                             \
      return f<kMse>(p, begin, end);       \
    case kL1:                              \
      return f<kL1>(p, begin, end);        \
    case kSmoothL1:                        \
      return f<kSmoothL1>(p, begin, end);  \
    case kHuber:                           \
      return f<kHuber>(p, begin, end);     \
    case kBce:                             \
      return f<kBce>(p, begin, end);       \
    case kBceLogits:                       \
      return f<kBceLogits>(p, begin, end); \
    case kKlDiv:                           \
      return f<kKlDiv>(p, begin, end);     \
    default:                               \
      return f<kKlDivLog>(p, begin, end);  \
  }
static double point(const PointLoss* p, int64_t begin, int64_t end) { RL_EACH_LOSS(point_of) }
static void point_gradient(const PointLoss* p, int64_t begin, int64_t end) { RL_EACH_LOSS(point_gradient_of) }

static double sum_all(const float* x, int64_t n) {
  return row_sum(n, [&](int64_t i, int lanes) { return load_some(x + i, lanes); });
}

extern const LossKernels loss_kernels;
const LossKernels loss_kernels = {cross_entropy, cross_entropy_gradient, bad_target, total_weight, nll, nll_gradient,
                                  point,         point_gradient,         sum_all};

}  // namespace RL_LEVEL
