"""Parametrizations: tensors of a module computed, at every access, from other tensors that are trained."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ...autograd import no_grad
from ...tensor import Tensor
from ..modules.container import Module, ModuleDict, ModuleList  # type: ignore[attr-defined]
from ..parameter import Parameter

__all__ = [
    "cached",
    "ParametrizationList",
    "register_parametrization",
    "is_parametrized",
    "remove_parametrizations",
    "type_before_parametrizations",
    "transfer_parametrizations_and_params",
]

_caching = 0
_cache: dict[tuple[int, str], Tensor | None] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Within the block, each parametrized tensor is computed once, at its first access.

    Example:
        >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
        >>> with nn.utils.parametrize.cached():
        ...     layer.weight is layer.weight
        True
    """
    global _caching
    _caching += 1
    try:
        yield
    finally:
        _caching -= 1
        if not _caching:
            _cache.clear()


def _register(module: Any, name: str, x: Tensor) -> None:
    if isinstance(x, Parameter):
        module.register_parameter(name, x)
    else:
        module.register_buffer(name, x)


def _set(dest: Tensor, src: Tensor) -> None:
    """Let `dest` have the memory of `src`."""
    if dest is not src and dest.data_ptr() != src.data_ptr():
        dest.data = src.data


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, applied one after the other, and the tensors they start from.

    These are `original`, or `original0`, `original1`, ... when the right_inverse of the first parametrization gives
    several.

    Args:
        modules: The parametrizations.
        original: The tensor that is parametrized.
        unsafe: Allow that shape or dtype change.
    """

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList: modules must have at least one parametrization, got none")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        with no_grad():
            new: Any = original
            for module in reversed(self):  # type: ignore[call-overload]
                if hasattr(module, "right_inverse"):
                    try:
                        new = module.right_inverse(new)
                    except NotImplementedError:
                        pass
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                f"right_inverse: it must return a Tensor or a sequence of them, got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            if new.dtype is not dtype and not unsafe:  # type: ignore[union-attr]
                raise ValueError(
                    f"right_inverse: it must keep the dtype unless the parametrization is unsafe, got {new.dtype} for {dtype}"  # type: ignore[union-attr]
                )
            with no_grad():
                _set(original, new)  # type: ignore[arg-type]
            _register(self, "original", original)
        else:
            for i, x in enumerate(new):
                if not isinstance(x, Tensor):
                    raise ValueError(
                        f"right_inverse: it must return Tensors, got {type(x).__name__} at place {i}"
                    )
                if isinstance(original, Parameter):
                    x = Parameter(x, original.requires_grad)
                x.requires_grad_(original.requires_grad)
                _register(self, f"original{i}", x)
        if not unsafe:
            result = self()
            if not isinstance(result, Tensor):
                raise ValueError(f"parametrization: it must return a Tensor, got {type(result).__name__}")
            if result.dtype is not dtype:
                raise ValueError(
                    f"parametrization: it must keep the dtype unless it is unsafe, got {result.dtype} for {dtype}"
                )
            if result.shape != shape:
                raise ValueError(
                    f"parametrization: it must keep the shape unless it is unsafe, got {tuple(result.shape)} for {tuple(shape)}"
                )

    def _originals(self) -> list[Tensor]:
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that the parametrized tensor becomes `value`."""
        with no_grad():
            new: Any = value
            for module in reversed(self):  # type: ignore[call-overload]
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"right_inverse: every parametrization must define it to be assigned to, got {type(module).__name__}"
                    )
                new = module.right_inverse(new)
            if self.is_tensor:
                if not isinstance(new, Tensor):
                    raise ValueError(f"right_inverse: it must return a Tensor, got {type(new).__name__}")
                if new.dtype is not value.dtype:
                    raise ValueError(
                        f"right_inverse: it must keep the dtype, got {new.dtype} for {value.dtype}"
                    )
                _set(self.original, new)
                return
            if not isinstance(new, Sequence) or len(new) != self.ntensors:
                raise ValueError(
                    f"right_inverse: it must return {self.ntensors} Tensors, got {type(new).__name__}"
                )
            for i, (x, own) in enumerate(zip(new, self._originals())):
                if not isinstance(x, Tensor):
                    raise ValueError(
                        f"right_inverse: it must return Tensors, got {type(x).__name__} at place {i}"
                    )
                if x.dtype is not own.dtype:
                    raise ValueError(
                        f"right_inverse: it must keep the dtype, got {x.dtype} for {own.dtype} at place {i}"
                    )
                _set(own, x)

    def forward(self) -> Tensor:
        first, *rest = self
        x = first(*self._originals())
        for module in rest:
            x = module(x)
        return x

    def __reversed__(self) -> Iterator[Module]:
        return iter(list(self)[::-1])


def _inject_new_class(module: Any) -> None:
    """Give the module a class of its own, so that properties can be put on it."""
    cls = type(module)

    def __getstate__(self: Any) -> Any:
        raise RuntimeError(
            "pickle: a parametrized module must be saved through its state_dict(), got the module itself; remove the "
            "parametrizations first, or save module.state_dict()"
        )

    def __deepcopy__(self: Any, memo: dict) -> Any:
        if id(self) not in memo:
            new = self.__new__(
                type(self)
            )  # of the same class: its properties read the copy's `parametrizations`
            memo[id(self)] = new
            new.__dict__ = copy.deepcopy(self.__dict__, memo)
        return memo[id(self)]

    members: dict[str, Any] = {"__getstate__": __getstate__, "__module__": cls.__module__}
    if not hasattr(cls, "__deepcopy__"):
        members["__deepcopy__"] = __deepcopy__
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), members)


def _inject_property(module: Any, name: str) -> None:
    def get(self: Any) -> Tensor:
        if not _caching:
            return self.parametrizations[name]()
        key = (id(self), name)
        tensor = _cache.get(key)
        if tensor is None:
            tensor = _cache[key] = self.parametrizations[name]()
        return tensor

    def set(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(get, set))


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Let a parameter or buffer be the result of `parametrization` on a tensor that takes its place.

    The tensor moves to `module.parametrizations.<name>.original`; reading `module.<name>` computes
    `parametrization(original)`; assigning to it sets the original by `parametrization.right_inverse(value)`, if that is
    defined. A second parametrization is applied to the first one's result.

    Args:
        module: The module.
        tensor_name: The parameter or buffer.
        parametrization: A module that takes the tensor and returns one.
        unsafe: Allow that it changes shape or dtype.

    Returns:
        The module.

    Raises:
        ValueError: There is no such tensor; shape or dtype change.

    Example:
        >>> class Symmetric(nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).T
        >>> m = nn.utils.parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
        >>> torch.equal(m.weight, m.weight.T)
        True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        chain: Any = module.parametrizations[tensor_name]  # type: ignore[index]
        if unsafe:
            chain.unsafe = True
        else:
            _check_second(getattr(module, tensor_name), parametrization, tensor_name)
        chain.append(parametrization)
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        chain = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _inject_new_class(module)
            module.parametrizations = ModuleDict()
        _inject_property(module, tensor_name)
        module.parametrizations[tensor_name] = chain  # type: ignore[index,operator]
    else:
        raise ValueError(
            f"register_parametrization: tensor_name must be a parameter, a buffer or a parametrized tensor of the module, "
            f"got {tensor_name!r}"
        )
    return module


def _check_second(before: Tensor, parametrization: Any, name: str) -> None:
    """The rules for a further parametrization of a tensor."""
    after = parametrization(before)
    if not isinstance(after, Tensor):
        raise ValueError(
            f"register_parametrization: the result for {name} must be a Tensor, got {type(after).__name__}"
        )
    if after.dtype is not before.dtype or after.shape != before.shape:
        raise ValueError(
            f"register_parametrization: a parametrization of {name} must keep dtype and shape unless it is unsafe, got "
            f"{after.dtype} {tuple(after.shape)} for {before.dtype} {tuple(before.shape)}"
        )
    if hasattr(parametrization, "right_inverse"):
        try:
            back = parametrization.right_inverse(after)
        except NotImplementedError:
            return
        if not isinstance(back, Tensor) or back.dtype is not before.dtype or back.shape != before.shape:
            raise ValueError(
                f"register_parametrization: right_inverse of a further parametrization of {name} must give a Tensor of the "
                "same dtype and shape, got another"
            )


def is_parametrized(module: Any, tensor_name: str | None = None) -> bool:
    """Whether the module has a parametrization, or one of that tensor."""
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module: Any, tensor_name: str, leave_parametrized: bool = True) -> Any:
    """Take the parametrizations of a tensor away.

    Args:
        module: The module.
        tensor_name: The tensor.
        leave_parametrized: Let the tensor keep its present value; otherwise it becomes the original again.

    Returns:
        The module.

    Raises:
        ValueError: The tensor is not parametrized; or there are several originals and `leave_parametrized` is False.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"remove_parametrizations: tensor_name must be parametrized, got {tensor_name!r}")
    chain = module.parametrizations[tensor_name]
    if chain.is_tensor:
        original = chain.original
        if leave_parametrized:
            with no_grad():
                _set(original, getattr(module, tensor_name))
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value.detach(), value.requires_grad) if value.requires_grad else value
    else:
        raise ValueError(
            "remove_parametrizations: leave_parametrized must be True for a tensor computed from several, got False"
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Any) -> type:
    """The module's class without the one that parametrizing put on it."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Any, to_module: Any, tensor_name: str | None = None
) -> Any:
    """Give `to_module` the parametrizations of `from_module`, and their tensors' values.

    Args:
        from_module: The module that has them.
        to_module: The module that gets them.
        tensor_name: Only those of this tensor.

    Returns:
        `to_module`.
    """
    if not is_parametrized(from_module):
        return to_module
    names = [tensor_name] if tensor_name is not None else list(from_module.parametrizations)
    for name in names:
        if name not in from_module.parametrizations:
            continue
        source = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            first = getattr(from_module, name)
            _register(
                to_module, name, Parameter(first.detach().clone()) if first.requires_grad else first.detach()
            )
        for parametrization in source:
            register_parametrization(to_module, name, parametrization, unsafe=source.unsafe)
        target = to_module.parametrizations[name]
        with no_grad():
            for own, x in zip(target._originals(), source._originals()):
                own.copy_(x)
    return to_module
