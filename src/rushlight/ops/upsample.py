"""Interpolation: resize sequences, images and volumes.

Every mode works one dimension after the other, and along a dimension each output is a weighted sum of a few
inputs ("taps"): one for nearest, two for linear, four for cubic, more with antialiasing. The tables of taps are made
here; applying them is one kernel, and applying them transposed is the gradient.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from ..autograd import Function
from ..errors import warn
from ..kernels import _C, usable
from ..tensor import Tensor, wrap
from .elementwise import require_tensor

__all__: list[str] = []
functional = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

_DIMS = {"linear": 3, "bilinear": 4, "bicubic": 4, "lanczos": 4, "trilinear": 5}
_MODES = ("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "lanczos", "trilinear", "area")


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resize to `size`, or by `scale_factor`.

    Args:
        size: Size of the output's spatial dimensions: one number or one each.
        scale_factor: Multiples of the input's sizes, rounded down: one number or one each.
        mode: 'nearest', 'nearest-exact', 'linear' (3D input), 'bilinear' or 'bicubic' (4D), 'trilinear' (5D), 'area'.
        align_corners: For the linear and cubic modes: True lets the centres of the corner pixels stay where they are,
            False (default) their outer corners.
        recompute_scale_factor: Interpolate by the ratio of the rounded sizes instead of by `scale_factor`.
        antialias: Widen the filters when shrinking, as image libraries do; 'bilinear', 'bicubic' and 'lanczos' only.
    Shape:
        input: (N, C, *) with 1 to 3 dimensions after the channels; output: (N, C, *size).
    Raises:
        ValueError: The arguments contradict each other.
        NotImplementedError: The mode does not take inputs of so many dimensions.
    Source: cubic: Keys 1981, Cubic convolution interpolation, with a = -0.75 (-0.5 when antialiasing).
    Example:
        >>> F.interpolate(torch.tensor([[[0.0, 3.0]]]), size=4, mode="linear", align_corners=True)
        tensor([[[0., 1., 2., 3.]]])
    """
    require_tensor("interpolate", input)
    ndim = input.dim()
    may = mode in ("linear", "bilinear", "bicubic", "trilinear") or (mode == "lanczos" and not align_corners)
    if align_corners is not None and not may:
        raise ValueError(
            "interpolate: align_corners must only be set with the modes linear, bilinear, bicubic and trilinear, got "
            f"mode={mode!r}"
        )
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and ndim == 4):
        raise ValueError(
            "interpolate: antialias must only be set with the modes bilinear, bicubic and lanczos and a 4D input, got "
            f"mode={mode!r} and {ndim}D"
        )
    if mode not in _MODES or not 3 <= ndim <= 5:
        raise NotImplementedError(
            f"interpolate: input must be 3D, 4D or 5D and mode one of {', '.join(_MODES)}, got {ndim}D and {mode!r}"
        )
    if ndim != _DIMS.get(mode, ndim):
        raise NotImplementedError(f"interpolate: input must be {_DIMS[mode]}D for mode {mode!r}, got {ndim}D")
    if mode == "lanczos" and not antialias:
        raise NotImplementedError("interpolate: antialias must be True with mode='lanczos', got False")
    spatial = tuple(input.shape[2:])
    sizes, factors = _sizes(spatial, size, scale_factor, recompute_scale_factor)
    if min(*spatial, *sizes) <= 0:
        raise RuntimeError(
            f"interpolate: Input and output sizes should be greater than 0, got {spatial} and {tuple(sizes)}"
        )
    if mode == "area":
        from . import pool

        return getattr(pool, f"adaptive_avg_pool{ndim - 2}d")(input, tuple(sizes))
    dtype = input._array.dtype
    if dtype.kind not in "fV" and not (dtype == np.uint8 and mode != "trilinear"):
        raise NotImplementedError(
            f"interpolate: input must be of a floating-point dtype or uint8, got {input.dtype}"
        )
    kind = (
        "nearest"
        if mode.startswith("nearest")
        else {"bicubic": "cubic", "lanczos": "lanczos"}.get(mode, "linear")
    )
    if mode == "nearest-exact":
        kind = mode
    fixed = dtype == np.uint8 and ndim == 4 and not kind.startswith("nearest")
    tables = tuple(
        _taps(kind, n, m, f, bool(align_corners), antialias, dtype == np.float64 or fixed)
        for n, m, f in zip(spatial, sizes, factors)
    )
    return _node(mode, ndim - 2, antialias).apply(input, tables, spatial, tuple(sizes))


def _sizes(spatial: tuple, size: Any, scale_factor: Any, recompute: bool | None) -> tuple[list, list]:
    """The output's sizes, and the factors to interpolate by (None: the ratio of the sizes)."""
    n = len(spatial)
    if (size is None) == (scale_factor is None):
        which = "either" if size is None else "only one of"
        raise ValueError(
            f"interpolate: {which} size or scale_factor should be defined, got {size} and {scale_factor}"
        )
    given, name = (size, "size") if scale_factor is None else (scale_factor, "scale_factor")
    values = list(given) if isinstance(given, (tuple, list)) else [given] * n
    if len(values) != n:
        raise ValueError(
            f"interpolate: {name} must have one value per spatial dimension (Input and {name} must have the same number of "
            f"spatial dimensions), got {given} for an input of {list(spatial)}; inputs are (N, C, d1, d2, ...)"
        )
    if size is not None:
        if recompute:
            raise ValueError(
                "interpolate: recompute_scale_factor is not meaningful with an explicit size, got True"
            )
        try:
            return [v.__index__() for v in values], [None] * n
        except (AttributeError, TypeError):
            raise TypeError(f"interpolate: size must be ints, got {size!r}") from None
    factors = [float(v) for v in values]
    sizes = [math.floor(s * f) for s, f in zip(spatial, factors)]
    return sizes, [None] * n if recompute else factors


# -- the tables ------------------------------------------------------------------------------------------


@lru_cache(maxsize=128)
def _taps(
    kind: str, n_in: int, n_out: int, factor: float | None, align: bool, antialias: bool, double: bool
) -> tuple[np.ndarray, np.ndarray]:
    """(index, weight), each [taps, n_out]. Positions are computed in PyTorch's precision, which decides ties."""
    real: Any = np.float64 if double and not kind.startswith("nearest") else np.float32
    scale = real(1.0 / factor) if factor is not None and factor > 0 else real(real(n_in) / real(n_out))
    j = np.arange(n_out).astype(real)
    if kind.startswith("nearest"):
        source = j * scale if kind == "nearest" else (j + real(0.5)) * scale
        index = np.minimum(np.floor(source).astype(np.int64), n_in - 1)[None]
        weight = np.ones((1, n_out), real)
        return index.astype(np.int32), weight
    if align:
        scale = real(real(n_in - 1) / real(n_out - 1)) if n_out > 1 else real(0)
    if antialias:
        return _antialiased(kind, n_in, n_out, float(scale), real)
    source = j * scale if align else (j + real(0.5)) * scale - real(0.5)
    if kind == "linear":
        source = np.maximum(source, real(0))
        low = np.minimum(source.astype(np.int64), n_in - 1)
        t = (source - low.astype(real)).clip(0, 1)
        index = np.stack([low, np.minimum(low + 1, n_in - 1)])
        weight = np.stack([1 - t, t])
    else:
        low = np.floor(source).astype(np.int64)
        t = (source - low.astype(real)).clip(0, 1)
        index = np.stack([low - 1, low, low + 1, low + 2]).clip(0, n_in - 1)
        weight = np.stack([_cubic(np.abs(t - real(k)), -0.75) for k in (-1, 0, 1, 2)])
    return index.astype(np.int32), weight.astype(real)


def _cubic(d: np.ndarray, a: float) -> np.ndarray:
    """Keys' kernel at distance d >= 0."""
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


def _lanczos(d: np.ndarray) -> np.ndarray:
    """sinc(d) sinc(d / 3) for |d| < 3."""
    return np.where(np.abs(d) < 3, np.sinc(d) * np.sinc(d / 3), 0)


def _antialiased(kind: str, n_in: int, n_out: int, scale: float, real: Any) -> tuple[np.ndarray, np.ndarray]:
    """A filter as wide as the shrinking asks for, normalized at the borders. Source: Pillow's resize."""
    radius = {"linear": 1.0, "cubic": 2.0, "lanczos": 3.0}[kind]
    support = radius * max(scale, 1.0)
    inverse = 1.0 / scale if scale >= 1.0 else 1.0
    center = scale * (np.arange(n_out) + 0.5)
    first = np.maximum((center - support + 0.5).astype(np.int64), 0)
    count = np.minimum((center + support + 0.5).astype(np.int64), n_in) - first
    k = np.arange(max(int(count.max()), 1))[:, None]
    d = (k + first - center + 0.5) * inverse
    weight = {
        "linear": lambda: np.maximum(1 - np.abs(d), 0),
        "cubic": lambda: _cubic(np.abs(d), -0.5),
        "lanczos": lambda: _lanczos(d),
    }[kind]()
    weight = np.where(k < count, weight, 0)
    total = weight.sum(0)
    weight = weight / np.where(total == 0, 1, total)
    return np.minimum(k + first, n_in - 1).astype(np.int32), weight.astype(real)


# -- applying them ---------------------------------------------------------------------------------------


def _along(x: Tensor, axis: int, size: int, table: tuple, adjoint: bool) -> Tensor:
    """One dimension resampled to `size` elements, or with `adjoint` the transpose of that."""
    index, weight = table
    if usable(x) and weight.dtype == np.float32:
        return _C.upsample_axis(x, axis, size, index, weight, adjoint)
    a = x._array
    shape = [1] * a.ndim
    shape[axis] = -1
    if not adjoint:
        if len(index) == 1:
            return wrap(a.take(index[0], axis=axis))
        return wrap(
            sum(a.take(i, axis=axis) * w.reshape(shape).astype(a.dtype) for i, w in zip(index, weight))
        )
    y = np.zeros((*a.shape[:axis], size, *a.shape[axis + 1 :]), a.dtype)
    to = np.moveaxis(y, axis, 0)
    for i, w in zip(index, weight):
        np.add.at(to, i, np.moveaxis(a * w.reshape(shape).astype(a.dtype), axis, 0))
    return wrap(y)


def _fixed_point(index: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Weights as 16-bit integers over 2**bits, with as many bits as the largest weight leaves."""
    weight = weight.copy()
    for k in range(len(index) - 1, 0, -1):  # taps that a border has put on one pixel are one
        same = index[k] == index[k - 1]
        weight[k - 1] += np.where(same, weight[k], 0)
        weight[k] = np.where(same, 0, weight[k])
    largest, bits = float(weight.max()), 0
    while bits < 22 and int(0.5 + largest * 2 ** (bits + 1)) < 1 << 15:
        bits += 1
    scaled = weight * 2.0**bits
    return index, np.trunc(scaled + np.copysign(0.5, scaled)).astype(np.int32), bits


def _resample_bytes(a: np.ndarray, tables: tuple, sizes: tuple) -> np.ndarray:
    """Bytes in fixed point: rows first, rounded to bytes between. Bit for bit what PyTorch gives. Source: Pillow."""
    for axis in (3, 2):
        if a.shape[axis] == sizes[axis - 2]:
            continue
        index, weight, bits = _fixed_point(*tables[axis - 2])
        half = 1 << bits >> 1
        if _C is not None and len(index) < 256:  # in two parts, each of which float32 adds up exactly
            x, size = wrap(a.astype(np.float32)), sizes[axis - 2]
            high, low = (weight >> 8).astype(np.float32), (weight & 255).astype(np.float32)
            total = _C.upsample_axis(x, axis, size, index, high, False)._array.astype(np.int32)
            total <<= 8
            total += _C.upsample_axis(x, axis, size, index, low, False)._array.astype(np.int32)
            total += half
        else:
            shape = [1] * 4
            shape[axis] = -1
            total = np.full((), half, np.int32)  # less than 2**31: the weights' sum is 2**bits
            for k, w in zip(index, weight):
                total = total + a.take(k, axis=axis) * w.reshape(shape)
        total >>= bits
        a = total.clip(0, 255, out=total).astype(np.uint8)
    return a


def _resample(x: Tensor, tables: tuple, sizes: tuple, adjoint: bool) -> Tensor:
    dtype = x._array.dtype
    if dtype == np.uint8 and x._array.ndim == 4 and len(tables[0][0]) > 1:
        y = _resample_bytes(x._array, tables, sizes)
        return wrap(y.copy() if y is x._array else y)
    narrow = dtype.itemsize < 4 and not (len(tables[0][0]) == 1 and not adjoint)
    if narrow:
        x = wrap(x._array.astype(np.float32))
    axes = [d for d in range(len(sizes)) if not _identity(tables[d], x.shape[d + 2], sizes[d])]
    # The last dimension is the slow one (its elements are gathered): do it where there is least of it.
    grows = [d for d in axes if sizes[d] > x.shape[d + 2]]
    axes = [d for d in axes if d not in grows] + grows[::-1]
    for d in axes:
        x = _along(x, d + 2, sizes[d], tables[d], adjoint)
    if not axes:
        x = wrap(x._array.copy())
    if narrow:
        a = x._array
        x = wrap((np.rint(a).clip(0, 255) if dtype == np.uint8 else a).astype(dtype))
    return x


def _identity(table: tuple, n_in: int, n_out: int) -> bool:
    """Whether the table copies its input (the sizes are equal and each tap but the element itself weighs nothing)."""
    index, weight = table
    if n_in != n_out:
        return False
    here = index == np.arange(n_out)
    return bool((np.where(here, weight, 0).sum(0) == 1).all() and (weight[~here] == 0).all())


class _Upsample(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, tables: tuple, before: tuple, after: tuple) -> Tensor:
        ctx.plan = (tables, before, after)
        return _resample(x, tables, after, False)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return _UpsampleAdjoint.apply(dy, type(ctx), *ctx.plan), None, None, None


class _UpsampleAdjoint(Function):
    @staticmethod
    def forward(ctx: Any, dy: Tensor, node: Any, tables: tuple, before: tuple, after: tuple) -> Tensor:
        ctx.node, ctx.plan = node, (tables, before, after)
        return _resample(dy, tables, before, True)

    @staticmethod
    def backward(ctx: Any, ddx: Tensor) -> tuple:
        return ctx.node.apply(ddx, *ctx.plan), None, None, None, None


@lru_cache(maxsize=64)
def _node(mode: str, n: int, antialias: bool) -> Any:
    """The node's class under PyTorch's name, such as UpsampleBilinear2DBackward0."""
    name = "".join(part.capitalize() for part in mode.split("-"))
    full = f"Upsample{name}{n}D{'Aa' if antialias else ''}Backward0"
    return type(full, (_Upsample,), {"__module__": __name__})


# -- older names -----------------------------------------------------------------------------------------


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: Any = None,
) -> Tensor:
    """`interpolate` under its older name."""
    require_tensor("upsample", input)
    _deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode 'nearest', under its older name."""
    require_tensor("upsample_nearest", input)
    _deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode 'bilinear' and aligned corners, under its older name."""
    require_tensor("upsample_bilinear", input)
    _deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, "bilinear", align_corners=True)


def _deprecated(name: str) -> None:
    warn(f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.")
