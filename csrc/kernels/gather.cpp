#include "kernels/gather.h"

#include "kernels/stream.inl.h"

namespace RL_LEVEL {

static void rows(const char* table, const int64_t* index, char* out, int64_t bytes, int64_t begin, int64_t end) {
  constexpr int64_t kAhead = 4;  // rows lie anywhere: ask for them before they are needed
  for (int64_t i = begin; i < end; i++) {
    if (i + kAhead < end) {
      const char* next = table + index[i + kAhead] * bytes;
      for (int64_t k = 0; k < bytes && k < 1024; k += 64) __builtin_prefetch(next + k);
    }
    __builtin_memcpy(out + i * bytes, table + index[i] * bytes, bytes);
  }
}

static void add_rows(float* table, const int64_t* index, const float* x, int64_t count, int64_t n, float alpha,
                     const float* scale, int64_t low, int64_t high) {
  for (int64_t i = 0; i < count; i++) {
    int64_t k = index[i];
    if (k < low || k >= high) continue;
    float* to = table + k * n;
    const float* from = x + i * n;
    vf a = set1(scale ? alpha * scale[k] : alpha);
    for (int64_t j = 0; j < n; j += W) {
      int lanes = n - j < W ? (int)(n - j) : W;
      store_some(to + j, load_some(to + j, lanes) + load_some(from + j, lanes) * a, lanes);
    }
  }
}

template <class T>
static void take_of(const T* x, const int64_t* index, T* out, int64_t n, int64_t m, int64_t inner, int64_t begin,
                    int64_t end) {
  for (int64_t o = begin; o < end; o++)
    for (int64_t j = 0; j < m; j++)
      for (int64_t i = 0; i < inner; i++) {
        int64_t at = (o * m + j) * inner + i;
        out[at] = x[(o * n + index[at]) * inner + i];
      }
}

struct Sixteen {
  int64_t a, b;
};

static void take(const char* x, const int64_t* index, char* out, int64_t n, int64_t m, int64_t inner, int size,
                 int64_t begin, int64_t end) {
  switch (size) {
    case 1:
      return take_of((const int8_t*)x, index, (int8_t*)out, n, m, inner, begin, end);
    case 2:
      return take_of((const int16_t*)x, index, (int16_t*)out, n, m, inner, begin, end);
    case 4:
      return take_of((const int32_t*)x, index, (int32_t*)out, n, m, inner, begin, end);
    case 8:
      return take_of((const int64_t*)x, index, (int64_t*)out, n, m, inner, begin, end);
    default:
      return take_of((const Sixteen*)x, index, (Sixteen*)out, n, m, inner, begin, end);
  }
}

static void add(float* y, const int64_t* index, const float* x, int64_t n, int64_t m, int64_t inner, int64_t begin,
                int64_t end) {
  for (int64_t o = begin; o < end; o++)
    for (int64_t j = 0; j < m; j++)
      for (int64_t i = 0; i < inner; i++) {
        int64_t at = (o * m + j) * inner + i;
        y[(o * n + index[at]) * inner + i] += x[at];
      }
}

static void inverse_counts(const int64_t* index, float* inverse, int64_t count, int64_t n) {
  __builtin_memset(inverse, 0, n * sizeof(float));
  for (int64_t i = 0; i < count; i++) inverse[index[i]] += 1;
  for (int64_t k = 0; k < n; k++)
    if (inverse[k] > 0) inverse[k] = 1 / inverse[k];
}

static void zero(float* x, int64_t n, bool past_caches) {
  map_to(x, n, past_caches, [](int64_t, int) { return vf{}; });
  if (past_caches) stream_end();
}

static int64_t bad(const int64_t* index, int64_t count, int64_t n, bool negative) {
  int64_t low = negative ? -n : 0;
  for (int64_t i = 0; i < count; i++)
    if (index[i] < low || index[i] >= n) return i;
  return -1;
}

extern const GatherKernels gather_kernels;
const GatherKernels gather_kernels = {rows, add_rows, take, add, inverse_counts, zero, bad};

}  // namespace RL_LEVEL
