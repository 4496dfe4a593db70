"""Checkpoints without a node of their own: the graph is recorded as always, but its saved tensors are not kept.

While the function runs, a hook takes each tensor that an operation saves and gives the node an empty `Holder` for it.
When the backward pass first asks a holder for its tensor, the function runs again from its arguments, under a hook
that fills the holders in the order of saving and ends the run after the last. So everything that autograd can do with
an ordinary graph - gradients of some tensors only, hooks, second derivatives, checkpoints inside - goes on to work.

Source: Chen et al. 2016, arXiv:1604.06174, for the idea of running a part again.
"""

from __future__ import annotations

import contextlib
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from ..autograd import Function, enable_grad, is_grad_enabled
from ..autograd.core import TensorBase
from ..autograd.saved import saved_tensors_hooks

__all__ = ["CheckpointError", "run", "same_autocast"]


class CheckpointError(RuntimeError):
    """The second run of a checkpointed function was not like the first."""


class _Done(Exception):  # noqa: N818 - no error: it ends a second run
    """All tensors that the backward pass can ask for are there."""


class Holder:
    """The place of one saved tensor."""

    __slots__ = ("__weakref__", "outline", "value")

    def __init__(self, outline: tuple) -> None:
        self.outline = outline
        self.value: Any = None


def _outline(t: Any) -> tuple:
    return tuple(t.shape), t.dtype


def _told(outlines: list) -> str:
    return ", ".join(f"{dtype} {list(shape)}" for shape, dtype in outlines) or "none"


class _Inputs(Function):
    """Keeps the arguments by `save_for_backward`, so that a checkpoint around this one can drop them."""

    @staticmethod
    def forward(ctx: Any, handle: Any, *tensors: Any) -> Any:
        ctx.save_for_backward(*tensors)
        return handle._alias()

    @staticmethod
    def backward(ctx: Any, *dys: Any) -> Any:
        raise AssertionError("a node that no gradient reaches")


def same_autocast() -> Callable[[], Any]:
    """A function that gives a context with autocast as it is now."""
    casts = sys.modules.get("rushlight.amp._casts")
    if casts is None:  # never used so far: it is off
        on, dtype, caching = False, None, True
    else:
        on, dtype, caching = casts.state.on, casts.state.dtype, casts.state.caching

    def context() -> Any:
        if not on and "rushlight.amp._casts" not in sys.modules:
            return contextlib.nullcontext()
        from ..amp import autocast

        return autocast("cpu", dtype=dtype, enabled=on, cache_enabled=caching)

    return context


@contextlib.contextmanager
def _random_state(state: Any) -> Iterator[None]:
    if state is None:
        yield
        return
    from ..random import get_rng_state, set_rng_state

    now = get_rng_state()
    set_rng_state(state)
    try:
        yield
    finally:
        set_rng_state(now)


class Frame:
    """One call of a checkpointed function: how to run it again, and the holders that it fills."""

    def __init__(self, function: Callable, args: tuple, kwargs: dict, options: dict) -> None:
        from ..ops.creation import zeros
        from ..random import get_rng_state

        self.function = function
        self.second, self.check = options["second"], options["check"]
        self.early_stop, self.debug = options["early_stop"], options["debug"]
        self.autocast = same_autocast()
        self.state = get_rng_state() if options["preserve_rng_state"] else None
        self.holders: list = []  # weak: a holder that nobody can ask any more is not filled
        values = [*args, *kwargs.values()]
        self.count, self.names = len(args), list(kwargs)
        self.places = [i for i, v in enumerate(values) if isinstance(v, TensorBase)]
        self.values = [None if isinstance(v, TensorBase) else v for v in values]
        # A fresh leaf, so that the node is recorded though no argument may need a gradient.
        self.kept = _Inputs.apply(zeros(0, requires_grad=True), *[values[i] for i in self.places]).grad_fn

    def pack(self, t: Any) -> Holder:
        """The hook of the first run."""
        holder = Holder(_outline(t))
        self.holders.append(weakref.ref(holder))
        return holder

    def unpack(self, holder: Holder) -> Any:
        """The tensor of a holder: from the second run, which happens now if it has not. It is given once."""
        if holder.value is None:
            self._again()
        value, holder.value = holder.value, None
        if value is None:
            raise CheckpointError(
                "checkpoint: the function must save the same tensors when it runs again, got none for the tensor "
                f"{_told([holder.outline])}"
            )
        return value

    def _again(self) -> None:
        seen: list = []

        def fill(t: Any) -> Any:
            at = len(seen)
            seen.append(_outline(t))
            holder = self.holders[at]() if at < len(self.holders) else None
            if holder is not None:
                holder.value = t.detach()
            if self.early_stop and len(seen) == len(self.holders):
                raise _Done
            return t.detach()

        values = list(self.values)
        for i, t in zip(self.places, self.kept.saved_tensors, strict=True):
            values[i] = t
        args, kwargs = values[: self.count], dict(zip(self.names, values[self.count :], strict=True))
        # The user's context is innermost; it does not see how a run ends early.
        with contextlib.suppress(_Done), _random_state(self.state), enable_grad(), self.autocast():
            with self.second, saved_tensors_hooks(fill, lambda t: t):
                self.function(*args, **kwargs)
        self._compare(seen)

    def _compare(self, seen: list) -> None:
        firsts = [None if (h := ref()) is None else h.outline for ref in self.holders]
        more = ""
        if self.debug:
            more = f"; saved first: {_told([f for f in firsts if f])}; saved now: {_told(seen)}"
        if len(seen) != len(firsts):
            raise CheckpointError(
                "checkpoint: the function must save as many tensors when it runs again (A different number of tensors was "
                f"saved during the original forward and recomputation), got {len(seen)} and first {len(firsts)}{more}"
            )
        if not self.check:
            return
        for i, (first, now) in enumerate(zip(firsts, seen, strict=True)):
            if first is not None and first != now:
                raise CheckpointError(
                    "checkpoint: the function must give the same shapes and dtypes when it runs again (Recomputed values "
                    f"have different metadata), got {_told([now])} and first {_told([first])} for saved tensor {i}{more}"
                )


def run(function: Callable, args: tuple, kwargs: dict, first: Any, **options: Any) -> Any:
    """`function(*args, **kwargs)`, its saved tensors dropped. `first` is the context of this run."""
    if not is_grad_enabled():
        with first:
            return function(*args, **kwargs)
    frame = Frame(function, args, kwargs, options)
    with saved_tensors_hooks(frame.pack, frame.unpack), first:
        return function(*args, **kwargs)
