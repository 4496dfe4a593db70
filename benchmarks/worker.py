"""Times benchmarks under one library and prints a JSON line for each. Run by harness.py and compare.py."""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import sys
import time
import warnings


def timed(f, budget: float) -> list[float]:
    """Seconds of each call, after a warm-up, for about `budget` seconds in all; at least 5 calls."""
    f()
    f()
    start = time.perf_counter()
    f()
    once = max(time.perf_counter() - start, 1e-7)
    times = []
    for _ in range(max(5, min(2000, int(budget / once)))):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lib", choices=["rushlight", "torch"], required=True)
    parser.add_argument("--names", required=True, help="comma-separated")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--budget", type=float, default=0.5, help="seconds for each benchmark")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    lib = importlib.import_module(options.lib)
    for module in ("nn", "nn.functional", "optim", "utils.data"):
        importlib.import_module(f"{options.lib}.{module}")
    lib.set_num_threads(options.threads)
    import registry

    benchmarks = registry.load()
    for name in options.names.split(","):
        benchmark = benchmarks[name]
        lib.manual_seed(0)
        try:
            run = benchmark.make(lib)
            gc.collect()
            times = [t / benchmark.inner for t in timed(run, options.budget)]
            result = {"name": name, "times": times}
        except Exception as e:
            result = {"name": name, "error": f"{type(e).__name__}: {e}"[:300]}
        print(json.dumps(result), flush=True)
        run = None
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
