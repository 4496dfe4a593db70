"""Models: torchvision's sizes and keys, and that they run."""

from __future__ import annotations

import pytest

import rushlight as rl
from rushlight.vision import models

# Numbers of weights, as torchvision's documentation gives them.
WEIGHTS = {
    "alexnet": 61_100_840,
    "mobilenet_v2": 3_504_872,
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnext50_32x4d": 25_028_904,
    "vgg11": 132_863_336,
    "vgg11_bn": 132_868_840,
}
LARGE = {
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "resnext101_32x8d": 88_791_336,
    "resnext101_64x4d": 83_455_272,
    "vgg13": 133_047_848,
    "vgg13_bn": 133_053_736,
    "vgg16": 138_357_544,
    "vgg16_bn": 138_365_992,
    "vgg19": 143_667_240,
    "vgg19_bn": 143_678_248,
    "wide_resnet50_2": 68_883_240,
    "wide_resnet101_2": 126_886_696,
}


@pytest.fixture(autouse=True)
def _no_initial_values(monkeypatch):
    """The sizes are what is looked at: drawing 100 million normal numbers takes its time."""
    for name in ("kaiming_normal_", "normal_", "kaiming_uniform_", "uniform_"):
        monkeypatch.setattr(rl.nn.init, name, lambda tensor, *args, **kwargs: tensor)


def test_every_model_is_counted():
    assert sorted([*WEIGHTS, *LARGE]) == models.list_models()


@pytest.mark.parametrize("name", [*WEIGHTS, *(pytest.param(n, marks=pytest.mark.slow) for n in LARGE)])
def test_number_of_weights(name):
    assert sum(p.numel() for p in models.get_model(name).parameters()) == {**WEIGHTS, **LARGE}[name]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (
            "resnet18",
            [
                "conv1.weight",
                "bn1.running_var",
                "layer2.0.downsample.1.num_batches_tracked",
                "layer4.1.bn2.bias",
            ],
        ),
        ("resnet50", ["layer1.0.downsample.0.weight", "layer3.5.conv3.weight", "fc.bias"]),
        ("vgg11", ["features.0.weight", "features.18.bias", "classifier.6.weight"]),
        ("vgg11_bn", ["features.1.running_mean", "features.25.weight"]),
        ("alexnet", ["features.10.weight", "classifier.1.weight", "classifier.6.bias"]),
        (
            "mobilenet_v2",
            [
                "features.0.0.weight",
                "features.1.conv.1.weight",
                "features.17.conv.1.1.running_var",
                "features.18.1.bias",
            ],
        ),
    ],
)
def test_keys_are_torchvisions(name, keys):
    assert set(keys) <= set(models.get_model(name).state_dict())


def test_number_of_entries():
    assert len(models.resnet18().state_dict()) == 122
    assert len(models.mobilenet_v2().state_dict()) == 314


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda: models.resnet18(num_classes=7), 32),
        (lambda: models.resnet50(num_classes=7, replace_stride_with_dilation=[False, True, True]), 32),
        (lambda: models.resnext50_32x4d(num_classes=7, zero_init_residual=True), 32),
        (lambda: models.mobilenet_v2(num_classes=7, width_mult=0.5), 32),
        (lambda: models.alexnet(num_classes=7), 64),
    ],
)
def test_forward(make, size):
    model = make().eval()
    with rl.no_grad():
        for p in model.parameters():
            p.fill_(0.01)
        out = model(rl.rand(2, 3, size, size))
    assert out.shape == (2, 7)


def test_one_training_step():
    model = models.resnet18(num_classes=3)
    for p in model.parameters():
        rl.nn.init.constant_(p, 0.01)
    model(rl.rand(2, 3, 32, 32)).sum().backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in model.parameters())


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: models.resnet18(weights="DEFAULT"),
            NotImplementedError,
            "resnet18: weights must be None, got DEFAULT",
        ),
        (lambda: models.vgg11(pretrained=True), NotImplementedError, "got pretrained=True"),
        (lambda: models.get_model("resnet19"), ValueError, "Unknown model"),
        (lambda: models.resnet18(groups=2), ValueError, "groups and base_width must be 1 and 64"),
        (lambda: models.resnet50(replace_stride_with_dilation=[True]), ValueError, "must be None or 3 bools"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()
