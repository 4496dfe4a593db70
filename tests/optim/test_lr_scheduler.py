"""Every schedule: PyTorch's rates epoch by epoch, from recorded values and from PyTorch itself."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import rushlight
from golden import programs
from rushlight.optim import lr_scheduler

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "optim.json").read_text())["schedules"]


def adam(name):
    return "Cycl" in name  # as recorded: momentum schedules with Adam's betas too


@pytest.mark.parametrize("name", programs.SCHEDULES)
def test_recorded(name):
    got = programs.schedule(rushlight, name, adam(name))
    np.testing.assert_allclose(got, GOLDEN[name], rtol=1e-9)


@pytest.mark.parametrize("name", programs.SCHEDULES)
@pytest.mark.parametrize("resume", [False, True])
def test_parity(name, resume, torch):
    for beta1 in (False, True):
        want = programs.schedule(torch, name, beta1, resume)
        assert programs.schedule(rushlight, name, beta1, resume) == want


@pytest.mark.parametrize("name", programs.SCHEDULES)
def test_state_dict(name, torch):
    states = [
        programs.SCHEDULES[name](L.optim.lr_scheduler, programs.two_groups(L)).state_dict()
        for L in (torch, rushlight)
    ]
    assert str(states[1]) == str(states[0])
    pickle.loads(pickle.dumps(states[1]))


CLOSED = [
    "StepLR",
    "MultiStepLR",
    "ConstantLR",
    "LinearLR",
    "ExponentialLR",
    "PolynomialLR",
    "CosineAnnealingLR",
]


@pytest.mark.parametrize("name", [*CLOSED, "LambdaLR"])
def test_step_to_an_epoch(name, torch):
    rates = []
    for L in (torch, rushlight):
        optimizer = programs.two_groups(L)
        scheduler = programs.SCHEDULES[name](L.optim.lr_scheduler, optimizer)
        optimizer.step()
        with pytest.warns(UserWarning, match="epoch parameter in `scheduler.step"):
            scheduler.step(7)
        scheduler.step()
        rates.append(scheduler.get_last_lr())
    assert rates[1] == rates[0]


@pytest.mark.parametrize("name", [*CLOSED, "LambdaLR", "CosineAnnealingWarmRestarts", "CyclicLR exp_range"])
def test_resume_by_last_epoch(name, torch):
    kinds = {
        "LambdaLR": lambda S, o: S.LambdaLR(o, lambda e: 0.9**e, last_epoch=4),
        "StepLR": lambda S, o: S.StepLR(o, 3, last_epoch=4),
        "MultiStepLR": lambda S, o: S.MultiStepLR(o, [5, 6], last_epoch=4),
        "ConstantLR": lambda S, o: S.ConstantLR(o, last_epoch=4),
        "LinearLR": lambda S, o: S.LinearLR(o, last_epoch=3),
        "ExponentialLR": lambda S, o: S.ExponentialLR(o, 0.9, last_epoch=4),
        "PolynomialLR": lambda S, o: S.PolynomialLR(o, 9, last_epoch=4),
        "CosineAnnealingLR": lambda S, o: S.CosineAnnealingLR(o, 4, last_epoch=4),
        "CosineAnnealingWarmRestarts": lambda S, o: S.CosineAnnealingWarmRestarts(o, 3, last_epoch=4),
        "CyclicLR exp_range": lambda S, o: S.CyclicLR(o, 0.1, 0.2, 3, mode="exp_range", last_epoch=4),
    }
    rates = []
    for L in (torch, rushlight):
        optimizer = programs.two_groups(L)
        for group in optimizer.param_groups:
            group["initial_lr"] = 0.3
        scheduler = kinds[name](L.optim.lr_scheduler, optimizer)
        series = [scheduler.get_last_lr()]
        for _ in range(6):
            optimizer.step()
            scheduler.step()
            series.append(scheduler.get_last_lr())
        rates.append(series)
    assert rates[1] == rates[0]


def test_fractions_of_an_epoch(torch):
    rates = []
    for L in (torch, rushlight):
        scheduler = L.optim.lr_scheduler.CosineAnnealingWarmRestarts(programs.two_groups(L), 3, 2)
        rates.append([])
        for i in range(40):
            scheduler.step(i / 3)
            rates[-1].append(scheduler.get_last_lr()[0])
    assert rates[1] == rates[0]


def optimizer(**options):
    return rushlight.optim.SGD(
        [rushlight.nn.Parameter(rushlight.ones(2))], **{"lr": 0.1, "momentum": 0.9, **options}
    )


def test_order_of_steps():
    scheduler = lr_scheduler.StepLR(optimizer(), 1)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()
    o = optimizer()
    scheduler = lr_scheduler.StepLR(o, 1)
    o.step()
    scheduler.step()  # no warning: they are errors here
    with pytest.warns(UserWarning, match="please use `get_last_lr"):
        scheduler.get_lr()


def test_a_rate_that_is_a_tensor_stays_the_same_one():
    lr = rushlight.tensor(0.1)
    o = optimizer(lr=lr)
    scheduler = lr_scheduler.StepLR(o, 1, gamma=0.5)
    o.step()
    scheduler.step()
    assert o.param_groups[0]["lr"] is lr
    np.testing.assert_allclose([lr.item(), float(scheduler.get_last_lr()[0])], 0.05, rtol=1e-6)


def test_a_callable_object_is_saved():
    class Factor:
        def __init__(self):
            self.base = 0.5

        def __call__(self, epoch):
            return self.base**epoch

    scheduler = lr_scheduler.LambdaLR(optimizer(), Factor())
    scheduler.lr_lambdas[0].base = 0.25
    state = scheduler.state_dict()
    assert state["lr_lambdas"] == [{"base": 0.25}]
    other = lr_scheduler.LambdaLR(optimizer(), Factor())
    other.load_state_dict(state)
    assert other.lr_lambdas[0].base == 0.25


def test_a_group_added_later():
    o = optimizer()
    scheduler = lr_scheduler.ReduceLROnPlateau(o, patience=0, min_lr=0.01)
    o.add_param_group({"params": [rushlight.nn.Parameter(rushlight.ones(2))], "lr": 1.0})
    for _ in range(3):
        scheduler.step(1.0)
    np.testing.assert_allclose(scheduler.get_last_lr(), [0.01, 0.01])


def one():
    return [rushlight.nn.Parameter(rushlight.ones(1))]


S = lr_scheduler
ERRORS = [
    (lambda o: S.StepLR(5, 1), TypeError, "optimizer must be an Optimizer"),
    (lambda o: S.StepLR(o, 1, last_epoch=3), KeyError, "'initial_lr' is not specified"),
    (lambda o: S.LRScheduler(o), NotImplementedError, "must define get_lr"),
    (lambda o: S.LambdaLR(o, [lambda e: 1, lambda e: 2]), ValueError, "Expected 1 lr_lambdas, but got 2"),
    (lambda o: S.ConstantLR(o, factor=2), ValueError, r"factor must be in \[0, 1\]"),
    (lambda o: S.LinearLR(o, start_factor=0), ValueError, "start_factor must be in"),
    (lambda o: S.LinearLR(o, end_factor=2), ValueError, "end_factor must be in"),
    (lambda o: S.CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0 must be a positive integer"),
    (lambda o: S.CosineAnnealingWarmRestarts(o, 1, 0), ValueError, "T_mult must be"),
    (lambda o: S.CosineAnnealingWarmRestarts(o, 1).step(-1), ValueError, "must not be negative"),
    (lambda o: S.CyclicLR(o, [0.1, 0.2], 0.3), ValueError, "base_lr must have the same length"),
    (lambda o: S.CyclicLR(o, 0.1, 0.3, mode="x"), ValueError, "mode must be"),
    (
        lambda o: S.CyclicLR(rushlight.optim.Adagrad(one()), 0.1, 0.3),
        ValueError,
        "must support momentum or beta1",
    ),
    (lambda o: S.OneCycleLR(o, 0.1), ValueError, "total_steps must be given"),
    (lambda o: S.OneCycleLR(o, 0.1, 0), ValueError, "total_steps must be a positive integer"),
    (lambda o: S.OneCycleLR(o, 0.1, 10, pct_start=2), ValueError, "pct_start must be"),
    (lambda o: S.OneCycleLR(o, 0.1, 10, anneal_strategy="x"), ValueError, "anneal_strategy must be one of"),
    (
        lambda o: [(o.step(), s.step()) for s in [S.OneCycleLR(o, 0.1, 2)] for _ in range(4)],
        ValueError,
        "Tried to step 3",
    ),
    (lambda o: S.ReduceLROnPlateau(o, factor=1.0), ValueError, "factor must be less than 1"),
    (lambda o: S.ReduceLROnPlateau(o, mode="x"), ValueError, "mode must be 'min' or 'max'"),
    (lambda o: S.ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "threshold_mode must be"),
    (lambda o: S.ReduceLROnPlateau(o, min_lr=[1, 2]), ValueError, "one value a group"),
    (lambda o: S.SequentialLR(o, [], []), ValueError, "schedulers must not be empty"),
    (lambda o: S.SequentialLR(o, [S.StepLR(o, 1)], [1]), ValueError, "one less than schedulers"),
    (
        lambda o: S.SequentialLR(o, [S.StepLR(optimizer(), 1), S.StepLR(o, 1)], [1]),
        ValueError,
        "same optimizer",
    ),
    (lambda o: S.SequentialLR(o, [5], []), TypeError, "should have `optimizer`"),
    (
        lambda o: S.ChainedScheduler([S.ReduceLROnPlateau(o)]),
        ValueError,
        "does not support `ReduceLROnPlateau`",
    ),
]


@pytest.mark.parametrize(("f", "error", "match"), ERRORS)
def test_errors(f, error, match):
    with pytest.raises(error, match=match):
        f(optimizer())
