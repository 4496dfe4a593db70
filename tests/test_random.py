"""Random numbers: PyTorch's, from recorded values and, where it is installed, from PyTorch itself."""

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import rushlight
from golden import programs
from golden.record import digest
from rushlight import stream
from rushlight.kernels import _C

GOLDEN = json.loads((Path(__file__).parent / "golden" / "random.json").read_text())


def inexact(name):
    return any(part in name for part in programs.INEXACT)


@pytest.mark.parametrize("name", programs.RANDOM)
def test_recorded(name):
    want = GOLDEN[name]
    rushlight.manual_seed(0)
    result = programs.RANDOM[name](rushlight)
    got = digest(result.numpy())
    assert (got["shape"], got["dtype"]) == (want["shape"], want["dtype"])
    if inexact(name) or "float64" in want["dtype"]:
        exact = 1e-12 if "64" in want["dtype"] else 2e-6
        np.testing.assert_allclose(got["values"], want["values"], rtol=exact, atol=exact)
        np.testing.assert_allclose(
            got["sum"], want["sum"], rtol=exact * 10, atol=exact * len(want["values"]) * 10
        )
    else:
        assert got["values"] == want["values"]
        assert got["sha256"] == want["sha256"]


@pytest.mark.parametrize("name", programs.RANDOM)
def test_parity(name, torch):
    for seed in (1, 12345):
        torch.manual_seed(seed)
        rushlight.manual_seed(seed)
        want, got = programs.RANDOM[name](torch).numpy(), programs.RANDOM[name](rushlight).numpy()
        if inexact(name) or want.dtype == np.float64:
            exact = 1e-12 if want.dtype == np.float64 else 2e-6
            np.testing.assert_allclose(got, want, rtol=exact, atol=exact)
        else:
            np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(rushlight.get_rng_state().numpy(), torch.get_rng_state().numpy())


def test_state_goes_both_ways(torch):
    torch.manual_seed(3)
    torch.randn(7)
    rushlight.set_rng_state(rushlight.from_numpy(torch.get_rng_state().numpy()))
    np.testing.assert_array_equal(rushlight.randn(5).numpy(), torch.randn(5).numpy())
    torch.set_rng_state(torch.from_numpy(rushlight.get_rng_state().numpy()))
    np.testing.assert_array_equal(rushlight.rand(700).numpy(), torch.rand(700).numpy())


@pytest.mark.skipif(_C is None, reason="compares the kernels with NumPy")
@pytest.mark.parametrize("n", [0, 1, 7, 16, 17, 623, 624, 625, 1249, 20001])
@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("random_uniform", (-0.3, 1.0)),
        ("random_normal", (0.5, 2.0, 0)),
        ("random_normal", (0.5, 2.0, 1)),
        ("random_normal", (0.5, 2.0, 2)),
        ("random_normal_double", (0.5, 2.0, False)),
        ("random_normal_double", (0.5, 2.0, True)),
        ("random_double", (0, 1.0, 2.0)),
        ("random_double", (1, 1.5, 0.0)),
        ("random_double", (2, -0.5, 0.0)),
        ("random_double", (3, 0.0, 1.0)),
        ("random_integers", (-5, 17, False)),
        ("random_integers", (-5, 2**40, True)),
        ("random_integers", (-(2**63), 0, True)),
        ("random_mask", (0.5,)),
        ("random_mask", (0.3,)),
        ("random_mask", (0.0,)),
        ("random_mask", (1.0,)),
    ],
)
def test_kernels_and_numpy_draw_the_same(name, args, n):
    states = [np.zeros(640, np.uint32) for _ in range(2)]
    for before in (0, 3, 624):  # where in the block of 624 words the draw begins
        results = []
        for state, module in zip(states, (stream._Numpy, _C)):
            module.random_seed(state, 5)
            module.random_uniform(state, (before,), 0.0, 1.0)
            results.append(getattr(module, name)(state, (n,), *args).numpy())
        if results[0].dtype == np.float64:
            np.testing.assert_allclose(results[1], results[0], rtol=1e-13, atol=1e-13)
        else:
            np.testing.assert_array_equal(results[1], results[0])
        kept = slice(626, 628)
        np.testing.assert_allclose(states[0][kept].view(np.float64), states[1][kept].view(np.float64))
        for state in states:
            state[kept] = 0
        np.testing.assert_array_equal(states[0], states[1])


@pytest.mark.skipif(_C is None, reason="there are no threads to compare")
@pytest.mark.parametrize("n", [100_000, 1_000_003])
def test_threads_leave_no_trace(n):
    results = []
    for threads in (1, 2, 3):
        rushlight.set_num_threads(threads)
        rushlight.manual_seed(1)
        results.append(
            [rushlight.randn(n), rushlight.rand(n), rushlight.empty(n).bernoulli_(0.5), rushlight.rand(3)]
        )
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.skipif(_C is None, reason="a kernel")
@pytest.mark.parametrize("n", [1, 9, 1000, 300_001])
def test_dropout_kernel(n):
    x = rushlight.rand(n) + 1
    state = rushlight.get_rng_state()
    y, kept = _C.random_dropout(rushlight.default_generator._state, x, 0.3)
    rushlight.set_rng_state(state)
    mask = rushlight.empty(n).bernoulli_(0.7)
    np.testing.assert_array_equal(kept.numpy(), mask.numpy() == 1)
    np.testing.assert_array_equal(y.numpy(), x.numpy() * (mask.numpy() * np.float32(1 / np.float32(0.7))))
    dx = _C.random_dropout_backward(x, kept, 0.3)
    np.testing.assert_array_equal(dx.numpy(), y.numpy())


def test_moments():
    z = rushlight.randn(1_000_000).numpy()
    assert abs(z.mean()) < 5e-3
    assert abs(z.std() - 1) < 5e-3
    assert abs((z**3).mean()) < 2e-2
    u = rushlight.rand(1_000_000).numpy()
    assert 0 <= u.min()
    assert u.max() < 1
    assert abs(u.mean() - 0.5) < 2e-3


class TestGenerator:
    def test_seeds(self):
        g = rushlight.Generator()
        assert g.initial_seed() == 67280421310721
        assert g.device == rushlight.device("cpu")
        assert g.manual_seed(5) is g
        assert g.manual_seed(-1).initial_seed() == 2**64 - 1
        assert g.seed() == g.initial_seed()
        assert rushlight.manual_seed(7) is rushlight.default_generator
        assert rushlight.initial_seed() == 7
        assert rushlight.seed() == rushlight.initial_seed()

    def test_copies(self):
        g = rushlight.Generator().manual_seed(3)
        rushlight.randn(3, generator=g)
        others = [g.clone_state(), copy.deepcopy(g), pickle.loads(pickle.dumps(g))]
        others.append(rushlight.Generator().set_state(g.get_state()))
        want = rushlight.randn(30, generator=g)
        for other in others:
            assert rushlight.equal(rushlight.randn(30, generator=other), want)

    def test_leaves_the_global_stream_alone(self):
        before = rushlight.get_rng_state()
        rushlight.rand(5, generator=rushlight.Generator())
        assert rushlight.equal(rushlight.get_rng_state(), before)

    def test_fork_rng(self):
        before = rushlight.get_rng_state()
        with rushlight.fork_rng():
            rushlight.rand(5)
        assert rushlight.equal(rushlight.get_rng_state(), before)
        with rushlight.fork_rng(enabled=False):
            rushlight.rand(5)
        assert not rushlight.equal(rushlight.get_rng_state(), before)

    @pytest.mark.parametrize(
        ("state", "error", "match"),
        [
            (5, TypeError, "must be a torch.ByteTensor, got int"),
            (rushlight.zeros(5056), TypeError, "must be a torch.ByteTensor"),
            (rushlight.zeros(3, dtype=rushlight.uint8), RuntimeError, "must have 5056 bytes, got 3"),
            (rushlight.zeros(5056, dtype=rushlight.uint8), RuntimeError, "Invalid mt19937 state"),
        ],
    )
    def test_bad_states(self, state, error, match):
        with pytest.raises(error, match=match):
            rushlight.Generator().set_state(state)

    def test_bad_seeds(self):
        for seed, error, match in (
            (2**64, ValueError, r"in \[-2\*\*63, 2\*\*64\)"),
            (-(2**63) - 1, ValueError, "Overflow"),
            (1.5, RuntimeError, "must be an int"),
            ("a", RuntimeError, "must be an int"),
        ):
            with pytest.raises(error, match=match):
                rushlight.Generator().manual_seed(seed)
        with pytest.raises(RuntimeError, match="device must be 'cpu'"):
            rushlight.Generator("cuda")
        with pytest.raises(TypeError, match="generator must be"):
            rushlight.rand(2, generator=5)


x = rushlight.zeros(4)
ERRORS = [
    (lambda: rushlight.rand(2, dtype=rushlight.int64), NotImplementedError, "floating-point"),
    (lambda: rushlight.randn(2, dtype=rushlight.int32), NotImplementedError, "floating-point"),
    (lambda: rushlight.rand(-1), RuntimeError, "negative"),
    (lambda: rushlight.rand(), TypeError, "size must be given"),
    (lambda: rushlight.rand(2.5), TypeError, "size must be ints"),
    (lambda: rushlight.rand(2, size=(2,)), TypeError, "repeated argument 'size'"),
    (lambda: rushlight.rand(2, device="cuda"), AssertionError, "device must be 'cpu'"),
    (lambda: rushlight.randint(5, 3, (2,)), RuntimeError, "range must not be empty"),
    (lambda: rushlight.randint(0, 300, (2,), dtype=rushlight.uint8), RuntimeError, "to - 1 is out of bounds"),
    (lambda: rushlight.randint(-1, 3, (2,), dtype=rushlight.uint8), RuntimeError, "from is out of bounds"),
    (lambda: rushlight.randint(0, 3, (2,), dtype=rushlight.bool), RuntimeError, "to - 1 is out of bounds"),
    (lambda: rushlight.randint(3, 2), TypeError, "size must be a tuple"),
    (lambda: rushlight.randint(1.5, 3, (2,)), TypeError, "low and high must be ints"),
    (lambda: rushlight.randperm(-1), RuntimeError, "must not be negative"),
    (lambda: rushlight.randperm(300, dtype=rushlight.uint8), RuntimeError, "n must be at most 255"),
    (lambda: rushlight.randperm(3000, dtype=rushlight.float16), RuntimeError, "n must be at most 2049"),
    (lambda: rushlight.normal(0, 1), TypeError, "size must be given"),
    (lambda: rushlight.normal(0, -1, (2,)), RuntimeError, "std must be at least 0"),
    (lambda: rushlight.normal(x, -rushlight.ones(4)), RuntimeError, "std must be at least 0 everywhere"),
    (lambda: rushlight.normal(x, rushlight.ones(3)), RuntimeError, "broadcast"),
    (lambda: x.clone().normal_(0, -1), RuntimeError, "std must be at least 0"),
    (lambda: x.clone().uniform_(1, 0), RuntimeError, "from must be at most to"),
    (lambda: x.clone().uniform_(0, float("inf")), RuntimeError, "to is out of bounds"),
    (lambda: x.clone().exponential_(0), RuntimeError, "lambd must be greater than 0"),
    (lambda: x.long().exponential_(), RuntimeError, "continuous"),
    (lambda: x.clone().geometric_(1), RuntimeError, r"p must be in \(0, 1\)"),
    (lambda: x.clone().cauchy_(0, 0), RuntimeError, "sigma must be greater than 0"),
    (lambda: x.clone().log_normal_(1, 0), RuntimeError, "std must be greater than 0"),
    (lambda: x.clone().bernoulli_(1.5), RuntimeError, r"p must be in \[0, 1\]"),
    (lambda: x.clone().bernoulli_(float("nan")), RuntimeError, r"p must be in \[0, 1\]"),
    (lambda: rushlight.bernoulli(x + 1.5), RuntimeError, "each probability must be in"),
    (lambda: rushlight.bernoulli(x * float("nan")), RuntimeError, "each probability must be in"),
    (lambda: rushlight.bernoulli(x.long()), NotImplementedError, "floating-point"),
    (lambda: rushlight.multinomial(x, 5), RuntimeError, "num_samples must be at most"),
    (lambda: rushlight.multinomial(x + 1, 0), RuntimeError, "num_samples must be positive"),
    (lambda: rushlight.multinomial(rushlight.ones(2, 2, 2), 1), RuntimeError, "1 or 2 dim"),
    (lambda: rushlight.multinomial(x - 1, 1), RuntimeError, "element < 0"),
    (lambda: rushlight.multinomial(x.long(), 1), RuntimeError, "floating-point"),
    (lambda: rushlight.poisson(x - 1), RuntimeError, "rates >= 0"),
    (lambda: rushlight.nn.Parameter(x).uniform_(), RuntimeError, "leaf Variable that requires grad"),
    (lambda: rushlight.ones(1).expand(3).uniform_(), RuntimeError, "single memory location"),
]


@pytest.mark.parametrize(("f", "error", "match"), ERRORS)
def test_errors(f, error, match):
    with pytest.raises(error, match=match):
        f()


def test_integers_beyond_a_float_type_warn():
    with pytest.warns(UserWarning, match="does not hold every integer"):
        rushlight.zeros(3).random_(0, 2**30)


def test_fills_are_recorded_with_gradient_zero():
    w = rushlight.ones(3, requires_grad=True)
    y = w * 2
    y.uniform_()
    assert type(y.grad_fn).__name__ == "UniformBackward0"
    y.backward(rushlight.ones(3))
    assert w.grad.tolist() == [0, 0, 0]
    assert rushlight.rand(2, requires_grad=True).requires_grad


def test_fills_count_versions():
    x = rushlight.zeros(3)
    for fill in ("uniform_", "normal_", "random_", "bernoulli_", "exponential_", "cauchy_", "log_normal_"):
        before = x._version
        getattr(x, fill)()
        assert x._version == before + 1, fill


def test_out_and_sizes():
    out = rushlight.empty(2, 3)
    assert rushlight.rand(2, 3, out=out) is out
    for size in (((2, 3),), ([2, 3],), (2, 3), (rushlight.Size([2, 3]),)):
        assert rushlight.randn(*size).shape == (2, 3)
    assert rushlight.randn(size=(2,)).shape == (2,)
    assert rushlight.rand(()).shape == ()
    assert rushlight.rand(2, 0).shape == (2, 0)
    assert rushlight.randint(high=3, size=(2,)).dtype is rushlight.int64
    assert rushlight.randint_like(rushlight.zeros(2), 1, 5).dtype is rushlight.float32
