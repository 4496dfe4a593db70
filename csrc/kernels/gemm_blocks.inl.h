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

// How C is cut into blocks: `rows` (whole panels) by `wide` panels. Either a thread goes along rows of blocks and packs
// the operands of each; or it goes down a column of them, and keeps what it packed of B for all terms.
struct Cut {
  int64_t rows, wide, down, across;
  bool keeps;
};

// Such that packing costs least: a float of B is packed for each block of rows (or once for each thread that works on
// its column) and a float of A, at `a_price` times the price, for each block of columns. At least two blocks a thread
// (one where there is little work), of at most `most` rows; six where B is kept, of at least `least` rows. Of B `kept`
// panels can be kept.
struct Costs {
  int64_t panel, least, most, kept;
  double a_price;
  int64_t little;
};
[[maybe_unused]] static Cut cut(const Gemm& g, bool parallel, const Costs& costs) {
  const int64_t panels = ceil_div(g.n, NR), threads = parallel ? rl::num_threads() : 1;
  const int64_t parts = threads * (g.m * g.n * g.k < costs.little ? 1 : 2);
  Cut best = {};
  double lowest = 1e30;
  auto offer = [&](int64_t rows, int64_t wide, bool keeps, double cost) {
    if (cost < lowest) lowest = cost, best = {rows, wide, ceil_div(g.m, rows), ceil_div(panels, wide), keeps};
  };
  const int64_t want = parallel ? ceil_div(parts, g.count) : 1, fewest = ceil_div(g.m, costs.most);
  for (int64_t n = fewest; n <= fewest + want; n++) {
    const int64_t rows = round_up(ceil_div(g.m, n), costs.panel), down = ceil_div(g.m, rows);
    const int64_t wide = ceil_div(panels, ceil_div(want, down)), across = ceil_div(panels, wide);
    const int64_t idle = want > down * across ? want - down * across : 0;
    offer(rows, wide, false, costs.a_price / (double)(wide * NR) + 1.0 / (double)rows + (double)idle);
  }
  if (costs.kept == 0) return best;
  const int64_t many = parallel ? ceil_div(6 * threads, g.count) : 1, narrow = ceil_div(panels, costs.kept);
  for (int64_t n = narrow; n <= narrow + threads && n <= panels; n++) {
    const int64_t wide = ceil_div(panels, n), across = ceil_div(panels, wide);
    int64_t rows = round_up(ceil_div(g.m, ceil_div(many, across)), costs.panel);
    rows = rows > costs.most ? costs.most : rows < costs.least ? costs.least : rows;
    const int64_t down = ceil_div(g.m, rows), packed = across % threads && down > 1 ? across + threads - 1 : across;
    const int64_t idle = threads > down * across * g.count ? threads - down * across * g.count : 0;
    offer(rows, wide, true,
          costs.a_price / (double)(wide * NR) + (double)packed / (double)(across * g.m) + (double)idle);
  }
  return best;
}

// What a thread packs, and multiplies, of one block: all rows of A, kWide columns of B at a time, some terms of both.
class OnVectors {
 public:
  static constexpr int64_t kWide = 4 * NR;  // whole pages are read, and what is packed stays in the L2 cache
  static Cut cut(const Gemm& g, bool parallel) {
    if (!is_direct(g))
      return RL_LEVEL::cut(g, parallel, {MR, MR, MC, 0, 2, 0});  // what is packed of A serves a whole row
    const int64_t kept = kKept / (NR * (g.k > 0 ? g.k : 1) * g.terms);
    return RL_LEVEL::cut(g, parallel, {MR, 4 * MR, MC, kept < 4 ? kept : 4, 0, 0});
  }
  static int64_t terms(int64_t K) { return k_block(K); }

  // `parts` of B are kept, of `kb` terms each.
  OnVectors(const Gemm& g, const Cut& c, int64_t kb, int64_t parts)
      : direct_(is_direct(g)),
        part_((c.wide * NR < kWide ? c.wide * NR : kWide) * kb),
        memory_((size_t)(part_ * parts + (direct_ ? 0 : c.rows * kb)) * sizeof(float)),
        packed_(memory_.floats()),
        a_(packed_ + part_ * parts) {}
  explicit operator bool() const { return (bool)memory_; }

  void rows(const Source& a) {
    from_ = a;
    if (!direct_) PackA{a.p, a.rs, a.cs}(a_, 0, a.m, 0, a.n);
  }
  // As the part `part`, where they are already unless they are `fresh`.
  void columns(const Source& b, int64_t part, bool fresh) {
    b_from_ = b, b_ = packed_ + part * part_, fresh_ = fresh;
    if (fresh && !direct_) PackB{b.p, b.rs, b.cs}(b_, 0, b.m, 0, b.n);
  }
  // The rows times the columns. (The hardware foresees what comes next.)
  void multiply(const GemmOut& out, const Source&, const Source&) const {
    const Source &a = from_, &b = b_from_;
    if (!direct_)
      macro_kernel(a.m, b.n, a.n, a_, b_, out);
    else if (fresh_)
      macro_kernel_pack(a.m, b.n, a.n, a.p, a.rs, a.cs, PackB{b.p, b.rs, b.cs}, b_, out);
    else
      macro_kernel_strided(a.m, b.n, a.n, a.p, a.rs, a.cs, b_, NR * a.n, out);
  }

 private:
  // A is read where it lies.
  static bool is_direct(const Gemm& g) {
    if (!in_place(g.a.rs, g.a.cs)) return false;
    return g.a.cs == 1 ? g.m <= MC || g.n <= kDirectColumns : g.k <= KC || g.n <= kDirectColumnsTransposed;
  }
  static constexpr int64_t kKept = 128 * 1024;  // floats: 512 KiB of L2
  bool direct_;
  int64_t part_;
  rl::Workspace memory_;
  float *packed_, *a_, *b_ = nullptr;
  Source from_, b_from_;
  bool fresh_ = false;
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
  static Cut cut(const Gemm& g, bool parallel) {
    const int64_t kb = terms(g.k), kept = kWide / NR * KC / (kb * ceil_div(g.k, kb) * g.terms);
    return RL_LEVEL::cut(g, parallel,
                         {amx::kSide, amx::kSide, 1 << 13, kept < kWide / NR ? kept : kWide / NR, 0.6, 1 << 26});
  }
  static int64_t terms(int64_t K) { return round_up(k_block(K), amx::kSide); }

  OnMatrixUnit(const Gemm&, const Cut& c, int64_t kb, int64_t parts)
      : panel_(amx::steps(kb) * amx::kStep),
        wide_(c.wide * NR < kWide ? c.wide : kWide / NR),
        memory_((size_t)((wide_ * parts + 1) * panel_) * sizeof(uint16_t) +
                (size_t)((kPacked * NR + 3 * MR) * kb) * sizeof(float) + (size_t)(wide_ * parts) * sizeof(amx::Range)),
        a_((uint16_t*)memory_.floats()),
        packed_(a_ + panel_),
        plain_b_((float*)(packed_ + wide_ * parts * panel_)),
        plain_a_(plain_b_ + kPacked * NR * kb),
        ranges_((amx::Range*)(plain_a_ + 3 * MR * kb)) {}
  explicit operator bool() const { return (bool)memory_; }

  void rows(const Source& a) { a_from_ = a; }
  void columns(const Source& b, int64_t part, bool fresh) {
    b_from_ = b, b_ = packed_ + part * wide_ * panel_, b_range_ = ranges_ + part * wide_;
    if (!fresh) return;
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
  int64_t panel_, wide_;
  rl::Workspace memory_;
  uint16_t *a_, *packed_, *b_ = nullptr;
  float *plain_b_, *plain_a_;
  amx::Range *ranges_, *b_range_ = nullptr;
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
  const int64_t K = g.k > 0 ? g.k : 1, kb = Unit::terms(K), parts = ceil_div(K, kb);
  const int64_t each = c.down * c.across, blocks = each * g.count;
  constexpr int64_t kWide = Unit::kWide;
  struct Block {
    int64_t column;        // of blocks: those with the same panels of B
    int64_t i, m, j0, j1;  // rows [i, i + m), columns [j0, j1)
    const float *a, *b;    // of its product
    Block(const Gemm& g, const Cut& c, int64_t t) {
      const int64_t each = c.down * c.across, product = t / each;
      t %= each;
      const int64_t row = c.keeps ? t % c.down : t / c.across, wide = c.wide * NR;
      column = product * c.across + (c.keeps ? t / c.down : t % c.across);
      i = row * c.rows, m = g.m - i < c.rows ? g.m - i : c.rows;
      j0 = column % c.across * wide, j1 = j0 + wide < g.n ? j0 + wide : g.n;
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
  rl::parallel_chunks(blocks, parallel ? rl::even_grain(blocks, 1, 8) : blocks, [&](rl::Chunks& chunks) {
    int64_t t, end, kept = -1;
    if (!chunks.next(&t, &end)) return;
    Unit unit(g, c, kb, c.keeps ? parts * g.terms : 1);
    if (!unit) {
      __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
      return;
    }
    auto terms = [&](int64_t k) { return g.k - k < kb ? g.k - k : kb; };
    do {
      for (; t < end; t++) {
        const Block at(g, c, t);
        GemmOut out = g.out.at(at.i, 0);
        out.c += t / each * g.c_next;
        const bool fresh = !c.keeps || at.column != kept;
        kept = at.column;
        for (int64_t term = 0; term < g.terms; term++)
          for (int64_t k = 0; k == 0 || k < g.k; k += kb) {
            const bool first = term == 0 && k == 0, last = term + 1 == g.terms && k + kb >= g.k;
            unit.rows(at.rows(g, term, k, terms(k)));
            for (int64_t j = at.j0; j < at.j1; j += kWide) {
              unit.columns(at.columns(g, term, k, terms(k), j), c.keeps ? term * parts + k / kb : 0, fresh);
              Source a, b;  // what comes next
              if (j + kWide < at.j1) {
                b = at.columns(g, term, k, terms(k), j + kWide);
              } else if (!last) {
                const int64_t k1 = k + kb < g.k ? k + kb : 0, term1 = k1 ? term : term + 1;
                a = at.rows(g, term1, k1, terms(k1));
                if (fresh) b = at.columns(g, term1, k1, terms(k1), at.j0);
              } else if (t + 1 < (c.keeps ? blocks : end)) {
                const Block next(g, c, t + 1);
                a = next.rows(g, 0, 0, terms(0));
                if (!c.keeps || next.column != kept) b = next.columns(g, 0, 0, terms(0), next.j0);
              }
              unit.multiply(out.at(0, j).part(first, last), a, b);
            }
          }
      }
    } while (chunks.next(&t, &end));
  });
  return !failed;
}

[[maybe_unused]] static bool gemm(const Gemm& g) {
  if (g.m <= 0 || g.n <= 0 || g.count <= 0) return true;
  return (OnMatrixUnit::suits(g) ? gemm_on<OnMatrixUnit> : gemm_on<OnVectors>)(g);
}

}  // namespace RL_LEVEL
