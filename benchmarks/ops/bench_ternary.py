"""Benchmarks of functions of three tensors."""

from harness import T, call
from registry import op

SQUARE, M = T(4096, 4096), 4096 * 4096

op("lerp", call(SQUARE, SQUARE, 0.3), bytes=12 * M)
op("addcmul", call(SQUARE, SQUARE, SQUARE), bytes=16 * M)
