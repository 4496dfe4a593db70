"""nn.Module: registration, traversal, conversion, copies, repr, errors."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import rushlight as torch
from rushlight import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 4)
        self.block = nn.Sequential(nn.ReLU(), nn.Linear(4, 2))
        self.register_buffer("scale", torch.ones(2))
        self.register_buffer("scratch", torch.ones(2), persistent=False)
        self.register_buffer("absent", None)
        self.register_parameter("nothing", None)
        self.note = "plain"

    def forward(self, x):
        return self.block(self.fc1(x)) * self.scale


NAMES = ["fc1.weight", "fc1.bias", "block.1.weight", "block.1.bias"]


def test_registration_and_traversal():
    m = Net()
    assert [n for n, _ in m.named_parameters()] == NAMES
    assert [n for n, _ in m.named_parameters(recurse=False)] == []
    assert next(n for n, _ in m.named_parameters("net")) == "net.fc1.weight"
    assert [n for n, _ in m.named_buffers()] == ["scale", "scratch"]
    assert [n for n, _ in m.named_children()] == ["fc1", "block"]
    assert [n for n, _ in m.named_modules()] == ["", "fc1", "block", "block.0", "block.1"]
    assert len(list(m.modules())) == 5
    assert list(m.state_dict()) == ["scale", *NAMES]
    assert m.nothing is None
    assert m.absent is None
    assert m.note == "plain"
    assert "fc1" in dir(m)
    del m.fc1
    assert not hasattr(m, "fc1")


def test_a_name_belongs_to_one_table():
    m = nn.Module()
    m.x = 3
    m.x = nn.Parameter(torch.ones(1))
    assert "x" not in m.__dict__
    with pytest.raises(TypeError, match="cannot assign '.*Linear' as parameter 'x'"):
        m.x = nn.Linear(1, 1)
    del m.x
    m.x = nn.Linear(1, 1)
    assert list(m._modules) == ["x"]
    m.x = None
    assert m.x is None
    assert list(m._modules) == ["x"]
    m.b = nn.Buffer(torch.ones(1), persistent=False)
    assert next(m.named_buffers())[0] == "b"
    assert list(m.state_dict()) == []
    m.b = torch.zeros(1)
    assert m._buffers["b"].item() == 0


def test_shared_parameters_appear_once():
    a, b = nn.Linear(2, 2), nn.Linear(2, 2)
    b.weight = a.weight
    m = nn.Sequential(a, b)
    assert [n for n, _ in m.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert len(list(m.named_parameters(remove_duplicate=False))) == 4
    assert list(m.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert len(list(nn.Sequential(a, a).modules())) == 2


@pytest.mark.parametrize(
    ("action", "error", "text"),
    [
        (
            lambda m: setattr(m.fc1, "weight", torch.ones(2)),
            TypeError,
            "cannot assign 'torch.FloatTensor' as parameter",
        ),
        (lambda m: setattr(m, "fc1", 3), TypeError, "cannot assign 'int' as child module 'fc1'"),
        (lambda m: setattr(m, "scale", 3), TypeError, "cannot assign 'int' as buffer 'scale'"),
        (lambda m: m.missing, AttributeError, "'Net' object has no attribute 'missing'"),
        (lambda m: m.register_buffer("fc1", torch.ones(1)), KeyError, "attribute 'fc1' already exists"),
        (lambda m: m.register_buffer("a.b", torch.ones(1)), KeyError, "must not contain '.'"),
        (lambda m: m.register_buffer("", torch.ones(1)), KeyError, "must not be the empty string"),
        (lambda m: m.register_buffer(3, torch.ones(1)), TypeError, "name must be a str, got int"),
        (lambda m: m.register_buffer("q", 3), TypeError, "q must be a Tensor or None, got int"),
        (
            lambda m: m.register_parameter("q", torch.ones(1)),
            TypeError,
            "q must be a torch.nn.Parameter or None",
        ),
        (lambda m: m.add_module("q", 3), TypeError, "q must be a Module or None, got int"),
        (lambda m: m.add_module("forward", nn.ReLU()), KeyError, "attribute 'forward' already exists"),
        (lambda m: delattr(m, "missing"), AttributeError, "missing"),
        (lambda m: m.get_submodule("block.7"), AttributeError, "Sequential has no attribute `7`"),
        (lambda m: m.get_submodule("scale"), AttributeError, "`scale` is not an nn.Module"),
        (lambda m: m.get_parameter("scale"), AttributeError, "`scale` is not an nn.Parameter"),
        (lambda m: m.get_buffer("fc1.weight"), AttributeError, "`weight` is not a buffer"),
        (lambda m: m.set_submodule("", nn.ReLU()), ValueError, "target must not be the empty string"),
        (
            lambda m: m.set_submodule("block.9", nn.ReLU(), strict=True),
            AttributeError,
            "has no attribute `9`",
        ),
        (lambda m: m.train(1), ValueError, "train: mode must be a bool, got 1"),
        (lambda m: m.to(torch.int64), TypeError, "only accepts floating point or complex dtypes"),
        (lambda m: m.cuda(), AssertionError, "device must be 'cpu'"),
        (lambda m: m.to("cuda"), AssertionError, "Module.to: device must be 'cpu'"),
        (lambda m: m.to([1]), TypeError, "to: arguments must be a device, a dtype or a Tensor, got list"),
        (lambda m: nn.Module(3), TypeError, "no arguments must reach Module.__init__"),
        (lambda m: nn.Module()(3), NotImplementedError, 'missing the required "forward" function'),
        (lambda m: m.get_extra_state(), RuntimeError, "get_extra_state must be defined"),
    ],
)
def test_errors(action, error, text):
    with pytest.raises(error, match=text.replace("(", r"\(").replace(".", r"\.").replace("[", r"\[")):
        action(Net())


def test_forgotten_super_init():
    class Bad(nn.Module):
        def __init__(self, kind):
            if kind == "module":
                self.x = nn.ReLU()
            elif kind == "parameter":
                self.x = nn.Parameter(torch.ones(1))
            elif kind == "buffer":
                self.register_buffer("x", torch.ones(1))

        def forward(self, x):
            return x

    with pytest.raises(AttributeError, match="cannot assign module before Module.__init__"):
        Bad("module")
    with pytest.raises(AttributeError, match="cannot assign parameters before Module.__init__"):
        Bad("parameter")
    with pytest.raises(AttributeError, match="cannot assign buffer before Module.__init__"):
        Bad("buffer")
    for use in (lambda m: m(1), repr, lambda m: list(m.parameters()), lambda m: m.state_dict()):
        with pytest.raises(AttributeError, match=r"must call super\(\)\.__init__\(\) first"):
            use(Bad("nothing"))


def test_non_leaf_parameter_is_refused():
    p = nn.Parameter(torch.ones(2))
    q = p * 2
    q.__class__ = nn.Parameter
    with pytest.raises(ValueError, match="x must be a leaf tensor, got one computed by <MulBackward0"):
        nn.Module().register_parameter("x", q)


def test_an_error_names_the_modules_path():
    m = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Flatten(), nn.Linear(4, 2)))
    with pytest.raises(RuntimeError, match="linear: input must have last size 4") as caught:
        m(torch.ones(2, 3))
    assert caught.value.__notes__ == ["in 1.1 (Linear)"]
    with pytest.raises(RuntimeError, match="linear: input must have last size 4") as caught:
        m[1][1](torch.ones(2, 3))
    assert caught.value.__notes__ == ["in Linear"]


def test_conversions_keep_the_parameter_objects():
    m = Net()
    before = list(m.parameters())
    m.fc1.weight.grad = torch.ones(4, 3)
    assert m.double() is m
    assert all(a is b for a, b in zip(before, m.parameters()))
    assert m.fc1.weight.dtype is torch.float64
    assert m.fc1.weight.grad.dtype is torch.float64
    assert m.scale.dtype is torch.float64
    assert m.half().scale.dtype is torch.float16
    assert m.bfloat16().fc1.bias.dtype is torch.bfloat16
    assert m.float().to("cpu", torch.float64).scale.dtype is torch.float64
    assert m.to(torch.ones(1)).scale.dtype is torch.float32
    assert m.to(dtype=torch.float64).cpu().scale.dtype is torch.float64
    assert m.type(torch.float32).scale.dtype is torch.float32
    m.register_buffer("count", torch.tensor(3))
    assert m.double().count.dtype is torch.int64
    assert m.to_empty(device="cpu").fc1.weight.shape == (4, 3)


def test_train_eval_and_gradients():
    m = Net()
    assert m.training
    assert m.eval() is m
    assert not any(k.training for k in m.modules())
    m.train()
    assert m.block[0].training
    m(torch.ones(1, 3)).sum().backward()
    assert all(p.grad is not None for p in m.parameters())
    m.zero_grad(set_to_none=False)
    assert all((p.grad == 0).all() for p in m.parameters())
    m.zero_grad()
    assert all(p.grad is None for p in m.parameters())
    m.requires_grad_(False)
    assert not any(p.requires_grad for p in m.parameters())


def test_apply_visits_children_first():
    seen = []
    m = Net()
    assert m.apply(lambda k: seen.append(type(k).__name__)) is m
    assert seen == ["Linear", "ReLU", "Linear", "Sequential", "Net"]


def test_submodules_by_path():
    m = Net()
    assert m.get_submodule("block.1") is m.block[1]
    assert m.get_submodule("") is m
    assert m.get_parameter("block.1.bias") is m.block[1].bias
    assert m.get_buffer("scale") is m.scale
    m.set_submodule("block.0", nn.Tanh())
    assert isinstance(m.block[0], nn.Tanh)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies(copied):
    m = Net().eval()
    new = copied(m)
    assert repr(new) == repr(m)
    assert not new.training
    for (a, p), (b, q) in zip(m.named_parameters(), new.named_parameters()):
        assert a == b
        assert p is not q
        assert type(q) is nn.Parameter
        assert q.requires_grad
        assert np.array_equal(p.detach().numpy(), q.detach().numpy())
        assert not np.shares_memory(p.detach().numpy(), q.detach().numpy())
    new(torch.ones(1, 3))


def test_deepcopy_keeps_sharing():
    a = nn.Linear(2, 2)
    m = copy.deepcopy(nn.ModuleList([a, a]))
    assert m[0] is m[1]
    b = nn.Linear(2, 2)
    b.weight = a.weight
    m = copy.deepcopy(nn.ModuleList([a, b]))
    assert m[0].weight is m[1].weight


def test_repr():
    assert repr(Net()) == (
        "Net(\n  (fc1): Linear(in_features=3, out_features=4, bias=True)\n  (block): Sequential(\n    (0): ReLU()\n"
        "    (1): Linear(in_features=4, out_features=2, bias=True)\n  )\n)"
    )


def test_getattr_of_subclasses_and_of_instances():
    class Wrapper(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self.inner, name)

    m = Wrapper(nn.Linear(2, 3))
    assert m.in_features == 2
    assert m.weight is m.inner.weight
    assert not hasattr(m, "missing")

    class WithProperty(nn.Module):
        @property
        def weight(self):
            return "property"

    m = WithProperty()
    m._parameters["weight"] = nn.Parameter(torch.ones(1))
    assert m.weight == "property"

    class Failing(nn.Module):
        @property
        def size(self):
            return self.nothing_here

    with pytest.raises(AttributeError, match=r"no attribute '(nothing_here|size)'"):
        _ = Failing().size


def test_patched_forward_and_call():
    m = nn.ReLU()
    m.forward = lambda x: "patched"
    assert m(1) == "patched"

    class Twice(nn.Module):
        def forward(self, x, *, k=1):
            return x * k

    assert Twice()(2, k=3) == 6
    assert Twice()(x=2) == 2
    original = nn.Module.__call__
    try:
        nn.Module.__call__ = lambda self, *args: "seen"
        assert Twice()(1) == "seen"
    finally:
        nn.Module.__call__ = original
    assert Twice()(2) == 2


def test_compile_is_a_hint():
    m = nn.Linear(2, 2)
    m.compile(mode="max-autotune")
    assert m(torch.ones(1, 2)).shape == (1, 2)


def test_non_persistent_buffers_are_not_saved_or_expected():
    m = Net()
    assert "scratch" not in m.state_dict()
    m.load_state_dict(m.state_dict())
    m.register_buffer("scratch2", None)
    m.scratch2 = torch.ones(1)  # a None buffer that is filled later is saved, and expected
    with pytest.raises(RuntimeError, match='Missing key.*"scratch2"'):
        m.load_state_dict(Net().state_dict())
