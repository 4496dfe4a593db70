"""What cases cannot say about losses: identities, reuse of a graph, warnings, names of nodes."""

import numpy as np
import pytest

import rushlight
from rushlight.kernels import _C
from rushlight.nn import functional as F


def _rows(n=4, classes=3, dtype=rushlight.float32):
    rushlight.manual_seed(0)
    return rushlight.randn(n, classes).to(dtype).requires_grad_()


@pytest.mark.parametrize("dtype", [rushlight.float32, rushlight.float64])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weight", [None, [0.5, 2.0, 1.0]])
def test_an_ignored_sample_is_as_if_it_were_not_there(dtype, smoothing, weight):
    x = _rows(dtype=dtype)
    w = None if weight is None else rushlight.tensor(weight, dtype=dtype)
    both = F.cross_entropy(x[:2], rushlight.tensor([1, -100]), w, label_smoothing=smoothing)
    one = F.cross_entropy(x[:1], rushlight.tensor([1]), w, label_smoothing=smoothing)
    np.testing.assert_allclose(both.item(), one.item(), rtol=1e-6)
    both.backward()
    assert not x.grad[1:].any()


def test_mean_is_over_the_weights_of_the_targets():
    x, w = _rows(), rushlight.tensor([0.5, 2.0, 1.0])
    target = rushlight.tensor([0, 1, 1, 2])
    each = F.cross_entropy(x, target, w, reduction="none")
    mean = F.cross_entropy(x, target, w)
    np.testing.assert_allclose(mean.item(), each.sum().item() / (0.5 + 2 + 2 + 1), rtol=1e-6)


@pytest.mark.parametrize("dtype", [rushlight.float32, rushlight.float64])
def test_all_ignored_gives_nan_and_no_gradient(dtype):
    x = _rows(dtype=dtype)
    loss = F.cross_entropy(x, rushlight.full((4,), -100))
    assert loss.isnan()
    assert F.cross_entropy(x, rushlight.full((4,), -100), reduction="sum").item() == 0


def test_no_samples_give_nan():
    assert F.cross_entropy(rushlight.zeros(0, 3), rushlight.zeros(0, dtype=rushlight.int64)).isnan()
    assert F.mse_loss(rushlight.zeros(0), rushlight.zeros(0)).isnan()


def test_gradient_made_in_advance_is_given_away_once():
    """Twice through one graph, scaled, and added up."""
    x = _rows()
    target = rushlight.tensor([0, 1, 2, 0])
    loss = F.cross_entropy(x, target)
    (once,) = rushlight.autograd.grad(loss, x, retain_graph=True)
    (twice,) = rushlight.autograd.grad(loss * 3, x, retain_graph=True)
    (again,) = rushlight.autograd.grad(loss, x)
    np.testing.assert_allclose(twice.numpy(), 3 * once.numpy(), rtol=1e-6)
    np.testing.assert_array_equal(again.numpy(), once.numpy())
    assert once.data_ptr() != again.data_ptr()


def test_soft_targets_of_one_class_are_that_class():
    x = _rows()
    target = rushlight.tensor([0, 1, 2, 0])
    hard = F.cross_entropy(x, target, label_smoothing=0.1)
    soft = F.cross_entropy(x, F.one_hot(target, 3).float(), label_smoothing=0.1)
    np.testing.assert_allclose(hard.item(), soft.item(), rtol=1e-6)


@pytest.mark.skipif(_C is None, reason="without kernels, losses are composed of elementary nodes")
@pytest.mark.parametrize(
    ("loss", "name"),
    [
        (lambda x: F.cross_entropy(x, rushlight.tensor([0, 1, 2, 0])), "NllLossBackward0"),
        (lambda x: F.cross_entropy(x, rushlight.tensor([0, 1, 2, 0]), label_smoothing=0.1), "AddBackward0"),
        (lambda x: F.cross_entropy(x, x.detach().softmax(1)), "DivBackward1"),
        (lambda x: F.cross_entropy(x[..., None], rushlight.zeros(4, 1, dtype=rushlight.int64)), "NllLoss2DBackward0"),
        (lambda x: F.mse_loss(x, x.detach()), "MseLossBackward0"),
        (lambda x: F.l1_loss(x, x.detach()), "MeanBackward0"),
        (lambda x: F.smooth_l1_loss(x, x.detach()), "SmoothL1LossBackward0"),
        (lambda x: F.binary_cross_entropy_with_logits(x, x.detach().sigmoid()), "BinaryCrossEntropyWithLogitsBackward0"),
        (lambda x: F.softmax(x, 1), "SoftmaxBackward0"),
        (lambda x: F.layer_norm(x, (3,)), "NativeLayerNormBackward0"),
        (lambda x: F.batch_norm(x, None, None, training=True), "NativeBatchNormBackward0"),
        (lambda x: F.dropout(x, 0.5), "MulBackward0"),
    ],
)  # fmt: skip
def test_nodes_are_called_as_in_pytorch(loss, name):
    assert loss(_rows()).grad_fn.name() == name


def test_deprecated_reductions_warn():
    x = rushlight.ones(3)
    with pytest.warns(UserWarning, match="use reduction='sum' instead"):
        assert F.mse_loss(x, x * 3, size_average=False).item() == 12
    with pytest.warns(UserWarning, match="use reduction='none' instead"):
        assert F.l1_loss(x, x * 3, reduce=False).shape == (3,)


def test_broadcasting_targets_warns():
    with pytest.warns(UserWarning, match="different to the input size"):
        assert F.mse_loss(rushlight.zeros(3, 1), rushlight.ones(3)).item() == 1
    with pytest.warns(UserWarning, match="batchmean"):
        F.kl_div(rushlight.zeros(3), rushlight.ones(3))
    with pytest.raises(RuntimeError, match="mse_loss: input and target must have shapes that broadcast"):
        F.mse_loss(rushlight.zeros(3), rushlight.zeros(2))


def test_extreme_logits_stay_finite():
    x = rushlight.tensor([[1000.0, -1000.0]], requires_grad=True)
    loss = F.cross_entropy(x, rushlight.tensor([1]))
    loss.backward()
    assert loss.item() == 2000
    np.testing.assert_array_equal(x.grad.numpy(), [[1, -1]])
    z = rushlight.tensor([1000.0, -1000.0])
    assert F.binary_cross_entropy_with_logits(z, rushlight.tensor([1.0, 0.0])).item() == 0
