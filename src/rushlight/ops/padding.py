"""Padding: `pad` with a constant, or with the input's own elements reflected, repeated or wrapped around.

Padding only copies, so its gradient only adds: each output element's gradient goes to the element it came
from. Both are linear and each other's adjoint; one Function for each direction, whose backward is the other,
gives derivatives of any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd import Function
from ..tensor import Tensor, wrap
from .convert import empty_array
from .elementwise import require_tensor
from .promotion import number

__all__: list[str] = []
functional = ["pad"]

_MODES = ("constant", "reflect", "replicate", "circular")


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Add elements at the ends of the last dimensions.

    Args:
        pad: Numbers of elements, last dimension first: (left, right, top, bottom, front, back, ...). Negative
            numbers cut off.
        mode: 'constant'; or 'reflect' (mirrored at the border element), 'replicate' (the border element), 'circular'
            (as if it were a ring), which pad the last 1 to 3 dimensions of a tensor with one or two more.
        value: What 'constant' fills in. Default 0.
    Shape:
        input: (*, D); output: (*, left + D + right).
    Raises:
        RuntimeError: The number of paddings is odd or too large; a padding is larger than the mode allows.
        NotImplementedError: The mode does not exist, or not for so many dimensions.
    Example:
        >>> F.pad(torch.tensor([[1.0, 2.0, 3.0]]), (1, 2), mode="reflect")
        tensor([[2., 1., 2., 3., 2., 1.]])
    """
    require_tensor("pad", input)
    widths = _widths(input, pad)
    if mode == "constant":
        fill = 0.0 if value is None else float(value)  # PyTorch's argument is a float, too
        return ConstantPadNdBackward0.apply(input, widths, number(fill, input.dtype, "pad"))
    if mode not in _MODES:
        raise NotImplementedError(f"pad: mode must be one of {', '.join(map(repr, _MODES))}, got {mode!r}")
    if value:
        raise RuntimeError(f"pad: value must not be given with mode={mode!r}, got {value}")
    _check_border(input, widths, mode)
    if mode == "circular" and any(
        w < 0 for pair in widths for w in pair
    ):  # cut first, then go around what is left
        input = ConstantPadNdBackward0.apply(input, tuple((min(b, 0), min(a, 0)) for b, a in widths), 0)
        widths = tuple((max(b, 0), max(a, 0)) for b, a in widths)
    node = _BORDER[mode, max(len(pad) // 2, 1)]
    return node.apply(input, widths[input.dim() - len(pad) // 2 :], mode)


def _widths(input: Tensor, pad: Any) -> tuple[tuple[int, int], ...]:
    """(before, after) for each dimension of the input, first dimension first."""
    ndim = input.dim()
    try:
        numbers = [p.__index__() for p in pad]
    except (TypeError, AttributeError):
        raise TypeError(f"pad: pad must be a tuple of ints, got {pad!r}") from None
    if len(numbers) % 2:
        raise RuntimeError(
            f"pad: pad must have an even number of elements (Padding length), got {len(numbers)}"
        )
    if len(numbers) > 2 * ndim:
        raise RuntimeError(
            f"pad: pad must have at most {2 * ndim} elements, two per dimension of the input, got {len(numbers)}"
        )
    pairs = [(numbers[i], numbers[i + 1]) for i in range(0, len(numbers), 2)][::-1]
    widths = ((0, 0),) * (ndim - len(pairs)) + tuple(pairs)
    for d, (n, (before, after)) in enumerate(zip(input.shape, widths)):
        if n + before + after < 0:
            raise RuntimeError(
                f"pad: pad must not cut off more than there is (length must be non-negative), got {(before, after)} "
                f"for dimension {d} of size {n}"
            )
    return widths


def _check_border(input: Tensor, widths: tuple, mode: str) -> None:
    """The rules of the modes that read the input's own elements."""
    ndim = input.dim()
    n = sum(w != (0, 0) for w in widths)
    first = next((d for d, w in enumerate(widths) if w != (0, 0)), ndim)
    n = ndim - first
    if (
        n > 3
        or (n and ndim not in (n + 1, n + 2) and ndim not in range(2, 6))
        or ndim < 2
        or first < ndim - 3
    ):
        raise NotImplementedError(
            f"pad: mode {mode!r} must pad the last 1 dimension of a 2D or 3D input, 2 of a 3D or 4D, or 3 of a 4D or 5D, "
            f"got {n} of a {ndim}D input"
        )
    for d in range(1 if ndim == 5 else 0, ndim):
        if input.shape[d] == 0 and d >= first:
            raise RuntimeError(
                f"pad: input must not be empty in the dimensions that are padded, got {list(input.shape)}"
            )
    for d in range(first, ndim):
        size, (before, after) = input.shape[d], widths[d]
        if mode == "reflect" and (before >= size or after >= size):
            raise RuntimeError(
                f"pad: padding must be less than the dimension it pads (Padding size should be less than the corresponding "
                f"input dimension), got {(before, after)} for dimension {d} of size {size}"
            )
        if mode == "circular" and (before > size or after > size):
            raise RuntimeError(
                "pad: padding must be at most the dimension it pads (Padding value causes wrapping around more than once), "
                f"got {(before, after)} for dimension {d} of size {size}"
            )


# -- constant ---------------------------------------------------------------------------------------------


def _inside(widths: tuple, shape: tuple) -> tuple[tuple, tuple]:
    """Where the input stands in the padded array, and which part of the input that is."""
    there = tuple(slice(max(b, 0), max(b, 0) + n + min(b, 0) + min(a, 0)) for n, (b, a) in zip(shape, widths))
    here = tuple(slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(shape, widths))
    return there, here


class ConstantPadNdBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, widths: tuple, value: Any) -> Tensor:
        ctx.widths = widths
        a = x._array
        y = empty_array(tuple(n + b + c for n, (b, c) in zip(a.shape, widths)), a.dtype)
        there, here = _inside(widths, a.shape)
        for d, (b, c) in enumerate(widths):  # fill only the border
            before = there[:d] + (slice(None),) * (len(widths) - d)
            if b > 0:
                y[(*before[:d], slice(0, b), *before[d + 1 :])] = value
            if c > 0:
                y[(*before[:d], slice(y.shape[d] - c, None), *before[d + 1 :])] = value
        y[there] = a[here]
        return wrap(y)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return ConstantPadNdBackward0.apply(dy, tuple((-b, -a) for b, a in ctx.widths), 0), None, None


# -- the input's own elements ----------------------------------------------------------------------------


def _sources(size: int, before: int, after: int, mode: str) -> np.ndarray:
    """For each element along a padded dimension, the input's element it is a copy of."""
    i = np.arange(-before, size + after)
    if mode == "replicate":
        return i.clip(0, size - 1)
    if mode == "circular":
        return i % size
    if size == 1:
        return np.zeros_like(i)
    period = 2 * (size - 1)
    i = np.abs(i) % period
    return np.where(i < size, i, period - i)


def _dims(a: np.ndarray, widths: tuple) -> list[tuple[int, int, int]]:
    first = a.ndim - len(widths)
    return [(first + k, b, c) for k, (b, c) in enumerate(widths)]


_WIDE = 16  # elements of border from which they are copied all at once instead of one by one


def _extend(a: np.ndarray, widths: tuple, mode: str) -> np.ndarray:
    if any(w < 0 for pair in widths for w in pair):  # the copied elements may themselves be cut off
        for d, b, c in _dims(a, widths):
            a = a.take(_sources(a.shape[d], b, c, mode), axis=d)
        return a
    lead = a.ndim - len(widths)
    y = empty_array(a.shape[:lead] + tuple(n + b + c for n, (b, c) in zip(a.shape[lead:], widths)), a.dtype)
    there = [slice(None)] * lead + [slice(b, b + n) for n, (b, c) in zip(a.shape[lead:], widths)]
    y[tuple(there)] = a
    for d, b, c in reversed(_dims(a, widths)):  # the last dimension first: then whole rows are copied
        source = _sources(a.shape[d], b, c, mode) + b
        if b + c > _WIDE:
            part, whole = y[tuple(there[:d])], (slice(None),) * d
            for side in (slice(0, b), slice(b + a.shape[d], y.shape[d])):
                part[(*whole, side)] = part.take(source[side], axis=d)
        else:
            for i in (*range(b), *range(b + a.shape[d], y.shape[d])):
                to = (*there[:d], i)
                y[to] = y[(*there[:d], source[i])]
        there[d] = slice(None)
    return y


def _gather_back(dy: np.ndarray, shape: tuple, widths: tuple, mode: str) -> np.ndarray:
    """The adjoint of `_extend`: add every element to the one it was copied from."""
    for d, b, c in _dims(dy, widths):
        if b == c == 0:
            continue
        size = shape[d]
        source = _sources(size, b, c, mode)
        whole: Any = (slice(None),) * d
        lo, hi = max(b, 0), max(b, 0) + size + min(b, 0) + min(c, 0)  # where the elements themselves stand
        if b >= 0 and c >= 0:
            dx = dy[(*whole, slice(lo, hi))].copy()
            if b + c > _WIDE:
                for side in (slice(0, lo), slice(hi, dy.shape[d])):
                    if mode == "replicate":  # all copies are of one element
                        dx[(*whole, source[side][:1])] += dy[(*whole, side)].sum(d, keepdims=True)
                    else:  # each of another
                        dx[(*whole, source[side])] += dy[(*whole, side)]
                dy = dx
                continue
            rest = (*range(lo), *range(hi, dy.shape[d]))
        else:
            dx = np.zeros((*dy.shape[:d], size, *dy.shape[d + 1 :]), dy.dtype)
            rest = tuple(range(dy.shape[d]))
        for i in rest:
            dx[(*whole, source[i])] += dy[(*whole, i)]
        dy = dx
    return dy


class _BorderPad(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, widths: tuple, mode: str) -> Tensor:
        ctx.widths, ctx.shape, ctx.mode = widths, x._array.shape, mode
        return wrap(_extend(x._array, widths, mode))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return _BorderPadAdjoint.apply(dy, ctx.shape, ctx.widths, ctx.mode), None, None


class _BorderPadAdjoint(Function):
    @staticmethod
    def forward(ctx: Any, dy: Tensor, shape: tuple, widths: tuple, mode: str) -> Tensor:
        ctx.widths, ctx.mode = widths, mode
        return wrap(_gather_back(dy._array, shape, widths, mode))

    @staticmethod
    def backward(ctx: Any, ddx: Tensor) -> tuple:
        return _BORDER[ctx.mode, len(ctx.widths)].apply(ddx, ctx.widths, ctx.mode), None, None, None


_BORDER: dict[tuple[str, int], Any] = {
    (mode, n): type(name.format(n), (_BorderPad,), {"__module__": __name__})
    for mode, name in (
        ("reflect", "ReflectionPad{}DBackward0"),
        ("replicate", "ReplicationPad{}DBackward0"),
        ("circular", "CircularPad{}DBackward0"),
    )
    for n in (1, 2, 3)
}
