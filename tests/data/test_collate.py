"""default_collate and default_convert: PyTorch's results for every kind of sample."""

from __future__ import annotations

from collections import OrderedDict, UserDict, namedtuple

import numpy as np
import pytest

import rushlight as rl
from rushlight.utils.data import default_collate, default_convert

Pair = namedtuple("Pair", "x y")

BATCHES = {
    "ints": [1, 2],
    "floats": [1.0, 2.0],
    "mixed": [1, 2.5],
    "bools": [True, False],
    "strings": ["a", "b"],
    "bytes": [b"a", b"b"],
    "tuples": [(1, 2.0), (3, 4.0)],
    "lists": [[1, 2.0], [3, 4.0]],
    "nested": [{"a": (1, "s"), "b": [2.0]}, {"a": (2, "t"), "b": [3.0]}],
    "namedtuples": [Pair(1, 2.0), Pair(3, 4.0)],
    "ordered": [OrderedDict(a=1), OrderedDict(a=2)],
    "user_dict": [UserDict(a=1), UserDict(a=2)],
    "arrays": [np.arange(3), np.arange(3)],
    "numpy_floats": [np.float64(1), np.float64(2)],
    "numpy_float32": [np.float32(1), np.float32(2)],
    "numpy_bools": [np.bool_(True), np.bool_(False)],
    "numpy_strings": [np.str_("a"), np.str_("b")],
    "ranges": [range(3), range(3)],
    "empty_tuples": [(), ()],
}


def plain(value):
    """A structure with tensors of either library as (dtype, values)."""
    if hasattr(value, "numpy") and hasattr(value, "dtype"):
        return str(value.dtype), value.tolist()
    if isinstance(value, dict | UserDict):
        return type(value).__name__, {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value).__name__, [plain(v) for v in value]
    return type(value).__name__, value


@pytest.mark.parametrize("name", BATCHES)
def test_collate_is_pytorchs(name, torch):
    from torch.utils.data import default_collate as theirs

    assert plain(default_collate(BATCHES[name])) == plain(theirs(BATCHES[name]))


@pytest.mark.parametrize("name", BATCHES)
def test_convert_is_pytorchs(name, torch):
    from torch.utils.data import default_convert as theirs

    for sample in BATCHES[name]:
        assert plain(default_convert(sample)) == plain(theirs(sample))


def test_tensors_are_stacked():
    assert default_collate([rl.ones(2), rl.zeros(2)]).tolist() == [[1, 1], [0, 0]]
    assert default_collate([rl.ones(2), rl.ones(2).double()]).dtype is rl.float64
    assert default_collate([rl.ones(2, requires_grad=True)] * 2).requires_grad


@pytest.mark.parametrize(
    ("batch", "error", "text"),
    [
        (
            [object()],
            TypeError,
            "must contain tensors, numpy arrays, numbers, dicts or lists; found <class 'object'>",
        ),
        ([None], TypeError, "found <class 'NoneType'>"),
        ([1j], TypeError, "found <class 'complex'>"),
        ([np.array(["a"])], TypeError, "found <U1"),
        ([[1, 2], [1]], RuntimeError, "each element in list of batch should be of equal size"),
        ([rl.ones(2), rl.ones(3)], RuntimeError, "equal size"),
        ([rl.ones(2), 3], TypeError, "must be a Tensor, got int"),
    ],
)
def test_errors(batch, error, text):
    with pytest.raises(error, match=text):
        default_collate(batch)
