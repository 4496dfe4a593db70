// Recurrent layers: one call for all steps of one layer in one direction.
#include "kernels/rnn.h"

#include <cstring>

#include "bindings/args.h"
#include "kernels/gemm.h"

RL_TABLE(gemm, GemmKernels)
RL_TABLE(rnn, RnnKernels)

namespace rl {
namespace {

void check(bool ok) {
  if (ok) return;
  PyErr_SetString(PyExc_MemoryError, "rnn: not enough memory for the packed weights");
  throw PythonError{};
}

// c (m x n, contiguous) = a b + bias of each column; element (i, k) of an operand at p[i * row + k * col].
void product(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_col, const float* b,
             int64_t b_row, int64_t b_col, float* c, const float* bias = nullptr) {
  GemmCall g;
  g.m = m, g.n = n, g.k = k;
  g.a = a, g.a_row = a_row, g.a_col = a_col;
  g.b = b, g.b_row = b_row, g.b_col = b_col;
  g.c = c, g.ldc = n;
  g.col_bias = bias;
  bool ok;
  {
    NoGil nogil(m * n * (k | 1));
    ok = gemm().gemm(g);
  }
  check(ok);
}

int gates_of(int mode) { return mode == kLstm ? 4 : mode == kGru ? 3 : 1; }

// The steps of a packed sequence: rows of each, and where they begin.
struct Steps {
  Scratch memory;
  int64_t *size, *offset;
  Steps(const I64& sizes, int64_t rows, int64_t batch) : memory((size_t)(sizes.size() * 2 + 2) * sizeof(int64_t)) {
    size = (int64_t*)memory.data();
    offset = size + sizes.size();
    int64_t at = 0;
    for (int64_t t = 0; t < sizes.size(); t++) {
      size[t] = sizes.data()[t];
      offset[t] = at;
      at += size[t];
      if (size[t] < 1 || size[t] > (t ? size[t - 1] : batch))
        fail(PyExc_RuntimeError, "rnn: batch sizes must be positive, begin with the batch and never grow");
    }
    if (at != rows || (sizes.size() && size[0] != batch))
      fail(PyExc_RuntimeError, "rnn: batch sizes must add up to the rows of input");
  }
};

void need(bool ok, const char* what) {
  if (!ok) fail(PyExc_RuntimeError, "rnn: %s does not have the shape that input and weights ask for", what);
}

}  // namespace

// rnn_layer(mode, x (n, in), sizes (steps), reverse, h0 or None (b, H), c0 or None, w_ih (G H, in), w_hh (G H, H),
//           b_ih or None (G H), b_hh or None, y (n, any) to write to, its first column)
//   -> (hn, cn or None, gates, h_before, c_before or new_lin or None)
RL_DEF(rnn_layer, 12) {
  const int mode = (int)as_int(args[0]);
  F32 x(args[1], "input"), h0(args[4], "h0", true), c0(args[5], "c0", true), w_ih(args[6], "weight_ih"),
      w_hh(args[7], "weight_hh");
  F32 b_ih(args[8], "bias_ih", true), b_hh(args[9], "bias_hh", true);
  I64 sizes(args[2], "batch sizes");
  InOutF32 y(args[10], "output");
  const int64_t column = as_int(args[11]);
  need(x.nd() == 2 && w_ih.nd() == 2 && w_hh.nd() == 2 && y.nd() == 2 && sizes.size() > 0, "input");
  const int64_t n = x.dim(0), H = w_hh.dim(1), G = gates_of(mode), B = sizes.data()[0];
  need(w_hh.dim(0) == G * H && w_ih.dim(0) == G * H && w_ih.dim(1) == x.dim(1), "weight");
  need((!b_ih || b_ih.size() == G * H) && (!b_hh || b_hh.size() == G * H), "bias");
  need((!h0 || h0.size() == B * H) && (!c0 || c0.size() == B * H), "h0");
  need(y.dim(0) == n && column >= 0 && column + H <= y.dim(1), "output");
  Steps steps(sizes, n, B);
  Out hn({B, H}), cn({mode == kLstm ? B : 0, H}), gates({n, G * H}), h_before({n, H}),
      extra({mode == kLstm || mode == kGru ? n : 0, H});
  Scratch sum((size_t)(G * H + 1) * sizeof(float));
  float* bias = sum.f32();
  for (int64_t i = 0; i < G * H; i++)
    bias[i] = (b_ih ? b_ih.data()[i] : 0) + (b_hh && !(mode == kGru && i >= 2 * H) ? b_hh.data()[i] : 0);
  product(n, G * H, x.dim(1), x.data(), x.dim(1), 1, w_ih.data(), 1, x.dim(1), gates.data(), bias);
  RnnCall c = {};
  c.mode = mode;
  c.reverse = as_bool(args[3]);
  c.steps = sizes.size(), c.batch = B, c.hidden = H;
  c.size = steps.size, c.offset = steps.offset;
  c.gates = gates.data(), c.w = w_hh.data();
  c.b_new = mode == kGru && b_hh ? b_hh.data() + 2 * H : nullptr;
  c.h_before = h_before.data();
  (mode == kGru ? c.new_lin : c.c_before) = extra.data();
  c.h0 = h0.data(), c.c0 = c0.data();
  c.y = y.data() + column, c.ldy = y.dim(1);
  c.hn = hn.data(), c.cn = cn.data();
  bool ok;
  {
    NoGil nogil(n * G * H * H);
    ok = rnn().forward(c);
  }
  check(ok);
  PyObject* o[5] = {hn.tensor(), cn.tensor(), gates.tensor(), h_before.tensor(), extra.tensor()};
  return tuple_of({o[0], o[1], o[2], o[3], o[4]});
}

// rnn_layer_backward(mode, dy (n, any), column, x, sizes, reverse, w_ih, w_hh, gates, h_before, extra, dhn, dcn or
// None,
//                    need_dx, need_bias) -> (dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh)
RL_DEF(rnn_layer_backward, 15) {
  const int mode = (int)as_int(args[0]);
  F32 dy(args[1], "grad"), x(args[3], "input"), w_ih(args[6], "weight_ih"), w_hh(args[7], "weight_hh"),
      gates(args[8], "gates");
  F32 h_before(args[9], "h_before"), extra(args[10], "extra"), dhn(args[11], "grad of h_n"),
      dcn(args[12], "grad of c_n", true);
  I64 sizes(args[4], "batch sizes");
  const int64_t column = as_int(args[2]), n = x.dim(0), I = x.dim(1), H = w_hh.dim(1), G = gates_of(mode);
  need(sizes.size() > 0, "input");
  const int64_t B = sizes.data()[0];
  need(dy.nd() == 2 && dy.dim(0) == n && column >= 0 && column + H <= dy.dim(1), "grad");
  need(w_ih.size() == G * H * I && w_hh.size() == G * H * H, "weight");
  need(gates.size() == n * G * H && h_before.size() == n * H && (mode < kLstm || extra.size() == n * H), "gates");
  need(dhn.size() == B * H && (!dcn || dcn.size() == B * H), "grad of h_n");
  Steps steps(sizes, n, B);
  const bool need_dx = as_bool(args[13]), need_bias = as_bool(args[14]);
  Out dh({B, H}), dc({mode == kLstm ? B : 0, H}), dw_ih({G * H, I}), dw_hh({G * H, H});
  Out dx({need_dx ? n : 0, I}), db({need_bias ? G * H : 0}), db_h({need_bias ? G * H : 0});
  const size_t one = (size_t)(n * G * H) * sizeof(float);
  Scratch dgates(one), dgates_h(mode == kGru ? one : 1);
  memcpy(dh.data(), dhn.data(), (size_t)(B * H) * sizeof(float));
  if (mode == kLstm) {
    if (dcn)
      memcpy(dc.data(), dcn.data(), (size_t)(B * H) * sizeof(float));
    else
      memset(dc.data(), 0, (size_t)(B * H) * sizeof(float));
  }
  RnnCall c = {};
  c.mode = mode;
  c.reverse = as_bool(args[5]);
  c.steps = sizes.size(), c.batch = B, c.hidden = H;
  c.size = steps.size, c.offset = steps.offset;
  c.gates = (float*)gates.data(), c.w = w_hh.data();
  c.h_before = (float*)h_before.data();
  (mode == kGru ? c.new_lin : c.c_before) = (float*)extra.data();
  RnnGradients d = {};
  d.dy = dy.data() + column, d.lddy = dy.dim(1);
  d.dgates = dgates.f32();
  d.dgates_h = mode == kGru ? dgates_h.f32() : d.dgates;
  d.dh = dh.data(), d.dc = dc.data();
  bool ok;
  {
    NoGil nogil(n * G * H * H);
    ok = rnn().backward(c, d);
  }
  check(ok);
  // The weights' gradients are sums over all steps: one product each.
  product(G * H, I, n, d.dgates, 1, G * H, x.data(), I, 1, dw_ih.data());
  product(G * H, H, n, d.dgates_h, 1, G * H, h_before.data(), H, 1, dw_hh.data());
  if (need_dx) product(n, I, G * H, d.dgates, G * H, 1, w_ih.data(), I, 1, dx.data());
  if (need_bias) {
    NoGil nogil(n * G * H);
    gemm().column_sums(n, G * H, d.dgates, G * H, 1, db.data());
    if (mode == kGru)
      gemm().column_sums(n, G * H, d.dgates_h, G * H, 1, db_h.data());
    else
      memcpy(db_h.data(), db.data(), (size_t)(G * H) * sizeof(float));
  }
  PyObject* o[7] = {dx.tensor(), dh.tensor(), dc.tensor(), dw_ih.tensor(), dw_hh.tensor(), db.tensor(), db_h.tensor()};
  return tuple_of({o[0], o[1], o[2], o[3], o[4], o[5], o[6]});
}

}  // namespace rl
