// Recurrent layers of float32: all steps of one layer in one direction.
#pragma once

#include <cstdint>

enum RnnMode { kRnnTanh = 0, kRnnRelu = 1, kLstm = 2, kGru = 3 };

// Rows are packed: step t (in time) has size[t] rows, which begin at row offset[t]; sizes never grow with t.
// Row r of a step is sequence r. `n` rows in all, `batch` = size[0] sequences, G gates of H units each
// (G = 1, 4: input, forget, cell, output, 3: reset, update, new).
struct RnnCall {
  int mode;
  bool reverse;  // from the last step to the first
  int64_t steps, batch, hidden;
  const int64_t *size, *offset;
  float* gates;          // (n, G H); in: input projections with all biases (GRU: without the recurrent new-gate's);
                         // out: activated gates
  const float* w;        // (G H, H), recurrent weights
  const float* b_new;    // (H) GRU: bias of the recurrent new-gate, or null
  float* h_before;       // (n, H): the state each row started from
  float* c_before;       // (n, H): LSTM
  float* new_lin;        // (n, H): GRU, the recurrent part of the new-gate before the reset gate
  const float *h0, *c0;  // (batch, H), or null for zeros
  float* y;              // row r at y + r * ldy
  int64_t ldy;
  float *hn, *cn;  // (batch, H)
};

struct RnnGradients {
  const float* dy;  // row r at dy + r * lddy
  int64_t lddy;
  float* dgates;    // (n, G H): of the gates before activation, on the input side
  float* dgates_h;  // GRU: the same on the recurrent side (the new-gate's differs); others: = dgates
  float *dh, *dc;   // (batch, H); in: gradients of hn, cn; out: of h0, c0
};

struct RnnKernels {
  // False: out of memory.
  bool (*forward)(const RnnCall& call);
  bool (*backward)(const RnnCall& call, const RnnGradients& g);
};
