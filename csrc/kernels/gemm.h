// Matrix products of float32.
#pragma once

#include <cstdint>

struct GemmCall {
  int64_t m, n, k;
  const float* a;  // element (i, k) at a[i * a_row + k * a_col]
  int64_t a_row, a_col;
  const float* b;  // element (k, j) at b[k * b_row + j * b_col]
  int64_t b_row, b_col;
  float* c;  // element (i, j) at c[i * ldc + j]
  int64_t ldc;
  float alpha = 1;
  bool accumulate = false;
  const float* row_bias = nullptr;
  const float* col_bias = nullptr;
  int act = 0;  // 0: none, 1: ReLU
};

struct GemmKernels {
  // C = act(alpha * A B + (accumulate ? C : 0) + biases). False: out of memory.
  bool (*gemm)(const GemmCall& call);
  // `count` products of one shape; operands at a_offset[i] and b_offset[i] floats from those of `first`,
  // results c_step floats apart.
  bool (*batch)(const GemmCall& first, int64_t count, const int64_t* a_offset, const int64_t* b_offset, int64_t c_step);
  // y[j] = sum over i < m of element (i, j), at p[i * row + j * col]. In blocks of 64 rows.
  void (*column_sums)(int64_t m, int64_t n, const float* p, int64_t row, int64_t col, float* y);
};
