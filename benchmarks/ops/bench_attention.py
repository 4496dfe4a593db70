"""Benchmarks of attention. `flops`: two products of rows x keys x columns each way forward, five backward."""

from harness import T, call
from registry import op


def attention(b: int, h: int, t: int, d: int, causal: bool) -> None:
    x = T(b, h, t, d)
    flops = 4.0 * b * h * t * t * d * (0.5 if causal else 1.0)
    c = call(x, x, x, is_causal=causal)
    label = f"attention_{b}x{h}x{t}x{d}{'_causal' if causal else ''}"
    name = "nn.functional.scaled_dot_product_attention"
    op(name, c, label=label, flops=flops, bytes=16.0 * b * h * t * d)
    op(name, c, backward=True, label=label + "_fwdbwd", flops=3.5 * flops, bytes=48.0 * b * h * t * d)


attention(8, 8, 128, 32, True)
attention(16, 8, 128, 32, False)
attention(4, 8, 512, 64, True)
attention(1, 8, 2048, 64, False)
