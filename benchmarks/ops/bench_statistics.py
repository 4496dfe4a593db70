"""Benchmarks of ops/statistics.py."""

from harness import T, call
from registry import op

op("quantile", call(T(1000000), 0.5))
op("histogramdd", call(T(20000, 2), [20, 20]))
op("cov", call(T(64, 10000)))
