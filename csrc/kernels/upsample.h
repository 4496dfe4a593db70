// Resampling along one dimension: each output is a weighted sum of a few inputs.
#pragma once

#include <cstdint>

// x is [outer, n_in, inner], y is [outer, n_out, inner]; index and weight are [taps, n_out].
struct UpsampleKernels {
  // y[o, j, :] = sum_t weight[t, j] * x[o, index[t, j], :], for the rows o * n_out + j in [begin, end).
  void (*forward)(const float* x, float* y, int64_t begin, int64_t end, int64_t n_in, int64_t n_out, int64_t inner,
                  int taps, const int32_t* index, const float* weight);
  // Its adjoint, dx[o, index[t, j], :] += weight[t, j] * dy[o, j, :] from zero, for o in [begin, end).
  void (*backward)(const float* dy, float* dx, int64_t begin, int64_t end, int64_t n_in, int64_t n_out, int64_t inner,
                   int taps, const int32_t* index, const float* weight);
};
