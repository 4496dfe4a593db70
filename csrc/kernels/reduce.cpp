#include "kernels/reduce.h"

#include "core/simd.h"

namespace RL_LEVEL {

struct Sum {
  static constexpr float start = 0;
  static inline __attribute__((always_inline)) vf vector(vf a, vf x) { return a + x; }
  static inline __attribute__((always_inline)) double scalar(double a, double x) { return a + x; }
};
struct Prod {
  static constexpr float start = 1;
  static inline __attribute__((always_inline)) vf vector(vf a, vf x) { return a * x; }
  static inline __attribute__((always_inline)) double scalar(double a, double x) { return a * x; }
};
struct Amax {
  static constexpr float start = -__builtin_inff();
  static inline __attribute__((always_inline)) vf vector(vf a, vf x) { return select(x != x, x, max(x, a)); }
  static inline __attribute__((always_inline)) double scalar(double a, double x) { return a != a || a > x ? a : x; }
};
struct Amin {
  static constexpr float start = __builtin_inff();
  static inline __attribute__((always_inline)) vf vector(vf a, vf x) { return select(x != x, x, min(x, a)); }
  static inline __attribute__((always_inline)) double scalar(double a, double x) { return a != a || a < x ? a : x; }
};

template <class Op>
RL_INLINE double across(vf v) {
  double r = v[0];
  for (int i = 1; i < W; i++) r = Op::scalar(r, v[i]);
  return r;
}

template <class Op>
static double row(const float* x, int64_t n) {
  const int64_t block = 128 * W;  // four accumulators, 32 steps
  vf total = set1(Op::start);
  int64_t i = 0;
  for (; i + 4 * W <= n;) {
    int64_t end = i + block < n ? i + block : n;
    vf a = set1(Op::start), b = a, c = a, d = a;
    for (; i + 4 * W <= end; i += 4 * W) {
      a = Op::vector(a, load(x + i));
      b = Op::vector(b, load(x + i + W));
      c = Op::vector(c, load(x + i + 2 * W));
      d = Op::vector(d, load(x + i + 3 * W));
    }
    total = Op::vector(total, Op::vector(Op::vector(a, b), Op::vector(c, d)));
  }
  for (; i + W <= n; i += W) total = Op::vector(total, load(x + i));
  double r = across<Op>(total);
  for (; i < n; i++) r = Op::scalar(r, x[i]);
  return r;
}

// Rows are added four at a time, blocks of 64 rows apart from the total: some n/64 + 16 additions deep.
template <class Op>
static void columns(const float* x, int64_t rows, int64_t inner, int64_t width, float* y) {
  alignas(64) float total[kTile], part[kTile];
  for (int64_t first = 0; first < width; first += kTile) {
    int64_t n = width - first < kTile ? width - first : kTile;
    for (int64_t i = 0; i < n; i++) total[i] = Op::start;
    for (int64_t j = 0; j < rows;) {
      int64_t end = j + 64 < rows ? j + 64 : rows;
      for (int64_t i = 0; i < n; i++) part[i] = Op::start;
      for (; j < end;) {
        const float* p = x + j * inner + first;
        int64_t i = 0;
        if (j + 4 <= end) {
          for (; i + W <= n; i += W) {
            vf low = Op::vector(load(p + i), load(p + inner + i));
            vf high = Op::vector(load(p + 2 * inner + i), load(p + 3 * inner + i));
            store(part + i, Op::vector(load(part + i), Op::vector(low, high)));
          }
          for (; i < n; i++) {
            float low = (float)Op::scalar(p[i], p[inner + i]),
                  high = (float)Op::scalar(p[2 * inner + i], p[3 * inner + i]);
            part[i] = (float)Op::scalar(part[i], (float)Op::scalar(low, high));
          }
          j += 4;
        } else {
          for (; i + W <= n; i += W) store(part + i, Op::vector(load(part + i), load(p + i)));
          for (; i < n; i++) part[i] = (float)Op::scalar(part[i], p[i]);
          j++;
        }
      }
      for (int64_t i = 0; i < n; i++) total[i] = (float)Op::scalar(total[i], part[i]);
    }
    __builtin_memcpy(y + first, total, n * sizeof(float));
  }
}

template <class Op>
static double combine(double a, double b) {
  return Op::scalar(a, b);
}

// ---- variance ------------------------------------------------------------------------------------

// Two passes over pieces that stay in the first-level cache, put together by Chan, Golub and LeVeque's formula.
static void moments_row(const float* x, int64_t n, double* mean, double* m2) {
  const int64_t piece = 4096;
  double m = 0, s = 0;
  for (int64_t first = 0; first < n; first += piece) {
    int64_t k = n - first < piece ? n - first : piece;
    const float* p = x + first;
    double pm = row<Sum>(p, k) / (double)k;
    vf center = set1((float)pm), a = {}, b = {}, c = {}, d = {}, total = {};
    int64_t i = 0;
    for (; i + 4 * W <= k;) {
      int64_t end = i + 64 * W < k ? i + 64 * W : k;
      a = b = c = d = vf{};
      for (; i + 4 * W <= end; i += 4 * W) {
        vf e = load(p + i) - center, f = load(p + i + W) - center;
        vf g = load(p + i + 2 * W) - center, h = load(p + i + 3 * W) - center;
        a += e * e;
        b += f * f;
        c += g * g;
        d += h * h;
      }
      total += (a + b) + (c + d);
    }
    for (; i + W <= k; i += W) {
      vf e = load(p + i) - center;
      total += e * e;
    }
    double squares = across<Sum>(total);
    for (; i < k; i++) squares += ((double)p[i] - center[0]) * ((double)p[i] - center[0]);
    double off = pm - center[0];  // the center is the mean rounded to float32
    squares -= off * off * (double)k;
    double delta = pm - m, count = (double)(first + k);
    m += delta * (double)k / count;
    s += squares + delta * delta * (double)first * (double)k / count;
  }
  *mean = m;
  *m2 = s;
}

static void moments_columns(const float* x, int64_t rows, int64_t inner, int64_t width, float* mean, float* m2) {
  alignas(64) float pm[kTile], ps[kTile];
  for (int64_t i = 0; i < width; i++) mean[i] = m2[i] = 0;
  for (int64_t first = 0; first < rows; first += 16) {  // 16 rows of a tile: 16 KB
    int64_t k = rows - first < 16 ? rows - first : 16;
    const float* p = x + first * inner;
    columns<Sum>(p, k, inner, width, pm);
    float share = 1.0f / (float)k;
    for (int64_t i = 0; i < width; i++) {
      pm[i] *= share;
      ps[i] = 0;
    }
    for (int64_t j = 0; j < k; j++)
      for (int64_t i = 0; i < width; i++) {
        float e = p[j * inner + i] - pm[i];
        ps[i] += e * e;
      }
    float weight = (float)((double)k / (double)(first + k));
    float spread = (float)((double)first * (double)k / (double)(first + k));
    for (int64_t i = 0; i < width; i++) {
      float delta = pm[i] - mean[i];
      mean[i] += delta * weight;
      m2[i] += ps[i] + delta * delta * spread;
    }
  }
}

// ---- extremes and their indices ------------------------------------------------------------------

// x beats the best so far.
RL_INLINE vi beats(vf x, vf best, bool largest) {
  return (largest ? x > best : x < best) | ((x != x) & (best == best));
}

static void extreme_row(bool largest, const float* x, int64_t n, float* value, int64_t* index) {
  float v = x[0];
  int64_t at = 0, i = 0;
  if (n >= 2 * W) {
    vf best = load(x);
    vi lane, place;
    for (int k = 0; k < W; k++) lane[k] = k;
    place = lane;
    for (i = W; i + W <= n; i += W) {
      vf c = load(x + i);
      vi better = beats(c, best, largest);
      best = select(better, c, best);
      place = better ? lane + (int32_t)i : place;
    }
    v = best[0];
    at = place[0];
    for (int k = 1; k < W; k++) {
      float c = best[k];
      bool better = (largest ? c > v : c < v) || (c != c && v == v);
      bool equal = c == v || (c != c && v != v);
      if (better || (equal && place[k] < at)) {
        v = c;
        at = place[k];
      }
    }
  }
  for (; i < n; i++)
    if ((largest ? x[i] > v : x[i] < v) || (x[i] != x[i] && v == v)) {
      v = x[i];
      at = i;
    }
  *value = v;
  *index = at;
}

static void extreme_columns(bool largest, const float* x, int64_t rows, int64_t inner, int64_t width, float* value,
                            int64_t* index) {
  alignas(64) float best[kTile + 16];
  alignas(64) int32_t place[kTile + 16];
  for (int64_t i = 0; i < width; i++) {
    best[i] = x[i];
    place[i] = 0;
  }
  for (int64_t j = 1; j < rows; j++) {
    const float* p = x + j * inner;
    vi here = set1i((int32_t)j);
    int64_t i = 0;
    for (; i + W <= width; i += W) {
      vf c = load(p + i), b = load(best + i);
      vi better = beats(c, b, largest);
      store(best + i, select(better, c, b));
      storei(place + i, better ? here : loadi(place + i));
    }
    for (; i < width; i++)
      if ((largest ? p[i] > best[i] : p[i] < best[i]) || (p[i] != p[i] && best[i] == best[i])) {
        best[i] = p[i];
        place[i] = (int32_t)j;
      }
  }
  for (int64_t i = 0; i < width; i++) {
    value[i] = best[i];
    index[i] = place[i];
  }
}

// ---- running sums --------------------------------------------------------------------------------

static void cumulative(bool product, const float* x, int64_t rows, int64_t inner, int64_t width, float* y) {
  if (width == 1) {
    double a = product ? 1 : 0;
    if (product)
      for (int64_t j = 0; j < rows; j++) y[j * inner] = (float)(a *= x[j * inner]);
    else
      for (int64_t j = 0; j < rows; j++) y[j * inner] = (float)(a += x[j * inner]);
    return;
  }
  double a[kTile];
  for (int64_t i = 0; i < width; i++) a[i] = product ? 1 : 0;
  for (int64_t j = 0; j < rows; j++) {
    const float* p = x + j * inner;
    float* q = y + j * inner;
    if (product)
      for (int64_t i = 0; i < width; i++) q[i] = (float)(a[i] *= p[i]);
    else
      for (int64_t i = 0; i < width; i++) q[i] = (float)(a[i] += p[i]);
  }
}

extern const ReduceKernels reduce_kernels;
const ReduceKernels reduce_kernels = {
    {row<Sum>, row<Prod>, row<Amax>, row<Amin>},
    {columns<Sum>, columns<Prod>, columns<Amax>, columns<Amin>},
    {combine<Sum>, combine<Prod>, combine<Amax>, combine<Amin>},
    moments_row,
    moments_columns,
    extreme_row,
    extreme_columns,
    cumulative,
};

}  // namespace RL_LEVEL
