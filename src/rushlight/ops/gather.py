"""Gathering and scattering along one dim: index_select, gather, scatter, index_add and relatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import wrap_dim
from ..tensor import Tensor, into, method, wrap
from . import rows
from .convert import in_order, ordered_copy
from .elementwise import not_a_tensor, refuse, require_tensor, work_dtype
from .index import IndexPutBackward0, check_index
from .mask import masked_fill, where
from .promotion import number
from .shape import broadcast_shapes, expand, reshape

__all__ = [
    "gather",
    "index_add",
    "index_copy",
    "index_fill",
    "index_reduce",
    "index_select",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "take_along_dim",
]


# -- along one dim -------------------------------------------------------------------------------------------
def _check_bounds(index: np.ndarray, n: int, function: str) -> None:
    bad = rows.outside(index, n)
    if bad is not None:
        raise IndexError(f"{function}: index must be in [0, {n - 1}], got {bad} (index out of range in self)")


class IndexSelectBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, index: np.ndarray) -> Tensor:
        ctx.shape, ctx.dim, ctx.index = x._array.shape, dim, index
        return in_order(rows.take(x._array, index, dim))

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
    if not isinstance(input, TensorBase):
        raise not_a_tensor("index_select", input)
    where = check_index(index, "index_select")
    if where.ndim > 1:
        raise IndexError(f"index_select: index must be a vector, got {where.ndim} dims")
    shape = input._array.shape
    dim = wrap_dim(dim, len(shape), "index_select")
    _check_bounds(where, shape[dim] if shape else 1, "index_select")
    if not shape:
        result = reshape(IndexSelectBackward0.apply(reshape(input, (1,)), 0, where.reshape(-1)), ())
        return result if out is None else into(out, result, "index_select")
    result = IndexSelectBackward0.apply(input, dim, where.reshape(-1))
    return result if out is None else into(out, result, "index_select")


def _check_gather(
    input: Tensor, dim: int, index: Any, function: str, against: Tensor | None = None
) -> tuple[int, np.ndarray]:
    if isinstance(index, TensorBase) and not index._array.size:
        where = index._array.astype(np.int64)  # of any dtype, as in PyTorch
    else:
        where = check_index(index, function)
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
        return in_order(rows.take_along(x._array, index, dim))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return scatter_add(dy.new_zeros(ctx.shape), ctx.dim, wrap(ctx.index), dy), None, None


@method()
def gather(
    input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False, out: Tensor | None = None
) -> Tensor:
    """out[i][j] = input[index[i][j]][j] (for dim 0), and likewise for other dims.

    Args:
        sparse_grad: Accepted; gradients are dense here.
    Raises:
        RuntimeError: an index is out of range, or the shapes do not go together.

    Example:
        >>> gather(rushlight.tensor([[1, 2], [3, 4]]), 1, rushlight.tensor([[0], [1]]))
        tensor([[1],
                [4]])
    """
    if not isinstance(input, TensorBase):
        raise not_a_tensor("gather", input)
    dim, where = _check_gather(input, dim, index, "gather")
    if not where.size:
        result = reshape(reshape(input, (-1,))[:0], where.shape)  # nothing of it, but with its history
    elif not input._array.ndim or not where.ndim:
        x = reshape(input, (1,)) if not input._array.ndim else input
        result = reshape(GatherBackward0.apply(x, 0, where.reshape(-1)), where.shape)
    else:
        result = GatherBackward0.apply(input, dim, where)
    return result if out is None else into(out, result, "gather", True)


@method()
def take_along_dim(
    input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None
) -> Tensor:
    """`gather` with broadcasting; without dim, of the flattened input. With dim, negative indices count from the end."""
    require_tensor("take_along_dim", input)
    where = check_index(indices, "take_along_dim", "indices", only_long=True)
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
        n = input._array.shape[dim]
        if where.size and where.min() < 0:
            indices = wrap(np.where(where < 0, where + n, where))
        result = gather(
            expand(input, [*shape[:dim], n, *shape[dim + 1 :]]),
            dim,
            expand(indices, [*shape[:dim], indices._array.shape[dim], *shape[dim + 1 :]]),
        )
    return result if out is None else into(out, result, "take_along_dim", True)


def _corner(shape: tuple) -> tuple:
    return tuple([slice(n) for n in shape])


class ScatterBackward0(Function):
    """Values (a tensor, or one number) put where the index says."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, index: np.ndarray, src: Any) -> Tensor:
        ctx.dim, ctx.index = dim, index
        ctx.src_shape = src._array.shape if isinstance(src, TensorBase) else None
        out = ordered_copy(x._array, dtypes.contiguous_format)
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
    from .split import PlaceBackward0

    return PlaceBackward0.apply(d, shape, _corner(d._array.shape))


class ScatterAddBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, index: np.ndarray, src: Tensor) -> Tensor:
        ctx.dim, ctx.index, ctx.src_shape = dim, index, src._array.shape
        out = ordered_copy(x._array, dtypes.contiguous_format)
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
    require_tensor("scatter", input)
    if src is None:
        src = value
    is_tensor = isinstance(src, TensorBase)
    if not is_tensor:
        src = number(src, input.dtype, "scatter")
    elif src._array.dtype != input._array.dtype:
        raise RuntimeError(f"scatter: src must have the dtype of input, {input.dtype}, got {src.dtype}")
    dim, where = _check_gather(input, dim, index, "scatter", src if is_tensor else None)
    if reduce is not None:
        if reduce not in ("add", "multiply"):
            raise RuntimeError(f"scatter: reduce argument must be either add or multiply, got {reduce!r}")
        values = src if is_tensor else wrap(np.broadcast_to(src, where.shape))
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
    require_tensor("scatter_add", input)
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
    if d.kind == "b":
        return reduce == "amin"
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
    require_tensor("scatter_reduce", input)
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"scatter_reduce: reduce must be one of sum, prod, mean, amax, amin, got {reduce!r}"
        )
    if reduce in ("amax", "amin"):
        refuse("scatter_reduce", input, "c")
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
        half, d = work_dtype(input.dtype) is not input.dtype, input.dtype
        if half:  # summed in float32, rounded once
            input, src = input.float(), src.float()  # type: ignore[attr-defined]
        total = scatter_add(input, dim, index, src)
        if reduce == "sum":
            return reshape(total.to(d) if half else total, shape)  # type: ignore[attr-defined]
        count = np.full(input._array.shape, 1 if include_self else 0, np.int64)
        np.add.at(count, rows.along(count, where, dim), 1)
        counts = wrap(np.maximum(count, 1)).to(total.dtype)  # type: ignore[attr-defined]
        result = (
            total / counts
            if total.dtype.category >= dtypes.FLOAT
            else total.div(counts, rounding_mode="floor")
        )  # type: ignore[operator,attr-defined]
        return reshape(result.to(d) if half else result, shape)
    return reshape(ScatterReduceBackward0.apply(input, dim, where, src, reduce), shape)


class ScatterReduceBackward0(Function):
    """prod, amax and amin."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, index: np.ndarray, src: Tensor, reduce: str) -> Tensor:
        ctx.dim, ctx.index, ctx.reduce, ctx.src_shape = dim, index, reduce, src._array.shape
        out = ordered_copy(x._array, dtypes.contiguous_format)
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
        out = ordered_copy(x._array, dtypes.contiguous_format)
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
    where = check_index(index, function)
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
    require_tensor("index_add", input)
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
    require_tensor("index_copy", input)
    check_index(index, "index_copy", only_long=True)
    dim, where = _check_source(input, dim, index, source, "index_copy")
    x, s = _lift(input, source)
    result = reshape(IndexPutBackward0.apply(x, (*(slice(None),) * dim, where), s, False), input._array.shape)
    return result if out is None else into(out, result, "index_copy")


@method(inplace=True)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of `input` with the given indices of `dim` all `value`."""
    require_tensor("index_fill", input)
    if isinstance(index, TensorBase) and index._array.dtype != np.int64:
        raise IndexError(
            f"index_fill: index must be of dtype int64 (Expected dtype int64), got {index.dtype}"
        )
    where = check_index(index, "index_fill").reshape(-1)
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
    require_tensor("index_reduce", input)
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce: reduce must be one of prod, mean, amax, amin, got {reduce!r}")
    dim, where = _check_source(input, dim, index, source, "index_reduce")
    x, s = _lift(input, source)
    full = np.broadcast_to(where.reshape((-1,) + (1,) * (s._array.ndim - dim - 1)), s._array.shape)
    result = reshape(
        scatter_reduce(x, dim, wrap(full), s, reduce, include_self=include_self), input._array.shape
    )
    return result if out is None else into(out, result, "index_reduce")
