"""Cases of spatial transformers."""

from __future__ import annotations

import itertools

import numpy as np

from harness import OpCase, T, call, fails


def affine_grid(theta, size, align_corners=False):
    n = len(size) - 2
    axes = []
    for s in size[2:]:
        line = np.linspace(-1, 1, s) if s > 1 else np.zeros(1)
        axes.append(line if align_corners else line * (s - 1) / s)
    base = np.stack([*np.meshgrid(*axes, indexing="ij")[::-1], np.ones(size[2:])], -1)
    return np.einsum("...j,nij->n...i", base, theta) if n == 2 else np.einsum("abcj,nij->nabci", base, theta)


def grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False):
    """Bilinear and nearest, zeros and border, from the definition, one output at a time."""
    n, c, *sizes = x.shape
    out = np.zeros((n, c, *grid.shape[1:-1]))
    for place in np.ndindex(*grid.shape[:-1]):
        at = []
        for g, s in zip(grid[place][::-1], sizes):
            p = (g + 1) / 2 * (s - 1) if align_corners else ((g + 1) * s - 1) / 2
            at.append(np.clip(p, 0, s - 1) if padding_mode == "border" else p)
        low = np.floor(at) if mode == "bilinear" else np.rint(at)
        for corner in (
            itertools.product((0, 1), repeat=len(sizes)) if mode == "bilinear" else [(0,) * len(sizes)]
        ):
            i = (low + corner).astype(int)
            if all(0 <= k < s for k, s in zip(i, sizes)):
                w = np.prod([1 - abs(p - k) for p, k in zip(at, i)]) if mode == "bilinear" else 1.0
                out[(place[0], slice(None), *place[1:])] += w * x[(place[0], slice(None), *i)]
    return out


CASES = [
    OpCase(
        "nn.functional.affine_grid",
        [
            call(T(2, 2, 3), (2, 1, 3, 4), align_corners=False),
            call(T(2, 2, 3), (2, 1, 3, 4), align_corners=True),
            call(T(1, 3, 4), (1, 1, 2, 3, 4), align_corners=False),
        ],
        reference=affine_grid,
        errors=[
            fails(
                NotImplementedError,
                "affine_grid: size must have 4 or 5 numbers",
                T(2, 2, 3),
                (2, 1, 3),
                False,
            ),
            fails(
                ValueError, "affine_grid: theta must have shape (N, 3, 4)", T(2, 2, 3), (2, 1, 3, 3, 3), False
            ),
            fails(ValueError, "affine_grid: size must be positive", T(2, 2, 3), (2, 1, 0, 3), False),
            fails(
                RuntimeError,
                "affine_grid: theta must have one matrix per sample",
                T(1, 2, 3),
                (2, 1, 3, 3),
                False,
            ),
            fails(
                ValueError,
                "affine_grid: theta must have a floating-point dtype",
                T(2, 2, 3, dtype="int64"),
                (2, 1, 3, 3),
                False,
            ),
        ],
        also=["affine_grid_generator"],
    ),
    OpCase(
        "nn.functional.grid_sample",
        [
            call(T(2, 1, 3, 4), T(2, 1, 2, 2, low=-1.4, high=1.4), mode, border, align)
            for mode, border, align in (
                ("bilinear", "zeros", False),
                ("bilinear", "zeros", True),
                ("bilinear", "border", False),
                ("nearest", "zeros", False),
                ("nearest", "border", True),
            )
        ]
        + [call(T(1, 1, 2, 3, 2), T(1, 1, 2, 2, 3, low=-1.4, high=1.4), align_corners=False)],
        reference=grid_sample,
        errors=[
            fails(ValueError, "grid_sample: mode must be", T(1, 1, 2, 2), T(1, 1, 1, 2), "best"),
            fails(
                ValueError,
                "grid_sample: padding_mode must be",
                T(1, 1, 2, 2),
                T(1, 1, 1, 2),
                "nearest",
                "wrap",
            ),
            fails(RuntimeError, "same batch size", T(2, 1, 2, 2), T(1, 1, 1, 2), align_corners=False),
            fails(
                RuntimeError,
                "grid must have size 2 in the last",
                T(1, 1, 2, 2),
                T(1, 1, 1, 3),
                align_corners=False,
            ),
            fails(
                RuntimeError,
                "non-empty spatial dimensions",
                T(1, 1, 2, 0),
                T(1, 1, 1, 2),
                align_corners=False,
            ),
            fails(
                RuntimeError,
                "grid_sample: input must be 4D with mode='bicubic'",
                T(1, 1, 2, 2, 2),
                T(1, 1, 1, 1, 3),
                "bicubic",
                align_corners=False,
            ),
        ],
        also=["grid_sampler", "grid_sampler_2d", "grid_sampler_3d"],
    ),
    OpCase(
        "nn.functional.grid_sample",
        [
            call(T(2, 1, 3, 4), T(2, 1, 2, 2, low=-2.5, high=2.5), mode, border, align)
            for mode, border, align in (
                ("bilinear", "reflection", False),
                ("bilinear", "reflection", True),
                ("nearest", "reflection", False),
                ("bicubic", "zeros", False),
                ("bicubic", "border", True),
                ("bicubic", "reflection", False),
            )
        ],
        id="nn.functional.grid_sample-reflection-bicubic",
    ),
]
