"""Softmax, its logarithm, and the logarithm of a sum of exponentials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..dtypes import dtype as Dtype
from ..errors import warn, wrap_dim, wrap_dims
from ..kernels import _C, usable
from ..tensor import Tensor, into, method, wrap
from .elementwise import require_tensor

__all__ = ["gumbel_softmax", "log_softmax", "logsumexp", "softmax", "softmin"]

_HALF = (dtypes.float16, dtypes.bfloat16)


@method()
def softmax(
    input: Tensor,
    dim: int | None = None,
    _stacklevel: int = 3,
    dtype: Dtype | None = None,
) -> Tensor:
    """Exponentials over their sum along `dim`: positive numbers that add up to 1.

    Args:
        dim: The dimension that is normalized. Leaving it out warns, and takes 0 for 0, 1 or 3 dims, else 1.
        dtype: Convert the input to it first.
    Shape:
        input: any; output: the same.
    Raises:
        IndexError: there is no such dimension.
    Example:
        >>> softmax(rushlight.tensor([0.0, 0.0]), 0)
        tensor([0.5000, 0.5000])
    """
    return _softmax(input, dim, dtype or _dtype_at(_stacklevel), False, "softmax")


@method()
def log_softmax(
    input: Tensor,
    dim: int | None = None,
    _stacklevel: int = 3,
    dtype: Dtype | None = None,
) -> Tensor:
    """The logarithm of `softmax`, computed without overflow or cancellation.

    Args:
        dim: The dimension that is normalized. Leaving it out warns, and takes 0 for 0, 1 or 3 dims, else 1.
        dtype: Convert the input to it first.
    Shape:
        input: any; output: the same.
    Raises:
        IndexError: there is no such dimension.
    Example:
        >>> log_softmax(rushlight.tensor([1000.0, 1000.0]), 0)
        tensor([-0.6931, -0.6931])
    """
    return _softmax(input, dim, dtype or _dtype_at(_stacklevel), True, "log_softmax")


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None
) -> Tensor:
    """`softmax` of the negated input.

    Args:
        dim: As in `softmax`.
        dtype: Convert the input to it first.
    Shape:
        input: any; output: the same.
    Example:
        >>> softmin(rushlight.tensor([0.0, 0.0]), 0)
        tensor([0.5000, 0.5000])
    """
    require_tensor("softmin", input)
    return _softmax(-input, dim, dtype, False, "softmin")


def _dtype_at(position: Any) -> Dtype | None:
    """Tensor.softmax(dim, dtype) has the dtype where the function has `_stacklevel`."""
    return position if isinstance(position, Dtype) else None


def _softmax(input: Tensor, dim: int | None, dtype: Dtype | None, log: bool, name: str) -> Tensor:
    if dim is None:
        warn(f"{name}: dim should be given; the implicit choice of a dimension is deprecated")
        dim = 0 if input.ndim in (0, 1, 3) else 1
    if dtype is not None and input.dtype is not dtype:
        input = input.to(dtype)
    dim = wrap_dim(dim, input._array.ndim, name)
    if usable(input):
        return (LogSoftmaxBackward0 if log else SoftmaxBackward0).apply(input, dim)
    if not input.is_floating_point() and not input.is_complex():
        raise NotImplementedError(
            f"{name}: input must be of a floating-point dtype, got {input.dtype}; convert it with .float()"
        )
    if input.dtype in _HALF:
        return _composed(input.float(), dim, log).to(input.dtype)
    return _composed(input, dim, log)


class SoftmaxBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, dim: Any) -> Any:
        y = _C.softmax(x, dim, False)
        ctx.save_for_backward(y)
        ctx.dim = dim
        return y

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        (y,) = ctx.saved_tensors
        if is_grad_enabled():
            return y * (dy - (dy * y).sum(ctx.dim, keepdim=True)), None
        return _C.softmax_backward(dy, y, ctx.dim, False), None


class LogSoftmaxBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, dim: Any) -> Any:
        y = _C.softmax(x, dim, True)
        ctx.save_for_backward(y)
        ctx.dim = dim
        return y

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        (y,) = ctx.saved_tensors
        if is_grad_enabled():
            return dy - y.exp() * dy.sum(ctx.dim, keepdim=True), None
        return _C.softmax_backward(dy, y, ctx.dim, True), None


def _composed(x: Tensor, dim: int, log: bool) -> Tensor:
    """The composed definition. Subtracting the maximum changes nothing but the range."""
    if x.ndim and not x.shape[dim]:
        return x * 1
    shifted = x - x.detach().amax(dim, keepdim=True)
    e = shifted.exp()
    total = e.sum(dim, keepdim=True)
    return (shifted - total.log() if log else e / total).contiguous()


@method()
def logsumexp(
    input: Tensor, dim: int | Sequence[int], keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """The logarithm of the sum of exponentials over `dim`, without overflow.

    Args:
        dim: One or more dimensions.
        keepdim: Keep them with size 1.
        out: Where to write the result.
    Shape:
        input: any; output: input's without `dim`.
    Raises:
        IndexError: there is no such dimension.
    Example:
        >>> logsumexp(rushlight.tensor([[1000.0, 1000.0]]), 1)
        tensor([1000.6932])
    """
    require_tensor("logsumexp", input)
    dims = wrap_dims(dim, input._array.ndim, "logsumexp")
    if not input.is_floating_point() and not input.is_complex():
        input = input.to(dtypes.get_default_dtype())
    if len(dims) == 1 and input._array.size and usable(input):
        y = LogsumexpBackward0.apply(input, dims[0], keepdim)
    elif input.dtype in _HALF:
        y = _logsumexp(input.float(), dims, keepdim).to(input.dtype)
    else:
        y = _logsumexp(input, dims, keepdim)
    return y if out is None else into(out, y)


class LogsumexpBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, dim: Any, keepdim: Any) -> Any:
        y = _C.logsumexp(x, dim, keepdim)
        ctx.save_for_backward(x, y)
        ctx.dim, ctx.keepdim = dim, keepdim
        return y

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, y = ctx.saved_tensors
        if is_grad_enabled():
            if not ctx.keepdim:
                dy, y = dy.unsqueeze(ctx.dim), y.unsqueeze(ctx.dim)
            return dy * (x - y).exp(), None, None
        return _C.logsumexp_backward(dy, x, y, ctx.dim), None, None


def _logsumexp(x: Tensor, dims: tuple, keepdim: bool) -> Tensor:
    """The composed definition. An infinite maximum is not subtracted: inf - inf would be NaN."""
    if not dims and not x.is_complex():  # a complex number's imaginary part is brought into (-pi, pi]
        return x * 1
    if not x.numel():
        return x.exp().sum(dims, keepdim=keepdim).log()
    parts = x.detach()
    most = (parts.real if parts.is_complex() else parts).amax(dims, keepdim=True)
    most = most.where(most.abs() != math.inf, most.new_zeros(()))
    total = (x - most).exp().sum(dims, keepdim=True).log() + most
    return total if keepdim else total.squeeze(dims)


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """A sample from the Gumbel-softmax distribution: `softmax((logits + noise) / tau)`.

    Args:
        logits: Log probabilities, not necessarily normalized.
        tau: Temperature; towards 0 the samples become one-hot. Default 1.
        hard: Give one-hot vectors, with the gradient of the soft sample.
        eps: Without effect, as in PyTorch.
        dim: The dimension of the classes.
    Shape:
        logits: any; output: the same.
    Source: Jang et al. 2016, arXiv:1611.01144, section 2.
    Example:
        >>> gumbel_softmax(rushlight.zeros(2, 3), hard=True).sum(-1)
        tensor([1., 1.])
    """
    require_tensor("gumbel_softmax", logits, "logits")
    noise: Any = wrap(np.empty(logits._array.shape, logits._array.dtype)).exponential_()
    soft = softmax((logits - noise.log()) / tau, dim)
    if not hard:
        return soft
    best = soft.argmax(dim, keepdim=True)
    return soft.detach().new_zeros(soft.shape).scatter(dim, best, 1.0) - soft.detach() + soft
