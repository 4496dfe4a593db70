"""Distinct elements, membership and counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.core import TensorBase
from ..errors import kind_of, wrap_dim
from ..tensor import Tensor, into, method, wrap
from .elementwise import OPERANDS, refuse, require_tensor

__all__ = ["bincount", "isin", "unique", "unique_consecutive"]


def _result(values: np.ndarray, inverse: Any, counts: Any, return_inverse: bool, return_counts: bool) -> Any:
    results = [wrap(values)]
    if return_inverse:
        results.append(wrap(np.asarray(inverse, np.int64)))
    if return_counts:
        results.append(wrap(np.asarray(counts, np.int64)))
    return results[0] if len(results) == 1 else tuple(results)


@method()
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements, in order; with `dim` the distinct slices along it.

    Args:
        sorted: They are always in order here.
        return_inverse: Also where each element's value stands in the result.
        return_counts: Also how often each occurs.
    Example:
        >>> unique(rushlight.tensor([3, 1, 3]), return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
    """
    require_tensor("unique", input)
    if dim is not None:
        dim = wrap_dim(dim, input._array.ndim, "unique")
    values, inverse, counts = np.unique(
        input._array, return_inverse=True, return_counts=True, axis=dim, equal_nan=False
    )
    inverse = inverse.reshape(input._array.shape if dim is None else -1)
    return _result(values, inverse, counts, return_inverse, return_counts)


@method()
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements (or slices along `dim`) without those that equal the one before.

    Example:
        >>> unique_consecutive(rushlight.tensor([1, 1, 2, 1]))
        tensor([1, 2, 1])
    """
    require_tensor("unique_consecutive", input)
    array = input._array
    flat = (
        array.reshape(-1)
        if dim is None
        else np.moveaxis(array, wrap_dim(dim, array.ndim, "unique_consecutive"), 0)
    )
    new = np.ones(len(flat), bool)
    if len(flat) > 1:
        new[1:] = (flat[1:] != flat[:-1]).reshape(len(flat) - 1, -1).any(1)
    starts = np.flatnonzero(new)
    inverse = np.cumsum(new) - 1
    counts = np.diff(np.append(starts, len(flat)))
    values = flat[starts]
    if dim is not None:
        values = np.ascontiguousarray(np.moveaxis(values, 0, dim))
    return _result(
        values,
        inverse.reshape(array.shape) if dim is None else inverse,
        counts,
        return_inverse,
        return_counts,
    )


@method()
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2, ... occurs; with `weights` the sum of the weights of each.

    Raises:
        RuntimeError: `input` is not 1-d, not of integers, or has negative ones; or `weights` is of another shape.
    Example:
        >>> bincount(rushlight.tensor([0, 2, 2]))
        tensor([1, 0, 2])
    """
    require_tensor("bincount", input)
    array = input._array
    if array.dtype.kind not in "iu":
        raise RuntimeError(f"bincount: input must be an integer tensor, got {input.dtype}")
    if array.ndim != 1 or (array.size and array.min() < 0):
        raise RuntimeError(
            f"bincount: input must be 1-d with no negative numbers, got shape {list(array.shape)}"
        )
    if minlength < 0:
        raise RuntimeError(f"bincount: minlength must not be negative, got {minlength}")
    if weights is None:
        return wrap(np.bincount(array, minlength=minlength).astype(np.int64, copy=False))
    if weights._array.shape != array.shape:
        raise RuntimeError(
            f"bincount: weights must have input's shape {list(array.shape)}, got {list(weights._array.shape)}"
        )
    counts = np.bincount(array, weights._array, minlength)
    return wrap(counts.astype(np.float32 if weights._array.dtype == np.float32 else np.float64))


def isin(
    elements: Any,
    test_elements: Any,
    *,
    assume_unique: bool = False,
    invert: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Whether each of `elements` is among `test_elements`; one of them may be a number.

    Example:
        >>> isin(rushlight.tensor([1, 2, 3]), rushlight.tensor([2, 5]))
        tensor([False,  True, False])
    """
    for name, x in (("elements", elements), ("test_elements", test_elements)):
        if not isinstance(x, OPERANDS):
            raise TypeError(f"isin: {name} must be a Tensor or a number, got {kind_of(x)}")
    refuse("isin", elements, "bc")
    refuse("isin", test_elements, "bc")
    if not isinstance(elements, TensorBase) and not isinstance(test_elements, TensorBase):
        raise TypeError("isin: elements or test_elements must be a Tensor, got two numbers")
    a, b = (x._array if isinstance(x, TensorBase) else np.asarray(x) for x in (elements, test_elements))
    y = wrap(np.asarray(np.isin(a, b, assume_unique=assume_unique, invert=invert)))
    return y if out is None else into(out, y, "isin", True)
