"""Cases of ops/norm.py."""

import numpy as np

from harness import OpCase, T, call, fails
from rushlight.ops import norm as ops

HALVES = ("float32", "float64", "float16", "bfloat16")


def _channels(a, ndim):
    return None if a is None else np.reshape(a, (1, -1) + (1,) * (ndim - 2))


def _scaled(y, weight, bias, shape):
    y = y if weight is None else y * np.reshape(weight, shape)
    return y if bias is None else y + np.reshape(bias, shape)


def batch_norm(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    shape = (1, -1) + (1,) * (x.ndim - 2)
    if training:
        mean, var = x.mean(axes), x.var(axes)
    y = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    return _scaled(y, weight, bias, shape)


def batch_norm_composed(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    given = (None, None) if training else (mean.detach(), (var.detach() + eps).rsqrt())
    return ops._normalize_channels(x, weight, bias, *given, eps)


def group_norm(x, groups, weight=None, bias=None, eps=1e-5):
    if not x.size:
        return x
    rows = x.reshape(x.shape[0], groups, -1)
    y = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + eps)
    return _scaled(y.reshape(x.shape), weight, bias, (1, -1) + (1,) * (x.ndim - 2))


def instance_norm(
    x, mean=None, var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5
):
    if not use_input_stats:
        return batch_norm(x, mean, var, weight, bias, False, momentum, eps)
    return group_norm(x, x.shape[1], weight, bias, eps)


def layer_norm(x, shape, weight=None, bias=None, eps=1e-5):
    axes = tuple(range(-len(shape), 0))
    y = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)
    return _scaled(y, weight, bias, shape)


def rms_norm(x, shape, weight=None, eps=1e-5):
    axes = tuple(range(-len(shape), 0))
    y = x / np.sqrt((x * x).mean(axes, keepdims=True) + eps)
    return _scaled(y, weight, None, shape)


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    total = np.zeros_like(x)
    for c in range(x.shape[1]):
        low, high = max(0, c - size // 2), min(x.shape[1], c - size // 2 + size)
        total[:, c] = (x[:, low:high] ** 2).sum(1)
    return x / (k + alpha * total / size) ** beta


def normalize(x, p=2.0, dim=1, eps=1e-12):
    norm = (
        np.abs(x).max(dim, keepdims=True)
        if p == np.inf
        else (np.abs(x) ** p).sum(dim, keepdims=True) ** (1 / p)
    )
    return x / np.maximum(norm, eps)


def _stat(n, **options):
    return T(n, grad=False, low=0.5, high=2.0, **options)


CASES = [
    OpCase(
        "nn.functional.batch_norm",
        [
            call(T(6, 3), _stat(3), _stat(3), T(3), T(3)),
            call(T(5, 4), None, None, T(4), T(4), training=True),
            call(T(200, 19), None, None, training=True),
            call(T(4, 3, 5), None, None, T(3), T(3), training=True, eps=1e-3),
            call(T(4, 3, 5, 2), _stat(3), _stat(3), None, T(3)),
            call(T(2, 3, 7, 7), None, None, T(3), training=True),
            call(T(2, 2, 70, 70), None, None, T(2), T(2), training=True),
            call(T(0, 3), _stat(3), _stat(3), T(3)),
        ],
        reference=batch_norm,
        composed=batch_norm_composed,
        dtypes=("float32", "float64"),
        big=call(T(16, 8, 40, 40), None, None, T(8), T(8), training=True),
        errors=[
            fails(
                IndexError,
                "batch_norm: input must have at least 2 dimensions",
                T(4),
                None,
                None,
                training=True,
            ),
            fails(
                ValueError,
                "batch_norm: input must have more than 1 value per channel",
                T(1, 4),
                None,
                None,
                training=True,
            ),
            fails(
                RuntimeError,
                "batch_norm: weight must have 4 elements",
                T(2, 4),
                None,
                None,
                T(3),
                training=True,
            ),
            fails(RuntimeError, "batch_norm: running_mean must have 4 elements", T(2, 4), _stat(3), _stat(4)),
            fails(
                RuntimeError,
                "batch_norm: running_mean must be defined in evaluation mode",
                T(2, 4),
                None,
                None,
            ),
            fails(
                NotImplementedError,
                "batch_norm: input must be of a floating-point dtype",
                T(2, 4, dtype="int64"),
                None,
                None,
                training=True,
            ),
        ],
    ),
    OpCase(
        "nn.functional.instance_norm",
        [
            call(T(2, 3, 5)),
            call(T(2, 3, 4, 4), weight=T(3), bias=T(3)),
            call(T(2, 3, 5), _stat(3), _stat(3), T(3), T(3), use_input_stats=False),
        ],
        reference=instance_norm,
        composed=lambda x, mean=None, var=None, weight=None, bias=None, use_input_stats=True: (
            ops._group_norm(x, weight, bias, x.shape[1], 1e-5)
            if use_input_stats
            else batch_norm_composed(x, mean, var, weight, bias)
        ),
        big=call(T(8, 16, 40, 40), weight=T(16), bias=T(16)),
        errors=[
            fails(ValueError, "instance_norm: input must have more than 1 spatial element", T(2, 3, 1)),
            fails(ValueError, "instance_norm: input must have more than 1 spatial element", T(2, 3)),
            fails(
                RuntimeError,
                "instance_norm: running_mean and running_var must be defined",
                T(2, 3, 4),
                use_input_stats=False,
            ),
        ],
    ),
    OpCase(
        "nn.functional.group_norm",
        [
            call(T(3, 4), 2, T(4), T(4)),
            call(T(2, 6, 5), 3, T(6), T(6)),
            call(T(2, 4, 3, 3), 1),
            call(T(2, 4, 3, 3), 4, T(4), eps=1e-3),
            call(T(1, 4, 50, 50), 2, T(4), T(4)),
            call(T(0, 4, 2), 2, T(4)),
        ],
        reference=group_norm,
        composed=lambda x, groups, weight=None, bias=None, eps=1e-5: ops._group_norm(
            x, weight, bias, groups, eps
        ),
        dtypes=("float32", "float64"),
        big=call(T(8, 16, 40, 40), 4, T(16), T(16)),
        errors=[
            fails(
                RuntimeError,
                "group_norm: num_groups must divide the number of channels, 3, got 2",
                T(2, 3),
                2,
            ),
            fails(RuntimeError, "group_norm: input must have at least 2 dimensions", T(3), 1),
            fails(RuntimeError, "group_norm: weight must have shape (4,)", T(2, 4, 2), 2, T(3)),
            fails(ZeroDivisionError, "group_norm: num_groups must be at least 1, got 0", T(2, 4, 2), 0),
            fails(ValueError, "group_norm: input must have more than 1 value per group", T(1, 4), 4),
        ],
    ),
    OpCase(
        "nn.functional.layer_norm",
        [
            call(T(4, 8), (8,), T(8), T(8)),
            call(T(3, 37), (37,)),
            call(T(2, 3, 4), (3, 4), T(3, 4), eps=1e-3),
            call(T(2, 3, 4), [4], None, T(4)),
            call(T(2, 5000), (5000,), T(5000), T(5000)),
            call(T(3, 17000), (17000,), T(17000), T(17000)),
            call(T(0, 3), (3,), T(3), T(3)),
        ],
        reference=layer_norm,
        composed=lambda x, shape, weight=None, bias=None, eps=1e-5: ops._layer_norm(
            x, weight, bias, len(shape), eps
        ),
        big=call(T(512, 768), (768,), T(768), T(768)),
        errors=[
            fails(
                RuntimeError,
                "layer_norm: input must end in normalized_shape, [*, 4], got [2, 3]",
                T(2, 3),
                (4,),
            ),
            fails(RuntimeError, "layer_norm: normalized_shape must have at least 1 dimension", T(2, 3), ()),
            fails(RuntimeError, "layer_norm: weight must have shape (3,)", T(2, 3), (3,), T(4)),
            fails(RuntimeError, "layer_norm: bias must have shape (3,)", T(2, 3), (3,), T(3), T(2)),
            fails(TypeError, "layer_norm: normalized_shape must be a tuple of ints", T(2, 3), 3),
            fails(
                NotImplementedError,
                "layer_norm: input must be of a floating-point dtype",
                T(2, 3, dtype="int64"),
                (3,),
            ),
        ],
    ),
    OpCase(
        "nn.functional.rms_norm",
        [
            call(T(4, 8), (8,), T(8), eps=1e-5),
            call(T(2, 3, 4), (3, 4), eps=1e-5),
            call(T(2, 5000), (5000,), T(5000), eps=1e-3),
        ],
        reference=rms_norm,
        composed=lambda x, shape, weight=None, eps=1e-5: ops._rms_norm(x, weight, len(shape), eps),
        big=call(T(512, 768), (768,), T(768), eps=1e-6),
        errors=[
            fails(RuntimeError, "rms_norm: input must end in normalized_shape", T(2, 3), (4,)),
            fails(RuntimeError, "rms_norm: weight must have shape (3,)", T(2, 3), (3,), T(4)),
        ],
    ),
    OpCase(
        "nn.functional.local_response_norm",
        [
            call(T(2, 5, 3), 3, alpha=0.5),
            call(T(2, 4, 3, 2), 2, 0.3, 0.5, 2.0),
            call(T(1, 2, 3), 5, alpha=1.0),
        ],
        reference=local_response_norm,
        errors=[fails(ValueError, "local_response_norm: input must have 3 dimensions or more", T(2, 3), 2)],
    ),
    OpCase(
        "nn.functional.normalize",
        [call(T(3, 4)), call(T(3, 4), p=1.0, dim=0), call(T(2, 3, 4), 3.0, -1)],
        reference=normalize,
    ),
]
