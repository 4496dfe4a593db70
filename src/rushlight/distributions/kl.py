"""Kullback-Leibler divergences between distributions of one kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import linalg as _linalg
from ..tensor import Tensor
from .continuous import Exponential, Laplace, Normal, Uniform
from .discrete import Bernoulli, Categorical
from .independent import Independent
from .multivariate import MultivariateNormal

linalg: Any = _linalg  # its names are put there from ops

__all__ = ["kl_divergence", "register_kl"]

_TABLE: dict[tuple[type, type], Callable] = {}


def register_kl(type_p: type, type_q: type) -> Callable:
    """Decorator: the function gives KL(p || q) for distributions of these classes and their subclasses."""

    def put(function: Callable) -> Callable:
        _TABLE[type_p, type_q] = function
        return function

    return put


def kl_divergence(p: Any, q: Any) -> Tensor:
    """KL(p || q): the mean of log p(x) - log q(x) for x from p, in nats.

    Raises:
        NotImplementedError: there is no formula for these classes; `register_kl` adds one.

    Example:
        >>> D = torch.distributions
        >>> D.kl_divergence(D.Normal(0.0, 1.0), D.Normal(1.0, 1.0))
        tensor(0.5000)
    """
    for a in type(p).__mro__:
        for b in type(q).__mro__:
            if (a, b) in _TABLE:
                return _TABLE[a, b](p, q)
    raise NotImplementedError(
        f"kl_divergence: there is no formula for {type(p).__name__} and {type(q).__name__}; add one with register_kl"
    )


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(Laplace, Laplace)
def _laplace(p: Any, q: Any) -> Tensor:
    ratio, d = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + d / q.scale + ratio * (-d / p.scale).exp() - 1


@register_kl(Uniform, Uniform)
def _uniform(p: Any, q: Any) -> Tensor:
    result = ((q.high - q.low) / (p.high - p.low)).log()
    return result.masked_fill((q.low > p.low) | (q.high < p.high), math.inf)


@register_kl(Exponential, Exponential)
def _exponential(p: Any, q: Any) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Tensor:
    from ..ops.activation import softplus

    first = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    first = first.masked_fill((q.probs == 0).expand_as(first), math.inf)
    first = first.masked_fill((p.probs == 0).expand_as(first), 0.0)
    second = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    second = second.masked_fill((q.probs == 1).expand_as(second), math.inf)
    return first + second.masked_fill((p.probs == 1).expand_as(second), 0.0)


@register_kl(Categorical, Categorical)
def _categorical(p: Any, q: Any) -> Tensor:
    t = p.probs * (p.logits - q.logits)
    t = t.masked_fill((q.probs == 0).expand_as(t), math.inf)
    return t.masked_fill((p.probs == 0).expand_as(t), 0.0).sum(-1)


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate(p: Any, q: Any) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            f"kl_divergence: event shapes must be equal, got {tuple(p.event_shape)} and {tuple(q.event_shape)}"
        )
    n = p.event_shape[0]
    x: Any = linalg.solve_triangular(q.scale_tril, p.scale_tril, upper=False)
    z: Any = linalg.solve_triangular(q.scale_tril, (q.loc - p.loc).unsqueeze(-1), upper=False)
    trace, distance = x.pow(2).sum((-2, -1)), z.squeeze(-1).pow(2).sum(-1)
    return q._half_log_det() - p._half_log_det() + 0.5 * (trace + distance - n)


@register_kl(Independent, Independent)
def _independent(p: Any, q: Any) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("kl_divergence: both must have the same reinterpreted_batch_ndims")
    return p._summed(kl_divergence(p.base_dist, q.base_dist))
