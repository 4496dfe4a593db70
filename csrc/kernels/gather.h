// Moving values by index: rows and elements taken from, or added into, an array.
#pragma once

#include <cstdint>

struct GatherKernels {
  // out[i] = table[index[i]] for i in [begin, end): rows of `bytes` bytes.
  void (*rows)(const char* table, const int64_t* index, char* out, int64_t bytes, int64_t begin, int64_t end);
  // table[k] += alpha * x[i] wherever index[i] == k in [low, high), in order of i; rows of n values.
  // With `scale`, x[i] is multiplied by scale[k] too. Other rows are not touched.
  void (*add_rows)(float* table, const int64_t* index, const float* x, int64_t count, int64_t n, float alpha,
                   const float* scale, int64_t low, int64_t high);
  // out[o, j, i] = x[o, index[o, j, i], i] of (outer, n, inner) by (outer, m, inner), values of `size` 1, 2, 4, 8 or
  // 16 bytes; tasks are outer.
  void (*take)(const char* x, const int64_t* index, char* out, int64_t n, int64_t m, int64_t inner, int size,
               int64_t begin, int64_t end);
  // y[o, index[o, j, i], i] += x[o, j, i].
  void (*add)(float* y, const int64_t* index, const float* x, int64_t n, int64_t m, int64_t inner, int64_t begin,
              int64_t end);
  // inverse[k] = 1 / how often k is in index; 0 where it is not.
  void (*inverse_counts)(const int64_t* index, float* inverse, int64_t count, int64_t n);
  void (*zero)(float* x, int64_t n, bool past_caches);
  // The first position of an index outside [-n, n) (`negative`) or [0, n), or -1.
  int64_t (*bad)(const int64_t* index, int64_t count, int64_t n, bool negative);
};
