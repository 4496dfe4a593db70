// Tiled attention: a block of rows against a block of keys at a time, so that the scores never leave the
// cache. Softmax is kept running over the blocks of keys (Milakov and Gimelshein 2018; Dao et al. 2022,
// arXiv:2205.14135, algorithms 1 and 4); backward recomputes the probabilities from the saved lse.
#include "kernels/attention.h"

#include "kernels/gemm.inl.h"
#include "kernels/math.inl.h"

namespace RL_LEVEL {

constexpr int64_t kRows = 96;        // query rows in a block, at most
constexpr int64_t kCausalRows = 48;  // fewer where a block's rows see different numbers of keys
constexpr int64_t kKeys = 256;       // keys in a block ...
constexpr int64_t kOneBlock = 384;   // ... unless there are no more than this
constexpr float kInfinity = __builtin_inff();

struct Blocks {
  int64_t keys, size;
  explicit Blocks(int64_t n) : keys(n), size(n <= kOneBlock ? n : kKeys) {}
  int64_t count() const { return keys ? ceil_div(keys, size) : 0; }
  int64_t begin(int64_t i) const { return i * size; }
  int64_t stride() const {
    return round_up(size, NR) + NR;
  }  // of a row of scores; not a power of 2: it is read by columns too
  int64_t length(int64_t i) const { return keys - i * size < size ? keys - i * size : size; }
};

static void pack(float* dst, const PackB& pb, int64_t k, int64_t n) {
  for (int64_t j = 0; j < n; j += NR) pb(dst + j * k, 0, k, j, (int)(n - j < NR ? n - j : NR));
}

// Scores of rows [i0, i0 + m) and keys [j0, j0 + n) of one head into s (row stride ld, a multiple of W):
// scale q k^T, mask, -inf where nothing counts and up to the next multiple of W.
static void scores(const AttentionCall& c, int64_t b, int64_t h, int64_t i0, int64_t m, int64_t j0, int64_t n,
                   const float* packed_k, float* s, int64_t ld) {
  GemmOut out{s, ld};
  out.alpha = c.scale;
  macro_kernel_strided(m, n, c.d, c.q.p + b * c.q.b + h * c.q.h + i0 * c.q.t, c.q.t, 1, packed_k, NR * c.d, out);
  const int64_t wide = round_up(n, W);
  for (int64_t i = 0; i < m; i++) {
    float* row = s + i * ld;
    const int64_t at = b * c.mask_b + h * c.mask_h + (i0 + i) * c.mask_t + j0 * c.mask_s;
    if (c.bias) {
      const float* bias = c.bias + at;
      if (c.mask_s == 1)
        for (int64_t j = 0; j < n; j++) row[j] += bias[j];
      else
        for (int64_t j = 0; j < n; j++) row[j] += bias[j * c.mask_s];
    }
    if (c.allowed) {
      const uint8_t* allowed = c.allowed + at;
      for (int64_t j = 0; j < n; j++) row[j] = allowed[j * c.mask_s] ? row[j] : -kInfinity;
    }
    int64_t end = n;
    if (c.causal && i0 + i + 1 - j0 < n) end = i0 + i + 1 - j0 < 0 ? 0 : i0 + i + 1 - j0;
    for (int64_t j = end; j < wide; j++) row[j] = -kInfinity;
  }
}

// How many keys rows up to i_end can see.
RL_INLINE int64_t seen(const AttentionCall& c, int64_t i_end) { return c.causal && i_end < c.keys ? i_end : c.keys; }

RL_INLINE void keep_row(float* p, const uint8_t* keep, float scale, int64_t n) {
  for (int64_t j = 0; j < n; j++) p[j] = keep[j] ? p[j] * scale : 0.0f;
}

// Rows [begin, end) of one head; keys and values are packed by block.
static void forward_rows(const AttentionCall& c, int64_t b, int64_t h, int64_t begin, int64_t end,
                         const float* packed_k, const float* packed_v, float* s, int64_t ld) {
  const Blocks blocks(c.keys);
  const int64_t d_wide = round_up(c.dv, NR);
  float top[kRows], total[kRows];
  const int64_t step = c.causal ? kCausalRows : kRows;
  for (int64_t i0 = begin; i0 < end; i0 += step) {
    const int64_t m = end - i0 < step ? end - i0 : step, limit = seen(c, i0 + m);
    GemmOut out{c.out.p + b * c.out.b + h * c.out.h + i0 * c.out.t, c.out.t};
    for (int64_t i = 0; i < m; i++) top[i] = -kInfinity, total[i] = 0;
    if (c.keys == 0)
      for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < c.dv; j++) out.c[i * out.ldc + j] = 0;
    for (int64_t block = 0; block < blocks.count() && blocks.begin(block) < limit; block++) {
      const int64_t j0 = blocks.begin(block), whole = blocks.length(block), n = limit - j0 < whole ? limit - j0 : whole;
      const int64_t wide = round_up(n, W);
      scores(c, b, h, i0, m, j0, n, packed_k + blocks.stride() * c.d * block, s, ld);
      for (int64_t i = 0; i < m; i++) {
        float* row = s + i * ld;
        vf highest = set1(top[i]);
        for (int64_t j = 0; j < wide; j += W) highest = max(load(row + j), highest);
        float now = max_of(highest);
        if (now == -kInfinity) now = 0;  // nothing to see yet: exponentials of -inf
        vf add = {};
        for (int64_t j = 0; j < wide; j += W) {
          const vf e = exp(load(row + j) - now);
          store(row + j, e);
          add += e;
        }
        if (block > 0) {
          const float shrink = exp(set1(top[i] - now))[0];
          total[i] *= shrink;
          float* o = out.c + i * out.ldc;
          for (int64_t j = 0; j < c.dv; j++) o[j] *= shrink;
        }
        total[i] += sum(add);
        top[i] = now;
        if (c.keep) keep_row(row, c.keep + ((b * c.heads + h) * c.rows + i0 + i) * c.keys + j0, c.keep_scale, n);
      }
      out.accumulate = block > 0;
      macro_kernel_strided(m, c.dv, n, s, ld, 1, packed_v + blocks.size * d_wide * block, NR * whole, out);
    }
    for (int64_t i = 0; i < m; i++) {
      const float r = total[i] == 0 ? 0 : 1 / total[i];
      float* o = out.c + i * out.ldc;
      for (int64_t j = 0; j < c.dv; j++) o[j] *= r;
      if (c.lse)
        c.lse[(b * c.heads + h) * c.rows + i0 + i] = total[i] == 0 ? kInfinity : top[i] + log(set1(total[i]))[0];
    }
  }
}

static bool forward(const AttentionCall& c) {
  const Blocks blocks(c.keys);
  const int64_t ld = blocks.stride();
  const int64_t k_floats = blocks.count() * ld * c.d, v_floats = blocks.count() * blocks.size * round_up(c.dv, NR);
  const size_t bytes = (size_t)(k_floats + v_floats + kRows * ld) * sizeof(float) + 64;
  // One task a head; few heads of many rows are cut into row blocks, which pack for themselves.
  const int64_t heads = c.batch * c.heads, row_blocks = ceil_div(c.rows, kRows);
  int64_t cuts = heads < 2 * rl::num_threads() ? 2 * rl::num_threads() : 1;
  if (cuts > row_blocks) cuts = row_blocks;
  const bool threads = heads * c.rows * c.keys * c.d >= kParallelWork;
  bool ok = true;
  rl::parallel_for(heads * cuts, threads ? 1 : heads * cuts, [&](int64_t first, int64_t last) {
    const rl::Workspace scratch(bytes);
    if (!scratch) {
      __atomic_store_n(&ok, false, __ATOMIC_RELAXED);
      return;
    }
    float *packed_k = scratch.floats(), *packed_v = packed_k + k_floats, *s = packed_v + v_floats;
    for (int64_t t = first; t < last; t++) {
      const int64_t b = t / cuts / c.heads, h = t / cuts % c.heads, g = h / (c.heads / c.kv_heads), cut = t % cuts;
      const int64_t begin = row_blocks * cut / cuts * kRows, stop = row_blocks * (cut + 1) / cuts * kRows;
      for (int64_t i = 0; i < blocks.count(); i++) {
        const int64_t j0 = blocks.begin(i), n = blocks.length(i);
        pack(packed_k + ld * c.d * i, PackB{c.k.p + b * c.k.b + g * c.k.h + j0 * c.k.t, 1, c.k.t}, c.d, n);
        pack(packed_v + blocks.size * round_up(c.dv, NR) * i,
             PackB{c.v.p + b * c.v.b + g * c.v.h + j0 * c.v.t, c.v.t, 1}, n, c.dv);
      }
      forward_rows(c, b, h, begin, stop < c.rows ? stop : c.rows, packed_k, packed_v, s, ld);
    }
  });
  return ok;
}

static void zero_rows(const HeadView& x, int64_t b, int64_t h, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; i++) {
    float* row = x.p + b * x.b + h * x.h + i * x.t;
    for (int64_t j = 0; j < columns; j++) row[j] = 0;
  }
}

static bool backward(const AttentionCall& c, const AttentionGradients& g) {
  const Blocks blocks(c.keys);
  const int64_t ld = blocks.stride(), d_wide = round_up(c.d, NR), dv_wide = round_up(c.dv, NR);
  // Packed per block of keys: k^T, v^T and k; per block of rows: q and dout.
  const int64_t per_block = ld * c.d + ld * c.dv + blocks.size * d_wide;
  const size_t bytes =
      (size_t)(blocks.count() * per_block + kRows * (d_wide + dv_wide) + 2 * kRows * ld) * sizeof(float) + 64;
  const int64_t step = c.causal ? kCausalRows : kRows;
  const int64_t tasks = c.batch * c.kv_heads, group = c.heads / c.kv_heads;
  const bool threads = c.batch * c.heads * c.rows * c.keys * c.d >= kParallelWork;
  bool ok = true;
  rl::parallel_for(tasks, threads ? 1 : tasks, [&](int64_t first, int64_t last) {
    const rl::Workspace scratch(bytes);
    if (!scratch) {
      __atomic_store_n(&ok, false, __ATOMIC_RELAXED);
      return;
    }
    float *packed = scratch.floats(), *packed_q = packed + blocks.count() * per_block,
          *packed_do = packed_q + kRows * d_wide;
    float *p = packed_do + kRows * dv_wide, *ds = p + kRows * ld;
    float delta[kRows];
    for (int64_t t = first; t < last; t++) {
      const int64_t b = t / c.kv_heads, kh = t % c.kv_heads;
      for (int64_t i = 0; i < blocks.count(); i++) {
        const int64_t j0 = blocks.begin(i), n = blocks.length(i);
        const float *k = c.k.p + b * c.k.b + kh * c.k.h + j0 * c.k.t, *v = c.v.p + b * c.v.b + kh * c.v.h + j0 * c.v.t;
        float* at = packed + per_block * i;
        pack(at, PackB{k, 1, c.k.t}, c.d, n);
        pack(at + ld * c.d, PackB{v, 1, c.v.t}, c.dv, n);
        pack(at + ld * (c.d + c.dv), PackB{k, c.k.t, 1}, n, c.d);
      }
      zero_rows(g.dk, b, kh, c.keys, c.d);
      zero_rows(g.dv, b, kh, c.keys, c.dv);
      for (int64_t h = kh * group; h < (kh + 1) * group; h++)
        for (int64_t i0 = 0; i0 < c.rows; i0 += step) {
          const int64_t m = c.rows - i0 < step ? c.rows - i0 : step, limit = seen(c, i0 + m);
          const float *q = c.q.p + b * c.q.b + h * c.q.h + i0 * c.q.t,
                      *o = c.out.p + b * c.out.b + h * c.out.h + i0 * c.out.t;
          const float *dout = g.dout.p + b * g.dout.b + h * g.dout.h + i0 * g.dout.t,
                      *lse = c.lse + (b * c.heads + h) * c.rows + i0;
          float* dq = g.dq.p + b * g.dq.b + h * g.dq.h + i0 * g.dq.t;
          if (limit == 0) zero_rows(HeadView{dq, 0, 0, g.dq.t}, 0, 0, m, c.d);
          pack(packed_q, PackB{q, c.q.t, 1}, m, c.d);
          pack(packed_do, PackB{dout, g.dout.t, 1}, m, c.dv);
          for (int64_t i = 0; i < m; i++) {
            vf s = {};
            for (int64_t j = 0; j < c.dv; j += W) {
              const int w = c.dv - j < W ? (int)(c.dv - j) : W;
              s += load_n(dout + i * g.dout.t + j, w) * load_n(o + i * c.out.t + j, w);
            }
            delta[i] = sum(s);
          }
          for (int64_t block = 0; block < blocks.count() && blocks.begin(block) < limit; block++) {
            const int64_t j0 = blocks.begin(block), whole = blocks.length(block),
                          n = limit - j0 < whole ? limit - j0 : whole;
            const int64_t wide = round_up(n, W);
            const float* at = packed + per_block * block;
            scores(c, b, h, i0, m, j0, n, at, p, ld);
            macro_kernel_strided(m, n, c.dv, dout, g.dout.t, 1, at + ld * c.d, NR * c.dv, GemmOut{ds, ld});
            for (int64_t i = 0; i < m; i++) {
              float *pr = p + i * ld, *dr = ds + i * ld;
              for (int64_t j = n; j < wide; j++) dr[j] = 0;
              const uint8_t* keep = c.keep ? c.keep + ((b * c.heads + h) * c.rows + i0 + i) * c.keys + j0 : nullptr;
              if (keep) keep_row(dr, keep, c.keep_scale, n);
              for (int64_t j = 0; j < wide; j += W) {
                const vf e = exp(load(pr + j) - lse[i]);
                store(pr + j, e);
                store(dr + j, e * (load(dr + j) - delta[i]) * c.scale);
              }
              if (keep) keep_row(pr, keep, c.keep_scale, n);
            }
            GemmOut dv_out{g.dv.p + b * g.dv.b + kh * g.dv.h + j0 * g.dv.t, g.dv.t};
            GemmOut dk_out{g.dk.p + b * g.dk.b + kh * g.dk.h + j0 * g.dk.t, g.dk.t};
            dv_out.accumulate = dk_out.accumulate = true;
            macro_kernel_strided(n, c.dv, m, p, 1, ld, packed_do, NR * m, dv_out);
            macro_kernel_strided(n, c.d, m, ds, 1, ld, packed_q, NR * m, dk_out);
            GemmOut dq_out{dq, g.dq.t};
            dq_out.accumulate = block > 0;
            macro_kernel_strided(m, c.d, n, ds, ld, 1, at + ld * (c.d + c.dv), NR * whole, dq_out);
          }
        }
    }
  });
  return ok;
}

extern const AttentionKernels attention_kernels;
const AttentionKernels attention_kernels = {forward, backward};

}  // namespace RL_LEVEL
