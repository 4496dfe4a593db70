"""A progress bar: tqdm's where it is installed, a line of our own on a terminal, nothing in a file."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import Any

__all__ = ["progress"]


class Line:
    """One line that is written over: title, bar, share, speed, time left, a note."""

    def __init__(self, total: int, title: str, stream: Any) -> None:
        self.total, self.title, self.stream = total, title, stream
        self.done, self.note = 0, ""
        self.began = time.monotonic()
        self.shown = 0.0

    def update(self, count: int) -> None:
        """Further `count` are done."""
        self.done += count
        now = time.monotonic()
        if now - self.shown > 0.1:
            self.shown = now
            self._write()

    def set_postfix_str(self, note: str, refresh: bool = False) -> None:
        """A note at the end of the line."""
        self.note = note

    def _write(self) -> None:
        seconds = max(time.monotonic() - self.began, 1e-6)
        speed = self.done / seconds
        left = (self.total - self.done) / speed if speed else 0
        head = f"{self.title} {100 * self.done // self.total:3d}% |"
        tail = f"| {speed:,.0f} images/s, {_clock(left)} left, {self.note}"
        room = max(5, min(40, shutil.get_terminal_size().columns - len(head) - len(tail) - 1))
        full = room * self.done // self.total
        self.stream.write(f"\r{head}{'#' * full}{'.' * (room - full)}{tail}\x1b[K")
        self.stream.flush()

    def close(self) -> None:
        """Clear the line: what is to stay is printed after it."""
        self.stream.write("\r\x1b[K")
        self.stream.flush()


class Silent:
    """No bar: the output goes to a file or a pipe."""

    def update(self, count: int) -> None:
        pass

    def set_postfix_str(self, note: str, refresh: bool = False) -> None:
        pass

    def close(self) -> None:
        pass


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes}:{seconds:02d}"


def progress(total: int, title: str) -> Any:
    """A bar for `total` images: `update(count)`, `set_postfix_str(note)`, `close()`."""
    if not sys.stderr.isatty():
        return Silent()
    try:
        from tqdm import tqdm  # type: ignore[import-untyped]
    except ImportError:
        return Line(total, title, sys.stderr)
    form = "{desc} {percentage:3.0f}% |{bar:30}| {rate_fmt}, {remaining} left{postfix}"
    size = {}
    if not os.get_terminal_size(
        sys.stderr.fileno()
    ).columns:  # some terminals say 0, and tqdm would print nothing
        size = {"ncols": 80, "nrows": 24}
    return tqdm(
        total=total, desc=title, unit=" images", unit_scale=True, leave=False, bar_format=form, **size
    )
