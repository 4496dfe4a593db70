"""Benchmarks of ops/dropout.py."""

from harness import T, call
from registry import op

N = 4 * 32 * 64 * 112 * 112

op("nn.functional.dropout", call(T(32, 64, 112, 112)), label="dropout_big", bytes=2 * N)
op("nn.functional.dropout", call(T(32, 64, 112, 112)), label="dropout_big_fwdbwd", backward=True, bytes=5 * N)
op("nn.functional.dropout", call(T(64, 256), 0.2), label="dropout_64x256_fwdbwd", backward=True, inner=20)
op(
    "nn.functional.dropout2d",
    call(T(32, 64, 56, 56)),
    label="dropout2d_32x64x56x56",
    bytes=2 * 4 * 32 * 64 * 56 * 56,
)
op("nn.functional.alpha_dropout", call(T(256, 1024), 0.5, True), label="alpha_dropout_256x1024")
