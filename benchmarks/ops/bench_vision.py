"""Benchmarks of ops/vision.py."""

from harness import T, call
from registry import op

op(
    "nn.functional.grid_sample",
    call(T(8, 3, 64, 64), T(8, 64, 64, 2, low=-1, high=1), align_corners=False),
    bytes=4 * 8 * 64 * 64 * (3 * 5 + 2),
)
