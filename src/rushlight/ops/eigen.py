"""Eigenvalues and singular values, with their vectors; on LAPACK, through NumPy.

Gradients are written in differentiable operations, so that second derivatives come by themselves.
Source: M. Giles 2008, An extended collection of matrix derivative results; for the vectors, whose phase or sign is
free, the gradient is that of a loss that does not depend on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd import Function
from ..return_types import struct
from ..tensor import Tensor, into, method, wrap
from .decomposition import LinAlgError, check, into_each
from .matmul import matmul, mh
from .shape import unsqueeze
from .split import narrow
from .strided import diagonal

__all__ = ["svd"]
linalg = "eig eigh eigvals eigvalsh svd svdvals".split()


# -- eigenvalues --------------------------------------------------------------------------------------------


def _pairwise(values: Tensor) -> Tensor:
    """E[i, j] = values[j] - values[i], 1 on the diagonal."""
    e = unsqueeze(values, -2) - unsqueeze(values, -1)
    return e + wrap(np.eye(values._array.shape[-1], dtype=values._array.dtype))


class LinalgEighBackward0(Function):
    @staticmethod
    def forward(ctx: Any, A: Tensor, UPLO: str) -> tuple:
        w, v = np.linalg.eigh(A._array, UPLO)  # type: ignore[arg-type]
        L, V = wrap(np.ascontiguousarray(w)), wrap(np.ascontiguousarray(v))
        ctx.save_for_backward(L, V)
        ctx.set_materialize_grads(False)
        return L, V

    @staticmethod
    def backward(ctx: Any, dL: Any, dV: Any) -> tuple:
        L, V = ctx.saved_tensors
        inner: Any = 0
        if dV is not None:
            M = matmul(mh(V), dV)
            # Symmetric, as the changes of A that eigenvectors follow.
            inner = (M - mh(M)) * 0.5 / _pairwise(L)
            inner = inner - _diagonal_matrix(inner)
        if dL is not None:
            inner = inner + _as_diagonal(dL)
        if isinstance(inner, int):
            return None, None
        return matmul(V, matmul(inner.to(V.dtype), mh(V))), None


def _as_diagonal(x: Tensor) -> Tensor:
    return unsqueeze(x, -1) * wrap(np.eye(x._array.shape[-1], dtype=x._array.dtype))


def _diagonal_matrix(x: Tensor) -> Tensor:
    return x * wrap(np.eye(x._array.shape[-1], dtype=x._array.dtype))


_eigh, _eig = (
    struct("linalg_eigh", "eigenvalues", "eigenvectors"),
    struct("linalg_eig", "eigenvalues", "eigenvectors"),
)


def _run(function: str, node: Any, *args: Any) -> Any:
    try:
        return node.apply(*args)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            f"{function}: the algorithm failed to converge because the input matrix is ill-conditioned or has too many "
            "repeated eigenvalues or non-finite elements"
        ) from None


def eigh(A: Tensor, UPLO: str = "L", *, out: Any = None) -> Any:
    """Eigenvalues (ascending) and eigenvectors (columns) of a symmetric or Hermitian matrix.

    Args:
        UPLO: Which triangle of A is read, 'L' or 'U'.

    Example:
        >>> rushlight.linalg.eigh(rushlight.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
        tensor([1., 2.])
    """
    check(A, "linalg.eigh")
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(
            f"linalg.eigh: UPLO must be 'L' or 'U' (Expected UPLO argument to be 'L' or 'U'), got {UPLO!r}"
        )
    return into_each(out, _eigh(*_run("linalg.eigh", LinalgEighBackward0, A, UPLO.upper())), "linalg.eigh")


def eigvalsh(A: Tensor, UPLO: str = "L", *, out: Any = None) -> Tensor:
    """The eigenvalues of a symmetric or Hermitian matrix, ascending."""
    y = eigh(A, UPLO)[0]
    return y if out is None else into(out, y, "linalg.eigvalsh")


class LinalgEigBackward0(Function):
    @staticmethod
    def forward(ctx: Any, A: Tensor) -> tuple:
        w, v = np.linalg.eig(A._array)
        kind = A.dtype.to_complex().numpy
        L, V = wrap(np.asarray(w).astype(kind)), wrap(np.asarray(v).astype(kind))
        ctx.real = A._array.dtype.kind != "c"
        ctx.save_for_backward(L, V)
        ctx.set_materialize_grads(False)
        return L, V

    @staticmethod
    def backward(ctx: Any, dL: Any, dV: Any) -> Any:
        from .linalg import solve

        L, V = ctx.saved_tensors
        inner: Any = 0
        if dV is not None:
            VhdV = matmul(mh(V), dV)
            diag = diagonal(VhdV, 0, -2, -1).real  # type: ignore[attr-defined]
            M = VhdV - matmul(mh(V), V * unsqueeze(diag, -2))
            inner = M / _pairwise(L.conj())  # type: ignore[attr-defined]
            inner = inner - _diagonal_matrix(inner)
        if dL is not None:
            inner = inner + _as_diagonal(dL)
        if isinstance(inner, int):
            return None
        dA = solve(mh(V), matmul(inner, mh(V)))
        return dA.real if ctx.real else dA  # type: ignore[attr-defined]


def eig(A: Tensor, *, out: Any = None) -> Any:
    """Eigenvalues and eigenvectors of a square matrix, complex, in no particular order.

    Example:
        >>> rushlight.linalg.eig(rushlight.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
        tensor([2.+0.j, 1.+0.j])
    """
    check(A, "linalg.eig")
    if not np.isfinite(A._array).all():
        raise RuntimeError(
            "linalg.eig: A must hold finite numbers (input tensor should not contain infs or NaNs)"
        )
    return into_each(out, _eig(*_run("linalg.eig", LinalgEigBackward0, A)), "linalg.eig")


def eigvals(A: Tensor, *, out: Any = None) -> Tensor:
    """The eigenvalues of a square matrix, complex."""
    y = eig(A)[0]
    return y if out is None else into(out, y, "linalg.eigvals")


# -- singular values ------------------------------------------------------------------------------------------


class LinalgSvdBackward0(Function):
    @staticmethod
    def forward(ctx: Any, A: Tensor, full: bool) -> tuple:
        u, s, vh = np.linalg.svd(A._array, full_matrices=full)
        U, S, Vh = (wrap(np.ascontiguousarray(x)) for x in (u, s, vh))
        ctx.full = full
        ctx.save_for_backward(U, S, Vh)
        ctx.set_materialize_grads(False)
        return U, S, Vh

    @staticmethod
    def backward(ctx: Any, dU: Any, dS: Any, dVh: Any) -> tuple:
        U, S, Vh = ctx.saved_tensors
        k = S._array.shape[-1]
        if ctx.full and (dU is not None or dVh is not None):
            U, Vh = narrow(U, -1, 0, k), narrow(Vh, -2, 0, k)
            dU = None if dU is None else narrow(dU, -1, 0, k)
            dVh = None if dVh is None else narrow(dVh, -2, 0, k)
        elif ctx.full:
            U, Vh = narrow(U, -1, 0, k), narrow(Vh, -2, 0, k)
        m, n = U._array.shape[-2], Vh._array.shape[-1]
        if dS is None and dU is None and dVh is None:
            return None, None
        if dU is None and dVh is None:
            return matmul(U * unsqueeze(dS, -2), Vh), None
        # Townsend 2016, Differentiating the singular value decomposition.
        E = unsqueeze(S, -2) * unsqueeze(S, -2) - unsqueeze(S, -1) * unsqueeze(S, -1)
        E = E + wrap(np.eye(k, dtype=S._array.dtype))
        inner: Any = 0
        if dU is not None:
            M = matmul(mh(U), dU)
            inner = inner + (M - mh(M)) / E * unsqueeze(S, -2)
            if U.is_complex():
                inner = inner + _imaginary_diagonal(M) / (unsqueeze(S, -2) * 1.0)
        if dVh is not None:
            M = matmul(Vh, mh(dVh))
            inner = inner + (M - mh(M)) / E * unsqueeze(S, -1)
        inner = inner - _real_diagonal(inner) if not U.is_complex() else inner
        if dS is not None:
            inner = inner + _as_diagonal(dS)
        dA = matmul(U, matmul(inner.to(U.dtype), Vh))
        if dU is not None and m > k:
            scaled = dU / unsqueeze(S, -2)
            dA = dA + matmul(scaled - matmul(U, matmul(mh(U), scaled)), Vh)
        if dVh is not None and n > k:
            scaled = dVh / unsqueeze(S, -1)
            dA = dA + matmul(U, scaled - matmul(matmul(scaled, mh(Vh)), Vh))
        return dA, None


def _real_diagonal(x: Tensor) -> Tensor:
    return _diagonal_matrix(x)


def _imaginary_diagonal(x: Tensor) -> Tensor:
    return (_diagonal_matrix(x) - mh(_diagonal_matrix(x))) * 0.5


_linalg_svd, _svd = struct("linalg_svd", "U", "S", "Vh"), struct("svd", "U", "S", "V")


def _check_driver(driver: str | None, function: str) -> None:
    if driver is not None:
        raise RuntimeError(
            f"{function}: driver must be None (keyword argument `driver=` is only supported on CUDA inputs), got {driver!r}"
        )


def linalg_svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None, out: Any = None) -> Any:
    """A = U diag(S) Vh with orthonormal columns in U and rows in Vh, S descending.

    Args:
        full_matrices: Whether U and Vh are square. Default True.

    Example:
        >>> rushlight.linalg.svd(rushlight.tensor([[3.0, 0.0], [0.0, 4.0]])).S
        tensor([4., 3.])
    """
    check(A, "linalg.svd", square=False)
    _check_driver(driver, "linalg.svd")
    result = _linalg_svd(*_run("linalg.svd", LinalgSvdBackward0, A, full_matrices))
    return into_each(out, result, "linalg.svd")


def svdvals(A: Tensor, *, driver: str | None = None, out: Any = None) -> Tensor:
    """The singular values, descending."""
    check(A, "linalg.svdvals", square=False)
    _check_driver(driver, "linalg.svdvals")
    y = _run("linalg.svdvals", LinalgSvdBackward0, A, False)[1]
    return y if out is None else into(out, y, "linalg.svdvals")


@method()
def svd(input: Tensor, some: bool = True, compute_uv: bool = True, *, out: Any = None) -> Any:
    """The older form of `linalg.svd`: gives V, not its conjugate transpose. Without compute_uv, U and V are zeros."""
    U, S, Vh = linalg_svd(input, compute_uv and not some)
    V = mh(Vh)
    if not compute_uv:
        (*batch, m, n), d = input._array.shape, input._array.dtype
        U, V = wrap(np.zeros((*batch, m, m), d)), wrap(np.zeros((*batch, n, n), d))
    return into_each(out, _svd(U, S, V), "svd")
