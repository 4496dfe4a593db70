// Sorting rows of float32. NaN is larger than all; equal elements keep their order.
#pragma once

#include <cstdint>

struct SortKernels {
  // A row of n < 2**31 elements: values and indices in order. scratch: 4 * n 32-bit numbers.
  void (*sort)(const float* x, int64_t n, bool descending, float* values, int64_t* indices, uint32_t* scratch);
  // The k <= n largest (or smallest) of a row, in order. scratch: 4 * n 32-bit numbers.
  void (*topk)(const float* x, int64_t n, int64_t k, bool largest, float* values, int64_t* indices, uint32_t* scratch);
};
