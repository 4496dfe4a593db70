"""Functions of `torch` that have the names of `nn.functional`'s but other arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tensor import Tensor
from . import dropout as _dropout
from . import embedding as _embedding
from . import norm as _norm
from .elementwise import require_tensor

__all__ = [
    "alpha_dropout",
    "alpha_dropout_",
    "batch_norm",
    "constant_pad_nd",
    "dropout",
    "dropout_",
    "embedding",
    "feature_alpha_dropout",
    "feature_alpha_dropout_",
    "feature_dropout_",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "native_batch_norm",
    "native_group_norm",
    "native_layer_norm",
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


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    """`nn.functional.pad` with a constant.

    Example:
        >>> constant_pad_nd(rushlight.tensor([1, 2]), (1, 0), 5)
        tensor([5, 1, 2])
    """
    from . import padding

    return padding.pad(input, pad, "constant", value)


def _statistics(x: Tensor, dims: tuple, keepdim: bool, eps: float) -> tuple[Tensor, Tensor]:
    """The mean and one over the standard deviation."""
    wide: Any = x.float() if x.dtype.itemsize < 4 else x  # type: ignore[attr-defined]
    mean = wide.mean(dims, keepdim=keepdim)
    rstd = (wide.var(dims, correction=0, keepdim=keepdim) + eps).rsqrt()
    return mean.to(x.dtype), rstd.to(x.dtype)


def native_layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`layer_norm` with the mean and one over the standard deviation that it divides by.

    Example:
        >>> y, mean, rstd = native_layer_norm(rushlight.tensor([[1.0, 3.0]]), (2,), None, None, 0.0)
        >>> mean
        tensor([[2.]])
    """
    y = _norm.layer_norm(input, normalized_shape, weight, bias, eps)
    return (y, *_statistics(input.detach(), tuple(range(-len(normalized_shape), 0)), True, eps))


def native_group_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    N: int,
    C: int,
    HxW: int,
    group: int,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """`group_norm` of N samples of C channels of HxW values, with the means and one over the standard deviations.

    Raises:
        RuntimeError: the input does not have N * C * HxW elements.
    Example:
        >>> y, mean, rstd = native_group_norm(rushlight.tensor([[[1.0, 3.0]]]), None, None, 1, 1, 2, 1, 0.0)
        >>> mean
        tensor([[2.]])
    """
    require_tensor("native_group_norm", input)
    if input._array.size != N * C * HxW or input._array.shape[:2] != (N, C):
        raise RuntimeError(
            f"native_group_norm: input must have N * C * HxW elements, shape ({N}, {C}, ...) with {HxW} values each, got "
            f"shape {tuple(input._array.shape)}"
        )
    y = _norm.group_norm(input, group, weight, bias, eps)
    return (y, *_statistics(input.reshape(N, group, C // group * HxW), (-1,), False, eps))  # type: ignore[attr-defined]


def native_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """`batch_norm` with the means and one over the standard deviations of the batch; empty ones outside of training.

    Example:
        >>> x = rushlight.tensor([[1.0], [3.0]])
        >>> native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5)[1]
        tensor([2.])
    """
    y = _norm.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        return y, input.new_empty(0), input.new_empty(0)  # type: ignore[attr-defined]
    return (y, *_statistics(input.detach(), (0, *range(2, input.ndim)), False, eps))
