#include "kernels/copy.h"

#include <cstring>

#include "bindings/args.h"

RL_TABLE(copy, CopyKernels)

namespace rl {

// A C-contiguous copy of a strided array, by the pattern of its strides: dimensions that merge are merged; then
// either the inner one is contiguous in both (copied run by run), or another one is contiguous in x, and the two
// make a matrix that is transposed, once for each index of the rest.
struct Dim {
  int64_t n, x, y;  // elements; strides in elements
};

static void copy_to_contiguous(PyArrayObject* x, float* y) {
  Dim d[NPY_MAXDIMS];
  int nd = 0;
  int64_t total = 1;
  for (int i = PyArray_NDIM(x) - 1; i >= 0; i--) {  // innermost first
    int64_t n = PyArray_DIM(x, i), s = PyArray_STRIDE(x, i) / 4;
    if (n != 1) {
      if (nd && s == d[nd - 1].x * d[nd - 1].n)
        d[nd - 1].n *= n;
      else
        d[nd++] = {n, s, total};
    }
    total *= n;
  }
  if (total == 0) return;
  if (nd == 0) d[nd++] = {1, 1, 1};
  const float* from = (const float*)PyArray_DATA(x);
  int inner = -1;  // the dimension that is contiguous in x
  for (int i = 0; i < nd; i++)
    if (d[i].x == 1) inner = i;
  NoGil nogil(total);
  auto offsets = [&](int64_t index, int skip1, int skip2, int64_t* ox, int64_t* oy) {
    *ox = *oy = 0;
    for (int i = 0; i < nd; i++) {
      if (i == skip1 || i == skip2) continue;
      *ox += index % d[i].n * d[i].x;
      *oy += index % d[i].n * d[i].y;
      index /= d[i].n;
    }
  };
  if (inner > 0) {
    Dim r = d[0], c = d[inner];  // x: r.n rows of c.n contiguous elements
    int64_t outer = total / r.n / c.n;
    // Past the caches where the result is much larger than they are and lines are whole.
    bool stream = total * 4 >= ((int64_t)16 << 20) && ((uintptr_t)y & 63) == 0 && c.y % 16 == 0;
    for (int i = 0; i < nd; i++) stream &= i == 0 || d[i].y % 16 == 0;
    int64_t strip = 65536 / r.n / 16 * 16;  // columns at a time
    strip = strip < 64 ? 64 : strip > c.n ? c.n : strip;
    int64_t strips = (c.n + strip - 1) / strip;
    int64_t grain = 65536 / (strip * r.n) + 1;
    parallel_for(outer * strips, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        int64_t ox, oy, first = i % strips * strip, n = c.n - first < strip ? c.n - first : strip;
        offsets(i / strips, 0, inner, &ox, &oy);
        copy().transpose(from + ox + first, r.x, y + oy + first * c.y, c.y, r.n, n, stream);
      }
    });
    return;
  }
  int64_t rows = total / d[0].n;
  parallel_for(rows, 32768 / d[0].n + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      int64_t ox, oy;
      offsets(i, 0, 0, &ox, &oy);
      const float* p = from + ox;
      float* q = y + oy;
      if (d[0].x == 1)
        memcpy(q, p, d[0].n * 4);
      else
        for (int64_t k = 0; k < d[0].n; k++) q[k] = p[k * d[0].x];
    }
  });
}

// contiguous(x) -> a C-contiguous copy of an array with 4-byte elements
RL_DEF(contiguous, 1) {
  PyArrayObject* x = array_of(args[0], "input");
  if (PyArray_ITEMSIZE(x) != 4 || !PyArray_ISALIGNED(x) || PyArray_TYPE(x) >= NPY_OBJECT)
    fail(PyExc_TypeError, "contiguous: input must have 4-byte elements");
  PyArrayObject* y = new_array(PyArray_NDIM(x), PyArray_DIMS(x), PyArray_TYPE(x));
  copy_to_contiguous(x, (float*)PyArray_DATA(y));
  return tensor_of(y);
}

static int cast_type(PyArray_Descr* type) {
  static int bf16 = -1;  // NumPy numbers the types of extensions as they come
  if (bf16 < 0 && !strcmp(type->typeobj->tp_name, "ml_dtypes.bfloat16")) bf16 = type->type_num;
  if (type->type_num == bf16) return kCastBF16;
  switch (type->type_num) {
    case NPY_FLOAT16:
      return kCastF16;
    case NPY_FLOAT32:
      return kCastF32;
    case NPY_FLOAT64:
      return kCastF64;
    case NPY_INT64:
      return kCastI64;
    case NPY_INT32:
      return kCastI32;
    case NPY_UINT8:
      return kCastU8;
    case NPY_BOOL:
      return kCastBool;
    default:
      return -1;
  }
}

// cast(x, NumPy dtype) -> a copy of the dtype with x's memory order; None where there is no kernel for it
RL_DEF(cast, 2) {
  PyArrayObject* x = array_of(args[0], "input");
  if (!PyArray_DescrCheck(args[1])) fail(PyExc_TypeError, "cast: dtype must be a NumPy dtype");
  int type = ((PyArray_Descr*)args[1])->type_num;
  int from = cast_type(PyArray_DESCR(x)), to = cast_type((PyArray_Descr*)args[1]);
  if (from < 0 || to < 0 || !copy().cast[from][to] || !PyArray_ISALIGNED(x) || !PyArray_ISNOTSWAPPED(x)) Py_RETURN_NONE;
  if (!PyArray_IS_C_CONTIGUOUS(x)) {  // dense in another order is as good
    bool seen[NPY_MAXDIMS] = {};
    npy_intp step = PyArray_ITEMSIZE(x);
    int nd = PyArray_NDIM(x), left = nd;
    for (int i = 0; i < nd; i++)
      if (PyArray_DIM(x, i) == 1) seen[i] = true, left--;
    for (bool moved = true; left && moved;) {
      moved = false;
      for (int i = nd - 1; i >= 0; i--)
        if (!seen[i] && PyArray_STRIDE(x, i) == step) {
          step *= PyArray_DIM(x, i);
          seen[i] = moved = true;
          left--;
          break;
        }
    }
    if (left) Py_RETURN_NONE;
  }
  PyArrayObject* y =
      PyArray_IS_C_CONTIGUOUS(x) ? new_array(PyArray_NDIM(x), PyArray_DIMS(x), type) : new_array_like(x, type);
  auto f = copy().cast[from][to];
  int64_t n = PyArray_SIZE(x), in = PyArray_ITEMSIZE(x), out = PyArray_ITEMSIZE(y);
  const char* p = PyArray_BYTES(x);
  char* q = PyArray_BYTES(y);
  {
    NoGil nogil(n);
    parallel_for(n, 32768, [&](int64_t begin, int64_t end) { f(p + begin * in, q + begin * out, end - begin); });
  }
  return tensor_of(y);
}

}  // namespace rl
