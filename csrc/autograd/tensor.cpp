// How bindings see a Tensor, until the Tensor itself is a C type.
#include "bindings/args.h"

namespace rl {

static PyObject* wrap = nullptr;  // rushlight.tensor.wrap
static PyObject* array_name = nullptr;

PyArrayObject* array_of(PyObject* o, const char* name) {
  if (PyArray_Check(o)) return (PyArrayObject*)o;
  if (!array_name) array_name = PyUnicode_InternFromString("_array");
  PyObject* a = PyObject_GetAttr(o, array_name);
  if (!a) {
    PyErr_Clear();
    fail(PyExc_TypeError, "%s must be a Tensor, got %s", name, Py_TYPE(o)->tp_name);
  }
  Py_DECREF(a);  // the tensor keeps it alive
  return (PyArrayObject*)a;
}

PyObject* tensor_of(PyArrayObject* array) {
  if (!array) throw PythonError{};
  if (!wrap) return (PyObject*)array;
  PyObject* t = PyObject_CallOneArg(wrap, (PyObject*)array);
  Py_DECREF(array);
  if (!t) throw PythonError{};
  return t;
}

RL_DEF(set_wrap, 1) {
  Py_INCREF(args[0]);
  Py_XSETREF(wrap, args[0]);
  Py_RETURN_NONE;
}

}  // namespace rl
