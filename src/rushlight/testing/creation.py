"""`make_tensor`: random tensors in a range."""

from __future__ import annotations

import math
from typing import Any

from .. import devices, dtypes
from ..ops.creation import empty
from ..ops.random import randint
from ..tensor import Tensor

__all__ = ["make_tensor"]


def make_tensor(
    *shape: Any,
    dtype: dtypes.dtype,
    device: Any,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of random values, uniform in [low, high).

    Args:
        shape: Sizes, one argument each or as one sequence.
        dtype: Of the result.
        device: Where: "cpu".
        low: Default -9; 0 for bool and uint8.
        high: Default 9 for floats, 10 for integers, 2 for bool.
        requires_grad: As of any tensor; floats and complex only.
        noncontiguous: Leave gaps in memory between the elements, if there are two or more.
        exclude_zero: The smallest positive value (1 for integers) in place of 0.
        memory_format: As of `empty`.
    Raises:
        ValueError: `low` is not less than `high`, or arguments contradict each other.

    Example:
        >>> x = torch.testing.make_tensor(2, 3, dtype=torch.float32, device="cpu", low=0, high=1)
        >>> x.shape, bool((x < 1).all())
        (torch.Size([2, 3]), True)
    """
    devices.check(device, "make_tensor")
    sizes = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "make_tensor: noncontiguous and memory_format must not both be given (mutually exclusive), got "
            f"memory_format={memory_format}"
        )
    whole = dtype.category < dtypes.FLOAT
    if requires_grad and whole:
        raise ValueError(
            f"make_tensor: requires_grad must be False for boolean and integral dtypes, got {dtype}"
        )
    if dtype == dtypes.bool_:
        standard, limits = (0, 2), (0, 2)
    elif whole:
        info = dtypes.iinfo(dtype)
        standard, limits = (0 if info.min == 0 else -9, 10), (info.min, info.max + (info.bits < 64))
    else:
        real = dtypes.finfo(dtype)
        standard, limits = (-9, 9), (real.min, real.max)  # type: ignore[assignment]
    first, last = (d if v is None else v for v, d in zip((low, high), standard, strict=True))
    if math.isnan(first) or math.isnan(last):
        raise ValueError(f"make_tensor: low and high must not be NaN, got low={first} and high={last}")
    if not first < last:
        raise ValueError(f"make_tensor: low must be less than high, got {first} >= {last}")
    first, last = (min(max(v, limits[0]), limits[1]) for v in (first, last))
    gaps = noncontiguous and math.prod(sizes) > 1
    drawn = (*sizes[:-1], 2 * sizes[-1]) if gaps else sizes  # of which every second one is taken
    if whole:
        a, b = math.ceil(first), math.ceil(last)
        if not a < b:
            raise ValueError(f"make_tensor: there must be an integer in [{first}, {last}), got none")
        x = randint(a, b, drawn, dtype=dtype)
    else:
        x = target = empty(drawn, dtype=dtype)
        if dtype.is_complex:  # a complex number is two draws
            from ..ops.strided import view_as_real

            target = view_as_real(x)
        if last - first > limits[1]:  # the range itself has no number in this dtype
            target.uniform_(first / 2, last / 2).mul_(2)  # type: ignore[attr-defined]
        else:
            target.uniform_(first, last)  # type: ignore[attr-defined]
    if exclude_zero:
        x[x == 0] = 1 if whole else dtypes.finfo(dtype).tiny
    if gaps:
        x = x[..., 1::2]
    elif memory_format is not None:
        x = x.clone(memory_format=memory_format)  # type: ignore[attr-defined]
    return x.requires_grad_(requires_grad)
