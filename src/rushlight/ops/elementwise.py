"""What the element-wise families share: choosing kernel or NumPy, dtypes, nodes of one and two operands.

An operation is a kernel's number (None without kernels) and a NumPy function that computes the same. float32
goes to the kernel; half and bfloat16 are computed in float32; everything else is NumPy's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.inplace import check_inplace, inplace
from ..errors import kind_of
from ..kernels import _C, usable
from ..tensor import Tensor, into, make_inplace, wrap
from .convert import cast
from .promotion import number, result_type

__all__: list[str] = []

UNARY: dict[str, int] = {} if _C is None else _C.UNARY
BINARY: dict[str, int] = {} if _C is None else _C.BINARY
TERNARY: dict[str, int] = {} if _C is None else _C.TERNARY
COMPARE: dict[str, int] = {} if _C is None else _C.COMPARE

FLOAT32 = np.dtype(np.float32).num
SCALARS = (int, float, complex, np.generic)  # bool is an int
OPERANDS = (TensorBase, *SCALARS)


def work_dtype(d: dtypes.dtype) -> dtypes.dtype:
    """The dtype that values of dtype `d` are computed in."""
    return dtypes.float32 if d.category == dtypes.FLOAT and d.itemsize < 4 else d


def refuse(name: str, x: Any, kinds: str) -> None:
    """Raise NotImplementedError where a tensor or dtype is of one of the kinds: b bool, i integer, c complex."""
    d: Any = x.dtype if isinstance(x, TensorBase) else x
    if isinstance(d, dtypes.dtype) and "bifc"[d.category] in kinds:
        what = {"b": "bool", "i": "integers", "c": "complex"}
        raise NotImplementedError(
            f"{name}: input must not be {' or '.join(what[k] for k in kinds)} (not implemented for these dtypes), got {d}"
        )


def in_float32(function: Callable) -> Callable:
    """Decorator of composed operations: half precision is computed in float32 and rounded once, at the end."""

    @functools.wraps(function)
    def computed(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(input, TensorBase) or not _is_half(input):
            return function(input, *args, **kwargs)
        wide = [a.float() if isinstance(a, TensorBase) and _is_half(a) else a for a in args]  # type: ignore[attr-defined]
        out = kwargs.pop("out", None)
        kwargs = {k: v.float() if isinstance(v, TensorBase) and _is_half(v) else v for k, v in kwargs.items()}  # type: ignore[attr-defined]
        y = function(input.float(), *wide, **kwargs).to(input.dtype)  # type: ignore[attr-defined]
        return y if out is None else into(out, y, function.__name__)

    return computed


def _is_half(x: Any) -> bool:
    return x._array.itemsize == 2 and x._array.dtype.kind in "fV"


def as_array(x: Any, d: dtypes.dtype) -> np.ndarray:
    """A tensor or number as an array of dtype `d`; what does not fit wraps around, as in PyTorch."""
    array = x._array if isinstance(x, TensorBase) else np.asarray(x)
    if array.dtype == d.numpy:
        return array
    if array.dtype.kind == "O":  # an int of more than 64 bits, or none
        return number(x, d, "operands", "a number")
    return cast(array, d)


def shape_error(name: str, x: Any, y: Any) -> RuntimeError:
    """The error of two operands whose shapes do not broadcast."""
    a, b = (list(t._array.shape) if isinstance(t, TensorBase) else [] for t in (x, y))
    return RuntimeError(
        f"{name}: other must have a shape that broadcasts with input's {a} (equal sizes, or 1, from the last dim), "
        f"got {b}"
    )


def require_tensor(name: str, x: Any, argument: str = "input") -> None:
    """Raise the TypeError of an argument that is no tensor."""
    if not isinstance(x, TensorBase):
        raise not_a_tensor(name, x, argument)


def not_a_tensor(name: str, x: Any, argument: str = "input") -> TypeError:
    """The error of an argument that is no tensor."""
    return TypeError(f"{name}: {argument} must be a Tensor, got {kind_of(x)}")


def unary(op: int | None, fn: Callable, x: Tensor, numbers: Any = None, floating: bool = True) -> Tensor:
    """`fn` of each element. With `floating`, integers are taken as the default float type."""
    array = x._array
    if array.dtype.num == FLOAT32 and op is not None:
        return _C.unary(op, x, None, numbers)
    d = dtypes.of(array.dtype)
    if floating and d.category < dtypes.FLOAT:
        d = dtypes.get_default_dtype()
    work = work_dtype(d)
    array = as_array(x, work)
    if work is dtypes.float32 and op is not None:
        y = _C.unary(op, array, None, numbers)._array
    else:
        with np.errstate(all="ignore"):
            y = np.asarray(fn(array))
    return wrap(y if y.dtype == d.numpy else cast(y, d))


def binary(
    name: str,
    op: int | None,
    fn: Callable,
    x: Any,
    y: Any,
    numbers: Any = None,
    floating: bool = False,
    wide_numbers: bool = False,
    without: str = "",
) -> Tensor:
    """`fn` of each pair of elements of two tensors, or of a tensor and a number.

    Args:
        floating: Integers are taken as the default float type.
        without: Kinds of dtypes it has no meaning for, see `refuse`.
        wide_numbers: A number meets half precision as it is, in float32 (products and quotients in PyTorch).
    """
    if op is not None:
        if (
            x._array.dtype.num == FLOAT32 if isinstance(x, TensorBase) else type(x) is float or type(x) is int
        ) and (
            y._array.dtype.num == FLOAT32 if isinstance(y, TensorBase) else type(y) is float or type(y) is int
        ):
            try:
                return _C.binary(op, x, y, None, numbers)
            except RuntimeError:
                raise shape_error(name, x, y) from None
    try:
        d = result_type(x, y)
    except TypeError as e:
        raise TypeError(f"{name}: {e}") from None
    if without:
        refuse(name, d, without)
    if floating and d.category < dtypes.FLOAT:
        d = dtypes.get_default_dtype()
    work = work_dtype(d)
    if work is not d and not wide_numbers:  # a number counts as an element, rounded to half precision
        x, y = (v if isinstance(v, TensorBase) else as_array(v, d) for v in (x, y))
    a, b = as_array(x, work), as_array(y, work)
    try:
        if work is dtypes.float32 and op is not None:
            z = _C.binary(op, a, b, None, numbers)._array
        else:
            with np.errstate(all="ignore"):
                z = np.asarray(fn(a, b))
    except (ValueError, RuntimeError):
        np_shapes_fit(name, x, y)
        raise
    return wrap(z if z.dtype == d.numpy else cast(z, d))


def np_shapes_fit(name: str, x: Any, y: Any) -> None:
    """Raise `shape_error` if the operands' shapes do not broadcast."""
    shapes = [t._array.shape for t in (x, y) if isinstance(t, TensorBase)]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise shape_error(name, x, y) from None


def binary_(
    name: str,
    op: int | None,
    function: Callable,
    self: Tensor,
    other: Any,
    numbers: Any = None,
    **kwargs: Any,
) -> Tensor:
    """The in-place form: at once in the tensor's memory where no history is recorded, else by `function`."""
    if (
        op is not None
        and self._array.dtype.num == FLOAT32
        and (
            other._array.dtype.num == FLOAT32
            if isinstance(other, TensorBase)
            else isinstance(other, (int, float)) and not isinstance(other, bool)
        )
        and 0 not in self._array.strides
        and not check_inplace(self, name, other)
    ):
        try:
            _C.binary(op, self, other, self, numbers)
        except RuntimeError:
            return inplace(function, self, other, **kwargs)  # says what is wrong
        self._bump()
        return self
    return inplace(function, self, other, **kwargs)


def conj(x: Any) -> Any:
    """The complex conjugate; real tensors and numbers are their own."""
    if isinstance(x, TensorBase):
        return x.conj() if x._array.dtype.kind == "c" else x  # type: ignore[attr-defined]
    return x.conjugate() if isinstance(x, complex) else x


class Unary(Function):
    """A node of one operand, whose derivative is a function of dy and of x or y."""

    title = ""
    without = ""
    op: int | None = None
    fn: Callable
    floating = True
    saves = "x"  # or "y", or "" for neither
    backward_op: int | None = None
    backward_numbers: Any = None
    derivative: Callable  # (dy, x or y) -> dx, of differentiable operations

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        kind = type(ctx)
        if kind.without and x._array.dtype.num != FLOAT32:
            refuse(kind.title, dtypes.of(x._array.dtype), kind.without)
        y = unary(kind.op, kind.fn, x, None, kind.floating)
        if kind.saves:
            ctx.save_for_backward(x if kind.saves == "x" else y)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        kind = type(ctx)
        if not kind.saves:
            return kind.derivative(dy)
        (s,) = ctx.saved_tensors
        if kind.backward_op is not None and not is_grad_enabled() and usable(dy, s):
            return _C.binary(kind.backward_op, dy, s, None, kind.backward_numbers)
        return kind.derivative(dy, conj(s))


def make_unary(
    name: str,
    fn: Callable,
    derivative: Callable,
    doc: str,
    *,
    saves: str = "x",
    node: str = "",
    kernel: str = "",
    backward: str | tuple = "",
    floating: bool = True,
    aliases: tuple = (),
    base: type = Unary,
    without: str = "",
) -> Callable:
    """Define a function of one tensor: its node, the function, the methods and in-place methods.

    Args:
        fn: The NumPy form.
        derivative: (dy, x or y, see `saves`) -> dx.
        kernel: The kernel's name, where it is not `name`.
        backward: The backward kernel's name, or (name, numbers).
        base: The node's base class, where it has its own `forward`.
        without: Kinds of dtypes it has no meaning for, see `refuse`.
    """
    backward_name, numbers = backward if isinstance(backward, tuple) else (backward, None)
    fields = {
        "title": name,
        "without": without,
        "op": UNARY.get(kernel or name),
        "fn": staticmethod(fn),
        "derivative": staticmethod(derivative),
        "saves": saves,
        "floating": floating,
        "backward_op": BINARY.get(backward_name),
        "backward_numbers": numbers,
        "__doc__": doc,
        "__module__": __name__,
    }
    kind = type(node or f"{name.capitalize()}Backward0", (base,), fields)
    op = fields["op"] if saves else None
    saves_result = saves == "y"

    def function(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        result = NotImplemented if op is None else _C.unary_node(kind, op, None, saves_result, input)
        if result is NotImplemented:
            if not isinstance(input, TensorBase):
                raise TypeError(f"{name}: input must be a Tensor, got {kind_of(input)}")
            result = kind.apply(input)  # type: ignore[attr-defined]
        return result if out is None else into(out, result, name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    setattr(Tensor, name, _without_out(function, name))
    make_inplace(function)
    for alias in aliases:
        setattr(Tensor, alias, getattr(Tensor, name))
        make_inplace(function, alias + "_")
    return function


def _without_out(function: Callable, name: str) -> Callable:
    def method(self: Tensor) -> Tensor:
        return function(self)

    method.__name__ = name
    method.__qualname__ = f"Tensor.{name}"
    method.__doc__ = function.__doc__
    return method


class Binary(Function):
    """A node of two operands (one may be a number), whose derivatives are functions of dy, x, y and z."""

    title: str
    without = ""
    op: int | None = None
    fn: Callable
    floating = True
    derivatives: tuple  # ((dy, x, y, z) -> dx, the same -> dy), of differentiable operations; None: 0
    saves_result = False  # whether the derivatives need z

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Tensor:
        kind = type(ctx)
        z = binary(kind.title, kind.op, kind.fn, x, y, None, kind.floating, without=kind.without)
        save_pair(ctx, x, y, z if kind.saves_result else None)
        return z

    @staticmethod
    def backward(ctx: Any, dz: Tensor) -> tuple:
        kind = type(ctx)
        x, y, z = saved_pair(ctx)
        fx, fy = kind.derivatives
        needs = ctx.needs_input_grad
        return fx(dz, x, y, z) if needs[0] else None, fy(dz, x, y, z) if needs[1] else None


def save_pair(ctx: Any, x: Any, y: Any, z: Tensor | None = None) -> None:
    """Save two operands, one of which may be a number, and the result."""
    xt, yt = isinstance(x, TensorBase), isinstance(y, TensorBase)
    ctx.number = None if xt and yt else (y if xt else x)
    ctx.save_for_backward(x if xt else None, y if yt else None, z)


def saved_pair(ctx: Any) -> tuple:
    """What `save_pair` saved."""
    x, y, z = ctx.saved_tensors
    return ctx.number if x is None else x, ctx.number if y is None else y, z
