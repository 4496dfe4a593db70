"""Running sums, softmax and the like, of the input's shape."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..ops.binary import logaddexp as _logaddexp
from ..tensor import Tensor
from ._filling import filled, losing, start
from .reductions import norm

__all__ = ["cumprod", "cumsum", "log_softmax", "logaddexp", "normalize", "softmax", "softmin"]


def _numbers(name: str, input: Tensor, dtype: Any, mask: Tensor | None, fill: int) -> Any:
    """The input of a running sum or product, with `fill` where it does not count."""
    x, left_out = start(name, input, dtype, mask)
    if x.dtype is dtypes.bool_:
        raise NotImplementedError(
            f"masked.{name}: input must not be bool; convert it, for example with .int()"
        )
    return filled(x, left_out, fill)


def _scores(name: str, input: Tensor, dtype: Any, mask: Tensor | None, sign: int = -1) -> Any:
    """The input of a softmax, with a score that gets nothing where it does not count."""
    x = losing(name, input, dtype, mask, sign)
    if not x.dtype.is_floating_point:
        raise NotImplementedError(f"masked.{name}: input must be floating-point, got {x.dtype}; give dtype")
    return x


def cumsum(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The running sum; masked elements add nothing.

    Args:
        dim: The dim.
        dtype, mask: As those of `masked.sum`.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.cumsum(x, 1, mask=mask)
        tensor([[-3., -3., -4.]])
    """
    x = _numbers("cumsum", input, dtype, mask, 0)
    return x.cumsum(dim, dtype=x.dtype)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The running product; masked elements are passed over.

    Args:
        dim: The dim.
        dtype, mask: As those of `masked.sum`.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.cumprod(x, 1, mask=mask)
        tensor([[-3., -3.,  3.]])
    """
    x = _numbers("cumprod", input, dtype, mask, 1)
    return x.cumprod(dim, dtype=x.dtype)


def softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The exponentials, divided by their sum; 0 where masked. NaN where all is masked.

    Args:
        dim: The dim.
        dtype, mask: As those of `masked.sum`.
    Raises:
        NotImplementedError: the input is not floating-point.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.softmax(x, 1, mask=mask)
        tensor([[0.1192, 0.0000, 0.8808]])
    """
    return _scores("softmax", input, dtype, mask).softmax(dim)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The logarithm of `softmax`; -inf where masked. NaN where all is masked.

    Args:
        dim: The dim.
        dtype, mask: As those of `masked.sum`.
    Raises:
        NotImplementedError: the input is not floating-point.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.log_softmax(x, 1, mask=mask)
        tensor([[-2.1269,    -inf, -0.1269]])
    """
    return _scores("log_softmax", input, dtype, mask).log_softmax(dim)


def softmin(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The `softmax` of the negated input. NaN where all is masked.

    Args:
        dim: The dim.
        dtype, mask: As those of `masked.sum`.
    Raises:
        NotImplementedError: the input is not floating-point.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -1.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.softmin(x, 1, mask=mask)
        tensor([[0.8808, 0.0000, 0.1192]])
    """
    return (-_scores("softmin", input, dtype, mask, sign=1)).softmax(dim)


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
        dtype, mask: As those of `masked.sum`.
    Example:
        >>> x, mask = rushlight.tensor([[-3.0, -2.0, -4.0]]), rushlight.tensor([[True, False, True]])
        >>> rushlight.masked.normalize(x, 2.0, 1, mask=mask)
        tensor([[-0.6000,  0.0000, -0.8000]])
    """
    x, left_out = start("normalize", input, dtype, mask)
    size = norm(x, ord, dim, keepdim=True, mask=mask).clamp_min(eps)  # type: ignore[attr-defined]
    return filled(x, left_out, 0) / size


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
    x, x_out = start("logaddexp", input, dtype, input_mask)
    y, y_out = start("logaddexp", other, dtype, other_mask)
    for t in (x, y):
        if not t.dtype.is_floating_point:
            raise NotImplementedError(
                f"masked.logaddexp: input and other must be floating-point, got {t.dtype}"
            )
    return _logaddexp(filled(x, x_out, -math.inf), filled(y, y_out, -math.inf))
