"""Operations, one family a file: checks, forward, backward, composed definition, docstring."""

from __future__ import annotations

import importlib

# In the order of their import: a family may use those before it.
FAMILIES = [
    "shape",
    "split",
    "strided",
    "view_variants",
    "convert",
    "creation",
    "query",
    "fill",
    "join",
    "index",
    "mask",
    "view_scatter",
    "gather",
    "triangle",
    "arithmetic",
    "unary",
    "special",
    "comparison",
    "activation",
    "reduce",
    "cumulative",
    "sort",
    "sets",
    "statistics",
    "matmul",
    "linear",
    "einsum",
    "vector_norm",
    "decomposition",
    "linalg",
    "conv",
    "pool",
    "unpool",
    "fold",
    "norm",
    "softmax",
    "loss",
    "linear_cross_entropy",
    "distance",
    "margin",
    "ctc",
    "dropout",
    "embedding",
    "random",
    "padding",
    "upsample",
    "pixel",
    "vision",
    "attention",
    "rnn",
    "native",  # last: its names are those of torch where they differ from nn.functional's
]


def _families() -> dict:
    found = {}
    for name in FAMILIES:
        try:
            found[name] = importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as e:
            if e.name != f"{__name__}.{name}":
                raise
    return found


families = _families()
