"""A data set's transforms on a whole batch at a time, with the same values as sample by sample.

NOTE [Tables]: `ToTensor` and `Normalize` map each pixel by itself, and a uint8 pixel has 256 values. So a chain
of them is a table of 256 floats for each channel, filled by running the transforms themselves on
the 256 values: bit-equal by construction, and one gather instead of three passes over memory.

NOTE [Draws of a batch]: a flip draws one 32-bit word of the random stream for each image and a random crop two,
whatever the image. So the words of a batch are drawn at once, one row for each image in the order in which
sample by sample would have drawn them, and read by the rules of `rand` and `randint`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels import _C
from ...tensor import wrap
from ...utils.data import collate

__all__ = ["batch_of", "draws_random", "takes_arrays"]

Step = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (images (n, H, W[, C]), words (n, k)) -> images


def _known() -> tuple[tuple[type, ...], tuple[type, ...]]:
    """The transforms that can be planned: those that draw random numbers, and those that do not."""
    from . import random, transforms

    drawing = (random.RandomCrop, random.RandomHorizontalFlip, random.RandomVerticalFlip)
    still = (
        transforms.ToTensor,
        transforms.PILToTensor,
        transforms.Normalize,
        transforms.CenterCrop,
        transforms.Pad,
    )
    return drawing, still


def _steps(transform: Any) -> list[Any] | None:
    """The transforms that a Compose (or one alone) runs; None if one is not ours as it is."""
    from .transforms import Compose

    if type(transform) is Compose:
        steps: list[Any] = []
        for t in transform.transforms:
            inner = _steps(t)
            if inner is None:
                return None
            steps += inner
        return steps
    drawing, still = _known()
    return [transform] if type(transform) in drawing + still else None


def takes_arrays(transform: Any) -> bool:
    """Whether a transform begins with one that takes an array as well as a PIL image."""
    from .transforms import Compose, PILToTensor, ToTensor

    while type(transform) is Compose and len(transform.transforms):
        transform = transform.transforms[0]
    return type(transform) in (ToTensor, PILToTensor)


def draws_random(transform: Any) -> bool:
    """Whether a transform that can be planned draws random numbers."""
    return any(type(t) in _known()[0] for t in _steps(transform) or ())


def _state(transform: Any) -> list[tuple[Any, dict[str, Any]]]:
    """The transform and those in it, with what their attributes are."""
    from .transforms import Compose

    if type(transform) is not Compose:
        return [(transform, dict(vars(transform)))]
    found = [(transform, {**vars(transform), "transforms": list(transform.transforms)})]
    for t in transform.transforms:
        found += _state(t)
    return found


def _words(n: int, each: int) -> np.ndarray:
    """The next 32-bit words of the global random stream, `each` for each of n images."""
    from ...random import default_generator
    from ...stream import kernels

    count = n * each
    ahead = default_generator._state.copy()
    pairs, rest = np.empty((count + 1) // 2, np.int64), np.empty(count, np.int64)
    kernels.random_integers(ahead, wrap(pairs), 0, 0, True)
    kernels.random_integers(default_generator._state, wrap(rest), 0, 1, False)  # moves on by one word each
    pairs = pairs.view(np.uint64)
    words = np.stack((pairs >> np.uint64(32), pairs & np.uint64(0xFFFFFFFF)), axis=1)
    return words.reshape(-1)[:count].reshape(n, each)


class _Geometry:
    """Steps on bytes before they become a tensor: what they do, how many words they draw."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.height, self.width = shape[:2]
        self.colour = len(shape) == 3
        self.steps: list[Step] = []
        self.words = 0

    def add(self, t: Any) -> bool:
        """Plan one transform; False when it must see the images themselves (to pad as needed, or to refuse)."""
        from .functional import _sides
        from .random import RandomCrop, RandomHorizontalFlip
        from .transforms import CenterCrop, Pad

        if type(t) is Pad:
            return self._pad(_sides(t.padding), t.fill, t.padding_mode)
        if type(t) is CenterCrop:
            h, w = t.size
            if h > self.height or w > self.width:
                return False
            top, left = int(round((self.height - h) / 2.0)), int(round((self.width - w) / 2.0))  # noqa: RUF046
            self.steps.append(lambda x, _: x[:, top : top + h, left : left + w])
            self.height, self.width = h, w
            return True
        if type(t) is RandomCrop:
            if t.padding is not None and not self._pad(_sides(t.padding), t.fill, t.padding_mode):
                return False
            return not t.pad_if_needed and self._random_crop(*t.size)
        axis, at, p = (2 if type(t) is RandomHorizontalFlip else 1), self.words, t.p
        self.words += 1

        def flip(x: np.ndarray, words: np.ndarray) -> np.ndarray:
            drawn = (words[:, at] & np.uint64(0xFFFFFF)).astype(np.float32) * np.float32(2.0**-24)
            (chosen,) = np.nonzero(drawn < p)
            x = np.ascontiguousarray(x)
            x[chosen] = np.flip(x[chosen], axis)
            return x

        self.steps.append(flip)
        return True

    def _pad(self, sides: tuple[int, int, int, int], fill: Any, mode: str) -> bool:
        left, top, right, bottom = sides
        if min(sides) < 0 or (mode == "constant" and type(fill) is not int):
            return False
        widths = ((0, 0), (top, bottom), (left, right)) + (((0, 0),) if self.colour else ())
        options: dict[str, Any] = {"constant_values": fill} if mode == "constant" else {}
        self.steps.append(lambda x, _: np.pad(x, widths, mode, **options))  # type: ignore[call-overload]
        self.height, self.width = self.height + top + bottom, self.width + left + right
        return True

    def _random_crop(self, h: int, w: int) -> bool:
        down, across = self.height - h + 1, self.width - w + 1
        if down < 1 or across < 1:
            return False
        if down == across == 1:
            return True
        at = self.words
        self.words += 2

        def crop(x: np.ndarray, words: np.ndarray) -> np.ndarray:
            top, left = words[:, at] % np.uint64(down), words[:, at + 1] % np.uint64(across)
            windows = np.lib.stride_tricks.sliding_window_view(x, (h, w), axis=(1, 2))
            picked = windows[np.arange(len(x)), top.astype(np.int64), left.astype(np.int64)]
            return np.moveaxis(picked, 1, -1) if x.ndim == 4 else picked

        self.steps.append(crop)
        self.height, self.width = h, w
        return True

    def __call__(self, images: np.ndarray, indices: np.ndarray) -> np.ndarray:
        x = images.take(indices, axis=0)
        words = _words(len(x), self.words) if self.words else x
        for step in self.steps:
            x = step(x, words)
        return np.ascontiguousarray(x)


class _Plan:
    """How to make batches for one transform; None as `run` when it must be sample by sample."""

    def __init__(self, transform: Any, shape: tuple[int, ...]) -> None:
        self.transform = transform
        self.steps = _steps(transform)
        self.state = [] if self.steps is None else _state(transform)
        self.run = self._build(shape) if self.steps is not None else None

    def holds(self, transform: Any) -> bool:
        """Whether the transform is the one planned for, unchanged."""
        if transform is not self.transform or (self.steps is None and _steps(transform) is not None):
            return False
        for t, attributes in self.state:  # a loop: quicker than all(...), and this is asked for each batch
            if t.__dict__ != attributes:
                return False
        return True

    def _build(self, shape: tuple[int, ...]) -> Callable[[np.ndarray, np.ndarray], Any] | None:
        from .transforms import Normalize, PILToTensor, ToTensor

        steps = list(self.steps or ())
        channels = shape[2] if len(shape) == 3 else 1
        geometry = _Geometry(shape)
        while steps and type(steps[0]) not in (ToTensor, PILToTensor, Normalize):
            if not geometry.add(steps.pop(0)):
                return None
        if not steps or type(steps[0]) is Normalize or any(type(t) is not Normalize for t in steps[1:]):
            return None
        if type(steps[0]) is PILToTensor:
            return (
                None if len(steps) > 1 else lambda images, indices: wrap(_planes(geometry(images, indices)))
            )
        values: Any = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], channels, axis=2)
        try:
            for t in steps:
                values = t(values)
        except Exception:
            return None  # a wrong mean or std: let the sample say so
        table = np.ascontiguousarray(values._array.reshape(-1, 256))
        if len(table) != channels:
            return None
        if _C is None or table.dtype != np.float32:
            return lambda images, indices: _by_numpy(geometry(images, indices), table)
        if not geometry.steps:
            return lambda images, indices: _by_kernel(images, indices, table)
        return lambda images, indices: _by_kernel(geometry(images, indices), np.arange(len(indices)), table)


def _planes(images: np.ndarray) -> np.ndarray:
    """(n, H, W[, C]) as (n, C, H, W)."""
    if images.ndim == 3:
        return images[:, None]
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def _by_numpy(images: np.ndarray, table: np.ndarray) -> Any:
    planes = _planes(images)
    out = np.empty(planes.shape, table.dtype)
    for c in range(len(table)):
        np.take(table[c], planes[:, c], out=out[:, c])
    return wrap(out)


def _by_kernel(images: np.ndarray, indices: np.ndarray, table: np.ndarray) -> Any:
    shape = (len(indices), len(table), *images.shape[1:3])
    out = None
    if collate.allocate is not None:  # in a worker: straight into shared memory
        out = collate.allocate(shape, table.dtype)
    return _C.u8_table_rows(images, np.ascontiguousarray(indices, np.int64), table, shape, out)


def batch_of(dataset: Any, images: np.ndarray, indices: np.ndarray) -> Any:
    """The transformed images (uint8, (N, H, W[, C])) at `indices` as one tensor, or NotImplemented."""
    transform = dataset.transform
    plan = dataset.__dict__.get("_plan")
    if plan is None or not plan.holds(transform):
        plan = dataset._plan = _Plan(transform, images.shape[1:])
    if plan.run is None or images.dtype != np.uint8:
        return NotImplemented
    if dataset.target_transform is not None and dataset._draws_random:
        return NotImplemented  # it might draw too, between the images' draws
    return plan.run(images, indices)
