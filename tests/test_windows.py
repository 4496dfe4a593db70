"""torch.signal.windows, and the agreement of its names with torch.<name>_window."""

import numpy as np
import pytest

import rushlight
from rushlight.signal import windows

OPTIONS = [
    ("bartlett", {}),
    ("blackman", {}),
    ("cosine", {}),
    ("exponential", {}),
    ("exponential", {"tau": 2.5}),
    ("exponential", {"center": 2.0, "sym": False}),
    ("gaussian", {"std": 0.7}),
    ("general_cosine", {"a": [0.5, 0.3, 0.2]}),
    ("general_hamming", {"alpha": 0.4}),
    ("hamming", {}),
    ("hann", {}),
    ("kaiser", {}),
    ("kaiser", {"beta": 0.0}),
    ("nuttall", {}),
]


@pytest.mark.parametrize("n", [0, 1, 2, 7, 8])
@pytest.mark.parametrize("sym", [True, False])
@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_is_torchs(name, options, sym, n, torch):
    ours = getattr(windows, name)(n, **{"sym": sym, "dtype": rushlight.float64, **options})
    theirs = getattr(torch.signal.windows, name)(n, **{"sym": sym, "dtype": torch.float64, **options})
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-14)


@pytest.mark.parametrize("sym", [True, False])
@pytest.mark.parametrize("name", windows.__all__)
def test_symmetry(name, sym):
    options = {"a": [0.5, 0.5]} if name == "general_cosine" else {}
    w = getattr(windows, name)(9, sym=sym, **options)
    assert w.dtype is rushlight.float32
    part = w if sym else w[1:]
    if name not in ("cosine", "exponential", "gaussian"):
        assert np.allclose(part.numpy(), part.flip(0).numpy(), atol=1e-6)
    assert getattr(windows, name)(4, requires_grad=True, **options).requires_grad
    longer = getattr(windows, name)(10, **options)
    assert np.allclose(
        longer[:-1].numpy(), getattr(windows, name)(9, sym=False, **options).numpy(), atol=1e-6
    )


@pytest.mark.parametrize("name", ["bartlett", "blackman", "hamming", "hann", "kaiser"])
def test_agrees_with_the_older_name(name):
    older = getattr(rushlight, f"{name}_window")
    for periodic in (True, False):
        assert rushlight.equal(older(8, periodic), getattr(windows, name)(8, sym=not periodic))


def test_errors():
    with pytest.raises(ValueError, match="signal.windows.hann: M must not be negative, got -1"):
        windows.hann(-1)
    with pytest.raises(TypeError, match="signal.windows.hann: M must be an int, got float"):
        windows.hann(2.5)
    with pytest.raises(
        ValueError, match="signal.windows.hann: dtype must be float32 or float64, got torch.int64"
    ):
        windows.hann(4, dtype=rushlight.int64)
    with pytest.raises(ValueError, match="signal.windows.exponential: tau must be positive, got 0"):
        windows.exponential(4, tau=0)
    with pytest.raises(
        ValueError, match="signal.windows.exponential: center must be None for symmetric windows"
    ):
        windows.exponential(4, center=1)
    with pytest.raises(ValueError, match="signal.windows.gaussian: std must be positive, got -1"):
        windows.gaussian(4, std=-1)
    with pytest.raises(ValueError, match="signal.windows.kaiser: beta must not be negative, got -1"):
        windows.kaiser(4, beta=-1)
    with pytest.raises(TypeError, match="signal.windows.general_cosine: a must be a list or tuple, got int"):
        windows.general_cosine(4, a=3)
    with pytest.raises(ValueError, match="signal.windows.general_cosine: a must not be empty"):
        windows.general_cosine(4, a=[])
