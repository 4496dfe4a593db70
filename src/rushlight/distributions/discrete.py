"""Distributions of finitely many values: `Bernoulli`, `Categorical`."""

from __future__ import annotations

import functools
import math
from typing import Any

from ..autograd import no_grad
from ..dtypes import finfo
from ..ops.loss import binary_cross_entropy_with_logits
from ..ops.random import bernoulli, multinomial
from ..ops.ranges import arange
from ..tensor import Tensor
from .distribution import Distribution, broadcast, check

__all__ = ["Bernoulli", "Categorical"]


def _one_of(name: str, probs: Any, logits: Any) -> None:
    if (probs is None) == (logits is None):
        raise ValueError(f"{name}: either probs or logits must be given, and not both")


class Bernoulli(Distribution):
    """1 with probability `probs`, else 0.

    Args:
        probs: Probabilities of 1; or
        logits: log(p / (1 - p)).
    """

    has_enumerate_support = True
    _shown = ("probs", "logits")

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        _one_of("Bernoulli", probs, logits)
        (given,) = broadcast(logits if probs is None else probs)
        self.__dict__["logits" if probs is None else "probs"] = given
        super().__init__(given.shape, validate_args=validate_args)
        if probs is not None:
            check(self, "probs", given, (given >= 0) & (given <= 1), "be in [0, 1]")

    @functools.cached_property
    def probs(self) -> Any:
        """Probabilities of 1."""
        return self.logits.sigmoid()

    @functools.cached_property
    def logits(self) -> Any:
        """log(p / (1 - p))."""
        eps = finfo(self.probs.dtype).eps
        p = self.probs.clamp(min=eps, max=1 - eps)
        return p.log() - (-p).log1p()

    @property
    def mean(self) -> Tensor:
        """probs."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """1 where it is likelier than 0; NaN where both are as likely."""
        likely = (self.probs >= 0.5).to(self.probs)
        likely[self.probs == 0.5] = math.nan
        return likely

    @property
    def variance(self) -> Tensor:
        """p (1 - p)."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Random values."""
        with no_grad():
            return bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability."""
        self._check_value(value)
        check(self, "value", value, (value == 0) | (value == 1), "be 0 or 1")
        logits, value = broadcast(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        """-p log(p) - (1 - p) log(1 - p)."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 and 1."""
        dtype = (self.__dict__.get("probs", self.__dict__.get("logits"))).dtype  # type: ignore[union-attr]
        values: Any = arange(2, dtype=dtype).reshape((2,) + (1,) * len(self._batch_shape))
        return values.expand((2, *self._batch_shape)) if expand else values

    def expand(self, batch_shape: Any, _instance: Any = None) -> Bernoulli:
        """The same distribution for a larger batch."""
        name = "probs" if "probs" in self.__dict__ else "logits"
        return Bernoulli(**{name: self.__dict__[name].expand(batch_shape)}, validate_args=False)


class Categorical(Distribution):
    """A number from 0 to K - 1.

    Args:
        probs: Their probabilities along the last dim, or anything in proportion to them; or
        logits: Their logarithms, up to a constant.

    Example:
        >>> Categorical(torch.tensor([1.0, 3.0])).log_prob(torch.tensor(1)).exp()
        tensor(0.7500)
    """

    has_enumerate_support = True
    _shown = ("probs", "logits")

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        _one_of("Categorical", probs, logits)
        given = logits if probs is None else probs
        if given.dim() < 1:
            raise ValueError(
                "Categorical: probs or logits must be at least one-dimensional, got a 0-d tensor"
            )
        if probs is None:
            self.__dict__["logits"] = logits - logits.logsumexp(-1, keepdim=True)
        else:
            self.__dict__["probs"] = probs / probs.sum(-1, keepdim=True)
        self._num_events = given.shape[-1]
        super().__init__(given.shape[:-1], validate_args=validate_args)
        if probs is not None:
            check(
                self,
                "probs",
                probs,
                (probs >= 0) & (probs.sum(-1, keepdim=True) > 0),
                "not be negative nor all 0",
            )
        else:
            check(self, "logits", logits, logits == logits, "be real")

    @functools.cached_property
    def probs(self) -> Any:
        """Probabilities."""
        return self.logits.softmax(-1)

    @functools.cached_property
    def logits(self) -> Any:
        """Their logarithms."""
        eps = finfo(self.probs.dtype).eps
        return self.probs.clamp(min=eps, max=1 - eps).log()

    @property
    def param_shape(self) -> Any:
        """The shape of probs."""
        return (self.__dict__.get("probs", self.__dict__.get("logits"))).shape  # type: ignore[union-attr]

    @property
    def mean(self) -> Tensor:
        """NaN: the numbers are names."""
        return self.probs.sum(-1) * math.nan

    variance = mean

    @property
    def mode(self) -> Tensor:
        """The likeliest number."""
        return self.probs.argmax(-1)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Random numbers."""
        shape = self._extended_shape(sample_shape)
        with no_grad():
            flat = self.probs.reshape(-1, self._num_events)
            drawn = multinomial(flat, math.prod(sample_shape), True)
            return drawn.t().reshape(shape)  # type: ignore[attr-defined]

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the probability."""
        self._check_value(value)
        check(
            self,
            "value",
            value,
            (value >= 0) & (value < self._num_events),
            f"be in [0, {self._num_events - 1}]",
        )
        value, logits = broadcast(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, value[..., :1]).squeeze(-1)  # type: ignore[attr-defined]

    def entropy(self) -> Tensor:
        """-sum of p log(p)."""
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0, 1, ..., K - 1."""
        n = self._num_events
        values: Any = arange(n).reshape((n,) + (1,) * len(self._batch_shape))
        return values.expand((n, *self._batch_shape)) if expand else values

    def expand(self, batch_shape: Any, _instance: Any = None) -> Categorical:
        """The same distribution for a larger batch."""
        name = "probs" if "probs" in self.__dict__ else "logits"
        shape = (*batch_shape, self._num_events)
        return Categorical(**{name: self.__dict__[name].expand(shape)}, validate_args=False)
