#include "kernels/sort.h"

#include "bindings/args.h"

RL_TABLE(sort, SortKernels)

namespace rl {

// Rows of x are worked on in pieces of some 16384 elements; each piece takes one part of the scratch memory.
template <class F>
static void rows_in_order(const F32& x, int64_t rows, int64_t n, F f) {
  int64_t grain = 16384 / n + 1, parts = (rows + grain - 1) / grain;
  const int64_t most = (int64_t)num_threads() * 2;  // parts that exist at once are fewer: split further rows among them
  if (parts > most) {
    grain = (rows + most - 1) / most;
    parts = (rows + grain - 1) / grain;
  }
  Scratch scratch((size_t)(parts * n * 16));
  uint32_t* memory = (uint32_t*)scratch.data();
  NoGil nogil(rows * n * 8);
  parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) f(r, x.data() + r * n, memory + begin / grain * n * 4);
  });
}

static int64_t row_length(const F32& x, const char* name) {
  if (x.nd() == 0 || x.size() == 0 || x.dim(-1) > INT32_MAX)
    fail(PyExc_ValueError, "%s: input must have rows of 1 to 2**31 - 1 elements", name);
  return x.dim(-1);
}

// sort(x, descending) -> (values, indices) along the last dim
RL_DEF(sort, 2) {
  F32 x(args[0], "input");
  bool descending = as_bool(args[1]);
  int64_t n = row_length(x, "sort");
  Out values(x.nd(), x.shape());
  OutI64 indices(x.nd(), x.shape());
  rows_in_order(x, x.size() / n, n, [&](int64_t r, const float* row, uint32_t* scratch) {
    sort().sort(row, n, descending, values.data() + r * n, indices.data() + r * n, scratch);
  });
  PyObject* second = indices.tensor();
  return tuple_of({values.tensor(), second});
}

// topk(x, k, largest) -> (values, indices) along the last dim, in order
RL_DEF(topk, 3) {
  F32 x(args[0], "input");
  int64_t k = as_int(args[1]), n = row_length(x, "topk");
  bool largest = as_bool(args[2]);
  if (k < 1 || k > n) fail(PyExc_ValueError, "topk: k must be in [1, %lld], got %lld", (long long)n, (long long)k);
  npy_intp shape[NPY_MAXDIMS];
  for (int i = 0; i < x.nd(); i++) shape[i] = x.dim(i);
  shape[x.nd() - 1] = k;
  Out values(x.nd(), shape);
  OutI64 indices(x.nd(), shape);
  rows_in_order(x, x.size() / n, n, [&](int64_t r, const float* row, uint32_t* scratch) {
    sort().topk(row, n, k, largest, values.data() + r * k, indices.data() + r * k, scratch);
  });
  PyObject* second = indices.tensor();
  return tuple_of({values.tensor(), second});
}

}  // namespace rl
