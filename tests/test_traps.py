"""Traps that other implementations of PyTorch's semantics fell into: programs that must give what PyTorch gives.

The rest of them have tests where they belong: weights, smoothing and ignored rows in test_losses.py; batch norm's
statistics and 'same' padding in nn/test_layers.py; adaptive windows in cases/pool.py; tied weights in nn/test_state.py
and test_safetensors.py; views, version counters and deep copies in autograd/; collating, base seeds and NumPy's seeds
in data/; the random stream in test_random.py; schedules and their resumption in optim/test_lr_scheduler.py.
"""

from __future__ import annotations

import copy
import math

import pytest

import rushlight


def same_padding(L):
    x = L.arange(1.0, 13.0).view(1, 1, 12)
    return [
        L.nn.functional.conv1d(x, L.arange(1.0, k + 1).view(1, 1, k), padding="same", dilation=d).tolist()
        for k in (1, 2, 3, 4, 5)
        for d in (1, 2, 3)
    ]


def adaptive_windows(L):
    F = L.nn.functional
    found = []
    for n in (5, 7, 10):
        x = L.arange(float(n))[None]
        for m in (1, 3, 4, 7, 11):
            found += [F.adaptive_avg_pool1d(x, m).tolist()]
            found += [t.tolist() for t in F.adaptive_max_pool1d(x, m, return_indices=True)]
    return found


def batch_norm_momentum(L):
    found = []
    for momentum in (0.1, 0.9, None):
        bn = L.nn.BatchNorm1d(2, momentum=momentum)
        for i in range(3):
            bn(L.tensor([[1.0, 2.0], [3.0, 5.0], [2.0, -1.0]]) * (i + 1))
        found += [bn.running_mean.tolist(), bn.running_var.tolist(), bn.num_batches_tracked.item()]
    return found


def cross_entropy_options(L):
    found = []
    for reduction in ("mean", "sum", "none"):
        for smoothing in (0.0, 0.1, 1.0):
            for ignored in (-100, 1):
                x = L.tensor([[0.5, -1.0, 2.0], [1.0, 0.0, 0.25], [3.0, 1.0, -2.0]], requires_grad=True)
                loss = L.nn.functional.cross_entropy(
                    x,
                    L.tensor([0, 1, 2]),
                    L.tensor([0.5, 2.0, 1.0]),
                    ignore_index=ignored,
                    label_smoothing=smoothing,
                    reduction=reduction,
                )
                loss.sum().backward()
                found += [loss.tolist(), x.grad.tolist()]
    return found


def tied_weights(L):
    def model():
        m = L.nn.Sequential(L.nn.Linear(2, 2), L.nn.Linear(2, 2))
        m[1].weight = m[0].weight
        return m

    a, b = model(), model()
    b.load_state_dict(a.state_dict())
    tied = b[0].weight is b[1].weight
    b.load_state_dict(a.state_dict(), assign=True)
    return [list(a.state_dict()), tied, b[0].weight is b[1].weight, len(list(b.parameters()))]


def buffers(L):
    m = L.nn.Module()
    m.register_buffer("a", L.ones(1), persistent=False)
    m.register_buffer("b", None)
    m.register_buffer("c", L.ones(1))
    filled = copy.deepcopy(m)
    filled.b = L.ones(2)
    keys = m.load_state_dict(filled.state_dict(), strict=False)
    return [[n for n, _ in m.named_buffers()], list(m.state_dict()), keys.missing_keys, keys.unexpected_keys]


def version_counters(L):
    x = L.zeros(3, 3)
    view, detached, data = x[0], x.detach(), x.data
    found = []
    for t in (x, view, detached, data):
        t.add_(1)
        found.append([x._version, view._version, detached._version, data._version])
    x.transpose_(0, 1)
    x.unsqueeze_(0)
    return [*found, x._version]


def change_of_a_view(L):
    base = L.zeros(2, 2) * L.ones((), requires_grad=True)
    view = base[0]
    before = base.grad_fn.name()
    view.mul_(2)
    return [before, base.grad_fn.name().rpartition("::")[2], view.grad_fn is not None]


def modes_in_generators(L):
    @L.no_grad()
    def numbers():
        try:
            while True:
                yield L.is_grad_enabled()
        except ValueError:
            yield L.is_grad_enabled()

    it = numbers()
    found = [next(it), L.is_grad_enabled(), it.send(1), it.throw(ValueError()), L.is_grad_enabled()]
    it.close()
    return [*found, L.is_grad_enabled()]


def modes_are_left_as_they_were(L):
    @L.no_grad()
    def fails():
        raise ValueError

    try:
        fails()
    except ValueError:
        pass
    with L.no_grad(), L.enable_grad():
        inside = L.is_grad_enabled()
    return [inside, L.is_grad_enabled()]


def hooks(L):
    m = L.nn.Linear(2, 2)
    with L.no_grad():
        m.weight.copy_(L.tensor([[1.0, 2.0], [3.0, 4.0]]))
        m.bias.zero_()
    seen = []
    m.register_forward_pre_hook(lambda m, args: args[0] * 2)
    m.register_forward_hook(lambda m, args, out: out * 3)
    m.register_forward_hook(lambda m, args, kwargs, out: seen.append(sorted(kwargs)), with_kwargs=True)
    m.register_full_backward_pre_hook(lambda m, dy: seen.append(dy[0].tolist()))
    m.register_full_backward_hook(lambda m, dx, dy: seen.append([dx[0].tolist(), dy[0].tolist()]))
    x = L.ones(1, 2, requires_grad=True)
    y = m(x)
    y.sum().backward()
    return [y.tolist(), x.grad.tolist(), seen, isinstance(m._forward_hooks, dict)]


def promotion(L):
    scalars = [L.tensor(1), L.tensor(1.5), L.tensor(1, dtype=L.float64), L.tensor(True), 2, 1.5, True]
    tensors = [L.ones(2, dtype=getattr(L, d)) for d in ("bool", "uint8", "int32", "float16", "float32")]
    tensors += [L.tensor(1, dtype=L.int8), L.tensor(1, dtype=L.float16)]
    return [str((s + t).dtype).rpartition(".")[2] for s in scalars for t in tensors]


def floor_division(L):
    x, y = L.tensor([7, -7, 7, -7]), L.tensor([2, 2, -2, -2])
    return [
        (L.tensor(10.0) // 0.1).item(),
        math.floor(10 / 0.1),
        (x // y).tolist(),
        (x % y).tolist(),
        L.div(x, y, rounding_mode="trunc").tolist(),
        L.fmod(x, y).tolist(),
        (x.double() // y).tolist(),
        (-x // 2.0).tolist(),
    ]


def base_seeds(L):
    """Each iterator draws from the global stream, without shuffling and workers too."""
    L.manual_seed(3)
    data = L.utils.data.TensorDataset(L.arange(4.0))
    list(L.utils.data.DataLoader(data, batch_size=2))
    return L.rand(3).tolist()


def two_normal_algorithms(L):
    L.manual_seed(0)
    found = [L.randn(n).tolist() for n in (3, 15, 16, 17, 33)]
    return [*found, L.zeros(4, 8).t().normal_().tolist()]


def resumed_sequence(L):
    S = L.optim.lr_scheduler

    def make():
        optimizer = L.optim.SGD([L.nn.Parameter(L.zeros(1))], lr=0.1)
        parts = [S.ConstantLR(optimizer, 0.1, 4), S.ExponentialLR(optimizer, 0.9)]
        return optimizer, S.SequentialLR(optimizer, parts, [3])

    optimizer, scheduler = make()
    rates = []
    for _ in range(3):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    saved = scheduler.state_dict(), optimizer.state_dict()
    optimizer, scheduler = make()
    scheduler.load_state_dict(saved[0])
    optimizer.load_state_dict(saved[1])
    for _ in range(4):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return rates


def flat(value):
    if isinstance(value, (list, tuple)):
        return [v for item in value for v in flat(item)]
    return [value]


TRAPS = [
    same_padding, adaptive_windows, batch_norm_momentum, cross_entropy_options, tied_weights, buffers, version_counters,
    change_of_a_view, modes_in_generators, modes_are_left_as_they_were, hooks, promotion, floor_division, base_seeds,
    two_normal_algorithms, resumed_sequence,
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # PyTorch's of even kernels, and of the scheduler's epochs
@pytest.mark.parametrize("program", TRAPS, ids=lambda p: p.__name__)
def test_as_in_pytorch(program, torch):
    ours, theirs = flat(program(rushlight)), flat(program(torch))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert a == (pytest.approx(b, rel=1e-5, abs=1e-6, nan_ok=True) if isinstance(b, float) else b)


def test_the_known_answers():
    """Without PyTorch: those that are short to say."""
    assert floor_division(rushlight)[:4] == [99.0, 100, [3, -4, -4, 3], [1, 1, -1, -1]]
    assert modes_in_generators(rushlight) == [False, True, False, False, True, True]
    assert buffers(rushlight) == [["a", "c"], ["c"], [], ["b"]]
    assert tied_weights(rushlight)[1:] == [True, False, 4]
    assert version_counters(rushlight)[:4] == [[1, 1, 1, 0], [2, 2, 2, 0], [3, 3, 3, 0], [3, 3, 3, 1]]
