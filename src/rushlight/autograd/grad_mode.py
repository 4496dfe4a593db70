"""Switches for recording: `no_grad`, `enable_grad`, `set_grad_enabled`, `inference_mode`."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from .core import is_grad_enabled, set_grad_mode

__all__ = [
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_grad_enabled",
    "is_inference_mode_enabled",
]

F = TypeVar("F", bound=Callable[..., Any])


class _Switch:
    """A context manager that is a decorator too: of functions, generators and coroutines."""

    _enabled = False

    def __enter__(self) -> None:
        self._before = set_grad_mode(self._enabled)

    def __exit__(self, *exc: object) -> None:
        set_grad_mode(self._before)

    def _clone(self) -> _Switch:
        return type(self)()

    def __call__(self, function: F) -> F:
        if isinstance(function, type):
            raise TypeError(
                f"{type(self).__name__}: must decorate a function, got class {function.__name__}; decorate its methods"
            )
        if inspect.isgeneratorfunction(function):
            return _wrap_generator(self._clone, function)  # type: ignore[return-value]
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def coroutine(*args: Any, **kwargs: Any) -> Any:
                return await _Stepwise(self._clone, function(*args, **kwargs))

            return coroutine  # type: ignore[return-value]

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self._clone():
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


def _wrap_generator(switch: Callable[[], _Switch], function: Callable) -> Callable:
    """The switch holds while the generator's own code runs, and not while its user's does."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return (yield from _Stepwise(switch, function(*args, **kwargs)))

    return wrapped


class _Stepwise:
    """Runs each step of a generator or coroutine under a switch."""

    def __init__(self, switch: Callable[[], _Switch], inner: Any) -> None:
        self.switch, self.inner = switch, inner

    def __iter__(self) -> _Stepwise:
        return self

    def __await__(self) -> _Stepwise:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        with self.switch():
            return self.inner.send(value)

    def throw(self, *error: Any) -> Any:
        with self.switch():
            return self.inner.throw(*error)

    def close(self) -> None:
        with self.switch():
            self.inner.close()


class _Bare(_Switch):
    """A switch without arguments, which decorates without brackets too."""

    def __new__(cls, orig_func: Any = None) -> Any:
        self = object.__new__(cls)
        return self if orig_func is None else _Switch.__call__(self, orig_func)


class no_grad(_Bare):
    """Nothing is recorded inside. Also a decorator, with or without brackets.

    Example:
        >>> x = rushlight.ones(2, requires_grad=True)
        >>> with no_grad():
        ...     y = x * 2
        >>> y.requires_grad
        False
    """


class enable_grad(_Bare):
    """Operations are recorded inside, also within `no_grad`."""

    _enabled = True


class set_grad_enabled(_Switch):
    """Turn recording on or off: at once as a call, inside it as a context manager or decorator."""

    def __init__(self, mode: bool) -> None:
        self.mode = self._enabled = bool(mode)
        self._before = set_grad_mode(self.mode)

    def __call__(self, function: F) -> F:
        set_grad_mode(self._before)  # as a decorator it must not act here
        return super().__call__(function)

    def __enter__(self) -> None:
        set_grad_mode(self.mode)

    def _clone(self) -> _Switch:
        return _Set(self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mode={self.mode})"


class _Set(_Switch):
    def __init__(self, mode: bool) -> None:
        self._enabled = mode


class _Depth(threading.local):
    inference = 0


_depth = _Depth()


class inference_mode(_Switch):
    """Like `no_grad`. `inference_mode(False)` records inside.

    PyTorch's further rule, that tensors made inside may never be used in autograd, is not enforced.
    """

    def __new__(cls, mode: Any = True) -> Any:
        self = object.__new__(cls)
        if isinstance(mode, bool):
            return self
        self.__init__(True)  # type: ignore[misc]
        return _Switch.__call__(self, mode)

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode
        self._enabled = not mode

    def __enter__(self) -> None:
        _depth.inference += self.mode
        super().__enter__()

    def __exit__(self, *exc: object) -> None:
        _depth.inference -= self.mode
        super().__exit__()

    def _clone(self) -> _Switch:
        return inference_mode(self.mode)


def is_inference_mode_enabled() -> bool:
    """Whether this is inside `inference_mode()`."""
    return _depth.inference > 0
