"""Benchmarks of ops/unpool.py."""

from harness import T, call
from registry import op

op(
    "nn.functional.max_unpool2d",
    call(T(8, 16, 32, 32), T(8, 16, 32, 32, dtype="int64", low=0, high=4096), 2),
)
