"""Complex numbers: tensors of their parts, angles, conjugates."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..tensor import Tensor, into, method, wrap
from .elementwise import make_unary, require_tensor, unary
from .join import stack
from .rounding import abs, zero_gradient
from .shape import broadcast_tensors
from .strided import view_as_complex

__all__ = [
    "angle",
    "complex",
    "conj",
    "conj_physical",
    "polar",
]


def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A complex tensor of its real and imaginary parts.

    Example:
        >>> complex(rushlight.tensor([1.0]), rushlight.tensor([2.0]))
        tensor([1.+2.j])
    """
    _check_parts("complex", real=real, imag=imag)
    result = view_as_complex(stack(broadcast_tensors(real, imag), -1))
    return result if out is None else into(out, result, "complex", True)


def _check_parts(function: str, **parts: Any) -> None:
    (first, a), (second, b) = parts.items()
    for name, x in parts.items():
        if not isinstance(x, TensorBase):
            raise TypeError(f"{function}: {name} must be a Tensor, got {kind_of(x)}")
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"{function}: {first} and {second} must have the same dtype, got {a.dtype} and {b.dtype}"
        )
    if a.dtype not in (dtypes.float32, dtypes.float64):
        kind = NotImplementedError if a.dtype is dtypes.float16 else RuntimeError  # there is no complex32
        raise kind(f"{function}: {first} and {second} must be float32 or float64, got {a.dtype}")


def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A complex tensor of absolute values and angles (radians)."""
    _check_parts("polar", abs=abs, angle=angle)
    result = complex(abs * angle.cos(), abs * angle.sin())  # type: ignore[attr-defined,operator]
    return result if out is None else into(out, result, "polar", True)


class AngleBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        a = x._array
        if a.dtype.kind == "c":
            return wrap(np.angle(a))
        return unary(
            None,
            lambda a: np.where(np.isnan(a), a, np.where(a < 0, np.asarray(np.pi, a.dtype), 0)).astype(
                a.dtype
            ),
            x,
        )

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        if x._array.dtype.kind != "c":
            return zero_gradient(dy)
        size = abs(x)
        return (1j * dy * x / (size * size)).masked_fill(size == 0, 0)


@method()
def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of a complex number in radians; of a real one 0, or pi where it is negative.

    Example:
        >>> angle(rushlight.tensor([1j, -1]))
        tensor([1.5708, 3.1416])
    """
    require_tensor("angle", input)
    y = AngleBackward0.apply(input)
    return y if out is None else into(out, y, "angle")


conj_physical = make_unary(
    "conj_physical",
    np.conjugate,
    lambda dy: dy.conj(),
    "The complex conjugate, computed.",
    saves="",
    floating=False,
    node="ConjPhysicalBackward0",
)


class ConjBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return wrap(np.conjugate(x._array))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        return conj(dy)


@method()
def conj(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is its own. (A copy: PyTorch gives a view.)

    Example:
        >>> conj(rushlight.tensor([1 + 2j]))
        tensor([1.-2.j])
    """
    require_tensor("conj", input)
    return ConjBackward0.apply(input) if input._array.dtype.kind == "c" else input
