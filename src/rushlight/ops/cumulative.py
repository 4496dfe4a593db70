"""Running sums, products and extremes along a dim, and differences of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.inplace import inplace
from ..errors import wrap_dim
from ..kernels import _C
from ..return_types import struct
from ..tensor import Tensor, into, method, wrap
from .binary import np_logaddexp
from .convert import in_order
from .elementwise import FLOAT32, refuse, require_tensor, work_dtype

__all__ = [
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative_trapezoid",
    "diff",
    "logcumsumexp",
    "trapezoid",
    "trapz",
]


def _running(name: str, ufunc: Any, array: np.ndarray, dim: int, d: Any) -> np.ndarray:
    """The running result in dtype `d`, accumulated in float64 for floats."""
    if d is None:
        d = dtypes.of(array.dtype)
        if d.category < dtypes.FLOAT:
            d = dtypes.int64
    if array.ndim == 0:
        return array.astype(d.numpy)
    if _C is not None and d is dtypes.float32 and array.dtype.num == FLOAT32 and hasattr(_C, "cumulative"):
        return _C.cumulative(name == "cumprod", array, dim)._array
    work = np.dtype(np.float64) if d.category == dtypes.FLOAT else d.numpy
    with np.errstate(all="ignore"):
        return ufunc.accumulate(array, axis=dim, dtype=work).astype(d.numpy, order="C", copy=False)


class CumsumBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, d: Any) -> Tensor:
        ctx.dim = dim
        return wrap(_running("cumsum", np.add, x._array, dim, d))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        if not dy._array.ndim:
            return dy, None, None
        return cumsum(dy.flip(ctx.dim), ctx.dim).flip(ctx.dim), None, None  # type: ignore[attr-defined]


@method()
def cumsum(input: Tensor, dim: int, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """The sum of the elements up to each one along `dim`.

    Example:
        >>> cumsum(rushlight.tensor([1.0, 2.0, 3.0]), 0)
        tensor([1., 3., 6.])
    """
    require_tensor("cumsum", input)
    y = CumsumBackward0.apply(input, wrap_dim(dim, input._array.ndim, "cumsum"), dtype)
    return y if out is None else into(out, y, "cumsum")


class CumprodBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, d: Any) -> Tensor:
        y = wrap(_running("cumprod", np.multiply, x._array, dim, d))
        ctx.dim = dim
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        x, y = ctx.saved_tensors
        dim = ctx.dim
        if not dy._array.ndim:
            return dy, None, None
        if not is_grad_enabled() and (x._array != 0).all():
            total = cumsum((dy * y.conj()).flip(dim), dim).flip(dim)
            return total / x.conj(), None, None
        # dy(i)/dx(j) = the product up to i without j, for each j in turn: it holds where x is 0, too.
        from .join import stack

        parts = []
        for j in range(x._array.shape[dim]):
            one = x.narrow(dim, j, 1) * 0 + 1
            others = CumprodBackward0.apply(x.slice_scatter(one, dim, j, j + 1), dim, None)
            tail = slice_from(dy, dim, j) * slice_from(others, dim, j).conj()
            parts.append(tail.sum(dim))
        return stack(parts, dim), None, None


def slice_from(x: Tensor, dim: int, start: int) -> Tensor:
    """The part of `x` from `start` along `dim`."""
    return x.narrow(dim, start, x._array.shape[dim] - start)  # type: ignore[attr-defined]


@method()
def cumprod(input: Tensor, dim: int, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """The product of the elements up to each one along `dim`.

    Example:
        >>> cumprod(rushlight.tensor([1.0, 2.0, 3.0]), 0)
        tensor([1., 2., 6.])
    """
    require_tensor("cumprod", input)
    y = CumprodBackward0.apply(input, wrap_dim(dim, input._array.ndim, "cumprod"), dtype)
    return y if out is None else into(out, y, "cumprod")


def _in_place(function: Any) -> None:
    """The in-place form, which computes in the tensor's own dtype: integers in theirs, not in int64."""

    def changed(self: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
        d, name = dtypes.of(self._array.dtype), function.__name__ + "_"
        if d is dtypes.bool_:
            raise NotImplementedError(f"{name}: the tensor must not be bool")
        if dtype is not None and dtype is not d:
            raise RuntimeError(
                f"{name}: dtype must be the tensor's own, {d} (Bad in-place call), got {dtype}"
            )
        return inplace(function, self, dim, dtype=d)

    changed.__name__ = function.__name__ + "_"
    changed.__qualname__ = f"Tensor.{changed.__name__}"
    changed.__doc__ = f"In-place `{function.__name__}`."
    method(changed.__name__)(changed)


_in_place(cumsum)
_in_place(cumprod)


# -- extremes -----------------------------------------------------------------------------------------------------
def _running_extreme(array: np.ndarray, dim: int, largest: bool) -> tuple[np.ndarray, np.ndarray]:
    """(values, indices): the last of several that tie; a NaN stays."""
    if array.ndim == 0:
        return array.copy(), np.zeros((), np.int64)
    d = dtypes.of(array.dtype)
    work = array.astype(work_dtype(d).numpy, copy=False)
    with np.errstate(all="ignore"):
        values = (np.maximum if largest else np.minimum).accumulate(work, axis=dim)
    hit = values == work
    if work.dtype.kind == "f":
        hit |= np.isnan(work)
    shape = [1] * array.ndim
    shape[dim] = -1
    position = np.arange(array.shape[dim], dtype=np.int64).reshape(shape)
    return values.astype(array.dtype, copy=False), np.maximum.accumulate(np.where(hit, position, 0), axis=dim)


class CummaxBackward0(Function):
    _largest = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int) -> tuple:
        values, indices = (in_order(a) for a in _running_extreme(x._array, dim, type(ctx)._largest))
        ctx.dim, ctx.shape = dim, x._array.shape
        ctx.save_for_backward(indices)
        ctx.mark_non_differentiable(indices)
        return values, indices

    @staticmethod
    def backward(ctx: Any, dy: Tensor, _: Any) -> tuple:
        (indices,) = ctx.saved_tensors
        if not ctx.shape:
            return dy, None
        return dy.new_zeros(ctx.shape).scatter_add(ctx.dim, indices, dy), None


class CumminBackward0(CummaxBackward0):
    _largest = False


_cummax_result, _cummin_result = struct("cummax", "values", "indices"), struct("cummin", "values", "indices")


@method()
def cummax(input: Tensor, dim: int, *, out: Any = None) -> Any:
    """The largest of the elements up to each one along `dim`, and its index.

    Example:
        >>> cummax(rushlight.tensor([1.0, 3.0, 2.0]), 0).values
        tensor([1., 3., 3.])
    """
    require_tensor("cummax", input)
    refuse("cummax", input, "c")
    pair = CummaxBackward0.apply(input, wrap_dim(dim, input._array.ndim, "cummax"))
    if out is not None:
        pair = [into(o, p, "cummax") for o, p in zip(out, pair, strict=True)]
    return _cummax_result(*pair)


@method()
def cummin(input: Tensor, dim: int, *, out: Any = None) -> Any:
    """The smallest of the elements up to each one along `dim`, and its index.

    Example:
        >>> cummin(rushlight.tensor([3.0, 1.0, 2.0]), 0).indices
        tensor([0, 1, 1])
    """
    require_tensor("cummin", input)
    refuse("cummin", input, "c")
    pair = CumminBackward0.apply(input, wrap_dim(dim, input._array.ndim, "cummin"))
    if out is not None:
        pair = [into(o, p, "cummin") for o, p in zip(out, pair, strict=True)]
    return _cummin_result(*pair)


class LogcumsumexpBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int) -> Tensor:
        array = x._array
        work = array.astype(np.float64 if array.dtype.kind != "c" else np.complex128, copy=False)
        with np.errstate(all="ignore"):
            if work.dtype.kind == "c" and array.ndim:
                y = work.copy()
                parts = np.moveaxis(y, dim, 0)
                for i in range(1, len(parts)):
                    parts[i] = np_logaddexp(parts[i - 1], parts[i])
            else:
                y = np.logaddexp.accumulate(work, axis=dim) if array.ndim else work
        result = in_order(np.asarray(y).astype(array.dtype))
        ctx.dim = dim
        ctx.save_for_backward(x, result)
        return result

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        x, y = ctx.saved_tensors
        dim = ctx.dim
        if not dy._array.ndim:
            return dy, None
        if x.is_complex():
            most = x.detach().real.amax(dim, keepdim=True)
            late = cumsum((dy * (most - y).exp().conj()).flip(dim), dim).flip(dim)
            return late * (x - most).exp().conj(), None
        # dx(j) = exp(x(j)) * sum over i >= j of dy(i) exp(-y(i)), positive and negative dy apart, in logarithms.
        total: Any = 0
        for sign in (1, -1):
            part = (dy * sign).clamp(min=0)  # type: ignore[operator]
            late = logcumsumexp((part.log() - y).flip(dim), dim).flip(dim)
            total = total + (late + x).exp() * sign
        return total, None


@method()
def logcumsumexp(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the sum of the exponentials up to each element along `dim`.

    Example:
        >>> logcumsumexp(rushlight.zeros(3), 0)
        tensor([0.0000, 0.6931, 1.0986])
    """
    require_tensor("logcumsumexp", input)
    refuse("logcumsumexp", input, "bi")
    y = LogcumsumexpBackward0.apply(input, wrap_dim(dim, input._array.ndim, "logcumsumexp"))
    return y if out is None else into(out, y, "logcumsumexp")


# -- differences and integrals ------------------------------------------------------------------------------------
@method()
def diff(
    input: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The differences of neighbours along `dim`, `n` times over.

    Example:
        >>> diff(rushlight.tensor([1.0, 4.0, 9.0]))
        tensor([3., 5.])
    """
    from .join import cat

    require_tensor("diff", input)
    if not input._array.ndim:
        raise RuntimeError("diff: input must have at least one dim, got a 0-d tensor")
    if n < 0:
        raise RuntimeError(f"diff: n must not be negative, got {n}")
    dim = wrap_dim(dim, input._array.ndim, "diff")
    for name, part in (("prepend", prepend), ("append", append)):
        if part is not None:
            require_tensor("diff", part, name)
    parts = [p for p in (prepend, input, append) if p is not None]
    y = cat(tuple(parts), dim) if len(parts) > 1 and n else input  # nothing is joined to what stays as it is
    for _ in range(min(n, y._array.shape[dim])):
        size = y._array.shape[dim]
        late, early = y.narrow(dim, 1, size - 1), y.narrow(dim, 0, size - 1)  # type: ignore[attr-defined]
        y = late ^ early if y._array.dtype.kind == "b" else late - early
    if n == 0:
        y = y.clone()  # type: ignore[attr-defined]
    return y if out is None else into(out, y, "diff")


def _steps(name: str, y: Tensor, x: Any, dx: Any, dim: int) -> Any:
    if x is None:
        return dx
    if not isinstance(x, TensorBase):
        return x
    step = diff(x, dim=-1 if x._array.ndim == 1 else dim)  # type: ignore[arg-type]
    if x._array.ndim == 1:
        if x._array.shape[0] != y._array.shape[dim]:
            raise RuntimeError(
                f"{name}: x must have y's size {y._array.shape[dim]} along dim {dim} (There must be one x value for each "
                f"sample point), got {x._array.shape[0]}"
            )
        shape = [1] * y._array.ndim
        shape[dim] = -1
        step = step.reshape(shape)  # type: ignore[attr-defined]
    return step


def _areas(name: str, y: Tensor, x: Any, dx: Any, dim: int) -> tuple[Tensor, int]:
    dim = wrap_dim(dim, y._array.ndim, name)
    size = y._array.shape[dim]
    pairs = y.narrow(dim, 1, size - 1) + y.narrow(dim, 0, size - 1)  # type: ignore[attr-defined]
    return pairs * _steps(name, y, x, dx, dim) / 2.0, dim


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral of samples `y` along `dim` by the trapezoidal rule, at the points `x` or with spacing `dx` (1).

    Example:
        >>> trapezoid(rushlight.tensor([1.0, 2.0, 3.0]))
        tensor(4.)
    """
    require_tensor("trapezoid", y, "y")
    refuse("trapezoid", y, "b")
    areas, dim = _areas("trapezoid", y, x, 1.0 if dx is None else dx, dim)
    return areas.sum(dim)  # type: ignore[attr-defined]


def trapz(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The same as `trapezoid`."""
    require_tensor("trapz", y, "y")
    return trapezoid(y, x, dx=dx, dim=dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral of samples `y` up to each one along `dim` by the trapezoidal rule.

    Example:
        >>> cumulative_trapezoid(rushlight.tensor([1.0, 2.0, 3.0]))
        tensor([1.5000, 4.0000])
    """
    require_tensor("cumulative_trapezoid", y, "y")
    refuse("cumulative_trapezoid", y, "b")
    areas, dim = _areas("cumulative_trapezoid", y, x, 1.0 if dx is None else dx, dim)
    return cumsum(areas, dim)
