"""Samplers: PyTorch's orders from PyTorch's seeds."""

from __future__ import annotations

import itertools

import pytest

import rushlight as rl
from rushlight.utils import data as D

CASES = {
    "sequential": lambda D, g: D.SequentialSampler(range(7)),
    "random": lambda D, g: D.RandomSampler(range(70)),
    "random_with_generator": lambda D, g: D.RandomSampler(range(70), generator=g()),
    "random_more_than_there_are": lambda D, g: D.RandomSampler(range(7), num_samples=17, generator=g()),
    "random_twice_as_many": lambda D, g: D.RandomSampler(range(7), num_samples=14, generator=g()),
    "random_fewer": lambda D, g: D.RandomSampler(range(7), num_samples=3),
    "with_replacement": lambda D, g: D.RandomSampler(range(9), replacement=True, num_samples=75),
    "with_replacement_generator": lambda D, g: D.RandomSampler(range(9), True, 64, g()),
    "subset": lambda D, g: D.SubsetRandomSampler([1, 5, 7, 2]),
    "weighted": lambda D, g: D.WeightedRandomSampler([0.1, 0.5, 0.2, 3.0], 20),
    "weighted_once_each": lambda D, g: D.WeightedRandomSampler([0.1, 0.5, 0.2, 3.0], 3, replacement=False),
    "batch": lambda D, g: D.BatchSampler(D.RandomSampler(range(10), generator=g()), 4, False),
    "batch_drop": lambda D, g: D.BatchSampler(D.SequentialSampler(range(10)), 4, True),
    "distributed": lambda D, g: D.DistributedSampler(range(10), 3, 1, seed=5),
    "distributed_drop": lambda D, g: D.DistributedSampler(range(11), 3, 2, drop_last=True),
    "distributed_padded": lambda D, g: D.DistributedSampler(range(2), 5, 4, shuffle=False),
}


def epochs(library, data, make):
    library.manual_seed(11)
    sampler = make(data, lambda: library.Generator().manual_seed(5))
    out = []
    for epoch in range(3):  # a kept generator must move on alike
        if hasattr(sampler, "set_epoch"):
            sampler.set_epoch(epoch)
        out.append(list(sampler))
    return out, len(sampler), library.rand(2).tolist()


@pytest.mark.parametrize("name", CASES)
def test_the_order_is_pytorchs(name, torch):
    import torch.utils.data as theirs

    assert epochs(rl, D, CASES[name]) == epochs(torch, theirs, CASES[name])


@pytest.mark.parametrize("name", [n for n in CASES if not n.startswith(("batch", "distributed", "subset"))])
def test_blocks_are_the_same_indices(name):
    def draw(read):
        rl.manual_seed(2)
        return [read(CASES[name](D, lambda: rl.Generator().manual_seed(5))) for _ in range(2)]

    assert draw(list) == draw(lambda s: list(itertools.chain(*(b.tolist() for b in s.blocks()))))


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: D.RandomSampler([]), ValueError, "num_samples should be a positive integer value"),
        (lambda: D.RandomSampler([1], replacement=1), TypeError, "replacement should be a boolean value"),
        (lambda: D.RandomSampler([1], num_samples=0), ValueError, "num_samples=0"),
        (lambda: D.BatchSampler([1], 0, False), ValueError, "batch_size should be a positive integer value"),
        (lambda: D.BatchSampler([1], 2.0, False), ValueError, "batch_size=2.0"),
        (lambda: D.BatchSampler([1], 2, 1), ValueError, "drop_last should be a boolean value"),
        (lambda: D.WeightedRandomSampler([[1.0]], 1), ValueError, "1d sequence but given weights have shape"),
        (lambda: D.WeightedRandomSampler([1.0], 0), ValueError, "num_samples=0"),
        (lambda: D.DistributedSampler([1]), ValueError, "process group"),
        (lambda: D.DistributedSampler([1], 2, 2), ValueError, "rank must be in \\[0, 1\\], got 2"),
        (lambda: iter(D.Sampler()), NotImplementedError, "must define __iter__"),
    ],
)
def test_errors(make, error, text):
    with pytest.raises(error, match=text):
        make()
