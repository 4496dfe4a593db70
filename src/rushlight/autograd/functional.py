"""Derivatives of functions: jacobian, hessian, and products with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .core import TensorBase
from .grad_mode import enable_grad
from .gradients import grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def _prepare(inputs: Any, create_graph: bool) -> tuple[bool, tuple]:
    """The inputs as a tuple of tensors that require grad and have no other history (unless it is wanted)."""
    several = not isinstance(inputs, TensorBase)
    given = tuple(inputs) if several else (inputs,)
    for i, x in enumerate(given):
        if not isinstance(x, TensorBase):
            raise TypeError(f"inputs must be Tensors, got {type(x).__name__} at position {i}")
    if create_graph:
        return several, tuple(
            [x.view_as(x) if x.requires_grad else x.detach().requires_grad_() for x in given]
        )  # type: ignore[attr-defined]
    return several, tuple([x.detach().clone().requires_grad_() for x in given])  # type: ignore[attr-defined]


def _run(func: Callable, inputs: tuple, name: str) -> tuple[bool, tuple]:
    result = func(*inputs)
    several = not isinstance(result, TensorBase)
    outputs = tuple(result) if several else (result,)
    for o in outputs:
        if not isinstance(o, TensorBase):
            raise TypeError(f"{name}: the function must give Tensors, got {type(o).__name__}")
    return several, outputs


def _gradients(
    outputs: Any, inputs: tuple, cotangents: Any, create_graph: bool, strict: bool, name: str
) -> list:
    pairs = [(o, v) for o, v in zip(outputs, cotangents, strict=True) if o.requires_grad]
    found: Any = [None] * len(inputs)
    if pairs:
        found = grad(
            [o for o, _ in pairs],
            inputs,
            [v for _, v in pairs],
            retain_graph=True,
            create_graph=create_graph,
            allow_unused=True,
        )
    results = []
    for i, (g, x) in enumerate(zip(found, inputs, strict=True)):
        if g is None and strict:
            raise RuntimeError(f"{name}: the outputs do not depend on input {i}, which strict=True forbids")
        results.append(x.new_zeros(x.shape) if g is None else g)
    return results


def _vectors(v: Any, like: tuple, name: str) -> tuple:
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(
                f"{name}: v may only be left out for one tensor of one element; give one of its shape"
            )
        return (like[0].detach() * 0 + 1,)
    given = (v,) if isinstance(v, TensorBase) else tuple(v)
    if len(given) != len(like) or any(a.shape != b.shape for a, b in zip(given, like, strict=False)):
        raise RuntimeError(f"{name}: v must have the shapes {[list(x.shape) for x in like]}")
    return given


def vjp(
    func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple:
    """(func(inputs), v^T J): the gradient of the outputs weighted by `v`.

    Example:
        >>> vjp(lambda x: x * x, rushlight.tensor([1.0, 2.0]), rushlight.ones(2))[1]
        tensor([2., 4.])
    """
    with enable_grad():
        several_in, xs = _prepare(inputs, create_graph)
        several_out, outputs = _run(func, xs, "vjp")
        vs = _vectors(v, outputs, "vjp")
        found = _gradients(outputs, xs, vs, create_graph, strict, "vjp")
    outputs = outputs if create_graph else tuple([o.detach() for o in outputs])
    return outputs if several_out else outputs[0], tuple(found) if several_in else found[0]


def jvp(
    func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple:
    """(func(inputs), J v): the change of the outputs in the direction `v`, by differentiating backward twice."""
    with enable_grad():
        several_in, xs = _prepare(inputs, create_graph)
        vs = _vectors(v, xs, "jvp")
        several_out, outputs = _run(func, xs, "jvp")
        ws = tuple([o.detach().mul(0).requires_grad_() for o in outputs])  # type: ignore[attr-defined]
        found = _gradients(outputs, xs, ws, True, strict, "jvp")
        pushed = _gradients(found, ws, vs, create_graph, strict, "jvp")
    outputs = outputs if create_graph else tuple([o.detach() for o in outputs])
    return outputs if several_out else outputs[0], tuple(pushed) if several_out else pushed[0]


def jacobian(
    func: Callable,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """All first derivatives: shape (*output, *input) for each pair of output and input.

    `vectorize` and `strategy` choose between ways to compute the same result in PyTorch; there is one here.

    Example:
        >>> jacobian(lambda x: x * x, rushlight.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ValueError(f"jacobian: strategy must be 'reverse-mode' or 'forward-mode', got {strategy!r}")
    with enable_grad():
        several_in, xs = _prepare(inputs, create_graph)
        several_out, outputs = _run(func, xs, "jacobian")
        rows = []
        for out in outputs:
            n = out.numel()
            parts: list = [[] for _ in xs]
            for i in range(n):
                one = out.detach().reshape(-1).mul(0)  # type: ignore[attr-defined]
                one[i] = 1
                found = _gradients((out,), xs, (one.reshape(out.shape),), create_graph, strict, "jacobian")
                for part, g in zip(parts, found, strict=True):
                    part.append(g)
            from ..ops.join import stack

            rows.append(
                tuple(
                    [
                        stack(part).reshape(*out.shape, *x.shape)
                        if part
                        else x.new_zeros((*out.shape, *x.shape))  # type: ignore[attr-defined]
                        for part, x in zip(parts, xs, strict=True)
                    ]
                )
            )
    table = tuple([row if several_in else row[0] for row in rows])
    return table if several_out else table[0]


def _scalar(func: Callable, name: str) -> Callable:
    def checked(*xs: Any) -> Any:
        out = func(*xs)
        if not isinstance(out, TensorBase) or out.numel() != 1:
            raise RuntimeError(f"{name}: the function must give one Tensor of one element")
        return out.reshape(())  # type: ignore[attr-defined]

    return checked


def hessian(
    func: Callable,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """All second derivatives of a function that gives one number.

    Example:
        >>> hessian(lambda x: (x**3).sum(), rushlight.tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    several = not isinstance(inputs, TensorBase)
    scalar = _scalar(func, "hessian")

    def first(*xs: Any) -> Any:
        found = jacobian(scalar, xs, create_graph=True, strict=strict)
        return found if several else found[0]

    return jacobian(first, inputs, create_graph, strict)


def vhp(
    func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple:
    """(func(inputs), v^T H) for a function that gives one number."""
    scalar = _scalar(func, "vhp")
    with enable_grad():
        several, xs = _prepare(inputs, create_graph)
        vs = _vectors(v, xs, "vhp")
        out = scalar(*xs)
        first = _gradients((out,), xs, (out.detach() * 0 + 1,), True, strict, "vhp")
        second = _gradients(first, xs, vs, create_graph, strict, "vhp")
    return out if create_graph else out.detach(), tuple(second) if several else second[0]


def hvp(
    func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple:
    """(func(inputs), H v) for a function that gives one number; H is symmetric, so this is `vhp`."""
    return vhp(func, inputs, v, create_graph, strict)
