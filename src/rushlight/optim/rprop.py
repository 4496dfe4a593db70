"""Resilient backpropagation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tensor import Tensor, wrap
from .optimizer import Optimizer, advance, check_lr, counter, number, zeros_like

__all__ = ["Rprop"]


class Rprop(Optimizer):
    """A step size for each weight, grown while its gradient keeps its sign and shrunk when that changes.

    Args:
        params: Tensors, (name, tensor) pairs, or dicts of groups.
        lr: The first step size.
        etas: Factors by which it shrinks and grows: 0 < first < 1 < second.
        step_sizes: Its least and greatest value.
        capturable, differentiable: Must be False.
        foreach: Accepted without effect.
        maximize: Go up instead of down.

    Source: Riedmiller and Braun 1993, "A direct adaptive method for faster backpropagation learning".
    """

    _added_options = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr("Rprop", lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(
                f"Rprop: etas must be 0 < first < 1 < second, got {etas} (Invalid eta values: {etas[0]}, {etas[1]})"
            )
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        size = wrap(np.full_like(p._array, number(group["lr"])))
        return {"step": counter(), "prev": zeros_like(p), "step_size": size}

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        advance(state)
        shrink, grow = group["etas"]
        size, before = state["step_size"]._array, state["prev"]._array
        product = g * before
        size *= np.where(product > 0, grow, np.where(product < 0, shrink, 1.0)).astype(size.dtype)
        np.clip(size, *group["step_sizes"], out=size)
        g = np.where(product < 0, g.dtype.type(0), g)  # past a minimum: wait one step
        p -= np.sign(g) * size
        before[...] = g
