// Matrix products. Operands are read where they lie, whatever their strides.
#include "kernels/gemm.h"

#include <algorithm>

#include "bindings/args.h"

RL_TABLE(gemm, GemmKernels)

namespace rl {
namespace {

// A float32 array argument with any strides that are whole floats (else a copy).
class Matrix {
 public:
  Matrix(PyObject* o, const char* name) : a_(array_of(o, name)) {
    if (PyArray_TYPE(a_) != NPY_FLOAT32) fail(PyExc_TypeError, "%s must have dtype float32", name);
    bool whole = PyArray_ISALIGNED(a_) && PyArray_ISNOTSWAPPED(a_);
    for (int i = 0; i < nd(); i++) whole &= PyArray_STRIDE(a_, i) % 4 == 0;
    if (whole)
      Py_INCREF(a_);
    else
      copy(a_);
  }
  ~Matrix() { Py_XDECREF(a_); }
  Matrix(const Matrix&) = delete;
  int nd() const { return PyArray_NDIM(a_); }
  int64_t dim(int i) const { return PyArray_DIM(a_, i < 0 ? i + nd() : i); }
  int64_t stride(int i) const { return PyArray_STRIDE(a_, i < 0 ? i + nd() : i) / 4; }
  const npy_intp* shape() const { return PyArray_DIMS(a_); }
  const float* data() const { return (const float*)PyArray_DATA(a_); }
  int64_t rows() const {  // of the matrix that all dimensions but the last make as one
    int64_t m = 1;
    for (int i = 0; i + 1 < nd(); i++) m *= dim(i);
    return m;
  }

  // All dimensions but the last as one: its stride. Copies when the layout does not allow it.
  int64_t flat_stride() {
    if (nd() < 2) return 0;
    for (int i = 0; i + 2 < nd(); i++)
      if (dim(i) != 1 && stride(i) != dim(i + 1) * stride(i + 1)) {
        PyArrayObject* old = a_;
        copy(old);
        Py_DECREF(old);
        break;
      }
    for (int i = nd() - 2; i >= 0; i--)
      if (dim(i) != 1) return stride(i);
    return dim(-1);
  }
  bool flat() const {
    int64_t want = -1;
    for (int i = nd() - 2; i >= 0; i--) {
      if (dim(i) == 1) continue;
      if (want >= 0 && stride(i) != want) return false;
      want = stride(i) * dim(i);
    }
    return true;
  }

 private:
  void copy(PyArrayObject* a) {
    a_ = (PyArrayObject*)PyArray_NewCopy(a, NPY_CORDER);
    if (!a_) throw PythonError{};
  }
  PyArrayObject* a_;
};

void check(bool ok) {
  if (ok) return;
  PyErr_SetString(PyExc_MemoryError, "matmul: not enough memory for the packed operands");
  throw PythonError{};
}

void run(const GemmCall& g) {
  bool ok;
  {
    NoGil nogil(g.m * g.n * (g.k | 1));
    ok = gemm().gemm(g);
  }
  check(ok);
}

[[noreturn]] void mismatch(const Matrix& a, const Matrix& b) {
  auto text = [](const Matrix& m, char* s, size_t size) {
    size_t n = 0;
    n += (size_t)snprintf(s, size, "(");
    for (int i = 0; i < m.nd() && n < size - 24; i++)
      n += (size_t)snprintf(s + n, size - n, i ? ", %lld" : "%lld", (long long)m.dim(i));
    snprintf(s + n, size - n, m.nd() == 1 ? ",)" : ")");
  };
  char sa[200], sb[200];
  text(a, sa, sizeof sa);
  text(b, sb, sizeof sb);
  fail(PyExc_RuntimeError,
       "matmul: mat1 and mat2 shapes cannot be multiplied: the last dimension of input must equal the last but one "
       "of other and the batch dimensions broadcast, got %s and %s",
       sa, sb);
}

// The GEMM of the last two dimensions of a and b (of vectors: a row, a column).
GemmCall last_two(const Matrix& a, const Matrix& b) {
  GemmCall g;
  const bool row = a.nd() == 1, column = b.nd() == 1;
  g.m = row ? 1 : a.dim(-2);
  g.k = a.dim(-1);
  g.n = column ? 1 : b.dim(-1);
  if (g.k != (column ? b.dim(0) : b.dim(-2))) mismatch(a, b);
  g.a = a.data();
  g.a_row = row ? 0 : a.stride(-2);
  g.a_col = a.stride(-1);
  g.b = b.data();
  g.b_row = column ? b.stride(0) : b.stride(-2);
  g.b_col = column ? 0 : b.stride(-1);
  g.ldc = g.n;
  return g;
}

// c (contiguous, `batch` and last two dimensions) = or += alpha * a b, over broadcast batch dimensions.
void run_batch(const Matrix& a, const Matrix& b, GemmCall g, int nb, const npy_intp* batch) {
  int64_t count = 1;
  for (int i = 0; i < nb; i++) count *= batch[i];
  if (count == 0 || g.m * g.n == 0) return;
  if (count == 1) return run(g);
  Scratch offsets((size_t)count * 2 * sizeof(int64_t));
  int64_t *oa = (int64_t*)offsets.data(), *ob = oa + count;
  int64_t filled = 1;
  oa[0] = ob[0] = 0;
  for (int i = 0; i < nb; i++) {  // offsets of dims 0..i from those of dims 0..i-1, from the back
    const int ia = i - nb + a.nd() - 2, ib = i - nb + b.nd() - 2;
    const int64_t sa = ia >= 0 && a.dim(ia) != 1 ? a.stride(ia) : 0, sb = ib >= 0 && b.dim(ib) != 1 ? b.stride(ib) : 0;
    for (int64_t f = filled - 1; f >= 0; f--)
      for (int64_t j = batch[i] - 1; j >= 0; j--) {
        oa[f * batch[i] + j] = oa[f] + j * sa;
        ob[f * batch[i] + j] = ob[f] + j * sb;
      }
    filled *= batch[i];
  }
  bool ok;
  {
    NoGil nogil(count * g.m * g.n * (g.k | 1));
    ok = gemm().batch(g, count, oa, ob, g.m * g.n);
  }
  check(ok);
}

// Broadcast batch dimensions of a and b into `batch`; returns how many.
int broadcast(const Matrix& a, const Matrix& b, npy_intp* batch) {
  const int na = a.nd() > 2 ? a.nd() - 2 : 0, nb = b.nd() > 2 ? b.nd() - 2 : 0, n = std::max(na, nb);
  for (int i = 0; i < n; i++) {
    const int64_t da = i - n + na >= 0 ? a.dim(i - n + na) : 1, db = i - n + nb >= 0 ? b.dim(i - n + nb) : 1;
    if (da != db && da != 1 && db != 1) mismatch(a, b);
    batch[i] = da == 1 ? db : da;
  }
  return n;
}

}  // namespace

// matmul(a, b): as NumPy's, at least one dimension each.
RL_DEF(matmul, 2) {
  Matrix a(args[0], "input"), b(args[1], "other");
  if (a.nd() == 0 || b.nd() == 0)
    fail(PyExc_RuntimeError, "matmul: both arguments must have at least 1 dimension, got %d and %d", a.nd(), b.nd());
  GemmCall g = last_two(a, b);
  npy_intp shape[NPY_MAXDIMS + 2];
  int n = broadcast(a, b, shape), nd = n;
  if (a.nd() > 1) shape[nd++] = g.m;
  if (b.nd() > 1) shape[nd++] = g.n;
  Out y(nd, shape);
  g.c = y.data();
  if (b.nd() <= 2 && a.nd() > 2 && a.flat()) {  // (..., m, k) times one matrix: all rows at once
    g.m = a.rows();
    for (int i = a.nd() - 2; i >= 0; i--)
      if (a.dim(i) != 1) {
        g.a_row = a.stride(i);
        break;
      }
    run(g);
  } else {
    run_batch(a, b, g, n, shape);
  }
  return y.tensor();
}

// matmul_into(c, a, b, alpha, accumulate): c = alpha * a b (+ c), in place; batches as in matmul.
RL_DEF(matmul_into, 5) {
  InOutF32 c(args[0], "out");
  Matrix a(args[1], "input"), b(args[2], "other");
  if (a.nd() < 2 || b.nd() < 2) fail(PyExc_RuntimeError, "matmul_into: operands must be matrices");
  GemmCall g = last_two(a, b);
  npy_intp batch[NPY_MAXDIMS];
  int n = broadcast(a, b, batch);
  int64_t count = 1;
  for (int i = 0; i < n; i++) count *= batch[i];
  if (c.size() != count * g.m * g.n) fail(PyExc_RuntimeError, "matmul_into: out must have the product's shape");
  g.alpha = (float)as_double(args[3]);
  g.accumulate = as_bool(args[4]);
  g.c = c.data();
  run_batch(a, b, g, n, batch);
  Py_RETURN_NONE;
}

// linear(x (..., k), w (n, k), bias (n) or None, act): act(x w^T + bias), act 0 none, 1 ReLU.
RL_DEF(linear, 4) {
  Matrix x(args[0], "input"), w(args[1], "weight");
  F32 bias(args[2], "bias", true);
  if (x.nd() < 1 || w.nd() != 2 || x.dim(-1) != w.dim(1))
    fail(
        PyExc_RuntimeError,
        "linear: mat1 and mat2 shapes cannot be multiplied: input must have last dimension %lld, as weight's, got %lld",
        w.nd() ? (long long)w.dim(-1) : 0, x.nd() ? (long long)x.dim(-1) : 0);
  if (bias && bias.size() != w.dim(0))
    fail(PyExc_RuntimeError, "linear: bias must have shape (%lld,), the output features of weight, got %lld elements",
         (long long)w.dim(0), (long long)bias.size());
  GemmCall g;
  g.a_row = x.flat_stride();
  g.a_col = x.stride(-1);
  g.a = x.data();
  g.m = x.rows();
  g.k = x.dim(-1);
  g.n = w.dim(0);
  g.b = w.data();
  g.b_row = w.stride(1);
  g.b_col = w.stride(0);
  npy_intp shape[NPY_MAXDIMS];
  for (int i = 0; i < x.nd(); i++) shape[i] = x.dim(i);
  shape[x.nd() - 1] = g.n;
  Out y(x.nd(), shape);
  g.c = y.data();
  g.ldc = g.n;
  g.col_bias = bias.data();
  g.act = (int)as_int(args[3]);
  run(g);
  return y.tensor();
}

// linear_backward(dy (..., n), x (..., k), w (n, k), need_dx, need_dw, need_db) -> (dx, dw, db), None where not needed.
RL_DEF(linear_backward, 6) {
  Matrix dy(args[0], "grad"), x(args[1], "input"), w(args[2], "weight");
  const bool need_dx = as_bool(args[3]), need_dw = as_bool(args[4]), need_db = as_bool(args[5]);
  if (w.nd() != 2 || x.nd() < 1 || dy.nd() != x.nd()) fail(PyExc_RuntimeError, "linear_backward: shapes do not agree");
  const int64_t n = w.dim(0), k = w.dim(1), dy_row = dy.flat_stride(), x_row = x.flat_stride();
  const int64_t m = x.rows();
  if (m != dy.rows() || x.dim(-1) != k || dy.dim(-1) != n)
    fail(PyExc_RuntimeError, "linear_backward: shapes do not agree");
  PyObject *dx_out = nullptr, *dw_out = nullptr, *db_out = nullptr;
  try {
    if (need_dx) {  // dy w
      Out dx(x.nd(), x.shape());
      GemmCall g;
      g.m = m, g.n = k, g.k = n;
      g.a = dy.data(), g.a_row = dy_row, g.a_col = dy.stride(-1);
      g.b = w.data(), g.b_row = w.stride(0), g.b_col = w.stride(1);
      g.c = dx.data(), g.ldc = k;
      run(g);
      dx_out = dx.tensor();
    }
    if (need_dw) {  // dy^T x
      Out dw({n, k});
      GemmCall g;
      g.m = n, g.n = k, g.k = m;
      g.a = dy.data(), g.a_row = dy.stride(-1), g.a_col = dy_row;
      g.b = x.data(), g.b_row = x_row, g.b_col = x.stride(-1);
      g.c = dw.data(), g.ldc = k;
      run(g);
      dw_out = dw.tensor();
    }
    if (need_db) {
      Out db({n});
      {
        NoGil nogil(m * n);
        gemm().column_sums(m, n, dy.data(), dy_row, dy.stride(-1), db.data());
      }
      db_out = db.tensor();
    }
  } catch (const PythonError&) {
    Py_XDECREF(dx_out);
    Py_XDECREF(dw_out);
    throw;
  }
  auto or_none = [](PyObject* o) {
    if (!o) Py_INCREF(Py_None);
    return o ? o : Py_None;
  };
  return tuple_of({or_none(dx_out), or_none(dw_out), or_none(db_out)});
}

}  // namespace rl
