"""PyTorch's second place of `DistributedSampler`."""

from __future__ import annotations

from .sampler import DistributedSampler

__all__ = ["DistributedSampler"]
