"""PyTorch also takes NumPy's names of arguments: axis for dim, keepdims for keepdim."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight

CALLS = """
sum mean nansum nanmean prod var std max min amax amin aminmax argmax argmin all any count_nonzero var_mean std_mean
cumsum cumprod cummax cummin logcumsumexp diff squeeze unsqueeze softmax log_softmax logsumexp sort argsort median
nanmedian mode unbind
""".split()
KEEP = """
sum mean nansum nanmean prod var std max min amax amin aminmax argmax argmin all any var_mean std_mean logsumexp median
nanmedian mode
""".split()
MORE = {
    "cat": lambda t, x: t.cat([x, x], axis=1),
    "concat": lambda t, x: t.concat([x, x], axis=1),
    "stack": lambda t, x: t.stack([x, x], axis=1),
    "chunk": lambda t, x: t.chunk(x, 2, axis=1),
    "topk": lambda t, x: x.topk(2, axis=1),
    "kthvalue": lambda t, x: x.kthvalue(2, axis=1, keepdims=True),
    "quantile": lambda t, x: t.quantile(x, 0.25, axis=1, keepdims=True),
    "nanquantile": lambda t, x: t.nanquantile(x, 0.25, axis=1),
    "cross": lambda t, x: t.cross(x, x + 1, axis=1),
    "repeat_interleave": lambda t, x: t.repeat_interleave(x, 2, axis=1),
    "take_along_dim": lambda t, x: t.take_along_dim(x, t.argsort(x, axis=1), axis=1),
    "unsafe_split": lambda t, x: x.unsafe_split(2, axis=1),
    "linalg.norm": lambda t, x: t.linalg.norm(x, axis=1, keepdims=True),
    "linalg.vector_norm": lambda t, x: t.linalg.vector_norm(x, axis=1, keepdims=True),
    "several": lambda t, x: x.sum(axis=(0, 1), keepdims=True),
    "with others": lambda t, x: x.sort(axis=0, descending=True),
    "dtype": lambda t, x: x.sum(axis=0, dtype=t.float64),
}


def arrays(x):
    if hasattr(x, "detach"):
        return [np.asarray(x.detach().numpy())]
    return [a for part in x for a in arrays(part)]


def agree(call, torch):
    values = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    ours, theirs = (arrays(call(t, t.tensor(values))) for t in (rushlight, torch))
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CALLS)
def test_axis(name, torch):
    agree(
        lambda t, x: getattr(x, name)(axis=1) if hasattr(torch.Tensor, name) else getattr(t, name)(x, axis=1),
        torch,
    )
    agree(lambda t, x: getattr(t, name)(x, axis=0), torch)


@pytest.mark.parametrize("name", KEEP)
def test_keepdims(name, torch):
    agree(lambda t, x: getattr(t, name)(x, axis=1, keepdims=True), torch)
    agree(lambda t, x: getattr(t, name)(x, dim=-1, keepdims=False), torch)


@pytest.mark.parametrize("name", MORE)
def test_other_functions(name, torch):
    agree(MORE[name], torch)


@pytest.mark.parametrize(
    "name", ["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp", "unsqueeze", "logsumexp"]
)
def test_dim_must_be_given(name, torch):
    for t in (rushlight, torch):
        with pytest.raises(TypeError, match="dim"):
            getattr(t, name)(t.ones(2))


def test_once():
    x = rushlight.ones(2, 3)
    with pytest.raises(TypeError, match="sum: got multiple values for argument 'dim'"):
        x.sum(1, axis=0)
    with pytest.raises(TypeError, match="sum: got multiple values for argument 'keepdim'"):
        x.sum(1, keepdim=True, keepdims=False)
