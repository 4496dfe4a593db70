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

// Memory for one scope of the calling thread, which gets the same addresses each time: they are in its core's cache,
// and in huge pages. (Beyond 16 MiB, which the thread keeps, it comes from the pool.)
class Workspace {
 public:
  explicit Workspace(size_t bytes);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  // (Always inline: a copy that one level compiled must not serve another.)
  __attribute__((always_inline)) explicit operator bool() const { return p_ != nullptr; }  // false: no memory
  __attribute__((always_inline)) float* floats() const { return (float*)p_; }              // 64-byte aligned
  __attribute__((always_inline)) int32_t* ints() const { return (int32_t*)p_; }

 private:
  size_t bytes_;
  bool own_;  // the thread's
  void* p_;
};

struct PoolStats {
  int64_t in_use, cached, limit, peak;  // bytes
  int64_t hits, misses;                 // allocations
};
PoolStats pool_stats();
void pool_empty_cache();
void pool_set_limit(int64_t bytes);  // at most this much is kept cached
void pool_reset_peak();

}  // namespace rl
