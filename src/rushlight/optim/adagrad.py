"""Adagrad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..kernels import _C
from ..tensor import Tensor, wrap
from .optimizer import Optimizer, advance, check_flags, check_lr, check_not_negative, counter, number

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """s: sum of all g**2;  p -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps).

    Args:
        params: Tensors, (name, tensor) pairs, or dicts of groups.
        lr: Learning rate.
        lr_decay: How fast it falls with the steps.
        weight_decay: Factor of the L2 penalty.
        initial_accumulator_value: What s begins with.
        eps: Added to the root.
        foreach, fused: Accepted; every step is one kernel call.
        maximize: Go up instead of down.
        differentiable: Must be False.

    Source: Duchi et al. 2011, "Adaptive subgradient methods for online learning and stochastic optimization".
    """

    _added_options = {"foreach": None, "maximize": False, "differentiable": False, "fused": None}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr("Adagrad", lr)
        check_not_negative(
            "Adagrad",
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )
        check_flags("Adagrad", fused, foreach, differentiable)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:  # PyTorch's Adagrad has its state from the beginning
            for p in group["params"]:
                self.state[p] = self._start(group, p)

    def share_memory(self) -> None:
        """Move the sums into memory that processes share."""
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["sum"].share_memory_()

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        value = group.get("initial_accumulator_value", 0)
        return {"step": counter(), "sum": wrap(np.full_like(p._array, value))}

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        t = advance(state)
        if group["weight_decay"]:
            g = g + p * group["weight_decay"]
        total = state["sum"]._array
        total += g * g
        p -= g * (number(group["lr"]) / (1 + (t - 1) * group["lr_decay"])) / (np.sqrt(total) + group["eps"])

    def _fused(self, group: dict[str, Any], params: list[Any], grads: list[Any], states: list[Any]) -> bool:
        return _C is not None and _C.optim_adagrad(
            params,
            grads,
            [s["sum"] for s in states],
            [s["step"] for s in states],
            number(group["lr"]),
            group["lr_decay"],
            group["weight_decay"],
            group["eps"],
            group["maximize"],
        )
