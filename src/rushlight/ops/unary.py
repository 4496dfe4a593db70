"""Elementary functions of one tensor: powers, exponentials, logarithms, trigonometry."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..return_types import struct
from ..tensor import Tensor, into, method, wrap
from .elementwise import UNARY, Unary, make_unary, refuse, require_tensor, unary, work_dtype

__all__ = [
    "acos",
    "acosh",
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
    "cos",
    "cosh",
    "deg2rad",
    "exp",
    "exp2",
    "expm1",
    "frexp",
    "log",
    "log1p",
    "log2",
    "log10",
    "logit",
    "nan_to_num",
    "rad2deg",
    "reciprocal",
    "rsqrt",
    "sigmoid",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
]


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
