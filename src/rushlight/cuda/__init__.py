"""torch.cuda, as far as programs ask it: there is no CUDA here."""

from __future__ import annotations

from typing import Any

from .. import devices
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


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False."""
    return False


def manual_seed(seed: int) -> None:
    """Nothing: PyTorch too ignores it where there is no CUDA."""


def manual_seed_all(seed: int) -> None:
    """Nothing: PyTorch too ignores it where there is no CUDA."""


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


(
    current_device,
    synchronize,
    set_device,
    get_device_name,
    get_device_properties,
    get_device_capability,
    init,
) = (
    _refuse(n)
    for n in (
        "current_device",
        "synchronize",
        "set_device",
        "get_device_name",
        "get_device_properties",
        "get_device_capability",
        "init",
    )
)
memory_allocated, max_memory_allocated, memory_reserved, max_memory_reserved = ((lambda device=None: 0),) * 4


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


_LATE = {
    "current_stream",
    "default_stream",
    "get_rng_state",
    "mem_get_info",
    "memory_summary",
    "set_rng_state",
}
_LATE |= {"Event", "Stream", "stream", "set_stream", "memory_stats", "utilization", "CUDAGraph"}


def __getattr__(name: str) -> Any:
    if name == "amp":
        import importlib

        return importlib.import_module(".amp", __name__)
    if name in _LATE:
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
