"""`VisionDataset`: what data sets of images have in common."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...utils.data import Dataset

__all__ = ["VisionDataset", "StandardTransform", "image_of"]


class StandardTransform:
    """A transform of the input and one of the target, as one function of both."""

    def __init__(
        self, transform: Callable[..., Any] | None = None, target_transform: Callable[..., Any] | None = None
    ) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, input: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        for title, transform in (
            ("Transform: ", self.transform),
            ("Target transform: ", self.target_transform),
        ):
            if transform is not None:
                lines += _indented(transform, title)
        return "\n".join(lines)


def _indented(transform: Any, title: str) -> list[str]:
    first, *rest = repr(transform).splitlines()
    return [title + first, *(" " * len(title) + line for line in rest)]


class VisionDataset(Dataset[Any]):
    """Base of data sets that live under a folder.

    Args:
        root: The folder.
        transforms: A function of (input, target); or instead
        transform: of the input alone, and
        target_transform: of the target alone.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        transforms: Callable[..., Any] | None = None,
        transform: Callable[..., Any] | None = None,
        target_transform: Callable[..., Any] | None = None,
    ) -> None:
        if transforms is not None and (transform is not None or target_transform is not None):
            raise ValueError(
                f"{type(self).__name__}: transforms must be given without transform and target_transform, got both "
                "(Only transforms or transform/target_transform can be passed as argument)"
            )
        self.root: Any = os.path.expanduser(root) if isinstance(root, str) else root
        self.transform = transform
        self.target_transform = target_transform
        if transform is not None or target_transform is not None:
            transforms = StandardTransform(transform, target_transform)
        self.transforms = transforms

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__}: __len__ must be defined")

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if self.transforms is not None:
            body += repr(self.transforms).splitlines()
        return "\n".join([f"Dataset {type(self).__name__}", *("    " + line for line in body)])

    @property
    def _draws_random(self) -> bool:
        from ..transforms.batch import draws_random

        return draws_random(self.transform)

    def extra_repr(self) -> str:
        """Further lines of the representation."""
        return ""


def image_of(array: Any, transform: Callable[..., Any] | None, name: str) -> Any:
    """A uint8 array as the PIL image a sample is; the array itself where the transform takes arrays.

    Raises:
        ModuleNotFoundError: Pillow is needed and not installed.
    """
    from ..transforms.batch import takes_arrays

    if takes_arrays(transform):
        return array
    try:
        from PIL import Image
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            f"{name}: samples are PIL images, which need Pillow: pip install 'rushlight[vision]'; a transform "
            "that begins with ToTensor() or PILToTensor() does without",
            name="PIL",
        ) from None
    return Image.fromarray(array)
