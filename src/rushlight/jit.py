"""`torch.jit`, as far as running Python as it stands can stand in for it.

There is no compiler and no file format of its own here: `script` and `trace` give back what they are given, with a
warning that says so, and the decorators mark nothing. Saving and loading compiled programs is an error that tells
what to do instead.
"""

from __future__ import annotations

import builtins
import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, NoReturn

from .nn import Module

__all__ = [
    "Attribute",
    "CompilationUnit",
    "Final",
    "Future",
    "RecursiveScriptModule",
    "ScriptFunction",
    "ScriptModule",
    "TracerWarning",
    "annotate",
    "enable_onednn_fusion",
    "export",
    "fork",
    "freeze",
    "fuser",
    "ignore",
    "interface",
    "is_scripting",
    "is_tracing",
    "isinstance",
    "load",
    "onednn_fusion_enabled",
    "optimize_for_inference",
    "optimized_execution",
    "save",
    "script",
    "script_if_tracing",
    "script_method",
    "set_fusion_strategy",
    "strict_fusion",
    "trace",
    "trace_module",
    "unused",
    "wait",
]


class TracerWarning(Warning):
    """PyTorch's warning about what a trace does not hold; never given here."""


class Attribute(NamedTuple):
    """A value with its type."""

    value: Any
    type: Any


class ScriptModule(Module):
    """A plain module: subclasses and their `@script_method`s run as Python."""


class RecursiveScriptModule(ScriptModule):
    """The class of scripted modules in PyTorch; nothing is one here."""


class ScriptFunction:
    """The class of scripted functions in PyTorch; nothing is one here."""


def _note(function: str, obj: Any) -> None:
    name = getattr(obj, "__name__", None) or type(obj).__name__
    warnings.warn(
        f"jit.{function}: {name} is given back as it is and runs as Python; there is no TorchScript here",
        stacklevel=3,
    )


def script(
    obj: Any, optimize: None = None, _frames_up: int = 0, _rcb: Any = None, example_inputs: Any = None
) -> Any:
    """The function, class or module itself, with a warning. PyTorch's hints about types and inputs are not needed.

    Raises:
        RuntimeError: `obj` is nothing that can be called.
    """
    if not callable(obj):
        if builtins.isinstance(obj, (list, dict)):
            return obj
        raise RuntimeError(f"jit.script: obj must be a function, class or module, got {type(obj).__name__}")
    _note("script", obj)
    return obj


def trace(
    func: Any,
    example_inputs: Any = None,
    optimize: None = None,
    check_trace: bool = True,
    check_inputs: Any = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    _force_outplace: bool = False,
    _module_class: Any = None,
    _compilation_unit: Any = None,
    example_kwarg_inputs: dict | None = None,
    _store_inputs: bool = True,
) -> Any:
    """The function or module itself, with a warning, after it has run once with the example inputs.

    Nothing is recorded, so the options of the recording and of its check have nothing to act on.

    Raises:
        RuntimeError: there are no example inputs.
    """
    if example_inputs is None and example_kwarg_inputs is None:
        raise RuntimeError("jit.trace: example_inputs or example_kwarg_inputs must be given")
    args = example_inputs if builtins.isinstance(example_inputs, (tuple, list)) else (example_inputs,)
    func(*(() if example_inputs is None else args), **(example_kwarg_inputs or {}))
    _note("trace", func)
    return func


def trace_module(mod: Any, inputs: dict, *args: Any, **options: Any) -> Any:
    """The module itself, after each method named in `inputs` has run with its inputs."""
    for name, values in inputs.items():
        getattr(mod, name)(*(values if builtins.isinstance(values, (tuple, list)) else (values,)))
    _note("trace_module", mod)
    return mod


def is_scripting() -> bool:
    """False: code runs as Python."""
    return False


def is_tracing() -> bool:
    """False: nothing is recorded."""
    return False


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value."""
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Whether `obj` is of a type; of generic types (`list[int]`) also what is inside.

    Example:
        >>> torch.jit.isinstance([1, 2], list[int]), torch.jit.isinstance([1, "a"], list[int])
        (True, False)
    """
    import types
    import typing

    origin, inside = typing.get_origin(target_type), typing.get_args(target_type)
    if builtins.isinstance(target_type, tuple):
        return any(isinstance(obj, t) for t in target_type)
    if target_type is None or target_type is Any:
        return target_type is Any or obj is None
    if origin is None:
        return builtins.isinstance(obj, target_type)
    if origin in (typing.Union, types.UnionType):
        return any(isinstance(obj, t) for t in inside)
    if not builtins.isinstance(obj, origin):
        return False
    if origin is dict:
        return all(isinstance(k, inside[0]) and isinstance(v, inside[1]) for k, v in obj.items())
    if origin is tuple and not (len(inside) == 2 and inside[1] is Ellipsis):
        return len(obj) == len(inside) and all(isinstance(o, t) for o, t in zip(obj, inside, strict=True))
    return all(isinstance(o, inside[0]) for o in obj)


def export(fn: Callable) -> Callable:
    """The function itself."""
    return fn


unused = interface = script_method = script_if_tracing = export
_overload = _overload_method = export


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """The function itself; a decorator with or without brackets."""
    return drop if callable(drop) else lambda fn: fn


def freeze(mod: Any, preserved_attrs: Any = None, optimize_numerics: bool = True) -> Any:
    """The module itself.

    Raises:
        RuntimeError: it is in training mode, as PyTorch demands.
    """
    if getattr(mod, "training", False):
        raise RuntimeError("jit.freeze: mod must be in evaluation mode; call mod.eval()")
    return mod


def optimize_for_inference(mod: Any, other_methods: Any = None) -> Any:
    """The module itself, in evaluation mode."""
    return mod.eval() if getattr(mod, "training", False) else mod


@contextlib.contextmanager
def optimized_execution(should_optimize: bool) -> Iterator[None]:
    """A context that changes nothing: there is no optimizer of programs to turn off."""
    yield


@contextlib.contextmanager
def fuser(name: str) -> Iterator[None]:
    """A context that changes nothing: there is no fuser to choose."""
    yield


class strict_fusion:  # noqa: N801 - PyTorch's name
    """A context that changes nothing: nothing is fused."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass


def set_fusion_strategy(strategy: list) -> list:
    """The strategy that was in force: none."""
    return []


def enable_onednn_fusion(enabled: bool) -> None:
    """Nothing: there is no such fusion."""


def onednn_fusion_enabled() -> bool:
    """False."""
    return False


class Future:
    """The result of `fork`."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def wait(self) -> Any:
        """The value."""
        return self._value

    value = wait

    def done(self) -> bool:
        """True: `fork` has run the function."""
        return True


def fork(func: Callable, *args: Any, **kwargs: Any) -> Future:
    """Run the function now; `wait` gives its result."""
    return Future(func(*args, **kwargs))


def wait(future: Future) -> Any:
    """The result of a `fork`."""
    return future.wait()


def _refuse(name: str, instead: str) -> NoReturn:
    raise NotImplementedError(f"jit.{name}: there is no TorchScript here; {instead}")


def save(m: Any, f: Any, _extra_files: Any = None) -> None:
    """An error: save the module's `state_dict` instead."""
    _refuse("save", "save the weights with torch.save(module.state_dict(), path)")


def load(f: Any, map_location: Any = None, _extra_files: Any = None, _restore_shapes: bool = False) -> Any:
    """An error: compiled programs cannot be read."""
    _refuse(
        "load",
        "in PyTorch, save torch.jit.load(path).state_dict() with torch.save, and load it into the module's class",
    )


class CompilationUnit:
    """An error: there is no compiler of source text."""

    def __init__(self, lang: str | None = None, _frames_up: int = 0) -> None:
        _refuse("CompilationUnit", "write the functions in Python")
