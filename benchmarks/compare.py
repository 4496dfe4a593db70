"""Holds this tree against an earlier commit: both are built the same way and timed in turns.

    python benchmarks/compare.py HEAD~5 --only 'softmax*' --factor 1.1

Ends with code 1 when a benchmark takes more than `--factor` times as long as at that commit, by its
median and with its quartiles apart. The benchmarks of this tree are run against both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from run import ROOT, chosen, in_turns, milliseconds


def built(commit: str, folder: Path, arguments: list[str]) -> Path:
    """A work tree of `commit` with its compiled part."""
    subprocess.run(["git", "worktree", "add", "--detach", str(folder), commit], cwd=ROOT, check=True)
    subprocess.run([sys.executable, "tools/dev.py", "build", *arguments], cwd=folder, check=True, stdout=2)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commit", help="what to compare with, for example HEAD~1 or a tag")
    parser.add_argument("--only", default="", help="comma-separated names or shell patterns")
    parser.add_argument("--cases", action="store_true", help="also the big call of every test case")
    parser.add_argument("--factor", type=float, default=1.1, help="slower than this fails (default 1.1)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--budget", type=float, default=1.0, help="seconds for each benchmark and side")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--cmake", action="append", default=[], help="argument for the build of the commit")
    options = parser.parse_args()
    names = chosen(options.only, options.cases)
    if not names:
        sys.exit(f"no benchmark is called {options.only!r}")
    with tempfile.TemporaryDirectory() as temporary:
        before = built(options.commit, Path(temporary) / "before", options.cmake)
        try:
            sides = {
                "now": {"lib": "rushlight", "source": ROOT},
                "before": {"lib": "rushlight", "source": before},
            }
            results = in_turns(sides, names, options.threads, options.budget, options.rounds)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(before)], cwd=ROOT, check=True)
    slower = []
    for name, sides in results.items():
        now, then = sides["now"], sides["before"]
        if "error" in now or "error" in then:
            print(f"{name:45s} {now.get('error', '')} {then.get('error', '')}")
            if "error" in now and "error" not in then:
                slower.append(name)
            continue
        factor = now["median"] / then["median"]
        mark = ""
        if factor > options.factor and now["low"] > then["high"]:
            mark = "  slower"
            slower.append(name)
        print(f"{name:45s} {milliseconds(then):>12s} -> {milliseconds(now):>12s}   x{factor:.2f}{mark}")
    if slower:
        sys.exit(f"slower than {options.commit} by more than {options.factor}: {', '.join(slower)}")


if __name__ == "__main__":
    main()
