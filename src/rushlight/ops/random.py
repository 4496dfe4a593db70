"""Random tensors: uniform, normal, integers, permutations, samples. PyTorch's stream, bit for bit.

In which order numbers are drawn: `ops/random_fill.py`, NOTE [Order of drawing].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..errors import kind_of
from ..random import Generator, default_generator, generator_state
from ..stream import kernels
from ..tensor import Tensor, into, method, wrap
from .convert import empty_array
from .creation import _check_sizes, _named, check_options, empty_like
from .elementwise import require_tensor
from .random_fill import (
    _FLOAT64,
    _NODES,
    EXPONENTIAL,
    UNIFORM,
    _bernoulli_each,
    _fill,
    _floating,
    _integers,
    _normal,
    _range,
    _uniform,
    bernoulli_,
)
from .random_fill import in_memory_order as in_memory_order

__all__ = [
    "bernoulli",
    "binomial",
    "multinomial",
    "normal",
    "poisson",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
]


# -- new tensors --------------------------------------------------------------------------------------
def _new(
    function: str,
    size: tuple[Any, ...],
    options: dict[str, Any],
    out: Tensor | None,
    dtype: Any,
    layout: Any,
    device: Any,
    pin_memory: bool,
) -> tuple[tuple, dtypes.dtype]:
    """The sizes and dtype that a creation function's arguments say."""
    if layout is not None or device is not None or pin_memory:
        check_options(function, device, layout, pin_memory)
    if options:
        if "size" in options and not size:
            size = (options.pop("size"),)
        if options.get("names") is not None:
            raise _named(function, options["names"])
        options.pop("names", None)
        if options:
            raise TypeError(f"{function}: got an unexpected or repeated argument {next(iter(options))!r}")
    elif not size:
        raise TypeError(f"{function}: size must be given as ints or one sequence of them")
    if dtype is None:
        d = dtypes.get_default_dtype() if out is None else out.dtype
    else:
        d = dtypes.check(dtype, function)
    return _check_sizes(size, function), d


def _quick_shape(size: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The sizes where they are plain and small enough to need no further look."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    for s in size:
        if type(s) is not int or not 0 <= s < 1 << 20:
            return None
    return size if len(size) <= 3 else None  # so less than 2**60 elements


def _sized(out: Tensor | None, shape: tuple[Any, ...], d: dtypes.dtype) -> Tensor:
    """`out` in that shape, or a new tensor."""
    if out is None:
        return wrap(empty_array(shape, d.numpy))
    if out._array.shape != shape:
        out._array = np.empty(shape, out._array.dtype)
    return out


def rand(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    **options: Any,
) -> Tensor:
    """A new tensor of uniform numbers in [0, 1).

    Args:
        size: Ints, or one sequence of them (also as `size=`).
        generator: Draw from this one instead of the global one.
        out: Fill this tensor instead.
        dtype: A floating-point type; default: the default dtype.
        layout: torch.strided.
        device: "cpu".
        requires_grad: Whether autograd records what is done with it.
        pin_memory: Must be False: there is no accelerator to pin memory for.

    Raises:
        NotImplementedError: the dtype is no floating-point one.

    Example:
        >>> _ = rushlight.manual_seed(0)
        >>> rand(2, 2)
        tensor([[0.4963, 0.7682],
                [0.0885, 0.1320]])
    """
    if (
        out is None
        and dtype is None
        and device is None
        and size
        and not options
        and layout is None
        and not pin_memory
    ):
        if generator is None and dtypes.get_default_dtype() is dtypes.float32:  # nothing to work out
            shape = _quick_shape(size)
            if shape is not None:
                t = kernels.random_uniform(default_generator._state, shape, 0.0, 1.0)
                if requires_grad:
                    t.requires_grad = True
                return t
    shape, d = _new("rand", size, options, out, dtype, layout, device, pin_memory)
    state = generator_state(generator, "rand")
    if d is dtypes.float32 and out is None:
        t = kernels.random_uniform(state, shape, 0.0, 1.0)
    else:
        t = _uniform(_sized(out, shape, d), 0.0, 1.0, state)
    if requires_grad:
        t.requires_grad = True
    return t


def randn(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    **options: Any,
) -> Tensor:
    """A new tensor of normal numbers with mean 0 and standard deviation 1. Arguments as those of `rand`.

    Example:
        >>> _ = rushlight.manual_seed(0)
        >>> randn(3)
        tensor([ 1.5410, -0.2934, -2.1788])
    """
    if (
        out is None
        and dtype is None
        and device is None
        and size
        and not options
        and layout is None
        and not pin_memory
    ):
        if generator is None and dtypes.get_default_dtype() is dtypes.float32:
            shape = _quick_shape(size)
            if shape is not None:
                t = kernels.random_normal(default_generator._state, shape, 0.0, 1.0, 0)
                if requires_grad:
                    t.requires_grad = True
                return t
    shape, d = _new("randn", size, options, out, dtype, layout, device, pin_memory)
    state = generator_state(generator, "randn")
    if d is dtypes.float32 and out is None:
        t = kernels.random_normal(state, shape, 0.0, 1.0, 0)
    else:
        t = _normal(_sized(out, shape, d), 0.0, 1.0, state)
    if requires_grad:
        t.requires_grad = True
    return t


def randint(
    *args: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    **named: Any,
) -> Tensor:
    """A new tensor of integers: `randint(high, size)` or `randint(low, high, size)`, in [low, high).

    Args:
        dtype: Default int64.

    Raises:
        RuntimeError: the range is empty, or beyond the dtype's.

    Example:
        >>> _ = rushlight.manual_seed(0)
        >>> randint(10, (5,))
        tensor([4, 9, 3, 0, 3])
    """
    check_options("randint", device, layout, pin_memory)
    low, high, size = _randint_arguments(args, named)
    if not isinstance(size, (tuple, list)):
        raise TypeError(
            f"randint: size must be a tuple of ints, got {type(size).__name__}; write ({size},) for one dim"
        )
    d = (dtypes.int64 if out is None else out.dtype) if dtype is None else dtypes.check(dtype, "randint")
    t = _sized(out, _check_sizes((size,), "randint"), d)
    _integers(t, "randint", low, high, generator_state(generator, "randint"))
    if requires_grad:
        t.requires_grad = True
    return t


def _randint_arguments(args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    names = ("low", "high", "size") if len(args) + len(named) > 2 else ("high", "size")
    values = dict(zip(names, args, strict=False))
    for name, value in named.items():
        if name not in ("low", "high", "size") or name in values:
            raise TypeError(f"randint: got an unexpected or repeated argument {name!r}")
        values[name] = value
    if "high" not in values or "size" not in values or len(args) > len(names):
        raise TypeError("randint: takes (high, size) or (low, high, size)")
    try:
        low, high = values.get("low", 0).__index__(), values["high"].__index__()
    except (AttributeError, TypeError):
        raise TypeError(
            f"randint: low and high must be ints, got {values.get('low', 0)!r} and {values['high']!r}"
        ) from None
    if high > 2**63 or low < -(2**63):
        raise ValueError(f"randint: high must be at most 2**63, got {high}")
    return low, high, values["size"]


_PERMUTATION_LIMIT = {"float16": 2049, "float32": 2**24 + 1, "float64": 2**53 + 1}


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A random permutation of 0..n-1.

    Args:
        dtype: Default int64.

    Raises:
        RuntimeError: `n` is negative, or more than the dtype can count.

    Example:
        >>> _ = rushlight.manual_seed(0)
        >>> randperm(5)
        tensor([4, 0, 1, 3, 2])
    """
    check_options("randperm", device, layout, pin_memory)
    d = (dtypes.int64 if out is None else out.dtype) if dtype is None else dtypes.check(dtype, "randperm")
    if d is dtypes.bool_ or d.is_complex:
        raise NotImplementedError(f"randperm: dtype must be an integer or floating-point one, got {d}")
    if n < 0:
        raise RuntimeError(f"randperm: n must not be negative (negative dimension), got {n}")
    limit = _PERMUTATION_LIMIT.get(d.name, 2**53) if d.is_floating_point else _range(d)[1]
    if n > limit:
        raise RuntimeError(f"randperm: n must be at most {limit} for {d} (n cannot be greater), got {n}")
    t = kernels.random_permutation(generator_state(generator, "randperm"), n)
    if d is not dtypes.int64:
        t = wrap(t._array.astype(d.numpy))
    if requires_grad:
        t.requires_grad = True
    return t if out is None else into(out, t, "randperm")


def _like(
    function: str, input: Tensor, dtype: Any, layout: Any, device: Any, pin_memory: bool, memory_format: Any
) -> Tensor:
    check_options(function, device, layout, pin_memory)
    return empty_like(input, dtype=dtype, memory_format=memory_format)


def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = dtypes.preserve_format,
) -> Tensor:
    """Uniform numbers in [0, 1) in the shape (and dtype, and memory order) of `input`."""
    require_tensor("rand_like", input)
    t = _like("rand_like", input, dtype, layout, device, pin_memory, memory_format)
    _uniform(t, 0.0, 1.0, generator_state(generator, "rand_like"))
    return t.requires_grad_() if requires_grad else t


def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = dtypes.preserve_format,
) -> Tensor:
    """Normal numbers in the shape (and dtype, and memory order) of `input`."""
    require_tensor("randn_like", input)
    t = _like("randn_like", input, dtype, layout, device, pin_memory, memory_format)
    _normal(t, 0.0, 1.0, generator_state(generator, "randn_like"))
    return t.requires_grad_() if requires_grad else t


def randint_like(
    input: Tensor,
    *args: Any,
    generator: Generator | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = dtypes.preserve_format,
    **named: Any,
) -> Tensor:
    """Integers in the shape (and dtype) of `input`: `randint_like(input, high)` or `(input, low, high)`."""
    require_tensor("randint_like", input)
    low, high, _ = _randint_arguments(
        (*args, ()) if not named else args, {**named, "size": ()} if named else {}
    )
    t = _like("randint_like", input, dtype, layout, device, pin_memory, memory_format)
    _integers(t, "randint_like", low, high, generator_state(generator, "randint_like"))
    return t.requires_grad_() if requires_grad else t


def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Normal numbers, each of a mean and standard deviation of its own: `mean` or `std` or both are tensors.

    With two numbers `size` gives the shape.

    Raises:
        RuntimeError: a standard deviation is negative, or the shapes do not broadcast.

    Example:
        >>> _ = rushlight.manual_seed(0)
        >>> normal(rushlight.tensor([0.0, 100.0]), 1.0)
        tensor([ 1.5410, 99.7066])
    """
    state = generator_state(generator, "normal")
    for name, x in (("mean", mean), ("std", std)):
        if not isinstance(x, (Tensor, int, float, np.number)):
            raise TypeError(f"normal: {name} must be a Tensor or a number, got {kind_of(x)}")
    tensors = [x for x in (mean, std) if isinstance(x, Tensor)]
    if not tensors:
        if size is None:
            raise TypeError("normal: size must be given when mean and std are both numbers")
        shape, d = _new("normal", (size,), {}, out, dtype, layout, device, pin_memory)
        t = _normal(_sized(out, shape, d), float(mean), float(std), state)
        return t.requires_grad_() if requires_grad else t
    if size is not None:
        raise TypeError("normal: size must not be given with a tensor for mean or std: their shape counts")
    if not (dtype is layout is device is None) or requires_grad or pin_memory:
        raise TypeError(
            "normal: dtype, layout, device, requires_grad and pin_memory must not be given with a tensor for mean or std"
        )
    if isinstance(std, Tensor) and std.is_complex():
        raise RuntimeError("normal: std must be real (normal expects standard deviation to be non-complex)")
    if isinstance(std, Tensor) and not bool((std._array >= 0).all()):
        raise RuntimeError(
            "normal: std must be at least 0 everywhere (normal expects all elements of std >= 0.0), got others"
        )
    try:
        shape = np.broadcast_shapes(*[t._array.shape for t in tensors])
    except ValueError:
        raise RuntimeError(
            f"normal: mean and std must have shapes that broadcast (The size of tensor a must match), got "
            f"{[list(t._array.shape) for t in tensors]}"
        ) from None
    z = wrap(np.empty(shape, tensors[0]._array.dtype))
    _normal(z, 0.0, 1.0 if isinstance(std, Tensor) else float(std), state)
    array = z._array
    if isinstance(std, Tensor):
        array = (array * std._array).astype(array.dtype)
    array = np.asarray(
        array + (mean._array.astype(array.dtype) if isinstance(mean, Tensor) else array.dtype.type(mean))
    )
    result = _NODES["normal"].apply(tensors[0], wrap(array), *tensors[1:])
    return result if out is None else into(out, result, "normal")


@method()
def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """1 with the probability that `input` holds at that place (or with `p` everywhere), else 0.

    Raises:
        RuntimeError: a probability is outside [0, 1].

    Example:
        >>> bernoulli(rushlight.tensor([0.0, 1.0]))
        tensor([0., 1.])
    """
    require_tensor("bernoulli", input)
    state = generator_state(generator, "bernoulli")
    result = empty_like(input, memory_format=dtypes.contiguous_format)
    if p is not None:
        bernoulli_(result, p, generator=generator)
    else:
        _bernoulli_each(result, input, state, "bernoulli")
    if input.requires_grad:
        result = _NODES["bernoulli"].apply(input, result)
    return result if out is None else into(out, result, "bernoulli")


@method()
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices drawn by weight, for each row of `input`.

    Args:
        input: Weights, not negative; they need not sum to 1.
        num_samples: How many to draw from each row.
        replacement: Whether an index may be drawn again.
    Shape:
        input: (C) or (N, C); output: (num_samples) or (N, num_samples), int64.
    Raises:
        RuntimeError: a weight is negative or not finite, or more samples are asked for than there are indices.
    """
    require_tensor("multinomial", input)
    if not 1 <= input.ndim <= 2:
        raise RuntimeError(
            f"multinomial: input must be of 1 or 2 dims (prob_dist must be 1 or 2 dim), got {input.ndim}"
        )
    if input.dtype.category != dtypes.FLOAT:
        raise RuntimeError(f"multinomial: input must be of a floating-point dtype, got {input.dtype}")
    if num_samples <= 0:
        raise RuntimeError(
            f"multinomial: num_samples must be positive (cannot sample n_sample <= 0 samples), got {num_samples}"
        )
    classes = input._array.shape[-1]
    if not replacement and num_samples > classes:
        raise RuntimeError(
            f"multinomial: num_samples must be at most the number of weights, {classes}, without replacement (cannot sample "
            f"n_sample > prob_dist.size(-1) samples without replacement), got {num_samples}"
        )
    weights = np.ascontiguousarray(input._array)
    wide = weights.astype(np.float64) if weights.dtype.itemsize < 8 else weights
    if not (np.isfinite(wide).all() and (wide >= 0).all()):
        raise RuntimeError(
            "multinomial: input must hold finite weights >= 0 (contains either `inf`, `nan` or element < 0)"
        )
    if classes > 1 << 24:
        raise RuntimeError(f"multinomial: input must have at most 2**24 weights in a row, got {classes}")
    if classes and not (wide.sum(-1) > 0).all():
        raise RuntimeError(
            "multinomial: each row of input must have a weight > 0 (sum of probabilities <= 0)"
        )
    state = generator_state(generator, "multinomial")
    if replacement and num_samples > 1:
        index = _with_replacement(weights, num_samples, state)
    else:  # the largest of weight / exponential: each is first with its own probability
        q = wrap(np.empty(weights.shape, weights.dtype))
        _fill(q, "exponential_", lambda t: kernels.random_double(state, t, EXPONENTIAL, 1.0, 0.0), _FLOAT64)
        with np.errstate(divide="ignore", invalid="ignore"):
            key = weights / q._array
        if num_samples == 1:
            index = np.argmax(key, -1, keepdims=True)
        else:
            index = np.argsort(-key, -1, kind="stable")[..., :num_samples]
    result = wrap(np.ascontiguousarray(index).astype(np.int64, copy=False))
    return result if out is None else into(out, result, "multinomial", True)


def _with_replacement(weights: np.ndarray, n: int, state: np.ndarray) -> np.ndarray:
    rows = weights.reshape(-1, weights.shape[-1])
    steps = np.cumsum(rows, -1, dtype=rows.dtype if rows.dtype.itemsize >= 4 else np.float32)
    steps = steps / steps[:, -1:]
    steps[:, -1] = 1
    u = kernels.random_double(state, (rows.shape[0], n), UNIFORM, 0.0, 1.0)._array
    index = np.stack(
        [np.searchsorted(s, x, side="left") for s, x in zip(steps.astype(np.float64), u, strict=True)]
    )
    return index.reshape(*weights.shape[:-1], n)


# -- distributions by rejection: each number takes as many draws as it needs ---------------------------
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson distributed numbers with the rates that `input` holds.

    Raises:
        RuntimeError: a rate is negative.
    """
    require_tensor("poisson", input)
    if _floating(input, "poisson").is_complex:
        raise NotImplementedError(f"poisson: input must be real, got {input.dtype}")
    if not bool((input._array >= 0).all()):
        raise RuntimeError(
            "poisson: input must hold rates >= 0 (invalid Poisson rate, expected rate to be non-negative)"
        )
    rates = wrap(np.ascontiguousarray(input._array, np.float64))
    drawn = kernels.random_poisson(generator_state(generator, "poisson"), input._array.shape, rates)
    result = wrap(drawn._array.astype(input._array.dtype, copy=False))
    return _NODES["poisson"].apply(input, result) if input.requires_grad else result


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Binomially distributed numbers: successes in `count` trials, each of probability `prob`."""
    require_tensor("binomial", count, "count")
    _floating(count, "binomial")
    if count.dtype is not prob.dtype:
        raise RuntimeError(f"binomial: prob must be of the dtype of count, {count.dtype}, got {prob.dtype}")
    state = generator_state(generator, "binomial")
    pair = [wrap(np.ascontiguousarray(a, np.float64)) for a in np.broadcast_arrays(count._array, prob._array)]
    drawn = kernels.random_binomial(state, pair[0]._array.shape, *pair, count.dtype is not dtypes.float64)
    result = wrap(drawn._array.astype(count._array.dtype, copy=False))
    return (
        _NODES["binomial"].apply(count, result, prob) if count.requires_grad or prob.requires_grad else result
    )
