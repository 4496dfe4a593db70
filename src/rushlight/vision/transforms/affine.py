"""Rotation and other affine maps of images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...dtypes import float32
from ...ops.creation import ones_like
from ...ops.from_data import tensor
from ...ops.join import cat
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
    center: Sequence[float] | None = None,
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
    from ...nn.functional import grid_sample

    if mode not in ("nearest", "bilinear"):
        raise ValueError(f"rotate: interpolation of a tensor must be nearest or bilinear, got {mode}")
    _, height, width = get_dimensions(img)
    w, h = size
    kind = img._array.dtype if img.is_floating_point() else np.dtype(np.float32)
    base = np.empty((h, w, 3), kind)
    base[..., 0] = np.linspace(-w * 0.5 + 0.5, w * 0.5 - 0.5, w, dtype=kind)
    base[..., 1] = np.linspace(-h * 0.5 + 0.5, h * 0.5 - 0.5, h, dtype=kind)[:, None]
    base[..., 2] = 1
    theta = np.asarray(matrix, kind).reshape(2, 3).T / np.asarray([0.5 * width, 0.5 * height], kind)
    grid = base.reshape(-1, 3) @ theta
    batch = img.reshape(-1, 1 if img.ndim == 2 else img.shape[-3], height, width)
    work = batch if img.is_floating_point() else batch.to(float32)
    if fill is not None:  # a channel of ones tells what comes from inside
        work = cat([work, ones_like(work[:, :1])], 1)
    places = wrap(np.ascontiguousarray(np.broadcast_to(grid.reshape(1, h, w, 2), (len(work), h, w, 2))))
    out = grid_sample(work, places, mode=mode, padding_mode="zeros", align_corners=False)
    if fill is not None:
        out, inside = out[:, :-1], out[:, -1:]
        back = tensor(fill if isinstance(fill, (list, tuple)) else [float(fill)], dtype=out.dtype).reshape(
            1, -1, 1, 1
        )
        if mode == "nearest":
            inside = (inside >= 0.5).to(out.dtype)
        out = out * inside + (1.0 - inside) * back
    if not img.is_floating_point():
        out = out.round().to(img.dtype)
    return out.reshape((*img.shape[:-2], h, w))
