// What softmax and cross-entropy share: the maximum of a row and the sum of its exponentials.
#pragma once

#include "kernels/math.inl.h"
#include "kernels/stream.inl.h"

namespace RL_LEVEL {

// e**x for x <= 0 (or NaN), 1 ULP. What would be denormal is 0: softmax divides by a sum that is 1 at least.
// As exp() of math.inl.h, but 2**n is added to the exponent's bits at once, and n is read off the rounding.
RL_INLINE vf exp_below(vf x) {
  const vf magic = set1(12582912.0f);  // 1.5 * 2**23: the sum's last bits are the nearest integer
  vf shifted = x * 1.44269504088896341f + magic, n = shifted - magic;
  vf r = x - n * 0.693359375f - n * -2.12194440e-4f;
  vf y = fma(r * r, exp_tail(r), r) + 1.0f;
  // Unsigned: lanes that are not selected, and NaN, may overflow.
  vu bits = (vu)as_int(y) + ((vu)as_int(shifted) << 23);
  return select(x < -87.3f, vf{}, as_float((vi)bits));
}

// `v` where lane < lanes, else `other`.
RL_INLINE vf first_lanes(vf v, int lanes, float other) {
  vi lane;
  for (int i = 0; i < W; i++) lane[i] = i;
  return select(lane < set1i(lanes), v, set1(other));
}

// A NaN is passed over: the exponentials that follow bring it back.
static inline float row_max(const float* x, int64_t n) {
  vf a = set1(-kInf), b = a, c = a, d = a;
  int64_t i = 0;
  for (; i + 4 * W <= n; i += 4 * W) {
    a = max(load(x + i), a);
    b = max(load(x + i + W), b);
    c = max(load(x + i + 2 * W), c);
    d = max(load(x + i + 3 * W), d);
  }
  for (; i + W <= n; i += W) a = max(load(x + i), a);
  if (i < n) b = max(first_lanes(load_n(x + i, (int)(n - i)), (int)(n - i), -kInf), b);
  return max_of(max(max(a, b), max(c, d)));
}

// Sum of e**(x - about), in float over blocks of 4096 values and in double over blocks. With y: kept there.
static inline double row_exp_sum(const float* x, float* y, int64_t n, float about) {
  vf m = set1(about);
  double total = 0;
  for (int64_t from = 0; from < n; from += 4096) {
    int64_t end = from + 4096 < n ? from + 4096 : n, i = from;
    vf a = {}, b = {};
    for (; i + 2 * W <= end; i += 2 * W) {
      vf e = exp_below(load(x + i) - m), f = exp_below(load(x + i + W) - m);
      a += e;
      b += f;
      if (y) {
        store(y + i, e);
        store(y + i + W, f);
      }
    }
    for (; i < end; i += W) {
      int lanes = end - i < W ? (int)(end - i) : W;
      vf e = exp_below(load_some(x + i, lanes) - m);
      if (y) store_some(y + i, e, lanes);
      a += lanes == W ? e : first_lanes(e, lanes, 0);
    }
    total += sum(a + b);
  }
  return total;
}

}  // namespace RL_LEVEL
