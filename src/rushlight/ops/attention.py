"""Attention: softmax(q k^T / sqrt(d)) v, tiled so that the scores are never held, and its multi-head form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.function import composed_vjp
from ..errors import kind_of
from ..kernels import _C, usable
from ..random import generator_state
from ..stream import kernels as stream
from ..tensor import Tensor, wrap
from .creation import zeros
from .elementwise import in_float32
from .join import cat
from .linear import linear
from .matmul import baddbmm, bmm, matmul
from .shape import expand, permute, reshape, transpose, unsqueeze
from .split import chunk

__all__ = ["scaled_dot_product_attention"]
functional = ["multi_head_attention_forward", "scaled_dot_product_attention"]


@in_float32
def attention_composed(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    scale: float = 1.0,
    causal: bool = False,
    keep: np.ndarray | None = None,
    keep_scale: float = 1.0,
) -> Tensor:
    """Attention from elementary operations. A row with nothing to see gives zeros."""
    groups = (
        query._array.shape[-3] // key._array.shape[-3] if query._array.ndim > 2 and key._array.ndim > 2 else 1
    )
    if groups > 1 and key._array.shape[-3] > 1:
        key, value = (x.repeat_interleave(groups, -3) for x in (key, value))  # type: ignore[attr-defined]
    scores = matmul(query, transpose(key, -2, -1)) * scale
    if causal:
        seen = np.tri(*scores._array.shape[-2:], dtype=np.bool_)
        scores = scores.masked_fill(wrap(~seen), -math.inf)  # type: ignore[attr-defined]
    if mask is not None:
        if mask.dtype is dtypes.bool_:
            scores = scores.masked_fill(wrap(~mask._array), -math.inf)  # type: ignore[attr-defined]
        else:
            scores = scores + mask
    p = scores.softmax(-1)  # type: ignore[attr-defined]
    if mask is not None:
        blind = np.isneginf(scores._array.astype(np.float32)).all(-1, keepdims=True)
        if blind.any():
            p = p.masked_fill(wrap(blind), 0.0)
    if keep is not None:
        p = p * wrap(keep.astype(p._array.dtype) * p._array.dtype.type(keep_scale))
    return matmul(p, value)


def _four(x: np.ndarray) -> np.ndarray:
    """An operand as (batch, heads, rows, columns)."""
    if x.ndim == 4:
        return x
    if x.ndim < 4:
        return x.reshape(*(1,) * (4 - x.ndim), *x.shape) if x.ndim == 2 else x[:, None]
    return x.reshape(-1, *x.shape[-3:])


class ScaledDotProductFlashAttentionForCpuBackward0(Function):
    """Arguments: q, k, v, the mask as a (batch, heads, rows, keys) array, scale, causal, dropout's kept, 1/(1-p)."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, *rest: Any) -> Tensor:
        out, lse = _C.attention(_four(q._array), _four(k._array), _four(v._array), *rest)
        ctx.rest = rest
        ctx.save_for_backward(q, k, v, out, lse)
        return _shaped(out, q._array.shape[:-1])

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        q, k, v, out, lse = ctx.saved_tensors
        none = (None,) * len(ctx.rest)
        if is_grad_enabled():
            mask, scale, causal, keep, keep_scale = ctx.rest
            settings = {"scale": scale, "causal": causal, "keep_scale": keep_scale}
            if mask is not None:
                settings["mask"] = wrap(mask.reshape(*q._array.shape[:-1], mask.shape[-1]))
            if keep is not None:
                settings["keep"] = keep.reshape(*q._array.shape[:-1], keep.shape[-1])
            return (*composed_vjp(attention_composed, dy, (q, k, v), **settings), *none)
        arrays = [x._array for x in (q, k, v)]
        found = _C.attention_backward(*map(_four, arrays), *ctx.rest, out, lse, _four(dy._array))
        return (*[_shaped(g, a.shape[:-1]) for g, a in zip(found, arrays, strict=True)], *none)


def _shaped(x: Tensor, shape: tuple) -> Tensor:
    """A (batch, heads, rows, columns) result with the leading dims `shape` of an operand."""
    return x if len(shape) == 3 else wrap(x._array.reshape(*shape, x._array.shape[-1]))


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(scale * query key^T + mask) value: each row a mean of the values, weighted by how its key fits.

    Args:
        attn_mask: Of a shape that broadcasts to the scores: bool, True where a key counts, or numbers to be added.
        dropout_p: Probability of zeroing a weight. Applied whenever it is not 0: pass 0 in evaluation.
        is_causal: Row i sees keys 0..i only. Not together with attn_mask.
        scale: Default 1 / sqrt(columns of query).
        enable_gqa: Let groups of query heads share one head of key and value.
    Shape:
        query (*, heads, rows, d), key (*, heads, keys, d), value (*, heads, keys, dv); output (*, heads, rows, dv).
    Raises:
        RuntimeError: shapes or dtypes do not fit, or is_causal with a mask.
    Source: Vaswani et al. 2017, arXiv:1706.03762; tiled: Dao et al. 2022, arXiv:2205.14135.

    Example:
        >>> q = rushlight.zeros(1, 2, 3, 4)
        >>> scaled_dot_product_attention(q, q, rushlight.ones(1, 2, 3, 4)).shape
        torch.Size([1, 2, 3, 4])
    """
    name = "scaled_dot_product_attention"
    for label, x in (("query", query), ("key", key), ("value", value)):
        if not isinstance(x, TensorBase):
            raise TypeError(f"{name}: {label} must be a Tensor, got {kind_of(x)}")
        if x._array.ndim < 2:
            raise RuntimeError(f"{name}: {label} must have at least 2 dims, got {x._array.ndim}")
        if x.dtype is not query.dtype:
            raise RuntimeError(
                f"{name}: query, key and value must have the same dtype, got {query.dtype}, {key.dtype} and {value.dtype}"
            )
    q, k, v = query._array, key._array, value._array
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise RuntimeError(
            f"{name}: key must have the columns of query and the rows of value, got query {q.shape}, key {k.shape}, value "
            f"{v.shape}"
        )
    if not 0 <= dropout_p <= 1:
        raise ValueError(f"{name}: dropout_p must be in [0, 1], got {dropout_p}")
    if is_causal and attn_mask is not None:
        raise RuntimeError(
            f"{name}: attn_mask must not be given with is_causal=True (Explicit attn_mask should not be set)"
        )
    if enable_gqa and (q.ndim < 3 or k.ndim < 3 or q.shape[-3] % k.shape[-3] or k.shape[-3] != v.shape[-3]):
        raise RuntimeError(
            f"{name}: with enable_gqa the heads of query must be a multiple of those of key and value, got {q.shape[-3:-2]}, "
            f"{k.shape[-3:-2]} and {v.shape[-3:-2]}"
        )
    if attn_mask is not None and attn_mask.dtype not in (dtypes.bool_, query.dtype):
        raise RuntimeError(
            f"{name}: attn_mask must be bool or have the dtype of query, {query.dtype}, got {attn_mask.dtype}"
        )
    scale = (
        1 / math.sqrt(q.shape[-1])
        if scale is None and q.shape[-1]
        else 1.0
        if scale is None
        else float(scale)
    )
    regular = k.ndim == q.ndim and k.shape[:-1] == v.shape[:-1] and k.shape[:-3] == q.shape[:-3]
    if q.ndim > 2 and k.ndim > 2 and k.shape[-3] != q.shape[-3]:
        regular &= enable_gqa
    lead = (*np.broadcast_shapes(q.shape[:-2], k.shape[:-2]),) if not enable_gqa else q.shape[:-2]
    scores = (*lead, q.shape[-2], k.shape[-2])
    if attn_mask is not None:
        try:
            fits = np.broadcast_shapes(attn_mask._array.shape, scores) == scores
        except ValueError:
            fits = False
        if not fits:
            raise RuntimeError(
                f"{name}: attn_mask must broadcast to the scores {scores}, got {attn_mask._array.shape}"
            )
    keep = None
    if dropout_p > 0:
        keep = stream.random_mask(generator_state(None, name), scores, 1 - dropout_p)._array
    keep_scale = 1 / (1 - dropout_p) if dropout_p < 1 else 0.0
    mask = attn_mask
    needs = mask is not None and mask.requires_grad and is_grad_enabled()
    if not regular or needs or not usable(query, key, value) or not q.size or not k.size:
        return attention_composed(query, key, value, mask, scale, is_causal, keep, keep_scale)
    m = None if mask is None else _four(np.broadcast_to(mask._array, scores))
    node = ScaledDotProductFlashAttentionForCpuBackward0
    return node.apply(
        query, key, value, m, scale, is_causal, None if keep is None else _four(keep), keep_scale
    )


# -- multi-head attention --------------------------------------------------------------------------------


def _float_mask(mask: Tensor | None, name: str, dtype: Any) -> Tensor | None:
    """A mask as numbers to add: of a bool one (True: leave out), -inf where it is True."""
    if mask is None or mask.is_floating_point():
        return mask
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError(
            f"multi_head_attention_forward: {name} must be bool or floating-point, got {mask.dtype}"
        )
    return wrap(np.where(mask._array, -np.inf, 0.0).astype(dtype.numpy))


def _project(
    query: Tensor, key: Tensor, value: Tensor, weights: tuple, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """The projections of query, key and value, in one product where they are the same tensor."""
    packed, *separate = weights
    if packed is not None and query is key and key is value:
        return chunk(linear(query, packed, bias), 3, -1)  # type: ignore[return-value]
    wq, wk, wv = chunk(packed, 3) if packed is not None else separate
    bq, bk, bv = (None,) * 3 if bias is None else chunk(bias, 3)
    if key is value and packed is not None:
        e = wq._array.shape[0]
        both = linear(key, packed[e:], None if bias is None else bias[e:])
        return linear(query, wq, bq), *chunk(both, 2, -1)  # type: ignore[return-value]
    return linear(query, wq, bq), linear(key, wk, bk), linear(value, wv, bv)


def _check_heads(
    query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None, heads: int
) -> bool:
    """Whether the inputs are batched. Raises where numbers of dims do not fit."""
    name = "multi_head_attention_forward"
    n = query._array.ndim
    if n not in (2, 3):
        raise AssertionError(f"{name}: query must be unbatched 2D or batched 3D, got {n}D")
    what = "batched (3-D)" if n == 3 else "unbatched (2-D)"
    if key._array.ndim != n or value._array.ndim != n:
        raise AssertionError(
            f"{name}: for {what} query, key and value must be {n}-D too, got {key._array.ndim}-D and {value._array.ndim}-D"
        )
    if padding is not None and padding._array.ndim != n - 1:
        raise AssertionError(
            f"{name}: for {what} query, key_padding_mask must be {n - 1}-D, got {padding._array.ndim}-D"
        )
    if mask is not None and mask._array.ndim not in (2, 3):
        raise AssertionError(f"{name}: attn_mask must be 2-D or 3-D, got {mask._array.ndim}-D")
    if n == 2 and mask is not None and mask._array.ndim == 3:
        want = (heads, query._array.shape[0], key._array.shape[0])
        if mask._array.shape != want:
            raise AssertionError(f"{name}: attn_mask must have shape {want}, got {mask._array.shape}")
    return n == 3


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention in several heads, each on its own projection of query, key and value; see `nn.MultiheadAttention`.

    Args:
        key_padding_mask: (batch, keys), bool with True where a key is padding, or numbers to add.
        attn_mask: (rows, keys) or (batch * heads, rows, keys), bool with True where a key must not be seen, or
            numbers to add.
        is_causal: A hint that attn_mask is causal; attn_mask must be given all the same.
    Shape:
        query (rows, batch, embed) or (rows, embed), key and value with keys for rows; output like query, weights
        (batch, rows, keys), or with average_attn_weights=False (batch, heads, rows, keys).
    Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2.
    """
    weights = (
        None if use_separate_proj_weight else in_proj_weight,
        q_proj_weight,
        k_proj_weight,
        v_proj_weight,
    )
    batched = _check_heads(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        same = key is query, value is key
        query = unsqueeze(query, 1)
        key = query if same[0] else unsqueeze(key, 1)
        value = key if same[1] else unsqueeze(value, 1)
        key_padding_mask = None if key_padding_mask is None else unsqueeze(key_padding_mask, 0)
    y, p = attend(
        query,
        key,
        value,
        embed_dim_to_check,
        num_heads,
        weights,
        in_proj_bias,
        (bias_k, bias_v, add_zero_attn, static_k, static_v),
        dropout_p if training else 0.0,
        (out_proj_weight, out_proj_bias),
        (key_padding_mask, attn_mask, is_causal),
        (need_weights, average_attn_weights),
        1,
    )
    if not batched:
        y, p = y.squeeze(1), None if p is None else p.squeeze(0)  # type: ignore[attr-defined]
    return y, p


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed: int,
    heads: int,
    in_weights: tuple,
    in_bias: Tensor | None,
    extra: tuple,
    dropout_p: float,
    out: tuple,
    masks: tuple,
    want: tuple,
    batch_dim: int,
) -> tuple[Tensor, Tensor | None]:
    """`multi_head_attention_forward` for batched inputs whose batch is dim `batch_dim` (0 or 1)."""
    name = "multi_head_attention_forward"
    bias_k, bias_v, add_zero, static_k, static_v = extra
    padding, mask, is_causal = masks
    need_weights, average = want
    rows, batch = query._array.shape[1 - batch_dim], query._array.shape[batch_dim]
    if query._array.shape[2] != embed:
        raise AssertionError(f"{name}: query must have embedding size {embed}, got {query._array.shape[2]}")
    size = embed // heads
    if size * heads != embed:
        raise AssertionError(f"{name}: embed_dim must be divisible by num_heads, got {embed} and {heads}")
    if key._array.shape[:2] != value._array.shape[:2]:
        raise AssertionError(
            f"{name}: key and value must have the same sequence and batch sizes, got {key._array.shape} and {value._array.shape}"
        )
    if is_causal and mask is None:
        raise RuntimeError(f"{name}: attn_mask must be given with the is_causal hint (Need attn_mask)")
    padding = _float_mask(padding, "key_padding_mask", query.dtype)
    if is_causal and padding is None and not need_weights:
        mask = None
    else:
        mask = _float_mask(mask, "attn_mask", query.dtype)
        is_causal = False

    def split_heads(x: Tensor) -> Tensor:
        shape = x._array.shape
        x = reshape(x, shape[0], shape[1], heads, size)
        return permute(x, (0, 2, 1, 3) if batch_dim == 0 else (1, 2, 0, 3))

    projected = [split_heads(x) for x in _project(query, key, value, in_weights, in_bias)]
    q, k, v = projected
    if bias_k is not None and bias_v is not None:
        if static_k is not None or static_v is not None:
            raise AssertionError(f"{name}: bias_k and bias_v must not be given with static keys or values")
        # One more key and value, the same for every sequence.
        more = [
            expand(permute(reshape(b, 1, 1, heads, size), (0, 2, 1, 3)), batch, heads, 1, size)
            for b in (bias_k, bias_v)
        ]
        k, v = cat([k, more[0]], 2), cat([v, more[1]], 2)
        mask, padding = _one_more(mask), _one_more(padding)
    if static_k is not None:
        k = reshape(static_k, batch, heads, -1, size)
    if static_v is not None:
        v = reshape(static_v, batch, heads, -1, size)
    if add_zero:
        nothing = zeros(batch, heads, 1, size, dtype=k.dtype)
        k, v = cat([k, nothing], 2), cat([v, nothing], 2)
        mask, padding = _one_more(mask), _one_more(padding)
    keys = k._array.shape[2]
    if mask is not None:
        wanted = (rows, keys) if mask._array.ndim == 2 else (batch * heads, rows, keys)
        if mask._array.shape != wanted:
            raise RuntimeError(
                f"{name}: attn_mask must have shape {wanted} (the correct size), got {mask._array.shape}"
            )
        mask = mask if mask._array.ndim == 2 else reshape(mask, batch, heads, rows, keys)
    if padding is not None:
        if padding._array.shape != (batch, keys):
            raise AssertionError(
                f"{name}: key_padding_mask must have shape {(batch, keys)}, the batch and keys, got {padding._array.shape}"
            )
        padding = reshape(padding, batch, 1, 1, keys)
        mask = padding if mask is None else mask + padding
    p = None
    if need_weights:
        y, p = _weighted(q, k, v, mask, dropout_p)
    else:
        y = scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal)
    # Time-major in memory whatever the order of the inputs, as PyTorch's: dropout draws in the order of memory.
    y = linear(reshape(permute(y, (2, 0, 1, 3)), rows, batch, embed), *out)
    if batch_dim == 0:
        y = transpose(y, 0, 1)
    return y, (p.mean(1) if average and p is not None else p)  # type: ignore[attr-defined]


def _one_more(mask: Tensor | None) -> Tensor | None:
    """A mask with one more key, which counts."""
    if mask is None:
        return None
    return cat([mask, zeros(*mask._array.shape[:-1], 1, dtype=mask.dtype)], -1)


def _weighted(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, dropout_p: float
) -> tuple[Tensor, Tensor]:
    """Attention that also gives its weights, (batch, heads, rows, keys)."""
    batch, heads, rows, size = q._array.shape
    keys = k._array.shape[2]
    flat = [reshape(x, batch * heads, -1, size) for x in (q * math.sqrt(1.0 / size), k, v)]
    if mask is None:
        p = bmm(flat[0], transpose(flat[1], 1, 2))
    else:
        if mask._array.ndim == 4:
            mask = reshape(expand(mask, batch, heads, rows, keys), batch * heads, rows, keys)
        p = baddbmm(mask, flat[0], transpose(flat[1], 1, 2))
    p = p.softmax(-1)  # type: ignore[attr-defined]
    if dropout_p > 0:
        from .dropout import dropout

        p = dropout(p, dropout_p, True)
    return reshape(bmm(p, flat[2]), batch, heads, rows, size), reshape(p, batch, heads, rows, keys)
