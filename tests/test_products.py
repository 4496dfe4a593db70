"""Large products of float32: as close as float32 goes, whatever unit of the processor makes them."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import rushlight
from rushlight import nn
from rushlight.kernels import _C

# Whole panels and parts of them, several blocks of terms, and operands as they lie: rows, columns, neither.
SIZES = [
    (200, 192, 224),
    (130, 300, 330),
    (413, 31, 390),
    (256, 513, 190),
    (1030, 60, 210),
    (300, 1000, 1056),
]
LAYOUTS = {
    "rows": lambda a: a,
    "columns": lambda a: np.ascontiguousarray(a.T).T,
    "neither": lambda a: np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3],
}


def _pair(m, k, n, left="rows", right="rows", seed=0):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((m, k)).astype(np.float32), rng.standard_normal((k, n)).astype(np.float32)
    return LAYOUTS[left](a), LAYOUTS[right](b)


def _product(a, b):
    return (rushlight.from_numpy(a) @ rushlight.from_numpy(b)).numpy()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("left", "right"), [("rows", "rows"), ("columns", "rows"), ("rows", "columns"), ("neither",) * 2]
)
def test_error(size, left, right):
    a, b = _pair(*size, left, right)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    scale = np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64)
    assert (np.abs(_product(a, b) - exact) / scale).max() < 2**-21


@pytest.mark.parametrize("rounded", [(True, True), (True, False), (False, True)])
def test_numbers_that_are_bfloat16(rounded):
    """Which the matrix unit multiplies without taking them apart."""
    operands = [np.ascontiguousarray(x) for x in _pair(300, 300, 260)]
    for x, narrow in zip(operands, rounded, strict=True):
        if narrow:
            x.view(np.uint32)[:] &= 0xFFFF0000
    a, b = operands
    scale = np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64)
    assert (np.abs(_product(a, b) - a.astype(np.float64) @ b) / scale).max() < 2**-21
    if all(rounded):
        half = (rushlight.from_numpy(a).bfloat16() @ rushlight.from_numpy(b).bfloat16()).float().numpy()
        np.testing.assert_allclose(half, a.astype(np.float64) @ b, rtol=2**-8, atol=1e-3)


@pytest.mark.skipif(_C is None or _C.cpu_level() != "amx", reason="there is no matrix unit")
def test_matrix_unit_is_used():
    """For products of these sizes and recurrent layers, and not at the level below: their last bits differ."""
    program = """
import sys, numpy, rushlight
from rushlight import nn
sizes = eval(sys.argv[1])
for m, k, n in sizes:
    rng = numpy.random.default_rng(0)
    a, b = (rushlight.from_numpy(rng.standard_normal(s).astype("float32")) for s in ((m, k), (k, n)))
    print(hash((a @ b).numpy().tobytes()))
rushlight.manual_seed(0)
print(hash(nn.LSTM(20, 64)(rushlight.randn(6, 32, 20))[0].detach().numpy().tobytes()))
"""
    results = [
        subprocess.run(
            [sys.executable, "-c", program, repr(SIZES)],
            env={**os.environ, "RUSHLIGHT_CPU": level, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for level in ("amx", "v4")
    ]
    assert len(results[0]) == len(SIZES) + 1
    assert all(a != b for a, b in zip(*results, strict=True))


def test_exact_where_float32_is():
    a, _ = _pair(300, 300, 300)
    eye = np.eye(300, dtype=np.float32)
    np.testing.assert_array_equal(_product(a, eye), a)
    np.testing.assert_array_equal(_product(eye, a), a)
    rng = np.random.default_rng(1)
    i, j = (rng.integers(-100, 100, s).astype(np.float32) for s in ((330, 300), (300, 340)))
    np.testing.assert_array_equal(
        _product(i, j), (i.astype(np.int64) @ j.astype(np.int64)).astype(np.float32)
    )


@pytest.mark.filterwarnings("ignore:overflow encountered")  # NumPy's, where there is no compiled part
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 3e38, 1e-38, 1e-45])
@pytest.mark.parametrize("side", [0, 1])
def test_one_extreme_number(value, side):
    """Infinity and NaN reach their own row or column, and nothing else does."""
    operands = _pair(260, 196, 228)
    operands[side][70, 40] = value
    found, exact = _product(*operands), operands[0].astype(np.float64) @ operands[1].astype(np.float64)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(exact))
    finite = np.abs(exact) < np.finfo(np.float32).max
    np.testing.assert_array_equal(np.isinf(found), ~finite & ~np.isnan(exact))
    np.testing.assert_allclose(found[finite], exact[finite], rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize(
    ("left", "right"), [(1e-30, 1e-5), (1e-20, 1e-15), (1e-12, 1e-25), (1e30, 1e-30), (1e18, 1e18)]
)
def test_scales(left, right):
    """Small and large numbers keep their precision."""
    a, b = _pair(228, 196, 228)
    a, b = a * np.float32(left), b * np.float32(right)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    scale = np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64)
    assert (np.abs(_product(a, b) - exact) / scale).max() < 2**-20


@pytest.mark.parametrize("size", SIZES)
def test_same_for_any_number_of_threads(size):
    before = rushlight.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 5):
            rushlight.set_num_threads(threads)
            a, b = _pair(*size)
            batches = (rushlight.from_numpy(np.stack([x + i for i in range(5)])) for x in (a, b))
            results.append((_product(a, b), rushlight.bmm(*batches).numpy()))
    finally:
        rushlight.set_num_threads(before)
    for other in results[1:]:
        for x, y in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("bias", [False, True])
def test_into_a_larger_expression(bias):
    """A factor, what was there before, and a bias."""
    a, b = _pair(230, 520, 240)
    c = np.random.default_rng(2).standard_normal(240 if bias else (230, 240)).astype(np.float32)
    found = rushlight.addmm(*map(rushlight.from_numpy, (c, a, b)), beta=0.5, alpha=2).numpy()
    np.testing.assert_allclose(found, 0.5 * c + 2 * (a.astype(np.float64) @ b), rtol=1e-5, atol=2e-4)


def test_broadcast_batches():
    rng = np.random.default_rng(3)
    a, b = (
        rng.standard_normal((3, 1, 200, 128)).astype(np.float32),
        rng.standard_normal((4, 128, 256)).astype(np.float32),
    )
    np.testing.assert_allclose(_product(a, b), a.astype(np.float64) @ b, rtol=1e-5, atol=2e-5)
    np.testing.assert_allclose(  # all as they lie, transposed
        _product(b.transpose(0, 2, 1), a.transpose(0, 1, 3, 2)),
        b.transpose(0, 2, 1).astype(np.float64) @ a.transpose(0, 1, 3, 2),
        rtol=1e-5,
        atol=2e-5,
    )


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize(
    ("batch", "hidden"), [(32, 64), (21, 100), (40, 300), (3, 1100)]
)  # the last: over 16 MiB
def test_recurrent_layers(kind, batch, hidden):
    """A layer whose steps are large products, beside itself in float64."""
    rushlight.manual_seed(0)
    layer, x = kind(20, hidden), rushlight.randn(6, batch, 20)
    results = []
    for dtype in (rushlight.float32, rushlight.float64):
        layer, leaf = layer.to(dtype), x.detach().to(dtype).requires_grad_()
        layer.zero_grad()
        y, _ = layer(leaf)
        y.pow(2).sum().backward()
        results.append(
            [t.detach().double().numpy() for t in (y, leaf.grad, *(p.grad for p in layer.parameters()))]
        )
    for found, exact in zip(*results, strict=True):
        assert np.abs(found - exact).max() < 3e-6 * np.abs(exact).max()


def test_recurrent_layer_with_infinity():
    rushlight.manual_seed(0)
    layer, x = nn.LSTM(16, 64), rushlight.randn(4, 24, 16)
    h = rushlight.zeros(1, 24, 64)
    h[0, 3, 5] = float("inf")
    y, _ = layer(x, (h, rushlight.zeros(1, 24, 64)))
    exact, _ = layer.double()(x.double(), (h.double(), rushlight.zeros(1, 24, 64).double()))
    np.testing.assert_array_equal(y.isnan().numpy(), exact.isnan().numpy())
    others = [i for i in range(24) if i != 3]
    np.testing.assert_allclose(
        y[:, others].detach().numpy(), exact[:, others].detach().numpy(), rtol=1e-5, atol=1e-6
    )
