"""DataLoader with worker processes: order, seeds, shared memory, errors, deaths, nothing left behind."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import textwrap
import time

import ml_dtypes
import numpy as np
import pytest

import rushlight as rl
from rushlight.utils import data as D

FORK = {"num_workers": 2, "multiprocessing_context": "fork"}


class Big(D.Dataset):
    """Samples of 40 kB, so that batches go through shared memory."""

    def __init__(self, n=24, dtype=np.float32):
        self.n, self.dtype = n, dtype

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return rl.from_numpy(np.full(10_000, i).astype(np.float32)).to(
            getattr(rl, np.dtype(self.dtype).name)
        ), i


class Failing(D.Dataset):
    def __init__(self, action):
        self.action = action

    def __len__(self):
        return 8

    def __getitem__(self, i):
        if i == 5:
            self.action()
        return i


class Seeds(D.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        info = D.get_worker_info()
        assert info.seed == rl.initial_seed()
        state = np.random.get_state()[1][:3].tolist()
        return info.id, info.num_workers, info.seed, state, random.random(), rl.rand(1).item()


class Shares(D.IterableDataset):
    def __iter__(self):
        i = D.get_worker_info().id
        return iter(range(100 * i, 100 * i + 3 + 4 * i))


def no_children():
    deadline = time.monotonic() + 10
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not multiprocessing.active_children()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, ml_dtypes.bfloat16])
def test_batches_are_the_same_and_shared(dtype):
    want = list(D.DataLoader(Big(dtype=dtype), batch_size=5))
    have = list(D.DataLoader(Big(dtype=dtype), batch_size=5, **FORK))
    assert len(have) == len(want)
    for (x, i), (y, j) in zip(have, want, strict=True):
        assert x.dtype is y.dtype
        assert x._array.tobytes() == y._array.tobytes()
        assert i.tolist() == j.tolist()
        assert x.is_shared()
        assert not i.is_shared()  # small: inside the message
    assert no_children()


def test_shared_batches_are_writeable_and_stay():
    """A batch that is kept must not be written again by its worker."""
    kept = []
    for x, _ in D.DataLoader(Big(40), batch_size=2, **FORK):
        x += 1
        kept.append(x)
    assert [int(x[0, 0].item()) for x in kept] == list(range(1, 41, 2))
    gc.collect()
    assert [int(x[1, -1].item()) for x in kept] == list(range(2, 42, 2))


def test_memory_is_used_again():
    loader = D.DataLoader(Big(200), batch_size=2, persistent_workers=True, **FORK)
    for x, _ in loader:
        del x
    maps = sum(len(w.receiver.maps) for w in loader._iterator._workers)
    assert maps <= 12  # of 100 batches


def test_seeds_are_pytorchs(torch):
    import torch.utils.data as theirs

    class TheirSeeds(theirs.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            info = theirs.get_worker_info()
            state = np.random.get_state()[1][:3].tolist()
            return info.id, info.num_workers, info.seed, state, random.random(), torch.rand(1).item()

    rl.manual_seed(0)
    torch.manual_seed(0)
    want = list(theirs.DataLoader(TheirSeeds(), batch_size=None, **FORK))
    assert list(D.DataLoader(Seeds(), batch_size=None, **FORK)) == want


def test_persistent_workers_keep_the_base_seed(torch):
    def run(library, data):
        library.manual_seed(4)
        loader = data.DataLoader(range(8), 3, shuffle=True, persistent_workers=True, **FORK)
        return [[b.tolist() for b in loader] for _ in range(3)], library.rand(1).item()

    assert run(rl, D) == run(torch, torch.utils.data)


def test_streams_are_shared_out(torch):
    class Theirs(torch.utils.data.IterableDataset):
        def __iter__(self):
            i = torch.utils.data.get_worker_info().id
            return iter(range(100 * i, 100 * i + 3 + 4 * i))

    want = sorted(b.tolist() for b in torch.utils.data.DataLoader(Theirs(), 2, **FORK))
    loader = D.DataLoader(Shares(), 2, persistent_workers=True, **FORK)
    assert sorted(b.tolist() for b in loader) == want
    assert sorted(b.tolist() for b in loader) == want


def raise_key_error():
    raise KeyError("no such thing")


class Odd(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)


def raise_odd():
    raise Odd(1, 2)


@pytest.mark.parametrize(("action", "kind"), [(raise_key_error, KeyError), (raise_odd, RuntimeError)])
def test_an_error_comes_with_the_workers_traceback(action, kind):
    with pytest.raises(kind, match=r"Caught \w+ in DataLoader worker process 1") as e:
        list(D.DataLoader(Failing(action), **FORK))
    assert f"in {action.__name__}" in str(e.value)
    del e  # its traceback holds the iterator
    gc.collect()
    assert no_children()


def test_a_batch_that_cannot_be_sent_is_an_error():
    loader = D.DataLoader(Failing(int), collate_fn=lambda batch: lambda: batch, **FORK)
    errors = (AttributeError, TypeError, RuntimeError, pickle.PicklingError)  # by the version of Python
    with pytest.raises(errors, match=r"pickle|local object"):
        list(loader)
    grad = D.DataLoader(Failing(int), collate_fn=lambda b: rl.ones(2, requires_grad=True), **FORK)
    with pytest.raises(RuntimeError, match="must not need gradients"):
        list(grad)


def test_an_error_of_worker_init_fn():
    def init(i):
        raise ValueError(f"init {i}")

    with pytest.raises(ValueError, match="Caught ValueError in DataLoader worker process 0"):
        list(D.DataLoader(range(4), worker_init_fn=init, **FORK))


def test_worker_init_fn_runs_after_seeding():
    seen = multiprocessing.get_context("fork").Array("q", 2)

    def init(i):
        seen[i] = rl.initial_seed() - D.get_worker_info().seed + i + 1

    list(D.DataLoader(range(4), worker_init_fn=init, **FORK))
    assert list(seen) == [1, 2]


def test_a_killed_worker():
    with pytest.raises(RuntimeError, match=r"DataLoader worker \(pid \d+\) is killed by signal: SIGKILL"):
        list(D.DataLoader(Failing(lambda: os.kill(os.getpid(), signal.SIGKILL)), **FORK))
    assert no_children()


def test_a_worker_that_exits():
    with pytest.raises(RuntimeError, match="exited unexpectedly with exit code 3"):
        list(D.DataLoader(Failing(lambda: os._exit(3)), **FORK))
    assert no_children()


def test_timeout():
    with pytest.raises(RuntimeError, match="DataLoader timed out after"):
        list(
            D.DataLoader(
                Failing(lambda: time.sleep(2)), timeout=0.2, num_workers=1, multiprocessing_context="fork"
            )
        )
    assert no_children()


def test_leaving_early_ends_the_workers():
    iterator = iter(D.DataLoader(Big(), batch_size=2, **FORK))
    next(iterator)
    assert multiprocessing.active_children()
    del iterator
    gc.collect()
    assert no_children()


def test_persistent_workers_after_leaving_early():
    loader = D.DataLoader(range(20), batch_size=2, persistent_workers=True, **FORK)
    next(iter(loader))
    workers = [w.process.pid for w in loader._iterator._workers]
    assert [b.tolist() for b in loader] == [[i, i + 1] for i in range(0, 20, 2)]
    assert [w.process.pid for w in loader._iterator._workers] == workers
    del loader
    gc.collect()
    assert no_children()


def test_as_they_come():
    class Uneven(D.Dataset):
        def __len__(self):
            return 6

        def __getitem__(self, i):
            time.sleep(0.3 if i == 0 else 0)
            return i

    got = [b.item() for b in D.DataLoader(Uneven(), in_order=False, **FORK)]
    assert sorted(got) == list(range(6))
    assert got[0] != 0


@pytest.mark.parametrize("prefetch", [1, 4])
def test_prefetch_factor(prefetch):
    loader = D.DataLoader(range(11), 2, prefetch_factor=prefetch, **FORK)
    assert [b.tolist() for b in loader] == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10]]


def test_large_requests_do_not_block():
    loader = D.DataLoader(range(400_000), batch_size=100_000, prefetch_factor=4, **FORK)
    assert [len(b) for b in loader] == [100_000] * 4


def test_one_worker_more_than_processors_warns():
    with pytest.warns(UserWarning, match="Our suggested max number of worker"):
        D.DataLoader(range(4), num_workers=1000)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_dataset_that_cannot_be_pickled_is_explained(method):
    loader = D.DataLoader(Failing(lambda: None), num_workers=1, multiprocessing_context=method)
    with pytest.raises(
        (AttributeError, TypeError, pickle.PicklingError), match=r"pickle|local object"
    ) as caught:
        iter(loader)
    assert f"started by '{method}'; define them at the top level of a module" in caught.value.__notes__[-1]
    assert no_children()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_other_start_methods(method, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import rushlight as rl
            from rushlight.utils.data import DataLoader, Dataset
            class Big(Dataset):
                def __len__(self): return 4
                def __getitem__(self, i): return rl.full((9000,), float(i))
            if __name__ == "__main__":
                for x in DataLoader(Big(), 2, num_workers=2, multiprocessing_context={method!r}):
                    print(x.is_shared(), x[:, 0].tolist())
            """
        )
    )
    out = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert (out.stdout, out.stderr) == ("True [0.0, 1.0]\nTrue [2.0, 3.0]\n", "")


def test_workers_die_with_their_parent(tmp_path):
    """Even when it is killed: no process and no shared memory is left."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import os, rushlight as rl
            from rushlight.utils.data import DataLoader, Dataset
            class Big(Dataset):
                def __len__(self): return 100
                def __getitem__(self, i): return rl.zeros(9000)
            if __name__ == "__main__":
                it = iter(DataLoader(Big(), 2, num_workers=2, multiprocessing_context="fork"))
                next(it)
                print(*[w.process.pid for w in it._workers], flush=True)
                os.kill(os.getpid(), 9)
            """
        )
    )
    out = subprocess.run([sys.executable, script], stdout=subprocess.PIPE, text=True, timeout=60)
    pids = [int(p) for p in out.stdout.split()]
    assert len(pids) == 2
    deadline = time.monotonic() + 15
    while any(os.path.exists(f"/proc/{p}") for p in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(os.path.exists(f"/proc/{p}") for p in pids)
