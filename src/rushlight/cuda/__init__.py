"""torch.cuda, as far as programs ask it: there is no CUDA here."""

from __future__ import annotations

from typing import Any

from .. import devices
from .._absent import device_count, is_available, manual_seed
from ..errors import OutOfMemoryError

__all__ = [
    "OutOfMemoryError",
    "current_device",
    "device_count",
    "empty_cache",
    "is_available",
    "manual_seed",
    "manual_seed_all",
    "synchronize",
]


manual_seed_all = manual_seed


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False."""
    return False


def empty_cache() -> None:
    """Nothing: there is no CUDA memory. See `rushlight.memory.empty_cache`."""


def ipc_collect() -> None:
    """Nothing."""


def _refuse(name: str) -> Any:
    def function(*args: Any, **kwargs: Any) -> Any:
        devices.check(devices.device("cuda"), f"cuda.{name}")

    function.__name__ = name
    function.__doc__ = "An error: there is no CUDA."
    return function


def memory_allocated(device: Any = None) -> int:
    """0."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def reset_peak_memory_stats(device: Any = None) -> None:
    """Nothing."""


def reset_max_memory_allocated(device: Any = None) -> None:
    """Nothing."""


def get_arch_list() -> list[str]:
    """Empty."""
    return []


def is_current_stream_capturing() -> bool:
    """False."""
    return False


def get_rng_state_all() -> list:
    """Empty: one state for each of no devices."""
    return []


def set_rng_state_all(new_states: Any) -> None:
    """Nothing: there are no devices to set."""


_REFUSED = (
    "CUDAGraph Event Stream current_device current_stream default_stream get_device_capability get_device_name "
    "get_device_properties get_rng_state init mem_get_info memory_stats memory_summary set_device set_rng_state "
    "set_stream stream synchronize utilization"
).split()


def __getattr__(name: str) -> Any:
    if name == "amp":
        import importlib

        return importlib.import_module(".amp", __name__)
    if name in _REFUSED:
        return _refuse(name)
    if name.endswith("Tensor"):
        from ..dtypes import _BY_NAME

        if name in {f"{d.legacy}Tensor" for d in _BY_NAME.values()}:
            return _tensor_type(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _tensor_type(name: str) -> type:
    """torch.cuda.FloatTensor and its like: nothing is one, and none can be made."""

    class Meta(type):
        def __instancecheck__(cls, x: Any) -> bool:
            return False

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            devices.check(devices.device("cuda"), f"cuda.{name}")

    return Meta(name, (), {"__doc__": "An error: there is no CUDA.", "__module__": "torch.cuda"})
