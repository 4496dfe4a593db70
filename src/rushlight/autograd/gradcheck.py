"""`gradcheck` and `gradgradcheck`: compare gradients with numerical ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .core import TensorBase
from .gradients import grad

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(RuntimeError):
    """A gradient differs from the numerical one."""


def gradcheck(
    func: Callable,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of `func` agree with central differences, element by element.

    Args:
        func: A function of tensors that gives a tensor or a tuple of them.
        inputs: Its arguments; those that require grad should be float64 (or complex128).
        eps: The step of the differences, in units of the input.
        atol: Absolute tolerance.
        rtol: Relative tolerance.
        raise_exception: Raise instead of returning False.
        nondet_tol: How much two runs of backward may differ.
        check_undefined_grad: Also run backward with the gradients of some outputs missing.
        check_grad_dtypes: Also check that a gradient has its input's dtype.
        check_batched_grad: Also check gradients that `grad` computes with `is_grads_batched`.
        check_batched_forward_grad: Also check several directions of `func.jvp` at once, through `func.vmap`.
        check_forward_ad: Also check products of the Jacobian with directions (`func.jvp`).
        check_backward_ad: Check gradients as `backward` computes them.
        fast_mode: Compare one random projection instead of each element.
        masked: For sparse inputs in PyTorch; the tensors here are dense and all of their elements are compared.

    Raises:
        GradcheckError: they differ (a RuntimeError).
        AssertionError: neither forward nor backward is to be checked, or a batched check without its plain one.
        ValueError: no input requires grad.

    Example:
        >>> x = rushlight.tensor([1.0, 2.0], dtype=rushlight.float64, requires_grad=True)
        >>> gradcheck(lambda x: x * x, (x,))
        True
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("gradcheck: at least one of check_forward_ad and check_backward_ad must be True")
    for batched, plain, names in (
        (check_batched_grad, check_backward_ad, ("check_batched_grad", "check_backward_ad")),
        (check_batched_forward_grad, check_forward_ad, ("check_batched_forward_grad", "check_forward_ad")),
    ):
        if batched and not plain:
            raise AssertionError(f"gradcheck: {names[1]} must be True when {names[0]} is, got False")
    args = (inputs,) if isinstance(inputs, TensorBase) else tuple(inputs)
    wanted = [x for x in args if isinstance(x, TensorBase) and x.requires_grad]
    if not wanted:
        raise ValueError("gradcheck: at least one input must require grad (requires_grad=True), got none")
    try:
        if check_backward_ad:
            _check(
                func,
                args,
                wanted,
                eps,
                atol,
                rtol,
                nondet_tol,
                check_undefined_grad,
                check_grad_dtypes,
                fast_mode,
            )
        if check_forward_ad:
            _check_forward(func, args, wanted, eps, atol, rtol, fast_mode, check_batched_forward_grad)
        if check_batched_grad:
            _check_batched(func, args, wanted)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _outputs(func: Callable, args: tuple) -> list:
    result = func(*args)
    results = result if isinstance(result, (tuple, list)) else (result,)
    return [r for r in results if isinstance(r, TensorBase) and r.dtype.category >= 2]


def _flat(t: Any) -> np.ndarray:
    """The values as real float64 numbers; a complex one is two."""
    array = np.ascontiguousarray(t._array if isinstance(t, TensorBase) else t)
    if array.dtype.kind == "c":
        return array.astype(np.complex128).reshape(-1).view(np.float64)
    return array.astype(np.float64).reshape(-1)


def _check(
    func: Callable,
    args: tuple,
    wanted: list,
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
    undefined: bool,
    dtypes: bool,
    fast: bool,
) -> None:
    outputs = _outputs(func, args)
    differentiable = [(i, o) for i, o in enumerate(outputs) if o.requires_grad]
    rng = np.random.default_rng(0)
    for index, x in enumerate(wanted):
        if fast:
            direction = rng.standard_normal(_flat(x).size)
            direction /= np.linalg.norm(direction) or 1
            columns: dict[int, Any] = {0: direction}
        else:
            columns = dict.fromkeys(range(_flat(x).size))
        numeric = {k: _difference(func, args, x, k if v is None else v, eps) for k, v in columns.items()}
        for i, out in enumerate(outputs):
            size = _flat(out).size
            if not out.requires_grad:
                if any(np.abs(d[i]).max(initial=0) > atol for d in numeric.values()):
                    raise GradcheckError(
                        f"gradcheck: output {i} changes with input {index} but does not require grad"
                    )
                continue
            analytic = np.zeros((size, _flat(x).size))
            rows = [rng.standard_normal(size)] if fast else np.eye(size)
            if fast:
                analytic = np.zeros((1, _flat(x).size))
            for r, row in enumerate(rows):
                g = _row(out, x, row, wanted, dtypes)
                if nondet_tol == 0 and r == 0:
                    again = _row(out, x, row, wanted, False)
                    if not np.array_equal(g, again, equal_nan=True):
                        raise GradcheckError(
                            f"gradcheck: backward of output {i} is not deterministic for input {index}"
                        )
                analytic[r] = g
            for k, direction in columns.items():
                got = analytic @ direction if direction is not None else analytic[:, k]
                want = np.array([numeric[k][i] @ rows[0]]) if fast else numeric[k][i]
                if not np.allclose(got, want, rtol, atol):
                    worst = int(np.abs(got - want).argmax())
                    raise GradcheckError(
                        f"gradcheck: Jacobian mismatch for output {i} with respect to input {index}: at element "
                        f"({worst}, {k}) numerical {want[worst]:.9g}, analytical {got[worst]:.9g} (atol {atol:g}, rtol {rtol:g})"
                    )
    if undefined and len(differentiable) > 1:  # backward must bear gradients that are missing
        for _, out in differentiable:
            grad(out, wanted, out.detach() * 0 + 1, retain_graph=True, allow_unused=True)


def _columns(x: Any, fast: bool, rng: np.random.Generator) -> list[np.ndarray]:
    """The directions in which `x` is changed: along each element, or one at random."""
    n = _flat(x).size
    if not fast:
        return list(np.eye(n))
    direction = rng.standard_normal(n)
    return [direction / (np.linalg.norm(direction) or 1)]


def _shaped(like: Any, flat: np.ndarray) -> Any:
    """A plain tensor of the shape and dtype of `like` from real numbers (two for a complex one)."""
    array = like._array
    values = np.ascontiguousarray(flat).view(np.complex128) if array.dtype.kind == "c" else flat
    return type(like.detach())._make(np.array(values.reshape(array.shape), dtype=array.dtype))


def _check_forward(
    func: Callable,
    args: tuple,
    wanted: list,
    eps: float,
    atol: float,
    rtol: float,
    fast: bool,
    batched: bool,
) -> None:
    """Products of the Jacobian with directions against differences."""
    from ..func import jvp, vmap
    from ..ops.join import stack

    rng = np.random.default_rng(0)
    for index, x in enumerate(wanted):
        directions = _columns(x, fast, rng)
        if not directions:
            continue

        def varied(value: Any, x: Any = x) -> Any:
            return tuple(_outputs(func, tuple([value if a is x else a for a in args])))

        def pushed(v: Any, x: Any = x, varied: Any = varied) -> Any:
            return jvp(varied, (x.detach(),), (v,))[1]

        found = [[_flat(t) for t in pushed(_shaped(x, d))] for d in directions]
        for direction, products in zip(directions, found, strict=True):
            differences = _difference(func, args, x, direction, eps)
            for i, (got, want) in enumerate(zip(products, differences, strict=True)):
                if not np.allclose(got, want, rtol, atol):
                    worst = int(np.abs(got - want).argmax())
                    raise GradcheckError(
                        f"gradcheck: Jacobian mismatch in forward mode for output {i} with respect to input {index}: at "
                        f"element {worst} numerical {want[worst]:.9g}, analytical {got[worst]:.9g} (atol {atol:g}, rtol {rtol:g})"
                    )
        if batched:
            together = vmap(pushed)(stack([_shaped(x, d) for d in directions]))
            for i, t in enumerate(together):
                if not np.allclose(_flat(t), np.concatenate([p[i] for p in found]), rtol, atol):
                    raise GradcheckError(f"gradcheck: batched forward gradients differ for output {i}")


def _check_batched(func: Callable, args: tuple, wanted: list) -> None:
    """Gradients for two cotangents at once against one after the other."""
    from ..ops.join import stack

    rng = np.random.default_rng(0)
    for i, out in enumerate(_outputs(func, args)):
        if not out.requires_grad:
            continue
        cotangents = [_shaped(out, rng.standard_normal(_flat(out).size)) for _ in range(2)]
        options: Any = {"retain_graph": True, "allow_unused": True}
        together = grad(out, wanted, stack(cotangents), is_grads_batched=True, **options)
        single = [grad(out, wanted, c, **options) for c in cotangents]
        for index, g in enumerate(together):
            rows = [row[index] for row in single]
            if g is not None and not np.allclose(_flat(g), np.concatenate([_flat(r) for r in rows])):
                raise GradcheckError(
                    f"gradcheck: batched gradients differ for output {i} with respect to input {index}"
                )


def _row(out: Any, x: Any, row: np.ndarray, wanted: list, dtypes: bool) -> np.ndarray:
    """One row of the Jacobian (or a projection of it): the gradient of `row @ output`."""
    array = out._array
    values = row.view(np.complex128) if array.dtype.kind == "c" else row
    cotangent = type(out.detach())._make(
        np.array(values.reshape(array.shape), dtype=array.dtype)  # ascontiguousarray makes 0-d arrays 1-d
    )
    (g,) = grad(out, x, cotangent, retain_graph=True, allow_unused=True)
    if g is None:
        return np.zeros(_flat(x).size)
    if g.shape != x.shape or (dtypes and g.dtype != x.dtype):
        raise GradcheckError(
            f"gradcheck: the gradient must be like its input, {x.shape} {x.dtype}, got {g.shape} {g.dtype}"
        )
    return _flat(g)


def _difference(func: Callable, args: tuple, x: Any, direction: Any, eps: float) -> list[np.ndarray]:
    """(f(x + eps d) - f(x - eps d)) / 2 eps for each output."""
    results = []
    before = x._array.copy()
    for sign in (1, -1):
        flat = _flat(before).copy()
        if isinstance(direction, int):
            flat[direction] += sign * eps
        else:
            flat += sign * eps * direction
        values = flat.view(np.complex128) if before.dtype.kind == "c" else flat
        x._array[...] = values.reshape(before.shape).astype(before.dtype)
        results.append([_flat(o).copy() for o in _outputs(func, args)])
    x._array[...] = before
    return [(a - b) / (2 * eps) for a, b in zip(*results, strict=True)]


def gradgradcheck(
    func: Callable,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether second derivatives agree with differences of the first; arguments as of `gradcheck`.

    Args:
        grad_outputs: The gradients of the outputs to differentiate with; default: random ones.
        gen_non_contig_grad_outputs: Make those random ones non-contiguous.
        check_fwd_over_rev: Check products of the gradients' Jacobian with directions.
        check_rev_over_rev: Check gradients of the gradients.

    Example:
        >>> x = rushlight.tensor([1.0, 2.0], dtype=rushlight.float64, requires_grad=True)
        >>> gradgradcheck(lambda x: x**3, (x,))
        True
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError(
            "gradgradcheck: at least one of check_fwd_over_rev and check_rev_over_rev must be True"
        )
    args = (inputs,) if isinstance(inputs, TensorBase) else tuple(inputs)
    outputs = [o for o in _outputs(func, args) if o.requires_grad]
    if grad_outputs is None:
        rng = np.random.default_rng(1)
        cotangents = []
        for o in outputs:
            values = rng.standard_normal(o._array.shape)
            array = np.asarray(values, o._array.dtype)
            if gen_non_contig_grad_outputs and array.ndim:
                array = np.repeat(array[..., None], 2, -1)[..., 0]
            t = type(o.detach())._make(array)
            t.requires_grad = True
            cotangents.append(t)
    else:
        cotangents = list(grad_outputs) if isinstance(grad_outputs, Sequence) else [grad_outputs]
    count = len(args)

    def first(*everything: Any) -> Any:
        xs, gs = everything[:count], everything[count:]
        outs = [o for o in _outputs(func, xs) if o.requires_grad]
        wanted = [x for x in xs if isinstance(x, TensorBase) and x.requires_grad]
        found = grad(outs, wanted, gs, create_graph=True, allow_unused=True)
        return tuple([g for g in found if g is not None])

    return gradcheck(
        first,
        (*args, *cotangents),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=False,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )
