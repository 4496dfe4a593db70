#include "kernels/norm.h"

#include "bindings/args.h"

RL_TABLE(norm, NormKernels)

namespace rl {
namespace {

constexpr int64_t kGrain = 16384;       // values of a task
constexpr int64_t kStreamed = 6 << 20;  // results of more values than this go past the caches
constexpr int64_t kCached = 1 << 20;    // a unit of fewer values is read twice from the caches, not from memory

int64_t grain_of(int64_t values) { return values >= kGrain ? 1 : kGrain / (values > 0 ? values : 1); }

// Cuts a unit of `pieces` runs of `length` values into blocks.
void cut(Moments& m, int64_t pieces, int64_t length) {
  m.pieces = pieces;
  m.length = length;
  m.cuts = length > kRowBlock ? (length + kRowBlock - 1) / kRowBlock : 1;
  m.together = m.cuts > 1 || length == 0 ? 1 : kRowBlock / length;
  if (m.together > pieces) m.together = pieces > 0 ? pieces : 1;
  m.blocks = m.cuts > 1 ? pieces * m.cuts : (pieces + m.together - 1) / m.together;
}

// f(begin, end) over [0, n) in parallel, n tasks of `values` values each.
template <class F>
void each(int64_t n, int64_t values, F&& f) {
  parallel_for(n, grain_of(values), [&](int64_t begin, int64_t end) { f(begin, end); });
}

Planes planes_of(const F32& x, const F32& w, const F32& b) {
  Planes p{};
  if (x.nd() < 2) fail(PyExc_ValueError, "input must have at least 2 dimensions, got %d", x.nd());
  p.x = x.data();
  p.N = x.dim(0);
  p.C = x.dim(1);
  p.S = 1;
  for (int i = 2; i < x.nd(); i++) p.S *= x.dim(i);
  for (const F32* v : {&w, &b})
    if (*v && v->size() != p.C) fail(PyExc_ValueError, "weight and bias must have %ld values", (long)p.C);
  p.w = w.data();
  p.b = b.data();
  p.stream = x.size() > kStreamed;
  return p;
}

// All the planes of units [begin, end), in runs of consecutive ones: f(begin, end) with plane numbers.
template <class F>
void planes_in(const Planes& p, int64_t begin, int64_t end, F&& f) {
  int64_t size = p.groups ? p.C / p.groups : 0;
  if (p.groups)
    f(begin * size, end * size);
  else
    for (int64_t n = 0; n < p.N; n++) f(n * p.C + begin, n * p.C + end);
}

// Runs `whole(units begin, end)` where a unit fits the caches and there are enough of them for all
// threads, else each of `phases` over everything.
template <class Whole, class Phases>
void by_unit(int64_t units, int64_t values, Whole&& whole, Phases&& phases) {
  if (units >= 4 && values <= kCached * 4)
    each(units, values, whole);
  else
    phases();
}

// The moments of all units, then y.
void forward(Planes& p, Moments& m, int64_t units) {
  int64_t values = m.pieces * m.length, planes = p.N * p.C;
  by_unit(
      units, values,
      [&](int64_t begin, int64_t end) {
        for (int64_t u = begin; u < end; u++) {
          norm().moments(&m, u * m.blocks, (u + 1) * m.blocks);
          norm().merge(&m, u, u + 1);
          planes_in(p, u, u + 1, [&](int64_t from, int64_t to) { norm().plane_apply(&p, from, to); });
        }
      },
      [&] {
        each(units * m.blocks, kRowBlock, [&](int64_t begin, int64_t end) { norm().moments(&m, begin, end); });
        norm().merge(&m, 0, units);
        each(planes, p.S, [&](int64_t begin, int64_t end) { norm().plane_apply(&p, begin, end); });
      });
}

void backward(Planes& p, int64_t units, int64_t values, float* dw, float* db) {
  int64_t planes = p.N * p.C;
  bool all = p.slope;  // not with given statistics
  by_unit(
      units, values * 2,
      [&](int64_t begin, int64_t end) {
        for (int64_t u = begin; u < end; u++) {
          planes_in(p, u, u + 1, [&](int64_t from, int64_t to) { norm().plane_sums(&p, from, to); });
          if (!p.out) continue;
          if (all) norm().plane_solve(&p, u, u + 1);
          planes_in(p, u, u + 1, [&](int64_t from, int64_t to) { norm().plane_backward(&p, from, to); });
        }
      },
      [&] {
        each(planes, p.S, [&](int64_t begin, int64_t end) { norm().plane_sums(&p, begin, end); });
        if (!p.out) return;
        if (all) norm().plane_solve(&p, 0, units);
        each(planes, p.S, [&](int64_t begin, int64_t end) { norm().plane_backward(&p, begin, end); });
      });
  if (dw || db) each(p.C, p.N * 4, [&](int64_t begin, int64_t end) { norm().plane_weights(&p, dw, db, begin, end); });
}

PyObject* none() { Py_RETURN_NONE; }

}  // namespace

// batch_norm(x, weight?, bias?, running_mean?, running_var?, training, momentum, eps) -> (y, mean, rstd)
// Updates the running statistics when training; otherwise normalises with them.
RL_DEF(batch_norm, 8) {
  F32 x(args[0], "input"), w(args[1], "weight", true), b(args[2], "bias", true);
  Planes p = planes_of(x, w, b);
  bool training = as_bool(args[5]);
  double momentum = as_double(args[6]), eps = as_double(args[7]);
  Out y(x.nd(), x.shape()), mean({p.C}), rstd({p.C});
  p.mean = mean.data();
  p.rstd = rstd.data();
  p.out = y.data();
  if (!training) {
    F32 running_mean(args[3], "running_mean"), running_var(args[4], "running_var");
    if (running_mean.size() != p.C || running_var.size() != p.C)
      fail(PyExc_ValueError, "running_mean and running_var must have %ld values", (long)p.C);
    NoGil nogil(x.size());
    __builtin_memcpy(mean.data(), running_mean.data(), p.C * sizeof(float));
    norm().rstd_of(running_var.data(), rstd.data(), p.C, eps);
    if (p.S == 1)
      each(p.N, p.C, [&](int64_t begin, int64_t end) { norm().column_apply(&p, begin, end); });
    else
      each(p.N * p.C, p.S, [&](int64_t begin, int64_t end) { norm().plane_apply(&p, begin, end); });
  } else {
    InOutF32 running_mean(args[3], "running_mean", true), running_var(args[4], "running_var", true);
    for (const InOutF32* v : {&running_mean, &running_var})
      if (*v && v->size() != p.C) fail(PyExc_ValueError, "running statistics must have %ld values", (long)p.C);
    Moments m{};
    cut(m, p.N, p.S);
    Scratch part(p.C * m.blocks * 2 * sizeof(double)), var(p.C * sizeof(float));
    NoGil nogil(x.size());
    m.x = p.x;
    m.unit_stride = p.S;
    m.piece_stride = p.C * p.S;
    m.part = (double*)part.data();
    m.mean = mean.data();
    m.rstd = rstd.data();
    m.var = var.f32();
    m.eps = eps;
    if (p.S == 1) {
      parallel_for(p.C, kColumns * (1 + kGrain / (kColumns * (p.N + 1))), [&](int64_t begin, int64_t end) {
        norm().column_moments(&p, m.mean, m.rstd, m.var, eps, begin, end);
      });
      each(p.N, p.C, [&](int64_t begin, int64_t end) { norm().column_apply(&p, begin, end); });
    } else {
      forward(p, m, p.C);
    }
    double n = (double)(p.N * p.S);
    if (running_mean) norm().follow(m.mean, running_mean.data(), p.C, momentum, 1);
    if (running_var) norm().follow(m.var, running_var.data(), p.C, momentum, n / (n - 1));
  }
  return tuple_of({y.tensor(), mean.tensor(), rstd.tensor()});
}

// batch_norm_backward(dy, x, weight?, mean, rstd, training, want_dx, want_dw, want_db) -> (dx?, dw?, db?)
RL_DEF(batch_norm_backward, 9) {
  F32 dy(args[0], "grad_output"), x(args[1], "input"), w(args[2], "weight", true), none_b(Py_None, "", true);
  F32 mean(args[3], "mean"), rstd(args[4], "rstd");
  Planes p = planes_of(x, w, none_b);
  if (dy.size() != x.size() || mean.size() != p.C || rstd.size() != p.C)
    fail(PyExc_ValueError, "batch_norm_backward: sizes must agree");
  bool training = as_bool(args[5]), want = as_bool(args[6]);
  Out dx(want ? x.nd() : 0, x.shape()), dw({p.C}), db({p.C}), slope({p.C}), shift({p.C});
  Scratch sums((p.S == 1 ? p.C : p.N * p.C) * 2 * sizeof(double));
  {
    NoGil nogil(x.size());
    p.dy = dy.data();
    p.mean = mean.data();
    p.rstd = rstd.data();
    p.sums = (double*)sums.data();
    p.out = want ? dx.data() : nullptr;
    p.slope = training ? slope.data() : nullptr;
    p.shift = training ? shift.data() : nullptr;
    if (p.S == 1) {
      parallel_for(p.C, kColumns * (1 + kGrain / (kColumns * (p.N + 1))),
                   [&](int64_t begin, int64_t end) { norm().column_sums(&p, begin, end); });
      if (training) norm().plane_solve(&p, 0, p.C);
      if (want) each(p.N, p.C, [&](int64_t begin, int64_t end) { norm().column_backward(&p, begin, end); });
      norm().plane_weights(&p, dw.data(), db.data(), 0, p.C);
    } else {
      backward(p, p.C, p.N * p.S, dw.data(), db.data());
    }
  }
  return tuple_of(
      {want ? dx.tensor() : none(), as_bool(args[7]) ? dw.tensor() : none(), as_bool(args[8]) ? db.tensor() : none()});
}

// group_norm(x, weight?, bias?, groups, eps) -> (y, mean, rstd, var), the statistics of shape (N, groups)
RL_DEF(group_norm, 5) {
  F32 x(args[0], "input"), w(args[1], "weight", true), b(args[2], "bias", true);
  Planes p = planes_of(x, w, b);
  p.groups = as_int(args[3]);
  if (p.groups < 1 || p.C % p.groups) fail(PyExc_ValueError, "num_groups must divide the number of channels");
  Moments m{};
  cut(m, 1, p.C / p.groups * p.S);
  int64_t units = p.N * p.groups;
  Out y(x.nd(), x.shape()), mean({p.N, p.groups}), rstd({p.N, p.groups}), var({p.N, p.groups});
  Scratch part(units * m.blocks * 2 * sizeof(double));
  {
    NoGil nogil(x.size());
    m.x = p.x;
    m.unit_stride = m.length;
    m.part = (double*)part.data();
    m.mean = mean.data();
    m.rstd = rstd.data();
    m.var = var.data();
    m.eps = as_double(args[4]);
    p.mean = m.mean;
    p.rstd = m.rstd;
    p.out = y.data();
    forward(p, m, units);
  }
  return tuple_of({y.tensor(), mean.tensor(), rstd.tensor(), var.tensor()});
}

// group_norm_backward(dy, x, weight?, mean, rstd, groups, want_dx, want_dw, want_db) -> (dx?, dw?, db?)
RL_DEF(group_norm_backward, 9) {
  F32 dy(args[0], "grad_output"), x(args[1], "input"), w(args[2], "weight", true), none_b(Py_None, "", true);
  F32 mean(args[3], "mean"), rstd(args[4], "rstd");
  Planes p = planes_of(x, w, none_b);
  p.groups = as_int(args[5]);
  if (p.groups < 1 || p.C % p.groups) fail(PyExc_ValueError, "num_groups must divide the number of channels");
  int64_t units = p.N * p.groups;
  if (dy.size() != x.size() || mean.size() != units || rstd.size() != units)
    fail(PyExc_ValueError, "group_norm_backward: sizes must agree");
  bool want = as_bool(args[6]);
  Out dx(want ? x.nd() : 0, x.shape()), dw({p.C}), db({p.C}), slope({units}), shift({units});
  Scratch sums(p.N * p.C * 2 * sizeof(double));
  {
    NoGil nogil(x.size());
    p.dy = dy.data();
    p.mean = mean.data();
    p.rstd = rstd.data();
    p.sums = (double*)sums.data();
    p.out = want ? dx.data() : nullptr;
    p.slope = slope.data();
    p.shift = shift.data();
    backward(p, units, p.C / p.groups * p.S, dw.data(), db.data());
  }
  return tuple_of(
      {want ? dx.tensor() : none(), as_bool(args[7]) ? dw.tensor() : none(), as_bool(args[8]) ? db.tensor() : none()});
}

// layer_norm(x, weight?, bias?, N, eps, rms) -> (y, mean or None, rstd): rows of N values
RL_DEF(layer_norm, 6) {
  F32 x(args[0], "input"), w(args[1], "weight", true), b(args[2], "bias", true);
  Rows p{};
  p.N = as_int(args[3]);
  bool rms = as_bool(args[5]);
  if (p.N < 1 || x.size() % p.N || (w && w.size() != p.N) || (b && b.size() != p.N))
    fail(PyExc_ValueError, "layer_norm: sizes must agree");
  p.M = x.size() / p.N;
  Moments m{};
  cut(m, 1, p.N);
  m.x = x.data();
  m.unit_stride = p.N;
  m.eps = as_double(args[4]);
  m.rms = rms;
  Out y(x.nd(), x.shape()), mean({rms ? 0 : p.M}), rstd({p.M});
  Scratch part(p.M * m.blocks * 2 * sizeof(double));
  {
    NoGil nogil(x.size());
    m.part = (double*)part.data();
    m.mean = rms ? nullptr : mean.data();
    m.rstd = rstd.data();
    p.x = x.data();
    p.w = w.data();
    p.b = b.data();
    p.out = y.data();
    p.mean = m.mean;
    p.rstd = m.rstd;
    p.blocks = m.blocks;
    p.stream = x.size() > kStreamed;
    by_unit(
        p.M, p.N,
        [&](int64_t begin, int64_t end) {
          for (int64_t r = begin; r < end; r++) {
            norm().moments(&m, r * m.blocks, (r + 1) * m.blocks);
            norm().merge(&m, r, r + 1);
            norm().row_apply(&p, r * m.blocks, (r + 1) * m.blocks);
          }
        },
        [&] {
          each(p.M * m.blocks, kRowBlock, [&](int64_t begin, int64_t end) { norm().moments(&m, begin, end); });
          norm().merge(&m, 0, p.M);
          each(p.M * m.blocks, kRowBlock, [&](int64_t begin, int64_t end) { norm().row_apply(&p, begin, end); });
        });
  }
  return tuple_of({y.tensor(), rms ? none() : mean.tensor(), rstd.tensor()});
}

// layer_norm_backward(dy, x, weight?, mean?, rstd, N, want_dx, want_dw, want_db) -> (dx?, dw?, db?)
// Without a mean: rms norm.
RL_DEF(layer_norm_backward, 9) {
  F32 dy(args[0], "grad_output"), x(args[1], "input"), w(args[2], "weight", true);
  F32 mean(args[3], "mean", true), rstd(args[4], "rstd");
  Rows p{};
  p.N = as_int(args[5]);
  p.M = rstd.size();
  if (x.size() != p.M * p.N || dy.size() != x.size() || (w && w.size() != p.N) || (mean && mean.size() != p.M))
    fail(PyExc_ValueError, "layer_norm_backward: sizes must agree");
  bool want = as_bool(args[6]), want_w = as_bool(args[7]), want_b = as_bool(args[8]);
  p.blocks = (p.N + kRowBlock - 1) / kRowBlock;
  // Few rows that are long: columns are shared out, each task seeing all rows. Otherwise rows are, in
  // chunks that sum dw and db for themselves.
  bool columns = p.N > 4 * kRowBlock;
  int64_t chunk = (p.M + 31) / 32;
  if (chunk * p.N < kGrain) chunk = (kGrain + p.N - 1) / p.N;
  int64_t chunks = columns || p.M == 0 ? 1 : (p.M + chunk - 1) / chunk;
  Out dx(want ? x.nd() : 0, x.shape()), dw({want_w ? p.N : 0}), db({want_b ? p.N : 0});
  Out slope({p.M}), shift({p.M});
  Scratch sums(p.M * p.blocks * 2 * sizeof(double)), partial((columns ? 1 : chunks * 2 * p.N) * sizeof(float));
  {
    NoGil nogil(x.size());
    p.x = x.data();
    p.dy = dy.data();
    p.w = w.data();
    p.mean = mean.data();
    p.rstd = rstd.data();
    p.slope = slope.data();
    p.shift = shift.data();
    p.sums = (double*)sums.data();
    p.out = want ? dx.data() : nullptr;
    bool rms = !mean;
    if (columns) {
      p.dw = want_w ? dw.data() : nullptr;
      p.db = want_b ? db.data() : nullptr;
      p.stream = x.size() > kStreamed;
      if (want) each(p.M * p.blocks, kRowBlock, [&](int64_t begin, int64_t end) { norm().row_sums(&p, begin, end); });
      if (want) norm().row_solve(&p, rms, 0, p.M);
      if (!want)  // not read for dw and db, but must hold numbers
        for (int64_t r = 0; r < p.M; r++) p.slope[r] = p.shift[r] = 0;
      parallel_for(p.N, 1024, [&](int64_t begin, int64_t end) { norm().row_columns(&p, begin, end); });
    } else {
      bool weights = want_w || want_b;
      parallel_for(p.M, chunk, [&](int64_t begin, int64_t end) {
        Rows mine = p;
        float* mem = partial.f32() + begin / chunk * 2 * p.N;
        if (weights) __builtin_memset(mem, 0, 2 * p.N * sizeof(float));
        mine.dw = want_w ? mem : nullptr;
        mine.db = want_b ? mem + p.N : nullptr;
        for (int64_t r = begin; r < end; r += 2) {
          int64_t to = r + 2 < end ? r + 2 : end;
          norm().row_sums(&mine, r * p.blocks, to * p.blocks);
          norm().row_solve(&mine, rms, r, to);
          norm().row_backward(&mine, r, to);
        }
      });
      if (p.M == 0) __builtin_memset(partial.data(), 0, 2 * p.N * sizeof(float));
      if (want_w) norm().total(partial.f32(), dw.data(), chunks, 2 * p.N, p.N);
      if (want_b) norm().total(partial.f32() + p.N, db.data(), chunks, 2 * p.N, p.N);
    }
  }
  return tuple_of({want ? dx.tensor() : none(), want_w ? dw.tensor() : none(), want_b ? db.tensor() : none()});
}

}  // namespace rl
