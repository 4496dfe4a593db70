"""Dual tensors."""

from __future__ import annotations

import pytest

import rushlight
from rushlight.autograd import forward_ad as fwAD


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize("library", ["rushlight", "torch"])
def test_tangents(library, torch):
    import torch.autograd.forward_ad

    t = rushlight if library == "rushlight" else torch
    fw = fwAD if library == "rushlight" else torch.autograd.forward_ad
    x, v = t.tensor([1.0, 2.0]), t.tensor([1.0, 10.0])
    with fw.dual_level():
        dual = fw.make_dual(x, v)
        y = (dual * dual).sum()
        assert fw.unpack_dual(y).tangent.item() == 42
        assert fw.unpack_dual(y).primal.item() == 5
        assert fw.unpack_dual(dual).tangent.tolist() == [1, 10]
        assert fw.unpack_dual(x).tangent is None
        two = fw.make_dual(t.tensor(3.0), t.tensor(1.0))
        assert fw.unpack_dual((two * dual).sum()).tangent.item() == 3 * 11 + 3
        with pytest.raises(RuntimeError, match="Nested forward mode AD is not supported"):
            fw.enter_dual_level()
        with pytest.raises(RuntimeError, match="different size"):
            fw.make_dual(x, v[:1])
        with pytest.raises(ValueError, match="floating point"):
            fw.make_dual(t.tensor([1]), t.tensor([1]))
    assert fw.unpack_dual(y).tangent is None
    with pytest.raises(RuntimeError, match="no level exists"):
        fw.make_dual(x, v)
    with pytest.raises(RuntimeError, match="evel"):
        fw.exit_dual_level()


def test_a_tangent_is_differentiable_where_its_inputs_are():
    w = rushlight.tensor(2.0, requires_grad=True)
    with fwAD.dual_level():
        x = fwAD.make_dual(rushlight.tensor(3.0), rushlight.tensor(1.0))
        tangent = fwAD.unpack_dual(w * x**2).tangent
        other = fwAD.unpack_dual(w * w).tangent
    assert other is None
    tangent.backward()
    assert w.grad.item() == 6


def test_a_module():
    model = rushlight.nn.Sequential(
        rushlight.nn.Linear(3, 4), rushlight.nn.GELU(), rushlight.nn.Linear(4, 2)
    ).double()
    x, v = rushlight.randn(5, 3).double(), rushlight.randn(5, 3).double()
    with fwAD.dual_level():
        tangent = fwAD.unpack_dual(model(fwAD.make_dual(x, v))).tangent
    step = (model(x + 1e-6 * v) - model(x - 1e-6 * v)) / 2e-6
    assert rushlight.allclose(tangent, step, atol=1e-7)
    assert not tangent.requires_grad or tangent.grad_fn is not None
