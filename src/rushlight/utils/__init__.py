"""Helpers around training: data loading, hooks, checkpoints."""

from __future__ import annotations

import importlib
from typing import Any


def __getattr__(name: str) -> object:
    """Submodules are there without being imported: `rushlight.utils.data`."""
    if not name.startswith("_"):
        try:
            return importlib.import_module(f".{name}", __name__)
        except ModuleNotFoundError as e:
            if e.name != f"{__name__}.{name}":
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def set_module(obj: Any, mod: str) -> None:
    """Set the name of the module that a class or function says it comes from."""
    if not isinstance(mod, str):
        raise TypeError(f"set_module: mod must be a str, got {type(mod).__name__}")
    obj.__module__ = mod


def swap_tensors(t1: Any, t2: Any) -> None:
    """Exchange two tensors: each name then stands for the other's values, gradient, class and attributes.

    Raises:
        RuntimeError: one of them has a history.

    Example:
        >>> a, b = torch.zeros(1), torch.ones(2)
        >>> torch.utils.swap_tensors(a, b)
        >>> a
        tensor([1., 1.])
    """
    for t in (t1, t2):
        if t.grad_fn is not None or t._base is not None:
            raise RuntimeError(
                "swap_tensors: tensors must be leaves and no views, got one with a history; detach() it"
            )
    if t1 is t2:
        return
    state = [(t._array, t.grad, t.requires_grad, dict(getattr(t, "__dict__", {})), type(t)) for t in (t1, t2)]
    for t in (t1, t2):
        t.grad = None
        t.requires_grad = False
    for t, (array, grad, requires_grad, attributes, kind) in zip((t1, t2), reversed(state), strict=True):
        t.__class__ = kind
        t._array = array
        if hasattr(t, "__dict__"):
            t.__dict__.clear()
            t.__dict__.update(attributes)
        t.requires_grad = requires_grad
        t.grad = grad
        t._bump()
