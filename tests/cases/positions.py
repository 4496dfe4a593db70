"""Cases of ops/positions.py, ops/hashing.py and ops/differences.py."""

import numpy as np

from harness import OpCase, T, call, fails

INDICES = T(3, 4, dtype="int64", low=0, high=24)


def _hash(x, dim=None, keepdim=False):
    bits = np.ascontiguousarray(x.astype(np.float64 if x.dtype.kind == "f" else np.int64)).view(np.uint64)
    return np.bitwise_xor.reduce(bits, axis=dim, keepdims=keepdim)


def _nonzero(x, size, fill_value=-1):
    rows = np.argwhere(x)[:size]
    return np.concatenate([rows, np.full((size - len(rows), x.ndim), fill_value)])


def _gradient(x, spacing=None, dim=None, edge_order=1):
    axes = tuple(range(x.ndim)) if dim is None else (dim,) if isinstance(dim, int) else dim
    steps = [1.0 if spacing is None else spacing] * len(axes) if not isinstance(spacing, list) else spacing
    return tuple(np.gradient(x, s, axis=a, edge_order=edge_order) for s, a in zip(steps, axes))


UNEVEN = [T(values=[0.0, 1.0, 3.0], grad=False), T(values=[0.0, 0.5, 2.0, 3.0], grad=False)]

CASES = [
    OpCase(
        "unravel_index",
        [
            call(INDICES, (2, 3, 4)),
            call(INDICES, 24),
            call(T(3, dtype="uint8", low=0, high=24), (2, 300)),
            call(INDICES, (24, 1)),
        ],
        reference=lambda i, shape: tuple(np.unravel_index(i, shape)),
        dtypes=("float32",),
        grad=False,
        big=call(T(100000, dtype="int64", low=0, high=24), (2, 3, 4)),
        errors=[
            fails(TypeError, "unravel_index: indices must be of an integer dtype", T(3), (2, 3)),
            fails(ValueError, "unravel_index: shape must not have negative sizes", INDICES, (2, -1)),
            fails(TypeError, "unravel_index: shape must hold ints only, got float", INDICES, (2, 1.5)),
            fails(TypeError, "unravel_index: shape must be an int or a sequence of ints", INDICES, 2.0),
        ],
    ),
    OpCase(
        "nonzero_static",
        [
            call(T(3, 4, dtype="int64", low=0, high=2), size=3),
            call(T(3, 4, dtype="int64", low=0, high=2), size=20, fill_value=7),
            call(T(0), size=2),
            call(T(), size=2),
        ],
        reference=_nonzero,
        dtypes=("float32",),
        grad=False,
        errors=[fails(RuntimeError, "nonzero_static: size must not be negative, got -1", T(3), size=-1)],
    ),
    OpCase(
        "hash_tensor",
        [
            call(T(3, 4)),
            call(T(3, 4), 1),
            call(T(3, 4), (0, 1), keepdim=True),
            call(T(3, 4, dtype="int32"), 0),
            call(T(5, dtype="bool")),
        ],
        reference=_hash,
        # The bits of float32's values, which the reference gets in float64, are the same ones.
        dtypes=("float32", "float64", "int64"),
        grad=False,
        big=call(T(300, 400)),
        errors=[
            fails(RuntimeError, "hash_tensor: mode must be 0, got 1", T(3), mode=1),
            fails(RuntimeError, "hash_tensor: dim must be given for an empty input", T(0)),
            fails(IndexError, "hash_tensor: dim to reduce must have non-zero size", T(0, 2), 0),
            fails(NotImplementedError, "hash_tensor: input must not be complex", T(3, dtype="complex64")),
        ],
    ),
    OpCase(
        "gradient",
        [
            call(T(5)),
            call(T(3, 4)),
            call(T(2, 3)),
            call(T(3, 4), spacing=2.0),
            call(T(3, 4), spacing=[2.0, 0.5], edge_order=2),
            call(T(3, 4), dim=1),
            call(T(3, 4), spacing=UNEVEN),
            call(T(3, 4), spacing=UNEVEN, edge_order=2),
            call(T(3, 4), spacing=[UNEVEN[1]], dim=1),
        ],
        reference=_gradient,
        big=call(T(400, 300)),
        errors=[
            fails(RuntimeError, "gradient: edge_order must be 1 or 2, got 3", T(5), edge_order=3),
            fails(
                RuntimeError,
                "gradient: input must have at least edge_order + 1 = 3 elements along dim 0",
                T(2),
                edge_order=2,
            ),
            fails(
                RuntimeError,
                "gradient: spacing must have one entry for each of input's dims, 2, got 1",
                T(3, 4),
                spacing=[1.0],
            ),
            fails(
                RuntimeError,
                "gradient: spacing must have one entry for each of dim, 1, got 2",
                T(3, 4),
                spacing=[1.0, 2.0],
                dim=1,
            ),
            fails(RuntimeError, "gradient: spacing's tensors must have 1 dim", T(3), spacing=[T(1, 3)]),
            fails(RuntimeError, "gradient: each dim must be given once", T(3, 4), dim=(0, 0)),
            fails(RuntimeError, "gradient: input must not be torch.uint8", T(3, dtype="uint8")),
            fails(TypeError, "gradient: spacing must be a number or a sequence", T(3), spacing="a"),
        ],
    ),
]
