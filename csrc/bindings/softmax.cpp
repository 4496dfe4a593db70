#include "kernels/softmax.h"

#include "bindings/args.h"

RL_TABLE(softmax, SoftmaxKernels)

namespace rl {
namespace {

constexpr int64_t kGrain = 8192;        // values of a task
constexpr int64_t kStreamed = 6 << 20;  // results of more values than this go past the caches

// The shape of x seen as (outer, n, inner) around its dimension `dim`.
Softmax split(const F32& x, int64_t dim) {
  Softmax s{};
  int nd = x.nd();
  if (dim < 0) dim += nd;
  if (dim < 0 || dim >= (nd ? nd : 1)) fail(PyExc_IndexError, "dim must be in [%d, %d]", -nd, nd - 1);
  s.x = x.data();
  s.outer = s.inner = 1;
  s.n = nd ? x.dim((int)dim) : 1;
  for (int i = 0; i < dim; i++) s.outer *= x.dim(i);
  for (int i = (int)dim + 1; i < nd; i++) s.inner *= x.dim(i);
  s.tile = s.n > 0 ? kSoftmaxBuffer / s.n / 16 * 16 : 16;
  if (s.tile > kSoftmaxTile) s.tile = kSoftmaxTile;
  if (s.tile < 64) s.tile = 64;
  if (s.tile > s.inner) s.tile = s.inner > 0 ? s.inner : 1;
  s.tiles = (s.inner + s.tile - 1) / s.tile;
  s.stream = x.size() > kStreamed;
  return s;
}

template <class F>
void run(const Softmax& s, int64_t size, F kernel) {
  NoGil nogil(size);
  int64_t values = s.n * s.tile;
  parallel_for(s.n ? s.outer * s.tiles : 0, values >= kGrain ? 1 : kGrain / (values ? values : 1),
               [&](int64_t begin, int64_t end) { kernel(&s, begin, end); });
}

}  // namespace

RL_DEF(softmax, 3) {  // (x, dim, log) -> y
  F32 x(args[0], "input");
  Softmax s = split(x, as_int(args[1]));
  s.log = as_bool(args[2]);
  Out y(x.nd(), x.shape());
  s.out = y.data();
  run(s, x.size(), softmax().forward);
  return y.tensor();
}

RL_DEF(softmax_backward, 4) {  // (dy, y, dim, log) -> dx
  F32 dy(args[0], "grad_output"), y(args[1], "output");
  Softmax s = split(y, as_int(args[2]));
  if (dy.size() != y.size()) fail(PyExc_ValueError, "softmax_backward: sizes must agree");
  s.log = as_bool(args[3]);
  s.dy = dy.data();
  Out dx(y.nd(), y.shape());
  s.out = dx.data();
  run(s, y.size(), softmax().backward);
  return dx.tensor();
}

RL_DEF(logsumexp, 3) {  // (x, dim, keepdim) -> y
  F32 x(args[0], "input");
  int64_t dim = as_int(args[1]);
  Softmax s = split(x, dim);
  if (s.n == 0) fail(PyExc_ValueError, "logsumexp: the dimension must not be empty");
  bool keep = as_bool(args[2]);
  npy_intp shape[NPY_MAXDIMS];
  int nd = 0;
  if (dim < 0) dim += x.nd();
  for (int i = 0; i < x.nd(); i++)
    if (i != dim)
      shape[nd++] = x.dim(i);
    else if (keep)
      shape[nd++] = 1;
  Out y(nd, shape);
  s.out = y.data();
  run(s, x.size(), softmax().logsumexp);
  return y.tensor();
}

RL_DEF(logsumexp_backward, 4) {  // (dy, x, y, dim) -> dx
  F32 dy(args[0], "grad_output"), x(args[1], "input"), y(args[2], "output");
  Softmax s = split(x, as_int(args[3]));
  if (dy.size() != s.outer * s.inner || y.size() != dy.size())
    fail(PyExc_ValueError, "logsumexp_backward: sizes must agree");
  s.dy = dy.data();
  s.lse = y.data();
  Out dx(x.nd(), x.shape());
  s.out = dx.data();
  run(s, x.size(), softmax().logsumexp_backward);
  return dx.tensor();
}

}  // namespace rl
