// nn.Module's two hottest slots: finding an attribute, and calling the module.
//
// The class is Python's (src/rushlight/nn/modules/module.py) and complete without this file. Its `__getattr__` and
// `__call__` are put into the slots of each subclass here, as C functions of the same meaning, unless the subclass
// defines its own; assigning `__getattr__` or `__call__` to a class makes Python put its own dispatcher back.
#include "bindings/args.h"

namespace rl {

static PyObject *py_getattr, *py_call_with_hooks, *py_note_path;
static PyObject* global_hooks;  // tuple of the dicts of hooks of all modules
static PyObject *s_forward, *s_tables[3], *s_hooks[4];

// A parameter, buffer or module of that name: a new reference, or null (without an error, or with one).
static PyObject* registered(PyObject* d, PyObject* name) {
  for (PyObject* key : s_tables) {
    PyObject* table = PyDict_GetItemWithError(d, key);
    PyObject* found = table && PyDict_Check(table) ? PyDict_GetItemWithError(table, name) : nullptr;
    if (found || PyErr_Occurred()) {
      Py_XINCREF(found);
      return found;
    }
  }
  return nullptr;
}

// Ordinary attributes first, then the three tables, then what Module.__getattr__ says: the error.
static PyObject* module_getattro(PyObject* self, PyObject* name) {
  const bool of_class = _PyType_Lookup(Py_TYPE(self), name) != nullptr;
  if (of_class) {
    PyObject* found = PyObject_GenericGetAttr(self, name);
    if (found || !PyErr_ExceptionMatches(PyExc_AttributeError)) return found;
  }
  // A property that failed falls back on the tables too; its own error stays if they do not have the name.
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyObject* found = nullptr;
  PyObject* d = PyObject_GenericGetDict(self, nullptr);
  if (d) {
    found = of_class ? nullptr : PyDict_GetItemWithError(d, name);
    if (found)
      Py_INCREF(found);
    else if (!PyErr_Occurred())
      found = registered(d, name);
    Py_DECREF(d);
  }
  if (found || PyErr_Occurred()) {
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    return found;
  }
  if (of_class) {
    PyErr_Restore(type, value, trace);
    return nullptr;
  }
  PyObject* pair[] = {self, name};
  return PyObject_Vectorcall(py_getattr, pair, 2, nullptr);
}

// 1: some hook is to run, 0: none, -1: cannot tell (a module that was not initialized).
static int has_hooks(PyObject* d) {
  for (PyObject* name : s_hooks) {
    PyObject* table = PyDict_GetItemWithError(d, name);
    if (!table || !PyDict_Check(table)) return -1;
    if (PyDict_GET_SIZE(table)) return 1;
  }
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(global_hooks); i++)
    if (PyDict_GET_SIZE(PyTuple_GET_ITEM(global_hooks, i))) return 1;
  return 0;
}

static void note_path(PyObject* self) {
  if (!PyErr_ExceptionMatches(PyExc_Exception)) return;
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  if (trace) PyException_SetTraceback(value, trace);
  PyObject* pair[] = {value, self};
  PyObject* r = PyObject_Vectorcall(py_note_path, pair, 2, nullptr);
  if (!r) PyErr_Clear();
  Py_XDECREF(r);
  PyErr_Restore(type, value, trace);
}

static PyObject* call_forward(PyObject* self, PyObject* d, PyObject* args, PyObject* kwargs) {
  const Py_ssize_t n = PyTuple_GET_SIZE(args);
  PyObject* forward = _PyType_Lookup(Py_TYPE(self), s_forward);
  if (n < 7 && forward && PyFunction_Check(forward) && !PyDict_GetItemWithError(d, s_forward)) {
    PyObject* stack[8] = {nullptr, self};  // a plain method: no bound method in between
    for (Py_ssize_t i = 0; i < n; i++) stack[i + 2] = PyTuple_GET_ITEM(args, i);
    Py_INCREF(forward);
    PyObject* r = PyObject_VectorcallDict(forward, stack + 1, (size_t)(n + 1) | PY_VECTORCALL_ARGUMENTS_OFFSET, kwargs);
    Py_DECREF(forward);
    return r;
  }
  forward = PyObject_GetAttr(self, s_forward);
  if (!forward) return nullptr;
  PyObject* r = PyObject_Call(forward, args, kwargs);
  Py_DECREF(forward);
  return r;
}

static PyObject* module_call(PyObject* self, PyObject* args, PyObject* kwargs) {
  PyObject* d = PyObject_GenericGetDict(self, nullptr);
  if (!d) return nullptr;
  const int hooks = has_hooks(d);
  PyObject* r = nullptr;
  if (hooks == 0) {
    r = call_forward(self, d, args, kwargs);
  } else if (!PyErr_Occurred()) {
    PyObject* none = kwargs ? nullptr : PyDict_New();
    if (kwargs || none) {
      PyObject* three[] = {self, args, kwargs ? kwargs : none};
      r = PyObject_Vectorcall(py_call_with_hooks, three, 3, nullptr);
    }
    Py_XDECREF(none);
  }
  Py_DECREF(d);
  if (!r) note_path(self);
  return r;
}

// (Module.__getattr__, call_with_hooks, note_path, the dicts of global hooks)
RL_DEF(module_setup, 4) {
  PyObject** slots[] = {&py_getattr, &py_call_with_hooks, &py_note_path, &global_hooks};
  for (int i = 0; i < 4; i++) {
    Py_INCREF(args[i]);
    Py_XSETREF(*slots[i], args[i]);
  }
  if (!PyTuple_Check(global_hooks)) fail(PyExc_TypeError, "module_setup: the global hooks must be a tuple of dicts");
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(global_hooks); i++)
    if (!PyDict_Check(PyTuple_GET_ITEM(global_hooks, i)))
      fail(PyExc_TypeError, "module_setup: the global hooks must be a tuple of dicts");
  const char* tables[] = {"_parameters", "_buffers", "_modules"};
  const char* hooks[] = {"_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"};
  for (int i = 0; i < 3; i++) s_tables[i] = PyUnicode_InternFromString(tables[i]);
  for (int i = 0; i < 4; i++) s_hooks[i] = PyUnicode_InternFromString(hooks[i]);
  s_forward = PyUnicode_InternFromString("forward");
  Py_RETURN_NONE;
}

// (class, whether its __getattr__ is Module's, whether its __call__ is): puts the C functions into its slots.
RL_DEF(module_slots, 3) {
  if (!PyType_Check(args[0]) || !py_getattr) fail(PyExc_TypeError, "module_slots: needs a class, after module_setup");
  PyTypeObject* type = (PyTypeObject*)args[0];
  if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE))
    fail(PyExc_TypeError, "module_slots: needs a class made in Python");
  if (as_bool(args[1])) type->tp_getattro = module_getattro;
  if (as_bool(args[2])) type->tp_call = module_call;
  PyType_Modified(type);
  Py_RETURN_NONE;
}

}  // namespace rl
