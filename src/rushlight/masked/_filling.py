"""Masks held against inputs, and what fills masked elements so that they change nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.core import TensorBase
from ..errors import kind_of, wrap_dims
from ..tensor import wrap


def start(name: str, input: Any, dtype: Any, mask: Any) -> tuple[Any, np.ndarray | None]:
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


def filled(x: Any, left_out: np.ndarray | None, value: Any) -> Any:
    return x if left_out is None else x.masked_fill(wrap(left_out), value)


def losing(name: str, input: Any, dtype: Any, mask: Any, sign: int) -> Any:
    """The input in `dtype`; what does not count is its lowest (-1) or highest (1) value: it loses to all others."""
    x, left_out = start(name, input, dtype, mask)
    return filled(x, left_out, limit(name, x, sign))


def limit(name: str, x: Any, sign: int) -> Any:
    """The lowest (-1) or highest (1) value of the input's dtype."""
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


def dims_of(name: str, x: Any, dim: Any) -> tuple:
    return wrap_dims(dim, x._array.ndim, f"masked.{name}")
