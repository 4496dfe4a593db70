"""In-place changes: whose history they replace, and what becomes of views of the changed tensor.

NOTE [Views and histories]: a view knows its base (never a view itself). Changing any of them in place bumps
the version counter they share. When the change is recorded, the base's history becomes a `CopySlices` node
("the old base with this part replaced") and the base counts up `_history`; each view notices on its next use
that its own count is behind, and takes a new history from the base: the part of it that it shows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from .core import TensorBase, bind, is_grad_enabled
from .function import Function

__all__ = ["assign", "check_inplace", "inplace", "regenerate"]


def inplace(function: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """`self` becomes `function(self, *args, **kwargs)`, in the same memory, history included."""
    name = function.__name__ + "_"
    if not check_inplace(self, name, *args):
        return assign(self, function(self, *args, **kwargs), name)
    # The memory is about to be overwritten: what the node saved of it must be a copy.
    before = self._alias()
    before._renew_version()
    before._set_history(self.grad_fn, self._output_nr)
    result = function(before, *args, **kwargs)
    if result.grad_fn is not None:
        result.grad_fn._own_saved(self._array)
    assign(self, result, name)
    before._bump()  # nodes further back that saved it (of a composed function) cannot use it any more
    return self


def check_inplace(self: Any, name: str, *others: Any) -> bool:
    """Refuse to change a leaf that requires grad; says whether the change must be recorded."""
    if not is_grad_enabled():
        return False
    if self.requires_grad and self.is_leaf:
        raise RuntimeError(
            f"{name}: a leaf Variable that requires grad is being used in an in-place operation; "
            "do it under torch.no_grad(), or on a copy"
        )
    recorded = self.requires_grad or any(isinstance(o, TensorBase) and o.requires_grad for o in others)
    base = self._base
    if recorded and base is not None and base.is_leaf and base.requires_grad:
        raise RuntimeError(
            f"{name}: a view of a leaf Variable that requires grad is being used in an in-place operation; "
            "do it under torch.no_grad(), or on a copy"
        )
    return recorded


def assign(self: Any, result: Any, name: str) -> Any:
    """Put `result`, computed from `self` or others, into `self`'s memory, with its history."""
    target, array = self._array, result._array
    if array.shape != target.shape:
        raise RuntimeError(
            f"{name}: the result must have the tensor's own shape {list(target.shape)}, got {list(array.shape)}; "
            "use the out-of-place form"
        )
    if array.dtype != target.dtype:
        source, to = dtypes.of(array.dtype), dtypes.of(target.dtype)
        if not dtypes.can_cast(source, to):
            raise RuntimeError(
                f"{name}: result type {source} can't be cast to the tensor's own type {to}; use the out-of-place form"
            )
        result = result.to(to)
        array = result._array
    if not target.flags.writeable:
        raise RuntimeError(f"{name}: the tensor's memory is read-only; use .clone() first")
    if array is not target:
        if (
            target.size
            and 0 in target.strides
            and any(s == 0 and n > 1 for s, n in zip(target.strides, target.shape, strict=True))
        ):
            raise RuntimeError(
                f"{name}: unsupported operation: more than one element of the written-to tensor refers to a single "
                "memory location; use .clone() first"
            )
        np.copyto(target, array)
    self._bump()
    if result.requires_grad:
        rebase(self, result)
    return self


def rebase(self: Any, result: Any) -> None:
    """Give `self`, whose memory now holds `result`, the history of `result`."""
    base = self._base
    if base is None:
        self._set_history(result.grad_fn, result._output_nr)
        self._history += 1
        return
    node = CopySlices._new()
    node.geometry, node.base_stride = geometry(self, base), base.stride()
    node.needs_input_grad = (base.requires_grad, True)
    node._record((base, result), [base])
    base._history += 1
    regenerate(self)


def geometry(view: Any, base: Any) -> tuple:
    """(size, stride, offset) of a view in elements of the base's memory."""
    item = view._array.dtype.itemsize
    start = view._array.__array_interface__["data"][0] - base._array.__array_interface__["data"][0]
    return view._array.shape, tuple(s // item for s in view._array.strides), start // item


class CopySlices(Function):
    """The base with one part replaced."""

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        dy = laid_out(dy, ctx.base_stride)
        part = dy.as_strided(*ctx.geometry).clone()
        rest = (
            dy.as_strided_scatter(part.new_zeros(part.shape), *ctx.geometry)
            if ctx.needs_input_grad[0]
            else None
        )
        return rest, part


class AsStridedBackward0(Function):
    """A part of the base, as a view's new history."""

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        if _overlaps(*ctx.geometry[:2]):  # an element that is seen several times has several gradients
            return dy.strided_adjoint(ctx.base_shape, ctx.base_stride, 0, *ctx.geometry)
        zero = laid_out(dy.new_zeros(ctx.base_shape), ctx.base_stride)
        return zero.as_strided_scatter(dy, *ctx.geometry)


def _overlaps(size: tuple, stride: tuple) -> bool:
    """Whether elements may share memory: not each stride leads beyond all that smaller strides span."""
    span = 1
    for s, n in sorted(zip(stride, size, strict=True)):
        if n > 1:
            if s < span:
                return True
            span += (n - 1) * s
    return False


class LaidOutBackward0(Function):
    """A copy in memory of other strides."""

    @staticmethod
    def forward(ctx: Any, x: Any, stride: tuple) -> Any:
        array = x._array
        span = 1 + sum((n - 1) * s for n, s in zip(array.shape, stride, strict=True)) if array.size else 0
        flat = np.zeros(span, array.dtype)
        out = np.lib.stride_tricks.as_strided(flat, array.shape, tuple([s * array.itemsize for s in stride]))
        out[...] = array
        return type(x)._make(out)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> tuple:
        return dy, None


def laid_out(x: Any, stride: tuple) -> Any:
    """`x` with these strides, at the start of memory of its own."""
    if x.stride() == stride and x.storage_offset() == 0:
        return x
    return LaidOutBackward0.apply(x, stride)


def regenerate(view: Any) -> None:
    """Give a view a new history: the part of its base that it shows."""
    base = view._base
    view._history = base._history
    if not base._requires_grad:
        return
    node = AsStridedBackward0._new()
    node.geometry = geometry(view, base)
    node.base_shape, node.base_stride = base._array.shape, base.stride()
    node.needs_input_grad = (True,)
    node._record((base,), [view])


def _finish_inplace(ctx: Any, args: tuple, outputs: list, recording: bool) -> None:
    """The end of a Function that marked arguments as changed in place."""
    for out in ctx._dirty:
        if recording:
            check_inplace(out, ctx.name(), *args)
        out._bump()
    if not recording:
        return
    fresh = [o._alias() if any(o is d for d in ctx._dirty) else o for o in outputs]
    ctx._record(args, fresh)
    for out, new in zip(outputs, fresh, strict=True):
        if out is not new:
            rebase(out, new)


bind(regenerate=regenerate, finish_inplace=_finish_inplace)
