"""Window functions: weights that fade a stretch of a signal out towards its ends.

They are computed in float64 and rounded once. `torch.<name>_window` and `torch.signal.windows` share the formulas
here. Source: A. Nuttall 1981, "Some windows with very good sidelobe behavior"; J. Kaiser 1980, "On the use of the
I0-sinh window for spectrum analysis".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import kind_of
from ..tensor import Tensor
from .creation import check_options, finish

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


# -- formulas: `n` positions 0, 1, ... of a window that ends at position `last` ----------------------------------
def positions(n: int, symmetric: bool) -> tuple[np.ndarray, float]:
    """The positions and the last one: a periodic window is a symmetric one, longer by one, without its end."""
    return np.arange(n, dtype=np.float64), float(max(n - 1 if symmetric else n, 1))


def cosine_sum(n: int, weights: Sequence[float], symmetric: bool) -> np.ndarray:
    """The sum of `(-1)**k weights[k] cos(2 pi k x)` for x from 0 to 1."""
    k, last = positions(n, symmetric)
    total = np.zeros(n)
    for i, w in enumerate(weights):
        total += (-1) ** i * w * np.cos(2 * math.pi * i / last * k)
    return total


def triangle(n: int, symmetric: bool) -> np.ndarray:
    """From 0 up to 1 and down to 0 again."""
    k, last = positions(n, symmetric)
    return 1 - np.abs(2 * k / last - 1)


def kaiser(n: int, beta: float, symmetric: bool) -> np.ndarray:
    """`I0(beta sqrt(1 - x*x)) / I0(beta)` for x from -1 to 1."""
    from .special import np_i0e

    k, last = positions(n, symmetric)
    x = beta * np.sqrt(np.maximum(1 - np.square(2 * k / last - 1), 0))
    size = abs(beta)
    return np_i0e(x) / np_i0e(np.asarray(float(size))) * np.exp(np.abs(x) - size)


# -- what both namespaces share ------------------------------------------------------------------------------------
def length_of(name: str, argument: str, n: Any, error: type[Exception]) -> int:
    """A window's length; `error` is what a negative one raises."""
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"{name}: {argument} must be an int, got {kind_of(n)}")
    n = n.__index__()
    if n < 0:
        raise error(f"{name}: {argument} must not be negative, got {n}")
    return n


def finished(n: int, make: Callable, d: dtypes.dtype, requires_grad: bool, one: float = 1.0) -> Tensor:
    """The window of the formula `make`; a lone value is `one`."""
    values = np.full(n, one) if n < 2 else make(n)
    return finish(values.astype(d.numpy), requires_grad)


# -- torch.<name>_window ------------------------------------------------------------------------------------------
def _window(
    name: str, n: Any, make: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any, requires_grad: bool
) -> Tensor:
    check_options(name, device, layout, pin_memory)
    n = length_of(name, "window_length", n, RuntimeError)
    d = dtypes.get_default_dtype() if dtype is None else dtype
    if d.is_complex:
        raise NotImplementedError(f"{name}: dtype must be a real floating-point one, got {d}")
    if not d.is_floating_point:
        raise RuntimeError(f"{name}: dtype must be a floating-point one, got {d}")
    return finished(n, make, d, requires_grad)


def hann_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Hann's window, `0.5 - 0.5 cos(2 pi n / N)`.

    Args:
        window_length: How many values.
        periodic: Whether N is `window_length`, as spectral analysis wants it; else N is one less, and the window is
            symmetric.
        dtype: A floating-point dtype; the default one by default.
    Raises:
        RuntimeError: `window_length` is negative, or `dtype` is not floating-point.
    Example:
        >>> hann_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    options = (dtype, layout, device, pin_memory, requires_grad)
    return _window("hann_window", window_length, lambda n: cosine_sum(n, (0.5, 0.5), not periodic), *options)


def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Hamming's window, `alpha - beta cos(2 pi n / N)`.

    Args:
        window_length: How many values.
        periodic: Whether N is `window_length`; else it is one less, and the window is symmetric.
        alpha, beta: The mean and the swing. Default 0.54 and 0.46.
        dtype: A floating-point dtype; the default one by default.
    Raises:
        RuntimeError: `window_length` is negative, or `dtype` is not floating-point.
    Example:
        >>> hamming_window(4)
        tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    options = (dtype, layout, device, pin_memory, requires_grad)
    return _window(
        "hamming_window", window_length, lambda n: cosine_sum(n, (alpha, beta), not periodic), *options
    )


def blackman_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Blackman's window, `0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N)`.

    Args:
        window_length: How many values.
        periodic: Whether N is `window_length`; else it is one less, and the window is symmetric.
        dtype: A floating-point dtype; the default one by default.
    Raises:
        RuntimeError: `window_length` is negative, or `dtype` is not floating-point.
    Example:
        >>> blackman_window(4)[1:]
        tensor([0.3400, 1.0000, 0.3400])
    """
    options = (dtype, layout, device, pin_memory, requires_grad)
    return _window(
        "blackman_window", window_length, lambda n: cosine_sum(n, (0.42, 0.5, 0.08), not periodic), *options
    )


def bartlett_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Bartlett's window, the triangle `1 - |2 n / N - 1|`.

    Args:
        window_length: How many values.
        periodic: Whether N is `window_length`; else it is one less, and the window is symmetric.
        dtype: A floating-point dtype; the default one by default.
    Raises:
        RuntimeError: `window_length` is negative, or `dtype` is not floating-point.
    Example:
        >>> bartlett_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    options = (dtype, layout, device, pin_memory, requires_grad)
    return _window("bartlett_window", window_length, lambda n: triangle(n, not periodic), *options)


def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Kaiser's window, `I0(beta sqrt(1 - (2 n / N - 1)**2)) / I0(beta)`.

    Args:
        window_length: How many values.
        periodic: Whether N is `window_length`; else it is one less, and the window is symmetric.
        beta: How steep. Default 12.
        dtype: A floating-point dtype; the default one by default.
    Raises:
        RuntimeError: `window_length` is negative, or `dtype` is not floating-point.
    Example:
        >>> kaiser_window(3, False, 0.0)
        tensor([1., 1., 1.])
    """
    options = (dtype, layout, device, pin_memory, requires_grad)
    return _window("kaiser_window", window_length, lambda n: kaiser(n, beta, not periodic), *options)
