"""Modules called with other parameters than their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..nn.utils.stateless import functional_call as _call_one
from ..ops.join import stack
from ..tensor import Tensor

__all__ = ["functional_call", "stack_module_state"]


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
