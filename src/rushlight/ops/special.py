"""Special functions: error function, gamma function and its kin, Bessel functions. NumPy has none of them.

Each is computed in float64, to a few units of its last place (erf and erfc of float32 have kernels).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..tensor import Tensor, into, method
from .elementwise import Binary, binary, make_unary, refuse, require_tensor, unary

__all__ = ["digamma", "erf", "erfc", "erfinv", "i0", "igamma", "igammac", "lgamma", "mvlgamma", "polygamma"]


def _in_float64(f: Callable) -> Callable:
    def g(a: np.ndarray, *rest: np.ndarray) -> np.ndarray:
        return f(a.astype(np.float64), *[r.astype(np.float64) for r in rest]).astype(a.dtype)

    return g


# -- error function -----------------------------------------------------------------------------------------------
# exp(t*t) erfc(t) for t >= 0: Chebyshev series in u = (t - 3) / (t + 3), own fit with 40 digits; 4e-15.
_ERFCX = [
    0.32986277475303677, -0.45366152053780207, 0.16039834082156296, -0.044908121151122825, 0.009641428650695697,
    -0.0014425080777443955, 0.00010099436735379916, 1.20850245344553e-05, -3.6254206027537556e-06,
    7.186810742476415e-08, 8.914235859898217e-08, -7.421566624959606e-09, -2.389336570265878e-09,
    3.062235535489925e-10, 7.78894538815109e-11, -1.0973745829245566e-11, -3.0915207311917572e-12,
    3.5254338817235316e-13, 1.399045217977199e-13, -8.24603747684294e-15, -6.6399614270005785e-15,
    -7.978348826389868e-17, 3.047241237418421e-16, 3.0321317092772444e-17,
]  # fmt: skip


def _erfcx_positive(t: np.ndarray) -> np.ndarray:
    from numpy.polynomial.chebyshev import (
        chebval,
    )  # a tenth of the time of `import rushlight`, for this function alone

    with np.errstate(invalid="ignore"):
        return np.where(t == np.inf, 0.0, chebval((t - 3) / (t + 3), _ERFCX))


def _exp_minus_square(t: np.ndarray) -> np.ndarray:
    """exp(-t*t), with the rounding error of t*t put back."""
    with np.errstate(invalid="ignore", over="ignore"):
        high = np.round(t * 2**21) / 2**21  # few enough bits that its square is exact
        return np.where(np.abs(t) > 40, 0.0, np.exp(-high * high) * np.exp(-(t - high) * (t + high)))


def _erf_small(x: np.ndarray) -> np.ndarray:
    """The Taylor series, for |x| < 1."""
    z = np.minimum(x * x, 1.0)
    total = np.zeros_like(x)
    for k in range(22, -1, -1):
        total = total * -z + 1 / (math.factorial(k) * (2 * k + 1))
    return 2 / math.sqrt(math.pi) * x * total


@_in_float64
def np_erf(x: np.ndarray) -> np.ndarray:
    t = np.abs(x)
    return np.where(t < 1, _erf_small(x), np.copysign(1 - _exp_minus_square(t) * _erfcx_positive(t), x))


@_in_float64
def np_erfc(x: np.ndarray) -> np.ndarray:
    t = np.abs(x)
    tail = _exp_minus_square(t) * _erfcx_positive(t)
    return np.where(t < 0.25, 1 - _erf_small(x), np.where(x < 0, 2 - tail, tail))


@_in_float64
def np_erfcx(x: np.ndarray) -> np.ndarray:
    t = np.abs(x)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(x < 0, 2 * np.exp(t * t) - _erfcx_positive(t), _erfcx_positive(t))


def _normal_quantile_low(log_p: np.ndarray) -> np.ndarray:
    """The t >= 0 with log(erfc(t) / 2) = log_p, for log_p <= log(1/2): Newton's method on the logarithm."""
    with np.errstate(all="ignore"):
        t = np.sqrt(np.maximum(-log_p - 0.5 * np.log(np.maximum(-2 * log_p, 1.0)) - 0.5, 0.0))
        for _ in range(8):
            scaled = _erfcx_positive(t)  # erfc(t) = scaled exp(-t t)
            error = np.log(scaled / 2) - t * t - log_p
            t = np.maximum(t + error * scaled * (math.sqrt(math.pi) / 2), 0.0)
        return np.where(np.isneginf(log_p), np.inf, t)


@_in_float64
def np_erfinv(y: np.ndarray) -> np.ndarray:
    size = np.abs(y)
    with np.errstate(all="ignore"):
        large = _normal_quantile_low(np.log((1 - size) / 2))
        x = size * (math.sqrt(math.pi) / 2) * (1 + size * size * (math.pi / 12))
        for _ in range(6):
            x = x - (_erf_small(x) - size) * (math.sqrt(math.pi) / 2) * np.exp(x * x)
        x = np.where(size < 0.75, x, large)
        return np.where(size > 1, np.nan, np.copysign(x, y))


@_in_float64
def np_ndtri(p: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        x = _normal_quantile_low(np.log(np.minimum(p, 1 - p))) * math.sqrt(2)
        x = np.where(np.abs(p - 0.5) < 0.2, np_erfinv(2 * p - 1) * math.sqrt(2), np.where(p < 0.5, -x, x))
        return np.where((p < 0) | (p > 1), np.nan, x)


def np_ndtr(x: np.ndarray) -> np.ndarray:
    return (0.5 * np_erfc(x.astype(np.float64) * -math.sqrt(0.5))).astype(x.dtype)


@_in_float64
def np_log_ndtr(x: np.ndarray) -> np.ndarray:
    t = x * math.sqrt(0.5)
    with np.errstate(all="ignore"):
        return np.where(x < -1, np.log(_erfcx_positive(np.abs(t)) / 2) - t * t, np.log1p(-np_erfc(t) / 2))


_ROOT = 2 / math.sqrt(math.pi)
erf = make_unary(
    "erf",
    np_erf,
    lambda dy, x: dy * ((-(x * x)).exp() * _ROOT),
    "The error function, `2 / sqrt(pi)` times the integral of exp(-t*t) from 0.",
    backward="erf_b",
    without="c",
)
erfc = make_unary(
    "erfc",
    np_erfc,
    lambda dy, x: dy * ((-(x * x)).exp() * -_ROOT),
    "`1 - erf(input)`, exact also where it is small.",
    without="c",
)
erfinv = make_unary(
    "erfinv",
    np_erfinv,
    lambda dy, y: dy * ((y * y).exp() / _ROOT),
    "The inverse of erf.",
    saves="y",
    without="c",
)
erfcx = make_unary(
    "erfcx",
    np_erfcx,
    lambda dy, x: dy * (erfcx(x) * x * 2 - _ROOT),
    "`exp(input**2) * erfc(input)`.",
    node="SpecialErfcxBackward0",
    without="c",
)
ndtr = make_unary(
    "ndtr",
    np_ndtr,
    lambda dy, x: dy * ((x * x * -0.5).exp() / math.sqrt(2 * math.pi)),
    "The standard normal distribution function.",
    node="MulBackward1",
    without="c",
)
ndtri = make_unary(
    "ndtri",
    np_ndtri,
    lambda dy, y: dy * ((y * y * 0.5).exp() * math.sqrt(2 * math.pi)),
    "The inverse of ndtr.",
    saves="y",
    node="SpecialNdtriBackward0",
    without="c",
)
log_ndtr = make_unary(
    "log_ndtr",
    np_log_ndtr,
    lambda dy, x: dy / erfcx(x * -math.sqrt(0.5)) * math.sqrt(2 / math.pi),
    "The logarithm of ndtr, also where ndtr underflows.",
    node="SpecialLogNdtrBackward0",
    without="c",
)


# -- gamma function -----------------------------------------------------------------------------------------------
# Coefficients of Stirling's series: B(2k) / (2k (2k - 1)).
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
# Of digamma's: B(2k) / (2k).
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


def _lgamma_positive(x: np.ndarray) -> np.ndarray:
    """Stirling's series above 10, to where the recurrence Gamma(x + 1) = x Gamma(x) leads."""
    product = np.ones_like(x)
    for _ in range(10):
        small = x < 10
        product = np.where(small, product * x, product)
        x = np.where(small, x + 1, x)
    z = 1 / (x * x)
    series = np.zeros_like(x)
    for c in reversed(_STIRLING):
        series = series * z + c
    return (x - 0.5) * np.log(x) - x + 0.5 * math.log(2 * math.pi) + series / x - np.log(product)


@_in_float64
def np_lgamma(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        low = x < 0.5
        y = _lgamma_positive(np.where(low, 1 - x, x))
        reflected = math.log(math.pi) - np.log(np.abs(np.sin(math.pi * (x - np.rint(x))))) - y
        y = np.where(low, reflected, y)
        y = np.where((x <= 0) & (x == np.floor(x)) | np.isinf(x), np.inf, y)
        return np.where((x == 1) | (x == 2), 0.0, y)


@_in_float64
def np_digamma(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        low = x < 0
        t = np.where(low, 1 - x, x)
        total = np.zeros_like(t)
        for _ in range(10):
            small = t < 10
            total = np.where(small, total - 1 / t, total)
            t = np.where(small, t + 1, t)
        z = 1 / (t * t)
        series = np.zeros_like(t)
        for k in range(len(_BERNOULLI), 0, -1):
            series = (series + _BERNOULLI[k - 1] / (2 * k)) * z
        y = total + np.log(t) - 0.5 / t - series
        y = np.where(low, y - math.pi / np.tan(math.pi * (x - np.rint(x))), y)
        y = np.where(x == 0, np.copysign(np.inf, -x), y)
        return np.where((x < 0) & (x == np.floor(x)), np.nan, y)


def _zeta_positive(s: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The sum over k >= 0 of (k + q)**-s for q > 0: ten terms, the rest by the Euler-Maclaurin formula."""
    n = 10
    total = sum((q + k) ** -s for k in range(n))
    a = q + n
    total = total + a ** (1 - s) / (s - 1) + 0.5 * a**-s
    term = s * a ** (-s - 1)
    for k, b in enumerate(_BERNOULLI, 1):
        total = total + b / math.factorial(2 * k) * term
        term = term * (s + 2 * k - 1) * (s + 2 * k) / (a * a)
    return np.asarray(total)


@_in_float64
def np_zeta(s: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Hurwitz' zeta function, the sum over k >= 0 of (k + q)**-s; negative q for integer s only.

    For q < 0 the terms with k + q < 0, whose distances from 0 go up from that of q to its next integer, are a
    difference of two sums with positive arguments.
    """
    s, q = np.broadcast_arrays(s, q)
    with np.errstate(all="ignore"):
        total = _zeta_positive(s, np.where(q < 0, q - np.floor(q), q))
        if (q < 0).any():
            below = _zeta_positive(s, np.ceil(q) - q) - _zeta_positive(s, 1 - q)
            total = np.where(q < 0, total + np.where(s % 2 == 0, below, -below), total)
        total = np.where((q < 0) & (s != np.floor(s)), np.nan, total)
        total = np.where((q <= 0) & (q == np.floor(q)) | (s == 1), np.inf, total)
        return np.where(s < 1, np.nan, total)


digamma = make_unary(
    "digamma", np_digamma, lambda dy, x: dy * polygamma(1, x), "The derivative of lgamma.", without="c"
)
lgamma = make_unary(
    "lgamma", np_lgamma, lambda dy, x: dy * digamma(x), "The logarithm of |Gamma(input)|.", without="c"
)


class PolygammaBackward0(Function):
    @staticmethod
    def forward(ctx: Any, n: int, x: Tensor) -> Tensor:
        ctx.n = n
        ctx.save_for_backward(x)
        sign = (-1) ** (n + 1) * math.factorial(n)
        return unary(None, lambda a: sign * np_zeta(np.full((), n + 1.0, a.dtype), a), x)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        (x,) = ctx.saved_tensors
        return None, dy * polygamma(ctx.n + 1, x)


def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The n-th derivative of digamma.

    Raises:
        RuntimeError: `n` is negative.
    Example:
        >>> polygamma(1, rushlight.tensor([1.0]))
        tensor([1.6449])
    """
    require_tensor("polygamma", input)
    if not isinstance(n, int):
        raise TypeError(f"polygamma: n must be an int, got {kind_of(n)}")
    refuse("polygamma", input, "c")
    if n < 0:
        raise RuntimeError(f"polygamma: n must not be negative, got {n}")
    y = digamma(input) if n == 0 else PolygammaBackward0.apply(n, input)
    return y if out is None else into(out, y, "polygamma")


@method("polygamma")
def _polygamma_method(self: Tensor, n: int) -> Tensor:
    """See `polygamma`."""
    return polygamma(n, self)


@method(inplace=True)
def mvlgamma(input: Tensor, p: int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`.

    Raises:
        RuntimeError: `p` is less than 1.
    Example:
        >>> mvlgamma(rushlight.tensor([3.0]), 2)
        tensor([1.5502])
    """
    refuse("mvlgamma", input, "c")
    if p < 1:
        raise RuntimeError(f"mvlgamma: p must be at least 1, got {p}")
    y = p * (p - 1) / 4 * math.log(math.pi)
    for j in range(p):
        y = lgamma(input - j / 2) + y  # type: ignore[operator]
    return y if out is None else into(out, y, "mvlgamma")  # type: ignore[arg-type,return-value]


class SpecialZetaBackward0(Function):
    """It has no derivative, as in PyTorch."""

    @staticmethod
    def forward(ctx: Any, s: Any, q: Any) -> Tensor:
        return binary("zeta", None, np_zeta, s, q, None, True)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        raise RuntimeError("zeta: derivative for zeta is not implemented")


def zeta(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Hurwitz' zeta function: the sum over k >= 0 of `(k + other)**-input`."""
    if not isinstance(other, TensorBase):
        require_tensor("zeta", input)
    y = SpecialZetaBackward0.apply(input, other)
    return y if out is None else into(out, y, "zeta")


# -- entropy ------------------------------------------------------------------------------------------------------
def _np_entr(a: np.ndarray) -> np.ndarray:
    return np.where(
        a > 0, -a * np.log(np.where(a > 0, a, 1)), np.where(a == 0, 0, np.where(a < 0, -np.inf, a))
    ).astype(a.dtype)


entr = make_unary(
    "entr",
    _np_entr,
    lambda dy, x: dy * (-x.log() - 1),
    "`-input * log(input)`.",
    node="SpecialEntrBackward0",
    without="c",
)


def _log1p_where(x: Any, y: Any) -> Any:
    """log1p(y), 0 where x is 0 and y is at most -1."""
    y = y if isinstance(y, TensorBase) else x.new_full((), y)
    return y.masked_fill((x == 0) & (y <= -1), 0).log1p()  # type: ignore[attr-defined]


class SpecialXlog1PyBackward0(Binary):
    title = "xlog1py"
    fn = staticmethod(
        lambda a, b: np.where(
            np.isnan(b), b, np.where(a == 0, 0, a * np.log1p(np.where(a == 0, 0, b)))
        ).astype(a.dtype)
    )
    derivatives = (
        lambda dz, x, y, z: dz * _log1p_where(x, y),
        lambda dz, x, y, z: dz * (x / (y + 1)),
    )


def xlog1py(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """`input * log1p(other)`; 0 where `input` is 0."""
    if not isinstance(other, TensorBase):
        require_tensor("xlog1py", input)
    y = SpecialXlog1PyBackward0.apply(input, other)
    return y if out is None else into(out, y, "xlog1py")


# -- Bessel functions ---------------------------------------------------------------------------------------------
def _bessel(x: np.ndarray, order: int) -> np.ndarray:
    """exp(-|x|) I(x): the power series up to 20, the asymptotic expansion above (Abramowitz and Stegun 9.6.10, 9.7.1)."""
    t = np.abs(x)
    with np.errstate(all="ignore"):
        s = np.minimum(t, 20.0)
        z = s * s / 4
        term = np.ones_like(s) if order == 0 else s / 2
        series = term.copy()
        for k in range(1, 70):
            term = term * z / (k * (k + order))
            series = series + term
        large = np.maximum(t, 20.0)
        term = np.ones_like(large)
        expansion = term.copy()
        for k in range(1, 25):
            term = term * -(4 * order * order - (2 * k - 1) ** 2) / (k * 8 * large)
            expansion = expansion + term
        y = np.where(t <= 20, series * np.exp(-s), expansion / np.sqrt(2 * math.pi * large))
    return y * np.sign(x) if order else y


@_in_float64
def np_i0e(x: np.ndarray) -> np.ndarray:
    return _bessel(x, 0)


@_in_float64
def np_i1e(x: np.ndarray) -> np.ndarray:
    return _bessel(x, 1)


def _times_exp(f: Callable) -> Callable:
    def g(x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return f(x) * np.exp(np.abs(x))

    return _in_float64(g)


def _over(y: Tensor, x: Tensor, at_0: float) -> Tensor:
    none = x == 0
    return (y / x.masked_fill(none, 1)).masked_fill(none, at_0)  # type: ignore[attr-defined,operator]


i0 = make_unary(
    "i0",
    _times_exp(np_i0e),
    lambda dy, x: dy * i1(x),
    "The modified Bessel function of order 0.",
    without="c",
)
i0e = make_unary(
    "i0e",
    np_i0e,
    lambda dy, x: dy * (i1e(x) - x.sign() * i0e(x)),
    "`exp(-|input|) * i0(input)`.",
    node="SpecialI0EBackward0",
    without="c",
)
i1 = make_unary(
    "i1",
    _times_exp(np_i1e),
    lambda dy, x: dy * (i0(x) - _over(i1(x), x, 0.5)),
    "The modified Bessel function of order 1.",
    node="SpecialI1Backward0",
    without="c",
)
i1e = make_unary(
    "i1e",
    np_i1e,
    lambda dy, x: dy * (i0e(x) - x.sign() * i1e(x) - _over(i1e(x), x, 0.5)),
    "`exp(-|input|) * i1(input)`.",
    node="SpecialI1EBackward0",
    without="c",
)


# -- incomplete gamma function ------------------------------------------------------------------------------------
def _gamma_share(a: np.ndarray, x: np.ndarray, upper: bool) -> np.ndarray:
    """The series for x < a + 1, the continued fraction (by Lentz's method) above: Numerical Recipes, section 6.2.

    Both end where no element changes any more; the longest need about 10 sqrt(a) steps.
    """
    a, x = np.broadcast_arrays(a, x)
    shape, a, x = a.shape, a.reshape(-1), x.reshape(-1)
    y = np.full(a.shape, np.nan)
    with np.errstate(all="ignore"):
        regular = (x > 0) & np.isfinite(x) & (a > 0) & np.isfinite(a)
        below = regular & (x < a + 1)
        above = regular & ~below
        for where_, complement, part in ((below, False, _gamma_series), (above, True, _gamma_fraction)):
            if where_.any():
                order, at = a[where_], x[where_]
                share = part(order, at) * np.exp(order * np.log(at) - at - np_lgamma(order))
                y[where_] = share if complement == upper else 1 - share
        none, all_ = (1.0, 0.0) if upper else (0.0, 1.0)
        y[(a > 0) & (x == 0) | np.isposinf(a) & (x >= 0) & np.isfinite(x)] = none
        y[(a == 0) & (x > 0) | np.isposinf(x) & (a >= 0) & np.isfinite(a)] = all_
    return y.reshape(shape)


def _gamma_series(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    term = 1 / a
    total = term.copy()
    for k in range(1, 20000):
        term = term * x / (a + k)
        total = total + term
        if k % 16 == 0 and (term <= total * 1e-17).all():
            break
    return total


def _gamma_fraction(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    b = x + 1 - a
    c = np.full_like(b, 1e300)
    d = 1 / b
    total = d.copy()
    for k in range(1, 20000):
        n = -k * (k - a)
        b = b + 2
        d = n * d + b
        d = 1 / np.where(np.abs(d) < 1e-300, 1e-300, d)
        c = b + n / c
        c = np.where(np.abs(c) < 1e-300, 1e-300, c)
        total = total * d * c
        if k % 16 == 0 and (np.abs(d * c - 1) <= 1e-15).all():
            break
    return total


@_in_float64
def np_gammainc(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _gamma_share(a, x, False)


@_in_float64
def np_gammaincc(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _gamma_share(a, x, True)


class IgammaBackward0(Function):
    _complement = False

    @staticmethod
    def forward(ctx: Any, a: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(a, x)
        return binary(
            "igamma", None, np_gammaincc if type(ctx)._complement else np_gammainc, a, x, None, True
        )

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        a, x = ctx.saved_tensors
        if ctx.needs_input_grad[0]:
            raise RuntimeError("igamma: the derivative by input is not implemented, as in PyTorch")
        slope = ((a - 1) * x.log() - x - lgamma(a)).exp()
        return None, dy * (-slope if type(ctx)._complement else slope)


class IgammacBackward0(IgammaBackward0):
    _complement = True


@method(inplace=True)
def igamma(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The regularized lower incomplete gamma function of order `input` at `other`.

    Example:
        >>> igamma(rushlight.tensor([1.0]), rushlight.tensor([1.0]))
        tensor([0.6321])
    """
    require_tensor("igamma", input)
    require_tensor("igamma", other, "other")
    y = IgammaBackward0.apply(input, other)
    return y if out is None else into(out, y, "igamma")


@method(inplace=True)
def igammac(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The regularized upper incomplete gamma function of order `input` at `other`: 1 - igamma.

    Example:
        >>> igammac(rushlight.tensor([1.0]), rushlight.tensor([1.0]))
        tensor([0.3679])
    """
    require_tensor("igammac", input)
    require_tensor("igammac", other, "other")
    y = IgammacBackward0.apply(input, other)
    return y if out is None else into(out, y, "igammac")


@method("polygamma_")
def _polygamma_in_place(self: Tensor, n: int) -> Tensor:
    """In-place `polygamma`."""
    from ..autograd.inplace import assign, check_inplace

    check_inplace(self, "polygamma_")
    return assign(self, polygamma(n, self), "polygamma_")
