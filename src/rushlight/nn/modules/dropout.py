"""Dropout: zero random elements, or whole channels, in training."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]


class _DropoutNd(Module):
    __constants__ = ["p", "inplace"]
    p: float
    inplace: bool

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"{type(self).__name__}: p must be a probability between 0 and 1, got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training, zero each element with probability p and divide the others by 1 - p; in evaluation, nothing.

    Args:
        p: Probability of zero. Default 0.5.
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Source: Hinton et al. 2012, arXiv:1207.0580.
    Example:
        >>> m = nn.Dropout(0.2)
        >>> m.eval()(torch.ones(3))
        tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """In training, zero whole channels of sequences with probability p and divide the others by 1 - p.

    Args:
        p: Probability of zero. Default 0.5.
        inplace: Change the input itself. Default False.
    Shape:
        input: (N, C, L) or (C, L); output: the same.
    Source: Tompson et al. 2014, arXiv:1411.4280.
    Example:
        >>> nn.Dropout1d(0.2)(torch.ones(20, 16, 32)).shape
        torch.Size([20, 16, 32])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """In training, zero whole channels of images with probability p and divide the others by 1 - p.

    Args:
        p: Probability of zero. Default 0.5.
        inplace: Change the input itself. Default False.
    Shape:
        input: (N, C, H, W) or (N, C, L); output: the same.
    Source: Tompson et al. 2014, arXiv:1411.4280.
    Example:
        >>> nn.Dropout2d(0.2)(torch.ones(20, 16, 8, 8)).shape
        torch.Size([20, 16, 8, 8])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """In training, zero whole channels of volumes with probability p and divide the others by 1 - p.

    Args:
        p: Probability of zero. Default 0.5.
        inplace: Change the input itself. Default False.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: the same.
    Source: Tompson et al. 2014, arXiv:1411.4280.
    Example:
        >>> nn.Dropout3d(0.2)(torch.ones(2, 16, 4, 8, 8)).shape
        torch.Size([2, 16, 4, 8, 8])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout for SELU networks: in training, elements become SELU's negative limit with probability p.

    The result is scaled and shifted so that mean 0 and variance 1 stay.

    Args:
        p: Probability of an element to be dropped. Default 0.5.
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Source: Klambauer et al. 2017, arXiv:1706.02515.
    Example:
        >>> nn.AlphaDropout(0.2)(torch.ones(20, 16)).shape
        torch.Size([20, 16])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """AlphaDropout of whole channels.

    Args:
        p: Probability of a channel to be dropped. Default 0.5.
        inplace: Change the input itself. Default False.
    Shape:
        input: (N, C, *); output: the same.
    Source: Klambauer et al. 2017, arXiv:1706.02515.
    Example:
        >>> nn.FeatureAlphaDropout(0.2)(torch.ones(20, 16, 4)).shape
        torch.Size([20, 16, 4])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
