"""Rules that many functions share, and the words in which they are broken to the user."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import Any

__all__ = ["OutOfMemoryError", "kind_of", "not_ours", "warn", "wrap_dim", "wrap_dims"]


class OutOfMemoryError(RuntimeError, MemoryError):
    """There is not so much memory. PyTorch's is a RuntimeError, Python's a MemoryError: programs catch either."""


_HOME = __file__[: -len("errors.py")]


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line of the user's that led here, however many calls of ours lie between."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HOME):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def wrap_dim(dim: int, ndim: int, function: str, name: str = "dim") -> int:
    """`dim` counted from the front. A 0-d tensor has the dims -1 and 0, as in PyTorch.

    Raises:
        IndexError: there is no such dimension.
        TypeError: it is no int.
    """
    n = ndim or 1
    try:
        if -n <= dim < n:
            dim = dim.__index__()
            return dim + n if dim < 0 else dim
    except (TypeError, AttributeError):
        raise TypeError(f"{function}: {name} must be an int, got {type(dim).__name__}") from None
    raise IndexError(f"{function}: {name} must be in [{-n}, {n - 1}] (Dimension out of range), got {dim}")


def wrap_dims(dims: int | Sequence[int] | None, ndim: int, function: str) -> tuple[int, ...]:
    """Several dims counted from the front, each at most once; None or () means all."""
    if dims is None:
        return tuple(range(ndim))
    if isinstance(dims, int):
        dims = (dims,)
    if not isinstance(dims, (tuple, list)):
        if not hasattr(dims, "__index__"):
            raise TypeError(f"{function}: dim must be an int or a tuple of ints, got {kind_of(dims)}")
        dims = (dims.__index__(),)
    wrapped = tuple(wrap_dim(d, ndim, function) for d in dims)
    if not wrapped:
        return tuple(range(ndim))
    if len(set(wrapped)) != len(wrapped):
        raise RuntimeError(f"{function}: each dim must be given once, got {tuple(dims)}")
    return wrapped if ndim else ()


def kind_of(value: object) -> str:
    """The type of a value, for an error message; of an array or a tensor of real PyTorch also how to convert it."""
    kind = type(value)
    if kind.__name__ == "ndarray" and kind.__module__ == "numpy":
        return "ndarray; convert it with rushlight.from_numpy(array)"
    if kind.__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
        return f"{kind.__module__}.{kind.__name__} of PyTorch; convert it with rushlight.from_numpy(t.detach().numpy())"
    return kind.__name__


def not_ours(other: object) -> Any:
    """What an operator answers to an operand that it does not know: NotImplemented.

    Raises:
        TypeError: it is a tensor of real PyTorch, which would answer with less clear words.
    """
    if type(other).__module__.partition(".")[0] == "torch" and hasattr(other, "detach"):
        raise TypeError(f"operands must be Tensors or numbers, got {kind_of(other)}")
    return NotImplemented
