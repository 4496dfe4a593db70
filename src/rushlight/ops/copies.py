"""Copies of what are views elsewhere, under names of their own; the others are in view_variants.py."""

from __future__ import annotations

from .. import dtypes
from ..errors import wrap_dim
from ..tensor import Tensor, into
from .elementwise import require_tensor
from .split import slice_dim

__all__ = ["alias_copy", "slice_copy"]


def alias_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy in memory of its own.

    Example:
        >>> alias_copy(rushlight.tensor([1, 2]))
        tensor([1, 2])
    """
    require_tensor("alias_copy", input)
    y = input.clone(memory_format=dtypes.contiguous_format)  # type: ignore[attr-defined]
    return y if out is None else into(out, y, "alias_copy")


def slice_copy(
    input: Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The elements start, start + step, ... before `end` along `dim`, as a copy. Bounds outside are cut off.

    Raises:
        RuntimeError: `step` is not positive.
        IndexError: the input is 0-d.
    Example:
        >>> slice_copy(rushlight.arange(6), 0, 1, 5, 2)
        tensor([1, 3])
    """
    require_tensor("slice_copy", input)
    if not input._array.ndim:
        raise IndexError("slice_copy: input must have at least 1 dim, got a 0-d tensor")
    dim = wrap_dim(dim, input._array.ndim, "slice_copy")
    if step <= 0:
        raise RuntimeError(f"slice_copy: step must be positive, got {step}")
    first, last, _ = slice(start, end).indices(input._array.shape[dim])
    y = slice_dim(input, dim, first, max(first, last), step).clone(memory_format=dtypes.contiguous_format)  # type: ignore[attr-defined]
    return y if out is None else into(out, y, "slice_copy")
