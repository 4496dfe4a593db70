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
};
