"""`autocast`: which operation computes in which dtype, as in PyTorch; parameters' copies; `GradScaler`."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest

import rushlight
from rushlight.amp import GradScaler, autocast, autocast_mode, custom_bwd, custom_fwd
from rushlight.nn import functional as F


def _calls(t):
    """name -> call of a tensor, with PyTorch or rushlight as `t`."""
    f = t.nn.functional
    index = t.tensor([0, 1, 2])
    return {
        "matmul": lambda x: x @ x,
        "vector @ vector": lambda x: x[0] @ x[0],
        "mm": lambda x: t.mm(x, x),
        "mv": lambda x: t.mv(x, x[0]),
        "dot": lambda x: t.dot(x[0], x[0]),
        "addmm": lambda x: t.addmm(x, x, x),
        "addmm_": lambda x: x.clone().addmm_(x, x),
        "mm out": lambda x: t.mm(x, x, out=t.empty(0, dtype=x.dtype)),
        "bmm": lambda x: t.bmm(x[None], x[None]),
        "einsum": lambda x: t.einsum("ij,kj->ik", x, x),
        "einsum product": lambda x: t.einsum("ij,ij->ij", x, x),
        "linear": lambda x: f.linear(x, t.ones(2, 4), t.ones(2)),
        "conv1d": lambda x: f.conv1d(x[None], t.ones(2, 4, 3)),
        "conv_transpose1d": lambda x: f.conv_transpose1d(x[None], t.ones(4, 2, 3)),
        "prelu": lambda x: f.prelu(x, t.ones(1)),
        "attention": lambda x: f.scaled_dot_product_attention(x[None], x[None], x[None]),
        "lstm": lambda x: t.nn.LSTM(4, 3)(x)[0],
        "gru": lambda x: t.nn.GRU(4, 3)(x)[0],
        "rnn": lambda x: t.nn.RNN(4, 3)(x)[0],
        "lstm cell": lambda x: t.nn.LSTMCell(4, 3)(x)[0],
        "rnn cell": lambda x: t.nn.RNNCell(4, 3)(x),
        "encoder": lambda x: t.nn.TransformerEncoderLayer(4, 2, 8)(x[None]),
        "multi-head": lambda x: t.nn.MultiheadAttention(4, 2)(x[None], x[None], x[None])[0],
        "softmax": lambda x: f.softmax(x, -1),
        "layer_norm": lambda x: f.layer_norm(x, (4,), t.ones(4)),
        "batch_norm": lambda x: t.nn.BatchNorm1d(4)(x),
        "gelu": f.gelu,
        "exp": t.exp,
        "add": lambda x: x + t.ones(4),
        "sum": lambda x: x.sum(),
        "prod": lambda x: x.prod(),
        "trace": lambda x: x.trace(),
        "cdist": lambda x: t.cdist(x, x),
        "quantile": lambda x: x.quantile(0.5),
        "inv": lambda x: t.linalg.inv(x + 9 * t.eye(4)),
        "svdvals": t.linalg.svdvals,
        "matrix_power": lambda x: t.linalg.matrix_power(x, 2),
        "fft": t.fft.fft,
        "rfft2": t.fft.rfft2,
        "mse": lambda x: f.mse_loss(x, t.ones(4, 4)),
        "l1": lambda x: f.l1_loss(x, x),
        "cross_entropy": lambda x: f.cross_entropy(x[:3], index),
        "nll": lambda x: f.nll_loss(x[:3], index),
        "bce": lambda x: f.binary_cross_entropy(x.sigmoid(), x.sigmoid()),
        "bce with logits": lambda x: f.binary_cross_entropy_with_logits(x, x.sigmoid()),
        "gaussian_nll": lambda x: f.gaussian_nll_loss(x, x, x.abs() + 1),
        "pad": lambda x: f.pad(x, (1, 1)),
        "pad reflect": lambda x: f.pad(x, (1, 1), mode="reflect"),
        "avg_pool3d": lambda x: f.avg_pool3d(x.expand(1, 1, 2, 4, 4), 2),
        "max_pool3d": lambda x: f.max_pool3d(x.expand(1, 1, 2, 4, 4), 2),
        "max_pool3d indices": lambda x: f.max_pool3d(x.expand(1, 1, 2, 4, 4), 2, return_indices=True)[0],
        "response norm": lambda x: f.local_response_norm(x.expand(1, 2, 4, 4), 2),
        "response norm 3-d": lambda x: f.local_response_norm(x.expand(2, 4, 4), 2),
        "affine_grid": lambda x: f.affine_grid(x[:2, :3][None], (1, 1, 3, 3), align_corners=False),
        "cat": lambda x: t.cat((x, t.ones(4, 4))),
        "stack": lambda x: t.stack((x, t.ones(4, 4))),
        "index_copy": lambda x: x.index_copy(0, index[:1], x[:1].float()),
        "index_copy float": lambda x: x.float().index_copy(0, index[:1], x[:1]),
        "spectral_norm": lambda x: t.nn.utils.parametrizations.spectral_norm(t.nn.Linear(4, 3))(x),
    }


@pytest.mark.parametrize("half", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", list(_calls(rushlight)))
def test_result_dtypes(name, half, torch):
    if (name, half) == ("lstm", "float16"):
        return  # PyTorch has none on the CPU
    torch.manual_seed(0)
    given = torch.rand(4, 4)
    for dtype in ("float32", half, "float64"):
        if dtype == "float64" and ("cell" in name or name in ("lstm", "gru", "rnn", "encoder", "multi-head")):
            continue  # the parameters are float32
        found = []
        for t in (torch, rushlight):
            x = t.tensor(given.numpy()).to(getattr(t, dtype))
            try:
                with t.autocast("cpu", dtype=getattr(t, half)):
                    found.append(str(_calls(t)[name](x).dtype))
            except (RuntimeError, ValueError, NotImplementedError) as e:
                found.append(type(e))
        assert found[0] == found[1] or (isinstance(found[0], type) and isinstance(found[1], type)), (
            dtype,
            found,
        )


def test_off_nothing_is_different():
    own = F.linear.__code__, rushlight.matmul.__code__
    with autocast("cpu"):
        assert F.linear.__code__ is not own[0]
        with autocast("cpu", enabled=False):
            assert F.linear(rushlight.ones(1, 2), rushlight.ones(1, 2)).dtype is rushlight.float32
        assert F.linear(rushlight.ones(1, 2), rushlight.ones(1, 2)).dtype is rushlight.bfloat16
    assert (F.linear.__code__, rushlight.matmul.__code__) == own
    assert F.linear(rushlight.ones(1, 2), weight=rushlight.ones(1, 2)).dtype is rushlight.float32


def test_nesting():
    x = rushlight.ones(2, 2)
    context = autocast("cpu", dtype=rushlight.bfloat16)
    with context:
        assert rushlight.is_autocast_enabled("cpu")
        assert not rushlight.is_autocast_enabled()
        with autocast("cpu", dtype=rushlight.float16):
            assert rushlight.get_autocast_dtype("cpu") is rushlight.float16
            assert (x @ x).dtype is rushlight.float16
            with context, autocast("cpu", enabled=False):
                assert (x @ x).dtype is rushlight.float32
        assert (x @ x).dtype is rushlight.bfloat16
        assert rushlight.get_autocast_dtype("cpu") is rushlight.bfloat16
        with pytest.raises(ValueError, match="inside"):
            with autocast("cpu", enabled=False):
                raise ValueError("inside")
        assert (x @ x).dtype is rushlight.bfloat16
    assert not rushlight.is_autocast_enabled("cpu")
    assert (x @ x).dtype is rushlight.float32


def test_decorator():
    @autocast("cpu")
    def product(x, again=True):
        """A product."""
        return product(x, again=False) if again else x @ x

    assert product.__doc__ == "A product."
    assert product(rushlight.ones(2, 2)).dtype is rushlight.bfloat16
    assert not rushlight.is_autocast_enabled("cpu")


def test_other_threads_are_not_affected():
    found = []
    with autocast("cpu"):
        thread = threading.Thread(
            target=lambda: found.append(rushlight.mm(rushlight.ones(1, 1), rushlight.ones(1, 1)))
        )
        thread.start()
        thread.join()
    assert found[0].dtype is rushlight.float32


def test_parameters_are_converted_once():
    w = rushlight.nn.Parameter(rushlight.ones(2, 2))
    x = rushlight.ones(1, 2)

    def copy_of(y):
        return y.grad_fn.next_functions[1][0]

    with autocast("cpu"):
        with rushlight.no_grad():
            assert not F.linear(x, w).requires_grad
        first, second = copy_of(F.linear(x, w)), copy_of(F.linear(x, w))
        assert first is second
        assert first.name() == "ToCopyBackward0"
        with rushlight.no_grad():
            w.mul_(2)
        assert F.linear(x, w).tolist() == [[4.0, 4.0]]
        with autocast("cpu", cache_enabled=False):
            assert copy_of(F.linear(x, w)) is not copy_of(F.linear(x, w))
        y = F.linear(F.linear(x, w), w)
    assert rushlight.is_autocast_cache_enabled()
    with autocast("cpu"):
        assert copy_of(F.linear(x, w)) is not first
    y.sum().backward()
    assert w.grad.dtype is rushlight.float32
    assert w.grad.tolist() == [[8.0, 8.0], [8.0, 8.0]]


def _model(t):
    nn = t.nn
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 16),
        nn.LayerNorm(16),
        nn.GELU(),
        nn.Linear(16, 3),
    )


def test_training_is_pytorchs(torch):
    losses, weights = [], []
    for t in (torch, rushlight):
        t.manual_seed(0)
        model = _model(t)
        optimizer = t.optim.SGD(model.parameters(), lr=0.1)
        x, target = t.randn(16, 1, 8, 8), t.arange(16) % 3
        losses.append([])
        for _ in range(12):
            optimizer.zero_grad()
            with t.autocast("cpu", dtype=t.bfloat16):
                y = model(x)
                loss = t.nn.functional.cross_entropy(y, target)
            assert y.dtype is t.bfloat16
            assert loss.dtype is t.float32
            loss.backward()
            assert all(p.grad.dtype is t.float32 for p in model.parameters())
            optimizer.step()
            losses[-1].append(loss.item())
        weights.append(model[5].weight.detach().numpy())
    assert losses[1][-1] < losses[1][0] / 2
    # bfloat16 has 8 bits; where rounding falls differently, a step differs by that much.
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.02, atol=0.01)
    np.testing.assert_allclose(weights[1], weights[0], atol=5e-3)


def test_custom_functions_are_pytorchs(torch):
    found = []
    for t in (torch, rushlight):
        seen = []

        def made(cast, t=t, seen=seen):
            class Product(t.autograd.Function):
                @staticmethod
                @t.amp.custom_fwd(device_type="cpu", cast_inputs=cast)
                def forward(ctx, a, b):
                    ctx.save_for_backward(a, b)
                    seen.append(("forward", str(a.dtype), t.is_autocast_enabled("cpu")))
                    return a @ b

                @staticmethod
                @t.amp.custom_bwd(device_type="cpu")
                def backward(ctx, dy):
                    a, b = ctx.saved_tensors
                    seen.append(("backward", str(dy.dtype), t.is_autocast_enabled("cpu")))
                    return (dy @ b.T).to(a.dtype), (a.T @ dy).to(b.dtype)

            return Product

        for cast in (None, t.float32, t.bfloat16):
            x = t.ones(2, 2, requires_grad=True)
            with t.autocast("cpu"):
                y = made(cast).apply(x, x)
                seen.append(str(y.dtype))
            y.sum().backward()
            seen.append(str(x.grad.dtype))
            made(cast).apply(x, x).sum().backward()  # autocast is off
        found.append(seen)
    assert found[0] == found[1]


def test_custom_forward_converts_collections():
    @custom_fwd(device_type="cpu", cast_inputs=rushlight.bfloat16)
    def forward(ctx, values, n, *, more):
        return values, n, more

    class Context:
        pass

    one, double = rushlight.ones(1), rushlight.ones(1, dtype=rushlight.float64)
    with autocast("cpu"):
        values, n, more = forward(Context(), [one, (double,)], 3, more={"a": one})
    assert values[0].dtype is more["a"].dtype is rushlight.bfloat16
    assert values[1][0] is double
    assert n == 3
    assert forward(Context(), one, 3, more=None)[0] is one
    with pytest.raises(ValueError, match="custom_fwd: device_type must be a str"):
        custom_fwd(device_type=1)
    with pytest.raises(ValueError, match="custom_bwd: device_type must be a str"):
        custom_bwd(device_type=1)


def test_switches():
    t = rushlight
    assert t.amp.is_autocast_available("cpu")
    assert not t.amp.is_autocast_available("meta")
    t.set_autocast_enabled("cpu", True)
    try:
        assert (t.ones(1, 1) @ t.ones(1, 1)).dtype is t.bfloat16
        t.set_autocast_dtype("cpu", t.float16)
        assert (t.ones(1, 1) @ t.ones(1, 1)).dtype is t.float16
    finally:
        t.set_autocast_dtype("cpu", t.bfloat16)
        t.set_autocast_enabled("cpu", False)
    assert t.autocast_increment_nesting() == 1
    assert t.autocast_decrement_nesting() == 0
    t.set_autocast_enabled(True)  # of "cuda"
    assert t.is_autocast_enabled()
    t.set_autocast_enabled(False)
    assert t.get_autocast_dtype("cuda") is t.float16
    with pytest.warns(DeprecationWarning, match="get_autocast_cpu_dtype.. is deprecated"):
        assert t.get_autocast_cpu_dtype() is t.bfloat16
    t.set_autocast_cache_enabled(True)
    t.clear_autocast_cache()
    with pytest.raises(RuntimeError, match="device: type must be one of"):
        t.is_autocast_enabled("foo")
    with pytest.raises(TypeError, match="device_type must be str, not int"):
        t.is_autocast_enabled(1)
    with pytest.raises(RuntimeError, match="must have autocast"):
        t.get_autocast_dtype("meta")
    with pytest.raises(TypeError, match="dtype must be a torch.dtype"):
        t.set_autocast_dtype("cpu", "half")
    with pytest.raises(TypeError, match="enabled must be bool"):
        t.set_autocast_enabled("cpu", 1)


def test_what_cannot_be():
    with pytest.raises(ValueError, match="autocast: device_type must be a str, got int"):
        autocast(1)
    with pytest.raises(RuntimeError, match="device: type must be one of"):
        autocast("foo")
    with pytest.warns(UserWarning, match="target dtype is not supported"):
        off = autocast("cpu", dtype=rushlight.float32)
    with off:
        assert not rushlight.is_autocast_enabled("cpu")
        assert (rushlight.ones(1, 1) @ rushlight.ones(1, 1)).dtype is rushlight.float32
    with pytest.warns(UserWarning, match="'cuda' is not available"), autocast("cuda"):
        assert not rushlight.is_autocast_enabled("cuda")


def test_old_names():
    with pytest.warns(FutureWarning, match="torch.cpu.amp.autocast.* is deprecated"):
        context = rushlight.cpu.amp.autocast()
    with context:
        assert rushlight.is_autocast_enabled("cpu")
    with pytest.warns(FutureWarning, match="torch.cpu.amp.GradScaler.* is deprecated"):
        assert rushlight.cpu.amp.GradScaler().is_enabled()
    assert autocast_mode.autocast is autocast


# -- GradScaler ------------------------------------------------------------------------------------------


def test_scaler_steps_as_pytorchs(torch):
    found = []
    for t in (torch, rushlight):
        w = t.nn.Parameter(t.tensor([1.0, 2.0]))
        optimizer = t.optim.SGD([w], lr=0.1, momentum=0.9)
        scaler = t.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)
        seen = [scaler.get_scale()]
        for i in range(7):
            optimizer.zero_grad()
            scaler.scale((w**2).sum()).backward()
            if i == 1:
                scaler.unscale_(optimizer)
                t.nn.utils.clip_grad_norm_([w], 0.5)
            if i == 3:
                w.grad[0] = float("inf")
            scaler.step(optimizer)
            scaler.update()
            seen += [scaler.state_dict(), w.tolist(), w.grad.tolist()]
        scaler.update(10.0)
        again = copy.deepcopy(scaler)
        other = t.amp.GradScaler("cpu")
        other.load_state_dict(pickle.loads(pickle.dumps(scaler)).state_dict())
        seen += [again.state_dict(), other.state_dict()]
        seen.append([v.tolist() for v in scaler.scale([w, w * 2])])
        found.append(seen)
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(
            list(a.values()) if isinstance(a, dict) else a,
            list(b.values()) if isinstance(b, dict) else b,
            rtol=1e-6,
        )


def test_scaler_errors():
    w = rushlight.nn.Parameter(rushlight.ones(2))
    optimizer = rushlight.optim.SGD([w], lr=0.1)
    scaler = GradScaler("cpu")
    for call in (scaler.update, lambda: scaler.step(optimizer), lambda: scaler.unscale_(optimizer)):
        with pytest.raises(AssertionError, match="but _scale is None"):
            call()
    scaler.scale(w.sum())
    with pytest.raises(AssertionError, match="No inf checks were recorded for this optimizer"):
        scaler.step(optimizer)
    with pytest.raises(AssertionError, match="No inf checks were recorded prior to update"):
        GradScaler.update(_with_scale())
    scaler = _with_scale()
    scaler.scale(w.sum()).backward()
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="unscale_.. has already been called"):
        scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="Closure use is not currently supported"):
        scaler.step(optimizer, closure=lambda: 0)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match="step.. has already been called"):
        scaler.step(optimizer)
    with pytest.raises(RuntimeError, match="being called after step"):
        scaler.unscale_(optimizer)
    with pytest.raises(AssertionError, match="may only be pickled at the beginning"):
        pickle.dumps(scaler)
    for value in ("x", 5, rushlight.ones(1, dtype=rushlight.float64), rushlight.ones(2)):
        with pytest.raises(AssertionError, match="new_scale must be a float or a 1-element"):
            scaler.update(value)
    with pytest.raises(ValueError, match="outputs must be a Tensor or an iterable"):
        scaler.scale(3)
    with pytest.raises(RuntimeError, match="source state dict is empty"):
        scaler.load_state_dict({})
    with pytest.raises(AssertionError, match="growth_factor must be above 1"):
        GradScaler("cpu", growth_factor=1.0)
    with pytest.raises(AssertionError, match="backoff_factor must be below 1"):
        GradScaler("cpu", backoff_factor=1.0)
    h = rushlight.nn.Parameter(rushlight.ones(2, dtype=rushlight.float16))
    scaler.scale(h.float().sum()).backward()
    with pytest.raises(ValueError, match="Attempting to unscale FP16 gradients"):
        scaler.unscale_(rushlight.optim.SGD([h], lr=0.1))


def _with_scale():
    scaler = GradScaler("cpu")
    scaler.scale(rushlight.ones(1))
    return scaler


def test_scaler_that_is_off():
    scaler = GradScaler("cpu", enabled=False)
    w = rushlight.nn.Parameter(rushlight.ones(1))
    optimizer = rushlight.optim.SGD([w], lr=1.0)
    assert scaler.scale(w) is w
    w.sum().backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert w.item() == 0
    assert scaler.get_scale() == 1
    assert scaler.state_dict() == {}


def test_scaler_with_an_optimizer_that_takes_it():
    class Own(rushlight.optim.SGD):
        def step(self, closure=None, *, grad_scaler=None):
            self.given = grad_scaler
            assert not any(v.item() for v in grad_scaler._found_inf_per_device(self).values())
            return super().step(closure)

    w = rushlight.nn.Parameter(rushlight.ones(1))
    optimizer, scaler = Own([w], lr=1.0), GradScaler("cpu")
    scaler.scale(w.sum()).backward()
    with pytest.warns(FutureWarning, match="passing grad_scaler to optimizer.step is deprecated"):
        scaler.step(optimizer)
    assert optimizer.given is scaler
    scaler.set_growth_factor(3.0)
    scaler.set_backoff_factor(0.25)
    scaler.set_growth_interval(7)
    assert (scaler.get_growth_factor(), scaler.get_backoff_factor(), scaler.get_growth_interval()) == (
        3,
        0.25,
        7,
    )
