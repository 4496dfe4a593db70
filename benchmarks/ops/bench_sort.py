"""Benchmarks of sorting."""

from harness import T, call
from registry import op

X, N = T(512, 4096), 512 * 4096

op("sort", call(X), bytes=16 * N)
op("topk", call(X, 10), bytes=4 * N)
op("median", call(X, -1), bytes=4 * N)
op("argsort", call(T(1_000_000)), bytes=12_000_000)
op("unique", call(T(100_000, dtype="int64", low=0, high=1000)), bytes=800_000)
