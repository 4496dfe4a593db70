"""Contractions: `einsum` and `tensordot`, by permuting, reshaping and one batched matrix product per pair."""

from __future__ import annotations

from typing import Any

from ..autograd.core import TensorBase
from ..errors import kind_of, wrap_dim
from ..tensor import Tensor, into
from .elementwise import require_tensor
from .matmul import bmm, matmul
from .shape import permute, reshape
from .strided import diagonal

__all__ = ["einsum", "tensordot"]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ELLIPSIS = -1000  # dims an ellipsis stands for are numbered from here, the last dim first
Labels = list[int]


def _labels(text: str, which: str) -> Labels | Any:
    """Subscripts as numbers, with `...` as Ellipsis."""
    labels: list[Any] = []
    text = text.replace(" ", "")
    i = 0
    while i < len(text):
        if text[i] == ".":
            if text[i : i + 3] != "..." or Ellipsis in labels:
                raise RuntimeError(
                    f"einsum: {which} must have '.' only as part of one ellipsis ('...'), got {text!r}"
                )
            labels.append(Ellipsis)
            i += 3
            continue
        if text[i] not in _LETTERS:
            raise RuntimeError(
                f"einsum: {which} must have subscripts in [a-zA-Z], got {text[i]!r} in {text!r}"
            )
        labels.append(_LETTERS.index(text[i]))
        i += 1
    return labels


def _sublist(labels: Any, which: str) -> Labels | Any:
    for s in labels:
        if s is not Ellipsis and not (isinstance(s, int) and 0 <= s < 52):
            raise RuntimeError(f"einsum: {which} must be a list of ints in [0, 52) and Ellipsis, got {s!r}")
    return list(labels)


def _parse(args: tuple) -> tuple[list[Tensor], list[list], list | None]:
    """Operands, their labels, and the output's labels where they are given."""
    if args and isinstance(args[0], str):
        equation, operands = args[0], args[1:]
        if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
            operands = tuple(operands[0])
        left, arrow, right = equation.partition("->")
        inputs = [_labels(part, f"operand {i}") for i, part in enumerate(left.split(","))]
        output = _labels(right, "the output") if arrow else None
    else:
        n = len(args) // 2
        operands = args[: 2 * n : 2]
        inputs = [_sublist(s, f"the sublist of operand {i}") for i, s in enumerate(args[1 : 2 * n : 2])]
        output = _sublist(args[-1], "the output's sublist") if len(args) % 2 else None
    if not operands:
        raise ValueError("einsum: must have an equation (or sublists) and at least one operand, got none")
    if len(inputs) != len(operands):
        raise RuntimeError(
            f"einsum: the equation must have a subscript list for each operand, got {len(inputs)} for {len(operands)} operands"
        )
    for x in operands:
        if not isinstance(x, TensorBase):
            raise TypeError(f"einsum: operands must be Tensors, got {kind_of(x)}")
    return list(operands), inputs, output


def _expand_ellipsis(x: Tensor, labels: list, i: int) -> Labels:
    ndim = x._array.ndim
    if Ellipsis in labels:
        at, more = labels.index(Ellipsis), ndim - len(labels) + 1
        if more >= 0:
            return [*labels[:at], *(_ELLIPSIS + d for d in range(more - 1, -1, -1)), *labels[at + 1 :]]
    elif len(labels) == ndim:
        return labels
    raise RuntimeError(
        f"einsum: operand {i} has {ndim} dims, but its subscripts name {len(labels) - (Ellipsis in labels)}"
    )


def _take_diagonals(x: Tensor, labels: Labels, i: int) -> tuple[Tensor, Labels]:
    """Repeated labels of one operand: its diagonal."""
    labels = list(labels)
    d = 0
    while d < len(labels):
        if labels[d] in labels[:d]:
            first = labels.index(labels[d])
            if x._array.shape[first] != x._array.shape[d]:
                raise RuntimeError(
                    f"einsum: subscript {_name(labels[d])} is repeated for operand {i} but the sizes don't match, "
                    f"{x._array.shape[d]} != {x._array.shape[first]}"
                )
            x = diagonal(x, 0, first, d)
            labels = [s for k, s in enumerate(labels) if k not in (first, d)] + [labels[d]]
            d = 0
        else:
            d += 1
    return x, labels


def _name(label: int) -> str:
    return _LETTERS[label] if label >= 0 else "..."


def _sum_out(x: Tensor, labels: Labels, keep: set[int]) -> tuple[Tensor, Labels]:
    gone = [d for d, s in enumerate(labels) if s not in keep]
    if gone:
        x = x.sum(gone)  # type: ignore[attr-defined]
        labels = [s for s in labels if s in keep]
    return x, labels


def _arrange(x: Tensor, labels: Labels, groups: tuple[Labels, ...], shape: list[int]) -> Tensor:
    """`x` with its dims in the order of `groups`, reshaped to `shape`. A dim that it lacks counts as 1."""
    order = [labels.index(s) for group in groups for s in group if s in labels]
    return reshape(permute(x, order) if order != list(range(len(order))) else x, shape)


def _size(x: Tensor, labels: Labels, group: Labels) -> int:
    n = 1
    for s in group:
        n *= x._array.shape[labels.index(s)]
    return n


def _contract(
    a: Tensor, la: Labels, b: Tensor, lb: Labels, keep: set[int], final: Labels
) -> tuple[Tensor, Labels]:
    """Two operands as one: labels in both and not kept are summed over, by a batched matrix product.

    Where it can choose, the result's dims lie in memory in the order of `final`.
    """
    # A size-1 dim that broadcasts against a larger one takes no part: drop it, the other operand keeps the label.
    for s in [s for s in la if s in lb]:
        na, nb = a._array.shape[la.index(s)], b._array.shape[lb.index(s)]
        if na != nb:
            if na == 1:
                a, la = a.squeeze(la.index(s)), [x for x in la if x != s]  # type: ignore[attr-defined]
            else:
                b, lb = b.squeeze(lb.index(s)), [x for x in lb if x != s]  # type: ignore[attr-defined]
    a, la = _sum_out(a, la, keep | set(lb))
    b, lb = _sum_out(b, lb, keep | set(la))
    both = [s for s in la if s in lb]
    batch, inner = [s for s in both if s in keep], [s for s in both if s not in keep]
    left, right = [s for s in la if s not in lb], [s for s in lb if s not in la]
    place = {s: i for i, s in enumerate(final)}
    batch, left, right = (sorted(group, key=lambda s: place.get(s, -1)) for group in (batch, left, right))
    if left and right and place.get(right[0], 0) < place.get(left[0], 0):
        a, la, left, b, lb, right = b, lb, right, a, la, left
    if not inner:  # nothing to sum: a broadcast product
        labels = batch + left + right
        x = _arrange(a, la, (batch, left), [_size(a, la, [s]) for s in batch + left] + [1] * len(right))
        y = _arrange(
            b,
            lb,
            (batch, right),
            [_size(b, lb, [s]) for s in batch] + [1] * len(left) + [_size(b, lb, [s]) for s in right],
        )
        return x * y, labels
    nb, ni, nl, nr = _size(a, la, batch), _size(a, la, inner), _size(a, la, left), _size(b, lb, right)
    dims = [_size(a, la, [s]) for s in batch + left] + [_size(b, lb, [s]) for s in right]
    if batch:
        y = bmm(
            _arrange(a, la, (batch, left, inner), [nb, nl, ni]),
            _arrange(b, lb, (batch, inner, right), [nb, ni, nr]),
        )
    else:
        y = matmul(_arrange(a, la, (left, inner), [nl, ni]), _arrange(b, lb, (inner, right), [ni, nr]))
    return reshape(y, dims), batch + left + right


def einsum(*args: Any) -> Tensor:
    """Sum products of elements over named dims, in Einstein's notation.

    `einsum(equation, *operands)` with an equation like "bij,bjk->bik"; or `einsum(op1, sublist1, op2, sublist2, ...,
    [sublist_out])`, where a sublist gives the dims' names as ints in [0, 52). A name repeated in one operand takes a
    diagonal, `...` stands for the dims not named (which broadcast), and without an output the names that occur once
    are kept, in alphabetical order behind the ellipsis. Operands are contracted from left to right.

    Raises:
        RuntimeError: the equation does not fit the operands.
    Source: Einstein 1916; the contraction of a pair is one batched GEMM.

    Example:
        >>> a = rushlight.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> rushlight.einsum("ii", a), rushlight.einsum("ij->j", a)
        (tensor(5.), tensor([4., 6.]))
    """
    operands, inputs, output = _parse(args)
    labels = [_expand_ellipsis(x, s, i) for i, (x, s) in enumerate(zip(operands, inputs, strict=True))]
    counts: dict[int, int] = {}
    for each in labels:
        for s in each:
            counts[s] = counts.get(s, 0) + 1
    dots = sorted((s for s in counts if s < 0), reverse=True)
    if output is None:
        final = dots + sorted(s for s, n in counts.items() if s >= 0 and n == 1)
    else:
        final = [s for o in output for s in (dots if o is Ellipsis else [o])]
        for s in final:
            if final.count(s) > 1:
                raise RuntimeError(f"einsum: output subscript {_name(s)} must appear once in the output")
            if s not in counts:
                raise RuntimeError(
                    f"einsum: output subscript {_name(s)} does not appear in the equation for any input operand"
                )
    sizes: dict[int, int] = {}
    for i, (x, each) in enumerate(zip(operands, labels, strict=True)):
        operands[i], labels[i] = _take_diagonals(x, each, i)
        for s, n in zip(labels[i], operands[i]._array.shape, strict=True):
            if sizes.get(s, 1) != n and n != 1 and sizes.get(s, 1) != 1:
                raise RuntimeError(
                    f"einsum: operands do not broadcast: subscript {_name(s)} has size {n} for operand {i}, which does not "
                    f"broadcast with the size {sizes[s]} seen before"
                )
            if n != 1 or s not in sizes:
                sizes[s] = n
    kept = set(final)
    x, names = operands[0], labels[0]
    for i in range(1, len(operands)):
        later = kept.union(*labels[i + 1 :])
        x, names = _contract(x, names, operands[i], labels[i], later, final)
    if [s for s in names if s in kept] != final:  # before the sum, whose result then lies in this order
        order = final + [s for s in names if s not in kept]
        x, names = permute(x, [names.index(s) for s in order]), order
    return _sum_out(x, names, kept)[0]


def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """Sum products over several dims of both operands.

    Args:
        dims: How many of the last dims of `a` and the first of `b`; or two lists, the dims of `a` and those of `b`.

    Example:
        >>> rushlight.tensordot(rushlight.ones(2, 3, 4), rushlight.ones(3, 4, 5), 2).shape
        torch.Size([2, 5])
    """
    require_tensor("tensordot", a, "a")
    if isinstance(dims, TensorBase):
        dims = dims.tolist()  # type: ignore[attr-defined]
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot: dims must be >= 0, got {dims}")
        if dims > min(a._array.ndim, b._array.ndim):
            raise RuntimeError(
                f"tensordot: dims must be <= the dims of a and b, {a.ndim} and {b.ndim}, got {dims}"
            )
        left, right = list(range(a._array.ndim - dims, a._array.ndim)), list(range(dims))
    else:
        left, right = ([d] if isinstance(d, int) else list(d) for d in dims)
        left = [wrap_dim(d, a._array.ndim, "tensordot", "dims") for d in left]
        right = [wrap_dim(d, b._array.ndim, "tensordot", "dims") for d in right]
    if len(left) != len(right):
        raise RuntimeError(f"tensordot: both dimension lists should have same length, got {left} and {right}")
    p, q = a._array.shape, b._array.shape
    for i, (d, e) in enumerate(zip(left, right, strict=True)):
        if p[d] == q[e]:
            continue
        if p[d] == 1:  # broadcasts: sum the other one first
            b = b.sum(e, keepdim=True, dtype=b.dtype)  # type: ignore[attr-defined]
        elif q[e] == 1:
            a = a.sum(d, keepdim=True, dtype=a.dtype)  # type: ignore[attr-defined]
        else:
            raise RuntimeError(
                f"tensordot: contracted dimensions need to match, but first has size {p[d]} in dim {d} and second has size "
                f"{q[e]} in dim {e} (pair {i})"
            )
    rest_a = [d for d in range(len(p)) if d not in left]
    rest_b = [d for d in range(len(q)) if d not in right]
    n = 1
    for d in left:
        n *= a._array.shape[d]
    rows = reshape(permute(a, rest_a + left), _count(p, rest_a), n)
    columns = reshape(permute(b, right + rest_b), n, _count(q, rest_b))
    y = reshape(matmul(rows, columns), [p[d] for d in rest_a] + [q[d] for d in rest_b])
    return y if out is None else into(out, y, "tensordot")


def _count(shape: tuple, dims: list[int]) -> int:
    n = 1
    for d in dims:
        n *= shape[d]
    return n
