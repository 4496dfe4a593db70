"""The short-time Fourier transform: spectra of short, overlapping, windowed stretches of a signal, and its inverse.

Both are composed of differentiable operations. Source: D. Griffin and J. Lim 1984, "Signal estimation from modified
short-time Fourier transform"; the inverse is their least-squares estimate.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..tensor import Tensor, method, wrap

__all__ = ["istft", "stft"]


def _length(function: str, name: str, value: Any, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{function}: {name} must be an int, got {kind_of(value)}")
    return value.__index__()


def _window(function: str, window: Tensor | None, win_length: int, n_fft: int) -> Any:
    """The window in the middle of `n_fft` values; None when it is 1 everywhere."""
    if window is None:
        if win_length == n_fft:
            return None
        left = (n_fft - win_length) // 2
        ones = np.zeros(n_fft, np.float32)
        ones[left : left + win_length] = 1
        return wrap(ones)
    if not isinstance(window, TensorBase):
        raise TypeError(f"{function}: window must be a Tensor, got {kind_of(window)}")
    if window._array.shape != (win_length,):
        raise RuntimeError(
            f"{function}: window must be 1-d and of size win_length, {win_length}, got shape {list(window._array.shape)}"
        )
    if win_length == n_fft:
        return window
    from .padding import pad

    left = (n_fft - win_length) // 2
    return pad(window, (left, n_fft - win_length - left))  # type: ignore[arg-type]


@method()
def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """The Fourier transforms of the stretches of `n_fft` values that begin every `hop_length` values.

    Args:
        n_fft: Values in a stretch.
        hop_length: Values from one stretch to the next. Default n_fft // 4.
        win_length: Size of the window, which stands in the middle of the stretch. Default n_fft.
        window: What each stretch is multiplied with; 1 by default.
        center: Whether stretch t has its middle, not its beginning, at t * hop_length: the signal is then padded
            with n_fft // 2 values at both ends.
        pad_mode: How, see `nn.functional.pad`.
        normalized: Divide by sqrt(n_fft).
        onesided: Leave out the frequencies above n_fft // 2, which repeat the others conjugated. Default: where input
            and window are real.
        return_complex: Whether the result is complex, or real with a last dim (real part, imaginary part). Must be
            given for real inputs.
        align_to_window: Without `center`, whether stretch t is placed so that the window begins at t * hop_length: the
            signal is then padded with zeros for the rest of the stretch.
    Shape:
        input: (L) or (B, L); output: (B, frequencies, stretches).
    Raises:
        RuntimeError: a length is out of its range, `window` has another size, the input has more than 2 dims.
    Source: Griffin and Lim 1984, "Signal estimation from modified short-time Fourier transform".
    Example:
        >>> x = rushlight.tensor([1.0, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0, 0.0])
        >>> stft(x, 4, 4, center=False, return_complex=True).abs()
        tensor([[0., 0.],
                [2., 2.],
                [0., 0.]])
    """
    from .. import fft
    from .padding import pad

    if not isinstance(input, TensorBase):
        raise TypeError(f"stft: input must be a Tensor, got {kind_of(input)}")
    n_fft = _length("stft", "n_fft", n_fft, 0)
    hop = _length("stft", "hop_length", hop_length, n_fft // 4)
    size = _length("stft", "win_length", win_length, n_fft)
    x: Any = input
    if return_complex is None and not x.is_complex() and not (window is not None and window.is_complex()):
        raise RuntimeError(
            "stft: return_complex must be given for real inputs, got None; True gives a complex tensor, view_as_real of "
            "which is what False gives"
        )
    if center and align_to_window is not None:
        raise RuntimeError(f"stft: align_to_window must be set with center=False only, got {align_to_window}")
    if not (x.is_complex() or x.is_floating_point()):
        raise RuntimeError(f"stft: input must be floating-point or complex, got {x.dtype}")
    if x.ndim not in (1, 2):
        raise RuntimeError(f"stft: input must have 1 or 2 dims, got {x.ndim} (shape {list(x.shape)})")
    batched = x.ndim == 2
    x = x if batched else x.unsqueeze(0)
    if center:
        half = n_fft // 2
        x = pad(x.unsqueeze(0), (half, half), pad_mode).squeeze(0)
    elif align_to_window:
        left = (n_fft - size) // 2
        x = pad(x, (left, n_fft - size - left))
    if not 0 < n_fft <= x.shape[1]:
        raise RuntimeError(
            f"stft: n_fft must be in [1, {x.shape[1]}], the (padded) signal's length, got {n_fft}"
        )
    if hop <= 0:
        raise RuntimeError(f"stft: hop_length must be greater than 0, got {hop}")
    if not 0 < size <= n_fft:
        raise RuntimeError(f"stft: win_length must be in [1, {n_fft}], at most n_fft, got {size}")
    weights = _window("stft", window, size, n_fft)
    frames = x.unfold(-1, n_fft, hop)
    if weights is not None:
        # A window that stands for none, shorter than the stretch, does not change the dtype.
        frames = frames * (weights.to(x.real.dtype) if window is None else weights)
    if onesided and frames.is_complex():
        raise RuntimeError("stft: onesided must be False for a complex input or window, got True")
    onesided = not frames.is_complex() if onesided is None else onesided
    transform = fft.rfft if onesided else fft.fft
    y: Any = transform(frames, norm="ortho" if normalized else None).transpose(1, 2)  # type: ignore[attr-defined]
    y = y if batched else y.squeeze(0)
    return y if return_complex or return_complex is None else _parts(y)


def _parts(y: Any) -> Any:
    from .strided import view_as_real

    return view_as_real(y)


class UnfoldBackwardBackward0(Function):
    """The sum of frames (B, T, n) that begin `hop` values apart, (B, n + hop (T - 1)): the adjoint of unfold."""

    @staticmethod
    def forward(ctx: Any, frames: Tensor, hop: int) -> Tensor:
        x = frames._array
        batch, count, n = x.shape
        ctx.n, ctx.hop = n, hop
        total = n + hop * (count - 1)
        rows = -(-total // hop)
        y = np.zeros((batch, rows, hop), x.dtype)
        for first in range(0, n, hop):  # what lies `first` values into each frame
            part = x[:, :, first : first + hop]
            y[:, first // hop : first // hop + count, : part.shape[2]] += part
        return wrap(y.reshape(batch, rows * hop)[:, :total])

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return dy.unfold(1, ctx.n, ctx.hop), None  # type: ignore[attr-defined]


@method()
def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal whose `stft` comes closest to `input`: the inverse of `stft` with the same arguments.

    Args:
        n_fft, hop_length, win_length, window, center, normalized, onesided: As they were given to `stft`; whether it was
            onesided is seen from the number of frequencies by default.
        length: Values of the result, which is cut off or filled up with zeros. Default: all that is known.
        return_complex: Whether the signal is complex.
    Shape:
        input: (frequencies, stretches) or (B, frequencies, stretches), complex; output: (L) or (B, L).
    Raises:
        RuntimeError: sizes do not fit each other, or the windows leave a gap where the signal is not known.
    Source: Griffin and Lim 1984, "Signal estimation from modified short-time Fourier transform", equation 6.
    Example:
        >>> x = rushlight.tensor([1.0, 0.0, -1.0, 0.0, 2.0, 0.0, -1.0, 0.0])
        >>> y = istft(
        ...     stft(x, 4, window=rushlight.hann_window(4), return_complex=True),
        ...     4,
        ...     window=rushlight.hann_window(4),
        ... )
        >>> rushlight.allclose(x, y, atol=1e-6)
        True
    """
    from .. import fft

    if not isinstance(input, TensorBase):
        raise TypeError(f"istft: input must be a Tensor, got {kind_of(input)}")
    n_fft = _length("istft", "n_fft", n_fft, 0)
    hop = _length("istft", "hop_length", hop_length, n_fft // 4)
    size = _length("istft", "win_length", win_length, n_fft)
    x: Any = input
    if not x.is_complex():
        raise RuntimeError(
            f"istft: input must be complex, as stft with return_complex=True gives it, got {x.dtype}"
        )
    if not x.numel():
        raise RuntimeError(f"istft: input must not be empty (cannot be empty), got shape {list(x.shape)}")
    if x.ndim < 2:
        raise IndexError(f"istft: input must have 2 or 3 dims, got {x.ndim} (shape {list(x.shape)})")
    if x.ndim > 3:
        raise RuntimeError(f"istft: input must have 2 or 3 dims, got {x.ndim} (shape {list(x.shape)})")
    bins = x.shape[-2]
    complex_window = window is not None and window.is_complex()
    if onesided and (return_complex or complex_window):
        raise RuntimeError("istft: onesided must be False for a complex signal or window, got True")
    if complex_window and not return_complex:
        raise RuntimeError("istft: return_complex must be True with a complex window, got False")
    if onesided is None:
        onesided = bins != n_fft and not return_complex
    expected = n_fft // 2 + 1 if onesided else n_fft
    if not 0 < hop <= size:
        raise RuntimeError(f"istft: hop_length must be in [1, {size}], at most win_length, got {hop}")
    if not 0 < size <= n_fft:
        raise RuntimeError(f"istft: win_length must be in [1, {n_fft}], at most n_fft, got {size}")
    if bins != expected:
        raise RuntimeError(
            f"istft: input must have {expected} frequencies ({'n_fft // 2 + 1' if onesided else 'n_fft'} with "
            f"onesided={onesided}), got {bins}"
        )
    if length is not None and length < 1:
        raise RuntimeError(f"istft: length must be at least 1, got {length}")
    weights = _window("istft", window, size, n_fft)
    batched = x.ndim == 3
    x = (x if batched else x.unsqueeze(0)).transpose(1, 2)
    norm = "ortho" if normalized else None
    # A real signal's spectrum repeats itself conjugated: without return_complex its first half is all that is read.
    transform = fft.ifft if return_complex else fft.irfft
    frames: Any = transform(x if return_complex else x[..., : n_fft // 2 + 1], n_fft, norm=norm)
    if weights is None:
        weights = frames.new_ones(n_fft).detach()
    elif window is None:
        weights = weights.to(frames.real.dtype)
    count = frames.shape[1]
    y = UnfoldBackwardBackward0.apply(frames * weights, hop)
    envelope = UnfoldBackwardBackward0.apply((weights * weights).expand(1, count, n_fft), hop)
    total = y.shape[1]
    start = n_fft // 2 if center else 0
    end = total - start if length is None else min(start + length, total)
    y, envelope = y[:, start:end], envelope[:, start:end]
    if not envelope.numel() or float(np.abs(envelope._array).min()) <= 1e-11:
        raise RuntimeError(
            "istft: window must leave no gap, but the squared windows add up to 0 somewhere (window overlap add min is "
            "0); use a smaller hop_length, or center=True"
        )
    y = y / envelope
    if length is not None and y.shape[1] < length:
        from .padding import pad

        warnings.warn(
            f"istft: the signal is shorter than length, {y.shape[1]} values of {length}; it is filled up with zeros",
            stacklevel=2,
        )
        y = pad(y, (0, length - y.shape[1]))
    return y if batched else y.squeeze(0)
