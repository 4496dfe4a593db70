"""RAdam: Adam with a rectified variance."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import (
    Optimizer,
    advance,
    check_betas,
    check_lr,
    check_not_negative,
    counter,
    lerp,
    number,
    zeros_like,
)

__all__ = ["RAdam"]


class RAdam(Optimizer):
    """Adam whose first steps, where the variance of its denominator is unbounded, are plain momentum.

    Args:
        params: Tensors, (name, tensor) pairs, or dicts of groups.
        lr: Learning rate.
        betas: Decay rates of the means of g and g**2.
        eps: Added to the root.
        weight_decay: Factor of the L2 penalty, or of the decay itself with `decoupled_weight_decay`.
        decoupled_weight_decay: p *= 1 - lr * weight_decay, apart from the gradient.
        foreach: Accepted without effect.
        maximize: Go up instead of down.
        capturable, differentiable: Must be False.

    Source: Liu et al. 2019, "On the variance of the adaptive learning rate and beyond", arXiv:1908.03265.
    """

    _added_options = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
        "decoupled_weight_decay": False,
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr("RAdam", lr)
        check_not_negative("RAdam", eps=eps)
        check_betas("RAdam", betas)
        check_not_negative("RAdam", weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        return {"step": counter(), "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        t = advance(state)
        lr, (beta1, beta2), decay = number(group["lr"]), group["betas"], group["weight_decay"]
        if decay and group["decoupled_weight_decay"]:
            p *= 1 - lr * decay
        elif decay:
            g = g + p * decay
        m, v = state["exp_avg"]._array, state["exp_avg_sq"]._array
        lerp(m, g, 1 - beta1)
        v *= beta2
        v += g * g * (1 - beta2)
        update = m / (1 - beta1**t) * lr
        most = 2 / (1 - beta2) - 1  # length of the average, in steps: at last, and now
        now = most - 2 * t * beta2**t / (1 - beta2**t)
        if now > 5:
            share = (now - 4) * (now - 2) * most / ((most - 4) * (most - 2) * now)
            update = update * (math.sqrt(1 - beta2**t) / (np.sqrt(v) + group["eps"])) * math.sqrt(share)
        p -= update
