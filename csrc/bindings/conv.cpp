#include "kernels/conv.h"

#include "bindings/args.h"

RL_TABLE(conv, ConvKernels)

namespace rl {
namespace {

void check(bool good, const char* what) {
  if (!good) fail(PyExc_ValueError, "convolution: %s does not agree with the geometry", what);
}

// `o`: (groups, then in, out, kernel, stride, padding, dilation of each of three dimensions), see ops/conv.py.
ConvShape shape_of(PyObject* o, PyObject* winograd, int64_t n, int64_t channels, int64_t outputs) {
  int64_t v[19];
  if (as_ints(o, v, 19, "geometry") != 19) fail(PyExc_ValueError, "geometry must have 19 numbers");
  ConvShape s = {n, channels, outputs, v[0]};
  s.winograd = winograd == Py_True;
  check(s.groups > 0 && channels % s.groups == 0 && outputs % s.groups == 0, "groups");
  for (int i = 0; i < 3; i++) {
    const int64_t* f = v + 1 + 6 * i;
    for (int j = 0; j < 6; j++)
      if (f[j] < 0 || f[j] > INT32_MAX / 4) fail(PyExc_ValueError, "convolution geometry out of range");
    s.in[i] = f[0], s.out[i] = f[1], s.k[i] = f[2], s.s[i] = f[3], s.p[i] = f[4], s.d[i] = f[5];
    check(s.k[i] > 0 && s.s[i] > 0 && s.d[i] > 0, "kernel, stride or dilation");
  }
  check(s.pixels() * s.o < INT32_MAX && s.inputs() * s.c < INT32_MAX, "the size of an image (2**31 elements at most)");
  return s;
}

struct Dims {
  npy_intp dims[NPY_MAXDIMS];
  Dims(int nd, int64_t a, int64_t b, const int64_t* sizes) {
    dims[0] = a;
    dims[1] = b;
    for (int i = 2; i < nd; i++) dims[i] = sizes[3 - nd + i];
  }
};

void check_nd(int nd) {
  if (nd < 3 || nd > 5) fail(PyExc_ValueError, "convolution is over 1 to 3 dimensions");
}

void done(bool good) {
  if (good) return;
  PyErr_NoMemory();
  throw PythonError{};
}

}  // namespace

// (x, w, bias or None, geometry, winograd) -> y; all of 3 to 5 dimensions. `winograd`: may use Winograd's algorithm.
RL_DEF(conv, 5) {
  F32 x(args[0], "input"), w(args[1], "weight"), bias(args[2], "bias", true);
  check_nd(x.nd());
  ConvShape s = shape_of(args[3], args[4], x.dim(0), x.dim(1), w.dim(0));
  check(x.size() == s.n * s.c * s.inputs(), "input");
  check(w.size() == s.o * (s.c / s.groups) * s.taps(), "weight");
  check(!bias || bias.size() == s.o, "bias");
  Dims dims(x.nd(), s.n, s.o, s.out);
  Out y(x.nd(), dims.dims);
  bool good = true;
  if (y.size()) {
    NoGil nogil(y.size() * s.taps());
    good = conv().forward(s, x.data(), w.data(), bias.data(), y.data());
  }
  done(good);
  return y.tensor();
}

// (dy, w, bias or None, geometry, channels of x, winograd) -> dx: the gradient of the input, or a transposed
// convolution.
RL_DEF(conv_backward_input, 6) {
  F32 dy(args[0], "dy"), w(args[1], "weight"), bias(args[2], "bias", true);
  check_nd(dy.nd());
  ConvShape s = shape_of(args[3], args[5], dy.dim(0), as_int(args[4]), dy.dim(1));
  check(dy.size() == s.n * s.o * s.pixels(), "dy");
  check(w.size() == s.o * (s.c / s.groups) * s.taps(), "weight");
  check(!bias || bias.size() == s.c, "bias");
  Dims dims(dy.nd(), s.n, s.c, s.in);
  Out dx(dy.nd(), dims.dims);
  bool good = true;
  if (dx.size()) {
    NoGil nogil(dx.size() * s.taps());
    good = conv().backward_input(s, dy.data(), w.data(), bias.data(), dx.data());
  }
  done(good);
  return dx.tensor();
}

// (x, dy, geometry, winograd) -> dw
RL_DEF(conv_backward_weight, 4) {
  F32 x(args[0], "input"), dy(args[1], "dy");
  check_nd(x.nd());
  ConvShape s = shape_of(args[2], args[3], x.dim(0), x.dim(1), dy.nd() == x.nd() ? dy.dim(1) : 0);
  check(x.size() == s.n * s.c * s.inputs(), "input");
  check(dy.dim(0) == s.n && dy.size() == s.n * s.o * s.pixels(), "dy");
  Dims dims(x.nd(), s.o, s.c / s.groups, s.k);
  Out dw(x.nd(), dims.dims);
  bool good = true;
  if (dw.size()) {
    NoGil nogil(dy.size() * s.taps());
    good = conv().backward_weight(s, x.data(), dy.data(), dw.data());
  }
  done(good);
  return dw.tensor();
}

// dy -> its sum over all but dimension 1
RL_DEF(conv_backward_bias, 1) {
  F32 dy(args[0], "dy");
  check_nd(dy.nd());
  Out db({dy.dim(1)});
  int64_t pixels = 1;
  for (int i = 2; i < dy.nd(); i++) pixels *= dy.dim(i);
  NoGil nogil(dy.size());
  conv().backward_bias(dy.dim(0), dy.dim(1), pixels, dy.data(), db.data());
  return db.tensor();
}

}  // namespace rl
