"""Programs that run under either library. Each takes the library and gives tensors, or lists of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Program = Callable[[Any], Any]


# -- random numbers: each program starts from manual_seed(0) ---------------------------------------------
def _fills() -> dict[str, Program]:
    found: dict[str, Program] = {}
    for n in (1, 5, 15, 16, 17, 100, 640, 7001):
        found |= {
            f"rand {n}": lambda L, n=n: L.rand(n),
            f"rand float64 {n}": lambda L, n=n: L.rand(n, dtype=L.float64),
            f"rand float16 {n}": lambda L, n=n: L.rand(n, dtype=L.float16).float(),
            f"randn {n}": lambda L, n=n: L.randn(n),
            f"randn float64 {n}": lambda L, n=n: L.randn(n, dtype=L.float64),
            f"randn float16 {n}": lambda L, n=n: L.randn(n, dtype=L.float16).float(),
            f"randn bfloat16 {n}": lambda L, n=n: L.randn(n, dtype=L.bfloat16).float(),
            f"randint {n}": lambda L, n=n: L.randint(-50, 100, (n,)),
            f"randint wide {n}": lambda L, n=n: L.randint(-5, 2**40, (n,)),
            f"randint 2**28 {n}": lambda L, n=n: L.randint(2**28, (n,)),
            f"randint 2**28-1 {n}": lambda L, n=n: L.randint(2**28 - 1, (n,)),
            f"randperm {n}": lambda L, n=n: L.randperm(n),
            f"uniform_ {n}": lambda L, n=n: L.empty(n).uniform_(-0.3, 0.7),
            f"uniform_ bfloat16 {n}": lambda L, n=n: L.empty(n, dtype=L.bfloat16).uniform_(-0.3, 0.7).float(),
            f"normal_ {n}": lambda L, n=n: L.empty(n).normal_(1.5, 0.25),
            f"bernoulli_ {n}": lambda L, n=n: L.empty(n).bernoulli_(0.3),
            f"bernoulli {n}": lambda L, n=n: L.bernoulli(L.linspace(0, 1, n)),
            f"bernoulli float64 {n}": lambda L, n=n: L.bernoulli(L.linspace(0, 1, n, dtype=L.float64)),
            f"exponential_ {n}": lambda L, n=n: L.empty(n).exponential_(1.7),
            f"geometric_ {n}": lambda L, n=n: L.empty(n).geometric_(0.3),
            f"cauchy_ {n}": lambda L, n=n: L.empty(n).cauchy_(0.5, 2),
            f"log_normal_ {n}": lambda L, n=n: L.empty(n).log_normal_(0.5, 0.25),
        }
    for name in (
        "uint8",
        "int8",
        "int16",
        "int32",
        "int64",
        "bool",
        "float16",
        "bfloat16",
        "float32",
        "float64",
    ):
        found[f"random_ {name}"] = lambda L, d=name: L.empty(50, dtype=getattr(L, d)).random_().double()
        found[f"random_ to {name}"] = lambda L, d=name: L.empty(50, dtype=getattr(L, d)).random_(2).double()
    for name in ("int32", "float32"):
        found[f"random_ from {name}"] = lambda L, d=name: (
            L.empty(50, dtype=getattr(L, d)).random_(-5, None).double()
        )
    return found


def _layouts() -> dict[str, Program]:
    views: dict[str, Program] = {
        "transposed": lambda L: L.zeros(20, 30).t(),
        "every second": lambda L: L.zeros(20, 30)[:, ::2],
        "permuted": lambda L: L.zeros(4, 5, 6).permute(2, 0, 1),
        "permuted part": lambda L: L.zeros(20, 30, 4).permute(1, 2, 0)[::2],
        "channels last": lambda L: L.zeros(2, 3, 4, 5).permute(0, 3, 1, 2),
    }
    found: dict[str, Program] = {}
    for name, view in views.items():
        found[f"uniform_ {name}"] = lambda L, v=view: v(L).uniform_()
        found[f"normal_ {name}"] = lambda L, v=view: v(L).normal_()
        found[f"randn_like {name}"] = lambda L, v=view: L.randn_like(v(L))
        found[f"bernoulli_ {name}"] = lambda L, v=view: v(L).bernoulli_(0.4)
        found[f"bernoulli {name}"] = lambda L, v=view: L.bernoulli(v(L).uniform_())
    return found


def _draws() -> dict[str, Program]:
    return {
        "kept normal": lambda L: L.cat([L.randn(3), L.rand(5), L.randn(2), L.randn(16), L.randn(1)]),
        "kept normal float64": lambda L: L.cat([L.randn(3).double(), L.randn(2, dtype=L.float64)]),
        "normal tensors": lambda L: L.normal(L.arange(20.0), L.linspace(0, 2, 20)),
        "normal mean": lambda L: L.normal(L.arange(20.0), 0.5),
        "normal std": lambda L: L.normal(0.5, L.linspace(0, 2, 20)),
        "normal sizes": lambda L: L.normal(0.5, 2.0, (3, 7)),
        "complex": lambda L: (
            L.view_as_real(L.randn(9, dtype=L.complex64)) if hasattr(L, "view_as_real") else None
        ),
        "generator": lambda L: L.rand(4, generator=L.Generator().manual_seed(7)),
        "new generator": lambda L: L.rand(4, generator=L.Generator()),
        "negative seed": lambda L: L.rand(4, generator=L.Generator().manual_seed(-1)),
        "64-bit seed": lambda L: L.rand(4, generator=L.Generator().manual_seed(2**40 + 7)),
        "multinomial one": lambda L: L.multinomial(L.rand(7, 20), 1),
        "multinomial": lambda L: L.multinomial(L.rand(7, 20), 5),
        "multinomial again": lambda L: L.multinomial(L.rand(7, 20), 50, replacement=True),
        "multinomial float64": lambda L: L.multinomial(L.rand(20, dtype=L.float64), 50, True),
        "poisson": lambda L: L.poisson(L.linspace(0, 30, 40)),
        "binomial": lambda L: L.binomial(L.full((40,), 20.0), L.linspace(0, 1, 40)),
        "binomial many": lambda L: L.binomial(L.full((40,), 1000.0), L.full((40,), 0.3)),
        "dropout": lambda L: L.nn.functional.dropout(L.ones(1000), 0.3),
        "dropout transposed": lambda L: L.nn.functional.dropout(L.ones(20, 30).t(), 0.5),
        "state": lambda L: (L.rand(1000), L.randn(3), L.get_rng_state())[-1],
        "linear": lambda L: L.nn.Linear(20, 30).weight.detach(),
        "conv": lambda L: L.nn.Conv2d(3, 8, 3).bias.detach(),
        "embedding": lambda L: L.nn.Embedding(10, 8).weight.detach(),
    }


def _inits() -> dict[str, Program]:
    calls: dict[str, tuple[Any, ...]] = {
        "uniform_": (-1, 2),
        "normal_": (1, 2),
        "trunc_normal_": (),
        "xavier_uniform_": (),
        "xavier_normal_": (2.0,),
        "kaiming_uniform_": (math.sqrt(5),),
        "kaiming_normal_": (0, "fan_out", "relu"),
        "orthogonal_": (1.5,),
        "sparse_": (0.3,),
        "eye_": (),
        "constant_": (0.5,),
    }
    found: dict[str, Program] = {
        f"init.{name}": lambda L, n=name, a=args: getattr(L.nn.init, n)(L.empty(12, 17), *a)
        for name, args in calls.items()
    }
    found["init.trunc_normal_ narrow"] = lambda L: L.nn.init.trunc_normal_(L.empty(90), 0.0, 1.0, 0.0, 0.5)
    found["init.trunc_normal_ far"] = lambda L: L.nn.init.trunc_normal_(L.empty(90), 3.0, 1.0)
    found["init.trunc_normal_ small"] = lambda L: L.nn.init.trunc_normal_(L.empty(7), 0.0, 0.02, -0.03, 0.03)
    found["init.dirac_"] = lambda L: L.nn.init.dirac_(L.empty(4, 3, 3), 2)
    found["init.orthogonal_ wide"] = lambda L: L.nn.init.orthogonal_(L.empty(5, 3, 4))
    return found


RANDOM: dict[str, Program] = {**_fills(), **_layouts(), **_draws(), **_inits()}
# Through the C library's functions or LAPACK: equal to a few units in the last place, not to the bit.
INEXACT = (
    "exponential_",
    "cauchy_",
    "log_normal_",
    "randn float64",
    "orthogonal_",
    "kept normal float64",
    "complex",
)
EXACT_KINDS = ("rand", "randint", "randperm", "uniform_", "bernoulli", "multinomial", "state")


# -- optimizers ---------------------------------------------------------------------------------------------
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "SGD": ("SGD", {"lr": 0.1}),
    "SGD momentum": ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    "SGD dampening": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "maximize": True}),
    "SGD nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "Adam": ("Adam", {"lr": 0.01}),
    "Adam amsgrad": ("Adam", {"lr": 0.01, "amsgrad": True, "weight_decay": 0.1, "maximize": True}),
    "Adam large rest": ("Adam", {"lr": 0.01, "betas": (0.3, 0.6)}),
    "AdamW": ("AdamW", {"lr": 0.01, "weight_decay": 0.1}),
    "AdamW amsgrad": ("AdamW", {"lr": 0.01, "amsgrad": True}),
    "Adamax": ("Adamax", {"weight_decay": 0.1}),
    "NAdam": ("NAdam", {"weight_decay": 0.1}),
    "NAdam decoupled": ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    "RAdam": ("RAdam", {"lr": 0.01, "weight_decay": 0.1}),
    "RAdam decoupled": ("RAdam", {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    "Adagrad": (
        "Adagrad",
        {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.2},
    ),
    "Adadelta": ("Adadelta", {"weight_decay": 0.1}),
    "RMSprop": ("RMSprop", {"weight_decay": 0.1}),
    "RMSprop centered": ("RMSprop", {"centered": True, "momentum": 0.9}),
    "RMSprop maximize": ("RMSprop", {"momentum": 0.5, "maximize": True, "alpha": 0.4, "centered": True}),
    "Rprop": ("Rprop", {"lr": 0.1}),
    "ASGD": ("ASGD", {"lr": 0.1, "t0": 3, "weight_decay": 0.1}),
    "Adafactor": ("Adafactor", {"lr": 0.1, "weight_decay": 0.1}),
    "Muon": ("Muon", {"lr": 0.1}),
    "Muon adjusted": ("Muon", {"lr": 0.1, "adjust_lr_fn": "match_rms_adamw", "nesterov": False}),
}
SHAPES = [(4, 3), (4,), (5, 7), ()]
STEPS = 7


def parameters(L: Any, shapes: Any = SHAPES) -> list[Any]:
    """Parameters of those shapes with values from seed 0."""
    L.manual_seed(0)
    return [L.nn.Parameter(L.randn(*shape) if shape else L.randn(())) for shape in shapes]


def optimize(L: Any, name: str) -> list[list[float]]:
    """The parameters, flat, after the first, second and last of STEPS steps, with gradients from the stream."""
    kind, options = OPTIMIZERS[name]
    params = parameters(L, [s for s in SHAPES if len(s) == 2 or kind != "Muon"])
    optimizer = getattr(L.optim, kind)(params, **options)
    history = []
    for step in range(STEPS):
        for p in params:
            p.grad = L.randn(*p.shape) if p.ndim else L.randn(())
        optimizer.step()
        if step in (0, 1, STEPS - 1):
            history.append([v for p in params for v in p.detach().reshape(-1).tolist()])
    return history


def rosenbrock(L: Any, **options: Any) -> list[float]:
    """Losses of LBFGS on Rosenbrock's function."""
    x = L.nn.Parameter(L.tensor([-1.5, 2.0], dtype=L.float64))
    optimizer = L.optim.LBFGS([x], **options)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        loss.backward()
        return loss

    return [optimizer.step(closure).item() for _ in range(6)]


LBFGS: dict[str, dict[str, Any]] = {
    "plain": {"lr": 0.001, "max_iter": 5},
    "strong Wolfe": {"line_search_fn": "strong_wolfe", "max_iter": 8},
    "short history": {"line_search_fn": "strong_wolfe", "max_iter": 8, "history_size": 3},
}


# -- schedules -------------------------------------------------------------------------------------------------
SCHEDULES: dict[str, Callable[[Any, Any], Any]] = {
    "LambdaLR": lambda S, o: S.LambdaLR(o, [lambda e: 0.95**e, lambda e: 1 / (1 + e)]),
    "MultiplicativeLR": lambda S, o: S.MultiplicativeLR(o, lambda e: 0.9),
    "StepLR": lambda S, o: S.StepLR(o, 3, gamma=0.5),
    "MultiStepLR": lambda S, o: S.MultiStepLR(o, [2, 5, 5, 11], gamma=0.3),
    "ConstantLR": lambda S, o: S.ConstantLR(o, factor=0.2, total_iters=8),
    "LinearLR": lambda S, o: S.LinearLR(o, 0.1, 0.8, total_iters=12),
    "ExponentialLR": lambda S, o: S.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda S, o: S.PolynomialLR(o, total_iters=12, power=2.0),
    "CosineAnnealingLR": lambda S, o: S.CosineAnnealingLR(o, 6, eta_min=0.01),
    "CosineAnnealingWarmRestarts": lambda S, o: S.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.01),
    "CyclicLR": lambda S, o: S.CyclicLR(o, 0.01, 0.1, step_size_up=3, step_size_down=5, mode="triangular2"),
    "CyclicLR exp_range": lambda S, o: S.CyclicLR(
        o, [0.01, 0.02], [0.1, 0.2], 4, mode="exp_range", gamma=0.95
    ),
    "OneCycleLR": lambda S, o: S.OneCycleLR(o, max_lr=[0.1, 0.2], total_steps=25),
    "OneCycleLR linear": lambda S, o: S.OneCycleLR(
        o, 0.1, epochs=5, steps_per_epoch=5, anneal_strategy="linear"
    ),
    "OneCycleLR three phases": lambda S, o: S.OneCycleLR(o, 0.1, 25, three_phase=True, pct_start=0.4),
    "SequentialLR": lambda S, o: S.SequentialLR(
        o, [S.ConstantLR(o, 0.1, 4), S.ExponentialLR(o, 0.9), S.StepLR(o, 2)], [5, 9]
    ),
    "ChainedScheduler": lambda S, o: S.ChainedScheduler([S.ConstantLR(o, 0.1, 4), S.ExponentialLR(o, 0.9)]),
    "ReduceLROnPlateau": lambda S, o: S.ReduceLROnPlateau(o, "min", 0.3, 1, cooldown=1, min_lr=[0.001, 0.01]),
    "ReduceLROnPlateau abs": lambda S, o: S.ReduceLROnPlateau(o, "max", 0.5, 2, 0.02, "abs"),
}
METRICS = [
    1.0,
    0.9,
    0.85,
    0.86,
    0.87,
    0.85,
    0.849,
    0.9,
    0.95,
    0.84,
    0.83,
    0.84,
    0.85,
    0.86,
    0.87,
    0.88,
    0.5,
    0.51,
]


def two_groups(L: Any, adam: bool = False) -> Any:
    """An optimizer with two groups of different rates."""
    groups = [{"params": [p], "lr": 0.1 * (i + 1)} for i, p in enumerate(parameters(L, [(2,), (3,)]))]
    return L.optim.Adam(groups) if adam else L.optim.SGD(groups, lr=0.1, momentum=0.9)


def schedule(L: Any, name: str, adam: bool = False, resume: bool = False) -> list[list[float]]:
    """Rates and momenta after each of 18 epochs; with `resume`, saved and loaded after 7 of them."""
    optimizer = two_groups(L, adam)
    make = SCHEDULES[name]
    scheduler = make(L.optim.lr_scheduler, optimizer)
    rates = []
    for epoch, metric in enumerate(METRICS):
        optimizer.step()
        if name.startswith("ReduceLROnPlateau"):
            scheduler.step(metric)
        else:
            scheduler.step()
        row = [*scheduler.get_last_lr()]
        for g in optimizer.param_groups:
            row += [g["lr"], g["betas"][0] if adam else g["momentum"]]
        rates.append([float(r) for r in row])
        if resume and epoch == 6:
            saved, options = scheduler.state_dict(), optimizer.state_dict()
            optimizer = two_groups(L, adam)
            scheduler = make(L.optim.lr_scheduler, optimizer)
            scheduler.load_state_dict(saved)
            optimizer.load_state_dict(options)
    return rates
