"""Losses with kernels: cross-entropy, negative log likelihood, and element-wise ones. Others are in `margin.py`."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.function import composed_vjp
from ..errors import warn, wrap_dim
from ..kernels import _C, usable
from ..tensor import Tensor
from .elementwise import not_a_tensor, refuse, require_tensor
from .promotion import result_type
from .shape import broadcast_shapes
from .softmax import log_softmax

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "smooth_l1_loss",
]

_CODES = {"none": 0, "mean": 1, "sum": 2}


# -- reductions ---------------------------------------------------------------------------------------
def reduction_of(
    function: str, reduction: str, size_average: bool | None = None, reduce: bool | None = None
) -> str:
    """The reduction asked for, also by the two arguments that `reduction` replaced."""
    if size_average is not None or reduce is not None:
        averaged = size_average is None or size_average
        reduction = "none" if reduce is False else "mean" if averaged else "sum"
        warn(f"{function}: size_average and reduce are deprecated; use reduction='{reduction}' instead")
    if reduction not in _CODES:
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


def _named(base: type, *names: str) -> dict[str, type]:
    """Subclasses of a node by the names PyTorch prints."""
    return {n: type(n, (base,), {"__module__": __name__, "__doc__": base.__doc__}) for n in names}


# -- cross-entropy ------------------------------------------------------------------------------------
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The negative logarithm of the probability that softmax of `input` gives the target class.

    The mean is over the weights of the targets that are not ignored (over samples, for probabilities).

    Args:
        input: Logits.
        target: Class numbers (int64 or uint8), or probabilities of the classes.
        weight: A factor for each class.
        ignore_index: A class number whose samples count for nothing.
        reduction: 'none', 'mean' or 'sum'.
        label_smoothing: How much of the target is spread over all classes, in [0, 1].
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input: (C,), (N, C) or (N, C, d1, ..., dk); target: input's without C, or the same; output: a number,
        or with reduction 'none' as a target of class numbers.
    Raises:
        IndexError: a class number is outside [0, C).
        RuntimeError: shapes, dtypes or label_smoothing are wrong.
        ValueError: the batch sizes differ.
    Example:
        >>> cross_entropy(rushlight.zeros(1, 2), rushlight.tensor([1]))
        tensor(0.6931)
    """
    if not isinstance(input, TensorBase):
        raise not_a_tensor("cross_entropy", input)
    if not isinstance(target, TensorBase):
        raise not_a_tensor("cross_entropy", target, "target")
    name = "cross_entropy"
    reduction = reduction_of(name, reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"{name}: label_smoothing must be between 0.0 and 1.0, got {label_smoothing}")
    _check_float(input, name)
    soft = target._array.shape == input._array.shape and input.ndim > 0
    if soft and not target.is_floating_point():
        raise RuntimeError(
            f"{name}: target must be of a floating point dtype where it gives class probabilities (it has the input's "
            f"shape), got {target.dtype}"
        )
    if soft:
        if ignore_index >= 0:
            raise RuntimeError(
                f"{name}: ignore_index is not supported for floating point target, got {ignore_index}"
            )
        _check_weight(name, weight, input.shape[0 if input.ndim == 1 else 1])
    else:
        target = _check_classes(name, input, target, weight, ignore_index)
    if (
        input.ndim <= 2
        and usable(input, weight, target if soft else None)
        and not (soft and target.requires_grad)
    ):
        node = NllLossBackward0
        if soft:
            node = _SOFT["DivBackward1" if reduction == "mean" else "NegBackward0"]  # type: ignore[assignment]
        elif label_smoothing:
            node = _SOFT["AddBackward0"]  # type: ignore[assignment]
        return node.apply(input, target, weight, ignore_index, float(label_smoothing), reduction)
    if input.dtype in (dtypes.float16, dtypes.bfloat16):
        target, weight = (  # type: ignore[assignment]
            t.float() if t is not None and t.is_floating_point() else t for t in (target, weight)
        )
        return _cross_entropy(input.float(), target, weight, ignore_index, label_smoothing, reduction).to(
            input.dtype
        )
    if input.ndim > 2 and not soft and not label_smoothing:
        return nll_loss(log_softmax(input, 1), target, weight, None, ignore_index, None, reduction)
    return _cross_entropy(input, target, weight, ignore_index, label_smoothing, reduction)


class NllLossBackward0(Function):
    """Cross-entropy of rows. The gradient is made with the loss, while the logits are in the cache."""

    @staticmethod
    def forward(
        ctx: Any, x: Any, target: Any, weight: Any, ignore: Any, smoothing: Any, reduction: Any
    ) -> Any:
        y, lse, ctx.dx = _C.cross_entropy(
            x, target, weight, ignore, smoothing, _CODES[reduction], ctx.needs_input_grad[0]
        )
        ctx.save_for_backward(x, target, weight, lse)
        ctx.options = ignore, smoothing, reduction
        return y

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, target, weight, lse = ctx.saved_tensors
        ignore, smoothing, reduction = ctx.options
        if is_grad_enabled():
            dx, *_ = composed_vjp(
                _cross_entropy,
                dy,
                (x, target, weight),
                ignore=ignore,
                smoothing=smoothing,
                reduction=reduction,
            )
            return dx, None, None, None, None, None
        # Given away once: whoever asks again (retain_graph) gets one of their own.
        dx, ctx.dx = ctx.dx, None
        if dx is None:
            dx = _C.cross_entropy_backward(dy, x, target, weight, lse, ignore, smoothing, _CODES[reduction])
        elif (by := dy._array.item()) != 1:
            dx._array *= dx._array.dtype.type(by)
        return dx, None, None, None, None, None


_SOFT = _named(NllLossBackward0, "AddBackward0", "DivBackward1", "NegBackward0")


def _cross_entropy(x: Any, target: Any, weight: Any, ignore: Any, smoothing: Any, reduction: Any) -> Any:
    """The composed definition."""
    dim = 0 if x.ndim == 1 else 1
    classes = x.shape[dim]
    logs = log_softmax(x, dim)
    per_class = None if weight is None else weight.reshape((-1,) + (1,) * (x.ndim - 1 - dim))
    if target.shape == x.shape:
        spread = target * (1 - smoothing) + smoothing / classes if smoothing else target
        each = -(logs * spread if per_class is None else logs * spread * per_class).sum(dim)
        return (
            each.sum() / (target.numel() / classes if classes and target.numel() else math.nan)
            if (reduction == "mean")
            else reduced(each, reduction)
        )
    kept = target != ignore
    loss, by = _picked(logs, target, weight, kept, dim)
    if smoothing:
        all_ = -(logs if per_class is None else logs * per_class).sum(dim)
        loss = (1 - smoothing) * loss + smoothing / classes * all_.where(kept, all_.new_zeros(()))
    return loss.sum() / by.sum() if reduction == "mean" else reduced(loss, reduction)


def _picked(logs: Any, target: Any, weight: Any, kept: Any, dim: Any) -> Any:
    """-weight * logs at the targets, 0 where ignored; and the weights."""
    safe = target.where(kept, target.new_zeros(()))
    loss = -logs.gather(dim, safe.unsqueeze(dim)).squeeze(dim)
    by = kept.to(logs.dtype)
    if weight is not None:
        by = by * weight.index_select(0, safe.reshape(-1)).reshape(safe.shape)
    return (loss * by).where(kept, logs.new_zeros(())), by


def _check_float(x: Tensor, function: str) -> None:
    if not x.is_floating_point():
        raise NotImplementedError(f"{function}: input must be of a floating-point dtype, got {x.dtype}")


def _check_weight(function: str, weight: Tensor | None, classes: int) -> None:
    if weight is not None and weight._array.shape != (classes,):
        raise RuntimeError(
            f"{function}: weight must have shape ({classes},), a value for each of {classes} classes, "
            f"got {weight._array.shape}"
        )


def _check_classes(
    function: str, input: Tensor, target: Tensor, weight: Tensor | None, ignore: int
) -> Tensor:
    """A target of class numbers, held against the input; as int64."""
    have, want = target._array.shape, input._array.shape
    if not want:
        raise RuntimeError(f"{function}: input must have at least 1 dimension, the classes, got a 0-d tensor")
    if len(want) == 1:
        want, classes = (), want[0]  # type: ignore[misc]
        if have == (1,):
            want = (1,)
    else:
        classes, want = want[1], want[:1] + want[2:]
    if target.dtype not in (dtypes.int64, dtypes.uint8):
        raise RuntimeError(
            f"{function}: target must have dtype Long or Byte (torch.int64, torch.uint8) where it holds class numbers, "
            f"got {target.dtype} of shape {list(have)}"
        )
    if have != want:
        if len(have) == len(want) and have[0] != want[0]:
            raise ValueError(
                f"{function}: target must have the input's batch size, {want[0]}, got {have[0]} "
                f"(input {list(input._array.shape)}, target {list(have)})"
            )
        if len(want) < 2:
            raise RuntimeError(
                f"{function}: target must be 0D or 1D, of shape {want}, multi-target not supported, got {have}"
            )
        raise RuntimeError(f"{function}: target must have shape {want} (size mismatch), got {have}")
    _check_weight(function, weight, classes)
    if target.dtype is not dtypes.int64:
        target = target.to(dtypes.int64)
    bad = _bad_target(target, classes, ignore)
    if bad is not None:
        raise IndexError(
            f"{function}: target must be in [0, {classes}) or ignore_index, got {bad}: Target {bad} is out of bounds"
        )
    return target


def _bad_target(target: Tensor, classes: int, ignore: int) -> int | None:
    if _C is not None:
        return _C.bad_target(target, classes, ignore)
    array = target._array
    bad = array[((array < 0) | (array >= classes)) & (array != ignore)]
    return int(bad.flat[0]) if bad.size else None


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log likelihood: minus the input at the target class.

    Args:
        input: Log probabilities.
        target: Class numbers (int64 or uint8).
        weight: A factor for each class; the mean is over these.
        ignore_index: A class number whose samples count for nothing.
        reduction: 'none', 'mean' or 'sum'.
        size_average, reduce: Deprecated forms of `reduction`.
    Shape:
        input: (C,), (N, C) or (N, C, d1, ..., dk); target: input's without C; output: a number, or with
        reduction 'none' as the target.
    Raises:
        IndexError: a class number is outside [0, C).
        RuntimeError: shapes or dtypes are wrong.
        ValueError: the batch sizes differ.
    Example:
        >>> nll_loss(rushlight.tensor([[-1.0, -2.0]]), rushlight.tensor([1]))
        tensor(2.)
    """
    require_tensor("nll_loss", input)
    require_tensor("nll_loss", target, "target")
    reduction = reduction_of("nll_loss", reduction, size_average, reduce)
    _check_float(input, "nll_loss")
    target = _check_classes("nll_loss", input, target, weight, ignore_index)
    if usable(input, weight):
        node = _Nll["NllLossBackward0" if input.ndim <= 2 else "NllLoss2DBackward0"]
        return node.apply(input, target, weight, ignore_index, reduction)  # type: ignore[attr-defined]
    if input.dtype in (dtypes.float16, dtypes.bfloat16):  # summed in float32, rounded once
        wide = None if weight is None else weight.float()  # type: ignore[attr-defined]
        return _nll(input.float(), target, wide, ignore_index, reduction).to(input.dtype)  # type: ignore[attr-defined]
    return _nll(input, target, weight, ignore_index, reduction)


class _NllLoss(Function):
    """Negative log likelihood."""

    @staticmethod
    def forward(ctx: Any, x: Any, target: Any, weight: Any, ignore: Any, reduction: Any) -> Any:
        y, by = _C.nll(x, target, weight, ignore, _CODES[reduction])
        ctx.save_for_backward(x, target, weight)
        ctx.options = ignore, reduction, by
        return y

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, target, weight = ctx.saved_tensors
        ignore, reduction, by = ctx.options
        if is_grad_enabled():
            dx, *_ = composed_vjp(_nll, dy, (x, target, weight), ignore=ignore, reduction=reduction)
        else:
            by = by or math.inf  # nothing was kept: no gradient, as the loss is NaN without any
            dx = _C.nll_backward(dy, x, target, weight, ignore, _CODES[reduction], by)
        return dx, None, None, None, None


_Nll = _named(_NllLoss, "NllLossBackward0", "NllLoss2DBackward0")


def _nll(x: Any, target: Any, weight: Any, ignore: Any, reduction: Any) -> Any:
    """The composed definition."""
    dim = 0 if x.ndim == 1 else 1
    if x.ndim == 1 and target.ndim == 1:
        x, dim = x.unsqueeze(0), 1
    loss, by = _picked(x, target, weight, target != ignore, dim)
    return loss.sum() / by.sum() if reduction == "mean" else reduced(loss, reduction)


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
_POINT = _named(
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
