"""Transformers: encoder and decoder layers, stacks of them, and the two together."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import devices
from ...dtypes import get_default_dtype
from ...tensor import Tensor, wrap
from .. import functional as F
from .. import init
from .activation import GELU, ReLU
from .attention import MultiheadAttention
from .container import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

Activation = str | Callable[[Tensor], Tensor]


def _causal_mask(size: int, dtype: Any = None) -> Tensor:
    """-inf above the diagonal, 0 elsewhere."""
    dtype = get_default_dtype() if dtype is None else dtype
    return wrap(np.triu(np.full((size, size), -np.inf), 1).astype(dtype.numpy))


def _is_causal(mask: Tensor | None, is_causal: bool | None, size: int | None) -> bool:
    """Whether `mask` is the causal one of its size, where the caller did not say."""
    if is_causal is not None or mask is None:
        return bool(is_causal)
    m = mask._array
    if size is not None and m.shape != (size, size):
        return False
    if m.ndim != 2 or m.shape[0] != m.shape[1] or m.dtype.kind == "b":
        return False
    return bool(np.array_equal(m, _causal_mask(m.shape[0])._array))


def _length(x: Tensor, batch_first: bool) -> int:
    return x.size(0) if x.dim() == 2 else x.size(1 if batch_first else 0)


def _mask_as_numbers(mask: Tensor | None, name: str, like: Tensor) -> Tensor | None:
    """A bool mask (True: leave out) as numbers to add."""
    if mask is None or mask.is_floating_point():
        return mask
    if mask._array.dtype.kind != "b":
        raise RuntimeError(f"Transformer: {name} must be bool or floating-point, got {mask.dtype}")
    return wrap(np.where(mask._array, -np.inf, 0.0).astype(like._array.dtype))


def _function(activation: Activation) -> Callable[[Tensor], Tensor]:
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise RuntimeError(
            f"Transformer: activation must be 'relu', 'gelu' or a function, got {activation!r}"
        )
    return F.relu if activation == "relu" else F.gelu


class _Layer(Module):
    """What encoder and decoder layers share."""

    activation: Callable[[Tensor], Tensor]

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        if not hasattr(self, "activation"):
            self.activation = F.relu

    def _sa_block(
        self, x: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        x = self.self_attn(
            x, x, x, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=is_causal
        )[0]
        return self.dropout1(x)


class TransformerEncoderLayer(_Layer):
    """Self-attention, then a feed-forward network, each with a residual connection and layer norm.

    Args:
        d_model: Size of the embeddings.
        nhead: Number of attention heads.
        dim_feedforward: Hidden size of the feed-forward network. Default 2048.
        dropout: Probability of zeroing an element, in training. Default 0.1.
        activation: 'relu', 'gelu' or a function, between the feed-forward network's layers. Default relu.
        layer_norm_eps: eps of the layer norms. Default 1e-5.
        batch_first: Whether inputs are (batch, rows, d_model), not (rows, batch, d_model). Default False.
        norm_first: Whether norms come before attention and feed-forward instead of after. Default False.
        bias: Whether linear layers and norms have biases. Default True.
    Shape:
        src (rows, batch, d_model) or (rows, d_model); output: the same.
    Source: Vaswani et al. 2017, arXiv:1706.03762.
    Example:
        >>> nn.TransformerEncoderLayer(8, 2)(torch.zeros(5, 3, 8)).shape
        torch.Size([5, 3, 8])
    """

    __constants__ = ["norm_first"]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        to = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **to)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **to)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **to)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, **to)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, **to)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation_relu_or_gelu = (
            1 if activation in ("relu", F.relu) else 2 if activation in ("gelu", F.gelu) else 0
        )
        if isinstance(activation, ReLU):
            self.activation_relu_or_gelu = 1
        elif isinstance(activation, GELU):
            self.activation_relu_or_gelu = 2
        self.activation = _function(activation)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        padding = _mask_as_numbers(src_key_padding_mask, "src_key_padding_mask", src)
        mask = _mask_as_numbers(src_mask, "src_mask", src)
        x = src
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), mask, padding, is_causal)
            return x + self._ff_block(self.norm2(x))
        x = self.norm1(x + self._sa_block(x, mask, padding, is_causal))
        return self.norm2(x + self._ff_block(x))

    def _ff_block(self, x: Tensor) -> Tensor:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to `memory`, then a feed-forward network, each with a residual and layer norm.

    Args:
        d_model: Size of the embeddings.
        nhead: Number of attention heads.
        dim_feedforward: Hidden size of the feed-forward network. Default 2048.
        dropout: Probability of zeroing an element, in training. Default 0.1.
        activation: 'relu', 'gelu' or a function. Default relu.
        layer_norm_eps: eps of the layer norms. Default 1e-5.
        batch_first: Whether inputs are (batch, rows, d_model), not (rows, batch, d_model). Default False.
        norm_first: Whether norms come before instead of after. Default False.
        bias: Whether linear layers and norms have biases. Default True.
    Shape:
        tgt (rows, batch, d_model), memory (keys, batch, d_model), or both without a batch; output like tgt.
    Source: Vaswani et al. 2017, arXiv:1706.03762.
    Example:
        >>> nn.TransformerDecoderLayer(8, 2)(torch.zeros(5, 3, 8), torch.zeros(4, 3, 8)).shape
        torch.Size([5, 3, 8])
    """

    __constants__ = ["norm_first"]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        to = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **to)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **to)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **to)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **to)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, **to)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, **to)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, **to)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = _function(activation)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        x = tgt
        own = tgt_mask, tgt_key_padding_mask, tgt_is_causal
        other = memory_mask, memory_key_padding_mask, memory_is_causal
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), *own)
            x = x + self._mha_block(self.norm2(x), memory, *other)
            return x + self._ff_block(self.norm3(x))
        x = self.norm1(x + self._sa_block(x, *own))
        x = self.norm2(x + self._mha_block(x, memory, *other))
        return self.norm3(x + self._ff_block(x))

    def _mha_block(
        self, x: Tensor, memory: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        x = self.multihead_attn(
            x,
            memory,
            memory,
            attn_mask=mask,
            key_padding_mask=padding,
            is_causal=is_causal,
            need_weights=False,
        )[0]
        return self.dropout2(x)

    def _ff_block(self, x: Tensor) -> Tensor:
        return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))


def _copies(layer: Module, n: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(n)])


class TransformerEncoder(Module):
    """A stack of encoder layers.

    Args:
        encoder_layer: The layer; each of the stack is a copy of it.
        num_layers: How many.
        norm: A layer for the end of the stack. Default none.
        enable_nested_tensor, mask_check: For PyTorch's fast path; kept, without effect.
    Shape:
        As of the layers.
    Example:
        >>> layer = nn.TransformerEncoderLayer(8, 2)
        >>> nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)(torch.zeros(5, 3, 8)).shape
        torch.Size([5, 3, 8])
    """

    __constants__ = ["norm"]

    def __init__(
        self,
        encoder_layer: TransformerEncoderLayer,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check
        attention = getattr(encoder_layer, "self_attn", None)
        self.use_nested_tensor = bool(
            enable_nested_tensor and attention is not None and attention.batch_first
        )
        if enable_nested_tensor and not self.use_nested_tensor and attention is not None:
            warnings.warn(
                "TransformerEncoder: enable_nested_tensor is True, but self.use_nested_tensor is False because "
                "encoder_layer.self_attn.batch_first was not True (use batch_first for better inference performance)",
                stacklevel=2,
            )

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        padding = _mask_as_numbers(src_key_padding_mask, "src_key_padding_mask", src)
        mask = _mask_as_numbers(mask, "mask", src)
        first = self.layers[0] if len(self.layers) else None
        batch_first = getattr(getattr(first, "self_attn", None), "batch_first", False)
        causal = _is_causal(mask, is_causal, _length(src, batch_first))
        x = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, is_causal=causal, src_key_padding_mask=padding)
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """A stack of decoder layers.

    Args:
        decoder_layer: The layer; each of the stack is a copy of it.
        num_layers: How many.
        norm: A layer for the end of the stack. Default none.
    Shape:
        As of the layers.
    Example:
        >>> layer = nn.TransformerDecoderLayer(8, 2)
        >>> nn.TransformerDecoder(layer, 2)(torch.zeros(5, 3, 8), torch.zeros(4, 3, 8)).shape
        torch.Size([5, 3, 8])
    """

    __constants__ = ["norm"]

    def __init__(
        self, decoder_layer: TransformerDecoderLayer, num_layers: int, norm: Module | None = None
    ) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        first = self.layers[0] if len(self.layers) else None
        batch_first = getattr(getattr(first, "self_attn", None), "batch_first", False)
        causal = _is_causal(tgt_mask, tgt_is_causal, _length(tgt, batch_first))
        x = tgt
        for layer in self.layers:
            x = layer(
                x,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """An encoder that reads `src` and a decoder that reads `tgt` and what the encoder made.

    Args:
        d_model: Size of the embeddings. Default 512.
        nhead: Number of attention heads. Default 8.
        num_encoder_layers, num_decoder_layers: Layers of each stack. Default 6.
        dim_feedforward: Hidden size of the feed-forward networks. Default 2048.
        dropout: Probability of zeroing an element, in training. Default 0.1.
        activation: 'relu', 'gelu' or a function. Default relu.
        custom_encoder, custom_decoder: Modules to take their place. Default none.
        layer_norm_eps: eps of the layer norms. Default 1e-5.
        batch_first: Whether inputs are (batch, rows, d_model), not (rows, batch, d_model). Default False.
        norm_first: Whether norms come before instead of after. Default False.
        bias: Whether linear layers and norms have biases. Default True.
    Shape:
        src (keys, batch, d_model), tgt (rows, batch, d_model), or both without a batch; output like tgt.
    Source: Vaswani et al. 2017, arXiv:1706.03762.
    Example:
        >>> m = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
        >>> m(torch.zeros(3, 5, 8), torch.zeros(3, 4, 8)).shape
        torch.Size([3, 4, 8])
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Any | None = None,
        custom_decoder: Any | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        to = {"device": device, "dtype": dtype}
        shared = (
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            layer_norm_eps,
            batch_first,
            norm_first,
            bias,
        )
        if custom_encoder is not None:
            self.encoder = custom_encoder
        else:
            layer = TransformerEncoderLayer(*shared, **to)
            self.encoder = TransformerEncoder(
                layer, num_encoder_layers, LayerNorm(d_model, layer_norm_eps, bias=bias, **to)
            )
        if custom_decoder is not None:
            self.decoder = custom_decoder
        else:
            other = TransformerDecoderLayer(*shared, **to)
            self.decoder = TransformerDecoder(
                other, num_decoder_layers, LayerNorm(d_model, layer_norm_eps, bias=bias, **to)
            )
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        batch_dim = 0 if self.batch_first else 1
        if src.dim() == 3 and src.size(batch_dim) != tgt.size(batch_dim):
            raise RuntimeError(
                f"Transformer: src and tgt must have the same batch (the batch number of src and tgt must be equal), got "
                f"{src.size(batch_dim)} and {tgt.size(batch_dim)}"
            )
        if src.size(-1) != self.d_model or tgt.size(-1) != self.d_model:
            raise RuntimeError(
                f"Transformer: the feature number of src and tgt must be equal to d_model {self.d_model}, got {src.size(-1)} "
                f"and {tgt.size(-1)}"
            )
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The causal mask of that size: -inf above the diagonal, 0 elsewhere."""
        devices.check(device, "generate_square_subsequent_mask")
        return _causal_mask(sz, dtype)

    def _reset_parameters(self) -> None:
        for p in self.parameters():
            if p.dim() > 1:
                init.xavier_uniform_(p)
