"""Cases of nn.functional.pad."""

from __future__ import annotations

import numpy as np

from harness import OpCase, T, call, fails

_NUMPY = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(x, pad, mode="constant", value=None):
    widths = [(0, 0)] * x.ndim
    for i in range(0, len(pad), 2):
        widths[x.ndim - 1 - i // 2] = (pad[i], pad[i + 1])
    grown = [(max(b, 0), max(a, 0)) for b, a in widths]
    if mode == "circular":  # a ring is cut before it is gone around
        x = x[tuple(slice(max(-b, 0), n + min(a, 0)) for n, (b, a) in zip(x.shape, widths))]
        return np.pad(x, grown, mode="wrap")
    if mode == "constant":
        x = np.pad(x, grown, constant_values=0 if value is None else value)
    else:
        x = np.pad(x, grown, mode=_NUMPY[mode])
    return x[tuple(slice(max(-b, 0), n + min(a, 0)) for n, (b, a) in zip(x.shape, widths))]


CASES = [
    OpCase(
        "nn.functional.pad",
        [
            call(T(3, 4), (1, 2)),
            call(T(3, 4), (1, 0, 2, 3), value=1.5),
            call(T(3, 4), (-1, 2, 1, -2)),
            call(T(3, 4), (-2, -2)),
            call(T(3, 4), ()),
            call(T(0, 4), (1, 1, 1, 1)),
            call(T(2, 3, 4), (1, 1, 0, 1, 2, 0), "constant", -1.0),
            call(T(2, 5), (4, 1), mode="reflect"),
            call(T(1, 3, 5), (2, 1, 1, 2), mode="reflect"),
            call(T(1, 1, 2, 3, 4), (2, 1, 1, 2, 1, 0), mode="reflect"),
            call(T(2, 5), (-2, 3), mode="reflect"),
            call(T(2, 3), (4, 5), mode="replicate"),
            call(T(1, 3, 5), (2, 1, 6, 2), mode="replicate"),
            call(T(1, 1, 2, 3, 4), (2, 1, 1, 2, 1, 0), mode="replicate"),
            call(T(1, 3, 5), (3, -2, -1, 0), mode="replicate"),
            call(T(2, 5), (5, 3), mode="circular"),
            call(T(1, 3, 5), (2, 1, 3, 2), mode="circular"),
            call(T(1, 1, 2, 3, 4), (2, 1, 1, 2, 1, 0), mode="circular"),
            call(T(2, 5), (3, -2), mode="circular"),
            # wide borders are copied at once
            call(T(2, 21), (18, 15), mode="reflect"),
            call(T(1, 2, 20, 3), (1, 1, 0, 19), mode="reflect"),
            call(T(2, 9), (0, 18), mode="replicate"),
            call(T(2, 12), (12, 7), mode="circular"),
        ],
        reference=pad,
        dtypes=("float32", "float64", "float16", "bfloat16", "int64", "complex64"),
        torch_dtypes=("float32", "float64"),
        big=call(T(8, 32, 32, 32), (1, 1, 1, 1), mode="reflect"),
        errors=[
            fails(RuntimeError, "pad: pad must have an even number of elements", T(3, 4), (1,)),
            fails(RuntimeError, "pad: pad must have at most 4 elements", T(3, 4), (1, 2, 3, 4, 5, 6)),
            fails(RuntimeError, "length must be non-negative", T(3, 4), (-3, -2)),
            fails(TypeError, "pad: pad must be a tuple of ints", T(3, 4), 3),
            fails(NotImplementedError, "pad: mode must be one of 'constant'", T(3, 4), (1, 1), "mirror"),
            fails(RuntimeError, "Padding size should be less than", T(3, 4), (4, 0), "reflect"),
            fails(RuntimeError, "wrapping around more than once", T(3, 4), (5, 0), "circular"),
            fails(
                RuntimeError,
                "pad: value must not be given with mode='reflect'",
                T(3, 4),
                (1, 1),
                "reflect",
                2.0,
            ),
            fails(NotImplementedError, "pad: mode 'reflect' must pad the last", T(4), (1, 1), "reflect"),
            fails(RuntimeError, "pad: input must not be empty", T(2, 0), (1, 1), "replicate"),
        ],
    ),
]
