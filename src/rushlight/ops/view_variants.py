"""Views in other forms: torch.<view>_copy, a copy of the view; x.<view>_(), the tensor itself takes the view's shape."""

from __future__ import annotations

from typing import Any

from ..errors import wrap_dim
from ..tensor import Tensor, into
from .shape import expand, permute, squeeze, swapaxes, swapdims, t, transpose, unsqueeze, view
from .split import narrow, select, slice_dim, split, split_with_sizes, unbind
from .strided import as_strided, diagonal, unfold, view_as_complex, view_as_real

__all__ = ["alias_copy", "detach", "slice_copy"]


def detach(input: Tensor) -> Tensor:
    """The same memory with no history."""
    return input.detach()


def _view_copy(function: Any) -> None:
    """torch.<name>_copy: the view as a copy of its own."""

    def copied(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if isinstance(result, tuple):
            copies = tuple(r.clone() for r in result)
            return (
                copies if out is None else tuple(into(o, c, name) for o, c in zip(out, copies, strict=True))
            )
        return result.clone() if out is None else into(out, result, name)

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


def alias_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy in memory of its own.

    Example:
        >>> alias_copy(rushlight.tensor([1, 2]))
        tensor([1, 2])
    """
    y = input.clone()  # type: ignore[attr-defined]
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
    if not input._array.ndim:
        raise IndexError("slice_copy: input must have at least 1 dim, got a 0-d tensor")
    dim = wrap_dim(dim, input._array.ndim, "slice_copy")
    if step <= 0:
        raise RuntimeError(f"slice_copy: step must be positive, got {step}")
    first, last, _ = slice(start, end).indices(input._array.shape[dim])
    y = slice_dim(input, dim, first, max(first, last), step).clone()  # type: ignore[attr-defined]
    return y if out is None else into(out, y, "slice_copy")


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
