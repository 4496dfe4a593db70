"""Folding batch norms into the layer before them, for inference."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from ...ops.creation import ones_like, zeros_like
from ...tensor import Tensor
from ..parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]

Layer = TypeVar("Layer")


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of the convolution that does what a convolution and a batch norm in evaluation do.

    Args:
        conv_w, conv_b: The convolution's weight and bias.
        bn_rm, bn_rv: The norm's running mean and variance.
        bn_eps: Its eps.
        bn_w, bn_b: Its weight and bias.
        transpose: It is a transposed convolution.
    """
    conv_b = zeros_like(bn_rm) if conv_b is None else conv_b
    bn_w = ones_like(bn_rm) if bn_w is None else bn_w
    bn_b = zeros_like(bn_rm) if bn_b is None else bn_b
    scale = bn_w * (bn_rv + bn_eps).rsqrt()
    shape = [1, -1] if transpose else [-1, 1]
    weight = conv_w * scale.reshape(shape + [1] * (conv_w.dim() - 2))
    bias = (conv_b - bn_rm) * scale + bn_b
    return (
        Parameter(weight.to(conv_w.dtype).detach(), conv_w.requires_grad),
        Parameter(bias.to(conv_b.dtype).detach(), conv_b.requires_grad),
    )


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor,
    bn_b: Tensor,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of the Linear that does what a Linear and a batch norm in evaluation do."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)


def _fuse(layer: Any, bn: Any, transpose: bool, function: str) -> Any:
    if layer.training or bn.training:
        raise AssertionError(
            f"{function}: both modules must be in evaluation mode, got training mode; call .eval()"
        )
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError(f"{function}: the batch norm must have running statistics, got none")
    fused = copy.deepcopy(layer)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_eval(conv: Layer, bn: Any, transpose: bool = False) -> Layer:
    """A copy of a convolution with the batch norm after it folded in; both must be in evaluation mode.

    Example:
        >>> conv, bn = nn.Conv2d(3, 4, 3).eval(), nn.BatchNorm2d(4).eval()
        >>> x = torch.randn(1, 3, 5, 5)
        >>> torch.allclose(nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
        True
    """
    return _fuse(conv, bn, transpose, "fuse_conv_bn_eval")


def fuse_linear_bn_eval(linear: Layer, bn: Any) -> Layer:
    """A copy of a Linear with the batch norm after it folded in; both must be in evaluation mode."""
    if linear.out_features != bn.num_features and bn.num_features != 1:  # type: ignore[attr-defined]
        raise AssertionError(
            f"fuse_linear_bn_eval: bn must have as many features as linear ({linear.out_features}), "  # type: ignore[attr-defined]
            f"got {bn.num_features}"
        )
    return _fuse(linear, bn, False, "fuse_linear_bn_eval")
