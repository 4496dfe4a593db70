"""`torch.accelerator`: there is none."""

from __future__ import annotations

from typing import Any, NoReturn

from ._absent import device_count, is_available
from .devices import device

__all__ = [
    "current_accelerator",
    "current_device_idx",
    "current_device_index",
    "current_stream",
    "device_count",
    "device_index",
    "empty_cache",
    "is_available",
    "max_memory_allocated",
    "max_memory_reserved",
    "memory_allocated",
    "memory_reserved",
    "memory_stats",
    "reset_accumulated_memory_stats",
    "reset_peak_memory_stats",
    "set_device_idx",
    "set_device_index",
    "set_stream",
    "synchronize",
]


def current_accelerator(check_available: bool = False) -> device | None:
    """None, whether it must be available or not."""
    return None


def _refuse(name: str) -> NoReturn:
    raise RuntimeError(
        f"accelerator.{name}: Cannot access accelerator device when none is available; ask is_available() first"
    )


def current_device_index() -> int:
    """An error: there is no device."""
    _refuse("current_device_index")


def set_device_index(device: Any, /) -> None:
    """An error: there is no device."""
    _refuse("set_device_index")


current_device_idx, set_device_idx = current_device_index, set_device_index


def current_stream(device: Any = None, /) -> Any:
    """An error: there is no device."""
    _refuse("current_stream")


def set_stream(stream: Any) -> None:
    """An error: there is no device."""
    _refuse("set_stream")


def synchronize(device: Any = None, /) -> None:
    """An error: there is no device."""
    _refuse("synchronize")


class device_index:  # noqa: N801 - PyTorch's name
    """A context for a device: with None it changes nothing, with a number it is an error."""

    def __init__(self, device: int | None, /) -> None:
        self.device = device

    def __enter__(self) -> None:
        if self.device is not None:
            _refuse("device_index")

    def __exit__(self, *exc: object) -> None:
        pass


def empty_cache() -> None:
    """Nothing: there is no accelerator's memory. See `rushlight.memory.empty_cache`."""


def reset_peak_memory_stats(device_index: Any = None, /) -> None:
    """Nothing: nothing is counted."""


def reset_accumulated_memory_stats(device_index: Any = None, /) -> None:
    """Nothing: nothing is counted."""


def memory_allocated(device_index: Any = None, /) -> int:
    """0."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def memory_stats(device_index: Any = None, /) -> dict:
    """Empty."""
    return {}
