"""Recurrent layers over whole sequences (`RNN`, `LSTM`, `GRU`) and one step at a time (the cells)."""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

import numpy as np

from ...ops.creation import empty, zeros
from ...ops.rnn import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell, run
from ...tensor import Tensor
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "RNNBase", "RNNCell", "RNNCellBase"]

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def _converting() -> bool:
    """Whether autocast will bring input and weights to one dtype."""
    from ...amp import _casts

    return _casts.state.on


class _Recurrent(Module):
    """What layers and cells share."""

    hidden_size: int

    def reset_parameters(self) -> None:
        """Draw new weights, uniform in +-1/sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)


class RNNBase(_Recurrent):
    """What RNN, LSTM and GRU share: weights, their names, checks, and the run over layers and directions."""

    __constants__ = [
        "mode",
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
        "proj_size",
    ]
    _flat_weights_names: list[str]

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout) if isinstance(dropout, numbers.Number) else dropout  # type: ignore[arg-type]
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_settings(dropout)
        directions = 2 if bidirectional else 1
        rows, state = _GATES[mode] * hidden_size, proj_size or hidden_size
        self._flat_weights_names = []
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            columns = input_size if layer == 0 else state * directions
            for suffix in ("", "_reverse")[:directions]:
                shapes: list[tuple[str, tuple[int, ...]]] = [
                    ("weight_ih", (rows, columns)),
                    ("weight_hh", (rows, state)),
                ]
                if bias:
                    shapes += [("bias_ih", (rows,)), ("bias_hh", (rows,))]
                if proj_size:
                    shapes.append(("weight_hr", (proj_size, hidden_size)))
                names = [f"{name}_l{layer}{suffix}" for name, _ in shapes]
                for name, (_, shape) in zip(names, shapes, strict=True):
                    setattr(self, name, Parameter(empty(shape, device=device, dtype=dtype)))
                self._flat_weights_names += names
                self._all_weights.append(names)
        self.reset_parameters()

    def _check_settings(self, dropout: Any) -> None:
        name = type(self).__name__
        if not isinstance(dropout, numbers.Number) or isinstance(dropout, bool) or not 0 <= dropout <= 1:  # type: ignore[operator]
            raise ValueError(
                f"{name}: dropout must be a number in [0, 1], the probability of zeroing an element, got {dropout}"
            )
        if dropout > 0 and self.num_layers == 1:  # type: ignore[operator]
            warnings.warn(
                f"{name}: dropout acts between layers, so a non-zero dropout expects num_layers greater than 1, but got "
                f"dropout={dropout} and num_layers={self.num_layers}",
                stacklevel=4,
            )
        if not isinstance(self.bias, bool):
            raise TypeError(f"{name}: bias must be a bool, got {type(self.bias).__name__}")
        for setting in ("input_size", "hidden_size", "num_layers"):
            value = getattr(self, setting)
            if not isinstance(value, int):
                raise TypeError(f"{name}: {setting} must be an int, got {type(value).__name__}")
            if value <= 0:
                raise ValueError(f"{name}: {setting} must be greater than zero, got {value}")
        if self.proj_size < 0:
            raise ValueError(
                f"{name}: proj_size must be a positive integer, or zero for no projections, got {self.proj_size}"
            )
        if self.proj_size >= self.hidden_size:
            raise ValueError(
                f"{name}: proj_size must be smaller than hidden_size {self.hidden_size}, got {self.proj_size}"
            )
        if self.mode not in _GATES:
            raise ValueError(
                f"{name}: mode must be one of {sorted(_GATES)} (Unrecognized RNN mode), got {self.mode!r}"
            )

    @property
    def _flat_weights(self) -> list:
        return [getattr(self, name, None) for name in self._flat_weights_names]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The weights as a list for each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def flatten_parameters(self) -> None:
        """Nothing: that weights lie in one block matters on a GPU only."""

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        for name, default in (
            ("proj_size", 0),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0),
            ("bidirectional", False),
        ):
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text

    # -- running ------------------------------------------------------------------------------------
    def _weights(self) -> list[list]:
        """For each layer (w_ih, w_hh, b_ih, b_hh, w_hr) of each direction."""
        directions = 2 if self.bidirectional else 1
        found: list[list] = []
        for i, names in enumerate(self._all_weights):
            p = [getattr(self, name) for name in names]
            each = [p[0], p[1], *(p[2:4] if self.bias else (None, None)), p[-1] if self.proj_size else None]
            if i % directions:
                found[-1].extend(each)
            else:
                found.append(each)
        return found

    def check_input(self, input: Tensor, batch_sizes: Tensor | None = None) -> None:
        """Raise where `input` does not fit the weights."""
        name, weight = type(self).__name__, getattr(self, self._flat_weights_names[0])
        if input.dtype is not weight.dtype and not _converting():
            raise ValueError(
                f"{name}: input must have the weights' dtype {weight.dtype} (RNN input dtype), got {input.dtype}"
            )
        ndim = 2 if batch_sizes is not None else 3
        if input.dim() != ndim:
            raise RuntimeError(f"{name}: input must have {ndim} dimensions, got {input.dim()}")
        if self.input_size != input.size(-1):
            raise RuntimeError(
                f"{name}: input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}"
            )

    def check_hidden_size(
        self, hx: Tensor, expected: tuple, msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Raise where a state does not have the shape `expected`."""
        if tuple(hx.size()) != tuple(expected):
            raise RuntimeError(f"{type(self).__name__}: " + msg.format(tuple(expected), list(hx.size())))

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        """A state (or pair of them) with its sequences in another order."""
        if permutation is None:
            return hx
        if isinstance(hx, tuple):
            return tuple(h.index_select(1, permutation) for h in hx)
        return hx.index_select(1, permutation)

    def _state_sizes(self) -> list[tuple[str, int]]:
        if self.mode == "LSTM":
            return [("hidden[0]", self.proj_size or self.hidden_size), ("hidden[1]", self.hidden_size)]
        return [("hidden", self.hidden_size)]

    def forward(self, input: Any, hx: Any = None) -> Any:
        name, lstm = type(self).__name__, self.mode == "LSTM"
        rows = self.num_layers * (2 if self.bidirectional else 1)
        packed = type(input).__name__ == "PackedSequence"
        order = back = None
        batched = True
        if packed:
            x, batch_sizes, order, back = input
            sizes = batch_sizes.numpy().astype(np.int64)
            batch = int(sizes[0])
        else:
            if input.dim() not in (2, 3):
                raise ValueError(f"{name}: Expected input to be 2D or 3D, got {input.dim()}D instead")
            batched = input.dim() == 3
            time_dim, batch_dim = (1, 0) if self.batch_first else (0, 1)
            x = input if batched else input.unsqueeze(1 if not self.batch_first else 0)
            batch = x.size(batch_dim)
            if x.size(time_dim) == 0:
                raise RuntimeError(f"{name}: Expected sequence length to be larger than 0 in RNN")
            sizes = np.full(x.size(time_dim), batch, np.int64)
        if hx is None:
            states = [zeros(rows, batch, size, dtype=x.dtype) for _, size in self._state_sizes()]
        else:
            states = list(hx) if lstm else [hx]
            if len(states) != len(self._state_sizes()):
                raise RuntimeError(f"{name}: hx must be a pair (h_0, c_0), got {len(states)} tensors")
            for h in states:
                if not packed and h.dim() != (3 if batched else 2):
                    raise RuntimeError(
                        f"{name}: For {'batched 3-D' if batched else 'unbatched 2-D'} input, hx{' and cx' if lstm else ''} "
                        f"should also be {'3-D' if batched else '2-D'} but got "
                        + (
                            f"({', '.join(f'{s.dim()}-D' for s in states)}) tensors"
                            if lstm
                            else f"{h.dim()}-D tensor"
                        )
                    )
            if not batched:
                states = [h.unsqueeze(1) for h in states]
            states = [self.permute_hidden(h, order) for h in states]
        self.check_input(x, batch_sizes if packed else None)
        for h, (which, size) in zip(states, self._state_sizes(), strict=True):
            self.check_hidden_size(h, (rows, batch, size), f"Expected {which} size {{}}, got {{}}")
        if not packed and self.batch_first:
            x = x.transpose(0, 1)
        c0 = states[1] if lstm else None
        y, hn, cn = run(self.mode, x, sizes, states[0], c0, self._weights(), self.dropout, self.training)
        if packed:
            y = type(input)(y, batch_sizes, order, back)
            hn, cn = self.permute_hidden(hn, back), None if cn is None else self.permute_hidden(cn, back)
        else:
            if self.batch_first:
                y = y.transpose(0, 1)
            if not batched:
                y = y.squeeze(1 if not self.batch_first else 0)
                hn, cn = hn.squeeze(1), None if cn is None else cn.squeeze(1)
        return y, ((hn, cn) if lstm else hn)


class RNN(RNNBase):
    """Elman layers over sequences: h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh).

    Args:
        input_size: Features of each x_t.
        hidden_size: Features of each h_t.
        num_layers: Layers on top of each other, each reading the outputs of the one below. Default 1.
        nonlinearity: 'tanh' or 'relu'. Default 'tanh'.
        bias: Whether there are b_ih and b_hh. Default True.
        batch_first: Whether the batch is the first dim of input and output (not of the states). Default False.
        dropout: Probability of zeroing an element between layers, in training. Default 0.
        bidirectional: Whether a second set of weights reads each sequence backwards. Default False.
    Shape:
        input (time, batch, input_size), or with batch_first (batch, time, input_size), or (time, input_size), or a
        PackedSequence; h_0 (layers * directions, batch, hidden_size), zeros if not given.
        output (time, batch, directions * hidden_size); h_n like h_0.
    Source: Elman 1990, Finding structure in time.
    Example:
        >>> y, h = nn.RNN(10, 20, 2)(torch.zeros(5, 3, 10))
        >>> y.shape, h.shape
        (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("RNN: proj_size argument is only supported for LSTM, not RNN or GRU")
        if len(args) > 3:
            nonlinearity = args[3]
            args = args[:3] + args[4:]
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        modes = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}
        if nonlinearity not in modes:
            raise ValueError(
                f"RNN: nonlinearity must be 'tanh' or 'relu' (Unknown nonlinearity), got {nonlinearity!r}"
            )
        super().__init__(modes[nonlinearity], *args, **kwargs)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory layers over sequences.

    i, f, o = sigmoid of three affine maps of x_t and h_(t-1), g = tanh of a fourth; c_t = f c_(t-1) + i g;
    h_t = o tanh(c_t).

    Args:
        input_size: Features of each x_t.
        hidden_size: Features of each h_t and c_t.
        num_layers: Layers on top of each other. Default 1.
        bias: Whether there are biases. Default True.
        batch_first: Whether the batch is the first dim of input and output. Default False.
        dropout: Probability of zeroing an element between layers, in training. Default 0.
        bidirectional: Whether a second set of weights reads each sequence backwards. Default False.
        proj_size: If not 0, h_t is multiplied by a matrix to this many features. Default 0.
    Shape:
        input as of `RNN`; h_0 (layers * directions, batch, proj_size or hidden_size), c_0 (..., hidden_size);
        gives output (time, batch, directions * (proj_size or hidden_size)) and (h_n, c_n).
    Source: Hochreiter and Schmidhuber 1997; Gers et al. 2000; projections: Sak et al. 2014, arXiv:1402.1128.
    Example:
        >>> y, (h, c) = nn.LSTM(10, 20, bidirectional=True)(torch.zeros(5, 3, 10))
        >>> y.shape, c.shape
        (torch.Size([5, 3, 40]), torch.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def get_expected_cell_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """The shape that c_0 must have."""
        batch = int(batch_sizes[0]) if batch_sizes is not None else input.size(0 if self.batch_first else 1)
        return self.num_layers * (2 if self.bidirectional else 1), batch, self.hidden_size


class GRU(RNNBase):
    """Gated recurrent units over sequences.

    r, z = sigmoid of two affine maps of x_t and h_(t-1); n = tanh(W_in x_t + b_in + r (W_hn h_(t-1) + b_hn));
    h_t = (1 - z) n + z h_(t-1).

    Args:
        input_size: Features of each x_t.
        hidden_size: Features of each h_t.
        num_layers: Layers on top of each other. Default 1.
        bias: Whether there are biases. Default True.
        batch_first: Whether the batch is the first dim of input and output. Default False.
        dropout: Probability of zeroing an element between layers, in training. Default 0.
        bidirectional: Whether a second set of weights reads each sequence backwards. Default False.
    Shape:
        as of `RNN`.
    Source: Cho et al. 2014, arXiv:1406.1078, with the reset gate behind the product.
    Example:
        >>> y, h = nn.GRU(10, 20, batch_first=True)(torch.zeros(3, 5, 10))
        >>> y.shape, h.shape
        (torch.Size([3, 5, 20]), torch.Size([1, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("GRU: proj_size argument is only supported for LSTM, not RNN or GRU")
        super().__init__("GRU", *args, **kwargs)


class RNNCellBase(_Recurrent):
    """What the cells share: their weights and checks."""

    __constants__ = ["input_size", "hidden_size", "bias"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(empty((rows, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(empty((rows, hidden_size), device=device, dtype=dtype))
        if bias:
            self.bias_ih = Parameter(empty(rows, device=device, dtype=dtype))
            self.bias_hh = Parameter(empty(rows, device=device, dtype=dtype))
        else:
            self.register_parameter("bias_ih", None)
            self.register_parameter("bias_hh", None)
        self.reset_parameters()

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text

    def _step(self, function: Any, input: Tensor, states: list[Tensor]) -> Any:
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        for i, h in enumerate(states):
            if h.dim() not in (1, 2):
                which = f"hx[{i}]" if len(states) > 1 else "hidden"
                raise ValueError(f"{name}: Expected {which} to be 1D or 2D, got {h.dim()}D instead")
        batched = input.dim() == 2
        x = input if batched else input.unsqueeze(0)  # type: ignore[attr-defined]
        if not states:
            count = 2 if isinstance(self, LSTMCell) else 1
            states = [zeros(x.size(0), self.hidden_size, dtype=x.dtype)] * count
        elif not batched:
            states = [h.unsqueeze(0) if h.dim() == 1 else h for h in states]  # type: ignore[attr-defined]
        hx = tuple(states) if len(states) > 1 else states[0]
        found = function(x, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        if batched:
            return found
        return tuple(f.squeeze(0) for f in found) if isinstance(found, tuple) else found.squeeze(0)


class RNNCell(RNNCellBase):
    """One step of an Elman network: h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    Args:
        input_size: Features of x.
        hidden_size: Features of h.
        bias: Whether there are biases. Default True.
        nonlinearity: 'tanh' or 'relu'. Default 'tanh'.
    Shape:
        input (batch, input_size) or (input_size); hx (batch, hidden_size), zeros if not given; h' like hx.
    Example:
        >>> nn.RNNCell(10, 20)(torch.zeros(3, 10)).shape
        torch.Size([3, 20])
    """

    __constants__ = ["input_size", "hidden_size", "bias", "nonlinearity"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        functions = {"tanh": rnn_tanh_cell, "relu": rnn_relu_cell}
        if self.nonlinearity not in functions:
            raise RuntimeError(f"RNNCell: Unknown nonlinearity: {self.nonlinearity}")
        return self._step(functions[self.nonlinearity], input, [] if hx is None else [hx])


class LSTMCell(RNNCellBase):
    """One step of an LSTM: the next (h, c). The formulas are at `LSTM`.

    Args:
        input_size: Features of x.
        hidden_size: Features of h and c.
        bias: Whether there are biases. Default True.
    Shape:
        input (batch, input_size) or (input_size); hx a pair of (batch, hidden_size), zeros if not given.
    Example:
        >>> h, c = nn.LSTMCell(10, 20)(torch.zeros(3, 10))
        >>> h.shape
        torch.Size([3, 20])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: Any = None) -> tuple[Tensor, Tensor]:
        return self._step(lstm_cell, input, [] if hx is None else list(hx))


class GRUCell(RNNCellBase):
    """One step of a GRU: the next h. The formulas are at `GRU`.

    Args:
        input_size: Features of x.
        hidden_size: Features of h.
        bias: Whether there are biases. Default True.
    Shape:
        input (batch, input_size) or (input_size); hx (batch, hidden_size), zeros if not given; h' like hx.
    Example:
        >>> nn.GRUCell(10, 20)(torch.zeros(3, 10)).shape
        torch.Size([3, 20])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(gru_cell, input, [] if hx is None else [hx])
