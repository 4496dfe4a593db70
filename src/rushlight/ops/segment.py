"""Reductions of consecutive stretches of a dim."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.function import composed_vjp
from ..errors import kind_of, wrap_dim
from ..tensor import Tensor, wrap

__all__ = ["segment_reduce"]

_REDUCTIONS = ("sum", "mean", "max", "min", "prod")
_EMPTY = {"sum": 0.0, "mean": np.nan, "max": -np.inf, "min": np.inf, "prod": 1.0}


def segment_reduce(
    data: Tensor,
    reduce: str,
    *,
    lengths: Tensor | None = None,
    indices: Tensor | None = None,
    offsets: Tensor | None = None,
    axis: int = 0,
    unsafe: bool = False,
    initial: float | None = None,
) -> Tensor:
    """The sum, mean, largest, smallest or product of each of several consecutive stretches along `axis`.

    Args:
        reduce: 'sum', 'mean', 'max', 'min' or 'prod'.
        lengths: The stretches' lengths along its last dim; its other dims are data's before `axis`.
        indices: Not supported, here and in PyTorch.
        offsets: Instead of `lengths`: where each stretch begins, and where the last one ends.
        axis: The dim that is reduced: the last one of `lengths`.
        unsafe: Do not check that the lengths add up to the size of `axis`.
        initial: What each stretch starts with, as a further element. Default: 0, 1 for 'prod', nothing for 'max' and
            'min'; the mean of no elements is NaN.
    Shape:
        data: (*, D, *); lengths: (*, S); output: (*, S, *).
    Raises:
        RuntimeError: neither `lengths` nor `offsets` is given, or they do not fit the data.
    Example:
        >>> segment_reduce(rushlight.tensor([1.0, 2.0, 3.0]), "sum", lengths=rushlight.tensor([1, 2]))
        tensor([1., 5.])
    """
    if not isinstance(data, TensorBase):
        raise TypeError(f"segment_reduce: data must be a Tensor, got {kind_of(data)}")
    if indices is not None:
        raise RuntimeError(
            "segment_reduce: indices must be None, they are not supported; use lengths or offsets"
        )
    if reduce not in _REDUCTIONS:
        raise RuntimeError(f"segment_reduce: reduce must be one of {', '.join(_REDUCTIONS)}, got {reduce!r}")
    array = data._array
    axis = wrap_dim(axis, array.ndim, "segment_reduce", "axis")
    given = offsets if offsets is not None else lengths
    name = "offsets" if offsets is not None else "lengths"
    if given is None:
        raise RuntimeError("segment_reduce: lengths or offsets must be given, got neither")
    if not isinstance(given, TensorBase):
        raise TypeError(f"segment_reduce: {name} must be a Tensor, got {kind_of(given)}")
    if not dtypes.of(array.dtype).is_floating_point:
        raise NotImplementedError(f"segment_reduce: data must be floating-point, got {data.dtype}")  # type: ignore[attr-defined]
    where = given._array
    if where.dtype not in (np.int32, np.int64):
        raise NotImplementedError(
            f"segment_reduce: {name} must be int32 or int64, got {dtypes.of(where.dtype)}"
        )
    if where.ndim != axis + 1 or where.ndim > max(array.ndim, 1) or where.shape[:-1] != array.shape[:axis]:
        raise RuntimeError(
            f"segment_reduce: {name} must have the shape of data's dims up to axis, {[*array.shape[:axis], '*']} (axis its "
            f"last dimension), got {list(where.shape)}"
        )
    if offsets is not None:
        bounds = where.astype(np.int64)
        if not unsafe and (np.diff(bounds, axis=-1) < 0).any():
            raise RuntimeError("segment_reduce: offsets must not decrease")
    else:
        if not unsafe:
            if (where < 0).any():
                raise RuntimeError(f"segment_reduce: lengths must not be negative, got {where.min()}")
            total = where.sum(-1)
            if (total != (array.shape[axis] if array.ndim else 1)).any():
                raise RuntimeError(
                    f"segment_reduce: lengths must sum to the size of axis, {array.shape[axis]}, got {total.tolist()}"
                )
        bounds = np.concatenate([np.zeros((*where.shape[:-1], 1), np.int64), where.cumsum(-1)], -1)
    if bounds.size and (bounds.min() < 0 or bounds.max() > (array.shape[axis] if array.ndim else 1)):
        raise RuntimeError(
            f"segment_reduce: {name} must stay within the size of axis, {array.shape[axis]}, got {int(bounds.max())}"
        )
    return SegmentReduceBackward0.apply(data, reduce, bounds, axis, initial)


def _stretches(bounds: np.ndarray, shape: tuple, axis: int) -> Any:
    """The stretches of a (rows, D, inner) array: (row, number, first, end) for each."""
    rows = bounds.reshape(-1, bounds.shape[-1])
    for r in range(rows.shape[0]):
        for s in range(rows.shape[1] - 1):
            yield r, s, int(rows[r, s]), int(rows[r, s + 1])


def _three(a: np.ndarray, axis: int) -> np.ndarray:
    outer = int(np.prod(a.shape[:axis], dtype=np.int64))
    inner = int(np.prod(a.shape[axis + 1 :], dtype=np.int64))
    return a.reshape(outer, a.shape[axis] if a.ndim else 1, inner)


class SegmentReduceBackward0(Function):
    @staticmethod
    def forward(ctx: Any, data: Tensor, reduce: str, bounds: np.ndarray, axis: int, initial: Any) -> Tensor:
        a = data._array
        work = np.float32 if a.dtype.itemsize < 4 else a.dtype
        x = _three(a.astype(work, copy=False), axis)
        count = bounds.shape[-1] - 1
        start = _EMPTY[reduce] if initial is None else initial
        y = np.full((x.shape[0], count, x.shape[2]), start, work)
        function = {"sum": np.add, "mean": np.add, "max": np.maximum, "min": np.minimum, "prod": np.multiply}[
            reduce
        ]
        for r, s, first, end in _stretches(bounds, a.shape, axis):
            if end > first:
                part = function.reduce(x[r, first:end], axis=0)
                y[r, s] = part if initial is None else function(part, start)
                if reduce == "mean":
                    y[r, s] /= end - first
        out = wrap(y.reshape(*a.shape[:axis], count, *a.shape[axis + 1 :]).astype(a.dtype, copy=False))
        ctx.reduce, ctx.bounds, ctx.axis, ctx.initial = reduce, bounds, axis, initial
        ctx.save_for_backward(data, out)
        return out

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        data, out = ctx.saved_tensors
        axis, reduce = ctx.axis, ctx.reduce
        if is_grad_enabled():
            (dx,) = composed_vjp(
                _segment_reduce, dy, (data,), reduce=reduce, bounds=ctx.bounds, axis=axis, initial=ctx.initial
            )
            return dx, None, None, None, None
        work = np.float32 if data._array.dtype.itemsize < 4 else data._array.dtype
        x, y, g = (_three(t._array.astype(work, copy=False), axis) for t in (data, out, dy))
        dx = np.zeros_like(x)
        for r, s, first, end in _stretches(ctx.bounds, data._array.shape, axis):
            if end <= first:
                continue
            part, grad = x[r, first:end], g[r, s]
            if reduce == "sum":
                dx[r, first:end] = grad
            elif reduce == "mean":
                dx[r, first:end] = grad / (end - first)
            elif reduce == "prod":
                dx[r, first:end] = grad * _others(part) * (1.0 if ctx.initial is None else ctx.initial)
            else:  # shared among those that are largest; NaN counts as being so
                top = (part == y[r, s]) | np.isnan(part)
                dx[r, first:end] = np.where(top, grad / np.maximum(top.sum(0), 1), 0)
        return (
            wrap(dx.reshape(data._array.shape).astype(data._array.dtype, copy=False)),
            None,
            None,
            None,
            None,
        )


def _segment_reduce(data: Any, reduce: str, bounds: np.ndarray, axis: int, initial: Any) -> Any:
    """The composed definition: each stretch is reduced by itself."""
    from .join import stack

    name = {"max": "amax", "min": "amin"}.get(reduce, reduce)
    shape = tuple(data.shape)
    outer, inner = (int(np.prod(part, dtype=np.int64)) for part in (shape[:axis], shape[axis + 1 :]))
    x = data.reshape(outer, shape[axis] if shape else 1, inner)
    found = []
    for r, _, first, end in _stretches(bounds, shape, axis):
        if end <= first:
            found.append(data.new_full((inner,), _EMPTY[reduce] if initial is None else initial).detach())
            continue
        y = getattr(x[r, first:end], name)(0)
        if initial is not None:
            if reduce in ("max", "min"):
                y = y.where(y >= initial if reduce == "max" else y <= initial, y.new_full((), initial))
            else:
                y = {"sum": y + initial, "prod": y * initial, "mean": y + initial / (end - first)}[reduce]
        found.append(y)
    count = bounds.shape[-1] - 1
    y = stack(found).reshape(outer, count, inner) if found else data.new_zeros((outer, count, inner))
    return y.reshape(*shape[:axis], count, *shape[axis + 1 :])


def _others(part: np.ndarray) -> np.ndarray:
    """For each row the product of all others."""
    ones = np.ones_like(part[:1])
    before = np.cumprod(np.concatenate([ones, part[:-1]]), 0)
    after = np.cumprod(np.concatenate([ones, part[:0:-1]]), 0)[::-1]
    return before * after
