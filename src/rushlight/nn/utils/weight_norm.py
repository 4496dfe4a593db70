"""Weight normalization by hooks: a weight as a length times a direction (older than `parametrizations`)."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from ...tensor import Tensor
from ..parameter import Parameter, is_lazy

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]

M = TypeVar("M")


def norm_except_dim(v: Tensor, pow: int = 2, dim: int | None = 0) -> Tensor:
    """The p-norm over all dimensions but `dim`, which are kept with size 1; over all if `dim` is None or -1."""
    if dim is None or dim == -1:
        return v.norm(pow)
    axes = tuple(d for d in range(v.dim()) if d != dim % v.dim())
    return v.norm(pow, axes, True) if axes else v.abs()


def compute(v: Tensor, g: Tensor, dim: int | None) -> Tensor:
    """g v / |v|."""
    return v * (g / norm_except_dim(v, 2, dim))


class WeightNorm:
    """The hook that computes the weight before each forward."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Any) -> Tensor:
        return compute(getattr(module, self.name + "_v"), getattr(module, self.name + "_g"), self.dim)

    @staticmethod
    def apply(module: Any, name: str, dim: int | None) -> WeightNorm:
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm) and hook.name == name:
                raise RuntimeError(
                    f"weight_norm: {name} must have one weight_norm hook at most, got a second"
                )
        fn = WeightNorm(name, dim)
        weight = getattr(module, name)
        if is_lazy(weight):
            raise ValueError(
                "weight_norm: the weight must have a shape, got an uninitialized one of a lazy module; call it once"
            )
        del module._parameters[name]
        module.register_parameter(name + "_g", Parameter(norm_except_dim(weight, 2, fn.dim).data))
        module.register_parameter(name + "_v", Parameter(weight.data))
        setattr(module, name, fn.compute_weight(module))
        module.register_forward_pre_hook(fn)
        return fn

    def remove(self, module: Any) -> None:
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + "_g"], module._parameters[self.name + "_v"]
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def remove_hook(module: M, kind: Any, function: str, name: str) -> M:
    """Take off the hook of that kind that computes the weight `name`, and make the weight a parameter again."""
    hooks = module._forward_pre_hooks  # type: ignore[attr-defined]
    for key, hook in hooks.items():
        if isinstance(hook, kind) and hook.name == name:
            hook.remove(module)
            del hooks[key]
            return module
    raise ValueError(f"{function} of '{name}' not found in {module}")


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Train a weight's length `name`_g and direction `name`_v instead of the weight itself.

    Args:
        module: The layer.
        name: The parameter.
        dim: The dimension that keeps a length each; None for one length of all.

    Returns:
        The module.

    Source: Salimans and Kingma 2016, arXiv:1602.07868.

    Example:
        >>> import warnings
        >>> warnings.simplefilter("ignore", FutureWarning)
        >>> nn.utils.weight_norm(nn.Linear(20, 40)).weight_g.shape
        torch.Size([40, 1])
    """
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight an ordinary parameter again.

    Raises:
        ValueError: There is no weight_norm on it.
    """
    return remove_hook(module, WeightNorm, "weight_norm", name)
