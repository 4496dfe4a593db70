// Element-wise functions of two and three float32 arrays, comparisons and selection.
#pragma once

#include <cstdint>

// z = f(x, y; a, b, c). Those named *_b give dx from (dy, x) or (dy, y): the derivative of the function in unary.h.
// clang-format off
#define RL_BINARY_OPS(X)                                                                                               \
  X(add)                                                                                                               \
  X(sub) X(mul) X(div) X(div_trunc) X(div_floor) X(fmod) X(remainder) X(pow) X(maximum) X(minimum) X(fmax) X(fmin)     \
      X(atan2) X(hypot) X(copysign) X(xlogy) X(logaddexp) X(prelu) X(dsquare) X(scale_b) X(square_b) X(sqrt_b)         \
          X(rsqrt_b) X(reciprocal_b) X(abs_b) X(pow_b) X(log_b) X(log1p_b) X(expm1_b) X(exp_b) X(sin_b) X(cos_b)       \
              X(erf_b) X(sigmoid_b) X(tanh_b) X(clamp_b) X(threshold_b) X(leaky_relu_b) X(hardtanh_b) X(hardsigmoid_b) \
                  X(hardswish_b) X(elu_b) X(elu_result_b) X(softplus_b) X(logsigmoid_b) X(softsign_b) X(hardshrink_b)  \
                      X(gelu_b) X(gelu_tanh_b) X(silu_b) X(mish_b)
// clang-format on

// clang-format off
#define RL_TERNARY_OPS(X) X(lerp) X(addcmul) X(addcdiv) X(clamp_between) X(div_b)
// clang-format on

// clang-format off
#define RL_COMPARE_OPS(X) \
  X(eq) X(ne) X(lt) X(le) X(gt) X(ge) X(isnan) X(isinf) X(isfinite) X(isposinf) X(isneginf) X(signbit)
// clang-format on

#define X(name) kBinary_##name,
enum BinaryOp { RL_BINARY_OPS(X) kBinaryOps };
#undef X
#define X(name) kTernary_##name,
enum TernaryOp { RL_TERNARY_OPS(X) kTernaryOps };
#undef X
#define X(name) kCompare_##name,
enum CompareOp { RL_COMPARE_OPS(X) kCompareOps };
#undef X

// The result may be one of the inputs; other overlap is not allowed. p: three numbers.
struct BinaryKernels {
  void (*binary[kBinaryOps])(const float* x, const float* y, float* z, int64_t n, const float* p);
  void (*ternary[kTernaryOps])(const float* x, const float* y, const float* w, float* z, int64_t n, const float* p);
  void (*compare[kCompareOps])(const float* x, const float* y, uint8_t* z, int64_t n);
  // z[i] = mask[i] ? x[i] : y[i].
  void (*where)(const uint8_t* mask, const float* x, const float* y, float* z, int64_t n);
};
