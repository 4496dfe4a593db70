"""Cases of functions without a NumPy form, compared with PyTorch and by their derivatives, and of small helpers."""

import numpy as np

from harness import OpCase, T, call

POSITIVE = T(3, 4, low=0.5, high=4.0)
FIXED = T(3, 4, low=0.5, high=4.0, grad=False)


def zeta(s, q):
    """The sum itself, with the integral of the terms left out. Slow."""
    k, n = np.arange(20000.0), 20000
    with np.errstate(all="ignore"):
        total = ((q[..., None] + k) ** -s[..., None]).sum(-1) + (q + n - 0.5) ** (1 - s) / (s - 1)
    return np.where(s == 1, np.inf, np.where(s < 1, np.nan, total))


def polygamma(n, x):
    return (-1) ** (n + 1) * zeta(np.full(x.shape, n + 1.0), x) * n


CASES = [
    OpCase("igamma", [call(FIXED, FIXED)], grad=False, rtol=1e-4, reason="a continued fraction in float32"),
    OpCase("igammac", [call(FIXED, FIXED)], grad=False, rtol=1e-4, reason="a continued fraction in float32"),
    OpCase("mvlgamma", [call(T(3, low=3.0, high=6.0), 2)], gradgrad=False),
    OpCase(
        "polygamma",
        [
            call(1, POSITIVE),
            call(1, T(values=[-8.9, -8.5, -3.25, -0.5])),
            call(2, T(values=[-8.9, -8.5, -3.25, -0.5])),
        ],
        reference=polygamma,
        gradgrad=False,
        variants=False,
    ),
    OpCase(
        "special.zeta",
        [
            call(T(values=[2.0, 3.0, 1.0, 0.0, 2.0]), T(values=[1.0, 0.5, 2.0, -1.0, -2.5])),
        ],
        reference=zeta,
        grad=False,
    ),
    OpCase("positive", [call(T(3))], reference=np.positive),
    OpCase("clamp_min", [call(T(3, 4), 0.1)], reference=np.maximum),
    OpCase("clamp_max", [call(T(3, 4), 0.1)], reference=np.minimum),
    OpCase("true_divide", [call(T(3), POSITIVE.with_shape((3,)))], reference=np.true_divide),
    OpCase(
        "ldexp",
        [call(T(3), T(values=[1, 2, 3], dtype="int64"))],
        reference=lambda x, n: x * 2.0**n,
        gradgrad=False,
    ),
    OpCase("frexp", [call(T(3, grad=False))], reference=np.frexp, grad=False, variants=False),
    OpCase("isreal", [call(T(3))], reference=np.isreal, grad=False),
    OpCase("equal", [call(T(3), T(3))], reference=np.array_equal, grad=False),
    OpCase("allclose", [call(T(3), T(3))], reference=np.allclose, grad=False),
    OpCase("trapz", [call(T(5))], reference=np.trapezoid),
    OpCase("angle", [call(T(3))], reference=np.angle, dtypes=("float32", "complex64"), grad=False),
    OpCase("conj", [call(T(3))], reference=np.conj, dtypes=("complex64",), grad=False),
    OpCase("conj_physical", [call(T(3))], reference=np.conj, dtypes=("complex64",), grad=False),
    OpCase(
        "sgn", [call(T(3))], reference=lambda x: x / np.abs(x), dtypes=("float32", "complex64"), grad=False
    ),
]
