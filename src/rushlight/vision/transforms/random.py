"""Random transforms. Each says in `get_params` what it draws, in torchvision's order."""

from __future__ import annotations

import math
import numbers
import random
from collections.abc import Callable, Sequence
from typing import Any

from ...nn.modules.module import Module
from ...ops.creation import empty
from ...ops.random import rand, randint, randperm
from ...tensor import Tensor
from . import functional as F
from .functional import InterpolationMode
from .images import get_dimensions, is_pil
from .transforms import pair

__all__ = [
    "ColorJitter",
    "RandomAffine",
    "RandomApply",
    "RandomAutocontrast",
    "RandomChoice",
    "RandomCrop",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomInvert",
    "RandomOrder",
    "RandomPosterize",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSolarize",
    "RandomVerticalFlip",
]


def uniform(low: float, high: float) -> float:
    """A float32 number from the global generator."""
    return empty(1).uniform_(low, high).item()


def below(n: int) -> int:
    """An int in [0, n) from the global generator."""
    return randint(0, n, (1,)).item()


def chance(p: float) -> bool:
    """True with probability p."""
    return rand(1).item() < p


class RandomApply(Module):
    """A list of transforms, all of them with probability p, else none."""

    def __init__(self, transforms: Any, p: float = 0.5) -> None:
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, img: Any) -> Any:
        if self.p < rand(1).item():
            return img
        for t in self.transforms:
            img = t(img)
        return img

    def __repr__(self) -> str:
        return "\n".join(
            [f"{type(self).__name__}(", f"    p={self.p}", *(f"    {t}" for t in self.transforms), ")"]
        )


class RandomChoice:
    """One of several transforms, by Python's own random numbers."""

    def __init__(self, transforms: Sequence[Callable[..., Any]], p: Sequence[float] | None = None) -> None:
        if p is not None and not isinstance(p, Sequence):
            raise TypeError(f"RandomChoice: p should be a sequence, got {type(p).__name__}")
        self.transforms = transforms
        self.p = p

    def __call__(self, *args: Any) -> Any:
        return random.choices(self.transforms, weights=self.p)[0](*args)

    def __repr__(self) -> str:
        return "\n".join(
            [f"{type(self).__name__}(", *(f"    {t}" for t in self.transforms), f")(p={self.p})"]
        )


class RandomOrder:
    """Several transforms in an order drawn from Python's own random numbers."""

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        order = list(range(len(self.transforms)))
        random.shuffle(order)
        for i in order:
            img = self.transforms[i](img)
        return img

    def __repr__(self) -> str:
        return "\n".join([f"{type(self).__name__}(", *(f"    {t}" for t in self.transforms), ")"])


class RandomCrop(Module):
    """A piece of the image at a random place.

    Args:
        size: (height, width), or one number for both.
        padding: A border first; see F.pad.
        pad_if_needed: Pad what is smaller than `size`, both sides alike.
        fill, padding_mode: As in F.pad.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = tuple(pair(size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """top, left, height, width"""
        _, h, w = get_dimensions(img)
        th, tw = output_size
        if h < th or w < tw:
            raise ValueError(
                f"RandomCrop: size must fit into the image, {(h, w)}, got {(th, tw)} (Required crop size is larger "
                "than input image size); use pad_if_needed=True"
            )
        if (w, h) == (tw, th):
            return 0, 0, h, w
        top = below(h - th + 1)
        return top, below(w - tw + 1), th, tw

    def forward(self, img: Any) -> Any:
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        _, height, width = get_dimensions(img)
        if self.pad_if_needed and width < self.size[1]:
            img = F.pad(img, [self.size[1] - width, 0], self.fill, self.padding_mode)
        if self.pad_if_needed and height < self.size[0]:
            img = F.pad(img, [0, self.size[0] - height], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class _WithProbability(Module):
    """A transform `change` that happens with probability p."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return self.change(img) if chance(self.p) else img

    def change(self, img: Any) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomHorizontalFlip(_WithProbability):
    """Left and right exchanged with probability p."""

    def change(self, img: Any) -> Any:
        return F.hflip(img)


class RandomVerticalFlip(_WithProbability):
    """Upside down with probability p."""

    def change(self, img: Any) -> Any:
        return F.vflip(img)


class RandomInvert(_WithProbability):
    """The negative with probability p."""

    def change(self, img: Any) -> Any:
        return F.invert(img)


class RandomAutocontrast(_WithProbability):
    """F.autocontrast with probability p."""

    def change(self, img: Any) -> Any:
        return F.autocontrast(img)


class RandomEqualize(_WithProbability):
    """F.equalize with probability p."""

    def change(self, img: Any) -> Any:
        return F.equalize(img)


class RandomPosterize(_WithProbability):
    """F.posterize with probability p."""

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        self.bits = bits

    def change(self, img: Any) -> Any:
        return F.posterize(img, self.bits)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(bits={self.bits},p={self.p})"


class RandomSolarize(_WithProbability):
    """F.solarize with probability p."""

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold

    def change(self, img: Any) -> Any:
        return F.solarize(img, self.threshold)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self.threshold},p={self.p})"


class RandomGrayscale(_WithProbability):
    """Grey, with as many channels as before, with probability p."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)

    def change(self, img: Any) -> Any:
        return F.rgb_to_grayscale(img, get_dimensions(img)[0])


def _range(value: Any, name: str, center: float = 1, low: float = 0, high: float = float("inf")) -> Any:
    """[lowest, highest] from one number (about the center) or two; None when nothing would change."""
    if isinstance(value, numbers.Number):
        if value < 0:  # type: ignore[operator]
            raise ValueError(f"ColorJitter: {name} must be non negative, got {value}")
        bounds = [center - float(value), center + float(value)]  # type: ignore[arg-type]
        if low == 0:
            bounds[0] = max(bounds[0], 0.0)
    elif isinstance(value, (tuple, list)) and len(value) == 2:
        bounds = [float(v) for v in value]
    else:
        raise TypeError(
            f"ColorJitter: {name} should be a single number or a list/tuple with length 2, got {value!r}"
        )
    if not low <= bounds[0] <= bounds[1] <= high:
        raise ValueError(f"ColorJitter: {name} values should be between {low} and {high}, got {bounds}")
    return None if bounds[0] == bounds[1] == center else tuple(bounds)


class ColorJitter(Module):
    """Brightness, contrast, saturation and hue changed at random, in random order.

    Args:
        brightness, contrast, saturation: The factor is from [max(0, 1 - x), 1 + x], or from a given range.
        hue: The turn is from [-x, x], or from a given range within [-0.5, 0.5].
    """

    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0, hue: Any = 0) -> None:
        super().__init__()
        self.brightness = _range(brightness, "brightness")
        self.contrast = _range(contrast, "contrast")
        self.saturation = _range(saturation, "saturation")
        self.hue = _range(hue, "hue", center=0, low=-0.5, high=0.5)

    @staticmethod
    def get_params(brightness: Any, contrast: Any, saturation: Any, hue: Any) -> tuple[Any, ...]:
        """The order as a permutation of four, and the four factors (None where unchanged)."""
        order = randperm(4)
        return (
            order,
            *(None if r is None else uniform(r[0], r[1]) for r in (brightness, contrast, saturation, hue)),
        )

    def forward(self, img: Any) -> Any:
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        changes = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for i in order.tolist():
            if factors[i] is not None:
                img = changes[i](img, factors[i])
        return img

    def __repr__(self) -> str:
        names = ("brightness", "contrast", "saturation", "hue")
        return f"{type(self).__name__}({', '.join(f'{n}={getattr(self, n)}' for n in names)})"


class RandomResizedCrop(Module):
    """A piece of random area and shape, resized.

    Args:
        size: Of the result.
        scale: Range of the piece's share of the area.
        ratio: Range of its width / height.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Any = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = pair(size)
        self.scale = scale
        self.ratio = ratio
        self.interpolation = F.interpolation_mode(interpolation, "RandomResizedCrop")
        self.antialias = antialias

    @staticmethod
    def get_params(img: Any, scale: Sequence[float], ratio: Sequence[float]) -> tuple[int, int, int, int]:
        """top, left, height, width"""
        _, height, width = get_dimensions(img)
        for _ in range(10):
            area = height * width * uniform(scale[0], scale[1])
            aspect = _log_uniform(ratio)
            w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < w <= width and 0 < h <= height:
                top = below(height - h + 1)
                return top, below(width - w + 1), h, w
        if width / height < min(ratio):
            w, h = width, round(width / min(ratio))
        elif width / height > max(ratio):
            w, h = round(height * max(ratio)), height
        else:
            w, h = width, height
        return (height - h) // 2, (width - w) // 2, h, w

    def forward(self, img: Any) -> Any:
        place = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(img, *place, self.size, self.interpolation, self.antialias)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, scale={tuple(round(s, 4) for s in self.scale)}, "
            f"ratio={tuple(round(r, 4) for r in self.ratio)}, interpolation={self.interpolation.value}, "
            f"antialias={self.antialias})"
        )


def _log_uniform(ratio: Sequence[float]) -> float:
    """exp of a uniform number between the logarithms, in float32 as torchvision computes it."""
    import numpy as np

    low, high = np.log(np.asarray(ratio, np.float32)).tolist()
    return empty(1).uniform_(low, high).exp().item()


def _angles(degrees: Any, name: str) -> list[float]:
    if isinstance(degrees, numbers.Number):
        if degrees < 0:  # type: ignore[operator]
            raise ValueError(f"{name}: degrees must be positive if it is a single number, got {degrees}")
        return [-float(degrees), float(degrees)]  # type: ignore[arg-type]
    if len(degrees) != 2:
        raise ValueError(f"{name}: degrees should be a number or 2 numbers, got {len(degrees)}")
    return [float(d) for d in degrees]


def _fill_of(img: Any, fill: Any) -> Any:
    channels = get_dimensions(img)[0]
    if is_pil(img):
        return fill
    return [float(fill)] * channels if isinstance(fill, (int, float)) else [float(f) for f in fill]


class RandomRotation(Module):
    """The image turned by a random angle from (-degrees, degrees), or from a given range; see F.rotate."""

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: Any = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.degrees = _angles(degrees, "RandomRotation")
        self.interpolation = F.interpolation_mode(interpolation, "RandomRotation")
        self.expand = expand
        self.center = center
        self.fill = fill

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """The angle."""
        return uniform(degrees[0], degrees[1])

    def forward(self, img: Any) -> Any:
        angle = self.get_params(self.degrees)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, _fill_of(img, self.fill))

    def __repr__(self) -> str:
        text = f"{type(self).__name__}(degrees={self.degrees}, interpolation={self.interpolation.value}"
        text += f", expand={self.expand}"
        text += f", center={self.center}" if self.center is not None else ""
        return text + f", fill={self.fill})"


class RandomAffine(Module):
    """The image turned, moved, scaled and sheared at random; see F.affine.

    Args:
        degrees: Angles from (-degrees, degrees), or from a range.
        translate: Largest moves as shares of width and height.
        scale: Range of the scale.
        shear: Degrees: x from (-shear, shear); from (a, b); or x from (a, b) and y from (c, d).
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: Any = None,
        interpolation: Any = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.degrees = _angles(degrees, "RandomAffine")
        if translate is not None and not all(0.0 <= t <= 1.0 for t in translate):
            raise ValueError(f"RandomAffine: translation values should be between 0 and 1, got {translate}")
        if scale is not None and not all(s > 0 for s in scale):
            raise ValueError(f"RandomAffine: scale values should be positive, got {scale}")
        self.translate = translate
        self.scale = scale
        if isinstance(shear, numbers.Number):
            shear = [-shear, shear]  # type: ignore[operator]
        self.shear = None if shear is None else [float(s) for s in shear]
        self.interpolation = F.interpolation_mode(interpolation, "RandomAffine")
        self.fill = fill
        self.center = center

    @staticmethod
    def get_params(
        degrees: Sequence[float], translate: Any, scale_ranges: Any, shears: Any, img_size: Sequence[int]
    ) -> tuple[Any, ...]:
        """angle, (x, y) moves in pixels, scale, (x, y) shears"""
        angle = uniform(degrees[0], degrees[1])
        moves = (0, 0)
        if translate is not None:
            reach = [float(t * s) for t, s in zip(translate, img_size, strict=True)]
            x = round(uniform(-reach[0], reach[0]))
            moves = x, round(uniform(-reach[1], reach[1]))
        scale = 1.0 if scale_ranges is None else uniform(scale_ranges[0], scale_ranges[1])
        sx = sy = 0.0
        if shears is not None:
            sx = uniform(shears[0], shears[1])
            if len(shears) == 4:
                sy = uniform(shears[2], shears[3])
        return angle, moves, scale, (sx, sy)

    def forward(self, img: Any) -> Any:
        _, height, width = get_dimensions(img)
        angle, moves, scale, shear = self.get_params(
            self.degrees, self.translate, self.scale, self.shear, [width, height]
        )
        return F.affine(
            img, angle, moves, scale, shear, self.interpolation, _fill_of(img, self.fill), self.center
        )

    def __repr__(self) -> str:
        text = f"{type(self).__name__}(degrees={self.degrees}"
        for name in ("translate", "scale", "shear"):
            if getattr(self, name) is not None:
                text += f", {name}={getattr(self, name)}"
        if self.interpolation is not InterpolationMode.NEAREST:
            text += f", interpolation={self.interpolation.value}"
        if self.fill != 0:
            text += f", fill={self.fill}"
        return text + (f", center={self.center})" if self.center is not None else ")")


class RandomErasing(Module):
    """A random rectangle of a tensor image set to a value, with probability p.

    Args:
        scale: Range of the rectangle's share of the area.
        ratio: Range of its height / width.
        value: A number, one per channel, or "random" for normal noise.
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(value, (numbers.Number, str, tuple, list)):
            raise TypeError(
                f"RandomErasing: value should be a number, str or sequence, got {type(value).__name__}"
            )
        if isinstance(value, str) and value != "random":
            raise ValueError(f"RandomErasing: value must be 'random' if it is a str, got {value!r}")
        if not 0 <= p <= 1:
            raise ValueError(f"RandomErasing: p should be between 0 and 1, got {p}")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Tensor, scale: Sequence[float], ratio: Sequence[float], value: Any = None
    ) -> tuple[Any, ...]:
        """top, left, height, width, value"""
        from ...ops.from_data import tensor

        c, height, width = get_dimensions(img)
        for _ in range(10):
            area = height * width * uniform(scale[0], scale[1])
            aspect = _log_uniform(ratio)
            h, w = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if not (h < height and w < width):
                continue
            v = empty(c, h, w).normal_() if value is None else tensor(value, dtype=img.dtype)[:, None, None]
            top = below(height - h + 1)
            return top, below(width - w + 1), h, w, v
        return 0, 0, height, width, img

    def forward(self, img: Tensor) -> Tensor:
        if not chance(self.p):
            return img
        value: Any = self.value
        if isinstance(value, numbers.Number):
            value = [float(value)]  # type: ignore[arg-type]
        elif isinstance(value, str):
            value = None
        if value is not None and len(value) not in (1, get_dimensions(img)[0]):
            raise ValueError(
                f"RandomErasing: value must have 1 or {get_dimensions(img)[0]} numbers, got {len(value)}"
            )
        top, left, h, w, v = self.get_params(img, self.scale, self.ratio, value)
        return F.erase(img, top, left, h, w, v, self.inplace)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, value={self.value}, "
            f"inplace={self.inplace})"
        )
