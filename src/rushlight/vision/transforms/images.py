"""What images are: PIL images and tensors (..., C, H, W); their sizes and types."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ... import dtypes
from ...tensor import Tensor, wrap

__all__ = ["convert_image_dtype", "get_dimensions", "get_image_num_channels", "get_image_size"]


def is_pil(img: Any) -> bool:
    """Whether it is a PIL image; does not import Pillow, which who has an image has done."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(img, module.Image)


def require_image(img: Any, function: str) -> None:
    """Refuse what is neither a PIL image nor a tensor of at least two dimensions."""
    if is_pil(img):
        return
    if not isinstance(img, Tensor):
        raise TypeError(f"{function}: img must be a PIL image or a Tensor, got {type(img).__name__}")
    if img.ndim < 2:
        raise TypeError(f"{function}: img must be a tensor image (..., H, W), got shape {tuple(img.shape)}")


def get_dimensions(img: Any) -> list[int]:
    """[channels, height, width]"""
    if is_pil(img):
        return [len(img.getbands()), img.height, img.width]
    require_image(img, "get_dimensions")
    return [1 if img.ndim == 2 else img.shape[-3], *img.shape[-2:]]


def get_image_size(img: Any) -> list[int]:
    """[width, height]"""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Any) -> int:
    """The number of channels."""
    return get_dimensions(img)[0]


def largest(dtype: dtypes.dtype) -> int:
    """The value of white: 1 in floating-point types, the largest value in integer ones."""
    return 1 if dtype.is_floating_point else int(np.iinfo(dtype.numpy).max)


def convert_image_dtype(image: Any, dtype: dtypes.dtype = dtypes.float32) -> Tensor:
    """The image in another type, its values scaled from the one's range to the other's.

    Raises:
        TypeError: `image` is no tensor.
        RuntimeError: a float type to an integer one that it cannot hold exactly.
    Example:
        >>> from rushlight import tensor, uint8, float32
        >>> convert_image_dtype(tensor([0, 51, 255], dtype=uint8), float32)
        tensor([0.0000, 0.2000, 1.0000])
    """
    if not isinstance(image, Tensor):
        raise TypeError(f"convert_image_dtype: image should be a Tensor, got {type(image)}")
    have = image.dtype
    if have is dtype:
        return image
    if have.is_floating_point:
        if dtype.is_floating_point:
            return image.to(dtype)
        if (have is dtypes.float32 and dtype in (dtypes.int32, dtypes.int64)) or (
            have is dtypes.float64 and dtype is dtypes.int64
        ):
            raise RuntimeError(
                f"convert_image_dtype: the cast from {have} to {dtype} cannot be performed safely"
            )
        scaled: Any = image * (largest(dtype) + 1 - 1e-3)
        return scaled.to(dtype)
    if dtype.is_floating_point:
        return image.to(dtype) / largest(have)
    high_have, high_want = largest(have), largest(dtype)
    if high_have > high_want:
        return wrap(image._array // ((high_have + 1) // (high_want + 1))).to(dtype)
    return image.to(dtype) * ((high_want + 1) // (high_have + 1))
