"""Complex tensors: of parts and of angles."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..tensor import Tensor, into
from .join import stack
from .shape import broadcast_tensors
from .strided import view_as_complex

__all__ = [
    "complex",
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
