// Element-wise functions of one float32 array, and the products of their derivatives with dy (those are in
// binary.h: functions of dy and of x or y).
#pragma once

#include <cstdint>

// Each is y = f(x; a, b, c) with up to three numbers; what they mean is told where it is defined (unary.cpp).
// clang-format off
#define RL_UNARY_OPS(X)                                                                                               \
  X(neg)                                                                                                              \
  X(abs)                                                                                                              \
  X(square) X(cube) X(sqrt) X(rsqrt) X(reciprocal) X(sign) X(floor) X(ceil) X(trunc) X(round) X(frac) X(exp) X(exp2)  \
      X(expm1) X(log) X(log2) X(log10) X(log1p) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh) X(asinh) \
          X(acosh) X(atanh) X(tanh) X(sigmoid) X(erf) X(erfc) X(logit) X(nan_to_num) X(clamp) X(relu) X(threshold)    \
              X(leaky_relu) X(hardtanh) X(hardsigmoid) X(hardswish) X(elu) X(softplus) X(logsigmoid) X(softsign)      \
                  X(tanhshrink) X(hardshrink) X(softshrink) X(gelu) X(gelu_tanh) X(silu) X(mish)
// clang-format on

enum UnaryOp {
#define X(name) kUnary_##name,
  RL_UNARY_OPS(X)
#undef X
      kUnaryOps
};

struct UnaryKernels {
  // y[i] = f(x[i]) for i < n. x == y is allowed, other overlap is not. p: three numbers.
  void (*f[kUnaryOps])(const float* x, float* y, int64_t n, const float* p);
};
