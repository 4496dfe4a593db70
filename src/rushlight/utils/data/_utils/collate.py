"""PyTorch's second place of `default_collate` and `default_convert`."""

from __future__ import annotations

from ..collate import default_collate, default_convert

__all__ = ["default_collate", "default_convert"]
