"""`torch.xpu`: there is no XPU device."""

from __future__ import annotations

from typing import Any, NoReturn

from ._absent import device_count, is_available, manual_seed

__all__ = [
    "device_count",
    "is_available",
    "manual_seed",
    "current_device",
    "empty_cache",
    "set_device",
    "synchronize",
]


def _refuse(name: str) -> NoReturn:
    raise AssertionError(
        f"xpu.{name}: there is no XPU device here (Torch not compiled with XPU enabled); ask is_available() first"
    )


def current_device() -> Any:
    """An error: there is no device."""
    _refuse("current_device")


def set_device(device: Any) -> Any:
    """An error: there is no device."""
    _refuse("set_device")


def synchronize(device: Any = None) -> Any:
    """An error: there is no device."""
    _refuse("synchronize")


def empty_cache() -> None:
    """Nothing: there is no device's memory."""
