"""PixelShuffle and its inverse: channels to space and back."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = ["PixelShuffle", "PixelUnshuffle"]


class PixelShuffle(Module):
    """Make r x r pixels of every r^2 channels.

    Args:
        upscale_factor: The r.
    Shape:
        input: (*, C r^2, H, W); output: (*, C, H r, W r).
    Source: Shi et al. 2016, arXiv:1609.05158.
    Example:
        >>> nn.PixelShuffle(3)(torch.zeros(1, 9, 4, 4)).shape
        torch.Size([1, 1, 12, 12])
    """

    __constants__ = ["upscale_factor"]

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Make r^2 channels of every r x r pixels.

    Args:
        downscale_factor: The r.
    Shape:
        input: (*, C, H r, W r); output: (*, C r^2, H, W).
    Source: Shi et al. 2016, arXiv:1609.05158.
    Example:
        >>> nn.PixelUnshuffle(3)(torch.zeros(1, 1, 12, 12)).shape
        torch.Size([1, 9, 4, 4])
    """

    __constants__ = ["downscale_factor"]

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
