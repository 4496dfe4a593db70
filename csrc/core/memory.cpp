#include "core/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>

namespace rl {
namespace {

// Size classes: eight to each power of two, so at most 1/8 of a block is waste.
constexpr int kFirstBit = 14;  // 16 KiB
constexpr int kClasses = (48 - kFirstBit) * 8;
constexpr size_t kHuge = (size_t)2 << 20;

struct Block {
  Block* next;
};

struct Cache {
  std::mutex mutex;
  Block* heads[kClasses] = {};
  PoolStats stats = {};
  Cache() {
    int64_t memory = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    stats.limit = memory / 4;
  }
};

Cache& cache() {
  static Cache* c = new Cache();  // never destroyed: arrays may be freed after static destructors ran
  return *c;
}

int class_of(size_t bytes, size_t* rounded) {
  if (bytes < ((size_t)1 << kFirstBit)) bytes = (size_t)1 << kFirstBit;
  int bit = 63 - __builtin_clzll(((unsigned long long)bytes - 1) | 1);  // 2^bit < bytes <= 2^(bit+1)
  if (bit < kFirstBit) bit = kFirstBit - 1;
  size_t step = bit >= 3 ? (size_t)1 << (bit - 3) : 1;
  size_t up = (bytes + step - 1) / step * step;
  *rounded = up;
  return (bit - kFirstBit + 1) * 8 + (int)((up - ((size_t)1 << bit)) / step);
}

// Whole huge pages: fewer faults, fewer TLB misses.
void* huge_alloc(size_t bytes) {
  bytes = (bytes + kHuge - 1) / kHuge * kHuge;
  void* p = nullptr;
  if (posix_memalign(&p, kHuge, bytes)) return nullptr;
#ifdef MADV_HUGEPAGE
  madvise(p, bytes, MADV_HUGEPAGE);
#endif
  return p;
}

void* system_alloc(size_t bytes) {
  if (bytes >= 2 * kHuge) return huge_alloc(bytes);
  void* p = nullptr;
  return posix_memalign(&p, 64, bytes) ? nullptr : p;
}

void drop_all(Cache& c) {
  for (Block*& head : c.heads)
    while (head) {
      Block* b = head;
      head = b->next;
      free(b);
    }
  c.stats.cached = 0;
}

// What a thread's workspaces are parts of, one above the other.
constexpr size_t kOwn = (size_t)16 << 20;
struct Own {
  char* p = nullptr;
  size_t used = 0;
  ~Own() { free(p); }
};
thread_local Own own;

}  // namespace

void* pool_alloc(size_t bytes) {
  if (bytes >= (size_t)1 << 46) return nullptr;
  size_t rounded;
  int k = class_of(bytes, &rounded);
  Cache& c = cache();
  std::lock_guard<std::mutex> lock(c.mutex);
  void* p = c.heads[k];
  if (p) {
    c.heads[k] = c.heads[k]->next;
    c.stats.cached -= rounded;
    c.stats.hits++;
  } else {
    p = system_alloc(rounded);
    if (!p) {
      drop_all(c);
      p = system_alloc(rounded);
      if (!p) return nullptr;
    }
    c.stats.misses++;
  }
  c.stats.in_use += rounded;
  if (c.stats.in_use > c.stats.peak) c.stats.peak = c.stats.in_use;
  return p;
}

void pool_free(void* p, size_t bytes) {
  size_t rounded;
  int k = class_of(bytes, &rounded);
  Cache& c = cache();
  std::lock_guard<std::mutex> lock(c.mutex);
  c.stats.in_use -= rounded;
  if (c.stats.cached + (int64_t)rounded > c.stats.limit) {
    free(p);
    return;
  }
  Block* b = (Block*)p;
  b->next = c.heads[k];
  c.heads[k] = b;
  c.stats.cached += rounded;
}

Workspace::Workspace(size_t bytes) : bytes_((bytes + 63) / 64 * 64), own_(own.used + bytes_ <= kOwn) {
  if (own_ && !own.p) own_ = (own.p = (char*)huge_alloc(kOwn)) != nullptr;
  p_ = own_ ? own.p + own.used : pool_alloc(bytes_);
  if (own_) own.used += bytes_;
}

Workspace::~Workspace() {
  if (own_)
    own.used -= bytes_;
  else if (p_)
    pool_free(p_, bytes_);
}

PoolStats pool_stats() {
  Cache& c = cache();
  std::lock_guard<std::mutex> lock(c.mutex);
  return c.stats;
}

void pool_empty_cache() {
  Cache& c = cache();
  std::lock_guard<std::mutex> lock(c.mutex);
  drop_all(c);
}

void pool_set_limit(int64_t bytes) {
  Cache& c = cache();
  std::lock_guard<std::mutex> lock(c.mutex);
  c.stats.limit = bytes < 0 ? 0 : bytes;
  if (c.stats.cached > c.stats.limit) drop_all(c);
}

void pool_reset_peak() {
  Cache& c = cache();
  std::lock_guard<std::mutex> lock(c.mutex);
  c.stats.peak = c.stats.in_use;
}

}  // namespace rl
