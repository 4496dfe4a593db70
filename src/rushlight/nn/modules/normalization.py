"""Layer, group, RMS and local response normalization."""

from __future__ import annotations

from typing import Any

from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["LocalResponseNorm", "CrossMapLRN2d", "LayerNorm", "GroupNorm", "RMSNorm"]


class LocalResponseNorm(Module):
    """Divide by a power of the mean square over neighbouring channels.

    y = x / (k + alpha mean(x^2 over `size` channels around))^beta.

    Args:
        size: Channels in the window.
        alpha: Factor of the mean square. Default 1e-4.
        beta: Exponent. Default 0.75.
        k: Added to it. Default 1.
    Shape:
        input: (N, C, *); output: the same.
    Source: Krizhevsky et al. 2012, ImageNet Classification, section 3.3.
    Example:
        >>> nn.LocalResponseNorm(2)(torch.randn(4, 5, 6, 6)).shape
        torch.Size([4, 5, 6, 6])
    """

    __constants__ = ["size", "alpha", "beta", "k"]

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(Module):
    """LocalResponseNorm for images under its older name; the arguments are the same.

    Example:
        >>> nn.CrossMapLRN2d(3)(torch.randn(4, 5, 6, 6)).shape
        torch.Size([4, 5, 6, 6])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() != 4:
            raise ValueError(f"CrossMapLRN2d: input must be 4D, got {input.dim()}D input")
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def _as_shape(normalized_shape: Any) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)


class _Affine(Module):
    """Layers that scale by a weight and shift by a bias at the end, or by neither."""

    weight: Any
    bias: Any

    def _register(self, shape: tuple[int, ...], weight: bool, bias: bool, device: Any, dtype: Any) -> None:
        for name, wanted in (("weight", weight), ("bias", bias)):
            value = Parameter(empty(shape, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight 1 and bias 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class LayerNorm(_Affine):
    """Normalize each sample over its last dimensions to mean 0 and variance 1, then scale and shift.

    y = (x - mean) / sqrt(var + eps) * weight + bias, with the biased variance; in training and evaluation alike.

    Args:
        normalized_shape: Sizes of the dimensions normalized over, the last ones; one number for the last.
        eps: Added to the variance, so in squared units of the input. Default 1e-5.
        elementwise_affine: Whether weight and bias are learned, one each per element. Default True.
        bias: Whether there is a bias (when affine). Default True.
    Shape:
        input: (*, *normalized_shape); output: the same.
    Source: Ba et al. 2016, arXiv:1607.06450.
    Example:
        >>> nn.LayerNorm(3)(torch.tensor([1.0, 2.0, 3.0])).round()
        tensor([-1.,  0.,  1.], grad_fn=<RoundBackward0>)
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]
    normalized_shape: tuple[int, ...]

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _as_shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._register(self.normalized_shape, elementwise_affine, elementwise_affine and bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class GroupNorm(_Affine):
    """Normalize each sample over groups of channels to mean 0 and variance 1, then scale and shift.

    y = (x - mean) / sqrt(var + eps) * weight + bias, with the biased variance; weight and bias per channel.

    Args:
        num_groups: Groups the channels are divided into.
        num_channels: Channels C; a multiple of `num_groups`.
        eps: Added to the variance, so in squared units of the input. Default 1e-5.
        affine: Whether weight and bias are learned. Default True.
        bias: Whether there is a bias (when affine). Default True.
    Shape:
        input: (N, C, *); output: the same.
    Source: Wu and He 2018, arXiv:1803.08494.
    Example:
        >>> nn.GroupNorm(3, 6)(torch.randn(20, 6, 10, 10)).shape
        torch.Size([20, 6, 10, 10])
    """

    __constants__ = ["num_groups", "num_channels", "eps", "affine"]

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups != 0:
            raise ValueError(
                f"GroupNorm: num_channels must be divisible by num_groups ({num_groups}), got {num_channels}"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self._register((num_channels,), affine, affine and bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divide each sample by its root mean square over the last dimensions, then scale.

    y = x / sqrt(mean(x^2) + eps) * weight.

    Args:
        normalized_shape: Sizes of the dimensions normalized over, the last ones; one number for the last.
        eps: Added to the mean square, so in squared units of the input; None: the dtype's machine epsilon.
        elementwise_affine: Whether a weight per element is learned. Default True.
    Shape:
        x: (*, *normalized_shape); output: the same.
    Source: Zhang and Sennrich 2019, arXiv:1910.07467.
    Example:
        >>> nn.RMSNorm(2)(torch.tensor([3.0, 3.0])).round()
        tensor([1., 1.], grad_fn=<RoundBackward0>)
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]
    normalized_shape: tuple[int, ...]

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _as_shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        value = (
            Parameter(empty(self.normalized_shape, device=device, dtype=dtype))
            if elementwise_affine
            else None
        )
        self.register_parameter("weight", value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight 1."""
        if self.elementwise_affine:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
