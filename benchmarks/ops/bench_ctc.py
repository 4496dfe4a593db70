"""Benchmarks of ops/ctc.py, forward and backward."""

from harness import T, call
from registry import op

op(
    "nn.functional.ctc_loss",
    call(T(100, 16, 40), T(16, 20, dtype="int64", low=1, high=40), (100,) * 16, (20,) * 16),
    label="ctc_loss_100x16x40_fwdbwd",
    backward=True,
)
