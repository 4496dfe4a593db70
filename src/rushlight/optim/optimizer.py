"""`Optimizer`: parameter groups, state, hooks, saving. A subclass says how one parameter is updated."""

from __future__ import annotations

import contextlib
import copy
import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import enable_grad, no_grad
from ..tensor import Tensor, wrap
from ..utils.hooks import RemovableHandle

__all__ = [
    "Optimizer",
    "swap_in_optimizer_params_and_state",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
]

_global_pre_hooks: dict[int, Callable[..., Any]] = OrderedDict()
_global_post_hooks: dict[int, Callable[..., Any]] = OrderedDict()


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before every step of every optimizer."""
    return _register(_global_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after every step of every optimizer."""
    return _register(_global_post_hooks, hook)


def _register(hooks: Any, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


@contextlib.contextmanager
def swap_in_optimizer_params_and_state(
    optimizer: Optimizer, swapin_parameters: dict[str, Tensor], swapin_optim_state: dict[str, Any]
) -> Iterator[None]:
    """Let an optimizer work on other parameters and another state for a while; its own come back at the end.

    Args:
        optimizer: The optimizer.
        swapin_parameters: Tensors by name, in the order of the optimizer's own.
        swapin_optim_state: A `state_dict()` for them. Its tensors are used as they are: steps change them.

    Raises:
        ValueError: there are more or fewer parameters than the optimizer has.
    """
    tensors = list(swapin_parameters.values())
    groups, state = optimizer.param_groups, optimizer.state
    own = sum(len(group["params"]) for group in groups)
    if len(tensors) != own:
        raise ValueError(
            f"swap_in_optimizer_params_and_state: swapin_parameters must be {own} tensors, got {len(tensors)}"
        )
    saved = swapin_optim_state["param_groups"]
    numbers = [n for group in saved for n in group["params"]]
    numbered = dict(zip(numbers, tensors, strict=True))
    new: defaultdict[Any, Any] = defaultdict(dict)
    for number_, entry in swapin_optim_state["state"].items():
        new[numbered.get(number_, number_)] = dict(entry)
    optimizer.param_groups = [{**group, "params": [numbered[n] for n in group["params"]]} for group in saved]
    optimizer.state = new
    try:
        yield
    finally:
        optimizer.param_groups, optimizer.state = groups, state


class _Required:
    """Stands for an option that has no default."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class Optimizer:
    """Changes parameters by their gradients. Base class of all optimizers.

    A subclass of one's own either defines `step`, as in PyTorch, or less: `_start(group, p)`, which gives the
    first state of a parameter, and `_one(group, p, g, state)`, which updates the array `p` in place by the
    gradient array `g`. Arrays in `state` are Tensors. `_fused` may do a whole group at once in a kernel.

    Args:
        params: Tensors; or (name, tensor) pairs; or dicts, one a group: 'params' and options of its own.
        defaults: Options of groups that do not set them.

    Raises:
        TypeError: `params` is one Tensor, or holds something else than tensors.
        ValueError: it is empty, a tensor is no leaf, or is in two groups.

    Example:
        >>> class Halve(rushlight.optim.Optimizer):
        ...     def _one(self, group, p, g, state):
        ...         p *= 0.5
        >>> w = rushlight.nn.Parameter(rushlight.ones(1))
        >>> w.grad = rushlight.ones(1)
        >>> Halve([w], {}).step()
        >>> w.item()
        0.5
    """

    _opt_called = False
    _added_options: dict[str, Any] = {}  # options that old checkpoints lack, and what stands for them
    state: defaultdict[Any, Any]
    param_groups: list[dict[str, Any]]

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._hook_step()
        self._make_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                f"{type(self).__name__}: params must be an iterable of Tensors or dicts, got {params.type()}; "
                "put it into a list"
            )
        self.state = defaultdict(dict)
        self.param_groups = []
        groups = list(params)
        if not groups:
            raise ValueError(
                f"{type(self).__name__}: params must not be empty (optimizer got an empty parameter list)"
            )
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(dict(group))

    # -- the step -----------------------------------------------------------------------------------
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        Args:
            closure: Computes the loss (and gradients) anew; what it gives is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                params, grads, states = self._gather(group)
                if params:
                    self._update(group, params, grads, states)
        return loss

    def _gather(self, group: dict[str, Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """The group's parameters with gradients, those, and their states, made where there is none yet."""
        params, grads, states = [], [], []
        state = self.state
        for p in group["params"]:
            g = p.grad
            if g is not None:
                s = state.get(p)
                if not s:
                    s = self._start(group, p)
                    if s:
                        state[p] = s
                params.append(p)
                grads.append(g)
                states.append(s)
        return params, grads, states

    def _update(self, group: dict[str, Any], params: list[Any], grads: list[Any], states: list[Any]) -> None:
        if group.get("capturable"):
            raise AssertionError(
                f"{type(self).__name__}: capturable must be False for parameters on the CPU (If capturable=True, params "
                "must be on a supported device)"
            )
        if group.get("differentiable"):
            raise NotImplementedError(
                f"{type(self).__name__}: differentiable must be False; a step that gradients flow through is not "
                "implemented: write it in operations on tensors"
            )
        if self._fused(group, params, grads, states):
            return
        sign = -1 if group.get("maximize") else 1
        for p, g, s in zip(params, grads, states, strict=True):
            if len(params) > 1 or not g.is_contiguous():
                if self._fused(group, [p], [g.contiguous()], [s]):
                    continue
            with np.errstate(all="ignore"):
                self._one(group, p._array, g._array * sign if sign < 0 else g._array, s)
            p._bump()
            if s and p not in self.state:
                self.state[p] = s

    def _start(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        """The state of a parameter before its first step."""
        return {}

    def _one(self, group: dict[str, Any], p: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> None:
        """Update `p` in place by its gradient `g` (negated already where the group maximizes)."""
        raise NotImplementedError(f"{type(self).__name__}: an optimizer must define step() or _one()")

    def _fused(self, group: dict[str, Any], params: list[Any], grads: list[Any], states: list[Any]) -> bool:
        """Do the group's step in one kernel call, if there is one that can; says whether it is done."""
        return False

    # -- gradients and groups -------------------------------------------------------------------------
    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop all gradients, or set them to zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    if p.grad.grad_fn is not None:
                        p.grad = p.grad.detach()
                    else:
                        p.grad.requires_grad_(False)
                    p.grad._array[...] = 0
                    p.grad._bump()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group, for example of layers that are unfrozen later. Its 'params' and options as in `__init__`."""
        name = type(self).__name__
        if not isinstance(param_group, dict):
            raise TypeError(f"{name}: param_group must be a dict, got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(
                f"{name}: params must be in an ordered collection, got a set (the ordering of tensors in sets will change "
                "between runs); use a list"
            )
        params = list(params)
        tensors = [p[1] if isinstance(p, tuple) else p for p in params]
        names = [p[0] for p in params if isinstance(p, tuple)]
        if names and len(names) != len(params):
            raise ValueError(
                f"{name}: all optimizer params should be with/without names; Some param names are missing"
            )
        for p in tensors:
            if not isinstance(p, Tensor):
                raise TypeError(
                    f"{name}: optimizer can only optimize Tensors, but one of the params is {type(p).__name__}"
                )
            if not self.defaults.get("differentiable") and not (p.is_leaf or p.retains_grad):
                raise ValueError(
                    f"{name}: can't optimize a non-leaf Tensor; give it .detach().requires_grad_()"
                )
        param_group["params"] = tensors
        if names:
            param_group["param_names"] = names
        for key, default in self.defaults.items():
            if default is required and key not in param_group:
                raise ValueError(
                    f"{name}: parameter group didn't specify a value of required optimization parameter {key}"
                )
            param_group.setdefault(key, default)
        if len(tensors) != len({id(p) for p in tensors}):
            warnings.warn(
                f"{name}: optimizer contains a parameter group with duplicate parameters; in future, this will cause an error",
                stacklevel=3,
            )
        known = {id(p) for group in self.param_groups for p in group["params"]}
        if any(id(p) in known for p in tensors):
            raise ValueError(f"{name}: some parameters appear in more than one parameter group")
        if self.param_groups and ("param_names" in param_group) != ("param_names" in self.param_groups[0]):
            raise ValueError(
                f"{name}: all optimizer param groups should be with/without names; cannot add param group "
                f"{'with' if names else 'without'} names to the optimizer"
            )
        self.param_groups.append(param_group)

    # -- saving ---------------------------------------------------------------------------------------
    def state_dict(self) -> dict[str, Any]:
        """State and options with numbers in place of the parameters, in PyTorch's format.

        'state': number -> state; 'param_groups': options, with 'params' as numbers.
        """
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            packed = {k: v for k, v in group.items() if k != "params"}
            for p in group["params"]:
                numbers.setdefault(id(p), len(numbers))
            packed["params"] = [numbers[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {(numbers[id(k)] if isinstance(k, Tensor) else k): v for k, v in self.state.items()}
        result = {"state": state, "param_groups": groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            changed = hook(self, result)
            if changed is not None:
                result = changed
        return result

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a `state_dict()`, also one of real PyTorch.

        Raises:
            ValueError: its groups do not match this optimizer's in number or size.
        """
        state_dict = state_dict.copy()
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            changed = hook(self, state_dict)
            if changed is not None:
                state_dict = changed
        groups, saved = self.param_groups, copy.deepcopy(state_dict["param_groups"])
        if len(groups) != len(saved):
            raise ValueError(
                "load_state_dict: loaded state dict has a different number of parameter groups: must have "
                f"{len(groups)}, got {len(saved)}"
            )
        sizes, got = [len(g["params"]) for g in groups], [len(g["params"]) for g in saved]
        if sizes != got:
            raise ValueError(
                "load_state_dict: loaded state dict contains a parameter group that doesn't match the size of "
                f"optimizer's group: must have {sizes} parameters, got {got}"
            )
        numbered = dict(
            zip(
                [n for g in saved for n in g["params"]], [p for g in groups for p in g["params"]], strict=True
            )
        )
        state: defaultdict[Any, Any] = defaultdict(dict)
        for k, v in state_dict["state"].items():
            p = numbered.get(k)
            if p is None:
                state[k] = v
            else:
                state[p] = _like_parameter(p, v)
        for new, old in zip(saved, groups, strict=True):
            new["params"] = old["params"]
            if "param_names" in old and "param_names" not in new:
                new["param_names"] = old["param_names"]
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_optimizer_step_pre_hooks" not in self.__dict__:
            self._make_hooks()
        self._hook_step()
        self.defaults.setdefault("differentiable", False)
        for option, value in self._added_options.items():
            for group in self.param_groups:
                group.setdefault(option, value)

    def __repr__(self) -> str:
        lines = [type(self).__name__ + " ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])

    # -- hooks ------------------------------------------------------------------------------------------
    def _make_hooks(self) -> None:
        self._optimizer_step_pre_hooks: OrderedDict[int, Any] = OrderedDict()
        self._optimizer_step_post_hooks: OrderedDict[int, Any] = OrderedDict()
        self._optimizer_state_dict_pre_hooks: OrderedDict[int, Any] = OrderedDict()
        self._optimizer_state_dict_post_hooks: OrderedDict[int, Any] = OrderedDict()
        self._optimizer_load_state_dict_pre_hooks: OrderedDict[int, Any] = OrderedDict()
        self._optimizer_load_state_dict_post_hooks: OrderedDict[int, Any] = OrderedDict()

    def _hook_step(self) -> None:
        """Make the class's `step` call the hooks around it, once a class."""
        cls = type(self)
        if not getattr(cls.step, "hooked", False):
            cls.step = self.profile_hook_step(cls.step)  # type: ignore[method-assign]

    @staticmethod
    def profile_hook_step(func: Callable[..., Any]) -> Callable[..., Any]:
        """`func`, a step, with the hooks called before and after it."""

        @functools.wraps(func)
        def step(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
            self._opt_called = True  # schedulers look at it
            if not (
                self._optimizer_step_pre_hooks
                or self._optimizer_step_post_hooks
                or _global_pre_hooks
                or _global_post_hooks
            ):
                return func(self, *args, **kwargs)
            for hook in (*_global_pre_hooks.values(), *self._optimizer_step_pre_hooks.values()):
                changed = hook(self, args, kwargs)
                if changed is not None:
                    if not (isinstance(changed, tuple) and len(changed) == 2):
                        raise RuntimeError(
                            f"step: a pre hook must return None or a tuple (new_args, new_kwargs), got {changed!r}"
                        )
                    args, kwargs = changed
            result = func(self, *args, **kwargs)
            for hook in (*self._optimizer_step_post_hooks.values(), *_global_post_hooks.values()):
                hook(self, args, kwargs)
            return result

        step.hooked = True  # type: ignore[attr-defined]
        return step

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may give new (args, kwargs)."""
        return _register(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return _register(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer)` before `state_dict()`."""
        return _register(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after `state_dict()`; it may give another."""
        return _register(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before loading; it may give another."""
        return _register(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer)` after loading."""
        return _register(self._optimizer_load_state_dict_post_hooks, hook, prepend)


def _like_parameter(p: Tensor, value: Any, key: Any = None) -> Any:
    """A loaded state in the dtype of its parameter; the step counter stays float32."""
    if isinstance(value, Tensor):
        if key == "step":
            return value if value.dtype is dtypes.float32 else value.float()
        return value.to(p.dtype) if p.is_floating_point() and value.dtype is not p.dtype else value
    if isinstance(value, dict):
        return {k: _like_parameter(p, v, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_like_parameter(p, v) for v in value)
    return value


# -- what the optimizers share -------------------------------------------------------------------------
def check(optimizer: str, rule: bool, name: str, what: str, value: Any) -> None:
    """Refuse an option: `name` must be `what`."""
    if not rule:
        label = {"lr": "learning rate", "eps": "epsilon value"}.get(name, f"{name} value")
        raise ValueError(f"{optimizer}: {name} must be {what}, got {value} (Invalid {label}: {value})")


def check_not_negative(optimizer: str, **options: Any) -> None:
    """Refuse options below 0."""
    for name, value in options.items():
        check(optimizer, 0.0 <= number(value), name, "at least 0", value)


def check_betas(optimizer: str, betas: Any) -> None:
    """Refuse decay rates outside [0, 1)."""
    for i in (0, 1):
        if not 0.0 <= number(betas[i]) < 1.0:
            raise ValueError(
                f"{optimizer}: betas must be in [0, 1), got {betas} (Invalid beta parameter at index {i}: {betas[i]})"
            )


def check_lr(optimizer: str, lr: Any) -> None:
    """Refuse a negative learning rate, or a tensor of several."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError(
            f"{optimizer}: lr must be a number or a tensor of one element (Tensor lr must be 1-element), got {lr}"
        )
    check_not_negative(optimizer, lr=lr)


def check_flags(optimizer: str, fused: bool | None, foreach: bool | None, differentiable: bool) -> None:
    """The flags that choose PyTorch's implementation. Here each step is one call anyway; they must agree."""
    if fused and differentiable:
        raise RuntimeError(f"{optimizer}: `fused` does not support `differentiable`; set one of them")
    if fused and foreach:
        raise RuntimeError(f"{optimizer}: `fused` and `foreach` cannot be `True` together; set one of them")


def number(value: Any) -> Any:
    """An option as a Python float; a tensor's value."""
    return value.item() if isinstance(value, Tensor) else value


def zeros_like(p: Tensor) -> Tensor:
    """Zeros in the shape, dtype and memory order of `p`."""
    return wrap(np.zeros_like(p._array))


def counter() -> Tensor:
    """A step counter at 0, as PyTorch keeps it: a float32 tensor."""
    return wrap(np.zeros((), np.float32))


def advance(state: dict[str, Any]) -> Any:
    """Count one step; gives its number."""
    step = state["step"]
    if not isinstance(step, Tensor):
        state["step"] = step = wrap(np.array(step, np.float32))
    step._array += 1
    return step._array.item()


def lerp(start: np.ndarray, end: np.ndarray, weight: float) -> None:
    """start += (end - start) * weight, in place, from the nearer end."""
    if weight < 0.5:
        start += (end - start) * weight
    else:
        start[...] = end - (end - start) * (1 - weight)
