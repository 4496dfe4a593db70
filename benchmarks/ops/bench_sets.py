"""Benchmarks of ops/sets.py."""

from harness import T, call
from registry import op

op("unique", call(T(200000, dtype="int64", low=0, high=1000, grad=False)))
op("bincount", call(T(1000000, dtype="int64", low=0, high=1000, grad=False)))
