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


def _three(a: np.ndarray, axis: int) -> np.ndarray:
    """(dims before axis, axis, dims after it), each in one."""
    outer, inner = (int(np.prod(part, dtype=np.int64)) for part in (a.shape[:axis], a.shape[axis + 1 :]))
    return a.reshape(outer, a.shape[axis] if a.ndim else 1, inner)


class SegmentReduceBackward0(Function):
    @staticmethod
    def forward(ctx: Any, data: Tensor, reduce: str, bounds: np.ndarray, axis: int, initial: Any) -> Tensor:
        a = data._array
        x = _three(a.astype(_work(a.dtype), copy=False), axis)
        count = bounds.shape[-1] - 1
        start = _EMPTY[reduce] if initial is None else initial
        y = np.full((x.shape[0], count, x.shape[2]), start, x.dtype)
        function = _FUNCTIONS[reduce]
        for row, edges in enumerate(bounds.reshape(len(x), count + 1)):
            sizes = np.diff(edges)
            some = sizes > 0
            if some.any():  # those of no elements take up no room: the others still follow each other
                part = function.reduceat(x[row, edges[0] : edges[-1]], (edges[:-1] - edges[0])[some], axis=0)
                y[row, some] = part if initial is None else function(part, start)
                if reduce == "mean":
                    y[row, some] /= sizes[some, None]
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
        work = _work(data._array.dtype)
        x, y, g = (_three(t._array.astype(work, copy=False), axis) for t in (data, out, dy))
        total = np.zeros_like(x)
        for row, edges in enumerate(ctx.bounds.reshape(len(x), y.shape[1] + 1)):
            inside = slice(edges[0], edges[-1])
            if edges[-1] > edges[0]:
                gradient = _GRADIENTS[reduce]
                total[row, inside] = gradient(x[row, inside], y[row], g[row], np.diff(edges), ctx.initial)
        return (
            wrap(total.reshape(data._array.shape).astype(data._array.dtype, copy=False)),
            None,
            None,
            None,
            None,
        )


def _work(d: np.dtype) -> Any:
    return np.float32 if d.itemsize < 4 else d


def _first(sizes: np.ndarray) -> np.ndarray:
    """Where each stretch that is not empty begins."""
    sizes = sizes[sizes > 0]
    return np.cumsum(sizes) - sizes


def _share_equally(
    x: np.ndarray, y: np.ndarray, g: np.ndarray, sizes: np.ndarray, initial: Any
) -> np.ndarray:
    return np.repeat(g / np.maximum(sizes, 1)[:, None], sizes, axis=0)


def _to_extremes(x: np.ndarray, y: np.ndarray, g: np.ndarray, sizes: np.ndarray, initial: Any) -> np.ndarray:
    """Shared among those that are the largest; NaN counts as being so."""
    top = (x == np.repeat(y, sizes, axis=0)) | np.isnan(x)
    many = np.add.reduceat(top, _first(sizes), axis=0, dtype=x.dtype)
    return np.where(top, np.repeat(g[sizes > 0] / np.maximum(many, 1), sizes[sizes > 0], axis=0), 0)


def _to_factors(x: np.ndarray, y: np.ndarray, g: np.ndarray, sizes: np.ndarray, initial: Any) -> np.ndarray:
    """The product of all others: the product over the element, but where one is zero."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        dx = np.repeat(g * y, sizes, axis=0) / x
    ends = np.cumsum(sizes)
    zeros = np.add.reduceat((x == 0).any(1), _first(sizes))
    for k in np.flatnonzero(sizes)[zeros > 0]:
        inside = slice(ends[k] - sizes[k], ends[k])
        dx[inside] = g[k] * _others(x[inside]) * (1.0 if initial is None else initial)
    return dx


_FUNCTIONS: dict[str, Any] = {
    "sum": np.add, "mean": np.add, "max": np.maximum, "min": np.minimum, "prod": np.multiply
}  # fmt: skip
_GRADIENTS: dict[str, Any] = {
    "sum": lambda x, y, g, sizes, initial: np.repeat(g, sizes, axis=0),
    "mean": _share_equally,
    "max": _to_extremes,
    "min": _to_extremes,
    "prod": _to_factors,
}


def _segment_reduce(data: Any, reduce: str, bounds: np.ndarray, axis: int, initial: Any) -> Any:
    """The composed definition: each stretch is reduced by itself."""
    from .join import stack

    name = {"max": "amax", "min": "amin"}.get(reduce, reduce)
    shape = tuple(data.shape)
    outer, inner = (int(np.prod(part, dtype=np.int64)) for part in (shape[:axis], shape[axis + 1 :]))
    x = data.reshape(outer, shape[axis] if shape else 1, inner)
    found = []
    for r, k in np.ndindex(outer, bounds.shape[-1] - 1):
        first, end = bounds.reshape(outer, -1)[r, k : k + 2].tolist()
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
