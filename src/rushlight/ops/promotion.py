"""In which dtype an operation on several operands computes."""

from __future__ import annotations

import functools
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
    raise TypeError(f"operands must be Tensors or numbers, got {kind_of(value)}")


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
            # A float number with integer tensors gives the default float type; with a float it changes nothing. A
            # complex one makes the float complex, in its own width.
            both = lower.is_complex and result.category == dtypes.FLOAT
            result = result.to_complex() if both else dtypes.promote_types(result, lower)
    if result is None:
        raise TypeError("result_type: needs at least one operand")
    return result


@functools.cache
def _limits(d: dtype) -> tuple[Any, Any]:
    if d.category == dtypes.INTEGER:
        return dtypes.iinfo(d).min, dtypes.iinfo(d).max
    info = dtypes.finfo(d)
    return info.min, info.max


def number(value: Any, d: dtype, function: str, name: str = "value") -> np.ndarray:
    """A Python number as an array of dtype `d`, 0-d: floats towards zero for integers.

    NOTE [What fits]: infinity and NaN fit floats, anything fits bool, and a negative int fits an unsigned
    type where its distance from 0 does (uint8: -1 is 255). Nothing else wraps around or becomes infinite.

    Raises:
        RuntimeError: it is beyond the range of `d`, or complex where `d` is not.
        TypeError: it is no number.
        OverflowError: no integer type holds it.
    """
    if d.category == dtypes.FLOAT and type(value) in (float, int) and -60000 < value < 60000:
        return np.asarray(value, d.numpy)  # the usual case at once
    if isinstance(value, (np.generic, np.ndarray)) and not value.ndim:
        value = value.item()
    if not isinstance(value, (int, float, complex)):
        raise TypeError(f"{function}: {name} must be a number, got {kind_of(value)}")
    given, kind = value, d.category
    fits = True
    if isinstance(value, complex):
        if kind == dtypes.COMPLEX:
            return np.asarray(value).astype(d.numpy)
        fits = value.imag == 0 or kind == dtypes.BOOL
        value = value.real if kind != dtypes.BOOL else value != 0
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        raise OverflowError(f"{function}: {name} must fit 64 bits (int too big to convert), got {value}")
    if kind == dtypes.BOOL:
        return np.asarray(bool(value))
    low, high = _limits(d)
    if isinstance(value, int) and kind >= dtypes.FLOAT:
        value = float(value)
    if isinstance(value, int):
        if value < 0 and not d.is_signed:
            fits, value = -high <= value, value % (high + 1)
        fits &= value <= high and (value >= low)
    elif kind >= dtypes.FLOAT:
        fits &= low <= value <= high or not math.isfinite(value)
    else:
        fits &= low <= value <= high
        value = int(value) if fits else 0
    if not fits:
        raise RuntimeError(
            f"{function}: {name} must be a number in the range of {d}, [{low}, {high}] (value cannot be converted to "
            f"type {d} without overflow), got {given}"
        )
    return np.asarray(value, d.numpy)
