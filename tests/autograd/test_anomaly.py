"""`detect_anomaly`."""

from __future__ import annotations

import warnings

import pytest

import rushlight

autograd = rushlight.autograd


def run(t, program):
    """The error of a program under anomaly detection, and its warnings."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with pytest.raises(RuntimeError, match="returned nan values") as e, t.autograd.detect_anomaly():
            program(t, t.tensor([0.0, 1.0], requires_grad=True)).sum().backward()
    return str(e.value), [str(w.message) for w in said]


PROGRAMS = {
    "div": lambda t, x: (x * 0) / (x * 0),
    "sqrt": lambda t, x: (x * 0).sqrt() * 0,
    "later": lambda t, x: ((x * 0).sqrt() * 0 + 1).exp(),
    "log": lambda t, x: (x * 0).log() * 0,
    "matmul": lambda t, x: (x * float("inf")).reshape(1, 2) @ (x * 0).sqrt().reshape(2, 1),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_function_is_told(name, torch):
    ours, said = run(rushlight, PROGRAMS[name])
    theirs, _ = run(torch, PROGRAMS[name])
    assert ours.partition("in its")[0] == theirs.partition("in its")[0]
    assert any("Traceback of forward call" in s and "test_anomaly.py" in s for s in said)


def test_switches():
    x = rushlight.zeros(1, requires_grad=True)
    before = rushlight.Tensor.__mul__
    with autograd.set_detect_anomaly(True):
        assert autograd.anomaly.is_anomaly_enabled()
        with autograd.set_detect_anomaly(True, check_nan=False):
            (x / x).sum().backward()
        with (
            pytest.warns(UserWarning, match="DivBackward0"),
            pytest.raises(RuntimeError, match="DivBackward0"),
        ):
            (x / x).sum().backward()
    assert not autograd.anomaly.is_anomaly_enabled()
    assert rushlight.Tensor.__mul__ is before
    (x / x).sum().backward()
    with autograd.set_multithreading_enabled(False):
        pass
