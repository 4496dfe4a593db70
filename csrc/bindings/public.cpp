// What a public function is to its callers: the Python function itself, called as it is (some nanoseconds more), and
// two things on the side. NumPy's names of arguments (`axis` for `dim`, ...) are exchanged where keywords are given,
// and when a call fails, Python is asked for words that name the argument at fault. src/rushlight/public.py makes
// these objects, and does the same without this file.
#include "bindings/args.h"

#include <structmember.h>

#include <cstddef>

namespace rl {
namespace {

struct Public {
  PyObject_HEAD vectorcallfunc call;
  vectorcallfunc inner;  // the function's own
  PyObject* function;
  PyObject* renames;  // tuple: NumPy's name, ours, NumPy's name, ours, ...; or null
  PyObject* weakrefs;
};

PyObject *explain, *reduce;  // what Python gives

// Ours for `name`, which Python may have interned or not; borrowed. `name` itself where it is none of NumPy's.
PyObject* our_name(PyObject* renames, PyObject* name) {
  const Py_ssize_t n = PyTuple_GET_SIZE(renames);
  for (Py_ssize_t i = 0; i < n; i += 2)
    if (PyTuple_GET_ITEM(renames, i) == name) return PyTuple_GET_ITEM(renames, i + 1);
  if (PyUnicode_CHECK_INTERNED(name)) return name;
  for (Py_ssize_t i = 0; i < n; i += 2)
    if (PyUnicode_Compare(PyTuple_GET_ITEM(renames, i), name) == 0) return PyTuple_GET_ITEM(renames, i + 1);
  return name;
}

// The keywords with our names; a new reference, `names` itself where all are ours.
PyObject* our_names(PyObject* renames, PyObject* names) {
  const Py_ssize_t n = PyTuple_GET_SIZE(names);
  PyObject* made = nullptr;
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject* theirs = PyTuple_GET_ITEM(names, i);
    PyObject* ours = our_name(renames, theirs);
    if (ours == theirs) continue;
    if (!made) {
      made = PyTuple_GetSlice(names, 0, n);
      // A slice of everything is the tuple itself.
      if (made == names) {
        Py_DECREF(made);
        made = PyTuple_New(n);
        for (Py_ssize_t k = 0; made && k < n; k++) {
          Py_INCREF(PyTuple_GET_ITEM(names, k));
          PyTuple_SET_ITEM(made, k, PyTuple_GET_ITEM(names, k));
        }
      }
      if (!made) return nullptr;
    }
    Py_INCREF(ours);
    PyTuple_SET_ITEM(made, i, ours);
    Py_DECREF(theirs);
  }
  if (made) return made;
  Py_INCREF(names);
  return names;
}

// Puts another error in the place of the one that is set, where Python has better words.
void reword(PyObject* function, PyObject* const* args, Py_ssize_t n, PyObject* names) {
  if (!explain || !PyErr_ExceptionMatches(PyExc_Exception)) return;
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  if (trace) PyException_SetTraceback(value, trace);
  PyObject* positional = PyTuple_New(n);
  PyObject* keywords = PyDict_New();
  for (Py_ssize_t i = 0; positional && i < n; i++) {
    Py_INCREF(args[i]);
    PyTuple_SET_ITEM(positional, i, args[i]);
  }
  for (Py_ssize_t i = 0; keywords && names && i < PyTuple_GET_SIZE(names); i++)
    if (PyDict_SetItem(keywords, PyTuple_GET_ITEM(names, i), args[n + i]) < 0) PyErr_Clear();
  PyObject* four[] = {function, positional, keywords, value};
  PyObject* better = positional && keywords ? PyObject_Vectorcall(explain, four, 4, nullptr) : nullptr;
  if (!better) PyErr_Clear();
  if (better && PyExceptionInstance_Check(better)) {
    PyErr_SetObject((PyObject*)Py_TYPE(better), better);
    Py_DECREF(type);
    Py_DECREF(value);
    Py_XDECREF(trace);
  } else {
    PyErr_Restore(type, value, trace);
  }
  Py_XDECREF(better);
  Py_XDECREF(positional);
  Py_XDECREF(keywords);
}

PyObject* public_call(PyObject* self, PyObject* const* args, size_t nargsf, PyObject* names) {
  Public* p = (Public*)self;
  if (!names) {
    PyObject* y = p->inner(p->function, args, nargsf, nullptr);
    if (!y) reword(p->function, args, PyVectorcall_NARGS(nargsf), nullptr);
    return y;
  }
  if (p->renames) {
    names = our_names(p->renames, names);
    if (!names) return nullptr;
  } else {
    Py_INCREF(names);
  }
  PyObject* y = p->inner(p->function, args, nargsf, names);
  if (!y) reword(p->function, args, PyVectorcall_NARGS(nargsf), names);
  Py_DECREF(names);
  return y;
}

PyObject* public_bind(PyObject* self, PyObject* instance, PyObject*) {
  if (!instance || instance == Py_None) {
    Py_INCREF(self);
    return self;
  }
  return PyMethod_New(self, instance);
}

// Its own attributes are few; all others (__name__, __doc__, __code__, ...) are the function's.
PyObject* public_getattro(PyObject* self, PyObject* name) {
  PyObject* found = PyObject_GenericGetAttr(self, name);
  if (found || !PyErr_ExceptionMatches(PyExc_AttributeError)) return found;
  PyErr_Clear();
  return PyObject_GetAttr(((Public*)self)->function, name);
}

PyObject* public_of_function(PyObject* self, void* name) {
  return PyObject_GetAttrString(((Public*)self)->function, (const char*)name);
}

PyObject* public_repr(PyObject* self) {
  PyObject* name = PyObject_GetAttrString(((Public*)self)->function, "__qualname__");
  PyObject* text = name ? PyUnicode_FromFormat("<function %U>", name) : nullptr;
  Py_XDECREF(name);
  return text;
}

PyObject* public_reduce(PyObject* self, PyObject*) { return PyObject_CallOneArg(reduce, self); }

int public_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(((Public*)self)->function);
  Py_VISIT(((Public*)self)->renames);
  return 0;
}
int public_clear(PyObject* self) {
  Py_CLEAR(((Public*)self)->renames);
  return 0;
}
void public_free(PyObject* self) {
  PyObject_GC_UnTrack(self);
  if (((Public*)self)->weakrefs) PyObject_ClearWeakRefs(self);
  Py_CLEAR(((Public*)self)->function);
  public_clear(self);
  PyObject_GC_Del(self);
}

PyMemberDef public_members[] = {
    {"__wrapped__", T_OBJECT_EX, offsetof(Public, function), READONLY, "The Python function."}, {}};
PyGetSetDef public_getset[] = {{"__doc__", public_of_function, nullptr, nullptr, (void*)"__doc__"},
                               {"__module__", public_of_function, nullptr, nullptr, (void*)"__module__"},
                               {"__dict__", public_of_function, nullptr, nullptr, (void*)"__dict__"},
                               {}};
PyMethodDef public_methods[] = {{"__reduce__", public_reduce, METH_NOARGS, "For pickle."}, {}};

PyTypeObject public_type = {PyVarObject_HEAD_INIT(nullptr, 0)};

AtImport make_type([](PyObject* module) {
  public_type.tp_name = "rushlight._C.Public";
  public_type.tp_basicsize = sizeof(Public);
  public_type.tp_vectorcall_offset = offsetof(Public, call);
  public_type.tp_weaklistoffset = offsetof(Public, weakrefs);
  public_type.tp_flags =
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR;
  public_type.tp_call = PyVectorcall_Call;
  public_type.tp_descr_get = public_bind;
  public_type.tp_getattro = public_getattro;
  public_type.tp_repr = public_repr;
  public_type.tp_traverse = public_traverse;
  public_type.tp_clear = public_clear;
  public_type.tp_dealloc = public_free;
  public_type.tp_members = public_members;
  public_type.tp_getset = public_getset;
  public_type.tp_methods = public_methods;
  if (PyType_Ready(&public_type) < 0) return;
  Py_INCREF(&public_type);
  PyModule_AddObject(module, "Public", (PyObject*)&public_type);
});

}  // namespace

// public_setup(explain, reduce): explain(function, args, kwargs, error) gives a better error or None; reduce(object)
// what pickle asks for.
RL_DEF(public_setup, 2) {
  Py_INCREF(args[0]);
  Py_XSETREF(explain, args[0]);
  Py_INCREF(args[1]);
  Py_XSETREF(reduce, args[1]);
  Py_RETURN_NONE;
}

// public_function(function, renames): see the top. `renames` is a tuple of interned names, or None.
RL_DEF(public_function, 2) {
  vectorcallfunc inner = PyVectorcall_Function(args[0]);
  if (!inner) fail(PyExc_TypeError, "public_function: needs a function, got %s", Py_TYPE(args[0])->tp_name);
  if (args[1] != Py_None) {
    if (!PyTuple_CheckExact(args[1]) || PyTuple_GET_SIZE(args[1]) % 2)
      fail(PyExc_TypeError, "public_function: renames must be a tuple of pairs of names");
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args[1]); i++)
      if (!PyUnicode_CheckExact(PyTuple_GET_ITEM(args[1], i)))
        fail(PyExc_TypeError, "public_function: renames must be a tuple of pairs of names");
  }
  Public* p = PyObject_GC_New(Public, &public_type);
  if (!p) throw PythonError{};
  p->call = public_call;
  p->inner = inner;
  Py_INCREF(args[0]);
  p->function = args[0];
  p->renames = args[1] == Py_None ? nullptr : args[1];
  Py_XINCREF(p->renames);
  p->weakrefs = nullptr;
  PyObject_GC_Track((PyObject*)p);
  return (PyObject*)p;
}

}  // namespace rl
