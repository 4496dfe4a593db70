"""Names of PyTorch's compiled module (`torch._C`) that programs use."""

from __future__ import annotations

from contextlib import nullcontext

from .ops.decomposition import LinAlgError as _LinAlgError
from .random import Generator as Generator

__all__ = ["DisableTorchFunction", "DisableTorchFunctionSubclass", "Generator", "_LinAlgError"]


class DisableTorchFunction(nullcontext):
    """A context that changes nothing: operations are not overridden by `__torch_function__` here."""


class DisableTorchFunctionSubclass(DisableTorchFunction):
    """The same."""
