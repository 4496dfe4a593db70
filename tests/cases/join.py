"""Cases of ops/join.py."""

import numpy as np

from harness import OpCase, T, call, fails


def _roll(x, shifts, dims=None):
    return np.roll(x, shifts, dims)


def _block_diag(*blocks):
    blocks = [np.atleast_2d(b) for b in blocks]
    out = np.zeros([sum(b.shape[k] for b in blocks) for k in (0, 1)])
    i = j = 0
    for b in blocks:
        out[i : i + b.shape[0], j : j + b.shape[1]] = b
        i, j = i + b.shape[0], j + b.shape[1]
    return out


def _repeat_interleave(x, repeats, dim=None):
    return np.repeat(x, repeats, dim)


CASES = [
    OpCase(
        "cat",
        [
            call([T(2, 3), T(4, 3)], 0),
            call([T(2, 3, 2), T(2, 1, 2), T(2, 4, 2)], dim=1),
            call([T(3, 2), T(3, 2)], -1),
            call([T(0), T(3)]),
            call([T(2, 0), T(2, 3)], 1),
            call([T(3, 2), T(0), T(1, 2)]),
            call([T(2, 1)] * 70, 1),  # more than a recorded call in C takes
        ],
        reference=lambda tensors, dim=0: np.concatenate(
            [t for t in tensors if t.shape != (0,)] or tensors, dim
        ),
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
    OpCase("hstack", [call([T(2, 3), T(2, 1)]), call([T(2), T(3)])], reference=np.hstack),
    OpCase("vstack", [call([T(2, 3), T(1, 3)]), call([T(3), T(3)])], reference=np.vstack, also=["row_stack"]),
    OpCase("dstack", [call([T(2, 3), T(2, 3)]), call([T(3), T(3)])], reference=np.dstack),
    OpCase("column_stack", [call([T(2), T(2, 3)]), call([T(3), T(3)])], reference=np.column_stack),
    OpCase("atleast_1d", [call(T()), call(T(2, 3))], reference=np.atleast_1d),
    OpCase("atleast_2d", [call(T()), call(T(3)), call(T(2, 3))], reference=np.atleast_2d),
    OpCase("atleast_3d", [call(T()), call(T(3)), call(T(2, 3))], reference=np.atleast_3d),
    OpCase("block_diag", [call(T(2, 3), T(1, 2)), call(T(2), T())], reference=_block_diag),
    OpCase(
        "flip",
        [call(T(2, 3), (0,)), call(T(2, 3, 2), (0, -1)), call(T(0, 2), (0,))],
        reference=np.flip,
        errors=[fails(IndexError, "flip: ", T(2, 3), (2,))],
    ),
    OpCase("fliplr", [call(T(2, 3))], reference=np.fliplr),
    OpCase("flipud", [call(T(2, 3))], reference=np.flipud),
    OpCase(
        "rot90",
        [call(T(2, 3)), call(T(2, 3, 2), 3, (1, 2))],
        reference=lambda x, k=1, dims=(0, 1): np.rot90(x, k, dims),
    ),
    OpCase("roll", [call(T(2, 3), 1), call(T(2, 3), (1, -2), (0, 1)), call(T(5), 7, 0)], reference=_roll),
    OpCase("tile", [call(T(2, 3), (2,)), call(T(2), (2, 3))], reference=np.tile),
    OpCase("Tensor.repeat", [call(T(2, 3), 2, 1), call(T(2), 2, 3)], reference=lambda x, *n: np.tile(x, n)),
    OpCase(
        "repeat_interleave",
        [
            call(T(2, 3), 2),
            call(T(2, 3), 2, 1),
            call(T(3, 2), T(values=[1, 0, 2], dtype="int64", grad=False), 0),
        ],
        reference=_repeat_interleave,
    ),
    OpCase(
        "meshgrid", [call(T(2), T(3), indexing="ij"), call(T(2), T(3), indexing="xy")], reference=np.meshgrid
    ),
    OpCase(
        "cartesian_prod",
        [call(T(2), T(3))],
        reference=lambda *x: np.stack([g.ravel() for g in np.meshgrid(*x, indexing="ij")], -1),
    ),
    OpCase(
        "combinations",
        [call(T(4)), call(T(3), 2, True)],
        reference=lambda x, r=2, again=False: np.stack(
            [x[[i, j]] for i in range(len(x)) for j in range(i + (not again), len(x))]
        ),
    ),
]
