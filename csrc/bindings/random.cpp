// Random numbers of one generator. Its state is a uint32 array that Python owns (rushlight/random.py):
// these bindings advance it. They keep the GIL: the stream is sequential, so another thread that wants
// numbers would have to wait anyway, and this way no two can ever advance one state at a time.
#include "kernels/random.h"
#include "kernels/rejection.h"

#include <cstring>

#include "bindings/args.h"

RL_TABLE(rng, RandomKernels)  // `random` is a function of libc
RL_TABLE(rejection, RejectionKernels)

namespace rl {
namespace {

constexpr int kBlock = 624;

// The array's words. As PyTorch's own state, so that its bytes can be had from ours and back.
struct State {
  uint32_t key[kBlock];  // the current block, untempered
  uint32_t next;         // words of it that are used up; 0 when it was just seeded: then all are
  uint32_t has_normal;   // `normal` is the second of a pair, kept for the next short call
  double normal;
  uint64_t seed;
  uint32_t spare[10];  // fields of PyTorch's state that its CPU generator does not use
};
static_assert(sizeof(State) == 640 * 4, "see rushlight/random.py");

using Words = InOut<NPY_UINT32, uint32_t>;

State* state_of(PyObject* o) {
  Words a(o, "generator state");
  State* s = (State*)a.data();
  if (a.size() != 640 || s->next > kBlock) fail(PyExc_ValueError, "generator state must be 640 words");
  return s;
}

// Advances a state, handing out untempered words.
//
// The words come in rounds of whole blocks, in a buffer that begins with what is left of the round
// before. While the outputs of one round are made, by all threads, one of them makes the words of the
// next round in a second buffer. Which thread does what leaves no trace in the bits.
class Draw {
 public:
  // f(words, begin, end) makes outputs [begin, end) of [0, count), `per` words each, where begin and
  // end are multiples of `group` (which divides count).
  template <class F>
  Draw(State* s, int64_t count, int per, int group, F&& f) : state_(s) {
    int64_t need = count * per, at = s->next ? s->next : kBlock;
    if (at + need <= kBlock) {  // all in the current block
      if (!count) return;
      f((const uint32_t*)s->key + at, (int64_t)0, count);
      s->next = (uint32_t)(at + need);
      return;
    }
    int64_t blocks = (at + need - 1) / kBlock;  // still to be made
    if (blocks <= kFew) {
      uint32_t words[(kFew + 1) * kBlock];
      std::memcpy(words, s->key, sizeof s->key);
      rng().twist(words, kBlock, (blocks + 1) * kBlock);
      f((const uint32_t*)words + at, (int64_t)0, count);
      close(words + blocks * kBlock, at + need - blocks * kBlock);
      return;
    }
    constexpr int64_t kCapacity = (kRound + 2) * kBlock;  // a round, a block of state, what was left over
    Scratch memory(2 * kCapacity * sizeof(uint32_t));
    Round now{(uint32_t*)memory.data(), 0, 0}, then{(uint32_t*)memory.data() + kCapacity, 0, 0};
    std::memcpy(now.words, s->key, sizeof s->key);
    now.at = at;
    now.end = kBlock;
    extend(now, &blocks);
    for (int64_t done = 0;;) {
      int64_t n = (now.end - now.at) / per / group * group;
      if (n > count - done) n = count - done;
      bool last = !blocks;
      int64_t piece = (n + kPieces - 1) / kPieces;
      piece = (piece + group - 1) / group * group;
      int64_t pieces = (n + piece - 1) / piece;
      const uint32_t* first = now.words + now.at;
      parallel_for(pieces + !last, 1, [&](int64_t begin, int64_t end) {
        for (int64_t k = begin; k < end; k++) {
          int64_t i = (last ? k : k - 1) * piece;
          if (i < 0) {
            int64_t from = now.at + n * per, state = now.end - kBlock;
            from = from < state ? from : state;
            std::memcpy(then.words, now.words + from, (size_t)(now.end - from) * sizeof(uint32_t));
            then.at = now.at + n * per - from;
            then.end = now.end - from;
            extend(then, &blocks);
          } else {
            int64_t j = i + piece < n ? i + piece : n;
            f(first + i * per, done + i, done + j);
          }
        }
      });
      done += n;
      if (last) {
        close(now.words + now.end - kBlock, now.at + n * per - (now.end - kBlock));
        return;
      }
      std::swap(now, then);
    }
  }

 private:
  static constexpr int64_t kFew = 12;     // blocks on the stack: 30 KB
  static constexpr int64_t kRound = 96;   // blocks a round: 240 KB, so that both buffers stay in L2
  static constexpr int64_t kPieces = 12;  // of a round, for the threads to share

  struct Round {
    uint32_t* words;
    int64_t at, end;
  };
  static void extend(Round& r, int64_t* blocks) {
    int64_t n = *blocks < kRound ? *blocks : kRound;
    rng().twist(r.words, r.end, r.end + n * kBlock);
    r.end += n * kBlock;
    *blocks -= n;
  }
  void close(const uint32_t* key, int64_t used) {
    std::memcpy(state_->key, key, sizeof state_->key);
    state_->next = (uint32_t)used;
  }
  State* state_;
};

// Takes n words out of the stream unused.
void skip(State* s, int64_t n) {
  if (n) Draw(s, n, 1, 1, [](const uint32_t*, int64_t, int64_t) {});
}

// `count` normals in double precision by pairs, the second of an odd pair kept for the next call.
template <class F>
void normal_series(State* s, int64_t count, F&& put) {
  int64_t done = 0;
  if (count && s->has_normal) {
    put(done++, s->normal);
    s->has_normal = 0;
    s->normal = 0;
  }
  int64_t even = count - done + ((count - done) & 1);
  Draw(s, even, 2, 2, [&](const uint32_t* w, int64_t begin, int64_t end) {
    double z[256];
    for (int64_t i = begin; i < end; i += 256) {
      int64_t n = end - i < 256 ? end - i : 256;
      rng().normal_pairs(w + 2 * (i - begin), z, n);
      for (int64_t k = 0; k < n; k++) {
        if (done + i + k < count) {
          put(done + i + k, z[k]);
        } else {
          s->normal = z[k];
          s->has_normal = 1;
        }
      }
    }
  });
}

// Draws one uniform number after the other.
UniformSource one_by_one(State* s) {
  auto next = [](void* context) {
    State* s = (State*)context;
    double u = 0;
    if (s->next && s->next + 2 <= kBlock) {
      rng().from_double(s->key + s->next, &u, 1, kUniform, 0, 1);
      s->next += 2;
      return u;
    }
    Draw(s, 1, 2, 1, [&](const uint32_t* w, int64_t, int64_t) { rng().from_double(w, &u, 1, kUniform, 0, 1); });
    return u;
  };
  return {next, s};
}

// The place for results: a size (then a new tensor) or a tensor to fill.
template <int kType, class T>
class Target {
 public:
  explicit Target(PyObject* o) {
    if (PyTuple_Check(o)) {
      int64_t dims[NPY_MAXDIMS];
      npy_intp shape[NPY_MAXDIMS];
      int nd = as_ints(o, dims, NPY_MAXDIMS, "size");
      for (int i = 0; i < nd; i++) shape[i] = dims[i];
      array_ = made_ = new_array(nd, shape, kType);
    } else {
      array_ = InOut<kType, T>(o, "target").array();
      given_ = o;
    }
  }
  ~Target() { Py_XDECREF(made_); }
  Target(const Target&) = delete;
  T* data() const { return (T*)PyArray_DATA(array_); }
  int64_t size() const { return PyArray_SIZE(array_); }
  PyObject* result() {
    if (given_) return Py_NewRef(given_);
    return tensor_of(std::exchange(made_, nullptr));
  }

 private:
  PyArrayObject *array_ = nullptr, *made_ = nullptr;
  PyObject* given_ = nullptr;
};
using TargetF32 = Target<NPY_FLOAT32, float>;
using TargetF64 = Target<NPY_FLOAT64, double>;
using TargetI64 = Target<NPY_INT64, int64_t>;
using TargetBool = Target<NPY_BOOL, uint8_t>;

// Blocks of 16 (see kernels/random.h::normal); the last 16 anew when n is no multiple, after `skipped`
// words of the stream.
template <class T, class F>
void normal_blocks(State* s, T* out, int64_t n, int per, bool skipped, F&& fill) {
  int64_t whole = n / 16 * 16;
  Draw(s, whole, per, 16, [&](const uint32_t* w, int64_t begin, int64_t end) { fill(w, out + begin, end - begin); });
  if (whole == n) return;
  if (skipped) skip(s, (n - whole) * per);
  Draw(s, 16, per, 16, [&](const uint32_t* w, int64_t, int64_t) { fill(w, out + n - 16, (int64_t)16); });
}

}  // namespace

// (state, seed): init_genrand of Matsumoto and Nishimura's reference program.
RL_DEF(random_seed, 2) {
  State* s = state_of(args[0]);
  uint64_t seed = PyLong_AsUnsignedLongLongMask(args[1]);
  if (PyErr_Occurred()) throw PythonError{};
  std::memset((void*)s, 0, sizeof *s);
  s->seed = seed;
  s->key[0] = (uint32_t)seed;
  for (uint32_t i = 1; i < kBlock; i++) s->key[i] = 1812433253u * (s->key[i - 1] ^ (s->key[i - 1] >> 30)) + i;
  Py_RETURN_NONE;
}

// (state, target, low, range)
RL_DEF(random_uniform, 4) {
  State* s = state_of(args[0]);
  TargetF32 y(args[1]);
  float low = (float)as_double(args[2]), range = (float)as_double(args[3]);
  Draw(s, y.size(), 1, 1, [&](const uint32_t* w, int64_t begin, int64_t end) {
    rng().uniform(w, y.data() + begin, end - begin, low, range);
  });
  return y.result();
}

// (state, target, mean, std, rule): rule 0, as PyTorch for a contiguous float32 tensor; 1, for a strided
// one (pairs, whatever the size); 2, for a contiguous one of 16 bits.
RL_DEF(random_normal, 5) {
  State* s = state_of(args[0]);
  TargetF32 y(args[1]);
  double mean = as_double(args[2]), std = as_double(args[3]);
  int64_t rule = as_int(args[4]), n = y.size();
  float* out = y.data();
  if (n < 16 || rule == 1)
    normal_series(s, n, [&](int64_t i, double z) { out[i] = (float)(z * std + mean); });
  else
    normal_blocks(s, out, n, 1, rule == 0,
                  [&](const uint32_t* w, float* p, int64_t k) { rng().normal(w, p, k, (float)mean, (float)std); });
  return y.result();
}

// (state, target, mean, std, strided)
RL_DEF(random_normal_double, 5) {
  State* s = state_of(args[0]);
  TargetF64 y(args[1]);
  double mean = as_double(args[2]), std = as_double(args[3]);
  int64_t n = y.size();
  double* out = y.data();
  if (n < 16 || as_bool(args[4]))
    normal_series(s, n, [&](int64_t i, double z) { out[i] = __builtin_fma(z, std, mean); });
  else
    normal_blocks(s, out, n, 2, true,
                  [&](const uint32_t* w, double* p, int64_t k) { rng().normal_double(w, p, k, mean, std); });
  return y.result();
}

// (state, target, kind, a, b): see RandomKind.
RL_DEF(random_double, 5) {
  State* s = state_of(args[0]);
  TargetF64 y(args[1]);
  int kind = (int)as_int(args[2]);
  double a = as_double(args[3]), b = as_double(args[4]);
  Draw(s, y.size(), 2, 1, [&](const uint32_t* w, int64_t begin, int64_t end) {
    rng().from_double(w, y.data() + begin, end - begin, kind, a, b);
  });
  return y.result();
}

// (state, target, low, range, wide): low + x % range; range 0 stands for 2**64, and only with `wide`.
RL_DEF(random_integers, 5) {
  State* s = state_of(args[0]);
  TargetI64 y(args[1]);
  int64_t low = as_int(args[2]);
  uint64_t range = PyLong_AsUnsignedLongLongMask(args[3]);
  if (PyErr_Occurred()) throw PythonError{};
  bool wide = as_bool(args[4]);
  if (!wide && (range == 0 || range > 0xffffffffu))
    fail(PyExc_ValueError, "range must be in [1, 2**32) for one word each");
  Draw(s, y.size(), wide ? 2 : 1, 1, [&](const uint32_t* w, int64_t begin, int64_t end) {
    rng().integers(w, y.data() + begin, end - begin, low, range, wide);
  });
  return y.result();
}

// (state, target, rate): rates float64, >= 0.
RL_DEF(random_poisson, 3) {
  State* s = state_of(args[0]);
  TargetF64 y(args[1]);
  F64 rate(args[2], "rate");
  if (rate.size() != y.size()) fail(PyExc_ValueError, "rate must have one number for each result");
  UniformSource u = one_by_one(s);
  rejection().poisson(&u, rate.data(), y.data(), y.size());
  return y.result();
}

// (state, target, count, p, single): float64 both; see kernels/rejection.h.
RL_DEF(random_binomial, 5) {
  State* s = state_of(args[0]);
  TargetF64 y(args[1]);
  F64 count(args[2], "count"), p(args[3], "prob");
  if (count.size() != y.size() || p.size() != y.size())
    fail(PyExc_ValueError, "count and prob must have one number for each result");
  UniformSource u = one_by_one(s);
  rejection().binomial(&u, count.data(), p.data(), y.data(), y.size(), as_bool(args[4]));
  return y.result();
}

static double probability(PyObject* o) {
  double p = as_double(o);
  if (!(p >= 0 && p <= 1)) fail(PyExc_ValueError, "p must be in [0, 1]");
  return p;
}

// (state, target, p): true with probability p.
RL_DEF(random_mask, 3) {
  State* s = state_of(args[0]);
  TargetBool y(args[1]);
  double p = probability(args[2]);
  Draw(s, y.size(), 2, 1,
       [&](const uint32_t* w, int64_t begin, int64_t end) { rng().mask(w, y.data() + begin, end - begin, p); });
  return y.result();
}

// (state, target, p): true with probability p[i], p float32.
RL_DEF(random_mask_each, 3) {
  State* s = state_of(args[0]);
  TargetBool y(args[1]);
  F32 p(args[2], "p");
  if (p.size() != y.size()) fail(PyExc_ValueError, "p must have one number for each result");
  Draw(s, y.size(), 1, 1, [&](const uint32_t* w, int64_t begin, int64_t end) {
    rng().mask_each(w, p.data() + begin, y.data() + begin, end - begin);
  });
  return y.result();
}

// (state, x, p) -> (y, kept): y = x / (1-p) where kept, else x * 0; kept with probability 1-p. One pass.
RL_DEF(random_dropout, 3) {
  State* s = state_of(args[0]);
  F32 x(args[1], "input");
  double keep = 1.0 - probability(args[2]);
  float scale = keep > 0 ? 1.0f / (float)keep : 0.0f;
  Out y(x.nd(), x.shape());
  OutBool kept(x.nd(), x.shape());
  Draw(s, x.size(), 2, 1, [&](const uint32_t* w, int64_t begin, int64_t end) {
    rng().dropout(w, x.data() + begin, y.data() + begin, kept.data() + begin, end - begin, keep, scale);
  });
  return tuple_of({y.tensor(), kept.tensor()});
}

// (dy, kept, p) -> dx
RL_DEF(random_dropout_backward, 3) {
  F32 dy(args[0], "dy");
  Bool kept(args[1], "kept");
  float keep = (float)(1.0 - probability(args[2]));
  if (kept.size() != dy.size()) fail(PyExc_ValueError, "kept must have one flag for each element of dy");
  Out dx(dy.nd(), dy.shape());
  NoGil nogil(dy.size());
  parallel_for(dy.size(), 32768, [&](int64_t begin, int64_t end) {
    rng().dropout_backward(dy.data() + begin, kept.data() + begin, dx.data() + begin, end - begin,
                           keep > 0 ? 1.0f / keep : 0.0f);
  });
  return dx.tensor();
}

// (state, n) -> a permutation of 0..n-1, int64.
RL_DEF(random_permutation, 2) {
  State* s = state_of(args[0]);
  int64_t n = as_int(args[1]);
  if (n < 0 || n > 0x7fffffff) fail(PyExc_ValueError, "n must be in [0, 2**31)");
  OutI64 y({n});
  Scratch memory((size_t)n * sizeof(int32_t));  // half as wide: the swaps jump all over it
  int32_t* p = (int32_t*)memory.data();
  for (int64_t i = 0; i < n; i++) p[i] = (int32_t)i;
  constexpr int64_t kPart = 4096;
  for (int64_t i = 0; i < n - 1; i += kPart)
    Draw(s, n - 1 - i < kPart ? n - 1 - i : kPart, 1, 1,
         [&](const uint32_t* w, int64_t begin, int64_t end) { rng().shuffle(w, p, i + begin, i + end, n); });
  for (int64_t i = 0; i < n; i++) y.data()[i] = p[i];
  return y.tensor();
}

}  // namespace rl
