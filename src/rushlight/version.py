"""`torch.version`: what this was built for. There is no GPU, so what names one is None."""

from __future__ import annotations

import re
from typing import Any

from . import __version__

__all__ = ["TorchVersion", "__version__", "cuda", "debug", "git_version", "hip", "xpu"]


class TorchVersion(str):
    """A version as text that compares by its numbers, with other text or with tuples.

    Example:
        >>> TorchVersion("2.13.0") > "2.5"
        True
        >>> TorchVersion("2.13.0+rushlight") >= (2, 13)
        True
    """

    def _pair(self, other: Any) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """The numbers of both, as many as the longer has; None where `other` is no version."""
        if isinstance(other, (tuple, list)):
            other = ".".join(map(str, other))
        if not re.match(r"\d", str(other)):
            return None
        a, b = ([int(n) for n in re.findall(r"\d+", str(v).partition("+")[0])] for v in (self, other))
        size = max(len(a), len(b))
        return tuple(a + [0] * (size - len(a))), tuple(b + [0] * (size - len(b)))

    def __lt__(self, other: Any) -> Any:
        pair = self._pair(other)
        return NotImplemented if pair is None else pair[0] < pair[1]

    def __le__(self, other: Any) -> Any:
        pair = self._pair(other)
        return NotImplemented if pair is None else pair[0] <= pair[1]

    def __gt__(self, other: Any) -> Any:
        pair = self._pair(other)
        return NotImplemented if pair is None else pair[0] > pair[1]

    def __ge__(self, other: Any) -> Any:
        pair = self._pair(other)
        return NotImplemented if pair is None else pair[0] >= pair[1]

    def __eq__(self, other: Any) -> Any:
        pair = self._pair(other)
        return NotImplemented if pair is None else pair[0] == pair[1]

    __hash__ = str.__hash__


debug = False
cuda: str | None = None
hip: str | None = None
xpu: str | None = None
git_version = "Unknown"
