"""Cross-entropy and negative log likelihood."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.function import composed_vjp
from ..kernels import _C, usable
from ..tensor import Tensor
from .elementwise import not_a_tensor, require_tensor
from .loss import CODES, named, reduced, reduction_of
from .softmax import log_softmax

__all__ = [
    "cross_entropy",
    "nll_loss",
]


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
            x, target, weight, ignore, smoothing, CODES[reduction], ctx.needs_input_grad[0]
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
            dx = _C.cross_entropy_backward(dy, x, target, weight, lse, ignore, smoothing, CODES[reduction])
        elif (by := dy._array.item()) != 1:
            dx._array *= dx._array.dtype.type(by)
        return dx, None, None, None, None, None


_SOFT = named(NllLossBackward0, "AddBackward0", "DivBackward1", "NegBackward0")


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
        y, by = _C.nll(x, target, weight, ignore, CODES[reduction])
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
            dx = _C.nll_backward(dy, x, target, weight, ignore, CODES[reduction], by)
        return dx, None, None, None, None


_Nll = named(_NllLoss, "NllLossBackward0", "NllLoss2DBackward0")


def _nll(x: Any, target: Any, weight: Any, ignore: Any, reduction: Any) -> Any:
    """The composed definition."""
    dim = 0 if x.ndim == 1 else 1
    if x.ndim == 1 and target.ndim == 1:
        x, dim = x.unsqueeze(0), 1
    loss, by = _picked(x, target, weight, target != ignore, dim)
    return loss.sum() / by.sum() if reduction == "mean" else reduced(loss, reduction)
