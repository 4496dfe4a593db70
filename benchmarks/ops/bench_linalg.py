"""Benchmarks of linear algebra."""

from harness import T, call
from registry import op

for name in ("inv", "det", "cholesky_ex", "qr", "svdvals", "pinv", "matrix_exp"):
    op(f"linalg.{name}", call(T(128, 128)))
op("linalg.solve", call(T(128, 128), T(128, 16)))
op("linalg.eigh", call(T(128, 128)))
op("linalg.matrix_power", call(T(128, 128), 5))
op("linalg.vector_norm", call(T(2048, 2048)), backward=True, bytes=4.0 * 2048**2)
op("norm", call(T(2048, 2048), 2, 1), backward=True)
