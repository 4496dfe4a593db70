"""Derivatives as functions: `grad`, `vjp`, `linearize`.

NOTE [Nesting]: each transform differentiates by copies of its arguments. What it gives is differentiable itself
exactly when the function's value also depends on something else that requires gradients - an argument of an
outer transform, or a tensor of the user's - which a walk over the graph finds out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd import enable_grad, is_grad_enabled
from ..autograd.gradients import grad as _gradients
from ..tensor import Tensor
from . import tree

__all__ = ["grad", "grad_and_value", "linearize", "vjp"]


def own(x: Any) -> Any:
    """A copy of the argument (tensors, in lists, tuples and dicts too) that gradients can be taken for."""

    def one(leaf: Any) -> Any:
        if not isinstance(leaf, Tensor):
            raise ValueError(
                f"func: an argument to differentiate by must be a Tensor or a structure of them, got {type(leaf).__name__}"
            )
        # Inside an outer transform the copy is a part of its graph.
        return leaf.view_as(leaf) if leaf.requires_grad else leaf.detach().requires_grad_(True)  # type: ignore[attr-defined]

    return tree.mapped(one, x)


def reaches_further(outputs: list, mine: list) -> bool:
    """Whether a graph leads to leaves other than `mine`. See NOTE [Nesting]."""
    known = {id(t) for t in mine if t.is_leaf}
    stack = [t.grad_fn for t in outputs if t.grad_fn is not None]
    if any(t.is_leaf and t.requires_grad and id(t) not in known for t in outputs):
        return True
    seen = set()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        for before, _ in node.next_functions:
            if hasattr(before, "variable"):
                if id(before.variable) not in known:
                    return True
            elif before is not None:
                stack.append(before)
    return False


def places_of(argnums: Any, args: tuple, function: str) -> tuple[int, ...]:
    """The positions that `argnums` (an int or a tuple) names."""
    several = isinstance(argnums, tuple)
    if not several and not isinstance(argnums, int):
        raise RuntimeError(f"{function}: argnums must be an int or a tuple, got {type(argnums).__name__}")
    places = []
    for n in argnums if several else (argnums,):
        if not isinstance(n, int):
            raise RuntimeError(f"{function}: argnums must be ints, got {type(n).__name__}")
        if not -len(args) <= n < len(args):
            raise RuntimeError(f"{function}: argnum={n} must name one of {len(args)} positional arguments")
        places.append(n % len(args))
    if several and not places:
        raise RuntimeError(f"{function}: argnums must not be empty")
    if len(set(places)) < len(places):
        raise RuntimeError(f"{function}: argnums must be different, got {argnums}")
    return tuple(places)


def given_back(x: Any, inner: bool) -> Any:
    """A value as the caller gets it: without the graph, unless that reaches further."""
    if not inner:
        return x
    return tree.mapped(lambda t: t.detach() if isinstance(t, Tensor) else t, x)


def filled(found: Any, wanted: list) -> list:
    """Zeros for the gradients that are None."""
    return [t.new_zeros(t.shape) if g is None else g for t, g in zip(wanted, found, strict=True)]


def pair(result: Any, has_aux: bool, function: str) -> tuple:
    """(value, aux) of a function's result."""
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise RuntimeError(
            f"{function}: with has_aux, func must return a tuple (value, aux), got {type(result).__name__}"
        )
    return result


def grad_and_value(func: Callable, argnums: Any = 0, has_aux: bool = False) -> Callable:
    """A function that gives the gradient of `func` and its value.

    Args:
        func: Returns one number as a tensor; with `has_aux`, that and anything else.
        argnums: The argument(s) to take the gradient for.
        has_aux: See `func`; the value returned is then (value, the rest).

    Example:
        >>> torch.func.grad_and_value(lambda x: x**3)(torch.tensor(2.0))
        (tensor(12.), tensor(8.))
    """

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        places = places_of(argnums, args, "grad")
        recording = is_grad_enabled()
        with enable_grad():
            args = tuple([own(a) if i in places else a for i, a in enumerate(args)])
            value, aux = pair(func(*args, **kwargs), has_aux, "grad")
            if not isinstance(value, Tensor) or value.dim() != 0:
                got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
                raise RuntimeError(f"grad: func must return a tensor with 0 dimensions, got {got}")
            wanted = [args[i] for i in places]
            leaves = tree.leaves(wanted)
            outer = recording and reaches_further([value], leaves)
            found: Any = (None,) * len(leaves)
            if value.requires_grad:
                found = _gradients(value, leaves, create_graph=outer, allow_unused=True)
            grads = tree.with_leaves(tuple(wanted), iter(filled(found, leaves)))
        value, aux = given_back(value, not outer), given_back(aux, not outer)
        return (grads if isinstance(argnums, tuple) else grads[0]), ((value, aux) if has_aux else value)

    return wrapped


def grad(func: Callable, argnums: Any = 0, has_aux: bool = False) -> Callable:
    """A function that gives the gradient of `func`; arguments as of `grad_and_value`. Nests for higher orders.

    Example:
        >>> torch.func.grad(lambda x: x**3)(torch.tensor(2.0))
        tensor(12.)
        >>> torch.func.grad(torch.func.grad(lambda x: x**3))(torch.tensor(2.0))
        tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        grads, value = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return wrapped


def outputs_of(value: Any, function: str) -> list:
    """The tensors of a function's value; it may hold nothing else."""
    found = tree.leaves(value)
    for t in found:
        if not isinstance(t, Tensor):
            raise RuntimeError(
                f"{function}: func must return only Tensors (unsupported type {type(t).__name__})"
            )
    return found


def vjp(func: Callable, *primals: Any, has_aux: bool = False) -> Any:
    """The value of `func(*primals)` and a function from the value's gradients to the arguments'.

    Args:
        func: Returns a tensor or a structure of tensors; with `has_aux`, that and anything else, which is the third
            value given back.

    Example:
        >>> value, pull = torch.func.vjp(lambda x: x * x, torch.tensor([1.0, 2.0]))
        >>> pull(torch.ones(2))
        (tensor([2., 4.]),)
    """
    recording = is_grad_enabled()
    with enable_grad():
        args = tuple([own(a) for a in primals])
        value, aux = pair(func(*args), has_aux, "vjp")
        outputs = outputs_of(value, "vjp")
        leaves = tree.leaves(args)
        outer = recording and reaches_further(outputs, leaves)

    def pull(*cotangents: Any, **options: Any) -> tuple:
        unknown = set(options) - {"retain_graph", "create_graph"}
        if unknown:
            raise TypeError(f"vjp: got an unexpected keyword argument {sorted(unknown)[0]!r}")
        given = cotangents[0] if len(cotangents) == 1 and not _is_single_tuple(value) else cotangents
        if not tree.same(given, value):
            raise RuntimeError("vjp: the gradients must have the structure (pytree) of the function's value")
        weights = tree.leaves(given)
        for i, (t, g) in enumerate(zip(outputs, weights, strict=True)):
            if g.shape != t.shape:
                raise RuntimeError(
                    f"vjp: gradient {i} must have its output's shape {tuple(t.shape)} (mismatch in shape), got {tuple(g.shape)}"
                )
        pairs = [(t, g) for t, g in zip(outputs, weights, strict=True) if t.requires_grad]
        create = options.get("create_graph", is_grad_enabled())
        create = create and (outer or any(g.requires_grad for _, g in pairs))
        found: Any = (None,) * len(leaves)
        if pairs:
            found = _gradients(
                [t for t, _ in pairs],
                leaves,
                [g for _, g in pairs],
                retain_graph=options.get("retain_graph", True),
                create_graph=create,
                allow_unused=True,
            )
        return tree.with_leaves(args, iter(filled(found, leaves)))

    out = given_back(value, not outer)
    return (out, pull, given_back(aux, not outer)) if has_aux else (out, pull)


def _is_single_tuple(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 1


def pushing(outputs: list, leaves: list) -> tuple[list, Callable]:
    """The change of `outputs` as a function of the leaves' change.

    Source: differentiating backward twice (Townsend 2017, "A new trick for calculating Jacobian vector products"):
    the gradients are a linear function of the cotangents w, and its transpose is the product wanted.
    """
    used = [t for t in outputs if t.requires_grad]
    ws = [t.detach().mul(0).requires_grad_() for t in used]  # type: ignore[attr-defined]
    found: Any = [None] * len(leaves)
    if used:
        found = _gradients(used, leaves, ws, create_graph=True, allow_unused=True)
    pairs = [(i, g) for i, g in enumerate(found) if g is not None and g.requires_grad]

    def push(tangents: list, create_graph: bool) -> list:
        moved: Any = [None] * len(ws)
        if pairs:
            moved = _gradients(
                [g for _, g in pairs],
                ws,
                [tangents[i] for i, _ in pairs],
                retain_graph=True,
                create_graph=create_graph,
                allow_unused=True,
            )
        each = iter(moved)
        changes = [next(each) if t.requires_grad else None for t in outputs]
        return filled(changes, outputs)

    return ws, push


def linearize(func: Callable, *primals: Any) -> tuple[Any, Callable]:
    """The value of `func(*primals)` and the linear function that it is near there: tangents to the value's change.

    Example:
        >>> value, push = torch.func.linearize(lambda x: x * x, torch.tensor([1.0, 2.0]))
        >>> push(torch.tensor([1.0, 10.0]))
        tensor([ 2., 40.])
    """
    with enable_grad():
        args = tuple([own(a) for a in primals])
        value = func(*args)
        outputs = outputs_of(value, "linearize")
        leaves = tree.leaves(args)
        outer = reaches_further(outputs, leaves)
        _, push = pushing(outputs, leaves)

    def pushed(*tangents: Any) -> Any:
        if not tree.same(tangents, args):
            raise RuntimeError("linearize: tangents must have the structure (pytree) of the primals")
        given = tree.leaves(tangents)
        for i, (t, x) in enumerate(zip(given, leaves, strict=True)):
            if t.shape != x.shape or t.dtype != x.dtype:
                raise RuntimeError(
                    f"linearize: tangent {i} must have its primal's shape {tuple(x.shape)} and dtype {x.dtype}, got "
                    f"{tuple(t.shape)}, {t.dtype}"
                )
        create = is_grad_enabled() and (outer or any(t.requires_grad for t in given))
        changes = push(given, create)
        return tree.with_leaves(value, iter(changes if create else [c.detach() for c in changes]))

    return given_back(value, not outer), pushed
