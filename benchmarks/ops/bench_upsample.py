"""Benchmarks of ops/upsample.py."""

from harness import T, call
from registry import op

SIZES = 8 * 32 * (64 * 64 + 128 * 128)
op("nn.functional.interpolate", call(T(8, 32, 64, 64), scale_factor=2), bytes=4 * SIZES)
op(
    "nn.functional.interpolate",
    call(T(8, 32, 64, 64), scale_factor=2, mode="bilinear"),
    label="bilinear",
    bytes=4 * SIZES,
)
op(
    "nn.functional.interpolate",
    call(T(2, 3, 256, 256), size=224, mode="bicubic", antialias=True),
    label="antialiased",
    bytes=4 * 6 * 115712,
)
