"""Pooling by the maximum: windows of fixed size or adaptive, over one to three dimensions."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..autograd import Function, is_grad_enabled
from ..kernels import _C, usable
from ..tensor import Tensor, wrap
from .creation import zeros
from .gather import gather, scatter_add
from .pool import (
    Geometry,
    adaptive_geometry,
    check_adaptive,
    check_input,
    hashable,
    is_half,
    window_geometry,
    window_tables,
)
from .shape import reshape

__all__ = [
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
]


def _max_indices(x: np.ndarray, g: Geometry) -> np.ndarray:
    """Where in its plane each window's maximum lies: the first of equals, the last NaN."""
    tables = window_tables(g)
    best: Any = np.zeros((*x.shape[: -g.dims], *g.out), x.dtype)
    index = np.full(best.shape, -1, np.int64)
    for at in itertools.product(*[range(t.high.max(initial=0)) for t in tables]):
        inside = np.ones((1,) * g.dims, bool)
        places, flat = [], np.zeros((1,) * g.dims, np.int64)
        for i, (j, t) in enumerate(zip(at, tables, strict=True)):
            shape = [-1 if a == i else 1 for a in range(g.dims)]
            place = np.clip(t.start + j * t.step, 0, g.size[i] - 1)
            inside = inside & ((t.low <= j) & (j < t.high)).reshape(shape)
            flat = flat * g.size[i] + place.reshape(shape)
            places.append(place)
        v = x[(..., *np.ix_(*places))]
        better = inside & ((index < 0) | (v > best) | (v != v))
        best = np.where(better, v, best)
        index = np.where(better, flat, index)
    return index


def _indices(positions: np.ndarray, g: Geometry) -> np.ndarray:
    """Indices in the plane from positions in the window, in which kernels keep them."""
    if positions.dtype == np.int64:
        return positions
    tables = window_tables(g)
    rest, flat, scale = positions.astype(np.int64), np.zeros(1, np.int64), 1
    for i in reversed(range(g.dims)):
        t = tables[i]
        k = g.numbers[6 * (3 - g.dims + i) + 2] or int(t.high.max(initial=1))
        rest, j = np.divmod(rest, k)
        shape = [-1 if a == i else 1 for a in range(g.dims)]
        flat = flat + (t.start.reshape(shape) + j * t.step) * scale
        scale *= g.size[i]
    return flat


def _lead(x: Tensor, dims: int) -> tuple[int, ...]:
    return x._array.shape[: x._array.ndim - dims]


def gather_planes(x: Tensor, index: Tensor, dims: int) -> Tensor:
    """Elements of each plane by their index in it: the definition of max-pooling once the indices are known."""
    lead = _lead(x, dims)
    inputs, outputs = math.prod(x._array.shape[-dims:]), math.prod(index._array.shape[-dims:])
    flat = gather(reshape(x, (*lead, inputs)), -1, reshape(index, (*lead, outputs)))
    return reshape(flat, index._array.shape)


def scatter_planes(dy: Tensor, index: Tensor, size: tuple[int, ...]) -> Tensor:
    """Planes of `size` that hold `dy` at `index`, added where it meets: the adjoint of `gather_planes`."""
    lead = _lead(dy, len(size))
    planes = zeros((*lead, math.prod(size)), dtype=dy.dtype)
    outputs = math.prod(dy._array.shape[len(lead) :])
    flat = scatter_add(planes, -1, reshape(index, (*lead, outputs)), reshape(dy, (*lead, outputs)))
    return reshape(flat, (*lead, *size))


def max_pool_composed(input: Tensor, geometry: Geometry) -> Tensor:
    """The definition: the elements at the windows' largest."""
    return gather_planes(input, wrap(_max_indices(input._array, geometry)), geometry.dims)


class _MaxPool(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, geometry: Geometry, with_indices: bool) -> Any:
        ctx.geometry = g = geometry
        array = x._array
        if _C is not None and is_half(array):
            y, at = _C.max_pool(array.astype(np.float32), g.dims, g.numbers, 2 if with_indices else 1)
            y = wrap(y._array.astype(array.dtype))
        elif usable(x):
            y, at = _C.max_pool(x, g.dims, g.numbers, 2 if with_indices else 1)
        else:
            at = wrap(_max_indices(array, g))
            y = gather_planes(x, at, g.dims)
        ctx.save_for_backward(at)
        if not with_indices:
            return y
        ctx.mark_non_differentiable(at)
        return y, at

    @staticmethod
    def backward(ctx: Any, dy: Tensor, *_: Any) -> tuple[Any, ...]:
        (at,) = ctx.saved_tensors
        g = ctx.geometry
        if is_grad_enabled() or not usable(dy):
            return scatter_planes(dy, wrap(_indices(at._array, g)), g.size), None, None
        return _C.max_pool_backward(dy, at, g.dims, g.numbers), None, None


# Named as PyTorch names them: it pools one dimension as two and squeezes.
_MAX = [type(name, (_MaxPool,), {"__module__": __name__}) for name in
        ("SqueezeBackward1", "MaxPool2DWithIndicesBackward0", "MaxPool3DWithIndicesBackward0")]  # fmt: skip
_ADAPTIVE_MAX = [type(name, (_MaxPool,), {"__module__": __name__}) for name in
                 ("SqueezeBackward1", "AdaptiveMaxPool2DBackward0", "AdaptiveMaxPool3DBackward0")]  # fmt: skip


def _max(function: str, node: Any, input: Tensor, g: Geometry, with_indices: bool) -> Any:
    if input._array.dtype.kind in "bc":
        raise NotImplementedError(f"{function}: input must be of a real number type, got {input.dtype}")
    if not with_indices and not (input.requires_grad and is_grad_enabled()) and usable(input):
        return _C.max_pool(input, g.dims, g.numbers, 0)
    return node.apply(input, g, with_indices)


def _max_pool(
    n: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
    return_indices: bool,
) -> Any:  # fmt: skip
    function = f"max_pool{n}d"
    shape = check_input(function, n, input)
    g = window_geometry(
        function, n, shape[-n:], hashable(kernel_size), hashable(stride), hashable(padding), hashable(dilation),
        bool(ceil_mode),
    )  # fmt: skip
    return _max(function, _MAX[n - 1], input, g, return_indices)


def max_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The maximum of each window of a signal: `max_pool2d` in one dimension.

    Shape:
        input: (N, C, L) or (C, L); output: (N, C, L').
    Raises:
        RuntimeError: numbers that do not fit each other or the input.
    Example:
        >>> max_pool1d(rushlight.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
        tensor([[3., 2.]])
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The maximum of each window of an image; a NaN counts as the largest.

    Args:
        stride: Pixels from window to window. Default: `kernel_size`.
        padding: Pixels, never the largest, on both sides; at most half the window.
        dilation: Pixels from one position in the window to the next.
        ceil_mode: Keep a last window that lies partly outside.
        return_indices: Also give where in its plane (row * width + column) each maximum was, for `max_unpool2d`.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C, H', W')
        with H' = (H + 2*padding - dilation*(kernel_size - 1) - 1) // stride + 1.
    Raises:
        RuntimeError: numbers that do not fit each other or the input.
    Example:
        >>> max_pool2d(rushlight.arange(16.0).reshape(1, 4, 4), 2)
        tensor([[[ 5.,  7.],
                 [13., 15.]]])
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The maximum of each window of a volume: `max_pool2d` in three dimensions.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: (N, C, D', H', W').
    Raises:
        RuntimeError: numbers that do not fit each other or the input.
    Example:
        >>> max_pool3d(rushlight.arange(8.0).reshape(1, 2, 2, 2), 2)
        tensor([[[[7.]]]])
    """
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _with_indices(function: Any) -> Any:
    n = function.__name__[-2:]

    def both(
        input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        return function(input, kernel_size, stride, padding, dilation, ceil_mode, True)

    both.__name__ = both.__qualname__ = f"max_pool{n}_with_indices"
    both.__doc__ = f"`max_pool{n}` with `return_indices=True`."
    return both


max_pool1d_with_indices, max_pool2d_with_indices, max_pool3d_with_indices = map(
    _with_indices, (max_pool1d, max_pool2d, max_pool3d)
)


def _adaptive_max_pool(n: int, input: Tensor, output_size: Any, return_indices: bool) -> Any:
    function = f"adaptive_max_pool{n}d"
    shape = check_adaptive(function, n, input, output_size)
    g = adaptive_geometry(function, n, shape[-n:], hashable(output_size))
    return _max(function, _ADAPTIVE_MAX[n - 1], input, g, return_indices)


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maximum of `output_size` windows, about equal, that cover a signal.

    Shape:
        input: (N, C, L) or (C, L); output: (N, C, output_size).
    Raises:
        RuntimeError: a negative output size, an empty input.
    Example:
        >>> adaptive_max_pool1d(rushlight.arange(5.0).reshape(1, 5), 2)
        tensor([[2., 4.]])
    """
    return _adaptive_max_pool(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maximum of `output_size` windows, about equal, that cover an image.

    Args:
        output_size: (H', W') or one number for both; None keeps a dimension's size.
        return_indices: Also give where in its plane each maximum was.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C, H', W').
        Window i of a dimension of size n has the inputs from floor(i*n/n') to ceil((i+1)*n/n').
    Raises:
        RuntimeError: a negative output size, an empty input.
    Example:
        >>> adaptive_max_pool2d(rushlight.arange(9.0).reshape(1, 3, 3), 1)
        tensor([[[8.]]])
    """
    return _adaptive_max_pool(2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maximum of `output_size` windows, about equal, that cover a volume; see `adaptive_max_pool2d`.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: (N, C, D', H', W').
    Raises:
        RuntimeError: a negative output size, an empty input.
    Example:
        >>> adaptive_max_pool3d(rushlight.arange(8.0).reshape(1, 2, 2, 2), 1)
        tensor([[[[7.]]]])
    """
    return _adaptive_max_pool(3, input, output_size, return_indices)


def _adaptive_with_indices(function: Any) -> Any:
    def both(input: Tensor, output_size: Any, return_indices: bool = False) -> tuple[Tensor, Tensor]:
        return function(input, output_size, True)

    both.__name__ = both.__qualname__ = f"{function.__name__}_with_indices"
    both.__doc__ = f"`{function.__name__}` with `return_indices=True`."
    return both


adaptive_max_pool1d_with_indices, adaptive_max_pool2d_with_indices, adaptive_max_pool3d_with_indices = map(
    _adaptive_with_indices, (adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d)
)
