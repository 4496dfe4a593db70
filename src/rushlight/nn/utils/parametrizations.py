"""Ready parametrizations: orthogonal weights, weight norm, spectral norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...autograd import no_grad
from ...ops.join import cat
from ...ops.random import randn
from ...ops.ranges import eye
from ...tensor import Tensor, wrap
from .. import functional as F
from ..modules.module import Module
from . import parametrize
from .weight_norm import compute, norm_except_dim

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


# -- orthogonal ------------------------------------------------------------------------------------------


class _Orthogonal(Module):
    """Any matrix to an orthogonal one, through the matrix exponential, the Cayley map or Householder reflections."""

    base: Tensor

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("orthogonal: the householder map must have a real weight, got a complex one")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        n, k = X.size(-2), X.size(-1)
        wide = n < k
        if wide:
            X = X.mT
            n, k = k, n
        if self.orthogonal_map == "householder":
            Q = _householder(X)
        else:
            X = X.tril()
            if n != k:  # embed into a square matrix
                X = F.pad(X, (0, n - k))
            A = X - X.mT
            if self.orthogonal_map == "matrix_exp":
                Q = _matrix_exp(A)
            else:
                half, one = 0.5 * A, eye(n, dtype=A.dtype)
                Q = _solve(one - half, one + half)
            Q = Q[..., :k]
        if "base" in self._buffers and self.base is not None:
            Q = self.base @ Q
        return Q.mT if wide else Q

    def right_inverse(self, Q: Tensor) -> Tensor:
        if Q.shape != self.shape:
            raise ValueError(
                f"orthogonal: the value must have shape {tuple(self.shape)}, got {tuple(Q.shape)}"
            )
        n, k = Q.size(-2), Q.size(-1)
        wide = n < k
        if wide:
            Q = Q.mT
            n, k = k, n
        if "base" in self._buffers:
            if n != k:  # complete the columns to a square matrix
                Q = _orthogonalized(_join(Q, randn(*Q.shape[:-1], n - k, dtype=Q.dtype)))
            else:
                Q = Q.clone() if _is_orthogonal(Q) else _orthogonalized(Q)
            self.base = Q
            # Every map takes this to the identity; householder reads the signs of its result's columns off the diagonal.
            start = Q.new_zeros(*Q.shape[:-1], k) - eye(n, k, dtype=Q.dtype)
            return start.mT if wide else start
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "orthogonal: it can only be assigned to with use_trivialization=True or the householder map"
            )
        vectors, tau = np.linalg.qr(Q.detach()._array, mode="raw")
        A = vectors.swapaxes(-1, -2).copy()
        i = np.arange(k)
        signs = np.sign(A[..., i, i])
        A[..., i, i] = np.where(tau == 0, -signs, signs)
        new = wrap(A)
        return new.mT if wide else new


def _join(a: Tensor, b: Tensor) -> Tensor:
    return cat([a, b], -1)


def _is_orthogonal(Q: Tensor) -> bool:
    one = eye(Q.size(-1), dtype=Q.dtype)
    eps = 10 * Q.size(-2) * float(F_EPS[Q.element_size()])
    return bool(((Q.mT @ Q - one).abs() <= eps).all())


F_EPS = {2: 9.8e-4, 4: 1.2e-7, 8: 2.3e-16}  # machine epsilon by element size in bytes


def _orthogonalized(A: Tensor) -> Tensor:
    """The Q of a QR decomposition, with the signs that make R's diagonal positive."""
    q, r = np.linalg.qr(A.detach()._array)
    d = np.sign(np.diagonal(r, axis1=-2, axis2=-1))
    return wrap((q * np.where(d == 0, 1, d)[..., None, :]).astype(A._array.dtype))


def _solve(A: Tensor, B: Tensor) -> Tensor:
    from ... import linalg

    return linalg.solve(A, B)  # type: ignore[attr-defined]


def _matrix_exp(A: Tensor) -> Tensor:
    """exp(A) by scaling and squaring of its Taylor series to order 12, differentiable.

    The scaled norm is at most 0.5, where the first term left out is below 2e-14.
    """
    norm = float(A.detach().abs().sum(-1).max())
    squarings = 0
    while norm > 0.5:
        norm, squarings = norm / 2, squarings + 1
    X = A / 2.0**squarings
    one = eye(A.size(-1), dtype=A.dtype)
    E = one + X / 12
    for i in range(11, 0, -1):
        E = one + (X @ E) / i
    for _ in range(squarings):
        E = E @ E
    return E


def _householder(X: Tensor) -> Tensor:
    """The first columns of the product of the reflections whose vectors are the columns of X below the diagonal.

    The diagonal of X holds the columns' signs, 1 or -1, which are not trained.
    """
    n, k = X.size(-2), X.size(-1)
    Q = eye(n, k, dtype=X.dtype)
    for i in range(k - 1, -1, -1):
        v = F.pad(X[..., i + 1 :, i], (i + 1, 0)) + eye(n, dtype=X.dtype)[i]
        tau = 2 / (v * v).sum(-1, keepdim=True)
        Q = Q - (tau * v).unsqueeze(-1) @ (v.unsqueeze(-2) @ Q)
    return Q * X.detach().diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)


def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> Module:
    """Keep a weight orthogonal (its columns or rows, whichever are fewer, orthonormal) while it is trained.

    Args:
        module: The layer.
        name: The parameter, with at least 2 dimensions.
        orthogonal_map: 'matrix_exp', 'cayley' or 'householder'; None: matrix_exp for square matrices, else householder.
        use_trivialization: Describe the weight relative to its value now, which keeps the maps well-behaved.

    Returns:
        The module.

    Source: Lezcano-Casado 2019, arXiv:1909.09501.

    Example:
        >>> m = nn.utils.parametrizations.orthogonal(nn.Linear(4, 3))
        >>> torch.dist(m.weight @ m.weight.T, torch.eye(3)).item() < 1e-5
        True
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"orthogonal: the module must have a parameter or buffer {name!r}, got none")
    if weight.ndim < 2:
        raise ValueError(
            f"orthogonal: {name} must be a matrix or a batch of matrices, got a {weight.ndim}-d tensor"
        )
    if orthogonal_map is None:
        square = weight.size(-2) == weight.size(-1) or weight.is_complex()
        orthogonal_map = "matrix_exp" if square else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ValueError(
            f"orthogonal: orthogonal_map must be 'matrix_exp', 'cayley' or 'householder', got {orthogonal_map!r}"
        )
    chart = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return parametrize.register_parametrization(module, name, chart, unsafe=True)


# -- weight norm -----------------------------------------------------------------------------------------


class _WeightNorm(Module):
    """A length g and a direction v to the weight g v / |v|."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return compute(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Train a weight's length (original0) and direction (original1) instead of the weight itself.

    Args:
        module: The layer.
        name: The parameter.
        dim: The dimension that keeps a length each; None for one length of all.

    Returns:
        The module. Its load_state_dict also takes the names of the older `nn.utils.weight_norm`.

    Source: Salimans and Kingma 2016, arXiv:1602.07868.

    Example:
        >>> m = nn.utils.parametrizations.weight_norm(nn.Linear(20, 40))
        >>> m.parametrizations.weight.original0.shape
        torch.Size([40, 1])
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def older_names(state_dict: dict, prefix: str, *rest: Any) -> None:
        for old, new in (("_g", "original0"), ("_v", "original1")):
            if f"{prefix}{name}{old}" in state_dict:
                state_dict[f"{prefix}parametrizations.{name}.{new}"] = state_dict.pop(f"{prefix}{name}{old}")

    module._register_load_state_dict_pre_hook(older_names)
    return module


# -- spectral norm ---------------------------------------------------------------------------------------


class _SpectralNorm(Module):
    """A weight divided by its largest singular value, estimated by power iteration."""

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(
                f"spectral_norm: dim must be in [{-weight.ndim}, {weight.ndim - 1}] (Dimension out of range), got {dim}"
            )
        if n_power_iterations <= 0:
            raise ValueError(f"spectral_norm: n_power_iterations must be positive, got {n_power_iterations}")
        self.dim = dim % weight.ndim
        self.eps = eps
        if weight.ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = self._matrix(weight)
            rows, columns = matrix.size()
            self.register_buffer("_u", F.normalize(matrix.new_empty(rows).normal_(0, 1), dim=0, eps=eps))
            self.register_buffer("_v", F.normalize(matrix.new_empty(columns).normal_(0, 1), dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _matrix(self, weight: Tensor) -> Tensor:
        if self.dim != 0:
            weight = weight.permute(self.dim, *[d for d in range(weight.dim()) if d != self.dim])
        return weight.flatten(1)

    def _power_method(self, matrix: Tensor, steps: int) -> None:
        with no_grad():
            for _ in range(steps):
                self._u = F.normalize(matrix.mv(self._v), dim=0, eps=self.eps)
                self._v = F.normalize(matrix.mT.mv(self._u), dim=0, eps=self.eps)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._power_method(matrix.detach(), self.n_power_iterations)
        return weight / self._u.dot(matrix.mv(self._v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value  # any weight; its norm is divided out again


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a weight by its largest singular value, estimated by power iteration.

    Args:
        module: The layer.
        name: The parameter.
        n_power_iterations: Steps at each access in training. Default 1.
        eps: Least norm in the iteration.
        dim: The dimension of the outputs; 1 for transposed convolutions, else 0.

    Returns:
        The module.

    Source: Miyato et al. 2018, arXiv:1802.05957.

    Example:
        >>> m = nn.utils.parametrizations.spectral_norm(nn.Linear(20, 40))
        >>> sorted(m.state_dict())
        ['bias', 'parametrizations.weight.0._u', 'parametrizations.weight.0._v', 'parametrizations.weight.original']
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"spectral_norm: the module must have a parameter or buffer {name!r}, got none")
    if dim is None:
        dim = 1 if type(module).__name__.startswith("ConvTranspose") else 0
    return parametrize.register_parametrization(
        module, name, _SpectralNorm(weight, n_power_iterations, dim, eps)
    )
