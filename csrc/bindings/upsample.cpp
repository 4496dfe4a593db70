#include "kernels/upsample.h"

#include "bindings/args.h"

RL_TABLE(upsample, UpsampleKernels)

namespace rl {

using I32 = In<NPY_INT32, int32_t>;

// (input or its output's gradient, axis, the size of that axis in the result, index [taps, n_out], weight, adjoint)
RL_DEF(upsample_axis, 6) {
  F32 x(args[0], "input");
  const int64_t axis = as_int(args[1]), size = as_int(args[2]);
  I32 index(args[3], "index");
  F32 weight(args[4], "weight");
  const bool adjoint = as_bool(args[5]);
  if (axis < 0 || axis >= x.nd() || size < 0 || index.nd() != 2 || weight.size() != index.size())
    fail(PyExc_ValueError, "upsample_axis: the axis, the size and the tables must fit the input");
  npy_intp shape[NPY_MAXDIMS];
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < x.nd(); d++) {
    shape[d] = x.dim(d);
    if (d < axis) outer *= shape[d];
    if (d > axis) inner *= shape[d];
  }
  const int64_t have = shape[axis], taps = index.dim(0);
  const int64_t n_in = adjoint ? size : have, n_out = adjoint ? have : size;
  if (index.dim(1) != n_out) fail(PyExc_ValueError, "upsample_axis: index must have a column per output");
  for (int64_t i = 0; i < index.size(); i++)
    if (index.data()[i] < 0 || index.data()[i] >= n_in) fail(PyExc_IndexError, "upsample_axis: index out of range");
  shape[axis] = size;
  Out y(x.nd(), shape);
  NoGil nogil(y.size() + x.size());
  if (adjoint) {
    const int64_t row = n_out * inner * taps;
    parallel_for(outer, row ? 32768 / row + 1 : 1, [&](int64_t begin, int64_t end) {
      upsample().backward(x.data(), y.data(), begin, end, n_in, n_out, inner, (int)taps, index.data(), weight.data());
    });
  } else {
    parallel_for(outer * n_out, 32768 / (inner * taps + 1) + 1, [&](int64_t begin, int64_t end) {
      upsample().forward(x.data(), y.data(), begin, end, n_in, n_out, inner, (int)taps, index.data(), weight.data());
    });
  }
  return y.tensor();
}

}  // namespace rl
