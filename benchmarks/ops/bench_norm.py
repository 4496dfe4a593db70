"""Benchmarks of ops/norm.py. Bytes: each input read once, each result written once."""

from harness import T, call
from registry import op

BIG = (32, 64, 112, 112)  # the tutorial's
N = 4 * 32 * 64 * 112 * 112


def _both(name, c, **options):
    op(f"nn.functional.{name}", c, label=f"{name}_{options['label']}", bytes=2 * options["size"])
    op(
        f"nn.functional.{name}",
        c,
        label=f"{name}_{options['label']}_fwdbwd",
        backward=True,
        bytes=5 * options["size"],
    )


_both("batch_norm", call(T(*BIG), None, None, T(64), T(64), training=True), label="big", size=N)
_both("layer_norm", call(T(*BIG), BIG[1:], T(*BIG[1:]), T(*BIG[1:])), label="big", size=N)
_both("group_norm", call(T(*BIG), 8, T(64), T(64)), label="big", size=N)
_both("layer_norm", call(T(4096, 768), (768,), T(768), T(768)), label="tokens", size=4 * 4096 * 768)
_both("rms_norm", call(T(4096, 768), (768,), T(768)), label="tokens", size=4 * 4096 * 768)
_both("instance_norm", call(T(16, 32, 64, 64)), label="16x32x64x64", size=4 * 16 * 32 * 64 * 64)
_both(
    "batch_norm",
    call(T(256, 512), None, None, T(512), T(512), training=True),
    label="256x512",
    size=4 * 256 * 512,
)
_both(
    "batch_norm",
    call(T(32, 256, 8, 8), None, None, T(256), T(256), training=True),
    label="32x256x8x8",
    size=4 * 32 * 256 * 64,
)
op("nn.functional.layer_norm", call(T(4, 16), (16,), T(16), T(16)), label="layer_norm_4x16", inner=100)
op(
    "nn.functional.batch_norm",
    call(T(32, 64, 56, 56), T(64, grad=False), T(64, low=0.5, high=2, grad=False), T(64), T(64)),
    label="batch_norm_eval_32x64x56x56",
    bytes=2 * 4 * 32 * 64 * 56 * 56,
)
op("nn.functional.normalize", call(T(4096, 256)), label="normalize_4096x256", bytes=2 * 4 * 4096 * 256)
op("nn.functional.local_response_norm", call(T(8, 32, 28, 28), 5), label="local_response_norm_8x32x28x28")
