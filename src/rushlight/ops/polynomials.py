"""Orthogonal polynomials by their recurrences, in float64.

Source: Abramowitz and Stegun, table 22.7. They have no derivatives, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import no_grad
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..tensor import Tensor, into
from .elementwise import SCALARS, binary

__all__: list[str] = []  # they are names of torch.special only

# Degrees from which a Chebyshev polynomial is computed by its formula in angles instead.
_MANY = 512


def _recurrence(x: np.ndarray, n: np.ndarray, first: np.ndarray, step: Callable) -> np.ndarray:
    """P(n, x) from P(0) = 1, P(1) = `first`, P(k + 1) = step(k, P(k), P(k - 1)); 0 for negative n."""
    y = np.where(n == 0, 1.0, np.where(n == 1, first, 0.0))
    before, now = np.ones_like(x), first
    for k in range(1, int(n.max(initial=0))):
        before, now = now, step(k, now, before)
        y = np.where(n == k + 1, now, y)
    return y


def _chebyshev(a: float, b: float, angle: Callable) -> Callable:
    """P(1) = a x + b, P(k + 1) = 2 x P(k) - P(k - 1)."""

    def fn(x: np.ndarray, n: np.ndarray) -> np.ndarray:
        y = _recurrence(x, np.where(n < _MANY, n, -1), a * x + b, lambda k, p, q: 2 * x * p - q)
        many = n >= _MANY
        if many.any():
            theta = np.arccos(x.astype(np.complex128))  # imaginary, and the cosine hyperbolic, where |x| > 1
            ends = np.abs(x) == 1
            large = np.where(ends, _at_ends(a, b, x, n), np.real(angle(n, np.where(ends, 1.0, theta))))
            y = np.where(many, large, y)
        return y

    return fn


def _at_ends(a: float, b: float, x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """At 1 and, but for the sign, at -1, where it alternates, P(n) is linear in n."""
    alternating = np.where((x < 0) & (n % 2 == 1), -1.0, 1.0)
    return alternating * (1 + n * (np.sign(x) * (a * x + b) - 1))


_T = _chebyshev(1, 0, lambda n, t: np.cos(n * t))
_U = _chebyshev(2, 0, lambda n, t: np.sin((n + 1) * t) / np.sin(t))
_V = _chebyshev(2, -1, lambda n, t: np.cos((n + 0.5) * t) / np.cos(t / 2))
_W = _chebyshev(2, 1, lambda n, t: np.sin((n + 0.5) * t) / np.sin(t / 2))


def _shifted(fn: Callable) -> Callable:
    return lambda x, n: fn(2 * x - 1, n)


def _hermite_h(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    return _recurrence(x, n, 2 * x, lambda k, p, q: 2 * (x * p - k * q))


def _hermite_he(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    return _recurrence(x, n, x, lambda k, p, q: x * p - k * q)


def _laguerre(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    return _recurrence(x, n, 1 - x, lambda k, p, q: ((2 * k + 1 - x) * p - k * q) / (k + 1))


def _legendre(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    return _recurrence(x, n, x, lambda k, p, q: ((2 * k + 1) * x * p - k * q) / (k + 1))


def _limited(fn: Callable) -> Callable:
    """Hermite's polynomials grow so fast that PyTorch gives NaN from degree 128 (float64: 512) on."""

    def limited(x: np.ndarray, n: np.ndarray, dtype: np.dtype) -> np.ndarray:
        most = 128 if dtype == np.float32 else 512
        return np.where(n > most, np.nan, fn(x, np.minimum(n, most)))

    return limited


def _make(name: str, fn: Callable, title: str, example: str) -> Callable:
    takes_dtype = "hermite" in name

    def compute(x: np.ndarray, n: np.ndarray) -> np.ndarray:
        wide, degree = np.broadcast_arrays(x.astype(np.float64), n.astype(np.float64))
        degree = np.where(np.isfinite(degree), np.trunc(degree), -1.0)
        y = fn(wide, degree, x.dtype) if takes_dtype else fn(wide, degree)
        return y.astype(x.dtype)

    def function(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
        for argument, value in (("input", input), ("n", n)):
            if not isinstance(value, (TensorBase, *SCALARS)):
                raise TypeError(
                    f"special.{name}: {argument} must be a Tensor or a number, got {kind_of(value)}"
                )
            if isinstance(value, TensorBase):
                d = dtypes.of(value._array.dtype)
                if d.is_complex or (d.is_floating_point and d.itemsize < 4):
                    raise NotImplementedError(
                        f"special.{name}: {argument} must be float32, float64, integer or bool, got {d}"
                    )
        if not isinstance(input, TensorBase) and not isinstance(n, TensorBase):
            raise TypeError(f"special.{name}: input or n must be a Tensor, got two numbers")
        with no_grad():
            y = binary(name, None, compute, input, n, None, True)
        return y if out is None else into(out, y, f"special.{name}")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{title} of degree `n` at `input`; 0 where n is negative. It has no derivative, as in PyTorch.

    Args:
        n: A number, or a tensor that broadcasts with the input; rounded towards zero.
    Source: Abramowitz and Stegun, table 22.7.
    Example:
        >>> rushlight.special.{name}(rushlight.tensor([0.25, 2.0]), 3)
        tensor([{example}])
    """
    return function


_KINDS = {"t": ("first", _T), "u": ("second", _U), "v": ("third", _V), "w": ("fourth", _W)}
_EXAMPLES = {
    "t": ("-0.6875, 26.0000", "1., 99."),
    "u": ("-0.8750, 56.0000", "0., 204."),
    "v": ("-0.1250, 41.0000", "1., 169."),
    "w": ("-1.6250, 71.0000", "-1., 239."),
}
chebyshev_polynomial_t, chebyshev_polynomial_u, chebyshev_polynomial_v, chebyshev_polynomial_w = (
    _make(f"chebyshev_polynomial_{k}", fn, f"Chebyshev's polynomial of the {kind} kind", _EXAMPLES[k][0])
    for k, (kind, fn) in _KINDS.items()
)
(
    shifted_chebyshev_polynomial_t,
    shifted_chebyshev_polynomial_u,
    shifted_chebyshev_polynomial_v,
    shifted_chebyshev_polynomial_w,
) = (
    _make(
        f"shifted_chebyshev_polynomial_{k}",
        _shifted(fn),
        f"Chebyshev's polynomial of the {kind} kind at `2 * input - 1`, that",
        _EXAMPLES[k][1],
    )
    for k, (kind, fn) in _KINDS.items()
)
hermite_polynomial_h = _make(
    "hermite_polynomial_h", _limited(_hermite_h), "The physicist's Hermite polynomial", "-2.8750, 40.0000"
)
hermite_polynomial_he = _make(
    "hermite_polynomial_he", _limited(_hermite_he), "The probabilist's Hermite polynomial", "-0.7344,  2.0000"
)
laguerre_polynomial_l = _make("laguerre_polynomial_l", _laguerre, "Laguerre's polynomial", "0.3411, -0.3333")
legendre_polynomial_p = _make("legendre_polynomial_p", _legendre, "Legendre's polynomial", "-0.3359, 17.0000")
