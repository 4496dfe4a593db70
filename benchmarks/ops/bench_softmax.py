"""Benchmarks of ops/softmax.py. Bytes: each input read once, each result written once."""

from harness import T, call
from registry import op

BIG = T(32, 64, 112, 112)
N = 4 * 32 * 64 * 112 * 112

for name in ("softmax", "log_softmax"):
    op(name, call(BIG, 1), label=f"{name}_big", bytes=2 * N)
    op(name, call(BIG, 1), label=f"{name}_big_fwdbwd", backward=True, bytes=5 * N)
    op(name, call(T(4096, 1024), -1), label=f"{name}_rows", bytes=2 * 4 * 4096 * 1024)
    op(name, call(T(4096, 1024), -1), label=f"{name}_rows_fwdbwd", backward=True, bytes=5 * 4 * 4096 * 1024)
op("softmax", call(T(64, 10), -1), label="softmax_64x10_fwdbwd", backward=True, inner=20)
op("softmax", call(T(128, 1000), 0), label="softmax_columns", bytes=2 * 4 * 128 * 1000)
op(
    "logsumexp",
    call(T(4096, 1024), -1),
    label="logsumexp_rows_fwdbwd",
    backward=True,
    bytes=3 * 4 * 4096 * 1024,
)
op("nn.functional.gumbel_softmax", call(T(512, 1000)), label="gumbel_softmax_512x1000")
