"""Views in other forms: torch.<view>_copy, a copy of the view; x.<view>_(), the tensor itself takes the view's shape."""

from __future__ import annotations

from typing import Any

from ..autograd.inplace import check_inplace, regenerate
from ..dtypes import contiguous_format
from ..tensor import Tensor
from .elementwise import require_tensor
from .shape import expand, permute, squeeze, swapaxes, swapdims, t, transpose, unsqueeze, view
from .split import narrow, select, split, split_with_sizes, unbind
from .strided import as_strided, diagonal, unfold, view_as_complex, view_as_real

__all__ = ["detach"]


def detach(input: Tensor) -> Tensor:
    """The same memory with no history."""
    require_tensor("detach", input)
    return input.detach()


def _with_out(copied: Any) -> Any:
    """The function that also writes its copies into `out`."""

    def function(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        from ..tensor import into

        result = copied(*args, **kwargs)
        if out is None:
            return result
        if isinstance(result, tuple):
            return tuple(into(o, r, copied.__name__) for o, r in zip(out, result, strict=True))
        return into(out, result, copied.__name__)

    function.__name__ = function.__qualname__ = copied.__name__
    function.__doc__ = copied.__doc__
    return function


def _view_copy(function: Any) -> None:
    """torch.<name>_copy: the view as a copy of its own."""

    def copied(*args: Any, **kwargs: Any) -> Any:
        if args:
            require_tensor(name, args[0])
        result = function(*args, **kwargs)
        if isinstance(result, tuple):
            return tuple(r.clone(memory_format=contiguous_format) for r in result)
        return result.clone(memory_format=contiguous_format)

    name = function.__name__ + "_copy"
    copied.__name__ = copied.__qualname__ = name
    copied.__doc__ = f"`{function.__name__}` as a copy instead of a view."
    globals()[name] = _with_out(copied)
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


def _inplace_view(function: Any) -> None:
    """x.<name>_(...): the tensor itself takes on the view's shape."""

    def changed(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        recorded = check_inplace(self, changed.__name__)
        result = function(self, *args, **kwargs)
        if result is self:
            return self
        self._array = result._array
        if result.requires_grad:
            self._set_history(result.grad_fn, result._output_nr)
        elif not recorded and self.requires_grad and self._base is not None:
            regenerate(self)  # a view of another shape now, of the same base
        self._bump()
        return self

    changed.__name__ = function.__name__ + "_"
    changed.__qualname__ = f"Tensor.{changed.__name__}"
    changed.__doc__ = f"`{function.__name__}` of the tensor itself."
    changed.__wrapped__ = function  # type: ignore[attr-defined]  # signature() sees the arguments
    setattr(Tensor, changed.__name__, changed)


_views: tuple[Any, ...] = (squeeze, unsqueeze, transpose, swapaxes, swapdims, t, as_strided)
for _f in _views:
    _inplace_view(_f)
Tensor.narrow_copy = globals()["narrow_copy"]  # type: ignore[attr-defined]
Tensor.swapaxes_ = Tensor.swapdims_ = Tensor.transpose_  # type: ignore[attr-defined]
