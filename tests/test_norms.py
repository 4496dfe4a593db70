"""What cases cannot say about normalisation, dropout and embeddings: running statistics, masks, tables."""

import numpy as np
import pytest

import rushlight
from rushlight import nn
from rushlight.nn import functional as F

DTYPES = [rushlight.float32, rushlight.float64]


def _images(dtype):
    rushlight.manual_seed(0)
    return (rushlight.randn(4, 3, 5, 5) * 2 + 1).to(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_batch_norm_weights_the_new_value_and_stores_the_unbiased_variance(dtype):
    x = _images(dtype)
    mean, var = rushlight.full((3,), 7.0).to(dtype), rushlight.full((3,), 5.0).to(dtype)
    F.batch_norm(x, mean, var, training=True, momentum=0.25)
    a = x.numpy()
    np.testing.assert_allclose(mean.numpy(), 0.75 * 7 + 0.25 * a.mean((0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(var.numpy(), 0.75 * 5 + 0.25 * a.var((0, 2, 3), ddof=1), rtol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_momentum_none_is_the_mean_of_all_batches(dtype):
    layer = nn.BatchNorm1d(2, momentum=None).to(dtype)
    rushlight.manual_seed(0)
    batches = [rushlight.randn(8, 2).to(dtype) for _ in range(3)]
    for b in batches:
        layer(b)
    expected = np.mean([b.numpy().mean(0) for b in batches], axis=0)
    np.testing.assert_allclose(layer.running_mean.numpy(), expected, rtol=1e-5, atol=1e-6)


def test_running_statistics_count_as_changed():
    mean, var = rushlight.zeros(3), rushlight.ones(3)
    before = mean._version, var._version
    F.batch_norm(_images(rushlight.float32), mean, var, training=True)
    assert mean._version > before[0]
    assert var._version > before[1]


def test_strided_running_statistics_are_written_where_they_are():
    table = rushlight.zeros(3, 2)
    F.batch_norm(_images(rushlight.float32), table[:, 0], None, training=True, momentum=1.0)
    expected = _images(rushlight.float32).numpy().mean((0, 2, 3))
    np.testing.assert_allclose(table[:, 0].numpy(), expected, rtol=1e-5)
    assert not table[:, 1].any()


@pytest.mark.parametrize("function", ["batch_norm", "layer_norm", "group_norm"])
def test_large_means_do_not_cancel(function):
    """A variance of 1 beside a mean of 10,000: sums of squares would lose it in float32."""
    rushlight.manual_seed(0)
    x = rushlight.randn(8, 4, 40, 40) + 10000.0
    wide = x.double()
    arguments = {
        "batch_norm": (None, None, None, None, True),
        "layer_norm": ((4, 40, 40),),
        "group_norm": (2,),
    }
    f = getattr(F, function)
    error = (f(x, *arguments[function]).double() - f(wide, *arguments[function])).abs().max().item()
    assert error < 1e-3  # the mean itself is exact to 2**-24 * 10000 = 6e-4 in float32


def test_instance_norm_averages_statistics_over_samples():
    x = _images(rushlight.float32)
    mean, var = rushlight.zeros(3), rushlight.ones(3)
    F.instance_norm(x, mean, var, momentum=0.5)
    a = x.numpy()
    np.testing.assert_allclose(mean.numpy(), 0.5 * a.mean((2, 3)).mean(0), rtol=1e-5)
    np.testing.assert_allclose(var.numpy(), 0.5 + 0.5 * a.var((2, 3), ddof=1).mean(0), rtol=1e-5)


def test_softmax_without_dim_warns():
    with pytest.warns(UserWarning, match="softmax: dim should be given"):
        F.softmax(rushlight.zeros(2, 3))


def test_softmax_of_infinities():
    inf, nan = float("inf"), float("nan")
    x = rushlight.tensor([[-inf, 0.0], [-inf, -inf], [nan, 0.0], [inf, 0.0]])
    y = F.softmax(x, 1)
    np.testing.assert_array_equal(y[0].numpy(), [0, 1])
    assert y[1:].isnan()[:, 0].all()


@pytest.mark.parametrize("shape", [(7, 9), (300, 400)])
def test_dropout_masks_are_drawn_in_the_order_of_memory(shape):
    x = rushlight.ones(shape)
    rushlight.manual_seed(0)
    straight = F.dropout(x, 0.4)
    rushlight.manual_seed(0)
    turned = F.dropout(rushlight.ones(shape[::-1]).t(), 0.4)
    rushlight.manual_seed(0)
    again = F.dropout(rushlight.ones(shape[::-1]), 0.4)
    np.testing.assert_array_equal(turned.numpy(), again.t().numpy())
    assert set(np.unique(straight.numpy())) == {np.float32(0), np.float32(1) / np.float32(0.6)}


def test_dropout_in_place_and_in_evaluation():
    x = rushlight.ones(1000)
    assert F.dropout(x, 0.5, training=False) is x
    assert F.dropout(x, 0.5, inplace=True) is x
    assert (x == 0).any()
    leaf = rushlight.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        F.dropout(leaf, 0.5, inplace=True)


def test_dropout_gradient_is_the_mask():
    x = rushlight.ones(50, 40, requires_grad=True)
    y = F.dropout(x, 0.3)
    y.backward(rushlight.ones(50, 40))
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())


def test_dropout2d_warns_of_three_dimensions():
    with pytest.warns(UserWarning, match="dropout2d: Received a 3D input"):
        F.dropout2d(rushlight.ones(2, 3, 4))


def test_embedding_max_norm_changes_the_rows_it_reads():
    table = rushlight.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]])
    y = F.embedding(rushlight.tensor([0, 1]), table, max_norm=1.0)
    np.testing.assert_allclose(y.numpy(), [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)
    np.testing.assert_allclose(table[2].numpy(), [6, 8])
    assert table._version > 0


def test_embedding_counts_scale_gradients():
    table = rushlight.zeros(3, 2, requires_grad=True)
    F.embedding(rushlight.tensor([1, 1, 2]), table, scale_grad_by_freq=True).sum().backward()
    np.testing.assert_allclose(table.grad.numpy(), [[0, 0], [1, 1], [1, 1]])
