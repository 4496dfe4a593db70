"""Window functions (`torch.signal.windows`): symmetric ones by default, to design filters with.

With sym=False a window is periodic, as spectral analysis wants it: a symmetric one, longer by one, without its end.
The formulas are in ops/windows.py; they are computed in float64 and rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import kind_of
from ..ops.creation import check_options
from ..ops.windows import cosine_sum, finished, length_of, positions, triangle
from ..ops.windows import kaiser as _kaiser
from ..public import open_to_all
from ..tensor import Tensor

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann",
    "kaiser", "nuttall",
]  # fmt: skip


def _window(
    name: str,
    M: Any,
    make: Callable,
    dtype: Any,
    layout: Any,
    device: Any,
    requires_grad: bool,
    one: float = 1.0,
) -> Tensor:
    n = length_of(f"signal.windows.{name}", "M", M, ValueError)
    if layout is not None and layout is not dtypes.strided:
        raise ValueError(f"signal.windows.{name}: layout must be torch.strided, got {layout}")
    check_options(f"signal.windows.{name}", device, None)
    d = dtypes.get_default_dtype() if dtype is None else dtype
    if d not in (dtypes.float32, dtypes.float64):
        raise ValueError(f"signal.windows.{name}: dtype must be float32 or float64, got {d}")
    return finished(n, make, d, requires_grad, one)


def bartlett(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = dtypes.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Bartlett's window, the triangle `1 - |2 n / (M - 1) - 1|`.

    Args:
        M: How many values.
        sym: Whether the window is symmetric; else it is periodic.
        dtype: float32 or float64; the default dtype by default.
    Raises:
        ValueError: `M` is negative, or `dtype` is another one.
    Example:
        >>> bartlett(5)
        tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    options = (dtype, layout, device, requires_grad)
    return _window("bartlett", M, lambda n: triangle(n, sym), *options)


def blackman(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = dtypes.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Blackman's window, `0.42 - 0.5 cos x + 0.08 cos 2x` for x from 0 to 2 pi.

    Args:
        M: How many values.
        sym: Whether the window is symmetric; else it is periodic.
        dtype: float32 or float64; the default dtype by default.
    Raises:
        ValueError: `M` is negative, or `dtype` is another one.
    Example:
        >>> blackman(4, sym=False)[1:]
        tensor([0.3400, 1.0000, 0.3400])
    """
    options = (dtype, layout, device, requires_grad)
    return _window("blackman", M, lambda n: cosine_sum(n, (0.42, 0.5, 0.08), sym), *options)


def cosine(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = dtypes.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The sine's half wave, `sin(pi (n + 1/2) / M)`.

    Args:
        M: How many values.
        sym: Whether the window is symmetric; else it is periodic.
        dtype: float32 or float64; the default dtype by default.
    Raises:
        ValueError: `M` is negative, or `dtype` is another one.
    Example:
        >>> cosine(4)
        tensor([0.3827, 0.9239, 0.9239, 0.3827])
    """
    options = (dtype, layout, device, requires_grad)
    return _window(
        "cosine", M, lambda n: np.sin(math.pi * (np.arange(n) + 0.5) / (n if sym else n + 1)), *options
    )


def exponential(
    M: int,
    *,
    center: float | None = None,
    tau: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = dtypes.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`exp(-|n - center| / tau)`.

    Args:
        M: How many values.
        center: Where the window is 1; the middle by default. Only with sym=False.
        tau: How many values it takes to fall to 1/e. Default 1.
        sym: Whether the window is symmetric; else it is periodic.
        dtype: float32 or float64; the default dtype by default.
    Raises:
        ValueError: `M` is negative, `tau` is not positive, `center` is given for a symmetric window, or `dtype` is another one.
    Example:
        >>> exponential(5)
        tensor([0.1353, 0.3679, 1.0000, 0.3679, 0.1353])
    """
    if tau <= 0:
        raise ValueError(f"signal.windows.exponential: tau must be positive, got {tau}")
    if sym and center is not None:
        raise ValueError(
            f"signal.windows.exponential: center must be None for symmetric windows, got {center}"
        )
    one = 1.0 if center is None else math.exp(-abs(center) / tau)
    options = (dtype, layout, device, requires_grad)
    return _window("exponential", M, lambda n: _exponential(n, center, tau, sym), *options, one)


def _exponential(n: int, center: float | None, tau: float, sym: bool) -> np.ndarray:
    k, last = positions(n, sym)
    return np.exp(-np.abs(k - (last / 2 if center is None else center)) / tau)


def gaussian(
    M: int,
    *,
    std: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = dtypes.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`exp(-((n - middle) / std)**2 / 2)`.

    Args:
        M: How many values.
        std: The standard deviation, in values. Default 1.
        sym: Whether the window is symmetric; else it is periodic.
        dtype: float32 or float64; the default dtype by default.
    Raises:
        ValueError: `M` is negative, `std` is not positive, or `dtype` is another one.
    Example:
        >>> gaussian(5)
        tensor([0.1353, 0.6065, 1.0000, 0.6065, 0.1353])
    """
    if std <= 0:
        raise ValueError(f"signal.windows.gaussian: std must be positive, got {std}")
    options = (dtype, layout, device, requires_grad)
    return _window("gaussian", M, lambda n: _gaussian(n, std, sym), *options)


def _gaussian(n: int, std: float, sym: bool) -> np.ndarray:
    k, last = positions(n, sym)
    return np.exp(-0.5 * np.square((k - last / 2) / std))


def general_cosine(
    M: int,
    *,
    a: Iterable,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = dtypes.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The sum of `(-1)**k a[k] cos(k x)` for x from 0 to 2 pi.

    Args:
        M: How many values.
        a: The weights, a list or tuple.
        sym: Whether the window is symmetric; else it is periodic.
        dtype: float32 or float64; the default dtype by default.
    Raises:
        ValueError: `M` is negative, `a` is empty, or `dtype` is another one.
    Example:
        >>> general_cosine(4, a=[0.5, 0.5], sym=False)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    if not isinstance(a, (list, tuple)):
        raise TypeError(f"signal.windows.general_cosine: a must be a list or tuple, got {kind_of(a)}")
    if not a:
        raise ValueError("signal.windows.general_cosine: a must not be empty, got no coefficients")
    weights = tuple(a)
    options = (dtype, layout, device, requires_grad)
    return _window("general_cosine", M, lambda n: cosine_sum(n, weights, sym), *options)


def general_hamming(
    M: int,
    *,
    alpha: float = 0.54,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = dtypes.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`alpha - (1 - alpha) cos x` for x from 0 to 2 pi.

    Args:
        M: How many values.
        alpha: The mean. Default 0.54.
        sym: Whether the window is symmetric; else it is periodic.
        dtype: float32 or float64; the default dtype by default.
    Raises:
        ValueError: `M` is negative, or `dtype` is another one.
    Example:
        >>> general_hamming(3, alpha=0.6)
        tensor([0.2000, 1.0000, 0.2000])
    """
    options = (dtype, layout, device, requires_grad)
    return _window("general_hamming", M, lambda n: cosine_sum(n, (alpha, 1 - alpha), sym), *options)


def hamming(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = dtypes.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Hamming's window, `0.54 - 0.46 cos x` for x from 0 to 2 pi.

    Args:
        M: How many values.
        sym: Whether the window is symmetric; else it is periodic.
        dtype: float32 or float64; the default dtype by default.
    Raises:
        ValueError: `M` is negative, or `dtype` is another one.
    Example:
        >>> hamming(3)
        tensor([0.0800, 1.0000, 0.0800])
    """
    options = (dtype, layout, device, requires_grad)
    return _window("hamming", M, lambda n: cosine_sum(n, (0.54, 0.46), sym), *options)


def hann(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = dtypes.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Hann's window, `0.5 - 0.5 cos x` for x from 0 to 2 pi.

    Args:
        M: How many values.
        sym: Whether the window is symmetric; else it is periodic.
        dtype: float32 or float64; the default dtype by default.
    Raises:
        ValueError: `M` is negative, or `dtype` is another one.
    Example:
        >>> hann(3)
        tensor([0., 1., 0.])
    """
    options = (dtype, layout, device, requires_grad)
    return _window("hann", M, lambda n: cosine_sum(n, (0.5, 0.5), sym), *options)


def kaiser(
    M: int,
    *,
    beta: float = 12.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = dtypes.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Kaiser's window, `I0(beta sqrt(1 - x**2)) / I0(beta)` for x from -1 to 1.

    Args:
        M: How many values.
        beta: How steep. Default 12.
        sym: Whether the window is symmetric; else it is periodic.
        dtype: float32 or float64; the default dtype by default.
    Raises:
        ValueError: `M` is negative, `beta` is negative, or `dtype` is another one.
    Example:
        >>> kaiser(3, beta=1.0)
        tensor([0.7898, 1.0000, 0.7898])
    """
    if beta < 0:
        raise ValueError(f"signal.windows.kaiser: beta must not be negative, got {beta}")
    options = (dtype, layout, device, requires_grad)
    return _window("kaiser", M, lambda n: _kaiser(n, beta, sym), *options)


def nuttall(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = dtypes.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Nuttall's window with the lowest side lobes of four cosines.

    Args:
        M: How many values.
        sym: Whether the window is symmetric; else it is periodic.
        dtype: float32 or float64; the default dtype by default.
    Raises:
        ValueError: `M` is negative, or `dtype` is another one.
    Example:
        >>> nuttall(3)
        tensor([3.6280e-04, 1.0000e+00, 3.6280e-04])
    """
    options = (dtype, layout, device, requires_grad)
    return _window(
        "nuttall", M, lambda n: cosine_sum(n, (0.3635819, 0.4891775, 0.1365995, 0.0106411), sym), *options
    )


open_to_all(globals(), __all__, "signal.windows.", numpy_names=False)
