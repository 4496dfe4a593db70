"""Cases: an operation declared once, from which the tests (test_ops.py) and benchmarks derive the rest.

    from harness import OpCase, T, call, fails

    CASES = [
        OpCase(
            "nn.functional.layer_norm",                       # its name, in rushlight and in PyTorch
            [
                call(T(4, 8), (8,), T(8), T(8)),              # T: a random tensor of that shape
                call(T(2, 3, 4), (3, 4), eps=1e-3),
            ],
            reference=layer_norm,                             # NumPy: arrays (float64) in, arrays out
            composed=ops.norm.layer_norm_composed,            # Tensors in, Tensors out
            big=call(T(512, 768), (768,)),                    # large enough to go parallel
            errors=[fails(RuntimeError, "layer_norm: weight must have shape", T(4, 8), (8,), T(3))],
        ),
    ]

From each case, test_ops.py derives: values against the reference in every dtype, the composed
definition, PyTorch where installed (values, dtype, shape, gradients), float32 gradients against
float64's, gradcheck and gradgradcheck, non-contiguous inputs, inputs left alone, the method, the
in-place and the `out=` form where they exist, the same bits on 1 and 3 threads, the errors.
"""

from __future__ import annotations

import importlib
import pkgutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import rushlight
from rushlight import dtypes
from rushlight.tensor import Tensor, wrap

# (rtol, atol) against a float64 reference. atol counts in units of the largest value compared, when
# that is above 1: an element of a long sum is as exact as the sum's terms, not as itself.
TOLERANCE = {
    "float64": (1e-9, 1e-11),
    "complex128": (1e-9, 1e-11),
    "float32": (1e-5, 2e-6),
    "complex64": (1e-5, 2e-6),
    "float16": (2e-3, 2e-3),
    "bfloat16": (1.6e-2, 1.6e-2),
}
GRADIENT_FACTOR = 10  # gradients pass through two or more kernels
FLOATS = ("float32", "float64")
ODD_SHAPES = [(), (1,), (0,), (1, 1), (2, 0, 3), (37,), (5, 7, 3)]


class T:
    """A random tensor to be made: normal values, or uniform in [low, high) when those are given.

    Args:
        shape: Its dimensions, one argument each.
        dtype: Name of a fixed dtype ('int64' for indices, 'bool' for masks); None: the one under test.
        low, high: Range of the values; integers default to [-9, 10).
        values: The values themselves (an array or nested list), instead of random ones.
        distinct: A random permutation of spaced values, for operations that choose (sort, max-pool).
        grad: Whether the operation is differentiable in it.
    """

    def __init__(
        self,
        *shape: int,
        dtype: str | None = None,
        low: float | None = None,
        high: float | None = None,
        values: Any = None,
        distinct: bool = False,
        grad: bool = True,
    ) -> None:
        self.shape = tuple(np.shape(values)) if values is not None else shape
        self.dtype, self.low, self.high = dtype, low, high
        self.values, self.distinct, self.grad = values, distinct, grad

    def __repr__(self) -> str:
        return f"T{self.shape}" + (f":{self.dtype}" if self.dtype else "")

    def with_shape(self, shape: tuple[int, ...]) -> T:
        return T(
            *shape, dtype=self.dtype, low=self.low, high=self.high, distinct=self.distinct, grad=self.grad
        )

    def make(self, rng: np.random.Generator, dtype: str) -> np.ndarray:
        target = dtypes.named(self.dtype or dtype).numpy
        if self.values is not None:
            return np.array(self.values).astype(target)
        if target.kind == "b":
            return np.array(rng.random(self.shape) < 0.5)
        if self.distinct:
            n = int(np.prod(self.shape))
            spread = rng.permutation(n).reshape(self.shape)
            return spread.astype(target) if target.kind in "iu" else ((spread - n / 2) / 7).astype(target)
        if target.kind in "iu":
            low = self.low if self.low is not None else (0 if target.kind == "u" else -9)
            return rng.integers(int(low), int(10 if self.high is None else self.high), self.shape, target)
        low, high = self.low, self.high
        drawn = [
            rng.standard_normal(self.shape) if low is None and high is None
            else rng.uniform(-1 if low is None else low, 1 if high is None else high, self.shape)
            for _ in range(2)
        ]  # fmt: skip
        a = drawn[0] + 1j * drawn[1] if target.kind == "c" else drawn[0]
        # The float64 reference must start from the very values that the narrow dtype holds.
        return np.asarray(a).astype(target)


@dataclass(frozen=True)
class Call:
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    raises: type[Exception] | None = None
    match: str = ""

    def __repr__(self) -> str:
        parts = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return "(" + ", ".join(parts) + ")"

    def specs(self) -> list[T]:
        found: list[T] = []
        _map((self.args, self.kwargs), T, lambda t: found.append(t))
        return found


def call(*args: Any, **kwargs: Any) -> Call:
    """Arguments for one call of the operation; each `T` in them, also inside lists, becomes a tensor."""
    return Call(args, kwargs)


def fails(exception: type[Exception], match: str, *args: Any, **kwargs: Any) -> Call:
    """Arguments that must raise `exception` with a message containing `match` (plain text)."""
    return Call(args, kwargs, exception, match)


@dataclass
class OpCase:
    """One operation. See the module's docstring.

    Attributes:
        name: Dotted name below `rushlight`, the same below `torch`: 'softmax', 'Tensor.add_',
            'nn.functional.gelu', 'linalg.norm'.
        calls: Calls whose results are compared.
        reference: The operation in NumPy; it gets float64 (or complex128, integer, bool) arrays.
        composed: The operation's composed definition.
        dtypes: Dtypes compared with the reference and PyTorch.
        any_shape: Element-wise: each call is repeated with its tensors in odd shapes (0-d, empty, ...).
        big: A call large enough to run on several threads.
        errors: Calls that must fail, made with `fails`.
        grad, gradgrad: Whether first and second derivatives are defined.
        random: Draws random numbers; the seed is set before every call.
        torch: PyTorch's function when its name differs; False: PyTorch has none.
        torch_dtypes: Dtypes compared with PyTorch when it lacks some; default `dtypes`.
        rtol, atol: For float32, when looser than TOLERANCE; `reason` must then say why.
        also: Further public names that these calls cover (aliases, in-place forms).
        variants: Whether to try the method, in-place and `out=` forms.
        layouts: Whether to try inputs that are not contiguous; False where the memory's layout is the point.
    """

    name: str
    calls: Sequence[Call]
    reference: Callable[..., Any] | None = None
    composed: Callable[..., Any] | None = None
    dtypes: Sequence[str] = FLOATS
    any_shape: bool = False
    big: Call | None = None
    errors: Sequence[Call] = ()
    grad: bool = True
    gradgrad: bool = True
    random: bool = False
    torch: str | Callable[..., Any] | bool | None = None
    torch_dtypes: Sequence[str] | None = None
    rtol: float | None = None
    atol: float | None = None
    reason: str = ""
    also: Sequence[str] = ()
    variants: bool = True
    layouts: bool = True
    id: str = field(default="")

    def __post_init__(self) -> None:
        if (self.rtol or self.atol) and not self.reason:
            raise ValueError(f"OpCase {self.name}: a tolerance of its own needs a reason")
        if self.any_shape:
            self.calls = [*self.calls, *(reshaped(self.calls[0], s) for s in ODD_SHAPES)]
        self.id = self.id or self.name

    @property
    def op(self) -> Callable[..., Any]:
        return self.seeded(resolve(rushlight, self.name), rushlight)

    def torch_op(self, torch: Any) -> Callable[..., Any]:
        f = self.torch if callable(self.torch) else resolve(torch, str(self.torch or self.name))
        return self.seeded(f, torch)

    def seeded(self, f: Callable[..., Any], library: Any) -> Callable[..., Any]:
        if not self.random:
            return f

        def with_seed(*args: Any, **kwargs: Any) -> Any:
            library.manual_seed(0)
            return f(*args, **kwargs)

        return with_seed

    def tolerance(self, dtype: str, factor: float = 1.0) -> tuple[float, float]:
        rtol, atol = TOLERANCE.get(dtype, (0.0, 0.0))
        if dtype in ("float32", "complex64"):
            rtol, atol = self.rtol or rtol, self.atol or atol
        return rtol * factor, atol * factor


def reshaped(c: Call, shape: tuple[int, ...]) -> Call:
    """The call with all its tensors in another shape."""
    args, kwargs = _map((c.args, c.kwargs), T, lambda t: t.with_shape(shape))
    return replace(c, args=args, kwargs=kwargs)


def resolve(root: Any, name: str) -> Any:
    for part in name.split("."):
        root = getattr(root, part)
    return root


# -- Values of a call --------------------------------------------------------------------------------


@dataclass
class Leaf:
    """A tensor of a call, as an array; `grad`: the operation is differentiable in it."""

    array: np.ndarray
    grad: bool


def _map(value: Any, kind: type, f: Callable[[Any], Any]) -> Any:
    """`value` with f applied to every instance of `kind`, inside tuples, lists and dicts too."""
    if isinstance(value, kind):
        return f(value)
    if isinstance(value, dict):
        return {k: _map(v, kind, f) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_map(v, kind, f) for v in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


class Sample:
    """A call with its random values drawn: the same ones for every library and layout."""

    def __init__(self, c: Call, dtype: str) -> None:
        rng = np.random.default_rng(zlib.crc32(repr(c).encode()))

        def leaf(spec: T) -> Leaf:
            array = spec.make(rng, dtype)
            return Leaf(array, spec.grad and (array.dtype.kind in "fc" or array.dtype.kind == "V"))

        self.args, self.kwargs = _map((c.args, c.kwargs), T, leaf)

    def leaves(self) -> list[Leaf]:
        found: list[Leaf] = []
        _map((self.args, self.kwargs), Leaf, lambda leaf: found.append(leaf))
        return found

    def to(self, convert: Callable[[Leaf], Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return _map((self.args, self.kwargs), Leaf, convert)

    def tensors(self, grad: bool = False, layout: str = "C") -> tuple[tuple[Any, ...], dict[str, Any], list]:
        """Arguments for rushlight and the list of the tensors that require grad."""
        wanting: list[Any] = []

        def convert(leaf: Leaf) -> Any:
            t = wrap(in_layout(leaf.array, layout))
            if grad and leaf.grad:
                t.requires_grad_()
                wanting.append(t)
            return t

        args, kwargs = self.to(convert)
        return args, kwargs, wanting

    def torch_tensors(
        self, torch: Any, grad: bool = False, layout: str = "C"
    ) -> tuple[tuple[Any, ...], dict[str, Any], list]:
        wanting: list[Any] = []

        def convert(leaf: Leaf) -> Any:
            t = to_torch(torch, in_layout(leaf.array, layout))
            if grad and leaf.grad:
                t.requires_grad_()
                wanting.append(t)
            return t

        args, kwargs = self.to(convert)
        return _map((args, kwargs), dtypes.dtype, lambda d: getattr(torch, d.name)) + (wanting,)


def wide(a: np.ndarray) -> np.ndarray:
    """The array in the reference's precision."""
    if a.dtype.kind == "c":
        return a.astype(np.complex128)
    return a.astype(np.float64) if a.dtype.kind in "fV" else a.copy()


def in_layout(a: np.ndarray, layout: str) -> np.ndarray:
    """A copy of `a` in memory order 'C', with dimensions 'reversed', or with 'gaps' between elements."""
    if layout == "reversed":
        return np.array(a.transpose(), order="C").transpose()
    if layout == "gaps" and a.ndim:
        spaced = np.zeros((*a.shape[:-1], a.shape[-1] * 2 + 1), a.dtype)[..., 1::2]
        spaced[...] = a
        return spaced
    return a.copy()


def to_torch(torch: Any, a: np.ndarray) -> Any:
    if a.dtype.name == "bfloat16":
        return torch.from_numpy(a.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(np.asarray(a))


def flat(out: Any) -> list[np.ndarray]:
    """The tensors in a result of either library or NumPy, as arrays (bfloat16 ones in float32)."""
    if isinstance(out, Tensor):
        a = out.detach()._array
        return [a.astype(np.float32) if a.dtype.name == "bfloat16" else a]
    if isinstance(out, dict):
        return [a for v in out.values() for a in flat(v)]
    if isinstance(out, (list, tuple)):
        return [a for v in out for a in flat(v)]
    if out is None:
        return []
    if hasattr(out, "detach"):  # PyTorch's
        out = out.detach().resolve_conj().resolve_neg()
        return [(out.float() if str(out.dtype) == "torch.bfloat16" else out).numpy()]
    return [np.asarray(out)]


def differentiable(out: Any) -> list[Any]:
    """The tensors of a result that have a gradient."""
    items = list(out.values()) if isinstance(out, dict) else out if isinstance(out, (list, tuple)) else [out]
    found = [t for v in items for t in (differentiable(v) if isinstance(v, (list, tuple, dict)) else [v])]
    return [t for t in found if getattr(t, "requires_grad", False)]


def cotangents(outs: list[np.ndarray], dtype: np.dtype | None = None) -> list[np.ndarray]:
    """A fixed gradient for each output: values of both signs that differ everywhere."""
    made = []
    for k, o in enumerate(outs):
        a = np.cos(np.arange(o.size, dtype=np.float64) * 0.7 + k).reshape(o.shape)
        a = a + 1j * np.sin(a * 3) if o.dtype.kind == "c" else a
        made.append(np.asarray(a).astype(dtype or o.dtype))
    return made


def assert_close(actual: Any, expected: Any, tolerance: tuple[float, float], what: str) -> None:
    """Same structure, shapes and values; NaN equals NaN."""
    got, want = flat(actual), flat(expected)
    assert len(got) == len(want), f"{what}: {len(got)} results, expected {len(want)}"
    rtol, atol = tolerance
    for k, (a, b) in enumerate(zip(got, want)):
        assert a.shape == b.shape, f"{what}: result {k} has shape {a.shape}, expected {b.shape}"
        if a.dtype.kind == "b" or b.dtype.kind == "b":
            np.testing.assert_array_equal(a.astype(bool), b.astype(bool), err_msg=what)
            continue
        a, b = wide(a), wide(b)
        finite = np.abs(b[np.isfinite(b)]) if b.size else np.zeros(0)
        scale = max(1.0, float(finite.max())) if finite.size else 1.0
        np.testing.assert_allclose(
            a, b, rtol=rtol, atol=atol * scale, equal_nan=True, err_msg=f"{what}, result {k}"
        )


# -- Finding the cases ---------------------------------------------------------------------------------


def families() -> Iterator[Any]:
    """The modules of tests/cases."""
    import cases

    for info in sorted(pkgutil.iter_modules(cases.__path__), key=lambda i: i.name):
        yield importlib.import_module(f"cases.{info.name}")


def all_cases() -> list[OpCase]:
    """Every case of every family; ids are made unique."""
    found: list[OpCase] = []
    seen: dict[str, int] = {}
    for module in families():
        for case in module.CASES:
            n = seen[case.id] = seen.get(case.id, 0) + 1
            case.id = case.id if n == 1 else f"{case.name}#{n}"
            found.append(case)
    return found
