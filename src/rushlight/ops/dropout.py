"""Dropout: random zeros, of elements or whole channels, plain and self-normalizing.

The masks are PyTorch's for the same seed: one draw for each element (or channel) in the order of memory, kept
where it is below 1 - p (`ops/random.py`, NOTE [Order of drawing]).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.inplace import inplace as change
from ..errors import warn
from ..kernels import usable
from ..random import default_generator
from ..stream import kernels
from ..tensor import Tensor, wrap
from .elementwise import not_a_tensor, require_tensor
from .random import in_memory_order

__all__ = [
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
    "feature_dropout",
]

_ALPHA = 1.7580993408473766  # SELU's value at minus infinity, negated: scale * alpha


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero elements with probability p and scale the others by 1 / (1 - p).

    Args:
        p: Probability of an element to be zeroed. Default 0.5.
        training: Otherwise the input is given back as it is.
        inplace: Change the input itself.
    Shape:
        input: any; output: the same.
    Raises:
        ValueError: p is not in [0, 1].
    Source: Hinton et al. 2012, arXiv:1207.0580.
    Example:
        >>> dropout(rushlight.ones(2), 0.5, training=False)
        tensor([1., 1.])
    """
    if not isinstance(input, TensorBase):
        raise not_a_tensor("dropout", input)
    return _run(_dropout, input, p, training, inplace, "dropout")


def _dropout(input: Tensor, p: float) -> Tensor:
    array = input._array
    if p == 1:
        return input * 0.0
    if usable(input) and array.flags.c_contiguous:
        return MulBackward0.apply(input, p)
    noise = _noise(np.empty_like(array), p)
    return input * noise


class MulBackward0(Function):
    """x * mask / (1 - p). The mask is kept as bytes."""

    @staticmethod
    def forward(ctx: Any, x: Any, p: Any) -> Any:
        y, kept = kernels.random_dropout(default_generator._state, x, p)
        ctx.save_for_backward(kept)
        ctx.p = p
        return y

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        (kept,) = ctx.saved_tensors
        if is_grad_enabled() or not usable(dy):
            return dy * (kept.to(dy.dtype) * (1 / (1 - ctx.p))), None
        return kernels.random_dropout_backward(dy, kept, ctx.p), None


def _noise(array: np.ndarray, p: float, scaled: bool = True) -> Tensor:
    """`array` filled with 0 and 1 / (1 - p) (or 1)."""
    view = in_memory_order(array)
    kept = kernels.random_mask(default_generator._state, view.shape, 1 - p)._array
    np.multiply(kept, array.dtype.type(1) / array.dtype.type(1 - p if scaled else 1), out=view)
    return wrap(array)


def _run(function: Any, input: Tensor, p: float, training: bool, inplace: bool, name: str) -> Tensor:
    """Checks, what is the same for all, and `function(input, p)`."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p must be in [0, 1] (dropout probability), got {p}")
    if not training or p == 0 or not input._array.size:
        return input
    if not input.is_floating_point() and not input.is_complex():
        raise RuntimeError(
            f"{name}: input must be of a floating-point dtype (result type Float can't be cast to it), got {input.dtype}"
        )
    return change(_named(function, name), input, p) if inplace else function(input, p)


def _named(function: Any, name: str) -> Any:
    def named(input: Tensor, p: float) -> Tensor:
        return function(input, p)

    named.__name__ = name
    return named


# -- whole channels -----------------------------------------------------------------------------------
def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Zero whole channels with probability p and scale the others by 1 / (1 - p).

    Shape:
        input: (N, C, *); output: the same.
    Raises:
        RuntimeError: `input` has fewer than 2 dimensions.
    Example:
        >>> feature_dropout(rushlight.ones(1, 2, 2), 0.5, False)
        tensor([[[1., 1.],
                 [1., 1.]]])
    """
    require_tensor("feature_dropout", input)
    return _run(_feature_dropout, input, p, train, False, "feature_dropout")


def _channels(input: Tensor) -> np.ndarray:
    """An array with an element for each channel of `input`."""
    if input.ndim < 2:
        raise RuntimeError(
            "dropout: Feature dropout requires at least 2 dimensions in the input, "
            f"got shape {list(input.shape)}"
        )
    return np.empty(input.shape[:2] + (1,) * (input.ndim - 2), input._array.dtype)


def _feature_dropout(input: Tensor, p: float) -> Tensor:
    if p == 1:
        return input * 0.0
    return input * _noise(_channels(input), p)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels with probability p and scale the others by 1 / (1 - p).

    Args:
        p: Probability of a channel to be zeroed. Default 0.5.
        training: Otherwise the input is given back as it is.
        inplace: Change the input itself.
    Shape:
        input: (N, C, L) or (C, L); output: the same.
    Raises:
        ValueError: p is not in [0, 1].
        RuntimeError: `input` is neither 2D nor 3D.
    Source: Tompson et al. 2014, arXiv:1411.4280, section 3.2.
    Example:
        >>> dropout1d(rushlight.ones(1, 2), 0.5, training=False)
        tensor([[1., 1.]])
    """
    require_tensor("dropout1d", input)
    _probability(p, "dropout1d")
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: input must be 2D or 3D, (C, L) or (N, C, L), got {input.ndim}D (shape {list(input.shape)})"
        )
    return _batched(input, 2, p, training, inplace, "dropout1d")


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels with probability p and scale the others by 1 / (1 - p).

    Args:
        p: Probability of a channel to be zeroed. Default 0.5.
        training: Otherwise the input is given back as it is.
        inplace: Change the input itself.
    Shape:
        input: (N, C, H, W), or (N, C, L) with a warning; output: the same.
    Raises:
        ValueError: p is not in [0, 1].
    Source: Tompson et al. 2014, arXiv:1411.4280, section 3.2.
    Example:
        >>> dropout2d(rushlight.ones(1, 1, 1, 2), 0.5, training=False)
        tensor([[[[1., 1.]]]])
    """
    require_tensor("dropout2d", input)
    _probability(p, "dropout2d")
    if input.ndim not in (3, 4):
        _warn("dropout2d", input, "3D or 4D")
    elif input.ndim == 3:
        warn(
            "dropout2d: Received a 3D input, whose channels are taken to be dimension 1, as in (N, C, L); use "
            "dropout1d for that, or unsqueeze(0) for (C, H, W) without a batch"
        )
    return _run(_feature_dropout, input, p, training, inplace, "dropout2d")


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels with probability p and scale the others by 1 / (1 - p).

    Args:
        p: Probability of a channel to be zeroed. Default 0.5.
        training: Otherwise the input is given back as it is.
        inplace: Change the input itself.
    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); output: the same.
    Raises:
        ValueError: p is not in [0, 1].
    Source: Tompson et al. 2014, arXiv:1411.4280, section 3.2.
    Example:
        >>> dropout3d(rushlight.ones(1, 1, 1, 1, 2), 0.5, training=False)
        tensor([[[[[1., 1.]]]]])
    """
    require_tensor("dropout3d", input)
    _probability(p, "dropout3d")
    if input.ndim not in (4, 5):
        _warn("dropout3d", input, "4D or 5D")
    return _batched(input, 4, p, training, inplace, "dropout3d")


def _batched(input: Tensor, single: int, p: float, training: bool, inplace: bool, name: str) -> Tensor:
    """With a batch dimension for a while, where the input (of `single` dimensions or other) has none."""
    alone = input.ndim == single if name == "dropout1d" else input.ndim != single + 1
    if not alone:
        return _run(_feature_dropout, input, p, training, inplace, name)
    if inplace:
        _run(_feature_dropout, input.unsqueeze(0), p, training, True, name)
        return input
    return _run(_feature_dropout, input.unsqueeze(0), p, training, False, name).squeeze(0)


def _probability(p: float, name: str) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p must be in [0, 1] (dropout probability), got {p}")


def _warn(name: str, input: Tensor, wanted: str) -> None:
    warn(f"{name}: Received a {input.ndim}D input; {wanted} are supported, and others will be an error")


# -- self-normalizing ---------------------------------------------------------------------------------
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout for SELU networks: dropped elements become its negative limit, and mean and variance are kept.

    Args:
        p: Probability of an element to be dropped. Default 0.5.
        training: Otherwise the input is given back as it is.
        inplace: Change the input itself.
    Shape:
        input: any; output: the same.
    Raises:
        ValueError: p is not in [0, 1].
    Source: Klambauer et al. 2017, arXiv:1706.02515, section "New dropout technique".
    Example:
        >>> alpha_dropout(rushlight.ones(2))
        tensor([1., 1.])
    """
    require_tensor("alpha_dropout", input)
    return _run(_alpha_dropout, input, p, training, inplace, "alpha_dropout")


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """`alpha_dropout` of whole channels.

    Args:
        p: Probability of a channel to be dropped. Default 0.5.
        training: Otherwise the input is given back as it is.
        inplace: Change the input itself.
    Shape:
        input: (N, C, *); output: the same.
    Raises:
        ValueError: p is not in [0, 1].
        RuntimeError: `input` has fewer than 2 dimensions.
    Source: Klambauer et al. 2017, arXiv:1706.02515.
    Example:
        >>> feature_alpha_dropout(rushlight.ones(1, 2))
        tensor([[1., 1.]])
    """
    require_tensor("feature_alpha_dropout", input)
    return _run(_feature_alpha_dropout, input, p, training, inplace, "feature_alpha_dropout")


def _alpha_dropout(input: Tensor, p: float) -> Tensor:
    return _alpha(input, p, np.empty_like(input._array))


def _feature_alpha_dropout(input: Tensor, p: float) -> Tensor:
    return _alpha(input, p, _channels(input))


def _alpha(input: Tensor, p: float, like: np.ndarray) -> Tensor:
    if p == 1:
        return input * 0.0
    # a x + b with the dropped at -alpha: mean 0 and variance 1 stay so (their equation for a and b).
    a = 1 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
    kept = _noise(like, p, scaled=False)._array
    shift = (kept - kept.dtype.type(1)) * kept.dtype.type(_ALPHA * a) + kept.dtype.type(_ALPHA * a * p)
    return input * wrap(kept * kept.dtype.type(a)) + wrap(shift)
