"""Cases of ops/shape.py."""

import numpy as np

from harness import OpCase, T, call, fails


def _flatten(x, start_dim=0, end_dim=-1):
    if not x.ndim:
        return x.reshape(1)
    end = end_dim % x.ndim
    return x.reshape(*x.shape[:start_dim], -1, *x.shape[end + 1 :])


def _squeeze(x, dim=None):
    if dim is None:
        return np.squeeze(x)
    dims = (dim,) if isinstance(dim, int) else dim
    return np.squeeze(x, tuple(d for d in dims if x.ndim and x.shape[d] == 1))


def _split(x, size, dim=0):
    if isinstance(size, int):
        size = [min(size, x.shape[dim] - k) for k in range(0, x.shape[dim], size)]
    return np.split(x, np.cumsum(size)[:-1], dim)


def _strided(x, size, stride, offset=0):
    flat = x.ravel()[offset:]
    return np.lib.stride_tricks.as_strided(flat, size, [s * x.itemsize for s in stride]).copy()


def _unflatten(x, dim, sizes):
    dim %= x.ndim
    return x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :])


def _select(x, dim, index):
    return np.take(x, index, dim)


CASES = [
    OpCase(
        "transpose",
        [call(T(2, 3), 0, 1), call(T(2, 3, 4), -1, 0), call(T(), 0, -1), call(T(0, 3), 0, 1)],
        reference=lambda x, a, b: np.swapaxes(x, a, b) if x.ndim else x,
        errors=[fails(IndexError, "transpose: ", T(2, 3), 0, 2)],
        also=["swapaxes", "swapdims"],
    ),
    OpCase(
        "permute",
        [call(T(2, 3, 4), (2, 0, 1)), call(T(2, 3), (-1, 0)), call(T(), ())],
        reference=np.transpose,
        errors=[fails(RuntimeError, "permute: ", T(2, 3), (0,))],
    ),
    OpCase("t", [call(T(2, 3)), call(T(3)), call(T())], reference=np.transpose, also=["numpy_T"]),
    OpCase("adjoint", [call(T(2, 3)), call(T(4, 2, 3))], reference=lambda x: np.conj(np.swapaxes(x, -1, -2))),
    OpCase(
        "movedim",
        [call(T(2, 3, 4), 0, 2), call(T(2, 3, 4), (0, 1), (-1, 0)), call(T(2, 3), -1, -2)],
        reference=np.moveaxis,
        also=["moveaxis"],
    ),
    OpCase(
        "reshape",
        [call(T(2, 6), (3, 4)), call(T(2, 6), (-1,)), call(T(0, 2), (5, 0)), call(T(), (1, 1))],
        reference=np.reshape,
        errors=[
            fails(RuntimeError, "reshape: ", T(2, 3), (4, 2)),
            fails(RuntimeError, "reshape: ", T(6), (-1, -1)),
        ],
        also=["view", "view_copy"],
    ),
    OpCase(
        "flatten",
        [call(T(2, 3, 4)), call(T(2, 3, 4), 1), call(T(2, 3, 4), 0, 1), call(T())],
        reference=_flatten,
        also=["ravel"],
    ),
    OpCase("ravel", [call(T(2, 3)), call(T()), call(T(0, 2))], reference=np.ravel),
    OpCase("unflatten", [call(T(2, 6), 1, (2, 3)), call(T(6, 2), 0, (3, 2))], reference=_unflatten),
    OpCase(
        "squeeze",
        [call(T(2, 1, 3, 1)), call(T(2, 1, 3), 1), call(T(2, 1, 3), 0), call(T(1, 1, 2), (0, 1)), call(T())],
        reference=_squeeze,
        errors=[fails(IndexError, "squeeze: ", T(2, 3), 2)],
    ),
    OpCase(
        "unsqueeze",
        [call(T(2, 3), 0), call(T(2, 3), -1), call(T(), 0), call(T(0), 1)],
        reference=np.expand_dims,
        errors=[fails(IndexError, "unsqueeze: ", T(2, 3), 3)],
    ),
    OpCase(
        "broadcast_to",
        [call(T(3), (2, 3)), call(T(2, 1), (2, 4)), call(T(), (2, 2)), call(T(1, 3), (0, 3))],
        reference=np.broadcast_to,
        errors=[fails(RuntimeError, "expand", T(3), (2, 4))],
        also=["expand", "expand_as", "expand_copy"],
    ),
    OpCase(
        "Tensor.expand",
        [call(T(3, 1), 3, 4), call(T(3), 2, -1)],
        reference=lambda x, *s: np.broadcast_to(
            x, [n if n >= 0 else x.shape[k - len(s)] for k, n in enumerate(s)]
        ),
    ),
    OpCase(
        "broadcast_tensors",
        [call(T(3, 1), T(4)), call(T(), T(2, 2))],
        reference=lambda *x: list(np.broadcast_arrays(*x)),
        also=["broadcast_shapes"],
    ),
    OpCase(
        "select",
        [call(T(3, 4), 0, 1), call(T(3, 4), -1, -2)],
        reference=_select,
        errors=[fails(IndexError, "select: ", T(3, 4), 0, 3)],
        also=["select_copy"],
    ),
    OpCase(
        "narrow",
        [call(T(5, 3), 0, 1, 3), call(T(5, 3), -1, 0, 2), call(T(5, 3), 0, 2, 0)],
        reference=lambda x, dim, start, n: np.take(x, range(start, start + n), dim),
        errors=[fails(RuntimeError, "narrow: ", T(5), 0, 3, 3)],
        also=["narrow_copy"],
    ),
    OpCase("alias_copy", [call(T(3, 4))]),
    OpCase(
        "slice_copy",
        [call(T(5, 3)), call(T(5, 3), 0, 1, 4, 2), call(T(5, 3), 1, -2), call(T(5, 3), 0, 4, 2)],
        errors=[
            fails(RuntimeError, "slice_copy: step must be positive, got 0", T(5), 0, 0, 3, 0),
            fails(IndexError, "slice_copy: input must have at least 1 dim", T()),
        ],
    ),
    OpCase(
        "split",
        [call(T(5, 2), 2), call(T(2, 5), [1, 4], 1), call(T(4), 4)],
        reference=_split,
        errors=[fails(RuntimeError, "split", T(5), [2, 2])],
        also=[
            "split_with_sizes",
            "unsafe_split",
            "unsafe_split_with_sizes",
            "split_copy",
            "split_with_sizes_copy",
        ],
    ),
    OpCase(
        "chunk",
        [call(T(5, 2), 2), call(T(2, 7), 3, 1), call(T(2), 5)],
        reference=lambda x, n, dim=0: _split(x, -(-x.shape[dim] // n), dim),
        errors=[fails(RuntimeError, "chunk: ", T(5), 0)],
        also=["unsafe_chunk"],
    ),
    OpCase(
        "tensor_split",
        [call(T(7, 2), 3), call(T(7), (2, 5)), call(T(2, 4), 2, 1)],
        reference=np.array_split,
        also=["hsplit", "vsplit", "dsplit"],
    ),
    OpCase("hsplit", [call(T(2, 4), 2), call(T(6), (2, 4))], reference=np.hsplit),
    OpCase("vsplit", [call(T(4, 2), 2)], reference=np.vsplit),
    OpCase("dsplit", [call(T(2, 2, 4), 2)], reference=np.dsplit),
    OpCase(
        "unbind",
        [call(T(3, 2)), call(T(3, 2), 1)],
        reference=lambda x, dim=0: list(np.moveaxis(x, dim, 0)),
        also=["unbind_copy"],
    ),
    OpCase(
        "diagonal",
        [call(T(3, 4)), call(T(3, 4), 1), call(T(2, 3, 3), -1, 0, 2)],
        reference=lambda x, offset=0, dim1=0, dim2=1: np.diagonal(x, offset, dim1, dim2),
        also=["diagonal_copy"],
    ),
    OpCase(
        "as_strided",
        [call(T(3, 4), (2, 2), (4, 1)), call(T(6), (3, 2), (1, 2), 1), call(T(5), (3, 3), (1, 1))],
        reference=_strided,
        errors=[fails(RuntimeError, "as_strided: ", T(4), (3,), (2,))],
        also=["as_strided_copy"],
        layouts=False,
    ),
    OpCase(
        "real",
        [call(T(3)), call(T(2, 2))],
        reference=np.real,
        dtypes=("float32", "complex64"),
        gradgrad=False,
        variants=False,
        also=["view_as_real", "view_as_real_copy"],
    ),
    OpCase("imag", [call(T(3))], reference=np.imag, dtypes=("complex64",), grad=False, variants=False),
    OpCase(
        "view_as_complex",
        [call(T(3, 2))],
        reference=lambda x: x[..., 0] + 1j * x[..., 1],
        grad=False,
        also=["view_as_complex_copy"],
        layouts=False,
    ),
    OpCase("detach", [call(T(3))], reference=np.copy, grad=False, variants=False, also=["detach_copy"]),
]
