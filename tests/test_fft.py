"""rushlight.fft against NumPy's transforms and numerical gradients."""

import numpy as np
import pytest

import rushlight as torch
from rushlight.autograd import gradcheck, gradgradcheck

NAMES = [
    "fft",
    "ifft",
    "rfft",
    "irfft",
    "hfft",
    "ihfft",
    "fftn",
    "ifftn",
    "rfftn",
    "irfftn",
    "fft2",
    "ifft2",
    "rfft2",
    "irfft2",
]
REAL = {"rfft", "ihfft", "rfftn", "rfft2"}


def value(name, *shape):
    rng = np.random.default_rng(0)
    real = rng.standard_normal(shape)
    return real if name in REAL else real + 1j * rng.standard_normal(shape)


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
@pytest.mark.parametrize("name", NAMES)
def test_values(name, norm):
    x = value(name, 4, 5)
    got = getattr(torch.fft, name)(torch.from_numpy(x), norm=norm)
    np.testing.assert_allclose(got.numpy(), getattr(np.fft, name)(x, norm=norm or "backward"), atol=1e-12)


@pytest.mark.parametrize("n", [3, 4, 8])
@pytest.mark.parametrize("name", NAMES[:6])
def test_lengths(name, n):
    x = value(name, 2, 5)
    got = getattr(torch.fft, name)(torch.from_numpy(x), n=n)
    np.testing.assert_allclose(got.numpy(), getattr(np.fft, name)(x, n=n), atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_gradients(name):
    x = torch.from_numpy(value(name, 3, 4)).requires_grad_()
    f = getattr(torch.fft, name)
    assert gradcheck(f, (x,))
    assert gradgradcheck(lambda x: f(x * x), (x,))


def test_single_precision_stays_single():
    assert torch.fft.fft(torch.ones(4)).dtype is torch.complex64
    assert torch.fft.irfft(torch.ones(4, dtype=torch.complex64)).dtype is torch.float32


def test_frequencies_and_shifts():
    assert torch.fft.fftfreq(4).tolist() == [0.0, 0.25, -0.5, -0.25]
    assert torch.fft.rfftfreq(4, 0.5).tolist() == [0.0, 0.5, 1.0]
    x = torch.arange(5)
    assert torch.fft.fftshift(x).tolist() == [3, 4, 0, 1, 2]
    assert torch.fft.ifftshift(torch.fft.fftshift(x)).tolist() == x.tolist()


def test_errors():
    with pytest.raises(RuntimeError, match="norm must be 'backward', 'ortho', 'forward' or None, got 'unit'"):
        torch.fft.fft(torch.ones(4), norm="unit")
    with pytest.raises(RuntimeError, match="rfft: input must be real, got torch.complex64"):
        torch.fft.rfft(torch.ones(4, dtype=torch.complex64))
    with pytest.raises(RuntimeError, match="invalid number of data points"):
        torch.fft.fft(torch.ones(4), n=0)
    with pytest.raises(IndexError, match=r"fft: dim must be in \[-1, 0\]"):
        torch.fft.fft(torch.ones(4), dim=1)
