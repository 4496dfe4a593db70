"""Benchmarks of reductions and running sums."""

from harness import T, call
from registry import op

X, N = T(4096, 4096), 4096 * 4096

op("sum", call(X), bytes=4 * N)
op("sum", call(X, 0), label="sum_columns", bytes=4 * N)
op("mean", call(X, 1), bytes=4 * N)
op("var", call(X, 1), bytes=4 * N)
op("var", call(X, 0), label="var_columns", bytes=4 * N)
op("amax", call(X, 1), bytes=4 * N)
op("max", call(X, 0), bytes=4 * N)
op("argmax", call(X, 1), bytes=4 * N)
op("prod", call(X, 1), bytes=4 * N)
op("cumsum", call(X, 0), bytes=8 * N)
