"""Every public function and class is documented, and its documented arguments are its arguments."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re

import pytest

import rushlight

SECTIONS = ("Args", "Shape", "Raises", "Source", "Example", "Attributes", "Returns", "Note")


def _modules():
    yield rushlight
    for info in pkgutil.walk_packages(rushlight.__path__, "rushlight."):
        if info.name.rpartition(".")[2].startswith("_"):
            continue
        yield importlib.import_module(info.name)


def _objects():
    seen = set()
    for module in _modules():
        for name in getattr(module, "__all__", ()):
            try:
                value = getattr(module, name)
                value = getattr(value, "__wrapped__", value)  # of a public function
            except (AttributeError, ImportError):
                continue  # test_names_in_all_exist tells
            if not (inspect.isfunction(value) or inspect.isclass(value)) or id(value) in seen:
                continue
            if not value.__module__.startswith("rushlight"):
                continue
            seen.add(id(value))
            yield pytest.param(
                value, id=f"{value.__module__.removeprefix('rushlight.')}.{value.__qualname__}"
            )


OBJECTS = list(_objects())


def documented_arguments(doc):
    """Names in the Args section."""
    section = re.search(rf"^ *Args:\n(.*?)(?=^ *(?:{'|'.join(SECTIONS[1:])}):|\Z)", doc, re.M | re.S)
    if not section:
        return []
    lines = section.group(1).splitlines()
    indent = min((len(x) - len(x.lstrip()) for x in lines if x.strip()), default=0)
    found = []
    for line in lines:
        match = re.match(rf" {{{indent}}}([\w`*, ]+?):", line)
        if match:
            found += [n.strip(" `*") for n in match.group(1).split(",")]
    return found


@pytest.mark.parametrize("module", list(_modules()), ids=lambda m: m.__name__)
def test_names_in_all_exist(module):
    for name in getattr(module, "__all__", ()):
        assert hasattr(module, name), f"{module.__name__}.__all__ holds {name!r}, which is not there"


@pytest.mark.parametrize("value", OBJECTS)
def test_is_documented(value):
    doc = value.__doc__
    assert doc, "has no docstring"
    assert doc.strip(), "has an empty docstring"


@pytest.mark.parametrize("value", OBJECTS)
def test_documented_arguments_exist(value):
    try:
        parameters = inspect.signature(value).parameters
    except (ValueError, TypeError):
        return
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    doc = inspect.cleandoc(value.__doc__ or "")
    unknown = [n for n in documented_arguments(doc) if n not in parameters and n.isidentifier()]
    assert not unknown, f"documents {unknown}, but the arguments are {list(parameters)}"
