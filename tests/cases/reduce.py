"""Cases of ops/reduce.py, ops/variance.py, ops/extremes.py and ops/cumulative.py."""

import numpy as np

from harness import OpCase, T, call, fails

HALVES = ("float32", "float64", "float16", "bfloat16")
DISTINCT = T(4, 6, distinct=True)
SHAPES = [
    call(T(4, 6)),
    call(T(4, 6), 0),
    call(T(4, 6), -1, True),
    call(T(2, 3, 4), (0, 2)),
    call(T(3, 70), 1),
    call(T(70, 3), 0),
    call(T(2, 300, 5), 1),
    call(T(7)),
    call(T()),
]
DIM_ERRORS = "dim must be in [-2, 1] (Dimension out of range), got 5"


def axes(dim):
    return None if dim is None or dim == () else dim


def over(f):
    """A NumPy reduction with PyTorch's arguments."""
    return lambda x, dim=None, keepdim=False: f(x, axis=axes(dim), keepdims=keepdim)


def spread(f):
    def reference(x, dim=None, *, correction=1, keepdim=False):
        return f(x, axis=axes(dim), ddof=correction, keepdims=keepdim)

    return reference


def extreme(f, arg):
    def reference(x, dim=None, keepdim=False):
        if dim is None:
            return f(x)
        return f(x, axis=dim, keepdims=keepdim), arg(x, axis=dim, keepdims=keepdim)

    return reference


def indices(f):
    return lambda x, dim=None, keepdim=False: f(x, axis=dim, keepdims=keepdim)


EXTREME_CALLS = [
    call(DISTINCT),
    call(DISTINCT, 0),
    call(DISTINCT, 1, True),
    call(T(3, 90, distinct=True), 1),
    call(T(90, 33, distinct=True), 0),
]

CASES = [
    OpCase(
        "sum",
        SHAPES,
        reference=over(np.sum),
        dtypes=(*HALVES, "int64", "complex128"),
        big=call(T(300, 401), 0),
        errors=[fails(IndexError, "sum: " + DIM_ERRORS, T(2, 3), 5)],
    ),
    OpCase(
        "sum",
        [call(T(200, 300)), call(T(200, 300), 1)],
        reference=over(np.sum),
        big=call(T(90000)),
        id="sum all",
        grad=False,
    ),
    OpCase(
        "mean",
        SHAPES,
        reference=over(np.mean),
        dtypes=(*HALVES, "complex128"),
        big=call(T(300, 401), 1),
        errors=[
            fails(RuntimeError, "mean: input must be a floating-point or complex tensor", T(2, dtype="int64"))
        ],
    ),
    OpCase(
        "nansum", [call(T(4, 6)), call(T(values=[1.0, np.nan, 2.0], grad=False))], reference=over(np.nansum)
    ),
    OpCase(
        "nanmean",
        [call(T(4, 6), 1), call(T(values=[1.0, np.nan, 2.0], grad=False))],
        reference=over(np.nanmean),
    ),
    OpCase(
        "prod",
        [
            call(T(4, 6)),
            call(T(4, 6), 0),
            call(T(4, 6), 1, True),
            call(T(values=[[0.0, 2.0], [3.0, 0.0]]), 0),
            call(T()),
        ],
        reference=over(np.prod),
        big=call(T(300, 401, low=0.99, high=1.01), 0),
    ),
    *[
        OpCase(
            name,
            [
                call(T(4, 6)),
                call(T(4, 6), 0),
                call(T(2, 3, 4), (0, 2), correction=0),
                call(T(3, 90), 1, keepdim=True),
                call(T(90, 33), 0, correction=2),
            ],
            reference=spread(f),
            big=call(T(300, 401), 1),
            dtypes=("float32", "float64"),
            errors=[
                fails(
                    RuntimeError,
                    f"{name}: input must be a floating-point or complex tensor",
                    T(2, dtype="int64"),
                )
            ],
        )
        for name, f in (("var", np.var), ("std", np.std))
    ],
    OpCase(
        "var_mean",
        [call(T(4, 6)), call(T(2, 30, 4), (0, 2))],
        reference=lambda x, dim=None: (np.var(x, axis=dim, ddof=1), np.mean(x, axis=dim)),
        big=call(T(300, 401), 0),
    ),
    OpCase(
        "std_mean",
        [call(T(4, 6)), call(T(2, 30, 4), 1)],
        reference=lambda x, dim=None: (np.std(x, axis=dim, ddof=1), np.mean(x, axis=dim)),
    ),
    OpCase(
        "max",
        EXTREME_CALLS,
        reference=extreme(np.max, np.argmax),
        big=call(T(300, 401, distinct=True), 0),
        errors=[
            fails(RuntimeError, "max: input must not be empty", T(0)),
            fails(IndexError, "max: dim must have a size other than 0", T(2, 0), 1),
        ],
    ),
    OpCase(
        "min", EXTREME_CALLS, reference=extreme(np.min, np.argmin), big=call(T(300, 401, distinct=True), 1)
    ),
    OpCase(
        "amax",
        [call(DISTINCT), call(DISTINCT, 0), call(DISTINCT, (0, 1), True)],
        reference=over(np.max),
        big=call(T(300, 401, distinct=True), 0),
    ),
    OpCase(
        "amin",
        [call(DISTINCT), call(DISTINCT, 0), call(DISTINCT, (0, 1), True)],
        reference=over(np.min),
        big=call(T(300, 401, distinct=True), 1),
    ),
    OpCase(
        "aminmax",
        [call(DISTINCT), call(DISTINCT, dim=0)],
        reference=lambda x, dim=None: (np.min(x, axis=dim), np.max(x, axis=dim)),
    ),
    OpCase(
        "argmax", EXTREME_CALLS, reference=indices(np.argmax), grad=False, big=call(T(70000, distinct=True))
    ),
    OpCase(
        "argmax",
        [call(T(), 0), call(T(), -1, True)],
        grad=False,
        also=["argmin", "max", "min"],
        id="argmax-0d",
    ),
    OpCase(
        "argmin",
        EXTREME_CALLS,
        reference=indices(np.argmin),
        grad=False,
        big=call(T(300, 401, distinct=True), 1),
    ),
    OpCase(
        "all",
        [call(T(4, 3, dtype="bool")), call(T(4, 3, dtype="bool"), 0), call(T(4, 3), 1, True)],
        reference=over(np.all),
        grad=False,
    ),
    OpCase(
        "any",
        [call(T(4, 3, dtype="bool")), call(T(4, 3, dtype="bool"), 0), call(T(4, 3), 1, True)],
        reference=over(np.any),
        grad=False,
    ),
    OpCase(
        "count_nonzero",
        [call(T(4, 3, dtype="int64")), call(T(4, 3, dtype="int64"), 0)],
        reference=lambda x, dim=None: np.count_nonzero(x, axis=dim),
        grad=False,
    ),
    # -- running
    OpCase(
        "cumsum",
        [call(T(4, 6), 0), call(T(4, 6), -1), call(T(2, 30, 4), 1)],
        reference=lambda x, dim: np.cumsum(x, dim),
        dtypes=("float32", "float64", "int64"),
        big=call(T(300, 401), 0),
    ),
    OpCase(
        "cumprod",
        [call(T(4, 6), 0), call(T(4, 6), -1), call(T(values=[[1.0, 0.0, 2.0], [3.0, 4.0, 0.0]]), 1)],
        reference=lambda x, dim: np.cumprod(x, dim),
    ),
    OpCase(
        "cummax",
        [call(DISTINCT, 0), call(DISTINCT, 1)],
        gradgrad=False,
        reference=lambda x, dim: (
            np.maximum.accumulate(x, dim),
            np.maximum.accumulate(
                np.where(np.maximum.accumulate(x, dim) == x, np.indices(x.shape)[dim], 0), dim
            ),
        ),
    ),
    OpCase("cummin", [call(DISTINCT, 0), call(DISTINCT, 1)], gradgrad=False),
    OpCase(
        "logcumsumexp",
        [call(T(4, 6), 0), call(T(4, 6), 1)],
        reference=lambda x, dim: np.logaddexp.accumulate(x, dim),
        gradgrad=False,
    ),
    OpCase(
        "diff",
        [call(T(4, 6)), call(T(4, 6), 2, 0), call(T(4, 6), 1, 1, T(4, 1), T(4, 2))],
        reference=lambda x, n=1, dim=-1, a=None, b=None: np.diff(x, n, dim, *([] if a is None else [a, b])),
    ),
    OpCase(
        "trapezoid",
        [call(T(4, 6)), call(T(4, 6), dx=0.5, dim=0)],
        reference=lambda y, dx=1.0, dim=-1: np.trapezoid(y, dx=dx, axis=dim),
        also=["trapz"],
    ),
    OpCase(
        "cumulative_trapezoid",
        [call(T(4, 6))],
        reference=lambda y: np.cumsum((y[..., 1:] + y[..., :-1]) / 2, -1),
    ),
]
