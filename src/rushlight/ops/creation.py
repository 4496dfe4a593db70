"""New tensors: from data, filled, and ranges. Random ones are in `ops/random.py`."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from .. import devices, dtypes
from ..autograd.core import TensorBase
from ..errors import kind_of, warn
from ..kernels import _C
from ..tensor import Tensor, into, method, wrap
from .convert import cast, empty_array, to_dtype
from .promotion import number, scalar_dtype
from .shape import sizes_of

__all__ = [
    "arange",
    "as_tensor",
    "asarray",
    "complex",
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "eye",
    "from_dlpack",
    "from_file",
    "from_numpy",
    "frombuffer",
    "full",
    "full_like",
    "linspace",
    "logspace",
    "ones",
    "ones_like",
    "polar",
    "range",
    "scalar_tensor",
    "tensor",
    "to_dlpack",
    "tril_indices",
    "triu_indices",
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


def _refuse_foreign(data: Any, function: str) -> None:
    """A tensor of real PyTorch would be read element by element, slowly, or its gradients lost."""
    module = type(data).__module__
    if module.partition(".")[0] == "torch" and hasattr(data, "detach") and "torch" in sys.modules:
        raise TypeError(
            f"{function}: got a tensor of another library ({module}.{type(data).__name__}); convert it with "
            "rushlight.from_numpy(t.detach().numpy()), which shares its memory"
        )


def _infer(data: Any, function: str) -> np.ndarray:
    """A new array of Python data, with the dtype PyTorch would infer."""
    _refuse_foreign(data, function)
    if isinstance(data, TensorBase):
        return np.array(data._array)
    if isinstance(data, (np.ndarray, np.generic)):
        array = np.array(data)
        dtypes.of(array.dtype)
        return array
    if isinstance(data, (bool, int, float, _complex)):
        if type(data) is int:
            try:
                return np.array(data, np.int64)
            except OverflowError:
                _check_integers(data, function)
        return cast(np.array(data), scalar_dtype(data))
    if hasattr(data, "__array__") and not isinstance(data, (list, tuple)):
        return np.array(data.__array__())
    if isinstance(data, (list, tuple)) or (hasattr(data, "__len__") and hasattr(data, "__getitem__")):
        if isinstance(data, str):
            raise TypeError(f"{function}: data must be numbers, got a str")
        return _from_nested(data, function)
    raise RuntimeError(f"{function}: Could not infer dtype of {type(data).__name__}")


_complex = complex


def _leaves(data: Any) -> Any:
    """The first leaves of nested sequences, enough to tell their type."""
    if isinstance(data, (list, tuple)):
        for item in data:
            yield from _leaves(item)
    else:
        yield data


def _from_nested(data: Any, function: str) -> np.ndarray:
    if not len(data):
        return np.empty(0, dtypes.get_default_dtype().numpy)
    first = next(_leaves(data), None)
    if isinstance(first, TensorBase) or hasattr(first, "__array__"):
        data = _plain(data, function)
    try:
        array = np.array(data)
    except ValueError:
        raise _ragged(data, function) from None
    kind = array.dtype.kind
    theirs = getattr(first, "dtype", None)  # what NumPy's numbers bring along
    keeps = isinstance(theirs, np.dtype) and theirs.kind == kind
    large = kind == "f" and array.size and np.abs(array).max() >= 2.0**63
    if kind in "uO" or (large and all(type(x) is int for x in _leaves(data))):
        _check_integers(data, function)  # NumPy takes those beyond int64 for unsigned, floats or any objects
    if kind == "f" and (not keeps or not array.size):
        return cast(array, dtypes.get_default_dtype())
    if kind == "c" and not keeps:
        return cast(array, dtypes.get_default_dtype().to_complex())
    if kind not in "biufc":
        numbers = (bool, int, float, _complex, np.generic)
        bad = next((x for x in _leaves(data) if not isinstance(x, numbers)), first)
        error: type[Exception] = RuntimeError
        if isinstance(bad, str):
            error = ValueError if bad is first else TypeError
        elif isinstance(bad, bytes):
            error = TypeError
        raise error(
            f"{function}: data must be numbers (Could not infer dtype of {type(bad).__name__}), got an element of type "
            f"{type(bad).__name__}"
        )
    return array


def _ragged(data: Any, function: str) -> Exception:
    """The error for sequences that make no rectangle: of unequal lengths, or beside numbers."""
    level = [data]
    while level:
        nested = [isinstance(x, (list, tuple, np.ndarray)) for x in level]
        if any(nested) and not all(nested):
            return TypeError(f"{function}: data must not have numbers and sequences side by side, got both")
        if len({len(x) for x in level if isinstance(x, (list, tuple))}) > 1:
            break
        level = [y for x in level if isinstance(x, (list, tuple)) for y in x]
    return ValueError(
        f"{function}: data must be a rectangular nested sequence (expected sequence of equal length), got one "
        "whose parts differ in length"
    )


def _check_integers(data: Any, function: str) -> None:
    for x in _leaves(data):
        if isinstance(x, int) and not -(2**63) <= x < 2**63:
            shown = x if abs(x) < 2**80 else f"one of {x.bit_length()} bits"
            raise ValueError(
                f"{function}: data must be integers in [-2**63, 2**63) (Overflow when unpacking long long), got {shown}; "
                "use floats"
            )


def _plain(data: Any, function: str) -> Any:
    """Nested sequences with tensors of one element replaced by their numbers."""
    if isinstance(data, (list, tuple)):
        return [_plain(x, function) for x in data]
    if isinstance(data, TensorBase):
        if data._array.size != 1:
            raise ValueError(
                f"{function}: only one element tensors can be converted to Python scalars, got one of shape "
                f"{list(data._array.shape)}; use torch.stack to join tensors"
            )
        return data._array.item() if data._array.ndim == 0 else data._array.tolist()
    return data


def tensor(
    data: Any,
    *,
    dtype: dtypes.dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new tensor that holds a copy of `data`.

    Args:
        data: A number, nested sequences of numbers, an array or a tensor.
        dtype: Default: int64 for ints, the default dtype for floats, an array's own.
        device: "cpu".
        requires_grad: Whether autograd records what is done with it.
        pin_memory: Must be False: there is no accelerator to pin memory for.

    Raises:
        ValueError: the sequences are not rectangular.
        TypeError: an element is no number.

    Example:
        >>> tensor([[1.0, 2.0], [3.0, 4.0]])
        tensor([[1., 2.],
                [3., 4.]])
    """
    check_options("tensor", device, None, pin_memory)
    if isinstance(data, TensorBase):
        warn(
            "tensor: to copy a tensor use sourceTensor.detach().clone(), or .requires_grad_(True) after it, rather than "
            "torch.tensor(sourceTensor)"
        )
    if dtype is None:
        return finish(_infer(data, "tensor"), requires_grad)
    wanted = dtypes.check(dtype, "tensor")
    if isinstance(data, int) and wanted.category >= dtypes.FLOAT:
        data = float(data)  # which may be above 64 bits
    array = _infer(data, "tensor")
    if array.dtype != wanted.numpy:
        if not isinstance(data, (TensorBase, np.ndarray, np.generic)):
            if array.dtype.kind == "f":
                array = np.array(_plain(data, "tensor"), np.float64)  # not by way of float32
            _check_fits(array, wanted, "tensor")
        array = cast(array, wanted)
    return finish(array, requires_grad)


def _check_fits(array: np.ndarray, d: dtypes.dtype, function: str) -> None:
    """Refuse Python numbers that integers of type `d` cannot hold (see `promotion.number`)."""
    if array.dtype.kind == "c" and d.category in (dtypes.INTEGER, dtypes.FLOAT):
        raise TypeError(f"{function}: data must be real numbers for {d}, got a complex one")
    if d.category != dtypes.INTEGER or array.dtype.kind not in "if" or not array.size:
        return
    info = dtypes.iinfo(d)
    low = -info.max if array.dtype.kind == "i" and not d.is_signed else info.min
    least, most = array.min(), array.max()
    if not (low <= least and most <= info.max):
        raise RuntimeError(
            f"{function}: data must be numbers in the range of {d}, [{info.min}, {info.max}] (value cannot be converted "
            f"to type {d} without overflow), got {most if most > info.max or least >= low else least}"
        )


def as_tensor(data: Any, dtype: dtypes.dtype | None = None, device: Any = None) -> Tensor:
    """`data` as a tensor; shares memory with an array or tensor of the right dtype, else copies.

    Example:
        >>> a = numpy.zeros(2)
        >>> t = as_tensor(a)
        >>> a[0] = 5
        >>> t
        tensor([5., 0.], dtype=torch.float64)
    """
    check_options("as_tensor", device, None)
    if isinstance(data, TensorBase):
        return data if dtype is None else to_dtype(data, dtypes.check(dtype, "as_tensor"))  # type: ignore[return-value,arg-type]
    if isinstance(data, np.ndarray):
        t = from_numpy(data)
        return t if dtype is None else to_dtype(t, dtypes.check(dtype, "as_tensor"))
    return tensor(data, dtype=dtype)


def asarray(
    obj: Any,
    *,
    dtype: dtypes.dtype | None = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`obj` (tensor, array, buffer, numbers) as a tensor; `copy` True always copies, False never does."""
    check_options("asarray", device, None)
    if isinstance(obj, TensorBase):
        t: Any = obj if requires_grad else obj.detach()  # type: ignore[attr-defined]
    elif isinstance(obj, np.ndarray):
        t = from_numpy(obj)
    elif isinstance(obj, (bytes, bytearray, memoryview)):
        t = frombuffer(obj, dtype=dtype or dtypes.get_default_dtype())
    elif hasattr(obj, "__dlpack__"):
        t = from_dlpack(obj)
    else:
        if copy is False:
            raise ValueError("asarray: can't alias arbitrary sequence; leave copy=False away")
        return tensor(obj, dtype=dtype, requires_grad=requires_grad)
    result = t if dtype is None else to_dtype(t, dtypes.check(dtype, "asarray"))
    if result is not t and copy is False:
        raise ValueError(f"asarray: can't alias tensor of {t.dtype} as {dtype}; leave copy=False away")
    if copy and result is t:
        result = t.clone()
    return result.requires_grad_() if requires_grad else result


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the memory of an array.

    Raises:
        TypeError: it is no array, or of a dtype without a counterpart.
        ValueError: it has negative strides.

    Example:
        >>> from_numpy(numpy.arange(3))
        tensor([0, 1, 2])
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"from_numpy: expected np.ndarray, got {type(ndarray).__name__}")
    dtypes.of(ndarray.dtype)
    if not ndarray.dtype.isnative:
        raise ValueError(
            "from_numpy: the array must have this machine's byte order; use .astype(a.dtype.newbyteorder('='))"
        )
    if min(ndarray.strides, default=0) < 0:
        raise ValueError(
            "from_numpy: at least one stride of the array is negative, which tensors cannot have; use array.copy()"
        )
    if not ndarray.flags.writeable:
        warn("from_numpy: the array is not writeable; writing to the tensor is an error")
    return wrap(ndarray.view(np.ndarray) if type(ndarray) is not np.ndarray else ndarray)


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor that shares the memory of any array with `__dlpack__` (real PyTorch's tensors, too)."""
    check_options("from_dlpack", device, None)
    if isinstance(ext_tensor, TensorBase):
        return ext_tensor._alias()
    array = np.from_dlpack(ext_tensor)
    return wrap(array.copy() if copy else array)


def to_dlpack(tensor: Tensor) -> Any:
    """The capsule by which a tensor's memory is handed to another library, once; see `from_dlpack`."""
    if not isinstance(tensor, TensorBase):
        raise TypeError(f"to_dlpack: tensor must be a Tensor, got {kind_of(tensor)}")
    return tensor.__dlpack__()


def frombuffer(
    buffer: Any, *, dtype: dtypes.dtype, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """A 1-d tensor that shares the memory of a buffer, from `offset` (bytes) on."""
    item = dtypes.check(dtype, "frombuffer").itemsize
    total = memoryview(buffer).nbytes
    if not total:
        raise ValueError("frombuffer: buffer must not be empty (both buffer length and count must not be 0)")
    if not 0 <= offset < total:
        raise ValueError(f"frombuffer: offset must be in [0, {total - 1}] bytes, got {offset}")
    if count == 0 or count < -1:
        raise ValueError(f"frombuffer: count must be positive or -1, got {count}")
    if count > 0 and offset + count * item > total:
        raise ValueError(
            f"frombuffer: {count} elements of {item} bytes from offset {offset} exceed the buffer's {total} bytes"
        )
    if count < 0 and (total - offset) % item:
        raise ValueError(
            f"frombuffer: buffer length after offset ({total - offset} bytes) must be a multiple of element size ({item})"
        )
    return finish(np.frombuffer(buffer, dtype.numpy, count, offset), requires_grad)


def from_file(
    filename: str,
    shared: bool = False,
    size: int = 0,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of `size` elements in memory mapped from a file; with `shared`, writes reach the file."""
    check_options("from_file", device, layout, pin_memory)
    d = (dtype or dtypes.get_default_dtype()).numpy
    mode: Any = "r+" if shared else "c"
    if shared:
        with open(filename, "ab") as f:
            missing = size * d.itemsize - f.tell()
            if missing > 0:
                f.truncate(size * d.itemsize)
    return finish(np.memmap(filename, d, mode, shape=(size,)).view(np.ndarray), requires_grad)


def _dtype_or_default(dtype: Any, function: str) -> dtypes.dtype:
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
        d = _dtype_or_default(dtype if dtype is not None or out is None else out.dtype, name)
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
    return full((), s, dtype=_dtype_or_default(dtype, "scalar_tensor"), requires_grad=requires_grad)


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
    d = _dtype_or_default(dtype, "empty_strided").numpy
    span = 0 if 0 in size else 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    flat = np.empty(span, d)
    return finish(
        np.lib.stride_tricks.as_strided(flat, size, [s * d.itemsize for s in stride]), requires_grad
    )


def empty_permuted(size: Any, physical_layout: Any, **options: Any) -> Tensor:
    """Uninitialized memory whose dims lie in memory in the order `physical_layout`."""
    order = list(physical_layout)
    if sorted(order) != list(_range(len(size))):
        raise RuntimeError(
            f"empty_permuted: physical_layout must name each of the {len(size)} dims once, got {order}"
        )
    t = empty([size[d] for d in order], **options)
    return wrap(t._array.transpose(np.argsort(order)))


_range = range


def _number(value: Any) -> Any:
    return value._array.item() if isinstance(value, TensorBase) else value


def arange(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """start, start + step, ... up to but without `end`. Called with one number, from 0.

    Raises:
        RuntimeError: step is 0 or leads away from `end`.

    Example:
        >>> arange(1, 6, 2)
        tensor([1, 3, 5])
    """
    check_options("arange", device, layout, pin_memory)
    if end is None:
        start, end = 0, start
    start, end, step = _number(start), _number(end), _number(step)
    whole = all(isinstance(v, int) for v in (start, end, step))
    d = (
        (dtypes.int64 if whole else dtypes.get_default_dtype())
        if dtype is None
        else dtypes.check(dtype, "arange")
    )
    if out is not None and dtype is None:
        d = out.dtype
    _not_bool("arange", d)
    if d.is_complex:
        raise NotImplementedError(f"arange: dtype must be real, complex numbers have no order, got {d}")
    if any(isinstance(v, _complex) for v in (start, end, step)):
        raise RuntimeError(f"arange: start, end and step must be real numbers, got {start}, {end} and {step}")
    if step == 0:
        raise RuntimeError("arange: step must be nonzero, got 0")
    if not all(math.isfinite(v) for v in (start, end)):
        raise RuntimeError(f"arange: unsupported range: {start} -> {end}")
    if (end - start) * (1 if step > 0 else -1) < 0:
        raise RuntimeError(
            f"arange: upper bound and lower bound inconsistent with step sign, got {start}, {end}, {step}"
        )
    if d is dtypes.int64:  # numbers count as elements do; the length of other integers is that of the floats
        start, end, step = int(start), int(end), int(step)
        if step == 0:
            raise ValueError("arange: step must be nonzero, also when cut off to an integer")
        whole = True
    n = -((start - end) // step) if whole else math.ceil((end - start) / step)
    if n * d.itemsize >= 1 << 62:
        raise RuntimeError(
            f"arange: the range must have less than 2**62 bytes (invalid size), got {n} elements of {d}"
        )
    if d.category <= dtypes.INTEGER:
        array = cast(int(start) + np.arange(n) * int(step), d)
    else:
        array = cast(start + np.arange(n, dtype=np.float64) * step, d)
    return finish(array, requires_grad) if out is None else into(out, wrap(array), "arange")


def range(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Like `arange`, but with `end` included and always in the default dtype. Deprecated in PyTorch."""
    check_options("range", device, layout, pin_memory)
    warn("range: torch.range is deprecated; use torch.arange, whose end is not included")
    if end is None:
        start, end = 0, start
    n = math.floor((end - start) / step) + 1
    d = _dtype_or_default(dtype if dtype is not None or out is None else out.dtype, "range")
    array = (start + np.arange(n) * step).astype(d.numpy)
    return finish(array, requires_grad) if out is None else into(out, wrap(array), "range")


def _not_bool(name: str, d: dtypes.dtype) -> None:
    if d is dtypes.bool_:
        raise NotImplementedError(f"{name}: dtype must not be torch.bool (not implemented for 'Bool')")


def _even(start: Any, end: Any, steps: int, d: dtypes.dtype) -> np.ndarray:
    """Even steps, counted from the nearer end, as PyTorch does so that both ends are exact."""
    if steps == 1:
        return np.array([start], d.numpy if d.category >= dtypes.FLOAT else np.float64)
    compute = (
        d.numpy
        if d.category >= dtypes.FLOAT and d.itemsize >= 4
        else np.dtype(np.float32 if d.category >= dtypes.FLOAT else np.float64)
    )
    a: Any = compute.type(start)
    b: Any = compute.type(end)
    step: Any = compute.type((b - a) / compute.type(steps - 1))
    i = np.arange(steps)
    low = i < steps // 2
    # One rounding for the product and the sum, as a fused multiply-add has.
    wide: Any = np.float64 if compute == np.float32 else compute.type
    up = (wide(a) if np.isscalar(a) else a) + i.astype(wide) * wide(step)
    down = wide(b) - (steps - 1 - i).astype(wide) * wide(step)
    return np.where(low, up, down).astype(compute)


def _ends(
    name: str, start: Any, end: Any, steps: Any, dtype: Any, out: Any
) -> tuple[Any, Any, int, dtypes.dtype]:
    """The ends as numbers, their count, and the dtype in which to count."""
    for which, value in (("start", start), ("end", end)):
        if isinstance(value, TensorBase):
            if value._array.ndim:
                raise RuntimeError(
                    f"{name}: {which} must be a number or a 0-dimensional tensor, got one with {value._array.ndim} dims"
                )
        elif not isinstance(value, (int, float, _complex, np.number)):
            raise TypeError(
                f"{name}: {which} must be a number or a 0-dimensional tensor, got {type(value).__name__}"
            )
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        raise TypeError(f"{name}: steps must be an int, got {type(steps).__name__}")
    steps = steps.__index__()
    if steps < 0:
        raise RuntimeError(f"{name}: steps must be non-negative (number of steps), got {steps}")
    start, end = _number(start), _number(end)
    d = _dtype_or_default(out.dtype if dtype is None and out is not None else dtype, name)
    if isinstance(start, _complex) or isinstance(end, _complex):
        if dtype is None and out is None:
            d = d.to_complex()
        elif d.category < dtypes.COMPLEX:
            raise RuntimeError(f"{name}: dtype must be complex for complex ends, got {d}")
    if steps:
        _not_bool(name, d)
    return start, end, steps, d


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """`steps` numbers evenly from `start` to `end`, both included.

    Example:
        >>> linspace(0, 1, 3)
        tensor([0.0000, 0.5000, 1.0000])
    """
    check_options("linspace", device, layout, pin_memory)
    start, end, steps, d = _ends("linspace", start, end, steps, dtype, out)
    if d.category < dtypes.FLOAT and steps:
        start, end = number(start, d, "linspace", "start").item(), number(end, d, "linspace", "end").item()
    array = cast(_even(start, end, steps, d), d) if steps else np.empty(0, d.numpy)
    return finish(array, requires_grad) if out is None else into(out, wrap(array), "linspace")


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """`base` to the power of `steps` numbers evenly from `start` to `end`."""
    check_options("logspace", device, layout, pin_memory)
    start, end, steps, d = _ends("logspace", start, end, steps, dtype, out)
    powers = np.linspace(start, end, steps)
    array = cast(np.power(float(base), powers), d)
    return finish(array, requires_grad) if out is None else into(out, wrap(array), "logspace")


def eye(
    n: int,
    m: int | None = None,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A matrix with ones on the diagonal and zeros elsewhere.

    Example:
        >>> eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    check_options("eye", device, layout, pin_memory)
    if n < 0 or (m is not None and m < 0):
        raise RuntimeError(f"eye: n and m must be greater or equal to 0, got {n} and {m}")
    array = np.eye(n, m, dtype=_dtype_or_default(dtype, "eye").numpy)
    return finish(array, requires_grad) if out is None else into(out, wrap(array), "eye")


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64, device: Any = None, layout: Any = None
) -> Tensor:
    """Row and column indices of a matrix's lower triangle, as two rows."""
    check_options("tril_indices", device, layout)
    return wrap(np.array(np.tril_indices(row, offset, col)).astype(dtype.numpy))


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64, device: Any = None, layout: Any = None
) -> Tensor:
    """Row and column indices of a matrix's upper triangle, as two rows."""
    check_options("triu_indices", device, layout)
    return wrap(np.array(np.triu_indices(row, offset, col)).astype(dtype.numpy))


def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A complex tensor of its real and imaginary parts.

    Example:
        >>> complex(tensor([1.0]), tensor([2.0]))
        tensor([1.+2.j])
    """
    from .join import stack
    from .shape import broadcast_tensors
    from .strided import view_as_complex

    _check_parts("complex", real=real, imag=imag)
    result = view_as_complex(stack(broadcast_tensors(real, imag), -1))
    return result if out is None else into(out, result, "complex", True)


def _check_parts(function: str, **parts: Any) -> None:
    (first, a), (second, b) = parts.items()
    for name, x in parts.items():
        if not isinstance(x, TensorBase):
            raise TypeError(f"{function}: {name} must be a Tensor, got {kind_of(x)}")
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"{function}: {first} and {second} must have the same dtype, got {a.dtype} and {b.dtype}"
        )
    if a.dtype not in (dtypes.float32, dtypes.float64):
        kind = NotImplementedError if a.dtype is dtypes.float16 else RuntimeError  # there is no complex32
        raise kind(f"{function}: {first} and {second} must be float32 or float64, got {a.dtype}")


def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A complex tensor of absolute values and angles (radians)."""
    _check_parts("polar", abs=abs, angle=angle)
    result = complex(abs * angle.cos(), abs * angle.sin())  # type: ignore[attr-defined,operator]
    return result if out is None else into(out, result, "polar", True)


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
def new_tensor(
    self: Tensor,
    data: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`tensor(data)` with this tensor's dtype unless another is given."""
    return tensor(data, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)


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
