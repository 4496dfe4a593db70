"""Recurrent layers: RNN, LSTM, GRU over whole sequences, and their cells.

A layer in one or both directions is one node with one kernel each way (csrc/kernels/rnn.cpp). Sequences of
different lengths are packed: the rows of all steps one after another, `sizes[t]` of them at step t.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd import Function, is_grad_enabled
from ..autograd.function import composed_vjp
from ..kernels import _C, usable
from ..tensor import Tensor, wrap
from .join import cat, stack
from .linear import linear
from .shape import reshape, transpose
from .split import narrow, split

__all__ = [
    "gru",
    "gru_cell",
    "lstm",
    "lstm_cell",
    "rnn_relu",
    "rnn_relu_cell",
    "rnn_tanh",
    "rnn_tanh_cell",
]

MODES = {"RNN_TANH": 0, "RNN_RELU": 1, "LSTM": 2, "GRU": 3}  # csrc/kernels/rnn.h
LSTM, GRU = 2, 3


def step(mode: int, x: Tensor, h: Tensor, c: Tensor | None, w: tuple) -> tuple[Tensor, Tensor | None]:
    """One step of a cell from elementary operations; `x` is already multiplied by the input weights.

    Source: Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000; Cho et al. 2014,
    arXiv:1406.1078 (with the reset gate behind the product, as in PyTorch and cuDNN).
    """
    w_hh, b_hh, w_hr = w
    g = linear(h, w_hh, b_hh)
    if mode == LSTM:
        i, f, z, o = (x + g).chunk(4, 1)  # type: ignore[attr-defined]
        c = f.sigmoid() * c + i.sigmoid() * z.tanh()
        h = o.sigmoid() * c.tanh()  # type: ignore[union-attr]
        return (h if w_hr is None else linear(h, w_hr)), c
    if mode == GRU:
        xr, xz, xn = x.chunk(3, 1)  # type: ignore[attr-defined]
        r, z, n = g.chunk(3, 1)  # type: ignore[attr-defined]
        z = (xz + z).sigmoid()
        n = (xn + (xr + r).sigmoid() * n).tanh()
        return n + z * (h - n), None
    g = x + g
    return (g.tanh() if mode == 0 else g.relu()), None  # type: ignore[attr-defined]


def direction_composed(
    mode: int, sizes: np.ndarray, reverse: bool, x: Tensor, h: Tensor, c: Tensor | None, weights: tuple
) -> tuple[Tensor, Tensor, Tensor | None]:
    """One layer in one direction, step by step: the definition of what the kernels compute."""
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    inputs = split(linear(x, w_ih, b_ih), sizes.tolist())
    steps = range(len(sizes))
    outputs: list[Any] = [None] * len(sizes)
    ended: list[tuple[Tensor, Tensor | None]] = []  # states of sequences that end before the longest
    h0, c0 = h, c
    now = int(sizes[-1] if reverse else sizes[0])
    h = narrow(h0, 0, 0, now)
    c = None if c0 is None else narrow(c0, 0, 0, now)
    for t in reversed(steps) if reverse else steps:
        n = int(sizes[t])
        if n > now:  # going back: more sequences begin
            h = cat([h, narrow(h0, 0, now, n - now)])
            c = None if c is None else cat([c, narrow(c0, 0, now, n - now)])  # type: ignore[arg-type]
        elif n < now:
            ended.append((narrow(h, 0, n, now - n), None if c is None else narrow(c, 0, n, now - n)))
            h, c = narrow(h, 0, 0, n), None if c is None else narrow(c, 0, 0, n)
        now = n
        h, c = step(mode, inputs[t], h, c, (w_hh, b_hh, w_hr))
        outputs[t] = h
    last = [(h, c), *reversed(ended)]
    if len(last) > 1:
        h = cat([s[0] for s in last])
        c = None if c is None else cat([s[1] for s in last])  # type: ignore[misc]
    return cat(outputs), h, c


def layer_composed(mode: int, sizes: np.ndarray, x: Tensor, h0: Tensor, c0: Any, *weights: Any) -> tuple:
    """A layer in all its directions: (y, hn, cn), cn None but for LSTM; h0 and hn (directions, batch, hidden)."""
    rows = reshape(x, -1, x._array.shape[-1])
    found = [
        direction_composed(
            mode, sizes, d == 1, rows, h0[d], None if c0 is None else c0[d], weights[5 * d : 5 * d + 5]
        )
        for d in range(len(weights) // 5)
    ]
    y = found[0][0] if len(found) == 1 else cat([f[0] for f in found], 1)
    hn = stack([f[1] for f in found])
    cn = stack([f[2] for f in found]) if mode == LSTM else None  # type: ignore[misc]
    return reshape(y, *x._array.shape[:-1], y._array.shape[-1]), hn, cn


class _Layer(Function):
    """A layer in all its directions. Arguments: mode, sizes, x, h0, c0, then (w_ih, w_hh, b_ih, b_hh, None) each."""

    @staticmethod
    def forward(
        ctx: Any, mode: int, sizes: np.ndarray, x: Tensor, h0: Tensor, c0: Any, *weights: Any
    ) -> tuple:
        directions = len(weights) // 5
        shape, hidden = x._array.shape, weights[1]._array.shape[1]
        rows = x._array.reshape(-1, shape[-1])
        y = _C.empty((len(rows), directions * hidden), x._array.dtype)
        hs, cs, kept = [], [], []
        for d in range(directions):
            w = weights[5 * d : 5 * d + 4]
            c = None if c0 is None else c0._array[d]
            hn, cn, *state = _C.rnn_layer(mode, rows, sizes, d == 1, h0._array[d], c, *w, y, d * hidden)
            hs.append(hn._array)
            cs.append(cn._array)
            kept += state
        ctx.save_for_backward(x, h0, c0, *weights, *kept)
        ctx.mode, ctx.sizes, ctx.directions = mode, sizes, directions
        ctx.set_materialize_grads(False)
        y = wrap(y._array.reshape(*shape[:-1], directions * hidden))
        return y, _stacked(hs), _stacked(cs) if mode == LSTM else None

    @staticmethod
    def backward(ctx: Any, dy: Any, dhn: Any, dcn: Any) -> tuple:
        mode, sizes, directions = ctx.mode, ctx.sizes, ctx.directions
        x, h0, c0, *rest = ctx.saved_tensors
        weights, kept = rest[: 5 * directions], rest[5 * directions :]
        if is_grad_enabled():

            def again(*args: Any) -> tuple:
                return layer_composed(mode, sizes, *args)

            return (None, None, *composed_vjp(again, (dy, dhn, dcn), (x, h0, c0, *weights)))
        rows = x._array.reshape(-1, x._array.shape[-1])
        hidden = weights[1]._array.shape[1]
        if dy is None:
            g = np.zeros((len(rows), directions * hidden), np.float32)
        else:
            g = dy._array.reshape(len(rows), directions * hidden)
        gh = np.zeros(h0._array.shape, np.float32) if dhn is None else dhn._array
        need_x = ctx.needs_input_grad[2]
        dx: Any = None
        dh, dc, dw = [], [], []
        for d in range(directions):
            w_ih, w_hh, b_ih = weights[5 * d : 5 * d + 3]
            found = _C.rnn_layer_backward(
                mode,
                g,
                d * hidden,
                rows,
                sizes,
                d == 1,
                w_ih,
                w_hh,
                *kept[3 * d : 3 * d + 3],
                gh[d],
                None if dcn is None or mode != LSTM else dcn._array[d],
                need_x,
                b_ih is not None,
            )
            if need_x:
                dx = found[0]._array if dx is None else np.add(dx, found[0]._array, out=dx)
            dh.append(found[1]._array)
            dc.append(found[2]._array)
            dw += [*found[3:5], *(found[5:7] if b_ih is not None else (None, None)), None]
        return (
            None,
            None,
            wrap(dx.reshape(x._array.shape)) if need_x else None,
            _stacked(dh),
            None if c0 is None else _stacked(dc),
            *dw,
        )


def _stacked(arrays: list[np.ndarray]) -> Tensor:
    return wrap(arrays[0][None] if len(arrays) == 1 else np.stack(arrays))


# The names that PyTorch's last nodes have.
class MkldnnRnnLayerBackward0(_Layer):
    pass


class StackBackward0(_Layer):
    pass


class CatBackward0(_Layer):
    pass


def layer(mode: int, sizes: np.ndarray, x: Tensor, h0: Tensor, c0: Any, weights: list) -> tuple:
    """One layer: (y, hn, cn). `weights` holds (w_ih, w_hh, b_ih, b_hh, w_hr) of each direction in turn."""
    if weights[4] is None and usable(x, h0, c0, *weights) and x._array.size:
        node = (
            CatBackward0 if len(weights) > 5 else MkldnnRnnLayerBackward0 if mode == LSTM else StackBackward0
        )
        return node.apply(mode, sizes, x, h0, c0, *weights)
    return layer_composed(mode, sizes, x, h0, c0, *weights)


def _dropout(x: Tensor, p: float) -> Tensor:
    from .dropout import dropout

    return dropout(x, p, True)


def run(
    mode: str,
    x: Tensor,
    sizes: np.ndarray,
    h0: Tensor,
    c0: Any,
    weights: list,
    dropout: float,
    training: bool,
) -> tuple:
    """All layers: (y, hn, cn). `weights[layer]` is what `layer` takes; h0 is (layers * directions, batch, hidden)."""
    directions = len(weights[0]) // 5
    hs, cs = [], []
    for i, each in enumerate(weights):
        at = i * directions
        c = None if c0 is None else narrow(c0, 0, at, directions)
        x, hn, cn = layer(MODES[mode], sizes, x, narrow(h0, 0, at, directions), c, each)
        hs.append(hn)
        cs.append(cn)
        if dropout and training and i + 1 < len(weights):
            x = _dropout(x, dropout)
    several = len(hs) > 1
    cn = (cat(cs) if several else cs[0]) if mode == "LSTM" else None
    return x, cat(hs) if several else hs[0], cn


def grouped(params: Any, has_biases: bool, directions: int, projected: bool) -> list[list]:
    """PyTorch's flat list of weights as a list for each layer, with None for what there is not."""
    each = 2 + 2 * bool(has_biases) + bool(projected)
    if len(params) % (each * directions):
        raise RuntimeError(
            f"rnn: params must hold {each} tensors for each layer and direction, got {len(params)}"
        )
    found = []
    for i in range(0, len(params), each * directions):
        one: list = []
        for d in range(directions):
            p = list(params[i + d * each : i + (d + 1) * each])
            one += [p[0], p[1], *(p[2:4] if has_biases else (None, None)), p[-1] if projected else None]
        found.append(one)
    return found


def _whole(mode: str, args: tuple, names: dict) -> tuple:
    """The two forms of torch.lstm and its like: (input, hx, ..., batch_first) and (data, batch_sizes, hx, ...)."""
    function = mode.lower()
    order = [
        "input",
        "hx",
        "params",
        "has_biases",
        "num_layers",
        "dropout",
        "train",
        "bidirectional",
        "batch_first",
    ]
    packed = (len(args) > 3 and not isinstance(args[3], (bool, int))) or "batch_sizes" in names
    if packed:
        order = ["data", "batch_sizes", *order[1:-1]]
    given = dict(zip(order, args, strict=False))
    given.update(names)
    missing = [n for n in order if n not in given]
    if missing or len(given) > len(order):
        raise TypeError(f"{function}: takes the arguments {order}, got {sorted(given)}")
    hx = given["hx"]
    h0, c0 = hx if mode == "LSTM" else (hx, None)
    x = given["data" if packed else "input"]
    weights = grouped(
        given["params"],
        given["has_biases"],
        2 if given["bidirectional"] else 1,
        mode == "LSTM" and h0._array.shape[2] * 4 != given["params"][1]._array.shape[0],
    )
    batch_first = not packed and given["batch_first"]
    if batch_first:
        x = transpose(x, 0, 1)
    sizes = given["batch_sizes"]._array if packed else np.full(x._array.shape[0], x._array.shape[1])
    y, hn, cn = run(mode, x, sizes.astype(np.int64), h0, c0, weights, given["dropout"], given["train"])
    if batch_first:
        y = transpose(y, 0, 1)
    return (y, hn, cn) if mode == "LSTM" else (y, hn)


def lstm(*args: Any, **kwargs: Any) -> tuple:
    """LSTM layers over a batch of sequences: (output, h_n, c_n). See `nn.LSTM`, which calls it with its weights.

    `lstm(input, (h_0, c_0), params, has_biases, num_layers, dropout, train, bidirectional, batch_first)`, or
    `lstm(data, batch_sizes, (h_0, c_0), params, ..., bidirectional)` for packed sequences.

    Example:
        >>> m = rushlight.nn.LSTM(3, 4)
        >>> state = (rushlight.zeros(1, 2, 4), rushlight.zeros(1, 2, 4))
        >>> y, h, c = lstm(rushlight.ones(5, 2, 3), state, m._flat_weights, True, 1, 0.0, True, False, False)
        >>> y.shape
        torch.Size([5, 2, 4])
    """
    return _whole("LSTM", args, kwargs)


def gru(*args: Any, **kwargs: Any) -> tuple:
    """GRU layers over a batch of sequences: (output, h_n). Arguments as of `lstm`, with one state. See `nn.GRU`."""
    return _whole("GRU", args, kwargs)


def rnn_tanh(*args: Any, **kwargs: Any) -> tuple:
    """Elman layers with tanh over a batch of sequences: (output, h_n). Arguments as of `gru`. See `nn.RNN`."""
    return _whole("RNN_TANH", args, kwargs)


def rnn_relu(*args: Any, **kwargs: Any) -> tuple:
    """Elman layers with ReLU over a batch of sequences: (output, h_n). Arguments as of `gru`. See `nn.RNN`."""
    return _whole("RNN_RELU", args, kwargs)


def _cell(mode: int, x: Tensor, h: Tensor, c: Any, w_ih: Tensor, w_hh: Tensor, b_ih: Any, b_hh: Any) -> tuple:
    names = ("rnn_tanh_cell", "rnn_relu_cell", "lstm_cell", "gru_cell")
    gates = (1, 1, 4, 3)[mode]
    if x._array.shape[-1] != w_ih._array.shape[1]:
        raise RuntimeError(
            f"{names[mode]}: input must have last size {w_ih._array.shape[1]}, as w_ih (input has inconsistent "
            f"input_size), got {x._array.shape[-1]}"
        )
    hidden = w_hh._array.shape[1]
    for name, s in (("hx", h), ("cx", c)):
        if s is not None and s._array.shape != (x._array.shape[0], hidden):
            raise RuntimeError(
                f"{names[mode]}: {name} must have shape {(x._array.shape[0], hidden)} (inconsistent hidden_size or batch "
                f"size), got {s._array.shape}"
            )
    if w_hh._array.shape[0] != gates * hidden:
        raise RuntimeError(f"{names[mode]}: w_hh must have {gates * hidden} rows, got {w_hh._array.shape[0]}")
    if usable(x, h, c, w_ih, w_hh, b_ih, b_hh) and x._array.size:
        sizes = np.full(1, x._array.shape[0], np.int64)
        states = (h.unsqueeze(0), None if c is None else c.unsqueeze(0))  # type: ignore[attr-defined]
        _, hn, cn = StackBackward0.apply(mode, sizes, x, *states, w_ih, w_hh, b_ih, b_hh, None)
        return hn.squeeze(0), None if cn is None else cn.squeeze(0)
    return step(mode, linear(x, w_ih, b_ih), h, c, (w_hh, b_hh, None))


def lstm_cell(
    input: Tensor,
    hx: Any,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM: the next (h, c). See `nn.LSTMCell`.

    Example:
        >>> m = rushlight.nn.LSTMCell(3, 4)
        >>> h, c = lstm_cell(rushlight.ones(2, 3), (rushlight.zeros(2, 4),) * 2, m.weight_ih, m.weight_hh)
        >>> h.shape
        torch.Size([2, 4])
    """
    if len(hx) != 2:
        raise RuntimeError(f"lstm_cell: hx must be two tensors (h, c), got {len(hx)}")
    return _cell(LSTM, input, hx[0], hx[1], w_ih, w_hh, b_ih, b_hh)  # type: ignore[return-value]


def gru_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of a GRU: the next h. See `nn.GRUCell`."""
    return _cell(GRU, input, hx, None, w_ih, w_hh, b_ih, b_hh)[0]


def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of an Elman network with tanh: the next h. See `nn.RNNCell`."""
    return _cell(0, input, hx, None, w_ih, w_hh, b_ih, b_hh)[0]


def rnn_relu_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of an Elman network with ReLU: the next h. See `nn.RNNCell`."""
    return _cell(1, input, hx, None, w_ih, w_hh, b_ih, b_hh)[0]
