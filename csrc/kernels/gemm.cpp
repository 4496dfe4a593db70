#include "kernels/gemm.h"

#include "kernels/gemm_blocks.inl.h"

namespace RL_LEVEL {

// What a matrix-vector product does with each sum.
struct VectorOut {
  float* y;
  int64_t ys;
  float alpha;
  bool accumulate;
  const float* bias;  // one per element, or null
  float constant;     // added to every element
  int act;

  void put(int64_t i, float v) const {
    v *= alpha;
    if (accumulate) v += y[i * ys];
    if (bias) v += bias[i];
    v += constant;
    y[i * ys] = act == kRelu && v < 0 ? 0 : v;
  }
};

// kRows dot products of rows of a matrix with one vector; the rows are read once, the vector from cache.
template <int kRows>
RL_INLINE void dots(int64_t k, const float* p, int64_t ld, const float* x, float* y) {
  vf even[kRows] = {}, odd[kRows] = {};
  int64_t i = 0;
  for (; i + 2 * W <= k; i += 2 * W) {
    const vf x0 = load(x + i), x1 = load(x + i + W);
    for (int r = 0; r < kRows; r++) {
      even[r] = fma(load(p + r * ld + i), x0, even[r]);
      odd[r] = fma(load(p + r * ld + i + W), x1, odd[r]);
    }
  }
  for (; i < k; i += W) {
    const int n = k - i < W ? (int)(k - i) : W;
    const vf x0 = load_n(x + i, n);
    for (int r = 0; r < kRows; r++) even[r] = fma(load_n(p + r * ld + i, n), x0, even[r]);
  }
  for (int r = 0; r < kRows; r++) y[r] = sum(even[r] + odd[r]);
}

// y[i] for i in [begin, end): rows of the matrix are contiguous.
static void mv_rows(int64_t begin, int64_t end, int64_t k, const float* p, int64_t ld, const float* x,
                    const VectorOut& out) {
  float t[4];
  int64_t i = begin;
  for (; i + 4 <= end; i += 4) {
    dots<4>(k, p + i * ld, ld, x, t);
    for (int r = 0; r < 4; r++) out.put(i + r, t[r]);
  }
  for (; i < end; i++) {
    dots<1>(k, p + i * ld, ld, x, t);
    out.put(i, t[0]);
  }
}

// The same for a matrix whose columns are contiguous, column k at p + k * ld: sums of columns, for a
// strip of rows that stays in the L1 cache.
static void mv_columns(int64_t begin, int64_t end, int64_t k, const float* p, int64_t ld, const float* x,
                       const VectorOut& out) {
  constexpr int64_t kStrip = 1024;
  float t[kStrip];
  for (int64_t i0 = begin; i0 < end; i0 += kStrip) {
    const int64_t n = end - i0 < kStrip ? end - i0 : kStrip;
    for (int64_t i = 0; i < n; i++) t[i] = 0;
    int64_t c = 0;
    for (; c + 4 <= k; c += 4) {
      const float* q = p + c * ld + i0;
      const vf x0 = set1(x[c]), x1 = set1(x[c + 1]), x2 = set1(x[c + 2]), x3 = set1(x[c + 3]);
      int64_t i = 0;
      for (; i + W <= n; i += W) {
        vf v = load(t + i);
        v = fma(load(q + i), x0, v);
        v = fma(load(q + ld + i), x1, v);
        v = fma(load(q + 2 * ld + i), x2, v);
        store(t + i, fma(load(q + 3 * ld + i), x3, v));
      }
      for (; i < n; i++)
        t[i] = q[3 * ld + i] * x[c + 3] + (q[2 * ld + i] * x[c + 2] + (q[ld + i] * x[c + 1] + (q[i] * x[c] + t[i])));
    }
    for (; c < k; c++)
      for (int64_t i = 0; i < n; i++) t[i] += p[c * ld + i0 + i] * x[c];
    for (int64_t i = 0; i < n; i++) out.put(i0 + i, t[i]);
  }
}

constexpr int64_t kStackFloats = 8192;  // 32 KiB

// Matrix (element (i, k) at p[i * rs + k * cs], m x k) times vector. False: not a case of this.
static bool mv(int64_t m, int64_t k, const float* p, int64_t rs, int64_t cs, const float* x, int64_t xs,
               const VectorOut& out) {
  const bool rows = cs == 1 || k == 1;
  if (!rows && rs != 1) return false;
  float packed[kStackFloats];
  if (xs != 1) {
    if (k > kStackFloats) return false;
    for (int64_t i = 0; i < k; i++) packed[i] = x[i * xs];
    x = packed;
  }
  // Chunks depend on the sizes only, and each element is one sum in one order.
  const int64_t chunk = m * k < kParallelWork ? m : rl::even_grain(m, 16, 4) / 16 * 16;
  rl::parallel_for(m, chunk, [&](int64_t begin, int64_t end) {
    if (rows)
      mv_rows(begin, end, k, p, rs, x, out);
    else
      mv_columns(begin, end, k, p, cs, x, out);
  });
  return true;
}

static Gemm gemm_of(const GemmCall& g) {
  const PackA a{g.a, g.m == 1 ? 1 : g.a_row, g.k == 1 ? 1 : g.a_col};
  return {g.m,
          g.n,
          g.k > 0 ? g.k : 0,
          a,
          {g.b, g.b_row, g.b_col},
          {g.c, g.ldc, g.alpha, g.accumulate, g.row_bias, g.col_bias, g.act}};
}

// `alone`: called by one of many threads, each with a product of its own.
static bool gemm_any(const GemmCall& g, bool alone) {
  if (g.m <= 0 || g.n <= 0) return true;
  if (g.m == 1 || g.n == 1) {
    const bool row = g.m == 1;  // C is one row: the matrix is the transpose of B
    const float *each = row ? g.col_bias : g.row_bias, *one = row ? g.row_bias : g.col_bias;
    const VectorOut out{g.c, row ? 1 : g.ldc, g.alpha, g.accumulate, each, one ? *one : 0.0f, g.act};
    if (row ? mv(g.n, g.k, g.b, g.b_col, g.b_row, g.a, g.a_col, out)
            : mv(g.m, g.k, g.a, g.a_row, g.a_col, g.b, g.b_row, out))
      return true;
  }
  const Gemm whole = gemm_of(g);
  // Small: one K block, B packed on the stack, A where it lies.
  if (!OnMatrixUnit::suits(whole) && in_place(whole.a.rs, whole.a.cs) && g.k <= KC &&
      round_up(g.n, NR) * g.k <= kStackFloats && (alone || g.m * g.n * g.k < kParallelWork)) {
    alignas(64) float packed[kStackFloats];
    macro_kernel_pack(g.m, g.n, g.k, g.a, whole.a.rs, whole.a.cs, whole.b, packed, whole.out);
    return true;
  }
  return gemm(whole);
}

static bool gemm_one(const GemmCall& g) { return gemm_any(g, false); }

// Products of a batch: one thread each where there are enough of them, else all threads for each.
static bool gemm_batch(const GemmCall& first, int64_t count, const int64_t* a_offset, const int64_t* b_offset,
                       int64_t c_step) {
  Gemm all = gemm_of(first);
  all.count = count, all.a_at = a_offset, all.b_at = b_offset, all.c_next = c_step;
  if (OnMatrixUnit::suits(all)) return gemm(all);
  const int64_t work = first.m * first.n * first.k;
  bool ok = true;
  auto one = [&](int64_t i, bool alone) {
    GemmCall g = first;
    g.a += a_offset[i];
    g.b += b_offset[i];
    g.c += i * c_step;
    if (!gemm_any(g, alone)) __atomic_store_n(&ok, false, __ATOMIC_RELAXED);
  };
  if (count < 2 * rl::num_threads() && work >= 4 * kParallelWork) {
    for (int64_t i = 0; i < count; i++) one(i, false);
    return ok;
  }
  const int64_t grain = work >= kParallelWork ? 1 : kParallelWork / (work > 0 ? work : 1) + 1;
  rl::parallel_for(count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) one(i, true);
  });
  return ok;
}

static void column_sums(int64_t m, int64_t n, const float* p, int64_t row, int64_t col, float* y) {
  constexpr int kWide = 8 * W;
  const int64_t grain = m * n < 32768 ? n : kWide;
  rl::parallel_for(n, grain, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; j += kWide) {
      const int64_t left = end - j < kWide ? end - j : kWide;
      float total[kWide] = {};
      for (int64_t i0 = 0; i0 < m; i0 += 64) {
        const int64_t i1 = m - i0 < 64 ? m : i0 + 64;
        if (col == 1 && left == kWide) {
          vf s[8] = {};
          for (int64_t i = i0; i < i1; i++)
            for (int v = 0; v < 8; v++) s[v] += load(p + i * row + j + v * W);
          for (int v = 0; v < 8; v++) store(total + v * W, load(total + v * W) + s[v]);
        } else {
          float s[kWide] = {};
          for (int64_t i = i0; i < i1; i++)
            for (int64_t v = 0; v < left; v++) s[v] += p[i * row + (j + v) * col];
          for (int64_t v = 0; v < left; v++) total[v] += s[v];
        }
      }
      for (int64_t v = 0; v < left; v++) y[j + v] = total[v];
    }
  });
}

extern const GemmKernels gemm_kernels;
const GemmKernels gemm_kernels = {gemm_one, gemm_batch, column_sums};

}  // namespace RL_LEVEL
