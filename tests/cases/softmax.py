"""Cases of ops/softmax.py."""

import numpy as np

from harness import OpCase, T, call, fails
from rushlight.ops import softmax as ops

HALVES = ("float32", "float64", "float16", "bfloat16")


def softmax(x, dim):
    e = np.exp(x - x.max(dim, keepdims=True)) if x.size else x
    return e / e.sum(dim, keepdims=True) if x.size else x


def log_softmax(x, dim):
    shifted = x - x.max(dim, keepdims=True) if x.size else x
    return shifted - np.log(np.exp(shifted).sum(dim, keepdims=True)) if x.size else x


def logsumexp(x, dim, keepdim=False):
    axes = tuple(dim) if isinstance(dim, tuple) else dim
    if not x.size:
        return np.log(np.exp(x).sum(axes, keepdims=keepdim))
    most = x.max(axes, keepdims=True)
    y = np.log(np.exp(x - most).sum(axes, keepdims=True)) + most
    return y if keepdim else y.squeeze(axes)


CALLS = [
    call(T(3, 5), 1),
    call(T(3, 5), 0),
    call(T(2, 3, 4), 1),
    call(T(2, 3, 40), -2),
    call(T(3, 70), -1),
    call(T(2, 300, 9), 1),
    call(T(2, 5000), 1),
    call(T(7), 0),
    call(T(), 0),
    call(T(0, 3), 1),
    call(T(2, 3, low=-200, high=200), 1),
]
ERRORS = [
    fails(IndexError, "softmax: dim must be in [-2, 1] (Dimension out of range), got 5", T(2, 3), 5),
    fails(NotImplementedError, "softmax: input must be of a floating-point dtype", T(2, 3, dtype="int64"), 1),
]

CASES = [
    OpCase(
        "nn.functional.softmax",
        CALLS,
        reference=softmax,
        composed=lambda x, dim: ops._composed(x, dim % max(x.ndim, 1), False),
        dtypes=HALVES,
        big=call(T(64, 40, 64), 1),
        errors=ERRORS,
    ),
    OpCase("softmax", CALLS[:3], reference=softmax, big=call(T(500, 300), 1), errors=ERRORS),
    OpCase(
        "nn.functional.log_softmax",
        CALLS,
        reference=log_softmax,
        composed=lambda x, dim: ops._composed(x, dim % max(x.ndim, 1), True),
        dtypes=HALVES,
        big=call(T(64, 40, 64), 1),
        errors=ERRORS,
        also=["log_softmax"],
    ),
    OpCase("nn.functional.softmin", CALLS[:3], reference=lambda x, dim: softmax(-x, dim)),
    OpCase(
        "logsumexp",
        [call(T(3, 5), 1), call(T(3, 5), (0, 1), True), call(T(values=3 + 5j), 0)],
        reference=lambda x, dim, keepdim=False: np.log(np.exp(x).sum(dim, keepdims=keepdim)),
        dtypes=("complex64", "complex128"),
        grad=False,
        id="logsumexp-complex",
    ),
    OpCase(
        "logsumexp",
        [
            call(T(3, 5), 1),
            call(T(3, 5), 0, keepdim=True),
            call(T(2, 3, 4), (0, 2)),
            call(T(2, 30, 9), 1),
            call(T(2, 5000), -1),
            call(T(5), 0),
            call(T(0, 3), 0),
            call(T(values=[[np.inf, 1.0], [-np.inf, -np.inf], [-np.inf, 2.0]], grad=False), 1),
        ],
        reference=lambda x, dim, keepdim=False: (
            np.logaddexp.reduce(x, dim, keepdims=keepdim)
            if isinstance(dim, int)
            else logsumexp(x, dim, keepdim)
        ),
        composed=lambda x, dim, keepdim=False: ops._logsumexp(
            x, tuple(d % x.ndim for d in (dim if isinstance(dim, tuple) else (dim,))), keepdim
        ),
        big=call(T(500, 300), 1),
        errors=[fails(IndexError, "logsumexp: dim must be in [-2, 1]", T(2, 3), 2)],
    ),
    OpCase(
        "nn.functional.gumbel_softmax",
        [call(T(3, 5)), call(T(3, 5), tau=0.5, dim=0), call(T(3, 5), hard=True)],
        random=True,
        grad=False,
        variants=False,
    ),
]
