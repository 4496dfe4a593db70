"""Positions of elements: coordinates of flat indices, and of what is not zero, with a fixed size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..tensor import Tensor, into, method, wrap

__all__ = ["nonzero_static", "unravel_index"]


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The coordinates, in a tensor of shape `shape`, of flat indices: one tensor for each dim.

    An index outside wraps around, as in PyTorch.

    Args:
        indices: Integers, counted in row-major order.
        shape: The sizes, or one size.
    Shape:
        indices: any; each output: the same, int64.
    Raises:
        TypeError: `indices` holds no integers, or `shape` is no sequence of ints.
        ValueError: a size is negative.
    Example:
        >>> unravel_index(rushlight.tensor([5, 3]), (2, 3))
        (tensor([1, 1]), tensor([2, 0]))
    """
    if not isinstance(indices, TensorBase):
        raise TypeError(f"unravel_index: indices must be a Tensor, got {kind_of(indices)}")
    if indices.dtype.category > dtypes.INTEGER or indices.dtype is dtypes.bool_:  # type: ignore[attr-defined]
        raise TypeError(f"unravel_index: indices must be of an integer dtype, got {indices.dtype}")  # type: ignore[attr-defined]
    if isinstance(shape, int):
        sizes = [shape]
    elif isinstance(shape, Sequence) and not isinstance(shape, str):
        sizes = list(shape)
    else:
        raise TypeError(f"unravel_index: shape must be an int or a sequence of ints, got {kind_of(shape)}")
    for n in sizes:
        if isinstance(n, bool) or not isinstance(n, int):
            raise TypeError(f"unravel_index: shape must hold ints only, got {kind_of(n)}")
    if any(n < 0 for n in sizes):
        raise ValueError(f"unravel_index: shape must not have negative sizes, got {tuple(sizes)}")
    rest = indices._array.astype(np.int64, copy=False)
    found: list = []
    for n in reversed(sizes):
        found.append(np.remainder(rest, n) if rest.size else rest.copy())
        rest = np.floor_divide(rest, n) if rest.size else rest
    return tuple([wrap(np.asarray(c, np.int64)) for c in reversed(found)])


@method()
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1, out: Tensor | None = None) -> Tensor:
    """`nonzero` with a fixed number of rows: more are left out, too few filled up.

    Args:
        size: The number of rows.
        fill_value: What fills rows up. Default -1.
    Shape:
        input: any, of k dims; output: (size, k), int64.
    Raises:
        RuntimeError: `size` is negative.
    Example:
        >>> nonzero_static(rushlight.tensor([0, 5, 7]), size=3)
        tensor([[ 1],
                [ 2],
                [-1]])
    """
    if not isinstance(input, TensorBase):
        raise TypeError(f"nonzero_static: input must be a Tensor, got {kind_of(input)}")
    if size < 0:
        raise RuntimeError(f"nonzero_static: size must not be negative, got {size}")
    array = input._array
    rows: Any = np.argwhere(array)[:size] if array.ndim else np.empty((min(size, 1), 0), np.int64)
    y = np.full((size, array.ndim), fill_value, np.int64)
    y[: len(rows)] = rows
    if out is not None and out.dtype is not dtypes.int64:
        raise RuntimeError(f"nonzero_static: out must be of dtype int64, got {out.dtype}")
    return wrap(y) if out is None else into(out, wrap(y), "nonzero_static")
