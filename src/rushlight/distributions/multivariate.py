"""`MultivariateNormal`."""

from __future__ import annotations

import functools
import math
from typing import Any

from .. import linalg as _linalg
from ..ops.creation import ones, zeros
from ..ops.random import normal
from ..ops.ranges import eye
from ..ops.shape import broadcast_shapes
from ..tensor import Tensor
from .distribution import Distribution, check

linalg: Any = _linalg  # its names are put there from ops

__all__ = ["MultivariateNormal"]


class MultivariateNormal(Distribution):
    """The normal distribution of vectors.

    Args:
        loc: Mean, (..., N).
        covariance_matrix, precision_matrix, scale_tril: One of them, (..., N, N): the covariance, its inverse, or its
            Cholesky factor, which is lower triangular with a positive diagonal.
    """

    has_rsample = True
    _shown = ("loc", "covariance_matrix", "precision_matrix", "scale_tril")
    loc: Any

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("MultivariateNormal: loc must be at least one-dimensional, got a 0-d tensor")
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        named = [(k, v) for k, v in given.items() if v is not None]
        if len(named) != 1:
            raise ValueError(
                "MultivariateNormal: exactly one of covariance_matrix, precision_matrix and scale_tril must be given (may be "
                f"specified), got {len(named)}"
            )
        ((name, matrix),) = named
        if matrix.dim() < 2:
            raise ValueError(
                f"MultivariateNormal: {name} must be at least two-dimensional, got {matrix.dim()}-d"
            )
        n = loc.shape[-1]
        batch = broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        self.loc = loc.expand((*batch, n))
        self.__dict__[name] = matrix = matrix.expand((*batch, n, n))
        super().__init__(batch, (n,), validate_args)
        if name == "scale_tril":
            check(self, name, matrix, matrix.diagonal(dim1=-2, dim2=-1) > 0, "have a positive diagonal")
            check(self, name, matrix, matrix.tril() == matrix, "be lower triangular")
            self._unbroadcasted_scale_tril = scale_tril
        else:
            close = (matrix - matrix.mT).abs() <= 1e-6
            check(self, name, matrix, close, "be symmetric (PositiveDefinite())")
            full = covariance_matrix if name == "covariance_matrix" else linalg.inv(precision_matrix)
            try:
                self._unbroadcasted_scale_tril = linalg.cholesky(full)
            except linalg.LinAlgError as e:
                raise ValueError(
                    f"MultivariateNormal: {name} must be positive definite (PositiveDefinite())"
                ) from e

    @functools.cached_property
    def scale_tril(self) -> Any:
        """The Cholesky factor of the covariance."""
        n = self._event_shape[0]
        return self._unbroadcasted_scale_tril.expand((*self._batch_shape, n, n))

    @functools.cached_property
    def covariance_matrix(self) -> Any:
        """The covariance."""
        return self.scale_tril @ self.scale_tril.mT

    @functools.cached_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        n = self._event_shape[0]
        inverse = linalg.solve_triangular(self.scale_tril, eye(n, dtype=self.loc.dtype), upper=False)
        return inverse.mT @ inverse  # type: ignore[attr-defined]

    @property
    def mean(self) -> Tensor:
        """loc."""
        return self.loc

    mode = mean

    @property
    def variance(self) -> Tensor:
        """The covariance's diagonal."""
        return self.scale_tril.pow(2).sum(-1)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """loc + L @ standard normal values."""
        shape = self._extended_shape(sample_shape)
        eps: Any = normal(zeros(shape, dtype=self.loc.dtype), ones(shape, dtype=self.loc.dtype))
        return self.loc + (self._unbroadcasted_scale_tril @ eps.unsqueeze(-1)).squeeze(-1)

    def _half_log_det(self) -> Any:
        return self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        self._check_value(value)
        d = (value - self.loc).unsqueeze(-1)
        z: Any = linalg.solve_triangular(self.scale_tril, d, upper=False)
        m = z.squeeze(-1).pow(2).sum(-1)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + m) - self._half_log_det()

    def entropy(self) -> Tensor:
        """N/2 (1 + log(2 pi)) + log |L|."""
        h = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._half_log_det()
        return h.expand(self._batch_shape)

    def expand(self, batch_shape: Any, _instance: Any = None) -> MultivariateNormal:
        """The same distribution for a larger batch."""
        n = self._event_shape[0]
        return MultivariateNormal(
            self.loc.expand((*batch_shape, n)),
            scale_tril=self.scale_tril.expand((*batch_shape, n, n)),
            validate_args=False,
        )
