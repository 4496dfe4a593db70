"""Functions of two tensors: remainders and %, extremes, angles, logarithms of sums, divisors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.core import TensorBase
from ..errors import not_ours
from ..tensor import Tensor, into, make_inplace, method, wrap
from .arithmetic import check_zero, div
from .elementwise import (
    BINARY,
    OPERANDS,
    Binary,
    as_array,
    binary,
    conj,
    refuse,
    require_tensor,
    save_pair,
    work_dtype,
)
from .promotion import result_type

__all__ = [
    "arctan2",
    "atan2",
    "copysign",
    "fmax",
    "fmin",
    "fmod",
    "gcd",
    "heaviside",
    "hypot",
    "lcm",
    "logaddexp",
    "logaddexp2",
    "maximum",
    "minimum",
    "nextafter",
    "remainder",
    "xlogy",
]


# -- functions of two operands, by their derivatives ----------------------------------------------------------
def _dividing(fn: Any) -> Any:
    """`fn`, and the error of integers divided by 0."""

    def divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if a.dtype.kind in "iub":
            check_zero(b)
        return fn(a, b)

    return divide


def np_logaddexp(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """log(e**a + e**b), of complex numbers from the one with the larger real part, whose turns it keeps."""
    if a.dtype.kind != "c":
        return np.logaddexp(a, b)
    first = a.real >= b.real
    most, least = np.where(first, a, b), np.where(first, b, a)
    with np.errstate(all="ignore"):
        y = most + np.log1p(np.exp(least - most))
    same = np.isinf(most.real) & (most.real == least.real)  # inf - inf
    return np.where(same, np.log(np.exp(a) + np.exp(b)), y) if same.any() else y


def _np_lcm(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """As C: narrow integers are computed as int, and a product that wraps around loses its sign after that."""
    if a.itemsize < 4:
        a, b = a.astype(np.int32), b.astype(np.int32)
    return np.abs(np.lcm(a, b))


def _np_xlogy(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(b), b, np.where(a == 0, 0, a * np.log(np.where(a == 0, 1, b)))).astype(a.dtype)


def _half_where(dz: Tensor, lost: Tensor, equal: Tensor) -> Tensor:
    """dz but where `lost`, half of it where `equal`: two that tie share the gradient. Beside a NaN both have it."""
    return dz.masked_fill(lost, 0) * (1 - equal.to(dz.dtype) * 0.5)


def _over_square(x: Any, y: Any) -> Any:
    """1 / (x*x + y*y), and 0 at the origin."""
    s = x * x + y * y
    none = s == 0
    return s.masked_fill(none, 1).reciprocal().masked_fill(none, 0)


def _keep(dz: Tensor, mask: Tensor) -> Tensor:
    return dz.masked_fill(~mask, 0)


def _define(
    name: str,
    fn: Any,
    floating: bool,
    derivatives: tuple,
    doc: str,
    *,
    node: str = "",
    number_node: str = "",
    tensors: bool = False,
    number_first: bool = False,
    inplace: bool = True,
    without: str = "",
    base: type = Binary,
    saves_result: bool = False,
) -> Any:
    """A function of two operands.

    Args:
        number_node: The node's name where `other` is a number.
        tensors: Neither may be a number.
        number_first: `input` may be a number, with a tensor as `other`.
    """
    fields = {
        "without": without,
        "title": name,
        "op": BINARY.get(name),
        "fn": staticmethod(fn),
        "floating": floating,
        "derivatives": derivatives,
        "saves_result": saves_result,
        "__doc__": doc,
        "__module__": __name__,
    }
    kind: Any = type(node or f"{name.capitalize()}Backward0", (base,), fields)
    number_kind: Any = type(number_node, (kind,), {"__module__": __name__}) if number_node else kind

    def function(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
        number = not isinstance(other, TensorBase)
        if number or not number_first:
            require_tensor(name, input)
        if number and tensors:
            require_tensor(name, other, "other")
        z = (number_kind if number else kind).apply(input, other)
        return z if out is None else into(out, z, name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    method(inplace=inplace)(function)
    return function


remainder = _define(
    "remainder",
    _dividing(np.remainder),
    False,
    (lambda dz, x, y, z: dz, lambda dz, x, y, z: -dz * div(x, y, rounding_mode="floor")),
    "The remainder of `input / other` with the sign of `other`, as Python's %.",
    node="RemainderBackward1",
    number_node="RemainderBackward0",
    number_first=True,
    without="bc",
)
fmod = _define(
    "fmod",
    _dividing(np.fmod),
    False,
    (lambda dz, x, y, z: dz, lambda dz, x, y, z: -dz * div(x, y, rounding_mode="trunc")),
    "The remainder of `input / other` with the sign of `input`, as C's fmod.",
    node="FmodBackward1",
    number_node="FmodBackward0",
    without="bc",
)
maximum = _define(
    "maximum",
    np.maximum,
    False,
    (
        lambda dz, x, y, z: _half_where(dz, x < y, x == y),
        lambda dz, x, y, z: _half_where(dz, y < x, x == y),
    ),
    "The larger of two, element by element; NaN if either is. Where they tie, each gets half the gradient.",
    tensors=True,
    inplace=False,
    without="c",
)
minimum = _define(
    "minimum",
    np.minimum,
    False,
    (
        lambda dz, x, y, z: _half_where(dz, x > y, x == y),
        lambda dz, x, y, z: _half_where(dz, y > x, x == y),
    ),
    "The smaller of two, element by element; NaN if either is. Where they tie, each gets half the gradient.",
    tensors=True,
    inplace=False,
    without="c",
)
fmax = _define(
    "fmax",
    np.fmax,
    False,
    (
        lambda dz, x, y, z: _keep(dz, (x >= y) | y.isnan()),
        lambda dz, x, y, z: _keep(dz, ~((x >= y) | y.isnan())),
    ),
    "The larger of two, element by element; the other one where one is NaN.",
    tensors=True,
    inplace=False,
    without="c",
)
fmin = _define(
    "fmin",
    np.fmin,
    False,
    (
        lambda dz, x, y, z: _keep(dz, (x <= y) | y.isnan()),
        lambda dz, x, y, z: _keep(dz, ~((x <= y) | y.isnan())),
    ),
    "The smaller of two, element by element; the other one where one is NaN.",
    tensors=True,
    inplace=False,
    without="c",
)
atan2 = _define(
    "atan2",
    np.arctan2,
    True,
    (
        lambda dz, x, y, z: dz * (y * _over_square(x, y)),
        lambda dz, x, y, z: dz * (-x * _over_square(x, y)),
    ),
    "The angle of the point (other, input) in radians, in (-pi, pi].",
    tensors=True,
    without="c",
)
arctan2 = atan2
method("arctan2")(atan2)
make_inplace(atan2, "arctan2_")
hypot = _define(
    "hypot",
    np.hypot,
    True,
    (lambda dz, x, y, z: dz * (x / z), lambda dz, x, y, z: dz * (y / z)),
    "sqrt(input**2 + other**2), without overflow on the way.",
    tensors=True,
    without="bic",
    saves_result=True,
)
logaddexp = _define(
    "logaddexp",
    np_logaddexp,
    True,
    (lambda dz, x, y, z: dz * conj((x - y).sigmoid()), lambda dz, x, y, z: dz * conj((y - x).sigmoid())),
    "log(exp(input) + exp(other)), without overflow on the way.",
    tensors=True,
    inplace=False,
    without="bi",
)
logaddexp2 = _define(
    "logaddexp2",
    np.logaddexp2,
    True,
    (
        lambda dz, x, y, z: dz * ((x - y) * math.log(2)).sigmoid(),
        lambda dz, x, y, z: dz * ((y - x) * math.log(2)).sigmoid(),
    ),
    "log2(2**input + 2**other), without overflow on the way.",
    tensors=True,
    inplace=False,
    without="bic",
)
copysign = _define(
    "copysign",
    np.copysign,
    True,
    (
        lambda dz, x, y, z: dz * (z.sign() * x.sign()),
        lambda dz, x, y, z: dz * 0,
    ),
    "The magnitude of `input` with the sign of `other` (also of -0.).",
    number_node="CopysignBackward1",
    without="c",
    saves_result=True,
)
xlogy = _define(
    "xlogy",
    _np_xlogy,
    True,
    (
        lambda dz, x, y, z: dz * _log_where(x, y, dz.dtype),
        lambda dz, x, y, z: dz * (x / y),
    ),
    "`input * log(other)`: 0 where `input` is 0, whatever `other` (but NaN).",
    number_node="XlogyBackward2",
    number_first=True,
    without="c",
)


class _Nextafter(Binary):
    """The next number of half precision is not that of float32."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Tensor:
        d = result_type(x, y)
        if work_dtype(d) is d:
            return Binary.forward(ctx, x, y)
        save_pair(ctx, x, y)
        return wrap(np.nextafter(as_array(x, d), as_array(y, d)))


nextafter = _define(
    "nextafter",
    np.nextafter,
    True,
    (lambda dz, x, y, z: _keep(dz, x != y), lambda dz, x, y, z: dz * 0),
    "The next number after `input` towards `other`.",
    tensors=True,
    without="bic",
    base=_Nextafter,
)


def _log_where(x: Any, y: Any, dtype: Any) -> Any:
    """log(y) in `dtype`, 0 where x is 0 and y is not positive."""
    y = y.to(dtype) if isinstance(y, TensorBase) else x.new_full((), y, dtype=dtype)  # type: ignore[attr-defined]
    none = (x == 0) & (y <= 0)
    return y.masked_fill(none, 1).log()


# -- remainder of the operators -------------------------------------------------------------------------------
@method("__mod__")
def _mod(self: Tensor, other: Any) -> Any:
    return remainder(self, other) if isinstance(other, OPERANDS) else not_ours(other)


@method("__rmod__")
def _rmod(self: Tensor, other: Any) -> Any:
    return remainder(other, self) if isinstance(other, OPERANDS) else not_ours(other)


Tensor.__imod__ = Tensor.remainder_  # type: ignore[attr-defined]


@method(inplace=True)
def heaviside(input: Tensor, values: Tensor, *, out: Tensor | None = None) -> Tensor:
    """0 where `input` is negative, 1 where it is positive, `values` where it is 0.

    Example:
        >>> heaviside(rushlight.tensor([-1.0, 0.0, 2.0]), rushlight.tensor([0.5]))
        tensor([0.0000, 0.5000, 1.0000])
    """
    require_tensor("heaviside", input)
    require_tensor("heaviside", values, "values")
    refuse("heaviside", input, "c")
    if input.dtype is not values.dtype:
        raise RuntimeError(f"heaviside: values must have input's dtype {input.dtype}, got {values.dtype}")
    d = input.dtype
    z = binary(
        "heaviside",
        None,
        lambda a, b: np.where(a == 0, b, a > 0).astype(a.dtype),
        input.to(work_dtype(d)),
        values.to(work_dtype(d)),
    )  # type: ignore[attr-defined]
    z = z.to(d)  # type: ignore[attr-defined]
    return z if out is None else into(out, z, "heaviside")


def _integers(name: str, x: Tensor, y: Any) -> None:
    require_tensor(name, x)
    require_tensor(name, y, "other")
    d = result_type(x, y)
    if d.category != dtypes.INTEGER:
        raise NotImplementedError(f"{name}: inputs must be integer tensors, got {d}")


@method(inplace=True)
def gcd(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The greatest common divisor, element by element.

    Example:
        >>> gcd(rushlight.tensor([12, 7]), rushlight.tensor([8, 3]))
        tensor([4, 1])
    """
    _integers("gcd", input, other)
    z = binary("gcd", None, np.gcd, input, other)
    return z if out is None else into(out, z, "gcd")


@method(inplace=True)
def lcm(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The least common multiple, element by element.

    Example:
        >>> lcm(rushlight.tensor([4, 5]), rushlight.tensor([6, 10]))
        tensor([12, 10])
    """
    _integers("lcm", input, other)
    z = binary("lcm", None, _np_lcm, input, other)
    return z if out is None else into(out, z, "lcm")
