"""Calling a module with other parameters than its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...tensor import Tensor

__all__ = ["functional_call"]


def functional_call(
    module: Any,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """`module(*args, **kwargs)` with its parameters and buffers replaced by others for this call.

    Args:
        module: The module.
        parameters_and_buffers: Dotted names to tensors; gradients flow to them.
        args: The call's arguments; one that is no tuple is the only one.
        kwargs: Its keyword arguments.
        tie_weights: A tensor given for one name of a shared parameter stands for its other names too.
        strict: The names must be exactly the module's.

    Raises:
        RuntimeError: With `strict`, names are missing or unknown.

    Example:
        >>> zero = {"weight": torch.zeros(1, 2), "bias": torch.ones(1)}
        >>> torch.func.functional_call(nn.Linear(2, 1), zero, torch.randn(3, 2)).flatten()
        tensor([1., 1., 1.])
    """
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    with _replaced(module, parameters_and_buffers, tie_weights, strict):
        return module(*args, **(kwargs or {}))


@contextmanager
def _replaced(module: Any, tensors: dict[str, Tensor], tie_weights: bool, strict: bool) -> Iterator[None]:
    """The module with other tensors in its tables, until the end of the block."""
    own = {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }
    if strict:
        unexpected = [k for k in tensors if k not in own]
        missing = [k for k in own if k not in tensors]
        if unexpected or missing:
            lines = [f"{kind} key(s): {', '.join(keys)}." for kind, keys in
                     (("Unexpected", unexpected), ("Missing", missing)) if keys]  # fmt: skip
            raise RuntimeError(
                f"functional_call: Error(s) in reparametrizing for {module._get_name()}:\n\t"
                + "\n\t".join(lines)
            )
    if tie_weights:
        tensors = _with_ties(own, tensors)
    places = [(*_place(module, name), tensor) for name, tensor in tensors.items()]
    saved = [table[key] if key in table else _ABSENT for table, key, _ in places]
    try:
        for table, key, tensor in places:
            table[key] = tensor
        yield
    finally:
        for (table, key, _), old in zip(reversed(places), reversed(saved)):
            if old is _ABSENT:
                table.pop(key, None)
            else:
                table[key] = old


_ABSENT = object()


def _place(module: Any, name: str) -> tuple[dict, str]:
    """The dict and the key under which a module holds the tensor of that name."""
    path, _, key = name.rpartition(".")
    owner = module.get_submodule(path)
    for table in (owner._parameters, owner._buffers):
        if key in table:
            return table, key
    return owner.__dict__, key  # a plain attribute, which need not be there before


def _with_ties(own: dict[str, Tensor], tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names that share a tensor in the module get the same tensor."""
    groups: dict[int, list[str]] = {}
    for name, t in own.items():
        groups.setdefault(id(t), []).append(name)
    result = dict(tensors)
    for names in groups.values():
        given = [n for n in names if n in tensors]
        if len({id(tensors[n]) for n in given}) > 1:
            raise ValueError(
                f"functional_call: tied names must be given one tensor, got several for {', '.join(given)}"
            )
        for n in names if given else ():
            result[n] = tensors[given[0]]
    return result
