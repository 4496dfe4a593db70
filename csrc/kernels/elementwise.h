// Element-wise kernels on contiguous float32.
#pragma once

#include <cstdint>

struct ElementwiseKernels {
  // y[i] = f(x[i]) for i in [begin, end).
  void (*relu)(const float* x, float* y, int64_t begin, int64_t end);
};
