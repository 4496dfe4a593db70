#include "kernels/softmax.h"

#include "kernels/softmax.inl.h"

namespace RL_LEVEL {

// ---- rows -------------------------------------------------------------------------------------------

static void forward_row(const Softmax* p, int64_t row) {
  int64_t n = p->n;
  const float* x = p->x + row * n;
  float* y = p->out + row * n;
  float about = row_max(x, n);
  double total = row_exp_sum(x, p->log ? nullptr : y, n, about);
  if (p->log) {
    vf m = set1(about), l = set1((float)__builtin_log(total));
    map_to(y, n, p->stream, [&](int64_t i, int lanes) { return load_some(x + i, lanes) - m - l; });
  } else {
    vf scale = set1((float)(1 / total));
    map_to(y, n, false, [&](int64_t i, int lanes) { return load_some(y + i, lanes) * scale; });
  }
}

static void backward_row(const Softmax* p, int64_t row) {
  int64_t n = p->n;
  const float *y = p->x + row * n, *dy = p->dy + row * n;
  float* dx = p->out + row * n;
  double total = 0;
  for (int64_t from = 0; from < n; from += 4096) {
    int64_t end = from + 4096 < n ? from + 4096 : n, i = from;
    vf a = {}, b = {};
    for (; i + 2 * W <= end; i += 2 * W) {
      a += p->log ? load(dy + i) : load(dy + i) * load(y + i);
      b += p->log ? load(dy + i + W) : load(dy + i + W) * load(y + i + W);
    }
    for (; i < end; i += W) {
      int lanes = end - i < W ? (int)(end - i) : W;
      a += p->log ? load_some(dy + i, lanes) : load_some(dy + i, lanes) * load_some(y + i, lanes);
    }
    total += sum(a + b);
  }
  vf t = set1((float)total);
  if (p->log)
    map_to(dx, n, p->stream,
           [&](int64_t i, int lanes) { return load_some(dy + i, lanes) - exp_below(load_some(y + i, lanes)) * t; });
  else
    map_to(dx, n, p->stream,
           [&](int64_t i, int lanes) { return load_some(y + i, lanes) * (load_some(dy + i, lanes) - t); });
}

// ---- tiles of columns -------------------------------------------------------------------------------
// Sums over rows are taken in groups of 256, so that their error does not grow with n.

constexpr int64_t kGroup = 256;

// f(i, lanes) for the vectors of [0, width).
template <class F>
RL_INLINE void over(int64_t width, F&& f) {
  int64_t i = 0;
  for (; i + W <= width; i += W) f(i, W);
  if (i < width) f(i, (int)(width - i));
}

struct Tile {
  const float *x, *dy;
  float *y, *one;  // one: where the tile of logsumexp's values is
  int64_t width, stride;
};
static Tile tile_of(const Softmax* p, int64_t task) {
  int64_t o = task / p->tiles, from = task % p->tiles * p->tile;
  int64_t width = p->inner - from < p->tile ? p->inner - from : p->tile, at = o * p->n * p->inner + from;
  return {p->x + at, p->dy ? p->dy + at : nullptr, p->out + at, p->out + o * p->inner + from, width, p->inner};
}

static void tile_max(const Tile& t, int64_t n, float* most) {
  for (int64_t i = 0; i < t.width; i++) most[i] = -kInf;
  for (int64_t j = 0; j < n; j++)
    over(t.width, [&](int64_t i, int lanes) {
      store_some(most + i, max(load_some(t.x + j * t.stride + i, lanes), load_some(most + i, lanes)), lanes);
    });
}

// total = sum over rows of f(j, i, lanes).
template <class F>
RL_INLINE void tile_sum(const Tile& t, int64_t n, float* total, F&& f) {
  float part[kSoftmaxTile];
  __builtin_memset(total, 0, t.width * sizeof(float));
  for (int64_t from = 0; from < n; from += kGroup) {
    int64_t end = from + kGroup < n ? from + kGroup : n;
    float* sum = n > kGroup ? part : total;
    if (n > kGroup) __builtin_memset(part, 0, t.width * sizeof(float));
    for (int64_t j = from; j < end; j++)
      over(t.width,
           [&](int64_t i, int lanes) { store_some(sum + i, load_some(sum + i, lanes) + f(j, i, lanes), lanes); });
    if (n > kGroup)
      over(t.width, [&](int64_t i, int lanes) {
        store_some(total + i, load_some(total + i, lanes) + load_some(part + i, lanes), lanes);
      });
  }
}

static void forward_tile(const Softmax* p, int64_t task) {
  Tile t = tile_of(p, task);
  float most[kSoftmaxTile], total[kSoftmaxTile], buffer[kSoftmaxBuffer];
  tile_max(t, p->n, most);
  bool kept = p->n * t.width <= kSoftmaxBuffer;
  tile_sum(t, p->n, total, [&](int64_t j, int64_t i, int lanes) {
    vf e = exp_below(load_some(t.x + j * t.stride + i, lanes) - load_some(most + i, lanes));
    if (!p->log) store_some((kept ? buffer + j * t.width : t.y + j * t.stride) + i, e, lanes);
    return e;
  });
  if (p->log) {
    over(t.width, [&](int64_t i, int lanes) { store_some(total + i, log(load_some(total + i, lanes)), lanes); });
    for (int64_t j = 0; j < p->n; j++)
      map_to(t.y + j * t.stride, t.width, p->stream, [&](int64_t i, int lanes) {
        return load_some(t.x + j * t.stride + i, lanes) - load_some(most + i, lanes) - load_some(total + i, lanes);
      });
  } else {
    over(t.width, [&](int64_t i, int lanes) { store_some(total + i, 1.0f / load_some(total + i, lanes), lanes); });
    for (int64_t j = 0; j < p->n; j++) {
      float* y = t.y + j * t.stride;
      const float* e = kept ? buffer + j * t.width : y;
      map_to(y, t.width, p->stream && kept,
             [&](int64_t i, int lanes) { return load_some(e + i, lanes) * load_some(total + i, lanes); });
    }
  }
}

static void backward_tile(const Softmax* p, int64_t task) {
  Tile t = tile_of(p, task);
  float total[kSoftmaxTile];
  tile_sum(t, p->n, total, [&](int64_t j, int64_t i, int lanes) {
    vf d = load_some(t.dy + j * t.stride + i, lanes);
    return p->log ? d : d * load_some(t.x + j * t.stride + i, lanes);
  });
  for (int64_t j = 0; j < p->n; j++) {
    const float *y = t.x + j * t.stride, *dy = t.dy + j * t.stride;
    if (p->log)
      map_to(t.y + j * t.stride, t.width, p->stream, [&](int64_t i, int lanes) {
        return load_some(dy + i, lanes) - exp_below(load_some(y + i, lanes)) * load_some(total + i, lanes);
      });
    else
      map_to(t.y + j * t.stride, t.width, p->stream, [&](int64_t i, int lanes) {
        return load_some(y + i, lanes) * (load_some(dy + i, lanes) - load_some(total + i, lanes));
      });
  }
}

static void forward(const Softmax* p, int64_t begin, int64_t end) {
  for (int64_t task = begin; task < end; task++) p->inner == 1 ? forward_row(p, task) : forward_tile(p, task);
  if (p->stream) stream_end();
}

static void backward(const Softmax* p, int64_t begin, int64_t end) {
  for (int64_t task = begin; task < end; task++) p->inner == 1 ? backward_row(p, task) : backward_tile(p, task);
  if (p->stream) stream_end();
}

// A maximum that is infinite is the answer (subtracting it would give NaN).
RL_INLINE vf answer(vf most, vf sum_log) { return select(abs(most) == kInf, most, most + sum_log); }

static void logsumexp(const Softmax* p, int64_t begin, int64_t end) {
  for (int64_t task = begin; task < end; task++) {
    if (p->inner == 1) {
      const float* x = p->x + task * p->n;
      float m = row_max(x, p->n);
      p->out[task] = __builtin_isinf(m) ? m : (float)(m + __builtin_log(row_exp_sum(x, nullptr, p->n, m)));
      continue;
    }
    Tile t = tile_of(p, task);
    float most[kSoftmaxTile], total[kSoftmaxTile];
    tile_max(t, p->n, most);
    tile_sum(t, p->n, total, [&](int64_t j, int64_t i, int lanes) {
      return exp_below(load_some(t.x + j * t.stride + i, lanes) - load_some(most + i, lanes));
    });
    over(t.width, [&](int64_t i, int lanes) {
      store_some(t.one + i, answer(load_some(most + i, lanes), log(load_some(total + i, lanes))), lanes);
    });
  }
}

static void logsumexp_backward(const Softmax* p, int64_t begin, int64_t end) {
  for (int64_t task = begin; task < end; task++) {
    Tile t = tile_of(p, task);
    int64_t at = p->inner == 1 ? task : task / p->tiles * p->inner + task % p->tiles * p->tile;
    const float *lse = p->lse + at, *dy = p->dy + at;
    if (p->inner == 1) {
      vf l = set1(*lse), g = set1(*dy);
      map_to(t.y, p->n, p->stream, [&](int64_t i, int lanes) { return exp_below(load_some(t.x + i, lanes) - l) * g; });
      continue;
    }
    for (int64_t j = 0; j < p->n; j++)
      map_to(t.y + j * t.stride, t.width, p->stream, [&](int64_t i, int lanes) {
        return exp_below(load_some(t.x + j * t.stride + i, lanes) - load_some(lse + i, lanes)) *
               load_some(dy + i, lanes);
      });
  }
  if (p->stream) stream_end();
}

extern const SoftmaxKernels softmax_kernels;
const SoftmaxKernels softmax_kernels = {forward, backward, logsumexp, logsumexp_backward};

}  // namespace RL_LEVEL
