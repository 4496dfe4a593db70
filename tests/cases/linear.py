"""Cases of ops/linear.py."""

import numpy as np

from harness import OpCase, T, call, fails
from rushlight.ops import linear as op


def linear(x, w, b=None):
    return x @ w.T + (0 if b is None else b)


CASES = [
    OpCase(
        "nn.functional.linear",
        [
            call(T(3, 4), T(5, 4), T(5)),
            call(T(3, 4), T(5, 4)),
            call(T(2, 3, 4), T(5, 4), T(5)),
            call(T(4), T(5, 4), T(5)),
            call(T(1, 30), T(70, 30), T(70)),
            call(T(2, 3, 1, 4), T(1, 4), T(1)),
            call(T(0, 4), T(5, 4), T(5)),
            call(T(3, 0), T(5, 0), T(5)),
        ],
        reference=linear,
        composed=op.linear_composed,
        dtypes=("float32", "float64", "bfloat16", "complex64"),
        big=call(T(64, 784), T(256, 784), T(256)),
        errors=[
            fails(RuntimeError, "linear: input must have last size 4, as weight (5, 4)", T(3, 5), T(5, 4)),
            fails(RuntimeError, "linear: bias must have shape (5,)", T(3, 4), T(5, 4), T(4)),
            fails(
                RuntimeError,
                "linear: input, weight and bias must have the same dtype",
                T(3, 4),
                T(5, 4, dtype="int64"),
            ),
            fails(TypeError, "linear: weight must be a Tensor, got int", T(3, 4), 5),
        ],
    ),
    OpCase(
        "nn.functional.bilinear",
        [
            call(T(3, 4), T(3, 5), T(2, 4, 5), T(2)),
            call(T(4), T(5), T(2, 4, 5)),
            call(T(2, 3, 4), T(2, 3, 5), T(1, 4, 5)),
        ],
        reference=lambda a, b, w, c=None: np.einsum("...n,onm,...m->...o", a, w, b) + (0 if c is None else c),
        errors=[fails(RuntimeError, "bilinear: input1 must have shape (*, n)", T(3, 4), T(3, 5), T(2, 5, 5))],
    ),
]
