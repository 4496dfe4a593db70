"""MobileNet v2, with torchvision's names. Source: Sandler et al. 2018, arXiv:1801.04381."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import nn
from ...ops.shape import flatten
from ...tensor import Tensor
from ._weights import refuse_weights

__all__ = ["InvertedResidual", "MobileNetV2", "mobilenet_v2"]

# Expansion, channels, blocks, stride of the first block.
SETTING = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]


def _divisible(value: float, divisor: int = 8) -> int:
    """The nearest multiple of `divisor`, not more than a tenth below `value`."""
    near = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return near + divisor if near < 0.9 * value else near


def _step(
    inputs: int, outputs: int, kernel: int, stride: int, groups: int, norm: Callable[..., Any]
) -> nn.Sequential:
    """Convolution, normalization, ReLU6."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, norm(outputs), nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    """1x1 to more channels, depthwise 3x3, 1x1 back; with a way around it where the shapes allow."""

    def __init__(
        self,
        inp: int,
        oup: int,
        stride: int,
        expand_ratio: int,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"InvertedResidual: stride should be 1 or 2, got {stride}")
        norm = norm_layer or nn.BatchNorm2d
        hidden = round(inp * expand_ratio)
        self.stride = stride
        self.use_res_connect = stride == 1 and inp == oup
        steps: list[nn.Module] = [_step(inp, hidden, 1, 1, 1, norm)] if expand_ratio != 1 else []
        steps += [
            _step(hidden, hidden, 3, stride, hidden, norm),
            nn.Conv2d(hidden, oup, 1, bias=False),
            norm(oup),
        ]
        self.conv = nn.Sequential(*steps)
        self.out_channels = oup

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class MobileNetV2(nn.Module):
    """MobileNet v2.

    Args:
        width_mult: Multiplies the channels.
        inverted_residual_setting: (expansion, channels, blocks, stride) of each stage.
        round_nearest: Channels are multiples of this.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        inverted_residual_setting: list[Any] | None = None,
        round_nearest: int = 8,
        block: Callable[..., nn.Module] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        block, norm = block or InvertedResidual, norm_layer or nn.BatchNorm2d
        channels = _divisible(32 * width_mult, round_nearest)
        self.last_channel = _divisible(1280 * max(1.0, width_mult), round_nearest)
        features: list[nn.Module] = [_step(3, channels, 3, 2, 1, norm)]
        for expansion, width, count, stride in inverted_residual_setting or SETTING:
            outputs = _divisible(width * width_mult, round_nearest)
            for i in range(count):
                features.append(block(channels, outputs, stride if i == 0 else 1, expansion, norm_layer=norm))
                channels = outputs
        features.append(_step(channels, self.last_channel, 1, 1, 1, norm))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(p=dropout), nn.Linear(self.last_channel, num_classes))
        m: Any
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out")
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
            elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.ones_(m.weight)
                nn.init.zeros_(m.bias)
            elif isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, 0, 0.01)
                nn.init.zeros_(m.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.adaptive_avg_pool2d(self.features(x), (1, 1))
        return self.classifier(flatten(x, 1))


def mobilenet_v2(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> MobileNetV2:
    """MobileNet v2; arguments as the class's."""
    refuse_weights("mobilenet_v2", weights, kwargs)
    return MobileNetV2(**kwargs)
