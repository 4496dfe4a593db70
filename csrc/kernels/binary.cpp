#include "kernels/binary.h"

#include "kernels/activation.inl.h"

namespace RL_LEVEL {

template <class F>
RL_INLINE void each(const float* x, const float* y, float* z, int64_t n, F f) {
  for (int64_t i = 0; i < n; i += W) {
    int64_t left = n - i;
    if (left >= W)
      store(z + i, f(load(x + i), load(y + i)));
    else
      store_n(z + i, f(load_n(x + i, (int)left), load_n(y + i, (int)left)), (int)left);
  }
}
// The same for long bodies: one copy of f in the code.
template <class F>
RL_INLINE void each_long(const float* x, const float* y, float* z, int64_t n, F f) {
  for (int64_t i = 0; i < n; i += W) {
    int64_t left = n - i;
    bool full = left >= W;
    vf v = f(full ? load(x + i) : load_n(x + i, (int)left), full ? load(y + i) : load_n(y + i, (int)left));
    if (full)
      store(z + i, v);
    else
      store_n(z + i, v, (int)left);
  }
}

#define BINARY_BY(each, name, ...)                                                                       \
  static void name##_op(const float* in1, const float* in2, float* out, int64_t n, const float* p) {     \
    [[maybe_unused]] const vf a = set1(p[0]), b = set1(p[1]), c = set1(p[2]);                            \
    each(in1, in2, out, n,                                                                               \
         [=](vf x, [[maybe_unused]] vf y) __attribute__((always_inline)) -> vf { return __VA_ARGS__; }); \
  }
#define BINARY(name, ...) BINARY_BY(each, name, __VA_ARGS__)
#define BINARY_LONG(name, ...) BINARY_BY(each_long, name, __VA_ARGS__)
// dx from dy and s, what the forward pass saved.
#define BACKWARD(name, ...)                                                                                     \
  static void name##_op(const float* in1, const float* in2, float* out, int64_t n, const float* p) {            \
    [[maybe_unused]] const vf a = set1(p[0]), b = set1(p[1]), c = set1(p[2]);                                   \
    each_long(in1, in2, out, n, [=](vf dy, vf s) __attribute__((always_inline)) -> vf { return __VA_ARGS__; }); \
  }

// ---- arithmetic ----------------------------------------------------------------------------------

BINARY(add, x + y * a)  // a: alpha
BINARY(sub, x - y * a)
BINARY(mul, x* y)
BINARY(div, x / y)
BINARY(div_trunc, round_to<kTrunc>(x / y))

// x - trunc(x / y) y, exactly. In float64 the quotient is good and q*y exact up to 2**28; the rest (and infinities)
// one by one.
RL_INLINE vf fmod(vf x, vf y) {
  vdd n = to_double(abs(x)), d = to_double(abs(y)), q = {n.lo / d.lo, n.hi / d.hi},
      t = {round_nearest(q.lo), round_nearest(q.hi)};
  t.lo -= t.lo > q.lo ? set1d(1) : vd{};
  t.hi -= t.hi > q.hi ? set1d(1) : vd{};
  vf r = signed_like(from_double({n.lo - t.lo * d.lo, n.hi - t.hi * d.hi}), x);
  vi hard = ~(vi)(from_double(q) < 268435456.0f) | (abs(y) == kInf);
  if (any(hard))
    for (int i = 0; i < W; i++)
      if (hard[i]) r[i] = __builtin_fmodf(x[i], y[i]);
  return r;
}
RL_INLINE vf remainder(vf x, vf y) {  // with the sign of y
  vf r = fmod(x, y);
  return select((r != 0.0f) & ((y < 0.0f) != (r < 0.0f)), r + y, r);
}
// floor(x / y) without the rounding of x / y: 10 // 0.1 is 99.
RL_INLINE vf div_floor(vf x, vf y) {
  vf m = fmod(x, y), q = (x - m) / y;
  q = select((m != 0.0f) & ((y < 0.0f) != (m < 0.0f)), q - 1.0f, q);
  vf f = round_to<kFloor>(q);
  f = select(q - f > 0.5f, f + 1.0f, f);
  f = select(q == 0.0f, signed_like(vf{}, x / y), f);
  return select(y == 0.0f, x / y, f);
}
BINARY_LONG(div_floor, div_floor(x, y))
BINARY_LONG(fmod, fmod(x, y))
BINARY_LONG(remainder, remainder(x, y))
BINARY_LONG(pow, pow(x, y))
BINARY(maximum, select(x != x, x, max(x, y)))
BINARY(minimum, select(x != x, x, min(x, y)))
BINARY(fmax, select(x != x, y, max(y, x)))
BINARY(fmin, select(x != x, y, min(y, x)))
BINARY_LONG(atan2, atan2(x, y))
RL_INLINE vf hypot(vf x, vf y) {
  vdd u = to_double(x), v = to_double(y);
  vd s[2] = {u.lo * u.lo + v.lo * v.lo, u.hi * u.hi + v.hi * v.hi};
  for (int h = 0; h < 2; h++)
    for (int i = 0; i < W / 2; i++) s[h][i] = __builtin_sqrt(s[h][i]);
  vf r = from_double({s[0], s[1]});
  return select((abs(x) == kInf) | (abs(y) == kInf), set1(kInf), r);
}
BINARY_LONG(hypot, hypot(x, y))
BINARY(copysign, signed_like(x, y))
BINARY_LONG(xlogy, select(y != y, y, select(x == 0.0f, vf{}, x* log(y))))
RL_INLINE vf logaddexp(vf x, vf y) {
  vf m = max(x, y);
  return select((x == y) & (abs(x) == kInf), x, m + log1p(exp(-abs(x - y))));
}
BINARY_LONG(logaddexp, logaddexp(x, y))
BINARY(prelu, select(x > 0.0f, x, x* y))
BINARY(dsquare, (x - y) * (x - y))

// ---- derivatives ---------------------------------------------------------------------------------

BACKWARD(scale_b, dy * s * a)
BACKWARD(square_b, dy * s * 2.0f)
BACKWARD(sqrt_b, dy / (s + s))             // s: y
BACKWARD(rsqrt_b, dy * s * s * s * -0.5f)  // s: y
BACKWARD(reciprocal_b, -dy * s * s)        // s: y
BACKWARD(abs_b, dy* select(s > 0.0f, set1(1), select(s < 0.0f, set1(-1), vf{})))
BACKWARD(pow_b, dy*(a* pow(s, a - 1.0f)))  // a: the exponent
BACKWARD(log_b, dy / (s * a))              // a: ln of the base
BACKWARD(log1p_b, dy / (s + 1.0f))
BACKWARD(expm1_b, dy*(s + 1.0f))  // s: y; not dy s + dy, which is NaN for an infinite dy
BACKWARD(exp_b, dy* s)            // s: y
BACKWARD(sin_b, dy* cos(s))
BACKWARD(cos_b, -dy* sin(s))
BACKWARD(erf_b, dy*(exp(s * -s) * 1.12837916709551257f))
BACKWARD(sigmoid_b, dy * (1.0f - s) * s)  // s: y
BACKWARD(tanh_b, dy * (1.0f - s * s))     // s: y
BACKWARD(clamp_b, select((s >= a) & (s <= b), dy, vf{}))
BACKWARD(threshold_b, select(s <= a, vf{}, dy))  // relu: a = 0, s: x or y
BACKWARD(leaky_relu_b, select(s > 0.0f, dy, dy* a))
BACKWARD(hardtanh_b, select((s > a) & (s < b), dy, vf{}))
BACKWARD(hardsigmoid_b, select((s > -3.0f) & (s < 3.0f), dy * (1.0f / 6.0f), vf{}))
BACKWARD(hardswish_b, select(s <= -3.0f, vf{}, select(s >= 3.0f, dy, dy*(s * (1.0f / 3.0f) + 0.5f))))
BACKWARD(elu_b, select(s > 0.0f, dy* b, dy * c * a * b * exp(s * c)))
BACKWARD(elu_result_b, select(s > 0.0f, dy* b, dy * c * (s + a * b)))  // s: y
BACKWARD(softplus_b, select(s* a > b, dy, dy* sigmoid(s* a)))
BACKWARD(logsigmoid_b, dy* sigmoid(-s))
RL_INLINE vf softsign_b(vf dy, vf s) {
  vf d = abs(s) + 1.0f;
  return dy / (d * d);
}
BACKWARD(softsign_b, softsign_b(dy, s))
BACKWARD(hardshrink_b, select((s < -a) | (s > a), dy, vf{}))  // softshrink too
RL_INLINE vf gelu_b(vf dy, vf x) {
  vf density, cdf = normal_cdf(x, &density);
  vf slope = fma(x * density, set1(0.398942280401432678f), cdf);
  return dy * select(abs(x) > 15.0f, cdf, slope);  // infinity * 0 there
}
BACKWARD(gelu_b, gelu_b(dy, s))
RL_INLINE vf gelu_tanh_b(vf dy, vf x) {
  vf g = gelu_tanh_gate(x), z = x * x;
  vf du = fma(z, set1(6 * 0.797884560802865356f * 0.044715f), set1(2 * 0.797884560802865356f));
  return dy * fma(x * du, g * (1.0f - g), g);
}
BACKWARD(gelu_tanh_b, gelu_tanh_b(dy, s))
RL_INLINE vf silu_b(vf dy, vf x) {
  vf g = sigmoid(x);
  return dy * (g * fma(x, 1.0f - g, set1(1.0f)));
}
BACKWARD(silu_b, silu_b(dy, s))
RL_INLINE vf mish_b(vf dy, vf x) {
  vf g = mish_gate(x);
  return dy * fma(x * sigmoid(x), 1.0f - g * g, g);
}
BACKWARD(mish_b, mish_b(dy, s))

// ---- three inputs --------------------------------------------------------------------------------

#define TERNARY(name, ...)                                                                                             \
  static void name##_op(const float* in1, const float* in2, const float* in3, float* out, int64_t n, const float* p) { \
    [[maybe_unused]] const vf a = set1(p[0]);                                                                          \
    for (int64_t i = 0; i < n; i += W) {                                                                               \
      int left = n - i >= W ? W : (int)(n - i);                                                                        \
      bool full = left == W;                                                                                           \
      vf x = full ? load(in1 + i) : load_n(in1 + i, left);                                                             \
      vf y = full ? load(in2 + i) : load_n(in2 + i, left);                                                             \
      vf w = full ? load(in3 + i) : load_n(in3 + i, left);                                                             \
      vf z = __VA_ARGS__;                                                                                              \
      if (full)                                                                                                        \
        store(out + i, z);                                                                                             \
      else                                                                                                             \
        store_n(out + i, z, left);                                                                                     \
    }                                                                                                                  \
  }
TERNARY(lerp, select(abs(w) < 0.5f, x + w * (y - x), y - (y - x) * (1.0f - w)))
TERNARY(addcmul, x + a * y * w)
TERNARY(addcdiv, x + a * (y / w))
TERNARY(clamp_between, select(y != y, y, select(w != w, w, clamp(x, y, w))))
TERNARY(div_b, -x*((y / w) / w))  // the divisor's gradient: x = dy, y / w was computed

// ---- comparisons and selection -------------------------------------------------------------------

typedef int8_t vb __attribute__((vector_size(W)));
RL_INLINE void store_mask(uint8_t* p, vi mask) {
#if RL_WIDTH == 8 && defined(__AVX2__)
  __m128i words = _mm_packs_epi32(_mm256_castsi256_si128((__m256i)mask), _mm256_extracti128_si256((__m256i)mask, 1));
  _mm_storel_epi64((__m128i*)p, _mm_and_si128(_mm_packs_epi16(words, words), _mm_set1_epi8(1)));
#elif RL_WIDTH == 4 && defined(__SSE2__)
  __m128i words = _mm_packs_epi32((__m128i)mask, (__m128i)mask);
  int32_t bytes = _mm_cvtsi128_si32(_mm_and_si128(_mm_packs_epi16(words, words), _mm_set1_epi8(1)));
  __builtin_memcpy(p, &bytes, 4);
#else
  vb v = __builtin_convertvector(mask, vb) & 1;
  __builtin_memcpy(p, &v, W);
#endif
}
RL_INLINE vi load_mask(const uint8_t* p) {
#if RL_WIDTH == 8 && defined(__AVX2__)
  return (vi)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)p)) != 0;
#else
  vb m;
  __builtin_memcpy(&m, p, W);
  return __builtin_convertvector(m, vi) != 0;
#endif
}

#define COMPARE(name, ...)                                                             \
  static void name##_op(const float* in1, const float* in2, uint8_t* out, int64_t n) { \
    for (int64_t i = 0; i < n; i += W) {                                               \
      int left = n - i >= W ? W : (int)(n - i);                                        \
      vf x = left == W ? load(in1 + i) : load_n(in1 + i, left);                        \
      [[maybe_unused]] vf y = left == W ? load(in2 + i) : load_n(in2 + i, left);       \
      vi mask = __VA_ARGS__;                                                           \
      if (left == W)                                                                   \
        store_mask(out + i, mask);                                                     \
      else                                                                             \
        for (int k = 0; k < left; k++) out[i + k] = mask[k] != 0;                      \
    }                                                                                  \
  }
COMPARE(eq, x == y)
COMPARE(ne, x != y)
COMPARE(lt, x < y)
COMPARE(le, x <= y)
COMPARE(gt, x > y)
COMPARE(ge, x >= y)
COMPARE(isnan, x != x)
COMPARE(isinf, abs(x) == kInf)
COMPARE(isfinite, abs(x) < kInf)
COMPARE(isposinf, x == kInf)
COMPARE(isneginf, x == -kInf)
COMPARE(signbit, as_int(x) < 0)

static void where(const uint8_t* mask, const float* x, const float* y, float* z, int64_t n) {
  int64_t i = 0;
  for (; i + W <= n; i += W) {
    store(z + i, select(load_mask(mask + i), load(x + i), load(y + i)));
  }
  for (; i < n; i++) z[i] = mask[i] ? x[i] : y[i];
}

extern const BinaryKernels binary_kernels;
#define X(name) name##_op,
const BinaryKernels binary_kernels = {{RL_BINARY_OPS(X)}, {RL_TERNARY_OPS(X)}, {RL_COMPARE_OPS(X)}, where};
#undef X

}  // namespace RL_LEVEL
