"""Corners of functions that are no cases: dtypes of `out`, counts of steps, numbers that do not fit, sizes by name."""

import numpy as np
import pytest

import rushlight
from rushlight import float16, float32, float64, int8, int32, int64, uint8


def empty(dtype):
    return rushlight.empty(0, dtype=dtype)


X = rushlight.tensor([3.0, 1.0, 2.0])
FIRST = rushlight.tensor([0])
WRONG_OUT = {
    "amax": lambda: rushlight.amax(X, 0, out=empty(float64)),
    "argmax": lambda: rushlight.argmax(X, 0, out=empty(float32)),
    "max": lambda: rushlight.max(X, 0, out=(empty(float64), empty(int64))),
    "aminmax": lambda: rushlight.aminmax(X, dim=0, out=(empty(float32), empty(float64))),
    "sort": lambda: rushlight.sort(X, out=(empty(float64), empty(int64))),
    "topk": lambda: rushlight.topk(X, 1, out=(empty(float64), empty(int64))),
    "gather": lambda: rushlight.gather(X, 0, FIRST, out=empty(float64)),
    "take": lambda: rushlight.take(X, FIRST, out=empty(float64)),
    "isin": lambda: rushlight.isin(X, X, out=empty(float32)),
    "multinomial": lambda: rushlight.multinomial(X, 1, out=empty(float64)),
    "complex": lambda: rushlight.complex(X, X, out=empty(rushlight.complex128)),
    "polar": lambda: rushlight.polar(X, X, out=empty(rushlight.complex128)),
}


@pytest.mark.parametrize("name", WRONG_OUT)
def test_out_must_have_the_dtype_of_the_result(name):
    with pytest.raises(RuntimeError, match=f"{name}: out must have dtype"):
        WRONG_OUT[name]()


def test_out_is_given_back():
    for f in (lambda out: rushlight.take(X, FIRST, out=out), lambda out: rushlight.isin(X, X[:1], out=out)):
        out = f(None)
        into = empty(out.dtype)
        assert f(into) is into
        assert rushlight.equal(into, out)


@pytest.mark.parametrize(
    ("arguments", "dtype", "expected"),
    [
        ((0, 10, 2.5), int64, [0, 2, 4, 6, 8]),
        ((0, 10, 2.5), int32, [0, 2, 4, 6]),
        ((0.5, 4, 1), int64, [0, 1, 2, 3]),
        ((5.0, 0.0, -1.5), int64, [5, 4, 3, 2, 1]),
        ((-3, 0), uint8, [253, 254, 255]),
    ],
)
def test_arange_counts_in_whole_steps(arguments, dtype, expected):
    assert rushlight.arange(*arguments, dtype=dtype).tolist() == expected
    assert rushlight.arange(*arguments, out=empty(dtype)).tolist() == expected


def test_steps_that_are_none():
    with pytest.raises(ValueError, match="arange: step must be nonzero, also when cut off"):
        rushlight.arange(0, 64, 0.5, dtype=int64)
    with pytest.raises(NotImplementedError, match="arange: dtype must not be torch.bool"):
        rushlight.arange(3, dtype=rushlight.bool)


def test_even_steps():
    assert rushlight.linspace(0, 5, 4, out=empty(int64)).tolist() == [0, 1, 3, 5]
    assert rushlight.linspace(0, 1, rushlight.tensor(3)).tolist() == [0, 0.5, 1]
    assert rushlight.logspace(0, 1j, 2).dtype is rushlight.complex64
    with pytest.raises(NotImplementedError, match="linspace: dtype must not be torch.bool"):
        rushlight.linspace(0, 1, 3, dtype=rushlight.bool)
    with pytest.raises(
        RuntimeError, match="linspace: dtype must be complex for complex ends, got torch.float32"
    ):
        rushlight.linspace(0, 1j, 3, dtype=float32)


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        (int8, 128),
        (int8, 127.5),
        (uint8, -256),
        (int64, float("nan")),
        (float16, 7e4),
        (float32, 1e39),
        (float32, 1j),
    ],
)
def test_numbers_that_do_not_fit(dtype, value):
    for f in (
        lambda: rushlight.full((2,), value, dtype=dtype),
        lambda: rushlight.zeros(2, dtype=dtype).fill_(value),
        lambda: rushlight.zeros(2, dtype=dtype).masked_fill(rushlight.tensor(True), value),
    ):
        with pytest.raises(RuntimeError, match=f"must be a number in the range of {dtype}"):
            f()


def test_numbers_that_fit():
    assert rushlight.full((1,), -1, dtype=uint8).item() == 255
    assert rushlight.zeros(1, dtype=int64).fill_(1.9).item() == 1
    assert rushlight.zeros(1).fill_(2 + 0j).item() == 2
    assert rushlight.zeros(1, dtype=float16).fill_(-np.inf).item() == -np.inf
    assert rushlight.zeros(1, dtype=rushlight.bool).fill_(0.5).item() is True


def test_sizes_by_name():
    x = rushlight.arange(6.0)
    assert x.view(size=(2, 3)).shape == (2, 3)
    assert x.view(dtype=int32).dtype is int32
    with pytest.raises(TypeError, match="view: size must be given once"):
        x.view(6, size=(2, 3))
    with pytest.raises(TypeError, match="reshape: shape must be a tuple of ints, got int"):
        x.reshape(shape=6)


def test_gamma_functions_next_to_their_poles():
    x = rushlight.tensor([-1e-20, 1e-20], dtype=float64)
    assert rushlight.allclose(rushlight.digamma(x), rushlight.tensor([1e20, -1e20], dtype=float64))
    assert rushlight.allclose(rushlight.lgamma(x), rushlight.full((2,), 20 * np.log(10.0), dtype=float64))
    # pi**2 / sin(pi x)**2 - trigamma(1 - x), far from 0 where the series alone would take 1e5 terms.
    assert rushlight.polygamma(1, rushlight.tensor(-1e5 - 0.5, dtype=float64)).item() == pytest.approx(
        np.pi**2 - 1 / (1e5 + 1), rel=1e-9
    )


NAN = float("nan")


@pytest.mark.parametrize(
    ("name", "x", "y", "dx", "dy"),
    [
        ("atan2", 0.0, 0.0, 0.0, 0.0),
        ("maximum", NAN, 1.0, 1.0, 1.0),
        ("minimum", 1.0, NAN, 1.0, 1.0),
        ("maximum", 2.0, 2.0, 0.5, 0.5),
        ("minimum", 1.0, 2.0, 1.0, 0.0),
        ("nextafter", 2.0, 2.0, 0.0, 0.0),
        ("nextafter", 2.0, 3.0, 1.0, 0.0),
        ("special.xlog1py", 0.0, -1.0, 0.0, NAN),
    ],
)
def test_gradients_where_a_formula_has_no_value(name, x, y, dx, dy, torch):
    for library in (rushlight, torch):
        function = library
        for part in name.split("."):
            function = getattr(function, part)
        a, b = (library.tensor(v, requires_grad=True) for v in (x, y))
        function(a, b).backward()
        np.testing.assert_array_equal([a.grad.item(), b.grad.item()], [dx, dy])
