"""What a `DataLoader` worker process runs."""

from __future__ import annotations

import os
import pickle
import queue
import random
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels import _C
from . import collate, info, shared
from .dataset import IterableDataset
from .fetch import Fetcher

__all__ = ["work"]


class Failure:
    """An exception on its way to the main process: its class and the text of its traceback."""

    def __init__(self, error: BaseException, where: str) -> None:
        self.kind = type(error)
        self.where = where
        self.text = "".join(traceback.format_exception(error))

    def __reduce__(self) -> tuple[Any, ...]:
        kind = self.kind
        try:
            pickle.dumps(kind)
        except Exception:  # a class of a function's, which only this process can name
            kind = RuntimeError
        return _rebuild_failure, (kind, self.where, self.text)

    def reraise(self) -> None:
        """Raise an exception of the same class with the worker's traceback in its message."""
        message = f"Caught {self.kind.__name__} {self.where}.\nOriginal {self.text}"
        if issubclass(self.kind, KeyError):
            raise self.kind(_Text(message))  # a KeyError shows the repr of its message
        try:
            error = self.kind(message)
        except Exception:  # its class wants other arguments
            raise RuntimeError(message) from None
        try:
            raise error
        finally:
            # This frame is in its traceback: a cycle would keep the iterator and its workers until a collection.
            del error


class _Text(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _rebuild_failure(kind: type[BaseException], where: str, text: str) -> Failure:
    made = Failure.__new__(Failure)
    made.kind, made.where, made.text = kind, where, text
    return made


def seed_everything(base_seed: int, worker_id: int) -> None:
    """Seed Python's, NumPy's and our generator as PyTorch seeds a worker's."""
    from ...random import manual_seed

    seed = base_seed + worker_id
    random.seed(seed)
    manual_seed(seed)
    words = np.random.SeedSequence([worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]).generate_state(4)
    np.random.seed(words)


class Requests(threading.Thread):
    """Reads requests into a queue, so that the main process never waits to write one, and ends this
    process when the main one is gone, even in the middle of a sample."""

    def __init__(self, connection: Any) -> None:
        super().__init__(daemon=True, name="rushlight-requests")
        self.connection = connection
        self.queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.over = threading.Event()  # the main thread is done

    def run(self) -> None:
        while True:
            try:
                request = self.connection.recv()
            except (EOFError, OSError):
                self.queue.put(None)
                if not self.over.wait(5):
                    os._exit(1)
                return
            self.queue.put(request)
            if request is None:
                return


def work(
    dataset: Any,
    connection: Any,
    inherited: list[Any],
    auto_collation: bool,
    collate_fn: Callable[..., Any],
    drop_last: bool,
    base_seed: int,
    worker_id: int,
    num_workers: int,
    init_fn: Callable[[int], None] | None,
) -> None:
    """The life of a worker process: answer (epoch, number, indices, freed segments) requests in order."""
    for other in inherited:  # the main process's ends, copied here by fork: they would hide its death
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's business
    if _C is not None:
        _C.set_num_threads(1)
    seed_everything(base_seed, worker_id)
    info._info = info.WorkerInfo(worker_id, num_workers, base_seed + worker_id, dataset)
    sender = shared.Sender(connection)
    collate.allocate = sender.allocate
    where = f"in DataLoader worker process {worker_id}"
    failure: Failure | None = None
    fetcher: Any = None
    try:
        if init_fn is not None:
            init_fn(worker_id)
        fetcher = Fetcher(dataset, auto_collation, collate_fn, drop_last)
    except Exception as error:
        failure = Failure(error, where)
    requests = Requests(connection)
    requests.start()
    epoch, exhausted = 0, False
    try:
        while (request := requests.queue.get()) is not None:
            of_epoch, number, indices, freed = request
            sender.give_back(freed)
            if of_epoch != epoch:
                epoch, exhausted = of_epoch, False
                if failure is None and isinstance(dataset, IterableDataset):
                    fetcher = Fetcher(dataset, auto_collation, collate_fn, drop_last)
            if number is None:
                continue
            kind, answer = "batch", None
            if failure is not None:
                kind, answer = "error", failure
            elif exhausted:
                kind = "end"
            else:
                try:
                    answer = fetcher.fetch(indices)
                except StopIteration as error:
                    if isinstance(dataset, IterableDataset):
                        kind, exhausted = "end", True
                    else:
                        kind, answer = "error", Failure(error, where)
                except Exception as error:
                    kind, answer = "error", Failure(error, where)
            try:
                sender.send((epoch, number, kind, answer))
            except OSError:
                break  # the main process does not want it any more
            except Exception as error:  # what the dataset gave cannot be pickled
                sender.send((epoch, number, "error", Failure(error, where)))
            del answer
    finally:
        requests.over.set()
        sys.stdout.flush()
        sys.stderr.flush()
