"""Arrays by index, with kernels where they are faster: what `ops/index.py` moves its data by.

All take and give NumPy arrays, with indices that were checked; negative ones count from the end in `take` alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import _C

__all__: list[str] = []

_FLOAT32, _INT64 = np.dtype(np.float32), np.dtype(np.int64)
_SMALL = 256  # elements, up to which NumPy is as fast


def _plain(array: np.ndarray, index: np.ndarray) -> bool:
    return (
        _C is not None
        and index.dtype == _INT64
        and array.ndim > 0
        and array.flags.c_contiguous
        and index.size * array.size > _SMALL
    )


def outside(index: np.ndarray, n: int) -> int | None:
    """The first of the indices that is not in [0, n), or None."""
    if _C is not None and index.dtype == _INT64:
        return _C.bad_target(index, n, 0 if n else -(2**62))  # 0 is in range anyway
    if index.size:
        low, high = int(index.min()), int(index.max())
        if low < 0 or high >= n:
            return high if high >= n else low
    return None


def take(array: np.ndarray, index: np.ndarray, dim: int = 0) -> np.ndarray:
    """`array` with dimension `dim` replaced by those of `index`."""
    if not _plain(array, index):
        return np.take(array, index, dim)
    n = array.shape[dim]
    if outside(index, n) is not None and index.min() < 0:
        if index.min() < -n:
            raise IndexError(
                f"index must be in [{-n}, {n - 1}], got {index.min()} (index out of range in self)"
            )
        index = np.where(index < 0, index + n, index)
    return _C.take_rows(array, index, dim)._array


def _add_at(out: np.ndarray, where: Any, source: np.ndarray) -> None:
    """out[where] += source; half precision is summed in float32 and rounded once."""
    if out.itemsize == 2 and out.dtype.kind in "fV":
        wide = out.astype(np.float32)
        np.add.at(wide, where, source.astype(np.float32))
        out[...] = wide.astype(out.dtype)
    else:
        np.add.at(out, where, source)


def add(out: np.ndarray, index: np.ndarray, source: np.ndarray, dim: int = 0) -> None:
    """out[index[i]] += source[i] along `dim`, in the order of i."""
    if _plain(out, index) and out.dtype == _FLOAT32 == source.dtype and index.ndim == 1:
        _C.add_rows(out, index, source, dim, 1.0, None)
    else:
        _add_at(out, (*(slice(None),) * dim, index), source)


def added(shape: tuple, index: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Zeros of `shape` with source[i] added at index[i] along the first dim; any dims of index."""
    n = shape[0]
    if (
        _C is not None
        and source.dtype == _FLOAT32
        and index.dtype == _INT64
        and source.size > _SMALL
        and source.size
        and index.min() >= 0
    ):
        width = source.size // index.size
        return _C.embedding_backward(source.reshape(index.size, width), index, n, -1, False)._array.reshape(
            shape
        )
    out = np.zeros(shape, source.dtype)
    _add_at(out, index, source)
    return out


def _same_around(a: np.ndarray, b: np.ndarray, dim: int) -> bool:
    return a.ndim == b.ndim and a.shape[:dim] == b.shape[:dim] and a.shape[dim + 1 :] == b.shape[dim + 1 :]


def along(array: np.ndarray, index: np.ndarray, dim: int) -> tuple:
    """The index arrays for `array[..., index, ...]` element by element."""
    where = list(np.ogrid[tuple([slice(n) for n in index.shape])])
    where[dim] = index
    return tuple(where)


def take_along(array: np.ndarray, index: np.ndarray, dim: int) -> np.ndarray:
    """array[..., index, ...] element by element; index may be smaller than array in other dims."""
    if _plain(array, index) and _same_around(array, index, dim) and array.dtype.num < 24:
        return _C.gather(array, index, dim)._array
    return array[along(array, index, dim)]


def add_along(out: np.ndarray, index: np.ndarray, source: np.ndarray, dim: int) -> None:
    """out[..., index, ...] += source element by element."""
    if (
        _plain(out, index)
        and out.dtype == _FLOAT32 == source.dtype
        and source.shape == index.shape
        and _same_around(out, index, dim)
    ):
        _C.scatter_add(out, index, source, dim)
    else:
        _add_at(out, along(out, index, dim), source)
