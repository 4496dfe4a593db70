// Scaled dot-product attention of float32: softmax(scale * q k^T + mask) v, head by head.
#pragma once

#include <cstdint>

// A (batch, head, row, column) operand: strides in elements; columns are contiguous.
struct HeadView {
  float* p;
  int64_t b, h, t;
};

struct AttentionCall {
  int64_t batch, heads, kv_heads;  // heads = a multiple of kv_heads, which share keys and values
  int64_t rows, keys;              // of queries, of keys and values
  int64_t d, dv;                   // columns of queries and keys, of values
  HeadView q, k, v, out;
  float* lse;  // (batch, heads, rows): log of the sum of exponentials of a row's scores
  float scale;
  bool causal;             // row i sees keys 0..i
  const float* bias;       // added to the scores, or null; strides follow, 0 where broadcast
  const uint8_t* allowed;  // 0 where a score must not count, or null; the same strides
  int64_t mask_b, mask_h, mask_t, mask_s;
  const uint8_t* keep;  // dropout: (batch, heads, rows, keys), 0 where dropped, or null
  float keep_scale;     // 1 / (1 - p)
};

struct AttentionGradients {
  HeadView dout, dq, dk, dv;
};

struct AttentionKernels {
  // False: out of memory.
  bool (*forward)(const AttentionCall& call);
  bool (*backward)(const AttentionCall& call, const AttentionGradients& g);
};
