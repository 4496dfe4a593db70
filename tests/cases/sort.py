"""Cases of ops/sort.py, ops/sets.py and ops/statistics.py."""

import numpy as np

from harness import OpCase, T, call, fails

X = T(4, 6, distinct=True)


def sort(x, dim=-1, descending=False):
    order = np.argsort(-x if descending else x, axis=dim, kind="stable")
    return np.take_along_axis(x, order, dim), order


def topk(x, k, dim=-1, largest=True):
    values, order = sort(x, dim, largest)
    return values.take(range(k), dim), order.take(range(k), dim)


def kth(x, k, dim=-1, keepdim=False):
    values, order = sort(x, dim)
    return tuple(a.take([k - 1], dim) if keepdim else a.take(k - 1, dim) for a in (values, order))


def median(x, dim=None):
    return np.sort(x.reshape(-1))[(x.size - 1) // 2] if dim is None else kth(x, (x.shape[dim] + 1) // 2, dim)


CASES = [
    OpCase(
        "sort",
        [
            call(X),
            call(X, 0),
            call(X, 1, True),
            call(T(3, 40, distinct=True)),
            call(T(2, 3000, distinct=True), -1, True),
        ],
        reference=sort,
        big=call(T(30, 4001, distinct=True)),
        dtypes=("float32", "float64", "int64"),
        errors=[
            fails(IndexError, "sort: dim must be in [-2, 1] (Dimension out of range), got 5", T(2, 3), 5)
        ],
    ),
    OpCase("argsort", [call(X), call(X, 0, True)], reference=lambda *a: sort(*a)[1], grad=False),
    OpCase("msort", [call(X)], reference=lambda x: sort(x, 0)[0]),
    OpCase(
        "topk",
        [
            call(X, 2),
            call(X, 3, 0),
            call(X, 2, 1, False),
            call(T(3, 500, distinct=True), 7),
            call(T(3, 500, distinct=True), 300),
        ],
        reference=topk,
        big=call(T(30, 4001, distinct=True), 10),
        errors=[
            fails(
                RuntimeError,
                "topk: k must be in [0, 3], the size of dim 1 (selected index k out of range), got 4",
                T(2, 3),
                4,
            )
        ],
    ),
    OpCase(
        "kthvalue",
        [call(X, 2), call(X, 3, 0, True)],
        reference=kth,
        errors=[fails(RuntimeError, "kthvalue: k must be in [1, 3]", T(2, 3), 0)],
    ),
    OpCase("median", [call(X), call(X, 0), call(X, 1)], reference=median),
    OpCase("nanmedian", [call(X), call(X, 0)], reference=median),
    OpCase(
        "mode",
        [call(T(values=[[1.0, 2.0, 2.0], [3.0, 3.0, 1.0]], grad=False), 1)],
        reference=lambda x, dim: (np.array([2.0, 3.0]), np.array([2, 1])),
    ),
    OpCase(
        "searchsorted",
        [
            call(T(values=[1.0, 3.0, 5.0]), T(4, low=0, high=6)),
            call(T(values=[1.0, 3.0, 5.0]), T(values=[3.0]), right=True),
        ],
        reference=lambda s, v, right=False: np.searchsorted(s, v, "right" if right else "left"),
        grad=False,
        variants=False,
    ),
    OpCase(
        "bucketize",
        [call(T(7), T(values=[-1.0, 0.0, 1.0]))],
        reference=lambda x, b: np.searchsorted(b, x),
        grad=False,
        variants=False,
        errors=[fails(RuntimeError, "bucketize: boundaries must have 1 dim, got 2", T(2), T(2, 2))],
    ),
    # -- sets
    OpCase("unique", [call(T(20, dtype="int64"))], reference=np.unique, grad=False, dtypes=("float32",)),
    OpCase(
        "unique_consecutive",
        [call(T(values=[1, 1, 2, 1], dtype="int64"))],
        reference=lambda x: np.array([1, 2, 1]),
        grad=False,
        dtypes=("float32",),
    ),
    OpCase(
        "bincount",
        [call(T(20, dtype="int64", low=0, high=6)), call(T(20, dtype="int64", low=0, high=6), minlength=9)],
        reference=lambda x, minlength=0: np.bincount(x, minlength=minlength),
        grad=False,
        dtypes=("float32",),
        errors=[
            fails(
                RuntimeError,
                "bincount: input must be 1-d with no negative numbers",
                T(values=[-1], dtype="int64"),
            )
        ],
    ),
    OpCase(
        "isin",
        [call(T(9, dtype="int64"), T(4, dtype="int64"))],
        reference=np.isin,
        grad=False,
        dtypes=("float32",),
        variants=False,
    ),
    # -- statistics
    OpCase(
        "quantile",
        [
            call(X, 0.3),
            call(X, 0.5, 0, True),
            call(X, 0.4, interpolation="midpoint"),
            call(X, T(values=[0.1, 0.9], grad=False), 1),
        ],
        reference=lambda x, q, dim=None, keepdim=False, interpolation="linear": np.quantile(
            x, q, axis=dim, keepdims=keepdim, method=interpolation
        ),
        errors=[fails(RuntimeError, "quantile: q must be in [0, 1], got 2", T(3), 2)],
    ),
    OpCase(
        "nanquantile",
        [call(T(values=[1.0, np.nan, 3.0, 4.0], grad=False), 0.5)],
        reference=lambda x, q: np.nanquantile(x, q),
    ),
    OpCase(
        "histc",
        [call(T(50), 5, -1, 1), call(T(50), 4)],
        reference=lambda x, n, *r: np.histogram(x, n, r or None)[0].astype(x.dtype),
        grad=False,
        errors=[fails(RuntimeError, "histc: bins must be greater than 0, got 0", T(3), 0)],
    ),
    OpCase(
        "histogramdd",
        [
            call(T(50, 2), [3, 4]),
            call(T(5, 10, 2), 3, range=[-1.0, 1.0, -2.0, 0.5]),
            call(
                T(50, 2), [T(values=[-1.0, 0.0, 0.5]), T(values=[-0.5, 1.0])], weight=T(50, low=0.0, high=1.0)
            ),
            call(T(50, 2), [2, 2], density=True),
            call(T(values=np.ones((3, 1))), [2]),
            call(T(0, 2), [2, 3]),
        ],
        grad=False,
        variants=False,
        big=call(T(60000, 2), [20, 20]),
        errors=[
            fails(RuntimeError, "histogramdd: bins must have one entry for each of 2", T(9, 2), [3]),
            fails(
                RuntimeError,
                "histogramdd: range must have 4 elements, got 2",
                T(9, 2),
                [3, 3],
                range=[0.0, 1.0],
            ),
            fails(RuntimeError, "histogramdd: bins must be greater than 0", T(9, 2), [3, 0]),
            fails(RuntimeError, "histogramdd: weight must have input's shape", T(9, 2), [3, 3], weight=T(8)),
            fails(RuntimeError, "histogramdd: input must have at least 2 dimensions", T(9), [3]),
            fails(
                RuntimeError, "histogramdd: range must have min at most max", T(9, 1), [3], range=[1.0, 0.0]
            ),
            fails(
                NotImplementedError,
                "histogramdd: input must be float32 or float64",
                T(9, 1, dtype="int64"),
                [3],
            ),
            fails(TypeError, "histogramdd: bins must be an int", T(9, 1), "a"),
        ],
    ),
    OpCase("histogram", [call(T(50), 5)], reference=lambda x, n: tuple(np.histogram(x, n)), grad=False),
    OpCase(
        "cov",
        [call(T(3, 8)), call(T(3, 8), correction=0)],
        reference=lambda x, correction=1: np.cov(x, ddof=correction),
    ),
    OpCase("corrcoef", [call(T(3, 8))], reference=np.corrcoef),
]
