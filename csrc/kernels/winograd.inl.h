// Winograd's minimal filtering F(n x n, 3x3) (Lavin and Gray 2015, arXiv:1509.09308, section 4): for tiles of 4x4
// outputs 36 multiplications where the sum over a 3x3 window takes 144, for tiles of 2x2 outputs 16 where it takes 36.
//
//     y  = A^T [ (G w G^T) * (B^T x B) ] A      summed over input channels inside the brackets: 36 or 16 products
//     dw = G^T [ (A dy A^T) * (B^T x B) ] G     summed over tiles inside the brackets
//
// and the gradient of the input is the first with dy for x and the window turned round.
//
// Tiles of 4x4 have the interpolation points 0, +-sqrt(1/2), +-sqrt(2) and infinity: pairs of x and 1/x keep the
// transforms' constants near 1 (Alam et al. 2022, arXiv:2201.10369). Their error, for 64 and 256 channels, is 1.1e-6
// and 2.1e-6 of the largest output, that of a plain sum in order 0.6e-6 and 1.6e-6. (The usual 0, 1, -1, 2, -2: 5e-6
// and 9e-6.) Tiles of 2x2, with the points 0, 1, -1 and infinity, are closer than the plain sum: 0.3e-6 and 0.5e-6.
// Gradients go by these: what is 2e-6 of the largest may be all there is of the smallest, and Adam divides each by its
// own size.
//
// Stages, for as many tiles as fit the caches: transform the tiles, the products, transform the result. A vector is
// W tiles of one channel on the way in and W channels of one tile on the way out.
#pragma once

#include "kernels/gather.inl.h"

namespace RL_LEVEL {

constexpr float kA = 0.70710678f, kB = 1.41421356f;  // points of the 4x4 tiles; a^2 = 1/2, b^2 = 2

template <int kTile>
RL_INLINE void transform_in(const vf* d, int64_t s, vf* t, int64_t ts) {  // B^T: kTile + 2 to as many
  const vf d0 = d[0], d1 = d[s], d2 = d[2 * s], d3 = d[3 * s];
  if constexpr (kTile == 2) {
    t[0] = d0 - d2;
    t[ts] = d1 + d2;
    t[2 * ts] = d2 - d1;
    t[3 * ts] = d1 - d3;
  } else {
    const vf d4 = d[4 * s], d5 = d[5 * s];
    const vf a = d4 - 2.0f * d2, c = d3 - 2.0f * d1, b = d4 - 0.5f * d2, e = d3 - 0.5f * d1;
    t[0] = d0 - 2.5f * d2 + d4;
    t[ts] = a + kA * c;
    t[2 * ts] = a - kA * c;
    t[3 * ts] = b + kB * e;
    t[4 * ts] = b - kB * e;
    t[5 * ts] = d1 - 2.5f * d3 + d5;
  }
}

template <int kTile>
RL_INLINE void transform_dy(const vf* d, int64_t s, vf* t, int64_t ts) {  // A: kTile to kTile + 2
  const vf d0 = d[0], d1 = d[s];
  t[0] = d0;
  if constexpr (kTile == 2) {
    t[ts] = d0 + d1;
    t[2 * ts] = d0 - d1;
    t[3 * ts] = -d1;
  } else {
    const vf d2 = d[2 * s], d3 = d[3 * s];
    const vf a = d0 + 0.5f * d2, c = d1 + 0.5f * d3, b = d0 + 2.0f * d2, e = d1 + 2.0f * d3;
    t[ts] = a + kA * c;
    t[2 * ts] = a - kA * c;
    t[3 * ts] = b + kB * e;
    t[4 * ts] = b - kB * e;
    t[5 * ts] = d3;
  }
}

template <int kTile>
RL_INLINE void transform_weight(const vf* g, int64_t s, vf* t, int64_t ts) {  // G: 3 to kTile + 2
  const vf g0 = g[0], g1 = g[s], g2 = g[2 * s];
  t[0] = g0;
  if constexpr (kTile == 2) {
    const vf a = 0.5f * (g0 + g2), c = 0.5f * g1;
    t[ts] = a + c;
    t[2 * ts] = a - c;
    t[3 * ts] = g2;
  } else {
    const vf a = (g0 + 0.5f * g2) * (-2.0f / 3), c = g1 * (-2.0f / 3 * kA), b = (g0 + 2.0f * g2) * (1.0f / 6),
             e = g1 * (1.0f / 6 * kB);
    t[ts] = a + c;
    t[2 * ts] = a - c;
    t[3 * ts] = b + e;
    t[4 * ts] = b - e;
    t[5 * ts] = g2;
  }
}

template <int kTile>
RL_INLINE void transform_out(const vf* m, int64_t s, vf* t, int64_t ts) {  // A^T: kTile + 2 to kTile
  const vf a = m[s] + m[2 * s], c = m[s] - m[2 * s];
  if constexpr (kTile == 2) {
    t[0] = m[0] + a;
    t[ts] = c - m[3 * s];
  } else {
    const vf b = m[3 * s] + m[4 * s], e = m[3 * s] - m[4 * s];
    t[0] = m[0] + a + b;
    t[ts] = kA * c + kB * e;
    t[2 * ts] = 0.5f * a + 2.0f * b;
    t[3 * ts] = (0.5f * kA) * c + (2.0f * kB) * e + m[5 * s];
  }
}

template <int kTile>
RL_INLINE void transform_dw(const vf* m, int64_t s, vf* t, int64_t ts) {  // G^T: kTile + 2 to 3
  const vf a = m[s] + m[2 * s], c = m[s] - m[2 * s];
  if constexpr (kTile == 2) {
    t[0] = m[0] + 0.5f * a;
    t[ts] = 0.5f * c;
    t[2 * ts] = 0.5f * a + m[3 * s];
  } else {
    const vf b = m[3 * s] + m[4 * s], e = m[3 * s] - m[4 * s];
    t[0] = m[0] - (2.0f / 3) * a + (1.0f / 6) * b;
    t[ts] = (1.0f / 6 * kB) * e - (2.0f / 3 * kA) * c;
    t[2 * ts] = (1.0f / 3) * (b - a) + m[5 * s];
  }
}

constexpr int64_t kOwnWeights = 640 << 10;  // floats of transformed weights that (about) fit L2

// A convolution of 3x3 windows as a pass over tiles: the forward pass, or the gradient of the input.
struct TileShape {
  int64_t n, c, o;            // images, channels in and out
  int64_t in[2], out[2];      // their sizes
  int64_t p[2];               // padding before
  bool turned;                // the weight is (c, o, 3, 3) and its window turned round
  int64_t tile;               // tiles are of tile x tile outputs
  int64_t th, tw, per_image;  // how many
  int64_t tiles;

  TileShape(const ConvShape& s, int64_t tile, bool backward = false) : n(s.n), turned(backward), tile(tile) {
    c = backward ? s.o : s.c, o = backward ? s.c : s.o;
    for (int i = 0; i < 2; i++) {
      in[i] = (backward ? s.out : s.in)[i + 1];
      out[i] = (backward ? s.in : s.out)[i + 1];
      p[i] = backward ? 2 - s.p[i + 1] : s.p[i + 1];
    }
    th = ceil_div(out[0], tile), tw = ceil_div(out[1], tile), per_image = th * tw, tiles = n * per_image;
  }
};

static bool is_3x3(const ConvShape& s) {
  bool plain = s.groups == 1 && s.in[0] == 1 && s.out[0] == 1 && s.k[0] == 1 && s.p[0] == 0;
  for (int i = 1; i < 3; i++) plain = plain && s.k[i] == 3 && s.s[i] == 1 && s.d[i] == 1 && s.p[i] <= 2;
  return plain;
}

// Enough tiles to pay for the weights' transform, and most of their pixels wanted.
static bool suits_winograd(const TileShape& s) {
  return s.c >= 16 && s.o >= NR && s.n * s.out[0] * s.out[1] >= 128 &&
         s.tile * s.tile * s.per_image <= 2 * s.out[0] * s.out[1] &&
         s.c * s.in[0] * s.in[1] * at_most(s.n, 1024 / s.per_image + 2) < INT32_MAX &&
         s.o * s.out[0] * s.out[1] * at_most(s.n, 1024 / s.per_image + 2) < INT32_MAX;
}

// W tiles from `first` on: where their windows begin in an image of `channels` channels (counted from image n0 on) and
// which of the windows' rows and columns lie in it, a bit a tile.
template <int kSize>
struct TileGroup {
  vi at;
  uint32_t row[kSize], column[kSize];

  TileGroup(const TileShape& s, int64_t channels, const int64_t* size, const int64_t* before, int64_t n0, int64_t first,
            int64_t end) {
    for (int i = 0; i < kSize; i++) row[i] = column[i] = 0;
    for (int e = 0; e < W; e++) {
      const int64_t t = first + e, n = t / s.per_image - n0, place = t % s.per_image;
      const int64_t y = place / s.tw * s.tile - before[0], x = place % s.tw * s.tile - before[1];
      at[e] = t < end ? (int32_t)(n * channels * size[0] * size[1] + y * size[1] + x) : 0;
      for (int i = 0; i < kSize && t < end; i++) {
        row[i] |= (uint32_t)(y + i >= 0 && y + i < size[0]) << e;
        column[i] |= (uint32_t)(x + i >= 0 && x + i < size[1]) << e;
      }
    }
  }
};

// The transform of `count` tiles from t0 on, of all channels: to[i * plane + c * ld + tile] for the 36 or 16 i.
// Of x, windows (B^T d B), or with kGradient tiles of dy (A d A^T). `shared`: by all threads. False: no memory.
template <int kTile, bool kGradient>
static bool transform_tiles(const TileShape& s, const float* x, int64_t channels, const int64_t* size,
                            const int64_t* before, int64_t t0, int64_t count, bool shared, float* to, int64_t plane,
                            int64_t ld) {
  constexpr int kSum = kTile + 2, kSize = kGradient ? kTile : kSum;
  typedef TileGroup<kSize> Group;
  const int64_t n0 = t0 / s.per_image, groups = ceil_div(count, W), image = size[0] * size[1];
  Buffer list(groups * (int64_t)(sizeof(Group) / 4) + 16);
  if (!list) return false;
  Group* group = (Group*)list.floats();
  for (int64_t i = 0; i < groups; i++) group[i] = Group(s, channels, size, before, n0, t0 + i * W, t0 + count);
  x += n0 * channels * image;
  rl::parallel_for(channels, shared ? rl::even_grain(channels, 1, 4) : channels, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; c++)
      for (int64_t k = 0; k < groups; k++) {
        const Group& g = group[k];
        vf d[kSum * kSum], t[kSum * kSum];
        const float* from = x + c * image;
        for (int i = 0; i < kSize; i++)
          for (int j = 0; j < kSize; j++)
            d[kSize * i + j] = gather(from + i * size[1] + j, g.at, g.row[i] & g.column[j]);
        if constexpr (kGradient) {
          for (int i = 0; i < kTile; i++) transform_dy<kTile>(d + i, kTile, t + i, kTile);
          for (int i = 0; i < kSum; i++) transform_dy<kTile>(t + kTile * i, 1, d + kSum * i, 1);
        } else {
          for (int i = 0; i < kSum; i++) transform_in<kTile>(d + i, kSum, t + i, kSum);
          for (int i = 0; i < kSum; i++) transform_in<kTile>(t + kSum * i, 1, d + kSum * i, 1);
        }
        for (int i = 0; i < kSum * kSum; i++) store(to + i * plane + c * ld + k * W, d[i]);
      }
  });
  return true;
}

// G w G^T of panel j, NR outputs, and the input channels [begin, end): to[i * plane + c * NR + output].
template <int kTile>
static void transform_panel(const TileShape& s, const float* w, int64_t j, int64_t begin, int64_t end, float* to,
                            int64_t plane) {
  constexpr int kSum = kTile + 2;
  float rows[9 * W * NR];  // W input channels: whole blocks to transpose
  const int64_t n = at_most(NR, s.o - j * NR);
  for (int64_t c0 = begin; c0 < end; c0 += W, to += W * NR) {
    const int64_t channels = at_most(W, end - c0);
    if (!s.turned && c0 + 2 * W <= end)
      for (int64_t o = 0; o < n; o++)  // too many streams for the hardware to foresee
        for (int64_t i = 0; i < 9 * W; i += 16) __builtin_prefetch(w + ((j * NR + o) * s.c + c0 + W) * 9 + i);
    if (s.turned)
      for (int64_t c = 0; c < channels; c++)
        PackB{w + ((c0 + c) * s.o + j * NR) * 9, 1, 9}(rows + c * 9 * NR, 0, 9, 0, n);
    else
      PackB{w + (j * NR * s.c + c0) * 9, 1, s.c * 9}(rows, 0, 9 * channels, 0, n);
    for (int64_t c = 0; c < channels; c++)
      for (int h = 0; h < NR; h += W) {
        vf g[9], t[3 * kSum], r[kSum * kSum];
        for (int i = 0; i < 9; i++) g[i] = load(rows + (c * 9 + (s.turned ? 8 - i : i)) * NR + h);
        for (int i = 0; i < 3; i++) transform_weight<kTile>(g + i, 3, t + i, 3);
        for (int i = 0; i < kSum; i++) transform_weight<kTile>(t + 3 * i, 1, r + kSum * i, 1);
        for (int i = 0; i < kSum * kSum; i++) store(to + i * plane + c * NR + h, r[i]);
      }
  }
}

// The products for `count` tiles and a panel of outputs, summed over the input channels [begin, end):
// m[i * m_plane + tile * NR + output]. v: the transformed tiles; u: the panel's transformed weights.
static void multiply_tiles(const TileShape& s, const float* v, int64_t v_plane, int64_t ld, const float* u,
                           int64_t u_plane, int64_t begin, int64_t end, int64_t count, float* m, int64_t m_plane) {
  for (int64_t i = 0; i < (s.tile + 2) * (s.tile + 2); i++)
    macro_kernel_strided(count, NR, end - begin, v + i * v_plane + begin * ld, 1, ld, u + i * u_plane, 0,
                         GemmOut{m + i * m_plane, NR}.part(begin == 0, end == s.c));
}

// y = A^T m A + bias for `count` tiles from t0 on, panel j.
template <int kTile>
static void write_tiles(const TileShape& s, const float* m, int64_t m_plane, const float* bias, int64_t t0,
                        int64_t count, int64_t j, float* y) {
  constexpr int kSum = kTile + 2, kPixels = kTile * kTile;
  for (int64_t t = 0; t < count; t++) {
    const int64_t n = (t0 + t) / s.per_image, place = (t0 + t) % s.per_image;
    const int64_t oy = place / s.tw * kTile, ox = place % s.tw * kTile;
    const int rows = (int)at_most(kTile, s.out[0] - oy), columns = (int)at_most(kTile, s.out[1] - ox);
    for (int h = 0; h < NR && j * NR + h < s.o; h += W) {
      vf p[kTile * kSum], q[kSum * kSum], r[kPixels];
      const int64_t o = j * NR + h;
      const int channels = (int)at_most(W, s.o - o);
      const vf b = bias ? load_n(bias + o, channels) : vf{};
      for (int i = 0; i < kSum * kSum; i++) q[i] = load(m + i * m_plane + t * NR + h);
      for (int i = 0; i < kSum; i++) transform_out<kTile>(q + i, kSum, p + i, kSum);
      for (int i = 0; i < kTile; i++) transform_out<kTile>(p + kSum * i, 1, r + kTile * i, 1);
      float lanes[kPixels * W], pixels[kPixels * W];  // pixels: channels x kPixels
      for (int i = 0; i < kPixels; i++) store(lanes + i * W, r[i] + b);
      if constexpr (kPixels >= W) {
        for (int i = 0; i < kPixels; i += W) transpose_block(lanes + i * W, W, pixels + i, kPixels);
      } else {
        for (int e = 0; e < W; e++)
          for (int i = 0; i < kPixels; i++) pixels[kPixels * e + i] = lanes[i * W + e];
      }
      for (int e = 0; e < channels; e++) {
        float* to = y + ((n * s.o + o + e) * s.out[0] + oy) * s.out[1] + ox;
        const float* from = pixels + kPixels * e;
        if (rows == kTile && columns == kTile) {
          for (int i = 0; i < kTile; i++) __builtin_memcpy(to + i * s.out[1], from + kTile * i, kTile * sizeof(float));
          continue;
        }
        for (int i = 0; i < rows; i++)
          for (int k = 0; k < columns; k++) to[i * s.out[1] + k] = from[kTile * i + k];
      }
    }
  }
}

template <int kTile>
static bool winograd(const TileShape& s, const float* x, const float* w, const float* bias, float* y) {
  constexpr int64_t kParts = (kTile + 2) * (kTile + 2);
  const int64_t C = s.c, O = s.o, panels = ceil_div(O, NR);
  // Tiles worked on together. While the transformed weights fit L2, they are made once, and each thread takes tiles of
  // its own: as many as keep their transforms in L2 too. Otherwise, and where tiles are few, threads share the tiles'
  // transform and then the panels of outputs, whose weights each transforms for itself, in its L2: again for every
  // chunk of tiles, which costs no more than to read them back.
  const int64_t own = at_least((256 << 10) / (kParts * (C + O)), 48);
  const bool shared = kParts * C * O > kOwnWeights || s.tiles < own * rl::num_threads();
  const int64_t most = shared ? at_most(at_least((int64_t)1500000 / (kParts * C), 96), 1008) : own;
  const int64_t chunk = round_up(ceil_div(s.tiles, ceil_div(s.tiles, most)), 12), chunks = ceil_div(s.tiles, chunk);
  const int64_t kc = ceil_div(C, ceil_div(C, 128));  // input channels worked on together
  // Off the powers of two: so many streams must not share a cache set.
  const int64_t ld = round_up(chunk, W) + 16, v_plane = C * ld + 16, m_plane = chunk * NR + 16;
  const int64_t u_plane = (shared ? round_up(kc, W) : panels * C) * NR + 16;
  bool failed = false;
  auto fail = [&] { __atomic_store_n(&failed, true, __ATOMIC_RELAXED); };
  if (shared) {
    Buffer v(kParts * v_plane);
    if (!v) return false;
    for (int64_t t0 = 0; t0 < s.tiles; t0 += chunk) {
      const int64_t count = at_most(chunk, s.tiles - t0);
      if (!transform_tiles<kTile, false>(s, x, C, s.in, s.p, t0, count, true, v.floats(), v_plane, ld)) return false;
      const int64_t parts = at_most(ceil_div(rl::num_threads(), panels), ceil_div(count, MR));
      rl::parallel_for(panels * parts, 1, [&](int64_t begin, int64_t end) {
        Buffer u(kParts * u_plane), m(kParts * m_plane);
        if (!u || !m) return fail();
        for (int64_t i = begin; i < end; i++) {
          const int64_t j = i / parts, t = count * (i % parts) / parts, n = count * (i % parts + 1) / parts - t;
          for (int64_t k = 0; k < C; k += kc) {
            transform_panel<kTile>(s, w, j, k, at_most(k + kc, C), u.floats(), u_plane);
            multiply_tiles(s, v.floats() + t, v_plane, ld, u.floats(), u_plane, k, at_most(k + kc, C), n, m.floats(),
                           m_plane);
          }
          write_tiles<kTile>(s, m.floats(), m_plane, bias, t0 + t, n, j, y);
        }
      });
    }
    return !failed;
  }
  Buffer u(kParts * u_plane);
  if (!u) return false;
  rl::parallel_for(panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; j++) transform_panel<kTile>(s, w, j, 0, C, u.floats() + j * C * NR, u_plane);
  });
  rl::parallel_for(chunks, 1, [&](int64_t begin, int64_t end) {
    Buffer v(kParts * v_plane), m(kParts * m_plane);
    if (!v || !m) return fail();
    for (int64_t i = begin; i < end; i++) {
      const int64_t t0 = i * chunk, count = at_most(chunk, s.tiles - t0);
      if (!transform_tiles<kTile, false>(s, x, C, s.in, s.p, t0, count, false, v.floats(), v_plane, ld)) return fail();
      for (int64_t j = 0; j < panels; j++) {
        for (int64_t k = 0; k < C; k += kc)
          multiply_tiles(s, v.floats(), v_plane, ld, u.floats() + (j * C + k) * NR, u_plane, k, at_most(k + kc, C),
                         count, m.floats(), m_plane);
        write_tiles<kTile>(s, m.floats(), m_plane, bias, t0, count, j, y);
      }
    }
  });
  return !failed;
}

// sums[panel][channel * 9 + tap][NR outputs]: the gradient of the weight.
template <int kTile>
static bool winograd_weight(const TileShape& s, const float* x, const float* dy, float* sums) {
  constexpr int kSum = kTile + 2, kParts = kSum * kSum;
  const int64_t C = s.c, O = s.o, panels = ceil_div(O, NR), none[2] = {0, 0};
  // Many tiles at a time pay for reading and writing the products.
  const int64_t most = at_most(at_least(2 * C * O / (C + O), 96), 512);
  const int64_t chunk = round_up(ceil_div(s.tiles, ceil_div(s.tiles, most)), W), ld = chunk + 16;
  const int64_t v_plane = C * ld + 16, z_plane = panels * NR * ld + 16, plane = panels * NR * C + 16;
  Buffer v(kParts * v_plane), z(kParts * z_plane), m(kParts * plane);
  if (!v || !z || !m) return false;
  bool failed = false;
  for (int64_t t0 = 0; t0 < s.tiles; t0 += chunk) {
    const int64_t count = at_most(chunk, s.tiles - t0), kb = k_block(count), parts = at_most(4, panels);
    if (!transform_tiles<kTile, false>(s, x, C, s.in, s.p, t0, count, true, v.floats(), v_plane, ld)) return false;
    if (!transform_tiles<kTile, true>(s, dy, O, s.out, none, t0, count, true, z.floats(), z_plane, ld)) return false;
    rl::parallel_for(kParts * parts, 1, [&](int64_t begin, int64_t end) {  // channels x tiles times tiles x outputs
      Buffer packed(kb * NR);
      if (!packed) {
        __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
        return;
      }
      for (int64_t i = begin; i < end; i++) {
        const int64_t at = i / parts, part = i % parts;
        for (int64_t j = panels * part / parts; j < panels * (part + 1) / parts; j++)
          for (int64_t k = 0; k < count; k += kb) {
            const int64_t kc = at_most(kb, count - k);
            PackB{z.floats() + at * z_plane + j * NR * ld, 1, ld}(packed.floats(), k, kc, 0, at_most(NR, O - j * NR));
            GemmOut out{m.floats() + at * plane + j * C * NR, NR};
            macro_kernel_strided(C, NR, kc, v.floats() + at * v_plane + k, ld, 1, packed.floats(), 0,
                                 out.part(t0 == 0 && k == 0, true));
          }
      }
    });
  }
  rl::parallel_for(panels * C, rl::even_grain(panels * C, 16, 2), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      for (int h = 0; h < NR; h += W) {
        vf p[kParts], t[3 * kSum], r[9];
        for (int e = 0; e < kParts; e++) p[e] = load(m.floats() + e * plane + i * NR + h);
        for (int e = 0; e < kSum; e++) transform_dw<kTile>(p + e, kSum, t + e, kSum);
        for (int e = 0; e < 3; e++) transform_dw<kTile>(t + kSum * e, 1, r + 3 * e, 1);
        for (int e = 0; e < 9; e++) store(sums + (i * 9 + e) * NR + h, r[e]);
      }
  });
  return !failed;
}

}  // namespace RL_LEVEL
