"""What all tests share: PyTorch as the oracle, a fixed seed, and a clean state after each test."""

from __future__ import annotations

import os
import warnings

import pytest
from hypothesis import settings

import rushlight

settings.register_profile("rushlight", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("rushlight")

PARITY_REQUIRED = os.environ.get("RUSHLIGHT_PARITY") == "1"


def _import_torch():
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    return torch


def pytest_collection_modifyitems(items):
    """A test that uses the fixture `torch` is a parity test."""
    for item in items:
        if "torch" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.parity)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """With RUSHLIGHT_PARITY=1 a parity test that is skipped has failed."""
    outcome = yield
    report = outcome.get_result()
    if PARITY_REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        if item.get_closest_marker("parity"):
            report.outcome = "failed"
            report.longrepr = f"RUSHLIGHT_PARITY=1, but this parity test was skipped: {report.longrepr}"


@pytest.fixture(scope="session")
def torch():
    """PyTorch, the oracle; the test is skipped where it is not installed."""
    module = _import_torch()
    if module is None:
        pytest.skip("PyTorch is not installed: pip install '.[parity]'")
    return module


@pytest.fixture(autouse=True, scope="session")
def _warnings_of_once():
    """What warns once in a process does not warn in the test that happens to be the first."""
    from rushlight.ops import conv

    conv._told_of_uneven_padding = True


@pytest.fixture(autouse=True)
def _clean_state():
    """Every test starts from one seed, and what it sets for the whole process is set back."""
    threads = rushlight.get_num_threads()
    rushlight.manual_seed(0)
    yield
    rushlight.set_num_threads(threads)
    rushlight.set_grad_enabled(True)
    rushlight.set_default_dtype(rushlight.float32)
    rushlight.set_printoptions(profile="default")
