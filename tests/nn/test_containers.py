"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict: the same calls under both libraries."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import rushlight
from rushlight import nn


def attempt(log, action):
    try:
        result = action()
        log.append(repr(result))
    except Exception as error:
        log.append(type(error).__name__)


def sequential(torch):
    nn, log = torch.nn, []
    s = nn.Sequential(nn.ReLU(), nn.Linear(2, 3), nn.Tanh())
    named = nn.Sequential(OrderedDict([("a", nn.ReLU()), ("b", nn.Tanh())]))
    log += [len(s), repr(s[0]), repr(s[-1]), repr(s[1:]), repr(named[:1]), [type(m).__name__ for m in s]]
    s[0] = nn.Sigmoid()
    log.append(repr(s))
    for action in (
        lambda: s[3], lambda: s[-4], lambda: s["0"], lambda: s.append(nn.ELU()), lambda: s.insert(1, nn.GELU()),
        lambda: s.insert(-1, nn.SELU()), lambda: s.insert(99, nn.SELU()), lambda: s.insert(0, 3), lambda: s.pop(0),
        lambda: s.extend([nn.CELU(), nn.ReLU()]), lambda: s + named, lambda: s + 3, lambda: named * 2, lambda: 2 * named,
        lambda: named * 0, lambda: named * "2", lambda: list(s.state_dict()), lambda: s.pop(-1), lambda: s.__delitem__(0),
        lambda: s.__delitem__(slice(0, 2)), lambda: s, lambda: s.__iadd__(named), lambda: s.__imul__(2),
        lambda: s.append(3), lambda: nn.Sequential(3), lambda: [n for n in dir(s) if n.isdigit()],
        lambda: named.__delitem__(0), lambda: named,
    ):  # fmt: skip
        attempt(log, action)
    return log


def module_list(torch):
    nn, log = torch.nn, []
    m = nn.ModuleList([nn.ReLU(), nn.Linear(2, 3)])
    for action in (
        lambda: m, lambda: len(m), lambda: m[-1], lambda: m[5], lambda: m[:1], lambda: m.append(nn.ReLU()),
        lambda: m.extend([nn.Tanh(), nn.Tanh()]), lambda: m.extend(3), lambda: m.insert(0, nn.ELU()),
        lambda: m.pop(1), lambda: m.pop(-1), lambda: m + [nn.ReLU()], lambda: m.__iadd__([nn.ReLU()]),
        lambda: m.__delitem__(0), lambda: m.__delitem__(slice(None, None, 2)), lambda: m, lambda: m.__setitem__(0, nn.GELU()),
        lambda: m, lambda: list(m.state_dict()), lambda: m(1), lambda: m.append(3),
        lambda: nn.ModuleList(nn.ReLU() for _ in range(3)),
        lambda: [type(x).__name__ for x in reversed(list(m))], lambda: nn.ReLU() in list(m), lambda: nn.ModuleList(m),
    ):  # fmt: skip
        attempt(log, action)
    return log


def module_dict(torch):
    nn, log = torch.nn, []
    m = nn.ModuleDict({"b": nn.ReLU(), "a": nn.Linear(2, 3)})
    for action in (
        lambda: m, lambda: len(m), lambda: m["a"], lambda: m["c"], lambda: list(m), lambda: list(m.keys()),
        lambda: list(m.items()), lambda: list(m.values()), lambda: "a" in m, lambda: "c" in m,
        lambda: m.__setitem__("c", nn.Tanh()), lambda: m.pop("b"), lambda: m.pop("zzz"), lambda: m.update([["d", nn.ELU()]]),
        lambda: m.update({"e": nn.ELU()}), lambda: m.update(3), lambda: m.update([3]), lambda: m.update([["x"]]),
        lambda: m.update(nn.ModuleDict({"f": nn.GELU()})), lambda: m, lambda: m.__delitem__("a"), lambda: list(m.state_dict()),
        lambda: m.__setitem__("a.b", nn.ReLU()), lambda: m.__setitem__("pop", nn.ReLU()), lambda: m.__setitem__("g", 3),
        lambda: m.clear(), lambda: m, lambda: m(1),
    ):  # fmt: skip
        attempt(log, action)
    return log


def parameter_list(torch):
    nn, log = torch.nn, []
    p = nn.ParameterList([nn.Parameter(torch.ones(2, 3)), torch.zeros(2), 3])
    for action in (
        lambda: p, lambda: len(p), lambda: type(p[1]).__name__, lambda: p[-1], lambda: p[9], lambda: p[:2], lambda: p[::-1],
        lambda: p.append(torch.ones(1)), lambda: p.extend([torch.ones(1), "text"]), lambda: p.extend(3),
        lambda: p.extend(torch.ones(2)), lambda: p.__iadd__([5]), lambda: p.__setitem__(0, torch.zeros(1)), lambda: p,
        lambda: list(p.state_dict()), lambda: [type(x).__name__ for x in p], lambda: p(1), lambda: nn.ParameterList(),
    ):  # fmt: skip
        attempt(log, action)
    return log


def parameter_dict(torch):
    nn, log = torch.nn, []
    p = nn.ParameterDict({"b": nn.Parameter(torch.ones(2, 3)), "a": torch.zeros(2), "c": 3})
    for action in (
        lambda: p, lambda: list(p), lambda: len(p), lambda: p["c"], lambda: p["zzz"], lambda: type(p["a"]).__name__,
        lambda: p.get("c"), lambda: p.get("x", 7), lambda: p.setdefault("d", torch.ones(1)), lambda: p.setdefault("c", 9),
        lambda: list(reversed(p)), lambda: "a" in p, lambda: p.pop("c"), lambda: p.popitem(), lambda: p.copy(),
        lambda: p.fromkeys(["x", "y"], 1), lambda: p.update({"z": torch.ones(1), "y": torch.ones(2)}), lambda: p,
        lambda: p.update([("w", torch.ones(1))]), lambda: p.update(3), lambda: p.update([3]), lambda: p.update([[1, 2, 3]]),
        lambda: p | nn.ParameterDict({"q": torch.ones(1)}), lambda: p.__ior__(nn.ParameterDict({"r": torch.ones(1)})),
        lambda: list(p.items()), lambda: list(p.values()), lambda: list(p.keys()),
        lambda: p.__delitem__("a"),
        lambda: list(p.state_dict()), lambda: p(1), lambda: p.clear(), lambda: p, lambda: p.__setitem__(3, torch.ones(1)),
        lambda: p.__setitem__("pop", torch.ones(1)),
    ):  # fmt: skip
        attempt(log, action)
    return log


@pytest.mark.parametrize("scenario", [sequential, module_list, module_dict, parameter_list, parameter_dict])
def test_containers(torch, scenario):
    ours, theirs = scenario(rushlight), scenario(torch)
    assert len(ours) == len(theirs)
    for i, (a, b) in enumerate(zip(ours, theirs)):
        assert a == b, f"step {i}"


def test_parameters_in_containers_are_trained():
    m = nn.Module()
    m.list = nn.ParameterList([rushlight.ones(2)])
    m.dict = nn.ParameterDict({"w": rushlight.ones(3)})
    m.layers = nn.ModuleDict({"fc": nn.Linear(1, 1)})
    assert [n for n, _ in m.named_parameters()] == ["list.0", "dict.w", "layers.fc.weight", "layers.fc.bias"]
