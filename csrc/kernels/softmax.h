// Softmax and its kin on contiguous float32, over the middle of (outer, n, inner).
#pragma once

#include <cstdint>

struct Softmax {
  const float *x, *dy;  // backward: x is the forward result y (logsumexp: the input)
  const float* lse;     // logsumexp's result, of outer * inner values
  float* out;
  int64_t outer, n, inner;
  int64_t tile, tiles;  // inner is worked on in tiles of so many columns; 1, 1 when inner is 1
  bool log;
  bool stream;
};
constexpr int64_t kSoftmaxTile = 256;      // the widest tile
constexpr int64_t kSoftmaxBuffer = 16384;  // values of a tile that are kept in a buffer

struct SoftmaxKernels {
  // Tasks are outer * tiles.
  void (*forward)(const Softmax*, int64_t begin, int64_t end);
  void (*backward)(const Softmax*, int64_t begin, int64_t end);
  void (*logsumexp)(const Softmax*, int64_t begin, int64_t end);
  void (*logsumexp_backward)(const Softmax*, int64_t begin, int64_t end);  // dy * e**(x - lse)
};
