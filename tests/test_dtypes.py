"""Dtypes other than float32: what operations give in them, and which have no meaning there, as in PyTorch.

Each line is run on the same small tensors of each dtype; the parity test runs it in PyTorch, too.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import rushlight as rl
from rushlight.nn import functional as F

DTYPES = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float64 complex64".split()

# m: the package; a, b: vectors; s: a matrix.
LINES = {
    "add": lambda m, a, b, s: a + b,
    "add a float": lambda m, a, b, s: a + 1.5,
    "add 0.1": lambda m, a, b, s: a + 0.1,
    "add, alpha": lambda m, a, b, s: m.add(a, b, alpha=3),
    "sub": lambda m, a, b, s: a - b,
    "subtract from": lambda m, a, b, s: 1 - a,
    "mul": lambda m, a, b, s: a * 0.1,
    "true division": lambda m, a, b, s: a / b,
    "floor division": lambda m, a, b, s: a // b,
    "floor division by a float": lambda m, a, b, s: a // 2.5,
    "remainder": lambda m, a, b, s: a % b,
    "remainder of a float": lambda m, a, b, s: a % 2.3,
    "fmod": lambda m, a, b, s: m.fmod(a, b),
    "div trunc": lambda m, a, b, s: m.div(a, b, rounding_mode="trunc"),
    "pow": lambda m, a, b, s: a**b,
    "pow 2": lambda m, a, b, s: a**2,
    "pow of 2": lambda m, a, b, s: 2**a,
    "pow -1": lambda m, a, b, s: a**-1,
    "pow 0.1": lambda m, a, b, s: a**0.1,
    "square": lambda m, a, b, s: m.square(a),
    "equals 0.1": lambda m, a, b, s: a / 30 == 0.1,
    "less": lambda m, a, b, s: a < b,
    "equal": lambda m, a, b, s: a == b,
    "invert": lambda m, a, b, s: ~a,
    "neg": lambda m, a, b, s: -a,
    "abs": lambda m, a, b, s: a.abs(),
    "sign": lambda m, a, b, s: a.sign(),
    "round": lambda m, a, b, s: a.round(),
    "floor": lambda m, a, b, s: a.floor(),
    "trunc": lambda m, a, b, s: a.trunc(),
    "frac": lambda m, a, b, s: a.frac(),
    "exp": lambda m, a, b, s: a.exp(),
    "lgamma": lambda m, a, b, s: m.lgamma(a),
    "erf": lambda m, a, b, s: m.erf(a),
    "polygamma": lambda m, a, b, s: m.polygamma(1, a),
    "signbit": lambda m, a, b, s: m.signbit(a),
    "logit": lambda m, a, b, s: (a / 8).logit(),
    "maximum": lambda m, a, b, s: m.maximum(a, b),
    "atan2": lambda m, a, b, s: m.atan2(a, b),
    "hypot": lambda m, a, b, s: m.hypot(a, b),
    "logaddexp": lambda m, a, b, s: m.logaddexp(a, b),
    "copysign": lambda m, a, b, s: m.copysign(a, b),
    "heaviside": lambda m, a, b, s: m.heaviside(a, b),
    "lerp": lambda m, a, b, s: m.lerp(a, b, 0.5),
    "addcmul": lambda m, a, b, s: m.addcmul(a, a, b),
    "clamp": lambda m, a, b, s: a.clamp(2, 4),
    "clamp to floats": lambda m, a, b, s: a.clamp(2.5, 4),
    "sum": lambda m, a, b, s: a.sum(),
    "prod": lambda m, a, b, s: a.prod(),
    "mean": lambda m, a, b, s: a.mean(),
    "std": lambda m, a, b, s: s.std(1),
    "cumsum": lambda m, a, b, s: a.cumsum(0),
    "cumsum_": lambda m, a, b, s: a.cumsum_(0),
    "cumprod": lambda m, a, b, s: a.cumprod(0),
    "logcumsumexp": lambda m, a, b, s: (
        (a / 2).logcumsumexp(0) if a.dtype is m.complex64 else a.logcumsumexp(0)
    ),
    "max": lambda m, a, b, s: a.max(),
    "amax": lambda m, a, b, s: a.amax(),
    "argmax": lambda m, a, b, s: a.argmax(),
    "aminmax": lambda m, a, b, s: a.aminmax()[1],
    "median": lambda m, a, b, s: a.median(),
    "topk": lambda m, a, b, s: a.topk(1)[0],
    "kthvalue": lambda m, a, b, s: a.kthvalue(1)[0],
    "sort": lambda m, a, b, s: a.sort()[0],
    "cummax": lambda m, a, b, s: a.cummax(0)[0],
    "nansum": lambda m, a, b, s: a.nansum(),
    "searchsorted": lambda m, a, b, s: m.searchsorted(a, b),
    "isin": lambda m, a, b, s: m.isin(a, b),
    "histc": lambda m, a, b, s: m.histc(a, 4, 0, 8),
    "trapezoid": lambda m, a, b, s: m.trapezoid(a),
    "trace": lambda m, a, b, s: m.trace(s),
    "cov": lambda m, a, b, s: m.cov(s),
    "corrcoef": lambda m, a, b, s: m.corrcoef(s),
    "arange": lambda m, a, b, s: m.arange(
        -0.5, 6.5, 2.5, dtype=a.dtype if a.dtype is not m.uint8 else m.int8
    ),
    "linspace": lambda m, a, b, s: m.linspace(0.7, 9, 4, dtype=a.dtype),
    "sum_to_size": lambda m, a, b, s: s.sum_to_size(1, 2),
    "matmul": lambda m, a, b, s: s @ b,
    "addmm": lambda m, a, b, s: m.addmm(s, s, s, beta=2, alpha=3),
    "addmm, floats": lambda m, a, b, s: m.addmm(s, s, s, beta=0.6, alpha=1.7),
    "addr": lambda m, a, b, s: m.addr(s, a, b, beta=3, alpha=2),
    "addr, a float": lambda m, a, b, s: m.addr(s, a, b, beta=0.5),
    "linear": lambda m, a, b, s: m.nn.functional.linear(a, s, b),
    "relu6": lambda m, a, b, s: m.nn.functional.relu6(a),
    "hardtanh": lambda m, a, b, s: m.nn.functional.hardtanh(a, 0.5, 3.5),
    "threshold": lambda m, a, b, s: m.nn.functional.threshold(a, 3.5, 2.5),
    "silu": lambda m, a, b, s: m.nn.functional.silu(a),
    "avg_pool1d": lambda m, a, b, s: m.nn.functional.avg_pool1d(a[None], 2),
    "tensordot": lambda m, a, b, s: m.tensordot(s[:1], s, ([0], [0])),
    "scatter_reduce": lambda m, a, b, s: a.scatter_reduce(0, m.tensor([0, 0]), b, "amax", include_self=False),
    "add_ of a wider one": lambda m, a, b, s: a.add_(b.to(m.int64)),
    "add_ of a float": lambda m, a, b, s: a.add_(1.5),
    "clamp_ to a wider one": lambda m, a, b, s: a.clamp_(min=m.tensor([4, 4])),
    "div_": lambda m, a, b, s: a.div_(2),
    "where": lambda m, a, b, s: m.where(m.tensor([True, False]), a, 7),
    "mse_loss of a bool target": lambda m, a, b, s: m.nn.functional.mse_loss(a.double(), b > 2),
    "mse_loss": lambda m, a, b, s: m.nn.functional.mse_loss(a, b),
    "cosine_similarity of two dtypes": lambda m, a, b, s: m.nn.functional.cosine_similarity(
        a, b.double(), dim=0
    ),
    "nextafter": lambda m, a, b, s: m.nextafter(a, b) - a,
    "ldexp": lambda m, a, b, s: m.ldexp(a, m.tensor([1, 2])),
    "isin of bools": lambda m, a, b, s: m.isin(a, b > 2),
    "masked_scatter": lambda m, a, b, s: a.masked_scatter(m.tensor([True, False]), b.double()),
    "polar": lambda m, a, b, s: m.polar(a, b),
    "a 0-d complex number": lambda m, a, b, s: a + m.tensor(1j, dtype=m.complex128),
    "float()": lambda m, a, b, s: float(a[0]),
}

# Where we compute and PyTorch does not, or the other way round; see docs/differences.md.
DIFFERS = {
    ("a 0-d complex number", "float16"),  # there is no complex32
    ("equals 0.1", "complex64"),
    ("linspace", "float16"),
    ("linspace", "bfloat16"),
}


def run(m, line, dtype):
    d = getattr(m, dtype)
    values = ([1, 0], [1, 1], [[1, 0], [1, 1]]) if dtype == "bool" else ([3, 5], [2, 7], [[3, 5], [2, 7]])
    tensors = [m.tensor(v).to(d) for v in values]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LINES[line](m, *tensors)


@pytest.mark.parametrize(
    ("line", "dtype"), [(line, d) for line in LINES for d in DTYPES if (line, d) not in DIFFERS]
)
def test_parity(torch, line, dtype):
    try:
        want = run(torch, line, dtype)
    except Exception as error:
        kind = type(error)
        with pytest.raises(kind, match=r"."):
            run(rl, line, dtype)
        return
    got = run(rl, line, dtype)
    if not isinstance(want, torch.Tensor):
        assert got == want
        return
    assert str(got.dtype) == str(want.dtype)
    assert tuple(got.shape) == tuple(want.shape)
    # Half precision: PyTorch rounds between the steps of some functions, we only at the end.
    tolerance = {"float16": 2e-3, "bfloat16": 1.6e-2}.get(dtype, 1e-6)
    wide = torch.complex128 if want.is_complex() else torch.float64
    np.testing.assert_allclose(
        got.to(getattr(rl, str(wide).partition(".")[2])).numpy(), want.to(wide).numpy(), tolerance, tolerance
    )


def test_a_number_is_rounded_to_half_precision_before_it_is_compared():
    x = rl.tensor([0.1], dtype=rl.bfloat16)
    assert (x == 0.1).item()
    assert not (x > 0.1).item()
    assert (x + 0.1).item() == (x + x).item()


def test_half_precision_is_rounded_once():
    rng = np.random.default_rng(0)
    x, w = (rl.tensor(rng.standard_normal(s), dtype=rl.bfloat16) for s in ((64, 64), (64, 64)))
    b = rl.tensor(rng.standard_normal(64), dtype=rl.bfloat16)
    index = rl.zeros(64, 64, dtype=rl.int64)
    for got, exact in (
        (F.linear(x, w, b), F.linear(x.double(), w.double(), b.double())),
        (rl.addmm(x, x, w, beta=0.3), rl.addmm(x.double(), x.double(), w.double(), beta=0.3)),
        (x.std(1), x.double().std(1)),
        (F.glu(x), F.glu(x.double())),
        (x.sum_to_size(64), x.double().sum_to_size(64)),
        (x.scatter_add(0, index, w), x.double().scatter_add(0, index, w.double())),
        (x.scatter_reduce(0, index, w, "mean"), x.double().scatter_reduce(0, index, w.double(), "mean")),
        (F.embedding_bag(index[:1], x), F.embedding_bag(index[:1], x.double())),
        (rl.renorm(x, 2, 0, 1.0), rl.renorm(x.double(), 2, 0, 1.0)),
    ):
        assert got.dtype is rl.bfloat16
        # Half a unit in the last place of 8 bits, and the error of float32.
        np.testing.assert_allclose(got.double().numpy(), exact.numpy(), 2**-8 * 1.001, 1e-5)


@pytest.mark.parametrize(
    "name", ["linear", "addmm", "baddbmm", "logaddexp", "logcumsumexp", "logsumexp", "silu", "real"]
)
def test_complex_gradients(name):
    rng = np.random.default_rng(1)
    x, y, z = (
        rl.tensor(rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3)), requires_grad=True)
        for _ in range(3)
    )
    scales = {"beta": 1 + 2j, "alpha": 2 - 3j}
    function = {
        "linear": lambda x, y, z: F.linear(x, y, z[0]),
        "addmm": lambda x, y, z: rl.addmm(x, y, z, **scales),
        "baddbmm": lambda x, y, z: rl.baddbmm(x[None], y[None], z[None], **scales),
        "logaddexp": lambda x, y, z: rl.logaddexp(x, y),
        "logcumsumexp": lambda x, y, z: rl.logcumsumexp(x, 1),
        "logsumexp": lambda x, y, z: rl.logsumexp(x, 1),
        "silu": lambda x, y, z: F.silu(x),
        "real": lambda x, y, z: x.real * z.imag,
    }[name]
    assert rl.autograd.gradcheck(function, (x, y, z))
    assert rl.autograd.gradgradcheck(function, (x, y, z))


def test_empty_complex_tensors_have_parts():
    x = rl.zeros(2, 0, dtype=rl.complex64, requires_grad=True)
    x.real.sum().backward()
    assert x.grad.shape == (2, 0)
    assert rl.view_as_complex(rl.zeros(0, 2)).shape == (0,)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: rl.ones(2, dtype=rl.bool) // True, "floor_divide: input must not be bool or complex"),
        (lambda: rl.lgamma(rl.ones(2, dtype=rl.complex64)), "lgamma: input must not be complex"),
        (
            lambda: rl.hypot(rl.arange(2), rl.arange(2)),
            "hypot: input must not be bool or integers or complex",
        ),
        (lambda: rl.ones(2, dtype=rl.complex64) < 1, "lt: input and other must be real"),
        (lambda: rl.ones(2, dtype=rl.bool).cumsum_(0), "cumsum_: the tensor must not be bool"),
        (lambda: rl.arange(2, dtype=rl.bool), "arange: dtype must not be torch.bool"),
        (lambda: F.avg_pool1d(rl.ones(1, 2, dtype=rl.int32), 2), "avg_pool1d: input must be floating-point"),
        (
            lambda: rl.ones(2, 2, dtype=rl.bool) @ rl.ones(2, dtype=rl.bool),
            "matmul: operands must be numbers",
        ),
    ],
)
def test_refused(call, text):
    with pytest.raises(NotImplementedError, match=text):
        call()


def test_refused_with_other_errors():
    with pytest.raises(TypeError, match="~: operand must be an integer or bool tensor"):
        ~rl.ones(2)
    with pytest.raises(RuntimeError, match="hardtanh: min_val must not be negative for torch.uint8"):
        F.hardtanh(rl.ones(2, dtype=rl.uint8))
    with pytest.raises(RuntimeError, match="addr: beta must be an int for integer tensors"):
        rl.addr(rl.ones(2, 2, dtype=rl.int64), rl.arange(2), rl.arange(2), beta=0.5)
    with pytest.raises(RuntimeError, match="cumsum_: dtype must be the tensor's own"):
        rl.ones(2).cumsum_(0, dtype=rl.float64)
    with pytest.raises(RuntimeError, match="a complex number must have no imaginary part"):
        float(rl.tensor(1 + 1j))
    with pytest.raises(RuntimeError, match="cov: fweights must have one or fewer dims, got 2"):
        rl.cov(rl.ones(2), fweights=rl.ones(2, 2, dtype=rl.int64))
    with pytest.raises(TypeError, match="ldexp: input must be a Tensor"):
        rl.ldexp(1, rl.ones(2))
    with pytest.raises(ValueError, match="arange: step must be nonzero, also when cut off"):
        rl.arange(0, 3, 0.5, dtype=rl.int64)


INDEXED = {
    "x[i]": lambda m, x, i: x[i],
    "x[:, i]": lambda m, x, i: x[:, i],
    "x[i[0]]": lambda m, x, i: x[i[0]],
    "index_select": lambda m, x, i: x.index_select(0, i),
    "gather": lambda m, x, i: x.gather(1, i[:, None]),
    "scatter": lambda m, x, i: x.scatter(1, i[:, None], 5.0),
    "take": lambda m, x, i: m.take(x, i),
    "take_along_dim": lambda m, x, i: m.take_along_dim(x, i[:, None], 1),
    "index_add": lambda m, x, i: x.index_add(0, i, x),
    "index_copy": lambda m, x, i: x.index_copy(0, i, x),
    "index_fill": lambda m, x, i: x.index_fill(0, i, 3),
    "index_put": lambda m, x, i: x.index_put((i,), x[:1]),
    "embedding": lambda m, x, i: m.nn.functional.embedding(i, x),
    "nll_loss": lambda m, x, i: m.nn.functional.nll_loss(x, i),
    "one_hot": lambda m, x, i: m.nn.functional.one_hot(i),
    "full": lambda m, x, i: m.full((2,), i[1]),
    "lcm": lambda m, x, i: m.lcm(i * 2 + 125, i + 2),
    "tensor_split": lambda m, x, i: m.tensor_split(x, i)[1],
}


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64"])
@pytest.mark.parametrize("line", INDEXED)
def test_index_parity(torch, line, dtype):
    results = []
    for m in (torch, rl):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                y = INDEXED[line](m, m.arange(6.0).reshape(2, 3), m.tensor([0, 1]).to(getattr(m, dtype)))
            except Exception as error:
                results.append(error)
            else:
                results.append((y.tolist(), str(y.dtype)))
    want, got = results
    if isinstance(want, Exception):
        assert isinstance(got, type(want)), got
    else:
        assert got == want


@pytest.mark.parametrize("half", [rl.bfloat16, rl.float16])
def test_casts_of_half_precision(half):
    """To the nearest, ties to even, as ml_dtypes and NumPy round; all numbers of 16 bits come back as they were."""
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**32, 20000, dtype=np.uint32)
    corners = [
        0,
        1,
        0x007FFFFF,
        0x33000000,
        0x33000001,
        0x3F808000,
        0x3F818000,
        0x477FEFFF,
        0x477FF000,
        0x7F7FFFFF,
    ]
    x = np.concatenate(
        [bits, np.uint32(corners), np.uint32(corners) | 0x80000000, np.uint32([0x7F800000, 0x7FFFFFFF])]
    )
    x = x.view(np.float32)
    found = rl.from_numpy(x).to(half)._array
    with np.errstate(all="ignore"):
        expected = x.astype(half.numpy)
    assert found.dtype == expected.dtype
    nan = np.isnan(x)
    np.testing.assert_array_equal(np.isnan(found.astype(np.float32)), nan)
    np.testing.assert_array_equal(found.view(np.uint16)[~nan], expected.view(np.uint16)[~nan])
    every = np.arange(65536, dtype=np.uint16).view(half.numpy)
    back = rl.from_numpy(every.astype(np.float32)).to(half)._array
    finite = ~np.isnan(every.astype(np.float32))
    np.testing.assert_array_equal(back.view(np.uint16)[finite], every.view(np.uint16)[finite])
