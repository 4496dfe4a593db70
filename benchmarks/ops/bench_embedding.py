"""Benchmarks of ops/embedding.py and what moves rows by index."""

from harness import T, call
from registry import op


def _numbers(*shape, high):
    return T(*shape, dtype="int64", low=0, high=high)


TABLE = call(_numbers(32, 128, high=50257), T(50257, 256))
op("nn.functional.embedding", TABLE, label="embedding_50257x256", bytes=2 * 4 * 4096 * 256)
op(
    "nn.functional.embedding",
    TABLE,
    label="embedding_50257x256_fwdbwd",
    backward=True,
    bytes=4 * (50257 + 4096 * 4) * 256,
)
op(
    "nn.functional.embedding_bag",
    call(_numbers(512, 20, high=10000), T(10000, 64)),
    label="embedding_bag_512x20_fwdbwd",
    backward=True,
)
ROWS = (T(20000, 256), 0, _numbers(20000, high=20000))
op("index_select", call(*ROWS), label="index_select_20000x256", bytes=2 * 4 * 20000 * 256)
op(
    "index_select",
    call(*ROWS),
    label="index_select_20000x256_fwdbwd",
    backward=True,
    bytes=6 * 4 * 20000 * 256,
)
op("gather", call(T(2000, 1000), 1, _numbers(2000, 1000, high=1000)), label="gather_2000x1000")
op(
    "scatter_add",
    call(T(2000, 1000), 1, _numbers(2000, 1000, high=1000), T(2000, 1000)),
    label="scatter_add_2000x1000",
)
op("index_add", call(T(2000, 256), 0, _numbers(20000, high=2000), T(20000, 256)), label="index_add_20000x256")
op("nn.functional.one_hot", call(_numbers(4096, high=100), 100), label="one_hot_4096x100")
