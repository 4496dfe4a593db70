"""The engine and the graph: both their compiled form and, under RUSHLIGHT_KERNELS=numpy, their Python one."""

import gc
import weakref

import numpy as np
import pytest

import rushlight as torch
from rushlight.autograd import Function


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return 2 * x * dy


def test_gradients_add_up_over_paths_and_calls():
    x = leaf(1.0, 2.0)
    y = x * x + x
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 5.0]
    (x * 2).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]


def test_two_leaves_do_not_share_the_memory_of_a_gradient():
    x, y = leaf(1.0), leaf(2.0)
    (x + y).sum().backward()
    x.grad.mul_(10)
    assert y.grad.tolist() == [1.0]


def test_broadcasting_is_undone():
    x, y = torch.ones(3, 1, requires_grad=True), torch.ones(4, requires_grad=True)
    (x * y).sum().backward()
    assert x.grad.shape == (3, 1)
    assert x.grad.tolist() == [[4.0]] * 3
    assert y.grad.shape == (4,)
    assert y.grad.tolist() == [3.0] * 4


def test_a_gradient_has_its_tensors_dtype():
    x = leaf(1.0)
    (x * torch.ones(1, dtype=torch.float64)).sum().backward()
    assert x.grad.dtype is torch.float32


def test_second_derivatives():
    x = leaf(2.0, 3.0)
    (g,) = torch.autograd.grad((x * x * x).sum(), x, create_graph=True)
    (gg,) = torch.autograd.grad(g.sum(), x)
    assert gg.tolist() == [12.0, 18.0]


def test_backward_twice_needs_retain_graph():
    x = leaf(1.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4.0]
    z = (x + 1).sum()  # nothing is saved for it: it may be differentiated again, as in PyTorch
    z.backward()
    z.backward()
    with pytest.raises(RuntimeError, match=r"backward through the graph a second time .* retain_graph=True"):
        y.backward()


def test_grad_leaves_dot_grad_alone_and_finds_what_is_unused():
    x, y = leaf(1.0), leaf(2.0)
    (g,) = torch.autograd.grad((x * 3).sum(), x)
    assert g.tolist() == [3.0]
    assert x.grad is None
    with pytest.raises(RuntimeError, match=r"inputs\[1\].*allow_unused=True"):
        torch.autograd.grad((x * 3).sum(), [x, y])
    assert torch.autograd.grad((x * 3).sum(), [x, y], allow_unused=True)[1] is None
    assert torch.autograd.grad((x * 3).sum(), [x, y], materialize_grads=True)[1].tolist() == [0.0]


def test_grad_of_inner_values_and_of_one_through_another():
    x = leaf(2.0)
    y = x * x
    z = y * y
    gy, gx = torch.autograd.grad(z.sum(), [y, x])
    assert gy.tolist() == [8.0]
    assert gx.tolist() == [32.0]


def test_backward_to_chosen_inputs():
    x, y = leaf(1.0), leaf(2.0)
    (x * y).sum().backward(inputs=[x])
    assert x.grad.tolist() == [2.0]
    assert y.grad is None


@pytest.mark.parametrize("n", [100_000])
def test_deep_graphs_need_no_recursion(n):
    x = leaf(1.0)
    y = x
    for _ in range(n):
        y = y + 1
    y.sum().backward()
    assert x.grad.tolist() == [1.0]
    del y


def test_a_graph_dies_with_its_last_reference():
    gc.collect()
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        w = torch.ones(2, requires_grad=True)
        y = ((x * w).exp() * w).tanh()
        node = weakref.ref(y.grad_fn)
        middle = weakref.ref(y.grad_fn.next_functions[0][0])
        y.sum().backward()
        del y
        assert node() is None
        assert middle() is None
        y = (x * 2).relu_()
        node = weakref.ref(y.grad_fn)
        y.sum().backward()
        del y
        assert node() is None
        y = Square.apply(x).relu()  # never differentiated
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_changed_values_are_refused():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y * y
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation.*version 1; expected version 0"):
        z.sum().backward()


def test_versions_are_shared_by_views_and_detach_but_not_by_data():
    x = torch.zeros(4)
    view, detached, data = x[1:], x.detach(), x.data
    x.add_(1)
    assert (view._version, detached._version, data._version) == (1, 1, 0)
    view.mul_(2)
    assert x._version == 2
    x.transpose_(0, 0)
    assert x._version == 3


def test_inplace_on_a_leaf_is_refused_but_not_under_no_grad():
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place"):
        x.add_(1)
    with pytest.raises(RuntimeError, match="view of a leaf Variable that requires grad"):
        x[0:1].mul_(leaf(2.0))
    with torch.no_grad():
        x.add_(1)
    assert x.tolist() == [2.0]


def test_inplace_replaces_the_history():
    x = leaf(1.0, 2.0)
    y = x * 2
    y.mul_(x)
    y.sum().backward()
    assert x.grad.tolist() == [4.0, 8.0]


def test_writing_through_a_view_changes_the_history_of_base_and_other_views():
    x = leaf(3.0)
    base = torch.zeros(2, 2)
    row, column = base[0], base[:, 0]
    row.copy_(x * torch.tensor([1.0, 2.0]))
    assert base.requires_grad
    assert column.requires_grad
    (base * torch.tensor([[1.0, 10.0], [100.0, 1000.0]])).sum().backward(retain_graph=True)
    assert x.grad.tolist() == [21.0]
    x.grad = None
    column.sum().backward()
    assert x.grad.tolist() == [1.0]


def test_setitem_is_differentiable():
    x, v = leaf(1.0, 2.0, 3.0), leaf(5.0)
    y = x * 1
    y[1] = v[0] * 2
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 1.0]
    assert v.grad.tolist() == [2.0]


def test_hooks_on_tensors():
    x = leaf(1.0)
    y = x * 2
    seen = []
    handle = y.register_hook(lambda g: seen.append(g.tolist()) or g * 10)
    leaf_handle = x.register_hook(lambda g: g + 1)
    y.sum().backward()
    assert seen == [[1.0]]
    assert x.grad.tolist() == [21.0]
    handle.remove()
    leaf_handle.remove()
    x.grad = None
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0]


def test_retain_grad_and_post_accumulate_hooks():
    x = leaf(1.0)
    y = x * 2
    y.retain_grad()
    called = []
    x.register_post_accumulate_grad_hook(lambda t: called.append(t.grad.tolist()))
    (y * 3).sum().backward()
    assert y.grad.tolist() == [3.0]
    assert called == [[6.0]]
    with pytest.raises(RuntimeError, match="can't retain_grad on Tensor that has requires_grad=False"):
        torch.ones(1).retain_grad()


def test_hooks_on_nodes():
    x = leaf(1.0)
    y = x * 2
    seen = []
    y.grad_fn.register_prehook(lambda grads: (grads[0] * 5,))
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append((inputs[0].tolist(), outputs[0].tolist())))
    y.sum().backward()
    assert seen == [([10.0], [5.0])]
    assert x.grad.tolist() == [10.0]


def test_functions_with_several_outputs_and_missing_gradients():
    class Pair(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, da, db):
            assert db is None
            return da * 2

    x = leaf(1.0)
    a, _b = Pair.apply(x)
    a.sum().backward()
    assert x.grad.tolist() == [2.0]


def test_setup_context_style():
    class Cube(Function):
        @staticmethod
        def forward(x):
            return x * x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            return 3 * x * x * dy

    x = leaf(2.0)
    y = Cube.apply(x)
    assert type(y.grad_fn).__name__ == "Cube"
    assert y.grad_fn.name() == "CubeBackward"
    y.sum().backward()
    assert x.grad.tolist() == [12.0]


def test_functions_that_change_an_argument():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, dy):
            return dy * 2

    x = leaf(1.0)
    y = x * 1
    z = Double.apply(y)
    assert z is y
    z.sum().backward()
    assert x.grad.tolist() == [2.0]


def test_non_differentiable_outputs_and_once_differentiable():
    class Sorted(Function):
        @staticmethod
        def forward(ctx, x):
            i = torch.tensor(np.argsort(x.numpy()))
            ctx.mark_non_differentiable(i)
            ctx.save_for_backward(i)
            return x[i], i

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, dy, _):
            (i,) = ctx.saved_tensors
            dx = torch.zeros(dy.shape)
            dx[i] = dy
            return dx

    x = leaf(3.0, 1.0)
    y, i = Sorted.apply(x)
    assert not i.requires_grad
    (g,) = torch.autograd.grad((y * y).sum(), x, create_graph=True)
    assert g.tolist() == [6.0, 2.0]
    with pytest.raises(RuntimeError, match="once_differentiable"):
        g.sum().backward()


@pytest.mark.parametrize("result", [lambda dy: (dy, dy, dy), lambda dy: ()])
def test_a_wrong_number_of_gradients_is_an_error(result):
    class Bad(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, dy):
            return result(dy)

    with pytest.raises(
        RuntimeError, match="BadBackward: backward must return as many gradients as forward has arguments"
    ):
        Bad.apply(leaf(1.0)).sum().backward()


def test_a_gradient_of_a_wrong_shape_is_an_error():
    class Bad(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, dy):
            return torch.ones(3)

    with pytest.raises(RuntimeError, match=r"BadBackward: returned an invalid gradient of shape \[3\]"):
        Bad.apply(leaf(1.0, 2.0)).sum().backward()


def test_an_error_in_backward_leaves_recording_as_it_was():
    class Fails(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, dy):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Fails.apply(leaf(1.0)).sum().backward()
    assert torch.is_grad_enabled()


def test_roots_are_checked():
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        torch.ones(1).backward()
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        (leaf(1.0, 2.0) * 2).backward()
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (leaf(1.0, 2.0) * 2).backward(torch.ones(3))


def test_a_backward_inside_a_backward():
    class Inner(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.detach() ** 3

        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            with torch.enable_grad():
                y = x.detach().requires_grad_()
                (g,) = torch.autograd.grad((y**3).sum(), y)
            return g * dy

    x = leaf(2.0)
    (Inner.apply(x) * 2).sum().backward()
    assert x.grad.tolist() == [24.0]


def test_requires_grad_rules():
    with pytest.raises(RuntimeError, match="floating point and complex dtype"):
        torch.ones(2, dtype=torch.int64).requires_grad_()
    y = leaf(1.0) * 2
    with pytest.raises(RuntimeError, match="only change it on leaf tensors"):
        y.requires_grad = False
    with pytest.raises(RuntimeError, match=r"must have its tensor's shape \[1\]"):
        leaf(1.0).grad = torch.ones(2)


def test_deepcopy_and_pickle():
    import copy
    import pickle

    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    y = copy.deepcopy(x)
    assert y.requires_grad
    assert y.grad.tolist() == [2.0, 4.0]
    assert y.data_ptr() != x.data_ptr()
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
        copy.deepcopy(x * 2)
    whole = torch.zeros(2, 3)
    a, row, turned = copy.deepcopy([whole, whole[1], whole.t()])
    row[0] = 5
    assert a[1, 0] == 5 == turned[0, 1]
    assert not whole.any()
    z = pickle.loads(pickle.dumps(x))
    assert z.requires_grad
    assert z.tolist() == x.tolist()
