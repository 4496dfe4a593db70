"""The developer's menu: python tools/dev.py {build,test,smoke,lint,types,bench,docs,size} [arguments]."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "rushlight"


def run(*command: str | Path, **options) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    code = subprocess.run([str(c) for c in command], cwd=ROOT, env=environment, **options).returncode
    if code:
        sys.exit(code)


def build(rest: list[str]) -> None:
    """Compile `_C` in build/ and put it into src/rushlight. Further arguments go to CMake."""
    folder = ROOT / "build"
    run("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", f"-DPython_EXECUTABLE={sys.executable}", *rest)
    run("cmake", "--build", folder)
    for old in PACKAGE.glob("_C*.so"):
        old.unlink()
    (library,) = folder.glob("_C*.so")
    shutil.copy2(library, PACKAGE)


def test(rest: list[str]) -> None:
    """Run the test suite."""
    run(sys.executable, "-m", "pytest", *rest)


MENU = {f.__name__: f for f in (build, test)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=MENU, help="; ".join(f"{n}: {f.__doc__}" for n, f in MENU.items()))
    arguments, rest = parser.parse_known_args()
    MENU[arguments.command](rest)


if __name__ == "__main__":
    main()
