"""Hooks: functions of the user's that run around a module's forward and backward.

`Module.__call__` comes here only when some hook exists. Each table of hooks is an ordered dict
{id: function}; the tables of one module live on it (`_forward_hooks`, ...), the global ones below.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ...autograd import Function
from ...tensor import Tensor
from ...utils.hooks import RemovableHandle as RemovableHandle


class GlobalHooks:
    """The hooks of all modules at once. `active` is what `Module.__call__` looks at."""

    def __init__(self) -> None:
        self.forward_pre: OrderedDict = OrderedDict()
        self.forward: OrderedDict = OrderedDict()
        self.forward_with_kwargs: OrderedDict = OrderedDict()
        self.forward_always: OrderedDict = OrderedDict()
        self.backward_pre: OrderedDict = OrderedDict()
        self.backward: OrderedDict = OrderedDict()
        self.is_full_backward: bool | None = None
        self.parameter_registration: OrderedDict = OrderedDict()
        self.buffer_registration: OrderedDict = OrderedDict()
        self.module_registration: OrderedDict = OrderedDict()

    @property
    def active(self) -> bool:
        return bool(self.forward_pre or self.forward or self.backward_pre or self.backward)


GLOBAL = GlobalHooks()


def add(
    table: OrderedDict, hook: Callable, prepend: bool = False, flags: list | None = None
) -> RemovableHandle:
    """Put `hook` into `table`, and True under its id into each of the `flags` tables."""
    handle = RemovableHandle(table, extra_dict=flags)
    table[handle.id] = hook
    for flag in flags or ():
        flag[handle.id] = True
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


def register_module_parameter_registration_hook(hook: Callable) -> RemovableHandle:
    """Run `hook(module, name, parameter) -> None or parameter` at every `register_parameter`."""
    return add(GLOBAL.parameter_registration, hook)


def register_module_buffer_registration_hook(hook: Callable) -> RemovableHandle:
    """Run `hook(module, name, buffer) -> None or buffer` at every `register_buffer`."""
    return add(GLOBAL.buffer_registration, hook)


def register_module_module_registration_hook(hook: Callable) -> RemovableHandle:
    """Run `hook(module, name, submodule) -> None or submodule` at every `register_module`."""
    return add(GLOBAL.module_registration, hook)


def register_module_forward_pre_hook(hook: Callable) -> RemovableHandle:
    """Run `hook(module, args) -> None or new args` before every forward of every module."""
    return add(GLOBAL.forward_pre, hook)


def register_module_forward_hook(
    hook: Callable, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Run `hook(module, args, output) -> None or new output` after every forward of every module.

    Args:
        with_kwargs: The hook takes the keyword arguments too: `hook(module, args, kwargs, output)`.
        always_call: Run it also when forward raises; `output` is None then.
    """
    flags = [GLOBAL.forward_with_kwargs] if with_kwargs else []
    if always_call:
        flags.append(GLOBAL.forward_always)
    return add(GLOBAL.forward, hook, flags=flags)


def register_module_full_backward_pre_hook(hook: Callable) -> RemovableHandle:
    """Run `hook(module, grad_output) -> None or new grad_output` before every module's backward."""
    return add(GLOBAL.backward_pre, hook)


def register_module_full_backward_hook(hook: Callable) -> RemovableHandle:
    """Run `hook(module, grad_input, grad_output) -> None or new grad_input` after every module's backward."""
    return _register_global_backward(hook, True)


def register_module_backward_hook(hook: Callable) -> RemovableHandle:
    """The older form of `register_module_full_backward_hook`; the hook sees the same gradients."""
    return _register_global_backward(hook, False)


def _register_global_backward(hook: Callable, full: bool) -> RemovableHandle:
    if GLOBAL.backward and GLOBAL.is_full_backward is not full:
        raise RuntimeError(
            "register_module_backward_hook: hook must be of one kind, got both regular and full backward hooks; "
            "use register_module_full_backward_hook for all"
        )
    GLOBAL.is_full_backward = full
    return add(GLOBAL.backward, hook)


class BackwardHookFunction(Function):
    """The identity, a gate in the graph: `gate(gradients)` sees, and may replace, what comes back."""

    @staticmethod
    def forward(ctx: Any, gate: Callable, *tensors: Tensor) -> Any:
        ctx.gate = gate
        return tuple(x.view_as(x) for x in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple:
        return (None, *ctx.gate(grads))


BackwardHookFunction._name = "BackwardHookFunctionBackward"  # PyTorch's name of the node


class BackwardCall:
    """One call of a module with backward hooks: gates around its inputs and its outputs."""

    def __init__(self, module: Any, hooks: list, pre_hooks: list) -> None:
        self.module, self.hooks, self.pre_hooks = module, hooks, pre_hooks
        self.grad_output: tuple | None = None
        self.n_inputs = -1  # -1: no input needs a gradient
        self.places: list[int] = []

    def _gate(self, values: tuple, gate: Callable) -> tuple[tuple, list[int]]:
        places = [i for i, v in enumerate(values) if isinstance(v, Tensor) and v.requires_grad]
        if not places:
            return values, places
        gated = BackwardHookFunction.apply(gate, *[values[i] for i in places])
        out = list(values)
        for i, v in zip(places, gated, strict=True):
            out[i] = v
        return tuple(out), places

    def inputs(self, args: tuple) -> tuple:
        self.n_args = len(args)
        args, self.places = self._gate(args, self._input_gradients)
        if self.places:
            self.n_inputs = len(args)
        return args

    def outputs(self, result: Any) -> Any:
        single = isinstance(result, Tensor)
        values = (result,) if single else result
        if not isinstance(values, tuple):
            warnings.warn(
                f"{type(self.module).__name__}: output must be a Tensor or a tuple of Tensors for backward hooks "
                f"to run, got {type(result).__name__}",
                stacklevel=4,
            )
            return result
        self.n_outputs = len(values)
        gated, self.out_places = self._gate(values, self._output_gradients)
        return gated[0] if single else type(values)(*gated) if hasattr(values, "_fields") else gated

    def _output_gradients(self, grads: tuple) -> tuple:
        full = spread(grads, self.out_places, self.n_outputs)
        for hook in self.pre_hooks:
            new = hook(self.module, full)
            if new is not None:
                full = self._checked(new, len(full), "full_backward_pre_hook")
        self.grad_output = full
        if self.n_inputs < 0:  # no gate in front: the hooks' only occasion
            for hook in self.hooks:
                new = hook(self.module, (None,) * self.n_args, full)
                if new is not None and any(g is not None for g in as_tuple(new)):
                    raise RuntimeError(
                        "full_backward_hook: grad_input must be None when no input requires a gradient, got a gradient"
                    )
            self.grad_output = None
        return tuple(full[i] for i in self.out_places)

    def _input_gradients(self, grads: tuple) -> tuple:
        if self.grad_output is None:  # the backward did not come through this module's outputs
            return grads
        full = spread(grads, self.places, self.n_inputs)
        for hook in self.hooks:
            new = hook(self.module, full, self.grad_output)
            if new is not None:
                full = self._checked(new, len(full), "full_backward_hook")
        self.grad_output = None
        return tuple(full[i] for i in self.places)

    @staticmethod
    def _checked(new: Any, count: int, name: str) -> tuple:
        new = as_tuple(new)
        if len(new) != count:
            raise RuntimeError(f"{name}: the hook must return {count} gradients, got {len(new)}")
        return new


def as_tuple(x: Any) -> tuple:
    return x if isinstance(x, tuple) else (x,)


def spread(values: tuple, places: list[int], count: int) -> tuple:
    """`values` at `places` of a tuple of `count`, None elsewhere."""
    out: list[Any] = [None] * count
    for i, v in zip(places, values, strict=True):
        out[i] = v
    return tuple(out)


def call_with_hooks(module: Any, args: tuple, kwargs: dict) -> Any:
    """`module.forward(*args, **kwargs)` with every hook around it."""
    called: set = set()
    result = None
    try:
        for table, with_kwargs in (
            (GLOBAL.forward_pre, {}),
            (module._forward_pre_hooks, module._forward_pre_hooks_with_kwargs),
        ):
            for key, hook in list(table.items()):
                if key in with_kwargs:
                    new = hook(module, args, kwargs)
                    if new is not None:
                        if not (isinstance(new, tuple) and len(new) == 2):
                            raise RuntimeError(
                                "forward_pre_hook: the hook must return None or a tuple (new args, new kwargs), "
                                f"got {new!r}"
                            )
                        args, kwargs = new
                else:
                    new = hook(module, args)
                    if new is not None:
                        args = as_tuple(new)
        backward = None
        hooks = [*GLOBAL.backward.values(), *module._backward_hooks.values()]
        pre_hooks = [*GLOBAL.backward_pre.values(), *module._backward_pre_hooks.values()]
        if hooks or pre_hooks:
            backward = BackwardCall(module, hooks, pre_hooks)
            args = backward.inputs(args)
        result = module.forward(*args, **kwargs)
        for table, with_kwargs, always in (
            (GLOBAL.forward, GLOBAL.forward_with_kwargs, GLOBAL.forward_always),
            (module._forward_hooks, module._forward_hooks_with_kwargs, module._forward_hooks_always_called),
        ):
            for key, hook in list(table.items()):
                if key in always:
                    called.add(key)
                new = hook(module, args, kwargs, result) if key in with_kwargs else hook(module, args, result)
                if new is not None:
                    result = new
        return result if backward is None else backward.outputs(result)
    except Exception:
        _always_called(module, args, kwargs, result, called)
        raise


def _always_called(module: Any, args: tuple, kwargs: dict, result: Any, called: set) -> None:
    """After an error: the hooks registered with always_call=True that did not run yet."""
    for table, with_kwargs, always in (
        (GLOBAL.forward, GLOBAL.forward_with_kwargs, GLOBAL.forward_always),
        (module._forward_hooks, module._forward_hooks_with_kwargs, module._forward_hooks_always_called),
    ):
        for key, hook in list(table.items()):
            if key in always and key not in called:
                try:
                    new = (
                        hook(module, args, kwargs, result)
                        if key in with_kwargs
                        else hook(module, args, result)
                    )
                    if new is not None:
                        result = new
                except Exception as error:
                    warnings.warn(
                        f"forward hook with always_call=True raised an exception: {error}", stacklevel=4
                    )
