"""Views, in-place changes and what nodes save: programs that run under PyTorch must run here, with its gradients."""

from __future__ import annotations

import pytest

import rushlight

VIEWS = {
    "transpose": lambda x: x.t(),
    "slice": lambda x: x[1:, ::2],
    "select": lambda x: x[:, 1],
    "diagonal": lambda x: x.diagonal(),
    "unfold": lambda x: x.unfold(1, 2, 1),
    "unfold of a diagonal": lambda x: x.diagonal().unfold(0, 2, 1),
    "flat": lambda x: x.view(-1),
    "expand": lambda x: x[:, None].expand(3, 2, 4),
    "strided": lambda x: x.as_strided((2, 3), (2, 1), 1),
    "strided diagonal": lambda x: x.diagonal().as_strided((2,), (5,), 5),
}
CHANGES = {
    "mul_": lambda x: x.mul_(3),
    "exp_": lambda x: x.exp_(),
    "fill_": lambda x: x.fill_(2.0),
    "masked": lambda x: x.__setitem__(x > 0.5, 0.25),
    "first": lambda x: x.__setitem__(0, 1.5),
    "index_put_": lambda x: x.index_put_((x.new_zeros(1).long(),), x.detach().sum(), accumulate=True),
    "clamp_": lambda x: x.clamp_(0.2, 0.7),
}
OVERLAPPING = ("unfold", "unfold of a diagonal", "expand", "strided")


def gradients(L, view, change, after):
    """First and second derivatives of a sum over a tensor, a view of it and what became of both."""
    L.manual_seed(0)
    x = L.rand(3, 4, dtype=L.float64).requires_grad_()
    y = x * 1
    v = VIEWS[view](y)
    if change:
        CHANGES[change](y if after else v)
    loss = (y**2).sum() + (v**3).sum() + (x**2).sum()
    (g,) = L.autograd.grad(loss, x, create_graph=True)
    (gg,) = L.autograd.grad((g**2).sum(), x)
    return [v.tolist(), g.tolist(), gg.tolist()]


@pytest.mark.parametrize(
    ("view", "change", "after"),
    [
        (view, change, after)
        for view in VIEWS
        for change in [None, *CHANGES]
        for after in (False, True)
        # PyTorch leaves open what a change of overlapping elements means.
        if after or not change or view not in OVERLAPPING
    ],
)
def test_gradients(view, change, after, torch):
    """Of a view before and after it or its base (`after`) changes in place."""
    theirs, ours = gradients(torch, view, change, after), gradients(rushlight, view, change, after)
    for a, b in zip(ours, theirs):
        assert torch.allclose(torch.tensor(a), torch.tensor(b), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["squeeze_", "unsqueeze_", "t_", "transpose_"])
def test_a_leaf_keeps_its_shape(name):
    x = rushlight.ones(2, 1, requires_grad=True)
    args = {"unsqueeze_": (0,), "transpose_": (0, 1)}.get(name, ())
    with pytest.raises(RuntimeError, match=f"{name}: a leaf Variable that requires grad"):
        getattr(x, name)(*args)
    with rushlight.no_grad():
        getattr(x, name)(*args)
    assert x.is_leaf


def test_a_view_turned_without_recording_has_the_history_of_what_it_shows():
    x = rushlight.arange(6.0).requires_grad_()
    v = (x * 1).view(2, 3)
    with rushlight.no_grad():
        v.t_()
    (v * rushlight.tensor([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])).sum().backward()
    assert x.grad.tolist() == [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]


F = rushlight.nn.functional
SAVED = {  # (operation, which operands need gradients, which are changed in place before the backward pass)
    "frozen linear": (lambda a, b: F.linear(a, b), "a", "a"),
    "linear of data": (lambda a, b: F.linear(a, b), "b", "b"),
    "frozen conv": (lambda a, b: F.conv1d(a[None], b[:, :, None]), "a", "a"),
    "conv of data": (lambda a, b: F.conv1d(a[None], b[:, :, None]), "b", "b"),
    "frozen conv_transpose": (lambda a, b: F.conv_transpose1d(a[None], b[:, :, None]), "a", "a"),
    "matmul": (lambda a, b: a @ b, "a", "a"),
    "mv": (lambda a, b: a.mv(b[0]), "a", "a"),
    "dot": (lambda a, b: a[0].dot(b[0]), "a", "a"),
    "addmm": (lambda a, b: rushlight.addmm(a, b, b), "a", "b"),
    "mul": (lambda a, b: a * b, "a", "a"),
    "addcmul": (lambda a, b: rushlight.addcmul(a, b, b), "a", "b"),
    "addcdiv": (lambda a, b: rushlight.addcdiv(a, b, b), "a", "b"),
}


@pytest.mark.parametrize("name", SAVED)
@pytest.mark.parametrize("create_graph", [False, True])
def test_only_what_is_needed_is_saved(name, create_graph):
    """What a gradient does not depend on may change, and its memory is not held."""
    op, needs, changed = SAVED[name]
    values = {"a": rushlight.rand(4, 4) + 0.5, "b": rushlight.rand(4, 4) + 0.5}

    def run(change):
        leaves = {k: v.clone().requires_grad_(k in needs) for k, v in values.items()}
        a, b = (leaf * 1 if leaf.requires_grad else leaf for leaf in leaves.values())
        loss = (op(a, b) * 1).sum()
        if change:
            (a if changed == "a" else b).mul_(2)
        (g,) = rushlight.autograd.grad(loss, [leaves[k] for k in needs], create_graph=create_graph)
        return g

    assert rushlight.allclose(run(True), run(False))


@pytest.mark.parametrize("op", [rushlight.maximum, rushlight.minimum, rushlight.atan2, rushlight.fmod])
def test_results_that_are_not_needed_may_change(op):
    x = rushlight.rand(3).requires_grad_()
    op(x * 1, rushlight.rand(3)).mul_(2).sum().backward()
    assert x.grad is not None


def test_data_is_set_between_the_passes():
    """As in PyTorch a leaf's new data counts in the backward pass; of other tensors it would go unnoticed."""
    w = rushlight.ones(2, requires_grad=True)
    loss = (w * w).sum()
    w.data = rushlight.full((2,), 5.0)
    loss.backward()
    assert w.grad.tolist() == [10.0, 10.0]
    y = w * 2
    loss = (y * y).sum()
    y.data = rushlight.zeros(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
    with pytest.raises(RuntimeError, match="data: must be of a floating point or complex dtype"):
        w.data = rushlight.ones(2, dtype=rushlight.int64)
