"""Factorizations of matrices: Cholesky, LU, QR; on LAPACK, through NumPy. Others: `eigen.py`.

Gradients are written in differentiable operations, so that second derivatives come by themselves.
Source: M. Giles 2008, An extended collection of matrix derivative results.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd import Function
from ..errors import kind_of
from ..return_types import struct
from ..tensor import Tensor, into, method, wrap
from .convert import in_order
from .join import cat
from .matmul import matmul, mh
from .split import narrow

__all__ = ["cholesky", "cholesky_inverse", "cholesky_solve", "lu", "lu_solve", "qr"]
linalg = "cholesky cholesky_ex lu lu_factor lu_factor_ex lu_solve qr".split()


class LinAlgError(RuntimeError):
    """A matrix that an algorithm cannot treat: singular, not positive-definite, or without convergence."""


def check(A: Any, function: str, square: bool = True) -> None:
    """Raise unless A is a matrix (or batch of them) of a floating-point dtype, `square` where asked."""
    if not isinstance(A, Tensor):
        raise TypeError(f"{function}: A must be a Tensor, got {kind_of(A)}")
    a = A._array
    if a.ndim < 2:
        raise RuntimeError(f"{function}: The input tensor A must have at least 2 dimensions, got {a.ndim}")
    if square and a.shape[-1] != a.shape[-2]:
        raise RuntimeError(
            f"{function}: A must be batches of square matrices, but they are {a.shape[-2]} by {a.shape[-1]}"
        )
    if a.dtype.kind not in "fc" or a.dtype.itemsize == 2:
        raise RuntimeError(
            f"{function}: A must be of dtype float32, float64 or complex (Expected a floating point or complex tensor; low "
            f"precision dtypes not supported), got {A.dtype}"
        )


def tri(x: Tensor, k: int, upper: bool) -> Tensor:
    """The part on and above (below) the k-th diagonal, differentiable."""
    n, m = x._array.shape[-2:]
    keep = ~np.tri(n, m, k - 1, dtype=bool) if upper else np.tri(n, m, k, dtype=bool)
    return x * wrap(keep.astype(x._array.dtype))


def into_each(out: Any, result: Any, function: str) -> Any:
    """Write each tensor of a result of several into the one of `out`; gives the result back, of `out`'s tensors."""
    if out is None:
        return result
    if len(out) != len(result):
        raise TypeError(f"{function}: out must be a tuple of {len(result)} Tensors, got {len(out)}")
    written = [into(o, r, function) for o, r in zip(out, result, strict=True)]
    return tuple(written) if type(result) is tuple else type(result)(*written)


def check_pivot(pivot: bool, function: str) -> None:
    """Raise where an LU factorization without exchange of rows is asked for."""
    if not pivot:
        raise RuntimeError(
            f"{function}: pivot must be True (LU without pivoting is not implemented on the CPU), got False"
        )


# -- Cholesky ---------------------------------------------------------------------------------------------


class LinalgCholeskyExBackward0(Function):
    @staticmethod
    def forward(ctx: Any, A: Tensor, upper: bool) -> Tensor:
        L = np.linalg.cholesky(A._array)  # reads the lower triangle
        if upper:
            L = L.swapaxes(-1, -2).conj()
        out = wrap(np.ascontiguousarray(L))
        ctx.upper = upper
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, dL: Tensor) -> tuple:
        from .linalg import solve

        (L,) = ctx.saved_tensors
        if ctx.upper:
            L, dL = mh(L), mh(dL)
        # P = the lower triangle of L^H dL with its diagonal halved; dA = L^-H (P + P^H) / 2 L^-1.
        p = tri(matmul(mh(L), dL), 0, False)
        p = (p + mh(tri(p, -1, False))) * 1.0
        half = p * 0.5
        inner = solve(mh(L), half)
        return mh(solve(mh(L), mh(inner))), None


def _cholesky(A: Tensor, upper: bool, function: str) -> Tensor:
    check(A, function)
    try:
        return LinalgCholeskyExBackward0.apply(A, upper)
    except np.linalg.LinAlgError:
        order = _first_bad_minor(A._array)
        raise LinAlgError(
            f"{function}: the factorization could not be completed because the input is not positive-definite (the leading "
            f"minor of order {order} is not positive-definite)"
        ) from None


def _first_bad_minor(a: np.ndarray) -> int:
    flat = a.reshape(-1, *a.shape[-2:])
    for m in flat:
        for n in range(1, m.shape[-1] + 1):
            try:
                np.linalg.cholesky(m[:n, :n])
            except np.linalg.LinAlgError:
                return n
    return 0


def linalg_cholesky(A: Tensor, *, upper: bool = False, out: Tensor | None = None) -> Tensor:
    """The lower triangular L with A = L L^H, for positive-definite A (or U with A = U^H U).

    Raises:
        LinAlgError: A is not positive-definite.

    Example:
        >>> rushlight.linalg.cholesky(rushlight.tensor([[4.0, 2.0], [2.0, 5.0]]))
        tensor([[2., 0.],
                [1., 2.]])
    """
    y = _cholesky(A, upper, "linalg.cholesky")
    return y if out is None else into(out, y, "linalg.cholesky")


_cholesky_ex = struct("linalg_cholesky_ex", "L", "info")


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False, out: Any = None) -> Any:
    """`cholesky` with a status instead of an error: (L, info), info the order of the bad minor, or 0."""
    check(A, "linalg.cholesky_ex")
    batch = A._array.shape[:-2]
    try:
        result = _cholesky_ex(LinalgCholeskyExBackward0.apply(A, upper), wrap(np.zeros(batch, np.int32)))
        return into_each(out, result, "linalg.cholesky_ex")
    except np.linalg.LinAlgError:
        if check_errors:
            _cholesky(A, upper, "linalg.cholesky_ex")
        flat = A._array.reshape(-1, *A._array.shape[-2:])
        info = np.array([_first_bad_minor(m) for m in flat], np.int32).reshape(batch)
        result = _cholesky_ex(wrap(np.full_like(A._array, np.nan)), wrap(info))
        return into_each(out, result, "linalg.cholesky_ex")


@method()
def cholesky(input: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """See `linalg.cholesky`."""
    return linalg_cholesky(input, upper=upper, out=out)


class _Triangle(Function):
    """The factor as it is read: the other triangle as 0.

    Its gradient is not masked: cholesky_inverse and cholesky_solve differentiate as functions of a full matrix, as
    PyTorch's do. The gradient of `cholesky` itself does not read the other triangle.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, upper: bool) -> Tensor:
        return tri(x, 0, upper)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        return dy, None


@method()
def cholesky_inverse(input: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The inverse of L L^H, given L (or of U^H U given U)."""
    from .linalg import inv

    check(input, "cholesky_inverse")
    L = _Triangle.apply(input, upper)
    y = inv(matmul(mh(L), L) if upper else matmul(L, mh(L)))
    return y if out is None else into(out, y, "cholesky_inverse")


@method()
def cholesky_solve(
    input: Tensor, input2: Tensor, upper: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """X with A X = input, given the Cholesky factor `input2` of A."""
    from .linalg import solve

    check(input2, "cholesky_solve")
    L = _Triangle.apply(input2, upper)
    L = mh(L) if upper else L
    y = solve(mh(L), solve(L, input))
    return y if out is None else into(out, y, "cholesky_solve")


# -- LU ---------------------------------------------------------------------------------------------------


def _lu_arrays(a: np.ndarray, function: str) -> tuple[np.ndarray, np.ndarray]:
    """LU of a batch in one array, and the row exchanged with each row (from 0). Doolittle with partial pivoting."""
    lu = np.array(a)
    m, n = lu.shape[-2:]
    flat = lu.reshape(math.prod(a.shape[:-2]), m, n)
    k = min(m, n)
    pivots = np.zeros((len(flat), k), np.int64)
    each = np.arange(len(flat))
    for i in range(k):
        column = flat[:, i:, i]
        # LAPACK measures complex numbers by the sum of their parts.
        size = np.abs(column.real) + np.abs(column.imag) if column.dtype.kind == "c" else np.abs(column)
        p = i + np.argmax(size, axis=1)
        pivots[:, i] = p
        flat[each, i], flat[each, p] = flat[each, p].copy(), flat[each, i].copy()
        head = flat[:, i, i][:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            flat[:, i + 1 :, i] = np.where(head == 0, flat[:, i + 1 :, i], flat[:, i + 1 :, i] / head)
        flat[:, i + 1 :, i + 1 :] -= flat[:, i + 1 :, i, None] * flat[:, i, None, i + 1 :]
    return flat.reshape(a.shape), pivots.reshape(*a.shape[:-2], k)


def _permutations(pivots: np.ndarray, m: int) -> np.ndarray:
    """For each row of P A = L U, which row of A it is."""
    flat = pivots.reshape(math.prod(pivots.shape[:-1]), pivots.shape[-1])
    rows = np.tile(np.arange(m), (len(flat), 1))
    each = np.arange(len(flat))
    for i in range(flat.shape[1]):
        p = flat[:, i]
        rows[each, i], rows[each, p] = rows[each, p].copy(), rows[each, i].copy()
    return rows.reshape(*pivots.shape[:-1], m)


def _permutation_matrix(pivots: np.ndarray, m: int, dtype: Any) -> np.ndarray:
    """P with A = P L U."""
    return np.eye(m, dtype=dtype)[_permutations(pivots, m)].swapaxes(-1, -2)


class LinalgLuFactorExBackward0(Function):
    @staticmethod
    def forward(ctx: Any, A: Tensor) -> tuple:
        lu, pivots = _lu_arrays(A._array, "linalg.lu_factor")
        out, piv = wrap(lu), wrap((pivots + 1).astype(np.int32))
        ctx.pivots = pivots
        ctx.save_for_backward(out)
        ctx.mark_non_differentiable(piv)
        return out, piv

    @staticmethod
    def backward(ctx: Any, dlu: Tensor, _: Any) -> Any:
        from .linalg import solve

        (lu,) = ctx.saved_tensors
        m, n = lu._array.shape[-2:]
        k = min(m, n)
        square = narrow(narrow(lu, -2, 0, k), -1, 0, k)
        L, U = tri(square, -1, False) + wrap(np.eye(k, dtype=lu._array.dtype)), tri(square, 0, True)
        dsquare = narrow(narrow(dlu, -2, 0, k), -1, 0, k)
        dL, dU, rest = tri(dsquare, -1, False), tri(dsquare, 0, True), None
        if m < n:  # A = P L [U U2]: U2 = L^-1 P^T A2
            rest = solve(mh(L), narrow(dlu, -1, k, n - k))
            dL = dL - matmul(rest, mh(narrow(lu, -1, k, n - k)))
        elif m > n:  # A = P [L L2] U, one above the other: L2 = (P^T A)2 U^-1
            rest = mh(solve(U, mh(narrow(dlu, -2, k, m - k))))
            dU = dU - matmul(mh(narrow(lu, -2, k, m - k)), rest)
        inner = tri(matmul(mh(L), dL), -1, False) + tri(matmul(dU, mh(U)), 0, True)
        dA = mh(solve(U, mh(solve(mh(L), inner))))
        if rest is not None:
            dA = cat([dA, rest], -1 if m < n else -2)
        return matmul(wrap(_permutation_matrix(ctx.pivots, m, lu._array.dtype)), dA)


_lu_factor = struct("linalg_lu_factor", "LU", "pivots")
_lu_factor_ex = struct("linalg_lu_factor_ex", "LU", "pivots", "info")
_lu_with_info = struct("_lu_with_info", "LU", "pivots", "info")
_lu = struct("linalg_lu", "P", "L", "U")


def lu_factor(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """A = P L U in the compact form that `lu_solve` takes: (LU, pivots).

    Example:
        >>> LU, pivots = rushlight.linalg.lu_factor(rushlight.tensor([[0.0, 1.0], [2.0, 0.0]]))
        >>> pivots
        tensor([2, 2], dtype=torch.int32)
    """
    factor = _factored(A, pivot, True, "linalg.lu_factor")
    return into_each(out, _lu_factor(*factor[:2]), "linalg.lu_factor")


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """`lu_factor` and a status: 0, or which diagonal element of U is zero first."""
    factor = _factored(A, pivot, check_errors, "linalg.lu_factor_ex")
    return into_each(out, _lu_factor_ex(*factor), "linalg.lu_factor_ex")


def _factored(A: Tensor, pivot: bool, check_errors: bool, function: str) -> tuple[Tensor, Tensor, Tensor]:
    check(A, function, square=False)
    check_pivot(pivot, function)
    LU, pivots = LinalgLuFactorExBackward0.apply(A)
    zero = np.diagonal(LU._array, axis1=-2, axis2=-1) == 0
    info = np.zeros(zero.shape[:-1], np.int32)
    if zero.shape[-1]:
        info = np.where(zero.any(-1), zero.argmax(-1) + 1, 0).astype(np.int32)
    if check_errors and info.any():
        at = info.max()
        raise LinAlgError(
            f"{function}: A must not be singular, but U[{at},{at}] is zero and using it on lu_solve would result in a "
            "division by zero; linalg.lu_factor_ex gives it with a status"
        )
    return LU, pivots, wrap(np.asarray(info))


def linalg_lu(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """A = P L U: a permutation, a unit lower triangular and an upper triangular matrix.

    Example:
        >>> P, L, U = rushlight.linalg.lu(rushlight.tensor([[0.0, 1.0], [2.0, 0.0]]))
        >>> U
        tensor([[2., 0.],
                [0., 1.]])
    """
    check(A, "linalg.lu", square=False)
    check_pivot(pivot, "linalg.lu")
    LU, pivots = LinalgLuFactorExBackward0.apply(A)
    m, n = A._array.shape[-2:]
    k = min(m, n)
    L = tri(narrow(LU, -1, 0, k), -1, False) + wrap(np.eye(m, k, dtype=A._array.dtype))
    U = tri(narrow(LU, -2, 0, k), 0, True)
    P = in_order(_permutation_matrix(pivots._array.astype(np.int64) - 1, m, A._array.dtype))
    return into_each(out, _lu(P, L.contiguous(), U.contiguous()), "linalg.lu")  # type: ignore[attr-defined]


@method()
def lu(A: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None) -> tuple[Tensor, ...]:
    """The older form of `linalg.lu_factor`: (LU, pivots), with get_infos and a status as of `linalg.lu_factor_ex`.

    Raises:
        RuntimeError: `pivot` is False.

    Example:
        >>> rushlight.lu(rushlight.tensor([[0.0, 1.0], [2.0, 0.0]]), get_infos=True)[2]
        tensor(0, dtype=torch.int32)
    """
    factor = _factored(A, pivot, False, "lu")
    return into_each(out, _lu_with_info(*factor) if get_infos else factor[:2], "lu")


def linalg_lu_solve(
    LU: Tensor,
    pivots: Tensor,
    B: Tensor,
    *,
    left: bool = True,
    adjoint: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """X with A X = B (X A = B with left=False, A^H for A with adjoint=True), given A's `lu_factor`."""
    from .linalg import solve

    n = LU._array.shape[-1]
    eye = wrap(np.eye(n, dtype=LU._array.dtype))
    P = wrap(_permutation_matrix(pivots._array.astype(np.int64) - 1, n, LU._array.dtype))
    A = matmul(P, matmul(tri(LU, -1, False) + eye, tri(LU, 0, True)))
    y = solve(mh(A) if adjoint else A, B, left=left)
    return y if out is None else into(out, y, "linalg.lu_solve")


@method()
def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The older form of `linalg.lu_solve`."""
    return linalg_lu_solve(LU_data, LU_pivots, b, out=out)


# -- QR ---------------------------------------------------------------------------------------------------


class LinalgQrBackward0(Function):
    @staticmethod
    def forward(ctx: Any, A: Tensor, mode: str) -> tuple:
        q, r = np.linalg.qr(A._array, {"reduced": "reduced", "complete": "complete", "r": "reduced"}[mode])
        Q, R = wrap(np.ascontiguousarray(q)), wrap(np.ascontiguousarray(r))
        ctx.mode = mode
        ctx.save_for_backward(A, Q, R)
        return Q, R

    @staticmethod
    def backward(ctx: Any, dQ: Tensor, dR: Tensor) -> tuple:
        from .linalg import solve_triangular

        A, Q, R = ctx.saved_tensors
        m, n = A._array.shape[-2:]
        if ctx.mode == "r" or (ctx.mode == "complete" and m > n):
            when = "" if ctx.mode == "r" else " when nrows > ncols"
            raise RuntimeError(f"linalg.qr: the derivative is not defined for mode='{ctx.mode}'{when}")
        rest = None
        if m < n:  # A = Q [R1 R2]: a square problem, and R2 = Q^H A2
            dR2, A2 = narrow(dR, -1, m, n - m), narrow(A, -1, m, n - m)
            dQ = dQ + matmul(A2, mh(dR2))
            rest = matmul(Q, dR2)
            R, dR = narrow(R, -1, 0, m), narrow(dR, -1, 0, m)
        M = matmul(R, mh(dR)) - matmul(mh(dQ), Q)
        lower = tri(M, -1, False)
        real = tri(tri(M, 0, False), 0, True)
        if M.is_complex():
            real = (real + mh(real)) * 0.5
        copied = lower + mh(lower) + real
        inner = dQ + matmul(Q, copied)
        dA = mh(solve_triangular(R, mh(inner), upper=True))
        if rest is not None:
            dA = cat([dA, rest], -1)
        return dA, None


_linalg_qr, _qr = struct("linalg_qr", "Q", "R"), struct("qr", "Q", "R")


def linalg_qr(A: Tensor, mode: str = "reduced", *, out: Any = None) -> Any:
    """A = Q R: orthonormal columns times an upper triangular matrix.

    Args:
        mode: 'reduced', 'complete' (Q square) or 'r' (Q is left empty).

    Example:
        >>> Q, R = rushlight.linalg.qr(rushlight.eye(2))
        >>> rushlight.dist(Q @ R, rushlight.eye(2))
        tensor(0.)
    """
    check(A, "linalg.qr", square=False)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"linalg.qr: mode must be one of 'reduced', 'complete', 'r' "
            f"(qr received unrecognized mode), got {mode!r}"
        )
    Q, R = LinalgQrBackward0.apply(A, mode)
    if mode == "r":
        Q = wrap(np.empty(0, A._array.dtype))
    return into_each(out, _linalg_qr(Q, R), "linalg.qr")


@method()
def qr(input: Tensor, some: bool = True, *, out: Any = None) -> Any:
    """The older form of `linalg.qr`."""
    return into_each(out, _qr(*linalg_qr(input, "reduced" if some else "complete")), "qr")
