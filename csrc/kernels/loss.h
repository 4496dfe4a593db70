// Losses on contiguous float32: cross-entropy and negative log likelihood of rows, and element-wise ones.
#pragma once

#include <cstdint>

enum LossKind { kMse, kL1, kSmoothL1, kHuber, kBce, kBceLogits, kKlDiv, kKlDivLog };

// Rows of C logits, each with a class (target) or with probabilities.
struct CrossEntropy {
  const float* x;
  int64_t M, C;
  const int64_t* target;  // null: probabilities
  const float* probabilities;
  const float* weight;  // of the classes, or null
  int64_t ignore;
  double smoothing, weight_sum;  // weight_sum: of all classes' weights
  float* loss;                   // (M)
  float* lse;                    // (M); read by the gradient
  const float* dy;               // (M), or one value when dy_step is 0
  int64_t dy_step;
  double scale;
  float* dx;
  bool stream;
};

// Log probabilities (N, C, inner) with a class for each (n, i).
struct Nll {
  const float* x;
  const int64_t* target;
  const float* weight;
  int64_t N, C, inner, ignore;
  float* loss;  // (N, inner)
  const float* dy;
  int64_t dy_step;
  double scale;
  float* dx;
};

// loss = f(x, t) * w element by element.
struct PointLoss {
  LossKind kind;
  const float *x, *t, *w, *positive;  // w and positive (bce with logits) may be null
  double parameter;                   // beta of smooth l1, delta of huber
  float* loss;                        // null: only the sum
  const float* dy;
  int64_t dy_step;
  double scale;
  float* dx;
  bool stream;
};

struct LossKernels {
  void (*cross_entropy)(const CrossEntropy*, int64_t begin, int64_t end);           // rows: loss, lse
  void (*cross_entropy_gradient)(const CrossEntropy*, int64_t begin, int64_t end);  // rows: dx
  // The first position whose target is neither in [0, C) nor `ignore`, or -1.
  int64_t (*bad_target)(const int64_t* target, int64_t n, int64_t C, int64_t ignore);
  double (*total_weight)(const int64_t* target, const float* weight, int64_t n, int64_t ignore);
  void (*nll)(const Nll*, int64_t begin, int64_t end);            // samples
  void (*nll_gradient)(const Nll*, int64_t begin, int64_t end);   // samples
  double (*point)(const PointLoss*, int64_t begin, int64_t end);  // returns the sum over the range
  void (*point_gradient)(const PointLoss*, int64_t begin, int64_t end);
  double (*sum)(const float* x, int64_t n);
};
