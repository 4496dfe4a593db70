"""Values and gradients where functions have corners, at infinities and NaN, are PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rushlight

POINTS = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    6.0,
    -6.0,
    3.0,
    -3.0,
    0.5,
    -0.5,
    20.0,
    -20.0,
    1e-38,
    -1e-38,
    math.nan,
    math.inf,
    -math.inf,
]


def _functions(t):
    f = t.nn.functional
    zero = t.zeros(1)
    return {
        "relu": f.relu,
        "relu6": f.relu6,
        "elu": f.elu,
        "elu -1": lambda x: f.elu(x, -1.0),
        "celu": lambda x: f.celu(x, 2.0),
        "selu": f.selu,
        "hardtanh": f.hardtanh,
        "hardtanh 2": lambda x: f.hardtanh(x, -0.5, 3.0),
        "softshrink": f.softshrink,
        "softshrink 0": lambda x: f.softshrink(x, 0.0),
        "hardshrink": f.hardshrink,
        "hardsigmoid": f.hardsigmoid,
        "hardswish": f.hardswish,
        "leaky_relu": f.leaky_relu,
        "threshold": lambda x: f.threshold(x, 0.5, 7.0),
        "prelu": lambda x: f.prelu(x, t.tensor([0.25], dtype=x.dtype)),
        "rrelu": f.rrelu,
        "softplus": f.softplus,
        "softsign": f.softsign,
        "tanhshrink": f.tanhshrink,
        "logsigmoid": f.logsigmoid,
        "silu": f.silu,
        "mish": f.mish,
        "clamp": lambda x: x.clamp(-1, 1),
        "clamp tensors": lambda x: t.clamp(x, -t.ones(1, dtype=x.dtype), t.ones(1, dtype=x.dtype)),
        "clamp_min": lambda x: x.clamp_min(0),
        "maximum": lambda x: t.maximum(x, zero.to(x.dtype)),
        "minimum": lambda x: t.minimum(x, zero.to(x.dtype)),
        "fmax": lambda x: t.fmax(x, zero.to(x.dtype)),
        "logit": lambda x: t.logit(x, 0.1),
        "sinc": t.sinc,
        "expm1": t.expm1,
        "abs": t.abs,
        "xlogy": lambda x: t.xlogy(x, t.full((1,), 2.0)),
    }


# Where an infinite gradient comes in, PyTorch's exp (of float32) is 0 a little earlier than ours.
STEEP = {"elu", "elu -1", "celu", "selu", "silu", "mish", "softplus", "logsigmoid", "tanhshrink", "softsign"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", list(_functions(rushlight)))
def test_gradients_at_corners(name, dtype, torch):
    for dy in (1.0, 2.0) if name in STEEP else (1.0, 2.0, math.inf, math.nan):
        found = []
        for t in (torch, rushlight):
            # 64 of each: PyTorch's vector code, which treats NaN otherwise than its code for the rest does.
            x = t.tensor(np.repeat(POINTS, 64).astype(dtype), requires_grad=True)
            y = _functions(t)[name](x)
            y.backward(t.full(tuple(y.shape), dy, dtype=y.dtype))
            found.append((y.detach().numpy()[::64], x.grad.numpy()[::64]))
        for ours, theirs in zip(found[1], found[0], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-7, err_msg=f"at {POINTS}, dy {dy}")


def test_second_derivatives_at_corners():
    x = rushlight.tensor([0.0, 1e-38, 0.5], requires_grad=True)
    (slope,) = rushlight.autograd.grad(rushlight.sinc(x).sum(), x, create_graph=True)
    assert slope[:2].tolist() == [0.0, 0.0]
    (second,) = rushlight.autograd.grad(rushlight.nn.functional.hardswish(x * 2).sum(), x, create_graph=True)
    assert rushlight.autograd.grad(second.sum(), x)[0].tolist() == pytest.approx([4 / 3, 4 / 3, 4 / 3])
