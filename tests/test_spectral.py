"""Short-time Fourier transforms beyond the cases: round trips, gradients of complex inputs."""

import numpy as np
import pytest

import rushlight
from rushlight.autograd import gradcheck, gradgradcheck

rng = np.random.default_rng(2)


@pytest.mark.parametrize(
    "options", [{}, {"hop_length": 3, "win_length": 9}, {"normalized": True, "onesided": False}]
)
@pytest.mark.parametrize("shape", [(40,), (2, 40)])
def test_inverse_gives_the_signal_back(shape, options):
    x = rushlight.from_numpy(rng.standard_normal(shape))
    window = rushlight.hamming_window(options.get("win_length", 12), dtype=rushlight.float64)
    s = rushlight.stft(x, 12, window=window, return_complex=True, **options)
    assert rushlight.allclose(rushlight.istft(s, 12, window=window, length=40, **options), x)
    assert rushlight.allclose(s.istft(12, window=window, length=40, **options), x)


def test_complex_signal():
    x = rushlight.from_numpy(rng.standard_normal(40) + 1j * rng.standard_normal(40))
    s = x.stft(8)
    assert rushlight.allclose(s.istft(8, length=40, return_complex=True), x)


@pytest.mark.parametrize("options", [{}, {"length": 7}, {"center": False, "normalized": True}])
def test_gradient_of_the_inverse(options):
    x = rushlight.from_numpy(rng.standard_normal((5, 4, 2))).requires_grad_()
    window = rushlight.from_numpy(rng.uniform(0.5, 1, 8)).requires_grad_()

    def signal(x, w):
        return rushlight.istft(rushlight.view_as_complex(x), 8, window=w, **options)

    assert gradcheck(signal, (x, window))
    assert gradgradcheck(signal, (x, window))


def test_a_short_signal_is_filled_up():
    s = rushlight.stft(rushlight.ones(20), 8, return_complex=True)
    with pytest.warns(UserWarning, match="istft: the signal is shorter than length"):
        y = rushlight.istft(s, 8, length=40)
    assert y.shape == (40,)
    assert not y[30:].any()
