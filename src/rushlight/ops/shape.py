"""Views in another shape or order: reshape, permute, squeeze, expand and relatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..autograd.function import AliasBackward0
from ..errors import kind_of, wrap_dim, wrap_dims
from ..kernels import _C
from ..tensor import Size, Tensor, _address, method, strided, wrap
from .elementwise import not_a_tensor, require_tensor

__all__ = [
    "adjoint",
    "broadcast_shapes",
    "broadcast_tensors",
    "broadcast_to",
    "expand",
    "expand_as",
    "flatten",
    "moveaxis",
    "movedim",
    "permute",
    "ravel",
    "reshape",
    "squeeze",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
    "unflatten",
    "unsqueeze",
]


def sizes_of(args: tuple, function: str) -> tuple[int, ...]:
    """Sizes given as `(2, 3)` or as `2, 3`."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    try:
        return tuple([s.__index__() for s in args])
    except (TypeError, AttributeError):
        raise TypeError(f"{function}: size must be ints, got {args!r}") from None


def by_name(args: tuple, named: Any, name: str, function: str) -> tuple:
    """The arguments of a function that takes sizes as `2, 3`, as `(2, 3)` or by name."""
    if named is None:
        return args
    if args:
        raise TypeError(f"{function}: {name} must be given once, got it by position and by name")
    if not isinstance(named, (tuple, list)):
        raise TypeError(f"{function}: {name} must be a tuple of ints, got {kind_of(named)}")
    return (named,)


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
def view(self: Tensor, *args: Any, size: Any = None, dtype: Any = None) -> Tensor:
    """The same memory in another shape (`-1` is worked out), or seen as another dtype of `view(dtype)`.

    Raises:
        RuntimeError: the shape does not fit, or no strides give it without a copy (then use `reshape`).

    Example:
        >>> rushlight.arange(6).view(2, -1)
        tensor([[0, 1, 2],
                [3, 4, 5]])
    """
    if dtype is not None:
        return _view_dtype(self, dtypes.check(dtype, "view"))
    args = by_name(args, size, "size", "view")
    if _C is not None:
        y = _C.view_node(ViewBackward0, self, args)
        if y is not NotImplemented:
            return y
    if len(args) == 1 and isinstance(args[0], dtypes.dtype):
        return _view_dtype(self, args[0])
    array = self._array
    shape = _fill_minus_one(sizes_of(args, "view"), array.size, "view")
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
def reshape(input: Tensor, *args: Any, shape: Any = None) -> Tensor:
    """The same elements in another shape: a view where strides allow it, else a copy.

    Example:
        >>> rushlight.reshape(rushlight.arange(4), (2, 2))
        tensor([[0, 1],
                [2, 3]])
    """
    args = by_name(args, shape, "shape", "reshape")
    if _C is not None:
        y = _C.view_node(ViewBackward0, input, args)
        if y is not NotImplemented:
            return y
    if not isinstance(input, TensorBase):
        raise TypeError(f"reshape: input must be a Tensor, got {kind_of(input)}")
    array = input._array
    wanted = _fill_minus_one(sizes_of(args, "reshape"), array.size, "reshape")
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
    if not isinstance(input, TensorBase):
        raise not_a_tensor("flatten", input)
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
    require_tensor("unflatten", input)
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
def permute(input: Tensor, *args: Any, dims: Any = None) -> Tensor:
    """The dims in another order.

    Example:
        >>> rushlight.zeros(2, 3, 4).permute(2, 0, 1).shape
        torch.Size([4, 2, 3])
    """
    if _C is not None and dims is None:
        y = _C.permute_node(PermuteBackward0, input, args)
        if y is not NotImplemented:
            return y
    if not isinstance(input, TensorBase):
        raise not_a_tensor("permute", input)
    given = sizes_of(by_name(args, dims, "dims", "permute"), "permute")
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
    if not isinstance(input, TensorBase):
        raise not_a_tensor("transpose", input)
    ndim = input._array.ndim
    dim0, dim1 = wrap_dim(dim0, ndim, "transpose", "dim0"), wrap_dim(dim1, ndim, "transpose", "dim1")
    if not ndim:
        return AliasBackward0.apply(input)
    return TransposeBackward0.apply(input, dim0, dim1)


swapdims = transpose
Tensor.swapdims = transpose  # type: ignore[attr-defined]


@method()
def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose`, with NumPy's names for its dims.

    Example:
        >>> rushlight.zeros(2, 3).swapaxes(axis0=0, axis1=1).shape
        torch.Size([3, 2])
    """
    return transpose(input, axis0, axis1)


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
    if not isinstance(input, TensorBase):
        raise not_a_tensor("t", input)
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
    require_tensor("adjoint", input)
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
    require_tensor("movedim", input)
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
        node: type[SqueezeBackward1] = SqueezeBackward0
        dims = tuple([i for i, s in enumerate(shape) if s == 1])
    else:
        node = SqueezeBackward1
        if isinstance(dim, int):
            dims = (wrap_dim(dim, len(shape), "squeeze"),)
        else:
            dims = () if dim == () or dim == [] else wrap_dims(dim, len(shape), "squeeze")
        dims = tuple([d for d in dims if shape and shape[d] == 1])
    if _C is not None:
        y = _C.view_node(node, input, tuple([s for i, s in enumerate(shape) if i not in dims]))
        if y is not NotImplemented:
            return y
    return node.apply(input, dims)


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
    if _C is not None:
        y = _C.unsqueeze_node(UnsqueezeBackward0, input, dim)
        if y is not NotImplemented:
            return y
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
def expand(self: Tensor, *args: Any, size: Any = None) -> Tensor:
    """Dims of size 1 repeated to a larger size without copying; -1 leaves a size as it is.

    Example:
        >>> rushlight.tensor([[1], [2]]).expand(2, 3)
        tensor([[1, 1, 1],
                [2, 2, 2]])
    """
    wanted = sizes_of(by_name(args, size, "size", "expand"), "expand")
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
    require_tensor("broadcast_to", input)
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
    for x in tensors:
        require_tensor("broadcast_tensors", x, "each of tensors")
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
        kind = array.dtype.kind
        work: Any = np.int64 if kind in "biu" else np.float32 if array.itemsize < 4 else array.dtype
        y = array.sum(axis=axes, dtype=work).reshape(shape)
        return wrap(y if kind in "biu" else y.astype(array.dtype, copy=False))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return expand(dy, ctx.shape), None


@method()
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """Sum over dims until the tensor has this size, which must broadcast to its shape; integers into int64."""
    shape, have = sizes_of(size, "sum_to_size"), self._array.shape
    lead = len(have) - len(shape)
    if lead < 0 or any(n not in (1, have[lead + i]) for i, n in enumerate(shape)):
        raise RuntimeError(
            f"sum_to_size: size {list(shape)} must be expandable to the tensor's size {list(have)}"
        )
    if shape == have and (shape or self._array.dtype.kind not in "biu"):
        return self
    return SumToSizeBackward0.apply(self, shape)
