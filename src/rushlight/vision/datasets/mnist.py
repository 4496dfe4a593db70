"""MNIST and its like: four files of 28x28 grey images and their labels, in the IDX format."""

from __future__ import annotations

import gzip
import importlib.util
import os
import shutil
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...tensor import Tensor, wrap
from ...utils.data.collate import default_collate
from ..transforms.batch import batch_of
from .download import download_url, explain, extract_archive, md5_of, replaced
from .vision import VisionDataset, image_of

__all__ = ["MNIST", "FashionMNIST", "KMNIST", "EMNIST", "QMNIST", "read_idx"]

_IDX = {8: np.uint8, 9: np.int8, 11: np.int16, 12: np.int32, 13: np.float32, 14: np.float64}


def read_idx(path: str | Path, crc32: int | None = None) -> np.ndarray:
    """The array in an IDX file.

    Args:
        path: The file, unpacked or .gz.
        crc32: Of the unpacked file. Default: not checked.
    Raises:
        ValueError: it is no IDX file, is truncated, or has another checksum.
    Source: http://yann.lecun.com/exdb/mnist/, "the IDX file format".
    """
    path = Path(path)
    data: Any
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rb") as packed:
                data = np.frombuffer(bytearray(packed.read()), np.uint8)
        else:
            data = np.fromfile(path, np.uint8)
    except (EOFError, zlib.error, gzip.BadGzipFile) as e:
        raise ValueError(f"the file is truncated or corrupt ({e})") from None
    if data.size < 4 or data[:2].any() or int(data[2]) not in _IDX:
        raise ValueError(f"the file must begin as an IDX file does, got {bytes(data[:4])!r}")
    dtype, ndim = np.dtype(_IDX[int(data[2])]), int(data[3])
    shape = tuple(int(n) for n in data[4 : 4 + 4 * ndim].view(">u4")) if data.size >= 4 + 4 * ndim else ()
    size = 4 + 4 * ndim + int(np.prod(shape)) * dtype.itemsize
    if data.size != size:
        raise ValueError(f"the file must be of {size} bytes, as its header says, got {data.size}")
    if crc32 is not None and zlib.crc32(data) != crc32:
        raise ValueError("the file is corrupt")
    return data[4 + 4 * ndim :].view(dtype.newbyteorder(">")).astype(dtype, copy=False).reshape(shape)


class MNIST(VisionDataset):
    """Handwritten digits: 60,000 to train on and 10,000 to test with.

    `download=True` looks in `root`, in the installed package rushlight-mnist, then at the mirrors.

    Args:
        root: Where `MNIST/raw` is, or is to be.
        train: The training images; False the test images.
        transform: A function of the PIL image. Those of `vision.transforms` also work on a whole batch
            at once, when a DataLoader asks for one.
        target_transform: A function of the label, an int.
        download: Get the data when it is not there.
    Attributes:
        data: The images, a uint8 tensor of shape (N, 28, 28).
        targets: The labels, an int64 tensor.
    Raises:
        RuntimeError: the data is not there, corrupt, or cannot be had.
    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition".
    """

    mirrors = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    resources = [  # packed file, its MD5 sum at the mirrors
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]
    # Of the unpacked files: MD5, CRC-32 (four times as quick to check) and size.
    sums: dict[str, tuple[str, int, int]] = {
        "train-images-idx3-ubyte": ("6bbc9ace898e44ae57da46a324031adb", 0xE9F4D8B3, 47040016),
        "train-labels-idx1-ubyte": ("a25bea736e30d166cdddb491f175f624", 0xE0CB4AD2, 60008),
        "t10k-images-idx3-ubyte": ("2646ac647ad5339dbf082846283269ea", 0x91373BDF, 7840016),
        "t10k-labels-idx1-ubyte": ("27ae3e4e09519cfbb04c329615203637", 0x4AB9EFF9, 10008),
    }
    package: str | None = "rushlight_mnist"
    training_file = "training.pt"
    test_file = "test.pt"
    classes = [
        f"{i} - {name}" for i, name in enumerate("zero one two three four five six seven eight nine".split())
    ]

    data: Tensor
    targets: Tensor

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
        elif not self._check_exists():
            raise RuntimeError(
                f"{type(self).__name__}: root must hold the data in {self.raw_folder}, got none (Dataset not "
                "found. You can use download=True to download it)"
            )
        self.data, self.targets = self._load_data()

    @property
    def raw_folder(self) -> str:
        """Where the files are."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def processed_folder(self) -> str:
        """Where older versions of torchvision kept tensors."""
        return os.path.join(self.root, type(self).__name__, "processed")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class."""
        return {name: i for i, name in enumerate(self.classes)}

    def _name(self, part: str) -> str:
        return f"{'train' if self.train else 't10k'}-{part}-ubyte"

    def _check_exists(self) -> bool:
        folder = Path(self.raw_folder)
        names = [name.removesuffix(".gz") for name, _ in self.resources]
        return all((folder / name).is_file() or (folder / (name + ".gz")).is_file() for name in names)

    def download(self) -> None:
        """Bring the files into `root`, if they are not there."""
        if self._check_exists():
            return
        for packed, md5 in self.resources:
            name = packed.removesuffix(".gz")
            target = Path(self.raw_folder) / name
            if not target.is_file() and not target.with_name(packed).is_file():
                self._get(packed, md5, target)

    def _get(self, packed: str, md5: str, target: Path) -> None:
        tried = [f"{target.parent}: no such file"]
        if self.package is not None:
            source = self._packaged(packed)
            if source is None:
                tried.append("the package rushlight-mnist: not installed (pip install ./datasets/mnist)")
            else:
                try:
                    replaced(target, lambda part: _unpack(source, part))
                    return
                except (OSError, EOFError, zlib.error) as e:
                    tried.append(f"{source}: {explain(e)}")
        for mirror in self.mirrors:
            try:
                extract_archive(download_url(mirror + packed, target.parent, packed, md5), target.parent)
                return
            except (OSError, RuntimeError, EOFError, zlib.error) as e:
                tried.append(f"{mirror + packed}: {explain(e)}")
        raise RuntimeError(
            f"{type(self).__name__}: {packed} must be in one of these places, got\n  " + "\n  ".join(tried)
        )

    def _packaged(self, packed: str) -> Path | None:
        """The file in the data package, if that is installed."""
        if self.package is None:
            return None
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None:
            return None
        path = Path(spec.origin).parent / packed
        return path if path.is_file() else None

    def _load_data(self) -> tuple[Tensor, Tensor]:
        images = self._read(self._name("images-idx3"), 3)
        labels = self._read(self._name("labels-idx1"), 1)
        if len(images) != len(labels):
            raise RuntimeError(
                f"{type(self).__name__}: images and labels must be as many, got {len(images)} and {len(labels)} in "
                f"{self.raw_folder}"
            )
        return wrap(images), wrap(labels.astype(np.int64))

    def _read(self, name: str, ndim: int) -> np.ndarray:
        path = Path(self.raw_folder) / name
        if not path.is_file():
            path = path.with_name(name + ".gz")
        md5, crc32, size = self.sums.get(name, (None, None, None))
        try:
            array = read_idx(path, crc32)
            if array.ndim != ndim or array.dtype != np.uint8:
                raise ValueError(f"the file must hold {ndim}-d uint8 data, got {array.ndim}-d {array.dtype}")
            return array
        except ValueError as e:
            want = (
                f"expected MD5 of the unpacked file {md5} and {size} bytes"
                if md5
                else "see the data set's page"
            )
            found = (
                f", got {md5_of(path)} and {path.stat().st_size} bytes"
                if md5 and path.suffix != ".gz"
                else ""
            )
            raise RuntimeError(
                f"{type(self).__name__}: {path} must be the original file: {e}; {want}{found}; delete it and use "
                "download=True"
            ) from None

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, target = self.data._array[index], int(self.targets._array[index])
        image = image_of(image, self.transform, type(self).__name__)
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __getbatch__(self, indices: np.ndarray) -> Any:
        images = batch_of(self, self.data._array, indices)
        if images is NotImplemented:
            return NotImplemented
        targets = self.targets._array.take(indices)
        if self.target_transform is None:
            return [images, wrap(targets)]
        return [images, default_collate([self.target_transform(t) for t in targets.tolist()])]

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"

    @property
    def train_labels(self) -> Tensor:
        warnings.warn("train_labels has been renamed targets", stacklevel=2)
        return self.targets

    @property
    def test_labels(self) -> Tensor:
        warnings.warn("test_labels has been renamed targets", stacklevel=2)
        return self.targets

    @property
    def train_data(self) -> Tensor:
        warnings.warn("train_data has been renamed data", stacklevel=2)
        return self.data

    @property
    def test_data(self) -> Tensor:
        warnings.warn("test_data has been renamed data", stacklevel=2)
        return self.data


def _unpack(source: Path, part: Path) -> None:
    with gzip.open(source, "rb") as packed, open(part, "wb") as out:
        shutil.copyfileobj(packed, out, 1 << 20)


class FashionMNIST(MNIST):
    """Pictures of clothes, in the form of `MNIST`.

    Source: Xiao et al. 2017, arXiv:1708.07747.
    """

    mirrors = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
    resources = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]
    sums = {}
    package = None
    classes = "T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag".split() + ["Ankle boot"]


class KMNIST(MNIST):
    """Handwritten hiragana, in the form of `MNIST`.

    Source: Clanuwat et al. 2018, arXiv:1812.01718.
    """

    mirrors = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources = [
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ]
    sums = {}
    package = None
    classes = "o ki su tsu na ha ma ya re wo".split()


class _NotThere(VisionDataset):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            f"{type(self).__name__}: the data set is not in rushlight yet; read its files with read_idx and a Dataset "
            "of your own"
        )


class EMNIST(_NotThere):
    """Not there yet: making one is an error that says so."""


class QMNIST(_NotThere):
    """Not there yet: making one is an error that says so."""
