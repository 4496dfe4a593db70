"""Batches from a worker process to the main one through shared memory.

NOTE [Shared memory without names]: a segment is an anonymous memory file (`memfd_create`, or an
unlinked temporary file) whose descriptor goes once over the worker's socket; both sides map it
and close the descriptor. There is no name to clean up: when the last mapping goes, by whatever death
of whichever process, the memory is free. When the main process has dropped every array of a batch,
the segment's number goes back to the worker with the next request, and it is written again, warm.

NOTE [Descriptors without an answer]: `multiprocessing.reduction.send_handle` waits, from Python 3.14 on, for a byte
that says that the descriptor has come. The worker has a thread that reads requests from the same socket and would take
it for one, so descriptors are sent with the functions of `socket`, one way.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
import socket
import tempfile
import weakref
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...tensor import Tensor, wrap

SMALLEST = 16384  # bytes; smaller arrays travel inside the message
AVAILABLE = os.name == "posix"  # elsewhere everything travels inside the message


def _memory_file(size: int) -> int:
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("rushlight-batch", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, size)
    return fd


def _socket(connection: Any) -> socket.socket:
    """A connection's socket, to be closed after use; the connection stays open."""
    return socket.fromfd(connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM)


class Segment:
    """A piece of shared memory in the worker that made it."""

    __slots__ = ("number", "size", "memory", "fd", "array")

    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.size = size
        self.fd = _memory_file(size)  # -1 once it has been sent
        self.memory = mmap.mmap(self.fd, size)
        self.array: Any = None  # weak reference to the array that was last put here

    def take(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        count = int(np.prod(shape))
        flat = np.frombuffer(self.memory, np.uint8, count * dtype.itemsize)
        array = flat.view(dtype).reshape(shape)
        self.array = weakref.ref(flat)
        return array


class Sender:
    """The worker's side: packs batches, keeps its segments."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.free: list[Segment] = []
        self.lent: dict[int, Segment] = {}  # with the main process
        self.fresh: dict[int, Segment] = {}  # allocated for the batch being made, by address
        self.count = 0

    def allocate(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """An uninitialized array; in shared memory when it is large."""
        size = int(np.prod(shape)) * dtype.itemsize
        if size < SMALLEST or not AVAILABLE:
            return np.empty(shape, dtype)
        segment = self._segment(size)
        array = segment.take(shape, dtype)
        self.fresh[array.__array_interface__["data"][0]] = segment
        return array

    def _segment(self, size: int) -> Segment:
        for i, segment in enumerate(self.free):
            # `array` may live on in this process, in a dataset that keeps what it gave.
            if size <= segment.size <= 4 * size and (segment.array is None or segment.array() is None):
                return self.free.pop(i)
        size = (size + size // 8 + mmap.PAGESIZE - 1) // mmap.PAGESIZE * mmap.PAGESIZE
        self.count += 1
        return Segment(self.count, size)

    def give_back(self, numbers: Sequence[int]) -> None:
        """The main process is done with these segments."""
        for number in numbers:
            self.free.append(self.lent.pop(number))

    def send(self, message: Any) -> None:
        """Send a message; arrays and tensors in it through shared memory."""
        places: list[tuple[int, int]] = []  # segment number, bytes, for each buffer
        new: list[Segment] = []

        def place(buffer: pickle.PickleBuffer) -> bool:
            raw = buffer.raw()
            if raw.nbytes < SMALLEST or not AVAILABLE:
                return True  # inside the message
            source = np.frombuffer(raw, np.uint8)
            segment = self.fresh.pop(source.__array_interface__["data"][0], None)
            if segment is None or segment.size < raw.nbytes:
                segment = self._segment(raw.nbytes)
                segment.take((raw.nbytes,), np.dtype(np.uint8))[:] = source
            self.lent[segment.number] = segment
            if segment.fd >= 0:
                new.append(segment)
            places.append((segment.number, raw.nbytes))
            return False

        stream = io.BytesIO()
        _Pickler(stream, 5, buffer_callback=place).dump(message)
        self.free.extend(self.fresh.values())
        self.fresh.clear()
        header = (places, [(s.number, s.size) for s in new])
        self.connection.send_bytes(pickle.dumps(header))
        self.connection.send_bytes(stream.getbuffer())
        for segment in new:
            with _socket(self.connection) as s:
                socket.send_fds(s, [b"F"], [segment.fd])
            os.close(segment.fd)
            segment.fd = -1


class Receiver:
    """The main process's side of one worker."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.maps: dict[int, mmap.mmap] = {}
        self.freed: deque[int] = deque()  # segments to give back with the next request

    def receive(self) -> Any:
        """The next message. Raises EOFError or OSError when the worker is gone."""
        places, new = pickle.loads(self.connection.recv_bytes())
        data = self.connection.recv_bytes()
        for number, size in new:
            with _socket(self.connection) as s:
                _, descriptors, _, _ = socket.recv_fds(s, 1, 1)
            if not descriptors:
                raise EOFError
            try:
                self.maps[number] = mmap.mmap(descriptors[0], size)
            finally:
                os.close(descriptors[0])
        return pickle.loads(data, buffers=[self._lease(number, size) for number, size in places])

    def _lease(self, number: int, size: int) -> memoryview:
        lease = np.frombuffer(self.maps[number], np.uint8, size)
        _leases[id(lease)] = weakref.ref(lease, _Return(id(lease), self.freed, number))
        return memoryview(lease)  # type: ignore[arg-type]

    def take_freed(self) -> list[int]:
        numbers = []
        while self.freed:
            numbers.append(self.freed.popleft())
        return numbers


_leases: dict[int, weakref.ref[Any]] = {}  # keeps the weak references alive until they are called


class _Return:
    """Called when the last array in a segment is gone."""

    __slots__ = ("key", "freed", "number")

    def __init__(self, key: int, freed: deque[int], number: int) -> None:
        self.key, self.freed, self.number = key, freed, number

    def __call__(self, _: weakref.ref[Any]) -> None:
        _leases.pop(self.key, None)
        self.freed.append(self.number)


class _Pickler(pickle.Pickler):
    """Arrays and tensors as raw buffers (NumPy's own way leaves out bfloat16)."""

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind is Tensor:
            if obj.requires_grad:
                raise RuntimeError(
                    "DataLoader: a worker's batch must not need gradients, got a tensor with requires_grad=True; "
                    "detach() it in the dataset"
                )
            return _tensor, (obj._array,)
        if kind is np.ndarray and obj.dtype.kind not in "OMmSUa" and obj.dtype.names is None and obj.size:
            flat: Any = np.ascontiguousarray(obj).reshape(-1).view(np.uint8)
            return _array, (pickle.PickleBuffer(flat), obj.dtype, obj.shape)
        return NotImplemented


def _array(buffer: Any, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    if isinstance(buffer, bytes | bytearray):  # came inside the message
        buffer = bytearray(buffer)
    return np.frombuffer(buffer, np.uint8).view(dtype).reshape(shape)


def _tensor(array: np.ndarray) -> Tensor:
    return wrap(array)
