"""Discrete Fourier transforms (torch.fft), on NumPy's, differentiable.

Three nodes carry all of them: complex to complex, real to half-complex, half-complex to real. With norm
"backward" the forward transform is a plain sum and the inverse one is divided by n; "ortho" divides both by
sqrt(n), "forward" the forward one by n.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import dtypes
from .autograd import Function
from .autograd.core import TensorBase
from .errors import kind_of, wrap_dim, wrap_dims
from .ops.convert import to_dtype
from .ops.elementwise import require_tensor
from .public import open_to_all
from .tensor import Tensor, into, wrap

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "hfft2",
    "hfftn",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "ihfft2",
    "ihfftn",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]


def _count(shape: Sequence[int], dims: tuple) -> int:
    return math.prod([shape[d] for d in dims])


def _scale(norm: str, n: int, forward: bool) -> float:
    if norm == "ortho":
        return n**-0.5
    return 1.0 / n if (norm == "forward") == forward else 1.0


class FftC2CBackward0(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, scale: float, forward: bool) -> Tensor:
        ctx.dims, ctx.scale, ctx.forward_ = dims, scale, forward
        array = x._array
        if forward:
            y = np.fft.fftn(array, axes=dims, norm="backward")
        else:
            y = np.fft.ifftn(array, axes=dims, norm="forward")
        return wrap((y if scale == 1 else y * scale).astype(array.dtype, copy=False))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return FftC2CBackward0.apply(dy, ctx.dims, ctx.scale, not ctx.forward_), None, None, None


class FftR2CBackward0(Function):
    """Real input; of the last of `dims` only the first n // 2 + 1 frequencies, or all (not `half`)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, scale: float, half: bool) -> Tensor:
        ctx.dims, ctx.scale, ctx.half, ctx.n = dims, scale, half, x._array.shape[dims[-1]]
        array = x._array
        kind = np.complex64 if array.dtype == np.float32 else np.complex128
        y = np.fft.rfftn(array, axes=dims) if half else np.fft.fftn(array, axes=dims)
        return wrap((y if scale == 1 else y * scale).astype(kind, copy=False))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        if ctx.half:  # the frequencies left out have no gradient
            dy = _resized(dy, (ctx.dims[-1],), (ctx.n,))
        return FftC2CBackward0.apply(dy, ctx.dims, ctx.scale, False).real, None, None, None


class FftC2RBackward0(Function):
    """The inverse of half a spectrum, to `n` real values along the last of `dims`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: tuple, scale: float, n: int) -> Tensor:
        ctx.dims, ctx.scale, ctx.n = dims, scale, n
        array = x._array
        kind = np.float32 if array.dtype == np.complex64 else np.float64
        sizes = [*(array.shape[d] for d in dims[:-1]), n]
        y = np.fft.irfftn(array, sizes, axes=dims, norm="forward")
        return wrap((y if scale == 1 else y * scale).astype(kind, copy=False))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        g = FftR2CBackward0.apply(dy, ctx.dims, ctx.scale, True)
        # All frequencies but the first (and, for even n, the last) stand for two.
        weight = np.full(ctx.n // 2 + 1, 2.0)
        weight[0] = 1
        if ctx.n % 2 == 0:
            weight[-1] = 1
        shape = [1] * dy.ndim
        shape[ctx.dims[-1]] = -1
        return g * wrap(weight.reshape(shape).astype(dy._array.dtype)), None, None, None


def _resized(x: Tensor, dims: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """Cut off, or filled up with zeros, at the end of each dim."""
    for d, n in zip(dims, sizes, strict=True):
        have = x._array.shape[d]
        if n < have:
            x = x.narrow(d, 0, n)  # type: ignore[attr-defined]
        elif n > have:
            from .ops.join import cat

            shape = list(x._array.shape)
            shape[d] = n - have
            x = cat([x, x.new_zeros(shape)], d)  # type: ignore[attr-defined]
    return x


def _check(input: Any, name: str, complex_: bool | None) -> Tensor:
    """`input` in a dtype the transform takes: complex, real, or (None) whichever it is."""
    if not isinstance(input, TensorBase):
        raise TypeError(f"{name}: input must be a Tensor, got {kind_of(input)}")
    d = input.dtype  # type: ignore[attr-defined]
    if d in (dtypes.float16, dtypes.bfloat16):
        raise RuntimeError(f"{name}: unsupported dtype {d}; convert it with .float()")
    if d.category < dtypes.FLOAT:
        d = dtypes.get_default_dtype()
    if complex_ is False and d.is_complex:
        raise RuntimeError(f"{name}: input must be real, got {d}")
    if complex_:
        d = d.to_complex()
    return to_dtype(input, d)  # type: ignore[arg-type]


def _dims_and_sizes(x: Tensor, s: Any, dim: Any, name: str) -> tuple[tuple, list]:
    ndim = x._array.ndim
    if dim is None:
        dims = tuple(range(ndim)) if s is None else tuple(range(ndim - len(s), ndim))
        if s is not None and len(s) > ndim:
            raise RuntimeError(f"{name}: s must have at most {ndim} sizes, got {len(s)}")
    else:
        given = (dim,) if isinstance(dim, int) else tuple(dim)
        dims = wrap_dims(given, ndim, name) if given else ()
        if given and not ndim:
            raise IndexError(
                f"{name}: dim must be one of input's, which has none (a 0-d tensor), got {given}"
            )
    if s is not None and len(s) != len(dims):
        raise RuntimeError(
            f"{name}: when given, dim and s must have the same length, got {len(dims)} and {len(s)}"
        )
    sizes = [x._array.shape[d] if s is None or s[i] == -1 else s[i] for i, d in enumerate(dims)]
    for n in sizes:
        if n < 1:
            raise RuntimeError(f"{name}: invalid number of data points ({n}) specified")
    return dims, sizes


def _norm(norm: str | None, name: str) -> str:
    if norm not in (None, "backward", "ortho", "forward"):
        raise RuntimeError(f"{name}: norm must be 'backward', 'ortho', 'forward' or None, got {norm!r}")
    return norm or "backward"


def _c2c(input: Any, s: Any, dim: Any, norm: str | None, forward: bool, name: str) -> Tensor:
    x = _check(input, name, None)
    dims, sizes = _dims_and_sizes(x, s, dim, name)
    x = _resized(x, dims, sizes)
    scale = _scale(_norm(norm, name), _count(x._array.shape, dims), forward)
    if not dims:
        return _check(x, name, True).clone()  # type: ignore[attr-defined]
    if not x.is_complex():
        if forward:
            return FftR2CBackward0.apply(x, dims, scale, False)
        x = _check(x, name, True)
    return FftC2CBackward0.apply(x, dims, scale, forward)


def _r2c(input: Any, s: Any, dim: Any, norm: str | None, forward: bool, name: str) -> Tensor:
    x = _check(input, name, False)
    dims, sizes = _dims_and_sizes(x, s, dim, name)
    if not dims:
        raise RuntimeError(f"{name}: at least one axis must be transformed")
    x = _resized(x, dims, sizes)
    y = FftR2CBackward0.apply(x, dims, _scale(_norm(norm, name), _count(x._array.shape, dims), forward), True)
    return y if forward else y.conj()


def _c2r(input: Any, s: Any, dim: Any, norm: str | None, forward: bool, name: str) -> Tensor:
    x = _check(input, name, True)
    half = None if s is None else [*s[:-1], -1 if s[-1] == -1 else s[-1] // 2 + 1]
    dims, sizes = _dims_and_sizes(x, half, dim, name)
    if not dims:
        raise RuntimeError(f"{name}: at least one axis must be transformed")
    n = 2 * (x._array.shape[dims[-1]] - 1) if s is None or s[-1] == -1 else s[-1]
    if n < 1:
        raise RuntimeError(f"{name}: invalid number of data points ({n}) specified")
    x = _resized(x, dims, sizes)
    scale = _scale(_norm(norm, name), _count(x._array.shape, dims[:-1]) * n, forward)
    return FftC2RBackward0.apply(x.conj() if forward else x, dims, scale, n)  # type: ignore[attr-defined]


def _one(name: str, how: Callable, forward: bool, doc: str) -> Callable:
    def transform(
        input: Tensor,
        n: int | None = None,
        dim: int = -1,
        norm: str | None = None,
        *,
        out: Tensor | None = None,
    ) -> Tensor:
        require_tensor(name, input)
        d = wrap_dim(dim, input._array.ndim, name)
        if not input._array.ndim:
            raise IndexError(f"{name}: input must have at least 1 dim, got a 0-d tensor")
        y = how(input, None if n is None else (n,), (d,), norm, forward, name)
        return y if out is None else into(out, y, name)

    return _named(transform, name, f"{doc} along one dim, cut or filled up with zeros to `n` values.")


def _several(name: str, how: Callable, forward: bool, dims: Any, doc: str) -> Callable:
    def transform(
        input: Tensor,
        s: Sequence[int] | None = None,
        dim: Any = dims,
        norm: str | None = None,
        *,
        out: Tensor | None = None,
    ) -> Tensor:
        y = how(input, s, dim, norm, forward, name)
        return y if out is None else into(out, y, name)

    return _named(
        transform, name, f"{doc} along several dims (default: {'all' if dims is None else 'the last two'})."
    )


def _named(function: Callable, name: str, doc: str) -> Callable:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"{doc}\n\n    norm: 'backward' (only the inverse is divided by n), 'ortho' or 'forward'."
    )
    return function


fft = _one("fft", _c2c, True, "The Fourier transform")
ifft = _one("ifft", _c2c, False, "The inverse Fourier transform")
rfft = _one("rfft", _r2c, True, "The transform of real values, without the redundant half,")
irfft = _one("irfft", _c2r, False, "The inverse of `rfft`, to real values,")
hfft = _one("hfft", _c2r, True, "The transform of a Hermitian signal's half, to real values,")
ihfft = _one("ihfft", _r2c, False, "The inverse of `hfft`")
fftn = _several("fftn", _c2c, True, None, "The Fourier transform")
ifftn = _several("ifftn", _c2c, False, None, "The inverse Fourier transform")
rfftn = _several("rfftn", _r2c, True, None, "The transform of real values")
irfftn = _several("irfftn", _c2r, False, None, "The inverse of `rfftn`")
hfftn = _several("hfftn", _c2r, True, None, "The transform of a Hermitian signal's half")
ihfftn = _several("ihfftn", _r2c, False, None, "The inverse of `hfftn`")
fft2 = _several("fft2", _c2c, True, (-2, -1), "The Fourier transform")
ifft2 = _several("ifft2", _c2c, False, (-2, -1), "The inverse Fourier transform")
rfft2 = _several("rfft2", _r2c, True, (-2, -1), "The transform of real values")
irfft2 = _several("irfft2", _c2r, False, (-2, -1), "The inverse of `rfft2`")
hfft2 = _several("hfft2", _c2r, True, (-2, -1), "The transform of a Hermitian signal's half")
ihfft2 = _several("ihfft2", _r2c, False, (-2, -1), "The inverse of `hfft2`")


def _frequencies(values: np.ndarray, options: dict, out: Tensor | None, name: str) -> Tensor:
    dtype = options.pop("dtype", None) or dtypes.get_default_dtype()
    requires_grad = options.pop("requires_grad", False)
    t = wrap(values.astype(dtype.numpy))
    if out is not None:
        return into(out, t, name)
    return t.requires_grad_() if requires_grad else t


def fftfreq(n: int, d: float = 1.0, *, out: Tensor | None = None, **options: Any) -> Tensor:
    """The frequencies, in cycles per unit of the spacing `d`, that `fft` of `n` values gives.

    Example:
        >>> fftfreq(4)
        tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    return _frequencies(np.fft.fftfreq(n, d), options, out, "fftfreq")


def rfftfreq(n: int, d: float = 1.0, *, out: Tensor | None = None, **options: Any) -> Tensor:
    """The frequencies that `rfft` of `n` values gives."""
    return _frequencies(np.fft.rfftfreq(n, d), options, out, "rfftfreq")


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Frequency 0 moved to the middle of each dim."""
    require_tensor("fftshift", input)
    dims = wrap_dims(dim, input._array.ndim, "fftshift")
    return input.roll(tuple([input._array.shape[d] // 2 for d in dims]), dims)  # type: ignore[attr-defined]


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The inverse of `fftshift`."""
    require_tensor("ifftshift", input)
    dims = wrap_dims(dim, input._array.ndim, "ifftshift")
    return input.roll(tuple([(input._array.shape[d] + 1) // 2 for d in dims]), dims)  # type: ignore[attr-defined]


open_to_all(globals(), __all__, "fft.")
