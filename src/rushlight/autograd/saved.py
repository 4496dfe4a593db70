"""Hooks on what a graph keeps for its backward pass, and edges of the graph: PyTorch's `torch.autograd.graph`.

NOTE [Hooks on saved tensors]: while hooks are in force, `Function` has other forms of `apply` and
`save_for_backward`, which keep what the hooks make of the tensors instead of the tensors, and the compiled
short cuts for arithmetic step aside (they save without asking Python). Without hooks nothing of this is in the way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from ..kernels import _C
from .core import AccumulateGrad, TensorBase, is_grad_enabled
from .core import Node as CoreNode
from .function import Function
from .grad_mode import no_grad

__all__ = [
    "GradientEdge",
    "Node",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


class _Nodes(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, (CoreNode, AccumulateGrad))

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, (CoreNode, AccumulateGrad))


class Node(metaclass=_Nodes):
    """What `grad_fn` and `next_functions` hold, whichever core made it: for `isinstance` and annotations.

    Example:
        >>> y = rushlight.ones(2, requires_grad=True) * 2
        >>> isinstance(y.grad_fn, rushlight.autograd.graph.Node)
        True
    """


class _Active(threading.local):
    def __init__(self) -> None:
        self.hooks: list[tuple[Callable, Callable]] = []
        self.calls: list[list] = []  # of each `apply` under way: the contexts that saved
        self.refused: list[str] = []


_active = _Active()
_users = 0  # how many hooks are in force, in all threads
_lock = threading.Lock()
_plain_save: Any = CoreNode.save_for_backward
_plain_saved: Any = CoreNode.__dict__["saved_tensors"]
_installed = False


class _Box(np.ndarray):
    """An empty array with what hooks made of a node's tensors: saved in their place, and freed as they would be."""

    packed: list


def _call_apply(cls: type[Function], args: tuple) -> Any:
    return CoreNode.__dict__["apply"].__get__(None, cls)(*args)


def _apply(cls: type[Function], *args: Any) -> Any:
    """`Function.apply` while hooks are in force."""
    if not _active.hooks:
        result = _call_apply(cls, args)
        if observers:
            _observe(result)
        return result
    _active.calls.append([])
    try:
        result = _call_apply(cls, args)
    finally:
        saved = _active.calls.pop()
    outputs = result if isinstance(result, (tuple, list)) else (result,)
    nodes = {id(t.grad_fn) for t in outputs if isinstance(t, TensorBase)}
    for ctx in saved:
        tensors = ctx.__dict__.pop("_kept", ())
        if id(ctx) in nodes or ctx.next_functions:
            (box,) = _plain_saved.__get__(ctx, type(ctx))
            box._array.packed = [None if t is None else _pack(ctx, t) for t in tensors]
    if observers:
        _observe(result)
    return result


observers: list[Callable] = []  # are told each node that is made, while hooks are in force: see anomaly.py


def _observe(result: Any) -> None:
    for t in result if isinstance(result, (tuple, list)) else (result,):
        if isinstance(t, TensorBase) and t.grad_fn is not None:
            for observer in observers:
                observer(t.grad_fn)
            return


def _save_for_backward(ctx: Any, *tensors: Any) -> None:
    """`ctx.save_for_backward` while hooks are in force."""
    if not _active.hooks or not _active.calls:
        _plain_save(ctx, *tensors)
        return
    for i, t in enumerate(tensors):
        if t is not None and not isinstance(t, TensorBase):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {i} is of type {type(t).__name__}"
            )
    _plain_save(ctx, _plain_tensor(np.empty(0, np.float32).view(_Box)))
    ctx._kept = tensors
    if not any(ctx is c for c in _active.calls[-1]):
        _active.calls[-1].append(ctx)


def _saved_tensors(ctx: Any) -> tuple:
    own = ctx.__dict__
    if "_kept" in own:  # read inside forward
        return own["_kept"]
    saved = _plain_saved.__get__(ctx, type(ctx))  # the error of a graph that was freed
    if len(saved) != 1 or saved[0] is None or type(saved[0]._array) is not _Box:
        return saved
    return tuple([None if p is None else _unpack(ctx, *p) for p in saved[0]._array.packed])


def _pack(ctx: Any, t: Any) -> tuple:
    """(packed, unpack, history): what the hook made of a tensor and where the tensor came from."""
    pack, unpack = _active.hooks[-1]
    history: Any = None
    if t.grad_fn is ctx:
        history = (None, t.output_nr)
    elif t.grad_fn is not None:
        history = (t.grad_fn, t.output_nr)
    elif t.requires_grad:
        history = (t, -1)
    # NOTE [No cycles]: a result of this node is given without its history.
    given = t._alias() if t.grad_fn is ctx else t
    version = t._version
    hooks, _active.hooks = _active.hooks, []  # what the hook computes is not packed itself
    try:
        with no_grad():
            packed = pack(given)
    finally:
        _active.hooks = hooks
    if t._version != version:
        raise RuntimeError("saved_tensors_hooks: A saved tensor pack hook is modifying its input in place")
    return packed, unpack, history


class _Leaf(Function):
    """A copy of a leaf as if it were the leaf: its gradient goes there."""

    _name = "AliasBackward0"

    @staticmethod
    def forward(ctx: Any, leaf: Any, copy: Any) -> Any:
        return copy._alias()

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return dy, None


def _unpack(ctx: Any, packed: Any, unpack: Callable, history: Any) -> Any:
    with no_grad():
        t = unpack(packed)
    if not isinstance(t, TensorBase):
        raise TypeError(
            f"saved_tensors_hooks: output of saved tensor unpack_hook must be a Tensor, got {type(t).__name__}"
        )
    if history is None:
        return t._alias()
    node, nr = history
    if nr < 0:
        return t if t is node else _call_apply(_Leaf, (node, t)) if is_grad_enabled() else t._alias()
    t = t._alias()
    t._set_history(ctx if node is None else node, nr)
    return t


_SLOW = {"__mul__": "_mul", "__rmul__": "_mul", "__truediv__": "_truediv"}


def _plain_tensor(array: np.ndarray) -> Any:
    from ..tensor import Tensor

    return Tensor._make(array)


def _install() -> None:
    from ..ops import arithmetic
    from ..tensor import Tensor

    global _installed
    if not _installed:
        _installed = True
        Function.saved_tensors = property(_saved_tensors)  # type: ignore[assignment]  # stays: graphs outlive the hooks
    Function.apply = classmethod(_apply)  # type: ignore[method-assign, assignment]
    Function.save_for_backward = _save_for_backward  # type: ignore[method-assign, assignment]
    if _C is not None:
        for name, function in _SLOW.items():
            setattr(Tensor, name, getattr(arithmetic, function))
        _kept["unary_node"] = _C.unary_node
        _C.unary_node = lambda *args: NotImplemented


_kept: dict[str, Any] = {}


def _uninstall() -> None:
    from ..tensor import Tensor

    del Function.apply, Function.save_for_backward
    if _C is not None:
        for name in _SLOW:
            delattr(Tensor, name)
        _C.unary_node = _kept.pop("unary_node")


def hold() -> None:
    """Let operations pass through `_apply` from now on, until `let_go`."""
    global _users
    with _lock:
        if _users == 0:
            _install()
        _users += 1


def let_go() -> None:
    """Undo one `hold`."""
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            _uninstall()


class saved_tensors_hooks:  # noqa: N801 - PyTorch's name
    """A context: what operations inside save for backward passes through two functions.

    Args:
        pack_hook: Is given each tensor when it is saved; may give anything.
        unpack_hook: Is given that when the backward pass needs the tensor, and must give a tensor of the same values.

    Example:
        >>> x = rushlight.tensor([1.0, 2.0], requires_grad=True)
        >>> with saved_tensors_hooks(lambda t: t.numpy(force=True), rushlight.from_numpy):
        ...     y = (x * x).sum()
        >>> y.backward()
        >>> x.grad
        tensor([2., 4.])
    """

    def __init__(self, pack_hook: Callable, unpack_hook: Callable) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if _active.refused:
            raise RuntimeError(_active.refused[-1])
        hold()
        _active.hooks.append((self.pack_hook, self.unpack_hook))

    def __exit__(self, *exc: object) -> None:
        _active.hooks.pop()
        let_go()


class save_on_cpu(saved_tensors_hooks):  # noqa: N801 - PyTorch's name
    """A context: what is saved is a copy in the CPU's memory - where all tensors are here.

    Args:
        pin_memory: Ask for pinned memory, as `Tensor.pin_memory` does.
        device_type: The accelerator that tensors would be moved from.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(t: Any) -> Any:
            copy = t.detach().clone()
            return copy.pin_memory() if pin_memory else copy

        super().__init__(pack, lambda t: t)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """A context in which hooks on saved tensors are an error with this message."""
    if _active.hooks:
        raise RuntimeError(error_message)
    _active.refused.append(error_message)
    try:
        yield
    finally:
        _active.refused.pop()


class GradientEdge(NamedTuple):
    """Where a tensor's gradient goes: a node and the number of its output. `grad` takes it in the tensor's place."""

    node: Any
    output_nr: int
    ownership_token: Any = None


def get_gradient_edge(tensor: Any) -> GradientEdge:
    """The edge of a tensor that requires grad, without keeping its values."""
    if not tensor.requires_grad:
        raise RuntimeError("get_gradient_edge: tensor must require grad; it is not part of a graph")
    if tensor.is_leaf:
        from .core import AccumulateGrad

        return GradientEdge(AccumulateGrad(tensor), 0, None)
    array = tensor._array
    shell = tensor._alias()  # keeps shape, dtype and history; not the memory
    shell._array = np.broadcast_to(np.zeros((), array.dtype), array.shape)
    shell._set_history(tensor.grad_fn, tensor.output_nr)
    return GradientEdge(tensor.grad_fn, tensor.output_nr, shell)


def increment_version(tensor: Any) -> None:
    """Note that a tensor's memory (or that of several) was written to by other means."""
    for t in (tensor,) if isinstance(tensor, TensorBase) else tensor:
        t._bump()


def register_multi_grad_hook(tensors: Sequence[Any], fn: Callable, *, mode: str = "all") -> Any:
    """Not there: the engine does not tell beforehand which of the tensors a backward pass will reach.

    Raises:
        NotImplementedError: always.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"register_multi_grad_hook: mode must be 'all' or 'any', got {mode!r}")
    raise NotImplementedError(
        "register_multi_grad_hook: hooks on several tensors together are not there; register one on each with "
        "tensor.register_hook(fn)"
    )
