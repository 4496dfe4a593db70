"""Cases of the shuffles between channels and space."""

from __future__ import annotations

import numpy as np

from harness import OpCase, T, call, fails


def pixel_shuffle(x, r):
    *lead, c, h, w = x.shape
    out = np.empty((*lead, c // r**2, h * r, w * r), x.dtype)
    for i in range(r):
        for j in range(r):
            out[..., i::r, j::r] = x[..., i * r + j :: r * r, :, :]
    return out


def pixel_unshuffle(x, r):
    *lead, c, h, w = x.shape
    out = np.empty((*lead, c * r**2, h // r, w // r), x.dtype)
    for i in range(r):
        for j in range(r):
            out[..., i * r + j :: r * r, :, :] = x[..., i::r, j::r]
    return out


def channel_shuffle(x, groups):
    order = np.arange(x.shape[1]).reshape(groups, -1).T.ravel()
    return x[:, order]


CASES = [
    OpCase(
        "pixel_shuffle",
        [call(T(2, 8, 3, 4), 2), call(T(9, 2, 2), 3), call(T(2, 3, 4, 1, 2), 2)],
        reference=pixel_shuffle,
        errors=[
            fails(RuntimeError, "pixel_shuffle: input's channels", T(1, 6, 2, 2), 2),
            fails(RuntimeError, "pixel_shuffle: upscale_factor must be positive", T(1, 4, 2, 2), 0),
            fails(RuntimeError, "pixel_shuffle: input must have at least 3 dimensions", T(4, 2), 2),
        ],
        also=["nn.functional.pixel_shuffle"],
    ),
    OpCase(
        "pixel_unshuffle",
        [call(T(2, 2, 4, 6), 2), call(T(1, 6, 3), 3), call(T(2, 3, 1, 2, 2), 2)],
        reference=pixel_unshuffle,
        errors=[
            fails(RuntimeError, "pixel_unshuffle: input's height", T(1, 3, 2), 2),
            fails(RuntimeError, "pixel_unshuffle: input's width", T(1, 2, 3), 2),
            fails(RuntimeError, "pixel_unshuffle: downscale_factor must be positive", T(1, 2, 2), -1),
        ],
        also=["nn.functional.pixel_unshuffle"],
    ),
    OpCase(
        "nn.functional.channel_shuffle",
        [call(T(2, 6, 3), 2), call(T(2, 6, 2, 2), 3), call(T(1, 4, 2), 1), call(T(1, 4, 2), 4)],
        reference=channel_shuffle,
        errors=[
            fails(RuntimeError, "channel_shuffle: input's channels", T(1, 6, 2), 4),
            fails(RuntimeError, "channel_shuffle: groups must be positive", T(1, 6, 2), 0),
            fails(RuntimeError, "channel_shuffle: input must have more than 2 dimensions", T(1, 6), 2),
        ],
        also=["channel_shuffle", "native_channel_shuffle", "nn.functional.native_channel_shuffle"],
    ),
]
