"""Reductions of what is not masked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..ops.vector_norm import vector_norm
from ..tensor import Tensor, wrap
from ._filling import dims_of, filled, limit, losing, start

__all__ = [
    "amax", "amin", "argmax", "argmin", "logsumexp", "mean", "median", "norm", "prod", "std", "sum", "var",
]  # fmt: skip


def _counted(x: Any, left_out: np.ndarray | None, dims: tuple, keepdim: bool) -> Any:
    """How many elements count, in the input's dtype."""
    kept = np.ones(x._array.shape, bool) if left_out is None else ~left_out
    counts = np.asarray(kept.sum(axis=dims, keepdims=bool(keepdim)) if kept.ndim else kept)
    return wrap(counts.astype(np.float64)).to(x.dtype)


def sum(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The sum.

    Args:
        dim: One dim or several; all by default.
        keepdim: Keep the reduced dims with size 1.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.sum(x, 1, mask=mask)
        tensor([-4.])
    """
    x, left_out = start("sum", input, dtype, mask)
    return filled(x, left_out, 0).sum(dims_of("sum", x, dim), keepdim=bool(keepdim), dtype=dtype)


def prod(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The product.

    Args:
        dim: One dim or several; all by default.
        keepdim, dtype, mask: As those of `sum`.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.prod(x, 1, mask=mask)
        tensor([3.])
    """
    x, left_out = start("prod", input, dtype, mask)
    dims = dims_of("prod", x, dim)
    y = filled(x, left_out, 1)
    if not dims:
        return y.prod(dtype=dtype)
    for d in sorted(dims, reverse=True):
        y = y.prod(d, keepdim=bool(keepdim), dtype=dtype)
    return y


def mean(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The mean; NaN of nothing.

    Args:
        dim: One dim or several; all by default.
        keepdim, dtype, mask: As those of `sum`.
    Raises:
        ValueError: neither the input nor `dtype` is floating-point or complex.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.mean(x, 1, mask=mask)
        tensor([-2.])
    """
    x, left_out = start("mean", input, None, mask)
    for title, d in (("input", x.dtype), ("dtype", x.dtype if dtype is None else dtype)):
        if not (d.is_floating_point or d.is_complex) and (title == "dtype" or dtype is None):
            raise ValueError(f"masked.mean: {title} must be a floating-point or complex dtype, got {d}")
    x = x if dtype is None else x.to(dtype)
    dims = dims_of("mean", x, dim)
    total = filled(x, left_out, 0).sum(dims, keepdim=bool(keepdim))
    return total / _counted(x, left_out, dims, keepdim)


def amax(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The largest element; of nothing the dtype's lowest value.

    Args:
        dim: One dim or several; all by default.
        keepdim, dtype, mask: As those of `sum`.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.amax(x, 1, mask=mask)
        tensor([-1.])
    """
    x = losing("amax", input, dtype, mask, -1)
    return x.amax(dims_of("amax", x, dim), keepdim=bool(keepdim))


def amin(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The smallest element; of nothing the dtype's highest value.

    Args:
        dim: One dim or several; all by default.
        keepdim, dtype, mask: As those of `sum`.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.amin(x, 1, mask=mask)
        tensor([-3.])
    """
    x = losing("amin", input, dtype, mask, 1)
    return x.amin(dims_of("amin", x, dim), keepdim=bool(keepdim))


def argmax(
    input: Tensor,
    dim: int | None = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The index of the largest element, in the input's dtype.

    Args:
        dim: The dim; by default the flat index is given.
        keepdim, dtype, mask: As those of `sum`.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.argmax(x, 1, mask=mask)
        tensor([2.])
    """
    x = losing("argmax", input, dtype, mask, -1)
    return x.detach().argmax(dim, keepdim=bool(keepdim)).to(x.dtype)


def argmin(
    input: Tensor,
    dim: int | None = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The index of the smallest element, in the input's dtype.

    Args:
        dim: The dim; by default the flat index is given.
        keepdim, dtype, mask: As those of `sum`.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.argmin(x, 1, mask=mask)
        tensor([0.])
    """
    x = losing("argmin", input, dtype, mask, 1)
    return x.detach().argmin(dim, keepdim=bool(keepdim)).to(x.dtype)


def _moments(
    name: str, input: Any, dim: Any, unbiased: Any, correction: Any, keepdim: bool, dtype: Any, mask: Any
) -> Any:
    if unbiased is not None and correction is not None:
        raise AssertionError(
            f"masked.{name}: unbiased must not be given with correction, got {unbiased} and {correction}"
        )
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    x, left_out = start(name, input, None, mask)
    if x.dtype is dtypes.bool_:
        raise RuntimeError(f"masked.{name}: input must not be bool; convert it, for example with .float()")
    kind = x.dtype if dtype is None else dtype
    floating = kind if kind.is_floating_point or kind.is_complex else dtypes.get_default_dtype()
    x = x.to(floating)
    dims = dims_of(name, x, dim)
    count = _counted(x, left_out, dims, True)
    x = filled(x, left_out, 0)  # so that NaN that is masked does not reach the gradient
    away = x - x.sum(dims, keepdim=True) / count
    square = away * away.conj() if x.is_complex() else away * away
    total = filled(square, left_out, 0).sum(dims, keepdim=bool(keepdim))
    less = wrap(np.maximum(_counted(x, left_out, dims, keepdim)._array.real - correction, 0)).to(x.dtype)
    return total / less


def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The variance; NaN of too few elements.

    Args:
        dim: One dim or several; all by default.
        unbiased: Whether `correction` is 1 (default) or 0.
        correction: What is subtracted from the number of elements that the squares' sum is divided by.
        keepdim, dtype, mask: As those of `sum`.
    Raises:
        AssertionError: both `unbiased` and `correction` are given.
        RuntimeError: the input is bool.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.var(x, 1, mask=mask)
        tensor([2.])
    """
    y = _moments("var", input, dim, unbiased, correction, keepdim, dtype, mask)
    return y if dtype is None else y.to(dtype)


def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The standard deviation; NaN of too few elements.

    Args:
        dim: One dim or several; all by default.
        unbiased: Whether `correction` is 1 (default) or 0.
        correction: What is subtracted from the number of elements that the squares' sum is divided by.
        keepdim, dtype, mask: As those of `sum`.
    Raises:
        AssertionError: both `unbiased` and `correction` are given.
        RuntimeError: the input is bool.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.std(x, 1, mask=mask)
        tensor([1.4142])
    """
    return _moments("std", input, dim, unbiased, correction, keepdim, dtype, mask).sqrt()


def median(
    input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The median, the lower one of an even number; NaN of nothing.

    Args:
        dim: The dim. Default: the last.
        keepdim, dtype, mask: As those of `sum`.
    Raises:
        ValueError: a stretch is fully masked and the input not floating-point.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.median(x, 1, mask=mask)
        tensor([-3.])
    """
    x, left_out = start("median", input, dtype, mask)
    if left_out is None:
        return x.median(dim, keepdim=keepdim).values
    if x.dtype.is_floating_point:
        return filled(x, left_out, math.nan).nanmedian(dim, keepdim=keepdim).values
    (d,) = dims_of("median", x, dim)
    if x.dtype.is_complex or (left_out.all(axis=d) if left_out.ndim else left_out).any():
        raise ValueError(
            f"masked.median: input must be floating-point where all elements are masked (masked median expects no fully "
            f"masked out rows if dtype is not floating point), got {x.dtype}"
        )
    wide = filled(x.to(dtypes.float64), left_out, math.nan)
    return wide.nanmedian(dim, keepdim=keepdim).values.to(x.dtype)


def logsumexp(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The logarithm of the sum of the exponentials; -inf of nothing.

    Args:
        dim: One dim or several; all by default.
        keepdim, dtype, mask: As those of `sum`.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.logsumexp(x, 1, mask=mask)
        tensor([-0.8731])
    """
    x, left_out = start("logsumexp", input, dtype, mask)
    lowest = -math.inf if x.dtype.is_complex else limit("logsumexp", x, -1)
    return filled(x, left_out, lowest).logsumexp(dims_of("logsumexp", x, dim), keepdim=keepdim).to(x.dtype)


def norm(
    input: Tensor,
    ord: float | None = 2.0,
    dim: Any = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The vector norm.

    Args:
        ord: Its order; see `linalg.vector_norm`. Default 2.
        dim: One dim or several; all by default.
        keepdim, dtype, mask: As those of `sum`.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -4.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.norm(x, 2, 1, mask=mask)
        tensor([5.])
    """
    x, left_out = start("norm", input, dtype, mask)
    ord = 2.0 if ord is None else ord
    y = filled(x, left_out, math.inf if ord < 0 else 0)
    return vector_norm(y, ord, dims_of("norm", x, dim), bool(keepdim))
