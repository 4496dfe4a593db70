"""`get_worker_info`: how code of a dataset learns which worker process it runs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["WorkerInfo", "get_worker_info"]


@dataclass
class WorkerInfo:
    """Which worker this is.

    Args:
        id: From 0 to num_workers - 1.
        num_workers: How many the loader has.
        seed: This worker's seed of the global generator: the loader's base seed plus `id`.
        dataset: This process's copy of the dataset.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None  # set by worker.py


def get_worker_info() -> WorkerInfo | None:
    """In a worker process of a `DataLoader`, which one it is; None in the main process.

    Example:
        >>> get_worker_info() is None
        True
    """
    return _info
