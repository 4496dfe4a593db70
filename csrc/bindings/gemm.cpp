// Matrix products: views whose last two strides allow it are read where they lie.
#include "kernels/gemm.h"

#include "bindings/args.h"

RL_TABLE(gemm, GemmKernels)

namespace rl {

RL_DEF(mm, 2) {
  PyArrayObject *a = array_of(args[0], "input"), *b = array_of(args[1], "mat2");
  Out y({PyArray_DIM(a, 0), PyArray_DIM(b, 1)});
  GemmCall g;
  g.m = PyArray_DIM(a, 0);
  g.k = PyArray_DIM(a, 1);
  g.n = PyArray_DIM(b, 1);
  g.a = (const float*)PyArray_DATA(a);
  g.a_row = PyArray_STRIDE(a, 0) / 4;
  g.a_col = PyArray_STRIDE(a, 1) / 4;
  g.b = (const float*)PyArray_DATA(b);
  g.b_row = PyArray_STRIDE(b, 0) / 4;
  g.b_col = PyArray_STRIDE(b, 1) / 4;
  g.c = y.data();
  g.ldc = g.n;
  bool ok;
  {
    NoGil nogil(g.m * g.n * g.k);
    ok = gemm().gemm(g);
  }
  if (!ok) {
    PyErr_NoMemory();
    throw PythonError{};
  }
  return y.tensor();
}

}  // namespace rl
