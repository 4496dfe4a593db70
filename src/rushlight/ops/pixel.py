"""Shuffles between channels and space. Each is a permutation, so its gradient is the inverse shuffle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd import Function
from ..tensor import Tensor, wrap
from .elementwise import require_tensor

__all__ = ["channel_shuffle", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]
functional = __all__


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Make r x r pixels of every r^2 channels, r being `upscale_factor`.

    Shape:
        input: (*, C r^2, H, W); output: (*, C, H r, W r).
    Raises:
        RuntimeError: The channels are no multiple of r^2.
    Source: Shi et al. 2016, arXiv:1609.05158.
    Example:
        >>> torch.pixel_shuffle(torch.arange(4.0).reshape(4, 1, 1), 2)
        tensor([[[0., 1.],
                 [2., 3.]]])
    """
    require_tensor("pixel_shuffle", input)
    _check("pixel_shuffle", input, upscale_factor, "upscale_factor")
    channels = input.shape[-3]
    if channels % (upscale_factor * upscale_factor):
        raise RuntimeError(
            f"pixel_shuffle: input's channels (dimension -3) must be divisible by the square of upscale_factor, "
            f"{upscale_factor * upscale_factor}, got {channels}"
        )
    return PixelShuffleBackward0.apply(input, upscale_factor)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Make r^2 channels of every r x r pixels, r being `downscale_factor`.

    Shape:
        input: (*, C, H r, W r); output: (*, C r^2, H, W).
    Raises:
        RuntimeError: Height or width is no multiple of r.
    Source: Shi et al. 2016, arXiv:1609.05158.
    Example:
        >>> torch.pixel_unshuffle(torch.arange(4.0).reshape(1, 2, 2), 2).flatten()
        tensor([0., 1., 2., 3.])
    """
    require_tensor("pixel_unshuffle", input)
    _check("pixel_unshuffle", input, downscale_factor, "downscale_factor")
    for name, size in (("height", input.shape[-2]), ("width", input.shape[-1])):
        if size % downscale_factor:
            raise RuntimeError(
                f"pixel_unshuffle: input's {name} must be divisible by downscale_factor ({downscale_factor}), got {size}"
            )
    return PixelUnshuffleBackward0.apply(input, downscale_factor)


def _check(function: str, input: Tensor, r: int, name: str) -> None:
    if input.dim() < 3:
        raise RuntimeError(f"{function}: input must have at least 3 dimensions, got {input.dim()}")
    if r <= 0:
        raise RuntimeError(f"{function}: {name} must be positive, got {r}")


class PixelShuffleBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, r: int) -> Tensor:
        ctx.r = r
        *lead, c, h, w = x._array.shape
        y = x._array.reshape(math.prod(lead), c // (r * r), r, r, h, w).transpose(0, 1, 4, 2, 5, 3)
        return wrap(np.ascontiguousarray(y).reshape(*lead, c // (r * r), h * r, w * r))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return PixelUnshuffleBackward0.apply(dy, ctx.r), None


class PixelUnshuffleBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, r: int) -> Tensor:
        ctx.r = r
        *lead, c, h, w = x._array.shape
        y = x._array.reshape(math.prod(lead), c, h // r, r, w // r, r).transpose(0, 1, 3, 5, 2, 4)
        return wrap(np.ascontiguousarray(y).reshape(*lead, c * r * r, h // r, w // r))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return PixelShuffleBackward0.apply(dy, ctx.r), None


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Interleave groups of channels: the first of each group, then the second of each, and so on.

    Shape:
        input: (N, C, *), at least 3 dimensions; output: the same.
    Raises:
        RuntimeError: C is no multiple of `groups`.
    Source: Zhang et al. 2017, arXiv:1707.01083.
    Example:
        >>> F.channel_shuffle(torch.arange(4.0).reshape(1, 4, 1), 2).flatten()
        tensor([0., 2., 1., 3.])
    """
    require_tensor("channel_shuffle", input)
    if input.dim() < 3:
        raise RuntimeError(
            f"channel_shuffle: input must have more than 2 dimensions, got {list(input.shape)}"
        )
    if groups <= 0:
        raise RuntimeError(f"channel_shuffle: groups must be positive, got {groups}")
    if input.shape[1] % groups:
        raise RuntimeError(
            f"channel_shuffle: input's channels must be divisible by groups ({groups}), got {input.shape[1]}"
        )
    return ChannelShuffleBackward0.apply(input, groups)


native_channel_shuffle = channel_shuffle


class ChannelShuffleBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, groups: int) -> Tensor:
        a = x._array
        n, c, *rest = a.shape
        ctx.inverse = c // groups or 1
        y = a.reshape(n, groups, c // groups, *rest).swapaxes(1, 2)
        return wrap(np.ascontiguousarray(y).reshape(a.shape))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return ChannelShuffleBackward0.apply(dy, ctx.inverse), None
