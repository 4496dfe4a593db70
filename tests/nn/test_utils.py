"""nn.utils: the same calls under both libraries, and what must hold without PyTorch."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest

import rushlight
from rushlight import nn


def plain(value):
    """Tensors as (dtype, array), inside tuples, lists and dicts too."""
    if hasattr(value, "detach"):
        return (str(value.dtype), np.array(value.detach().numpy()))
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def same(a, b):
    """Equality, and for arrays closeness."""
    if isinstance(a, np.ndarray):
        return (
            isinstance(b, np.ndarray) and a.shape == b.shape and np.allclose(a, b, 1e-4, 1e-5, equal_nan=True)
        )
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return a == b


class Log(list):
    def try_(self, action):
        try:
            self.append(plain(action()))
        except Exception as error:
            self.append(type(error).__name__)


def clipping(torch):
    u, log = torch.nn.utils, Log()

    def params():
        torch.manual_seed(1)
        ps = [
            torch.nn.Parameter(torch.randn(3, 4)),
            torch.nn.Parameter(torch.randn(5)),
            torch.nn.Parameter(torch.ones(2)),
        ]
        for p in ps[:2]:
            p.grad = torch.randn(p.shape) * 3
        return ps

    for norm in (2, 1, 3.5, float("inf"), 0.5):
        ps = params()
        log.try_(lambda ps=ps, norm=norm: u.clip_grad_norm_(ps, 1.5, norm))
        log.append(plain([p.grad for p in ps[:2]]))
    ps = params()
    log.try_(lambda: u.clip_grad_norm_(ps[0], 100.0))
    log.try_(lambda: u.clip_grad_norm_(iter(ps), 0.1))
    log.append(plain([p.grad for p in ps[:2]]))
    log.try_(lambda: u.clip_grad_value_(ps, 0.01))
    log.append(plain([p.grad for p in ps[:2]]))
    log.try_(lambda: u.get_total_norm([p.grad for p in ps[:2]]))
    log.try_(lambda: u.get_total_norm([]))
    log.try_(lambda: u.clip_grad_norm_([], 1.0))
    ps[0].grad[0, 0] = float("nan")
    log.try_(lambda: u.clip_grad_norm_(ps, 1.0, error_if_nonfinite=True))
    log.try_(lambda: bool(torch.isnan(u.clip_grad_norm_(ps, 1.0))))
    vec = u.parameters_to_vector(params())
    log.append(plain(vec))
    ps = params()
    u.vector_to_parameters(torch.arange(19.0), ps)
    log.append(plain(ps))
    log.try_(lambda: u.vector_to_parameters([1, 2], ps))
    return log


def norms_by_hooks(torch):
    nn, log = torch.nn, Log()
    torch.manual_seed(0)
    m = nn.utils.weight_norm(nn.Linear(3, 4))
    x = torch.randn(2, 3)
    log.append(list(m.state_dict()))
    log.append(plain([m.weight_g, m.weight_v, m(x)]))
    m(x).sum().backward()
    log.append(plain([m.weight_g.grad, m.weight_v.grad]))
    log.try_(lambda: nn.utils.weight_norm(m))
    log.append([list(nn.utils.remove_weight_norm(m).state_dict()), plain(m(x))])
    log.try_(lambda: nn.utils.remove_weight_norm(m))
    m = nn.utils.weight_norm(nn.Conv1d(2, 3, 2), dim=None)
    log.append(plain([m.weight_g, m.weight_v]))
    torch.manual_seed(0)
    m = nn.utils.spectral_norm(nn.Linear(20, 30), n_power_iterations=2)
    x = torch.randn(2, 20)
    log.append(list(m.state_dict()))
    log.append(plain([m.weight_u, m(x), m(x)]))
    m(x).sum().backward()
    log.append(plain(m.weight_orig.grad))
    m.eval()
    log.append(plain([m(x), m(x)]))
    log.append(list(nn.utils.remove_spectral_norm(m).state_dict()))
    m = nn.utils.spectral_norm(nn.ConvTranspose2d(2, 20, 3))
    log.append([tuple(m.weight_u.shape), tuple(m.weight_v.shape)])
    log.try_(lambda: nn.utils.spectral_norm(nn.Linear(2, 2), n_power_iterations=0))
    return log


def parametrizing(torch):
    nn, log = torch.nn, Log()
    P = nn.utils.parametrize
    import importlib

    pz = importlib.import_module(torch.__name__ + ".nn.utils.parametrizations")

    class Double(nn.Module):
        def forward(self, x):
            return 2 * x

        def right_inverse(self, x):
            return x / 2

    class Wider(nn.Module):
        def forward(self, x):
            return x.new_ones(3, 3)

    class Sum(nn.Module):
        def forward(self, a, b):
            return a + b

        def right_inverse(self, x):
            return x / 2, x / 2

    torch.manual_seed(0)
    m = nn.Linear(2, 2)
    first = plain(m.weight)
    P.register_parametrization(m, "weight", Double())
    log.append([type(m).__name__, repr(m), list(m.state_dict()), same(first, plain(m.weight))])
    P.register_parametrization(m, "weight", Double())
    log.append(plain(m.weight))
    m.weight = torch.ones(2, 2)
    log.append(plain([m.weight, m.parametrizations.weight.original]))
    log.append(
        [P.is_parametrized(m), P.is_parametrized(m, "bias"), P.type_before_parametrizations(m).__name__]
    )
    m(torch.ones(1, 2)).sum().backward()
    log.append(plain(m.parametrizations.weight.original.grad))
    with P.cached():
        log.append(m.weight is m.weight)
    log.append(m.weight is m.weight)
    new = copy.deepcopy(m)
    with torch.no_grad():
        new.parametrizations.weight.original.zero_()
    log.append(plain([new.weight, m.weight]))
    log.try_(lambda: P.register_parametrization(m, "nothing", Double()))
    log.try_(lambda: P.register_parametrization(nn.Linear(2, 2), "weight", Wider()))
    log.try_(lambda: P.register_parametrization(nn.Linear(2, 2), "weight", Wider(), unsafe=True).weight)
    log.try_(lambda: P.remove_parametrizations(m, "bias"))
    P.remove_parametrizations(m, "weight")
    log.append([type(m).__name__, list(m.state_dict()), plain(m.weight), type(m.weight).__name__])
    m = P.register_parametrization(nn.Linear(2, 2), "weight", Sum())
    log.append(list(m.state_dict()))
    log.try_(lambda: P.remove_parametrizations(m, "weight", leave_parametrized=False))
    m.register_buffer("buf", torch.ones(2))
    P.register_parametrization(m, "buf", Double())
    log.append([list(m.state_dict()), plain(m.buf)])

    torch.manual_seed(0)
    m = pz.weight_norm(nn.Linear(3, 4))
    log.append([list(m.state_dict()), plain(m.weight), plain(m.parametrizations.weight.original0)])
    old = nn.utils.weight_norm(nn.Linear(3, 4))
    log.try_(lambda: repr(m.load_state_dict(old.state_dict())))
    torch.manual_seed(0)
    m = pz.spectral_norm(nn.Linear(20, 30))
    log.append([list(m.state_dict()), plain(m.weight), plain(m.weight)])
    m.eval()
    log.append([plain(m.weight), plain(m.weight)])
    log.try_(lambda: pz.spectral_norm(nn.Linear(2, 2), n_power_iterations=0))
    for how in ("matrix_exp", "cayley", "householder"):
        torch.manual_seed(0)
        m = pz.orthogonal(nn.Linear(5, 3), orthogonal_map=how)
        log.append([list(m.state_dict()), plain(m.weight), plain(m.parametrizations.weight.original)])
        m = pz.orthogonal(nn.Linear(3, 4), orthogonal_map=how, use_trivialization=False)
        log.append([list(m.state_dict()), plain(m.weight)])
    log.try_(lambda: pz.orthogonal(nn.Linear(2, 2), name="bias"))
    log.try_(lambda: pz.orthogonal(nn.Linear(2, 2), orthogonal_map="other"))
    return log


def pruning(torch):
    nn, log = torch.nn, Log()
    import importlib

    prune = importlib.import_module(torch.__name__ + ".nn.utils.prune")
    torch.manual_seed(0)
    m = nn.Linear(4, 3)
    log.append(plain(prune.l1_unstructured(m, "weight", 0.25).weight))
    log.append([list(m.state_dict()), prune.is_pruned(m)])
    log.append(plain(prune.l1_unstructured(m, "weight", 3).weight_mask))
    log.append(plain(prune.ln_structured(m, "weight", 1, 2, 0).weight_mask))
    log.append([len(m._forward_pre_hooks), type(next(iter(m._forward_pre_hooks.values()))).__name__])
    m(torch.ones(1, 4)).sum().backward()
    log.append(plain(m.weight_orig.grad))
    log.append(list(prune.remove(m, "weight").state_dict()))
    log.try_(lambda: prune.remove(m, "weight"))
    m = nn.Conv2d(3, 4, 2)
    log.append(plain(prune.ln_structured(m, "weight", 0.5, float("inf"), 1).weight_mask))
    log.append(plain(prune.custom_from_mask(nn.Linear(2, 2), "weight", torch.eye(2)).weight_mask))
    log.append(plain(prune.identity(nn.Linear(2, 2), "bias").bias_mask))
    a, b = nn.Linear(3, 3), nn.Linear(3, 2)
    prune.global_unstructured([(a, "weight"), (b, "weight")], prune.L1Unstructured, amount=5)
    log.append(plain([a.weight_mask, b.weight_mask]))
    m = prune.random_unstructured(nn.Linear(5, 4), "weight", 7)
    log.append(int((m.weight_mask == 0).sum()))
    m = prune.random_structured(nn.Linear(5, 4), "weight", 2, 1)
    log.append(int((m.weight_mask == 0).sum()))
    for action in (
        lambda: prune.l1_unstructured(nn.Linear(2, 2), "weight", 1.5),
        lambda: prune.l1_unstructured(nn.Linear(2, 2), "weight", -1),
        lambda: prune.l1_unstructured(nn.Linear(2, 2), "weight", 5),
        lambda: prune.l1_unstructured(nn.Linear(2, 2), "weight", "a"),
        lambda: prune.ln_structured(nn.Linear(2, 2), "bias", 1, 2, 0),
        lambda: prune.ln_structured(nn.Linear(2, 2), "weight", 1, 2, 5),
        lambda: prune.global_unstructured([(a, "weight")], prune.LnStructured, amount=1, n=2),
    ):  # fmt: skip
        log.try_(action)
    return log


def packing(torch):
    r, log = torch.nn.utils.rnn, Log()
    torch.manual_seed(0)
    x = torch.randn(4, 3, 2, requires_grad=True)
    for kwargs in ({}, {"batch_first": True}, {"enforce_sorted": False}):
        lengths = [3, 1, 4] if kwargs.get("enforce_sorted") is False else [4, 2, 1]
        y = x.transpose(0, 1) if kwargs.get("batch_first") else x
        p = r.pack_padded_sequence(y, lengths, **kwargs)
        log.append(plain(list(p)))
        back, counts = r.pad_packed_sequence(
            p, kwargs.get("batch_first", False), padding_value=-1.0, total_length=6
        )
        log.append(plain([back, counts]))
        x.grad = None
        (back * back).sum().backward()
        log.append(plain(x.grad))
    seqs = [torch.arange(3.0), torch.arange(1.0), torch.arange(2.0)]
    log.append(
        plain(
            [
                r.pad_sequence(seqs),
                r.pad_sequence(seqs, True, 9.0),
                r.pad_sequence(seqs, True, padding_side="left"),
            ]
        )
    )
    p = r.pack_sequence(seqs, enforce_sorted=False)
    log.append([plain(list(p)), plain(r.unpack_sequence(p)), plain(list(p.double())), p.is_cuda])
    log.append(plain(r.unpad_sequence(r.pad_sequence(seqs), torch.tensor([3, 1, 2]))))
    log.append(plain(r.invert_permutation(torch.tensor([2, 0, 1]))))
    for action in (
        lambda: r.pack_padded_sequence(x, [1, 2, 3]), lambda: r.pack_padded_sequence(x, [3, 2, 0]),
        lambda: r.pack_padded_sequence(x, [3, 2]),
        lambda: r.pad_sequence([]), lambda: r.pad_sequence(3), lambda: r.pad_sequence(seqs, padding_side="top"),
        lambda: r.pad_packed_sequence(p, total_length=1), lambda: r.pack_sequence(seqs),
    ):  # fmt: skip
        log.try_(action)
    return log


def stateless(torch):
    nn, log = torch.nn, Log()
    call = torch.func.functional_call
    torch.manual_seed(0)
    m = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    x = torch.randn(4, 2)
    w = torch.ones(3, 2, requires_grad=True)
    y = call(m, {"0.weight": w}, x)
    y.sum().backward()
    log.append([plain(y), m[0].weight.grad is None, plain(m(x))])
    log.try_(lambda: call(m, {"zzz": w}, x))
    log.try_(lambda: call(m, {"0.weight": w}, (x,), strict=True))
    log.try_(lambda: call(m, dict(m.named_parameters()) | dict(m.named_buffers()), (x,), strict=True))
    log.try_(lambda: call(m, [{"0.weight": w}, {"0.bias": torch.zeros(3)}], (x,)))
    log.try_(lambda: call(m, [{"0.weight": w}, {"0.weight": w}], (x,)))
    tied = nn.ModuleDict({"a": nn.Linear(2, 2, bias=False), "b": nn.Linear(2, 2, bias=False)})
    tied["b"].weight = tied["a"].weight
    tied.forward = lambda x: tied["b"](tied["a"](x))
    log.try_(lambda: call(tied, {"a.weight": torch.eye(2) * 2}, x))
    log.try_(lambda: call(tied, {"a.weight": torch.eye(2) * 2}, x, tie_weights=False))
    stacked = torch.func.stack_module_state([nn.Linear(2, 3), nn.Linear(2, 3)])
    log.append([{k: tuple(v.shape) for k, v in part.items()} for part in stacked])
    g = torch.func.grad
    log.append(plain(g(lambda a: (a**3).sum())(torch.arange(3.0))))
    log.append(plain(g(g(lambda a: a**3))(torch.tensor(2.0))))
    log.append(plain(g(lambda a, b: (a * b).sum(), argnums=(0, 1))(torch.ones(2), torch.arange(2.0))))
    log.append(plain(g(lambda p: (p["w"] ** 2).sum())({"w": torch.ones(2), "v": torch.ones(1)})))
    log.append(plain(torch.func.grad_and_value(lambda a: ((a * 2).sum(), a), has_aux=True)(torch.ones(2))))
    log.try_(lambda: g(lambda a: a * 2)(torch.ones(2)))
    value, pull = torch.func.vjp(lambda a: (a * a, a.sum()), torch.arange(3.0))
    log.append([plain(value), plain(pull((torch.ones(3), torch.tensor(2.0))))])
    return log


def fusing(torch):
    nn, log = torch.nn, Log()
    torch.manual_seed(0)
    for conv, bn, x, transpose in (
        (nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), torch.randn(2, 3, 5, 5), False),
        (nn.ConvTranspose2d(3, 4, 3), nn.BatchNorm2d(4), torch.randn(2, 3, 5, 5), True),
    ):
        bn(conv(x))
        fused = nn.utils.fuse_conv_bn_eval(conv.eval(), bn.eval(), transpose)
        log.append(plain([fused.weight, fused.bias, fused(x) - bn(conv(x))]))
    linear, bn, x = nn.Linear(3, 4), nn.BatchNorm1d(4), torch.randn(5, 3)
    bn(linear(x))
    fused = nn.utils.fuse_linear_bn_eval(linear.eval(), bn.eval())
    log.append(plain([fused.weight, fused.bias]))
    log.try_(lambda: nn.utils.fuse_linear_bn_eval(linear.train(), bn))
    state = torch.get_rng_state()
    made = nn.utils.skip_init(nn.Linear, 2, 3)
    log.append([tuple(made.weight.shape), bool((torch.get_rng_state() == state).all())])
    log.try_(lambda: nn.utils.skip_init(nn.ReLU))
    log.try_(lambda: nn.utils.skip_init(int))
    return log


SCENARIOS = [clipping, norms_by_hooks, parametrizing, pruning, packing, stateless, fusing]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_as_in_pytorch(torch, scenario):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = scenario(rushlight), scenario(torch)
    assert len(ours) == len(theirs)
    for i, (a, b) in enumerate(zip(ours, theirs)):
        assert same(a, b), f"step {i}: {a} is not {b}"


@pytest.mark.parametrize("trivialized", [True, False])
@pytest.mark.parametrize("how", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
def test_orthogonal(how, shape, trivialized):
    m = nn.utils.parametrizations.orthogonal(
        nn.Linear(*shape), orthogonal_map=how, use_trivialization=trivialized
    )
    w = m.weight
    small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    assert np.allclose(small.detach().numpy(), np.eye(len(small)), atol=1e-5)
    (w * rushlight.randn(w.shape)).sum().backward()
    assert m.parametrizations.weight.original.grad.abs().sum() > 0
    q, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((max(shape), min(shape))))
    if not trivialized and how != "householder":
        with pytest.raises(
            NotImplementedError, match="it can only be assigned to with use_trivialization=True"
        ):
            m.weight = w.detach()
        return
    target = rushlight.tensor((q if w.shape[0] >= w.shape[1] else q.T).astype(np.float32))
    m.weight = target
    assert np.allclose(m.weight.detach().numpy(), target.numpy(), atol=1e-5)


def test_parametrized_modules_are_not_pickled():
    import pickle

    m = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    with pytest.raises(RuntimeError, match="a parametrized module must be saved through its state_dict"):
        pickle.dumps(m)


def test_parametrization_state_round_trip():
    a = nn.utils.parametrizations.spectral_norm(nn.Linear(3, 3))
    b = nn.utils.parametrizations.spectral_norm(nn.Linear(3, 3))
    b.load_state_dict(a.state_dict())
    assert (a.eval().weight == b.eval().weight).all()
