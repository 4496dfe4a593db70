// The implicit GEMM under convolution: one micro-kernel whose A operand is looked up in an image,
//
//     C[i][j] = sum over k of x[row[i] + off[k]] * B[k][j]          B packed in panels of NR columns
//
// Forward, rows are output pixels, k runs over the window's taps (channel and position), j over output
// channels. The gradient of the weight swaps the two lists: rows are taps, k runs over pixels, B is dy
// transposed. The gradient of the input is a forward pass over dy, once for each phase of the stride.
// (BRGEMM's offset lists, Georganas et al. 2020, arXiv:1906.06440, and indirect convolution, Dukhan 2019,
// arXiv:1907.02129.) Stride, dilation, groups and 1 to 3 dimensions differ only in the lists.
#pragma once

#include "kernels/conv.h"
#include "kernels/gemm_blocks.inl.h"
#include "kernels/lanes.inl.h"

namespace RL_LEVEL {

RL_INLINE int64_t at_most(int64_t n, int64_t most) { return n < most ? n : most; }
RL_INLINE int64_t at_least(int64_t n, int64_t least) { return n > least ? n : least; }

// Rows of a tile: XR addresses in general registers, 2 * XR sums in vector registers.
constexpr int XR = W == 16 ? 8 : 6;

template <int kRows>
static void gather_tile(int64_t k, const float* x, const int32_t* row, const int32_t* off, const float* b, float* c,
                        bool accumulate) {
  const float* r[kRows];
  vf sum[kRows][2] = {};
  for (int i = 0; i < kRows; i++) r[i] = x + row[i];
  for (int64_t p = 0; p < k; p++) {
    const int64_t o = off[p];
    const vf b0 = load(b), b1 = load(b + W);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; i++) {
      const vf v = set1(r[i][o]);
      sum[i][0] = fma(v, b0, sum[i][0]);
      sum[i][1] = fma(v, b1, sum[i][1]);
    }
    b += NR;
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; i++, c += NR) {
    store(c, accumulate ? load(c) + sum[i][0] : sum[i][0]);
    store(c + W, accumulate ? load(c + W) + sum[i][1] : sum[i][1]);
  }
}

// All `rows` rows of one panel, the k terms in one go. c: rows x NR.
static void gather_panel(int64_t rows, int64_t k, const float* x, const int32_t* row, const int32_t* off,
                         const float* b, float* c, bool accumulate) {
  int64_t i = 0;
  for (; i + XR <= rows; i += XR) gather_tile<XR>(k, x, row + i, off, b, c + i * NR, accumulate);
  row += i;
  c += i * NR;
  switch (rows - i) {
#if RL_WIDTH == 16
    case 7:
      return gather_tile<7>(k, x, row, off, b, c, accumulate);
    case 6:
      return gather_tile<6>(k, x, row, off, b, c, accumulate);
#endif
    case 5:
      return gather_tile<5>(k, x, row, off, b, c, accumulate);
    case 4:
      return gather_tile<4>(k, x, row, off, b, c, accumulate);
    case 3:
      return gather_tile<3>(k, x, row, off, b, c, accumulate);
    case 2:
      return gather_tile<2>(k, x, row, off, b, c, accumulate);
    case 1:
      return gather_tile<1>(k, x, row, off, b, c, accumulate);
  }
}

// A copy of (part of) an image with zeros around it, where every tap of every pixel can be read.
struct Frame {
  int64_t ext[3];        // size
  int64_t plane;         // floats from channel to channel: an odd number of cache lines, so that a column of
                         // channels spreads over all sets of the cache
  int64_t residues = 1;  // column i lies at (i mod residues) * every + i / residues
  int64_t every = 1;
  void set(const int64_t* e) {
    for (int i = 0; i < 3; i++) ext[i] = e[i];
    plane = (ext[0] * ext[1] * ext[2] + 15) / 16 | 1;
    plane *= 16;
  }
  // Sort the columns by their residue.
  void split(int64_t n) {
    residues = n;
    every = (ext[2] + n - 1) / n;
    const int64_t e[3] = {ext[0], ext[1], every * n};
    set(e);
  }
  int64_t at(int64_t a, int64_t b, int64_t c) const {
    return (a * ext[1] + b) * ext[2] + (residues == 1 ? c : c % residues * every + c / residues);
  }

  static void zeros(float* to, int64_t n) {
    int64_t i = 0;
    for (; i + W <= n; i += W) store(to + i, vf{});
    if (i < n) store_n(to + i, vf{}, (int)(n - i));
  }

  // Channels of `in` sized planes at x; the frame's first element is the input's element `origin`.
  // `spare`: a row, needed where columns are sorted.
  void fill(float* to, const float* x, int64_t channels, const int64_t* in, const int64_t* origin,
            float* spare = nullptr) const {
    const int64_t left = origin[2] < 0 ? (-origin[2] < ext[2] ? -origin[2] : ext[2]) : 0, from = origin[2] + left;
    int64_t n = in[2] - from;
    n = n < 0 ? 0 : n > ext[2] - left ? ext[2] - left : n;
    for (int64_t c = 0; c < channels; c++, to += plane, x += in[0] * in[1] * in[2]) {
      float* next = to;
      for (int64_t a = origin[0]; a < origin[0] + ext[0]; a++)
        for (int64_t b = origin[1]; b < origin[1] + ext[1]; b++, next += ext[2]) {
          if (a < 0 || a >= in[0] || b < 0 || b >= in[1]) {
            zeros(next, ext[2]);
            continue;
          }
          const float* src = x + (a * in[1] + b) * in[2] + from;
          float *row = residues == 1 ? next : spare, *dst = row + left;
          zeros(row, left);
          for (int64_t i = 0; i < n; i += W) {
            if (i + W <= n)
              store(dst + i, load(src + i));
            else
              store_n(dst + i, load_n(src + i, (int)(n - i)), (int)(n - i));
          }
          zeros(row + left + n, ext[2] - left - n);
          if (residues == 1) continue;
          int64_t i = 0;
          if (residues == 2)
            for (; i + W <= every; i += W) {
              const vf p = load(row + 2 * i), q = load(row + 2 * i + W);
              store(next + i, evens(p, q));
              store(next + every + i, odds(p, q));
            }
          for (; i < every; i++)
            for (int64_t r = 0; r < residues; r++) next[r * every + i] = row[i * residues + r];
        }
    }
  }
};

// Memory for one scope; a vector more may be read.
struct Buffer : rl::Workspace {
  explicit Buffer(int64_t floats) : Workspace((size_t)(floats + 16) * sizeof(float)) {}
};

// The taps that reach one residue of the outputs, in one dimension.
struct Side {
  int64_t first, count;   // outputs first, first + every, ...: `count` of them
  int64_t taps;           // window positions that reach them
  const int32_t *k, *at;  // which positions, and how far from the pixel's place in the frame
};

// A convolution as the engine sees it: y[first + q*every] = sum of w[k] * frame[q*step + at(k)].
struct GatherShape {
  int64_t n, c, o, groups;  // of one group: channels in and out
  int64_t in[3], out[3];
  int64_t low[3];  // zeros before the input in the frame
  int64_t step[3], every[3];
  int64_t far[3];             // largest `at`
  int64_t most[3];            // largest `count`
  Side* side[3];              // every[i] of them
  int64_t w_in, w_out, taps;  // strides of the weight: input channel, output channel; all positions
  int64_t k1, k2;             // kernel sizes of the last two dimensions
};

// What a phase (one residue in each dimension) needs to know of its weight.
struct Phase {
  const Side* s[3];
  int64_t taps;
  int64_t panel0;  // floats before its packed panels, in a group's
};

static Phase phase_of(const GatherShape& g, int64_t f) {
  Phase ph;
  ph.s[0] = &g.side[0][f / (g.every[1] * g.every[2])];
  ph.s[1] = &g.side[1][f / g.every[2] % g.every[1]];
  ph.s[2] = &g.side[2][f % g.every[2]];
  ph.taps = ph.s[0]->taps * ph.s[1]->taps * ph.s[2]->taps;
  ph.panel0 = 0;
  return ph;
}

// The i-th of a phase's taps: its position in the whole window.
[[maybe_unused]] static int64_t position_of(const GatherShape& g, const Phase& f, int64_t i) {
  const int64_t e = i % f.s[2]->taps, b = i / f.s[2]->taps % f.s[1]->taps, a = i / (f.s[2]->taps * f.s[1]->taps);
  return (f.s[0]->k[a] * g.k1 + f.s[1]->k[b]) * g.k2 + f.s[2]->k[e];
}

// Where the taps of all channels lie in a frame.
static void tap_list(const Phase& f, const Frame& frame, int64_t channels, int32_t* t) {
  for (int64_t c = 0; c < channels; c++)
    for (int64_t i = 0; i < f.s[0]->taps; i++)
      for (int64_t j = 0; j < f.s[1]->taps; j++)
        for (int64_t k = 0; k < f.s[2]->taps; k++)
          *t++ = (int32_t)(c * frame.plane + frame.at(f.s[0]->at[i], f.s[1]->at[j], f.s[2]->at[k]));
}

constexpr int64_t kPieceTaps = 64;

// The weights of one panel of output channels, from j0 on, for the input channels [c0, c1).
static void pack_weight(const GatherShape& g, const Phase& f, const float* w, int64_t j0, int64_t c0, int64_t c1,
                        float* dst) {
  const int n = (int)(g.o - j0 < NR ? g.o - j0 : NR);
  w += j0 * g.w_out + c0 * g.w_in;
  if (g.w_in == g.taps && f.taps == g.taps && n == NR) {  // forward: (c, taps) is one run
    PackB{w, 1, g.w_out}(dst, 0, (c1 - c0) * g.taps, 0, NR);
    return;
  }
  // For each input channel: all positions of NR output channels, transposed, then those of the phase. (Windows
  // of many positions go in pieces: the pieces' rows of the weight are consecutive in memory.)
  float rows[kPieceTaps * NR];
  for (int64_t c = c0; c < c1; c++, w += g.w_in) {
    int64_t have = 0, end = 0;  // positions in `rows`
    for (int64_t a = 0; a < f.s[0]->taps; a++)
      for (int64_t b = 0; b < f.s[1]->taps; b++)
        for (int64_t e = 0; e < f.s[2]->taps; e++, dst += NR) {
          const int64_t t = (f.s[0]->k[a] * g.k1 + f.s[1]->k[b]) * g.k2 + f.s[2]->k[e];
          if (t < have || t >= end) {
            have = t;
            end = at_most(t + kPieceTaps, g.taps);
            PackB{w + have, 1, g.w_out}(rows, 0, end - have, 0, n);
          }
          for (int i = 0; i < NR; i += W) store(dst + i, load(rows + (t - have) * NR + i));
        }
  }
}

// y[position[i]] = tile[i][j] + bias[j] for one panel of n channels, `plane` floats apart.
static void write_panel(const float* tile, int64_t rows, const int32_t* position, int n, int64_t plane,
                        const float* bias, float* y) {
  int64_t i = 0;
  float b[NR];
  for (int j = 0; j < NR; j++) b[j] = bias && j < n ? bias[j] : 0;
  while (i < rows) {
    if (i + W <= rows && position[i + W - 1] == position[i] + W - 1) {
      float* to = y + position[i];
      int j = 0;
      for (; j + W <= n; j += W) {
        float t[W * W];
        transpose_block(tile + i * NR + j, NR, t, W);
        for (int e = 0; e < W; e++) store(to + (j + e) * plane, load(t + e * W) + b[j + e]);
      }
      for (; j < n; j++)
        for (int e = 0; e < W; e++) to[j * plane + e] = tile[(i + e) * NR + j] + b[j];
      i += W;
      continue;
    }
    for (int j = 0; j < n; j++) y[j * plane + position[i]] = tile[i * NR + j] + b[j];
    i++;
  }
}

constexpr int64_t kUnitPixels = 512;        // pixels of a unit of work: its images and sums stay in L2
constexpr int64_t kSumFloats = 48 << 10;    // sums of the panels that are worked on together
constexpr int64_t kFrameFloats = 80 << 10;  // its frame, at most, to stay in L2

// Cuts images into bands of rows (of the first dimension that has more than one) and gathers small
// images into units of several.
struct Bands {
  int dim;         // the dimension that is cut
  int64_t rows;    // of a band
  int64_t bands;   // of an image
  int64_t images;  // of a unit
  int64_t pixels;  // of a unit, at most
  Frame frame;     // of one image's band

  Bands(int64_t n, int64_t channels, const int64_t* count, const int64_t* step, const int64_t* far, int64_t target) {
    dim = count[0] > 1 ? 0 : 1;
    int64_t row = 1, ext[3];
    for (int i = 0; i < 3; i++) {
      ext[i] = (count[i] - 1) * step[i] + far[i] + 1;
      if (i != dim) row *= count[i];
    }
    const int64_t row_floats = channels * (ext[0] * ext[1] * ext[2] / ext[dim]);
    rows = at_least(target / at_least(row, 1), 1);
    rows = at_most(rows, at_least((kFrameFloats / row_floats - far[dim] - 1) / step[dim] + 1, 1));
    rows = at_most(rows, count[dim]);
    bands = ceil_div(count[dim], rows);
    rows = ceil_div(count[dim], bands);
    ext[dim] = (rows - 1) * step[dim] + far[dim] + 1;
    frame.set(ext);
    images = bands > 1 ? 1 : at_most(at_least(target / at_least(row * rows, 1), 1), n);
    pixels = images * rows * row;
  }
};

static bool gather_conv(const GatherShape& g, const float* x, const float* w, const float* bias, float* y) {
  const int64_t T = g.taps, out_plane = g.out[0] * g.out[1] * g.out[2], in_plane = g.in[0] * g.in[1] * g.in[2];
  const int64_t panels = ceil_div(g.o, NR), phases = g.every[0] * g.every[1] * g.every[2];
  const int64_t threads = rl::num_threads();
  Bands u(g.n, g.c, g.most, g.step, g.far, kUnitPixels);
  // All pixels in one unit: threads share the panels, and pack those they work on (a pixel or two for each
  // weight would not pay a trip through memory).
  const bool one = u.bands == 1 && u.images == g.n && g.groups == 1;
  if (!one) u.images = at_most(u.images, at_least(ceil_div(g.n, threads), 1));
  const Frame& frame = u.frame;

  // Taps of every phase (they depend on the frame), and where its weights start.
  Buffer lists(g.c * T + 16 + phases * (int64_t)(sizeof(Phase) / 4 + 4));
  Buffer packed(one ? 0 : g.groups * g.c * T * panels * NR), shared(one ? g.n * g.c * frame.plane : 0);
  if (!lists || !packed || !shared) return false;
  Phase* phase = (Phase*)lists.ints();
  int32_t* taps = (int32_t*)(phase + phases);
  int64_t before = 0;
  for (int64_t f = 0; f < phases; f++) {
    Phase& ph = phase[f];
    ph = phase_of(g, f);
    ph.panel0 = before * panels * NR;
    tap_list(ph, frame, g.c, taps + before);
    before += g.c * ph.taps;
  }
  const int64_t group_floats = g.c * T * panels * NR;
  const bool parallel =
      g.n * g.groups * g.o * out_plane * g.c * T / at_least(g.every[0] * g.every[1] * g.every[2], 1) > kParallelWork;
  // Packed beforehand: the weights, or (one unit) the images.
  const int64_t packs = one ? g.n * ceil_div(g.c, 16) : g.groups * phases * panels;
  const int64_t pack_work = one ? 16 * frame.plane : NR * at_least(g.c * T / phases, 1);
  rl::parallel_for(packs, parallel ? rl::even_grain(packs, at_least(65536 / pack_work, 1), 2) : packs,
                   [&](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; i++) {
                       if (one) {
                         const int64_t m = i / ceil_div(g.c, 16), c = i % ceil_div(g.c, 16) * 16;
                         const int64_t origin[3] = {-g.low[0], -g.low[1], -g.low[2]};
                         frame.fill(shared.floats() + (m * g.c + c) * frame.plane, x + (m * g.c + c) * in_plane,
                                    at_most(16, g.c - c), g.in, origin);
                         continue;
                       }
                       const int64_t gr = i / (phases * panels), f = i / panels % phases, j = i % panels;
                       pack_weight(
                           g, phase[f], w + gr * g.o * g.c * g.taps, j * NR, 0, g.c,
                           packed.floats() + gr * group_floats + phase[f].panel0 + j * NR * g.c * phase[f].taps);
                     }
                   });

  // Units of work: images x bands x groups x parts of the panels.
  const int64_t image_units = ceil_div(g.n, u.images), whole = image_units * u.bands * g.groups;
  const int64_t parts = whole >= 3 * threads ? 1 : at_most(panels, ceil_div(3 * threads, at_least(whole, 1)));
  const int64_t units = whole * parts;
  const int64_t list_ints = 2 * u.pixels;
  bool failed = false;
  rl::parallel_for(units, parallel ? 1 : units, [&](int64_t begin, int64_t end) {
    const int64_t together = at_least(at_most(kSumFloats / (u.pixels * NR), panels), 1);
    const int64_t frames = one ? 0 : u.images * g.c * frame.plane, block = one ? (KC + T) * NR : 0;
    Buffer scratch(frames + list_ints + together * u.pixels * NR + block);
    if (!scratch) {
      failed = true;
      return;
    }
    float *tile = scratch.floats(), *fresh = tile + together * u.pixels * NR,
          *image = one ? shared.floats() : fresh + block;
    int32_t *pixel = (int32_t*)(fresh + block + frames), *position = pixel + u.pixels;
    for (int64_t i = begin; i < end; i++) {
      const int64_t part = i % parts, band = i / parts % u.bands, gr = i / (parts * u.bands) % g.groups;
      const int64_t n0 = i / (parts * u.bands * g.groups) * u.images, images = at_most(u.images, g.n - n0);
      const int64_t q0 = band * u.rows;
      int64_t origin[3];
      for (int a = 0; a < 3; a++) origin[a] = (a == u.dim ? q0 * g.step[a] : 0) - g.low[a];
      for (int64_t m = 0; m < images && !one; m++)
        frame.fill(image + m * g.c * frame.plane, x + ((n0 + m) * g.groups + gr) * g.c * in_plane, g.c, g.in, origin);
      int64_t tap0 = 0;
      for (int64_t f = 0; f < phases; f++) {
        const Phase& ph = phase[f];
        const int64_t K = g.c * ph.taps;
        int64_t from[3] = {0, 0, 0}, to[3] = {ph.s[0]->count, ph.s[1]->count, ph.s[2]->count};
        from[u.dim] = at_most(q0, to[u.dim]);
        to[u.dim] = at_most(q0 + u.rows, to[u.dim]);
        int64_t rows = 0;
        for (int64_t m = 0; m < images; m++)
          for (int64_t a = from[0]; a < to[0]; a++)
            for (int64_t b = from[1]; b < to[1]; b++) {
              const int64_t base =
                  m * g.c * frame.plane + frame.at((a - from[0]) * g.step[0], (b - from[1]) * g.step[1], 0);
              const int64_t place =
                  m * g.groups * g.o * out_plane +
                  ((ph.s[0]->first + a * g.every[0]) * g.out[1] + ph.s[1]->first + b * g.every[1]) * g.out[2] +
                  ph.s[2]->first;
              for (int64_t c = 0; c < to[2]; c++, rows++) {
                pixel[rows] = (int32_t)(base + c * g.step[2]);
                position[rows] = (int32_t)(place + c * g.every[2]);
              }
            }
        const int32_t* tap = taps + tap0;
        tap0 += K;
        if (!rows) continue;
        // A block of the image (the channels of one K block) stays in L2 for several panels.
        const int64_t last = panels * (part + 1) / parts;
        const int64_t blocks = ceil_div(g.c, at_least(KC / at_least(ph.taps, 1), 1)), per = ceil_div(g.c, blocks);
        for (int64_t j0 = panels * part / parts; j0 < last; j0 += together) {
          const int64_t j1 = at_most(j0 + together, last);
          for (int64_t c = 0; c < g.c; c += per) {
            const int64_t c1 = at_most(c + per, g.c), k = c * ph.taps;
            for (int64_t j = j0; j < j1; j++) {
              const float* b = packed.floats() + gr * group_floats + ph.panel0 + (j * K + k) * NR;
              if (one) {
                pack_weight(g, ph, w, j * NR, c, c1, fresh);
                b = fresh;
                if (j + 1 < j1)  // the next panel's weights arrive while this one's are used
                  for (int64_t o = (j + 1) * NR; o < at_most((j + 2) * NR, g.o); o++)
                    for (int64_t e = c * g.w_in; e < c1 * g.w_in && g.w_in == g.taps; e += 16)
                      __builtin_prefetch(w + o * g.w_out + e, 0, 2);
              }
              gather_panel(rows, (c1 - c) * ph.taps, image, pixel, tap + k, b, tile + (j - j0) * rows * NR, c > 0);
            }
          }
          for (int64_t j = j0; j < j1; j++) {
            const int64_t o0 = gr * g.o + j * NR;
            write_panel(tile + (j - j0) * rows * NR, rows, position, (int)at_most(NR, g.o - j * NR), out_plane,
                        bias ? bias + o0 : nullptr, y + (n0 * g.groups * g.o + o0) * out_plane);
          }
        }
      }
    }
  });
  return !failed;
}

}  // namespace RL_LEVEL
