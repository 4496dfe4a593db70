// Convolution with vectors along the image's rows: for few output channels (depthwise layers, the gradient of
// an RGB image) and for short sums (first layers), where the implicit GEMM would leave lanes or time unused.
//
//     y[m][i..] = bias[m] + sum over k of w[k][m] * x[off[k] + i..]      M channels by V vectors at a time
//
// With a horizontal stride the frame holds its columns sorted by their residue, so that neighbouring outputs
// still read neighbouring floats.
#pragma once

#include "kernels/gather.inl.h"
#include "kernels/lanes.inl.h"

namespace RL_LEVEL {

template <int M, int V>
static void row_tile(int64_t k, const float* x, const int32_t* off, const float* w, const float* bias, float* y,
                     int64_t plane, int last, bool stream) {
  vf sum[M][V];
  for (int m = 0; m < M; m++)
    for (int v = 0; v < V; v++) sum[m][v] = set1(bias[m]);
  for (int64_t p = 0; p < k; p++, w += M) {
    const float* from = x + off[p];
    if constexpr (M <= V) {
      vf b[M];
      for (int m = 0; m < M; m++) b[m] = set1(w[m]);
#pragma GCC unroll 8
      for (int v = 0; v < V; v++) {
        const vf a = load(from + v * W);
#pragma GCC unroll 8
        for (int m = 0; m < M; m++) sum[m][v] = fma(a, b[m], sum[m][v]);
      }
    } else {
      vf a[V];
      for (int v = 0; v < V; v++) a[v] = load(from + v * W);
#pragma GCC unroll 8
      for (int m = 0; m < M; m++) {
        const vf b = set1(w[m]);
#pragma GCC unroll 8
        for (int v = 0; v < V; v++) sum[m][v] = fma(a[v], b, sum[m][v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < M; m++, y += plane) {
#pragma GCC unroll 8
    for (int v = 0; v < V - 1; v++) put(y + v * W, sum[m][v], stream);
    if (last == W)
      put(y + (V - 1) * W, sum[m][V - 1], stream);
    else
      store_n(y + (V - 1) * W, sum[m][V - 1], last);
  }
}

typedef void (*RowTile)(int64_t k, const float* x, const int32_t* off, const float* w, const float* bias, float* y,
                        int64_t plane, int last, bool stream);
constexpr int kMostRows = 6, kMostVectors = 8;
// V for M: as many sums as registers leave room for (24 or 12), or as 8 loads feed. More sums, fewer loads for each.
#if RL_WIDTH == 16
constexpr int kVectors[kMostRows + 1] = {0, 8, 8, 8, 6, 4, 4};
#else
constexpr int kVectors[kMostRows + 1] = {0, 8, 6, 4, 3, 2, 2};
#endif

template <int M, int V>
static constexpr RowTile row_tile_or_null() {
  if constexpr (V <= kVectors[M])
    return row_tile<M, V>;
  else
    return nullptr;
}
template <int M>
static RowTile row_tile_of(int v) {
  static constexpr RowTile table[kMostVectors] = {
      row_tile_or_null<M, 1>(), row_tile_or_null<M, 2>(), row_tile_or_null<M, 3>(), row_tile_or_null<M, 4>(),
      row_tile_or_null<M, 5>(), row_tile_or_null<M, 6>(), row_tile_or_null<M, 7>(), row_tile_or_null<M, 8>()};
  return table[v - 1];
}
static RowTile row_tile_of(int m, int v) {
  static constexpr RowTile (*table[kMostRows])(int) = {row_tile_of<1>, row_tile_of<2>, row_tile_of<3>,
                                                       row_tile_of<4>, row_tile_of<5>, row_tile_of<6>};
  return table[m - 1](v);
}

// Short sums of wide rows, or few output channels.
static bool suits_rows(const GatherShape& g) {
  if (g.step[2] > 8) return false;
  const int64_t width = g.most[2];
  return g.o <= 4 || (g.c * g.taps <= 160 && width >= 2 * W) || (g.o <= 8 && width >= W);
}

static bool row_conv(const GatherShape& g, const float* x, const float* w, const float* bias, float* y) {
  const int64_t T = g.taps, out_plane = g.out[0] * g.out[1] * g.out[2], in_plane = g.in[0] * g.in[1] * g.in[2];
  const int64_t phases = g.every[0] * g.every[1] * g.every[2], split = g.step[2];
  const int64_t M = g.o <= 4 ? g.o : g.o <= 8 && g.o > 6 ? 4 : 6, panels = ceil_div(g.o, M);
  Bands u(g.n, g.c, g.most, g.step, g.far, kUnitPixels * 16);
  Frame frame = u.frame;
  frame.split(split);

  Buffer lists(g.c * T + 16), packed(g.groups * g.c * T * g.o + 16);
  if (!lists || !packed) return false;
  int32_t* taps = lists.ints();
  const int64_t group_floats = g.c * T * g.o;
  for (int64_t f = 0, before = 0; f < phases; f++) {
    const Phase ph = phase_of(g, f);
    tap_list(ph, frame, g.c, taps + before);
    for (int64_t gr = 0; gr < g.groups; gr++)
      for (int64_t j = 0; j < panels; j++) {
        const int64_t m = at_most(M, g.o - j * M);
        float* to = packed.floats() + gr * group_floats + before * g.o + j * M * g.c * ph.taps;
        for (int64_t c = 0; c < g.c; c++)
          for (int64_t i = 0; i < ph.taps; i++)
            for (int64_t e = 0; e < m; e++)
              *to++ = w[gr * g.o * g.c * T + c * g.w_in + (j * M + e) * g.w_out + position_of(g, ph, i)];
      }
    before += g.c * ph.taps;
  }

  const int64_t units = g.n * u.bands * g.groups, work = u.pixels * g.c * T * g.o / phases;
  const bool stream = g.every[2] == 1 && g.out[2] % W == 0 && g.n * g.groups * g.o * out_plane > (8 << 20);
  bool failed = false;
  rl::parallel_for(units, at_least(400000 / at_least(work, 1), 1), [&](int64_t begin, int64_t end) {
    Buffer scratch(g.c * frame.plane + frame.ext[2] + 10 * W + 2 * kMostRows * kMostVectors * W);
    if (!scratch) {
      failed = true;
      return;
    }
    float *image = scratch.floats(), *row = image + g.c * frame.plane + 8 * W, *tile = row + frame.ext[2] + 2 * W;
    for (int64_t i = begin; i < end; i++) {
      const int64_t gr = i % g.groups, band = i / g.groups % u.bands, n = i / (g.groups * u.bands), q0 = band * u.rows;
      int64_t origin[3];
      for (int a = 0; a < 3; a++) origin[a] = (a == u.dim ? q0 * g.step[a] : 0) - g.low[a];
      frame.fill(image, x + (n * g.groups + gr) * g.c * in_plane, g.c, g.in, origin, row);
      float* out = y + (n * g.groups + gr) * g.o * out_plane;
      for (int64_t f = 0, before = 0; f < phases; f++) {
        const Phase ph = phase_of(g, f);
        const int64_t K = g.c * ph.taps, width = ph.s[2]->count;
        const int32_t* off = taps + before;
        const float* weight = packed.floats() + gr * group_floats + before * g.o;
        before += K;
        int64_t from[3] = {0, 0, 0}, to[3] = {ph.s[0]->count, ph.s[1]->count, width};
        from[u.dim] = at_most(q0, to[u.dim]);
        to[u.dim] = at_most(q0 + u.rows, to[u.dim]);
        if (!width) continue;
        for (int64_t j = 0; j < panels; j++) {
          const int m = (int)at_most(M, g.o - j * M);
          float b[kMostRows];
          for (int e = 0; e < m; e++) b[e] = bias ? bias[gr * g.o + j * M + e] : 0;
          const int64_t vectors = ceil_div(width, W), chunks = ceil_div(vectors, kVectors[m]);
          for (int64_t a = from[0]; a < to[0]; a++)
            for (int64_t r = from[1]; r < to[1]; r++) {
              const float* src = image + frame.at((a - from[0]) * g.step[0], (r - from[1]) * g.step[1], 0);
              float* dst = out + j * M * out_plane +
                           ((ph.s[0]->first + a * g.every[0]) * g.out[1] + ph.s[1]->first + r * g.every[1]) * g.out[2] +
                           ph.s[2]->first;
              for (int64_t q = 0; q < chunks; q++) {
                const int64_t v0 = vectors * q / chunks, v1 = vectors * (q + 1) / chunks;
                const int64_t left = width - (v1 - 1) * W;
                const int v = (int)(v1 - v0), last = (int)at_most(left, W);
                if (g.every[2] == 1) {
                  row_tile_of(m, v)(K, src + v0 * W, off, weight + j * M * K, b, dst + v0 * W, out_plane, last, stream);
                } else {
                  row_tile_of(m, v)(K, src + v0 * W, off, weight + j * M * K, b, tile, v * W, W, false);
                  const int64_t lanes = (v - 1) * W + last;
                  for (int e = 0; e < m; e++)
                    for (int64_t p = 0; p < lanes; p++)
                      dst[e * out_plane + (v0 * W + p) * g.every[2]] = tile[e * v * W + p];
                }
              }
            }
        }
      }
    }
    if (stream) fence();
  });
  return !failed;
}

// dw[t] += sum over a row's pixels of dy * x[off[t] + pixel], N taps at a time; `sum`: N vectors.
template <int N>
static void tap_sums(int64_t width, const float* x, const int32_t* off, const float* dy, vf* sum) {
  vf s[N];
  for (int t = 0; t < N; t++) s[t] = sum[t];
  for (int64_t i = 0; i < width; i += W) {
    const vf g = i + W <= width ? load(dy + i) : load_n(dy + i, (int)(width - i));
#pragma GCC unroll 9
    for (int t = 0; t < N; t++) s[t] = fma(g, load(x + off[t] + i), s[t]);
  }
  for (int t = 0; t < N; t++) sum[t] = s[t];
}
typedef void (*TapSums)(int64_t width, const float* x, const int32_t* off, const float* dy, vf* sum);

// The gradient of the weight where each group has one input channel: threads share the groups.
static bool weight_by_rows(const ConvShape& s, const float* x, const float* dy, float* dw) {
  static const TapSums table[] = {tap_sums<1>, tap_sums<2>, tap_sums<3>, tap_sums<4>, tap_sums<5>,
                                  tap_sums<6>, tap_sums<7>, tap_sums<8>, tap_sums<9>};
  const int64_t T = s.taps(), o = s.o / s.groups, in_plane = s.inputs(), out_plane = s.pixels();
  int64_t ext[3];
  for (int i = 0; i < 3; i++) ext[i] = (s.out[i] - 1) * s.s[i] + (s.k[i] - 1) * s.d[i] + 1;
  Frame frame;
  frame.set(ext);
  frame.split(s.s[2]);
  Buffer list(T);
  if (!list) return false;
  int32_t* off = list.ints();
  for (int64_t a = 0; a < s.k[0]; a++)
    for (int64_t b = 0; b < s.k[1]; b++)
      for (int64_t e = 0; e < s.k[2]; e++) *off++ = (int32_t)frame.at(a * s.d[0], b * s.d[1], e * s.d[2]);
  off = list.ints();
  const int64_t origin[3] = {-s.p[0], -s.p[1], -s.p[2]};
  bool failed = false;
  const int64_t work = s.n * out_plane * T * o;
  rl::parallel_for(s.groups, at_least(400000 / at_least(work, 1), 1), [&](int64_t begin, int64_t end) {
    Buffer scratch(frame.plane + frame.ext[2] + 12 * W);
    if (!scratch) {
      failed = true;
      return;
    }
    float *image = scratch.floats(), *row = image + frame.plane + 8 * W;
    for (int64_t gr = begin; gr < end; gr++) {
      float* to = dw + gr * o * T;
      for (int64_t i = 0; i < o * T; i++) to[i] = 0;
      for (int64_t n = 0; n < s.n; n++) {
        frame.fill(image, x + (n * s.groups + gr) * in_plane, 1, s.in, origin, row);
        for (int64_t j = 0; j < o; j++) {
          const float* g = dy + (n * s.o + gr * o + j) * out_plane;
          for (int64_t t = 0; t < T; t += 9) {
            const int count = (int)at_most(9, T - t);
            vf sums[9] = {};
            for (int64_t a = 0; a < s.out[0]; a++)
              for (int64_t b = 0; b < s.out[1]; b++)
                table[count - 1](s.out[2], image + frame.at(a * s.s[0], b * s.s[1], 0), off + t,
                                 g + (a * s.out[1] + b) * s.out[2], sums);
            for (int e = 0; e < count; e++) to[j * T + t + e] += sum(sums[e]);
          }
        }
      }
    }
  });
  return !failed;
}

}  // namespace RL_LEVEL
