"""Schedules that rise and fall: warm restarts, cyclic rates, the one-cycle policy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, set_value

__all__ = ["CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR"]


def per_group(scheduler: str, name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """An option as a list of one value a group."""
    n = len(optimizer.param_groups)
    if isinstance(value, (list, tuple)):
        if len(value) != n:
            raise ValueError(
                f"{scheduler}: {name} must have the same length as optimizer.param_groups, {n}, got {len(value)} values"
            )
        return list(value)
    return [value] * n


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine wave from lr down to `eta_min`, again and again.

    Args:
        optimizer: Whose groups' 'lr' is set.
        T_0: Epochs of the first wave.
        T_mult: Each wave is so many times as long as the one before.
        eta_min: The least rate.
        last_epoch: The epoch a resumed run was at; -1 to start.

    Raises:
        ValueError: `T_0` or `T_mult` is no positive integer.

    Source: Loshchilov and Hutter 2016, "SGDR", arXiv:1608.03983.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        name = "CosineAnnealingWarmRestarts"
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(
                f"{name}: T_0 must be a positive integer (Expected positive integer T_0), got {T_0}"
            )
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(
                f"{name}: T_mult must be an integer >= 1 (Expected integer T_mult >= 1), got {T_mult}"
            )
        if not isinstance(eta_min, (float, int)):
            raise ValueError(
                f"{name}: eta_min must be a number (Expected float or int eta_min), got {eta_min} of type {type(eta_min)}"
            )
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The groups' next rates."""
        self._warn_get_lr()
        share = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (lr - self.eta_min) * share for lr in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on by one epoch, or to `epoch`, which may be a fraction: step(epoch + batch / batches)."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        elif epoch < 0:
            raise ValueError(f"step: epoch must not be negative (Expected non-negative epoch), got {epoch}")
        elif epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            n = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**n - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**n
        self.last_epoch = math.floor(epoch)
        self._get_lr_called_within_step = True
        try:
            self._set(self.get_lr())
        finally:
            self._get_lr_called_within_step = False


def _supports_momentum(scheduler: str, optimizer: Optimizer) -> bool:
    """Whether momentum is Adam's beta1; refuses optimizers that have neither."""
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError(
            f"{scheduler}: optimizer must support momentum or beta1 with `cycle_momentum` option enabled, got "
            f"{type(optimizer).__name__}; set cycle_momentum=False"
        )
    return "betas" in optimizer.defaults


def _set_momentum(group: dict[str, Any], beta1: bool, value: Any) -> None:
    if beta1:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


class CyclicLR(LRScheduler):
    """Rates go up from `base_lr` to `max_lr` and down again, step by step; momentum the other way.

    Args:
        optimizer: Whose groups are set.
        base_lr: The lower rate: a number, or a list of one a group.
        max_lr: The upper rate.
        step_size_up: Steps upwards.
        step_size_down: Steps downwards. Default `step_size_up`.
        mode: 'triangular' (always as high), 'triangular2' (half as high each cycle), 'exp_range' (gamma**steps).
        gamma: For 'exp_range'.
        scale_fn: A function of one's own for the height; `mode` is then ignored.
        scale_mode: Whether `scale_fn` is given the 'cycle' or the 'iterations'.
        cycle_momentum: Also set momentum, or Adam's beta1.
        base_momentum, max_momentum: Its bounds.
        last_epoch: The step a resumed run was at; -1 to start.

    Raises:
        ValueError: an unknown mode, a list of the wrong length, or an optimizer without momentum.

    Source: Smith 2015, "Cyclical learning rates for training neural networks", arXiv:1506.01186.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer, "CyclicLR")
        base_lrs = per_group("CyclicLR", "base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for lr, group in zip(base_lrs, optimizer.param_groups, strict=True):
                set_value(group, "lr", lr)
        self.max_lrs = per_group("CyclicLR", "max_lr", optimizer, max_lr)
        up = float(step_size_up)
        down = up if step_size_down is None else float(step_size_down)
        self.total_size = up + down
        self.step_ratio = up / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(
                f"CyclicLR: mode must be 'triangular', 'triangular2' or 'exp_range' "
                f"(mode is invalid and scale_fn is None), got {mode!r}"
            )
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = _supports_momentum("CyclicLR", optimizer)
            self.base_momentums = per_group("CyclicLR", "base_momentum", optimizer, base_momentum)
            self.max_momentums = per_group("CyclicLR", "max_momentum", optimizer, max_momentum)
            if last_epoch == -1:
                triples = zip(self.max_momentums, self.base_momentums, optimizer.param_groups, strict=True)
                for most, least, group in triples:
                    _set_momentum(group, self.use_beta1, most)
                    group["max_momentum"] = most
                    group["base_momentum"] = least
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The height of a cycle, of 1: by its number, or by that of the step."""
        if self._scale_fn_custom is not None:
            return float(self._scale_fn_custom(x))
        if self.mode == "triangular":
            return 1.0
        return 1 / (2.0 ** (x - 1)) if self.mode == "triangular2" else self.gamma**x

    def get_lr(self) -> list[Any]:
        """The groups' next rates; sets momentum too."""
        self._warn_get_lr()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            triples = zip(self.base_momentums, self.max_momentums, self.optimizer.param_groups, strict=True)
            for least, most, group in triples:
                _set_momentum(group, self.use_beta1, most - (most - least) * height * scale)
        return [
            low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer; a function for the height is not saved, a callable object's attributes are."""
        state = {k: v for k, v in super().state_dict().items() if k != "_scale_fn_custom"}
        f = self._scale_fn_custom
        state["_scale_fn_custom"] = None if f is None or hasattr(f, "__code__") else f.__dict__.copy()
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a `state_dict()`."""
        attributes = state_dict.get("_scale_fn_custom")
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_scale_fn_custom"})
        if attributes is not None and self._scale_fn_custom is not None:
            self._scale_fn_custom.__dict__.update(attributes)


class OneCycleLR(LRScheduler):
    """One rise of the rate to `max_lr` and one long fall to almost nothing, over a whole training run.

    Args:
        optimizer: Whose groups are set.
        max_lr: The highest rate: a number, or a list of one a group.
        total_steps: Steps of the run; or
        epochs, steps_per_epoch: Whose product they are.
        pct_start: Share of the steps that rise.
        anneal_strategy: 'cos' or 'linear'.
        cycle_momentum: Also set momentum, or Adam's beta1, the other way.
        base_momentum, max_momentum: Its bounds.
        div_factor: The first rate is max_lr / div_factor.
        final_div_factor: The last rate is the first / final_div_factor.
        three_phase: Fall to the first rate as fast as it rose, then to the last.
        last_epoch: The step a resumed run was at; -1 to start.

    Raises:
        ValueError: no number of steps, an option out of its range, or (at a step) more steps than that.

    Source: Smith and Topin 2017, "Super-convergence", arXiv:1708.07120.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer, "OneCycleLR")
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise ValueError(
                f"OneCycleLR: pct_start must be a float in [0, 1] (Expected float between 0 and 1 pct_start), got {pct_start}"
            )
        rise = float(pct_start * self.total_steps) - 1
        if three_phase:
            ends = [rise, 2 * rise, self.total_steps - 1]
            lrs = ["initial_lr", "max_lr", "initial_lr", "min_lr"]
            momenta = ["max_momentum", "base_momentum", "max_momentum", "max_momentum"]
        else:
            ends = [rise, self.total_steps - 1]
            lrs, momenta = (
                ["initial_lr", "max_lr", "min_lr"],
                ["max_momentum", "base_momentum", "max_momentum"],
            )
        self._schedule_phases: list[dict[str, Any]] = [
            {
                "end_step": end,
                "start_lr": lrs[i],
                "end_lr": lrs[i + 1],
                "start_momentum": momenta[i],
                "end_momentum": momenta[i + 1],
            }
            for i, end in enumerate(ends)
        ]
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"OneCycleLR: anneal_strategy must be one of 'cos' or 'linear', got {anneal_strategy!r}"
            )
        self._anneal_func_type = anneal_strategy
        max_lrs = per_group("OneCycleLR", "max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for most, group in zip(max_lrs, optimizer.param_groups, strict=True):
                group["initial_lr"] = most / div_factor
                group["max_lr"] = most
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = _supports_momentum("OneCycleLR", optimizer)
            mosts = per_group("OneCycleLR", "max_momentum", optimizer, max_momentum)
            leasts = per_group("OneCycleLR", "base_momentum", optimizer, base_momentum)
            if last_epoch == -1:
                for most, least, group in zip(mosts, leasts, optimizer.param_groups, strict=True):
                    _set_momentum(group, self.use_beta1, most)
                    group["max_momentum"] = most
                    group["base_momentum"] = least
        super().__init__(optimizer, last_epoch)

    def _anneal(self, start: float, end: float, share: float) -> float:
        if self._anneal_func_type == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)

    def get_lr(self) -> list[Any]:
        """The groups' next rates; sets momentum too."""
        self._warn_get_lr()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"OneCycleLR: step must be called at most total_steps times (Tried to step {step} times. The specified number of "
                f"total steps is {self.total_steps}), got {step}"
            )
        begin = 0.0
        phase = self._schedule_phases[-1]
        for candidate in self._schedule_phases:
            if step <= candidate["end_step"] or candidate is phase:
                phase = candidate
                break
            begin = candidate["end_step"]
        share = (step - begin) / (phase["end_step"] - begin)
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._anneal(group[phase["start_lr"]], group[phase["end_lr"]], share))
            if self.cycle_momentum:
                momentum = self._anneal(group[phase["start_momentum"]], group[phase["end_momentum"]], share)
                _set_momentum(group, self.use_beta1, momentum)
        return rates


def _total_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    def positive(name: str, value: Any) -> None:
        if value <= 0 or not isinstance(value, int):
            raise ValueError(
                f"OneCycleLR: {name} must be a positive integer (Expected positive integer {name}), got {value}"
            )

    if total_steps is not None:
        positive("total_steps", total_steps)
        return total_steps
    if epochs is None or steps_per_epoch is None:
        raise ValueError(
            "OneCycleLR: total_steps must be given (You must define either total_steps OR (epochs AND steps_per_epoch))"
        )
    positive("epochs", epochs)
    positive("steps_per_epoch", steps_per_epoch)
    return epochs * steps_per_epoch
