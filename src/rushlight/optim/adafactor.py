"""Adafactor: second moments of a matrix kept as its row and column means."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import dtypes
from ..tensor import Tensor, wrap
from .optimizer import Optimizer, advance, check_lr, counter, lerp, number, zeros_like

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """Scales g by the inverse root of its mean square, held for a matrix as one mean per row and column.

    Args:
        params: Tensors, (name, tensor) pairs, or dicts of groups.
        lr: Greatest relative step size; the step uses min(lr, 1 / sqrt(t)).
        beta2_decay: The means decay by 1 - t**beta2_decay.
        eps: (least mean square, default the dtype's epsilon; least root mean square of p that scales the step).
        d: The update is clipped to this root mean square.
        weight_decay: Decoupled: p *= 1 - lr * weight_decay.
        foreach: Accepted without effect.
        maximize: Go up instead of down.

    Source: Shazeer and Stern 2018, arXiv:1804.04235.
    """

    _added_options = {"foreach": None}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor):
            check_lr("Adafactor", lr)
        rules = (
            (0.0 <= number(lr), "lr", ">= 0", "Learning rate should be", lr),
            (beta2_decay <= 0.0, "beta2_decay", "<= 0", "beta2_decay should be", beta2_decay),
            (eps[0] is None or 0.0 <= eps[0], "eps[0]", ">= 0", "epsilon1 should be", eps[0]),
            (0.0 <= eps[1], "eps[1]", ">= 0", "epsilon2 should be", eps[1]),
            (1.0 <= d, "d", ">= 1", "Clipping threshold d should be", d),
            (0.0 <= weight_decay, "weight_decay", ">= 0", "weight_decay should be", weight_decay),
        )
        for rule, name, bound, words, value in rules:
            if not rule:
                raise ValueError(
                    f"Adafactor: {name} must be {bound}, got {value} ({words} {bound} but is: {value})"
                )
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        state: dict[str, Any] = {"step": counter()}
        shape, dtype = p._array.shape, p._array.dtype
        if len(shape) > 1:
            state["row_var"] = wrap(np.zeros((*shape[:-1], 1), dtype))
            state["col_var"] = wrap(np.zeros((*shape[:-2], 1, shape[-1]), dtype))
        else:
            state["variance"] = zeros_like(p)
        return state

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        t = advance(state)
        if not p.size:
            return
        lr, (eps1, eps2) = number(group["lr"]), group["eps"]
        if eps1 is None:
            eps1 = dtypes.finfo(dtypes.of(p.dtype)).eps
        fresh = t ** group["beta2_decay"]
        alpha = max(eps2, _norm(p) / math.sqrt(p.size)) * min(lr, 1 / math.sqrt(t))
        if group["weight_decay"]:
            p *= 1 - lr * group["weight_decay"]
        if p.ndim > 1:
            rows, columns = state["row_var"]._array, state["col_var"]._array
            lerp(rows, (g * g).mean(-1, keepdims=True), fresh)
            lerp(columns, (g * g).mean(-2, keepdims=True), fresh)
            v = rows * columns / np.maximum(rows.mean(-2, keepdims=True), eps1)
        else:
            v = state["variance"]._array
            lerp(v, g * g, fresh)
        update = g / np.sqrt(np.maximum(v, eps1 * eps1))
        p -= update * (alpha / max(1.0, _norm(update) / (math.sqrt(update.size) * group["d"])))


def _norm(x: np.ndarray) -> float:
    return float(np.sqrt((x.astype(np.float64) ** 2).sum()))
