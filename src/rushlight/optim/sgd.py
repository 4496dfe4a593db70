"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..kernels import _C
from ..tensor import Tensor, wrap
from .optimizer import Optimizer, check_flags, check_lr, check_not_negative, number

__all__ = ["SGD"]


class SGD(Optimizer):
    """g += weight_decay * p;  b = momentum * b + (1 - dampening) * g;  p -= lr * b.

    With `nesterov` the update is g + momentum * b. The first b is g.

    Args:
        params: Tensors, (name, tensor) pairs, or dicts of groups.
        lr: Learning rate: a number, or a tensor of one element.
        momentum: Share of the last update that is kept.
        dampening: Share of the gradient that momentum leaves out.
        weight_decay: Factor of the L2 penalty.
        nesterov: Look ahead by the momentum.
        maximize: Go up instead of down.
        foreach, fused: Accepted; every step is one kernel call.
        differentiable: Must be False.

    Raises:
        ValueError: an option out of its range.

    Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", in PyTorch's
    form, where the learning rate multiplies the whole update.

    Example:
        >>> w = rushlight.nn.Parameter(rushlight.ones(1))
        >>> optimizer = SGD([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter containing:
        tensor([0.8000], requires_grad=True)
    """

    _added_options = {
        "differentiable": False,
        "nesterov": False,
        "maximize": False,
        "foreach": None,
        "fused": None,
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr("SGD", lr)
        check_not_negative("SGD", momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"SGD: nesterov must have momentum > 0 and dampening 0, got {momentum} and {dampening} (Nesterov momentum "
                "requires a momentum and zero dampening)"
            )
        check_flags("SGD", fused, foreach, differentiable)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        return {"momentum_buffer": None} if number(group["momentum"]) else {}

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        decay, momentum = number(group["weight_decay"]), number(group["momentum"])
        if decay:
            g = g + p * decay
        if momentum:
            if state.get("momentum_buffer") is None:
                state["momentum_buffer"] = wrap(np.array(g))
            else:
                b = state["momentum_buffer"]._array
                b *= momentum
                b += g * (1 - number(group["dampening"]))
            b = state["momentum_buffer"]._array
            g = g + b * momentum if group["nesterov"] else b
        p -= g * number(group["lr"])

    def _fused(self, group: dict[str, Any], params: list[Any], grads: list[Any], states: list[Any]) -> bool:
        if _C is None:
            return False
        momentum, buffers, fresh = number(group["momentum"]), None, []
        if momentum:
            buffers = [s.get("momentum_buffer") for s in states]
            for i, b in enumerate(buffers):
                if b is None:
                    buffers[i] = wrap(np.zeros_like(params[i]._array))
                    fresh.append(i)
        if fresh and len(fresh) < len(params):
            return False  # some begin, some go on: one by one
        done = _C.optim_sgd(
            params,
            grads,
            buffers,
            number(group["lr"]),
            momentum,
            number(group["dampening"]),
            number(group["weight_decay"]),
            group["nesterov"],
            group["maximize"],
            bool(fresh),
        )
        if done:
            for i in fresh:
                states[i]["momentum_buffer"] = buffers[i]  # type: ignore[index]
        return bool(done)
