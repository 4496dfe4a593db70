"""Losses element by element, with kernels; what all losses share. Others: `cross_entropy.py`, `margin.py`."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.function import composed_vjp
from ..errors import warn, wrap_dim
from ..kernels import _C, usable
from ..tensor import Tensor
from .elementwise import refuse, require_tensor
from .promotion import result_type
from .shape import broadcast_shapes

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "smooth_l1_loss",
]

CODES = {"none": 0, "mean": 1, "sum": 2}


# -- reductions ---------------------------------------------------------------------------------------
def reduction_of(
    function: str, reduction: str, size_average: bool | None = None, reduce: bool | None = None
) -> str:
    """The reduction asked for, also by the two arguments that `reduction` replaced."""
    if size_average is not None or reduce is not None:
        averaged = size_average is None or size_average
        reduction = "none" if reduce is False else "mean" if averaged else "sum"
        warn(f"{function}: size_average and reduce are deprecated; use reduction='{reduction}' instead")
    if reduction not in CODES:
        raise ValueError(
            f"{function}: reduction must be 'none', 'mean' or 'sum', got {reduction!r}: not a valid value for reduction"
        )
    return reduction


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The loss of every element, their mean or their sum."""
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()


def common_shape(function: str, **tensors: Tensor) -> tuple[int, ...]:
    """The shape that two tensors broadcast to; their names are for the error."""
    (first, a), (second, b) = tensors.items()
    try:
        return broadcast_shapes(a._array.shape, b._array.shape)
    except RuntimeError:
        raise RuntimeError(
            f"{function}: {first} and {second} must have shapes that broadcast together, got {list(a._array.shape)} and "
            f"{list(b._array.shape)} (size mismatch at a non-singleton dimension)"
        ) from None


def named(base: type, *names: str) -> dict[str, type]:
    """Subclasses of a node by the names PyTorch prints."""
    return {n: type(n, (base,), {"__module__": __name__, "__doc__": base.__doc__}) for n in names}


# -- element by element -------------------------------------------------------------------------------
class _Point(Function):
    """A loss of pairs of elements, and its reduction, in one pass."""

    @staticmethod
    def forward(
        ctx: Any, x: Any, t: Any, w: Any, positive: Any, kind: Any, parameter: Any, reduction: Any
    ) -> Any:
        n = x._array.size
        ctx.scale = None if reduction == "none" else 1.0 if reduction == "sum" else 1 / n if n else math.nan
        ctx.save_for_backward(x, t, w, positive)
        ctx.options = kind, parameter, reduction
        return _C.point_loss(_KINDS[kind], x, t, w, positive, parameter, ctx.scale)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        inputs = x, t, w, positive = ctx.saved_tensors
        kind, parameter, reduction = ctx.options
        need = ctx.needs_input_grad
        if is_grad_enabled() or need[2] or need[3] or (need[1] and kind not in _SYMMETRIC):
            grads = composed_vjp(lambda *i: reduced(_FORMULAS[kind](*i, parameter), reduction), dy, inputs)  # type: ignore[call-arg]
        else:
            dx = _C.point_loss_backward(_KINDS[kind], dy, x, t, w, positive, parameter, ctx.scale)
            grads = dx if need[0] else None, -dx if need[1] else None, None, None
        return (*grads, None, None, None)


_KINDS = {"mse": 0, "l1": 1, "smooth_l1": 2, "huber": 3, "bce": 4, "bce_logits": 5, "kl": 6, "kl_log": 7}
_SYMMETRIC = ("mse", "l1", "smooth_l1", "huber")  # of x - t
_POINT = named(
    _Point,
    "MseLossBackward0",
    "SmoothL1LossBackward0",
    "HuberLossBackward0",
    "BinaryCrossEntropyBackward0",
    "BinaryCrossEntropyWithLogitsBackward0",
    "AbsBackward0",
    "MulBackward0",
    "SubBackward0",
    "MeanBackward0",
    "SumBackward0",
)


# The composed definitions: of input, target, weight, pos_weight and the parameter.
def _mse(x: Any, t: Any, w: Any, positive: Any, _: Any) -> Any:
    d = x - t
    return d * d


def _l1(x: Any, t: Any, w: Any, positive: Any, _: Any) -> Any:
    return (x - t).abs()


def _smooth_l1(x: Any, t: Any, w: Any, positive: Any, beta: Any) -> Any:
    d = (x - t).abs()
    return (d * d * (0.5 / beta)).where(d < beta, d - 0.5 * beta) if beta else d


def _huber(x: Any, t: Any, w: Any, positive: Any, delta: Any) -> Any:
    d = (x - t).abs()
    return (d * d * 0.5).where(d <= delta, delta * (d - 0.5 * delta))


def _bce(x: Any, t: Any, w: Any, positive: Any, _: Any) -> Any:
    loss = -(t * x.log().clamp(min=-100.0) + (1 - t) * (-x).log1p().clamp(min=-100.0))
    return loss if w is None else loss * w


def _bce_logits(x: Any, t: Any, w: Any, positive: Any, _: Any) -> Any:
    rest = (-x.abs()).exp().log1p() + (-x).clamp(min=0.0)
    loss = (1 - t) * x + (rest if positive is None else (1 + (positive - 1) * t) * rest)
    return loss if w is None else loss * w


def _kl(x: Any, t: Any, w: Any, positive: Any, _: Any) -> Any:
    return t.xlogy(t) - t * x


def _kl_log(x: Any, t: Any, w: Any, positive: Any, _: Any) -> Any:
    return t.exp() * (t - x)


_NAMES = {
    "mse": "mse_loss",
    "smooth_l1": "smooth_l1_loss",
    "huber": "huber_loss",
    "kl": "kl_div",
    "kl_log": "kl_div",
}
_FORMULAS = {
    "mse": _mse,
    "l1": _l1,
    "smooth_l1": _smooth_l1,
    "huber": _huber,
    "bce": _bce,
    "bce_logits": _bce_logits,
    "kl": _kl,
    "kl_log": _kl_log,
}


def _point(
    kind: str,
    names: str | dict,
    reduction: str,
    x: Tensor,
    t: Tensor,
    w: Tensor | None = None,
    positive: Tensor | None = None,
    parameter: float = 0.0,
) -> Tensor:
    """A loss of this kind: by its kernel where there is one for the dtypes, else composed."""
    if usable(x, t, w, positive):
        name = names if isinstance(names, str) else names[reduction]
        return _POINT[name].apply(x, t, w, positive, kind, parameter, reduction)  # type: ignore[attr-defined]
    if kind != "l1":
        refuse(_NAMES.get(kind, kind), result_type(x, t), "c")
    if x.dtype is not t.dtype and kind != "l1":
        d = result_type(x, t)
        x, t = x.to(d), t.to(d)  # type: ignore[attr-defined]
    half = (dtypes.float16, dtypes.bfloat16)
    if x.dtype in half and t.dtype is x.dtype:
        wide = (None if a is None else a.float() for a in (x, t, w, positive))
        return reduced(_FORMULAS[kind](*wide, parameter), reduction).to(x.dtype)  # type: ignore[call-arg]
    return reduced(_FORMULAS[kind](x, t, w, positive, parameter), reduction)


def _same_size(function: str, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Input and target in one shape. Broadcasting is allowed, with a warning."""
    a, b = input._array.shape, target._array.shape
    if a == b:
        return input, target
    shape = common_shape(function, input=input, target=target)
    warn(
        f"{function}: Using a target size ({list(b)}) that is different to the input size ({list(a)}): they are "
        "broadcast, which is seldom what is meant; give them the same size"
    )
    return input.expand(shape), target.expand(shape)


def _weighted(loss: Tensor, input: Tensor, weight: Tensor, reduction: str, function: str) -> Tensor:
    if weight._array.shape != input._array.shape:
        raise ValueError(
            f"{function}: weight must have the input's shape {list(input.shape)} (the same size), "
            f"got {list(weight.shape)}"
        )
    loss = loss * weight
    if reduction == "mean" and function != "huber_loss":
        return loss.sum() / weight.sum()
    return reduced(loss, reduction)


def _check_pair(function: str, input: Tensor, target: Tensor) -> None:
    if input.is_floating_point() or target.is_floating_point() or input.is_complex():
        return
    raise NotImplementedError(
        f"{function}: input and target must be of a floating-point dtype, got {input.dtype} and {target.dtype}"
    )


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The squared difference.

    Args:
        reduction: 'none', 'mean' or 'sum'.
        weight: A factor for each element; the mean is over these.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input, target: the same (others are broadcast, with a warning); output: a number, or with reduction
        'none' as input.
    Raises:
        RuntimeError: the shapes cannot be broadcast.
    Example:
        >>> mse_loss(rushlight.tensor([1.0, 2.0]), rushlight.tensor([0.0, 0.0]))
        tensor(2.5000)
    """
    reduction = reduction_of("mse_loss", reduction, size_average, reduce)
    _check_pair("mse_loss", input, target)
    input, target = _same_size("mse_loss", input, target)
    if weight is not None:
        each = _point("mse", "MseLossBackward0", "none", input, target)
        return _weighted(each, input, weight, reduction, "mse_loss")
    return _point("mse", "MseLossBackward0", reduction, input, target)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The absolute difference.

    Args:
        reduction: 'none', 'mean' or 'sum'.
        weight: A factor for each element; the mean is over these.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input, target: the same (others are broadcast, with a warning); output: a number, or with reduction
        'none' as input.
    Raises:
        RuntimeError: the shapes cannot be broadcast.
    Example:
        >>> l1_loss(rushlight.tensor([1.0, -2.0]), rushlight.tensor([0.0, 0.0]))
        tensor(1.5000)
    """
    require_tensor("l1_loss", input)
    require_tensor("l1_loss", target, "target")
    reduction = reduction_of("l1_loss", reduction, size_average, reduce)
    input, target = _same_size("l1_loss", input, target)
    names = {"none": "AbsBackward0", "mean": "MeanBackward0", "sum": "SumBackward0"}
    if weight is not None:
        return _weighted(_point("l1", names, "none", input, target), input, weight, reduction, "l1_loss")
    return _point("l1", names, reduction, input, target)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """The absolute difference d, rounded off below `beta`: d**2 / (2 beta) there, d - beta/2 above.

    Args:
        reduction: 'none', 'mean' or 'sum'.
        beta: Where the parabola ends, in units of the input. Default 1.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input, target: the same (others are broadcast, with a warning); output: a number, or with reduction
        'none' as input.
    Raises:
        RuntimeError: beta is negative.
    Source: Girshick 2015, arXiv:1504.08083, equation 3.
    Example:
        >>> smooth_l1_loss(rushlight.tensor([0.5, 2.0]), rushlight.tensor([0.0, 0.0]), reduction="none")
        tensor([0.1250, 1.5000])
    """
    require_tensor("smooth_l1_loss", input)
    require_tensor("smooth_l1_loss", target, "target")
    reduction = reduction_of("smooth_l1_loss", reduction, size_average, reduce)
    _check_pair("smooth_l1_loss", input, target)
    input, target = _same_size("smooth_l1_loss", input, target)
    if beta < 0:
        raise RuntimeError(
            f"smooth_l1_loss: beta must be at least 0 (negative values not supported), got {beta}"
        )
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    return _point("smooth_l1", "SmoothL1LossBackward0", reduction, input, target, parameter=float(beta))


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """Half the squared difference up to `delta`, and its tangent from there: delta (d - delta/2).

    Args:
        reduction: 'none', 'mean' or 'sum'.
        delta: Where the parabola ends, in units of the input. Default 1.
        weight: A factor for each element.
    Shape:
        input, target: the same (others are broadcast, with a warning); output: a number, or with reduction
        'none' as input.
    Raises:
        RuntimeError: delta is not positive.
    Source: Huber 1964, "Robust estimation of a location parameter".
    Example:
        >>> huber_loss(rushlight.tensor([0.5, 2.0]), rushlight.tensor([0.0, 0.0]), reduction="none")
        tensor([0.1250, 1.5000])
    """
    require_tensor("huber_loss", input)
    require_tensor("huber_loss", target, "target")
    reduction = reduction_of("huber_loss", reduction)
    _check_pair("huber_loss", input, target)
    input, target = _same_size("huber_loss", input, target)
    if delta <= 0:
        raise RuntimeError(
            f"huber_loss: delta must be above 0 (non-positive values not supported), got {delta}"
        )
    if weight is not None:
        each = _point("huber", "HuberLossBackward0", "none", input, target, parameter=float(delta))
        return _weighted(each, input, weight, reduction, "huber_loss")
    return _point("huber", "HuberLossBackward0", reduction, input, target, parameter=float(delta))


def _in_unit_interval(function: str, **tensors: Tensor) -> None:
    for name, t in tensors.items():
        array = t._array
        if array.size and not (array.min() >= 0 and array.max() <= 1):
            outside = array[~((array >= 0) & (array <= 1))]
            raise RuntimeError(
                f"{function}: all elements of {name} should be between 0 and 1, got {outside.flat[0]:g}"
            )


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log likelihood of targets in [0, 1] under probabilities; logarithms are at least -100.

    Args:
        input: Probabilities.
        weight: A factor for each element, of a shape that broadcasts.
        reduction: 'none', 'mean' or 'sum'.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input, target: the same; output: a number, or with reduction 'none' as input.
    Raises:
        RuntimeError: an element of input or target is not in [0, 1].
        ValueError: the shapes differ.
    Example:
        >>> binary_cross_entropy(rushlight.tensor([0.5]), rushlight.tensor([1.0]))
        tensor(0.6931)
    """
    require_tensor("binary_cross_entropy", input)
    require_tensor("binary_cross_entropy", target, "target")
    name = "binary_cross_entropy"
    reduction = reduction_of(name, reduction, size_average, reduce)
    if input._array.shape != target._array.shape:
        raise ValueError(
            f"{name}: target must have the input's shape {list(input.shape)}, got {list(target.shape)} "
            "(Using a target size that is different to the input size is not supported)"
        )
    _check_same_float(name, input, target)
    _in_unit_interval(name, input=input, target=target)
    if weight is not None:
        weight = _expanded(name, "weight", weight, input)
    return _point("bce", "BinaryCrossEntropyBackward0", reduction, input, target, weight)


def _check_same_float(function: str, input: Tensor, target: Tensor) -> None:
    if target._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"{function}: target must have the input's dtype, {input.dtype}, got {target.dtype}; use "
            f"target.to({input.dtype})"
        )


def _expanded(function: str, name: str, weight: Tensor, input: Tensor) -> Tensor:
    return weight.expand(common_shape(function, **{name: weight, "input": input}))


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of the sigmoid of `input`, without overflow or cancellation.

    Args:
        input: Logits.
        weight: A factor for each element, of a shape that broadcasts.
        reduction: 'none', 'mean' or 'sum'.
        pos_weight: A factor of the positive targets' part, of a shape that broadcasts.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input, target: the same; output: a number, or with reduction 'none' as input.
    Raises:
        ValueError: the shapes differ.
    Example:
        >>> binary_cross_entropy_with_logits(rushlight.tensor([0.0]), rushlight.tensor([1.0]))
        tensor(0.6931)
    """
    require_tensor("binary_cross_entropy_with_logits", input)
    require_tensor("binary_cross_entropy_with_logits", target, "target")
    name = "binary_cross_entropy_with_logits"
    reduction = reduction_of(name, reduction, size_average, reduce)
    if input._array.shape != target._array.shape:
        raise ValueError(
            f"{name}: target must have the input's shape {list(input.shape)} (Target size must be the same as input "
            f"size), got {list(target.shape)}"
        )
    if not target.is_floating_point():
        raise RuntimeError(
            f"{name}: target must be of a floating-point dtype (probabilities), got {target.dtype}; use target.float()"
        )
    if pos_weight is not None:
        pos_weight = _expanded(name, "pos_weight", pos_weight, input)
    if weight is not None:
        weight = _expanded(name, "weight", weight, input)
    shapes = {t._array.shape for t in (input, weight, pos_weight) if t is not None}
    if len(shapes) > 1:  # a weight of more dimensions
        shape = broadcast_shapes(*shapes)
        input, target = input.expand(shape), target.expand(shape)
        weight = None if weight is None else weight.expand(shape)
        pos_weight = None if pos_weight is None else pos_weight.expand(shape)
    node = "BinaryCrossEntropyWithLogitsBackward0"
    return _point("bce_logits", node, reduction, input, target, weight, pos_weight)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """The Kullback-Leibler divergence of `target` from log probabilities: target * (log(target) - input).

    Args:
        input: Log probabilities.
        target: Probabilities, or their logarithms with `log_target`.
        reduction: 'none', 'batchmean' (the definition: the sum over the batch size), 'mean' or 'sum'.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input, target: broadcast together; output: a number, or with reduction 'none' their shape.
    Example:
        >>> kl_div(rushlight.tensor([[-1.0, -1.0]]), rushlight.tensor([[1.0, 0.0]]), reduction="batchmean")
        tensor(1.)
    """
    require_tensor("kl_div", input)
    require_tensor("kl_div", target, "target")
    batch = reduction == "batchmean" and size_average is None and reduce is None
    reduction = reduction_of("kl_div", "sum" if batch else reduction, size_average, reduce)
    if reduction == "mean":
        warn(
            "kl_div: reduction: 'mean' divides the total loss by both the batch size and the support size; 'batchmean' "
            "divides by the batch size alone, as the definition says"
        )
    n = input.shape[wrap_dim(0, input.ndim, "kl_div")] if input.ndim else 1
    if input._array.shape != target._array.shape:
        shape = common_shape("kl_div", input=input, target=target)
        input, target = input.expand(shape), target.expand(shape)
    names = {
        "none": "MulBackward0" if log_target else "SubBackward0",
        "mean": "MeanBackward0",
        "sum": "SumBackward0",
    }
    loss = _point("kl_log" if log_target else "kl", names, reduction, input, target)
    return loss / n if batch else loss
