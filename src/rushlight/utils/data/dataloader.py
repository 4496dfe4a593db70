"""`DataLoader`: batches of a dataset, in the order of a sampler, made here or in worker processes."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset, warn_length
from .fetch import Fetcher
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed, index_batches

if TYPE_CHECKING:
    from .processes import WorkersIterator

__all__ = ["DataLoader"]

T_co = TypeVar("T_co", covariant=True)
_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _Forever(Sampler[None]):
    """The sampler of a stream: as many requests as one likes."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader(Generic[T_co]):
    """Iterates over a dataset in batches.

    Args:
        dataset: A `Dataset` (anything with `__getitem__` and `__len__`) or an `IterableDataset`.
        batch_size: Samples in a batch; None gives the samples one by one, not batched.
        shuffle: A new random order in each epoch.
        sampler: The order of indices, instead of `shuffle`.
        batch_sampler: The lists of indices, instead of batch_size, shuffle, sampler and drop_last.
        num_workers: Processes that make the batches; 0 makes them here.
        collate_fn: A list of samples to a batch. Default: `default_collate`.
        pin_memory: Kept for scripts: there is no accelerator whose transfers it could help.
        drop_last: Leave out a last batch that is not full.
        timeout: Seconds to wait for a batch from a worker; 0 waits for ever.
        worker_init_fn: Called in each worker with its number, after seeding.
        multiprocessing_context: A start method ("fork", "spawn", ...) or context.
        generator: Where shuffles and the workers' base seed come from. Default: the global generator.
        prefetch_factor: Batches each worker prepares ahead. Default 2 with workers.
        persistent_workers: Keep the workers from epoch to epoch.
        pin_memory_device: As `pin_memory`.
        in_order: Give the batches in the sampler's order; False gives each as soon as it is ready.
    Source: random draws as PyTorch makes them: every iterator draws one base seed from the generator,
        also without workers; then `RandomSampler` draws its own.
    Example:
        >>> [batch.tolist() for batch in DataLoader(range(5), batch_size=2)]
        [[0, 1], [2, 3], [4]]
    """

    dataset: Dataset[T_co]
    batch_size: int | None
    num_workers: int
    pin_memory: bool
    drop_last: bool
    timeout: float
    sampler: Any
    prefetch_factor: int | None
    _iterator: WorkersIterator | None
    _initialized = False
    _promised: int | None = None  # the length that a stream was asked for and gave

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError(
                f"DataLoader: num_workers option should be non-negative, got {num_workers}; use 0 to load in "
                "this process"
            )
        if timeout < 0:
            raise ValueError(f"DataLoader: timeout option should be non-negative, got {timeout}")
        if num_workers == 0 and prefetch_factor is not None:
            raise ValueError(
                "DataLoader: prefetch_factor option could only be specified in multiprocessing, got "
                f"{prefetch_factor} with num_workers=0"
            )
        if num_workers > 0 and prefetch_factor is not None and prefetch_factor < 0:
            raise ValueError(
                f"DataLoader: prefetch_factor option should be non-negative, got {prefetch_factor}"
            )
        if persistent_workers and num_workers == 0:
            raise ValueError("DataLoader: persistent_workers option needs num_workers > 0, got num_workers=0")
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order

        stream = isinstance(dataset, IterableDataset)
        if stream:
            for name, value in (
                ("shuffle", shuffle or None),
                ("sampler", sampler),
                ("batch_sampler", batch_sampler),
            ):
                if value is not None:
                    raise ValueError(
                        f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                    )
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: sampler option is mutually exclusive with shuffle, got both")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "DataLoader: batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
                    "drop_last, got more than one"
                )
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError(
                "DataLoader: batch_size=None option disables auto-batching and is mutually exclusive with "
                "drop_last, got drop_last=True"
            )
        if sampler is None:
            if stream:
                sampler = _Forever()
            elif shuffle:
                sampler = RandomSampler(dataset, generator=generator)  # type: ignore[arg-type]
            else:
                sampler = SequentialSampler(dataset)  # type: ignore[arg-type]
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)  # type: ignore[arg-type]
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        if collate_fn is None:
            collate_fn = default_collate if self._auto_collation else default_convert
        self.collate_fn = collate_fn
        self.persistent_workers = persistent_workers
        self._iterator = None
        self._initialized = True
        _check_workers(num_workers)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(
                f"DataLoader: {name} attribute should not be set after DataLoader is initialized; make a new one"
            )
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> Any:
        """The context that workers are started in; None for the default one."""
        return self.__context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: Any) -> None:
        if context is not None:
            import multiprocessing

            if not self.num_workers > 0:
                raise ValueError(
                    "DataLoader: multiprocessing_context can only be used with multi-process loading "
                    f"(num_workers > 0), but got num_workers={self.num_workers}"
                )
            if isinstance(context, str):
                methods = multiprocessing.get_all_start_methods()
                if context not in methods:
                    raise ValueError(
                        "DataLoader: multiprocessing_context option should specify a valid start method in "
                        f"{methods}, but got multiprocessing_context={context!r}"
                    )
                context = multiprocessing.get_context(context)
            if not isinstance(context, multiprocessing.context.BaseContext):
                raise TypeError(
                    "DataLoader: multiprocessing_context option should be a valid context object or a string "
                    f"specifying the start method, but got multiprocessing_context={context}"
                )
        self.__context = context

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.batch_sampler if self._auto_collation else self.sampler

    def _indices(self) -> Iterator[Any]:
        """What the sampler yields; as arrays where it can."""
        arrays = index_batches(self.batch_sampler) if not isinstance(self.dataset, IterableDataset) else None
        return iter(self._index_sampler) if arrays is None else arrays

    def __iter__(self) -> Iterator[Any]:
        if self.pin_memory:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory "
                "won't be used.",
                stacklevel=2,
            )
        if self.num_workers == 0:
            return _Iterator(self)
        from .processes import WorkersIterator

        if not self.persistent_workers:
            return WorkersIterator(self)
        if self._iterator is None or not self._iterator.alive:
            self._iterator = WorkersIterator(self)
        else:
            self._iterator.reset()
        return self._iterator

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            length = len(self.dataset)  # type: ignore[arg-type]
            if self.batch_size is not None:
                length = length // self.batch_size if self.drop_last else -(-length // self.batch_size)
            self._promised = length
            return length
        return len(self._index_sampler)


def _check_workers(count: int) -> None:
    """Warn of more workers than processors, once more workers cannot help."""
    try:
        processors = len(os.sched_getaffinity(0))
    except AttributeError:
        processors = os.cpu_count() or 1
    if count > processors:
        warnings.warn(
            f"This DataLoader will create {count} worker processes in total. Our suggested max number of worker in "
            f"current system is {processors}, which is smaller than what this DataLoader is going to create.",
            stacklevel=3,
        )


class _Iterator:
    """An epoch made in this process."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self._loader = loader
        self._base_seed = draw_seed(loader.generator)
        self._indices = loader._indices()
        self._fetch = Fetcher(
            loader.dataset, loader._auto_collation, loader.collate_fn, loader.drop_last
        ).fetch
        self._num_yielded = 0
        self._longest = loader._promised

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        batch = self._fetch(next(self._indices))
        self._num_yielded += 1
        if self._longest is not None and self._num_yielded > self._longest:
            warn_length(self)
        return batch

    def __len__(self) -> int:
        return len(self._loader)
