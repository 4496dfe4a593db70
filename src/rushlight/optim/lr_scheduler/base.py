"""What all schedules share: the count of epochs, writing rates into the groups, saving.

NOTE [Step by step]: like PyTorch's, most schedules compute a group's next rate from its present one, not
from the epoch, so that schedules can be chained and rates changed by hand in between. `step(epoch)` uses the
closed form where there is one.
"""

from __future__ import annotations

import warnings
from typing import Any

from ...tensor import Tensor
from ..optimizer import Optimizer

__all__ = ["LRScheduler"]

EPOCH_DEPRECATION_WARNING = (
    "step: the epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use "
    "`scheduler.step()` to step the scheduler; with an epoch, the closed form is used where there is one"
)


def copied(value: Any) -> Any:
    """A rate as it is now: a tensor's copy."""
    return value.detach().clone() if isinstance(value, Tensor) else value


def set_value(group: dict[str, Any], key: str, value: Any) -> None:
    """Set an option of a group; a tensor keeps its identity."""
    if isinstance(group.get(key), Tensor):
        old = group[key]
        old._array[...] = value._array if isinstance(value, Tensor) else value
        old._bump()
    else:
        group[key] = value


def check_optimizer(optimizer: Any, name: str) -> Optimizer:
    """Refuse anything but an Optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{name}: optimizer must be an Optimizer, got {type(optimizer).__name__} (is not an Optimizer)"
        )
    return optimizer


class LRScheduler:
    """Sets the learning rates of an optimizer's groups, epoch by epoch. A subclass defines `get_lr`.

    Args:
        optimizer: Whose groups' 'lr' is set.
        last_epoch: The epoch a resumed run was at; -1 to start.

    Raises:
        TypeError: `optimizer` is none.
        KeyError: resuming, and a group has no 'initial_lr'.

    Example:
        >>> class Halving(LRScheduler):
        ...     def get_lr(self):
        ...         return [lr / 2**self.last_epoch for lr in self.base_lrs]
        >>> optimizer = rushlight.optim.SGD([rushlight.nn.Parameter(rushlight.ones(1))], lr=1.0)
        >>> scheduler = Halving(optimizer)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    _get_lr_called_within_step: bool = False
    _is_initial: bool = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = check_optimizer(optimizer, type(self).__name__)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                if "initial_lr" not in group:
                    group["initial_lr"] = copied(group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: param 'initial_lr' is not specified in param_groups[{i}] when resuming "
                    "scheduler with last_epoch >= 0; load the optimizer's state_dict first, or start with last_epoch=-1"
                )
        self.base_lrs = [copied(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        optimizer._opt_called = False  # set by its step()
        self._initial_step()

    def _initial_step(self) -> None:
        """The step that makes the schedule begin: from the constructor."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[Any]:
        """The groups' next rates. To be defined by a subclass; users want `get_last_lr`."""
        raise NotImplementedError(f"{type(self).__name__}: a scheduler must define get_lr")

    def get_last_lr(self) -> list[Any]:
        """The rates that were set last, one a group."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go on by one epoch and set the rates.

        Args:
            epoch: Go to this epoch instead; deprecated.
        """
        if self._step_count == 1 and not getattr(self.optimizer, "_opt_called", True):
            warnings.warn(
                "step: Detected call of `lr_scheduler.step()` before `optimizer.step()`. You should call them in the opposite "
                "order: `optimizer.step()` before `lr_scheduler.step()`; otherwise the first value of the schedule is skipped",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                values = self.get_lr()
            else:
                self.last_epoch = epoch
                values = self._get_closed_form_lr() if hasattr(self, "_get_closed_form_lr") else self.get_lr()
        finally:
            self._get_lr_called_within_step = False
        self._set(values)

    def _set(self, values: list[Any]) -> None:
        for group, lr in zip(self.optimizer.param_groups, values, strict=False):
            set_value(group, "lr", lr)
        self._last_lr = [copied(group["lr"]) for group in self.optimizer.param_groups]

    def _now(self) -> list[Any]:
        """The groups' present rates."""
        return [copied(group["lr"]) for group in self.optimizer.param_groups]

    def _times(self, factor: float) -> list[Any]:
        """The groups' present rates times a factor."""
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _warn_get_lr(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "get_lr: to get the last learning rate computed by the scheduler, please use `get_last_lr()`",
                UserWarning,
                stacklevel=3,
            )

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, to be saved."""
        return {k: v for k, v in self.__dict__.items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a `state_dict()`."""
        self.__dict__.update(state_dict)


class _LRScheduler(LRScheduler):
    """The old name of `LRScheduler`."""


def callables_state(functions: list[Any]) -> list[Any]:
    """What can be saved of functions: the attributes of callable objects, None of plain functions."""
    return [None if callable(f) and hasattr(f, "__code__") else f.__dict__.copy() for f in functions]
