"""NAdam: Adam with Nesterov momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tensor import Tensor, wrap
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

__all__ = ["NAdam"]


class NAdam(Optimizer):
    """Adam that looks ahead by its momentum mu(t) = beta1 * (1 - 0.96**(t * momentum_decay) / 2).

    Args:
        params: Tensors, (name, tensor) pairs, or dicts of groups.
        lr: Learning rate.
        betas: Decay rates of the means of g and g**2.
        eps: Added to the root.
        weight_decay: Factor of the L2 penalty, or of the decay itself with `decoupled_weight_decay`.
        momentum_decay: How fast mu comes to beta1.
        decoupled_weight_decay: p *= 1 - lr * weight_decay, apart from the gradient.
        foreach: Accepted without effect.
        maximize: Go up instead of down.
        capturable, differentiable: Must be False.

    Source: Dozat 2016, "Incorporating Nesterov momentum into Adam".
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
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr("NAdam", lr)
        check_not_negative("NAdam", eps=eps)
        check_betas("NAdam", betas)
        check_not_negative("NAdam", weight_decay=weight_decay, momentum_decay=momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        return {
            "step": counter(),
            "mu_product": wrap(np.ones((), np.float32)),
            "exp_avg": zeros_like(p),
            "exp_avg_sq": zeros_like(p),
        }

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        t = advance(state)
        lr, (beta1, beta2), decay = number(group["lr"]), group["betas"], group["weight_decay"]
        if decay and group["decoupled_weight_decay"]:
            p *= 1 - lr * decay
        elif decay:
            g = g + p * decay
        mu = beta1 * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"]))
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * group["momentum_decay"]))
        state["mu_product"]._array *= mu
        product = state["mu_product"]._array.item()
        m, v = state["exp_avg"]._array, state["exp_avg_sq"]._array
        lerp(m, g, 1 - beta1)
        v *= beta2
        v += g * g * (1 - beta2)
        root = np.sqrt(v / (1 - beta2**t)) + group["eps"]
        p -= g * (lr * (1 - mu) / (1 - product)) / root
        p -= m * (lr * mu_next / (1 - product * mu_next)) / root
