"""Cases of rushlight.masked: the reference is numpy.ma's, or that of the function on filled arrays."""

import numpy as np

from harness import OpCase, T, call, fails

KEPT = [[True, False, True, True], [False, True, True, False], [True, True, True, True]]
MASK = T(values=KEPT, dtype="bool")
ROW = T(values=KEPT[:1], dtype="bool")
NONE = T(values=np.zeros((3, 4)), dtype="bool")
X = T(3, 4)
APART = T(3, 4, distinct=True)


def _ma(name, empty, **fixed):
    """numpy.ma's method; `empty` where nothing counts."""

    def reference(x, dim=None, *, mask=None, keepdim=False, **options):
        a = np.ma.array(x, mask=np.zeros(x.shape, bool) if mask is None else ~np.broadcast_to(mask, x.shape))
        y = getattr(a, name)(axis=dim, keepdims=keepdim, **fixed, **options)
        return np.ma.filled(np.ma.asarray(y, x.dtype), empty) if np.ma.isMaskedArray(y) else np.asarray(y)

    return reference


def _on_filled(function, value):
    def reference(x, *args, mask=None, **options):
        return function(x if mask is None else np.where(mask, x, value), *args, **options)

    return reference


def _softmax(x, dim):
    with np.errstate(all="ignore"):
        e = np.exp(x - x.max(dim, keepdims=True))
        return e / e.sum(dim, keepdims=True)


def _log_softmax(x, dim):
    with np.errstate(all="ignore"):
        return np.log(_softmax(x, dim))


def _logsumexp(x, dim=None, keepdim=False):
    with np.errstate(all="ignore"):
        return np.log(np.exp(x).sum(dim, keepdims=keepdim))


def _median(x, dim=-1, keepdim=False):
    ordered = np.sort(x, dim)  # NaN last
    at = np.maximum((~np.isnan(x)).sum(dim, keepdims=True) - 1, 0) // 2
    y = np.take_along_axis(ordered, at, dim)
    return y if keepdim else y.squeeze(dim)


def _norm(x, ord=2.0, dim=None, keepdim=False):
    if dim is None:
        return np.linalg.norm(x.reshape(-1), ord)
    return np.linalg.norm(x, ord, dim, keepdims=keepdim)


def _logaddexp(x, y, input_mask=None, other_mask=None):
    a = x if input_mask is None else np.where(input_mask, x, -np.inf)
    b = y if other_mask is None else np.where(other_mask, y, -np.inf)
    return np.logaddexp(a, b)


def _spread(name):
    def reference(x, dim=None, unbiased=None, *, correction=None, mask=None, keepdim=False):
        less = correction if correction is not None else 0 if unbiased is False else 1
        return _ma(name, np.nan, ddof=less)(x, dim, mask=mask, keepdim=keepdim)

    return reference


REDUCED = [
    call(X, mask=MASK),
    call(X, 1, mask=MASK),
    call(X, (0, 1), keepdim=True, mask=MASK),
    call(X, 0, mask=MASK),
    call(X, 1, mask=ROW),
    call(X, -1),
]
BAD_MASKS = [
    (
        IndexError,
        "mask must be broadcastable to the input, of at most 2 dims, got 3",
        T(2, 3, 4, dtype="bool"),
    ),
    (RuntimeError, "mask must have a shape that broadcasts to input's [3, 4], got [5]", T(5, dtype="bool")),
]


def _case(name, calls, reference, *, errors=(), **options):
    bad = [fails(kind, f"masked.{name}: {text}", X, 1, mask=m) for kind, text, m in BAD_MASKS]
    return OpCase(
        f"masked.{name}", calls, reference=reference, errors=[*bad, *errors], variants=False, **options
    )


def _bool(name):
    return fails(
        NotImplementedError, f"masked.{name}: input must not be bool", T(3, 4, dtype="bool"), 1, mask=MASK
    )


CASES = [
    _case(
        "sum", [*REDUCED, call(X, 1, mask=NONE), call(T(3, 4, dtype="int32"), 1, mask=MASK)], _ma("sum", 0)
    ),
    _case(
        "prod", [*REDUCED, call(X, 1, mask=NONE), call(T(3, 4, dtype="int32"), 1, mask=MASK)], _ma("prod", 1)
    ),
    _case(
        "mean",
        REDUCED,
        _ma("mean", np.nan),
        errors=[
            fails(
                ValueError,
                "masked.mean: input must be a floating-point or complex dtype",
                T(3, 4, dtype="int64"),
                1,
            )
        ],
    ),
    _case(
        "amax",
        [call(APART, *c.args[1:], **c.kwargs) for c in REDUCED],
        _ma("max", -np.inf),
        errors=[
            _bool("amax"),
            fails(
                TypeError, "masked.amax: input must not be complex", T(3, 4, dtype="complex64"), 1, mask=MASK
            ),
        ],
    ),
    _case(
        "amin",
        [call(APART, *c.args[1:], **c.kwargs) for c in REDUCED],
        _ma("min", np.inf),
        errors=[_bool("amin")],
    ),
    OpCase(
        "masked.amax",
        [call(T(3, 4, dtype=d), 1, mask=NONE) for d in ("float32", "int32", "uint8")],
        also=["masked.amin"],
        grad=False,
        variants=False,
        id="masked.amax-nothing",
    ),
    _case(
        "argmax",
        [call(APART, 1, mask=MASK), call(APART, mask=MASK), call(APART, 0, keepdim=True, mask=MASK)],
        lambda x, dim=None, keepdim=False, mask=None: (
            np.where(mask, x, -np.inf).argmax(dim, keepdims=keepdim).astype(x.dtype)
        ),
        grad=False,
        errors=[_bool("argmax")],
    ),
    _case(
        "argmin",
        [call(APART, 1, mask=MASK), call(APART, mask=MASK), call(APART, 0, keepdim=True, mask=MASK)],
        lambda x, dim=None, keepdim=False, mask=None: (
            np.where(mask, x, np.inf).argmin(dim, keepdims=keepdim).astype(x.dtype)
        ),
        grad=False,
        errors=[_bool("argmin")],
    ),
    *(
        _case(
            name,
            [
                call(X, 1, mask=MASK),
                call(X),
                call(X, 1, False, mask=MASK),
                call(X, (0, 1), mask=MASK, keepdim=True),
                call(X, 1, correction=0, mask=MASK),
            ],
            _spread(name),
            errors=[
                fails(
                    AssertionError,
                    f"masked.{name}: unbiased must not be given with correction",
                    X,
                    1,
                    True,
                    correction=1,
                ),
                fails(
                    RuntimeError,
                    f"masked.{name}: input must not be bool",
                    T(3, 4, dtype="bool"),
                    1,
                    mask=MASK,
                ),
            ],
        )
        for name in ("var", "std")
    ),
    _case(
        "median",
        [
            call(APART, 1, mask=MASK),
            call(APART, 0, keepdim=True, mask=MASK),
            call(APART),
            call(T(3, 4, dtype="int64"), 1, mask=MASK),
        ],
        lambda x, dim=-1, keepdim=False, mask=None: _median(
            np.where(True if mask is None else mask, x, np.nan), dim, keepdim
        ),
        errors=[
            fails(
                ValueError,
                "masked.median: input must be floating-point where all elements are masked",
                T(3, 4, dtype="int64"),
                1,
                mask=NONE,
            )
        ],
    ),
    _case("logsumexp", REDUCED, _on_filled(_logsumexp, -np.inf)),
    OpCase(
        "masked.norm",
        [
            call(X, 2.0, 1, mask=MASK),
            call(X, 1, mask=MASK),
            call(X, 3.0, 1, mask=ROW),
            call(X, np.inf, 1, keepdim=True, mask=MASK),
        ],
        reference=_on_filled(_norm, 0),
        variants=False,
        errors=[
            fails(
                RuntimeError,
                "linalg.vector_norm: input must be of a floating point",
                T(3, 4, dtype="int64"),
                2,
                1,
            )
        ],
    ),
    OpCase(
        "masked.norm",
        [call(X, -np.inf, 1, mask=MASK), call(X, -1, 1, mask=MASK)],
        reference=_on_filled(_norm, np.inf),
        variants=False,
        torch=False,  # for other negative orders PyTorch fills with 0, so that every norm is 0
        id="masked.norm-negative",
    ),
    OpCase(
        "masked.normalize",
        [call(X, 2.0, 1, mask=MASK), call(X, 1.0, 1, mask=ROW), call(X, 2.0, 1, eps=0.5)],
        reference=lambda x, ord, dim, eps=1e-12, mask=None: (
            lambda a: a / np.maximum(_norm(a, ord, dim, True), eps)
        )(np.where(True if mask is None else mask, x, 0)),
        variants=False,
    ),
    _case(
        "cumsum",
        [call(X, 1, mask=MASK), call(X, 0), call(T(3, 4, dtype="int8"), 1, mask=MASK)],
        _on_filled(np.cumsum, 0),
        errors=[_bool("cumsum")],
    ),
    _case(
        "cumprod",
        [call(X, 1, mask=MASK), call(X, 0), call(T(3, 4, dtype="int8", low=-2, high=3), 1, mask=MASK)],
        _on_filled(np.cumprod, 1),
        errors=[_bool("cumprod")],
    ),
    *(
        _case(
            name,
            [call(X, 1, mask=MASK), call(X, 0)],
            _on_filled(function, fill),
            errors=[
                _bool(name),
                fails(
                    NotImplementedError,
                    f"masked.{name}: input must be floating-point",
                    T(3, 4, dtype="int64"),
                    1,
                ),
            ],
        )
        for name, function, fill in (
            ("softmax", _softmax, -np.inf),
            ("softmin", lambda x, dim: _softmax(-x, dim), np.inf),
        )
    ),
    _case("log_softmax", [call(X, 1, mask=MASK), call(X, 0)], _on_filled(_log_softmax, -np.inf), grad=False),
    OpCase(
        "masked.logaddexp",
        [call(X, T(4), input_mask=MASK), call(X, X, input_mask=MASK, other_mask=ROW)],
        reference=_logaddexp,
        variants=False,
        grad=False,
        errors=[
            fails(
                NotImplementedError,
                "masked.logaddexp: input and other must be floating-point",
                T(3, dtype="int64"),
                T(3, dtype="int64"),
            )
        ],
    ),
]
