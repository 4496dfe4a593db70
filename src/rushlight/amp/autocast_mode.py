"""`autocast` and the switches behind it. What it does to which operation is in `_casts.py`."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from .. import dtypes
from ..autograd.core import TensorBase
from ..devices import device as _device
from . import _casts
from ._casts import state

__all__ = ["autocast", "autocast_decorator", "custom_bwd", "custom_fwd", "is_autocast_available"]

_WITHOUT = ("meta", "vulkan")  # device types that PyTorch has no autocast for


def _type(device_type: Any, function: str) -> str:
    if not isinstance(device_type, str):
        raise TypeError(f"{function}: device_type must be str, not {type(device_type).__name__}")
    return _device(device_type).type


def is_autocast_available(device_type: str) -> bool:
    """Whether PyTorch has autocast for this type of device; here it computes on "cpu" only."""
    return _type(device_type, "is_autocast_available") not in _WITHOUT


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Whether autocast is on for a type of device, in this thread. Default "cuda", as in PyTorch.

    Example:
        >>> with rushlight.autocast("cpu"):
        ...     rushlight.is_autocast_enabled("cpu")
        True
    """
    kind = "cuda" if device_type is None else _type(device_type, "is_autocast_enabled")
    return state.on if kind == "cpu" else state.enabled.get(kind, False)


def set_autocast_enabled(device_type: str | bool, enabled: bool | None = None) -> None:
    """Turn autocast on or off for a type of device: what entering `autocast` does. With one argument, for "cuda"."""
    if enabled is None:
        device_type, enabled = "cuda", device_type  # type: ignore[assignment]
    kind = _type(device_type, "set_autocast_enabled")
    if not isinstance(enabled, bool):
        raise TypeError(f"set_autocast_enabled: enabled must be bool, not {type(enabled).__name__}")
    if kind != "cpu":
        state.enabled[kind] = enabled
    elif enabled != state.on:
        state.on = enabled
        _casts.hold() if enabled else _casts.let_go()


def get_autocast_dtype(device_type: str) -> Any:
    """The dtype that autocast computes products in: bfloat16 on the CPU, float16 elsewhere, unless set."""
    kind = _type(device_type, "get_autocast_dtype")
    if kind == "cpu":
        return state.dtype
    if kind in _WITHOUT:
        raise RuntimeError(f"get_autocast_dtype: device_type must have autocast, got {device_type!r}")
    return state.dtypes.get(kind, dtypes.bfloat16 if kind == "xla" else dtypes.float16)


def set_autocast_dtype(device_type: str, dtype: Any) -> None:
    """Set the dtype that autocast computes products in."""
    kind = _type(device_type, "set_autocast_dtype")
    if not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"set_autocast_dtype: dtype must be a torch.dtype, got {type(dtype).__name__}")
    if kind == "cpu":
        state.dtype = dtype
    else:
        state.dtypes[kind] = dtype


def is_autocast_cache_enabled() -> bool:
    """Whether converted parameters are kept until the outermost `autocast` ends."""
    return state.caching


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Set whether converted parameters are kept."""
    state.caching = bool(enabled)


def clear_autocast_cache() -> None:
    """Forget the converted parameters."""
    _casts.clear_cache()


def autocast_increment_nesting() -> int:
    """Count one more `autocast` around what follows; gives their number."""
    state.nesting += 1
    return state.nesting


def autocast_decrement_nesting() -> int:
    """Count one less; gives their number."""
    state.nesting -= 1
    return state.nesting


def _old(name: str, call: str, function: Callable) -> Callable:
    def old(*args: Any) -> Any:
        warnings.warn(
            f"torch.{name}() is deprecated. Please use torch.{call} instead", DeprecationWarning, stacklevel=2
        )
        return function(*args)

    old.__name__ = old.__qualname__ = name
    old.__doc__ = f"The old name of `{call}`."
    return old


is_autocast_cpu_enabled = _old(
    "is_autocast_cpu_enabled", "is_autocast_enabled('cpu')", lambda: is_autocast_enabled("cpu")
)
get_autocast_cpu_dtype = _old(
    "get_autocast_cpu_dtype", "get_autocast_dtype('cpu')", lambda: get_autocast_dtype("cpu")
)
get_autocast_gpu_dtype = _old(
    "get_autocast_gpu_dtype", "get_autocast_dtype('cuda')", lambda: get_autocast_dtype("cuda")
)
set_autocast_cpu_enabled = _old(
    "set_autocast_cpu_enabled",
    "set_autocast_enabled('cpu', enabled)",
    lambda on: set_autocast_enabled("cpu", on),
)
set_autocast_cpu_dtype = _old(
    "set_autocast_cpu_dtype", "set_autocast_dtype('cpu', dtype)", lambda d: set_autocast_dtype("cpu", d)
)
set_autocast_gpu_dtype = _old(
    "set_autocast_gpu_dtype", "set_autocast_dtype('cuda', dtype)", lambda d: set_autocast_dtype("cuda", d)
)


class autocast:  # noqa: N801 - PyTorch's name
    """A context, or decorator: products, convolutions and attention inside compute in half precision.

    Operations that need the range or the precision (most losses, decompositions, Fourier transforms, `prod`, 3-d
    pooling) compute in float32; `cat`, `stack` and `index_copy` in the widest dtype of their tensors; all others in
    the dtype of what they are given. float64 is left as it is. Parameters stay float32 and so do their gradients. The
    backward pass belongs outside of the context.

    Args:
        device_type: "cpu". Other devices do not compute here: "cuda" warns and is off, as in PyTorch without CUDA.
        dtype: torch.bfloat16 or torch.float16. Default: `get_autocast_dtype(device_type)`, which is bfloat16.
        enabled: False turns autocast off inside.
        cache_enabled: Whether a parameter that is used several times is converted once. One that changed in
            between is converted again (PyTorch goes on with the old values). Default: as it is set.
    Raises:
        ValueError: `device_type` is no str.
        RuntimeError: there is no such type of device.

    Example:
        >>> model = rushlight.nn.Linear(4, 2)
        >>> with autocast("cpu", dtype=rushlight.bfloat16):
        ...     y = model(rushlight.ones(3, 4))
        >>> y.dtype
        torch.bfloat16
        >>> y.sum().backward()
        >>> model.weight.grad.dtype
        torch.float32
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"autocast: device_type must be a str, got {type(device_type).__name__}")
        self.device = device_type
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else dtype
        self._cache_enabled = state.caching if cache_enabled is None else cache_enabled
        if not is_autocast_available(device_type):
            raise RuntimeError(f"autocast: device_type must have autocast, got {device_type!r}")
        kind = _device(device_type).type
        if enabled and kind == "cuda":
            warnings.warn("autocast: 'cuda' is not available; disabling", stacklevel=2)
            enabled = False
        elif enabled and kind == "cpu" and self.fast_dtype not in (dtypes.bfloat16, dtypes.float16):
            warnings.warn(
                f"autocast: dtype must be torch.bfloat16 or torch.float16 on 'cpu', got {self.fast_dtype} (the target "
                "dtype is not supported); disabling",
                stacklevel=2,
            )
            enabled = False
        self._enabled = enabled
        self._before: list[tuple] = []  # one object may be entered again inside

    def __enter__(self) -> autocast:
        kind = _device(self.device).type
        self._before.append((kind, is_autocast_enabled(kind), get_autocast_dtype(kind), state.caching))
        set_autocast_enabled(kind, bool(self._enabled))
        if self._enabled or isinstance(self.fast_dtype, dtypes.dtype):
            set_autocast_dtype(kind, self.fast_dtype)
        state.caching = self._cache_enabled
        autocast_increment_nesting()
        return self

    def __exit__(self, *exc: object) -> None:
        kind, enabled, dtype, caching = self._before.pop()
        if autocast_decrement_nesting() == 0:
            clear_autocast_cache()
        set_autocast_enabled(kind, enabled)
        set_autocast_dtype(kind, dtype)
        state.caching = caching

    def __call__(self, function: Callable) -> Callable:
        return autocast_decorator(self, function)


def autocast_decorator(autocast_instance: autocast, func: Callable) -> Callable:
    """`func` inside the context."""

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with autocast_instance:
            return func(*args, **kwargs)

    return wrapped


# -- for `Function`s of the user's ---------------------------------------------------------------------


def _converted(value: Any, device_type: str, dtype: Any) -> Any:
    if isinstance(value, TensorBase):
        wanted = device_type == "cpu" and value.is_floating_point() and value.dtype != dtypes.float64  # type: ignore[attr-defined]
        return value.to(dtype) if wanted else value  # type: ignore[attr-defined]
    if isinstance(value, Mapping):
        return {
            _converted(k, device_type, dtype): _converted(v, device_type, dtype) for k, v in value.items()
        }
    if isinstance(value, (list, tuple)):
        values = [_converted(v, device_type, dtype) for v in value]
        return values if isinstance(value, list) else tuple(values)
    return value


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """Decorator for the `forward` of a `Function` that is used under autocast; `custom_bwd` goes with it.

    Args:
        device_type: Where autocast is on.
        cast_inputs: Convert floating-point inputs (but float64) to this dtype and run with autocast off. Default:
            run as autocast has it. Without effect where autocast is off.

    Example:
        >>> class Product(rushlight.autograd.Function):
        ...     @staticmethod
        ...     @custom_fwd(device_type="cpu", cast_inputs=rushlight.float32)
        ...     def forward(ctx, a, b):
        ...         ctx.save_for_backward(a, b)
        ...         return a @ b
        ...
        ...     @staticmethod
        ...     @custom_bwd(device_type="cpu")
        ...     def backward(ctx, dy):
        ...         a, b = ctx.saved_tensors
        ...         return dy @ b.T, a.T @ dy
        >>> with autocast("cpu"):
        ...     Product.apply(rushlight.ones(1, 2), rushlight.ones(2, 1)).dtype
        torch.float32
    """
    if not isinstance(device_type, str):
        raise ValueError(f"custom_fwd: device_type must be a str, got {type(device_type).__name__}")
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(*args: Any, **kwargs: Any) -> Any:
        ctx, on = args[0], is_autocast_enabled(device_type)
        ctx._dtype = get_autocast_dtype(device_type)
        ctx._fwd_used_autocast = on and cast_inputs is None
        if not on or cast_inputs is None:
            return fwd(*args, **kwargs)
        with autocast(device_type, enabled=False):
            return fwd(
                *_converted(args, device_type, cast_inputs), **_converted(kwargs, device_type, cast_inputs)
            )

    return forward


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """Decorator for the `backward` of a `Function`: it runs with autocast as its `forward` did. See `custom_fwd`."""
    if not isinstance(device_type, str):
        raise ValueError(f"custom_bwd: device_type must be a str, got {type(device_type).__name__}")
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(*args: Any, **kwargs: Any) -> Any:
        with autocast(device_type, enabled=args[0]._fwd_used_autocast, dtype=args[0]._dtype):
            return bwd(*args, **kwargs)

    return backward
