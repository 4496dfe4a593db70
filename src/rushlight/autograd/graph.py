"""What the graph of a computation is made of: tensors with a history, and nodes that hold saved values.

`TensorBase` and `PlainNode` are the readable definitions. With compiled kernels their C twins (csrc/autograd)
take their place: the same fields and rules, made for speed. The tests run with both.

NOTE [No cycles]: edges lead from a node to the nodes (or leaf tensors) that its inputs came from, never
back. A tensor holds the node that made it; so a node must not hold a tensor that it made. What is saved
for the backward pass is therefore an alias without a history, and the history is put back when it is
unpacked. A graph dies with its last reference, without the garbage collector.
"""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .. import dtypes

__all__ = ["PlainNode", "TensorBase", "is_grad_enabled", "set_grad_mode"]


# Set by the modules that define them, with bind().
_plain: Any = None  # the class Tensor
_size: Any = None  # the class Size
_regenerate: Any = None
_finish_inplace: Any = None
_check_grad: Any = None
_fit: Any = None
_accumulate: Any = None


class _Mode(threading.local):
    grad = True


_mode = _Mode()
_sequence = itertools.count()


def is_grad_enabled() -> bool:
    """Whether operations are recorded in this thread now."""
    return _mode.grad


def set_grad_mode(enabled: bool) -> bool:
    """Set whether operations are recorded in this thread; gives what was set before."""
    before = _mode.grad
    _mode.grad = enabled
    return before


class TensorBase:
    """A NumPy array and autograd's fields."""

    __slots__ = (
        "__weakref__",
        "_array",
        "_base",  # the tensor that this is a view of
        "_counter",  # [version], shared by aliases of the same memory
        "_grad",
        "_grad_fn",
        "_history",  # of a base: how often its history was replaced; of a view: as last seen
        "_hooks",
        "_output_nr",
        "_requires_grad",
        "_retains_grad",
    )

    if TYPE_CHECKING:  # what `ops` and the compiled type put here at run time
        _array: Any
        _grad: Any
        _grad_fn: Any
        _output_nr: int
        _requires_grad: bool
        _counter: Any
        _base: Any
        _history: int
        _hooks: Any
        _retains_grad: bool
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = cast(
            Any, None
        )
        __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __matmul__ = cast(Any, None)
        __rmatmul__ = __neg__ = __pos__ = __abs__ = __invert__ = __and__ = __or__ = __xor__ = cast(Any, None)
        __rand__ = __ror__ = __rxor__ = __lshift__ = __rshift__ = cast(Any, None)
        __lt__ = __le__ = __gt__ = __ge__ = __getitem__ = __setitem__ = cast(Any, None)

        def __getattr__(self, name: str) -> Any: ...
        def __eq__(self, other: object) -> Any: ...
        def __ne__(self, other: object) -> Any: ...

    @classmethod
    def _make(cls, array: np.ndarray) -> Any:
        """A tensor of this class around `array`, with no history."""
        t = object.__new__(cls)
        t._array = array
        t._grad = t._grad_fn = t._base = t._hooks = None
        t._output_nr = t._history = 0
        t._requires_grad = t._retains_grad = False
        t._counter = [0]
        return t

    def _alias(self) -> Any:
        """A plain tensor of the same memory and version counter, with no history."""
        t = _plain._make(self._array)
        t._counter = self._counter
        return t

    @property
    def _version(self) -> int:
        return self._counter[0]

    def _bump(self) -> None:
        """Note that the memory was written to."""
        self._counter[0] += 1

    def _share_version(self, other: TensorBase) -> None:
        self._counter = other._counter

    def _renew_version(self) -> None:
        """Count versions by itself from now on."""
        self._counter = [0]

    def _refresh(self) -> None:
        """Bring a view's history up to date after its base was changed in place."""
        base = self._base
        if base is not None and base._history != self._history:
            _regenerate(self)

    @property
    def shape(self) -> Any:
        return _size(self._array.shape)

    @property
    def ndim(self) -> int:
        return self._array.ndim

    @property
    def dtype(self) -> dtypes.dtype:
        return dtypes.of(self._array.dtype)

    def dim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    def numel(self) -> int:
        """The number of elements."""
        return self._array.size

    ndimension = dim
    nelement = numel

    @property
    def grad(self) -> Any:
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            _check_grad(self, value)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def requires_grad(self) -> bool:
        self._refresh()
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        _set_requires_grad(self, value)

    @property
    def grad_fn(self) -> PlainNode | None:
        self._refresh()
        return self._grad_fn

    @property
    def is_leaf(self) -> bool:
        return self.grad_fn is None

    def _set_history(self, node: PlainNode | None, output_nr: int) -> None:
        self._grad_fn = node
        self._output_nr = output_nr
        self._requires_grad = node is not None

    def _edge(self) -> tuple | None:
        """Where this tensor's gradient goes: (node, output number), (leaf, 0), or None for nowhere."""
        if not self.requires_grad:
            return None
        return (self, 0) if self._grad_fn is None else (self._grad_fn, self._output_nr)


def _set_requires_grad(t: Any, value: bool) -> None:
    if value is not True and value is not False:
        raise RuntimeError(f"requires_grad: must be a bool, got {type(value).__name__}")
    if t.grad_fn is not None:
        if not value:
            raise RuntimeError(
                "requires_grad: you can only change it on leaf tensors, got the result of an operation "
                f"({t.grad_fn.name()}); use .detach() for a tensor that needs no gradient"
            )
        return
    if value and dtypes.of(t._array.dtype).category < dtypes.FLOAT:
        raise RuntimeError(
            "requires_grad: only Tensors of floating point and complex dtype can require gradients, got "
            f"{dtypes.of(t._array.dtype)}"
        )
    t._requires_grad = value


class PlainNode:
    """One operation that was recorded: also the `ctx` its forward and backward are given."""

    # Slots would have to be repeated by every subclass with attributes of its own, so this has a dict.

    if TYPE_CHECKING:  # fields, and whatever forward keeps for backward
        _edges: Any
        _meta: Any
        _saved: Any
        _to_save: Any
        _freed: bool
        _dirty: Any
        _non_differentiable: Any
        _materialize: bool
        _sequence: int
        _hooks: Any
        _post_hooks: Any
        needs_input_grad: Any

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    @classmethod
    def _new(cls) -> Any:
        ctx = object.__new__(cls)
        ctx._edges = ()
        ctx._meta = []
        ctx._saved = ()
        ctx._to_save = None
        ctx._freed = False
        ctx._dirty = ctx._non_differentiable = ()
        ctx._materialize = True
        ctx._sequence = next(_sequence)
        ctx._hooks = ctx._post_hooks = None
        ctx.needs_input_grad = ()
        return ctx

    # -- what forward may say ----------------------------------------------------------------------
    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (inputs, outputs or others; None is allowed) for backward."""
        self._to_save = tensors

    def mark_dirty(self, *tensors: Any) -> None:
        """Say which inputs forward changed in place and returns."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say which outputs have no gradient."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """False: an output's gradient that is zero everywhere reaches backward as None."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple:
        """What `save_for_backward` kept.

        Raises:
            RuntimeError: the graph was freed, or a kept tensor was changed in place since.
        """
        if self._freed:
            raise_freed(self)
        if self._to_save is not None:  # read inside forward
            return self._to_save
        return tuple([None if s is None else _unpack(self, s) for s in self._saved])

    def _record(self, args: tuple, outputs: list) -> None:
        """Take this node into the graph: edges from the inputs, and a history for the outputs."""
        self._edges = tuple([a._edge() if isinstance(a, TensorBase) else None for a in args])
        for nr, out in enumerate(outputs):
            self._meta.append(None)
            if isinstance(out, TensorBase):
                self._meta[nr] = (out._array.shape, out._array.dtype)
                if not any(out is t for t in self._non_differentiable):
                    if dtypes.of(out._array.dtype).category >= dtypes.FLOAT:
                        out._set_history(self, nr)
        if self._to_save is not None:
            self._saved = tuple([None if t is None else _pack(self, t) for t in self._to_save])
            self._to_save = None

    def _own_saved(self, array: np.ndarray) -> None:
        """Copy what was saved of `array`, which will be overwritten."""
        self._saved = tuple(
            [_own(s, array) if s is not None and s[0]._array is array else s for s in self._saved]
        )

    def _release(self) -> None:
        """Let go of what was saved: the backward pass has gone through."""
        self._freed |= bool(self._saved)  # a node that saved nothing can run again
        self._saved = ()

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward on the arguments and record it if any tensor among them requires grad."""
        ctx = cls._new()
        recording = False
        needs = []
        for a in args:
            need = isinstance(a, TensorBase) and a.requires_grad
            needs.append(need)
            recording |= need
        ctx.needs_input_grad = tuple(needs)
        before = set_grad_mode(False)
        try:
            result = cls._forward(ctx, *args)  # type: ignore[attr-defined]
        finally:
            _mode.grad = before
        recording &= before
        several = isinstance(result, (tuple, list))
        outputs = list(result) if several else [result]
        for nr, out in enumerate(outputs):
            if (
                isinstance(out, TensorBase)
                and any(out is a for a in args)
                and not any(out is d for d in ctx._dirty)
            ):
                outputs[nr] = out._alias()  # an input handed back as it is must not get this history
        if cls._view:  # type: ignore[attr-defined]
            base = args[0] if args[0]._base is None else args[0]._base
            for out in outputs:
                out._base, out._history = base, base._history
                out._share_version(args[0])
        if ctx._dirty:
            _finish_inplace(ctx, args, outputs, recording)
            ctx._dirty = ()  # NOTE [No cycles]: these tensors hold the node now
        elif recording:
            ctx._record(args, outputs)
        if not recording:
            ctx._to_save = None
        return type(result)(outputs) if several else outputs[0]

    # -- as seen by users ---------------------------------------------------------------------------
    def name(self) -> str:
        """The node's name as PyTorch gives it."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple:
        """(node, output number) for each input; a leaf's node is an `AccumulateGrad`."""
        edges = []
        for e in self._edges:
            if e is not None:
                edges.append((AccumulateGrad(e[0]) if isinstance(e[0], TensorBase) else e[0], e[1]))
            else:
                edges.append((None, 0))
        return tuple(edges)


class AccumulateGrad:
    """Stands for the end of a path at a leaf, where gradients are added up. `variable` is the leaf."""

    def __init__(self, variable: Any) -> None:
        self.variable = variable
        self.next_functions = ()

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"


def raise_freed(node: PlainNode) -> None:
    raise RuntimeError(
        f"backward: Trying to backward through the graph a second time ({node.name()}), but the values saved for it "
        "have been freed by the first; pass retain_graph=True to the first backward() or grad()"
    )


# Saved values: (tensor, its node, its output number, version when saved, is an output of the node itself).
def _pack(node: PlainNode, t: Any) -> tuple:
    if t._grad_fn is node:
        return (t._alias(), None, t._output_nr, t._version, True)
    for nr, out in enumerate(node._dirty):
        if out is t:  # changed in place: what is saved is the result
            return (t._alias(), None, nr, t._version, True)
    if t._grad_fn is None and t.requires_grad:
        return (t, None, 0, t._version, False)  # a leaf: it has no history to make a cycle with
    return (t._alias(), t.grad_fn, t._output_nr, t._version, False)


def _own(saved: tuple, array: np.ndarray) -> tuple:
    return (_plain._make(array.copy()), *saved[1:3], 0, saved[4])


def _unpack(node: PlainNode, saved: tuple) -> Any:
    t, grad_fn, output_nr, version, is_output = saved
    if t._version != version:
        raise RuntimeError(
            "backward: one of the variables needed for gradient computation has been modified by an inplace "
            f"operation: a {dtypes.of(t._array.dtype)} tensor of shape {list(t._array.shape)}, saved by {node.name()}, is at "
            f"version {t._version}; expected version {version} instead; use the out-of-place form or .clone() it first"
        )
    if is_output or grad_fn is not None:
        t = t._alias()
        t._set_history(node if is_output else grad_fn, output_nr)
    return t


def bind(**parts: Any) -> None:
    """Give this module what is defined above it: the class Tensor and functions."""
    globals().update({f"_{name}": part for name, part in parts.items()})


# What PyTorch's `torch.autograd.graph` has for users: see saved.py.
_SAVED = {
    "GradientEdge",
    "Node",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
}


def __getattr__(name: str) -> Any:
    if name not in _SAVED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import saved

    return getattr(saved, name)
