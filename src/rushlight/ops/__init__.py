"""Operations, one family a file: checks, forward, backward, composed definition, docstring."""

from __future__ import annotations

import importlib
from typing import Any

from ..public import public
from ..tensor import Tensor

# In the order of their import: a family may use those before it.
FAMILIES = [
    "shape",
    "split",
    "strided",
    "view_variants",
    "convert",
    "creation",
    "from_data",
    "ranges",
    "query",
    "fill",
    "join",
    "index",
    "mask",
    "view_scatter",
    "gather",
    "triangle",
    "arithmetic",
    "powers",
    "binary",
    "ternary",
    "rounding",
    "complex",
    "unary",
    "clamp",
    "special",
    "comparison",
    "activation",
    "reduce",
    "variance",
    "extremes",
    "cumulative",
    "sort",
    "sets",
    "statistics",
    "matmul",
    "linear",
    "einsum",
    "vector_norm",
    "decomposition",
    "eigen",
    "linalg",
    "conv",
    "pool",
    "max_pool",
    "unpool",
    "fold",
    "norm",
    "softmax",
    "loss",
    "cross_entropy",
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

# Families that few programs need, imported at the first use of one of their names: family -> its functions.
LATE = {
    "copies": ("alias_copy", "slice_copy"),
    "differences": ("gradient",),
    "factor": ("geqrf", "lu_unpack", "orgqr", "ormqr"),
    "hashing": ("hash_tensor",),
    "histogramdd": ("histogramdd",),
    "lowrank": ("lobpcg", "pca_lowrank", "svd_lowrank"),
    "positions": ("nonzero_static", "unravel_index"),
    "segment": ("segment_reduce",),
    "spectral": ("istft", "stft"),
    "windows": ("bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"),
}
# Which of them are methods of Tensor too.
LATE_METHODS = {
    "factor": ("geqrf", "orgqr", "ormqr"),
    "hashing": ("hash_tensor",),
    "positions": ("nonzero_static",),
    "spectral": ("istft", "stft"),
}


def _families() -> dict:
    found = {}
    for name in FAMILIES:
        try:
            found[name] = importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as e:
            if e.name != f"{__name__}.{name}":
                raise
    return found


def _late_method(family: str, name: str) -> None:
    """Put a method on Tensor that imports its family, which puts the real one in its place."""

    def first_use(self: Any, *args: Any, **kwargs: Any) -> Any:
        importlib.import_module(f"{__name__}.{family}")
        return getattr(Tensor, name)(self, *args, **kwargs)

    first_use.__name__ = name
    first_use.__qualname__ = f"Tensor.{name}"
    first_use.__doc__ = f"See `{name}`."
    setattr(Tensor, name, first_use)


families = _families()
for _name, _value in list(vars(Tensor).items()):
    if not _name.startswith("_"):
        setattr(Tensor, _name, public(_value, _name, method=True))
for _family, _names in LATE_METHODS.items():
    for _name in _names:
        _late_method(_family, _name)


def late_families() -> dict:
    """The late families, all imported."""
    return {name: importlib.import_module(f"{__name__}.{name}") for name in LATE}
