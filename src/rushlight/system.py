"""The machine: CPU level, threads, and PyTorch's questions about other devices."""

from __future__ import annotations

import os
import platform
from typing import Any

from .kernels import _C

__all__ = [
    "are_deterministic_algorithms_enabled",
    "cpu_info",
    "get_deterministic_debug_mode",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "get_num_threads",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_warn_always_enabled",
    "set_deterministic_debug_mode",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "set_num_threads",
    "set_warn_always",
    "use_deterministic_algorithms",
]

_interop = 1
_precision = "highest"
_warn_always = False
_deterministic = False


def cpu_info() -> dict[str, Any]:
    """Which kernels are in use and why.

    Returns:
        `level` ("baseline", "v3", "v4", "amx", or "numpy" without compiled kernels), `levels` (all that this build and
        machine could use; choose with the environment variable RUSHLIGHT_CPU before the import), `threads`, `machine`.

    Example:
        >>> cpu_info()["threads"] >= 1
        True
    """
    return {
        "level": "numpy" if _C is None else _C.cpu_level(),
        "levels": [] if _C is None else _C.cpu_levels(),
        "threads": get_num_threads(),
        "machine": platform.machine(),
    }


def get_num_threads() -> int:
    """How many threads kernels may use."""
    return (os.cpu_count() or 1) if _C is None else _C.get_num_threads()


def set_num_threads(num: int) -> None:
    """Set how many threads kernels may use. Results do not depend on it.

    Raises:
        TypeError: `num` is no int.
        RuntimeError: it is less than 1.
    """
    if not isinstance(num, int) or isinstance(num, bool):
        raise TypeError(f"set_num_threads: num must be an int, got {type(num).__name__}")
    if num < 1:
        raise RuntimeError(f"set_num_threads: num must be positive, got {num}")
    if _C is not None:
        _C.set_num_threads(num)


def get_num_interop_threads() -> int:
    """How many threads run operations side by side: what was set; operations run one after the other here."""
    return _interop


def set_num_interop_threads(num: int) -> None:
    """Remember a number: operations run one after the other here."""
    global _interop
    if num < 1:
        raise RuntimeError(f"set_num_interop_threads: num must be positive, got {num}")
    _interop = num


def get_float32_matmul_precision() -> str:
    """What was set with `set_float32_matmul_precision`."""
    return _precision


def set_float32_matmul_precision(precision: str) -> None:
    """Allow less precise float32 products ("high", "medium"). They are always computed in full precision here."""
    global _precision
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f"set_float32_matmul_precision: must be highest, high or medium, got {precision!r}")
    _precision = precision


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Remember a wish that is always met: every algorithm here is deterministic."""
    global _deterministic
    _deterministic = bool(mode)


def are_deterministic_algorithms_enabled() -> bool:
    """What was set with `use_deterministic_algorithms`."""
    return _deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """False: there is nothing to warn of."""
    return False


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """As `use_deterministic_algorithms`, by PyTorch's numbers 0 to 2 or "default", "warn", "error"."""
    modes = {"default": 0, "warn": 1, "error": 2, 0: 0, 1: 1, 2: 2}
    if debug_mode not in modes:
        raise RuntimeError(
            f"set_deterministic_debug_mode: must be default, warn or error, got {debug_mode!r}"
        )
    use_deterministic_algorithms(modes[debug_mode] > 0)


def get_deterministic_debug_mode() -> int:
    """0, or 2 where deterministic algorithms are asked for."""
    return 2 if _deterministic else 0


def set_warn_always(b: bool) -> None:
    """Whether a warning given once is given again each time. Python's `warnings` filters decide here."""
    global _warn_always
    _warn_always = bool(b)


def is_warn_always_enabled() -> bool:
    """What was set with `set_warn_always`."""
    return _warn_always


def set_flush_denormal(mode: bool) -> bool:
    """False: denormal numbers are never flushed to 0 here."""
    return False
