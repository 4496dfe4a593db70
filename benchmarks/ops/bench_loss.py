"""Benchmarks of ops/loss.py, forward and backward."""

from harness import T, call
from registry import op


def _classes(*shape, high):
    return T(*shape, dtype="int64", low=0, high=high)


def _loss(name, c, label, **options):
    op(f"nn.functional.{name}", c, label=f"{name}_{label}_fwdbwd", backward=True, **options)


_loss("cross_entropy", call(T(512, 50257), _classes(512, high=50257)), "50k", bytes=2 * 4 * 512 * 50257)
_loss(
    "cross_entropy",
    call(T(512, 50257), _classes(512, high=50257), label_smoothing=0.1),
    "50k_smoothed",
    bytes=2 * 4 * 512 * 50257,
)
_loss("cross_entropy", call(T(64, 10), _classes(64, high=10)), "64x10", inner=20)
_loss(
    "cross_entropy",
    call(T(8, 21, 128, 128), _classes(8, 128, 128, high=21)),
    "8x21x128x128",
    bytes=2 * 4 * 8 * 21 * 128 * 128,
)
_loss("cross_entropy", call(T(256, 1000), T(256, 1000, low=0, high=1, grad=False)), "256x1000_soft")
_loss("nll_loss", call(T(4096, 1000), _classes(4096, high=1000)), "4096x1000", bytes=4 * 4096 * 1000)
PAIR = (T(1000, 1000), T(1000, 1000, grad=False))
POSITIVE = (T(1000, 1000, low=0.01, high=0.99), T(1000, 1000, low=0, high=1, grad=False))
for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
    _loss(name, call(*PAIR), "1m", bytes=5 * 4 * 1000 * 1000)
_loss("mse_loss", call(T(64, 10), T(64, 10, grad=False)), "64x10", inner=20)
_loss("binary_cross_entropy", call(*POSITIVE), "1m", bytes=5 * 4 * 1000 * 1000)
_loss("binary_cross_entropy_with_logits", call(PAIR[0], POSITIVE[1]), "1m", bytes=5 * 4 * 1000 * 1000)
_loss("kl_div", call(PAIR[0], POSITIVE[0], reduction="batchmean"), "1m", bytes=5 * 4 * 1000 * 1000)
