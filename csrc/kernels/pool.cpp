#include "kernels/pool.h"

#include "kernels/lanes.inl.h"

namespace RL_LEVEL {

typedef uint8_t vb __attribute__((vector_size(W), aligned(1), may_alias));
constexpr int kRow = 512;  // outputs of a row handled at once: their positions lie on the stack

// A NaN is larger than everything, the first of equals wins.
RL_INLINE vi beats(vf v, vf m) { return (v > m) | (v != v); }

template <bool kArg>
static void max_one(const PoolShape& s, const float* x, int od, int oh, int ox, float* y, int32_t* arg) {
  float m = -__builtin_inff();
  int at = -1;
  for (int jd = s.d.lo[od]; jd < s.d.hi[od]; jd++)
    for (int jh = s.h.lo[oh]; jh < s.h.hi[oh]; jh++) {
      const float* row =
          x + ((int64_t)(s.d.start[od] + jd * s.d.step) * s.h.in + s.h.start[oh] + jh * s.h.step) * s.w.in;
      int tap = (jd * s.h.k + jh) * s.w.k;
      for (int jw = s.w.lo[ox]; jw < s.w.hi[ox]; jw++) {
        float v = row[s.w.start[ox] + jw * s.w.step];
        if (v > m || v != v || at < 0) {
          m = v;
          at = tap + jw;
        }
      }
    }
  *y = m;
  if (kArg) *arg = at;
}

// The input rows that a row of outputs looks at.
constexpr int kRows = 32;
struct Rows {
  int n = 0;
  const float* p[kRows];
  int tap[kRows];
};
static bool rows_of(const PoolShape& s, const float* x, int od, int oh, Rows& rows) {
  if ((s.d.hi[od] - s.d.lo[od]) * (s.h.hi[oh] - s.h.lo[oh]) > kRows) return false;
  for (int jd = s.d.lo[od]; jd < s.d.hi[od]; jd++)
    for (int jh = s.h.lo[oh]; jh < s.h.hi[oh]; jh++) {
      rows.p[rows.n] = x + ((int64_t)(s.d.start[od] + jd * s.d.step) * s.h.in + s.h.start[oh] + jh * s.h.step) * s.w.in;
      rows.tap[rows.n++] = (jd * s.h.k + jh) * s.w.k;
    }
  return rows.n > 0;
}

// Outputs of one row whose windows are whole across, W at a time from `ox` on; the last W overlap those
// before them. Vector loads may run past the end of a row, not past `limit`. Returns where it stopped.
template <bool kArg, int kStride, int kK>
static int max_inner(const PoolShape& s, const Rows& rows, const float* limit, int ox, int end, float* y,
                     int32_t* arg) {
  const int stride = kStride ? kStride : s.w.stride, k = kK ? kK : s.w.k, step = s.w.step,
            first = s.w.start[ox] - ox * stride;
  const int n = rows.n, far = (k - 1) * step + reach(stride), begin = ox;
  while (ox < end) {
    int at_ox = ox;
    if (ox + W > end) {
      if (end - begin < W) break;
      at_ox = end - W;
    }
    const int from = first + at_ox * stride;
    if (rows.p[n - 1] + from + far > limit) break;
    vf m = set1(-__builtin_inff());
    vi at = set1i(rows.tap[0]);
    for (int r = 0; r < n; r++) {
      const float* p = rows.p[r] + from;
      const int tap = rows.tap[r];
#pragma GCC unroll 3
      for (int jw = 0; jw < k; jw++) {
        vf v = load_strided<kStride>(p + jw * step, stride);
        vi better = beats(v, m);
        m = better ? v : m;
        if (kArg) at = better ? set1i(tap + jw) : at;
      }
    }
    store(y + (at_ox - begin), m);
    if (kArg) storei(arg + (at_ox - begin), at);
    ox = at_ox + W;
  }
  return ox;
}

template <bool kArg>
static void max_row(const PoolShape& s, const float* x, const float* limit, int od, int oh, int ox0, int ox1, float* y,
                    int32_t* arg) {
  int ox = ox0;
  auto one = [&] {
    max_one<kArg>(s, x, od, oh, ox, y + (ox - ox0), arg + (kArg ? ox - ox0 : 0));
    ox++;
  };
  while (ox < ox1 && ox < s.w.inner_begin) one();
  int end = ox1 < s.w.inner_end ? ox1 : s.w.inner_end;
  Rows rows;
  if (s.w.stride && ox + W <= end && rows_of(s, x, od, oh, rows)) {
    float* to = y + (ox - ox0);
    int32_t* at = arg + (kArg ? ox - ox0 : 0);
    const int which = s.w.stride <= 2 ? 2 * s.w.stride + (s.w.k == 3) : 0;
    ox = which == 2   ? max_inner<kArg, 1, 0>(s, rows, limit, ox, end, to, at)
         : which == 3 ? max_inner<kArg, 1, 3>(s, rows, limit, ox, end, to, at)
         : which == 4 ? max_inner<kArg, 2, 0>(s, rows, limit, ox, end, to, at)
         : which == 5 ? max_inner<kArg, 2, 3>(s, rows, limit, ox, end, to, at)
                      : max_inner<kArg, 0, 0>(s, rows, limit, ox, end, to, at);
  }
  while (ox < ox1) one();
}

// The common 2x2 windows side by side: both rows read once, nothing looked up.
RL_INLINE bool is_2x2(const PoolShape& s) {
  return s.d.in == 1 && s.d.out == 1 && s.h.k == 2 && s.w.k == 2 && s.h.stride == 2 && s.w.stride == 2 &&
         s.h.step == 1 && s.w.step == 1 && s.h.start[0] == 0 && s.w.start[0] == 0 && 2 * s.h.out <= s.h.in &&
         2 * s.w.out <= s.w.in;
}

template <bool kArg>
static void max_2x2(const PoolShape& s, const float* x, float* y, uint8_t* arg, bool stream) {
  for (int oh = 0; oh < s.h.out; oh++, x += 2 * s.w.in, y += s.w.out) {
    const float *a = x, *b = x + s.w.in;
    int ox = 0;
    for (; ox + W <= s.w.out; ox += W) {
      vf a0 = load(a + 2 * ox), a1 = load(a + 2 * ox + W), b0 = load(b + 2 * ox), b1 = load(b + 2 * ox + W);
      vf m = evens(a0, a1), v = odds(a0, a1);
      vi better = beats(v, m);
      m = better ? v : m;
      vi at = better & 1;
      v = evens(b0, b1);
      better = beats(v, m);
      m = better ? v : m;
      if (kArg) at = better ? set1i(2) : at;
      v = odds(b0, b1);
      better = beats(v, m);
      m = better ? v : m;
      put(y + ox, m, stream);
      if (kArg) {
        at = better ? set1i(3) : at;
        *(vb*)(arg + ox) = __builtin_convertvector(at, vb);
      }
    }
    for (; ox < s.w.out; ox++) {
      float v[4] = {a[2 * ox], a[2 * ox + 1], b[2 * ox], b[2 * ox + 1]}, m = v[0];
      int at = 0;
      for (int i = 1; i < 4; i++)
        if (v[i] > m || v[i] != v[i]) m = v[i], at = i;
      y[ox] = m;
      if (kArg) arg[ox] = (uint8_t)at;
    }
    if (kArg) arg += s.w.out;
  }
}

static void max_forward(const PoolShape& s, const float* x, float* y, uint8_t* arg, int64_t* index, int64_t begin,
                        int64_t end) {
  const int64_t inputs = (int64_t)s.d.in * s.h.in * s.w.in, outputs = (int64_t)s.d.out * s.h.out * s.w.out;
  const bool fast = !index && is_2x2(s), stream = s.stream && s.w.out % W == 0;
  const float* limit = x + s.planes * inputs;
  int32_t at[kRow];
  for (int64_t plane = begin; plane < end; plane++) {
    const float* xp = x + plane * inputs;
    int64_t o = plane * outputs;
    if (fast) {
      if (arg)
        max_2x2<true>(s, xp, y + o, arg + o, stream);
      else
        max_2x2<false>(s, xp, y + o, nullptr, stream);
      continue;
    }
    for (int od = 0; od < s.d.out; od++)
      for (int oh = 0; oh < s.h.out; oh++)
        for (int ox = 0; ox < s.w.out; ox += kRow) {
          int n = s.w.out - ox < kRow ? s.w.out - ox : kRow;
          if (!arg && !index) {
            max_row<false>(s, xp, limit, od, oh, ox, ox + n, y + o, nullptr);
          } else {
            max_row<true>(s, xp, limit, od, oh, ox, ox + n, y + o, at);
            if (arg)
              for (int i = 0; i < n; i++) arg[o + i] = (uint8_t)at[i];
            if (index) {
              int64_t base = ((int64_t)s.d.start[od] * s.h.in + s.h.start[oh]) * s.w.in;
              for (int i = 0; i < n; i++) index[o + i] = base + s.w.start[ox + i] + s.tap[at[i]];
            }
          }
          o += n;
        }
  }
  if (stream) fence();
}

static void max_backward(const PoolShape& s, const float* dy, const uint8_t* arg, float* dx, int64_t begin,
                         int64_t end) {
  const int64_t inputs = (int64_t)s.d.in * s.h.in * s.w.in, outputs = (int64_t)s.d.out * s.h.out * s.w.out;
  const bool fast = is_2x2(s), whole = s.h.in == 2 * s.h.out && s.w.in == 2 * s.w.out;
  const bool stream = s.stream && fast && whole && s.w.in % W == 0;
  for (int64_t plane = begin; plane < end; plane++) {
    const float* g = dy + plane * outputs;
    const uint8_t* at = arg + plane * outputs;
    float* to = dx + plane * inputs;
    if (!fast || !whole) __builtin_memset(to, 0, inputs * sizeof(float));
    if (fast) {
      for (int oh = 0; oh < s.h.out; oh++, g += s.w.out, at += s.w.out, to += 2 * s.w.in) {
        float *a = to, *b = to + s.w.in;
        int ox = 0;
        for (; ox + W <= s.w.out; ox += W) {
          vf v = load(g + ox);
          vi t = __builtin_convertvector(*(const vb*)(at + ox), vi);
          vf p0 = as_float(as_int(v) & (t == 0)), p1 = as_float(as_int(v) & (t == 1));
          vf p2 = as_float(as_int(v) & (t == 2)), p3 = as_float(as_int(v) & (t == 3));
          put(a + 2 * ox, zip_low(p0, p1), stream);
          put(a + 2 * ox + W, zip_high(p0, p1), stream);
          put(b + 2 * ox, zip_low(p2, p3), stream);
          put(b + 2 * ox + W, zip_high(p2, p3), stream);
        }
        for (; ox < s.w.out; ox++) {
          a[2 * ox] = at[ox] == 0 ? g[ox] : 0;
          a[2 * ox + 1] = at[ox] == 1 ? g[ox] : 0;
          b[2 * ox] = at[ox] == 2 ? g[ox] : 0;
          b[2 * ox + 1] = at[ox] == 3 ? g[ox] : 0;
        }
      }
      continue;
    }
    for (int od = 0; od < s.d.out; od++)
      for (int oh = 0; oh < s.h.out; oh++, g += s.w.out, at += s.w.out) {
        float* row = to + ((int64_t)s.d.start[od] * s.h.in + s.h.start[oh]) * s.w.in;
        for (int ox = 0; ox < s.w.out; ox++) row[s.w.start[ox] + s.tap[at[ox]]] += g[ox];
      }
  }
  if (stream) fence();
}

static void scatter(const float* dy, const int64_t* index, float* dx, int64_t outputs, int64_t inputs, int64_t begin,
                    int64_t end) {
  for (int64_t plane = begin; plane < end; plane++) {
    const float* g = dy + plane * outputs;
    const int64_t* at = index + plane * outputs;
    float* to = dx + plane * inputs;
    __builtin_memset(to, 0, inputs * sizeof(float));
    for (int64_t i = 0; i < outputs; i++)
      if ((uint64_t)at[i] < (uint64_t)inputs) to[at[i]] += g[i];
  }
}

// The sum of n contiguous floats; a fixed order of lanes and halves.
static float run_sum(const float* p, int64_t n) {
  vf a[4] = {};
  int64_t i = 0;
  for (; i + 4 * W <= n; i += 4 * W)
    for (int j = 0; j < 4; j++) a[j] += load(p + i + j * W);
  for (; i + W <= n; i += W) a[0] += load(p + i);
  if (i < n) a[1] += load_n(p + i, (int)(n - i));
  return sum((a[0] + a[1]) + (a[2] + a[3]));
}

RL_INLINE float divisor_of(const PoolShape& s, int od, int oh) { return s.d.size[od] * s.h.size[oh]; }

template <int kStride, int kK>
static int avg_inner(const PoolShape& s, const Rows& rows, const float* limit, float across, int ox, float* y,
                     bool stream) {
  const int stride = kStride ? kStride : s.w.stride, k = kK ? kK : s.w.k, first = s.w.start[ox] - ox * stride;
  const int n = rows.n, far = k - 1 + reach(stride), begin = ox, end = s.w.inner_end;
  // Inner windows all have the size k, unless they reach into padding that counts.
  const float all = s.divisor ? across : across * s.w.size[begin];
  int32_t bits;
  __builtin_memcpy(&bits, &all, sizeof bits);
  const bool exact = (bits & 0x7fffff) == 0;  // a power of two: its inverse is exact
  const vf by = set1(exact ? 1 / all : all);
  while (ox < end) {
    int at = ox;
    if (ox + W > end) {
      if (end - begin < W) break;
      at = end - W;
    }
    const int from = first + at * stride;
    if (rows.p[n - 1] + from + far > limit) break;
    vf sum = {};
    for (int r = 0; r < n; r++) {
      const float* p = rows.p[r] + from;
      int jw = 0;
      if (kStride == 2)
#pragma GCC unroll 2
        for (; jw + 2 <= k; jw += 2) {  // both halves of the pairs that were read
          vf a = load(p + jw), b = load(p + jw + W);
          sum += evens(a, b);
          sum += odds(a, b);
        }
#pragma GCC unroll 3
      for (; jw < k; jw++) sum += load_strided<kStride>(p + jw, stride);
    }
    put(y + at, exact ? sum * by : sum / by, stream);
    ox = at + W;
  }
  return ox;
}

static void avg_forward(const PoolShape& s, const float* x, float* y, int64_t begin, int64_t end) {
  const int64_t inputs = (int64_t)s.d.in * s.h.in * s.w.in;
  const float* limit = x + s.planes * inputs;
  const bool stream = s.stream && s.w.out % W == 0 && s.w.inner_begin == 0 && s.w.inner_end == s.w.out;
  y += begin * s.d.out * s.h.out * s.w.out;
  for (int64_t plane = begin; plane < end; plane++) {
    const float* xp = x + plane * inputs;
    for (int od = 0; od < s.d.out; od++)
      for (int oh = 0; oh < s.h.out; oh++, y += s.w.out) {
        int ox = 0;
        auto one = [&] {
          float total = 0;
          int from = s.w.start[ox] + s.w.lo[ox], n = s.w.hi[ox] - s.w.lo[ox];
          for (int jd = s.d.lo[od]; jd < s.d.hi[od]; jd++) {
            int h0 = s.h.start[oh] + s.h.lo[oh], rows = s.h.hi[oh] - s.h.lo[oh];
            const float* p = xp + ((int64_t)(s.d.start[od] + jd) * s.h.in + h0) * s.w.in + from;
            if (n == s.w.in)
              total += run_sum(p, (int64_t)rows * n);
            else if (n >= 2 * W)
              for (int r = 0; r < rows; r++) total += run_sum(p + (int64_t)r * s.w.in, n);
            else
              for (int r = 0; r < rows; r++)
                for (int i = 0; i < n; i++) total += p[(int64_t)r * s.w.in + i];
          }
          y[ox] = total / (s.divisor ? s.divisor : divisor_of(s, od, oh) * s.w.size[ox]);
          ox++;
        };
        while (ox < s.w.out && ox < s.w.inner_begin) one();
        Rows rows;
        if (s.w.stride && s.w.k < 2 * W && ox + W <= s.w.inner_end && rows_of(s, xp, od, oh, rows)) {
          const float across = s.divisor ? s.divisor : divisor_of(s, od, oh);
          const int which = s.w.stride <= 2 ? 3 * s.w.stride + (s.w.k == 3 ? 1 : s.w.k == 2 ? 2 : 0) : 0;
          ox = which == 4   ? avg_inner<1, 3>(s, rows, limit, across, ox, y, false)
               : which == 7 ? avg_inner<2, 3>(s, rows, limit, across, ox, y, false)
               : which == 8 ? avg_inner<2, 2>(s, rows, limit, across, ox, y, stream)
               : which >= 6 ? avg_inner<2, 0>(s, rows, limit, across, ox, y, false)
               : which >= 3 ? avg_inner<1, 0>(s, rows, limit, across, ox, y, false)
                            : avg_inner<0, 0>(s, rows, limit, across, ox, y, false);
        }
        while (ox < s.w.out) one();
      }
  }
  if (stream) fence();
}

// The gradients of a row of outputs, spread over the row of inputs they come from: `row` is the same for
// every input row of their windows.
static void spread(const PoolShape& s, const float* dy, float across, float* row) {
  int ox = 0;
  if (s.w.stride == 2 && s.w.k == 2 && s.w.start[0] == 0 && 2 * s.w.out == s.w.in) {
    for (; ox + W <= s.w.out; ox += W) {
      vf g = load(dy + ox) / (s.divisor ? set1(across) : load(s.w.size + ox) * across);
      store(row + 2 * ox, zip_low(g, g));
      store(row + 2 * ox + W, zip_high(g, g));
    }
    for (; ox < s.w.out; ox++) row[2 * ox] = row[2 * ox + 1] = dy[ox] / (s.divisor ? across : s.w.size[ox] * across);
    return;
  }
  if (!(s.w.apart && s.w.cover)) __builtin_memset(row, 0, s.w.in * sizeof(float));
  for (; ox < s.w.out; ox++) {
    float g = dy[ox] / (s.divisor ? across : s.w.size[ox] * across);
    float* to = row + s.w.start[ox];
    if (s.w.apart)
      for (int j = s.w.lo[ox]; j < s.w.hi[ox]; j++) to[j] = g;
    else
      for (int j = s.w.lo[ox]; j < s.w.hi[ox]; j++) to[j] += g;
  }
}

static void avg_backward(const PoolShape& s, const float* dy, float* dx, float* row, int64_t begin, int64_t end) {
  const int64_t inputs = (int64_t)s.d.in * s.h.in * s.w.in;
  const bool apart = s.d.apart && s.h.apart, cover = s.d.cover && s.h.cover;
  const bool stream = s.stream && apart && s.w.in % W == 0;
  dy += begin * s.d.out * s.h.out * s.w.out;
  for (int64_t plane = begin; plane < end; plane++) {
    float* to = dx + plane * inputs;
    if (!(apart && cover)) __builtin_memset(to, 0, inputs * sizeof(float));
    for (int od = 0; od < s.d.out; od++)
      for (int oh = 0; oh < s.h.out; oh++, dy += s.w.out) {
        spread(s, dy, s.divisor ? s.divisor : divisor_of(s, od, oh), row);
        for (int jd = s.d.lo[od]; jd < s.d.hi[od]; jd++)
          for (int jh = s.h.lo[oh]; jh < s.h.hi[oh]; jh++) {
            float* p = to + ((int64_t)(s.d.start[od] + jd) * s.h.in + s.h.start[oh] + jh) * s.w.in;
            int i = 0;
            if (apart) {
              for (; i + W <= s.w.in; i += W) put(p + i, load(row + i), stream);
              for (; i < s.w.in; i++) p[i] = row[i];
            } else {
              for (; i + W <= s.w.in; i += W) store(p + i, load(p + i) + load(row + i));
              for (; i < s.w.in; i++) p[i] += row[i];
            }
          }
      }
  }
  if (stream) fence();
}

extern const PoolKernels pool_kernels;
const PoolKernels pool_kernels = {max_forward, max_backward, scatter, avg_forward, avg_backward};

}  // namespace RL_LEVEL
