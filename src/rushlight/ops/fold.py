"""`unfold` lays an image's windows side by side as columns; `fold` adds such columns back into an image.

They are linear and each other's adjoint, so each is the other's gradient.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..tensor import Tensor, wrap
from .pool import numbers_of
from .shape import squeeze, unsqueeze

__all__ = ["fold", "unfold"]


class _Columns:
    """Sizes of one such pair: image (N, C, H, W), columns (N, C * Kh * Kw, windows)."""

    def __init__(
        self, function: str, size: tuple[Any, ...], kernel: Any, dilation: Any, padding: Any, stride: Any
    ) -> None:
        self.size = size
        self.k = numbers_of(kernel, 2, function, "kernel_size")
        self.d = numbers_of(dilation, 2, function, "dilation")
        self.p = numbers_of(padding, 2, function, "padding")
        self.s = numbers_of(stride, 2, function, "stride")
        for name, values, least in (
            ("kernel_size", self.k, 1), ("dilation", self.d, 1), ("padding", self.p, 0), ("stride", self.s, 1),
        ):  # fmt: skip
            if min(values) < least:
                rule = "be positive" if least else "not be negative"
                raise RuntimeError(f"{function}: {name} must {rule}, got {list(values)}")
        self.out = tuple([
            (i + 2 * p - d * (k - 1) - 1) // s + 1
            for i, k, d, p, s in zip(size, self.k, self.d, self.p, self.s, strict=True)
        ])  # fmt: skip

    def views(self, padded: np.ndarray) -> np.ndarray:
        """The windows of padded images, as a view: (N, C, Kh, Kw, H', W')."""
        n, c, h, w = padded.strides
        (dh, dw), (sh, sw) = self.d, self.s
        shape = (*padded.shape[:2], *self.k, *self.out)
        return np.lib.stride_tricks.as_strided(padded, shape, (n, c, h * dh, w * dw, h * sh, w * sw))

    def zeros(self, n: int, c: int, dtype: np.dtype) -> np.ndarray:
        return np.zeros((n, c, self.size[0] + 2 * self.p[0], self.size[1] + 2 * self.p[1]), dtype)

    def inner(self, padded: np.ndarray) -> np.ndarray:
        return padded[:, :, self.p[0] : self.p[0] + self.size[0], self.p[1] : self.p[1] + self.size[1]]


class Im2ColBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, columns: _Columns) -> Tensor:
        ctx.columns = columns
        array = x._array
        if max(columns.p):
            padded = columns.zeros(*array.shape[:2], array.dtype)  # type: ignore[call-arg]
            columns.inner(padded)[...] = array
            array = padded
        n, c = array.shape[:2]
        return wrap(
            columns.views(array).reshape(n, c * columns.k[0] * columns.k[1], columns.out[0] * columns.out[1])
        )

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Any, ...]:
        return Col2ImBackward0.apply(dy, ctx.columns), None


class Col2ImBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, columns: _Columns) -> Tensor:
        ctx.columns = columns
        n, ck = x._array.shape[:2]
        kh, kw = columns.k
        parts = x._array.reshape(n, ck // (kh * kw), kh, kw, *columns.out)
        image = columns.zeros(n, ck // (kh * kw), x._array.dtype)
        windows = columns.views(image)
        for i, j in itertools.product(range(kh), range(kw)):  # windows overlap, one position of all does not
            windows[:, :, i, j] += parts[:, :, i, j]
        return wrap(np.ascontiguousarray(columns.inner(image)))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Any, ...]:
        return Im2ColBackward0.apply(dy, ctx.columns), None


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The windows of images, each as a column.

    Args: as for `conv2d`.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C * Kh * Kw, windows).
    Raises:
        RuntimeError: numbers out of range, or a window larger than the image.
    Example:
        >>> unfold(rushlight.arange(6.0).reshape(1, 1, 2, 3), 2)
        tensor([[[0., 1.],
                 [1., 2.],
                 [3., 4.],
                 [4., 5.]]])
    """
    if not isinstance(input, TensorBase):
        raise TypeError(f"unfold: input must be a Tensor, got {kind_of(input)}")
    shape = input._array.shape
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise (IndexError if len(shape) < 3 else RuntimeError)(
            "unfold: input must have 3 (unbatched) or 4 (batched) dimensions, none but the batch empty, got shape "
            f"{list(shape)}"
        )
    columns = _Columns("unfold", shape[-2:], kernel_size, dilation, padding, stride)
    if min(columns.out) < 1:
        raise RuntimeError(
            f"unfold: the window must not be larger than the padded image, got kernel_size {list(columns.k)}, dilation "
            f"{list(columns.d)}, padding {list(columns.p)} for images of {list(shape[-2:])}"
        )
    if len(shape) == 4:
        return Im2ColBackward0.apply(input, columns)
    return squeeze(Im2ColBackward0.apply(unsqueeze(input, 0), columns), 0)


def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Images of the sums of overlapping windows, given as columns: what `unfold` makes, added back.

    Args:
        output_size: (H, W) of the images.
        kernel_size, dilation, padding, stride: as for `unfold`.
    Shape:
        input: (N, C * Kh * Kw, windows) or without N; output: (N, C, H, W).
    Raises:
        RuntimeError: numbers out of range, or columns that are not the images' windows.
    Example:
        >>> fold(rushlight.ones(1, 4, 2), (2, 3), 2)
        tensor([[[[1., 2., 1.],
                  [1., 2., 1.]]]])
    """
    if not isinstance(input, TensorBase):
        raise TypeError(f"fold: input must be a Tensor, got {kind_of(input)}")
    shape = input._array.shape
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            f"fold: input must have 2 (unbatched) or 3 (batched) dimensions, none but the batch empty, got shape {list(shape)}"
        )
    size = numbers_of(output_size, 2, "fold", "output_size")
    if min(size) < 1:
        raise RuntimeError(f"fold: output_size must be positive, got {list(size)}")
    columns = _Columns("fold", size, kernel_size, dilation, padding, stride)
    kh, kw = columns.k
    if shape[-2] % (kh * kw):
        raise RuntimeError(
            f"fold: dimension {len(shape) - 2} of input must be divisible by the {kh}x{kw} positions of the window, got "
            f"{shape[-2]}"
        )
    count = max(columns.out[0], 0) * max(columns.out[1], 0)
    if shape[-1] != count or not count:
        raise RuntimeError(
            f"fold: dimension {len(shape) - 1} of input must have as many windows as images of {list(size)}, which is "
            f"{count}, got {shape[-1]}"
        )
    if len(shape) == 3:
        return Col2ImBackward0.apply(input, columns)
    return squeeze(Col2ImBackward0.apply(unsqueeze(input, 0), columns), 0)
