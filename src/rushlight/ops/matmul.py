"""Products of matrices and vectors. All of them end in one packed GEMM (csrc/kernels/gemm.inl.h)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import Function, is_grad_enabled
from ..autograd.core import TensorBase
from ..errors import kind_of
from ..kernels import _C
from ..tensor import Tensor, into, method, wrap
from .convert import cast
from .elementwise import conj, require_tensor
from .promotion import number, result_type
from .shape import expand, reshape, squeeze, transpose, unsqueeze

__all__ = [
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "bmm",
    "chain_matmul",
    "dot",
    "ger",
    "inner",
    "kron",
    "matmul",
    "mm",
    "mv",
    "outer",
    "vdot",
]

_FLOAT32 = np.dtype(np.float32).num


def product(a: np.ndarray, b: np.ndarray) -> Tensor:
    """`a @ b` of arrays whose shapes fit, as a tensor without a history."""
    if _C is not None and a.dtype.num == _FLOAT32 == b.dtype.num:
        return _C.matmul(a, b)
    kind = a.dtype.kind
    if kind == "V" or a.dtype == np.float16:  # half precision: compute in float32
        y = product(cast(a, dtypes.float32), cast(b, dtypes.float32))._array
        return wrap(cast(y, dtypes.of(a.dtype)))
    return wrap(np.matmul(a, b))


def _check(a: Any, b: Any, function: str) -> None:
    if not isinstance(b, TensorBase) or not isinstance(a, TensorBase):
        bad = a if not isinstance(a, TensorBase) else b
        raise TypeError(f"{function}: operands must be Tensors, got {kind_of(bad)}")
    if a._array.dtype.num != b._array.dtype.num:
        raise RuntimeError(
            f"{function}: both operands must have the same dtype, got {a.dtype} and {b.dtype}; convert one with .to(dtype)"
        )
    if a._array.dtype.kind == "b":
        raise NotImplementedError(
            f"{function}: operands must be numbers, got torch.bool (\"addmm\" not implemented for 'Bool')"
        )


def _mismatch(a: Tensor, b: Tensor, function: str) -> RuntimeError:
    return RuntimeError(
        f"{function}: mat1 and mat2 shapes cannot be multiplied: the last dimension of the first must equal the last "
        f"but one of the second, got {tuple(a.shape)} and {tuple(b.shape)}"
    )


def _need_dims(x: Any, ndim: int, function: str, name: str) -> None:
    if not isinstance(x, TensorBase):
        raise TypeError(f"{function}: {name} must be a Tensor, got {kind_of(x)}")
    if x._array.ndim != ndim:
        what = {1: "a vector (1-d)", 2: "a matrix (2-d)", 3: "a batch of matrices (3-d)"}[ndim]
        raise RuntimeError(
            f"{function}: {name} must be {what}, got {x._array.ndim}-d of shape {tuple(x.shape)}"
        )


def _widened(function: str, out_dtype: Any, *matrices: Tensor) -> tuple[Tensor, ...]:
    """The matrices in the dtype that their product is wanted in.

    Half-precision products are summed in float32 in any case; this leaves out the rounding at the end.
    """
    have = matrices[0].dtype
    half = have in (dtypes.float16, dtypes.bfloat16)
    if out_dtype != have and not (half and out_dtype == dtypes.float32):
        raise RuntimeError(
            f"{function}: out_dtype must be the matrices' {have}, or torch.float32 for half precision, got {out_dtype}"
        )
    return tuple([m.to(out_dtype) for m in matrices])  # type: ignore[attr-defined]


def _widened_sum(function: str, out_dtype: Any, input: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
    _check(a, b, function)
    if input.dtype not in (a.dtype, out_dtype):
        raise RuntimeError(
            f"{function}: input must have the matrices' dtype {a.dtype} or out_dtype {out_dtype}, got {input.dtype}"
        )
    a, b = _widened(function, out_dtype, a, b)
    return input.to(out_dtype), a, b  # type: ignore[attr-defined]


def _h(x: np.ndarray) -> np.ndarray:
    """The conjugate transpose of the last two dims; of a vector, its conjugate."""
    x = x if x.ndim < 2 else x.swapaxes(-1, -2)
    return x.conj() if x.dtype.kind == "c" else x


def mh(x: Tensor) -> Tensor:
    """The conjugate transpose of the last two dims, differentiable."""
    x = transpose(x, -2, -1)
    return x.conj() if x.is_complex() else x  # type: ignore[attr-defined]


class _Product(Function):
    """`a @ b`, both with at least two dims. The engine sums gradients over broadcast batch dims."""

    _folds = False

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        needs = ctx.needs_input_grad
        ctx.save_for_backward(a if needs[1] else None, b if needs[0] else None)
        return product(a._array, b._array)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        a, b = ctx.saved_tensors
        da = db = None
        if is_grad_enabled():
            if b is not None:
                da = matmul(dy, mh(b))
            if a is not None:
                db = matmul(mh(a), dy)
            return da, db
        if b is not None:
            da = product(dy._array, _h(b._array))
        if a is not None:
            x, g = a._array, dy._array
            if ctx._folds:  # one matrix for all rows: one product
                rows = math.prod(x.shape[:-1])
                x, g = x.reshape(rows, x.shape[-1]), g.reshape(rows, g.shape[-1])
            db = product(_h(x), g)
        return da, db


class MmBackward0(_Product):
    pass


class BmmBackward0(_Product):
    pass


class UnsafeViewBackward0(_Product):
    """matmul with more than two dims: PyTorch folds it into mm or bmm and views the result."""


class _Rows(_Product):
    """(..., m, k) times one (k, n) matrix."""

    _folds = True


_Rows._name = UnsafeViewBackward0._name


class MvBackward0(Function):
    """Matrix times vector."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, x: Tensor) -> Tensor:
        need = ctx.needs_input_grad
        ctx.save_for_backward(a if need[1] else None, x if need[0] else None)
        return product(a._array, x._array)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        a, x = ctx.saved_tensors
        need = ctx.needs_input_grad
        return (
            outer(dy, x.conj() if x.is_complex() else x) if need[0] else None,
            mv(mh(a), dy) if need[1] else None,
        )


class DotBackward0(Function):
    """Vector times vector."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        need = ctx.needs_input_grad
        ctx.save_for_backward(a if need[1] else None, b if need[0] else None)
        return product(a._array, b._array)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        a, b = (v.conj() if v is not None and v.is_complex() else v for v in ctx.saved_tensors)
        return None if b is None else dy * b, None if a is None else dy * a


@method("matmul", "__matmul__")
def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product, for vectors, matrices and batches of matrices.

    Shape:
        input (n) or (..., m, k), other (k) or (..., k, p); batch dims broadcast. A vector on the left is a row and on
        the right a column, which is left out of the result.
    Raises:
        RuntimeError: sizes do not fit, or dtypes differ.

    Example:
        >>> rushlight.matmul(rushlight.ones(2, 3), rushlight.ones(3))
        tensor([3., 3.])
    """
    _check(input, other, "matmul")
    a, b = input._array, other._array
    n, m = a.ndim, b.ndim
    if n == 0 or m == 0:
        raise RuntimeError(f"matmul: both arguments must be at least 1-d, got {n}-d and {m}-d")
    if a.shape[-1] != b.shape[-2 if m > 1 else 0]:
        raise _mismatch(input, other, "matmul")
    if n == 2 and m == 2:
        y = MmBackward0.apply(input, other)
    elif n == 2 and m == 1:
        y = MvBackward0.apply(input, other)
    elif n == 1 and m == 1:
        y = DotBackward0.apply(input, other)
    elif n == 1:
        y = squeeze(matmul(unsqueeze(input, 0), other), -2)
    elif m == 1:
        y = squeeze(matmul(input, unsqueeze(other, 1)), -1)
    elif m == 2:
        y = _Rows.apply(input, other)
    else:
        batch, mine = a.shape[:-2], b.shape[:-2]
        if batch != mine:
            try:
                np.broadcast_shapes(batch, mine)
            except ValueError:
                raise RuntimeError(
                    f"matmul: batch dims must broadcast, got {list(batch)} and {list(mine)} of shapes {tuple(a.shape)} and "
                    f"{tuple(b.shape)}"
                ) from None
        y = UnsafeViewBackward0.apply(input, other)
    return y if out is None else into(out, y, "matmul")


@method("__rmatmul__")
def _rmatmul(self: Tensor, other: Any) -> Tensor:
    return matmul(other, self)


@method()
def mm(
    input: Tensor, mat2: Tensor, out_dtype: dtypes.dtype | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The product of two matrices; does not broadcast (see `matmul`).

    Args:
        out_dtype: float32 for half-precision matrices: the product as it was summed, not rounded to their dtype.

    Example:
        >>> rushlight.mm(rushlight.tensor([[1.0, 2.0]]), rushlight.tensor([[3.0], [4.0]]))
        tensor([[11.]])
    """
    _check(input, mat2, "mm")
    _need_dims(input, 2, "mm", "input")
    _need_dims(mat2, 2, "mm", "mat2")
    if input._array.shape[1] != mat2._array.shape[0]:
        raise _mismatch(input, mat2, "mm")
    if out_dtype is not None:
        input, mat2 = _widened("mm", out_dtype, input, mat2)
    y = MmBackward0.apply(input, mat2)
    return y if out is None else into(out, y, "mm")


@method()
def bmm(
    input: Tensor, mat2: Tensor, out_dtype: dtypes.dtype | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The products of two batches of matrices; does not broadcast.

    Args:
        out_dtype: As of `mm`.
    Shape:
        input (b, n, m), mat2 (b, m, p); output (b, n, p).

    Example:
        >>> rushlight.bmm(rushlight.ones(2, 1, 3), rushlight.ones(2, 3, 1)).shape
        torch.Size([2, 1, 1])
    """
    _check(input, mat2, "bmm")
    _need_dims(input, 3, "bmm", "input")
    _need_dims(mat2, 3, "bmm", "mat2")
    a, b = input._array.shape, mat2._array.shape
    if a[0] != b[0] or a[2] != b[1]:
        raise RuntimeError(
            f"bmm: mat2 must have shape ({a[0]}, {a[2]}, *), the batch and last size of input {a}, got {b}"
        )
    if out_dtype is not None:
        input, mat2 = _widened("bmm", out_dtype, input, mat2)
    y = BmmBackward0.apply(input, mat2)
    return y if out is None else into(out, y, "bmm")


@method()
def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of a matrix and a vector.

    Example:
        >>> rushlight.mv(rushlight.ones(2, 3), rushlight.ones(3))
        tensor([3., 3.])
    """
    _check(input, vec, "mv")
    _need_dims(input, 2, "mv", "input")
    _need_dims(vec, 1, "mv", "vec")
    if input._array.shape[1] != vec._array.shape[0]:
        raise RuntimeError(
            f"mv: vec must have size {input._array.shape[1]}, the columns of input, got {vec._array.shape[0]}"
        )
    y = MvBackward0.apply(input, vec)
    return y if out is None else into(out, y, "mv")


@method()
def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sum of products of two vectors of one size.

    Example:
        >>> rushlight.dot(rushlight.tensor([2.0, 3.0]), rushlight.tensor([2.0, 1.0]))
        tensor(7.)
    """
    _check(input, tensor, "dot")
    _need_dims(input, 1, "dot", "input")
    _need_dims(tensor, 1, "dot", "tensor")
    if input._array.shape != tensor._array.shape:
        raise RuntimeError(
            f"dot: both vectors must have one size (inconsistent tensor size), got {input._array.size} and "
            f"{tensor._array.size}"
        )
    y = DotBackward0.apply(input, tensor)
    return y if out is None else into(out, y, "dot")


@method()
def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`dot` with the first vector conjugated.

    Example:
        >>> rushlight.vdot(rushlight.tensor([1.0, 2.0]), rushlight.tensor([3.0, 4.0]))
        tensor(11.)
    """
    require_tensor("vdot", input)
    return dot(input.conj() if input.is_complex() else input, other, out=out)  # type: ignore[attr-defined]


@method()
def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """All products of an element of one vector and one of another.

    Shape:
        input (n), vec2 (m); output (n, m).

    Example:
        >>> rushlight.outer(rushlight.tensor([1.0, 2.0]), rushlight.tensor([3.0, 4.0]))
        tensor([[3., 4.],
                [6., 8.]])
    """
    _need_dims(input, 1, "outer", "input")
    _need_dims(vec2, 1, "outer", "vec2")
    y = unsqueeze(input, 1) * vec2
    return y if out is None else into(out, y, "outer")


ger = outer
Tensor.ger = outer  # type: ignore[attr-defined]


@method()
def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Sums of products over the last dim of both; with a 0-d operand, the product.

    Shape:
        input (*A, n), other (*B, n); output (*A, *B).

    Example:
        >>> rushlight.inner(rushlight.ones(2, 3), rushlight.ones(4, 3)).shape
        torch.Size([2, 4])
    """
    require_tensor("inner", input)
    a, b = input._array.shape, other._array.shape
    if not a or not b:
        y = input * other
    elif a[-1] != b[-1]:
        raise RuntimeError(
            f"inner: the last dim of both operands must be equal (inner() the last dimension must match), got {a} and {b}"
        )
    elif len(a) == len(b) == 1:
        y = dot(input, other)
    else:
        flat = matmul(
            reshape(input, -1, a[-1]) if a[-1] else input, transpose(reshape(other, -1, b[-1]), 0, 1)
        )
        y = reshape(flat, *a[:-1], *b[:-1])
    return y if out is None else into(out, y, "inner")


# -- products added to something ---------------------------------------------------------------------


class _AddProduct(Function):
    """beta * input + alpha * (a @ b), where `input` broadcasts to the product."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, a: Tensor, b: Tensor, beta: Any, alpha: Any) -> Tensor:
        need = ctx.needs_input_grad
        ctx.save_for_backward(a if need[2] else None, b if need[1] else None)
        ctx.scales = beta, alpha
        p, q, c = a._array, b._array, x._array
        if _C is not None and c.dtype.num == _FLOAT32 and p.ndim == q.ndim:
            shape = (*p.shape[:-1], q.shape[-1])
            if beta == 0:
                y = _C.empty(shape, c.dtype)
            else:
                y = _C.empty(shape, c.dtype)
                np.multiply(c, np.float32(beta), out=y._array) if beta != 1 else np.copyto(y._array, c)
            _C.matmul_into(y, p, q, alpha, beta != 0)
            return y
        if c.dtype.kind == "V" or c.dtype == np.float16:
            p, q, c = (cast(a, dtypes.float32) for a in (p, q, c))
        y = product(p, q)._array
        y = y * alpha if alpha != 1 else y
        if beta != 0:  # NaN in an input that does not count is no NaN in the result
            y = y + (c * beta if beta != 1 else c)
        return wrap(np.asarray(y).astype(x._array.dtype, copy=False))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple:
        a, b = ctx.saved_tensors
        beta, alpha = ctx.scales
        need = ctx.needs_input_grad
        dx = None if not need[0] else dy if beta == 1 else dy * conj(beta)
        scaled = dy if alpha == 1 or not (need[1] or need[2]) else dy * conj(alpha)
        da = None
        if need[1]:
            if b._array.ndim == 1:
                da = outer(scaled, b.conj() if b.is_complex() else b)
            else:
                da = matmul(scaled, mh(b))
        return dx, da, matmul(mh(a), scaled) if need[2] else None, None, None


class AddmmBackward0(_AddProduct):
    pass


class AddmvBackward0(_AddProduct):
    pass


class BaddbmmBackward0(_AddProduct):
    pass


def _add_product(
    node: Any, x: Tensor, a: Tensor, b: Tensor, ndims: tuple, beta: Any, alpha: Any, out: Any, names: tuple
) -> Tensor:
    function, first, second = names
    _check(a, b, function)
    _check(x, a, function)
    _need_dims(a, ndims[0], function, first)
    _need_dims(b, ndims[1], function, second)
    p, q = a._array.shape, b._array.shape
    inner_size = q[-2] if len(q) > 1 else q[0]
    if p[-1] != inner_size or (len(p) == 3 and p[0] != q[0]):
        raise _mismatch(a, b, function)
    shape = (*p[:-1], *q[len(q) - 1 :]) if len(q) > 1 else p[:-1]
    have = x._array.shape
    try:
        fits = np.broadcast_shapes(have, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"{function}: input must be expandable to the product's shape {shape} (the expanded size of the tensor must "
            f"match the existing size), got {have}"
        )
    d = dtypes.of(x._array.dtype)
    if d.category < dtypes.FLOAT:  # PyTorch takes floats, too, and rounds them towards zero
        beta = number(beta, d, function, "beta").item()
        alpha = number(alpha, d, function, "alpha").item()
    y = node.apply(x, a, b, beta, alpha)
    return y if out is None else into(out, y, function)


@method(inplace=True)
def addmm(
    input: Tensor,
    mat1: Tensor,
    mat2: Tensor,
    out_dtype: dtypes.dtype | None = None,
    *,
    beta: float = 1,
    alpha: float = 1,
    out: Tensor | None = None,
) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2). With beta 0 `input` is not looked at.

    Args:
        out_dtype: As of `mm`; `input` may have that dtype too.

    Example:
        >>> rushlight.addmm(rushlight.ones(2), rushlight.ones(2, 3), rushlight.ones(3, 2), alpha=2)
        tensor([[7., 7.],
                [7., 7.]])
    """
    if out_dtype is not None:
        input, mat1, mat2 = _widened_sum("addmm", out_dtype, input, mat1, mat2)
    return _add_product(
        AddmmBackward0, input, mat1, mat2, (2, 2), beta, alpha, out, ("addmm", "mat1", "mat2")
    )


@method(inplace=True)
def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1, out: Tensor | None = None
) -> Tensor:
    """beta * input + alpha * (mat @ vec).

    Example:
        >>> rushlight.addmv(rushlight.ones(2), rushlight.ones(2, 3), rushlight.ones(3))
        tensor([4., 4.])
    """
    return _add_product(AddmvBackward0, input, mat, vec, (2, 1), beta, alpha, out, ("addmv", "mat", "vec"))


@method(inplace=True)
def baddbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    out_dtype: dtypes.dtype | None = None,
    *,
    beta: float = 1,
    alpha: float = 1,
    out: Tensor | None = None,
) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), matrix by matrix of two batches.

    Args:
        out_dtype: As of `mm`; `input` may have that dtype too.

    Example:
        >>> rushlight.baddbmm(rushlight.zeros(1), rushlight.ones(2, 1, 3), rushlight.ones(2, 3, 1)).flatten()
        tensor([3., 3.])
    """
    if out_dtype is not None:
        input, batch1, batch2 = _widened_sum("baddbmm", out_dtype, input, batch1, batch2)
    names = ("baddbmm", "batch1", "batch2")
    return _add_product(BaddbmmBackward0, input, batch1, batch2, (3, 3), beta, alpha, out, names)


@method(inplace=True)
def addbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: float = 1,
    alpha: float = 1,
    out: Tensor | None = None,
) -> Tensor:
    """beta * input + alpha * (the sum over the batch of batch1 @ batch2).

    Example:
        >>> rushlight.addbmm(rushlight.zeros(1, 1), rushlight.ones(2, 1, 3), rushlight.ones(2, 3, 1))
        tensor([[6.]])
    """
    _need_dims(batch1, 3, "addbmm", "batch1")
    _need_dims(batch2, 3, "addbmm", "batch2")
    if batch1._array.shape[0] != batch2._array.shape[0]:
        raise _mismatch(batch1, batch2, "addbmm")
    # A sum over the batch is a product over batch and inner dim in one.
    b, n, m = batch1._array.shape
    a = reshape(transpose(batch1, 0, 1), n, b * m)
    y = addmm(
        input,
        a,
        reshape(batch2, b * batch2._array.shape[1], -1) if b * m else _empty_rows(batch2),
        beta=beta,
        alpha=alpha,
    )
    return y if out is None else into(out, y, "addbmm")


def _empty_rows(batch: Tensor) -> Tensor:
    return reshape(batch, 0, batch._array.shape[2])


@method(inplace=True)
def addr(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1, out: Tensor | None = None
) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2).

    Example:
        >>> rushlight.addr(rushlight.zeros(2, 1), rushlight.tensor([1.0, 2.0]), rushlight.tensor([3.0]))
        tensor([[3.],
                [6.]])
    """
    require_tensor("addr", input)
    d = result_type(input, vec1, vec2)
    if d.category < dtypes.FLOAT:
        for name, v in (("beta", beta), ("alpha", alpha)):
            if isinstance(v, float):
                raise RuntimeError(f"addr: {name} must be an int for integer tensors, got {v}")
    if d is dtypes.bool_:
        beta, alpha = bool(beta), bool(alpha)
    product_ = outer(vec1, vec2)
    shape = product_._array.shape
    y = product_ if alpha == 1 else product_ * alpha
    if beta != 0:
        y = y + expand(input if beta == 1 else input * beta, shape)
    elif d is not y.dtype:
        y = y.to(d)  # type: ignore[attr-defined]
    return y if out is None else into(out, y, "addr")


# -- several matrices ----------------------------------------------------------------------------------


def chain_order(sizes: list[int]) -> list[list[int]]:
    """Where to split each range of a chain of matrices of sizes[i] x sizes[i+1], so that the work is least.

    Source: Cormen et al., Introduction to Algorithms, section 14.2.
    """
    n = len(sizes) - 1
    cost = [[0] * n for _ in range(n)]
    split = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            choices = [
                (cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            ]
            cost[i][j], split[i][j] = min(choices)
    return split


def chain(matrices: list[Tensor]) -> Tensor:
    """The product of matrices, in the order of least work."""
    sizes = [m._array.shape[0] for m in matrices] + [matrices[-1]._array.shape[1]]
    split = chain_order(sizes)

    def multiply(i: int, j: int) -> Tensor:
        if i == j:
            return matrices[i]
        return mm(multiply(i, split[i][j]), multiply(split[i][j] + 1, j))

    return multiply(0, len(matrices) - 1)


def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of two or more matrices, in the order of least work. `linalg.multi_dot` is the newer name.

    Example:
        >>> rushlight.chain_matmul(rushlight.ones(1, 2), rushlight.ones(2, 3), rushlight.ones(3, 1))
        tensor([[6.]])
    """
    if not matrices:
        raise RuntimeError("chain_matmul: expected one or more matrices, got none")
    for i, m in enumerate(matrices):
        _need_dims(m, 2, "chain_matmul", f"matrix {i}")
    y = chain(list(matrices))
    return y if out is None else into(out, y, "chain_matmul")


@method()
def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Kronecker product: each element of `input` times all of `other`, block by block.

    Example:
        >>> rushlight.kron(rushlight.eye(2), rushlight.ones(1, 2))
        tensor([[1., 1., 0., 0.],
                [0., 0., 1., 1.]])
    """
    require_tensor("kron", input)
    n = max(input._array.ndim, other._array.ndim)
    a = (1,) * (n - input._array.ndim) + input._array.shape
    b = (1,) * (n - other._array.ndim) + other._array.shape
    left = reshape(input, [s for size in a for s in (size, 1)])
    right = reshape(other, [s for size in b for s in (1, size)])
    y = reshape(left * right, [p * q for p, q in zip(a, b, strict=True)])
    return y if out is None else into(out, y, "kron")
