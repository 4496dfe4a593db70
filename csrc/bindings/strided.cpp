#include "bindings/strided.h"

#include <cstring>

namespace rl {

Elementwise::Elementwise(const char* name, PyObject* const* inputs, int count, const int* types)
    : name_(name), count_(count) {
  flat_ = true;
  PyArrayObject* first = nullptr;
  for (int k = 0; k < count; k++) {
    Operand& o = operand_[k];
    if (PyFloat_Check(inputs[k]) || PyLong_Check(inputs[k])) {
      number_[k] = (float)as_double(inputs[k]);
      o = {(char*)&number_[k], 4, nullptr};
      continue;
    }
    PyArrayObject* a = array_of(inputs[k], name);
    if (PyArray_TYPE(a) != types[k] || !PyArray_ISALIGNED(a)) {
      PyObject* want = (PyObject*)PyArray_DescrFromType(types[k]);
      PyErr_Format(PyExc_TypeError, "%s: input %d must be aligned and have dtype %S, got %S", name, k, want,
                   PyArray_DESCR(a));
      Py_DECREF(want);
      throw PythonError{};
    }
    o = {PyArray_BYTES(a), (int)PyArray_ITEMSIZE(a), a};
    if (PyArray_NDIM(a) == 0) continue;
    flat_ &= PyArray_IS_C_CONTIGUOUS(a);
    if (!first) {
      first = a;
      nd_ = PyArray_NDIM(a);
      memcpy(shape_, PyArray_DIMS(a), nd_ * sizeof(npy_intp));
    } else if (PyArray_NDIM(a) != nd_ || memcmp(shape_, PyArray_DIMS(a), nd_ * sizeof(npy_intp))) {
      flat_ = false;  // broadcast: both shapes aligned at their last dimension
      int nd = PyArray_NDIM(a), most = nd > nd_ ? nd : nd_;
      if (nd > nd_) {
        memmove(shape_ + nd - nd_, shape_, nd_ * sizeof(npy_intp));
        for (int i = 0; i < nd - nd_; i++) shape_[i] = 1;
      }
      nd_ = most;
      for (int i = 0; i < nd; i++) {
        npy_intp& s = shape_[most - nd + i];
        npy_intp t = PyArray_DIM(a, i);
        if (s == 1) s = t;
        if (t != s && t != 1)
          fail(PyExc_RuntimeError, "%s: inputs must have shapes that broadcast, got sizes %zd and %zd at dimension %d",
               name, (Py_ssize_t)s, (Py_ssize_t)t, most - nd + i);
      }
    }
  }
  for (int i = 0; i < nd_; i++) size_ *= shape_[i];
}

Elementwise::~Elementwise() {
  Py_XDECREF(made_);
  for (PyArrayObject* a : owned_) Py_XDECREF(a);
}

// Whether memory of `a` may be `out`'s without the two lying exactly on each other.
static bool partly_over(PyArrayObject* a, PyArrayObject* out) {
  if (PyArray_BYTES(a) == PyArray_BYTES(out) && PyArray_NDIM(a) == PyArray_NDIM(out) &&
      PyArray_ITEMSIZE(a) == PyArray_ITEMSIZE(out) &&
      !memcmp(PyArray_DIMS(a), PyArray_DIMS(out), PyArray_NDIM(a) * sizeof(npy_intp)) &&
      !memcmp(PyArray_STRIDES(a), PyArray_STRIDES(out), PyArray_NDIM(a) * sizeof(npy_intp)))
    return false;
  char *lo[2], *hi[2];
  PyArrayObject* both[2] = {a, out};
  for (int k = 0; k < 2; k++) {
    lo[k] = hi[k] = PyArray_BYTES(both[k]);
    hi[k] += PyArray_ITEMSIZE(both[k]);
    for (int i = 0; i < PyArray_NDIM(both[k]); i++) {
      npy_intp span = (PyArray_DIM(both[k], i) - 1) * PyArray_STRIDE(both[k], i);
      (span < 0 ? lo[k] : hi[k]) += span;
    }
  }
  return lo[0] < hi[1] && lo[1] < hi[0];
}

void Elementwise::output(PyObject* out, int type) {
  Operand& o = operand_[count_];
  if (out != Py_None) {
    PyArrayObject* a = array_of(out, "out");
    if (PyArray_TYPE(a) != type || !PyArray_ISBEHAVED(a))
      fail(PyExc_RuntimeError, "%s: out must be writeable and of the result's dtype", name_);
    if (PyArray_NDIM(a) != nd_ || memcmp(PyArray_DIMS(a), shape_, nd_ * sizeof(npy_intp)))
      fail(PyExc_RuntimeError, "%s: out must have the broadcast shape of the inputs", name_);
    flat_ &= PyArray_IS_C_CONTIGUOUS(a);
    for (int k = 0; k < count_; k++) {
      PyArrayObject* in = operand_[k].array;
      if (!in || !partly_over(in, a)) continue;
      owned_[k] = (PyArrayObject*)PyArray_NewCopy(in, NPY_KEEPORDER);
      if (!owned_[k]) throw PythonError{};
      operand_[k].array = owned_[k];
      operand_[k].data = PyArray_BYTES(owned_[k]);
    }
    out_ = out;
    o = {PyArray_BYTES(a), (int)PyArray_ITEMSIZE(a), a};
    if (!flat_) order();
    return;
  }
  if (flat_) {
    made_ = new_array(nd_, shape_, type);
  } else {
    o = {nullptr, 0, nullptr};
    order();
    npy_intp strides[NPY_MAXDIMS], item = type == NPY_FLOAT32 ? 4 : 1, step = item;
    for (int i = 0; i < nd_; i++) {
      strides[perm_[i]] = step;
      step *= shape_[perm_[i]] > 1 ? shape_[perm_[i]] : 1;
    }
    made_ = new_array_strided(nd_, shape_, strides, type);
    memcpy(stride_[count_], strides, nd_ * sizeof(npy_intp));
  }
  o = {PyArray_BYTES(made_), (int)PyArray_ITEMSIZE(made_), made_};
}

// Strides of every operand in the broadcast shape, and the dimensions sorted by them: the destination decides, and
// where there is none yet, the first input with different strides other than 0.
void Elementwise::order() {
  bool given = operand_[count_].array != nullptr;
  for (int k = 0; k <= count_; k++) {
    PyArrayObject* a = operand_[k].array;
    int nd = a ? PyArray_NDIM(a) : 0;
    for (int i = 0; i < nd_; i++) {
      int j = i - (nd_ - nd);
      stride_[k][i] = j < 0 || PyArray_DIM(a, j) == 1 ? 0 : PyArray_STRIDE(a, j);
    }
  }
  for (int i = 0; i < nd_; i++) perm_[i] = nd_ - 1 - i;
  auto outer = [&](int i, int j) {  // dimension i lies outside of j
    for (int k = given ? count_ : 0; k < count_ + given; k++) {
      npy_intp s = stride_[k][i], t = stride_[k][j];
      s = s < 0 ? -s : s;
      t = t < 0 ? -t : t;
      if (s != t && s && t) return s > t;
    }
    return false;
  };
  for (int i = 1; i < nd_; i++) {
    // Past dimensions that nothing orders against this one, as size-1 and broadcast ones are.
    int at = i;
    for (int j = i - 1; j >= 0; j--) {
      if (outer(perm_[j], perm_[at])) {
        int t = perm_[at];
        for (int m = at; m > j; m--) perm_[m] = perm_[m - 1];
        perm_[j] = t;
        at = j;
      } else if (outer(perm_[at], perm_[j])) {
        break;
      }
    }
  }
}

void Elementwise::merge() {
  npy_intp shape[NPY_MAXDIMS], stride[kOperands][NPY_MAXDIMS];
  int nd = 0;
  for (int i = 0; i < nd_; i++) {
    int d = perm_[i];
    if (shape_[d] == 1) continue;
    bool joins = nd > 0;
    for (int k = 0; k <= count_ && joins; k++) joins = stride_[k][d] == stride[k][nd - 1] * shape[nd - 1];
    if (joins) {
      shape[nd - 1] *= shape_[d];
      continue;
    }
    shape[nd] = shape_[d];
    for (int k = 0; k <= count_; k++) stride[k][nd] = stride_[k][d];
    nd++;
  }
  if (nd == 0) {  // one element
    shape[nd] = 1;
    for (int k = 0; k <= count_; k++) stride[k][nd] = 0;
    stride[count_][nd] = operand_[count_].item;
    nd = 1;
  }
  nd_ = nd;
  memcpy(shape_, shape, nd * sizeof(npy_intp));
  for (int k = 0; k <= count_; k++) memcpy(stride_[k], stride[k], nd * sizeof(npy_intp));
}

template <class T>
static void gather_run(T* to, const char* from, npy_intp stride, int64_t n) {
  if (stride == 0) {
    T v = *(const T*)from;
    for (int64_t i = 0; i < n; i++) to[i] = v;
  } else if (stride == sizeof(T)) {
    memcpy(to, from, n * sizeof(T));
  } else {
    for (int64_t i = 0; i < n; i++) to[i] = *(const T*)(from + i * stride);
  }
}
static void gather_run(int item, char* to, const char* from, npy_intp stride, int64_t n) {
  if (item == 4)
    gather_run((float*)to, from, stride, n);
  else
    gather_run((uint8_t*)to, from, stride, n);
}
static void scatter_run(int item, const char* from, char* to, npy_intp stride, int64_t n) {
  if (item == 4)
    for (int64_t i = 0; i < n; i++) *(float*)(to + i * stride) = ((const float*)from)[i];
  else
    for (int64_t i = 0; i < n; i++) *(uint8_t*)(to + i * stride) = ((const uint8_t*)from)[i];
}

// Elements [begin, end) in the destination's order. Long inner dimensions go run by run; short ones (a few channels,
// say) are gathered over many rows at once, so that the kernel still gets long runs.
void Elementwise::block(Kernel kernel, void* context, int64_t begin, int64_t end) const {
  alignas(64) char buffer[kOperands][kBlock * 4];
  const char* filled[kOperands] = {};  // which number a buffer is full of
  bool dense[kOperands], by_rows = nd_ == 1 || shape_[0] >= 64, buffered = false;
  for (int k = 0; k <= count_; k++) {
    npy_intp step = operand_[k].item;
    dense[k] = true;
    for (int i = 0; i < nd_; i++) {
      dense[k] &= stride_[k][i] == step;
      step *= shape_[i];
    }
    buffered |= by_rows ? stride_[k][0] != operand_[k].item : !dense[k];
  }
  npy_intp at[NPY_MAXDIMS];
  int64_t rest = begin;
  for (int i = 0; i < nd_; i++) {
    at[i] = rest % shape_[i];
    rest /= shape_[i];
  }
  auto advance = [&](int64_t n) {  // carries out of dimension 0
    at[0] += n;
    for (int i = 0; i + 1 < nd_ && at[i] >= shape_[i]; i++) {
      at[i + 1] += at[i] / shape_[i];
      at[i] %= shape_[i];
    }
  };
  auto address = [&](int k) {
    char* p = operand_[k].data;
    for (int i = 0; i < nd_; i++) p += at[i] * stride_[k][i];
    return p;
  };
  for (int64_t pos = begin; pos < end;) {
    int64_t n = end - pos;
    if (by_rows && n > shape_[0] - at[0]) n = shape_[0] - at[0];
    if (buffered && n > kBlock) n = kBlock;
    char* p[kOperands];
    for (int k = 0; k <= count_; k++) {
      int item = operand_[k].item;
      if (dense[k]) {
        p[k] = operand_[k].data + pos * item;
        continue;
      }
      p[k] = buffer[k];
      if (by_rows) {
        char* from = address(k);
        npy_intp stride = stride_[k][0];
        if (stride == item) {
          p[k] = from;
        } else if (k < count_) {
          if (stride == 0 && filled[k] == from) continue;
          // A whole block of a number, when later runs will want it.
          gather_run(item, buffer[k], from, stride, stride == 0 && end - pos > n && shape_[0] > n ? kBlock : n);
          filled[k] = stride == 0 && (n == kBlock || (end - pos > n && shape_[0] > n)) ? from : nullptr;
        }
      }
    }
    if (!by_rows) {  // gather what is not dense, all rows of this block
      npy_intp start[NPY_MAXDIMS];
      memcpy(start, at, nd_ * sizeof(npy_intp));
      for (int k = 0; k < count_; k++) {
        if (dense[k]) continue;
        memcpy(at, start, nd_ * sizeof(npy_intp));
        int item = operand_[k].item;
        for (int64_t done = 0; done < n;) {
          int64_t run = shape_[0] - at[0];
          if (run > n - done) run = n - done;
          gather_run(item, buffer[k] + done * item, address(k), stride_[k][0], run);
          done += run;
          advance(run);
        }
      }
      memcpy(at, start, nd_ * sizeof(npy_intp));
    }
    kernel(context, p, n);
    int k = count_;
    if (by_rows) {
      if (p[k] == buffer[k]) scatter_run(operand_[k].item, buffer[k], address(k), stride_[k][0], n);
      advance(n);
    } else if (dense[k]) {
      advance(n);
    } else {
      for (int64_t done = 0; done < n;) {
        int64_t run = shape_[0] - at[0];
        if (run > n - done) run = n - done;
        scatter_run(operand_[k].item, buffer[k] + done * operand_[k].item, address(k), stride_[k][0], run);
        done += run;
        advance(run);
      }
    }
    pos += n;
  }
}

void Elementwise::run(Kernel kernel, void* context, int64_t grain) {
  if (size_ == 0) return;
  if (flat_) {
    bool all = true;  // no numbers among the inputs
    for (int k = 0; k < count_; k++) all &= operand_[k].array && (PyArray_NDIM(operand_[k].array) > 0 || size_ == 1);
    NoGil nogil(size_);
    if (all) {
      parallel_for(size_, grain, [&](int64_t begin, int64_t end) {
        char* p[kOperands];
        for (int k = 0; k <= count_; k++) p[k] = operand_[k].data + begin * operand_[k].item;
        kernel(context, p, end - begin);
      });
      return;
    }
    parallel_for(size_, grain, [&](int64_t begin, int64_t end) {
      alignas(64) char buffer[kOperands][kBlock * 4];
      int64_t most = end - begin < kBlock ? end - begin : kBlock;
      char* p[kOperands];
      bool moves[kOperands];
      for (int k = 0; k <= count_; k++) {
        moves[k] = k == count_ || (operand_[k].array && PyArray_NDIM(operand_[k].array) > 0);
        p[k] = moves[k] ? operand_[k].data + begin * operand_[k].item : buffer[k];
        if (!moves[k]) gather_run(operand_[k].item, buffer[k], operand_[k].data, 0, most);
      }
      for (int64_t pos = begin; pos < end; pos += most) {
        int64_t n = end - pos < most ? end - pos : most;
        kernel(context, p, n);
        for (int k = 0; k <= count_; k++)
          if (moves[k]) p[k] += n * operand_[k].item;
      }
    });
    return;
  }
  merge();
  NoGil nogil(size_);
  parallel_for(size_, grain, [&](int64_t begin, int64_t end) { block(kernel, context, begin, end); });
}

PyObject* Elementwise::result() {
  if (out_) {
    Py_INCREF(out_);
    return out_;
  }
  return tensor_of(std::exchange(made_, nullptr));
}

}  // namespace rl
