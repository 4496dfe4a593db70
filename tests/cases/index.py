"""Cases of ops/index.py."""

import numpy as np

from harness import OpCase, T, call, fails


def index(*values):
    """A tensor of indices."""
    return T(values=list(values), dtype="int64")


UNIQUE = T(values=[[0, 2], [1, 3], [2, 0]], dtype="int64")
ROWS = T(values=[[0, 2], [1, 1], [2, 0]], dtype="int64")
MASK = T(values=[[True, False, True], [False, True, False]], dtype="bool")


def _changed(x, place, value, dim=0, add=False):
    out = np.moveaxis(x.copy(), dim, 0)
    value = np.moveaxis(np.broadcast_to(value, x.shape) if np.ndim(value) == 0 else value, dim, 0)
    if add:
        np.add.at(out, place, value)
    else:
        out[place] = value if value.shape[0] == len(place) else value[: len(place)]
    return np.moveaxis(out, 0, dim)


def _scatter(x, dim, where, src, add=False):
    out = x.copy()
    src = np.broadcast_to(src, where.shape) if np.ndim(src) == 0 else src
    for at in np.ndindex(where.shape):
        to = list(at)
        to[dim] = where[at]
        out[tuple(to)] = out[tuple(to)] + src[at] if add else src[at]
    return out


def _gather(x, dim, where):
    out = np.zeros(where.shape, x.dtype)
    for at in np.ndindex(where.shape):
        source = list(at)
        source[dim] = where[at]
        out[at] = x[tuple(source)]
    return out


def _index_put(x, indices, values, accumulate=False):
    out = x.copy()
    if accumulate:
        np.add.at(out, tuple(indices), values)
    else:
        out[tuple(indices)] = values
    return out


def _masked_scatter(x, mask, source):
    out = x.copy()
    out[mask] = source.ravel()[: mask.sum()]
    return out


def _embedded(x, offset=0, dim1=-2, dim2=-1):
    return np.stack([np.diag(v, offset) for v in x.reshape(-1, x.shape[-1])]).reshape(
        *x.shape[:-1], x.shape[-1] + abs(offset), x.shape[-1] + abs(offset)
    )


def _slice_scatter(x, src, dim=0, start=None, end=None, step=1):
    out = x.copy()
    np.moveaxis(out, dim, 0)[start:end:step] = np.moveaxis(src, dim, 0)
    return out


def _select_scatter(x, src, dim, at):
    out = x.copy()
    np.moveaxis(out, dim, 0)[at] = src
    return out


def _diagonal_scatter(x, src, offset=0):
    out = x.copy()
    rows = np.arange(len(src))
    out[rows + max(-offset, 0), rows + max(offset, 0)] = src
    return out


CASES = [
    OpCase(
        "gather",
        [call(T(3, 4), 1, ROWS), call(T(3, 2), 0, ROWS), call(T(3), 0, index())],
        reference=_gather,
        dtypes=("float32", "float64", "int64"),
        errors=[
            fails(RuntimeError, "gather: ", T(3, 4), 1, index(1)),
        ],
    ),
    OpCase(
        "scatter",
        [call(T(3, 4), 1, UNIQUE, T(3, 2)), call(T(3, 4), 1, UNIQUE, 2.5)],
        reference=_scatter,
        also=["scatter_"],
    ),
    OpCase(
        "scatter_add",
        [call(T(3, 4), 1, ROWS, T(3, 2)), call(T(3, 2), 0, ROWS, T(3, 2))],
        reference=lambda x, dim, where, src: _scatter(x, dim, where, src, True),
    ),
    OpCase(
        "scatter_reduce",
        [call(T(3, 4), 1, ROWS, T(3, 2), "sum")],
        reference=lambda x, dim, where, src, how: _scatter(x, dim, where, src, True),
    ),
    OpCase(
        "index_select",
        [call(T(4, 3), 0, index(2, 0, 2)), call(T(4, 3), -1, index(1)), call(T(4), 0, index())],
        reference=lambda x, dim, where: np.take(x, where, dim),
        dtypes=("float32", "float64", "int64", "bool"),
        big=call(T(500, 256), 0, T(2000, dtype="int64", low=0, high=500)),
        errors=[fails(IndexError, "index_select: ", T(3), 0, index(3))],
    ),
    OpCase(
        "index_add",
        [call(T(3, 2), 0, index(0, 2, 0), T(3, 2)), call(T(2, 3), 1, index(1, 1), T(2, 2))],
        reference=lambda x, dim, where, src: _changed(x, where, src, dim, True),
    ),
    OpCase(
        "index_copy",
        [call(T(3, 2), 0, index(2, 0), T(2, 2))],
        reference=lambda x, dim, where, src: _changed(x, where, src, dim),
    ),
    OpCase(
        "index_fill",
        [call(T(3, 2), 0, index(2, 0), 1.5), call(T(2, 3), 1, index(1), -1.0)],
        reference=lambda x, dim, where, v: _changed(x, where, v, dim),
    ),
    OpCase(
        "index_reduce",
        [call(T(3, 2), 0, index(0, 2), T(2, 2), "prod")],
        reference=lambda x, dim, where, src, how: _changed(x, where, x[where] * src, dim),
        gradgrad=False,
    ),
    OpCase(
        "index_put",
        [
            call(T(4, 3), (index(0, 2),), T(2, 3)),
            call(T(4, 3), (index(0, 0), index(1, 1)), T(2), True),
            call(T(2, 3), (MASK,), T(3)),
        ],
        reference=_index_put,
        also=["index_put_"],
    ),
    OpCase(
        "masked_fill",
        [call(T(2, 3), MASK, 2.0), call(T(2, 3), MASK, T())],
        reference=lambda x, mask, v: np.where(mask, v, x),
    ),
    OpCase("masked_select", [call(T(2, 3), MASK)], reference=lambda x, mask: x[mask]),
    OpCase("masked_scatter", [call(T(2, 3), MASK, T(4))], reference=_masked_scatter),
    OpCase(
        "where",
        [
            call(MASK, T(2, 3), T(2, 3)),
            call(MASK, T(3), T()),
            call(T(values=[True, False], dtype="bool"), T(2), 1.5),
        ],
        reference=np.where,
        dtypes=("float32", "float64", "int64"),
        torch_dtypes=("float32", "float64"),
        variants=False,
    ),
    OpCase(
        "take",
        [call(T(2, 3), index(5, 0, -1)), call(T(2, 3), ROWS)],
        reference=lambda x, where: np.take(x, where),
    ),
    OpCase(
        "put",
        [call(T(2, 3), index(5, 0), T(2))],
        reference=lambda x, where, v: (np.put(y := x.copy(), where, v), y)[1],
    ),
    OpCase(
        "take_along_dim",
        [call(T(3, 4), ROWS, 1)],
        reference=lambda x, where, dim: np.take_along_axis(x, where, dim),
    ),
    OpCase(
        "tril",
        [call(T(3, 4)), call(T(2, 3, 3), -1), call(T(3, 3), 1)],
        reference=lambda x, k=0: np.tril(x, k),
    ),
    OpCase(
        "triu",
        [call(T(3, 4)), call(T(2, 3, 3), -1), call(T(3, 3), 1)],
        reference=lambda x, k=0: np.triu(x, k),
    ),
    OpCase("trace", [call(T(3, 3)), call(T(2, 4))], reference=np.trace),
    OpCase("diag", [call(T(3)), call(T(3, 4), 1), call(T(3), -1)], reference=lambda x, k=0: np.diag(x, k)),
    OpCase("diagflat", [call(T(2, 2)), call(T(3), 1)], reference=lambda x, k=0: np.diagflat(x, k)),
    OpCase("diag_embed", [call(T(2, 3)), call(T(3), 1)], reference=_embedded),
    OpCase("diagonal_scatter", [call(T(3, 3), T(3)), call(T(3, 4), T(3), 1)], reference=_diagonal_scatter),
    OpCase(
        "select_scatter", [call(T(3, 4), T(4), 0, 1), call(T(3, 4), T(3), 1, -1)], reference=_select_scatter
    ),
    OpCase("slice_scatter", [call(T(5, 2), T(2, 2), 0, 1, 5, 2)], reference=_slice_scatter),
    OpCase(
        "as_strided_scatter",
        [call(T(3, 3), T(3), (3,), (4,))],
        reference=lambda x, src, size, stride: _diagonal_scatter(x, src),
        torch=False,  # its gradient for the input is that of the part written, which finite differences deny
    ),
    OpCase(
        "nonzero",
        [call(T(values=[[0, 1], [2, 0]], dtype="int64")), call(MASK)],
        reference=lambda x: np.argwhere(x),
        grad=False,
        also=["argwhere"],
    ),
    OpCase("argwhere", [call(MASK)], reference=np.argwhere, grad=False),
]
