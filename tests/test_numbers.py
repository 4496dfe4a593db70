"""Python numbers that become elements: what fits which dtype, the same rule everywhere."""

import math

import numpy as np
import pytest

import rushlight as rl
from rushlight.nn import functional as F

TAKERS = {
    "full": lambda x, v: rl.full((1,), v, dtype=x.dtype),
    "full_like": lambda x, v: rl.full_like(x, v),
    "new_full": lambda x, v: x.new_full((1,), v),
    "fill_": lambda x, v: x.clone().fill_(v),
    "masked_fill": lambda x, v: x.masked_fill(rl.tensor([True, True]), v),
    "index_fill": lambda x, v: x.index_fill(0, rl.tensor([0]), v),
    "scatter": lambda x, v: x.scatter(0, rl.tensor([0]), v),
    "setitem": lambda x, v: _set(x.clone(), v),
    "tensor": lambda x, v: rl.tensor([v], dtype=x.dtype),
}


def _set(x, value):
    x[0] = value
    return x


FITS = [
    ("uint8", 255, 255),
    ("uint8", -1, 255),
    ("uint8", -255, 1),
    ("uint8", 3.7, 3),
    ("int8", -3.7, -3),
    ("int8", -128, -128),
    ("int64", 2**63 - 1, 2**63 - 1),
    ("bool", -0.5, True),
    ("bool", math.nan, True),
    ("float16", math.inf, math.inf),
    ("bfloat16", 2**40, 2.0**40),
    ("float32", 16777217, 16777216.0),
]
DOES_NOT = [
    ("uint8", 256),
    ("uint8", -256),
    ("uint8", -0.5),
    ("uint8", 255.5),
    ("uint8", math.nan),
    ("int8", 200),
    ("int32", 2**40),
    ("int64", math.inf),
]


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize(("dtype", "value", "want"), FITS)
def test_fits(taker, dtype, value, want):
    y = TAKERS[taker](rl.zeros(2, dtype=getattr(rl, dtype)), value)
    assert y.dtype is getattr(rl, dtype)
    assert y[0].item() == want


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize(("dtype", "value"), DOES_NOT)
def test_does_not_fit(taker, dtype, value):
    x = rl.zeros(2, dtype=getattr(rl, dtype))
    with pytest.raises(RuntimeError, match=f"in the range of torch.{dtype}, .* without overflow"):
        TAKERS[taker](x, value)


def test_floats_overflow_where_values_are_computed_not_where_they_are_given():
    assert rl.tensor(1e9, dtype=rl.float16).item() == math.inf
    assert rl.zeros(2, dtype=rl.float16).masked_fill(rl.tensor([True, False]), -math.inf)[0] == -math.inf
    with pytest.raises(
        RuntimeError, match="masked_fill: value must be a number in the range of torch.float16"
    ):
        rl.zeros(2, dtype=rl.float16).masked_fill(rl.tensor([True, False]), -1e9)
    with pytest.raises(RuntimeError, match="full: fill_value must be a number in the range of torch.float32"):
        rl.full((1,), 1e39, dtype=rl.float32)


def test_complex_numbers():
    assert rl.full((1,), 3 + 0j, dtype=rl.float32).item() == 3
    with pytest.raises(RuntimeError, match="full: fill_value must be a number in the range of torch.float32"):
        rl.full((1,), 3 + 1j, dtype=rl.float32)
    with pytest.raises(TypeError, match="tensor: data must be real numbers for torch.float32"):
        rl.tensor([1j], dtype=rl.float32)


def test_more_than_64_bits():
    with pytest.raises(ValueError, match=r"tensor: data must be integers in \[-2\*\*63, 2\*\*63\)"):
        rl.tensor(2**64)
    with pytest.raises(OverflowError, match="full: fill_value must fit 64 bits"):
        rl.full((1,), 2**64, dtype=rl.float32)
    assert rl.tensor(2**64, dtype=rl.float32).item() == 2.0**64


def test_other_arguments_follow_the_same_rule():
    x = rl.ones(2, dtype=rl.uint8)
    with pytest.raises(RuntimeError, match="where: other must be a number in the range of torch.uint8"):
        rl.where(x > 0, x, 300)
    with pytest.raises(RuntimeError, match="pad: value must be a number in the range of torch.uint8"):
        F.pad(x, (1, 1), value=-1)
    with pytest.raises(RuntimeError, match="clamp: max must be a number in the range of torch.uint8"):
        x.clamp(max=300)
    with pytest.raises(RuntimeError, match="add: alpha must be a number in the range of torch.uint8"):
        rl.add(x, x, alpha=256)
    with pytest.raises(RuntimeError, match="sub: alpha must be real"):
        rl.sub(x.float(), x, alpha=1j)
    with pytest.raises(RuntimeError, match="rsub: alpha must be an integer"):
        rl.rsub(x, x, alpha=0.5)
    with pytest.raises(NotImplementedError, match="clamp: input, min and max must be real"):
        rl.ones(2, dtype=rl.complex64).clamp(0)
    assert np.isnan(rl.ones(2).clamp(min=math.nan).numpy()).all()


def test_arithmetic_wraps_around():
    x = rl.ones(2, dtype=rl.uint8)
    assert (x + 300).tolist() == [45, 45]
    assert (x * -1).tolist() == [255, 255]
    assert rl.add(x, x, alpha=-1).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("source", "target", "can"),
    [
        ("int64", "uint8", True),
        ("int8", "bool", False),
        ("float32", "int64", False),
        ("complex64", "float64", False),
        ("float64", "float16", True),
    ],
)
def test_what_may_be_stored_in_place(source, target, can):
    x, y = (rl.ones(2, dtype=getattr(rl, d)) for d in (target, source))
    assert rl.can_cast(y.dtype, x.dtype) is can
    if can:
        assert x.mul_(y).dtype is getattr(rl, target)
    else:
        with pytest.raises(RuntimeError, match="can't be cast"):
            x.mul_(y)
