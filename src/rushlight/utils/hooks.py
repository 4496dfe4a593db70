"""Handles by which hooks are taken away again."""

from __future__ import annotations

import itertools
import weakref
from typing import Any

__all__ = ["RemovableHandle"]

_ids = itertools.count()


class RemovableHandle:
    """What registering a hook gives: `remove()` takes the hook away; a `with` block does so at its end.

    Example:
        >>> hooks = {}
        >>> handle = RemovableHandle(hooks)
        >>> hooks[handle.id] = print
        >>> handle.remove()
        >>> hooks
        {}
    """

    def __init__(self, hooks_dict: dict, *, extra_dict: Any = None) -> None:
        self.id = next(_ids)
        self._dicts = [_Ref(d) for d in ([hooks_dict] + _as_list(extra_dict))]

    def remove(self) -> None:
        """Take the hook away. A second time does nothing."""
        for ref in self._dicts:
            d = ref()
            if d is not None:
                d.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()

    def __getstate__(self) -> tuple:
        return ([ref() for ref in self._dicts], self.id)

    def __setstate__(self, state: tuple) -> None:
        dicts, self.id = state
        self._dicts = [_Ref(d) for d in dicts if d is not None]


def _as_list(extra: Any) -> list:
    return [] if extra is None else list(extra) if isinstance(extra, list) else [extra]


def _Ref(d: dict) -> Any:  # noqa: N802 - a plain dict cannot be weakly referenced, an OrderedDict can
    try:
        return weakref.ref(d)
    except TypeError:
        return lambda: d
