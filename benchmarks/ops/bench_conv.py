"""Benchmarks of ops/conv.py. `flops`: two for each multiply-add; a backward pass has twice the forward's."""

from harness import T, call
from registry import op


def conv(name: str, n: int, c: int, o: int, size: int, k: int, stride: int = 1, groups: int = 1) -> None:
    out = (size + 2 * (k // 2) - k) // stride + 1
    flops = 2.0 * n * o * out * out * (c // groups) * k * k
    c_ = call(T(n, c, size, size), T(o, c // groups, k, k), T(o), stride, k // 2, 1, groups)
    moved = 4.0 * (n * c * size * size + n * o * out * out)
    op("nn.functional.conv2d", c_, label=f"conv2d_{name}", flops=flops, bytes=moved)
    op(
        "nn.functional.conv2d",
        c_,
        backward=True,
        label=f"conv2d_{name}_fwdbwd",
        flops=3 * flops,
        bytes=3 * moved,
    )


conv("3to64_224", 8, 3, 64, 224, 3)
conv("7x7_s2_224", 8, 3, 64, 224, 7, 2)
conv("64_32", 32, 64, 64, 32, 3)
conv("64_28", 8, 64, 64, 28, 3)
conv("128_28_s2", 16, 128, 256, 28, 3, 2)
conv("256_7", 8, 256, 256, 7, 3)
conv("512_7", 16, 512, 512, 7, 3)
conv("1x1_256_14", 16, 256, 1024, 14, 1)
conv("1x1_64_28_s2", 8, 64, 128, 28, 1, 2)
conv("depthwise_56", 16, 144, 144, 56, 3, 1, 144)
conv("depthwise_56_s2", 16, 144, 144, 56, 3, 2, 144)
conv("groups_4", 16, 128, 128, 28, 3, 1, 4)
conv("mnist", 64, 1, 32, 28, 3)

op("nn.functional.conv1d", call(T(16, 64, 1000), T(64, 64, 5), T(64), 1, 2), backward=True)
op("nn.functional.conv3d", call(T(2, 32, 16, 28, 28), T(32, 32, 3, 3, 3), T(32), 1, 1), backward=True)
op("nn.functional.conv_transpose1d", call(T(16, 64, 250), T(64, 32, 4), T(32), 2, 1), backward=True)
op("nn.functional.conv_transpose2d", call(T(16, 128, 14, 14), T(128, 64, 4, 4), T(64), 2, 1), backward=True)
op("nn.functional.conv_transpose3d", call(T(2, 32, 8, 8, 8), T(32, 16, 4, 4, 4), T(16), 2, 1), backward=True)
op("convolution", call(T(4, 8, 16, 16), T(8, 8, 3, 3), None, (1, 1), (1, 1), (1, 1), False, (0, 0), 1))
op("conv_tbc", call(T(100, 8, 64), T(3, 64, 64), T(64), 1))
