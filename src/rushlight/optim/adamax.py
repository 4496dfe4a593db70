"""Adamax."""

from __future__ import annotations

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

__all__ = ["Adamax"]


class Adamax(Optimizer):
    """m: decaying mean of g; u = max(beta2 * u, |g| + eps);  p -= lr / (1 - beta1**t) * m / u.

    Args:
        params: Tensors, (name, tensor) pairs, or dicts of groups.
        lr: Learning rate.
        betas: Decay rates of m and u.
        eps: Added to |g|.
        weight_decay: Factor of the L2 penalty.
        foreach: Accepted without effect.
        maximize: Go up instead of down.
        differentiable, capturable: Must be False.

    Source: Kingma and Ba 2014, arXiv:1412.6980, section 7.
    """

    _added_options = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr("Adamax", lr)
        check_not_negative("Adamax", eps=eps)
        check_betas("Adamax", betas)
        check_not_negative("Adamax", weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        return {"step": counter(), "exp_avg": zeros_like(p), "exp_inf": zeros_like(p)}

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        t = advance(state)
        beta1, beta2 = group["betas"]
        if group["weight_decay"]:
            g = g + p * group["weight_decay"]
        m, u = state["exp_avg"]._array, state["exp_inf"]._array
        lerp(m, g, 1 - beta1)
        np.maximum(u * beta2, np.abs(g) + group["eps"], out=u)
        p -= m / u * (number(group["lr"]) / (1 - beta1**t))
