// The module `_C`: collects what the other files define. Nothing here names an operation.
#define RL_IMPORT_ARRAY
#include "bindings/args.h"

#include <cstdlib>
#include <vector>

namespace rl {

RL_DEF(cpu_level, 0) { return PyUnicode_FromString(level_name(cpu_level)); }

RL_DEF(cpu_levels, 0) {  // levels of this build that this machine can run
  PyObject* list = PyList_New(0);
  for (int level = kBaseline; level <= best_level(); level++)
    if (level_built(level)) {
      PyObject* name = PyUnicode_FromString(level_name(level));
      PyList_Append(list, name);
      Py_DECREF(name);
    }
  return list;
}

RL_DEF(get_num_threads, 0) { return PyLong_FromLong(num_threads()); }

RL_DEF(set_num_threads, 1) {
  set_num_threads((int)as_int(args[0]));
  Py_RETURN_NONE;
}

RL_DEF(memory_stats, 0) {
  PoolStats s = pool_stats();
  return Py_BuildValue("{s:L,s:L,s:L,s:L,s:L,s:L}", "in_use", (long long)s.in_use, "cached", (long long)s.cached,
                       "limit", (long long)s.limit, "peak", (long long)s.peak, "hits", (long long)s.hits, "misses",
                       (long long)s.misses);
}

RL_DEF(memory_empty_cache, 0) {
  pool_empty_cache();
  Py_RETURN_NONE;
}

RL_DEF(memory_set_limit, 1) {
  pool_set_limit(as_int(args[0]));
  Py_RETURN_NONE;
}

RL_DEF(memory_reset_peak, 0) {
  pool_reset_peak();
  Py_RETURN_NONE;
}

// empty(shape, NumPy dtype) -> Tensor of uninitialized memory, large ones from the pool.
RL_DEF(empty, 2) {
  int64_t dims[NPY_MAXDIMS];
  int nd = as_ints(args[0], dims, NPY_MAXDIMS, "size");
  if (!PyArray_DescrCheck(args[1])) fail(PyExc_TypeError, "empty: dtype must be a NumPy dtype");
  PyArray_Descr* descr = (PyArray_Descr*)args[1];
  npy_intp shape[NPY_MAXDIMS];
  for (int i = 0; i < nd; i++) shape[i] = dims[i];
  return tensor_of(new_array(nd, shape, descr->type_num));
}

}  // namespace rl

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_C", "Compiled kernels of rushlight.", -1, nullptr, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit__C() {
  import_array();
  const char* wanted = std::getenv("RUSHLIGHT_CPU");
  if (!rl::choose_level(wanted)) {
    PyErr_Format(PyExc_ImportError,
                 "RUSHLIGHT_CPU must be a level that this machine and this build have "
                 "(the best here is '%s'), got '%s'",
                 rl::level_name(rl::best_level()), wanted);
    return nullptr;
  }
  static std::vector<PyMethodDef> methods;
  for (rl::Method* m = rl::Method::first; m; m = m->next) methods.push_back(m->def);
  methods.push_back({nullptr, nullptr, 0, nullptr});
  definition.m_methods = methods.data();
  PyObject* module = PyModule_Create(&definition);
  if (!module) return nullptr;
  for (rl::AtImport* hook = rl::AtImport::first; hook; hook = hook->next) {
    hook->run(module);
    if (PyErr_Occurred()) {
      Py_DECREF(module);
      return nullptr;
    }
  }
  return module;
}
