"""How exact the vector functions of csrc/kernels/math.inl.h are: the figures that its comment states.

Each is tried on numbers of all magnitudes and both signs, denormal ones included, and on the special values.
"""

import math

import numpy as np
import pytest

import rushlight
from rushlight.kernels import _C
from rushlight.ops import special

pytestmark = pytest.mark.skipif(_C is None, reason="needs the compiled kernels")

SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    np.inf,
    -np.inf,
    np.nan,
    0.5,
    -0.5,
    88.7,
    88.8,
    -87.4,
    -103.9,
    -104.1,
    1e-45,
    -1e-45,
    3.4e38,
]


def numbers():
    """Floats of evenly spread bit patterns: as many of each power of 2."""
    bits = np.arange(0, 2**32, 65539, dtype=np.uint64).astype(np.uint32)
    return np.concatenate(
        [bits.view(np.float32), np.linspace(-20, 20, 40001, dtype=np.float32), np.array(SPECIAL, np.float32)]
    )


def ulps(got, exact):
    """Errors in units of the last place of the exact result (of denormals: in their own unit)."""
    exact = np.asarray(exact, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = exact.astype(np.float32)
        unit = np.ldexp(
            1.0,
            np.maximum(np.frexp(np.where(np.isfinite(rounded) & (rounded != 0), rounded, 1))[1], -125) - 24,
        )
        unit = np.where(rounded == 0, 2.0**-149, unit)
        error = np.abs(got.astype(np.float64) - exact) / unit
    same = (np.isnan(got) & np.isnan(exact)) | (got == rounded)
    at_the_end = np.isinf(got) & (np.abs(exact) > 3.4028e38)  # half a unit under what rounds to infinity
    return np.where(same | at_the_end, 0.0, np.where(np.isnan(error), np.inf, error))


def elementwise(f):
    return np.vectorize(f, otypes=[np.float64])


CASES = {
    "exp": (np.exp, 1),
    "exp2": (np.exp2, 1),
    "expm1": (np.expm1, 1.6),
    "log": (np.log, 0.8),
    "log2": (np.log2, 1.4),
    "log10": (np.log10, 1.8),
    "log1p": (np.log1p, 1.4),
    "sigmoid": (
        lambda x: np.where(
            x < 0, np.exp(np.minimum(x, 0)) / (1 + np.exp(np.minimum(x, 0))), 1 / (1 + np.exp(-x))
        ),
        2.2,
    ),
    "tanh": (np.tanh, 2.4),
    "sinh": (np.sinh, 1.6),
    "cosh": (np.cosh, 1.6),
    "erf": (elementwise(math.erf), 1.2),
    "erfc": (elementwise(math.erfc), 4.5),
    "sin": (np.sin, 1.6),
    "cos": (np.cos, 1.6),
    "tan": (np.tan, 3.3),
    "asin": (np.arcsin, 2.3),
    "acos": (np.arccos, 1.1),
    "atan": (np.arctan, 2.3),
    "asinh": (np.arcsinh, 1.8),
    "acosh": (np.arccosh, 1.9),
    "atanh": (np.arctanh, 2.1),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 1.5),
}


@pytest.mark.parametrize("name", CASES)
def test_ulp(name):
    reference, limit = CASES[name]
    x = numbers()
    got = _C.unary(_C.UNARY[name], rushlight.from_numpy(x), None, None).numpy()
    with np.errstate(all="ignore"):
        errors = ulps(got, reference(x.astype(np.float64)))
    worst = int(np.argmax(errors))
    assert errors[worst] <= limit, f"{name}({x[worst]!r}) = {got[worst]!r}: {errors[worst]:.3g} ULP"


@pytest.mark.parametrize("exponent", [2.0, 3.0, -1.5, 0.33, 100.0, -7.0, 0.0, np.inf, -np.inf, np.nan])
def test_pow_ulp(exponent):
    x = numbers()
    got = _C.binary(_C.BINARY["pow"], rushlight.from_numpy(x), float(exponent), None, None).numpy()
    with np.errstate(all="ignore"):
        errors = ulps(got, np.power(x.astype(np.float64), np.float64(np.float32(exponent))))
    assert errors.max() <= 0.51, x[np.argmax(errors)]


@pytest.mark.parametrize("base", [2.0, 0.5, -1.0, -1.5, 0.0, 1.0, np.inf, -np.inf])
def test_pow_of_a_number(base):
    y = numbers()
    got = _C.binary(_C.BINARY["pow"], float(base), rushlight.from_numpy(y), None, None).numpy()
    with np.errstate(all="ignore"):
        errors = ulps(got, np.power(np.float64(base), y.astype(np.float64)))
    assert errors.max() <= 0.51, y[np.argmax(errors)]


@pytest.mark.parametrize("x", [2.0, -1.5, 0.0, -0.0, 1e30, 1e-30, np.inf, -np.inf, np.nan])
def test_atan2_ulp(x):
    y = numbers()
    got = _C.binary(_C.BINARY["atan2"], rushlight.from_numpy(y), float(x), None, None).numpy()
    with np.errstate(all="ignore"):
        errors = ulps(got, np.arctan2(y.astype(np.float64), np.float64(np.float32(x))))
    assert errors.max() <= 2.3, y[np.argmax(errors)]


@pytest.mark.parametrize("name", ["fmod", "remainder", "div_floor"])
def test_exact_division(name):
    """Remainders are exact, also of quotients beyond float32's integers."""
    rng = np.random.default_rng(0)
    x = (rng.normal(size=20000) * 10.0 ** rng.uniform(-6, 12, 20000)).astype(np.float32)
    y = (rng.normal(size=20000) * 10.0 ** rng.uniform(-3, 3, 20000)).astype(np.float32)
    got = _C.binary(_C.BINARY[name], rushlight.from_numpy(x), rushlight.from_numpy(y), None, None).numpy()
    reference = {"fmod": np.fmod, "remainder": np.remainder, "div_floor": np.floor_divide}[name]
    np.testing.assert_allclose(got, reference(x, y), rtol=1.2e-7 if name == "div_floor" else 0)


def test_float64_special_functions():
    """The NumPy error functions against Python's, to a few units of the last place of float64."""
    x = np.concatenate([np.linspace(-6, 27, 4001), [0.0, 1e-300, -1e-10, np.inf, -np.inf]])
    np.testing.assert_allclose(special.np_erf(x), elementwise(math.erf)(x), rtol=1e-14)
    np.testing.assert_allclose(special.np_erfc(x), elementwise(math.erfc)(x), rtol=2e-14, atol=1e-320)
    positive = np.linspace(0.01, 60, 2001)
    np.testing.assert_allclose(
        special.np_lgamma(positive), elementwise(math.lgamma)(positive), rtol=1e-13, atol=1e-14
    )
