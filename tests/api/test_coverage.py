"""Every operation has a case and a benchmark."""

from __future__ import annotations

import functools
import inspect
import re
from pathlib import Path

import pytest

import rushlight
from harness import all_cases, resolve
from rushlight import ops

ROOT = Path(__file__).resolve().parents[2]
_FAMILIES = {**ops.families, **ops.late_families()}
# Families whose functions are no mathematics of their inputs; they have tests of their own.
NOT_CASES = {"creation", "from_data", "ranges", "convert", "fill", "query", "random", "rnn"}  # rnn: tests/nn
# Views compute nothing that could be timed.
NOT_TIMED = {"shape", "split", "strided", "view_scatter", "view_variants", "copies"}


@functools.cache
def _covered():
    """Names and functions that cases cover."""
    names, functions = set(), set()
    for case in all_cases():
        for name in (case.name, *case.also):
            names.add(name.rpartition(".")[2])
            try:
                functions.add(id(inspect.unwrap(resolve(rushlight, name))))
            except AttributeError:
                pass
    return names, functions


def _operations():
    for family, module in _FAMILIES.items():
        if family in NOT_CASES:
            continue
        for name in module.__all__:
            if callable(getattr(module, name)) and not isinstance(getattr(module, name), type):
                yield pytest.param(family, name, id=f"{family}.{name}")


@pytest.mark.parametrize(("family", "name"), list(_operations()))
def test_has_a_case(family, name):
    names, functions = _covered()
    function = getattr(_FAMILIES[family], name)
    base = name.removesuffix("_").removesuffix("_copy")
    assert name in names or base in names or id(function) in functions, (
        f"tests/cases/{family}.py declares no case of {name!r}; list aliases in OpCase(also=[...])"
    )


def test_every_family_has_benchmarks():
    """A family is timed by benchmarks/ops/bench_<family>.py or by a case with a big call."""
    by_case = {case.name.rpartition(".")[2] for case in all_cases() if case.big is not None}
    without = []
    for family, module in _FAMILIES.items():
        if family in NOT_CASES | NOT_TIMED or not module.__all__:
            continue
        file = ROOT / "benchmarks" / "ops" / f"bench_{family}.py"
        if not file.is_file() and not by_case & set(module.__all__):
            without.append(family)
    assert not without, f"no benchmark for {without}"


def test_benchmarks_name_operations_that_exist():
    for file in (ROOT / "benchmarks" / "ops").glob("bench_*.py"):
        for name in re.findall(r"^\s*op\(\s*[\"']([\w.]+)[\"']", file.read_text(), re.M):
            assert resolve(rushlight, name), f"{file.name} times {name}, which does not exist"
