// The compiled twins of rushlight/autograd/graph.py: tensors with a history, and nodes. Same fields, same
// rules; read that file first. Everything here runs with the GIL held.
#pragma once

#include "bindings/args.h"

namespace rl {

// A version number that aliases of the same memory share.
struct Counter {
  int64_t refs;
  int64_t version;
};

struct Tensor {
  PyObject_HEAD PyArrayObject* array;
  PyObject* grad;     // Tensor or null
  PyObject* grad_fn;  // Node or null
  PyObject* base;     // Tensor that this is a view of, or null
  PyObject* hooks;    // dict of a leaf's hooks, or null
  PyObject* weakrefs;
  Counter* counter;  // null until somebody shares it: then the version is 0 + own_version
  int64_t own_version;
  int32_t output_nr;
  int32_t history;
  bool requires_grad, retains_grad;
};

// Shape and type of one output: what its gradient must have on arrival.
struct Meta {
  int nd;
  int type;
  npy_intp* dims;
};

// Where an input's gradient goes: a node's output, or a leaf tensor; null target: nowhere.
struct Edge {
  PyObject* target;
  int nr;
};

struct Saved {
  PyArrayObject* array;  // null: None was saved, unless `leaf` is set
  Counter* counter;
  PyObject* leaf;     // a leaf that requires grad, kept as it is
  PyObject* grad_fn;  // of a tensor with a history
  int64_t version;
  int nr;
  bool is_output;
};

struct Node {
  PyObject_HEAD Edge* edges;
  Meta* meta;
  Saved* saved;
  npy_intp* dims;  // memory of all meta's dims
  int n_edges, n_meta, n_saved;
  PyObject* to_save;             // tuple, between save_for_backward and the end of forward
  PyObject* needs;               // needs_input_grad, made when asked for
  PyObject* dirty;               // tuple or null
  PyObject* non_differentiable;  // tuple or null
  PyObject* hooks;               // dict or null
  PyObject* post_hooks;          // dict or null
  PyObject* weakrefs;
  uint64_t needs_bits;  // for the first 64 arguments
  int n_args;
  int64_t sequence;
  bool freed, materialize;
};

extern PyTypeObject tensor_type;  // TensorBase
extern PyTypeObject node_type;    // Node

// What Python gives: see bind() in graph.py.
struct Bound {
  PyObject *plain, *regenerate, *finish_inplace, *fit, *accumulate, *check_grad, *size, *dtypes;
};
extern Bound bound;
extern thread_local bool grad_enabled;

inline bool is_tensor(PyObject* o) { return PyObject_TypeCheck(o, &tensor_type); }
inline bool is_node(PyObject* o) { return PyObject_TypeCheck(o, &node_type); }

// A tensor of class `type` around `array` (reference taken over). Null with an exception on failure.
Tensor* make_tensor(PyTypeObject* type, PyArrayObject* array);
// Shares memory and version with t, no history.
Tensor* alias(Tensor* t);
Counter* share_counter(Tensor* t);  // a new reference to the counter
inline int64_t version(const Tensor* t) { return t->counter ? t->counter->version : t->own_version; }
void bump(Tensor* t);
// Brings a view's history up to date. False with an exception on failure.
bool refresh(Tensor* t);
inline bool requires_grad(Tensor* t) {  // after refresh
  return t->requires_grad;
}
void set_history(Tensor* t, PyObject* node, int nr);

Node* make_node(PyTypeObject* type);
// Takes the node into the graph: edges from `args`, history for the tensors among `outputs`.
bool record(Node* node, PyObject* const* args, Py_ssize_t n_args, PyObject** outputs, Py_ssize_t n_outputs);
void release(Node* node);
PyObject* node_name(PyObject* node);  // new reference to a str
bool raise_freed(Node* node);
PyNumberMethods* operator_slots();  // of TensorBase
bool add_binding(PyObject* module, const char* name, PyTypeObject* type);

}  // namespace rl
