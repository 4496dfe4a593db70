"""PyTorch names that programs use though they begin with an underscore, and others of the top level that are rare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import dtypes
from .ops.join import cat
from .tensor import Tensor

__all__ = [
    "_assert",
    "_flatten_dense_tensors",
    "_unflatten_dense_tensors",
    "get_device_module",
    "set_default_tensor_type",
]


def _assert(condition: Any, message: str) -> None:
    """`assert condition, message`, as a function.

    Raises:
        AssertionError: the condition is false.
    """
    if not condition:
        raise AssertionError(message)


def _flatten_dense_tensors(tensors: Sequence[Tensor]) -> Tensor:
    """All elements of several tensors as one vector."""
    return cat([t.contiguous().view(-1) for t in tensors])  # type: ignore[attr-defined]


def _unflatten_dense_tensors(flat: Tensor, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Parts of a vector, as views in the shapes of `tensors`."""
    parts, start = [], 0
    for t in tensors:
        parts.append(flat.narrow(0, start, t.numel()).view(t.shape))  # type: ignore[attr-defined]
        start += t.numel()
    return tuple(parts)


def get_device_module(device: Any = None) -> Any:
    """The module of a device's kind: `torch.cpu`, `torch.cuda`, ...; default: the CPU's.

    Raises:
        RuntimeError: there is no such module.
    """
    import importlib

    from .devices import device as Device

    kind = "cpu" if device is None else Device(device).type
    if kind not in ("cpu", "cuda", "mps", "xpu"):
        raise RuntimeError(
            f"get_device_module: there is no module for the device type {kind!r} (Invalid module)"
        )
    return importlib.import_module(f".{kind}", __package__)


def set_default_tensor_type(t: Any, /) -> None:
    """Set the default dtype by one of the old constructors, or its name: 'torch.DoubleTensor'.

    Raises:
        TypeError: no such constructor, or one whose values are not floats.
    """
    name = t if isinstance(t, str) else getattr(t, "__name__", repr(t))
    kinds = {f"{d.legacy}Tensor": d for d in dtypes._BY_NAME.values()}
    d = kinds.get(name.removeprefix("torch."))
    if d is None or d.category != dtypes.FLOAT:
        raise TypeError(
            f"set_default_tensor_type: must be a type of floating-point tensors such as torch.DoubleTensor, got {name}"
        )
    dtypes.set_default_dtype(d)


# The in-place functions that PyTorch has at its top level (torch.sin_), where most are methods alone.
INPLACE = frozenset(
    "abs acos acosh addmv arccos arccosh arcsin arcsinh arctan arctanh as_strided asin asinh atan atanh ceil clamp "
    "clamp_max clamp_min clip conj_physical cos cosh deg2rad detach erf erfc exp exp2 expm1 fill fix floor frac gcd i0 "
    "lcm ldexp log log10 log1p log2 logit nan_to_num neg negative rad2deg reciprocal relu resize_as round rsqrt sigmoid "
    "sin sinc sinh sqrt square tan tanh trunc xlogy zero".split()
)
