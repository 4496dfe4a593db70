"""`torch.fx`: functions can be marked; graphs of programs are not made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

__all__ = [
    "Graph",
    "GraphModule",
    "Interpreter",
    "Node",
    "Proxy",
    "Tracer",
    "Transformer",
    "symbolic_trace",
    "wrap",
]


def wrap(fn_or_name: str | Callable) -> Any:
    """What is given, as it is: PyTorch's mark for functions that a trace must not look into.

    Raises:
        RuntimeError: it is neither a function nor a name.
    """
    if not callable(fn_or_name) and not isinstance(fn_or_name, str):
        raise RuntimeError(
            f"fx.wrap: must be given a function or the name of a global one, got {type(fn_or_name).__name__}"
        )
    return fn_or_name


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(
        f"fx.{name}: graphs of programs are not there; use the module itself, forward hooks "
        "(module.register_forward_hook) for what lies between, or do the transformation in PyTorch"
    )


def symbolic_trace(root: Any, concrete_args: Any = None) -> Any:
    """An error: programs are not traced."""
    _refuse("symbolic_trace")


class _Missing:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse(type(self).__name__)


class Tracer(_Missing):
    """Cannot be made: programs are not traced."""


class Graph(_Missing):
    """Cannot be made: there are no graphs of programs."""


class GraphModule(_Missing):
    """Cannot be made: there are no graphs of programs."""


class Node(_Missing):
    """Cannot be made: there are no graphs of programs."""


class Proxy(_Missing):
    """Cannot be made: programs are not traced."""


class Interpreter(_Missing):
    """Cannot be made: there are no graphs of programs."""


class Transformer(_Missing):
    """Cannot be made: there are no graphs of programs."""
