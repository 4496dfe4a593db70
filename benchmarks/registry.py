"""What a benchmark is. The files in ops/ and models/ declare them; worker.py times them.

op("softmax", call(T(4096, 1024), dim=-1), backward=True, bytes=3 * 4 * 4096 * 1024)

@model
def mlp_step_b64(lib):          # lib is rushlight or torch
    ...
    return step                 # called again and again; set-up is not timed
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "tests"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from harness import Call, Sample, cotangents, resolve, to_torch  # noqa: E402 - tests/harness.py


@dataclass
class Benchmark:
    """One workload.

    Attributes:
        name: Unique.
        group: 'ops/<family>' or 'models'.
        make: Called with the library, gives the function to time.
        covers: Name of the operation timed, '' for a model.
        inner: How many times the function does the work; times are divided by it.
        flops, bytes: What the operation must compute and move at least; 0: not told.
        note: Shown on the roofline page when under 60% of the ceiling.
    """

    name: str
    group: str
    make: Callable[[Any], Callable[[], Any]]
    covers: str = ""
    inner: int = 1
    flops: float = 0
    bytes: float = 0
    note: str = ""


BENCHMARKS: dict[str, Benchmark] = {}
_group = ""


def _add(benchmark: Benchmark) -> None:
    if benchmark.name in BENCHMARKS:
        raise ValueError(f"two benchmarks are called {benchmark.name!r}")
    BENCHMARKS[benchmark.name] = benchmark


def _arguments(lib: Any, c: Call, grad: bool) -> tuple[tuple[Any, ...], dict[str, Any], list[Any]]:
    sample = Sample(c, "float32")
    if lib.__name__ == "torch":
        return sample.torch_tensors(lib, grad)
    return sample.tensors(grad)


def op(
    name: str,
    c: Call,
    *,
    backward: bool = False,
    label: str = "",
    inner: int = 1,
    flops: float = 0,
    bytes: float = 0,
    note: str = "",
) -> None:
    """Declare a benchmark of one operation: forward without grad, or forward and backward."""

    def make(lib: Any) -> Callable[[], Any]:
        f = resolve(lib, name)
        args, kwargs, inputs = _arguments(lib, c, backward)
        if not backward:

            def forward() -> None:
                with lib.no_grad():
                    for _ in range(inner):
                        f(*args, **kwargs)

            return forward
        out = f(*args, **kwargs)
        out = out[0] if isinstance(out, (tuple, list)) else out
        (dy,) = cotangents([out.detach().numpy()])
        gradient = to_torch(lib, dy) if lib.__name__ == "torch" else lib.from_numpy(dy)

        def both() -> None:
            for _ in range(inner):
                for t in inputs:
                    t.grad = None
                out = f(*args, **kwargs)
                (out[0] if isinstance(out, (tuple, list)) else out).backward(gradient)

        return both

    label = label or f"{name}_{'x'.join(map(str, _sizes(c)))}" + ("_fwdbwd" if backward else "")
    _add(Benchmark(label, _group, make, name, inner, flops, bytes, note))


def _sizes(c: Call) -> tuple[int, ...]:
    specs = c.specs()
    return max((s.shape for s in specs), key=lambda s: (len(s), s)) if specs else ()


def model(make: Callable[[Any], Callable[[], Any]]) -> Callable[[Any], Callable[[], Any]]:
    """Declare a benchmark of a whole model; the function's name is its name."""
    _add(Benchmark(make.__name__, _group, make))
    return make


def load() -> dict[str, Benchmark]:
    """All benchmarks: the files in ops/ and models/, and every case that has a big call."""
    global _group
    if BENCHMARKS:
        return BENCHMARKS
    for folder in ("ops", "models"):
        for info in sorted(pkgutil.iter_modules([str(HERE / folder)]), key=lambda i: i.name):
            _group = f"{folder}/{info.name.removeprefix('bench_')}" if folder == "ops" else folder
            spec = importlib.util.spec_from_file_location(
                f"benchmarks_{folder}_{info.name}", HERE / folder / f"{info.name}.py"
            )
            assert spec is not None
            assert spec.loader is not None
            spec.loader.exec_module(importlib.util.module_from_spec(spec))
    from harness import all_cases

    for case in all_cases():
        if case.big is None or case.torch is False or callable(case.torch):
            continue
        _group = "cases"
        for backward in (False, True) if case.grad else (False,):
            label = f"{case.id}_case" + ("_fwdbwd" if backward else "")
            op(case.name, case.big, backward=backward, label=label)
    return BENCHMARKS
