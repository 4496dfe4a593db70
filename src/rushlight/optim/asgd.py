"""Averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tensor import Tensor, wrap
from .optimizer import Optimizer, advance, check_lr, check_not_negative, counter, number, zeros_like

__all__ = ["ASGD"]


class ASGD(Optimizer):
    """SGD with a falling rate eta = lr / (1 + lambd * lr * t)**alpha; state 'ax' is the mean of p after step t0.

    Args:
        params: Tensors, (name, tensor) pairs, or dicts of groups.
        lr: Learning rate.
        lambd: Decay of p and of eta.
        alpha: Power of eta's fall.
        t0: The step at which averaging begins.
        weight_decay: Factor of the L2 penalty.
        foreach: Accepted without effect.
        maximize: Go up instead of down.
        differentiable, capturable: Must be False.

    Source: Polyak and Juditsky 1992, "Acceleration of stochastic approximation by averaging".
    """

    _added_options = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr("ASGD", lr)
        check_not_negative("ASGD", weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        eta = wrap(np.array(number(group["lr"]), np.float32))
        return {"step": counter(), "eta": eta, "mu": wrap(np.ones((), np.float32)), "ax": zeros_like(p)}

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        t = advance(state)
        lr, lambd = number(group["lr"]), group["lambd"]
        if group["weight_decay"]:
            g = g + p * group["weight_decay"]
        eta, mu, mean = state["eta"]._array, state["mu"]._array, state["ax"]._array
        p *= 1 - lambd * eta.item()
        p -= g * eta.item()
        if mu.item() == 1:
            mean[...] = p
        else:
            mean += (p - mean) * mu.item()
        eta[...] = lr / (1 + lambd * lr * t) ** group["alpha"]
        mu[...] = 1 / max(1, t - group["t0"])
