"""Storages: the memory behind tensors, as PyTorch's programs name it (`storage()`, `data_ptr`, sharing)."""

from __future__ import annotations

from collections.abc import Iterator
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

    def __init__(self, array: np.ndarray | int = 0) -> None:
        self._array = (
            np.empty(array, np.uint8) if isinstance(array, int) else array.reshape(-1).view(np.uint8)
        )

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
    """Memory as elements of one type."""

    def __init__(self, array: np.ndarray, dtype: dtypes.dtype) -> None:
        self._array = array
        self.dtype = dtype

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
        return TypedStorage(item, self.dtype) if isinstance(index, slice) else item.item()

    def clone(self) -> TypedStorage:
        """A copy."""
        return TypedStorage(self._array.copy(), self.dtype)

    def __repr__(self) -> str:
        lines = "".join(f" {v}\n" for v in self.tolist())
        return f"{lines}[torch.storage.TypedStorage(dtype={self.dtype}, device=cpu) of size {len(self)}]"
