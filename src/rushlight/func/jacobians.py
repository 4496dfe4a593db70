"""Products with the Jacobian, the Jacobian itself, second derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..autograd import enable_grad, is_grad_enabled
from ..autograd.gradients import grad as _gradients
from ..ops.join import stack
from ..tensor import Tensor
from . import tree
from .derivatives import filled, given_back, outputs_of, own, pair, places_of, pushing, reaches_further

__all__ = ["hessian", "jacfwd", "jacrev", "jvp"]


def jvp(func: Callable, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """The value of `func(*primals)` and its change in the direction `tangents`: the Jacobian times a vector.

    Computed by differentiating backward twice, so `func` must be twice differentiable.

    Args:
        primals: A tuple of arguments.
        tangents: A tuple of their directions, of the same structure and shapes.
        strict: An error, instead of zeros, where the value does not depend on the arguments.
        has_aux: `func` returns (value, anything else), which is the third thing given back.

    Example:
        >>> torch.func.jvp(lambda x: x * x, (torch.tensor([1.0, 2.0]),), (torch.tensor([1.0, 10.0]),))
        (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    for name, x in (("primals", primals), ("tangents", tangents)):
        if not isinstance(x, tuple):
            raise RuntimeError(
                f"jvp: {name} must be a tuple (one element for each argument), got {type(x).__name__}"
            )
    if not tree.same(primals, tangents):
        raise RuntimeError("jvp: primals and tangents must have the same structure")
    directions = tree.leaves(tangents)
    for name, values in (("primals", tree.leaves(primals)), ("tangents", directions)):
        for x in values:
            if not isinstance(x, Tensor):
                raise RuntimeError(f"jvp: {name} must hold only Tensors, got {type(x).__name__}")
            if x.dtype.category < dtypes.FLOAT:
                raise ValueError(f"jvp: {name} must be floating point or complex, got {x.dtype}")
    for i, (x, v) in enumerate(zip(tree.leaves(primals), directions, strict=True)):
        if x.shape != v.shape:
            raise RuntimeError(
                f"jvp: tangent {i} must have its primal's size {list(x.shape)} (different size), got {list(v.shape)}"
            )
    recording = is_grad_enabled()
    with enable_grad():
        args = tuple([own(a) for a in primals])
        value, aux = pair(func(*args), has_aux, "jvp")
        outputs = outputs_of(value, "jvp")
        leaves = tree.leaves(args)
        if strict and any(not t.requires_grad for t in outputs):
            raise RuntimeError(
                "jvp: the output of func is independent of the inputs, which strict=True forbids"
            )
        outer = recording and reaches_further(outputs, leaves)
        create = outer or (recording and any(v.requires_grad for v in directions))
        _, push = pushing(outputs, leaves)
        changes = push(directions, create)
    changes = changes if create else [c.detach() for c in changes]
    results = given_back(value, not outer), tree.with_leaves(value, iter(changes))
    return (*results, given_back(aux, not outer)) if has_aux else results


def _basis(t: Any) -> list:
    """The directions along each element of `t`."""
    n = t.numel()
    rows = t.detach().new_zeros((n, n))
    rows.fill_diagonal_(1) if n else None
    return [row.reshape(t.shape) for row in rows]


def _chunk(chunk_size: Any, function: str) -> None:
    # One product at a time is computed in any case, so that every chunk size is kept to.
    if chunk_size is not None and not chunk_size > 0:
        raise ValueError(f"{function}: chunk_size must be greater than 0, got {chunk_size}")


def jacrev(
    func: Callable,
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable:
    """A function that gives the Jacobian of `func`, one output element after the other: for few outputs.

    Args:
        func: Returns a tensor or a structure of them; with `has_aux`, that and anything else.
        argnums: The argument(s) to differentiate by.
        has_aux: See `func`; then (Jacobian, the rest) is given.
        chunk_size: How many rows may be computed at once; here it is always one.
    Shape:
        (*output, *input), in the structure of the output, and within it in that of the inputs.

    Example:
        >>> torch.func.jacrev(lambda x: x * x)(torch.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    _chunk(chunk_size, "jacrev")

    def rows(outputs: list, leaves: list, create: bool) -> list[list]:
        table = []
        for out in outputs:
            parts: list[list] = [[] for _ in leaves]
            for e in _basis(out) if out.requires_grad else ():
                found: Any = _gradients(
                    out, leaves, e, retain_graph=True, create_graph=create, allow_unused=True
                )
                for part, g in zip(parts, filled(found, leaves), strict=True):
                    part.append(g)
            table.append(
                [
                    stack(p).reshape(*out.shape, *x.shape) if p else x.new_zeros((*out.shape, *x.shape))  # type: ignore[attr-defined]
                    for p, x in zip(parts, leaves, strict=True)
                ]
            )
        return table

    return _jacobian(func, argnums, has_aux, rows, "jacrev")


def jacfwd(
    func: Callable,
    argnums: Any = 0,
    has_aux: bool = False,
    *,
    chunk_size: int | None = None,
    randomness: str = "error",
) -> Callable:
    """A function that gives the Jacobian of `func`, one input element after the other: for few inputs.

    Args:
        func, argnums, has_aux, chunk_size: As of `jacrev`.
        randomness: As of `vmap`. `func` runs once, so that 'same' and 'different' give the same.

    Example:
        >>> torch.func.jacfwd(lambda x: x * x)(torch.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    from .batch import check_randomness, watched

    _chunk(chunk_size, "jacfwd")
    check_randomness(randomness, "jacfwd")

    def columns(outputs: list, leaves: list, create: bool) -> list[list]:
        _, push = pushing(outputs, leaves)
        table: list[list] = [[] for _ in outputs]
        for k, x in enumerate(leaves):
            zeros = [t.detach().new_zeros(t.shape) for t in leaves]
            changes = [push([*zeros[:k], e, *zeros[k + 1 :]], create) for e in _basis(x)]
            for i, out in enumerate(outputs):
                if changes:
                    part = stack([c[i] for c in changes], -1).reshape(*out.shape, *x.shape)  # type: ignore[attr-defined]
                else:
                    part = out.detach().new_zeros((*out.shape, *x.shape))
                table[i].append(part)
        return table

    return _jacobian(watched(func, randomness, "jacfwd"), argnums, has_aux, columns, "jacfwd")


def _jacobian(func: Callable, argnums: Any, has_aux: bool, compute: Callable, name: str) -> Callable:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        places = places_of(argnums, args, name)
        recording = is_grad_enabled()
        with enable_grad():
            args = tuple([own(a) if i in places else a for i, a in enumerate(args)])
            value, aux = pair(func(*args, **kwargs), has_aux, name)
            outputs = outputs_of(value, name)
            wanted = tuple([args[i] for i in places])
            leaves = tree.leaves(wanted)
            outer = recording and reaches_further(outputs, leaves)
            for kind, values in (("inputs", leaves), ("outputs", outputs)):
                if any(t.is_complex() for t in values):
                    raise RuntimeError(
                        f"{name}: {kind} must be real, got a complex tensor; differentiate by view_as_real(x)"
                    )
            table = compute(outputs, leaves, outer)
        inputs = wanted if isinstance(argnums, tuple) else wanted[0]
        cells = [[t if outer else t.detach() for t in row] for row in table]
        result = tree.with_leaves(value, iter([tree.with_leaves(inputs, iter(row)) for row in cells]))
        return (result, given_back(aux, not outer)) if has_aux else result

    return wrapped


def hessian(func: Callable, argnums: Any = 0) -> Callable:
    """A function that gives all second derivatives of `func`: the Jacobian of its Jacobian.

    Example:
        >>> torch.func.hessian(lambda x: (x**3).sum())(torch.tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
