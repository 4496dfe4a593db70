// Images of bytes to floats.
#pragma once

#include <cstdint>

struct VisionKernels {
  // y[i, c, p] = table[c][images[index[i], p, c]] for i in [begin, end), p < pixels, c < channels: rows of
  // interleaved bytes gathered into planes of floats. A table holds 256 floats.
  void (*table_rows)(const uint8_t* images, const int64_t* index, const float* table, float* y, int64_t pixels,
                     int64_t channels, int64_t begin, int64_t end);
};
