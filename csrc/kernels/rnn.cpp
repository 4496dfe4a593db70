// Recurrent layers. The products with the input are one GEMM over all steps (in the binding); here is what must
// go step by step: the product with the state, with the recurrent weights packed once, and the cell. Threads own
// units: each computes all gates of its units and then their cells, so a step is one parallel region.
#include "kernels/rnn.h"

#include "kernels/gemm.inl.h"
#include "kernels/math.inl.h"

namespace RL_LEVEL {

RL_INLINE int gate_count(int mode) { return mode == kLstm ? 4 : mode == kGru ? 3 : 1; }

// Whether the steps' products go to the matrix unit: enough rows, and weights that stay in the caches.
static bool on_matrix_unit([[maybe_unused]] const RnnCall& c) {
#if RL_AMX
  return amx::available() && c.batch >= W && c.hidden >= 2 * NR &&
         gate_count(c.mode) * c.hidden * c.hidden <= 640 << 10;
#else
  return false;
#endif
}

// Packed B of K blocks one after another, each of `columns` (padded) columns: element (k, j) at p[k * rs + j * cs].
// With `split`, for the matrix unit too: once, for all steps.
struct PackedB {
  float* p;
  int64_t K, columns, kb;
  bool split;
  PackedB(float* memory, int64_t K_, int64_t n, bool split_)
      : p(memory), K(K_), columns(round_up(n, NR)), kb(k_block(K_ > 0 ? K_ : 1)), split(split_) {}

  static size_t floats(int64_t K, int64_t n, bool split) {
    const PackedB b(nullptr, K, n, split);
    return (size_t)(b.columns * K + (split ? b.panels() * (b.panel() + W) : 0));
  }
  void fill(const PackB& from, int64_t n) const {
    for (int64_t k = 0; k < K; k += kb) {
      const int64_t kc = K - k < kb ? K - k : kb;
      for (int64_t j = 0; j < n; j += NR) {
        float* to = p + k * columns + j * kc;
        from(to, k, kc, j, (int)(n - j < NR ? n - j : NR));
#if RL_AMX
        if (split) amx::split_columns(to, NR, 0, 1, kc, split_panel(k, j), 0, range(k, j));
#endif
      }
    }
  }
#if RL_AMX
  // On the matrix unit: up to 32 rows of A, which are split, by columns [begin, end), terms [k, k + kc).
  void times(int64_t m, int64_t k, int64_t kc, const float* a, int64_t lda, const uint16_t* rows, amx::Range rows_range,
             int64_t begin, int64_t end, const GemmOut& out) const {
    for (int64_t j = begin; j < end; j += NR) {
      const int64_t n = end - j < NR ? end - j : NR;
      const GemmOut to = out.at(0, j - begin);
      if (amx::normal(rows_range, *range(k, j)))
        amx_tile(m, n, amx::steps(kc), rows, split_panel(k, j), rows_range.one_part && range(k, j)->one_part, to,
                 to.c + NR);
      else
        macro_kernel_strided(m, n, kc, a, lda, 1, p + k * columns + j * kc, 0, to);
    }
  }
#endif

 private:
#if RL_AMX
  // In floats.
  int64_t panel() const { return amx::steps(kb) * amx::kStep / 2; }
  int64_t panels() const { return columns / NR * ceil_div(K, kb); }
  float* at(int64_t k, int64_t j) const { return p + columns * K + (k / kb * (columns / NR) + j / NR) * (panel() + W); }
  uint16_t* split_panel(int64_t k, int64_t j) const { return (uint16_t*)(at(k, j) + W); }
  amx::Range* range(int64_t k, int64_t j) const { return (amx::Range*)at(k, j); }
#else
  int64_t panel() const { return 0; }
  int64_t panels() const { return 0; }
#endif
};

// out[q] (m x (end - begin)) = rows of A times columns [begin, end) of b[q], for `count` of them, all alike; begin is a
// multiple of NR.
static void products(const PackedB* b, int count, int64_t m, const float* a, int64_t lda, int64_t begin, int64_t end,
                     const GemmOut* out) {
  const int64_t K = b->K, kb = b->kb;
#if RL_AMX
  const rl::Workspace memory(b->split ? KC / amx::kSide * amx::kStep * sizeof(uint16_t) : 0);
  uint16_t* rows = (uint16_t*)memory.floats();
  const bool split = b->split && memory;  // (no memory: on vectors)
#else
  const bool split = false;
#endif
  for (int64_t k = 0; k < K; k += kb) {
    const int64_t kc = K - k < kb ? K - k : kb;
    auto part = [&](int q) { return out[q].part(k == 0, k + kb >= K); };
    if (!split) {
      for (int q = 0; q < count; q++)
        macro_kernel_strided(m, end - begin, kc, a + k, lda, 1, b[q].p + k * b[q].columns + begin * kc, NR * kc,
                             part(q));
      continue;
    }
#if RL_AMX
    amx::Tiles tiles;
    for (int64_t i = 0; i < m; i += amx::kSide) {  // split once, for all of them
      const int64_t some = m - i < amx::kSide ? m - i : amx::kSide;
      const float* from = a + i * lda + k;
      const amx::Range range = amx::split_rows(from, lda, 1, some, kc, rows);
      for (int q = 0; q < count; q++) b[q].times(some, k, kc, from, lda, rows, range, begin, end, part(q).at(i, 0));
    }
#endif
  }
}

// Rows [0, n) of step t from the state in h_before: gates, cells and new state of units [u0, u1).
static void cells(const RnnCall& c, int64_t t, int64_t u0, int64_t u1) {
  const int64_t H = c.hidden, G = gate_count(c.mode), first = c.offset[t];
  const int64_t next = c.reverse ? t - 1 : t + 1;
  const int64_t goes_on = next >= 0 && next < c.steps ? c.size[next] : 0;  // rows of the next step; the others end here
  for (int64_t r = 0; r < c.size[t]; r++) {
    float* g = c.gates + (first + r) * G * H;
    const float* before = c.h_before + (first + r) * H;
    float* y = c.y + (first + r) * c.ldy;
    float* h_to = r < goes_on ? c.h_before + (c.offset[next] + r) * H : c.hn + r * H;
    const float* c_from = c.mode == kLstm ? c.c_before + (first + r) * H : nullptr;
    float* c_to = c.mode != kLstm ? nullptr : r < goes_on ? c.c_before + (c.offset[next] + r) * H : c.cn + r * H;
    for (int64_t u = u0; u < u1; u += W) {
      const int n = u1 - u < W ? (int)(u1 - u) : W;
      vf h;
      if (c.mode == kLstm) {
        const vf i = sigmoid(load_n(g + u, n)), f = sigmoid(load_n(g + H + u, n));
        const vf z = tanh(load_n(g + 2 * H + u, n)), o = sigmoid(load_n(g + 3 * H + u, n));
        const vf cell = f * load_n(c_from + u, n) + i * z;
        store_n(g + u, i, n);
        store_n(g + H + u, f, n);
        store_n(g + 2 * H + u, z, n);
        store_n(g + 3 * H + u, o, n);
        store_n(c_to + u, cell, n);
        h = o * tanh(cell);
      } else if (c.mode == kGru) {
        const vf reset = sigmoid(load_n(g + u, n)), update = sigmoid(load_n(g + H + u, n));
        const vf fresh = tanh(load_n(g + 2 * H + u, n) + reset * load_n(c.new_lin + (first + r) * H + u, n));
        store_n(g + u, reset, n);
        store_n(g + H + u, update, n);
        store_n(g + 2 * H + u, fresh, n);
        h = fresh + update * (load_n(before + u, n) - fresh);
      } else {
        const vf x = load_n(g + u, n);
        h = c.mode == kRnnTanh ? tanh(x) : x < 0.0f ? vf{} : x;
        store_n(g + u, h, n);
      }
      store_n(y + u, h, n);
      store_n(h_to + u, h, n);
    }
  }
}

static void set_rows(float* to, const float* from, int64_t floats) {
  for (int64_t i = 0; i < floats; i++) to[i] = from ? from[i] : 0;
}

static bool forward(const RnnCall& c) {
  const int64_t H = c.hidden, G = gate_count(c.mode);
  const bool split = on_matrix_unit(c);
  const size_t each = PackedB::floats(H, H, split), bytes = each * (size_t)G * sizeof(float) + 64;
  const rl::Workspace workspace(bytes);
  if (!workspace) return false;
  float* memory = workspace.floats();
  auto gate = [&](int64_t q) { return PackedB(memory + (q < G ? (size_t)q * each : 0), H, H, split); };
  const PackedB w[4] = {gate(0), gate(1), gate(2), gate(3)};  // the first G are used
  rl::parallel_for(G, 1, [&](int64_t begin, int64_t end) {
    for (int64_t q = begin; q < end; q++) w[q].fill(PackB{c.w + q * H * H, 1, H}, H);
  });
  // Sequences begin at their first step: step 0, or going back each at its last.
  int64_t begun = 0;
  for (int64_t s = 0; s < c.steps; s++) {
    const int64_t t = c.reverse ? c.steps - 1 - s : s;
    if (c.size[t] <= begun) continue;
    const int64_t at = (c.offset[t] + begun) * H, floats = (c.size[t] - begun) * H;
    set_rows(c.h_before + at, c.h0 ? c.h0 + begun * H : nullptr, floats);
    if (c.mode == kLstm) set_rows(c.c_before + at, c.c0 ? c.c0 + begun * H : nullptr, floats);
    begun = c.size[t];
  }
  const int64_t panels = ceil_div(H, NR);
  const bool threads = c.batch * G * H * H >= kParallelWork / 2;
  const int64_t grain = threads ? rl::even_grain(panels, 1) : panels;
  for (int64_t s = 0; s < c.steps; s++) {
    const int64_t t = c.reverse ? c.steps - 1 - s : s, first = c.offset[t], m = c.size[t];
    rl::parallel_for(panels, grain, [&](int64_t begin, int64_t end) {
      const int64_t u0 = begin * NR, u1 = end * NR < H ? end * NR : H;
      GemmOut out[4];
      for (int64_t q = 0; q < G; q++) {
        out[q] = {c.gates + first * G * H + q * H + u0, G * H};
        out[q].accumulate = true;
        if (c.mode == kGru && q == 2) {
          out[q] = {c.new_lin + first * H + u0, H};
          out[q].col_bias = c.b_new ? c.b_new + u0 : nullptr;
        }
      }
      products(w, (int)G, m, c.h_before + first * H, H, u0, u1, out);
      cells(c, t, u0, u1);
    });
  }
  return true;
}

// Step t backwards for units [u0, u1): g.dh and g.dc are of the state after it, and become of the state before it
// (dh without the part that comes through the gates).
static void cells_backward(const RnnCall& c, const RnnGradients& d, int64_t t, int64_t u0, int64_t u1) {
  const int64_t H = c.hidden, G = gate_count(c.mode), first = c.offset[t];
  for (int64_t r = 0; r < c.size[t]; r++) {
    const float* g = c.gates + (first + r) * G * H;
    float *dg = d.dgates + (first + r) * G * H, *dgh = d.dgates_h + (first + r) * G * H;
    const float* dy = d.dy + (first + r) * d.lddy;
    for (int64_t u = u0; u < u1; u += W) {
      const int n = u1 - u < W ? (int)(u1 - u) : W;
      const vf dh = load_n(d.dh + r * H + u, n) + load_n(dy + u, n);
      vf carry = {};
      if (c.mode == kLstm) {
        const vf i = load_n(g + u, n), f = load_n(g + H + u, n), z = load_n(g + 2 * H + u, n),
                 o = load_n(g + 3 * H + u, n);
        const vf before = load_n(c.c_before + (first + r) * H + u, n), th = tanh(f * before + i * z);
        const vf dc = load_n(d.dc + r * H + u, n) + dh * o * (1.0f - th * th);
        store_n(dg + u, dc * z * i * (1.0f - i), n);
        store_n(dg + H + u, dc * before * f * (1.0f - f), n);
        store_n(dg + 2 * H + u, dc * i * (1.0f - z * z), n);
        store_n(dg + 3 * H + u, dh * th * o * (1.0f - o), n);
        store_n(d.dc + r * H + u, dc * f, n);
      } else if (c.mode == kGru) {
        const vf reset = load_n(g + u, n), update = load_n(g + H + u, n), fresh = load_n(g + 2 * H + u, n);
        const vf dnew = dh * (1.0f - update) * (1.0f - fresh * fresh);
        const vf dupdate = dh * (load_n(c.h_before + (first + r) * H + u, n) - fresh) * update * (1.0f - update);
        const vf dreset = dnew * load_n(c.new_lin + (first + r) * H + u, n) * reset * (1.0f - reset);
        store_n(dg + u, dreset, n);
        store_n(dg + H + u, dupdate, n);
        store_n(dg + 2 * H + u, dnew, n);
        store_n(dgh + u, dreset, n);
        store_n(dgh + H + u, dupdate, n);
        store_n(dgh + 2 * H + u, dnew * reset, n);
        carry = dh * update;
      } else {
        const vf h = load_n(g + u, n);
        store_n(dg + u, c.mode == kRnnTanh ? dh * (1.0f - h * h) : h > 0.0f ? dh : vf{}, n);
      }
      store_n(d.dh + r * H + u, carry, n);
    }
  }
}

static bool backward(const RnnCall& c, const RnnGradients& d) {
  const int64_t H = c.hidden, G = gate_count(c.mode);
  const bool split = on_matrix_unit(c);
  const size_t bytes = PackedB::floats(G * H, H, split) * sizeof(float) + 64;
  const rl::Workspace workspace(bytes);
  if (!workspace) return false;
  float* memory = workspace.floats();
  PackedB w(memory, G * H, H, split);
  w.fill(PackB{c.w, H, 1}, H);
  const int64_t panels = ceil_div(H, NR);
  const bool threads = c.batch * G * H * H >= kParallelWork / 2;
  const int64_t grain = threads ? rl::even_grain(panels, 1) : panels;
  int64_t last = -1;  // the step treated before
  for (int64_t s = 0; s <= c.steps; s++) {
    const int64_t t = c.reverse ? s : c.steps - 1 - s;
    rl::parallel_for(panels, grain, [&](int64_t begin, int64_t end) {
      const int64_t u0 = begin * NR, u1 = end * NR < H ? end * NR : H;
      if (last >= 0) {
        GemmOut out{d.dh + u0, H};
        out.accumulate = true;
        products(&w, 1, c.size[last], d.dgates_h + c.offset[last] * G * H, G * H, u0, u1, &out);
      }
      if (s < c.steps) cells_backward(c, d, t, u0, u1);
    });
    last = t;
  }
  return true;
}

extern const RnnKernels rnn_kernels;
const RnnKernels rnn_kernels = {forward, backward};

}  // namespace RL_LEVEL
