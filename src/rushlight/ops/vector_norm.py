"""Norms of vectors and matrices: `linalg.norm` and its parts, the older `torch.norm`, `dist`, `renorm`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd import Function, is_grad_enabled
from ..errors import wrap_dim, wrap_dims
from ..tensor import Tensor, into, method, wrap
from .convert import in_order
from .elementwise import in_float32, require_tensor
from .matmul import product
from .shape import movedim, reshape

__all__ = ["dist", "frobenius_norm", "norm", "nuclear_norm", "renorm"]
linalg = ["matrix_norm", "norm", "vector_norm"]

Ord = float | int | str | None
Dims = int | tuple | list | None


def _sums(x: np.ndarray, p: float, dims: tuple, keepdim: bool) -> np.ndarray:
    """The p-norm of an array, p not 0 or infinite."""
    kept = {"axis": dims or None, "keepdims": keepdim}
    if p == 2:
        if x.dtype.kind == "f" and len(dims) == x.ndim and x.flags.c_contiguous and not keepdim and x.size:
            flat = x.reshape(-1)
            total = product(flat, flat)._array
            if np.isfinite(total) and total > 1e-30:
                return np.sqrt(total)
        # Scaled by the largest, so that squares neither overflow nor vanish.
        a = np.abs(x)
        top = np.max(a, axis=dims or None, keepdims=True, initial=0)
        scale = np.where((top == 0) | ~np.isfinite(top), np.ones_like(top), top)
        y = np.sqrt(np.sum(np.square(a / scale), **kept))  # type: ignore[arg-type]
        return y * (scale if keepdim else np.squeeze(scale, dims)).astype(y.dtype)
    a = np.abs(x)
    if p == 1:
        return np.sum(a, **kept)  # type: ignore[arg-type]
    with np.errstate(divide="ignore"):
        return np.power(np.sum(np.power(a, p), **kept), a.dtype.type(1 / p))  # type: ignore[arg-type]


class LinalgVectorNormBackward0(Function):
    """Arguments: x, p, dims, keepdim."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float, dims: tuple, keepdim: bool) -> Tensor:
        a = x._array
        half = a.dtype.itemsize == 2
        if half:
            a = a.astype(np.float32)
        kept: Any = {"axis": dims or None, "keepdims": keepdim}
        if not dims:  # a 0-d tensor
            y = np.abs(a) if p != 0 else (a != 0).astype(a.real.dtype)
        elif p == 0:
            y = np.sum(a != 0, **kept).astype(a.real.dtype)
        elif p == math.inf:
            y = np.max(np.abs(a), **kept)
        elif p == -math.inf:
            y = np.min(np.abs(a), **kept)
        else:
            y = _sums(a, p, dims, keepdim)
        out = in_order(np.asarray(y).astype(x._array.dtype if half else a.real.dtype, copy=False))
        ctx.p, ctx.dims, ctx.keepdim = p, dims, keepdim
        ctx.save_for_backward(x, out)
        return out

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        x, y = ctx.saved_tensors
        p = ctx.p
        if ctx.dims and not ctx.keepdim:
            shape = [1 if d in ctx.dims else s for d, s in enumerate(x._array.shape)]
            dy, y = reshape(dy, shape), reshape(y, shape)
        if p == 0:
            return (x * 0.0, None, None, None)
        if not is_grad_enabled() and p == 2 and x._array.dtype.kind == "f":
            with np.errstate(divide="ignore", invalid="ignore"):
                scale = np.where(y._array == 0, 0, dy._array / y._array).astype(x._array.dtype, copy=False)
            return wrap(np.asarray(x._array * scale)), None, None, None
        zero = wrap(y._array == 0)
        if math.isinf(p):
            a = x.abs()  # type: ignore[attr-defined]
            chosen = wrap(a._array == y._array)
            count = chosen.sum(ctx.dims, keepdim=True) if ctx.dims else 1  # type: ignore[attr-defined]
            return x.sgn() * chosen * (dy / count), None, None, None  # type: ignore[attr-defined]
        if p == 1:
            return x.sgn() * dy, None, None, None  # type: ignore[attr-defined]
        if p == 2:
            return x * (dy / y).masked_fill(zero, 0.0), None, None, None  # type: ignore[attr-defined]
        a = x.abs()  # type: ignore[attr-defined]
        grown = x * a.pow(p - 2) if p > 2 else x.sgn() * a.pow(p - 1)  # type: ignore[attr-defined]
        if p < 2:
            grown = grown.masked_fill(wrap(x._array == 0), 0.0)
        return grown * (dy / y.pow(p - 1)).masked_fill(zero, 0.0), None, None, None  # type: ignore[attr-defined]


def _floating(x: Tensor, dtype: Any, function: str) -> Tensor:
    if dtype is not None:
        if not (dtype.is_floating_point or dtype.is_complex):
            raise RuntimeError(f"{function}: dtype must be floating point or complex, got {dtype}")
        if x.is_complex() and not dtype.is_complex:
            raise RuntimeError(f"{function}: dtype must be complex for complex inputs, got {dtype}")
        x = x.to(dtype)  # type: ignore[attr-defined]
    if not (x.is_floating_point() or x.is_complex()):
        raise RuntimeError(f"{function}: input must be of a floating point or complex dtype, got {x.dtype}")
    return x


def vector_norm(
    x: Tensor,
    ord: Any = 2,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    out: Tensor | None = None,
) -> Tensor:
    """The p-norm of the elements along `dim`: (sum |x|^p)^(1/p); p = 0 counts non-zeros, inf takes the largest.

    Args:
        ord: p, any number. Default 2.
        dim: One or several dims; None: all.

    Example:
        >>> rushlight.linalg.vector_norm(rushlight.tensor([3.0, 4.0]))
        tensor(5.)
    """
    require_tensor("linalg.vector_norm", x, "x")
    if isinstance(ord, str) or not isinstance(ord, (int, float)):
        raise TypeError(f"linalg.vector_norm: ord must be a number, got {ord!r}")
    x = _floating(x, dtype, "linalg.vector_norm")
    shape = x._array.shape
    dims = wrap_dims(dim, len(shape), "linalg.vector_norm") if dim is not None else tuple(range(len(shape)))
    if (ord < 0 or ord == math.inf) and any(shape[d] == 0 for d in dims):
        raise RuntimeError(
            f"linalg.vector_norm: cannot compute the {ord} norm of an empty dim (no identity), got shape {shape}"
        )
    y = LinalgVectorNormBackward0.apply(x, float(ord), dims, keepdim)
    return y if out is None else into(out, y, "linalg.vector_norm")


def matrix_norm(
    A: Tensor,
    ord: Ord = "fro",
    dim: Any = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
    out: Tensor | None = None,
) -> Tensor:
    """A norm of the matrices in the two dims `dim`.

    Args:
        ord: 'fro' (root of the sum of squares), 'nuc' (sum of singular values), inf / -inf (largest / smallest sum of
            absolute values of a row), 1 / -1 (of a column), 2 / -2 (largest / smallest singular value).

    Example:
        >>> rushlight.linalg.matrix_norm(rushlight.eye(4))
        tensor(2.)
    """
    require_tensor("linalg.matrix_norm", A, "A")
    name = "linalg.matrix_norm"
    A = _floating(A, dtype, name)
    if A._array.ndim < 2:
        raise RuntimeError(f"{name}: the input tensor A must have at least 2 dimensions, got {A._array.ndim}")
    if isinstance(dim, int) or len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple, got {dim}")
    rows, columns = wrap_dims(tuple(dim), A._array.ndim, name)
    if ord == "fro":
        y = vector_norm(A, 2, (rows, columns), keepdim)
    elif ord == "nuc" or (isinstance(ord, (int, float)) and abs(ord) == 2):
        from .eigen import svdvals

        s = svdvals(movedim(A, (rows, columns), (-2, -1)))
        y = s.sum(-1) if ord == "nuc" else s.amax(-1) if ord == 2 else s.amin(-1)  # type: ignore[attr-defined]
        if keepdim:
            shape = [1 if d in (rows, columns) else n for d, n in enumerate(A._array.shape)]
            y = reshape(y, shape)
    elif isinstance(ord, (int, float)) and ord in (1, -1, math.inf, -math.inf):
        summed, other = (rows, columns) if abs(ord) == 1 else (columns, rows)
        y = A.abs().sum(summed, keepdim=True)  # type: ignore[attr-defined]
        y = y.amax(other, keepdim=True) if ord > 0 else y.amin(other, keepdim=True)
        if not keepdim:
            y = y.squeeze((rows, columns))
    else:
        raise RuntimeError(
            f"{name}: ord must be one of 'fro', 'nuc', inf, -inf, 1, -1, 2, -2 (Order not supported), got {ord!r}"
        )
    return y if out is None else into(out, y, name)


def linalg_norm(
    A: Tensor,
    ord: Ord = None,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
) -> Tensor:
    """A vector's or a matrix's norm: of a matrix where `dim` names two dims, or there are two and `ord` is given.

    Args:
        ord: None (2-norm of all elements), a number, 'fro' or 'nuc'; see `vector_norm` and `matrix_norm`.

    Example:
        >>> rushlight.linalg.norm(rushlight.tensor([[3.0, 0.0], [0.0, 4.0]]), 2)
        tensor(4.)
    """
    require_tensor("linalg.norm", A, "A")
    dims = None if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if ord is None:
        return vector_norm(A, 2, dims, keepdim, dtype=dtype, out=out)
    if dims is not None and len(dims) not in (1, 2):
        raise RuntimeError(f"linalg.norm: if dim is specified, it must be of length 1 or 2, got {list(dims)}")
    if dims is None and A._array.ndim not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: if dim is not specified but ord is, the input must be 1D or 2D, got {A._array.ndim}D"
        )
    if len(dims) == 2 if dims is not None else A._array.ndim == 2:
        return matrix_norm(A, ord, dims or (0, 1), keepdim, dtype=dtype, out=out)
    if isinstance(ord, str):
        raise RuntimeError(
            f"linalg.norm: ord '{ord}' is for matrices: the input or dim must be 2D, got {dims or '1D'}"
        )
    return vector_norm(A, ord, dims, keepdim, dtype=dtype, out=out)


def norm(
    input: Tensor,
    p: Any = "fro",
    dim: Dims = None,
    keepdim: bool = False,
    out: Tensor | None = None,
    dtype: Any = None,
) -> Tensor:
    """The p-norm of all elements or along `dim`; `p='nuc'` sums singular values. `linalg.norm` is the newer one.

    Example:
        >>> rushlight.norm(rushlight.tensor([[3.0, 4.0]]), dim=1)
        tensor([5.])
    """
    require_tensor("norm", input)
    if p == "nuc":
        dims = (-2, -1) if dim is None else dim
        if dim is None and input._array.ndim != 2:
            raise RuntimeError(f"norm: input must be a matrix for p='nuc', got {input._array.ndim} dims")
        return matrix_norm(input, "nuc", dims, keepdim, dtype=dtype, out=out)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"norm: p must be a number, 'fro' or 'nuc' (only valid string values), got {p!r}")
    return vector_norm(input, 2 if p is None or p == "fro" else p, dim, keepdim, dtype=dtype, out=out)


@method("norm")
def _norm(self: Tensor, p: Any = "fro", dim: Dims = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """See `torch.norm`."""
    return norm(self, p, dim, keepdim, dtype=dtype)


def frobenius_norm(
    input: Tensor, dim: Dims = None, keepdim: bool = False, out: Tensor | None = None
) -> Tensor:
    """The root of the sum of squares."""
    require_tensor("frobenius_norm", input)
    return vector_norm(input, 2, dim or None, keepdim, out=out)


def nuclear_norm(
    input: Tensor, dim: Any = (-2, -1), keepdim: bool = False, out: Tensor | None = None
) -> Tensor:
    """The sum of singular values."""
    require_tensor("nuclear_norm", input)
    return matrix_norm(input, "nuc", dim, keepdim, out=out)


@method()
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of input - other.

    Example:
        >>> rushlight.dist(rushlight.zeros(4), rushlight.ones(4))
        tensor(2.)
    """
    require_tensor("dist", input)
    require_tensor("dist", other, "other")
    return vector_norm(input - other, p)


@method(inplace=True)
@in_float32
def renorm(input: Tensor, p: float, dim: int, maxnorm: float, out: Tensor | None = None) -> Tensor:
    """Each slice along `dim` scaled down to the p-norm `maxnorm` where it has a larger one.

    Example:
        >>> rushlight.renorm(rushlight.tensor([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1.0)
        tensor([[0.6000, 0.8000],
                [0.3000, 0.4000]])
    """
    require_tensor("renorm", input)
    if isinstance(p, complex):
        raise RuntimeError(f"renorm: p must be real-valued, got {p}")
    if p <= 0 or maxnorm < 0 or input._array.ndim < 2:
        raise RuntimeError(
            f"renorm: needs p > 0, maxnorm >= 0 and at least 2 dims, got {p}, {maxnorm} and {input._array.ndim} dims"
        )
    dim = wrap_dim(dim, input._array.ndim, "renorm")
    others = tuple(d for d in range(input._array.ndim) if d != dim)
    n = vector_norm(input, p, others, True)
    factor = (maxnorm / (n + 1e-7)).masked_fill(wrap(n._array <= maxnorm), 1.0)
    y = input * factor
    return y if out is None else into(out, y, "renorm")
