"""Reductions: sums, means, extremes and tests over dims."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..errors import wrap_dim, wrap_dims
from ..kernels import _C, usable
from ..return_types import struct
from ..tensor import Tensor, into, method, wrap
from .convert import cast, in_order
from .elementwise import FLOAT32, refuse, require_tensor, work_dtype
from .shape import ExpandBackward0

__all__ = [
    "all",
    "amax",
    "amin",
    "aminmax",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "max",
    "mean",
    "min",
    "nanmean",
    "nansum",
    "prod",
    "std",
    "std_mean",
    "sum",
    "var",
    "var_mean",
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


def _count(shape: tuple, dims: tuple) -> int:
    n = 1
    for d in dims:
        n *= shape[d]
    return n


def _nonempty(name: str, shape: tuple, dims: tuple) -> None:
    if any_(shape[d] == 0 for d in dims if d < len(shape)):
        raise IndexError(
            f"{name}: dim must have a size other than 0 to be reduced (Expected reduction dim to have non-zero size), "
            f"got input of shape {list(shape)}"
        )


def any_(items: Any) -> bool:
    """Python's any(), whose name a reduction has here."""
    for item in items:
        if item:
            return True
    return False


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
        ctx.n = n = _count(array.shape, dims)
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


# -- variance -----------------------------------------------------------------------------------------------------
def _moments(x: Tensor, dims: tuple, correction: float, keepdim: bool) -> tuple[Tensor, Tensor]:
    """(variance, mean), both in float64 on the way."""
    array = x._array
    d = dtypes.of(array.dtype)
    if d is dtypes.float32 and kernel_for("var_mean", array, dims):
        return reduce_float32("var_mean", array, dims, keepdim, float(correction))
    n = _count(array.shape, dims)
    wide = array.astype(np.float64 if d.category == dtypes.FLOAT else np.complex128)
    axes = dims or None
    with np.errstate(all="ignore"):
        m = np.asarray(np.true_divide(np.add.reduce(wide, axis=axes, keepdims=True), n))
        squares = np.add.reduce(np.square(np.abs(wide - m)), axis=axes, keepdims=keepdim)
        v = np.asarray(np.true_divide(squares, np.float64(builtin_max(0.0, n - correction))))
    m = m if keepdim else m.reshape(v.shape)
    return in_order(v.astype(d.to_real().numpy)), in_order(m.astype(d.numpy))


def builtin_max(a: Any, b: Any) -> Any:
    """The greater of two numbers."""
    return a if a > b else b


def _var_composed(x: Tensor, dims: tuple, correction: float, keepdim: bool) -> Tensor:
    difference = x - mean(x, dims, True)  # type: ignore[operator]
    square = difference * difference.conj()
    n = _count(x._array.shape, dims) - correction
    return sum(square.real if square._array.dtype.kind == "c" else square, dims, keepdim) / builtin_max(
        0.0, n
    )


def _var_backward(dv: Tensor, x: Tensor, ctx: Any, center: Tensor | None = None) -> Tensor:
    """d(variance)/dx = 2 (x - mean) / (n - correction)."""
    shape = x._array.shape
    n = _count(shape, ctx.dims) - ctx.correction
    factor = 2.0 / n if n > 0 else math.inf if n == 0 else math.nan
    if center is None:
        center = mean(x, ctx.dims or None, True) if shape else x
    return expand_back(dv, shape, ctx.dims, ctx.keepdim) * factor * (x - center)  # type: ignore[operator]


class VarBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, correction: float, keepdim: bool) -> Tensor:
        ctx.dims, ctx.correction, ctx.keepdim = dims, correction, keepdim
        ctx.save_for_backward(x)
        return _moments(x, dims, correction, keepdim)[0]

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        (x,) = ctx.saved_tensors
        return _var_backward(dy, x, ctx), None, None, None


def _half_over(dy: Tensor, s: Tensor) -> Tensor:
    """The variance's gradient from the standard deviation's: dy / (2 s), 0 where s is."""
    return (dy / (s * 2)).masked_fill(s == 0, 0)  # type: ignore[operator,attr-defined]


class StdBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, correction: float, keepdim: bool) -> Tensor:
        ctx.dims, ctx.correction, ctx.keepdim = dims, correction, keepdim
        wide = x.to(work_dtype(x.dtype))  # type: ignore[attr-defined]
        y = _moments(wide, dims, correction, keepdim)[0].sqrt().to(x.dtype.to_real())  # type: ignore[attr-defined]
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        x, y = ctx.saved_tensors
        return _var_backward(_half_over(dy, y), x, ctx), None, None, None


class VarMeanBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, correction: float, keepdim: bool) -> tuple:
        ctx.dims, ctx.correction, ctx.keepdim = dims, correction, keepdim
        ctx.save_for_backward(x)
        return tuple(_moments(x, dims, correction, keepdim))

    @staticmethod
    def backward(ctx: Any, dv: Tensor, dm: Tensor) -> tuple:
        (x,) = ctx.saved_tensors
        shape = x._array.shape
        from_mean = expand_back(dm / _count(shape, ctx.dims), shape, ctx.dims, ctx.keepdim)  # type: ignore[operator]
        return _var_backward(dv, x, ctx) + from_mean, None, None, None  # type: ignore[operator]


class StdMeanBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, correction: float, keepdim: bool) -> tuple:
        ctx.dims, ctx.correction, ctx.keepdim = dims, correction, keepdim
        v, m = _moments(x.to(work_dtype(x.dtype)), dims, correction, keepdim)  # type: ignore[attr-defined]
        s, m = v.sqrt().to(x.dtype.to_real()), m.to(x.dtype)  # type: ignore[attr-defined]
        ctx.save_for_backward(x, s)
        return s, m

    @staticmethod
    def backward(ctx: Any, ds: Tensor, dm: Tensor) -> tuple:
        x, s = ctx.saved_tensors
        shape = x._array.shape
        from_mean = expand_back(dm / _count(shape, ctx.dims), shape, ctx.dims, ctx.keepdim)  # type: ignore[operator]
        return _var_backward(_half_over(ds, s), x, ctx) + from_mean, None, None, None  # type: ignore[operator]


def _spread(
    name: str, node: Any, input: Tensor, dim: Any, unbiased: Any, keepdim: bool, correction: Any
) -> Any:
    require_tensor(name, input)
    if isinstance(dim, bool):  # the old form: var(input, unbiased)
        dim, unbiased = None, dim
    if input.dtype.category < dtypes.FLOAT:
        raise RuntimeError(f"{name}: input must be a floating-point or complex tensor, got {input.dtype}")
    if unbiased is not None:
        correction = 1 if unbiased else 0
    elif correction is None:
        correction = 1
    return node.apply(input, wrap_dims(dim, input._array.ndim, name), correction, keepdim)


@method()
def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The variance over `dim` (default: all dims).

    Args:
        correction: The sum of squares is divided by the number of elements less this. Default 1 (Bessel's).
        unbiased: The old name: True is correction=1, False correction=0.
    Example:
        >>> (
        ...     var(rushlight.tensor([1.0, 2.0, 3.0, 4.0])),
        ...     var(rushlight.tensor([1.0, 2.0, 3.0, 4.0]), correction=0),
        ... )
        (tensor(1.6667), tensor(1.2500))
    """
    y = _spread("var", VarBackward0, input, dim, unbiased, keepdim, correction)
    return y if out is None else into(out, y, "var")


@method()
def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The standard deviation over `dim` (default: all dims): the root of `var`, with its arguments.

    Example:
        >>> std(rushlight.tensor([1.0, 2.0, 3.0, 4.0]))
        tensor(1.2910)
    """
    y = _spread("std", StdBackward0, input, dim, unbiased, keepdim, correction)
    return y if out is None else into(out, y, "std")


def var_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean over `dim`, in one pass.

    Example:
        >>> var_mean(rushlight.tensor([1.0, 3.0]))
        (tensor(2.), tensor(2.))
    """
    return _spread("var_mean", VarMeanBackward0, input, dim, unbiased, keepdim, correction)


def std_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean over `dim`, in one pass.

    Example:
        >>> std_mean(rushlight.tensor([1.0, 3.0]), correction=0)
        (tensor(1.), tensor(2.))
    """
    return _spread("std_mean", StdMeanBackward0, input, dim, unbiased, keepdim, correction)


# -- extremes -----------------------------------------------------------------------------------------------------
def _extreme_array(op: str, array: np.ndarray, dims: tuple, keepdim: bool) -> Tensor:
    if kernel_for(op, array, dims):
        return reduce_float32(op, array, dims, keepdim)
    d = dtypes.of(array.dtype)
    work = array.astype(work_dtype(d).numpy, copy=False)
    with np.errstate(all="ignore"):
        y = (np.maximum if op == "amax" else np.minimum).reduce(work, axis=dims or None, keepdims=keepdim)
    return in_order(np.asarray(y).astype(d.numpy, copy=False))


def _share(dy: Tensor, x: Tensor, y: Tensor, dims: tuple, keepdim: bool) -> Tensor:
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
        return _share(dy, x, y, ctx.dims, ctx.keepdim), None, None


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


class MaxBackward0(Function):
    _op = "amax"

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, keepdim: bool) -> tuple:
        values, indices = _arg(type(ctx)._op, x._array, dim, keepdim)
        ctx.shape, ctx.dim, ctx.keepdim = x._array.shape, dim, keepdim
        ctx.save_for_backward(indices)
        ctx.mark_non_differentiable(indices)
        return values, indices

    @staticmethod
    def backward(ctx: Any, dy: Tensor, _: Any) -> tuple:
        (indices,) = ctx.saved_tensors
        return scatter_back(dy, indices, ctx.shape, ctx.dim, ctx.keepdim), None, None


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
        from .arithmetic import maximum, minimum

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
        return _share(dlow, x, low, *d) + _share(dhigh, x, high, *d), None, None  # type: ignore[operator]


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
