"""Images in folders, one folder a class: `ImageFolder`, and `DatasetFolder` for files of any kind."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .vision import VisionDataset

__all__ = ["DatasetFolder", "ImageFolder", "IMG_EXTENSIONS", "default_loader"]

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def default_loader(path: str | Path) -> Any:
    """The image of a file as an RGB PIL image."""
    from PIL import Image

    with open(path, "rb") as file:
        return Image.open(file).convert("RGB")


class DatasetFolder(VisionDataset):
    """Files under `root/<class>/`, however deep, as samples (loaded file, class index).

    Args:
        root: Its folders, in the order of their names, are the classes.
        loader: A function from a path to a sample.
        extensions: Endings of the files to take, lower case; or instead
        is_valid_file: a function that says of a path whether to take it.
        allow_empty: Whether a class may have no file.
    Attributes:
        classes, class_to_idx, samples (a list of (path, class index)), targets.
    Raises:
        FileNotFoundError: there is no class folder, or no file in one.
    """

    def __init__(
        self,
        root: str | Path,
        loader: Callable[[str], Any],
        extensions: Sequence[str] | None = None,
        transform: Callable[..., Any] | None = None,
        target_transform: Callable[..., Any] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        folder: Any = self.root
        self.classes, self.class_to_idx = self.find_classes(folder)
        self.loader = loader
        self.extensions = extensions
        self.samples = self.make_dataset(folder, self.class_to_idx, extensions, is_valid_file, allow_empty)
        self.targets = [target for _, target in self.samples]

    def find_classes(self, directory: str | Path) -> tuple[list[str], dict[str, int]]:
        """The class names in a folder and their indices."""
        classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
        if not classes:
            raise FileNotFoundError(
                f"{type(self).__name__}: root must have a folder for each class, got none in {directory} (Couldn't "
                "find any class folder)"
            )
        return classes, {name: i for i, name in enumerate(classes)}

    @staticmethod
    def make_dataset(
        directory: str | Path,
        class_to_idx: dict[str, int],
        extensions: Sequence[str] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> list[tuple[str, int]]:
        """The (path, class index) pairs in a folder, in the order of the names."""
        if (extensions is None) == (is_valid_file is None):
            raise ValueError(
                "make_dataset: one of extensions and is_valid_file must be given, got both or none (Both extensions "
                "and is_valid_file cannot be None or not None at the same time)"
            )
        if extensions is not None:
            ends = (extensions,) if isinstance(extensions, str) else tuple(extensions)

            def is_valid_file(path: str) -> bool:
                return path.lower().endswith(ends)

        found: list[tuple[str, int]] = []
        empty: list[str] = []
        for name in sorted(class_to_idx):
            before = len(found)
            folder = os.path.join(os.path.expanduser(directory), name)
            for root, _, files in sorted(os.walk(folder, followlinks=True)):
                paths = (os.path.join(root, file) for file in sorted(files))
                found += [(path, class_to_idx[name]) for path in paths if is_valid_file(path)]  # type: ignore[misc]
            if len(found) == before:
                empty.append(name)
        if empty and not allow_empty:
            raise FileNotFoundError(
                f"make_dataset: each class must have a file, got none for {', '.join(empty)} (Found no valid file for "
                f"the classes {', '.join(empty)})"
                + (f"; supported extensions are {', '.join(ends)}" if extensions is not None else "")
            )
        return found

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        sample = self.loader(path)
        if self.transform is not None:
            sample = self.transform(sample)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return sample, target

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Images under `root/<class>/` as samples (PIL image, class index). Arguments as `DatasetFolder`'s."""

    def __init__(
        self,
        root: str | Path,
        transform: Callable[..., Any] | None = None,
        target_transform: Callable[..., Any] | None = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(root, loader, extensions, transform, target_transform, is_valid_file, allow_empty)
        self.imgs = self.samples
