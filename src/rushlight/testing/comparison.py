"""`assert_close`: whether two values are close, and where they are not."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..ops.promotion import promote_types
from ..tensor import Tensor

__all__ = ["assert_allclose", "assert_close", "default_tolerances"]

# (rtol, atol); of integers and bools (0, 0): they must be equal.
_TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
_NUMBERS = (int, float, complex, np.number)


def default_tolerances(*values: Any) -> tuple[float, float]:
    """The larger rtol and atol of the dtypes of what is compared."""
    found = [
        _TOLERANCES.get(str(v.dtype if isinstance(v, Tensor) else v).rpartition(".")[2], (0.0, 0.0))
        for v in values
    ]
    return max(r for r, _ in found), max(a for _, a in found)


class _Options:
    """What the caller said, and the place of the values compared now."""

    def __init__(self, **options: Any) -> None:
        self.__dict__.update(options)
        self.path: list = []

    def __getattr__(self, name: str) -> Any:  # for the type checker
        raise AttributeError(name)

    def fail(self, text: str, kind: type[Exception] = AssertionError, structure: bool = False) -> None:
        """Raise the error about the values at `path`; `msg` says nothing about structures, as in PyTorch."""
        if self.path:
            text += "\n\nThe failure occurred for item " + "".join(f"[{p!r}]" for p in self.path)
        if kind is AssertionError and self.msg is not None and not structure:
            text = self.msg if isinstance(self.msg, str) else self.msg(text)
        raise kind(text)

    def tolerances(self, *values: Any) -> tuple[float, float]:
        if self.rtol is not None:
            return self.rtol, self.atol
        return default_tolerances(*values)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise an AssertionError unless |actual - expected| <= atol + rtol * |expected|, element by element.

    Args:
        actual: Tensors, arrays or numbers, also in sequences and mappings.
        expected: The same.
        allow_subclasses: Types may differ where one is a subclass of the other.
        rtol, atol: Both or none; default by dtype: for float32 1.3e-6 and 1e-5, for integers 0.
        equal_nan: NaN is close to NaN.
        check_device, check_dtype, check_layout, check_stride: These must agree too.
        msg: The error's message, or a function that makes it from the usual one.
    Raises:
        AssertionError: they are not close.
        ValueError: one of rtol and atol is missing.
        TypeError: values that cannot be compared.

    Example:
        >>> torch.testing.assert_close(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.5]))
        Traceback (most recent call last):
        AssertionError: Tensor-likes are not close!
        <BLANKLINE>
        Mismatched elements: 1 / 2 (50.0%)
        Greatest absolute difference: 0.5 at index (1,) (up to 1e-05 allowed)
        Greatest relative difference: 0.20000000298023224 at index (1,) (up to 1.3e-06 allowed)
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
    options = _Options(
        allow_subclasses=allow_subclasses,
        rtol=rtol,
        atol=atol,
        equal_nan=equal_nan,
        check_device=check_device,
        check_dtype=check_dtype,
        check_layout=check_layout,
        check_stride=check_stride,
        msg=msg,
    )
    _compare(actual, expected, options)


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """The older form of `assert_close`: dtypes may differ, NaN is close to NaN.

    Raises:
        AssertionError: they are not close.
    """
    actual, expected = (v if isinstance(v, Tensor) else _as_tensor(v) for v in (actual, expected))
    if rtol is None and atol is None:
        rtol, atol = default_tolerances(actual, expected)
    assert_close(
        actual,
        expected,
        rtol=rtol,
        atol=atol,
        equal_nan=equal_nan,
        check_dtype=False,
        check_device=True,
        msg=msg or None,
    )


def _as_tensor(value: Any) -> Tensor:
    from ..ops.from_data import as_tensor

    return as_tensor(value)


def _compare(actual: Any, expected: Any, options: _Options) -> None:
    if _is_sequence(actual) and _is_sequence(expected):
        if len(actual) != len(expected):
            options.fail(
                f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", structure=True
            )
        for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
            options.path.append(i)
            _compare(a, e, options)
            options.path.pop()
        return
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        missing, more = expected.keys() - actual.keys(), actual.keys() - expected.keys()
        if missing or more:
            options.fail(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {sorted(missing, key=repr)}\n"
                f"Additional keys in the actual mapping: {sorted(more, key=repr)}",
                structure=True,
            )
        try:
            keys = sorted(actual)
        except TypeError:
            keys = list(actual)
        for key in keys:
            options.path.append(key)
            _compare(actual[key], expected[key], options)
            options.path.pop()
        return
    if actual is None or expected is None:
        if actual is not expected:
            options.fail(f"None mismatch: {actual} is not {expected}")
        return
    both = (actual, expected)
    if all(isinstance(v, (bool, np.bool_)) for v in both):
        if bool(actual) is not bool(expected):
            options.fail(f"Booleans mismatch: {bool(actual)} is not {bool(expected)}")
    elif all(isinstance(v, _NUMBERS) and not isinstance(v, bool) for v in both):
        _numbers(actual, expected, options)
    elif all(isinstance(v, (Tensor, np.ndarray)) for v in both) and _related(actual, expected, options):
        a, e = (v if isinstance(v, Tensor) else _as_tensor(v) for v in both)
        _tensors(a, e, options)
    else:
        options.fail(
            f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}.",
            TypeError,
        )


def _is_sequence(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, (str, bytes))


def _related(actual: Any, expected: Any, options: _Options) -> bool:
    if options.allow_subclasses:
        return isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    return type(actual) is type(expected)


def _numbers(actual: Any, expected: Any, options: _Options) -> None:
    actual, expected = (v.item() if isinstance(v, np.number) else v for v in (actual, expected))
    if options.check_dtype and type(actual) is not type(expected):
        options.fail(f"The (d)types do not match: {type(actual)} != {type(expected)}.")
    kinds = {int: "int64", float: "float64", complex: "complex128"}
    rtol, atol = options.tolerances(*(kinds[type(v)] for v in (actual, expected)))
    _scalars(actual, expected, rtol, atol, options)


def _scalars(actual: Any, expected: Any, rtol: float, atol: float, options: _Options) -> None:
    if actual == expected or (options.equal_nan and actual != actual and expected != expected):
        return
    difference = abs(actual - expected)
    infinite = any(cmath.isinf(v) for v in (actual, expected))
    if not infinite and difference <= atol + rtol * abs(expected):
        return
    relative = difference / abs(expected) if expected else math.inf
    exact = rtol == 0 and atol == 0
    allowed = ("", "") if exact else (f" (up to {atol} allowed)", f" (up to {rtol} allowed)")
    options.fail(
        f"Scalars are not {'equal' if exact else 'close'}!\n\n"
        f"Expected {expected} but got {actual}.\n"
        f"Absolute difference: {difference}{allowed[0]}\n"
        f"Relative difference: {relative}{allowed[1]}"
    )


def _tensors(actual: Tensor, expected: Tensor, options: _Options) -> None:
    def must_agree(name: str, a: Any, e: Any) -> None:
        if a != e:
            options.fail(f"The values for attribute '{name}' do not match: {a} != {e}.")

    must_agree("shape", actual.shape, expected.shape)
    if options.check_layout:
        must_agree("layout", actual.layout, expected.layout)
    if options.check_stride and actual.stride() != expected.stride():
        must_agree("stride()", actual.stride(), expected.stride())
    if options.check_device:
        must_agree("device", actual.device, expected.device)
    if options.check_dtype:
        must_agree("dtype", actual.dtype, expected.dtype)
    rtol, atol = options.tolerances(actual, expected)
    d = promote_types(actual.dtype, expected.dtype)
    a, e = (t.detach().to(d)._array for t in (actual, expected))  # type: ignore[attr-defined]
    if d.category == dtypes.FLOAT and d.itemsize < 4:
        a, e = a.astype(np.float32), e.astype(np.float32)
    elif a.dtype.kind in "bui":
        a, e = a.astype(np.int64), e.astype(np.int64)
    with np.errstate(all="ignore"):
        difference = np.abs(a - e)
        close = (a == e) | (np.isfinite(difference) & (difference <= atol + rtol * np.abs(e)))
        if options.equal_nan:
            close |= np.isnan(a) & np.isnan(e)
        if close.all():
            return
        if a.ndim == 0:
            _scalars(actual.item(), expected.item(), rtol, atol, options)
        wrong = np.asarray(~close)
        difference = np.where(wrong, difference, 0).astype(difference.dtype)
        relative = np.where(wrong, difference / np.abs(e), 0)
        if d.category >= dtypes.FLOAT:  # as rounded as PyTorch's: in the dtype compared
            rounded = d.numpy if d.category == dtypes.FLOAT else difference.dtype
            difference, relative = (v.astype(rounded).astype(np.float64) for v in (difference, relative))
    exact = rtol == 0 and atol == 0
    count, size = int(wrong.sum()), wrong.size
    lines = [
        f"Tensor-likes are not {'equal' if exact else 'close'}!",
        "",
        f"Mismatched elements: {count} / {size} ({count / size:.1%})",
    ]
    for what, values, limit in (("absolute", difference, atol), ("relative", relative, rtol)):
        at = tuple(int(i) for i in np.unravel_index(_greatest(values), values.shape))
        allowed = "" if exact else f" (up to {limit} allowed)"
        lines.append(f"Greatest {what} difference: {values[at].item()} at index {at}{allowed}")
    options.fail("\n".join(lines))


def _greatest(values: np.ndarray) -> int:
    """The first place of the greatest value; NaN counts as the greatest."""
    return int(np.argmax(values))
