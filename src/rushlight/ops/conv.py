"""Convolution and transposed convolution over one to three dimensions.

Both are bilinear in the image and the weight, and each is the other's gradient: one node serves both.
The kernels are an implicit GEMM (csrc/kernels/gather.inl.h); the composed definition is a sum of matrix
products, one for each position in the window.
"""

from __future__ import annotations

import functools
import itertools
import math
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.function import composed_vjp
from ..dtypes import float32, of
from ..errors import kind_of, warn
from ..kernels import _C, usable
from ..tensor import Tensor, wrap
from .convert import cast
from .elementwise import require_tensor
from .shape import reshape, squeeze, sum_to_size, unsqueeze
from .split import PlaceBackward0

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_tbc",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "convolution",
]


# Windows of 3x3 at stride 1 are computed by Winograd's algorithm where there is enough work, in 0.4 to 0.9 of the time,
# with an error of about 2e-6 of the largest output (the direct sum: 1e-6), and their gradients by a form of it that is as exact
# as the sum. RUSHLIGHT_WINOGRAD=0, or False here, turns it off.
winograd = os.environ.get("RUSHLIGHT_WINOGRAD", "1") != "0"


class Geometry(NamedTuple):
    """The sizes of one convolution. A transposed one is described by the convolution it is the gradient of."""

    numbers: tuple[
        int, ...
    ]  # what kernels get: groups; then in, out, kernel, stride, padding, dilation, thrice
    dims: int
    groups: int
    size: tuple[int, ...]  # of the input
    out: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]  # before the input; after it there is what `out` needs
    dilation: tuple[int, ...]
    transposed: bool
    channels: int  # of the result


def _dims(value: Any, n: int, function: str, name: str) -> tuple[int, ...]:
    """An int, or n of them, or one in a sequence."""
    if isinstance(value, int):
        return (value,) * n
    try:
        values = tuple([v.__index__() for v in value])
    except (TypeError, AttributeError):
        try:
            return (value.__index__(),) * n
        except (TypeError, AttributeError):
            raise TypeError(f"{function}: {name} must be an int or {n} ints, got {value!r}") from None
    if len(values) == 1:
        return values * n
    if len(values) != n:
        raise RuntimeError(f"{function}: {name} must be one int or a list of {n}, got {list(values)}")
    return values


def check_least(values: Sequence[int], least: int, function: str, name: str) -> None:
    """Raise where a window's sizes are less than `least`, 0 or 1."""
    if min(values) < least:
        rule = "be positive" if least else "not be negative"
        raise RuntimeError(f"{function}: {name} must {rule}, got {list(values)}")


def _check_weight(
    function: str,
    n: int,
    x: tuple[Any, ...],
    w: tuple[Any, ...],
    b: tuple[Any, ...] | None,
    groups: int,
    transposed: bool,
) -> None:
    """Rules on the shapes: batched input `x`, weight `w`, bias `b`."""
    if groups < 1:
        raise RuntimeError(f"{function}: groups must be positive, got {groups}")
    if len(w) != n + 2:
        raise RuntimeError(f"{function}: weight must have {n + 2} dimensions, got shape {list(w)}")
    if w[0] < 1 or w[0] % groups:
        rule = f"be divisible by groups={groups}" if w[0] else "be at least 1"
        raise RuntimeError(f"{function}: dimension 0 of weight must {rule}, got shape {list(w)}")
    channels = w[0] if transposed else w[1] * groups
    if x[1] != channels:
        said = f"groups={groups}, weight of shape {list(w)}"
        raise RuntimeError(
            f"{function}: input of shape {list(x)} must have {channels} channels for {said}, got {x[1]}"
        )
    outputs = w[1] * groups if transposed else w[0]
    if b is not None and b != (outputs,):
        raise RuntimeError(f"{function}: bias must have shape ({outputs},) for weight {list(w)}, got {b}")
    if 0 in x[2:]:
        raise RuntimeError(
            f"{function}: input must have non-zero sizes but for the batch and channels, got {list(x)}"
        )
    if 0 in w[2:]:
        raise RuntimeError(f"{function}: weight must have a non-empty window, got shape {list(w)}")


def _pack(
    n: int, groups: int, size: Any, out: Any, k: Any, s: Any, p: Any, d: Any, transposed: bool, channels: int
) -> Geometry:
    inner = (out, size) if transposed else (size, out)
    rows = [(1, 1, 1, 1, 0, 1)] * (3 - n) + list(zip(*inner, k, s, p, d, strict=True))
    numbers = (groups, *itertools.chain.from_iterable(rows))
    return Geometry(numbers, n, groups, size, out, k, s, p, d, transposed, channels)


_told_of_uneven_padding = False


def _tell_of_uneven_padding() -> None:
    """PyTorch's warning, once in a process as there. Here no copy is made."""
    global _told_of_uneven_padding
    if not _told_of_uneven_padding:
        _told_of_uneven_padding = True
        warn(
            "Using padding='same' with even kernel lengths and odd dilation: one more zero is put behind than before"
        )


@functools.lru_cache(maxsize=1024)
def _geometry(
    function: str,
    n: int,
    x: tuple[Any, ...],
    w: tuple[Any, ...],
    b: tuple[Any, ...] | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Geometry:
    """The checked geometry of a convolution. Remembered: a model asks for the same few again and again."""
    s, d = _dims(stride, n, function, "stride"), _dims(dilation, n, function, "dilation")
    check_least(s, 1, function, "stride")
    check_least(d, 1, function, "dilation")
    _check_weight(function, n, x, w, b, groups, False)
    k, size = w[2:], x[2:]
    reach = tuple([(kk - 1) * dd for kk, dd in zip(k, d, strict=True)])
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise RuntimeError(
                f"{function}: padding must be 'same', 'valid', an int or ints, got {padding!r}"
            )
        if padding == "same" and max(s) > 1:
            raise RuntimeError(f"{function}: padding='same' must come with stride 1, got stride {list(s)}")
        total = reach if padding == "same" else (0,) * n
        p = tuple([t // 2 for t in total])  # an odd one goes behind
        if any(t % 2 for t in total):
            _tell_of_uneven_padding()
    else:
        p = _dims(padding, n, function, "padding")
        check_least(p, 0, function, "padding")
        total = tuple([2 * q for q in p])
    padded = tuple([i + t for i, t in zip(size, total, strict=True)])
    if any(i <= r for i, r in zip(padded, reach, strict=True)):
        window = [r + 1 for r in reach]
        raise RuntimeError(
            f"{function}: the window of {list(k)} (with dilation {window}) must not be larger than the padded input, "
            f"got {list(padded)}"
        )
    out = tuple([(i - r - 1) // t + 1 for i, r, t in zip(padded, reach, s, strict=True)])
    return _pack(n, groups, size, out, k, s, p, d, False, w[0])


@functools.lru_cache(maxsize=1024)
def _transposed_geometry(
    function: str, n: int, x: tuple[Any, ...], w: tuple[Any, ...], b: tuple[Any, ...] | None, stride: Any, padding: Any,
    extra: Any, dilation: Any, groups: int,
) -> Geometry:  # fmt: skip
    s, d = _dims(stride, n, function, "stride"), _dims(dilation, n, function, "dilation")
    if isinstance(padding, str):
        raise TypeError(f"{function}: padding must be an int or ints, got {padding!r}")
    p, e = _dims(padding, n, function, "padding"), _dims(extra, n, function, "output_padding")
    check_least(s, 1, function, "stride")
    check_least(d, 1, function, "dilation")
    check_least(p, 0, function, "padding")
    check_least(e, 0, function, "output_padding")
    _check_weight(function, n, x, w, b, groups, True)
    if any(o >= t and o >= dd for o, t, dd in zip(e, s, d, strict=True)):
        raise RuntimeError(
            f"{function}: output_padding must be smaller than either stride or dilation, got output_padding {list(e)}, "
            f"stride {list(s)}, dilation {list(d)}"
        )
    k = w[2:]
    out = tuple([
        (i - 1) * t - 2 * q + (kk - 1) * dd + o + 1 for i, t, q, kk, dd, o in zip(x[2:], s, p, k, d, e, strict=True)
    ])  # fmt: skip
    if min(out) < 1:
        raise RuntimeError(
            f"{function}: the output must not be empty, got size {list(out)}; give less padding"
        )
    return _pack(n, groups, x[2:], out, k, s, p, d, True, w[1] * groups)


def _windows(g: Geometry) -> list[tuple[Any, ...]]:
    """For each position in the window: its index in the weight, and the slices it covers of the padded image."""
    pixels = g.size if g.transposed else g.out
    found = []
    for at in itertools.product(*map(range, g.kernel)):
        where = tuple([
            slice(a * d, a * d + (o - 1) * s + 1, s) for a, d, o, s in zip(at, g.dilation, pixels, g.stride, strict=True)
        ])  # fmt: skip
        found.append((at, (slice(None), slice(None), *where)))
    return found


def _padded(g: Geometry) -> tuple[int, ...]:
    """The size of the image (a transposed convolution's result) with room for every window."""
    image, pixels = (g.out, g.size) if g.transposed else (g.size, g.out)
    return tuple([
        max(i + p, (o - 1) * s + (k - 1) * d + 1)
        for i, p, o, s, k, d in zip(image, g.padding, pixels, g.stride, g.kernel, g.dilation, strict=True)
    ])  # fmt: skip


def conv_composed(input: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry) -> Tensor:
    """The definition: the sum over window positions of (weight there) @ (the image under it).

    Transposed, the products are laid into the image instead of taken from it.
    """
    g, groups = geometry, geometry.groups
    n, pixels = input._array.shape[0], math.prod(g.size if g.transposed else g.out)
    size, inside = (
        _padded(g),
        tuple([slice(p, p + i) for p, i in zip(g.padding, g.out if g.transposed else g.size, strict=True)]),
    )
    inside = (slice(None), slice(None), *inside)
    w = reshape(weight, (groups, weight._array.shape[0] // groups, *weight._array.shape[1:]))
    result: Any = None
    if g.transposed:
        x = reshape(input, (n, groups, input._array.shape[1] // groups, pixels))
        for at, where in _windows(g):
            y = w[(..., *at)].transpose(1, 2) @ x  # type: ignore[index]
            part = PlaceBackward0.apply(reshape(y, (n, g.channels, *g.size)), (n, g.channels, *size), where)
            result = part if result is None else result + part
        result = result[inside].contiguous()
    else:
        x = PlaceBackward0.apply(input, (*input._array.shape[:2], *size), inside) if size != g.size else input
        for at, where in _windows(g):
            part = w[(..., *at)] @ reshape(x[where], (n, groups, x._array.shape[1] // groups, pixels))  # type: ignore[index]
            result = part if result is None else result + part
        result = reshape(result, (n, g.channels, *g.out))
    return result if bias is None else result + reshape(bias, (-1, *(1,) * g.dims))


def _wide(x: Tensor | None) -> Tensor | None:
    """Half-precision values in float32, in which they are computed."""
    if x is None or x._array.dtype.itemsize != 2 or not of(x._array.dtype).is_floating_point:
        return x
    return wrap(cast(x._array, float32))


class ConvolutionBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, b: Tensor | None, geometry: Geometry) -> Tensor:
        wants = ctx.needs_input_grad
        ctx.save_for_backward(x if wants[1] else None, w if wants[0] else None)
        ctx.shapes = x._array.shape, w._array.shape
        ctx.geometry = g = geometry
        if usable(x, w, b):
            if g.transposed:
                return _C.conv_backward_input(x, w, b, g.numbers, g.channels, winograd)
            return _C.conv(x, w, b, g.numbers, winograd)
        dtype = x._array.dtype
        if dtype.itemsize == 2 and of(dtype).is_floating_point:
            with_kernels = ConvolutionBackward0.apply(_wide(x), _wide(w), _wide(b), g)
            return wrap(with_kernels._array.astype(dtype))
        if not x._array.size:
            return wrap(np.zeros((x._array.shape[0], g.channels, *g.out), dtype))
        return conv_composed(x, w, b, g)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Any, ...]:
        x, w = ctx.saved_tensors
        g, wants = ctx.geometry, ctx.needs_input_grad
        db = None
        if wants[2]:
            if is_grad_enabled() or not usable(dy):
                db = reshape(sum_to_size(dy, (1, g.channels, *(1,) * g.dims)), (g.channels,))
            else:
                db = _C.conv_backward_bias(dy)
        if is_grad_enabled():
            operands = [_stand_in(v, dy, ctx.shapes[i], wants[i]) for i, v in enumerate((x, w))]
            return (*composed_vjp(conv_composed, dy, (*operands, None), geometry=g)[:2], db, None)
        x, w, dy = _wide(x), _wide(w), _wide(dy)  # type: ignore[assignment]
        if not usable(x, w, dy) or 0 in (*ctx.shapes[0], *ctx.shapes[1]):
            x, w = (_stand_in(v, dy, ctx.shapes[i], wants[i]) for i, v in enumerate((x, w)))
            leaves = (_leaf(x, wants[0]), _leaf(w, wants[1]), None)  # type: ignore[arg-type]
            dx, dw, _ = composed_vjp(conv_composed, dy, leaves, geometry=g)
            return dx if dx is None else dx.detach(), dw if dw is None else dw.detach(), db, None
        dx = dw = None
        image, pixels = (dy, x) if g.transposed else (x, dy)
        if wants[1]:
            dw = _C.conv_backward_weight(image, pixels, g.numbers, winograd)
        if wants[0]:
            if g.transposed:
                dx = _C.conv(dy, w, None, g.numbers, winograd)
            else:
                dx = _C.conv_backward_input(dy, w, None, g.numbers, ctx.shapes[0][1], winograd)
        return dx, dw, db, None


def _stand_in(x: Tensor | None, like: Tensor, shape: tuple, wanted: bool) -> Tensor:
    """An operand; where only its gradient is wanted, which does not depend on its values, it was not saved."""
    return wrap(np.zeros(shape, like._array.dtype)).requires_grad_(wanted) if x is None else x  # type: ignore[attr-defined]


def _leaf(x: Tensor, wanted: bool) -> Tensor:
    return x.detach().requires_grad_(wanted)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, np.ndarray)) else value


def _check_tensors(function: str, input: Any, weight: Any, bias: Any) -> None:
    for name, value in (("input", input), ("weight", weight), ("bias", bias)):
        if not isinstance(value, TensorBase) and not (name == "bias" and value is None):
            raise TypeError(f"{function}: {name} must be a Tensor, got {kind_of(value)}")
    dtype = input._array.dtype
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and value._array.dtype != dtype:
            raise RuntimeError(
                f"{function}: {name} must have the input's dtype {of(dtype)}, got {of(value._array.dtype)}"
            )


def _convolve(
    function: str, n: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
    groups: int, transposed: bool = False, extra: Any = 0,
) -> Tensor:  # fmt: skip
    if input is None or weight is None or not usable_tensors(input, weight, bias):
        _check_tensors(function, input, weight, bias)
    shape = input._array.shape
    single = len(shape) == n + 1
    if not single and len(shape) != n + 2:
        raise RuntimeError(
            f"{function}: input must have {n + 1} (unbatched) or {n + 2} (batched) dimensions, got shape {list(shape)}"
        )
    if single:
        input, shape = unsqueeze(input, 0), (1, *shape)
    if type(stride) is list or type(padding) is list or type(dilation) is list or type(extra) is list:
        stride, padding, dilation, extra = _tuple(stride), _tuple(padding), _tuple(dilation), _tuple(extra)
    b = None if bias is None else bias._array.shape
    if transposed:
        g = _transposed_geometry(
            function, n, shape, weight._array.shape, b, stride, padding, extra, dilation, groups
        )
    else:
        g = _geometry(function, n, shape, weight._array.shape, b, stride, padding, dilation, groups)
    recorded = is_grad_enabled() and (
        input.requires_grad or weight.requires_grad or (bias is not None and bias.requires_grad)
    )
    if recorded or transposed or not usable(input, weight, bias):
        y = ConvolutionBackward0.apply(input, weight, bias, g)
    else:
        y = _C.conv(input, weight, bias, g.numbers, winograd)
    return squeeze(y, 0) if single else y


def usable_tensors(*values: Any) -> bool:
    """Whether all are float32 Tensors (None is skipped): the common case, asked first."""
    try:
        return usable(*values)
    except (AttributeError, TypeError):
        return False


def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Slide windows of learned weights over signals: `conv2d` in one dimension.

    Args: as for `conv2d`, with one number where it has two.
    Shape:
        input: (N, C, L) or (C, L); weight: (O, C / groups, K); output: (N, O, L').
    Raises:
        RuntimeError: shapes that do not agree.
    Example:
        >>> conv1d(rushlight.ones(1, 1, 4), rushlight.ones(1, 1, 2))
        tensor([[[2., 2., 2.]]])
    """
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Slide windows of learned weights over images (a cross-correlation).

    Args:
        stride: Pixels from window to window.
        padding: Zeros on both sides of each dimension, in pixels; 'valid' for none, 'same' for as many
            (with stride 1) as keep the size, an odd one behind.
        dilation: Pixels from one position in the window to the next.
        groups: The channels are cut into so many groups that do not see each other.
    Shape:
        input: (N, C, H, W) or (C, H, W); weight: (O, C / groups, Kh, Kw); bias: (O,); output: (N, O, H', W')
        with H' = (H + 2*padding - dilation*(Kh - 1) - 1) // stride + 1.
    Raises:
        RuntimeError: shapes, dtypes or numbers that do not agree.
    Source: LeCun et al. 1989, "Backpropagation applied to handwritten zip code recognition".
    Example:
        >>> x = rushlight.arange(9.0).reshape(1, 1, 3, 3)
        >>> conv2d(x, rushlight.ones(1, 1, 2, 2))
        tensor([[[[ 8., 12.],
                  [20., 24.]]]])
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Slide windows of learned weights over volumes: `conv2d` in three dimensions.

    Args: as for `conv2d`, with three numbers where it has two.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); weight: (O, C / groups, Kd, Kh, Kw); output: (N, O, D', H', W').
    Raises:
        RuntimeError: shapes that do not agree.
    Example:
        >>> conv3d(rushlight.ones(1, 2, 4, 4, 4), rushlight.ones(3, 2, 2, 2, 2), stride=2).shape
        torch.Size([1, 3, 2, 2, 2])
    """
    return _convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv1d` with respect to its input, as a layer: see `conv_transpose2d`.

    Shape:
        input: (N, C, L) or (C, L); weight: (C, O / groups, K); output: (N, O, L').
    Raises:
        RuntimeError: shapes that do not agree.
    Example:
        >>> conv_transpose1d(rushlight.ones(1, 1, 2), rushlight.ones(1, 1, 2))
        tensor([[[1., 2., 1.]]])
    """
    return _convolve(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, dilation, groups, True, output_padding
    )


def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """Lay a window of learned weights around every pixel: the gradient of `conv2d` with respect to its input.

    Args:
        stride: Pixels of the result from window to window.
        padding: Pixels taken off on both sides of the result.
        output_padding: Pixels added behind, which tell apart the sizes that a strided `conv2d` maps to one.
            Smaller than stride or dilation.
    Shape:
        input: (N, C, H, W) or (C, H, W); weight: (C, O / groups, Kh, Kw); bias: (O,); output: (N, O, H', W')
        with H' = (H - 1)*stride - 2*padding + dilation*(Kh - 1) + output_padding + 1.
    Raises:
        RuntimeError: shapes, dtypes or numbers that do not agree.
    Source: Zeiler et al. 2010, "Deconvolutional networks".
    Example:
        >>> conv_transpose2d(rushlight.ones(1, 1, 1, 2), rushlight.ones(1, 1, 2, 2), stride=2)
        tensor([[[[1., 1., 1., 1.],
                  [1., 1., 1., 1.]]]])
    """
    return _convolve(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, dilation, groups, True, output_padding
    )


def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv3d` with respect to its input, as a layer: see `conv_transpose2d`.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); weight: (C, O / groups, Kd, Kh, Kw); output: (N, O, D', H', W').
    Raises:
        RuntimeError: shapes that do not agree.
    Example:
        >>> conv_transpose3d(rushlight.ones(1, 2, 2, 2, 2), rushlight.ones(2, 3, 2, 2, 2), stride=2).shape
        torch.Size([1, 3, 4, 4, 4])
    """
    return _convolve(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, dilation, groups, True, output_padding
    )


def convolution(
    input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int,
) -> Tensor:  # fmt: skip
    """Any of the convolutions here; the weight's number of dimensions tells which.

    Shape:
        input: (N, C, ...) with one to three dimensions more.
    Raises:
        RuntimeError: shapes that do not agree.
    Example:
        >>> convolution(
        ...     rushlight.ones(1, 1, 3), rushlight.ones(1, 1, 2), None, (1,), (0,), (1,), False, (0,), 1
        ... )
        tensor([[[2., 2.]]])
    """
    n = weight.dim() - 2
    if not 1 <= n <= 3:
        raise RuntimeError(f"convolution: weight must have 3 to 5 dimensions, got shape {list(weight.shape)}")
    return _convolve(
        "convolution", n, input, weight, bias, stride, padding, dilation, groups, transposed, output_padding
    )


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """`conv1d` with time first: input (T, N, C), weight (K, C, O), bias (O,), result (T', N, O).

    Raises:
        RuntimeError: shapes that do not agree.
    Example:
        >>> conv_tbc(rushlight.ones(4, 1, 2), rushlight.ones(3, 2, 5), rushlight.zeros(5)).shape
        torch.Size([2, 1, 5])
    """
    require_tensor("conv_tbc", input)
    require_tensor("conv_tbc", bias, "bias")
    if input.dim() != 3 or weight.dim() != 3:
        raise RuntimeError(
            f"conv_tbc: input and weight must have 3 dimensions, got shapes {list(input.shape)}, {list(weight.shape)}"
        )
    y = conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad)  # type: ignore[attr-defined]
    return y.permute(2, 0, 1).contiguous()
