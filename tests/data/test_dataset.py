"""Datasets: samples, batches in one go, splits."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight as rl
from rushlight.utils.data import (
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    default_collate,
    random_split,
)
from rushlight.utils.data.dataset import get_batch, get_items


class Count(IterableDataset):
    def __init__(self, n=5):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))

    def __len__(self):
        return self.n


class Doubled(TensorDataset):
    """Overrides __getitem__ alone: batches must go through it."""

    def __getitem__(self, index):
        return tuple(t * 0 + 7 for t in super().__getitem__(index))


class Recorder(Dataset):
    """Counts how it is read."""

    def __init__(self, n):
        self.n, self.asked = n, []

    def __getitem__(self, i):
        raise AssertionError("read sample by sample")

    def __getitems__(self, indices):
        self.asked.append(list(indices))
        return [i * 10 for i in indices]

    def __len__(self):
        return self.n


def tensors(n=10, offset=0.0):
    return TensorDataset(rl.arange(n * 3).reshape(n, 3) + offset, rl.arange(n))


def datasets():
    a, b = tensors(10), tensors(7, 0.0)
    return {
        "tensor": a,
        "subset": Subset(a, [9, 3, 3, 0]),
        "subset_of_tensor_indices": Subset(a, rl.tensor([9, 3, 3, 0])),
        "subset_of_subset": Subset(Subset(a, list(range(9, -1, -1))), [1, 4]),
        "concat": ConcatDataset([a, b]),
        "concat_of_subsets": ConcatDataset([Subset(a, [5, 2]), b, Subset(b, [0])]),
        "stack": StackDataset(a, a),
        "stack_by_name": StackDataset(x=a, y=a),
        "bfloat16": TensorDataset(rl.arange(6).to(rl.bfloat16)),
    }


def equal(a, b):
    if isinstance(a, rl.Tensor):
        return a.dtype is b.dtype and a.shape == b.shape and a._array.tobytes() == b._array.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(equal, a, b))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("name", datasets())
def test_a_batch_is_what_collating_samples_gives(name):
    d = datasets()[name]
    order = np.random.default_rng(0).permutation(len(d))
    batch = get_batch(d, order)
    assert batch is not NotImplemented
    assert equal(batch, default_collate([d[int(i)] for i in order]))
    assert equal(default_collate(get_items(d, order.tolist())), batch)


@pytest.mark.parametrize("name", datasets())
def test_the_loader_gives_the_same_with_a_collate_function_of_the_users(name):
    d = datasets()[name]
    own = list(DataLoader(d, batch_size=3, collate_fn=lambda samples: default_collate(samples)))
    assert equal(list(DataLoader(d, batch_size=3)), own)


def test_rows_that_need_gradients_keep_them():
    x = rl.arange(4.0).reshape(4, 1).requires_grad_()
    (batch,) = next(iter(DataLoader(TensorDataset(x), batch_size=2)))
    assert batch.requires_grad


def test_a_subclass_that_overrides_getitem_is_heard():
    d = Doubled(rl.arange(4))
    assert next(iter(DataLoader(d, batch_size=4)))[0].tolist() == [7, 7, 7, 7]
    assert next(iter(DataLoader(Subset(d, [0, 1]), batch_size=2)))[0].tolist() == [7, 7]


def test_getitems_of_the_users_is_asked_with_a_list_of_ints():
    d = Recorder(5)
    assert [b.tolist() for b in DataLoader(d, batch_size=2)] == [[0, 10], [20, 30], [40]]
    assert d.asked == [[0, 1], [2, 3], [4]]
    assert all(type(i) is int for batch in d.asked for i in batch)


def test_indices_out_of_range():
    with pytest.raises(IndexError):  # noqa: PT011 - NumPy's message
        get_batch(tensors(4), np.array([4]))
    with pytest.raises(IndexError, match="ConcatDataset: index must be in"):
        get_batch(ConcatDataset([tensors(4), tensors(2)]), np.array([6]))
    with pytest.raises(ValueError, match="absolute value of index"):
        ConcatDataset([range(2)])[-3]


def test_concat_counts_from_the_end():
    d = ConcatDataset([range(3), range(10, 12)])
    assert [d[i] for i in (-1, -5, 3)] == [11, 0, 10]
    with pytest.warns(DeprecationWarning, match="cumulative_sizes"):
        assert d.cummulative_sizes == [3, 5]


def test_concat_of_unlike_datasets_goes_by_samples():
    d = ConcatDataset([TensorDataset(rl.arange(2)), TensorDataset(rl.arange(2.0))])
    assert get_batch(d, np.array([0, 3])) is NotImplemented
    assert next(iter(DataLoader(d, batch_size=4)))[0].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: TensorDataset(rl.zeros(3), rl.zeros(4)), AssertionError, "same first size, got \\[3, 4\\]"),
        (lambda: ConcatDataset([]), AssertionError, "must not be empty"),
        (lambda: ConcatDataset([Count()]), AssertionError, "does not support IterableDataset"),
        (lambda: StackDataset(), ValueError, "At least one dataset"),
        (lambda: StackDataset(range(2), a=range(2)), ValueError, "by position or by keyword"),
        (lambda: StackDataset(range(2), range(3)), ValueError, "Size mismatch"),
        (lambda: Dataset()[0], NotImplementedError, "must define __getitem__"),
        (lambda: list(ChainDataset([range(2)])), AssertionError, "IterableDatasets, got range"),
        (lambda: random_split(range(4), [1, 2]), ValueError, "Sum of input lengths"),
        (lambda: random_split(range(4), [1.5, -0.5]), ValueError, "Fraction at index 0"),
    ],
)
def test_errors(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_streams_chain():
    both = Count(2) + Count(3)
    assert list(both) == [0, 1, 0, 1, 2]
    assert len(both) == 5


def test_random_split_is_pytorchs(torch):
    from torch.utils.data import random_split as theirs

    for lengths in ([7, 3], [0.5, 0.3, 0.2], [0.33, 0.33, 0.34]):
        rl.manual_seed(3)
        torch.manual_seed(3)
        assert [p.indices for p in random_split(range(10), lengths)] == [
            p.indices for p in theirs(range(10), lengths)
        ]
    g, h = rl.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    assert random_split(range(9), [4, 5], g)[1].indices == theirs(range(9), [4, 5], h)[1].indices


def test_random_split_warns_of_an_empty_part():
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        parts = random_split(range(2), [0.1, 0.1, 0.8])
    assert sorted(len(p) for p in parts) == [0, 1, 1]
