"""What stands between a function and its callers: NumPy's names of arguments, and words for what went wrong.

NOTE [Public functions]: PyTorch's functions also take `axis` for `dim`, `keepdims` for `keepdim`, `x` for `input`.
And a list where a tensor belongs shows somewhere deep inside, as "'list' object has no attribute ...". Both are
answered here, for all functions, at the door: `public(function)` calls the function as it is, exchanges names
only where a call has keywords, and looks at the arguments' annotations only when the call has failed.
With the compiled part it is an object in C (csrc/bindings/public.cpp) that costs about 20 ns a call, which a function
gets back by not looking at its tensors itself. The families in `ops/` call each other's plain functions.
"""

from __future__ import annotations

import functools
import re
import sys
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from .errors import kind_of
from .kernels import _C

__all__ = ["explain", "open_to_all", "public"]

# NumPy's names -> ours, in the functions that have ours and no argument of that name.
NUMPY_NAMES = (
    ("axis", "dim"), ("keepdims", "keepdim"), ("x", "input"), ("a", "input"), ("x1", "input"), ("x2", "other"),
)  # fmt: skip
# What models call most, and small functions: 20 ns count there. They have checks of their own that name every argument,
# and take no dim that could have NumPy's name.
QUICK = frozenset(
    """
    add add_ sub sub_ subtract mul mul_ multiply div div_ divide true_divide pow addcmul addcmul_ addcdiv addcdiv_ clamp
    clamp_ clip where masked_fill masked_fill_ eq ne lt le gt ge maximum minimum
    matmul mm bmm mv dot addmm linear conv1d conv2d conv3d scaled_dot_product_attention embedding
    relu relu_ gelu silu leaky_relu elu glu dropout max_pool2d avg_pool2d adaptive_avg_pool2d
    batch_norm layer_norm cross_entropy binary_cross_entropy_with_logits
    reshape view permute transpose transpose_ swapaxes contiguous to type float flatten clone detach expand
    zeros ones empty full tensor arange rand randn randint
    size stride item tolist numpy cpu double half int long bool requires_grad_ backward register_hook is_contiguous
    index_select gather copy_
    """.split()
)
_NO_OUT = "out of a method"
_names: dict[Any, str] = {}  # of each function, what messages call it
_made: dict[Any, Any] = {}
_HOUSE = re.compile(r"[\w.]+(\(\w+\))?: ")  # how errors of ours begin
_NUMBERS = {"min", "max", "value", "alpha", "beta", "p", "bins"}
_BINDING = re.compile(r"([\w.<>]+)\(\) (.*)")  # how Python says that arguments do not fit a function


def public(function: Any, name: str = "", numpy_names: bool = True, method: bool = False) -> Any:
    """The function for its callers; what is no Python function, or quick, is given back as it is.

    Args:
        name: What messages call it; default: its own name.
        numpy_names: Whether it takes NumPy's names of arguments too.
        method: It becomes a method of Tensor, and these have no `out=`.
    Example:
        >>> public(rushlight.ops.reduce.sum)(rushlight.ones(2, 3), axis=1)
        tensor([3., 3.])
    """
    if type(function) is not FunctionType:
        return function
    name = name or function.__name__
    plain = function.__dict__.get("__wrapped__", function)
    code = plain.__code__
    count = code.co_argcount + code.co_kwonlyargcount
    arguments = code.co_varnames[:count]
    alone = arguments == ("input",) or arguments == ("input", "out") or arguments == ("self",)
    if name in QUICK or (alone and not code.co_flags & 4):  # 4: it has *args
        return function
    key = (function, numpy_names, method)
    if key not in _made:
        renames = _renames(arguments, method) if numpy_names else None
        _names[function] = name
        _made[key] = _C.public_function(function, renames) if _C is not None else _InPython(function, renames)
    return _made[key]


def open_to_all(namespace: dict[str, Any], names: Any, prefix: str = "", numpy_names: bool = True) -> None:
    """Make the functions of a module's namespace public."""
    for name in names:
        namespace[name] = public(namespace[name], prefix + name, numpy_names)


@functools.cache
def _renames(arguments: tuple[str, ...], method: bool) -> tuple[str, ...] | None:
    pairs = [p for p in NUMPY_NAMES if p[1] in arguments and p[0] not in arguments]
    if method and "out" in arguments:
        pairs.append(("out", _NO_OUT))  # a name that no function has
    return tuple([name for pair in pairs for name in pair]) or None


class _InPython:
    """The same without the compiled part."""

    def __init__(self, function: Any, renames: tuple[str, ...] | None) -> None:
        self.__wrapped__ = function
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self.ours = dict(zip(renames[::2], renames[1::2])) if renames else {}

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:  # `self` may be a keyword of the function
        function = self.__wrapped__
        if kwargs:
            for theirs in self.ours.keys() & kwargs.keys():
                ours = self.ours[theirs]
                if ours in kwargs:
                    raise TypeError(f"{_names[function]}: got multiple values for argument {ours!r}")
                kwargs[ours] = kwargs.pop(theirs)
        try:
            return function(*args, **kwargs)
        except Exception as e:
            better = explain(function, args, kwargs, e)
            if better is None:
                raise
            raise better from None

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["__wrapped__"], name)

    def __repr__(self) -> str:
        return f"<function {self.__wrapped__.__qualname__}>"

    def __reduce__(self) -> Any:
        return _reduce(self)


# -- what went wrong --------------------------------------------------------------------------------------------------
def explain(function: Any, args: tuple, kwargs: dict, error: Exception) -> Exception | None:
    """The error that names the argument at fault, or None where `error` is as good.

    Args:
        error: What the call `function(*args, **kwargs)` raised.
    """
    import inspect

    name = _names.get(function) or function.__name__
    said = str(error)
    if isinstance(error, TypeError) and said.startswith((f"{name}: ", f"{function.__name__}: ")):
        return None
    if _NO_OUT in kwargs:
        return TypeError(f"{name}: the method takes no out, got one; use torch.{name}(input, ..., out=out)")
    signature = inspect.signature(function)
    words = _BINDING.match(said) if isinstance(error, TypeError) else None
    if words and words[1] in (function.__qualname__, inspect.unwrap(function).__qualname__):
        return TypeError(f"{name}: {words[2]}; the arguments are {_listed(signature)}")
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError as e:
        return TypeError(f"{name}: {e}; the arguments are {_listed(signature)}")
    unclear = isinstance(error, (AttributeError, TypeError, ValueError)) and not _HOUSE.match(said)
    for argument, value in given.items():
        parameter = signature.parameters[argument]
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        for each in value if parameter.kind is parameter.VAR_POSITIONAL else (value,):
            wrong = _wrong(argument, each, str(parameter.annotation), unclear)
            if wrong is not None:
                return TypeError(f"{name}: {argument} must be {wrong}, got {kind_of(each)}")
    return None


def _listed(signature: Any) -> str:
    """The arguments with their defaults, without annotations."""
    plain = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=signature.empty))


def _wrong(argument: str, value: Any, annotation: str, by_name: bool) -> str | None:
    """What `value` should be, by the argument's annotation; None where it may be right.

    Args:
        by_name: Where the annotation does not tell, guess from the argument's name.
    """
    from . import dtypes
    from .autograd.core import TensorBase

    kind, *others = [k.strip() for k in annotation.split("|")]
    if others not in ([], ["None"]):
        return None
    several = isinstance(value, (tuple, list))
    ints = several and all(hasattr(n, "__index__") for n in value)
    index = hasattr(value, "__index__")
    rules = {
        "Tensor": ("a Tensor", isinstance(value, TensorBase)),
        "Sequence[Tensor]": (
            "a tuple or list of Tensors",
            several and all(isinstance(t, TensorBase) for t in value),
        ),
        "Sequence[int]": ("a tuple or list of ints", ints),
        "int": ("an int", index),
        "float": ("a number", isinstance(value, (int, float, np.generic, TensorBase))),
        "bool": ("a bool", isinstance(value, (int, np.bool_, TensorBase))),
        "dtype": ("a torch.dtype", value is None or isinstance(value, dtypes.dtype)),
        "dim": ("an int or a tuple of ints", value is None or index or ints),
    }
    guess = "float" if argument in _NUMBERS else argument
    rule = rules.get(kind) or rules.get("dtype" if argument == "dtype" else guess if by_name else "")
    if rule is None or (value is None and others) or rule[1]:
        return None
    return rule[0] + (" or None" if others else "")


def _reduce(made: Any) -> Any:
    """For pickle: the name where the public function stands, or the plain function, by its own name."""
    home = sys.modules.get(made.__module__)
    name: str = made.__qualname__
    if getattr(home, name, None) is made:
        return name
    return _again, next(key for key, value in _made.items() if value is made)


def _again(function: Any, numpy_names: bool, method: bool) -> Any:
    """The public function of a plain one."""
    return public(function, "", numpy_names, method)


if _C is not None:
    _C.public_setup(explain, _reduce)
