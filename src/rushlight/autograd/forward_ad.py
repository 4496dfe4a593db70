"""Forward-mode derivatives as PyTorch names them: dual tensors carry a tangent through a computation.

NOTE [Forward from backward]: a dual tensor here is a view that records, and `unpack_dual` differentiates backward
twice to find the tangent (see `func.derivatives.pushing`). So inside a level the results require grad, and what runs
under `no_grad` has no tangent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .core import TensorBase
from .grad_mode import enable_grad

__all__ = [
    "UnpackedDualTensor",
    "dual_level",
    "enter_dual_level",
    "exit_dual_level",
    "make_dual",
    "unpack_dual",
]


class UnpackedDualTensor(NamedTuple):
    """A value and its tangent (None where it does not depend on a dual tensor)."""

    primal: Any
    tangent: Any


_level: list[tuple[Any, Any]] | None = None  # the (dual, tangent) pairs of the level


def enter_dual_level() -> int:
    """Begin a level; there is one at a time, as in PyTorch."""
    global _level
    if _level is not None:
        raise RuntimeError("forward_ad: Nested forward mode AD is not supported at the moment")
    _level = []
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """End the level: tangents are gone."""
    global _level
    if _level is None or level not in (None, 0):
        raise RuntimeError("forward_ad: there must be a level to exit; call enter_dual_level() first")
    _level = None


class dual_level:  # noqa: N801 - PyTorch's name
    """A context inside which tensors can be dual.

    Example:
        >>> import rushlight.autograd.forward_ad as fwAD
        >>> with fwAD.dual_level():
        ...     x = fwAD.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0]))
        ...     print(fwAD.unpack_dual(x * x).tangent)
        tensor([ 2., 40.])
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: object) -> None:
        exit_dual_level()


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """`tensor` with the direction `tangent` of its change.

    Raises:
        RuntimeError: there is no level, or the shapes differ.
        ValueError: one of them is no floating-point or complex tensor.
    """
    if _level is None:
        raise RuntimeError(
            "make_dual: there must be a dual level (no level exists); use it inside `with dual_level():`"
        )
    for name, t in (("primal", tensor), ("tangent", tangent)):
        if not isinstance(t, TensorBase) or t.dtype.category < 2:
            got = t.dtype if isinstance(t, TensorBase) else type(t).__name__
            raise ValueError(f"make_dual: {name} must be floating point or complex, got {got}")
    if tensor.shape != tangent.shape:
        raise RuntimeError(
            f"make_dual: tangent must have its tensor's size {list(tensor.shape)} (different size), got {list(tangent.shape)}"
        )
    with enable_grad():
        dual = tensor.view_as(tensor) if tensor.requires_grad else tensor.detach().requires_grad_()  # type: ignore[attr-defined]
    _level.append((dual, tangent))
    return dual


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """The value of a tensor and its tangent, None where it has none."""
    from ..func.derivatives import pushing, reaches_further

    if not _level or not tensor.requires_grad:
        return UnpackedDualTensor(tensor.detach() if _level and not tensor.requires_grad else tensor, None)
    duals = [d for d, _ in _level]
    with enable_grad():
        outer = reaches_further([tensor], duals)
        _, push = pushing([tensor], duals)
        create = outer or any(v.requires_grad for _, v in _level)
        (tangent,) = push([v for _, v in _level], create)
        if not _depends(tensor, duals):
            tangent = None
    if tangent is not None and not create:
        tangent = tangent.detach()
    return UnpackedDualTensor(tensor if outer else tensor.detach(), tangent)


def _depends(tensor: Any, duals: list) -> bool:
    """Whether any of `duals` lies in the history of `tensor`."""
    from .gradients import grad

    found = grad(tensor, duals, tensor.detach() * 0, retain_graph=True, allow_unused=True)
    return any(g is not None for g in found)
