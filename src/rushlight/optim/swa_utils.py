"""Averages of a model's weights over its training, and what goes with them."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import no_grad
from ..nn.modules.batchnorm import _BatchNorm
from ..nn.modules.module import Module
from ..tensor import Tensor, wrap
from .lr_scheduler.base import LRScheduler
from .lr_scheduler.cyclic import per_group
from .optimizer import Optimizer

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def _check_decay(function: str, decay: float) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(
            f"{function}: decay must be in [0, 1] (Invalid decay value {decay} provided), got {decay}"
        )


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Any]:
    """An `avg_fn`: decay * average + (1 - decay) * parameter."""
    _check_decay("get_ema_avg_fn", decay)

    @no_grad()  # type: ignore[untyped-decorator]
    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return decay * ema_param + (1 - decay) * current_param  # type: ignore[operator]

    return ema_update


def get_swa_avg_fn() -> Callable[..., Any]:
    """An `avg_fn`: the plain mean of all parameters seen."""

    @no_grad()  # type: ignore[untyped-decorator]
    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)  # type: ignore[operator]

    return swa_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., Any]:
    """A `multi_avg_fn`: as `get_ema_avg_fn`, in place on lists of tensors."""
    _check_decay("get_ema_multi_avg_fn", decay)

    def ema_update(ema_param_list: list[Any], current_param_list: list[Any], _: Any) -> None:
        for average, current in zip(ema_param_list, current_param_list, strict=True):
            _towards(average, current, 1 - decay)

    return ema_update


def get_swa_multi_avg_fn() -> Callable[..., Any]:
    """A `multi_avg_fn`: as `get_swa_avg_fn`, in place on lists of tensors."""

    def swa_update(averaged_param_list: list[Any], current_param_list: list[Any], num_averaged: Any) -> None:
        for average, current in zip(averaged_param_list, current_param_list, strict=True):
            _towards(average, current, 1 / (float(num_averaged) + 1))

    return swa_update


def _towards(average: Tensor, current: Tensor, share: float) -> None:
    """average += (current - average) * share; integers are copied."""
    if average.dtype.category >= dtypes.FLOAT:
        average._array += (current._array - average._array) * share
    else:
        average._array[...] = current._array
    average._bump()


def _copy(target: Tensor, source: Tensor) -> None:
    target._array[...] = source._array
    target._bump()


class AveragedModel(Module):
    """A copy of a model whose weights are the average of the model's at the calls of `update_parameters`.

    Args:
        model: The model that is trained.
        device: "cpu".
        avg_fn: (average, parameter, how many were averaged) -> the new average. Default: the mean.
        multi_avg_fn: The same in place on lists of tensors.
        use_buffers: Average buffers too; otherwise they are copied.

    Source: Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization", arXiv:1803.05407.

    Example:
        >>> model = rushlight.nn.Linear(1, 1)
        >>> average = AveragedModel(model)
        >>> average.update_parameters(model)
        >>> average.n_averaged
        tensor(1)
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[..., Any] | None = None,
        multi_avg_fn: Callable[..., Any] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError(
                "AveragedModel: Only one of avg_fn and multi_avg_fn should be provided, got both"
            )
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", wrap(np.zeros((), np.int64)))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The averaged model's result."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present weights into the average."""
        with no_grad():
            self._update(model)

    def _update(self, model: Module) -> None:
        mine, theirs = list(self.module.parameters()), list(model.parameters())
        if self.use_buffers:
            mine, theirs = mine + list(self.module.buffers()), theirs + list(model.buffers())  # type: ignore[arg-type]
        else:
            for average, current in zip(self.module.buffers(), model.buffers(), strict=False):
                _copy(average, current)
        if int(self.n_averaged) == 0:
            for average, current in zip(mine, theirs, strict=False):
                _copy(average, current)
        elif self.avg_fn is not None:
            for average, current in zip(mine, theirs, strict=False):
                _copy(average, self.avg_fn(average.detach(), current.detach(), self.n_averaged))
        else:
            update = self.multi_avg_fn or get_swa_multi_avg_fn()
            update([t.detach() for t in mine], [t.detach() for t in theirs], self.n_averaged)
        self.n_averaged._array += 1


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of a model's batch normalizations anew, over one pass of the data.

    Args:
        loader: Gives inputs, or tuples and lists that begin with one.
        model: Whose BatchNorm layers are updated; in training mode for the time.
        device: "cpu".
    """
    with no_grad():
        momenta = {}
        for module in model.modules():
            if isinstance(module, _BatchNorm):
                module.reset_running_stats()
                momenta[module] = module.momentum
        if not momenta:
            return
        was_training = model.training
        model.train()
        for module in momenta:
            module.momentum = None  # a plain mean over the batches
        for batch in loader:
            input = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(input if device is None else input.to(device))
        for module, momentum in momenta.items():
            module.momentum = momentum
        model.train(was_training)


class SWALR(LRScheduler):
    """Brings the rates to `swa_lr` in `anneal_epochs` epochs and keeps them there.

    Args:
        optimizer: Whose groups' 'lr' is set.
        swa_lr: The last rate: a number, or a list of one a group.
        anneal_epochs: Epochs of the way there.
        anneal_strategy: 'cos' or 'linear'.
        last_epoch: The epoch a resumed run was at; -1 to start.

    Raises:
        ValueError: an unknown strategy, or `anneal_epochs` is no integer >= 0.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for lr, group in zip(
            per_group("SWALR", "swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True
        ):
            group["swa_lr"] = lr
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"SWALR: anneal_strategy must be one of 'cos' or 'linear', got {anneal_strategy!r}"
            )
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(
                f"SWALR: anneal_epochs must be equal or greater than 0 and an int, got {anneal_epochs}"
            )
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step: float) -> float:
        """How much of the way is done at a step."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list[Any]:
        """The groups' next rates."""
        self._warn_get_lr()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            lr, last = group["lr"], group["swa_lr"]
            first = last if before == 1 else (lr - before * last) / (1 - before)
            rates.append(last * now + first * (1 - now))
        return rates
