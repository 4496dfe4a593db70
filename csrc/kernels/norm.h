// Normalisation of contiguous float32: moments, and the maps that lead from them.
//
// A unit is what shares one mean and variance: a row, a channel, a group of channels. It is cut into
// blocks of about 4096 values, small enough for L1. Each block gives its mean and its sum of squared
// deviations from that mean (two passes over L1), and blocks are merged in order, in double (Chan,
// Golub, LeVeque 1983, "Algorithms for computing the sample variance"). So memory is read once, nothing
// cancels however large the mean, and the result does not depend on which thread had which block.
#pragma once

#include <cstdint>

struct Moments {
  const float* x;
  int64_t unit_stride;                   // from one unit to the next
  int64_t pieces, piece_stride, length;  // a unit: `pieces` runs of `length` values
  int64_t cuts, together;                // blocks that a piece is cut into; else pieces of a block
  int64_t blocks;                        // of a unit
  double* part;                          // (units, blocks, 2): mean and squared deviations of each
  float *mean, *rstd, *var;              // of each unit; var (biased) may be null
  double eps;
  bool rms;  // mean = 0: the root of the mean square instead of the deviation
};

// Images (N, C, S). A plane is the S values of one channel of one sample; its number is n*C + c.
struct Planes {
  const float *x, *dy;
  float* out;  // y or dx
  int64_t N, C, S;
  int64_t groups;  // units are (n, group); 0: units are channels
  const float *w, *b;
  const float *mean, *rstd;
  float *slope, *shift;  // of each unit: dx = w*rstd*dy + slope*(x - mean) + shift
  double* sums;          // of each plane (S > 1) or channel (S = 1): sum of dy, of dy*(x - mean)
  bool stream;
};

// Rows (M, N), with weights of N values.
struct Rows {
  const float *x, *dy, *w, *b;
  float* out;
  int64_t M, N;
  const float *mean, *rstd;
  float *slope, *shift;  // of each row, as above
  double* sums;          // (M, blocks, 2)
  int64_t blocks;        // of kRowBlock values in a row
  float *dw, *db;        // may be null
  bool stream;
};
constexpr int64_t kRowBlock = 4096;

struct NormKernels {
  void (*moments)(const Moments*, int64_t begin, int64_t end);  // tasks: unit * blocks + block
  void (*merge)(const Moments*, int64_t begin, int64_t end);    // units
  // running = (1 - momentum)*running + momentum*factor*now
  void (*follow)(const float* now, float* running, int64_t n, double momentum, double factor);
  void (*rstd_of)(const float* var, float* rstd, int64_t n, double eps);

  void (*plane_apply)(const Planes*, int64_t begin, int64_t end);     // planes
  void (*plane_sums)(const Planes*, int64_t begin, int64_t end);      // planes
  void (*plane_solve)(const Planes*, int64_t begin, int64_t end);     // units: sums to slope, shift
  void (*plane_backward)(const Planes*, int64_t begin, int64_t end);  // planes
  void (*plane_weights)(const Planes*, float* dw, float* db, int64_t begin, int64_t end);  // channels

  // Batch norm of a matrix (N, C): S = 1, channels side by side. Tasks of the first two: kColumns channels.
  void (*column_moments)(const Planes*, float* mean, float* rstd, float* var, double eps, int64_t begin, int64_t end);
  void (*column_sums)(const Planes*, int64_t begin, int64_t end);
  void (*column_apply)(const Planes*, int64_t begin, int64_t end);     // rows
  void (*column_backward)(const Planes*, int64_t begin, int64_t end);  // rows

  void (*row_apply)(const Rows*, int64_t begin, int64_t end);            // tasks: row * blocks + block
  void (*row_sums)(const Rows*, int64_t begin, int64_t end);             // the same
  void (*row_solve)(const Rows*, bool rms, int64_t begin, int64_t end);  // rows
  void (*row_backward)(const Rows*, int64_t begin, int64_t end);         // rows; adds them to dw, db
  void (*row_columns)(const Rows*, int64_t begin, int64_t end);          // columns: dx, and dw, db of all rows
  void (*total)(const float* x, float* y, int64_t count, int64_t stride, int64_t n);
};
constexpr int64_t kColumns = 64;
