// Convolution of float32 images (n, c, d, h, w), as implicit GEMM without an im2col buffer.
#pragma once

#include <cstdint>

struct ConvShape {
  int64_t n, c, o, groups;                        // images, channels in and out (of all groups)
  int64_t in[3], out[3], k[3], s[3], p[3], d[3];  // sizes, kernel, stride, padding before, dilation: d, h, w
  bool winograd = false;                          // allows Winograd's algorithm (winograd.inl.h), where it pays
  int64_t pixels() const { return out[0] * out[1] * out[2]; }
  int64_t inputs() const { return in[0] * in[1] * in[2]; }
  int64_t taps() const { return k[0] * k[1] * k[2]; }
};

// False: no memory for scratch. Bit-identical for any number of threads.
struct ConvKernels {
  // w: (o, c/groups, k...); bias: (o) or null
  bool (*forward)(const ConvShape& s, const float* x, const float* w, const float* bias, float* y);
  // Also the transposed convolution, which may have a bias: (c) or null.
  bool (*backward_input)(const ConvShape& s, const float* dy, const float* w, const float* bias, float* dx);
  bool (*backward_weight)(const ConvShape& s, const float* x, const float* dy, float* dw);
  // db[o] = the sum of dy over images and pixels.
  bool (*backward_bias)(int64_t n, int64_t o, int64_t pixels, const float* dy, float* db);
};
