"""Cases of ops/attention.py."""

import numpy as np

from harness import OpCase, T, call, fails
from rushlight.ops import attention as op


def attention(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    if enable_gqa:
        k, v = (np.repeat(x, q.shape[-3] // x.shape[-3], -3) for x in (k, v))
    s = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        s = np.where(np.tri(*s.shape[-2:], dtype=bool), s, -np.inf)
    if attn_mask is not None:
        s = np.where(attn_mask, s, -np.inf) if attn_mask.dtype == bool else s + attn_mask
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True) @ v


def composed(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    return op.attention_composed(
        q, k, v, attn_mask, q.shape[-1] ** -0.5 if scale is None else scale, is_causal
    )


MASK = np.random.default_rng(1).random((1, 1, 5, 7)) < 0.6
MASK[..., 0] = True

CASES = [
    OpCase(
        "nn.functional.scaled_dot_product_attention",
        [
            call(T(2, 3, 5, 4), T(2, 3, 7, 4), T(2, 3, 7, 6)),
            call(T(2, 3, 5, 4), T(2, 3, 5, 4), T(2, 3, 5, 4), is_causal=True),
            call(T(2, 3, 5, 4), T(2, 3, 7, 4), T(2, 3, 7, 4), is_causal=True, scale=0.3),
            call(T(2, 3, 5, 4), T(2, 3, 7, 4), T(2, 3, 7, 4), T(values=MASK, dtype="bool", grad=False)),
            call(T(2, 3, 5, 4), T(2, 3, 7, 4), T(2, 3, 7, 4), T(5, 7)),
            call(T(5, 4), T(7, 4), T(7, 4)),
            call(T(3, 5, 4), T(3, 7, 4), T(3, 7, 4)),
            call(T(2, 2, 2, 5, 4), T(2, 2, 2, 7, 4), T(2, 2, 2, 7, 4)),
            call(T(2, 4, 5, 4), T(2, 2, 7, 4), T(2, 2, 7, 4), enable_gqa=True),
            call(T(1, 1, 1, 1), T(1, 1, 1, 1), T(1, 1, 1, 1)),
            call(T(1, 1, 130, 8), T(1, 1, 450, 8), T(1, 1, 450, 8)),
        ],
        reference=attention,
        composed=composed,
        big=call(T(2, 3, 120, 16), T(2, 3, 120, 16), T(2, 3, 120, 16), is_causal=True),
        errors=[
            fails(
                RuntimeError,
                "scaled_dot_product_attention: key must have the columns of query",
                T(2, 3, 4),
                T(2, 3, 5),
                T(2, 3, 5),
            ),
            fails(
                RuntimeError,
                "scaled_dot_product_attention: attn_mask must not be given with is_causal",
                T(3, 4),
                T(3, 4),
                T(3, 4),
                T(3, 3),
                is_causal=True,
            ),
            fails(
                RuntimeError,
                "scaled_dot_product_attention: attn_mask must broadcast",
                T(3, 4),
                T(3, 4),
                T(3, 4),
                T(2, 2),
            ),
        ],
    ),
]
