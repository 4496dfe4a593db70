"""Max-pooling's partial inverse, and max-pooling over windows of random places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd import Function
from ..tensor import Tensor, wrap
from .max_pool import gather_planes, scatter_planes
from .pool import check_input, numbers_of
from .random import rand

__all__ = [
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
]


class _MaxUnpool(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, indices: Tensor, size: tuple[Any, ...]) -> Tensor:
        ctx.save_for_backward(indices)
        ctx.dims = n = len(size)
        lead = x._array.shape[: x._array.ndim - n]
        out = np.zeros((*lead, math.prod(size)), x._array.dtype)
        flat = (*lead, math.prod(x._array.shape[x._array.ndim - n :]))
        np.put_along_axis(
            out, indices._array.reshape(flat), x._array.reshape(flat), -1
        )  # the last of equal indices stays
        return wrap(out.reshape(*lead, *size))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Any, ...]:
        (indices,) = ctx.saved_tensors
        return gather_planes(dy, indices, ctx.dims), None, None


_UNPOOL = [type(name, (_MaxUnpool,), {"__module__": __name__}) for name in
           ("SqueezeBackward1", "MaxUnpool2DBackward0", "MaxUnpool3DBackward0")]  # fmt: skip


def _max_unpool(
    n: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Tensor:
    function = f"max_unpool{n}d"
    shape = check_input(function, n, input)
    if indices._array.dtype != np.int64:
        raise RuntimeError(f"{function}: indices must have dtype torch.int64, got {indices.dtype}")
    if indices._array.shape != shape:
        raise RuntimeError(
            f"{function}: indices must have the shape of input, {list(shape)}, got {list(indices.shape)}"
        )
    k = numbers_of(kernel_size, n, function, "kernel_size")
    s = k if stride is None or stride == [] else numbers_of(stride, n, function, "stride")
    p = numbers_of(padding, n, function, "padding")
    if min(s) < 1:
        raise RuntimeError(f"{function}: stride must be positive, got {list(s)}")
    size = tuple([(i - 1) * t - 2 * q + kk for i, t, q, kk in zip(shape[-n:], s, p, k, strict=True)])
    if output_size is not None:
        wanted = tuple(output_size)
        if len(wanted) == n + 2:
            wanted = wanted[2:]
        if len(wanted) != n:
            raise ValueError(
                f"{function}: output_size must have {n} or {n + 2} numbers, got {tuple(output_size)}"
            )
        for d, (got, default, t) in enumerate(zip(wanted, size, s, strict=True)):
            if not default - t < got < default + t:
                raise ValueError(
                    f"{function}: output_size must lie between {default - t} and {default + t} in dim {d}, got {wanted}"
                )
        size = wanted
    if min(size) < 1:
        raise RuntimeError(f"{function}: the output must not be empty, got size {list(size)}")
    bad = (indices._array < 0) | (indices._array >= math.prod(size))
    if bad.any():
        raise RuntimeError(
            f"{function}: indices must lie in [0, {math.prod(size)}) (output volumes are of size "
            f"{'x'.join(map(str, size))}), got {int(indices._array[bad][0])}"
        )
    return _UNPOOL[n - 1].apply(input, indices, size)  # type: ignore[attr-defined]


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Put maxima back where `max_pool1d(..., return_indices=True)` found them; see `max_unpool2d`.

    Shape:
        input, indices: (N, C, L) or (C, L); output: (N, C, L').
    Raises:
        RuntimeError: shapes, dtypes or indices that do not fit.
        ValueError: an output size that pooling does not lead to.
    Example:
        >>> y, i = F.max_pool1d(rushlight.tensor([[1.0, 3.0, 2.0, 0.0]]), 2, return_indices=True)
        >>> max_unpool1d(y, i, 2)
        tensor([[0., 3., 2., 0.]])
    """
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Put maxima back where `max_pool2d(..., return_indices=True)` found them, zeros elsewhere.

    Args:
        indices: Where in its plane each value goes.
        kernel_size, stride, padding: Of the pooling.
        output_size: The size of the pooling's input, where several lead to the same result.
    Shape:
        input, indices: (N, C, H, W) or (C, H, W); output: (N, C, H', W')
        with H' = (H - 1)*stride - 2*padding + kernel_size unless given.
    Raises:
        RuntimeError: shapes, dtypes or indices that do not fit.
        ValueError: an output size that pooling does not lead to.
    Example:
        >>> y, i = F.max_pool2d(rushlight.arange(4.0).reshape(1, 2, 2), 2, return_indices=True)
        >>> max_unpool2d(y, i, 2)
        tensor([[[0., 0.],
                 [0., 3.]]])
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Put maxima back where `max_pool3d(..., return_indices=True)` found them; see `max_unpool2d`.

    Shape:
        input, indices: (N, C, D, H, W) or (C, D, H, W); output: (N, C, D', H', W').
    Raises:
        RuntimeError: shapes, dtypes or indices that do not fit.
        ValueError: an output size that pooling does not lead to.
    Example:
        >>> y, i = F.max_pool3d(rushlight.arange(8.0).reshape(1, 2, 2, 2), 2, return_indices=True)
        >>> max_unpool3d(y, i, 2).sum()
        tensor(7.)
    """
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)


# -- fractional max-pooling ---------------------------------------------------------------------------


class _FractionalMaxPool(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor) -> Any:
        ctx.save_for_backward(index)
        ctx.dims = n = 2 if type(ctx).__name__ == "FractionalMaxPool2DBackward0" else 3
        ctx.size = x._array.shape[x._array.ndim - n :]
        return gather_planes(x, index, n)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Any, ...]:
        (index,) = ctx.saved_tensors
        return scatter_planes(dy, index, ctx.size), None


class FractionalMaxPool2DBackward0(_FractionalMaxPool):
    pass


class FractionalMaxPool3DBackward0(_FractionalMaxPool):
    pass


def _starts(samples: np.ndarray, size: int, out: int, k: int) -> np.ndarray:
    """Where the windows of one dimension start, for one random number for each plane (Graham 2014, section 3)."""
    if out == 1:
        return np.full((*samples.shape, 1), size - k, np.int64)
    alpha = samples.dtype.type(size - k) / samples.dtype.type(out - 1)
    steps = np.arange(out, dtype=samples.dtype)
    starts = ((steps + samples[..., None]) * alpha).astype(np.int64)
    starts -= (samples[..., None] * alpha).astype(np.int64)
    starts[..., -1] = size - k
    return starts


def _fractional(
    n: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, samples: Tensor | None
) -> tuple[Tensor, Tensor]:
    function = f"fractional_max_pool{n}d"
    if output_size is None and output_ratio is None:
        raise ValueError(f"{function}: output_size or output_ratio must be given, got neither")
    shape = check_input(function, n, input)
    lead, size = shape[:-n], shape[-n:]
    k = numbers_of(kernel_size, n, function, "kernel_size")
    if output_size is None:
        ratio = (output_ratio,) * n if isinstance(output_ratio, float) else tuple(output_ratio)
        out = tuple([int(i * r) for i, r in zip(size, ratio, strict=True)])
    else:
        out = numbers_of(output_size, n, function, "output_size")
    for i, o, kk in zip(size, out, k, strict=True):
        if o < 1 or kk < 1 or o + kk - 1 > i:
            raise RuntimeError(
                f"{function}: kernel_size must be positive and leave room for output_size windows in the input, got "
                f"kernel_size {list(k)}, output_size {list(out)} for input size {list(size)}"
            )
    planes = (lead[0] if len(lead) == 2 else 1, lead[-1])
    if samples is None:
        samples = rand(*planes, n, dtype=input.dtype)
    elif (
        len(lead) == 1
        and samples.dim() == 3
        and samples.shape[0] > 1
        and tuple(samples.shape[1:]) == (*lead, n)
    ):
        samples = samples[:1]  # PyTorch takes the first of several for an input without a batch
    elif samples._array.shape != (*planes, n):
        raise RuntimeError(
            f"{function}: _random_samples must have shape {[*planes, n]}, got {list(samples.shape)}"
        )
    u = samples._array.reshape(*lead, n)
    # PyTorch takes the numbers of two dimensions in the order width, height; of three as depth, height, width.
    order = range(n) if n == 3 else (1, 0)
    flat: Any = np.zeros(1, np.int64)
    for i, which in enumerate(order):
        places = _starts(u[..., which], size[i], out[i], k[i])[..., None] + np.arange(k[i])  # lead, out, k
        spread = [1] * (2 * n)
        spread[i], spread[n + i] = out[i], k[i]
        flat = flat * size[i] + places.reshape(*lead, *spread)
    flat = np.broadcast_to(flat, (*lead, *out, *k)).reshape(*lead, math.prod(out), math.prod(k))
    x = input._array.reshape(*lead, 1, math.prod(size))
    best = np.take_along_axis(x, flat, -1).argmax(-1)
    index = wrap(np.take_along_axis(flat, best[..., None], -1).reshape(*lead, *out))
    node = FractionalMaxPool2DBackward0 if n == 2 else FractionalMaxPool3DBackward0
    return node.apply(input, index), index


def fractional_max_pool2d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The maximum of windows at random places, so many that the result has a size of one's choice.

    Args:
        output_size: (H', W') or one number for both; or
        output_ratio: what part of the input's size that is, in (0, 1).
        return_indices: Also give where in its plane each maximum was.
    Shape:
        input: (N, C, H, W) or (C, H, W); output: (N, C, H', W').
    Raises:
        ValueError: neither size nor ratio.
        RuntimeError: windows that do not fit.
    Source: Graham 2014, "Fractional max-pooling", arXiv:1412.6071.
    Example:
        >>> fractional_max_pool2d(rushlight.ones(1, 5, 5), 2, output_size=3).shape
        torch.Size([1, 3, 3])
    """
    y, index = _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return (y, index) if return_indices else y


def fractional_max_pool3d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """`fractional_max_pool2d` in three dimensions.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: (N, C, D', H', W').
    Raises:
        ValueError: neither size nor ratio.
        RuntimeError: windows that do not fit.
    Example:
        >>> fractional_max_pool3d(rushlight.ones(1, 5, 5, 5), 2, output_size=3).shape
        torch.Size([1, 3, 3, 3])
    """
    y, index = _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return (y, index) if return_indices else y


def fractional_max_pool2d_with_indices(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`fractional_max_pool2d` with `return_indices=True`."""
    return _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d_with_indices(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`fractional_max_pool3d` with `return_indices=True`."""
    return _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
