"""New tensors of data: numbers, sequences, arrays, buffers, files, other libraries' tensors."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.core import TensorBase
from ..errors import kind_of, warn
from ..tensor import Tensor, method, wrap
from .convert import cast, to_dtype
from .creation import check_options, finish
from .promotion import scalar_dtype

__all__ = [
    "as_tensor",
    "asarray",
    "from_dlpack",
    "from_file",
    "from_numpy",
    "frombuffer",
    "tensor",
    "to_dlpack",
]


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
    if isinstance(data, (bool, int, float, complex)):
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
        numbers = (bool, int, float, complex, np.generic)
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
