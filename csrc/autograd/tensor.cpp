#include "autograd/graph.h"

#include <structmember.h>

#include <cstddef>

namespace rl {

Bound bound = {};
thread_local bool grad_enabled = true;

static PyObject* foreign_name() {
  static PyObject* name = PyUnicode_InternFromString("torch");
  return name;
}

// -- what bindings use ---------------------------------------------------------------------------------
PyArrayObject* array_of(PyObject* o, const char* name) {
  if (is_tensor(o)) return ((Tensor*)o)->array;
  if (PyArray_Check(o)) return (PyArrayObject*)o;
  PyObject* module = PyObject_GetAttrString((PyObject*)Py_TYPE(o), "__module__");
  bool foreign = module && PyUnicode_Check(module) && PyUnicode_Tailmatch(module, foreign_name(), 0, 5, -1) == 1;
  Py_XDECREF(module);
  PyErr_Clear();
  fail(PyExc_TypeError, "%s must be a Tensor, got %s%s", name, Py_TYPE(o)->tp_name,
       foreign ? " of PyTorch; convert it with rushlight.from_numpy(t.detach().numpy())" : "");
}

PyObject* tensor_of(PyArrayObject* array) {
  if (!array) throw PythonError{};
  if (!bound.plain) return (PyObject*)array;
  PyObject* t = (PyObject*)make_tensor((PyTypeObject*)bound.plain, array);
  if (!t) throw PythonError{};
  return t;
}

// -- fields ----------------------------------------------------------------------------------------------
Tensor* make_tensor(PyTypeObject* type, PyArrayObject* array) {
  Tensor* t = (Tensor*)type->tp_alloc(type, 0);
  if (!t) {
    Py_DECREF(array);
    return nullptr;
  }
  t->array = array;
  return t;
}

static void drop(Counter* c) {
  if (c && --c->refs == 0) PyMem_Free(c);
}

Counter* share_counter(Tensor* t) {
  if (!t->counter) {
    t->counter = (Counter*)PyMem_Malloc(sizeof(Counter));
    if (!t->counter) {
      PyErr_NoMemory();
      return nullptr;
    }
    *t->counter = {1, t->own_version};
  }
  t->counter->refs++;
  return t->counter;
}

void bump(Tensor* t) {
  if (t->counter)
    t->counter->version++;
  else
    t->own_version++;
}

Tensor* alias(Tensor* t) {
  Counter* c = share_counter(t);
  if (!c) return nullptr;
  Py_INCREF(t->array);
  Tensor* a = make_tensor((PyTypeObject*)bound.plain, t->array);
  if (!a) {
    drop(c);
    return nullptr;
  }
  a->counter = c;
  return a;
}

bool refresh(Tensor* t) {
  if (!t->base || ((Tensor*)t->base)->history == t->history) return true;
  PyObject* r = PyObject_CallOneArg(bound.regenerate, (PyObject*)t);
  Py_XDECREF(r);
  return r != nullptr;
}

void set_history(Tensor* t, PyObject* node, int nr) {
  Py_XINCREF(node);
  Py_XSETREF(t->grad_fn, node);
  t->output_nr = nr;
  t->requires_grad = node != nullptr;
}

static int tensor_traverse(PyObject* self, visitproc visit, void* arg) {
  Tensor* t = (Tensor*)self;
  Py_VISIT(t->grad);
  Py_VISIT(t->grad_fn);
  Py_VISIT(t->base);
  Py_VISIT(t->hooks);
  return 0;
}

static int tensor_clear(PyObject* self) {
  Tensor* t = (Tensor*)self;
  Py_CLEAR(t->grad);
  Py_CLEAR(t->grad_fn);
  Py_CLEAR(t->base);
  Py_CLEAR(t->hooks);
  return 0;
}

static void tensor_dealloc(PyObject* self) {
  // Reached through the deallocator of a Python class, which bounds the depth of recursion.
  Tensor* t = (Tensor*)self;
  PyObject_GC_UnTrack(self);
  if (t->weakrefs) PyObject_ClearWeakRefs(self);
  tensor_clear(self);
  Py_CLEAR(t->array);
  drop(t->counter);
  t->counter = nullptr;
  Py_TYPE(self)->tp_free(self);
}

#define SELF ((Tensor*)self)

static PyObject* or_none(PyObject* o) {
  if (!o) Py_RETURN_NONE;
  Py_INCREF(o);
  return o;
}

static PyObject* get_array(PyObject* self, void*) { return or_none((PyObject*)SELF->array); }
static int set_array(PyObject* self, PyObject* value, void*) {
  if (!value || !PyArray_Check(value)) {
    PyErr_SetString(PyExc_TypeError, "_array must be an ndarray");
    return -1;
  }
  Py_INCREF(value);
  Py_XSETREF(SELF->array, (PyArrayObject*)value);
  return 0;
}

static PyObject* get_grad(PyObject* self, void*) { return or_none(SELF->grad); }
static int set_grad(PyObject* self, PyObject* value, void*) {
  if (value && value != Py_None) {
    PyObject* args[2] = {self, value};
    PyObject* r = PyObject_Vectorcall(bound.check_grad, args, 2, nullptr);
    if (!r) return -1;
    Py_DECREF(r);
    Py_INCREF(value);
  } else {
    value = nullptr;
  }
  Py_XSETREF(SELF->grad, value);
  return 0;
}
static int set_grad_raw(PyObject* self, PyObject* value, void*) {
  if (value == Py_None) value = nullptr;
  Py_XINCREF(value);
  Py_XSETREF(SELF->grad, value);
  return 0;
}

static PyObject* get_grad_fn(PyObject* self, void*) { return refresh(SELF) ? or_none(SELF->grad_fn) : nullptr; }
static PyObject* get_grad_fn_raw(PyObject* self, void*) { return or_none(SELF->grad_fn); }
static PyObject* get_is_leaf(PyObject* self, void*) {
  return refresh(SELF) ? PyBool_FromLong(!SELF->grad_fn) : nullptr;
}

static PyObject* get_requires_grad(PyObject* self, void*) {
  return refresh(SELF) ? PyBool_FromLong(SELF->requires_grad) : nullptr;
}
static int set_requires_grad(PyObject* self, PyObject* value, void*) {
  if (!value || !PyBool_Check(value)) {
    PyErr_Format(PyExc_RuntimeError, "requires_grad: must be a bool, got %s",
                 value ? Py_TYPE(value)->tp_name : "nothing (it cannot be deleted)");
    return -1;
  }
  const bool want = value == Py_True;
  if (!refresh(SELF)) return -1;
  if (SELF->grad_fn) {
    if (want) return 0;
    PyObject* name = node_name(SELF->grad_fn);
    if (name)
      PyErr_Format(PyExc_RuntimeError,
                   "requires_grad: you can only change it on leaf tensors, got the result of an operation (%U); "
                   "use .detach() for a tensor that needs no gradient",
                   name);
    Py_XDECREF(name);
    return -1;
  }
  if (want) {
    PyArray_Descr* d = PyArray_DESCR(SELF->array);
    // ml_dtypes' types, all of them floating point here, are of kind 'V'
    if (d->kind != 'f' && d->kind != 'c' && d->kind != 'V') {
      PyErr_Format(PyExc_RuntimeError,
                   "requires_grad: only Tensors of floating point and complex dtype can require gradients, got "
                   "torch.%S",
                   d);
      return -1;
    }
  }
  SELF->requires_grad = want;
  return 0;
}
static PyObject* get_requires_grad_raw(PyObject* self, void*) { return PyBool_FromLong(SELF->requires_grad); }

static PyObject* get_version(PyObject* self, void*) { return PyLong_FromLongLong(version(SELF)); }
static PyObject* get_base(PyObject* self, void*) { return or_none(SELF->base); }
static int set_base(PyObject* self, PyObject* value, void*) {
  Py_XINCREF(value);
  Py_XSETREF(SELF->base, value);
  return 0;
}
static PyObject* get_hooks(PyObject* self, void*) { return or_none(SELF->hooks); }
static int set_hooks(PyObject* self, PyObject* value, void*) {
  if (value == Py_None) value = nullptr;
  Py_XINCREF(value);
  Py_XSETREF(SELF->hooks, value);
  return 0;
}

static PyObject* get_shape(PyObject* self, void*) {
  // A Size is a tuple: fill one directly, as tuple's own subclass constructor does.
  int nd = PyArray_NDIM(SELF->array);
  PyTypeObject* type = (PyTypeObject*)bound.size;
  PyObject* t = type->tp_alloc(type, nd);
  if (!t) return nullptr;
  for (int i = 0; i < nd; i++) {
    PyObject* n = PyLong_FromSsize_t(PyArray_DIM(SELF->array, i));
    if (!n) {
      Py_DECREF(t);
      return nullptr;
    }
    PyTuple_SET_ITEM(t, i, n);
  }
  return t;
}

static PyObject* get_ndim(PyObject* self, void*) { return PyLong_FromLong(PyArray_NDIM(SELF->array)); }

static PyObject* get_dtype(PyObject* self, void*) {
  PyObject* number = PyLong_FromLong(PyArray_TYPE(SELF->array));
  PyObject* d = number ? PyDict_GetItemWithError(bound.dtypes, number) : nullptr;
  Py_XDECREF(number);
  if (!d && !PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "dtype: the array's NumPy dtype has no counterpart");
  Py_XINCREF(d);
  return d;
}

static PyGetSetDef tensor_getset[] = {
    {"_array", get_array, set_array, "The NumPy array behind the tensor.", nullptr},
    {"grad", get_grad, set_grad, "The gradient that backward() added up, or None.", nullptr},
    {"_grad", get_grad, set_grad_raw, "`grad`, unchecked.", nullptr},
    {"grad_fn", get_grad_fn, nullptr, "The node of the operation that made the tensor; None for a leaf.", nullptr},
    {"_grad_fn", get_grad_fn_raw, nullptr, "`grad_fn` as last known.", nullptr},
    {"is_leaf", get_is_leaf, nullptr, "Whether the tensor was made by the user and not by a recorded operation.",
     nullptr},
    {"requires_grad", get_requires_grad, set_requires_grad, "Whether operations on the tensor are recorded.", nullptr},
    {"_requires_grad", get_requires_grad_raw, nullptr, "`requires_grad` as last known.", nullptr},
    {"_version", get_version, nullptr, "How often the tensor's memory was changed in place.", nullptr},
    {"_base", get_base, set_base, "The tensor that this is a view of, or None.", nullptr},
    {"_hooks", get_hooks, set_hooks, "A leaf's hooks.", nullptr},
    {"shape", get_shape, nullptr, "The size of each dimension.", nullptr},
    {"ndim", get_ndim, nullptr, "The number of dimensions.", nullptr},
    {"dtype", get_dtype, nullptr, "The type of the elements.", nullptr},
    {}};

static PyMemberDef tensor_members[] = {
    {"_output_nr", T_INT, offsetof(Tensor, output_nr), READONLY, "Which output of its node the tensor is."},
    {"_history", T_INT, offsetof(Tensor, history), 0, "See NOTE [Views and histories]."},
    {"_retains_grad", T_BOOL, offsetof(Tensor, retains_grad), 0, "Whether retain_grad() was called."},
    {}};

static PyObject* tensor_make(PyObject* cls, PyObject* array) {
  if (!PyArray_Check(array))
    return PyErr_Format(PyExc_TypeError, "_make takes an ndarray, got %s", Py_TYPE(array)->tp_name);
  Py_INCREF(array);
  return (PyObject*)make_tensor((PyTypeObject*)cls, (PyArrayObject*)array);
}
static PyObject* tensor_alias(PyObject* self, PyObject*) { return (PyObject*)alias(SELF); }
static PyObject* tensor_bump(PyObject* self, PyObject*) {
  bump(SELF);
  Py_RETURN_NONE;
}
static PyObject* tensor_renew_version(PyObject* self, PyObject*) {
  drop(SELF->counter);
  SELF->counter = nullptr;
  SELF->own_version = 0;
  Py_RETURN_NONE;
}
static PyObject* tensor_share_version(PyObject* self, PyObject* other) {
  if (!is_tensor(other)) return PyErr_Format(PyExc_TypeError, "_share_version takes a Tensor");
  Counter* c = share_counter((Tensor*)other);
  if (!c) return nullptr;
  drop(SELF->counter);
  SELF->counter = c;
  Py_RETURN_NONE;
}
static PyObject* tensor_set_history(PyObject* self, PyObject* const* args, Py_ssize_t n) {
  if (n != 2) return PyErr_Format(PyExc_TypeError, "_set_history takes 2 arguments");
  set_history(SELF, args[0] == Py_None ? nullptr : args[0], (int)PyLong_AsLong(args[1]));
  Py_RETURN_NONE;
}
static PyObject* tensor_dim(PyObject* self, PyObject*) { return get_ndim(self, nullptr); }
static PyObject* tensor_numel(PyObject* self, PyObject*) { return PyLong_FromSsize_t(PyArray_SIZE(SELF->array)); }

static PyMethodDef tensor_methods[] = {
    {"_make", tensor_make, METH_O | METH_CLASS, "A tensor of this class around an array, with no history."},
    {"_alias", tensor_alias, METH_NOARGS, "A plain tensor of the same memory and version, with no history."},
    {"_bump", tensor_bump, METH_NOARGS, "Note that the memory was written to."},
    {"_renew_version", tensor_renew_version, METH_NOARGS, "Count versions by itself from now on."},
    {"_share_version", tensor_share_version, METH_O, "Count versions together with another tensor."},
    {"_set_history", (PyCFunction)(void (*)(void))tensor_set_history, METH_FASTCALL, "Set the node and output number."},
    {"dim", tensor_dim, METH_NOARGS, "The number of dimensions."},
    {"ndimension", tensor_dim, METH_NOARGS, "The number of dimensions."},
    {"numel", tensor_numel, METH_NOARGS, "The number of elements."},
    {"nelement", tensor_numel, METH_NOARGS, "The number of elements."},
    {}};

PyTypeObject tensor_type = {PyVarObject_HEAD_INIT(nullptr, 0)};

static AtImport make_type([](PyObject* module) {
  tensor_type.tp_name = "rushlight._C.TensorBase";
  tensor_type.tp_doc = "A NumPy array and autograd's fields.";
  tensor_type.tp_basicsize = sizeof(Tensor);
  tensor_type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC;
  tensor_type.tp_dealloc = tensor_dealloc;
  tensor_type.tp_traverse = tensor_traverse;
  tensor_type.tp_clear = tensor_clear;
  tensor_type.tp_weaklistoffset = offsetof(Tensor, weakrefs);
  tensor_type.tp_getset = tensor_getset;
  tensor_type.tp_members = tensor_members;
  tensor_type.tp_methods = tensor_methods;
  tensor_type.tp_free = PyObject_GC_Del;
  tensor_type.tp_as_number = operator_slots();
  add_binding(module, "TensorBase", &tensor_type);
});

bool add_binding(PyObject* module, const char* name, PyTypeObject* type) {
  if (PyType_Ready(type) < 0) return false;
  Py_INCREF(type);
  return PyModule_AddObject(module, name, (PyObject*)type) == 0;
}

// -- recording on and off, and what Python gives -----------------------------------------------------------
RL_DEF(is_grad_enabled, 0) { return PyBool_FromLong(grad_enabled); }

RL_DEF(set_grad_mode, 1) {
  bool before = grad_enabled;
  grad_enabled = as_bool(args[0]);
  return PyBool_FromLong(before);
}

static PyObject* bind_call(PyObject*, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"plain",      "regenerate", "finish_inplace", "fit",  "accumulate",
                                "check_grad", "size",       "dtypes",         nullptr};
  PyObject* values[8] = {};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$OOOOOOOO", (char**)names, &values[0], &values[1], &values[2],
                                   &values[3], &values[4], &values[5], &values[6], &values[7]))
    return nullptr;
  PyObject** fields[8] = {&bound.plain,      &bound.regenerate, &bound.finish_inplace, &bound.fit,
                          &bound.accumulate, &bound.check_grad, &bound.size,           &bound.dtypes};
  for (int i = 0; i < 8; i++)
    if (values[i]) {
      Py_INCREF(values[i]);
      Py_XSETREF(*fields[i], values[i]);
    }
  Py_RETURN_NONE;
}
static Method bind_method("bind", (PyCFunction)(void (*)(void))bind_call, METH_VARARGS | METH_KEYWORDS);

}  // namespace rl
