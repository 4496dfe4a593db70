"""New tensors that count: ranges, even and logarithmic steps, identity matrices, the indices of triangles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.core import TensorBase
from ..errors import warn
from ..tensor import Tensor, into, wrap
from .convert import cast
from .creation import check_options, dtype_or_default, finish
from .promotion import number

__all__ = [
    "arange",
    "eye",
    "linspace",
    "logspace",
    "range",
    "tril_indices",
    "triu_indices",
]


def _number(value: Any) -> Any:
    return value._array.item() if isinstance(value, TensorBase) else value


def arange(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """start, start + step, ... up to but without `end`. Called with one number, from 0.

    Raises:
        RuntimeError: step is 0 or leads away from `end`.

    Example:
        >>> arange(1, 6, 2)
        tensor([1, 3, 5])
    """
    check_options("arange", device, layout, pin_memory)
    if end is None:
        start, end = 0, start
    start, end, step = _number(start), _number(end), _number(step)
    whole = all(isinstance(v, int) for v in (start, end, step))
    d = (
        (dtypes.int64 if whole else dtypes.get_default_dtype())
        if dtype is None
        else dtypes.check(dtype, "arange")
    )
    if out is not None and dtype is None:
        d = out.dtype
    _not_bool("arange", d)
    if d.is_complex:
        raise NotImplementedError(f"arange: dtype must be real, complex numbers have no order, got {d}")
    if any(isinstance(v, complex) for v in (start, end, step)):
        raise RuntimeError(f"arange: start, end and step must be real numbers, got {start}, {end} and {step}")
    if step == 0:
        raise RuntimeError("arange: step must be nonzero, got 0")
    if not all(math.isfinite(v) for v in (start, end)):
        raise RuntimeError(f"arange: unsupported range: {start} -> {end}")
    if (end - start) * (1 if step > 0 else -1) < 0:
        raise RuntimeError(
            f"arange: upper bound and lower bound inconsistent with step sign, got {start}, {end}, {step}"
        )
    if d is dtypes.int64:  # numbers count as elements do; the length of other integers is that of the floats
        start, end, step = int(start), int(end), int(step)
        if step == 0:
            raise ValueError("arange: step must be nonzero, also when cut off to an integer")
        whole = True
    n = -((start - end) // step) if whole else math.ceil((end - start) / step)
    if n * d.itemsize >= 1 << 62:
        raise RuntimeError(
            f"arange: the range must have less than 2**62 bytes (invalid size), got {n} elements of {d}"
        )
    if d.category <= dtypes.INTEGER:
        array = cast(int(start) + np.arange(n) * int(step), d)
    else:
        array = cast(start + np.arange(n, dtype=np.float64) * step, d)
    return finish(array, requires_grad) if out is None else into(out, wrap(array), "arange")


def range(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Like `arange`, but with `end` included and always in the default dtype. Deprecated in PyTorch."""
    check_options("range", device, layout, pin_memory)
    warn("range: torch.range is deprecated; use torch.arange, whose end is not included")
    if end is None:
        start, end = 0, start
    n = math.floor((end - start) / step) + 1
    d = dtype_or_default(dtype if dtype is not None or out is None else out.dtype, "range")
    array = (start + np.arange(n) * step).astype(d.numpy)
    return finish(array, requires_grad) if out is None else into(out, wrap(array), "range")


def _not_bool(name: str, d: dtypes.dtype) -> None:
    if d is dtypes.bool_:
        raise NotImplementedError(f"{name}: dtype must not be torch.bool (not implemented for 'Bool')")


def _even(start: Any, end: Any, steps: int, d: dtypes.dtype) -> np.ndarray:
    """Even steps, counted from the nearer end, as PyTorch does so that both ends are exact."""
    if steps == 1:
        return np.array([start], d.numpy if d.category >= dtypes.FLOAT else np.float64)
    compute = (
        d.numpy
        if d.category >= dtypes.FLOAT and d.itemsize >= 4
        else np.dtype(np.float32 if d.category >= dtypes.FLOAT else np.float64)
    )
    a: Any = compute.type(start)
    b: Any = compute.type(end)
    step: Any = compute.type((b - a) / compute.type(steps - 1))
    i = np.arange(steps)
    low = i < steps // 2
    # One rounding for the product and the sum, as a fused multiply-add has.
    wide: Any = np.float64 if compute == np.float32 else compute.type
    up = (wide(a) if np.isscalar(a) else a) + i.astype(wide) * wide(step)
    down = wide(b) - (steps - 1 - i).astype(wide) * wide(step)
    return np.where(low, up, down).astype(compute)


def _ends(
    name: str, start: Any, end: Any, steps: Any, dtype: Any, out: Any
) -> tuple[Any, Any, int, dtypes.dtype]:
    """The ends as numbers, their count, and the dtype in which to count."""
    for which, value in (("start", start), ("end", end)):
        if isinstance(value, TensorBase):
            if value._array.ndim:
                raise RuntimeError(
                    f"{name}: {which} must be a number or a 0-dimensional tensor, got one with {value._array.ndim} dims"
                )
        elif not isinstance(value, (int, float, complex, np.number)):
            raise TypeError(
                f"{name}: {which} must be a number or a 0-dimensional tensor, got {type(value).__name__}"
            )
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        raise TypeError(f"{name}: steps must be an int, got {type(steps).__name__}")
    steps = steps.__index__()
    if steps < 0:
        raise RuntimeError(f"{name}: steps must be non-negative (number of steps), got {steps}")
    start, end = _number(start), _number(end)
    d = dtype_or_default(out.dtype if dtype is None and out is not None else dtype, name)
    if isinstance(start, complex) or isinstance(end, complex):
        if dtype is None and out is None:
            d = d.to_complex()
        elif d.category < dtypes.COMPLEX:
            raise RuntimeError(f"{name}: dtype must be complex for complex ends, got {d}")
    if steps:
        _not_bool(name, d)
    return start, end, steps, d


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """`steps` numbers evenly from `start` to `end`, both included.

    Example:
        >>> linspace(0, 1, 3)
        tensor([0.0000, 0.5000, 1.0000])
    """
    check_options("linspace", device, layout, pin_memory)
    start, end, steps, d = _ends("linspace", start, end, steps, dtype, out)
    if d.category < dtypes.FLOAT and steps:
        start, end = number(start, d, "linspace", "start").item(), number(end, d, "linspace", "end").item()
    array = cast(_even(start, end, steps, d), d) if steps else np.empty(0, d.numpy)
    return finish(array, requires_grad) if out is None else into(out, wrap(array), "linspace")


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """`base` to the power of `steps` numbers evenly from `start` to `end`."""
    check_options("logspace", device, layout, pin_memory)
    start, end, steps, d = _ends("logspace", start, end, steps, dtype, out)
    powers = np.linspace(start, end, steps)
    array = cast(np.power(float(base), powers), d)
    return finish(array, requires_grad) if out is None else into(out, wrap(array), "logspace")


def eye(
    n: int,
    m: int | None = None,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A matrix with ones on the diagonal and zeros elsewhere.

    Example:
        >>> eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    check_options("eye", device, layout, pin_memory)
    if n < 0 or (m is not None and m < 0):
        raise RuntimeError(f"eye: n and m must be greater or equal to 0, got {n} and {m}")
    array = np.eye(n, m, dtype=dtype_or_default(dtype, "eye").numpy)
    return finish(array, requires_grad) if out is None else into(out, wrap(array), "eye")


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64, device: Any = None, layout: Any = None
) -> Tensor:
    """Row and column indices of a matrix's lower triangle, as two rows."""
    check_options("tril_indices", device, layout)
    return wrap(np.array(np.tril_indices(row, offset, col)).astype(dtype.numpy))


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64, device: Any = None, layout: Any = None
) -> Tensor:
    """Row and column indices of a matrix's upper triangle, as two rows."""
    check_options("triu_indices", device, layout)
    return wrap(np.array(np.triu_indices(row, offset, col)).astype(dtype.numpy))
