#include "kernels/elementwise.h"

#include "core/simd.h"

namespace RL_LEVEL {

static void relu(const float* x, float* y, int64_t begin, int64_t end) {
  int64_t i = begin;
  // `x < 0 ? 0 : x`, not max: a NaN must stay one.
  for (; i + W <= end; i += W) {
    vf v = load(x + i);
    store(y + i, v < 0.0f ? vf{} : v);
  }
  for (; i < end; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

extern const ElementwiseKernels elementwise_kernels;
const ElementwiseKernels elementwise_kernels = {relu};

}  // namespace RL_LEVEL
