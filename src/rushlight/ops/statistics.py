"""Statistics: quantiles, histograms, covariance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.core import TensorBase
from ..errors import kind_of, wrap_dim
from ..return_types import struct
from ..tensor import Tensor, into, method, wrap
from .complex import complex
from .elementwise import require_tensor

__all__ = ["corrcoef", "cov", "histc", "histogram", "nanquantile", "quantile"]

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


# -- quantiles ----------------------------------------------------------------------------------------------------
def _quantile(
    name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, skip_nan: bool
) -> Tensor:
    require_tensor(name, input)
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(f"{name}: input must be float32 or float64, got {input.dtype}")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(f"{name}: interpolation must be one of {_INTERPOLATIONS}, got {interpolation!r}")
    if isinstance(q, TensorBase):
        if q._array.ndim > 1:
            raise RuntimeError(f"{name}: q must be a number or a 1-d tensor, got {q._array.ndim} dims")
        if q.dtype is not input.dtype:
            raise RuntimeError(f"{name}: q must have input's dtype {input.dtype}, got {q.dtype}")
        quantiles, several = q._array.reshape(-1).astype(np.float64), q._array.ndim == 1
    elif not isinstance(q, (int, float)):
        raise TypeError(f"{name}: q must be a number or a Tensor, got {kind_of(q)}")
    else:
        quantiles, several = np.asarray([q], np.float64), False
    if not ((quantiles >= 0) & (quantiles <= 1)).all():
        raise RuntimeError(f"{name}: q must be in [0, 1], got {q}")
    if input._array.size == 0:
        raise RuntimeError(f"{name}: input must not be empty, got shape {list(input._array.shape)}")
    ndim = input._array.ndim
    if dim is None:
        x = input.reshape(-1)  # type: ignore[attr-defined]
        shape: list = [1] * ndim if keepdim else []
    else:
        dim = wrap_dim(dim, ndim, name)
        x = input.movedim(dim, -1) if ndim else input.reshape(1)  # type: ignore[attr-defined]
        shape = list(input._array.shape)
        if keepdim and ndim:
            shape[dim] = 1
        elif ndim:
            del shape[dim]
    x = x.sort(-1).values
    size = x._array.shape[-1]
    nans = np.isnan(x._array).sum(-1, keepdims=True)
    last = np.maximum(size - nans - 1, 0) if skip_nan else np.full(nans.shape, size - 1)
    rank = quantiles * last
    if not skip_nan:
        rank = np.where(nans > 0, size - 1, rank)  # NaN stands at the end
    low = np.floor(rank)
    if interpolation == "lower":
        rank = low
    elif interpolation == "higher":
        rank = low = np.ceil(rank)
    elif interpolation == "nearest":
        rank = low = np.rint(rank)
    below = low.astype(np.int64)
    y = x.gather(-1, wrap(below))
    if interpolation in ("linear", "midpoint"):
        above = np.ceil(rank).astype(np.int64)
        weight = rank - low if interpolation == "linear" else np.where(above > below, 0.5, 0.0)
        w: Any = wrap(weight.astype(x._array.dtype))
        if isinstance(q, TensorBase) and q.requires_grad and interpolation == "linear":
            # The weight as a function of q: its slope is the last rank. The difference itself is 0.
            slope = last if skip_nan else np.where(nans > 0, 0, last)
            w = w + (q - q.detach()).reshape(-1) * wrap(slope.astype(x._array.dtype))  # type: ignore[attr-defined,operator]
        y = y.lerp(x.gather(-1, wrap(above)), w)
    y = y.movedim(-1, 0).reshape([len(quantiles), *shape])
    return y if several else y.squeeze(0)


@method()
def quantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """The value under which the share `q` of the elements along `dim` (default: all) lies.

    Args:
        q: A number in [0, 1], or a 1-d tensor of them: the result then has a first dim for them.
        interpolation: Between two elements: 'linear', 'lower', 'higher', 'midpoint' or 'nearest'.
    Example:
        >>> quantile(rushlight.tensor([1.0, 2.0, 3.0, 4.0]), 0.5)
        tensor(2.5000)
    """
    y = _quantile("quantile", input, q, dim, keepdim, interpolation, False)
    return y if out is None else into(out, y, "quantile")


@method()
def nanquantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """The `quantile` of what is not NaN.

    Example:
        >>> nanquantile(rushlight.tensor([1.0, float("nan"), 3.0]), 0.5)
        tensor(2.)
    """
    y = _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)
    return y if out is None else into(out, y, "nanquantile")


# -- histograms ---------------------------------------------------------------------------------------------------
def _widened(name: str, low: float, high: float, margin: float) -> tuple[float, float]:
    """The ends of a histogram; a single point becomes the middle of a range of two margins."""
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"{name}: the range must be finite, got [{low}, {high}]")
    if low > high:
        raise RuntimeError(f"{name}: max must not be less than min, got {low} and {high}")
    return (low - margin, high + margin) if low == high else (low, high)


@method()
def histc(
    input: Tensor, bins: int = 100, min: float = 0, max: float = 0, *, out: Tensor | None = None
) -> Tensor:
    """How many elements lie in each of `bins` equal intervals of [min, max]; the range of the data if both are 0.

    Example:
        >>> histc(rushlight.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
        tensor([0., 2., 1., 0.])
    """
    require_tensor("histc", input)
    if not input.is_floating_point():
        raise NotImplementedError(
            f"histc: input must be of a floating-point dtype, got {input.dtype}; use .float()"
        )
    if bins <= 0:
        raise RuntimeError(f"histc: bins must be greater than 0, got {bins}")
    array = input._array.reshape(-1)
    low, high = float(min), float(max)
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    low, high = _widened("histc", low, high, 1)
    inside = array[(array >= low) & (array <= high)].astype(np.float64)
    index = np.minimum(((inside - low) * bins / (high - low)).astype(np.int64), bins - 1)
    y = wrap(np.bincount(index, minlength=bins).astype(input._array.dtype))
    return y if out is None else into(out, y, "histc")


_histogram_result = struct("histogram", "hist", "bin_edges")


@method()
def histogram(
    input: Tensor,
    bins: Any,
    *,
    range: Any = None,
    weight: Tensor | None = None,
    density: bool = False,
    out: Any = None,
) -> Any:
    """How many elements (or how much `weight`) lie in each bin, and the edges of the bins.

    Args:
        bins: Their number, or a 1-d tensor of their edges in order.
        range: (lowest, highest) edge; the range of the data by default.
        density: Divide by the total and by each bin's width.
    Example:
        >>> histogram(rushlight.tensor([1.0, 2.0, 1.0]), bins=4, range=(0.0, 3.0)).hist
        tensor([0., 2., 1., 0.])
    """
    require_tensor("histogram", input)
    if not input.is_floating_point():
        raise NotImplementedError(
            f"histogram: input must be of a floating-point dtype, got {input.dtype}; use .float()"
        )
    if weight is not None and weight._array.shape != input._array.shape:
        raise RuntimeError(
            f"histogram: weight must have input's shape {list(input._array.shape)}, got {list(weight._array.shape)}"
        )
    array = input._array.reshape(-1)
    if isinstance(bins, TensorBase):
        edges = bins._array
        if edges.ndim != 1 or (np.diff(edges) < 0).any():
            raise RuntimeError("histogram: bins must be a 1-d tensor of edges in ascending order")
    else:
        if bins < 1:
            raise RuntimeError(f"histogram: bins must be > 0, got {bins}")
        if range is None:
            range = (float(array.min()), float(array.max())) if array.size else (0.0, 1.0)
        low, high = range
        low, high = _widened("histogram", low, high, 0.5)
        edges = np.linspace(low, high, bins + 1, dtype=array.dtype)
    hist, _ = np.histogram(
        array, edges, weights=None if weight is None else weight._array.reshape(-1), density=density
    )
    pair = wrap(hist.astype(array.dtype)), wrap(edges)
    if out is not None:
        pair = into(out[0], pair[0], "histogram"), into(out[1], pair[1], "histogram")
    return _histogram_result(*pair)


# -- covariance ---------------------------------------------------------------------------------------------------
@method()
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariance matrix of variables in rows and observations in columns.

    Args:
        fweights: How often each observation occurs (integers).
        aweights: How much each observation counts.
    Example:
        >>> cov(rushlight.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    require_tensor("cov", input)
    if input._array.ndim > 2:
        raise RuntimeError(f"cov: input must have at most two dims, got {input._array.ndim}")
    if input.dtype is dtypes.bool_:
        raise RuntimeError("cov: input must not be bool, got torch.bool")
    x: Any = input if input.dtype.category >= dtypes.FLOAT else input.float()  # type: ignore[attr-defined]
    x = x.reshape(1, -1) if x._array.ndim < 2 else x
    n = x._array.shape[1]
    _check_weights("fweights", fweights, n, dtypes.INTEGER)
    _check_weights("aweights", aweights, n, dtypes.FLOAT)
    w: Any = None
    if fweights is not None:
        w = fweights.to(x.dtype.to_real())
    if aweights is not None:
        w = aweights if w is None else w * aweights
    total: Any = n if w is None else w.sum()
    center = (x.sum(1, True) if w is None else (x * w).sum(1, True)) / total
    if w is None or correction == 0:
        norm = total - correction
    elif aweights is None:
        norm = total - correction
    else:
        norm = total - correction * (w * aweights).sum() / total
    d = x - center
    result = (
        (d if w is None else d * w)
        @ d.conj().transpose(0, 1)
        / (norm.clamp(min=0) if isinstance(norm, TensorBase) else max(norm, 0))
    )
    return result.squeeze()


def _check_weights(name: str, weights: Any, n: int, category: int) -> None:
    if weights is None:
        return
    require_tensor("cov", weights, name)
    array = weights._array
    if array.ndim > 1:
        raise RuntimeError(f"cov: {name} must have one or fewer dims, got {array.ndim}")
    if array.size != n:
        raise RuntimeError(
            f"cov: {name} must have the same numel as there are observations, {n}, got shape {array.shape}"
        )
    if weights.dtype.category != category:
        kind = "an integer" if category == dtypes.INTEGER else "a floating-point"
        raise RuntimeError(f"cov: {name} must be of {kind} dtype, got {weights.dtype}")
    if (array < 0).any():
        raise RuntimeError(f"cov: {name} must not be negative, got {array.min()}")


@method()
def corrcoef(input: Tensor) -> Tensor:
    """The matrix of Pearson's correlation coefficients of variables in rows.

    Example:
        >>> corrcoef(rushlight.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    c: Any = cov(input)
    if not c._array.ndim:
        return c / c
    s = c.diagonal().sqrt()
    c = c / s.unsqueeze(1) / s.unsqueeze(0)
    if c.is_complex():
        return complex(c.real.clamp(-1, 1), c.imag.clamp(-1, 1))
    return c.clamp(-1, 1)
