"""Cases of ops/join.py."""

import numpy as np

from harness import OpCase, T, call, fails

CASES = [
    OpCase(
        "cat",
        [
            call([T(2, 3), T(4, 3)], 0),
            call([T(2, 3, 2), T(2, 1, 2), T(2, 4, 2)], dim=1),
            call([T(3, 2), T(3, 2)], -1),
            call([T(0), T(3)]),
            call([T(2, 0), T(2, 3)], 1),
        ],
        reference=lambda tensors, dim=0: np.concatenate(tensors, dim),
        dtypes=("float32", "float64", "float16", "bfloat16", "int64", "bool", "complex64"),
        big=call([T(300, 500), T(200, 500)], 0),
        errors=[
            fails(RuntimeError, "cat: ", [T(2, 3), T(2, 4)], 0),
            fails(IndexError, "cat: dim must be in [-2, 1]", [T(2, 3)], 2),
            fails(RuntimeError, "cat: ", [T(), T()]),
        ],
        also=["concat", "concatenate"],
    ),
    OpCase(
        "stack",
        [call([T(2, 3), T(2, 3)]), call([T(2, 3)] * 3, -1), call([T(), T()]), call([T(0, 2), T(0, 2)], 1)],
        reference=lambda tensors, dim=0: np.stack(tensors, dim),
        dtypes=("float32", "float64", "int64", "bool"),
        errors=[fails(RuntimeError, "stack: ", [T(2, 3), T(2, 4)])],
    ),
]
