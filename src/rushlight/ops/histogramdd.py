"""Histograms of points of several coordinates; those of numbers are in statistics.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.core import TensorBase
from ..return_types import struct
from ..tensor import Tensor, into, wrap
from .elementwise import require_tensor

__all__ = ["histogramdd"]

_histogramdd_result = struct("histogramdd", "hist", "bin_edges")


def histogramdd(
    input: Tensor,
    bins: Any,
    *,
    range: Any = None,
    weight: Tensor | None = None,
    density: bool = False,
    out: Any = None,
) -> Any:
    """How many points (or how much `weight`) lie in each cell of a grid, and the edges of the cells along each axis.

    Args:
        bins: The number of bins, the same or one for each axis; or for each axis a 1-d tensor of edges in order.
        range: The lowest and highest edge of each axis, one after the other. Default: the range of the points.
        weight: How much each point counts.
        density: Divide by the total and by each cell's volume.
    Shape:
        input: (*, D), points of D coordinates; weight: (*); hist: (bins[0], ..., bins[D - 1]).
    Raises:
        RuntimeError: counts, shapes or dtypes do not fit, or a range is not finite.
    Example:
        >>> points = rushlight.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0]])
        >>> histogramdd(points, [2, 2]).hist
        tensor([[0., 1.],
                [1., 1.]])
    """
    require_tensor("histogramdd", input)
    array = input._array
    if array.ndim < 2:
        raise RuntimeError(f"histogramdd: input must have at least 2 dimensions, got {array.ndim}")
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise NotImplementedError(f"histogramdd: input must be float32 or float64, got {input.dtype}")
    axes = array.shape[-1]
    points = array.reshape(-1, axes)
    edges = _grid(points, bins, range)
    masses = None
    if weight is not None:
        if weight._array.shape != array.shape[:-1]:
            raise RuntimeError(
                f"histogramdd: weight must have input's shape without its innermost dimension, {list(array.shape[:-1])}, "
                f"got {list(weight._array.shape)}"
            )
        if weight.dtype is not input.dtype:
            raise RuntimeError(
                f"histogramdd: weight must have input's dtype {input.dtype}, got {weight.dtype}"
            )
        masses = weight._array.reshape(-1).astype(np.float64)
    sizes = [len(e) - 1 for e in edges]
    cell, inside = np.zeros(len(points), np.int64), np.ones(len(points), bool)
    for x, e, n in zip(points.T, edges, sizes, strict=True):
        k = np.where(x == e[-1], n - 1, np.searchsorted(e, x, "right") - 1)
        inside &= (x >= e[0]) & (x <= e[-1])
        cell = cell * n + np.clip(k, 0, max(n - 1, 0))
    counts = np.bincount(cell[inside], None if masses is None else masses[inside], math.prod(sizes))
    hist = counts.astype(np.float64).reshape(sizes)
    if density:
        with np.errstate(divide="ignore", invalid="ignore"):
            hist = hist / hist.sum()
            for d, e in enumerate(edges):
                hist = hist / np.diff(e).reshape([-1 if k == d else 1 for k in np.arange(axes)])
    y, bounds = wrap(hist.astype(array.dtype)), tuple(wrap(e) for e in edges)
    if out is not None:
        y = into(out[0], y, "histogramdd")
        bounds = tuple(into(o, e, "histogramdd") for o, e in zip(out[1], bounds, strict=True))
    return _histogramdd_result(y, bounds)


def _grid(points: np.ndarray, bins: Any, limits: Any) -> list[np.ndarray]:
    """The edges of the bins along each axis."""
    axes = points.shape[1]
    each = [bins] * axes if isinstance(bins, int) else bins
    if not isinstance(each, (list, tuple)) or not all(isinstance(b, (int, TensorBase)) for b in each):
        raise TypeError(
            f"histogramdd: bins must be an int, or a list of ints or of 1-d Tensors, got {bins!r}"
        )
    if len(each) != axes:
        raise RuntimeError(
            f"histogramdd: bins must have one entry for each of {axes}, the innermost dimension of the input, got {len(each)}"
        )
    edges = []
    for d, b in enumerate(each):
        if isinstance(b, TensorBase):
            if b._array.ndim != 1 or not b._array.size:
                raise RuntimeError(
                    f"histogramdd: bins must have one dimension and an edge, got shape {list(b._array.shape)} for axis {d}"
                )
            if b._array.dtype != points.dtype:
                raise RuntimeError(
                    f"histogramdd: bins must have input's dtype {dtypes.of(points.dtype)}, got {dtypes.of(b._array.dtype)} "
                    f"for axis {d}"
                )
            edges.append(b._array.copy())
        elif b <= 0:
            raise RuntimeError(f"histogramdd: bins must be greater than 0, got {b} for axis {d}")
    if edges:
        return edges
    if limits is not None and len(limits) != 2 * axes:
        raise RuntimeError(f"histogramdd: range must have {2 * axes} elements, got {len(limits)}")
    for d, b in enumerate(each):
        if limits is not None:
            low, high = float(limits[2 * d]), float(limits[2 * d + 1])
        elif len(points):
            low, high = float(points[:, d].min()), float(points[:, d].max())
        else:
            low, high = 0.0, 1.0
        if not (math.isfinite(low) and math.isfinite(high)):
            raise RuntimeError(f"histogramdd: range must be finite, got [{low}, {high}] for axis {d}")
        if low > high:
            raise RuntimeError(
                f"histogramdd: range must have min at most max, got {low} and {high} for axis {d}"
            )
        if low == high:
            low, high = low - 0.5, high + 0.5
        edges.append(np.linspace(low, high, b + 1, dtype=points.dtype))
    return edges
