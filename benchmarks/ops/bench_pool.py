"""Benchmarks of ops/pool.py, ops/unpool.py and ops/fold.py."""

import numpy as np

from harness import T, call
from registry import op

BIG = (32, 64, 112, 112)
READ = 4.0 * int(np.prod(BIG))

op("nn.functional.max_pool2d", call(T(*BIG), 2), label="max_pool2d_2x2", bytes=1.25 * READ)
op(
    "nn.functional.max_pool2d",
    call(T(*BIG), 2),
    backward=True,
    label="max_pool2d_2x2_fwdbwd",
    bytes=2.6 * READ,
)
op("nn.functional.max_pool2d", call(T(*BIG), 3, 2, 1), label="max_pool2d_3x3_s2", bytes=1.25 * READ)
op(
    "nn.functional.max_pool2d",
    call(T(*BIG), 3, 2, 1),
    backward=True,
    label="max_pool2d_3x3_s2_fwdbwd",
    bytes=2.6 * READ,
)
op("nn.functional.avg_pool2d", call(T(*BIG), 2), label="avg_pool2d_2x2", bytes=1.25 * READ)
op(
    "nn.functional.avg_pool2d",
    call(T(*BIG), 2),
    backward=True,
    label="avg_pool2d_2x2_fwdbwd",
    bytes=2.5 * READ,
)
op(
    "nn.functional.avg_pool2d",
    call(T(8, 64, 56, 56), 3, 1, 1),
    backward=True,
    label="avg_pool2d_3x3_s1_fwdbwd",
)
op("nn.functional.adaptive_avg_pool2d", call(T(*BIG), 1), label="adaptive_avg_pool2d_1", bytes=READ)
op(
    "nn.functional.adaptive_avg_pool2d",
    call(T(*BIG), 1),
    backward=True,
    label="adaptive_avg_pool2d_1_fwdbwd",
    bytes=2 * READ,
)
op(
    "nn.functional.adaptive_avg_pool2d",
    call(T(32, 64, 30, 30), 7),
    backward=True,
    label="adaptive_avg_pool2d_7_fwdbwd",
)
op("nn.functional.adaptive_max_pool2d", call(T(32, 64, 30, 30), 7), backward=True)
op("nn.functional.max_pool2d_with_indices", call(T(8, 64, 56, 56), 2))
for d, shape in ((1, (32, 64, 4000)), (3, (4, 16, 16, 56, 56))):
    op(f"nn.functional.max_pool{d}d", call(T(*shape), 2), backward=True)
    op(f"nn.functional.avg_pool{d}d", call(T(*shape), 2), backward=True)
    op(f"nn.functional.adaptive_avg_pool{d}d", call(T(*shape), 4), backward=True)
    op(f"nn.functional.adaptive_max_pool{d}d", call(T(*shape), 4), backward=True)
    op(f"nn.functional.lp_pool{d}d", call(T(*shape, low=0.1, high=2.0), 2.0, 2))
op("nn.functional.lp_pool2d", call(T(8, 64, 56, 56, low=0.1, high=2.0), 2.0, 2))
op("nn.functional.unfold", call(T(8, 64, 28, 28), 3, padding=1), backward=True)
op("nn.functional.fold", call(T(8, 576, 784), (28, 28), 3, padding=1), backward=True)
op("nn.functional.fractional_max_pool2d", call(T(8, 32, 28, 28), 2, output_size=14))
op("nn.functional.fractional_max_pool3d", call(T(2, 8, 16, 16, 16), 2, output_size=8))
for d, n in ((1, 1), (2, 2), (3, 3)):
    small = (8, 32, *(12,) * n)
    places = np.broadcast_to(np.arange(12**n).reshape((12,) * n), small)
    op(
        f"nn.functional.max_unpool{d}d",
        call(T(*small), T(*small, values=places, dtype="int64", grad=False), 2),
    )
