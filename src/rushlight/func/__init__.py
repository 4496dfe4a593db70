"""Functions of functions: derivatives as functions, functions of batches, modules with other parameters."""

from __future__ import annotations

from .batch import vmap as vmap
from .derivatives import grad as grad
from .derivatives import grad_and_value as grad_and_value
from .derivatives import linearize as linearize
from .derivatives import vjp as vjp
from .jacobians import hessian as hessian
from .jacobians import jacfwd as jacfwd
from .jacobians import jacrev as jacrev
from .jacobians import jvp as jvp
from .state import functional_call as functional_call
from .state import stack_module_state as stack_module_state

__all__ = [
    "functional_call",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "stack_module_state",
    "vjp",
    "vmap",
]


def functionalize(func, *, remove: str = "mutations"):  # type: ignore[no-untyped-def]
    """The function itself: what it computes is what a version of it without in-place changes would.

    Args:
        remove: 'mutations' or 'mutations_and_views', what PyTorch would take out of a recorded function.
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize: remove must be 'mutations' or 'mutations_and_views', got {remove!r}"
        )
    return func
