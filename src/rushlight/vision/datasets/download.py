"""Files from the network, checked by their sums. What that needs is imported when it is needed: it takes a while."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = [
    "check_integrity",
    "download_url",
    "extract_archive",
    "download_and_extract_archive",
    "md5_of",
    "replaced",
]

CHUNK = 1 << 16
TIMEOUT = 20  # seconds without an answer


def md5_of(path: str | Path) -> str:
    """The MD5 sum of a file."""
    import hashlib

    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def check_integrity(path: str | Path, md5: str | None = None) -> bool:
    """Whether the file is there and has this MD5 sum."""
    return os.path.isfile(path) and (md5 is None or md5_of(path) == md5)


def replaced(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file under a temporary name, then give it its own: it is never there in part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        write(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


class _Progress:
    """One line on a terminal: name, how much, how fast."""

    def __init__(self, name: str, total: int | None) -> None:
        self.name, self.total = name, total
        self.done, self.began, self.shown = 0, time.monotonic(), 0.0
        self.live = sys.stderr.isatty()

    def add(self, count: int) -> None:
        self.done += count
        now = time.monotonic()
        if self.live and now - self.shown > 0.1:
            self.shown = now
            speed = self.done / max(now - self.began, 1e-6) / 1e6
            part = (
                f"{100 * self.done / self.total:3.0f}% of {self.total / 1e6:.1f}"
                if self.total
                else f"{self.done / 1e6:.1f}"
            )
            sys.stderr.write(f"\r{self.name}: {part} MB, {speed:.1f} MB/s ")
            sys.stderr.flush()

    def close(self) -> None:
        if self.live:
            sys.stderr.write("\n")


def download_url(url: str, root: str | Path, filename: str | None = None, md5: str | None = None) -> Path:
    """Download a file into a folder, with a progress line on a terminal.

    Raises:
        RuntimeError: what came has another MD5 sum.
        OSError: it cannot be had.
    """
    import urllib.request

    path = Path(root).expanduser() / (filename or os.path.basename(url))
    if check_integrity(path, md5):
        return path

    def write(part: Path) -> None:
        request = urllib.request.Request(url, headers={"User-Agent": "rushlight"})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer, open(part, "wb") as out:
            length = answer.headers.get("Content-Length")
            progress = _Progress(path.name, int(length) if length else None)
            try:
                while chunk := answer.read(CHUNK):
                    out.write(chunk)
                    progress.add(len(chunk))
            finally:
                progress.close()
        if md5 is not None and (found := md5_of(part)) != md5:
            raise RuntimeError(f"{path.name} must have the MD5 sum {md5}, got {found}")

    replaced(path, write)
    return path


def extract_archive(
    from_path: str | Path, to_path: str | Path | None = None, remove_finished: bool = False
) -> Path:
    """Unpack a .gz, .zip or .tar(.gz, .bz2, .xz) file; gives where to."""
    import tarfile
    import zipfile

    source = Path(from_path)
    target = Path(to_path) if to_path is not None else source.parent
    if source.name.endswith((".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")):
        with tarfile.open(source) as archive:
            archive.extractall(target, filter="data")
    elif source.suffix == ".zip":
        with zipfile.ZipFile(source) as archive:
            archive.extractall(target)
    elif source.suffix == ".gz":
        target = target / source.stem if target.is_dir() else target
        replaced(target, lambda part: _gunzip(source, part))
    else:
        raise RuntimeError(f"extract_archive: from_path must be a .gz, .zip or .tar file, got {source.name}")
    if remove_finished:
        source.unlink()
    return target


def _gunzip(source: Path, target: Path) -> None:
    import gzip

    with gzip.open(source, "rb") as packed, open(target, "wb") as out:
        shutil.copyfileobj(packed, out, 1 << 20)


def download_and_extract_archive(
    url: str,
    download_root: str | Path,
    extract_root: str | Path | None = None,
    filename: str | None = None,
    md5: str | None = None,
    remove_finished: bool = False,
) -> None:
    """`download_url`, then `extract_archive`."""
    path = download_url(url, download_root, filename, md5)
    extract_archive(path, extract_root or download_root, remove_finished)


def explain(error: BaseException) -> str:
    """Why a place did not have a file, in one line."""
    reason: Any = getattr(error, "reason", None)
    return f"{type(error).__name__}: {reason or error}".splitlines()[0]
