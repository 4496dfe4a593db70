"""Hooks on saved tensors, and edges of the graph."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import rushlight
from rushlight.autograd import Function, grad
from rushlight.autograd.graph import (
    GradientEdge,
    Node,
    disable_saved_tensors_hooks,
    get_gradient_edge,
    increment_version,
    register_multi_grad_hook,
    save_on_cpu,
    saved_tensors_hooks,
)


def counted(calls):
    def pack(t):
        calls.append("pack")
        return t.numpy(force=True).copy()

    def unpack(a):
        calls.append("unpack")
        return rushlight.from_numpy(a)

    return saved_tensors_hooks(pack, unpack)


PROGRAMS = {
    "mul": lambda t, x: x * x,
    "exp": lambda t, x: x.exp() * x,
    "div": lambda t, x: x / (x + 2),
    "tanh": lambda t, x: x.tanh(),
    "relu": lambda t, x: x.relu() * 3,
    "softmax": lambda t, x: x.softmax(-1) * x,
    "matmul": lambda t, x: x.reshape(1, -1) @ x.reshape(-1, 1),
    "linear": lambda t, x: t.nn.functional.linear(x.reshape(1, -1), x.reshape(1, -1)),
    "layer_norm": lambda t, x: t.nn.functional.layer_norm(x, (3,)),
    "number": lambda t, x: x * 2.0 + 1,
    "by a constant": lambda t, x: x * t.tensor([1.0, 2.0, 3.0]),
    "sqrt": lambda t, x: x.sqrt(),
    "view": lambda t, x: x[1:] * x[:-1],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_through_hooks(name, torch):
    def run(t, hooks):
        x = t.tensor([0.5, 1.5, 2.0], requires_grad=True)
        with hooks:
            y = PROGRAMS[name](t, x).sum()
        (g,) = t.autograd.grad(y, x, create_graph=True)
        second = t.autograd.grad(g.sum(), x, allow_unused=True)[0] if g.requires_grad else None
        return g.detach().numpy(), None if second is None else second.detach().numpy()

    calls = []
    ours = run(rushlight, counted(calls))
    theirs = run(torch, torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t))
    for a, b in zip(ours, theirs, strict=True):
        assert (a is None) == (b is None) or not np.any(a if b is None else b)
        if a is not None and b is not None:
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    if name not in ("number",):
        assert "pack" in calls
        assert "unpack" in calls


def test_what_is_packed_and_when():
    x = rushlight.tensor([1.0, 2.0], requires_grad=True)
    calls = []
    with counted(calls):
        y = x * x
        assert calls == ["pack", "pack"]
        with rushlight.no_grad():
            x * x
        x.detach() * 2
        assert len(calls) == 2
    z = x * x  # after the hooks: as before
    assert len(calls) == 2
    (y + z).sum().backward()
    assert calls[2:] == ["unpack", "unpack"]
    assert x.grad.tolist() == [4, 8]
    with pytest.raises(RuntimeError, match="second time"):
        y.sum().backward()


def test_the_inner_hooks_hold():
    x = rushlight.tensor([2.0], requires_grad=True)
    outer, inner = [], []
    with counted(outer):
        with counted(inner):
            x.exp()
        x.exp()
    assert (outer, inner) == (["pack"], ["pack"])


def test_a_users_function():
    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            assert ctx.saved_tensors[0] is x
            return x**3

        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            return 3 * x**2 * dy

    x = rushlight.tensor([2.0], requires_grad=True)
    calls = []
    with counted(calls):
        y = Cube.apply(x)
    y.sum().backward()
    assert calls == ["pack", "unpack"]
    assert x.grad.tolist() == [12]


def test_save_on_cpu_and_a_model():
    rushlight.manual_seed(0)
    nn = rushlight.nn
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3))
    x, y = rushlight.randn(4, 1, 6, 6), rushlight.tensor([0, 1, 2, 0])

    def gradients():
        model.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        return [p.grad.clone() for p in model.parameters()]

    plain = gradients()
    with save_on_cpu(pin_memory=False):
        assert all(rushlight.equal(a, b) for a, b in zip(plain, gradients(), strict=True))


def test_errors():
    x = rushlight.ones(2, requires_grad=True)
    with saved_tensors_hooks(lambda t: t.add_(1), lambda t: t):
        with pytest.raises(RuntimeError, match="modifying its input in place"):
            x.detach().clone() * x
    with saved_tensors_hooks(lambda t: 3, lambda t: t):
        y = x * x
    with pytest.raises(TypeError, match="unpack_hook must be a Tensor, got int"):
        y.sum().backward()
    with disable_saved_tensors_hooks("not here"):
        with pytest.raises(RuntimeError, match="not here"), saved_tensors_hooks(lambda t: t, lambda t: t):
            pass
    with saved_tensors_hooks(lambda t: t, lambda t: t):
        with pytest.raises(RuntimeError, match="nor here"), disable_saved_tensors_hooks("nor here"):
            pass
    with pytest.raises(NotImplementedError, match="register one on each"):
        register_multi_grad_hook([x], print)
    with pytest.raises(ValueError, match="mode must be"):
        register_multi_grad_hook([x], print, mode="some")


def test_no_cycles():
    gc.disable()
    try:
        x = rushlight.ones(2, requires_grad=True)
        with saved_tensors_hooks(lambda t: t.detach(), lambda t: t):
            y = x.exp()
        seen = weakref.ref(y)
        del y
        assert seen() is None
    finally:
        gc.enable()


def test_edges(torch):
    x = rushlight.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    edge = get_gradient_edge(y)
    assert isinstance(edge, GradientEdge)
    assert edge.node is y.grad_fn
    z = (y * y).sum()
    assert grad(z, edge)[0].tolist() == [6, 12]
    assert grad((x * x).sum(), get_gradient_edge(x))[0].tolist() == [2, 4]
    assert grad(edge, x, rushlight.ones(2))[0].tolist() == [3, 3]
    with pytest.raises(RuntimeError, match="must require grad"):
        get_gradient_edge(rushlight.ones(1))
    with pytest.raises(RuntimeError, match="must come from get_gradient_edge"):
        grad(z, GradientEdge(y.grad_fn, 0))


def test_increment_version():
    x = rushlight.ones(2)
    before = x._version
    increment_version(x)
    increment_version([x])
    assert x._version == before + 2


def test_nodes_are_nodes():
    class Twice(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, dy):
            return dy * 2

    x = rushlight.ones(2, requires_grad=True)
    for y in (x * 2, x.exp(), Twice.apply(x)):
        assert isinstance(y.grad_fn, Node)
        assert issubclass(type(y.grad_fn), Node)
    (leaf, _), *_ = (x * 2).grad_fn.next_functions
    assert isinstance(leaf, Node)
    assert not isinstance(x, Node)


@pytest.mark.parametrize("value", [1, None, "a", np.True_])
def test_requires_grad_is_a_bool(value, torch):
    for t in (rushlight, torch):
        with pytest.raises(RuntimeError, match="requires_grad:? must be a bool"):
            t.ones(2).requires_grad = value
        with pytest.raises(TypeError, match="must be a? ?bool, "):
            t.ones(2).requires_grad_(value)
    with pytest.raises(TypeError, match="Parameter: requires_grad must be a bool"):
        rushlight.nn.Parameter(rushlight.ones(2), value)
