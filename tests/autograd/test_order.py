"""The order in which gradients reach parameters and run their hooks is PyTorch's."""

import pytest

import rushlight


def _models(t):
    nn, r = t.nn, t.ones
    return {
        "linear": (nn.Linear(3, 2), r(4, 3)),
        "linear 3-d": (nn.Linear(3, 2), r(2, 4, 3)),
        "conv": (nn.Conv2d(2, 3, 3), r(1, 2, 5, 5)),
        "conv_transpose": (nn.ConvTranspose1d(2, 3, 3), r(1, 2, 5)),
        "layer_norm": (nn.LayerNorm(3), r(4, 3)),
        "batch_norm": (nn.BatchNorm2d(2), r(2, 2, 3, 3)),
        "group_norm": (nn.GroupNorm(1, 2), r(2, 2, 3)),
        "mlp": (nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), r(4, 3)),
        "cnn": (
            nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(27, 2)),
            r(1, 2, 5, 5),
        ),
        "transformer": (nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0), r(3, 1, 4)),
    }


@pytest.mark.parametrize("name", list(_models(rushlight)))
def test_hooks_run_in_pytorchs_order(name, torch):
    if rushlight.kernels._C is None and name in (
        "layer_norm",
        "batch_norm",
        "group_norm",
        "cnn",
        "transformer",
    ):
        return  # made of several operations there
    orders = []
    for t in (torch, rushlight):
        model, x = _models(t)[name]
        order = []
        for n, p in model.named_parameters():
            p.register_hook(lambda g, n=n, order=order: order.append(n))
            p.register_post_accumulate_grad_hook(lambda p, n=n, order=order: order.append(n + " has it"))
        model(x).sum().backward()
        orders.append(order)
    assert orders[1] == orders[0]


def test_next_functions_of_a_linear_layer(torch):
    found = []
    for t in (torch, rushlight):
        layer = t.nn.Linear(3, 2)
        y = layer(t.ones(4, 3, requires_grad=True) * 1)
        found.append([f[0].name() for f in y.grad_fn.next_functions[:2]])
    assert found[1] == found[0] == ["torch::autograd::AccumulateGrad", "MulBackward0"]
