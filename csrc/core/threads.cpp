#include "core/threads.h"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

namespace rl {
namespace {

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// How long an idle worker spins before it sleeps, in pauses (some 50-100 microseconds). Operations of a
// training step follow each other closer than that, and waking a sleeper costs more than most of them.
constexpr int kSpins = 4000;
constexpr int kMaxThreads = 256;

// A thread's share of the chunks: [low half, high half) of one number, so that both ends change at once.
struct alignas(64) Share {
  std::atomic<uint64_t> chunks{0};

  void give(uint64_t begin, uint64_t end) { chunks.store(end << 32 | begin, std::memory_order_relaxed); }
  // One chunk, from the front or from the back; -1: none left.
  int64_t take(bool front) {
    uint64_t all = chunks.load(std::memory_order_relaxed);
    for (;;) {
      const uint64_t begin = all & 0xffffffff, end = all >> 32;
      if (begin >= end) return -1;
      const uint64_t rest = front ? all + 1 : all - ((uint64_t)1 << 32);
      if (chunks.compare_exchange_weak(all, rest, std::memory_order_relaxed)) return (int64_t)(front ? begin : end - 1);
    }
  }
};

struct Pool {
  // The job. Written by the caller before `open` is set, read by workers after they saw it set.
  void (*fn)(void*, Chunks&);
  void* context;
  int64_t n, grain;
  int shares;

  // NOTE [Shares]: each thread begins with its own part of the work, front to back, the same part in every job of this
  // size: what one operation wrote, the next finds in the same core's cache. Who is done takes from the back of what
  // others have left, so a slow thread costs little.
  Share share[kMaxThreads];

  // NOTE [Closing a job]: a worker counts itself in `running` and then looks at `open`; the caller
  // clears `open` and then waits for `running` to be 0. Both in sequentially consistent order, so a
  // worker either is waited for or never touches the job. Late workers cost the caller nothing.
  alignas(64) std::atomic<bool> open{false};
  alignas(64) std::atomic<int> running{0};
  alignas(64) std::atomic<uint32_t> epoch{0};
  std::atomic<int> sleepers{0};
  std::atomic<int> allowed{0};  // workers with an index below this take part

  std::mutex busy;  // held by the thread whose job it is
  std::mutex sleep_mutex;
  std::condition_variable wake;
  int started = 0;  // workers that exist
};

Pool* pool = nullptr;  // never destroyed: workers may outlive static destructors
std::atomic<int> threads{0};
thread_local bool inside = false;

void work(Pool* p, int thread) {
  Chunks chunks(p->n, p->grain, thread, p->shares);
  p->fn(p->context, chunks);
}

void worker(Pool* p, int index) {
  inside = true;
  uint32_t seen = 0;
  for (;;) {
    int spins = 0;
    while (p->epoch.load(std::memory_order_acquire) == seen || index >= p->allowed.load(std::memory_order_relaxed)) {
      if (++spins < kSpins) {
        pause();
        continue;
      }
      std::unique_lock<std::mutex> lock(p->sleep_mutex);
      p->sleepers.fetch_add(1);
      p->wake.wait(lock, [&] { return p->epoch.load() != seen && index < p->allowed.load(); });
      p->sleepers.fetch_sub(1);
    }
    seen = p->epoch.load(std::memory_order_acquire);
    p->running.fetch_add(1);
    if (p->open.load()) work(p, index + 1);
    p->running.fetch_sub(1);
  }
}

// NOTE [Fork]: only the forking thread exists in the child. The parent's pool object is left alone there
// and a new one is made at first use, so data workers may compute in parallel too.
void before_fork() {
  if (pool) pool->busy.lock();
}
void after_fork_parent() {
  if (pool) pool->busy.unlock();
}
void after_fork_child() {
  pool = nullptr;
  inside = false;
}

Pool* get_pool() {
  static std::mutex make;
  std::lock_guard<std::mutex> lock(make);
  if (!pool) {
    static bool registered = false;
    if (!registered) {
      pthread_atfork(before_fork, after_fork_parent, after_fork_child);
      registered = true;
    }
    pool = new Pool();
  }
  return pool;
}

}  // namespace

int num_threads() {
  int n = threads.load(std::memory_order_relaxed);
  if (n) return n;
  n = (int)std::thread::hardware_concurrency();
#ifdef __linux__
  cpu_set_t set;  // what this process may use, which a container can make less
  if (sched_getaffinity(0, sizeof set, &set) == 0) n = CPU_COUNT(&set);
#endif
  n = n < 1 ? 1 : n > kMaxThreads ? kMaxThreads : n;
  threads.store(n);
  return n;
}

void set_num_threads(int n) { threads.store(n < 1 ? 1 : n > kMaxThreads ? kMaxThreads : n); }

bool Chunks::next(int64_t* begin, int64_t* end) {
  int64_t chunk = -1;
  if (threads_ == 0) {
    if (done_ * grain_ < n_) chunk = done_++;
  } else {
    for (; from_ < threads_; from_++)
      if ((chunk = pool->share[(thread_ + from_) % threads_].take(from_ == 0)) >= 0) break;
  }
  if (chunk < 0) return false;
  *begin = chunk * grain_;
  *end = *begin + grain_ < n_ ? *begin + grain_ : n_;
  return true;
}

void parallel_threads(int64_t n, int64_t grain, void (*fn)(void*, Chunks&), void* context) {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  int64_t chunks = (n + grain - 1) / grain;
  int want = num_threads();
  if (chunks < want) want = (int)chunks;
  Pool* p = nullptr;
  if (want > 1 && !inside && chunks <= UINT32_MAX) {
    p = pool ? pool : get_pool();
    if (!p->busy.try_lock()) p = nullptr;  // another Python thread is using it
  }
  if (!p) {
    Chunks all(n, grain);
    return fn(context, all);
  }
  while (p->started < want - 1) {
    try {
      std::thread(worker, p, p->started).detach();
    } catch (...) {
      break;  // no more threads to be had: go on with those there are
    }
    p->started++;
  }
  p->fn = fn;
  p->context = context;
  p->n = n;
  p->grain = grain;
  p->shares = want;
  for (int64_t i = 0; i < want; i++)
    p->share[i].give((uint64_t)(chunks * i / want), (uint64_t)(chunks * (i + 1) / want));
  p->allowed.store(want - 1, std::memory_order_relaxed);
  p->open.store(true);
  p->epoch.fetch_add(1);
  if (p->sleepers.load() > 0) {
    std::lock_guard<std::mutex> lock(p->sleep_mutex);
    p->wake.notify_all();
  }
  inside = true;
  work(p, 0);
  inside = false;
  p->open.store(false);
  while (p->running.load() > 0) pause();
  p->busy.unlock();
}

}  // namespace rl
