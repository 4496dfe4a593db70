"""Trade time for memory: drop what a part of a model saved, and run it again in the backward pass."""

from __future__ import annotations

import contextlib
import enum
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from ..autograd import Function, enable_grad, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.gradients import backward as run_backward

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "CheckpointPolicy",
    "DefaultDeviceType",
    "SelectiveCheckpointContext",
    "check_backward_validity",
    "checkpoint",
    "checkpoint_sequential",
    "create_selective_checkpoint_contexts",
    "detach_variable",
    "get_device_states",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
    "set_device_states",
]


class CheckpointError(RuntimeError):
    """The second run of a checkpointed function was not like the first."""


def noop_context_fn() -> tuple[Any, Any]:
    """Two contexts that do nothing: for the first run of the function and for the second."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def _outline(outputs: tuple) -> list:
    return [(tuple(t.shape), t.dtype) if isinstance(t, TensorBase) else None for t in outputs]


class CheckpointFunction(Function):
    """The node of a checkpoint: keeps the arguments, and runs the function again for its backward."""

    @staticmethod
    def forward(ctx: Any, function: Callable, preserve_rng_state: bool, contexts: tuple, *args: Any) -> tuple:
        from ..random import get_rng_state

        first, ctx.second, ctx.check = contexts
        ctx.function = function
        ctx.rng_state = get_rng_state() if preserve_rng_state else None
        ctx.values = [None if isinstance(a, TensorBase) else a for a in args]
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, TensorBase)]
        ctx.save_for_backward(*[args[i] for i in ctx.places])
        with first:
            result = function(*args)
        ctx.outline = _outline(result)
        return result

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
            with enable_grad(), ctx.second:
                outputs = ctx.function(*args)
        finally:
            if now is not None:
                set_rng_state(now)
        if ctx.check and _outline(outputs) != ctx.outline:
            raise CheckpointError(
                "checkpoint: the function must give the same shapes and dtypes when it runs again (Recomputed values have "
                f"different metadata), got {_outline(outputs)} and first {ctx.outline}"
            )
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
        context_fn: Gives two contexts: for the first run of the function and for the second.
        determinism_check: 'default' compares the shapes and dtypes of the two runs' results, 'none' does not.
        debug, early_stop: Of how PyTorch runs the function again; accepted.
    Raises:
        CheckpointError: the second run gave other shapes or dtypes.

    Example:
        >>> x = rushlight.ones(2, requires_grad=True)
        >>> checkpoint(lambda x: x * x, x, use_reentrant=False).sum().backward()
        >>> x.grad
        tensor([2., 2.])
    """
    first, second = (kwargs.pop("context_fn", None) or noop_context_fn)()
    check = kwargs.pop("determinism_check", "default")
    if check not in ("default", "none"):
        raise ValueError(f"checkpoint: determinism_check must be 'default' or 'none', got {check!r}")
    kwargs.pop("debug", None), kwargs.pop("early_stop", None)  # of how PyTorch runs the function again
    from ..func import tree

    names, count, shape = list(kwargs), len(args), [None]

    def flat(*values: Any) -> tuple:
        """`function` of one list of values, giving one list of results: that is what a node can hold."""
        result = function(*values[:count], **dict(zip(names, values[count:], strict=False)))
        if not is_grad_enabled():  # the first run
            shape[0] = result
        return tuple(tree.leaves(result))

    everything = (*args, *kwargs.values())
    if not any(isinstance(a, TensorBase) and a.requires_grad for a in everything):
        # Parameters of the function may need gradients though no argument does: hang the node on one that does.
        from ..ops.creation import zeros

        everything = (*everything, zeros(0, requires_grad=True))
    contexts = (first, second, check == "default")
    results = CheckpointFunction.apply(flat, preserve_rng_state, contexts, *everything)
    structure, shape[0] = shape[0], None
    return tree.with_leaves(structure, iter(results))


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


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """A context for PyTorch's way of running a function only in part again; here it always runs whole."""
    yield


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """A context for PyTorch's long messages about second runs that differ; here a `CheckpointError` tells it."""
    yield


def detach_variable(inputs: tuple) -> tuple:
    """The tensors without their history; those that required gradients still do."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"detach_variable: inputs must be a tuple of tensors, got {type(inputs).__name__}")
    return tuple(
        [t.detach().requires_grad_(t.requires_grad) if isinstance(t, TensorBase) else t for t in inputs]  # type: ignore[attr-defined]
    )


def check_backward_validity(inputs: Any) -> None:
    """Warn when no input requires gradients."""
    if not any(isinstance(t, TensorBase) and t.requires_grad for t in inputs):
        warnings.warn(
            "checkpoint: None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2
        )


def get_device_states(*args: Any) -> tuple[list, list]:
    """The random states of accelerators that tensors are on: none."""
    return [], []


def set_device_states(devices: Any, states: Any, *, device_type: str | None = None) -> None:
    """Set the random states of accelerators: there are none."""
    if devices:
        raise RuntimeError(f"set_device_states: devices must be empty, got {list(devices)}")


class DefaultDeviceType:
    """The kind of accelerator that checkpoints are made for; its name is kept."""

    _type = "cuda"

    @staticmethod
    def set_device_type(device: str = "cuda") -> None:
        """Set it."""
        DefaultDeviceType._type = device

    @staticmethod
    def get_device_type() -> str:
        """Get it."""
        return DefaultDeviceType._type


class CheckpointPolicy(enum.Enum):
    """What to do with an operation's result: PyTorch's names."""

    MUST_SAVE = 0
    PREFER_SAVE = 1
    MUST_RECOMPUTE = 2
    PREFER_RECOMPUTE = 3
    MUST_CPU_OFFLOAD = 4


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(
        f"{name}: the choice of what to save, operation by operation, is not there; checkpoint the parts of the model "
        "that are to be run again"
    )


class SelectiveCheckpointContext:
    """An error: results are not chosen one by one."""

    def __init__(self, *, is_recompute: bool) -> None:
        _refuse("SelectiveCheckpointContext")


def create_selective_checkpoint_contexts(
    policy_fn_or_list: Any, allow_cache_entry_mutation: bool = False
) -> Any:
    """An error: results are not chosen one by one."""
    _refuse("create_selective_checkpoint_contexts")
