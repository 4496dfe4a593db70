#include "kernels/binary.h"
#include "kernels/unary.h"

#include "bindings/strided.h"

RL_TABLE(unary, UnaryKernels)
RL_TABLE(binary, BinaryKernels)

namespace rl {

static const int kFloats[3] = {NPY_FLOAT32, NPY_FLOAT32, NPY_FLOAT32};

// A kernel's numbers: none, one, or a tuple of up to three.
struct Numbers {
  float p[3] = {};
  explicit Numbers(PyObject* o) {
    if (o == Py_None) return;
    if (!PyTuple_Check(o)) {
      p[0] = (float)as_double(o);
      return;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o) && i < 3; i++) p[i] = (float)as_double(PyTuple_GET_ITEM(o, i));
  }
};

static int opcode(PyObject* o, int most, const char* name) {
  int64_t op = as_int(o);
  if (op < 0 || op >= most) fail(PyExc_ValueError, "%s: op must be one of _C.%s's values", name, name);
  return (int)op;
}

// unary(op, x, out or None, numbers) -> y
RL_DEF(unary, 4) {
  int op = opcode(args[0], kUnaryOps, "unary");
  Numbers numbers(args[3]);
  Elementwise e("unary", args + 1, 1, kFloats);
  e.output(args[2], NPY_FLOAT32);
  auto f = unary().f[op];
  e.run([&](char* const* p, int64_t n) { f((const float*)p[0], (float*)p[1], n, numbers.p); });
  return e.result();
}

// binary(op, x, y, out or None, numbers) -> z; x and y: arrays or Python numbers
RL_DEF(binary, 5) {
  int op = opcode(args[0], kBinaryOps, "binary");
  Numbers numbers(args[4]);
  Elementwise e("binary", args + 1, 2, kFloats);
  e.output(args[3], NPY_FLOAT32);
  auto f = binary().binary[op];
  e.run([&](char* const* p, int64_t n) { f((const float*)p[0], (const float*)p[1], (float*)p[2], n, numbers.p); });
  return e.result();
}

// ternary(op, x, y, w, out or None, numbers) -> z
RL_DEF(ternary, 6) {
  int op = opcode(args[0], kTernaryOps, "ternary");
  Numbers numbers(args[5]);
  Elementwise e("ternary", args + 1, 3, kFloats);
  e.output(args[4], NPY_FLOAT32);
  auto f = binary().ternary[op];
  e.run([&](char* const* p, int64_t n) {
    f((const float*)p[0], (const float*)p[1], (const float*)p[2], (float*)p[3], n, numbers.p);
  });
  return e.result();
}

// compare(op, x, y, out or None) -> bool z
RL_DEF(compare, 4) {
  int op = opcode(args[0], kCompareOps, "compare");
  Elementwise e("compare", args + 1, 2, kFloats);
  e.output(args[3], NPY_BOOL);
  auto f = binary().compare[op];
  e.run([&](char* const* p, int64_t n) { f((const float*)p[0], (const float*)p[1], (uint8_t*)p[2], n); });
  return e.result();
}

// where(mask, x, y, out or None) -> mask ? x : y
RL_DEF(where, 4) {
  static const int types[3] = {NPY_BOOL, NPY_FLOAT32, NPY_FLOAT32};
  array_of(args[0], "condition");  // no number
  Elementwise e("where", args, 3, types);
  e.output(args[3], NPY_FLOAT32);
  auto f = binary().where;
  e.run([&](char* const* p, int64_t n) {
    f((const uint8_t*)p[0], (const float*)p[1], (const float*)p[2], (float*)p[3], n);
  });
  return e.result();
}

// The operations' numbers by name: _C.UNARY["relu"], ...
static AtImport add_opcodes([](PyObject* module) {
  auto add = [&](const char* name, std::initializer_list<const char*> names) {
    PyObject* d = PyDict_New();
    long i = 0;
    for (const char* n : names) {
      PyObject* v = PyLong_FromLong(i++);
      PyDict_SetItemString(d, n, v);
      Py_DECREF(v);
    }
    PyModule_AddObject(module, name, d);
  };
#define X(name) #name,
  add("UNARY", {RL_UNARY_OPS(X)});
  add("BINARY", {RL_BINARY_OPS(X)});
  add("TERNARY", {RL_TERNARY_OPS(X)});
  add("COMPARE", {RL_COMPARE_OPS(X)});
#undef X
});

}  // namespace rl
