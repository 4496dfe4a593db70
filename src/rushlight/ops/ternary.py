"""Functions of three tensors: the point between two, sums with a product or a quotient."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..kernels import _C
from ..tensor import Tensor, into, method, wrap
from .elementwise import (
    TERNARY,
    as_array,
    conj,
    refuse,
    require_tensor,
    shape_error,
    work_dtype,
)
from .promotion import result_type

__all__ = [
    "addcdiv",
    "addcmul",
    "lerp",
]


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
