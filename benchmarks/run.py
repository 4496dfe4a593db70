"""Times rushlight and PyTorch in turns, each in its own process with the same threads.

    python benchmarks/run.py                            # all of ops/ and models/
    python benchmarks/run.py --only 'mlp*,softmax*'     # shell patterns
    python benchmarks/run.py --cases                    # also one of each test case
    python benchmarks/run.py --json results.json
    python benchmarks/run.py --pages results.json       # writes README's table and docs/benchmarks.md from a file

The figure is the ratio PyTorch / rushlight of the medians: above 1, rushlight is faster. The quartiles
tell how far to trust it.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MARKS = ("<!-- benchmarks: begin -->", "<!-- benchmarks: end -->")


def machine() -> dict[str, str]:
    model = platform.processor()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return {"cpu": model, "cores": str(os.cpu_count()), "python": platform.python_version()}


def run_worker(
    lib: str, names: list[str], threads: int, budget: float, source: Path = ROOT
) -> dict[str, Any]:
    """name -> list of seconds, or the error's text."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    if lib == "rushlight" and (source / "src").is_dir():
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, (str(source / "src"), os.environ.get("PYTHONPATH")))
        )
    command = [sys.executable, str(HERE / "worker.py"), "--lib", lib, "--names", ",".join(names)]
    command += ["--threads", str(threads), "--budget", str(budget)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    results: dict[str, Any] = {}
    for line in done.stdout.splitlines():
        message = json.loads(line)
        results[message["name"]] = message.get("times", message.get("error"))
    for name in names:
        results.setdefault(name, f"the worker ended with code {done.returncode}: {done.stderr[-200:]}")
    return results


def in_turns(
    sides: dict[str, dict[str, Any]], names: list[str], threads: int, budget: float, rounds: int
) -> dict[str, dict[str, Any]]:
    """Runs the sides alternately; name -> side -> {median, low, high} in seconds, or {error}."""
    collected: dict[str, dict[str, Any]] = {n: {s: [] for s in sides} for n in names}
    for turn in range(rounds):
        for side in list(sides)[:: 1 if turn % 2 == 0 else -1]:
            for name, times in run_worker(
                names=names, threads=threads, budget=budget / rounds, **sides[side]
            ).items():
                if isinstance(times, list) and isinstance(collected[name][side], list):
                    collected[name][side] += times
                elif not isinstance(times, list):
                    collected[name][side] = times
    return {n: {s: summary(v) for s, v in by_side.items()} for n, by_side in collected.items()}


def summary(times: Any) -> dict[str, Any]:
    if not isinstance(times, list):
        return {"error": times}
    low, median, high = statistics.quantiles(times, n=4)
    return {"median": median, "low": low, "high": high, "count": len(times)}


def milliseconds(entry: dict[str, Any]) -> str:
    if "error" in entry:
        return "fails"
    m = entry["median"] * 1e3
    return f"{m:.3f} ms" if m < 1 else f"{m:.1f} ms"


def table(results: dict[str, dict[str, Any]]) -> list[str]:
    """The results as a Markdown table and a last line with the geometric mean."""
    lines = ["| workload | PyTorch | rushlight | ratio |", "| --- | ---: | ---: | ---: |"]
    logs = []
    for name, sides in results.items():
        ours, theirs = sides["rushlight"], sides.get("torch", {"error": "not run"})
        ratio = ""
        if "median" in ours and "median" in theirs:
            logs.append(math.log(theirs["median"] / ours["median"]))
            ratio = f"{math.exp(logs[-1]):.2f}"
        lines.append(f"| {name} | {milliseconds(theirs)} | {milliseconds(ours)} | {ratio} |")
    if logs:
        lines.append("")
        lines.append(
            f"Geometric mean of {len(logs)} workloads: {math.exp(sum(logs) / len(logs)):.2f}; "
            f"the worst: {math.exp(min(logs)):.2f}."
        )
    return lines


def write_pages(path: Path) -> None:
    """The networks of a results file as the table of both READMEs, all of it as docs/benchmarks.md."""
    data = json.loads(path.read_text())
    m, results = data["machine"], data["results"]
    note = f"Measured on {m['cpu']}, {data['threads']} threads, Python {m['python']}, against PyTorch {m.get('torch')}."
    networks = {n: r for n, r in results.items() if data["groups"][n] == "models"}
    text = "\n".join([MARKS[0], *table(networks), "", note, MARKS[1]])
    for readme in ("README.md", "README.zh-CN.md"):
        file = ROOT / readme
        old = file.read_text(encoding="utf-8")
        new, count = re.subn(
            f"{re.escape(MARKS[0])}.*?{re.escape(MARKS[1])}", lambda _: text, old, flags=re.S
        )
        if count != 1:
            sys.exit(f"{readme} must have the marks {MARKS} once")
        file.write_text(new, encoding="utf-8")
    page = ["# Benchmarks", "", "Written by `python benchmarks/run.py --pages results.json`. " + note, ""]
    page += ["The ratio is PyTorch's median time over rushlight's: above 1, rushlight is faster.", ""]
    page += table(results)
    (ROOT / "docs" / "benchmarks.md").write_text("\n".join(page) + "\n", encoding="utf-8")


def chosen(only: str, cases: bool) -> list[str]:
    sys.path.insert(0, str(ROOT / "src"))
    import registry

    patterns = [p for p in only.split(",") if p]
    names = []
    for name, benchmark in registry.load().items():
        if patterns and not any(fnmatch.fnmatchcase(name, p) for p in patterns):
            continue
        if benchmark.group == "cases" and not cases and not patterns:
            continue
        names.append(name)
    return names


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="comma-separated names or shell patterns")
    parser.add_argument("--cases", action="store_true", help="also the big call of every test case")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--budget", type=float, default=1.0, help="seconds for each benchmark and library")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each library")
    parser.add_argument("--no-torch", action="store_true")
    parser.add_argument("--list", action="store_true", help="print the names only")
    parser.add_argument("--json", type=Path, help="write everything to this file")
    parser.add_argument(
        "--pages", type=Path, help="write README's table and docs/benchmarks.md from this file, and stop"
    )
    options = parser.parse_args()
    if options.pages:
        write_pages(options.pages)
        return
    names = chosen(options.only, options.cases)
    if options.list:
        print("\n".join(names))
        return
    if not names:
        sys.exit(f"no benchmark is called {options.only!r}; --list tells the names")
    sides: dict[str, dict[str, Any]] = {"rushlight": {"lib": "rushlight"}}
    if not options.no_torch:
        sides["torch"] = {"lib": "torch"}
    results = in_turns(sides, names, options.threads, options.budget, options.rounds)
    print("\n".join(table(results)))
    for name, by_side in results.items():
        for side, entry in by_side.items():
            if "error" in entry:
                print(f"{name} under {side}: {entry['error']}")
    if options.json:
        versions = {}
        if not options.no_torch:
            from importlib.metadata import version

            versions["torch"] = version("torch").partition("+")[0]
        import registry

        groups = {name: registry.load()[name].group for name in results}
        data = {
            "machine": {**machine(), **versions},
            "threads": options.threads,
            "groups": groups,
            "results": results,
        }
        options.json.write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
