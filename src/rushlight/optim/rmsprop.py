"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..kernels import _C
from ..tensor import Tensor
from .optimizer import Optimizer, advance, check_lr, check_not_negative, counter, lerp, number, zeros_like

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """v: decaying mean of g**2;  p -= lr * g / (sqrt(v) + eps).

    Args:
        params: Tensors, (name, tensor) pairs, or dicts of groups.
        lr: Learning rate.
        alpha: Decay rate of v.
        eps: Added to the root.
        weight_decay: Factor of the L2 penalty.
        momentum: Share of the last update that is kept.
        centered: Divide by the deviation: v less the square of the decaying mean of g.
        foreach: Accepted; every step is one kernel call.
        maximize: Go up instead of down.
        capturable, differentiable: Must be False.

    Source: Hinton 2012, "Neural networks for machine learning", lecture 6e; centered: Graves 2013, arXiv:1308.0850.
    """

    _added_options = {
        "momentum": 0,
        "foreach": None,
        "centered": False,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr("RMSprop", lr)
        check_not_negative("RMSprop", eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        state = {"step": counter(), "square_avg": zeros_like(p)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = zeros_like(p)
        if group["centered"]:
            state["grad_avg"] = zeros_like(p)
        return state

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        advance(state)
        alpha = group["alpha"]
        if group["weight_decay"]:
            g = g + p * group["weight_decay"]
        v = state["square_avg"]._array
        v *= alpha
        v += g * g * (1 - alpha)
        if group["centered"]:
            mean = state["grad_avg"]._array
            lerp(mean, g, 1 - alpha)
            v = v - mean * mean
        update = g / (np.sqrt(v) + group["eps"])
        if group["momentum"] > 0:
            b = state["momentum_buffer"]._array
            b *= group["momentum"]
            b += update
            update = b
        p -= update * number(group["lr"])

    def _fused(self, group: dict[str, Any], params: list[Any], grads: list[Any], states: list[Any]) -> bool:
        done = _C is not None and _C.optim_rmsprop(
            params,
            grads,
            [s["square_avg"] for s in states],
            [s["grad_avg"] for s in states] if group["centered"] else None,
            [s["momentum_buffer"] for s in states] if group["momentum"] > 0 else None,
            number(group["lr"]),
            group["alpha"],
            group["eps"],
            group["weight_decay"],
            group["momentum"],
            group["maximize"],
        )
        if done:
            for s in states:
                advance(s)
        return done
