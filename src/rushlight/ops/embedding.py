"""Tables of vectors looked up by index; one-hot vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..kernels import _C, usable
from ..tensor import Tensor, wrap
from .elementwise import not_a_tensor, require_tensor, work_dtype
from .rows import outside

__all__ = ["embedding", "embedding_bag", "one_hot"]


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of `weight` by their numbers.

    Args:
        input: Row numbers, int64 or int32.
        padding_idx: A row that gets no gradient; counted from the end where negative.
        max_norm: Scale rows that are longer, in `weight` itself, before they are read.
        norm_type: The norm of `max_norm`. Default 2.
        scale_grad_by_freq: Divide the gradient of each row by how often it was looked up.
        sparse: Accepted; gradients are dense here.
    Shape:
        input: (*); weight: (V, D); output: (*, D).
    Raises:
        IndexError: a number is outside [0, V).
        RuntimeError: dtypes or dimensions are wrong.
    Example:
        >>> embedding(rushlight.tensor([1]), rushlight.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([[3., 4.]])
    """
    if not isinstance(input, TensorBase):
        raise not_a_tensor("embedding", input)
    if not isinstance(weight, TensorBase):
        raise not_a_tensor("embedding", weight, "weight")
    name = "embedding"
    _check_table(name, input, weight)
    padding = _padding(name, padding_idx, weight)
    if input.dtype is not dtypes.int64:
        input = input.to(dtypes.int64)
    _check_range(name, input, weight)
    if max_norm is not None:
        _renorm(weight, input, max_norm, norm_type)
    return EmbeddingBackward0.apply(weight, input, padding, scale_grad_by_freq)


class EmbeddingBackward0(Function):
    @staticmethod
    def forward(ctx: Any, weight: Any, index: Any, padding: Any, by_count: Any) -> Any:
        ctx.save_for_backward(index)
        ctx.options = weight._array.shape[0], padding, by_count
        if _C is not None:
            return _C.take_rows(weight, index, 0)
        return wrap(weight._array[index._array])

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        (index,) = ctx.saved_tensors
        rows, padding, by_count = ctx.options
        if is_grad_enabled() or not usable(dy):
            return _scatter(dy, index, rows, padding, by_count), None, None, None
        return _C.embedding_backward(dy, index, rows, padding, by_count), None, None, None


def _scatter(dy: Tensor, index: Tensor, rows: int, padding: int, by_count: bool) -> Tensor:
    """The gradient of the table, in differentiable operations."""
    flat = index._array.reshape(-1)
    factor = np.ones(flat.shape, dy._array.dtype)
    if by_count and flat.size:
        factor /= np.bincount(flat, minlength=rows)[flat].astype(factor.dtype)
    factor[flat == padding] = 0
    width = dy.shape[-1]
    terms = dy.reshape(flat.size, width) * wrap(factor[:, None])
    return terms.new_zeros((rows, width)).index_add(0, wrap(flat), terms)


def _check_table(name: str, input: Tensor, weight: Tensor) -> None:
    if weight.ndim != 2:
        raise RuntimeError(f"{name}: weight must be 2-D, got shape {list(weight.shape)}")
    if input.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(
            f"{name}: input must have dtype Long or Int (torch.int64, torch.int32: scalar types of indices), "
            f"got {input.dtype}"
        )


def _padding(name: str, padding_idx: int | None, weight: Tensor) -> int:
    if padding_idx is None:
        return -1
    rows = weight.shape[0]
    if not hasattr(padding_idx, "__index__"):
        raise TypeError(f"{name}: padding_idx must be an int or None, got {kind_of(padding_idx)}")
    if not -rows <= padding_idx < rows:
        raise AssertionError(
            f"{name}: padding_idx must be within num_embeddings, in [{-rows}, {rows}), got {padding_idx} "
            "(Padding_idx must be within num_embeddings)"
        )
    return padding_idx + rows if padding_idx < 0 else padding_idx


def _check_range(name: str, input: Tensor, weight: Tensor) -> None:
    n = weight._array.shape[0]
    bad = outside(input._array, n)
    if bad is not None:
        raise IndexError(f"{name}: input must be in [0, {n}), got {bad}: index out of range in self")


def _renorm(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows that will be read and are longer than `max_norm`, in place."""
    used = np.unique(input._array)
    rows = weight._array[used]
    wide = np.abs(rows.astype(np.float64))
    if norm_type == math.inf:
        norms = wide.max(1, initial=0)
    elif norm_type == 0:
        norms = (wide != 0).sum(1).astype(np.float64)
    else:
        norms = (wide**norm_type).sum(1) ** (1 / norm_type)
    long = norms > max_norm
    if long.any():
        weight._array[used[long]] = rows[long] * (max_norm / (norms[long] + 1e-7))[:, None].astype(rows.dtype)
        weight._bump()


# -- bags ---------------------------------------------------------------------------------------------
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Rows of `weight` by their numbers, summed, averaged or maximized over bags.

    Args:
        input: Row numbers: bags of one size as rows, or all one after the other, with `offsets`.
        offsets: Where each bag begins.
        max_norm: Scale rows that are longer, in `weight` itself, before they are read.
        norm_type: The norm of `max_norm`. Default 2.
        scale_grad_by_freq: Divide the gradient of each row by how often it was looked up; not with 'max'.
        mode: 'sum', 'mean' or 'max'. An empty bag gives zeros.
        sparse: Accepted; gradients are dense here.
        per_sample_weights: A factor for each number, with 'sum'.
        include_last_offset: `offsets` ends with the length of input.
        padding_idx: A row that is left out of its bag.
    Shape:
        input: (B, N), or (N,) with offsets (B,); weight: (V, D); output: (B, D).
    Raises:
        ValueError: shapes, offsets or mode are wrong.
        NotImplementedError: per_sample_weights with another mode than 'sum'.
        IndexError: a number is outside [0, V).
    Example:
        >>> table = rushlight.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> embedding_bag(rushlight.tensor([[0, 1]]), table)
        tensor([[2., 3.]])
    """
    require_tensor("embedding_bag", input)
    name = "embedding_bag"
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"{name}: mode must be 'sum', 'mean' or 'max' (mode has to be one of), got {mode!r}")
    if per_sample_weights is not None and per_sample_weights.shape != input.shape:
        raise ValueError(
            f"{name}: per_sample_weights must have the input's shape {list(input.shape)}, "
            f"got {list(per_sample_weights.shape)}"
        )
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                f"{name}: if input is 2D, then offsets has to be None: its rows are the bags, "
                f"got {type(offsets).__name__}"
            )
        bags, size = input.shape
        starts = np.arange(bags) * size
        input = input.reshape(-1)
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights.reshape(-1)
    elif input.ndim == 1:
        starts = _starts(name, offsets, input.numel(), include_last_offset)
    else:
        raise ValueError(
            f"{name}: input must be 1D or 2D (input has to be 1D or 2D Tensor), got {input.ndim}D"
        )
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            f"{name}: per_sample_weights was not None; it is only supported for mode='sum', got mode={mode!r}"
        )
    if scale_grad_by_freq and mode == "max":
        raise RuntimeError(f"{name}: scale_grad_by_freq must be False with mode='max', got True")
    _check_table(name, input, weight)
    padding = _padding(name, padding_idx, weight)
    if input.dtype is not dtypes.int64:
        input = input.to(dtypes.int64)
    _check_range(name, input, weight)
    if max_norm is not None:
        _renorm(weight, input, max_norm, norm_type)
    bag_of = np.repeat(np.arange(starts.size), np.diff(starts, append=input.numel()))
    y = EmbeddingBackward0.apply(weight, input, padding, scale_grad_by_freq)
    half = work_dtype(weight.dtype) is not weight.dtype and mode != "max"
    if half:  # summed in float32, rounded once
        y = y.float()
    kept = np.ones(bag_of.shape, bool) if padding < 0 else input._array != padding
    if not kept.all():
        y, bag_of = y[wrap(np.flatnonzero(kept))], bag_of[kept]
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights[wrap(np.flatnonzero(kept))]
    if mode == "max":
        return _bag_max(y, bag_of, starts.size)
    if per_sample_weights is not None:
        y = y * per_sample_weights.unsqueeze(-1).to(y.dtype)
    total = y.new_zeros((starts.size, weight.shape[1])).index_add(0, wrap(bag_of), y)
    if mode == "mean":
        counts = np.maximum(np.bincount(bag_of, minlength=starts.size), 1).astype(total._array.dtype)
        total = total / wrap(counts[:, None])
    return total.to(weight.dtype) if half else total


def _starts(name: str, offsets: Tensor | None, n: int, include_last: bool) -> np.ndarray:
    if offsets is None or offsets.ndim != 1:
        got = "None" if offsets is None else f"{offsets.ndim}D"
        raise ValueError(f"{name}: offsets must be a 1D Tensor (offsets has to be a 1D Tensor), got {got}")
    starts = offsets._array.astype(np.int64)
    if include_last:
        if not starts.size:
            raise RuntimeError(
                f"{name}: offsets must have at least 1 element with include_last_offset, got 0"
            )
        starts = starts[:-1]
    if starts.size:
        if starts[0] != 0:
            raise RuntimeError(
                f"{name}: offsets[0] has to be 0, i.e. the first bag begins at position 0, got {starts[0]}"
            )
        if starts[-1] > n:
            raise RuntimeError(
                f"{name}: offsets[-1] can not be greater than input's length, {n}, got {starts[-1]}"
            )
    return starts


def _bag_max(y: Tensor, bag_of: np.ndarray, bags: int) -> Tensor:
    """The maximum of each bag; the gradient goes to the first place it is found in."""
    rows, width = y._array.shape
    first = np.zeros((bags, width), np.int64)
    filled = np.bincount(bag_of, minlength=bags) > 0
    starts = np.searchsorted(bag_of, np.arange(bags))
    for b in np.flatnonzero(filled):
        end = starts[b] + int((bag_of == b).sum())
        first[b] = starts[b] + y._array[starts[b] : end].argmax(0)
    if not rows:
        return y.new_zeros((bags, width))
    picked = y.gather(0, wrap(first))
    return picked.where(wrap(filled[:, None]), picked.new_zeros(()))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Vectors that are 1 at their class number and 0 elsewhere.

    Args:
        tensor: Class numbers, int64.
        num_classes: How many classes there are; -1: one more than the largest number.
    Shape:
        tensor: (*); output: (*, num_classes), int64.
    Raises:
        RuntimeError: a number is negative or too large, or there are none to tell the number of classes by.
    Example:
        >>> one_hot(rushlight.tensor([0, 2]))
        tensor([[1, 0, 0],
                [0, 0, 1]])
    """
    require_tensor("one_hot", tensor, "tensor")
    array = tensor._array
    if tensor.dtype is not dtypes.int64:
        raise RuntimeError(
            f"one_hot: tensor must have dtype torch.int64 (is only applicable to index tensor of type LongTensor), "
            f"got {tensor.dtype}"
        )
    if not array.size:
        if num_classes <= 0:
            raise RuntimeError(
                "one_hot: Can not infer total number of classes from empty tensor; give num_classes, "
                f"got {num_classes}"
            )
        return wrap(np.zeros((*array.shape, num_classes), np.int64))
    if array.min() < 0:
        raise RuntimeError(
            f"one_hot: tensor must not be negative (Class values must be non-negative), got {array.min()}"
        )
    if num_classes == -1:
        num_classes = int(array.max()) + 1
    elif num_classes < 1:
        raise RuntimeError(f"one_hot: num_classes should be positive, got {num_classes}")
    elif array.max() >= num_classes:
        raise RuntimeError(
            f"one_hot: tensor must be below num_classes, {num_classes} (Class values must be smaller than num_classes), "
            f"got {array.max()}"
        )
    out = np.zeros((*array.shape, num_classes), np.int64)
    out.reshape(-1)[array.reshape(-1) + np.arange(0, out.size, num_classes)] = 1
    return wrap(out)
