"""Cases of ops/shape.py."""

import numpy as np

from harness import OpCase, T, call, fails

CASES = [
    OpCase(
        "transpose",
        [call(T(2, 3), 0, 1), call(T(2, 3, 4), -1, 0), call(T(), 0, -1), call(T(0, 3), 0, 1)],
        reference=lambda x, a, b: np.swapaxes(x, a, b) if x.ndim else x,
        errors=[fails(IndexError, "transpose: ", T(2, 3), 0, 2)],
    ),
    OpCase(
        "permute",
        [call(T(2, 3, 4), (2, 0, 1)), call(T(2, 3), (-1, 0)), call(T(), ())],
        reference=np.transpose,
        errors=[fails(RuntimeError, "permute: ", T(2, 3), (0,))],
    ),
    OpCase(
        "reshape",
        [call(T(2, 6), (3, 4)), call(T(2, 6), (-1,)), call(T(0, 2), (5, 0)), call(T(), (1, 1))],
        reference=np.reshape,
        errors=[
            fails(RuntimeError, "reshape: ", T(2, 3), (4, 2)),
            fails(RuntimeError, "reshape: ", T(6), (-1, -1)),
        ],
    ),
    OpCase(
        "flatten",
        [call(T(2, 3, 4)), call(T(2, 3, 4), 1), call(T(2, 3, 4), 0, 1), call(T())],
        reference=lambda x, start_dim=0, end_dim=-1: (
            x.reshape(1)
            if not x.ndim
            else x.reshape(*x.shape[:start_dim], -1, *x.shape[x.ndim + end_dim + 1 :])
            if end_dim < 0
            else x.reshape(*x.shape[:start_dim], -1, *x.shape[end_dim + 1 :])
        ),
    ),
]
