// Products of float32 on a processor's matrix unit (Intel AMX), which multiplies bfloat16 and adds in float32.
//
// A float is the sum of three bfloat16, x = x1 + x2 + x3, exactly: 24 bits are three times 8. Of the nine products of
// parts the six largest are made; the three left out are together at most 2^-23 of the product, and 2^-27 in the root
// mean square, where float32's own rounding is at most 2^-24 (Henry, Tang and Heinecke 2019, arXiv:1904.06376). Six
// products of the unit take 3/8 of the time of one on vectors.
//
// Operands are split into panels: 32 rows of A, or 32 columns of B, in steps of 32 terms. A step is six tiles of 16
// rows of 64 bytes, the first part's two and so on: each row of A's tiles holds 16 pairs of terms (k, k + 16), each
// row of B's the pair of 16 columns.
//
// The unit takes denormal numbers for zeros, and infinity does not split: panels of such size are multiplied on
// vectors (`normal`).
#pragma once

#include "core/cpu.h"
#include "core/simd.h"
#include "kernels/lanes.inl.h"

#if RL_WIDTH == 16 && defined(__AMX_BF16__)
#define RL_AMX 1
#else
#define RL_AMX 0
#endif

namespace RL_LEVEL {

#if RL_AMX

namespace amx {

constexpr int64_t kSide = 32;  // rows of a panel of A, columns of one of B, terms of a step
// bfloat16 from tile to tile, and from step to step. (17 cache lines: an odd number, to use all sets of the cache.)
constexpr int64_t kTile = 512 + 32;
constexpr int64_t kStep = 3 * 2 * kTile;
constexpr int64_t kPanels = 4;  // of columns, split together at most

RL_INLINE bool available() { return rl::cpu_level == rl::kAmx; }
RL_INLINE int64_t steps(int64_t k) { return (k + kSide - 1) / kSide; }

// What is known of a panel: the exponent of its largest number, and whether all are bfloat16 (the other parts zeros).
struct Range {
  int exponent;
  bool one_part;
};

// Gathers it.
struct Seen {
  vi most = {}, rest = {};
  void see(vf v) {
    const vi size = as_int(v) & 0x7fffffff;
    most = most > size ? most : size;
  }
  Range range() const {
    int32_t m = 0, r = 0;
    for (int i = 0; i < W; i++) m = most[i] > m ? most[i] : m, r |= rest[i];
    return {m == 0 ? 0 : (m >> 23) - 127, (r & 0x7fffffff) == 0};
  }
};

// Whether such panels can be split: nothing infinite, and no part that counts denormal.
RL_INLINE bool normal(Range x, Range y) {
  const int a = x.exponent, b = y.exponent;
  return a < 100 && b < 100 && a > -90 && b > -90 && a + b < 120 && a + b > -80;
}

// Two vectors of floats, as three of pairs of bfloat16.
RL_INLINE void split(vf low, vf high, uint16_t* to, int64_t part, Seen& seen) {
  seen.see(low);
  seen.see(high);
#pragma GCC unroll 3
  for (int i = 0; i < 3; i++) {
    // To the nearest; what is left after two parts has 8 bits.
    const vi half = set1i(i < 2 ? 0x8000 : 0), mask = set1i((int32_t)0xffff0000);
    const vi a = (as_int(low) + half) & mask, b = (as_int(high) + half) & mask;
    storei((int32_t*)(to + i * part), (vi)((vu)a >> 16) | b);
    low -= as_float(a);
    high -= as_float(b);
    if (i == 0) seen.rest |= as_int(low) | as_int(high);
  }
}

// A panel of the first 32 of m rows: element (i, k) at p[i * rs + k * cs].
[[maybe_unused]] static Range split_rows(const float* p, int64_t rs, int64_t cs, int64_t m, int64_t k, uint16_t* to) {
  Seen seen;
  if (m > kSide) m = kSide;
  for (int64_t i = 0; i < kSide; i++) {
    uint16_t* row = to + i / W * kTile + i % W * 32;
    if (i >= m) {
      if (i / W * W < m)  // of a tile that is used
        for (int64_t s = 0; s < steps(k); s++)
          for (int part = 0; part < 3; part++) storei((int32_t*)(row + s * kStep + part * 2 * kTile), vi{});
      continue;
    }
    if (cs != 1) continue;
    const float* from = p + i * rs;
    int64_t left = k;
    for (; left >= kSide; left -= kSide, from += kSide, row += kStep)
      split(load(from), load(from + W), row, 2 * kTile, seen);
    if (left > 0) {
      const int low = left < W ? (int)left : W;
      split(load_n(from, low), load_n(from + low, (int)left - low), row, 2 * kTile, seen);
    }
  }
  if (cs == 1) return seen.range();
  for (int64_t i0 = 0; i0 < m; i0 += W)
    for (int64_t k0 = 0; k0 < k; k0 += kSide) {
      const int rows = m - i0 < W ? (int)(m - i0) : W;
      vf t[2][W];  // t[h][i]: row i, terms k0 + 16 h ...
      for (int h = 0; h < 2; h++) {
        const float* from = p + i0 * rs + (k0 + h * W) * cs;
        const int64_t terms = k - k0 - h * W;
        if (rs == 1) {
          for (int e = 0; e < W; e++) t[h][e] = e < terms ? load_n(from + e * cs, rows) : vf{};
          transpose(t[h]);
          continue;
        }
        for (int i = 0; i < rows; i++)
          for (int e = 0; e < W; e++) t[h][i][e] = e < terms ? from[i * rs + e * cs] : 0;
      }
      uint16_t* row = to + k0 / kSide * kStep + i0 / W * kTile;
      for (int i = 0; i < rows; i++) split(t[0][i], t[1][i], row + i * 32, 2 * kTile, seen);
    }
  return seen.range();
}

// Panels of 32 columns: element (k, j) of the panel i at p[i * next + k * ld + j].
[[maybe_unused]] static void split_columns(const float* p, int64_t ld, int64_t next, int64_t panels, int64_t k,
                                           uint16_t* to, int64_t panel, Range* range) {
  Seen seen[kPanels];
  for (; k > 0; k -= kSide, p += kSide * ld, to += kStep)
    for (int64_t i = 0; i < W; i++)  // rows are read once, for all panels
      for (int64_t q = 0; q < panels; q++)
        for (int h = 0; h < 2; h++) {
          const float* from = p + q * next + i * ld + h * W;
          const vf low = i < k ? load(from) : vf{}, high = i + W < k ? load(from + W * ld) : vf{};
          split(low, high, to + q * panel + h * kTile + i * 32, 2 * kTile, seen[q]);
        }
  for (int64_t q = 0; q < panels; q++) range[q] = seen[q].range();
}

// The unit's registers, as eight tiles of 16 x 64 bytes, for one scope.
class Tiles {
 public:
  Tiles() {
    struct alignas(64) Shape {
      uint8_t palette, start, none[14];
      uint16_t bytes[16];
      uint8_t rows[16];
    } shape = {1};
    for (int i = 0; i < 8; i++) shape.bytes[i] = 64, shape.rows[i] = 16;
    _tile_loadconfig(&shape);
  }
  ~Tiles() { _tile_release(); }
  Tiles(const Tiles&) = delete;
};

// C (32 x 32, or only its first 16 rows or columns) from a panel of each; element (i, j) at c[i * ldc + j]. The C
// that comes next is fetched meanwhile. `kOne`: of the first parts only.
template <int kRows, int kColumns, bool kOne>
static void product(int64_t steps, const uint16_t* a, const uint16_t* b, float* c, int64_t ldc, bool accumulate,
                    const float* next, int64_t next_ld) {
  const int64_t row = ldc * (int64_t)sizeof(float);
// (Nothing between two instructions of the unit: where the core's other hyperthread is busy, those that follow on each
// other at once take up to twice the time.)
#define RL_APART __asm__ volatile(".rept 8\n\tnop\n\t.endr")
#define RL_LOAD(tile, p, stride)  \
  do {                            \
    _tile_loadd(tile, p, stride); \
    RL_APART;                     \
  } while (0)
#define RL_MULTIPLY(c, a, b) \
  do {                       \
    _tile_dpbf16ps(c, a, b); \
    RL_APART;                \
  } while (0)
  __asm__ volatile("" ::: "memory");  // the tiles' instructions do not say what they read
  if (accumulate) {
    RL_LOAD(0, c, row);
    if (kColumns == 2) RL_LOAD(1, c + 16, row);
    if (kRows == 2) RL_LOAD(2, c + 16 * ldc, row);
    if (kRows == 2 && kColumns == 2) RL_LOAD(3, c + 16 * ldc + 16, row);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  auto load_a = [&](int part) __attribute__((always_inline)) {
    RL_LOAD(4, a + 2 * (part - 1) * kTile, 64);
    if (kRows == 2) RL_LOAD(5, a + (2 * part - 1) * kTile, 64);
  };
  auto load_b = [&](int part) __attribute__((always_inline)) {
    RL_LOAD(6, b + 2 * (part - 1) * kTile, 64);
    if (kColumns == 2) RL_LOAD(7, b + (2 * part - 1) * kTile, 64);
  };
  auto add = [&]() __attribute__((always_inline)) {
    RL_MULTIPLY(0, 4, 6);
    if (kColumns == 2) RL_MULTIPLY(1, 4, 7);
    if (kRows == 2) RL_MULTIPLY(2, 5, 6);
    if (kRows == 2 && kColumns == 2) RL_MULTIPLY(3, 5, 7);
  };
  const int64_t fetched = (kSide + steps - 1) / steps;  // rows of the next C in each step
  for (; steps > 0; steps--, a += kStep, b += kStep) {  // each product differs from the one before in one operand
    load_a(kOne ? 1 : 3), load_b(1), add();
    for (int64_t i = 0; i < fetched; i++, next += next_ld)
      __builtin_prefetch(next, 1), __builtin_prefetch(next + 16, 1);
    if (kOne) continue;
    load_a(2), add();
    load_b(2), add();
    load_a(1), add();
    load_b(3), add();
    load_b(1), add();
  }
#undef RL_MULTIPLY
#undef RL_LOAD
#undef RL_APART
  _tile_stored(0, c, row);
  if (kColumns == 2) _tile_stored(1, c + 16, row);
  if (kRows == 2) _tile_stored(2, c + 16 * ldc, row);
  if (kRows == 2 && kColumns == 2) _tile_stored(3, c + 16 * ldc + 16, row);
}

}  // namespace amx

#endif

}  // namespace RL_LEVEL
