"""Timing of statements: `Timer`, and the `Measurement` it gives."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..system import get_num_threads, set_num_threads

__all__ = ["Measurement", "Timer", "timer"]

timer = timeit.default_timer


def _scaled(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds / 1e-9:.2f} ns"


class Measurement:
    """Times of one statement.

    Args:
        number_per_run: How often it ran in each of the times.
        raw_times: Seconds of each run.
        label, sub_label, description, num_threads: What was timed.
    """

    def __init__(
        self,
        number_per_run: int,
        raw_times: Sequence[float],
        label: str = "",
        sub_label: str | None = None,
        description: str | None = None,
        num_threads: int = 1,
    ) -> None:
        self.number_per_run, self.raw_times = number_per_run, list(raw_times)
        self.label, self.sub_label, self.description = label, sub_label, description
        self.num_threads = num_threads

    @property
    def times(self) -> list[float]:
        """Seconds for the statement once, from each run."""
        return [t / self.number_per_run for t in self.raw_times]

    @property
    def median(self) -> float:
        """Their median."""
        return float(np.median(self.times))

    @property
    def mean(self) -> float:
        """Their mean."""
        return float(np.mean(self.times))

    @property
    def iqr(self) -> float:
        """The range of their middle half."""
        low, high = np.percentile(self.times, [25, 75])
        return float(high - low)

    @property
    def has_warnings(self) -> bool:
        """Whether they scatter so much (the middle half over 10% of the median) that the median says little."""
        return len(self.times) > 1 and self.iqr / self.median > 0.1

    def __repr__(self) -> str:
        lines = [f"<{__name__}.Measurement object at {id(self):#x}>"]
        lines.append(f"{self.label}: {self.sub_label}" if self.sub_label else self.label)
        if self.description:
            lines.append(self.description)
        several = len(self.raw_times) > 1
        lines.append(f"  {'Median: ' if several else ''}{_scaled(self.median)}")
        if several:
            low, high = np.percentile(self.times, [25, 75])
            lines.append(f"  IQR:    {_scaled(self.iqr)} ({_scaled(low)} to {_scaled(high)})")
        count, threads = len(self.raw_times), self.num_threads
        lines.append(
            f"  {count} measurement{'s' * several}, {self.number_per_run} runs {'per measurement, ' if several else ', '}"
            f"{threads} thread{'s' * (threads > 1)}"
        )
        return "\n".join(lines)


class Timer:
    """Times a statement, as `timeit` does, with a number of threads set and one warm-up run.

    Args:
        stmt: What to time.
        setup: What to run before.
        global_setup: For C++ in PyTorch; must be empty.
        timer: The clock, in seconds.
        globals: Names that the statement may use.
        label, sub_label, description: For the printed result.
        env: A name for the surroundings, kept.
        num_threads: Of the kernels, while it is timed.
        language: 'python'.

    Example:
        >>> m = Timer("x + x", globals={"x": torch.ones(3)}).timeit(10)
        >>> m.number_per_run, m.median > 0
        (10, True)
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Any = "python",
    ) -> None:
        if str(language).lower() not in ("python", "py", "language.python"):
            raise ValueError(f"Timer: language must be 'python', got {language!r}")
        if global_setup:
            raise ValueError("Timer: global_setup must be empty: it is for C++")
        names = dict(globals or {})
        if "torch" not in names:
            import rushlight

            names["torch"] = rushlight
        self._timer = timeit.Timer(stmt, setup, timer, names)
        self.label = label or (stmt if "\n" not in stmt else "stmt")
        self.sub_label, self.description, self.env = sub_label, description, env
        self.num_threads = num_threads

    def _measured(self, number: int, times: list[float]) -> Measurement:
        return Measurement(number, times, self.label, self.sub_label, self.description, self.num_threads)

    def _run(self, action: Callable[[], Any]) -> Any:
        before = get_num_threads()
        set_num_threads(self.num_threads)
        try:
            return action()
        finally:
            set_num_threads(before)

    def timeit(self, number: int = 1_000_000) -> Measurement:
        """The time of `number` runs, after a hundredth of them to warm up."""

        def action() -> float:
            self._timer.timeit(max(number // 100, 2))
            return self._timer.timeit(number)

        return self._measured(number, [self._run(action)])

    def repeat(self, repeat: int = -1, number: int = -1) -> None:
        """An error, as in PyTorch: use `blocked_autorange`."""
        raise NotImplementedError("Timer: repeat is not there; use Timer.blocked_autorange")

    autorange = repeat

    def _block(self) -> int:
        """How many runs take long enough (a millisecond) for the clock."""
        number = 1
        while self._timer.timeit(number) < 1e-3:
            number *= 10
        return number

    def blocked_autorange(
        self, callback: Callable[[int, float], Any] | None = None, min_run_time: float = 0.2
    ) -> Measurement:
        """Times of blocks of runs, until they took `min_run_time` seconds together.

        Args:
            callback: Is told the number of runs and seconds of each block.
        """

        def action() -> tuple[int, list[float]]:
            number = self._block()
            times: list[float] = []
            while sum(times) < min_run_time or not times:
                times.append(self._timer.timeit(number))
                if callback is not None:
                    callback(number, times[-1])
            return number, times

        return self._measured(*self._run(action))

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callable[[int, float], Any] | None = None,
    ) -> Measurement:
        """`blocked_autorange` until the middle half of the times is within `threshold` of the median."""

        def action() -> tuple[int, list[float]]:
            number = self._block()
            times: list[float] = []
            while True:
                times.append(self._timer.timeit(number))
                if callback is not None:
                    callback(number, times[-1])
                found = self._measured(number, times)
                steady = len(times) > 4 and found.iqr / found.median < threshold
                if (sum(times) >= min_run_time and steady) or sum(times) >= max_run_time:
                    return number, times

        return self._measured(*self._run(action))
