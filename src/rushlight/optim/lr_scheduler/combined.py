"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, copied, set_value
from .plateau import ReduceLROnPlateau

__all__ = ["ChainedScheduler", "SequentialLR"]


def _check_parts(name: str, schedulers: Any, optimizer: Optimizer | None) -> Optimizer:
    if len(schedulers) < 1:
        raise ValueError(
            f"{name}: schedulers must not be empty (expects at least one scheduler, but got no scheduler)"
        )
    for i, part in enumerate(schedulers):
        if not hasattr(part, "optimizer"):
            raise TypeError(
                f"{name}: schedulers[{i}] should have `optimizer` as its attribute, got {type(part).__name__}"
            )
        if isinstance(part, ReduceLROnPlateau):
            raise ValueError(
                f"{name}: does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be specified when "
                f"calling `step`, but got one at index {i} in the given schedulers sequence; step it apart"
            )
        optimizer = optimizer or part.optimizer
        if part.optimizer is not optimizer:
            raise ValueError(
                f"{name}: expects all schedulers to belong to the same optimizer, but got scheduler {type(part).__name__} "
                f"at index {i} has another"
            )
    return optimizer  # type: ignore[return-value]


class _Combined(LRScheduler):
    """Saves its parts' states in a list."""

    _schedulers: list[Any]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, the parts' states among it."""
        state = {k: v for k, v in self.__dict__.items() if k not in ("optimizer", "_schedulers")}
        state["_schedulers"] = [part.state_dict() for part in self._schedulers]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a `state_dict()`."""
        self.__dict__.update({k: v for k, v in state_dict.items() if k != "_schedulers"})
        for part, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            part.load_state_dict(state)


class SequentialLR(_Combined):
    """One schedule after the other: `schedulers[i]` ends, and the next begins at its epoch 0, at `milestones[i]`.

    Args:
        optimizer: Whose groups' 'lr' is set.
        schedulers: At least one, all of that optimizer.
        milestones: One less, growing.
        last_epoch: The epoch a resumed run was at; -1 to start.

    Raises:
        ValueError: their numbers do not fit, or a schedule is of another optimizer or needs a metric.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        _check_parts("SequentialLR", schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: milestones must be one less than schedulers (Sequential Schedulers expects number of schedulers "
                f"provided to be one more than the number of milestone points), got {len(milestones)} and {len(schedulers)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        for group in optimizer.param_groups:  # undo the first steps that the parts' constructors made
            set_value(group, "lr", copied(group["initial_lr"]))
        self.recursive_undo()
        schedulers[0]._initial_step()
        self._last_lr = schedulers[0].get_last_lr()

    def recursive_undo(self, sched: Any = None) -> None:
        """Take back one step of every part (and their parts)."""
        target = self if sched is None else sched
        if hasattr(target, "_schedulers"):
            for part in target._schedulers:
                self.recursive_undo(part)
        elif hasattr(target, "last_epoch"):
            target.last_epoch -= 1

    def step(self) -> None:  # type: ignore[override]
        """Go on by one epoch, with the schedule whose turn it is."""
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        part = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            part._update_lr(0)
        else:
            part.step()
        self._last_lr = part.get_last_lr()


class ChainedScheduler(_Combined):
    """Several schedules at once: each multiplies what the one before it set.

    Args:
        schedulers: At least one, all of one optimizer.
        optimizer: That optimizer; default: the first schedule's.

    Raises:
        ValueError: a schedule is of another optimizer, or needs a metric.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self.optimizer = _check_parts("ChainedScheduler", schedulers, optimizer)
        self._schedulers = list(schedulers)
        self._last_lr = [copied(group["lr"]) for group in self._schedulers[-1].optimizer.param_groups]

    def step(self) -> None:  # type: ignore[override]
        """Step each of the schedules."""
        for part in self._schedulers:
            part.step()
        self._last_lr = [copied(group["lr"]) for group in self._schedulers[-1].optimizer.param_groups]
