"""Variance and standard deviation over dims."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..errors import wrap_dims
from ..tensor import Tensor, into, method
from .convert import in_order
from .elementwise import require_tensor, work_dtype
from .reduce import count, expand_back, kernel_for, mean, reduce_float32

__all__ = [
    "std",
    "std_mean",
    "var",
    "var_mean",
]


def _moments(x: Tensor, dims: tuple, correction: float, keepdim: bool) -> tuple[Tensor, Tensor]:
    """(variance, mean), both in float64 on the way."""
    array = x._array
    d = dtypes.of(array.dtype)
    if d is dtypes.float32 and kernel_for("var_mean", array, dims):
        return reduce_float32("var_mean", array, dims, keepdim, float(correction))
    n = count(array.shape, dims)
    wide = array.astype(np.float64 if d.category == dtypes.FLOAT else np.complex128)
    axes = dims or None
    with np.errstate(all="ignore"):
        m = np.asarray(np.true_divide(np.add.reduce(wide, axis=axes, keepdims=True), n))
        squares = np.add.reduce(np.square(np.abs(wide - m)), axis=axes, keepdims=keepdim)
        free = n - correction
        v = np.asarray(np.true_divide(squares, np.float64(0.0 if free < 0 else free)))
    m = m if keepdim else m.reshape(v.shape)
    return in_order(v.astype(d.to_real().numpy)), in_order(m.astype(d.numpy))


def _var_backward(dv: Tensor, x: Tensor, ctx: Any, center: Tensor | None = None) -> Tensor:
    """d(variance)/dx = 2 (x - mean) / (n - correction)."""
    shape = x._array.shape
    n = count(shape, ctx.dims) - ctx.correction
    factor = 2.0 / n if n > 0 else math.inf if n == 0 else math.nan
    if center is None:
        center = mean(x, ctx.dims or None, True) if shape else x
    return expand_back(dv, shape, ctx.dims, ctx.keepdim) * factor * (x - center)  # type: ignore[operator]


def _mean_backward(dm: Tensor, x: Tensor, ctx: Any) -> Tensor:
    shape = x._array.shape
    return expand_back(dm / count(shape, ctx.dims), shape, ctx.dims, ctx.keepdim)  # type: ignore[operator]


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
        return _var_backward(dv, x, ctx) + _mean_backward(dm, x, ctx), None, None, None  # type: ignore[operator]


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
        return _var_backward(_half_over(ds, s), x, ctx) + _mean_backward(dm, x, ctx), None, None, None  # type: ignore[operator]


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
