// The parts of the one float32 GEMM: C = act(alpha * A B + beta * C + bias). gemm_blocks.inl.h puts them together;
// convolution, recurrent layers and attention build on them too.
//
// Structure after Goto and van de Geijn 2008 and BLIS (Van Zee and van de Geijn 2015): a register
// tile of MR x NR sums, fed by a strip of B that stays in the L1 cache and blocks of A that stay in L2.
//
//   micro_rows            one tile from one panel of A and one panel of B      (no loops over tiles)
//   macro_kernel          all tiles of packed A panels times packed B panels   (one thread, one K block)
//   macro_kernel_strided  the same with A where it lies
//   macro_kernel_pack     the same with B where it lies, which it packs
//
// Operands come through packers:
//
//   A packer: pa(dst, i0, m, k0, kc)    dst[k * MR + i] = A(i0 + i, k0 + k)  for i < MR, k < kc
//   B packer: pb(dst, k0, kc, j0, n)    dst[k * NR + j] = B(k0 + k, j0 + j)  for j < NR, k < kc
//
// and so on for the next MR rows, up to m, at dst + MR * kc, or the next NR columns, up to n, at dst + NR * kc.
// Rows of A beyond m are never read back; columns of B beyond n are zeros.
//
// Threads split rows and columns of C, never K: each element is the sum over k in ascending order,
// by blocks of kc, whatever the tile it falls in. Results do not depend on the number of threads.
#pragma once

#include "core/memory.h"
#include "core/simd.h"
#include "core/threads.h"
#include "kernels/amx.inl.h"
#include "kernels/lanes.inl.h"

namespace RL_LEVEL {

// Register tile: MR rows by NR = 2 vectors. MR * 2 sums + 2 of B + a broadcast fill the register file.
#if RL_WIDTH == 16
constexpr int MR = 12;
#elif RL_WIDTH == 8 || defined(__aarch64__)
constexpr int MR = 6;
#else
constexpr int MR = 4;
#endif
constexpr int NR = 2 * W;
constexpr int64_t KC = 256;                  // a B panel: KC * NR floats = half of a 32 KiB L1 cache (AVX2)
constexpr int64_t MC = W == 16 ? 256 : 192;  // an A block: MC * KC floats = 192 or 256 KiB of L2

enum Activation { kNone = 0, kRelu = 1 };

// Where a product goes and what is done on the way. C's columns are contiguous.
struct GemmOut {
  float* c;
  int64_t ldc;  // floats from row to row
  float alpha = 1;
  bool accumulate = false;          // add to what C holds
  const float* row_bias = nullptr;  // row_bias[i] is added to row i
  const float* col_bias = nullptr;  // col_bias[j] is added to column j
  int act = kNone;

  // The same for the tile whose first element is (i, j).
  GemmOut at(int64_t i, int64_t j) const {
    GemmOut o = *this;
    o.c += i * ldc + j;
    if (o.row_bias) o.row_bias += i;
    if (o.col_bias) o.col_bias += j;
    return o;
  }
  // The sums are the result.
  bool plain() const { return alpha == 1 && !row_bias && !col_bias && act == kNone; }
  // For one K block of several: bias is added in the first, the activation follows the last.
  GemmOut part(bool first, bool last) const {
    GemmOut o = *this;
    if (!first) o.accumulate = true, o.row_bias = o.col_bias = nullptr;
    if (!last) o.act = kNone;
    return o;
  }
};

RL_INLINE int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
RL_INLINE int64_t ceil_div(int64_t n, int64_t by) { return (n + by - 1) / by; }
// K is cut into equal blocks of at most KC.
RL_INLINE int64_t k_block(int64_t K) { return K <= KC ? K : ceil_div(K, ceil_div(K, KC)); }

// sum += x * b. With `from_memory` both multiplications read x there, where else it is loaded first: a choice for some
// rows, for fewer instructions without more loads than there are ports for. (Only where the address is one register.)
RL_INLINE void add_product(vf (&sum)[2], const float& x, vf b0, vf b1, [[maybe_unused]] bool from_memory) {
#if RL_WIDTH == 16 && defined(__AVX512F__)
  if (from_memory) {
    __asm__("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(sum[0]) : "v"(b0), "m"(x));
    __asm__("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(sum[1]) : "v"(b1), "m"(x));
    return;
  }
#endif
  const vf v = set1(x);
  sum[0] = fma(v, b0, sum[0]);
  sum[1] = fma(v, b1, sum[1]);
}

constexpr int kTogether = 4;  // terms of a sum in one round of the loop
constexpr int kAhead = 8;     // rows of B that are on their way to the cache

// What is done with kRows rows of n <= NR sums.
template <int kRows>
RL_INLINE void write(const vf (&sum)[kRows][2], int n, const GemmOut& out) {
  const int n0 = n < W ? n : W, n1 = n - n0;
  const bool whole = n == NR;
  if (whole && out.plain() && !out.accumulate) {
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
      store(out.c + i * out.ldc, sum[i][0]);
      store(out.c + i * out.ldc + W, sum[i][1]);
    }
    return;
  }
  vf cb0 = {}, cb1 = {};
  if (out.col_bias) {
    cb0 = whole ? load(out.col_bias) : load_n(out.col_bias, n0);
    cb1 = whole ? load(out.col_bias + W) : load_n(out.col_bias + n0, n1);
  }
  const vf alpha = set1(out.alpha);
#pragma GCC unroll 16
  for (int i = 0; i < kRows; i++) {
    float* c = out.c + i * out.ldc;
    vf v0 = sum[i][0] * alpha, v1 = sum[i][1] * alpha;
    if (out.accumulate) {
      v0 += whole ? load(c) : load_n(c, n0);
      v1 += whole ? load(c + W) : load_n(c + n0, n1);
    }
    const vf rb = set1(out.row_bias ? out.row_bias[i] : 0.0f);
    v0 += cb0 + rb;
    v1 += cb1 + rb;
    if (out.act == kRelu) {  // not max: a NaN stays one
      v0 = v0 < 0.0f ? vf{} : v0;
      v1 = v1 < 0.0f ? vf{} : v1;
    }
    if (whole) {
      store(c, v0);
      store(c + W, v1);
    } else {
      store_n(c, v0, n0);
      store_n(c + n0, v1, n1);
    }
  }
}

// One tile: `kRows` rows, n <= NR columns, k terms. Element (i, k) of A is a[i * s + k] with kByRows, else a[i + k * s]
// (a packed panel has s = MR). Rows of B are `ldb` floats apart, NR columns of each are read, and with kPacks written
// to `packed`: the multiplications leave time for it.
template <int kRows, bool kByRows, bool kPacks>
RL_INLINE void tile(int64_t k, const float* a, int64_t s, const float* b, int64_t ldb, [[maybe_unused]] float* packed,
                    int n, const GemmOut& out) {
  vf sum[kRows][2] = {};
  // Rows: three to a pointer, the other two are addressed from it. (Marked as used, or the compiler keeps them in
  // vector registers. Every instruction counts here that takes a multiplication's port.)
  const float *p0 = a, *p1 = a + 3 * s, *p2 = a + 6 * s, *p3 = a + 9 * s;
  for (int i = 0; i < kRows; i++)  // C's rows are far apart: they arrive while the sums are made
    for (int j = 0; j < NR; j += 16) __builtin_prefetch(out.c + i * out.ldc + j, 1);
  auto add = [&](int terms) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int64_t u = 0; u < terms; u++) {
      const vf b0 = load(b + u * ldb), b1 = load(b + u * ldb + W);
      if (kPacks) {
        for (int j = 0; j < NR; j += 16) __builtin_prefetch(b + (u + kAhead) * ldb + j);
        store(packed + u * NR, b0);
        store(packed + u * NR + W, b1);
      }
#pragma GCC unroll 16
      for (int i = 0; i < kRows; i++) {
        const float* row = i < 3 ? p0 : i < 6 ? p1 : i < 9 ? p2 : p3;
        const float& x = kByRows ? row[i % 3 * s + u] : p0[i];
        add_product(sum[i], x, b0, b1, kRows == MR && (kByRows ? i % 3 == 0 : i % 3 != 2));
      }
      if (!kByRows) p0 += s;
    }
    if (kByRows) p0 += terms, p1 += terms, p2 += terms, p3 += terms;
    b += terms * ldb;
    if (kPacks) packed += terms * NR;
  };
  for (; k >= kTogether; k -= kTogether) {
    add(kTogether);
    if (kByRows) __asm__("" : "+r"(p0), "+r"(p1), "+r"(p2), "+r"(p3));
  }
  for (; k > 0; k--) add(1);
  write(sum, n, out);
}

// From a packed panel of B.
template <int kRows, bool kByRows>
static void micro_rows(int64_t k, const float* a, int64_t s, const float* b, int n, const GemmOut& out) {
  tile<kRows, kByRows, false>(k, a, s, b, NR, nullptr, n, out);
}

// The first MR rows, which pack a panel of B.
template <bool kByRows>
static void micro_rows_pack(int64_t k, const float* a, int64_t s, const float* b, int64_t ldb, float* packed,
                            const GemmOut& out) {
  tile<MR, kByRows, true>(k, a, s, b, ldb, packed, NR, out);
}

typedef void (*MicroKernel)(int64_t k, const float* a, int64_t s, const float* b, int n, const GemmOut& out);

// The kernel for `rows` (1..MR) rows.
template <bool kByRows>
RL_INLINE MicroKernel micro_kernel(int64_t rows) {
  static const MicroKernel table[] = {
      micro_rows<1, kByRows>,  micro_rows<2, kByRows>,  micro_rows<3, kByRows>, micro_rows<4, kByRows>,
#if RL_WIDTH >= 8 || defined(__aarch64__)
      micro_rows<5, kByRows>,  micro_rows<6, kByRows>,
#endif
#if RL_WIDTH == 16
      micro_rows<7, kByRows>,  micro_rows<8, kByRows>,  micro_rows<9, kByRows>, micro_rows<10, kByRows>,
      micro_rows<11, kByRows>, micro_rows<12, kByRows>,
#endif
  };
  return table[rows - 1];
}

// C (m x n, at `out`) from packed A panels and packed B panels of one K block.
[[maybe_unused]] static void macro_kernel(int64_t m, int64_t n, int64_t kc, const float* a, const float* b,
                                          const GemmOut& out) {
  for (int64_t j = 0; j < n; j += NR) {
    const int nr = (int)(n - j < NR ? n - j : NR);
    for (int64_t i = 0; i < m; i += MR)
      micro_kernel<false>(m - i < MR ? m - i : MR)(kc, a + i * kc, MR, b + j * kc, nr, out.at(i, j));
  }
}

// Whether A can be read where it lies.
RL_INLINE bool in_place(int64_t rs, int64_t cs) { return rs == 1 || cs == 1; }

// The same with A where it lies: element (i, k) is a[i * rs + k * cs], where rs or cs is 1. For A that is used too
// seldom to be worth packing (few columns in C). The last rows go in two panels where one would be small: 14 rows are
// 7 + 7. B panels are `panel` floats apart, so that fewer than their kc terms can be used.
[[maybe_unused]] static void macro_kernel_strided(int64_t m, int64_t n, int64_t kc, const float* a, int64_t rs,
                                                  int64_t cs, const float* b, int64_t panel, const GemmOut& out) {
  for (int64_t j = 0; j < n; j += NR, b += panel) {
    const int nr = (int)(n - j < NR ? n - j : NR);
    for (int64_t i = 0, rows; i < m; i += rows) {
      rows = m - i;
      if (rows > MR) rows = rows < MR + MR / 2 ? (rows + 1) / 2 : MR;
      if (cs == 1)
        micro_kernel<true>(rows)(kc, a + i * rs, rs, b, nr, out.at(i, j));
      else
        micro_kernel<false>(rows)(kc, a + i, cs, b, nr, out.at(i, j));
    }
  }
}

// A packer of a matrix with element (i, k) at p[i * rs + k * cs].
struct PackA {
  const float* p;
  int64_t rs, cs;
  void operator()(float* dst, int64_t i0, int64_t m, int64_t k0, int64_t kc) const {
    const float* s = p + i0 * rs + k0 * cs;
    int64_t i = 0;
    if (rs == 1 && cs >= W) i = columns(dst, s, m, kc);
    for (; i < m; i += MR) panel(dst + i * kc, s + i * rs, (int)(m - i < MR ? m - i : MR), kc);
  }

 private:
  // Contiguous columns are read once, for all whole panels. W floats are written for MR: what is too much lies in
  // the next column, which is written (and behind the last row read: in memory) after it. Gives the rows done.
  int64_t columns(float* dst, const float* s, int64_t m, int64_t kc) const {
    const int64_t whole = m / MR * MR;
    for (int64_t k = 0; k < kc; k++, s += cs, dst += MR)
      for (int64_t i = 0; i < whole; i += MR)
        for (int h = 0; h < MR; h += W) {
          if (k + 1 < kc)
            store(dst + i * kc + h, load(s + i + h));
          else
            for (int e = h; e < MR && e < h + W; e++) dst[i * kc + e] = s[i + e];
        }
    return whole;
  }
  void panel(float* dst, const float* s, int m, int64_t kc) const {
    int64_t k = 0;
    if (cs == 1 && m == MR) {
      // MR rows, W columns at a time, through W x W blocks; a block that is wider than MR writes into the next
      // column, which is written after it. The last columns go one by one.
      for (; k + W + 1 < kc; k += W) {
        vf t[2][W];  // rows of W columns; MR is at most 2 W
#pragma GCC unroll 16
        for (int i = 0; i < (MR + W - 1) / W * W; i++) t[i / W][i % W] = i < MR ? load(s + k + i * rs) : vf{};
        for (int h = 0; h < MR; h += W) transpose(t[h / W]);
#pragma GCC unroll 16
        for (int j = 0; j < W; j++)
          for (int h = 0; h < MR; h += W) store(dst + (k + j) * MR + h, t[h / W][j]);
      }
    }
    for (; k < kc; k++)
      for (int i = 0; i < m; i++) dst[k * MR + i] = s[i * rs + k * cs];
  }
};

// B packer of a matrix with element (k, j) at p[k * rs + j * cs].
struct PackB {
  const float* p;
  int64_t rs, cs;
  void operator()(float* dst, int64_t k0, int64_t kc, int64_t j0, int64_t n) const {
    const float* s = p + k0 * rs + j0 * cs;
    const int64_t whole = n / NR * NR;
    if (cs == 1) {
      for (int64_t k = 0; k < kc; k++)  // a row is read once, for all panels
        for (int64_t j = 0; j < whole; j += NR) {
          store(dst + j * kc + k * NR, load(s + k * rs + j));
          store(dst + j * kc + k * NR + W, load(s + k * rs + j + W));
        }
    } else {
      for (int64_t j = 0; j < whole; j += NR) panel(dst + j * kc, s + j * cs, kc);
    }
    if (whole < n) tail(dst + whole * kc, s + whole * cs, kc, (int)(n - whole));
  }

 private:
  void panel(float* dst, const float* s, int64_t kc) const {
    int64_t k = 0;
    if (rs == 1) {
      for (; k + W <= kc; k += W)
        for (int j = 0; j < NR; j += W) transpose_block(s + k + j * cs, cs, dst + k * NR + j, NR);
      if (const int rest = (int)(kc - k); rest > 2) {  // the 9 of a 3x3 window, say: part of a block
        for (int j = 0; j < NR; j += W) {
          vf r[W];
#pragma GCC unroll 16
          for (int i = 0; i < W; i++) r[i] = load_n(s + k + (j + i) * cs, rest);
          transpose(r);
          for (int e = 0; e < rest; e++) store(dst + (k + e) * NR + j, r[e]);
        }
        return;
      }
    }
    for (; k < kc; k++)
      for (int j = 0; j < NR; j++) dst[k * NR + j] = s[k * rs + j * cs];
  }
  // n < NR columns, and zeros.
  void tail(float* dst, const float* s, int64_t kc, int n) const {
    int64_t k = 0;
    if (cs == 1) {
      const int low = n < W ? n : W;
      for (; k < kc; k++) {
        store(dst + k * NR, load_n(s + k * rs, low));
        store(dst + k * NR + W, load_n(s + k * rs + low, n - low));
      }
    } else if (rs == 1) {
      for (; k < kc; k += W) {
        const int terms = kc - k < W ? (int)(kc - k) : W;
        for (int j = 0; j < NR; j += W) {
          vf r[W];
          for (int i = 0; i < W; i++) r[i] = j + i < n ? load_n(s + k + (j + i) * cs, terms) : vf{};
          transpose(r);
          for (int e = 0; e < terms; e++) store(dst + (k + e) * NR + j, r[e]);
        }
      }
    }
    for (; k < kc; k++) {
      for (int j = 0; j < n; j++) dst[k * NR + j] = s[k * rs + j * cs];
      for (int j = n; j < NR; j++) dst[k * NR + j] = 0;
    }
  }
};

// C from A where it lies and B as it lies, which is packed meanwhile: by the first rows, where its own are contiguous.
[[maybe_unused]] static void macro_kernel_pack(int64_t m, int64_t n, int64_t kc, const float* a, int64_t rs, int64_t cs,
                                               const PackB& b, float* packed, const GemmOut& out) {
  const bool on_the_way = b.cs == 1 && (m == MR || m >= 2 * MR);  // no few rows are left over
  const int64_t whole = on_the_way ? n / NR * NR : 0;
  for (int64_t j = 0; j < whole; j += NR) {
    float* panel = packed + j * kc;
    if (cs == 1)
      micro_rows_pack<true>(kc, a, rs, b.p + j, b.rs, panel, out.at(0, j));
    else
      micro_rows_pack<false>(kc, a, cs, b.p + j, b.rs, panel, out.at(0, j));
    macro_kernel_strided(m - MR, NR, kc, a + MR * rs, rs, cs, panel, 0, out.at(MR, j));
  }
  if (whole == n) return;
  b(packed + whole * kc, 0, kc, whole, n - whole);
  macro_kernel_strided(m, n - whole, kc, a, rs, cs, packed + whole * kc, NR * kc, out.at(0, whole));
}

// Below this many multiply-adds a product stays on one thread (some 5 microseconds).
constexpr int64_t kParallelWork = 100000;
#if RL_AMX

// C (m x n, at most 32 x 32) from a panel of each; the C that comes next is fetched meanwhile.
[[maybe_unused]] static void amx_tile(int64_t m, int64_t n, int64_t steps, const uint16_t* a, const uint16_t* b,
                                      bool one_part, const GemmOut& out, const float* next) {
  static constexpr decltype(&amx::product<1, 1, false>) table[2][2][2] = {
      {{amx::product<1, 1, false>, amx::product<1, 1, true>}, {amx::product<1, 2, false>, amx::product<1, 2, true>}},
      {{amx::product<2, 1, false>, amx::product<2, 1, true>}, {amx::product<2, 2, false>, amx::product<2, 2, true>}}};
  const auto product = table[m > W][n > W][one_part];
  if (m == amx::kSide && n == NR && out.plain())
    return product(steps, a, b, out.c, out.ldc, out.accumulate, next, out.ldc);
  alignas(64) float sums[amx::kSide * NR];
  product(steps, a, b, sums, NR, false, next, out.ldc);
  for (int64_t i = 0; i < m; i++) {
    const vf row[1][2] = {{load(sums + i * NR), load(sums + i * NR + W)}};
    write(row, (int)n, out.at(i, 0));
  }
}

#endif

}  // namespace RL_LEVEL
