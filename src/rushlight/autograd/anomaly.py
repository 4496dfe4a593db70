"""`detect_anomaly`: which operation's gradient became NaN, and where in the program it was."""

from __future__ import annotations

import traceback
import warnings
import weakref
from typing import Any

import numpy as np

from . import saved
from .core import TensorBase

__all__ = [
    "detect_anomaly",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "set_detect_anomaly",
    "set_multithreading_enabled",
]

_enabled = _check_nan = False


def is_anomaly_enabled() -> bool:
    """Whether anomalies are looked for."""
    return _enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether gradients that are NaN are an error while they are."""
    return _check_nan


def _watch(node: Any) -> None:
    """Remember where the node was made, and look at what its backward gives."""
    if not _check_nan:
        return
    lines = traceback.format_list(traceback.extract_stack()[:-4])
    here = weakref.ref(node)  # NOTE [No cycles]

    def check(grad_inputs: Any, grad_outputs: Any) -> None:
        found = grad_inputs if isinstance(grad_inputs, tuple) else (grad_inputs,)
        for i, g in enumerate(found):
            if isinstance(g, TensorBase) and g._array.dtype.kind in "fcV" and np.isnan(g._array).any():
                name = here().name()  # type: ignore[union-attr]
                warnings.warn(
                    f"Error detected in {name}. Traceback of forward call that caused the error:\n{''.join(lines)}",
                    stacklevel=2,
                )
                raise RuntimeError(f"Function '{name}' returned nan values in its {i}th output.")

    node.register_hook(check)


def _set(enabled: bool, check_nan: bool) -> tuple[bool, bool]:
    global _enabled, _check_nan
    before = _enabled, _check_nan
    if enabled and not _enabled:
        saved.observers.append(_watch)
        saved.hold()
    elif _enabled and not enabled:
        saved.observers.remove(_watch)
        saved.let_go()
    _enabled, _check_nan = enabled, check_nan and enabled
    return before


class detect_anomaly:  # noqa: N801 - PyTorch's name
    """A context for finding where NaN comes from: a backward function that gives one is an error.

    The error's warning shows the line of the forward call. It costs much time: for finding mistakes only.

    Args:
        check_nan: Look for NaN.

    Example:
        >>> x = rushlight.zeros(1, requires_grad=True)
        >>> with detect_anomaly():  # doctest: +SKIP
        ...     (x / x).sum().backward()
        Traceback (most recent call last):
        RuntimeError: Function 'DivBackward0' returned nan values in its 0th output.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self._before = _set(True, self.check_nan)

    def __exit__(self, *exc: object) -> None:
        _set(*self._before)


class set_detect_anomaly:  # noqa: N801 - PyTorch's name
    """Turn the search for anomalies on or off: at once as a call, inside it as a context."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = _set(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        _set(*self._before)


class set_multithreading_enabled:  # noqa: N801 - PyTorch's name
    """Whether a backward pass may use a thread per device; there is one device. As a call or a context."""

    def __init__(self, mode: bool) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass
