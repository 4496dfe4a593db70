"""Pooling: windows reduced to their maximum, average or norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .module import Module
from .utils import _pair, _single, _triple

__all__ = [
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
]


# The layers of one, two and three dimensions of a family differ in the function behind them (`_pool`), and in
# how many sizes it takes (`_sizes` makes them of one number).


class _MaxPoolNd(Module):
    _pool: Callable
    __constants__ = ["kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )

    def forward(self, input: Tensor) -> Any:
        return self._pool(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


class MaxPool1d(_MaxPoolNd):
    """Take the maximum of each window of sequences.

    Args:
        kernel_size: Size of the windows.
        stride: Step between windows; `kernel_size` if None.
        padding: Elements of minus infinity added on each side. Default 0.
        dilation: Step between the elements in a window. Default 1.
        return_indices: Return where the maxima were too, for MaxUnpool1d.
        ceil_mode: Keep a last window that reaches over the end. Default False.
    Shape:
        input: (N, C, L) or (C, L); output: (N, C, L_out) with
        L_out = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.
    Example:
        >>> nn.MaxPool1d(3, stride=2)(torch.zeros(1, 2, 9)).shape
        torch.Size([1, 2, 4])
    """

    _pool = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPoolNd):
    """Take the maximum of each window of images.

    Args:
        kernel_size: Size of the windows.
        stride: Step between windows; `kernel_size` if None.
        padding: Elements of minus infinity added on each side. Default 0.
        dilation: Step between the elements in a window. Default 1.
        return_indices: Return where the maxima were too, for MaxUnpool2d.
        ceil_mode: Keep a last window that reaches over the end. Default False.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C, H_out, W_out) with
        H_out = floor((H + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.
    Example:
        >>> nn.MaxPool2d(3, stride=2)(torch.zeros(1, 2, 9, 9)).shape
        torch.Size([1, 2, 4, 4])
    """

    _pool = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPoolNd):
    """Take the maximum of each window of volumes.

    Args:
        kernel_size: Size of the windows.
        stride: Step between windows; `kernel_size` if None.
        padding: Elements of minus infinity added on each side. Default 0.
        dilation: Step between the elements in a window. Default 1.
        return_indices: Return where the maxima were too, for MaxUnpool3d.
        ceil_mode: Keep a last window that reaches over the end. Default False.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: (N, C, D_out, H_out, W_out) with
        D_out = floor((D + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.
    Example:
        >>> nn.MaxPool3d(3, stride=2)(torch.zeros(1, 2, 9, 9, 9)).shape
        torch.Size([1, 2, 4, 4, 4])
    """

    _pool = staticmethod(F.max_pool3d)


class _MaxUnpoolNd(Module):
    _sizes: Callable
    _unpool: Callable

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = self._sizes(kernel_size)
        self.stride = self._sizes(kernel_size if stride is None else stride)
        self.padding = self._sizes(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return self._unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Undo MaxPool1d: put the values where the maxima were, zeros elsewhere.

    Args:
        kernel_size: Size of the windows of the pooling.
        stride: Its step; `kernel_size` if None.
        padding: Its padding. Default 0.
    Shape:
        input and indices: (N, C, L) or (C, L); output: (N, C, L_out) with
        L_out = (L - 1) stride - 2 padding + kernel_size, or as `output_size` says.
    Example:
        >>> y, where = nn.MaxPool1d(2, return_indices=True)(torch.zeros(1, 2, 8))
        >>> nn.MaxUnpool1d(2)(y, where).shape
        torch.Size([1, 2, 8])
    """

    _sizes = staticmethod(_single)
    _unpool = staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    """Undo MaxPool2d: put the values where the maxima were, zeros elsewhere.

    Args:
        kernel_size: Size of the windows of the pooling.
        stride: Its step; `kernel_size` if None.
        padding: Its padding. Default 0.
    Shape:
        input and indices: (N, C, H, W) or (C, H, W); output: (N, C, H_out, W_out) with
        H_out = (H - 1) stride - 2 padding + kernel_size, or as `output_size` says.
    Example:
        >>> y, where = nn.MaxPool2d(2, return_indices=True)(torch.zeros(1, 2, 8, 8))
        >>> nn.MaxUnpool2d(2)(y, where).shape
        torch.Size([1, 2, 8, 8])
    """

    _sizes = staticmethod(_pair)
    _unpool = staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpoolNd):
    """Undo MaxPool3d: put the values where the maxima were, zeros elsewhere.

    Args:
        kernel_size: Size of the windows of the pooling.
        stride: Its step; `kernel_size` if None.
        padding: Its padding. Default 0.
    Shape:
        input and indices: (N, C, D, H, W) or (C, D, H, W); output: (N, C, D_out, H_out, W_out) with
        D_out = (D - 1) stride - 2 padding + kernel_size, or as `output_size` says.
    Example:
        >>> y, where = nn.MaxPool3d(2, return_indices=True)(torch.zeros(1, 2, 8, 8, 8))
        >>> nn.MaxUnpool3d(2)(y, where).shape
        torch.Size([1, 2, 8, 8, 8])
    """

    _sizes = staticmethod(_triple)
    _unpool = staticmethod(F.max_unpool3d)


class _AvgPoolNd(Module):
    __constants__ = ["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"]

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """Take the average of each window of sequences.

    Args:
        kernel_size: Size of the windows.
        stride: Step between windows; `kernel_size` if None.
        padding: Zeros added at both ends. Default 0.
        ceil_mode: Keep a last window that reaches over the end. Default False.
        count_include_pad: Count the padding in the average. Default True.
    Shape:
        input: (N, C, L) or (C, L); output: (N, C, L_out) with
        L_out = floor((L + 2 padding - kernel_size) / stride) + 1.
    Example:
        >>> nn.AvgPool1d(3, stride=2)(torch.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]]]))
        tensor([[[2., 4., 6.]]])
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = _single(kernel_size if stride is None else stride)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )


class _AvgPool(_AvgPoolNd):
    """Of images and volumes, where the divisor may be given."""

    _pool: Callable
    __constants__ = [*_AvgPoolNd.__constants__, "divisor_override"]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return self._pool(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool2d(_AvgPool):
    """Take the average of each window of images.

    Args:
        kernel_size: Size of the windows.
        stride: Step between windows; `kernel_size` if None.
        padding: Zeros added on each side. Default 0.
        ceil_mode: Keep a last window that reaches over the end. Default False.
        count_include_pad: Count the padding in the average. Default True.
        divisor_override: Divide the windows' sums by this number.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C, H_out, W_out) with
        H_out = floor((H + 2 padding - kernel_size) / stride) + 1.
    Example:
        >>> nn.AvgPool2d(3, stride=2)(torch.zeros(1, 2, 9, 9)).shape
        torch.Size([1, 2, 4, 4])
    """

    _pool = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPool):
    """Take the average of each window of volumes.

    Args:
        kernel_size: Size of the windows.
        stride: Step between windows; `kernel_size` if None.
        padding: Zeros added on each side. Default 0.
        ceil_mode: Keep a last window that reaches over the end. Default False.
        count_include_pad: Count the padding in the average. Default True.
        divisor_override: Divide the windows' sums by this number.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: (N, C, D_out, H_out, W_out) with
        D_out = floor((D + 2 padding - kernel_size) / stride) + 1.
    Example:
        >>> nn.AvgPool3d(3, stride=2)(torch.zeros(1, 2, 9, 9, 9)).shape
        torch.Size([1, 2, 4, 4, 4])
    """

    _pool = staticmethod(F.avg_pool3d)


class _FractionalMaxPoolNd(Module):
    _sizes: Callable
    _pool: Callable
    __constants__ = ["kernel_size", "return_indices", "output_size", "output_ratio"]

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.kernel_size = self._sizes(kernel_size)
        if any(k <= 0 for k in self.kernel_size):
            raise ValueError(f"{name}: kernel_size must be > 0, got {kernel_size}")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else self._sizes(output_size)
        self.output_ratio = None if output_ratio is None else self._sizes(output_ratio)
        if (output_size is None) == (output_ratio is None):
            raise ValueError(
                f"{name}: exactly one of output_size and output_ratio must be given, got {output_size} and {output_ratio}"
            )
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"{name}: output_ratio must be between 0 and 1, got {output_ratio}")

    def forward(self, input: Tensor) -> Any:
        return self._pool(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """Take the maximum of windows at random places, chosen so that the output has a given size.

    Args:
        kernel_size: Size of the windows.
        output_size: Size of the output; or
        output_ratio: its size as a fraction of the input's, in (0, 1). One of the two must be given.
        return_indices: Return where the maxima were too.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C, *output_size).
    Source: Graham 2014, arXiv:1412.6071.
    Example:
        >>> nn.FractionalMaxPool2d(3, output_size=4)(torch.zeros(1, 2, 9, 9)).shape
        torch.Size([1, 2, 4, 4])
    """

    _sizes = staticmethod(_pair)
    _pool = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """Take the maximum of windows at random places, chosen so that the output has a given size.

    Args:
        kernel_size: Size of the windows.
        output_size: Size of the output; or
        output_ratio: its size as a fraction of the input's, in (0, 1). One of the two must be given.
        return_indices: Return where the maxima were too.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: (N, C, *output_size).
    Source: Graham 2014, arXiv:1412.6071.
    Example:
        >>> nn.FractionalMaxPool3d(3, output_size=4)(torch.zeros(1, 2, 9, 9, 9)).shape
        torch.Size([1, 2, 4, 4, 4])
    """

    _sizes = staticmethod(_triple)
    _pool = staticmethod(F.fractional_max_pool3d)


class _LPPoolNd(Module):
    _pool: Callable
    __constants__ = ["norm_type", "kernel_size", "stride", "ceil_mode"]

    def __init__(
        self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )

    def forward(self, input: Tensor) -> Tensor:
        return self._pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool1d(_LPPoolNd):
    """Take the p-norm of each window of sequences: (sum of x^p)^(1/p).

    Args:
        norm_type: The p; infinity is max pooling, 1 is the sum.
        kernel_size: Size of the windows.
        stride: Step between windows; `kernel_size` if None.
        ceil_mode: Keep a last window that reaches over the end. Default False.
    Shape:
        input: (N, C, L) or (C, L); output: (N, C, L_out) with
        L_out = floor((L - kernel_size) / stride) + 1.
    Example:
        >>> nn.LPPool1d(2, 3, stride=2)(torch.zeros(1, 2, 9)).shape
        torch.Size([1, 2, 4])
    """

    _pool = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPoolNd):
    """Take the p-norm of each window of images: (sum of x^p)^(1/p).

    Args:
        norm_type: The p; infinity is max pooling, 1 is the sum.
        kernel_size: Size of the windows.
        stride: Step between windows; `kernel_size` if None.
        ceil_mode: Keep a last window that reaches over the end. Default False.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C, H_out, W_out) with
        H_out = floor((H - kernel_size) / stride) + 1.
    Example:
        >>> nn.LPPool2d(2, 3, stride=2)(torch.zeros(1, 2, 9, 9)).shape
        torch.Size([1, 2, 4, 4])
    """

    _pool = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPoolNd):
    """Take the p-norm of each window of volumes: (sum of x^p)^(1/p).

    Args:
        norm_type: The p; infinity is max pooling, 1 is the sum.
        kernel_size: Size of the windows.
        stride: Step between windows; `kernel_size` if None.
        ceil_mode: Keep a last window that reaches over the end. Default False.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: (N, C, D_out, H_out, W_out) with
        D_out = floor((D - kernel_size) / stride) + 1.
    Example:
        >>> nn.LPPool3d(2, 3, stride=2)(torch.zeros(1, 2, 9, 9, 9)).shape
        torch.Size([1, 2, 4, 4, 4])
    """

    _pool = staticmethod(F.lp_pool3d)


class _AdaptiveMaxPoolNd(Module):
    _pool: Callable
    __constants__ = ["output_size", "return_indices"]

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"

    def forward(self, input: Tensor) -> Any:
        return self._pool(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """Take the maximum of windows chosen so that the output has a given size, whatever the input's.

    Window i of a dimension covers [floor(i in / out), ceil((i + 1) in / out)): windows may overlap.

    Args:
        output_size: Size of the output: one number.
        return_indices: Return where the maxima were too. Default False.
    Shape:
        input: (N, C, L) or (C, L); output: (N, C, *output_size).
    Example:
        >>> nn.AdaptiveMaxPool1d(5)(torch.zeros(1, 2, 9)).shape
        torch.Size([1, 2, 5])
    """

    _pool = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """Take the maximum of windows chosen so that the output has a given size, whatever the input's.

    Window i of a dimension covers [floor(i in / out), ceil((i + 1) in / out)): windows may overlap.

    Args:
        output_size: Size of the output: one number or 2; None keeps the input's.
        return_indices: Return where the maxima were too. Default False.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C, *output_size).
    Example:
        >>> nn.AdaptiveMaxPool2d(5)(torch.zeros(1, 2, 9, 9)).shape
        torch.Size([1, 2, 5, 5])
    """

    _pool = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """Take the maximum of windows chosen so that the output has a given size, whatever the input's.

    Window i of a dimension covers [floor(i in / out), ceil((i + 1) in / out)): windows may overlap.

    Args:
        output_size: Size of the output: one number or 3; None keeps the input's.
        return_indices: Return where the maxima were too. Default False.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: (N, C, *output_size).
    Example:
        >>> nn.AdaptiveMaxPool3d(5)(torch.zeros(1, 2, 9, 9, 9)).shape
        torch.Size([1, 2, 5, 5, 5])
    """

    _pool = staticmethod(F.adaptive_max_pool3d)


class _AdaptiveAvgPoolNd(Module):
    _pool: Callable
    __constants__ = ["output_size"]

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"

    def forward(self, input: Tensor) -> Tensor:
        return self._pool(input, self.output_size)


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """Take the average of windows chosen so that the output has a given size, whatever the input's.

    Window i of a dimension covers [floor(i in / out), ceil((i + 1) in / out)): windows may overlap.

    Args:
        output_size: Size of the output: one number.
    Shape:
        input: (N, C, L) or (C, L); output: (N, C, *output_size).
    Example:
        >>> nn.AdaptiveAvgPool1d(5)(torch.zeros(1, 2, 9)).shape
        torch.Size([1, 2, 5])
    """

    _pool = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """Take the average of windows chosen so that the output has a given size, whatever the input's.

    Window i of a dimension covers [floor(i in / out), ceil((i + 1) in / out)): windows may overlap.

    Args:
        output_size: Size of the output: one number or 2; None keeps the input's.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C, *output_size).
    Example:
        >>> nn.AdaptiveAvgPool2d(5)(torch.zeros(1, 2, 9, 9)).shape
        torch.Size([1, 2, 5, 5])
    """

    _pool = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """Take the average of windows chosen so that the output has a given size, whatever the input's.

    Window i of a dimension covers [floor(i in / out), ceil((i + 1) in / out)): windows may overlap.

    Args:
        output_size: Size of the output: one number or 3; None keeps the input's.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: (N, C, *output_size).
    Example:
        >>> nn.AdaptiveAvgPool3d(5)(torch.zeros(1, 2, 9, 9, 9)).shape
        torch.Size([1, 2, 5, 5, 5])
    """

    _pool = staticmethod(F.adaptive_avg_pool3d)
