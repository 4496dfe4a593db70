"""state_dict and load_state_dict."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import rushlight as torch
from rushlight import nn


def net():
    return nn.Sequential(OrderedDict([("fc", nn.Linear(3, 4)), ("bn", nn.BatchNorm1d(4))]))


def test_state_dict_shares_memory_and_carries_versions():
    m = net()
    state = m.state_dict()
    assert isinstance(state, OrderedDict)
    assert dict(state._metadata) == {"": {"version": 1}, "fc": {"version": 1}, "bn": {"version": 2}}
    assert state["fc.weight"]._array is m.fc.weight._array
    assert not state["fc.weight"].requires_grad
    assert m.state_dict(keep_vars=True)["fc.weight"] is m.fc.weight
    assert next(iter(m.state_dict(prefix="net."))) == "net.fc.weight"
    into = {}
    assert m.state_dict(destination=into) is into
    with pytest.warns(FutureWarning, match="must be given by keyword"):
        assert next(iter(m.state_dict(OrderedDict(), "p."))) == "p.fc.weight"


def test_load_copies_values():
    a, b = net(), net()
    result = b.load_state_dict(a.state_dict())
    assert repr(result) == str(result) == "<All keys matched successfully>"
    assert (b.fc.weight == a.fc.weight).all()
    assert b.fc.weight._array is not a.fc.weight._array
    missing, unexpected = result
    assert missing == unexpected == []


def test_strict_message_lists_everything():
    m = net()
    state = m.state_dict()
    del state["fc.weight"]
    state["extra"] = torch.ones(1)
    state["fc.other"] = torch.ones(1)
    state["lost.weight"] = torch.ones(1)
    state["fc.bias"] = torch.ones(5)
    state["bn.weight"] = 3
    with pytest.raises(RuntimeError, match="Error.s. in loading state_dict") as caught:
        m.load_state_dict(state)
    assert str(caught.value) == (
        "Error(s) in loading state_dict for Sequential:\n"
        '\tMissing key(s) in state_dict: "fc.weight". \n'
        '\tUnexpected key(s) in state_dict: "extra", "lost.weight", "fc.other". \n'
        "\tsize mismatch for fc.bias: copying a param with shape torch.Size([5]) from checkpoint, the shape in current "
        "model is torch.Size([4]).\n"
        '\tWhile copying the parameter named "bn.weight", expected torch.Tensor or Tensor-like object from checkpoint but '
        "received <class 'int'>"
    )
    with pytest.raises(RuntimeError, match="size mismatch for fc.bias"):
        m.load_state_dict(state, strict=False)
    state["fc.bias"], state["bn.weight"] = torch.ones(4), torch.ones(4)
    result = m.load_state_dict(state, strict=False)
    assert result.missing_keys == ["fc.weight"]
    assert result.unexpected_keys == ["extra", "lost.weight", "fc.other"]
    assert repr(result).startswith("_IncompatibleKeys(missing_keys=['fc.weight'], unexpected_keys=['extra'")
    assert (m.fc.bias == 1).all()


def test_not_a_dict():
    with pytest.raises(TypeError, match="state_dict must be a dict, got str; a saved file is read with"):
        net().load_state_dict("model.pt")


def test_assign_takes_the_tensors_themselves():
    a, b = net().double(), net()
    state = a.state_dict()
    b.load_state_dict(state, assign=True)
    assert b.fc.weight._array is state["fc.weight"]._array
    assert type(b.fc.weight) is nn.Parameter
    assert b.fc.weight.requires_grad
    assert b.bn.running_mean.dtype is torch.float64


def test_assign_unties_shared_weights():
    m = nn.ModuleList([nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)])
    m[1].weight = m[0].weight
    state = {k: v.clone() for k, v in m.state_dict().items()}
    m.load_state_dict(state)
    assert m[1].weight is m[0].weight
    m.load_state_dict(state, assign=True)
    assert m[1].weight is not m[0].weight


def test_old_files():
    m = net()
    state = m.state_dict()
    del state["bn.num_batches_tracked"]
    with pytest.raises(RuntimeError, match="num_batches_tracked"):
        m.load_state_dict(state)
    state._metadata["bn"]["version"] = 1
    m.load_state_dict(state)
    scalar = nn.Module()
    scalar.s = nn.Parameter(torch.tensor(1.0))
    scalar.load_state_dict({"s": torch.tensor([2.0])})
    assert scalar.s.item() == 2


def test_extra_state():
    class Counting(nn.Linear):
        seen = 0

        def get_extra_state(self):
            return {"seen": self.seen}

        def set_extra_state(self, state):
            self.seen = state["seen"]

    a, b = Counting(2, 2), Counting(2, 2)
    a.seen = 5
    assert list(a.state_dict()) == ["weight", "bias", "_extra_state"]
    b.load_state_dict(a.state_dict())
    assert b.seen == 5
    with pytest.raises(RuntimeError, match='Missing key.*"_extra_state"'):
        a.load_state_dict(nn.Linear(2, 2).state_dict())
    with pytest.raises(RuntimeError, match='Unexpected key.*"_extra_state"'):
        nn.Linear(2, 2).load_state_dict(a.state_dict())


def test_hooks():
    m, log = net(), []
    m.register_state_dict_pre_hook(lambda module, prefix, keep: log.append(("pre", prefix, keep)))
    m.register_state_dict_post_hook(lambda module, state, prefix, meta: state.update(more=torch.ones(1)))
    m.fc._register_state_dict_hook(lambda module, state, prefix, meta: log.append(("fc", prefix)))
    assert "more" in m.state_dict()
    assert log == [("pre", "", False), ("fc", "fc.")]
    m.register_load_state_dict_pre_hook(
        lambda module, state, *rest: state.__setitem__("fc.bias", torch.zeros(4))
    )
    handle = m.register_load_state_dict_post_hook(lambda module, keys: log.append(list(keys.missing_keys)))
    m.load_state_dict(m.state_dict(), strict=False)
    assert log[-1] == []
    assert (m.fc.bias == 0).all()
    handle.remove()
    m.register_load_state_dict_post_hook(lambda module, keys: keys.unexpected_keys.clear())
    m.load_state_dict({**m.state_dict(), "extra": torch.ones(1)})
    m.register_state_dict_post_hook(lambda *args: 3)
    with pytest.raises(RuntimeError, match="state_dict_post_hook: the hook must return None"):
        m.state_dict()


def test_prefix_is_taken_off():
    state = nn.Sequential(OrderedDict(module=net())).state_dict()
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    assert repr(net().load_state_dict(state)) == "<All keys matched successfully>"
