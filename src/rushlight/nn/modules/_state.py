"""A module's state: `state_dict` and `load_state_dict`."""

from __future__ import annotations

import itertools
import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping
from typing import Any

from ...autograd import no_grad
from ...tensor import Tensor
from ..parameter import Parameter, is_lazy
from . import _hooks
from ._hooks import RemovableHandle  # type: ignore[attr-defined]

EXTRA_STATE = "_extra_state"  # the key of get_extra_state's value


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What `load_state_dict` returns: the keys that did not match."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class State:
    """The part of `Module` that reads and writes its state."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Any]
    _non_persistent_buffers_set: set[str]
    _state_dict_hooks: OrderedDict
    _state_dict_pre_hooks: OrderedDict
    _load_state_dict_pre_hooks: OrderedDict
    _load_state_dict_post_hooks: OrderedDict
    _version: int = 1

    def get_extra_state(self) -> Any:
        """More state than tensors: override together with `set_extra_state`; kept under `_extra_state`."""
        raise RuntimeError(
            f"{type(self).__name__}: get_extra_state must be defined to save extra state, got none; "
            "define it and set_extra_state"
        )

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` gave; called by `load_state_dict`."""
        raise RuntimeError(
            f"{type(self).__name__}: set_extra_state must be defined to load extra state, got none; "
            "define it and get_extra_state"
        )

    def _has_extra(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(State, method)

    def _persistent(self) -> dict[str, Tensor]:
        """The parameters and buffers that are saved, by name, without those that are None."""
        temporary = self._non_persistent_buffers_set
        buffers = ((k, v) for k, v in self._buffers.items() if k not in temporary)
        return {k: v for k, v in itertools.chain(self._parameters.items(), buffers) if v is not None}

    # -- saving -----------------------------------------------------------------------------------

    def _register_state_dict_hook(self, hook: Callable) -> RemovableHandle:
        """Run `hook(module, state_dict, prefix, local_metadata) -> None or a new state_dict` at the end."""
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "_register_state_dict_hook: hook must not be one of register_state_dict_post_hook already, got it; "
                "wrap it in a new function"
            )
        return _hooks.add(self._state_dict_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """Run `hook(module, state_dict, prefix, local_metadata)` after `state_dict` has filled in this module."""
        hook._from_public_api = True  # type: ignore[attr-defined]
        return _hooks.add(self._state_dict_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Run `hook(module, prefix, keep_vars)` before `state_dict` reads this module."""
        return _hooks.add(self._state_dict_pre_hooks, hook)

    def _save_to_state_dict(self, destination: dict, prefix: str, keep_vars: bool) -> None:
        """Put this module's own entries, not its children's, into `destination`."""
        for name, value in self._persistent().items():
            destination[prefix + name] = value if keep_vars or is_lazy(value) else value.detach()
        if self._has_extra("get_extra_state"):
            destination[prefix + EXTRA_STATE] = self.get_extra_state()

    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> Any:
        """All parameters and persistent buffers, by their dotted names, sharing memory with the module.

        Args:
            destination: A dict to fill instead of a new one.
            prefix: Put in front of every name.
            keep_vars: Return the Parameters themselves and not detached tensors.

        Example:
            >>> list(nn.Sequential(nn.Linear(2, 3), nn.ReLU()).state_dict())
            ['0.weight', '0.bias']
        """
        if args:
            warnings.warn(
                "state_dict: destination, prefix and keep_vars must be given by keyword, got positional arguments",
                FutureWarning,
                stacklevel=2,
            )
            destination = args[0] if destination is None else destination
            prefix = args[1] if len(args) > 1 and prefix == "" else prefix
            keep_vars = args[2] if len(args) > 2 and keep_vars is False else keep_vars
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=prefix + name + ".", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            new = hook(self, destination, prefix, local_metadata)
            if new is not None:
                if getattr(hook, "_from_public_api", False):
                    raise RuntimeError(
                        "state_dict_post_hook: the hook must return None, got " + type(new).__name__
                    )
                destination = new
        return destination

    # -- loading ----------------------------------------------------------------------------------

    def _register_load_state_dict_pre_hook(
        self, hook: Callable, with_module: bool = False
    ) -> RemovableHandle:
        """Run `hook([module,] state_dict, prefix, local_metadata, strict, missing, unexpected, errors)` first."""
        return _hooks.add(self._load_state_dict_pre_hooks, LoadHook(hook, with_module))

    def register_load_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Run `hook(module, state_dict, prefix, local_metadata, strict, missing, unexpected, errors)` first."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def register_load_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """Run `hook(module, incompatible_keys)` at the end; it may change the lists of keys in place."""
        return _hooks.add(self._load_state_dict_post_hooks, hook)

    def _load_from_state_dict(
        self,
        state_dict: Mapping[str, Any],
        prefix: str,
        local_metadata: dict,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Load this module's own entries, not its children's; what does not fit goes into the lists."""
        for hook in self._load_state_dict_pre_hooks.values():
            if isinstance(hook, LoadHook) and hook.with_module:
                hook = hook.bound(self)
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        local = self._persistent()
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, value in local.items():
            key = prefix + name
            if key in state_dict:
                problem = self._load_one(name, key, value, state_dict[key], assign)
                if problem:
                    error_msgs.append(problem)
            elif strict:
                missing_keys.append(key)
        extra = prefix + EXTRA_STATE
        if self._has_extra("set_extra_state"):
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            for key in state_dict:
                if key.startswith(prefix) and key != extra:
                    head, dot, _ = key[len(prefix) :].partition(".")
                    if head not in (self._modules if dot else local):
                        unexpected_keys.append(key)

    def _load_one(self, name: str, key: str, own: Tensor, new: Any, assign: bool) -> str | None:
        """Copy or assign one entry; the text of the problem if it does not fit."""
        if not isinstance(new, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from '
                f"checkpoint but received {type(new)}"
            )
        if is_lazy(new):
            if is_lazy(own):
                return None
            return f"{key}: the saved tensor must have a shape, got an uninitialized one of a lazy module"
        if not is_lazy(own):
            if own.dim() == 0 and new.dim() == 1 and new.shape[0] == 1:
                new = new[0]  # files of PyTorch before 0.4 have scalars as one-element vectors
            if new.shape != own.shape:
                return (
                    f"size mismatch for {key}: copying a param with shape {new.shape} from checkpoint, the shape in "
                    f"current model is {own.shape}."
                )
        try:
            with no_grad():
                if not assign:
                    own.copy_(new)
                    return None
                if isinstance(own, Parameter):
                    if not isinstance(new, Parameter):
                        new = Parameter(new, requires_grad=own.requires_grad)
                    else:
                        new.requires_grad_(own.requires_grad)
                setattr(self, name, new)
        except Exception as error:
            return (
                f'While copying the parameter named "{key}", whose dimensions in the model are {own.size()} and whose '
                f"dimensions in the checkpoint are {new.size()}, an exception occurred : {error.args}."
            )
        return None

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Copy the tensors of `state_dict` into this module's parameters and buffers.

        Args:
            state_dict: Names to tensors, as `state_dict()` gives.
            strict: The names must be exactly this module's.
            assign: Put the tensors themselves in place instead of copying their values (dtypes may change; an
                optimizer must be made after it).

        Returns:
            A named tuple (missing_keys, unexpected_keys).

        Raises:
            RuntimeError: Names (when strict) or shapes do not match; the message lists them all.

        Example:
            >>> a, b = nn.Linear(2, 3), nn.Linear(2, 3)
            >>> a.load_state_dict(b.state_dict())
            <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"load_state_dict: state_dict must be a dict, got {type(state_dict).__name__}; "
                "a saved file is read with rushlight.load(path)"
            )
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        state_dict = OrderedDict(state_dict)
        if metadata is not None:
            state_dict._metadata = metadata  # type: ignore[attr-defined]

        def load(module: State, part: Mapping[str, Any], prefix: str) -> None:
            local_metadata = {} if metadata is None else dict(metadata.get(prefix[:-1], {}))
            if assign:
                local_metadata["assign_to_params_buffers"] = True
            module._load_from_state_dict(part, prefix, local_metadata, True, missing, unexpected, errors)
            for name, child in module._modules.items():
                if child is not None:
                    inner = prefix + name + "."
                    load(child, {k: v for k, v in part.items() if k.startswith(inner)}, inner)
            keys = _IncompatibleKeys(missing, unexpected)
            for hook in module._load_state_dict_post_hooks.values():
                if hook(module, keys) is not None:
                    raise RuntimeError(
                        "load_state_dict_post_hook: the hook must return None, got a value; change the lists in place"
                    )

        load(self, state_dict, "")
        if strict:
            for keys, kind in ((unexpected, "Unexpected"), (missing, "Missing")):
                if keys:
                    listed = ", ".join(f'"{k}"' for k in keys)
                    errors.insert(0, f"{kind} key(s) in state_dict: {listed}. ")
        if errors:
            lines = "\n\t".join(errors)
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{lines}")
        return _IncompatibleKeys(missing, unexpected)


class LoadHook:
    """A load_state_dict pre-hook; with `with_module`, it takes the module as first argument.

    The module is handed over at the call and not stored: a copied or unpickled module gets itself.
    """

    def __init__(self, hook: Callable, with_module: bool) -> None:
        self.hook, self.with_module = hook, with_module

    def bound(self, module: Any) -> Callable:
        return lambda *args: self.hook(module, *args)

    def __call__(self, *args: Any) -> Any:
        return self.hook(*args)
