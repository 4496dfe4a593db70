"""Cases of ops/dropout.py: PyTorch's masks for the same seed."""

import numpy as np

from harness import OpCase, T, call, fails


def _kept(n, p):
    """Which of n elements a seed of 0 keeps: NumPy's MT19937 is the same generator."""
    words = np.random.RandomState(0).randint(0, 2**32, 2 * n, dtype=np.uint64)
    u = ((words[0::2] << np.uint64(32) | words[1::2]) & np.uint64(2**53 - 1)) / 2**53
    return u < 1 - p


def dropout(x, p=0.5, training=True):
    if not training or p == 0:
        return x
    return x * _kept(x.size, p).reshape(x.shape) / (1 - p) if p < 1 else x * 0


def channels(x, p=0.5, training=True, single=0):
    shape = x.shape[:1] if x.ndim == single else x.shape[:2]
    kept = _kept(int(np.prod(shape)), p).reshape(shape + (1,) * (x.ndim - len(shape)))
    return x * kept / (1 - p)


def alpha(x, p=0.5, training=False, shape=None):
    limit = -1.7580993408473766
    kept = _kept(int(np.prod(shape or x.shape)), p).reshape(shape or x.shape)
    a = ((1 - p) * (1 + p * limit * limit)) ** -0.5
    return a * np.where(kept, x, limit) - a * limit * p


FORMS = {"random": True, "variants": False}

CASES = [
    OpCase(
        "nn.functional.dropout",
        [
            call(T(4, 5)),
            call(T(4, 5), 0.2),
            call(T(3), 0.0),
            call(T(3), 1.0),
            call(T(3), 0.5, False),
            call(T(40, 50), 0.9),
            call(T(0, 3)),
        ],
        reference=dropout,
        dtypes=("float32", "float64", "float16", "bfloat16"),
        big=call(T(300, 400), 0.3),
        errors=[
            fails(ValueError, "dropout: p must be in [0, 1]", T(3), 1.5),
            fails(RuntimeError, "dropout: input must be of a floating-point dtype", T(3, dtype="int64"), 0.5),
        ],
        **FORMS,
    ),
    OpCase(
        "nn.functional.dropout1d",
        [call(T(4, 5)), call(T(2, 3, 4), 0.3)],
        reference=lambda x, p=0.5: channels(x, p, single=2),
        errors=[fails(RuntimeError, "dropout1d: input must be 2D or 3D", T(2, 3, 4, 5))],
        **FORMS,
    ),
    OpCase(
        "nn.functional.dropout2d",
        [call(T(2, 3, 4, 2)), call(T(2, 3, 4, 2), 0.3)],
        reference=channels,
        **FORMS,
    ),
    OpCase(
        "nn.functional.dropout3d",
        [call(T(2, 3, 4, 2, 2)), call(T(3, 4, 2, 2), 0.3)],
        reference=lambda x, p=0.5: channels(x, p, single=4),
        **FORMS,
    ),
    OpCase(
        "feature_dropout",
        [call(T(2, 3, 4), 0.3, True), call(T(2, 3), 0.3, False)],
        reference=lambda x, p, train: channels(x, p) if train else x,
        errors=[fails(RuntimeError, "Feature dropout requires at least 2 dimensions", T(3), 0.5, True)],
        **FORMS,
    ),
    OpCase(
        "nn.functional.alpha_dropout",
        [call(T(4, 5), 0.3, True), call(T(4), 0.3)],
        reference=lambda x, p=0.5, training=False: alpha(x, p) if training else x,
        errors=[fails(ValueError, "alpha_dropout: p must be in [0, 1]", T(3), -0.1)],
        **FORMS,
    ),
    OpCase(
        "nn.functional.feature_alpha_dropout",
        [call(T(4, 5, 2), 0.3, True)],
        reference=lambda x, p=0.5, training=False: alpha(x, p, shape=(*x.shape[:2], 1)),
        errors=[fails(RuntimeError, "Feature dropout requires at least 2 dimensions", T(3), 0.5, True)],
        **FORMS,
    ),
]
