"""Benchmarks of ops/linear.py."""

from harness import T, call
from registry import op

op("nn.functional.linear", call(T(256, 784), T(256, 784), T(256)), backward=True, flops=6 * 256 * 784 * 256)
op("bilinear", call(T(64, 32), T(64, 32), T(16, 32, 32), None))
