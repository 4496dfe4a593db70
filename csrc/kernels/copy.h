// Copies that change the memory order or the type.
#pragma once

#include <cstdint>

enum CastType { kCastF32, kCastF64, kCastI64, kCastI32, kCastU8, kCastBool, kCastBF16, kCastF16, kCastTypes };

struct CopyKernels {
  // y[j*sy + i] = x[i*sx + j] for i < rows, j < columns; 4-byte elements. `stream`: past the caches, for results
  // much larger than they are (y and sy must then be multiples of 16 elements).
  void (*transpose)(const float* x, int64_t sx, float* y, int64_t sy, int64_t rows, int64_t columns, bool stream);
  // y[i] = (to)x[i] for i < n: towards zero to integers, `!= 0` to bool, to the nearest half precision. Null where
  // there is none.
  void (*cast[kCastTypes][kCastTypes])(const void* x, void* y, int64_t n);  // [from][to]
};
