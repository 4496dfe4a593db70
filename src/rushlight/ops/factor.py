"""Factorizations in LAPACK's compact forms: Householder reflections, LU with its parts, Bunch-Kaufman's LDL.

Source: G. Golub and C. Van Loan, Matrix Computations, sections 4.4 (LDL) and 5.1 (Householder); J. Bunch and
L. Kaufman 1977, "Some stable methods for calculating inertia and solving symmetric linear systems".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..return_types import struct
from ..tensor import Tensor, into, method, wrap
from .decomposition import LinAlgError, _permutation_matrix, check, tri
from .linalg import householder_product
from .matmul import matmul, mh
from .shape import reshape
from .split import narrow

__all__ = ["geqrf", "lu_unpack", "orgqr", "ormqr"]
linalg = """ldl_factor ldl_factor_ex ldl_solve""".split()


def _check_matrix(function: str, name: str, x: Any) -> None:
    if not isinstance(x, TensorBase):
        raise TypeError(f"{function}: {name} must be a Tensor, got {kind_of(x)}")
    if x._array.ndim < 2:
        raise RuntimeError(f"{function}: {name} must have at least 2 dimensions, got {x._array.ndim}")


class _NoDerivative(Function):
    """Factors whose derivative PyTorch does not have either."""

    title = ""

    @staticmethod
    def forward(ctx: Any, compute: Any, A: Tensor, *rest: Any) -> Any:
        results = compute(A._array, *rest)
        for r in results[1:]:
            if r._array.dtype.kind not in "fc":
                ctx.mark_non_differentiable(r)
        return results

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise RuntimeError(f"{type(ctx).title}: the derivative is not implemented, as in PyTorch")


# -- Householder reflections --------------------------------------------------------------------------------------
_geqrf = struct("geqrf", "a", "tau")


class GeqrfBackward0(_NoDerivative):
    title = "geqrf"


def _reflections(a: np.ndarray) -> tuple:
    h, tau = np.linalg.qr(a, mode="raw")
    return wrap(np.ascontiguousarray(h.swapaxes(-1, -2))), wrap(np.ascontiguousarray(tau))


@method()
def geqrf(input: Tensor, *, out: Any = None) -> Any:
    """QR by Householder reflections, in LAPACK's form: R on and above the diagonal, the reflections' vectors below.

    The i-th reflection is `1 - tau[i] v v^H`, v being 1 at i, 0 before and the i-th column of `a` below.

    Shape:
        input: (*, m, n); a: the same; tau: (*, min(m, n)).
    Raises:
        RuntimeError: the input has less than 2 dims, or is not floating-point or complex.
    Example:
        >>> a, tau = geqrf(rushlight.tensor([[3.0], [4.0]]))
        >>> a[0], tau
        (tensor([-5.]), tensor([1.6000]))
    """
    _check_matrix("geqrf", "input", input)
    if input._array.dtype.kind not in "fc" or input._array.dtype.itemsize == 2:
        raise NotImplementedError(
            f"geqrf: input must be of dtype float32, float64 or complex, got {input.dtype}"
        )
    pair = GeqrfBackward0.apply(_reflections, input)
    if out is not None:
        pair = into(out[0], pair[0], "geqrf"), into(out[1], pair[1], "geqrf")
    return _geqrf(*pair)


@method()
def orgqr(input: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """See `linalg.householder_product`.

    Example:
        >>> orgqr(*geqrf(rushlight.tensor([[3.0], [4.0]])))
        tensor([[-0.6000],
                [-0.8000]])
    """
    return householder_product(input, tau, out=out)


@method()
def ormqr(
    input: Tensor,
    tau: Tensor,
    other: Tensor,
    left: bool = True,
    transpose: bool = False,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """`other` multiplied with the square orthogonal (unitary) matrix Q of all reflections that `geqrf` gives.

    Args:
        input, tau: What `geqrf` gives.
        left: Whether Q stands at the left: Q other; else other Q.
        transpose: Take Q^H instead of Q.
    Shape:
        input: (*, m, k); tau: (*, k); other: (*, m, n), or (*, n, m) with left=False; output: as other.
    Raises:
        RuntimeError: shapes or dtypes do not fit.
    Example:
        >>> a, tau = geqrf(rushlight.tensor([[3.0], [4.0]]))
        >>> ormqr(a, tau, rushlight.tensor([[3.0], [4.0]]), transpose=True)[0]
        tensor([-5.])
    """
    _check_matrix("ormqr", "input", input)
    _check_matrix("ormqr", "other", other)
    if not isinstance(tau, TensorBase):
        raise TypeError(f"ormqr: tau must be a Tensor, got {kind_of(tau)}")
    a, c, t = input._array, other._array, tau._array
    side = "-2" if left else "-1"
    if c.shape[int(side)] != a.shape[-2]:
        raise RuntimeError(
            f"ormqr: other must have other.shape[{side}] equal to input.shape[-2], {a.shape[-2]}, got {c.shape[int(side)]}"
        )
    if a.ndim != t.ndim + 1:
        raise RuntimeError(f"ormqr: tau must have one dimension less than input's {a.ndim}, got {t.ndim}")
    if t.shape[-1] != min(c.shape[int(side)], a.shape[-1]):
        raise RuntimeError(
            f"ormqr: tau must have {min(c.shape[int(side)], a.shape[-1])} elements (min(other.shape[{side}], "
            f"input.shape[-1])) in its last dim, got {t.shape[-1]}"
        )
    if a.ndim != c.ndim:
        raise RuntimeError(f"ormqr: other must have as many dims as input, {a.ndim}, got {c.ndim}")
    if a.shape[:-2] != c.shape[:-2] or a.shape[:-2] != t.shape[:-1]:
        raise RuntimeError(
            f"ormqr: batch dims must be equal, got {a.shape[:-2]} (input), {t.shape[:-1]} (tau), {c.shape[:-2]} (other)"
        )
    for name, x in (("tau", tau), ("other", other)):
        if x._array.dtype != a.dtype:
            raise RuntimeError(f"ormqr: {name} must have input's dtype {input.dtype}, got {x.dtype}")
    m, k = a.shape[-2], t.shape[-1]
    lower = tri(narrow(input, -1, 0, k), -1, False) + wrap(np.eye(m, k, dtype=a.dtype))
    y: Any = other
    for i in range(k) if left == transpose else reversed(range(k)):
        v = narrow(lower, -1, i, 1)
        s: Any = reshape(narrow(tau, -1, i, 1), *t.shape[:-1], 1, 1)
        s = s.conj() if transpose and s.is_complex() else s
        y = y - s * matmul(v, matmul(mh(v), y)) if left else y - s * matmul(matmul(y, v), mh(v))
    return y if out is None else into(out, y, "ormqr")


# -- LU -------------------------------------------------------------------------------------------------------------
_lu_unpack = struct("lu_unpack", "P", "L", "U")


def lu_unpack(
    LU_data: Tensor,
    LU_pivots: Tensor,
    unpack_data: bool = True,
    unpack_pivots: bool = True,
    *,
    out: Any = None,
) -> Any:
    """P, L and U with A = P L U, from what `linalg.lu_factor` gives.

    Args:
        unpack_data: Whether L and U are wanted; they are empty otherwise.
        unpack_pivots: Whether P is wanted.
    Shape:
        LU_data: (*, m, n); LU_pivots: (*, min(m, n)), int32; P: (*, m, m); L: (*, m, min); U: (*, min, n).
    Raises:
        RuntimeError: the pivots are not int32, or not row numbers from 1 on.
    Example:
        >>> P, L, U = lu_unpack(*rushlight.linalg.lu_factor(rushlight.tensor([[0.0, 1.0], [2.0, 0.0]])))
        >>> U
        tensor([[2., 0.],
                [0., 1.]])
    """
    _check_matrix("lu_unpack", "LU_data", LU_data)
    if not isinstance(LU_pivots, TensorBase):
        raise TypeError(f"lu_unpack: LU_pivots must be a Tensor, got {kind_of(LU_pivots)}")
    a, pivots = LU_data._array, LU_pivots._array
    m, n = a.shape[-2:]
    k = min(m, n)
    if unpack_pivots:
        if pivots.dtype != np.int32:
            raise RuntimeError(
                f"lu_unpack: LU_pivots must be of dtype int32, as linalg.lu_factor gives them, got {LU_pivots.dtype}"  # type: ignore[attr-defined]
            )
        if pivots.size and (pivots.min() < 1 or pivots.max() > m):
            raise RuntimeError(
                f"lu_unpack: LU_pivots must be between 1 and LU.size(-2), {m}, got {int(pivots.min())} to "
                f"{int(pivots.max())}; pass what linalg.lu_factor gave"
            )
    nothing = wrap(np.empty(0, a.dtype))
    P = nothing
    if unpack_pivots:
        P = wrap(np.ascontiguousarray(_permutation_matrix(pivots.astype(np.int64) - 1, m, a.dtype)))
    L = U = nothing
    if unpack_data:
        L = tri(narrow(LU_data, -1, 0, k), -1, False) + wrap(np.eye(m, k, dtype=a.dtype))
        U = tri(narrow(LU_data, -2, 0, k), 0, True)
    parts: Any = tuple(t.contiguous() for t in (P, L, U))  # type: ignore[attr-defined]
    if out is not None:
        parts = tuple(into(o, p, "lu_unpack") for o, p in zip(out, parts, strict=True))
    return _lu_unpack(*parts)


# -- LDL ------------------------------------------------------------------------------------------------------------
_ALPHA = (1 + math.sqrt(17)) / 8  # bounds the growth of elements best (Bunch and Kaufman)


def _size(x: Any) -> Any:
    """LAPACK's cheap measure of complex numbers: it decides which pivots are taken."""
    return np.abs(x.real) + np.abs(x.imag)


def _bunch_kaufman(a: np.ndarray, hermitian: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """LDL of one matrix, whose lower triangle is read: factors, LAPACK's pivots, the first zero pivot (from 1)."""
    a = np.tril(a)
    n = a.shape[0]
    pivots, info, k = np.zeros(n, np.int32), 0, 0
    conj = np.conjugate if hermitian else np.asarray
    while k < n:
        step, p = 1, k
        size = _size(a[k, k].real if hermitian else a[k, k])
        below = _size(a[k + 1 :, k])
        top = int(below.argmax()) + k + 1 if k + 1 < n else k
        largest = below.max() if k + 1 < n else 0.0
        if max(size, largest) == 0 or np.isnan(size):
            info = info or k + 1
        elif size < _ALPHA * largest:
            row = max(_size(a[top, k:top]).max(), _size(a[top + 1 :, top]).max(initial=0.0))
            if size < _ALPHA * largest * (largest / row):
                p, step = top, 1 if _size(a[top, top]) >= _ALPHA * row else 2
        kk = k + step - 1
        if p != kk:  # exchange rows and columns kk and p of what is left
            a[[kk, p], [kk, p]] = a[[p, kk], [p, kk]]
            tail = a[p + 1 :, kk].copy()
            a[p + 1 :, kk], a[p + 1 :, p] = a[p + 1 :, p], tail
            between = a[kk + 1 : p, kk].copy()
            a[kk + 1 : p, kk], a[p, kk + 1 : p] = conj(a[p, kk + 1 : p]), conj(between)
            a[p, kk] = conj(a[p, kk])
            if step == 2:
                a[[kk, p], k] = a[[p, kk], k]
        if hermitian:
            a[k, k] = a[k, k].real
        rest = slice(k + step, n)
        x = a[rest, k : k + step].copy()
        if step == 1:
            if max(size, largest) > 0:
                a[rest, k : k + 1] = x / a[k, k]
            pivots[k] = p + 1
        else:
            if hermitian:
                a[k + 1, k + 1] = a[k + 1, k + 1].real
            a[rest, k : k + 2] = x @ np.linalg.inv(_block(a, k, hermitian))
            pivots[k : k + 2] = -(p + 1)
        a[rest, rest] -= np.tril(a[rest, k : k + step] @ conj(x).T)
        k += step
    return a, pivots, info


def _block(a: np.ndarray, k: int, hermitian: bool) -> np.ndarray:
    """The 2x2 block of D at k."""
    b = a[k + 1, k]
    return np.array([[a[k, k], b.conjugate() if hermitian else b], [b, a[k + 1, k + 1]]])


def _solve_one(a: np.ndarray, pivots: np.ndarray, b: np.ndarray, hermitian: bool) -> np.ndarray:
    b = b.copy()
    n, k = len(pivots), 0
    blocks = []
    with np.errstate(divide="ignore", invalid="ignore"):
        while k < n:
            step, p = (1, pivots[k] - 1) if pivots[k] > 0 else (2, -pivots[k] - 1)
            kk = k + step - 1
            b[[kk, p]] = b[[p, kk]]
            b[k + step :] -= a[k + step :, k : k + step] @ b[k : k + step]
            b[k : k + step] = (
                b[k] / a[k, k] if step == 1 else np.linalg.solve(_block(a, k, hermitian), b[k : k + 2])
            )
            blocks.append((k, step, kk, p))
            k += step
    for k, step, kk, p in reversed(blocks):
        below = a[k + step :, k : k + step]
        b[k : k + step] -= (below.conj() if hermitian else below).T @ b[k + step :]
        b[[kk, p]] = b[[p, kk]]
    return b


def _ldl(a: np.ndarray, hermitian: bool) -> tuple:
    wide = a.astype(np.complex128 if a.dtype.kind == "c" else np.float64)
    flat = wide.reshape(math.prod(a.shape[:-2]), *a.shape[-2:])
    found = [_bunch_kaufman(x, hermitian) for x in flat]
    factors = np.stack([f[0] for f in found]) if found else flat
    pivots = np.array([f[1] for f in found], np.int32).reshape(a.shape[:-1])
    info = np.array([f[2] for f in found], np.int32).reshape(a.shape[:-2])
    return wrap(factors.reshape(a.shape).astype(a.dtype)), wrap(pivots), wrap(info)


class LinalgLdlFactorExBackward0(_NoDerivative):
    title = "linalg.ldl_factor"


_ldl_factor = struct("linalg_ldl_factor", "LD", "pivots")
_ldl_factor_ex = struct("linalg_ldl_factor_ex", "LD", "pivots", "info")


def ldl_factor(A: Tensor, *, hermitian: bool = False, out: Any = None) -> Any:
    """A = L D L^T (L^H) in the compact form that `ldl_solve` takes: (LD, pivots). A's lower triangle is read.

    D has blocks of 1x1 and, where the pivots are negative, 2x2.

    Args:
        hermitian: For complex A: whether it is Hermitian rather than symmetric.
    Shape:
        A: (*, n, n); LD: the same; pivots: (*, n), int32.
    Raises:
        LinAlgError: D is singular.
        RuntimeError: A is not square.
    Example:
        >>> rushlight.linalg.ldl_factor(rushlight.tensor([[2.0, 0.0], [1.0, 3.0]])).LD
        tensor([[2.0000, 0.0000],
                [0.5000, 2.5000]])
    """
    LD, pivots, _ = ldl_factor_ex(A, hermitian=hermitian, check_errors=True)
    pair = (LD, pivots)
    if out is not None:
        pair = into(out[0], LD, "linalg.ldl_factor"), into(out[1], pivots, "linalg.ldl_factor")
    return _ldl_factor(*pair)


def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False, out: Any = None) -> Any:
    """`ldl_factor` with a status instead of an error: (LD, pivots, info), info the first zero of D, or 0.

    Example:
        >>> rushlight.linalg.ldl_factor_ex(rushlight.zeros(2, 2)).info
        tensor(1, dtype=torch.int32)
    """
    check(A, "linalg.ldl_factor_ex")
    found = LinalgLdlFactorExBackward0.apply(_ldl, A, hermitian and A._array.dtype.kind == "c")
    if check_errors and found[2]._array.any():
        raise LinAlgError(
            f"linalg.ldl_factor: A must not be singular, but the diagonal element {int(found[2]._array.max())} of D is zero"
        )
    if out is not None:
        found = tuple(into(o, t, "linalg.ldl_factor_ex") for o, t in zip(out, found, strict=True))
    return _ldl_factor_ex(*found)


class LinalgLdlSolveBackward0(_NoDerivative):
    title = "linalg.ldl_solve"


def _ldl_solve(LD: np.ndarray, pivots: np.ndarray, b: np.ndarray, hermitian: bool) -> tuple:
    n = LD.shape[-1]
    batch = np.broadcast_shapes(LD.shape[:-2], b.shape[:-2])
    kind = np.complex128 if LD.dtype.kind == "c" else np.float64
    count = math.prod(batch)
    flat_a = np.broadcast_to(LD, (*batch, n, n)).reshape(count, n, n).astype(kind)
    flat_p = np.broadcast_to(pivots, (*batch, n)).reshape(count, n)
    flat_b = np.broadcast_to(b, (*batch, *b.shape[-2:])).reshape(count, *b.shape[-2:]).astype(kind)
    found = [_solve_one(x, p, y, hermitian) for x, p, y in zip(flat_a, flat_p, flat_b, strict=True)]
    y = np.stack(found) if found else flat_b
    return (wrap(y.reshape(*batch, *b.shape[-2:]).astype(LD.dtype)),)


def ldl_solve(
    LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False, out: Tensor | None = None
) -> Tensor:
    """X with A X = B, given A's `ldl_factor`.

    Shape:
        LD: (*, n, n); pivots: (*, n); B: (*, n, k); output: as B, its batch dims broadcast with LD's.
    Raises:
        RuntimeError: shapes or dtypes do not fit.
    Example:
        >>> LD, pivots = rushlight.linalg.ldl_factor(rushlight.tensor([[2.0, 0.0], [0.0, 4.0]]))
        >>> rushlight.linalg.ldl_solve(LD, pivots, rushlight.ones(2, 1)).flatten()
        tensor([0.5000, 0.2500])
    """
    check(LD, "linalg.ldl_solve")
    if not isinstance(B, TensorBase) or not isinstance(pivots, TensorBase):
        raise TypeError(
            f"linalg.ldl_solve: pivots and B must be Tensors, got {kind_of(pivots)} and {kind_of(B)}"
        )
    a, p, b = LD._array, pivots._array, B._array
    if b.ndim < 2:
        raise (IndexError if b.ndim else RuntimeError)(
            f"linalg.ldl_solve: B must have at least 2 dimensions, got {b.ndim}"
        )
    if p.shape != a.shape[:-1]:
        raise RuntimeError(
            f"linalg.ldl_solve: pivots must have the shape of LD.shape[:-1], {list(a.shape[:-1])}, got {list(p.shape)}"
        )
    if p.dtype.kind not in "iu":
        raise RuntimeError(f"linalg.ldl_solve: pivots must be integers, got {pivots.dtype}")  # type: ignore[attr-defined]
    if a.dtype != b.dtype:
        raise RuntimeError(f"linalg.ldl_solve: B must have LD's dtype {LD.dtype}, got {B.dtype}")
    if b.shape[-2] != a.shape[-1]:
        raise RuntimeError(
            f"linalg.ldl_solve: B must have {a.shape[-1]} rows, as LD (Incompatible matrix sizes), got {b.shape[-2]}"
        )
    (y,) = LinalgLdlSolveBackward0.apply(_solve_with(p, b), LD, B, hermitian and a.dtype.kind == "c")
    return y if out is None else into(out, y, "linalg.ldl_solve")


def _solve_with(pivots: np.ndarray, b: np.ndarray) -> Any:
    return lambda a, _, hermitian: _ldl_solve(a, pivots, b, hermitian)
