#include "kernels/random.h"

#include "core/simd.h"

namespace RL_LEVEL {

// Multiply-add with one rounding at every level: the bits of a seed must not depend on the machine.
RL_INLINE vf fused(vf a, vf b, vf c) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif RL_WIDTH == 8 && defined(__FMA__)
  return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__ARM_FEATURE_FMA)
  for (int i = 0; i < W; i++) a[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return a;
#else  // the product of two floats is exact in double; the sum then rounds twice, one time in 2**29
  typedef double vd __attribute__((vector_size(W * 8)));
  return __builtin_convertvector(
      __builtin_convertvector(a, vd) * __builtin_convertvector(b, vd) + __builtin_convertvector(c, vd), vf);
#endif
}
RL_INLINE vf fused(vf a, float b, vf c) { return fused(a, set1(b), c); }
RL_INLINE vf fused(vf a, vf b, float c) { return fused(a, b, set1(c)); }

// ---------------------------------------------------------------------------------------------
// The generator. Source: Matsumoto and Nishimura 1998, "Mersenne Twister", ACM TOMACS 8(1).
// ---------------------------------------------------------------------------------------------
constexpr uint32_t kMatrix = 0x9908b0dfu, kUpper = 0x80000000u, kLower = 0x7fffffffu;
constexpr int kState = 624, kShift = 397;

typedef uint32_t vu_u __attribute__((vector_size(W * 4), aligned(4), may_alias));
RL_INLINE vu loadu(const uint32_t* p) { return (vu) * (const vu_u*)p; }

static void twist(uint32_t* w, int64_t begin, int64_t end) {
  int64_t i = begin;
  // A lane's inputs are at least 227 words back, so whole vectors are independent.
  for (; i + W <= end; i += W) {
    vu y = (loadu(w + i - kState) & kUpper) | (loadu(w + i - kState + 1) & kLower);
    vu odd = (vu)(-(vi)(y & 1u)) & kMatrix;
    *(vu_u*)(w + i) = (vu_u)(loadu(w + i - kState + kShift) ^ (y >> 1) ^ odd);
  }
  for (; i < end; i++) {
    uint32_t y = (w[i - kState] & kUpper) | (w[i - kState + 1] & kLower);
    w[i] = w[i - kState + kShift] ^ (y >> 1) ^ (y & 1 ? kMatrix : 0);
  }
}

template <class T>
RL_INLINE T tempered(T y) {
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  y ^= y >> 18;
  return y;
}

static void temper(const uint32_t* w, uint32_t* out, int64_t n) {
  int64_t i = 0;
  for (; i + W <= n; i += W) *(vu_u*)(out + i) = (vu_u)tempered(loadu(w + i));
  for (; i < n; i++) out[i] = tempered(w[i]);
}

// 24 bits as a float in [0, 1), exactly.
RL_INLINE vf unit(vu raw) { return to_float((vi)(tempered(raw) & 0xffffffu)) * (1.0f / 16777216.0f); }
RL_INLINE float unit(uint32_t raw) { return (float)(int32_t)(tempered(raw) & 0xffffffu) * (1.0f / 16777216.0f); }
// Two words, the high one first.
RL_INLINE uint64_t wide_word(const uint32_t* w) { return (uint64_t)tempered(w[0]) << 32 | tempered(w[1]); }
RL_INLINE double unit_double(const uint32_t* w) {
  return (double)(int64_t)(wide_word(w) & ((1ull << 53) - 1)) * 0x1p-53;
}

// ---------------------------------------------------------------------------------------------
// Uniform and normal
// ---------------------------------------------------------------------------------------------
static void uniform(const uint32_t* w, float* out, int64_t n, float low, float range) {
  int64_t i = 0;
  for (; i + W <= n; i += W) store(out + i, fused(unit(loadu(w + i)), set1(range), low));
  for (; i < n; i++) out[i] = __builtin_fmaf(unit(w[i]), range, low);
}

// log(x) for normal x > 0. Cephes single precision (S. L. Moshier, netlib.org/cephes, logf); < 1 ULP.
// Where terms are fused is part of the contract: it is what makes a seed's normals equal everywhere.
RL_INLINE vf log_cephes(vf x) {
  vi bits = as_int(x);
  vf e = to_float((bits >> 23) - 126);
  vf m = as_float((bits & 0x7fffff) | 0x3f000000);  // in [0.5, 1)
  vi small = m < 0.707106781186547524f;
  e -= small ? set1(1.0f) : vf{};
  m = (m - 1.0f) + (small ? m : vf{});
  vf z = m * m;
  vf y = fused(set1(7.0376836292e-2f), m, -1.1514610310e-1f);
  y = fused(y, m, 1.1676998740e-1f);
  y = fused(y, m, -1.2420140846e-1f);
  y = fused(y, m, 1.4249322787e-1f);
  y = fused(y, m, -1.6668057665e-1f);
  y = fused(y, m, 2.0000714765e-1f);
  y = fused(y, m, -2.4999993993e-1f);
  y = fused(y, m, 3.3333331174e-1f);
  y = y * m;
  vf low = e * set1(-2.12194440e-4f);  // log(2) in two parts
  y = fused(y, z, low);
  y = fused(z, -0.5f, y);
  m = m + y;
  return fused(e, 0.693359375f, m);
}

// sin and cos of x in [0, 2 pi]. Cephes single precision (sinf, cosf); < 1 ULP.
RL_INLINE void sincos_cephes(vf x, vf* sine, vf* cosine) {
  vi j = (to_int(x * 1.27323954473516f) + 1) & ~1;  // octant, made even
  vf y = to_float(j);
  x = fused(y, -0.78515625f, x);  // pi/4 in three parts
  x = fused(y, -2.4187564849853515625e-4f, x);
  x = fused(y, -3.77489497744594108e-8f, x);
  vf z = x * x;
  vf c = fused(set1(2.443315711809948e-5f), z, -1.388731625493765e-3f);
  c = fused(c, z, 4.166664568298827e-2f);
  c = c * z;
  c = fused(c, z, z * -0.5f);
  c = c + 1.0f;
  vf s = fused(set1(-1.9515295891e-4f), z, 8.3321608736e-3f);
  s = fused(s, z, -1.6666654611e-1f);
  s = s * z;
  s = fused(s, x, x);
  vi swap = (j & 2) != 0;
  vi sine_sign = (j & 4) << 29, cosine_sign = (~(j - 2) & 4) << 29;
  *sine = as_float(as_int(select(swap, c, s)) ^ sine_sign);
  *cosine = as_float(as_int(select(swap, s, c)) ^ cosine_sign);
}

// One register of u1 and one of u2 to one of cosines and one of sines.
RL_INLINE void box_muller(vu raw1, vu raw2, vf mean, vf std, vf* first, vf* second) {
  vf radius = sqrt(-2.0f * log_cephes(1.0f - unit(raw1)));
  vf s, c;
  sincos_cephes(unit(raw2) * 6.283185307179586f, &s, &c);
  *first = fused(radius * c, std, mean);
  *second = fused(radius * s, std, mean);
}

static void normal(const uint32_t* w, float* out, int64_t n, float mean, float std) {
  vf m = set1(mean), d = set1(std), a, b;
#if RL_WIDTH == 16
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) {  // two blocks in one register
    vu x = loadu(w + i), y = loadu(w + i + 16);
    vu u1 = __builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    vu u2 = __builtin_shufflevector(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    box_muller(u1, u2, m, d, &a, &b);
    store(out + i, __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
    store(out + i + 16, __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31));
  }
  if (i < n) {
    vu x = loadu(w + i);
    vu y = __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    box_muller(x, y, m, d, &a, &b);
    store(out + i, __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
  }
#else
  for (int64_t i = 0; i < n; i += 16)
    for (int k = 0; k < 8; k += W) {
      box_muller(loadu(w + i + k), loadu(w + i + 8 + k), m, d, &a, &b);
      store(out + i + k, a);
      store(out + i + 8 + k, b);
    }
#endif
}

static void normal_double(const uint32_t* w, double* out, int64_t n, double mean, double std) {
  for (int64_t i = 0; i < n; i += 16)
    for (int k = 0; k < 8; k++) {
      double radius = __builtin_sqrt(-2.0 * __builtin_log(1.0 - unit_double(w + 2 * (i + k))));
      double angle = 2.0 * M_PI * unit_double(w + 2 * (i + 8 + k));
      out[i + k] = __builtin_fma(radius * __builtin_cos(angle), std, mean);
      out[i + 8 + k] = __builtin_fma(radius * __builtin_sin(angle), std, mean);
    }
}

static void normal_pairs(const uint32_t* w, double* out, int64_t n) {
  for (int64_t i = 0; i < n; i += 2) {
    double radius = __builtin_sqrt(-2.0 * __builtin_log1p(-unit_double(w + 2 * i + 2)));
    double angle = 2.0 * M_PI * unit_double(w + 2 * i);
    out[i] = radius * __builtin_cos(angle);
    out[i + 1] = radius * __builtin_sin(angle);
  }
}

static void from_double(const uint32_t* w, double* out, int64_t n, int kind, double a, double b) {
  for (int64_t i = 0; i < n; i++) {
    double u = unit_double(w + 2 * i);
    switch (kind) {
      case kUniform:
        out[i] = __builtin_fma(u, b, a);
        break;
      case kExponential:
        out[i] = -1.0 / a * __builtin_log1p(-u);
        break;
      case kGeometric:
        out[i] = __builtin_ceil(__builtin_log(u) / a);
        break;
      default:
        out[i] = __builtin_fma(b, __builtin_tan(M_PI * (u - 0.5)), a);
    }
  }
}

// ---------------------------------------------------------------------------------------------
// Integers
// ---------------------------------------------------------------------------------------------
typedef uint64_t vl __attribute__((vector_size(W * 4)));  // W/2 lanes
typedef int64_t vl_u __attribute__((vector_size(W * 4), aligned(8), may_alias));
typedef uint32_t vu_half __attribute__((vector_size(W * 2)));

// The products of the lanes' low halves.
RL_INLINE vl product(vl a, vl b) {
#if RL_WIDTH == 8 && defined(__AVX2__)
  return (vl)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#else
  return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}

// W/2 remainders: the integer part of range times the fraction part of x / range, in 32-bit pieces.
RL_INLINE void remainder(vu_half words, uint64_t inverse, uint64_t range, int64_t low, int64_t* out) {
  vl x = __builtin_convertvector(words, vl), i = inverse - vl{}, r = range - vl{};
  vl fraction = product(i, x) + (product(i >> 32, x) << 32);
  *(vl_u*)out = (vl_u)((product(fraction >> 32, r) + (product(fraction, r) >> 32)) >> 32) + low;
}

static void integers(const uint32_t* w, int64_t* out, int64_t n, int64_t low, uint64_t range, bool wide) {
  if (wide) {
    for (int64_t i = 0; i < n; i++) {
      uint64_t x = wide_word(w + 2 * i);
      out[i] = (int64_t)((uint64_t)low + (range ? x % range : x));
    }
    return;
  }
  // x % range by two multiplications. Source: Lemire, Kaser, Kurz 2019, "Faster remainder by direct
  // computation", arXiv:1902.01961: exact for 32-bit x and range.
  uint64_t inverse = ~0ull / range + 1;
  int64_t i = 0;
  for (; i + W <= n; i += W) {
    vu x = tempered(loadu(w + i));
#if RL_WIDTH == 16
    remainder(__builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7), inverse, range, low, out + i);
    remainder(__builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15), inverse, range, low, out + i + 8);
#elif RL_WIDTH == 8
    remainder(__builtin_shufflevector(x, x, 0, 1, 2, 3), inverse, range, low, out + i);
    remainder(__builtin_shufflevector(x, x, 4, 5, 6, 7), inverse, range, low, out + i + 4);
#else
    remainder(__builtin_shufflevector(x, x, 0, 1), inverse, range, low, out + i);
    remainder(__builtin_shufflevector(x, x, 2, 3), inverse, range, low, out + i + 2);
#endif
  }
  for (; i < n; i++) {
    uint64_t fraction = inverse * tempered(w[i]);
    out[i] = low + (int64_t)((unsigned __int128)fraction * range >> 64);
  }
}

static void shuffle(const uint32_t* w, int32_t* out, int64_t begin, int64_t end, int64_t n) {
  for (int64_t i = begin; i < end; i++) {
    int64_t j = i + (int64_t)(tempered(w[i - begin]) % (uint32_t)(n - i));
    int32_t t = out[i];
    out[i] = out[j];
    out[j] = t;
  }
}

// ---------------------------------------------------------------------------------------------
// Masks. u < p for u of 53 bits is an integer comparison with t = ceil(p * 2**53). The word that holds
// the 21 high bits decides, unless they equal t's (one time in two million): then the other word is
// looked at too. So half the words are never tempered.
// ---------------------------------------------------------------------------------------------
struct Threshold {
  uint64_t all;
  uint32_t high;  // its bits 32..52; 2**21 when p is 1
  explicit Threshold(double p) : all((uint64_t)__builtin_ceil(p * 0x1p53)), high((uint32_t)(all >> 32)) {}
  bool below(const uint32_t* w) const { return (wide_word(w) & ((1ull << 53) - 1)) < all; }
};

// The words 0, 2, 4, ... of 2W.
RL_INLINE vu even_words(const uint32_t* w) {
  vu a = loadu(w), b = loadu(w + W);
#if RL_WIDTH == 16
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
#elif RL_WIDTH == 8
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
#else
  return __builtin_shufflevector(a, b, 0, 2, 4, 6);
#endif
}

RL_INLINE bool any(vi v) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)v, (__m512i)v) != 0;
#elif RL_WIDTH == 8 && defined(__AVX2__)
  return _mm256_movemask_ps((__m256)v) != 0;
#else
  int32_t r = 0;
  for (int i = 0; i < W; i++) r |= v[i];
  return r != 0;
#endif
}

// All ones where u < p, for W elements.
RL_INLINE vi below(const uint32_t* w, const Threshold& t) {
  vi high = (vi)(tempered(even_words(w)) & 0x1fffffu);
  vi less = high < (int32_t)t.high;
  if (__builtin_expect(any(high == (int32_t)t.high), 0))
    for (int k = 0; k < W; k++) less[k] = t.below(w + 2 * k) ? -1 : 0;
  return less;
}

typedef uint8_t vb __attribute__((vector_size(W)));
typedef uint8_t vb_u __attribute__((vector_size(W), aligned(1), may_alias));
// All ones to a byte of 1. (As a conversion of vectors, GCC 12 would go through single elements.)
RL_INLINE void store_mask(uint8_t* p, vi less) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  _mm_storeu_si128((__m128i*)p,
                   _mm_and_si128(_mm512_maskz_cvtepi32_epi8((__mmask16)-1, (__m512i)less), _mm_set1_epi8(1)));
#elif RL_WIDTH == 8 && defined(__AVX2__)
  __m128i words = _mm_packs_epi32(_mm256_castsi256_si128((__m256i)less), _mm256_extracti128_si256((__m256i)less, 1));
  _mm_storel_epi64((__m128i*)p, _mm_and_si128(_mm_packs_epi16(words, words), _mm_set1_epi8(1)));
#else
  *(vb_u*)p = (vb_u)(__builtin_convertvector((vu)less, vb) & 1);
#endif
}
// Bytes of 0 and 1 as floats.
RL_INLINE vf load_mask(const uint8_t* p) {
#if RL_WIDTH == 8 && defined(__AVX2__)
  return (vf)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)p)));
#else
  return to_float(__builtin_convertvector((vb) * (const vb_u*)p, vi));
#endif
}

static void mask(const uint32_t* w, uint8_t* out, int64_t n, double p) {
  Threshold t(p);
  int64_t i = 0;
  for (; i + W <= n; i += W) store_mask(out + i, below(w + 2 * i, t));
  for (; i < n; i++) out[i] = t.below(w + 2 * i);
}

static void dropout(const uint32_t* w, const float* x, float* y, uint8_t* kept, int64_t n, double p, float scale) {
  Threshold t(p);
  int64_t i = 0;
  for (; i + W <= n; i += W) {
    vi less = below(w + 2 * i, t);
    store_mask(kept + i, less);
    // A product with 0, not a selection: an infinite or NaN input stays NaN where it is dropped.
    store(y + i, load(x + i) * as_float(less & as_int(set1(scale))));
  }
  for (; i < n; i++) {
    kept[i] = t.below(w + 2 * i);
    y[i] = x[i] * (kept[i] ? scale : 0.0f);
  }
}

static void dropout_backward(const float* dy, const uint8_t* kept, float* dx, int64_t n, float scale) {
  int64_t i = 0;
  for (; i + W <= n; i += W) {
    store(dx + i, load(dy + i) * (load_mask(kept + i) * scale));
  }
  for (; i < n; i++) dx[i] = dy[i] * (kept[i] ? scale : 0.0f);
}

static void mask_each(const uint32_t* w, const float* p, uint8_t* out, int64_t n) {
  int64_t i = 0;
  for (; i + W <= n; i += W) store_mask(out + i, unit(loadu(w + i)) < load(p + i));
  for (; i < n; i++) out[i] = unit(w[i]) < p[i];
}

extern const RandomKernels rng_kernels;
const RandomKernels rng_kernels = {twist,       temper,   uniform, normal,  normal_double,    normal_pairs,
                                   from_double, integers, mask,    dropout, dropout_backward, mask_each,
                                   shuffle};

}  // namespace RL_LEVEL
