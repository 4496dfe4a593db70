"""Lazy modules: layers that read their input sizes off the first input."""

from __future__ import annotations

from typing import Any

from ..parameter import _Uninitialized, is_lazy

__all__ = ["LazyModuleMixin"]


class LazyModuleMixin:
    """Base, before the layer's own class, of layers whose parameters are made at the first call.

    A subclass has UninitializedParameters, a method `initialize_parameters(*args)` that materializes them from
    the forward's arguments, and `cls_to_become`, the class that the module changes into afterwards.

    Example:
        >>> m = nn.LazyLinear(3)
        >>> m(torch.zeros(2, 5)).shape, m
        (torch.Size([2, 3]), Linear(in_features=5, out_features=3, bias=True))
    """

    cls_to_become: Any = None

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(
            LazyModuleMixin._materialize_for, with_module=True
        )
        self._initialize_hook = self.register_forward_pre_hook(
            LazyModuleMixin._at_first_call, with_kwargs=True
        )

    def _tensors(self: Any) -> list:
        return [t for t in (*self._parameters.values(), *self._buffers.values()) if t is not None]

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialize the parameters for these arguments of forward."""
        raise NotImplementedError(
            f"{type(self).__name__}: initialize_parameters must be defined by a lazy module"
        )

    def has_uninitialized_params(self) -> bool:
        """Whether some parameter or buffer has no shape yet."""
        return any(is_lazy(t) for t in self._tensors())

    @staticmethod
    def _materialize_for(module: Any, state_dict: Any, prefix: str, *rest: Any) -> None:
        """Before loading: take the shapes from the saved tensors."""
        for name, t in (*module._parameters.items(), *module._buffers.items()):
            saved = state_dict.get(prefix + name)
            if is_lazy(t) and saved is not None and not isinstance(saved, _Uninitialized):
                t.materialize(saved.shape)

    @staticmethod
    def _at_first_call(module: Any, args: tuple, kwargs: dict) -> None:
        module.initialize_parameters(*args, **kwargs)
        if module.has_uninitialized_params():
            raise RuntimeError(
                f"{module._get_name()}: initialize_parameters must materialize every parameter, got some uninitialized"
            )
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become
