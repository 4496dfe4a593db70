"""The caching memory pool that large results come from. Without compiled kernels NumPy's allocator serves.

Besides, each thread that computes keeps up to 16 MiB of its own for the kernels' intermediate results.
"""

from __future__ import annotations

from .kernels import _C

__all__ = ["empty_cache", "reset_peak", "set_limit", "stats"]


def stats() -> dict[str, int]:
    """What the pool holds.

    Returns:
        Bytes `in_use`, `cached` (free but kept), `limit` (of what may be cached), `peak` (of in_use), and the
        numbers of allocations served from the cache (`hits`) and from the system (`misses`).

    Example:
        >>> sorted(stats())
        ['cached', 'hits', 'in_use', 'limit', 'misses', 'peak']
    """
    if _C is None:
        return dict.fromkeys(("in_use", "cached", "limit", "peak", "hits", "misses"), 0)
    return _C.memory_stats()


def empty_cache() -> None:
    """Give memory of the pool that is kept but not used back to the system. (The threads' own stays.)"""
    if _C is not None:
        _C.memory_empty_cache()


def set_limit(limit: int) -> None:
    """Keep at most `limit` bytes cached. At first: a quarter of the machine's memory."""
    if limit < 0:
        raise ValueError(f"set_limit: limit must be 0 or more bytes, got {limit}")
    if _C is not None:
        _C.memory_set_limit(limit)


def reset_peak() -> None:
    """Start counting the peak of memory in use anew."""
    if _C is not None:
        _C.memory_reset_peak()
