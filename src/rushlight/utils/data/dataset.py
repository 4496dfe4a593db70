"""Datasets: what a `DataLoader` reads, by index (`Dataset`) or as a stream (`IterableDataset`).

NOTE [Batches in one go]: a dataset may define `__getbatch__(indices)`, where `indices` is an int64 array:
it returns what `default_collate([self[i] for i in indices])` would, bit for bit, or `NotImplemented`.
Those here do it with one gather per tensor. PyTorch's hook `__getitems__(indices)`, which returns a
list of samples, is used where a loader has a `collate_fn` of its own. A subclass that overrides
`__getitem__` alone is read sample by sample (`overrides` below), so that its method is always heard.
"""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from ...tensor import Tensor, wrap

__all__ = [
    "Dataset",
    "IterableDataset",
    "TensorDataset",
    "StackDataset",
    "ConcatDataset",
    "ChainDataset",
    "Subset",
    "random_split",
]

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """A map from indices (or keys) to samples: define `__getitem__`, and `__len__` for most samplers.

    Example:
        >>> class Squares(Dataset):
        ...     def __len__(self):
        ...         return 4
        ...
        ...     def __getitem__(self, i):
        ...         return i * i
        >>> (Squares() + Squares())[7]
        9
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"Dataset: {type(self).__name__} must define __getitem__(index)")

    def __add__(self, other: Dataset[T_co]) -> ConcatDataset[T_co]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """A stream of samples: define `__iter__`. With worker processes each one iterates its own copy;
    `get_worker_info()` says which share is whose."""

    def __add__(self, other: Dataset[T_co]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


def definer(cls: type, name: str) -> int:
    """How far up the inheritance of `cls` the method `name` is defined; a large number if nowhere."""
    for depth, base in enumerate(cls.__mro__):
        if name in base.__dict__:
            return depth
    return 1 << 30


def overrides(dataset: object, name: str) -> bool:
    """Whether `dataset` has the batch method `name`, not made stale by a subclass's `__getitem__`."""
    depth = definer(type(dataset), name)
    return depth < 1 << 30 and depth <= definer(type(dataset), "__getitem__")


def get_batch(dataset: Any, indices: np.ndarray) -> Any:
    """The collated batch of these samples, or NotImplemented. See NOTE [Batches in one go]."""
    return dataset.__getbatch__(indices) if overrides(dataset, "__getbatch__") else NotImplemented


def get_items(dataset: Any, indices: list[Any]) -> list[Any]:
    """The samples at `indices`, through the dataset's `__getitems__` where it has one."""
    many: Any = getattr(dataset, "__getitems__", None)
    if many is not None:
        owner = next((c for c in type(dataset).__mro__ if "__getitems__" in c.__dict__), None)
        if (
            owner is None
            or not owner.__module__.startswith(__package__)
            or overrides(dataset, "__getitems__")
        ):
            return many(indices)
    return [dataset[i] for i in indices]


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Samples are rows: `dataset[i]` is the i-th row of each tensor.

    Args:
        *tensors: Tensors of the same first size.
    Raises:
        AssertionError: their first sizes differ.
    Example:
        >>> from rushlight import arange
        >>> TensorDataset(arange(3), arange(3) * 10)[2]
        (tensor(2), tensor(20))
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        sizes = [t.size(0) for t in tensors]
        if len(set(sizes)) > 1:
            raise AssertionError(
                f"TensorDataset: tensors must have the same first size, got {sizes} (Size mismatch)"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __getbatch__(self, indices: np.ndarray) -> list[Tensor]:
        return [_rows(t, indices) for t in self.tensors]

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Tensor, ...]]:
        rows = np.asarray(indices, np.int64)
        return list(zip(*(_rows(t, rows).unbind(0) for t in self.tensors), strict=True))

    def __len__(self) -> int:
        return self.tensors[0].size(0)


def _rows(tensor: Tensor, indices: np.ndarray) -> Tensor:
    if tensor.requires_grad:
        return tensor[wrap(indices)]
    return wrap(tensor._array.take(indices, axis=0))


class StackDataset(Dataset[Any]):
    """Datasets side by side: samples are tuples of their samples, or dicts when given by keyword.

    Example:
        >>> StackDataset(image=range(3), label="abc")[1]
        {'image': 1, 'label': 'b'}
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Dataset[T_co], **kwargs: Dataset[T_co]) -> None:
        if bool(args) == bool(kwargs):
            found = "both" if args else "none"
            rule = "At least one dataset should be passed" if not args else "either positional or keyword"
            raise ValueError(
                f"StackDataset: datasets must be given by position or by keyword, got {found} ({rule})"
            )
        parts = args or tuple(kwargs.values())
        sizes = [len(d) for d in parts]  # type: ignore[arg-type]
        if len(set(sizes)) > 1:
            raise ValueError(f"StackDataset: datasets must have the same length, got {sizes} (Size mismatch)")
        self._length = sizes[0]
        self.datasets = args or kwargs

    def __getitem__(self, index: Any) -> tuple[Any, ...] | dict[str, Any]:
        if isinstance(self.datasets, dict):
            return {k: d[index] for k, d in self.datasets.items()}
        return tuple(d[index] for d in self.datasets)

    def __getbatch__(self, indices: np.ndarray) -> Any:
        parts = self.datasets.values() if isinstance(self.datasets, dict) else self.datasets
        batches = []  # one dataset after the other, as PyTorch reads a batch of these
        for d in parts:
            batches.append(get_batch(d, indices))
            if batches[-1] is NotImplemented:
                return NotImplemented
        return dict(zip(self.datasets, batches, strict=True)) if isinstance(self.datasets, dict) else batches

    def __getitems__(self, indices: list[Any]) -> list[Any]:
        parts = self.datasets.values() if isinstance(self.datasets, dict) else self.datasets
        columns = []
        for d in parts:
            columns.append(get_items(d, indices))
            if len(columns[-1]) != len(indices):
                raise ValueError(
                    f"StackDataset: __getitems__ of {type(d).__name__} must give {len(indices)} samples, "
                    f"got {len(columns[-1])}"
                )
        rows = zip(*columns, strict=True)
        if isinstance(self.datasets, dict):
            return [dict(zip(self.datasets, row, strict=True)) for row in rows]
        return list(rows)

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T_co]):
    """Datasets one after another.

    Raises:
        AssertionError: there is none, or one is an IterableDataset.
    Example:
        >>> both = ConcatDataset(["abc", "de"])
        >>> len(both), both[3], both[-1]
        (5, 'd', 'e')
    """

    datasets: list[Dataset[T_co]]
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("ConcatDataset: datasets must not be empty, got an empty iterable")
        for d in self.datasets:
            if isinstance(d, IterableDataset):
                raise AssertionError(
                    "ConcatDataset: datasets must have __getitem__, got an IterableDataset (ConcatDataset does "
                    "not support IterableDataset); use ChainDataset"
                )
        self.cumulative_sizes = list(itertools.accumulate(len(d) for d in self.datasets))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def _place(self, index: int) -> tuple[int, int]:
        """Which dataset has sample `index`, and where."""
        if index < 0:
            if -index > len(self):
                raise ValueError(
                    f"ConcatDataset: index must be in [{-len(self)}, {len(self) - 1}] (absolute value of index "
                    f"should not exceed dataset length), got {index}"
                )
            index += len(self)
        part = bisect.bisect_right(self.cumulative_sizes, index)
        return part, index - (self.cumulative_sizes[part - 1] if part else 0)

    def __getitem__(self, index: int) -> T_co:
        part, place = self._place(index)
        return self.datasets[part][place]

    def _split(self, indices: np.ndarray) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
        """(dataset, indices in it, where they go in the batch) for each dataset that has some."""
        size = len(self)
        if indices.size and (indices.min() < -size or indices.max() >= size):
            bad = indices[(indices < -size) | (indices >= size)][0]
            raise IndexError(f"ConcatDataset: index must be in [{-size}, {size - 1}], got {bad}")
        indices = np.where(indices < 0, indices + size, indices)
        part = np.searchsorted(self.cumulative_sizes, indices, side="right")
        for k in np.unique(part):
            (where,) = np.nonzero(part == k)
            yield self.datasets[k], indices[where] - (self.cumulative_sizes[k - 1] if k else 0), where

    def __getbatch__(self, indices: np.ndarray) -> Any:
        pieces = list(self._split(indices))
        if len(pieces) > 1 and any(draws_random(d) for d, _, _ in pieces):
            return NotImplemented  # the order of the random draws would be another
        batches = []
        for d, places, _ in pieces:
            batches.append(get_batch(d, places))
            if batches[-1] is NotImplemented:
                return NotImplemented
        if len(batches) == 1:
            return batches[0]
        order = np.argsort(np.concatenate([where for _, _, where in pieces]))
        return _merge(batches, order)

    @property
    def cummulative_sizes(self) -> list[int]:
        """The old, misspelt name of `cumulative_sizes`."""
        warnings.warn("cummulative_sizes is now cumulative_sizes", DeprecationWarning, stacklevel=2)
        return self.cumulative_sizes


def draws_random(dataset: Any) -> bool:
    """Whether reading samples in a batch draws random numbers (random transforms)."""
    inner = getattr(dataset, "datasets", None)
    if inner is None:
        inner = [dataset.dataset] if hasattr(dataset, "dataset") else ()
    parts = inner.values() if isinstance(inner, dict) else inner
    return bool(getattr(dataset, "_draws_random", False)) or any(draws_random(d) for d in parts)


def _merge(batches: list[Any], order: np.ndarray) -> Any:
    """Batches of several datasets as one, rows in `order`; NotImplemented where their kinds differ."""
    first = batches[0]
    kind = type(first)
    if any(type(b) is not kind for b in batches):
        return NotImplemented
    if isinstance(first, Tensor):
        if any(
            b.dtype is not first.dtype or b.shape[1:] != first.shape[1:] or b.requires_grad for b in batches
        ):
            return NotImplemented
        return wrap(np.concatenate([b._array for b in batches]).take(order, axis=0))
    if kind is dict:
        if any(b.keys() != first.keys() for b in batches):
            return NotImplemented
        merged: Any = {k: _merge([b[k] for b in batches], order) for k in first}
        return NotImplemented if any(v is NotImplemented for v in merged.values()) else merged
    if kind is list and all(len(b) == len(first) for b in batches):
        merged = [_merge(list(column), order) for column in zip(*batches, strict=True)]
        return NotImplemented if any(v is NotImplemented for v in merged) else merged
    return NotImplemented


class ChainDataset(IterableDataset[Any]):
    """Streams one after another.

    Example:
        >>> class Count(IterableDataset):
        ...     def __iter__(self):
        ...         return iter(range(2))
        >>> list(Count() + Count())
        [0, 1, 0, 1]
    """

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = datasets

    def _checked(self) -> Iterator[IterableDataset[Any]]:
        for d in self.datasets:
            if not isinstance(d, IterableDataset):
                raise AssertionError(
                    f"ChainDataset: datasets must be IterableDatasets, got {type(d).__name__}"
                )
            yield d

    def __iter__(self) -> Iterator[Any]:
        for d in self._checked():
            yield from d

    def __len__(self) -> int:
        parts: Any = self._checked()
        return sum(len(d) for d in parts)


class Subset(Dataset[T_co]):
    """The samples of `dataset` at `indices`.

    Example:
        >>> part = Subset("abcdef", [5, 0])
        >>> len(part), part[0]
        (2, 'f')
    """

    dataset: Dataset[T_co]
    indices: Sequence[int]

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getbatch__(self, indices: np.ndarray) -> Any:
        own = self.indices
        if isinstance(own, Tensor | np.ndarray):
            return get_batch(self.dataset, np.asarray(own)[indices])
        return get_batch(self.dataset, np.array([own[i] for i in indices.tolist()], np.int64))

    def __getitems__(self, indices: list[Any]) -> list[Any]:
        return get_items(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def warn_length(iterator: Any) -> None:
    """Warn, once, that a stream is longer than it said."""
    warnings.warn(
        f"Length of IterableDataset {iterator._loader.dataset} was reported to be {iterator._longest} (when accessing "
        f"len(dataloader)), but {iterator._num_yielded} samples have been fetched. With worker processes each one "
        "must iterate its own share: see get_worker_info().",
        stacklevel=3,
    )
    iterator._longest = None  # once is enough


def random_split(
    dataset: Dataset[Any], lengths: Sequence[int | float], generator: Any = None
) -> list[Subset[Any]]:
    """Cut a dataset at random into parts that do not overlap.

    Args:
        lengths: The parts' lengths, or fractions that add up to 1: each part gets the floor of its
            share and what is left goes one by one to the first parts.
        generator: Where the permutation comes from. Default: the global generator.
    Raises:
        ValueError: the lengths do not add up to the dataset's, or a fraction is not in [0, 1].
    Example:
        >>> [len(part) for part in random_split(range(10), [0.7, 0.2, 0.1])]
        [7, 2, 1]
    """
    from ...ops.random import randperm

    size = len(dataset)  # type: ignore[arg-type]
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        for i, fraction in enumerate(lengths):
            if not 0 <= fraction <= 1:
                raise ValueError(
                    f"random_split: lengths[{i}] must be in [0, 1], got {fraction} (Fraction at index {i} is not "
                    "between 0 and 1)"
                )
        counts = [math.floor(size * fraction) for fraction in lengths]
        for i in range(size - sum(counts)):
            counts[i % len(counts)] += 1
        for i, count in enumerate(counts):
            if count == 0:
                warnings.warn(
                    f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=2
                )
    else:
        counts = list(lengths)  # type: ignore[arg-type]
    if sum(counts) != size:
        raise ValueError(
            f"random_split: lengths must add up to the dataset's length, {size}, or to 1, got {sum(counts)} "
            "(Sum of input lengths does not equal the length of the input dataset!)"
        )
    order = randperm(size, generator=generator).tolist()
    ends = itertools.accumulate(counts)
    return [Subset(dataset, order[end - count : end]) for end, count in zip(ends, counts, strict=True)]
