// Distributions whose numbers take as many draws as they need. All in scalar double precision.
#pragma once

#include <cstdint>

// Gives the next uniform number in [0, 1).
struct UniformSource {
  double (*next)(void* context);
  void* context;
};

struct RejectionKernels {
  void (*poisson)(const UniformSource* u, const double* rate, double* out, int64_t n);
  // `single`: counts and probabilities are float32; their product is rounded so.
  void (*binomial)(const UniformSource* u, const double* count, const double* p, double* out, int64_t n, bool single);
};
