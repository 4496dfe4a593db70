"""Sums, differences, products and quotients: the operators + - * / // and their functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..errors import not_ours
from ..kernels import _C, usable
from ..tensor import Tensor, into, method
from .elementwise import (
    BINARY,
    OPERANDS,
    TERNARY,
    binary,
    binary_,
    conj,
    require_tensor,
)
from .promotion import number, result_type

__all__ = [
    "add",
    "div",
    "divide",
    "floor_divide",
    "mul",
    "multiply",
    "rsub",
    "sub",
    "subtract",
    "true_divide",
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
            ctx.number = None if isinstance(x, TensorBase) else x
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
            ctx.number = None if isinstance(x, TensorBase) else x
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


def check_zero(b: np.ndarray) -> None:
    """Raise the error of integers divided by 0."""
    if not b.all():
        raise RuntimeError("ZeroDivisionError: an integer tensor was divided by 0")


def _divide_trunc(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind in "iub":
        check_zero(b)
        if a.dtype.kind == "b":
            return a & b
        quotient = np.floor_divide(a, b)
        return quotient + ((quotient < 0) & (quotient * b != a)).astype(a.dtype)
    return np.trunc(np.true_divide(a, b))


def _divide_floor(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind in "iub":
        check_zero(b)
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


if _C is not None:
    # The operators + - * / of float32 tensors make these nodes in C, without the nodes' own forward.
    _C.set_fast_nodes(AddBackward0, SubBackward0, MulBackward0, DivBackward0)
