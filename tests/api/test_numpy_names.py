"""PyTorch also takes NumPy's names of arguments: axis for dim, keepdims for keepdim."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
import pydoc
import sys
import weakref

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
    "linalg.cross": lambda t, x: t.linalg.cross(x, x + 1, axis=1),
    "cosine_similarity": lambda t, x: t.cosine_similarity(x, x + 1, axis=0),
    "trapezoid": lambda t, x: t.trapezoid(x, axis=0),
    "tensor_split": lambda t, x: t.tensor_split(x, 3, axis=1),
    "gradient": lambda t, x: t.gradient(x, axis=1)[0],
    "special.softmax": lambda t, x: t.special.softmax(x, axis=0),
    "fft.fft": lambda t, x: t.fft.fft(x, axis=0),
    "fft.fftn": lambda t, x: t.fft.fftn(x, axis=(0, 1)),
    "fft.fftshift": lambda t, x: t.fft.fftshift(x, axis=1),
    "unsqueeze_": lambda t, x: x.clone().unsqueeze_(axis=0),
    "squeeze_": lambda t, x: x.clone()[None].squeeze_(axis=0),
    "cumsum_": lambda t, x: x.clone().cumsum_(axis=1),
    "other names": lambda t, x: t.sum(a=x) + t.cumsum(x=x, axis=0),
    "not interned": lambda t, x: t.sum(x, **{"".join(["ax", "is"]): 1}),
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


def test_functions_of_python_alone_take_them_not(torch):
    for t in (rushlight, torch):
        with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
            t.nn.functional.softmax(t.ones(2), axis=0)


def test_they_are_what_functions_are():
    for f in (rushlight.sum, rushlight.nn.functional.softmax, rushlight.Tensor.cumsum, rushlight.fft.fft):
        assert callable(f)
        assert inspect.isroutine(f)
        assert inspect.unwrap(f).__name__ == f.__name__
        assert f.__doc__
        assert next(iter(inspect.signature(f).parameters)) == "input"
        assert copy.deepcopy(f) is f
        assert pickle.loads(pickle.dumps(f)) is f
        assert weakref.ref(f)() is f
        assert f.__name__ in repr(f)
        assert f.__name__ in pydoc.render_doc(f)
    x = rushlight.ones(2, 3)
    assert x.cumsum.__self__ is x
    assert list(map(rushlight.sum, [x, x]))[1].item() == 6
    assert functools.partial(rushlight.sum, axis=0)(x).tolist() == [2, 2, 2]

    @functools.wraps(rushlight.sum)
    def mine(*args, **kwargs):
        return rushlight.sum(*args, **kwargs)

    assert mine.__name__ == "sum"
    assert mine(x, axis=1).tolist() == [3, 3]


def test_nothing_is_kept_of_a_failed_call():
    x = rushlight.ones(2, 3)
    before = sys.getrefcount(x)
    for _ in range(20):
        with pytest.raises(TypeError, match="sum: dim must be"):
            rushlight.sum(x, axis="a")
        with pytest.raises(TypeError, match="gather: index must be"):
            x.gather(0, index=[1])
    assert sys.getrefcount(x) <= before + 1


def test_once():
    x = rushlight.ones(2, 3)
    with pytest.raises(TypeError, match="sum: got multiple values for argument 'dim'"):
        x.sum(1, axis=0)
    with pytest.raises(TypeError, match="sum: got multiple values for argument 'keepdim'"):
        x.sum(1, keepdim=True, keepdims=False)
