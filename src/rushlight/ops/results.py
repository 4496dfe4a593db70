"""Named results of functions that give several tensors, printed as PyTorch prints them."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

__all__: list[str] = []


class _Named(tuple):
    """A tuple whose items also have names."""

    __slots__ = ()
    _fields: tuple = ()

    def __new__(cls, *items: Any) -> Any:
        return tuple.__new__(
            cls, items[0] if len(items) == 1 and isinstance(items[0], (tuple, list)) else items
        )

    def __repr__(self) -> str:
        parts = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
        return f"torch.return_types.{type(self).__name__}(\n{parts})"

    def __reduce__(self) -> tuple:
        return (tuple, (tuple(self),))


def named(name: str, *fields: str) -> Any:
    """A class of named results, for example `named("max", "values", "indices")`."""
    members: dict[str, Any] = {f: property(itemgetter(i)) for i, f in enumerate(fields)}
    return type(name, (_Named,), {"__slots__": (), "_fields": fields, "__module__": __name__, **members})
