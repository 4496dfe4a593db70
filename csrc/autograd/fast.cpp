// Short cuts for what a model does most on small tensors: each does in one C call what the Python operation of
// the same name does through `Function.apply`, with the same node. They answer NotImplemented to whatever is not
// the plain case; the Python operation then goes its general way, and says what is wrong where something is.
#include "autograd/graph.h"
#include "bindings/strided.h"
#include "kernels/unary.h"

RL_TABLE(unary, UnaryKernels)

namespace rl {
namespace {

PyObject *str_shape, *str_numbers, *str_dims, *str_dim;

AtImport names([](PyObject*) {
  str_shape = PyUnicode_InternFromString("shape");
  str_numbers = PyUnicode_InternFromString("numbers");
  str_dims = PyUnicode_InternFromString("dims");
  str_dim = PyUnicode_InternFromString("dim");
});

PyTypeObject* node_class(PyObject* o) {
  if (!PyType_Check(o) || !PyType_IsSubtype((PyTypeObject*)o, &node_type))
    fail(PyExc_TypeError, "the first argument must be a class of nodes");
  return (PyTypeObject*)o;
}

bool recording(Tensor* x) {
  if (!refresh(x)) throw PythonError{};
  return grad_enabled && x->requires_grad;
}

// Records `out` = node(x). Takes over the node.
PyObject* finish(Node* node, Tensor* x, PyObject* out) {
  node->n_args = 1;
  node->needs_bits = 1;
  PyObject* arg = (PyObject*)x;
  bool ok = record(node, &arg, 1, &out, 1);
  Py_DECREF(node);
  if (!ok) {
    Py_DECREF(out);
    throw PythonError{};
  }
  return out;
}

// `view` (taken over), an array that looks at x's memory, as a view of x; where x is recorded, through a node of
// class `cls` with the attribute `name` = `value` (taken over; may be null where it is not).
PyObject* view_of(PyTypeObject* cls, Tensor* x, PyArrayObject* view, PyObject* name, PyObject* value) {
  bool record_it = recording(x);
  Tensor* out = make_tensor((PyTypeObject*)bound.plain, view);
  Counter* counter = out ? share_counter(x) : nullptr;
  if (!counter) {
    Py_XDECREF((PyObject*)out);
    Py_XDECREF(value);
    throw PythonError{};
  }
  Tensor* base = x->base ? (Tensor*)x->base : x;
  out->counter = counter;
  Py_INCREF(base);
  out->base = (PyObject*)base;
  out->history = base->history;
  if (!record_it) {
    Py_XDECREF(value);
    return (PyObject*)out;
  }
  Node* node = make_node(cls);
  bool ok = node && value && PyObject_SetAttr((PyObject*)node, name, value) == 0;
  Py_XDECREF(value);
  if (!ok) {
    Py_XDECREF(node);
    Py_DECREF(out);
    throw PythonError{};
  }
  return finish(node, x, (PyObject*)out);
}

// The memory of the contiguous array `a` in another shape of as many elements. A new reference.
PyArrayObject* seen_as(PyArrayObject* a, int nd, const npy_intp* dims) {
  PyArray_Descr* descr = PyArray_DESCR(a);
  Py_INCREF(descr);
  PyArrayObject* view = (PyArrayObject*)PyArray_NewFromDescr(&PyArray_Type, descr, nd, dims, nullptr, PyArray_DATA(a),
                                                             PyArray_FLAGS(a) & NPY_ARRAY_WRITEABLE, nullptr);
  if (!view) throw PythonError{};
  Py_INCREF(a);
  if (PyArray_SetBaseObject(view, (PyObject*)a) < 0) {
    Py_DECREF(view);
    throw PythonError{};
  }
  return view;
}

// x's memory in another shape, as a view of x. Null where the sizes do not fit.
PyObject* reshaped(PyTypeObject* cls, Tensor* x, int nd, npy_intp* dims) {
  PyArrayObject* a = x->array;
  npy_intp known = 1;
  int unknown = -1;
  for (int i = 0; i < nd; i++) {
    if (dims[i] >= 0) {
      if (__builtin_mul_overflow(known, dims[i], &known)) return nullptr;
    } else if (dims[i] == -1 && unknown < 0) {
      unknown = i;
    } else {
      return nullptr;
    }
  }
  npy_intp size = PyArray_SIZE(a);
  if (unknown >= 0) {
    if (known == 0 || size % known) return nullptr;
    dims[unknown] = size / known;
  } else if (known != size) {
    return nullptr;
  }
  PyArrayObject* view = seen_as(a, nd, dims);
  PyObject* shape = recording(x) ? PyTuple_New(PyArray_NDIM(a)) : nullptr;
  for (int i = 0; shape && i < PyArray_NDIM(a); i++) PyTuple_SET_ITEM(shape, i, PyLong_FromSsize_t(PyArray_DIM(a, i)));
  return view_of(cls, x, view, str_shape, shape);
}

PyObject* or_not(PyObject* o) {
  if (o) return o;
  Py_RETURN_NOTIMPLEMENTED;
}

}  // namespace

// usable(*tensors or None): whether all are float32 tensors, which kernels take.
static PyObject* usable(PyObject*, PyObject* const* args, Py_ssize_t n) {
  for (Py_ssize_t i = 0; i < n; i++) {
    if (args[i] == Py_None) continue;
    if (!is_tensor(args[i]) || PyArray_TYPE(((Tensor*)args[i])->array) != NPY_FLOAT32) Py_RETURN_FALSE;
  }
  Py_RETURN_TRUE;
}
static Method usable_method("usable", (PyCFunction)(void (*)(void))usable, METH_FASTCALL);

// unary_node(class, op, numbers, saves the result, x): an element-wise function of a float32 tensor.
RL_DEF(unary_node, 5) {
  PyTypeObject* cls = node_class(args[0]);
  if (!is_tensor(args[4]) || PyArray_TYPE(((Tensor*)args[4])->array) != NPY_FLOAT32) Py_RETURN_NOTIMPLEMENTED;
  Tensor* x = (Tensor*)args[4];
  bool record_it = recording(x);
  int64_t op = as_int(args[1]);
  if (op < 0 || op >= kUnaryOps) fail(PyExc_ValueError, "unary_node: op must be one of _C.UNARY's values");
  float numbers[3] = {};
  bool any = PyTuple_Check(args[2]) && PyTuple_GET_SIZE(args[2]) > 0;
  for (Py_ssize_t i = 0; any && i < PyTuple_GET_SIZE(args[2]) && i < 3; i++)
    numbers[i] = (float)as_double(PyTuple_GET_ITEM(args[2], i));
  static const int types[1] = {NPY_FLOAT32};
  auto f = unary().f[op];
  PyObject* y;
  npy_intp n = PyArray_SIZE(x->array);
  if (n <= 4096 && PyArray_ISCARRAY_RO(x->array)) {
    Out out(PyArray_NDIM(x->array), PyArray_DIMS(x->array));
    f((const float*)PyArray_DATA(x->array), out.data(), n, numbers);
    y = out.tensor();
  } else {
    Elementwise e("unary", args + 4, 1, types);
    e.output(Py_None, NPY_FLOAT32);
    e.run([&](char* const* p, int64_t count) { f((const float*)p[0], (float*)p[1], count, numbers); });
    y = e.result();
  }
  if (!record_it) return y;
  Node* node = make_node(cls);
  if (node) node->to_save = PyTuple_Pack(1, as_bool(args[3]) ? y : args[4]);
  if (!node || !node->to_save || (any && PyObject_SetAttr((PyObject*)node, str_numbers, args[2]) < 0)) {
    Py_XDECREF(node);
    Py_DECREF(y);
    throw PythonError{};
  }
  return finish(node, x, y);
}

// view_node(class, x, sizes): the contiguous tensor x in another shape, sizes as in `reshape(x, *sizes)`.
RL_DEF(view_node, 3) {
  PyTypeObject* cls = node_class(args[0]);
  if (!is_tensor(args[1]) || !PyTuple_Check(args[2])) Py_RETURN_NOTIMPLEMENTED;
  Tensor* x = (Tensor*)args[1];
  PyObject* sizes = args[2];
  if (PyTuple_GET_SIZE(sizes) == 1 && PyTuple_Check(PyTuple_GET_ITEM(sizes, 0))) sizes = PyTuple_GET_ITEM(sizes, 0);
  Py_ssize_t nd = PyTuple_GET_SIZE(sizes);
  if (nd > 32 || !PyArray_IS_C_CONTIGUOUS(x->array)) Py_RETURN_NOTIMPLEMENTED;
  npy_intp dims[32];
  for (Py_ssize_t i = 0; i < nd; i++) {
    PyObject* o = PyTuple_GET_ITEM(sizes, i);
    if (!PyLong_CheckExact(o)) Py_RETURN_NOTIMPLEMENTED;
    dims[i] = PyLong_AsSsize_t(o);
    if (dims[i] == -1 && PyErr_Occurred()) throw PythonError{};
  }
  return or_not(reshaped(cls, x, (int)nd, dims));
}

// flatten_node(class, x, start, end): the contiguous tensor x with dims start..end as one.
RL_DEF(flatten_node, 4) {
  PyTypeObject* cls = node_class(args[0]);
  if (!is_tensor(args[1]) || !PyLong_CheckExact(args[2]) || !PyLong_CheckExact(args[3])) Py_RETURN_NOTIMPLEMENTED;
  Tensor* x = (Tensor*)args[1];
  int nd = PyArray_NDIM(x->array);
  int64_t start = as_int(args[2]), end = as_int(args[3]);
  if (start < 0) start += nd;
  if (end < 0) end += nd;
  if (start < 0 || start >= end || end >= nd || nd > 32 || !PyArray_IS_C_CONTIGUOUS(x->array)) Py_RETURN_NOTIMPLEMENTED;
  npy_intp dims[32];
  int out = 0;
  for (int i = 0; i < nd; i++) {
    npy_intp n = PyArray_DIM(x->array, i);
    if (i > start && i <= end)
      dims[out - 1] *= n;
    else
      dims[out++] = n;
  }
  return or_not(reshaped(cls, x, out, dims));
}

// unsqueeze_node(class, x, dim): the contiguous tensor x with a dim of size 1 put in before `dim`.
RL_DEF(unsqueeze_node, 3) {
  PyTypeObject* cls = node_class(args[0]);
  if (!is_tensor(args[1]) || !PyLong_CheckExact(args[2])) Py_RETURN_NOTIMPLEMENTED;
  PyArrayObject* a = ((Tensor*)args[1])->array;
  const int nd = PyArray_NDIM(a);
  int64_t dim = as_int(args[2]);
  if (dim < 0) dim += nd + 1;
  if (dim < 0 || dim > nd || nd >= 32 || !PyArray_IS_C_CONTIGUOUS(a)) Py_RETURN_NOTIMPLEMENTED;
  npy_intp dims[33];
  for (int i = 0; i <= nd; i++) dims[i] = i < dim ? PyArray_DIM(a, i) : i == dim ? 1 : PyArray_DIM(a, i - 1);
  PyObject* value = recording((Tensor*)args[1]) ? PyLong_FromLongLong(dim) : nullptr;
  return view_of(cls, (Tensor*)args[1], seen_as(a, nd + 1, dims), str_dim, value);
}

// permute_node(class, x, dims): the dims of x in another order, dims as in `permute(x, *dims)`.
RL_DEF(permute_node, 3) {
  PyTypeObject* cls = node_class(args[0]);
  if (!is_tensor(args[1]) || !PyTuple_Check(args[2])) Py_RETURN_NOTIMPLEMENTED;
  Tensor* x = (Tensor*)args[1];
  PyObject* dims = args[2];
  if (PyTuple_GET_SIZE(dims) == 1 && PyTuple_Check(PyTuple_GET_ITEM(dims, 0))) dims = PyTuple_GET_ITEM(dims, 0);
  const int nd = PyArray_NDIM(x->array);
  if (PyTuple_GET_SIZE(dims) != nd || nd < 1) Py_RETURN_NOTIMPLEMENTED;
  npy_intp order[NPY_MAXDIMS];
  uint64_t seen = 0;
  for (int i = 0; i < nd; i++) {
    PyObject* o = PyTuple_GET_ITEM(dims, i);
    if (!PyLong_CheckExact(o)) Py_RETURN_NOTIMPLEMENTED;
    npy_intp d = PyLong_AsSsize_t(o);
    if (d == -1 && PyErr_Occurred()) throw PythonError{};
    if (d < 0) d += nd;
    if (d < 0 || d >= nd || seen >> d & 1) Py_RETURN_NOTIMPLEMENTED;
    seen |= (uint64_t)1 << d;
    order[i] = d;
  }
  PyArray_Dims p = {order, nd};
  PyArrayObject* view = (PyArrayObject*)PyArray_Transpose(x->array, &p);
  if (!view) throw PythonError{};
  PyObject* value = recording(x) ? PyTuple_New(nd) : nullptr;
  for (int i = 0; value && i < nd; i++) PyTuple_SET_ITEM(value, i, PyLong_FromSsize_t(order[i]));
  return view_of(cls, x, view, str_dims, value);
}

// strided(array, shape, strides in bytes, offset in bytes) -> ndarray: memory of `array` seen otherwise. The
// caller has made sure that all of it lies in memory that the array's owner holds.
RL_DEF(strided, 4) {
  PyArrayObject* a = array_of(args[0], "array");
  int64_t shape[NPY_MAXDIMS], strides[NPY_MAXDIMS];
  int nd = as_ints(args[1], shape, NPY_MAXDIMS, "shape");
  if (as_ints(args[2], strides, NPY_MAXDIMS, "strides") != nd)
    fail(PyExc_ValueError, "strided: shape and strides must have one length");
  npy_intp dims[NPY_MAXDIMS], steps[NPY_MAXDIMS];
  for (int i = 0; i < nd; i++) dims[i] = shape[i], steps[i] = strides[i];
  PyArray_Descr* descr = PyArray_DESCR(a);
  Py_INCREF(descr);
  PyArrayObject* view = (PyArrayObject*)PyArray_NewFromDescr(&PyArray_Type, descr, nd, dims, steps,
                                                             (char*)PyArray_DATA(a) + as_int(args[3]),
                                                             PyArray_FLAGS(a) & NPY_ARRAY_WRITEABLE, nullptr);
  if (!view) throw PythonError{};
  Py_INCREF(a);
  if (PyArray_SetBaseObject(view, (PyObject*)a) < 0) {
    Py_DECREF(view);
    throw PythonError{};
  }
  return (PyObject*)view;
}

}  // namespace rl
