"""The gradient of a function that is known at the points of a grid."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.core import TensorBase
from ..errors import kind_of, wrap_dim
from ..tensor import Tensor
from .join import cat
from .split import narrow

__all__ = ["gradient"]


def gradient(input: Tensor, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """The slope along each dim, from differences between neighbours.

    Inside it is exact for parabolas, at both ends for polynomials of degree `edge_order`.

    Args:
        spacing: The distance of neighbours: a number; one for each of `dim`; or for each a 1-d tensor of coordinates.
        dim: Along which dims. Default: all.
        edge_order: 1 or 2.
    Shape:
        input: any, with at least edge_order + 1 elements along each of `dim`; each output: as input.
    Raises:
        RuntimeError: sizes or counts do not fit, or `edge_order` is neither 1 nor 2.
    Source: B. Fornberg 1988, "Generation of finite difference formulas on arbitrarily spaced grids".
    Example:
        >>> gradient(rushlight.tensor([0.0, 1.0, 4.0, 9.0]))
        (tensor([1., 2., 4., 5.]),)
    """
    if not isinstance(input, TensorBase):
        raise TypeError(f"gradient: input must be a Tensor, got {kind_of(input)}")
    x: Any = input
    ndim = x.ndim
    if dim is None:
        dims = list(range(ndim))
    else:
        dims = [wrap_dim(d, ndim, "gradient") for d in ((dim,) if isinstance(dim, int) else dim)]
        if len(set(dims)) != len(dims):
            raise RuntimeError(
                f"gradient: each dim must be given once (a dim appears multiple times), got {dim}"
            )
    steps = _spacings(x, spacing, dims, dim is not None)
    if x.dtype in (dtypes.uint8, dtypes.bool_):
        raise RuntimeError(f"gradient: input must not be {x.dtype}; convert it, for example with .float()")
    if edge_order not in (1, 2):
        raise RuntimeError(f"gradient: edge_order must be 1 or 2, got {edge_order}")
    for d in dims:
        if ndim and x.shape[d] < edge_order + 1:
            raise RuntimeError(
                f"gradient: input must have at least edge_order + 1 = {edge_order + 1} elements along dim {d}, got "
                f"{x.shape[d]}"
            )
    if not ndim:
        return ()
    if x.dtype.category < dtypes.FLOAT:
        x = x.to(dtypes.get_default_dtype())
    return tuple(_slope(x, d, s, edge_order) for d, s in zip(dims, steps, strict=True))


def _spacings(x: Any, spacing: Any, dims: list[int], dims_given: bool) -> list:
    """For each dim a number, or the distances of neighbours."""
    if spacing is None:
        spacing = 1
    if isinstance(spacing, TensorBase):
        if spacing._array.ndim:
            raise TypeError(
                "gradient: spacing must be a number or a sequence with one entry for each dim, got a Tensor of "
                f"{spacing._array.ndim} dims; give coordinates in a tuple, spacing=(coordinates,)"
            )
        spacing = spacing.item()  # type: ignore[attr-defined]
    if isinstance(spacing, (int, float, complex, np.generic)):
        return [spacing] * len(dims)
    if not isinstance(spacing, (list, tuple)):
        raise TypeError(
            f"gradient: spacing must be a number or a sequence of numbers or 1-d Tensors, got {kind_of(spacing)}"
        )
    if len(spacing) != len(dims):
        wanted = "dim" if dims_given else "input's dims"
        raise RuntimeError(
            f"gradient: spacing must have one entry for each of {wanted}, {len(dims)}, got {len(spacing)}"
        )
    steps: list = []
    for d, s in zip(dims, spacing, strict=True):
        if not isinstance(s, TensorBase):
            steps.append(s)
            continue
        if s._array.ndim != 1:
            raise RuntimeError(f"gradient: spacing's tensors must have 1 dim, got {s._array.ndim}")
        if s._array.shape[0] != x.shape[d]:
            raise RuntimeError(
                f"gradient: spacing must have one coordinate for each of the {x.shape[d]} elements along dim {d}, got "
                f"{s._array.shape[0]}"
            )
        shape = [1] * x.ndim
        shape[d] = -1
        t: Any = s
        t = t if t.dtype.category >= dtypes.FLOAT else t.to(dtypes.get_default_dtype())
        t = t.reshape(shape)
        steps.append(narrow(t, d, 1, len(s) - 1) - narrow(t, d, 0, len(s) - 1))
    return steps


def _slope(x: Any, d: int, step: Any, edge_order: int) -> Tensor:
    n = x.shape[d]

    def at(i: int, length: int = 1) -> Any:
        return narrow(x, d, i, length)

    inside = [] if n == 2 else [_middle(at(0, n - 2), at(1, n - 2), at(2, n - 2), *_gaps(step, d, 0, n - 2))]
    if edge_order == 1:
        first, last = (
            (at(1) - at(0)) / _gaps(step, d, 0)[0],
            (at(n - 1) - at(n - 2)) / _gaps(step, d, n - 2)[0],
        )
    else:
        first = _edge(at(0), at(1), at(2), *_gaps(step, d, 0, 1))
        last = _edge(at(n - 1), at(n - 2), at(n - 3), *reversed([-g for g in _gaps(step, d, n - 3, 1)]))
    return cat([first, *inside, last], d)


def _gaps(step: Any, d: int, i: int, count: int = 0) -> list:
    """Neighbours' distances from i on; with a count, that many, and as many from the next on."""
    if not isinstance(step, TensorBase):
        return [step, step]
    return [narrow(step, d, i + k, max(count, 1)) for k in range(2 if count else 1)]  # type: ignore[arg-type]


def _middle(left: Any, middle: Any, right: Any, a: Any, b: Any) -> Any:
    """The slope in the middle of a parabola through three points, a and b apart."""
    if not isinstance(a, TensorBase):
        return (right - left) / (2 * a)
    return left * (-b / (a * (a + b))) + middle * ((b - a) / (a * b)) + right * (a / (b * (a + b)))


def _edge(first: Any, second: Any, third: Any, a: Any, b: Any) -> Any:
    """The slope at the first of three points of a parabola, a and b apart (negative when it runs backwards)."""
    if not isinstance(a, TensorBase):
        return (second * 4 - first * 3 - third) / (2 * a)
    return (
        first * (-(2 * a + b) / (a * (a + b))) + second * ((a + b) / (a * b)) + third * (-a / (b * (a + b)))
    )
