"""The examples in docstrings run and print what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import rushlight

# Start programs or need packages that tests may not have.
SKIP = ("rushlight.__main__",)
# What every example may use without saying so.
NAMES = {
    "np": np,
    "numpy": np,
    "rushlight": rushlight,
    "torch": rushlight,
    "nn": rushlight.nn,
    "F": rushlight.nn.functional,
    "optim": rushlight.optim,
}
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def _examples():
    names = ["rushlight", *(m.name for m in pkgutil.walk_packages(rushlight.__path__, "rushlight."))]
    seen = set()
    for name in names:
        if name in SKIP or name.rpartition(".")[2] in ("_C", "_as_torch"):  # the latter acts when imported
            continue
        module = importlib.import_module(name)
        for test in doctest.DocTestFinder(exclude_empty=True).find(module, name.removeprefix("rushlight.")):
            if test.examples and (test.filename, test.lineno) not in seen:
                seen.add((test.filename, test.lineno))
                yield pytest.param(test, id=test.name)


@pytest.mark.parametrize("example", list(_examples()))
def test_example(example):
    for name, value in NAMES.items():
        example.globs.setdefault(name, value)
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    said = []
    runner.run(example, out=said.append)
    assert not runner.failures, "".join(said)
