"""`backward` and `grad`, and what happens to a gradient on arrival."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import kind_of
from .core import TensorBase, bind, is_grad_enabled, run_backward

__all__ = ["backward", "grad"]


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the gradients of `tensors` to `.grad` of the leaves they were computed from.

    Args:
        tensors: A tensor or a sequence of tensors.
        grad_tensors: The gradient of each: needed where it has more than one element.
        retain_graph: Keep the graph for another pass. Default: the value of `create_graph`.
        create_graph: Record the pass itself, so that gradients can be differentiated.
        grad_variables: Old name of `grad_tensors`.
        inputs: Only add to these tensors' `.grad`.

    Raises:
        RuntimeError: a tensor does not require grad, or a gradient is missing or of the wrong shape.

    Example:
        >>> x = rushlight.tensor([1.0, 2.0], requires_grad=True)
        >>> backward((x * x).sum())
        >>> x.grad
        tensor([2., 4.])
    """
    if grad_variables is not None:
        grad_tensors = grad_variables
    roots = _as_tuple(tensors)
    grads = _root_grads(roots, _as_tuple(grad_tensors, len(roots)), "backward")
    if inputs is not None:
        inputs = _as_tuple(inputs)
        if not inputs:
            raise RuntimeError("backward: inputs must not be empty; leave it out to reach all leaves")
        _check_roots(inputs, "backward")
    keep = create_graph if retain_graph is None else retain_graph
    run_backward(roots, grads, keep, create_graph, inputs)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of `outputs` with respect to `inputs`, as a tuple; `.grad` is left alone.

    Args:
        outputs: A tensor or a sequence of tensors; a `GradientEdge` stands for the tensor it was made of.
        inputs: The tensors to differentiate by; of a dict of tensors the result is a dict.
        grad_outputs: The gradient of each output: needed where it has more than one element.
        retain_graph: Keep the graph for another pass. Default: the value of `create_graph`.
        create_graph: Record the pass itself, for higher derivatives.
        only_inputs: False did more once; it warns and changes nothing, as in PyTorch.
        allow_unused: None for an input that the outputs do not depend on, instead of an error.
        is_grads_batched: Each of `grad_outputs` has a first dim more: one gradient for each of its indices, and so
            have the results.
        materialize_grads: Zeros instead of None for such an input.

    Raises:
        RuntimeError: an output or input does not require grad, or an input is not used.

    Example:
        >>> x = rushlight.tensor(2.0, requires_grad=True)
        >>> (dy,) = grad(x**3, x, create_graph=True)
        >>> grad(dy, x)
        (tensor(12.),)
    """
    if not only_inputs:
        warnings.warn(
            "grad: only_inputs is deprecated and ignored (it is always True); use backward() to reach other leaves",
            FutureWarning,
            stacklevel=2,
        )
    if isinstance(inputs, dict):
        values = tuple(inputs.values())
        options = (retain_graph, create_graph, True, allow_unused, is_grads_batched, materialize_grads)
        return dict(zip(inputs, grad(outputs, values, grad_outputs, *options), strict=True))
    if allow_unused is None:
        allow_unused = materialize_grads
    elif materialize_grads and not allow_unused:
        raise ValueError(
            "grad: allow_unused must be True or left out when materialize_grads is True, got False"
        )
    roots = tuple([_tensor_of(t) for t in _as_tuple(outputs)])
    wanted = tuple([_tensor_of(t) for t in _as_tuple(inputs)])
    if not wanted:
        raise ValueError("grad: inputs must not be empty")
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        batches = _batches(roots, _as_tuple(grad_outputs, len(roots)))
        rows = [
            grad(
                roots,
                wanted,
                row,
                keep or i + 1 < len(batches),
                create_graph,
                True,
                allow_unused,
                False,
                materialize_grads,
            )
            for i, row in enumerate(batches)
        ]
        return tuple([_stacked(column) for column in zip(*rows, strict=True)])
    grads = _root_grads(roots, _as_tuple(grad_outputs, len(roots)), "grad")
    for i, t in enumerate(wanted):
        if not isinstance(t, TensorBase) or not t.requires_grad:
            raise RuntimeError(
                f"grad: One of the differentiated Tensors does not require grad (inputs[{i}]); call "
                ".requires_grad_() on it before it is used"
            )
    found: Any = run_backward(roots, grads, keep, create_graph, wanted, False)
    if not allow_unused and any(g is None for g in found):
        i = next(i for i, g in enumerate(found) if g is None)
        raise RuntimeError(
            "grad: One of the differentiated Tensors appears to not have been used in the graph "
            f"(inputs[{i}]); pass allow_unused=True for None in its place"
        )
    if materialize_grads:
        found = tuple(t.new_zeros(t.shape) if g is None else g for t, g in zip(wanted, found, strict=True))
    return found


def _as_tuple(value: Any, n: int = 0) -> tuple:
    if value is None:
        return (None,) * n
    return (value,) if isinstance(value, TensorBase) or hasattr(value, "ownership_token") else tuple(value)


def _tensor_of(value: Any) -> Any:
    """What a `GradientEdge` (see graph.py) stands for; other values as they are."""
    if not hasattr(value, "ownership_token"):
        return value
    if value.ownership_token is not None:
        return value.ownership_token
    if hasattr(value.node, "variable"):
        return value.node.variable
    raise RuntimeError(
        "grad: an edge to a node must come from get_gradient_edge(tensor), got one without its ownership_token"
    )


def _batches(roots: tuple, grads: tuple) -> list[tuple]:
    """Batched gradients of the outputs, as one tuple of gradients for each index of the batch."""
    sizes = []
    for i, (root, g) in enumerate(zip(roots, grads, strict=True)):
        if g is None:
            continue
        if g._array.shape[1:] != root._array.shape or not g._array.ndim:
            raise RuntimeError(
                f"grad: with is_grads_batched, grad_outputs[{i}] must have a batch dim and then the output's shape "
                f"{list(root._array.shape)}, got {list(g._array.shape)} (a mismatch was detected)"
            )
        sizes.append(g._array.shape[0])
    if len(set(sizes)) > 1:
        raise ValueError(
            f"grad: grad_outputs must be of one batch size (all tensors to have the same size in the mapped dimension), got "
            f"{sizes}"
        )
    n = sizes[0] if sizes else 1
    return [tuple([None if g is None else g[i] for g in grads]) for i in range(n)]


def _stacked(column: tuple) -> Any:
    from ..ops.join import stack

    return None if column[0] is None else stack(column)


def _check_roots(tensors: Sequence, function: str) -> None:
    for i, t in enumerate(tensors):
        if not isinstance(t, TensorBase):
            raise TypeError(f"{function}: element {i} must be a Tensor, got {kind_of(t)}")
        if not t.requires_grad:
            raise RuntimeError(
                f"{function}: element {i} of tensors does not require grad and does not have a grad_fn; was it "
                "computed under no_grad(), or from tensors without requires_grad?"
            )


def _root_grads(roots: tuple, grads: tuple, function: str) -> tuple:
    _check_roots(roots, function)
    if len(grads) != len(roots):
        raise RuntimeError(
            f"{function}: there must be one gradient for each of {len(roots)} tensors, got {len(grads)}"
        )
    checked = []
    for root, g in zip(roots, grads, strict=True):
        if g is None:
            if root._array.size != 1:
                raise RuntimeError(
                    f"{function}: grad can be implicitly created only for scalar outputs, got shape "
                    f"{list(root._array.shape)}; reduce it with .sum() or .mean(), or pass its gradient"
                )
            if dtypes.of(root._array.dtype).is_complex:
                raise RuntimeError(
                    f"{function}: grad can be implicitly created only for real scalar outputs, got complex"
                )
            g = _plain()._make(np.ones_like(root._array))
        elif not isinstance(g, TensorBase):
            raise TypeError(f"{function}: gradients must be Tensors or None, got {type(g).__name__}")
        elif g._array.shape != root._array.shape:
            raise RuntimeError(
                f"{function}: Mismatch in shape: the gradient must have its tensor's shape {list(root._array.shape)}, "
                f"got {list(g._array.shape)}"
            )
        checked.append(g)
    return tuple(checked)


def _plain() -> Any:
    from ..tensor import Tensor

    return Tensor


def _fit(g: Any, shape: tuple, dtype: np.dtype, node: Any) -> Any:
    """`g`, on arrival, in the shape (broadcasting undone) and dtype of the value it belongs to."""
    if not isinstance(g, TensorBase):
        raise TypeError(f"{node.name()}: backward must give Tensors or None, got {type(g).__name__}")
    if g._array.shape != shape:
        have = g._array.shape
        offset = len(have) - len(shape)
        if offset < 0 or any(n not in (1, have[offset + i]) for i, n in enumerate(shape)):
            raise RuntimeError(
                f"{node.name()}: returned an invalid gradient of shape {list(have)}, but it must be compatible with "
                f"the input's shape {list(shape)}"
            )
        g = g.sum_to_size(shape)
    if g._array.dtype != dtype:
        to = dtypes.of(dtype)
        if dtypes.of(g._array.dtype).is_complex and not to.is_complex:
            g = g.real
        g = g.to(to)
    return g


def _accumulate(leaf: Any, g: Any) -> None:
    """Add `g` to `.grad`. The first one is copied: others may hold the same tensor."""
    before = leaf.grad
    if before is None:
        if is_grad_enabled():
            leaf._grad = g
        else:
            leaf._grad = _plain()._make(np.array(g._array, order="K"))
    elif is_grad_enabled():
        leaf._grad = before + g
    else:
        before._array += g._array
        before._bump()
    after = getattr(leaf, "_post_accumulate_hooks", None)
    if after:
        for hook in list(after.values()):
            hook(leaf)


def _check_grad(t: Any, value: Any) -> None:
    if not isinstance(value, TensorBase):
        raise TypeError(f"grad: must be a Tensor or None, got {kind_of(value)}")
    if value is t:
        raise RuntimeError("grad: can't assign a tensor as its own grad")
    if value._array.shape != t._array.shape:
        raise RuntimeError(
            f"grad: must have its tensor's shape {list(t._array.shape)}, got {list(value._array.shape)}"
        )
    if value._array.dtype != t._array.dtype:
        raise RuntimeError(
            f"grad: must have its tensor's dtype {dtypes.of(t._array.dtype)}, got {dtypes.of(value._array.dtype)}"
        )


bind(fit=_fit, accumulate=_accumulate, check_grad=_check_grad)
