"""Python's `multiprocessing`, with tensors that pass between processes in shared memory.

A tensor that is put into a queue, sent through a pipe or given to a process lies in memory that both sides see: what
one writes into it the other reads. Everything else is `multiprocessing` itself.
"""

from __future__ import annotations

import multiprocessing as _multiprocessing
from multiprocessing import *  # noqa: F403

from .launch import ProcessContext as ProcessContext
from .launch import ProcessException as ProcessException
from .launch import ProcessExitedException as ProcessExitedException
from .launch import ProcessRaisedException as ProcessRaisedException
from .launch import SpawnContext as SpawnContext
from .launch import spawn as spawn
from .launch import start_processes as start_processes
from .shared import register as _register

__all__ = [*_multiprocessing.__all__]  # type: ignore[attr-defined]
__all__ += ["get_all_sharing_strategies", "get_sharing_strategy", "set_sharing_strategy"]

_register()


def get_all_sharing_strategies() -> set[str]:
    """The ways in which memory is shared: by file descriptor."""
    return {"file_descriptor"}


def get_sharing_strategy() -> str:
    """'file_descriptor'."""
    return "file_descriptor"


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepts 'file_descriptor', the only way there is.

    Raises:
        AssertionError: another way.
    """
    if new_strategy not in get_all_sharing_strategies():
        raise AssertionError(f"set_sharing_strategy: must be 'file_descriptor', got {new_strategy!r}")
