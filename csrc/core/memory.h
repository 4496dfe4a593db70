// A caching allocator for large results: fresh pages cost more than most kernels.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rl {

// Below this, NumPy's own allocation is used.
constexpr size_t kPoolMinimum = 16384;  // bytes

// 64-byte aligned. Null when the system has no more memory. `pool_free` takes the same size.
void* pool_alloc(size_t bytes);
void pool_free(void* p, size_t bytes);

struct PoolStats {
  int64_t in_use, cached, limit, peak;  // bytes
  int64_t hits, misses;                 // allocations
};
PoolStats pool_stats();
void pool_empty_cache();
void pool_set_limit(int64_t bytes);  // at most this much is kept cached
void pool_reset_peak();

}  // namespace rl
