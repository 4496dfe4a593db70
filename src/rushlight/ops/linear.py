"""Affine maps: `linear`, one node with one kernel each way, and `bilinear`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..kernels import _C, usable
from ..tensor import Tensor, wrap
from .convert import cast
from .elementwise import conj, in_float32, refuse, require_tensor
from .matmul import matmul, product
from .shape import reshape, t

__all__: list[str] = ["bilinear"]
functional = ["bilinear", "linear"]


def linear_composed(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`linear` from elementary operations."""
    y = matmul(input, t(weight))
    return y if bias is None else y + bias


def _plain(x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
    """Where no kernel can."""
    xa, wa = x._array, w._array
    half = xa.dtype.itemsize < 4 and b is not None and xa.dtype.kind not in "biu"
    if half:  # rounded once, after the bias
        xa, wa = cast(xa, dtypes.float32), cast(wa, dtypes.float32)
    y = product(xa, wa.T)._array
    if b is not None:
        y = np.asarray(y + b._array.astype(y.dtype, copy=False))
    return wrap(cast(y, dtypes.of(x._array.dtype)) if half else np.asarray(y, order="C"))


def _backward(ctx: Any, dy: Tensor, nx: bool, nw: bool, nb: bool) -> tuple:
    x, w = ctx.saved_tensors
    if is_grad_enabled():
        g, rows = dy, math.prod(dy._array.shape[:-1])
        x, w = conj(x), conj(w)
        dw = None
        if nw:
            dw = matmul(t(reshape(g, rows, g._array.shape[-1])), reshape(x, rows, x._array.shape[-1]))
        return matmul(g, w) if nx else None, dw, g.sum_to_size(g._array.shape[-1:]) if nb else None  # type: ignore[attr-defined]
    if nw and usable(dy, x, w):
        return _C.linear_backward(dy, x, ctx.w if w is None else w, nx, nw, nb)
    g = dy._array
    rows = math.prod(g.shape[:-1])
    g2, conjugate = g.reshape(rows, g.shape[-1]), g.dtype.kind == "c"
    wa, xa = (a if a is None else a._array.conj() if conjugate else a._array for a in (w, x))
    return (
        product(g, wa) if wa is not None else None,
        product(g2.T, xa.reshape(rows, xa.shape[-1])) if xa is not None else None,
        wrap(g2.sum(0, dtype=np.float32 if g.dtype.itemsize < 4 else None).astype(g.dtype)) if nb else None,
    )


class _Affine(Function):
    """The bias comes first, as in PyTorch's addmm: gradients reach parameters, and their hooks, in this order."""

    @staticmethod
    def forward(ctx: Any, b: Tensor, x: Tensor, w: Tensor) -> Tensor:
        nb, nx, nw = ctx.needs_input_grad
        if nx or nw or nb:
            ctx.save_for_backward(x if nw else None, w if nx else None)
            if not nx:
                ctx.w = w._array  # its shape
        return _C.linear(x, w, b, 0) if usable(x, w, b) else _plain(x, w, b)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        nb, nx, nw = ctx.needs_input_grad
        dx, dw, db = _backward(ctx, dy, nx, nw, nb)
        return db, dx, dw


class _Linear(Function):
    """Without a bias."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor) -> Tensor:
        nx, nw = ctx.needs_input_grad
        if nx or nw:
            ctx.save_for_backward(x if nw else None, w if nx else None)
            if not nx:
                ctx.w = w._array  # its shape
        return _C.linear(x, w, None, 0) if usable(x, w) else _plain(x, w, None)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        nx, nw = ctx.needs_input_grad
        return _backward(ctx, dy, nx, nw, False)[:2]


# PyTorch's names of the last node, by whether there is a bias and the input is a matrix.
class AddmmBackward0(_Affine):
    pass


class ViewBackward0(_Affine):
    pass


class MmBackward0(_Linear):
    pass


class UnsafeViewBackward0(_Linear):
    pass


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias, as one step.

    Shape:
        input (*, in_features) or (in_features), weight (out_features, in_features) or (in_features), bias
        (out_features) or a scalar; output (*, out_features).
    Raises:
        RuntimeError: sizes do not fit, or dtypes differ.

    Example:
        >>> linear(rushlight.ones(2, 3), rushlight.ones(1, 3), rushlight.tensor([0.5]))
        tensor([[3.5000],
                [3.5000]])
    """
    if input is not None and weight is not None and usable(input, weight, bias) and weight.dim() == 2:
        node: Any
        try:
            if bias is None:
                node = MmBackward0 if input.dim() == 2 else UnsafeViewBackward0
                return node.apply(input, weight)
            node = AddmmBackward0 if input.dim() == 2 else ViewBackward0
            return node.apply(bias, input, weight)
        except (RuntimeError, ValueError):  # sizes do not fit: say how, or take the general way
            pass
    return _linear_checked(input, weight, bias)


def _linear_checked(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    if not isinstance(input, TensorBase) or not isinstance(weight, TensorBase):
        name, bad = ("input", input) if not isinstance(input, TensorBase) else ("weight", weight)
        raise TypeError(f"linear: {name} must be a Tensor, got {kind_of(bad)}")
    if bias is not None:
        require_tensor("linear", bias, "bias")
    x, w = input._array, weight._array
    if x.dtype.num != w.dtype.num or (bias is not None and bias._array.dtype.num != w.dtype.num):
        raise RuntimeError(
            "linear: input, weight and bias must have the same dtype (mat1 and mat2 must have the same dtype), got "
            f"{input.dtype}, {weight.dtype}{'' if bias is None else f' and {bias.dtype}'}; convert with .to(dtype)"
        )
    refuse("linear", input, "b")
    if w.ndim != 2 or (bias is not None and bias._array.shape != w.shape[:1]):
        if w.ndim not in (1, 2) or x.ndim == 0:
            raise RuntimeError(
                f"linear: weight must be 1-d or 2-d and input at least 1-d, got {w.shape} and {x.shape}"
            )
        if bias is not None and w.ndim == 2 and bias._array.size not in (1, w.shape[0]):
            raise RuntimeError(
                f"linear: bias must have shape ({w.shape[0]},), the out_features of weight, got {bias._array.shape}"
            )
        return linear_composed(input, weight, bias)
    if x.ndim == 0 or x.shape[-1] != w.shape[1]:
        raise RuntimeError(
            f"linear: input must have last size {w.shape[1]}, as weight {w.shape} (mat1 and mat2 shapes cannot be "
            f"multiplied), got shape {x.shape}"
        )
    if bias is None:
        return (MmBackward0 if x.ndim == 2 else UnsafeViewBackward0).apply(input, weight)
    return (AddmmBackward0 if x.ndim == 2 else ViewBackward0).apply(bias, input, weight)


@in_float32
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """For each output feature o: input1 @ weight[o] @ input2, plus bias[o].

    Shape:
        input1 (*, n), input2 (*, m), weight (out, n, m), bias (out); output (*, out).

    Example:
        >>> bilinear(rushlight.ones(2), rushlight.ones(3), rushlight.ones(1, 2, 3))
        tensor([6.])
    """
    require_tensor("bilinear", input1, "input1")
    x, y, w = input1._array.shape, input2._array.shape, weight._array.shape
    if len(w) != 3 or x[-1:] != w[1:2] or y[-1:] != w[2:] or x[:-1] != y[:-1]:
        raise RuntimeError(
            "bilinear: input1 must have shape (*, n) and input2 (*, m) with weight (out, n, m), got "
            f"{x}, {y} and {w}"
        )
    if bias is not None and bias._array.shape != w[:1]:
        raise RuntimeError(
            f"bilinear: bias must have shape ({w[0]},), the outputs of weight, got {bias._array.shape}"
        )
    a = reshape(input1, -1, w[1]) if x[:-1] != () else reshape(input1, 1, w[1])
    b = reshape(input2, -1, w[2]) if x[:-1] != () else reshape(input2, 1, w[2])
    # All products x_n y_m of a row against weight seen as (out, n m): one matrix product.
    pairs = reshape(a.unsqueeze(2) * b.unsqueeze(1), a._array.shape[0], w[1] * w[2])  # type: ignore[attr-defined]
    return reshape(linear(pairs, reshape(weight, w[0], w[1] * w[2]), bias), *x[:-1], w[0])
