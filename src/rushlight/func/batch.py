"""`vmap`: a function of one sample as a function of a batch.

NOTE [One after the other]: the function runs once for each sample and the results are stacked. That gives what
PyTorch's batched computation gives (and bears what that refuses: `.item()`, branches on values), at the
price of one run of the function per sample.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..errors import wrap_dim
from ..ops.join import stack
from ..ops.split import unbind
from ..random import get_rng_state, set_rng_state
from ..tensor import Tensor
from . import tree

__all__ = ["check_randomness", "vmap", "watched"]


def check_randomness(randomness: str, function: str) -> None:
    """Raise the error of a wrong `randomness`."""
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            f"{function}: randomness must be 'error', 'different' or 'same', got {randomness!r}"
        )


def watched(func: Callable, randomness: str, function: str) -> Callable:
    """`func`, with an error when it draws random numbers and `randomness` is 'error'."""
    if randomness != "error":
        return func

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        before = get_rng_state()
        result = func(*args, **kwargs)
        if bool((get_rng_state() != before).any()):  # type: ignore[attr-defined]
            set_rng_state(before)
            raise RuntimeError(
                f"{function}: func called a random operation, which randomness='error' forbids (called random operation "
                "while in randomness error mode); pass randomness='same' or 'different'"
            )
        return result

    return wrapped


def _name(func: Any) -> str:
    return getattr(func, "__name__", None) or type(func).__name__


def _spread(dims: Any, x: Any) -> list | None:
    """`dims` (a number for all, or a structure that begins like that of x) for each leaf of `x`; None: does not fit."""
    inside = tree.children(x)
    given = tree.children(dims)
    if given is None:
        return [dims] * len(tree.leaves(x))
    if inside is None or len(inside) != len(given) or isinstance(x, dict) != isinstance(dims, dict):
        return None
    if isinstance(x, dict):
        if set(x) != set(dims):
            return None
        given = [dims[k] for k in x]
    parts = [_spread(d, c) for d, c in zip(given, inside, strict=True)]
    return None if any(p is None for p in parts) else [d for p in parts for d in p]  # type: ignore[union-attr]


def _batched(leaf: Any, dim: Any, name: str) -> int | None:
    """The dim of a leaf to run over, counted from the front."""
    if dim is None:
        return None
    if not isinstance(dim, int) or isinstance(dim, bool):
        raise ValueError(f"vmap({name}): in_dims must hold ints or None, got {dim!r}")
    if not isinstance(leaf, Tensor):
        raise ValueError(
            f"vmap({name}): an argument with in_dim={dim} must be a Tensor, got {type(leaf).__name__}; give None as its "
            "in_dim"
        )
    if not -leaf.dim() <= dim < leaf.dim():
        raise ValueError(
            f"vmap({name}): in_dim must be in [{-leaf.dim()}, {leaf.dim() - 1}] for a tensor of {leaf.dim()} dims, got {dim}"
        )
    return dim % leaf.dim()


def vmap(
    func: Callable,
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable:
    """A function that runs `func` for each index of a dim of its arguments and stacks the results.

    Args:
        func: A function of samples; returns tensors, or tuples, lists and dicts of them.
        in_dims: Which dim of an argument to run over: an int for all, or one for each in their structure; None for what
            all samples share, as they share all keyword arguments.
        out_dims: Where in the results the new dim is: an int, or one for each; None for a result that all samples share.
        randomness: 'error' forbids random numbers in `func`; 'different' draws new ones for each sample (one sample after
            the other, where PyTorch draws for all at once); 'same' the same for all.
        chunk_size: How many samples may be computed at once; here it is always one.
    Raises:
        ValueError: `in_dims` or `out_dims` do not fit what they are for, or the sizes differ.
        RuntimeError: random numbers under 'error'.

    Example:
        >>> torch.func.vmap(torch.dot)(torch.ones(2, 3), torch.ones(2, 3))
        tensor([3., 3.])
        >>> x, y = torch.arange(3.0), torch.tensor([1.0, 10.0])
        >>> torch.func.vmap(lambda x, y: x * y, in_dims=(None, 0), out_dims=1)(x, y)
        tensor([[ 0.,  0.],
                [ 1., 10.],
                [ 2., 20.]])
    """
    check_randomness(randomness, "vmap")
    if chunk_size is not None and not chunk_size > 0:
        raise ValueError(f"vmap: chunk_size must be None or greater than 0, got {chunk_size}")
    name = _name(func)

    @functools.wraps(func, updated=())
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not isinstance(in_dims, (int, tuple)) or isinstance(in_dims, bool):
            raise ValueError(
                f"vmap({name}): in_dims must be an int or a tuple that matches the arguments' structure, got {in_dims!r}"
            )
        if not args:
            raise ValueError(f"vmap({name}): there must be arguments, got no inputs")
        spread = _spread(in_dims, args)
        if spread is None:
            raise ValueError(
                f"vmap({name}): in_dims must match the structure of the arguments (is not compatible), got {in_dims} for "
                f"{len(args)} arguments"
            )
        leaves = tree.leaves(args)
        dims = [_batched(x, d, name) for x, d in zip(leaves, spread, strict=True)]
        sizes = [x.shape[d] for x, d in zip(leaves, dims, strict=True) if d is not None]
        if not sizes:
            raise ValueError(f"vmap({name}): at least one argument must be run over, got in_dims={in_dims}")
        if len(set(sizes)) > 1:
            raise ValueError(
                f"vmap({name}): arguments must have the same size in the mapped dimension, got {sizes}"
            )
        columns = [x if d is None else unbind(x, d) for x, d in zip(leaves, dims, strict=True)]
        run = watched(func, randomness, f"vmap({name})")
        # Without samples, one of zeros tells the shapes.
        count = sizes[0]
        if count == 0:
            columns = [
                x if d is None else (x.new_zeros(x.shape[:d] + x.shape[d + 1 :]),)
                for x, d in zip(leaves, dims, strict=True)
            ]
        before = get_rng_state()
        results = []
        for i in range(max(count, 1)):
            if randomness == "same" and i:
                set_rng_state(before)
            sample = [c if d is None else c[i] for c, d in zip(columns, dims, strict=True)]
            results.append(run(*tree.with_leaves(args, iter(sample)), **kwargs))
        if count == 0:
            set_rng_state(before)
        return _joined(results, out_dims, name, count == 0)

    return wrapped


def _joined(results: list, out_dims: Any, name: str, empty: bool) -> Any:
    first = results[0]
    places = _spread(out_dims, first)
    if isinstance(out_dims, (str, float)):
        raise ValueError(
            f"vmap({name}): out_dims must be an int, None or a structure of ints, got {out_dims!r}"
        )
    if places is None:
        raise ValueError(
            f"vmap({name}): out_dims must match the structure of the result (is not compatible), got {out_dims}"
        )
    columns = []
    for row in zip(*[tree.leaves(r) for r in results], strict=True):
        for value in row:
            if not isinstance(value, Tensor):
                raise ValueError(
                    f"vmap({name}): func must only return Tensors, got type {type(value).__name__}"
                )
        columns.append(row)
    joined = []
    for row, dim in zip(columns, places, strict=True):
        if dim is None:
            if any(t is not row[0] and (t.shape != row[0].shape or bool((t != row[0]).any())) for t in row):
                raise ValueError(
                    f"vmap({name}): a result with out_dim None must not depend on the sample (can not return a batched tensor)"
                )
            joined.append(row[0])
            continue
        at = wrap_dim(dim, row[0].dim() + 1, "vmap", "out_dims")
        y = stack(row, at)
        joined.append(y.narrow(at, 0, 0) if empty else y)  # type: ignore[attr-defined]
    return tree.with_leaves(first, iter(joined))
