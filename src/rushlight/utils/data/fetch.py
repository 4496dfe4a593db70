"""One batch from a dataset: the same code in the main process and in workers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from .collate import default_collate
from .dataset import IterableDataset, get_batch, get_items, overrides

__all__ = ["Fetcher"]


class Fetcher:
    """Gives the batch (or, without automatic batching, the sample) for what a sampler yields."""

    def __init__(
        self, dataset: Any, auto_collation: bool, collate_fn: Callable[..., Any], drop_last: bool
    ) -> None:
        self.dataset = dataset
        self.auto_collation = auto_collation
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.in_one_go = (
            auto_collation and collate_fn is default_collate and overrides(dataset, "__getbatch__")
        )
        self.iterator: Any = None
        if isinstance(dataset, IterableDataset):
            self.iterator = iter(dataset)
            self.fetch = self._fetch_stream  # type: ignore[method-assign]

    def fetch(self, indices: Any) -> Any:
        """The batch at `indices`: a list or an int64 array of them, or one index without automatic batching."""
        if not self.auto_collation:
            return self.collate_fn(self.dataset[indices])
        if self.in_one_go:
            array = indices if type(indices) is np.ndarray else _as_indices(indices)
            if array is not None:
                batch = get_batch(self.dataset, array)
                if batch is not NotImplemented:
                    return batch
        if type(indices) is np.ndarray:
            indices = indices.tolist()
        return self.collate_fn(get_items(self.dataset, indices))

    def _fetch_stream(self, indices: Any) -> Any:
        if not self.auto_collation:
            return self.collate_fn(next(self.iterator))
        batch = list(itertools.islice(self.iterator, len(indices)))
        if not batch or (self.drop_last and len(batch) < len(indices)):
            raise StopIteration
        return self.collate_fn(batch)


def _as_indices(indices: Any) -> np.ndarray | None:
    """A list of plain ints as an array; None for anything else, which only `__getitem__` understands."""
    if type(indices) is list and all(type(i) is int for i in indices):
        return np.array(indices, np.int64)
    return None
