"""Functions of functions: modules called with other parameters, gradients as functions (PyTorch's `torch.func`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .autograd import enable_grad
from .autograd.gradients import grad as _gradients
from .nn.utils.stateless import functional_call as _call_one
from .ops.join import stack
from .tensor import Tensor

__all__ = ["functional_call", "grad", "grad_and_value", "stack_module_state", "vjp"]


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """`module(*args, **kwargs)` with its parameters and buffers replaced by others for this call.

    Args:
        module: The module.
        parameter_and_buffer_dicts: Dotted names to tensors, or several such dicts with different names.
        args: The call's arguments; one that is no tuple is the only one.
        kwargs: Its keyword arguments.
        tie_weights: A tensor given for one name of a shared parameter stands for its other names too.
        strict: The names must be exactly the module's.

    Example:
        >>> zero = {"weight": torch.zeros(1, 2), "bias": torch.ones(1)}
        >>> torch.func.functional_call(nn.Linear(2, 1), zero, torch.randn(3, 2)).flatten()
        tensor([1., 1., 1.])
    """
    tensors: dict[str, Tensor] = {}
    if isinstance(parameter_and_buffer_dicts, dict):
        tensors = parameter_and_buffer_dicts
    elif isinstance(parameter_and_buffer_dicts, Sequence):
        for part in parameter_and_buffer_dicts:
            again = tensors.keys() & part.keys()
            if again:
                raise ValueError(
                    f"functional_call: names must be given once, got {', '.join(sorted(again))} in two dicts"
                )
            tensors.update(part)
    else:
        raise ValueError(
            "functional_call: parameter_and_buffer_dicts must be a dict or a sequence of dicts, got "
            f"{type(parameter_and_buffer_dicts).__name__}"
        )
    return _call_one(module, tensors, args, kwargs, tie_weights=tie_weights, strict=strict)


def stack_module_state(models: Any) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of several modules of one class, stacked along a new first dimension.

    Example:
        >>> params, buffers = torch.func.stack_module_state([nn.Linear(2, 3) for _ in range(5)])
        >>> params["weight"].shape
        torch.Size([5, 3, 2])
    """
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: models must have at least one module, got none")
    if len({m.training for m in models}) > 1:
        raise RuntimeError(
            "stack_module_state: models must be all in training or all in evaluation mode, got both"
        )
    if len({type(m) for m in models}) > 1:
        raise RuntimeError("stack_module_state: models must be of one class, got several")

    def stacked(tensors: list[Tensor]) -> Tensor:
        if len({t.requires_grad for t in tensors}) > 1:
            raise RuntimeError(
                "stack_module_state: a tensor must require gradients in all models or in none, got both"
            )
        return stack(tensors).detach().requires_grad_(tensors[0].requires_grad)

    params = [dict(m.named_parameters()) for m in models]
    buffers = [dict(m.named_buffers()) for m in models]
    return (
        {k: stacked([p[k] for p in params]) for k in params[0]},
        {k: stacked([b[k] for b in buffers]) for k in buffers[0]},
    )


def _leaf(x: Any) -> Any:
    """A copy of the argument (tensors, in lists, tuples and dicts too) that gradients can be taken for."""
    if isinstance(x, Tensor):
        return x.view_as(x) if x.requires_grad else x.detach().requires_grad_(True)
    if isinstance(x, dict):
        return {k: _leaf(v) for k, v in x.items()}
    return type(x)(_leaf(v) for v in x) if isinstance(x, (list, tuple)) else x


def _tensors(x: Any) -> list[Tensor]:
    if isinstance(x, Tensor):
        return [x]
    values = x.values() if isinstance(x, dict) else x if isinstance(x, (list, tuple)) else ()
    return [t for v in values for t in _tensors(v)]


def _like(x: Any, found: Any) -> Any:
    """The tensors that the iterator `found` gives, in the structure of x."""
    if isinstance(x, Tensor):
        g = next(found)
        return x.new_zeros(x.shape) if g is None else g
    if isinstance(x, dict):
        return {k: _like(v, found) for k, v in x.items()}
    return type(x)(_like(v, found) for v in x) if isinstance(x, (list, tuple)) else x


def grad_and_value(func: Callable, argnums: Any = 0, has_aux: bool = False) -> Callable:
    """A function that gives the gradient of `func` and its value.

    Args:
        func: Returns one number as a tensor; with `has_aux`, that and anything else.
        argnums: The argument(s) to take the gradient for.
        has_aux: See `func`; the value returned is then (value, the rest).
    """
    several = isinstance(argnums, tuple)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        places = [n % len(args) for n in (argnums if several else (argnums,))]
        with enable_grad():
            args = tuple(_leaf(a) if i in places else a for i, a in enumerate(args))
            result = func(*args, **kwargs)
            value, aux = result if has_aux else (result, None)
            if not isinstance(value, Tensor) or value.dim() != 0:
                got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
                raise RuntimeError(f"grad: func must return a tensor with 0 dimensions, got {got}")
            wanted = [args[i] for i in places]
            leaves = [t for a in wanted for t in _tensors(a)]
            outer = any(t.grad_fn is not None for t in leaves)
            found: Any = (None,) * len(leaves)
            if value.requires_grad:
                found = _gradients(value, leaves, create_graph=outer, allow_unused=True)
        each = iter(found)
        grads = tuple(_like(a, each) for a in wanted)
        out = value if outer else value.detach()
        return (grads if several else grads[0]), ((out, aux) if has_aux else out)

    return wrapped


def grad(func: Callable, argnums: Any = 0, has_aux: bool = False) -> Callable:
    """A function that gives the gradient of `func`; arguments as of `grad_and_value`. Nests for higher orders.

    Example:
        >>> torch.func.grad(lambda x: x**3)(torch.tensor(2.0))
        tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        grads, value = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return wrapped


def vjp(func: Callable, *primals: Any, has_aux: bool = False) -> Any:
    """The value of `func(*primals)` and a function from the value's gradients to the arguments'.

    Example:
        >>> value, pull = torch.func.vjp(lambda x: x * x, torch.tensor([1.0, 2.0]))
        >>> pull(torch.ones(2))
        (tensor([2., 4.]),)
    """
    with enable_grad():
        args = tuple(_leaf(a) for a in primals)
        result = func(*args)
    value, aux = result if has_aux else (result, None)
    leaves = [t for a in args for t in _tensors(a)]
    outputs = [t for t in _tensors(value) if t.requires_grad]

    def pull(*cotangents: Any, **options: Any) -> tuple:
        given = cotangents[0] if len(cotangents) == 1 else cotangents
        weights = [g for t, g in zip(_tensors(value), _tensors(given)) if t.requires_grad]
        found: Any = (None,) * len(leaves)
        if outputs:
            found = _gradients(outputs, leaves, weights, retain_graph=True, allow_unused=True)
        each = iter(found)
        return tuple(_like(a, each) for a in args)

    detached = _like(value, iter([t.detach() for t in _tensors(value)]))
    return (detached, pull, aux) if has_aux else (detached, pull)
