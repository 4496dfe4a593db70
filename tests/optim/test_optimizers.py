"""Every optimizer: PyTorch's parameters step by step, from recorded values and from PyTorch itself."""

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import rushlight
from golden import programs
from rushlight import nn, optim
from rushlight.kernels import _C

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "optim.json").read_text())
# Muon orthogonalizes in bfloat16: one unit there is 2**-8.
TOLERANCE = {"Muon": {"rtol": 3e-2, "atol": 2e-2}, "Rprop": {"rtol": 1e-5, "atol": 1e-6}}


@pytest.mark.parametrize("name", programs.OPTIMIZERS)
def test_recorded(name):
    want = GOLDEN["optimizers"][name]
    got = programs.optimize(rushlight, name)
    tolerance = TOLERANCE.get(name.split()[0], {"rtol": 2e-5, "atol": 2e-6})
    np.testing.assert_allclose(got, want, **tolerance)


@pytest.mark.parametrize("name", programs.OPTIMIZERS)
@pytest.mark.parametrize("foreach", [True, False])
def test_parity(name, foreach, torch):
    kind, options = programs.OPTIMIZERS[name]
    shapes = [s for s in programs.SHAPES if len(s) == 2 or kind != "Muon"]
    extra = {} if kind == "Muon" else {"foreach": foreach}
    results = []
    for L in (torch, rushlight):
        params = programs.parameters(L, shapes)
        optimizer = getattr(L.optim, kind)(params, **options, **extra)
        for _ in range(5):
            for p in params:
                p.grad = L.randn(*p.shape) if p.ndim else L.randn(())
            optimizer.step()
        results.append((params, optimizer.state_dict(), repr(optimizer), optimizer.defaults))
    (want, want_state, want_repr, want_defaults), (got, state, text, defaults) = results
    tolerance = TOLERANCE.get(kind, {"rtol": 2e-5, "atol": 2e-6})
    for a, b in zip(want, got):
        np.testing.assert_allclose(b.detach().numpy(), a.detach().numpy(), **tolerance)
    assert text == want_repr
    assert list(defaults.items()) == list(want_defaults.items())
    assert state["param_groups"] == want_state["param_groups"]
    assert list(state["param_groups"][0]) == list(want_state["param_groups"][0])
    assert list(state["state"]) == list(want_state["state"])
    for key, entry in want_state["state"].items():
        assert list(state["state"][key]) == list(entry)
        for k, v in entry.items():
            assert state["state"][key][k].shape == tuple(v.shape), k
            assert str(state["state"][key][k].dtype) == str(v.dtype), k
            np.testing.assert_allclose(state["state"][key][k].numpy(), v.numpy(), **tolerance)


@pytest.mark.parametrize("name", programs.LBFGS)
def test_lbfgs(name):
    want = GOLDEN["lbfgs"][name]
    got = programs.rosenbrock(rushlight, **programs.LBFGS[name])
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-9)  # rounding grows from step to step


def test_lbfgs_keys(torch):
    keys = []
    for L in (torch, rushlight):
        w = L.nn.Parameter(L.ones(3))
        optimizer = L.optim.LBFGS([w], max_iter=3)

        def closure(L=L, w=w, optimizer=optimizer):
            optimizer.zero_grad()
            loss = w[0] * w[0] + w[1] * w[1] * 3 + w[2]
            loss.backward()
            return loss

        optimizer.step(closure)
        optimizer.step(closure)
        keys.append(list(optimizer.state_dict()["state"][0]))
    assert keys[0] == keys[1]


NAMES = [n for n in programs.OPTIMIZERS if "Muon" not in n]


@pytest.mark.skipif(_C is None, reason="compares the kernels with NumPy")
@pytest.mark.parametrize("name", NAMES)
def test_kernel_and_formula_agree(name, monkeypatch):
    kernel = programs.optimize(rushlight, name)
    monkeypatch.setattr(optim.Optimizer, "_fused", lambda *args: False)
    for cls in (optim.SGD, optim.Adam, optim.RMSprop, optim.Adagrad):
        monkeypatch.setattr(cls, "_fused", lambda *args: False)
    np.testing.assert_allclose(programs.optimize(rushlight, name), kernel, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(_C is None, reason="there are no threads to compare")
@pytest.mark.parametrize("kind", ["SGD", "Adam", "RMSprop", "Adagrad"])
def test_threads_leave_no_trace(kind):
    options = {"momentum": 0.9} if kind in ("SGD", "RMSprop") else {}
    results = []
    for threads in (1, 3):
        rushlight.set_num_threads(threads)
        params = programs.parameters(rushlight, [(300, 301), (7,), (40_000,)])
        optimizer = getattr(optim, kind)(params, lr=0.1, **options)
        for _ in range(2):
            for p in params:
                p.grad = rushlight.randn(*p.shape)
            optimizer.step()
        results.append([p.detach().numpy() for p in params])
    for a, b in zip(*results):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam", "Adadelta", "Adafactor"]
)
@pytest.mark.parametrize(
    "layout", ["transposed", "float64", "float16", "bfloat16", "gradient transposed", "empty"]
)
def test_layouts_and_dtypes(kind, layout):
    """What the kernels do not take is done by the formula, with the same result."""
    options = {"momentum": 0.9} if kind in ("SGD", "RMSprop") else {}
    rushlight.manual_seed(0)
    start, grads = rushlight.randn(6, 4), [rushlight.randn(6, 4) for _ in range(3)]
    if layout == "empty":
        start, grads = start[:0], [g[:0] for g in grads]
    tolerance = {"float16": 2e-2, "bfloat16": 1e-1}.get(layout, 1e-5)
    results = []
    for case in ("plain", layout):
        dtype = getattr(rushlight, case) if "float" in case else rushlight.float32
        value = start.clone().to(dtype)
        if case == "transposed":
            value = value.t().contiguous().t()
        p, q = nn.Parameter(value), nn.Parameter(rushlight.ones(3))
        optimizer = getattr(optim, kind)([p, q], lr=0.01, **options)
        for g in grads:
            g = g.to(dtype)
            p.grad = g.t().contiguous().t() if "transposed" in case else g
            q.grad = rushlight.ones(3)
            optimizer.step()
        results.append((p.detach().float().numpy(), q.detach().numpy()))
    np.testing.assert_allclose(results[1][0], results[0][0], rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(results[1][1], results[0][1])


def test_parameters_without_gradient_are_skipped():
    p, q = nn.Parameter(rushlight.ones(2)), nn.Parameter(rushlight.ones(2))
    optimizer = optim.SGD([p, q], lr=0.1, momentum=0.9, dampening=0.5)
    p.grad = rushlight.ones(2)
    optimizer.step()
    assert q.detach().tolist() == [1, 1]
    assert list(optimizer.state_dict()["state"]) == [0]
    q.grad = rushlight.ones(2)
    optimizer.step()  # one buffer goes on, one begins
    np.testing.assert_allclose(q.detach().numpy(), 0.9, rtol=1e-6)
    np.testing.assert_allclose(p.detach().numpy(), 1 - 0.1 - 0.1 * (0.9 + 0.5), rtol=1e-6)


def test_infinite_values_stay_what_they_are():
    p = nn.Parameter(rushlight.tensor([float("inf"), 1.0]))
    p.grad = rushlight.ones(2)
    optim.SGD([p], lr=0.1).step()
    assert p.detach().tolist() == pytest.approx([float("inf"), 0.9])


def test_versions_are_counted():
    p = nn.Parameter(rushlight.ones(2))
    y = p * p
    p.grad = rushlight.ones(2)
    optim.Adam([p]).step()
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        y.backward(rushlight.ones(2))


def test_learning_rate_as_a_tensor():
    for kind in ("SGD", "Adam", "RMSprop", "Adagrad"):
        p, q = nn.Parameter(rushlight.ones(2)), nn.Parameter(rushlight.ones(2))
        lr = rushlight.tensor(0.1)
        pair = getattr(optim, kind)([p], lr=lr), getattr(optim, kind)([q], lr=0.1)
        for optimizer, w in zip(pair, (p, q)):
            w.grad = rushlight.ones(2)
            optimizer.step()
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-6)
        assert pair[0].param_groups[0]["lr"] is lr


def test_closure():
    p = nn.Parameter(rushlight.ones(2))
    optimizer = optim.SGD([p], lr=0.1)

    def closure():
        assert rushlight.is_grad_enabled()
        p.grad = rushlight.ones(2)
        return 5.0

    with rushlight.no_grad():
        assert optimizer.step(closure) == 5.0
    np.testing.assert_allclose(p.detach().numpy(), 0.9, rtol=1e-6)


def test_a_subclass_with_a_step_of_its_own():
    calls = []

    class Plain(optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        @rushlight.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p.sub_(p.grad, alpha=group["lr"])

    p = nn.Parameter(rushlight.ones(2))
    optimizer = Plain([p], 0.5)
    optimizer.register_step_post_hook(lambda o, a, k: calls.append("after"))
    p.grad = rushlight.ones(2)
    optimizer.step()
    assert p.detach().tolist() == [0.5, 0.5]
    assert calls == ["after"]


def test_hooks():
    p = nn.Parameter(rushlight.ones(2))
    p.grad = rushlight.ones(2)
    optimizer = optim.SGD([p], lr=0.1)
    seen = []
    handles = [
        optimizer.register_step_pre_hook(lambda o, a, k: seen.append("pre")),
        optimizer.register_step_post_hook(lambda o, a, k: seen.append("post")),
        optim.optimizer.register_optimizer_step_pre_hook(lambda o, a, k: seen.append("global pre")),
        optim.optimizer.register_optimizer_step_post_hook(lambda o, a, k: seen.append("global post")),
    ]
    optimizer.step()
    assert seen == ["global pre", "pre", "post", "global post"]
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(seen) == 4
    with optimizer.register_step_pre_hook(lambda o, a, k: 5):
        with pytest.raises(RuntimeError, match="a pre hook must return None or a tuple"):
            optimizer.step()
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("save"))
    optimizer.register_state_dict_post_hook(lambda o, d: {**d, "more": 1})
    optimizer.register_load_state_dict_pre_hook(lambda o, d: {k: v for k, v in d.items() if k != "more"})
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append("loaded"))
    state = optimizer.state_dict()
    assert state["more"] == 1
    optimizer.load_state_dict(state)
    assert seen[4:] == ["save", "loaded"]


@pytest.mark.parametrize("kind", ["SGD", "Adam", "RMSprop", "Adagrad"])
def test_state_goes_on(kind):
    """Saved and loaded after three steps: the same as never interrupted, also pickled and deep-copied."""
    options = {"momentum": 0.9} if kind in ("SGD", "RMSprop") else {}

    def start():
        p = nn.Parameter(rushlight.ones(3))
        return p, getattr(optim, kind)([p], lr=0.1, **options)

    def steps(p, optimizer, n, seed):
        rushlight.manual_seed(seed)
        for _ in range(n):
            p.grad = rushlight.randn(3)
            optimizer.step()

    p, optimizer = start()
    steps(p, optimizer, 3, 1)
    saved, values = copy.deepcopy(optimizer.state_dict()), p.detach().clone()
    pickled = pickle.loads(pickle.dumps(optimizer))
    copied = copy.deepcopy(optimizer)
    steps(p, optimizer, 3, 2)
    q, other = start()
    q.data.copy_(values)
    other.load_state_dict(saved)
    steps(q, other, 3, 2)
    assert rushlight.equal(p.detach(), q.detach())
    for again in (pickled, copied):
        r = again.param_groups[0]["params"][0]
        assert r is not p
        steps(r, again, 3, 2)
        assert rushlight.equal(p.detach(), r.detach())


def test_state_dict_goes_both_ways(torch, tmp_path):
    """A training run that moves from PyTorch to rushlight and back."""
    for kind in ("SGD", "Adam", "RMSprop"):
        options = {"momentum": 0.9} if kind in ("SGD", "RMSprop") else {}
        params = {L: programs.parameters(L) for L in (torch, rushlight)}
        optimizers = {L: getattr(L.optim, kind)(params[L], lr=0.1, **options) for L in params}

        def step(L, params=params, optimizers=optimizers):
            L.manual_seed(5)
            for p in params[L]:
                p.grad = L.randn(*p.shape) if p.ndim else L.randn(())
            optimizers[L].step()

        step(torch)
        for source, target in ((torch, rushlight), (rushlight, torch)):
            source.save(optimizers[source].state_dict(), tmp_path / "o.pt")
            optimizers[target].load_state_dict(target.load(tmp_path / "o.pt"))
            with target.no_grad():
                for p, q in zip(params[target], params[source]):
                    p.copy_(target.from_numpy(q.detach().numpy().copy()))
            step(source)
            step(target)
            for p, q in zip(params[target], params[source]):
                np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_zero_grad():
    p = nn.Parameter(rushlight.ones(2))
    optimizer = optim.SGD([p], lr=0.1)
    p.grad = rushlight.ones(2)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0, 0]
    optimizer.zero_grad()
    assert p.grad is None


def test_groups():
    p, q, r = (nn.Parameter(rushlight.ones(2)) for _ in range(3))
    optimizer = optim.SGD([{"params": [p]}, {"params": q, "lr": 1.0}], lr=0.1)
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 1.0]
    optimizer.add_param_group({"params": (r,), "momentum": 0.5})
    assert optimizer.param_groups[2]["momentum"] == 0.5
    assert [g["params"] for g in optimizer.state_dict()["param_groups"]] == [[0], [1], [2]]
    named = optim.SGD([("a", p), ("b", q)], lr=0.1)
    assert named.param_groups[0]["param_names"] == ["a", "b"]
    assert named.state_dict()["param_groups"][0]["param_names"] == ["a", "b"]
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optim.SGD([p, p], lr=0.1)


def test_swapped_in(torch):
    results = []
    for L in (torch, rushlight):
        params, others = programs.parameters(L, [(2, 3), (4,)]), programs.parameters(L, [(2, 3), (4,)])
        optimizer, second = L.optim.Adam(params, lr=0.1), L.optim.Adam(others, lr=0.2)
        for p in (*params, *others):
            p.grad = L.ones(*p.shape)
        optimizer.step()
        second.step()
        before = [p.detach().clone() for p in params]
        state = second.state_dict()
        named = {str(i): p for i, p in enumerate(others)}
        with L.optim.swap_in_optimizer_params_and_state(optimizer, named, state):
            optimizer.step()
        assert all(L.equal(a, b) for a, b in zip(before, params))
        optimizer.step()
        results.append(
            [p.detach().numpy() for p in (*params, *others)] + [state["state"][0]["exp_avg"].numpy()]
        )
    for a, b in zip(*results):
        np.testing.assert_allclose(b, a, rtol=1e-5)


def parameter():
    return nn.Parameter(rushlight.ones(2, 2))


ERRORS = [
    (lambda: optim.SGD([], lr=0.1), ValueError, "empty parameter list"),
    (lambda: optim.SGD(parameter(), lr=0.1), TypeError, "must be an iterable of Tensors or dicts"),
    (lambda: optim.SGD([1], lr=0.1), TypeError, "one of the params is int"),
    (lambda: optim.SGD([parameter() * 1], lr=0.1), ValueError, "non-leaf"),
    (lambda: optim.SGD([{"params": {parameter()}}], lr=0.1), TypeError, "ordered collection"),
    (lambda: optim.SGD([{"lr": 0.1}]), KeyError, "params"),
    (lambda: optim.SGD([("a", parameter()), parameter()]), ValueError, "with/without names"),
    (lambda: optim.SGD([parameter()], lr=-1), ValueError, "lr must be at least 0, got -1"),
    (lambda: optim.SGD([parameter()], momentum=-1), ValueError, "momentum must be at least 0"),
    (lambda: optim.SGD([parameter()], nesterov=True), ValueError, "Nesterov momentum requires"),
    (lambda: optim.SGD([parameter()], lr=rushlight.ones(2)), ValueError, "1-element"),
    (lambda: optim.SGD([parameter()], fused=True, foreach=True), RuntimeError, "cannot be `True` together"),
    (lambda: optim.SGD([parameter()], fused=True, differentiable=True), RuntimeError, "does not support"),
    (lambda: optim.Adam([parameter()], betas=(1.0, 0.9)), ValueError, "beta parameter at index 0"),
    (lambda: optim.Adam([parameter()], eps=-1), ValueError, "eps must be at least 0"),
    (lambda: optim.Adam([parameter()], lr=rushlight.tensor(0.1), foreach=True), ValueError, "lr as a Tensor"),
    (lambda: optim.Adadelta([parameter()], rho=2), ValueError, r"rho must be in \[0, 1\]"),
    (lambda: optim.Rprop([parameter()], etas=(1.5, 2)), ValueError, "Invalid eta values"),
    (lambda: optim.LBFGS([{"params": [parameter()]}, {"params": [parameter()]}]), ValueError, "one group"),
    (lambda: optim.Adafactor([parameter()], d=0.5), ValueError, "d must be >= 1"),
    (lambda: optim.Muon([nn.Parameter(rushlight.ones(2))]), ValueError, "only supports 2D"),
    (lambda: optim.Muon([parameter()], adjust_lr_fn="x"), ValueError, "adjust_lr_fn must be"),
    (lambda: optim.SparseAdam([parameter()], lr=0.0), ValueError, "lr must be greater than 0"),
    (lambda: stepped(optim.SparseAdam([parameter()])), RuntimeError, "does not support dense gradients"),
    (lambda: stepped(optim.Adam([parameter()], capturable=True)), AssertionError, "capturable must be False"),
    (lambda: stepped(optim.Adam([parameter()], differentiable=True)), NotImplementedError, "differentiable"),
    (lambda: stepped(optim.Optimizer([parameter()], {})), NotImplementedError, "must define step"),
    (
        lambda: optim.SGD([parameter()]).load_state_dict({"state": {}, "param_groups": []}),
        ValueError,
        "number of",
    ),
    (
        lambda: optim.SGD([parameter()]).load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]}),
        ValueError,
        "doesn't match the size",
    ),
    (
        lambda: optim.SGD([parameter()]).add_param_group([parameter()]),
        TypeError,
        "param_group must be a dict",
    ),
]


def stepped(optimizer):
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = rushlight.ones(*p.shape)
    optimizer.step()


@pytest.mark.parametrize(("f", "error", "match"), ERRORS)
def test_errors(f, error, match):
    with pytest.raises(error, match=match):
        f()
