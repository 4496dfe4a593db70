"""Devices. There is one that works, the CPU; the names of others are known so that scripts can ask."""

from __future__ import annotations

from typing import Any

__all__ = ["device", "get_default_device", "set_default_device"]

_TYPES = ("cpu", "cuda", "mps", "xpu", "meta", "hpu", "mtia", "xla", "vulkan", "ipu", "privateuseone")


class device:
    """Where a tensor lives: `device("cpu")`, `device("cuda:0")`, `device("cuda", 0)`.

    Any device PyTorch names can be made and compared; only "cpu" can hold tensors.

    Example:
        >>> device("cpu")
        device(type='cpu')
    """

    __slots__ = ("index", "type")
    type: str
    index: Any

    def __init__(self, type: str | device | int = "cpu", index: Any = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        elif isinstance(type, int) and not isinstance(type, bool):
            type, index = "cuda", type  # PyTorch: a bare number is an accelerator's
        elif not isinstance(type, str):
            raise TypeError(f"device: type must be a str, got {_name(type)}")
        name, colon, number = type.partition(":")
        if colon:
            if index is not None:
                raise RuntimeError(f"device: index must be given once, got {type!r} and {index}")
            if not number.isdigit() or (len(number) > 1 and number[0] == "0"):
                raise RuntimeError(f"device: the index must be a number, got {type!r}")
            index = int(number)
        if name not in _TYPES:
            raise RuntimeError(f"device: type must be one of {', '.join(_TYPES)}, got {type!r}")
        object.__setattr__(self, "type", name)
        object.__setattr__(self, "index", index)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"device: {name} cannot be changed; make a new device")

    def __repr__(self) -> str:
        return (
            f"device(type='{self.type}')"
            if self.index is None
            else f"device(type='{self.type}', index={self.index})"
        )

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple:
        return (device, (self.type,) if self.index is None else (self.type, self.index))

    def __enter__(self) -> device:  # `with device("cpu"):` - the default is the same already
        check(self, "device")
        return self

    def __exit__(self, *exc: object) -> None:
        pass


def _name(value: object) -> str:
    return type(value).__name__


cpu = device("cpu")


def check(value: object, function: str) -> device:
    """`value` (a device, a name or None) as a device that can hold tensors.

    Raises:
        AssertionError: a CUDA device, as PyTorch's CPU builds raise it.
        RuntimeError: any other device than the CPU.
    """
    if value is None or value is cpu:
        return cpu
    d = value if isinstance(value, device) else device(value)  # type: ignore[arg-type]
    if d.type == "cpu":
        return cpu
    kind = AssertionError if d.type == "cuda" and not isinstance(value, int) else RuntimeError
    raise kind(f"{function}: device must be 'cpu', got '{d}'; rushlight computes on the CPU only")


def get_default_device() -> device:
    """The device of new tensors: the CPU."""
    return cpu


def set_default_device(device: object) -> None:
    """Accepts "cpu" (and None), the only device there is."""
    check(device, "set_default_device")
