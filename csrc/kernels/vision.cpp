#include "kernels/vision.h"

#include "core/simd.h"

namespace RL_LEVEL {

// A table of 1 KB stays in the first cache: two loads and a store for each pixel, with no arithmetic to be
// exact about. Vector gathers are no quicker on the processors of today.
static void table_rows(const uint8_t* images, const int64_t* index, const float* table, float* y, int64_t pixels,
                       int64_t channels, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i++) {
    const uint8_t* x = images + index[i] * pixels * channels;
    float* out = y + i * pixels * channels;
    if (i + 1 < end) {  // rows are in random order: the next one is on its way while this one is done
      const char* next = (const char*)(images + index[i + 1] * pixels * channels);
      for (int64_t k = 0; k < pixels * channels && k < 4096; k += 64) __builtin_prefetch(next + k);
    }
    if (channels == 1) {
      int64_t p = 0;
      for (; p + 8 <= pixels; p += 8) {
        uint64_t eight;
        __builtin_memcpy(&eight, x + p, 8);
        if (eight == (eight & 255) * 0x0101010101010101ull) {  // background: the same value eight times
          vf v = set1(table[eight & 255]);
          for (int k = 0; k < 8; k += W < 8 ? W : 8) {
            if (W <= 8)
              store(out + p + k, v);
            else
              store_n(out + p + k, v, 8);
          }
          continue;
        }
        for (int k = 0; k < 8; k++) out[p + k] = table[(eight >> (8 * k)) & 255];
      }
      for (; p < pixels; p++) out[p] = table[x[p]];
    } else {
      for (int64_t c = 0; c < channels; c++)
        for (int64_t p = 0; p < pixels; p++) out[c * pixels + p] = table[256 * c + x[p * channels + c]];
    }
  }
}

extern const VisionKernels vision_kernels;
const VisionKernels vision_kernels = {table_rows};

}  // namespace RL_LEVEL
