"""Arithmetic of two and three tensors: sums, products, quotients, powers, extremes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..errors import kind_of, not_ours
from ..kernels import _C, usable
from ..tensor import Tensor, into, make_inplace, method, wrap
from .elementwise import (
    BINARY,
    OPERANDS,
    TERNARY,
    UNARY,
    Binary,
    as_array,
    binary,
    binary_,
    conj,
    refuse,
    require_tensor,
    save_pair,
    saved_pair,
    shape_error,
    unary,
    work_dtype,
)
from .promotion import number, result_type

__all__ = [
    "add",
    "addcdiv",
    "addcmul",
    "arctan2",
    "atan2",
    "copysign",
    "div",
    "divide",
    "float_power",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "gcd",
    "heaviside",
    "hypot",
    "lcm",
    "ldexp",
    "lerp",
    "logaddexp",
    "logaddexp2",
    "maximum",
    "minimum",
    "mul",
    "multiply",
    "nextafter",
    "pow",
    "remainder",
    "rsub",
    "sub",
    "subtract",
    "true_divide",
    "xlogy",
]


# -- sums -------------------------------------------------------------------------------------------------
def _check_alpha(name: str, alpha: Any, x: Any, y: Any) -> None:
    d = result_type(x, y)
    if isinstance(alpha, float) and d.category < dtypes.FLOAT:
        raise RuntimeError(f"{name}: alpha must be an integer for integer tensors, got {alpha}")
    if isinstance(alpha, complex) and not d.is_complex:
        raise RuntimeError(f"{name}: alpha must be real for tensors that are not complex, got {alpha}")
    number(alpha, d, name, "alpha")  # it must fit


def _no_bool_sub(name: str, x: Any, y: Any) -> None:
    if any(isinstance(t, bool) or (isinstance(t, TensorBase) and t._array.dtype.kind == "b") for t in (x, y)):
        raise RuntimeError(
            f"{name}: input and other must not be bool; use ^ or logical_xor() for bool tensors"
        )


class AddBackward0(Function):
    alpha: Any = 1

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any, alpha: Any) -> Tensor:
        ctx.alpha = alpha
        if alpha == 1:
            return binary("add", _ADD, np.add, x, y, 1.0)
        _check_alpha("add", alpha, x, y)
        return binary("add", _ADD, lambda a, b: a + b * np.asarray(alpha).astype(b.dtype), x, y, alpha)

    @staticmethod
    def backward(ctx: Any, dz: Tensor) -> tuple:
        dy = None
        if ctx.needs_input_grad[1]:
            dy = dz if ctx.alpha == 1 else dz * conj(ctx.alpha)
        return dz, dy, None


class SubBackward0(Function):
    alpha: Any = 1

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any, alpha: Any) -> Tensor:
        ctx.alpha = alpha
        _no_bool_sub("sub", x, y)
        if alpha == 1:
            return binary("sub", _SUB, np.subtract, x, y, 1.0)
        _check_alpha("sub", alpha, x, y)
        return binary("sub", _SUB, lambda a, b: a - b * np.asarray(alpha).astype(b.dtype), x, y, alpha)

    @staticmethod
    def backward(ctx: Any, dz: Tensor) -> tuple:
        dy = None
        if ctx.needs_input_grad[1]:
            dy = -dz if ctx.alpha == 1 else dz * -conj(ctx.alpha)
        return dz, dy, None


class RsubBackward1(Function):
    """A number minus a tensor."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Any, alpha: Any) -> Tensor:
        ctx.alpha = alpha
        _no_bool_sub("rsub", x, y)
        if alpha == 1:
            return binary("rsub", _SUB, np.subtract, y, x, 1.0)
        _check_alpha("rsub", alpha, x, y)
        return binary("rsub", _SUB, lambda a, b: a - b * np.asarray(alpha).astype(b.dtype), y, x, alpha)

    @staticmethod
    def backward(ctx: Any, dz: Tensor) -> tuple:
        dx = None
        if ctx.needs_input_grad[0]:
            dx = -dz if ctx.alpha == 1 else dz * -conj(ctx.alpha)
        return dx, dz, None


class RsubBackward0(RsubBackward1):
    """A tensor minus a tensor."""


_ADD, _SUB = BINARY.get("add"), BINARY.get("sub")


def add(input: Tensor, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """`input + alpha * other`, with broadcasting.

    Example:
        >>> add(rushlight.ones(3), 2, alpha=10)
        tensor([21., 21., 21.])
    """
    z = AddBackward0.apply(input, other, alpha)
    return z if out is None else into(out, z, "add")


@method("__add__", "__radd__")
def _add(self: Tensor, other: Any) -> Any:
    return AddBackward0.apply(self, other, 1) if isinstance(other, OPERANDS) else not_ours(other)


@method("add")
def _add_method(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """See `add`."""
    return AddBackward0.apply(self, other, alpha)


@method()
def add_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """In-place `add`."""
    if alpha == 1:
        return binary_("add_", _ADD, add, self, other, 1.0)
    return binary_("add_", _ADD, add, self, other, alpha, alpha=alpha)


@method("__iadd__")
def _iadd(self: Tensor, other: Any) -> Any:
    return binary_("add_", _ADD, add, self, other, 1.0) if isinstance(other, OPERANDS) else not_ours(other)


def sub(input: Tensor, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """`input - alpha * other`, with broadcasting.

    Raises:
        RuntimeError: both are bool.
    Example:
        >>> sub(rushlight.ones(2), rushlight.tensor([1.0, 2.0]))
        tensor([ 0., -1.])
    """
    z = SubBackward0.apply(input, other, alpha)
    return z if out is None else into(out, z, "sub")


subtract = sub


@method("__sub__")
def _sub(self: Tensor, other: Any) -> Any:
    return SubBackward0.apply(self, other, 1) if isinstance(other, OPERANDS) else not_ours(other)


@method("sub", "subtract")
def _sub_method(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """See `sub`."""
    return SubBackward0.apply(self, other, alpha)


@method("sub_", "subtract_")
def sub_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """In-place `sub`."""
    if alpha == 1:
        return binary_("sub_", _SUB, sub, self, other, 1.0)
    return binary_("sub_", _SUB, sub, self, other, alpha, alpha=alpha)


@method("__isub__")
def _isub(self: Tensor, other: Any) -> Any:
    return binary_("sub_", _SUB, sub, self, other, 1.0) if isinstance(other, OPERANDS) else not_ours(other)


def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """`other - alpha * input`.

    Example:
        >>> rsub(rushlight.tensor([1.0, 2.0]), 10)
        tensor([9., 8.])
    """
    require_tensor("rsub", input)
    return (RsubBackward0 if isinstance(other, TensorBase) else RsubBackward1).apply(input, other, alpha)


@method("__rsub__")
def _rsub(self: Tensor, other: Any) -> Any:
    return RsubBackward1.apply(self, other, 1) if isinstance(other, OPERANDS) else not_ours(other)


# -- products and quotients -------------------------------------------------------------------------------
class MulBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Tensor:
        needs = ctx.needs_input_grad
        if isinstance(y, TensorBase):
            ctx.save_for_backward(
                x if needs[1] and isinstance(x, TensorBase) else None, y if needs[0] else None
            )
            ctx.number = x
        else:
            ctx.number = y
        return binary("mul", _MUL, np.multiply, x, y, wide_numbers=True)

    @staticmethod
    def backward(ctx: Any, dz: Tensor) -> tuple:
        saved = ctx.saved_tensors
        if not saved:
            return dz * conj(ctx.number), None
        x, y = saved
        needs = ctx.needs_input_grad
        return (
            dz * conj(y) if needs[0] else None,
            dz * conj(ctx.number if x is None else x) if needs[1] else None,
        )


class DivBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Tensor:
        z = binary("div", _DIV, np.true_divide, x, y, None, True, True)
        needs = ctx.needs_input_grad
        if isinstance(y, TensorBase):
            ctx.save_for_backward(y, x if needs[1] and isinstance(x, TensorBase) else None)
            ctx.number = x
        else:
            ctx.number = y
        return z

    @staticmethod
    def backward(ctx: Any, dz: Tensor) -> tuple:
        saved = ctx.saved_tensors
        if not saved:
            return dz / conj(ctx.number), None
        y, x = saved
        needs = ctx.needs_input_grad
        dx = dz / conj(y) if needs[0] else None
        if not needs[1]:
            return dx, None
        if x is not None and usable(dz, x, y) and _C is not None and not is_grad_enabled():
            return dx, _C.ternary(TERNARY["div_b"], dz, x, y, None, None)
        x = ctx.number if x is None else x
        return dx, -dz * conj((x / y) / y)


class DivBackward2(Function):
    """Division rounded to an integer: its derivative is 0."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any, mode: str) -> Tensor:
        if mode == "floor":
            return _floor_divide("div", x, y)
        return binary("div", BINARY.get("div_trunc"), _divide_trunc, x, y, without="bc")

    @staticmethod
    def backward(ctx: Any, dz: Tensor) -> tuple:
        return (
            dz.new_zeros(dz.shape) if ctx.needs_input_grad[0] else None,
            None if not ctx.needs_input_grad[1] else dz.new_zeros(dz.shape),
            None,
        )


def _check_zero(b: np.ndarray) -> None:
    if not b.all():
        raise RuntimeError("ZeroDivisionError: an integer tensor was divided by 0")


def _divide_trunc(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind in "iub":
        _check_zero(b)
        if a.dtype.kind == "b":
            return a & b
        quotient = np.floor_divide(a, b)
        return quotient + ((quotient < 0) & (quotient * b != a)).astype(a.dtype)
    return np.trunc(np.true_divide(a, b))


def _divide_floor(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind in "iub":
        _check_zero(b)
        return np.floor_divide(a, b) if a.dtype.kind != "b" else a & b
    # NumPy's has the sign of a 0 and the infinities as PyTorch's, but not x // 0.
    return np.where(b == 0, np.true_divide(a, b), np.floor_divide(a, b)).astype(a.dtype)


def _floor_divide(name: str, x: Any, y: Any) -> Tensor:
    return binary(name, BINARY.get("div_floor"), _divide_floor, x, y, wide_numbers=True, without="bc")


_MUL, _DIV = BINARY.get("mul"), BINARY.get("div")


def mul(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """`input * other`, element by element, with broadcasting.

    Example:
        >>> mul(rushlight.tensor([1.0, 2.0]), rushlight.tensor([[3.0], [4.0]]))
        tensor([[3., 6.],
                [4., 8.]])
    """
    z = MulBackward0.apply(input, other)
    return z if out is None else into(out, z, "mul")


multiply = mul


@method("mul", "multiply")
def _mul_method(self: Tensor, other: Any) -> Tensor:
    """See `mul`."""
    return MulBackward0.apply(self, other)


@method("__mul__", "__rmul__")
def _mul(self: Tensor, other: Any) -> Any:
    return MulBackward0.apply(self, other) if isinstance(other, OPERANDS) else not_ours(other)


@method("mul_", "multiply_")
def mul_(self: Tensor, other: Any) -> Tensor:
    """In-place `mul`."""
    return binary_("mul_", _MUL, mul, self, other)


@method("__imul__")
def _imul(self: Tensor, other: Any) -> Any:
    return binary_("mul_", _MUL, mul, self, other) if isinstance(other, OPERANDS) else not_ours(other)


def div(input: Tensor, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """`input / other` with broadcasting; integers give the default float type.

    Args:
        rounding_mode: 'trunc' rounds the quotient towards zero, 'floor' down; integers then stay integers.
    Raises:
        RuntimeError: `rounding_mode` is another, or an integer is divided by 0 with one.
    Example:
        >>> div(rushlight.tensor([7, -7]), 2), div(rushlight.tensor([7, -7]), 2, rounding_mode="floor")
        (tensor([ 3.5000, -3.5000]), tensor([ 3, -4]))
    """
    if rounding_mode is None:
        z = DivBackward0.apply(input, other)
    elif rounding_mode in ("trunc", "floor"):
        z = DivBackward2.apply(input, other, rounding_mode)
    else:
        raise RuntimeError(f"div: rounding_mode must be None, 'trunc' or 'floor', got {rounding_mode!r}")
    return z if out is None else into(out, z, "div")


divide = div


def true_divide(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """`input / other`: `div` without rounding.

    Example:
        >>> true_divide(rushlight.tensor([1, 2]), 2)
        tensor([0.5000, 1.0000])
    """
    return div(input, other, out=out)


@method("div", "divide")
def _div_method(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """See `div`."""
    return div(self, other, rounding_mode=rounding_mode)


@method("true_divide")
def _true_divide_method(self: Tensor, other: Any) -> Tensor:
    """See `true_divide`."""
    return DivBackward0.apply(self, other)


@method("__truediv__")
def _truediv(self: Tensor, other: Any) -> Any:
    return DivBackward0.apply(self, other) if isinstance(other, OPERANDS) else not_ours(other)


@method("__rtruediv__")
def _rtruediv(self: Tensor, other: Any) -> Any:
    return self.reciprocal() * other if isinstance(other, OPERANDS) else not_ours(other)  # type: ignore[attr-defined]


@method("div_", "divide_")
def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """In-place `div`."""
    if rounding_mode is None:
        return binary_("div_", _DIV, div, self, other)
    return binary_("div_", None, div, self, other, rounding_mode=rounding_mode)


@method("true_divide_", "__itruediv__")
def true_divide_(self: Tensor, other: Any) -> Tensor:
    """In-place `true_divide`."""
    return binary_("div_", _DIV, div, self, other)


class FloorDivideBackward0(Function):
    """Floor division: it has no derivative, as in PyTorch."""

    _name = "NotImplemented"

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Tensor:
        return _floor_divide("floor_divide", x, y)

    @staticmethod
    def backward(ctx: Any, dz: Tensor) -> tuple:
        raise RuntimeError(
            "floor_divide: derivative for floor_divide is not implemented; use div(rounding_mode='floor')"
        )


FloorDivideBackward0._name = "NotImplemented"


@method(inplace=True)
def floor_divide(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """`input / other` rounded down. It is exact: `10 // 0.1` is 99, since 0.1 is a little more than a tenth.

    Raises:
        RuntimeError: an integer is divided by 0.
    Example:
        >>> floor_divide(rushlight.tensor([7, -7]), 2)
        tensor([ 3, -4])
    """
    z = FloorDivideBackward0.apply(input, other)
    return z if out is None else into(out, z, "floor_divide")


@method("__floordiv__")
def _floordiv(self: Tensor, other: Any) -> Any:
    return FloorDivideBackward0.apply(self, other) if isinstance(other, OPERANDS) else not_ours(other)


@method("__rfloordiv__")
def _rfloordiv(self: Tensor, other: Any) -> Any:
    return FloorDivideBackward0.apply(other, self) if isinstance(other, OPERANDS) else not_ours(other)


Tensor.__ifloordiv__ = Tensor.floor_divide_  # type: ignore[attr-defined]


# -- functions of two operands, by their derivatives ----------------------------------------------------------
def _np_remainder(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind in "iub":
        _check_zero(b)
    return np.remainder(a, b)


def _np_fmod(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind in "iub":
        _check_zero(b)
    return np.fmod(a, b)


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


def _np_copysign(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.copysign(a, b)


def _np_xlogy(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(b), b, np.where(a == 0, 0, a * np.log(np.where(a == 0, 1, b)))).astype(a.dtype)


def _half_where(dz: Tensor, lost: Tensor, equal: Tensor) -> Tensor:
    """dz but where `lost`, half of it where `equal`: two that tie share the gradient. Beside a NaN both have it."""
    return dz * (1 - lost.to(dz.dtype) - equal.to(dz.dtype) * 0.5)


def _over_square(x: Any, y: Any) -> Any:
    """1 / (x*x + y*y), and 0 at the origin."""
    s = x * x + y * y
    none = s == 0
    return s.masked_fill(none, 1).reciprocal().masked_fill(none, 0)


def _keep(dz: Tensor, mask: Tensor) -> Tensor:
    return dz * mask.to(dz.dtype)


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
    _np_remainder,
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
    _np_fmod,
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
    _np_copysign,
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
        lambda dz, x, y, z: dz * _log_where(x, y),
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


def _log_where(x: Any, y: Any) -> Any:
    """log(y), 0 where x is 0 and y is not positive."""
    y = y if isinstance(y, TensorBase) else x.new_full((), y)
    none = (x == 0) & (y <= 0)
    return y.masked_fill(none, 1).log()


# -- powers -------------------------------------------------------------------------------------------------
def _np_pow(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind == "b":
        return np.where(b, a, True)
    if a.dtype.kind == "i" and (b < 0).any():
        # As integer division of 1: only 1 and -1 have an inverse.
        size = np.where(b < 0, np.where(np.abs(a) == 1, np.where(b % 2 == 0, 1, a), 0), 0)
        return np.where(b < 0, size, np.power(a, np.where(b < 0, 0, b))).astype(a.dtype)
    return np.power(a, b)


_SQUARES = {2.0: "square", 3.0: "cube", 0.5: "sqrt", -0.5: "rsqrt", -1.0: "reciprocal"}
_POW = BINARY.get("pow")


class PowBackward0(Function):
    """A tensor to the power of a number."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, p: Any) -> Tensor:
        ctx.exponent = p
        ctx.save_for_backward(x)
        if not isinstance(p, complex) and p in _SQUARES and usable(x) and _C is not None:
            return unary(UNARY[_SQUARES[p]], np.power, x)
        if isinstance(p, int) and p < 0 and dtypes.of(x._array.dtype).category < dtypes.FLOAT:
            raise RuntimeError(
                f"pow: exponent must not be negative for integer tensors, got {p}; use input.float()"
            )
        return binary("pow", _POW, _np_pow, x, p, without="b")

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        (x,) = ctx.saved_tensors
        p = ctx.exponent
        if p == 0:
            return dy.new_zeros(x.shape), None
        if usable(dy, x) and _C is not None and not is_grad_enabled():
            if p == 2:
                return _C.binary(BINARY["square_b"], dy, x, None, None), None
            return _C.binary(BINARY["pow_b"], dy, x, None, float(p)), None
        return dy * conj(p * x ** (p - 1)), None


class PowBackward1(Function):
    """A tensor to the power of a tensor."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Tensor:
        z = binary("pow", _POW, _np_pow, x, y, without="b")
        save_pair(ctx, x, y, z)
        return z

    @staticmethod
    def backward(ctx: Any, dz: Tensor) -> tuple:
        x, y, z = saved_pair(ctx)
        dx = dy = None
        if ctx.needs_input_grad[0]:
            dx = (dz * conj(y * x ** (y - 1))).masked_fill(y == 0, 0)
        if ctx.needs_input_grad[1]:
            if isinstance(x, TensorBase):
                none = (x == 0) if x._array.dtype.kind == "c" else (x == 0) & (y >= 0)
                dy = dz * conj(z * x.masked_fill(none, 1).log())  # type: ignore[attr-defined]
            elif x == 0:
                dy = dz * z.masked_fill(y >= 0, 0)
            else:
                dy = dz * conj(
                    z
                    * (
                        math.log(x)
                        if not isinstance(x, complex) and x > 0
                        else np.log(complex(x))
                        if isinstance(x, complex)
                        else math.nan
                    )
                )
        return dx, dy


class PowBackward2(PowBackward1):
    """A number to the power of a tensor."""


def pow(input: Any = None, exponent: Any = None, *, self: Any = None, out: Tensor | None = None) -> Tensor:
    """`input ** exponent`; one of them may be a number.

    Args:
        input: A tensor, or a number where `exponent` is a tensor.
        exponent: A number or a tensor.
        self: PyTorch's name for an `input` that is a number.
    Raises:
        RuntimeError: integers to a negative integer.
    Example:
        >>> pow(rushlight.tensor([1.0, 2.0, 3.0]), 2)
        tensor([1., 4., 9.])
    """
    if self is not None:
        if input is not None:
            raise TypeError("pow: input must be given once, got input and self")
        input = self
    if input is None or exponent is None:
        raise TypeError("pow: input and exponent must both be given")
    if not isinstance(exponent, TensorBase):
        require_tensor("pow", input)
        if type(exponent) not in (int, float):
            exponent = exponent.item() if isinstance(exponent, np.generic) else exponent
            if not isinstance(exponent, (int, float, complex)):
                raise TypeError(f"pow: exponent must be a Tensor or a number, got {kind_of(exponent)}")
        z = PowBackward0.apply(input, exponent)
    elif isinstance(input, TensorBase):
        z = PowBackward1.apply(input, exponent)
    else:
        z = PowBackward2.apply(input, exponent)
    return z if out is None else into(out, z, "pow")


@method("pow")
def _pow_method(self: Tensor, exponent: Any) -> Tensor:
    """See `pow`."""
    return pow(self, exponent)


_pow_method.__name__ = "pow"
make_inplace(_pow_method, "pow_")


@method("__pow__")
def _pow(self: Tensor, exponent: Any, modulo: Any = None) -> Any:
    if modulo is not None:  # pow(x, y, z) of Python
        return NotImplemented
    return pow(self, exponent) if isinstance(exponent, OPERANDS) else not_ours(exponent)


@method("__rpow__")
def _rpow(self: Tensor, other: Any) -> Any:
    return PowBackward2.apply(other, self) if isinstance(other, OPERANDS) else not_ours(other)


Tensor.__ipow__ = Tensor.pow_  # type: ignore[attr-defined]


@method(inplace=True)
def float_power(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """`input ** exponent` in float64 (or complex128).

    Example:
        >>> float_power(rushlight.tensor([1, 2]), 0.5)
        tensor([1.0000, 1.4142], dtype=torch.float64)
    """

    def wide(x: Any) -> Any:
        if not isinstance(x, TensorBase):
            return x
        return x.to(dtypes.complex128 if x._array.dtype.kind == "c" else dtypes.float64)  # type: ignore[attr-defined]

    if not isinstance(input, TensorBase) and not isinstance(exponent, TensorBase):
        raise TypeError("float_power: input or exponent must be a Tensor, got two numbers")
    return pow(wide(input), wide(exponent), out=out)


# -- remainder of the operators -------------------------------------------------------------------------------
@method("__mod__")
def _mod(self: Tensor, other: Any) -> Any:
    return remainder(self, other) if isinstance(other, OPERANDS) else not_ours(other)


@method("__rmod__")
def _rmod(self: Tensor, other: Any) -> Any:
    return remainder(other, self) if isinstance(other, OPERANDS) else not_ours(other)


Tensor.__imod__ = Tensor.remainder_  # type: ignore[attr-defined]


@method(inplace=True)
def ldexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input * 2**other`.

    Example:
        >>> ldexp(rushlight.tensor([1.0]), rushlight.tensor([3]))
        tensor([8.])
    """
    require_tensor("ldexp", input)
    require_tensor("ldexp", other, "other")
    d = result_type(input, other)
    if d.category < dtypes.FLOAT:
        d = dtypes.get_default_dtype()
    work = work_dtype(d)
    z = mul(input.to(work), pow(2.0, other.to(work))).to(d)  # type: ignore[attr-defined]
    return z if out is None else into(out, z, "ldexp")


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


# -- three operands -------------------------------------------------------------------------------------------
def _ternary(name: str, fn: Any, x: Any, y: Any, w: Any, number: Any = 0) -> Tensor:
    d = result_type(x, y, w)
    work = work_dtype(d)
    a, b, c = as_array(x, work), as_array(y, work), as_array(w, work)
    op = TERNARY.get(name)
    try:
        if work is dtypes.float32 and op is not None:
            z = _C.ternary(op, a, b, c, None, float(number))._array
        else:
            with np.errstate(all="ignore"):
                z = np.asarray(fn(a, b, c))
    except (ValueError, RuntimeError):
        raise shape_error(name, x, y) from None
    return wrap(z if z.dtype == d.numpy else z.astype(d.numpy))


class LerpBackward1(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, w: Any) -> Tensor:
        wt = isinstance(w, TensorBase)
        ctx.weight = None if wt else w
        ctx.save_for_backward(x if wt else None, y if wt else None, w if wt else None)
        # From the nearer end, so that the ends are met exactly.
        return _ternary(
            "lerp",
            lambda a, b, t: np.where(np.abs(t) < 0.5, a + t * (b - a), b - (b - a) * (1 - t)).astype(a.dtype),
            x,
            y,
            w,
        )

    @staticmethod
    def backward(ctx: Any, dz: Tensor) -> tuple:
        x, y, w = ctx.saved_tensors
        w = ctx.weight if w is None else w
        dw = dz * conj(y - x) if ctx.needs_input_grad[2] else None
        return dz * conj(1 - w), dz * conj(w), dw


class LerpBackward0(LerpBackward1):
    """With a number as the weight."""


@method(inplace=True)
def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Tensor | None = None) -> Tensor:
    """`input + weight * (end - input)`: the point between two.

    Raises:
        RuntimeError: the dtypes of `input` and `end` differ.
    Example:
        >>> lerp(rushlight.zeros(2), rushlight.tensor([10.0, 20.0]), 0.5)
        tensor([ 5., 10.])
    """
    require_tensor("lerp", input)
    refuse("lerp", input, "bi")
    if input.dtype is not end.dtype:
        raise RuntimeError(f"lerp: end must have input's dtype {input.dtype}, got {end.dtype}")
    kind = LerpBackward1 if isinstance(weight, TensorBase) else LerpBackward0
    z = kind.apply(input, end, weight)
    return z if out is None else into(out, z, "lerp")


class AddcmulBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, w: Tensor, value: Any) -> Tensor:
        ctx.value = value
        needs = ctx.needs_input_grad
        ctx.save_for_backward(y if needs[2] else None, w if needs[1] else None)
        if x._array.dtype.kind == "b":
            refuse("addcmul", result_type(x, y, w), "b")
        return _ternary(
            "addcmul", lambda a, b, c: a + np.asarray(value).astype(a.dtype) * b * c, x, y, w, value
        )

    @staticmethod
    def backward(ctx: Any, dz: Tensor) -> tuple:
        y, w = ctx.saved_tensors
        needs, v = ctx.needs_input_grad, ctx.value
        return dz, dz * conj(w * v) if needs[1] else None, dz * conj(y * v) if needs[2] else None, None


class AddcdivBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, w: Tensor, value: Any) -> Tensor:
        ctx.value = value
        needs = ctx.needs_input_grad
        ctx.save_for_backward(y if needs[2] else None, w if needs[1] or needs[2] else None)
        return _ternary(
            "addcdiv", lambda a, b, c: a + np.asarray(value).astype(a.dtype) * (b / c), x, y, w, value
        )

    @staticmethod
    def backward(ctx: Any, dz: Tensor) -> tuple:
        y, w = ctx.saved_tensors
        needs, v = ctx.needs_input_grad, ctx.value
        dy = dz * conj(v / w) if needs[1] else None
        return dz, dy, -dz * conj(v * y / (w * w)) if needs[2] else None, None


@method(inplace=True)
def addcmul(
    input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None
) -> Tensor:
    """`input + value * tensor1 * tensor2`.

    Example:
        >>> addcmul(rushlight.ones(2), rushlight.tensor([1.0, 2.0]), rushlight.tensor([3.0, 4.0]), value=0.5)
        tensor([2.5000, 5.0000])
    """
    require_tensor("addcmul", input)
    z = AddcmulBackward0.apply(input, tensor1, tensor2, value)
    return z if out is None else into(out, z, "addcmul")


@method(inplace=True)
def addcdiv(
    input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None
) -> Tensor:
    """`input + value * tensor1 / tensor2`.

    Raises:
        RuntimeError: all are integer tensors.
    Example:
        >>> addcdiv(rushlight.ones(2), rushlight.tensor([1.0, 2.0]), rushlight.tensor([4.0, 4.0]))
        tensor([1.2500, 1.5000])
    """
    require_tensor("addcdiv", input)
    if result_type(tensor1, tensor2).category < dtypes.FLOAT:
        raise RuntimeError(
            "addcdiv: tensor1 and tensor2 must not both be integer tensors; make one a float, or use div first"
        )
    z = AddcdivBackward0.apply(input, tensor1, tensor2, value)
    return z if out is None else into(out, z, "addcdiv")


if _C is not None:
    # The operators + - * / of float32 tensors make these nodes in C, without the nodes' own forward.
    _C.set_fast_nodes(AddBackward0, SubBackward0, MulBackward0, DivBackward0)
