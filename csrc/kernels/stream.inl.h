// Stores that go past the caches, for results too large to be found there again.
#pragma once

#include "core/simd.h"

namespace RL_LEVEL {

// Stores to an address that is a multiple of the vector's size.
RL_INLINE void stream(float* p, vf v) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  _mm512_stream_ps(p, (__m512)v);
#elif RL_WIDTH == 8 && defined(__AVX2__)
  _mm256_stream_ps(p, (__m256)v);
#else
  store(p, v);
#endif
}
// Before other threads may read what was streamed.
RL_INLINE void stream_end() {
#if defined(__AVX2__)
  _mm_sfence();
#endif
}
// How many of n floats at p come before the first multiple of the vector's size.
RL_INLINE int64_t unaligned(const float* p, int64_t n) {
  int64_t k = (int64_t)((0 - (uintptr_t)p) / 4 % W);
  return k < n ? k : n;
}

// y[i] = f(i, lanes) for i in [0, n): f loads `lanes` values at i (all W, or fewer at the ends).
template <class F>
RL_INLINE void map_to(float* y, int64_t n, bool past_caches, F&& f) {
  int64_t i = 0;
  if (past_caches && n >= 8 * W) {
    int64_t head = unaligned(y, n);
    if (head) store_n(y, f((int64_t)0, (int)head), (int)head);
    for (i = head; i + W <= n; i += W) stream(y + i, f(i, W));
  } else {
    for (; i + W <= n; i += W) store(y + i, f(i, W));
  }
  if (i < n) store_n(y + i, f(i, (int)(n - i)), (int)(n - i));
}
// All W floats at p, or the first `lanes`; the test disappears where lanes is the constant W.
RL_INLINE vf load_some(const float* p, int lanes) { return lanes == W ? load(p) : load_n(p, lanes); }
RL_INLINE void store_some(float* p, vf v, int lanes) {
  if (lanes == W)
    store(p, v);
  else
    store_n(p, v, lanes);
}

}  // namespace RL_LEVEL
