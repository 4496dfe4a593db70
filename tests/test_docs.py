"""The Python blocks of README and docs run, in order; the examples run."""

from __future__ import annotations

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


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda p: p.name)
def test_example(example, tmp_path):
    _run([str(example)], tmp_path)
