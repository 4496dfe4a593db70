"""Views by strides: diagonal, as_strided, unfold, real and imaginary parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import wrap_dim
from ..tensor import Tensor, address, memory, method, strided, wrap
from .elementwise import not_a_tensor, require_tensor
from .shape import reshape, sizes_of

__all__ = ["as_strided", "diagonal", "imag", "real", "view_as_complex", "view_as_real"]


class DiagonalBackward0(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
        ctx.shape, ctx.at = x._array.shape, (offset, dim1, dim2)
        out = x._array.diagonal(offset, dim1, dim2)
        if not out.flags.writeable:  # NumPy gives a read-only view
            start = address(out) - address(x._array) if out.size else 0
            out = strided(x._array, out.shape, out.strides, start)
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return dy.new_zeros(ctx.shape).diagonal_scatter(dy, *ctx.at), None, None, None  # type: ignore[attr-defined]


@method()
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The elements where the indices of two dims differ by `offset`, as a last dim; a view.

    Example:
        >>> rushlight.diagonal(rushlight.arange(9).view(3, 3))
        tensor([0, 4, 8])
    """
    if not isinstance(input, TensorBase):
        raise not_a_tensor("diagonal", input)
    ndim = input._array.ndim
    dim1, dim2 = wrap_dim(dim1, ndim, "diagonal", "dim1"), wrap_dim(dim2, ndim, "diagonal", "dim2")
    if dim1 == dim2:
        raise RuntimeError(
            f"diagonal: dim1 and dim2 must differ (diagonal dimensions cannot be identical), got {dim1} twice"
        )
    return DiagonalBackward0.apply(input, offset, dim1, dim2)


class StridedBackward0(Function):
    """as_strided of any tensor: elements of its memory, which may repeat."""

    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: tuple, stride: tuple, offset: int) -> Tensor:
        ctx.shape, ctx.x_stride, ctx.x_offset = x._array.shape, x.stride(), x.storage_offset()
        ctx.geometry = size, stride, offset
        flat = memory(x._array)
        item = flat.itemsize
        return wrap(strided(flat[offset:], size, tuple([s * item for s in stride])))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        size, stride, offset = ctx.geometry
        return (
            dy.strided_adjoint(ctx.shape, ctx.x_stride, ctx.x_offset, size, stride, offset),
            None,
            None,
            None,
        )  # type: ignore[attr-defined]


StridedBackward0._name = "AsStridedBackward0"


class UnfoldBackward0(StridedBackward0):
    _view = True


def _extent(size: Sequence[int], stride: Sequence[int]) -> int:
    """How many elements of memory a shape with strides spans."""
    if 0 in size:
        return 0
    return 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True))


class StridedAdjointBackward0(Function):
    """Sum dy, laid out with one geometry, into a tensor laid out in the same memory with another.

    Where several elements of that tensor share memory, the sum counts once for them all. `transposed` is the
    adjoint of this in turn: the two geometries change places, and what is divided is dy.
    """

    @staticmethod
    def forward(
        ctx: Any,
        dy: Tensor,
        shape: tuple,
        x_stride: tuple,
        x_offset: int,
        size: tuple,
        stride: tuple,
        offset: int,
        transposed: bool = False,
    ) -> Tensor:
        ctx.rest = (size, stride, offset, shape, x_stride, x_offset, not transposed)
        low = min(x_offset, offset)
        flat = np.zeros(
            max(x_offset + _extent(shape, x_stride), offset + _extent(size, stride)) - low, dy._array.dtype
        )
        item = flat.itemsize
        array = dy._array / _sharing(size, stride) if transposed else dy._array
        if array.size:
            positions = np.lib.stride_tricks.as_strided(
                np.arange(flat.size)[offset - low :], size, tuple([s * 8 for s in stride])
            )
            np.add.at(flat, positions, array)
        dx = np.lib.stride_tricks.as_strided(
            flat[x_offset - low :], shape, tuple([s * item for s in x_stride])
        )
        if not transposed:
            dx = dx / _sharing(shape, x_stride)
        return wrap(np.ascontiguousarray(dx).reshape(shape).astype(dy._array.dtype, copy=False))

    @staticmethod
    def backward(ctx: Any, ddx: Tensor) -> tuple:
        return (StridedAdjointBackward0.apply(ddx, *ctx.rest), *(None,) * 7)


def _sharing(shape: tuple, stride: tuple) -> int:
    """How many elements share each place of memory, by strides of 0."""
    shared = 1
    for n, s in zip(shape, stride, strict=True):
        shared *= n if s == 0 else 1
    return max(shared, 1)


@method()
def strided_adjoint(self: Tensor, *geometry: Any) -> Tensor:
    """The gradient of `as_strided`."""
    return StridedAdjointBackward0.apply(self, *geometry)


@method()
def as_strided(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A view with the given sizes and strides (in elements) into the memory of `input`.

    Raises:
        RuntimeError: it would reach outside the memory.

    Example:
        >>> rushlight.as_strided(rushlight.arange(9), (2, 2), (1, 2))
        tensor([[0, 2],
                [1, 3]])
    """
    require_tensor("as_strided", input)
    size, stride = sizes_of((size,), "as_strided"), sizes_of((stride,), "as_strided")
    offset = input.storage_offset() if storage_offset is None else storage_offset
    if len(size) != len(stride):
        raise RuntimeError(
            f"as_strided: mismatch in length of strides and shape, got {len(stride)} and {len(size)}"
        )
    if min(stride, default=0) < 0 or min(size, default=0) < 0 or offset < 0:
        raise RuntimeError(
            f"as_strided: sizes, strides and storage_offset must not be negative, got {size}, {stride}, {offset}"
        )
    if offset + _extent(size, stride) > memory(input._array).size:
        raise RuntimeError(
            f"as_strided: sizes {list(size)}, strides {list(stride)}, storage_offset {offset} require "
            f"{offset + _extent(size, stride)} elements, which is out of bounds for storage of {memory(input._array).size}"
        )
    return StridedBackward0.apply(input, size, stride, offset)


@method()
def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` elements, `step` apart, along one dim; they become the last dim. A view.

    Example:
        >>> rushlight.arange(5).unfold(0, 3, 1)
        tensor([[0, 1, 2],
                [1, 2, 3],
                [2, 3, 4]])
    """
    array = self._array
    dim = wrap_dim(dimension, array.ndim, "unfold", "dimension")
    n = array.shape[dim] if array.ndim else 1
    if not 0 <= size <= n:
        raise RuntimeError(f"unfold: size must be in [0, {n}] for dimension {dim} of size {n}, got {size}")
    if step < 1:
        raise RuntimeError(f"unfold: step must be greater than 0, got {step}")
    if not array.ndim:
        return reshape(self, (1,))[:size]  # type: ignore[index]
    shape, stride = list(array.shape), list(self.stride())
    shape[dim] = (n - size) // step + 1
    new_stride = list(stride)
    new_stride[dim] = stride[dim] * step
    # Windows lie inside the tensor's own memory: no bounds to check.
    return UnfoldBackward0.apply(self, (*shape, size), (*new_stride, stride[dim]), self.storage_offset())


class ViewAsRealBackward0(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        array = x._array
        real = array.real
        return wrap(np.lib.stride_tricks.as_strided(real, (*array.shape, 2), (*array.strides, real.itemsize)))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        return view_as_complex(dy.contiguous())  # type: ignore[attr-defined]


@method()
def view_as_real(input: Tensor) -> Tensor:
    """A complex tensor's real and imaginary parts as a last dim of size 2; a view."""
    require_tensor("view_as_real", input)
    if not input.is_complex():
        raise RuntimeError(f"view_as_real: input must be complex, got {input.dtype}")
    return ViewAsRealBackward0.apply(input)


class ViewAsComplexBackward0(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        array = x._array
        kind = np.complex64 if array.dtype == np.float32 else np.complex128
        return wrap(array.view(kind)[..., 0] if array.size else np.empty(array.shape[:-1], kind))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        return view_as_real(dy.contiguous())  # type: ignore[attr-defined]


@method()
def view_as_complex(input: Tensor) -> Tensor:
    """A tensor whose last dim (real, imaginary) has size 2 as a complex one; a view."""
    require_tensor("view_as_complex", input)
    array = input._array
    if array.dtype not in (np.float32, np.float64):
        raise RuntimeError(f"view_as_complex: input must be float32 or float64, got {input.dtype}")
    if not array.ndim or array.shape[-1] != 2 or (array.size and array.strides[-1] != array.itemsize):
        raise RuntimeError(
            f"view_as_complex: the last dim must have size 2 and stride 1, got size {list(array.shape)}"
        )
    return ViewAsComplexBackward0.apply(input)


def real(input: Tensor) -> Tensor:
    """The real parts; a view. A real tensor is its own."""
    require_tensor("real", input)
    return view_as_real(input).select(-1, 0) if input._array.dtype.kind == "c" else input  # type: ignore[attr-defined]


def imag(input: Tensor) -> Tensor:
    """The imaginary parts of a complex tensor; a view."""
    require_tensor("imag", input)
    if input._array.dtype.kind != "c":
        raise RuntimeError(f"imag: is not implemented for tensors with non-complex dtypes, got {input.dtype}")
    return view_as_real(input).select(-1, 1)  # type: ignore[attr-defined]


Tensor.real = property(real, lambda self, value: real(self).copy_(value))  # type: ignore[attr-defined]
Tensor.imag = property(imag, lambda self, value: imag(self).copy_(value))  # type: ignore[attr-defined]
