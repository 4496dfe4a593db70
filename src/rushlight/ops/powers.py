"""Powers: the operator ** and its functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..errors import kind_of, not_ours
from ..kernels import _C, usable
from ..tensor import Tensor, into, make_inplace, method
from .arithmetic import mul
from .elementwise import (
    BINARY,
    OPERANDS,
    UNARY,
    binary,
    conj,
    require_tensor,
    save_pair,
    saved_pair,
    unary,
    work_dtype,
)
from .promotion import result_type

__all__ = [
    "float_power",
    "ldexp",
    "pow",
]


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
