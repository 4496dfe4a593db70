#include "kernels/pool.h"

#include "bindings/args.h"

RL_TABLE(pool, PoolKernels)

namespace rl {
namespace {

// What Python passes for one pooling, as a tuple of ints: (dims, adaptive, ceil'd output sizes..., and per
// dimension in, out, kernel, stride, padding, dilation); see window_geometry in ops/pool.py.
constexpr int kFields = 6;

struct Tables {
  PoolShape s = {};
  int64_t inputs = 1, outputs = 1;
  bool bytes = true;  // a position in the window fits a byte

  // `args`: the input's shape; `o`: a tuple (in, out, kernel, stride, padding, dilation) for each of three
  // dimensions, kernel 0 for adaptive windows. `taps`: make the table of positions too.
  Tables(PyObject* o, bool include_pad, double divisor, bool taps, int64_t planes) {
    int64_t v[3 * kFields];
    if (as_ints(o, v, 3 * kFields, "geometry") != 3 * kFields) fail(PyExc_ValueError, "geometry must have 18 numbers");
    int64_t total = 0, window = 1;
    for (int i = 0; i < 3; i++) {
      const int64_t *f = v + i * kFields, in = f[0], out = f[1], k = f[2];
      if (in < 0 || out < 0 || in > INT32_MAX || out > INT32_MAX || k < 0 || k > INT32_MAX || f[3] < 0 || f[4] < 0 ||
          f[5] < 1 || (k == 0 && in == 0))
        fail(PyExc_ValueError, "pooling geometry out of range");
      total += out;
      inputs *= in;
      outputs *= out;
    }
    s.divisor = (float)divisor;
    ints_ = new Scratch((3 * sizeof(int32_t) + sizeof(float)) * (total ? total : 1));
    int32_t* at = (int32_t*)ints_->data();
    PoolDim* dims[3] = {&s.d, &s.h, &s.w};
    for (int i = 0; i < 3; i++) {
      fill(*dims[i], v + i * kFields, include_pad, at);
      at += 4 * v[i * kFields + 1];
      window *= dims[i]->k;
    }
    bytes = window <= 256;
    s.planes = planes;
    s.stream = planes * inputs * 4 > (24 << 20);
    if (!taps) return;
    taps_ = new Scratch(sizeof(int32_t) * window);
    int32_t* tap = (int32_t*)taps_->data();
    s.tap = tap;
    for (int a = 0; a < s.d.k; a++)
      for (int b = 0; b < s.h.k; b++)
        for (int c = 0; c < s.w.k; c++)
          *tap++ = (int32_t)(((int64_t)a * s.d.step * s.h.in + (int64_t)b * s.h.step) * s.w.in + (int64_t)c * s.w.step);
  }
  ~Tables() {
    delete ints_;
    delete taps_;
  }
  Tables(const Tables&) = delete;
  int64_t grain() const { return inputs ? 1 + 32768 / inputs : 1; }

 private:
  Scratch *ints_ = nullptr, *taps_ = nullptr;

  static void fill(PoolDim& d, const int64_t* f, bool include_pad, int32_t* at) {
    const int64_t in = f[0], out = f[1], stride = f[3], pad = f[4];
    const bool adaptive = f[2] == 0;
    int64_t k = f[2];
    d.in = (int)in;
    d.out = (int)out;
    d.step = (int)f[5];
    int32_t *start = at, *lo = at + out, *hi = at + 2 * out;
    float* size = (float*)(at + 3 * out);
    d.start = start, d.lo = lo, d.hi = hi, d.size = size;
    for (int64_t o = 0; o < out; o++) {
      if (adaptive) {
        start[o] = (int32_t)(o * in / out);
        lo[o] = 0;
        hi[o] = (int32_t)(((o + 1) * in + out - 1) / out) - start[o];
        if (hi[o] > k) k = hi[o];
        size[o] = (float)hi[o];
      } else {
        int64_t from = o * stride - pad;
        int64_t first = from < 0 ? (-from + d.step - 1) / d.step : 0;
        int64_t last = in > from ? (in - from + d.step - 1) / d.step : 0;
        start[o] = (int32_t)from;
        lo[o] = (int32_t)(first < k ? first : k);
        hi[o] = (int32_t)(last < k ? last : k);
        if (hi[o] < lo[o]) hi[o] = lo[o];
        int64_t padded = from + k < in + pad ? k : in + pad - from;
        size[o] = (float)(include_pad ? padded : hi[o] - lo[o]);
      }
    }
    d.k = (int)k;
    d.stride = adaptive ? (out && in % out == 0 ? (int)(in / out) : 0) : (int)stride;
    d.inner_begin = 0;
    while (d.inner_begin < out && !(lo[d.inner_begin] == 0 && hi[d.inner_begin] == k)) d.inner_begin++;
    d.inner_end = d.inner_begin;
    while (d.inner_end < out && lo[d.inner_end] == 0 && hi[d.inner_end] == k) d.inner_end++;
    d.apart = d.cover = true;
    int64_t next = 0;
    for (int64_t o = 0; o < out; o++) {
      int64_t from = start[o] + lo[o], to = start[o] + hi[o];
      if (from < next) d.apart = false;
      if (from > next) d.cover = false;
      next = to;
    }
    if (next < in) d.cover = false;
  }
};

// The result's shape: x's leading dimensions, then the last `dims` of the geometry's sizes.
struct Shape {
  npy_intp dims[NPY_MAXDIMS];
  int64_t planes = 1;
  Shape(int nd, const npy_intp* like, int spatial, const Tables& t, bool outputs) {
    const PoolDim* d[3] = {&t.s.d, &t.s.h, &t.s.w};
    for (int i = 0; i < nd; i++) {
      int j = i - (nd - spatial) + 3 - spatial;
      dims[i] = i < nd - spatial ? like[i] : outputs ? d[j]->out : d[j]->in;
      if (i < nd - spatial) planes *= like[i];
    }
  }
};

int64_t planes_of(const npy_intp* shape, int nd, int spatial) {
  if (spatial < 1 || spatial > 3 || nd < spatial) fail(PyExc_ValueError, "pooling is over 1 to 3 dimensions");
  int64_t n = 1;
  for (int i = 0; i < nd - spatial; i++) n *= shape[i];
  return n;
}

void check(bool good, const char* what) {
  if (!good) fail(PyExc_ValueError, "pooling: %s does not agree with the geometry", what);
}

}  // namespace

// (x, spatial dimensions, geometry, want: 0 values, 1 also positions, 2 also indices)
//   -> y, or (y, uint8 positions in the window, for max_pool_backward), or (y, int64 indices in the plane).
// Positions need windows of at most 256 inputs; larger ones give indices.
RL_DEF(max_pool, 4) {
  F32 x(args[0], "input");
  int spatial = (int)as_int(args[1]);
  int64_t want = as_int(args[3]), planes = planes_of(x.shape(), x.nd(), spatial);
  Tables t(args[2], false, 0, want != 0, planes);
  check(planes * t.inputs == x.size(), "input");
  if (want == 1 && !t.bytes) want = 2;
  Shape shape(x.nd(), x.shape(), spatial, t, true);
  Out y(x.nd(), shape.dims);
  if (want == 2) {
    OutI64 index(x.nd(), shape.dims);
    {
      NoGil nogil(x.size());
      parallel_for(planes, t.grain(), [&](int64_t b, int64_t e) {
        pool().max_forward(t.s, x.data(), y.data(), nullptr, index.data(), b, e);
      });
    }
    return tuple_of({y.tensor(), index.tensor()});
  }
  if (want == 1) {
    NewArray<NPY_UINT8, uint8_t> arg(x.nd(), shape.dims);
    {
      NoGil nogil(x.size());
      parallel_for(planes, t.grain(), [&](int64_t b, int64_t e) {
        pool().max_forward(t.s, x.data(), y.data(), arg.data(), nullptr, b, e);
      });
    }
    return tuple_of({y.tensor(), arg.tensor()});
  }
  NoGil nogil(x.size());
  parallel_for(planes, t.grain(),
               [&](int64_t b, int64_t e) { pool().max_forward(t.s, x.data(), y.data(), nullptr, nullptr, b, e); });
  return y.tensor();
}

// (dy, positions or indices, spatial dimensions, geometry) -> dx
RL_DEF(max_pool_backward, 4) {
  F32 dy(args[0], "dy");
  int spatial = (int)as_int(args[2]);
  int64_t planes = planes_of(dy.shape(), dy.nd(), spatial);
  Tables t(args[3], false, 0, true, planes);
  check(planes * t.outputs == dy.size(), "dy");
  Shape shape(dy.nd(), dy.shape(), spatial, t, false);
  Out dx(dy.nd(), shape.dims);
  if (PyArray_TYPE(array_of(args[1], "indices")) == NPY_INT64) {
    I64 index(args[1], "indices");
    check(index.size() == dy.size(), "indices");
    NoGil nogil(dx.size());
    parallel_for(planes, t.grain(), [&](int64_t b, int64_t e) {
      pool().scatter(dy.data(), index.data(), dx.data(), t.outputs, t.inputs, b, e);
    });
    return dx.tensor();
  }
  U8 arg(args[1], "positions");
  check(arg.size() == dy.size(), "positions");
  NoGil nogil(dx.size());
  parallel_for(planes, t.grain(),
               [&](int64_t b, int64_t e) { pool().max_backward(t.s, dy.data(), arg.data(), dx.data(), b, e); });
  return dx.tensor();
}

// (x, spatial dimensions, geometry, count the padding, divisor or 0) -> y
RL_DEF(avg_pool, 5) {
  F32 x(args[0], "input");
  int spatial = (int)as_int(args[1]);
  int64_t planes = planes_of(x.shape(), x.nd(), spatial);
  Tables t(args[2], as_bool(args[3]), as_double(args[4]), false, planes);
  check(planes * t.inputs == x.size(), "input");
  Shape shape(x.nd(), x.shape(), spatial, t, true);
  Out y(x.nd(), shape.dims);
  NoGil nogil(x.size());
  parallel_for(planes, t.grain(), [&](int64_t b, int64_t e) { pool().avg_forward(t.s, x.data(), y.data(), b, e); });
  return y.tensor();
}

// (dy, spatial dimensions, geometry, count the padding, divisor or 0) -> dx
RL_DEF(avg_pool_backward, 5) {
  F32 dy(args[0], "dy");
  int spatial = (int)as_int(args[1]);
  int64_t planes = planes_of(dy.shape(), dy.nd(), spatial);
  Tables t(args[2], as_bool(args[3]), as_double(args[4]), false, planes);
  check(planes * t.outputs == dy.size(), "dy");
  Shape shape(dy.nd(), dy.shape(), spatial, t, false);
  Out dx(dy.nd(), shape.dims);
  // One row of scratch for each thread that may run at once would need its number: one for each chunk.
  const int64_t grain = even_grain(planes, t.grain(), 4), row = t.s.w.in + 64;
  Scratch rows(sizeof(float) * row * ((planes + grain - 1) / grain));
  NoGil nogil(dx.size());
  parallel_for(planes, grain, [&](int64_t b, int64_t e) {
    pool().avg_backward(t.s, dy.data(), dx.data(), rows.f32() + b / grain * row, b, e);
  });
  return dx.tensor();
}

}  // namespace rl
