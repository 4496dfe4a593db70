"""Convolutions and transposed convolutions over one, two and three dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter, UninitializedParameter, is_lazy
from .lazy import LazyModuleMixin
from .module import Module
from .utils import _ntuple, _reverse_repeat_tuple

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
]


class _ConvNd(Module):
    """What all convolutions hold; `_ndim` is the number of spatial dimensions."""

    __constants__ = [
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
        "output_padding",
        "in_channels",
        "out_channels",
        "kernel_size",
    ]
    _ndim: int
    _convolve: Callable  # the function of that many dimensions
    bias: Tensor | None
    weight: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: str | tuple[int, ...],
        dilation: tuple[int, ...],
        transposed: bool,
        output_padding: tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if groups <= 0:
            raise ValueError(f"{name}: groups must be a positive integer, got {groups}")
        if in_channels % groups != 0:
            raise ValueError(f"{name}: in_channels must be divisible by groups ({groups}), got {in_channels}")
        if out_channels % groups != 0:
            raise ValueError(
                f"{name}: out_channels must be divisible by groups ({groups}), got {out_channels}"
            )
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"{name}: padding must be 'same', 'valid' or integers, got {padding!r}")
            if padding == "same" and any(s != 1 for s in stride):
                raise ValueError(f"{name}: stride must be 1 with padding='same', got {stride}")
        modes = ("zeros", "reflect", "replicate", "circular")
        if padding_mode not in modes:
            raise ValueError(
                f"{name}: padding_mode must be one of {', '.join(map(repr, modes))}, got {padding_mode!r}"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.transposed = transposed
        self.output_padding = output_padding
        self.groups = groups
        self.padding_mode = padding_mode
        # In the order of F.pad, for the modes other than zeros. 'same': the odd pixel goes on the right.
        if isinstance(padding, str):
            self._reversed_padding_repeated_twice: Any = [0, 0] * len(kernel_size)
            if padding == "same":
                for i, (d, k) in enumerate(zip(reversed(dilation), reversed(kernel_size), strict=True)):
                    total = d * (k - 1)
                    self._reversed_padding_repeated_twice[2 * i : 2 * i + 2] = [
                        total // 2,
                        total - total // 2,
                    ]
        else:
            self._reversed_padding_repeated_twice = _reverse_repeat_tuple(padding, 2)
        channels = (
            (in_channels, out_channels // groups) if transposed else (out_channels, in_channels // groups)
        )
        self.weight = Parameter(empty((*channels, *kernel_size), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights, uniform in +-sqrt(groups / (in_channels * kernel elements))."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in != 0:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        parts = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        ]
        if self.padding != (0,) * len(self.kernel_size):
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * len(self.kernel_size):
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * len(self.kernel_size):
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self.__dict__.setdefault("padding_mode", "zeros")


class _Conv(_ConvNd):
    """Convolutions; the public classes below differ in the number of dimensions."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        expand = _ntuple(self._ndim)
        super().__init__(
            in_channels,
            out_channels,
            expand(kernel_size),
            expand(stride),
            padding if isinstance(padding, str) else expand(padding),
            expand(dilation),
            False,
            expand(0),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _padded(self, input: Tensor) -> tuple[Tensor, Any]:
        """The input and what padding is left for the convolution: modes other than zeros pad before it."""
        if self.padding_mode == "zeros":
            return input, self.padding
        return F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode), 0

    def forward(self, input: Tensor) -> Tensor:
        input, padding = self._padded(input)
        return self._convolve(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """Convolve (cross-correlate, to be exact) over sequences with several channels.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output: the number of filters.
        kernel_size: Length of the filters.
        stride: Step between places where they are applied. Default 1.
        padding: Elements added at both ends; or 'same' (output as long as the input) or 'valid' (none).
        dilation: Step between the elements that a filter reads. Default 1.
        groups: Blocks of channels that see only each other. Default 1.
        bias: Whether a number per filter is added. Default True.
        padding_mode: 'zeros', 'reflect', 'replicate' or 'circular'.
    Shape:
        input: (N, C_in, L) or (C_in, L); output: (N, C_out, L_out) with
        L_out = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1;
        weight: (C_out, C_in / groups, kernel_size).
    Example:
        >>> nn.Conv1d(16, 33, 3, stride=2)(torch.zeros(20, 16, 50)).shape
        torch.Size([20, 33, 24])
    """

    _ndim = 1
    _convolve = staticmethod(F.conv1d)


class Conv2d(_Conv):
    """Convolve (cross-correlate, to be exact) over images with several channels.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output: the number of filters.
        kernel_size: Size of the filters: one number or (height, width), as the next three.
        stride: Step between places where they are applied. Default 1.
        padding: Pixels added on each side; or 'same' (output as large as the input) or 'valid' (none).
        dilation: Step between the pixels that a filter reads. Default 1.
        groups: Blocks of channels that see only each other; `in_channels` makes a depthwise convolution.
        bias: Whether a number per filter is added. Default True.
        padding_mode: 'zeros', 'reflect', 'replicate' or 'circular'.
    Shape:
        input: (N, C_in, H, W) or (C_in, H, W); output: (N, C_out, H_out, W_out) with
        H_out = floor((H + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1;
        weight: (C_out, C_in / groups, height, width).
    Example:
        >>> nn.Conv2d(16, 33, (3, 5), stride=(2, 1), padding=(4, 2))(torch.zeros(20, 16, 50, 100)).shape
        torch.Size([20, 33, 28, 100])
    """

    _ndim = 2
    _convolve = staticmethod(F.conv2d)


class Conv3d(_Conv):
    """Convolve (cross-correlate, to be exact) over volumes with several channels.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output: the number of filters.
        kernel_size: Size of the filters: one number or (depth, height, width), as the next three.
        stride: Step between places where they are applied. Default 1.
        padding: Elements added on each side; or 'same' (output as large as the input) or 'valid' (none).
        dilation: Step between the elements that a filter reads. Default 1.
        groups: Blocks of channels that see only each other. Default 1.
        bias: Whether a number per filter is added. Default True.
        padding_mode: 'zeros', 'reflect', 'replicate' or 'circular'.
    Shape:
        input: (N, C_in, D, H, W) or (C_in, D, H, W); output: (N, C_out, D_out, H_out, W_out) with
        D_out = floor((D + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1;
        weight: (C_out, C_in / groups, depth, height, width).
    Example:
        >>> nn.Conv3d(4, 8, 3, stride=2)(torch.zeros(2, 4, 10, 20, 20)).shape
        torch.Size([2, 8, 4, 9, 9])
    """

    _ndim = 3
    _convolve = staticmethod(F.conv3d)


class _ConvTransposeNd(_ConvNd):
    """Transposed convolutions; the public classes below differ in the number of dimensions."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f"{type(self).__name__}: padding_mode must be 'zeros', got {padding_mode!r}")
        expand = _ntuple(self._ndim)
        super().__init__(
            in_channels,
            out_channels,
            expand(kernel_size),
            expand(stride),
            expand(padding),
            expand(dilation),
            True,
            expand(output_padding),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _output_padding(self, input: Tensor, output_size: Any) -> tuple[int, ...]:
        """The output padding that gives `output_size`; the module's own if that is None."""
        if output_size is None:
            return self.output_padding
        n, name = self._ndim, type(self).__name__
        output_size = list(output_size)
        lead = input.dim() - n
        if len(output_size) == lead + n:
            output_size = output_size[lead:]
        if len(output_size) != n:
            raise ValueError(
                f"{name}: output_size must have {n} or {lead + n} elements, got {len(output_size)}"
            )
        padding = []
        for i, wanted in enumerate(output_size):
            k = self.dilation[i] * (self.kernel_size[i] - 1) + 1
            smallest = (input.size(lead + i) - 1) * self.stride[i] - 2 * self.padding[i] + k  # type: ignore[operator]
            largest = smallest + self.stride[i] - 1
            if not smallest <= wanted <= largest:
                raise ValueError(
                    f"{name}: output_size must be within [{smallest}, {largest}] in dimension {i}, got {wanted}"
                )
            padding.append(wanted - smallest)
        return tuple(padding)

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        extra = self._output_padding(input, output_size)
        return self._convolve(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )


class ConvTranspose1d(_ConvTransposeNd):
    """The transpose (gradient) of a Conv1d as a layer: it lengthens sequences.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Length of the filters.
        stride: Step in the output between input elements. Default 1.
        padding: Elements cut off the output at both ends. Default 0.
        output_padding: Elements added at the output's end: tells apart the lengths that `stride` merges.
        groups: Blocks of channels that see only each other. Default 1.
        bias: Whether a number per output channel is added. Default True.
        dilation: Step between the elements a filter writes. Default 1.
    Shape:
        input: (N, C_in, L) or (C_in, L); output: (N, C_out, L_out) with
        L_out = (L - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1;
        weight: (C_in, C_out / groups, kernel_size).
    Example:
        >>> nn.ConvTranspose1d(4, 2, 3, stride=2)(torch.zeros(1, 4, 5)).shape
        torch.Size([1, 2, 11])
    """

    _ndim = 1
    _convolve = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """The transpose (gradient) of a Conv2d as a layer: it enlarges images.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Size of the filters: one number or (height, width), as the next ones.
        stride: Step in the output between input pixels. Default 1.
        padding: Pixels cut off the output on each side. Default 0.
        output_padding: Pixels added at the bottom and right: tells apart the sizes that `stride` merges.
        groups: Blocks of channels that see only each other. Default 1.
        bias: Whether a number per output channel is added. Default True.
        dilation: Step between the pixels a filter writes. Default 1.
    Shape:
        input: (N, C_in, H, W) or (C_in, H, W); output: (N, C_out, H_out, W_out) with
        H_out = (H - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1;
        weight: (C_in, C_out / groups, height, width).
    Example:
        >>> up = nn.ConvTranspose2d(16, 16, 3, stride=2, padding=1)
        >>> up(torch.zeros(1, 16, 6, 6), output_size=(12, 12)).shape
        torch.Size([1, 16, 12, 12])
    """

    _ndim = 2
    _convolve = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """The transpose (gradient) of a Conv3d as a layer: it enlarges volumes.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Size of the filters: one number or (depth, height, width), as the next ones.
        stride: Step in the output between input elements. Default 1.
        padding: Elements cut off the output on each side. Default 0.
        output_padding: Elements added at each far side: tells apart the sizes that `stride` merges.
        groups: Blocks of channels that see only each other. Default 1.
        bias: Whether a number per output channel is added. Default True.
        dilation: Step between the elements a filter writes. Default 1.
    Shape:
        input: (N, C_in, D, H, W) or (C_in, D, H, W); output: (N, C_out, D_out, H_out, W_out) with
        D_out = (D - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1;
        weight: (C_in, C_out / groups, depth, height, width).
    Example:
        >>> nn.ConvTranspose3d(4, 2, 3, stride=2)(torch.zeros(1, 4, 5, 5, 5)).shape
        torch.Size([1, 2, 11, 11, 11])
    """

    _ndim = 3
    _convolve = staticmethod(F.conv_transpose3d)


class _LazyConv(LazyModuleMixin):
    """Convolutions that read `in_channels` off their first input."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            0,
            0,
            kernel_size,
            stride,
            padding,
            dilation=dilation,
            groups=groups,
            bias=False,
            padding_mode=padding_mode,
        )
        self._set_lazy(out_channels, bias, device, dtype)

    def _set_lazy(self: Any, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        if out_channels % self.groups != 0:
            raise ValueError(
                f"{type(self).__name__}: out_channels must be divisible by groups ({self.groups}), got {out_channels}"
            )
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self: Any) -> None:
        if self.in_channels != 0 and not self.has_uninitialized_params():
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self: Any, input: Tensor, *args: Any, **kwargs: Any) -> None:
        if not self.has_uninitialized_params():  # loaded from a state_dict
            self.in_channels = self.weight.shape[0] if self.transposed else self.weight.shape[1] * self.groups
            return
        n = self._ndim
        if input.dim() not in (n + 1, n + 2):
            raise RuntimeError(
                f"{type(self).__name__}: input must have {n + 1} or {n + 2} dimensions, got {input.dim()}"
            )
        self.in_channels = input.shape[-n - 1]
        if self.in_channels % self.groups != 0:
            raise ValueError(
                f"{type(self).__name__}: the input's channels must be divisible by groups ({self.groups}), "
                f"got {self.in_channels}"
            )
        if is_lazy(self.weight):
            if self.transposed:
                channels = (self.in_channels, self.out_channels // self.groups)
            else:
                channels = (self.out_channels, self.in_channels // self.groups)
            self.weight.materialize((*channels, *self.kernel_size))
        if self.bias is not None and is_lazy(self.bias):
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()


class _LazyConvTranspose(_LazyConv):
    """Transposed convolutions that read `in_channels` off their first input."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super(_LazyConv, self).__init__(
            0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode
        )
        self._set_lazy(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConv, Conv1d):  # type: ignore[misc]
    """A Conv1d without `in_channels`: read off the first input. Arguments: those of Conv1d without it.

    Example:
        >>> m = nn.LazyConv1d(8, 3)
        >>> m(torch.zeros(1, 4, 10)).shape, m.in_channels
        (torch.Size([1, 8, 8]), 4)
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):  # type: ignore[misc]
    """A Conv2d without `in_channels`: read off the first input. Arguments: those of Conv2d without it.

    Example:
        >>> m = nn.LazyConv2d(8, 3)
        >>> m(torch.zeros(1, 4, 10, 10)).shape, m.in_channels
        (torch.Size([1, 8, 8, 8]), 4)
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):  # type: ignore[misc]
    """A Conv3d without `in_channels`: read off the first input. Arguments: those of Conv3d without it.

    Example:
        >>> m = nn.LazyConv3d(8, 3)
        >>> m(torch.zeros(1, 4, 5, 5, 5)).shape, m.in_channels
        (torch.Size([1, 8, 3, 3, 3]), 4)
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):  # type: ignore[misc]
    """A ConvTranspose1d without `in_channels`: read off the first input.

    Example:
        >>> nn.LazyConvTranspose1d(8, 3)(torch.zeros(1, 4, 10)).shape
        torch.Size([1, 8, 12])
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):  # type: ignore[misc]
    """A ConvTranspose2d without `in_channels`: read off the first input.

    Example:
        >>> nn.LazyConvTranspose2d(8, 3)(torch.zeros(1, 4, 5, 5)).shape
        torch.Size([1, 8, 7, 7])
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):  # type: ignore[misc]
    """A ConvTranspose3d without `in_channels`: read off the first input.

    Example:
        >>> nn.LazyConvTranspose3d(8, 3)(torch.zeros(1, 4, 5, 5, 5)).shape
        torch.Size([1, 8, 7, 7, 7])
    """

    cls_to_become = ConvTranspose3d
