#include "kernels/loss.h"

#include "bindings/args.h"

RL_TABLE(loss, LossKernels)

namespace rl {
namespace {

constexpr int64_t kGrain = 16384;       // values of a task
constexpr int64_t kStreamed = 6 << 20;  // results of more values than this go past the caches

enum Reduction { kNone = 0, kMean = 1, kSum = 2 };

PyObject* none() { Py_RETURN_NONE; }

// The target of (M, C) rows: classes or probabilities.
struct Targets {
  Targets(PyObject* o, CrossEntropy& p)
      : classes(PyArray_TYPE(array_of(o, "target")) == NPY_INT64 ? o : Py_None, "target", true),
        probabilities(classes ? Py_None : o, "target", true) {
    if (classes ? classes.size() != p.M : probabilities.size() != p.M * p.C)
      fail(PyExc_ValueError, "target must fit the input");
    p.target = classes.data();
    p.probabilities = probabilities.data();
  }
  I64 classes;
  F32 probabilities;
};

CrossEntropy rows_of(const F32& x, const F32& weight, PyObject* ignore, PyObject* smoothing) {
  CrossEntropy p{};
  if (x.nd() != 1 && x.nd() != 2) fail(PyExc_ValueError, "input must have 1 or 2 dimensions");
  p.x = x.data();
  p.M = x.nd() == 2 ? x.dim(0) : 1;
  p.C = x.dim(-1);
  p.weight = weight.data();
  if (weight && weight.size() != p.C) fail(PyExc_ValueError, "weight must have a value for each class");
  p.ignore = as_int(ignore);
  p.smoothing = as_double(smoothing);
  p.weight_sum = weight ? loss().sum(weight.data(), p.C) : (double)p.C;
  p.stream = x.size() > kStreamed;
  return p;
}

double divisor(const CrossEntropy& p) {
  return p.target ? loss().total_weight(p.target, p.weight, p.M, p.ignore) : (double)p.M;
}

int64_t rows_grain(int64_t C) { return C >= kGrain ? 1 : kGrain / (C > 0 ? C : 1); }

}  // namespace

// The first value of target that is neither in [0, C) nor ignore_index, or None: (target, C, ignore_index)
RL_DEF(bad_target, 3) {
  I64 target(args[0], "target");
  int64_t at = loss().bad_target(target.data(), target.size(), as_int(args[1]), as_int(args[2]));
  if (at < 0) return none();
  return PyLong_FromLongLong(target.data()[at]);
}

// cross_entropy(x, target, weight?, ignore_index, smoothing, reduction, gradient) -> (loss, lse, dx?)
// dx, where asked for, is that of a loss whose own gradient is 1; not with reduction 'none'.
RL_DEF(cross_entropy, 7) {
  F32 x(args[0], "input"), weight(args[2], "weight", true);
  CrossEntropy p = rows_of(x, weight, args[3], args[4]);
  Targets target(args[1], p);
  int64_t reduction = as_int(args[5]);
  bool gradient = as_bool(args[6]) && reduction != kNone;
  npy_intp M = p.M;
  Out each(x.nd() - 1, &M), lse({p.M}), total(0, nullptr);
  Out dx(gradient ? x.nd() : 0, x.shape());
  p.loss = each.data();
  p.lse = lse.data();
  {
    NoGil nogil(x.size() * 4);
    float one = 1;
    p.dy = &one;
    p.dx = dx.data();
    double by = reduction == kMean ? divisor(p) : 1;
    p.scale = 1 / by;
    // The gradient follows row by row, while the logits are in the cache.
    parallel_for(p.M, rows_grain(p.C), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        loss().cross_entropy(&p, r, r + 1);
        if (gradient) loss().cross_entropy_gradient(&p, r, r + 1);
      }
    });
    *total.data() = (float)(loss().sum(each.data(), p.M) / by);
  }
  return tuple_of({reduction == kNone ? each.tensor() : total.tensor(), lse.tensor(), gradient ? dx.tensor() : none()});
}

// cross_entropy_backward(dy, x, target, weight?, lse, ignore_index, smoothing, reduction) -> dx
RL_DEF(cross_entropy_backward, 8) {
  F32 dy(args[0], "grad_output"), x(args[1], "input"), weight(args[3], "weight", true), lse(args[4], "lse");
  CrossEntropy p = rows_of(x, weight, args[5], args[6]);
  Targets target(args[2], p);
  int64_t reduction = as_int(args[7]);
  if (lse.size() != p.M || dy.size() != (reduction == kNone ? p.M : 1))
    fail(PyExc_ValueError, "cross_entropy_backward: sizes must agree");
  Out dx(x.nd(), x.shape());
  {
    NoGil nogil(x.size() * 4);
    p.lse = (float*)lse.data();
    p.dy = dy.data();
    p.dy_step = reduction == kNone;
    p.dx = dx.data();
    p.scale = reduction == kMean ? 1 / divisor(p) : 1;
    parallel_for(p.M, rows_grain(p.C),
                 [&](int64_t begin, int64_t end) { loss().cross_entropy_gradient(&p, begin, end); });
  }
  return dx.tensor();
}

static Nll nll_of(const F32& x, const I64& target, const F32& weight, PyObject* ignore) {
  Nll p{};
  if (x.nd() < 1) fail(PyExc_ValueError, "input must have at least 1 dimension");
  p.x = x.data();
  p.target = target.data();
  p.weight = weight.data();
  p.N = x.nd() == 1 ? 1 : x.dim(0);
  p.C = x.dim(x.nd() == 1 ? 0 : 1);
  p.inner = 1;
  for (int i = 2; i < x.nd(); i++) p.inner *= x.dim(i);
  p.ignore = as_int(ignore);
  if (target.size() != p.N * p.inner || (weight && weight.size() != p.C))
    fail(PyExc_ValueError, "target and weight must fit the input");
  return p;
}

// nll(x, target, weight?, ignore_index, reduction) -> (loss, what it was divided by)
RL_DEF(nll, 5) {
  F32 x(args[0], "input"), weight(args[2], "weight", true);
  I64 target(args[1], "target");
  Nll p = nll_of(x, target, weight, args[3]);
  int64_t reduction = as_int(args[4]), n = p.N * p.inner;
  Out each(target.nd(), target.shape()), total(0, nullptr);
  p.loss = each.data();
  double by = 1;
  {
    NoGil nogil(n * 4);
    parallel_for(p.N, rows_grain(p.inner * 4), [&](int64_t begin, int64_t end) { loss().nll(&p, begin, end); });
    if (reduction == kMean) by = loss().total_weight(p.target, p.weight, n, p.ignore);
    if (reduction != kNone) *total.data() = (float)(loss().sum(each.data(), n) / by);
  }
  return tuple_of({reduction == kNone ? each.tensor() : total.tensor(), PyFloat_FromDouble(by)});
}

// nll_backward(dy, x, target, weight?, ignore_index, reduction, by) -> dx
RL_DEF(nll_backward, 7) {
  F32 dy(args[0], "grad_output"), x(args[1], "input"), weight(args[3], "weight", true);
  I64 target(args[2], "target");
  Nll p = nll_of(x, target, weight, args[4]);
  int64_t reduction = as_int(args[5]);
  if (dy.size() != (reduction == kNone ? p.N * p.inner : 1)) fail(PyExc_ValueError, "nll_backward: sizes must agree");
  p.scale = 1 / as_double(args[6]);
  Out dx(x.nd(), x.shape());
  {
    NoGil nogil(x.size());
    p.dy = dy.data();
    p.dy_step = reduction == kNone;
    p.dx = dx.data();
    parallel_for(p.N, rows_grain(p.C * p.inner),
                 [&](int64_t begin, int64_t end) { loss().nll_gradient(&p, begin, end); });
  }
  return dx.tensor();
}

static PointLoss point_of(PyObject* kind, const F32& x, const F32& t, const F32& w, const F32& positive,
                          PyObject* parameter) {
  PointLoss p{};
  p.kind = (LossKind)as_int(kind);
  p.x = x.data();
  p.t = t.data();
  p.w = w.data();
  p.positive = positive.data();
  p.parameter = as_double(parameter);
  for (const F32* a : {&t, &w, &positive})
    if (*a && a->size() != x.size()) fail(PyExc_ValueError, "point_loss: sizes must agree");
  p.stream = x.size() > kStreamed;
  return p;
}

// point_loss(kind, x, t, w?, positive?, parameter, scale?) -> the loss of every element; with a scale, scale * sum
RL_DEF(point_loss, 7) {
  F32 x(args[1], "input"), t(args[2], "target"), w(args[3], "weight", true), positive(args[4], "pos_weight", true);
  PointLoss p = point_of(args[0], x, t, w, positive, args[5]);
  bool reduced = args[6] != Py_None;
  double scale = reduced ? as_double(args[6]) : 1;
  Out y(reduced ? 0 : x.nd(), x.shape());
  int64_t n = x.size(), chunks = (n + kGrain - 1) / kGrain;
  Scratch part((chunks + 1) * sizeof(double));
  {
    NoGil nogil(n * 2);
    p.loss = reduced ? nullptr : y.data();
    double *sums = (double*)part.data(), total = 0;
    parallel_for(n, kGrain, [&](int64_t begin, int64_t end) { sums[begin / kGrain] = loss().point(&p, begin, end); });
    for (int64_t i = 0; i < chunks; i++) total += sums[i];
    if (reduced) *y.data() = (float)(total * scale);
  }
  return y.tensor();
}

// point_loss_backward(kind, dy, x, t, w?, positive?, parameter, scale?) -> dx
RL_DEF(point_loss_backward, 8) {
  F32 dy(args[1], "grad_output"), x(args[2], "input"), t(args[3], "target"), w(args[4], "weight", true);
  F32 positive(args[5], "pos_weight", true);
  PointLoss p = point_of(args[0], x, t, w, positive, args[6]);
  bool reduced = args[7] != Py_None;
  if (dy.size() != (reduced ? 1 : x.size())) fail(PyExc_ValueError, "point_loss_backward: sizes must agree");
  p.scale = reduced ? as_double(args[7]) : 1;
  Out dx(x.nd(), x.shape());
  {
    NoGil nogil(x.size() * 2);
    p.dy = dy.data();
    p.dy_step = !reduced;
    p.dx = dx.data();
    if (x.size() > 0)
      parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end) { loss().point_gradient(&p, begin, end); });
  }
  return dx.tensor();
}

}  // namespace rl
