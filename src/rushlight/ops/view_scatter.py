"""Copies of a tensor in which one view is replaced."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..autograd import Function
from ..errors import wrap_dim
from ..tensor import Tensor, method, wrap
from .convert import ordered_copy, to_dtype
from .elementwise import require_tensor
from .strided import as_strided, diagonal

__all__ = ["as_strided_scatter", "diagonal_scatter", "select_scatter", "slice_scatter"]


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
    require_tensor(function, input)
    require_tensor(function, src, "src")
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
    require_tensor("slice_scatter", input)
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
