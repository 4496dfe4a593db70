"""Elementary functions of one tensor: signs, rounding, powers, exponentials, logarithms, trigonometry, clamping."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.inplace import check_inplace, inplace
from ..errors import kind_of
from ..kernels import _C, usable
from ..return_types import struct
from ..tensor import Tensor, into, make_inplace, method, wrap
from .elementwise import (
    BINARY,
    FLOAT32,
    TERNARY,
    UNARY,
    Unary,
    as_array,
    make_unary,
    refuse,
    require_tensor,
    unary,
    work_dtype,
)
from .promotion import number, result_type

__all__ = [
    "abs",
    "absolute",
    "acos",
    "acosh",
    "angle",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "ceil",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "conj",
    "conj_physical",
    "cos",
    "cosh",
    "deg2rad",
    "exp",
    "exp2",
    "expm1",
    "fix",
    "floor",
    "frac",
    "frexp",
    "log",
    "log1p",
    "log2",
    "log10",
    "logit",
    "nan_to_num",
    "neg",
    "negative",
    "positive",
    "rad2deg",
    "reciprocal",
    "round",
    "rsqrt",
    "sgn",
    "sigmoid",
    "sign",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
]


# -- signs and rounding -------------------------------------------------------------------------------------
def _np_neg(a: np.ndarray) -> np.ndarray:
    if a.dtype.kind == "b":
        raise RuntimeError("neg: input must not be bool; use ~ or logical_not() for bool tensors")
    return np.negative(a)


neg = make_unary(
    "neg", _np_neg, lambda dy: -dy, "`-input`.", saves="", floating=False, aliases=("negative", "__neg__")
)
negative = neg


class AbsBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        if x._array.dtype.kind == "c":
            return wrap(np.abs(x._array))
        refuse("abs", x, "b")
        return unary(UNARY.get("abs"), np.abs, x, None, False)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        if not is_grad_enabled() and _C is not None and usable(dy, x):
            return _C.binary(BINARY["abs_b"], dy, x, None, None)
        return dy * sgn(x)


@method("abs", "absolute", "__abs__")
def _abs_method(self: Tensor) -> Tensor:
    """See `abs`."""
    return AbsBackward0.apply(self)


def abs(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The absolute value. Its gradient at 0 is 0.

    Example:
        >>> abs(rushlight.tensor([-1.0, 2.0]))
        tensor([1., 2.])
    """
    require_tensor("abs", input)
    y = AbsBackward0.apply(input)
    return y if out is None else into(out, y, "abs")


absolute = abs
make_inplace(abs)
make_inplace(abs, "absolute_")


def _zero(dy: Tensor) -> Tensor:
    return dy.new_zeros(dy.shape)


def _np_sign(a: np.ndarray) -> np.ndarray:
    if a.dtype.kind == "b":
        return a.copy()
    return np.where(a > 0, 1, np.where(a < 0, -1, 0)).astype(a.dtype)  # of NaN: 0


sign = make_unary(
    "sign", _np_sign, _zero, "-1, 0 or 1. Its gradient is 0.", saves="", floating=False, without="c"
)


class SgnBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        if x._array.dtype.kind != "c":
            return unary(UNARY.get("sign"), _np_sign, x, None, False)
        size = np.abs(x._array)
        ctx.save_for_backward(x)
        return wrap(np.where(size == 0, 0, x._array / np.where(size == 0, 1, size)).astype(x._array.dtype))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        if not ctx.saved_tensors:
            return _zero(dy)
        (x,) = ctx.saved_tensors
        size = abs(x)
        y = sgn(x)
        return (dy / size - (dy * y.conj() / size).real * y).masked_fill(size == 0, 0)


@method(inplace=True)
def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`sign`; of a complex number the number of size 1 in its direction.

    Example:
        >>> sgn(rushlight.tensor([3 + 4j]))
        tensor([0.6000+0.8000j])
    """
    require_tensor("sgn", input)
    y = SgnBackward0.apply(input)
    return y if out is None else into(out, y, "sgn")


def _rounding(fn: Any) -> Any:
    return lambda a: fn(a) if a.dtype.kind == "f" else a.copy()


floor = make_unary(
    "floor", _rounding(np.floor), _zero, "Rounded down.", saves="", floating=False, without="bc"
)
ceil = make_unary("ceil", _rounding(np.ceil), _zero, "Rounded up.", saves="", floating=False, without="bc")
trunc = make_unary(
    "trunc",
    _rounding(np.trunc),
    _zero,
    "Rounded towards zero.",
    saves="",
    floating=False,
    aliases=("fix",),
    without="bc",
)
fix = trunc
frac = make_unary(
    "frac",
    lambda a: a - np.trunc(a),
    lambda dy: dy,
    "The part after the decimal point, with the sign.",
    saves="",
    without="bic",
)


class RoundBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, decimals: int) -> Tensor:
        refuse("round", x, "bc")
        if decimals == 0:
            return unary(UNARY.get("round"), _rounding(np.rint), x, None, False)
        if x._array.dtype.kind in "iub":
            raise RuntimeError("round: input must be floating-point when decimals is given")
        ten = 10.0 ** builtins.abs(decimals)

        def rounded(a: np.ndarray) -> np.ndarray:
            return np.rint(a * ten) / ten if decimals > 0 else np.rint(a / ten) * ten

        return unary(None, rounded, x)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return _zero(dy), None


class RoundBackward1(RoundBackward0):
    """To a number of decimals."""


def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """Rounded to the nearest integer, or to `decimals` places; halves to the even neighbour.

    Example:
        >>> round(rushlight.tensor([0.5, 1.5, 2.345]), decimals=1)
        tensor([0.5000, 1.5000, 2.3000])
    """
    require_tensor("round", input)
    y = RoundBackward1.apply(input, decimals) if decimals else RoundBackward0.apply(input, 0)
    return y if out is None else into(out, y, "round")


method(inplace=True)(round)


@method()
def positive(input: Tensor) -> Tensor:
    """`input` itself.

    Raises:
        RuntimeError: it is bool.
    """
    require_tensor("positive", input)
    if input._array.dtype.kind == "b":
        raise RuntimeError("positive: input must not be bool")
    return input


method("__pos__")(positive)


# -- powers ---------------------------------------------------------------------------------------------------
class _Square(Unary):
    """A power of 2, which is an int: bool is no dtype of the result."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        if x._array.dtype.kind == "b":
            return wrap(x._array.astype(np.int64))
        return Unary.forward(ctx, x)


square = make_unary(
    "square",
    np.square,
    lambda dy, x: dy * x * 2,
    "`input ** 2`.",
    node="PowBackward0",
    backward="square_b",
    floating=False,
    base=_Square,
)
sqrt = make_unary(
    "sqrt",
    np.sqrt,
    lambda dy, y: dy / (y * 2),
    "The square root; NaN of negative numbers.",
    saves="y",
    backward="sqrt_b",
)
rsqrt = make_unary(
    "rsqrt",
    lambda a: 1 / np.sqrt(a),
    lambda dy, y: dy * y * y * y * -0.5,
    "`1 / sqrt(input)`.",
    saves="y",
    backward="rsqrt_b",
)
reciprocal = make_unary(
    "reciprocal",
    lambda a: 1 / a,
    lambda dy, y: -dy * y * y,
    "`1 / input`.",
    saves="y",
    backward="reciprocal_b",
)

# -- exponentials and logarithms ---------------------------------------------------------------------------------
exp = make_unary(
    "exp", np.exp, lambda dy, y: dy * y, "e to the power of each element.", saves="y", backward="exp_b"
)
exp2 = make_unary(
    "exp2",
    np.exp2,
    lambda dy, y: dy * y * math.log(2),
    "2 to the power of each element.",
    saves="y",
    backward=("scale_b", math.log(2)),
)
expm1 = make_unary(
    "expm1",
    np.expm1,
    lambda dy, y: dy * (y + 1),
    "`exp(input) - 1`, exact also near 0.",
    saves="y",
    backward="expm1_b",
)
log = make_unary("log", np.log, lambda dy, x: dy / x, "The natural logarithm.", backward=("log_b", 1.0))
log2 = make_unary(
    "log2",
    np.log2,
    lambda dy, x: dy / (x * math.log(2)),
    "The logarithm to base 2.",
    backward=("log_b", math.log(2)),
)
log10 = make_unary(
    "log10",
    np.log10,
    lambda dy, x: dy / (x * math.log(10)),
    "The logarithm to base 10.",
    backward=("log_b", math.log(10)),
)
log1p = make_unary(
    "log1p",
    np.log1p,
    lambda dy, x: dy / (x + 1),
    "`log(1 + input)`, exact also near 0.",
    node="Log1PBackward0",
    backward="log1p_b",
)


def np_sigmoid(a: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-a)), without overflow."""
    if a.dtype.kind == "c":
        return 1 / (1 + np.exp(-a))
    e = np.exp(-np.abs(a))
    return np.where(a < 0, e, np.ones((), a.dtype)) / (1 + e)


sigmoid = make_unary(
    "sigmoid",
    np_sigmoid,
    lambda dy, y: dy * (1 - y) * y,
    "`1 / (1 + exp(-input))`.",
    saves="y",
    backward="sigmoid_b",
)
tanh = make_unary(
    "tanh", np.tanh, lambda dy, y: dy * (1 - y * y), "The hyperbolic tangent.", saves="y", backward="tanh_b"
)

# -- trigonometry -------------------------------------------------------------------------------------------------
sin = make_unary(
    "sin", np.sin, lambda dy, x: dy * cos(x), "The sine of an angle in radians.", backward="sin_b"
)
cos = make_unary(
    "cos", np.cos, lambda dy, x: -dy * sin(x), "The cosine of an angle in radians.", backward="cos_b"
)
tan = make_unary(
    "tan", np.tan, lambda dy, y: dy * (1 + y * y), "The tangent of an angle in radians.", saves="y"
)
asin = make_unary(
    "asin",
    np.arcsin,
    lambda dy, x: dy * rsqrt(1 - x * x),
    "The angle in radians whose sine it is.",
    aliases=("arcsin",),
)
acos = make_unary(
    "acos",
    np.arccos,
    lambda dy, x: -dy * rsqrt(1 - x * x),
    "The angle in radians whose cosine it is.",
    aliases=("arccos",),
)
atan = make_unary(
    "atan",
    np.arctan,
    lambda dy, x: dy / (x * x + 1),
    "The angle in radians whose tangent it is.",
    aliases=("arctan",),
)
sinh = make_unary("sinh", np.sinh, lambda dy, x: dy * cosh(x), "The hyperbolic sine.")
cosh = make_unary("cosh", np.cosh, lambda dy, x: dy * sinh(x), "The hyperbolic cosine.")
asinh = make_unary(
    "asinh", np.arcsinh, lambda dy, x: dy * rsqrt(x * x + 1), "The inverse of sinh.", aliases=("arcsinh",)
)
acosh = make_unary(
    "acosh",
    np.arccosh,
    lambda dy, x: dy * (rsqrt(x * x - 1) if x._array.dtype.kind != "c" else rsqrt(x - 1) * rsqrt(x + 1)),
    "The inverse of cosh.",
    aliases=("arccosh",),
)
atanh = make_unary(
    "atanh", np.arctanh, lambda dy, x: dy / (1 - x * x), "The inverse of tanh.", aliases=("arctanh",)
)
arcsin, arccos, arctan, arcsinh, arccosh, arctanh = asin, acos, atan, asinh, acosh, atanh
deg2rad = make_unary(
    "deg2rad",
    lambda a: a * (math.pi / 180),
    lambda dy: dy * (math.pi / 180),
    "Degrees to radians.",
    saves="",
    node="Deg2RadBackward0",
    without="c",
)
rad2deg = make_unary(
    "rad2deg",
    lambda a: a * (180 / math.pi),
    lambda dy: dy * (180 / math.pi),
    "Radians to degrees.",
    saves="",
    node="Rad2DegBackward0",
    without="c",
)


def _sinc_derivative(dy: Tensor, x: Tensor) -> Tensor:
    z = x * math.pi
    zero = x * z == 0  # also where the square of a tiny x vanishes
    slope = (z.cos() * z - z.sin()) / (x * z).masked_fill(zero, 1)  # type: ignore[attr-defined]
    return (dy * slope).masked_fill(zero, 0)


sinc = make_unary("sinc", np.sinc, _sinc_derivative, "`sin(pi input) / (pi input)`, 1 at 0.")


# -- with arguments -----------------------------------------------------------------------------------------------
class LogitBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float | None) -> Tensor:
        ctx.eps = eps
        ctx.save_for_backward(x)

        def logit(a: np.ndarray) -> np.ndarray:
            if eps is not None:
                a = np.clip(a, eps, 1 - eps)
            return np.log(a / (1 - a))

        return unary(UNARY.get("logit"), logit, x, -1.0 if eps is None else float(eps))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        (x,) = ctx.saved_tensors
        dx = dy / (x * (1 - x))
        if ctx.eps is not None:
            return dx.masked_fill(~((x >= ctx.eps) & (x <= 1 - ctx.eps)), 0), None
        return dx.masked_fill((x < 0) | (x > 1), math.nan), None


@method(inplace=True)
def logit(input: Tensor, eps: float | None = None, *, out: Tensor | None = None) -> Tensor:
    """`log(input / (1 - input))`, the inverse of sigmoid.

    Args:
        eps: Clamp the input to [eps, 1 - eps] first; without it, numbers outside of [0, 1] give NaN.
    Example:
        >>> logit(rushlight.tensor([0.5, 0.9]))
        tensor([0.0000, 2.1972])
    """
    require_tensor("logit", input)
    refuse("logit", input, "c")
    y = LogitBackward0.apply(input, eps)
    return y if out is None else into(out, y, "logit")


class NanToNumBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, nan: float, posinf: float, neginf: float) -> Tensor:
        ctx.save_for_backward(x)
        return unary(
            UNARY.get("nan_to_num"),
            lambda a: np.nan_to_num(a, nan=nan, posinf=posinf, neginf=neginf),
            x,
            (nan, posinf, neginf),
            False,
        )

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        (x,) = ctx.saved_tensors
        return (
            dy * wrap(np.isfinite(x._array.astype(work_dtype(x.dtype).numpy, copy=False))).to(dy.dtype),
            None,
            None,
            None,
        )


@method(inplace=True)
def nan_to_num(
    input: Tensor,
    nan: float | None = 0.0,
    posinf: float | None = None,
    neginf: float | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """NaN and the infinities replaced by numbers: 0 and the dtype's largest and smallest by default.

    Example:
        >>> nan_to_num(rushlight.tensor([float("nan"), 1.0]), nan=-1.0)
        tensor([-1.,  1.])
    """
    require_tensor("nan_to_num", input)
    if dtypes.of(input._array.dtype).category < dtypes.FLOAT:
        y = input.clone()  # type: ignore[attr-defined]
    else:
        info = dtypes.finfo(input.dtype)
        y = NanToNumBackward0.apply(
            input,
            0.0 if nan is None else float(nan),
            info.max if posinf is None else float(posinf),
            info.min if neginf is None else float(neginf),
        )
    return y if out is None else into(out, y, "nan_to_num")


class FrexpBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple:
        mantissa, exponent = np.frexp(x._array)
        parts = wrap(np.asarray(mantissa)), wrap(np.asarray(exponent, np.int32))
        ctx.save_for_backward(parts[1])
        ctx.mark_non_differentiable(parts[1])
        return parts

    @staticmethod
    def backward(ctx: Any, dy: Tensor, _: Any) -> Tensor:
        (exponent,) = ctx.saved_tensors
        return dy / exp2(exponent.to(dy.dtype))


_frexp_result = struct("frexp", "mantissa", "exponent")


@method()
def frexp(input: Tensor, *, out: Any = None) -> Any:
    """The mantissa in [0.5, 1) and the exponent of 2 whose product each element is.

    Example:
        >>> frexp(rushlight.tensor([8.0])).exponent
        tensor([4], dtype=torch.int32)
    """
    require_tensor("frexp", input)
    if not input.is_floating_point():
        raise RuntimeError(f"frexp: input must be a floating-point tensor, got {input.dtype}")
    pair = FrexpBackward0.apply(input)
    if out is not None:
        pair = [into(o, p, "frexp") for o, p in zip(out, pair, strict=True)]
    return _frexp_result(*pair)


# -- clamping -----------------------------------------------------------------------------------------------------
def _real(d: dtypes.dtype) -> dtypes.dtype:
    if d.is_complex:
        raise NotImplementedError(
            f"clamp: input, min and max must be real (clamp is not supported for complex types), got {d}"
        )
    return d


class ClampBackward1(Function):
    """Bounds that are numbers (None: none)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: Any, high: Any) -> Tensor:
        ctx.bounds = low, high
        ctx.save_for_backward(x)
        bounds = (-math.inf if low is None else low, math.inf if high is None else high)
        nan = bounds[0] != bounds[0] or bounds[1] != bounds[1]  # makes all NaN; the kernel leaves NaN out
        if x._array.dtype.num == FLOAT32 and _C is not None and not nan:
            return _C.unary(UNARY["clamp"], x, None, bounds)
        d = _real(result_type(x, *[b for b in ctx.bounds if b is not None]))
        work = work_dtype(d)
        a = as_array(x, work)
        if low is not None:
            a = np.maximum(a, as_array(number(low, d, "clamp", "min"), work))
        if high is not None:
            a = np.minimum(a, as_array(number(high, d, "clamp", "max"), work))
        return wrap(a.astype(d.numpy, copy=a is x._array))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        (x,) = ctx.saved_tensors
        low, high = ctx.bounds
        bounds = (-math.inf if low is None else low, math.inf if high is None else high)
        if (
            usable(dy, x)
            and _C is not None
            and not is_grad_enabled()
            and bounds[0] == bounds[0]
            and bounds[1] == bounds[1]
        ):
            return _C.binary(BINARY["clamp_b"], dy, x, None, bounds), None, None
        return dy.masked_fill(~((x >= bounds[0]) & (x <= bounds[1])), 0), None, None


class ClampMinBackward0(ClampBackward1):
    """Only from below."""


class ClampMaxBackward0(ClampBackward1):
    """Only from above."""


class ClampBackward0(Function):
    """Bounds that are tensors (None: none)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: Tensor | None, high: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, low, high)
        d = _real(result_type(*[t for t in (x, low, high) if t is not None]))
        work = work_dtype(d)
        a = as_array(x, work)
        try:
            if work is dtypes.float32 and _C is not None and low is not None and high is not None:
                return wrap(
                    _C.ternary(
                        TERNARY["clamp_between"], a, as_array(low, work), as_array(high, work), None, None
                    )._array.astype(d.numpy, copy=False)
                )
            if low is not None:
                a = np.maximum(a, as_array(low, work))
            if high is not None:
                a = np.minimum(a, as_array(high, work))
        except (ValueError, RuntimeError):
            raise RuntimeError(
                f"clamp: min and max must have shapes that broadcast with input's {list(x._array.shape)}"
            ) from None
        return wrap(a.astype(d.numpy, copy=False))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        x, low, high = ctx.saved_tensors
        inside = wrap(np.ones((), np.bool_))
        if low is not None:
            inside = inside & (x >= low)
        if high is not None:
            inside = inside & (x <= high)
        needs = ctx.needs_input_grad
        dlow = dhigh = None
        if needs[1]:
            below = (x < low) if high is None else (x < low) & (low <= high)
            dlow = dy.masked_fill(~below, 0)
        if needs[2]:
            above = (x > high) if low is None else (x > high) | (low > high)
            dhigh = dy.masked_fill(~above, 0)
        return dy.masked_fill(~inside, 0), dlow, dhigh


def _clamp(name: str, kind: Any, input: Tensor, low: Any, high: Any) -> Tensor:
    require_tensor(name, input)
    if low is None and high is None:
        raise RuntimeError(f"{name}: min and max must not both be None (At least one of 'min' or 'max')")
    if isinstance(low, TensorBase) or isinstance(high, TensorBase):
        low, high = (
            wrap(np.asarray(b, dtype=input._array.dtype))
            if b is not None and not isinstance(b, TensorBase)
            else b
            for b in (low, high)
        )
        return ClampBackward0.apply(input, low, high)
    try:
        return kind.apply(input, low, high)
    except TypeError:
        for argument, bound in (("min", low), ("max", high)):
            if bound is not None and not isinstance(bound, (int, float)):
                raise TypeError(
                    f"{name}: {argument} must be a number or a Tensor, got {kind_of(bound)}"
                ) from None
        raise


def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Each element, at least `min` and at most `max` (numbers or tensors). Where `min > max` the result is `max`.

    Raises:
        RuntimeError: both are None.
    Example:
        >>> clamp(rushlight.tensor([-2.0, 0.5, 3.0]), min=-1, max=1)
        tensor([-1.0000,  0.5000,  1.0000])
    """
    y = _clamp("clamp", ClampBackward1, input, min, max)
    return y if out is None else into(out, y, "clamp")


clip = clamp


@method("clamp", "clip")
def _clamp_method(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """See `clamp`."""
    return _clamp("clamp", ClampBackward1, self, min, max)


def clamp_min(input: Tensor, min: Any, *, out: Tensor | None = None) -> Tensor:
    """Each element, at least `min`.

    Example:
        >>> clamp_min(rushlight.tensor([-2.0, 0.5]), 0)
        tensor([0.0000, 0.5000])
    """
    y = _clamp("clamp_min", ClampMinBackward0, input, min, None)
    return y if out is None else into(out, y, "clamp_min")


def clamp_max(input: Tensor, max: Any, *, out: Tensor | None = None) -> Tensor:
    """Each element, at most `max`.

    Example:
        >>> clamp_max(rushlight.tensor([-2.0, 0.5]), 0)
        tensor([-2.,  0.])
    """
    y = _clamp("clamp_max", ClampMaxBackward0, input, None, max)
    return y if out is None else into(out, y, "clamp_max")


method()(clamp_min)
method()(clamp_max)
make_inplace(clamp_min)
make_inplace(clamp_max)


def _clamp_(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """In-place `clamp`."""
    numbers = all(b is None or (isinstance(b, (int, float)) and b == b) for b in (min, max)) and not (
        min is None and max is None
    )
    if (
        _C is not None
        and numbers
        and self._array.dtype.num == FLOAT32
        and 0 not in self._array.strides
        and self._array.flags.writeable
        and not check_inplace(self, "clamp_")
    ):
        _C.unary(
            UNARY["clamp"], self, self, (-math.inf if min is None else min, math.inf if max is None else max)
        )
        self._bump()
        return self
    return inplace(clamp, self, min, max)


method("clamp_", "clip_")(_clamp_)


# -- complex numbers ----------------------------------------------------------------------------------------------
class AngleBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        a = x._array
        if a.dtype.kind == "c":
            return wrap(np.angle(a))
        return unary(
            None,
            lambda a: np.where(np.isnan(a), a, np.where(a < 0, np.asarray(np.pi, a.dtype), 0)).astype(
                a.dtype
            ),
            x,
        )

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        if x._array.dtype.kind != "c":
            return _zero(dy)
        size = abs(x)
        return (1j * dy * x / (size * size)).masked_fill(size == 0, 0)


@method()
def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of a complex number in radians; of a real one 0, or pi where it is negative.

    Example:
        >>> angle(rushlight.tensor([1j, -1]))
        tensor([1.5708, 3.1416])
    """
    require_tensor("angle", input)
    y = AngleBackward0.apply(input)
    return y if out is None else into(out, y, "angle")


conj_physical = make_unary(
    "conj_physical",
    np.conjugate,
    lambda dy: dy.conj(),
    "The complex conjugate, computed.",
    saves="",
    floating=False,
    node="ConjPhysicalBackward0",
)


class ConjBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return wrap(np.conjugate(x._array))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        return conj(dy)


@method()
def conj(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is its own. (A copy: PyTorch gives a view.)

    Example:
        >>> conj(rushlight.tensor([1 + 2j]))
        tensor([1.-2.j])
    """
    require_tensor("conj", input)
    return ConjBackward0.apply(input) if input._array.dtype.kind == "c" else input
