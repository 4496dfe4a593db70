"""Instance normalization: each channel of each sample to mean 0 and variance 1."""

from __future__ import annotations

import warnings
from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .batchnorm import _LazyNorm, _NormBase

__all__ = [
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]


class _InstanceNorm(_NormBase):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict,
        strict: bool,
        missing_keys: list,
        unexpected_keys: list,
        error_msgs: list,
    ) -> None:
        # Files of PyTorch before 0.4 hold statistics that were recorded but not used.
        if local_metadata.get("version") is None and not self.track_running_stats:
            stale = [k for k in (prefix + "running_mean", prefix + "running_var") if k in state_dict]
            if stale:
                error_msgs.append(
                    f"{type(self).__name__}: state_dict must have no running statistics with track_running_stats=False, "
                    f"got {' and '.join(stale)}; delete these keys, or make the layer with track_running_stats=True"
                )
                for key in stale:
                    state_dict.pop(key)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        single = input.dim() == self._ndims[0]  # one sample without a batch dimension
        channels = input.size(0 if single else 1)
        if channels != self.num_features:
            if self.affine:
                raise ValueError(
                    f"{type(self).__name__}: input must have {self.num_features} channels, the layer's num_features, "
                    f"got {channels}"
                )
            warnings.warn(
                f"{type(self).__name__}: input should have {self.num_features} channels, the layer's num_features, "
                f"got {channels}; the size is not used because affine=False",
                stacklevel=2,
            )
        if single:
            input = input.unsqueeze(0)
        momentum = 0.0 if self.momentum is None else self.momentum
        use_batch = self.training or not self.track_running_stats
        out = F.instance_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, use_batch, momentum, self.eps
        )
        return out.squeeze(0) if single else out


class InstanceNorm1d(_InstanceNorm):
    """Normalize each channel of each sequence over its length.

    y = (x - mean) / sqrt(var + eps) * weight + bias, with the (biased) variance of the sample's own channel.

    Args:
        num_features: Channels C.
        eps: Added to the variance, so in squared units of the input. Default 1e-5.
        momentum: Weight of the newest batch in the running statistics. Default 0.1.
        affine: Whether weight and bias are learned. Default False.
        track_running_stats: Whether running statistics are kept, and used in evaluation. Default False.
        bias: Whether there is a bias (when affine). Default True.
    Shape:
        input: (N, C, L) or (C, L); output: the same.
    Source: Ulyanov et al. 2016, arXiv:1607.08022.
    Example:
        >>> nn.InstanceNorm1d(100)(torch.randn(20, 100, 40)).shape
        torch.Size([20, 100, 40])
    """

    _ndims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Normalize each channel of each image over height and width; arguments as of InstanceNorm1d.

    Shape:
        input: (N, C, H, W) or (C, H, W); output: the same.
    Source: Ulyanov et al. 2016, arXiv:1607.08022.
    Example:
        >>> nn.InstanceNorm2d(10, affine=True)(torch.randn(2, 10, 5, 5)).shape
        torch.Size([2, 10, 5, 5])
    """

    _ndims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Normalize each channel of each volume over depth, height and width; arguments as of InstanceNorm1d.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: the same.
    Source: Ulyanov et al. 2016, arXiv:1607.08022.
    Example:
        >>> nn.InstanceNorm3d(10)(torch.randn(2, 10, 3, 5, 5)).shape
        torch.Size([2, 10, 3, 5, 5])
    """

    _ndims = (4, 5)


class LazyInstanceNorm1d(_LazyNorm, _InstanceNorm):
    """An InstanceNorm1d without `num_features`: read off the first input.

    Example:
        >>> m = nn.LazyInstanceNorm1d()
        >>> y = m(torch.randn(4, 7, 5))
        >>> m.num_features
        7
    """

    cls_to_become = InstanceNorm1d
    _ndims = (2, 3)


class LazyInstanceNorm2d(_LazyNorm, _InstanceNorm):
    """An InstanceNorm2d without `num_features`: read off the first input.

    Example:
        >>> m = nn.LazyInstanceNorm2d()
        >>> y = m(torch.randn(4, 7, 2, 2))
        >>> m.num_features
        7
    """

    cls_to_become = InstanceNorm2d
    _ndims = (3, 4)


class LazyInstanceNorm3d(_LazyNorm, _InstanceNorm):
    """An InstanceNorm3d without `num_features`: read off the first input.

    Example:
        >>> m = nn.LazyInstanceNorm3d()
        >>> y = m(torch.randn(4, 7, 2, 2, 2))
        >>> m.num_features
        7
    """

    cls_to_become = InstanceNorm3d
    _ndims = (4, 5)
