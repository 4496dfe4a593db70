"""VGG networks, with torchvision's names. Source: Simonyan and Zisserman 2014, arXiv:1409.1556."""

from __future__ import annotations

from typing import Any

from ... import nn
from ...ops.shape import flatten
from ...tensor import Tensor
from ._weights import refuse_weights

__all__ = ["VGG", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"]

# Convolutions in each of the five stages of 64, 128, 256, 512 and 512 channels.
STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


class VGG(nn.Module):
    """Stages of 3x3 convolutions and max-pooling, then three linear layers.

    Args:
        features: The convolutions, as `layers` makes them.
        init_weights: Initialize as the paper's authors later did.
        dropout: Between the linear layers.
    """

    def __init__(
        self, features: nn.Module, num_classes: int = 1000, init_weights: bool = True, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            *(nn.Linear(512 * 7 * 7, 4096), nn.ReLU(True), nn.Dropout(p=dropout)),
            *(nn.Linear(4096, 4096), nn.ReLU(True), nn.Dropout(p=dropout)),
            nn.Linear(4096, num_classes),
        )
        if not init_weights:
            return
        m: Any
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
                if m.bias is not None:
                    nn.init.constant_(m.bias, 0)
            elif isinstance(m, nn.BatchNorm2d):
                nn.init.constant_(m.weight, 1)
                nn.init.constant_(m.bias, 0)
            elif isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, 0, 0.01)
                nn.init.constant_(m.bias, 0)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(flatten(self.avgpool(self.features(x)), 1))


def layers(depth: int, batch_norm: bool) -> nn.Sequential:
    """The convolutions of the network with `depth` layers."""
    made: list[nn.Module] = []
    inputs = 3
    for count, width in zip(STAGES[depth], (64, 128, 256, 512, 512), strict=True):
        for _ in range(count):
            made.append(nn.Conv2d(inputs, width, 3, padding=1))
            if batch_norm:
                made.append(nn.BatchNorm2d(width))
            made.append(nn.ReLU(inplace=True))
            inputs = width
        made.append(nn.MaxPool2d(2, stride=2))
    return nn.Sequential(*made)


def _vgg(depth: int, batch_norm: bool, weights: Any, options: dict[str, Any]) -> VGG:
    refuse_weights(f"vgg{depth}{'_bn' if batch_norm else ''}", weights, options)
    return VGG(layers(depth, batch_norm), **options)


def vgg11(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-11; arguments as `VGG`'s."""
    return _vgg(11, False, weights, kwargs)


def vgg11_bn(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-11 with batch normalization."""
    return _vgg(11, True, weights, kwargs)


def vgg13(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-13; arguments as `VGG`'s."""
    return _vgg(13, False, weights, kwargs)


def vgg13_bn(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-13 with batch normalization."""
    return _vgg(13, True, weights, kwargs)


def vgg16(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-16; arguments as `VGG`'s."""
    return _vgg(16, False, weights, kwargs)


def vgg16_bn(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-16 with batch normalization."""
    return _vgg(16, True, weights, kwargs)


def vgg19(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-19; arguments as `VGG`'s."""
    return _vgg(19, False, weights, kwargs)


def vgg19_bn(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-19 with batch normalization."""
    return _vgg(19, True, weights, kwargs)
