// Attributes of nn.Module. A parameter, buffer or child is found by Module.__getattr__ in Python, after the
// ordinary look-up has failed with an exception: half a microsecond for each `self.weight` of a forward pass. This
// gives a Module class an attribute look-up in C with the same result: ordinary attributes, then the three tables.
#include "bindings/args.h"

namespace rl {
namespace {

PyObject* tables[3];     // the names _parameters, _modules, _buffers
PyObject* str_getattr;   // "__getattr__"
PyObject* str_getattribute;

// The ordinary attribute, or null without an exception where there is none.
PyObject* ordinary(PyObject* self, PyObject* name) {
  return _PyObject_GenericGetAttrWithDict(self, name, nullptr, 1);
}

PyObject* module_getattro(PyObject* self, PyObject* name) {
  PyObject* found = ordinary(self, name);
  if (found || PyErr_Occurred()) return found;
  for (PyObject* table_name : tables) {
    PyObject* table = ordinary(self, table_name);
    if (!table) {
      if (PyErr_Occurred()) return nullptr;
      break;
    }
    PyObject* value = PyDict_Check(table) ? PyDict_GetItemWithError(table, name) : nullptr;
    Py_XINCREF(value);
    Py_DECREF(table);
    if (value || PyErr_Occurred()) return value;
  }
  PyObject* slow = ordinary(self, str_getattr);  // says what is missing
  if (!slow) {
    if (!PyErr_Occurred()) PyErr_SetObject(PyExc_AttributeError, name);
    return nullptr;
  }
  found = PyObject_CallOneArg(slow, name);
  Py_DECREF(slow);
  return found;
}

AtImport names([](PyObject*) {
  tables[0] = PyUnicode_InternFromString("_parameters");
  tables[1] = PyUnicode_InternFromString("_modules");
  tables[2] = PyUnicode_InternFromString("_buffers");
  str_getattr = PyUnicode_InternFromString("__getattr__");
  str_getattribute = PyUnicode_InternFromString("__getattribute__");
});

bool same_attribute(PyObject* a, PyObject* b, PyObject* name) {
  PyObject *x = PyObject_GetAttr(a, name), *y = PyObject_GetAttr(b, name);
  bool same = x && x == y;
  Py_XDECREF(x);
  Py_XDECREF(y);
  PyErr_Clear();
  return same;
}

}  // namespace

// fast_attributes(class, Module): look attributes up in C, unless the class does it in a way of its own.
RL_DEF(fast_attributes, 2) {
  if (!PyType_Check(args[0]) || !PyType_HasFeature((PyTypeObject*)args[0], Py_TPFLAGS_HEAPTYPE))
    fail(PyExc_TypeError, "fast_attributes takes a class");
  if (same_attribute(args[0], args[1], str_getattr) &&
      same_attribute(args[0], (PyObject*)&PyBaseObject_Type, str_getattribute))
    ((PyTypeObject*)args[0])->tp_getattro = module_getattro;
  Py_RETURN_NONE;
}

}  // namespace rl
