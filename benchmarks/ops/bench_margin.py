"""Benchmarks of ops/margin.py, forward and backward."""

from harness import T, call
from registry import op

op(
    "nn.functional.triplet_margin_loss",
    call(T(1024, 128), T(1024, 128), T(1024, 128)),
    label="triplet_margin_loss_1024x128_fwdbwd",
    backward=True,
)
op(
    "nn.functional.cosine_embedding_loss",
    call(T(1024, 128), T(1024, 128), T(values=[1.0] * 1024, grad=False)),
    label="cosine_embedding_loss_1024x128_fwdbwd",
    backward=True,
)
op(
    "nn.functional.multi_margin_loss",
    call(T(1024, 100), T(1024, dtype="int64", low=0, high=100)),
    label="multi_margin_loss_1024x100_fwdbwd",
    backward=True,
)
