"""The examples in the docstrings of rushlight.nn and of the operations that go with it."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import warnings

import pytest

import rushlight
from rushlight import nn
from rushlight.ops import linear_cross_entropy, padding, pixel, upsample, vision


def modules():
    yield rushlight.func
    for package in (nn.modules, nn.utils):
        for info in pkgutil.iter_modules(package.__path__):
            yield importlib.import_module(f"{package.__name__}.{info.name}")
    yield from (nn.parameter, padding, pixel, upsample, vision, linear_cross_entropy)


@pytest.mark.parametrize("module", list(modules()), ids=lambda m: m.__name__)
def test_examples(module):
    names = {"rushlight": rushlight, "torch": rushlight, "nn": nn, "F": nn.functional, **vars(module)}
    tests = doctest.DocTestFinder(exclude_empty=True).find(module, globs=names)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS, verbose=False)
    report = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for test in tests:
            rushlight.manual_seed(0)
            runner.run(test, out=report.append)
    assert runner.failures == 0, "".join(report)


def test_every_layer_has_an_example():
    missing = [
        name
        for name in nn.modules.__all__
        if ">>>" not in (getattr(nn, name).__doc__ or "")
        and name not in ("NLLLoss2d", "SyncBatchNorm", "RNNBase", "RNNCellBase", "LinearCrossEntropyOptions")
    ]
    assert missing == []
