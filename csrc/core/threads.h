// A small thread pool. Work is cut into chunks of a fixed size, whatever the number of threads, so
// that results (sums of partial sums, say) do not depend on it.
#pragma once

#include <cstdint>

namespace rl {

int num_threads();
void set_num_threads(int n);

// Calls fn(context, begin, end) for each chunk [k*grain, min((k+1)*grain, n)) of [0, n), on any thread,
// in any order, and returns when all are done. One chunk, one thread, or a call from inside another
// parallel region: all chunks run on the calling thread, in order.
void parallel_chunks(int64_t n, int64_t grain, void (*fn)(void*, int64_t, int64_t), void* context);

template <class F>
static inline void parallel_for(int64_t n, int64_t grain, F&& f) {
  if (n <= grain) {
    if (n > 0) f((int64_t)0, n);
    return;
  }
  parallel_chunks(n, grain, [](void* c, int64_t begin, int64_t end) { (*(F*)c)(begin, end); }, (void*)&f);
}

// The grain that gives every thread about `parts` chunks of at least `smallest` units. Depends on the
// number of threads: only for work whose result does not depend on how it is cut.
static inline int64_t even_grain(int64_t n, int64_t smallest, int parts = 1) {
  int64_t chunks = (int64_t)num_threads() * parts;
  int64_t grain = (n + chunks - 1) / chunks;
  return grain < smallest ? smallest : grain;
}

}  // namespace rl
