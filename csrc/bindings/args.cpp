#include "bindings/args.h"

#include <cstdarg>
#include <cstdio>

namespace rl {

Method* Method::first = nullptr;
AtImport* AtImport::first = nullptr;

Method::Method(const char* name, PyCFunction f, int flags) : def{name, f, flags, nullptr}, next(first) { first = this; }
AtImport::AtImport(void (*f)(PyObject*)) : run(f), next(first) { first = this; }

void fail(PyObject* type, const char* format, ...) {
  char text[512];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  PyErr_SetString(type, text);
  throw PythonError{};
}

namespace {

// Owner of a pooled array's memory: the array's base object.
struct Buffer {
  PyObject_HEAD void* data;
  size_t bytes;
};

constexpr int kSpare = 64;
Buffer* spare[kSpare];
int spares = 0;

void buffer_free(PyObject* o) {
  Buffer* b = (Buffer*)o;
  if (b->data) pool_free(b->data, b->bytes);
  if (spares < kSpare)
    spare[spares++] = b;
  else
    PyObject_Free(o);
}

PyTypeObject buffer_type = {PyVarObject_HEAD_INIT(nullptr, 0)};

AtImport make_buffer_type([](PyObject*) {
  buffer_type.tp_name = "rushlight._C.Buffer";
  buffer_type.tp_basicsize = sizeof(Buffer);
  buffer_type.tp_dealloc = buffer_free;
  buffer_type.tp_flags = Py_TPFLAGS_DEFAULT;
  buffer_type.tp_doc = "Memory of the caching pool that an array lives in.";
  PyType_Ready(&buffer_type);
});

Buffer* new_buffer(size_t bytes) {
  void* data = pool_alloc(bytes);
  if (!data) {
    PyErr_Format(PyExc_MemoryError, "not enough memory for a tensor of %zu bytes", bytes);
    throw PythonError{};
  }
  Buffer* b;
  if (spares) {
    b = spare[--spares];
    PyObject_Init((PyObject*)b, &buffer_type);
  } else {
    b = PyObject_New(Buffer, &buffer_type);
  }
  if (!b) {
    pool_free(data, bytes);
    throw PythonError{};
  }
  b->data = data;
  b->bytes = bytes;
  return b;
}

PyArrayObject* make(int nd, const npy_intp* shape, const npy_intp* strides, int type) {
  PyArray_Descr* descr = PyArray_DescrFromType(type);
  int64_t bytes = PyDataType_ELSIZE(descr);
  for (int i = 0; i < nd; i++)
    if (shape[i] < 0 || __builtin_mul_overflow(bytes, (int64_t)shape[i], &bytes)) {
      Py_DECREF(descr);
      fail(PyExc_RuntimeError, "a tensor's size in bytes must fit in 63 bits and no dimension be negative");
    }
  if (bytes < (int64_t)kPoolMinimum) {
    PyObject* a = PyArray_NewFromDescr(&PyArray_Type, descr, nd, shape, strides, nullptr, 0, nullptr);
    if (!a) throw PythonError{};
    return (PyArrayObject*)a;
  }
  Buffer* b;
  try {
    b = new_buffer((size_t)bytes);
  } catch (...) {
    Py_DECREF(descr);
    throw;
  }
  PyObject* a = PyArray_NewFromDescr(&PyArray_Type, descr, nd, shape, strides, b->data,
                                     NPY_ARRAY_WRITEABLE | NPY_ARRAY_ALIGNED, nullptr);
  if (!a) {
    Py_DECREF(b);
    throw PythonError{};
  }
  PyArray_SetBaseObject((PyArrayObject*)a, (PyObject*)b);
  return (PyArrayObject*)a;
}

}  // namespace

PyArrayObject* new_array(int nd, const npy_intp* shape, int type) { return make(nd, shape, nullptr, type); }

PyArrayObject* new_array_strided(int nd, const npy_intp* shape, const npy_intp* strides, int type) {
  return make(nd, shape, strides, type);
}

PyArrayObject* new_array_like(PyArrayObject* like, int type) {
  npy_intp strides[NPY_MAXDIMS];
  int nd = PyArray_NDIM(like);
  PyArray_Descr* descr = PyArray_DescrFromType(type);
  npy_intp from = PyArray_ITEMSIZE(like), to = PyDataType_ELSIZE(descr);
  Py_DECREF(descr);
  for (int i = 0; i < nd; i++) strides[i] = PyArray_STRIDE(like, i) / from * to;
  return make(nd, PyArray_DIMS(like), strides, type);
}

void end_nogil() {
  if (NoGil::active) NoGil::active->end();
}

double as_double(PyObject* o) {
  double x = PyFloat_AsDouble(o);
  if (x == -1 && PyErr_Occurred()) throw PythonError{};
  return x;
}

int64_t as_int(PyObject* o) {
  PyObject* i = PyNumber_Index(o);
  if (!i) throw PythonError{};
  long long x = PyLong_AsLongLong(i);
  Py_DECREF(i);
  if (x == -1 && PyErr_Occurred()) throw PythonError{};
  return x;
}

bool as_bool(PyObject* o) {
  int x = PyObject_IsTrue(o);
  if (x < 0) throw PythonError{};
  return x;
}

int as_ints(PyObject* o, int64_t* out, int most, const char* name) {
  PyObject* fast = PySequence_Fast(o, "expected a tuple or list of ints");
  if (!fast) throw PythonError{};
  Py_ssize_t n = PySequence_Fast_GET_SIZE(fast);
  if (n > most) {
    Py_DECREF(fast);
    fail(PyExc_ValueError, "%s must have at most %d numbers, got %zd", name, most, n);
  }
  try {
    for (Py_ssize_t i = 0; i < n; i++) out[i] = as_int(PySequence_Fast_GET_ITEM(fast, i));
  } catch (...) {
    Py_DECREF(fast);
    throw;
  }
  Py_DECREF(fast);
  return (int)n;
}

PyObject* tuple_of(std::initializer_list<PyObject*> items) {
  PyObject* t = PyTuple_New((Py_ssize_t)items.size());
  bool bad = !t;
  Py_ssize_t i = 0;
  for (PyObject* item : items) {
    bad |= !item;
    if (t)
      PyTuple_SET_ITEM(t, i++, item);
    else
      Py_XDECREF(item);
  }
  if (bad) {
    Py_XDECREF(t);
    throw PythonError{};
  }
  return t;
}

}  // namespace rl
