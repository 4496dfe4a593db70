"""Copies, memory orders and dtypes: clone, contiguous, to, type and the like."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import devices, dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import OutOfMemoryError, kind_of
from ..kernels import _C
from ..tensor import Tensor, method, wrap

__all__ = ["clone", "resolve_conj", "resolve_neg"]


def empty_array(shape: tuple, dtype: np.dtype) -> np.ndarray:
    """Uninitialized memory; large blocks from the pool.

    Raises:
        OutOfMemoryError: there is not so much.
    """
    try:
        return np.empty(shape, dtype) if _C is None else _C.empty(shape, dtype)._array
    except MemoryError:
        raise OutOfMemoryError(
            f"empty: not enough memory for a tensor of shape {list(shape)} ({math.prod(shape) * dtype.itemsize} bytes); "
            "use smaller tensors or batches"
        ) from None


def ordered_copy(array: np.ndarray, format: Any) -> np.ndarray:
    """A copy in the memory order `format`."""
    if format is dtypes.preserve_format:
        if array.flags.c_contiguous:
            out = empty_array(array.shape, array.dtype)
            out[...] = array
            return out
        out = np.array(array, order="K", copy=True)  # a dense tensor keeps its order
        if 0 in array.strides and array.size > 1:
            out = np.ascontiguousarray(array)
        return out
    if format is dtypes.contiguous_format:
        if (
            _C is not None
            and array.itemsize == 4
            and array.dtype.kind in "fiu"
            and not array.flags.c_contiguous
        ):
            return _C.contiguous(array)._array
        out = empty_array(array.shape, array.dtype)
        out[...] = array
        return out
    if not isinstance(format, dtypes.memory_format):
        raise TypeError(f"contiguous: memory_format must be a torch.memory_format, got {kind_of(format)}")
    n = 4 if format is dtypes.channels_last else 5
    if array.ndim != n:
        raise RuntimeError(f"contiguous: memory_format={format} needs a tensor of {n} dims, got {array.ndim}")
    return np.moveaxis(ordered_copy(np.moveaxis(array, 1, -1), dtypes.contiguous_format), -1, 1)


def in_order(array: np.ndarray) -> Tensor:
    """A result whose elements lie in memory in order: NumPy's often keep its operands' order, PyTorch's do not."""
    return wrap(array if array.flags.c_contiguous else ordered_copy(array, dtypes.contiguous_format))


class CloneBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, format: Any) -> Tensor:
        return wrap(ordered_copy(x._array, format))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return dy, None


def _check_tensor(name: str, input: Any) -> None:
    if not isinstance(input, TensorBase):
        raise TypeError(f"{name}: input must be a Tensor, got {kind_of(input)}")


@method()
def clone(input: Tensor, *, memory_format: Any = dtypes.preserve_format) -> Tensor:
    """A copy in memory of its own; gradients flow through.

    Example:
        >>> x = rushlight.ones(2)
        >>> y = clone(x)
        >>> y[0] = 5
        >>> x
        tensor([1., 1.])
    """
    try:
        return CloneBackward0.apply(input, memory_format)
    except AttributeError:
        _check_tensor("clone", input)
        raise


@method()
def contiguous(self: Tensor, memory_format: Any = dtypes.contiguous_format) -> Tensor:
    """The tensor itself if its elements lie in memory in order, else a copy for which they do."""
    if self.is_contiguous(memory_format):
        return self
    return CloneBackward0.apply(self, memory_format)


class ToCopyBackward0(Function):
    """A copy in another dtype; the engine casts the gradient back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dtype: dtypes.dtype) -> Tensor:
        return wrap(cast(x._array, dtype))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return dy, None


def cast(array: np.ndarray, dtype: dtypes.dtype) -> np.ndarray:
    """The array's values in another dtype: floats to integers towards zero, complex to real without a warning."""
    source = dtypes.of(array.dtype)
    if source.is_complex and not dtype.is_complex and dtype is not dtypes.bool_:
        array = array.real
    if _C is not None and array.size >= 4096:
        result = _C.cast(array, dtype.numpy)
        if result is not None:
            return result._array
    with np.errstate(invalid="ignore", over="ignore"):
        return array.astype(dtype.numpy)


def to_dtype(input: Tensor, dtype: dtypes.dtype) -> Tensor:
    """`input` in `dtype`; the tensor itself if it has it already."""
    if input._array.dtype == dtype.numpy:
        return input
    return ToCopyBackward0.apply(input, dtype)


@method()
def to(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The tensor in another dtype, on another device (there is one), or as another tensor is.

    `to(dtype)`, `to(device)`, `to(device, dtype)`, `to(other)`, each with `non_blocking`, `copy`, `memory_format`.

    Example:
        >>> rushlight.tensor([1.7]).to(rushlight.int64)
        tensor([1])
    """
    dtype = kwargs.pop("dtype", None)
    device = kwargs.pop("device", None)
    other = kwargs.pop("other", None)
    copy = kwargs.pop("copy", False)
    kwargs.pop("non_blocking", None)  # there is nothing to wait for
    memory_format = kwargs.pop("memory_format", None)
    if kwargs:
        raise TypeError(f"to: got an unexpected keyword argument {next(iter(kwargs))!r}")
    flags = []
    for a in args:
        if isinstance(a, dtypes.dtype) or a in (float, int, bool, complex):
            dtype = a
        elif isinstance(a, TensorBase):
            other = a
        elif isinstance(a, bool):
            flags.append(a)
        elif isinstance(a, (str, devices.device, int)):
            device = a
        elif a is not None:
            raise TypeError(f"to: arguments must be a dtype, a device or a Tensor, got {type(a).__name__}")
    if len(flags) > 1:
        copy = flags[1]
    if device is not None:
        devices.check(device, "to")
    if other is not None:
        dtype = dtypes.of(other._array.dtype)
    result = self if dtype is None else to_dtype(self, dtypes.check(dtype, "to"))
    if (
        memory_format is not None
        and memory_format is not dtypes.preserve_format
        and not result.is_contiguous(memory_format)
    ):
        return CloneBackward0.apply(result, memory_format)
    return clone(result) if copy and result is self else result


def _caster(name: str, dtype: dtypes.dtype) -> None:
    def convert(self: Tensor, memory_format: Any = dtypes.preserve_format) -> Tensor:
        result = self if self._array.dtype == dtype.numpy else ToCopyBackward0.apply(self, dtype)
        return result if memory_format is dtypes.preserve_format else contiguous(result, memory_format)

    convert.__name__ = name
    convert.__qualname__ = f"Tensor.{name}"
    convert.__doc__ = f"The tensor in {dtype}."
    setattr(Tensor, name, convert)


for _name, _dtype in {
    "float": dtypes.float32,
    "double": dtypes.float64,
    "half": dtypes.float16,
    "bfloat16": dtypes.bfloat16,
    "long": dtypes.int64,
    "int": dtypes.int32,
    "short": dtypes.int16,
    "char": dtypes.int8,
    "byte": dtypes.uint8,
    "bool": dtypes.bool_,
    "cfloat": dtypes.complex64,
    "cdouble": dtypes.complex128,
}.items():
    _caster(_name, _dtype)


@method()
def chalf(self: Tensor, memory_format: Any = dtypes.preserve_format) -> Tensor:
    """An error: there is no complex32 here, of which PyTorch's is experimental.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(
        "chalf: dtype complex32 must not be asked for, it is not there; use cfloat (complex64)"
    )


@method()
def cpu(self: Tensor, memory_format: Any = dtypes.preserve_format) -> Tensor:
    """The tensor itself, as it is on the CPU; or a copy where `memory_format` says another order in memory."""
    return self if memory_format is dtypes.preserve_format else contiguous(self, memory_format)


@method()
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor in the dtype of `other`."""
    return to_dtype(self, dtypes.of(other._array.dtype))


@method("type")
def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the tensor's type ("torch.FloatTensor"), or the tensor in `dtype` (a dtype or such a name)."""
    if dtype is None:
        return f"torch.{self.dtype.legacy}Tensor"
    if isinstance(dtype, str):
        for d in dtypes._BY_NAME.values():
            if dtype in (f"torch.{d.legacy}Tensor", f"torch.{d.name}"):
                return to_dtype(self, d)
        raise ValueError(f"type: invalid type {dtype!r}; give a dtype, for example torch.float32")
    return to_dtype(self, getattr(dtype, "dtype", None) or dtypes.check(dtype, "type"))


@method()
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: conjugation is never put off here."""
    _check_tensor("resolve_conj", input)
    return input


@method()
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: negation is never put off here."""
    _check_tensor("resolve_neg", input)
    return input


@method()
def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Write `src`, broadcast to the tensor's shape and cast to its dtype, into the tensor."""
    from ..autograd.inplace import assign, check_inplace
    from .shape import expand

    if not isinstance(src, TensorBase):
        raise TypeError(f"copy_: src must be a Tensor, got {kind_of(src)}")
    check_inplace(self, "copy_", src)
    if src.requires_grad or self.requires_grad:
        source = to_dtype(expand(src, self._array.shape), dtypes.of(self._array.dtype))  # type: ignore[arg-type]
        if source.requires_grad:
            return assign(self, clone(source), "copy_")
        return assign(self, CopyBackwards.apply(self, source), "copy_")
    array = src._array
    if array.dtype != self._array.dtype:
        array = cast(array, dtypes.of(self._array.dtype))
    try:
        np.copyto(self._array, array)
    except ValueError:
        raise RuntimeError(
            f"copy_: src of shape {list(array.shape)} must be broadcastable to the tensor's shape {list(self._array.shape)}"
        ) from None
    self._bump()
    return self


class CopyBackwards(Function):
    """A tensor whose value was replaced by one that needs no gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, src: Tensor) -> Tensor:
        return wrap(src._array)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return dy.new_zeros(dy.shape), None
