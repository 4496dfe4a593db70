"""Losses composed of elementary operations: likelihoods, margins, rankings, triplets."""

from __future__ import annotations

import math
from collections.abc import Callable

from .. import dtypes
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..tensor import Tensor
from .distance import pairwise_distance
from .elementwise import require_tensor
from .loss import reduced, reduction_of

__all__ = [
    "cosine_embedding_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "poisson_nll_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log likelihood of counts under Poisson distributions, but for a constant.

    Args:
        input: The expected counts, or their logarithms with `log_input`.
        full: Add the constant, log(target!), by Stirling's approximation for targets above 1.
        eps: Added to an expected count before its logarithm is taken. Default 1e-8.
        reduction: 'none', 'mean' or 'sum'.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input, target: broadcast together; output: a number, or with reduction 'none' their shape.
    Example:
        >>> poisson_nll_loss(rushlight.tensor([0.0]), rushlight.tensor([2.0]))
        tensor(1.)
    """
    require_tensor("poisson_nll_loss", input)
    require_tensor("poisson_nll_loss", target, "target")
    reduction = reduction_of("poisson_nll_loss", reduction, size_average, reduce)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0.0)
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """The negative log likelihood of targets under normal distributions, but for a constant.

    Args:
        input: The expected values.
        var: The variances: a number, or a tensor of input's shape, or with its last dimension 1 or missing.
        full: Add the constant, log(2 pi) / 2.
        eps: The least variance, in squared units of the input. Default 1e-6. Its gradient goes through.
        reduction: 'none', 'mean' or 'sum'.
    Shape:
        input: (N, *) or (*); target: the same, or broadcast with it; output: a number, or input's shape.
    Raises:
        ValueError: `var` is of a wrong shape or negative.
    Source: Nix and Weigend 1994, "Estimating the mean and variance of the target probability distribution".
    Example:
        >>> gaussian_nll_loss(rushlight.tensor([0.0]), rushlight.tensor([2.0]), rushlight.tensor([1.0]))
        tensor(2.)
    """
    require_tensor("gaussian_nll_loss", input)
    require_tensor("gaussian_nll_loss", target, "target")
    name = "gaussian_nll_loss"
    if isinstance(var, (int, float)):
        var = input.new_full(input.shape, float(var))
    elif not isinstance(var, TensorBase):
        raise TypeError(f"{name}: var must be a Tensor or a number, got {kind_of(var)}")
    elif var.shape != input.shape:
        odd = [a != b for a, b in zip(input.shape, var.shape, strict=False)]
        if tuple(input.shape[:-1]) == tuple(var.shape):
            var = var.unsqueeze(-1)
        elif not (input.ndim == var.ndim and sum(odd) == 1 and var.shape[odd.index(True)] == 1):
            raise ValueError(
                f"{name}: var must have the input's shape {list(input.shape)} (but for one dimension of size 1), var is "
                f"of incorrect size, got {list(var.shape)}"
            )
    reduction_of(name, reduction)
    if (var < 0).any():
        raise ValueError(f"{name}: var must not be negative (var has negative entry/entries)")
    # Clamped in value only: the gradient of the variance passes, as PyTorch's does.
    var = var + (var.clamp(min=eps) - var).detach()
    d = input - target
    loss = 0.5 * (var.log() + d * d / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Distances of alike pairs, and what those of unlike pairs lack of the margin.

    Args:
        input: Distances.
        target: 1 for alike, -1 for unlike.
        margin: The distance from which unlike pairs cost nothing. Default 1.
        reduction: 'none', 'mean' or 'sum'.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input, target: broadcast together; output: a number, or with reduction 'none' their shape.
    Example:
        >>> hinge_embedding_loss(rushlight.tensor([0.2, 0.2]), rushlight.tensor([1, -1]), reduction="none")
        tensor([0.2000, 0.8000])
    """
    require_tensor("hinge_embedding_loss", input)
    require_tensor("hinge_embedding_loss", target, "target")
    reduction = reduction_of("hinge_embedding_loss", reduction, size_average, reduce)
    zero = input.new_zeros(())
    unlike = (margin - input).clamp(min=0).where(target != 1, zero)
    return reduced(unlike + input.where(target != -1, zero), reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """What the first input lacks of ranking above (target 1) or below (-1) the second by the margin.

    Args:
        margin: The difference that costs nothing. Default 0.
        reduction: 'none', 'mean' or 'sum'.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input1, input2, target: of as many dimensions, broadcast together; output: a number, or their shape.
    Raises:
        RuntimeError: they have different numbers of dimensions.
    Example:
        >>> margin_ranking_loss(rushlight.tensor([1.0]), rushlight.tensor([3.0]), rushlight.tensor([1.0]))
        tensor(2.)
    """
    require_tensor("margin_ranking_loss", input1, "input1")
    require_tensor("margin_ranking_loss", target, "target")
    require_tensor("margin_ranking_loss", input2, "input2")
    reduction = reduction_of("margin_ranking_loss", reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss: All input tensors should have same dimension, got sizes: input1 "
            f"{list(input1.shape)}, input2 {list(input2.shape)}, target {list(target.shape)}"
        )
    return reduced((-target * (input1 - input2) + margin).clamp(min=0), reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cosine for alike pairs of vectors (target 1), the cosine above the margin for unlike ones (-1).

    Args:
        margin: The cosine up to which unlike pairs cost nothing, -1 to 1. Default 0.
        reduction: 'none', 'mean' or 'sum'.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input1, input2: (N, D) with target (N,), or (D,) with target (); output: a number, or as target.
    Raises:
        RuntimeError: the numbers of dimensions do not fit.
    Example:
        >>> x = rushlight.tensor([[1.0, 0.0]])
        >>> cosine_embedding_loss(x, -x, rushlight.tensor([1]))
        tensor(2.)
    """
    require_tensor("cosine_embedding_loss", input1, "input1")
    require_tensor("cosine_embedding_loss", target, "target")
    require_tensor("cosine_embedding_loss", input2, "input2")
    name = "cosine_embedding_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    if target.ndim > 1:
        raise RuntimeError(f"{name}: target must have 0 or 1 dimensions (0D or 1D target), got {target.ndim}")
    if input1.ndim != target.ndim + 1 or input2.ndim != target.ndim + 1:
        raise RuntimeError(
            f"{name}: {target.ndim}D target tensor expects {target.ndim + 1}D input tensors, got sizes "
            f"{list(input1.shape)} and {list(input2.shape)}"
        )
    square1, square2 = ((x * x).sum(-1) + 1e-12 for x in (input1, input2))
    cosine = (input1 * input2).sum(-1) / (square1 * square2).sqrt()
    zero = cosine.detach().new_zeros(())
    alike = (1 - cosine).where(target == 1, zero)
    unlike = (cosine - margin).clamp(min=0).where(target == -1, zero)
    return reduced(alike + unlike, reduction)


def _log1p_exp(x: Tensor) -> Tensor:
    """log(1 + e**x) without overflow."""
    return (-x.abs()).exp().log1p() + x.clamp(min=0)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The logistic loss of targets 1 and -1: log(1 + exp(-target * input)).

    Args:
        reduction: 'none', 'mean' or 'sum'.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input, target: broadcast together; output: a number, or with reduction 'none' their shape.
    Example:
        >>> soft_margin_loss(rushlight.tensor([0.0]), rushlight.tensor([1.0]))
        tensor(0.6931)
    """
    require_tensor("soft_margin_loss", input)
    require_tensor("soft_margin_loss", target, "target")
    reduction = reduction_of("soft_margin_loss", reduction, size_average, reduce)
    return reduced(_log1p_exp(-target * input), reduction)


def _check_rows(function: str, input: Tensor, target: Tensor, shape: tuple) -> None:
    if input.ndim > 2 or (input.ndim == 2 and not input.shape[1]) or not input.numel() > 0:
        if not (input.ndim == 2 and input.shape[1] and not input.shape[0]):
            raise RuntimeError(
                f"{function}: input must be a non-empty vector or matrix, got shape {list(input.shape)}"
            )
    if tuple(target.shape) != shape:
        raise RuntimeError(
            f"{function}: target must have shape {shape} (inconsistent target size), got {list(target.shape)} for input "
            f"of size {list(input.shape)}"
        )


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How far other classes' scores come within the margin of the target's, to the power p, over all classes.

    Args:
        target: Class numbers.
        p: 1 or 2.
        margin: Default 1, in units of the scores.
        weight: A factor for each class, taken for the target's.
        reduction: 'none', 'mean' or 'sum'.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input: (N, C) or (C,); target: (N,) or (); output: a number, or as target.
    Raises:
        ValueError: p is neither 1 nor 2, or weight is not 1-d.
        RuntimeError: a target is out of range, or shapes do not fit.
    Source: Crammer and Singer 2001, "On the algorithmic implementation of multiclass kernel-based vector machines".
    Example:
        >>> multi_margin_loss(rushlight.tensor([[1.0, 1.0]]), rushlight.tensor([0]))
        tensor(0.5000)
    """
    require_tensor("multi_margin_loss", input)
    require_tensor("multi_margin_loss", target, "target")
    name = "multi_margin_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError(f"{name}: p must be 1 or 2 (only p == 1 and p == 2 supported), got {p}")
    shape = tuple(target.shape)
    if input.ndim == 1 and target.ndim == 1 and target.numel() == 1:
        target = target.reshape(())
    if weight is not None and weight.ndim != 1:
        raise ValueError(f"{name}: weight must be one-dimensional, got shape {list(weight.shape)}")
    _check_rows(name, input, target, tuple(input.shape[:-1]))
    if input.ndim == 0:
        input = input.reshape(1)
    classes = input.shape[-1]
    if weight is not None and weight.numel() != classes:
        raise RuntimeError(
            f"{name}: weight must have shape ({classes},) (inconsistent weight size), got {list(weight.shape)}"
        )
    _check_range(name, target, classes)
    right = input.gather(-1, target.unsqueeze(-1))
    over = (margin - right + input).clamp(min=0)
    if p == 2:
        over = over * over
    if weight is not None:
        over = over * weight.index_select(0, target.reshape(-1)).reshape(target.shape).unsqueeze(-1)
    others = _arange(target, classes) != target.unsqueeze(-1)
    loss = over.where(others, over.new_zeros(())).sum(-1) / classes
    return reduced(loss.reshape(shape), reduction)


def _arange(like: Tensor, n: int) -> Tensor:
    from .ranges import arange

    return arange(n, dtype=dtypes.int64)


def _check_range(function: str, target: Tensor, classes: int, least: int = 0) -> None:
    array = target._array
    if target.dtype is not dtypes.int64:
        raise RuntimeError(f"{function}: target must have dtype torch.int64, got {target.dtype}")
    if array.size and (array.min() < least or array.max() >= classes):
        bad = array[(array < least) | (array >= classes)].flat[0]
        raise RuntimeError(
            f"{function}: target must be in [{least}, {classes}) (target out of range), got {bad}"
        )


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How far the scores of wrong classes come within 1 of those of right ones, over all classes.

    Args:
        target: The right classes' numbers, ended by -1.
        reduction: 'none', 'mean' or 'sum'.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input, target: (N, C) or (C,); output: a number, or (N,) or ().
    Raises:
        RuntimeError: a target is out of range, or shapes do not fit.
    Example:
        >>> multilabel_margin_loss(rushlight.tensor([1.0, 1.0]), rushlight.tensor([0, -1]))
        tensor(0.5000)
    """
    require_tensor("multilabel_margin_loss", input)
    require_tensor("multilabel_margin_loss", target, "target")
    name = "multilabel_margin_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    _check_rows(name, input, target, tuple(input.shape))
    if input.ndim == 0:
        input, target = input.reshape(1), target.reshape(1)
    classes = input.shape[-1]
    _check_range(name, target, classes, -1)
    # Positions before the first -1 count.
    valid = (target < 0).to(dtypes.int64).cumsum(-1) == 0
    safe = target.where(valid, target.new_zeros(()))
    is_right = (safe.unsqueeze(-1) == _arange(target, classes)) & valid.unsqueeze(-1)
    wrong = is_right.any(-2).logical_not()
    over = (1 - input.gather(-1, safe).unsqueeze(-1) + input.unsqueeze(-2)).clamp(min=0)
    both = valid.unsqueeze(-1) & wrong.unsqueeze(-2)
    return reduced(over.where(both, over.new_zeros(())).sum((-2, -1)) / classes, reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Binary cross-entropy with logits, averaged over the classes.

    Args:
        target: 1 for the right classes, 0 for the others.
        weight: A factor for each class.
        reduction: 'none', 'mean' or 'sum'.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input, target: (*, C); output: a number, or (*).
    Example:
        >>> multilabel_soft_margin_loss(rushlight.tensor([[0.0, 0.0]]), rushlight.tensor([[1.0, 0.0]]))
        tensor(0.6931)
    """
    require_tensor("multilabel_soft_margin_loss", input)
    require_tensor("multilabel_soft_margin_loss", target, "target")
    reduction = reduction_of("multilabel_soft_margin_loss", reduction, size_average, reduce)
    loss = target * _log1p_exp(-input) + (1 - target) * _log1p_exp(input)
    if weight is not None:
        loss = loss * weight
    return reduced(loss.sum(-1) / input.shape[-1], reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How far the anchor is nearer to the negative than the margin allows, compared with the positive.

    Args:
        margin: By how much the negative must be further away; above 0. Default 1.
        p: The norm of the distances. Default 2.
        eps: Added to differences, so that the norm has a gradient. Default 1e-6.
        swap: Take the negative's distance from the positive where that is smaller.
        reduction: 'none', 'mean' or 'sum'.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        anchor, positive, negative: (N, D) or (D,); output: a number, or (N,) or ().
    Raises:
        ValueError: margin is not above 0.
        RuntimeError: the numbers of dimensions differ.
    Source: Balntas et al. 2016, "Learning local feature descriptors with triplets and shallow convolutional
        neural networks", section 3.
    Example:
        >>> x = rushlight.tensor([[0.0, 0.0]])
        >>> triplet_margin_loss(x, x, x)
        tensor(1.)
    """
    require_tensor("triplet_margin_loss", anchor, "anchor")
    reduction = reduction_of("triplet_margin_loss", reduction, size_average, reduce)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    return _triplet("triplet_margin_loss", anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with a distance of one's own.

    Args:
        distance_function: Of two tensors, a distance for each row. Default: `pairwise_distance`.
        margin: By how much the negative must be further away; above 0. Default 1.
        swap: Take the negative's distance from the positive where that is smaller.
        reduction: 'none', 'mean' or 'sum'.
    Shape:
        anchor, positive, negative: (N, *); output: a number, or (N,).
    Raises:
        ValueError: margin is not above 0, or reduction is unknown.
        RuntimeError: the numbers of dimensions differ.
    Example:
        >>> x = rushlight.tensor([[0.0, 0.0]])
        >>> triplet_margin_with_distance_loss(x, x, x, margin=0.5)
        tensor(0.5000)
    """
    require_tensor("triplet_margin_with_distance_loss", anchor, "anchor")
    name = "triplet_margin_with_distance_loss"
    reduction_of(name, reduction)
    distance = distance_function or pairwise_distance
    return _triplet(name, anchor, positive, negative, distance, margin, swap, reduction)


def _triplet(
    name: str,
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    distance: Callable[..., Tensor],
    margin: float,
    swap: bool,
    reduction: str,
) -> Tensor:
    if margin <= 0:
        raise ValueError(f"{name}: margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            f"{name}: anchor, positive and negative are expected to have the same number of dimensions, got "
            f"{anchor.ndim}D, {positive.ndim}D and {negative.ndim}D inputs"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return reduced((margin + near - far).clamp(min=0), reduction)
