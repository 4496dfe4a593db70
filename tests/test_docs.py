"""The Python blocks of README and docs run, in order; the examples run."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    p for p in [ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    if p.is_file()
)  # fmt: skip
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def _run(arguments, folder):
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    if "PYTHONPATH" in environment:  # ours is relative to the root, and the program runs elsewhere
        environment["PYTHONPATH"] = os.pathsep.join(
            os.path.abspath(p) for p in environment["PYTHONPATH"].split(os.pathsep) if p
        )
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_python_blocks_of(page, tmp_path):
    """The page's ```python blocks as one program; a block after <!-- not run --> is left out."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"<!-- not run -->\s*```.*?```", "", text, flags=re.S)
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    if blocks:
        program = tmp_path / "page.py"
        program.write_text("\n".join(blocks), encoding="utf-8")
        _run([str(program)], tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_of(page):
    """Relative links lead to files of the repository."""
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}, which does not exist"


def _commands(page):
    """The commands of a page: lines of its ```sh blocks, and code spans that begin like one."""
    text = page.read_text(encoding="utf-8")
    lines = [
        line for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S) for line in block.splitlines()
    ]
    lines += [" ".join(span.split()) for span in re.findall(r"`((?:python|rushlight) [^`]*)`", text)]
    for line in lines:
        for command in re.split(r" && ", line.partition("  #")[0]):
            words = command.split()
            if words and words[0] in ("python", "rushlight"):
                yield words


@functools.cache
def _help(*arguments):
    return _run([*arguments, "--help"], ROOT)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_of(page):
    """What a page tells to run is there: the file, the subcommand, each option."""
    for words in _commands(page):
        if words[0] == "python" and words[1] == "-m":
            words = words[2:]
            if words[0] != "rushlight":
                continue  # venv, pytest: not ours
        elif words[0] == "python":
            words = words[1:]
        if words[0].endswith(".py"):
            if not (ROOT / words[0]).parent.samefile(ROOT):  # else the reader's: script.py, train.py
                assert (ROOT / words[0]).is_file(), f"{page.name}: no {words[0]}"
                text = _help(str(ROOT / words[0]))
                if words[0] == "tools/dev.py" and len(words) > 1 and not words[1].startswith("{"):
                    assert words[1] in text, f"{page.name}: {words}"
                    continue  # further words go on to other programs
            else:
                continue
        else:
            text = _help("-m", "rushlight") + _help("-m", "rushlight", "mnist")
        for option in (w.partition("=")[0] for w in words[1:] if w.startswith("--")):
            assert option in text, f"{page.name}: {' '.join(words)}: no {option}"


def test_the_translation_says_the_same():
    """README.zh-CN.md has the sections, the code and the links of README.md."""
    pages = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")]
    blocks = [re.findall(r"^```(\w+)\n(.*?)^```", page, re.M | re.S) for page in pages]
    without_comments = [[(kind, re.sub(r" *#.*", "", text)) for kind, text in found] for found in blocks]
    assert without_comments[0] == without_comments[1]
    for pattern in (r"^(#+) ", r"\]\((?!#)([^)]*)\)", r"^- \*\*"):
        ours, theirs = (re.findall(pattern, page, re.M) for page in pages)
        assert ours == theirs
    prose = [re.sub(r"^```.*?^```", "", page, flags=re.M | re.S) for page in pages]
    names = [{" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)} for text in prose]
    assert names[0] == names[1]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda p: p.name)
def test_example(example, tmp_path):
    _run([str(example)], tmp_path)
