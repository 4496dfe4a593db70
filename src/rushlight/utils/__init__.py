"""Helpers around training: data loading, hooks, checkpoints."""

from __future__ import annotations

import importlib


def __getattr__(name: str) -> object:
    """Submodules are there without being imported: `rushlight.utils.data`."""
    if not name.startswith("_"):
        try:
            return importlib.import_module(f".{name}", __name__)
        except ModuleNotFoundError as e:
            if e.name != f"{__name__}.{name}":
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
