// Portable vectors for kernels: GCC/Clang vector types of the level's width. Include from files in
// csrc/kernels only, each of which is compiled once per CPU level into `namespace RL_LEVEL`; everything
// here is in that namespace too, so that no code of a high level can be merged into a lower one's.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#ifndef RL_LEVEL
#error "simd.h is for files in csrc/kernels"
#endif

namespace RL_LEVEL {

constexpr int W = RL_WIDTH;  // floats in a vector

typedef float vf __attribute__((vector_size(W * 4)));
typedef int32_t vi __attribute__((vector_size(W * 4)));
typedef uint32_t vu __attribute__((vector_size(W * 4)));
typedef float vf_u __attribute__((vector_size(W * 4), aligned(4), may_alias));
typedef int32_t vi_u __attribute__((vector_size(W * 4), aligned(4), may_alias));

#define RL_INLINE static inline __attribute__((always_inline))

RL_INLINE vf set1(float x) { return x - vf{}; }
RL_INLINE vi set1i(int32_t x) { return x - vi{}; }
RL_INLINE vf load(const float* p) { return *(const vf_u*)p; }
RL_INLINE void store(float* p, vf v) { *(vf_u*)p = v; }
RL_INLINE vi loadi(const int32_t* p) { return *(const vi_u*)p; }
RL_INLINE void storei(int32_t* p, vi v) { *(vi_u*)p = v; }

// a*b + c, one rounding where the level has FMA (contraction is on in GNU mode).
RL_INLINE vf fma(vf a, vf b, vf c) { return a * b + c; }
// The second operand when one is NaN, as in the MAXPS and MINPS instructions.
#if RL_WIDTH == 16 && defined(__AVX512F__)
RL_INLINE vf max(vf a, vf b) { return (vf)_mm512_maskz_max_ps(0xffff, (__m512)a, (__m512)b); }
RL_INLINE vf min(vf a, vf b) { return (vf)_mm512_maskz_min_ps(0xffff, (__m512)a, (__m512)b); }
#elif RL_WIDTH == 8 && defined(__AVX__)
RL_INLINE vf max(vf a, vf b) { return (vf)_mm256_max_ps((__m256)a, (__m256)b); }
RL_INLINE vf min(vf a, vf b) { return (vf)_mm256_min_ps((__m256)a, (__m256)b); }
#elif RL_WIDTH == 4 && defined(__SSE__)
RL_INLINE vf max(vf a, vf b) { return (vf)_mm_max_ps((__m128)a, (__m128)b); }
RL_INLINE vf min(vf a, vf b) { return (vf)_mm_min_ps((__m128)a, (__m128)b); }
#else
RL_INLINE vf max(vf a, vf b) { return a > b ? a : b; }
RL_INLINE vf min(vf a, vf b) { return a < b ? a : b; }
#endif
RL_INLINE vf select(vi mask, vf a, vf b) { return mask ? a : b; }
RL_INLINE vi as_int(vf v) { return (vi)v; }
RL_INLINE vf as_float(vi v) { return (vf)v; }
RL_INLINE vf abs(vf v) { return as_float(as_int(v) & set1i(0x7fffffff)); }
RL_INLINE vf to_float(vi v) { return __builtin_convertvector(v, vf); }
RL_INLINE vi to_int(vf v) { return __builtin_convertvector(v, vi); }  // towards zero
RL_INLINE vf sqrt(vf v) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  return (vf)_mm512_maskz_sqrt_ps(0xffff, (__m512)v);
#elif RL_WIDTH == 8 && defined(__AVX__)
  return (vf)_mm256_sqrt_ps((__m256)v);
#elif RL_WIDTH == 4 && defined(__SSE2__)
  return (vf)_mm_sqrt_ps((__m128)v);
#else
  for (int i = 0; i < W; i++) v[i] = __builtin_sqrtf(v[i]);
  return v;
#endif
}
// To the nearest integer, ties to even; exact for |v| < 2**22.
RL_INLINE vf round_nearest(vf v) {
  const vf magic = set1(12582912.0f);  // 1.5 * 2**23
  return (v + magic) - magic;
}

// The first n (0 <= n <= W) floats at p, the rest 0; never touches memory past p + n.
RL_INLINE vf load_n(const float* p, int n) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif RL_WIDTH == 8 && defined(__AVX2__)
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return (vf)_mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane));
#else
  vf v = {};
  for (int i = 0; i < n; i++) v[i] = p[i];
  return v;
#endif
}
RL_INLINE void store_n(float* p, vf v, int n) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#elif RL_WIDTH == 8 && defined(__AVX2__)
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  _mm256_maskstore_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane), (__m256)v);
#else
  for (int i = 0; i < n; i++) p[i] = v[i];
#endif
}

// Horizontal sums and maxima, in a fixed order (pairwise halves).
RL_INLINE float sum(vf v) {
  float t[W];
  __builtin_memcpy(t, &v, sizeof t);
  for (int n = W / 2; n > 0; n /= 2)
    for (int i = 0; i < n; i++) t[i] += t[i + n];
  return t[0];
}
RL_INLINE float max_of(vf v) {
  float m = v[0];
  for (int i = 1; i < W; i++) m = v[i] > m ? v[i] : m;
  return m;
}

}  // namespace RL_LEVEL
