"""Benchmarks of matrix products, linear, einsum. `flops`: two for each multiply-add."""

from harness import T, call
from registry import op


def mm(m: int, k: int, n: int, name: str = "matmul") -> None:
    moved = 4.0 * (m * k + k * n + m * n)
    op(name, call(T(m, k), T(k, n)), label=f"{name}_{m}x{k}x{n}", flops=2.0 * m * k * n, bytes=moved)


for size in (8, 64, 256, 1024, 2048):
    mm(size, size, size)
mm(64, 784, 256)
mm(1, 4096, 4096)
mm(256, 256, 256, "mm")


def linear(m: int, k: int, n: int) -> None:
    c = call(T(m, k), T(n, k), T(n))
    flops, moved = 2.0 * m * k * n, 4.0 * (m * k + k * n + m * n)
    name = "nn.functional.linear"
    op(name, c, label=f"linear_{m}x{k}x{n}", flops=flops, bytes=moved)
    op(name, c, backward=True, label=f"linear_{m}x{k}x{n}_fwdbwd", flops=3 * flops, bytes=3 * moved)


linear(64, 784, 256)
linear(1, 4096, 4096)
linear(1024, 256, 1024)
op("nn.functional.bilinear", call(T(64, 32), T(64, 32), T(16, 32, 32), T(16)), backward=True)

op("bmm", call(T(96, 128, 64), T(96, 64, 128)), flops=2.0 * 96 * 128 * 64 * 128)
op("matmul", call(T(8, 128, 256), T(256, 768)), label="matmul_batch", flops=2.0 * 1024 * 256 * 768)
op("baddbmm", call(T(16, 64, 64), T(16, 64, 32), T(16, 32, 64)), backward=True)
op("addbmm", call(T(64, 64), T(16, 64, 32), T(16, 32, 64)), backward=True)
op("addmm", call(T(256), T(64, 784), T(784, 256)), backward=True)
op("addmv", call(T(1024), T(1024, 1024), T(1024)))
op("addr", call(T(512, 512), T(512), T(512)))
op("mv", call(T(2048, 2048), T(2048)), flops=2.0 * 2048**2, bytes=4.0 * 2048**2)
op("dot", call(T(1 << 20), T(1 << 20)))
op("vdot", call(T(1 << 20), T(1 << 20)))
op("outer", call(T(2048), T(2048)))
op("inner", call(T(256, 512), T(256, 512)))
op("kron", call(T(32, 32), T(32, 32)))
op("linalg.multi_dot", call([T(256, 64), T(64, 512), T(512, 32)]))
op("einsum", call("bhqd,bhkd->bhqk", T(8, 8, 128, 32), T(8, 8, 128, 32)), flops=2.0 * 64 * 128 * 128 * 32)
op("tensordot", call(T(64, 32, 16), T(32, 16, 128), 2))
