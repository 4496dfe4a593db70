// Optimizer steps: one pass over a parameter, its gradient and its state, all of n floats.
//
// In each: g = gradient, negated when `maximize`; plus weight_decay * parameter, unless the decay is
// decoupled. Scalars are float32 as PyTorch's element-wise operations round them.
#pragma once

#include <cstdint>

struct SgdScalars {
  float lr, weight_decay, momentum, dampening;  // dampening: 1 - the user's
  bool nesterov, maximize;
  bool first;  // the buffer begins as g itself
};
struct AdamScalars {
  float weight_decay, shrink;        // shrink: 1 - lr * weight_decay when decoupled, else 1
  float beta1, beta2, rest1, rest2;  // rest: 1 - beta
  float step, correction, eps;       // p -= step * m / (sqrt(v) / correction + eps)
  bool maximize;
};
struct RmspropScalars {
  float lr, weight_decay, alpha, rest, eps, momentum;
  bool maximize;
};
struct AdagradScalars {
  float lr, weight_decay, eps;
  bool maximize;
};

struct OptimKernels {
  void (*sgd)(float* p, const float* g, float* buffer, int64_t n, const SgdScalars* s);  // buffer or null
  void (*adam)(float* p, const float* g, float* m, float* v, float* largest, int64_t n,
               const AdamScalars* s);  // largest or null
  // mean and buffer, or null.
  void (*rmsprop)(float* p, const float* g, float* square, float* mean, float* buffer, int64_t n,
                  const RmspropScalars* s);
  void (*adagrad)(float* p, const float* g, float* sum, int64_t n, const AdagradScalars* s);
};
