"""Time and peak memory of a training step as batch and model grow, beside PyTorch's.

    python benchmarks/scaling.py --json docs/scaling.json --plot docs/scaling.png

Each point runs in a process of its own, so that its peak memory is its own. Memory is the highest
resident size above what the process had after its imports.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CURVES = {  # network: (label of the axis, points)
    "mlp, batch": [16, 64, 256, 1024, 4096],
    "mlp, width": [64, 256, 1024, 2048],
    "cnn, batch": [4, 16, 64, 128],
    "cnn, width": [16, 32, 64, 128],
    "gpt, batch": [1, 4, 16, 32],
    "gpt, width": [64, 128, 256, 512],
}


def point(lib: Any, curve: str, size: int) -> Any:
    """The training step at one point of a curve."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import registry

    registry._group = "models"
    networks = importlib.import_module("models.networks")
    kind, _, axis = curve.partition(", ")
    batch = size if axis == "batch" else {"mlp": 64, "cnn": 16, "gpt": 8}[kind]
    if kind == "mlp":
        net = networks.mlp(lib, size if axis == "width" else 256)
        x, y = lib.randn(batch, 1, 28, 28), lib.randint(0, 10, (batch,))
    elif kind == "cnn":
        net = networks.cnn(lib, size if axis == "width" else 64)
        x, y = lib.randn(batch, 3, 32, 32), lib.randint(0, 10, (batch,))
    else:
        net = networks.gpt(lib, d=size if axis == "width" else 256)
        x, y = lib.randint(0, 512, (batch, 128)), lib.randint(0, 512, (batch * 128,))
    return networks.step(lib, net, x, y, networks.adam(lib, net))


def resident() -> int:
    """The process's highest resident size so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def worker(lib_name: str, curve: str, size: int, threads: int) -> None:
    lib = importlib.import_module(lib_name)
    for module in ("nn", "nn.functional", "optim"):
        importlib.import_module(f"{lib_name}.{module}")
    lib.set_num_threads(threads)
    lib.manual_seed(0)
    from worker import timed

    before = resident()
    times = sorted(timed(point(lib, curve, size), 1.0))
    print(json.dumps({"seconds": times[len(times) // 2], "bytes": resident() - before}))


def measure(lib: str, curve: str, size: int, threads: int) -> dict[str, Any]:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "benchmarks"), str(ROOT / "tests")])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, __file__, "--worker", lib, curve, str(size), "--threads", str(threads)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1] if done.stderr else str(done.returncode)}
    return json.loads(done.stdout)


def plot(results: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    figure, axes = plt.subplots(2, len(results), figsize=(3.2 * len(results), 6), squeeze=False)
    for column, (curve, by_lib) in enumerate(results.items()):
        for row, (key, unit, scale) in enumerate(
            (("seconds", "ms per step", 1e3), ("bytes", "peak MB", 1e-6))
        ):
            ax = axes[row][column]
            for lib, color in (("torch", "tab:orange"), ("rushlight", "tab:blue")):
                points = [(p["size"], p[key] * scale) for p in by_lib[lib] if key in p]
                ax.plot(*zip(*points), "o-", color=color, label={"torch": "PyTorch"}.get(lib, lib))
            ax.set(xscale="log", yscale="log", xlabel=curve.partition(", ")[2], ylabel=unit)
            sizes = [p["size"] for p in by_lib["torch"]]
            ax.set_xticks(sizes, [str(n) for n in sizes])
            ax.xaxis.set_minor_formatter(NullFormatter())
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            ax.yaxis.set_minor_formatter(NullFormatter())
            if row == 0:
                ax.set_title(curve)
            ax.grid(alpha=0.3)
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--only", default="", help="curves whose name contains this")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    if options.worker:
        lib, curve, size = options.worker
        worker(lib, curve, int(size), options.threads)
        return
    results: dict[str, Any] = {}
    for curve, sizes in CURVES.items():
        if options.only not in curve:
            continue
        results[curve] = {lib: [] for lib in ("rushlight", "torch")}
        for size in sizes:
            for lib in results[curve]:
                results[curve][lib].append({"size": size, **measure(lib, curve, size, options.threads)})
            ours, theirs = (results[curve][lib][-1] for lib in ("rushlight", "torch"))
            print(
                f"{curve:12s}{size:6d}  "
                + "  ".join(describe(lib, p) for lib, p in (("rushlight", ours), ("torch", theirs)))
            )
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    if options.plot:
        plot(results, options.plot)


def describe(lib: str, p: dict[str, Any]) -> str:
    if "error" in p:
        return f"{lib}: {p['error']}"
    return f"{lib}: {p['seconds'] * 1e3:9.2f} ms {p['bytes'] / 1e6:8.1f} MB"


if __name__ == "__main__":
    main()
