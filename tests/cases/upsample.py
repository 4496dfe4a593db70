"""Cases of nn.functional.interpolate."""

from __future__ import annotations

import numpy as np

from harness import OpCase, T, call, fails


def matrix(n, m, mode, align):
    """The (m, n) matrix of one dimension's interpolation, from its definition; sizes given, no scale factor."""
    w = np.zeros((m, n))
    for j in range(m):
        if mode == "nearest":
            w[j, min(int(np.floor(j * np.float32(n / m))), n - 1)] += 1
            continue
        if mode == "nearest-exact":
            w[j, min(int(np.floor((j + 0.5) * n / m)), n - 1)] += 1
            continue
        at = j * (n - 1) / max(m - 1, 1) if align else (j + 0.5) * n / m - 0.5
        if mode == "linear":
            at = min(max(at, 0), n - 1)
            i, t = int(np.floor(at)), at - np.floor(at)
            w[j, i] += 1 - t
            w[j, min(i + 1, n - 1)] += t
        else:
            i, t, a = int(np.floor(at)), at - np.floor(at), -0.75
            for k in (-1, 0, 1, 2):
                d = abs(t - k)
                near, far = (a + 2) * d**3 - (a + 3) * d**2 + 1, a * (d**3 - 5 * d**2 + 8 * d - 4)
                w[j, min(max(i + k, 0), n - 1)] += near if d <= 1 else far
    return w


def interpolate(x, size=None, scale_factor=None, mode="nearest", align_corners=None, **rest):
    spatial = x.shape[2:]
    if size is None:
        size = [int(np.floor(n * scale_factor)) for n in spatial]
    sizes = [size] * len(spatial) if isinstance(size, int) else size
    for d, (n, m) in enumerate(zip(spatial, sizes)):
        kind = mode if mode.startswith("nearest") else "cubic" if mode == "bicubic" else "linear"
        x = np.moveaxis(np.tensordot(matrix(n, m, kind, align_corners), x, (1, d + 2)), 0, d + 2)
    return x


CASES = [
    OpCase(
        "nn.functional.interpolate",
        [
            call(T(2, 3, 4), size=7),
            call(T(2, 3, 4), size=3, mode="nearest-exact"),
            call(T(2, 3, 4), scale_factor=2, mode="linear"),
            call(T(2, 3, 5), size=3, mode="linear", align_corners=True),
            call(T(1, 2, 4, 5), size=(7, 3)),
            call(T(1, 2, 4, 5), size=(8, 10), mode="bilinear"),
            call(T(1, 2, 4, 5), size=(3, 9), mode="bilinear", align_corners=True),
            call(T(1, 2, 4, 5), size=1, mode="bilinear", align_corners=True),
            call(T(1, 2, 4, 5), size=(4, 5), mode="bilinear"),
            call(T(1, 2, 4, 5), size=(7, 3), mode="bicubic"),
            call(T(1, 2, 4, 5), size=(9, 10), mode="bicubic", align_corners=True),
            call(T(1, 1, 3, 2, 4), size=(2, 5, 3), mode="trilinear"),
            call(T(1, 1, 3, 2, 4), scale_factor=2),
        ],
        reference=interpolate,
        big=call(T(4, 16, 32, 32), scale_factor=2, mode="bilinear"),
        rtol=1e-4,
        atol=1e-5,
        reason="positions are computed in float32, as in PyTorch: their error is up to 1e-6 of the size",
        errors=[
            fails(ValueError, "interpolate: either size or scale_factor", T(1, 1, 2)),
            fails(ValueError, "interpolate: only one of size or scale_factor", T(1, 1, 2), 3, 2),
            fails(ValueError, "interpolate: size must have one value per spatial", T(1, 1, 2), (3, 4)),
            fails(
                NotImplementedError,
                "interpolate: input must be 4D for mode 'bilinear'",
                T(1, 1, 2),
                3,
                mode="bilinear",
            ),
            fails(NotImplementedError, "interpolate: input must be 3D, 4D or 5D", T(1, 1, 2), 3, mode="best"),
            fails(
                ValueError, "interpolate: align_corners must only be set", T(1, 1, 2), 3, align_corners=True
            ),
            fails(ValueError, "interpolate: antialias must only be set", T(1, 1, 2), 3, antialias=True),
            fails(RuntimeError, "Input and output sizes should be greater than 0", T(1, 1, 2), 0),
            fails(RuntimeError, "Input and output sizes should be greater than 0", T(1, 1, 0), 2),
            fails(TypeError, "interpolate: size must be ints", T(1, 1, 2), 2.5),
            fails(
                ValueError,
                "interpolate: recompute_scale_factor is not meaningful",
                T(1, 1, 2),
                3,
                recompute_scale_factor=True,
            ),
        ],
        also=["nn.functional.upsample", "nn.functional.upsample_nearest", "nn.functional.upsample_bilinear"],
    ),
    OpCase(
        "nn.functional.interpolate",
        [
            call(T(1, 1, 7, 6), scale_factor=0.6, mode=mode, antialias=antialias)
            for mode, antialias in (
                ("nearest", False),
                ("nearest-exact", False),
                ("bilinear", False),
                ("bicubic", False),
                ("area", False),
                ("bilinear", True),
                ("bicubic", True),
                ("lanczos", True),
            )
        ]
        + [
            call(T(1, 1, 7, 6), scale_factor=(1.7, 0.4), mode="bilinear", recompute_scale_factor=True),
            call(T(1, 1, 7, 6), size=(3, 12), mode="bicubic", antialias=True),
            call(T(1, 2, 7), size=3, mode="area"),
        ],
        id="nn.functional.interpolate-factors",
        rtol=1e-4,
        atol=1e-5,
        reason="positions are computed in float32, as in PyTorch: their error is up to 1e-6 of the size",
    ),
]
