"""Tests derived from the cases in tests/cases; harness.py tells how to write one."""

from __future__ import annotations

import inspect
import itertools
import re

import numpy as np
import pytest

import rushlight
from harness import (
    GRADIENT_FACTOR,
    Sample,
    all_cases,
    assert_close,
    cotangents,
    differentiable,
    flat,
    resolve,
    wide,
)
from rushlight import autograd
from rushlight.tensor import Tensor, wrap

CASES = all_cases()
LARGEST_GRADCHECK = 600  # elements of all inputs together; numerical gradients need two calls for each


def _calls(which=lambda case, call: True, per_dtype=False):
    """Parameters (case, call[, dtype]) of the calls that `which` selects."""
    return [
        pytest.param(case, call, *dtype, id="-".join((case.id, str(k), *dtype)))
        for case in CASES
        for k, call in enumerate(case.calls)
        if which(case, call)
        for dtype in ([(d,) for d in case.dtypes] if per_dtype else [()])
    ]


def _differentiable(case, call):
    return case.grad and any(t.grad and t.dtype in (None, "float32", "float64") for t in call.specs())


def _small(case, call):
    return _differentiable(case, call) and sum(np.prod(t.shape) for t in call.specs()) <= LARGEST_GRADCHECK


def _gradients(op, sample, dtype, layout="C"):
    """Result and gradients for fixed output gradients; gradients in the inputs' order."""
    args, kwargs, inputs = sample.tensors(grad=True, layout=layout)
    out = op(*args, **kwargs)
    outs = differentiable(out)
    dys = [wrap(d) for d in cotangents([o.detach()._array for o in outs])]
    return out, autograd.grad(outs, inputs, dys, allow_unused=True), inputs


# -- Values --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("case", "call", "dtype"), _calls(lambda case, _: case.reference, per_dtype=True))
def test_reference(case, call, dtype):
    """The result is what NumPy computes in float64; the inputs are left as they were."""
    sample = Sample(call, dtype)
    args, kwargs, _ = sample.tensors()
    out = case.op(*args, **kwargs)
    wide_args, wide_kwargs = sample.to(lambda leaf: wide(leaf.array))
    assert_close(out, case.reference(*wide_args, **wide_kwargs), case.tolerance(dtype), "against NumPy")


@pytest.mark.parametrize(("case", "call"), _calls(lambda case, _: not case.name.endswith("_")))
def test_inputs_unmodified(case, call):
    sample = Sample(call, case.dtypes[0])
    leaves = []
    args, kwargs = sample.to(lambda leaf: leaves.append(wrap(leaf.array.copy())) or leaves[-1])
    case.op(*args, **kwargs)
    for leaf, tensor in zip(sample.leaves(), leaves):
        np.testing.assert_array_equal(leaf.array, tensor._array)


@pytest.mark.parametrize(("case", "call"), _calls(lambda case, _: case.composed))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_composed(case, call, dtype):
    """The composed definition gives the same values and the same gradients."""
    sample = Sample(call, dtype)
    composed = case.seeded(case.composed, rushlight)
    if not _differentiable(case, call):
        args, kwargs, _ = sample.tensors()
        assert_close(case.op(*args, **kwargs), composed(*args, **kwargs), case.tolerance(dtype), "composed")
        return
    out, grads, _ = _gradients(case.op, sample, dtype)
    expected, expected_grads, _ = _gradients(composed, sample, dtype)
    assert_close(out, expected, case.tolerance(dtype, 2), "against the composed definition")
    assert_close(
        grads, expected_grads, case.tolerance(dtype, GRADIENT_FACTOR), "gradient of the composed definition"
    )


@pytest.mark.parametrize(
    ("case", "call"), _calls(lambda case, _: case.layouts and not case.random)
)  # drawn in memory order
@pytest.mark.parametrize("layout", ["reversed", "gaps"])
def test_layouts(case, call, layout):
    """Inputs that are not contiguous give the same values and gradients."""
    dtype = case.dtypes[0]
    sample = Sample(call, dtype)
    args, kwargs, _ = sample.tensors()
    expected = case.op(*args, **kwargs)
    args, kwargs, _ = sample.tensors(layout=layout)
    assert_close(case.op(*args, **kwargs), expected, case.tolerance(dtype, 2), f"inputs {layout}")
    if _differentiable(case, call) and not case.name.endswith("_"):
        _, grads, _ = _gradients(case.op, sample, dtype, layout)
        _, expected, _ = _gradients(case.op, sample, dtype)
        assert_close(grads, expected, case.tolerance(dtype, GRADIENT_FACTOR), f"gradients, inputs {layout}")


# -- Gradients -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("case", "call"), _calls(_differentiable))
def test_gradient_precision(case, call):
    """First and second derivatives in float32 are those in float64."""
    results = []
    narrow = Sample(call, "float32")
    for dtype in ("float32", "float64"):
        sample = Sample(call, dtype)
        for leaf, source in zip(sample.leaves(), narrow.leaves()):
            leaf.array = source.array.astype(leaf.array.dtype)  # the same values in both
        if case.name.endswith("_"):
            pytest.skip("in-place: covered by its out-of-place case")
        args, kwargs, inputs = sample.tensors(grad=True)
        outs = differentiable(case.op(*args, **kwargs))
        dys = [wrap(d) for d in cotangents([o.detach()._array for o in outs])]
        first = autograd.grad(outs, inputs, dys, allow_unused=True, create_graph=case.gradgrad)
        second = ()
        live = [g for g in first if g is not None and g.requires_grad]
        if case.gradgrad and live:
            dys = [wrap(d) for d in cotangents([g.detach()._array for g in live])]
            second = autograd.grad(live, inputs, dys, allow_unused=True)
        results.append((first, [g if g is not None else 0.0 for g in second]))
    (first, second), (first_wide, second_wide) = results
    assert_close(first, first_wide, case.tolerance("float32", GRADIENT_FACTOR), "float32 gradient")
    assert_close(
        second, second_wide, case.tolerance("float32", 10 * GRADIENT_FACTOR), "float32 second derivative"
    )


@pytest.mark.parametrize(("case", "call"), _calls(_small))
def test_gradcheck(case, call):
    """Gradients, and gradients of gradients, are the numerical ones."""
    if case.name.endswith("_"):
        pytest.skip("in-place: covered by its out-of-place case")
    sample = Sample(call, "float64")
    args, kwargs, inputs = sample.tensors(grad=True)

    def f(*inputs):
        following = iter(inputs)
        args, kwargs = sample.to(lambda leaf: next(following) if leaf.grad else wrap(leaf.array.copy()))
        return tuple(differentiable(case.op(*args, **kwargs)))

    if not f(*inputs):
        pytest.skip("no output has a gradient")
    assert autograd.gradcheck(f, inputs)
    if case.gradgrad:
        assert autograd.gradgradcheck(f, inputs)


# -- PyTorch -------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")  # PyTorch's own, of functions in beta and the like
@pytest.mark.parametrize(("case", "call"), _calls(lambda case, _: case.torch is not False))
def test_torch(case, call, torch):
    """Values, shapes, dtypes and gradients are PyTorch's."""
    op = case.torch_op(torch)
    for dtype in case.torch_dtypes or case.dtypes:
        sample = Sample(call, dtype)
        args, kwargs, inputs = sample.torch_tensors(torch, grad=case.grad)
        if case.name.endswith("_"):
            args, kwargs, _ = sample.torch_tensors(torch)
        expected = op(*args, **kwargs)
        args, kwargs, ours = sample.tensors(grad=case.grad)
        if case.name.endswith("_"):
            args, kwargs, _ = sample.tensors()
        out = case.op(*args, **kwargs)
        assert_close(out, expected, case.tolerance(dtype, 2), f"against PyTorch in {dtype}")
        assert _dtypes(out) == _dtypes(expected), f"dtypes {_dtypes(out)}, PyTorch's are {_dtypes(expected)}"
        outs, wanted = differentiable(out), differentiable(expected)
        assert len(outs) == len(wanted), f"{len(outs)} results require grad, in PyTorch {len(wanted)}"
        if not outs or dtype not in ("float32", "float64") or case.name.endswith("_"):
            continue
        dys = cotangents([o.detach()._array for o in outs])
        grads = autograd.grad(outs, ours, [wrap(d) for d in dys], allow_unused=True)
        theirs = torch.autograd.grad(wanted, inputs, [torch.from_numpy(d) for d in dys], allow_unused=True)
        for k, (g, t) in enumerate(zip(grads, theirs)):
            if g is None or t is None:
                left = g if g is not None else t  # None and zeros mean the same
                assert left is None or not np.any(flat(left)[0]), f"only one library has gradient {k}"
                continue
            assert_close(g, t, case.tolerance(dtype, 2 * GRADIENT_FACTOR), f"gradient {k} in {dtype}")


def _dtypes(out):
    if isinstance(out, (list, tuple)):
        return [d for v in out for d in _dtypes(v)]
    if isinstance(out, dict):
        return [d for v in out.values() for d in _dtypes(v)]
    return [str(out.dtype)] if hasattr(out, "dtype") else [type(out).__name__]


# Element-wise there and not in our composition, or the other way round; nothing depends on the order.
ORDERS_OF_THEIR_OWN = ("nn.functional.logsigmoid", "nn.functional.rrelu", "renorm", "linalg.matrix_power")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=c.id)
        for c in CASES
        if c.torch is not False and not c.random and c.name not in ORDERS_OF_THEIR_OWN
    ],
)
@pytest.mark.parametrize("layout", ["C", "reversed"])
def test_contiguity(case, layout, torch):
    """Where PyTorch's result can be viewed flat, so can ours: programs call `.view` on results."""
    op = case.torch_op(torch)
    dtypes = [d for d in case.dtypes if d in (case.dtypes[0], "float64")]  # float64 has no kernels
    for call, dtype in itertools.product(case.calls, dtypes):
        sample = Sample(call, dtype)
        args, kwargs, _ = sample.torch_tensors(torch, layout=layout)
        try:
            expected = _tensors(op(*args, **kwargs))
        except RuntimeError:
            continue  # some of PyTorch's want contiguous inputs, kron for one
        args, kwargs, _ = sample.tensors(layout=layout)
        for k, (ours, theirs) in enumerate(zip(_tensors(case.op(*args, **kwargs)), expected)):
            assert ours.is_contiguous() or not theirs.is_contiguous(), (
                f"{case.name}{call!r}: result {k} of shape {tuple(ours.shape)} has strides {ours.stride()}"
            )


def _tensors(out):
    if isinstance(out, (list, tuple)):
        return [t for v in out for t in _tensors(v)]
    return [out] if hasattr(out, "is_contiguous") else []


# -- Forms: method, in-place, out= ---------------------------------------------------------------------


def _first_is_tensor(case, call):
    return case.variants and not case.name.endswith("_") and call.args and hasattr(call.args[0], "make")


@pytest.mark.parametrize(("case", "call"), _calls(_first_is_tensor))
def test_forms(case, call):
    """`x.f(...)`, `x.f_(...)` and `f(..., out=)` give what `f(x, ...)` gives."""
    name = case.name.rpartition(".")[2]
    dtype = case.dtypes[0]
    sample = Sample(call, dtype)
    args, kwargs, _ = sample.tensors()
    expected = case.op(*args, **kwargs)
    tolerance = case.tolerance(dtype)
    if case.name in (name, f"Tensor.{name}") and hasattr(Tensor, name):
        method = case.seeded(getattr(Tensor, name), rushlight)
        assert_close(method(*args, **kwargs), expected, tolerance, "method")
    if not isinstance(expected, Tensor):
        return
    same = expected.shape == args[0].shape and expected.dtype == args[0].dtype
    if "." not in name and case.name in (name, f"Tensor.{name}") and hasattr(Tensor, name + "_") and same:
        args, kwargs, _ = sample.tensors()
        version = args[0]._version
        result = case.seeded(getattr(Tensor, name + "_"), rushlight)(*args, **kwargs)
        assert result is args[0]
        assert_close(args[0], expected, tolerance, "in place")
        assert args[0]._version > version, f"{name}_ must count as a change of the tensor"
    public = resolve(rushlight, case.name)
    if "out" in inspect.signature(public).parameters and "out" not in kwargs:
        args, kwargs, _ = sample.tensors()
        out = rushlight.empty(0, dtype=expected.dtype)
        assert case.op(*args, **kwargs, out=out) is out
        assert_close(out, expected, tolerance, "out=")


# -- Threads -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [pytest.param(c, id=c.id) for c in CASES if c.big])
def test_threads(case):
    """One and three threads give the same bits, forward and backward."""
    results = []
    for threads in (1, 3):
        rushlight.set_num_threads(threads)
        sample = Sample(case.big, "float32")
        if _differentiable(case, case.big):
            out, grads, _ = _gradients(case.op, sample, "float32")
            results.append(flat(out) + flat(list(grads)))
        else:
            args, kwargs, _ = sample.tensors()
            results.append(flat(case.op(*args, **kwargs)))
    for one, three in zip(*results):
        np.testing.assert_array_equal(one, three)
    if case.reference:
        args, kwargs = sample.to(lambda leaf: wide(leaf.array))
        expected = flat(case.reference(*args, **kwargs))
        assert_close(results[0][: len(expected)], expected, case.tolerance("float32"), "large, against NumPy")


# -- Errors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "call"),
    [pytest.param(c, e, id=f"{c.id}-{k}") for c in CASES for k, e in enumerate(c.errors)],
)
def test_errors(case, call):
    """Bad input raises PyTorch's exception class with a message that tells what is wrong."""
    args, kwargs, _ = Sample(call, case.dtypes[0]).tensors()
    with pytest.raises(call.raises, match=re.escape(call.match)):
        case.op(*args, **kwargs)


@pytest.mark.parametrize(
    ("case", "call"),
    [
        pytest.param(c, e, id=f"{c.id}-{k}")
        for c in CASES
        if c.torch is not False
        for k, e in enumerate(c.errors)
    ],
)
def test_errors_are_torchs(case, call, torch):
    """PyTorch raises the same class for it."""
    args, kwargs, _ = Sample(call, case.dtypes[0]).torch_tensors(torch)
    theirs = _error(case.torch_op(torch), *args, **kwargs)
    assert theirs is not None, "PyTorch accepts it"
    assert issubclass(call.raises, type(theirs)), f"PyTorch raises {type(theirs).__name__}: {theirs}"


@pytest.mark.parametrize(
    "name", sorted({c.name for c in CASES if any(_first_is_tensor(c, call) for call in c.calls)})
)
def test_an_array_is_no_tensor(name):
    """A NumPy array in place of the first tensor is refused by its argument's name."""
    case = next(c for c in CASES if c.name == name and any(_first_is_tensor(c, call) for call in c.calls))
    call = next(call for call in case.calls if _first_is_tensor(case, call))
    args, kwargs, _ = Sample(call, case.dtypes[0]).tensors()
    if name.startswith("Tensor."):
        pytest.skip("a method has its tensor")
    with pytest.raises(TypeError, match="must be (a )?Tensors?|a Tensor or a number"):
        case.op(args[0].numpy(), *args[1:], **kwargs)


def _error(f, *args, **kwargs):
    try:
        f(*args, **kwargs)
    except Exception as e:
        return e
    return None
