"""A data set's transforms on a whole batch at a time, with the same values as sample by sample.

NOTE [Tables]: `ToTensor` and `Normalize` map each pixel by itself, and a uint8 pixel has 256 values. So a chain
of them is a table of 256 floats for each channel, filled by running the transforms themselves on
the 256 values: bit-equal by construction, and one gather instead of three passes over memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels import _C
from ...tensor import wrap
from ...utils.data import collate

__all__ = ["batch_of", "takes_arrays"]


def _steps(transform: Any) -> list[Any] | None:
    """The transforms that a Compose (or one alone) runs; None if one is not ours as it is."""
    from .transforms import CenterCrop, Compose, Normalize, PILToTensor, ToTensor

    if type(transform) is Compose:
        steps: list[Any] = []
        for t in transform.transforms:
            inner = _steps(t)
            if inner is None:
                return None
            steps += inner
        return steps
    return [transform] if type(transform) in (ToTensor, PILToTensor, Normalize, CenterCrop) else None


def takes_arrays(transform: Any) -> bool:
    """Whether a transform begins with one that takes an array as well as a PIL image."""
    from .transforms import Compose, PILToTensor, ToTensor

    while type(transform) is Compose and len(transform.transforms):
        transform = transform.transforms[0]
    return type(transform) in (ToTensor, PILToTensor)


def _state(transform: Any) -> list[tuple[Any, dict[str, Any]]]:
    """The transform and those in it, with what their attributes are."""
    from .transforms import Compose

    if type(transform) is not Compose:
        return [(transform, dict(vars(transform)))]
    found = [(transform, {**vars(transform), "transforms": list(transform.transforms)})]
    for t in transform.transforms:
        found += _state(t)
    return found


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

    def _build(self, shape: tuple[int, ...]) -> Callable[..., Any] | None:
        from .transforms import CenterCrop, Normalize, PILToTensor, ToTensor

        steps = list(self.steps or ())
        height, width = shape[:2]
        channels = shape[2] if len(shape) == 3 else 1
        top = left = 0
        while steps and type(steps[0]) is CenterCrop:
            ch, cw = steps.pop(0).size
            if ch > height or cw > width:
                return None
            top, left = top + round((height - ch) / 2.0), left + round((width - cw) / 2.0)
            height, width = ch, cw
        if (
            not steps
            or type(steps[0]) not in (ToTensor, PILToTensor)
            or any(type(t) is not Normalize for t in steps[1:])
        ):
            return None
        window = (slice(top, top + height), slice(left, left + width))
        whole = (height, width) == tuple(shape[:2])
        if type(steps[0]) is PILToTensor:
            if len(steps) > 1:
                return None
            return lambda images, indices: _planes(images, indices, window, whole, channels)
        values: Any = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], channels, axis=2)
        try:
            for t in steps:
                values = t(values)
        except Exception:
            return None  # a wrong mean or std: let the sample say so
        table = np.ascontiguousarray(values._array.reshape(-1, 256))
        if len(table) != channels:
            return None
        if _C is not None and whole and table.dtype == np.float32 and hasattr(_C, "u8_table_rows"):
            return lambda images, indices: _by_kernel(images, indices, table, channels)

        def by_table(images: np.ndarray, indices: np.ndarray) -> Any:
            planes = _planes(images, indices, window, whole, channels)._array
            out = np.empty(planes.shape, table.dtype)
            for c in range(channels):
                np.take(table[c], planes[:, c], out=out[:, c])
            return wrap(out)

        return by_table


def _planes(
    images: np.ndarray, indices: np.ndarray, window: tuple[Any, ...], whole: bool, channels: int
) -> Any:
    picked = images.take(indices, axis=0)
    if not whole:
        picked = picked[:, window[0], window[1]]
    if channels == 1:
        return wrap(np.ascontiguousarray(picked.reshape(len(picked), 1, *picked.shape[1:3])))
    return wrap(np.ascontiguousarray(picked.transpose(0, 3, 1, 2)))


def _by_kernel(images: np.ndarray, indices: np.ndarray, table: np.ndarray, channels: int) -> Any:
    shape = (len(indices), channels, *images.shape[1:3])
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
    return plan.run(images, indices)
