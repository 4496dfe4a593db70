"""Whole tensors overwritten or given other memory: fill_, zero_, resize_, set_ and the like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..autograd.inplace import assign, check_inplace
from ..errors import kind_of
from ..tensor import Tensor, memory, method, wrap
from .convert import to_dtype
from .promotion import number
from .shape import sizes_of

__all__ = ["fill", "fill_", "resize_as_", "zero_"]


class FillBackward0(Function):
    """A tensor of one value in the shape of another; the value may be a 0-d tensor."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, value: Any) -> Tensor:
        out = np.empty_like(x._array)
        out.fill(value._array if isinstance(value, TensorBase) else value)
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        dx = dy.new_zeros(dy.shape) if ctx.needs_input_grad[0] else None
        return dx, dy.sum() if ctx.needs_input_grad[1] else None  # type: ignore[attr-defined]


def _value(input: Tensor, value: Any, function: str) -> Any:
    if isinstance(value, TensorBase):
        if value._array.ndim:
            raise RuntimeError(
                f"{function}: value must be a number or a 0-d tensor, got one with {value._array.ndim} dims"
            )
        return to_dtype(value, input.dtype)  # type: ignore[arg-type]
    return number(value, input.dtype, function)


@method()
def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor of the shape and dtype of `input`, all `value`.

    Example:
        >>> fill(rushlight.zeros(2), 3)
        tensor([3., 3.])
    """
    return FillBackward0.apply(input, _value(input, value, "fill"))


del Tensor.fill  # type: ignore[attr-defined]  # a function only


@method()
def fill_(input: Tensor, value: Any) -> Tensor:
    """Set every element to `value` (a number or 0-d tensor).

    Example:
        >>> fill_(rushlight.zeros(2), 3)
        tensor([3., 3.])
    """
    value = _value(input, value, "fill_")
    if check_inplace(input, "fill_", value):
        return assign(input, FillBackward0.apply(input, value), "fill_")
    input._array[...] = value._array if isinstance(value, TensorBase) else value
    input._bump()
    return input


@method()
def zero_(input: Tensor) -> Tensor:
    """Set every element to 0."""
    if not isinstance(input, TensorBase):
        raise TypeError(f"zero_: input must be a Tensor, got {kind_of(input)}")
    return fill_(input, 0)


@method()
def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Set the elements whose indices are all equal; with `wrap`, start again below the end of a tall matrix."""
    if self._array.ndim < 2:
        raise RuntimeError(f"fill_diagonal_: the tensor must have at least 2 dims, got {self._array.ndim}")
    if self._array.ndim > 2 and len(set(self._array.shape)) > 1:
        raise RuntimeError(
            f"fill_diagonal_: all dimensions must be of equal length, got {list(self._array.shape)}"
        )
    mask = np.zeros(self._array.shape, bool)
    np.fill_diagonal(mask, True, wrap=wrap)
    return self.masked_fill_(
        type(self)._make(mask) if type(self) is Tensor else Tensor._make(mask), fill_value
    )  # type: ignore[attr-defined]


def _flat(t: Tensor, n: int) -> np.ndarray:
    """At least `n` elements of the tensor's memory, grown if it is too small."""
    flat = memory(t._array)[t.storage_offset() :]
    if flat.size < n:
        grown = np.empty(n, flat.dtype)
        grown[: flat.size] = flat
        return grown
    return flat


def _reshaped(self: Tensor, array: np.ndarray) -> Tensor:
    self._array = array
    self._bump()
    return self


@method()
def resize_(self: Tensor, *sizes: Any, memory_format: Any = dtypes.contiguous_format) -> Tensor:
    """Give the tensor another shape, keeping the elements in their order in memory; new ones are not initialized.

    Args:
        memory_format: The order of the new shape's elements in memory.
    """
    shape = sizes_of(sizes, "resize_")
    if self.requires_grad:
        raise RuntimeError("resize_: cannot resize variables that require grad; use .reshape(...)")
    if min(shape, default=0) < 0:
        raise RuntimeError(f"resize_: sizes must not be negative, got {list(shape)}")
    n = int(np.prod(shape, dtype=np.int64))
    flat = _flat(self, n)[:n]
    if memory_format is dtypes.contiguous_format:
        return _reshaped(self, flat.reshape(shape))
    rank = {dtypes.channels_last: 4, dtypes.channels_last_3d: 5}.get(memory_format)
    if rank != len(shape):
        raise RuntimeError(
            "resize_: memory_format must be contiguous_format, or channels_last for 4 dims (required rank 4 tensor), or "
            f"channels_last_3d for 5, got {memory_format} for {len(shape)} dims"
        )
    return _reshaped(self, np.moveaxis(flat.reshape(shape[0], *shape[2:], shape[1]), -1, 1))


@method()
def resize_as_(self: Tensor, the_template: Tensor, memory_format: Any = dtypes.contiguous_format) -> Tensor:
    """`resize_` to the shape of another tensor."""
    return resize_(self, the_template._array.shape, memory_format=memory_format)


@method()
def set_(
    self: Tensor, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None
) -> Tensor:
    """Let the tensor show other memory: a tensor's, or a storage's from `storage_offset` with `size` and `stride`."""
    from ..storage import UntypedStorage

    check_inplace(self, "set_")
    if source is None:
        return _reshaped(self, np.empty(0, self._array.dtype))
    if isinstance(source, TensorBase) and size is None:
        if source._array.dtype != self._array.dtype:
            raise RuntimeError(
                f"set_: the source must have the tensor's dtype {self.dtype}, got {source.dtype}"
            )  # type: ignore[attr-defined]
        self._share_version(source)
        return _reshaped(self, source._array)
    flat = memory(source._array) if isinstance(source, TensorBase) else source._array
    if not isinstance(source, (TensorBase, UntypedStorage)):
        raise TypeError(f"set_: source must be a Tensor or a storage, got {kind_of(source)}")
    base = wrap(flat.reshape(-1).view(self._array.dtype))
    if size is None:
        return _reshaped(self, base._array)
    size = sizes_of((size,), "set_")
    if stride is None:
        stride = [int(np.prod(size[i + 1 :], dtype=np.int64)) for i in range(len(size))]
    return _reshaped(self, base.as_strided(size, stride, storage_offset)._array)  # type: ignore[attr-defined]


@method()
def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both tensors show the same memory in the same way."""
    return (
        self.data_ptr() == tensor.data_ptr()
        and self._array.shape == tensor._array.shape
        and self.stride() == tensor.stride()
    )


@method()
def apply_(self: Tensor, callable: Callable) -> Tensor:
    """Replace each element by `callable(element)`: a Python call each, so for small tensors."""
    if self.requires_grad:
        raise TypeError("apply_: cannot call on a tensor that requires grad; use .detach()")
    flat = [callable(v) for v in self._array.reshape(-1).tolist()]
    self._array[...] = np.array(flat).reshape(self._array.shape)
    self._bump()
    return self


@method()
def map_(self: Tensor, tensor: Tensor, callable: Callable) -> Tensor:
    """Replace each element by `callable(element, other element)`: a Python call each, so for small tensors."""
    if self.requires_grad or tensor.requires_grad:
        raise TypeError("map_: cannot call on tensors that require grad; use .detach()")
    a, b = np.broadcast_arrays(self._array, tensor._array)
    flat = [callable(v, w) for v, w in zip(a.reshape(-1).tolist(), b.reshape(-1).tolist(), strict=True)]
    self._array[...] = np.array(flat).reshape(self._array.shape)
    self._bump()
    return self
