"""Cases of ops/spectral.py and ops/windows.py."""

import numpy as np

from harness import OpCase, T, call, fails

ONCE = {"dtypes": ("float32",), "grad": False, "variants": False}
COMPLEX = ("complex64", "complex128")


def _stft(x, n_fft, hop=None, window=None, normalized=False, **_):
    """Without padding, onesided."""
    hop = hop or n_fft // 4
    frames = np.stack([x[..., i : i + n_fft] for i in range(0, x.shape[-1] - n_fft + 1, hop)], -2)
    y = np.fft.rfft(frames * (1 if window is None else window), norm="ortho" if normalized else "backward")
    return np.swapaxes(y, -1, -2)


def _hann(n, periodic=True):
    if n < 2:
        return np.ones(n)
    return np.hanning(n + 1)[:-1] if periodic else np.hanning(n)


def _hamming(n, periodic=True, alpha=0.54, beta=0.46):
    k = np.arange(n)
    return alpha - beta * np.cos(2 * np.pi * k / (n if periodic else n - 1))


WINDOW_ERRORS = [
    (RuntimeError, "window_length must not be negative, got -1", -1),
    (TypeError, "window_length must be an int, got float", 2.0),
]


def _window(name, *calls, reference, **options):
    return OpCase(
        f"{name}_window",
        calls,
        reference=reference,
        errors=[fails(kind, f"{name}_window: {text}", n) for kind, text, n in WINDOW_ERRORS],
        **ONCE,
        **options,
    )


CASES = [
    _window("hann", call(8), call(7, False), call(1), call(0), reference=_hann, big=call(200000)),
    _window(
        "hamming", call(8), call(7, False), call(6, True, 0.5), call(6, False, 0.5, 0.3), reference=_hamming
    ),
    _window(
        "blackman",
        call(8),
        call(7, False),
        reference=lambda n, p=True: np.blackman(n + 1)[:-1] if p else np.blackman(n),
    ),
    _window(
        "bartlett",
        call(8),
        call(7, False),
        reference=lambda n, p=True: np.bartlett(n + 1)[:-1] if p else np.bartlett(n),
    ),
    _window(
        "kaiser",
        call(8),
        call(7, False),
        call(7, True, 3.0),
        call(5, True, 0.0),
        reference=lambda n, p=True, b=12.0: np.kaiser(n + 1, b)[:-1] if p else np.kaiser(n, b),
    ),
    OpCase(
        "stft",
        [
            call(T(20), 8, center=False, return_complex=True),
            call(T(2, 20), 8, 3, window=T(8), normalized=True, center=False, return_complex=True),
        ],
        reference=lambda x, n_fft, hop=None, **k: _stft(x, n_fft, hop, k.get("window"), k.get("normalized")),
        variants=False,
        id="stft-plain",
    ),
    OpCase(
        "stft",
        [
            call(T(20), 7, return_complex=True),
            call(T(2, 21), 8, 3, 5, T(5), return_complex=True),
            call(T(20), 8, win_length=4, pad_mode="constant", return_complex=True),
            call(T(20), 8, window=T(8), onesided=False, normalized=True, return_complex=True),
            call(T(20), 8, win_length=5, center=False, align_to_window=True, return_complex=True),
            call(T(20), 8, win_length=5, center=False, align_to_window=False, return_complex=True),
            call(T(20), 4, pad_mode="replicate", return_complex=False),
        ],
        big=call(T(4, 20000), 400, 160, return_complex=True),
        errors=[
            fails(RuntimeError, "stft: return_complex must be given for real inputs", T(20), 4),
            fails(
                RuntimeError,
                "stft: window must be 1-d and of size win_length, 4",
                T(20),
                4,
                None,
                None,
                T(3),
                return_complex=True,
            ),
            fails(
                RuntimeError,
                "stft: hop_length must be greater than 0, got 0",
                T(20),
                4,
                0,
                return_complex=True,
            ),
            fails(RuntimeError, "stft: win_length must be in [1, 4]", T(20), 4, None, 5, return_complex=True),
            fails(
                RuntimeError, "stft: n_fft must be in [1, 20]", T(20), 24, center=False, return_complex=True
            ),
            fails(
                RuntimeError,
                "stft: align_to_window must be set with center=False only",
                T(20),
                4,
                align_to_window=True,
                return_complex=True,
            ),
            fails(
                RuntimeError, "stft: input must have 1 or 2 dims, got 3", T(2, 2, 20), 4, return_complex=True
            ),
            fails(
                RuntimeError,
                "stft: input must be floating-point or complex",
                T(20, dtype="int64"),
                4,
                return_complex=True,
            ),
        ],
    ),
    OpCase(
        "stft",
        [
            call(T(20), 8),
            call(T(20), 8, window=T(8), return_complex=False),
            call(T(20), 8, window=T(8, dtype="float32"), return_complex=True),
        ],
        dtypes=COMPLEX,
        grad=False,
        errors=[
            fails(
                RuntimeError,
                "stft: onesided must be False for a complex input",
                T(20, dtype="complex64"),
                4,
                onesided=True,
            )
        ],
        id="stft-complex",
    ),
    OpCase(
        "istft",
        [
            call(T(5, 6), 8),
            call(T(2, 5, 6), 8, 3, 6, T(6, low=0.5, high=1.0, dtype="float64"), normalized=True),
            call(T(8, 6), 8, center=False),
            call(T(5, 6), 8, length=9),
            call(T(8, 6), 8, return_complex=True),
            call(T(8, 6), 8, window=T(8), return_complex=True),
        ],
        dtypes=COMPLEX,
        grad=False,  # of complex inputs: see test_spectral.py
        torch_dtypes=("complex128",),
        big=call(T(201, 200, dtype="complex64"), 400, 160),
        rtol=1e-4,
        atol=1e-4,
        reason="divided by squared windows, which are small at their ends",
        errors=[
            fails(RuntimeError, "istft: input must be complex", T(5, 6, dtype="float32"), 8),
            fails(RuntimeError, "istft: input must have 5 frequencies", T(6, 6, dtype="complex64"), 8),
            fails(RuntimeError, "istft: hop_length must be in [1, 8]", T(5, 6, dtype="complex64"), 8, 10),
            fails(RuntimeError, "istft: win_length must be in [1, 8]", T(5, 6, dtype="complex64"), 8, 2, 9),
            fails(
                RuntimeError,
                "istft: window must be 1-d and of size win_length",
                T(5, 6, dtype="complex64"),
                8,
                window=T(5, dtype="float32"),
            ),
            fails(RuntimeError, "istft: input must not be empty", T(0, 6, dtype="complex64"), 8),
            fails(RuntimeError, "istft: input must have 2 or 3 dims", T(1, 1, 5, 6, dtype="complex64"), 8),
            fails(
                RuntimeError,
                "istft: window must leave no gap",
                T(5, 6, dtype="complex64"),
                8,
                window=T(values=np.hanning(9)[:-1], dtype="float32"),
                center=False,
            ),
            fails(
                RuntimeError,
                "istft: onesided must be False for a complex signal",
                T(8, 6, dtype="complex64"),
                8,
                onesided=True,
                return_complex=True,
            ),
            fails(
                RuntimeError,
                "istft: return_complex must be True with a complex window",
                T(8, 6, dtype="complex64"),
                8,
                window=T(8, dtype="complex64"),
            ),
            fails(RuntimeError, "istft: length must be at least 1", T(5, 6, dtype="complex64"), 8, length=-1),
        ],
    ),
]
