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
from ._recompute import CheckpointError, run, same_autocast

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
        ctx.function, ctx.autocast = function, same_autocast()
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
            with enable_grad(), ctx.autocast(), ctx.second:
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


CheckpointFunction._name = "CheckpointFunctionBackward"  # as PyTorch calls it
_debug: bool | None = None  # set by the contexts below, for all checkpoints
_early_stop: bool | None = None


def checkpoint(
    function: Callable,
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """`function(*args, **kwargs)`, keeping only the arguments: the rest is computed again for the backward pass.

    Args:
        use_reentrant: False, the better way: the graph is an ordinary one whose saved tensors come from a second run
            of the function. True: one node that runs the function again and a backward pass inside; gradients of
            parameters are added up even where `autograd.grad` asks for others. Not given: True, with a warning.
        preserve_rng_state: Draw the same random numbers the second time. Default True.
        context_fn: Gives two contexts: for the first run of the function and for the second.
        determinism_check: 'default' compares the shapes and dtypes of the two runs' saved tensors, 'none' does not.
        debug: Tell all saved tensors where the two runs differ.
        early_stop: End the second run as soon as it has saved all that the first did.
    Raises:
        CheckpointError: the second run saved other tensors.
        ValueError: `context_fn`, `debug` or keyword arguments together with use_reentrant=True.

    Example:
        >>> x = rushlight.ones(2, requires_grad=True)
        >>> checkpoint(lambda x: x * x, x, use_reentrant=False).sum().backward()
        >>> x.grad
        tensor([2., 2.])
    """
    if determinism_check not in ("default", "none"):
        raise ValueError(
            f"checkpoint: determinism_check must be 'default' or 'none', got {determinism_check!r}"
        )
    preserve = kwargs.pop("preserve_rng_state", True)
    check = determinism_check == "default"
    if use_reentrant is None:
        _warn_default("checkpoint")
        use_reentrant = True
    if not use_reentrant:
        first, second = context_fn()
        return run(
            function,
            args,
            kwargs,
            first,
            second=second,
            check=check,
            preserve_rng_state=preserve,
            early_stop=early_stop if _early_stop is None else _early_stop,
            debug=debug if _debug is None else _debug,
        )
    if kwargs:
        raise ValueError(
            f"checkpoint: keyword arguments must not be given with use_reentrant=True (Unexpected keyword arguments: "
            f"{', '.join(kwargs)}); pass use_reentrant=False"
        )
    if context_fn is not noop_context_fn or debug:
        raise ValueError(
            "checkpoint: Passing `context_fn` or `debug` is only supported when use_reentrant=False, got use_reentrant=True"
        )
    return _reentrant(function, args, preserve, check)


def _warn_default(function: str) -> None:
    warnings.warn(
        f"{function}: the use_reentrant parameter should be passed explicitly; use_reentrant=False is recommended, and "
        "without it True is taken",
        stacklevel=3,
    )


def _reentrant(function: Callable, args: tuple, preserve: bool, check: bool) -> Any:
    from ..func import tree

    shape: list = [None]

    def flat(*values: Any) -> tuple:
        """`function` giving one list of results: that is what a node can hold."""
        result = function(*values[: len(args)])
        if not is_grad_enabled():  # the first run
            shape[0] = result
        return tuple(tree.leaves(result))

    everything = args
    if not any(isinstance(a, TensorBase) and a.requires_grad for a in args):
        # Parameters of the function may need gradients though no argument does: hang the node on one that does.
        from ..ops.creation import zeros

        everything = (*args, zeros(0, requires_grad=True))
    results = CheckpointFunction.apply(flat, preserve, (*noop_context_fn(), check), *everything)
    structure, shape[0] = shape[0], None
    return tree.with_leaves(structure, iter(results))


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """A Sequential (or list of functions) in `segments` parts, each checkpointed but the last.

    Args:
        use_reentrant: As of `checkpoint`.
        preserve_rng_state: As of `checkpoint`.

    Example:
        >>> model = rushlight.nn.Sequential(rushlight.nn.Linear(2, 2), rushlight.nn.Tanh())
        >>> checkpoint_sequential(model, 2, rushlight.ones(1, 2), use_reentrant=False).shape
        torch.Size([1, 2])
    """
    if use_reentrant is None:
        _warn_default("checkpoint_sequential")
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError(
            f"checkpoint_sequential: Unexpected keyword arguments: it must be given use_reentrant and preserve_rng_state "
            f"only, got {', '.join(kwargs)}"
        )
    parts = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(parts) // segments

    def made(first: int, last: int) -> Callable:
        def forward(x: Any) -> Any:
            for part in parts[first:last]:
                x = part(x)
            return x

        return forward

    start = 0
    for _ in range(segments - 1):
        part = made(start, start + size)
        input = checkpoint(part, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
        start += size
    return made(start, len(parts))(input)


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """A context that sets `early_stop` of all checkpoints made inside."""
    global _early_stop
    before, _early_stop = _early_stop, enable
    try:
        yield
    finally:
        _early_stop = before


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """A context that sets `debug` of all checkpoints made inside; None leaves it to each."""
    global _debug
    before, _debug = _debug, enabled
    try:
        yield
    finally:
        _debug = before


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

    def __init__(self, *, is_recompute: bool, op_output: Any = None) -> None:
        _refuse("SelectiveCheckpointContext")


def create_selective_checkpoint_contexts(
    policy_fn_or_list: Any, allow_cache_entry_mutation: bool = False
) -> Any:
    """An error: results are not chosen one by one."""
    _refuse("create_selective_checkpoint_contexts")
