"""Data types: PyTorch's names over NumPy's dtypes, and the rules by which they combine."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

__all__ = ["dtype", "finfo", "iinfo", "promote_types", "can_cast", "get_default_dtype", "set_default_dtype"]

BOOL, INTEGER, FLOAT, COMPLEX = range(4)  # categories, lowest first


class dtype:
    """An element type. `numpy` is the NumPy dtype behind it, `itemsize` its size in bytes."""

    __slots__ = (
        "__weakref__",
        "category",
        "is_complex",
        "is_floating_point",
        "is_signed",
        "itemsize",
        "legacy",
        "name",
        "numpy",
    )

    def __init__(self, name: str, numpy: np.dtype, category: int, legacy: str) -> None:
        self.name = name
        self.numpy = numpy
        self.category = category
        self.itemsize = numpy.itemsize
        self.is_floating_point = category == FLOAT
        self.is_complex = category == COMPLEX
        self.is_signed = category >= FLOAT or (category == INTEGER and numpy.kind == "i")
        self.legacy = legacy  # "Float" of torch.FloatTensor

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple:
        return (named, (self.name,))

    def to_real(self) -> dtype:
        """The type of a complex type's parts; other types are their own."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    def to_complex(self) -> dtype:
        """The complex type whose parts are of this type."""
        return {"float64": complex128, "complex128": complex128}.get(self.name, complex64)


_BY_NAME: dict[str, dtype] = {}
_BY_NUMBER: dict[int, dtype] = {}  # NumPy's type numbers: quicker to hash than dtypes


def _make(name: str, numpy: Any, category: int, legacy: str = "") -> dtype:
    np_dtype = np.dtype(numpy)
    made = dtype(name, np_dtype, category, legacy)
    _BY_NAME[name] = made
    _BY_NUMBER[np_dtype.num] = made
    return made


bool_ = _make("bool", np.bool_, BOOL, "Bool")
uint8 = _make("uint8", np.uint8, INTEGER, "Byte")
int8 = _make("int8", np.int8, INTEGER, "Char")
int16 = _make("int16", np.int16, INTEGER, "Short")
int32 = _make("int32", np.int32, INTEGER, "Int")
int64 = _make("int64", np.int64, INTEGER, "Long")
uint16 = _make("uint16", np.uint16, INTEGER, "UInt16")
uint32 = _make("uint32", np.uint32, INTEGER, "UInt32")
uint64 = _make("uint64", np.uint64, INTEGER, "UInt64")
float16 = _make("float16", np.float16, FLOAT, "Half")
bfloat16 = _make("bfloat16", ml_dtypes.bfloat16, FLOAT, "BFloat16")
float32 = _make("float32", np.float32, FLOAT, "Float")
float64 = _make("float64", np.float64, FLOAT, "Double")
float8_e4m3fn = _make("float8_e4m3fn", ml_dtypes.float8_e4m3fn, FLOAT, "Float8_e4m3fn")
float8_e5m2 = _make("float8_e5m2", ml_dtypes.float8_e5m2, FLOAT, "Float8_e5m2")
complex64 = _make("complex64", np.complex64, COMPLEX, "ComplexFloat")
complex128 = _make("complex128", np.complex128, COMPLEX, "ComplexDouble")
half, float_, double = float16, float32, float64
short, int_, long = int16, int32, int64
cfloat, cdouble = complex64, complex128
for _same in (np.longlong, np.ulonglong, np.intc, np.uintc):  # C types that are a second name of one above
    _BY_NUMBER.setdefault(np.dtype(_same).num, _BY_NAME[np.dtype(_same).name])


def of(numpy: np.dtype) -> dtype:
    """The dtype of a NumPy dtype.

    Raises:
        TypeError: there is none (strings, objects, dates, long double).
    """
    try:
        return _BY_NUMBER[numpy.num]
    except KeyError:
        raise TypeError(
            f"tensor: data must be of a numeric or bool dtype, got numpy.{numpy.name}; convert it, for "
            "example with .astype(numpy.float32)"
        ) from None


def named(name: str) -> dtype:
    """The dtype of that name, for example 'float32'."""
    return _BY_NAME[name]


def check(value: object, function: str) -> dtype:
    """`value` as a dtype: also Python's bool, int, float and complex, as PyTorch takes them."""
    if isinstance(value, dtype):
        return value
    python = {bool: bool_, int: int64, float: float64, complex: complex128}
    if isinstance(value, type) and value in python:
        return python[value]
    raise TypeError(f"{function}: dtype must be a torch.dtype, got {value!r}")


_default = float32


def get_default_dtype() -> dtype:
    """The floating-point type that new tensors have when nothing else says: float32 at first."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set what `get_default_dtype` gives.

    Raises:
        TypeError: `d` is no floating-point dtype.
    """
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"set_default_dtype: d must be a floating-point dtype, got {d}")
    _default = d


_FLOAT_RANK = {"float8_e4m3fn": 0, "float8_e5m2": 0, "float16": 1, "bfloat16": 1, "float32": 2, "float64": 3}


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest type that holds the values of both, by PyTorch's rules.

    A higher category (bool < integer < float < complex) wins as it is: int64 with float16 gives float16.

    Example:
        >>> promote_types(int64, float16)
        torch.float16
        >>> promote_types(uint8, int8)
        torch.int16
    """
    if type1 is type2:
        return type1
    low, high = (type1, type2) if type1.category <= type2.category else (type2, type1)
    if low.category != high.category:
        return complex128 if high is complex64 and low is float64 else high
    if high.category == COMPLEX:
        return complex128
    if high.category == FLOAT:
        first, second = _FLOAT_RANK[type1.name], _FLOAT_RANK[type2.name]
        if first == second:
            if first == 0:
                raise RuntimeError(f"promote_types: {type1} and {type2} do not combine; cast one of them")
            return float32  # half with bfloat16
        return type1 if first > second else type2
    if type1.is_signed == type2.is_signed:
        return type1 if type1.itemsize > type2.itemsize else type2
    signed, unsigned = (type1, type2) if type1.is_signed else (type2, type1)
    if unsigned is not uint8:
        raise RuntimeError(
            f"promote_types: {unsigned} does not combine with {signed}, as in PyTorch; cast one of them"
        )
    return signed if signed.itemsize > 1 else int16


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a result of type `from_` may be stored in a tensor of type `to`.

    Example:
        >>> can_cast(float32, int64), can_cast(int64, float16)
        (False, True)
    """
    return from_.category <= to.category


class finfo:
    """Limits of a floating-point type: bits, eps, max, min, tiny, smallest_normal, resolution, dtype.

    Example:
        >>> finfo(float32).eps
        1.1920928955078125e-07
    """

    eps: float
    max: float
    min: float
    tiny: float
    smallest_normal: float
    resolution: float

    def __init__(self, type: dtype | None = None) -> None:
        d = (_default if type is None else type).to_real()
        if d.category != FLOAT:
            raise TypeError(f"finfo: type must be a floating-point dtype, got {d}; use iinfo for integers")
        info: Any = ml_dtypes.finfo(d.numpy)  # type: ignore[no-untyped-call]
        self.bits, self.dtype = info.bits, d.name
        for name in ("eps", "max", "min", "tiny", "smallest_normal", "resolution"):
            setattr(self, name, float(getattr(info, name)))

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """Limits of an integer type: bits, max, min, dtype.

    Example:
        >>> iinfo(int8).max
        127
    """

    def __init__(self, type: dtype) -> None:
        if type.category != INTEGER:
            raise TypeError(f"iinfo: type must be an integer dtype, got {type}; use finfo for floats")
        info = np.iinfo(type.numpy)
        self.bits, self.max, self.min, self.dtype = info.bits, int(info.max), int(info.min), type.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


class layout:
    """How a tensor lies in memory. There is one here: strided."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"

    def __reduce__(self) -> str:
        return self._name


strided = layout("strided")


class memory_format(layout):
    """The order of a tensor's dimensions in memory."""

    __slots__ = ()


contiguous_format = memory_format("contiguous_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
preserve_format = memory_format("preserve_format")
