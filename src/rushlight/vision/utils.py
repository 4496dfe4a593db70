"""Pictures of tensors: `make_grid`, `save_image`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..tensor import Tensor, wrap

__all__ = ["make_grid", "save_image"]


def make_grid(
    tensor: Tensor | Sequence[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Images side by side as one image.

    Args:
        tensor: A batch (N, C, H, W), one image, or a list of images of one size.
        nrow: Images in a row.
        padding: Pixels between them.
        normalize: Shift and scale the values to (0, 1), from `value_range` or their own range.
        scale_each: Each image from its own range.
        pad_value: Value between the images.
    Shape:
        output: (3, H', W'); grey images are repeated in three channels.
    Raises:
        TypeError: `tensor` is neither a tensor nor a list of them.
    Example:
        >>> from rushlight import zeros
        >>> make_grid(zeros(5, 1, 4, 4), nrow=3).shape
        torch.Size([3, 14, 20])
    """
    if isinstance(tensor, (list, tuple)) and all(isinstance(t, Tensor) for t in tensor):
        array = np.stack([t.detach()._array for t in tensor])
    elif isinstance(tensor, Tensor):
        array = tensor.detach()._array
    else:
        raise TypeError(f"make_grid: tensor or list of tensors expected, got {type(tensor)}")
    if array.ndim == 2:
        array = array[None]
    if array.ndim == 3:
        array = (np.repeat(array, 3, 0) if len(array) == 1 else array)[None]
    if array.ndim == 4 and array.shape[1] == 1:
        array = np.repeat(array, 3, 1)
    if normalize:
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError(
                "make_grid: value_range has to be a tuple (min, max) if specified. min and max are numbers"
            )
        array = array.copy()
        for part in array if scale_each else (array,):
            low, high = value_range or (part.min(), part.max())
            np.clip(part, low, high, out=part)
            part -= low
            part /= max(high - low, 1e-5)
    if len(array) == 1:
        return wrap(array[0])
    count, channels, h, w = array.shape
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    h, w = h + padding, w + padding
    grid = np.full((channels, h * rows + padding, w * columns + padding), pad_value, array.dtype)
    for k, image in enumerate(array):
        y, x = divmod(k, columns)
        grid[:, y * h + padding : (y + 1) * h, x * w + padding : (x + 1) * w] = image
    return wrap(grid)


def save_image(
    tensor: Tensor | Sequence[Tensor], fp: str | Path | BinaryIO, format: str | None = None, **kwargs: Any
) -> None:
    """Write images (values from 0 to 1) as a picture file.

    Args:
        fp: A file name or object.
        format: Pillow's name of the format. Default: by the file name.
        **kwargs: For `make_grid`.
    """
    from PIL import Image

    grid = make_grid(tensor, **kwargs)._array
    pixels = np.clip(grid * 255 + 0.5, 0, 255).astype(np.uint8).transpose(1, 2, 0)
    Image.fromarray(np.ascontiguousarray(pixels)).save(fp, format=format)
