"""Functions of functions: against PyTorch's, on the same values."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight
from rushlight import func

# PyTorch's jvp compiles its decompositions, with a warning of its own.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Attempted to insert:UserWarning"),
]


def arrays(x):
    """The result in plain Python: structures of arrays."""
    if hasattr(x, "detach"):
        return x.detach().numpy()
    if isinstance(x, dict):
        return {k: arrays(v) for k, v in x.items()}
    return tuple(arrays(v) for v in x) if isinstance(x, (tuple, list)) else x


def agree(a, b):
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for k in a:
            agree(a[k], b[k])
    elif isinstance(a, tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            agree(x, y)
    else:
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def V(t):
    return t.tensor([0.5, 1.0, 2.0])


def X(t):
    return t.arange(6.0).reshape(2, 3) / 3


def cube(x):
    return (x**3).sum()


CALLS = {
    "vmap": lambda t, f: f.vmap(lambda x: x.sin().sum())(X(t)),
    "vmap, in_dims": lambda t, f: f.vmap(lambda x, y: x * y, in_dims=(None, 1))(t.ones(2), X(t)),
    "vmap, negative dims": lambda t, f: f.vmap(lambda x: x * 2, in_dims=-1, out_dims=-1)(X(t)),
    "vmap, structures": lambda t, f: f.vmap(
        lambda d: {"s": d["a"] + d["b"][0], "t": [d["a"]]}, in_dims=({"a": 0, "b": [None]},), out_dims={"s": 1, "t": [0]}
    )({"a": X(t), "b": [V(t)]}),
    "vmap, two out_dims": lambda t, f: f.vmap(lambda x: (x, x), out_dims=(0, 1))(X(t)),
    "vmap, no out_dim": lambda t, f: f.vmap(lambda x: t.ones(2), out_dims=None)(X(t)),
    "vmap, keywords": lambda t, f: f.vmap(lambda x, y: x * y)(X(t), y=X(t)),
    "vmap, empty": lambda t, f: f.vmap(lambda x: x.sum())(t.ones(0, 3)),
    "vmap, twice": lambda t, f: f.vmap(f.vmap(lambda x: x * x))(X(t)),
    "vmap, chunks": lambda t, f: f.vmap(lambda x: x * x, chunk_size=1)(X(t)),
    "vmap of grad": lambda t, f: f.vmap(f.grad(lambda w, x: (w * x).sin().sum()), in_dims=(None, 0))(V(t), X(t)),
    "grad of vmap": lambda t, f: f.grad(lambda x: f.vmap(cube)(x).sum())(X(t)),
    "grad, argnums": lambda t, f: f.grad(lambda x, y: (x * y * y).sum(), argnums=(0, 1))(V(t), V(t)),
    "grad, aux": lambda t, f: f.grad(lambda x: (cube(x), x * 2), has_aux=True)(V(t)),
    "grad of a structure": lambda t, f: f.grad(lambda p: (p["w"] * p["b"][0]).sum())({"w": V(t), "b": [V(t)]}),
    "grad of an unused one": lambda t, f: f.grad(lambda x, y: x.sum(), argnums=1)(V(t), V(t)),
    "third derivative": lambda t, f: f.grad(f.grad(f.grad(lambda x: x**4)))(t.tensor(2.0)),
    "grad of what a closure holds": lambda t, f: f.grad(lambda x: f.grad(lambda y: x * y**2)(t.tensor(3.0)))(t.tensor(2.0)),
    "vjp": lambda t, f: f.vjp(lambda x: (x, x * x), V(t))[1]((V(t), V(t))),
    "vjp, value and aux": lambda t, f: f.vjp(lambda x: (x * x, {"a": x}), V(t), has_aux=True)[::2],
    "grad of vjp": lambda t, f: f.grad(lambda v: f.vjp(lambda x: x.sin(), V(t))[1](v)[0].sum())(V(t)),
    "jvp": lambda t, f: f.jvp(lambda x, y: (x * y).sin(), (V(t), V(t)), (V(t), t.ones(3))),
    "jvp, aux": lambda t, f: f.jvp(lambda x: (cube(x), x), (V(t),), (V(t),), has_aux=True),
    "jvp of a constant": lambda t, f: f.jvp(lambda x: t.ones(2), (V(t),), (V(t),)),
    "jvp of jvp": lambda t, f: f.jvp(lambda x: f.jvp(cube, (x,), (t.ones(3),))[1], (V(t),), (t.ones(3),)),
    "jvp of grad": lambda t, f: f.jvp(f.grad(cube), (V(t),), (t.ones(3),)),
    "grad of jvp": lambda t, f: f.grad(lambda x: f.jvp(cube, (x,), (x,))[1])(V(t)),
    "jacrev": lambda t, f: f.jacrev(lambda x, y: (x * y, {"s": x.sum()}), argnums=(0, 1))(V(t), V(t)),
    "jacfwd": lambda t, f: f.jacfwd(lambda x, y: (x * y, {"s": x.sum()}), argnums=(0, 1))(V(t), V(t)),
    "jacrev of a dict": lambda t, f: f.jacrev(lambda p: p["a"] * p["b"])({"a": V(t), "b": V(t)}),
    "jacfwd of a dict": lambda t, f: f.jacfwd(lambda p: p["a"] * p["b"])({"a": V(t), "b": V(t)}),
    "jacrev, aux": lambda t, f: f.jacrev(lambda x: (x * x, x), has_aux=True)(V(t)),
    "jacfwd, aux": lambda t, f: f.jacfwd(lambda x: (x * x, x), has_aux=True, randomness="same")(V(t)),
    "jacrev of a matrix": lambda t, f: f.jacrev(lambda x: x.t() @ x)(X(t)),
    "jacfwd of a matrix": lambda t, f: f.jacfwd(lambda x: x.t() @ x)(X(t)),
    "hessian": lambda t, f: f.hessian(cube)(V(t)),
    "hessian, two": lambda t, f: f.hessian(lambda x, y: (x * x * y).sum(), argnums=(0, 1))(V(t), V(t)),
    "jacrev of jacrev": lambda t, f: f.jacrev(f.jacrev(lambda x: x.sin()))(V(t)),
    "jacfwd of jacfwd": lambda t, f: f.jacfwd(f.jacfwd(lambda x: x.sin()))(V(t)),
    "vmap of hessian": lambda t, f: f.vmap(f.hessian(cube))(X(t)),
    "vmap of jvp": lambda t, f: f.vmap(lambda v: f.jvp(cube, (V(t),), (v,))[1])(X(t)),
    "linearize": lambda t, f: (lambda y, push: (y, push(V(t)), push(t.ones(3))))(*f.linearize(lambda x: x.sin() * x, V(t))),
}  # fmt: skip
ERRORS = {
    "in_dim": (ValueError, "in_dim must be in", lambda t, f: f.vmap(cube, in_dims=2)(X(t))),
    "in_dims": (ValueError, "is not compatible", lambda t, f: f.vmap(cube, in_dims=(0,))(X(t), X(t))),
    "in_dims None": (ValueError, "in_dims must be an int", lambda t, f: f.vmap(cube, in_dims=None)(X(t))),
    "in_dims float": (ValueError, "must hold ints or None", lambda t, f: f.vmap(cube, in_dims=(0.5,))(X(t))),
    "sizes": (ValueError, "same size in the mapped", lambda t, f: f.vmap(t.dot)(X(t), t.ones(3))),
    "a number": (ValueError, "must be a Tensor, got int", lambda t, f: f.vmap(t.mul)(X(t), 3)),
    "nothing": (ValueError, "got no inputs", lambda t, f: f.vmap(cube)()),
    "result": (ValueError, "only return Tensors, got type", lambda t, f: f.vmap(lambda x: 3)(X(t))),
    "out_dims": (ValueError, "is not compatible", lambda t, f: f.vmap(lambda x: (x, x), out_dims=(0,))(X(t))),
    "out_dim": (IndexError, "Dimension out of range", lambda t, f: f.vmap(lambda x: x, out_dims=3)(X(t))),
    "out_dim str": (ValueError, "out_dims must be an int", lambda t, f: f.vmap(cube, out_dims="a")(X(t))),
    "out_dim None": (ValueError, "when out_dim is None|can not return", lambda t, f: f.vmap(cube, out_dims=None)(X(t))),
    "random": (RuntimeError, "called random operation", lambda t, f: f.vmap(lambda x: x * t.rand(3))(X(t))),
    "randomness": (RuntimeError, "randomness", lambda t, f: f.vmap(cube, randomness="x")(X(t))),
    "chunk": (ValueError, "chunk_size", lambda t, f: f.vmap(cube, chunk_size=0)(X(t))),
    "jvp tuple": (RuntimeError, "primals", lambda t, f: f.jvp(cube, V(t), V(t))),
    "jvp structure": (RuntimeError, "same (python )?structure", lambda t, f: f.jvp(cube, (V(t),), (V(t), V(t)))),
    "jvp size": (RuntimeError, "different size", lambda t, f: f.jvp(cube, (V(t),), (V(t)[:2],))),
    "jvp result": (RuntimeError, "unsupported type", lambda t, f: f.jvp(lambda x: 3, (V(t),), (V(t),))),
    "jvp strict": (
        RuntimeError, "is independent of the inputs",
        lambda t, f: f.jvp(lambda x: t.ones(2), (V(t),), (V(t),), strict=True),
    ),
    "argnums": (RuntimeError, "argnum=3", lambda t, f: f.jacrev(cube, argnums=3)(V(t))),
    "grad argnums": (RuntimeError, "argnum=1", lambda t, f: f.grad(cube, argnums=1)(V(t))),
    "no tensor": (ValueError, "must be a?.*Tensor", lambda t, f: f.jacrev(lambda x: x)(3)),
    "ints": (RuntimeError, "floating point", lambda t, f: f.grad(cube)(t.tensor([1, 2]))),
    "vjp structure": (RuntimeError, "pytree", lambda t, f: f.vjp(lambda x: (x, x), V(t))[1](V(t))),
    "vjp shape": (RuntimeError, "(?i)mismatch in shape", lambda t, f: f.vjp(lambda x: x, V(t))[1](V(t)[:2])),
    "jvp numbers": (RuntimeError, "must hold only Tensors", lambda t, f: f.jvp(cube, (1.0,), (1.0,))),
    "jvp ints": (ValueError, "floating point", lambda t, f: f.jvp(cube, (t.tensor([1]),), (t.tensor([1]),))),
    "complex": (RuntimeError, "inputs must be real", lambda t, f: f.jacrev(cube)(t.tensor([1 + 1j]))),
    "in_dims list": (ValueError, "in_dims must be an int or", lambda t, f: f.vmap(t.add, in_dims=[0, 0])(X(t), X(t))),
    "argnums list": (RuntimeError, "argnums must be", lambda t, f: f.grad(cube, argnums=[0])(V(t))),
    "jacrev chunk": (ValueError, "chunk_size", lambda t, f: f.jacrev(cube, chunk_size=-1)(V(t))),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_like_pytorch(call, torch):
    import torch.func

    agree(arrays(call(rushlight, func)), arrays(call(torch, torch.func)))


@pytest.mark.parametrize(("kind", "text", "call"), ERRORS.values(), ids=ERRORS)
def test_errors_like_pytorchs(kind, text, call, torch):
    with pytest.raises(kind, match=text):
        call(rushlight, func)
    with pytest.raises(kind, match="."):  # in PyTorch's words
        call(torch, torch.func)


def test_randomness():
    rushlight.manual_seed(0)
    same = func.vmap(lambda x: x * 0 + rushlight.randn(3), randomness="same")(rushlight.ones(4, 3))
    assert (same == same[0]).all()
    different = func.vmap(lambda x: x * 0 + rushlight.randn(3), randomness="different")(rushlight.ones(4, 3))
    assert len(set(different.flatten().tolist())) == 12


def test_what_depends_on_users_tensors_stays_differentiable():
    w = rushlight.tensor(2.0, requires_grad=True)
    g = func.grad(lambda x: w * x**2)(rushlight.tensor(3.0))
    g.backward()
    assert w.grad.item() == 6
    x = rushlight.tensor(3.0, requires_grad=True)
    func.grad(lambda x: x**3)(x).backward()
    assert x.grad.item() == 18
    assert not func.grad(lambda x: x**3)(rushlight.tensor(3.0)).requires_grad
    with rushlight.no_grad():
        assert not func.grad(lambda x: w * x**2)(rushlight.tensor(3.0)).requires_grad


def test_gradients_for_each_sample():
    rushlight.manual_seed(0)
    model = rushlight.nn.Sequential(rushlight.nn.Linear(3, 4), rushlight.nn.Tanh(), rushlight.nn.Linear(4, 1))
    params = {k: v.detach() for k, v in model.named_parameters()}
    x = rushlight.randn(5, 3)

    def loss(params, sample):
        return func.functional_call(model, params, (sample[None],)).square().mean()

    each = func.vmap(func.grad(loss), in_dims=(None, 0))(params, x)
    for i in range(5):
        model.zero_grad()
        model(x[i : i + 1]).square().mean().backward()
        for name, p in model.named_parameters():
            assert rushlight.allclose(each[name][i], p.grad, atol=1e-6)


def test_an_ensemble():
    models = [rushlight.nn.Linear(3, 2) for _ in range(4)]
    params, buffers = func.stack_module_state(models)
    x = rushlight.randn(5, 3)
    run = func.vmap(lambda p, b, x: func.functional_call(models[0], (p, b), (x,)), in_dims=(0, 0, None))
    assert rushlight.equal(run(params, buffers, x), rushlight.stack([m(x) for m in models]))


def test_named_tuples_and_top_level_name():
    from collections import namedtuple

    P = namedtuple("P", "w b")
    g = func.grad(lambda p: (p.w * p.b).sum())(P(rushlight.ones(2), rushlight.tensor([1.0, 2.0])))
    assert type(g) is P
    assert g.w.tolist() == [1, 2]
    assert rushlight.vmap is func.vmap
    assert func.functionalize(cube) is cube
    with pytest.raises(RuntimeError, match="functionalize: remove must be"):
        func.functionalize(cube, remove="views")
