"""Python numbers and data on their way into tensors: what a dtype holds, and how the rest is refused."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight

INF, NAN = float("inf"), float("nan")
NUMBERS = [300, -1, -129, 256, 2**31, 2**40, 2**63, 1.5, -1.5, 1e10, 1e39, INF, NAN, True, 1j, 70000.0]
DTYPES = ["uint8", "int8", "int16", "int32", "int64", "bool", "float16", "bfloat16", "float32", "float64"]
USES = {
    "tensor": lambda L, v, d: L.tensor(v, dtype=d),
    "tensor of a list": lambda L, v, d: L.tensor([v], dtype=d),
    "full": lambda L, v, d: L.full((2,), v, dtype=d),
    "full_like": lambda L, v, d: L.full_like(L.zeros(2, dtype=d), v),
    "fill_": lambda L, v, d: L.zeros(2, dtype=d).fill_(v),
    "masked_fill": lambda L, v, d: L.zeros(2, dtype=d).masked_fill(L.tensor([True, False]), v),
    "clamp": lambda L, v, d: L.zeros(2, dtype=d).clamp(max=v),
    "where": lambda L, v, d: L.where(L.tensor([True, False]), L.zeros(2, dtype=d), v),
}
# 2**63 may be any dtype's in PyTorch's tensor(); complex32 is not there; PyTorch clamps no bools, and refuses bounds
# beyond float32, which bound nothing here.
APART = {
    ("tensor", 2**63),
    ("tensor of a list", 2**63),
    ("clamp", 1e39),
    *((use, 1j) for use in ("clamp", "where")),
}


def outcome(f, library, value, dtype):
    try:
        return f(library, value, getattr(library, dtype)).tolist()
    except Exception as e:
        return e


@pytest.mark.filterwarnings("ignore")  # PyTorch's of complex32
@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_a_dtype_holds(use, dtype, torch):
    """A number is taken, wrapped round or refused as by PyTorch: never another number in silence."""
    for value in NUMBERS:
        if (use, value) in APART or (use == "clamp" and dtype == "bool"):
            continue
        theirs = outcome(USES[use], torch, value, dtype)
        ours = outcome(USES[use], rushlight, value, dtype)
        if isinstance(theirs, Exception):
            assert isinstance(ours, type(theirs)), f"{value}: {ours!r}, in PyTorch {theirs!r}"
        else:
            assert str(ours) == str(theirs), f"{value}"


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_the_message_names_the_value(dtype):
    d = getattr(rushlight, dtype)
    with pytest.raises(
        RuntimeError, match=f"full: fill_value must be a number in the range of torch.{dtype}"
    ):
        rushlight.full((2,), 2**40, dtype=d)
    with pytest.raises(RuntimeError, match="fill_: value must be a number .*got nan"):
        rushlight.zeros(2, dtype=d).fill_(NAN)
    with pytest.raises(RuntimeError, match="tensor: data must be numbers in the range .*got 1099511627776"):
        rushlight.tensor([1, 2**40], dtype=d)


class Odd:
    pass


DATA = [
    (["a"], ValueError, "data must be numbers"),
    ([1, "a"], TypeError, "data must be numbers"),
    ([None], RuntimeError, "Could not infer dtype of NoneType"),
    ([1, None], RuntimeError, "Could not infer dtype of NoneType"),
    ([{}], RuntimeError, "Could not infer dtype of dict"),
    ([Odd()], RuntimeError, "Could not infer dtype of Odd"),
    ([b"a"], TypeError, "data must be numbers"),
    ({1: 2}, RuntimeError, "Could not infer dtype of dict"),
    ([[1, 2], [3]], ValueError, "expected sequence of equal length"),
    ([[1, 2], [3, 4, 5]], ValueError, "expected sequence of equal length"),
    ([[1], 2], TypeError, "numbers and sequences side by side"),
    ([1, [2]], TypeError, "numbers and sequences side by side"),
    (2**63, ValueError, "Overflow when unpacking long long"),
    ([1, 2**63], ValueError, "Overflow when unpacking long long"),
    ([10**400], ValueError, "one of 1329 bits"),
]


@pytest.mark.parametrize(("data", "error", "text"), DATA, ids=lambda x: str(x)[:30])
def test_data_that_is_none(data, error, text):
    with pytest.raises(error, match=text):
        rushlight.tensor(data)


@pytest.mark.parametrize(("data", "error", "text"), DATA, ids=lambda x: str(x)[:30])
def test_data_that_is_none_in_pytorch(data, error, text, torch):
    with pytest.raises(error, match=".*"):
        torch.tensor(data)


def test_lists_of_arrays_keep_their_dtype():
    assert rushlight.tensor([np.ones(2), np.ones(2)]).dtype is rushlight.float64
    assert rushlight.tensor([1.5, 2**63]).tolist() == [1.5, 2.0**63]


def test_conversions_of_several_elements():
    for convert in (int, float, complex):
        with pytest.raises(ValueError, match="only one element tensors can be converted to Python scalars"):
            convert(rushlight.ones(2))
    with pytest.raises(RuntimeError, match="float: a complex number must have no imaginary part"):
        float(rushlight.tensor(1j))


@pytest.mark.parametrize("error", [RuntimeError, MemoryError, rushlight.OutOfMemoryError])
def test_too_large(error):
    with pytest.raises(error, match=r"empty: not enough memory for a tensor of shape \[1099511627776\]"):
        rushlight.zeros(2**40, dtype=rushlight.float64)
    with pytest.raises(RuntimeError, match="zeros: size must have less than 2\\*\\*59 elements"):
        rushlight.zeros(2**62, 2**62)
    with pytest.raises(RuntimeError, match="arange: the range must have less than 2\\*\\*62 bytes"):
        rushlight.arange(1e30)


MEANINGLESS = {
    "order": (lambda x: x < x, "lt: input and other must be real"),
    "maximum": (lambda x: rushlight.maximum(x, x), "maximum: input must not be complex"),
    "clamp": (lambda x: x.clamp(0, 1), "clamp: input, min and max must be real"),
    "remainder": (lambda x: x % 2, "remainder: input must not be bool or complex"),
    "floor_divide": (lambda x: x // 2, "floor_divide: input must not be bool or complex"),
    "rounding": (lambda x: x.div(2, rounding_mode="trunc"), "div: input must not be bool or complex"),
    "floor": (lambda x: x.floor(), "floor: input must not be bool or complex"),
    "erf": (lambda x: x.erf(), "erf: input must not be complex"),
    "argmax": (lambda x: x.argmax(), "argmax: input must not be bool or complex"),
    "cummax": (lambda x: x.cummax(0), "cummax: input must not be complex"),
    "aminmax": (lambda x: x.aminmax(), "aminmax: input must not be complex"),
}


@pytest.mark.parametrize("name", MEANINGLESS)
def test_complex_numbers_have_no_order(name):
    f, text = MEANINGLESS[name]
    with pytest.raises(NotImplementedError, match=text):
        f(rushlight.tensor([1 + 1j, 2.0]))


def test_no_logarithms_of_integers():
    with pytest.raises(NotImplementedError, match="logcumsumexp: input must not be bool or integers"):
        rushlight.tensor([1, 2]).logcumsumexp(0)
    with pytest.raises(NotImplementedError, match="floor_divide: input must not be bool or complex"):
        rushlight.tensor([True]) // rushlight.tensor([True])


WRONG_TYPES = [
    (lambda F: F.softmax(np.ones(3), -1), "softmax: input must be a Tensor, got ndarray"),
    (lambda F: F.cross_entropy([1.0], [0]), "cross_entropy: input must be a Tensor, got list"),
    (lambda F: F.dropout(None), "dropout: input must be a Tensor, got NoneType"),
    (lambda F: F.layer_norm(np.ones(3), (3,)), "layer_norm: input must be a Tensor, got ndarray"),
    (lambda F: F.embedding([1], rushlight.ones(2, 2)), "embedding: input must be a Tensor, got list"),
    (lambda F: rushlight.topk(rushlight.ones(3), "a"), "topk: k must be an int, got str"),
    (lambda F: rushlight.triu(3), "triu: input must be a Tensor, got int"),
    (lambda F: rushlight.cat([rushlight.ones(2), 1]), "cat: "),
    (lambda F: rushlight.cat(None), "cat: tensors must be a tuple or list of Tensors, got NoneType"),
    (lambda F: rushlight.sum(rushlight.ones(2), dim=1.5), "sum: dim must be an int or a tuple of ints, got float"),
    (lambda F: rushlight.linalg.inv([1]), "linalg.inv: A must be a Tensor, got list"),
    (lambda F: rushlight.fft.fft("a"), "fft: input must be a Tensor, got str"),
    (lambda F: rushlight.nn.init.zeros_("a"), "constant_: tensor must be a Tensor, got str"),
    (lambda F: rushlight.FloatTensor("a"), "Tensor: arguments must be sizes"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "text"), WRONG_TYPES, ids=[text for _, text in WRONG_TYPES])
def test_an_argument_of_a_wrong_type_is_named(call, text):
    """Not what broke inside for want of a check."""
    with pytest.raises(TypeError, match=text):
        call(rushlight.nn.functional)


def test_functions_are_pickled_by_their_public_names():
    import pickle

    for f in (rushlight.nn.functional.gelu, rushlight.topk, rushlight.linalg.inv, rushlight.fft.fft):
        assert pickle.loads(pickle.dumps(f)) is f
    assert rushlight.arctan2 is rushlight.atan2


def test_warnings_point_at_the_users_line():
    for call in (rushlight.nn.functional.softmax, rushlight.nn.Softmax()):
        with pytest.warns(UserWarning, match="softmax: dim should be given") as seen:
            call(rushlight.ones(2))
        assert [w.filename for w in seen] == [__file__]


@pytest.mark.parametrize("bad", [[1.0], None, np.ones((2, 2)), "a"], ids=["list", "None", "array", "str"])
def test_small_functions_name_themselves(bad):
    F, x = rushlight.nn.functional, rushlight.ones(2, 2)
    calls = {
        "add": (rushlight.add, (x, bad)),
        "mul": (rushlight.mul, (bad, x)),
        "matmul": (rushlight.matmul, (x, bad)),
        "mm": (rushlight.mm, (bad, x)),
        "exp": (rushlight.exp, (bad,)),
        "sum": (rushlight.sum, (bad,)),
        "mean": (rushlight.mean, (bad,)),
        "relu": (F.relu, (bad,)),
        "linear": (F.linear, (bad, x)),
        "linear: weight": (F.linear, (x, bad)),
        "conv2d": (F.conv2d, (bad, x[None, None])),
        "conv2d: weight": (F.conv2d, (x[None, None], bad)),
        "max_pool2d": (F.max_pool2d, (bad, 2)),
    }
    for text, (f, args) in calls.items():
        with pytest.raises(TypeError, match=f"^{text}"):
            f(*args)
