"""Limiting gradients before an optimizer's step."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from ...tensor import Tensor, wrap

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]


def _gradients(parameters: Any) -> list[Tensor]:
    if isinstance(parameters, Tensor):
        parameters = [parameters]
    elif not isinstance(parameters, Iterable):
        raise TypeError(
            f"clip_grad: parameters must be a Tensor or an iterable of them, got {type(parameters).__name__}"
        )
    return [p.grad for p in parameters if p.grad is not None]


def _norm(array: np.ndarray, p: float) -> float:
    """The p-norm of an array's elements."""
    if array.dtype.itemsize < 4:
        array = array.astype(np.float32)
    flat = array.ravel(order="K")
    if p == 2:
        square = float(np.vdot(flat, flat).real)
        if math.isfinite(square):
            return math.sqrt(square)
        return float(np.linalg.norm(flat.astype(np.float64)))
    return float(np.linalg.norm(flat, p))


def get_total_norm(
    tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The p-norm of all the tensors' elements together.

    Args:
        tensors: A Tensor or an iterable of them.
        norm_type: The p; infinity is the largest absolute value.
        error_if_nonfinite: Raise RuntimeError when it is NaN or infinite.
        foreach: Taken and not needed.
    Example:
        >>> nn.utils.get_total_norm([torch.tensor([3.0]), torch.tensor([4.0])])
        tensor(5.)
    """
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    norm_type = float(norm_type)
    if not tensors:
        return wrap(np.asarray(0.0, np.float32))
    norms = np.array([_norm(t._array, norm_type) for t in tensors])
    total = _norm(norms, norm_type)
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(
            f"get_total_norm: the total norm of order {norm_type} must be finite, got {total}; to go on all the same, set "
            "`error_if_nonfinite=False`"
        )
    dtype = tensors[0]._array.real.dtype
    for t in tensors[1:]:
        if t._array.dtype.itemsize > dtype.itemsize:
            dtype = t._array.real.dtype
    return wrap(np.asarray(total, dtype))


def clip_grads_with_norm_(
    parameters: Any, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale all gradients by max_norm / (total_norm + 1e-6), where that is below 1.

    Args:
        parameters: A Tensor or an iterable of them, whose `.grad` is changed.
        max_norm: Largest norm wanted.
        total_norm: The norm they have, from `get_total_norm`.
        foreach: Taken and not needed.
    """
    scale = float(max_norm) / (float(total_norm) + 1e-6)
    if scale >= 1.0:
        return
    for g in _gradients(parameters):
        g.detach().mul_(scale)


def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients so that their common norm is at most `max_norm`; in place.

    Args:
        parameters: A Tensor or an iterable of them, whose `.grad` is changed.
        max_norm: Largest norm.
        norm_type: The p of the norm. Default 2.
        error_if_nonfinite: Raise RuntimeError when the norm is NaN or infinite.
        foreach: Taken and not needed.

    Returns:
        The norm before clipping.

    Example:
        >>> p = nn.Parameter(torch.zeros(2))
        >>> p.grad = torch.tensor([3.0, 4.0])
        >>> nn.utils.clip_grad_norm_(p, 1.0)
        tensor(5.)
        >>> p.grad
        tensor([0.6000, 0.8000])
    """
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_norm(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """`clip_grad_norm_` under its older name."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Limit every element of every gradient to [-clip_value, clip_value]; in place.

    Args:
        parameters: A Tensor or an iterable of them, whose `.grad` is changed.
        clip_value: Largest absolute value.
        foreach: Taken and not needed.
    """
    value = float(clip_value)
    if value < 0:
        raise RuntimeError(f"clip_grad_value_: clip_value must not be negative, got {clip_value}")
    for g in _gradients(parameters):
        g.detach().clamp_(-value, value)
