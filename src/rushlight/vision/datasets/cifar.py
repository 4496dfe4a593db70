"""CIFAR-10 and CIFAR-100: 32x32 colour images of 10 and 100 kinds of things."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...tensor import wrap
from ...utils.data.collate import default_collate
from ..transforms.batch import batch_of
from .download import check_integrity, download_url, explain, extract_archive, md5_of
from .vision import VisionDataset, image_of

__all__ = ["CIFAR10", "CIFAR100"]


class _Unpickler(pickle.Unpickler):
    """Reads arrays and plain containers; whatever else the file names is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return np._core.multiarray._reconstruct  # type: ignore[attr-defined]
        if module in ("numpy.core.numeric", "numpy._core.numeric") and name == "_frombuffer":
            return np._core.numeric._frombuffer  # type: ignore[attr-defined] # protocol 5
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        if module == "_codecs" and name == "encode":
            import codecs

            return codecs.encode
        raise pickle.UnpicklingError(f"the file must hold arrays only, got {module}.{name}")


class CIFAR10(VisionDataset):
    """50,000 training and 10,000 test images of 10 classes.

    Args:
        root: Where `cifar-10-batches-py` is, or is to be.
        train: The training images; False the test images.
        transform: A function of the PIL image.
        target_transform: A function of the label, an int.
        download: Get the data from its page when it is not there.
    Attributes:
        data: The images, a uint8 array of shape (N, 32, 32, 3).
        targets: The labels, a list of ints.
    Raises:
        RuntimeError: the data is not there, corrupt, or cannot be had.
    Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images".
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    meta = {"filename": "batches.meta", "key": "label_names", "md5": "5ff9c542aee3614f3951f8cda6e48888"}
    labels = "labels"

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable[..., Any] | None = None,
        target_transform: Callable[..., Any] | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        images, self.targets = [], []
        for name, md5 in self.train_list if train else self.test_list:
            entry = self._entry(name, md5)
            images.append(entry["data"])
            self.targets.extend(entry[self.labels])
        self.data = np.ascontiguousarray(np.concatenate(images).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        self.classes = self._entry(self.meta["filename"], self.meta["md5"])[self.meta["key"]]
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def _entry(self, name: str, md5: str) -> dict[str, Any]:
        path, kind = self._path(name), type(self).__name__
        if not os.path.isfile(path):
            raise RuntimeError(
                f"{kind}: root must hold the data, got no file {path} (Dataset not found or corrupted. You can use "
                "download=True to download it)"
            )
        if not check_integrity(path, md5):
            raise RuntimeError(
                f"{kind}: {path} must have the MD5 sum {md5}, got {md5_of(path)} (Dataset not found or corrupted); "
                "delete it and use download=True"
            )
        with open(path, "rb") as file:
            return _Unpickler(io.BytesIO(file.read()), encoding="latin1").load()

    def _check_integrity(self) -> bool:
        return all(check_integrity(self._path(n), m) for n, m in [*self.train_list, *self.test_list])

    def download(self) -> None:
        """Download and unpack the data, if it is not there."""
        if self._check_integrity():
            return
        try:
            extract_archive(download_url(self.url, self.root, self.filename, self.tgz_md5), self.root)
        except (OSError, RuntimeError, EOFError) as e:
            raise RuntimeError(
                f"{type(self).__name__}: the data must be in one of these places, got\n"
                f"  {os.path.join(self.root, self.base_folder)}: not there, or corrupt\n  {self.url}: {explain(e)}"
            ) from None

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, target = self.data[index], self.targets[index]
        image = image_of(image, self.transform, type(self).__name__)
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __getbatch__(self, indices: np.ndarray) -> Any:
        images = batch_of(self, self.data, indices)
        if images is NotImplemented:
            return NotImplemented
        targets = [self.targets[i] for i in indices.tolist()]
        if self.target_transform is None:
            return [images, wrap(np.array(targets, np.int64))]
        return [images, default_collate([self.target_transform(t) for t in targets])]

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class CIFAR100(CIFAR10):
    """50,000 training and 10,000 test images of 100 classes; otherwise as `CIFAR10`."""

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list = [["train", "16019d7e3df5f24257cddd939b257f8d"]]
    test_list = [["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"]]
    meta = {"filename": "meta", "key": "fine_label_names", "md5": "7973b15100ade9c7d40fb424638fde48"}
    labels = "fine_labels"
