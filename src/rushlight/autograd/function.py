"""`Function`: how every operation, ours or a user's, says its forward and its backward."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .core import Node, TensorBase, is_grad_enabled, run_backward
from .grad_mode import enable_grad, no_grad

__all__ = ["Function", "FunctionCtx", "composed_vjp", "once_differentiable"]


class Function(Node):
    """A differentiable operation: subclass it, write `forward` and `backward`, call `apply`.

    `forward(ctx, *args)` computes the result from tensors and other values, with recording off; it may
    keep tensors with `ctx.save_for_backward` and anything else as attributes of `ctx`.
    `backward(ctx, *grads)` gets the gradient of each result and gives one for each argument of forward,
    None where there is none. A gradient may still have the broadcast shape: the engine sums it down.
    Alternatively forward does without `ctx` and `setup_context(ctx, inputs, output)` saves.

    Example:
        >>> class Square(Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x * x
        ...
        ...     @staticmethod
        ...     def backward(ctx, dy):
        ...         (x,) = ctx.saved_tensors
        ...         return 2 * x * dy
        >>> x = rushlight.tensor(3.0, requires_grad=True)
        >>> Square.apply(x).backward()
        >>> x.grad
        tensor(6.)
    """

    _name = "Function"
    _view = False  # the result is a view of the first argument
    _flags = 0

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # Our own nodes are called what PyTorch calls them; a user's get its suffix.
        cls._name = cls.__name__ if cls.__module__.startswith("rushlight.") else cls.__name__ + "Backward"
        setup = cls.setup_context is not Function.setup_context
        cls._forward = classmethod(_forward_then_setup) if setup else cls.forward  # type: ignore[attr-defined]
        cls._flags = int(cls._view) + 2 * setup  # for the compiled `apply`

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(
            f"{type(self).__name__}: a Function must not be instantiated; call {type(self).__name__}.apply(...)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result. To be written by the subclass."""
        raise NotImplementedError("Function: a subclass must define the static method forward")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Compute the arguments' gradients. To be written by the subclass."""
        raise NotImplementedError(
            f"{ctx.name()}: this Function has no backward, so it cannot be differentiated; define it as a static method"
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Any) -> None:
        """Save what backward needs, where forward is written without `ctx`."""
        raise NotImplementedError("Function: setup_context is not defined")

    def name(self) -> str:
        """The node's name as PyTorch gives it, for example 'MulBackward0'."""
        return self._name

    def __repr__(self) -> str:
        return f"<{self._name} object at {id(self):#x}>"

    def register_hook(self, fn: Callable) -> Any:
        """Call `fn(grad_inputs, grad_outputs)` after this node's backward; what it gives replaces them."""
        from ..utils.hooks import RemovableHandle

        if getattr(self, "_post_hooks", None) is None:
            self._post_hooks: dict = {}
        handle = RemovableHandle(self._post_hooks)
        self._post_hooks[handle.id] = fn
        return handle

    def register_prehook(self, fn: Callable) -> Any:
        """Call `fn(grad_outputs)` before this node's backward; what it gives replaces them."""
        from ..utils.hooks import RemovableHandle

        if self._hooks is None:
            self._hooks = {}
        handle = RemovableHandle(self._hooks)
        self._hooks[handle.id] = (None, fn)
        return handle

    @property
    def metadata(self) -> dict:
        """A dict for users' notes on this node."""
        return self.__dict__.setdefault("_metadata", {})


FunctionCtx = Function


def _forward_then_setup(cls: type[Function], ctx: Any, *args: Any) -> Any:
    output = cls.forward(*args)
    cls.setup_context(ctx, args, output)
    return output


def once_differentiable(backward: Callable) -> Callable:
    """Decorator for a `backward` that cannot be differentiated itself: a second derivative is an error."""

    @functools.wraps(backward)
    def wrapped(ctx: Any, *grads: Any) -> Any:
        recording = is_grad_enabled() and any(isinstance(g, TensorBase) and g.requires_grad for g in grads)
        with no_grad():
            results = backward(ctx, *grads)
        if not recording:
            return results
        several = isinstance(results, tuple)
        refused = [
            _Refuse.apply(g, *grads) if isinstance(g, TensorBase) else g
            for g in (results if several else (results,))
        ]
        return tuple(refused) if several else refused[0]

    return wrapped


class _Refuse(Function):
    @staticmethod
    def forward(ctx: Any, result: Any, *grads: Any) -> Any:
        return result._alias()

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        raise RuntimeError(
            "backward: trying to differentiate twice a function that was marked with @once_differentiable"
        )


class AliasBackward0(Function):
    """The same value, as a node of its own."""

    _view = True

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x._alias()

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return dy


def composed_vjp(function: Callable, grads: Any, inputs: Sequence, **kwargs: Any) -> tuple:
    """Gradients of `function(*inputs, **kwargs)`, differentiable themselves.

    This is how a fused operation answers `create_graph=True`: its composed definition is run again and
    differentiated in its place.

    Args:
        grads: The gradient of the result; a tuple of them (None allowed) for several results.
        inputs: Tensors; None and other values are passed on.

    Returns:
        One gradient for each input, None where it needs none.
    """
    with enable_grad():
        args = [
            AliasBackward0.apply(x) if isinstance(x, TensorBase) and x.requires_grad else x for x in inputs
        ]
        wanted = [i for i, x in enumerate(args) if isinstance(x, TensorBase) and x.requires_grad]
        outputs = function(*args, **kwargs)
        if not isinstance(outputs, tuple):
            outputs, grads = (outputs,), (grads,)
        pairs = [(o, g) for o, g in zip(outputs, grads, strict=False) if g is not None and o.requires_grad]
        results: list = [None] * len(args)
        if wanted and pairs:
            roots, root_grads = zip(*pairs, strict=True)
            found: Any = run_backward(
                roots, root_grads, True, True, tuple(args[i] for i in wanted), False, True
            )
            for i, g in zip(wanted, found, strict=True):
                results[i] = g
    return tuple(results)
