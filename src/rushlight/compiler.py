"""torch.compile and torch.jit, as far as eager execution can stand in for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["compile"]


def compile(model: Any = None, **options: Any) -> Any:
    """The model or function itself: it runs eagerly, with the same results.

    PyTorch's options (fullgraph, dynamic, backend, mode, options, disable) choose how it compiles and have nothing to act
    on here. Also a decorator, with or without brackets.

    Example:
        >>> compile(lambda x: x + 1)(1)
        2
    """
    unknown = set(options) - {"fullgraph", "dynamic", "backend", "mode", "options", "disable"}
    if unknown:
        raise TypeError(f"compile: got an unexpected keyword argument {sorted(unknown)[0]!r}")
    if model is None:
        return lambda function: function
    if not callable(model):
        raise TypeError(f"compile: model must be callable, got {type(model).__name__}")
    return model


def is_compiling() -> bool:
    """False."""
    return False


def disable(fn: Callable | None = None, recursive: bool = True, **options: Any) -> Any:
    """The function itself."""
    return (lambda function: function) if fn is None else fn
