"""Forward and backward hooks, of one module and of all."""

from __future__ import annotations

import copy
import gc
import weakref

import pytest

import rushlight as torch
from rushlight import nn
from rushlight.nn.modules import module as all_modules


class Scale(nn.Module):
    def forward(self, x, k=1.0):
        return x * k


def test_forward_hooks_see_and_replace():
    m, log = Scale(), []
    first = m.register_forward_pre_hook(lambda mod, args: log.append(args[0].item()))
    m.register_forward_pre_hook(lambda mod, args: args[0] + 1)
    m.register_forward_pre_hook(lambda mod, args, kwargs: (args, {"k": 10.0}), with_kwargs=True)
    m.register_forward_hook(lambda mod, args, out: log.append(out.item()))
    m.register_forward_hook(lambda mod, args, kwargs, out: out + kwargs["k"], with_kwargs=True)
    m.register_forward_hook(lambda mod, args, out: log.append("first"), prepend=True)
    assert m(torch.tensor(2.0)).item() == 40
    assert log == [2.0, "first", 30.0]
    first.remove()
    first.remove()
    m(torch.tensor(2.0))
    assert log == [2.0, "first", 30.0, "first", 30.0]


def test_handles():
    m = Scale()
    with m.register_forward_hook(lambda mod, args, out: None):
        assert len(m._forward_hooks) == 1
    assert len(m._forward_hooks) == 0
    handle = m.register_forward_hook(lambda mod, args, out: None)
    alive = weakref.ref(m)
    del m
    gc.collect()
    assert alive() is None
    handle.remove()


def test_a_pre_hook_with_kwargs_must_return_a_pair():
    m = Scale()
    m.register_forward_pre_hook(lambda mod, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match="must return None or a tuple"):
        m(torch.ones(1))


def test_always_called_hooks_run_after_an_error():
    class Failing(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    m, log = Failing(), []
    m.register_forward_hook(lambda mod, args, out: log.append("plain"))
    m.register_forward_hook(lambda mod, args, out: log.append(out), always_call=True)
    with pytest.raises(ValueError, match="no"):
        m(1)
    assert log == [None]


def test_backward_hooks():
    m, log = nn.Linear(2, 1, bias=False), []
    with torch.no_grad():
        m.weight.copy_(torch.tensor([[2.0, 3.0]]))
    m.register_full_backward_pre_hook(lambda mod, dy: log.append(("pre", dy[0].item())))
    m.register_full_backward_hook(lambda mod, dx, dy: log.append((dx[0].tolist(), dy[0].item())))
    m.register_full_backward_hook(lambda mod, dx, dy: (dx[0] * 10,))
    x = torch.ones(1, 2, requires_grad=True)
    m(x).backward()
    assert log == [("pre", 1.0), ([[2.0, 3.0]], 1.0)]
    assert x.grad.tolist() == [[20.0, 30.0]]
    assert m.weight.grad.tolist() == [[1.0, 1.0]]


def test_backward_pre_hook_replaces_the_gradient():
    m = Scale()
    m.register_full_backward_pre_hook(lambda mod, dy: (dy[0] * 5,))
    x = torch.ones(1, requires_grad=True)
    m(x, k=2.0).backward()
    assert x.grad.item() == 10


def test_backward_hook_without_gradients_of_inputs():
    m, log = nn.Linear(2, 1), []
    m.register_full_backward_hook(lambda mod, dx, dy: log.append((dx, dy[0].shape)))
    m(torch.ones(3, 2)).sum().backward()
    assert log == [((None,), (3, 1))]


def test_backward_hook_of_several_inputs_and_outputs():
    class Two(nn.Module):
        def forward(self, a, n, b):
            return a * n, b * 2

    m, log = Two(), []
    m.register_full_backward_hook(lambda mod, dx, dy: log.append((dx, dy)))
    a, b = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    y, z = m(a, 3, b)
    (y + 5 * z).backward()
    ((dx, dy),) = log
    assert [None if g is None else g.item() for g in dx] == [3.0, None, 10.0]
    assert [g.item() for g in dy] == [1.0, 5.0]
    assert "BackwardHookFunctionBackward" in repr(y.grad_fn)


def test_a_backward_hook_must_return_as_many_gradients():
    m = Scale()
    m.register_full_backward_hook(lambda mod, dx, dy: (dx[0], dx[0]))
    x = torch.ones(1, requires_grad=True)
    with pytest.raises(RuntimeError, match="the hook must return 1 gradients, got 2"):
        m(x).backward()


def test_both_kinds_of_backward_hooks_do_not_mix():
    m = Scale()
    m.register_backward_hook(lambda mod, dx, dy: None)
    with pytest.raises(RuntimeError, match="must be all regular or all full backward hooks"):
        m.register_full_backward_hook(lambda mod, dx, dy: None)


def test_output_without_tensors_warns():
    class Dict(nn.Module):
        def forward(self, x):
            return {"y": x}

    m = Dict()
    m.register_full_backward_hook(lambda mod, dx, dy: None)
    with pytest.warns(UserWarning, match="output must be a Tensor or a tuple of Tensors"):
        m(torch.ones(1, requires_grad=True))


def test_global_hooks():
    log = []
    handles = [
        all_modules.register_module_forward_pre_hook(lambda m, args: log.append("pre " + type(m).__name__)),
        all_modules.register_module_forward_hook(lambda m, args, out: log.append("post " + type(m).__name__)),
        all_modules.register_module_full_backward_hook(
            lambda m, dx, dy: log.append("back " + type(m).__name__)
        ),
        all_modules.register_module_full_backward_pre_hook(
            lambda m, dy: log.append("first " + type(m).__name__)
        ),
    ]
    try:
        nn.Sequential(nn.ReLU())(torch.ones(1, requires_grad=True)).backward()
    finally:
        for handle in handles:
            handle.remove()
    assert log[:4] == ["pre Sequential", "pre ReLU", "post ReLU", "post Sequential"]
    assert log[4:] == ["first Sequential", "first ReLU", "back ReLU", "back Sequential"]
    log.clear()
    nn.ReLU()(torch.ones(1))
    assert log == []


def test_registration_hooks():
    log = []
    handles = [
        all_modules.register_module_parameter_registration_hook(lambda m, n, p: log.append(("p", n))),
        all_modules.register_module_buffer_registration_hook(lambda m, n, b: log.append(("b", n))),
        all_modules.register_module_module_registration_hook(lambda m, n, c: log.append(("m", n))),
    ]
    try:
        m = nn.Module()
        m.x = nn.Parameter(torch.ones(1))
        m.register_buffer("y", torch.ones(1))
        m.z = nn.ReLU()
    finally:
        for handle in handles:
            handle.remove()
    assert log == [("p", "x"), ("b", "y"), ("m", "z")]


def test_hooks_are_copied():
    m, log = Scale(), []
    m.register_forward_hook(lambda mod, args, out: log.append(id(mod)))
    new = copy.deepcopy(m)
    new(torch.ones(1))
    assert log == [id(new)]


def test_graph_of_a_hooked_module_dies_at_once():
    gc.disable()
    try:
        m = nn.Linear(2, 2)
        m.register_full_backward_hook(lambda mod, dx, dy: None)
        x = torch.ones(1, 2, requires_grad=True)
        y = m(x)
        node = weakref.ref(y.grad_fn) if hasattr(type(y.grad_fn), "__weakref__") else None
        del y
        assert node is None or node() is None
    finally:
        gc.enable()
