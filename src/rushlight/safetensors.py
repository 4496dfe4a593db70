"""Reading and writing `.safetensors` files, with the function names of the package of that name.

A file is: the header's length (8 bytes, little-endian), a JSON header
`{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}` padded with spaces to a
multiple of 8, and the tensors' bytes, one after the other without gaps. There is nothing to run in it.
Source: https://huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import devices, dtypes
from .serialization import replacing
from .tensor import Tensor, memory, wrap

__all__ = [
    "SafetensorError",
    "load",
    "load_file",
    "load_model",
    "safe_open",
    "save",
    "save_file",
    "save_model",
]

_LARGEST_HEADER = 100_000_000
_TYPES = {
    "BOOL": dtypes.bool_, "U8": dtypes.uint8, "I8": dtypes.int8, "F8_E5M2": dtypes.float8_e5m2,
    "F8_E4M3": dtypes.float8_e4m3fn, "I16": dtypes.int16, "U16": dtypes.uint16, "F16": dtypes.float16,
    "BF16": dtypes.bfloat16, "I32": dtypes.int32, "U32": dtypes.uint32, "F32": dtypes.float32,
    "C64": dtypes.complex64, "F64": dtypes.float64, "I64": dtypes.int64, "U64": dtypes.uint64,
}  # fmt: skip
_NAMES = {d: name for name, d in _TYPES.items()}


class SafetensorError(Exception):
    """A file that is not as the format says."""


def _header(data: np.ndarray, where: str) -> tuple[dict[str, tuple[Any, ...]], dict[str, str]]:
    """name -> (dtype, shape, begin, end) and the metadata, everything checked against the file's size."""

    def refuse(why: str) -> SafetensorError:
        return SafetensorError(f"load_file: {where} is damaged: {why}")

    if data.size < 8:
        raise refuse(f"it has {data.size} bytes, and a header alone has 8 (HeaderTooSmall)")
    (length,) = struct.unpack("<Q", data[:8].tobytes())
    if length > min(_LARGEST_HEADER, data.size - 8):
        raise refuse(f"its header cannot have {length} bytes (InvalidHeaderLength)")
    try:
        header = json.loads(data[8 : 8 + length].tobytes().decode())
        metadata = header.pop("__metadata__", None) or {}
        entries: dict[str, tuple[Any, ...]] = {
            name: (_TYPES[e["dtype"]], tuple(e["shape"]), *map(int, e["data_offsets"]))
            for name, e in header.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise refuse(f"its header does not read ({type(e).__name__}: {e})") from None
    position = 0
    for name, (dtype, shape, begin, end) in sorted(entries.items(), key=lambda item: item[1][2:]):
        if len(shape) > 64 or any(type(n) is not int or n < 0 for n in shape):
            raise refuse(f"tensor {name!r} has the shape {shape!r:.80}")
        count = 1
        for n in shape:
            count *= n
        if begin != position or end - begin != count * dtype.itemsize:
            raise refuse(f"tensor {name!r} does not lie where it should ({begin} to {end}; InvalidOffset)")
        position = end
    if position != data.size - 8 - length:
        raise refuse(f"its tensors have {position} bytes, the file has {data.size - 8 - length} for them")
    return entries, metadata


def _tensor(data: np.ndarray, entry: tuple[Any, ...], base: int) -> Tensor:
    dtype, shape, begin, end = entry
    array = np.empty(shape, dtype.numpy)
    array.reshape(-1).view(np.uint8)[:] = data[base + begin : base + end]
    return wrap(array)


def _mapped(path: str) -> np.ndarray:
    """The file's bytes, read when used."""
    return np.memmap(path, np.uint8, "r") if os.path.getsize(path) else np.empty(0, np.uint8)


def _check_device(device: Any, function: str) -> None:
    devices.check(devices.device(device) if isinstance(device, str) else device, function)


def load_file(filename: str | os.PathLike[str], device: Any = "cpu") -> dict[str, Tensor]:
    """Read all tensors of a file.

    Args:
        filename: The path.
        device: 'cpu'.
    Raises:
        SafetensorError: The file is damaged.
    Example:
        >>> import os, tempfile, rushlight as torch
        >>> from rushlight import safetensors
        >>> path = os.path.join(tempfile.mkdtemp(), "w.safetensors")
        >>> safetensors.save_file({"w": torch.ones(2)}, path)
        >>> safetensors.load_file(path)
        {'w': tensor([1., 1.])}
    """
    _check_device(device, "load_file")
    path = os.fspath(filename)
    return _all(_mapped(path), repr(path))


def load(data: bytes) -> dict[str, Tensor]:
    """Read all tensors of a file's bytes."""
    return _all(np.frombuffer(data, np.uint8), "the data")


def _all(data: np.ndarray, where: str) -> dict[str, Tensor]:
    entries, _ = _header(data, where)
    base = 8 + struct.unpack("<Q", data[:8].tobytes())[0]
    return {name: _tensor(data, entry, base) for name, entry in entries.items()}


class safe_open:
    """A file whose tensors are read one by one: `with safe_open(path, framework="pt") as f: f.get_tensor("w")`.

    Args:
        filename: The path; the file is mapped, not read.
        framework: 'pt' or 'numpy'.
        device: 'cpu'.
    """

    def __init__(self, filename: str | os.PathLike[str], framework: str = "pt", device: Any = "cpu") -> None:
        if framework not in ("pt", "torch", "pytorch", "np", "numpy"):
            raise SafetensorError(f"safe_open: framework must be 'pt' or 'numpy', got {framework!r}")
        _check_device(device, "safe_open")
        self._arrays = framework in ("np", "numpy")
        path = os.fspath(filename)
        self._data = _mapped(path)
        self._entries, self._metadata = _header(self._data, repr(path))
        self._base = 8 + struct.unpack("<Q", self._data[:8].tobytes())[0]

    def __enter__(self) -> safe_open:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def keys(self) -> list[str]:
        """The tensors' names, sorted."""
        return sorted(self._entries)

    def metadata(self) -> dict[str, str] | None:
        """The file's own notes, str to str; None when it has none."""
        return dict(self._metadata) or None

    def get_tensor(self, name: str) -> Any:
        """The tensor of that name, copied into memory."""
        if name not in self._entries:
            raise SafetensorError(
                f"get_tensor: name must be one of the file's {len(self._entries)}, got {name!r}"
            )
        tensor = _tensor(self._data, self._entries[name], self._base)
        return tensor._array if self._arrays else tensor

    def get_slice(self, name: str) -> _Slice:
        """The tensor of that name, to be indexed: only what is indexed is read."""
        if name not in self._entries:
            raise SafetensorError(
                f"get_slice: name must be one of the file's {len(self._entries)}, got {name!r}"
            )
        return _Slice(
            _tensor(self._data, self._entries[name], self._base)._array, self._entries[name][0], self._arrays
        )


class _Slice:
    def __init__(self, array: np.ndarray, dtype: dtypes.dtype, arrays: bool) -> None:
        self._array, self._dtype, self._arrays = array, dtype, arrays

    def get_shape(self) -> list[int]:
        return list(self._array.shape)

    def get_dtype(self) -> str:
        return _NAMES[self._dtype]

    def __getitem__(self, index: Any) -> Any:
        array = np.array(self._array[index])
        return array if self._arrays else wrap(array)


# -- Writing -------------------------------------------------------------------------------------------


def _parts(tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None, function: str) -> list[Any]:
    """Header and arrays in the order of the file: by falling alignment, then name."""
    if not isinstance(tensors, Mapping):
        raise ValueError(f"{function}: tensors must be a dict of str to Tensor, got {type(tensors).__name__}")
    owners: dict[int, str] = {}
    for name, t in tensors.items():
        if not isinstance(name, str) or not isinstance(t, Tensor):
            raise ValueError(
                f"{function}: tensors must be a dict of str to Tensor, got {type(t).__name__} under {name!r}"
            )
        if not t._array.flags.c_contiguous:
            raise ValueError(
                f"{function}: tensors must be contiguous (you are trying to save a non contiguous tensor: {name!r}); "
                "use .contiguous()"
            )
        place = memory(t._array).__array_interface__["data"][0]
        if t.numel() and owners.setdefault(place, name) != name:
            raise RuntimeError(
                f"{function}: tensors must not share memory (Some tensors share memory), got {owners[place]!r} and "
                f"{name!r}; use save_model, or clone() one"
            )
    if metadata is not None and not all(isinstance(s, str) for item in metadata.items() for s in item):
        raise TypeError(f"{function}: metadata must be a dict of str to str, got {dict(metadata)!r:.80}")
    order = sorted(tensors, key=lambda n: (-tensors[n].itemsize, n))
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata is not None else {}
    position = 0
    for name in order:
        t = tensors[name]
        if t.dtype not in _NAMES:
            raise ValueError(
                f"{function}: tensors must have a dtype of the format, got {t.dtype} under {name!r}"
            )
        end = position + t.nbytes
        header[name] = {"dtype": _NAMES[t.dtype], "shape": list(t.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return [
        struct.pack("<Q", len(text)),
        text,
        *(tensors[n]._array.reshape(-1).view(np.uint8).data for n in order),
    ]


def save_file(
    tensors: Mapping[str, Tensor], filename: str | os.PathLike[str], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors to a file, which appears when it is complete.

    Args:
        tensors: Name to tensor; contiguous, none sharing memory with another.
        filename: The path.
        metadata: Notes to keep in the file, str to str.
    """
    parts = _parts(tensors, metadata, "save_file")
    with replacing(os.fspath(filename)) as file:
        for part in parts:
            file.write(part)


def save(tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of the file that `save_file` would write."""
    return b"".join(_parts(tensors, metadata, "save"))


def save_model(
    model: Any,
    filename: str | os.PathLike[str],
    metadata: Mapping[str, str] | None = None,
    force_contiguous: bool = True,
) -> None:
    """Write a module's state dict; of names that share memory the first is stored, the others noted."""
    kept: dict[str, Tensor] = {}
    first: dict[tuple[Any, ...], str] = {}
    notes = dict(metadata or {})
    for name, t in sorted(model.state_dict().items()):
        t = t.detach()
        key = (t.data_ptr(), tuple(t.shape), t.stride(), t.dtype) if t.numel() else (name,)
        if key in first:
            notes.setdefault(name, first[key])
            continue
        first[key] = name
        kept[name] = t if t.is_contiguous() or not force_contiguous else wrap(np.ascontiguousarray(t._array))
    save_file(kept, filename, notes if notes else {"format": "pt"})


def load_model(
    model: Any, filename: str | os.PathLike[str], strict: bool = True, device: Any = "cpu"
) -> tuple[list[str], list[str]]:
    """Read a file of `save_model` into a module; returns the names that were missing and unexpected."""
    with safe_open(filename) as file:
        notes = file.metadata() or {}
    loaded = load_file(filename, device)
    own = model.state_dict()
    missing, unexpected = model.load_state_dict(loaded, strict=False)
    places = {own[n].data_ptr() for n in loaded if n in own}  # names tied to one that was in the file
    missing = [n for n in missing if notes.get(n) not in loaded and own[n].data_ptr() not in places]
    if strict and (missing or unexpected):
        raise RuntimeError(
            f"Error(s) in loading state_dict for {type(model).__name__}: missing keys {missing}, "
            f"unexpected keys {list(unexpected)}"
        )
    return missing, list(unexpected)
