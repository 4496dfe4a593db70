"""gradcheck, jacobian and relatives, checkpoints."""

import pytest

import rushlight as torch
from rushlight.autograd import Function, gradcheck, gradgradcheck
from rushlight.autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp
from rushlight.utils.checkpoint import checkpoint, checkpoint_sequential


def x64(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_gradcheck_accepts_right_and_refuses_wrong_gradients():
    assert gradcheck(lambda a, b: (a * b, a + b), (x64(1.0, 2.0), x64(3.0, 4.0)))
    assert gradgradcheck(lambda a: a * a * a, (x64(1.0, 2.0),))
    assert gradcheck(lambda a: a * a, (x64(1.0, 2.0),), fast_mode=True)

    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, dy):
            return dy * 3

    with pytest.raises(RuntimeError, match="Jacobian mismatch for output 0 with respect to input 0"):
        gradcheck(Wrong.apply, (x64(1.0),))
    assert not gradcheck(Wrong.apply, (x64(1.0),), raise_exception=False)
    with pytest.raises(ValueError, match="at least one input must require grad"):
        gradcheck(lambda a: a, (torch.ones(1),))


def test_gradgradcheck_refuses_wrong_second_derivatives():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            return 2 * x.detach() * dy  # right, but cut off from x

    assert gradcheck(Wrong.apply, (x64(1.0, 2.0),))
    with pytest.raises(RuntimeError, match="mismatch"):
        gradgradcheck(Wrong.apply, (x64(1.0, 2.0),))


def test_products_and_matrices_of_derivatives():
    x = torch.tensor([1.0, 2.0])
    assert jacobian(lambda x: x * x, x).tolist() == [[2.0, 0.0], [0.0, 4.0]]
    pair = jacobian(lambda a, b: a * b, (x, x + 1))
    assert pair[1].tolist() == [[1.0, 0.0], [0.0, 2.0]]
    assert hessian(lambda x: (x * x * x).sum(), x).tolist() == [[6.0, 0.0], [0.0, 12.0]]
    v = torch.tensor([1.0, 10.0])
    assert vjp(lambda x: x * x, x, v)[1].tolist() == [2.0, 40.0]
    assert jvp(lambda x: x * x, x, v)[1].tolist() == [2.0, 40.0]
    assert vhp(lambda x: (x * x * x).sum(), x, v)[1].tolist() == [6.0, 120.0]
    assert hvp(lambda x: (x * x * x).sum(), x, v)[1].tolist() == [6.0, 120.0]


def test_checkpoint_gives_the_same_gradients():
    w = torch.tensor([3.0], requires_grad=True)
    x = torch.tensor([2.0], requires_grad=True)
    y = checkpoint(lambda x: (x * w).exp(), x, use_reentrant=False)
    y.sum().backward()
    again = (x.detach().requires_grad_() * w.detach()).exp()
    assert x.grad.tolist() == (3 * again).tolist()
    assert w.grad.tolist() == (2 * again).tolist()
    w.grad = None
    checkpoint(lambda x: x * w, torch.tensor([2.0]), use_reentrant=False).sum().backward()
    assert w.grad.tolist() == [2.0]  # of a parameter, though no argument requires grad
    y = checkpoint_sequential([torch.exp, torch.sin, torch.cos], 2, x, use_reentrant=False)
    assert y.tolist() == torch.cos(torch.sin(torch.exp(x))).tolist()


def test_gradcheck_in_forward_mode_and_batches():
    calls = {"check_forward_ad": True, "check_batched_forward_grad": True, "check_batched_grad": True}
    assert gradcheck(lambda a, b: (a * b, a.sin()), (x64(1.0, 2.0), x64(3.0, 4.0)), **calls)
    assert gradcheck(lambda a: a.exp(), (x64(1.0, 2.0),), check_forward_ad=True, check_backward_ad=False)
    assert gradcheck(lambda a: a.exp(), (x64(1.0, 2.0),), check_forward_ad=True, fast_mode=True, masked=True)
    assert gradgradcheck(lambda a: a**3, (x64(1.0, 2.0),), check_fwd_over_rev=True, check_batched_grad=True)

    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, dy):
            return dy * 3

    with pytest.raises(RuntimeError, match="Jacobian mismatch in forward mode"):
        gradcheck(Wrong.apply, (x64(1.0),), check_forward_ad=True, check_backward_ad=False)
    for options, text in (
        ({"check_backward_ad": False}, "at least one of"),
        ({"check_batched_forward_grad": True}, "check_forward_ad must be True"),
        (
            {"check_backward_ad": False, "check_forward_ad": True, "check_batched_grad": True},
            "check_backward_ad must",
        ),
    ):
        with pytest.raises(AssertionError, match=text):
            gradcheck(lambda a: a, (x64(1.0),), **options)
    with pytest.raises(AssertionError, match="check_rev_over_rev"):
        gradgradcheck(lambda a: a * a, (x64(1.0),), check_rev_over_rev=False)


def test_grad_of_batches_and_dicts():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    grad = torch.autograd.grad
    (rows,) = grad(x * x, x, torch.eye(3), is_grads_batched=True)
    assert rows.tolist() == [[2, 0, 0], [0, 4, 0], [0, 0, 6]]
    y = x * x
    grad(y, x, torch.eye(3), retain_graph=True, is_grads_batched=True)
    (again,) = grad(y, x, torch.eye(3), create_graph=True, is_grads_batched=True)
    assert grad(again.sum(), x)[0].tolist() == [2, 2, 2]
    assert grad((x * x).sum(), {"x": x})["x"].tolist() == [2, 4, 6]
    with pytest.raises(RuntimeError, match="must have a batch dim"):
        grad(x * x, x, torch.ones(3), is_grads_batched=True)
    with pytest.raises(ValueError, match="of one batch size"):
        grad((x * x, x * 2), x, (torch.ones(2, 3), torch.ones(3, 3)), is_grads_batched=True)
    with pytest.warns(FutureWarning, match="only_inputs is deprecated"):
        grad((x * x).sum(), x, only_inputs=False)
