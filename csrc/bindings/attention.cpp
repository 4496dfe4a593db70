// Attention over (batch, heads, rows, columns) operands whose columns are contiguous (else copied).
#include "kernels/attention.h"

#include <utility>

#include "bindings/args.h"

RL_TABLE(attention, AttentionKernels)

namespace rl {
namespace {

// A 4-d float32 argument with contiguous last dimension.
class Heads {
 public:
  Heads(PyObject* o, const char* name) {
    PyArrayObject* a = array_of(o, name);
    if (PyArray_TYPE(a) != NPY_FLOAT32 || PyArray_NDIM(a) != 4)
      fail(PyExc_TypeError, "attention: %s must be a 4-d float32 tensor", name);
    bool plain = PyArray_ISBEHAVED_RO(a) && (PyArray_DIM(a, 3) < 2 || PyArray_STRIDE(a, 3) == 4);
    for (int i = 0; i < 3; i++) plain &= PyArray_STRIDE(a, i) % 4 == 0;
    if (plain)
      Py_INCREF(a);
    else
      a = (PyArrayObject*)PyArray_NewCopy(a, NPY_CORDER);
    if (!a) throw PythonError{};
    a_ = a;
  }
  ~Heads() { Py_DECREF(a_); }
  Heads(const Heads&) = delete;
  int64_t dim(int i) const { return PyArray_DIM(a_, i); }
  HeadView view() const {
    return {(float*)PyArray_DATA(a_), PyArray_STRIDE(a_, 0) / 4, PyArray_STRIDE(a_, 1) / 4, PyArray_STRIDE(a_, 2) / 4};
  }

 private:
  PyArrayObject* a_;
};

// A result of shape (b, h, t, d), with these dims in the memory order that they have in `like`.
struct HeadsOut {
  int64_t shape[4], strides[3];
  npy_intp back[4] = {0, 0, 0, 3};  // where each dim is in memory
  Out out;
  HeadsOut(int64_t b, int64_t h, int64_t t, int64_t d, const HeadView& like)
      : shape{b, h, t, d}, strides{like.b, like.h, like.t}, out(in_memory()) {
    strides[0] = strides[1] = strides[2] = 0;
    int64_t step = d;
    for (int at = 2; at >= 0; at--)
      for (int i = 0; i < 3; i++)
        if (back[i] == at) strides[i] = step, step *= shape[i];
  }
  Out in_memory() {
    int order[3] = {0, 1, 2};
    for (int i = 1; i < 3; i++)  // by falling stride, else as they are
      for (int j = i; j > 0 && strides[order[j]] > strides[order[j - 1]]; j--) std::swap(order[j], order[j - 1]);
    npy_intp dims[4];
    for (int i = 0; i < 3; i++) dims[i] = shape[order[i]], back[order[i]] = i;
    dims[3] = shape[3];
    return Out(4, dims);
  }
  HeadView view() { return {out.data(), strides[0], strides[1], strides[2]}; }
  PyObject* tensor() {
    PyArray_Dims permutation = {back, 4};
    PyArrayObject* a = out.release();
    PyArrayObject* t = (PyArrayObject*)PyArray_Transpose(a, &permutation);
    Py_DECREF(a);
    return tensor_of(t);
  }
};

// attention(..)'s first ten arguments.
struct Call {
  Heads q, k, v;
  AttentionCall c = {};
  PyArrayObject* mask = nullptr;
  Call(PyObject* const* args) : q(args[0], "query"), k(args[1], "key"), v(args[2], "value") {
    c.batch = q.dim(0), c.heads = q.dim(1), c.kv_heads = k.dim(1);
    c.rows = q.dim(2), c.keys = k.dim(2), c.d = q.dim(3), c.dv = v.dim(3);
    if (k.dim(0) != c.batch || v.dim(0) != c.batch || v.dim(1) != c.kv_heads || v.dim(2) != c.keys || k.dim(3) != c.d ||
        c.kv_heads < 1 || c.heads % c.kv_heads)
      fail(PyExc_RuntimeError, "attention: query, key and value must agree in batch, heads and columns");
    c.q = q.view(), c.k = k.view(), c.v = v.view();
    c.scale = (float)as_double(args[4]);
    c.causal = as_bool(args[5]);
    if (args[3] != Py_None) {
      mask = array_of(args[3], "attn_mask");
      const bool additive = PyArray_TYPE(mask) == NPY_FLOAT32;
      const npy_intp size = PyArray_ITEMSIZE(mask);
      if (PyArray_NDIM(mask) != 4 || !(additive || PyArray_TYPE(mask) == NPY_BOOL) || !PyArray_ISALIGNED(mask))
        fail(PyExc_TypeError, "attention: attn_mask must be a 4-d bool or float32 tensor");
      const int64_t want[4] = {c.batch, c.heads, c.rows, c.keys};
      int64_t* strides[4] = {&c.mask_b, &c.mask_h, &c.mask_t, &c.mask_s};
      for (int i = 0; i < 4; i++) {
        if (PyArray_DIM(mask, i) != want[i])
          fail(PyExc_RuntimeError, "attention: attn_mask must be expanded to the scores");
        *strides[i] = PyArray_STRIDE(mask, i) / size;
      }
      if (additive)
        c.bias = (const float*)PyArray_DATA(mask);
      else
        c.allowed = (const uint8_t*)PyArray_DATA(mask);
    }
  }
};

void check(bool ok) {
  if (ok) return;
  PyErr_SetString(PyExc_MemoryError, "attention: not enough memory for the packed keys and values");
  throw PythonError{};
}

void set_keep(AttentionCall& c, const Bool& keep, PyObject* scale) {
  if (!keep) return;
  if (keep.size() != c.batch * c.heads * c.rows * c.keys)
    fail(PyExc_RuntimeError, "attention: dropout mask must have the scores' shape");
  c.keep = keep.data();
  c.keep_scale = (float)as_double(scale);
}

}  // namespace

// attention(q, k, v, mask or None, scale, causal, keep or None, keep_scale) -> (out, lse).
RL_DEF(attention, 8) {
  Call call(args);
  AttentionCall& c = call.c;
  Bool keep(args[6], "dropout mask", true);
  set_keep(c, keep, args[7]);
  HeadsOut out(c.batch, c.heads, c.rows, c.dv, c.q);
  Out lse({c.batch, c.heads, c.rows});
  c.out = out.view();
  c.lse = lse.data();
  bool ok;
  {
    NoGil nogil(c.batch * c.heads * c.rows * c.keys * c.d);
    ok = attention().forward(c);
  }
  check(ok);
  PyObject* o = out.tensor();
  return tuple_of({o, lse.tensor()});
}

// attention_backward(q, k, v, mask, scale, causal, keep, keep_scale, out, lse, dout) -> (dq, dk, dv).
RL_DEF(attention_backward, 11) {
  Call call(args);
  AttentionCall& c = call.c;
  Bool keep(args[6], "dropout mask", true);
  set_keep(c, keep, args[7]);
  Heads out(args[8], "out"), dout(args[10], "grad");
  F32 lse(args[9], "lse");
  for (const Heads* h : {&out, &dout})
    if (h->dim(0) != c.batch || h->dim(1) != c.heads || h->dim(2) != c.rows || h->dim(3) != c.dv)
      fail(PyExc_RuntimeError, "attention_backward: out and grad must have the result's shape");
  if (lse.size() != c.batch * c.heads * c.rows)
    fail(PyExc_RuntimeError, "attention_backward: lse must have one value per row");
  HeadsOut dq(c.batch, c.heads, c.rows, c.d, c.q), dk(c.batch, c.kv_heads, c.keys, c.d, c.k),
      dv(c.batch, c.kv_heads, c.keys, c.dv, c.v);
  c.out = out.view();
  c.lse = (float*)lse.data();
  const AttentionGradients g{dout.view(), dq.view(), dk.view(), dv.view()};
  bool ok;
  {
    NoGil nogil(c.batch * c.heads * c.rows * c.keys * c.d);
    ok = attention().backward(c, g);
  }
  check(ok);
  PyObject *a = dq.tensor(), *b = dk.tensor();
  return tuple_of({a, b, dv.tensor()});
}

}  // namespace rl
