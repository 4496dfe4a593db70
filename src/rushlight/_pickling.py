"""The writing side of `serialization`: an object as PyTorch's pickle and a list of storages."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np

from . import devices, dtypes
from .tensor import Size, Tensor, address

__all__ = ["pickled"]


class _Name:
    """Stands for a global of PyTorch's in the pickle, which need not be importable here."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    def __call__(self) -> None:  # pickle wants what it writes as a function to be callable
        raise NotImplementedError


class _Storage:
    """The memory that one or more tensors lie in; stored once, named by its number."""

    def __init__(self, key: int, data: np.ndarray, dtype: dtypes.dtype) -> None:
        self.key, self.data, self.dtype = key, data, dtype
        self.count = data.nbytes // dtype.itemsize if _has_class(dtype) else data.nbytes


_names: dict[tuple[str, str], _Name] = {}


def _name(module: str, name: str) -> _Name:
    return _names.setdefault((module, name), _Name(module, name))


def _has_class(dtype: dtypes.dtype) -> bool:
    """Whether PyTorch has a storage class of this type; newer types are stored as bytes."""
    return (
        bool(dtype.legacy) and dtype.name not in ("uint16", "uint32", "uint64") and "float8" not in dtype.name
    )


def _memory(array: np.ndarray) -> np.ndarray | None:
    """The bytes of the memory block that `array` is a view of, in address order; None: not to be told."""
    root: Any = array
    while True:
        base = root.base
        if type(base).__name__ == "DummyArray":  # NumPy's as_strided puts one between
            base = base.base
        if not isinstance(base, np.ndarray):
            break
        root = base
    order = sorted(range(root.ndim), key=lambda d: -root.strides[d])
    flat = root.transpose(order)
    return flat.reshape(-1).view(np.uint8) if flat.flags.c_contiguous else None


_Base: Any = pickle._Pickler  # type: ignore[attr-defined] # the Python one: the C one checks every name


class _Pickler(_Base):  # type: ignore[misc]
    dispatch = dict(_Base.dispatch)

    def __init__(self, file: BytesIO) -> None:
        super().__init__(file, protocol=2)
        self.storages: list[np.ndarray] = []
        self.by_address: dict[int, _Storage] = {}
        self.alive: list[Any] = []  # an address stands for its memory only while that lives

    def persistent_id(self, obj: Any) -> Any:
        if type(obj) is not _Storage:
            return None
        kind = (
            _name("torch", f"{obj.dtype.legacy}Storage")
            if _has_class(obj.dtype)
            else _name("torch.storage", "UntypedStorage")
        )
        return ("storage", kind, str(obj.key), "cpu", obj.count)

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Tensor):
            return self.tensor(obj)
        if type(obj) is Size:
            return (_name("torch", "Size"), (tuple(obj),))
        if isinstance(obj, devices.device):
            return (_name("torch", "device"), (obj.type,) if obj.index is None else (obj.type, obj.index))
        if isinstance(obj, dtypes.layout) and not isinstance(obj, dtypes.memory_format):
            return (_name("torch.serialization", "_get_layout"), (str(obj),))
        return NotImplemented

    def tensor(self, t: Tensor) -> tuple[Any, ...]:
        array = t._array
        storage = self.storage(array)
        item = array.itemsize
        if storage is None:  # reversed, or not laid out in whole elements: store a copy
            array = np.array(array, order="C")
            storage = self.storage(array)
            assert storage is not None
        offset = (address(array) - address(storage.data)) // item if array.size else 0
        from .nn.parameter import Parameter

        parameter = isinstance(t, Parameter)
        grad = bool(t.requires_grad) and not parameter
        strides = tuple(s // item for s in array.strides)
        args: tuple[Any, ...] = (storage, offset, tuple(array.shape), strides, grad, OrderedDict())
        rebuild = _name("torch._utils", "_rebuild_tensor_v2")
        if not _has_class(storage.dtype):
            rebuild, args = _name("torch._utils", "_rebuild_tensor_v3"), (*args, storage.dtype)
        if parameter:
            plain = _Reduced(rebuild, args)
            return (
                _name("torch._utils", "_rebuild_parameter"),
                (plain, bool(t.requires_grad), OrderedDict()),
            )
        return (rebuild, args)

    def storage(self, array: np.ndarray) -> _Storage | None:
        dtype = dtypes.of(array.dtype)
        data = _memory(array)
        if data is None or any(s < 0 or s % array.itemsize for s in array.strides):
            return None
        if (address(array) - address(data)) % array.itemsize:
            return None
        at = address(data)
        known = self.by_address.get(at) if data.nbytes else None
        if known is None:
            known = _Storage(len(self.storages), data, dtype)
            self.storages.append(data)
            self.alive.append((array, data))
            if data.nbytes:
                self.by_address[at] = known
        elif known.dtype is not dtype:
            raise RuntimeError(
                f"save: tensors that share memory must have one dtype (Cannot save multiple tensors or storages that "
                f"view the same data as different types), got {known.dtype} and {dtype}; clone() one of them"
            )
        return known

    def save_name(self, obj: _Name) -> None:
        self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        self.memoize(obj)

    def save_dtype(self, obj: dtypes.dtype) -> None:
        self.save(_name("torch", str(obj).rpartition(".")[2]))

    def save_reduced(self, obj: _Reduced) -> None:
        self.save_reduce(obj.function, obj.args)

    def save_global(self, obj: Any, name: str | None = None) -> None:
        """Classes and functions of this package go by the names that PyTorch's have."""
        from .serialization import _public

        full = f"{getattr(obj, '__module__', '')}.{name or getattr(obj, '__qualname__', '')}"
        public = _public(full)
        if public == full or "<" in full:
            super().save_global(obj, name)
            return
        module, _, last = public.rpartition(".")
        self.write(pickle.GLOBAL + f"{module}\n{last}\n".encode())
        self.memoize(obj)

    dispatch[_Name] = save_name
    dispatch[dtypes.dtype] = save_dtype
    dispatch[dtypes.memory_format] = save_dtype


class _Reduced:
    """A call inside the arguments of another."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.function, self.args = function, args


_Pickler.dispatch[_Reduced] = _Pickler.save_reduced


def pickled(obj: Any) -> tuple[bytes, list[np.ndarray]]:
    """The pickle of `obj` and the storages of its tensors, in the order of their numbers."""
    file = BytesIO()
    pickler = _Pickler(file)
    pickler.dump(obj)
    return file.getvalue(), pickler.storages
