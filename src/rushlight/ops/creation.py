"""New tensors of given sizes: filled, uninitialized, like another. Also the options of all creation functions.

Of data: `ops/from_data.py`; ranges: `ops/ranges.py`; random ones: `ops/random.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import devices, dtypes
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..kernels import _C
from ..tensor import Tensor, into, method, wrap
from .convert import empty_array
from .promotion import number, scalar_dtype
from .shape import sizes_of

__all__ = [
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "full",
    "full_like",
    "ones",
    "ones_like",
    "scalar_tensor",
    "zeros",
    "zeros_like",
]


def finish(array: np.ndarray, requires_grad: bool) -> Tensor:
    """A new tensor around `array`."""
    t = wrap(array)
    if requires_grad:
        if requires_grad is not True:
            raise TypeError(f"tensor: requires_grad must be a bool, got {type(requires_grad).__name__}")
        t.requires_grad = True
    return t


def check_options(function: str, device: Any, layout: Any, pin_memory: bool | None = False) -> None:
    """The options of every creation function that have one possible value.

    Raises:
        RuntimeError: another layout than torch.strided, or `pin_memory`: there is no accelerator to pin memory for.
    """
    if device is not None:
        devices.check(device, function)
    if layout is not None and layout is not dtypes.strided:
        raise RuntimeError(f"{function}: layout must be torch.strided, got {layout}")
    if pin_memory:
        refuse_pinning(function, pin_memory)


def _named(function: str, names: Any) -> NotImplementedError:
    """The error of named dims."""
    return NotImplementedError(f"{function}: names must be None, got {names}; there are no named tensors")


def refuse_pinning(function: str, pin_memory: Any) -> None:
    """Raise the error of `pin_memory=True`."""
    if pin_memory is not True:
        raise TypeError(f"{function}: pin_memory must be a bool, got {kind_of(pin_memory)}")
    raise RuntimeError(
        f"{function}: pin_memory must be False, got True (it requires a CUDA or other accelerator backend); leave it away, "
        "or write pin_memory=torch.cuda.is_available()"
    )


def dtype_or_default(dtype: Any, function: str) -> dtypes.dtype:
    """`dtype` checked, or the default dtype where it is None."""
    return dtypes.get_default_dtype() if dtype is None else dtypes.check(dtype, function)


def _check_sizes(size: tuple, function: str) -> tuple[int, ...]:
    shape = sizes_of(size, function)
    n = 1
    for s in shape:
        if s < 0:
            raise RuntimeError(
                f"{function}: size must not be negative (negative dimension), got {list(shape)}"
            )
        n *= s
    if n >= 1 << 59:
        raise RuntimeError(f"{function}: size must have less than 2**59 elements, got {list(shape)}")
    return shape


def _filled(name: str, value: Any) -> Any:
    def create(
        *size: Any,
        out: Tensor | None = None,
        dtype: dtypes.dtype | None = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        pin_memory: bool = False,
        memory_format: Any = None,
        names: Any = None,
    ) -> Tensor:
        check_options(name, device, layout, pin_memory)
        if names is not None:
            raise _named(name, names)
        d = dtype_or_default(dtype if dtype is not None or out is None else out.dtype, name)
        array = empty_array(_check_sizes(size, name), d.numpy)
        if value is not None:
            array.fill(value)
        if memory_format is not None and memory_format not in (
            dtypes.contiguous_format,
            dtypes.preserve_format,
        ):
            return finish(wrap(array).contiguous(memory_format)._array, requires_grad)  # type: ignore[attr-defined]
        return finish(array, requires_grad) if out is None else into(out, wrap(array), name)

    return create


def _size_keyword(name: str, value: Any, doc: str) -> Any:
    """Sizes may come as `size=` too."""
    create = _filled(name, value)

    def function(*size: Any, **options: Any) -> Tensor:
        if _C is not None:  # small ones: one call
            d = options.get("dtype") if options else dtypes.get_default_dtype()
            if type(d) is dtypes.dtype and len(options) < 2:
                y = _C.filled(size, d.numpy, value)
                if y is not NotImplemented:
                    return y
        if "size" in options:
            size = (options.pop("size"),)
        return create(*size, **options)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


_DOC = """A new tensor of the given sizes, {}.

    Args:
        size: Ints, or one sequence of them.
        out: Write into this tensor instead.
        dtype: Default: the default dtype.
        layout: torch.strided.
        device: "cpu".
        requires_grad: Whether autograd records what is done with it.

    Example:
        >>> {}
    """
zeros = _size_keyword("zeros", 0, _DOC.format("all 0", "zeros(2)\n        tensor([0., 0.])"))
ones = _size_keyword("ones", 1, _DOC.format("all 1", "ones(2)\n        tensor([1., 1.])"))
empty = _size_keyword(
    "empty",
    None,
    _DOC.format("of uninitialized memory", "empty(2, 3).shape\n        torch.Size([2, 3])"),
)


def full(
    size: Any,
    fill_value: Any,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    names: Any = None,
) -> Tensor:
    """A new tensor of the given size, all `fill_value`; its dtype follows from the value.

    Example:
        >>> full((2,), 7)
        tensor([7, 7])
    """
    if _C is not None and type(fill_value) is float and requires_grad is False and pin_memory is False:
        if out is None and dtype is None and layout is None and device is None and names is None:
            y = _C.filled((size,), dtypes.get_default_dtype().numpy, fill_value)
            if y is not NotImplemented:
                return y
    check_options("full", device, layout, pin_memory)
    if names is not None:
        raise _named("full", names)
    if isinstance(fill_value, TensorBase):
        fill_value = fill_value._array.item()
    d = scalar_dtype(fill_value) if dtype is None else dtypes.check(dtype, "full")
    array = empty_array(_check_sizes((size,), "full"), d.numpy)
    array.fill(number(fill_value, d, "full", "fill_value"))
    return finish(array, requires_grad) if out is None else into(out, wrap(array), "full")


def scalar_tensor(
    s: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A 0-d tensor of a number, in the default dtype unless told."""
    check_options("scalar_tensor", device, layout, pin_memory)
    return full((), s, dtype=dtype_or_default(dtype, "scalar_tensor"), requires_grad=requires_grad)


def _like(input: Tensor, value: Any, dtype: Any, memory_format: Any, name: str) -> np.ndarray:
    array = input._array
    d = array.dtype if dtype is None else dtypes.check(dtype, name).numpy
    if array.flags.c_contiguous or memory_format is dtypes.contiguous_format:
        out = empty_array(array.shape, d)
    elif memory_format is None or memory_format is dtypes.preserve_format:
        out = np.empty_like(array, d, order="K")
    else:
        out = np.empty_like(wrap(array).contiguous(memory_format)._array, d, order="K")  # type: ignore[attr-defined]
    if value is not None:
        out.fill(value if value in (0, 1) else number(value, dtypes.of(d), name, "fill_value"))
    return out


def _like_function(name: str, value: Any, what: str) -> Any:
    def create(
        input: Tensor,
        *,
        dtype: dtypes.dtype | None = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        pin_memory: bool = False,
        memory_format: Any = dtypes.preserve_format,
    ) -> Tensor:
        plain = dtype is None and layout is None and device is None
        if _C is not None and plain and requires_grad is False and pin_memory is False:
            array = input._array
            if array.flags.c_contiguous and memory_format is dtypes.preserve_format:
                y = _C.filled(array.shape, array.dtype, value)
                if y is not NotImplemented:
                    return y
        check_options(name, device, layout, pin_memory)
        return finish(_like(input, value, dtype, memory_format, name), requires_grad)

    create.__name__ = create.__qualname__ = name
    create.__doc__ = f"A new tensor of the shape and dtype of `input`, {what}."
    return create


zeros_like = _like_function("zeros_like", 0, "all 0")
ones_like = _like_function("ones_like", 1, "all 1")
empty_like = _like_function("empty_like", None, "of uninitialized memory")


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = dtypes.preserve_format,
) -> Tensor:
    """A new tensor of the shape and dtype of `input`, all `fill_value`."""
    check_options("full_like", device, layout, pin_memory)
    value = fill_value.item() if isinstance(fill_value, TensorBase) else fill_value  # type: ignore[attr-defined]
    d = dtypes.of(input._array.dtype) if dtype is None else dtypes.check(dtype, "full_like")
    value = number(value, d, "full_like", "fill_value")
    return finish(_like(input, value, d, memory_format, "full_like"), requires_grad)


def empty_strided(
    size: Any,
    stride: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Uninitialized memory seen with the given size and strides (in elements)."""
    check_options("empty_strided", device, layout, pin_memory)
    size, stride = _check_sizes((size,), "empty_strided"), sizes_of((stride,), "empty_strided")
    if len(size) != len(stride):
        raise RuntimeError(
            f"empty_strided: dimensionality of sizes ({len(size)}) must match dimensionality of strides ({len(stride)})"
        )
    d = dtype_or_default(dtype, "empty_strided").numpy
    span = 0 if 0 in size else 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    flat = np.empty(span, d)
    return finish(
        np.lib.stride_tricks.as_strided(flat, size, [s * d.itemsize for s in stride]), requires_grad
    )


def empty_permuted(size: Any, physical_layout: Any, **options: Any) -> Tensor:
    """Uninitialized memory whose dims lie in memory in the order `physical_layout`."""
    order = list(physical_layout)
    if sorted(order) != list(range(len(size))):
        raise RuntimeError(
            f"empty_permuted: physical_layout must name each of the {len(size)} dims once, got {order}"
        )
    t = empty([size[d] for d in order], **options)
    return wrap(t._array.transpose(np.argsort(order)))


# -- methods: new tensors with this one's dtype ------------------------------------------------------------
def _new(name: str, create: Any) -> None:
    def method_(self: Tensor, *args: Any, **options: Any) -> Tensor:
        if options.get("dtype") is None:
            options["dtype"] = self.dtype
        return create(*args, **options)

    method_.__name__ = f"new_{name}"
    method_.__doc__ = f"`{name}` with this tensor's dtype unless another is given."
    setattr(Tensor, f"new_{name}", method_)


for _name, _create in {
    "zeros": zeros,
    "ones": ones,
    "empty": empty,
    "full": full,
    "empty_strided": empty_strided,
}.items():
    _new(_name, _create)


@method()
def new(self: Tensor, *args: Any) -> Tensor:
    """PyTorch's old constructor, with this tensor's dtype."""
    from ..tensor import _legacy

    return wrap(_legacy(args, None, self.dtype))


def legacy_constructor(d: dtypes.dtype) -> type:
    """torch.FloatTensor and its like: constructors and names for isinstance."""

    class Meta(type):
        def __instancecheck__(cls, x: Any) -> bool:
            return isinstance(x, TensorBase) and x._array.dtype == d.numpy

        def __call__(cls, *args: Any, device: Any = None) -> Tensor:
            from ..tensor import _legacy

            return wrap(_legacy(args, device, d))

    return Meta(
        f"{d.legacy}Tensor",
        (),
        {"dtype": d, "__doc__": f"PyTorch's old constructor of {d} tensors.", "__module__": "torch"},
    )
