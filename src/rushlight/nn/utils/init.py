"""Making a module without drawing its weights."""

from __future__ import annotations

import inspect
from typing import Any

from ... import random
from ..modules.module import Module

__all__ = ["skip_init"]


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """`module_cls(*args, **kwargs)` with uninitialized parameters; the random stream is not advanced.

    Args:
        module_cls: The class; its constructor must take `device`.

    Raises:
        RuntimeError: It is no Module class, or does not take `device`.

    Example:
        >>> nn.utils.skip_init(nn.Linear, 2, 3).weight.shape
        torch.Size([3, 2])
    """
    if not isinstance(module_cls, type) or not issubclass(module_cls, Module):
        raise RuntimeError(f"skip_init: module_cls must be a Module class, got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError(f"skip_init: module_cls must take a 'device' argument, got {module_cls.__name__}")
    kwargs.pop("device", None)
    state = random.get_rng_state()
    try:
        return module_cls(*args, **kwargs)
    finally:
        random.set_rng_state(state)
