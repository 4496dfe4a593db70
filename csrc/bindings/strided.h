// Element-wise loops over strided arrays: broadcasting, any memory order, in-place destinations.
//
// Kernels see contiguous memory only. Dimensions are sorted by the destination's strides and merged where they can
// be; then an operand is handed over where it lies if it is contiguous along a run, and gathered into a small
// buffer (512 elements, in the first-level cache) if it is broadcast or strided.
#pragma once

#include "bindings/args.h"

namespace rl {

constexpr int kOperands = 4;     // up to three inputs, then the output
constexpr int64_t kBlock = 512;  // elements of a gather buffer

// An input of an element-wise function: an array of one dtype, or a Python number.
struct Operand {
  char* data;
  int item;              // bytes
  PyArrayObject* array;  // null for a number
};

class Elementwise {
 public:
  // Reads the inputs: arrays of their type in `types`, or numbers (kept as float32).
  Elementwise(const char* name, PyObject* const* inputs, int count, const int* types);
  ~Elementwise();
  Elementwise(const Elementwise&) = delete;

  // The destination: `out` if it is not None (its shape must be the broadcast one), else a new array that keeps the
  // memory order of the inputs.
  void output(PyObject* out, int type);

  // Calls kernel(context, pointers of the inputs and of the output, elements) over everything, in parallel.
  // `grain`: elements per piece of work.
  using Kernel = void (*)(void* context, char* const* p, int64_t n);
  template <class F>
  void run(F f, int64_t grain = 32768) {
    run([](void* c, char* const* p, int64_t n) { (*(F*)c)(p, n); }, &f, grain);
  }
  int64_t size() const { return size_; }
  PyObject* result();

 private:
  void run(Kernel kernel, void* context, int64_t grain);
  void order();
  void merge();
  void block(Kernel kernel, void* context, int64_t begin, int64_t end) const;

  const char* name_;
  int count_;  // inputs; operand[count_] is the output
  Operand operand_[kOperands];
  float number_[kOperands];
  PyArrayObject* owned_[kOperands] = {};  // copies of inputs that overlap the output
  PyObject* out_ = nullptr;               // the caller's out
  PyArrayObject* made_ = nullptr;         // or a new array
  bool flat_ = false;                     // every operand is contiguous or one number
  int nd_ = 0;
  int64_t size_ = 1;
  npy_intp shape_[NPY_MAXDIMS];              // outermost first, until merge(); then innermost first
  npy_intp stride_[kOperands][NPY_MAXDIMS];  // bytes
  int perm_[NPY_MAXDIMS];                    // innermost first
};

}  // namespace rl
