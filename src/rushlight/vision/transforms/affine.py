"""Rotation and other affine maps of images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...tensor import wrap
from .images import get_dimensions, is_pil, require_image

__all__ = ["affine", "rotate"]


def _mode(interpolation: Any, function: str) -> Any:
    from .functional import InterpolationMode, interpolation_mode

    return interpolation_mode(
        InterpolationMode.NEAREST if interpolation is None else interpolation, function
    ).value


def inverse_matrix(
    center: Sequence[float], angle: float, translate: Sequence[float], scale: float, shear: Sequence[float]
) -> list[float]:
    """Where the pixel (x, y) of the result comes from: x' = a x + b y + c, y' = d x + e y + f.

    The map is T(translate) T(center) R(angle) Shear(sx, sy) S(scale) T(-center), angles in degrees; this
    is the inverse, [a, b, c, d, e, f], for pixel centres at integer positions.
    """
    rotation = math.radians(angle)
    sx, sy = math.radians(shear[0]), math.radians(shear[1])
    cx, cy = center
    tx, ty = translate
    a = math.cos(rotation - sy) / math.cos(sy)
    b = -math.cos(rotation - sy) * math.tan(sx) / math.cos(sy) - math.sin(rotation)
    c = math.sin(rotation - sy) / math.cos(sy)
    d = -math.sin(rotation - sy) * math.tan(sx) / math.cos(sy) + math.cos(rotation)
    matrix = [d / scale, -b / scale, 0.0, -c / scale, a / scale, 0.0]
    matrix[2] = matrix[0] * (-cx - tx) + matrix[1] * (-cy - ty) + cx
    matrix[5] = matrix[3] * (-cx - tx) + matrix[4] * (-cy - ty) + cy
    return matrix


def _fill_for(img: Any, fill: Any) -> Any:
    bands = len(img.getbands())
    if fill is None:
        fill = 0
    if isinstance(fill, (int, float)):
        fill = (int(fill) if img.mode != "F" else fill,) * bands
    return tuple(fill) if bands > 1 else fill[0]


def rotate(
    img: Any,
    angle: float,
    interpolation: Any = None,
    expand: bool = False,
    center: Sequence[int] | None = None,
    fill: Any = None,
) -> Any:
    """The image turned counter-clockwise by `angle` degrees.

    Args:
        expand: Make the result large enough to hold all of it.
        center: (x, y) to turn about. Default: the middle.
        fill: For what comes from outside. Default 0.
    """
    mode = _mode(interpolation, "rotate")
    if is_pil(img):
        from .functional import _PIL_NUMBERS

        return img.rotate(angle, _PIL_NUMBERS[mode], expand, center, fillcolor=_fill_for(img, fill))
    require_image(img, "rotate")
    _, height, width = get_dimensions(img)
    offset = (
        [0.0, 0.0] if center is None else [c - s * 0.5 for c, s in zip(center, (width, height), strict=True)]
    )
    matrix = inverse_matrix(offset, -angle, [0.0, 0.0], 1.0, [0.0, 0.0])
    size = _expanded(matrix, width, height) if expand else (width, height)
    return _sample(img, matrix, size, mode, fill)


def affine(
    img: Any,
    angle: float,
    translate: Sequence[int],
    scale: float,
    shear: float | Sequence[float],
    interpolation: Any = None,
    fill: Any = None,
    center: Sequence[int] | None = None,
) -> Any:
    """The image turned clockwise by `angle` degrees, sheared, scaled and moved by `translate` pixels (x, y)."""
    mode = _mode(interpolation, "affine")
    if scale <= 0.0:
        raise ValueError(f"affine: scale should be positive, got {scale} (Argument scale should be positive)")
    shears = [float(shear), 0.0] if isinstance(shear, (int, float)) else [*map(float, shear), 0.0][:2]
    _, height, width = get_dimensions(img)
    if is_pil(img):
        from PIL import Image

        from .functional import _PIL_NUMBERS

        middle = center if center is not None else [width * 0.5, height * 0.5]
        matrix = inverse_matrix(middle, angle, translate, scale, shears)
        return img.transform(
            (width, height),
            Image.Transform.AFFINE,
            matrix,
            _PIL_NUMBERS[mode],
            fillcolor=_fill_for(img, fill),
        )
    offset = (
        [0.0, 0.0] if center is None else [c - s * 0.5 for c, s in zip(center, (width, height), strict=True)]
    )
    matrix = inverse_matrix(offset, angle, [1.0 * t for t in translate], scale, shears)
    return _sample(img, matrix, (width, height), mode, fill)


def _expanded(matrix: list[float], width: int, height: int) -> tuple[int, int]:
    """The (width, height) that holds the turned image."""
    corners = np.array([[x * width, y * height] for x in (-0.5, 0.5) for y in (-0.5, 0.5)])
    turned = corners @ np.array([matrix[0:2], matrix[3:5]]).T
    low, high = turned.min(0), turned.max(0)
    size = np.ceil(np.round(high, 4)) - np.floor(np.round(low, 4))
    return int(size[0]), int(size[1])


def _sample(img: Any, matrix: list[float], size: tuple[int, int], mode: str, fill: Any) -> Any:
    """Pixels of a tensor image at positions given by `matrix`, relative to the images' middles."""
    _, height, width = get_dimensions(img)
    w, h = size
    x = np.arange(w) + (0.5 - 0.5 * w)
    y = np.arange(h) + (0.5 - 0.5 * h)
    sx = matrix[0] * x[None, :] + matrix[1] * y[:, None] + matrix[2] + width * 0.5 - 0.5
    sy = matrix[3] * x[None, :] + matrix[4] * y[:, None] + matrix[5] + height * 0.5 - 0.5
    array = img._array
    values = array if img.is_floating_point() else array.astype(np.float32)
    channels = 1 if array.ndim == 2 else array.shape[-3]
    back = np.broadcast_to(np.asarray(0 if fill is None else fill, values.dtype), (channels,)).reshape(
        -1, 1, 1
    )

    def at(row: np.ndarray, column: np.ndarray) -> np.ndarray:
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        picked = values[..., row.clip(0, height - 1), column.clip(0, width - 1)]
        return np.where(inside, picked, back if array.ndim > 2 else back[0])

    if mode.startswith("nearest"):
        out = at(np.rint(sy).astype(np.int64), np.rint(sx).astype(np.int64))
    elif mode == "bilinear":
        x0, y0 = np.floor(sx).astype(np.int64), np.floor(sy).astype(np.int64)
        fx, fy = (sx - x0).astype(values.dtype), (sy - y0).astype(values.dtype)
        upper = at(y0, x0) * (1 - fx) + at(y0, x0 + 1) * fx
        out = upper * (1 - fy) + (at(y0 + 1, x0) * (1 - fx) + at(y0 + 1, x0 + 1) * fx) * fy
        if not img.is_floating_point():
            out = np.round(out)
    else:
        raise ValueError(f"rotate: interpolation of a tensor must be nearest or bilinear, got {mode}")
    return wrap(out.astype(array.dtype))
