"""Writes docs/roofline.md: how near each kernel comes to what the machine can do.

    python benchmarks/roofline.py --out docs/roofline.md

Both ceilings are measured in the same run: the memory's rate by copying a large array with all
threads, the arithmetic's, that of the vector units, by the fastest of several large matrix products of
NumPy's (ours may go to a matrix unit). A kernel must do `flops`
operations and move `bytes` (declared beside its benchmark); the larger of the two times is what it
could take at best, and the fraction reached is that over the time measured.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]


# Why a family's kernels stay below the ceilings, where a benchmark does not say so itself (`note=`).
REASONS = {
    "ops/attention": "rows of a block are few at these sizes: packing, exp and short products; causal blocks are half used",
    "ops/conv": "few channels or taps: sums too short for the tile, images copied into padded frames, strides that skip",
    "ops/dropout": "generating the random numbers, some ten operations an element that do not count as MFLOP",
    "ops/elementwise": "functions of 10 to 40 operations an element, which the MFLOP do not count",
    "ops/embedding": "the gradient adds rows in the order of their indices: scattered reads",
    "ops/fold": "copies of short runs; NumPy",
    "ops/linalg": "composed of elementary operations",
    "ops/loss": "exp and log of every element; the composed ones pass over memory several times",
    "ops/matmul": "a call's overhead, or operands of one use that come from memory while they are multiplied",
    "ops/norm": "the data are read twice (statistics, then the result); small ones: the cost of a parallel region",
    "ops/padding": "copies of short runs; NumPy",
    "ops/pixel": "a permuted copy of short runs",
    "ops/pool": "the indices of maxima are int64: twice the bytes counted; strided reads",
    "ops/random": "generating and transforming random numbers; permutations and rejection are serial by their definition",
    "ops/reduce": "a pass for the mean and one for the deviations; scans depend on the element before",
    "ops/softmax": "exp of every element, which the MFLOP do not count; dims other than the last are strided",
    "ops/sort": "comparisons, not bytes, bound sorting",
    "ops/triangle": "NumPy",
    "ops/upsample": "gathers of single pixels and their weights",
    "ops/vector_norm": "composed of elementary operations",
    "ops/vision": "gathers of single pixels",
}


def best(f: Callable[[], object], repeat: int = 7) -> float:
    """The shortest of several calls, in seconds."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return min(times)


def memory_rate(threads: int) -> float:
    """Bytes a second that a copy of 256 MB reads and writes."""
    import numpy as np

    parts = [(np.ones(32 << 20, np.float32), np.empty(32 << 20, np.float32)) for _ in range(threads)]

    def copy_all() -> None:
        workers = [threading.Thread(target=np.copyto, args=(to, source)) for source, to in parts]
        for w in workers:
            w.start()
        for w in workers:
            w.join()

    copy_all()
    return sum(s.nbytes + t.nbytes for s, t in parts) / best(copy_all)


def arithmetic_rate() -> float:
    """Float32 operations a second of the fastest of NumPy's large matrix products: on the vector units."""
    import numpy as np

    rate = 0.0
    for n in (1024, 2048):
        a, b = np.random.default_rng(0).standard_normal((2, n, n), dtype=np.float32)
        rate = max(rate, 2 * n**3 / best(lambda a=a, b=b: a @ b))
    return rate


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "roofline.md")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--budget", type=float, default=0.5)
    options = parser.parse_args()
    import registry
    from run import machine, run_worker

    bandwidth, flops = memory_rate(options.threads), arithmetic_rate()
    rows, below = [], []
    benchmarks = [b for b in registry.load().values() if b.flops or b.bytes]
    times = run_worker("rushlight", [b.name for b in benchmarks], options.threads, options.budget)
    for b in benchmarks:
        measured = times[b.name]
        if not isinstance(measured, list):
            below.append(f"- `{b.name}`: does not run ({measured})")
            continue
        median = sorted(measured)[len(measured) // 2]
        by_memory, by_arithmetic = b.bytes / bandwidth, b.flops / flops
        fraction = max(by_memory, by_arithmetic) / median
        bound = "memory" if by_memory >= by_arithmetic else "arithmetic"
        rows.append(
            f"| `{b.name}` | {b.bytes / 1e6:.1f} | {b.flops / 1e6:.0f} | {median * 1e3:.3f} | {bound} | {fraction:.0%} |"
        )
        if fraction < 0.6:
            below.append(
                f"- `{b.name}` ({fraction:.0%}): {b.note or REASONS.get(b.group, 'not explained yet')}"
            )
    m = machine()
    text = [
        "# Roofline",
        "",
        "Written by `python benchmarks/roofline.py`; how it measures is told at the top of that file.",
        "",
        f"Machine: {m['cpu']}, {options.threads} threads. Ceilings measured in this run: "
        f"{bandwidth / 1e9:.1f} GB/s, {flops / 1e9:.0f} GFLOP/s.",
        "More than 100% of the memory's ceiling means that the data stayed in a cache, of the arithmetic's (which is that",
        "of the vector units) that fewer multiplications do than are counted, in Winograd's algorithm for windows of 3x3,",
        "or that a matrix unit made the product.",
        "",
        "| kernel | MB | MFLOP | ms | bound by | of the ceiling |",
        "| --- | ---: | ---: | ---: | --- | ---: |",
        *rows,
        "",
        "## Under 60%",
        "",
        *(below or ["None."]),
    ]
    options.out.write_text("\n".join(text) + "\n")
    print("\n".join(text))


if __name__ == "__main__":
    main()
