#include "kernels/reduce.h"

#include <cstring>

#include "bindings/args.h"

RL_TABLE(reduce, ReduceKernels)

namespace rl {

// The codes of _C.REDUCE: those of ReduceOp, then these.
enum { kMean = kReduceOps, kVarMean, kMax, kMin, kCodes };

constexpr int64_t kWork = 65536;  // elements of one piece of work

// parallel_for without the interpreter's lock: scratch memory is taken with it, between such calls.
template <class F>
static void work_on(int64_t elements, int64_t n, int64_t grain, F&& f) {
  NoGil nogil(elements);
  parallel_for(n, grain, [&](int64_t begin, int64_t end) { f(begin, end); });
}

static int64_t pieces_of(int64_t n, int64_t piece) { return (n + piece - 1) / piece; }

// y[o*inner + i] = op over j of x[(o*n + j)*inner + i].
static void reduce_group(int op, const float* x, int64_t outer, int64_t n, int64_t inner, float* y) {
  const ReduceKernels& k = reduce();
  if (inner == 1) {
    int64_t pieces = pieces_of(n, kRowPiece);
    if (pieces == 1) {
      work_on(outer * n * inner, outer, kWork / n + 1, [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; o++) y[o] = (float)k.row[op](x + o * n, n);
      });
      return;
    }
    Scratch scratch(outer * pieces * sizeof(double));
    double* part = (double*)scratch.data();
    work_on(outer * n * inner, outer * pieces, kWork / kRowPiece, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; t++) {
        int64_t o = t / pieces, first = t % pieces * kRowPiece;
        part[t] = k.row[op](x + o * n + first, n - first < kRowPiece ? n - first : kRowPiece);
      }
    });
    for (int64_t o = 0; o < outer; o++) {
      double a = part[o * pieces];
      for (int64_t p = 1; p < pieces; p++) a = k.combine[op](a, part[o * pieces + p]);
      y[o] = (float)a;
    }
    return;
  }
  int64_t fold = inner < 32 ? 64 / inner : 1;  // narrow rows, several at a time, as one wide one
  if (fold > 1 && n >= 8 * fold) {
    int64_t wide = fold * inner, rows = n / fold;
    Scratch scratch(outer * wide * sizeof(float));
    float* part = scratch.f32();
    if (rows * fold == n) {
      reduce_group(op, x, outer, rows, wide, part);
    } else {
      for (int64_t o = 0; o < outer; o++) reduce_group(op, x + o * n * inner, 1, rows, wide, part + o * wide);
    }
    for (int64_t o = 0; o < outer; o++)
      for (int64_t i = 0; i < inner; i++) {
        double a = part[o * wide + i];
        for (int64_t f = 1; f < fold; f++) a = k.combine[op](a, part[o * wide + f * inner + i]);
        for (int64_t j = rows * fold; j < n; j++) a = k.combine[op](a, x[(o * n + j) * inner + i]);
        y[o * inner + i] = (float)a;
      }
    return;
  }
  int64_t rows = kWork / inner / 64 * 64;  // of one piece
  rows = rows < 64 ? 64 : rows;
  int64_t pieces = pieces_of(n, rows);
  if (pieces == 1) {
    work_on(outer * n * inner, outer, kWork / (n * inner) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; o++) k.columns[op](x + o * n * inner, n, inner, inner, y + o * inner);
    });
    return;
  }
  Scratch scratch(outer * pieces * inner * sizeof(float));
  float* part = scratch.f32();
  work_on(outer * n * inner, outer * pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; t++) {
      int64_t o = t / pieces, first = t % pieces * rows;
      k.columns[op](x + (o * n + first) * inner, n - first < rows ? n - first : rows, inner, inner, part + t * inner);
    }
  });
  reduce_group(op, part, outer, pieces, inner, y);
}

// Mean and sum of squared differences, of each of outer x inner groups.
static void moments_group(const float* x, int64_t outer, int64_t n, int64_t inner, float* mean, float* m2) {
  const ReduceKernels& k = reduce();
  if (inner == 1) {
    int64_t pieces = outer >= 16 ? 1 : pieces_of(n, kWork);
    int64_t size = pieces == 1 ? n : kWork;
    Scratch scratch(outer * pieces * 2 * sizeof(double));
    double* part = (double*)scratch.data();
    work_on(outer * n * inner, outer * pieces, kWork / size + 1, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; t++) {
        int64_t o = t / pieces, first = t % pieces * size;
        k.moments_row(x + o * n + first, n - first < size ? n - first : size, part + 2 * t, part + 2 * t + 1);
      }
    });
    for (int64_t o = 0; o < outer; o++) {
      double m = 0, s = 0, count = 0;
      for (int64_t p = 0; p < pieces; p++) {
        double add = (double)(n - p * size < size ? n - p * size : size);
        double delta = part[2 * (o * pieces + p)] - m, both = count + add;
        m += delta * add / both;
        s += part[2 * (o * pieces + p) + 1] + delta * delta * count * add / both;
        count = both;
      }
      mean[o] = (float)m;
      m2[o] = (float)s;
    }
    return;
  }
  int64_t tiles = pieces_of(inner, kTile);
  work_on(outer * n * inner, outer * tiles, kWork / (n * (inner < kTile ? inner : kTile)) + 1,
          [&](int64_t begin, int64_t end) {
            for (int64_t t = begin; t < end; t++) {
              int64_t o = t / tiles, first = t % tiles * kTile, width = inner - first < kTile ? inner - first : kTile;
              k.moments_columns(x + o * n * inner + first, n, inner, width, mean + o * inner + first,
                                m2 + o * inner + first);
            }
          });
}

// An array's dims in groups of neighbours that are all reduced or all kept.
struct Groups {
  int count = 0;
  int64_t size[NPY_MAXDIMS];
  bool reduced[NPY_MAXDIMS];
  int64_t n = 1;  // elements that are reduced to one
  npy_intp shape[NPY_MAXDIMS];
  int nd = 0;  // of the result

  Groups(PyArrayObject* x, PyObject* dims, bool keepdim, const char* name) {
    int64_t list[NPY_MAXDIMS];
    int most = as_ints(dims, list, NPY_MAXDIMS, "dim"), ndim = PyArray_NDIM(x);
    bool mark[NPY_MAXDIMS] = {};
    for (int i = 0; i < most; i++) {
      if (list[i] < 0 || list[i] >= ndim)
        fail(PyExc_IndexError, "%s: dim must be in [0, %d), got %lld", name, ndim, (long long)list[i]);
      mark[list[i]] = true;
    }
    for (int i = 0; i < ndim; i++) {
      int64_t s = PyArray_DIM(x, i);
      if (!mark[i] || keepdim) shape[nd++] = mark[i] ? 1 : s;
      if (mark[i]) n *= s;
      if (s == 1) continue;
      if (count && reduced[count - 1] == mark[i]) {
        size[count - 1] *= s;
      } else {
        reduced[count] = mark[i];
        size[count++] = s;
      }
    }
  }
  // Takes the innermost reduced group out; its (outer, n, inner) in `o`. False: there is none left.
  bool next(int64_t* o) {
    for (int g = count - 1; g >= 0; g--) {
      if (!reduced[g]) continue;
      o[0] = o[2] = 1;
      o[1] = size[g];
      for (int i = 0; i < g; i++) o[0] *= size[i];
      for (int i = g + 1; i < count; i++) o[2] *= size[i];
      reduced[g] = false;
      size[g] = 1;
      return true;
    }
    return false;
  }
};

// reduce(op, x, dims in order, keepdim, number) -> y; var_mean gives (variance, mean), its number is the correction
RL_DEF(reduce, 5) {
  int op = (int)as_int(args[0]);
  if (op < 0 || op > kVarMean) fail(PyExc_ValueError, "reduce: op must be one of _C.REDUCE's values");
  F32 x(args[1], "input");
  Groups g(x.array(), args[2], as_bool(args[3]), "reduce");
  double number = as_double(args[4]);
  if (x.size() == 0) fail(PyExc_ValueError, "reduce: input must not be empty");
  int64_t o[3], results = x.size() / g.n;
  Out y(g.nd, g.shape);
  if (op == kVarMean) {
    Out m(g.nd, g.shape);
    // Groups from the inside out: the squares of what was left over, and those of the means.
    Scratch scratch1(x.size() / 2 * 4 + 64), scratch2(x.size() / 2 * 4 + 64);
    {
      const float* data = x.data();
      int64_t done = 1;
      bool first = true;
      while (g.next(o)) {
        int64_t left = o[0] * o[2];
        if (left == results) {  // the last group
          Scratch again(first ? 1 : left * 4);
          if (!first) reduce_group(kSum, scratch2.f32(), o[0], o[1], o[2], again.f32());
          moments_group(data, o[0], o[1], o[2], m.data(), y.data());
          if (!first)
            for (int64_t i = 0; i < left; i++) y.data()[i] = again.f32()[i] + (float)done * y.data()[i];
          done *= o[1];
          first = false;
          break;
        }
        Scratch mean(left * 4), m2(left * 4), sum(left * 4);
        if (!first) reduce_group(kSum, scratch2.f32(), o[0], o[1], o[2], sum.f32());
        moments_group(data, o[0], o[1], o[2], mean.f32(), m2.f32());
        for (int64_t i = 0; i < left; i++) {
          scratch1.f32()[i] = mean.f32()[i];
          scratch2.f32()[i] = first ? m2.f32()[i] : sum.f32()[i] + (float)done * m2.f32()[i];
        }
        data = scratch1.f32();
        done *= o[1];
        first = false;
      }
      if (first) {  // nothing to reduce
        memcpy(m.data(), x.data(), results * 4);
        memset(y.data(), 0, results * 4);
      }
      double divisor = (double)g.n - number;
      float scale = (float)(divisor > 0 ? divisor : 0);
      for (int64_t i = 0; i < results; i++) y.data()[i] /= scale;
    }
    PyObject* mean = m.tensor();
    return tuple_of({y.tensor(), mean});
  }
  int kind = op == kMean ? (int)kSum : op;
  Groups probe = g;
  int64_t most = 1;  // the largest intermediate result
  while (probe.next(o))
    if (o[0] * o[2] > results && o[0] * o[2] > most) most = o[0] * o[2];
  Scratch a(most * 4), b(most * 4);
  {
    const float* data = x.data();
    bool any = false;
    float* to = a.f32();
    while (g.next(o)) {
      float* target = o[0] * o[2] == results ? y.data() : to;
      reduce_group(kind, data, o[0], o[1], o[2], target);
      data = target;
      to = to == a.f32() ? b.f32() : a.f32();
      any = true;
    }
    if (!any) memcpy(y.data(), x.data(), results * 4);
    if (op == kMean) {
      double n = (double)g.n;
      for (int64_t i = 0; i < results; i++) y.data()[i] = (float)(y.data()[i] / n);
    }
  }
  return y.tensor();
}

// reduce_index(op, x, dim, keepdim) -> (values, indices) of the largest or smallest along dim
RL_DEF(reduce_index, 4) {
  int op = (int)as_int(args[0]);
  if (op != kMax && op != kMin) fail(PyExc_ValueError, "reduce_index: op must be max or min of _C.REDUCE");
  bool largest = op == kMax;
  F32 x(args[1], "input");
  int64_t dim = as_int(args[2]);
  bool keepdim = as_bool(args[3]);
  if (x.size() == 0 || dim < 0 || dim >= x.nd())
    fail(PyExc_ValueError, "reduce_index: dim must be one of input's, which must not be empty");
  int64_t outer = 1, n = x.dim((int)dim), inner = 1;
  npy_intp shape[NPY_MAXDIMS];
  int nd = 0;
  for (int i = 0; i < x.nd(); i++) {
    if (i < dim) outer *= x.dim(i);
    if (i > dim) inner *= x.dim(i);
    if (i != dim || keepdim) shape[nd++] = i == dim ? 1 : x.dim(i);
  }
  if (n > INT32_MAX) fail(PyExc_ValueError, "reduce_index: dim must have fewer than 2**31 elements");
  Out values(nd, shape);
  OutI64 indices(nd, shape);
  const ReduceKernels& k = reduce();
  float* v = values.data();
  int64_t* at = indices.data();
  int64_t pieces = inner == 1 && outer < 16 ? pieces_of(n, kWork) : 1;
  Scratch pv(pieces > 1 ? outer * pieces * 4 : 1), pi(pieces > 1 ? outer * pieces * 8 : 1);
  {
    NoGil nogil(x.size());
    if (inner == 1 && pieces == 1) {
      parallel_for(outer, kWork / n + 1, [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; o++) k.extreme_row(largest, x.data() + o * n, n, v + o, at + o);
      });
    } else if (inner == 1) {
      int64_t* where = (int64_t*)pi.data();
      parallel_for(outer * pieces, 1, [&](int64_t begin, int64_t end) {
        for (int64_t t = begin; t < end; t++) {
          int64_t o = t / pieces, first = t % pieces * kWork;
          k.extreme_row(largest, x.data() + o * n + first, n - first < kWork ? n - first : kWork, pv.f32() + t,
                        where + t);
          where[t] += first;
        }
      });
      for (int64_t o = 0; o < outer; o++) {
        int64_t in_parts;
        k.extreme_row(largest, pv.f32() + o * pieces, pieces, v + o, &in_parts);
        at[o] = where[o * pieces + in_parts];
      }
    } else {
      int64_t tiles = pieces_of(inner, kTile);
      parallel_for(outer * tiles, kWork / (n * (inner < kTile ? inner : kTile)) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t t = begin; t < end; t++) {
          int64_t o = t / tiles, first = t % tiles * kTile, width = inner - first < kTile ? inner - first : kTile;
          k.extreme_columns(largest, x.data() + o * n * inner + first, n, inner, width, v + o * inner + first,
                            at + o * inner + first);
        }
      });
    }
  }
  PyObject* second = indices.tensor();
  return tuple_of({values.tensor(), second});
}

// cumulative(product, x, dim) -> running sums or products along dim
RL_DEF(cumulative, 3) {
  bool product = as_bool(args[0]);
  F32 x(args[1], "input");
  int64_t dim = as_int(args[2]);
  if (dim < 0 || dim >= x.nd()) fail(PyExc_ValueError, "cumulative: dim must be one of input's");
  int64_t outer = 1, n = x.dim((int)dim), inner = 1;
  for (int i = 0; i < x.nd(); i++) {
    if (i < dim) outer *= x.dim(i);
    if (i > dim) inner *= x.dim(i);
  }
  Out y(x.nd(), x.shape());
  if (x.size()) {
    NoGil nogil(x.size());
    int64_t tiles = pieces_of(inner, kTile), width = inner < kTile ? inner : kTile;
    parallel_for(outer * tiles, kWork / (n * width) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; t++) {
        int64_t o = t / tiles, first = t % tiles * kTile, w = inner - first < kTile ? inner - first : kTile;
        reduce().cumulative(product, x.data() + o * n * inner + first, n, inner, w, y.data() + o * n * inner + first);
      }
    });
  }
  return y.tensor();
}

static AtImport add_codes([](PyObject* module) {
  PyObject* d = PyDict_New();
  const char* names[kCodes] = {"sum", "prod", "amax", "amin", "mean", "var_mean", "max", "min"};
  for (int i = 0; i < kCodes; i++) {
    PyObject* v = PyLong_FromLong(i);
    PyDict_SetItemString(d, names[i], v);
    Py_DECREF(v);
  }
  PyModule_AddObject(module, "REDUCE", d);
});

}  // namespace rl
