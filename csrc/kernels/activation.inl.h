// Activation functions that the forward (unary.cpp) and backward (binary.cpp) kernels and fused epilogues share.
#pragma once

#include "kernels/math.inl.h"

namespace RL_LEVEL {

// The bounds win over nothing but numbers: a NaN stays one.
RL_INLINE vf clamp(vf x, vf lo, vf hi) { return min(hi, max(lo, x)); }
RL_INLINE vf relu(vf x) { return select(x < 0.0f, vf{}, x); }
// gelu(x; 'tanh') = x (1 + tanh(u)) / 2 = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x**3).
RL_INLINE vf gelu_tanh_gate(vf x) {
  return sigmoid(x * fma(x * x, set1(2 * 0.797884560802865356f * 0.044715f), set1(2 * 0.797884560802865356f)));
}
RL_INLINE vf gelu(vf x) {
  vf density;
  return x * normal_cdf(x, &density);
}
RL_INLINE vf silu(vf x) { return x * sigmoid(x); }
// tanh(log(1 + e**x)) = n / (n + 2), n = e**x (e**x + 2).
RL_INLINE vf mish_gate(vf x) {
  vf e = exp(min(set1(20.0f), x)), n = e * (e + 2.0f);
  return n / (n + 2.0f);
}

}  // namespace RL_LEVEL
