// Shuffles of two vectors, loads with a stride, stores past the caches.
#pragma once

#include "core/simd.h"

namespace RL_LEVEL {

#if RL_WIDTH == 16
RL_INLINE vf evens(vf a, vf b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
RL_INLINE vf odds(vf a, vf b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
RL_INLINE vf zip_low(vf a, vf b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
RL_INLINE vf zip_high(vf a, vf b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
#elif RL_WIDTH == 8
RL_INLINE vf evens(vf a, vf b) {
  vf t = (vf)_mm256_shuffle_ps((__m256)a, (__m256)b, 0x88);
  return (vf)_mm256_permute4x64_pd((__m256d)t, 0xd8);
}
RL_INLINE vf odds(vf a, vf b) {
  vf t = (vf)_mm256_shuffle_ps((__m256)a, (__m256)b, 0xdd);
  return (vf)_mm256_permute4x64_pd((__m256d)t, 0xd8);
}
RL_INLINE vf zip_low(vf a, vf b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
RL_INLINE vf zip_high(vf a, vf b) { return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
#else
RL_INLINE vf evens(vf a, vf b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6); }
RL_INLINE vf odds(vf a, vf b) { return __builtin_shufflevector(a, b, 1, 3, 5, 7); }
RL_INLINE vf zip_low(vf a, vf b) { return __builtin_shufflevector(a, b, 0, 4, 1, 5); }
RL_INLINE vf zip_high(vf a, vf b) { return __builtin_shufflevector(a, b, 2, 6, 3, 7); }
#endif

// Every stride-th of the floats at p. reach(stride): how many floats from p on it may touch.
template <int kStride>
RL_INLINE vf load_strided(const float* p, int stride) {
  if (kStride == 1) return load(p);
  if (kStride == 2) return evens(load(p), load(p + W));
  vf v;
  for (int i = 0; i < W; i++) v[i] = p[i * stride];
  return v;
}
RL_INLINE int reach(int stride) { return stride == 2 ? 2 * W : (W - 1) * stride + 1; }

// p[at[i]] in the lanes whose bit of `mask` is set; 0 in the others, whose memory is not touched.
RL_INLINE vf gather(const float* p, vi at, uint32_t mask) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  return (vf)_mm512_mask_i32gather_ps(_mm512_setzero_ps(), (__mmask16)mask, (__m512i)at, p, 4);
#elif RL_WIDTH == 8 && defined(__AVX2__)
  const vi bit = {1, 2, 4, 8, 16, 32, 64, 128};
  const vi wanted = (set1i((int32_t)mask) & bit) == bit;
  return (vf)_mm256_mask_i32gather_ps(_mm256_setzero_ps(), p, (__m256i)at, (__m256)wanted, 4);
#else
  vf v = {};
  for (int i = 0; i < W; i++)
    if (mask >> i & 1) v[i] = p[at[i]];
  return v;
#endif
}

// A store; with `stream` past the caches, to an aligned address (then call fence() at the end).
RL_INLINE void put(float* p, vf v, bool stream) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  if (stream) return _mm512_stream_ps(p, (__m512)v);
#elif RL_WIDTH == 8 && defined(__AVX2__)
  if (stream) return _mm256_stream_ps(p, (__m256)v);
#endif
  (void)stream;
  store(p, v);
}
RL_INLINE void fence() {
#if defined(__AVX2__)
  _mm_sfence();
#endif
}

// r[j][i] = r[i][j] for W vectors: log2(W) rounds, each of which zips vector i with vector i + W / 2. (AVX2's
// own shuffles stay in halves of a register, so there the halves are exchanged last.)
RL_INLINE void transpose(vf* r) {
  vf t[W];
#if RL_WIDTH == 8 && defined(__AVX2__)
  for (int i = 0; i < 8; i += 2) {
    t[i] = (vf)_mm256_unpacklo_ps((__m256)r[i], (__m256)r[i + 1]);
    t[i + 1] = (vf)_mm256_unpackhi_ps((__m256)r[i], (__m256)r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4)
    for (int h = 0; h < 2; h++) {
      r[i + 2 * h] = (vf)_mm256_shuffle_ps((__m256)t[i + h], (__m256)t[i + 2 + h], 0x44);
      r[i + 2 * h + 1] = (vf)_mm256_shuffle_ps((__m256)t[i + h], (__m256)t[i + 2 + h], 0xee);
    }
  for (int i = 0; i < 4; i++) {
    const __m256 low = (__m256)r[i], high = (__m256)r[i + 4];
    r[i] = (vf)_mm256_permute2f128_ps(low, high, 0x20);
    r[i + 4] = (vf)_mm256_permute2f128_ps(low, high, 0x31);
  }
#else
#pragma GCC unroll 4
  for (int n = 1; n < W; n *= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < W / 2; i++) {
      t[2 * i] = zip_low(r[i], r[i + W / 2]);
      t[2 * i + 1] = zip_high(r[i], r[i + W / 2]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < W; i++) r[i] = t[i];
  }
#endif
}

// dst[i * ds + j] = src[j * ss + i] for a W x W block.
RL_INLINE void transpose_block(const float* src, int64_t ss, float* dst, int64_t ds) {
  vf r[W];
#pragma GCC unroll 16
  for (int i = 0; i < W; i++) r[i] = load(src + i * ss);
  transpose(r);
#pragma GCC unroll 16
  for (int i = 0; i < W; i++) store(dst + i * ds, r[i]);
}

}  // namespace RL_LEVEL
