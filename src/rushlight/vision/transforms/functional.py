"""Transforms of images as functions: PIL images, and tensors of shape (..., C, H, W).

Conversions and geometry are here; what changes colours is in `colour.py`, rotations in `affine.py`.
"""

from __future__ import annotations

import enum
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ...tensor import Tensor, wrap
from .affine import affine, rotate
from .colour import (
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_hue,
    adjust_saturation,
    autocontrast,
    equalize,
    gaussian_blur,
    invert,
    posterize,
    rgb_to_grayscale,
    solarize,
    to_grayscale,
)
from .images import (
    convert_image_dtype,
    get_dimensions,
    get_image_num_channels,
    get_image_size,
    is_pil,
    require_image,
)

__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "affine",
    "autocontrast",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "equalize",
    "erase",
    "five_crop",
    "gaussian_blur",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "hflip",
    "invert",
    "normalize",
    "pad",
    "pil_to_tensor",
    "posterize",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "solarize",
    "ten_crop",
    "to_grayscale",
    "to_pil_image",
    "to_tensor",
    "vflip",
]


class InterpolationMode(enum.Enum):
    """How pixels between pixels are made. LANCZOS, BOX and HAMMING are for PIL images only."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_PIL_NUMBERS = {
    "nearest": 0,
    "lanczos": 1,
    "bilinear": 2,
    "bicubic": 3,
    "box": 4,
    "hamming": 5,
    "nearest-exact": 0,
}


def interpolation_mode(value: Any, function: str) -> InterpolationMode:
    """An InterpolationMode from one, or from Pillow's number of it."""
    if isinstance(value, InterpolationMode):
        return value
    if isinstance(value, int):
        return InterpolationMode(next(name for name, number in _PIL_NUMBERS.items() if number == value))
    raise TypeError(
        f"{function}: interpolation must be an InterpolationMode or a Pillow integer constant, got "
        f"{type(value).__name__}"
    )


# -- conversions ----------------------------------------------------------------------------------
def to_tensor(pic: Any) -> Tensor:
    """A PIL image or an array (H, W[, C]) as a tensor (C, H, W); uint8 as floats from 0 to 1.

    Raises:
        TypeError: `pic` is neither.
        ValueError: the array is not 2-d or 3-d.
    Example:
        >>> import numpy as np
        >>> to_tensor(np.full((1, 2), 51, np.uint8))
        tensor([[[0.2000, 0.2000]]])
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"to_tensor: pic must be 2/3 dimensional, got {pic.ndim} dimensions")
        array = pic[:, :, None] if pic.ndim == 2 else pic
    elif is_pil(pic):
        array = _pixels(pic)
    else:
        raise TypeError(f"to_tensor: pic should be PIL Image or ndarray, got {type(pic)}")
    array = array.transpose(2, 0, 1)
    if array.dtype != np.uint8:
        return wrap(np.ascontiguousarray(array))
    real = dtypes.get_default_dtype().numpy
    out = np.ascontiguousarray(array).astype(real)
    out /= real.type(255)
    return wrap(out)


_MODE_TYPES = {"I": np.int32, "I;16": np.uint16, "F": np.float32}


def _pixels(image: Any) -> np.ndarray:
    """A PIL image as an array (H, W, C)."""
    array = np.array(image, _MODE_TYPES.get(image.mode, np.uint8), copy=True)
    if image.mode == "1":
        array = array * np.uint8(255)
    return array.reshape(image.size[1], image.size[0], len(image.getbands()))


def pil_to_tensor(pic: Any) -> Tensor:
    """A PIL image (or uint8 array, where a data set gives one) as a tensor (C, H, W) of the same type."""
    if isinstance(pic, np.ndarray) and pic.dtype == np.uint8:
        array = pic[:, :, None] if pic.ndim == 2 else pic
    elif is_pil(pic):
        array = np.array(pic, copy=True)
        array = array.reshape(pic.size[1], pic.size[0], len(pic.getbands()))
    else:
        raise TypeError(f"pil_to_tensor: pic should be PIL Image, got {type(pic)}")
    return wrap(array.transpose(2, 0, 1).copy())


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or an array (H, W, C) as a PIL image.

    Args:
        pic: Float tensors are multiplied by 255.
        mode: Pillow's mode. Default: by the number of channels and the type.
    Raises:
        TypeError: `pic` is neither, or its type has no mode.
        ValueError: its dimensions or channels do not fit.
    """
    from PIL import Image

    if isinstance(pic, Tensor):
        if pic.ndim not in (2, 3):
            raise ValueError(f"to_pil_image: pic should be 2/3 dimensional, got {pic.ndim} dimensions")
        array = pic.detach()._array
        array = array[None] if array.ndim == 2 else array
        if array.shape[0] > 4:
            raise ValueError(f"to_pil_image: pic should not have > 4 channels, got {array.shape[0]} channels")
        if pic.is_floating_point() and mode != "F":
            array = (array * array.dtype.type(255)).astype(np.int64).astype(np.uint8)
        array = array.transpose(1, 2, 0)
    elif isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"to_pil_image: pic should be 2/3 dimensional, got {pic.ndim} dimensions")
        array = pic[:, :, None] if pic.ndim == 2 else pic
        if array.shape[-1] > 4:
            raise ValueError(
                f"to_pil_image: pic should not have > 4 channels, got {array.shape[-1]} channels"
            )
    else:
        raise TypeError(f"to_pil_image: pic should be Tensor or ndarray, got {type(pic)}")
    channels = array.shape[2]
    one = {
        np.dtype(np.uint8): "L",
        np.dtype(np.int16): "I;16",
        np.dtype(np.int32): "I",
        np.dtype(np.float32): "F",
    }
    if channels == 1:
        array, expected = array[:, :, 0], one.get(array.dtype)
        if mode is not None and mode != expected:
            raise ValueError(
                f"to_pil_image: mode must be {expected} for this input, got {mode} (Incorrect mode)"
            )
        mode = expected
    else:
        permitted = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV", "LAB"], 4: ["RGBA", "CMYK", "RGBX"]}[channels]
        if mode is not None and mode not in permitted:
            raise ValueError(
                f"to_pil_image: mode must be one of {permitted} for {channels} channels, got {mode}"
            )
        mode = mode or (permitted[0] if array.dtype == np.uint8 else None)
    if mode is None:
        raise TypeError(
            f"to_pil_image: pic must be of a type that Pillow has, got {array.dtype} (not supported)"
        )
    image = Image.fromarray(np.ascontiguousarray(array))
    if image.mode != mode:  # the same bytes under another name, as YCbCr or CMYK
        image = Image.frombytes(mode, image.size, image.tobytes())
    return image


def normalize(tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Tensor:
    """(tensor - mean) / std, channel by channel.

    Args:
        tensor: Of a floating-point type.
        mean, std: One number, or one per channel.
        inplace: Change `tensor` itself.
    Shape:
        tensor: (..., C, H, W); output: the same.
    Raises:
        TypeError: `tensor` is no float tensor.
        ValueError: it has too few dimensions, or a std is 0.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"normalize: img should be Tensor Image, got {type(tensor)}")
    if not tensor.is_floating_point():
        raise TypeError(
            f"normalize: tensor should be a float tensor, got {tensor.dtype}; use ToTensor() before"
        )
    if tensor.ndim < 3:
        raise ValueError(
            f"normalize: tensor should be a tensor image of size (..., C, H, W), got size {tuple(tensor.shape)}"
        )
    kind = tensor._array.dtype
    shift, scale = (_per_channel(v, kind) for v in (mean, std))
    if (scale == 0).any():
        raise ValueError(f"normalize: std must not be zero in {tensor.dtype}, got {std} (division by zero)")
    if not inplace:
        if not tensor.requires_grad:
            out = tensor._array - shift
            out /= scale
            return wrap(out)
        return (tensor - wrap(shift)) / wrap(scale)
    return tensor.sub_(wrap(shift)).div_(wrap(scale))


def _per_channel(values: Any, dtype: np.dtype) -> np.ndarray:
    array = np.asarray(values, dtype)
    return array.reshape(-1, 1, 1) if array.ndim == 1 else array


# -- geometry ---------------------------------------------------------------------------------------
def output_size(size: Any, height: int, width: int, max_size: int | None = None) -> tuple[int, int]:
    """The (height, width) that resizing to `size` gives: one number is for the shorter side."""
    if not isinstance(size, int) and len(size) == 2:
        return int(size[0]), int(size[1])
    wanted = size if isinstance(size, int) else size[0]
    short, long = (width, height) if width <= height else (height, width)
    if wanted is None:
        new_short, new_long = int(max_size * short / long), max_size  # type: ignore[operator]
    else:
        new_short, new_long = wanted, int(wanted * long / short)
        if max_size is not None:
            if max_size <= wanted:
                raise ValueError(f"resize: max_size must be greater than size {wanted}, got {max_size}")
            if new_long > max_size:
                new_short, new_long = int(max_size * new_short / new_long), max_size
    return (new_long, new_short) if width <= height else (new_short, new_long)  # type: ignore[return-value]


def resize(
    img: Any,
    size: int | Sequence[int],
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """The image in another size.

    Args:
        size: (height, width); one number is for the shorter side, the other keeps the shape.
        interpolation: An InterpolationMode or Pillow's number.
        max_size: The longer side is at most this.
        antialias: For tensors: average over what a new pixel covers, as Pillow always does.
    """
    mode = interpolation_mode(interpolation, "resize")
    if isinstance(size, (list, tuple)):
        if len(size) not in (1, 2):
            raise ValueError(f"resize: size must have 1 or 2 numbers, got {len(size)}")
        if max_size is not None and len(size) != 1:
            raise ValueError(
                "resize: max_size must be given with a size of one number only, got (height, width)"
            )
    _, height, width = get_dimensions(img)
    h, w = output_size(size, height, width, max_size)
    if (h, w) == (height, width):
        return img
    if is_pil(img):
        return img.resize((w, h), _PIL_NUMBERS[mode.value])
    from ...nn.functional import interpolate

    if mode.value not in ("nearest", "nearest-exact", "bilinear", "bicubic"):
        raise ValueError(
            f"resize: interpolation of a tensor must be nearest, bilinear or bicubic, got {mode.value}"
        )
    linear = mode.value.startswith("bi")
    batch = img.reshape((-1, *img.shape[-3:])) if img.ndim != 4 else img
    work = batch if img.is_floating_point() else batch.to(dtypes.float32)
    options = {"align_corners": False, "antialias": bool(antialias)} if linear else {}
    out = interpolate(work, size=(h, w), mode=mode.value, **options)
    if mode.value == "bicubic" and img.dtype is dtypes.uint8:
        out = out.clamp(0, 255)
    if not img.is_floating_point():
        out = (out.round() if linear else out).to(img.dtype)
    return out.reshape((*img.shape[:-2], h, w))


def _sides(padding: Any) -> tuple[int, int, int, int]:
    """left, top, right, bottom"""
    if isinstance(padding, numbers.Number):
        p = int(padding)  # type: ignore[call-overload]
        return p, p, p, p
    if not isinstance(padding, (tuple, list)):
        raise TypeError(f"pad: padding must be a number, list or tuple, got {type(padding).__name__}")
    if len(padding) == 1:
        return _sides(padding[0])
    if len(padding) == 2:
        return padding[0], padding[1], padding[0], padding[1]
    if len(padding) == 4:
        return tuple(padding)
    raise ValueError(f"pad: padding must have 1, 2 or 4 numbers, got {len(padding)}")


def pad(img: Any, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> Any:
    """The image with a border.

    Args:
        padding: One width; (left and right, top and bottom); or (left, top, right, bottom).
        fill: The border's value; for a PIL image also one per channel.
        padding_mode: "constant", "edge", "reflect" (the edge pixel once) or "symmetric" (twice).
    """
    left, top, right, bottom = _sides(padding)
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError(
            f"pad: padding_mode should be either constant, edge, reflect or symmetric, got {padding_mode!r}"
        )
    if is_pil(img):
        from PIL import Image, ImageOps

        if padding_mode == "constant":
            if isinstance(fill, (list, tuple)) and len(fill) == 1:
                fill = fill[0]
            if isinstance(fill, numbers.Number) and len(img.getbands()) > 1:
                fill = (int(fill),) * len(img.getbands())  # type: ignore[call-overload]
            elif isinstance(fill, float) and img.mode != "F":
                fill = int(fill)
            return ImageOps.expand(img, border=(left, top, right, bottom), fill=fill)
        if min(left, top, right, bottom) < 0:
            img = img.crop(
                (max(-left, 0), max(-top, 0), img.width - max(-right, 0), img.height - max(-bottom, 0))
            )
            left, top, right, bottom = (max(p, 0) for p in (left, top, right, bottom))
        array = np.asarray(img)
        widths = [(top, bottom), (left, right)] + [(0, 0)] * (array.ndim - 2)
        padded = Image.fromarray(np.pad(array, widths, padding_mode))  # type: ignore[call-overload]
        if img.mode == "P":
            padded.putpalette(img.getpalette())
        return padded
    require_image(img, "pad")
    array = img._array
    height, width = array.shape[-2:]
    if min(left, top, right, bottom) < 0:
        array = array[..., max(-top, 0) : height - max(-bottom, 0), max(-left, 0) : width - max(-right, 0)]
        left, top, right, bottom = (max(p, 0) for p in (left, top, right, bottom))
    widths = [(0, 0)] * (array.ndim - 2) + [(top, bottom), (left, right)]
    if padding_mode == "constant":
        value = fill[0] if isinstance(fill, (list, tuple)) else fill
        return wrap(np.pad(array, widths, constant_values=value))
    return wrap(np.pad(array, widths, padding_mode))  # type: ignore[call-overload]


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """A piece of the image; 0 where it reaches outside."""
    if is_pil(img):
        return img.crop((left, top, left + width, top + height))
    require_image(img, "crop")
    _, h, w = get_dimensions(img)
    right, bottom = left + width, top + height
    if left < 0 or top < 0 or right > w or bottom > h:
        inside = img[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        sides = [max(-left + min(0, right), 0), max(-top + min(0, bottom), 0)]
        sides += [max(right - max(w, left), 0), max(bottom - max(h, top), 0)]
        return pad(inside, sides)
    return img[..., top:bottom, left:right]


def _pair(size: Any) -> tuple[int, int]:
    if isinstance(size, numbers.Number):
        return int(size), int(size)  # type: ignore[call-overload]
    return (size[0], size[0]) if len(size) == 1 else (size[0], size[1])


def center_crop(img: Any, output_size: int | Sequence[int]) -> Any:
    """The middle (height, width) of the image, padded with 0 where the image is smaller."""
    ch, cw = _pair(output_size)
    _, h, w = get_dimensions(img)
    if cw > w or ch > h:
        dw, dh = max(cw - w, 0), max(ch - h, 0)
        img = pad(img, [dw // 2, dh // 2, (dw + 1) // 2, (dh + 1) // 2])
        _, h, w = get_dimensions(img)
        if (cw, ch) == (w, h):
            return img
    return crop(img, round((h - ch) / 2.0), round((w - cw) / 2.0), ch, cw)


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: Any = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """`crop`, then `resize`."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def hflip(img: Any) -> Any:
    """The image with left and right exchanged."""
    if is_pil(img):
        from PIL import Image

        return img.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    require_image(img, "hflip")
    return img.flip(-1)


def vflip(img: Any) -> Any:
    """The image upside down."""
    if is_pil(img):
        from PIL import Image

        return img.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    require_image(img, "vflip")
    return img.flip(-2)


def five_crop(img: Any, size: int | Sequence[int]) -> tuple[Any, ...]:
    """The four corners (top left, top right, bottom left, bottom right) and the middle."""
    ch, cw = _pair(size)
    _, h, w = get_dimensions(img)
    if cw > w or ch > h:
        raise ValueError(
            f"five_crop: size must fit into the image, {(h, w)}, got {(ch, cw)} (Requested crop size)"
        )
    corners = [crop(img, top, left, ch, cw) for top in (0, h - ch) for left in (0, w - cw)]
    return (*corners, center_crop(img, (ch, cw)))


def ten_crop(img: Any, size: int | Sequence[int], vertical_flip: bool = False) -> tuple[Any, ...]:
    """`five_crop` of the image and of its mirror image."""
    return five_crop(img, size) + five_crop(vflip(img) if vertical_flip else hflip(img), size)


def erase(img: Any, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Any:
    """The tensor with the rectangle at (i, j) of size (h, w) set to `v`."""
    require_image(img, "erase")
    if not inplace:
        img = img.clone()
    img[..., i : i + h, j : j + w] = v
    return img
