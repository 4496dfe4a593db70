// The compiled twin of rushlight/autograd/engine.py: read that file first.
#include <vector>

#include "autograd/graph.h"

namespace rl {
namespace {

struct Task {
  PyObject* target;   // node or leaf; owned
  PyObject** buffer;  // gradient of each output, owned, or null
  int outputs;
  int dependencies = 0;
  bool stop = false;    // the graph ends here
  bool needed = true;   // leads to a wanted gradient
  bool wanted = false;  // is one itself
};

// From object to its task: open addressing, as this is looked up for each edge.
class Table {
 public:
  Table() : slots_(64, -1) {}
  int find(PyObject* o) const {
    for (size_t i = hash(o);; i++) {
      int t = slots_[i & (slots_.size() - 1)];
      if (t < 0 || tasks[t].target == o) return t;
    }
  }
  int add(PyObject* o) {
    if (tasks.size() * 2 >= slots_.size()) grow();
    Py_INCREF(o);
    tasks.push_back({o, nullptr, is_node(o) ? ((Node*)o)->n_meta : 1});
    place(o, (int)tasks.size() - 1);
    return (int)tasks.size() - 1;
  }
  ~Table() {
    for (Task& t : tasks) {
      if (t.buffer)
        for (int i = 0; i < t.outputs; i++) Py_XDECREF(t.buffer[i]);
      PyMem_Free(t.buffer);
    }
    for (Task& t : tasks) Py_DECREF(t.target);
  }
  std::vector<Task> tasks;

 private:
  static size_t hash(PyObject* o) { return ((size_t)o >> 4) * 0x9E3779B97F4A7C15ull >> 20; }
  void place(PyObject* o, int t) {
    size_t i = hash(o);
    while (slots_[i & (slots_.size() - 1)] >= 0) i++;
    slots_[i & (slots_.size() - 1)] = t;
  }
  void grow() {
    slots_.assign(slots_.size() * 4, -1);
    for (size_t t = 0; t < tasks.size(); t++) place(tasks[t].target, (int)t);
  }
  std::vector<int> slots_;
};

struct Wanted {
  Tensor* tensor;
  int task, nr;
  PyObject* grad;  // owned
};

struct Run {
  Table table;
  std::vector<std::pair<int64_t, int>> ready;  // a heap of (sequence, task), latest first
  std::vector<Wanted> wanted;
  bool keep_graph, create_graph, accumulate, all;
  int64_t leaves = 0;  // that were made ready so far

  ~Run() {
    for (Wanted& w : wanted) Py_XDECREF(w.grad);
  }
};

Edge edge_of(Tensor* t) { return t->grad_fn ? Edge{t->grad_fn, t->output_nr} : Edge{(PyObject*)t, 0}; }

void push(Run& run, int task) {
  PyObject* target = run.table.tasks[task].target;
  // Leaves at once: their gradient is not held longer than needed. Among them, first come, first served.
  int64_t sequence = is_node(target) ? ((Node*)target)->sequence : INT64_MAX - run.leaves++;
  auto& heap = run.ready;
  heap.push_back({sequence, task});
  for (size_t i = heap.size() - 1; i && heap[(i - 1) / 2].first < heap[i].first; i = (i - 1) / 2)
    std::swap(heap[(i - 1) / 2], heap[i]);
}

int pop(Run& run) {
  auto& heap = run.ready;
  int task = heap[0].second;
  heap[0] = heap.back();
  heap.pop_back();
  for (size_t i = 0;;) {
    size_t next = 2 * i + 1;
    if (next >= heap.size()) break;
    if (next + 1 < heap.size() && heap[next + 1].first > heap[next].first) next++;
    if (heap[next].first <= heap[i].first) break;
    std::swap(heap[i], heap[next]);
    i = next;
  }
  return task;
}

// Depth first from one target; tasks get their number when first seen. `order`: inputs before users.
void discover(Run& run, PyObject* root, std::vector<int>* order) {
  Table& table = run.table;
  if (table.find(root) >= 0) return;
  std::vector<std::pair<int, int>> stack;  // task, next edge
  stack.push_back({table.add(root), 0});
  while (!stack.empty()) {
    auto& [task, next] = stack.back();
    PyObject* target = table.tasks[task].target;
    Node* node = is_node(target) && !table.tasks[task].stop ? (Node*)target : nullptr;
    while (node && next < node->n_edges && !node->edges[next].target) next++;
    if (!node || next >= node->n_edges) {
      if (order) order->push_back(task);
      stack.pop_back();
      continue;
    }
    PyObject* after = node->edges[next++].target;
    int t = table.find(after);
    bool fresh = t < 0;
    if (fresh) t = table.add(after);
    table.tasks[t].dependencies++;
    if (fresh) stack.push_back({t, 0});
  }
}

bool add_to(Run& run, int index, int nr, PyObject* g) {  // takes over g
  Task& task = run.table.tasks[index];
  if (!task.buffer) {
    task.buffer = (PyObject**)PyMem_Calloc(task.outputs ? task.outputs : 1, sizeof(PyObject*));
    if (!task.buffer) {
      Py_DECREF(g);
      return PyErr_NoMemory(), false;
    }
  }
  PyObject* before = task.buffer[nr];
  if (!before) {
    task.buffer[nr] = g;
    return true;
  }
  PyObject* sum = PyNumber_Add(before, g);
  Py_DECREF(g);
  if (!sum) return false;
  Task& again = run.table.tasks[index];  // a nested pass cannot have moved it, but it costs nothing to be sure
  Py_SETREF(again.buffer[nr], sum);
  return true;
}

bool fits(PyObject* g, int nd, const npy_intp* dims, int type) {
  if (!is_tensor(g)) return false;
  PyArrayObject* a = ((Tensor*)g)->array;
  if (PyArray_NDIM(a) != nd || PyArray_TYPE(a) != type) return false;
  for (int i = 0; i < nd; i++)
    if (PyArray_DIM(a, i) != dims[i]) return false;
  return true;
}

// g in the shape and dtype of what it is the gradient of. Takes over g; gives a new reference or null.
PyObject* fit(PyObject* g, const Edge& edge, PyObject* from) {
  int nd, type;
  const npy_intp* dims;
  if (is_node(edge.target)) {
    const Meta& m = ((Node*)edge.target)->meta[edge.nr];
    nd = m.nd, type = m.type, dims = m.dims;
  } else {
    PyArrayObject* a = ((Tensor*)edge.target)->array;
    nd = PyArray_NDIM(a), type = PyArray_TYPE(a), dims = PyArray_DIMS(a);
  }
  if (fits(g, nd, dims, type)) return g;
  PyObject* shape = PyTuple_New(nd);
  for (int i = 0; shape && i < nd; i++) PyTuple_SET_ITEM(shape, i, PyLong_FromSsize_t(dims[i]));
  PyObject* descr = (PyObject*)PyArray_DescrFromType(type);
  PyObject* r = shape && descr ? PyObject_CallFunctionObjArgs(bound.fit, g, shape, descr, from, nullptr) : nullptr;
  Py_XDECREF(shape);
  Py_XDECREF(descr);
  Py_DECREF(g);
  return r;
}

bool run_hooks(PyObject* hooks, PyObject** buffer, int outputs) {
  if (!hooks || !PyDict_GET_SIZE(hooks)) return true;
  PyObject* values = PyDict_Values(hooks);
  if (!values) return false;
  bool ok = true;
  for (Py_ssize_t i = 0; ok && i < PyList_GET_SIZE(values); i++) {
    PyObject* pair = PyList_GET_ITEM(values, i);
    PyObject* which = PyTuple_GET_ITEM(pair, 0);
    PyObject* hook = PyTuple_GET_ITEM(pair, 1);
    if (which != Py_None) {
      long nr = PyLong_AsLong(which);
      if (nr < 0 || nr >= outputs || !buffer[nr]) continue;
      PyObject* r = PyObject_CallOneArg(hook, buffer[nr]);
      ok = r != nullptr;
      if (r && r != Py_None)
        Py_SETREF(buffer[nr], r);
      else
        Py_XDECREF(r);
      continue;
    }
    PyObject* all = PyTuple_New(outputs);  // a node's pre-hook sees the gradients of all outputs
    for (int k = 0; all && k < outputs; k++) {
      PyObject* g = buffer[k] ? buffer[k] : Py_None;
      Py_INCREF(g);
      PyTuple_SET_ITEM(all, k, g);
    }
    PyObject* r = all ? PyObject_CallOneArg(hook, all) : nullptr;
    Py_XDECREF(all);
    ok = r != nullptr;
    if (r && r != Py_None) {
      for (int k = 0; k < outputs; k++) {
        PyObject* g =
            PyTuple_Check(r) ? (k < PyTuple_GET_SIZE(r) ? PyTuple_GET_ITEM(r, k) : nullptr) : (k ? nullptr : r);
        if (!g) continue;
        if (g == Py_None) g = nullptr;
        Py_XINCREF(g);
        Py_XSETREF(buffer[k], g);
      }
    }
    Py_XDECREF(r);
  }
  Py_DECREF(values);
  return ok;
}

PyObject* zeros(const Meta& m) {
  PyObject* a = PyArray_Zeros(m.nd, m.dims, PyArray_DescrFromType(m.type), 0);
  return a ? (PyObject*)make_tensor((PyTypeObject*)bound.plain, (PyArrayObject*)a) : nullptr;
}

// Calls the node's backward. A tuple with at least one entry for each edge, or null.
PyObject* run_node(Node* node, PyObject** buffer, bool keep_graph) {
  static PyObject* str_backward = PyUnicode_InternFromString("backward");
  if (node->freed) return raise_freed(node), nullptr;
  PyObject* small[17];
  PyObject** call = small;
  if (node->n_meta + 2 > 17) {
    call = (PyObject**)PyMem_Malloc((node->n_meta + 2) * sizeof(PyObject*));
    if (!call) return PyErr_NoMemory();
  }
  call[1] = (PyObject*)node;
  for (int i = 0; i < node->n_meta; i++) {
    if (!buffer[i] && node->materialize && node->meta[i].nd >= 0) {
      buffer[i] = zeros(node->meta[i]);
      if (!buffer[i]) {
        if (call != small) PyMem_Free(call);
        return nullptr;
      }
    }
    call[i + 2] = buffer[i] ? buffer[i] : Py_None;
  }
  PyObject* backward = PyObject_GetAttr((PyObject*)Py_TYPE(node), str_backward);
  PyObject* results = backward
                          ? PyObject_Vectorcall(backward, call + 1,
                                                (size_t)(node->n_meta + 1) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr)
                          : nullptr;
  Py_XDECREF(backward);
  if (call != small) PyMem_Free(call);
  if (!results) return nullptr;
  if (!PyTuple_Check(results)) {
    PyObject* tuple = PyList_Check(results) ? PyList_AsTuple(results) : PyTuple_Pack(1, results);
    Py_SETREF(results, tuple);
    if (!results) return nullptr;
  }
  Py_ssize_t n = PyTuple_GET_SIZE(results);
  bool wrong = n < node->n_edges;
  for (Py_ssize_t i = node->n_edges; i < n; i++) wrong |= PyTuple_GET_ITEM(results, i) != Py_None;
  if (wrong) {
    PyObject* name = node_name((PyObject*)node);
    if (name)
      PyErr_Format(PyExc_RuntimeError,
                   "%U: backward must return as many gradients as forward has arguments (%d), got %zd", name,
                   node->n_edges, n);
    Py_XDECREF(name);
    Py_DECREF(results);
    return nullptr;
  }
  if (node->post_hooks && PyDict_GET_SIZE(node->post_hooks)) {
    PyObject* hooks = PyDict_Values(node->post_hooks);
    PyObject* grads = PyTuple_New(node->n_meta);
    for (int i = 0; grads && i < node->n_meta; i++) {
      PyObject* g = buffer[i] ? buffer[i] : Py_None;
      Py_INCREF(g);
      PyTuple_SET_ITEM(grads, i, g);
    }
    for (Py_ssize_t i = 0; results && hooks && grads && i < PyList_GET_SIZE(hooks); i++) {
      PyObject* r = PyObject_CallFunctionObjArgs(PyList_GET_ITEM(hooks, i), results, grads, nullptr);
      if (!r) {
        Py_CLEAR(results);
      } else if (r == Py_None) {
        Py_DECREF(r);
      } else {
        PyObject* tuple = PyTuple_Check(r) ? Py_NewRef(r) : PyTuple_Pack(1, r);
        Py_DECREF(r);
        Py_SETREF(results, tuple);
      }
    }
    Py_XDECREF(hooks);
    Py_XDECREF(grads);
    if (!results) return nullptr;
  }
  if (!keep_graph) release(node);
  return results;
}

// Adds g to leaf.grad. The first one becomes it where nobody else holds it or its memory.
bool accumulate_grad(Tensor* leaf, PyObject** slot, bool create_graph) {
  PyObject* g = *slot;
  if (!leaf->grad && !create_graph && Py_REFCNT(g) == 1 && Py_TYPE(g) == (PyTypeObject*)bound.plain) {
    Tensor* t = (Tensor*)g;
    PyObject* owner = PyArray_BASE(t->array);
    bool sole = Py_REFCNT(t->array) == 1 && !t->grad_fn && !t->base && PyArray_ISCARRAY(t->array) &&
                (!owner || (Py_REFCNT(owner) == 1 && !PyArray_Check(owner))) &&
                (owner || PyArray_CHKFLAGS(t->array, NPY_ARRAY_OWNDATA));
    PyObject* after = nullptr;
    if (sole) {
      static PyObject* str_hooks = PyUnicode_InternFromString("_post_accumulate_hooks");
      after = PyObject_GetAttr((PyObject*)leaf, str_hooks);
      if (!after) PyErr_Clear();
      if (!after || after == Py_None) {
        Py_XDECREF(after);
        leaf->grad = g;
        *slot = nullptr;
        return true;
      }
      Py_DECREF(after);
    }
  }
  PyObject* r = PyObject_CallFunctionObjArgs(bound.accumulate, (PyObject*)leaf, g, nullptr);
  Py_XDECREF(r);
  return r != nullptr;
}

bool execute(Run& run, int index) {
  Table& table = run.table;
  PyObject* target = table.tasks[index].target;
  int outputs = table.tasks[index].outputs;
  PyObject** buffer = table.tasks[index].buffer;
  table.tasks[index].buffer = nullptr;
  bool empty = !buffer;
  if (empty) {
    buffer = (PyObject**)PyMem_Calloc(outputs ? outputs : 1, sizeof(PyObject*));
    if (!buffer) return PyErr_NoMemory(), false;
  }
  bool leaf = !is_node(target);
  bool ok = run_hooks(leaf ? ((Tensor*)target)->hooks : ((Node*)target)->hooks, buffer, outputs);
  if (ok && table.tasks[index].wanted)
    for (Wanted& w : run.wanted)
      if (w.task == index && buffer[w.nr]) {
        Py_INCREF(buffer[w.nr]);
        Py_XSETREF(w.grad, buffer[w.nr]);
      }
  if (ok && leaf) {
    if (run.all && buffer[0]) ok = accumulate_grad((Tensor*)target, &buffer[0], run.create_graph);
  } else if (ok && !table.tasks[index].stop) {
    Node* node = (Node*)target;
    PyObject* results = nullptr;
    if (table.tasks[index].needed && !empty) {
      results = run_node(node, buffer, run.keep_graph);
      ok = results != nullptr;
    }
    // Take the results out of their tuple first: a gradient held by its buffer alone can be passed on as it is.
    int n = node->n_edges;
    std::vector<PyObject*> grads(n, nullptr);
    if (results) {
      for (int i = 0; i < n; i++) {
        PyObject* g = PyTuple_GET_ITEM(results, i);
        if (g != Py_None && node->edges[i].target) {
          Py_INCREF(g);
          grads[i] = g;
        }
      }
      Py_DECREF(results);
    }
    for (int i = 0; i < n; i++) {
      const Edge edge = node->edges[i];
      if (!edge.target) continue;
      int after = table.find(edge.target);
      if (ok && grads[i]) {
        PyObject* g = fit(grads[i], edge, target);
        grads[i] = nullptr;
        ok = g && add_to(run, after, edge.nr, g);
      }
      if (ok && --table.tasks[after].dependencies == 0) push(run, after);
    }
    for (PyObject* g : grads) Py_XDECREF(g);
  }
  for (int i = 0; i < outputs; i++) Py_XDECREF(buffer[i]);
  PyMem_Free(buffer);
  return ok;
}

struct RestoreMode {
  bool before;
  ~RestoreMode() { grad_enabled = before; }
};

}  // namespace

// run_backward(roots, grads, keep_graph, create_graph, inputs=None, accumulate=True, stop_at_inputs=False)
static PyObject* run_backward(PyObject*, PyObject* const* args, Py_ssize_t n) {
  if (n < 4 || n > 7 || !PyTuple_Check(args[0]) || !PyTuple_Check(args[1]) ||
      PyTuple_GET_SIZE(args[0]) != PyTuple_GET_SIZE(args[1]) ||
      (n > 4 && args[4] != Py_None && !PyTuple_Check(args[4])))
    return PyErr_Format(PyExc_TypeError,
                        "run_backward takes (roots, grads, keep_graph, create_graph, inputs, accumulate, "
                        "stop_at_inputs), the first two tuples of one length");
  Run run;
  run.keep_graph = PyObject_IsTrue(args[2]);
  run.create_graph = PyObject_IsTrue(args[3]);
  PyObject* inputs = n > 4 && args[4] != Py_None ? args[4] : nullptr;
  run.accumulate = n > 5 ? PyObject_IsTrue(args[5]) : true;
  run.all = !inputs && run.accumulate;
  bool stop = n > 6 && PyObject_IsTrue(args[6]);
  Table& table = run.table;

  for (int k = 0; k < 2; k++) {
    PyObject* list = k ? inputs : args[0];
    for (Py_ssize_t i = 0; list && i < PyTuple_GET_SIZE(list); i++) {
      PyObject* o = PyTuple_GET_ITEM(list, i);
      if (!is_tensor(o))
        return PyErr_Format(PyExc_TypeError, "run_backward: expected Tensors, got %s", Py_TYPE(o)->tp_name);
      if (!refresh((Tensor*)o)) return nullptr;
    }
  }
  if (inputs)
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(inputs); i++) {
      Tensor* t = (Tensor*)PyTuple_GET_ITEM(inputs, i);
      Edge e = edge_of(t);
      run.wanted.push_back({t, -1, e.nr, nullptr});
      if (stop && is_node(e.target)) {
        int task = table.find(e.target);
        if (task < 0) task = table.add(e.target);
        table.tasks[task].stop = true;
      }
    }
  std::vector<int> order;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args[0]); i++)
    discover(run, edge_of((Tensor*)PyTuple_GET_ITEM(args[0], i)).target, inputs ? &order : nullptr);
  if (inputs) {
    for (Wanted& w : run.wanted) {
      w.task = table.find(edge_of(w.tensor).target);
      if (w.task >= 0) table.tasks[w.task].wanted = true;
    }
    for (int index : order) {  // inputs come before their users: what is needed is known by then
      Task& task = table.tasks[index];
      task.needed = false;
      if (!is_node(task.target) || task.stop) continue;
      Node* node = (Node*)task.target;
      for (int i = 0; i < node->n_edges; i++)
        if (node->edges[i].target) {
          const Task& after = table.tasks[table.find(node->edges[i].target)];
          task.needed |= after.needed || after.wanted;
        }
    }
  }
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args[0]); i++) {
    Edge e = edge_of((Tensor*)PyTuple_GET_ITEM(args[0], i));
    int task = table.find(e.target);
    PyObject* g = PyTuple_GET_ITEM(args[1], i);
    Py_INCREF(g);
    bool first = !table.tasks[task].buffer;
    if (!add_to(run, task, e.nr, g)) return nullptr;
    if (first && table.tasks[task].dependencies == 0) push(run, task);
  }
  {
    RestoreMode restore{grad_enabled};
    grad_enabled = run.create_graph;
    while (!run.ready.empty())
      if (!execute(run, pop(run))) return nullptr;
    if (inputs && run.accumulate)
      for (Wanted& w : run.wanted)
        if (w.grad && !accumulate_grad(w.tensor, &w.grad, run.create_graph)) return nullptr;
  }
  if (!inputs || run.accumulate) Py_RETURN_NONE;
  PyObject* found = PyTuple_New((Py_ssize_t)run.wanted.size());
  for (size_t i = 0; found && i < run.wanted.size(); i++) {
    PyObject* g = run.wanted[i].grad ? run.wanted[i].grad : Py_None;
    Py_INCREF(g);
    PyTuple_SET_ITEM(found, (Py_ssize_t)i, g);
  }
  return found;
}
static Method run_backward_method("run_backward", (PyCFunction)(void (*)(void))run_backward, METH_FASTCALL);

}  // namespace rl
