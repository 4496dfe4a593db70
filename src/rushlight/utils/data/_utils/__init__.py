"""Where PyTorch keeps `collate`, which some programs import from there."""

from __future__ import annotations

from . import collate

__all__ = ["collate"]
