// A small thread pool. Work is cut into chunks of a fixed size, whatever the number of threads, so
// that results (sums of partial sums, say) do not depend on it.
#pragma once

#include <cstdint>

namespace rl {

int num_threads();
void set_num_threads(int n);

// The chunks [k*grain, min((k+1)*grain, n)) of [0, n) that one thread gets, one after the other.
class Chunks {
 public:
  Chunks(int64_t n, int64_t grain, int thread = 0, int threads = 0)
      : n_(n), grain_(grain), thread_(thread), threads_(threads) {}
  // False: none is left.
  bool next(int64_t* begin, int64_t* end);

 private:
  int64_t n_, grain_, done_ = 0;
  int thread_, threads_, from_ = 0;  // of how many; 0: this one alone
};

// Calls fn(context, chunks) once on each thread that takes part, and returns when all chunks are done. One chunk, one
// thread, or a call from inside another parallel region: all chunks run on the calling thread, in order.
void parallel_threads(int64_t n, int64_t grain, void (*fn)(void*, Chunks&), void* context);

// Calls f(begin, end) for each chunk, on any thread, in any order.
template <class F>
static inline void parallel_for(int64_t n, int64_t grain, F&& f) {
  if (n <= grain) {
    if (n > 0) f((int64_t)0, n);
    return;
  }
  parallel_threads(
      n, grain,
      [](void* c, Chunks& chunks) {
        for (int64_t begin, end; chunks.next(&begin, &end);) (*(F*)c)(begin, end);
      },
      (void*)&f);
}

// Calls f(chunks) once on each thread, which takes its chunks with `next`: for what a thread keeps from one to the
// next.
template <class F>
static inline void parallel_chunks(int64_t n, int64_t grain, F&& f) {
  parallel_threads(n, grain, [](void* c, Chunks& chunks) { (*(F*)c)(chunks); }, (void*)&f);
}

// The grain that gives every thread about `parts` chunks of at least `smallest` units. Depends on the
// number of threads: only for work whose result does not depend on how it is cut.
static inline int64_t even_grain(int64_t n, int64_t smallest, int parts = 1) {
  int64_t chunks = (int64_t)num_threads() * parts;
  int64_t grain = (n + chunks - 1) / chunks;
  return grain < smallest ? smallest : grain;
}

}  // namespace rl
