"""Muon: momentum whose matrices are made orthogonal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import ml_dtypes
import numpy as np

from ..tensor import Tensor
from .optimizer import Optimizer, lerp, number, zeros_like

__all__ = ["Muon"]


class Muon(Optimizer):
    """p -= lr' * orthogonal(momentum of g), for matrices: the weights of hidden layers.

    Args:
        params: 2-d tensors, (name, tensor) pairs, or dicts of groups.
        lr: Learning rate; see `adjust_lr_fn`.
        weight_decay: Decoupled: p *= 1 - lr * weight_decay.
        momentum: Decay rate of the momentum.
        nesterov: Look ahead by the momentum.
        ns_coefficients: (a, b, c) of the iteration X <- a X + (b A + c A A) X with A = X X^T.
        eps: Least norm of a matrix.
        ns_steps: Iterations.
        adjust_lr_fn: lr' for a matrix of (rows, columns): "original" (and None) lr * sqrt(max(1, rows/columns)),
            "match_rms_adamw" lr * 0.2 * sqrt(max(rows, columns)).

    Raises:
        ValueError: a parameter is no matrix, or an option is out of its range.

    Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon; iteration: Bernstein and Newhouse 2024.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError(
                f"Muon: lr must be a number or a tensor of one element (Tensor lr must be 1-element), got {lr}"
            )
        words = {"lr": "Learning rate", "momentum": "momentum", "weight_decay": "weight decay"}
        for name, value in (("lr", lr), ("momentum", momentum), ("weight_decay", weight_decay)):
            if not 0.0 <= number(value):
                raise ValueError(
                    f"Muon: {name} must be >= 0, got {value} ({words[name]} should be >= 0 but is: {value})"
                )
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(
                f"Muon: adjust_lr_fn must be None, 'original' or 'match_rms_adamw', got {adjust_lr_fn!r} (Adjust learning rate "
                f"function {adjust_lr_fn} is not supported)"
            )
        if ns_steps >= 100:
            raise ValueError(
                f"Muon: ns_steps must be less than 100 for computational efficiency, got {ns_steps}"
            )
        if len(ns_coefficients) != 3:
            raise ValueError(f"Muon: ns_coefficients must be three numbers, got {ns_coefficients}")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        f"Muon: parameters must be matrices (Muon only supports 2D parameters), got one of shape {p.shape}; give "
                        "biases and embeddings to AdamW"
                    )

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        return {"momentum_buffer": zeros_like(p)}

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        b = state["momentum_buffer"]._array
        lerp(b, g, 1 - group["momentum"])
        update = b
        if group["nesterov"]:
            update = np.array(g)
            lerp(update, b, group["momentum"])
        update = orthogonalized(update, group["ns_coefficients"], group["ns_steps"], group["eps"])
        lr, (rows, columns) = number(group["lr"]), p.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            scale = 0.2 * math.sqrt(max(rows, columns))
        else:
            scale = math.sqrt(max(1, rows / columns))
        p *= 1 - lr * group["weight_decay"]
        p -= (update * (lr * scale)).astype(p.dtype)


def orthogonalized(x: np.ndarray, coefficients: tuple[Any, ...], steps: int, eps: float) -> np.ndarray:
    """Nearly U V^T of x = U S V^T, by Newton-Schulz iterations in bfloat16 (products are summed in float32)."""

    def rounded(y: np.ndarray) -> np.ndarray:
        return y.astype(ml_dtypes.bfloat16).astype(np.float32)

    a, b, c = coefficients
    x = rounded(x)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = rounded(x / max(float(rounded(np.sqrt((x * x).sum()))), eps))
    for _ in range(steps):
        gram = rounded(x @ x.T)
        x = rounded(a * x + rounded(b * gram + c * (gram @ gram)) @ x)
    return x.T if tall else x
