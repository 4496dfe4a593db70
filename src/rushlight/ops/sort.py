"""Order: sorting, the largest few, medians, modes, places in sorted sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import kind_of, wrap_dim
from ..kernels import _C
from ..return_types import struct
from ..tensor import Tensor, into, method, wrap
from .convert import in_order
from .elementwise import FLOAT32, OPERANDS, refuse, require_tensor, work_dtype
from .extremes import Picked, share
from .promotion import result_type

__all__ = [
    "argsort",
    "bucketize",
    "kthvalue",
    "median",
    "mode",
    "msort",
    "nanmedian",
    "searchsorted",
    "sort",
    "topk",
]


# -- sort ---------------------------------------------------------------------------------------------------------
def _has_kernel(name: str, array: np.ndarray) -> bool:
    return (
        _C is not None
        and array.dtype.num == FLOAT32
        and array.size > 0
        and array.ndim > 0
        and hasattr(_C, name)
    )


def _last(array: np.ndarray, dim: int) -> np.ndarray:
    """The array with `dim` moved to the end."""
    return array if dim == array.ndim - 1 else np.moveaxis(array, dim, -1)


def _sorted(array: np.ndarray, dim: int, descending: bool) -> tuple[np.ndarray, np.ndarray]:
    """(values, indices), stable; NaN is the largest."""
    if array.ndim == 0:
        return array.copy(), np.zeros((), np.int64)
    if _has_kernel("sort", array):
        values, indices = _C.sort(_last(array, dim), descending)
        return np.moveaxis(values._array, -1, dim), np.moveaxis(indices._array, -1, dim)
    work = array.astype(work_dtype(dtypes.of(array.dtype)).numpy, copy=False)
    if descending:  # the mirror image, so that equal elements keep their order
        order = np.argsort(np.flip(work, dim), axis=dim, kind="stable")
        order = array.shape[dim] - 1 - np.flip(order, dim)
    else:
        order = np.argsort(work, axis=dim, kind="stable")
    return np.take_along_axis(array, order, dim), np.ascontiguousarray(order, dtype=np.int64)


class SortBackward0(Picked):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, descending: bool) -> tuple:
        values, indices = (in_order(a) for a in _sorted(x._array, dim, descending))
        ctx.shape, ctx.dim, ctx.keepdim = x._array.shape, dim, True
        ctx.save_for_backward(indices)
        ctx.mark_non_differentiable(indices)
        return values, indices


_sort_result, _topk_result = struct("sort", "values", "indices"), struct("topk", "values", "indices")
_kthvalue_result, _mode_result = struct("kthvalue", "values", "indices"), struct("mode", "values", "indices")
_median_result, _nanmedian_result = (
    struct("median", "values", "indices"),
    struct("nanmedian", "values", "indices"),
)


def _pair_into(out: Any, pair: tuple, name: str) -> tuple:
    if out is None:
        return pair
    return tuple([into(o, p, name, True) for o, p in zip(out, pair, strict=True)])


def _real(name: str, input: Tensor) -> None:
    require_tensor(name, input)
    if input._array.dtype.kind == "c":
        raise NotImplementedError(f"{name}: input must not be complex, got {input.dtype}")


@method()
def sort(
    input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False, *, out: Any = None
) -> Any:
    """The elements in order along `dim`, and where each came from. NaN is larger than all.

    Args:
        stable: Keep the order of equal elements. It is always kept here.
    Example:
        >>> sort(rushlight.tensor([3.0, 1.0, 2.0])).indices
        tensor([1, 2, 0])
    """
    _real("sort", input)
    pair = SortBackward0.apply(input, wrap_dim(dim, input._array.ndim, "sort"), descending)
    return _sort_result(*_pair_into(out, pair, "sort"))


@method()
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort along `dim`.

    Example:
        >>> argsort(rushlight.tensor([3.0, 1.0, 2.0]))
        tensor([1, 2, 0])
    """
    _real("argsort", input)
    return in_order(_sorted(input._array, wrap_dim(dim, input._array.ndim, "argsort"), descending)[1])


@method()
def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements in order along dim 0.

    Example:
        >>> msort(rushlight.tensor([3.0, 1.0, 2.0]))
        tensor([1., 2., 3.])
    """
    y = sort(input, 0).values
    return y if out is None else into(out, y, "msort")


# -- the largest few ----------------------------------------------------------------------------------------------
class TopkBackward0(Picked):
    @staticmethod
    def forward(ctx: Any, x: Tensor, k: int, dim: int, largest: bool) -> tuple:
        array = x._array
        if _has_kernel("topk", array) and k > 0:
            values, indices = _C.topk(_last(array, dim), k, largest)
            if dim != array.ndim - 1:
                values = in_order(np.moveaxis(values._array, -1, dim))
                indices = in_order(np.moveaxis(indices._array, -1, dim))
        else:
            v, i = _sorted(array, dim, largest)
            cut = (slice(None),) * dim + (slice(0, k),)
            values, indices = (in_order(a[cut] if array.ndim else a) for a in (v, i))
        ctx.shape, ctx.dim, ctx.keepdim = array.shape, dim, True
        ctx.save_for_backward(indices)
        ctx.mark_non_differentiable(indices)
        return values, indices


@method()
def topk(
    input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, out: Any = None
) -> Any:
    """The `k` largest elements along `dim` and their indices, in order.

    Args:
        largest: False for the smallest.
        sorted: They are always in order here.
    Raises:
        RuntimeError: `k` is negative or greater than the dim's size.
    Example:
        >>> topk(rushlight.tensor([1.0, 4.0, 3.0]), 2).values
        tensor([4., 3.])
    """
    _real("topk", input)
    refuse("topk", input, "b")
    dim = wrap_dim(dim, input._array.ndim, "topk")
    size = input._array.shape[dim] if input._array.ndim else 1
    if not hasattr(k, "__index__"):
        raise TypeError(f"topk: k must be an int, got {kind_of(k)}")
    if not 0 <= k <= size:
        raise RuntimeError(
            f"topk: k must be in [0, {size}], the size of dim {dim} (selected index k out of range), got {k}"
        )
    return _topk_result(*_pair_into(out, TopkBackward0.apply(input, k, dim, largest), "topk"))


class KthvalueBackward0(Picked):
    @staticmethod
    def forward(ctx: Any, x: Tensor, k: int, dim: int, keepdim: bool) -> tuple:
        values, indices = _pick(x._array, np.full((), k - 1), dim, keepdim, _sorted(x._array, dim, False))
        ctx.shape, ctx.dim, ctx.keepdim = x._array.shape, dim, keepdim
        ctx.save_for_backward(indices)
        ctx.mark_non_differentiable(indices)
        return values, indices


def _pick(
    array: np.ndarray, place: np.ndarray, dim: int, keepdim: bool, pair: tuple
) -> tuple[Tensor, Tensor]:
    """The element at `place` of each sorted row, and its index."""
    values, indices = pair
    if array.ndim == 0:
        return wrap(values), wrap(indices)
    shape = [1 if i == dim else n for i, n in enumerate(array.shape)]
    at = np.broadcast_to(place.astype(np.int64), shape)
    results = []
    for a in (values, indices):
        picked = np.take_along_axis(a, at, dim)
        results.append(wrap(picked if keepdim else picked.squeeze(dim)))
    return results[0], results[1]


def _filled(name: str, array: np.ndarray, dim: int) -> None:
    if array.ndim and array.shape[dim] == 0:
        raise IndexError(
            f"{name}: dim must have a size other than 0 (Expected reduction dim to have non-zero size), got input of shape "
            f"{list(array.shape)}"
        )


@method()
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The `k`-th smallest element along `dim` (counted from 1) and its index.

    Raises:
        RuntimeError: `k` is not in [1, size of the dim].
    Example:
        >>> kthvalue(rushlight.tensor([3.0, 1.0, 2.0]), 2).values
        tensor(2.)
    """
    _real("kthvalue", input)
    refuse("kthvalue", input, "bc")
    dim = wrap_dim(dim, input._array.ndim, "kthvalue")
    _filled("kthvalue", input._array, dim)
    size = input._array.shape[dim] if input._array.ndim else 1
    if not 1 <= k <= size:
        raise RuntimeError(
            f"kthvalue: k must be in [1, {size}] (selected number k out of range for dimension {dim}), got {k}"
        )
    return _kthvalue_result(*_pair_into(out, KthvalueBackward0.apply(input, k, dim, keepdim), "kthvalue"))


# -- medians ------------------------------------------------------------------------------------------------------
def _median_pair(array: np.ndarray, dim: int, keepdim: bool, skip_nan: bool) -> tuple[Tensor, Tensor]:
    pair = _sorted(array, dim, False)
    if array.ndim == 0:
        return wrap(pair[0]), wrap(pair[1])
    size = array.shape[dim]
    place = np.full((), (size - 1) // 2)
    if array.dtype.kind not in "iub":
        nans = np.isnan(array.astype(np.float32, copy=False) if array.dtype.itemsize < 4 else array).sum(
            dim, keepdims=True
        )
        if skip_nan:
            place = np.maximum((size - nans - 1) // 2, 0)
        else:  # the first NaN: they stand at the end, in their order
            place = np.where(nans > 0, size - nans, (size - 1) // 2)
    return _pick(array, place, dim, keepdim, pair)


class MedianBackward0(Function):
    """Of all elements: those equal to it share the gradient."""

    _skip_nan = False

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        if x._array.size == 0:
            return wrap(np.full((), np.nan, x._array.dtype))
        y = _median_pair(np.ascontiguousarray(x._array).reshape(-1), 0, False, type(ctx)._skip_nan)[0]
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        x, y = ctx.saved_tensors
        if y._array != y._array:
            mask = x.isnan().to(dy.dtype)
            return dy * (mask / mask.sum())
        return share(dy, x, y, tuple(range(x._array.ndim)), False)


class NanmedianBackward0(MedianBackward0):
    _skip_nan = True


class MedianBackward1(Picked):
    _skip_nan = False

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, keepdim: bool) -> tuple:
        values, indices = _median_pair(x._array, dim, keepdim, type(ctx)._skip_nan)
        ctx.shape, ctx.dim, ctx.keepdim = x._array.shape, dim, keepdim
        ctx.save_for_backward(indices)
        ctx.mark_non_differentiable(indices)
        return values, indices


class NanmedianBackward1(MedianBackward1):
    _skip_nan = True


def _median(
    name: str, nodes: tuple, result: Any, input: Tensor, dim: int | None, keepdim: bool, out: Any
) -> Any:
    _real(name, input)
    if dim is None:
        y = nodes[0].apply(input)
        return y if out is None else into(out, y, name)
    dim = wrap_dim(dim, input._array.ndim, name)
    _filled(name, input._array, dim)
    return result(*_pair_into(out, nodes[1].apply(input, dim, keepdim), name))


@method()
def median(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The median: of an even number of elements the lower of the middle two. With `dim` also its index.

    Example:
        >>> median(rushlight.tensor([4.0, 1.0, 3.0, 2.0]))
        tensor(2.)
    """
    refuse("median", input, "bc")
    return _median("median", (MedianBackward0, MedianBackward1), _median_result, input, dim, keepdim, out)


@method()
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The median of what is not NaN.

    Example:
        >>> nanmedian(rushlight.tensor([1.0, float("nan"), 3.0]))
        tensor(1.)
    """
    refuse("nanmedian", input, "bc")
    nodes = (NanmedianBackward0, NanmedianBackward1)
    return _median("nanmedian", nodes, _nanmedian_result, input, dim, keepdim, out)


class ModeBackward0(Picked):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, keepdim: bool) -> tuple:
        values, indices = _mode(x._array, dim, keepdim)
        ctx.shape, ctx.dim, ctx.keepdim = x._array.shape, dim, keepdim
        ctx.save_for_backward(indices)
        ctx.mark_non_differentiable(indices)
        return values, indices


def _mode(array: np.ndarray, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The longest run of each sorted row; the place is the last of the run, as in PyTorch."""
    values, indices = _sorted(array, dim, False)
    if array.ndim == 0:
        return wrap(values), wrap(indices)
    v = _last(values, dim)
    n = v.shape[-1]
    position = np.broadcast_to(np.arange(n), v.shape)
    new = np.ones(v.shape, bool)
    new[..., 1:] = v[..., 1:] != v[..., :-1]
    start = np.maximum.accumulate(np.where(new, position, 0), -1)
    place = np.argmax(position - start, -1)  # the first place where the run is longest: its end
    return _pick(array, np.expand_dims(place, dim), dim, keepdim, (values, indices))


@method()
def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The most frequent element along `dim` (of several the smallest), and the index of its last occurrence.

    Example:
        >>> mode(rushlight.tensor([1.0, 2.0, 2.0, 3.0])).values
        tensor(2.)
    """
    _real("mode", input)
    dim = wrap_dim(dim, input._array.ndim, "mode")
    _filled("mode", input._array, dim)
    return _mode_result(*_pair_into(out, ModeBackward0.apply(input, dim, keepdim), "mode"))


# -- places in sorted sequences -----------------------------------------------------------------------------------
def searchsorted(
    sorted_sequence: Tensor,
    input: Any = None,
    *,
    self: float | None = None,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Where each element of `input` would have to be put into `sorted_sequence` to keep it in order.

    Args:
        input: A tensor or a number.
        self: PyTorch's name for an `input` that is a number.
        out_int32: Give int32 instead of int64.
        right: After equal elements instead of before them; the same as `side='right'`.
        side: 'left' or 'right'.
        sorter: Indices that sort `sorted_sequence`, where it is not in order itself.
    Shape:
        sorted_sequence: (N,) or (*, N); input: any shape for the first, (*, M) for the second; output: as input.
    Raises:
        RuntimeError: the leading dims differ, or `side` contradicts `right`.
    Example:
        >>> searchsorted(rushlight.tensor([1.0, 3.0, 5.0]), rushlight.tensor([3.0, 6.0]))
        tensor([1, 3])
    """
    require_tensor("searchsorted", sorted_sequence, "sorted_sequence")
    if (input is None) == (self is None):
        raise TypeError("searchsorted: input must be given, once (self is its name for a number)")
    input = self if input is None else input
    refuse("searchsorted", result_type(sorted_sequence, input), "bc")
    if side not in (None, "left", "right"):
        raise RuntimeError(f"searchsorted: side must be 'left' or 'right', got {side!r}")
    if side == "left" and right:
        raise RuntimeError("searchsorted: side must not be 'left' when right=True")
    way = "right" if right or side == "right" else "left"
    sequence = sorted_sequence._array
    if sorter is not None:
        if sorter._array.shape != sequence.shape:
            raise RuntimeError(
                f"searchsorted: sorter must have the shape of sorted_sequence, {list(sequence.shape)}, got "
                f"{list(sorter._array.shape)}"
            )
        sequence = np.take_along_axis(sequence, sorter._array, -1)
    values = input._array if isinstance(input, TensorBase) else np.asarray(input)
    if sequence.ndim == 0:
        raise RuntimeError("searchsorted: sorted_sequence must have at least one dim, got a 0-d tensor")
    if sequence.ndim == 1:
        found = np.searchsorted(sequence, values, way)
    else:
        if values.ndim != sequence.ndim or values.shape[:-1] != sequence.shape[:-1]:
            raise RuntimeError(
                "searchsorted: input must have the leading dims of sorted_sequence (torch.searchsorted(): boundaries "
                f"tensor should be 1 dimension or the first N-1 dimensions must match), got {list(values.shape)} and "
                f"{list(sequence.shape)}"
            )
        found = np.empty(values.shape, np.int64)
        for i in np.ndindex(values.shape[:-1]):
            found[i] = np.searchsorted(sequence[i], values[i], way)
    y = wrap(np.asarray(found).astype(np.int32 if out_int32 else np.int64))
    return y if out is None else into(out, y, "searchsorted")


def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """The number of the interval between `boundaries` (in order) that each element lies in.

    Args:
        right: An element equal to a boundary lies in the interval after it.
    Example:
        >>> bucketize(rushlight.tensor([0.5, 2.0]), rushlight.tensor([1.0, 2.0]))
        tensor([0, 1])
    """
    require_tensor("bucketize", boundaries, "boundaries")
    if not isinstance(input, OPERANDS):
        raise TypeError(f"bucketize: input must be a Tensor or a number, got {kind_of(input)}")
    refuse("bucketize", result_type(input, boundaries), "bc")
    if boundaries._array.ndim != 1:
        raise RuntimeError(f"bucketize: boundaries must have 1 dim, got {boundaries._array.ndim}")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)
