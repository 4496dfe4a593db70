"""`save` and `load` in PyTorch's file format, both ways, without PyTorch and without running code.

A `.pt` file is a zip archive: `data.pkl` holds the object as a pickle in which each tensor is a call
(rebuild this view of storage number k), and `data/k` holds the bytes of a storage, once, however many
tensors share it. The pickle is read by `unpickling.Unpickler`, which makes tensors and plain
containers and nothing else. Files from before PyTorch 1.6 (pickles and storages one after the other,
no zip) are read too.
"""

from __future__ import annotations

import io
import mmap as _mmap
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from . import devices
from ._reading import Archive, known_names, read

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "safe_globals",
    "save",
]

# -- What the user allows ----------------------------------------------------------------------------

_safe: dict[str, Any] = {}


def _safe_name(entry: Any) -> tuple[str, Any]:
    if isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[1], str):
        return entry[1], entry[0]
    if not callable(entry) or not hasattr(entry, "__qualname__"):
        raise TypeError(
            "add_safe_globals: safe_globals must hold classes, functions or (class, 'module.name') pairs, "
            f"got {entry!r}"
        )
    return _public(f"{entry.__module__}.{entry.__qualname__}"), entry


def _public(name: str) -> str:
    """A class's name in files: those of this package go by PyTorch's, so that either library finds its own."""
    for ours, theirs in (("rushlight.vision.", "torchvision."), ("rushlight.", "torch.")):
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    return name


def add_safe_globals(safe_globals: Iterable[Any]) -> None:
    """Allow `load` to make objects of these classes (or call these functions).

    Only allow what cannot do harm with arguments chosen by a stranger.

    Args:
        safe_globals: Classes, functions, or pairs (class, 'module.name as the file has it').
    """
    _safe.update(_safe_name(entry) for entry in safe_globals)


def get_safe_globals() -> list[Any]:
    """The classes and functions added by `add_safe_globals`."""
    return list(_safe.values())


def clear_safe_globals() -> None:
    """Take back all that `add_safe_globals` added."""
    _safe.clear()


class safe_globals:
    """Allow classes for a `with` block; see `add_safe_globals`."""

    def __init__(self, safe_globals: Iterable[Any]) -> None:
        self.added = dict(_safe_name(entry) for entry in safe_globals)

    def __enter__(self) -> None:
        self.before = dict(_safe)
        _safe.update(self.added)

    def __exit__(self, *exc: object) -> None:
        _safe.clear()
        _safe.update(self.before)


# -- Loading ------------------------------------------------------------------------------------------


def load(
    f: str | os.PathLike[str] | IO[bytes],
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read an object that `save` or PyTorch's `torch.save` wrote. Never runs code from the file.

    Args:
        f: A path, or a binary file that can seek.
        map_location: Where storages go, 'cpu' being the only place there is: a device or its name, a
            dict from the places in the file to others, or a function (storage, place) -> storage or
            None. Needed for files saved from a GPU.
        pickle_module: Not used: the file is read by an interpreter of its own.
        weights_only: Must be true, which is the default: tensors, containers, numbers and strings, and
            classes allowed with `serialization.add_safe_globals`.
        mmap: Leave the tensors' bytes in the file (`f` a path) until they are used. Changes to them
            stay in memory.
    Raises:
        UnpicklingError: The file asks for something that is not allowed, named in the message.
        RuntimeError: The file is damaged, or was saved from a device and `map_location` is missing.
        EOFError: The file is empty.
    Example:
        >>> import io, rushlight as torch
        >>> buffer = io.BytesIO()
        >>> torch.save({"epoch": 3, "w": torch.ones(2)}, buffer)
        >>> _ = buffer.seek(0)
        >>> torch.load(buffer)
        {'epoch': 3, 'w': tensor([1., 1.])}
    """
    if weights_only is not None and not weights_only:
        raise ValueError(
            "load: weights_only must be True, got False; rushlight never runs code from a file: load what it "
            "needs by serialization.add_safe_globals([TheClass]), or save a state_dict instead of a whole object"
        )
    where = _where(map_location)
    if isinstance(f, (str, os.PathLike)):
        path = os.fspath(f)
        with open(path, "rb") as file:
            mapped = (
                _mmap.mmap(file.fileno(), 0, access=_mmap.ACCESS_COPY)
                if mmap and os.path.getsize(path)
                else None
            )
            return read(file, repr(path), where, _safe, mapped)
    if mmap:
        raise ValueError(
            "load: f must be a path when mmap=True, got a file object; give its name, or mmap=False"
        )
    if not all(hasattr(f, name) for name in ("seek", "tell", "read")):
        raise AttributeError(
            f"load: f must be a path or a binary file that can seek, got {type(f).__name__}; "
            "put bytes into an io.BytesIO"
        )
    return read(f, repr(getattr(f, "name", type(f).__name__)), where, _safe, None)


def _where(map_location: Any) -> Callable[[np.ndarray, str], np.ndarray]:
    """map_location in any of its forms as a function that gives a storage its place (or refuses)."""

    def check(place: str) -> None:
        kind = place.partition(":")[0]
        if kind not in ("cpu", "meta"):
            raise RuntimeError(
                f"load: map_location must bring storages of device '{place}' to the CPU, got {map_location!r}; "
                "there is no such device here: use map_location='cpu'"
            )

    if map_location is not None and not isinstance(map_location, (str, devices.device, dict)):
        if not callable(map_location):
            raise TypeError(
                "load: map_location must be a device, its name, a dict or a function, got "
                f"{type(map_location).__name__} (which is not callable)"
            )

        def ask(data: np.ndarray, place: str) -> np.ndarray:
            from .storage import UntypedStorage

            answer = map_location(UntypedStorage(data), place)
            if answer is None:
                check(place)
            return data

        return ask

    def fixed(data: np.ndarray, place: str) -> np.ndarray:
        if isinstance(map_location, dict):
            place = str(map_location.get(place, place))
        elif map_location is not None:
            place = str(map_location)
        check(place)
        return data

    return fixed


def get_unsafe_globals_in_checkpoint(f: str | os.PathLike[str] | IO[bytes]) -> list[str]:
    """The names in a file that `load` would refuse.

    Example:
        >>> import io, rushlight as torch
        >>> buffer = io.BytesIO()
        >>> torch.save(torch.ones(2), buffer)
        >>> _ = buffer.seek(0)
        >>> torch.serialization.get_unsafe_globals_in_checkpoint(buffer)
        []
    """
    import pickletools

    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            return get_unsafe_globals_in_checkpoint(file)
    archive = Archive(f, repr(getattr(f, "name", type(f).__name__)), None)
    known, found, strings = known_names(), [], []
    for op, argument, _ in pickletools.genops(archive.read("data.pkl").tobytes()):
        if isinstance(argument, str) and "UNICODE" in op.name:
            strings.append(argument)
        full = None
        if op.name in ("GLOBAL", "INST"):
            full = str(argument).replace(" ", ".")
        elif op.name == "STACK_GLOBAL" and len(strings) > 1:
            full = ".".join(strings[-2:])
        if full and full not in known and full not in _safe and full not in found:
            found.append(full)
    return found


# -- Saving --------------------------------------------------------------------------------------------


def save(
    obj: object,
    f: str | os.PathLike[str] | IO[bytes],
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write an object to a file that `load` and PyTorch's `torch.load` read.

    Tensors that share memory share it in the file, and after loading. A path is replaced at once when
    the file is complete: an interrupted `save` leaves what was there before.

    Args:
        obj: Tensors, containers, numbers, strings, modules, optimizers' state dicts, ...
        f: A path, or a binary file to write to.
        pickle_module: Not used.
        pickle_protocol: Must be 2, the one that PyTorch reads.
    Raises:
        RuntimeError: The folder of `f` does not exist.
        PicklingError: `obj` holds something that has no name to save it by, such as a lambda.
    Example:
        >>> import io, rushlight as torch
        >>> torch.save({"weight": torch.ones(2)}, io.BytesIO())
    """
    if pickle_protocol != 2:
        raise ValueError(
            f"save: pickle_protocol must be 2, the one that PyTorch reads, got {pickle_protocol}"
        )
    from ._pickling import pickled

    if isinstance(f, (str, os.PathLike)):
        path = os.fspath(f)
        folder = os.path.dirname(path) or "."
        if not os.path.isdir(folder):
            raise RuntimeError(
                f"save: f must be in an existing folder (Parent directory {folder} does not exist), got {path!r}"
            )
        data, storages = pickled(obj)
        with replacing(path) as file:
            _write(file, os.path.splitext(os.path.basename(path))[0] or "archive", data, storages)
        return
    if not hasattr(f, "write"):
        raise AttributeError(f"save: f must be a path or a binary file, got {type(f).__name__}")
    data, storages = pickled(obj)
    _write(f, "archive", data, storages)


@contextmanager
def replacing(path: str) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` when the block ends, and never if it fails."""
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe or a device: there is nothing to replace
        with open(path, "wb") as file:
            yield file
        return
    beside = f"{path}.{os.getpid()}-{os.urandom(4).hex()}.tmp"
    try:
        with open(beside, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            os.chmod(beside, os.stat(path).st_mode & 0o7777)
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise


def _write(file: IO[bytes], folder: str, data: bytes, storages: list[np.ndarray]) -> None:
    records: list[tuple[str, Any]] = [
        ("data.pkl", data),
        (".format_version", b"1"),
        (".storage_alignment", b"64"),
        ("byteorder", sys.byteorder.encode()),
    ]
    records += [(f"data/{k}", storage.data) for k, storage in enumerate(storages)]
    checksum = zlib.crc32(b"".join(struct.pack("<I", zlib.crc32(r)) for _, r in records))
    records += [("version", b"3\n"), (".data/serialization_id", f"{checksum:040d}".encode())]
    try:
        start = file.tell()
    except (AttributeError, OSError, io.UnsupportedOperation):
        start = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in records:
            info = zipfile.ZipInfo(f"{folder}/{name}")
            view = memoryview(content).cast("B") if len(content) else memoryview(b"")
            # A record's bytes begin at a multiple of 64, so that a mapped file can be used as it is.
            header = archive.start_dir - start if hasattr(archive, "start_dir") else 0
            header += (
                30 + len(info.filename.encode()) + (20 if view.nbytes * 1.05 > zipfile.ZIP64_LIMIT else 0)
            )
            padding = -(header + 4) % 64
            info.extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding
            archive.writestr(info, view)
