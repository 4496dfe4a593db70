#include "kernels/conv.h"

#include "kernels/gather.inl.h"
#include "kernels/rows.inl.h"
#include "kernels/scatter.inl.h"
#include "kernels/winograd.inl.h"

namespace RL_LEVEL {

// A window of one pixel: plain products, channels by channels times channels by pixels, where the pixels fill
// enough of a panel.
static bool is_pointwise(const ConvShape& s) {
  for (int i = 0; i < 3; i++)
    if (s.k[i] != 1 || s.s[i] != 1 || s.p[i] != 0) return false;
  return s.pixels() >= NR + NR / 2;
}

// y[n] = w x[n], or dx[n] = w^T dy[n] with `transposed`.
static bool pointwise(const ConvShape& s, bool transposed, const float* x, const float* w, const float* bias,
                      float* y) {
  const int64_t in = (transposed ? s.o : s.c) / s.groups, out = (transposed ? s.c : s.o) / s.groups, p = s.pixels();
  bool good = true;
  for (int64_t i = 0; i < s.groups; i++) {
    const float* from = w + i * in * out;
    Gemm g = {out, p, in, {from, in, 1}, {x + i * in * p, p, 1}, {y + i * out * p, p}};
    if (transposed) g.a.rs = 1, g.a.cs = out;
    if (bias) g.out.row_bias = bias + i * out;
    g.count = s.n, g.b_next = s.groups * in * p, g.c_next = s.groups * out * p;
    good = gemm(g) && good;
  }
  return good;
}

// dw = sum over n of dy[n] x[n]^T.
static bool pointwise_weight(const ConvShape& s, const float* x, const float* dy, float* dw) {
  const int64_t c = s.c / s.groups, o = s.o / s.groups, p = s.pixels();
  bool good = true;
  for (int64_t i = 0; i < s.groups; i++) {
    Gemm g = {o, c, p, {dy + i * o * p, p, 1}, {x + i * c * p, 1, p}, {dw + i * o * c, c}};
    g.terms = s.n, g.a_term = s.o * p, g.b_term = s.c * p;
    good = gemm(g) && good;
  }
  return good;
}

// Every tap reaches every output: the forward pass.
static bool forward(const ConvShape& s, const float* x, const float* w, const float* bias, float* y) {
  if (s.winograd && is_3x3(s))
    if (TileShape t(s, 4); suits_winograd(t)) return winograd<4>(t, x, w, bias, y);
  if (is_pointwise(s) && s.o / s.groups >= 8) return pointwise(s, false, x, w, bias, y);
  GatherShape g = {};
  Side side[3];
  Buffer list(2 * (s.k[0] + s.k[1] + s.k[2]));
  if (!list) return false;
  int32_t* at = list.ints();
  g.n = s.n, g.c = s.c / s.groups, g.o = s.o / s.groups, g.groups = s.groups;
  for (int i = 0; i < 3; i++) {
    g.in[i] = s.in[i], g.out[i] = g.most[i] = s.out[i];
    g.low[i] = s.p[i], g.step[i] = s.s[i], g.every[i] = 1;
    g.far[i] = (s.k[i] - 1) * s.d[i];
    side[i] = {0, s.out[i], s.k[i], at, at + s.k[i]};
    g.side[i] = &side[i];
    for (int64_t k = 0; k < s.k[i]; k++) {
      at[k] = (int32_t)k;
      at[s.k[i] + k] = (int32_t)(k * s.d[i]);
    }
    at += 2 * s.k[i];
  }
  g.taps = s.taps(), g.w_in = g.taps, g.w_out = g.c * g.taps;
  g.k1 = s.k[1], g.k2 = s.k[2];
  return (suits_rows(g) ? row_conv : gather_conv)(g, x, w, bias, y);
}

// Output i of x takes from dy at o where o*s + k*d - p = i. Those i with the same residue mod s share their
// taps: for i = q*s + r, o = q + (r + p - k*d) / s for the k that divide. One phase for each residue.
static bool backward_input(const ConvShape& s, const float* dy, const float* w, const float* bias, float* dx) {
  if (s.winograd && is_3x3(s))
    if (TileShape t(s, 2, true); suits_winograd(t)) return winograd<2>(t, dy, w, bias, dx);
  if (is_pointwise(s) && s.c / s.groups >= 8) return pointwise(s, true, dy, w, bias, dx);
  if (Scatter::suits(s)) return Scatter(s).run(dy, w, bias, dx);
  GatherShape g = {};
  Buffer list(2 * (s.k[0] + s.k[1] + s.k[2]) + (s.s[0] + s.s[1] + s.s[2]) * (int64_t)(sizeof(Side) / 4));
  if (!list) return false;
  Side* side = (Side*)list.ints();
  int32_t* at = (int32_t*)(side + s.s[0] + s.s[1] + s.s[2]);
  g.n = s.n, g.c = s.o / s.groups, g.o = s.c / s.groups, g.groups = s.groups;
  for (int i = 0; i < 3; i++) {
    g.in[i] = s.out[i], g.out[i] = s.in[i];
    g.step[i] = 1, g.every[i] = s.s[i];
    g.side[i] = side;
    int64_t least = 0, far = 0;
    for (int64_t r = 0; r < s.s[i]; r++) {
      side[r] = {r, r < s.in[i] ? (s.in[i] - r + s.s[i] - 1) / s.s[i] : 0, 0, at, nullptr};
      for (int64_t k = 0; k < s.k[i]; k++)
        if ((r + s.p[i] - k * s.d[i]) % s.s[i] == 0) at[side[r].taps++] = (int32_t)k;
      side[r].at = at + side[r].taps;
      for (int64_t t = 0; t < side[r].taps; t++) {
        const int64_t e = (r + s.p[i] - at[t] * s.d[i]) / s.s[i];
        at[side[r].taps + t] = (int32_t)e;
        least = at_most(least, e);
        far = at_least(far, e);
      }
      at += 2 * side[r].taps;
      g.most[i] = at_least(g.most[i], side[r].count);
    }
    for (int64_t r = 0; r < s.s[i]; r++)
      for (int64_t t = 0; t < side[r].taps; t++) ((int32_t*)side[r].at)[t] -= (int32_t)least;
    g.low[i] = -least;
    g.far[i] = far - least;
    side += s.s[i];
  }
  g.taps = s.taps(), g.w_in = g.o * g.taps, g.w_out = g.taps;
  g.k1 = s.k[1], g.k2 = s.k[2];
  return (suits_rows(g) ? row_conv : gather_conv)(g, dy, w, bias, dx);
}

// dw^T[tap][o] = sum over pixels of x[tap + pixel] * dy^T[pixel][o].
struct WeightGrad {
  const ConvShape& s;
  int64_t c, o, taps, K, panels, plane_in, plane_out;
  int64_t step[3], far[3];

  explicit WeightGrad(const ConvShape& s) : s(s) {
    c = s.c / s.groups, o = s.o / s.groups, taps = s.taps(), K = c * taps, panels = ceil_div(o, NR);
    plane_in = s.inputs(), plane_out = s.pixels();
    for (int i = 0; i < 3; i++) step[i] = s.s[i], far[i] = (s.k[i] - 1) * s.d[i];
  }
  // Offsets of `channels` channels' taps in a frame.
  void tap_list(const Frame& f, int64_t channels, int32_t* t) const {
    for (int64_t ch = 0; ch < channels; ch++)
      for (int64_t a = 0; a < s.k[0]; a++)
        for (int64_t b = 0; b < s.k[1]; b++)
          for (int64_t e = 0; e < s.k[2]; e++)
            *t++ = (int32_t)(ch * f.plane + f.at(a * s.d[0], b * s.d[1], e * s.d[2]));
  }
  // The pixels of a block: `images` frames of `channels` channels, `rows` rows of the dimension that is cut.
  int64_t pixel_list(const Bands& u, int64_t channels, int64_t images, int64_t rows, int32_t* t) const {
    int64_t count[3] = {s.out[0], s.out[1], s.out[2]};
    count[u.dim] = rows;
    int32_t* from = t;
    for (int64_t m = 0; m < images; m++)
      for (int64_t a = 0; a < count[0]; a++)
        for (int64_t b = 0; b < count[1]; b++)
          for (int64_t e = 0; e < count[2]; e++)
            *t++ = (int32_t)(m * channels * u.frame.plane + u.frame.at(a * s.s[0], b * s.s[1], e * s.s[2]));
    return t - from;
  }
  // dy^T of one panel of a block: pixels [p0, p0 + n) of each of `images` images.
  void pack_dy(const float* dy, int64_t group, int64_t panel, int64_t n0, int64_t images, int64_t p0, int64_t n,
               float* to) const {
    for (int64_t m = 0; m < images; m++, to += n * NR) {
      const float* from = dy + ((n0 + m) * s.o + group * o + panel * NR) * plane_out + p0;
      PackB{from, 1, plane_out}(to, 0, n, 0, (int)at_most(NR, o - panel * NR));
    }
  }
  void origin(const Bands& u, int64_t band, int64_t* at) const {
    for (int i = 0; i < 3; i++) at[i] = (i == u.dim ? band * u.rows * s.s[i] : 0) - s.p[i];
  }
  // sums (rows x NR) += the block's, in pieces of kPiece pixels.
  static void add(int64_t rows, int64_t pixels, const float* image, const int32_t* tap, const int32_t* pixel,
                  const float* dyt, float* sums, bool accumulate) {
    for (int64_t p = 0; p < pixels; p += KC)
      gather_panel(rows, at_most(KC, pixels - p), image, tap, pixel + p, dyt + p * NR, sums, accumulate || p > 0);
  }
};

// Many channels: threads share the channels, and each block's dy^T. Every element is summed by one thread.
static bool weight_by_channels(const WeightGrad& g, const float* x, const float* dy, float* sums) {
  const ConvShape& s = g.s;
  const int64_t threads = rl::num_threads();
  const int64_t per = at_least(at_most(g.c, ceil_div(s.c, 4 * threads)), at_most(g.c, 4)), blocks = ceil_div(g.c, per);
  Bands u(s.n, at_most(g.c, 8), s.out, g.step, g.far, 2048);
  const Frame& f = u.frame;
  Buffer lists(u.pixels + per * g.taps), dyt(s.groups * g.panels * NR * u.pixels);
  if (!lists || !dyt) return false;
  int32_t *tap = lists.ints(), *pixel = tap + per * g.taps;
  g.tap_list(f, per, tap);
  bool failed = false;
  const int64_t row = g.plane_out / s.out[u.dim];
  for (int64_t n0 = 0; n0 < s.n; n0 += u.images)
    for (int64_t band = 0; band < u.bands; band++) {
      const int64_t images = at_most(u.images, s.n - n0), rows = at_most(u.rows, s.out[u.dim] - band * u.rows);
      const int64_t pixels = g.pixel_list(u, per, images, rows, pixel);
      rl::parallel_for(s.groups * g.panels, rl::even_grain(s.groups * g.panels, 1, 2), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++)
          g.pack_dy(dy, i / g.panels, i % g.panels, n0, images, band * u.rows * row, rows * row,
                    dyt.floats() + i * NR * pixels);
      });
      rl::parallel_for(s.groups * blocks, 1, [&](int64_t begin, int64_t end) {
        Buffer scratch(images * per * f.plane);
        if (!scratch) {
          failed = true;
          return;
        }
        for (int64_t i = begin; i < end; i++) {
          const int64_t group = i / blocks, c0 = i % blocks * per, channels = at_most(per, g.c - c0);
          int64_t origin[3];
          g.origin(u, band, origin);
          for (int64_t m = 0; m < images; m++)
            f.fill(scratch.floats() + m * per * f.plane, x + ((n0 + m) * s.c + group * g.c + c0) * g.plane_in, channels,
                   s.in, origin);
          for (int64_t j = 0; j < g.panels; j++)
            WeightGrad::add(channels * g.taps, pixels, scratch.floats(), tap, pixel,
                            dyt.floats() + (group * g.panels + j) * NR * pixels,
                            sums + ((group * g.panels + j) * g.K + c0 * g.taps) * NR, n0 > 0 || band > 0);
        }
      });
    }
  return !failed;
}

// Few channels: threads share the images. Each of `pieces` runs of blocks has sums of its own, added in order.
static bool weight_by_images(const WeightGrad& g, const float* x, const float* dy, float* sums) {
  const ConvShape& s = g.s;
  Bands u(s.n, g.c, s.out, g.step, g.far, kUnitPixels);
  const Frame& f = u.frame;
  const int64_t size = s.groups * g.panels * g.K * NR, blocks = ceil_div(s.n, u.images) * u.bands;
  const int64_t pieces = at_most(blocks, at_least(at_most((2 << 20) / size, 256), 8)), run = ceil_div(blocks, pieces);
  Buffer partial(pieces * size), lists(g.K);
  if (!partial || !lists) return false;
  g.tap_list(f, g.c, lists.ints());
  const int64_t row = g.plane_out / s.out[u.dim];
  bool failed = false;
  rl::parallel_for(blocks, run, [&](int64_t begin, int64_t end) {
    Buffer scratch(u.images * g.c * f.plane + u.pixels + u.pixels * NR);
    if (!scratch) {
      failed = true;
      return;
    }
    float *dyt = scratch.floats(), *image = dyt + u.pixels * NR, *to = partial.floats() + begin / run * size;
    int32_t* pixel = (int32_t*)(image + u.images * g.c * f.plane);
    for (int64_t i = begin; i < end; i++) {
      const int64_t n0 = i / u.bands * u.images, band = i % u.bands;
      const int64_t images = at_most(u.images, s.n - n0), rows = at_most(u.rows, s.out[u.dim] - band * u.rows);
      const int64_t pixels = g.pixel_list(u, g.c, images, rows, pixel);
      int64_t origin[3];
      g.origin(u, band, origin);
      for (int64_t group = 0; group < s.groups; group++) {
        for (int64_t m = 0; m < images; m++)
          f.fill(image + m * g.c * f.plane, x + ((n0 + m) * s.c + group * g.c) * g.plane_in, g.c, s.in, origin);
        for (int64_t j = 0; j < g.panels; j++) {
          g.pack_dy(dy, group, j, n0, images, band * u.rows * row, rows * row, dyt);
          WeightGrad::add(g.K, pixels, image, lists.ints(), pixel, dyt, to + (group * g.panels + j) * g.K * NR,
                          i > begin);
        }
      }
    }
  });
  const int64_t used = ceil_div(blocks, run);
  for (int64_t i = 0; i < size; i += W) {
    vf t = {};
    for (int64_t p = 0; p < used; p++) t += load(partial.floats() + p * size + i);
    store(sums + i, t);
  }
  return !failed;
}

static bool backward_weight(const ConvShape& s, const float* x, const float* dy, float* dw) {
  WeightGrad g(s);
  if (g.c == 1 && g.o <= 4 && s.groups > 1) return weight_by_rows(s, x, dy, dw);
  if (is_pointwise(s) && g.c >= NR) return pointwise_weight(s, x, dy, dw);
  Buffer sums(s.groups * g.panels * g.K * NR);
  if (!sums) return false;
  const TileShape t(s, 2);
  const bool good = s.winograd && is_3x3(s) && suits_winograd(t) ? winograd_weight<2>(t, x, dy, sums.floats())
                    : g.c >= 16 || s.c >= 64                     ? weight_by_channels(g, x, dy, sums.floats())
                                                                 : weight_by_images(g, x, dy, sums.floats());
  if (!good) return false;
  // dw[o][k] = sums[panel][k][o]
  const int64_t tasks = s.groups * g.panels;
  rl::parallel_for(tasks, rl::even_grain(tasks, at_least(16384 / (g.K * NR), 1), 2), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t group = i / g.panels, j = i % g.panels, n = at_most(NR, g.o - j * NR);
      const float* from = sums.floats() + i * g.K * NR;
      float* to = dw + (group * g.o + j * NR) * g.K;
      int64_t k = 0;
      for (; k + W <= g.K; k += W) {
        int64_t e = 0;
        for (; e + W <= n; e += W) transpose_block(from + k * NR + e, NR, to + e * g.K + k, g.K);
        for (; e < n; e++)
          for (int64_t m = 0; m < W; m++) to[e * g.K + k + m] = from[(k + m) * NR + e];
      }
      for (; k < g.K; k++)
        for (int64_t e = 0; e < n; e++) to[e * g.K + k] = from[k * NR + e];
    }
  });
  return true;
}

static bool backward_bias(int64_t n, int64_t o, int64_t pixels, const float* dy, float* db) {
  rl::parallel_for(o, at_least(32768 / at_least(n * pixels, 1), 1), [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; c++) {
      float total = 0;
      for (int64_t m = 0; m < n; m++) {
        const float* p = dy + (m * o + c) * pixels;
        vf a[4] = {};
        int64_t i = 0;
        for (; i + 4 * W <= pixels; i += 4 * W)
          for (int e = 0; e < 4; e++) a[e] += load(p + i + e * W);
        for (; i + W <= pixels; i += W) a[0] += load(p + i);
        if (i < pixels) a[1] += load_n(p + i, (int)(pixels - i));
        total += sum((a[0] + a[1]) + (a[2] + a[3]));
      }
      db[c] = total;
    }
  });
  return true;
}

extern const ConvKernels conv_kernels;
const ConvKernels conv_kernels = {forward, backward_input, backward_weight, backward_bias};

}  // namespace RL_LEVEL
