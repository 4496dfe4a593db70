"""Weight averaging: PyTorch's averages and rates."""

import numpy as np
import pytest

import rushlight
from rushlight import nn, optim
from rushlight.optim import swa_utils


def train(L, **kinds):
    """Rates, the averaged model's state and its output after five steps."""
    swa = L.optim.swa_utils
    options = {key: getattr(swa, name)(*args) for key, (name, *args) in kinds.items()}
    L.manual_seed(0)
    model = L.nn.Sequential(L.nn.Linear(3, 4), L.nn.BatchNorm1d(4), L.nn.Linear(4, 2))
    average = swa.AveragedModel(model, **options)
    optimizer = L.optim.SGD(model.parameters(), lr=0.1)
    scheduler = swa.SWALR(optimizer, 0.02, anneal_epochs=3)
    rates, batches = [], [L.randn(8, 3) for _ in range(5)]
    for x in batches:
        optimizer.zero_grad()
        (model(x) ** 2).sum().backward()
        optimizer.step()
        average.update_parameters(model)
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    swa.update_bn([(x,) for x in batches], average)
    state = {k: v.detach().numpy() for k, v in average.state_dict().items()}
    return rates, state, average(batches[0]).detach().numpy()


@pytest.mark.parametrize(
    "kinds",
    [
        {},
        {"avg_fn": ("get_swa_avg_fn",)},
        {"avg_fn": ("get_ema_avg_fn", 0.9)},
        {"multi_avg_fn": ("get_swa_multi_avg_fn",)},
        {"multi_avg_fn": ("get_ema_multi_avg_fn", 0.9)},
    ],
)
def test_parity(kinds, torch):
    (rates, state, output), (want_rates, want, want_output) = train(rushlight, **kinds), train(torch, **kinds)
    assert rates == want_rates
    assert list(state) == list(want)
    for key, value in want.items():
        np.testing.assert_allclose(state[key], value, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(output, want_output, rtol=1e-4, atol=1e-5)


def test_mean():
    model = nn.Linear(1, 1, bias=False)
    average = swa_utils.AveragedModel(model)
    for value in (1.0, 2.0, 6.0):
        model.weight.data.fill_(value)
        average.update_parameters(model)
    assert average.module.weight.item() == pytest.approx(3.0)
    assert average.n_averaged.item() == 3
    assert model.weight.item() == 6


def test_buffers_are_copied_or_averaged():
    model = nn.BatchNorm1d(1)
    for use, want in ((False, 4.0), (True, 3.0)):
        average = swa_utils.AveragedModel(model, use_buffers=use)
        for value in (2.0, 4.0):
            model.running_mean.fill_(value)
            average.update_parameters(model)
        assert average.module.running_mean.item() == pytest.approx(want)


def test_update_bn_leaves_models_without_it_alone():
    model = nn.Linear(2, 2).eval()
    swa_utils.update_bn([1 / 0 for _ in ()], model)
    assert not model.training


def optimizer():
    return optim.SGD([nn.Parameter(rushlight.ones(1))], lr=0.1)


@pytest.mark.parametrize(
    ("f", "error", "match"),
    [
        (
            lambda: swa_utils.AveragedModel(nn.Linear(1, 1), avg_fn=1, multi_avg_fn=2),
            AssertionError,
            "Only one of",
        ),
        (lambda: swa_utils.SWALR(optimizer(), [0.1, 0.2]), ValueError, "swa_lr must have the same length"),
        (
            lambda: swa_utils.SWALR(optimizer(), 0.1, anneal_strategy="x"),
            ValueError,
            "anneal_strategy must be",
        ),
        (lambda: swa_utils.SWALR(optimizer(), 0.1, anneal_epochs=-1), ValueError, "equal or greater than 0"),
        (lambda: swa_utils.get_ema_avg_fn(2.0), ValueError, r"decay must be in \[0, 1\]"),
        (lambda: swa_utils.get_ema_multi_avg_fn(-1), ValueError, "Invalid decay value"),
    ],
)
def test_errors(f, error, match):
    with pytest.raises(error, match=match):
        f()
