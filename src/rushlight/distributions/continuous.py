"""Distributions of real numbers: `Normal`, `Uniform`, `Exponential`, `Laplace`."""

from __future__ import annotations

import math
from typing import Any

from ..autograd import no_grad
from ..dtypes import finfo
from ..ops.creation import empty, ones, zeros
from ..ops.random import normal, rand
from ..tensor import Tensor
from .distribution import Distribution, broadcast, check

__all__ = ["Exponential", "Laplace", "Normal", "Uniform"]


class _LocScale(Distribution):
    """What `Normal` and `Laplace` share."""

    has_rsample = True
    _shown = ("loc", "scale")
    loc: Any
    scale: Any

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)
        check(self, "loc", self.loc, self.loc == self.loc, "be real")
        check(self, "scale", self.scale, self.scale > 0, "be positive")

    @property
    def mean(self) -> Tensor:
        """loc."""
        return self.loc

    mode = mean

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution for a larger batch."""
        return type(self)(self.loc.expand(batch_shape), self.scale.expand(batch_shape), validate_args=False)


class Normal(_LocScale):
    """The normal (Gaussian) distribution.

    Args:
        loc: Mean.
        scale: Standard deviation.

    Example:
        >>> Normal(0.0, 1.0).log_prob(torch.tensor(0.0))
        tensor(-0.9189)
    """

    @property
    def stddev(self) -> Tensor:
        """scale."""
        return self.scale

    @property
    def variance(self) -> Tensor:
        """scale squared."""
        return self.scale**2

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Random values without a history."""
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return normal(self.loc.expand(shape), self.scale.expand(shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """loc + scale * standard normal values."""
        shape = self._extended_shape(sample_shape)
        eps = normal(zeros(shape, dtype=self.loc.dtype), ones(shape, dtype=self.loc.dtype))
        return self.loc + eps * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        self._check_value(value)
        return (
            -((value - self.loc) ** 2) / (2 * self.variance)
            - self.scale.log()
            - math.log(math.sqrt(2 * math.pi))
        )

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most `value`."""
        self._check_value(value)
        return 0.5 * (1 + ((value - self.loc) * self.scale.reciprocal() / math.sqrt(2)).erf())

    def icdf(self, value: Tensor) -> Tensor:
        """The value that is not exceeded with this probability."""
        return self.loc + self.scale * (2 * value - 1).erfinv() * math.sqrt(2)

    def entropy(self) -> Tensor:
        """1/2 + log(2 pi) / 2 + log(scale)."""
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()


class Laplace(_LocScale):
    """The distribution with density exp(-|x - loc| / scale) / (2 scale).

    Args:
        loc: Mean.
        scale: Decay.
    """

    @property
    def variance(self) -> Tensor:
        """2 scale squared."""
        return 2 * self.scale.pow(2)

    @property
    def stddev(self) -> Tensor:
        """sqrt(2) scale."""
        return 2**0.5 * self.scale

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """From uniform values by the inverse of the distribution function."""
        shape = self._extended_shape(sample_shape)
        low = finfo(self.loc.dtype).eps - 1
        u = empty(shape, dtype=self.loc.dtype).uniform_(low, 1)  # type: ignore[attr-defined]
        return self.loc - self.scale * u.sign() * (-u.abs()).log1p()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        self._check_value(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most `value`."""
        self._check_value(value)
        d = value - self.loc
        return 0.5 - 0.5 * d.sign() * (-d.abs() / self.scale).expm1()

    def icdf(self, value: Tensor) -> Tensor:
        """The value that is not exceeded with this probability."""
        term = value - 0.5
        return self.loc - self.scale * term.sign() * (-2 * term.abs()).log1p()

    def entropy(self) -> Tensor:
        """1 + log(2 scale)."""
        return 1 + (2 * self.scale).log()


class Uniform(Distribution):
    """The uniform distribution in [low, high).

    Args:
        low: Lower end.
        high: Upper end.
    """

    has_rsample = True
    _shown = ("low", "high")
    low: Any
    high: Any

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        check(self, "low", self.low, self.low < self.high, f"be less than high ({self.high})")

    @property
    def mean(self) -> Tensor:
        """The middle."""
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        """NaN: no value is likelier than the others."""
        return self.high * math.nan

    @property
    def variance(self) -> Tensor:
        """The length squared over 12."""
        return (self.high - self.low).pow(2) / 12

    @property
    def stddev(self) -> Tensor:
        """The length over sqrt(12)."""
        return (self.high - self.low) / 12**0.5

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """low + uniform values * length."""
        u = rand(self._extended_shape(sample_shape), dtype=self.low.dtype)
        return self.low + u * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density: -inf outside, where that is not an error."""
        self._check_value(value)
        check(self, "value", value, (value >= self.low) & (value <= self.high), "be between low and high")
        inside = (self.low.le(value) & self.high.gt(value)).type_as(self.low)
        return inside.log() - (self.high - self.low).log()

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most `value`."""
        self._check_value(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)  # type: ignore[attr-defined]

    def icdf(self, value: Tensor) -> Tensor:
        """The value that is not exceeded with this probability."""
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        """log(length)."""
        return (self.high - self.low).log()

    def expand(self, batch_shape: Any, _instance: Any = None) -> Uniform:
        """The same distribution for a larger batch."""
        return Uniform(self.low.expand(batch_shape), self.high.expand(batch_shape), validate_args=False)


class Exponential(Distribution):
    """The distribution with density rate * exp(-rate x) for x >= 0.

    Args:
        rate: 1 / mean.
    """

    has_rsample = True
    _shown = ("rate",)
    rate: Any

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)
        check(self, "rate", self.rate, self.rate > 0, "be positive")

    @property
    def mean(self) -> Tensor:
        """1 / rate."""
        return self.rate.reciprocal()

    stddev = mean

    @property
    def mode(self) -> Tensor:
        """0."""
        return self.rate * 0

    @property
    def variance(self) -> Tensor:
        """1 / rate squared."""
        return self.rate.pow(-2)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Standard exponential values / rate."""
        shape = self._extended_shape(sample_shape)
        return empty(shape, dtype=self.rate.dtype).exponential_() / self.rate  # type: ignore[attr-defined]

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        self._check_value(value)
        check(self, "value", value, value >= 0, "not be negative")
        return self.rate.log() - self.rate * value

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most `value`."""
        self._check_value(value)
        return 1 - (-self.rate * value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        """The value that is not exceeded with this probability."""
        return -(-value).log1p() / self.rate  # type: ignore[attr-defined]

    def entropy(self) -> Tensor:
        """1 - log(rate)."""
        return 1.0 - self.rate.log()

    def expand(self, batch_shape: Any, _instance: Any = None) -> Exponential:
        """The same distribution for a larger batch."""
        return Exponential(self.rate.expand(batch_shape), validate_args=False)
