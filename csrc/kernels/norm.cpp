#include "kernels/norm.h"

#include "core/simd.h"
#include "kernels/stream.inl.h"

namespace RL_LEVEL {

// ---- moments ----------------------------------------------------------------------------------------

// Sum of f(i, lanes) over [0, n), in four vectors.
template <class F>
RL_INLINE vf sum_over(int64_t n, F&& f) {
  vf a = {}, b = {}, c = {}, d = {};
  int64_t i = 0;
  for (; i + 4 * W <= n; i += 4 * W) {
    a += f(i, W);
    b += f(i + W, W);
    c += f(i + 2 * W, W);
    d += f(i + 3 * W, W);
  }
  for (; i + W <= n; i += W) a += f(i, W);
  if (i < n) b += f(i, (int)(n - i));
  return (a + b) + (c + d);
}

// Sums over the same range of two functions at once: g(i, lanes, a, b) adds to a and b.
template <class G>
RL_INLINE void two_sums(int64_t n, vf& first, vf& second, G&& g) {
  vf a = {}, b = {}, c = {}, d = {};
  int64_t i = 0;
  for (; i + 2 * W <= n; i += 2 * W) {
    g(i, W, a, b);
    g(i + W, W, c, d);
  }
  if (i + W <= n) {
    g(i, W, a, b);
    i += W;
  }
  if (i < n) g(i, (int)(n - i), c, d);
  first += a + c;
  second += b + d;
}

// Lanes past the end of the data hold 0 instead of -mean, squared: set them to 0 again.
RL_INLINE vf deviation(const float* p, int lanes, vf mean) {
  vf v = load_some(p, lanes) - mean;
  if (lanes == W) return v;
  float t[W];
  __builtin_memcpy(t, &v, sizeof t);
  return load_n(t, lanes);
}

struct Block {
  const float* x;
  int64_t pieces, length;
};

static Block block_of(const Moments* m, int64_t unit, int64_t k) {
  const float* x = m->x + unit * m->unit_stride;
  if (m->cuts > 1) {
    int64_t begin = k % m->cuts * kRowBlock, end = begin + kRowBlock;
    return {x + k / m->cuts * m->piece_stride + begin, 1, (end < m->length ? end : m->length) - begin};
  }
  int64_t first = k * m->together, rest = m->pieces - first;
  return {x + first * m->piece_stride, rest < m->together ? rest : m->together, m->length};
}

static void moments(const Moments* m, int64_t begin, int64_t end) {
  for (int64_t task = begin; task < end; task++) {
    Block b = block_of(m, task / m->blocks, task % m->blocks);
    double n = (double)(b.pieces * b.length), mean = 0, squares;
    vf s = {}, q = {};
    if (m->rms) {
      for (int64_t p = 0; p < b.pieces; p++) {
        const float* x = b.x + p * m->piece_stride;
        q += sum_over(b.length, [&](int64_t i, int lanes) {
          vf v = load_some(x + i, lanes);
          return v * v;
        });
      }
      squares = sum(q);
    } else {
      for (int64_t p = 0; p < b.pieces; p++) {
        const float* x = b.x + p * m->piece_stride;
        s += sum_over(b.length, [&](int64_t i, int lanes) { return load_some(x + i, lanes); });
      }
      float about = (float)(sum(s) / n);
      s = vf{};
      vf a = set1(about);
      for (int64_t p = 0; p < b.pieces; p++) {
        const float* x = b.x + p * m->piece_stride;
        two_sums(b.length, s, q, [&](int64_t i, int lanes, vf& one, vf& two) {
          vf v = deviation(x + i, lanes, a);
          one += v;
          two += v * v;
        });
      }
      // What `about` misses of the mean, to second order (the corrected two-pass algorithm).
      double miss = sum(s);
      mean = about + miss / n;
      squares = sum(q) - miss * miss / n;
    }
    m->part[task * 2] = mean;
    m->part[task * 2 + 1] = squares;
  }
}

static void merge(const Moments* m, int64_t begin, int64_t end) {
  for (int64_t unit = begin; unit < end; unit++) {
    const double* part = m->part + unit * m->blocks * 2;
    double n = 0, mean = 0, squares = 0;
    for (int64_t k = 0; k < m->blocks; k++) {
      Block b = block_of(m, unit, k);
      double more = (double)(b.pieces * b.length), d = part[k * 2] - mean, both = n + more;
      if (more == 0) continue;
      mean += d * more / both;
      squares += part[k * 2 + 1] + d * d * n * more / both;
      n = both;
    }
    double var = squares / n;  // NaN for nothing, as the definition says
    if (var < 0) var = 0;
    if (m->mean) m->mean[unit] = (float)mean;
    if (m->var) m->var[unit] = (float)var;
    m->rstd[unit] = (float)(1.0 / __builtin_sqrt(var + m->eps));
  }
}

static void follow(const float* now, float* running, int64_t n, double momentum, double factor) {
  for (int64_t i = 0; i < n; i++) running[i] = (float)((1 - momentum) * running[i] + momentum * factor * now[i]);
}

static void rstd_of(const float* var, float* rstd, int64_t n, double eps) {
  for (int64_t i = 0; i < n; i++) rstd[i] = (float)(1.0 / __builtin_sqrt((double)var[i] + eps));
}

// ---- planes: batch, group and instance norm -----------------------------------------------------------

static int64_t unit_of(const Planes* p, int64_t n, int64_t c) {
  return p->groups ? n * p->groups + c / (p->C / p->groups) : c;
}

static void plane_apply(const Planes* p, int64_t begin, int64_t end) {
  for (int64_t plane = begin; plane < end; plane++) {
    int64_t c = plane % p->C, unit = unit_of(p, plane / p->C, c);
    const float* x = p->x + plane * p->S;
    float* y = p->out + plane * p->S;
    float scale = p->rstd[unit] * (p->w ? p->w[c] : 1), shift = p->b ? p->b[c] : 0, mean = p->mean[unit];
    vf a = set1(scale), b = set1(shift), m = set1(mean);
    map_to(y, p->S, p->stream, [&](int64_t i, int lanes) { return (load_some(x + i, lanes) - m) * a + b; });
  }
  if (p->stream) stream_end();
}

static void plane_sums(const Planes* p, int64_t begin, int64_t end) {
  for (int64_t plane = begin; plane < end; plane++) {
    int64_t unit = unit_of(p, plane / p->C, plane % p->C);
    const float *x = p->x + plane * p->S, *dy = p->dy + plane * p->S;
    vf m = set1(p->mean[unit]);
    double s = 0, q = 0;
    for (int64_t from = 0; from < p->S; from += kRowBlock) {
      int64_t n = p->S - from < kRowBlock ? p->S - from : kRowBlock;
      vf a = {}, b = {};
      two_sums(n, a, b, [&](int64_t i, int lanes, vf& one, vf& two) {
        vf d = load_some(dy + from + i, lanes);
        one += d;
        two += d * (load_some(x + from + i, lanes) - m);
      });
      s += sum(a);
      q += sum(b);
    }
    p->sums[plane * 2] = s;
    p->sums[plane * 2 + 1] = q;
  }
}

static void plane_solve(const Planes* p, int64_t begin, int64_t end) {
  int64_t size = p->groups ? p->C / p->groups : 1;
  double n = (double)(p->S * (p->groups ? size : p->N));
  for (int64_t unit = begin; unit < end; unit++) {
    double s = 0, q = 0, rstd = p->rstd[unit];
    if (p->groups) {
      int64_t c = unit % p->groups * size, plane = unit / p->groups * p->C + c;
      for (int64_t i = 0; i < size; i++) {
        double w = p->w ? p->w[c + i] : 1;
        s += w * p->sums[(plane + i) * 2];
        q += w * p->sums[(plane + i) * 2 + 1];
      }
    } else {
      double w = p->w ? p->w[unit] : 1;
      for (int64_t k = 0; k < (p->S == 1 ? 1 : p->N); k++) {
        s += w * p->sums[(k * p->C + unit) * 2];
        q += w * p->sums[(k * p->C + unit) * 2 + 1];
      }
    }
    p->shift[unit] = (float)(-rstd * s / n);
    p->slope[unit] = (float)(-rstd * rstd * rstd * q / n);
  }
}

static void plane_backward(const Planes* p, int64_t begin, int64_t end) {
  for (int64_t plane = begin; plane < end; plane++) {
    int64_t c = plane % p->C, unit = unit_of(p, plane / p->C, c);
    const float *x = p->x + plane * p->S, *dy = p->dy + plane * p->S;
    float* dx = p->out + plane * p->S;
    vf a = set1(p->rstd[unit] * (p->w ? p->w[c] : 1));
    if (!p->slope) {  // statistics that were given: no gradient goes through them
      map_to(dx, p->S, p->stream, [&](int64_t i, int lanes) { return load_some(dy + i, lanes) * a; });
      continue;
    }
    vf m = set1(p->mean[unit]), slope = set1(p->slope[unit]), shift = set1(p->shift[unit]);
    map_to(dx, p->S, p->stream, [&](int64_t i, int lanes) {
      return load_some(dy + i, lanes) * a + ((load_some(x + i, lanes) - m) * slope + shift);
    });
  }
  if (p->stream) stream_end();
}

static void plane_weights(const Planes* p, float* dw, float* db, int64_t begin, int64_t end) {
  for (int64_t c = begin; c < end; c++) {
    double s = 0, q = 0;
    for (int64_t n = 0; n < (p->S == 1 && !p->groups ? 1 : p->N); n++) {
      s += p->sums[(n * p->C + c) * 2];
      q += p->sums[(n * p->C + c) * 2 + 1] * p->rstd[unit_of(p, n, c)];
    }
    if (dw) dw[c] = (float)q;
    if (db) db[c] = (float)s;
  }
}

// ---- columns: batch norm of a matrix ------------------------------------------------------------------

constexpr int64_t kTall = 128;  // rows in a block of moments

static void column_moments(const Planes* p, float* mean, float* rstd, float* var, double eps, int64_t begin,
                           int64_t end) {
  for (int64_t c = begin; c < end; c += W) {
    int lanes = end - c < W ? (int)(end - c) : W;
    double mu[W] = {}, squares[W] = {}, n = 0;
    for (int64_t from = 0; from < p->N; from += kTall) {
      int64_t rows = p->N - from < kTall ? p->N - from : kTall;
      const float* x = p->x + from * p->C + c;
      vf s = {}, miss = {}, q = {};
      for (int64_t r = 0; r < rows; r++) s += load_some(x + r * p->C, lanes);
      vf about = s / (float)rows;
      for (int64_t r = 0; r < rows; r++) {
        vf v = load_some(x + r * p->C, lanes) - about;
        miss += v;
        q += v * v;
      }
      double both = n + rows;
      for (int l = 0; l < lanes; l++) {
        double d = about[l] + (double)miss[l] / rows - mu[l];
        mu[l] += d * rows / both;
        squares[l] += (double)q[l] - (double)miss[l] * miss[l] / rows + d * d * n * rows / both;
      }
      n = both;
    }
    for (int l = 0; l < lanes; l++) {
      double v = squares[l] / n;
      if (v < 0) v = 0;
      mean[c + l] = (float)mu[l];
      var[c + l] = (float)v;
      rstd[c + l] = (float)(1.0 / __builtin_sqrt(v + eps));
    }
  }
}

static void column_sums(const Planes* p, int64_t begin, int64_t end) {
  for (int64_t c = begin; c < end; c += W) {
    int lanes = end - c < W ? (int)(end - c) : W;
    double s[W] = {}, q[W] = {};
    vf m = load_some(p->mean + c, lanes);
    for (int64_t from = 0; from < p->N; from += kTall) {
      int64_t rows = p->N - from < kTall ? p->N - from : kTall;
      vf a = {}, b = {};
      for (int64_t r = from; r < from + rows; r++) {
        vf d = load_some(p->dy + r * p->C + c, lanes);
        a += d;
        b += d * (load_some(p->x + r * p->C + c, lanes) - m);
      }
      for (int l = 0; l < lanes; l++) {
        s[l] += a[l];
        q[l] += b[l];
      }
    }
    for (int l = 0; l < lanes; l++) {
      p->sums[(c + l) * 2] = s[l];
      p->sums[(c + l) * 2 + 1] = q[l];
    }
  }
}

static void column_apply(const Planes* p, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; r++) {
    const float* x = p->x + r * p->C;
    map_to(p->out + r * p->C, p->C, p->stream, [&](int64_t i, int lanes) {
      vf v = (load_some(x + i, lanes) - load_some(p->mean + i, lanes)) * load_some(p->rstd + i, lanes);
      if (p->w) v *= load_some(p->w + i, lanes);
      if (p->b) v += load_some(p->b + i, lanes);
      return v;
    });
  }
  if (p->stream) stream_end();
}

static void column_backward(const Planes* p, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; r++) {
    const float *x = p->x + r * p->C, *dy = p->dy + r * p->C;
    map_to(p->out + r * p->C, p->C, p->stream, [&](int64_t i, int lanes) {
      vf v = load_some(dy + i, lanes) * load_some(p->rstd + i, lanes);
      if (p->w) v *= load_some(p->w + i, lanes);
      if (!p->slope) return v;
      vf d = load_some(x + i, lanes) - load_some(p->mean + i, lanes);
      return v + (d * load_some(p->slope + i, lanes) + load_some(p->shift + i, lanes));
    });
  }
  if (p->stream) stream_end();
}

// ---- rows: layer and rms norm -------------------------------------------------------------------------

static void row_apply(const Rows* p, int64_t begin, int64_t end) {
  for (int64_t task = begin; task < end; task++) {
    int64_t row = task / p->blocks, from = task % p->blocks * kRowBlock;
    int64_t n = p->N - from < kRowBlock ? p->N - from : kRowBlock;
    const float *x = p->x + row * p->N + from, *w = p->w + from, *b = p->b + from;
    float* y = p->out + row * p->N + from;
    vf m = set1(p->mean ? p->mean[row] : 0), r = set1(p->rstd[row]);
    if (p->w && p->b)
      map_to(y, n, p->stream, [&](int64_t i, int lanes) {
        return (load_some(x + i, lanes) - m) * r * load_some(w + i, lanes) + load_some(b + i, lanes);
      });
    else
      map_to(y, n, p->stream, [&](int64_t i, int lanes) {
        vf v = (load_some(x + i, lanes) - m) * r;
        if (p->w) v *= load_some(w + i, lanes);
        if (p->b) v += load_some(b + i, lanes);
        return v;
      });
  }
  if (p->stream) stream_end();
}

static void row_sums(const Rows* p, int64_t begin, int64_t end) {
  for (int64_t task = begin; task < end; task++) {
    int64_t row = task / p->blocks, from = task % p->blocks * kRowBlock;
    int64_t n = p->N - from < kRowBlock ? p->N - from : kRowBlock;
    const float *x = p->x + row * p->N + from, *dy = p->dy + row * p->N + from, *w = p->w + from;
    vf m = set1(p->mean ? p->mean[row] : 0), s = {}, q = {};
    two_sums(n, s, q, [&](int64_t i, int lanes, vf& one, vf& two) {
      vf g = load_some(dy + i, lanes);
      if (p->w) g *= load_some(w + i, lanes);
      one += g;
      two += g * (load_some(x + i, lanes) - m);
    });
    p->sums[task * 2] = sum(s);
    p->sums[task * 2 + 1] = sum(q);
  }
}

static void row_solve(const Rows* p, bool rms, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; row++) {
    const double* part = p->sums + row * p->blocks * 2;
    double s = 0, q = 0, rstd = p->rstd[row], n = (double)p->N;
    for (int64_t k = 0; k < p->blocks; k++) {
      s += part[k * 2];
      q += part[k * 2 + 1];
    }
    p->shift[row] = rms ? 0 : (float)(-rstd * s / n);
    p->slope[row] = (float)(-rstd * rstd * rstd * q / n);
  }
}

// dx of one value, and what it adds to dw and db.
struct RowTerms {
  vf mean, rstd, slope, shift;
  static RowTerms of(const Rows* p, int64_t row) {
    return {set1(p->mean ? p->mean[row] : 0), set1(p->rstd[row]), set1(p->slope[row]), set1(p->shift[row])};
  }
};

// Rows two at a time, so that dw and db are read and written half as often.
template <bool kWeights>
static void row_pairs(const Rows* p, int64_t begin, int64_t end) {
  const float* w = p->w;
  float *dw = p->dw, *db = p->db;
  int64_t n = p->N;
  for (int64_t row = begin; row < end; row += 2) {
    int64_t next = row + 1 < end ? row + 1 : row;
    RowTerms t = RowTerms::of(p, row), u = RowTerms::of(p, next);
    const float *x = p->x + row * n, *dy = p->dy + row * n, *x2 = p->x + next * n, *dy2 = p->dy + next * n;
    float *dx = p->out ? p->out + row * n : nullptr, *dx2 = p->out ? p->out + next * n : nullptr;
    vf both = set1(next > row ? 1 : 0), both_rstd = both * u.rstd;
    auto step = [&](int64_t i, int lanes) __attribute__((always_inline)) {
      vf g = load_some(dy + i, lanes), g2 = load_some(dy2 + i, lanes);
      vf d = load_some(x + i, lanes) - t.mean, d2 = load_some(x2 + i, lanes) - u.mean;
      if (kWeights) {
        if (dw) store_some(dw + i, load_some(dw + i, lanes) + (g * (d * t.rstd) + g2 * (d2 * both_rstd)), lanes);
        if (db) store_some(db + i, load_some(db + i, lanes) + (g + both * g2), lanes);
      }
      if (!dx) return;
      if (w) {
        vf v = load_some(w + i, lanes);
        g *= v;
        g2 *= v;
      }
      store_some(dx + i, g * t.rstd + (d * t.slope + t.shift), lanes);
      store_some(dx2 + i, g2 * u.rstd + (d2 * u.slope + u.shift), lanes);
    };
    int64_t i = 0;
    for (; i + W <= n; i += W) step(i, W);
    if (i < n) step(i, (int)(n - i));
  }
}

static void row_backward(const Rows* p, int64_t begin, int64_t end) {
  p->dw || p->db ? row_pairs<true>(p, begin, end) : row_pairs<false>(p, begin, end);
}

static void row_columns(const Rows* p, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i += W) {
    int lanes = end - i < W ? (int)(end - i) : W;
    if (p->dw) store_some(p->dw + i, vf{}, lanes);
    if (p->db) store_some(p->db + i, vf{}, lanes);
  }
  for (int64_t row = 0; row < p->M; row++) {
    RowTerms t = RowTerms::of(p, row);
    const float *x = p->x + row * p->N + begin, *dy = p->dy + row * p->N + begin;
    float *dw = p->dw + begin, *db = p->db + begin;
    auto add = [&](int64_t i, int lanes, vf g, vf d) {
      if (p->dw) store_some(dw + i, load_some(dw + i, lanes) + g * (d * t.rstd), lanes);
      if (p->db) store_some(db + i, load_some(db + i, lanes) + g, lanes);
    };
    if (p->out)
      map_to(p->out + row * p->N + begin, end - begin, p->stream, [&](int64_t i, int lanes) {
        vf g = load_some(dy + i, lanes), d = load_some(x + i, lanes) - t.mean;
        add(i, lanes, g, d);
        if (p->w) g *= load_some(p->w + begin + i, lanes);
        return g * t.rstd + (d * t.slope + t.shift);
      });
    else
      for (int64_t i = 0; i < end - begin; i += W) {
        int lanes = end - begin - i < W ? (int)(end - begin - i) : W;
        add(i, lanes, load_some(dy + i, lanes), load_some(x + i, lanes) - t.mean);
      }
  }
  if (p->stream) stream_end();
}

// y = sum of `count` rows of n values, `stride` apart, in order.
static void total(const float* x, float* y, int64_t count, int64_t stride, int64_t n) {
  for (int64_t i = 0; i < n; i += W) {
    int lanes = n - i < W ? (int)(n - i) : W;
    vf s = {};
    for (int64_t k = 0; k < count; k++) s += load_some(x + k * stride + i, lanes);
    store_some(y + i, s, lanes);
  }
}

extern const NormKernels norm_kernels;
const NormKernels norm_kernels = {
    moments,        merge,         follow,         rstd_of,     plane_apply,  plane_sums,      plane_solve,
    plane_backward, plane_weights, column_moments, column_sums, column_apply, column_backward, row_apply,
    row_sums,       row_solve,     row_backward,   row_columns, total,
};

}  // namespace RL_LEVEL
