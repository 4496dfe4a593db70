"""Connectionist temporal classification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function
from ..autograd.function import once_differentiable
from ..tensor import Tensor, wrap
from .elementwise import require_tensor
from .loss import reduction_of

__all__ = ["ctc_loss"]


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Minus the log probability that a sequence of outputs spells the target, over all alignments.

    Args:
        log_probs: Log probabilities of the classes at each time, as of `log_softmax`. The gradient is that with
            respect to the logits behind them, as PyTorch's.
        targets: Class numbers, padded to one length, or one after the other.
        input_lengths, target_lengths: How much of each sequence counts.
        blank: The class that stands for no output.
        reduction: 'none', 'sum', or 'mean': each loss over its target's length, and their mean.
        zero_infinity: 0 in place of the infinite loss of a target that its input is too short for.
    Shape:
        log_probs: (T, N, C) or (T, C); targets: (N, S), (sum of target_lengths,) or (S,); the lengths: (N,) or
        (); output: a number, or (N,) or ().
    Raises:
        RuntimeError: lengths, classes or shapes do not fit.
    Source: Graves et al. 2006, "Connectionist temporal classification", section 4.
    Example:
        >>> logs = rushlight.full((2, 1, 2), 0.5).log()
        >>> ctc_loss(logs, rushlight.tensor([[1]]), (2,), (1,))
        tensor(0.2877)
    """
    require_tensor("ctc_loss", log_probs, "log_probs")
    name = "ctc_loss"
    reduction = reduction_of(name, reduction)
    if not log_probs.is_floating_point():
        raise RuntimeError(f"{name}: log_probs must be of a floating-point dtype, got {log_probs.dtype}")
    batched = log_probs.ndim == 3
    if not batched:
        if log_probs.ndim != 2:
            raise RuntimeError(
                f"{name}: log_probs must have 2 or 3 dimensions, (T, C) or (T, N, C), got {log_probs.ndim}"
            )
        log_probs, targets = log_probs.unsqueeze(1), targets.unsqueeze(0)
    times, n, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise RuntimeError(f"{name}: blank must be in label range [0, {classes}), got {blank}")
    inputs, lengths = _lengths(input_lengths), _lengths(target_lengths)
    for what, values in (("input_lengths", inputs), ("target_lengths", lengths)):
        if values.size != n:
            raise RuntimeError(f"{name}: {what} must be of size batch_size, {n}, got {values.size}")
        if values.size and values.min() < 0:
            raise RuntimeError(f"{name}: {what} must not be negative, got {values.min()}")
    if n and inputs.max() > times:
        raise RuntimeError(
            f"{name}: input_lengths must be at most {times}, the size of log_probs (Expected input_lengths to have value "
            f"at most {times}), got {inputs.max()}"
        )
    labels = _padded(name, targets, lengths, n)
    loss = CtcLossBackward0.apply(log_probs, labels, inputs, lengths, blank, zero_infinity)
    if zero_infinity:
        loss = loss.where(loss != float("inf"), loss.new_zeros(()))
    if reduction == "mean":
        return (loss / wrap(np.maximum(lengths, 1).astype(loss._array.dtype))).mean()
    if reduction == "sum":
        return loss.sum()
    return loss if batched else loss.squeeze(0)


def _lengths(value: Any) -> np.ndarray:
    array = value._array if isinstance(value, Tensor) else np.asarray(value)
    return array.astype(np.int64).reshape(-1)


def _padded(name: str, targets: Tensor, lengths: np.ndarray, n: int) -> np.ndarray:
    """The targets as (N, S) with what is past each length 0."""
    array = targets._array
    if targets.dtype.category > dtypes.INTEGER:
        raise RuntimeError(f"{name}: targets must be of an integer dtype, got {targets.dtype}")
    longest = int(lengths.max()) if n else 0
    labels = np.zeros((n, longest), np.int64)
    if array.ndim == 1:
        if array.size != lengths.sum():
            raise RuntimeError(
                f"{name}: targets must have {lengths.sum()} elements, the sum of target_lengths, got {array.size}"
            )
        starts = np.cumsum(lengths) - lengths
        for i in range(n):
            labels[i, : lengths[i]] = array[starts[i] : starts[i] + lengths[i]]
        return labels
    if array.ndim != 2 or array.shape[0] != n or array.shape[1] < longest:
        raise RuntimeError(
            f"{name}: targets must have size at least {longest} at dimension 1 and {n} at dimension 0 (Expected tensor to "
            f"have size at least {longest}), got {list(array.shape)}"
        )
    for i in range(n):
        labels[i, : lengths[i]] = array[i, : lengths[i]]
    return labels


class CtcLossBackward0(Function):
    """The forward variables, all sequences at a time; in backward the backward variables too."""

    @staticmethod
    def forward(
        ctx: Any, log_probs: Any, labels: Any, inputs: Any, lengths: Any, blank: Any, zero_infinity: Any
    ) -> Any:
        logs = log_probs._array
        wide = logs.astype(np.float64)
        extended, skip = _extend(labels, blank)
        ends = 2 * lengths
        alpha = _forward_variables(wide, extended, skip, ends)
        times, n = wide.shape[:2]
        each = np.arange(n)
        with np.errstate(divide="ignore"):
            if times:
                last = alpha[np.maximum(inputs, 1) - 1, each]
                final = last[each, ends]
                before = np.where(lengths > 0, last[each, np.maximum(ends - 1, 0)], -np.inf)
                loss = -np.logaddexp(final, before)
            else:
                loss = np.full(n, np.inf)
            loss = np.where(inputs == 0, np.where(lengths == 0, 0.0, np.inf), loss)
        ctx.save_for_backward(log_probs)
        ctx.kept = extended, skip, ends, inputs, blank, zero_infinity, alpha, loss
        return wrap(loss.astype(logs.dtype))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Any) -> Any:
        (log_probs,) = ctx.saved_tensors
        extended, skip, ends, inputs, _, zero_infinity, alpha, loss = ctx.kept
        wide = log_probs._array.astype(np.float64)
        times, n, _classes = wide.shape
        # Backward variables are forward variables of the sequence read from its end.
        beta = np.full_like(alpha, -np.inf)
        states = extended.shape[1]
        state = np.arange(states)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            for i in range(n):
                t, s = int(inputs[i]), int(ends[i]) + 1
                if not t:
                    continue
                part = _forward_variables(
                    wide[:t, i : i + 1][::-1],
                    extended[i : i + 1, :s][:, ::-1],
                    _reversed_skip(skip[i, :s])[None],
                    None,
                )
                beta[:t, i, :s] = part[::-1, 0, ::-1]
            picked = np.take_along_axis(wide, np.broadcast_to(extended, (times, n, states)), 2)
            counted = state <= ends[:, None]
            through = np.where(counted, np.exp(alpha + beta - picked + loss[:, None]), 0.0)
            grad = np.exp(wide)
            for k in range(states):  # states of the same class add up
                np.subtract.at(
                    grad,
                    (np.arange(times)[:, None], np.arange(n)[None], extended[None, :, k].repeat(times, 0)),
                    through[:, :, k],
                )
            grad *= dy._array[None, :, None]
        grad[np.arange(times)[:, None] >= inputs] = 0
        if zero_infinity:
            grad[:, np.isinf(loss)] = 0
        return wrap(grad.astype(log_probs._array.dtype)), None, None, None, None, None


def _extend(labels: np.ndarray, blank: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels with blanks between and around; and where a state may be reached from the last but one."""
    n, longest = labels.shape
    extended = np.full((n, 2 * longest + 1), blank, np.int64)
    extended[:, 1::2] = labels
    skip = np.zeros(extended.shape, bool)
    skip[:, 3::2] = labels[:, 1:] != labels[:, :-1]
    return extended, skip


def _reversed_skip(skip: np.ndarray) -> np.ndarray:
    """`skip` for the states in reverse: what s + 2 had from s, s has from s + 2."""
    turned = np.zeros_like(skip)
    turned[:-2] = skip[2:]
    return turned[::-1]


def _forward_variables(
    logs: np.ndarray, extended: np.ndarray, skip: np.ndarray, ends: np.ndarray | None
) -> np.ndarray:
    """log alpha of (time, sequence, state): equations 5 to 7."""
    times, n, _ = logs.shape
    states = extended.shape[1]
    alpha = np.full((times, n, states), -np.inf)
    if not times:
        return alpha
    emitted = np.take_along_axis(logs, np.broadcast_to(extended, (times, n, states)), 2)
    first = 2 if states > 1 else 1
    alpha[0, :, :first] = emitted[0, :, :first]
    if ends is not None and states > 1:
        alpha[0, ends == 0, 1:] = -np.inf
    with np.errstate(invalid="ignore", divide="ignore"):
        for t in range(1, times):
            before = alpha[t - 1]
            total = before.copy()
            total[:, 1:] = np.logaddexp(total[:, 1:], before[:, :-1])
            total[:, 2:] = np.where(skip[:, 2:], np.logaddexp(total[:, 2:], before[:, :-2]), total[:, 2:])
            alpha[t] = total + emitted[t]
    return alpha
