"""Benchmarks of ops/join.py."""

from harness import T, call
from registry import op

op("cat", call([T(2048, 1024), T(2048, 1024)], 1), bytes=4 * 4 * 2048 * 1024)
op("stack", call([T(1024, 1024)] * 4), bytes=8 * 4 * 1024 * 1024)
