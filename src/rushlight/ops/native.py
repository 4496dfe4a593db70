"""Functions of `torch` that have the names of `nn.functional`'s but other arguments."""

from __future__ import annotations

from collections.abc import Sequence

from ..tensor import Tensor
from . import dropout as _dropout
from . import embedding as _embedding
from . import norm as _norm
from .elementwise import require_tensor

__all__ = [
    "alpha_dropout",
    "alpha_dropout_",
    "batch_norm",
    "dropout",
    "dropout_",
    "embedding",
    "feature_alpha_dropout",
    "feature_alpha_dropout_",
    "feature_dropout_",
    "group_norm",
    "instance_norm",
    "layer_norm",
]


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`nn.functional.batch_norm`, which tells about the arguments, in the order of `torch.batch_norm`.

    Example:
        >>> x = rushlight.tensor([[1.0], [3.0]])
        >>> batch_norm(x, None, None, None, None, True, 0.1, 1e-5, False)
        tensor([[-1.0000],
                [ 1.0000]])
    """
    return _norm.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`nn.functional.instance_norm`, which tells about the arguments, in the order of `torch.instance_norm`.

    Example:
        >>> x = rushlight.tensor([[[1.0, 3.0]]])
        >>> instance_norm(x, None, None, None, None, True, 0.1, 1e-5, False)
        tensor([[[-1.0000,  1.0000]]])
    """
    return _norm.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    """`nn.functional.layer_norm`, which tells about the arguments; `cudnn_enable` has no effect.

    Example:
        >>> layer_norm(rushlight.tensor([[1.0, 3.0]]), (2,))
        tensor([[-1.0000,  1.0000]])
    """
    return _norm.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    """`nn.functional.group_norm`, which tells about the arguments; `cudnn_enabled` has no effect.

    Example:
        >>> group_norm(rushlight.tensor([[1.0, 3.0]]), 1)
        tensor([[-1.0000,  1.0000]])
    """
    return _norm.group_norm(input, num_groups, weight, bias, eps)


def embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """`nn.functional.embedding`, which tells about the arguments, with the table first; -1 is no padding.

    Example:
        >>> embedding(rushlight.tensor([[1.0], [2.0]]), rushlight.tensor([1]))
        tensor([[2.]])
    """
    padding = None if padding_idx < 0 else padding_idx
    return _embedding.embedding(indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq)


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.dropout`, which tells about the arguments.

    Example:
        >>> dropout(rushlight.ones(2), 0.5, False)
        tensor([1., 1.])
    """
    return _dropout.dropout(input, p, train)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` of the tensor itself.

    Example:
        >>> dropout_(rushlight.ones(2), 0.5, False)
        tensor([1., 1.])
    """
    return _dropout.dropout(input, p, train, True)


def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_dropout` of the tensor itself.

    Example:
        >>> feature_dropout_(rushlight.ones(1, 2), 0.5, False)
        tensor([[1., 1.]])
    """
    require_tensor("feature_dropout_", input)
    return _dropout._run(_dropout._feature_dropout, input, p, train, True, "feature_dropout")


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.alpha_dropout`, which tells about the arguments.

    Example:
        >>> alpha_dropout(rushlight.ones(2), 0.5, False)
        tensor([1., 1.])
    """
    return _dropout.alpha_dropout(input, p, train)


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` of the tensor itself.

    Example:
        >>> alpha_dropout_(rushlight.ones(2), 0.5, False)
        tensor([1., 1.])
    """
    return _dropout.alpha_dropout(input, p, train, True)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.feature_alpha_dropout`, which tells about the arguments.

    Example:
        >>> feature_alpha_dropout(rushlight.ones(1, 2), 0.5, False)
        tensor([[1., 1.]])
    """
    return _dropout.feature_alpha_dropout(input, p, train)


def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_alpha_dropout` of the tensor itself.

    Example:
        >>> feature_alpha_dropout_(rushlight.ones(1, 2), 0.5, False)
        tensor([[1., 1.]])
    """
    return _dropout.feature_alpha_dropout(input, p, train, True)
