"""Benchmarks of ops/distance.py."""

from harness import T, call
from registry import op

op("cdist", call(T(500, 64), T(600, 64)), label="cdist_500x600x64_fwdbwd", backward=True)
op(
    "nn.functional.cosine_similarity",
    call(T(4096, 256), T(4096, 256)),
    label="cosine_similarity_4096x256_fwdbwd",
    backward=True,
)
op(
    "nn.functional.pairwise_distance",
    call(T(4096, 256), T(4096, 256)),
    label="pairwise_distance_4096x256_fwdbwd",
    backward=True,
)
