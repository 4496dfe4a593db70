"""Indexing: `x[...]` and its assignment, gathering and scattering, masks and triangles.

NOTE [Order of indices]: PyTorch applies ints, slices, None and Ellipsis first and tensors after, on the view
that results. NumPy counts an int beside an index array as an index array, which moves dims elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..autograd.function import AliasBackward0
from ..autograd.inplace import assign, check_inplace
from ..errors import kind_of, wrap_dim
from ..kernels import _C, usable
from ..tensor import Tensor, into, method, wrap
from . import rows
from .convert import cast, ordered_copy, to_dtype
from .promotion import result_type
from .shape import (
    BasicIndex,
    SelectBackward0,
    SliceBackward0,
    UnsqueezeBackward0,
    _broadcast,
    as_strided,
    broadcast_shapes,
    diagonal,
    expand,
    movedim,
    reshape,
)

__all__ = [
    "argwhere",
    "as_strided_scatter",
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal_scatter",
    "gather",
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "index_put_",
    "index_reduce",
    "index_select",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "nonzero",
    "put",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "select_scatter",
    "slice_scatter",
    "take",
    "take_along_dim",
    "trace",
    "tril",
    "triu",
    "where",
]


# -- x[...] -----------------------------------------------------------------------------------------------
class NewAxisBackward0(BasicIndex):
    _name = "UnsqueezeBackward0"


NewAxisBackward0._name = UnsqueezeBackward0._name


def _split_index(x: Tensor, index: Any) -> tuple[tuple, type | None, list | None]:
    """The basic part of an index, the node that stands for it, and the index arrays for what remains."""
    items = index if isinstance(index, tuple) else (index,)
    shape = x._array.shape
    used = 0  # dims that the items other than Ellipsis consume
    kinds = []
    for item in items:
        t = type(item)
        if t is int or t is slice:
            used += 1
            kinds.append(item)
        elif item is None or item is Ellipsis:
            kinds.append(item)
        elif item is True or item is False or isinstance(item, np.bool_):
            kinds.append(np.asarray(item))
        elif isinstance(item, TensorBase):
            array = item._array
            if array.ndim == 0 and array.dtype.kind in "iu":
                kinds.append(int(array))
                used += 1
            else:
                kinds.append(array)
                used += _dims_of(array)
        elif isinstance(item, (list, tuple, range, np.ndarray)):
            array = np.asarray([_item(v) for v in item] if not isinstance(item, np.ndarray) else item)
            if array.size == 0 and array.dtype.kind == "f":
                array = array.astype(np.int64)
            kinds.append(array)
            used += _dims_of(array)
        elif hasattr(item, "__index__"):
            kinds.append(item.__index__())
            used += 1
        else:
            raise IndexError(
                "index: only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices, "
                f"got {type(item).__name__}"
            )
    if used > len(shape):
        raise IndexError(f"index: too many indices for tensor of dimension {len(shape)}, got {used}")
    basic: list = []
    arrays: list = []
    node: type | None = None
    any_array = False
    dim = 0
    for item in kinds:
        if item is Ellipsis:
            skip = len(shape) - used
            used = len(shape)
            dim += skip
            basic.extend([slice(None)] * skip)
            arrays.extend([slice(None)] * skip)
        elif item is None:
            basic.append(None)
            arrays.append(slice(None))
            node = NewAxisBackward0
        elif isinstance(item, int):
            n = shape[dim]
            if not -n <= item < n:
                raise IndexError(f"index {item} is out of bounds for dimension {dim} with size {n}")
            basic.append(item)
            dim += 1
            node = SelectBackward0
        elif isinstance(item, slice):
            start, stop, step = item.start, item.stop, item.step
            if start is None and stop is None and step is None:
                basic.append(item)
            else:
                if step is not None and step.__index__() <= 0:
                    raise ValueError(
                        f"index: step must be greater than zero, got {step}; use torch.flip to reverse"
                    )
                basic.append(slice(_bound(start), _bound(stop), _bound(step)))
                node = SliceBackward0
            arrays.append(slice(None))
            dim += 1
        else:
            any_array = True
            if item.dtype.kind not in "biu":
                raise IndexError(
                    f"tensors used as indices must be long, int, byte or bool tensors, got {dtypes.of(item.dtype)}"
                )
            if item.dtype == np.uint8:
                item = item.astype(bool)
            n = _dims_of(item)
            if item.dtype == bool:
                for k in range(n):
                    if item.shape[k] != shape[dim + k]:
                        raise IndexError(
                            f"The shape of the mask {list(item.shape)} at index {k} does not match the shape of the indexed "
                            f"tensor {list(shape)} at index {dim + k}"
                        )
            elif item.size:
                size = shape[dim]
                low, high = int(item.min()), int(item.max())
                if low < -size or high >= size:
                    raise IndexError(
                        f"index {high if high >= size else low} is out of bounds for dimension {dim} with size {size}"
                    )
            basic.extend([slice(None)] * n)
            arrays.append(item)
            dim += n
    return tuple(basic), node, arrays if any_array else None


def _item(value: Any) -> Any:
    return value._array if isinstance(value, TensorBase) else value


def _bound(value: Any) -> int | None:
    return None if value is None else value.__index__()


def _dims_of(array: np.ndarray) -> int:
    """How many dims of the tensor an index array stands for."""
    return array.ndim if array.dtype in (np.bool_, np.uint8) else 1


@method()
def __getitem__(self: Tensor, index: Any) -> Any:
    if type(index) is int:  # rows, one at a time: what data sets do
        shape = self._array.shape
        if shape and -shape[0] <= index < shape[0]:
            return SelectBackward0.apply(self, (index, ...))
    basic, node, arrays = _split_index(self, index)
    if node is not None:
        self = node.apply(self, (*basic, ...) if node is not SliceBackward0 else basic)  # type: ignore[attr-defined]
    elif arrays is None:
        return AliasBackward0.apply(self)
    return self if arrays is None else IndexBackward0.apply(self, tuple(arrays))


def _one_array(where: tuple) -> bool:
    """Whether rows are chosen, by one array of integers."""
    return len(where) == 1 and isinstance(where[0], np.ndarray) and where[0].dtype.kind in "iu"


class IndexBackward0(Function):
    """Elements chosen by index arrays."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, where: tuple) -> Tensor:
        ctx.shape, ctx.where = x._array.shape, where
        if _one_array(where):
            return wrap(rows.take(x._array, where[0]))
        return wrap(x._array[where])

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return IndexPutAddBackward0.apply(dy, ctx.shape, ctx.where), None


class IndexPutAddBackward0(Function):
    """The adjoint of indexing: values added up where they came from."""

    @staticmethod
    def forward(ctx: Any, dy: Tensor, shape: tuple, where: tuple) -> Tensor:
        ctx.where = where
        if _one_array(where):
            return wrap(rows.added(shape, where[0], dy._array))
        out = np.zeros(shape, dy._array.dtype)
        if len(where) == 1 and where[0].dtype == bool:
            out[where] = dy._array  # a mask names no element twice
        else:
            np.add.at(out, where, dy._array)
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, ddx: Tensor) -> tuple:
        return IndexBackward0.apply(ddx, ctx.where), None, None


@method()
def __setitem__(self: Tensor, index: Any, value: Any) -> None:
    basic, node, arrays = _split_index(self, index)
    if not check_inplace(self, "__setitem__", value):
        part = self._array[(*basic, ...)]
        array = value._array if isinstance(value, TensorBase) else value
        if isinstance(array, np.ndarray) and array.dtype != part.dtype:
            array = cast(array, dtypes.of(part.dtype))
        elif not isinstance(array, np.ndarray):
            array = cast(np.asarray(array), dtypes.of(part.dtype))
        try:
            if arrays is not None:
                part[tuple(arrays)] = _drop_leading_ones(array, part, arrays)
            else:
                part[...] = _drop_ones(array, part.shape)
        except ValueError:
            want = part.shape if arrays is None else part[tuple(arrays)].shape
            raise RuntimeError(
                f"__setitem__: shape mismatch: value of shape {list(np.shape(array))} cannot be broadcast to indexing "
                f"result of shape {list(want)}"
            ) from None
        self._bump()
        return
    part = self if node is None else node.apply(self, (*basic, ...))  # type: ignore[attr-defined]
    if node is None:
        part = AliasBackward0.apply(self)
    if not isinstance(value, TensorBase):
        value = wrap(cast(np.asarray(value), self.dtype))
    if arrays is None:
        if value._array.ndim > part._array.ndim:
            value = reshape(value, value._array.shape[value._array.ndim - part._array.ndim :])
        part.copy_(value)  # type: ignore[attr-defined]
    else:
        index_put_(part, tuple(wrap(a) if isinstance(a, np.ndarray) else None for a in arrays), value)


def _drop_ones(array: np.ndarray, shape: tuple) -> np.ndarray:
    """PyTorch lets a value have more leading dims of size 1 than the place it goes to."""
    while array.ndim > len(shape) and array.shape[0] == 1:
        array = array[0]
    return array


def _drop_leading_ones(array: np.ndarray, part: np.ndarray, arrays: list) -> np.ndarray:
    if array.ndim <= 1:
        return array
    return _drop_ones(array, part[tuple(arrays)].shape)


def _index_arrays(indices: Sequence, function: str) -> tuple:
    where: list[Any] = []
    for i in indices:
        if i is None:
            where.append(slice(None))
            continue
        array = i._array if isinstance(i, TensorBase) else np.asarray(i)
        if array.dtype.kind not in "biu":
            raise IndexError(
                f"{function}: tensors used as indices must be long, int, byte or bool tensors, got {dtypes.of(array.dtype)}"
            )
        where.append(array.astype(bool) if array.dtype == np.uint8 else array)
    return tuple(where)


class IndexPutBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, where: tuple, values: Tensor, accumulate: bool) -> Tensor:
        ctx.where, ctx.accumulate = where, accumulate
        out = ordered_copy(x._array, dtypes.preserve_format)
        if accumulate:
            np.add.at(out, where, values._array)
        else:
            out[where] = values._array
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        dx = dy
        if not ctx.accumulate and ctx.needs_input_grad[0]:
            hole = np.ones(dy._array.shape, bool)
            hole[ctx.where] = False
            dx = masked_fill(dy, wrap(~hole), 0)
        return dx, None, IndexBackward0.apply(dy, ctx.where), None


@method()
def index_put(input: Tensor, indices: Sequence, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with `values` at the places named by a tuple of index tensors; added there with `accumulate`.

    Example:
        >>> x = rushlight.zeros(3)
        >>> index_put(x, (rushlight.tensor([0, 0]),), rushlight.tensor([1.0, 2.0]), accumulate=True)
        tensor([3., 0., 0.])
    """
    where = _index_arrays(indices, "index_put")
    if values.dtype is not input.dtype:
        raise RuntimeError(
            f"index_put: Index put requires the source and destination dtypes match, got {input.dtype} for the destination "
            f"and {values.dtype} for the source"
        )
    try:
        return IndexPutBackward0.apply(input, where, values, accumulate)
    except ValueError:
        raise RuntimeError(
            f"index_put: shape mismatch: value tensor of shape {list(values._array.shape)} cannot be broadcast to "
            f"indexing result of shape {list(input._array[where].shape)}"
        ) from None
    except IndexError as e:
        raise IndexError(f"index_put: {e}") from None


@method()
def index_put_(input: Tensor, indices: Sequence, values: Tensor, accumulate: bool = False) -> Tensor:
    """`index_put` in place."""
    check_inplace(input, "index_put_", values)
    return assign(input, index_put(input, indices, values, accumulate), "index_put_")


# -- along one dim -------------------------------------------------------------------------------------------
def _check_index(index: Any, function: str, name: str = "index") -> np.ndarray:
    if not isinstance(index, TensorBase):
        raise TypeError(f"{function}: {name} must be a Tensor, got {kind_of(index)}")
    if index._array.dtype.kind not in "iu" or index._array.dtype.itemsize < 4:
        raise RuntimeError(f"{function}: expected dtype int64 or int32 for {name}, got {index.dtype}")
    return index._array


def _check_bounds(index: np.ndarray, n: int, function: str) -> None:
    bad = rows.outside(index, n)
    if bad is not None:
        raise IndexError(f"{function}: index must be in [0, {n - 1}], got {bad} (index out of range in self)")


class IndexSelectBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, index: np.ndarray) -> Tensor:
        ctx.shape, ctx.dim, ctx.index = x._array.shape, dim, index
        return wrap(rows.take(x._array, index, dim))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return index_add(dy.new_zeros(ctx.shape), ctx.dim, wrap(ctx.index), dy), None, None


@method()
def index_select(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The given indices of one dim, in their order.

    Example:
        >>> index_select(rushlight.tensor([5, 6, 7]), 0, rushlight.tensor([2, 0]))
        tensor([7, 5])
    """
    where = _check_index(index, "index_select")
    if where.ndim > 1:
        raise IndexError(f"index_select: index must be a vector, got {where.ndim} dims")
    shape = input._array.shape
    dim = wrap_dim(dim, len(shape), "index_select")
    _check_bounds(where, shape[dim] if shape else 1, "index_select")
    if not shape:
        return reshape(IndexSelectBackward0.apply(reshape(input, (1,)), 0, where.reshape(-1)), ())
    result = IndexSelectBackward0.apply(input, dim, where.reshape(-1))
    return result if out is None else into(out, result, "index_select")


def _check_gather(
    input: Tensor, dim: int, index: Any, function: str, against: Tensor | None = None
) -> tuple[int, np.ndarray]:
    where = _check_index(index, function)
    shape = input._array.shape
    dim = wrap_dim(dim, len(shape), function)
    if where.size:
        ishape, xshape = where.shape or (1,), shape or (1,)
        if len(ishape) != len(xshape):
            raise RuntimeError(
                f"{function}: index must have the same number of dimensions as input, got {len(ishape)} and {len(xshape)}"
            )
        for d, (a, b) in enumerate(zip(ishape, xshape, strict=True)):
            if d != dim and a > b:
                raise RuntimeError(
                    f"{function}: index must not be larger than input apart from dimension {dim}, got {list(ishape)} for "
                    f"{list(xshape)} (Size does not match at dimension {d})"
                )
        if against is not None:
            for d, (a, b) in enumerate(zip(ishape, against._array.shape or (1,), strict=False)):
                if a > b:
                    raise RuntimeError(
                        f"{function}: index must not be larger than src, got {list(ishape)} for {list(against._array.shape)} "
                        f"(expected index size at dimension {d} at most {b})"
                    )
        n = xshape[dim]
        bad = rows.outside(where, n)
        if bad is not None:
            raise RuntimeError(f"{function}: index {bad} is out of bounds for dimension {dim} with size {n}")
    return dim, where


class GatherBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, index: np.ndarray) -> Tensor:
        ctx.shape, ctx.dim, ctx.index = x._array.shape, dim, index
        return wrap(rows.take_along(x._array, index, dim))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return scatter_add(dy.new_zeros(ctx.shape), ctx.dim, wrap(ctx.index), dy), None, None


@method()
def gather(
    input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False, out: Tensor | None = None
) -> Tensor:
    """out[i][j] = input[index[i][j]][j] (for dim 0), and likewise for other dims.

    Raises:
        RuntimeError: an index is out of range, or the shapes do not go together.

    Example:
        >>> gather(rushlight.tensor([[1, 2], [3, 4]]), 1, rushlight.tensor([[0], [1]]))
        tensor([[1],
                [4]])
    """
    dim, where = _check_gather(input, dim, index, "gather")
    if not where.size:
        result = reshape(reshape(input, (-1,))[:0], where.shape)  # nothing of it, but with its history
    elif not input._array.ndim or not where.ndim:
        x = reshape(input, (1,)) if not input._array.ndim else input
        result = reshape(GatherBackward0.apply(x, 0, where.reshape(-1)), where.shape)
    else:
        result = GatherBackward0.apply(input, dim, where)
    return result if out is None else into(out, result, "gather")


@method()
def take_along_dim(
    input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None
) -> Tensor:
    """`gather` with broadcasting; without dim, of the flattened input."""
    if dim is None:
        result = gather(reshape(input, (-1,)), 0, reshape(indices, (-1,)))
    else:
        ndim = input._array.ndim
        dim = wrap_dim(dim, ndim, "take_along_dim")
        if indices._array.ndim != ndim:
            raise RuntimeError(
                f"take_along_dim: input and indices should have the same number of dimensions, got {ndim} and "
                f"{indices._array.ndim}"
            )
        a, b = list(input._array.shape), list(indices._array.shape)
        a[dim] = b[dim] = 1
        shape = list(broadcast_shapes(a, b))
        result = gather(
            expand(input, [*shape[:dim], input._array.shape[dim], *shape[dim + 1 :]]),
            dim,
            expand(indices, [*shape[:dim], indices._array.shape[dim], *shape[dim + 1 :]]),
        )
    return result if out is None else into(out, result, "take_along_dim")


def _corner(shape: tuple) -> tuple:
    return tuple([slice(n) for n in shape])


class ScatterBackward0(Function):
    """Values (a tensor, or one number) put where the index says."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, index: np.ndarray, src: Any) -> Tensor:
        ctx.dim, ctx.index = dim, index
        ctx.src_shape = src._array.shape if isinstance(src, TensorBase) else None
        out = ordered_copy(x._array, dtypes.preserve_format)
        values = src._array[_corner(index.shape)] if isinstance(src, TensorBase) else src
        out[rows.along(out, index, dim)] = values
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        index = wrap(ctx.index)
        dx = scatter(dy, ctx.dim, index, 0) if ctx.needs_input_grad[0] else None
        return (
            dx,
            None,
            None,
            _from_corner(gather(dy, ctx.dim, index), ctx.src_shape) if ctx.needs_input_grad[3] else None,
        )


def _from_corner(d: Tensor, shape: tuple) -> Tensor:
    """The gradient of a source of which only the corner of the index's shape was read."""
    if d._array.shape == shape:
        return d
    from .shape import PlaceBackward0

    return PlaceBackward0.apply(d, shape, _corner(d._array.shape))


class ScatterAddBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, index: np.ndarray, src: Tensor) -> Tensor:
        ctx.dim, ctx.index, ctx.src_shape = dim, index, src._array.shape
        out = ordered_copy(x._array, dtypes.preserve_format)
        rows.add_along(out, index, src._array[_corner(index.shape)], dim)
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        d = (
            _from_corner(gather(dy, ctx.dim, wrap(ctx.index)), ctx.src_shape)
            if ctx.needs_input_grad[3]
            else None
        )
        return dy, None, None, d


def _lift(*xs: Any) -> tuple:
    """0-d tensors as 1-d ones."""
    return tuple([reshape(x, (1,)) if isinstance(x, TensorBase) and not x._array.ndim else x for x in xs])  # type: ignore[arg-type]


@method(inplace=True)
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy of `input` with out[index[i][j]][j] = src[i][j] (for dim 0); `src` may be one number.

    Args:
        reduce: "add" or "multiply" the values in instead (see `scatter_reduce`).

    Example:
        >>> scatter(rushlight.zeros(1, 3), 1, rushlight.tensor([[2]]), 1.0)
        tensor([[0., 0., 1.]])
    """
    if src is None:
        src = value
    is_tensor = isinstance(src, TensorBase)
    if is_tensor and src._array.dtype != input._array.dtype:
        raise RuntimeError(f"scatter: src must have the dtype of input, {input.dtype}, got {src.dtype}")
    dim, where = _check_gather(input, dim, index, "scatter", src if is_tensor else None)
    if reduce is not None:
        if reduce not in ("add", "multiply"):
            raise RuntimeError(f"scatter: reduce argument must be either add or multiply, got {reduce!r}")
        values = src if is_tensor else input.new_full(where.shape, src)  # type: ignore[attr-defined]
        return scatter_reduce(input, dim, index, values, {"add": "sum", "multiply": "prod"}[reduce])
    if not where.size:
        return input.clone()  # type: ignore[attr-defined]
    if not input._array.ndim or not where.ndim:
        x, s = _lift(input, src)
        return reshape(
            ScatterBackward0.apply(x, dim, where.reshape(-1) if not where.ndim else where, s),
            input._array.shape,
        )
    return ScatterBackward0.apply(input, dim, where, src)


@method(inplace=True)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `input` with src[i][j] added to out[index[i][j]][j] (for dim 0).

    Example:
        >>> scatter_add(rushlight.zeros(3), 0, rushlight.tensor([1, 1]), rushlight.ones(2))
        tensor([0., 2., 0.])
    """
    if src._array.dtype != input._array.dtype:
        raise RuntimeError(f"scatter_add: src must have the dtype of input, {input.dtype}, got {src.dtype}")
    dim, where = _check_gather(input, dim, index, "scatter_add", src)
    if not where.size:
        return input.clone()  # type: ignore[attr-defined]
    x, s = _lift(input, src)
    return reshape(
        ScatterAddBackward0.apply(x, dim, where.reshape(-1) if not where.ndim else where, s),
        input._array.shape,
    )


_REDUCE = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}
_START = {"sum": 0, "mean": 0, "prod": 1}


def _start_of(reduce: str, d: np.dtype) -> Any:
    if reduce in _START:
        return _START[reduce]
    if d.kind in "iu":
        return np.iinfo(d).min if reduce == "amax" else np.iinfo(d).max
    return -np.inf if reduce == "amax" else np.inf


@method(inplace=True)
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Values of `src` combined at the places `index` names, by "sum", "prod", "mean", "amax" or "amin".

    Args:
        include_self: Whether the values of `input` take part.

    Example:
        >>> scatter_reduce(
        ...     rushlight.zeros(2), 0, rushlight.tensor([0, 0]), rushlight.tensor([1.0, 3.0]), "amax"
        ... )
        tensor([3., 0.])
    """
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"scatter_reduce: reduce must be one of sum, prod, mean, amax, amin, got {reduce!r}"
        )
    if src._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"scatter_reduce: src must have the dtype of input, {input.dtype}, got {src.dtype}"
        )
    dim, where = _check_gather(input, dim, index, "scatter_reduce", src)
    if not where.size:
        return input.clone()  # type: ignore[attr-defined]
    shape = input._array.shape
    input, src, index = _lift(input, src, index)
    where = index._array
    if not include_self:
        input = scatter(input, dim, index, _start_of(reduce, input._array.dtype))
    if reduce in ("sum", "mean"):
        total = scatter_add(input, dim, index, src)
        if reduce == "sum":
            return reshape(total, shape)
        count = np.full(input._array.shape, 1 if include_self else 0, np.int64)
        np.add.at(count, rows.along(count, where, dim), 1)
        counts = wrap(np.maximum(count, 1)).to(total.dtype)  # type: ignore[attr-defined]
        result = (
            total / counts
            if total.dtype.category >= dtypes.FLOAT
            else total.div(counts, rounding_mode="floor")
        )  # type: ignore[operator,attr-defined]
        return reshape(result, shape)
    return reshape(ScatterReduceBackward0.apply(input, dim, where, src, reduce), shape)


class ScatterReduceBackward0(Function):
    """prod, amax and amin."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, index: np.ndarray, src: Tensor, reduce: str) -> Tensor:
        ctx.dim, ctx.index, ctx.reduce, ctx.src_shape = dim, index, reduce, src._array.shape
        out = ordered_copy(x._array, dtypes.preserve_format)
        _REDUCE[reduce].at(out, rows.along(out, index, dim), src._array[_corner(index.shape)])
        y = wrap(out)
        ctx.save_for_backward(x, src, y)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        x, src, y = ctx.saved_tensors
        index = wrap(ctx.index)
        src = src[_corner(ctx.index.shape)]
        if ctx.reduce == "prod":
            # Exact also with zeros: each factor's gradient is the product of all the others.
            masked = wrap((x._array == 0).astype(x._array.dtype))
            zeros = scatter_add(masked, ctx.dim, index, (src == 0).to(x.dtype))
            safe_x, safe_src = masked_fill(x, x == 0, 1), masked_fill(src, src == 0, 1)
            nonzero = scatter_reduce(safe_x, ctx.dim, index, safe_src, "prod")
            dx = dy * where(
                zeros == 0, nonzero / safe_x, where((zeros == 1) & (x == 0), nonzero, 0 * nonzero)
            )  # type: ignore[operator]
            z, p, g = (gather(v, ctx.dim, index) for v in (zeros, nonzero, dy))
            ds = g * where(z == 0, p / safe_src, where((z == 1) & (src == 0), p, 0 * p))  # type: ignore[operator]
        else:
            hit_x = (x == y).to(x.dtype)
            hit_s = (src == gather(y, ctx.dim, index)).to(x.dtype)
            ties = scatter_add(hit_x, ctx.dim, index, hit_s)  # shared evenly among all that attain it
            share = dy / ties  # type: ignore[operator]
            dx, ds = share * hit_x, gather(share, ctx.dim, index) * hit_s
        return dx, None, None, _from_corner(ds, ctx.src_shape), None


class IndexAddBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, index: np.ndarray, source: Tensor) -> Tensor:
        ctx.dim, ctx.index = dim, index
        out = ordered_copy(x._array, dtypes.preserve_format)
        rows.add(out, index, source._array, dim)
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return (
            dy,
            None,
            None,
            IndexSelectBackward0.apply(dy, ctx.dim, ctx.index) if ctx.needs_input_grad[3] else None,
        )


def _check_source(
    input: Tensor, dim: int, index: Any, source: Tensor, function: str
) -> tuple[int, np.ndarray]:
    where = _check_index(index, function)
    if where.ndim > 1:
        raise IndexError(f"{function}: index is supposed to be a vector, got {where.ndim} dims")
    shape, sshape = input._array.shape or (1,), source._array.shape or (1,)
    dim = wrap_dim(dim, input._array.ndim, function)
    where = where.reshape(-1)
    if source._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"{function}: source must have the dtype of input, {input.dtype}, got {source.dtype}"
        )
    expected = (*shape[:dim], where.size, *shape[dim + 1 :])
    if sshape != expected:
        raise RuntimeError(
            f"{function}: source must have shape {list(expected)} for {where.size} indices of dim {dim}, got {list(sshape)}"
        )
    n = shape[dim]
    if where.size and (int(where.min()) < 0 or int(where.max()) >= n):
        raise IndexError(
            f"{function}: index must be in [0, {n - 1}], got {int(where.max())} (index out of range in self)"
        )
    return dim, where


@method(inplace=True)
def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """A copy of `input` with `alpha * source` added at the given indices of `dim`.

    Example:
        >>> index_add(rushlight.zeros(3), 0, rushlight.tensor([0, 0]), rushlight.ones(2))
        tensor([2., 0., 0.])
    """
    dim, where = _check_source(input, dim, index, source, "index_add")
    if alpha != 1:
        source = source * alpha  # type: ignore[operator]
    x, s = _lift(input, source)
    result = reshape(IndexAddBackward0.apply(x, dim, where, s), input._array.shape)
    return result if out is None else into(out, result, "index_add")


@method(inplace=True)
def index_copy(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, out: Tensor | None = None
) -> Tensor:
    """A copy of `input` with the given indices of `dim` replaced by those of `source`."""
    dim, where = _check_source(input, dim, index, source, "index_copy")
    x, s = _lift(input, source)
    result = reshape(IndexPutBackward0.apply(x, (*(slice(None),) * dim, where), s, False), input._array.shape)
    return result if out is None else into(out, result, "index_copy")


@method(inplace=True)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of `input` with the given indices of `dim` all `value`."""
    where = _check_index(index, "index_fill").reshape(-1)
    shape = input._array.shape
    dim = wrap_dim(dim, len(shape), "index_fill")
    n = shape[dim] if shape else 1
    if where.size and (int(where.min()) < -n or int(where.max()) >= n):
        raise IndexError(
            f"index_fill: index must be in [{-n}, {n - 1}], got {int(where.max())} (index out of range in self)"
        )
    if isinstance(value, TensorBase) and value._array.ndim:
        raise RuntimeError(
            f"index_fill: value must be a number or a 0-d tensor, got {value._array.ndim} dims"
        )
    mask = np.zeros(n, bool)
    mask[where] = True
    mask = (
        np.broadcast_to(mask.reshape((-1,) + (1,) * (len(shape) - dim - 1)), shape)
        if shape
        else mask.reshape(())
    )
    return masked_fill(input, wrap(mask), value)


@method(inplace=True)
def index_reduce(
    input: Tensor,
    dim: int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    *,
    include_self: bool = True,
    out: Tensor | None = None,
) -> Tensor:
    """Rows of `source` combined at the given indices of `dim`, by "prod", "mean", "amax" or "amin"."""
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce: reduce must be one of prod, mean, amax, amin, got {reduce!r}")
    dim, where = _check_source(input, dim, index, source, "index_reduce")
    x, s = _lift(input, source)
    full = np.broadcast_to(where.reshape((-1,) + (1,) * (s._array.ndim - dim - 1)), s._array.shape)
    result = reshape(
        scatter_reduce(x, dim, wrap(full), s, reduce, include_self=include_self), input._array.shape
    )
    return result if out is None else into(out, result, "index_reduce")


# -- masks -----------------------------------------------------------------------------------------------------
def _check_mask(mask: Any, function: str) -> np.ndarray:
    if not isinstance(mask, TensorBase):
        raise TypeError(f"{function}: mask must be a Tensor, got {kind_of(mask)}")
    if mask._array.dtype == np.uint8 and function != "masked_fill":
        return mask._array.astype(bool)
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
            return _C.where(mask, value, x, None)
        out = np.array(np.broadcast_to(x._array, np.broadcast_shapes(x._array.shape, mask.shape)), order="C")
        np.copyto(out, value._array if isinstance(value, TensorBase) else value, where=mask, casting="unsafe")
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        dx = MaskedFillBackward0.apply(dy, ctx.mask, 0) if ctx.needs_input_grad[0] else None
        dv = None
        if ctx.needs_input_grad[2]:
            dv = MaskedFillBackward0.apply(dy, ~np.broadcast_to(ctx.mask, dy._array.shape), 0).sum()
        return dx, None, dv


@method()
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy with `value` (a number or 0-d tensor) where the mask is True.

    Example:
        >>> masked_fill(rushlight.ones(2), rushlight.tensor([True, False]), 5)
        tensor([5., 1.])
    """
    where_ = _check_mask(mask, "masked_fill")
    if isinstance(value, TensorBase):
        if value._array.ndim:
            raise RuntimeError(
                f"masked_fill: only supports a 0-dimensional value tensor, got one with {value._array.ndim} dims"
            )
        value = to_dtype(value, input.dtype)  # type: ignore[arg-type]
    else:
        _check_value(value, input.dtype, "masked_fill")
    return MaskedFillBackward0.apply(input, where_, value)


def _check_value(value: Any, d: dtypes.dtype, function: str) -> None:
    if d.category == dtypes.INTEGER and isinstance(value, float) and not value.is_integer():
        raise RuntimeError(f"{function}: value cannot be converted to type {d} without overflow, got {value}")


@method()
def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`masked_fill` in place."""
    check_inplace(self, "masked_fill_", value)
    return assign(self, masked_fill(self, mask, value), "masked_fill_")


@method()
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where the mask is True, in order, as a 1-d tensor."""
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
    where_ = _check_mask(mask, "masked_scatter")
    shape = broadcast_shapes(input._array.shape, where_.shape)
    full = np.broadcast_to(where_, shape)
    n = int(full.sum())
    if source._array.size < n:
        raise RuntimeError(
            f"masked_scatter: source must have at least {n} elements (as many as the mask has True), got {source._array.size}"
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
        mask = np.broadcast_to(ctx.condition, dy._array.shape)
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
    x, y = (to_dtype(v, d) if isinstance(v, Tensor) else wrap(np.asarray(v, d.numpy)) for v in (input, other))  # type: ignore[arg-type]
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
    array = input._array
    if as_tuple:
        return tuple([wrap(i) for i in np.nonzero(array.reshape(1) if not array.ndim else array)])
    result = wrap(np.argwhere(array) if array.ndim else np.zeros((int(array != 0), 0), np.int64))
    return result if out is None else into(out, result, "nonzero")


@method()
def argwhere(input: Tensor) -> Tensor:
    """The indices of elements that are not 0, as rows."""
    return nonzero(input)


# -- the flattened tensor --------------------------------------------------------------------------------------
@method()
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements by their index in the flattened tensor; the result has the index's shape."""
    array = _check_index(index, "take")
    n = input._array.size
    if array.size and (int(array.min()) < -n or int(array.max()) >= n):
        raise IndexError(f"take: index must be in [{-n}, {n - 1}], got {int(array.max())} (out of range)")
    return IndexBackward0.apply(reshape(input, (-1,)), (array,))


@method(inplace=True)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with elements replaced (or added to) by their index in the flattened tensor."""
    array = _check_index(index, "put")
    if array.size != source._array.size:
        raise RuntimeError(
            f"put: source and index must have the same number of elements, got {source._array.size} and {array.size}"
        )
    return reshape(
        index_put(reshape(input, (-1,)), (wrap(array.reshape(-1)),), reshape(source, (-1,)), accumulate),
        input._array.shape,
    )


# -- triangles and diagonals -------------------------------------------------------------------------------------
class TrilBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, k: int) -> Tensor:
        ctx.k = k
        return wrap(np.tril(x._array, k))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return tril(dy, ctx.k), None


class TriuBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, k: int) -> Tensor:
        ctx.k = k
        return wrap(np.triu(x._array, k))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return triu(dy, ctx.k), None


def _check_matrix(input: Tensor, function: str) -> None:
    if input._array.ndim < 2:
        raise RuntimeError(f"{function}: input must have at least 2 dims, got {input._array.ndim}")


@method(inplace=True)
def tril(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Matrices with the elements above a diagonal set to 0.

    Example:
        >>> tril(rushlight.ones(2, 2))
        tensor([[1., 0.],
                [1., 1.]])
    """
    _check_matrix(input, "tril")
    result = TrilBackward0.apply(input, diagonal)
    return result if out is None else into(out, result, "tril")


@method(inplace=True)
def triu(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Matrices with the elements below a diagonal set to 0."""
    _check_matrix(input, "triu")
    result = TriuBackward0.apply(input, diagonal)
    return result if out is None else into(out, result, "triu")


@method()
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The last dim laid on a diagonal of two new dims, zeros elsewhere."""
    shape = input._array.shape
    if not shape:
        raise RuntimeError("diag_embed: input must have at least 1 dim, got a 0-d tensor")
    n = shape[-1] + abs(offset)
    ndim = len(shape) + 1
    dim1, dim2 = wrap_dim(dim1, ndim, "diag_embed", "dim1"), wrap_dim(dim2, ndim, "diag_embed", "dim2")
    if dim1 == dim2:
        raise RuntimeError(
            f"diag_embed: dim1 and dim2 must differ (diagonal dimensions cannot be identical), got {dim1} twice"
        )
    zeros = input.new_zeros((*shape[:-1], n, n))  # type: ignore[attr-defined]
    return movedim(diagonal_scatter(zeros, input, offset, -2, -1), (-2, -1), (dim1, dim2))


@method()
def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """A vector as a matrix's diagonal, or a matrix's diagonal as a vector.

    Example:
        >>> diag(rushlight.tensor([1, 2]))
        tensor([[1, 0],
                [0, 2]])
    """
    if input._array.ndim == 1:
        result = diag_embed(input, diagonal)
    elif input._array.ndim == 2:
        result = _diagonal_copy(input, diagonal)
    else:
        raise RuntimeError(f"diag: input must be 1-d or 2-d, got {input._array.ndim}-d")
    return result if out is None else into(out, result, "diag")


def _diagonal_copy(input: Tensor, offset: int) -> Tensor:
    return diagonal(input, offset).clone()  # type: ignore[attr-defined]


@method()
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The flattened tensor as a matrix's diagonal."""
    return diag_embed(reshape(input, (-1,)), offset)


@method()
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal."""
    if input._array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, got {input._array.ndim} dims")
    return diagonal(input).sum()  # type: ignore[attr-defined]


# -- a copy with a view of it replaced ----------------------------------------------------------------------------
class ViewScatterBackward0(Function):
    """x with the part that `view` (a function of an array) shows replaced by src."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, src: Tensor, view: Any) -> Tensor:
        ctx.view = view
        out = ordered_copy(x._array, dtypes.preserve_format)
        view(wrap(out))._array[...] = src._array
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        dx = None
        if ctx.needs_input_grad[0]:
            part = ctx.view(dy)
            dx = ViewScatterBackward0.apply(dy, part.new_zeros(part.shape), ctx.view)
        return dx, ctx.view(dy).clone() if ctx.needs_input_grad[1] else None, None


def _view_scatter(input: Tensor, src: Tensor, view: Any, function: str) -> Tensor:
    part = view(input.detach())
    if part._array.shape != src._array.shape:
        raise RuntimeError(
            f"{function}: expected src to have a size equal to the slice of self, {list(part._array.shape)}, got "
            f"{list(src._array.shape)}"
        )
    return ViewScatterBackward0.apply(input, to_dtype(src, input.dtype), view)


@method()
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with one index of `dim` replaced by `src`."""
    return _view_scatter(input, src, lambda t: t.select(dim, index), "select_scatter")


@method()
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy with a slice of `dim` replaced by `src`."""
    at = wrap_dim(dim, input._array.ndim, "slice_scatter")
    return _view_scatter(
        input, src, lambda t: t[(*(slice(None),) * at, slice(start, end, step))], "slice_scatter"
    )


@method()
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy with a diagonal replaced by `src`."""
    return _view_scatter(input, src, lambda t: diagonal(t, offset, dim1, dim2), "diagonal_scatter")


@method()
def as_strided_scatter(
    input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None
) -> Tensor:
    """A copy with the part that `as_strided` would show replaced by `src`."""
    return _view_scatter(
        input, src, lambda t: as_strided(t, size, stride, storage_offset), "as_strided_scatter"
    )
