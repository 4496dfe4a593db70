"""In which dtype an operation on several operands computes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.core import TensorBase
from ..dtypes import dtype
from ..errors import kind_of

__all__ = ["can_cast", "promote_types", "result_type"]

can_cast, promote_types = dtypes.can_cast, dtypes.promote_types


def scalar_dtype(value: Any) -> dtype:
    """The dtype a Python number stands for."""
    if isinstance(value, bool):
        return dtypes.bool_
    if isinstance(value, int):
        return dtypes.int64
    if isinstance(value, float):
        return dtypes.get_default_dtype()
    if isinstance(value, complex):
        return dtypes.get_default_dtype().to_complex()
    if isinstance(value, np.generic):
        return scalar_dtype(value.item())
    raise TypeError(f"expected a Tensor or a number, got {kind_of(value)}")


def check_fits(value: Any, d: dtype, function: str) -> None:
    """Raise where dtype `d` cannot hold a number: too large, or complex. Fractions are cut off, as in PyTorch.

    Raises:
        RuntimeError: it does not fit.
    """
    if d is dtypes.bool_ or d is dtypes.float64:
        lost = isinstance(value, complex) and value.imag != 0 and d is dtypes.float64
    elif isinstance(value, complex):
        lost = value.imag != 0 and d.category < dtypes.COMPLEX
        if not lost:
            check_fits(value.real, d, function)
    elif d.category == dtypes.INTEGER:
        top = dtypes.iinfo(d).max
        least = -top - (1 if d.is_signed else 0)  # negative numbers wrap in unsigned types
        lost = not least <= value <= top
    else:
        lost = math.isfinite(value) and abs(value) > dtypes.finfo(d).max
    if lost:
        raise RuntimeError(f"{function}: value cannot be converted to type {d} without overflow, got {value}")


def result_type(*operands: Any) -> dtype:
    """The dtype of an operation on tensors and Python numbers.

    NOTE [Three ranks]: tensors with dims decide; 0-d tensors, and below them Python numbers, only count where
    they are of a higher category (bool < integer < float < complex) than all of a higher rank.

    Example:
        >>> result_type(rushlight.ones(2, dtype=rushlight.int32), 2)
        torch.int32
        >>> result_type(rushlight.ones(2, dtype=rushlight.int32), 2.5)
        torch.float32
    """
    ranks: list[dtype | None] = [None, None, None]
    for x in operands:
        if isinstance(x, TensorBase):
            d, rank = dtypes.of(x._array.dtype), (0 if x._array.ndim else 1)
        else:
            d, rank = scalar_dtype(x), 2
        known = ranks[rank]
        ranks[rank] = d if known is None else dtypes.promote_types(known, d)
    result = ranks[0]
    for lower in ranks[1:]:
        if lower is None:
            continue
        if result is None:
            result = lower
        elif lower.category > result.category:
            # A float number with integer tensors gives the default float type; with a float it changes nothing.
            result = dtypes.promote_types(result, lower)
    if result is None:
        raise TypeError("result_type: needs at least one operand")
    return result
