"""SparseAdam: Adam for sparse gradients, which rushlight does not have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Optimizer, check, check_betas, number

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """Adam for sparse gradients. Gradients here are always dense, so its step is an error, as PyTorch's is then.

    Args:
        params: Tensors, (name, tensor) pairs, or dicts of groups.
        lr: Learning rate.
        betas: Decay rates.
        eps: Added to the root.
        maximize: Go up instead of down.

    Raises:
        RuntimeError: at the first step.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        check("SparseAdam", 0.0 < number(lr), "lr", "greater than 0", lr)
        check("SparseAdam", 0.0 < eps, "eps", "greater than 0", eps)
        check_betas("SparseAdam", betas)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "maximize": maximize,
            },
        )

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        raise RuntimeError("SparseAdam: does not support dense gradients, please consider Adam instead")
