// Tensors put together: `cat` and `stack` of contiguous tensors of one type, in one call.
#include <cstring>

#include "autograd/graph.h"

namespace rl {
namespace {

PyObject *str_dim, *str_sizes;

AtImport names([](PyObject*) {
  str_dim = PyUnicode_InternFromString("dim");
  str_sizes = PyUnicode_InternFromString("sizes");
});

constexpr Py_ssize_t kMost = 1024;        // tensors
constexpr Py_ssize_t kMostRecorded = 63;  // their needs are bits

PyArrayObject* array(PyObject* o) { return ((Tensor*)o)->array; }

// The pieces of one row of the result, and how many rows there are.
struct Pieces {
  int64_t rows = 1, row_bytes = 0;
  int64_t bytes[kMost];
  const char* from[kMost];
};

void copy(const Pieces& p, Py_ssize_t n, char* to) {
  constexpr int64_t kChunk = 256 << 10;
  NoGil nogil(p.rows * p.row_bytes / 4);
  if (p.rows == 1) {
    for (Py_ssize_t i = 0; i < n; to += p.bytes[i++])
      parallel_for(p.bytes[i], kChunk,
                   [&](int64_t begin, int64_t end) { memcpy(to + begin, p.from[i] + begin, (size_t)(end - begin)); });
    return;
  }
  parallel_for(p.rows, kChunk / (p.row_bytes + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      char* at = to + r * p.row_bytes;
      for (Py_ssize_t i = 0; i < n; at += p.bytes[i++]) memcpy(at, p.from[i] + r * p.bytes[i], (size_t)p.bytes[i]);
    }
  });
}

// Records y = node(dim, *tensors), with `sizes` where they are asked for.
void record_join(PyTypeObject* cls, PyObject* const* tensors, Py_ssize_t n, PyObject* dim, bool sizes, PyObject* y) {
  Node* node = make_node(cls);
  PyObject* list = node && sizes ? PyList_New(n) : nullptr;
  bool ok = node && (list || !sizes) && PyObject_SetAttr((PyObject*)node, str_dim, dim) == 0;
  for (Py_ssize_t i = 0; ok && list && i < n; i++) {
    PyObject* size = PyLong_FromSsize_t(PyArray_DIM(array(tensors[i]), (int)PyLong_AsLong(dim)));
    if (!size) ok = false;
    PyList_SET_ITEM(list, i, size);
  }
  ok = ok && (!list || PyObject_SetAttr((PyObject*)node, str_sizes, list) == 0);
  Py_XDECREF(list);
  if (ok) {
    PyObject* args[kMostRecorded + 1];
    args[0] = dim;
    node->n_args = (int)n + 1;
    for (Py_ssize_t i = 0; i < n; i++) {
      args[i + 1] = tensors[i];
      if (((Tensor*)tensors[i])->requires_grad) node->needs_bits |= (uint64_t)1 << (i + 1);
    }
    ok = record(node, args, n + 1, &y, 1);
  }
  Py_XDECREF((PyObject*)node);
  if (!ok) throw PythonError{};
}

}  // namespace

// join_node(class, tensors, dim, as a new dim): NotImplemented where they are not contiguous tensors of one type
// that fit, which the Python operation then goes into.
RL_DEF(join_node, 4) {
  if (!PyType_Check(args[0]) || !PyType_IsSubtype((PyTypeObject*)args[0], &node_type))
    fail(PyExc_TypeError, "join_node: the first argument must be a class of nodes");
  if (!(PyList_CheckExact(args[1]) || PyTuple_CheckExact(args[1])) || !PyLong_CheckExact(args[2]))
    Py_RETURN_NOTIMPLEMENTED;
  const bool stack = as_bool(args[3]);
  PyObject** tensors = PySequence_Fast_ITEMS(args[1]);
  const Py_ssize_t n = PySequence_Fast_GET_SIZE(args[1]);
  if (n < 1 || n > kMost) Py_RETURN_NOTIMPLEMENTED;
  for (Py_ssize_t i = 0; i < n; i++)
    if (!is_tensor(tensors[i])) Py_RETURN_NOTIMPLEMENTED;
  PyArrayObject* first = array(tensors[0]);
  const int nd = PyArray_NDIM(first), out_nd = nd + stack, type = PyArray_TYPE(first);
  int64_t dim = as_int(args[2]);
  if (dim < 0) dim += out_nd;
  if (dim < 0 || dim >= out_nd || out_nd >= NPY_MAXDIMS || nd + stack < 1) Py_RETURN_NOTIMPLEMENTED;
  npy_intp dims[NPY_MAXDIMS];
  for (int i = 0; i < out_nd; i++)
    dims[i] = stack && i >= dim ? (i == dim ? n : PyArray_DIM(first, i - 1)) : PyArray_DIM(first, i);
  Pieces p;
  for (int i = 0; i < dim; i++) p.rows *= dims[i];
  bool recording = false;
  if (!stack) dims[dim] = 0;
  for (Py_ssize_t i = 0; i < n; i++) {
    PyArrayObject* a = array(tensors[i]);
    if (PyArray_TYPE(a) != type || PyArray_NDIM(a) != nd || !PyArray_IS_C_CONTIGUOUS(a)) Py_RETURN_NOTIMPLEMENTED;
    for (int k = 0; k < nd; k++)
      if (PyArray_DIM(a, k) != PyArray_DIM(first, k) && (stack || k != dim)) Py_RETURN_NOTIMPLEMENTED;
    if (!stack) dims[dim] += PyArray_DIM(a, (int)dim);
    p.bytes[i] = p.rows ? PyArray_NBYTES(a) / p.rows : 0;
    p.row_bytes += p.bytes[i];
    p.from[i] = (const char*)PyArray_DATA(a);
    if (!refresh((Tensor*)tensors[i])) throw PythonError{};
    recording |= grad_enabled && ((Tensor*)tensors[i])->requires_grad;
  }
  if (recording && n > kMostRecorded) Py_RETURN_NOTIMPLEMENTED;
  PyArrayObject* y = new_array(out_nd, dims, type);
  if (!y) throw PythonError{};
  if (p.rows && p.row_bytes) copy(p, n, (char*)PyArray_DATA(y));
  PyObject* out = tensor_of(y);
  if (!out) throw PythonError{};
  if (!recording) return out;
  PyObject* place = PyLong_FromLongLong(dim);
  try {
    if (!place) throw PythonError{};
    record_join((PyTypeObject*)args[0], tensors, n, place, !stack, out);
  } catch (const PythonError&) {
    Py_XDECREF(place);
    Py_DECREF(out);
    throw;
  }
  Py_DECREF(place);
  return out;
}

}  // namespace rl
