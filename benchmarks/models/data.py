"""Data loading: a data set of the user's own, read sample by sample, here and in worker processes."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from registry import model


def _own(lib: Any, count: int, size: int) -> tuple[Any, Any]:
    data = importlib.import_module(f"{lib.__name__}.utils.data")
    rows = lib.randn(count, size)

    class Own(data.Dataset):  # type: ignore[misc,name-defined]
        def __len__(self) -> int:
            return count

        def __getitem__(self, i: int) -> tuple[Any, int]:
            return rows[i], i

    return data, Own()


@model
def dataloader_samples_10k(lib: Any) -> Callable[[], Any]:
    """Small samples: indexing and collating are all there is to do."""
    data, own = _own(lib, 10_000, 16)
    loader = data.DataLoader(own, batch_size=64, shuffle=True)

    def epoch() -> None:
        for _ in loader:
            pass

    return epoch


@model
def dataloader_workers_256mb(lib: Any) -> Callable[[], Any]:
    """Batches of 4 MB from two workers that stay."""
    data, own = _own(lib, 1024, 65536)
    # "fork", the default up to Python 3.13: the class of `own` has no name that another interpreter could find.
    options = {"num_workers": 2, "persistent_workers": True, "multiprocessing_context": "fork"}
    loader = data.DataLoader(own, batch_size=16, **options)

    def epoch() -> None:
        for _ in loader:
            pass

    return epoch
