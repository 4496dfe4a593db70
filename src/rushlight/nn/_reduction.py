"""The old loss arguments `size_average` and `reduce` as today's `reduction`."""

from __future__ import annotations

from ..errors import warn

__all__ = ["legacy_get_string"]


def legacy_get_string(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> str:
    """'mean', 'sum' or 'none' for the two old flags, each of which is True if None."""
    size_average = True if size_average is None else size_average
    reduce = True if reduce is None else reduce
    reduction = "none" if not reduce else "mean" if size_average else "sum"
    if emit_warning:
        warn(f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.")
    return reduction
