"""In which dtype an operation on several operands computes."""

from __future__ import annotations

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
            # A float number with integer tensors gives the default float type; with a float it changes nothing.
            result = dtypes.promote_types(result, lower)
    if result is None:
        raise TypeError("result_type: needs at least one operand")
    return result
