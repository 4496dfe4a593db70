"""The largest and smallest elements over dims, and where they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import wrap_dim, wrap_dims
from ..kernels import _C
from ..return_types import struct
from ..tensor import Tensor, into, method, wrap
from .binary import maximum, minimum
from .convert import in_order
from .elementwise import refuse, require_tensor, work_dtype
from .reduce import REDUCE, expand_back, kernel_for, reduce_float32, sum

__all__ = [
    "amax",
    "amin",
    "aminmax",
    "argmax",
    "argmin",
    "max",
    "min",
]


def _nonempty(name: str, shape: tuple, dims: tuple) -> None:
    if any(shape[d] == 0 for d in dims if d < len(shape)):
        raise IndexError(
            f"{name}: dim must have a size other than 0 to be reduced (Expected reduction dim to have non-zero size), "
            f"got input of shape {list(shape)}"
        )


def _extreme_array(op: str, array: np.ndarray, dims: tuple, keepdim: bool) -> Tensor:
    if kernel_for(op, array, dims):
        return reduce_float32(op, array, dims, keepdim)
    d = dtypes.of(array.dtype)
    work = array.astype(work_dtype(d).numpy, copy=False)
    with np.errstate(all="ignore"):
        y = (np.maximum if op == "amax" else np.minimum).reduce(work, axis=dims or None, keepdims=keepdim)
    return in_order(np.asarray(y).astype(d.numpy, copy=False))


def share(dy: Tensor, x: Tensor, y: Tensor, dims: tuple, keepdim: bool) -> Tensor:
    """The gradient of an extreme: shared evenly by the elements that reach it."""
    shape = x._array.shape
    y = expand_back(y, shape, dims, keepdim)
    mask = x == y
    if np.isnan(y._array.astype(np.float32, copy=False)).any():  # a NaN is reached by NaN
        mask = mask | ((x != x) & (y != y))  # type: ignore[operator]
    mask = mask.to(dy.dtype)  # type: ignore[union-attr]
    if not shape:
        return dy * mask
    count = sum(mask, dims, True)
    return expand_back(dy, shape, dims, keepdim) * (mask / count)  # type: ignore[operator]


class AmaxBackward0(Function):
    _op = "amax"

    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, keepdim: bool) -> Tensor:
        y = _extreme_array(type(ctx)._op, x._array, dims, keepdim)
        ctx.dims, ctx.keepdim = dims, keepdim
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        x, y = ctx.saved_tensors
        return share(dy, x, y, ctx.dims, ctx.keepdim), None, None


class AminBackward0(AmaxBackward0):
    _op = "amin"


class MaxBackward1(AmaxBackward0):
    """Over all dims."""


class MinBackward1(AminBackward0):
    """Over all dims."""


def _arg(op: str, array: np.ndarray, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """(values, indices) of the extremes along one dim: the first of several; NaN beats all."""
    name = "max" if op == "amax" else "min"
    if array.ndim == 0:
        return wrap(array.copy()), wrap(np.zeros((), np.int64))
    if kernel_for(name, array, (dim,)):
        return reduce_float32_pair(name, array, dim, keepdim)
    work = array.astype(work_dtype(dtypes.of(array.dtype)).numpy, copy=False)
    index = (np.argmax if op == "amax" else np.argmin)(work, axis=dim, keepdims=True)
    values = np.take_along_axis(array, index, dim)
    if not keepdim:
        values, index = values.squeeze(dim), index.squeeze(dim)
    return in_order(values), in_order(np.asarray(index, np.int64))


def reduce_float32_pair(op: str, array: np.ndarray, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """(values, indices) by the kernel."""
    return _C.reduce_index(REDUCE[op], array, dim, keepdim)


class Picked(Function):
    """Nodes whose results are elements of `x` along a dim, and the (saved) indices where they were."""

    @staticmethod
    def backward(ctx: Any, dy: Tensor, _: Any) -> tuple:
        (indices,) = ctx.saved_tensors
        dx = scatter_back(dy, indices, ctx.shape, ctx.dim, ctx.keepdim)
        return dx, *(None,) * (len(ctx.needs_input_grad) - 1)


class MaxBackward0(Picked):
    _op = "amax"

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, keepdim: bool) -> tuple:
        values, indices = _arg(type(ctx)._op, x._array, dim, keepdim)
        ctx.shape, ctx.dim, ctx.keepdim = x._array.shape, dim, keepdim
        ctx.save_for_backward(indices)
        ctx.mark_non_differentiable(indices)
        return values, indices


class MinBackward0(MaxBackward0):
    _op = "amin"


def scatter_back(dy: Tensor, indices: Tensor, shape: tuple, dim: int, keepdim: bool) -> Tensor:
    """The gradient of elements picked by `indices` along `dim`."""
    if not shape:
        return dy
    if not keepdim:
        dy, indices = dy.unsqueeze(dim), indices.unsqueeze(dim)  # type: ignore[attr-defined]
    return dy.new_zeros(shape).scatter(dim, indices, dy)


_max_result, _min_result = struct("max", "values", "indices"), struct("min", "values", "indices")
_aminmax_result = struct("aminmax", "min", "max")


def _extreme(
    name: str,
    op: str,
    over_all: Any,
    along: Any,
    result: Any,
    input: Tensor,
    dim: Any,
    keepdim: bool,
    out: Any,
) -> Any:
    require_tensor(name, input)
    array = input._array
    if isinstance(dim, TensorBase):  # max(input, other)
        return (maximum if name == "max" else minimum)(input, dim, out=out)
    if array.dtype.kind == "c":
        raise NotImplementedError(f"{name}: input must not be complex, got {input.dtype}")
    if dim is None:
        if array.size == 0:
            raise RuntimeError(
                f"{name}: input must not be empty when no dim is given (Expected reduction dim to be specified for "
                f"input.numel() == 0), got shape {list(array.shape)}"
            )
        y = over_all.apply(input, tuple(range(array.ndim)), False)
        return y if out is None else into(out, y, name)
    dim = wrap_dim(dim, array.ndim, name)
    _nonempty(name, array.shape, (dim,))
    pair = along.apply(input, dim, keepdim)
    if out is not None:
        return result(*[into(o, p, name, True) for o, p in zip(out, pair, strict=True)])
    return result(*pair)


@method()
def max(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, out: Any = None
) -> Any:
    """The largest element; with `dim` the largest along it and its index; with a tensor in place of `dim`, `maximum`.

    NaN beats everything. The gradient goes to the element at the index; without `dim`, those that tie share it.

    Example:
        >>> max(rushlight.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1).indices
        tensor([1, 0])
    """
    return _extreme(
        "max",
        "amax",
        MaxBackward1,
        MaxBackward0,
        _max_result,
        input,
        dim if other is None else other,
        keepdim,
        out,
    )


@method()
def min(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, out: Any = None
) -> Any:
    """The smallest element; with `dim` the smallest along it and its index; with a tensor in place of `dim`, `minimum`.

    Example:
        >>> min(rushlight.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1).values
        tensor([1., 2.])
    """
    return _extreme(
        "min",
        "amin",
        MinBackward1,
        MinBackward0,
        _min_result,
        input,
        dim if other is None else other,
        keepdim,
        out,
    )


def _over_dims(name: str, node: Any, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    require_tensor(name, input)
    if input._array.dtype.kind == "c":
        raise NotImplementedError(f"{name}: input must not be complex, got {input.dtype}")
    dims = wrap_dims(dim, input._array.ndim, name)
    if input._array.size == 0:
        if dim is None or (not isinstance(dim, int) and not len(dim)):
            raise RuntimeError(
                f"{name}: input must not be empty when no dim is given (Expected reduction dim to be specified for "
                f"input.numel() == 0), got shape {list(input._array.shape)}"
            )
        _nonempty(name, input._array.shape, dims)
    return node.apply(input, dims, keepdim)


@method()
def amax(input: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The largest element over `dim` (an int or several; default: all). Those that tie share the gradient.

    Example:
        >>> amax(rushlight.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=0)
        tensor([3., 5.])
    """
    y = _over_dims("amax", AmaxBackward0, input, dim, keepdim)
    return y if out is None else into(out, y, "amax", True)


@method()
def amin(input: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The smallest element over `dim` (an int or several; default: all). Those that tie share the gradient.

    Example:
        >>> amin(rushlight.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=0)
        tensor([1., 2.])
    """
    y = _over_dims("amin", AminBackward0, input, dim, keepdim)
    return y if out is None else into(out, y, "amin", True)


class AminmaxBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, keepdim: bool) -> tuple:
        low = _extreme_array("amin", x._array, dims, keepdim)
        high = _extreme_array("amax", x._array, dims, keepdim)
        ctx.dims, ctx.keepdim = dims, keepdim
        ctx.save_for_backward(x, low, high)
        return low, high

    @staticmethod
    def backward(ctx: Any, dlow: Tensor, dhigh: Tensor) -> tuple:
        x, low, high = ctx.saved_tensors
        d = ctx.dims, ctx.keepdim
        return share(dlow, x, low, *d) + share(dhigh, x, high, *d), None, None  # type: ignore[operator]


@method()
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False, out: Any = None) -> Any:
    """The smallest and the largest element, along `dim` or of all.

    Example:
        >>> aminmax(rushlight.tensor([1.0, 5.0, 3.0])).max
        tensor(5.)
    """
    require_tensor("aminmax", input)
    refuse("aminmax", input, "c")
    dims = wrap_dims(dim, input._array.ndim, "aminmax")
    if input._array.size == 0:
        if dim is None:
            raise RuntimeError(
                "aminmax: input must not be empty (cannot compute aminmax over an empty dimension)"
            )
        _nonempty("aminmax", input._array.shape, dims)
    pair = AminmaxBackward0.apply(input, dims, keepdim)
    if out is not None:
        return _aminmax_result(*[into(o, p, "aminmax", True) for o, p in zip(out, pair, strict=True)])
    return _aminmax_result(*pair)


def _index(name: str, op: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    require_tensor(name, input)
    array = input._array
    if array.dtype.kind in "bc":
        raise NotImplementedError(
            f"{name}: input must be of real numbers, got {input.dtype}; for a mask use .int()"
        )
    if dim is None:
        if array.size == 0:
            raise IndexError(
                f"{name}: input must not be empty when no dim is given, got shape {list(array.shape)}"
            )
        index = _arg(op, np.ascontiguousarray(array).reshape(-1), 0, False)[1]
        return wrap(index._array.reshape((1,) * array.ndim)) if keepdim else index
    dim = wrap_dim(dim, array.ndim, name)
    _nonempty(name, array.shape, (dim,))
    return _arg(op, array, dim, keepdim)[1]


@method()
def argmax(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """The index of the largest element along `dim`, or in the flattened tensor. The first of several.

    Example:
        >>> argmax(rushlight.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=0)
        tensor([1, 0])
    """
    refuse("argmax", input, "bc")
    y = _index("argmax", "amax", input, dim, keepdim)
    return y if out is None else into(out, y, "argmax", True)


@method()
def argmin(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """The index of the smallest element along `dim`, or in the flattened tensor. The first of several.

    Example:
        >>> argmin(rushlight.tensor([[1.0, 5.0], [3.0, 2.0]]))
        tensor(0)
    """
    refuse("argmin", input, "bc")
    y = _index("argmin", "amin", input, dim, keepdim)
    return y if out is None else into(out, y, "argmin", True)
