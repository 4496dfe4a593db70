#include "kernels/vision.h"

#include "bindings/args.h"

RL_TABLE(vision, VisionKernels)

namespace rl {

// u8_table_rows(images (N, H, W[, C]) uint8, index int64, table (C, 256), shape (n, C, H, W), out or None): rows of
// images through a table for each channel. Negative indices count from the end: IndexError outside.
RL_DEF(u8_table_rows, 5) {
  U8 images(args[0], "images");
  I64 index(args[1], "index");
  F32 table(args[2], "table");
  int64_t shape[4];
  if (as_ints(args[3], shape, 4, "shape") != 4) fail(PyExc_ValueError, "shape must have 4 numbers");
  int64_t n = shape[0], channels = shape[1], pixels = shape[2] * shape[3];
  int64_t rows = images.nd() ? images.dim(0) : 0;
  if (index.size() != n || table.size() != 256 * channels || images.size() != rows * channels * pixels)
    fail(PyExc_ValueError, "u8_table_rows: sizes must agree");
  Scratch places((size_t)(n > 0 ? n : 1) * sizeof(int64_t));
  int64_t* at = (int64_t*)places.data();
  for (int64_t i = 0; i < n; i++) {
    at[i] = index.data()[i] < 0 ? index.data()[i] + rows : index.data()[i];
    if (at[i] < 0 || at[i] >= rows)
      fail(PyExc_IndexError, "index must be in [%ld, %ld), got %ld", (long)-rows, (long)rows, (long)index.data()[i]);
  }
  InOutF32 given(args[4], "out", true);
  if (given && given.size() != n * channels * pixels) fail(PyExc_ValueError, "out must have the size of the result");
  npy_intp dims[4] = {(npy_intp)n, (npy_intp)channels, (npy_intp)shape[2], (npy_intp)shape[3]};
  auto run = [&](float* y) {
    NoGil nogil(n * channels * pixels);
    int64_t row = channels * pixels;
    parallel_for(n, row >= 16384 ? 1 : 16384 / (row > 0 ? row : 1) + 1, [&](int64_t begin, int64_t end) {
      vision().table_rows(images.data(), at, table.data(), y, pixels, channels, begin, end);
    });
  };
  if (given) {
    run(given.data());
    Py_INCREF(given.array());
    return tensor_of(given.array());
  }
  Out y(4, dims);
  run(y.data());
  return y.tensor();
}

}  // namespace rl
