#include "kernels/gemm.h"

#include "kernels/gemm.inl.h"

namespace RL_LEVEL {

static bool gemm_any(const GemmCall& g) {
  GemmOut out{g.c, g.ldc, g.alpha, g.accumulate, g.row_bias, g.col_bias, g.act};
  return gemm(g.m, g.n, g.k, PackA{g.a, g.a_row, g.a_col}, PackB{g.b, g.b_row, g.b_col}, out);
}

extern const GemmKernels gemm_kernels;
const GemmKernels gemm_kernels = {gemm_any};

}  // namespace RL_LEVEL
