"""Tensors in memory that several processes see.

NOTE [Sharing]: the memory is an anonymous file (as in utils/data/shared.py) that stays open as long as it is mapped, so
that its descriptor can be sent again. A tensor moves there when it is first sent, or by `share_memory_()`. Other tensors
that share its old memory stay behind: NumPy's arrays cannot be moved under those who look at them.
"""

from __future__ import annotations

import mmap
import os
import weakref
from multiprocessing import reduction
from typing import Any

import numpy as np

from ..nn.parameter import Parameter
from ..tensor import Tensor, address, wrap
from ..utils.data.shared import AVAILABLE, _memory_file

__all__ = ["register", "share"]


class SharedMemory(mmap.mmap):
    """A mapping that knows the descriptor of its file."""

    fd: int


def _mapped(fd: int, size: int) -> SharedMemory:
    memory = SharedMemory(fd, size)
    memory.fd = fd
    weakref.finalize(memory, os.close, fd)
    return memory


def _memory_of(array: np.ndarray) -> SharedMemory | None:
    """The shared memory that an array lies in."""
    owner: Any = array
    while isinstance(owner, (np.ndarray, memoryview)):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    return owner if isinstance(owner, SharedMemory) else None


def share(t: Tensor) -> Tensor:
    """Move a tensor's values into shared memory; gives the tensor."""
    array = t._array
    if not AVAILABLE or array.size == 0 or _memory_of(array) is not None:
        return t
    like = np.empty_like(array, order="K", subok=False)
    memory = _mapped(_memory_file(like.nbytes), like.nbytes)
    new = np.ndarray(array.shape, array.dtype, memory, 0, like.strides)
    new[...] = array
    t._array = new
    return t


def _reduce(t: Tensor) -> tuple:
    """How a tensor is sent to another process."""
    if t.requires_grad and not t.is_leaf:
        raise RuntimeError(
            "multiprocessing: a tensor that is sent must be a leaf or not require grad (autograd does not cross "
            "process boundaries); send tensor.detach()"
        )
    share(t)
    array = t._array
    memory = _memory_of(array)
    if memory is None:  # empty, or a system without such files
        return _by_value, (type(t), np.array(array), t.requires_grad)
    start = np.frombuffer(memory, np.uint8)
    where = (array.shape, array.dtype, address(array) - address(start), array.strides)
    return _rebuild, (type(t), reduction.DupFd(memory.fd), len(memory), where, t.requires_grad)


def _rebuild(kind: type, dup: Any, size: int, where: tuple, requires_grad: bool) -> Any:
    shape, dtype, offset, strides = where
    memory = _mapped(dup.detach(), size)
    return _made(kind, np.ndarray(shape, dtype, memory, offset, strides), requires_grad)


def _by_value(kind: type, array: np.ndarray, requires_grad: bool) -> Any:
    return _made(kind, array, requires_grad)


def _made(kind: type, array: np.ndarray, requires_grad: bool) -> Any:
    if issubclass(kind, Parameter):
        return kind(wrap(array), requires_grad)  # type: ignore[call-arg]
    return wrap(array).requires_grad_(requires_grad)


def register() -> None:
    """Let Python's multiprocessing send tensors this way."""
    for kind in (Tensor, Parameter):
        reduction.ForkingPickler.register(kind, _reduce)
