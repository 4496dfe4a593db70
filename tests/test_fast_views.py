"""Views and small new tensors that one call of the compiled part makes are what the Python operations make."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import rushlight
from rushlight.kernels import _C

SHAPES = [(), (1,), (4,), (0,), (0, 3), (3, 0), (2, 1, 3), (1, 1), (3, 4, 5)]
INDICES = [
    0,
    -1,
    2,
    slice(1, None),
    slice(None, -1),
    slice(None, None, 2),
    slice(-2, 100),
    slice(3, 1),
    slice(None),
    None,
    (0,),
    (0, 0),
    (Ellipsis, 0),
    (0, Ellipsis),
    (slice(None), 0),
    (slice(1), slice(1, 3)),
    (slice(None), slice(None)),
    (Ellipsis, slice(0, 1)),
    (),
    (-1, slice(None), slice(None, None, 3)),
]


def _both(monkeypatch, call):
    """The call's result with and without the compiled short cuts, or the errors' classes."""
    results = []
    for fast in (True, False):
        with monkeypatch.context() as m:
            if not fast and _C is not None:
                for name in ("select_node", "slice_node", "index_node", "unsqueeze_node", "squeeze_node"):
                    m.setattr(_C, name, lambda *args: NotImplemented)
                for name in ("transpose_node", "filled"):
                    m.setattr(_C, name, lambda *args: NotImplemented)
            try:
                results.append(call())
            except (IndexError, RuntimeError, TypeError, ValueError) as e:
                results.append((type(e), str(e)))
    return results


def _same(a, b):
    if isinstance(a, tuple):
        assert a == b
        return
    assert a.shape == b.shape
    assert a.dtype is b.dtype
    assert a.is_contiguous() == b.is_contiguous()
    assert np.array_equal(a.detach().numpy(), b.detach().numpy())
    assert (a.grad_fn is None) == (b.grad_fn is None)
    assert (a._base is None) == (b._base is None)
    if a.grad_fn is not None:
        assert a.grad_fn.name() == b.grad_fn.name()


@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("layout", ["contiguous", "transposed", "stepped"])
@pytest.mark.parametrize("shape", SHAPES)
def test_views(monkeypatch, shape, layout, grad):
    def made():
        n = int(np.prod(shape))
        if layout == "transposed":
            x = rushlight.arange(float(n)).reshape(shape[::-1]).permute(*range(len(shape))[::-1])
        elif layout == "stepped":
            x = rushlight.arange(float(2 * n)).reshape(*shape, 2)[..., 0]
        else:
            x = rushlight.arange(float(n)).reshape(shape)
        return x.requires_grad_(grad)

    calls = [lambda x, i=i: x[i] for i in INDICES]
    calls += [lambda x, d=d: x.unsqueeze(d) for d in (0, 1, -1, 4, -5)]
    calls += [lambda x, d=d: x.squeeze(d) for d in (0, 1, -1, 5)] + [lambda x: x.squeeze()]
    calls += [lambda x, d=d: x.transpose(*d) for d in ((0, 1), (-1, 0), (0, 0), (0, 7))]
    for call in calls:
        results, leaves = [], []

        def run(call=call, leaves=leaves):
            x = made()
            leaves.append(x)
            return call(x)

        results = _both(monkeypatch, run)
        _same(*results)
        if grad and not isinstance(results[0], tuple):
            for y in results:
                (y * y).sum().backward()
            np.testing.assert_array_equal(leaves[0].grad.numpy(), leaves[1].grad.numpy())


def test_views_share_memory_versions_and_history():
    x = rushlight.zeros(3, 4)
    for view in (x[1], x[1:], x[:, 2], x.unsqueeze(0), x.squeeze(), x.transpose(0, 1), x[None], x[1, 2]):
        before = x._version
        view.add_(1)
        assert x._version == view._version == before + 1
        assert view._base is x
    assert x[1, 2].item() == 8
    w = rushlight.ones(3, requires_grad=True)
    y = w * 1
    y[1] = 5.0
    y[0].mul_(3)
    y.sum().backward()
    assert w.grad.tolist() == [3, 0, 1]


def test_views_die_with_their_last_reference():
    gc.disable()
    try:
        x = rushlight.ones(3, requires_grad=True)
        for make in (
            lambda: x[0],
            lambda: x[:2],
            lambda: x[..., 1],
            lambda: x.unsqueeze(0),
            lambda: x.squeeze(),
        ):
            y = make()
            seen = weakref.ref(y)
            del y
            assert seen() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("name", ["zeros", "ones", "empty"])
@pytest.mark.parametrize("dtype", [None, "float64", "int64", "bool", "bfloat16", "complex64", "float16"])
def test_small_new_tensors(monkeypatch, name, dtype):
    options = {} if dtype is None else {"dtype": getattr(rushlight, dtype)}
    make = getattr(rushlight, name)
    for size in (
        (),
        (3,),
        (2, 0, 3),
        (2, 3),
        ((2, 3),),
        ([2, 3],),
        (rushlight.Size([2]),),
        (-1,),
        (2, -3),
        (1.5,),
        (True,),
    ):
        a, b = _both(monkeypatch, lambda size=size: make(*size, **options))
        if isinstance(a, tuple):
            assert a == b
            continue
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        if name != "empty":
            assert rushlight.equal(a, b)
        like = getattr(rushlight, name + "_like")(a)
        assert (like.shape, like.dtype) == (a.shape, a.dtype)
        assert name == "empty" or rushlight.equal(like, a)


def test_full(monkeypatch):
    for value in (0.0, -0.0, 1.5, float("inf"), 7, True, 2 + 1j):
        a, b = _both(monkeypatch, lambda value=value: rushlight.full((2, 3), value))
        assert a.dtype is b.dtype
        assert np.array_equal(a.numpy(), b.numpy())
        assert np.array_equal(np.signbit(a.numpy().real), np.signbit(b.numpy().real))
    rushlight.set_default_dtype(rushlight.float64)
    assert rushlight.full((2,), 1.5).dtype is rushlight.zeros(2).dtype is rushlight.float64
