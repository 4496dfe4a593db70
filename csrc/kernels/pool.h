// Pooling over the last one to three dimensions of float32 planes, by tables: max and average, fixed
// windows and adaptive ones are the same loops.
#pragma once

#include <cstdint>

// One dimension. The window of output o covers the inputs start[o] + j*step for j in [lo[o], hi[o]),
// all inside [0, in); start itself may lie in the padding.
struct PoolDim {
  int in, out, k, step;
  int stride;                  // start[o+1] - start[o] everywhere, or 0
  int inner_begin, inner_end;  // outputs whose window is whole: lo = 0, hi = k
  bool apart;                  // no input is in two windows
  bool cover;                  // every input is in a window
  const int32_t *start, *lo, *hi;
  const float* size;  // what an average divides by, of this dimension
};

struct PoolShape {
  PoolDim d, h, w;
  float divisor;       // divide by this; 0: by the product of the sizes
  const int32_t* tap;  // offset of window position (jd, jh, jw) from the window's start, in the plane
  int64_t planes;      // in the whole input
  bool stream;         // the result is larger than the caches: write past them
};

// Each works on the planes [begin, end) of [n*c].
struct PoolKernels {
  // y, and where not null: arg, the position in the window (first of equals; the last NaN), or index, its
  // offset in the plane.
  void (*max_forward)(const PoolShape& s, const float* x, float* y, uint8_t* arg, int64_t* index, int64_t begin,
                      int64_t end);
  void (*max_backward)(const PoolShape& s, const float* dy, const uint8_t* arg, float* dx, int64_t begin, int64_t end);
  // dx[plane][index] += dy; `outputs` and `inputs` are the planes' sizes. An index out of range is left out.
  void (*scatter)(const float* dy, const int64_t* index, float* dx, int64_t outputs, int64_t inputs, int64_t begin,
                  int64_t end);
  void (*avg_forward)(const PoolShape& s, const float* x, float* y, int64_t begin, int64_t end);
  // `row`: scratch of w.in floats.
  void (*avg_backward)(const PoolShape& s, const float* dy, float* dx, float* row, int64_t begin, int64_t end);
};
