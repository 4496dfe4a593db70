"""Signs and rounding: the functions of one tensor that are linear between their steps."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ..autograd import Function, is_grad_enabled
from ..kernels import _C, usable
from ..tensor import Tensor, into, make_inplace, method, wrap
from .elementwise import BINARY, UNARY, make_unary, refuse, require_tensor, unary

__all__ = [
    "abs",
    "absolute",
    "ceil",
    "fix",
    "floor",
    "frac",
    "neg",
    "negative",
    "positive",
    "round",
    "sgn",
    "sign",
    "trunc",
]


def _np_neg(a: np.ndarray) -> np.ndarray:
    if a.dtype.kind == "b":
        raise RuntimeError("neg: input must not be bool; use ~ or logical_not() for bool tensors")
    return np.negative(a)


neg = make_unary(
    "neg", _np_neg, lambda dy: -dy, "`-input`.", saves="", floating=False, aliases=("negative", "__neg__")
)
negative = neg


class AbsBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        if x._array.dtype.kind == "c":
            return wrap(np.abs(x._array))
        refuse("abs", x, "b")
        return unary(UNARY.get("abs"), np.abs, x, None, False)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        if not is_grad_enabled() and _C is not None and usable(dy, x):
            return _C.binary(BINARY["abs_b"], dy, x, None, None)
        return dy * sgn(x)


@method("abs", "absolute", "__abs__")
def _abs_method(self: Tensor) -> Tensor:
    """See `abs`."""
    return AbsBackward0.apply(self)


def abs(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The absolute value. Its gradient at 0 is 0.

    Example:
        >>> abs(rushlight.tensor([-1.0, 2.0]))
        tensor([1., 2.])
    """
    require_tensor("abs", input)
    y = AbsBackward0.apply(input)
    return y if out is None else into(out, y, "abs")


absolute = abs
make_inplace(abs)
make_inplace(abs, "absolute_")


def zero_gradient(dy: Tensor) -> Tensor:
    """The gradient of what is flat between its steps."""
    return dy.new_zeros(dy.shape)


def _np_sign(a: np.ndarray) -> np.ndarray:
    if a.dtype.kind == "b":
        return a.copy()
    return np.where(a > 0, 1, np.where(a < 0, -1, 0)).astype(a.dtype)  # of NaN: 0


sign = make_unary(
    "sign", _np_sign, zero_gradient, "-1, 0 or 1. Its gradient is 0.", saves="", floating=False, without="c"
)


class SgnBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        if x._array.dtype.kind != "c":
            return unary(UNARY.get("sign"), _np_sign, x, None, False)
        size = np.abs(x._array)
        ctx.save_for_backward(x)
        return wrap(np.where(size == 0, 0, x._array / np.where(size == 0, 1, size)).astype(x._array.dtype))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        if not ctx.saved_tensors:
            return zero_gradient(dy)
        (x,) = ctx.saved_tensors
        size = abs(x)
        y = sgn(x)
        return (dy / size - (dy * y.conj() / size).real * y).masked_fill(size == 0, 0)


@method(inplace=True)
def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`sign`; of a complex number the number of size 1 in its direction.

    Example:
        >>> sgn(rushlight.tensor([3 + 4j]))
        tensor([0.6000+0.8000j])
    """
    require_tensor("sgn", input)
    y = SgnBackward0.apply(input)
    return y if out is None else into(out, y, "sgn")


def _rounding(fn: Any) -> Any:
    return lambda a: fn(a) if a.dtype.kind == "f" else a.copy()


floor = make_unary(
    "floor", _rounding(np.floor), zero_gradient, "Rounded down.", saves="", floating=False, without="bc"
)
ceil = make_unary(
    "ceil", _rounding(np.ceil), zero_gradient, "Rounded up.", saves="", floating=False, without="bc"
)
trunc = make_unary(
    "trunc",
    _rounding(np.trunc),
    zero_gradient,
    "Rounded towards zero.",
    saves="",
    floating=False,
    aliases=("fix",),
    without="bc",
)
fix = trunc
frac = make_unary(
    "frac",
    lambda a: a - np.trunc(a),
    lambda dy: dy,
    "The part after the decimal point, with the sign.",
    saves="",
    without="bic",
)


class RoundBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, decimals: int) -> Tensor:
        refuse("round", x, "bc")
        if decimals == 0:
            return unary(UNARY.get("round"), _rounding(np.rint), x, None, False)
        if x._array.dtype.kind in "iub":
            raise RuntimeError("round: input must be floating-point when decimals is given")
        ten = 10.0 ** builtins.abs(decimals)

        def rounded(a: np.ndarray) -> np.ndarray:
            return np.rint(a * ten) / ten if decimals > 0 else np.rint(a / ten) * ten

        return unary(None, rounded, x)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return zero_gradient(dy), None


class RoundBackward1(RoundBackward0):
    """To a number of decimals."""


def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """Rounded to the nearest integer, or to `decimals` places; halves to the even neighbour.

    Example:
        >>> round(rushlight.tensor([0.5, 1.5, 2.345]), decimals=1)
        tensor([0.5000, 1.5000, 2.3000])
    """
    require_tensor("round", input)
    y = RoundBackward1.apply(input, decimals) if decimals else RoundBackward0.apply(input, 0)
    return y if out is None else into(out, y, "round")


method(inplace=True)(round)


@method()
def positive(input: Tensor) -> Tensor:
    """`input` itself.

    Raises:
        RuntimeError: it is bool.
    """
    require_tensor("positive", input)
    if input._array.dtype.kind == "b":
        raise RuntimeError("positive: input must not be bool")
    return input


method("__pos__")(positive)
