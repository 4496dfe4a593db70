#include "kernels/upsample.h"

#include "core/simd.h"

namespace RL_LEVEL {

// The last dimension: inputs are gathered, weights are read in order.
template <int kTaps>
static void gather_row(const float* x, float* y, int64_t j0, int64_t j1, int64_t n_out, int taps, const int32_t* index,
                       const float* weight) {
  const int n = kTaps ? kTaps : taps;
  for (int64_t j = j0; j < j1; j++) {
    float s = weight[j] * x[index[j]];
    for (int t = 1; t < n; t++) s += weight[t * n_out + j] * x[index[t * n_out + j]];
    y[j] = s;
  }
}

static void forward(const float* x, float* y, int64_t begin, int64_t end, int64_t n_in, int64_t n_out, int64_t inner,
                    int taps, const int32_t* index, const float* weight) {
  if (inner == 1) {
    for (int64_t r = begin; r < end;) {
      const int64_t o = r / n_out, j0 = r - o * n_out;
      const int64_t j1 = end - o * n_out < n_out ? end - o * n_out : n_out;
      auto row = taps == 2 ? gather_row<2> : taps == 1 ? gather_row<1> : taps == 4 ? gather_row<4> : gather_row<0>;
      row(x + o * n_in, y + o * n_out, j0, j1, n_out, taps, index, weight);
      r += j1 - j0;
    }
    return;
  }
  for (int64_t r = begin; r < end; r++) {
    const int64_t o = r / n_out, j = r - o * n_out;
    float* out = y + r * inner;
    const float* in = x + o * n_in * inner;
    for (int t = 0; t < taps; t += 2) {  // two taps a pass, so that y is read and written half as often
      const float* a = in + index[t * n_out + j] * inner;
      const bool pair = t + 1 < taps;
      const float* b = pair ? in + index[(t + 1) * n_out + j] * inner : a;
      const float wa = weight[t * n_out + j], wb = pair ? weight[(t + 1) * n_out + j] : 0.0f;
      const vf va = set1(wa), vb = set1(wb);
      int64_t i = 0;
      if (t == 0 && !pair) {
        for (; i + W <= inner; i += W) store(out + i, va * load(a + i));
        for (; i < inner; i++) out[i] = wa * a[i];
      } else if (t == 0) {
        for (; i + W <= inner; i += W) store(out + i, va * load(a + i) + vb * load(b + i));
        for (; i < inner; i++) out[i] = wa * a[i] + wb * b[i];
      } else if (pair) {
        for (; i + W <= inner; i += W) store(out + i, load(out + i) + va * load(a + i) + vb * load(b + i));
        for (; i < inner; i++) out[i] += wa * a[i] + wb * b[i];
      } else {
        for (; i + W <= inner; i += W) store(out + i, load(out + i) + va * load(a + i));
        for (; i < inner; i++) out[i] += wa * a[i];
      }
    }
  }
}

static void backward(const float* dy, float* dx, int64_t begin, int64_t end, int64_t n_in, int64_t n_out, int64_t inner,
                     int taps, const int32_t* index, const float* weight) {
  memset(dx + begin * n_in * inner, 0, (size_t)(end - begin) * n_in * inner * sizeof(float));
  for (int64_t o = begin; o < end; o++) {
    float* in = dx + o * n_in * inner;
    const float* out = dy + o * n_out * inner;
    for (int64_t j = 0; j < n_out; j++)
      for (int t = 0; t < taps; t++) {
        float* a = in + index[t * n_out + j] * inner;
        const float* g = out + j * inner;
        const float w = weight[t * n_out + j];
        const vf v = set1(w);
        int64_t i = 0;
        for (; i + W <= inner; i += W) store(a + i, load(a + i) + v * load(g + i));
        for (; i < inner; i++) a[i] += w * g[i];
      }
  }
}

extern const UpsampleKernels upsample_kernels;
const UpsampleKernels upsample_kernels = {forward, backward};

}  // namespace RL_LEVEL
