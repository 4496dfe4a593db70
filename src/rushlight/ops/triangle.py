"""Triangles and diagonals of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd import Function
from ..errors import kind_of, wrap_dim
from ..tensor import Tensor, into, method
from .convert import in_order
from .elementwise import refuse, require_tensor
from .shape import movedim, reshape
from .strided import diagonal
from .view_scatter import diagonal_scatter

__all__ = ["diag", "diag_embed", "diagflat", "trace", "tril", "triu"]


# -- triangles and diagonals -------------------------------------------------------------------------------------
class TrilBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, k: int) -> Tensor:
        ctx.k = k
        return in_order(np.tril(x._array, k))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return tril(dy, ctx.k), None


class TriuBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, k: int) -> Tensor:
        ctx.k = k
        return in_order(np.triu(x._array, k))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return triu(dy, ctx.k), None


def _check_matrix(input: Tensor, function: str, diagonal: int) -> None:
    if not hasattr(diagonal, "__index__"):
        raise TypeError(f"{function}: diagonal must be an int, got {kind_of(diagonal)}")
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
    require_tensor("tril", input)
    _check_matrix(input, "tril", diagonal)
    result = TrilBackward0.apply(input, diagonal)
    return result if out is None else into(out, result, "tril")


@method(inplace=True)
def triu(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Matrices with the elements below a diagonal set to 0."""
    require_tensor("triu", input)
    _check_matrix(input, "triu", diagonal)
    result = TriuBackward0.apply(input, diagonal)
    return result if out is None else into(out, result, "triu")


@method()
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The last dim laid on a diagonal of two new dims, zeros elsewhere."""
    require_tensor("diag_embed", input)
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
    require_tensor("diag", input)
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
    refuse("trace", input, "b")
    if input._array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, got {input._array.ndim} dims")
    return diagonal(input).sum()  # type: ignore[attr-defined]
