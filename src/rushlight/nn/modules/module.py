"""Module: the base class of every layer and model.

What a module holds stands in three dicts, `_parameters`, `_buffers` and `_modules`; assigning a Parameter, a
Module or (to a buffer's name) a Tensor to an attribute files it there, and `__getattr__` finds it again.
Saving and loading are in `_state.py`, hooks in `_hooks.py`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ... import devices, dtypes
from ...autograd import no_grad
from ...errors import kind_of
from ...kernels import _C
from ...tensor import Tensor
from ..parameter import Buffer, Parameter
from . import _hooks
from ._hooks import (  # type: ignore[attr-defined]
    RemovableHandle,
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from ._state import State

__all__ = [
    "register_module_forward_pre_hook",
    "register_module_forward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_backward_hook",
    "register_module_full_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
    "Module",
]

M = TypeVar("M", bound="Module")
_hooked = _hooks.GLOBAL
_HOOK_TABLES = (
    "_backward_pre_hooks",
    "_backward_hooks",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


def _addindent(text: str, spaces: int) -> str:
    """All lines but the first moved right."""
    return text.replace("\n", "\n" + " " * spaces)


def _note_path(error: BaseException, module: Module) -> None:
    """Add to `error` where in the model it happened: `in fc2 (Linear)`, renewed by each module it passes.

    The innermost module writes a note; each one around it, which knows a longer path, rewrites it.
    """
    state = getattr(error, "_rushlight_module", None)
    kind = type(module).__name__
    try:
        if state is None:
            note = f"in {kind}"
            error.add_note(note)
            error._rushlight_module = (module, note)  # type: ignore[attr-defined]
            return
        inner, note = state
        for name, m in module.named_modules():
            if m is inner and name and note in error.__notes__:
                new = f"in {name} ({type(inner).__name__})"
                error.__notes__[error.__notes__.index(note)] = new
                error._rushlight_module = (inner, new)  # type: ignore[attr-defined]
                return
    except Exception:  # an exotic exception or a half-made module: the error itself matters more
        return


class Module(State):
    """Base class of layers and models: subclass it, make the parts in `__init__`, compute in `forward`.

    Attributes:
        training: Whether the module is in training mode (`train()`), as dropout and batch norm ask.

    Example:
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.fc1 = nn.Linear(4, 8)
        ...         self.fc2 = nn.Linear(8, 2)
        ...
        ...     def forward(self, x):
        ...         return self.fc2(self.fc1(x).relu())
        >>> Net()
        Net(
          (fc1): Linear(in_features=4, out_features=8, bias=True)
          (fc2): Linear(in_features=8, out_features=2, bias=True)
        )
    """

    dump_patches: bool = False
    call_super_init: bool = False
    _compiled_call_impl: Callable | None = None
    training: bool
    _is_full_backward_hook: bool | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _speed_up(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init and (args or kwargs):
            got = repr(next(iter(kwargs))) if kwargs else f"{len(args)} positional"
            raise TypeError(
                f"{type(self).__name__}.__init__: no arguments must reach Module.__init__, got {got}"
            )
        d = self.__dict__
        d["training"] = True
        d["_parameters"] = {}
        d["_buffers"] = {}
        d["_non_persistent_buffers_set"] = set()
        d["_is_full_backward_hook"] = None
        for name in _HOOK_TABLES:
            d[name] = OrderedDict()
        d["_modules"] = {}
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def forward(self, *input: Any) -> Any:
        """The computation; every subclass defines it. Call the module itself, which also runs the hooks."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function: define '
            "forward(self, ...) in the class"
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = self.forward
        if (
            self._forward_hooks
            or self._forward_pre_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
            or _hooked.forward
            or _hooked.forward_pre
            or _hooked.backward
            or _hooked.backward_pre
        ):
            args, call = (self, args, kwargs), _hooks.call_with_hooks
            kwargs = {}
        try:
            return call(*args, **kwargs)
        except Exception as error:
            _note_path(error, self)
            raise

    # -- registration -------------------------------------------------------------------------------

    def _check_name(self, kind: str, name: str, table: dict) -> None:
        """The rules for a new name in one of the three dicts."""
        if not isinstance(name, str):
            raise TypeError(f"register_{kind}: name must be a str, got {type(name).__name__}")
        if hasattr(self, name) and name not in table:
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            raise KeyError(f"register_{kind}: name must not contain '.', got {name!r}")
        if name == "":
            raise KeyError(f"register_{kind}: name must not be the empty string, got ''")

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the module but is not trained, such as a running mean.

        Args:
            name: The attribute it is found under.
            tensor: The tensor, or None for a buffer that is not there (and not saved).
            persistent: Whether `state_dict` contains it.
        """
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"register_buffer: {name} must be a Tensor or None, got {kind_of(tensor)}")
        for hook in _hooked.buffer_registration.values():
            new = hook(self, name, tensor)
            tensor = tensor if new is None else new
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter; None reserves the name without one. The same as assigning to the attribute."""
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_name("parameter", name, self._parameters)
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"register_parameter: {name} must be a torch.nn.Parameter or None, got {type(param).__name__}"
                )
            if param.grad_fn is not None:
                raise ValueError(
                    f"register_parameter: {name} must be a leaf tensor, got one computed by {param.grad_fn}; "
                    "compute it in forward() from a parameter"
                )
            for hook in _hooked.parameter_registration.values():
                new = hook(self, name, param)
                param = param if new is None else new
        self._parameters[name] = param

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child module under a name; the same as assigning to the attribute."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"add_module: {name} must be a Module or None, got {type(module).__name__}")
        if "_modules" not in self.__dict__:
            raise AttributeError("cannot assign module before Module.__init__() call")
        self._check_name("module", name, self._modules)
        self._modules[name] = self._hooked_module(name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """The same as `add_module`."""
        self.add_module(name, module)

    def _hooked_module(self, name: str, module: Module | None) -> Module | None:
        for hook in _hooked.module_registration.values():
            new = hook(self, name, module)
            module = module if new is None else new
        return module

    def __getattr__(self, name: str) -> Any:
        d = self.__dict__
        if "_modules" not in d:
            raise AttributeError(
                f"{type(self).__name__}.__init__ must call super().__init__() first, got an access to {name!r} before it"
            )
        for table in ("_parameters", "_buffers", "_modules"):
            if name in d[table]:
                return d[table][name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        d = self.__dict__
        if isinstance(value, Parameter):
            if "_parameters" not in d:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._forget(name, "_buffers", "_modules")
            self.register_parameter(name, value)
        elif "_parameters" in d and name in d["_parameters"]:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, None)
        elif isinstance(value, Module):
            if "_modules" not in d:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._forget(name, "_parameters", "_buffers")
            d["_modules"][name] = self._hooked_module(name, value)
        elif "_modules" in d and name in d["_modules"]:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as child module '{name}' (torch.nn.Module or None expected)"
                )
            d["_modules"][name] = self._hooked_module(name, None)
        elif "_buffers" in d and (name in d["_buffers"] or isinstance(value, Buffer)):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as buffer '{name}' "
                    "(torch.nn.Buffer, torch.Tensor or None expected)"
                )
            if isinstance(value, Buffer):
                d.pop(name, None)
                self.register_buffer(name, value, value.persistent)
            else:
                for hook in _hooked.buffer_registration.values():
                    new = hook(self, name, value)
                    value = value if new is None else new
                d["_buffers"][name] = value
        else:
            object.__setattr__(self, name, value)

    def _forget(self, name: str, *tables: str) -> None:
        """Before `name` goes into one table: take it out of the others and of the plain attributes."""
        d = self.__dict__
        d.pop(name, None)
        for table in tables:
            d[table].pop(name, None)
        d["_non_persistent_buffers_set"].discard(name)

    def __delattr__(self, name: str) -> None:
        if name in self._parameters:
            del self._parameters[name]
        elif name in self._buffers:
            del self._buffers[name]
            self._non_persistent_buffers_set.discard(name)
        elif name in self._modules:
            del self._modules[name]
        else:
            object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__, *self._parameters, *self._modules, *self._buffers}
        return sorted(
            n for n in names if not n[0].isdigit()
        )  # "0" of a Sequential is no attribute one can write

    def __setstate__(self, state: dict) -> None:
        d = self.__dict__
        d.update(state)
        for name in _HOOK_TABLES:
            d.setdefault(name, OrderedDict())
        d.setdefault("_non_persistent_buffers_set", set())
        d.setdefault("_is_full_backward_hook", None)

    # -- finding parts ------------------------------------------------------------------------------

    def get_submodule(self, target: str) -> Module:
        """The module at a dotted path, such as "encoder.layers.0"; "" is the module itself.

        Raises:
            AttributeError: There is none; the message names the first part of the path that is missing.
        """
        module = self
        for part in target.split(".") if target else ():
            if not hasattr(module, part):
                raise AttributeError(f"{type(module).__name__} has no attribute `{part}`")
            module = getattr(module, part)
            if not isinstance(module, Module):
                raise AttributeError(f"`{part}` is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Replace the module at a dotted path (with `strict=False`, or add one).

        Raises:
            ValueError: `target` is empty, or `module` is no Module.
            AttributeError: The path does not exist.
        """
        if target == "":
            raise ValueError("set_submodule: target must not be the empty string, got ''")
        if not isinstance(module, Module):
            raise ValueError(f"set_submodule: module must be an nn.Module, got {type(module).__name__}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{type(parent).__name__} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Module):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def _find(self, target: str, table: str, kind: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        value = getattr(module, name)
        if not (isinstance(value, Parameter) if table == "_parameters" else name in module._buffers):
            raise AttributeError(f"`{name}` is not {kind}")
        return value

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path, such as "fc1.weight"."""
        return self._find(target, "_parameters", "an nn.Parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path, such as "bn1.running_mean"."""
        return self._find(target, "_buffers", "a buffer")

    def _named_members(
        self, get_members_fn: Callable, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        modules = (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
            if recurse
            else [(prefix, self)]
        )
        seen = set()
        for path, module in modules:
            for name, value in get_members_fn(module):
                if value is None or (remove_duplicate and value in seen):
                    continue
                seen.add(value)
                yield (f"{path}.{name}" if path else name), value

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once; with `recurse=False` only those of this module itself.

        Example:
            >>> sum(p.numel() for p in nn.Linear(3, 2).parameters())
            8
        """
        for _, param in self.named_parameters(recurse=recurse):
            yield param

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their dotted names.

        Args:
            prefix: Put in front of every name, with a dot.
            recurse: Those of the submodules too.
            remove_duplicate: A shared parameter appears once, under its first name.
        """
        yield from self._named_members(lambda m: m._parameters.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their dotted names; arguments as of `named_parameters`."""
        yield from self._named_members(lambda m: m._buffers.items(), prefix, recurse, remove_duplicate)

    def children(self) -> Iterator[Module]:
        """The modules directly in this one, each once."""
        for _, module in self.named_children():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly in this one with their names."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all modules in it, at any depth."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module (under `prefix`) and all modules in it with their dotted names, parents first."""
        memo = set() if memo is None else memo
        if self not in memo:
            if remove_duplicate:
                memo.add(self)
            yield prefix, self
            for name, module in self._modules.items():
                if module is not None:
                    yield from module.named_modules(
                        memo, f"{prefix}.{name}" if prefix else name, remove_duplicate
                    )

    # -- changing all parts -------------------------------------------------------------------------

    def apply(self: M, fn: Callable[[Module], None]) -> M:
        """Call `fn` on every module, children before parents; for example to initialize weights."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self: M, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> M:
        """Put every parameter, its gradient and every buffer through `fn`. Parameters stay the same objects."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        with no_grad():
            for param in self._parameters.values():
                if param is None:
                    continue
                grad = param.grad
                param.data = fn(param)
                if grad is not None:
                    param.grad = None  # its dtype may not differ from the parameter's, not even in between
                    param.grad = fn(grad).requires_grad_(grad.requires_grad)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Cast the floating-point parameters and buffers, in place.

        Takes `to(device)`, `to(dtype)`, `to(device, dtype)`, `to(tensor)`, `to(memory_format=...)`, with
        `non_blocking` anywhere; returns the module itself.

        Raises:
            TypeError: The dtype is not a floating-point or complex one.
            AssertionError: The device is not the CPU.

        Example:
            >>> nn.Linear(2, 2).to(torch.float64).weight.dtype
            torch.float64
        """
        device, dtype = _parse_to(*args, **kwargs)
        devices.check(device, "Module.to")
        if dtype is None:
            return self
        if not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() or t.is_complex() else t)

    def type(self: M, dst_type: Any) -> M:
        """Cast all parameters and buffers, those of integers too, to `dst_type`."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self: M) -> M:
        """Cast the floating-point parameters and buffers to float32."""
        return self._cast(dtypes.float32)

    def double(self: M) -> M:
        """Cast the floating-point parameters and buffers to float64."""
        return self._cast(dtypes.float64)

    def half(self: M) -> M:
        """Cast the floating-point parameters and buffers to float16."""
        return self._cast(dtypes.float16)

    def bfloat16(self: M) -> M:
        """Cast the floating-point parameters and buffers to bfloat16."""
        return self._cast(dtypes.bfloat16)

    def _cast(self: M, dtype: dtypes.dtype) -> M:
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def cpu(self: M) -> M:
        """Return the module: it is on the CPU."""
        return self

    def cuda(self: M, device: Any = None) -> M:
        """Raise AssertionError, as PyTorch's CPU builds do."""
        devices.check("cuda", f"{type(self).__name__}.cuda")
        return self

    def xpu(self: M, device: Any = None) -> M:
        """Raise: there is no such device here."""
        devices.check("xpu", f"{type(self).__name__}.xpu")
        return self

    def ipu(self: M, device: Any = None) -> M:
        """Raise: there is no such device here."""
        devices.check("ipu", f"{type(self).__name__}.ipu")
        return self

    def mtia(self: M, device: Any = None) -> M:
        """Raise: there is no such device here."""
        devices.check("mtia", f"{type(self).__name__}.mtia")
        return self

    def to_empty(self: M, *, device: Any, recurse: bool = True) -> M:
        """Give every parameter and buffer new, uninitialized memory."""
        from ...ops.creation import empty_like

        devices.check(device, "to_empty")
        return self._apply(empty_like, recurse=recurse)

    def share_memory(self: M) -> M:
        """Move all tensors into memory that other processes can share."""
        return self._apply(lambda t: t.share_memory_())

    def train(self: M, mode: bool = True) -> M:
        """Set training mode (or, with False, evaluation mode) on this module and all in it."""
        if not isinstance(mode, bool):
            raise ValueError(f"train: mode must be a bool, got {mode!r}")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self: M) -> M:
        """Set evaluation mode: dropout passes everything, batch norm uses its running statistics."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Set `requires_grad` of every parameter; False freezes the module."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or with `set_to_none=False` fill them with zeros."""
        for p in self.parameters():
            grad = p.grad
            if grad is None:
                continue
            if set_to_none:
                p.grad = None
            else:
                if grad.grad_fn is not None:
                    grad.detach_()
                else:
                    grad.requires_grad_(False)
                grad.zero_()

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Accepted as a hint and ignored: modules run as they are."""

    # -- hooks --------------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Run `hook(module, args) -> None or new args` before every forward.

        Args:
            prepend: Before the hooks that are there already.
            with_kwargs: The hook is `hook(module, args, kwargs) -> None or (args, kwargs)`.

        Returns:
            A handle; `handle.remove()` takes the hook away.
        """
        flags = [self._forward_pre_hooks_with_kwargs] if with_kwargs else []
        return _hooks.add(self._forward_pre_hooks, hook, prepend, flags)

    def register_forward_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Run `hook(module, args, output) -> None or new output` after every forward.

        Args:
            prepend: Before the hooks that are there already.
            with_kwargs: The hook is `hook(module, args, kwargs, output)`.
            always_call: Run it also when forward raises; `output` is None then.

        Example:
            >>> m = nn.Linear(2, 3)
            >>> with m.register_forward_hook(lambda module, args, output: print(output.shape)):
            ...     y = m(torch.zeros(4, 2))
            torch.Size([4, 3])
        """
        flags = [self._forward_hooks_with_kwargs] if with_kwargs else []
        if always_call:
            flags.append(self._forward_hooks_always_called)
        return _hooks.add(self._forward_hooks, hook, prepend, flags)

    def register_full_backward_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Run `hook(module, grad_output) -> None or new grad_output` when backward reaches the output."""
        return _hooks.add(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Run `hook(module, grad_input, grad_output) -> None or new grad_input` when backward leaves the module.

        The gradients of arguments that are not tensors, or need none, are None. Keyword arguments have none.
        """
        return self._register_backward(hook, True, prepend)

    def register_backward_hook(self, hook: Callable) -> RemovableHandle:
        """The older form of `register_full_backward_hook`; the hook sees the same gradients."""
        return self._register_backward(hook, False)

    def _register_backward(self, hook: Callable, full: bool, prepend: bool = False) -> RemovableHandle:
        if self._is_full_backward_hook is not None and self._is_full_backward_hook is not full:
            raise RuntimeError(
                "register_backward_hook: hooks must be all regular or all full backward hooks, got both on one module; "
                "use register_full_backward_hook for all"
            )
        self._is_full_backward_hook = full
        return _hooks.add(self._backward_hooks, hook, prepend)

    # -- text ---------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What `repr` shows between the parentheses; layers give their settings."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {_addindent(repr(module), 2)}" for name, module in self._modules.items()]
        if not children and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + children) + "\n)"


def _speed_up(cls: type[Module]) -> None:
    """Put the compiled forms of `__getattr__` and `__call__` into the class, where it does not define its own."""
    if _C is not None:
        plain = cls.__getattribute__ is object.__getattribute__ and cls.__getattr__ is Module.__getattr__
        _C.module_slots(cls, plain, cls.__call__ is Module.__call__)


if _C is not None:
    _C.module_setup(
        Module.__getattr__,
        _hooks.call_with_hooks,
        _note_path,
        (_hooked.forward, _hooked.forward_pre, _hooked.backward, _hooked.backward_pre),
    )
    _speed_up(Module)


def _type_name(value: Any) -> str:
    """PyTorch's name of a value's type: 'torch.FloatTensor', 'int', 'numpy.ndarray'."""
    if isinstance(value, Tensor):
        return value.type()
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _parse_to(
    *args: Any,
    device: Any = None,
    dtype: dtypes.dtype | None = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
    tensor: Tensor | None = None,
    other: Tensor | None = None,
) -> tuple[Any, dtypes.dtype | None]:
    """The device and dtype that the arguments of `to` name, whichever form they have."""
    tensor = other if tensor is None else tensor
    for value in args:
        if isinstance(value, Tensor):
            tensor = value
        elif isinstance(value, dtypes.dtype):
            dtype = value
        elif isinstance(value, (str, devices.device, int)) and not isinstance(value, bool):
            device = value
        elif value is not None and not isinstance(value, bool):
            raise TypeError(
                f"to: arguments must be a device, a dtype or a Tensor, got {type(value).__name__}"
            )
    if tensor is not None:
        device, dtype = tensor.device, tensor.dtype
    return device, dtype
