"""Benchmarks of ops/mask.py."""

from harness import T, call
from registry import op

op("masked_fill", call(T(2048, 1024), T(2048, 1024, dtype="bool"), 0.0), bytes=9 * 2048 * 1024)
op("where", call(T(2048, 1024, dtype="bool"), T(2048, 1024), T(2048, 1024)), bytes=13 * 2048 * 1024)
op("masked_select", call(T(2048, 1024), T(2048, 1024, dtype="bool")))
