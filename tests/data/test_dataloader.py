"""DataLoader in this process: arguments, random draws, errors."""

from __future__ import annotations

import pytest

import rushlight as rl
from rushlight.utils import data as D


class Stream(D.IterableDataset):
    def __iter__(self):
        return iter(range(5))

    def __len__(self):
        return 3


def run(library, data, make):
    """Three epochs and what the global generator gives after."""
    library.manual_seed(7)
    loader = make(data, lambda: library.Generator().manual_seed(3), library)
    out = []
    for _ in range(3):
        out.append([batch.tolist() if hasattr(batch, "tolist") else batch for batch in loader])
        out.append(library.rand(1).item())
    return out


LOADERS = {
    "plain": lambda D, g, t: D.DataLoader(range(10), batch_size=4),
    "one_by_one": lambda D, g, t: D.DataLoader(range(3)),
    "shuffle": lambda D, g, t: D.DataLoader(range(10), batch_size=4, shuffle=True),
    "drop_last": lambda D, g, t: D.DataLoader(range(10), batch_size=4, shuffle=True, drop_last=True),
    "generator": lambda D, g, t: D.DataLoader(range(10), batch_size=5, shuffle=True, generator=g()),
    "sampler": lambda D, g, t: D.DataLoader(
        range(10), batch_size=3, sampler=D.RandomSampler(range(10), True, 40)
    ),
    "weighted": lambda D, g, t: D.DataLoader(
        range(3), 2, sampler=D.WeightedRandomSampler([1.0, 2.0, 3.0], 7)
    ),
    "list_sampler": lambda D, g, t: D.DataLoader(range(10), batch_size=2, sampler=[5, 3, 1]),
    "batch_sampler": lambda D, g, t: D.DataLoader(range(10), batch_sampler=[[1, 2], [3]]),
    "no_batches": lambda D, g, t: D.DataLoader(range(4), batch_size=None, shuffle=True),
    "collate_fn": lambda D, g, t: D.DataLoader(range(5), batch_size=2, collate_fn=lambda b: sum(b)),
    "empty": lambda D, g, t: D.DataLoader([], batch_size=2),
    "shuffled_tensors": lambda D, g, t: D.DataLoader(
        D.TensorDataset(t.arange(9)), 4, shuffle=True, collate_fn=None
    ),
}


@pytest.mark.parametrize("name", LOADERS)
def test_batches_and_draws_are_pytorchs(name, torch):
    import torch.utils.data as theirs

    def plain(batch):
        return [b.tolist() for b in batch] if batch and hasattr(batch[0], "tolist") else batch

    ours = run(rl, D, LOADERS[name])
    want = run(torch, theirs, LOADERS[name])
    for a, b in zip(ours, want, strict=True):
        assert a == b or [plain(x) for x in a] == [plain(x) for x in b]


def test_one_base_seed_is_drawn_for_each_iterator_and_one_for_the_shuffle(torch):
    """Also without workers and without shuffle (pytorch issues 12935, 20749)."""
    for kind, shuffle in ((rl, False), (rl, True), (torch, False), (torch, True)):
        data = D if kind is rl else torch.utils.data
        kind.manual_seed(0)
        iterator = iter(data.DataLoader(range(4), shuffle=shuffle))
        after_iter = kind.get_rng_state()
        next(iterator)
        after_next = kind.get_rng_state()
        kind.manual_seed(0)
        kind.empty((), dtype=kind.int64).random_()
        assert after_iter.tolist() == kind.get_rng_state().tolist()
        if shuffle:
            kind.empty((), dtype=kind.int64).random_()
        assert after_next.tolist() == kind.get_rng_state().tolist()


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"num_workers": -1}, ValueError, "num_workers option should be non-negative, got -1"),
        ({"timeout": -1}, ValueError, "timeout option should be non-negative"),
        ({"prefetch_factor": 2}, ValueError, "prefetch_factor option could only be specified"),
        (
            {"num_workers": 1, "prefetch_factor": -1},
            ValueError,
            "prefetch_factor option should be non-negative",
        ),
        ({"persistent_workers": True}, ValueError, "persistent_workers option needs num_workers > 0"),
        ({"batch_sampler": [[1]], "batch_size": 3}, ValueError, "mutually exclusive with batch_size"),
        ({"batch_sampler": [[1]], "shuffle": True}, ValueError, "mutually exclusive with batch_size"),
        ({"batch_size": None, "drop_last": True}, ValueError, "disables auto-batching"),
        ({"sampler": [1], "shuffle": True}, ValueError, "mutually exclusive with shuffle"),
        ({"batch_size": 0}, ValueError, "batch_size should be a positive integer value"),
        ({"batch_size": 2.5}, ValueError, "batch_size=2.5"),
        ({"drop_last": 3}, ValueError, "drop_last should be a boolean value"),
        ({"multiprocessing_context": "fork"}, ValueError, "can only be used with multi-process loading"),
        ({"num_workers": 1, "multiprocessing_context": "bad"}, ValueError, "valid start method"),
        ({"num_workers": 1, "multiprocessing_context": 3}, TypeError, "valid context object"),
    ],
)
def test_errors(options, error, text):
    with pytest.raises(error, match=f"(DataLoader|BatchSampler): .*{text}"):
        D.DataLoader(range(4), **options)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}])
def test_a_stream_has_no_order_to_choose(options):
    with pytest.raises(ValueError, match=r"expected unspecified .* option"):
        D.DataLoader(Stream(), **options)


def test_an_empty_dataset_cannot_be_shuffled():
    with pytest.raises(ValueError, match="num_samples=0"):
        D.DataLoader([], shuffle=True)


def test_what_is_fixed_cannot_be_set():
    loader = D.DataLoader(range(3))
    with pytest.raises(ValueError, match="batch_size attribute should not be set"):
        loader.batch_size = 4
    loader.collate_fn = len
    assert list(loader) == [1, 1, 1]


def test_streams():
    loader = D.DataLoader(Stream(), batch_size=2)
    assert [b.tolist() for b in loader] == [[0, 1], [2, 3], [4]]
    assert [b.tolist() for b in D.DataLoader(Stream(), batch_size=2, drop_last=True)] == [[0, 1], [2, 3]]
    assert list(D.DataLoader(Stream(), batch_size=None)) == [0, 1, 2, 3, 4]
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="Length of IterableDataset .* was reported to be 2"):
        list(loader)


def test_pin_memory_warns_and_does_nothing():
    with pytest.warns(UserWarning, match="no accelerator is found"):
        assert [b.tolist() for b in D.DataLoader(range(2), pin_memory=True)] == [[0], [1]]


def test_lengths():
    assert len(D.DataLoader(range(10), 3)) == 4
    assert len(D.DataLoader(range(10), 3, drop_last=True)) == 3
    assert len(D.DataLoader(range(10), batch_size=None)) == 10
    assert len(iter(D.DataLoader(range(10), 5))) == 2


def test_a_batch_of_data_in_memory_is_one_gather(monkeypatch):
    d = D.TensorDataset(rl.arange(100).reshape(50, 2))
    monkeypatch.setattr(D.TensorDataset, "__len__", D.TensorDataset.__len__)
    calls = []
    plain = D.TensorDataset.__getbatch__
    monkeypatch.setattr(
        D.TensorDataset, "__getbatch__", lambda self, i: calls.append(len(i)) or plain(self, i)
    )
    assert sum(len(x) for (x,) in D.DataLoader(d, 20, shuffle=True)) == 50
    assert calls == [20, 20, 10]


def test_the_base_seed_is_the_same_as_with_workers():
    def after(workers):
        rl.manual_seed(1)
        order = [b.tolist() for b in D.DataLoader(range(6), 2, shuffle=True, num_workers=workers)]
        return order, rl.rand(1).item()

    assert after(0) == after(2)
