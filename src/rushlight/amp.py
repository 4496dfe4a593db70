"""Mixed precision, as far as scripts name it: everything runs in the tensors' own precision here."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]


def is_autocast_available(device_type: str) -> bool:
    """False: see `autocast`."""
    return False


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """False: see `autocast`."""
    return False


def get_autocast_dtype(device_type: str) -> Any:
    """The dtype that autocast would compute in: float16, on the CPU bfloat16."""
    from . import dtypes

    return dtypes.bfloat16 if device_type == "cpu" else dtypes.float16


class autocast:  # noqa: N801 - PyTorch's name
    """A context that changes nothing. For "cuda" it warns and is off, as in PyTorch without CUDA.

    Raises:
        NotImplementedError: on "cpu", where PyTorch would compute in bfloat16; convert the model instead.
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"autocast: device_type must be a str, got {type(device_type).__name__}")
        if enabled and device_type == "cpu":
            raise NotImplementedError(
                "autocast: computing in lower precision is not there for 'cpu'; pass enabled=False, or convert the model "
                "with .to(torch.bfloat16)"
            )
        if enabled:
            warnings.warn(f"autocast: '{device_type}' is not available; disabling", stacklevel=2)

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def __call__(self, function: Callable) -> Callable:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapped


class GradScaler:
    """A gradient scaler that is off, as PyTorch's is without CUDA: it steps the optimizer as it is."""

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if growth_factor <= 1.0 or backoff_factor >= 1.0:
            raise AssertionError(
                "GradScaler: growth_factor must be above 1 and backoff_factor below 1, got "
                f"{growth_factor} and {backoff_factor}"
            )
        if enabled:
            warnings.warn(f"GradScaler: '{device}' is not available; disabling", stacklevel=2)

    def scale(self, outputs: Any) -> Any:
        """The outputs as they are."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Nothing."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step()`."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Nothing."""

    def get_scale(self) -> float:
        """1."""
        return 1.0

    def is_enabled(self) -> bool:
        """False."""
        return False

    def state_dict(self) -> dict:
        """Empty."""
        return {}

    def load_state_dict(self, state_dict: dict) -> None:
        """Nothing."""

    def get_growth_factor(self) -> float:
        """1: off."""
        return 1.0

    get_backoff_factor = get_growth_factor

    def get_growth_interval(self) -> int:
        """0: off."""
        return 0


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """Decorator for the `forward` of a `Function` under autocast, which is never on here: the function itself.

    Args:
        device_type: Where autocast would be on.
        cast_inputs: What autocast would convert floating-point inputs to.
    """
    if not isinstance(device_type, str):
        raise ValueError(f"custom_fwd: device_type must be a str, got {type(device_type).__name__}")
    return (lambda function: function) if fwd is None else fwd


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """Decorator for the `backward` of a `Function` under autocast: the function itself."""
    if not isinstance(device_type, str):
        raise ValueError(f"custom_bwd: device_type must be a str, got {type(device_type).__name__}")
    return (lambda function: function) if bwd is None else bwd
