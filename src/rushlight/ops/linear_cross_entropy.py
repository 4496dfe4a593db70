"""A linear layer's scores and their cross-entropy in one call."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .cross_entropy import cross_entropy
from .linear import linear
from .shape import reshape

__all__: list[str] = []
functional = ["linear_cross_entropy"]


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Tensor:
    """`cross_entropy(linear(input, linear_weight, linear_bias), target, ...)`.

    Args:
        linear_weight: The layer's weight, (C, in_features), or (C, d1, ..., in_features) for several scores a class.
        target: Class indices, or class probabilities.
        linear_bias: The layer's bias, (C,) or (C, d1, ...).
        weight, reduction, label_smoothing: As of `cross_entropy`.
        ignore_index: Targets of this value count for nothing; -100 if None.
        options: Taken and not needed: PyTorch's ways of cutting the computation into chunks.
    Shape:
        input: (N, in_features) or (in_features,); target: (N,) or (N, d1, ...), or with C after N.
    Raises:
        RuntimeError: The input has more than two dimensions, or one with several scores a class.
    Example:
        >>> F.linear_cross_entropy(torch.zeros(2, 4), torch.zeros(5, 4), torch.tensor([0, 1]))
        tensor(1.6094)
    """
    if input.dim() not in (1, 2):
        raise RuntimeError(f"linear_cross_entropy: input must have 1 or 2 dimensions, got {input.dim()}")
    scores = tuple(linear_weight.shape[:-1])
    if len(scores) > 1:
        if input.dim() == 1:
            raise RuntimeError(
                "linear_cross_entropy: input must be batched (2D) with several scores a class, got 1D"
            )
        flat_bias = None if linear_bias is None else reshape(linear_bias, (-1,))
        logits = linear(input, reshape(linear_weight, (-1, linear_weight.shape[-1])), flat_bias)
        logits = reshape(logits, (*input.shape[:-1], *scores))
    else:
        logits = linear(input, linear_weight, linear_bias)
    return cross_entropy(
        logits,
        target,
        weight=weight,
        ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
