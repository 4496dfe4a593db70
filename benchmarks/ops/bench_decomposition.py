"""Benchmarks of ops/decomposition.py."""

from harness import T, call
from registry import op

op("qr", call(T(256, 128)))
