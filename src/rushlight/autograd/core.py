"""The graph's parts and the engine in use: compiled where there are kernels, else in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernels import _C

if TYPE_CHECKING:
    from .engine import run_backward
    from .graph import AccumulateGrad, TensorBase, bind, is_grad_enabled, set_grad_mode
    from .graph import PlainNode as Node
elif _C is not None and hasattr(_C, "TensorBase"):
    TensorBase = _C.TensorBase
    Node = _C.Node
    AccumulateGrad = _C.AccumulateGrad
    is_grad_enabled = _C.is_grad_enabled
    set_grad_mode = _C.set_grad_mode
    run_backward = _C.run_backward
    bind = _C.bind
else:
    from .engine import run_backward
    from .graph import AccumulateGrad, TensorBase, bind, is_grad_enabled, set_grad_mode
    from .graph import PlainNode as Node

__all__ = ["AccumulateGrad", "Node", "TensorBase", "bind", "is_grad_enabled", "run_backward", "set_grad_mode"]
