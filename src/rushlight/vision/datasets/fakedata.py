"""Random images with random labels, for tests and examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .vision import VisionDataset

__all__ = ["FakeData"]


class FakeData(VisionDataset):
    """Noise: the same at each reading of an index.

    Args:
        size: How many images.
        image_size: (channels, height, width).
        num_classes: Labels are from 0 to num_classes - 1.
        random_offset: Added to the index as the seed of an image.
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Callable[..., Any] | None = None,
        target_transform: Callable[..., Any] | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.size = size
        self.num_classes = num_classes
        self.image_size = image_size
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from ...ops.random import randint, randn
        from ...random import get_rng_state, manual_seed, set_rng_state
        from ..transforms.functional import to_pil_image

        if not 0 <= index < len(self):
            raise IndexError(
                f"FakeData: index must be in [0, {len(self) - 1}], got {index} (index out of range)"
            )
        state = get_rng_state()
        manual_seed(index + self.random_offset)
        image = randn(*self.image_size)
        target: Any = randint(0, self.num_classes, (1,)).item()
        set_rng_state(state)
        image = to_pil_image(image)
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __len__(self) -> int:
        return self.size
