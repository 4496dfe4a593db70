#include "kernels/unary.h"

#include "kernels/activation.inl.h"

namespace RL_LEVEL {

template <class F>
RL_INLINE void each(const float* x, float* y, int64_t n, F f) {
  for (int64_t i = 0; i < n; i += W) {
    int64_t left = n - i;
    vf v = f(left >= W ? load(x + i) : load_n(x + i, (int)left));
    if (left >= W)
      store(y + i, v);
    else
      store_n(y + i, v, (int)left);
  }
}

#define UNARY(name, ...)                                                                      \
  static void name##_op(const float* in, float* out, int64_t n, const float* p) {             \
    [[maybe_unused]] const vf a = set1(p[0]), b = set1(p[1]), c = set1(p[2]);                 \
    each(in, out, n, [=](vf x) __attribute__((always_inline)) -> vf { return __VA_ARGS__; }); \
  }

UNARY(neg, -x)
UNARY(abs, abs(x))
UNARY(square, x* x)
UNARY(cube, x * x * x)
UNARY(sqrt, sqrt(x))
UNARY(rsqrt, rsqrt(x))
UNARY(reciprocal, 1.0f / x)
UNARY(sign, select(x > 0.0f, set1(1.0f), select(x < 0.0f, set1(-1.0f), vf{})))
UNARY(floor, round_to<kFloor>(x))
UNARY(ceil, round_to<kCeil>(x))
UNARY(trunc, round_to<kTrunc>(x))
UNARY(round, round_to<kNearest>(x))
UNARY(frac, x - round_to<kTrunc>(x))

UNARY(exp, exp(x))
UNARY(exp2, exp2(x))
UNARY(expm1, expm1(x))
UNARY(log, log(x))
UNARY(log2, log2(x))
UNARY(log10, log10(x))
UNARY(log1p, log1p(x))
UNARY(sin, sin(x))
UNARY(cos, cos(x))
UNARY(tan, tan(x))
UNARY(asin, asin(x))
UNARY(acos, acos(x))
UNARY(atan, atan(x))
UNARY(sinh, sinh(x))
UNARY(cosh, cosh(x))
UNARY(asinh, asinh(x))
UNARY(acosh, acosh(x))
UNARY(atanh, atanh(x))
UNARY(tanh, tanh(x))
UNARY(sigmoid, sigmoid(x))
UNARY(erf, erf(x))
UNARY(erfc, erfc(x))

// a: eps; a < 0: no clamping.
static void logit_op(const float* in, float* out, int64_t n, const float* p) {
  const float eps = p[0];
  each(in, out, n, [=](vf x) {
    if (eps >= 0) x = clamp(x, set1(eps), set1(1.0f - eps));
    return log(x / (1.0f - x));
  });
}
// a, b, c: the numbers for NaN, infinity and -infinity.
UNARY(nan_to_num, select(x != x, a, select(x == kInf, b, select(x == -kInf, c, x))))
UNARY(clamp, clamp(x, a, b))  // to [a, b]; where a > b the result is b

UNARY(relu, relu(x))
UNARY(threshold, select(x <= a, b, x))
UNARY(leaky_relu, select(x > 0.0f, x, x* a))
UNARY(hardtanh, clamp(x, a, b))
UNARY(hardsigmoid, clamp(x + 3.0f, vf{}, set1(6.0f)) * (1.0f / 6.0f))
UNARY(hardswish, x* clamp(x + 3.0f, vf{}, set1(6.0f)) * (1.0f / 6.0f))
// a: alpha, b: scale, c: input scale.
UNARY(elu, select(x > 0.0f, x* b, expm1(x* c) * (a * b)))
// a: beta, b: threshold.
UNARY(softplus, select(x* a > b, x, log1p(exp(x* a)) / a))
UNARY(logsigmoid, min(vf{}, x) - log1p(exp(-abs(x))))
UNARY(softsign, x / (abs(x) + 1.0f))
UNARY(tanhshrink, x - tanh(x))
UNARY(hardshrink, select((x >= -a) & (x <= a), vf{}, x))
UNARY(softshrink, select(x > a, x - a, select(x < -a, x + a, x * 0.0f)))
UNARY(gelu, gelu(x))
UNARY(gelu_tanh, x* gelu_tanh_gate(x))
UNARY(silu, silu(x))
UNARY(mish, x* mish_gate(x))

extern const UnaryKernels unary_kernels;
const UnaryKernels unary_kernels = {{
#define X(name) name##_op,
    RL_UNARY_OPS(X)
#undef X
}};

}  // namespace RL_LEVEL
