"""Samples to batches: `default_collate`, `default_convert`, `pin_memory`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ...tensor import Tensor, wrap

__all__ = ["default_collate", "default_convert"]

# In a worker process: where stacked batches are put, so that they need not be copied to the main process.
allocate: Callable[[tuple[int, ...], np.dtype], np.ndarray] | None = None


def _is_text(array: np.ndarray | np.generic) -> bool:
    return array.dtype.kind in "SUaO"


def default_convert(data: Any) -> Any:
    """NumPy arrays and numbers inside `data` as tensors, in the containers they are in; the rest as it is.

    Example:
        >>> import numpy as np
        >>> default_convert({"x": np.arange(2), "name": "a"})
        {'x': tensor([0, 1]), 'name': 'a'}
    """
    from ...ops.from_data import as_tensor

    if isinstance(data, Tensor):
        return data
    if isinstance(data, np.ndarray | np.generic) and not isinstance(data, str | bytes):
        return data if _is_text(data) else as_tensor(data)
    if isinstance(data, Mapping):
        return _like(data, {k: default_convert(v) for k, v in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(v) for v in data))
    if isinstance(data, tuple):
        return [default_convert(v) for v in data]
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _like(data, [default_convert(v) for v in data])
    return data


def _like(container: Any, values: Any) -> Any:
    """`values` (a dict or list) in a container of the given one's type, where such can be made."""
    kind = type(container)
    if kind in (dict, list):
        return values
    try:
        if isinstance(container, MutableMapping):
            made: Any = copy.copy(container)
            made.update(values)
            return made
        if isinstance(container, MutableSequence):
            made = copy.copy(container)
            for i, v in enumerate(values):
                made[i] = v
            return made
        return kind(values)
    except TypeError:  # a range, or a class with other arguments
        return values


def _stack(batch: Sequence[Tensor]) -> Tensor:
    from ...ops.join import stack

    if allocate is None:
        return stack(batch, 0)  # type: ignore[arg-type]
    first = batch[0]
    plain = all(isinstance(t, Tensor) and not t.requires_grad and t.dtype is first.dtype for t in batch)
    if not plain or any(t.shape != first.shape for t in batch):
        return stack(list(batch), 0)  # with its checks, its promotion and its gradient
    arrays = [t._array for t in batch]
    out = allocate((len(arrays), *arrays[0].shape), arrays[0].dtype)
    return wrap(np.stack(arrays, out=out))


def default_collate(batch: Any) -> Any:
    """A list of samples as one batch: tensors, arrays and numbers stacked, containers kept.

    Args:
        batch: Samples that are all of one structure. Tensors, NumPy arrays and numbers become a tensor
            with the batch as its first dimension (Python floats become float64), strings and bytes a
            list; mappings, sequences and namedtuples are collated value by value.
    Raises:
        TypeError: a sample, or something in it, is of another kind.
        RuntimeError: sequences or tensors of different sizes.
    Example:
        >>> default_collate([{"x": 1, "s": "a"}, {"x": 2, "s": "b"}])
        {'x': tensor([1, 2]), 's': ['a', 'b']}
        >>> default_collate([(1, 2.0), (3, 4.0)])
        [tensor([1, 3]), tensor([2., 4.], dtype=torch.float64)]
    """
    from ...dtypes import float64
    from ...ops.from_data import as_tensor, tensor

    first = batch[0]
    if isinstance(first, Tensor):
        return _stack(batch)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, np.ndarray):
        if _is_text(first):
            raise TypeError(_refusal(first.dtype))
        return _stack([as_tensor(b) for b in batch])
    if isinstance(first, np.generic) and not isinstance(first, float):
        return as_tensor(np.asarray(batch))
    if isinstance(first, float):
        return tensor(batch, dtype=float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, Mapping):
        return _like(first, {k: default_collate([sample[k] for sample in batch]) for k in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(column) for column in zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            sizes = sorted({len(sample) for sample in batch})
            raise RuntimeError(
                f"default_collate: samples must have the same length, got lengths {sizes} (each element in list "
                "of batch should be of equal size); pad them or give the DataLoader a collate_fn"
            )
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _like(first, columns)
    raise TypeError(_refusal(type(first)))


def _refusal(found: object) -> str:
    return (
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
        f"{found}; give the DataLoader a collate_fn"
    )
