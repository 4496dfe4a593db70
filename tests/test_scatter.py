"""The gradient of an image of few channels, which is a transposed convolution with few outputs."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight
import rushlight.nn.functional as F

# Images, channels of dy and of the image, groups, sizes, window, stride, padding, dilation: whole vectors of columns
# and parts of them, bands, gaps that no window reaches, windows that reach beyond the image.
CASES = [
    (2, 64, 3, 1, (64, 64), (7, 7), (2, 2), (3, 3), (1, 1)),
    (1, 64, 3, 1, (300, 40), (3, 3), (1, 1), (1, 1), (1, 1)),
    (1, 16, 4, 1, (61, 47), (5, 3), (3, 2), (0, 2), (1, 2)),
    (3, 48, 2, 1, (33, 90), (2, 13), (4, 5), (1, 6), (1, 1)),
    (2, 40, 1, 2, (50, 66), (5, 5), (1, 2), (4, 0), (2, 1)),
    (2, 20, 4, 1, (31, 97), (6, 2), (7, 3), (0, 0), (1, 1)),
    (1, 512, 3, 1, (20, 36), (3, 3), (1, 1), (1, 1), (1, 1)),
]


def _make(case):
    n, o, c, groups, size, window, stride, padding, dilation = case
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, c * groups, *size)).astype(np.float32)
    w = rng.standard_normal((o * groups, c, *window)).astype(np.float32)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return x, w, options


def _gradient(x, w, options, dtype, dy=None):
    x = rushlight.from_numpy(x).to(dtype).requires_grad_()
    y = F.conv2d(x, rushlight.from_numpy(w).to(dtype), **options)
    dy = (
        rushlight.from_numpy(np.random.default_rng(1).standard_normal(y.shape)).to(dtype)
        if dy is None
        else dy
    )
    return rushlight.autograd.grad(y, x, dy)[0]


@pytest.mark.parametrize("case", CASES)
def test_gradient(case):
    """Against float64, which the composed definition computes."""
    x, w, options = _make(case)
    single, double = (_gradient(x, w, options, t) for t in (rushlight.float32, rushlight.float64))
    size = (abs(w).sum((0, 2, 3)) if case[3] == 1 else abs(w).sum()).max()
    assert (single.double() - double).abs().max().item() < 1e-6 * size


@pytest.mark.parametrize("case", CASES)
def test_transposed_with_bias(case):
    x, w, options = _make(case)
    y = F.conv2d(rushlight.from_numpy(x), rushlight.from_numpy(w), **options)
    bias = rushlight.arange(float(x.shape[1]))
    plain = F.conv_transpose2d(y, rushlight.from_numpy(w), None, **options)
    with_bias = F.conv_transpose2d(y, rushlight.from_numpy(w), bias, **options)
    rushlight.testing.assert_close(with_bias, plain + bias.view(-1, 1, 1), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_threads(case):
    """One number or another, the bits are the same."""
    x, w, options = _make(case)
    before = rushlight.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 5):
            rushlight.set_num_threads(threads)
            results.append(_gradient(x, w, options, rushlight.float32))
    finally:
        rushlight.set_num_threads(before)
    assert all(rushlight.equal(results[0], r) for r in results[1:])


def test_what_is_not_finite():
    """An infinity reaches the pixels of its own window, and no others."""
    x, w, options = _make(CASES[0])
    dy = rushlight.zeros(2, 64, 32, 32)
    dy[1, 5, 31, 20] = float("inf")
    dx = _gradient(x, w, options, rushlight.float32, dy).numpy()
    spoilt = ~np.isfinite(dx)
    assert spoilt[1, :, 59:, 37:44].all()
    spoilt[1, :, 59:, 37:44] = False
    assert not spoilt.any()
