"""Pruning: a parameter multiplied by a mask of zeros and ones, by a hook before each forward.

A pruned parameter `weight` becomes the parameter `weight_orig` and the buffer `weight_mask`; `weight` itself is their
product, an ordinary attribute.
"""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from ...ops.creation import ones_like
from ...ops.join import cat
from ...tensor import Tensor, wrap

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]


class BasePruningMethod(ABC):
    """Base of pruning methods: define `PRUNING_TYPE` and `compute_mask`.

    PRUNING_TYPE is 'unstructured' (single elements), 'structured' (slices along a dimension) or 'global'.
    """

    _tensor_name: str
    PRUNING_TYPE: str

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask for importance scores `t`, on top of the mask that there is already."""

    def apply_mask(self, module: Any) -> Tensor:
        """The original parameter times its mask."""
        name = self._tensor_name
        mask, original = getattr(module, name + "_mask"), getattr(module, name + "_orig")
        return mask.to(dtype=original.dtype) * original

    @classmethod
    def apply(
        cls, module: Any, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> Any:
        """Prune the parameter `name` of `module`; arguments are the method's own.

        A parameter that is pruned already keeps its zeros: the methods are combined in a PruningContainer.
        """
        key, old = next(
            ((k, h) for k, h in module._forward_pre_hooks.items()
             if isinstance(h, BasePruningMethod) and h._tensor_name == name),
            (None, None),
        )  # fmt: skip
        method: Any = cls(*args, **kwargs)
        method._tensor_name = name
        if old is not None:
            del module._forward_pre_hooks[key]
            container = old if isinstance(old, PruningContainer) else PruningContainer(old)
            container.add_pruning_method(method)
            method = container
        original = getattr(module, name)
        if importance_scores is None:
            importance_scores = original
        elif importance_scores.shape != original.shape:
            raise AssertionError(
                f"prune: importance_scores must have the parameter's shape {tuple(original.shape)}, got "
                f"{tuple(importance_scores.shape)}"
            )
        if old is None:
            original = module._parameters.pop(name)
            module.register_parameter(name + "_orig", original)
            default = ones_like(original)
        else:
            default = getattr(module, name + "_mask").detach().clone()
        try:
            mask = method.compute_mask(importance_scores.detach(), default_mask=default)
        except Exception:
            if old is None:
                module.register_parameter(name, module._parameters.pop(name + "_orig"))
            raise
        module.register_buffer(name + "_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(
        self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None
    ) -> Tensor:
        """A pruned copy of a tensor."""
        scores = t if importance_scores is None else importance_scores
        if scores.shape != t.shape:
            raise AssertionError(
                f"prune: importance_scores must have the tensor's shape {tuple(t.shape)}, got {tuple(scores.shape)}"
            )
        default = ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(scores.detach(), default_mask=default)

    def remove(self, module: Any) -> None:
        """Make the pruning permanent: `name` is a parameter again, with its zeros."""
        name = self._tensor_name
        if not is_pruned(module):
            raise ValueError(f"prune.remove: {name} must be pruned, got a module that is not")
        weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        original = module._parameters.pop(name + "_orig")
        original.data = weight.data
        del module._buffers[name + "_mask"]
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Several methods on one parameter, each applied to what the ones before left."""

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple = ()
        if len(args) == 1 and not isinstance(args[0], Iterable):
            self._tensor_name = args[0]._tensor_name
            self.add_pruning_method(args[0])
        elif not args or (len(args) == 1 and isinstance(args[0], tuple) and not args[0]):
            pass
        else:
            methods = args[0] if len(args) == 1 else args
            for method in methods:
                self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        """Add a method at the end."""
        if not isinstance(method, BasePruningMethod) and method is not None:
            raise TypeError(
                f"PruningContainer: method must be a BasePruningMethod, got {type(method).__name__}"
            )
        if method is not None and getattr(self, "_tensor_name", method._tensor_name) != method._tensor_name:
            raise ValueError(
                f"PruningContainer: method must prune the parameter {self._tensor_name!r}, got {method._tensor_name!r}"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Any:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        method = self._pruning_methods[-1]
        mask = default_mask.to(dtype=t.dtype)._array
        kind = method.PRUNING_TYPE
        if kind == "unstructured":  # only what is still there is counted
            where: Any = mask == 1
        elif kind == "structured":  # only slices with anything left
            dim = method.dim % t.dim()
            kept = (mask != 0).any(axis=tuple(d for d in range(mask.ndim) if d != dim))
            where = (*[slice(None)] * dim, np.flatnonzero(kept))
        elif kind == "global":
            where = tuple(slice(None) for _ in range(mask.ndim))
        else:
            raise ValueError(
                f"PruningContainer: PRUNING_TYPE must be unstructured, structured or global, got {kind!r}"
            )
        new = mask.copy()
        part = method.compute_mask(wrap(t._array[where]), default_mask=wrap(mask[where]))
        new[where] = part._array
        return wrap(new)


class Identity(BasePruningMethod):
    """Prune nothing, but add the mask and the hook."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return default_mask

    @classmethod
    def apply(cls, module: Any, name: str) -> Any:  # type: ignore[override]
        return super().apply(module, name)


def _check_amount(amount: Any) -> None:
    if not isinstance(amount, numbers.Real) or isinstance(amount, bool):
        raise TypeError(f"prune: amount must be a number, got {type(amount).__name__}")
    if (isinstance(amount, numbers.Integral) and int(amount) < 0) or (
        not isinstance(amount, numbers.Integral) and not 0 <= float(amount) <= 1
    ):
        raise ValueError(f"prune: amount must be a fraction in [0, 1] or an int >= 0, got {amount}")


def _count(amount: Any, size: int) -> int:
    """The number of elements or slices that `amount`, a fraction or a number, stands for."""
    if isinstance(amount, numbers.Integral):
        if amount > size:  # type: ignore[operator]
            raise ValueError(f"prune: amount must be at most the number there is, {size}, got {amount}")
        return int(amount)
    return round(float(amount) * size)


class _Unstructured(BasePruningMethod):
    """Prune elements, each on its own."""

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: float) -> None:
        _check_amount(amount)
        self.amount = amount


class RandomUnstructured(_Unstructured):
    """Prune random elements.

    Args:
        amount: A fraction in [0, 1], or a number.
    """

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        from ...ops.random import rand_like

        n = _count(self.amount, t.nelement())
        mask = default_mask.clone()
        if n:
            draws = rand_like(t)._array.ravel()
            flat = mask._array.reshape(-1)
            flat[np.argsort(-draws, kind="stable")[:n]] = 0
            mask = wrap(flat.reshape(mask._array.shape))
        return mask

    @classmethod
    def apply(cls, module: Any, name: str, amount: float) -> Any:  # type: ignore[override]
        return super().apply(module, name, amount=amount)


class L1Unstructured(_Unstructured):
    """Prune the elements of smallest absolute value.

    Args:
        amount: A fraction in [0, 1], or a number.
    """

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        n = _count(self.amount, t.nelement())
        mask = default_mask._array.copy()
        if n:
            flat = mask.reshape(-1)
            flat[np.argsort(np.abs(t._array).ravel(), kind="stable")[:n]] = 0
        return wrap(mask)

    @classmethod
    def apply(cls, module: Any, name: str, amount: float, importance_scores: Any = None) -> Any:  # type: ignore[override]
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


def _check_structured(t: Tensor, dim: int) -> None:
    if t.dim() <= 1:
        raise ValueError(
            f"prune: the tensor must have more than one dimension for structured pruning, got {tuple(t.shape)}"
        )
    if not -t.dim() <= dim < t.dim():
        raise IndexError(f"prune: dim must be in [{-t.dim()}, {t.dim() - 1}], got {dim}")


class _Structured(BasePruningMethod):
    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        _check_amount(amount)
        self.amount = amount
        self.dim = dim

    def _scores(self, t: Tensor) -> np.ndarray:
        """A score for each slice; the lowest are pruned."""
        raise NotImplementedError

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        _check_structured(t, self.dim)
        slices = t.shape[self.dim]
        n = _count(self.amount, slices)
        mask = default_mask._array.copy()
        if n:
            dim = self.dim % t.dim()
            mask[(*[slice(None)] * dim, np.argsort(self._scores(t), kind="stable")[:n])] = 0
        return wrap(mask)


class RandomStructured(_Structured):
    """Prune random slices.

    Args:
        amount: A fraction in [0, 1], or a number.
        dim: The dimension they are taken along.
    """

    def _scores(self, t: Tensor) -> np.ndarray:
        from ...ops.random import rand

        return rand(t.shape[self.dim])._array

    @classmethod
    def apply(cls, module: Any, name: str, amount: float, dim: int = -1) -> Any:  # type: ignore[override]
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(_Structured):
    """Prune the slices of smallest norm.

    Args:
        amount: A fraction in [0, 1], or a number.
        n: The norm: a number, 'fro' or 'nuc'.
        dim: The dimension they are taken along.
    """

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def _scores(self, t: Tensor) -> np.ndarray:
        rows = np.moveaxis(t._array, self.dim, 0)
        if self.n == "nuc":
            return np.array([np.linalg.norm(r, "nuc") for r in rows])
        order = 2.0 if self.n == "fro" else float(self.n)
        return np.linalg.norm(rows.reshape(len(rows), -1), order, axis=1)

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Any, name: str, amount: float, n: Any, dim: int, importance_scores: Any = None
    ) -> Any:
        return super().apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)


class CustomFromMask(BasePruningMethod):
    """Prune where a given mask is zero.

    Args:
        mask: Zeros and ones, of the parameter's shape.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"custom_from_mask: mask must have shape {tuple(default_mask.shape)}, got {tuple(self.mask.shape)}"
            )
        return default_mask * self.mask.to(dtype=default_mask.dtype)

    @classmethod
    def apply(cls, module: Any, name: str, mask: Tensor) -> Any:  # type: ignore[override]
        return super().apply(module, name, mask=mask)


def identity(module: Any, name: str) -> Any:
    """Add the mask and the hook to a parameter without pruning anything; returns the module."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Any, name: str, amount: float) -> Any:
    """Prune random elements of a parameter.

    Args:
        module: The layer.
        name: The parameter.
        amount: A fraction in [0, 1], or a number.

    Returns:
        The module.
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Any, name: str, amount: float, importance_scores: Tensor | None = None) -> Any:
    """Prune the elements of a parameter with the smallest absolute value.

    Args:
        module: The layer.
        name: The parameter.
        amount: A fraction in [0, 1], or a number.
        importance_scores: Used in place of the parameter's values.

    Returns:
        The module.

    Example:
        >>> m = nn.utils.prune.l1_unstructured(nn.Linear(4, 2), "weight", amount=3)
        >>> int((m.weight == 0).sum())
        3
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Any, name: str, amount: float, dim: int) -> Any:
    """Prune random slices of a parameter along `dim`; other arguments as of `random_unstructured`."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Any, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None
) -> Any:
    """Prune the slices of a parameter along `dim` with the smallest `n`-norm; other arguments as above."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Any, name: str, mask: Tensor) -> Any:
    """Prune a parameter where `mask` is zero; returns the module."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Any, pruning_method: Any, importance_scores: dict | None = None, **kwargs: Any
) -> None:
    """Prune several parameters as if they were one.

    Args:
        parameters: Pairs (module, parameter name).
        pruning_method: A class of an unstructured method.
        importance_scores: {(module, name): scores} used in place of the parameters' values.
        **kwargs: The method's arguments.

    Example:
        >>> a, b = nn.Linear(4, 4), nn.Linear(4, 4)
        >>> pairs = [(a, "weight"), (b, "weight")]
        >>> nn.utils.prune.global_unstructured(pairs, nn.utils.prune.L1Unstructured, amount=8)
        >>> int((a.weight == 0).sum() + (b.weight == 0).sum())
        8
    """
    if not isinstance(parameters, Iterable):
        raise TypeError(
            f"global_unstructured: parameters must be an iterable of pairs, got {type(parameters).__name__}"
        )
    parameters = list(parameters)
    given = {} if importance_scores is None else importance_scores
    if not isinstance(given, dict):
        raise TypeError(f"global_unstructured: importance_scores must be a dict, got {type(given).__name__}")
    scores = [given.get((m, n), getattr(m, n)) for m, n in parameters]
    masks = [getattr(m, n + "_mask", ones_like(getattr(m, n))) for m, n in parameters]
    container = PruningContainer()
    container._tensor_name = "temp"
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            f"global_unstructured: pruning_method must be of type 'unstructured', got {method.PRUNING_TYPE!r}"
        )
    container.add_pruning_method(method)
    flat = cat([s.detach().reshape(-1) for s in scores])
    final = container.compute_mask(flat, cat([m.detach().reshape(-1) for m in masks]))
    place = 0
    for module, name in parameters:
        p = getattr(module, name)
        n = p.numel()
        custom_from_mask(module, name, final[place : place + n].view_as(p))
        place += n


def remove(module: Any, name: str) -> Any:
    """Make the pruning of a parameter permanent: it is an ordinary parameter again, with its zeros.

    Raises:
        ValueError: The parameter is not pruned.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"prune.remove: {name!r} must be a pruned parameter of the module, got one that is not")


def is_pruned(module: Any) -> bool:
    """Whether any parameter of the module, or of a module in it, is pruned."""
    return any(
        isinstance(hook, BasePruningMethod)
        for m in module.modules()
        for hook in m._forward_pre_hooks.values()
    )
