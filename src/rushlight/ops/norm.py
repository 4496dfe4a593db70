"""Normalisation: batch, group, instance, layer and RMS norm; local response norm; unit vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.function import composed_vjp
from ..errors import kind_of
from ..kernels import _C, usable
from ..tensor import Tensor, into
from .elementwise import not_a_tensor, require_tensor

__all__ = [
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "normalize",
    "rms_norm",
]

_HALF = (dtypes.float16, dtypes.bfloat16)


# -- batch norm ---------------------------------------------------------------------------------------
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel over the batch, then scale and shift.

    When training, by the batch's mean and (biased) variance, which also move the running statistics, the
    variance in its unbiased form; otherwise by the running statistics.

    Args:
        running_mean, running_var: Changed in place when training.
        momentum: The weight of the new value in the running statistics. Default 0.1.
        eps: Added to the variance, so in squared units of `input`. Default 1e-5.
    Shape:
        input: (N, C, *); the others: (C,); output: as input.
    Raises:
        ValueError: training with one value per channel.
        RuntimeError: a statistic or parameter is not of C values, or evaluation without statistics.
    Source: Ioffe and Szegedy 2015, arXiv:1502.03167, algorithms 1 and 2.
    Example:
        >>> x = rushlight.tensor([[1.0, 10.0], [3.0, 30.0]])
        >>> batch_norm(x, None, None, training=True)
        tensor([[-1.0000, -1.0000],
                [ 1.0000,  1.0000]])
    """
    if not isinstance(input, TensorBase):
        raise not_a_tensor("batch_norm", input)
    shape = input._array.shape
    _check_float(input, "batch_norm")
    if len(shape) == 1 and not shape[0]:
        return input * 1
    if len(shape) < 2:
        raise (IndexError if training and running_mean is None else RuntimeError)(
            f"batch_norm: input must have at least 2 dimensions (N, C, *), got shape {list(shape)}"
        )
    channels = shape[1]
    if training:
        if input._array.size == channels and channels:
            raise ValueError(
                "batch_norm: input must have more than 1 value per channel when training, got input size "
                f"{list(shape)}; use eval() or a larger batch"
            )
    elif running_mean is None or running_var is None:
        name = "running_mean" if running_mean is None else "running_var"
        raise RuntimeError(f"batch_norm: {name} must be defined in evaluation mode, got None")
    try:
        for name, t in (
            ("running_mean", running_mean),
            ("running_var", running_var),
            ("weight", weight),
            ("bias", bias),
        ):
            if t is not None and t._array.size != channels:
                raise RuntimeError(
                    f"batch_norm: {name} must have {channels} elements, one for each channel, got {t._array.size}"
                )
    except AttributeError:
        raise not_a_tensor("batch_norm", t, name) from None
    if not input._array.size:
        training = False
        if running_mean is None or running_var is None:
            return _affine(input * 1, weight, bias)
    if momentum is None:
        momentum = 0.0
    if training and not eps > 0:
        raise ValueError(f"batch_norm: eps must be positive during training, got {eps}")
    if usable(input, weight, bias, running_mean, running_var) and _plain(running_mean, running_var):
        y = NativeBatchNormBackward0.apply(
            input, weight, bias, running_mean, running_var, training, momentum, eps
        )
    elif _one_dtype(
        "batch_norm", input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    ):
        y = _batch_norm(input.float(), running_mean, running_var, weight, bias, training, momentum, eps)
        y = y.to(input.dtype)
    else:
        y = _batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if training:
        for t in (running_mean, running_var):
            if t is not None:
                t._bump()
    return y


class NativeBatchNormBackward0(Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Any,
        w: Any,
        b: Any,
        running_mean: Any,
        running_var: Any,
        training: Any,
        momentum: Any,
        eps: Any,
    ) -> Any:
        y, mean, rstd = _C.batch_norm(x, w, b, running_mean, running_var, training, momentum, eps)
        ctx.save_for_backward(x, w, b, mean, rstd)
        ctx.training, ctx.eps = training, eps
        return y

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, w, b, mean, rstd = ctx.saved_tensors
        if is_grad_enabled():
            given = (None, None) if ctx.training else (mean, rstd)
            dx, dw, db, *_ = composed_vjp(_normalize_channels, dy, (x, w, b, *given), eps=ctx.eps)
        else:
            want = ctx.needs_input_grad
            dx, dw, db = _C.batch_norm_backward(dy, x, w, mean, rstd, ctx.training, want[0], want[1], want[2])
        return dx, dw, db, None, None, None, None, None


def _batch_norm(
    x: Any, running_mean: Any, running_var: Any, w: Any, b: Any, training: Any, momentum: Any, eps: Any
) -> Any:
    """Any floating dtype, and without kernels."""
    if not training:
        rstd = (running_var.detach() + eps).rsqrt()
        return _normalize_channels(x, w, b, running_mean.detach(), rstd, eps)
    array = x._array
    axes = (0, *range(2, array.ndim))
    n = array.size // array.shape[1]
    for running, now in ((running_mean, np.mean), (running_var, np.var)):
        if running is not None:
            factor = n / max(n - 1, 1) if now is np.var else 1
            old = running._array
            old[...] = (1 - momentum) * old + momentum * factor * now(array, axis=axes)
    return _normalize_channels(x, w, b, None, None, eps)


def _normalize_channels(x: Any, w: Any, b: Any, mean: Any, rstd: Any, eps: Any) -> Any:
    """The composed definition: statistics over all dims but 1, unless they are given."""
    per_channel = (1, -1) + (1,) * (x.ndim - 2)
    if mean is None:
        dims = (0, *range(2, x.ndim))
        centered = x - x.mean(dims, keepdim=True)
        y = centered * ((centered * centered).mean(dims, keepdim=True) + eps).rsqrt()
    else:
        y = (x - mean.reshape(per_channel)) * rstd.reshape(per_channel)
    return _affine(y, w, b)


def _affine(y: Any, w: Any, b: Any) -> Any:
    per_channel = (1, -1) + (1,) * (y.ndim - 2)
    if w is not None:
        y = y * w.reshape(per_channel)
    return (y if b is None else y + b.reshape(per_channel)).contiguous()


def _plain(*running: Tensor | None) -> bool:
    """Whether kernels can write running statistics where they are."""
    return all(t is None or t._array.flags.carray for t in running)


def _check_float(x: Tensor, function: str) -> None:
    if not x.is_floating_point():
        raise NotImplementedError(
            f"{function}: input must be of a floating-point dtype, got {x.dtype}; convert it with .float()"
        )


# -- group norm ---------------------------------------------------------------------------------------
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each group of channels of each sample, then scale and shift by channel.

    Args:
        num_groups: Into how many groups of equal size the channels are cut.
        eps: Added to the variance, so in squared units of `input`. Default 1e-5.
    Shape:
        input: (N, C, *); weight, bias: (C,); output: as input.
    Raises:
        RuntimeError: the channels do not divide, or a parameter is not of C values.
        ValueError: a group has one value.
    Source: Wu and He 2018, arXiv:1803.08494, section 3.
    Example:
        >>> group_norm(rushlight.tensor([[[1.0, 3.0], [5.0, 9.0]]]), 2)
        tensor([[[-1.0000,  1.0000],
                 [-1.0000,  1.0000]]])
    """
    require_tensor("group_norm", input)
    shape = input._array.shape
    _check_float(input, "group_norm")
    if len(shape) < 2:
        raise RuntimeError(f"group_norm: input must have at least 2 dimensions (N, C, *), got {list(shape)}")
    if num_groups < 1:
        raise (ZeroDivisionError if num_groups == 0 else RuntimeError)(
            f"group_norm: num_groups must be at least 1, got {num_groups}"
        )
    channels = shape[1]
    if channels % num_groups:
        raise RuntimeError(
            f"group_norm: num_groups must divide the number of channels, {channels}, got {num_groups}"
        )
    _check_parameters("group_norm", (channels,), "the number of channels", weight=weight, bias=bias)
    if shape[0] * channels // num_groups == 1 and math.prod(shape[2:]) == 1:
        raise ValueError(
            "group_norm: input must have more than 1 value per group when training, got input size "
            f"{list(shape)}"
        )
    if usable(input, weight, bias):
        return NativeGroupNormBackward0.apply(input, weight, bias, num_groups, eps)
    if _one_dtype("group_norm", input, weight=weight, bias=bias):
        return _group_norm(input.float(), weight, bias, num_groups, eps).to(input.dtype)
    return _group_norm(input, weight, bias, num_groups, eps)


class NativeGroupNormBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, w: Any, b: Any, groups: Any, eps: Any) -> Any:
        y, mean, rstd, _ = _C.group_norm(x, w, b, groups, eps)
        ctx.save_for_backward(x, w, b, mean, rstd)
        ctx.groups, ctx.eps = groups, eps
        return y

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, w, b, mean, rstd = ctx.saved_tensors
        if is_grad_enabled():
            grads = composed_vjp(_group_norm, dy, (x, w, b), groups=ctx.groups, eps=ctx.eps)
        else:
            grads = _C.group_norm_backward(dy, x, w, mean, rstd, ctx.groups, *ctx.needs_input_grad[:3])
        return (*grads, None, None)


def _group_norm(x: Any, w: Any, b: Any, groups: Any, eps: Any) -> Any:
    """The composed definition."""
    rows = x.reshape(x.shape[0], groups, math.prod(x.shape[1:]) // groups)
    centered = rows - rows.mean(-1, keepdim=True)
    y = centered * ((centered * centered).mean(-1, keepdim=True) + eps).rsqrt()
    return _affine(y.reshape(x.shape), w, b)


def _check_parameters(function: str, shape: tuple, why: str, **parameters: Tensor | None) -> None:
    for name, t in parameters.items():
        if t is not None and t._array.shape != shape:
            raise RuntimeError(
                f"{function}: {name} must have shape {shape}, the same as {why}, got {t._array.shape}"
            )


# -- instance norm ------------------------------------------------------------------------------------
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel of each sample, then scale and shift by channel.

    Args:
        running_mean, running_var: Where given, moved towards the samples' average when `use_input_stats`;
            used instead of them otherwise.
        momentum: The weight of the new value in the running statistics. Default 0.1.
        eps: Added to the variance, so in squared units of `input`. Default 1e-5.
    Shape:
        input: (N, C, *) with at least one spatial dimension; output: as input.
    Raises:
        ValueError: one spatial element, with `use_input_stats`.
        RuntimeError: no running statistics without `use_input_stats`.
    Source: Ulyanov et al. 2016, arXiv:1607.08022, equation 3.
    Example:
        >>> instance_norm(rushlight.tensor([[[1.0, 3.0], [5.0, 9.0]]]))
        tensor([[[-1.0000,  1.0000],
                 [-1.0000,  1.0000]]])
    """
    require_tensor("instance_norm", input)
    shape = input._array.shape
    _check_float(input, "instance_norm")
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                "instance_norm: running_mean and running_var must be defined when use_input_stats is false, got None"
            )
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    if len(shape) < 2 or math.prod(shape[2:]) == 1:
        raise ValueError(
            f"instance_norm: input must have more than 1 spatial element when training, got input size {list(shape)}"
        )
    channels = shape[1]
    _check_parameters(
        "instance_norm",
        (channels,),
        "the number of channels",
        running_mean=running_mean,
        running_var=running_var,
        weight=weight,
        bias=bias,
    )
    if running_mean is not None or running_var is not None:
        _follow(input._array, running_mean, running_var, momentum)
    if usable(input, weight, bias):
        return ViewBackward0.apply(input, weight, bias, channels, eps)
    if _one_dtype("instance_norm", input, weight=weight, bias=bias):
        return _group_norm(input.float(), weight, bias, channels, eps).to(input.dtype)
    return _group_norm(input, weight, bias, channels, eps)


class ViewBackward0(NativeGroupNormBackward0):
    """Instance norm: groups of one channel. PyTorch's last node for it is a view."""


def _follow(array: np.ndarray, mean: Tensor | None, var: Tensor | None, momentum: float) -> None:
    axes = tuple(range(2, array.ndim))
    n = math.prod(array.shape[2:])
    wide = array.astype(np.float32) if array.dtype.itemsize < 4 else array
    if mean is not None:
        now = wide.mean(axis=axes).mean(axis=0)
        mean._array[...] = (1 - momentum) * mean._array + momentum * now
        mean._bump()
    if var is not None:
        now = wide.var(axis=axes).mean(axis=0) * (n / (n - 1))
        var._array[...] = (1 - momentum) * var._array + momentum * now
        var._bump()


# -- layer norm and rms norm --------------------------------------------------------------------------
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize over the trailing dimensions, then scale and shift.

    Args:
        normalized_shape: The sizes of the trailing dimensions that share a mean and a variance.
        eps: Added to the variance, so in squared units of `input`. Default 1e-5.
    Shape:
        input: (*, D1, ..., Dk) with normalized_shape = (D1, ..., Dk), as weight and bias; output: as input.
    Raises:
        RuntimeError: `input` does not end in `normalized_shape`, or a parameter is not of that shape.
    Source: Ba et al. 2016, arXiv:1607.06450, section 3.
    Example:
        >>> layer_norm(rushlight.tensor([[1.0, 3.0], [5.0, 9.0]]), (2,))
        tensor([[-1.0000,  1.0000],
                [-1.0000,  1.0000]])
    """
    if not isinstance(input, TensorBase):
        raise not_a_tensor("layer_norm", input)
    shape = _trailing("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    n = math.prod(shape)
    if usable(input, weight, bias) and n > 1:  # of one element, the composed gradient is exactly 0
        return NativeLayerNormBackward0.apply(input, weight, bias, n, eps)
    if _one_dtype("layer_norm", input, weight=weight, bias=bias):
        return _layer_norm(input.float(), weight, bias, len(shape), eps).to(input.dtype)
    return _layer_norm(input, weight, bias, len(shape), eps)


class NativeLayerNormBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, w: Any, b: Any, n: Any, eps: Any) -> Any:
        y, mean, rstd = _C.layer_norm(x, w, b, n, eps, False)
        ctx.save_for_backward(x, w, b, mean, rstd)
        ctx.n, ctx.eps = n, eps
        return y

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, w, b, mean, rstd = ctx.saved_tensors
        if is_grad_enabled():
            trailing = _count_trailing(x, ctx.n)
            grads = composed_vjp(_layer_norm, dy, (x, w, b), dims=trailing, eps=ctx.eps)
        else:
            grads = _C.layer_norm_backward(dy, x, w, mean, rstd, ctx.n, *ctx.needs_input_grad[:3])
            grads = (grads[0], _shaped(grads[1], w), _shaped(grads[2], b))
        return (*grads, None, None)


def _shaped(dw: Tensor | None, w: Tensor) -> Tensor | None:
    return dw if dw is None or w.ndim == 1 else dw.reshape(w._array.shape)


def _layer_norm(x: Any, w: Any, b: Any, dims: Any, eps: Any) -> Any:
    """The composed definition, over the last `dims` dimensions."""
    over = tuple(range(-dims, 0))
    centered = x - x.mean(over, keepdim=True)
    y = centered * ((centered * centered).mean(over, keepdim=True) + eps).rsqrt()
    if w is not None:
        y = y * w
    return (y if b is None else y + b).contiguous()


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Divide by the root of the mean square over the trailing dimensions, then scale.

    Args:
        normalized_shape: The sizes of the trailing dimensions that share a mean square.
        eps: Added to the mean square. Default: the machine epsilon of the input's dtype.
    Shape:
        input: (*, D1, ..., Dk) with normalized_shape = (D1, ..., Dk), as weight; output: as input.
    Raises:
        RuntimeError: `input` does not end in `normalized_shape`, or `weight` is not of that shape.
    Source: Zhang and Sennrich 2019, arXiv:1910.07467, equation 4.
    Example:
        >>> rms_norm(rushlight.tensor([[3.0, 4.0]]), (2,))
        tensor([[0.8485, 1.1314]])
    """
    require_tensor("rms_norm", input)
    shape = _trailing("rms_norm", input, normalized_shape, weight=weight)
    if eps is None:
        eps = dtypes.finfo(dtypes.float32 if input.dtype in _HALF else input.dtype.to_real()).eps
    if usable(input, weight):
        return MulBackward0.apply(input, weight, math.prod(shape), eps)
    if input.dtype in _HALF:
        return _rms_norm(input.float(), weight, len(shape), eps).to(input.dtype)
    return _rms_norm(input, weight, len(shape), eps)


class MulBackward0(Function):
    """RMS norm, in one node. PyTorch composes it; its last node is a product."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any, n: Any, eps: Any) -> Any:
        y, _, rstd = _C.layer_norm(x, w, None, n, eps, True)
        ctx.save_for_backward(x, w, rstd)
        ctx.n, ctx.eps = n, eps
        return y

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, w, rstd = ctx.saved_tensors
        if is_grad_enabled():
            dx, dw = composed_vjp(_rms_norm, dy, (x, w), dims=_count_trailing(x, ctx.n), eps=ctx.eps)
        else:
            want = ctx.needs_input_grad
            dx, dw, _ = _C.layer_norm_backward(dy, x, w, None, rstd, ctx.n, want[0], want[1], False)
            dw = _shaped(dw, w)
        return dx, dw, None, None


def _rms_norm(x: Any, w: Any, dims: Any, eps: Any) -> Any:
    """The composed definition, over the last `dims` dimensions."""
    y = x * ((x * x).mean(tuple(range(-dims, 0)), keepdim=True) + eps).rsqrt()
    return (y if w is None else y * w).contiguous()


def _one_dtype(function: str, input: Tensor, **others: Tensor | None) -> bool:
    """Check that all are of the input's dtype, or float32 beside a 16-bit input; says whether it is such a one."""
    half = input.dtype in _HALF
    for name, t in others.items():
        if t is not None and t.dtype is not input.dtype and not (half and t.dtype is dtypes.float32):
            raise RuntimeError(
                f"{function}: {name} must have the input's dtype, {input.dtype} (mixed dtype: all inputs must share the "
                f"same datatype), got {t.dtype}; convert one with .to(dtype)"
            )
    return half


def _trailing(
    function: str, input: Tensor, normalized_shape: Sequence[int], **parameters: Tensor | None
) -> tuple:
    """`normalized_shape` as a tuple, once input and parameters were held against it."""
    if function != "rms_norm" or not input.is_complex():
        _check_float(input, function)
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(
            f"{function}: normalized_shape must be a tuple of ints, got {kind_of(normalized_shape)} {normalized_shape!r}"
        )
    shape = tuple(normalized_shape)
    if not shape:
        raise RuntimeError(f"{function}: normalized_shape must have at least 1 dimension, got {list(shape)}")
    try:
        for name, t in parameters.items():
            if t is not None and t._array.shape != shape:
                raise RuntimeError(
                    f"{function}: {name} must have shape {shape}, the same as normalized_shape, got {t._array.shape}"
                )
    except AttributeError:
        raise not_a_tensor(function, t, name) from None
    if input._array.shape[-len(shape) :] != shape:
        raise RuntimeError(
            f"{function}: input must end in normalized_shape, [*, {', '.join(map(str, shape))}], "
            f"got {list(input._array.shape)}"
        )
    return shape


def _count_trailing(x: Any, n: int) -> int:
    """How many trailing dimensions of x make n values."""
    dims = 0
    while n > 1 or dims == 0:
        dims += 1
        n //= x.shape[-dims]
    return dims


# -- composed throughout ------------------------------------------------------------------------------
def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Divide each value by a power of the mean square of its neighbours in the channels.

    Args:
        size: How many channels a neighbourhood has.
        alpha: Factor of the mean square. Default 1e-4.
        beta: Exponent of the divisor. Default 0.75.
        k: Added to the divisor's base. Default 1.
    Shape:
        input: (N, C, *) with at least one spatial dimension; output: as input.
    Raises:
        ValueError: `input` has fewer than 3 dimensions.
    Source: Krizhevsky et al. 2012, "ImageNet classification with deep convolutional networks", section 3.3.
    Example:
        >>> local_response_norm(rushlight.ones(1, 1, 2), 1, alpha=3.0, beta=0.5)
        tensor([[[0.5000, 0.5000]]])
    """
    require_tensor("local_response_norm", input)
    if input.ndim < 3:
        raise ValueError(
            f"local_response_norm: input must have 3 dimensions or more, got {input.ndim} (shape {list(input.shape)})"
        )
    if not input.numel():
        return input
    square, channels = input * input, input.shape[1]
    total = None
    for shift in range(-(size // 2), size - size // 2):
        # Neighbour c + shift of every channel c, zero outside.
        low, high = max(0, -shift), min(channels, channels - shift)
        if low >= high:
            continue
        part = square.narrow(1, low + shift, high - low)
        parts = [part]
        if low:
            parts.insert(0, part.new_zeros((part.shape[0], low, *part.shape[2:])))
        if high < channels:
            parts.append(part.new_zeros((part.shape[0], channels - high, *part.shape[2:])))
        moved = parts[0] if len(parts) == 1 else _cat(parts)
        total = moved if total is None else total + moved
    return input / (total / size * alpha + k) ** beta


def _cat(parts: list) -> Tensor:
    from .join import cat

    return cat(parts, 1)


def normalize(
    input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None
) -> Tensor:
    """Divide vectors along `dim` by their p-norm.

    Args:
        eps: The least divisor, in units of `input`. Default 1e-12.
        out: Where to write the result.
    Shape:
        input: any with dimension `dim`; output: the same.
    Example:
        >>> normalize(rushlight.tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    require_tensor("normalize", input)
    y = input / input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    return y if out is None else into(out, y)
