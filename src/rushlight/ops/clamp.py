"""Clamping: each element between bounds that are numbers or tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.inplace import check_inplace, inplace
from ..errors import kind_of
from ..kernels import _C, usable
from ..tensor import Tensor, into, make_inplace, method, wrap
from .elementwise import BINARY, FLOAT32, TERNARY, UNARY, as_array, require_tensor, work_dtype
from .promotion import number, result_type

__all__ = [
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
]


def _real(d: dtypes.dtype) -> dtypes.dtype:
    if d.is_complex:
        raise NotImplementedError(
            f"clamp: input, min and max must be real (clamp is not supported for complex types), got {d}"
        )
    return d


class ClampBackward1(Function):
    """Bounds that are numbers (None: none)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: Any, high: Any) -> Tensor:
        ctx.bounds = low, high
        ctx.save_for_backward(x)
        bounds = (-math.inf if low is None else low, math.inf if high is None else high)
        nan = bounds[0] != bounds[0] or bounds[1] != bounds[1]  # makes all NaN; the kernel leaves NaN out
        if x._array.dtype.num == FLOAT32 and _C is not None and not nan:
            return _C.unary(UNARY["clamp"], x, None, bounds)
        d = _real(result_type(x, *[b for b in ctx.bounds if b is not None]))
        work = work_dtype(d)
        a = as_array(x, work)
        if low is not None:
            a = np.maximum(a, as_array(number(low, d, "clamp", "min"), work))
        if high is not None:
            a = np.minimum(a, as_array(number(high, d, "clamp", "max"), work))
        return wrap(a.astype(d.numpy, copy=a is x._array))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        (x,) = ctx.saved_tensors
        low, high = ctx.bounds
        bounds = (-math.inf if low is None else low, math.inf if high is None else high)
        if (
            usable(dy, x)
            and _C is not None
            and not is_grad_enabled()
            and bounds[0] == bounds[0]
            and bounds[1] == bounds[1]
        ):
            return _C.binary(BINARY["clamp_b"], dy, x, None, bounds), None, None
        return dy.masked_fill(~((x >= bounds[0]) & (x <= bounds[1])), 0), None, None


class ClampMinBackward0(ClampBackward1):
    """Only from below."""


class ClampMaxBackward0(ClampBackward1):
    """Only from above."""


class ClampBackward0(Function):
    """Bounds that are tensors (None: none)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: Tensor | None, high: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, low, high)
        d = _real(result_type(*[t for t in (x, low, high) if t is not None]))
        work = work_dtype(d)
        a = as_array(x, work)
        try:
            if work is dtypes.float32 and _C is not None and low is not None and high is not None:
                return wrap(
                    _C.ternary(
                        TERNARY["clamp_between"], a, as_array(low, work), as_array(high, work), None, None
                    )._array.astype(d.numpy, copy=False)
                )
            if low is not None:
                a = np.maximum(a, as_array(low, work))
            if high is not None:
                a = np.minimum(a, as_array(high, work))
        except (ValueError, RuntimeError):
            raise RuntimeError(
                f"clamp: min and max must have shapes that broadcast with input's {list(x._array.shape)}"
            ) from None
        return wrap(a.astype(d.numpy, copy=False))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        x, low, high = ctx.saved_tensors
        inside = wrap(np.ones((), np.bool_))
        if low is not None:
            inside = inside & (x >= low)
        if high is not None:
            inside = inside & (x <= high)
        needs = ctx.needs_input_grad
        dlow = dhigh = None
        if needs[1]:
            below = (x < low) if high is None else (x < low) & (low <= high)
            dlow = dy.masked_fill(~below, 0)
        if needs[2]:
            above = (x > high) if low is None else (x > high) | (low > high)
            dhigh = dy.masked_fill(~above, 0)
        return dy.masked_fill(~inside, 0), dlow, dhigh


def _clamp(name: str, kind: Any, input: Tensor, low: Any, high: Any) -> Tensor:
    require_tensor(name, input)
    if low is None and high is None:
        raise RuntimeError(f"{name}: min and max must not both be None (At least one of 'min' or 'max')")
    if isinstance(low, TensorBase) or isinstance(high, TensorBase):
        low, high = (
            wrap(np.asarray(b, dtype=input._array.dtype))
            if b is not None and not isinstance(b, TensorBase)
            else b
            for b in (low, high)
        )
        return ClampBackward0.apply(input, low, high)
    try:
        return kind.apply(input, low, high)
    except TypeError:
        for argument, bound in (("min", low), ("max", high)):
            if bound is not None and not isinstance(bound, (int, float)):
                raise TypeError(
                    f"{name}: {argument} must be a number or a Tensor, got {kind_of(bound)}"
                ) from None
        raise


def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Each element, at least `min` and at most `max` (numbers or tensors). Where `min > max` the result is `max`.

    Raises:
        RuntimeError: both are None.
    Example:
        >>> clamp(rushlight.tensor([-2.0, 0.5, 3.0]), min=-1, max=1)
        tensor([-1.0000,  0.5000,  1.0000])
    """
    y = _clamp("clamp", ClampBackward1, input, min, max)
    return y if out is None else into(out, y, "clamp")


clip = clamp


@method("clamp", "clip")
def _clamp_method(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """See `clamp`."""
    return _clamp("clamp", ClampBackward1, self, min, max)


def clamp_min(input: Tensor, min: Any, *, out: Tensor | None = None) -> Tensor:
    """Each element, at least `min`.

    Example:
        >>> clamp_min(rushlight.tensor([-2.0, 0.5]), 0)
        tensor([0.0000, 0.5000])
    """
    y = _clamp("clamp_min", ClampMinBackward0, input, min, None)
    return y if out is None else into(out, y, "clamp_min")


def clamp_max(input: Tensor, max: Any, *, out: Tensor | None = None) -> Tensor:
    """Each element, at most `max`.

    Example:
        >>> clamp_max(rushlight.tensor([-2.0, 0.5]), 0)
        tensor([-2.,  0.])
    """
    y = _clamp("clamp_max", ClampMaxBackward0, input, None, max)
    return y if out is None else into(out, y, "clamp_max")


method()(clamp_min)
method()(clamp_max)
make_inplace(clamp_min)
make_inplace(clamp_max)


def _clamp_(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """In-place `clamp`."""
    numbers = all(b is None or (isinstance(b, (int, float)) and b == b) for b in (min, max)) and not (
        min is None and max is None
    )
    if (
        _C is not None
        and numbers
        and self._array.dtype.num == FLOAT32
        and 0 not in self._array.strides
        and self._array.flags.writeable
        and not check_inplace(self, "clamp_")
    ):
        _C.unary(
            UNARY["clamp"], self, self, (-math.inf if min is None else min, math.inf if max is None else max)
        )
        self._bump()
        return self
    return inplace(clamp, self, min, max)


method("clamp_", "clip_")(_clamp_)
