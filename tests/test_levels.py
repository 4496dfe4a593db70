"""The cases at every CPU level of this machine, and on NumPy alone, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rushlight.kernels import _C

TESTS = Path(__file__).resolve().parent
LEVELS = [level for level in (_C.cpu_levels() if _C else []) if level != _C.cpu_level()]

# Compares every case with its reference, without pytest: one import of everything costs most of the time.
PROGRAM = """
import sys, traceback, warnings
import numpy as np
warnings.simplefilter("error")
warnings.filterwarnings("ignore", "Using padding='same'")
import rushlight
from harness import Sample, all_cases, assert_close, wide
failed = ran = 0
for case in all_cases():
    for call in [*case.calls, *([case.big] if case.big else [])]:
        for dtype in case.dtypes:
            if case.reference is None:
                continue
            ran += 1
            sample = Sample(call, dtype)
            args, kwargs, _ = sample.tensors()
            wide_args, wide_kwargs = sample.to(lambda leaf: wide(leaf.array))
            try:
                assert_close(case.op(*args, **kwargs), case.reference(*wide_args, **wide_kwargs), case.tolerance(dtype), "")
            except Exception:
                failed += 1
                print(case.id, call, dtype, traceback.format_exc(limit=2)[-600:])
print(f"{ran} comparisons, {failed} failed")
sys.exit(failed > 0)
"""


def _compare(**environment):
    path = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **environment, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.parametrize("level", LEVELS)
def test_cpu_level(level):
    _compare(RUSHLIGHT_CPU=level)


def test_numpy_alone():
    _compare(RUSHLIGHT_KERNELS="numpy")


def test_unknown_level_is_refused():
    if _C is None:
        pytest.skip("there is no compiled part")
    done = subprocess.run(
        [sys.executable, "-c", "import rushlight"],
        env={**os.environ, "RUSHLIGHT_CPU": "v9"},
        capture_output=True,
        text=True,
    )
    assert "RUSHLIGHT_CPU must be a level that this machine and this build have" in done.stderr
