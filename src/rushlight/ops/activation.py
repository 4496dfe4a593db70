"""Activation functions: what stands between the layers of a network, each one pass forward and one backward."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.inplace import check_inplace
from ..errors import wrap_dim
from ..kernels import _C, usable
from ..tensor import Tensor, into, method, wrap
from .elementwise import BINARY, FLOAT32, UNARY, binary, require_tensor, unary, work_dtype
from .mask import where
from .promotion import number
from .special import np_erfc
from .unary import np_sigmoid, sigmoid, tanh

__all__ = [
    "celu",
    "celu_",
    "elu",
    "elu_",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "leaky_relu",
    "leaky_relu_",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "relu_",
    "rrelu",
    "rrelu_",
    "selu",
    "selu_",
    "silu",
    "softplus",
    "softshrink",
    "softsign",
    "tanhshrink",
    "threshold",
    "threshold_",
]


class Activation(Function):
    """A function of one tensor and up to three numbers, in place where asked."""

    title: str
    op: int | None
    fn: Callable  # the NumPy form: (array, *numbers)
    derivative: Callable  # (dy, x or y, *numbers) -> dx, of differentiable operations
    saves = "x"
    backward_op: int | None
    backward_numbers: Callable = staticmethod(lambda *numbers: numbers)
    numbers: tuple = ()

    @staticmethod
    def forward(ctx: Any, x: Tensor, in_place: bool, *numbers: float) -> Tensor:
        kind = type(ctx)
        ctx.numbers = numbers
        if not in_place:
            y = unary(kind.op, lambda a: kind.fn(a, *numbers), x, numbers)
            ctx.save_for_backward(x if kind.saves == "x" else y)
            return y
        ctx.save_for_backward(x if kind.saves == "y" else x.clone())  # type: ignore[attr-defined]
        if kind.op is not None and x._array.dtype.num == FLOAT32 and x._array.flags.writeable:
            _C.unary(kind.op, x, x, numbers)
        else:
            with np.errstate(all="ignore"):
                y = kind.fn(x._array.astype(work_dtype(x.dtype).numpy, copy=False), *numbers)
            np.copyto(x._array, y, casting="unsafe")
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        kind = type(ctx)
        (s,) = ctx.saved_tensors
        numbers = ctx.numbers
        nothing = (None,) * (1 + len(numbers))
        if kind.backward_op is not None and not is_grad_enabled() and usable(dy, s):
            return (_C.binary(kind.backward_op, dy, s, None, kind.backward_numbers(*numbers)), *nothing)
        return (kind.derivative(dy, s, *numbers), *nothing)


def _node(
    name: str,
    title: str,
    fn: Callable,
    derivative: Callable,
    backward: str,
    saves: str = "x",
    numbers: Callable | None = None,
    kernel: str = "",
) -> Any:
    """The node of an activation: `backward` and `kernel` (default: `title`) name its kernels."""
    fields = {
        "title": title,
        "op": UNARY.get(kernel or title),
        "fn": staticmethod(fn),
        "derivative": staticmethod(derivative),
        "saves": saves,
        "backward_op": BINARY.get(backward),
        "__module__": __name__,
    }
    if numbers is not None:
        fields["backward_numbers"] = staticmethod(numbers)
    return type(name, (Activation,), fields)


def _apply(kind: Any, input: Tensor, in_place: bool, *numbers: float) -> Tensor:
    if kind.op is not None and not in_place:
        y = _C.unary_node(kind, kind.op, numbers, kind.saves == "y", input)
        if y is not NotImplemented:
            return y
    require_tensor(kind.title, input)
    if not input.is_floating_point():
        raise NotImplementedError(f"{kind.title}: input must be a floating-point tensor, got {input.dtype}")
    if in_place:
        check_inplace(input, kind.title + "_")
    return kind.apply(input, in_place, *numbers)


def _integer(name: str, input: Tensor) -> dtypes.dtype:
    d = dtypes.of(input._array.dtype)
    if d is dtypes.bool_:
        kind = RuntimeError if name == "hardtanh" else NotImplementedError  # as PyTorch has it
        raise kind(f"{name}: input must not be bool (Bool inputs not supported)")
    return d


# -- rectifiers ---------------------------------------------------------------------------------------------------
_Relu = _node(
    "ReluBackward0",
    "relu",
    lambda a: np.where(a < 0, np.zeros((), a.dtype), a),  # not maximum: a NaN stays one
    lambda dy, y: dy.masked_fill(y <= 0, 0),
    "threshold_b",
    saves="y",
    numbers=lambda: 0.0,
)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """`max(0, input)`. Its gradient at 0 is 0.

    Args:
        inplace: Write the result into `input`.
    Example:
        >>> relu(rushlight.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    if isinstance(input, TensorBase) and input._array.dtype.kind in "iub":
        array = input._array
        if array.dtype.kind == "b":
            raise RuntimeError("relu: input must not be bool")
        y = wrap(np.maximum(array, 0))
        return into(input, y) if inplace else y
    return _apply(_Relu, input, inplace)


def relu_(input: Tensor) -> Tensor:
    """In-place `relu`."""
    return relu(input, True)


@method("relu")
def _relu_method(self: Tensor) -> Tensor:
    """See `relu`."""
    return relu(self)


method("relu_")(relu_)

_Threshold = _node(
    "ThresholdBackward0",
    "threshold",
    lambda a, at, value: np.where(a <= at, np.asarray(value, a.dtype), a),
    lambda dy, x, at, value: dy.masked_fill(x <= at, 0),
    "threshold_b",
    numbers=lambda at, value: at,
)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Elements at or under `threshold` become `value`.

    Example:
        >>> threshold(rushlight.tensor([0.5, 2.0]), 1, 0)
        tensor([0., 2.])
    """
    if isinstance(input, TensorBase) and input._array.dtype.kind in "biu":
        d = _integer("threshold", input)
        at, new = number(threshold, d, "threshold", "threshold"), number(value, d, "threshold")
        y = wrap(np.where(input._array <= at, new, input._array))
        return into(input, y) if inplace else y
    return _apply(_Threshold, input, inplace, threshold, value)


_threshold = threshold


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """In-place `threshold`."""
    return _threshold(input, threshold, value, True)


_LeakyRelu = _node(
    "LeakyReluBackward0",
    "leaky_relu",
    lambda a, slope: np.where(a > 0, a, a * np.asarray(slope, a.dtype)),
    lambda dy, x, slope: where(x > 0, dy, dy * slope),
    "leaky_relu_b",
)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """`input` where it is positive, `negative_slope * input` elsewhere.

    Example:
        >>> leaky_relu(rushlight.tensor([-1.0, 2.0]))
        tensor([-0.0100,  2.0000])
    """
    return _apply(_LeakyRelu, input, inplace, negative_slope)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """In-place `leaky_relu`."""
    return _apply(_LeakyRelu, input, True, negative_slope)


class PreluKernelBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor) -> Tensor:
        ctx.save_for_backward(x, w)
        return binary("prelu", BINARY.get("prelu"), lambda a, b: np.where(a > 0, a, a * b), x, w)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        x, w = ctx.saved_tensors
        positive = x > 0
        dx = where(positive, dy, dy * w) if ctx.needs_input_grad[0] else None
        return dx, (dy * x).masked_fill(positive, 0) if ctx.needs_input_grad[1] else None


@method()
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`input` where it is positive, `weight * input` elsewhere: leaky relu with a slope that is learned.

    Shape:
        input: (N, C, *); weight: (1,) or (C,); output: (N, C, *).
    Raises:
        RuntimeError: `weight` has another number of elements.
    Source: He et al. 2015, arXiv:1502.01852.
    Example:
        >>> prelu(rushlight.tensor([[-1.0, 2.0]]), rushlight.tensor([0.5, 0.5]))
        tensor([[-0.5000,  2.0000]])
    """
    require_tensor("prelu", input)
    require_tensor("prelu", weight, "weight")
    shape = input._array.shape
    channels = shape[1] if len(shape) > 1 else 1
    n = weight._array.size
    if weight._array.ndim > 1:
        raise RuntimeError(f"prelu: weight must have 0 or 1 dims, got {weight._array.ndim}")
    if n not in (1, channels):
        raise RuntimeError(
            f"prelu: weight must have 1 element or input's number of channels, {channels}, got {n}"
        )
    if input.dtype is not weight.dtype:
        raise RuntimeError(f"prelu: weight must have input's dtype {input.dtype}, got {weight.dtype}")
    if n > 1:
        weight = weight.reshape((1, n) + (1,) * (len(shape) - 2))  # type: ignore[attr-defined]
    elif weight._array.ndim and not shape:
        weight = weight.reshape(())  # type: ignore[attr-defined]
    return PreluKernelBackward0.apply(input, weight)


class RreluWithNoiseBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, noise: Tensor) -> Tensor:
        ctx.save_for_backward(noise)
        return binary("rrelu", BINARY.get("mul"), np.multiply, x, noise)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        (noise,) = ctx.saved_tensors
        return dy * noise, None


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """Leaky relu whose slope is drawn from [lower, upper) for each element; their mean when not `training`.

    Source: Xu et al. 2015, arXiv:1505.00853.
    Example:
        >>> rrelu(rushlight.tensor([-24.0, 1.0]))
        tensor([-5.5000,  1.0000])
    """
    require_tensor("rrelu", input)
    if lower > upper:
        raise RuntimeError(f"rrelu: lower must not be greater than upper, got {lower} and {upper}")
    x = input._array
    under = x <= 0 if training else ~(x > 0)  # NaN: as leaky_relu has it
    slopes = np.ones(x.shape, x.dtype)
    if training:
        drawn = wrap(np.empty(int(under.sum()), np.float64)).uniform_(lower, upper)  # type: ignore[attr-defined]
        slopes[under] = drawn._array
    else:
        slopes[under] = (lower + upper) / 2
    y = RreluWithNoiseBackward0.apply(input, wrap(slopes))
    if inplace:
        from ..autograd.inplace import assign

        check_inplace(input, "rrelu_")
        return assign(input, y, "rrelu_")
    return y


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """In-place `rrelu`."""
    return rrelu(input, lower, upper, training, True)


# -- exponential units --------------------------------------------------------------------------------------------
def _np_elu(a: np.ndarray, alpha: float, scale: float, input_scale: float) -> np.ndarray:
    low = np.expm1(np.minimum(a, 0) * np.asarray(input_scale, a.dtype)) * np.asarray(alpha * scale, a.dtype)
    return np.where(a > 0, a * np.asarray(scale, a.dtype), low)


def _elu_derivative(dy: Tensor, x: Tensor, alpha: float, scale: float, input_scale: float) -> Tensor:
    low = (x.clamp(max=0) * input_scale).exp() * (alpha * scale * input_scale)  # type: ignore[attr-defined]
    return where(x > 0, dy * scale, dy * low)


_Elu = _node("EluBackward0", "elu", _np_elu, _elu_derivative, "elu_b")
_Celu = _node("CeluBackward0", "celu", _np_elu, _elu_derivative, "elu_b", kernel="elu")

# Such that zero mean and unit variance are a fixed point; Klambauer et al. 2017, arXiv:1706.02515, appendix.
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`input` where it is positive, `alpha * (exp(input) - 1)` elsewhere.

    Source: Clevert et al. 2015, arXiv:1511.07289.
    Example:
        >>> elu(rushlight.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """
    return _apply(_Elu, input, inplace, alpha, 1.0, 1.0)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place `elu`."""
    return elu(input, alpha, True)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`scale * elu(input, alpha)` with the two numbers that make networks normalize themselves.

    Source: Klambauer et al. 2017, arXiv:1706.02515.
    Example:
        >>> selu(rushlight.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])
    """
    return _apply(_Elu, input, inplace, SELU_ALPHA, SELU_SCALE, 1.0)


def selu_(input: Tensor) -> Tensor:
    """In-place `selu`."""
    return selu(input, True)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`input` where it is positive, `alpha * (exp(input / alpha) - 1)` elsewhere.

    Raises:
        RuntimeError: `alpha` is 0.
    Source: Barron 2017, arXiv:1704.07483.
    Example:
        >>> celu(rushlight.tensor([-1.0, 2.0]), alpha=2.0)
        tensor([-0.7869,  2.0000])
    """
    if alpha == 0:
        raise RuntimeError("celu: alpha must not be 0 (ZeroDivisionError), got 0")
    return _apply(_Celu, input, inplace, alpha, 1.0, 1.0 / alpha)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place `celu`."""
    return celu(input, alpha, True)


# -- smooth units -------------------------------------------------------------------------------------------------
def _np_softplus(a: np.ndarray, beta: float, at: float) -> np.ndarray:
    z = a * np.asarray(beta, a.dtype)
    return np.where(z > at, a, np.log1p(np.exp(np.minimum(z, at))) / np.asarray(beta, a.dtype))


_Softplus = _node(
    "SoftplusBackward0",
    "softplus",
    _np_softplus,
    lambda dy, x, beta, at: where(x * beta > at, dy, dy * sigmoid(x * beta)),
    "softplus_b",
)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """`log(1 + exp(beta * input)) / beta`, a smooth relu; `input` itself where `beta * input > threshold`.

    Example:
        >>> softplus(rushlight.tensor([0.0, 30.0]))
        tensor([ 0.6931, 30.0000])
    """
    return _apply(_Softplus, input, False, beta, threshold)


_LogSigmoid = _node(
    "LogSigmoidBackward0",
    "logsigmoid",
    lambda a: np.minimum(a, 0) - np.log1p(np.exp(-np.abs(a))),
    lambda dy, x: dy * sigmoid(-x),
    "logsigmoid_b",
    numbers=lambda: None,
)


def logsigmoid(input: Tensor) -> Tensor:
    """`log(sigmoid(input))`, without underflow.

    Example:
        >>> logsigmoid(rushlight.tensor([0.0, -100.0]))
        tensor([  -0.6931, -100.0000])
    """
    return _apply(_LogSigmoid, input, False)


def _np_gelu(a: np.ndarray) -> np.ndarray:
    half = np.asarray(0.5, a.dtype)
    return a * np_erfc(a * np.asarray(-math.sqrt(0.5), a.dtype)) * half


def _gelu_derivative(dy: Tensor, x: Tensor) -> Tensor:
    cdf = ((x * math.sqrt(0.5)).erf() + 1) * 0.5  # type: ignore[attr-defined]
    density = (x * x * -0.5).exp() * (1 / math.sqrt(2 * math.pi))  # type: ignore[attr-defined]
    return dy * (cdf + x * density)


# tanh(z) = 2 sigmoid(2z) - 1, so (1 + tanh(z)) / 2 = sigmoid(2z).
_GELU_TANH = 2 * math.sqrt(2 / math.pi)


def _gelu_tanh_derivative(dy: Tensor, x: Tensor) -> Tensor:
    g = sigmoid((x + x * x * x * 0.044715) * _GELU_TANH)
    slope = (x * x * (3 * 0.044715) + 1) * _GELU_TANH
    return dy * (g + x * g * (1 - g) * slope)


_Gelu = _node("GeluBackward0", "gelu", _np_gelu, _gelu_derivative, "gelu_b", numbers=lambda: None)
_GeluTanh = _node(
    "GeluBackward0",
    "gelu",
    lambda a: (
        a * np_sigmoid((a + a * a * a * np.asarray(0.044715, a.dtype)) * np.asarray(_GELU_TANH, a.dtype))
    ),
    _gelu_tanh_derivative,
    "gelu_tanh_b",
    kernel="gelu_tanh",
    numbers=lambda: None,
)


def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """`input * Phi(input)`, Phi being the normal distribution function.

    Args:
        approximate: 'none', or 'tanh' for `input / 2 * (1 + tanh(sqrt(2/pi) * (input + 0.044715 * input**3)))`.
    Raises:
        RuntimeError: `approximate` is another.
    Source: Hendrycks and Gimpel 2016, arXiv:1606.08415.
    Example:
        >>> gelu(rushlight.tensor([-1.0, 0.0, 2.0]))
        tensor([-0.1587,  0.0000,  1.9545])
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    return _apply(_Gelu if approximate == "none" else _GeluTanh, input, False)


def _silu_derivative(dy: Tensor, x: Tensor) -> Tensor:
    g = sigmoid(x)
    return dy * (g * (1 + x * (1 - g)))


_Silu = _node(
    "SiluBackward0", "silu", lambda a: a * np_sigmoid(a), _silu_derivative, "silu_b", numbers=lambda: None
)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """`input * sigmoid(input)`, also called swish.

    Source: Ramachandran et al. 2017, arXiv:1710.05941.
    Example:
        >>> silu(rushlight.tensor([-1.0, 2.0]))
        tensor([-0.2689,  1.7616])
    """
    if isinstance(input, TensorBase) and input._array.dtype.kind == "c":
        y = input * sigmoid(input)
        return input.copy_(y) if inplace else y  # type: ignore[attr-defined]
    return _apply(_Silu, input, inplace)


def _np_mish(a: np.ndarray) -> np.ndarray:
    e = np.exp(np.minimum(a, 20))
    n = e * (e + 2)
    return a * (n / (n + 2))  # n / (n + 2) = tanh(log(1 + e**a))


def _mish_derivative(dy: Tensor, x: Tensor) -> Tensor:
    g = tanh(softplus(x))
    return dy * (g + x * sigmoid(x) * (1 - g * g))


_Mish = _node("MishBackward0", "mish", _np_mish, _mish_derivative, "mish_b", numbers=lambda: None)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """`input * tanh(softplus(input))`.

    Source: Misra 2019, arXiv:1908.08681.
    Example:
        >>> mish(rushlight.tensor([-1.0, 2.0]))
        tensor([-0.3034,  1.9440])
    """
    return _apply(_Mish, input, inplace)


# -- piecewise linear units ---------------------------------------------------------------------------------------
_Hardtanh = _node(
    "HardtanhBackward0",
    "hardtanh",
    lambda a, low, high: np.minimum(np.maximum(a, np.asarray(low, a.dtype)), np.asarray(high, a.dtype)),
    lambda dy, x, low, high: dy.masked_fill(~((x > low) & (x < high)), 0),
    "hardtanh_b",
)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """`input` clamped to [min_val, max_val]. Its gradient is 0 at the ends.

    Raises:
        ValueError: `min_val > max_val`.
    Example:
        >>> hardtanh(rushlight.tensor([-3.0, 0.5]))
        tensor([-1.0000,  0.5000])
    """
    require_tensor("hardtanh", input)
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val must not be greater than max_val, got {min_val} and {max_val}")
    if isinstance(input, TensorBase) and input._array.dtype.kind in "biu":
        d = _integer("hardtanh", input)
        min_val, max_val = int(min_val), int(max_val)
        if not d.is_signed and min_val < 0:
            raise RuntimeError(f"hardtanh: min_val must not be negative for {d}, got {min_val}")
        low, high = number(min_val, d, "hardtanh", "min_val"), number(max_val, d, "hardtanh", "max_val")
        y = wrap(np.minimum(np.maximum(input._array, low), high))
        return into(input, y) if inplace else y
    return _apply(_Hardtanh, input, inplace, min_val, max_val)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """In-place `hardtanh`."""
    return hardtanh(input, min_val, max_val, True)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """`min(max(0, input), 6)`.

    Example:
        >>> relu6(rushlight.tensor([-1.0, 7.0]))
        tensor([0., 6.])
    """
    return hardtanh(input, 0.0, 6.0, inplace)


_Hardsigmoid = _node(
    "HardsigmoidBackward0",
    "hardsigmoid",
    lambda a: np.minimum(np.maximum(a + 3, 0), 6) / 6,
    lambda dy, x: (dy / 6).masked_fill(~((x > -3) & (x < 3)), 0),
    "hardsigmoid_b",
    numbers=lambda: None,
)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """0 below -3, 1 above 3, `input / 6 + 1 / 2` between.

    Example:
        >>> hardsigmoid(rushlight.tensor([-4.0, 0.0, 1.5]))
        tensor([0.0000, 0.5000, 0.7500])
    """
    return _apply(_Hardsigmoid, input, inplace)


_Hardswish = _node(
    "HardswishBackward0",
    "hardswish",
    lambda a: a * np.minimum(np.maximum(a + 3, 0), 6) / 6,
    lambda dy, x: where(x >= 3, dy, dy * (x / 3 + 0.5)).masked_fill(x <= -3, 0),
    "hardswish_b",
    numbers=lambda: None,
)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """`input * hardsigmoid(input)`.

    Source: Howard et al. 2019, arXiv:1905.02244.
    Example:
        >>> hardswish(rushlight.tensor([-4.0, 0.0, 1.5]))
        tensor([-0.0000,  0.0000,  1.1250])
    """
    return _apply(_Hardswish, input, inplace)


_Hardshrink = _node(
    "HardshrinkBackward0",
    "hardshrink",
    lambda a, at: np.where((a >= -at) & (a <= at), np.zeros((), a.dtype), a),
    lambda dy, x, at: dy.masked_fill(~((x < -at) | (x > at)), 0),
    "hardshrink_b",
)


@method()
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """0 where `|input| <= lambd`, `input` elsewhere.

    Example:
        >>> hardshrink(rushlight.tensor([-0.3, 1.0]))
        tensor([0., 1.])
    """
    return _apply(_Hardshrink, input, False, lambd)


_Softshrink = _node(
    "SoftshrinkBackward0",
    "softshrink",
    lambda a, at: np.where(
        a > at, a - np.asarray(at, a.dtype), np.where(a < -at, a + np.asarray(at, a.dtype), a * 0)
    ),
    lambda dy, x, at: dy.masked_fill(~((x < -at) | (x > at)), 0),
    "hardshrink_b",
)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """`input` moved towards 0 by `lambd`, 0 where it is closer.

    Raises:
        RuntimeError: `lambd` is negative.
    Example:
        >>> softshrink(rushlight.tensor([-0.3, 1.0]))
        tensor([-0.0000,  0.5000])
    """
    if lambd < 0:
        raise RuntimeError(f"softshrink: lambd must not be negative, got {lambd}")
    return _apply(_Softshrink, input, False, lambd)


# -- by composition -----------------------------------------------------------------------------------------------
def tanhshrink(input: Tensor) -> Tensor:
    """`input - tanh(input)`.

    Example:
        >>> tanhshrink(rushlight.tensor([2.0]))
        tensor([1.0360])
    """
    return input - tanh(input)  # type: ignore[operator]


def softsign(input: Tensor) -> Tensor:
    """`input / (1 + |input|)`.

    Example:
        >>> softsign(rushlight.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """
    require_tensor("softsign", input)
    return input / (input.abs() + 1)  # type: ignore[attr-defined,operator]


class GluBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int) -> Tensor:
        ctx.dim = dim
        ctx.save_for_backward(x)
        a, b = x.chunk(2, dim)  # type: ignore[attr-defined]
        work = work_dtype(x.dtype)
        return (a.to(work) * sigmoid(b.to(work))).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        from .join import cat

        (x,) = ctx.saved_tensors
        a, b = x.chunk(2, ctx.dim)
        g = sigmoid(b)
        da = dy * g
        return cat((da, da * a * (1 - g)), ctx.dim), None


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along `dim` times the sigmoid of the second half.

    Raises:
        RuntimeError: the dim has an odd size.
    Source: Dauphin et al. 2016, arXiv:1612.08083.
    Example:
        >>> glu(rushlight.tensor([1.0, 2.0, 0.0, 0.0]))
        tensor([0.5000, 1.0000])
    """
    require_tensor("glu", input)
    if not input._array.ndim:
        raise RuntimeError("glu: input must have at least one dim, got a 0-d tensor")
    dim = wrap_dim(dim, input._array.ndim, "glu")
    if input._array.shape[dim] % 2:
        raise RuntimeError(
            f"glu: input must have an even size along dim {dim}, got {input._array.shape[dim]}"
        )
    return GluBackward0.apply(input, dim)
