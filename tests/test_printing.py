"""repr(tensor), format(tensor) and set_printoptions."""

import random

import ml_dtypes
import numpy as np
import pytest

import rushlight
from rushlight import printing
from rushlight.tensor import wrap

GOLDEN = [
    (np.float32([1, 2.5, -3]), "tensor([ 1.0000,  2.5000, -3.0000])"),
    (np.float32([1, 2]), "tensor([1., 2.])"),
    (np.float32(3.14159265), "tensor(3.1416)"),
    (np.float32([1e-8, 1]), "tensor([1.0000e-08, 1.0000e+00])"),
    (np.float32([np.nan, 1, -np.inf]), "tensor([nan, 1., -inf])"),
    (np.float32([0, -0.0]), "tensor([0., -0.])"),
    (np.int64([[1, 20], [-300, 4]]), "tensor([[   1,   20],\n        [-300,    4]])"),
    (np.array([True, False]), "tensor([ True, False])"),
    (np.complex64(1 + 2j), "tensor(1.+2.j)"),
    (np.float64([1]), "tensor([1.], dtype=torch.float64)"),
    (np.uint8([1]), "tensor([1], dtype=torch.uint8)"),
    (np.zeros((0, 3), np.float32), "tensor([], size=(0, 3))"),
    (np.zeros(0, np.int64), "tensor([], dtype=torch.int64)"),
    (np.ones(2, ml_dtypes.bfloat16), "tensor([1., 1.], dtype=torch.bfloat16)"),
    (np.arange(1001.0, dtype=np.float32), "tensor([   0.,    1.,    2.,  ...,  998.,  999., 1000.])"),
]  # fmt: skip


@pytest.mark.parametrize(("array", "text"), GOLDEN, ids=range(len(GOLDEN)))
def test_repr(array, text):
    assert repr(wrap(np.asarray(array))) == text


def test_autograd_suffixes():
    x = rushlight.ones(2, requires_grad=True)
    assert repr(x) == "tensor([1., 1.], requires_grad=True)"
    assert repr(x.reshape(2, 1)) == "tensor([[1.],\n        [1.]], grad_fn=<ViewBackward0>)"


def test_subclass_prints_its_name():
    class Mine(rushlight.Tensor):
        pass

    assert repr(rushlight.ones(1).as_subclass(Mine)) == "Mine([1.])"


def test_options_are_set_and_set_back():
    x = wrap(np.float32([1.23456789]))
    with printing.printoptions(precision=2):
        assert repr(x) == "tensor([1.23])"
        assert printing.get_printoptions()["precision"] == 2
    assert repr(x) == "tensor([1.2346])"
    rushlight.set_printoptions(sci_mode=True)
    assert repr(x) == "tensor([1.2346e+00])"
    rushlight.set_printoptions()  # a call without sci_mode decides from the values again
    assert repr(x) == "tensor([1.2346])"


def test_default_dtype_is_not_named():
    rushlight.set_default_dtype(rushlight.float64)
    assert repr(wrap(np.float64([1]))) == "tensor([1.])"
    assert repr(wrap(np.float32([1]))) == "tensor([1.], dtype=torch.float32)"


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"profile": "long"}, "profile must be one of"),
        ({"precision": -1}, "precision must not be negative, got -1"),
    ],
)
def test_option_errors(options, match):
    with pytest.raises(ValueError, match=match):
        rushlight.set_printoptions(**options)


def test_format():
    assert f"{wrap(np.float32(2.5)):.3f}" == "2.500"
    assert f"{wrap(np.int64([3]))}" == "tensor([3])"
    with pytest.raises(TypeError, match="unsupported format string"):
        f"{wrap(np.zeros(2)):.2f}"


# -- Against PyTorch -------------------------------------------------------------------------------------


def _arrays(rng, shape):
    np_rng = np.random.default_rng(rng.randrange(2**31))
    normal = np_rng.standard_normal(shape)
    return rng.choice(
        [
            normal.astype(np.float32),
            (normal * 10 ** rng.uniform(-9, 9)).astype(np.float32),
            np_rng.integers(-1000, 1000, shape),
            np_rng.integers(-9, 9, shape).astype(np.float32),
            normal > 0,
            normal,
            normal.astype(np.float16),
            (normal + 1j * normal[::-1] if normal.ndim else normal + 2j).astype(np.complex64),
            np_rng.integers(0, 255, shape).astype(np.uint8),
            np.exp(normal * 5).astype(np.float32),
            np.where(normal > 0.5, np.nan, normal),
            np.where(normal > 0.9, -np.inf, normal.round()).astype(np.float32),
            np.zeros(shape, np.float32),
            np.full(shape, np.nan),
        ]
    )


def _options(rng):
    options = {"profile": "default"}
    choices = {
        "profile": ["default", "short", "full"],
        "precision": [0, 1, 2, 8],
        "threshold": [0, 5, 100],
        "edgeitems": [1, 2, 5],
        "linewidth": [10, 40, 120],
        "sci_mode": [True, False],
    }
    for name, values in choices.items():
        if rng.random() < 0.12:
            options[name] = rng.choice(values)
    return options


@pytest.mark.parametrize("seed", range(20))
def test_random_tensors_print_as_in_torch(seed, torch):
    rng = random.Random(seed)
    for _ in range(30):
        shape = tuple(rng.choice([0, 1, 2, 3, 7, 8, 30]) for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 4])))
        shape = shape if np.prod(shape) < 2000 else shape[:2]
        array, options = np.asarray(_arrays(rng, shape)), _options(rng)
        rushlight.set_printoptions(**options)
        torch.set_printoptions(**options)
        ours, theirs = wrap(array), torch.from_numpy(array)
        if array.dtype.kind == "f" and rng.random() < 0.3:
            ours.requires_grad_()
            theirs.requires_grad_()
        try:
            assert repr(ours) == repr(theirs), options
        finally:
            torch.set_printoptions(profile="default")
