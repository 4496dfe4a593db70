"""Cases of ops/loss.py, ops/cross_entropy.py, ops/margin.py and ops/ctc.py."""

import numpy as np

from harness import OpCase, T, call, fails
from rushlight.ops import cross_entropy as class_losses
from rushlight.ops import loss as ops


def reduced(loss, reduction):
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()


def _log_softmax(x, dim):
    shifted = x - x.max(dim, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(dim, keepdims=True))


def _nll(logs, target, weight, ignore, dim):
    """Loss and weight of each sample."""
    kept = target != ignore
    safe = np.where(kept, target, 0)
    w = (np.ones(logs.shape[dim]) if weight is None else weight)[safe] * kept
    picked = np.take_along_axis(logs, np.expand_dims(safe, dim), dim).squeeze(dim)
    return np.where(kept, -picked * w, 0), w


def nll_loss(x, target, weight=None, ignore_index=-100, reduction="mean"):
    loss, w = _nll(x, target, weight, ignore_index, 0 if x.ndim == 1 else 1)
    return loss.sum() / w.sum() if reduction == "mean" else reduced(loss, reduction)


def cross_entropy(x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    dim = 0 if x.ndim == 1 else 1
    logs, classes, e = _log_softmax(x, dim), x.shape[dim], label_smoothing
    w = np.ones(classes) if weight is None else weight
    w = w.reshape((-1,) + (1,) * (x.ndim - 1 - dim))
    if target.shape == x.shape:
        loss = -(logs * w * ((1 - e) * target + e / classes)).sum(dim)
        return reduced(loss, reduction)
    loss, by = _nll(logs, target, weight, ignore_index, dim)
    loss = (1 - e) * loss + e / classes * np.where(target != ignore_index, -(logs * w).sum(dim), 0)
    return loss.sum() / by.sum() if reduction == "mean" else reduced(loss, reduction)


def _composed_cross_entropy(x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    target = target if target.is_floating_point() else target.long()
    return class_losses._cross_entropy(x, target, weight, ignore_index, label_smoothing, reduction)


def _composed(kind, default=0.0):
    def f(x, t, weight=None, reduction="mean", pos_weight=None, beta=None, delta=None):
        return ops.reduced(ops._FORMULAS[kind](x, t, weight, pos_weight, beta or delta or default), reduction)

    return f


def smooth_l1(x, t, reduction="mean", beta=1.0):
    d = np.abs(x - t)
    return reduced(np.where(d < beta, d * d / (2 * beta or 1), d - beta / 2), reduction)


def huber(x, t, reduction="mean", delta=1.0):
    d = np.abs(x - t)
    return reduced(np.where(d <= delta, d * d / 2, delta * (d - delta / 2)), reduction)


def bce(x, t, weight=None, reduction="mean"):
    with np.errstate(divide="ignore"):
        loss = -(t * np.maximum(np.log(x), -100) + (1 - t) * np.maximum(np.log1p(-x), -100))
    return reduced(loss if weight is None else loss * weight, reduction)


def bce_logits(x, t, weight=None, reduction="mean", pos_weight=1.0):
    loss = pos_weight * t * np.logaddexp(0, -x) + (1 - t) * np.logaddexp(0, x)
    return reduced(loss if weight is None else loss * weight, reduction)


def kl_div(x, t, reduction="mean", log_target=False):
    loss = (
        np.exp(t) * (t - x) if log_target else np.where(t > 0, t * np.log(np.where(t > 0, t, 1)), 0) - t * x
    )
    return loss.sum() / x.shape[0] if reduction == "batchmean" else reduced(loss, reduction)


def multi_margin(x, y, p=1, margin=1.0, weight=None, reduction="mean"):
    right = np.take_along_axis(x, y[..., None], -1)
    over = np.maximum(0, margin - right + x) ** p
    over = over if weight is None else over * weight[y][..., None]
    np.put_along_axis(over, y[..., None], 0, -1)
    return reduced(over.sum(-1) / x.shape[-1], reduction)


def cosine_embedding(a, b, y, margin=0.0, reduction="mean"):
    cosine = (a * b).sum(-1) / np.sqrt(((a * a).sum(-1) + 1e-12) * ((b * b).sum(-1) + 1e-12))
    return reduced(np.where(y == 1, 1 - cosine, np.maximum(0, cosine - margin)), reduction)


def triplet(a, q, n, margin=1.0, p=2.0, swap=False, reduction="mean"):
    def distance(x, y):
        return (np.abs(x - y + 1e-6) ** p).sum(-1) ** (1 / p)

    far = distance(a, n)
    if swap:
        far = np.minimum(far, distance(q, n))
    return reduced(np.maximum(0, margin + distance(a, q) - far), reduction)


def gaussian_nll(x, t, var, full=False, eps=1e-6, reduction="mean"):
    if var.shape == x.shape[:-1]:
        var = var[..., None]
    var = np.maximum(var, eps)
    return reduced((np.log(var) + (x - t) ** 2 / var) / 2 + full * 0.5 * np.log(2 * np.pi), reduction)


def poisson_nll(x, t, log_input=True, full=False, eps=1e-8, reduction="mean"):
    loss = np.exp(x) - t * x if log_input else x - t * np.log(x + eps)
    if full:
        safe = np.maximum(t, 1.0)
        loss = loss + np.where(t > 1, safe * np.log(safe) - safe + 0.5 * np.log(2 * np.pi * safe), 0)
    return reduced(loss, reduction)


def _classes(*shape, high, low=0, **options):
    return T(*shape, dtype="int64", low=low, high=high, **options)


def _signs(*shape):
    n = int(np.prod(shape))
    return T(values=np.where(np.arange(n) % 3 == 1, -1.0, 1.0).reshape(shape), grad=False)


IGNORED = T(values=[1, 2, -100, 0], dtype="int64")
P3 = T(3, low=0.2, high=2.0, grad=False)
PROBABILITIES = T(4, 3, low=0, high=1)
EACH = [{}, {"reduction": "sum"}, {"reduction": "none"}]


def _every(*args, **kwargs):
    return [call(*args, **kwargs, **more) for more in EACH]


CASES = [
    OpCase(
        "nn.functional.cross_entropy",
        [
            *_every(T(4, 3), _classes(4, high=3)),
            *_every(T(4, 3), IGNORED, P3),
            *_every(T(4, 3), IGNORED, P3, label_smoothing=0.1),
            call(T(4, 3), IGNORED, label_smoothing=0.2),
            call(T(4, 3), T(values=[1, 2, 1, 0], dtype="int64"), P3, ignore_index=1, label_smoothing=0.3),
            *_every(T(4, 3), PROBABILITIES),
            *_every(T(4, 3), PROBABILITIES, P3, label_smoothing=0.1),
            call(T(3), T(values=1, dtype="int64")),
            call(T(3), T(values=1, dtype="int64"), reduction="none"),
            call(T(3), T(3, low=0, high=1), P3),
            call(T(2, 3, 5), _classes(2, 5, high=3), P3),
            call(T(2, 3, 5), _classes(2, 5, high=3), P3, label_smoothing=0.1),
            call(T(2, 3, 2, 2), T(2, 3, 2, 2, low=0, high=1), P3, reduction="none"),
            call(T(2, 3, 2, 2), _classes(2, 2, 2, high=3), ignore_index=2),
            call(T(2, 3, 2, 2, 2), _classes(2, 2, 2, 2, high=3), reduction="none"),
            call(T(3, 5000), _classes(3, high=5000), label_smoothing=0.1),
            call(T(2, 3), T(values=[1, 2], dtype="uint8")),
            call(T(3, 4, low=-500, high=500), _classes(3, high=4)),
        ],
        reference=cross_entropy,
        composed=_composed_cross_entropy,
        big=call(T(600, 100), _classes(600, high=100), label_smoothing=0.1),
        errors=[
            fails(
                IndexError,
                "cross_entropy: target must be in [0, 3) or ignore_index, got 7",
                T(2, 3),
                T(values=[1, 7], dtype="int64"),
            ),
            fails(
                IndexError,
                "cross_entropy: target must be in [0, 3) or ignore_index, got -1",
                T(2, 3),
                T(values=[1, -1], dtype="int64"),
            ),
            fails(
                ValueError,
                "cross_entropy: target must have the input's batch size, 2, got 3",
                T(2, 3),
                _classes(3, high=3),
            ),
            fails(RuntimeError, "cross_entropy: target must have dtype Long or Byte", T(2, 3), T(2)),
            fails(RuntimeError, "cross_entropy: target must be 0D or 1D", T(2, 3), _classes(2, 2, high=3)),
            fails(
                RuntimeError, "cross_entropy: weight must have shape (3,)", T(2, 3), _classes(2, high=3), T(4)
            ),
            fails(
                RuntimeError,
                "cross_entropy: label_smoothing must be between 0.0 and 1.0, got 1.5",
                T(2, 3),
                _classes(2, high=3),
                label_smoothing=1.5,
            ),
            fails(
                ValueError,
                "cross_entropy: reduction must be 'none', 'mean' or 'sum', got 'foo'",
                T(2, 3),
                _classes(2, high=3),
                reduction="foo",
            ),
            fails(
                RuntimeError,
                "cross_entropy: ignore_index is not supported for floating point target",
                T(2, 3),
                T(2, 3),
                ignore_index=1,
            ),
            fails(
                NotImplementedError,
                "cross_entropy: input must be of a floating-point dtype",
                T(2, 3, dtype="int64"),
                _classes(2, high=3),
            ),
        ],
    ),
    OpCase(
        "nn.functional.nll_loss",
        [
            *_every(T(4, 3), IGNORED, P3),
            call(T(3), T(values=1, dtype="int64")),
            *_every(T(2, 3, 4), _classes(2, 4, high=3), P3),
            call(T(2, 3, 2, 2), _classes(2, 2, 2, high=3), ignore_index=1),
        ],
        reference=nll_loss,
        composed=lambda x, t, weight=None, ignore_index=-100, reduction="mean": class_losses._nll(
            x, t, weight, ignore_index, reduction
        ),
        big=call(T(60, 30, 64), _classes(60, 64, high=30)),
        errors=[
            fails(IndexError, "nll_loss: target must be in [0, 3)", T(2, 3), T(values=[1, 7], dtype="int64")),
            fails(
                ValueError,
                "nll_loss: target must have the input's batch size, 2, got 3",
                T(2, 3),
                _classes(3, high=3),
            ),
            fails(
                RuntimeError, "nll_loss: target must have shape (2, 4)", T(2, 3, 4), _classes(2, 5, high=3)
            ),
            fails(
                RuntimeError,
                "nll_loss: target must have dtype Long or Byte",
                T(2, 3),
                _classes(2, high=3, low=0).__class__(2, dtype="int32", low=0, high=3),
            ),
        ],
    ),
    OpCase(
        "nn.functional.mse_loss",
        [*_every(T(3, 4), T(3, 4)), call(T(), T()), call(T(3, 4), T(3, 4), weight=T(3, 4, low=0.1, high=1))],
        reference=lambda x, t, reduction="mean", weight=None: (
            reduced((x - t) ** 2, reduction)
            if weight is None
            else ((x - t) ** 2 * weight).sum() / weight.sum()
        ),
        big=call(T(300, 400), T(300, 400)),
        errors=[
            fails(ValueError, "mse_loss: reduction must be", T(3), T(3), reduction="x"),
            fails(ValueError, "mse_loss: weight must have the input's shape", T(3), T(3), weight=T(2)),
        ],
    ),
    OpCase(
        "nn.functional.l1_loss",
        _every(T(3, 4), T(3, 4)),
        reference=lambda x, t, reduction="mean": reduced(np.abs(x - t), reduction),
        composed=_composed("l1"),
        big=call(T(300, 400), T(300, 400)),
    ),
    OpCase(
        "nn.functional.smooth_l1_loss",
        [*_every(T(3, 4), T(3, 4)), call(T(3, 4), T(3, 4), beta=0.3), call(T(3, 4), T(3, 4), beta=0.0)],
        reference=smooth_l1,
        big=call(T(300, 400), T(300, 400)),
        errors=[fails(RuntimeError, "smooth_l1_loss: beta must be at least 0", T(3), T(3), beta=-1.0)],
    ),
    OpCase(
        "nn.functional.huber_loss",
        [*_every(T(3, 4), T(3, 4)), call(T(3, 4), T(3, 4), delta=0.3)],
        reference=huber,
        composed=_composed("huber", 1.0),
        big=call(T(300, 400), T(300, 400)),
        errors=[fails(RuntimeError, "huber_loss: delta must be above 0", T(3), T(3), delta=0.0)],
    ),
    OpCase(
        "nn.functional.binary_cross_entropy",
        [
            *_every(T(3, 4, low=0.01, high=0.99), T(3, 4, low=0, high=1)),
            call(T(3, 4, low=0.01, high=0.99), T(3, 4, low=0, high=1), T(4, low=0.1, high=2, grad=False)),
            call(
                T(values=[0.0, 1.0, 0.0, 1.0], grad=False),
                T(values=[0.0, 1.0, 1.0, 0.0], grad=False),
                reduction="none",
            ),
        ],
        reference=bce,
        composed=_composed("bce"),
        big=call(T(300, 400, low=0.01, high=0.99), T(300, 400, low=0, high=1)),
        errors=[
            fails(
                RuntimeError,
                "binary_cross_entropy: all elements of input should be between 0 and 1",
                T(values=[1.5]),
                T(values=[1.0]),
            ),
            fails(
                RuntimeError,
                "binary_cross_entropy: all elements of input should be between 0 and 1",
                T(values=[np.nan]),
                T(values=[1.0]),
            ),
            fails(
                RuntimeError,
                "binary_cross_entropy: all elements of target should be between 0 and 1",
                T(values=[0.5]),
                T(values=[2.0]),
            ),
            fails(
                ValueError,
                "binary_cross_entropy: target must have the input's shape [3]",
                T(3, low=0, high=1),
                T(2, low=0, high=1),
            ),
        ],
    ),
    OpCase(
        "nn.functional.binary_cross_entropy_with_logits",
        [
            *_every(T(3, 4), T(3, 4, low=0, high=1)),
            call(
                T(3, 4),
                T(3, 4, low=0, high=1),
                T(3, 4, low=0.1, high=2, grad=False),
                pos_weight=T(4, low=0.1, high=2, grad=False),
            ),
            call(T(3, 4, low=-300, high=300), T(3, 4, low=0, high=1)),
        ],
        reference=bce_logits,
        big=call(T(300, 400), T(300, 400, low=0, high=1)),
        errors=[
            fails(
                ValueError,
                "binary_cross_entropy_with_logits: target must have the input's shape [3]",
                T(3),
                T(2),
            ),
            fails(
                RuntimeError,
                "binary_cross_entropy_with_logits: pos_weight and input must have shapes that broadcast",
                T(2, 3),
                T(2, 3),
                pos_weight=T(4),
            ),
        ],
    ),
    OpCase(
        "nn.functional.kl_div",
        [
            call(T(3, 4), T(3, 4, low=0.01, high=1), reduction="sum"),
            call(T(3, 4), T(3, 4, low=0.01, high=1), reduction="none"),
            call(T(3, 4), T(3, 4, low=0.01, high=1), reduction="batchmean"),
            call(T(3, 4), T(values=[0.0, 0.5, 0.0, 1.0], grad=False), reduction="sum"),
            call(T(3, 4), T(3, 4), reduction="batchmean", log_target=True),
            call(T(3, 4), T(3, 4), reduction="none", log_target=True),
        ],
        reference=kl_div,
        big=call(T(300, 400), T(300, 400, low=0.01, high=1), reduction="batchmean"),
    ),
    OpCase(
        "nn.functional.poisson_nll_loss",
        [
            *_every(T(3, 4), T(3, 4, low=0, high=5)),
            call(T(3, 4, low=0.5, high=2), T(3, 4, low=0.1, high=5, grad=False), log_input=False, full=True),
        ],
        reference=poisson_nll,
    ),
    OpCase(
        "nn.functional.gaussian_nll_loss",
        [
            *_every(T(3, 4), T(3, 4), T(3, 4, low=0.1, high=2)),
            call(T(3, 4), T(3, 4), T(3, low=0.1, high=2), full=True),
            call(T(3, 4), T(3, 4), T(3, 1, low=0.1, high=2)),
        ],
        reference=gaussian_nll,
        errors=[
            fails(ValueError, "gaussian_nll_loss: var must have the input's shape", T(3, 5), T(3, 5), T(2)),
            fails(
                ValueError,
                "gaussian_nll_loss: var must not be negative",
                T(3),
                T(3),
                T(values=[-1.0, 1.0, 1.0]),
            ),
        ],
    ),
    OpCase(
        "nn.functional.hinge_embedding_loss",
        [*_every(T(6), _signs(6)), call(T(6), _signs(6), margin=0.3)],
        reference=lambda x, y, margin=1.0, reduction="mean": reduced(
            np.where(y == 1, x, np.maximum(0, margin - x)), reduction
        ),
    ),
    OpCase(
        "nn.functional.margin_ranking_loss",
        [*_every(T(6), T(6), _signs(6)), call(T(6), T(6), _signs(6), margin=0.3)],
        reference=lambda a, b, y, margin=0.0, reduction="mean": reduced(
            np.maximum(0, -y * (a - b) + margin), reduction
        ),
        errors=[
            fails(
                RuntimeError,
                "margin_ranking_loss: All input tensors should have same dimension",
                T(3, 5),
                T(3, 5),
                T(1),
            )
        ],
    ),
    OpCase(
        "nn.functional.cosine_embedding_loss",
        [*_every(T(6, 4), T(6, 4), _signs(6)), call(T(4), T(4), T(values=-1.0, grad=False), margin=-0.5)],
        reference=cosine_embedding,
        errors=[
            fails(
                RuntimeError,
                "cosine_embedding_loss: 1D target tensor expects 2D input tensors",
                T(3, 5),
                T(5),
                T(3),
            )
        ],
    ),
    OpCase(
        "nn.functional.soft_margin_loss",
        [*_every(T(6), _signs(6)), call(T(6), T(6, grad=False))],
        reference=lambda x, y, reduction="mean": reduced(np.logaddexp(0, -y * x), reduction),
    ),
    OpCase(
        "nn.functional.multi_margin_loss",
        [
            *_every(T(4, 5), _classes(4, high=5)),
            call(T(4, 5), _classes(4, high=5), p=2, margin=0.5, weight=T(5, low=0.1, high=1, grad=False)),
            call(T(5), T(values=2, dtype="int64")),
        ],
        reference=multi_margin,
        errors=[
            fails(ValueError, "multi_margin_loss: p must be 1 or 2", T(2, 3), _classes(2, high=3), p=3),
            fails(
                RuntimeError,
                "multi_margin_loss: target must be in [0, 3)",
                T(2, 3),
                T(values=[1, 9], dtype="int64"),
            ),
        ],
    ),
    OpCase(
        "nn.functional.multilabel_margin_loss",
        [
            *_every(T(2, 4), T(values=[[3, 0, -1, 1], [1, -1, 2, 0]], dtype="int64")),
            call(T(4), T(values=[3, 0, 1, 2], dtype="int64")),
            call(T(4), T(values=[-1, 0, 1, 2], dtype="int64")),
        ],
        errors=[
            fails(
                RuntimeError,
                "multilabel_margin_loss: target must have shape (2, 4)",
                T(2, 4),
                _classes(2, 3, high=3),
            ),
            fails(
                RuntimeError,
                "multilabel_margin_loss: target must be in [-1, 2)",
                T(2),
                T(values=[9, 9], dtype="int64"),
            ),
        ],
    ),
    OpCase(
        "nn.functional.multilabel_soft_margin_loss",
        [
            *_every(T(3, 4), T(3, 4, low=0, high=1)),
            call(T(3, 4), T(3, 4, low=0, high=1), T(4, low=0.1, high=1)),
        ],
        reference=lambda x, t, weight=1.0, reduction="mean": reduced(
            (bce_logits(x, t, reduction="none") * weight).mean(-1), reduction
        ),
    ),
    OpCase(
        "nn.functional.triplet_margin_loss",
        [
            *_every(T(4, 5), T(4, 5), T(4, 5)),
            call(T(4, 5), T(4, 5), T(4, 5), margin=2.0, p=1.0, swap=True),
            call(T(5), T(5), T(5)),
        ],
        reference=triplet,
        errors=[
            fails(
                ValueError,
                "triplet_margin_loss: margin must be greater than 0, got -1",
                T(2, 3),
                T(2, 3),
                T(2, 3),
                margin=-1,
            ),
            fails(RuntimeError, "triplet_margin_loss: anchor, positive and negative", T(2, 3), T(2, 3), T(3)),
        ],
    ),
    OpCase(
        "nn.functional.triplet_margin_with_distance_loss",
        [
            call(T(4, 5), T(4, 5), T(4, 5)),
            call(T(4, 5), T(4, 5), T(4, 5), swap=True, reduction="none", margin=2.0),
        ],
        reference=triplet,
    ),
    OpCase(
        "nn.functional.ctc_loss",
        [  # the gradient is the logits', not the numerical one: too large for gradcheck
            call(T(40, 2, 8), _classes(2, 3, low=1, high=4), (40, 35), (3, 2)),
            call(T(40, 2, 8), _classes(2, 3, low=1, high=4), (40, 35), (3, 2), reduction="none"),
            call(T(40, 2, 8), _classes(2, 3, low=0, high=3), (40, 35), (3, 0), blank=7, reduction="sum"),
            call(T(40, 2, 8), T(values=[1, 1, 2, 3, 3], dtype="int64"), (40, 40), (3, 2)),
            call(
                T(80, 8), _classes(3, low=1, high=4), T(values=80, dtype="int64"), T(values=3, dtype="int64")
            ),
            call(
                T(3, 2, 101),
                T(values=[[1, 1, 1], [1, 2, 3]], dtype="int64"),
                (3, 3),
                (3, 3),
                zero_infinity=True,
            ),
        ],
        gradgrad=False,
        errors=[
            fails(
                RuntimeError,
                "ctc_loss: input_lengths must be of size batch_size, 2, got 1",
                T(5, 2, 4),
                _classes(2, 3, low=1, high=4),
                (5,),
                (3, 3),
            ),
            fails(
                RuntimeError,
                "ctc_loss: input_lengths must be at most 5",
                T(5, 2, 4),
                _classes(2, 3, low=1, high=4),
                (5, 9),
                (3, 3),
            ),
            fails(
                RuntimeError,
                "ctc_loss: targets must have size at least 4",
                T(5, 2, 4),
                _classes(2, 3, low=1, high=4),
                (5, 5),
                (3, 4),
            ),
            fails(
                RuntimeError,
                "ctc_loss: blank must be in label range",
                T(5, 2, 4),
                _classes(2, 3, low=1, high=4),
                (5, 5),
                (3, 3),
                blank=9,
            ),
        ],
    ),
]
