"""How a tensor prints: `repr(tensor)`, `format(tensor, spec)` and `set_printoptions`.

The text is PyTorch's, character for character. One style is chosen for all the numbers of a tensor
(from those that are shown): integers with a dot when every value is whole, a fixed number of
decimals, or scientific notation when the range of magnitudes would hide the small ones. All numbers
get the width of the widest. Lines break at `linewidth`; a tensor of more than `threshold` elements
shows `edgeitems` at each end of each dimension.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import dtypes

if TYPE_CHECKING:
    from .tensor import Tensor

__all__ = ["format_tensor", "get_printoptions", "printoptions", "set_printoptions", "tensor_repr"]


class Options(NamedTuple):
    """What `set_printoptions` sets. `sci_mode` None means: decide from the values."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=math.inf),
}
_options = Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print.

    Args:
        precision: Digits after the decimal point. Default 4.
        threshold: Number of elements above which a tensor is summarized. Default 1000.
        edgeitems: Elements shown at each end of a dimension that is summarized. Default 3.
        linewidth: Characters of a line, at which rows are broken. Default 80.
        profile: 'default', 'short' (precision 2, edgeitems 2) or 'full' (never summarize); the
            other arguments then change that profile.
        sci_mode: True or False: scientific notation always or never. None: decided from the values.
            Each call sets it, so a call without it goes back to deciding.
    Example:
        >>> import rushlight as torch
        >>> torch.set_printoptions(precision=2)
        >>> torch.tensor([1.12345])
        tensor([1.12])
        >>> torch.set_printoptions(profile="default")
        >>> torch.tensor([1.12345])
        tensor([1.1235])
    """
    global _options
    base = _options
    if profile is not None:
        if profile not in PROFILES:
            raise ValueError(f"set_printoptions: profile must be one of {list(PROFILES)}, got {profile!r}")
        base = PROFILES[profile]
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, value in given.items():
        if value is not None and value < 0:
            raise ValueError(f"set_printoptions: {name} must not be negative, got {value}")
    _options = base._replace(sci_mode=sci_mode, **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]


def get_printoptions() -> dict[str, Any]:
    """Return the current print options as a dict of `set_printoptions`'s arguments."""
    return _options._asdict()


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Set print options for a `with` block. Takes the arguments of `set_printoptions`."""
    global _options
    before = _options
    try:
        set_printoptions(**options)
        yield
    finally:
        _options = before


# -- Numbers -----------------------------------------------------------------------------------------


def _number_style(values: np.ndarray) -> tuple[Callable[[Any], str], int]:
    """Choose the style for these real values (any shape): the function that writes one, its width."""
    precision = _options.precision
    if values.dtype.kind not in "fV":
        width = max((len(str(v)) for v in values.ravel().tolist()), default=1)
        return lambda v: str(v).rjust(width), width

    flat = values.ravel().astype(np.float64)
    telling = flat[np.isfinite(flat) & (flat != 0)]  # the values that decide
    whole = bool((telling == np.ceil(telling)).all())
    scientific = False
    if telling.size:
        size = np.abs(telling)
        low, high = float(size.min()), float(size.max())
        scientific = high / low > 1000.0 or high > 1.0e8 or (not whole and low < 1.0e-4)
        if _options.sci_mode is not None:
            scientific = _options.sci_mode

    def plain(v: float) -> str:
        if scientific:
            return f"{v:.{precision}e}"
        if whole:
            return f"{v:.0f}." if math.isfinite(v) else f"{v:.0f}"
        return f"{v:.{precision}f}"

    width = max(map(len, map(plain, telling.tolist())), default=1)
    return lambda v: plain(v).rjust(width), width


def _style(values: np.ndarray) -> tuple[Callable[[Any], str], int]:
    """The function that writes one element, and the width that lines are broken by.

    Zeros, NaN and infinities do not count in the width, so it may be less than what is written.
    """
    if values.dtype.kind != "c":
        return _number_style(values)
    (real, real_width), (imaginary, imaginary_width) = _number_style(values.real), _number_style(values.imag)

    def write(v: complex) -> str:
        tail = f"{imaginary(v.imag)}j".lstrip()
        return real(v.real) + (tail if tail[0] in "+-" else "+" + tail)

    return write, real_width + imaginary_width + 1


# -- Brackets ----------------------------------------------------------------------------------------


def _shown(array: np.ndarray) -> np.ndarray:
    """The elements that a summary of `array` shows."""
    edge = _options.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * edge:
            head = array[(slice(None),) * axis + (slice(0, edge),)]
            tail = array[(slice(None),) * axis + (slice(size - edge, None),)]
            array = np.concatenate((head, tail), axis)
    return array


def _brackets(
    array: np.ndarray, write: Callable[[Any], str], width: int, indent: int, summarize: bool
) -> str:
    """The nested lists of `array`; `indent` is the column of its opening bracket."""
    edge = _options.edgeitems
    cut = summarize and array.shape[0] > 2 * edge
    if array.ndim == 1:
        if cut:
            head, tail = array[:edge].tolist(), array[len(array) - edge :].tolist()
            items = [*map(write, head), " ...", *map(write, tail)]
        else:
            items = [write(v) for v in array.tolist()]
        per_line = max(1, (_options.linewidth - indent) // (width + 2))
        lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    rows = range(array.shape[0])
    parts = [_brackets(array[i], write, width, indent + 1, summarize) for i in (rows[:edge] if cut else rows)]
    if cut:
        parts.append("...")
        parts += [_brackets(array[i], write, width, indent + 1, summarize) for i in rows[len(rows) - edge :]]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"


def array_text(array: np.ndarray, indent: int = 0) -> str:
    """The values of `array` as PyTorch writes them, its first character standing in column `indent`."""
    if array.dtype.kind == "V" or array.dtype.name in ("float16", "bfloat16"):
        array = array.astype(np.float32)
    if array.size == 0:
        return "[]"
    summarize = array.size > _options.threshold
    write, width = _style(_shown(array) if summarize else array)
    if array.ndim == 0:
        return write(array.item())
    return _brackets(array, write, width, indent, summarize)


def assemble(prefix: str, array: np.ndarray, suffixes: list[str]) -> str:
    """`prefix(values, suffix, ...)`, a suffix that would pass the line's end going to the next line."""
    indent = len(prefix) + 1
    text = prefix + "(" + array_text(array, indent)
    column = len(text) - text.rfind("\n") + 1  # PyTorch counts the closing ")" and one more here
    for suffix in suffixes:
        if column + len(suffix) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + suffix
            column = indent + len(suffix)
        else:
            text += ", " + suffix
            column += len(suffix) + 2
    return text + ")"


def tensor_repr(tensor: Tensor) -> str:
    """The text of `repr(tensor)`."""
    array = tensor._array
    name = "bool" if array.dtype.kind == "b" else array.dtype.name
    default = str(dtypes.get_default_dtype()).rpartition(".")[2]
    usual: tuple[str, ...] = (default, "complex128" if default == "float64" else "complex64", "int64", "bool")
    suffixes = []
    if array.size == 0:
        if array.ndim != 1:
            suffixes.append(f"size={array.shape}")
        usual = (default,)
    if name not in usual:
        suffixes.append(f"dtype=torch.{name}")
    if tensor.grad_fn is not None:
        suffixes.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        suffixes.append("requires_grad=True")
    kind = type(tensor)
    plain = kind.__name__ in ("Tensor", "Parameter", "Buffer") and kind.__module__.startswith("rushlight.")
    return assemble("tensor" if plain else kind.__name__, array, suffixes)


def format_tensor(tensor: Tensor, spec: str) -> str:
    """The text of `format(tensor, spec)`: a 0-d tensor formats as its value."""
    if tensor._array.ndim == 0:
        return format(tensor._array.item(), spec)
    if spec:
        raise TypeError(
            f"Tensor.__format__: the format string must be empty for a tensor of shape "
            f"{tensor._array.shape}, got {spec!r}; only 0-d tensors format as numbers (see Tensor.item)"
        )
    return repr(tensor)
