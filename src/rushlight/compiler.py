"""torch.compile and torch.jit, as far as eager execution can stand in for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["compile"]


def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = None,
    mode: str | None = None,
    options: dict | None = None,
    name: str | None = None,
    disable: bool = False,
    recompile_limit: int | None = None,
    isolate_recompiles: bool = False,
    shapes_spec: Any = None,
) -> Any:
    """The model or function itself: it runs eagerly, with the same results.

    PyTorch's options choose how it compiles and have nothing to act on here. Also a decorator, with or without brackets.

    Args:
        model: A module or function. Default: give a decorator.
        backend: A name. (A function of one's own would be given a graph, which is not made here.)
        fullgraph, dynamic, mode, options, name, disable, recompile_limit, isolate_recompiles, shapes_spec: Of
            how PyTorch compiles.
    Raises:
        TypeError: `model` cannot be called.
        NotImplementedError: `backend` is a function.

    Example:
        >>> compile(lambda x: x + 1)(1)
        2
    """
    if callable(backend):
        raise NotImplementedError(
            "compile: backend must be the name of one; there is no graph here that a function could be given"
        )
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
