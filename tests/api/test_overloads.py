"""Ways to call a function that its signature alone does not tell: PyTorch's overloads and their names."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight

V = [1.0, 2.0, 3.0, 4.0]
M = [[2.0, 0.5], [0.5, 1.0]]
CALLS = {
    "pow, a number by name": lambda t: t.pow(self=2, exponent=t.tensor(V)),
    "pow, a number first": lambda t: t.pow(2, t.tensor(V)),
    "pow, the method": lambda t: t.tensor(V).pow(exponent=2),
    "pow_": lambda t: t.tensor(V).pow_(exponent=2),
    "searchsorted, a number by name": lambda t: t.searchsorted(t.tensor(V), self=2.5),
    "searchsorted, a number": lambda t: t.searchsorted(t.tensor(V), 2.5),
    "searchsorted, by name": lambda t: t.searchsorted(t.tensor(V), input=t.tensor(V), right=True),
    "split, by name": lambda t: t.split(tensor=t.tensor(V), split_size_or_sections=[1, 3], dim=0)[1],
    "split, the method": lambda t: t.tensor(V).split(split_size=[1, 3], dim=0)[1],
    "unsafe_split": lambda t: t.unsafe_split(input=t.tensor(V), split_size=3)[1],
    "unsafe_split, the method": lambda t: t.tensor(V).unsafe_split(split_size=3)[1],
    "tensor_split, sections": lambda t: t.tensor_split(t.tensor(V), sections=3)[0],
    "tensor_split, indices": lambda t: t.tensor_split(t.tensor(V), indices=[1, 2])[2],
    "tensor_split, the method": lambda t: t.tensor(V).tensor_split(indices=(1,), dim=0)[1],
    "tensor_split, tensor": lambda t: t.tensor_split(t.tensor(V), tensor_indices_or_sections=t.tensor([1]))[
        1
    ],
    "swapaxes": lambda t: t.swapaxes(t.tensor([V]), axis0=0, axis1=1),
    "swapdims": lambda t: t.swapdims(t.tensor([V]), dim0=0, dim1=1),
    "concatenate": lambda t: t.concatenate([t.tensor(M), t.tensor(M)], axis=1),
    "concatenate, dim": lambda t: t.concatenate([t.tensor(M), t.tensor(M)], dim=1),
}
REFUSED = {
    "tensor_split, none": (TypeError, "must be given, got 0", lambda t: t.tensor_split(t.tensor(V))),
    "split_size": (TypeError, "unexpected keyword", lambda t: t.split(t.tensor(V), split_size=1)),
    "unsafe_split": (TypeError, "unsafe_split: split_size", lambda t: t.unsafe_split(t.tensor(V), [1, 3])),
    "pow": (TypeError, "pow: input and exponent", lambda t: t.pow(t.tensor(V))),
    "searchsorted": (TypeError, "searchsorted: input must", lambda t: t.searchsorted(t.tensor(V))),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_call(call, torch):
    np.testing.assert_array_equal(call(rushlight).numpy(), call(torch).numpy())


@pytest.mark.parametrize(("kind", "text", "call"), REFUSED.values(), ids=REFUSED)
def test_refused(kind, text, call, torch):
    with pytest.raises(kind, match=text):
        call(rushlight)
    with pytest.raises(kind, match="."):
        call(torch)


PRODUCTS = {
    "mm": lambda t, a, **k: t.mm(a, a, **k),
    "bmm": lambda t, a, **k: t.bmm(a[None], a[None], **k)[0],
    "addmm": lambda t, a, **k: t.addmm(a, a, a, beta=0.5, **k),
    "baddbmm": lambda t, a, **k: t.baddbmm(a[None], a[None], a[None], alpha=2, **k)[0],
}


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_out_dtype(name, half):
    rushlight.manual_seed(0)
    a = rushlight.randn(7, 7).to(getattr(rushlight, half))
    wide = PRODUCTS[name](rushlight, a.float())
    got = PRODUCTS[name](rushlight, a, out_dtype=rushlight.float32)
    assert got.dtype == rushlight.float32
    np.testing.assert_array_equal(got.numpy(), wide.numpy())
    assert PRODUCTS[name](rushlight, a, out_dtype=a.dtype).dtype == a.dtype
    x = a.detach().requires_grad_()
    PRODUCTS[name](rushlight, x, out_dtype=rushlight.float32).sum().backward()
    assert x.grad.dtype == x.dtype
    with pytest.raises(RuntimeError, match=f"{name}: out_dtype must be the matrices'"):
        PRODUCTS[name](rushlight, a, out_dtype=rushlight.float64)


def test_out_dtype_takes_a_wide_input():
    a = rushlight.ones(2, 2, dtype=rushlight.bfloat16)
    third = rushlight.full((2, 2), 1 / 3)
    assert rushlight.addmm(third, a, a, rushlight.float32)[0, 0].item() == pytest.approx(7 / 3)
    with pytest.raises(RuntimeError, match="addmm: input must have the matrices' dtype"):
        rushlight.addmm(third.double(), a, a, rushlight.float32)
