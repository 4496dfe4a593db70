"""Distances between vectors."""

from __future__ import annotations

import math

import numpy as np

from .. import dtypes
from ..tensor import Tensor, wrap
from .elementwise import require_tensor
from .loss import common_shape
from .mask import nothing_of
from .promotion import result_type
from .shape import broadcast_shapes

__all__ = ["cdist", "cosine_similarity", "pairwise_distance", "pdist"]


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The p-norm of the difference of vectors, each with its partner.

    Args:
        eps: Added to the difference, so that the norm has a gradient at 0. Default 1e-6.
        keepdim: Keep the last dimension, with size 1.
    Shape:
        x1, x2: (*, D), broadcast together; output: (*).
    Example:
        >>> pairwise_distance(rushlight.tensor([[3.0, 4.0]]), rushlight.tensor([[0.0, 0.0]]))
        tensor([5.0000])
    """
    require_tensor("pairwise_distance", x1, "x1")
    require_tensor("pairwise_distance", x2, "x2")
    common_shape("pairwise_distance", x1=x1, x2=x2)
    return (x1 - x2 + eps).norm(p, -1, keepdim)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`.

    Args:
        eps: The least length a vector is divided by. Default 1e-8.
    Shape:
        x1, x2: broadcast together; output: their shape without `dim`.
    Source: PyTorch 2.x bounds each norm by eps, not their product.
    Example:
        >>> cosine_similarity(rushlight.tensor([[1.0, 0.0]]), rushlight.tensor([[2.0, 2.0]]))
        tensor([0.7071])
    """
    require_tensor("cosine_similarity", x1, "x1")
    require_tensor("cosine_similarity", x2, "x2")
    shape = common_shape("cosine_similarity", x1=x1, x2=x2)
    d = result_type(x1, x2)
    if not d.is_floating_point:
        raise RuntimeError(
            f"cosine_similarity: inputs must be of a floating-point dtype (expected common dtype to be floating "
            f"point), got {d}"
        )
    x1, x2 = x1.expand(shape).to(d), x2.expand(shape).to(d)
    return (_unit(x1, dim, eps) * _unit(x2, dim, eps)).sum(dim)


def _unit(x: Tensor, dim: int, eps: float) -> Tensor:
    return x / x.norm(2, dim, keepdim=True).clamp(min=eps)


def _norm_last(d: Tensor, p: float) -> Tensor:
    """The p-norm over the last dimension, with gradient 0 where it is 0."""
    a = d.abs()
    if p == 1:
        return a.sum(-1)
    if p == math.inf:
        return a.amax(-1)
    if p == 0:  # a count, whose gradient is 0
        return ((d != 0).to(d.dtype) + nothing_of(d)).sum(-1)
    total = (a * a if p == 2 else a.where(a > 0, a.new_ones(())) ** p * (a > 0).to(a.dtype)).sum(-1)
    positive = total > 0
    safe = total.where(positive, total.new_ones(()))
    root = safe.sqrt() if p == 2 else safe ** (1 / p)
    return root.where(positive, total.new_zeros(()))


def cdist(
    x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary"
) -> Tensor:
    """The p-norm distance of every row of x1 from every row of x2.

    Args:
        p: The norm, at least 0; 0 counts differing elements. Default 2.
        compute_mode: Euclidean distances by a matrix product: 'use_mm_for_euclid_dist_if_necessary' (above 25
            rows), 'use_mm_for_euclid_dist' or 'donot_use_mm_for_euclid_dist'.
    Shape:
        x1: (*, P, M); x2: (*, R, M); output: (*, P, R).
    Raises:
        RuntimeError: fewer than 2 dimensions, differing M, or a negative p.
    Example:
        >>> cdist(rushlight.tensor([[0.0, 0.0]]), rushlight.tensor([[3.0, 4.0], [0.0, 1.0]]))
        tensor([[5., 1.]])
    """
    require_tensor("cdist", x1, "x1")
    require_tensor("cdist", x2, "x2")
    for i, x in enumerate((x1, x2), 1):
        if x.ndim < 2:
            raise RuntimeError(
                f"cdist: x{i} must have at least 2 dimensions (only supports at least 2D), got {x.ndim}D"
            )
        if not x.is_floating_point():
            raise RuntimeError(f"cdist: x{i} must be of a floating-point dtype, got {x.dtype}")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"cdist: x1 and x2 must have the same number of columns, got x1: {x1.shape[-1]} x2: {x2.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError(f"cdist: p must be at least 0 (only supports non-negative p values), got {p}")
    modes = {
        "use_mm_for_euclid_dist_if_necessary": x1.shape[-2] > 25 or x2.shape[-2] > 25,
        "use_mm_for_euclid_dist": True,
        "donot_use_mm_for_euclid_dist": False,
    }
    if compute_mode not in modes:
        raise ValueError(f"cdist: compute_mode must be one of {list(modes)}, got {compute_mode!r}")
    if p == 2 and modes[compute_mode] and x1.shape[-1]:
        square1, square2 = (x1 * x1).sum(-1, keepdim=True), (x2 * x2).sum(-1, keepdim=True)
        total = square1 + square2.transpose(-1, -2) - 2 * x1.matmul(x2.transpose(-1, -2))
        positive = total > 0
        return total.where(positive, total.new_ones(())).sqrt().where(positive, total.new_zeros(()))
    if not x1.shape[-1]:
        shape = broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
        return x1.new_zeros((*shape, x1.shape[-2], x2.shape[-2]))
    return _norm_last(x1.unsqueeze(-2) - x2.unsqueeze(-3), p)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm distances of every two rows, as the upper triangle of `cdist(input, input)` row by row.

    Args:
        p: The norm, at least 0. Default 2.
    Shape:
        input: (N, M); output: (N (N - 1) / 2,).
    Raises:
        RuntimeError: `input` is not 2D, or p is negative.
    Example:
        >>> pdist(rushlight.tensor([[0.0], [1.0], [3.0]]))
        tensor([1., 3., 2.])
    """
    require_tensor("pdist", input)
    if input.ndim != 2:
        raise RuntimeError(f"pdist: input must be 2D (only supports 2D tensors), got {input.ndim}D")
    if p < 0:
        raise RuntimeError(f"pdist: p must be at least 0 (only supports non-negative p values), got {p}")
    i, j = (wrap(a.astype(np.int64)) for a in np.triu_indices(input.shape[0], 1))
    if not input.shape[1]:
        return input.new_zeros(
            i.numel(), dtype=dtypes.float32 if not input.is_floating_point() else input.dtype
        )
    return _norm_last(input.index_select(0, i) - input.index_select(0, j), p)
