"""Adam and AdamW."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..kernels import _C
from ..tensor import Tensor
from .optimizer import (
    Optimizer,
    advance,
    check_betas,
    check_flags,
    check_lr,
    check_not_negative,
    counter,
    lerp,
    number,
    zeros_like,
)

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """m, v: decaying means of g and g**2;  p -= lr * m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t)) + eps).

    Args:
        params: Tensors, (name, tensor) pairs, or dicts of groups.
        lr: Learning rate: a number, or a tensor of one element.
        betas: Decay rates of m and v.
        eps: Added to the root: the least denominator.
        weight_decay: Factor of the L2 penalty; with `decoupled_weight_decay`, of the decay itself.
        amsgrad: Use the largest v so far.
        foreach, fused: Accepted; every step is one kernel call.
        maximize: Go up instead of down.
        capturable: Must be False: for CUDA graphs.
        differentiable: Must be False.
        decoupled_weight_decay: p *= 1 - lr * weight_decay, apart from the gradient (AdamW).

    Raises:
        ValueError: an option out of its range.

    Source: Kingma and Ba 2014, arXiv:1412.6980; amsgrad: Reddi et al. 2018, arXiv:1904.09237.

    Example:
        >>> w = rushlight.nn.Parameter(rushlight.ones(1))
        >>> optimizer = Adam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter containing:
        tensor([0.9000], requires_grad=True)
    """

    _added_options = {
        "foreach": None,
        "fused": None,
        "amsgrad": False,
        "maximize": False,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        name = type(self).__name__
        check_lr(name, lr)
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError(
                f"{name}: lr as a Tensor is not supported for capturable=False and foreach=True; leave foreach away"
            )
        check_not_negative(name, eps=eps)
        check_betas(name, betas)
        check_not_negative(name, weight_decay=weight_decay)
        if isinstance(betas[0], Tensor) != isinstance(betas[1], Tensor):
            raise ValueError(f"{name}: betas must be either both floats or both Tensors, got {betas}")
        check_flags(name, fused, foreach, differentiable)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        state = {"step": counter(), "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = zeros_like(p)
        return state

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        t = advance(state)
        lr, decay = number(group["lr"]), number(group["weight_decay"])
        beta1, beta2 = number(group["betas"][0]), number(group["betas"][1])
        if decay and group["decoupled_weight_decay"]:
            p *= 1 - lr * decay
        elif decay:
            g = g + p * decay
        m, v = state["exp_avg"]._array, state["exp_avg_sq"]._array
        lerp(m, g, 1 - beta1)
        v *= beta2
        v += g * g * (1 - beta2)
        if group["amsgrad"]:
            largest = state["max_exp_avg_sq"]._array
            v = np.maximum(largest, v, out=largest)
        p -= m * (lr / (1 - beta1**t)) / (np.sqrt(v) / math.sqrt(1 - beta2**t) + group["eps"])

    def _fused(self, group: dict[str, Any], params: list[Any], grads: list[Any], states: list[Any]) -> bool:
        if _C is None:
            return False
        beta1, beta2 = group["betas"]
        done = _C.optim_adam(
            params,
            grads,
            [s["exp_avg"] for s in states],
            [s["exp_avg_sq"] for s in states],
            [s["max_exp_avg_sq"] for s in states] if group["amsgrad"] else None,
            [s["step"] for s in states],
            number(group["lr"]),
            number(beta1),
            number(beta2),
            group["eps"],
            number(group["weight_decay"]),
            group["decoupled_weight_decay"],
            group["maximize"],
        )
        return bool(done)


class AdamW(Adam):
    """Adam with decoupled weight decay: p *= 1 - lr * weight_decay before the step. Arguments: see `Adam`.

    Source: Loshchilov and Hutter 2017, "Decoupled weight decay regularization", arXiv:1711.05101.

    Example:
        >>> AdamW([rushlight.nn.Parameter(rushlight.ones(1))]).defaults["weight_decay"]
        0.01
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
