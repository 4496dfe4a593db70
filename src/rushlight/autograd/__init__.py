"""Automatic differentiation: the graph, the engine, and `Function` for operations of one's own."""

from __future__ import annotations

from typing import Any

from . import function as function
from . import graph as graph
from .core import is_grad_enabled as is_grad_enabled
from .function import Function as Function
from .function import once_differentiable as once_differentiable
from .grad_mode import enable_grad as enable_grad
from .grad_mode import inference_mode as inference_mode
from .grad_mode import is_inference_mode_enabled as is_inference_mode_enabled
from .grad_mode import no_grad as no_grad
from .grad_mode import set_grad_enabled as set_grad_enabled
from .gradcheck import GradcheckError as GradcheckError
from .gradcheck import gradcheck as gradcheck
from .gradcheck import gradgradcheck as gradgradcheck
from .gradients import backward as backward
from .gradients import grad as grad

__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
]


class _VariableMeta(type):
    def __instancecheck__(cls, x: Any) -> bool:
        from .core import TensorBase

        return isinstance(x, TensorBase)


class Variable(metaclass=_VariableMeta):
    """PyTorch's old wrapper: `Variable(tensor)` is the tensor."""

    def __new__(cls, data: Any, requires_grad: bool = False, volatile: bool | None = None) -> Any:
        t = data.detach()
        return t.requires_grad_() if requires_grad else t


def __getattr__(name: str) -> Any:
    """What is rare is imported at its first use."""
    if name in ("detect_anomaly", "set_detect_anomaly", "set_multithreading_enabled"):
        from . import anomaly

        return getattr(anomaly, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
