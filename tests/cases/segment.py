"""Cases of ops/segment.py."""

import itertools

import numpy as np

from harness import OpCase, T, call, fails
from rushlight.ops.segment import _segment_reduce

REDUCE = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod}


def _reference(x, reduce, lengths=None, offsets=None, axis=0, unsafe=False, initial=None):
    cuts = [0, *np.cumsum(lengths)] if offsets is None else offsets
    found = []
    for first, end in itertools.pairwise(cuts):
        part = x[int(first) : int(end)]
        if initial is not None:
            start = np.full((1, *x.shape[1:]), initial)
            n = len(part)
            part = np.concatenate([start, part])
            found.append(part.sum(0) / max(n, 1) if reduce == "mean" else REDUCE[reduce](part, 0))
        else:
            found.append(REDUCE[reduce](part, 0) if len(part) or reduce in ("sum", "prod") else
                         np.full(x.shape[1:], {"mean": np.nan, "max": -np.inf, "min": np.inf}[reduce]))  # fmt: skip
    return np.stack(found)


def _composed(x, reduce, lengths=None, offsets=None, axis=0, unsafe=False, initial=None):
    cuts = [0, *np.cumsum(lengths.numpy())] if offsets is None else offsets.numpy()
    return _segment_reduce(x, reduce, np.array(cuts), axis, initial)


LENGTHS = T(values=[2, 0, 4], dtype="int64")
FULL = T(values=[2, 4], dtype="int64")

CASES = [
    OpCase(
        "segment_reduce",
        [
            *(call(T(6, distinct=True), r, lengths=FULL) for r in REDUCE),
            *(call(T(6, 3), r, lengths=FULL) for r in REDUCE),
            *(call(T(6, 2), r, lengths=LENGTHS, initial=0.5) for r in REDUCE),
            call(T(6), "sum", lengths=LENGTHS),
            call(T(6), "prod", lengths=LENGTHS),
            call(T(6), "sum", offsets=T(values=[0, 2, 6], dtype="int64")),
            call(T(6), "mean", lengths=T(values=[2, 3], dtype="int32"), unsafe=True),
        ],
        reference=_reference,
        composed=_composed,
        big=call(T(4000, 20), "sum", lengths=T(values=[4] * 1000, dtype="int64")),
        gradgrad=True,
        errors=[
            fails(RuntimeError, "segment_reduce: lengths or offsets must be given", T(6), "sum"),
            fails(RuntimeError, "segment_reduce: reduce must be one of sum", T(6), "any", lengths=FULL),
            fails(RuntimeError, "segment_reduce: indices must be None", T(6), "sum", indices=FULL),
            fails(
                RuntimeError,
                "segment_reduce: lengths must sum to the size of axis, 7",
                T(7),
                "sum",
                lengths=FULL,
            ),
            fails(
                RuntimeError,
                "segment_reduce: lengths must not be negative, got -1",
                T(6),
                "sum",
                lengths=T(values=[-1, 7], dtype="int64"),
            ),
            fails(
                RuntimeError,
                "segment_reduce: lengths must have the shape of data's dims up to axis",
                T(2, 6),
                "sum",
                lengths=FULL,
                axis=1,
            ),
            fails(
                NotImplementedError,
                "segment_reduce: data must be floating-point",
                T(6, dtype="int64"),
                "sum",
                lengths=FULL,
            ),
            fails(
                NotImplementedError,
                "segment_reduce: lengths must be int32 or int64",
                T(6),
                "sum",
                lengths=T(2),
            ),
            fails(
                RuntimeError,
                "segment_reduce: offsets must not decrease",
                T(6),
                "sum",
                offsets=T(values=[0, 4, 2], dtype="int64"),
            ),
        ],
    ),
    OpCase(
        "segment_reduce",
        [
            call(T(2, 6), "max", lengths=T(values=[[2, 4], [3, 3]], dtype="int64"), axis=1),
            call(T(2, 6, 2), "prod", lengths=T(values=[[2, 4], [6, 0]], dtype="int64"), axis=1),
        ],
        gradgrad=False,
        torch_dtypes=("float32", "float64"),
        id="segment_reduce-axis",
    ),
]
