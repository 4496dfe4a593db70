"""Storages: the memory behind tensors, as PyTorch's programs name it (`storage()`, `data_ptr`, sharing)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from . import devices, dtypes

__all__ = ["TypedStorage", "UntypedStorage"]


class UntypedStorage:
    """Memory as bytes, shared with the tensors that lie in it.

    Example:
        >>> rushlight.zeros(2).untyped_storage().nbytes()
        8
    """

    def __init__(self, array: np.ndarray | int | Sequence[int] = 0) -> None:
        if isinstance(array, int):
            self._array = np.empty(array, np.uint8)
        elif isinstance(array, np.ndarray):
            self._array = array.reshape(-1).view(np.uint8)
        else:
            self._array = np.array(array, np.uint8)

    device = devices.cpu
    is_cuda = False

    def nbytes(self) -> int:
        """The size in bytes."""
        return self._array.nbytes

    size = nbytes
    __len__ = nbytes

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return self._array.__array_interface__["data"][0] if self._array.size else 0

    _cdata = property(data_ptr)

    def __getitem__(self, index: Any) -> Any:
        item = self._array[index]
        return UntypedStorage(item) if isinstance(index, slice) else int(item)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._array[index] = value

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    def tolist(self) -> list:
        """The bytes as ints."""
        return self._array.tolist()

    def clone(self) -> UntypedStorage:
        """A copy."""
        return UntypedStorage(self._array.copy())

    def fill_(self, value: int) -> UntypedStorage:
        """Set every byte."""
        self._array.fill(value)
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and self.data_ptr() == other.data_ptr()

    def __hash__(self) -> int:
        return self.data_ptr()

    def __repr__(self) -> str:
        return f"[torch.storage.UntypedStorage(device=cpu) of size {len(self)}]"


class TypedStorage(UntypedStorage):
    """Memory as elements of one type.

    Args:
        args: Nothing, a number of elements, or the elements themselves.
        wrap_storage: Take the memory of this untyped storage instead.
        dtype: The elements' type. Default: the default dtype.
        device: "cpu".
    Raises:
        RuntimeError: other arguments, or `wrap_storage` without `dtype`.

    Example:
        >>> from rushlight.storage import TypedStorage
        >>> TypedStorage([1, 2], dtype=rushlight.float32).tolist()
        [1.0, 2.0]
    """

    def __init__(
        self,
        *args: Any,
        wrap_storage: UntypedStorage | None = None,
        dtype: dtypes.dtype | None = None,
        device: Any = None,
        _internal: bool = False,
    ) -> None:
        devices.check(device, "TypedStorage")
        if wrap_storage is not None:
            if args or dtype is None or not isinstance(wrap_storage, UntypedStorage):
                raise RuntimeError(
                    "TypedStorage: wrap_storage must be an UntypedStorage and come with dtype alone (invalid combination "
                    f"of arguments), got {type(wrap_storage).__name__}, dtype {dtype} and {len(args)} more"
                )
            self._array = wrap_storage._array.view(dtype.numpy)
        else:
            dtype = dtypes.get_default_dtype() if dtype is None else dtype
            first = args[0] if args else 0
            if isinstance(first, str):
                raise TypeError(f"TypedStorage: elements must be numbers (invalid data type), got {first!r}")
            if len(args) > 1 or not isinstance(first, (int, Sequence)):
                raise RuntimeError(
                    "TypedStorage: it must be given a size or a sequence of numbers (invalid combination of arguments), "
                    f"got {', '.join(type(a).__name__ for a in args)}"
                )
            self._array = (
                np.empty(first, dtype.numpy) if isinstance(first, int) else np.array(first, dtype.numpy)
            )
        self.dtype = dtype

    @classmethod
    def _of(cls, array: np.ndarray, dtype: dtypes.dtype) -> TypedStorage:
        """Around the memory of an array."""
        storage = cls.__new__(cls)
        storage._array, storage.dtype = array, dtype
        return storage

    def element_size(self) -> int:
        """The size of one element in bytes."""
        return self.dtype.itemsize

    def size(self) -> int:
        """The number of elements."""
        return self._array.size

    __len__ = size

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage(self._array)

    def __getitem__(self, index: Any) -> Any:
        item = self._array[index]
        return TypedStorage._of(item, self.dtype) if isinstance(index, slice) else item.item()

    def clone(self) -> TypedStorage:
        """A copy."""
        return TypedStorage._of(self._array.copy(), self.dtype)

    def __repr__(self) -> str:
        lines = "".join(f" {v}\n" for v in self.tolist())
        return f"{lines}[torch.storage.TypedStorage(dtype={self.dtype}, device=cpu) of size {len(self)}]"
