// Reductions of contiguous float32: an array is seen as outer x n x inner, and n is reduced. Rows are reduced in
// fixed pieces, whose results are put together in order: the bits do not depend on the number of threads.
#pragma once

#include <cstdint>

enum ReduceOp { kSum, kProd, kAmax, kAmin, kReduceOps };

constexpr int64_t kRowPiece = 16384;  // elements of a row that one call of `row` takes at most
constexpr int64_t kTile = 256;        // columns that the kernels over columns take at a time

struct ReduceKernels {
  // One row of n contiguous elements, n <= kRowPiece. Sums of blocks, 32 additions deep.
  double (*row[kReduceOps])(const float* x, int64_t n);
  // y[i] = op over rows j of x[j*inner + i], i < columns.
  void (*columns[kReduceOps])(const float* x, int64_t rows, int64_t inner, int64_t columns, float* y);
  double (*combine[kReduceOps])(double a, double b);

  // Mean and sum of squared differences from it. Of a row of any length; of each of up to kTile columns.
  void (*moments_row)(const float* x, int64_t n, double* mean, double* m2);
  void (*moments_columns)(const float* x, int64_t rows, int64_t inner, int64_t columns, float* mean, float* m2);

  // The first largest (or smallest) element and its index; a NaN beats all. Of a row (n < 2**31); of columns.
  void (*extreme_row)(bool largest, const float* x, int64_t n, float* value, int64_t* index);
  void (*extreme_columns)(bool largest, const float* x, int64_t rows, int64_t inner, int64_t columns, float* value,
                          int64_t* index);

  // Running sums (products) down the rows of a matrix of `columns` <= kTile columns; accumulated in float64.
  void (*cumulative)(bool product, const float* x, int64_t rows, int64_t inner, int64_t columns, float* y);
};
