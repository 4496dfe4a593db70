// Random numbers: the MT19937 recurrence and what its 32-bit words become.
//
// A stream is a linear array of untempered words w: w[i] follows from w[i-624], w[i-623] and w[i-227].
// The caller keeps the array (csrc/bindings/random.cpp); kernels read `w` from the first word that the
// output needs, so each piece of an output can be made alone, by any thread.
#pragma once

#include <cstdint>

// What one pair of words (a 53-bit uniform u in [0, 1)) becomes, by scalar double arithmetic.
enum RandomKind {
  kUniform = 0,      // a + u * b
  kExponential = 1,  // -log(1-u) / a
  kGeometric = 2,    // ceil(log(u) / a)
  kCauchy = 3,       // a + b * tan(pi * (u - 1/2))
};

struct RandomKernels {
  // w[i] for i in [begin, end); the 624 words before `begin` are there.
  void (*twist)(uint32_t* w, int64_t begin, int64_t end);
  // The n tempered words.
  void (*temper)(const uint32_t* w, uint32_t* out, int64_t n);
  // out[i] = low + u * range, u of 24 bits; one word each.
  void (*uniform)(const uint32_t* w, float* out, int64_t n, float low, float range);
  // Box-Muller on blocks of 16 words: 8 cosines, then 8 sines; n is a multiple of 16. Within 1 ULP of
  // (and nearly always equal to) single-precision Cephes arithmetic with fused multiply-adds.
  void (*normal)(const uint32_t* w, float* out, int64_t n, float mean, float std);
  // The same on uniforms of 53 bits, two words each, with the C library's functions.
  void (*normal_double)(const uint32_t* w, double* out, int64_t n, double mean, double std);
  // Pairs of normals (cosine, sine) from four words each, in double precision; n is even. For short
  // and strided outputs.
  void (*normal_pairs)(const uint32_t* w, double* out, int64_t n);
  void (*from_double)(const uint32_t* w, double* out, int64_t n, int kind, double a, double b);
  // out[i] = low + (word % range); `wide`: 64 bits from two words, high word first. range 0 is 2**64.
  void (*integers)(const uint32_t* w, int64_t* out, int64_t n, int64_t low, uint64_t range, bool wide);
  // out[i] = u < p, u of 53 bits: as 0/1 bytes. p in [0, 1].
  void (*mask)(const uint32_t* w, uint8_t* out, int64_t n, double p);
  // The same, as y[i] = x[i] * scale where u < p, else 0, with the mask's bytes beside.
  void (*dropout)(const uint32_t* w, const float* x, float* y, uint8_t* kept, int64_t n, double p, float scale);
  // dx[i] = kept[i] ? dy[i] * scale : 0.
  void (*dropout_backward)(const float* dy, const uint8_t* kept, float* dx, int64_t n, float scale);
  // out[i] = u < p[i], u of 24 bits; one word each.
  void (*mask_each)(const uint32_t* w, const float* p, uint8_t* out, int64_t n);
  // A shuffle of 0..n-1 in steps [begin, end) of swaps; w is the word of step `begin`.
  void (*shuffle)(const uint32_t* w, int32_t* out, int64_t begin, int64_t end, int64_t n);
};
