"""Tensors put together, repeated and turned: cat, stack, repeat, tile, flip, roll and the like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import kind_of, warn, wrap_dim, wrap_dims
from ..kernels import _C
from ..tensor import Tensor, into, method, wrap
from .convert import empty_array, in_order, to_dtype
from .elementwise import require_tensor
from .shape import by_name, expand, permute, reshape, sizes_of, unsqueeze
from .split import split_with_sizes, unbind

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "cartesian_prod",
    "cat",
    "column_stack",
    "combinations",
    "concat",
    "concatenate",
    "dstack",
    "flip",
    "fliplr",
    "flipud",
    "hstack",
    "meshgrid",
    "repeat_interleave",
    "roll",
    "rot90",
    "row_stack",
    "stack",
    "tile",
    "vstack",
]


class CatBackward0(Function):
    empties: Sequence[int] = ()  # which tensors are empty and 1-d where the others are not

    @staticmethod
    def forward(ctx: Any, dim: int, *tensors: Tensor) -> Tensor:
        arrays = [x._array for x in tensors]
        kept = [a for a in arrays if a.shape != (0,)] or arrays
        ndim = kept[0].ndim
        ctx.dim, ctx.sizes = dim, [a.shape[dim] if a.ndim == ndim else 0 for a in arrays]
        ctx.empties = [i for i, a in enumerate(arrays) if a.ndim != ndim]
        shape = list(kept[0].shape)
        shape[dim] = sum(ctx.sizes)
        return wrap(np.concatenate(kept, dim, out=empty_array(tuple(shape), arrays[0].dtype)))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        parts = list(split_with_sizes(dy, ctx.sizes, ctx.dim))
        for i in ctx.empties:
            parts[i] = reshape(parts[i], (0,))
        return (None, *parts)


def _same_type(tensors: Sequence, function: str) -> list[Tensor]:
    if isinstance(tensors, TensorBase):
        raise TypeError(f"{function}: tensors must be a tuple or list of Tensors, got a Tensor")
    try:
        given = list(tensors)
    except TypeError:
        raise TypeError(
            f"{function}: tensors must be a tuple or list of Tensors, got {kind_of(tensors)}"
        ) from None
    if not given:
        kind = ValueError if function == "cat" else RuntimeError
        raise kind(f"{function}: tensors must not be empty (expected a non-empty list of Tensors), got none")
    for i, x in enumerate(given):
        if not isinstance(x, TensorBase):
            raise TypeError(f"{function}: element {i} must be a Tensor, got {kind_of(x)}")
    d = dtypes.of(given[0]._array.dtype)
    for x in given[1:]:
        d = dtypes.promote_types(d, dtypes.of(x._array.dtype))
    return [to_dtype(x, d) for x in given]


def cat(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors one after the other along `dim`; their other sizes must agree.

    Example:
        >>> cat([rushlight.tensor([1, 2]), rushlight.tensor([3])])
        tensor([1, 2, 3])
    """
    if out is None and _C is not None:
        result = _C.join_node(CatBackward0, tensors, dim, False)
        if result is not NotImplemented:
            return result
    given = _same_type(tensors, "cat")
    # An empty 1-d tensor joins anything: PyTorch keeps this rule from its early days.
    kept = [x for x in given if x._array.ndim != 1 or x._array.shape[0] != 0] or given[:1]
    shape = kept[0]._array.shape
    if not shape:
        raise RuntimeError("cat: zero-dimensional tensor (at position 0) cannot be concatenated; use stack")
    dim = wrap_dim(dim, len(shape), "cat")
    for i, x in enumerate(kept):
        other = x._array.shape
        if len(other) != len(shape):
            raise RuntimeError(
                f"cat: Tensors must have same number of dimensions: got {len(shape)} and {len(other)}"
            )
        for d, (a, b) in enumerate(zip(shape, other, strict=True)):
            if a != b and d != dim:
                raise RuntimeError(
                    f"cat: Sizes of tensors must match except in dimension {dim}. Expected size {a} but got size {b} for "
                    f"tensor number {i} in the list."
                )
    result = CatBackward0.apply(dim, *given)
    return result if out is None else into(out, result, "cat")


concat = cat


def concatenate(
    tensors: Sequence[Tensor], axis: int = 0, *, dim: int | None = None, out: Tensor | None = None
) -> Tensor:
    """`cat`, with NumPy's name for its dim (which may also be called `dim`).

    Example:
        >>> concatenate([rushlight.zeros(1, 2), rushlight.ones(1, 1)], axis=1)
        tensor([[0., 0., 1.]])
    """
    return cat(tensors, axis if dim is None else dim, out=out)


class StackBackward0(Function):
    @staticmethod
    def forward(ctx: Any, dim: int, *tensors: Tensor) -> Tensor:
        ctx.dim = dim
        arrays = [x._array for x in tensors]
        shape = list(arrays[0].shape)
        shape.insert(dim, len(arrays))
        return wrap(np.stack(arrays, dim, out=empty_array(tuple(shape), arrays[0].dtype)))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return (None, *unbind(dy, ctx.dim))


def stack(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors of one shape side by side along a new dim.

    Example:
        >>> stack([rushlight.tensor([1, 2]), rushlight.tensor([3, 4])])
        tensor([[1, 2],
                [3, 4]])
    """
    if out is None and _C is not None:
        result = _C.join_node(StackBackward0, tensors, dim, True)
        if result is not NotImplemented:
            return result
    given = _same_type(tensors, "stack")
    shape = given[0]._array.shape
    for i, x in enumerate(given):
        if x._array.shape != shape:
            raise RuntimeError(
                f"stack: expects each tensor to be equal size, but got {list(shape)} at entry 0 and "
                f"{list(x._array.shape)} at entry {i}"
            )
    result = StackBackward0.apply(wrap_dim(dim, len(shape) + 1, "stack"), *given)
    return result if out is None else into(out, result, "stack")


def _atleast(n: int, x: Tensor) -> Tensor:
    require_tensor(f"atleast_{n}d", x)
    shape = x._array.shape
    if len(shape) >= n:
        return x
    if n == 1:
        return reshape(x, (1,))
    if n == 2:
        return unsqueeze(x if shape else reshape(x, (1,)), 0)
    return reshape(x, {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}[len(shape)])


def _atleast_function(n: int) -> Any:
    def atleast(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
            return tuple([_atleast(n, x) for x in tensors[0]])
        return _atleast(n, tensors[0]) if len(tensors) == 1 else tuple([_atleast(n, x) for x in tensors])

    atleast.__name__ = atleast.__qualname__ = f"atleast_{n}d"
    atleast.__doc__ = f"Each tensor with dims of size 1 added until it has {n}."
    return atleast


atleast_1d, atleast_2d, atleast_3d = (_atleast_function(n) for n in (1, 2, 3))


def _some(tensors: Sequence[Tensor], function: str) -> tuple[Tensor, ...]:
    return tuple(_same_type(tensors, function))


def hstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """`cat` along dim 1 (1-d tensors: dim 0)."""
    given = atleast_1d(_some(tensors, "hstack"))
    return cat(given, 0 if given[0]._array.ndim == 1 else 1, out=out)


def vstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """`cat` along dim 0 of tensors with at least 2 dims."""
    return cat(atleast_2d(_some(tensors, "vstack")), 0, out=out)


row_stack = vstack


def dstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """`cat` along dim 2 of tensors with at least 3 dims."""
    return cat(atleast_3d(_some(tensors, "dstack")), 2, out=out)


def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """`cat` along dim 1, 0-d and 1-d tensors as columns."""
    given = _some(tensors, "column_stack")
    return cat([reshape(x, (x.numel(), 1)) if x._array.ndim < 2 else x for x in given], 1, out=out)


class RepeatBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, repeats: tuple) -> Tensor:
        ctx.shape, ctx.repeats = x._array.shape, repeats
        return in_order(np.tile(x._array, repeats))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        lead = len(ctx.repeats) - len(ctx.shape)
        shape = (1,) * lead + ctx.shape
        split = [n for pair in zip(ctx.repeats, shape, strict=True) for n in pair]
        keep = [1 if i % 2 == 0 else n for i, n in enumerate(split)]
        return reshape(reshape(dy, split).sum_to_size(keep), ctx.shape), None  # type: ignore[attr-defined]


@method()
def repeat(self: Tensor, *args: Any, repeats: Any = None) -> Tensor:
    """Copies of the tensor side by side: `repeats[i]` times along dim i; new dims in front.

    Example:
        >>> rushlight.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
    """
    times = sizes_of(by_name(args, repeats, "repeats", "repeat"), "repeat")
    if len(times) < self._array.ndim:
        raise RuntimeError(
            "repeat: Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor "
            f"({len(times)} < {self._array.ndim})"
        )
    if min(times, default=0) < 0:
        raise RuntimeError(f"repeat: repeats must not be negative, got {list(times)}")
    return RepeatBackward0.apply(self, times)


@method()
def tile(input: Tensor, *args: Any, dims: Any = None) -> Tensor:
    """`repeat`, with leading ones added to `dims` where it is too short."""
    require_tensor("tile", input)
    times = sizes_of(by_name(args, dims, "dims", "tile"), "tile")
    return repeat(input, (1,) * (input._array.ndim - len(times)) + times)


@method()
def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element repeated in place, `repeats` times (one number, or one for each index of `dim`).

    Example:
        >>> repeat_interleave(rushlight.tensor([1, 2]), 2)
        tensor([1, 1, 2, 2])
    """
    require_tensor("repeat_interleave", input)
    if repeats is None:
        return _of_size(wrap(np.repeat(np.arange(input.numel()), input._array)), 0, output_size)
    if not isinstance(repeats, (TensorBase, int)):
        raise TypeError(f"repeat_interleave: repeats must be an int or a Tensor, got {kind_of(repeats)}")
    if dim is None:
        input, dim = reshape(input, (-1,)), 0
    dim = wrap_dim(dim, input._array.ndim, "repeat_interleave")
    counts = repeats._array if isinstance(repeats, TensorBase) else np.asarray(repeats)
    n = input._array.shape[dim]
    if counts.size != 1 and counts.size != n:
        raise RuntimeError(
            f"repeat_interleave: repeats must have the same size as input along dim ({n}), got {counts.size}"
        )
    if counts.size and counts.min() < 0:
        raise RuntimeError("repeat_interleave: repeats can not be negative")
    index = np.repeat(np.arange(n), np.broadcast_to(counts.reshape(-1), (n,)))
    return _of_size(input.index_select(dim, wrap(index)), dim, output_size)  # type: ignore[attr-defined]


def _of_size(y: Tensor, dim: int, output_size: int | None) -> Tensor:
    if output_size is not None and y._array.shape[dim] != output_size:
        raise RuntimeError(
            f"repeat_interleave: output_size must be the sum of repeats, {y._array.shape[dim]} (Invalid output_size), got "
            f"{output_size}"
        )
    return y


class FlipBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple) -> Tensor:
        ctx.dims = dims
        return wrap(np.flip(x._array, dims).copy())

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return flip(dy, ctx.dims), None


@method()
def flip(input: Tensor, *args: Any, dims: Any = None) -> Tensor:
    """The order along `dims` (ints, or one sequence of them) reversed, as a copy.

    Example:
        >>> flip(rushlight.tensor([1, 2, 3]), 0)
        tensor([3, 2, 1])
    """
    require_tensor("flip", input)
    if dims is None and not args:
        raise TypeError("flip: dims must be given")
    given = sizes_of(by_name(args, dims, "dims", "flip"), "flip")
    return FlipBackward0.apply(input, wrap_dims(given, input._array.ndim, "flip") if given else ())


@method()
def fliplr(input: Tensor) -> Tensor:
    """`flip` along dim 1."""
    require_tensor("fliplr", input)
    if input._array.ndim < 2:
        raise RuntimeError(f"fliplr: input must be at least 2-d, got {input._array.ndim}-d")
    return flip(input, 1)


@method()
def flipud(input: Tensor) -> Tensor:
    """`flip` along dim 0."""
    require_tensor("flipud", input)
    if input._array.ndim < 1:
        raise RuntimeError("flipud: input must be at least 1-d, got 0-d")
    return flip(input, 0)


class RollBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, shifts: tuple, dims: tuple) -> Tensor:
        ctx.shifts, ctx.dims = shifts, dims
        return in_order(np.roll(x._array, shifts, dims))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return RollBackward0.apply(dy, tuple([-s for s in ctx.shifts]), ctx.dims), None, None


@method()
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Elements moved by `shifts` places along `dims`, round the end; without dims through the flattened tensor.

    Example:
        >>> roll(rushlight.tensor([1, 2, 3]), 1)
        tensor([3, 1, 2])
    """
    require_tensor("roll", input)
    by = (shifts,) if isinstance(shifts, int) else shifts
    if not isinstance(by, (tuple, list)) or not all(hasattr(s, "__index__") for s in by):
        raise TypeError(f"roll: shifts must be an int or a tuple of ints, got {shifts!r}")
    by = tuple(by)
    if dims is None or dims == () or dims == []:
        if len(by) != 1:
            raise RuntimeError(f"roll: shifts and dimensions must align, got {len(by)} shifts and no dims")
        return reshape(RollBackward0.apply(reshape(input, (-1,)), by, (0,)), input._array.shape)
    along = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(by) != len(along):
        raise RuntimeError(
            f"roll: shifts and dimensions must align, got {len(by)} shifts and {len(along)} dims"
        )
    ndim = input._array.ndim
    return RollBackward0.apply(input, by, tuple([wrap_dim(d, ndim, "roll") for d in along]))


@method()
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by 90 degrees `k` times in the plane of two dims, from the first towards the second."""
    require_tensor("rot90", input)
    ndim = input._array.ndim
    if len(dims) != 2:
        raise RuntimeError(f"rot90: expected total rotation dims == 2, got {len(dims)}")
    if ndim < 2:
        raise RuntimeError(f"rot90: input must have at least 2 dims (expected total dims >= 2), got {ndim}")
    if not isinstance(k, int):
        raise TypeError(f"rot90: k must be an int, got {type(k).__name__}")
    a, b = (wrap_dim(d, ndim, "rot90") for d in dims)
    if a == b:
        raise RuntimeError(f"rot90: the dims must differ, got {tuple(dims)}")
    k %= 4
    if k == 2:
        return flip(input, a, b)
    if k == 0:
        return input.clone()  # type: ignore[attr-defined]
    order = list(range(ndim))
    order[a], order[b] = b, a
    return flip(permute(input, order), a) if k == 1 else flip(permute(input, order), b)


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Coordinates of a grid: tensor i varies along dim i ("ij"), or the first two dims are exchanged ("xy").

    Example:
        >>> meshgrid(rushlight.arange(2), rushlight.arange(2), indexing="ij")[0]
        tensor([[0, 0],
                [1, 1]])
    """
    given = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else list(tensors)
    if indexing is None:
        warn(
            "meshgrid: in an upcoming release, it will be required to pass the indexing argument; 'ij' is taken"
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f"meshgrid: indexing must be one of 'xy' or 'ij', got {indexing!r}")
    swap = indexing == "xy" and len(given) >= 2
    if swap:
        given[0], given[1] = given[1], given[0]
    for x in given:
        require_tensor("meshgrid", x, "each of tensors")
        if x._array.ndim > 1:
            raise RuntimeError(f"meshgrid: expected 0-d or 1-d tensors, got {x._array.ndim}-d")
    shape = [x.numel() for x in given]
    n = len(given)
    grids = [expand(reshape(x, [1] * i + [-1] + [1] * (n - 1 - i)), shape) for i, x in enumerate(given)]
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


def block_diag(*tensors: Any) -> Tensor:
    """Matrices along the diagonal of a larger one, zeros elsewhere."""
    given = _same_type(tensors, "block_diag") if tensors else []
    if not given:
        return wrap(np.zeros((1, 0), np.float32))
    matrices = []
    for x in given:
        if x._array.ndim > 2:
            raise RuntimeError(
                f"block_diag: input tensors must have 2 or fewer dimensions, got {x._array.ndim}"
            )
        matrices.append(atleast_2d(x))
    width = sum(m._array.shape[1] for m in matrices)
    rows, left = [], 0
    for m in matrices:
        h, w = m._array.shape
        rows.append(cat([m.new_zeros((h, left)), m, m.new_zeros((h, width - left - w))], 1))  # type: ignore[attr-defined]
        left += w
    return cat(rows, 0)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element of each 1-d tensor, as rows."""
    for x in tensors:
        require_tensor("cartesian_prod", x, "each of tensors")
        if x._array.ndim != 1:
            raise RuntimeError(f"cartesian_prod: expect a 1-d vector, got shape {list(x._array.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([reshape(g, (-1,)) for g in meshgrid(*tensors, indexing="ij")], 1)


@method()
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All selections of `r` elements of a 1-d tensor, in order, as rows."""
    require_tensor("combinations", input)
    import itertools

    if input._array.ndim != 1:
        raise RuntimeError(f"combinations: expect a 1-d vector, got shape {list(input._array.shape)}")
    if r < 0:
        raise RuntimeError(f"combinations: r must not be negative, got {r}")
    if r == 0:
        return input.new_empty((0,))  # type: ignore[attr-defined]
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    index = np.array(list(choose(range(input.numel()), r)), np.int64).reshape(-1, r)
    return input[wrap(index)]  # type: ignore[index]
