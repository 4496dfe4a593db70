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
from ..errors import kind_of
from ..kernels import _C
from ..tensor import Tensor, into, method, wrap
from . import rows
from .convert import cast, in_order, ordered_copy
from .elementwise import require_tensor
from .promotion import number
from .shape import UnsqueezeBackward0, reshape
from .split import BasicIndex, SelectBackward0, SliceBackward0

__all__ = ["index_put", "index_put_", "put", "take"]


# -- x[...] -----------------------------------------------------------------------------------------------
class NewAxisBackward0(BasicIndex):
    _name = "UnsqueezeBackward0"


NewAxisBackward0._name = UnsqueezeBackward0._name


def _check_index_dtype(array: np.ndarray, function: str) -> None:
    if array.dtype.kind not in "biu" or array.dtype in (np.int8, np.int16):
        raise IndexError(
            f"{function}: tensors used as indices must be long, int, byte or bool tensors, got {dtypes.of(array.dtype)}"
        )


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
            if array.dtype == np.uint8:  # a mask
                array = array.astype(bool)
            if array.ndim == 0 and array.dtype.kind in "iu":
                kinds.append(int(array))
                used += 1
            else:
                _check_index_dtype(array, "__getitem__")
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
        elif isinstance(item, str):
            raise TypeError(f"index: must be an int, slice or tensor, got the str {item!r}")
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
            item = _fitting(item, shape, dim)
            n = _dims_of(item)
            basic.extend([slice(None)] * n)
            arrays.append(item)
            dim += n
    return tuple(basic), node, arrays if any_array else None


def _fitting(item: np.ndarray, shape: tuple, dim: int) -> np.ndarray:
    """An array that indexes a tensor of that shape from `dim` on, checked; bytes as the mask they stand for."""
    if item.dtype.kind not in "biu":
        raise IndexError(
            f"tensors used as indices must be long, int, byte or bool tensors, got {dtypes.of(item.dtype)}"
        )
    if item.dtype == np.uint8:
        item = item.astype(bool)
    if item.dtype == bool:
        for k in range(_dims_of(item)):
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
    return item


def _item(value: Any) -> Any:
    return value._array if isinstance(value, TensorBase) else value


def _bound(value: Any) -> int | None:
    return None if value is None else value.__index__()


def _dims_of(array: np.ndarray) -> int:
    """How many dims of the tensor an index array stands for."""
    return array.ndim if array.dtype in (np.bool_, np.uint8) else 1


@method()
def __getitem__(self: Tensor, index: Any) -> Any:
    kind = type(index)
    if _C is not None:  # rows, one at a time or several: what data sets do
        if kind is int:
            y = _C.select_node(SelectBackward0, self, index)
        elif kind is slice:
            y = _C.slice_node(SliceBackward0, self, index)
        elif kind is tuple:
            y = _C.index_node(SliceBackward0, SelectBackward0, self, index)
        else:
            y = NotImplemented if index is not None else _C.unsqueeze_node(UnsqueezeBackward0, self, 0)
        if y is not NotImplemented:
            return y
    elif kind is int:
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
            return in_order(rows.take(x._array, where[0]))
        return in_order(x._array[where])

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
            array = number(array, dtypes.of(part.dtype), "__setitem__")
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
        value = wrap(number(value, self.dtype, "__setitem__"))
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
        _check_index_dtype(array, function)
        where.append(array.astype(bool) if array.dtype == np.uint8 else array)
    return tuple(where)


class IndexPutBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, where: tuple, values: Tensor, accumulate: bool) -> Tensor:
        ctx.where, ctx.accumulate = where, accumulate
        out = ordered_copy(x._array, dtypes.contiguous_format)
        if accumulate:
            np.add.at(out, where, values._array)
        else:
            out[where] = values._array
        return wrap(out)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        from .mask import masked_fill

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
    require_tensor("index_put", input)
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
    require_tensor("index_put_", input)
    check_inplace(input, "index_put_", values)
    return assign(input, index_put(input, indices, values, accumulate), "index_put_")


def check_index(index: Any, function: str, name: str = "index", only_long: bool = False) -> np.ndarray:
    """The array of an index of int64 or (without `only_long`) int32."""
    if not isinstance(index, TensorBase):
        raise TypeError(f"{function}: {name} must be a Tensor, got {kind_of(index)}")
    if index._array.dtype.kind not in "iu" or index._array.dtype.itemsize < 4:
        raise RuntimeError(f"{function}: expected dtype int64 or int32 for {name}, got {index.dtype}")
    if only_long and index._array.dtype != np.int64:
        raise RuntimeError(
            f"{function}: {name} must be of dtype int64 (expected a long tensor), got {index.dtype}"
        )
    return index._array


# -- the flattened tensor --------------------------------------------------------------------------------------
@method()
def take(input: Tensor, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elements by their index in the flattened tensor; the result has the index's shape."""
    require_tensor("take", input)
    array = check_index(index, "take", only_long=True)
    n = input._array.size
    if array.size and (int(array.min()) < -n or int(array.max()) >= n):
        raise IndexError(f"take: index must be in [{-n}, {n - 1}], got {int(array.max())} (out of range)")
    result = IndexBackward0.apply(reshape(input, (-1,)), (array,))
    return result if out is None else into(out, result, "take", True)


@method(inplace=True)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with elements replaced (or added to) by their index in the flattened tensor."""
    array = check_index(index, "put", only_long=True)
    if array.size != source._array.size:
        raise RuntimeError(
            f"put: source and index must have the same number of elements, got {source._array.size} and {array.size}"
        )
    return reshape(
        index_put(reshape(input, (-1,)), (wrap(array.reshape(-1)),), reshape(source, (-1,)), accumulate),
        input._array.shape,
    )
