"""`torch.mps`: there is no MPS device."""

from __future__ import annotations

from typing import Any, NoReturn

from ._absent import device_count, is_available, manual_seed

__all__ = ["device_count", "is_available", "manual_seed", "empty_cache", "synchronize"]


def _refuse(name: str) -> NoReturn:
    raise RuntimeError(
        f"mps.{name}: there is no MPS device here (Cannot execute {name}() without MPS backend); ask is_available() first"
    )


def empty_cache() -> Any:
    """An error: there is no device."""
    _refuse("empty_cache")


def synchronize() -> Any:
    """An error: there is no device."""
    _refuse("synchronize")
