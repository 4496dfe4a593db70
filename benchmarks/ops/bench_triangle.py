"""Benchmarks of ops/triangle.py."""

from harness import T, call
from registry import op

op("tril", call(T(16, 512, 512)), bytes=8 * 16 * 512 * 512)
