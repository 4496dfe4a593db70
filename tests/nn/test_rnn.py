"""Recurrent layers, attention modules and transformers: against NumPy step by step, and against PyTorch."""

import numpy as np
import pytest

import rushlight
from rushlight import nn
from rushlight.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

rng = np.random.default_rng(0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, w_ih, w_hh, b_ih, b_hh):
    h = c = np.zeros((x.shape[1], w_hh.shape[1]))
    ys = []
    for row in x:
        i, f, g, o = np.split(row @ w_ih.T + b_ih + h @ w_hh.T + b_hh, 4, 1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        ys.append(h)
    return np.stack(ys), h, c


def gru(x, w_ih, w_hh, b_ih, b_hh):
    h = np.zeros((x.shape[1], w_hh.shape[1]))
    ys = []
    for row in x:
        xr, xz, xn = np.split(row @ w_ih.T + b_ih, 3, 1)
        hr, hz, hn = np.split(h @ w_hh.T + b_hh, 3, 1)
        n = np.tanh(xn + sigmoid(xr + hr) * hn)
        z = sigmoid(xz + hz)
        h = (1 - z) * n + z * h
        ys.append(h)
    return np.stack(ys), h


@pytest.mark.parametrize(("layer", "definition"), [(nn.LSTM, lstm), (nn.GRU, gru)])
def test_definition(layer, definition):
    m = layer(5, 7)
    x = rng.standard_normal((6, 3, 5)).astype(np.float32)
    weights = [p.detach().numpy().astype(np.float64) for p in m._flat_weights]
    y, state = m(rushlight.from_numpy(x))
    expected = definition(x.astype(np.float64), *weights)
    assert np.allclose(y.detach().numpy(), expected[0], atol=1e-6)
    for s, e in zip(state if isinstance(state, tuple) else (state,), expected[1:], strict=True):
        assert np.allclose(s.detach().numpy()[0], e, atol=1e-6)


KINDS = [
    lambda lib: lib.nn.LSTM(5, 7, 2, bidirectional=True),
    lambda lib: lib.nn.LSTM(5, 7, batch_first=True, bias=False),
    lambda lib: lib.nn.LSTM(5, 7, 2, proj_size=3),
    lambda lib: lib.nn.LSTM(5, 7, 2, dropout=0.5),
    lambda lib: lib.nn.GRU(5, 7, 2, bidirectional=True, batch_first=True),
    lambda lib: lib.nn.GRU(5, 33),
    lambda lib: lib.nn.RNN(5, 7, 2, nonlinearity="relu"),
    lambda lib: lib.nn.RNN(5, 7, bidirectional=True),
]


@pytest.mark.filterwarnings("ignore:LSTM with projections")  # PyTorch's own
@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("shape", [(4, 3, 5), (4, 5)])
def test_like_pytorch(make, shape):
    torch = pytest.importorskip("torch")
    x = rng.standard_normal(shape).astype(np.float32)
    found = []
    for lib in (torch, rushlight):
        lib.manual_seed(0)
        m = make(lib)
        t = lib.from_numpy(x.copy()).requires_grad_()
        y, state = m(t)
        (y * y).sum().backward()
        states = state if isinstance(state, tuple) else (state,)
        grads = [p.grad for p in m.parameters() if p.grad is not None]
        found.append(
            [repr(m), list(m.state_dict()), [v.detach().numpy() for v in (y, *states, t.grad, *grads)]]
        )
    theirs, ours = found
    assert ours[:2] == theirs[:2]
    for a, b in zip(ours[2], theirs[2], strict=True):
        assert np.allclose(a, b, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("layer", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_kernel_and_composed_agree(layer, bidirectional):
    """float64 runs step by step; the kernel must give the same in float32, packed sequences included."""
    m = layer(4, 6, 2, bidirectional=bidirectional)
    x = rushlight.randn(5, 3, 4)
    lengths = rushlight.tensor([2, 5, 3])
    results = []
    for dtype in (rushlight.float32, rushlight.float64):
        m = m.to(dtype)
        t = x.detach().clone().to(dtype).requires_grad_()
        packed = pack_padded_sequence(t, lengths, enforce_sorted=False)
        y, state = m(packed)
        y, sizes = pad_packed_sequence(y)
        assert sizes.tolist() == [2, 5, 3]
        state = state[0] if isinstance(state, tuple) else state
        for p in m.parameters():
            p.grad = None
        (y.square().sum() + state.sum()).backward()
        results.append([v.detach().double() for v in (y, state, t.grad, *(p.grad for p in m.parameters()))])
    for a, b in zip(*results, strict=True):
        assert rushlight.allclose(a, b, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("cell", [nn.RNNCell, nn.LSTMCell, nn.GRUCell])
def test_cells_are_steps_of_the_layer(cell):
    layer = {nn.RNNCell: nn.RNN, nn.LSTMCell: nn.LSTM, nn.GRUCell: nn.GRU}[cell]
    c, m = cell(4, 6), layer(4, 6)
    m.load_state_dict({f"{k}_l0": v for k, v in c.state_dict().items()})
    x = rushlight.randn(3, 2, 4)
    y, _ = m(x)
    state = None
    for t in range(3):
        state = c(x[t], state)
        h = state[0] if isinstance(state, tuple) else state
        assert rushlight.allclose(h, y[t], atol=1e-6)


def test_second_derivatives():
    m = nn.LSTM(2, 3)
    x = rushlight.randn(3, 1, 2, requires_grad=True)
    (g,) = rushlight.autograd.grad(m(x)[0].sum(), x, create_graph=True)
    g.square().sum().backward()
    assert x.grad is not None
    assert m.weight_hh_l0.grad is not None


def test_threads_do_not_change_results():
    m, x = nn.LSTM(32, 96), rushlight.randn(5, 16, 32)
    before = rushlight.get_num_threads()
    results = []
    for n in (1, 3):
        rushlight.set_num_threads(n)
        results.append(m(x)[0])
    rushlight.set_num_threads(before)
    assert rushlight.equal(*results)


def test_errors():
    m = nn.LSTM(4, 6)
    x = rushlight.zeros(3, 2, 4)
    with pytest.raises(
        RuntimeError, match="LSTM: input.size\\(-1\\) must be equal to input_size. Expected 4, got 5"
    ):
        m(rushlight.zeros(3, 2, 5))
    with pytest.raises(RuntimeError, match="LSTM: Expected hidden\\[0\\] size \\(1, 2, 6\\)"):
        m(x, (rushlight.zeros(1, 3, 6), rushlight.zeros(1, 3, 6)))
    with pytest.raises(ValueError, match="LSTM: Expected input to be 2D or 3D, got 1D"):
        m(rushlight.zeros(4))
    with pytest.raises(ValueError, match="GRU: proj_size argument is only supported for LSTM"):
        nn.GRU(4, 6, proj_size=2)
    with pytest.raises(ValueError, match="LSTM: hidden_size must be greater than zero, got 0"):
        nn.LSTM(4, 0)
    with pytest.warns(UserWarning, match="dropout acts between layers"):
        nn.RNN(4, 6, dropout=0.5)


ATTENTION = [
    lambda lib: (lib.nn.MultiheadAttention(8, 2, dropout=0.5), "xxx"),
    lambda lib: (lib.nn.MultiheadAttention(8, 2, batch_first=True, add_bias_kv=True), "xxx"),
    lambda lib: (lib.nn.MultiheadAttention(8, 2, add_zero_attn=True, bias=False), "xxx"),
    lambda lib: (lib.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True), "x"),
    lambda lib: (lib.nn.TransformerEncoderLayer(8, 2, 16, activation="gelu"), "x"),
    lambda lib: (lib.nn.TransformerDecoderLayer(8, 2, 16), "xx"),
    lambda lib: (lib.nn.Transformer(8, 2, 1, 1, 16, batch_first=True), "xx"),
]


@pytest.mark.parametrize("make", ATTENTION)
def test_attention_like_pytorch(make):
    """Values, gradients, weights and dropout masks from one seed."""
    torch = pytest.importorskip("torch")
    x = rng.standard_normal((4, 4, 8)).astype(np.float32)
    found = []
    for lib in (torch, rushlight):
        lib.manual_seed(0)
        m, how = make(lib)
        t = lib.from_numpy(x.copy()).requires_grad_()
        y = m(*[t] * len(how))
        y = y[0] if isinstance(y, tuple) else y
        (y * y).sum().backward()
        found.append([repr(m), list(m.state_dict()), [v.detach().numpy() for v in (y, t.grad)]])
    theirs, ours = found
    assert ours[:2] == theirs[:2]
    for a, b in zip(ours[2], theirs[2], strict=True):
        assert np.allclose(a, b, atol=1e-4, rtol=1e-4)


def test_padding_is_not_seen():
    m = nn.MultiheadAttention(8, 2, batch_first=True)
    x = rushlight.randn(2, 5, 8)
    padding = rushlight.tensor([[False] * 5, [False] * 3 + [True] * 2])
    y, p = m(x, x, x, key_padding_mask=padding)
    short, _ = m(x[1:, :3], x[1:, :3], x[1:, :3])
    assert rushlight.allclose(y[1:, :3], short, atol=1e-6)
    assert p[1, :, 3:].abs().max() == 0
    fast, none = m(x, x, x, key_padding_mask=padding, need_weights=False)
    assert none is None
    assert rushlight.allclose(fast, y, atol=1e-6)


def test_fully_masked_rows_are_zero():
    q = rushlight.randn(1, 1, 2, 4)
    mask = rushlight.tensor([[True, True], [False, False]])
    y = nn.functional.scaled_dot_product_attention(q, q, q, mask)
    assert y[0, 0, 1].abs().max() == 0
