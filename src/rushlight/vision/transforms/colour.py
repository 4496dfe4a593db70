"""Transforms that change colours: brightness, contrast, saturation, hue, grey, blur and the like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...tensor import Tensor, wrap
from .images import get_dimensions, is_pil, largest, require_image

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "autocontrast",
    "equalize",
    "gaussian_blur",
    "invert",
    "posterize",
    "rgb_to_grayscale",
    "solarize",
    "to_grayscale",
]


def _work(img: Tensor) -> np.ndarray:
    """The values as floats."""
    return img._array if img.is_floating_point() else img._array.astype(np.float32)


def _back(values: np.ndarray, like: Tensor) -> Tensor:
    """Clipped to the range of images, in the type of `like`."""
    top = largest(like.dtype)
    return wrap(np.clip(values, 0, top).astype(like._array.dtype))


def _enhance(kind: str, img: Any, factor: float) -> Any:
    from PIL import ImageEnhance

    return getattr(ImageEnhance, kind)(img).enhance(factor)


def _not_negative(factor: float, name: str) -> None:
    if factor < 0:
        raise ValueError(
            f"adjust_{name}: {name}_factor must not be negative, got {factor} (is not non-negative)"
        )


def _grey(values: np.ndarray) -> np.ndarray:
    """ITU-R 601-2 luma of (..., 3, H, W), as (..., 1, H, W)."""
    weights = np.array([0.2989, 0.587, 0.114], values.dtype)
    r, g, b = (values[..., i, :, :] for i in range(3))
    return (weights[0] * r + weights[1] * g + weights[2] * b)[..., None, :, :]


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """The grey image, in 1 channel or the same in 3."""
    if num_output_channels not in (1, 3):
        raise ValueError(
            f"rgb_to_grayscale: num_output_channels should be either 1 or 3, got {num_output_channels}"
        )
    if is_pil(img):
        return to_grayscale(img, num_output_channels)
    require_image(img, "rgb_to_grayscale")
    channels = get_dimensions(img)[0]
    if channels not in (1, 3):
        raise TypeError(f"rgb_to_grayscale: img must have 1 or 3 channels, got {channels}")
    grey = img._array if channels == 1 else _grey(_work(img)).astype(img._array.dtype)
    return wrap(np.repeat(grey, num_output_channels, axis=-3))


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A PIL image in grey: mode L, or RGB with three equal channels."""
    if not is_pil(img):
        raise TypeError(
            f"to_grayscale: img should be PIL Image, got {type(img).__name__}; see rgb_to_grayscale"
        )
    if num_output_channels not in (1, 3):
        raise ValueError(
            f"to_grayscale: num_output_channels should be either 1 or 3, got {num_output_channels}"
        )
    grey = img.convert("L")
    if num_output_channels == 1:
        return grey
    from PIL import Image

    return Image.merge("RGB", (grey, grey, grey))


def _blend(img: Tensor, other: Any, factor: float) -> Tensor:
    values = _work(img)
    ratio = values.dtype.type(factor)
    return _back(ratio * values + values.dtype.type(1.0 - factor) * other, img)


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """0 gives black, 1 the image, 2 twice as bright."""
    _not_negative(brightness_factor, "brightness")
    if is_pil(img):
        return _enhance("Brightness", img, brightness_factor)
    require_image(img, "adjust_brightness")
    return _blend(img, np.float32(0), brightness_factor)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """0 gives plain grey, 1 the image."""
    _not_negative(contrast_factor, "contrast")
    if is_pil(img):
        return _enhance("Contrast", img, contrast_factor)
    require_image(img, "adjust_contrast")
    grey = _work(img)
    if get_dimensions(img)[0] == 3:
        grey = _grey(grey)
        if not img.is_floating_point():
            grey = grey.astype(img._array.dtype).astype(np.float32)
    return _blend(img, grey.mean(axis=(-3, -2, -1), keepdims=True), contrast_factor)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """0 gives grey, 1 the image."""
    _not_negative(saturation_factor, "saturation")
    if is_pil(img):
        return _enhance("Color", img, saturation_factor)
    require_image(img, "adjust_saturation")
    if get_dimensions(img)[0] == 1:
        return img
    grey = _grey(_work(img))
    if not img.is_floating_point():
        grey = grey.astype(img._array.dtype).astype(np.float32)
    return _blend(img, grey, saturation_factor)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """The colours turned by `hue_factor` (of a full turn, from -0.5 to 0.5)."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(
            f"adjust_hue: hue_factor must be in [-0.5, 0.5], got {hue_factor} (is not in [-0.5, 0.5])"
        )
    if is_pil(img):
        if img.mode in ("L", "1", "I", "F"):
            return img
        from PIL import Image

        hue, saturation, value = img.convert("HSV").split()
        turned = np.asarray(hue) + np.int32(hue_factor * 255).astype(np.uint8)
        return Image.merge("HSV", (Image.fromarray(turned), saturation, value)).convert(img.mode)
    require_image(img, "adjust_hue")
    if get_dimensions(img)[0] == 1:
        return img
    top = largest(img.dtype)
    values = _work(img) if top == 1 else _work(img) / np.float32(top)
    hue, saturation, value = _to_hsv(values)
    rgb = _from_hsv((hue + values.dtype.type(hue_factor)) % 1.0, saturation, value)
    if top == 1:
        return wrap(rgb.astype(img._array.dtype))
    return wrap((rgb * (top + 1 - 1e-3)).astype(img._array.dtype))


def _to_hsv(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source: Smith 1978, "Color gamut transform pairs"."""
    r, g, b = (rgb[..., i, :, :] for i in range(3))
    high, low = rgb.max(axis=-3), rgb.min(axis=-3)
    grey, spread = high == low, high - low
    saturation = spread / np.where(grey, 1, high)
    part = np.where(grey, 1, spread)
    rc, gc, bc = (high - r) / part, (high - g) / part, (high - b) / part
    hue = np.where(high == r, bc - gc, np.where(high == g, 2 + rc - bc, 4 + gc - rc))
    return ((hue / 6 + 1) % 1.0).astype(rgb.dtype), saturation.astype(rgb.dtype), high


def _from_hsv(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    sixth = np.floor(hue * 6)
    f = hue * 6 - sixth
    p = np.clip(value * (1 - saturation), 0, 1)
    q = np.clip(value * (1 - saturation * f), 0, 1)
    t = np.clip(value * (1 - saturation * (1 - f)), 0, 1)
    k = sixth.astype(np.int64) % 6
    channels = ([value, q, p, p, t, value], [t, value, value, q, p, p], [p, p, t, value, value, q])
    return np.stack([np.choose(k, c) for c in channels], axis=-3)


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """255 * gain * (value / 255) ** gamma"""
    if gamma < 0:
        raise ValueError(f"adjust_gamma: gamma should be a non-negative real number, got {gamma}")
    if is_pil(img):
        table = [int((255 + 1 - 1e-3) * gain * pow(i / 255.0, gamma)) for i in range(256)] * len(
            img.getbands()
        )
        return img.point(table)
    require_image(img, "adjust_gamma")
    top = largest(img.dtype)
    values = np.clip(gain * (_work(img) / np.float32(top)) ** np.float32(gamma), 0, 1)
    return wrap((values if top == 1 else values * (top + 1 - 1e-3)).astype(img._array.dtype))


def invert(img: Any) -> Any:
    """The negative."""
    if is_pil(img):
        from PIL import ImageOps

        return ImageOps.invert(img)
    require_image(img, "invert")
    return wrap(img._array.dtype.type(largest(img.dtype)) - img._array)


def posterize(img: Any, bits: int) -> Any:
    """The image with `bits` bits in each value."""
    if is_pil(img):
        from PIL import ImageOps

        return ImageOps.posterize(img, bits)
    require_image(img, "posterize")
    if img._array.dtype != np.uint8:
        raise TypeError(f"posterize: img must be of dtype uint8, got {img.dtype}")
    return wrap(img._array & np.uint8(256 - 2 ** (8 - bits)))


def solarize(img: Any, threshold: float) -> Any:
    """The negative of the values at or above `threshold`."""
    if is_pil(img):
        from PIL import ImageOps

        return ImageOps.solarize(img, int(threshold))
    require_image(img, "solarize")
    return wrap(np.where(img._array >= threshold, invert(img)._array, img._array))


def autocontrast(img: Any) -> Any:
    """Each channel stretched over the whole range."""
    if is_pil(img):
        from PIL import ImageOps

        return ImageOps.autocontrast(img)
    require_image(img, "autocontrast")
    top, values = largest(img.dtype), _work(img)
    low, high = (f(values, axis=(-2, -1), keepdims=True) for f in (np.min, np.max))
    flat = high == low
    scale = np.where(flat, 1, top / np.where(flat, 1, high - low)).astype(values.dtype)
    return _back((values - np.where(flat, 0, low)) * scale, img)


def equalize(img: Any) -> Any:
    """Each channel with its histogram made flat."""
    from PIL import Image, ImageOps

    if is_pil(img):
        return ImageOps.equalize(img)
    require_image(img, "equalize")
    if img._array.dtype != np.uint8:
        raise TypeError(f"equalize: img must be of dtype uint8, got {img.dtype}")
    planes = img._array.reshape(-1, *img.shape[-2:])
    done = [np.asarray(ImageOps.equalize(Image.fromarray(np.ascontiguousarray(p)))) for p in planes]
    return wrap(np.stack(done).reshape(img.shape))


def gaussian_blur(
    img: Any, kernel_size: int | Sequence[int], sigma: float | Sequence[float] | None = None
) -> Any:
    """The image blurred by a Gaussian of odd (width, height) `kernel_size`; borders are reflected.

    Args:
        sigma: In pixels, one or (x, y). Default: 0.3 * ((kernel_size - 1) / 2 - 1) + 0.8.
    """
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else list(kernel_size)
    for k in sizes:
        if k % 2 == 0 or k < 0:
            raise ValueError(
                f"gaussian_blur: kernel_size should have odd and positive integers, got {kernel_size}"
            )
    if sigma is None:
        sigmas = [k * 0.15 + 0.35 for k in sizes]
    else:
        sigmas = [float(sigma)] * 2 if isinstance(sigma, (int, float)) else [float(s) for s in sigma]
    if any(s <= 0 for s in sigmas):
        raise ValueError(f"gaussian_blur: sigma should have positive values, got {sigma}")
    if is_pil(img):
        from .functional import pil_to_tensor, to_pil_image

        return to_pil_image(gaussian_blur(pil_to_tensor(img), sizes, sigmas), mode=img.mode)
    require_image(img, "gaussian_blur")
    values = _work(img)
    for axis, k, s in ((-1, sizes[0], sigmas[0]), (-2, sizes[1] if len(sizes) > 1 else sizes[0], sigmas[-1])):
        x = np.linspace(-(k - 1) * 0.5, (k - 1) * 0.5, k)
        weights = np.exp(-0.5 * (x / s) ** 2)
        weights = (weights / weights.sum()).astype(values.dtype)
        widths = [(0, 0)] * values.ndim
        widths[axis] = (k // 2, k // 2)
        padded = np.pad(values, widths, "reflect")
        n = values.shape[axis]
        values = sum(w * padded.take(range(i, i + n), axis=axis) for i, w in enumerate(weights))
    return _back(np.round(values), img) if not img.is_floating_point() else wrap(values)
