"""Nested tuples, lists and dicts of values: their leaves in order, and others in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..tensor import Tensor

__all__ = ["children", "leaves", "same", "tensors", "with_children", "with_leaves"]


def children(x: Any) -> list | None:
    """What a container holds; None for a leaf."""
    if isinstance(x, dict):
        return list(x.values())
    return list(x) if isinstance(x, (tuple, list)) else None


def with_children(x: Any, values: list) -> Any:
    """A container like `x` with other values."""
    if isinstance(x, dict):
        new = dict(zip(x, values, strict=True))
        return new if type(x) is dict else type(x)(new)
    if hasattr(x, "_fields"):  # a named tuple
        return type(x)(*values)
    return type(x)(values)


def leaves(x: Any) -> list:
    """All leaves, in order.

    Example:
        >>> leaves((1, {"a": [2, 3]}))
        [1, 2, 3]
    """
    inside = children(x)
    return [x] if inside is None else [leaf for c in inside for leaf in leaves(c)]


def tensors(x: Any) -> list:
    """The leaves that are tensors."""
    return [leaf for leaf in leaves(x) if isinstance(leaf, Tensor)]


def with_leaves(x: Any, values: Iterator) -> Any:
    """The structure of `x` with the leaves that the iterator gives."""
    inside = children(x)
    return next(values) if inside is None else with_children(x, [with_leaves(c, values) for c in inside])


def mapped(function: Callable, x: Any) -> Any:
    """`function` of each leaf, in the structure of `x`."""
    return with_leaves(x, iter([function(leaf) for leaf in leaves(x)]))


def same(x: Any, y: Any) -> bool:
    """Whether the structures are alike."""
    a, b = children(x), children(y)
    if a is None or b is None:
        return a is b
    if isinstance(x, dict) != isinstance(y, dict) or len(a) != len(b):
        return False
    if isinstance(x, dict) and list(x) != list(y):
        return False
    return all(same(c, d) for c, d in zip(a, b, strict=True))
