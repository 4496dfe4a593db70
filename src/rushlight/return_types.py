"""Named results of functions that give several tensors, printed as PyTorch prints them."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

__all__ = ["struct"]


def struct(name: str, *fields: str) -> Any:
    """A tuple class with named fields.

    Example:
        >>> struct("pair", "first", "second")(1, 2)
        torch.return_types.pair(
        first=1,
        second=2)
    """
    made: Any = namedtuple(name, fields)  # type: ignore[misc]
    made.__repr__ = lambda self: (  # type: ignore[method-assign]
        f"torch.return_types.{name}(\n"
        + ",\n".join(f"{f}={v!r}" for f, v in zip(fields, self, strict=True))  # type: ignore[call-overload]
        + ")"
    )
    made.__module__ = __name__
    globals()[name] = made  # where pickle looks for it
    return made
