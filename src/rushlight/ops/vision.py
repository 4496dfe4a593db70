"""Spatial transformers: sampling images at given places, and the grids of such places.

Both are composed of differentiable operations: gradients to the image and to the grid, of any order, follow.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import warn
from ..tensor import Tensor, wrap
from .elementwise import in_float32, require_tensor
from .gather import gather
from .mask import where
from .shape import expand, flatten, reshape, transpose, unsqueeze

__all__ = ["affine_grid_generator", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d"]
functional = ["affine_grid", "grid_sample"]

_SAMPLING = ("bilinear", "nearest", "bicubic")
_BORDERS = ("zeros", "border", "reflection")


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid of places that an affine map takes each output pixel from, for `grid_sample`.

    Coordinates run from -1 to 1 over the image, x (width) first.

    Args:
        theta: The maps, one matrix per sample: (N, 2, 3) for images, (N, 3, 4) for volumes.
        size: Size of the output: (N, C, H, W) or (N, C, D, H, W).
        align_corners: Whether -1 and 1 are the corner pixels' centres (True) or their outer corners (False, default).
    Shape:
        output: (N, H, W, 2) or (N, D, H, W, 3).
    Source: Jaderberg et al. 2015, arXiv:1506.02025.
    Example:
        >>> F.affine_grid(
        ...     torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), (1, 1, 1, 2), align_corners=False
        ... )
        tensor([[[[-0.5000,  0.0000],
                  [ 0.5000,  0.0000]]]])
    """
    require_tensor("affine_grid", theta, "theta")
    if align_corners is None:
        _warn_default("affine_grid")
        align_corners = False
    size = tuple(size)
    if not theta.is_floating_point():
        raise ValueError(f"affine_grid: theta must have a floating-point dtype, got {theta.dtype}")
    n = len(size) - 2
    if n not in (2, 3):
        raise NotImplementedError(
            f"affine_grid: size must have 4 or 5 numbers, (N, C, [D,] H, W), got {size}"
        )
    if theta.dim() != 3 or tuple(theta.shape[1:]) != (n, n + 1):
        raise ValueError(
            f"affine_grid: theta must have shape (N, {n}, {n + 1}) for size {size}, got {tuple(theta.shape)}"
        )
    if min(size) <= 0:
        raise ValueError(f"affine_grid: size must be positive, got {size}")
    if theta.shape[0] != size[0]:
        raise RuntimeError(
            f"affine_grid: theta must have one matrix per sample ({size[0]}), got {theta.shape[0]}"
        )
    axes = [_centers(s, align_corners) for s in size[2:]]
    base = np.stack([*np.meshgrid(*axes, indexing="ij")[::-1], np.ones(size[2:])], axis=-1)
    points = wrap(base.reshape(1, -1, n + 1).astype(theta._array.dtype))
    grid = expand(points, (size[0], *points.shape[1:])) @ transpose(theta, 1, 2)
    return reshape(grid, (size[0], *size[2:], n))


def affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """`affine_grid` under the name it has beside the tensor functions."""
    require_tensor("affine_grid_generator", theta, "theta")
    return affine_grid(theta, size, align_corners)


def _centers(size: int, align_corners: bool) -> np.ndarray:
    """The coordinates of the pixels' centres along a dimension."""
    if size <= 1:
        return np.zeros(size)
    line = np.linspace(-1, 1, size)
    return line if align_corners else line * (size - 1) / size


def _warn_default(function: str) -> None:
    warn(f"{function}: align_corners should be given; the default has been False since PyTorch 1.3")


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The values of an image at the places in `grid`, interpolated.

    Args:
        grid: Coordinates from -1 to 1 over the image, x (width) first: (N, H_out, W_out, 2), or for volumes
            (N, D_out, H_out, W_out, 3).
        mode: 'bilinear' (trilinear for volumes), 'nearest' or 'bicubic' (images only).
        padding_mode: What lies outside: 'zeros', 'border' (the border's values) or 'reflection' (at the border).
        align_corners: Whether -1 and 1 are the corner pixels' centres (True) or their outer corners (False, default).
    Shape:
        input: (N, C, H, W) or (N, C, D, H, W); output: (N, C, H_out, W_out) or (N, C, D_out, H_out, W_out).
    Raises:
        ValueError: A mode does not exist.
        RuntimeError: Shapes or dtypes do not fit together.
    Source: Jaderberg et al. 2015, arXiv:1506.02025, section 3.3.
    Example:
        >>> image = torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]])
        >>> F.grid_sample(image, torch.zeros(1, 1, 1, 2), align_corners=True)
        tensor([[[[1.5000]]]])
    """
    require_tensor("grid_sample", input)
    if mode not in _SAMPLING:
        raise ValueError(f"grid_sample: mode must be 'bilinear', 'nearest' or 'bicubic', got {mode!r}")
    if padding_mode not in _BORDERS:
        raise ValueError(
            f"grid_sample: padding_mode must be 'zeros', 'border' or 'reflection', got {padding_mode!r}"
        )
    if align_corners is None:
        _warn_default("grid_sample")
        align_corners = False
    n = input.dim() - 2
    if n not in (2, 3) or grid.dim() != input.dim():
        if n in (1, 2, 3) and input.shape[0] != grid.shape[0]:
            raise RuntimeError(
                "grid_sample: grid and input must have the same batch size, got input with sizes "
                f"{list(input.shape)} and grid with sizes {list(grid.shape)}"
            )
        if n in (2, 3) and grid.shape[-1] != n:
            raise RuntimeError(
                f"grid_sample: grid must have size {n} in the last dimension, got {list(grid.shape)}"
            )
        raise RuntimeError(
            f"grid_sample: input must be 4D or 5D and grid have as many dimensions, got {input.dim()}D and {grid.dim()}D"
        )
    if input.dtype is not grid.dtype:
        raise RuntimeError(f"grid_sample: grid must have the input's dtype, {input.dtype}, got {grid.dtype}")
    if input.shape[0] != grid.shape[0]:
        raise RuntimeError(
            f"grid_sample: grid and input must have the same batch size, got input with sizes {list(input.shape)} and "
            f"grid with sizes {list(grid.shape)}"
        )
    if grid.shape[-1] != n:
        raise RuntimeError(
            f"grid_sample: grid must have size {n} in the last dimension, got {list(grid.shape)}"
        )
    if 0 in input.shape[2:]:
        raise RuntimeError(
            f"grid_sample: input must have non-empty spatial dimensions, got {list(input.shape)}"
        )
    if mode == "bicubic" and n != 2:
        raise RuntimeError(f"grid_sample: input must be 4D with mode='bicubic', got {input.dim()}D")

    return _sampled(input, grid, mode, padding_mode, align_corners)


@in_float32
def _sampled(input: Tensor, grid: Tensor, mode: str, padding_mode: str, align_corners: bool) -> Tensor:
    n, sizes = input.dim() - 2, tuple(input.shape[2:])
    taps = []
    for k, size in enumerate(sizes):  # coordinates are stored last dimension first
        x = grid[..., n - 1 - k]
        x = (x + 1) * (0.5 * (size - 1)) if align_corners else ((x + 1) * size - 1) * 0.5
        taps.append(_places(x, size, mode, padding_mode, align_corners))
    return _weighted(input, taps, sizes)


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`grid_sample` with the modes as numbers: 0 bilinear, 1 nearest, 2 bicubic; 0 zeros, 1 border, 2 reflection."""
    return grid_sample(input, grid, _SAMPLING[interpolation_mode], _BORDERS[padding_mode], align_corners)


grid_sampler_2d = grid_sampler_3d = grid_sampler


def _places(
    x: Tensor, size: int, mode: str, border: str, align: bool
) -> list[tuple[np.ndarray, np.ndarray, Any]]:
    """For one dimension: (index, is inside, weight) of each tap; a weight of None is 1."""
    if mode == "bicubic":
        low = np.floor(x._array)
        t = x - wrap(low)
        taps = []
        for k in (-1, 0, 1, 2):
            place = _bordered(wrap(low + k), size, border, align)._array
            index, inside = _index(np.floor(place + 0.5), size)
            taps.append((index, inside, _cubic(t - k if k < 1 else k - t, near=k in (0, 1))))
        return taps
    x = _bordered(x, size, border, align)
    if mode == "nearest":
        return [(*_index(np.rint(x._array), size), None)]
    low = np.floor(x._array)
    t = x - wrap(low)
    return [(*_index(low, size), 1 - t), (*_index(low + 1, size), t)]


def _cubic(d: Tensor, near: bool) -> Tensor:
    """Keys' kernel with a = -0.75 at distances d, all below 1 (near) or all in [1, 2)."""
    a = -0.75
    if near:
        return ((a + 2) * d - (a + 3)) * d * d + 1
    return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a


def _index(place: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Integer places (NaN counts as outside), and whether they are inside."""
    inside = (place >= 0) & (place < size)
    return np.where(inside, place, 0).astype(np.int64), inside


def _bordered(x: Tensor, size: int, border: str, align: bool) -> Tensor:
    """Coordinates outside the image brought back into it, as `border` says."""
    if border == "zeros":
        return x
    if border == "reflection":
        low, span = (0.0, size - 1.0) if align else (-0.5, float(size))
        if span == 0:
            return x * 0
        x = x - low
        x = where(wrap(x._array < 0), -x, x)
        flips = np.floor(x._array / span)
        rest = x - wrap(flips * span)
        x = where(wrap(flips % 2 == 0), rest, span - rest) + low
    a = x._array
    inside = (a > 0) & (a < size - 1)  # no gradient at the border itself, as in PyTorch
    return where(wrap(inside), x, wrap(np.clip(np.where(np.isnan(a), 0, a), 0, size - 1)))


def _weighted(input: Tensor, taps: list, sizes: tuple) -> Tensor:
    """The sum over all combinations of taps of input values times the taps' weights."""
    n, c = input.shape[:2]
    places = taps[0][0][0].shape[1:]
    flat = flatten(input, 2)
    out = None
    for corner in itertools.product(*taps):
        index: Any = 0
        inside: Any = True
        weight = None
        for (i, ok, w), size in zip(corner, sizes):
            index = index * size + i
            inside = inside & ok
            if w is not None:
                weight = w if weight is None else weight * w
        mask = wrap(inside.astype(input._array.dtype))
        weight = mask if weight is None else where(wrap(inside), weight, mask)
        index = wrap(np.broadcast_to(index.reshape(n, 1, -1), (n, c, index[0].size)))
        values = reshape(gather(flat, 2, index), (n, c, *places)) * unsqueeze(weight, 1)
        out = values if out is None else out + values
    return out  # type: ignore[return-value]
