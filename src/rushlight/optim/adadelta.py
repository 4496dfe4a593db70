"""Adadelta."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Optimizer, advance, check, check_lr, check_not_negative, counter, number, zeros_like

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """v: decaying mean of g**2, a: of the updates' squares;  d = sqrt(a + eps) / sqrt(v + eps) * g;  p -= lr * d.

    Args:
        params: Tensors, (name, tensor) pairs, or dicts of groups.
        lr: Factor of the update.
        rho: Decay rate of both means.
        eps: Added under the roots.
        weight_decay: Factor of the L2 penalty.
        foreach: Accepted without effect.
        capturable, differentiable: Must be False.
        maximize: Go up instead of down.

    Source: Zeiler 2012, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701.
    """

    _added_options = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr("Adadelta", lr)
        check("Adadelta", 0.0 <= rho <= 1.0, "rho", "in [0, 1]", rho)
        check_not_negative("Adadelta", eps=eps, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        return {"step": counter(), "square_avg": zeros_like(p), "acc_delta": zeros_like(p)}

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        advance(state)
        rho, eps = group["rho"], group["eps"]
        if group["weight_decay"]:
            g = g + p * group["weight_decay"]
        v, a = state["square_avg"]._array, state["acc_delta"]._array
        v *= rho
        v += g * g * (1 - rho)
        d = np.sqrt(a + eps) / np.sqrt(v + eps) * g
        a *= rho
        a += d * d * (1 - rho)
        p -= d * number(group["lr"])
