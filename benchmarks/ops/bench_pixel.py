"""Benchmarks of ops/pixel.py."""

from harness import T, call
from registry import op

op("pixel_shuffle", call(T(8, 64, 64, 64), 2), bytes=8 * 8 * 64 * 64 * 64)
op("channel_shuffle", call(T(8, 64, 64, 64), 4), bytes=8 * 8 * 64 * 64 * 64)
