"""Samplers: the order in which a `DataLoader` reads.

Besides `__iter__`, those here have `blocks()`: the same indices as int64 arrays, drawn at the same
moments, so that the loader need not make a Python int of each.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

__all__ = [
    "Sampler",
    "SequentialSampler",
    "RandomSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
    "BatchSampler",
    "DistributedSampler",
]

T_co = TypeVar("T_co", covariant=True)


def draw_seed(generator: Any = None) -> int:
    """A seed from the generator, drawn as PyTorch draws one: 63 bits of one 64-bit number."""
    from ...dtypes import int64
    from ...ops.creation import empty

    return int(empty((), dtype=int64).random_(generator=generator).item())


def new_generator(generator: Any) -> Any:
    """`generator`, or a new one seeded from the global generator."""
    from ...random import Generator

    if generator is not None:
        return generator
    seed = draw_seed()
    generator = Generator()
    generator.manual_seed(seed)
    return generator


def _positive(value: Any, function: str, name: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{function}: {name} should be a positive integer value, but got {name}={value}")


def _boolean(value: Any, function: str, name: str, kind: type[Exception] = ValueError) -> None:
    if not isinstance(value, bool):
        raise kind(f"{function}: {name} should be a boolean value, but got {name}={value}")


class Sampler(Generic[T_co]):
    """Base of samplers: define `__iter__` over indices, and `__len__` where it is known."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"Sampler: {type(self).__name__} must define __iter__()")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ... in order.

    Example:
        >>> list(SequentialSampler("abc"))
        [0, 1, 2]
    """

    data_source: Sized

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def blocks(self) -> Iterator[np.ndarray]:
        yield np.arange(len(self.data_source), dtype=np.int64)

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Indices at random: every one once (a permutation), or with replacement.

    Args:
        num_samples: How many to draw; more than there are means further permutations. Default: as many
            as there are.
        generator: Default: a new one each time, seeded by one draw from the global generator.
    """

    data_source: Sized
    replacement: bool

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Any = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        _boolean(replacement, "RandomSampler", "replacement", TypeError)
        _positive(self.num_samples, "RandomSampler", "num_samples")

    @property
    def num_samples(self) -> int:
        """How many indices an iteration gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def blocks(self) -> Iterator[np.ndarray]:
        from ...ops.random import randint, randperm

        size, count = len(self.data_source), self.num_samples
        generator = new_generator(self.generator)
        if self.replacement:  # in draws of 32, as PyTorch does
            for start in range(0, count, 32):
                yield randint(size, (min(32, count - start),), generator=generator)._array
            return
        for _ in range(count // size):
            yield randperm(size, generator=generator)._array
        # PyTorch draws a last permutation even to take nothing of it: a generator kept by the user must move on.
        if count % size or self.generator is not None:
            yield randperm(size, generator=generator)._array[: count % size]

    def __iter__(self) -> Iterator[int]:
        for block in self.blocks():
            yield from block.tolist()

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in a random order, each once."""

    indices: Sequence[int]

    def __init__(self, indices: Sequence[int], generator: Any = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        from ...ops.random import randperm

        for i in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Index i with a probability in proportion to `weights[i]`.

    Args:
        weights: Not negative; they need not add up to 1.
        num_samples: How many to draw.
        replacement: Whether an index may come more than once.
    """

    def __init__(
        self, weights: Sequence[float], num_samples: int, replacement: bool = True, generator: Any = None
    ) -> None:
        from ...dtypes import float64
        from ...ops.from_data import as_tensor

        _positive(num_samples, "WeightedRandomSampler", "num_samples")
        _boolean(replacement, "WeightedRandomSampler", "replacement")
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.ndim != 1:
            raise ValueError(
                "WeightedRandomSampler: weights should be a 1d sequence but given weights have shape "
                f"{tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def blocks(self) -> Iterator[np.ndarray]:
        from ...ops.random import multinomial

        yield multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)._array

    def __iter__(self) -> Iterator[int]:
        for block in self.blocks():
            yield from block.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Groups the indices of another sampler.

    Example:
        >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Sampler[int] | Iterable[int], batch_size: int, drop_last: bool) -> None:
        _positive(batch_size, "BatchSampler", "batch_size")
        _boolean(drop_last, "BatchSampler", "drop_last")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        size = len(self.sampler)  # type: ignore[arg-type]
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)


def index_batches(batch_sampler: Any) -> Iterator[np.ndarray] | None:
    """The batches of a plain BatchSampler over a sampler of this file as arrays; None for any other."""
    if type(batch_sampler) is not BatchSampler:
        return None
    sampler: Any = batch_sampler.sampler
    if type(sampler) not in (SequentialSampler, RandomSampler, WeightedRandomSampler):
        return None
    return _cut(sampler.blocks(), batch_sampler.batch_size, batch_sampler.drop_last)


def _cut(blocks: Iterator[np.ndarray], size: int, drop_last: bool) -> Iterator[np.ndarray]:
    rest = np.empty(0, np.int64)
    for block in blocks:
        if rest.size:
            block = np.concatenate((rest, block))
        whole = block.size - block.size % size
        for start in range(0, whole, size):
            yield block[start : start + size]
        rest = block[whole:]
    if rest.size and not drop_last:
        yield rest


class DistributedSampler(Sampler[int]):
    """The share of one process among several: each gets every `num_replicas`-th index.

    Args:
        num_replicas: How many processes; default: those of `torch.distributed`.
        rank: Which one this is, from 0; default: the same.
        shuffle: Permute first, by `seed` plus the epoch (`set_epoch`), the same in every process.
        drop_last: Leave out what does not divide evenly, instead of repeating the first samples.
    Example:
        >>> list(DistributedSampler(range(5), num_replicas=2, rank=1, shuffle=False))
        [1, 3, 0]
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            from ...distributed import get_rank, get_world_size

            num_replicas = get_world_size() if num_replicas is None else num_replicas
            rank = get_rank() if rank is None else rank
        if not 0 <= rank < num_replicas:
            raise ValueError(
                f"DistributedSampler: rank must be in [0, {num_replicas - 1}], got {rank} (Invalid rank)"
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        size = len(dataset)
        if drop_last and size % num_replicas:
            self.num_samples = math.ceil((size - num_replicas) / num_replicas)
        else:
            self.num_samples = math.ceil(size / num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[int]:
        from ...ops.random import randperm
        from ...random import Generator

        size = len(self.dataset)
        if self.shuffle:
            order = randperm(size, generator=Generator().manual_seed(self.seed + self.epoch)).tolist()
        else:
            order = list(range(size))
        if self.total_size > size:
            order += list(itertools.islice(itertools.cycle(order), self.total_size - size))
        return iter(order[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the permutation of this epoch: call it before each, or all are in the same order."""
        self.epoch = epoch
