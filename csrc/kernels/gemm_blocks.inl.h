// The whole of a product: C in blocks that threads share, each packed and multiplied by one of the processor's units.
#pragma once

#include "core/memory.h"
#include "core/threads.h"
#include "kernels/gemm.inl.h"

namespace RL_LEVEL {

// With at most this many columns in C, A is not packed: rows are read where they lie (columns, whose elements
// are a row apart in memory, for fewer of them).
constexpr int64_t kDirectColumns = 768, kDirectColumnsTransposed = 32;

// C = sum over terms of A_t B_t, for each of `count` products: C is m x n, every A_t m x k, every B_t k x n.
struct Gemm {
  int64_t m, n, k;
  PackA a;
  PackB b;
  GemmOut out;
  int64_t terms = 1, a_term = 0, b_term = 0;              // floats from term to term
  int64_t count = 1, a_next = 0, b_next = 0, c_next = 0;  // floats from product to product
  const int64_t *a_at = nullptr, *b_at = nullptr;         // or where each one's operands are
};

// A block of an operand: element (i, j) of m x n at p[i * rs + j * cs].
struct Source {
  const float* p = nullptr;
  int64_t rs = 0, cs = 0, m = 0, n = 0;
};

// Brings a block into the cache, some lines at a time.
class Fetch {
 public:
  // In `parts` parts.
  Fetch(const Source& s, int64_t parts) {
    if (!in_place(s.rs, s.cs)) return;
    next_ = s.p, step_ = s.cs == 1 ? s.rs : s.cs, rows_ = s.cs == 1 ? s.m : s.n, length_ = s.cs == 1 ? s.n : s.m;
    lines_ = ceil_div(rows_ * ceil_div(length_, 16), parts);
  }
  void part() {
    for (int64_t i = 0; i < lines_ && rows_ > 0; i++) {
      __builtin_prefetch(next_ + at_, 0, 2);
      at_ += 16;
      if (at_ >= length_) at_ = 0, next_ += step_, rows_--;
    }
  }

 private:
  const float* next_ = nullptr;
  int64_t step_ = 0, rows_ = 0, length_ = 0, at_ = 0, lines_ = 0;
};

// How C is cut into blocks: `rows` (whole panels) by `wide` panels.
struct Cut {
  int64_t rows, wide, down, across;
};

// At least two blocks a thread (one where there is little work), of at most `most` rows, such that packing costs least:
// a float of B is packed for each block of rows and a float of A, at `a_price` times the price, for each block of
// columns.
[[maybe_unused]] static Cut cut(const Gemm& g, bool parallel, int64_t panel, int64_t most, double a_price,
                                int64_t little = 0) {
  const int64_t panels = ceil_div(g.n, NR), least = ceil_div(g.m, most);
  const int64_t parts = (int64_t)rl::num_threads() * (g.m * g.n * g.k < little ? 1 : 2);
  const int64_t want = parallel ? ceil_div(parts, g.count) : 1;
  Cut best = {};
  double lowest = 0;
  for (int64_t n = least; n <= least + want; n++) {
    const int64_t rows = round_up(ceil_div(g.m, n), panel), down = ceil_div(g.m, rows);
    const int64_t wide = ceil_div(panels, ceil_div(want, down)), across = ceil_div(panels, wide);
    double cost = a_price / (double)(wide * NR) + 1.0 / (double)rows;
    if (down * across < want) cost += (double)(want - down * across);  // idle threads
    if (n == least || cost < lowest) {
      lowest = cost;
      best = {rows, wide, down, across};
    }
  }
  return best;
}

// What a thread packs, and multiplies, of one block: all rows of A, kWide columns of B at a time, some terms of both.
class OnVectors {
 public:
  static constexpr int64_t kWide = 4 * NR;  // whole pages are read, and what is packed stays in the L2 cache
  static Cut cut(const Gemm& g, bool parallel) { return RL_LEVEL::cut(g, parallel, MR, MC, is_direct(g) ? 0 : 2); }
  static int64_t terms(int64_t K) { return k_block(K); }

  OnVectors(const Gemm& g, const Cut& c, int64_t kb) : direct_(is_direct(g)) {
    bytes_ = (size_t)(kWide * kb + (direct_ ? 0 : c.rows * kb)) * sizeof(float) + 64;
    b_ = (float*)rl::pool_alloc(bytes_), a_ = b_ + kWide * kb;
  }
  ~OnVectors() {
    if (b_) rl::pool_free(b_, bytes_);
  }
  OnVectors(const OnVectors&) = delete;
  explicit operator bool() const { return b_ != nullptr; }

  void rows(const Source& a) {
    from_ = a;
    if (!direct_) PackA{a.p, a.rs, a.cs}(a_, 0, a.m, 0, a.n);
  }
  void columns(const Source& b) {
    n_ = b.n;
    PackB{b.p, b.rs, b.cs}(b_, 0, b.m, 0, b.n);
  }
  // The rows times the columns. (The hardware foresees what comes next.)
  void multiply(const GemmOut& out, const Source&, const Source&) const {
    if (direct_)
      macro_kernel_strided(from_.m, n_, from_.n, from_.p, from_.rs, from_.cs, b_, NR * from_.n, out);
    else
      macro_kernel(from_.m, n_, from_.n, a_, b_, out);
  }

 private:
  // A is read where it lies.
  static bool is_direct(const Gemm& g) {
    if (!in_place(g.a.rs, g.a.cs)) return false;
    return g.a.cs == 1 ? g.m <= MC || g.n <= kDirectColumns : g.k <= KC || g.n <= kDirectColumnsTransposed;
  }
  bool direct_;
  size_t bytes_;
  float *b_, *a_;
  Source from_;
  int64_t n_ = 0;
};

#if RL_AMX

// The same on the matrix unit.
class OnMatrixUnit {
 public:
  // Whether it pays: the time of the products and of splitting the operands, in cycles, against that on vectors. (With
  // figures from a core that shares its units with a busy hyperthread, where the unit gains least.)
  static bool suits(const Gemm& g) {
    if (!amx::available() || g.m < 96 || g.n < 96) return false;
    const double m = (double)g.m, n = (double)g.n, k = (double)(amx::steps(g.k) * amx::kSide);
    const double tiles = (double)(ceil_div(g.m, 16) * ceil_div(g.n, 16) * amx::steps(g.k));
    const double split = 0.9 * (m + n) * k + 0.2 * m * n + (g.b.cs == 1 ? 0 : 0.25 * n * k) + (g.count > 1 ? 0 : 5000);
    return 130 * tiles + split < m * n * (double)g.k / 29 + 0.12 * n * (double)g.k;
  }
  static constexpr int64_t kWide = 16 * NR;  // their panels: 800 KiB of L2
  static Cut cut(const Gemm& g, bool parallel) { return RL_LEVEL::cut(g, parallel, amx::kSide, 1 << 13, 0.6, 1 << 26); }
  static int64_t terms(int64_t K) { return round_up(k_block(K), amx::kSide); }

  OnMatrixUnit(const Gemm&, const Cut& c, int64_t kb) : panel_(amx::steps(kb) * amx::kStep) {
    const int64_t wide = c.wide * NR < kWide ? c.wide : kWide / NR, floats = (kPacked * NR + 3 * MR) * kb;
    bytes_ = (size_t)((wide + 1) * panel_) * sizeof(uint16_t) + (size_t)floats * sizeof(float) +
             (size_t)wide * sizeof(amx::Range) + 64;
    memory_ = rl::pool_alloc(bytes_);
    a_ = (uint16_t*)memory_, b_ = a_ + panel_;
    plain_b_ = (float*)(b_ + wide * panel_), plain_a_ = plain_b_ + kPacked * NR * kb,
    b_range_ = (amx::Range*)(plain_b_ + floats);
  }
  ~OnMatrixUnit() {
    if (memory_) rl::pool_free(memory_, bytes_);
  }
  OnMatrixUnit(const OnMatrixUnit&) = delete;
  explicit operator bool() const { return memory_ != nullptr; }

  void rows(const Source& a) { a_from_ = a; }
  void columns(const Source& b) {
    b_from_ = b;
    for (int64_t j = 0, q = 0; j < b.n; j += kPacked * NR, q += kPacked) {
      const int64_t n = b.n - j < kPacked * NR ? b.n - j : kPacked * NR;
      const int64_t whole = b.cs == 1 ? n / NR : 0;  // panels that can be split where they lie
      amx::split_columns(b.p + j * b.cs, b.rs, NR, whole, b.m, b_ + q * panel_, panel_, b_range_ + q);
      if (whole * NR == n) continue;
      PackB{b.p, b.rs, b.cs}(plain_b_, 0, b.m, j + whole * NR, n - whole * NR);
      amx::split_columns(plain_b_, NR, NR * b.m, ceil_div(n, NR) - whole, b.m, b_ + (q + whole) * panel_, panel_,
                         b_range_ + q + whole);
    }
  }
  // A panel of A is split, to stay in the L1 cache, and multiplied by all those of B.
  void multiply(const GemmOut& out, const Source& a_next, const Source& b_next) const {
    const Source& a = a_from_;
    const int64_t panels = ceil_div(b_from_.n, NR);
    Fetch next_columns(b_next, panels * ceil_div(a.m, amx::kSide));
    for (int64_t i = 0; i < a.m; i += amx::kSide) {
      const amx::Range range = amx::split_rows(a.p + i * a.rs, a.rs, a.cs, a.m - i, a.n, a_);
      const bool last = i + amx::kSide >= a.m;
      Source next = last ? a_next : a;
      if (!last) next.p += (i + amx::kSide) * a.rs, next.m -= i + amx::kSide;
      if (next.m > amx::kSide) next.m = amx::kSide;
      Fetch next_rows(next, panels);
      for (int64_t j = 0, q = 0; j < b_from_.n; j += NR, q++) {
        next_rows.part();
        next_columns.part();
        const GemmOut to = out.at(i, j);
        if (amx::normal(range, b_range_[q]))
          amx_tile(rows_from(i), columns_from(j), amx::steps(a.n), a_, b_ + q * panel_,
                   range.one_part && b_range_[q].one_part, to,
                   j + NR < b_from_.n ? to.c + NR : out.c + (i + amx::kSide) * out.ldc);
        else
          plain(i, j, to);
      }
    }
  }

 private:
  static constexpr int64_t kPacked = amx::kPanels;  // panels of B that are packed together
  int64_t rows_from(int64_t i) const { return a_from_.m - i < amx::kSide ? a_from_.m - i : amx::kSide; }
  int64_t columns_from(int64_t j) const { return b_from_.n - j < NR ? b_from_.n - j : NR; }
  // Numbers that cannot be split.
  void plain(int64_t i, int64_t j, const GemmOut& out) const {
    const Source &a = a_from_, &b = b_from_;
    const int64_t m = rows_from(i), n = columns_from(j);
    const float* p = a.p + i * a.rs;
    PackB{b.p, b.rs, b.cs}(plain_b_, 0, b.m, j, n);
    if (in_place(a.rs, a.cs)) return macro_kernel_strided(m, n, a.n, p, a.rs, a.cs, plain_b_, 0, out);
    PackA{p, a.rs, a.cs}(plain_a_, 0, m, 0, a.n);
    macro_kernel(m, n, a.n, plain_a_, plain_b_, out);
  }

  amx::Tiles tiles_;
  Source a_from_, b_from_;
  int64_t panel_;
  size_t bytes_;
  void* memory_;
  uint16_t *a_, *b_;
  float *plain_b_, *plain_a_;
  amx::Range* b_range_;
};

#else

// None here.
struct OnMatrixUnit : OnVectors {
  static bool suits(const Gemm&) { return false; }
  using OnVectors::OnVectors;
};

#endif

// Threads share blocks of C and nothing else: each packs the panels of B, and the block of A, into its own caches
// right before it uses them. Packing an operand again for each block costs less than bringing what another thread
// packed through memory. False: no memory.
template <class Unit>
static bool gemm_on(const Gemm& g) {
  const bool parallel = g.m * g.n * g.k * g.terms * g.count >= kParallelWork;
  const Cut c = Unit::cut(g, parallel);
  const int64_t kb = Unit::terms(g.k > 0 ? g.k : 1), each = c.down * c.across, blocks = each * g.count;
  constexpr int64_t kWide = Unit::kWide;
  struct Block {
    int64_t i, m, j0, j1;  // rows [i, i + m), columns [j0, j1)
    const float *a, *b;    // of its product
    Block(const Gemm& g, const Cut& c, int64_t product, int64_t t) {
      i = t / c.across * c.rows, m = g.m - i < c.rows ? g.m - i : c.rows;
      j0 = t % c.across * c.wide * NR, j1 = j0 + c.wide * NR < g.n ? j0 + c.wide * NR : g.n;
      a = g.a.p + (g.a_at ? g.a_at[product] : product * g.a_next);
      b = g.b.p + (g.b_at ? g.b_at[product] : product * g.b_next);
    }
    Source rows(const Gemm& g, int64_t term, int64_t k, int64_t kc) const {
      return {a + term * g.a_term + i * g.a.rs + k * g.a.cs, g.a.rs, g.a.cs, m, kc};
    }
    Source columns(const Gemm& g, int64_t term, int64_t k, int64_t kc, int64_t j) const {
      return {b + term * g.b_term + k * g.b.rs + j * g.b.cs, g.b.rs, g.b.cs, kc, j1 - j < kWide ? j1 - j : kWide};
    }
  };
  bool failed = false;
  rl::parallel_for(blocks, parallel ? rl::even_grain(blocks, 1, 4) : blocks, [&](int64_t begin, int64_t end) {
    Unit unit(g, c, kb);
    if (!unit) {
      __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
      return;
    }
    auto terms = [&](int64_t k) { return g.k - k < kb ? g.k - k : kb; };
    for (int64_t t = begin; t < end; t++) {
      const Block at(g, c, t / each, t % each);
      GemmOut out = g.out.at(at.i, 0);
      out.c += t / each * g.c_next;
      for (int64_t term = 0; term < g.terms; term++)
        for (int64_t k = 0; k == 0 || k < g.k; k += kb) {
          const bool first = term == 0 && k == 0, last = term + 1 == g.terms && k + kb >= g.k;
          unit.rows(at.rows(g, term, k, terms(k)));
          for (int64_t j = at.j0; j < at.j1; j += kWide) {
            unit.columns(at.columns(g, term, k, terms(k), j));
            Source a, b;  // what comes next
            if (j + kWide < at.j1) {
              b = at.columns(g, term, k, terms(k), j + kWide);
            } else if (!last) {
              const int64_t k1 = k + kb < g.k ? k + kb : 0, term1 = k1 ? term : term + 1;
              a = at.rows(g, term1, k1, terms(k1)), b = at.columns(g, term1, k1, terms(k1), at.j0);
            } else if (t + 1 < end) {
              const Block next(g, c, (t + 1) / each, (t + 1) % each);
              a = next.rows(g, 0, 0, terms(0)), b = next.columns(g, 0, 0, terms(0), next.j0);
            }
            unit.multiply(out.at(0, j).part(first, last), a, b);
          }
        }
    }
  });
  return !failed;
}

[[maybe_unused]] static bool gemm(const Gemm& g) {
  if (g.m <= 0 || g.n <= 0 || g.count <= 0) return true;
  return (OnMatrixUnit::suits(g) ? gemm_on<OnMatrixUnit> : gemm_on<OnVectors>)(g);
}

}  // namespace RL_LEVEL
