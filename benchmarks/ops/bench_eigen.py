"""Benchmarks of ops/eigen.py."""

from harness import T, call
from registry import op

op("svd", call(T(128, 128)))
