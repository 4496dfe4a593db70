#include "autograd/graph.h"

#include <structmember.h>

#include <cstddef>

namespace rl {

static int64_t next_sequence = 0;

#define SELF ((Node*)self)

Node* make_node(PyTypeObject* type) {
  Node* n = (Node*)type->tp_alloc(type, 0);
  if (!n) return nullptr;
  n->materialize = true;
  n->sequence = next_sequence++;
  return n;
}

static void clear_saved(Node* n) {
  Saved* saved = n->saved;
  int count = n->n_saved;
  n->saved = nullptr;
  n->n_saved = 0;
  for (int i = 0; i < count; i++) {
    Py_XDECREF(saved[i].array);
    Py_XDECREF(saved[i].leaf);
    Py_XDECREF(saved[i].grad_fn);
    if (saved[i].counter && --saved[i].counter->refs == 0) PyMem_Free(saved[i].counter);
  }
  PyMem_Free(saved);
}

static void clear_edges(Node* n) {
  Edge* edges = n->edges;
  int count = n->n_edges;
  n->edges = nullptr;
  n->n_edges = 0;
  for (int i = 0; i < count; i++) Py_XDECREF(edges[i].target);
  PyMem_Free(edges);
}

void release(Node* n) {
  n->freed |= n->n_saved > 0;  // a node that saved nothing can run again
  clear_saved(n);
}

static int node_traverse(PyObject* self, visitproc visit, void* arg) {
  for (int i = 0; i < SELF->n_edges; i++) Py_VISIT(SELF->edges[i].target);
  for (int i = 0; i < SELF->n_saved; i++) {
    Py_VISIT(SELF->saved[i].leaf);
    Py_VISIT(SELF->saved[i].grad_fn);
  }
  Py_VISIT(SELF->to_save);
  Py_VISIT(SELF->dirty);
  Py_VISIT(SELF->non_differentiable);
  Py_VISIT(SELF->hooks);
  Py_VISIT(SELF->post_hooks);
  return 0;
}

static int node_clear(PyObject* self) {
  clear_edges(SELF);
  clear_saved(SELF);
  Py_CLEAR(SELF->to_save);
  Py_CLEAR(SELF->needs);
  Py_CLEAR(SELF->dirty);
  Py_CLEAR(SELF->non_differentiable);
  Py_CLEAR(SELF->hooks);
  Py_CLEAR(SELF->post_hooks);
  return 0;
}

static void node_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  if (SELF->weakrefs) PyObject_ClearWeakRefs(self);
  node_clear(self);
  PyMem_Free(SELF->meta);
  PyMem_Free(SELF->dims);
  Py_TYPE(self)->tp_free(self);
}

PyObject* node_name(PyObject* node) {
  PyObject* name = PyObject_GetAttrString((PyObject*)Py_TYPE(node), "_name");
  if (name && PyUnicode_Check(name)) return name;
  PyErr_Clear();
  Py_XDECREF(name);
  return PyUnicode_FromString(Py_TYPE(node)->tp_name);
}

bool raise_freed(Node* node) {
  PyObject* name = node_name((PyObject*)node);
  if (name)
    PyErr_Format(PyExc_RuntimeError,
                 "backward: Trying to backward through the graph a second time (%U), but the values saved for it have "
                 "been freed by the first; pass retain_graph=True to the first backward() or grad()",
                 name);
  Py_XDECREF(name);
  return false;
}

static bool in_tuple(PyObject* o, PyObject* tuple) {
  if (!tuple) return false;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++)
    if (PyTuple_GET_ITEM(tuple, i) == o) return true;
  return false;
}

static bool differentiable(int type) {
  return type == NPY_FLOAT32 || type == NPY_FLOAT64 || type == NPY_HALF || type == NPY_CFLOAT || type == NPY_CDOUBLE ||
         type >= NPY_USERDEF;
}

bool record(Node* node, PyObject* const* args, Py_ssize_t n_args, PyObject** outputs, Py_ssize_t n_outputs) {
  node->edges = (Edge*)PyMem_Calloc(n_args ? n_args : 1, sizeof(Edge));
  if (!node->edges) return PyErr_NoMemory(), false;
  node->n_edges = (int)n_args;
  for (Py_ssize_t i = 0; i < n_args; i++) {
    if (!is_tensor(args[i])) continue;
    Tensor* t = (Tensor*)args[i];
    if (!refresh(t)) return false;
    if (!t->requires_grad) continue;
    node->edges[i].target = t->grad_fn ? t->grad_fn : (PyObject*)t;
    node->edges[i].nr = t->grad_fn ? t->output_nr : 0;
    Py_INCREF(node->edges[i].target);
  }
  npy_intp total = 0;
  for (Py_ssize_t i = 0; i < n_outputs; i++)
    if (is_tensor(outputs[i])) total += PyArray_NDIM(((Tensor*)outputs[i])->array);
  node->meta = (Meta*)PyMem_Calloc(n_outputs ? n_outputs : 1, sizeof(Meta));
  node->dims = (npy_intp*)PyMem_Malloc((total ? total : 1) * sizeof(npy_intp));
  if (!node->meta || !node->dims) return PyErr_NoMemory(), false;
  node->n_meta = (int)n_outputs;
  npy_intp* dims = node->dims;
  for (Py_ssize_t i = 0; i < n_outputs; i++) {
    node->meta[i].nd = -1;
    if (!is_tensor(outputs[i])) continue;
    Tensor* t = (Tensor*)outputs[i];
    int nd = PyArray_NDIM(t->array);
    node->meta[i] = {nd, PyArray_TYPE(t->array), dims};
    for (int k = 0; k < nd; k++) *dims++ = PyArray_DIM(t->array, k);
    if (differentiable(PyArray_TYPE(t->array)) && !in_tuple(outputs[i], node->non_differentiable))
      set_history(t, (PyObject*)node, (int)i);
  }
  if (!node->to_save) return true;
  PyObject* list = node->to_save;
  node->to_save = nullptr;
  Py_ssize_t n = PyTuple_GET_SIZE(list);
  node->saved = (Saved*)PyMem_Calloc(n ? n : 1, sizeof(Saved));
  if (!node->saved) {
    Py_DECREF(list);
    return PyErr_NoMemory(), false;
  }
  node->n_saved = (int)n;
  bool ok = true;
  for (Py_ssize_t i = 0; i < n && ok; i++) {
    PyObject* o = PyTuple_GET_ITEM(list, i);
    if (o == Py_None) continue;
    if (!is_tensor(o)) {
      PyErr_Format(PyExc_TypeError, "save_for_backward can only save variables, but argument %zd is of type %s", i,
                   Py_TYPE(o)->tp_name);
      ok = false;
      break;
    }
    Tensor* t = (Tensor*)o;
    Saved& s = node->saved[i];
    ok = refresh(t);
    s.version = version(t);
    if (!t->grad_fn && t->requires_grad) {  // a leaf: it has no history to make a cycle with
      Py_INCREF(o);
      s.leaf = o;
      continue;
    }
    s.counter = share_counter(t);
    ok = ok && s.counter;
    Py_INCREF(t->array);
    s.array = t->array;
    s.nr = t->output_nr;
    s.is_output = t->grad_fn == (PyObject*)node;
    if (in_tuple(o, node->dirty))  // changed in place: what is saved is the result, an alias of which is the output
      for (Py_ssize_t k = 0; k < n_outputs; k++)
        if (is_tensor(outputs[k]) && ((Tensor*)outputs[k])->array == t->array) {
          s.is_output = true;
          s.nr = (int)k;
        }
    if (!s.is_output) {
      Py_XINCREF(t->grad_fn);
      s.grad_fn = t->grad_fn;
    }
  }
  Py_DECREF(list);
  return ok;
}

static PyObject* unpack(Node* node, const Saved& s) {
  if (!s.array && !s.leaf) Py_RETURN_NONE;
  int64_t now = s.leaf ? version((Tensor*)s.leaf) : s.counter->version;
  if (now != s.version) {
    PyArrayObject* a = s.leaf ? ((Tensor*)s.leaf)->array : s.array;
    PyObject* name = node_name((PyObject*)node);
    PyObject* shape = PyObject_GetAttrString((PyObject*)a, "shape");
    PyObject* list = shape ? PySequence_List(shape) : nullptr;
    if (name && list)
      PyErr_Format(PyExc_RuntimeError,
                   "backward: one of the variables needed for gradient computation has been modified by an inplace "
                   "operation: a torch.%S tensor of shape %S, saved by %U, is at version %lld; expected version %lld "
                   "instead; use the out-of-place form or .clone() it first",
                   PyArray_DESCR(a), list, name, (long long)now, (long long)s.version);
    Py_XDECREF(name);
    Py_XDECREF(shape);
    Py_XDECREF(list);
    return nullptr;
  }
  if (s.leaf) {
    Py_INCREF(s.leaf);
    return s.leaf;
  }
  Py_INCREF(s.array);
  Tensor* t = make_tensor((PyTypeObject*)bound.plain, s.array);
  if (!t) return nullptr;
  s.counter->refs++;
  t->counter = s.counter;
  PyObject* fn = s.is_output ? (PyObject*)node : s.grad_fn;
  if (fn) set_history(t, fn, s.nr);
  return (PyObject*)t;
}

static PyObject* get_saved(PyObject* self, void*) {
  if (SELF->freed) return raise_freed(SELF), nullptr;
  if (SELF->to_save) {  // read inside forward
    Py_INCREF(SELF->to_save);
    return SELF->to_save;
  }
  PyObject* tuple = PyTuple_New(SELF->n_saved);
  if (!tuple) return nullptr;
  for (int i = 0; i < SELF->n_saved; i++) {
    PyObject* t = unpack(SELF, SELF->saved[i]);
    if (!t) {
      Py_DECREF(tuple);
      return nullptr;
    }
    PyTuple_SET_ITEM(tuple, i, t);
  }
  return tuple;
}

static PyObject* get_needs(PyObject* self, void*) {
  if (!SELF->needs) {
    SELF->needs = PyTuple_New(SELF->n_args);
    if (!SELF->needs) return nullptr;
    for (int i = 0; i < SELF->n_args; i++) PyTuple_SET_ITEM(SELF->needs, i, PyBool_FromLong(SELF->needs_bits >> i & 1));
  }
  Py_INCREF(SELF->needs);
  return SELF->needs;
}
static int set_needs(PyObject* self, PyObject* value, void*) {
  Py_XINCREF(value);
  Py_XSETREF(SELF->needs, value);
  return 0;
}

static PyObject* save_for_backward(PyObject* self, PyObject* args) {
  Py_INCREF(args);
  Py_XSETREF(SELF->to_save, args);
  Py_RETURN_NONE;
}
static PyObject* mark_dirty(PyObject* self, PyObject* args) {
  Py_INCREF(args);
  Py_XSETREF(SELF->dirty, args);
  Py_RETURN_NONE;
}
static PyObject* mark_non_differentiable(PyObject* self, PyObject* args) {
  Py_INCREF(args);
  Py_XSETREF(SELF->non_differentiable, args);
  Py_RETURN_NONE;
}
static PyObject* set_materialize_grads(PyObject* self, PyObject* value) {
  int on = PyObject_IsTrue(value);
  if (on < 0) return nullptr;
  SELF->materialize = on;
  Py_RETURN_NONE;
}

static PyObject* node_new_(PyObject* cls, PyObject*) { return (PyObject*)make_node((PyTypeObject*)cls); }

static PyObject* node_record(PyObject* self, PyObject* const* args, Py_ssize_t n) {
  if (n != 2 || !PyTuple_Check(args[0]) || !PyList_Check(args[1]))
    return PyErr_Format(PyExc_TypeError, "_record takes a tuple and a list");
  if (!record(SELF, ((PyTupleObject*)args[0])->ob_item, PyTuple_GET_SIZE(args[0]), ((PyListObject*)args[1])->ob_item,
              PyList_GET_SIZE(args[1])))
    return nullptr;
  Py_RETURN_NONE;
}
static PyObject* node_own_saved(PyObject* self, PyObject* array) {
  for (int i = 0; i < SELF->n_saved; i++) {
    Saved& s = SELF->saved[i];
    if ((PyObject*)s.array != array) continue;
    PyArrayObject* copy = (PyArrayObject*)PyArray_NewCopy(s.array, NPY_KEEPORDER);
    Counter* counter = copy ? (Counter*)PyMem_Malloc(sizeof(Counter)) : nullptr;
    if (!counter) {
      Py_XDECREF(copy);
      return PyErr_NoMemory();
    }
    *counter = {1, 0};
    if (--s.counter->refs == 0) PyMem_Free(s.counter);
    s.counter = counter;
    s.version = 0;
    Py_SETREF(s.array, copy);
  }
  Py_RETURN_NONE;
}
static PyObject* node_release(PyObject* self, PyObject*) {
  release(SELF);
  Py_RETURN_NONE;
}

// -- apply -----------------------------------------------------------------------------------------------
enum Flags { kView = 1, kSetup = 2 };
static PyObject *str_forward, *str_flags, *str_forward_then_setup;

static bool make_view(Tensor* out, Tensor* of) {
  Tensor* base = of->base ? (Tensor*)of->base : of;
  Counter* c = share_counter(of);
  if (!c) return false;
  if (out->counter && --out->counter->refs == 0) PyMem_Free(out->counter);
  out->counter = c;
  Py_INCREF(base);
  Py_XSETREF(out->base, (PyObject*)base);
  out->history = base->history;
  return true;
}

static PyObject* apply(PyObject* cls, PyObject* const* args, Py_ssize_t n) {
  Node* ctx = make_node((PyTypeObject*)cls);
  if (!ctx) return nullptr;
  PyObject* self = (PyObject*)ctx;
  PyObject *result = nullptr, *flags_object = nullptr, *forward = nullptr;
  PyObject* small[16];
  PyObject** call = small;
  bool recording = false, before = grad_enabled;
  long flags;
  ctx->n_args = (int)n;
  for (Py_ssize_t i = 0; i < n; i++) {
    if (!is_tensor(args[i])) continue;
    Tensor* t = (Tensor*)args[i];
    if (!refresh(t)) goto done;
    if (t->requires_grad) {
      recording = true;
      if (i < 64) ctx->needs_bits |= (uint64_t)1 << i;
    }
  }
  if (n > 64) {
    ctx->needs = PyTuple_New(n);
    if (!ctx->needs) goto done;
    for (Py_ssize_t i = 0; i < n; i++)
      PyTuple_SET_ITEM(ctx->needs, i, PyBool_FromLong(is_tensor(args[i]) && ((Tensor*)args[i])->requires_grad));
  }
  recording = recording && before;
  flags_object = PyObject_GetAttr(cls, str_flags);
  if (!flags_object) goto done;
  flags = PyLong_AsLong(flags_object);
  Py_DECREF(flags_object);
  forward = PyObject_GetAttr(cls, flags & kSetup ? str_forward_then_setup : str_forward);
  if (!forward) goto done;
  if (n + 2 > 16) {
    call = (PyObject**)PyMem_Malloc((n + 2) * sizeof(PyObject*));
    if (!call) {
      PyErr_NoMemory();
      goto done;
    }
  }
  call[1] = self;
  for (Py_ssize_t i = 0; i < n; i++) call[i + 2] = args[i];
  grad_enabled = false;
  result = PyObject_Vectorcall(forward, call + 1, (size_t)(n + 1) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
  grad_enabled = before;
  if (call != small) PyMem_Free(call);
  Py_DECREF(forward);
  if (!result) goto done;

  {
    bool several = PyTuple_Check(result) || PyList_Check(result);
    // Outputs that are inputs handed back as they are, or that must not be changed in the tuple they came in
    // (a list or a named tuple of the user's), are replaced; only then is a new tuple made.
    PyObject* one[1] = {result};
    PyObject* list = nullptr;
    PyObject** outputs = one;
    Py_ssize_t count = 1;
    if (several) {
      list = PySequence_List(result);
      if (!list) goto fail;
      outputs = ((PyListObject*)list)->ob_item;
      count = PyList_GET_SIZE(list);
    }
    bool changed = false;
    for (Py_ssize_t k = 0; k < count; k++) {
      if (!is_tensor(outputs[k]) || in_tuple(outputs[k], ctx->dirty)) continue;
      for (Py_ssize_t i = 0; i < n; i++)
        if (outputs[k] == args[i]) {
          PyObject* a = (PyObject*)alias((Tensor*)outputs[k]);
          if (!a) {
            Py_XDECREF(list);
            goto fail;
          }
          Py_DECREF(outputs[k]);
          outputs[k] = a;
          changed = true;
          break;
        }
    }
    if (!several) result = one[0];
    bool ok = true;
    if ((flags & kView) && n && is_tensor(args[0]))
      for (Py_ssize_t k = 0; k < count && ok; k++)
        if (is_tensor(outputs[k])) ok = make_view((Tensor*)outputs[k], (Tensor*)args[0]);
    if (ok && ctx->dirty && PyTuple_GET_SIZE(ctx->dirty)) {
      PyObject* arg_tuple = PyTuple_New(n);
      for (Py_ssize_t i = 0; arg_tuple && i < n; i++) {
        Py_INCREF(args[i]);
        PyTuple_SET_ITEM(arg_tuple, i, args[i]);
      }
      if (!several) {
        list = PyList_New(1);
        if (list) {
          Py_INCREF(result);
          PyList_SET_ITEM(list, 0, result);
        }
      }
      PyObject* r = arg_tuple && list ? PyObject_CallFunctionObjArgs(bound.finish_inplace, self, arg_tuple, list,
                                                                     recording ? Py_True : Py_False, nullptr)
                                      : nullptr;
      Py_XDECREF(arg_tuple);
      ok = r != nullptr;
      Py_XDECREF(r);
      Py_CLEAR(ctx->dirty);  // NOTE [No cycles]: these tensors hold the node now
      if (!several) Py_CLEAR(list);
    } else if (ok && recording) {
      ok = record(ctx, args, n, outputs, count);
    }
    if (ok && changed && several) {
      PyObject* tuple = PyList_AsTuple(list);
      ok = tuple != nullptr;
      if (tuple) Py_SETREF(result, tuple);
    }
    Py_XDECREF(list);
    if (!ok) goto fail;
  }
  if (!recording) Py_CLEAR(ctx->to_save);
  goto done;
fail:
  Py_CLEAR(result);
done:
  Py_DECREF(self);
  return result;
}

// -- as seen by users --------------------------------------------------------------------------------------
struct Accumulator {
  PyObject_HEAD PyObject* variable;
};
static PyTypeObject accumulator_type = {PyVarObject_HEAD_INIT(nullptr, 0)};

static PyObject* get_next_functions(PyObject* self, void*) {
  PyObject* tuple = PyTuple_New(SELF->n_edges);
  if (!tuple) return nullptr;
  for (int i = 0; i < SELF->n_edges; i++) {
    PyObject* target = SELF->edges[i].target;
    PyObject* fn = Py_None;
    if (target && is_tensor(target))
      fn = PyObject_CallOneArg((PyObject*)&accumulator_type, target);
    else
      Py_INCREF(fn = target ? target : Py_None);
    PyObject* pair = fn ? Py_BuildValue("(Ni)", fn, SELF->edges[i].nr) : nullptr;
    if (!pair) {
      Py_DECREF(tuple);
      return nullptr;
    }
    PyTuple_SET_ITEM(tuple, i, pair);
  }
  return tuple;
}

static PyObject* get_dict_field(PyObject* self, void* offset) {
  PyObject* o = *(PyObject**)((char*)self + (size_t)offset);
  if (!o) Py_RETURN_NONE;
  Py_INCREF(o);
  return o;
}
static int set_dict_field(PyObject* self, PyObject* value, void* offset) {
  PyObject** field = (PyObject**)((char*)self + (size_t)offset);
  if (value == Py_None) value = nullptr;
  Py_XINCREF(value);
  Py_XSETREF(*field, value);
  return 0;
}
static PyObject* get_dirty(PyObject* self, void*) {
  if (!SELF->dirty) return PyTuple_New(0);
  Py_INCREF(SELF->dirty);
  return SELF->dirty;
}

static PyGetSetDef node_getset[] = {
    {"saved_tensors", get_saved, nullptr, "What save_for_backward kept.", nullptr},
    {"needs_input_grad", get_needs, set_needs, "Which arguments of forward need a gradient.", nullptr},
    {"next_functions", get_next_functions, nullptr, "(node, output number) for each input.", nullptr},
    {"_hooks", get_dict_field, set_dict_field, "Hooks on the gradients of the outputs.", (void*)offsetof(Node, hooks)},
    {"_post_hooks", get_dict_field, set_dict_field, "Hooks after backward.", (void*)offsetof(Node, post_hooks)},
    {"_dirty", get_dirty, nullptr, "Inputs changed in place.", nullptr},
    {}};

static PyMemberDef node_members[] = {
    {"_sequence", T_LONGLONG, offsetof(Node, sequence), READONLY, "Nodes count up as they are made."},
    {"_freed", T_BOOL, offsetof(Node, freed), READONLY, "Whether the saved values are gone."},
    {}};

static PyMethodDef node_methods[] = {
    {"apply", (PyCFunction)(void (*)(void))apply, METH_FASTCALL | METH_CLASS,
     "Run forward on the arguments and record it if any tensor among them requires grad."},
    {"save_for_backward", save_for_backward, METH_VARARGS, "Keep tensors for backward."},
    {"mark_dirty", mark_dirty, METH_VARARGS, "Say which inputs forward changed in place and returns."},
    {"mark_non_differentiable", mark_non_differentiable, METH_VARARGS, "Say which outputs have no gradient."},
    {"set_materialize_grads", set_materialize_grads, METH_O,
     "False: an output's gradient that is zero everywhere reaches backward as None."},
    {"_new", node_new_, METH_NOARGS | METH_CLASS, "A node that is not in the graph yet."},
    {"_record", (PyCFunction)(void (*)(void))node_record, METH_FASTCALL, "Take the node into the graph."},
    {"_own_saved", node_own_saved, METH_O, "Copy what was saved of an array that will be overwritten."},
    {"_release", node_release, METH_NOARGS, "Let go of what was saved."},
    {}};

PyTypeObject node_type = {PyVarObject_HEAD_INIT(nullptr, 0)};

static PyObject* accumulator_new(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject* variable;
  if (!PyArg_ParseTuple(args, "O", &variable)) return nullptr;
  Accumulator* a = (Accumulator*)type->tp_alloc(type, 0);
  if (!a) return nullptr;
  Py_INCREF(variable);
  a->variable = variable;
  return (PyObject*)a;
}
static void accumulator_dealloc(PyObject* self) {
  Py_CLEAR(((Accumulator*)self)->variable);
  Py_TYPE(self)->tp_free(self);
}
static PyObject* accumulator_name(PyObject*, PyObject*) {
  return PyUnicode_FromString("torch::autograd::AccumulateGrad");
}
static PyObject* accumulator_next(PyObject*, void*) { return PyTuple_New(0); }
static PyMemberDef accumulator_members[] = {
    {"variable", T_OBJECT_EX, offsetof(Accumulator, variable), READONLY, "The leaf."}, {}};
static PyMethodDef accumulator_methods[] = {{"name", accumulator_name, METH_NOARGS, "PyTorch's name."}, {}};
static PyGetSetDef accumulator_getset[] = {{"next_functions", accumulator_next, nullptr, "Nothing: the end.", nullptr},
                                           {}};

static AtImport make_type([](PyObject* module) {
  str_forward = PyUnicode_InternFromString("forward");
  str_flags = PyUnicode_InternFromString("_flags");
  str_forward_then_setup = PyUnicode_InternFromString("_forward");
  node_type.tp_name = "rushlight._C.Node";
  node_type.tp_doc = "One operation that was recorded: also the ctx of its forward and backward.";
  node_type.tp_basicsize = sizeof(Node);
  node_type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC;
  node_type.tp_dealloc = node_dealloc;
  node_type.tp_traverse = node_traverse;
  node_type.tp_clear = node_clear;
  node_type.tp_weaklistoffset = offsetof(Node, weakrefs);
  node_type.tp_getset = node_getset;
  node_type.tp_members = node_members;
  node_type.tp_methods = node_methods;
  node_type.tp_free = PyObject_GC_Del;
  add_binding(module, "Node", &node_type);
  accumulator_type.tp_name = "rushlight.AccumulateGrad";
  accumulator_type.tp_doc = "The end of a path at a leaf, where gradients are added up.";
  accumulator_type.tp_basicsize = sizeof(Accumulator);
  accumulator_type.tp_flags = Py_TPFLAGS_DEFAULT;
  accumulator_type.tp_new = accumulator_new;
  accumulator_type.tp_dealloc = accumulator_dealloc;
  accumulator_type.tp_members = accumulator_members;
  accumulator_type.tp_methods = accumulator_methods;
  accumulator_type.tp_getset = accumulator_getset;
  add_binding(module, "AccumulateGrad", &accumulator_type);
});

}  // namespace rl
