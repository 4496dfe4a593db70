"""Masks: masked_fill, masked_select, where, nonzero."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..autograd.inplace import assign, check_inplace
from ..errors import kind_of
from ..kernels import _C, usable
from ..tensor import Tensor, into, method, wrap
from .convert import cast, in_order, to_dtype
from .elementwise import not_a_tensor, require_tensor
from .index import IndexBackward0, IndexPutBackward0
from .promotion import number, result_type
from .shape import _broadcast, broadcast_shapes, expand, reshape

__all__ = ["argwhere", "masked_fill", "masked_scatter", "masked_select", "nonzero", "where"]


# -- masks -----------------------------------------------------------------------------------------------------
def _check_mask(mask: Any, function: str) -> np.ndarray:
    if not isinstance(mask, TensorBase):
        raise TypeError(f"{function}: mask must be a Tensor, got {kind_of(mask)}")
    if mask._array.dtype != np.bool_:
        raise RuntimeError(f"{function}: only supports boolean masks, but got mask with dtype {mask.dtype}")
    return mask._array


class MaskedFillBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, mask: np.ndarray, value: Any) -> Tensor:
        ctx.mask = mask
        if usable(x) and (
            usable(value) if isinstance(value, TensorBase) else isinstance(value, (int, float))
        ):
            y = _C.where(mask, value, x, None)
            return y if y._array.flags.c_contiguous else in_order(y._array)
        out = np.array(np.broadcast_to(x._array, broadcast_shapes(x._array.shape, mask.shape)), order="C")
        np.copyto(out, value._array if isinstance(value, TensorBase) else value, where=mask, casting="unsafe")
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        dx = MaskedFillBackward0.apply(dy, ctx.mask, 0) if ctx.needs_input_grad[0] else None
        dv = None
        if ctx.needs_input_grad[2]:
            mask = np.asarray(~np.broadcast_to(ctx.mask, dy._array.shape))
            dv = MaskedFillBackward0.apply(dy, mask, 0).sum()
        return dx, None, dv


@method()
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy with `value` (a number or 0-d tensor) where the mask is True.

    Example:
        >>> masked_fill(rushlight.ones(2), rushlight.tensor([True, False]), 5)
        tensor([5., 1.])
    """
    if not isinstance(input, TensorBase):
        raise not_a_tensor("masked_fill", input)
    where_ = _check_mask(mask, "masked_fill")
    if isinstance(value, TensorBase):
        if value._array.ndim:
            raise RuntimeError(
                f"masked_fill: only supports a 0-dimensional value tensor, got one with {value._array.ndim} dims"
            )
        if not value.requires_grad:
            number(value._array.item(), input.dtype, "masked_fill")  # it must fit, too
        value = to_dtype(value, input.dtype)  # type: ignore[arg-type]
    else:
        value = number(
            value, input.dtype, "masked_fill"
        ).item()  # a Python number again: the kernel takes those
    return MaskedFillBackward0.apply(input, where_, value)


def _choice(value: Any, d: dtypes.dtype, name: str) -> Tensor:
    """A number of `where`'s; 16-bit floats take any, those beyond their range become infinite."""
    half = d.category == dtypes.FLOAT and d.itemsize < 4
    return wrap(cast(number(value, dtypes.float64 if half else d, "where", name), d))


def nothing_of(x: Tensor) -> Tensor:
    """Zeros in the shape of x and with its history, for results that depend on x in no element."""
    return MaskedFillBackward0.apply(x, np.ones((), bool), 0)


@method()
def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`masked_fill` in place."""
    check_inplace(self, "masked_fill_", value)
    return assign(self, masked_fill(self, mask, value), "masked_fill_")


@method()
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where the mask is True, in order, as a 1-d tensor."""
    require_tensor("masked_select", input)
    where_ = _check_mask(mask, "masked_select")
    shape = broadcast_shapes(input._array.shape, where_.shape)
    x = input if input._array.shape == shape else expand(input, shape)
    result = MaskedSelectBackward0.apply(x, (_broadcast(where_, shape),))
    return result if out is None else into(out, result, "masked_select")


class MaskedSelectBackward0(IndexBackward0):
    pass


@method(inplace=True)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy with the places where the mask is True filled, in order, with the elements of `source`."""
    require_tensor("masked_scatter", input)
    require_tensor("masked_scatter", source, "source")
    where_ = _check_mask(mask, "masked_scatter")
    if source.dtype is not input.dtype:
        raise RuntimeError(
            f"masked_scatter: source must have input's dtype {input.dtype}, got {source.dtype}"
        )
    shape = broadcast_shapes(input._array.shape, where_.shape)
    full = np.broadcast_to(where_, shape)
    n = int(full.sum())
    if source._array.size < n:
        raise RuntimeError(
            f"masked_scatter: source must have at least {n} elements (as many as the mask has True), got {source._array.size}"
        )
    if source.dtype is not input.dtype:
        raise RuntimeError(
            f"masked_scatter: source must have the same dtype as input, {input.dtype}, got {source.dtype}"
        )
    x = expand(input, shape) if input._array.shape != shape else input
    return IndexPutBackward0.apply(x, (full,), reshape(source, (-1,))[:n], False)  # type: ignore[index]


class WhereBackward0(Function):
    @staticmethod
    def forward(ctx: Any, condition: np.ndarray, x: Tensor, y: Tensor) -> Tensor:
        ctx.condition = condition
        if usable(x, y):
            return _C.where(condition, x, y, None)
        return wrap(np.where(condition, x._array, y._array))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        mask = np.asarray(np.broadcast_to(ctx.condition, dy._array.shape))
        dx = MaskedFillBackward0.apply(dy, np.asarray(~mask), 0) if ctx.needs_input_grad[1] else None
        return None, dx, MaskedFillBackward0.apply(dy, mask, 0) if ctx.needs_input_grad[2] else None


def where(condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None) -> Any:
    """Elements of `input` where the condition is True, of `other` elsewhere; alone, `nonzero(as_tuple=True)`.

    Example:
        >>> where(rushlight.tensor([True, False]), 1.0, 0.0)
        tensor([1., 0.])
    """
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    mask = _check_condition(condition)
    d = result_type(input, other)
    x, y = (
        to_dtype(v, d) if isinstance(v, Tensor) else _choice(v, d, name)  # type: ignore[arg-type]
        for v, name in ((input, "input"), (other, "other"))
    )
    try:
        result = WhereBackward0.apply(mask, x, y)
    except (ValueError, RuntimeError):
        raise RuntimeError(
            f"where: condition, input and other must broadcast together, got shapes {list(mask.shape)}, "
            f"{list(x._array.shape)} and {list(y._array.shape)}"
        ) from None
    return result if out is None else into(out, result, "where")


def _check_condition(condition: Any) -> np.ndarray:
    if not isinstance(condition, TensorBase):
        raise TypeError(f"where: condition must be a Tensor, got {kind_of(condition)}")
    if condition._array.dtype == np.uint8:
        return condition._array.astype(bool)
    if condition._array.dtype != np.bool_:
        raise RuntimeError(
            f"where: expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype}"
        )
    return condition._array


@method("where")
def _where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """Elements of this tensor where the condition is True, of `other` elsewhere."""
    return where(condition, self, other)


@method()
def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """The indices of elements that are not 0, as rows; with `as_tuple`, one tensor for each dim.

    Example:
        >>> nonzero(rushlight.tensor([0, 3, 4]))
        tensor([[1],
                [2]])
    """
    require_tensor("nonzero", input)
    array = input._array
    if as_tuple:
        return tuple([wrap(i) for i in np.nonzero(array.reshape(1) if not array.ndim else array)])
    result = wrap(np.argwhere(array) if array.ndim else np.zeros((int(array != 0), 0), np.int64))
    return result if out is None else into(out, result, "nonzero")


@method()
def argwhere(input: Tensor) -> Tensor:
    """The indices of elements that are not 0, as rows."""
    require_tensor("argwhere", input)
    return nonzero(input)
