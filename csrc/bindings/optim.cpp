// One call for a whole parameter group: lists of parameters, gradients and states, tensor by tensor the
// same size. False, with nothing changed, when an array is not what the kernels take (float32,
// contiguous, writeable): Python then does the step by its definition.
#include "kernels/optim.h"

#include <cmath>

#include "bindings/args.h"

RL_TABLE(optim, OptimKernels)

namespace rl {
namespace {

constexpr int kLists = 6;
constexpr int64_t kChunk = 16384;  // elements; with up to five arrays of them, about an L2 cache

struct Chunk {
  int32_t tensor;
  int64_t begin, end;
};

// The arrays of a group. `at(list, tensor)` is null for a list that is None.
class Group {
 public:
  Group(std::initializer_list<PyObject*> lists) {
    PyObject* first = *lists.begin();
    if (!PyList_Check(first)) fail(PyExc_TypeError, "parameters must be a list");
    tensors_ = PyList_GET_SIZE(first);
    lists_ = (int)lists.size();
    memory_ = (float**)PyMem_Malloc((size_t)(tensors_ * (kLists * sizeof(float*) + sizeof(int64_t)) + 1));
    if (!memory_) {
      PyErr_NoMemory();
      throw PythonError{};
    }
    sizes_ = (int64_t*)(memory_ + tensors_ * kLists);
    try {
      int k = 0;
      for (PyObject* list : lists) read(list, k++);
    } catch (...) {
      PyMem_Free(memory_);
      throw;
    }
    for (Py_ssize_t i = 0; i < tensors_; i++) chunks_ += (sizes_[i] + kChunk - 1) / kChunk, total_ += sizes_[i];
  }
  ~Group() { PyMem_Free(memory_); }
  Group(const Group&) = delete;

  bool fits() const { return fits_; }
  Py_ssize_t tensors() const { return tensors_; }
  float* at(int list, int64_t tensor) const { return memory_[tensor * kLists + list]; }

  // f(tensor, begin, end) for every chunk of every tensor; a small group stays on this thread.
  template <class F>
  void run(F&& f) {
    if (total_ <= 2 * kChunk) {
      for (Py_ssize_t i = 0; i < tensors_; i++) f(i, (int64_t)0, sizes_[i]);
      return;
    }
    Scratch memory((size_t)chunks_ * sizeof(Chunk));
    Chunk* chunks = (Chunk*)memory.data();
    int64_t k = 0;
    for (Py_ssize_t i = 0; i < tensors_; i++)
      for (int64_t begin = 0; begin < sizes_[i]; begin += kChunk)
        chunks[k++] = {(int32_t)i, begin, begin + kChunk < sizes_[i] ? begin + kChunk : sizes_[i]};
    NoGil nogil(total_);
    parallel_for(chunks_, 1, [&](int64_t first, int64_t last) {
      for (int64_t c = first; c < last; c++) f(chunks[c].tensor, chunks[c].begin, chunks[c].end);
    });
  }

  // The parameters were written to: count up their versions.
  static void bump(PyObject* parameters) {
    static PyObject* name = PyUnicode_InternFromString("_bump");
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(parameters); i++) {
      PyObject* r = PyObject_CallMethodNoArgs(PyList_GET_ITEM(parameters, i), name);
      if (!r) throw PythonError{};
      Py_DECREF(r);
    }
  }

 private:
  void read(PyObject* list, int k) {
    bool none = list == Py_None;
    if (!none && (!PyList_Check(list) || PyList_GET_SIZE(list) != tensors_))
      fail(PyExc_ValueError, "lists must have one tensor for each parameter");
    for (Py_ssize_t i = 0; i < tensors_; i++) {
      float*& data = memory_[i * kLists + k];
      data = nullptr;
      if (none) continue;
      PyArrayObject* a = array_of(PyList_GET_ITEM(list, i), "tensor");
      int64_t size = PyArray_SIZE(a);
      if (k == 0) sizes_[i] = size;
      bool writes = k != 1;  // all but the gradient
      if (size != sizes_[i] || PyArray_TYPE(a) != NPY_FLOAT32 ||
          !(writes ? PyArray_ISCARRAY(a) : PyArray_ISCARRAY_RO(a)))
        fits_ = false;
      data = (float*)PyArray_DATA(a);
    }
  }

  float** memory_ = nullptr;
  int64_t* sizes_ = nullptr;
  Py_ssize_t tensors_ = 0;
  int lists_ = 0;
  int64_t chunks_ = 0, total_ = 0;
  bool fits_ = true;
};

// Counters of steps: a list of float32 tensors of one element. Read after adding one.
class Steps {
 public:
  Steps(PyObject* list, Py_ssize_t n) : list_(list) {
    if (!PyList_Check(list) || PyList_GET_SIZE(list) != n)
      fail(PyExc_ValueError, "steps must have one tensor for each parameter");
    for (Py_ssize_t i = 0; i < n; i++) {
      PyArrayObject* a = array_of(PyList_GET_ITEM(list, i), "step");
      if (PyArray_TYPE(a) != NPY_FLOAT32 || PyArray_SIZE(a) != 1 || !PyArray_ISCARRAY(a)) fits_ = false;
    }
  }
  bool fits() const { return fits_; }
  double count(Py_ssize_t i) { return *(float*)PyArray_DATA(array_of(PyList_GET_ITEM(list_, i), "step")) += 1; }

 private:
  PyObject* list_;
  bool fits_ = true;
};

template <class T>
class Each {
 public:
  explicit Each(Py_ssize_t n) : p_((T*)PyMem_Malloc(n * sizeof(T) + 1)) {
    if (!p_) {
      PyErr_NoMemory();
      throw PythonError{};
    }
  }
  ~Each() { PyMem_Free(p_); }
  Each(const Each&) = delete;
  T& operator[](int64_t i) { return p_[i]; }

 private:
  T* p_;
};

PyObject* done(PyObject* parameters) {
  Group::bump(parameters);
  Py_RETURN_TRUE;
}

}  // namespace

// (parameters, gradients, buffers or None, lr, momentum, dampening, weight_decay, nesterov, maximize, first)
RL_DEF(optim_sgd, 10) {
  Group group({args[0], args[1], args[2]});
  if (!group.fits()) Py_RETURN_FALSE;
  SgdScalars s;
  s.lr = (float)as_double(args[3]);
  s.momentum = (float)as_double(args[4]);
  s.dampening = (float)(1 - as_double(args[5]));
  s.weight_decay = (float)as_double(args[6]);
  s.nesterov = as_bool(args[7]);
  s.maximize = as_bool(args[8]);
  s.first = as_bool(args[9]);
  group.run([&](int64_t i, int64_t b, int64_t e) {
    float* buffer = group.at(2, i);
    optim().sgd(group.at(0, i) + b, group.at(1, i) + b, buffer ? buffer + b : nullptr, e - b, &s);
  });
  return done(args[0]);
}

// (parameters, gradients, exp_avgs, exp_avg_sqs, max_exp_avg_sqs or None, steps, lr, beta1, beta2, eps,
// weight_decay, decoupled, maximize); the steps are counted up here.
RL_DEF(optim_adam, 13) {
  Group group({args[0], args[1], args[2], args[3], args[4]});
  Steps steps(args[5], group.tensors());
  if (!group.fits() || !steps.fits()) Py_RETURN_FALSE;
  double lr = as_double(args[6]), beta1 = as_double(args[7]), beta2 = as_double(args[8]);
  double eps = as_double(args[9]), decay = as_double(args[10]);
  bool decoupled = as_bool(args[11]), maximize = as_bool(args[12]);
  Each<AdamScalars> all(group.tensors());
  double last = -1, correction1 = 0, correction2 = 0;
  for (Py_ssize_t i = 0; i < group.tensors(); i++) {
    double t = steps.count(i);
    if (t != last) {
      correction1 = 1 - std::pow(beta1, t);
      correction2 = std::sqrt(1 - std::pow(beta2, t));
      last = t;
    }
    AdamScalars& s = all[i];
    s.weight_decay = decoupled ? 0.0f : (float)decay;
    s.shrink = decoupled ? (float)(1 - lr * decay) : 1.0f;
    s.beta1 = (float)beta1;
    s.beta2 = (float)beta2;
    s.rest1 = (float)(1 - beta1);
    s.rest2 = (float)(1 - beta2);
    s.step = (float)(lr / correction1);
    s.correction = (float)correction2;
    s.eps = (float)eps;
    s.maximize = maximize;
  }
  group.run([&](int64_t i, int64_t b, int64_t e) {
    float* largest = group.at(4, i);
    optim().adam(group.at(0, i) + b, group.at(1, i) + b, group.at(2, i) + b, group.at(3, i) + b,
                 largest ? largest + b : nullptr, e - b, &all[i]);
  });
  return done(args[0]);
}

// (parameters, gradients, square_avgs, grad_avgs or None, buffers or None, lr, alpha, eps, weight_decay,
// momentum, maximize)
RL_DEF(optim_rmsprop, 11) {
  Group group({args[0], args[1], args[2], args[3], args[4]});
  if (!group.fits()) Py_RETURN_FALSE;
  RmspropScalars s;
  s.lr = (float)as_double(args[5]);
  double alpha = as_double(args[6]);
  s.alpha = (float)alpha;
  s.rest = (float)(1 - alpha);
  s.eps = (float)as_double(args[7]);
  s.weight_decay = (float)as_double(args[8]);
  s.momentum = (float)as_double(args[9]);
  s.maximize = as_bool(args[10]);
  group.run([&](int64_t i, int64_t b, int64_t e) {
    float *mean = group.at(3, i), *buffer = group.at(4, i);
    optim().rmsprop(group.at(0, i) + b, group.at(1, i) + b, group.at(2, i) + b, mean ? mean + b : nullptr,
                    buffer ? buffer + b : nullptr, e - b, &s);
  });
  return done(args[0]);
}

// (parameters, gradients, sums, steps, lr, lr_decay, weight_decay, eps, maximize); counts the steps.
RL_DEF(optim_adagrad, 9) {
  Group group({args[0], args[1], args[2]});
  Steps steps(args[3], group.tensors());
  if (!group.fits() || !steps.fits()) Py_RETURN_FALSE;
  double lr = as_double(args[4]), lr_decay = as_double(args[5]);
  AdagradScalars s;
  s.weight_decay = (float)as_double(args[6]);
  s.eps = (float)as_double(args[7]);
  s.maximize = as_bool(args[8]);
  Each<AdagradScalars> all(group.tensors());
  for (Py_ssize_t i = 0; i < group.tensors(); i++) {
    s.lr = (float)(lr / (1 + (steps.count(i) - 1) * lr_decay));
    all[i] = s;
  }
  group.run([&](int64_t i, int64_t b, int64_t e) {
    optim().adagrad(group.at(0, i) + b, group.at(1, i) + b, group.at(2, i) + b, e - b, &all[i]);
  });
  return done(args[0]);
}

}  // namespace rl
