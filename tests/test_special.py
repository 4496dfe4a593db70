"""Special functions beyond the cases: values at the ends, integers, large degrees."""

import numpy as np
import pytest

import rushlight
from rushlight import special

ENDS = [np.nan, np.inf, -np.inf, 0.0, -1.0, 300.0]
AT_ENDS = {
    "bessel_j0": [np.nan, np.nan, np.nan, 1, 0.7651976865579666, -0.033298554876305654],
    "bessel_j1": [np.nan, np.nan, np.nan, 0, -0.44005058574493355, -0.03188743137749963],
    "bessel_y0": [np.nan, np.nan, np.nan, -np.inf, np.nan, -0.03183188973000338],
    "bessel_y1": [np.nan, np.nan, np.nan, -np.inf, np.nan, 0.03324554812131003],
    "modified_bessel_k0": [np.nan, 0, np.nan, np.inf, np.nan, 3.723694854889142e-132],
    "scaled_modified_bessel_k1": [np.nan, 0, np.nan, np.inf, np.nan, 0.0724504816672584],
    "airy_ai": [np.nan, np.nan, np.nan, 0.3550280538878172, 0.5355608832923521, 0],
    "spherical_bessel_j0": [np.nan, 0, 0, 1, 0.8414709848078965, -0.003332519466337165],
}


@pytest.mark.parametrize("name", AT_ENDS)
def test_at_the_ends(name):
    y = getattr(special, name)(rushlight.tensor(ENDS, dtype=rushlight.float64))
    np.testing.assert_allclose(y.numpy(), AT_ENDS[name], rtol=1e-12)


def test_wronskian():
    x = rushlight.logspace(-3, 3, 200, dtype=rushlight.float64)
    w = special.bessel_j1(x) * special.bessel_y0(x) - special.bessel_j0(x) * special.bessel_y1(x)
    np.testing.assert_allclose((w * x).numpy(), 2 / np.pi, rtol=1e-11)


def test_integers_and_no_derivative():
    assert special.bessel_j0(rushlight.tensor([0, 1])).dtype is rushlight.float32
    assert special.chebyshev_polynomial_t(rushlight.tensor([2]), 3).tolist() == [26.0]
    assert special.chebyshev_polynomial_t(0.5, rushlight.tensor([2])).tolist() == [-0.5]
    x = rushlight.ones(2, requires_grad=True)
    assert not special.bessel_j0(x).requires_grad
    assert not special.legendre_polynomial_p(x, 2).requires_grad


def test_large_degrees():
    x = rushlight.tensor([1.0, -1.0, 0.3], dtype=rushlight.float64)
    t = special.chebyshev_polynomial_t(x, 1001)
    np.testing.assert_allclose(t.numpy(), [1, -1, np.cos(1001 * np.arccos(0.3))], rtol=1e-10)
    v = special.chebyshev_polynomial_v(x[:2], rushlight.tensor([600, 601]))
    np.testing.assert_allclose(v.numpy(), [1, -1203])
    assert special.hermite_polynomial_h(rushlight.tensor([1.0]), 129).isnan().all()


def test_degrees_are_rounded_towards_zero():
    n = rushlight.tensor([2.9, -0.5, -1.0, float("nan")])
    assert special.legendre_polynomial_p(rushlight.full((4,), 2.0), n).tolist() == [5.5, 1.0, 0.0, 0.0]
