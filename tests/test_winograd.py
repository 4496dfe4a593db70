"""Winograd's algorithm, which convolutions without gradients use: as close as it claims, and one switch away."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight
from rushlight.kernels import _C
from rushlight.ops import conv
from rushlight.tensor import wrap

pytestmark = pytest.mark.skipif(_C is None, reason="a kernel's algorithm")

SIZES = [
    (1, 64, 64, 56, 56),
    (2, 16, 20, 14, 14),
    (3, 17, 33, 13, 30),
    (5, 40, 36, 9, 11),
    (1, 300, 16, 33, 8),
]


def _inputs(n, c, o, h, w, dtype=np.float32):
    rng = np.random.default_rng(0)
    shapes = ((n, c, h, w), (o, c, 3, 3), (o,))
    return [wrap(rng.standard_normal(s).astype(np.float32).astype(dtype)) for s in shapes]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_error(size, padding):
    y = conv.conv2d(*_inputs(*size), padding=padding)._array
    exact = conv.conv2d(*_inputs(*size, dtype=np.float64), padding=padding)._array
    assert np.abs(y - exact).max() < 3e-5 * np.abs(exact).max()


def test_switch(monkeypatch):
    """With the switch off, the bits are those of the convolution with gradients."""
    x, w, b = _inputs(2, 32, 32, 20, 20)
    fast = conv.conv2d(x, w, b, padding=1)
    monkeypatch.setattr(conv, "winograd", False)
    direct = conv.conv2d(x, w, b, padding=1)
    recorded = conv.conv2d(x, w.requires_grad_(), b, padding=1)
    assert not np.array_equal(fast._array, direct._array)
    np.testing.assert_array_equal(direct._array, recorded._array)


def test_threads():
    inputs = _inputs(2, 32, 48, 30, 30)
    found = []
    for n in (1, 2, 3):
        rushlight.set_num_threads(n)
        found.append(conv.conv2d(*inputs, padding=1)._array)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
