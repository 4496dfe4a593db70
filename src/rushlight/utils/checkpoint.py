"""Trade time for memory: drop what a part of a model saved, and run it again in the backward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd import Function, enable_grad
from ..autograd.core import TensorBase
from ..autograd.gradients import backward as run_backward

__all__ = ["checkpoint", "checkpoint_sequential"]


class CheckpointFunction(Function):
    @staticmethod
    def forward(ctx: Any, function: Callable, preserve_rng_state: bool, kwargs: dict, *args: Any) -> Any:
        from ..random import get_rng_state

        ctx.function, ctx.kwargs = function, kwargs
        ctx.rng_state = get_rng_state() if preserve_rng_state else None
        ctx.values = [None if isinstance(a, TensorBase) else a for a in args]
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, TensorBase)]
        ctx.save_for_backward(*[args[i] for i in ctx.places])
        return function(*args, **kwargs)

    @staticmethod
    def backward(ctx: Any, *dys: Any) -> tuple:
        from ..random import get_rng_state, set_rng_state

        args = list(ctx.values)
        for i, t in zip(ctx.places, ctx.saved_tensors, strict=True):
            args[i] = t.detach().requires_grad_(t.requires_grad)
        now = get_rng_state() if ctx.rng_state is not None else None
        try:
            if ctx.rng_state is not None:
                set_rng_state(ctx.rng_state)
            with enable_grad():
                outputs = ctx.function(*args, **ctx.kwargs)
        finally:
            if now is not None:
                set_rng_state(now)
        outputs = (outputs,) if isinstance(outputs, TensorBase) else tuple(outputs)
        pairs = [
            (o, g) for o, g in zip(outputs, dys, strict=True) if isinstance(o, TensorBase) and o.requires_grad
        ]
        if not pairs:
            raise RuntimeError(
                "checkpoint: none of the outputs has requires_grad=True, this checkpoint() is not necessary"
            )
        run_backward([o for o, _ in pairs], [g for _, g in pairs])
        return (None, None, None, *[a.grad if isinstance(a, TensorBase) else None for a in args])


def checkpoint(
    function: Callable,
    *args: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """`function(*args)`, keeping only the arguments: what lies between is computed again for the backward pass.

    Args:
        use_reentrant: Which of PyTorch's two ways; there is one here, with the results of both.
        preserve_rng_state: Draw the same random numbers the second time.

    Example:
        >>> x = rushlight.ones(2, requires_grad=True)
        >>> checkpoint(lambda x: x * x, x, use_reentrant=False).sum().backward()
        >>> x.grad
        tensor([2., 2.])
    """
    options = {
        k: kwargs.pop(k) for k in ("context_fn", "determinism_check", "debug", "early_stop") if k in kwargs
    }
    if options.get("context_fn") is not None:
        raise NotImplementedError(
            "checkpoint: context_fn is not there; checkpoint the parts of the function one by one"
        )
    trigger = None
    if not any(isinstance(a, TensorBase) and a.requires_grad for a in args):
        # Parameters of the function may need gradients though no argument does: hang the node on one that does.
        from ..ops.creation import zeros

        trigger = zeros(0, requires_grad=True)
    return CheckpointFunction.apply(
        (lambda *a, **k: function(*a[:-1], **k)) if trigger is not None else function,
        preserve_rng_state,
        kwargs,
        *args,
        *(() if trigger is None else (trigger,)),
    )


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """A Sequential (or list of functions) in `segments` parts, each checkpointed but the last."""
    parts = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(parts) // segments

    def run(first: int, last: int) -> Callable:
        def forward(x: Any) -> Any:
            for part in parts[first:last]:
                x = part(x)
            return x

        return forward

    start = 0
    for _ in range(segments - 1):
        input = checkpoint(run(start, start + size), input, use_reentrant=use_reentrant, **kwargs)
        start += size
    return run(start, len(parts))(input)
