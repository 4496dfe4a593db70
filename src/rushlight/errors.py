"""Rules that many functions share, and the words in which they are broken to the user."""

from __future__ import annotations

import functools
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["OutOfMemoryError", "explained", "kind_of", "not_ours", "warn", "wrap_dim", "wrap_dims"]


class OutOfMemoryError(RuntimeError, MemoryError):
    """There is not so much memory. PyTorch's is a RuntimeError, Python's a MemoryError: programs catch either."""


_HOME = __file__[: -len("errors.py")]


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line of the user's that led here, however many calls of ours lie between."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HOME):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def wrap_dim(dim: int, ndim: int, function: str, name: str = "dim") -> int:
    """`dim` counted from the front. A 0-d tensor has the dims -1 and 0, as in PyTorch.

    Raises:
        IndexError: there is no such dimension.
        TypeError: it is no int.
    """
    n = ndim or 1
    try:
        if -n <= dim < n:
            dim = dim.__index__()
            return dim + n if dim < 0 else dim
    except (TypeError, AttributeError):
        raise TypeError(f"{function}: {name} must be an int, got {type(dim).__name__}") from None
    raise IndexError(f"{function}: {name} must be in [{-n}, {n - 1}] (Dimension out of range), got {dim}")


def wrap_dims(dims: int | Sequence[int] | None, ndim: int, function: str) -> tuple[int, ...]:
    """Several dims counted from the front, each at most once; None or () means all."""
    if dims is None:
        return tuple(range(ndim))
    if isinstance(dims, int):
        dims = (dims,)
    try:
        dims = tuple(dims)
    except TypeError:
        raise TypeError(f"{function}: dim must be an int or a tuple of ints, got {kind_of(dims)}") from None
    wrapped = tuple(wrap_dim(d, ndim, function) for d in dims)
    if not wrapped:
        return tuple(range(ndim))
    if len(set(wrapped)) != len(wrapped):
        raise RuntimeError(f"{function}: each dim must be given once, got {tuple(dims)}")
    return wrapped if ndim else ()


def kind_of(value: object) -> str:
    """The type of a value, for an error message; of a tensor of real PyTorch also how to convert it."""
    kind = type(value)
    if kind.__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
        return f"{kind.__module__}.{kind.__name__} of PyTorch; convert it with rushlight.from_numpy(t.detach().numpy())"
    return kind.__name__


def not_ours(other: object) -> Any:
    """What an operator answers to an operand that it does not know: NotImplemented.

    Raises:
        TypeError: it is a tensor of real PyTorch, which would answer with less clear words.
    """
    if type(other).__module__.partition(".")[0] == "torch" and hasattr(other, "detach"):
        raise TypeError(f"operands must be Tensors or numbers, got {kind_of(other)}")
    return NotImplemented


# Small operations that look at their arguments themselves: these need no second pair of eyes.
_CHECKED = frozenset(
    "add sub mul div matmul bmm mm relu relu_ sigmoid tanh exp log sqrt abs neg sum mean linear conv1d conv2d "
    "conv3d max_pool2d zeros ones empty rand randn arange tensor".split()
)
_shown_as: dict[tuple[Callable, str], Callable] = {}
_HOUSE = re.compile(r"[\w.]+: ")


def explained(function: Callable, module: str) -> Callable:
    """`function` as the public namespace `module` shows it: an argument of a wrong type is named.

    Functions are written for arguments of the types they are annotated with, and check values, not types. Only
    when something went wrong the arguments are held against the annotations.
    """
    if function.__name__ in _CHECKED or isinstance(function, type):
        return function
    known = _shown_as.get((function, module))
    if known is not None:  # under another name
        return known

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (AttributeError, TypeError) as error:
            wrong = None if _HOUSE.match(str(error)) else _wrong_argument(function, args, kwargs, error)
            if wrong is None:
                raise
        raise TypeError(wrong)

    checked.__module__ = module  # where pickle finds it
    _shown_as[function, module] = checked
    return checked


def _wrong_argument(function: Callable, args: tuple, kwargs: dict, error: Exception) -> str | None:
    import inspect

    signature = inspect.signature(function)
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError:  # too few or too many: Python says so
        return None
    title = function.__name__
    for name, value in given.items():
        wanted = str(signature.parameters[name].annotation)
        several = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        if wanted.startswith("Sequence[Tensor]"):
            if not isinstance(value, (list, tuple)):
                return f"{title}: {name} must be a tuple of Tensors, got {kind_of(value)}{_shown(value)}"
            wanted, several = "Tensor", True
        for v in value if several else (value,):
            if v is None and "None" in wanted:
                continue
            fits, words = _KINDS.get(wanted.removesuffix(" | None"), (None, ""))
            if fits is not None and not fits(v):
                return (
                    f"{title}: {name} must {'hold' if several else 'be'} {words}, got {kind_of(v)}{_shown(v)}"
                )
    what = re.match(r"'(.+)' object has no attribute '_array'", str(error))
    return f"{title}: arguments must be Tensors where they are tensors, got {what[1]}" if what else None


def _shown(value: Any) -> str:
    return f" {value!r}" if isinstance(value, (str, int, float, complex)) and len(repr(value)) < 40 else ""


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "_array")


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "Tensor": (_is_tensor, "a Tensor"),
    "int": (lambda v: hasattr(v, "__index__") and (not _is_tensor(v) or not v.ndim), "an int"),
    "float": (lambda v: hasattr(v, "__float__") and (not _is_tensor(v) or not v.ndim), "a number"),
    "bool": (lambda v: isinstance(v, int) or _is_tensor(v), "a bool"),
    "dtypes.dtype": (lambda v: hasattr(v, "category"), "a torch.dtype"),
    "dtype": (lambda v: hasattr(v, "category"), "a torch.dtype"),
    "str": (lambda v: isinstance(v, str), "a str"),
}
