"""Comparisons, tests and logic: results are bool."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.core import TensorBase
from ..kernels import _C
from ..tensor import Tensor, into, make_inplace, method, wrap
from .elementwise import (
    COMPARE,
    FLOAT32,
    OPERANDS,
    as_array,
    binary,
    np_shapes_fit,
    refuse,
    require_tensor,
    shape_error,
    work_dtype,
)
from .promotion import result_type

__all__ = [
    "allclose",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "eq",
    "equal",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "le",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "lt",
    "ne",
    "not_equal",
    "signbit",
]


# -- comparisons ------------------------------------------------------------------------------------------------
def _compare(name: str, op: int | None, fn: Any, x: Any, y: Any) -> Tensor:
    if op is not None:
        if (
            x._array.dtype.num == FLOAT32 if isinstance(x, TensorBase) else type(x) is float or type(x) is int
        ) and (
            y._array.dtype.num == FLOAT32 if isinstance(y, TensorBase) else type(y) is float or type(y) is int
        ):
            try:
                return _C.compare(op, x, y, None)
            except RuntimeError:
                raise shape_error(name, x, y) from None
    narrow = result_type(x, y)
    d = work_dtype(narrow)
    if d is not narrow:  # 0.1 equals an element that holds 0.1 in half precision
        x, y = (v if isinstance(v, TensorBase) else as_array(v, narrow) for v in (x, y))
    if d.is_complex and name in ("lt", "le", "gt", "ge"):
        raise NotImplementedError(
            f"{name}: input and other must be real, complex numbers have no order, got {d}"
        )
    try:
        with np.errstate(all="ignore"):
            return wrap(fn(as_array(x, d), as_array(y, d)))
    except ValueError:
        np_shapes_fit(name, x, y)
        raise


def _define(name: str, fn: Any, operator: str, alias: str, words: str) -> Any:
    op = COMPARE.get(name)

    def function(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
        require_tensor(name, input)
        z = _compare(name, op, fn, input, other)
        return z if out is None else into(out, z, name)

    def operate(self: Tensor, other: Any) -> Any:
        return _compare(name, op, fn, self, other) if isinstance(other, OPERANDS) else NotImplemented

    def as_method(self: Tensor, other: Any) -> Tensor:
        return _compare(name, op, fn, self, other)

    function.__name__ = function.__qualname__ = as_method.__name__ = name
    function.__doc__ = f"Whether `input {words} other`, element by element, with broadcasting."
    as_method.__doc__ = f"See `{name}`."
    as_method.__qualname__ = f"Tensor.{name}"
    operate.__name__ = operator
    setattr(Tensor, operator, operate)
    method(name, alias)(as_method)
    make_inplace(function)
    make_inplace(function, alias + "_")
    return function


eq = _define("eq", np.equal, "__eq__", "eq", "==")
ne = not_equal = _define("ne", np.not_equal, "__ne__", "not_equal", "!=")
lt = less = _define("lt", np.less, "__lt__", "less", "<")
le = less_equal = _define("le", np.less_equal, "__le__", "less_equal", "<=")
gt = greater = _define("gt", np.greater, "__gt__", "greater", ">")
ge = greater_equal = _define("ge", np.greater_equal, "__ge__", "greater_equal", ">=")


@method()
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and equal elements.

    Example:
        >>> equal(rushlight.ones(2), rushlight.ones(2))
        True
    """
    require_tensor("equal", input)
    require_tensor("equal", other, "other")
    if input._array.shape != other._array.shape:
        return False
    return bool(_compare("equal", COMPARE.get("eq"), np.equal, input, other)._array.all())


@method()
def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Whether `|input - other| <= atol + rtol * |other|`, element by element.

    Raises:
        RuntimeError: the dtypes differ, or a tolerance is negative.
    Example:
        >>> isclose(rushlight.tensor([1.0, 2.0]), rushlight.tensor([1.0, 2.1]))
        tensor([ True, False])
    """
    require_tensor("isclose", input)
    require_tensor("isclose", other, "other")
    if input.dtype is not other.dtype:
        raise RuntimeError(f"isclose: other must have input's dtype {input.dtype}, got {other.dtype}")
    if rtol < 0 or atol < 0:
        raise RuntimeError(f"isclose: rtol and atol must not be negative, got {rtol} and {atol}")
    d = work_dtype(input.dtype)
    a, b = as_array(input, d), as_array(other, d)
    with np.errstate(all="ignore"):
        try:
            close = a == b
        except ValueError:
            raise shape_error("isclose", input, other) from None
        if equal_nan and d.category >= dtypes.FLOAT:
            close = close | ((a != a) & (b != b))
        if rtol == 0 and atol == 0:
            return wrap(close)
        if d.category < dtypes.FLOAT:
            a, b = a.astype(np.float64), b.astype(np.float64)
        error = np.abs(a - b)
        return wrap(close | (np.isfinite(error) & (error <= atol + np.abs(rtol * b))))


@method()
def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether all elements are close, as `isclose` tells.

    Example:
        >>> allclose(rushlight.ones(2), rushlight.ones(2) + 1e-9)
        True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


# -- tests of one tensor ------------------------------------------------------------------------------------------
def _define_test(name: str, fn: Any, doc: str, others: bool = False, has_out: bool = False) -> Any:
    """`others`: what it is for integers, which are always finite."""
    op = COMPARE.get(name)

    def test(input: Tensor) -> Tensor:
        require_tensor(name, input)
        array = input._array
        if array.dtype.num == FLOAT32 and op is not None:
            return _C.compare(op, input, 0.0, None)
        if array.dtype.kind in "iub" and name != "signbit":
            return wrap(np.full(array.shape, others))
        return wrap(
            fn(array if array.dtype.kind == "c" else as_array(input, work_dtype(dtypes.of(array.dtype))))
        )

    def test_out(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        y = test(input)
        return y if out is None else into(out, y, name)

    function: Any = test_out if has_out else test
    test.__name__ = test.__qualname__ = function.__name__ = function.__qualname__ = name
    test.__doc__ = function.__doc__ = doc
    method(name)(test)
    return function


isnan = _define_test("isnan", np.isnan, "Whether each element is NaN.")
isinf = _define_test("isinf", np.isinf, "Whether each element is infinite.")
isfinite = _define_test("isfinite", np.isfinite, "Whether each element is neither infinite nor NaN.", True)
isposinf = _define_test("isposinf", np.isposinf, "Whether each element is infinity.", has_out=True)
isneginf = _define_test("isneginf", np.isneginf, "Whether each element is -infinity.", has_out=True)


def _np_signbit(a: np.ndarray) -> np.ndarray:
    refuse("signbit", dtypes.of(a.dtype), "c")
    return np.signbit(a) if a.dtype.kind == "f" else a < 0


signbit = _define_test(
    "signbit", _np_signbit, "Whether the sign of each element is set (also of -0.).", has_out=True
)


@method()
def isreal(input: Tensor) -> Tensor:
    """Whether each element's imaginary part is 0.

    Example:
        >>> isreal(rushlight.tensor([1 + 1j, 2]))
        tensor([False,  True])
    """
    require_tensor("isreal", input)
    return wrap(np.isreal(input._array))


# -- logic --------------------------------------------------------------------------------------------------------
def _bool(array: np.ndarray) -> np.ndarray:
    return array if array.dtype.kind == "b" else array != 0


def _define_logic(name: str, fn: Any, doc: str) -> Any:
    def function(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
        require_tensor(name, input)
        require_tensor(name, other, "other")
        try:
            z = wrap(fn(_bool(input._array), _bool(other._array)))
        except ValueError:
            raise shape_error(name, input, other) from None
        return z if out is None else into(out, z, name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return method(inplace=True)(function)


logical_and = _define_logic("logical_and", np.logical_and, "Whether both are not 0.")
logical_or = _define_logic("logical_or", np.logical_or, "Whether at least one is not 0.")
logical_xor = _define_logic("logical_xor", np.logical_xor, "Whether exactly one is not 0.")


@method(inplace=True)
def logical_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is 0.

    Example:
        >>> logical_not(rushlight.tensor([0, 2]))
        tensor([ True, False])
    """
    require_tensor("logical_not", input)
    y = wrap(np.logical_not(_bool(input._array)))
    return y if out is None else into(out, y, "logical_not")


def _define_bitwise(name: str, fn: Any, operators: tuple, doc: str, bools: bool = True) -> Any:
    def compute(x: Any, y: Any) -> Tensor:
        if not isinstance(y, TensorBase):
            require_tensor(name, x)
        d = result_type(x, y)
        if d.category > dtypes.INTEGER or (d is dtypes.bool_ and not bools):
            raise NotImplementedError(
                f"{name}: inputs must be integer{' or bool' if bools else ''} tensors, got {d}"
            )
        return binary(name, None, fn, x, y)

    def function(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
        z = compute(input, other)
        return z if out is None else into(out, z, name)

    def operate(self: Tensor, other: Any) -> Any:
        return compute(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def reflected(self: Tensor, other: Any) -> Any:
        return compute(other, self) if isinstance(other, OPERANDS) else NotImplemented

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    method(inplace=True)(function)
    operator, right, own = operators
    setattr(Tensor, operator, operate)
    setattr(Tensor, right, reflected)
    setattr(Tensor, own, getattr(Tensor, name + "_"))
    return function


bitwise_and = _define_bitwise(
    "bitwise_and", np.bitwise_and, ("__and__", "__rand__", "__iand__"), "`input & other`."
)
bitwise_or = _define_bitwise(
    "bitwise_or", np.bitwise_or, ("__or__", "__ror__", "__ior__"), "`input | other`."
)
bitwise_xor = _define_bitwise(
    "bitwise_xor", np.bitwise_xor, ("__xor__", "__rxor__", "__ixor__"), "`input ^ other`."
)
bitwise_left_shift = _define_bitwise(
    "bitwise_left_shift",
    np.left_shift,
    ("__lshift__", "__rlshift__", "__ilshift__"),
    "`input << other`.",
    False,
)
bitwise_right_shift = _define_bitwise(
    "bitwise_right_shift",
    np.right_shift,
    ("__rshift__", "__rrshift__", "__irshift__"),
    "`input >> other`.",
    False,
)


@method(inplace=True)
def bitwise_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`~input`: of bool the opposite, of integers each bit.

    Example:
        >>> bitwise_not(rushlight.tensor([0, -3]))
        tensor([-1,  2])
    """
    require_tensor("bitwise_not", input)
    if dtypes.of(input._array.dtype).category > dtypes.INTEGER:
        raise TypeError(f"bitwise_not: input must be an integer or bool tensor, got {input.dtype}")
    y = wrap(np.bitwise_not(input._array))
    return y if out is None else into(out, y, "bitwise_not")


@method("__invert__")
def _invert(self: Tensor) -> Tensor:
    if self.dtype.category > dtypes.INTEGER:
        raise TypeError(f"~: operand must be an integer or bool tensor, got {self.dtype}")
    return bitwise_not(self)
