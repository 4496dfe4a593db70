"""Fold and Unfold: images to columns of patches and back."""

from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = ["Fold", "Unfold"]


class Fold(Module):
    """Add patches, given as columns, into an image: where they overlap, their values add up.

    Args:
        output_size: Height and width of the image.
        kernel_size: Size of the patches.
        dilation: Step between the pixels of a patch. Default 1.
        padding: Pixels that were added around the image. Default 0.
        stride: Step between patches. Default 1.
    Shape:
        input: (N, C k_h k_w, L), L the number of patches; output: (N, C, H, W).
    Example:
        >>> nn.Fold((4, 5), (2, 2))(torch.zeros(1, 3 * 2 * 2, 12)).shape
        torch.Size([1, 3, 4, 5])
    """

    __constants__ = ["output_size", "kernel_size", "dilation", "padding", "stride"]

    def __init__(
        self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )


class Unfold(Module):
    """Take the patches of an image as columns.

    Args:
        kernel_size: Size of the patches.
        dilation: Step between the pixels of a patch. Default 1.
        padding: Zeros added around the image. Default 0.
        stride: Step between patches. Default 1.
    Shape:
        input: (N, C, H, W); output: (N, C k_h k_w, L), L the number of patches.
    Example:
        >>> nn.Unfold((2, 3))(torch.zeros(2, 5, 3, 4)).shape
        torch.Size([2, 30, 4])
    """

    __constants__ = ["kernel_size", "dilation", "padding", "stride"]

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
