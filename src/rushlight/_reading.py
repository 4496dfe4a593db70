"""The reading side of `serialization`: the zip archive, the older form, and how tensors are rebuilt."""

from __future__ import annotations

import codecs
import mmap
import os
import struct
import sys
import zipfile
import zlib
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import IO, Any, NoReturn

import numpy as np

from . import devices, dtypes
from .tensor import Size, Tensor, wrap
from .unpickling import Global, Unpickler

__all__ = ["Archive", "known_names", "read"]

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_STORAGES = {
    f"{d.legacy}Storage": d for d in vars(dtypes).values() if isinstance(d, dtypes.dtype) and d.legacy
}


# -- Rebuilding: what a pickle may call ------------------------------------------------------------------


class _Loaded:
    """A storage from a file: its bytes, and the element type of the tensors in it (None: any)."""

    def __init__(self, data: np.ndarray, dtype: dtypes.dtype | None) -> None:
        self.data, self.dtype = data, dtype


def _ints(values: Any, name: str) -> tuple[int, ...]:
    if not isinstance(values, tuple) or any(type(v) is not int or v < 0 for v in values):
        raise ValueError(f"a tensor's {name} must be a tuple of ints >= 0, got {values!r:.80}")
    return values


def _view(storage: Any, offset: Any, size: Any, stride: Any, dtype: Any) -> Tensor:
    if not isinstance(storage, _Loaded):
        raise ValueError("a tensor must be made from a storage")
    kind = dtype or storage.dtype
    if not isinstance(kind, dtypes.dtype):
        raise ValueError(f"a tensor's dtype must be a dtype, got {kind!r:.80}")
    (start,), shape, steps = _ints((offset,), "offset"), _ints(tuple(size), "size"), _ints(stride, "stride")
    if len(shape) != len(steps) or len(shape) > 64:
        raise ValueError(f"a tensor of size {shape!r:.80} cannot have the strides {steps!r:.80}")
    item = kind.itemsize
    last = start + sum((n - 1) * s for n, s in zip(shape, steps)) if 0 not in shape else start - 1
    if (last + 1) * item > storage.data.nbytes:
        raise ValueError(
            f"a tensor of size {shape!r:.80} reaches element {last} of a storage of {storage.data.nbytes // item}"
        )
    if 0 in shape:
        return wrap(np.empty(shape, kind.numpy))
    return wrap(np.ndarray(shape, kind.numpy, storage.data, start * item, [s * item for s in steps]))


def _tensor(
    storage: Any, offset: Any, size: Any, stride: Any, grad: Any = False, hooks: Any = None, *_: Any
) -> Tensor:
    t = _view(storage, offset, size, stride, None)
    return t.requires_grad_() if grad is True else t


def _tensor_v3(
    storage: Any, offset: Any, size: Any, stride: Any, grad: Any, hooks: Any, dtype: Any, *_: Any
) -> Tensor:
    t = _view(storage, offset, size, stride, dtype)
    return t.requires_grad_() if grad is True else t


def _parameter(data: Any, requires_grad: Any = True, *_: Any) -> Tensor:
    from .nn.parameter import Parameter

    if not isinstance(data, Tensor):
        raise ValueError(f"a Parameter must be made from a tensor, got a {type(data).__name__}")
    return Parameter(data.detach(), requires_grad is True)


def _typed(function: Any, cls: Any, args: Any, state: Any) -> Any:
    """A tensor of a class, with attributes; the attributes of plain tensors are left out."""
    if not isinstance(function, Global) or not isinstance(cls, Global) or not isinstance(args, tuple):
        raise ValueError("a typed tensor is malformed")
    return function.call(*args)


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError("bytes must be stored as latin1 text")
    return codecs.encode(text, "latin1")


def _bytearray(data: Any = b"", encoding: Any = "latin1") -> bytearray:
    if not isinstance(data, (bytes, str)):
        raise ValueError(f"a bytearray must be made from bytes, got a {type(data).__name__}")
    return bytearray(data if isinstance(data, bytes) else _encode(data, encoding))


def _items(kind: type) -> Callable[..., Any]:
    def make(items: Any = ()) -> Any:
        if not isinstance(items, (list, tuple, dict, set)):
            raise ValueError(f"a {kind.__name__} must be made from a list, got a {type(items).__name__}")
        return kind(items)

    return make


def known_names() -> dict[str, Any]:
    known: dict[str, Any] = {}
    for name, kind in (("OrderedDict", OrderedDict), ("Counter", Counter)):
        known[f"collections.{name}"] = Global(name, _items(kind))
    for module in ("__builtin__", "builtins"):
        known[f"{module}.set"] = Global("set", _items(set))
        known[f"{module}.complex"] = Global("complex", lambda a, b=0.0: complex(float(a), float(b)))
        known[f"{module}.bytearray"] = Global("bytearray", _bytearray)
    known["_codecs.encode"] = Global("encode", _encode)
    known["torch.Size"] = Global("torch.Size", lambda sizes: Size(_ints(tuple(sizes), "Size")))
    known["torch.device"] = Global("torch.device", devices.device)
    known["torch._utils._rebuild_tensor"] = Global("tensor", _tensor)
    known["torch._utils._rebuild_tensor_v2"] = Global("tensor", _tensor)
    known["torch._utils._rebuild_tensor_v3"] = Global("tensor", _tensor_v3)
    known["torch._utils._rebuild_parameter"] = Global("Parameter", _parameter)
    known["torch._utils._rebuild_parameter_with_state"] = Global("Parameter", _parameter)
    known["torch._tensor._rebuild_from_type_v2"] = Global("tensor", _typed)
    known["torch.serialization._get_layout"] = Global(
        "layout", lambda name: {"torch.strided": dtypes.strided}[name]
    )
    known["torch.Tensor"] = Global("torch.Tensor", _refuse_class)
    known["torch.nn.parameter.Parameter"] = Global("torch.nn.Parameter", _refuse_class)
    known["torch.storage.UntypedStorage"] = known["torch.storage._UntypedStorage"] = None
    for name, d in _STORAGES.items():
        known[f"torch.{name}"] = known[f"torch.cuda.{name}"] = _Element(d)
    for value in vars(dtypes).values():
        if isinstance(value, (dtypes.dtype, dtypes.memory_format)):
            known[str(value)] = value
    return known


class _Element:
    """A storage class's name in a pickle: tells the element type."""

    def __init__(self, dtype: dtypes.dtype) -> None:
        self.dtype = dtype


def _refuse_class(*args: Any) -> NoReturn:
    raise ValueError("tensors are rebuilt by functions, not by calling their class")


# -- Files -------------------------------------------------------------------------------------------------


def read(
    file: IO[bytes], name: str, where: Callable[..., Any], safe: dict[str, Any], mapped: mmap.mmap | None
) -> Any:
    """The object in the file."""
    begin = file.tell()
    head = file.read(8)
    file.seek(begin)
    if not head:
        raise EOFError(f"load: {name} is empty")
    if head[:4] == b"PK\x03\x04":
        return Archive(file, name, mapped).load(where, safe)
    if mapped is not None:
        raise RuntimeError(
            f"load: {name} must be a zip file to be mapped, as PyTorch writes it since 1.6; use mmap=False"
        )
    if head[:1] != b"\x80":
        kind = "a tar file of PyTorch before 0.1.10, which is not read" if _is_tar(file, begin) else (
            f"no file that save or PyTorch wrote: it begins with {head!r}"
        )  # fmt: skip
        raise UnpicklingError(f"load: {name} is {kind}")
    return _read_legacy(file.read(), name, where, safe)


def _is_tar(file: IO[bytes], begin: int) -> bool:
    file.seek(begin + 257)
    return file.read(5) == b"ustar"


class Archive:
    """The zip form."""

    def __init__(self, file: IO[bytes], name: str, mapped: mmap.mmap | None) -> None:
        self.file, self.name, self.mapped = file, name, mapped
        try:
            self.zip = zipfile.ZipFile(file)
            self.records = {info.filename.partition("/")[2]: info for info in self.zip.infolist()}
        except Exception as e:  # zipfile raises many kinds on damaged directories
            raise self.damaged(f"its zip directory is missing or damaged ({e}); was it cut short?") from None
        file.seek(0, os.SEEK_END)
        self.end = file.tell()
        for info in self.records.values():  # nothing may be larger than the file can hold
            packed = info.compress_type != zipfile.ZIP_STORED
            if info.file_size > (info.compress_size * 1032 + 1024 if packed else info.compress_size):
                raise self.damaged(f"record {info.filename!r} cannot have {info.file_size} bytes")
        if sum(info.compress_size for info in self.records.values()) > self.end:
            raise self.damaged("its records are larger than the file")

    def damaged(self, why: str) -> RuntimeError:
        return RuntimeError(f"load: {self.name} is damaged: {why}")

    def read(self, record: str) -> np.ndarray:
        """The bytes of a record, checked against its checksum."""
        info = self.records.get(record)
        if info is None:
            raise self.damaged(f"it has no record {record!r}")
        if info.compress_type != zipfile.ZIP_STORED:
            try:
                return np.frombuffer(bytearray(self.zip.read(info)), np.uint8)
            except Exception as e:
                raise self.damaged(f"record {record!r} cannot be unpacked ({e})") from None
        # A stored record's bytes stand in the file as they are, after a header of known form.
        if not 0 <= info.header_offset <= self.end - 30:
            raise self.damaged(f"record {record!r} begins outside of the file")
        self.file.seek(info.header_offset)
        header = self.file.read(30)
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            raise self.damaged(f"record {record!r} has no header at byte {info.header_offset}")
        begin = info.header_offset + 30 + sum(struct.unpack("<HH", header[26:30]))
        if begin + info.file_size > self.end:
            raise self.damaged(f"record {record!r} ends after the file does")
        if self.mapped is not None and record.startswith("data/"):
            return np.frombuffer(self.mapped, np.uint8, info.file_size, begin)
        self.file.seek(begin)
        data = np.empty(info.file_size, np.uint8)
        got = _read_into(self.file, data)
        if got != info.file_size:
            raise self.damaged(f"record {record!r} has {got} bytes, {info.file_size} expected")
        # PyTorch writes 0 when told to leave checksums out.
        if info.CRC and zlib.crc32(data) != info.CRC:  # type: ignore[arg-type]
            raise self.damaged(f"record {record!r} does not have its checksum {info.CRC:08x}")
        return data

    def load(self, where: Callable[..., Any], safe: dict[str, Any]) -> Any:
        if "data.pkl" not in self.records:
            kind = (
                "a TorchScript archive" if "constants.pkl" in self.records else "a zip file, but not of save"
            )
            raise RuntimeError(
                f"load: {self.name} must be a file that save wrote, got {kind}: it has no record data.pkl"
            )
        if "constants.pkl" in self.records:
            raise RuntimeError(f"load: {self.name} must be a file that save wrote, got a TorchScript archive")
        order = self.read("byteorder").tobytes() if "byteorder" in self.records else b"little"
        swap = order != sys.byteorder.encode()
        loaded: dict[str, _Loaded] = {}

        def storage(key: str, dtype: dtypes.dtype | None, count: int, place: str) -> _Loaded:
            if key not in loaded:
                data = self.read(f"data/{key}")
                nbytes = count * (dtype.itemsize if dtype else 1)
                if data.nbytes < nbytes:
                    raise self.damaged(f"storage {key} has {data.nbytes} bytes, {nbytes} expected")
                if data.nbytes > nbytes:
                    data = data[:nbytes].copy()
                loaded[key] = _placed(data, dtype, swap, place, where)
            return loaded[key]

        machine = Unpickler(
            self.read("data.pkl").data, known_names(), safe, _persistent(storage, self.name), self.name
        )
        return machine.load()


def _read_into(file: IO[bytes], data: np.ndarray) -> int:
    """Fill `data` from the file; returns how many bytes there were."""
    if hasattr(file, "readinto"):
        view, done = memoryview(data.data), 0
        while done < len(view):
            n = file.readinto(view[done:])
            if not n:
                break
            done += n
        return done
    read = file.read(data.nbytes)
    data[: len(read)] = np.frombuffer(read, np.uint8)
    return len(read)


def _persistent(storage: Callable[..., _Loaded], name: str) -> Callable[[Any], Any]:
    """Reads the persistent ids, by which a pickle names its storages."""

    def read(pid: Any) -> _Loaded:
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage":
            raise UnpicklingError(f"load: {name} holds a reference of an unknown kind: {pid!r:.80}")
        _, element, key, place, count = pid[:5]
        dtype = element.dtype if isinstance(element, _Element) else None
        if (element is not None and dtype is None) or not isinstance(key, str) or not isinstance(place, str):
            raise UnpicklingError(f"load: {name} holds a malformed reference to a storage: {pid!r:.80}")
        (count,) = _ints((count,), "storage size")
        return storage(key, dtype, count, place)

    return read


def _placed(
    data: np.ndarray, dtype: dtypes.dtype | None, swap: bool, place: str, where: Callable[..., Any]
) -> _Loaded:
    if swap and dtype is not None and dtype.itemsize > 1:
        width = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
        data = data.view(f"u{width}").byteswap().view(np.uint8)
    return _Loaded(where(data, place), dtype)


def _read_legacy(data: bytes, name: str, where: Callable[..., Any], safe: dict[str, Any]) -> Any:
    """The form of PyTorch 0.1.10 to 1.5: magic number, protocol, machine, object, keys, storages."""
    known = known_names()
    position = total = 0
    blank: dict[str, tuple[_Loaded, str]] = {}

    def storage(key: str, dtype: dtypes.dtype | None, count: int, place: str) -> _Loaded:
        nonlocal total
        dtype = dtype or dtypes.uint8
        if key not in blank:
            total += count * dtype.itemsize
            if total > len(data):  # its bytes come later in this file
                raise RuntimeError(
                    f"load: {name} is damaged: storage {key} of {count} elements cannot be in it"
                )
            bytes_ = np.zeros(count * dtype.itemsize, np.uint8)
            blank[key] = (_Loaded(where(bytes_, place), dtype), place)
        return blank[key][0]

    def persistent(pid: Any) -> Any:
        if isinstance(pid, tuple) and len(pid) == 6 and pid[5] is not None:
            raise UnpicklingError(
                f"load: {name} holds a view of a storage (PyTorch before 0.4), which is not read"
            )
        return _persistent(storage, name)(pid)

    def one() -> Any:
        nonlocal position
        machine = Unpickler(data, known, safe, persistent, name, position)
        value = machine.load()
        position = machine.position
        return value

    if one() != _LEGACY_MAGIC:
        raise UnpicklingError(f"load: {name} is a pickle, but not one that save or PyTorch wrote")
    if one() != _LEGACY_PROTOCOL:
        raise RuntimeError(f"load: {name} has an unknown protocol version")
    system = one()
    swap = isinstance(system, dict) and system.get("little_endian", True) != (sys.byteorder == "little")
    value = one()
    keys = one()
    if not isinstance(keys, list) or sorted(keys) != sorted(blank):
        raise RuntimeError(f"load: {name} is damaged: its list of storages does not fit its object")
    for key in keys:
        target, _ = blank[key]
        assert target.dtype is not None
        nbytes = target.data.nbytes
        header = data[position : position + 8]
        if len(header) < 8 or position + 8 + nbytes > len(data):
            raise RuntimeError(
                f"load: {name} is damaged: storage {key} ends after the file does; was it cut short?"
            )
        if struct.unpack("<q", header)[0] * target.dtype.itemsize != nbytes:
            raise RuntimeError(
                f"load: {name} is damaged: storage {key} has another size than its tensors say"
            )
        read = np.frombuffer(data, np.uint8, nbytes, position + 8)
        target.data[:] = _placed(read, target.dtype, swap, "cpu", lambda d, place: d).data
        position += 8 + nbytes
    return value
