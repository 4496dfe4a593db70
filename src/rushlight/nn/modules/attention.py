"""Multi-head attention. `nn.modules.activation.MultiheadAttention` is where PyTorch has it."""

from __future__ import annotations

from typing import Any

from ...ops.attention import attend, multi_head_attention_forward
from ...ops.creation import empty
from ...tensor import Tensor
from .. import init
from ..parameter import Parameter
from .linear import NonDynamicallyQuantizableLinear
from .module import Module

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Attention in several heads: each looks at its own projections of query, key and value.

    Args:
        embed_dim: Size of the embeddings, in all heads together.
        num_heads: Number of heads; must divide embed_dim.
        dropout: Probability of zeroing an attention weight, in training. Default 0.
        bias: Whether the projections have biases. Default True.
        add_bias_kv: Whether a learned key and value are added to each sequence. Default False.
        add_zero_attn: Whether a key and value of zeros are added. Default False.
        kdim, vdim: Sizes of the keys' and values' embeddings. Default embed_dim.
        batch_first: Whether inputs and output are (batch, rows, embed), not (rows, batch, embed). Default False.
    Shape:
        query (rows, batch, embed_dim), key (keys, batch, kdim), value (keys, batch, vdim), or all without a batch;
        gives the output, like query, and the weights (batch, rows, keys), or None with need_weights=False.
    Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2.
    Example:
        >>> x = torch.zeros(5, 3, 8)
        >>> y, p = nn.MultiheadAttention(8, 2)(x, x, x)
        >>> y.shape, p.shape
        (torch.Size([5, 3, 8]), torch.Size([3, 5, 5]))
    """

    __constants__ = ["batch_first"]
    bias_k: Tensor | None
    bias_v: Tensor | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"MultiheadAttention: embed_dim and num_heads must be greater than 0, got {embed_dim} and {num_heads}"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = kdim if kdim is not None else embed_dim
        self.vdim = vdim if vdim is not None else embed_dim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError(
                f"MultiheadAttention: embed_dim must be divisible by num_heads, got {embed_dim} and {num_heads}"
            )

        def new(*shape: int) -> Parameter:
            return Parameter(empty(shape, device=device, dtype=dtype))

        if self._qkv_same_embed_dim:
            self.in_proj_weight = new(3 * embed_dim, embed_dim)
            for name in ("q_proj_weight", "k_proj_weight", "v_proj_weight"):
                self.register_parameter(name, None)
        else:
            self.q_proj_weight = new(embed_dim, embed_dim)
            self.k_proj_weight = new(embed_dim, self.kdim)
            self.v_proj_weight = new(embed_dim, self.vdim)
            self.register_parameter("in_proj_weight", None)
        if bias:
            self.in_proj_bias = new(3 * embed_dim)
        else:
            self.register_parameter("in_proj_bias", None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        if add_bias_kv:
            self.bias_k, self.bias_v = new(1, 1, embed_dim), new(1, 1, embed_dim)
        else:
            self.bias_k = self.bias_v = None
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        if self._qkv_same_embed_dim:
            init.xavier_uniform_(self.in_proj_weight)
        else:
            for weight in (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)  # type: ignore[arg-type]
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def __setstate__(self, state: dict) -> None:
        state.setdefault("_qkv_same_embed_dim", True)
        super().__setstate__(state)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        same = self._qkv_same_embed_dim
        q, k, v = (None, None, None) if same else (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        w = self.in_proj_weight if same else None
        if self.batch_first and query.dim() == key.dim() == value.dim() == 3:
            return attend(
                query,
                key,
                value,
                self.embed_dim,
                self.num_heads,
                (w, q, k, v),
                self.in_proj_bias,
                (self.bias_k, self.bias_v, self.add_zero_attn, None, None),
                self.dropout if self.training else 0.0,
                (self.out_proj.weight, self.out_proj.bias),
                (key_padding_mask, attn_mask, is_causal),
                (need_weights, average_attn_weights),
                0,
            )
        return multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            w,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not same,
            q_proj_weight=q,
            k_proj_weight=k,
            v_proj_weight=v,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
