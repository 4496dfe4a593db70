"""nn.init: values are in tests/test_random.py; here gains, gradients, errors and old names."""

import math

import numpy as np
import pytest

import rushlight
from rushlight import nn
from rushlight.nn import init


def test_gains(torch):
    names = [
        "linear",
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose2d",
        "sigmoid",
        "tanh",
        "relu",
        "leaky_relu",
        "selu",
    ]
    for name in names:
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.2) == math.sqrt(2 / 1.04)


def test_parameters_are_filled_without_a_history():
    w = nn.Parameter(rushlight.empty(3, 3))
    for fill in (init.uniform_, init.normal_, init.zeros_, init.eye_, init.orthogonal_, init.kaiming_normal_):
        before = w._version
        assert fill(w) is w
        assert w.grad_fn is None
        assert w.requires_grad
        assert w._version > before


def test_orthogonal():
    for shape in ((5, 3), (3, 5), (4, 2, 3)):
        w = init.orthogonal_(rushlight.empty(*shape), gain=2).numpy().reshape(shape[0], -1)
        product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)


def test_truncated_normal_stays_inside():
    for mean, std, a, b in ((0, 1, -2, 2), (0, 1, -0.1, 0.2), (2.5, 1, -1, 1)):
        w = init.trunc_normal_(rushlight.empty(500), mean, std, a, b)
        assert a <= w.min().item()
        assert w.max().item() <= b


def test_truncated_normal_far_away_warns():
    with pytest.warns(UserWarning, match="mean is more than 2 std"):
        init.trunc_normal_(rushlight.empty(5), 4, 1, -1, 1)


def test_fans():
    assert init._calculate_fan_in_and_fan_out(rushlight.empty(3, 4, 5, 6)) == (120, 90)
    for kind in (init.xavier_uniform_, init.xavier_normal_, init.kaiming_uniform_, init.kaiming_normal_):
        with pytest.raises(ValueError, match="fewer than 2 dimensions"):
            kind(rushlight.empty(3))
    with pytest.warns(UserWarning, match="zero-element tensors is a no-op"):
        init.kaiming_uniform_(rushlight.empty(0, 3))


@pytest.mark.parametrize("name", [n for n in init.__all__ if hasattr(init, n + "_")])
def test_old_names_warn(name):
    args = {"constant": (1.0,), "sparse": (0.5,)}.get(name, ())
    shape = (3, 3, 3) if name == "dirac" else (3, 3)
    with pytest.warns(FutureWarning, match=f"`nn.init.{name}` is now deprecated"):
        getattr(init, name)(rushlight.empty(*shape), *args)


@pytest.mark.parametrize(
    ("f", "match"),
    [
        (lambda: init.calculate_gain("foo"), "Unsupported nonlinearity"),
        (lambda: init.calculate_gain("leaky_relu", True), "not a valid number"),
        (lambda: init.kaiming_uniform_(rushlight.empty(3, 3), mode="foo"), "Mode foo not supported"),
        (lambda: init.eye_(rushlight.empty(3)), "Only tensors with 2 dimensions"),
        (lambda: init.sparse_(rushlight.empty(3), 0.1), "Only tensors with 2 dimensions"),
        (lambda: init.dirac_(rushlight.empty(3, 3)), "Only tensors with 3, 4, or 5 dimensions"),
        (lambda: init.dirac_(rushlight.empty(3, 3, 3), groups=2), "divisible by groups"),
        (lambda: init.orthogonal_(rushlight.empty(3)), "2 or more dimensions"),
    ],
)
def test_errors(f, match):
    with pytest.raises(ValueError, match=match):
        f()
