"""Questions about tensors that have an immediate answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.core import TensorBase
from ..tensor import Tensor, method
from .elementwise import require_tensor

__all__ = [
    "get_device",
    "is_complex",
    "is_conj",
    "is_floating_point",
    "is_inference",
    "is_neg",
    "is_nonzero",
    "is_same_size",
    "is_signed",
    "is_storage",
    "numel",
    "typename",
]


def _asked(name: str) -> Any:
    def function(input: Tensor) -> Any:
        require_tensor(name, input)
        return getattr(input, name)()

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`input.{name}()`: {getattr(Tensor, name).__doc__}"
    return function


get_device, is_complex, is_floating_point, is_inference, is_signed, numel = (
    _asked(n) for n in ("get_device", "is_complex", "is_floating_point", "is_inference", "is_signed", "numel")
)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes are equal."""
    return input._array.shape == other._array.shape


@method()
def is_nonzero(input: Tensor) -> bool:
    """Whether a tensor of one element holds something other than 0.

    Raises:
        RuntimeError: it has more or no elements.
    """
    require_tensor("is_nonzero", input)
    if input._array.size != 1:
        raise RuntimeError(f"is_nonzero: the tensor must have one element, got {input._array.size}")
    return bool(np.asarray(input._array).reshape(-1)[0] != 0)


@method()
def is_conj(input: Tensor) -> bool:
    """False: conjugation is never put off here."""
    require_tensor("is_conj", input)
    return False


@method()
def is_neg(input: Tensor) -> bool:
    """False: negation is never put off here."""
    require_tensor("is_neg", input)
    return False


def is_storage(obj: Any) -> bool:
    """Whether `obj` is a storage."""
    from ..storage import UntypedStorage

    return isinstance(obj, UntypedStorage)


def typename(obj: Any) -> str:
    """The name of a tensor's type ("torch.FloatTensor"), or of any object's class with its module."""
    if isinstance(obj, TensorBase):
        return f"torch.{dtypes.of(obj._array.dtype).legacy}Tensor"
    kind = obj if isinstance(obj, type) else type(obj)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
