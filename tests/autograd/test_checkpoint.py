"""Checkpoints: the gradients of the plain function, from less memory."""

import contextlib
import gc
import weakref

import numpy as np
import pytest

import rushlight as torch
from rushlight import nn
from rushlight.utils import checkpoint as module
from rushlight.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential


def block():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.GroupNorm(2, 4),
        nn.SiLU(),
        nn.Dropout(0.3),
        nn.Conv2d(4, 2, 3, padding=1),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(18, 5),
        nn.LayerNorm(5),
        nn.Softmax(-1),
    )


def gradients(model, x, call):
    model.zero_grad()
    x.grad = None
    torch.manual_seed(7)
    (call(x) * torch.arange(5.0)).sum().backward()
    return [x.grad] + [p.grad for p in model.parameters()]


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("early_stop", [False, True])
def test_gradients_of_a_model(reentrant, early_stop):
    model, x = block(), torch.randn(3, 2, 6, 6, requires_grad=True)
    plain = gradients(model, x, model)
    options = {"use_reentrant": reentrant, "early_stop": early_stop}
    for a, b in zip(plain, gradients(model, x, lambda x: checkpoint(model, x, **options)), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    sequential = gradients(model, x, lambda x: checkpoint_sequential(model, 3, x, use_reentrant=reentrant))
    for a, b in zip(plain, sequential, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("cell", [nn.LSTM, nn.GRU])
def test_gradients_of_recurrent_layers(cell):
    layer, x = cell(3, 5), torch.randn(4, 2, 3, requires_grad=True)
    plain = gradients(layer, x, lambda x: layer(x)[0])
    for a, b in zip(
        plain, gradients(layer, x, lambda x: checkpoint(layer, x, use_reentrant=False)[0]), strict=True
    ):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_grad_second_derivatives_and_a_second_pass():
    x = torch.tensor([0.5, 1.0], dtype=torch.float64, requires_grad=True)
    w = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)

    def f(x, *, factor):
        return (x * x * w).sin() * factor

    def made():
        return checkpoint(f, x, factor=3.0, use_reentrant=False).sum()

    (alone,) = torch.autograd.grad(made(), x)
    assert w.grad is None  # only what was asked for
    plain = torch.autograd.grad(f(x, factor=3.0).sum(), (x, w), create_graph=True)
    kept = made()
    ours = torch.autograd.grad(kept, (x, w), create_graph=True)
    assert torch.equal(alone, plain[0])
    assert all(torch.equal(a, b) for a, b in zip(ours, plain, strict=True))
    second = [torch.autograd.grad(g[0].sum(), (x, w), retain_graph=True) for g in (ours, plain)]
    assert all(torch.equal(a, b) for a, b in zip(*second, strict=True))
    kept.backward(retain_graph=True)
    kept.backward()
    assert torch.equal(w.grad, 2 * plain[1])
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        kept.backward()
    assert torch.autograd.gradcheck(lambda x: checkpoint(f, x, factor=1.0, use_reentrant=False), (x,))


def test_only_one_result_is_used():
    x = torch.ones(3, requires_grad=True)

    def two(x):
        a, b = x.sin(), x.exp()
        return {"a": a * a, "b": [b * b]}

    checkpoint(two, x, use_reentrant=False)["b"][0].sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.exp(2.0) * np.ones(3), rtol=1e-6)


def test_nothing_is_recorded_where_nothing_needs_gradients():
    x = torch.ones(3, requires_grad=True)
    with torch.no_grad():
        assert not checkpoint(torch.exp, x, use_reentrant=False).requires_grad
    assert not checkpoint(torch.exp, torch.ones(3), use_reentrant=False).requires_grad
    assert not checkpoint(lambda x: x.detach(), x, use_reentrant=False).requires_grad


def _noting(alive):
    def forward(x):
        for _ in range(4):
            x = (x * x).sin()
            alive.append(weakref.ref(x))
        return x + 0

    return forward


def test_intermediate_tensors_are_let_go():
    alive = []
    x = torch.ones(100, requires_grad=True)
    gc.disable()
    try:
        y = checkpoint(_noting(alive), x, use_reentrant=False)
        assert [a() for a in alive] == [None] * 4
        nodes = []  # what the graph itself holds
        node = y.grad_fn
        while node.next_functions:
            nodes.append(node)
            node = node.next_functions[0][0]
        assert len(nodes) > 8
        y.sum().backward()
        assert [a() for a in alive] == [None] * 7  # the second run ends before the last
    finally:
        gc.enable()


@pytest.mark.parametrize("nested", [False, True])
def test_memory_of_saved_arrays(nested):
    """Arrays, not only tensors: what holds them are the saved values."""
    arrays = []

    def part(x):
        for _ in range(3):
            x = torch.sigmoid(x * x)
            arrays.append(weakref.ref(x._array))
        return x

    def whole(x):
        x = part(x * 1)
        arrays.append(weakref.ref(x._array))
        return checkpoint(part, x, use_reentrant=False).sum() if nested else part(x).sum()

    x = torch.rand(50, requires_grad=True)
    plain = whole(x)
    assert sum(a() is not None for a in arrays) >= (3 if nested else 6)  # saved in the usual way
    plain.backward()
    wanted, x.grad = x.grad, None
    del plain
    arrays.clear()
    y = checkpoint(whole, x, use_reentrant=False)
    assert not any(a() is not None for a in arrays)
    y.backward()
    assert torch.equal(x.grad, wanted)
    del y
    assert not any(a() is not None for a in arrays)


def test_what_was_kept_is_let_go_after_the_backward_pass():
    """Also while the result, and with it the graph, lives on."""
    x = torch.rand(5, requires_grad=True)
    argument = x * 2
    seen = weakref.ref(argument._array)
    y = checkpoint(lambda t: t.sin() * 3, argument, use_reentrant=False).sum()
    del argument
    assert seen() is not None
    y.backward(retain_graph=True)
    assert seen() is not None
    y.backward()
    assert seen() is None
    copies = []

    def pack(t):
        copies.append(weakref.ref(t._array))
        return t.detach()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y = (x * 2).sin().sum()
    assert copies[-1]() is not None
    y.backward()
    assert copies[-1]() is None


def test_how_often_the_function_runs():
    counts = [0, 0]

    def counting(x):
        counts[0] += 1
        y = (x * x).sin().exp()
        counts[1] += 1
        return y + 1

    def run(f=counting, **options):
        counts[:] = 0, 0
        x = torch.ones(3, requires_grad=True)
        checkpoint(f, x, use_reentrant=False, **options).sum().backward()
        return tuple(counts)

    assert run() == (2, 1)
    assert run(early_stop=False) == (2, 2)
    with module.set_checkpoint_early_stop(False):
        assert run() == run(early_stop=True) == (2, 2)
    assert run(lambda x: checkpoint(counting, x * 2, use_reentrant=False).sin()) == (3, 2)


def test_random_numbers():
    x = torch.ones(100, requires_grad=True)

    def f(x):
        return nn.functional.dropout(x * 1, 0.5) ** 2

    y = checkpoint(f, x, use_reentrant=False)
    state = torch.get_rng_state()
    y.sum().backward()
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(x.grad, 2 * y.detach())  # d/dx (m x)^2 = 2 m^2 x
    x.grad = None
    torch.manual_seed(0)
    y = checkpoint(f, x, use_reentrant=False, preserve_rng_state=False)
    y.sum().backward()
    assert not torch.equal(x.grad, 2 * y.detach())


def test_autocast_is_as_it_was():
    seen = []

    def product(x):
        seen.append((torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")))
        return x @ x

    for reentrant in (False, True):
        x = torch.ones(2, 2, requires_grad=True)
        with torch.autocast("cpu", dtype=torch.float16):
            y = checkpoint(product, x, use_reentrant=reentrant)
        assert y.dtype is torch.float16
        y.sum().backward()
        assert x.grad.dtype is torch.float32
    assert seen == [(True, torch.float16)] * 4


def test_contexts_of_both_runs():
    entered = []

    @contextlib.contextmanager
    def noting(what):
        entered.append(what)
        yield

    x = torch.ones(2, requires_grad=True)
    contexts = {"context_fn": lambda: (noting("first"), noting("second"))}
    checkpoint(torch.exp, x, use_reentrant=False, **contexts).sum().backward()
    assert entered == ["first", "second"]


def test_runs_that_differ():
    runs = [0]

    def f(x, other):
        runs[0] += 1
        return (x * x).sin() if runs[0] == 1 else other(x)

    def run(other, **options):
        runs[0] = 0
        x = torch.ones(3, requires_grad=True)
        checkpoint(f, x, other, use_reentrant=False, **options).sum().backward()

    with pytest.raises(CheckpointError, match="A different number of tensors was saved .* got 1 and first 3"):
        run(torch.exp)
    with pytest.raises(
        CheckpointError, match=r"different metadata.*, got torch.float32 \[2\] and first torch.float32 \[3\]"
    ):
        run(lambda x: (x[:2] * x[:2]).sin())
    with pytest.raises(CheckpointError, match="saved first: .*; saved now: "):
        run(torch.exp, debug=True)
    with module.set_checkpoint_debug_enabled(True), pytest.raises(CheckpointError, match="saved first: "):
        run(torch.exp)
    run(lambda x: (x * x).double().sin(), determinism_check="none")


def test_what_cannot_be():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="determinism_check must be 'default' or 'none'"):
        checkpoint(torch.exp, x, use_reentrant=False, determinism_check="some")
    with pytest.raises(ValueError, match="Unexpected keyword arguments: factor"):
        checkpoint(lambda x, factor: x, x, use_reentrant=True, factor=1)
    with pytest.raises(ValueError, match="only supported when use_reentrant=False"):
        checkpoint(torch.exp, x, use_reentrant=True, debug=True)
    with pytest.raises(ValueError, match="Unexpected keyword arguments"):
        checkpoint_sequential([torch.exp], 1, x, use_reentrant=False, debug=True)
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        assert checkpoint(torch.exp, x).grad_fn.name() == "CheckpointFunctionBackward"
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        checkpoint_sequential([torch.exp], 1, x)
