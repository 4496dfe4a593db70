"""Generators and seeds. The numbers are PyTorch's: one MT19937 stream, drawn from in PyTorch's order."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import devices, dtypes
from .errors import kind_of
from .stream import HAS_NORMAL, NEXT, NORMAL, SEED, WORDS, kernels
from .tensor import Tensor, wrap

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
    "thread_safe_generator",
]

_DEFAULT_SEED = 67280421310721  # what a new Generator starts from, as in PyTorch
_STATE_BYTES = 5056


class Generator:
    """A stream of random numbers. Pass it as `generator=` to draw from it and not from the global one.

    Example:
        >>> g = Generator().manual_seed(0)
        >>> rushlight.rand(2, generator=g)
        tensor([0.4963, 0.7682])
    """

    __slots__ = ("_state", "__weakref__")

    def __init__(self, device: Any = "cpu") -> None:
        d = devices.device(device)
        if d.type != "cpu":
            raise RuntimeError(
                f"Generator: device must be 'cpu', got '{d}'; rushlight computes on the CPU only"
            )
        self._state = np.zeros(WORDS, np.uint32)
        kernels.random_seed(self._state, _DEFAULT_SEED)

    @property
    def device(self) -> devices.device:
        """The CPU."""
        return devices.cpu

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of `seed` (its lower 32 bits decide); gives the generator itself.

        Raises:
            RuntimeError: `seed` is no integer.
            ValueError: it is outside [-2**63, 2**64).
        """
        try:
            value = seed.__index__()
        except (AttributeError, TypeError):
            raise RuntimeError(
                f"manual_seed: seed must be an int (expected a long), got {type(seed).__name__}"
            ) from None
        if not -(2**63) <= value < 2**64:
            raise ValueError(f"manual_seed: seed must be in [-2**63, 2**64), got {value} (Overflow)")
        kernels.random_seed(self._state, value & 0xFFFFFFFFFFFFFFFF)
        return self

    def seed(self) -> int:
        """Start the stream of a seed from the operating system, which is given."""
        value = int.from_bytes(os.urandom(8), "little")
        self.manual_seed(value)
        return value

    def initial_seed(self) -> int:
        """The seed that the stream was started with."""
        return int(self._state[SEED].view(np.uint64)[0])

    def get_state(self) -> Tensor:
        """The state as PyTorch's 5056 bytes: it can be saved, and set here or there.

        Layout: seed u64, words left in the block i32, seeded i32, words used u64, the block as 624 u64, then
        at 5024 the kept normal f64 and at 5040 whether it is there i32; the rest a CPU generator does not use.
        """
        s = self._state
        used = int(s[NEXT])
        state = np.zeros(_STATE_BYTES, np.uint8)
        state[0:8].view(np.uint64)[0] = s[SEED].view(np.uint64)[0]
        state[8:16].view(np.int32)[:] = (625 - used if used else 1, 1)
        state[16:24].view(np.uint64)[0] = used
        state[24:5016].view(np.uint64)[:] = s[:624]
        rest = state[5016:].view(np.uint32)
        rest[2:4] = s[NORMAL]
        rest[6] = s[HAS_NORMAL]
        rest[[0, 1, 4, 5, 8, 9]] = s[630:636]
        return wrap(state)

    def set_state(self, new_state: Tensor) -> Generator:
        """Go on from a state that `get_state` gave.

        Raises:
            TypeError: it is no uint8 tensor.
            RuntimeError: it is not 5056 bytes of a generator's state.
        """
        if not isinstance(new_state, Tensor):
            raise TypeError(f"set_state: new_state must be a torch.ByteTensor, got {kind_of(new_state)}")
        if new_state.dtype is not dtypes.uint8:
            raise TypeError(f"set_state: RNG state must be a torch.ByteTensor, got {new_state.dtype}")
        state = np.ascontiguousarray(new_state._array).reshape(-1)
        if state.size != _STATE_BYTES:
            raise RuntimeError(f"set_state: new_state must have {_STATE_BYTES} bytes, got {state.size}")
        if state.ctypes.data % 8:
            state = state.copy()
        left, seeded = state[8:16].view(np.int32).tolist()
        used = int(state[16:24].view(np.uint64)[0])
        if not (1 <= left <= 624 and seeded == 1 and used <= 624):
            raise RuntimeError("set_state: new_state must be what get_state() gave (Invalid mt19937 state)")
        s = self._state
        s[:624] = state[24:5016].view(np.uint64)
        s[NEXT] = 0 if left == 1 and not used else 625 - left
        s[SEED].view(np.uint64)[0] = state[0:8].view(np.uint64)[0]
        rest = state[5016:].view(np.uint32)
        s[NORMAL] = rest[2:4]
        s[HAS_NORMAL] = rest[6]
        s[630:636] = rest[[0, 1, 4, 5, 8, 9]]
        return self

    def clone_state(self) -> Generator:
        """A new generator that will draw the same numbers."""
        g = Generator()
        g._state[:] = self._state
        return g

    def graphsafe_get_state(self) -> Generator:
        """An error, as in PyTorch: for CUDA graphs only."""
        raise NotImplementedError("graphsafe_get_state: is not supported by a CPU generator; use get_state()")

    def graphsafe_set_state(self, state: Generator) -> Generator:
        """An error, as in PyTorch: for CUDA graphs only."""
        raise NotImplementedError("graphsafe_set_state: is not supported by a CPU generator; use set_state()")

    def get_offset(self) -> int:
        """An error, as in PyTorch: a CPU generator has no offset."""
        raise RuntimeError("get_offset: CPU Generator does not use offset")

    def set_offset(self, offset: int) -> Generator:
        """An error, as in PyTorch: a CPU generator has no offset."""
        raise RuntimeError("set_offset: CPU Generator does not use offset")

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.get_state(),)

    def __repr__(self) -> str:
        return f"<torch._C.Generator object at {id(self):#x}>"


def _restored(state: Tensor) -> Generator:
    return Generator().set_state(state)


default_generator = Generator()
default_generator.seed()


def generator_state(generator: Generator | None, function: str) -> np.ndarray:
    """The state to draw from: that of `generator`, or the global one for None."""
    if generator is None:
        return default_generator._state
    if not isinstance(generator, Generator):
        raise TypeError(f"{function}: generator must be a torch.Generator, got {type(generator).__name__}")
    return generator._state


def manual_seed(seed: Any) -> Generator:
    """Seed the global generator; gives it.

    Args:
        seed: Anything `int()` takes, in [-2**63, 2**64). Its lower 32 bits decide the stream.

    Raises:
        ValueError: out of that range.

    Example:
        >>> manual_seed(0).initial_seed()
        0
        >>> rushlight.randn(3)
        tensor([ 1.5410, -0.2934, -2.1788])
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the global generator from the operating system; gives the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the global generator's stream."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The global generator's state, as `Generator.get_state` gives it."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Set the global generator's state.

    Example:
        >>> state = get_rng_state()
        >>> a = rushlight.rand(2)
        >>> set_rng_state(state)
        >>> (rushlight.rand(2) == a).all()
        tensor(True)
    """
    default_generator.set_state(new_state)


def thread_safe_generator() -> Generator | None:
    """The generator that belongs to this worker thread; None: data workers are processes, use the global one."""
    return None


@contextlib.contextmanager
def fork_rng(
    devices: Any = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str | None = None,
) -> Iterator[None]:
    """What is drawn inside leaves the global generator as it was before.

    Args:
        devices: For accelerators; there are none.
        enabled: False: do nothing.

    Example:
        >>> state = get_rng_state()
        >>> with fork_rng():
        ...     _ = rushlight.rand(10)
        >>> (get_rng_state() == state).all()
        tensor(True)
    """
    if not enabled:
        yield
        return
    before = default_generator._state.copy()
    try:
        yield
    finally:
        default_generator._state[:] = before
