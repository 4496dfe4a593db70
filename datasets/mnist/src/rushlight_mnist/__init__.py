"""The MNIST handwritten digits as files: `path()` says where they are. See NOTICE for their authors."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FILES", "MD5", "path"]

# The MD5 sums of the unpacked files, as published with the data.
MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
FILES = tuple(name + ".gz" for name in MD5)


def path(name: str | None = None) -> Path:
    """The folder of the four compressed files, or one of them.

    Args:
        name: One of `FILES`. Default: the folder.
    Raises:
        FileNotFoundError: There is no such file in the package.
    Example:
        >>> path("train-labels-idx1-ubyte.gz").name
        'train-labels-idx1-ubyte.gz'
    """
    folder = Path(__file__).resolve().parent
    if name is None:
        return folder
    if name not in FILES:
        raise FileNotFoundError(f"rushlight_mnist.path: name must be one of {', '.join(FILES)}, got {name!r}")
    return folder / name
