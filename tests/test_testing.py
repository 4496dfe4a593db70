"""`testing`: the messages and the random tensors are PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight

inf, nan = float("inf"), float("nan")
PAIRS = {
    "close": lambda t: (t.tensor([1.0]), t.tensor([1.0 + 1e-6])),
    "floats": lambda t: (t.tensor([1.0, 2, 3]), t.tensor([1, 2, 3.1])),
    "several": lambda t: (t.zeros(2, 3), t.ones(2, 3)),
    "scalars": lambda t: (t.tensor(1.0), t.tensor(1.1)),
    "shapes": lambda t: (t.zeros(2), t.zeros(3)),
    "dtypes": lambda t: (t.zeros(2), t.zeros(2).double()),
    "list": lambda t: ([t.zeros(1), t.zeros(2)], [t.zeros(1), t.ones(2)]),
    "dict": lambda t: ({"a": t.zeros(2)}, {"a": t.ones(2)}),
    "nested": lambda t: ([[1, {"k": [2.0]}]], [[1, {"k": [2.5]}]]),
    "keys": lambda t: ({"a": 1, "c": 2}, {"b": 1, "c": 2}),
    "lengths": lambda t: ([1], [1, 2]),
    "sequences": lambda t: ((1, 2), [1, 2]),
    "int and float": lambda t: (1, 1.5),
    "numbers": lambda t: (1.0, 1.5),
    "integers": lambda t: (1, 2),
    "a zero": lambda t: (1.0, 0.0),
    "complex numbers": lambda t: (1 + 1j, 1 + 2j),
    "nan": lambda t: (1.0, nan),
    "bools": lambda t: (True, False),
    "None": lambda t: (None, 3),
    "None twice": lambda t: (None, None),
    "strings": lambda t: ("a", "a"),
    "nan tensors": lambda t: (t.tensor([nan]), t.tensor([nan])),
    "inf tensors": lambda t: (t.tensor([inf]), t.tensor([1.0])),
    "equal infs": lambda t: (t.tensor([inf, -inf]), t.tensor([inf, -inf])),
    "integer tensors": lambda t: (t.tensor([1, 2]), t.tensor([1, 4])),
    "bytes": lambda t: (t.zeros(2, dtype=t.uint8), t.tensor([255, 0], dtype=t.uint8)),
    "bool tensors": lambda t: (t.tensor([True, False]), t.tensor([True, True])),
    "complex": lambda t: (t.tensor([1 + 1j]), t.tensor([1 + 2j])),
    "half": lambda t: (t.tensor([1.0, 2]).half(), t.tensor([1.0, 2.5]).half()),
    "bfloat16": lambda t: (t.tensor([1.0, 2]).bfloat16(), t.tensor([1.0, 2.5]).bfloat16()),
    "double": lambda t: (t.tensor([1.0]).double(), t.tensor([1.1]).double()),
    "arrays": lambda t: (np.zeros(2), np.ones(2)),
    "NumPy numbers": lambda t: (np.float32(1), 1.0),
    "empty": lambda t: (t.zeros(0), t.zeros(0)),
    "tensor and parameter": lambda t: (t.nn.Parameter(t.ones(1)), t.zeros(1)),
}
OPTIONS = [
    {},
    {"rtol": 0, "atol": 0},
    {"rtol": 0.5, "atol": 0.1},
    {"equal_nan": True},
    {"check_dtype": False},
    {"msg": "a message"},
    {"msg": lambda text: f"before\n{text}"},
]


def outcome(t, make, options):
    try:
        t.testing.assert_close(*make(t), **options)
    except Exception as e:
        return type(e), str(e).replace("rushlight.", "torch.")
    return None


@pytest.mark.parametrize("options", OPTIONS, ids=[" ".join(o) or "plain" for o in OPTIONS])
@pytest.mark.parametrize("name", PAIRS)
def test_assert_close(name, options, torch):
    assert outcome(rushlight, PAIRS[name], options) == outcome(torch, PAIRS[name], options)


def test_further_checks(torch):
    for t in (rushlight, torch):
        close = t.testing.assert_close
        with pytest.raises(
            AssertionError, match=r"attribute 'stride\(\)' do not match: \(1, 3\) != \(2, 1\)"
        ):
            close(t.zeros(2, 3).t(), t.zeros(3, 2), check_stride=True)
        with pytest.raises(ValueError, match="either specified or omitted, but got no atol"):
            close(1, 1, rtol=0)
        with pytest.raises(TypeError, match="No comparison pair was able to handle"):
            close(t.zeros(1), [0.0])
        with pytest.raises(TypeError, match="No comparison pair was able to handle"):
            close(t.nn.Parameter(t.ones(1)), t.ones(1), allow_subclasses=False)
    rushlight.testing.assert_allclose([1.0, nan], rushlight.tensor([1.0, nan]).double())
    with pytest.raises(AssertionError, match="Tensor-likes are not close"):
        rushlight.testing.assert_allclose([1.0], [2.0])


MADE = [
    {},
    {"low": 0, "high": 1},
    {"low": -inf, "high": inf},
    {"exclude_zero": True},
    {"noncontiguous": True},
]


@pytest.mark.parametrize("options", MADE)
@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "int64", "int16", "uint8", "bool", "complex64", "bfloat16"]
)
def test_make_tensor(dtype, options, torch):
    made = []
    for t in (rushlight, torch):
        t.manual_seed(0)
        try:
            x = t.testing.make_tensor((3, 4), dtype=getattr(t, dtype), device="cpu", **options)
        except ValueError:
            made.append("ValueError")
            continue
        made.append((str(x.dtype).partition(".")[2], x.stride(), x.to(t.complex128).tolist()))
    ours, theirs = made
    assert ours[:2] == theirs[:2]
    assert ours == "ValueError" or np.allclose(ours[2], theirs[2], equal_nan=True)


def test_make_tensor_refuses():
    make, f32 = rushlight.testing.make_tensor, rushlight.float32
    assert make(2, 3, dtype=f32, device="cpu", requires_grad=True).requires_grad
    assert make((), dtype=f32, device="cpu").shape == ()
    assert make(2, 3, 4, 5, dtype=f32, device="cpu", memory_format=rushlight.channels_last).is_contiguous(
        memory_format=rushlight.channels_last
    )
    for options, text in (
        ({"low": 3, "high": 2}, "low must be less than high"),
        ({"low": nan}, "must not be NaN"),
        ({"noncontiguous": True, "memory_format": rushlight.contiguous_format}, "mutually exclusive"),
    ):
        with pytest.raises(ValueError, match=text):
            make(3, dtype=f32, device="cpu", **options)
    with pytest.raises(ValueError, match="requires_grad must be False"):
        make(3, dtype=rushlight.int64, device="cpu", requires_grad=True)
    with pytest.raises(AssertionError, match="device must be 'cpu'"):
        make(3, dtype=f32, device="cuda")
