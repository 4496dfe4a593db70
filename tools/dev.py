"""The developer's menu: python tools/dev.py {build,test,smoke,lint,types,bench,docs,size} [arguments]."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "rushlight"
PYTHON_FOLDERS = ("src", "tests", "benchmarks", "examples", "tools")


def run(*command: str | Path) -> None:
    """Run a command from the root with this tree's package; end with its exit code when it fails."""
    path = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
    code = subprocess.run(
        [str(c) for c in command], cwd=ROOT, env={**os.environ, "PYTHONPATH": path}
    ).returncode
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
    """Run the test suite. Further arguments go to pytest."""
    run(sys.executable, "-m", "pytest", *rest)


def smoke(rest: list[str]) -> None:
    """Run the tests that take under five seconds together."""
    run(sys.executable, "-m", "pytest", "-q", "tests/test_smoke.py", *rest)


def lint(rest: list[str]) -> None:
    """Check format and style of Python and C++; with --fix, repair what can be repaired."""
    fix = "--fix" in rest
    folders = [f for f in PYTHON_FOLDERS if (ROOT / f).is_dir()]
    sources = sorted(str(p.relative_to(ROOT)) for e in ("*.h", "*.cpp") for p in (ROOT / "csrc").rglob(e))
    run("ruff", "check", *(["--fix"] if fix else []), *folders)
    run("ruff", "format", *([] if fix else ["--check"]), *folders)
    run(sys.executable, "tools/stub.py", *([] if fix else ["--check"]))
    run("clang-format", *(["-i"] if fix else ["--dry-run", "-Werror"]), *sources)


def types(rest: list[str]) -> None:
    """Check the package's type annotations."""
    run(sys.executable, "-m", "mypy", *rest)


def bench(rest: list[str]) -> None:
    """Time rushlight and, where installed, PyTorch in turns. See benchmarks/run.py --help."""
    run(sys.executable, "benchmarks/run.py", *rest)


def docs(rest: list[str]) -> None:
    """Run every example of the docstrings and the documentation pages."""
    run(sys.executable, "-m", "pytest", "-q", "tests/test_doctests.py", "tests/test_docs.py", *rest)


def size(rest: list[str]) -> None:
    """Tell lines of code by part, the largest files, bytes installed, and the import's time."""

    def lines(path: Path) -> int:
        return sum(1 for line in path.read_text(encoding="utf-8").splitlines() if line.strip())

    for part in ("src", "csrc", "tests", "benchmarks", "examples", "tools"):
        files = [p for e in ("*.py", "*.pyi", "*.h", "*.cpp") for p in (ROOT / part).rglob(e)]
        print(f"{part:11s}{len(files):5d} files {sum(map(lines, files)):7d} lines")
    package = [p for e in ("*.py", "*.h", "*.cpp") for top in ("src", "csrc") for p in (ROOT / top).rglob(e)]
    print(
        "largest: "
        + ", ".join(f"{p.relative_to(ROOT)} {lines(p)}" for p in sorted(package, key=lines)[:-6:-1])
    )
    installed = [p for p in PACKAGE.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    print(f"installed: {sum(p.stat().st_size for p in installed) / 1e6:.1f} MB without NumPy and ml_dtypes")
    code = (
        "import time, numpy, ml_dtypes; t = time.perf_counter(); import rushlight; "
        "print(f'import: {(time.perf_counter() - t) * 1e3:.0f} ms after NumPy')"
    )
    run(sys.executable, "-c", code)


MENU: dict[str, Callable[[list[str]], None]] = {
    f.__name__: f for f in (build, test, smoke, lint, types, bench, docs, size)
}


def main() -> None:
    about = "\n".join(f"  {name:7s}{f.__doc__}" for name, f in MENU.items())
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=MENU)
    arguments, rest = parser.parse_known_args()
    MENU[arguments.command](rest)


if __name__ == "__main__":
    main()
