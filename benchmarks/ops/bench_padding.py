"""Benchmarks of ops/padding.py."""

from harness import T, call
from registry import op

op("nn.functional.pad", call(T(32, 64, 56, 56), (1, 1, 1, 1)), bytes=4 * 32 * 64 * (56 * 56 + 58 * 58))
op(
    "nn.functional.pad",
    call(T(8, 16, 64, 64), (3, 3, 3, 3), mode="reflect"),
    label="reflect",
    bytes=4 * 8 * 16 * (64 * 64 + 70 * 70),
)
