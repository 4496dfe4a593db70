"""Linear algebra: solving, inverting, determinants, powers; on LAPACK, through NumPy.

Gradients are written in differentiable operations, so that second derivatives come by themselves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd import Function
from ..autograd.core import TensorBase
from ..errors import kind_of, wrap_dim
from ..return_types import struct
from ..tensor import Tensor, into, method, wrap
from . import decomposition as _d
from . import vector_norm as _n
from .convert import in_order
from .decomposition import LinAlgError, check, into_each, tri
from .eigen import svdvals
from .elementwise import refuse, require_tensor
from .join import stack
from .mask import nothing_of, where
from .matmul import chain, matmul, mh
from .shape import broadcast_tensors, expand, movedim, reshape, squeeze, unsqueeze
from .split import narrow
from .strided import diagonal

__all__ = [
    "cross",
    "det",
    "inverse",
    "logdet",
    "matrix_exp",
    "matrix_power",
    "pinverse",
    "slogdet",
    "trace",
    "triangular_solve",
    "vander",
]
linalg = """cond cross det diagonal householder_product inv inv_ex lstsq matmul matrix_exp matrix_power matrix_rank
multi_dot pinv slogdet solve solve_ex solve_triangular tensorinv tensorsolve vander vecdot""".split()


def _same_dtype(a: Tensor, b: Any, function: str) -> None:
    if not isinstance(b, TensorBase):
        raise TypeError(f"{function}: B must be a Tensor, got {kind_of(b)}")
    if a.dtype is not b.dtype:
        raise RuntimeError(f"{function}: A and B must have the same dtype, got {a.dtype} and {b.dtype}")


def _singular(a: np.ndarray) -> int:
    """Which diagonal element of U of the first singular matrix is zero (counted from 1)."""
    lu, _ = _d._lu_arrays(a, "")
    zero = np.diagonal(lu, axis1=-2, axis2=-1).reshape(-1, a.shape[-1]) == 0
    found = zero.any(1)
    return int(zero[found.argmax()].argmax()) + 1 if found.any() else a.shape[-1]


# -- inverse and determinant ----------------------------------------------------------------------------------


class LinalgInvExBackward0(Function):
    @staticmethod
    def forward(ctx: Any, A: Tensor) -> Tensor:
        out = wrap(np.linalg.inv(A._array))
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        h = mh(y)
        return -matmul(h, matmul(dy, h))


def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of a square matrix, or of each of a batch.

    Raises:
        LinAlgError: A is singular.

    Example:
        >>> rushlight.linalg.inv(rushlight.tensor([[2.0, 0.0], [0.0, 4.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    check(A, "linalg.inv")
    try:
        y = LinalgInvExBackward0.apply(A)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            f"linalg.inv: the diagonal element {_singular(A._array)} is zero, the inversion could not be completed because the "
            "input matrix is singular"
        ) from None
    return y if out is None else into(out, y, "linalg.inv")


@method()
def inverse(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """See `linalg.inv`."""
    return inv(input, out=out)


_inv_ex = struct("linalg_inv_ex", "inverse", "info")


def _first_zero(array: np.ndarray) -> np.ndarray:
    """For each matrix the place, from 1, of the first zero on its LU factor's diagonal, or 0."""
    lu, _ = _d._lu_arrays(array, "")
    zero = np.diagonal(lu, axis1=-2, axis2=-1) == 0
    return np.asarray(np.where(zero.any(-1), zero.argmax(-1) + 1, 0).astype(np.int32))


def inv_ex(A: Tensor, *, check_errors: bool = False, out: Any = None) -> Any:
    """`inv` with a status instead of an error: (inverse, info)."""
    check(A, "linalg.inv_ex")
    info = np.zeros(A._array.shape[:-2], np.int32)
    try:
        return into_each(out, _inv_ex(LinalgInvExBackward0.apply(A), wrap(info)), "linalg.inv_ex")
    except np.linalg.LinAlgError:
        if check_errors:
            raise LinAlgError("linalg.inv_ex: the input matrix is singular") from None
        result = _inv_ex(wrap(np.full_like(A._array, np.inf)), wrap(_first_zero(A._array)))
        return into_each(out, result, "linalg.inv_ex")


class LinalgDetBackward0(Function):
    @staticmethod
    def forward(ctx: Any, A: Tensor) -> Tensor:
        out = wrap(np.asarray(np.linalg.det(A._array)).astype(A._array.dtype, copy=False))
        ctx.save_for_backward(A, out)
        return out

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        A, y = ctx.saved_tensors
        g = reshape(dy * y.conj() if y.is_complex() else dy * y, *y._array.shape, 1, 1)  # type: ignore[attr-defined]
        if np.all(y._array != 0):
            return g * mh(inv(A))
        # Singular: det(A) inv(A) is the adjugate, which products of all singular values but one give.
        u, s, vh = np.linalg.svd(A._array)
        n = s.shape[-1]
        others = np.stack([np.prod(np.delete(s, i, -1), -1) for i in range(n)], -1)
        sign = np.linalg.det(u) * np.linalg.det(vh)
        adjugate = np.matmul(u * others[..., None, :], vh) * sign[..., None, None]
        return reshape(dy, *y._array.shape, 1, 1) * wrap(adjugate.astype(A._array.dtype))


def linalg_det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The determinant of a square matrix, or of each of a batch.

    Example:
        >>> rushlight.linalg.det(rushlight.tensor([[2.0, 1.0], [0.0, 4.0]]))
        tensor(8.)
    """
    check(A, "linalg.det")
    y = LinalgDetBackward0.apply(A)
    return y if out is None else into(out, y, "linalg.det")


@method()
def det(input: Tensor) -> Tensor:
    """See `linalg.det`."""
    return linalg_det(input)


class LinalgSlogdetBackward0(Function):
    @staticmethod
    def forward(ctx: Any, A: Tensor) -> tuple:
        sign, log = np.linalg.slogdet(A._array)
        s = wrap(np.asarray(sign).astype(A._array.dtype, copy=False))
        ctx.save_for_backward(A, s)
        return s, wrap(np.asarray(log).astype(A._array.real.dtype, copy=False))

    @staticmethod
    def backward(ctx: Any, ds: Any, dlog: Tensor) -> Tensor:
        A, s = ctx.saved_tensors
        g: Any = dlog
        if A.is_complex():
            # The sign moves on the unit circle: only the part of ds across it counts.
            g = dlog - (ds.conj() * s).imag * wrap(np.asarray(1j, A._array.dtype))  # type: ignore[attr-defined]
        return reshape(g, *s._array.shape, 1, 1) * mh(inv(A))


_linalg_slogdet, _slogdet = (
    struct("linalg_slogdet", "sign", "logabsdet"),
    struct("slogdet", "sign", "logabsdet"),
)


def linalg_slogdet(A: Tensor, *, out: Any = None) -> Any:
    """The sign of the determinant and the logarithm of its absolute value."""
    check(A, "linalg.slogdet")
    return into_each(out, _linalg_slogdet(*LinalgSlogdetBackward0.apply(A)), "linalg.slogdet")


@method()
def slogdet(input: Tensor) -> Any:
    """See `linalg.slogdet`."""
    return _slogdet(*linalg_slogdet(input))


@method()
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant: -inf when it is 0, NaN when it is negative."""
    check(input, "logdet")
    sign, log = LinalgSlogdetBackward0.apply(input)
    if input.is_complex():
        return log + sign.log()
    return log.masked_fill(wrap(sign._array < 0), math.nan)


# -- solving ------------------------------------------------------------------------------------------------


def _is_vector(a: np.ndarray, b: np.ndarray) -> bool:
    return b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1])


class LinalgSolveExBackward0(Function):
    """X with A X = B; both with the dims of matrices."""

    @staticmethod
    def forward(ctx: Any, A: Tensor, B: Tensor) -> Tensor:
        out = in_order(np.linalg.solve(A._array, B._array))
        ctx.save_for_backward(A, out)
        return out

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        A, X = ctx.saved_tensors
        dB = LinalgSolveExBackward0.apply(mh(A), dy)
        return (-matmul(dB, mh(X)) if ctx.needs_input_grad[0] else None), dB


def solve(A: Tensor, B: Tensor, *, left: bool = True, out: Tensor | None = None) -> Tensor:
    """X with A X = B (X A = B with left=False).

    Shape:
        A (*, n, n), B (*, n, k), or (n) or (*, n) for vectors.
    Raises:
        LinAlgError: A is singular.

    Example:
        >>> rushlight.linalg.solve(rushlight.tensor([[2.0, 0.0], [0.0, 4.0]]), rushlight.tensor([2.0, 2.0]))
        tensor([1.0000, 0.5000])
    """
    check(A, "linalg.solve")
    _same_dtype(A, B, "linalg.solve")
    vector = left and _is_vector(A._array, B._array)
    if vector:
        B = unsqueeze(B, -1)
    a, b = A._array, B._array
    n = a.shape[-1]
    if (b.shape[-2] if left else b.shape[-1]) != n:
        raise RuntimeError(
            f"linalg.solve: B must have {n} {'rows' if left else 'columns'}, as A (Incompatible shapes of A and B for the "
            f"equation {'AX = B' if left else 'XA = B'}), got {a.shape} and {b.shape}"
        )
    try:
        if left:
            y = LinalgSolveExBackward0.apply(A, B)
        else:
            y = mh(LinalgSolveExBackward0.apply(mh(A), mh(B))).contiguous()  # type: ignore[attr-defined]
    except np.linalg.LinAlgError:
        raise LinAlgError(
            f"linalg.solve: the solver failed because the input matrix is singular (diagonal element {_singular(a)} of its LU "
            "factor is zero)"
        ) from None
    y = squeeze(y, -1) if vector else y
    return y if out is None else into(out, y, "linalg.solve")


_solve_ex = struct("linalg_solve_ex", "result", "info")


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """`solve` with a status instead of an error: (result, info), info 0 or the first zero of A's LU diagonal.

    Args:
        check_errors: Raise the error all the same. Else the results of singular matrices are NaN.
    """
    try:
        y, info = solve(A, B, left=left), np.zeros(A._array.shape[:-2], np.int32)
    except LinAlgError:
        if check_errors:
            raise
        info = _first_zero(A._array)
        bad = wrap(info.reshape(*info.shape, 1, 1) != 0)
        y = solve(where(bad, wrap(np.eye(A._array.shape[-1], dtype=A._array.dtype)), A), B, left=left)
        vector = left and _is_vector(A._array, B._array)
        y = where(squeeze(bad, -1) if vector else bad, math.nan, y)
    return into_each(out, _solve_ex(y, wrap(info)), "linalg.solve_ex")


def solve_triangular(
    A: Tensor,
    B: Tensor,
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """X with A X = B for triangular A; the other triangle (and with unitriangular the diagonal) is not read."""
    check(A, "linalg.solve_triangular")
    _same_dtype(A, B, "linalg.solve_triangular")
    if unitriangular:
        T = tri(A, 1 if upper else -1, upper) + wrap(np.eye(A._array.shape[-1], dtype=A._array.dtype))
    else:
        T = tri(A, 0, upper)
    y = solve(T, B, left=left)
    return y if out is None else into(out, y, "linalg.solve_triangular")


_triangular = struct("triangular_solve", "solution", "cloned_coefficient")


@method()
def triangular_solve(
    b: Tensor,
    A: Tensor,
    upper: bool = True,
    transpose: bool = False,
    unitriangular: bool = False,
    *,
    out: Any = None,
) -> Any:
    """The older form of `linalg.solve_triangular`."""
    require_tensor("triangular_solve", b, "b")
    a = A.mT if transpose else A  # type: ignore[attr-defined]
    y = solve_triangular(a, b, upper=upper != transpose, unitriangular=unitriangular)
    return into_each(out, _triangular(y, A.clone()), "triangular_solve")  # type: ignore[attr-defined]


_lstsq = struct("linalg_lstsq", "solution", "residuals", "rank", "singular_values")


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """The X that makes A X - B smallest, by its pseudo-inverse: (solution, residuals, rank, singular_values).

    Shape:
        A (*, m, n), B (*, m, k) or (*, m).

    Example:
        >>> A = rushlight.tensor([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
        >>> rushlight.linalg.lstsq(A, rushlight.tensor([[1.0], [2.0], [3.0]])).solution.flatten()
        tensor([1., 1.])
    """
    check(A, "linalg.lstsq", square=False)
    _same_dtype(A, B, "linalg.lstsq")
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(f"linalg.lstsq: driver must be one of gels, gelsy, gelsd, gelss, got {driver!r}")
    vector = _is_vector(A._array, B._array)
    m, n = A._array.shape[-2:]
    columns = unsqueeze(B, -1) if vector else B
    if columns._array.shape[-2] != m:
        raise RuntimeError(f"linalg.lstsq: B must have {m} rows, as A, got {B._array.shape}")
    tolerance = np.finfo(A._array.real.dtype).eps * max(m, n) if rcond is None else rcond
    X = matmul(pinv(A, rtol=tolerance), columns)
    s = np.linalg.svd(A._array, compute_uv=False)
    rank = (s > tolerance * s.max(-1, keepdims=True, initial=0)).sum(-1)
    nothing = wrap(np.empty(0, A._array.real.dtype))
    # Empty ones have X's history too, as in PyTorch.
    residuals = narrow(reshape(X.real if X.is_complex() else X, -1), 0, 0, 0)  # type: ignore[attr-defined]
    if m > n and np.all(rank == n) and driver != "gelsy":
        r = matmul(A, X) - columns
        residuals = (r * r.conj()).real.sum(-2) if r.is_complex() else (r * r).sum(-2)  # type: ignore[attr-defined]
    shown = (
        wrap(np.asarray(rank)) if driver in (None, "gelsy", "gelsd", "gelss") else wrap(np.empty(0, np.int64))
    )
    values = wrap(s) if driver in ("gelsd", "gelss") else nothing
    return _lstsq(squeeze(X, -1) if vector else X, residuals, shown, values)


# -- pseudo-inverse, rank, condition --------------------------------------------------------------------------


class LinalgPinvBackward0(Function):
    @staticmethod
    def forward(ctx: Any, A: Tensor, atol: Any, rtol: Any, hermitian: bool) -> Tensor:
        u, s, vh = np.linalg.svd(A._array, full_matrices=False, hermitian=hermitian)
        keep = s > _cut(A, s, atol, rtol)[..., None]
        inverse = np.where(keep, 1 / np.where(keep, s, 1), 0)
        out = wrap(np.matmul(vh.conj().swapaxes(-1, -2) * inverse[..., None, :], u.conj().swapaxes(-1, -2)))
        ctx.save_for_backward(A, out)
        return out

    @staticmethod
    def backward(ctx: Any, G: Tensor) -> tuple:
        A, P = ctx.saved_tensors
        h, g = mh(P), mh(G)
        # Golub and Pereyra 1973: dP = -P dA P + P P^H dA^H (1 - A P) + (1 - P A) dA^H P^H P.
        right = matmul(matmul(g, P), h)
        left = matmul(matmul(h, P), g)
        dA = (
            -matmul(h, matmul(G, h)) + right - matmul(A, matmul(P, right)) + left - matmul(matmul(left, P), A)
        )
        return dA, None, None, None


def _cut(A: Tensor, s: np.ndarray, atol: Any, rtol: Any) -> np.ndarray:
    """Singular values `s` up to this count as zero."""
    top = s.max(-1, initial=0)
    a = 0.0 if atol is None else (atol._array if isinstance(atol, TensorBase) else atol)
    if rtol is None:
        given = atol is not None and np.any(np.asarray(a) > 0)
        r = 0.0 if given else np.finfo(s.dtype).eps * max(A._array.shape[-2:])
    else:
        r = rtol._array if isinstance(rtol, TensorBase) else rtol
    return np.maximum(a, r * top)


def pinv(
    A: Tensor,
    *args: Any,
    atol: Any = None,
    rtol: Any = None,
    hermitian: bool = False,
    rcond: Any = None,
    out: Tensor | None = None,
) -> Tensor:
    """The Moore-Penrose pseudo-inverse. Singular values up to max(atol, rtol * largest) count as zero.

    Example:
        >>> rushlight.linalg.pinv(rushlight.tensor([[2.0, 0.0], [0.0, 0.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.0000]])
    """
    check(A, "linalg.pinv", square=hermitian)
    rtol = args[0] if args else rtol if rcond is None else rcond
    if 0 in A._array.shape[-2:]:
        y = mh(A).clone()  # type: ignore[attr-defined]
    else:
        y = LinalgPinvBackward0.apply(A, atol, rtol, hermitian)
    return y if out is None else into(out, y, "linalg.pinv")


@method()
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """See `linalg.pinv`."""
    return pinv(input, rtol=rcond)


def matrix_rank(
    A: Tensor,
    *args: Any,
    atol: Any = None,
    rtol: Any = None,
    tol: Any = None,
    hermitian: bool = False,
    out: Any = None,
) -> Tensor:
    """How many singular values exceed max(atol, rtol * largest), by default float rounding.

    Example:
        >>> rushlight.linalg.matrix_rank(rushlight.ones(3, 3))
        tensor(1)
    """
    check(A, "linalg.matrix_rank", square=hermitian)
    if tol is None and args:
        tol = args[0]
    if 0 in A._array.shape[-2:]:
        y = wrap(np.zeros(A._array.shape[:-2], np.int64))
        return y if out is None else into(out, y, "linalg.matrix_rank")
    s = np.linalg.svd(A._array, compute_uv=False)
    cut = (
        _cut(A, s, atol, rtol)
        if tol is None
        else (tol._array if isinstance(tol, TensorBase) else np.asarray(tol))
    )
    y = wrap(np.asarray((s > cut[..., None]).sum(-1)))
    return y if out is None else into(out, y, "linalg.matrix_rank")


def cond(A: Tensor, p: Any = None, *, out: Tensor | None = None) -> Tensor:
    """The condition number: norm(A) norm(inv(A)); for p None, 2 or -2 the ratio of singular values.

    Example:
        >>> rushlight.linalg.cond(rushlight.tensor([[4.0, 0.0], [0.0, 2.0]]))
        tensor(2.)
    """
    if p in (None, 2, -2):
        check(A, "linalg.cond", square=False)
        s = svdvals(A)
        first, last = s[..., 0], s[..., -1]
        y = last / first if p == -2 else first / last
    else:
        check(A, "linalg.cond")
        y = _n.matrix_norm(A, p) * _n.matrix_norm(inv_ex(A)[0], p)
    return y if out is None else into(out, y, "linalg.cond")


# -- powers and products ----------------------------------------------------------------------------------------


def linalg_matrix_power(A: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """The n-th power of a square matrix, of its inverse where n is negative.

    Example:
        >>> rushlight.linalg.matrix_power(rushlight.tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
        tensor([[1., 3.],
                [0., 1.]])
    """
    require_tensor("linalg.matrix_power", A, "A")
    if A._array.ndim < 2 or A._array.shape[-1] != A._array.shape[-2]:
        raise RuntimeError(
            f"linalg.matrix_power: A must be batches of square matrices, but they are of shape {A._array.shape}"
        )
    if n < 0:
        A, n = inv(A), -n
    y: Any = None
    square = A
    while n:
        if n & 1:
            y = square if y is None else matmul(y, square)
        n >>= 1
        if n:
            square = matmul(square, square)
    if y is None:
        eye = np.broadcast_to(np.eye(A._array.shape[-1], dtype=A._array.dtype), A._array.shape)
        y = nothing_of(A) + wrap(eye)
    elif y is A:
        y = A.clone()  # type: ignore[attr-defined]
    return y if out is None else into(out, y, "linalg.matrix_power")


@method()
def matrix_power(input: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """See `linalg.matrix_power`."""
    require_tensor("matrix_power", input)
    return linalg_matrix_power(input, n, out=out)


@method()
def matrix_exp(input: Tensor) -> Tensor:
    """The exponential of a square matrix, by scaling and squaring of its Taylor series.

    Source: Higham 2005, with 18 terms for a norm of at most 1/2.

    Example:
        >>> rushlight.matrix_exp(rushlight.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
    """
    check(input, "linalg.matrix_exp")
    a = input._array
    top = np.abs(a).sum(-2).max(initial=0) if a.size else 0.0
    halvings = max(0, math.ceil(math.log2(top)) + 1) if top > 0 and math.isfinite(top) else 0
    x = input * 0.5**halvings
    eye = wrap(np.array(np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape)))
    y = eye
    for k in range(18, 0, -1):  # Horner: 1 + x (1 + x/2 (1 + x/3 (...)))
        y = eye + matmul(x, y) * (1.0 / k)
    for _ in range(halvings):
        y = matmul(y, y)
    return y


def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The product of two or more matrices, in the order of least work. The first and last may be vectors.

    Example:
        >>> rushlight.linalg.multi_dot([rushlight.ones(2), rushlight.ones(2, 3), rushlight.ones(3)])
        tensor(6.)
    """
    ms = list(tensors)
    if len(ms) < 2:
        raise RuntimeError(f"linalg.multi_dot: expected at least 2 tensors, got {len(ms)}")
    first, last = ms[0]._array.ndim == 1, ms[-1]._array.ndim == 1
    ms[0] = unsqueeze(ms[0], 0) if first else ms[0]
    ms[-1] = unsqueeze(ms[-1], 1) if last else ms[-1]
    for i, m in enumerate(ms):
        if m._array.ndim != 2:
            raise RuntimeError(f"linalg.multi_dot: tensor {i} must be 2D, got {m._array.ndim}D")
        if i and ms[i - 1]._array.shape[1] != m._array.shape[0]:
            raise RuntimeError(
                f"linalg.multi_dot: tensors {i - 1} and {i} with shapes {ms[i - 1]._array.shape} and {m._array.shape} cannot be "
                "multiplied"
            )
    y = chain(ms)
    if last:
        y = squeeze(y, -1)
    if first:
        y = squeeze(y, 0)
    return y if out is None else into(out, y, "linalg.multi_dot")


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """Sums of products along `dim`, the first operand conjugated.

    Example:
        >>> rushlight.linalg.vecdot(rushlight.ones(2, 3), rushlight.ones(3))
        tensor([3., 3.])
    """
    require_tensor("linalg.vecdot", x, "x")
    require_tensor("linalg.vecdot", y, "y")
    z = ((x.conj() if x.is_complex() else x) * y).sum(dim)  # type: ignore[attr-defined]
    return z if out is None else into(out, z, "linalg.vecdot")


def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The cross product of vectors of 3 elements along `dim`.

    Example:
        >>> rushlight.linalg.cross(rushlight.tensor([1.0, 0.0, 0.0]), rushlight.tensor([0.0, 1.0, 0.0]))
        tensor([0., 0., 1.])
    """
    require_tensor("linalg.cross", input)
    if input._array.ndim != other._array.ndim:
        raise RuntimeError(
            "linalg.cross: inputs must have the same number of dimensions, got "
            f"{input._array.ndim} and {other._array.ndim}"
        )
    dim = wrap_dim(dim, input._array.ndim, "linalg.cross")
    if input._array.shape[dim] != 3 or other._array.shape[dim] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3, got {input._array.shape[dim]} and "
            f"{other._array.shape[dim]}"
        )
    a, b = broadcast_tensors(input, other)
    (a0, a1, a2), (b0, b1, b2) = a.unbind(dim), b.unbind(dim)  # type: ignore[attr-defined]
    y = stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], dim)
    return y if out is None else into(out, y, "linalg.cross")


@method()
def cross(input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """See `linalg.cross`; without `dim`, along the first dim of size 3."""
    require_tensor("cross", input)
    if dim is None:
        sizes = [d for d, n in enumerate(input._array.shape) if n == 3]
        if not sizes:
            raise RuntimeError(f"cross: no dimension of size 3 in input, got shape {input._array.shape}")
        dim = sizes[0]
    return linalg_cross(input, other, dim=dim, out=out)


@method()
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix.

    Example:
        >>> rushlight.trace(rushlight.eye(3))
        tensor(3.)
    """
    require_tensor("trace", input)
    refuse("trace", input, "b")
    if input._array.ndim != 2:
        raise RuntimeError(f"trace: input must be a matrix (expected a matrix), got {input._array.ndim} dims")
    return diagonal(input).sum()  # type: ignore[attr-defined]


def linalg_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """`torch.diagonal` of the last two dims."""
    require_tensor("linalg.diagonal", A, "A")
    return diagonal(A, offset, dim1, dim2)


def tensorinv(A: Tensor, ind: int = 2, *, out: Tensor | None = None) -> Tensor:
    """The inverse of A seen as a matrix from its last dims to its first `ind`."""
    require_tensor("linalg.tensorinv", A, "A")
    if ind <= 0:
        raise RuntimeError(f"linalg.tensorinv: ind must be a strictly positive integer, got {ind}")
    shape = A._array.shape
    rows, columns = math.prod(shape[:ind]), math.prod(shape[ind:])
    if rows != columns:
        raise RuntimeError(
            f"linalg.tensorinv: the first {ind} dims and the rest must have as many elements, got {rows} and {columns}"
        )
    y = reshape(inv(reshape(A, rows, columns)), *shape[ind:], *shape[:ind])
    return y if out is None else into(out, y, "linalg.tensorinv")


def tensorsolve(A: Tensor, B: Tensor, dims: Any = None, *, out: Tensor | None = None) -> Tensor:
    """X with tensordot(A, X, X.ndim) = B."""
    require_tensor("linalg.tensorsolve", A, "A")
    if dims is not None:
        A = movedim(A, tuple(dims), tuple(range(A._array.ndim - len(dims), A._array.ndim)))
    n = B._array.ndim
    shape = A._array.shape[n:]
    size = math.prod(shape)
    if size != B._array.size:
        raise RuntimeError(
            f"linalg.tensorsolve: A and B must fit: prod(A.shape[{n}:]) is {size} and B has {B._array.size} elements"
        )
    y = reshape(solve(reshape(A, -1, size), reshape(B, -1)), *shape)
    return y if out is None else into(out, y, "linalg.tensorsolve")


def linalg_vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Powers 0..N-1 of each element, as the last dim.

    Example:
        >>> rushlight.linalg.vander(rushlight.tensor([2.0, 3.0]), N=3)
        tensor([[1., 2., 4.],
                [1., 3., 9.]])
    """
    require_tensor("linalg.vander", x, "x")
    x = x if x._array.ndim else unsqueeze(x, 0)
    n = x._array.shape[-1] if N is None else N
    if n <= 1:
        raise RuntimeError(f"linalg.vander: N must be greater than 1, got {N}")
    one = wrap(np.ones(x._array.shape, x._array.dtype))
    powers = [one]
    for _ in range(n - 1):
        powers.append(powers[-1] * x)
    return stack(powers, -1)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of each element of a vector as columns, falling unless `increasing`."""
    require_tensor("vander", x, "x")
    if x._array.ndim != 1:
        raise RuntimeError(f"vander: x must be a one-dimensional tensor, got {x._array.ndim} dims")
    y = linalg_vander(x, N=N)
    return y if increasing else y.flip(-1)  # type: ignore[attr-defined]


def householder_product(A: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The first columns of the product of the Householder reflections that LAPACK's geqrf leaves in A and tau."""
    name = "linalg.householder_product"
    check(A, name, square=False)
    m, n = A._array.shape[-2:]
    if not isinstance(tau, TensorBase):
        raise TypeError(f"{name}: tau must be a Tensor, got {kind_of(tau)}")
    if m < n:
        raise RuntimeError(
            f"{name}: A must have at least as many rows as columns (input.shape[-2] must be greater than or equal to "
            f"input.shape[-1]), got {m} by {n}"
        )
    if tau._array.shape[:-1] != A._array.shape[:-2] or not tau._array.ndim or tau._array.shape[-1] > n:
        raise RuntimeError(
            f"{name}: tau must have A's batch dims and at most {n} elements in its last dim, got shape "
            f"{list(tau._array.shape)} for A of {list(A._array.shape)}"
        )
    if tau.dtype is not A.dtype:
        raise RuntimeError(f"{name}: tau must have A's dtype {A.dtype}, got {tau.dtype}")
    eye = wrap(np.eye(m, dtype=A._array.dtype))
    lower = tri(A, -1, False) + wrap(np.eye(m, n, dtype=A._array.dtype))
    y = expand(eye, *A._array.shape[:-2], m, m)
    for i in range(tau._array.shape[-1]):
        v = narrow(lower, -1, i, 1)
        t = reshape(tau[..., i], *tau._array.shape[:-1], 1, 1)  # type: ignore[index]
        y = y - matmul(y, v) * t @ mh(v)  # type: ignore[operator]
    y = narrow(y, -1, 0, n)
    if not tau._array.shape[-1]:
        y = y + nothing_of(A)
    return y if out is None else into(out, y, "linalg.householder_product")
