"""Initial values for parameters: each function fills a tensor in place and gives it. PyTorch's numbers.

"Fan in" is how many inputs one output of a layer is computed from, "fan out" how many outputs one input
reaches: sizes 1 and 0 of a weight, times its receptive field.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd import no_grad
from ..errors import warn
from ..ops import random_fill as _random
from ..ops.elementwise import require_tensor
from ..ops.random import randperm as _randperm
from ..random import Generator
from ..tensor import Tensor

__all__ = [
    "calculate_gain",
    "constant",
    "constant_",
    "dirac",
    "dirac_",
    "eye",
    "eye_",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "normal",
    "normal_",
    "ones_",
    "orthogonal",
    "orthogonal_",
    "sparse",
    "sparse_",
    "trunc_normal_",
    "uniform",
    "uniform_",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros_",
]

_GAINS = {
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d", "sigmoid"), 1),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), 1),
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 0.75,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights before a nonlinearity are scaled, to keep the variance of activations.

    Args:
        nonlinearity: 'linear', 'conv1d'..'conv3d', 'conv_transpose1d'..'3d', 'sigmoid', 'tanh', 'relu',
            'leaky_relu' or 'selu'.
        param: For 'leaky_relu', its negative slope. Default 0.01.

    Raises:
        ValueError: an unknown nonlinearity, or a slope that is no number.

    Example:
        >>> calculate_gain("leaky_relu", 0.2)
        1.3867504905630728
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(
                f"calculate_gain: param must be a number (negative_slope {param} not a valid number), got {param!r}"
            )
        return math.sqrt(2.0 / (1 + slope**2))
    try:
        return _GAINS[nonlinearity]
    except KeyError:
        known = ", ".join([*_GAINS, "leaky_relu"])
        raise ValueError(
            f"calculate_gain: nonlinearity must be one of {known}, got {nonlinearity!r} (Unsupported nonlinearity)"
        ) from None


@no_grad()  # type: ignore[untyped-decorator]
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with uniform numbers from [a, b)."""
    require_tensor("uniform_", tensor, "tensor")
    return _random.uniform_(tensor, a, b, generator=generator)


@no_grad()  # type: ignore[untyped-decorator]
def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with normal numbers."""
    require_tensor("normal_", tensor, "tensor")
    return _random.normal_(tensor, mean, std, generator=generator)


@no_grad()  # type: ignore[untyped-decorator]
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal numbers that lie in [a, b]; those outside are drawn again.

    Where less than 0.3 of the normals would lie inside, uniform numbers from [a, b) are drawn instead, and each
    kept with the probability that makes the result normal.

    Args:
        a: Least value, in the tensor's units (not in standard deviations).
        b: Greatest value.
    Source: Robert 1995, "Simulation of truncated normal variables", Statistics and Computing 5.
    Example:
        >>> _ = rushlight.manual_seed(0)
        >>> trunc_normal_(rushlight.empty(3))
        tensor([ 1.5410, -0.2934, -1.3986])
    """
    require_tensor("trunc_normal_", tensor, "tensor")
    if mean < a - 2 * std or mean > b + 2 * std:
        warn(
            "trunc_normal_: mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect."
        )
    inside = _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std)
    draw = Tensor._make(np.empty_like(tensor._array))
    array = tensor._array
    if inside > 0.3:
        _random.normal_(tensor, mean, std, generator=generator)
        while (again := (array < a) | (array > b)).any():
            _random.normal_(draw, mean, std, generator=generator)
            np.copyto(array, draw._array, where=again)
        return tensor
    top = (min(max(mean, a), b) - mean) / std
    chance = Tensor._make(np.empty_like(array))
    again = np.ones(array.shape, np.bool_)
    while again.any():
        _random.uniform_(draw, a, b, generator=generator)
        _random.uniform_(chance, generator=generator)
        z = (draw._array - array.dtype.type(mean)) / array.dtype.type(std)
        kept = chance._array <= np.exp(-0.5 * z * z + array.dtype.type(0.5 * top * top))
        np.copyto(array, draw._array, where=again & kept)
        again &= ~kept
    tensor._bump()
    return tensor


def _normal_cdf(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2


def _written(tensor: Tensor) -> Tensor:
    tensor._bump()
    return tensor


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with `val`."""
    require_tensor("constant_", tensor, "tensor")
    tensor._array[...] = val
    return _written(tensor)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1."""
    return constant_(tensor, 1)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0."""
    return constant_(tensor, 0)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity: as many inputs as fit pass through a linear layer unchanged."""
    require_tensor("eye_", tensor, "tensor")
    if tensor.ndim != 2:
        raise ValueError(
            f"eye_: Only tensors with 2 dimensions are supported: tensor must be a matrix, got {tensor.ndim} dims"
        )
    tensor._array[...] = np.eye(*tensor._array.shape)
    return _written(tensor)


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution's weight so that as many channels as fit pass through unchanged, in each group.

    Raises:
        ValueError: the tensor has not 3 to 5 dims, or dim 0 does not divide by `groups`.
    """
    require_tensor("dirac_", tensor, "tensor")
    shape = tensor._array.shape
    if not 3 <= len(shape) <= 5:
        raise ValueError(
            f"dirac_: Only tensors with 3, 4, or 5 dimensions are supported: got one with {len(shape)}"
        )
    if shape[0] % groups:
        raise ValueError(f"dirac_: dim 0 must be divisible by groups, got {shape[0]} and {groups}")
    out = shape[0] // groups
    tensor._array[...] = 0
    center = tuple(s // 2 for s in shape[2:])
    for g in range(groups):
        for d in range(min(out, shape[1])):
            tensor._array[(g * out + d, d, *center)] = 1
    return _written(tensor)


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    shape = tensor._array.shape
    if len(shape) < 2:
        raise ValueError(
            "init: Fan in and fan out can not be computed for tensor with fewer than 2 dimensions: tensor must be a weight "
            f"(out, in, ...), got shape {list(shape)}"
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    modes = ["fan_in", "fan_out"]
    wanted = mode.lower()
    if wanted not in modes:
        raise ValueError(f"init: mode must be one of {modes} (Mode {mode} not supported), got {mode!r}")
    return _calculate_fan_in_and_fan_out(tensor)[modes.index(wanted)]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with uniform numbers of variance gain**2 * 2 / (fan_in + fan_out).

    Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".
    Example:
        >>> _ = rushlight.manual_seed(0)
        >>> xavier_uniform_(rushlight.empty(2, 2))
        tensor([[-0.0092,  0.6570],
                [-1.0080, -0.9013]])
    """
    require_tensor("xavier_uniform_", tensor, "tensor")
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / float(fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers of variance gain**2 * 2 / (fan_in + fan_out). Source: see `xavier_uniform_`."""
    require_tensor("xavier_normal_", tensor, "tensor")
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / float(fan_in + fan_out)), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float | None:
    """The standard deviation; None where there is nothing to fill."""
    if 0 in tensor._array.shape:
        warn("Initializing zero-element tensors is a no-op")
        return None
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with uniform numbers of variance gain**2 / fan.

    Args:
        a: Negative slope of the leaky ReLU that follows.
        mode: 'fan_in' keeps the variance of activations, 'fan_out' that of gradients.
        nonlinearity: What follows; see `calculate_gain`.

    Source: He et al. 2015, "Delving deep into rectifiers", arXiv:1502.01852.
    """
    require_tensor("kaiming_uniform_", tensor, "tensor")
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal numbers of variance gain**2 / fan. Arguments and source: see `kaiming_uniform_`."""
    require_tensor("kaiming_normal_", tensor, "tensor")
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else normal_(tensor, 0.0, std, generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with an orthogonal matrix (rows or columns of length `gain`), trailing dims taken as one.

    Source: Saxe et al. 2013, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks".
    """
    require_tensor("orthogonal_", tensor, "tensor")
    shape = tensor._array.shape
    if len(shape) < 2:
        raise ValueError(
            f"orthogonal_: Only tensors with 2 or more dimensions are supported: got one with {len(shape)}"
        )
    if not tensor._array.size:
        return tensor
    rows, columns = shape[0], math.prod(shape[1:])
    drawn = Tensor._make(np.empty((rows, columns), tensor._array.dtype))
    matrix = _random.normal_(drawn, 0, 1, generator=generator)._array
    if matrix.dtype.itemsize < 4:
        matrix = matrix.astype(np.float32)
    q, r = np.linalg.qr(matrix.T if rows < columns else matrix)
    q *= np.sign(np.diag(r))  # makes the distribution uniform
    tensor._array[...] = (q.T if rows < columns else q).reshape(shape) * q.dtype.type(gain)
    return _written(tensor)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fill a matrix with normal numbers, then set the fraction `sparsity` of each column to 0.

    Source: Martens 2010, "Deep learning via Hessian-free optimization".
    """
    require_tensor("sparse_", tensor, "tensor")
    if tensor.ndim != 2:
        raise ValueError(
            f"sparse_: Only tensors with 2 dimensions are supported: tensor must be a matrix, got {tensor.ndim} dims"
        )
    rows, columns = tensor._array.shape
    zeros = math.ceil(sparsity * rows)
    normal_(tensor, 0, std, generator)
    for c in range(columns):
        tensor._array[_randperm(rows)._array[:zeros], c] = 0
    return _written(tensor)


def _deprecated(function: Callable[..., Any]) -> Callable[..., Any]:
    old, new = function.__name__.rstrip("_"), function.__name__

    def alias(*args: Any, **kwargs: Any) -> Any:
        warn(f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.", FutureWarning)
        return function(*args, **kwargs)

    alias.__name__ = alias.__qualname__ = old
    alias.__doc__ = f"The old name of `{new}`."
    return alias


uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
