"""Winograd's algorithm, which convolutions of 3x3 windows use: as close as it claims, and one switch away."""

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
    (2, 16, 40, 14, 14),
    (3, 17, 33, 13, 30),
    (5, 40, 36, 9, 11),
    (1, 300, 32, 33, 8),
    (20, 48, 64, 7, 7),
]


def _inputs(n, c, o, h, w, dtype=np.float32):
    rng = np.random.default_rng(0)
    shapes = ((n, c, h, w), (o, c, 3, 3), (o,))
    return [wrap(rng.standard_normal(s).astype(np.float32).astype(dtype)) for s in shapes]


def _step(inputs, padding):
    """The output and the gradients of all inputs."""
    inputs = [t.detach().requires_grad_() for t in inputs]
    y = conv.conv2d(*inputs, padding=padding)
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(np.float32)
    y.backward(wrap(dy.astype(y._array.dtype)))
    return [y.detach().numpy(), *(t.grad.numpy() for t in inputs)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_error(size, padding):
    found = _step(_inputs(*size), padding)
    exact = _step(_inputs(*size, dtype=np.float64), padding)
    for f, e, bound in zip(
        found, exact, (4e-6, 1.5e-6, 1.5e-6, 1.5e-6), strict=True
    ):  # gradients: smaller tiles
        assert np.abs(f - e).max() < bound * np.abs(e).max()


def test_switch(monkeypatch):
    """On, or off, results are the same with and without gradients; and the switch does change the algorithm."""
    inputs = _inputs(2, 32, 32, 20, 20)
    fast = _step(inputs, 1)
    np.testing.assert_array_equal(conv.conv2d(*inputs, padding=1)._array, fast[0])
    monkeypatch.setattr(conv, "winograd", False)
    direct = _step(inputs, 1)
    np.testing.assert_array_equal(conv.conv2d(*inputs, padding=1)._array, direct[0])
    for f, d in zip(fast[:3], direct[:3], strict=True):
        assert not np.array_equal(f, d)


@pytest.mark.parametrize("size", [(2, 32, 48, 30, 30), (9, 80, 33, 15, 7)])
def test_threads(size):
    inputs = _inputs(*size)
    found = []
    for n in (1, 2, 3, 16):
        rushlight.set_num_threads(n)
        found.append(_step(inputs, 1))
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)
