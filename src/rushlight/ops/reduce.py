"""Reductions over dims: sums, means, products and tests; what all reductions share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..errors import wrap_dims
from ..kernels import _C, usable
from ..tensor import Tensor, into, method, wrap
from .convert import cast, in_order
from .elementwise import FLOAT32, refuse, require_tensor
from .shape import ExpandBackward0

__all__ = [
    "all",
    "any",
    "count_nonzero",
    "mean",
    "nanmean",
    "nansum",
    "prod",
    "sum",
]


REDUCE: dict[str, int] = {} if _C is None else getattr(_C, "REDUCE", {})


# -- what they share ----------------------------------------------------------------------------------------------
def reduce_float32(op: str, array: np.ndarray, dims: tuple, keepdim: bool, number: float = 0.0) -> Any:
    """The kernel's result; an array in any dense memory order is taken as it lies."""
    if not array.flags.c_contiguous and array.ndim > 1:
        order = sorted(range(array.ndim), key=lambda i: -abs(array.strides[i]))
        straight = array.transpose(order)
        if straight.flags.c_contiguous:
            moved = tuple([order.index(d) for d in dims])
            kept = order if keepdim else [d for d in order if d not in dims]
            back = sorted(range(len(kept)), key=kept.__getitem__)
            result = _C.reduce(REDUCE[op], straight, tuple(sorted(moved)), keepdim, number)
            if isinstance(result, tuple):
                return tuple([in_order(r._array.transpose(back)) for r in result])
            return in_order(result._array.transpose(back))
    return _C.reduce(REDUCE[op], array, dims, keepdim, number)


def kernel_for(op: str, array: np.ndarray, dims: tuple) -> bool:
    """Whether the kernel can reduce `array` over `dims`."""
    return op in REDUCE and array.dtype.num == FLOAT32 and array.size > 0


def expand_back(dy: Tensor, shape: tuple, dims: tuple, keepdim: bool) -> Tensor:
    """A reduction's result, or its gradient, seen in the shape of the input."""
    if not keepdim and len(dims) < len(shape):
        for d in sorted(dims):
            dy = dy.unsqueeze(d)  # type: ignore[attr-defined]
    elif dy._array.ndim != len(shape):
        dy = dy.reshape((1,) * len(shape))  # type: ignore[attr-defined]
    return dy.expand(shape)  # type: ignore[attr-defined]


def count(shape: tuple, dims: tuple) -> int:
    """How many elements become one."""
    n = 1
    for d in dims:
        n *= shape[d]
    return n


# -- sum and mean -------------------------------------------------------------------------------------------------
def _sum_array(array: np.ndarray, dims: tuple, keepdim: bool, d: dtypes.dtype) -> Tensor:
    if d is dtypes.float32 and kernel_for("sum", array, dims):
        return reduce_float32("sum", array, dims, keepdim)
    work = np.dtype(np.float64) if d.category == dtypes.FLOAT else d.numpy
    y = np.asarray(np.add.reduce(array, axis=dims or None, dtype=work, keepdims=keepdim))
    return in_order(y if y.dtype == d.numpy else cast(y, d))


class SumBackward1(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, keepdim: bool, d: Any) -> Tensor:
        ctx.shape, ctx.dims, ctx.keepdim = x._array.shape, dims, keepdim
        array = x._array
        if d is None:
            d = dtypes.of(array.dtype)
            if d.category < dtypes.FLOAT:
                d = dtypes.int64
        elif array.dtype != d.numpy:
            array = array.astype(d.numpy)
        return _sum_array(array, dims, keepdim, d)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return expand_back(dy, ctx.shape, ctx.dims, ctx.keepdim), None, None, None


class SumBackward0(Function):
    """Over all dims."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        array = x._array
        ctx.shape = array.shape
        if usable(x) and array.size:
            return reduce_float32("sum", array, tuple(range(array.ndim)), False)
        d = dtypes.of(array.dtype)
        return _sum_array(
            array, tuple(range(array.ndim)), False, d if d.category >= dtypes.FLOAT else dtypes.int64
        )

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        return ExpandBackward0.apply(dy, ctx.shape)


@method()
def sum(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The sum over `dim` (an int or several; default: all). Integers and bools are summed as int64.

    Example:
        >>> sum(rushlight.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
        tensor([4., 6.])
    """
    ndim = input._array.ndim
    if dim is None and dtype is None and not keepdim:
        y = SumBackward0.apply(input)
    else:
        y = SumBackward1.apply(input, wrap_dims(dim, ndim, "sum"), keepdim, dtype)
    return y if out is None else into(out, y, "sum")


class MeanBackward1(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, keepdim: bool, d: Any) -> Tensor:
        array = x._array
        ctx.shape, ctx.dims, ctx.keepdim = array.shape, dims, keepdim
        ctx.n = n = count(array.shape, dims)
        if d is None:
            d = dtypes.of(array.dtype)
        elif array.dtype != d.numpy:
            array = array.astype(d.numpy)
        if d is dtypes.float32 and kernel_for("mean", array, dims):
            return reduce_float32("mean", array, dims, keepdim)
        work = np.dtype(np.float64) if d.category == dtypes.FLOAT else d.numpy
        y = np.add.reduce(array, axis=dims or None, dtype=work, keepdims=keepdim)
        with np.errstate(all="ignore"):
            return in_order(cast(np.asarray(np.true_divide(y, n)), d))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return expand_back(dy / ctx.n, ctx.shape, ctx.dims, ctx.keepdim), None, None, None  # type: ignore[operator]


class MeanBackward0(MeanBackward1):
    """Over all dims."""


def _floating(name: str, input: Tensor, dtype: Any) -> None:
    d = input.dtype if dtype is None else dtype
    if d.category < dtypes.FLOAT:
        raise RuntimeError(
            f"{name}: input must be a floating-point or complex tensor (could not infer output dtype), got {d}; use "
            "input.float() or dtype="
        )


@method()
def mean(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The mean over `dim` (an int or several; default: all).

    Raises:
        RuntimeError: the input is an integer tensor.
    Example:
        >>> mean(rushlight.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
        tensor([1.5000, 3.5000])
    """
    _floating("mean", input, dtype)
    ndim = input._array.ndim
    if dim is None:
        y = MeanBackward0.apply(input, tuple(range(ndim)), keepdim, dtype)
    else:
        y = MeanBackward1.apply(input, wrap_dims(dim, ndim, "mean"), keepdim, dtype)
    return y if out is None else into(out, y, "mean")


class NansumBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, keepdim: bool, d: Any) -> Tensor:
        ctx.dims, ctx.keepdim = dims, keepdim
        ctx.save_for_backward(x)
        clean = x.nan_to_num(0.0, math.inf, -math.inf)  # type: ignore[attr-defined]
        return SumBackward1.forward(ctx, clean, dims, keepdim, d)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        (x,) = ctx.saved_tensors
        dx = expand_back(dy, x._array.shape, ctx.dims, ctx.keepdim)
        return dx.masked_fill(x.isnan(), 0), None, None, None  # type: ignore[attr-defined]


@method()
def nansum(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The sum over `dim`, NaN counting as 0.

    Example:
        >>> nansum(rushlight.tensor([1.0, float("nan"), 2.0]))
        tensor(3.)
    """
    require_tensor("nansum", input)
    refuse("nansum", input, "c")
    if input._array.dtype.kind not in "fV":
        y = sum(input, dim, keepdim, dtype=dtype)
    else:
        y = NansumBackward0.apply(input, wrap_dims(dim, input._array.ndim, "nansum"), keepdim, dtype)
    return y if out is None else into(out, y, "nansum")


@method()
def nanmean(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The mean over `dim` of what is not NaN.

    Example:
        >>> nanmean(rushlight.tensor([1.0, float("nan"), 2.0]))
        tensor(1.5000)
    """
    require_tensor("nanmean", input)
    _floating("nanmean", input, None)
    count = sum((input == input).detach(), dim, keepdim)
    y = nansum(input, dim, keepdim, dtype=dtype) / count  # type: ignore[operator]
    return y if out is None else into(out, y, "nanmean")


# -- product ------------------------------------------------------------------------------------------------------
class ProdBackward1(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, keepdim: bool, d: Any) -> Tensor:
        array = x._array
        ctx.dims, ctx.keepdim = dims, keepdim
        if d is None:
            d = dtypes.of(array.dtype)
            if d.category < dtypes.FLOAT:
                d = dtypes.int64
        elif array.dtype != d.numpy:
            array = array.astype(d.numpy)
        if d is dtypes.float32 and kernel_for("prod", array, dims):
            y = reduce_float32("prod", array, dims, keepdim)
        else:
            work = np.dtype(np.float32) if d.category == dtypes.FLOAT and d.itemsize < 4 else d.numpy
            with np.errstate(all="ignore"):
                product = np.multiply.reduce(array, axis=dims or None, dtype=work, keepdims=keepdim)
            y = in_order(cast(np.asarray(product), d))
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        x, y = ctx.saved_tensors
        shape = x._array.shape
        dy = expand_back(dy, shape, ctx.dims, ctx.keepdim)
        if not is_grad_enabled() and (x._array != 0).all():
            return dy * (expand_back(y, shape, ctx.dims, ctx.keepdim) / x).conj(), None, None, None
        return dy * _product_of_others(x, ctx.dims).conj(), None, None, None


class ProdBackward0(ProdBackward1):
    """Over all dims."""


def _product_of_others(x: Tensor, dims: tuple) -> Tensor:
    """For each element the product of the others: of those before it and those after it."""
    from .cumulative import cumprod
    from .join import cat

    shape = x._array.shape
    others = [d for d in range(len(shape)) if d not in dims]
    flat = x.permute(*others, *dims).reshape([shape[d] for d in others] + [-1])  # type: ignore[attr-defined]
    one = flat.new_ones(flat.shape[:-1] + (1,))
    before = cumprod(cat((one, flat[..., :-1]), -1), -1)
    after = cumprod(cat((one, flat.flip(-1)[..., :-1]), -1), -1).flip(-1)
    product = (before * after).reshape([shape[d] for d in others] + [shape[d] for d in dims])
    back = [0] * len(shape)
    for i, d in enumerate(others + list(dims)):
        back[d] = i
    return product.permute(back) if shape else product.reshape(())


@method()
def prod(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The product over `dim` (default: all dims). Integers and bools are multiplied as int64.

    Example:
        >>> prod(rushlight.tensor([2.0, 3.0, 4.0]))
        tensor(24.)
    """
    ndim = input._array.ndim
    if dim is None:
        y = ProdBackward0.apply(input, tuple(range(ndim)), keepdim, dtype)
    else:
        y = ProdBackward1.apply(input, wrap_dims(dim, ndim, "prod"), keepdim, dtype)
    return y if out is None else into(out, y, "prod")


# -- tests --------------------------------------------------------------------------------------------------------
def _test(name: str, fn: Any, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    require_tensor(name, input)
    array = input._array
    if array.dtype.kind != "b":
        array = array != 0
    dims = wrap_dims(dim, array.ndim, name)
    y = np.asarray(fn(array, axis=dims or None, keepdims=keepdim))
    return wrap(y.astype(np.uint8) if input.dtype is dtypes.uint8 else y)


@method()
def all(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Whether all elements over `dim` (default: all dims) are not 0.

    Example:
        >>> all(rushlight.tensor([True, False]))
        tensor(False)
    """
    y = _test("all", np.all, input, dim, keepdim)
    return y if out is None else into(out, y, "all")


@method()
def any(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Whether any element over `dim` (default: all dims) is not 0.

    Example:
        >>> any(rushlight.tensor([True, False]))
        tensor(True)
    """
    y = _test("any", np.any, input, dim, keepdim)
    return y if out is None else into(out, y, "any")


@method()
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements over `dim` (default: all dims) are not 0.

    Example:
        >>> count_nonzero(rushlight.tensor([0, 1, 2]))
        tensor(2)
    """
    require_tensor("count_nonzero", input)
    array = input._array
    return wrap(
        np.asarray(
            np.count_nonzero(array, axis=wrap_dims(dim, array.ndim, "count_nonzero") or None), np.int64
        )
    )
