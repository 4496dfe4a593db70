"""The epoch of a `DataLoader` that worker processes make: starting them, asking, receiving, ending them."""

from __future__ import annotations

import itertools
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import time
import warnings
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .dataset import warn_length
from .sampler import draw_seed
from .shared import Receiver
from .worker import work

if TYPE_CHECKING:
    from .dataloader import DataLoader

__all__ = ["WorkersIterator"]


class _Worker:
    """The main process's handle of one worker."""

    def __init__(self, process: Any, connection: Any) -> None:
        self.process = process
        self.connection = connection
        self.receiver = Receiver(connection)
        self.active = True  # False: its stream is at its end

    def request(self, epoch: int, number: int | None, indices: Any) -> None:
        try:
            self.connection.send((epoch, number, indices, self.receiver.take_freed()))
        except (BrokenPipeError, ConnectionResetError):
            pass  # the next receive says how it died


_open: weakref.WeakSet[Any] = (
    weakref.WeakSet()
)  # connections of this process, closed in workers that fork copies them to


class WorkersIterator:
    """An epoch (or, with persistent workers, several) made by worker processes.

    Each worker answers its requests in order, so in the sampler's order the next batch is always the
    next message of a known worker, and its death is the end of its connection.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        self._loader = loader
        self._base_seed = draw_seed(loader.generator)
        self._timeout = loader.timeout
        self._epoch = -1
        context = loader.multiprocessing_context or multiprocessing.get_context()
        self._workers: list[_Worker] = []
        self._close = weakref.finalize(self, _shut_down, self._workers, os.getpid())
        for i in range(loader.num_workers):
            self._workers.append(self._start(context, i))
        self.reset()

    def _start(self, context: Any, number: int) -> _Worker:
        loader = self._loader
        ours, theirs = context.Pipe(duplex=True)
        method = context.get_start_method()
        inherited = [*_open, ours] if method == "fork" else []
        arguments = (
            *(loader.dataset, theirs, inherited, loader._auto_collation, loader.collate_fn, loader.drop_last),
            *(self._base_seed, number, loader.num_workers, loader.worker_init_fn),
        )
        process = context.Process(
            target=work, args=arguments, daemon=True, name=f"DataLoader worker {number}"
        )
        with warnings.catch_warnings():  # Python 3.12 warns of threads; ours are made anew in the child
            warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
            try:
                process.start()
            except (TypeError, AttributeError, pickle.PicklingError) as error:
                if method != "fork":  # "forkserver" is the default from Python 3.14 on
                    error.add_note(
                        f"DataLoader: the dataset, collate_fn and worker_init_fn are pickled for workers that are "
                        f"started by {method!r}; define them at the top level of a module, or pass "
                        "multiprocessing_context='fork'"
                    )
                raise
        theirs.close()
        _open.add(ours)
        return _Worker(process, ours)

    @property
    def alive(self) -> bool:
        """Whether it has its workers still: errors of the connection, and Ctrl-C, end them."""
        return self._close.alive

    def reset(self) -> None:
        """Begin an epoch."""
        self._epoch += 1
        self._num_yielded = 0
        self._longest = self._loader._promised
        self._indices: Iterator[Any] | None = self._loader._indices()
        self._sent = self._next = 0  # numbers of requests
        self._tasks: dict[int, _Worker] = {}  # not yet given out, in order
        self._early: dict[int, Any] = {}
        for worker in self._workers:
            worker.active = True
        self._turn = itertools.cycle(self._workers)
        for _ in range(max(1, self._loader.prefetch_factor or 0) * len(self._workers)):
            self._request()

    def _request(self) -> None:
        """Ask the next worker in turn for the next batch."""
        if self._indices is None:
            return
        if not any(worker.active for worker in self._workers):
            return
        try:
            indices = next(self._indices)
        except StopIteration:
            self._indices = None
            return
        worker = next(w for w in self._turn if w.active)
        self._tasks[self._sent] = worker
        worker.request(self._epoch, self._sent, indices)
        self._sent += 1

    def __iter__(self) -> Iterator[Any]:
        return self

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        while self._tasks:
            number, kind, answer = self._answer()
            worker = self._tasks.pop(number)
            if kind == "end":
                worker.active = False
                self._request()
                continue
            self._request()
            if kind == "error":
                answer.reraise()
            self._num_yielded += 1
            if self._longest is not None and self._num_yielded > self._longest:
                warn_length(self)
            return answer
        if not self._loader.persistent_workers:
            self._close()
        raise StopIteration

    def _answer(self) -> tuple[int, str, Any]:
        """The next answer of this epoch: in order, or whichever comes first."""
        deadline = time.monotonic() + self._timeout if self._timeout else None
        while True:
            if self._loader.in_order:
                worker = self._tasks[next(iter(self._tasks))]
                self._wait([worker.connection], deadline)
            else:
                waiting = {w.connection: w for w in self._tasks.values()}
                worker = waiting[self._wait(list(waiting), deadline)]
            try:
                epoch, number, kind, answer = worker.receiver.receive()
            except (EOFError, OSError, pickle.UnpicklingError):
                raise self._death(worker) from None
            except BaseException:  # Ctrl-C in the middle of a message
                self._close()
                raise
            if epoch == self._epoch:
                return number, kind, answer

    def _wait(self, connections: list[Any], deadline: float | None) -> Any:
        if deadline is None and len(connections) == 1:
            return connections[0]  # receiving waits
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready = multiprocessing.connection.wait(connections, left)
        if not ready:
            self._close()
            raise RuntimeError(
                f"DataLoader timed out after {self._timeout} seconds; give it a larger timeout, or look for what "
                "takes the dataset so long"
            )
        return ready[0]

    def _death(self, worker: _Worker) -> RuntimeError:
        worker.process.join(5)
        pid, code = worker.process.pid, worker.process.exitcode
        self._close()
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            why = f"is killed by signal: {name}"
            if name == "SIGKILL":
                why += " (out of memory, perhaps)"
        else:
            why = f"exited unexpectedly with exit code {code}"
        return RuntimeError(
            f"DataLoader worker (pid {pid}) {why}; with num_workers=0 the dataset's own error shows"
        )

    def __del__(self) -> None:
        self._close()


def _shut_down(workers: list[_Worker], pid: int) -> None:
    """End the workers and wait for them: none is left as a zombie."""
    if os.getpid() != pid:
        return  # a copy in a forked child: they are not its children
    for worker in workers:
        try:
            worker.connection.send(None)
        except OSError:
            pass
        _open.discard(worker.connection)
        worker.connection.close()
    deadline = time.monotonic() + 5
    for worker in workers:
        worker.process.join(max(0.0, deadline - time.monotonic()))
        if worker.process.is_alive():
            worker.process.terminate()
            worker.process.join(1)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
    workers.clear()
