#include "kernels/elementwise.h"

#include "bindings/args.h"

RL_TABLE(elementwise, ElementwiseKernels)

namespace rl {

constexpr int64_t kGrain = 32768;  // elements: about 10 microseconds of memory traffic

RL_DEF(relu, 1) {
  F32 x(args[0], "input");
  Out y(x.array());
  NoGil nogil(x.size());
  parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end) { elementwise().relu(x.data(), y.data(), begin, end); });
  return y.tensor();
}

}  // namespace rl
