// The gradient of an image of few channels, which is also a transposed convolution with few outputs: each pixel of dy
// times the whole window, added to the pixels that the window covers.
//
//     dx[c][i * stride + tap * dilation - padding] += sum over o of w[o][c][tap] * dy[o][i]
//
// The product is a GEMM with channels times taps for rows, which fill the lanes that three channels alone would not.
// Sums gather in rows of dx with their columns sorted by residue, so that neighbours of dy meet neighbours of dx.
#pragma once

#include "kernels/gather.inl.h"

namespace RL_LEVEL {

class Scatter {
 public:
  // Images of up to two dimensions; enough rows and terms. (Narrower vectors gain nothing over rows.inl.h.)
  static bool suits(const ConvShape& s) {
    const int64_t c = s.c / s.groups;
    return W == 16 && c <= 4 && c * s.taps() >= 2 * MR && s.o / s.groups >= W && s.in[0] == 1 && s.out[0] == 1 &&
           s.k[0] == 1 && s.p[0] == 0 && s.out[2] >= W && Scatter(s).row() * c <= kSums / 8;
  }

  explicit Scatter(const ConvShape& shape) : s(shape), c(s.c / s.groups), terms(s.o / s.groups), rows(c * s.taps()) {
    first = floor_div(-s.p[2], s.s[2]);
    width = floor_div((s.k[2] - 1) * s.d[2] - s.p[2], s.s[2]) - first + round_up(s.out[2], NR) +
            1;  // past the last window: a gap
  }

  bool run(const float* dy, const float* w, const float* bias, float* dx) const {
    const int64_t window = round_up(rows, MR) * terms, images = s.n * s.groups;
    const Buffer packed(s.groups * window), list(s.k[2]);
    if (!packed || !list) return false;
    for (int64_t b = 0; b < s.k[2]; b++) {
      const int64_t e = b * s.d[2] - s.p[2], q = floor_div(e, s.s[2]);
      list.ints()[b] = (int32_t)((e - q * s.s[2]) * width + q - first);
    }
    for (int64_t g = 0; g < s.groups; g++)
      PackA{w + g * terms * rows, 1, rows}(packed.floats() + g * window, 0, rows, 0, terms);
    // Bands of dx, whose sums fit the L2 cache; small ones do the edges twice.
    const int64_t most = at_most(s.in[1], kSums / (c * row())), want = ceil_div(2 * rl::num_threads(), images);
    const int64_t least = at_most(most, at_least(8 * s.k[1] * s.d[1], 16));
    const int64_t band = at_least(at_most(most, ceil_div(s.in[1], want)), least), bands = ceil_div(s.in[1], band);
    bool failed = false;
    rl::parallel_for(images * bands, 1, [&](int64_t begin, int64_t end) {
      const Buffer memory(c * band * row() + terms * NR + round_up(rows, MR) * NR);
      if (!memory) {
        __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
        return;
      }
      for (int64_t t = begin; t < end; t++) {
        const int64_t image = t / bands, g = image % s.groups, r0 = t % bands * band;
        add_band(dy + image * terms * s.pixels(), packed.floats() + g * window, list.ints(), r0,
                 at_most(band, s.in[1] - r0), memory.floats(), memory.floats() + c * band * row(),
                 bias ? bias + g * c : nullptr, dx + image * c * s.inputs());
      }
    });
    return !failed;
  }

 private:
  static constexpr int64_t kSums = 192 << 10;  // floats
  static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }
  // The sums of one row: column x is at x % stride * width + x / stride - first.
  int64_t row() const { return s.s[2] * width; }

  // Rows [r0, r0 + band) of dx. Where a column of the window adds to a row of sums: `list`.
  void add_band(const float* dy, const float* window, const int32_t* list, int64_t r0, int64_t band, float* sums,
                float* scratch, const float* bias, float* dx) const {
    float *panel = scratch, *product = scratch + terms * NR;
    for (int64_t ch = 0; ch < c; ch++)
      for (int64_t i = 0; i < band * row(); i++) sums[ch * band * row() + i] = bias ? bias[ch] : 0;
    // The rows of dy whose windows reach these, in vectors: two at a time.
    const int64_t far = (s.k[1] - 1) * s.d[1], low = at_least(-floor_div(far - r0 - s.p[1], s.s[1]), 0);
    const int64_t high = at_most(floor_div(r0 + band - 1 + s.p[1], s.s[1]) + 1, s.out[1]);
    const int64_t vectors = ceil_div(s.out[2], W), last = high * vectors;
    for (int64_t v = low * vectors; v < last; v += 2) {
      multiply(dy, v, last, window, panel, product);
      for (int h = 0; h < 2 && v + h < last; h++) {
        const int64_t i = (v + h) / vectors, j = (v + h) % vectors * W;
        const float* from = product + h * W;
        for (int64_t ch = 0; ch < c; ch++)
          for (int64_t a = 0; a < s.k[1]; a++, from += s.k[2] * NR) {
            const int64_t r = i * s.s[1] + a * s.d[1] - s.p[1] - r0;
            if (r < 0 || r >= band) continue;
            float* to = sums + (ch * band + r) * row() + j;
            for (int64_t b = 0; b < s.k[2]; b++) store(to + list[b], load(to + list[b]) + load(from + b * NR));
          }
      }
    }
    for (int64_t ch = 0; ch < c; ch++)
      for (int64_t r = 0; r < band; r++)
        write_row(sums + (ch * band + r) * row(), dx + (ch * s.in[1] + r0 + r) * s.in[2]);
  }

  // The window times the pixels of the vectors v and v + 1 of dy: for each of its rows NR columns, zeros beyond the
  // pixels of a row and beyond the vector `last`.
  void multiply(const float* dy, int64_t v, int64_t last, const float* window, float* panel, float* product) const {
    const int64_t vectors = ceil_div(s.out[2], W), plane = s.pixels();
    auto at = [&](int64_t u) { return dy + u / vectors * s.out[2] + u % vectors * W; };
    auto pixels = [&](int64_t u) { return u < last ? at_most(s.out[2] - u % vectors * W, W) : 0; };
    const float *p = at(v), *q = at(v + 1), *next = at(v + 2 < last ? v + 2 : v);
    const int n0 = (int)pixels(v), n1 = (int)pixels(v + 1);
    int64_t i = 0;
    if (q == p + W && n1 == W) {
      micro_rows_pack<false>(terms, window, MR, p, plane, panel, {product, NR}), i = MR;
    } else {
      for (int64_t k = 0; k < terms; k++) {
        store(panel + k * NR, load_n(p + k * plane, n0));
        store(panel + k * NR + W, load_n(q + k * plane, n1));
      }
    }
    const int64_t lines = ceil_div(terms, rows / MR);  // of the pixels that come next
    for (; i < rows; i += MR) {
      for (int64_t k = 0; k < lines; k++, next += plane) __builtin_prefetch(next), __builtin_prefetch(next + W);
      micro_kernel<false>(at_most(MR, rows - i))(terms, window + i * terms, MR, panel, NR, {product + i * NR, NR});
    }
  }

  void write_row(const float* sums, float* to) const {
    const int64_t stride = s.s[2];
    sums -= first;
    int64_t i = 0;
    if (stride == 1)
      for (; i + W <= s.in[2]; i += W) store(to + i, load(sums + i));
    if (stride == 2)
      for (; i + 2 * W <= s.in[2]; i += 2 * W) {
        const vf even = load(sums + i / 2), odd = load(sums + width + i / 2);
        store(to + i, zip_low(even, odd));
        store(to + i + W, zip_high(even, odd));
      }
    for (; i < s.in[2]; i++) to[i] = sums[i % stride * width + i / stride];
  }

  const ConvShape& s;
  int64_t c, terms, rows;  // terms of a sum; rows of the product
  int64_t first, width;    // of the sums of one residue
};

}  // namespace RL_LEVEL
