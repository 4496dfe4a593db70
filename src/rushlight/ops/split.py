"""Parts of a tensor along a dim, as views: narrow, select, split, chunk, unbind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import wrap_dim
from ..tensor import Tensor, method, wrap
from .elementwise import not_a_tensor, require_tensor
from .shape import sizes_of

__all__ = [
    "chunk",
    "dsplit",
    "hsplit",
    "narrow",
    "select",
    "split",
    "split_with_sizes",
    "tensor_split",
    "unbind",
    "unsafe_chunk",
    "unsafe_split",
    "vsplit",
]


class BasicIndex(Function):
    """A view chosen by ints, slices, None and Ellipsis."""

    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, where: tuple) -> Tensor:
        ctx.shape, ctx.where = x._array.shape, where
        return wrap(x._array[where])

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return PlaceBackward0.apply(dy, ctx.shape, ctx.where), None


class SliceBackward0(BasicIndex):
    pass


class SelectBackward0(BasicIndex):
    pass


class PlaceBackward0(Function):
    """Zeros with one basic-indexed part filled: the adjoint of slicing."""

    @staticmethod
    def forward(ctx: Any, dy: Tensor, shape: tuple, where: tuple) -> Tensor:
        ctx.where = where
        out = np.zeros(shape, dy._array.dtype)
        out[where] = dy._array
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, ddx: Tensor) -> tuple:
        return ddx[ctx.where], None, None  # type: ignore[index]


def slice_dim(input: Tensor, dim: int, start: int, end: int, step: int = 1) -> Tensor:
    """The elements start, start+step, ... before end along one dim, as a view."""
    return SliceBackward0.apply(input, (*(slice(None),) * dim, slice(start, end, step)))


@method()
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """`length` elements from `start` on along `dim`.

    Example:
        >>> rushlight.narrow(rushlight.arange(5), 0, 1, 3)
        tensor([1, 2, 3])
    """
    if not isinstance(input, TensorBase):
        raise not_a_tensor("narrow", input)
    shape = input._array.shape
    if not shape:
        raise RuntimeError("narrow: input must have at least 1 dim, got a 0-d tensor")
    dim = wrap_dim(dim, len(shape), "narrow")
    if isinstance(start, TensorBase):
        if start._array.ndim or start._array.dtype.kind not in "iu":
            raise RuntimeError(
                f"narrow: start must be an int or a 0-dim integral Tensor, got {start.dtype} of {start.ndim} dims"
            )
        start = int(start._array)
    elif isinstance(start, bool) or not hasattr(start, "__index__"):
        raise TypeError(f"narrow: start must be an int, got {type(start).__name__}")
    start = start.__index__()
    n = shape[dim]
    if not -n <= start <= n:
        raise IndexError(f"narrow: start must be in [{-n}, {n}], got {start}")
    first = start + n if start < 0 else start
    if length < 0 or first + length > n:
        raise RuntimeError(
            f"narrow: start ({start}) + length ({length}) must not exceed the dimension size ({n})"
        )
    return slice_dim(input, dim, first, first + length)


@method()
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """One index of a dim, which goes away.

    Example:
        >>> rushlight.select(rushlight.eye(2, dtype=rushlight.int64), 0, 1)
        tensor([0, 1])
    """
    if not isinstance(input, TensorBase):
        raise not_a_tensor("select", input)
    shape = input._array.shape
    if not shape:
        raise IndexError("select: input must have at least 1 dim, got a 0-d tensor")
    dim = wrap_dim(dim, len(shape), "select")
    n = shape[dim]
    index = index.__index__()
    if not -n <= index < n:
        raise IndexError(
            f"select: index must be in [{-n}, {n - 1}] for dim {dim} of size {n}, got {index} (out of range)"
        )
    return SelectBackward0.apply(input, (*(slice(None),) * dim, index, ...))


class SplitBackward0(Function):
    """Several slices along one dim, as one node."""

    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, sizes: tuple, dim: int) -> tuple:
        ctx.shape, ctx.sizes, ctx.dim = x._array.shape, sizes, dim
        ctx.set_materialize_grads(False)
        parts, start, before = [], 0, (slice(None),) * dim
        for n in sizes:
            parts.append(wrap(x._array[(*before, slice(start, start + n))]))
            start += n
        return tuple(parts)

    @staticmethod
    def backward(ctx: Any, *dys: Any) -> tuple:
        from .join import cat

        some = next(dy for dy in dys if dy is not None)
        full = []
        for dy, n in zip(dys, ctx.sizes, strict=True):
            shape = (*ctx.shape[: ctx.dim], n, *ctx.shape[ctx.dim + 1 :])
            full.append(some.new_zeros(shape) if dy is None else dy)
        return cat(full, ctx.dim), None, None


class SplitWithSizesBackward0(SplitBackward0):
    _view = True


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Slices along `dim`, each of one size (the last may be smaller) or of the sizes in a list.

    The method of Tensor calls its argument `split_size`, as PyTorch does.

    Example:
        >>> rushlight.split(rushlight.arange(5), 2)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if not isinstance(tensor, TensorBase):
        raise not_a_tensor("split", tensor, "tensor")
    if isinstance(split_size_or_sections, (tuple, list)):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    return unsafe_split(tensor, split_size_or_sections, dim)


@method("split")
def _split_method(self: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """See `split`."""
    return split(self, split_size, dim)


@method()
def unsafe_split(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`split` into slices of one size. (In PyTorch the slices may also be changed in place; here that always holds.)"""
    require_tensor("unsafe_split", input)
    if isinstance(split_size, (tuple, list)):
        raise TypeError(
            f"unsafe_split: split_size must be an int, got {type(split_size).__name__}; use unsafe_split_with_sizes"
        )
    shape = input._array.shape
    if not shape:
        raise RuntimeError("split: the tensor must have at least 1 dim, got a 0-d tensor")
    dim = wrap_dim(dim, len(shape), "split")
    if not hasattr(split_size, "__index__"):
        raise TypeError(
            f"split: split_size must be an int or a tuple of ints, got {type(split_size).__name__}"
        )
    n, size = shape[dim], split_size.__index__()
    if size < 0 or (size == 0 and n > 0):
        raise RuntimeError(f"split: split_size must be positive (or 0 for an empty dim), got {size}")
    sizes = [size] * (n // size) + ([n % size] if n % size else []) if n else [n]
    return SplitBackward0.apply(input, tuple(sizes), dim)


@method()
def split_with_sizes(self: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Slices along `dim` of the given sizes, which must add up to its size."""
    if not isinstance(self, TensorBase):
        raise not_a_tensor("split_with_sizes", self, "self")
    shape = self._array.shape
    dim = wrap_dim(dim, len(shape), "split_with_sizes")
    sizes = sizes_of((split_sizes,), "split_with_sizes")
    if min(sizes, default=0) < 0 or sum(sizes) != shape[dim]:
        raise RuntimeError(
            f"split_with_sizes: split_sizes must not be negative and sum exactly to {shape[dim]} (the size of dim {dim}), "
            f"got {list(sizes)}"
        )
    return SplitWithSizesBackward0.apply(self, sizes, dim)


unsafe_split_with_sizes = split_with_sizes
Tensor.unsafe_split_with_sizes = split_with_sizes  # type: ignore[attr-defined]


@method()
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` slices of equal size along `dim`; the last may be smaller.

    Example:
        >>> [len(c) for c in rushlight.arange(7).chunk(3)]
        [3, 3, 1]
    """
    if not isinstance(input, TensorBase):
        raise not_a_tensor("chunk", input)
    shape = input._array.shape
    if not shape:
        raise RuntimeError("chunk: the tensor must have at least 1 dim, got a 0-d tensor")
    if not isinstance(chunks, int):
        raise TypeError(f"chunk: chunks must be an int, got {type(chunks).__name__}")
    if chunks < 1:
        raise RuntimeError(f"chunk: chunks must be greater than 0, got {chunks}")
    dim = wrap_dim(dim, len(shape), "chunk")
    n = shape[dim]
    if n == 0:
        return split_with_sizes(input, [0] * chunks, dim)
    return split(input, -(-n // chunks), dim)


unsafe_chunk = chunk
Tensor.unsafe_chunk = chunk  # type: ignore[attr-defined]


@method()
def tensor_split(
    input: Tensor,
    indices_or_sections: Any = None,
    dim: int = 0,
    *,
    sections: int | None = None,
    indices: Sequence[int] | None = None,
    tensor_indices_or_sections: Tensor | None = None,
) -> tuple[Tensor, ...]:
    """Slices of nearly equal size, as many as the number given, or slices that begin at the indices given.

    Args:
        indices_or_sections: An int, a sequence of ints, or a tensor of either. By keyword PyTorch has a name for each:
        sections: The number of slices.
        indices: Where slices begin.
        tensor_indices_or_sections: Either of them, as a tensor.

    Example:
        >>> [len(c) for c in rushlight.arange(7).tensor_split(3)]
        [3, 2, 2]
        >>> [len(c) for c in rushlight.arange(7).tensor_split(indices=[1, 3])]
        [1, 2, 4]
    """
    require_tensor("tensor_split", input)
    given = [v for v in (indices_or_sections, sections, indices, tensor_indices_or_sections) if v is not None]
    if len(given) != 1:
        raise TypeError(
            f"tensor_split: one of sections, indices and tensor_indices_or_sections must be given, got {len(given)}"
        )
    indices_or_sections = given[0]
    shape = input._array.shape
    if not shape:
        raise RuntimeError("tensor_split: the tensor must have at least 1 dim, got a 0-d tensor")
    dim = wrap_dim(dim, len(shape), "tensor_split")
    n = shape[dim]
    if isinstance(indices_or_sections, TensorBase):
        if indices_or_sections.dtype is not dtypes.int64:
            raise RuntimeError(
                f"tensor_split: indices_or_sections must be of dtype int64, got {indices_or_sections.dtype}"
            )
        indices_or_sections = indices_or_sections.tolist()  # type: ignore[attr-defined]
    if isinstance(indices_or_sections, int):
        parts = indices_or_sections
        if parts < 1:
            raise RuntimeError(f"tensor_split: the number of sections must be larger than 0, got {parts}")
        cuts = [n // parts * i + min(i, n % parts) for i in range(1, parts)]
    elif isinstance(indices_or_sections, (tuple, list)):
        cuts = list(sizes_of((indices_or_sections,), "tensor_split"))
    else:
        raise TypeError(
            f"tensor_split: indices_or_sections must be an int, a tuple of ints or a Tensor, got "
            f"{type(indices_or_sections).__name__}"
        )
    out = []
    for start, end in zip([0, *cuts], [*cuts, n], strict=True):
        first, last, _ = slice(start, end).indices(n)
        out.append(slice_dim(input, dim, first, max(first, last)))
    return tuple(out)


def _named_split(name: str, dims: int, dim: int) -> Any:
    def named(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
        require_tensor(name, input)
        at = 0 if name == "hsplit" and input._array.ndim == 1 else dim
        if input._array.ndim < dims:
            raise RuntimeError(f"{name}: the tensor must have at least {dims} dims, got {input._array.ndim}")
        if isinstance(indices_or_sections, int):
            n = input._array.shape[at]
            if indices_or_sections < 1 or n % indices_or_sections:
                raise RuntimeError(
                    f"{name}: the size along dim {at} ({n}) must be divisible by the sections, got {indices_or_sections}"
                )
        return tensor_split(input, indices_or_sections, at)

    named.__name__ = named.__qualname__ = name
    named.__doc__ = f"`tensor_split` along dim {dim}."
    setattr(Tensor, name, named)
    return named


hsplit = _named_split("hsplit", 1, 1)
vsplit = _named_split("vsplit", 2, 0)
dsplit = _named_split("dsplit", 3, 2)


class UnbindBackward0(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int) -> tuple:
        ctx.dim, ctx.shape = dim, x._array.shape
        ctx.set_materialize_grads(False)
        moved = np.moveaxis(x._array, dim, 0)
        return tuple([wrap(moved[i, ...]) for i in range(moved.shape[0])])

    @staticmethod
    def backward(ctx: Any, *dys: Any) -> tuple:
        from .join import stack

        some = next(dy for dy in dys if dy is not None)
        shape = (*ctx.shape[: ctx.dim], *ctx.shape[ctx.dim + 1 :])
        return stack([some.new_zeros(shape) if dy is None else dy for dy in dys], ctx.dim), None


@method()
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """One tensor for each index of `dim`.

    Example:
        >>> rushlight.unbind(rushlight.tensor([[1, 2], [3, 4]]))
        (tensor([1, 2]), tensor([3, 4]))
    """
    if not isinstance(input, TensorBase):
        raise not_a_tensor("unbind", input)
    ndim = input._array.ndim
    dim = wrap_dim(dim, ndim, "unbind")
    if not ndim:
        raise IndexError(
            "unbind: input must have at least 1 dim (tensor has no dimensions), got a 0-d tensor"
        )
    return UnbindBackward0.apply(input, dim)
