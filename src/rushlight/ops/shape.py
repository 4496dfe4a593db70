"""Views: the same memory under another shape, order or range. Copies and joins are in `ops/join.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..autograd.function import AliasBackward0
from ..errors import wrap_dim, wrap_dims
from ..kernels import _C
from ..tensor import Size, Tensor, _address, memory, method, strided, wrap

__all__ = [
    "adjoint",
    "as_strided",
    "broadcast_shapes",
    "broadcast_tensors",
    "broadcast_to",
    "chunk",
    "detach",
    "diagonal",
    "dsplit",
    "expand",
    "expand_as",
    "flatten",
    "hsplit",
    "imag",
    "movedim",
    "moveaxis",
    "narrow",
    "permute",
    "ravel",
    "real",
    "reshape",
    "select",
    "split",
    "split_with_sizes",
    "squeeze",
    "swapaxes",
    "swapdims",
    "t",
    "tensor_split",
    "transpose",
    "unbind",
    "unflatten",
    "unsafe_chunk",
    "unsafe_split",
    "unsqueeze",
    "view_as_complex",
    "view_as_real",
    "vsplit",
]


def sizes_of(args: tuple, function: str) -> tuple[int, ...]:
    """Sizes given as `(2, 3)` or as `2, 3`."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    try:
        return tuple([s.__index__() for s in args])
    except (TypeError, AttributeError):
        raise TypeError(f"{function}: size must be ints, got {args!r}") from None


def _fill_minus_one(shape: tuple[int, ...], n: int, function: str) -> tuple[int, ...]:
    """`shape` for `n` elements with its -1, if there is one, worked out."""
    known, unknown = 1, -1
    for i, s in enumerate(shape):
        if s == -1:
            if unknown >= 0:
                raise RuntimeError(
                    f"{function}: only one dimension can be inferred (-1), got shape {list(shape)}"
                )
            unknown = i
        elif s < 0:
            raise RuntimeError(
                f"{function}: shape must not have negative sizes but one -1 (invalid shape dimension), got {list(shape)}"
            )
        else:
            known *= s
    if unknown >= 0:
        if known == 0:
            raise RuntimeError(
                f"{function}: cannot reshape tensor of {n} elements into shape {list(shape)}: the unspecified dimension "
                "size -1 can be any value and is ambiguous"
            )
        if n % known == 0:
            return (*shape[:unknown], n // known, *shape[unknown + 1 :])
    elif known == n:
        return shape
    raise RuntimeError(f"{function}: shape '{list(shape)}' is invalid for input of size {n}")


class ViewBackward0(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, shape: tuple) -> Tensor:
        ctx.shape = x._array.shape
        return wrap(x._array.reshape(shape))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return reshape(dy, ctx.shape), None


class UnsafeViewBackward0(Function):
    """Reshaping that had to copy."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, shape: tuple) -> Tensor:
        ctx.shape = x._array.shape
        return wrap(x._array.reshape(shape))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return reshape(dy, ctx.shape), None


def _can_view(array: np.ndarray, shape: tuple) -> bool:
    if array.flags.c_contiguous or array.size == 0:
        return True
    return _address(array.reshape(shape)) == _address(array)


@method()
def view(self: Tensor, *size: Any) -> Tensor:
    """The same memory in another shape (`-1` is worked out), or seen as another dtype of `view(dtype)`.

    Raises:
        RuntimeError: the shape does not fit, or no strides give it without a copy (then use `reshape`).

    Example:
        >>> rushlight.arange(6).view(2, -1)
        tensor([[0, 1, 2],
                [3, 4, 5]])
    """
    if _C is not None:
        y = _C.view_node(ViewBackward0, self, size)
        if y is not NotImplemented:
            return y
    if len(size) == 1 and isinstance(size[0], dtypes.dtype):
        return _view_dtype(self, size[0])
    array = self._array
    shape = _fill_minus_one(sizes_of(size, "view"), array.size, "view")
    if not _can_view(array, shape):
        raise RuntimeError(
            f"view: size {list(shape)} is not compatible with the tensor's size {list(array.shape)} and stride "
            f"{list(self.stride())} (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return ViewBackward0.apply(self, shape)


def _view_dtype(x: Tensor, dtype: dtypes.dtype) -> Tensor:
    array = x._array
    if dtype.itemsize == array.itemsize:
        out = array.view(dtype.numpy)
    else:
        if not array.ndim:
            raise RuntimeError(
                f"view: self.dim() cannot be 0 to view {x.dtype} as {dtype} (different element sizes)"
            )
        if array.strides[-1] != array.itemsize and array.shape[-1] != 1:
            raise RuntimeError(
                f"view: self.stride(-1) must be 1 to view {x.dtype} as {dtype}, got {x.stride()[-1]}"
            )
        if array.shape[-1] * array.itemsize % dtype.itemsize:
            raise RuntimeError(
                f"view: the last size in bytes must be divisible by {dtype.itemsize} to view as {dtype}"
            )
        out = array.view(dtype.numpy)
    result = wrap(out)
    result._share_version(x)
    return result


@method()
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """`view` in the shape of `other`."""
    return view(self, other._array.shape)


@method()
def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape: a view where strides allow it, else a copy.

    Example:
        >>> rushlight.reshape(rushlight.arange(4), (2, 2))
        tensor([[0, 1],
                [2, 3]])
    """
    if _C is not None:
        y = _C.view_node(ViewBackward0, input, shape)
        if y is not NotImplemented:
            return y
    array = input._array
    wanted = _fill_minus_one(sizes_of(shape, "reshape"), array.size, "reshape")
    if _can_view(array, wanted):
        return ViewBackward0.apply(input, wanted)
    return UnsafeViewBackward0.apply(input, wanted)


@method()
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """`reshape` to the shape of `other`."""
    return reshape(self, other._array.shape)


@method()
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dims from `start_dim` to `end_dim` as one.

    Example:
        >>> rushlight.flatten(rushlight.zeros(2, 3, 4), 1).shape
        torch.Size([2, 12])
    """
    array = input._array
    ndim = array.ndim
    first, last = (
        wrap_dim(start_dim, ndim, "flatten", "start_dim"),
        wrap_dim(end_dim, ndim, "flatten", "end_dim"),
    )
    if first > last:
        raise RuntimeError(f"flatten: start_dim must not come after end_dim, got {start_dim} and {end_dim}")
    if ndim == 0:
        return reshape(input, (1,))
    if first == last:
        return input
    shape = array.shape
    n = 1
    for s in shape[first : last + 1]:
        n *= s
    return reshape(input, (*shape[:first], n, *shape[last + 1 :]))


@method()
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dim as several.

    Example:
        >>> rushlight.unflatten(rushlight.zeros(3, 4), 1, (2, -1)).shape
        torch.Size([3, 2, 2])
    """
    shape = input._array.shape
    dim = wrap_dim(dim, len(shape), "unflatten")
    if not len(sizes):
        raise RuntimeError("unflatten: sizes must be non-empty")
    part = _fill_minus_one(sizes_of((sizes,), "unflatten"), shape[dim], "unflatten")
    return view(input, (*shape[:dim], *part, *shape[dim + 1 :]))


@method()
def ravel(input: Tensor) -> Tensor:
    """All dims as one; a view where possible."""
    return reshape(input, (-1,))


class PermuteBackward0(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple) -> Tensor:
        ctx.dims = dims
        return wrap(x._array.transpose(dims))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        inverse = [0] * len(ctx.dims)
        for i, d in enumerate(ctx.dims):
            inverse[d] = i
        return permute(dy, tuple(inverse)), None


@method()
def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dims in another order.

    Example:
        >>> rushlight.zeros(2, 3, 4).permute(2, 0, 1).shape
        torch.Size([4, 2, 3])
    """
    given = sizes_of(dims, "permute")
    ndim = input._array.ndim
    if len(given) != ndim:
        raise RuntimeError(f"permute: dims must name each of the {ndim} dims once, got {given}")
    return PermuteBackward0.apply(input, wrap_dims(given, ndim, "permute") if given else ())


class TransposeBackward0(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim0: int, dim1: int) -> Tensor:
        ctx.dims = dim0, dim1
        return wrap(x._array.swapaxes(dim0, dim1))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return transpose(dy, *ctx.dims), None, None


@method()
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dims exchanged.

    Example:
        >>> rushlight.zeros(2, 3).transpose(0, 1).shape
        torch.Size([3, 2])
    """
    ndim = input._array.ndim
    dim0, dim1 = wrap_dim(dim0, ndim, "transpose", "dim0"), wrap_dim(dim1, ndim, "transpose", "dim1")
    if not ndim:
        return AliasBackward0.apply(input)
    return TransposeBackward0.apply(input, dim0, dim1)


swapaxes = swapdims = transpose
Tensor.swapaxes = Tensor.swapdims = transpose  # type: ignore[attr-defined]


class TBackward0(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return wrap(x._array.T)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        return t(dy)


@method()
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; tensors with fewer dims as they are."""
    ndim = input._array.ndim
    if ndim > 2:
        raise RuntimeError(
            f"t: input must have at most 2 dims, got {ndim}; use .mT or .transpose(dim0, dim1)"
        )
    return TBackward0.apply(input) if ndim == 2 else AliasBackward0.apply(input)


def _big_t(self: Tensor) -> Tensor:
    """All dims reversed."""
    if self._array.ndim == 2:
        return TBackward0.apply(self)
    return permute(self, tuple(range(self._array.ndim))[::-1])


def _m_t(self: Tensor) -> Tensor:
    """The last two dims exchanged."""
    if self._array.ndim < 2:
        raise RuntimeError(f"mT: the tensor must have at least 2 dims, got {self._array.ndim}")
    return transpose(self, -2, -1)


@method()
def adjoint(input: Tensor) -> Tensor:
    """The last two dims exchanged, complex values conjugated."""
    swapped = transpose(input, -2, -1)
    return swapped.conj() if input.is_complex() else swapped  # type: ignore[attr-defined]


Tensor.T = property(_big_t)  # type: ignore[attr-defined]
Tensor.mT = property(_m_t)  # type: ignore[attr-defined]
Tensor.mH = property(adjoint)  # type: ignore[attr-defined]
Tensor.H = property(lambda self: adjoint(self) if self.ndim == 2 else t(self))  # type: ignore[attr-defined]


@method()
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dims moved to other places, the rest in their order.

    Example:
        >>> rushlight.movedim(rushlight.zeros(2, 3, 4), 0, -1).shape
        torch.Size([3, 4, 2])
    """
    ndim = input._array.ndim
    src = wrap_dims((source,) if isinstance(source, int) else tuple(source), ndim, "movedim")
    dst = wrap_dims((destination,) if isinstance(destination, int) else tuple(destination), ndim, "movedim")
    if len(src) != len(dst):
        raise RuntimeError(f"movedim: source and destination must be as many, got {source} and {destination}")
    rest = [d for d in range(ndim) if d not in src]
    placed = dict(zip(dst, src, strict=True))
    return permute(input, [placed[i] if i in placed else rest.pop(0) for i in range(ndim)])


moveaxis = movedim
Tensor.moveaxis = movedim  # type: ignore[attr-defined]


class SqueezeBackward1(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple) -> Tensor:
        ctx.shape = x._array.shape
        return wrap(x._array.squeeze(dims))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return reshape(dy, ctx.shape), None


class SqueezeBackward0(SqueezeBackward1):
    _view = True


@method()
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Without dims of size 1: all of them, or those among `dim`.

    Example:
        >>> rushlight.zeros(2, 1, 3).squeeze(1).shape
        torch.Size([2, 3])
    """
    shape = input._array.shape
    if dim is None:
        return SqueezeBackward0.apply(input, tuple([i for i, s in enumerate(shape) if s == 1]))
    dims = (
        (wrap_dim(dim, len(shape), "squeeze"),)
        if isinstance(dim, int)
        else wrap_dims(dim, len(shape), "squeeze")
        if dim
        else ()
    )
    return SqueezeBackward1.apply(input, tuple([d for d in dims if shape and shape[d] == 1]))


class UnsqueezeBackward0(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int) -> Tensor:
        ctx.dim = dim
        array = x._array
        return wrap(
            array.reshape((*array.shape[:dim], 1, *array.shape[dim:]))
            if array.flags.c_contiguous
            else np.expand_dims(array, dim)
        )

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return squeeze(dy, ctx.dim), None


@method()
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a dim of size 1 put in before `dim`.

    Example:
        >>> rushlight.zeros(3).unsqueeze(0).shape
        torch.Size([1, 3])
    """
    return UnsqueezeBackward0.apply(input, wrap_dim(dim, input._array.ndim + 1, "unsqueeze"))


class ExpandBackward0(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, shape: tuple) -> Tensor:
        return wrap(_broadcast(x._array, shape))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return dy, None  # the engine undoes broadcasting


def _broadcast(array: np.ndarray, shape: tuple) -> np.ndarray:
    if array.size:
        lead = len(shape) - array.ndim
        strides = (0,) * lead + tuple(
            [
                st if n == want else 0
                for st, n, want in zip(array.strides, array.shape, shape[lead:], strict=True)
            ]
        )
        return strided(array, shape, strides)
    return np.broadcast_to(array, shape)


@method()
def expand(self: Tensor, *sizes: Any) -> Tensor:
    """Dims of size 1 repeated to a larger size without copying; -1 leaves a size as it is.

    Example:
        >>> rushlight.tensor([[1], [2]]).expand(2, 3)
        tensor([[1, 1, 1],
                [2, 2, 2]])
    """
    wanted = sizes_of(sizes, "expand")
    shape = self._array.shape
    lead = len(wanted) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand: the number of sizes provided ({len(wanted)}) must be greater or equal to the number of dimensions in "
            f"the tensor ({len(shape)})"
        )
    full = []
    for i, want in enumerate(wanted):
        have = shape[i - lead] if i >= lead else 1
        if want == -1:
            if i < lead:
                raise RuntimeError(
                    f"expand: -1 is not allowed in a leading, non-existing dimension {i}, got {list(wanted)}"
                )
            want = have
        if want < 0 or (have != want and have != 1):
            raise RuntimeError(
                f"expand: the expanded size of the tensor ({want}) must match the existing size ({have}) at non-singleton "
                f"dimension {i}; target sizes {list(wanted)}, tensor sizes {list(shape)}"
            )
        full.append(want)
    return ExpandBackward0.apply(self, tuple(full))


@method()
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """`expand` to the shape of `other`."""
    return expand(self, other._array.shape)


@method()
def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` as a function."""
    return expand(input, size)


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that results when tensors of these shapes are combined.

    Example:
        >>> rushlight.broadcast_shapes((2, 1), (3,))
        torch.Size([2, 3])
    """
    given = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    n = max(map(len, given), default=0)
    result = [1] * n
    for shape in given:
        for i, s in enumerate(shape, n - len(shape)):
            if s < 0:
                raise RuntimeError(f"broadcast_shapes: sizes must not be negative, got {shape}")
            if s != 1 and result[i] not in (1, s):
                raise RuntimeError(
                    "broadcast_shapes: Shape mismatch: objects cannot be broadcast to a single shape: "
                    f"{', '.join(map(str, given))}"
                )
            if s != 1:
                result[i] = s
    return Size(result)


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    shape = broadcast_shapes(*[x._array.shape for x in tensors])
    return tuple([expand(x, shape) for x in tensors])


class SumToSizeBackward0(Function):
    """The adjoint of expanding: sum over what was broadcast."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, shape: tuple) -> Tensor:
        ctx.shape = x._array.shape
        array = x._array
        lead = array.ndim - len(shape)
        axes = tuple([i for i, n in enumerate(array.shape) if i < lead or shape[i - lead] != n])
        return wrap(array.sum(axis=axes, dtype=array.dtype).reshape(shape))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return expand(dy, ctx.shape), None


@method()
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """Sum over dims until the tensor has this size, which must broadcast to its shape."""
    shape, have = sizes_of(size, "sum_to_size"), self._array.shape
    lead = len(have) - len(shape)
    if lead < 0 or any(n not in (1, have[lead + i]) for i, n in enumerate(shape)):
        raise RuntimeError(
            f"sum_to_size: size {list(shape)} must be expandable to the tensor's size {list(have)}"
        )
    return self if shape == have else SumToSizeBackward0.apply(self, shape)


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
    shape = input._array.shape
    if not shape:
        raise RuntimeError("narrow: input must have at least 1 dim, got a 0-d tensor")
    dim = wrap_dim(dim, len(shape), "narrow")
    start = int(start)
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


@method()
def split(self: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Slices along `dim`, each of `split_size` (the last may be smaller) or of the sizes in that list.

    Example:
        >>> rushlight.split(rushlight.arange(5), 2)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if isinstance(split_size, (tuple, list)):
        return split_with_sizes(self, split_size, dim)
    shape = self._array.shape
    if not shape:
        raise RuntimeError("split: the tensor must have at least 1 dim, got a 0-d tensor")
    dim = wrap_dim(dim, len(shape), "split")
    n, size = shape[dim], split_size.__index__()
    if size < 0 or (size == 0 and n > 0):
        raise RuntimeError(f"split: split_size must be positive (or 0 for an empty dim), got {size}")
    sizes = [size] * (n // size) + ([n % size] if n % size else []) if n else [n]
    return SplitBackward0.apply(self, tuple(sizes), dim)


@method()
def split_with_sizes(self: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Slices along `dim` of the given sizes, which must add up to its size."""
    shape = self._array.shape
    dim = wrap_dim(dim, len(shape), "split_with_sizes")
    sizes = sizes_of((split_sizes,), "split_with_sizes")
    if min(sizes, default=0) < 0 or sum(sizes) != shape[dim]:
        raise RuntimeError(
            f"split_with_sizes: split_sizes must not be negative and sum exactly to {shape[dim]} (the size of dim {dim}), "
            f"got {list(sizes)}"
        )
    return SplitWithSizesBackward0.apply(self, sizes, dim)


unsafe_split, unsafe_split_with_sizes = split, split_with_sizes
Tensor.unsafe_split, Tensor.unsafe_split_with_sizes = split, split_with_sizes  # type: ignore[attr-defined]


@method()
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` slices of equal size along `dim`; the last may be smaller.

    Example:
        >>> [len(c) for c in rushlight.arange(7).chunk(3)]
        [3, 3, 1]
    """
    shape = input._array.shape
    if not shape:
        raise RuntimeError("chunk: the tensor must have at least 1 dim, got a 0-d tensor")
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
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """`indices_or_sections` slices of nearly equal size, or slices that begin at the given indices.

    Example:
        >>> [len(c) for c in rushlight.arange(7).tensor_split(3)]
        [3, 2, 2]
    """
    shape = input._array.shape
    if not shape:
        raise RuntimeError("tensor_split: the tensor must have at least 1 dim, got a 0-d tensor")
    dim = wrap_dim(dim, len(shape), "tensor_split")
    n = shape[dim]
    if isinstance(indices_or_sections, TensorBase):
        indices_or_sections = indices_or_sections.tolist()  # type: ignore[attr-defined]
    if isinstance(indices_or_sections, int):
        parts = indices_or_sections
        if parts < 1:
            raise RuntimeError(f"tensor_split: the number of sections must be larger than 0, got {parts}")
        cuts = [n // parts * i + min(i, n % parts) for i in range(1, parts)]
    else:
        cuts = [c.__index__() for c in indices_or_sections]
    out = []
    for start, end in zip([0, *cuts], [*cuts, n], strict=True):
        first, last, _ = slice(start, end).indices(n)
        out.append(slice_dim(input, dim, first, max(first, last)))
    return tuple(out)


def _named_split(name: str, dims: int, dim: int) -> Any:
    def named(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
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
    ndim = input._array.ndim
    if not ndim:
        raise RuntimeError("unbind: input must have at least 1 dim, got a 0-d tensor")
    return UnbindBackward0.apply(input, wrap_dim(dim, ndim, "unbind"))


class DiagonalBackward0(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
        ctx.shape, ctx.at = x._array.shape, (offset, dim1, dim2)
        out = x._array.diagonal(offset, dim1, dim2)
        if not out.flags.writeable:  # NumPy gives a read-only view
            out = np.lib.stride_tricks.as_strided(
                np.lib.stride_tricks.as_strided(x._array, (), ()) if not out.size else _at(x._array, out),
                out.shape,
                out.strides,
            )
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return dy.new_zeros(ctx.shape).diagonal_scatter(dy, *ctx.at), None, None, None  # type: ignore[attr-defined]


def _at(array: np.ndarray, part: np.ndarray) -> np.ndarray:
    """A writeable 0-d view of `array` at the address where `part` begins."""
    flat = memory(array)
    i = (_address(part) - _address(flat)) // array.itemsize
    return flat[i : i + 1].reshape(())


@method()
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The elements where the indices of two dims differ by `offset`, as a last dim; a view.

    Example:
        >>> rushlight.diagonal(rushlight.arange(9).view(3, 3))
        tensor([0, 4, 8])
    """
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


def _extent(size: Sequence[int], stride: Sequence[int]) -> int:
    """How many elements of memory a shape with strides spans."""
    if 0 in size:
        return 0
    return 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True))


class StridedAdjointBackward0(Function):
    """Sum dy, laid out with one geometry, into a tensor laid out in the same memory with another."""

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
    ) -> Tensor:
        ctx.rest = (shape, x_stride, x_offset, size, stride, offset)
        low = min(x_offset, offset)
        flat = np.zeros(
            max(x_offset + _extent(shape, x_stride), offset + _extent(size, stride)) - low, dy._array.dtype
        )
        item = flat.itemsize
        if dy._array.size:
            positions = np.lib.stride_tricks.as_strided(
                np.arange(flat.size)[offset - low :], size, tuple([s * 8 for s in stride])
            )
            np.add.at(flat, positions, dy._array)
        dx = np.lib.stride_tricks.as_strided(
            flat[x_offset - low :], shape, tuple([s * item for s in x_stride])
        )
        if 0 in x_stride:  # memory that several elements of x share counts once for them all
            shared = 1
            for n, s in zip(shape, x_stride, strict=True):
                shared *= n if s == 0 else 1
            dx = dx / shared
        return wrap(np.ascontiguousarray(dx).reshape(shape))

    @staticmethod
    def backward(ctx: Any, ddx: Tensor) -> tuple:
        shape, _x_stride, x_offset, size, stride, offset = ctx.rest
        return (as_strided(ddx.contiguous(), size, stride, offset - x_offset), *(None,) * 6)


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
    return as_strided(self, (*shape, size), (*new_stride, stride[dim]), self.storage_offset())


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
    if not input.is_complex():
        raise RuntimeError(f"view_as_real: input must be complex, got {input.dtype}")
    return ViewAsRealBackward0.apply(input)


class ViewAsComplexBackward0(Function):
    _view = True

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        array = x._array
        return wrap(array.view(np.complex64 if array.dtype == np.float32 else np.complex128)[..., 0])

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        return view_as_real(dy.contiguous())  # type: ignore[attr-defined]


@method()
def view_as_complex(input: Tensor) -> Tensor:
    """A tensor whose last dim (real, imaginary) has size 2 as a complex one; a view."""
    array = input._array
    if array.dtype not in (np.float32, np.float64):
        raise RuntimeError(f"view_as_complex: input must be float32 or float64, got {input.dtype}")
    if not array.ndim or array.shape[-1] != 2 or array.strides[-1] != array.itemsize:
        raise RuntimeError(
            f"view_as_complex: the last dim must have size 2 and stride 1, got size {list(array.shape)}"
        )
    return ViewAsComplexBackward0.apply(input)


def real(input: Tensor) -> Tensor:
    """The real parts; a view. A real tensor is its own."""
    return view_as_real(input).select(-1, 0) if input._array.dtype.kind == "c" else input  # type: ignore[attr-defined]


def imag(input: Tensor) -> Tensor:
    """The imaginary parts of a complex tensor; a view."""
    if input._array.dtype.kind != "c":
        raise RuntimeError(f"imag: is not implemented for tensors with non-complex dtypes, got {input.dtype}")
    return view_as_real(input).select(-1, 1)  # type: ignore[attr-defined]


Tensor.real = property(real, lambda self, value: real(self).copy_(value))  # type: ignore[attr-defined]
Tensor.imag = property(imag, lambda self, value: imag(self).copy_(value))  # type: ignore[attr-defined]


def detach(input: Tensor) -> Tensor:
    """The same memory with no history."""
    return input.detach()


def _view_copy(function: Any) -> None:
    """torch.<name>_copy: the view as a copy of its own."""

    def copied(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        return tuple(r.clone() for r in result) if isinstance(result, tuple) else result.clone()

    name = function.__name__ + "_copy"
    copied.__name__ = copied.__qualname__ = name
    copied.__doc__ = f"`{function.__name__}` as a copy instead of a view."
    globals()[name] = copied
    __all__.append(name)


for _f in (
    permute,
    transpose,
    t,
    squeeze,
    unsqueeze,
    expand,
    select,
    split,
    split_with_sizes,
    unbind,
    diagonal,
    as_strided,
    unfold,
    view,
    narrow,
    detach,
    view_as_real,
    view_as_complex,
):
    _view_copy(_f)


def _inplace_view(function: Any) -> None:
    """x.<name>_(...): the tensor itself takes on the view's shape."""

    def changed(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        result = function(self, *args, **kwargs)
        if result is self:
            return self
        self._array = result._array
        if result.requires_grad:
            self._set_history(result.grad_fn, result._output_nr)
        self._bump()
        return self

    changed.__name__ = function.__name__ + "_"
    changed.__doc__ = f"`{function.__name__}` of the tensor itself."
    setattr(Tensor, changed.__name__, changed)


for _f in (squeeze, unsqueeze, transpose, swapaxes, swapdims, t, as_strided):
    _inplace_view(_f)
Tensor.swapaxes_ = Tensor.swapdims_ = Tensor.transpose_  # type: ignore[attr-defined]
