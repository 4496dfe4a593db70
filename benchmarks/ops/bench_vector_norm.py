"""Benchmarks of ops/vector_norm.py."""

from harness import T, call
from registry import op

op("norm", call(T(4096, 1024)), bytes=4 * 4096 * 1024)
