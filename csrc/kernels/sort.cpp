#include "kernels/sort.h"

#include "kernels/math.inl.h"

namespace RL_LEVEL {

// Unsigned keys in the order of the floats: negative ones inverted, others above them; -0 as 0, every NaN the
// largest. For a descending order all bits are inverted, so that one stable sort serves both.
RL_INLINE uint32_t key_of(float x, uint32_t flip) {
  int32_t b;
  __builtin_memcpy(&b, &x, 4);
  b = x == 0 ? 0 : x != x ? 0x7fffffff : b;
  return ((uint32_t)b ^ (uint32_t)((b >> 31) | INT32_MIN)) ^ flip;
}

static void keys_of(const float* x, int64_t n, uint32_t flip, uint32_t* keys) {
  int64_t i = 0;
  for (; i + W <= n; i += W) {
    vf v = load(x + i);
    vi b = as_int(v);
    b = v == 0.0f ? vi{} : b;
    b = v != v ? set1i(0x7fffffff) : b;
    vi k = (b ^ ((b >> 31) | INT32_MIN)) ^ (int32_t)flip;
    storei((int32_t*)keys + i, k);
  }
  for (; i < n; i++) keys[i] = key_of(x[i], flip);
}

static void insertion(uint64_t* a, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    uint64_t v = a[i];
    int64_t j = i;
    for (; j > 0 && a[j - 1] > v; j--) a[j] = a[j - 1];
    a[j] = v;
  }
}

// Radix sort of (key << 32 | index), least significant digit first, 8 or 11 bits at a time: stable. A digit that
// is the same everywhere is skipped.
static uint64_t* radix(uint64_t* a, uint64_t* b, int64_t n) {
  const int bits = n < 1024 ? 8 : 11, digits = bits == 8 ? 4 : 3, buckets = 1 << bits;
  uint32_t count[4][2048];
  __builtin_memset(count, 0, sizeof(count[0]) * (size_t)digits);
  const uint64_t mask = (uint64_t)buckets - 1;
  for (int64_t i = 0; i < n; i++)
    for (int d = 0; d < digits; d++) count[d][(a[i] >> (32 + d * bits)) & mask]++;
  for (int d = 0; d < digits; d++) {
    uint32_t* c = count[d];
    const int shift = 32 + d * bits;
    if (c[(a[0] >> shift) & mask] == (uint32_t)n) continue;
    uint32_t sum = 0;
    for (int k = 0; k < buckets; k++) {
      uint32_t t = c[k];
      c[k] = sum;
      sum += t;
    }
    for (int64_t i = 0; i < n; i++) b[c[(a[i] >> shift) & mask]++] = a[i];
    uint64_t* t = a;
    a = b;
    b = t;
  }
  return a;
}

static void sort(const float* x, int64_t n, bool descending, float* values, int64_t* indices, uint32_t* scratch) {
  uint64_t *a = (uint64_t*)scratch, *b = a + n;
  const uint32_t flip = descending ? 0xffffffffu : 0;
  for (int64_t i = 0; i < n; i++) a[i] = (uint64_t)key_of(x[i], flip) << 32 | (uint64_t)i;
  if (n <= 32)
    insertion(a, n);
  else
    a = radix(a, b, n);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = (int64_t)(a[i] & 0xffffffffu);
    indices[i] = at;
    values[i] = x[at];
  }
}

// One pass with a bar: the k-th best key of those seen when the buffer of candidates was last full. Vectors with
// no key under it are skipped.
static void select_into(uint64_t* a, int64_t n, int64_t k);

static void topk(const float* x, int64_t n, int64_t k, bool largest, float* values, int64_t* indices,
                 uint32_t* scratch) {
  const uint32_t flip = largest ? 0xffffffffu : 0;  // small keys are the best
  uint64_t* a = (uint64_t*)scratch;                 // room for 2n
  int64_t count = 0, room = k < 16 ? 32 : 2 * k;
  if (room > n) room = n;
  uint32_t bar = 0xffffffffu;  // keys from it on are not among the best, once there is one
  bool barred = false;
  uint32_t block[64];
  for (int64_t first = 0; first < n; first += 64) {
    int64_t m = n - first < 64 ? n - first : 64;
    keys_of(x + first, m, flip, block);
    for (int64_t from = 0; from < m; from += W) {
      int64_t to = from + W < m ? from + W : m;
      if (barred && to - from == W) {  // unsigned comparison: with the sign bits turned
        vi under = (loadi((int32_t*)block + from) ^ INT32_MIN) < (int32_t)(bar ^ 0x80000000u);
        if (!any(under)) continue;
      }
      for (int64_t i = from; i < to; i++) {
        if (barred && block[i] >= bar) continue;
        a[count++] = (uint64_t)block[i] << 32 | (uint64_t)(first + i);
        if (count == room && room < n) {
          select_into(a, count, k);
          count = k;
          bar = (uint32_t)(a[k - 1] >> 32);
          barred = true;
        }
      }
    }
  }
  uint64_t* sorted = a;
  if (count <= 64)
    insertion(a, count);
  else
    sorted = radix(a, a + count, count);
  for (int64_t i = 0; i < k; i++) {
    int64_t at = (int64_t)(sorted[i] & 0xffffffffu);
    indices[i] = at;
    values[i] = x[at];
  }
}

// The k smallest to the front, the largest of them last (quickselect; all elements differ, by their index).
static void select_into(uint64_t* a, int64_t n, int64_t k) {
  int64_t low = 0, high = n - 1, want = k - 1;
  while (low < high) {
    uint64_t p = a[low], q = a[(low + high) / 2], r = a[high];
    uint64_t pivot = p < q ? (q < r ? q : p < r ? r : p) : (p < r ? p : q < r ? r : q);
    int64_t i = low, j = high;
    while (i <= j) {
      while (a[i] < pivot) i++;
      while (a[j] > pivot) j--;
      if (i <= j) {
        uint64_t t = a[i];
        a[i++] = a[j];
        a[j--] = t;
      }
    }
    if (want <= j)
      high = j;
    else if (want >= i)
      low = i;
    else
      break;
  }
}

extern const SortKernels sort_kernels;
const SortKernels sort_kernels = {sort, topk};

}  // namespace RL_LEVEL
