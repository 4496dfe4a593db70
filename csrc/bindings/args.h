// What every binding is made of: arguments in, arrays out, errors as Python exceptions.
//
//   RL_DEF(softmax_forward, 2) {               // (x, log) -> y; the count is of positional arguments
//     F32 x(args[0], "x");                       // float32, C-contiguous (copied if it was not)
//     bool log = as_bool(args[1]);
//     Out y(x.nd(), x.shape());                  // a new float32 array, from the pool
//     NoGil nogil(x.size());
//     parallel_for(rows, grain, [&](int64_t begin, int64_t end) { softmax().forward(...); });
//     return y.tensor();
//   }
//
// Arguments may be Tensors or NumPy arrays; results are Tensors. A binding checks what would read or
// write out of bounds (dtype, sizes that must agree) and nothing else: rules with a name in PyTorch
// are checked in Python, in ops/.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL rushlight_array_api
#ifndef RL_IMPORT_ARRAY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include <initializer_list>
#include <utility>

#include "core/cpu.h"
#include "core/memory.h"
#include "core/threads.h"

namespace rl {

// A Python exception is set. Thrown through a binding to its RL_DEF frame.
struct PythonError {};

[[noreturn]] void fail(PyObject* type, const char* format, ...) __attribute__((format(printf, 2, 3)));

// The array of a Tensor, or the ndarray itself; borrowed. Throws TypeError for anything else.
PyArrayObject* array_of(PyObject* o, const char* name);
// A Tensor around `array`; takes over the reference. Throws when it is null.
PyObject* tensor_of(PyArrayObject* array);
// An uninitialized C-contiguous array of a NumPy type number; large ones from the pool.
PyArrayObject* new_array(int nd, const npy_intp* shape, int type = NPY_FLOAT32);
// The same with the memory order of `like` (whose strides must be a permutation of contiguous ones).
PyArrayObject* new_array_like(PyArrayObject* like, int type = NPY_FLOAT32);
// The same with strides (in bytes) that are a permutation of contiguous ones.
PyArrayObject* new_array_strided(int nd, const npy_intp* shape, const npy_intp* strides, int type = NPY_FLOAT32);

double as_double(PyObject* o);
int64_t as_int(PyObject* o);
bool as_bool(PyObject* o);
// A tuple or list of ints into out; returns how many. Throws when there are more than `most`.
int as_ints(PyObject* o, int64_t* out, int most, const char* name);

// A C-contiguous, aligned array argument of one dtype. None is allowed where `optional`.
template <int kType, class T>
class In {
 public:
  In(PyObject* o, const char* name, bool optional = false) {
    if (optional && o == Py_None) return;
    set(array_of(o, name), name);
  }
  ~In() { Py_XDECREF(a_); }
  In(const In&) = delete;
  In& operator=(const In&) = delete;
  explicit operator bool() const { return a_ != nullptr; }
  const T* data() const { return a_ ? (const T*)PyArray_DATA(a_) : nullptr; }
  int nd() const { return PyArray_NDIM(a_); }
  const npy_intp* shape() const { return PyArray_DIMS(a_); }
  int64_t dim(int i) const { return PyArray_DIM(a_, i < 0 ? i + nd() : i); }
  int64_t size() const { return PyArray_SIZE(a_); }
  PyArrayObject* array() const { return a_; }

 private:
  void set(PyArrayObject* a, const char* name) {
    if (PyArray_TYPE(a) != kType) {
      PyObject* want = (PyObject*)PyArray_DescrFromType(kType);
      PyErr_Format(PyExc_TypeError, "%s must have dtype %S, got %S", name, want, PyArray_DESCR(a));
      Py_DECREF(want);
      throw PythonError{};
    }
    if (PyArray_ISCARRAY_RO(a)) {
      Py_INCREF(a);
      a_ = a;
    } else {
      a_ = (PyArrayObject*)PyArray_NewCopy(a, NPY_CORDER);
      if (!a_) throw PythonError{};
    }
  }
  PyArrayObject* a_ = nullptr;
};
using F32 = In<NPY_FLOAT32, float>;
using F64 = In<NPY_FLOAT64, double>;
using I64 = In<NPY_INT64, int64_t>;
using U8 = In<NPY_UINT8, uint8_t>;
using Bool = In<NPY_BOOL, npy_bool>;

// An argument written in place: must be of the dtype, aligned, writeable and C-contiguous.
template <int kType, class T>
class InOut {
 public:
  InOut(PyObject* o, const char* name, bool optional = false) {
    if (optional && o == Py_None) return;
    a_ = array_of(o, name);
    if (PyArray_TYPE(a_) != kType || !PyArray_ISCARRAY(a_))
      fail(PyExc_ValueError, "%s must be a writeable contiguous array of the kernel's dtype", name);
  }
  explicit operator bool() const { return a_ != nullptr; }
  T* data() const { return a_ ? (T*)PyArray_DATA(a_) : nullptr; }
  int nd() const { return PyArray_NDIM(a_); }
  const npy_intp* shape() const { return PyArray_DIMS(a_); }
  int64_t dim(int i) const { return PyArray_DIM(a_, i < 0 ? i + nd() : i); }
  int64_t size() const { return PyArray_SIZE(a_); }
  PyArrayObject* array() const { return a_; }

 private:
  PyArrayObject* a_ = nullptr;  // borrowed from the caller's arguments
};
using InOutF32 = InOut<NPY_FLOAT32, float>;

void end_nogil();  // the NoGil of this thread, if there is one, gives way to the lock again

// A new result array. `tensor()` hands it over; otherwise it is freed.
template <int kType, class T>
class NewArray {
 public:
  NewArray(int nd, const npy_intp* shape) : a_(new_array(nd, shape, kType)) {}
  NewArray(std::initializer_list<int64_t> shape) {
    npy_intp dims[NPY_MAXDIMS];
    int nd = 0;
    for (int64_t s : shape) dims[nd++] = s;
    a_ = new_array(nd, dims, kType);
  }
  explicit NewArray(PyArrayObject* like) : a_(new_array_like(like, kType)) {}
  NewArray(NewArray&& o) : a_(std::exchange(o.a_, nullptr)) {}
  NewArray(const NewArray&) = delete;
  ~NewArray() { Py_XDECREF(a_); }
  T* data() { return (T*)PyArray_DATA(a_); }
  int64_t size() const { return PyArray_SIZE(a_); }
  PyArrayObject* release() {
    end_nogil();
    return std::exchange(a_, nullptr);
  }
  PyObject* tensor() {
    end_nogil();
    return tensor_of(std::exchange(a_, nullptr));
  }

 private:
  PyArrayObject* a_;
};
using Out = NewArray<NPY_FLOAT32, float>;
using OutI64 = NewArray<NPY_INT64, int64_t>;
using OutBool = NewArray<NPY_BOOL, npy_bool>;

// Scratch memory from the pool, freed at the end of the block.
class Scratch {
 public:
  explicit Scratch(size_t bytes) : bytes_(bytes ? bytes : 1), p_(pool_alloc(bytes_)) {
    if (!p_) {
      PyErr_NoMemory();
      throw PythonError{};
    }
  }
  ~Scratch() { pool_free(p_, bytes_); }
  Scratch(const Scratch&) = delete;
  float* f32() { return (float*)p_; }
  void* data() { return p_; }

 private:
  size_t bytes_;
  void* p_;
};

// Lets other Python threads run during work of about `elements` float operations; not for small work,
// where taking the lock back would cost more. Nothing of Python may be touched while it lives, so
// make every Out, Scratch and In before it. It ends with its block, or with the first `Out::tensor()`.
class NoGil {
 public:
  explicit NoGil(int64_t elements) : state_(elements > 100000 ? PyEval_SaveThread() : nullptr) { active = this; }
  ~NoGil() { end(); }
  NoGil(const NoGil&) = delete;
  void end() {
    active = nullptr;
    if (state_) PyEval_RestoreThread(std::exchange(state_, nullptr));
  }
  static inline thread_local NoGil* active = nullptr;

 private:
  PyThreadState* state_;
};

// A tuple of new references (each taken over). Throws when one is null.
PyObject* tuple_of(std::initializer_list<PyObject*> items);

struct Method {
  Method(const char* name, PyCFunction f, int flags);
  PyMethodDef def;
  Method* next;
  static Method* first;
};

// Hooks that run once at import, after NumPy's C API is there: types, constants.
struct AtImport {
  explicit AtImport(void (*f)(PyObject* module));
  void (*run)(PyObject* module);
  AtImport* next;
  static AtImport* first;
};

}  // namespace rl

// Defines and registers a function of the module: RL_DEF(name, number of arguments) { ... return object; }
// Inside, `args` is the array of (borrowed) arguments.
#define RL_DEF(name, count)                                                                        \
  static PyObject* name##_body(PyObject* const* args);                                             \
  static PyObject* name##_call(PyObject*, PyObject* const* args, Py_ssize_t n) {                   \
    if (n != (count)) {                                                                            \
      PyErr_Format(PyExc_TypeError, "%s takes %d arguments, got %zd", #name, (int)(count), n);     \
      return nullptr;                                                                              \
    }                                                                                              \
    try {                                                                                          \
      return name##_body(args);                                                                    \
    } catch (const rl::PythonError&) {                                                             \
      return nullptr;                                                                              \
    }                                                                                              \
  }                                                                                                \
  static rl::Method name##_method(#name, (PyCFunction)(void (*)(void))name##_call, METH_FASTCALL); \
  static PyObject* name##_body([[maybe_unused]] PyObject* const* args)
