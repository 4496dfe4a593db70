"""Every layer beside PyTorch's: repr, attributes, state, initial weights, signature."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings

import numpy as np
import pytest

import rushlight
from rushlight import nn

LAYERS = """
Linear(2, 3, bias=False)
Linear(5, 3)
Bilinear(2, 3, 4)
Bilinear(2, 3, 4, bias=False)
Identity(3, unused=1)
Flatten()
Flatten(0, 2)
Unflatten(1, (2, 3))
Conv1d(2, 4, 3)
Conv2d(2, 4, (3, 2), stride=2, padding=1, dilation=2, groups=2, bias=False, padding_mode="reflect")
Conv2d(2, 4, 3, padding="same")
Conv2d(2, 4, 4, padding="same", padding_mode="circular")
Conv3d(2, 4, 3, padding="valid")
ConvTranspose1d(2, 4, 3)
ConvTranspose2d(2, 4, 3, stride=2, output_padding=1)
ConvTranspose3d(2, 4, 3, dilation=2)
MaxPool1d(2)
MaxPool2d((2, 3), stride=1, padding=1, dilation=2, return_indices=True, ceil_mode=True)
MaxPool3d(2)
MaxUnpool1d(2)
MaxUnpool2d(2, padding=1)
MaxUnpool3d(2, stride=1)
AvgPool1d(2)
AvgPool2d(2, count_include_pad=False)
AvgPool3d(2, divisor_override=3)
LPPool1d(2, 3)
LPPool2d(2, 3)
LPPool3d(2, 3, stride=2)
AdaptiveAvgPool1d(2)
AdaptiveAvgPool2d((1, None))
AdaptiveAvgPool3d(2)
AdaptiveMaxPool1d(2)
AdaptiveMaxPool2d(3)
AdaptiveMaxPool3d(3, return_indices=True)
FractionalMaxPool2d(3, output_size=2)
FractionalMaxPool3d(3, output_ratio=0.5)
BatchNorm1d(3, momentum=None, affine=False, track_running_stats=False)
BatchNorm2d(3)
BatchNorm3d(3, bias=False)
SyncBatchNorm(3)
InstanceNorm1d(3)
InstanceNorm2d(3, affine=True, bias=False)
InstanceNorm3d(3, track_running_stats=True)
LayerNorm([3, 4], bias=False)
LayerNorm(4, elementwise_affine=False)
GroupNorm(2, 4)
GroupNorm(2, 4, bias=False)
RMSNorm(3)
LocalResponseNorm(3)
CrossMapLRN2d(3)
Dropout(0.2, True)
Dropout1d()
Dropout2d()
Dropout3d()
AlphaDropout()
FeatureAlphaDropout()
CELU(2.0, True)
ELU(inplace=True)
GELU("tanh")
GLU()
Hardshrink()
Hardsigmoid(True)
Hardswish(True)
Hardtanh(-2, 2, True)
LeakyReLU(0.2, True)
LogSigmoid()
LogSoftmax()
Softmax(1)
Softmin(1)
Softmax2d()
Mish(True)
PReLU(3)
RReLU(inplace=True)
ReLU(True)
ReLU()
ReLU6(True)
SELU()
SiLU()
Sigmoid()
Softplus()
Softshrink()
Softsign()
Tanh()
Tanhshrink()
Threshold(1.0, 2.0)
L1Loss()
MSELoss(reduction="sum")
SmoothL1Loss(beta=2.0)
HuberLoss()
NLLLoss()
CrossEntropyLoss(label_smoothing=0.1)
BCELoss()
BCEWithLogitsLoss()
KLDivLoss(log_target=True)
PoissonNLLLoss()
GaussianNLLLoss()
HingeEmbeddingLoss()
SoftMarginLoss()
MultiLabelMarginLoss()
MultiLabelSoftMarginLoss()
MultiMarginLoss()
CosineEmbeddingLoss()
MarginRankingLoss()
TripletMarginLoss()
TripletMarginWithDistanceLoss()
CTCLoss()
LinearCrossEntropyLoss(4, 5, bias=True, out_features=(2, 3))
Embedding(3, 4)
Embedding(30, 4, padding_idx=-1, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True, sparse=True)
EmbeddingBag(3, 4, max_norm=1.0, norm_type=1.0, padding_idx=0, include_last_offset=True, mode="sum")
ZeroPad1d(1)
ZeroPad2d(1)
ZeroPad3d(1)
ConstantPad1d((1, 2), 3.5)
ConstantPad2d(1, 3.5)
ReflectionPad2d(1)
ReplicationPad1d((3, 1))
CircularPad3d(1)
Upsample(scale_factor=2)
Upsample(size=(2, 3), mode="bilinear", align_corners=True)
UpsamplingNearest2d(size=3)
UpsamplingBilinear2d(scale_factor=(2, 3))
PixelShuffle(2)
PixelUnshuffle(2)
ChannelShuffle(2)
CosineSimilarity()
PairwiseDistance()
Fold((4, 5), 2)
Unfold(2)
AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10])
LazyLinear(4)
LazyConv2d(4, 3, groups=2)
LazyConvTranspose1d(4, 3)
LazyBatchNorm1d()
LazyInstanceNorm2d()
Sequential()
ModuleList()
ModuleDict()
ParameterList()
ParameterDict()
""".split("\n")[1:-1]
HIDDEN = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set", "training")


def made(module, text):
    """The layer, made by one of the libraries after the same seed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (rushlight if module is nn else __import__("torch")).manual_seed(3)
        return eval(f"nn.{text}", {"nn": module})


def settings(layer):
    return {
        k: v
        for k, v in layer.__dict__.items()
        if k not in HIDDEN and "hook" not in k and k != "distance_function"
    }


@pytest.mark.parametrize("text", LAYERS)
def test_layer(torch, text):
    ours, theirs = made(nn, text), made(torch.nn, text)
    assert repr(ours) == repr(theirs)
    assert settings(ours) == settings(theirs)
    assert list(ours._parameters) == list(theirs._parameters)
    assert list(ours._buffers) == list(theirs._buffers)
    a, b = ours.state_dict(), theirs.state_dict()
    assert list(a) == list(b)
    if "Lazy" not in text:
        for key in a:
            assert np.array_equal(a[key].numpy(), b[key].numpy()), key  # the same random draws, to the bit
            assert str(a[key].dtype) == str(b[key].dtype)


def parameters(function):
    return [
        (p.name, p.kind, 0 if callable(p.default) else p.default)
        for p in inspect.signature(function).parameters.values()
    ]


def test_signatures(torch):
    differ = []
    for name in torch.nn.modules.__all__:
        if name in ("Container", "NLLLoss2d"):
            continue
        a, b = getattr(torch.nn, name), getattr(nn, name)
        if parameters(a) != parameters(b):
            differ.append(name)
        if name in ("LSTM", "RNNBase", "MultiheadAttention"):  # their further methods are internal checks
            continue
        for method, f in vars(a).items():
            if inspect.isfunction(f) and not method.startswith("_"):
                if not hasattr(b, method) or parameters(f) != parameters(getattr(b, method)):
                    differ.append(f"{name}.{method}")
    assert differ == []


def test_functional_is_complete(torch):
    theirs = {
        n
        for n in dir(torch.nn.functional)
        if not n.startswith("_") and callable(f := getattr(torch.nn.functional, n))
        and getattr(f, "__module__", "") in ("torch.nn.functional", "torch._C._nn", "torch")
    }  # fmt: skip
    not_functions = {"Tensor", "ScalingType", "SwizzleType", "assert_int_or_pair"}
    accelerators = {"grouped_mm", "scaled_grouped_mm", "scaled_mm"}  # matrix products in float8, GPUs only
    assert theirs - not_functions - accelerators - set(nn.functional.__all__) == set()


def test_utils_are_complete(torch):
    import torch.nn.utils.prune

    for part in ("", ".rnn", ".parametrize", ".parametrizations", ".prune", ".stateless"):
        a = rushlight_path(torch.nn.utils, part)
        b = rushlight_path(nn.utils, part)
        names = getattr(
            a, "__all__", [n for n in vars(a) if getattr(vars(a)[n], "__module__", "") == a.__name__]
        )
        for name in names:
            if not name.startswith("_"):
                assert hasattr(b, name), f"nn.utils{part}.{name}"


def rushlight_path(root, part):
    return getattr(root, part[1:]) if part else root


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        (
            "Conv2d(3, 4, 3, groups=2)",
            ValueError,
            r"Conv2d: in_channels must be divisible by groups \(2\), got 3",
        ),
        (
            "Conv2d(4, 3, 3, groups=2)",
            ValueError,
            r"Conv2d: out_channels must be divisible by groups \(2\), got 3",
        ),
        ("Conv2d(4, 4, 3, groups=0)", ValueError, "Conv2d: groups must be a positive integer, got 0"),
        (
            "Conv2d(4, 4, 3, padding='full')",
            ValueError,
            "Conv2d: padding must be 'same', 'valid' or integers, got 'full'",
        ),
        (
            "Conv2d(4, 4, 3, stride=2, padding='same')",
            ValueError,
            "Conv2d: stride must be 1 with padding='same'",
        ),
        ("Conv2d(4, 4, 3, padding_mode='mirror')", ValueError, "Conv2d: padding_mode must be one of 'zeros'"),
        (
            "ConvTranspose2d(4, 4, 3, padding_mode='reflect')",
            ValueError,
            "padding_mode must be 'zeros', got 'reflect'",
        ),
        ("Dropout(1.5)", ValueError, "Dropout: p must be a probability between 0 and 1, got 1.5"),
        ("Hardtanh(1, 0)", ValueError, r"Hardtanh: max_val must be larger than min_val \(1\), got 0"),
        (
            "GroupNorm(3, 4)",
            ValueError,
            r"GroupNorm: num_channels must be divisible by num_groups \(3\), got 4",
        ),
        (
            "Embedding(3, 2, padding_idx=3)",
            AssertionError,
            r"padding_idx must be within num_embeddings \(3\), got 3",
        ),
        ("Embedding(3, 2, _weight=torch.ones(2, 2))", AssertionError, r"_weight must have shape \(3, 2\)"),
        ("Unflatten('c', (2, 3))", TypeError, "Unflatten: dim must be an int"),
        ("Unflatten(1, 6)", TypeError, "Unflatten: unflattened_size must be a tuple of ints, got 6"),
        ("FractionalMaxPool2d(2)", ValueError, "exactly one of output_size and output_ratio must be given"),
        (
            "FractionalMaxPool2d(2, output_ratio=2.0)",
            ValueError,
            "output_ratio must be between 0 and 1, got 2.0",
        ),
        ("TripletMarginLoss(margin=0)", ValueError, "TripletMarginLoss: margin must be > 0, got 0"),
        (
            "AdaptiveLogSoftmaxWithLoss(8, 20, [10, 5])",
            ValueError,
            "cutoffs must be unique, increasing integers",
        ),
        ("AdaptiveLogSoftmaxWithLoss(8, 20, [])", ValueError, "cutoffs must have at least one element"),
        ("Bilinear(0, 2, 2)", ValueError, "Bilinear: in1_features must be > 0, got 0"),
        ("LazyConv1d(3, 2, groups=2)", ValueError, r"out_channels must be divisible by groups \(2\), got 3"),
        (
            "BatchNorm1d(2)(torch.ones(2, 2, 2, 2))",
            ValueError,
            "BatchNorm1d: input must be 2D or 3D, got 4D input",
        ),
        ("InstanceNorm2d(2, affine=True)(torch.ones(1, 3, 2, 2))", ValueError, "input must have 2 channels"),
        (
            "SyncBatchNorm(2)(torch.ones(2, 2))",
            ValueError,
            "SyncBatchNorm: input must be on a GPU in training mode",
        ),
        ("Softmax2d()(torch.ones(2))", ValueError, "Softmax2d: input must be 3D or 4D, got 1D input"),
        (
            "CircularPad1d(1)(torch.ones(2))",
            ValueError,
            "CircularPad1d: input must be 2D or 3D, got 1D input",
        ),
        (
            "ConvTranspose1d(1, 1, 3)(torch.ones(1, 1, 4), output_size=(9,))",
            ValueError,
            "must be within .6, 6.",
        ),
        (
            "ConvTranspose1d(1, 1, 3)(torch.ones(1, 1, 4), output_size=(9, 9))",
            ValueError,
            "must have 1 or 3 elements",
        ),
    ],
)
def test_errors(text, error, match):
    with pytest.raises(error, match=match):
        eval(f"nn.{text}", {"nn": nn, "torch": rushlight})


def test_batch_norm_statistics():
    """The running variance is the unbiased one, momentum weighs the new value, None averages all batches."""
    x = rushlight.tensor([[1.0], [3.0]])
    bn = nn.BatchNorm1d(1, momentum=0.25)
    y = bn(x)
    assert np.allclose(y.detach().numpy().ravel(), [-1, 1], atol=1e-4)  # biased: variance 1
    assert np.allclose([bn.running_mean.item(), bn.running_var.item()], [0.25 * 2, 0.75 + 0.25 * 2])
    bn = nn.BatchNorm1d(1, momentum=None)
    bn(x)
    bn(x + 4)
    assert bn.running_mean.item() == 4.0
    assert bn.num_batches_tracked.item() == 2
    assert np.allclose(bn.eval()(x + 3).detach().numpy().ravel(), [0, 2 / np.sqrt(2)], atol=1e-4)
    free = nn.BatchNorm1d(1, track_running_stats=False).eval()
    assert np.allclose(free(x).detach().numpy().ravel(), [-1, 1], atol=1e-4)


def test_same_padding_of_an_even_kernel_goes_right():
    conv = nn.Conv1d(1, 1, 2, padding="same", bias=False)
    with rushlight.no_grad():
        conv.weight.copy_(rushlight.tensor([[[1.0, 10.0]]]))
    assert conv(rushlight.tensor([[[1.0, 2.0, 3.0]]])).tolist() == [[[21.0, 32.0, 3.0]]]


@pytest.mark.parametrize(
    ("text", "shape", "becomes", "keys"),
    [
        ("LazyLinear(3)", (2, 5), "Linear(in_features=5, out_features=3, bias=True)", {"weight": (3, 5), "bias": (3,)}),
        ("LazyConv2d(4, 3, bias=False)", (1, 2, 5, 5), "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1), bias=False)",
         {"weight": (4, 2, 3, 3)}),
        ("LazyConvTranspose1d(4, 3)", (1, 2, 5), "ConvTranspose1d(2, 4, kernel_size=(3,), stride=(1,))",
         {"weight": (2, 4, 3), "bias": (4,)}),
        ("LazyBatchNorm1d(affine=False)", (3, 7),
         "BatchNorm1d(7, eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=True)",
         {"running_mean": (7,), "running_var": (7,), "num_batches_tracked": ()}),
    ],
)  # fmt: skip
def test_lazy_layers(text, shape, becomes, keys):
    lazy = eval(f"nn.{text}")
    assert lazy.has_uninitialized_params()
    with pytest.raises(RuntimeError, match="the shape must be known, got an uninitialized tensor"):
        _ = next(t for t in lazy._tensors() if nn.parameter.is_lazy(t)).shape
    saved = lazy.state_dict()
    again = eval(f"nn.{text}")
    again.load_state_dict(saved)
    lazy(rushlight.ones(shape))
    assert repr(lazy) == becomes
    assert {k: tuple(v.shape) for k, v in lazy.state_dict().items()} == keys
    assert all(type(p) is nn.Parameter for p in lazy.parameters())
    assert not lazy._forward_pre_hooks
    again.load_state_dict(lazy.state_dict())
    again(rushlight.ones(shape))
    assert repr(again) == becomes


def test_embedding_from_pretrained():
    table = rushlight.arange(6.0).reshape(3, 2)
    e = nn.Embedding.from_pretrained(table)
    assert not e.weight.requires_grad
    assert e(rushlight.tensor([2, 0])).tolist() == [[4.0, 5.0], [0.0, 1.0]]
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad
    bag = nn.EmbeddingBag.from_pretrained(table, mode="sum")
    assert bag(rushlight.tensor([[0, 2]])).tolist() == [[4.0, 6.0]]
    with pytest.raises(AssertionError, match="embeddings must be 2-dimensional, got 1"):
        nn.Embedding.from_pretrained(table[0])


def test_adaptive_softmax_agrees_with_itself():
    m = nn.AdaptiveLogSoftmaxWithLoss(16, 20, [5, 10], div_value=2.0)
    x, target = rushlight.randn(30, 16), rushlight.randint(0, 20, (30,))
    output, loss = m(x, target)
    full = m.log_prob(x)
    assert np.allclose(full.exp().sum(1).detach().numpy(), 1, atol=1e-5)
    assert np.allclose(
        output.detach().numpy(), full.gather(1, target[:, None])[:, 0].detach().numpy(), atol=1e-5
    )
    assert np.isclose(loss.item(), -output.mean().item())
    assert (m.predict(x) == full.argmax(1)).all()
    single = m(x[0], target[0])
    assert single.output.shape == ()
    with pytest.raises(RuntimeError, match=r"target must be in \[0, 19\]"):
        m(x, target + 20)


def test_legacy_reduction_arguments():
    with pytest.warns(UserWarning, match="please use reduction='sum' instead"):
        assert nn.MSELoss(size_average=False).reduction == "sum"
    with pytest.warns(UserWarning, match="please use reduction='none' instead"):
        assert nn.L1Loss(reduce=False).reduction == "none"


def test_every_layer_is_listed():
    files = [
        importlib.import_module(f"{nn.modules.__name__}.{m.name}")
        for m in pkgutil.iter_modules(nn.modules.__path__)
    ]
    layers = {n for f in files for n in getattr(f, "__all__", ()) if isinstance(getattr(f, n), type)}
    assert layers - {"LazyModuleMixin"} == set(nn.modules.__all__)


def test_uneven_padding_warns_once(monkeypatch):
    from rushlight.ops import conv

    monkeypatch.setattr(conv, "_told_of_uneven_padding", False)
    conv._geometry.cache_clear()
    x = rushlight.ones(1, 1, 6)
    with pytest.warns(UserWarning, match="padding='same' with even kernel lengths and odd dilation"):
        rushlight.nn.functional.conv1d(x, rushlight.ones(1, 1, 2), padding="same")
    for kernel, dilation in ((2, 1), (4, 1), (2, 2), (3, 1)):
        rushlight.nn.functional.conv1d(x, rushlight.ones(1, 1, kernel), padding="same", dilation=dilation)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "lanczos"])
def test_bytes_are_resized_bit_for_bit(mode, antialias, torch):
    if antialias != (mode == "lanczos") and mode in ("nearest", "lanczos"):
        return
    rng = np.random.default_rng(0)
    for shape in ((1, 3, 13, 17), (2, 1, 32, 20), (1, 6, 7, 9)):
        x = rng.integers(0, 256, shape, np.uint8)
        for options in (
            {"size": (7, 9)},
            {"size": (20, 31)},
            {"size": (64, 5)},
            {"scale_factor": (0.7, 2.3)},
        ):
            for align in (None,) if mode in ("nearest", "lanczos") else (False, True):
                given = {**options, "mode": mode, "align_corners": align, "antialias": antialias}
                ours = nn.functional.interpolate(rushlight.tensor(x), **given)
                theirs = torch.nn.functional.interpolate(torch.tensor(x), **given)
                np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
