"""Benchmarks of element-wise operations and activations."""

from harness import T, call
from registry import op

BIG, N = T(32, 64, 112, 112), 32 * 64 * 112 * 112
SQUARE, M = T(4096, 4096), 4096 * 4096

op("add", call(SQUARE, T(4096)), bytes=8 * M)
op("mul", call(SQUARE, T(4096, 1)), bytes=8 * M)
op("sub", call(SQUARE, SQUARE), bytes=12 * M)
op("div", call(SQUARE, 2.0), bytes=8 * M)
op("pow", call(T(4096, 1024, low=0.1, high=3), 1.7), bytes=8 * 4096 * 1024)
op("maximum", call(SQUARE, SQUARE), bytes=12 * M)
op("lt", call(SQUARE, 0.5), bytes=5 * M)
op("exp", call(SQUARE), bytes=8 * M)
op("log", call(T(4096, 4096, low=0.1, high=3)), bytes=8 * M)
op("sin", call(SQUARE), bytes=8 * M)
op("erf", call(SQUARE), bytes=8 * M)
op("clamp", call(SQUARE, -1.0, 1.0), bytes=8 * M)
op("where", call(T(4096, 4096, dtype="bool"), SQUARE, SQUARE), bytes=13 * M)
op("lerp", call(SQUARE, SQUARE, 0.3), bytes=12 * M)
op("addcmul", call(SQUARE, SQUARE, SQUARE), bytes=16 * M)
for name in ("relu", "gelu", "silu", "elu", "hardswish", "mish", "softplus", "leaky_relu"):
    op(f"nn.functional.{name}", call(BIG), label=f"{name}_big", bytes=8 * N)
    op(f"nn.functional.{name}", call(BIG), backward=True, label=f"{name}_big_fwdbwd", bytes=20 * N)
for name in ("sigmoid", "tanh"):
    op(name, call(BIG), label=f"{name}_big", bytes=8 * N)
    op(name, call(BIG), backward=True, label=f"{name}_big_fwdbwd", bytes=20 * N)
