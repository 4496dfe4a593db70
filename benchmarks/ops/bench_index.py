"""Benchmarks of ops/index.py."""

from harness import T, call
from registry import op

op("take", call(T(1000, 1000), T(500000, dtype="int64", low=0, high=1000000)))
