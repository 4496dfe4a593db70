"""Padding: elements added at the borders, of a constant or of the input's own."""

from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .module import Module
from .utils import _ntuple

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _Pad(Module):
    """Padding layers: `_ndim` dimensions, filled by the `_mode` of F.pad."""

    __constants__ = ["padding"]
    _ndim: int
    _mode: str

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = _ntuple(2 * self._ndim)(padding)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _CircularPadNd(_Pad):
    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (self._ndim + 1, self._ndim + 2):
            wanted = f"{self._ndim + 1}D or {self._ndim + 2}D"
            raise ValueError(f"{type(self).__name__}: input must be {wanted}, got {input.dim()}D input")
        return super().forward(input)


class _ConstantPadNd(_Pad):
    __constants__ = ["padding", "value"]
    value: float

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPadNd(_ConstantPadNd):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ReflectionPadNd(_Pad):
    _mode = "reflect"


class _ReplicationPadNd(_Pad):
    _mode = "replicate"


class CircularPad1d(_CircularPadNd):
    """Pad sequences with the elements of the other end, as if it were a ring.

    Args:
        padding: Elements added: one number, or (left, right); negative numbers cut off.
    Shape:
        input: (N, C, L) or (C, L); output: each dimension longer by its two paddings.
    Example:
        >>> nn.CircularPad1d(1)(torch.tensor([[1.0, 2.0, 3.0]]))
        tensor([[3., 1., 2., 3., 1.]])
    """

    _ndim = 1


class CircularPad2d(_CircularPadNd):
    """Pad images with the elements of the other end, as if it were a ring.

    Args:
        padding: Elements added: one number, or (left, right, top, bottom); negative numbers cut off.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: each dimension longer by its two paddings.
    Example:
        >>> nn.CircularPad2d(1)(torch.zeros(1, 2, 4, 4)).shape
        torch.Size([1, 2, 6, 6])
    """

    _ndim = 2


class CircularPad3d(_CircularPadNd):
    """Pad volumes with the elements of the other end, as if it were a ring.

    Args:
        padding: Elements added: one number, or (left, right, top, bottom, front, back); negative numbers cut off.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: each dimension longer by its two paddings.
    Example:
        >>> nn.CircularPad3d(1)(torch.zeros(1, 2, 4, 4, 4)).shape
        torch.Size([1, 2, 6, 6, 6])
    """

    _ndim = 3


class ConstantPad1d(_ConstantPadNd):
    """Pad sequences with a constant.

    Args:
        padding: Elements added: one number, or (left, right); negative numbers cut off.
        value: The constant.
    Shape:
        input: (N, C, L) or (C, L); output: each dimension longer by its two paddings.
    Example:
        >>> nn.ConstantPad1d((1, 2), 0.5)(torch.tensor([[1.0, 2.0, 3.0]]))
        tensor([[0.5000, 1.0000, 2.0000, 3.0000, 0.5000, 0.5000]])
    """

    _ndim = 1


class ConstantPad2d(_ConstantPadNd):
    """Pad images with a constant.

    Args:
        padding: Elements added: one number, or (left, right, top, bottom); negative numbers cut off.
        value: The constant.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: each dimension longer by its two paddings.
    Example:
        >>> nn.ConstantPad2d(1, 0.5)(torch.zeros(1, 2, 4, 4)).shape
        torch.Size([1, 2, 6, 6])
    """

    _ndim = 2


class ConstantPad3d(_ConstantPadNd):
    """Pad volumes with a constant.

    Args:
        padding: Elements added: one number, or (left, right, top, bottom, front, back); negative numbers cut off.
        value: The constant.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: each dimension longer by its two paddings.
    Example:
        >>> nn.ConstantPad3d(1, 0.5)(torch.zeros(1, 2, 4, 4, 4)).shape
        torch.Size([1, 2, 6, 6, 6])
    """

    _ndim = 3


class ReflectionPad1d(_ReflectionPadNd):
    """Pad sequences with the elements mirrored at the border element.

    Args:
        padding: Elements added: one number, or (left, right); negative numbers cut off.
    Shape:
        input: (N, C, L) or (C, L); output: each dimension longer by its two paddings.
    Example:
        >>> nn.ReflectionPad1d((2, 0))(torch.tensor([[1.0, 2.0, 3.0]]))
        tensor([[3., 2., 1., 2., 3.]])
    """

    _ndim = 1


class ReflectionPad2d(_ReflectionPadNd):
    """Pad images with the elements mirrored at the border element.

    Args:
        padding: Elements added: one number, or (left, right, top, bottom); negative numbers cut off.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: each dimension longer by its two paddings.
    Example:
        >>> nn.ReflectionPad2d(1)(torch.zeros(1, 2, 4, 4)).shape
        torch.Size([1, 2, 6, 6])
    """

    _ndim = 2


class ReflectionPad3d(_ReflectionPadNd):
    """Pad volumes with the elements mirrored at the border element.

    Args:
        padding: Elements added: one number, or (left, right, top, bottom, front, back); negative numbers cut off.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: each dimension longer by its two paddings.
    Example:
        >>> nn.ReflectionPad3d(1)(torch.zeros(1, 2, 4, 4, 4)).shape
        torch.Size([1, 2, 6, 6, 6])
    """

    _ndim = 3


class ReplicationPad1d(_ReplicationPadNd):
    """Pad sequences with copies of the border element.

    Args:
        padding: Elements added: one number, or (left, right); negative numbers cut off.
    Shape:
        input: (N, C, L) or (C, L); output: each dimension longer by its two paddings.
    Example:
        >>> nn.ReplicationPad1d((2, 0))(torch.tensor([[1.0, 2.0, 3.0]]))
        tensor([[1., 1., 1., 2., 3.]])
    """

    _ndim = 1


class ReplicationPad2d(_ReplicationPadNd):
    """Pad images with copies of the border element.

    Args:
        padding: Elements added: one number, or (left, right, top, bottom); negative numbers cut off.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: each dimension longer by its two paddings.
    Example:
        >>> nn.ReplicationPad2d(1)(torch.zeros(1, 2, 4, 4)).shape
        torch.Size([1, 2, 6, 6])
    """

    _ndim = 2


class ReplicationPad3d(_ReplicationPadNd):
    """Pad volumes with copies of the border element.

    Args:
        padding: Elements added: one number, or (left, right, top, bottom, front, back); negative numbers cut off.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: each dimension longer by its two paddings.
    Example:
        >>> nn.ReplicationPad3d(1)(torch.zeros(1, 2, 4, 4, 4)).shape
        torch.Size([1, 2, 6, 6, 6])
    """

    _ndim = 3


class ZeroPad1d(_ZeroPadNd, ConstantPad1d):
    """Pad sequences with zeros.

    Args:
        padding: Elements added: one number, or (left, right); negative numbers cut off.
    Shape:
        input: (N, C, L) or (C, L); output: each dimension longer by its two paddings.
    Example:
        >>> nn.ZeroPad1d((1, 0))(torch.tensor([[1.0, 2.0, 3.0]]))
        tensor([[0., 1., 2., 3.]])
    """


class ZeroPad2d(_ZeroPadNd, ConstantPad2d):
    """Pad images with zeros.

    Args:
        padding: Elements added: one number, or (left, right, top, bottom); negative numbers cut off.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: each dimension longer by its two paddings.
    Example:
        >>> nn.ZeroPad2d(1)(torch.zeros(1, 2, 4, 4)).shape
        torch.Size([1, 2, 6, 6])
    """


class ZeroPad3d(_ZeroPadNd, ConstantPad3d):
    """Pad volumes with zeros.

    Args:
        padding: Elements added: one number, or (left, right, top, bottom, front, back); negative numbers cut off.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: each dimension longer by its two paddings.
    Example:
        >>> nn.ZeroPad3d(1)(torch.zeros(1, 2, 4, 4, 4)).shape
        torch.Size([1, 2, 6, 6, 6])
    """
