// Short cuts for what a model does most on small tensors: each does in one C call what the Python operation of
// the same name does through `Function.apply`, with the same node. They answer NotImplemented to whatever is not
// the plain case; the Python operation then goes its general way, and says what is wrong where something is.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "autograd/graph.h"
#include "bindings/strided.h"
#include "kernels/unary.h"

RL_TABLE(unary, UnaryKernels)

namespace rl {
namespace {

PyObject *str_shape, *str_numbers, *str_dims, *str_dim, *str_where;

AtImport names([](PyObject*) {
  str_shape = PyUnicode_InternFromString("shape");
  str_numbers = PyUnicode_InternFromString("numbers");
  str_dims = PyUnicode_InternFromString("dims");
  str_dim = PyUnicode_InternFromString("dim");
  str_where = PyUnicode_InternFromString("where");
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
// class `cls` with the attribute `name` = `value` (taken over; may be null where it is not), and perhaps a second.
PyObject* view_of(PyTypeObject* cls, Tensor* x, PyArrayObject* view, PyObject* name, PyObject* value,
                  PyObject* name2 = nullptr, PyObject* value2 = nullptr) {
  bool record_it = recording(x);
  Tensor* out = make_tensor((PyTypeObject*)bound.plain, view);
  Counter* counter = out ? share_counter(x) : nullptr;
  if (!counter) {
    Py_XDECREF((PyObject*)out);
    Py_XDECREF(value);
    Py_XDECREF(value2);
    throw PythonError{};
  }
  Tensor* base = x->base ? (Tensor*)x->base : x;
  out->counter = counter;
  Py_INCREF(base);
  out->base = (PyObject*)base;
  out->history = base->history;
  if (!record_it) {
    Py_XDECREF(value);
    Py_XDECREF(value2);
    return (PyObject*)out;
  }
  Node* node = make_node(cls);
  bool ok = node && value && PyObject_SetAttr((PyObject*)node, name, value) == 0;
  if (ok && name2) ok = value2 && PyObject_SetAttr((PyObject*)node, name2, value2) == 0;
  Py_XDECREF(value);
  Py_XDECREF(value2);
  if (!ok) {
    Py_XDECREF(node);
    Py_DECREF(out);
    throw PythonError{};
  }
  return finish(node, x, (PyObject*)out);
}

// Memory of `a` seen otherwise: `steps` and `offset` in bytes. The caller has made sure that it all is a's.
PyArrayObject* window(PyArrayObject* a, int nd, npy_intp* dims, npy_intp* steps, int64_t offset) {
  PyArray_Descr* descr = PyArray_DESCR(a);
  Py_INCREF(descr);
  PyArrayObject* view =
      (PyArrayObject*)PyArray_NewFromDescr(&PyArray_Type, descr, nd, dims, steps, (char*)PyArray_DATA(a) + offset,
                                           PyArray_FLAGS(a) & NPY_ARRAY_WRITEABLE, nullptr);
  if (!view) throw PythonError{};
  Py_INCREF(a);
  if (PyArray_SetBaseObject(view, (PyObject*)a) < 0) {
    Py_DECREF(view);
    throw PythonError{};
  }
  return view;
}

PyObject* shape_of(PyArrayObject* a) {
  PyObject* shape = PyTuple_New(PyArray_NDIM(a));
  for (int i = 0; shape && i < PyArray_NDIM(a); i++) PyTuple_SET_ITEM(shape, i, PyLong_FromSsize_t(PyArray_DIM(a, i)));
  return shape;
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
  return view_of(cls, x, view, str_shape, recording(x) ? shape_of(a) : nullptr);
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

// select_node(class, x, index): x[index] of an int within the first dim.
RL_DEF(select_node, 3) {
  PyTypeObject* cls = node_class(args[0]);
  if (!is_tensor(args[1]) || !PyLong_CheckExact(args[2])) Py_RETURN_NOTIMPLEMENTED;
  Tensor* x = (Tensor*)args[1];
  PyArrayObject* a = x->array;
  const int nd = PyArray_NDIM(a);
  int overflow;
  const long long index = PyLong_AsLongLongAndOverflow(args[2], &overflow);
  if (!nd || overflow || index >= PyArray_DIM(a, 0) || index < -PyArray_DIM(a, 0)) Py_RETURN_NOTIMPLEMENTED;
  const int64_t at = index < 0 ? index + PyArray_DIM(a, 0) : index;
  PyArrayObject* view = window(a, nd - 1, PyArray_DIMS(a) + 1, PyArray_STRIDES(a) + 1, at * PyArray_STRIDE(a, 0));
  if (!recording(x)) return view_of(cls, x, view, nullptr, nullptr);
  return view_of(cls, x, view, str_shape, shape_of(a), str_where, PyTuple_Pack(2, args[2], Py_Ellipsis));
}

// slice_node(class, x, slice): x[start:end:step] of ints within the first dim, of which one is given.
RL_DEF(slice_node, 3) {
  PyTypeObject* cls = node_class(args[0]);
  if (!is_tensor(args[1]) || !PySlice_Check(args[2])) Py_RETURN_NOTIMPLEMENTED;
  Tensor* x = (Tensor*)args[1];
  PyArrayObject* a = x->array;
  const int nd = PyArray_NDIM(a);
  PySliceObject* slice = (PySliceObject*)args[2];
  bool any = false;
  for (PyObject* o : {slice->start, slice->stop, slice->step}) {
    if (o == Py_None) continue;
    if (!PyLong_CheckExact(o)) Py_RETURN_NOTIMPLEMENTED;
    any = true;
  }
  if (!nd || !any) Py_RETURN_NOTIMPLEMENTED;
  Py_ssize_t start, stop, step;
  if (PySlice_Unpack(args[2], &start, &stop, &step) < 0) {
    PyErr_Clear();  // Python says what is wrong with it
    Py_RETURN_NOTIMPLEMENTED;
  }
  if (step <= 0) Py_RETURN_NOTIMPLEMENTED;
  npy_intp dims[NPY_MAXDIMS], steps[NPY_MAXDIMS];
  for (int i = 0; i < nd; i++) dims[i] = PyArray_DIM(a, i), steps[i] = PyArray_STRIDE(a, i);
  dims[0] = PySlice_AdjustIndices(dims[0], &start, &stop, step);
  const int64_t offset = dims[0] ? start * steps[0] : 0;
  if (__builtin_mul_overflow(steps[0], (npy_intp)step, &steps[0])) Py_RETURN_NOTIMPLEMENTED;
  PyArrayObject* view = window(a, nd, dims, steps, offset);
  if (!recording(x)) return view_of(cls, x, view, nullptr, nullptr);
  return view_of(cls, x, view, str_shape, shape_of(a), str_where, PyTuple_Pack(1, args[2]));
}

// index_node(class of slices, class of others, x, indices): x[...] of ints, slices, None and Ellipsis. The class is
// that of the last index, as in Python.
RL_DEF(index_node, 4) {
  PyTypeObject *slices = node_class(args[0]), *others = node_class(args[1]);
  if (!is_tensor(args[2]) || !PyTuple_Check(args[3])) Py_RETURN_NOTIMPLEMENTED;
  Tensor* x = (Tensor*)args[2];
  PyTypeObject* cls = nullptr;
  bool ellipsis = false;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args[3]); i++) {
    PyObject* o = PyTuple_GET_ITEM(args[3], i);
    if (PyLong_CheckExact(o)) {
      cls = others;
    } else if (o == Py_Ellipsis && !ellipsis) {
      ellipsis = true;
    } else if (PySlice_Check(o)) {
      PySliceObject* slice = (PySliceObject*)o;
      for (PyObject* part : {slice->start, slice->stop, slice->step}) {
        if (part == Py_None) continue;
        if (!PyLong_CheckExact(part)) Py_RETURN_NOTIMPLEMENTED;
        cls = slices;
      }
      if (slice->step != Py_None && PyLong_AsLong(slice->step) <= 0) {
        PyErr_Clear();
        Py_RETURN_NOTIMPLEMENTED;
      }
    } else {
      Py_RETURN_NOTIMPLEMENTED;
    }
  }
  if (!cls) Py_RETURN_NOTIMPLEMENTED;
  PyObject* where = nullptr;  // with an ellipsis: so that NumPy gives a 0-d array and not a number
  if (ellipsis) {
    Py_INCREF(where = args[3]);
  } else {
    PyObject* more = PyTuple_Pack(1, Py_Ellipsis);
    where = more ? PySequence_Concat(args[3], more) : nullptr;
    Py_XDECREF(more);
  }
  PyObject* view = where ? PyObject_GetItem((PyObject*)x->array, where) : nullptr;
  if (!view || !PyArray_Check(view)) {
    PyErr_Clear();  // Python says what is wrong with the indices
    Py_XDECREF(view);
    Py_XDECREF(where);
    Py_RETURN_NOTIMPLEMENTED;
  }
  if (recording(x)) return view_of(cls, x, (PyArrayObject*)view, str_shape, shape_of(x->array), str_where, where);
  Py_DECREF(where);
  return view_of(cls, x, (PyArrayObject*)view, nullptr, nullptr);
}

// squeeze_node(class for all dims, class for one, x, dim or None): x without dims of size 1.
RL_DEF(squeeze_node, 4) {
  PyTypeObject* cls = node_class(args[args[3] == Py_None ? 0 : 1]);
  if (!is_tensor(args[2]) || !(args[3] == Py_None || PyLong_CheckExact(args[3]))) Py_RETURN_NOTIMPLEMENTED;
  Tensor* x = (Tensor*)args[2];
  PyArrayObject* a = x->array;
  const int nd = PyArray_NDIM(a);
  long long dim = -1;
  if (args[3] != Py_None) {
    int overflow;
    dim = PyLong_AsLongLongAndOverflow(args[3], &overflow);
    if (overflow || dim >= nd || dim < -nd) Py_RETURN_NOTIMPLEMENTED;
    if (dim < 0) dim += nd;
  }
  npy_intp dims[NPY_MAXDIMS], steps[NPY_MAXDIMS];
  int left = 0;
  for (int i = 0; i < nd; i++) {
    if (PyArray_DIM(a, i) == 1 && (dim < 0 || i == dim)) continue;
    dims[left] = PyArray_DIM(a, i), steps[left++] = PyArray_STRIDE(a, i);
  }
  return view_of(cls, x, window(a, left, dims, steps, 0), str_shape, recording(x) ? shape_of(a) : nullptr);
}

// transpose_node(class, x, dim0, dim1): two dims exchanged.
RL_DEF(transpose_node, 4) {
  PyTypeObject* cls = node_class(args[0]);
  if (!is_tensor(args[1]) || !PyLong_CheckExact(args[2]) || !PyLong_CheckExact(args[3])) Py_RETURN_NOTIMPLEMENTED;
  Tensor* x = (Tensor*)args[1];
  PyArrayObject* a = x->array;
  const int nd = PyArray_NDIM(a);
  int over0, over1;
  long long first = PyLong_AsLongLongAndOverflow(args[2], &over0);
  long long second = PyLong_AsLongLongAndOverflow(args[3], &over1);
  if (over0 || over1 || first >= nd || first < -nd || second >= nd || second < -nd) Py_RETURN_NOTIMPLEMENTED;
  if (first < 0) first += nd;
  if (second < 0) second += nd;
  npy_intp dims[NPY_MAXDIMS], steps[NPY_MAXDIMS];
  for (int i = 0; i < nd; i++) dims[i] = PyArray_DIM(a, i), steps[i] = PyArray_STRIDE(a, i);
  std::swap(dims[first], dims[second]);
  std::swap(steps[first], steps[second]);
  PyArrayObject* view = window(a, nd, dims, steps, 0);
  return view_of(cls, x, view, str_dims, recording(x) ? Py_BuildValue("(LL)", first, second) : nullptr);
}

// unsqueeze_node(class, x, dim): x with a dim of size 1 before `dim`.
RL_DEF(unsqueeze_node, 3) {
  PyTypeObject* cls = node_class(args[0]);
  if (!is_tensor(args[1]) || !PyLong_CheckExact(args[2])) Py_RETURN_NOTIMPLEMENTED;
  Tensor* x = (Tensor*)args[1];
  PyArrayObject* a = x->array;
  const int nd = PyArray_NDIM(a);
  int overflow;
  long long dim = PyLong_AsLongLongAndOverflow(args[2], &overflow);
  if (overflow || dim < -nd - 1 || dim > nd || nd >= 32) Py_RETURN_NOTIMPLEMENTED;
  if (dim < 0) dim += nd + 1;
  npy_intp dims[33], steps[33];
  for (int i = 0, j = 0; i <= nd; i++) {
    if (i == dim) {
      dims[i] = 1;
      steps[i] = i < nd ? PyArray_DIM(a, i) * PyArray_STRIDE(a, i) : PyArray_ITEMSIZE(a);
    } else {
      dims[i] = PyArray_DIM(a, j), steps[i] = PyArray_STRIDE(a, j), j++;
    }
  }
  PyArrayObject* view = window(a, nd + 1, dims, steps, 0);
  return view_of(cls, x, view, str_dim, recording(x) ? PyLong_FromLongLong(dim) : nullptr);
}

// filled(sizes, dtype, value): a small new tensor of that value (None: of whatever the memory holds), sizes as in
// `zeros(*sizes)`. Of other dtypes than float32 and float64 zeros only.
RL_DEF(filled, 3) {
  PyObject* sizes = args[0];
  if (!PyTuple_Check(sizes) || !PyArray_DescrCheck(args[1])) Py_RETURN_NOTIMPLEMENTED;
  if (PyTuple_GET_SIZE(sizes) == 1 && PyTuple_Check(PyTuple_GET_ITEM(sizes, 0))) sizes = PyTuple_GET_ITEM(sizes, 0);
  const Py_ssize_t nd = PyTuple_GET_SIZE(sizes);
  const int type = ((PyArray_Descr*)args[1])->type_num;
  const bool number = PyLong_CheckExact(args[2]) || PyFloat_CheckExact(args[2]);
  if (nd > 32 || type >= NPY_OBJECT || (!number && args[2] != Py_None)) Py_RETURN_NOTIMPLEMENTED;
  const double value = number ? as_double(args[2]) : 0;
  const bool zero = value == 0 && !std::signbit(value);
  if (!zero && type != NPY_FLOAT32 && type != NPY_FLOAT64) Py_RETURN_NOTIMPLEMENTED;
  npy_intp dims[32];
  npy_intp n = 1;
  for (Py_ssize_t i = 0; i < nd; i++) {
    PyObject* o = PyTuple_GET_ITEM(sizes, i);
    if (!PyLong_CheckExact(o)) Py_RETURN_NOTIMPLEMENTED;
    int overflow;
    dims[i] = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (overflow || dims[i] < 0 || dims[i] > 65536) Py_RETURN_NOTIMPLEMENTED;
    n *= dims[i];
    if (n > 65536) Py_RETURN_NOTIMPLEMENTED;
  }
  PyArrayObject* a = new_array((int)nd, dims, type);
  if (number && zero) {
    std::memset(PyArray_DATA(a), 0, PyArray_NBYTES(a));
  } else if (number && type == NPY_FLOAT32) {
    std::fill_n((float*)PyArray_DATA(a), n, (float)value);
  } else if (number) {
    std::fill_n((double*)PyArray_DATA(a), n, value);
  }
  return tensor_of(a);
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
  return (PyObject*)window(a, nd, dims, steps, as_int(args[3]));
}

}  // namespace rl
