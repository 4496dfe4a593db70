// Tensor's arithmetic operators. `a + b` on float32 tensors, or with a Python number, is one C call here, the
// node included; everything else goes on to the Python function that ops/arithmetic.py registered.

#include "autograd/graph.h"
#include "bindings/strided.h"
#include "kernels/binary.h"

RL_TABLE(binary, BinaryKernels)

namespace rl {
namespace {

enum Slot {
  kAdd,
  kSub,
  kMul,
  kTrueDiv,
  kFloorDiv,
  kMod,
  kMatmul,
  kLshift,
  kRshift,
  kAnd,
  kOr,
  kXor,
  kPow,
  kBinary,
  kReflected = kBinary,    // __radd__ ...
  kInplace = 2 * kBinary,  // __iadd__ ...
  kNeg = 3 * kBinary,
  kPos,
  kAbs,
  kInvert,
  kSlots
};
const char* const kNames[kBinary] = {"add",    "sub",    "mul", "truediv", "floordiv", "mod", "matmul",
                                     "lshift", "rshift", "and", "or",      "xor",      "pow"};
const char* const kUnaryNames[] = {"__neg__", "__pos__", "__abs__", "__invert__"};
PyObject* functions[kSlots];  // what Python registered

// The nodes of the fast operations, and which operands they save: see AddBackward0 and so on in ops/arithmetic.py.
PyTypeObject* nodes[4];
const int kOpcode[4] = {kBinary_add, kBinary_sub, kBinary_mul, kBinary_div};
PyObject* str_number;

bool is_float32(PyObject* o) { return is_tensor(o) && PyArray_TYPE(((Tensor*)o)->array) == NPY_FLOAT32; }
bool is_number(PyObject* o) { return PyFloat_CheckExact(o) || PyLong_CheckExact(o); }

// z = x op y in one C call where both are contiguous and of one shape; otherwise the general loops.
PyObject* compute(int slot, PyObject* x, PyObject* y) {
  static const int types[3] = {NPY_FLOAT32, NPY_FLOAT32, NPY_FLOAT32};
  const float numbers[3] = {1, 0, 0};  // alpha of add and sub
  auto f = binary().binary[kOpcode[slot]];
  if (is_tensor(x) && is_tensor(y)) {
    PyArrayObject *a = ((Tensor*)x)->array, *b = ((Tensor*)y)->array;
    int nd = PyArray_NDIM(a);
    npy_intp n = PyArray_SIZE(a);
    if (nd == PyArray_NDIM(b) && n <= 4096 && PyArray_ISCARRAY_RO(a) && PyArray_ISCARRAY_RO(b) &&
        PyArray_CompareLists(PyArray_DIMS(a), PyArray_DIMS(b), nd)) {
      Out z(nd, PyArray_DIMS(a));
      f((const float*)PyArray_DATA(a), (const float*)PyArray_DATA(b), z.data(), n, numbers);
      return z.tensor();
    }
  }
  PyObject* inputs[2] = {x, y};
  Elementwise e(kNames[slot], inputs, 2, types);
  e.output(Py_None, NPY_FLOAT32);
  e.run([&](char* const* p, int64_t n) { f((const float*)p[0], (const float*)p[1], (float*)p[2], n, numbers); });
  return e.result();
}

PyObject* attach(int slot, PyObject* x, PyObject* y, PyObject* z) {
  bool need_x = is_tensor(x) && ((Tensor*)x)->requires_grad, need_y = is_tensor(y) && ((Tensor*)y)->requires_grad;
  Node* node = make_node(nodes[slot]);
  if (!node) return nullptr;
  node->n_args = 2;
  node->needs_bits = (uint64_t)need_x | (uint64_t)need_y << 1;
  bool ok = true;
  if (slot == kMul || slot == kTrueDiv) {
    if (is_tensor(x) && is_tensor(y)) {
      PyObject* first = slot == kMul ? (need_y ? x : Py_None) : y;
      PyObject* second = slot == kMul ? (need_x ? y : Py_None) : (need_y ? x : Py_None);
      node->to_save = PyTuple_Pack(2, first, second);
      ok = node->to_save != nullptr;
    } else {
      ok = PyObject_SetAttr((PyObject*)node, str_number, is_tensor(x) ? y : x) == 0;
    }
  }
  PyObject* args[2] = {x, y};
  ok = ok && record(node, args, 2, &z, 1);
  Py_DECREF(node);
  return ok ? z : (Py_DECREF(z), nullptr);
}

PyObject* fast(int slot, PyObject* x, PyObject* y) {
  if (is_tensor(x) && !refresh((Tensor*)x)) return nullptr;
  if (is_tensor(y) && !refresh((Tensor*)y)) return nullptr;
  PyObject* z;
  try {
    z = compute(slot, x, y);
  } catch (const PythonError&) {
    return nullptr;
  }
  if (grad_enabled && z &&
      ((is_tensor(x) && ((Tensor*)x)->requires_grad) || (is_tensor(y) && ((Tensor*)y)->requires_grad)))
    return attach(slot, x, y, z);
  return z;
}

PyObject* call(int slot, PyObject* x, PyObject* y) {
  if (!functions[slot]) Py_RETURN_NOTIMPLEMENTED;
  PyObject* args[2] = {x, y};
  return PyObject_Vectorcall(functions[slot], args, 2, nullptr);
}

template <int kSlot>
PyObject* operate(PyObject* x, PyObject* y) {
  if (!is_tensor(x)) {
    if constexpr (kSlot == kAdd || kSlot == kMul)
      if (nodes[kSlot] && is_float32(y) && is_number(x)) return fast(kSlot, y, x);
    return call(kSlot + kReflected, y, x);
  }
  if constexpr (kSlot <= kTrueDiv)
    if (nodes[kSlot] && is_float32(x) && (is_float32(y) || is_number(y))) {
      PyObject* z = fast(kSlot, x, y);
      if (z || !PyErr_ExceptionMatches(PyExc_RuntimeError)) return z;
      PyErr_Clear();  // Python says what is wrong with the shapes
    }
  return call(kSlot, x, y);
}
template <int kSlot>
PyObject* operate_inplace(PyObject* x, PyObject* y) {
  return call(kSlot + kInplace, x, y);
}
PyObject* power(PyObject* x, PyObject* y, PyObject* modulo) {
  if (modulo != Py_None) Py_RETURN_NOTIMPLEMENTED;
  return is_tensor(x) ? call(kPow, x, y) : call(kPow + kReflected, y, x);
}
PyObject* power_inplace(PyObject* x, PyObject* y, PyObject*) { return call(kPow + kInplace, x, y); }
template <int kSlot>
PyObject* operate_one(PyObject* x) {
  if (!functions[kSlot]) return PyErr_Format(PyExc_TypeError, "this operator is not defined for tensors");
  return PyObject_CallOneArg(functions[kSlot], x);
}

AtImport add_names([](PyObject* module) {
  str_number = PyUnicode_InternFromString("number");
  PyObject* names = PyDict_New();  // of each operator's method: its slot
  auto add = [&](const char* name, int slot) {
    PyObject* n = PyLong_FromLong(slot);
    PyDict_SetItemString(names, name, n);
    Py_DECREF(n);
  };
  for (int i = 0; i < kBinary; i++) {
    char name[24];
    const char* prefix[3] = {"__", "__r", "__i"};
    for (int k = 0; k < 3; k++) {
      snprintf(name, sizeof name, "%s%s__", prefix[k], kNames[i]);
      add(name, i + k * kBinary);
    }
  }
  for (int i = 0; i < 4; i++) add(kUnaryNames[i], kNeg + i);
  PyModule_AddObject(module, "OPERATORS", names);
});

}  // namespace

PyNumberMethods* operator_slots() {
  static PyNumberMethods numbers = {};
#define SLOT(name, slot)             \
  numbers.nb_##name = operate<slot>; \
  numbers.nb_inplace_##name = operate_inplace<slot>;
  SLOT(add, kAdd)
  SLOT(subtract, kSub)
  SLOT(multiply, kMul)
  SLOT(true_divide, kTrueDiv)
  SLOT(floor_divide, kFloorDiv)
  SLOT(remainder, kMod)
  SLOT(matrix_multiply, kMatmul)
  SLOT(lshift, kLshift)
  SLOT(rshift, kRshift)
  SLOT(and, kAnd)
  SLOT(or, kOr)
  SLOT(xor, kXor)
#undef SLOT
  numbers.nb_power = power;
  numbers.nb_inplace_power = power_inplace;
  numbers.nb_negative = operate_one<kNeg>;
  numbers.nb_positive = operate_one<kPos>;
  numbers.nb_absolute = operate_one<kAbs>;
  numbers.nb_invert = operate_one<kInvert>;
  return &numbers;
}

// set_operator(slot, function): `function` serves an operator of Tensor.
RL_DEF(set_operator, 2) {
  int64_t slot = as_int(args[0]);
  if (slot < 0 || slot >= kSlots) fail(PyExc_ValueError, "set_operator: slot must be one of _C.OPERATORS' values");
  Py_INCREF(args[1]);
  Py_XSETREF(functions[slot], args[1]);
  Py_RETURN_NONE;
}

// set_fast_nodes(add, sub, mul, div): the node classes that the fast operators record.
RL_DEF(set_fast_nodes, 4) {
  for (int i = 0; i < 4; i++) {
    if (!PyType_Check(args[i]) || !PyType_IsSubtype((PyTypeObject*)args[i], &node_type))
      fail(PyExc_TypeError, "set_fast_nodes takes four classes of nodes");
    Py_INCREF(args[i]);
    nodes[i] = (PyTypeObject*)args[i];
  }
  Py_RETURN_NONE;
}

}  // namespace rl
