"""Benchmarks of ops/random.py: bytes are those of the result; the generator itself is the ceiling of most."""

from harness import T, call
from registry import op

N = 4096 * 1024
op("rand", call(N), bytes=4 * N)
op("randn", call(N), bytes=4 * N)
op("randn", call(4, 4), label="randn_4x4", inner=200)
op("randint", call(0, 10, (N,)), bytes=8 * N)
op("randperm", call(100_000), bytes=8 * 100_000)
op("bernoulli", call(T(N, low=0, high=1)), bytes=8 * N)
op("multinomial", call(T(128, 1000, low=0, high=1), 1), bytes=4 * 128_000)
op("normal", call(T(N), T(N, low=0, high=1)), bytes=12 * N)
op("poisson", call(T(10_000, low=0, high=30)), bytes=8 * 10_000)
