"""`torch.__future__`: PyTorch's switches for how modules are converted and loaded.

Here a module's parameters keep their identity when it is converted (`module.to`), as with PyTorch's defaults.
"""

from __future__ import annotations

__all__ = [
    "get_overwrite_module_params_on_conversion",
    "get_swap_module_params_on_conversion",
    "set_overwrite_module_params_on_conversion",
    "set_swap_module_params_on_conversion",
]


def _refuse(name: str, value: bool) -> None:
    if value:
        raise NotImplementedError(
            f"{name}: value must be False, got True; parameters keep their identity in conversions here"
        )


def set_overwrite_module_params_on_conversion(value: bool) -> None:
    """Accepts False, the only way there is."""
    _refuse("set_overwrite_module_params_on_conversion", value)


def get_overwrite_module_params_on_conversion() -> bool:
    """False."""
    return False


def set_swap_module_params_on_conversion(value: bool) -> None:
    """Accepts False, the only way there is."""
    _refuse("set_swap_module_params_on_conversion", value)


def get_swap_module_params_on_conversion() -> bool:
    """False."""
    return False
