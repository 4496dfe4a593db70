"""Reductions and normalizations that leave masked elements out (`torch.masked`).

Each function takes a `mask`, a bool tensor that broadcasts to the input: where it is False, the element does not count.
It is filled with what changes nothing (0 for sums, 1 for products, -inf for maxima, ...), and what is left of a fully
masked stretch is that very value; a mean of nothing is NaN. Gradients are 0 where the mask is False.
PyTorch's MaskedTensor is not here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import dtypes
from .autograd.core import TensorBase
from .errors import kind_of, wrap_dims
from .ops import arithmetic as _arithmetic
from .ops import vector_norm as _vector_norm
from .tensor import Tensor, wrap

__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median",
    "norm", "normalize", "prod", "softmax", "softmin", "std", "sum", "var",
]  # fmt: skip


# -- what they share ----------------------------------------------------------------------------------------------
def _start(name: str, input: Any, dtype: Any, mask: Any) -> tuple[Any, np.ndarray | None]:
    """The input in `dtype`, and the elements that do not count."""
    if not isinstance(input, TensorBase):
        raise TypeError(f"masked.{name}: input must be a Tensor, got {kind_of(input)}")
    x: Any = input if dtype is None else input.to(dtype)  # type: ignore[attr-defined]
    if mask is None:
        return x, None
    if not isinstance(mask, TensorBase):
        raise TypeError(f"masked.{name}: mask must be a bool Tensor, got {kind_of(mask)}")
    shape, wanted = mask._array.shape, x._array.shape
    if len(shape) > len(wanted):
        raise IndexError(
            f"masked.{name}: mask must be broadcastable to the input, of at most {len(wanted)} dims, got {len(shape)}"
        )
    try:
        kept = np.broadcast_to(mask._array.astype(bool), wanted)
    except ValueError:
        raise RuntimeError(
            f"masked.{name}: mask must have a shape that broadcasts to input's {list(wanted)}, got {list(shape)}"
        ) from None
    return x, ~kept


def _filled(x: Any, left_out: np.ndarray | None, value: Any) -> Any:
    return x if left_out is None else x.masked_fill(wrap(left_out), value)


def _limit(name: str, x: Any, sign: int) -> Any:
    """The lowest (-1) or highest (1) value of the input's dtype: it loses to all others."""
    d = x.dtype
    if d is dtypes.bool_:
        raise NotImplementedError(
            f"masked.{name}: input must not be bool; convert it, for example with .int()"
        )
    if d.is_complex:
        raise TypeError(f"masked.{name}: input must not be complex, got {d}")
    if d.is_floating_point:
        return sign * math.inf
    return dtypes.iinfo(d).max if sign > 0 else dtypes.iinfo(d).min


def _counted(x: Any, left_out: np.ndarray | None, dims: tuple, keepdim: bool) -> Any:
    """How many elements count, in the input's dtype."""
    kept = np.ones(x._array.shape, bool) if left_out is None else ~left_out
    counts = np.asarray(kept.sum(axis=dims, keepdims=bool(keepdim)) if kept.ndim else kept)
    return wrap(counts.astype(np.float64)).to(x.dtype)


def _dims(name: str, x: Any, dim: Any) -> tuple:
    return wrap_dims(dim, x._array.ndim, f"masked.{name}")


# -- reductions -----------------------------------------------------------------------------------------------------
def sum(
    input: Tensor,
    dim: Any = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
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
    x, left_out = _start("sum", input, dtype, mask)
    return _filled(x, left_out, 0).sum(_dims("sum", x, dim), keepdim=bool(keepdim), dtype=dtype)


def prod(
    input: Tensor,
    dim: Any = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The product.

    Args:
        dim: One dim or several; all by default.
        keepdim: Keep the reduced dims with size 1.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.prod(x, 1, mask=mask)
        tensor([3.])
    """
    x, left_out = _start("prod", input, dtype, mask)
    dims = _dims("prod", x, dim)
    y = _filled(x, left_out, 1)
    if not dims:
        return y.prod(dtype=dtype)
    for d in sorted(dims, reverse=True):
        y = y.prod(d, keepdim=bool(keepdim), dtype=dtype)
    return y


def mean(
    input: Tensor,
    dim: Any = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The mean; NaN of nothing.

    Args:
        dim: One dim or several; all by default.
        keepdim: Keep the reduced dims with size 1.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Raises:
        ValueError: neither the input nor `dtype` is floating-point or complex.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.mean(x, 1, mask=mask)
        tensor([-2.])
    """
    x, left_out = _start("mean", input, None, mask)
    for title, d in (("input", x.dtype), ("dtype", x.dtype if dtype is None else dtype)):
        if not (d.is_floating_point or d.is_complex) and (title == "dtype" or dtype is None):
            raise ValueError(f"masked.mean: {title} must be a floating-point or complex dtype, got {d}")
    x = x if dtype is None else x.to(dtype)
    dims = _dims("mean", x, dim)
    total = _filled(x, left_out, 0).sum(dims, keepdim=bool(keepdim))
    return total / _counted(x, left_out, dims, keepdim)


def amax(
    input: Tensor,
    dim: Any = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The largest element; of nothing the dtype's lowest value.

    Args:
        dim: One dim or several; all by default.
        keepdim: Keep the reduced dims with size 1.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.amax(x, 1, mask=mask)
        tensor([-1.])
    """
    x, left_out = _start("amax", input, dtype, mask)
    return _filled(x, left_out, _limit("amax", x, -1)).amax(_dims("amax", x, dim), keepdim=bool(keepdim))


def amin(
    input: Tensor,
    dim: Any = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The smallest element; of nothing the dtype's highest value.

    Args:
        dim: One dim or several; all by default.
        keepdim: Keep the reduced dims with size 1.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.amin(x, 1, mask=mask)
        tensor([-3.])
    """
    x, left_out = _start("amin", input, dtype, mask)
    return _filled(x, left_out, _limit("amin", x, 1)).amin(_dims("amin", x, dim), keepdim=bool(keepdim))


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
        keepdim: Keep the reduced dim with size 1.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.argmax(x, 1, mask=mask)
        tensor([2.])
    """
    x, left_out = _start("argmax", input, dtype, mask)
    y = _filled(x, left_out, _limit("argmax", x, -1))
    return y.detach().argmax(dim, keepdim=bool(keepdim)).to(x.dtype)


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
        keepdim: Keep the reduced dim with size 1.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.argmin(x, 1, mask=mask)
        tensor([0.])
    """
    x, left_out = _start("argmin", input, dtype, mask)
    y = _filled(x, left_out, _limit("argmin", x, 1))
    return y.detach().argmin(dim, keepdim=bool(keepdim)).to(x.dtype)


def _moments(
    name: str, input: Any, dim: Any, unbiased: Any, correction: Any, keepdim: bool, dtype: Any, mask: Any
) -> Any:
    if unbiased is not None and correction is not None:
        raise AssertionError(
            f"masked.{name}: unbiased must not be given with correction, got {unbiased} and {correction}"
        )
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    x, left_out = _start(name, input, None, mask)
    if x.dtype is dtypes.bool_:
        raise RuntimeError(f"masked.{name}: input must not be bool; convert it, for example with .float()")
    kind = x.dtype if dtype is None else dtype
    floating = kind if kind.is_floating_point or kind.is_complex else dtypes.get_default_dtype()
    x = x.to(floating)
    dims = _dims(name, x, dim)
    count = _counted(x, left_out, dims, True)
    away = x - _filled(x, left_out, 0).sum(dims, keepdim=True) / count
    square = away * away.conj() if x.is_complex() else away * away
    total = _filled(square, left_out, 0).sum(dims, keepdim=bool(keepdim))
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
        keepdim: Keep the reduced dims with size 1.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
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
        keepdim: Keep the reduced dims with size 1.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
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
    input: Tensor,
    dim: int = -1,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The median, the lower one of an even number; NaN of nothing.

    Args:
        dim: The dim. Default: the last.
        keepdim: Keep the reduced dim with size 1.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Raises:
        ValueError: a stretch is fully masked and the input not floating-point.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.median(x, 1, mask=mask)
        tensor([-3.])
    """
    x, left_out = _start("median", input, dtype, mask)
    if left_out is None:
        return x.median(dim, keepdim=keepdim).values
    if x.dtype.is_floating_point:
        return _filled(x, left_out, math.nan).nanmedian(dim, keepdim=keepdim).values
    (d,) = _dims("median", x, dim)
    if x.dtype.is_complex or (left_out.all(axis=d) if left_out.ndim else left_out).any():
        raise ValueError(
            f"masked.median: input must be floating-point where all elements are masked (masked median expects no fully "
            f"masked out rows if dtype is not floating point), got {x.dtype}"
        )
    wide = _filled(x.to(dtypes.float64), left_out, math.nan)
    return wide.nanmedian(dim, keepdim=keepdim).values.to(x.dtype)


def logsumexp(
    input: Tensor,
    dim: Any = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The logarithm of the sum of the exponentials; -inf of nothing.

    Args:
        dim: One dim or several; all by default.
        keepdim: Keep the reduced dims with size 1.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.logsumexp(x, 1, mask=mask)
        tensor([-0.8731])
    """
    x, left_out = _start("logsumexp", input, dtype, mask)
    lowest = -math.inf if x.dtype.is_complex else _limit("logsumexp", x, -1)
    return _filled(x, left_out, lowest).logsumexp(_dims("logsumexp", x, dim), keepdim=keepdim).to(x.dtype)


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
        keepdim: Keep the reduced dims with size 1.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -4.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.norm(x, 2, 1, mask=mask)
        tensor([5.])
    """
    x, left_out = _start("norm", input, dtype, mask)
    ord = 2.0 if ord is None else ord
    y = _filled(x, left_out, math.inf if ord < 0 else 0)
    return _vector_norm.vector_norm(y, ord, _dims("norm", x, dim), bool(keepdim))


# -- of the same shape ------------------------------------------------------------------------------------------
def cumsum(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The running sum; masked elements add nothing.

    Args:
        dim: The dim.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.cumsum(x, 1, mask=mask)
        tensor([[-3., -3., -4.]])
    """
    x, left_out = _start("cumsum", input, dtype, mask)
    if x.dtype is dtypes.bool_:
        raise NotImplementedError(
            "masked.cumsum: input must not be bool; convert it, for example with .int()"
        )
    return _filled(x, left_out, 0).cumsum(dim, dtype=x.dtype)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The running product; masked elements are passed over.

    Args:
        dim: The dim.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.cumprod(x, 1, mask=mask)
        tensor([[-3., -3.,  3.]])
    """
    x, left_out = _start("cumprod", input, dtype, mask)
    if x.dtype is dtypes.bool_:
        raise NotImplementedError(
            "masked.cumprod: input must not be bool; convert it, for example with .int()"
        )
    return _filled(x, left_out, 1).cumprod(dim, dtype=x.dtype)


def softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The exponentials, divided by their sum; 0 where masked. NaN where all is masked.

    Args:
        dim: The dim.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Raises:
        NotImplementedError: the input is not floating-point.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.softmax(x, 1, mask=mask)
        tensor([[0.1192, 0.0000, 0.8808]])
    """
    x, left_out = _start("softmax", input, dtype, mask)
    y = _filled(x, left_out, _limit("softmax", x, -1))
    if not x.dtype.is_floating_point:
        raise NotImplementedError(f"masked.softmax: input must be floating-point, got {x.dtype}; give dtype")
    return y.softmax(dim)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The logarithm of `softmax`; -inf where masked. NaN where all is masked.

    Args:
        dim: The dim.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Raises:
        NotImplementedError: the input is not floating-point.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.log_softmax(x, 1, mask=mask)
        tensor([[-2.1269,    -inf, -0.1269]])
    """
    x, left_out = _start("log_softmax", input, dtype, mask)
    y = _filled(x, left_out, _limit("log_softmax", x, -1))
    if not x.dtype.is_floating_point:
        raise NotImplementedError(
            f"masked.log_softmax: input must be floating-point, got {x.dtype}; give dtype"
        )
    return y.log_softmax(dim)


def softmin(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The `softmax` of the negated input. NaN where all is masked.

    Args:
        dim: The dim.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Raises:
        NotImplementedError: the input is not floating-point.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.softmin(x, 1, mask=mask)
        tensor([[0.8808, 0.0000, 0.1192]])
    """
    x, left_out = _start("softmin", input, dtype, mask)
    y = _filled(x, left_out, _limit("softmin", x, 1))
    if not x.dtype.is_floating_point:
        raise NotImplementedError(f"masked.softmin: input must be floating-point, got {x.dtype}; give dtype")
    return (-y).softmax(dim)


def normalize(
    input: Tensor,
    ord: float,
    dim: Any,
    *,
    eps: float = 1e-12,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The input divided by its norm along `dim`; 0 where masked.

    Args:
        ord: The norm's order.
        dim: The dim.
        eps: The least divisor. Default 1e-12.
        dtype: What the input is converted to first.
        mask: False where an element does not count.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -4.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.normalize(x, 2.0, 1, mask=mask)
        tensor([[-0.6000,  0.0000, -0.8000]])
    """
    x, left_out = _start("normalize", input, dtype, mask)
    size = norm(x, ord, dim, keepdim=True, mask=mask).clamp_min(eps)  # type: ignore[attr-defined]
    return _filled(x, left_out, 0) / size


def logaddexp(
    input: Tensor,
    other: Tensor,
    *,
    dtype: Any = None,
    input_mask: Tensor | None = None,
    other_mask: Tensor | None = None,
) -> Tensor:
    """The logarithm of the sum of both exponentials; the other one where one is masked, -inf where both are.

    Args:
        dtype: What both are converted to first.
        input_mask, other_mask: False where an element does not count.
    Raises:
        NotImplementedError: a tensor is not floating-point.
    Example:
        >>> x, mask = rushlight.tensor([0.0, 0.0]), rushlight.tensor([True, False])
        >>> rushlight.masked.logaddexp(x, x, input_mask=mask)
        tensor([0.6931, 0.0000])
    """
    x, x_out = _start("logaddexp", input, dtype, input_mask)
    y, y_out = _start("logaddexp", other, dtype, other_mask)
    for t in (x, y):
        if not t.dtype.is_floating_point:
            raise NotImplementedError(
                f"masked.logaddexp: input and other must be floating-point, got {t.dtype}"
            )
    return _arithmetic.logaddexp(_filled(x, x_out, -math.inf), _filled(y, y_out, -math.inf))
