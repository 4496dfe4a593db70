#include "kernels/copy.h"

#include "core/simd.h"

namespace RL_LEVEL {

// ---- transposed copy -----------------------------------------------------------------------------

typedef float v8 __attribute__((vector_size(32)));
typedef float v8_u __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t i8 __attribute__((vector_size(32)));

// Three rounds of exchanging neighbours at distance 1, 2, 4: the usual 8x8 transpose of unpacks and 128-bit swaps.
RL_INLINE void transpose_8x8(const float* x, int64_t sx, float* y, int64_t sy) {
  v8 r[8], t[8];
  for (int i = 0; i < 8; i++) r[i] = *(const v8_u*)(x + i * sx);
  for (int i = 0; i < 8; i += 2) {
    t[i] = __builtin_shuffle(r[i], r[i + 1], (i8){0, 8, 1, 9, 4, 12, 5, 13});
    t[i + 1] = __builtin_shuffle(r[i], r[i + 1], (i8){2, 10, 3, 11, 6, 14, 7, 15});
  }
  for (int i = 0; i < 8; i += 4)
    for (int k = 0; k < 2; k++) {
      r[i + 2 * k] = __builtin_shuffle(t[i + k], t[i + k + 2], (i8){0, 1, 8, 9, 4, 5, 12, 13});
      r[i + 2 * k + 1] = __builtin_shuffle(t[i + k], t[i + k + 2], (i8){2, 3, 10, 11, 6, 7, 14, 15});
    }
  for (int i = 0; i < 4; i++) {
    t[i] = __builtin_shuffle(r[i], r[i + 4], (i8){0, 1, 2, 3, 8, 9, 10, 11});
    t[i + 4] = __builtin_shuffle(r[i], r[i + 4], (i8){4, 5, 6, 7, 12, 13, 14, 15});
  }
  for (int i = 0; i < 8; i++) *(v8_u*)(y + i * sy) = t[i];
}

RL_INLINE void stream_16(float* to, const float* from) {
#if defined(__AVX__)
  _mm256_stream_ps(to, _mm256_load_ps(from));
  _mm256_stream_ps(to + 8, _mm256_load_ps(from + 8));
#elif defined(__SSE2__)
  for (int i = 0; i < 16; i += 4) _mm_stream_ps(to + i, _mm_load_ps(from + i));
#else
  __builtin_memcpy(to, from, 64);
#endif
}

// Tiles of 16x16: whole cache lines are read and, through a buffer, whole lines written.
static void transpose(const float* x, int64_t sx, float* y, int64_t sy, int64_t rows, int64_t columns, bool stream) {
  alignas(64) float tile[16][16];
  int64_t full = rows / 16 * 16, j = 0;
  for (; j + 16 <= columns; j += 16)
    for (int64_t i = 0; i < full; i += 16) {
      const float* from = x + i * sx + j;
      for (int a = 0; a < 16; a += 8)
        for (int b = 0; b < 16; b += 8) transpose_8x8(from + a * sx + b, sx, &tile[b][a], 16);
      for (int k = 0; k < 16; k++) {
        float* to = y + (j + k) * sy + i;
        if (stream)
          stream_16(to, tile[k]);
        else
          __builtin_memcpy(to, tile[k], 64);
      }
    }
  for (int64_t i = 0; i < full; i++)
    for (int64_t k = j; k < columns; k++) y[k * sy + i] = x[i * sx + k];
  for (int64_t i = full; i < rows; i++)
    for (int64_t k = 0; k < columns; k++) y[k * sy + i] = x[i * sx + k];
#if defined(__SSE2__)
  if (stream) _mm_sfence();
#endif
}

// ---- casts ---------------------------------------------------------------------------------------

template <class From, class To>
static void cast(const void* from, void* to, int64_t n) {
  const From* x = (const From*)from;
  To* y = (To*)to;
  for (int64_t i = 0; i < n; i++) {
    if constexpr (sizeof(To) == 1 && (From)0.5f != (From)0)
      y[i] = (To)(int32_t)x[i];
    else
      y[i] = (To)x[i];
  }
}
template <class From>
static void cast_bool(const void* from, void* to, int64_t n) {
  const From* x = (const From*)from;
  uint8_t* y = (uint8_t*)to;
  for (int64_t i = 0; i < n; i++) y[i] = x[i] != 0;
}

static void from_bf16(const void* from, void* to, int64_t n) {
  const uint16_t* x = (const uint16_t*)from;
  uint32_t* y = (uint32_t*)to;
  for (int64_t i = 0; i < n; i++) y[i] = (uint32_t)x[i] << 16;
}
static void to_bf16(const void* from, void* to, int64_t n) {  // ties to even; every NaN becomes the same, with its sign
  const uint32_t* x = (const uint32_t*)from;
  uint16_t* y = (uint16_t*)to;
  for (int64_t i = 0; i < n; i++) {
    const uint32_t bits = x[i], nearest = (bits + 0x7fff + (bits >> 16 & 1)) >> 16,
                   nan = (bits >> 16 & 0x8000) | 0x7fc0;
    y[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? nan : nearest);
  }
}
#if defined(__F16C__)
static void from_f16(const void* from, void* to, int64_t n) {
  const uint16_t* x = (const uint16_t*)from;
  float* y = (float*)to;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)(x + i))));
  for (; i < n; i++) y[i] = _cvtsh_ss(x[i]);
}
static void to_f16(const void* from, void* to, int64_t n) {
  const float* x = (const float*)from;
  uint16_t* y = (uint16_t*)to;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) _mm_storeu_si128((__m128i*)(y + i), _mm256_cvtps_ph(_mm256_loadu_ps(x + i), 0));
  for (; i < n; i++) y[i] = _cvtss_sh(x[i], 0);
}
#else
constexpr decltype(&to_bf16) from_f16 = nullptr, to_f16 = nullptr;
#endif

#define CASTS(T) cast<T, float>, cast<T, double>, cast<T, int64_t>, cast<T, int32_t>, cast<T, uint8_t>, cast_bool<T>

extern const CopyKernels copy_kernels;
const CopyKernels copy_kernels = {transpose,
                                  {{CASTS(float), to_bf16, to_f16},
                                   {CASTS(double)},
                                   {CASTS(int64_t)},
                                   {CASTS(int32_t)},
                                   {CASTS(uint8_t)},
                                   {CASTS(uint8_t)},
                                   {from_bf16},
                                   {from_f16}}};

}  // namespace RL_LEVEL
