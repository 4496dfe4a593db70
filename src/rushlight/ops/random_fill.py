"""Filling a tensor with random numbers: `uniform_`, `normal_`, `random_` and the other in-place methods.

NOTE [Order of drawing]: a fill draws in the order in which the elements lie in memory (dims by falling
stride), so a transposed tensor gets the transposed values. Normals have two rules: 16 or more elements in
standard order are made in blocks of 16 from float32 uniforms; fewer, or strided, one pair after the other in
double precision, where the second of an odd pair is kept for the next such call. See csrc/kernels/random.h.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.inplace import assign, check_inplace
from ..errors import warn
from ..random import Generator, generator_state
from ..stream import kernels
from ..tensor import Tensor, method, wrap

__all__: list[str] = []  # methods of Tensor only

UNIFORM, EXPONENTIAL, GEOMETRIC, CAUCHY = range(4)  # csrc/kernels/random.h::RandomKind
_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
_DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}  # of the significand


# -- filling ----------------------------------------------------------------------------------------
def in_memory_order(array: np.ndarray) -> np.ndarray:
    """A view of `array` whose dims are sorted by falling stride: the order in which random fills draw."""
    if array.flags.c_contiguous:
        return array
    order = sorted(range(array.ndim), key=lambda i: -array.strides[i])
    return array.transpose(order)


def _fill(self: Tensor, function: str, make: Callable[[Any], Tensor], dtype: np.dtype) -> Tensor:
    """Fill `self` with what `make(target)` gives in `dtype`, drawn in memory order."""
    recorded = check_inplace(self, function)
    array = self._array
    if array.dtype.kind == "c":
        raise NotImplementedError(f"{function}: the tensor's dtype must be real, got {self.dtype}")
    if recorded:
        fresh = wrap(np.empty_like(array))
        _fill(fresh, function, make, dtype)
        return assign(self, _NODES[function].apply(self, fresh), function)
    if array.dtype == dtype and array.flags.c_contiguous and array.flags.writeable:
        make(self)
    else:
        _check_writeable(array, function)
        view = in_memory_order(array)
        np.copyto(view, make(view.shape)._array, casting="unsafe")
    self._bump()
    return self


def _check_writeable(array: np.ndarray, function: str) -> None:
    if not array.flags.writeable:
        raise RuntimeError(f"{function}: the tensor's memory is read-only; use .clone() first")
    if array.size and any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True)):
        raise RuntimeError(
            f"{function}: unsupported operation: more than one element of the written-to tensor refers to a single "
            "memory location; use .clone() first"
        )


class _Filled(Function):
    """A value that does not depend on the one before: its gradient is zero."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, *values: Any) -> Tensor:
        return values[0]

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Any, ...]:
        zeros = [
            wrap(np.zeros(dy._array.shape, dy._array.dtype)) if n else None for n in ctx.needs_input_grad
        ]
        return tuple(zeros)


def _node(name: str) -> type[Function]:
    return type(name, (_Filled,), {"__module__": __name__, "__doc__": _Filled.__doc__})


_NODES = {
    "uniform_": _node("UniformBackward0"),
    "normal_": _node("NormalBackward0"),
    "exponential_": _node("ExponentialBackward0"),
    "cauchy_": _node("CauchyBackward0"),
    "geometric_": _node("GeometricBackward0"),
    "log_normal_": _node("LogNormalBackward0"),
    "random_": _node("RandomBackward0"),
    "bernoulli_": _node("BernoulliBackward1"),
    "bernoulli": _node("BernoulliBackward0"),
    "normal": _node("NormalBackward3"),
    "poisson": _node("PoissonBackward0"),
    "binomial": _node("BinomialBackward0"),
}


def _floating(self: Tensor, function: str) -> dtypes.dtype:
    d = self.dtype
    if d.category < dtypes.FLOAT:
        raise NotImplementedError(f"{function}: the tensor's dtype must be a floating-point one, got {d}")
    return d


def _continuous(self: Tensor, function: str) -> None:
    if self.dtype.category != dtypes.FLOAT:
        raise RuntimeError(
            f"{function}: the tensor's dtype must be a floating-point one (it is a continuous probability distribution), "
            f"got {self.dtype}"
        )


@functools.cache
def _range(d: dtypes.dtype) -> tuple[Any, ...]:
    """The least and greatest value of a real dtype."""
    info = dtypes.finfo(d) if d.is_floating_point else dtypes.iinfo(d)
    return info.min, info.max


def _uniform(self: Tensor, low: float, high: float, state: np.ndarray) -> Tensor:
    d = _floating(self, "uniform_")
    if d.is_complex:
        _uniform(_parts(self), low, high, state)
        self._bump()
        return self
    limit = _range(d)[1]
    for name, value in (("from", low), ("to", high)):
        if not -limit <= value <= limit:
            raise RuntimeError(
                f"uniform_: {name} is out of bounds for {d}: must be in [{-limit:g}, {limit:g}], got {value}"
            )
    if low > high:
        raise RuntimeError(f"uniform_: from must be at most to, got from={low} and to={high}")
    if d is dtypes.float64:
        return _fill(
            self, "uniform_", lambda t: kernels.random_double(state, t, UNIFORM, low, high - low), _FLOAT64
        )
    span = float(np.float32(high) - np.float32(low))
    if d is dtypes.float32:
        return _fill(self, "uniform_", lambda t: kernels.random_uniform(state, t, low, span), _FLOAT32)

    def rounded(shape: Any) -> Tensor:  # rounding must not give `to` itself
        x = kernels.random_uniform(state, shape, low, span)._array.astype(d.numpy)
        return wrap(np.where(x == d.numpy.type(high), d.numpy.type(low), x))

    return _fill(self, "uniform_", rounded, np.dtype("V1"))


def _parts(self: Tensor) -> Tensor:
    """Real and imaginary parts of a complex tensor, as a last dim of 2."""
    array = self._array
    real = _FLOAT32 if array.dtype.itemsize == 8 else _FLOAT64
    parts = np.lib.stride_tricks.as_strided(array.real, (*array.shape, 2), (*array.strides, real.itemsize))
    return wrap(parts)


def _normal(self: Tensor, mean: float, std: float, state: np.ndarray) -> Tensor:
    d = _floating(self, "normal_")
    if not std >= 0:
        raise RuntimeError(f"normal_: std must be at least 0 (normal expects std >= 0.0), got {std}")
    if d.is_complex:
        _normal(_parts(self), mean, std / math.sqrt(2), state)
        self._bump()
        return self
    strided = not self._array.flags.c_contiguous
    if d is dtypes.float64:
        return _fill(
            self, "normal_", lambda t: kernels.random_normal_double(state, t, mean, std, strided), _FLOAT64
        )
    rule = 1 if strided else 0 if d is dtypes.float32 else 2
    return _fill(self, "normal_", lambda t: kernels.random_normal(state, t, mean, std, rule), _FLOAT32)


def _from_double(
    self: Tensor, function: str, kind: int, a: float, b: float, generator: Generator | None
) -> Tensor:
    state = generator_state(generator, function)
    return _fill(self, function, lambda t: kernels.random_double(state, t, kind, a, b), _FLOAT64)


def _arguments(
    function: str,
    names: tuple[Any, ...],
    defaults: tuple[Any, ...],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> tuple[Any, ...]:
    """Arguments that Python cannot name (`from`), by position or keyword."""
    if len(args) > len(names):
        raise TypeError(f"{function}: takes at most {len(names)} positional arguments, got {len(args)}")
    values = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in names or name in values:
            raise TypeError(f"{function}: got an unexpected or repeated argument {name!r}")
        values[name] = value
    return tuple([values.get(name, default) for name, default in zip(names, defaults, strict=True)])


@method()
def uniform_(self: Tensor, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
    """Fill with uniform numbers: `uniform_(from=0, to=1, *, generator=None)`, in [from, to).

    Raises:
        RuntimeError: from > to, or beyond the dtype's range.
        NotImplementedError: the dtype is no floating-point one.

    Example:
        >>> _ = rushlight.manual_seed(0)
        >>> rushlight.empty(3).uniform_(-1, 1)
        tensor([-0.0075,  0.5364, -0.8230])
    """
    low, high = _arguments("uniform_", ("from", "to"), (0.0, 1.0), args, kwargs)
    return _uniform(self, float(low), float(high), generator_state(generator, "uniform_"))


@method()
def normal_(self: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers of that mean and standard deviation.

    Raises:
        RuntimeError: `std` is negative.
        NotImplementedError: the dtype is no floating-point one.

    Example:
        >>> _ = rushlight.manual_seed(0)
        >>> rushlight.empty(3).normal_(10, 2)
        tensor([13.0820,  9.4131,  5.6424])
    """
    return _normal(self, float(mean), float(std), generator_state(generator, "normal_"))


@method()
def exponential_(self: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponentially distributed numbers of rate `lambd` (mean 1/lambd)."""
    _continuous(self, "exponential_")
    if not lambd > 0:
        raise RuntimeError(
            f"exponential_: lambd must be greater than 0 (exponential_ expects lambda > 0.0), got {lambd}"
        )
    return _from_double(self, "exponential_", EXPONENTIAL, float(lambd), 0.0, generator)


@method()
def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the number of trials up to the first success, each of probability `p`."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_: p must be in (0, 1), got {p}")
    if self.dtype is dtypes.bool_:
        raise NotImplementedError("geometric_: the tensor's dtype must not be torch.bool")
    return _from_double(self, "geometric_", GEOMETRIC, math.log(1 - p), 0.0, generator)


@method()
def cauchy_(
    self: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None
) -> Tensor:
    """Fill with Cauchy distributed numbers: median + sigma * tan(pi * (u - 1/2))."""
    _continuous(self, "cauchy_")
    if not sigma > 0:
        raise RuntimeError(
            f"cauchy_: sigma must be greater than 0 (cauchy_ expects sigma > 0.0), got {sigma}"
        )
    return _from_double(self, "cauchy_", CAUCHY, float(median), float(sigma), generator)


@method()
def log_normal_(
    self: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers whose logarithm is normal with that mean and standard deviation."""
    _floating(self, "log_normal_")
    if not std > 0:
        raise RuntimeError(
            f"log_normal_: std must be greater than 0 (log_normal_ expects std > 0.0), got {std}"
        )
    state = generator_state(generator, "log_normal_")

    def make(target: Any) -> Tensor:
        z = kernels.random_normal_double(state, target, float(mean), float(std), True)
        np.exp(z._array, out=z._array)
        return z

    return _fill(self, "log_normal_", make, _FLOAT64)


@method()
def random_(self: Tensor, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
    """Fill with integers: `random_(to)`, `random_(from, to)` in [from, to), `random_()` over the dtype's range.

    For floating-point types the range is the integers they hold exactly, from 0.

    Raises:
        RuntimeError: the range is empty, or beyond the dtype's.
    """
    if len(args) == 1 and "to" not in kwargs and "from" not in kwargs:
        args = (0, *args)
    low, high = _arguments("random_", ("from", "to"), (None, None), args, kwargs)
    state, d = generator_state(generator, "random_"), self.dtype
    if low is None and high is None:
        return _random_all(self, d, state)
    low = 0 if low is None else low.__index__()
    if high is None:
        if d.is_complex:
            raise RuntimeError(f"random_: the tensor's dtype must be real, got {d}")
        top = (2 ** _DIGITS[d.name] if d.is_floating_point else 1 if d is dtypes.bool_ else _range(d)[1]) + 1
        if low >= top:
            raise RuntimeError(f"random_: from must be less than {top} for {d}, got {low}")
    else:
        top = high.__index__()
    return _integers(self, "random_", low, top, state)


def _random_all(self: Tensor, d: dtypes.dtype, state: np.ndarray) -> Tensor:
    if d.is_floating_point:
        return _draw_integers(self, "random_", 0, 2 ** _DIGITS[d.name] + 1, d is dtypes.float64, state)
    if d.category != dtypes.INTEGER:
        return _draw_integers(self, "random_", 0, 2, False, state)
    return _draw_integers(self, "random_", 0, _range(d)[1] + 1, d.itemsize == 8, state)


def _integers(self: Tensor, function: str, low: int, high: int, state: np.ndarray) -> Tensor:
    """Integers in [low, high), after checking that the dtype can hold them."""
    if low >= high:
        raise RuntimeError(
            f"{function}: the range must not be empty (random_ expects 'from' to be less than 'to'), got from={low} >= to={high}"
        )
    d = self.dtype
    if d.is_complex:
        raise RuntimeError(f"{function}: the tensor's dtype must be real, got {d}")
    if d.is_floating_point:
        least, most = _range(d)
        exact = 2 ** _DIGITS[d.name]
        for name, value in (("from", low), ("to - 1", high - 1)):
            if abs(value) > exact and least <= value <= most:
                warn(
                    f"{function}: {name} is out of bounds [-2**{_DIGITS[d.name]}, 2**{_DIGITS[d.name]}]: {d} does not hold "
                    "every integer beyond"
                )
    elif d is dtypes.bool_:
        least, most = 0, 1
    else:
        least, most = _range(d)
    for name, value in (("from", low), ("to - 1", high - 1)):
        if not least <= value <= most:
            raise RuntimeError(
                f"{function}: {name} is out of bounds for {d}: must be in [{least}, {most}], got {value}"
            )
    if d.is_floating_point:
        low, high = _representable(low, d, 1), _representable(high, d, -1)
    return _draw_integers(self, function, low, high - low, high - low >= 1 << 28, state)


def _representable(bound: int, d: dtypes.dtype, inward: int) -> int:
    """PyTorch's `from` (inward 1) or `to` (-1) for a type that cannot hold every integer near it."""
    near = int(np.asarray(bound + inward, d.numpy))
    if (near - bound) * inward > -1 + (inward < 0):
        return bound
    return near + inward * (1 << (abs(bound + inward).bit_length() - _DIGITS[d.name]))


def _draw_integers(
    self: Tensor, function: str, low: int, range: int, wide: bool, state: np.ndarray
) -> Tensor:
    bits = 0 if range == 1 << 64 else range
    return _fill(
        self, function, lambda t: kernels.random_integers(state, t, low, bits, wide), np.dtype(np.int64)
    )


@method()
def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1 with probability `p` (a number, or a tensor of them that broadcasts to this one), else 0."""
    state = generator_state(generator, "bernoulli_")
    if not isinstance(p, Tensor):
        p = float(p)
        if not 0 <= p <= 1:
            raise RuntimeError(
                f"bernoulli_: p must be in [0, 1] (bernoulli_ expects p to be in [0, 1]), got {p}"
            )
        return _fill(self, "bernoulli_", lambda t: kernels.random_mask(state, t, p), np.dtype(np.bool_))
    return _bernoulli_each(self, p, state, "bernoulli_")


def _bernoulli_each(self: Tensor, p: Tensor, state: np.ndarray, function: str) -> Tensor:
    if p.dtype.category != dtypes.FLOAT:
        raise NotImplementedError(
            f"{function}: the probabilities' dtype must be a floating-point one, got {p.dtype}"
        )
    odds = p._array
    if odds.dtype.itemsize < 4:
        odds = odds.astype(np.float32)
    if not (bool((odds >= 0).all()) and bool((odds <= 1).all())):
        raise RuntimeError(
            f"{function}: each probability must be in [0, 1] (Expected p_in >= 0 && p_in <= 1), got others"
        )
    array = self._array
    try:
        odds = np.broadcast_to(odds, array.shape)
    except ValueError:
        raise RuntimeError(
            f"{function}: p must be broadcastable to the tensor's shape {list(array.shape)}, got {list(odds.shape)}"
        ) from None
    order = (
        sorted(range(array.ndim), key=lambda i: -array.strides[i]) if not array.flags.c_contiguous else None
    )
    odds = odds if order is None else odds.transpose(order)

    def make(target: Any) -> Tensor:
        if odds.dtype == _FLOAT64:
            u = kernels.random_double(state, odds.shape, UNIFORM, 0.0, 1.0)._array
            hit = wrap(np.asarray(u < odds))
        else:
            hit = kernels.random_mask_each(state, odds.shape, wrap(np.ascontiguousarray(odds)))
        if isinstance(target, Tensor):
            np.copyto(target._array, hit._array)
            return target
        return hit

    return _fill(self, function, make, np.dtype(np.bool_))
