"""Benchmarks of ops/fold.py."""

from harness import T, call
from registry import op

op("nn.functional.unfold", call(T(16, 16, 64, 64), 3), bytes=4 * 16 * 16 * (64 * 64 + 9 * 62 * 62))
