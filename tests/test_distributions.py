"""Distributions: PyTorch's samples from the same seed, and its formulas."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight
from rushlight import distributions

MAKE = {
    "Normal": lambda t, D: D.Normal(t.tensor([0.0, 1.0]), t.tensor([[1.0], [2.0], [0.5]])),
    "Normal, numbers": lambda t, D: D.Normal(0.0, 2.0),
    "Laplace": lambda t, D: D.Laplace(t.tensor([0.0, 1.0]), t.tensor([1.0, 0.5])),
    "Uniform": lambda t, D: D.Uniform(t.tensor([0.0, -1.0]), 2.0),
    "Exponential": lambda t, D: D.Exponential(t.tensor([1.0, 0.5])),
    "Bernoulli": lambda t, D: D.Bernoulli(t.tensor([0.2, 0.9])),
    "Bernoulli, logits": lambda t, D: D.Bernoulli(logits=t.tensor([-1.0, 2.0])),
    "Categorical": lambda t, D: D.Categorical(t.tensor([[1.0, 2.0, 1.0], [0.5, 0.0, 0.5]])),
    "Categorical, logits": lambda t, D: D.Categorical(logits=t.tensor([0.5, 1.0, -1.0, 0.0])),
    "Independent": lambda t, D: D.Independent(D.Normal(t.zeros(2, 3), t.ones(3) * 2), 1),
    "MultivariateNormal": lambda t, D: D.MultivariateNormal(t.tensor([0.0, 1.0]), t.tensor([[2.0, 0.5], [0.5, 1.0]])),
    "MultivariateNormal, tril": lambda t, D: D.MultivariateNormal(
        t.zeros(3, 2), scale_tril=t.tensor([[1.0, 0.0], [0.5, 2.0]])
    ),
    "MultivariateNormal, precision": lambda t, D: D.MultivariateNormal(
        t.zeros(2), precision_matrix=t.tensor([[2.0, 0.5], [0.5, 1.0]])
    ),
}  # fmt: skip


def equal(a, b):
    assert tuple(a.shape) == tuple(b.shape)
    assert str(a.dtype).rpartition(".")[2] == str(b.dtype).rpartition(".")[2]
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("name", MAKE)
def test_like_pytorch(name, torch):
    ours, theirs = MAKE[name](rushlight, distributions), MAKE[name](torch, torch.distributions)
    assert tuple(ours.batch_shape) == tuple(theirs.batch_shape)
    assert tuple(ours.event_shape) == tuple(theirs.event_shape)
    assert ours.has_rsample == theirs.has_rsample
    assert repr(ours) == repr(theirs)
    for shape in ((), (5,), (2, 20)):
        rushlight.manual_seed(1)
        torch.manual_seed(1)
        a, b = ours.sample(shape), theirs.sample(shape)
        equal(a, b)
        assert not a.requires_grad
        equal(ours.log_prob(a), theirs.log_prob(b))
        if ours.has_rsample:
            equal(ours.rsample(shape), theirs.rsample(shape))
    for attribute in ("mean", "variance", "stddev", "mode"):
        equal(getattr(ours, attribute), getattr(theirs, attribute))
    equal(ours.entropy(), theirs.entropy())
    equal(ours.perplexity(), theirs.perplexity())
    for call in ("cdf", "icdf"):
        value = 0.3
        try:
            want = getattr(theirs, call)(torch.tensor(value))
        except NotImplementedError:
            continue
        equal(getattr(ours, call)(rushlight.tensor(value)), want)
    if theirs.has_enumerate_support:
        for expand in (True, False):
            equal(ours.enumerate_support(expand), theirs.enumerate_support(expand))
    wider = (4, *ours.batch_shape)
    a, b = ours.expand(wider), theirs.expand(wider)
    assert tuple(a.batch_shape) == tuple(b.batch_shape)
    equal(a.entropy(), b.entropy())


PAIRS = {
    "Normal": lambda t, D: (D.Normal(t.zeros(2), 1.0), D.Normal(1.0, t.tensor([2.0, 0.5]))),
    "Laplace": lambda t, D: (D.Laplace(t.zeros(2), 1.0), D.Laplace(1.0, t.tensor([2.0, 0.5]))),
    "Uniform": lambda t, D: (D.Uniform(t.zeros(2), 1.0), D.Uniform(t.tensor([-1.0, 0.5]), 2.0)),
    "Exponential": lambda t, D: (D.Exponential(t.ones(2)), D.Exponential(t.tensor([2.0, 0.5]))),
    "Bernoulli": lambda t, D: (D.Bernoulli(t.tensor([0.0, 0.3, 1.0])), D.Bernoulli(t.tensor([0.2, 0.9, 0.0]))),
    "Categorical": lambda t, D: (
        D.Categorical(t.tensor([[0.5, 0.5, 0.0], [0.2, 0.2, 0.6]])), D.Categorical(t.tensor([0.2, 0.8, 0.0])),
    ),
    "Independent": lambda t, D: (
        D.Independent(D.Normal(t.zeros(2, 3), 1.0), 1), D.Independent(D.Normal(t.ones(2, 3), 2.0), 1),
    ),
    "MultivariateNormal": lambda t, D: (
        D.MultivariateNormal(t.zeros(2), t.tensor([[2.0, 0.5], [0.5, 1.0]])),
        D.MultivariateNormal(t.ones(2), t.eye(2)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_divergence(name, torch):
    ours = distributions.kl_divergence(*PAIRS[name](rushlight, distributions))
    equal(ours, torch.distributions.kl_divergence(*PAIRS[name](torch, torch.distributions)))


def test_gradients():
    loc = rushlight.tensor([0.5], requires_grad=True)
    scale = rushlight.tensor([2.0], requires_grad=True)
    d = distributions.Normal(loc, scale)
    (d.rsample((4,)).sum() + distributions.kl_divergence(d, distributions.Normal(0.0, 1.0)).sum()).backward()
    assert loc.grad.item() == pytest.approx(4.5)
    logits = rushlight.zeros(3, requires_grad=True)
    distributions.Categorical(logits=logits).log_prob(rushlight.tensor(1)).backward()
    assert logits.grad.tolist() == pytest.approx([-1 / 3, 2 / 3, -1 / 3])


ERRORS = {
    "scale": ("scale must be positive", lambda t, D: D.Normal(0.0, -1.0)),
    "loc": ("loc must be real", lambda t, D: D.Normal(float("nan"), 1.0)),
    "ends": ("low must be less than high", lambda t, D: D.Uniform(1.0, 0.0)),
    "probs": (r"probs must be in \[0, 1\]", lambda t, D: D.Bernoulli(t.tensor(1.5))),
    "both": ("either probs or logits", lambda t, D: D.Bernoulli(t.tensor(0.5), t.tensor(0.5))),
    "neither": ("either probs or logits", lambda t, D: D.Categorical()),
    "0-d": ("at least one-dimensional", lambda t, D: D.Categorical(t.tensor(0.5))),
    "value": ("value must be 0 or 1", lambda t, D: D.Bernoulli(t.tensor(0.5)).log_prob(t.tensor(0.5))),
    "outside": ("value must be between", lambda t, D: D.Uniform(0.0, 1.0).log_prob(t.tensor(2.0))),
    "shape": ("value must have a shape", lambda t, D: D.Normal(t.zeros(3), 1.0).log_prob(t.zeros(2))),
    "number": ("value must be a Tensor, got float", lambda t, D: D.Normal(0.0, 1.0).log_prob(1.0)),
    "tril": ("lower triangular", lambda t, D: D.MultivariateNormal(t.zeros(2), scale_tril=t.ones(2, 2))),
    "definite": ("positive definite", lambda t, D: D.MultivariateNormal(t.zeros(2), -t.eye(2))),
    "one matrix": ("exactly one of", lambda t, D: D.MultivariateNormal(t.zeros(2))),
    "dims": ("reinterpreted_batch_ndims", lambda t, D: D.Independent(D.Normal(0.0, 1.0), 1)),
}


@pytest.mark.parametrize(("text", "call"), ERRORS.values(), ids=ERRORS)
def test_refused(text, call, torch):
    with pytest.raises(ValueError, match=text):
        call(rushlight, distributions)
    with pytest.raises(ValueError, match="."):  # in PyTorch's words
        call(torch, torch.distributions)


def test_unchecked_and_missing():
    d = distributions.Uniform(0.0, 1.0, validate_args=False)
    assert d.log_prob(rushlight.tensor(2.0)).item() == -float("inf")
    with pytest.raises(
        NotImplementedError, match="no formula for Normal and Uniform; add one with register_kl"
    ):
        distributions.kl_divergence(distributions.Normal(0.0, 1.0), d)
    with pytest.raises(NotImplementedError, match="Categorical: cdf is not defined"):
        distributions.Categorical(rushlight.ones(2)).cdf(rushlight.tensor(1))
    with pytest.raises(ValueError, match="value must be True or False"):
        distributions.Distribution.set_default_validate_args("x")
