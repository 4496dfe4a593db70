// Vector elementary functions on float32. Include after (or instead of) core/simd.h, in files of csrc/kernels.
//
// Largest errors in ULP of the result, over all magnitudes (denormals included), on every CPU level. All are right
// at 0, -0, infinities and NaN; small results are denormal, not 0.
//
//   exp 1    exp2 1    expm1 1.6  log 0.8   log2 1.4  log10 1.8  log1p 1.4  sigmoid 2.2  tanh 2.4  sinh 1.6  cosh 1.6
//   erf 1.2  erfc 4.5  normal_cdf 5 (0 under 1.2e-38)  sin, cos 1.6  tan 3.3  asin 2.3  acos 1.1  atan 2.3  atan2 2.3
//   asinh 1.8  acosh 1.9  atanh 2.1  pow 0.51  rsqrt 1.5
//
// "Cephes" are the single-precision minimax polynomials of S. Moshier's Cephes library (netlib.org/cephes);
// "fit" are our own minimax fits (Lawson's algorithm in float64, coefficients rounded one after another).
#pragma once

#include "core/simd.h"

#if defined(__SSE4_1__)
#include <immintrin.h>
#endif

namespace RL_LEVEL {

constexpr float kInf = __builtin_inff();
constexpr float kNaN = __builtin_nanf("");

// ---- helpers -------------------------------------------------------------------------------------

RL_INLINE vf signed_like(vf magnitude, vf sign) {
  return as_float((as_int(magnitude) & set1i(0x7fffffff)) | (as_int(sign) & set1i(INT32_MIN)));
}
// `lo` and `hi` bound v; a NaN stays one.
RL_INLINE vf clamp_range(vf v, float lo, float hi) { return min(set1(hi), max(set1(lo), v)); }
// 2**n for -126 <= n <= 127.
RL_INLINE vf power_of_2(vi n) { return as_float((n + 127) << 23); }

enum Rounding { kNearest = 0, kFloor = 1, kCeil = 2, kTrunc = 3 };
template <int kMode>
RL_INLINE vf round_to(vf v) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  return (vf)_mm512_maskz_roundscale_ps(0xffff, (__m512)v, kMode | 8);
#elif RL_WIDTH == 8 && defined(__AVX__)
  return (vf)_mm256_round_ps((__m256)v, kMode | 8);
#elif RL_WIDTH == 4 && defined(__SSE4_1__)
  return (vf)_mm_round_ps((__m128)v, kMode | 8);
#else
  for (int i = 0; i < W; i++)
    v[i] = kMode == kNearest ? __builtin_rintf(v[i])
           : kMode == kFloor ? __builtin_floorf(v[i])
           : kMode == kCeil  ? __builtin_ceilf(v[i])
                             : __builtin_truncf(v[i]);
  return v;
#endif
}

// Pairs of half vectors of doubles, for what float32 cannot do exactly.
typedef double vd __attribute__((vector_size(W * 4)));
typedef int64_t vl __attribute__((vector_size(W * 4)));
typedef float vfh __attribute__((vector_size(W * 2)));
struct vdd {
  vd lo, hi;
};
RL_INLINE vdd to_double(vf v) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  // The masked forms: GCC 12 warns of the others' undefined sources.
  __m256 lo = (__m256)_mm512_maskz_extractf64x4_pd(0xff, (__m512d)v, 0);
  __m256 hi = (__m256)_mm512_maskz_extractf64x4_pd(0xff, (__m512d)v, 1);
  return {(vd)_mm512_maskz_cvtps_pd(0xff, lo), (vd)_mm512_maskz_cvtps_pd(0xff, hi)};
#elif RL_WIDTH == 8 && defined(__AVX__)
  return {(vd)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)v)),
          (vd)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)v, 1))};
#elif RL_WIDTH == 4 && defined(__SSE2__)
  return {(vd)_mm_cvtps_pd((__m128)v), (vd)_mm_cvtps_pd(_mm_movehl_ps((__m128)v, (__m128)v))};
#else
  vfh h[2];
  __builtin_memcpy(h, &v, sizeof v);
  return {__builtin_convertvector(h[0], vd), __builtin_convertvector(h[1], vd)};
#endif
}
RL_INLINE vf from_double(vdd v) {
#if RL_WIDTH == 8 && defined(__AVX__)
  return (vf)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps((__m256d)v.lo)),
                                  _mm256_cvtpd_ps((__m256d)v.hi), 1);
#elif RL_WIDTH == 4 && defined(__SSE2__)
  return (vf)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)v.lo), _mm_cvtpd_ps((__m128d)v.hi));
#else
  vfh h[2] = {__builtin_convertvector(v.lo, vfh), __builtin_convertvector(v.hi, vfh)};
  vf r;
  __builtin_memcpy(&r, h, sizeof r);
  return r;
#endif
}
RL_INLINE vd set1d(double x) { return x - vd{}; }
// To the nearest integer, ties to even; exact for |v| < 2**51.
RL_INLINE vd round_nearest(vd v) {
  const vd magic = set1d(6755399441055744.0);  // 1.5 * 2**52
  return (v + magic) - magic;
}

RL_INLINE bool any(vi mask) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#elif RL_WIDTH == 8 && defined(__AVX__)
  return _mm256_movemask_ps((__m256)mask) != 0;
#elif RL_WIDTH == 4 && defined(__SSE2__)
  return _mm_movemask_ps((__m128)mask) != 0;
#else
  int32_t some = 0;
  for (int i = 0; i < W; i++) some |= mask[i];
  return some != 0;
#endif
}

// ---- exponentials --------------------------------------------------------------------------------

// (e**r - 1 - r) / r**2 on |r| <= ln(2)/2. Cephes, 0.1 ULP of e**r.
RL_INLINE vf exp_tail(vf r) {
  vf p = fma(r, set1(1.9875691500e-4f), set1(1.3981999507e-3f));
  p = fma(p, r, set1(8.3334519073e-3f));
  p = fma(p, r, set1(4.1665795894e-2f));
  p = fma(p, r, set1(1.6666665459e-1f));
  return fma(p, r, set1(5.0000001201e-1f));
}
// x = n ln(2) + r, |r| <= ln(2)/2 (Cody and Waite: n * 0.693359375 is exact). n as float and the result r.
RL_INLINE vf exp_reduce(vf x, vf* n) {
  *n = round_nearest(x * 1.44269504088896341f);
  return x - *n * 0.693359375f - *n * -2.12194440e-4f;
}
RL_INLINE vf scale_by_2_to(vf y, vi n) {  // the result may be denormal or infinite
#if RL_WIDTH == 16 && defined(__AVX512F__)
  return (vf)_mm512_maskz_scalef_ps(0xffff, (__m512)y, (__m512)to_float(n));
#endif
  vi half = n >> 1;
  return y * power_of_2(half) * power_of_2(n - half);
}
// e**x * 2**shift. What rounds to 0, masked scores for example, is not computed: an instruction whose result is
// denormal takes 150 cycles.
RL_INLINE vf exp_shifted(vf x, int shift) {
  const vi none = x < -104.0f;
  vf n, r = exp_reduce(min(set1(90.0f), select(none, vf{}, x)), &n);
  vf y = fma(r * r, exp_tail(r), r) + 1.0f;
  return select(none, vf{}, scale_by_2_to(y, to_int(n) + shift));
}
RL_INLINE vf exp(vf x) { return exp_shifted(x, 0); }
RL_INLINE vf exp2(vf x) {
  x = clamp_range(x, -151.0f, 129.0f);
  vf n = round_nearest(x), r = (x - n) * 0.693147180559945309f;
  return scale_by_2_to(fma(r * r, exp_tail(r), r) + 1.0f, to_int(n));
}
RL_INLINE vf expm1(vf x) {
  vf n, r = exp_reduce(clamp_range(x, -30.0f, 89.0f), &n);
  vf p = fma(r * r, exp_tail(r), r);
  vf half = power_of_2(to_int(n) - 1);  // half of 2**n, which itself overflows at n = 128
  vf y = (half * p + (half - 0.5f)) * 2.0f;
  // n = 0: p itself, also where it is denormal or -0.
  return select(n == 0.0f, select(x == 0.0f, x, p), y);
}
// 1 / (1 + e**-x), without overflow: small results keep their relative accuracy down to denormals.
RL_INLINE vf sigmoid(vf x) {
  vf e = exp(-abs(x));
  return select(x < 0.0f, e, set1(1.0f)) / (e + 1.0f);
}
// By expm1(2|x|) / (expm1(2|x|) + 2).
RL_INLINE vf tanh(vf x) {
  vf a = abs(x), e = expm1(min(set1(20.0f), a + a));
  return signed_like(e / (e + 2.0f), x);
}
RL_INLINE vf sinh(vf x) {
  vf a = abs(x), z = a * a;
  // fit on [0, 1], 0.01 ULP
  vf p = fma(z, set1(2.7822131869470468e-06f), set1(0.00019842895562760532f));
  p = fma(p, z, set1(0.00833331048488617f));
  p = fma(p, z, set1(0.1666666716337204f));
  vf half = exp_shifted(a, -1);
  return signed_like(select(a < 1.0f, fma(a * z, p, a), half - 0.25f / half), x);
}
RL_INLINE vf cosh(vf x) {
  vf half = exp_shifted(abs(x), -1);
  return half + 0.25f / half;
}

// ---- logarithms ----------------------------------------------------------------------------------

// x = 2**e (1 + f), 1 + f in [sqrt(1/2), sqrt(2)), for normal positive x (of x's bits).
RL_INLINE vf log_reduce(vi bits, vi* e) {
  *e = (bits - 0x3f3504f3) >> 23;
  return as_float(bits - (*e << 23)) - 1.0f;
}
// log(1 + f) - f for f in [sqrt(1/2) - 1, sqrt(2) - 1]. Cephes, 0.5 ULP of log(1 + f).
RL_INLINE vf log_tail(vf f) {
  vf z = f * f;
  vf p = fma(f, set1(7.0376836292e-2f), set1(-1.1514610310e-1f));
  p = fma(p, f, set1(1.1676998740e-1f));
  p = fma(p, f, set1(-1.2420140846e-1f));
  p = fma(p, f, set1(1.4249322787e-1f));
  p = fma(p, f, set1(-1.6668057665e-1f));
  p = fma(p, f, set1(2.0000714765e-1f));
  p = fma(p, f, set1(-2.4999993993e-1f));
  p = fma(p, f, set1(3.3333331174e-1f));
  return fma(p * f, z, z * -0.5f);
}
RL_INLINE vf log_special(vf y, vf x) {  // y is right for finite x > 0
  y = select(x == kInf, x, y);
  y = select(x == 0.0f, set1(-kInf), y);
  return select(x >= 0.0f, y, set1(kNaN));  // also of a NaN
}
RL_INLINE vf log_split(vf x, vf* e) {  // with denormals
  vi tiny = x < 1.17549435e-38f, n;
  vf f = log_reduce(as_int(select(tiny, x * 8388608.0f, x)), &n);
  *e = to_float(n + (tiny & -23));
  return f;
}
RL_INLINE vf log(vf x) {
  vf e, f = log_split(x, &e);
  vf y = fma(e, set1(-2.12194440e-4f), log_tail(f)) + f;
  return log_special(fma(e, set1(0.693359375f), y), x);
}
RL_INLINE vf log2(vf x) {
  vf e, f = log_split(x, &e), t = log_tail(f);
  // log2(e) = 1 + 0.442695...
  vf y = fma(t, set1(0.44269504088896341f), f * 0.44269504088896341f) + t + f;
  return log_special(y + e, x);
}
RL_INLINE vf log10(vf x) {
  vf e, f = log_split(x, &e), t = log_tail(f);
  // log10(e) = 0.43359375 + 7.00731903251827651129e-4, log10(2) = 0.30078125 + 2.48745663981195213739e-4
  vf y = fma(t, set1(0.43429448190325182765f), f * 7.00731903251827651129e-4f);
  y = fma(f, set1(0.43359375f), fma(e, set1(2.48745663981195213739e-4f), y));
  return log_special(fma(e, set1(0.30078125f), y), x);
}
// The rounding error of 1 + x goes back in, scaled to the reduced argument.
RL_INLINE vf log1p(vf x) {
  vf u = x + 1.0f;
  vf lost = select(x < 1.0f, x - (u - 1.0f), 1.0f - (u - x));
  vi n;
  vf f = log_reduce(as_int(u), &n);
  vi m = -n;
  m = m < -126 ? set1i(-126) : m;  // far beyond where `lost` matters
  f += lost * power_of_2(m);
  vf e = to_float(n);
  vf y = fma(e, set1(-2.12194440e-4f), log_tail(f)) + f;
  y = log_special(fma(e, set1(0.693359375f), y), u);
  return select(abs(x) < 1e-8f, x, y);  // also -0
}

// ---- error function ------------------------------------------------------------------------------

// e**(t*t) * erfc(t) on [0, 10.2]: a polynomial in (t - 3) / (t + 3). Fit, 0.14 ULP.
RL_INLINE vf erfcx(vf t) {
  vf u = (t - 3.0f) / (t + 3.0f);
  vf p = fma(u, set1(5.5316842917818576e-05f), set1(3.298683077446185e-05f));
  p = fma(p, u, set1(-0.000586589565500617f));
  p = fma(p, u, set1(0.0007151811732910573f));
  p = fma(p, u, set1(0.004263429436832666f));
  p = fma(p, u, set1(-0.024394763633608818f));
  p = fma(p, u, set1(0.0716671422123909f));
  p = fma(p, u, set1(-0.15011568367481232f));
  p = fma(p, u, set1(0.24560369551181793f));
  p = fma(p, u, set1(-0.32623356580734253f));
  return fma(p, u, set1(0.17900115251541138f));
}
// t*t - square, square being t*t rounded: exactly, by FMA or from t = hi + lo of 12 bits each.
RL_INLINE vf square_error(vf t, vf square) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  return (vf)_mm512_maskz_fmsub_ps(0xffff, (__m512)t, (__m512)t, (__m512)square);
#elif RL_WIDTH == 8 && defined(__FMA__)
  return (vf)_mm256_fmsub_ps((__m256)t, (__m256)t, (__m256)square);
#else
  vf hi = as_float(as_int(t) & set1i((int32_t)0xfffff000)), lo = t - hi;
  return (hi * hi - square) + (hi + hi) * lo + lo * lo;
#endif
}
// e**(-t*t * scale), scale a power of 2. The rounding error of t*t, which the exponential would multiply by
// t*t, is put back.
RL_INLINE vf exp_minus_square(vf t, float scale) {
  vf square = t * t;
  return exp(square * -scale) * (1.0f - square_error(t, square) * scale);
}
// erf(x) on |x| <= 1. Fit, 0.03 ULP.
RL_INLINE vf erf_small(vf x) {
  vf z = x * x;
  vf p = fma(z, set1(7.806903158780187e-05f), set1(-0.0007997853099368513f));
  p = fma(p, z, set1(0.005187162198126316f));
  p = fma(p, z, set1(-0.026853347197175026f));
  p = fma(p, z, set1(0.11283578723669052f));
  p = fma(p, z, set1(-0.3761262595653534f));
  p = fma(p, z, set1(0.12837916612625122f));
  return fma(p, x, x);
}
RL_INLINE vf erf(vf x) {
  vf a = min(set1(4.0f), abs(x));  // erf(4) rounds to 1
  vf large = 1.0f - exp(a * -a) * erfcx(a);
  return select(abs(x) < 1.0f, erf_small(x), signed_like(large, x));
}
RL_INLINE vf erfc(vf x) {
  vf a = min(set1(10.2f), abs(x));
  vf tail = exp_minus_square(a, 1.0f) * erfcx(a);
  vf y = select(x < 0.0f, 2.0f - tail, tail);
  return select(abs(x) < 0.25f, 1.0f - erf_small(x), y);
}
// The standard normal distribution function; *density: e**(-x*x/2), without its factor 1/sqrt(2 pi). Results that
// would be denormal are 0.
RL_INLINE vf normal_cdf(vf x, vf* density) {
  vf a = min(set1(14.4f), abs(x)), square = a * a;
  vf n, r = exp_reduce(square * -0.5f, &n);
  vf y = fma(r * r, exp_tail(r), r) + 1.0f;
  y *= 1.0f - square_error(a, square) * 0.5f;
  // Scaled by adding to the exponent: y is near 1, and n >= -125 where the result counts.
  *density = select(a < 13.1f, as_float(as_int(y) + (to_int(n) << 23)), select(a != a, a, vf{}));
  vf tail = *density * erfcx(a * 0.707106781186547524f) * 0.5f;
  return select(x < 0.0f, tail, 1.0f - tail);
}

// ---- trigonometry --------------------------------------------------------------------------------

// x = q pi/2 + r, |r| <= pi/4, in float64: q times the 33-bit part of pi/2 is exact. For |x| < 2**20.
constexpr float kTrigLimit = 1048576.0f;
RL_INLINE vf trig_reduce(vf x, vi* q) {
  vdd v = to_double(x), n;
  n.lo = round_nearest(v.lo * 0.63661977236758134308);
  n.hi = round_nearest(v.hi * 0.63661977236758134308);
  const double hi = 1.57079632673412561417e+00, lo = 6.07710050650619224932e-11;
  v.lo = (v.lo - n.lo * hi) - n.lo * lo;
  v.hi = (v.hi - n.hi * hi) - n.hi * lo;
  *q = to_int(from_double(n));
  return from_double(v);
}
RL_INLINE vf sin_reduced(vf r) {  // Cephes, |r| <= pi/4
  vf z = r * r;
  vf p = fma(z, set1(-1.9515295891e-4f), set1(8.3321608736e-3f));
  p = fma(p, z, set1(-1.6666654611e-1f));
  return fma(p * z, r, r);
}
RL_INLINE vf cos_reduced(vf r) {  // Cephes, |r| <= pi/4
  vf z = r * r;
  vf p = fma(z, set1(2.443315711809948e-5f), set1(-1.388731625493765e-3f));
  p = fma(p, z, set1(4.166664568298827e-2f));
  return fma(p * z, z, fma(z, set1(-0.5f), set1(1.0f)));
}
RL_INLINE void sincos(vf x, vf* sine, vf* cosine) {
  vi q;
  vf r = trig_reduce(x, &q), s = sin_reduced(r), c = cos_reduced(r);
  vi swap = (q & 1) != 0;
  *sine = as_float(as_int(select(swap, c, s)) ^ ((q & 2) << 30));
  *cosine = as_float(as_int(select(swap, s, c)) ^ (((q + 1) & 2) << 30));
  if (any(~(vi)(abs(x) < kTrigLimit)))  // huge, infinite or NaN: rare
    for (int i = 0; i < W; i++)
      if (!(__builtin_fabsf(x[i]) < kTrigLimit)) {
        (*sine)[i] = __builtin_sinf(x[i]);
        (*cosine)[i] = __builtin_cosf(x[i]);
      }
}
RL_INLINE vf sin(vf x) {
  vf s, c;
  sincos(x, &s, &c);
  return s;
}
RL_INLINE vf cos(vf x) {
  vf s, c;
  sincos(x, &s, &c);
  return c;
}
RL_INLINE vf tan(vf x) {
  vf s, c;
  sincos(x, &s, &c);
  return s / c;
}
// (asin(s) - s) / s for z = s*s, |s| <= 1/2. Cephes.
RL_INLINE vf asin_tail(vf z) {
  vf p = fma(z, set1(4.2163199048e-2f), set1(2.4181311049e-2f));
  p = fma(p, z, set1(4.5470025998e-2f));
  p = fma(p, z, set1(7.4953002686e-2f));
  return fma(p, z, set1(1.6666752422e-1f)) * z;
}
constexpr float kHalfPi = 1.57079632679489661923f, kHalfPiLow = -4.37113900018624283e-8f;
RL_INLINE vf asin(vf x) {
  vf a = abs(x), z = (1.0f - a) * 0.5f;
  vi large = a > 0.5f;
  z = select(large, z, a * a);
  vf s = select(large, sqrt(z), a);
  vf p = fma(s, asin_tail(z), s);
  return signed_like(select(large, kHalfPi - ((p + p) - kHalfPiLow), p), x);
}
RL_INLINE vf acos(vf x) {
  vf a = abs(x), z = (1.0f - a) * 0.5f;
  vi large = a > 0.5f;
  z = select(large, z, a * a);
  vf s = select(large, sqrt(z), x);
  vf p = fma(s, asin_tail(z), s);
  vf far = select(x < 0.0f, 2 * kHalfPi - ((p + p) - 2 * kHalfPiLow), p + p);
  return select(large, far, kHalfPi - (p - kHalfPiLow));
}
// atan(num / den) for num, den >= 0, not both 0 and not both infinite. Cephes' polynomial on [-tan(pi/8), tan(pi/8)].
RL_INLINE vf atan_ratio(vf num, vf den) {
  vi swap = num > den;
  vf lo = select(swap, den, num), hi = select(swap, num, den);
  vi middle = lo > hi * 0.4142135623730950f;
  vf t = select(middle, lo - hi, lo) / select(middle, lo + hi, hi), z = t * t;
  vf p = fma(z, set1(8.05374449538e-2f), set1(-1.38776856032e-1f));
  p = fma(p, z, set1(1.99777106478e-1f));
  p = fma(p, z, set1(-3.33329491539e-1f));
  vf y = fma(p * z, t, t);
  y = select(middle, y + kHalfPiLow * 0.5f + kHalfPi * 0.5f, y);
  return select(swap, kHalfPi - (y - kHalfPiLow), y);
}
RL_INLINE vf atan(vf x) {
  vf a = abs(x);
  return signed_like(atan_ratio(min(set1(1e30f), a), set1(1.0f)), x);
}
RL_INLINE vf atan2(vf y, vf x) {
  vf a = abs(y), b = abs(x);
  vi same = (a == b) & ((a == 0.0f) | (a == kInf));  // ratio 0/0 -> 0, inf/inf -> 1
  vf one = set1(1.0f);
  vf num = select(same, select(a == 0.0f, vf{}, one), a), den = select(same, one, b);
  // Both scaled away from denormals and overflow.
  vf scale =
      select((num > 1e30f) | (den > 1e30f), set1(1e-30f), select((num < 1e-30f) & (den < 1e-30f), set1(1e30f), one));
  vf t = atan_ratio(select(num == kInf, num, num * scale), select(den == kInf, den, den * scale));
  t = select((den == kInf) & (num < kInf), vf{}, t);
  t = select((num == kInf) & (den < kInf), set1(kHalfPi), t);
  t = select(as_int(x) < 0, 2 * kHalfPi - (t - 2 * kHalfPiLow), t);
  t = select((x != x) | (y != y), x + y, t);
  return signed_like(t, y);
}
RL_INLINE vf asinh(vf x) {
  vf a = abs(x), z = a * a;
  vf y = log1p(a + z / (1.0f + sqrt(1.0f + z)));
  return signed_like(select(a > 1e9f, log(a) + 0.693147180559945309f, y), x);
}
RL_INLINE vf acosh(vf x) {
  vf t = x - 1.0f;
  vf y = log1p(t + sqrt(t + t + t * t));
  y = select(x > 1e9f, log(x) + 0.693147180559945309f, y);
  return select(x < 1.0f, set1(kNaN), y);
}
RL_INLINE vf atanh(vf x) {
  vf a = abs(x);
  return signed_like(log1p((a + a) / (1.0f - a)) * 0.5f, x);
}

// ---- powers --------------------------------------------------------------------------------------

RL_INLINE vf rsqrt(vf x) { return 1.0f / sqrt(x); }

// log2(1 + f) on the reduced range. Fit in s*s, s = f / (2 + f); 8e-14.
RL_INLINE vd log2_reduced(vd f) {
  vd s = f / (f + 2.0), z = s * s;
  vd p = z * 0.2829125103331051 + 0.3199048178219528;
  p = p * z + 0.41220927417379455;
  p = p * z + 0.5770779421464249;
  p = p * z + 0.9617966941140864;
  p = p * z + 2.88539008177785;
  return p * s;
}
RL_INLINE vd exp2_double(vd t) {  // fit, relative error 4e-11; for |t| < 1000
  const vd magic = set1d(6755399441055744.0);
  vd m = t + magic, n = m - magic, r = t - n;
  vd p = r * 1.5201920151080607e-05 + 0.0001546929110933272;
  p = p * r + 0.0013333922569308994;
  p = p * r + 0.009618027253769867;
  p = p * r + 0.05550410353441358;
  p = p * r + 0.24022651198156852;
  p = p * r + 0.6931471807284493;
  p = p * r + 0.9999999999616821;
  return p * (vd)(((vl)m + 1023) << 52);
}
// |x|**y with the sign and the special cases of C's pow (IEEE 754): by float64 log2 and exp2.
RL_INLINE vf pow(vf x, vf y) {
  vf a = abs(x), e, f = log_split(a, &e);
  vdd fd = to_double(f), ed = to_double(e), yd = to_double(y), r;
  vi zero = a == 0.0f, infinite = a == kInf;
  r.lo = (ed.lo + log2_reduced(fd.lo)) * yd.lo;
  r.hi = (ed.hi + log2_reduced(fd.hi)) * yd.hi;
  r.lo = r.lo < 200.0 ? r.lo : set1d(200.0);
  r.hi = r.hi < 200.0 ? r.hi : set1d(200.0);
  r.lo = r.lo > -200.0 ? r.lo : set1d(-200.0);
  r.hi = r.hi > -200.0 ? r.hi : set1d(-200.0);
  r.lo = exp2_double(r.lo);
  r.hi = exp2_double(r.hi);
  vf v = from_double(r);
  vf size = abs(y);
  v = select(zero, select(y < 0.0f, set1(kInf), vf{}), v);
  v = select(infinite, select(y < 0.0f, vf{}, set1(kInf)), v);
  v = select((size == kInf) & (a == 1.0f), set1(1.0f), v);
  // y: an integer? an odd one?
  vi whole = (size >= 8388608.0f) | (y == round_to<kTrunc>(y));
  vi odd = whole & (size < 16777216.0f) & ((to_int(size) & 1) != 0);
  v = as_float(as_int(v) ^ (odd & as_int(x) & INT32_MIN));
  v = select((x < 0.0f) & (a < kInf) & ~whole, set1(kNaN), v);
  v = select((x != x) | (y != y), x + y, v);
  return select((y == 0.0f) | (x == 1.0f), set1(1.0f), v);
}

}  // namespace RL_LEVEL
