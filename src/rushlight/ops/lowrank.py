"""Leading singular vectors and eigenvectors of large matrices, without their whole decomposition.

Source: N. Halko, P. Martinsson and J. Tropp 2009, arXiv:0909.4061 (algorithms 4.4 and 5.1); A. Knyazev 2001, "Toward
the optimal preconditioned eigensolver: locally optimal block preconditioned conjugate gradient method".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd import Function
from ..autograd.core import TensorBase
from ..autograd.function import composed_vjp
from ..errors import kind_of
from ..tensor import Tensor, wrap
from .decomposition import LinAlgError, check, linalg_qr
from .eigen import eigh, linalg_svd
from .matmul import matmul, mh

__all__ = ["lobpcg", "pca_lowrank", "svd_lowrank"]


# -- singular vectors -------------------------------------------------------------------------------------------
def _basis(A: Any, q: int, niter: int) -> Any:
    """Orthonormal columns that span nearly the range of A: a random start and power iterations."""
    from .random import randn

    Q = linalg_qr(matmul(A, randn(A.shape[-1], q, dtype=A.dtype))).Q
    for _ in range(niter):
        Q = linalg_qr(matmul(mh(A), Q)).Q
        Q = linalg_qr(matmul(A, Q)).Q
    return Q


def svd_lowrank(
    A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """U, S and V with A (or A - M) nearly U diag(S) V^H, of rank `q`, by random projection.

    Args:
        q: A little more than the rank that is wanted. Default 6.
        niter: Power iterations; more for slowly falling singular values. Default 2.
        M: What is subtracted from A, such as its mean.
    Shape:
        A: (*, m, n); U: (*, m, q); S: (*, q); V: (*, n, q).
    Source: Halko et al. 2009, arXiv:0909.4061, algorithms 4.4 and 5.1.
    Example:
        >>> A = rushlight.outer(rushlight.arange(3.0), rushlight.arange(4.0))
        >>> U, S, V = svd_lowrank(A, q=1)
        >>> rushlight.allclose(U * S @ V.mT, A, atol=1e-5)
        True
    """
    _check_matrix("svd_lowrank", A)
    q = 6 if q is None else q
    niter = 2 if niter is None else niter
    x: Any = A if M is None else A - M.broadcast_to(A.shape)  # type: ignore[operator,attr-defined]
    wide = x.shape[-2] < x.shape[-1]
    x = mh(x) if wide else x
    Q = _basis(x, q, niter)
    U, S, Vh = linalg_svd(matmul(mh(Q), x), False)
    U, V = matmul(Q, U), mh(Vh)
    return (V, S, U) if wide else (U, S, V)


def pca_lowrank(
    A: Tensor, q: int | None = None, center: bool = True, niter: int = 2
) -> tuple[Tensor, Tensor, Tensor]:
    """The principal components of rows of `A`: U, S and V of `svd_lowrank`, V's columns being the directions.

    Args:
        q: A little more than the number of components that is wanted. Default: 6, or what there is.
        center: Whether the columns' means are subtracted first.
        niter: Power iterations. Default 2.
    Shape:
        A: (*, m, n); U: (*, m, q); S: (*, q); V: (*, n, q).
    Raises:
        ValueError: `q` is larger than min(m, n) or `niter` negative.
    Source: Halko et al. 2009, arXiv:0909.4061.
    Example:
        >>> U, S, V = pca_lowrank(rushlight.tensor([[1.0, 0.0], [-1.0, 0.0], [3.0, 0.0]]), q=1)
        >>> V.abs()
        tensor([[1.],
                [0.]])
    """
    _check_matrix("pca_lowrank", A)
    m, n = A._array.shape[-2:]
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueError(f"pca_lowrank: q must be in [0, {min(m, n)}], at most min(m, n), got {q}")
    if niter < 0:
        raise ValueError(f"pca_lowrank: niter must not be negative, got {niter}")
    if not center:
        return svd_lowrank(A, q, niter)
    return svd_lowrank(A - A.mean(-2, keepdim=True), q, niter)  # type: ignore[attr-defined]


def _check_matrix(function: str, A: Any) -> None:
    if not isinstance(A, TensorBase):
        raise TypeError(f"{function}: A must be a Tensor, got {kind_of(A)}")
    check(A, function, square=False)


# -- eigenvectors -----------------------------------------------------------------------------------------------
class _Tracked:
    """What a tracker is shown: the iteration and its values."""

    def __init__(
        self, E: np.ndarray, X: np.ndarray, residuals: np.ndarray, step: int, converged: int
    ) -> None:
        self.E, self.X = wrap(E), wrap(X)
        self.tvars = {"rerr": wrap(residuals)}
        self.ivars = {"istep": step, "converged_count": converged}
        self.fvars: dict = {}
        self.bvars: dict = {}


def _orthonormal(S: np.ndarray, B: np.ndarray | None) -> np.ndarray:
    """A B-orthonormal basis of S's columns, without those that depend on the others."""
    S = S / np.maximum(np.linalg.norm(S, axis=0), np.finfo(S.dtype).tiny)
    for _ in range(2):  # once more for what rounding left
        w, V = np.linalg.eigh(S.T @ (S if B is None else B @ S))
        keep = w > w.max() * np.finfo(S.dtype).eps * len(w)
        S = S @ (V[:, keep] / np.sqrt(w[keep]))
    return S


def _lobpcg(
    A: np.ndarray,
    B: np.ndarray | None,
    X: np.ndarray,
    iK: np.ndarray | None,
    k: int,
    niter: int,
    tol: float,
    largest: bool,
    tracker: Callable | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Rayleigh-Ritz on the span of the vectors, their preconditioned residuals and their last steps."""

    def ritz(S: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        w, Z = np.linalg.eigh(S.T @ A @ S)
        order = np.argsort(-w if largest else w)[:n]
        return w[order], Z[:, order]

    n = X.shape[1]
    norm_a = np.linalg.norm(A @ X) / max(np.linalg.norm(X), 1e-300)
    norm_b = 1.0 if B is None else np.linalg.norm(B @ X) / max(np.linalg.norm(X), 1e-300)
    X = _orthonormal(X, B)
    if X.shape[1] < k:
        raise LinAlgError(
            f"lobpcg: X must have at least k = {k} linearly independent columns, got {X.shape[1]}"
        )
    E, Z = ritz(X)
    X = X @ Z
    P: np.ndarray | None = None
    for step in range(niter + 1):
        R = A @ X - (X if B is None else B @ X) * E
        errors = np.linalg.norm(R, axis=0) / (np.linalg.norm(X, axis=0) * (norm_a + np.abs(E) * norm_b))
        converged = int(np.cumprod(errors[:k] < tol).sum())
        if tracker is not None:
            tracker(_Tracked(E, X, errors, step, converged))
        if converged >= k or step == niter:
            break
        W = R if iK is None else iK @ R
        S = _orthonormal(np.concatenate([X, W] if P is None else [X, W, P], 1), B)
        E, Z = ritz(S)
        new = S @ Z
        P = new - X @ ((X if B is None else B @ X).T @ new)  # the step: what is new in the vectors
        X = new
    return E[:k], X[:, :k]


class LOBPCGAutogradFunctionBackward(Function):
    @staticmethod
    def forward(ctx: Any, A: Tensor, solve: Callable) -> tuple:
        E, X = solve(A._array)
        ctx.largest = solve.largest  # type: ignore[attr-defined]
        pair = wrap(E), wrap(X)
        ctx.save_for_backward(A, pair[1])
        return pair

    @staticmethod
    def backward(ctx: Any, dE: Tensor, dX: Tensor) -> tuple:
        A, X = ctx.saved_tensors
        (dA,) = composed_vjp(_leading, (dE, dX), (A,), like=X.detach(), largest=ctx.largest)
        return dA, None


def _leading(A: Any, like: Any, largest: bool) -> tuple:
    """The composed definition: the leading eigenpairs of the whole decomposition, with the signs of `like`."""
    E, V = eigh((A + mh(A)) * 0.5)
    k = like.shape[-1]
    if largest:
        E, V = E.flip(-1), V.flip(-1)
    E, V = E[..., :k], V[..., :k]
    return E, V * (V.detach() * like).sum(-2, keepdim=True).sign()


def lobpcg(
    A: Tensor,
    k: int | None = None,
    B: Tensor | None = None,
    X: Tensor | None = None,
    n: int | None = None,
    iK: Tensor | None = None,
    niter: int | None = None,
    tol: float | None = None,
    largest: bool | None = None,
    method: str | None = None,
    tracker: Any = None,
    ortho_iparams: dict | None = None,
    ortho_fparams: dict | None = None,
    ortho_bparams: dict | None = None,
) -> tuple[Tensor, Tensor]:
    """The k largest (smallest) eigenvalues and eigenvectors of a symmetric matrix, found by iteration: (E, X).

    Args:
        A: Symmetric.
        k: How many. Default: the columns of X, or 1.
        B: For the generalized problem A x = e B x: symmetric and positive definite.
        X: Where the iteration starts, (*, m, n). Default: random.
        n: Columns of the random start. Default k.
        iK: The preconditioner: near the inverse of A.
        niter: The most iterations. Default 1000; negative: no limit but 1000.
        tol: Stop at this relative residual. Default: the square root of the dtype's precision.
        largest: Whether the largest, descending (default), or the smallest, ascending.
        method: "ortho" (default) or "basic". Both orthonormalize the search space here.
        tracker: Called in every iteration with an object that has E, X, tvars['rerr'], ivars['istep'].
        ortho_iparams, ortho_fparams, ortho_bparams: PyTorch's controls of its orthogonalization: must be None.
    Shape:
        A: (*, m, m) with m at least 3 times n; E: (*, k); X: (*, m, k).
    Raises:
        ValueError: A is smaller than 3 n, or a method is unknown.
        NotImplementedError: one of `ortho_iparams`, ... is given.
    Source: Knyazev 2001, algorithm 4.1.
    Example:
        >>> E, X = lobpcg(rushlight.diag(rushlight.arange(1.0, 10.0)), k=2)
        >>> E
        tensor([9.0000, 8.0000])
    """
    from .random import randn

    _check_matrix("lobpcg", A)
    check(A, "lobpcg")
    for name, value in (
        ("ortho_iparams", ortho_iparams), ("ortho_fparams", ortho_fparams), ("ortho_bparams", ortho_bparams),
    ):  # fmt: skip
        if value:
            raise NotImplementedError(f"lobpcg: {name} must be None (there is nothing to set), got {value}")
    method = "ortho" if method is None else method
    if method not in ("basic", "ortho"):
        raise ValueError(f"lobpcg: method must be 'basic' or 'ortho', got {method!r}")
    array = A._array
    if array.dtype.kind == "c":
        raise RuntimeError(f"lobpcg: A must be real, got {A.dtype}")
    if B is not None and B.requires_grad:
        raise ValueError("lobpcg: B must not require grad: the generalized problem has no derivative")
    if B is not None and A.requires_grad:
        raise ValueError("lobpcg: A must not require grad with B: the generalized problem has no derivative")
    m = array.shape[-1]
    k = (1 if X is None else X._array.shape[-1]) if k is None else k
    n = (k if n is None else n) if X is None else X._array.shape[-1]
    if m < 3 * n:
        raise ValueError(
            f"lobpcg: A must have at least 3 n = {3 * n} rows (LPBPCG algorithm is not applicable), got {m}; use linalg.eigh"
        )
    for name, other, shape in (("B", B, array.shape), ("iK", iK, array.shape)):
        if other is not None and other._array.shape[-2:] != shape[-2:]:
            raise RuntimeError(
                f"lobpcg: {name} must have the shape of A, {list(shape)}, got {list(other._array.shape)}"
            )
    if k < 1:
        raise ValueError(f"lobpcg: k must be at least 1, got {k}")
    if k > n:
        raise ValueError(f"lobpcg: k must be at most n, {n}, got {k}")
    tol = float(np.sqrt(np.finfo(array.dtype).eps)) if tol is None else tol
    niter = 1000 if niter is None or niter < 0 else niter
    start = randn(*array.shape[:-1], n, dtype=A.dtype) if X is None else X
    down = True if largest is None else largest

    def solve(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        batch = a.shape[:-2]
        E, V = np.empty((*batch, k), a.dtype), np.empty((*batch, m, k), a.dtype)
        for at in np.ndindex(*batch):
            parts = [None if t is None else np.broadcast_to(t._array, a.shape)[at] for t in (B, iK)]
            first = np.broadcast_to(start._array, (*batch, m, n))[at]
            if not np.isfinite(a[at]).all():
                raise LinAlgError("lobpcg: A must hold finite numbers, got infinite ones or NaN")
            E[at], V[at] = _lobpcg(a[at], parts[0], first, parts[1], k, niter, tol, down, tracker)
        return E, V

    solve.largest = down  # type: ignore[attr-defined]
    return LOBPCGAutogradFunctionBackward.apply(A, solve)
