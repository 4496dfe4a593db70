"""Cases of ops/factor.py and ops/lowrank.py; the factors themselves are held against PyTorch's in test_linalg.py."""

import numpy as np

import rushlight
from harness import OpCase, T, call, fails

_rng = np.random.default_rng(8)


def _symmetric(*shape):
    a = _rng.standard_normal(shape)
    return a + a.swapaxes(-1, -2)


def _geqrf(a):
    h, tau = np.linalg.qr(a, mode="raw")
    return h.swapaxes(-1, -2), tau


SQUARE = _rng.standard_normal((4, 4))
TALL = _geqrf(_rng.standard_normal((2, 5, 3)))
LOOSE = {"rtol": 2e-4, "atol": 2e-4, "reason": "factorizations in float32 carry their condition number"}
LU = rushlight.linalg.lu_factor(rushlight.from_numpy(SQUARE))
PIVOTS = T(values=LU.pivots.numpy(), dtype="int32")
FACTORS = T(values=LU.LU.numpy())
LDL = rushlight.linalg.ldl_factor(rushlight.from_numpy(_symmetric(2, 5, 5)))
GAPS = np.diag([9.0, 4.0, 1.0, 0.1, 0.05, 0.01])
LEADING = _rng.standard_normal((7, 6)) @ GAPS @ _rng.standard_normal((6, 6))


def _q(a, tau):
    n = a.shape[-2]
    q = np.eye(n)
    for i in range(tau.shape[-1]):
        v = np.where(np.arange(n) > i, a[..., i], np.arange(n) == i)
        q = q @ (np.eye(n) - tau[..., i, None, None] * v[..., :, None] * v[..., None, :])
    return q


def _ormqr(a, tau, c, left=True, transpose=False):
    q = _q(a, tau)
    q = q.swapaxes(-1, -2) if transpose else q
    return q @ c if left else c @ q


def _largest(a):
    return np.linalg.eigvalsh(a)[::-1][:2].copy()


CASES = [
    OpCase(
        "geqrf",
        [call(T(values=SQUARE)), call(T(2, 5, 3)), call(T(3, 4))],
        reference=_geqrf,
        grad=False,
        dtypes=("float32", "float64", "complex64", "complex128"),
        errors=[
            fails(RuntimeError, "geqrf: input must have at least 2 dimensions, got 1", T(3)),
            fails(NotImplementedError, "geqrf: input must be of dtype float32", T(2, 2, dtype="int64")),
        ],
        big=call(T(64, 64)),
        **LOOSE,
    ),
    OpCase(
        "orgqr",
        [call(T(values=TALL[0]), T(values=TALL[1]))],
        reference=lambda a, tau: _q(a, tau)[..., : a.shape[-1]],
        errors=[
            fails(
                RuntimeError, "linalg.householder_product: A must have at least as many rows", T(3, 5), T(3)
            ),
            fails(RuntimeError, "linalg.householder_product: tau must have A's batch dims", T(5, 3), T(4)),
            fails(RuntimeError, "linalg.householder_product: tau must have A's batch dims", T(2, 5, 3), T(3)),
            fails(
                RuntimeError,
                "linalg.householder_product: tau must have A's dtype",
                T(5, 3, dtype="float32"),
                T(3, dtype="float64"),
            ),
        ],
        **LOOSE,
    ),
    OpCase(
        "ormqr",
        [
            call(T(values=TALL[0]), T(values=TALL[1]), T(2, 5, 2)),
            call(T(values=TALL[0]), T(values=TALL[1]), T(2, 5, 2), True, True),
            call(T(values=TALL[0]), T(values=TALL[1]), T(2, 3, 5), left=False),
            call(T(values=TALL[0]), T(values=TALL[1]), T(2, 3, 5), left=False, transpose=True),
        ],
        reference=_ormqr,
        errors=[
            fails(
                RuntimeError,
                "ormqr: other must have other.shape[-2] equal to input.shape[-2]",
                T(4, 3),
                T(3),
                T(3, 2),
            ),
            fails(RuntimeError, "ormqr: tau must have 3 elements", T(4, 3), T(2), T(4, 2)),
            fails(RuntimeError, "ormqr: input must have at least 2 dimensions", T(4), T(2), T(4, 2)),
            fails(RuntimeError, "ormqr: tau must have one dimension less", T(1, 4, 3), T(3), T(4, 2)),
            fails(
                RuntimeError,
                "ormqr: other must have input's dtype",
                T(4, 3, dtype="float32"),
                T(3, dtype="float32"),
                T(4, 2, dtype="float64"),
            ),
        ],
        **LOOSE,
    ),
    OpCase(
        "lu_unpack",
        [
            call(FACTORS, PIVOTS),
            call(T(3, 5), T(values=[1, 3, 3], dtype="int32")),
            call(T(5, 3), T(values=[5, 2, 4], dtype="int32")),
            call(FACTORS, PIVOTS, True, False),
        ],
        errors=[
            fails(
                RuntimeError,
                "lu_unpack: LU_pivots must be of dtype int32",
                T(3, 3),
                T(values=[1, 2, 3], dtype="int64"),
            ),
            fails(
                RuntimeError,
                "lu_unpack: LU_pivots must be between 1 and LU.size(-2)",
                T(3, 3),
                T(values=[0, 2, 3], dtype="int32"),
            ),
        ],
    ),
    OpCase("lu_unpack", [call(FACTORS, PIVOTS, unpack_data=False)], grad=False, id="lu_unpack-pivots"),
    OpCase(
        "linalg.ldl_factor",
        [
            call(T(values=_symmetric(5, 5))),
            call(T(values=_symmetric(2, 4, 4))),
            call(T(values=np.eye(2)[::-1])),
        ],
        grad=False,
        also=["linalg.ldl_factor_ex"],
        dtypes=("float32", "float64", "complex64", "complex128"),
        errors=[
            fails(RuntimeError, "must be batches of square matrices", T(2, 3)),
            fails(RuntimeError, "linalg.ldl_factor: A must not be singular", T(values=np.zeros((2, 2)))),
        ],
        **LOOSE,
    ),
    OpCase(
        "linalg.ldl_solve",
        [call(T(values=LDL.LD.numpy()), T(values=LDL.pivots.numpy(), dtype="int32"), T(2, 5, 3))],
        grad=False,
        errors=[
            fails(
                RuntimeError,
                "linalg.ldl_solve: pivots must have the shape of LD.shape[:-1]",
                T(3, 3),
                T(2, dtype="int32"),
                T(3, 1),
            ),
            fails(RuntimeError, "linalg.ldl_solve: pivots must be integers", T(3, 3), T(3), T(3, 1)),
            fails(
                RuntimeError, "linalg.ldl_solve: B must have 3 rows", T(3, 3), T(3, dtype="int32"), T(4, 1)
            ),
            fails(
                IndexError,
                "linalg.ldl_solve: B must have at least 2 dimensions",
                T(3, 3),
                T(3, dtype="int32"),
                T(3),
            ),
        ],
        rtol=1e-2,
        atol=1e-2,
        reason="a solution in float32 carries the matrix's condition number",
    ),
    OpCase(
        "svd_lowrank",
        [
            call(T(values=LEADING), 3),
            call(T(values=LEADING.T), 2, 4),
            call(T(values=LEADING), 3, 2, T(7, 6, low=-0.01, high=0.01)),
        ],
        grad=False,  # of the singular vectors' free signs: see test_linalg.py
        random=True,
        torch=False,
        reference=None,
        errors=[fails(TypeError, "svd_lowrank: A must be a Tensor", 3)],
        big=call(T(200, 100)),
    ),
    OpCase(
        "pca_lowrank",
        [call(T(values=LEADING), 3), call(T(values=LEADING), center=False)],
        grad=False,
        random=True,
        torch=False,
        errors=[
            fails(ValueError, "pca_lowrank: q must be in [0, 6]", T(values=LEADING), 7),
            fails(ValueError, "pca_lowrank: niter must not be negative", T(values=LEADING), 2, True, -1),
        ],
    ),
    OpCase(
        "lobpcg",
        [call(T(values=LEADING.T @ LEADING), 2)],
        grad=False,
        random=True,
        torch=False,
        errors=[
            fails(ValueError, "lobpcg: A must have at least 3 n = 6 rows", T(5, 5), 2),
            fails(ValueError, "lobpcg: method must be 'basic' or 'ortho'", T(9, 9), 2, method="fast"),
            fails(
                NotImplementedError, "lobpcg: ortho_iparams must be None", T(9, 9), 2, ortho_iparams={"a": 1}
            ),
            fails(ValueError, "lobpcg: k must be at least 1, got 0", T(9, 9), 0),
            fails(ValueError, "lobpcg: k must be at most n, 2", T(9, 9), 3, n=2),
            fails(RuntimeError, "lobpcg: B must have the shape of A", T(9, 9), 2, T(8, 8)),
        ],
    ),
]
