"""Pooling over one to three dimensions by averages and power means; what `max_pool.py` shares with it.

A window is a box, so the kernels (csrc/kernels/pool.cpp) and the definitions here work from one table for
each dimension: where each output's window starts and which of its positions lie in the input.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.function import composed_vjp
from ..dtypes import int64, of
from ..errors import kind_of
from ..kernels import _C, usable
from ..tensor import Tensor, wrap
from .conv import check_least
from .creation import zeros
from .elementwise import require_tensor
from .gather import index_select
from .split import PlaceBackward0

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
]


class Geometry(NamedTuple):
    """The sizes of one pooling."""

    numbers: tuple[
        int, ...
    ]  # what kernels get: in, out, kernel (0: adaptive), stride, padding, dilation, thrice
    dims: int
    size: tuple[int, ...]
    out: tuple[int, ...]


class Table(NamedTuple):
    """One dimension: output o's window has the inputs start[o] + j*step, for the j in [low[o], high[o])."""

    start: np.ndarray
    low: np.ndarray
    high: np.ndarray
    step: int
    padded: np.ndarray  # window sizes with the padding counted


@functools.lru_cache(maxsize=256)
def window_tables(g: Geometry) -> tuple[Table, ...]:
    found = []
    for i in range(3 - g.dims, 3):
        size, out, k, s, p, d = g.numbers[6 * i : 6 * i + 6]
        o = np.arange(out)
        if k == 0:
            start = o * size // out
            length = -(-(o + 1) * size // out) - start
            found.append(Table(start, np.zeros_like(o), length, 1, length))
        else:
            start = o * s - p
            low = np.clip(-(start // d), 0, k)
            high = np.clip(-((start - size) // d), low, k)
            found.append(Table(start, low, high, d, np.minimum(start + k, size + p) - start))
    return tuple(found)


def numbers_of(value: Any, n: int, function: str, name: str) -> tuple[int, ...]:
    """An int, or n of them, or one in a sequence."""
    if isinstance(value, int):
        return (value,) * n
    try:
        values = (
            tuple([v.__index__() for v in value])
            if isinstance(value, (tuple, list))
            else (value.__index__(),)
        )
    except (TypeError, AttributeError):
        raise TypeError(f"{function}: {name} must be an int or {n} ints, got {value!r}") from None
    if len(values) == 1:
        return values * n
    if len(values) != n:
        raise RuntimeError(f"{function}: {name} must be one int or {n}, got {list(values)}")
    return values


def check_input(function: str, n: int, input: Any, error: type[Exception] = RuntimeError) -> tuple[int, ...]:
    """The shape of an input with n dimensions to pool over, channels and perhaps a batch."""
    if not isinstance(input, TensorBase):
        raise TypeError(f"{function}: input must be a Tensor, got {kind_of(input)}")
    shape = input._array.shape
    if len(shape) not in (n + 1, n + 2):
        raise error(
            f"{function}: input must have {n + 1} (unbatched) or {n + 2} (batched) dimensions, got shape {list(shape)}"
        )
    if 0 in shape[len(shape) - n - 1 :]:
        raise RuntimeError(
            f"{function}: input must have non-zero sizes but for the batch, got shape {list(shape)}"
        )
    return shape


def check_adaptive(function: str, n: int, input: Any, output_size: Any) -> tuple[int, ...]:
    # PyTorch's Python refuses fewer dims than sizes before its operation counts the dims.
    few = (
        n > 1
        and not isinstance(output_size, int)
        and isinstance(input, TensorBase)
        and input._array.ndim <= n
    )
    shape = check_input(function, n, input, ValueError if few else RuntimeError)
    if not input.is_floating_point():
        raise NotImplementedError(f"{function}: input must be of a floating-point dtype, got {input.dtype}")
    return shape


@functools.lru_cache(maxsize=512)
def window_geometry(
    function: str,
    n: int,
    size: tuple[Any, ...],
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil: bool,
) -> Geometry:
    k = numbers_of(kernel, n, function, "kernel_size")
    s = k if stride is None or stride == () else numbers_of(stride, n, function, "stride")
    p, d = numbers_of(padding, n, function, "padding"), numbers_of(dilation, n, function, "dilation")
    check_least(k, 1, function, "kernel_size")
    check_least(s, 1, function, "stride")
    check_least(p, 0, function, "padding")
    check_least(d, 1, function, "dilation")
    out = []
    for i, kk, t, q, dd in zip(size, k, s, p, d, strict=True):
        span = (kk - 1) * dd + 1
        if q > span // 2:
            raise RuntimeError(
                f"{function}: padding must be at most half of the window, got padding {list(p)}, kernel_size {list(k)} "
                f"and dilation {list(d)}"
            )
        o = (i + 2 * q - span + (t - 1 if ceil else 0)) // t + 1
        if ceil and (o - 1) * t >= i + q:  # a window must start inside the input or the padding before it
            o -= 1
        out.append(o)
    if min(out) < 1:
        raise RuntimeError(
            f"{function}: the window must not be larger than the padded input, got kernel_size {list(k)} for input size "
            f"{list(size)} (output size is too small: {out})"
        )
    rows = [(1, 1, 1, 1, 0, 1)] * (3 - n) + list(zip(size, out, k, s, p, d, strict=True))
    return Geometry(tuple(itertools.chain.from_iterable(rows)), n, size, tuple(out))


@functools.lru_cache(maxsize=512)
def adaptive_geometry(function: str, n: int, size: tuple[Any, ...], output_size: Any) -> Geometry:
    if isinstance(output_size, tuple):
        if len(output_size) != n:
            raise RuntimeError(f"{function}: output_size must be one int or {n}, got {list(output_size)}")
        output_size = tuple([i if o is None else o for i, o in zip(size, output_size, strict=True)])
    out = size if output_size is None else numbers_of(output_size, n, function, "output_size")
    check_least(out, 0, function, "output_size")
    rows = [(1, 1, 1, 1, 0, 1)] * (3 - n) + [(i, o, 0, 0, 0, 1) for i, o in zip(size, out, strict=True)]
    return Geometry(tuple(itertools.chain.from_iterable(rows)), n, size, out)


def hashable(value: Any) -> Any:
    """Lists as tuples: geometries are remembered by their arguments."""
    return tuple(value) if isinstance(value, list) else value


def is_half(array: np.ndarray) -> bool:
    """Whether it is of float16 or bfloat16."""
    return array.dtype.itemsize == 2 and of(array.dtype).is_floating_point


# -- average ------------------------------------------------------------------------------------------


def avg_pool_composed(input: Tensor, geometry: Geometry, include_pad: bool, divisor: int) -> Tensor:
    """The definition: sums of shifted picks, one dimension after the other, over the windows' sizes."""
    y, g = input, geometry
    sizes: Any = np.ones((1,) * g.dims)
    for i, t in enumerate(window_tables(g)):
        dim = y._array.ndim - g.dims + i
        shape = list(y._array.shape)
        shape[dim] += 1  # one zero at the end, for the positions outside
        y = PlaceBackward0.apply(y, tuple(shape), (*(slice(None),) * dim, slice(0, g.size[i])))
        total: Any = None
        for j in range(t.high.max(initial=0)):
            inside = (t.low <= j) & (j < t.high)
            part = index_select(y, dim, wrap(np.where(inside, t.start + j * t.step, g.size[i])))
            total = part if total is None else total + part
        shape[dim] = g.out[i]
        y = zeros(shape, dtype=y.dtype) if total is None else total
        size = t.padded if include_pad else t.high - t.low
        sizes = sizes * size.reshape([-1 if a == i else 1 for a in range(g.dims)])
    if divisor:
        return y / divisor
    if y._array.dtype.kind in "iu":
        return wrap((y._array / sizes).astype(y._array.dtype))
    return y / wrap(sizes.astype(y._array.dtype))


class _AvgPool(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, geometry: Geometry, include_pad: bool, divisor: int) -> Tensor:
        ctx.options = g, include_pad, divisor = geometry, include_pad, divisor
        ctx.shape = x._array.shape
        if usable(x):
            return _C.avg_pool(x, g.dims, g.numbers, include_pad, divisor)
        array = x._array
        if is_half(array):
            wide = _AvgPool.forward(ctx, wrap(array.astype(np.float32)), g, include_pad, divisor)
            return wrap(wide._array.astype(array.dtype))
        if array.dtype.kind in "iu":  # quotients towards zero
            wide = avg_pool_composed(wrap(array.astype(np.float64)), g, include_pad, divisor)
            return wrap(np.trunc(wide._array).astype(array.dtype))
        return avg_pool_composed(x, g, include_pad, divisor)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Any, ...]:
        g, include_pad, divisor = ctx.options
        if is_grad_enabled() or not usable(dy):
            x = zeros(ctx.shape, dtype=dy.dtype, requires_grad=True)  # the result is linear in x: any will do
            dx = composed_vjp(
                avg_pool_composed, dy, (x,), geometry=g, include_pad=include_pad, divisor=divisor
            )[0]
            dx = dx if is_grad_enabled() else dx.detach()
        else:
            dx = _C.avg_pool_backward(dy, g.dims, g.numbers, include_pad, divisor)
        return dx, None, None, None


_AVG = [type(name, (_AvgPool,), {"__module__": __name__}) for name in
        ("SqueezeBackward1", "AvgPool2DBackward0", "AvgPool3DBackward0")]  # fmt: skip
_ADAPTIVE_AVG = [type(name, (_AvgPool,), {"__module__": __name__}) for name in
                 ("SqueezeBackward1", "AdaptiveAvgPool2DBackward0", "AdaptiveAvgPool3DBackward0")]  # fmt: skip
_MEAN = type("MeanBackward1", (_AvgPool,), {"__module__": __name__})  # of whole planes


def _avg_pool(
    n: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool,
    divisor: int | None,
) -> Tensor:  # fmt: skip
    function = f"avg_pool{n}d"
    shape = check_input(function, n, input, IndexError if n == 2 else RuntimeError)
    if input._array.dtype.kind != "f" and not input.is_floating_point() and input.dtype is not int64:
        raise NotImplementedError(f"{function}: input must be floating-point or int64, got {input.dtype}")
    if divisor is not None and divisor == 0:
        raise RuntimeError(f"{function}: divisor_override must not be zero, got 0")
    g = window_geometry(
        function,
        n,
        shape[-n:],
        hashable(kernel_size),
        hashable(stride),
        hashable(padding),
        1,
        bool(ceil_mode),
    )
    return _AVG[n - 1].apply(input, g, bool(count_include_pad), divisor or 0)  # type: ignore[attr-defined]


def avg_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The average of each window of a signal: `avg_pool2d` in one dimension.

    Shape:
        input: (N, C, L) or (C, L); output: (N, C, L').
    Raises:
        RuntimeError: numbers that do not fit each other or the input.
    Example:
        >>> avg_pool1d(rushlight.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
        tensor([[2., 1.]])
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The average of each window of an image.

    Args:
        stride: Pixels from window to window. Default: `kernel_size`.
        padding: Zeros on both sides; at most half the window.
        ceil_mode: Keep a last window that lies partly outside.
        count_include_pad: Whether padding counts in what the sum is divided by.
        divisor_override: Divide by this instead.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C, H', W')
        with H' = (H + 2*padding - kernel_size) // stride + 1.
    Raises:
        RuntimeError: numbers that do not fit each other or the input.
    Example:
        >>> avg_pool2d(rushlight.arange(16.0).reshape(1, 4, 4), 2)
        tensor([[[ 2.5000,  4.5000],
                 [10.5000, 12.5000]]])
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The average of each window of a volume: `avg_pool2d` in three dimensions.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: (N, C, D', H', W').
    Raises:
        RuntimeError: numbers that do not fit each other or the input.
    Example:
        >>> avg_pool3d(rushlight.arange(8.0).reshape(1, 2, 2, 2), 2)
        tensor([[[[3.5000]]]])
    """
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _adaptive_avg_pool(n: int, input: Tensor, output_size: Any) -> Tensor:
    function = f"adaptive_avg_pool{n}d"
    shape = check_adaptive(function, n, input, output_size)
    g = adaptive_geometry(function, n, shape[-n:], hashable(output_size))
    node: Any = _MEAN if n > 1 and g.out == (1,) * n else _ADAPTIVE_AVG[n - 1]
    return node.apply(input, g, False, 0)


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """The average of `output_size` windows, about equal, that cover a signal.

    Shape:
        input: (N, C, L) or (C, L); output: (N, C, output_size).
    Raises:
        RuntimeError: a negative output size, an empty input.
    Example:
        >>> adaptive_avg_pool1d(rushlight.arange(5.0).reshape(1, 5), 2)
        tensor([[1., 3.]])
    """
    return _adaptive_avg_pool(1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The average of `output_size` windows, about equal, that cover an image.

    Args:
        output_size: (H', W') or one number for both; None keeps a dimension's size.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C, H', W').
        Window i of a dimension of size n has the inputs from floor(i*n/n') to ceil((i+1)*n/n').
    Raises:
        RuntimeError: a negative output size, an empty input.
    Example:
        >>> adaptive_avg_pool2d(rushlight.arange(9.0).reshape(1, 3, 3), 1)
        tensor([[[4.]]])
    """
    return _adaptive_avg_pool(2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The average of `output_size` windows, about equal, that cover a volume; see `adaptive_avg_pool2d`.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: (N, C, D', H', W').
    Raises:
        RuntimeError: a negative output size, an empty input.
    Example:
        >>> adaptive_avg_pool3d(rushlight.arange(8.0).reshape(1, 2, 2, 2), 1)
        tensor([[[[3.5000]]]])
    """
    return _adaptive_avg_pool(3, input, output_size)


# -- power mean ---------------------------------------------------------------------------------------


def _lp_pool(
    n: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool
) -> Tensor:
    k = numbers_of(hashable(kernel_size), n, f"lp_pool{n}d", "kernel_size")
    powers = input.pow(norm_type)  # type: ignore[attr-defined]
    mean = _avg_pool(n, powers, k, stride, 0, ceil_mode, True, None)
    count = math.prod(k)
    return (mean.sign() * mean.abs() * count).pow(1.0 / norm_type)  # type: ignore[attr-defined]


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """The p-norm of each window of a signal, (sum of x**p) ** (1/p); see `lp_pool2d`.

    Shape:
        input: (N, C, L) or (C, L); output: (N, C, L').
    Example:
        >>> lp_pool1d(rushlight.tensor([[3.0, 4.0]]), 2, 2)
        tensor([[5.]])
    """
    require_tensor("lp_pool1d", input)
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """The p-norm of each window of an image, (sum of x**p) ** (1/p).

    Args:
        norm_type: p. With 1 the windows are summed; towards infinity it becomes max-pooling.
        stride: Pixels from window to window. Default: `kernel_size`.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C, H', W').
    Example:
        >>> lp_pool2d(rushlight.ones(1, 4, 4), 2, 2)
        tensor([[[2., 2.],
                 [2., 2.]]])
    """
    require_tensor("lp_pool2d", input)
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """The p-norm of each window of a volume, (sum of x**p) ** (1/p); see `lp_pool2d`.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: (N, C, D', H', W').
    Example:
        >>> lp_pool3d(rushlight.ones(1, 2, 2, 2), 3, 2)
        tensor([[[[2.]]]])
    """
    require_tensor("lp_pool3d", input)
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)
