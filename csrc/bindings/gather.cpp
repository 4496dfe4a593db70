#include "kernels/gather.h"

#include "bindings/args.h"

RL_TABLE(gather, GatherKernels)

namespace rl {
namespace {

constexpr int64_t kGrain = 16384;  // values of a task

// Any array, C-contiguous (copied if it was not).
class Bytes {
 public:
  explicit Bytes(PyObject* o) : a_((PyArrayObject*)PyArray_GETCONTIGUOUS(array_of(o, "input"))) {
    if (!a_) throw PythonError{};
    if (PyDataType_REFCHK(PyArray_DESCR(a_))) {
      Py_DECREF(a_);
      fail(PyExc_TypeError, "input must hold numbers");
    }
  }
  ~Bytes() { Py_DECREF(a_); }
  Bytes(const Bytes&) = delete;
  const char* data() const { return (const char*)PyArray_DATA(a_); }
  int nd() const { return PyArray_NDIM(a_); }
  int64_t dim(int i) const { return PyArray_DIM(a_, i); }
  int64_t item() const { return PyArray_ITEMSIZE(a_); }
  int type() const { return PyArray_TYPE(a_); }
  PyArrayObject* array() const { return a_; }

 private:
  PyArrayObject* a_;
};

void check(const I64& index, int64_t n) {
  int64_t at = gather().bad(index.data(), index.size(), n, false);
  if (at >= 0) fail(PyExc_IndexError, "index must be in [0, %ld), got %ld", (long)n, (long)index.data()[at]);
}

struct Around {
  int64_t outer = 1, inner = 1;
  template <class A>
  Around(const A& a, int64_t dim) {
    for (int i = 0; i < a.nd(); i++)
      if (i != dim) (i < dim ? outer : inner) *= a.dim(i);
  }
};

int64_t grain_of(int64_t values) { return values >= kGrain ? 1 : kGrain / (values > 0 ? values : 1); }

}  // namespace

// take_rows(x, index, dim) -> x with dimension `dim` replaced by index's dimensions, of any dtype.
// The indices must be in [0, n): IndexError.
RL_DEF(take_rows, 3) {
  Bytes x(args[0]);
  I64 index(args[1], "index");
  int64_t dim = as_int(args[2]);
  if (dim < 0 || dim >= x.nd() || x.nd() - 1 + index.nd() > NPY_MAXDIMS) fail(PyExc_IndexError, "dim is out of range");
  int64_t n = x.dim((int)dim), m = index.size();
  check(index, n);
  Around a(x, dim);
  npy_intp shape[NPY_MAXDIMS];
  int nd = 0;
  for (int i = 0; i < dim; i++) shape[nd++] = x.dim(i);
  for (int i = 0; i < index.nd(); i++) shape[nd++] = index.dim(i);
  for (int i = (int)dim + 1; i < x.nd(); i++) shape[nd++] = x.dim(i);
  PyArray_Descr* descr = PyArray_DESCR(x.array());
  PyArrayObject* out;
  if (descr->type_num < NPY_NTYPES_LEGACY) {
    out = new_array(nd, shape, descr->type_num);
  } else {  // bfloat16 and the like
    Py_INCREF(descr);
    out = (PyArrayObject*)PyArray_Empty(nd, shape, descr, 0);
    if (!out) throw PythonError{};
  }
  {
    int64_t bytes = a.inner * x.item();
    NoGil nogil(a.outer * m * a.inner);
    char* to = (char*)PyArray_DATA(out);
    for (int64_t o = 0; o < a.outer; o++)
      parallel_for(m, grain_of(a.inner), [&](int64_t begin, int64_t end) {
        gather().rows(x.data() + o * n * bytes, index.data(), to + o * m * bytes, bytes, begin, end);
      });
  }
  return tensor_of(out);
}

// add_rows(y, index, x, dim, alpha, scale?): y[index[i]] += alpha * x[i] (* scale[index[i]]) along dim, in place.
RL_DEF(add_rows, 6) {
  InOutF32 y(args[0], "self");
  I64 index(args[1], "index");
  F32 x(args[2], "source"), scale(args[5], "scale", true);
  int64_t dim = as_int(args[3]);
  float alpha = (float)as_double(args[4]);
  if (dim < 0 || dim >= y.nd()) fail(PyExc_IndexError, "dim is out of range");
  int64_t n = y.dim((int)dim), m = index.size();
  Around a(y, dim);
  if (x.size() != a.outer * m * a.inner || (scale && scale.size() != n))
    fail(PyExc_ValueError, "add_rows: sizes must agree");
  check(index, n);
  {
    NoGil nogil(x.size() + m);
    // Every task owns a range of y's rows and reads all indices: the order of additions is theirs alone.
    int64_t parts = x.size() < kGrain ? 1 : num_threads() * 2, grain = (n + parts - 1) / parts;
    for (int64_t o = 0; o < a.outer; o++)
      parallel_for(n, grain > 0 ? grain : 1, [&](int64_t low, int64_t high) {
        gather().add_rows(y.data() + o * n * a.inner, index.data(), x.data() + o * m * a.inner, m, a.inner, alpha,
                          scale.data(), low, high);
      });
  }
  Py_RETURN_NONE;
}

// embedding_backward(dy, index, n, skip, by_count) -> dw (n, width): rows of dy added at their indices, but for
// those of index `skip` (-1: none); with by_count each row is divided by how often its index comes.
RL_DEF(embedding_backward, 5) {
  F32 dy(args[0], "grad_output");
  I64 index(args[1], "index");
  int64_t n = as_int(args[2]), skip = as_int(args[3]), m = index.size();
  bool by_count = as_bool(args[4]);
  int64_t width = dy.dim(-1);
  if (dy.size() != m * width) fail(PyExc_ValueError, "embedding_backward: sizes must agree");
  check(index, n);
  Out dw({n, width});
  Scratch counts(by_count ? n * sizeof(float) : 0);
  {
    NoGil nogil(dw.size());
    if (by_count) gather().inverse_counts(index.data(), counts.f32(), m, n);
    int64_t parts = num_threads() * 4, grain = (n + parts - 1) / parts, least = grain_of(width);
    parallel_for(n, grain > least ? grain : least, [&](int64_t low, int64_t high) {
      gather().zero(dw.data() + low * width, (high - low) * width, n * width > (4 << 20));
      gather().add_rows(dw.data(), index.data(), dy.data(), m, width, 1, by_count ? counts.f32() : nullptr, low,
                        skip >= low && skip < high ? skip : high);
      if (skip >= low && skip < high)
        gather().add_rows(dw.data(), index.data(), dy.data(), m, width, 1, by_count ? counts.f32() : nullptr, skip + 1,
                          high);
    });
  }
  return dw.tensor();
}

// gather(x, index, dim) -> out of index's shape: x's values at index along dim. Both have the same dimensions,
// and the same sizes but along dim.
RL_DEF(gather, 3) {
  Bytes x(args[0]);
  I64 index(args[1], "index");
  int64_t dim = as_int(args[2]);
  if (dim < 0 || dim >= x.nd() || index.nd() != x.nd()) fail(PyExc_IndexError, "dim is out of range");
  for (int i = 0; i < x.nd(); i++)
    if (i != dim && x.dim(i) != index.dim(i)) fail(PyExc_ValueError, "gather: sizes must agree");
  int64_t item = x.item(), n = x.dim((int)dim), m = index.dim((int)dim);
  int type = x.type();
  if (type >= NPY_NTYPES_LEGACY || (item & (item - 1)) || item > 16)
    fail(PyExc_TypeError, "gather: dtype has no kernel");
  check(index, n);
  Around a(x, dim);
  PyArrayObject* out = new_array(index.nd(), index.shape(), type);
  {
    NoGil nogil(index.size());
    parallel_for(a.outer, grain_of(m * a.inner), [&](int64_t begin, int64_t end) {
      gather().take(x.data(), index.data(), (char*)PyArray_DATA(out), n, m, a.inner, (int)item, begin, end);
    });
  }
  return tensor_of(out);
}

// scatter_add(y, index, x, dim): y[index] += x along dim, in place; index and x have y's sizes but along dim.
RL_DEF(scatter_add, 4) {
  InOutF32 y(args[0], "self");
  I64 index(args[1], "index");
  F32 x(args[2], "src");
  int64_t dim = as_int(args[3]);
  if (dim < 0 || dim >= y.nd() || index.nd() != y.nd() || x.size() != index.size())
    fail(PyExc_ValueError, "scatter_add: sizes must agree");
  for (int i = 0; i < y.nd(); i++)
    if (i != dim && y.dim(i) != index.dim(i)) fail(PyExc_ValueError, "scatter_add: sizes must agree");
  int64_t n = y.dim((int)dim), m = index.dim((int)dim);
  check(index, n);
  Around a(y, dim);
  {
    NoGil nogil(index.size());
    parallel_for(a.outer, grain_of(m * a.inner), [&](int64_t begin, int64_t end) {
      gather().add(y.data(), index.data(), x.data(), n, m, a.inner, begin, end);
    });
  }
  Py_RETURN_NONE;
}

}  // namespace rl
