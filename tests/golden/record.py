"""Write what PyTorch gives for every program into *.json here. Run with PyTorch 2.13 on an x86 CPU with AVX2."""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from golden import programs  # noqa: E402


def digest(array: np.ndarray) -> dict[str, Any]:
    """What is kept of a result: shape, dtype, a hash of all its bits, its first and last values."""
    flat = np.ascontiguousarray(array).reshape(-1)
    few = np.concatenate([flat[:24], flat[-8:]]) if flat.size > 32 else flat
    return {
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "sha256": hashlib.sha256(flat.tobytes()).hexdigest()[:16],
        "values": short(few.tolist(), 17 if array.dtype == np.float64 else 9),
        "sum": short(float(flat.astype(np.float64).sum()), 12),
    }


def short(value: Any, digits: int) -> Any:
    """Numbers with no more digits than tell them apart."""
    if isinstance(value, list):
        return [short(v, digits) for v in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def main() -> None:
    import torch

    warnings.simplefilter("ignore")
    random = {}
    for name, program in programs.RANDOM.items():
        torch.manual_seed(0)
        random[name] = digest(program(torch).numpy())
    optim = {
        "optimizers": {name: short(programs.optimize(torch, name), 8) for name in programs.OPTIMIZERS},
        "lbfgs": {
            name: short(programs.rosenbrock(torch, **options), 8) for name, options in programs.LBFGS.items()
        },
        "schedules": {
            name: short(programs.schedule(torch, name, "Cycl" in name), 10) for name in programs.SCHEDULES
        },
    }
    for name, content in (("random", random), ("optim", optim)):  # one line a program
        text = json.dumps({"torch": torch.__version__, **content}, separators=(",", ":"))
        (HERE / f"{name}.json").write_text(text.replace('},"', '},\n"').replace(']],"', ']],\n"') + "\n")


if __name__ == "__main__":
    main()
