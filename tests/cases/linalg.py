"""Cases of ops/linalg.py, ops/decomposition.py, ops/eigen.py and ops/vector_norm.py."""

import numpy as np

from harness import OpCase, T, call, fails

_rng = np.random.default_rng(5)


def _spd(*shape):
    a = _rng.standard_normal(shape)
    return a @ a.swapaxes(-1, -2) + 2 * np.eye(shape[-1])


def _square(*shape):
    return _rng.standard_normal(shape) + 2.5 * np.eye(shape[-1])


M = T(values=_square(3, 3))
BATCH = T(values=_square(2, 4, 4))
SPD = T(values=_spd(3, 3))
LOOSE = {
    "rtol": 2e-4,
    "atol": 2e-4,
    "reason": "conditioned problems: LAPACK's float32 results carry their condition number",
}
NOT_SQUARE = "must be batches of square matrices"

CASES = [
    OpCase(
        "linalg.inv",
        [call(M), call(BATCH), call(T(values=np.empty((0, 2, 2))))],
        reference=np.linalg.inv,
        errors=[
            fails(RuntimeError, f"linalg.inv: A {NOT_SQUARE}", T(2, 3)),
            fails(RuntimeError, "linalg.inv: The input tensor A must have at least 2 dimensions", T(3)),
        ],
        also=["inverse", "linalg.inv_ex"],
        **LOOSE,
    ),
    OpCase("linalg.det", [call(M), call(BATCH)], reference=np.linalg.det, also=["det"], **LOOSE),
    OpCase("linalg.slogdet", [call(M), call(BATCH)], reference=np.linalg.slogdet, also=["slogdet"], **LOOSE),
    OpCase("logdet", [call(SPD)], reference=lambda a: np.linalg.slogdet(a)[1], **LOOSE),
    OpCase(
        "linalg.solve",
        [
            call(M, T(3)),
            call(M, T(3, 2)),
            call(BATCH, T(2, 4, 3)),
            call(BATCH, T(2, 4)),
            call(M, T(2, 3), left=False),
        ],
        errors=[
            fails(RuntimeError, "linalg.solve: B must have 3 rows", M, T(4, 2)),
        ],
        also=["linalg.solve_ex"],
        **LOOSE,
    ),
    OpCase(
        "linalg.solve_triangular",
        [
            call(M, T(3, 2), upper=True),
            call(M, T(3, 2), upper=False, unitriangular=True),
            call(M, T(2, 3), upper=True, left=False),
        ],
        also=["triangular_solve"],
        **LOOSE,
    ),
    OpCase(
        "linalg.cholesky",
        [call(SPD), call(T(values=_spd(2, 3, 3))), call(SPD, upper=True)],
        grad=False,  # it reads one triangle, its gradient is symmetric: see tests/test_linalg.py
        also=["cholesky", "linalg.cholesky_ex", "cholesky_inverse", "cholesky_solve"],
        **LOOSE,
    ),
    OpCase("linalg.qr", [call(M), call(T(5, 3)), call(T(2, 4, 2))], also=["qr"], **LOOSE),
    OpCase(
        "linalg.svdvals",
        [call(M), call(T(2, 4, 3))],
        reference=lambda a: np.linalg.svd(a, compute_uv=False),
        also=["svd", "linalg.svd"],
        **LOOSE,
    ),
    OpCase(
        "linalg.eigvalsh",
        [call(SPD)],
        reference=np.linalg.eigvalsh,
        also=["linalg.eigh"],
        grad=False,
        **LOOSE,
    ),
    OpCase(
        "linalg.eigvals", [call(T(values=np.diag([1.0, 2.0, 4.0])))], also=["linalg.eig"], grad=False, **LOOSE
    ),
    OpCase(
        "linalg.pinv",
        [call(M), call(T(5, 3)), call(T(2, 2, 4))],
        reference=np.linalg.pinv,
        also=["pinverse"],
        **LOOSE,
    ),
    OpCase(
        "linalg.matrix_rank",
        [call(M), call(T(values=np.ones((3, 3))))],
        reference=np.linalg.matrix_rank,
        grad=False,
    ),
    OpCase("linalg.cond", [call(M), call(M, -2), call(T(4, 3))], **LOOSE),
    OpCase(
        "linalg.cond",
        [call(M, "fro"), call(M, 1)],
        reference=np.linalg.cond,
        torch=False,
        id="linalg.cond-norms",
        **LOOSE,
    ),
    OpCase(
        "linalg.matrix_power",
        [call(M, 1), call(M, 3), call(M, -2), call(BATCH, 5)],
        reference=np.linalg.matrix_power,
        errors=[fails(RuntimeError, "linalg.matrix_power: A must be batches of square", T(2, 3), 2)],
        also=["matrix_power"],
        **LOOSE,
    ),
    OpCase("matrix_exp", [call(M), call(BATCH)], also=["linalg.matrix_exp"], **LOOSE),
    OpCase(
        "linalg.vector_norm",
        [
            call(T(3, 4)),
            call(T(3, 4), 1, 0),
            call(T(3, 4), 3, 1, True),
            call(T(3, 4), 0.5),
            call(T(3, 4), float("inf"), 1),
            call(T(3, 4), -float("inf"), 0),
            call(T(3, 4), 0, 1),
            call(T()),
            call(T(0)),
        ],
        big=call(T(400, 700)),
        errors=[
            fails(RuntimeError, "linalg.vector_norm: input must be of a floating point", T(3, dtype="int64"))
        ],
    ),
    OpCase(
        "linalg.matrix_norm",
        [
            call(M),
            call(M, 1),
            call(M, -1),
            call(M, float("inf")),
            call(M, 2),
            call(M, "nuc"),
            call(BATCH, "fro", (0, 2), True),
        ],
        errors=[fails(RuntimeError, "linalg.matrix_norm: ord must be one of", M, 3)],
        **LOOSE,
    ),
    OpCase(
        "linalg.norm",
        [call(T(3)), call(M), call(M, 2), call(T(3), 3), call(BATCH, "fro", (1, 2)), call(BATCH, 1, 1)],
        **LOOSE,
    ),
    OpCase(
        "norm",
        [
            call(T(3, 4)),
            call(T(3, 4), 2, 1),
            call(T(3, 4), 1, 0, True),
            call(T(3, 4), "nuc"),
            call(T(3, 4), float("inf")),
        ],
        errors=[fails(RuntimeError, "norm: p must be a number", T(3, 4), "x")],
        also=["frobenius_norm", "nuclear_norm"],
        variants=False,
        **LOOSE,
    ),
    OpCase("dist", [call(T(3, 4), T(3, 4)), call(T(3, 4), T(4), 1)]),
    OpCase("renorm", [call(T(3, 4), 2, 0, 1.0), call(T(2, 3, 4), 1, 1, 2.0)]),
    OpCase(
        "linalg.cross",
        [call(T(3), T(3)), call(T(2, 3), T(2, 3)), call(T(3, 2), T(3, 2), dim=0)],
        reference=lambda a, b, dim=-1: np.cross(a, b, axis=dim),
        errors=[fails(RuntimeError, "linalg.cross: inputs dimension 1 must have length 3", T(2, 4), T(2, 4))],
        also=["cross"],
    ),
    OpCase("linalg.vecdot", [call(T(2, 3), T(2, 3)), call(T(2, 3), T(3), dim=-1)], variants=False),
    OpCase(
        "trace",
        [call(T(3, 3)), call(T(2, 4))],
        reference=np.trace,
        errors=[fails(RuntimeError, "trace: input must be a matrix", T(3))],
    ),
    OpCase("linalg.diagonal", [call(T(2, 3, 3)), call(T(2, 3, 3), offset=1)], variants=False),
    OpCase("linalg.tensorinv", [call(T(values=_square(6, 6).reshape(6, 2, 3)), 1)], **LOOSE),
    OpCase("linalg.tensorsolve", [call(T(values=_square(6, 6).reshape(2, 3, 6)), T(2, 3))], **LOOSE),
    OpCase("linalg.vander", [call(T(4)), call(T(2, 3), N=5)], also=["vander"]),
    OpCase(
        "linalg.lu_factor",
        [call(M), call(BATCH)],
        also=["linalg.lu", "linalg.lu_solve", "lu_solve", "linalg.lu_factor_ex"],
        **LOOSE,
    ),
]
