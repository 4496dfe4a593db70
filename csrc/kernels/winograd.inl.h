// Winograd's minimal filtering F(4x4, 3x3) for inference: 36 multiplications for 16 outputs of a 3x3 window
// instead of 144 (Lavin and Gray 2015, arXiv:1509.09308, section 4; interpolation points 0, 1, -1, 2, -2).
//
//     y = A^T [ (G w G^T) * (B^T d B) ] A        summed over channels inside the brackets: 36 matrix products
//
// The transforms' constants up to 8 cost accuracy: the largest error is some 1e-5 of the largest output.
// Stages, for as many tiles as fit the caches: transform the input, 36 products, transform the result.
#pragma once

#include "kernels/gather.inl.h"

namespace RL_LEVEL {

RL_INLINE void transform_in(const vf* d, int64_t s, vf* t, int64_t ts) {  // B^T
  const vf d0 = d[0], d1 = d[s], d2 = d[2 * s], d3 = d[3 * s], d4 = d[4 * s], d5 = d[5 * s];
  const vf a = d4 - 4.0f * d2, b = d3 - 4.0f * d1, c = d4 - d2, e = 2.0f * (d3 - d1);
  t[0] = 4.0f * d0 - 5.0f * d2 + d4;
  t[ts] = a + b;
  t[2 * ts] = a - b;
  t[3 * ts] = c + e;
  t[4 * ts] = c - e;
  t[5 * ts] = 4.0f * d1 - 5.0f * d3 + d5;
}

RL_INLINE void transform_weight(const vf* g, int64_t s, vf* t, int64_t ts) {  // G
  const vf g0 = g[0], g1 = g[s], g2 = g[2 * s];
  const vf a = (g0 + g2) * (-1.0f / 6), b = g1 * (1.0f / 6), c = g0 * (1.0f / 24) + g2 * (1.0f / 6),
           e = g1 * (1.0f / 12);
  t[0] = 0.25f * g0;
  t[ts] = a - b;
  t[2 * ts] = a + b;
  t[3 * ts] = c + e;
  t[4 * ts] = c - e;
  t[5 * ts] = g2;
}

RL_INLINE void transform_out(const vf* m, int64_t s, vf* t, int64_t ts) {  // A^T
  const vf m0 = m[0], m5 = m[5 * s];
  const vf a = m[s] + m[2 * s], b = m[s] - m[2 * s], c = m[3 * s] + m[4 * s], e = m[3 * s] - m[4 * s];
  t[0] = m0 + a + c;
  t[ts] = b + 2.0f * e;
  t[2 * ts] = a + 4.0f * c;
  t[3 * ts] = b + 8.0f * e + m5;
}

static bool suits_winograd(const ConvShape& s) {
  return s.groups == 1 && s.in[0] == 1 && s.out[0] == 1 && s.k[0] == 1 && s.k[1] == 3 && s.k[2] == 3 && s.s[1] == 1 &&
         s.s[2] == 1 && s.d[1] == 1 && s.d[2] == 1 && s.p[0] == 0 && s.c >= 16 && s.o >= NR && s.out[1] >= 8 &&
         s.out[2] >= 8 && s.n * s.out[1] * s.out[2] >= 192;
}

static bool winograd(const ConvShape& s, const float* x, const float* w, const float* bias, float* y) {
  const int64_t C = s.c, O = s.o, panels = ceil_div(O, NR), th = ceil_div(s.out[1], 4), tw = ceil_div(s.out[2], 4);
  const int64_t per_image = th * tw, tiles = s.n * per_image;
  // Tiles worked on together. While the transformed weights (about) fit L2, each thread takes some of its own: as many
  // as keep their transforms in L2 too, but enough to pay for reading the weights. Otherwise, and where tiles are
  // few, all threads share each stage.
  const int64_t fit = (256 << 10) / (36 * (C + O)), pay = C * O / (C + O), own = at_least(at_least(fit, pay), 12);
  const bool shared = 36 * C * O > (640 << 10) || tiles < own * rl::num_threads();
  const int64_t most = shared ? at_least((int64_t)1500000 / (36 * (C + O)) / 12 * 12, 48) : own;
  const int64_t chunk = round_up(ceil_div(tiles, ceil_div(tiles, most)), 12), chunks = ceil_div(tiles, chunk);
  const int64_t ld = round_up(chunk, W) + 16, v_plane = C * ld + 16, ldo = panels * NR + 16, m_plane = chunk * ldo + 16;
  const int64_t u_plane = panels * NR * C + 16;  // off the powers of two: 36 streams must not share a cache set
  Buffer u(36 * u_plane);
  if (!u) return false;

  // G w G^T, packed in panels of NR output channels for each of the 36.
  rl::parallel_for(panels, rl::even_grain(panels, 1, 2), [&](int64_t begin, int64_t end) {
    float rows[9 * W * NR];  // W input channels: whole blocks to transpose
    for (int64_t j = begin; j < end; j++)
      for (int64_t c0 = 0; c0 < C; c0 += W) {
        const int64_t channels = at_most(W, C - c0);
        PackB{w + (j * NR * C + c0) * 9, 1, C * 9}(rows, 0, 9 * channels, 0, at_most(NR, O - j * NR));
        for (int64_t c = 0; c < channels; c++)
          for (int h = 0; h < NR; h += W) {
            vf g[9], t[18], r[36];
            for (int i = 0; i < 9; i++) g[i] = load(rows + (c * 9 + i) * NR + h);
            for (int i = 0; i < 3; i++) transform_weight(g + i, 3, t + i, 3);          // 6 x 3
            for (int i = 0; i < 6; i++) transform_weight(t + 3 * i, 1, r + 6 * i, 1);  // 6 x 6
            float* to = u.floats() + (j * C + c0 + c) * NR + h;
            for (int i = 0; i < 36; i++) store(to + i * u_plane, r[i]);
          }
      }
  });

  Frame frame;
  const int64_t ext[3] = {1, 4 * th + 2, 4 * tw + 2}, origin[3] = {0, -s.p[1], -s.p[2]};
  frame.set(ext);
  frame.split(4);  // columns 0, 4, 8, ... side by side: neighbouring tiles are neighbouring lanes
  bool failed = false;
  auto work = [&](int64_t t0) {
    const int64_t count = at_most(chunk, tiles - t0), n0 = t0 / per_image, n1 = ceil_div(t0 + count, per_image);
    Buffer v(36 * v_plane), m(36 * m_plane);
    if (!v || !m) return false;
    bool good = true;
    rl::parallel_for(C, rl::even_grain(C, 1, 4), [&](int64_t begin, int64_t end) {
      Buffer scratch((n1 - n0) * frame.plane + frame.ext[2] + 6 * W);
      if (!scratch) {
        __atomic_store_n(&good, false, __ATOMIC_RELAXED);
        return;
      }
      float *image = scratch.floats(), *row = image + (n1 - n0) * frame.plane + 2 * W;
      for (int64_t c = begin; c < end; c++) {
        for (int64_t n = n0; n < n1; n++) {  // the rows under the chunk's tiles
          const int64_t y0 = at_least(t0 - n * per_image, 0) / tw;
          const int64_t y1 = ceil_div(at_most(t0 + count - n * per_image, per_image), tw);
          const int64_t from[3] = {0, origin[1] + 4 * y0, origin[2]};
          Frame part = frame;
          part.ext[1] = 4 * (y1 - y0) + 2;
          part.fill(image + (n - n0) * frame.plane + 4 * y0 * frame.ext[2], x + (n * C + c) * s.inputs(), 1, s.in, from,
                    row);
        }
        // Along each row of tiles. Lanes past its end are overwritten by the next row's.
        for (int64_t t = 0, done = 0; t < count; t += W) {
          vf d[36], p[36];
          const int64_t at = t0 + t, place = at % per_image, tx = place % tw;
          const float* from = image + (at / per_image - n0) * frame.plane + 4 * (place / tw) * frame.ext[2] + tx;
          done = at_most(t + tw - tx, count);
          for (int i = 0; i < 6; i++)
            for (int j = 0; j < 6; j++) d[6 * i + j] = load(from + i * frame.ext[2] + (j & 3) * frame.every + (j >> 2));
          for (int i = 0; i < 6; i++) transform_in(d + i, 6, p + i, 6);
          for (int i = 0; i < 6; i++) transform_in(p + 6 * i, 1, d + 6 * i, 1);
          float* to = v.floats() + c * ld + t;
          for (int i = 0; i < 36; i++) store(to + i * v_plane, d[i]);
          if (t + W > done) t = done - W;
        }
      }
    });
    if (!good) return false;
    // 36 products: tiles x channels times channels x outputs.
    const int64_t kb = k_block(C), parts = at_most(4, panels);
    rl::parallel_for(36 * parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const int64_t at = i / parts, part = i % parts;
        for (int64_t j = panels * part / parts; j < panels * (part + 1) / parts; j++)
          for (int64_t k = 0; k < C; k += kb) {
            GemmOut out{m.floats() + at * m_plane + j * NR, ldo};
            macro_kernel_strided(count, NR, at_most(kb, C - k), v.floats() + at * v_plane + k * ld, 1, ld,
                                 u.floats() + at * u_plane + (j * C + k) * NR, 0, out.part(k == 0, k + kb >= C));
          }
      }
    });
    rl::parallel_for(count, rl::even_grain(count, 1, 4), [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; t++) {
        const int64_t n = (t0 + t) / per_image, place = (t0 + t) % per_image, oy = place / tw * 4, ox = place % tw * 4;
        const int rows = (int)at_most(4, s.out[1] - oy), columns = (int)at_most(4, s.out[2] - ox);
        for (int64_t o = 0; o < O; o += W) {
          vf p[24], q[36], r[16];
          const int channels = (int)at_most(W, O - o);
          const vf b = bias ? load_n(bias + o, channels) : vf{};
          for (int i = 0; i < 36; i++) q[i] = load(m.floats() + i * m_plane + t * ldo + o);
          for (int i = 0; i < 6; i++) transform_out(q + i, 6, p + i, 6);          // 4 x 6
          for (int i = 0; i < 4; i++) transform_out(p + 6 * i, 1, r + 4 * i, 1);  // 4 x 4
          float lanes[16 * W], pixels[16 * W];                                    // pixels: channels x 16
          for (int i = 0; i < 16; i++) store(lanes + i * W, r[i] + b);
          for (int i = 0; i < 16; i += W) transpose_block(lanes + i * W, W, pixels + i, 16);
          for (int e = 0; e < channels; e++) {
            float* to = y + ((n * O + o + e) * s.out[1] + oy) * s.out[2] + ox;
            const float* from = pixels + 16 * e;
            if (rows == 4 && columns == 4) {
              for (int i = 0; i < 4; i++) __builtin_memcpy(to + i * s.out[2], from + 4 * i, 4 * sizeof(float));
              continue;
            }
            for (int i = 0; i < rows; i++)
              for (int j = 0; j < columns; j++) to[i * s.out[2] + j] = from[4 * i + j];
          }
        }
      }
    });
    return true;
  };
  rl::parallel_for(chunks, shared ? chunks : 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      if (!work(i * chunk)) __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
  });
  return !failed;
}

}  // namespace RL_LEVEL
