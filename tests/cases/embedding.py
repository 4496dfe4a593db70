"""Cases of ops/embedding.py and ops/distance.py."""

import itertools

import numpy as np

from harness import OpCase, T, call, fails


def _numbers(*shape, high, **options):
    return T(*shape, dtype="int64", low=0, high=high, **options)


def embedding_bag(
    input,
    weight,
    offsets=None,
    mode="mean",
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    if input.ndim == 2:
        bags = list(input)
        factors = [None] * len(bags) if per_sample_weights is None else list(per_sample_weights)
    else:
        ends = [*offsets, input.size] if not include_last_offset else list(offsets)
        bags = [input[a:b] for a, b in itertools.pairwise(ends)]
        factors = [
            None if per_sample_weights is None else per_sample_weights[a:b]
            for a, b in itertools.pairwise(ends)
        ]
    rows = []
    for bag, factor in zip(bags, factors):
        kept = bag != padding_idx if padding_idx is not None else np.ones(bag.shape, bool)
        part = weight[bag] if factor is None else weight[bag] * factor[:, None]
        part = part[kept]
        rows.append(getattr(part, mode)(0) if len(part) else np.zeros(weight.shape[1]))
    return np.array(rows)


def _norm(d, p):
    if p == np.inf:
        return np.abs(d).max(-1)
    return (d != 0).sum(-1).astype(float) if p == 0 else (np.abs(d) ** p).sum(-1) ** (1 / p)


def cdist(a, b, p=2.0, compute_mode=None):
    return _norm(a[..., :, None, :] - b[..., None, :, :], p)


def cosine_similarity(a, b, dim=1, eps=1e-8):
    def unit(x):
        return x / np.maximum(np.sqrt((x * x).sum(dim, keepdims=True)), eps)

    return (unit(a) * unit(b)).sum(dim)


CASES = [
    OpCase(
        "nn.functional.embedding",
        [
            call(_numbers(3, 4, high=7), T(7, 5)),
            # Not the numerical gradients, by intent: too large for gradcheck.
            call(_numbers(60, high=30), T(30, 22), padding_idx=1),
            call(_numbers(60, high=30), T(30, 22), padding_idx=-1, scale_grad_by_freq=True),
            call(T(values=2, dtype="int64"), T(3, 2)),
            call(T(0, dtype="int64"), T(3, 2)),
            call(T(values=[1, 0], dtype="int32"), T(3, 2)),
        ],
        reference=lambda i, w, **options: w[i],
        dtypes=("float32", "float64", "float16", "bfloat16"),
        torch_dtypes=("float32", "float64"),
        big=call(_numbers(50, 40, high=300), T(300, 64)),
        errors=[
            fails(
                IndexError, "embedding: input must be in [0, 3), got 9", T(values=[9], dtype="int64"), T(3, 2)
            ),
            fails(
                IndexError,
                "embedding: input must be in [0, 3), got -1",
                T(values=[-1], dtype="int64"),
                T(3, 2),
            ),
            fails(RuntimeError, "embedding: weight must be 2-D", T(values=[1], dtype="int64"), T(3)),
            fails(RuntimeError, "embedding: input must have dtype Long or Int", T(3), T(3, 2)),
            fails(
                AssertionError,
                "embedding: padding_idx must be within num_embeddings",
                T(values=[1], dtype="int64"),
                T(3, 2),
                padding_idx=9,
            ),
        ],
        variants=False,
    ),
    OpCase(
        "nn.functional.embedding_bag",
        [
            call(_numbers(3, 4, high=7), T(7, 5)),
            call(_numbers(3, 4, high=7), T(7, 5), mode="sum", per_sample_weights=T(3, 4)),
            call(_numbers(3, 4, high=7), T(7, 5, distinct=True), mode="max"),
            call(_numbers(6, high=7), T(7, 5), T(values=[0, 2, 2, 5], dtype="int64")),
            call(
                _numbers(6, high=7), T(7, 5, distinct=True), T(values=[0, 2, 2, 5], dtype="int64"), mode="max"
            ),
            call(
                _numbers(6, high=7),
                T(7, 5),
                T(values=[0, 4, 6], dtype="int64"),
                mode="sum",
                include_last_offset=True,
            ),
            call(T(values=[[1, 2, 4], [2, 2, 2]], dtype="int64"), T(7, 5), padding_idx=2),
        ],
        reference=embedding_bag,
        dtypes=("float32", "float64"),
        errors=[
            fails(ValueError, "embedding_bag: offsets must be a 1D Tensor", _numbers(3, high=3), T(3, 2)),
            fails(ValueError, "embedding_bag: mode must be", _numbers(1, 3, high=3), T(3, 2), mode="x"),
            fails(
                ValueError,
                "embedding_bag: if input is 2D, then offsets has to be None",
                _numbers(1, 3, high=3),
                T(3, 2),
                T(values=[0], dtype="int64"),
            ),
            fails(
                NotImplementedError,
                "embedding_bag: per_sample_weights was not None",
                _numbers(1, 3, high=3),
                T(3, 2),
                per_sample_weights=T(1, 3),
            ),
            fails(
                RuntimeError,
                "embedding_bag: offsets[0] has to be 0",
                _numbers(3, high=3),
                T(3, 2),
                T(values=[1], dtype="int64"),
            ),
            fails(
                RuntimeError,
                "embedding_bag: offsets[-1] can not be greater",
                _numbers(3, high=3),
                T(3, 2),
                T(values=[0, 9], dtype="int64"),
            ),
        ],
        variants=False,
    ),
    OpCase(
        "nn.functional.one_hot",
        [
            call(T(values=[[0, 2], [1, 1]], dtype="int64")),
            call(T(values=[0, 2], dtype="int64"), 5),
            call(T(values=2, dtype="int64")),
            call(T(0, dtype="int64"), 3),
        ],
        reference=lambda t, n=-1: np.eye(t.max() + 1 if n == -1 else n, dtype=np.int64)[t],
        dtypes=("int64",),
        grad=False,
        errors=[
            fails(
                RuntimeError,
                "one_hot: tensor must be below num_classes, 3",
                T(values=[0, 4], dtype="int64"),
                3,
            ),
            fails(RuntimeError, "one_hot: tensor must have dtype torch.int64", T(3, dtype="float32")),
            fails(RuntimeError, "one_hot: tensor must not be negative", T(values=[-1], dtype="int64")),
            fails(RuntimeError, "one_hot: Can not infer total number of classes", T(0, dtype="int64")),
        ],
    ),
    OpCase(
        "nn.functional.pairwise_distance",
        [call(T(3, 4), T(3, 4)), call(T(3, 4), T(4), p=1.0, keepdim=True), call(T(4), T(4), p=3.0)],
        reference=lambda a, b, p=2.0, keepdim=False: (
            np.expand_dims(_norm(a - b + 1e-6, p), -1) if keepdim else _norm(a - b + 1e-6, p)
        ),
        errors=[
            fails(
                RuntimeError,
                "x1 and x2 must have shapes that broadcast together, got [3, 5] and [2, 5]",
                T(3, 5),
                T(2, 5),
            )
        ],
        also=["pairwise_distance"],
    ),
    OpCase(
        "nn.functional.cosine_similarity",
        [
            call(T(3, 4), T(3, 4)),
            call(T(3, 4, 2), T(3, 4, 2), dim=2, eps=1e-4),
            call(T(3, 4), T(1, 4), dim=-1),
        ],
        reference=cosine_similarity,
        errors=[
            fails(
                RuntimeError,
                "x1 and x2 must have shapes that broadcast together, got [3, 5] and [2, 5]",
                T(3, 5),
                T(2, 5),
            )
        ],
        also=["cosine_similarity"],
    ),
    OpCase(
        "cdist",
        [
            call(T(3, 4), T(5, 4)),
            call(T(2, 3, 4), T(5, 4), p=1.0),
            call(T(3, 4), T(5, 4), p=3.0),
            call(T(3, 4), T(5, 4), p=float("inf")),
            call(T(30, 4), T(5, 4)),
            call(T(30, 4), T(5, 4), compute_mode="donot_use_mm_for_euclid_dist"),
        ],
        reference=cdist,
        errors=[
            fails(RuntimeError, "cdist: x1 and x2 must have the same number of columns", T(3, 5), T(2, 4)),
            fails(RuntimeError, "cdist: x1 must have at least 2 dimensions", T(5), T(2, 5)),
            fails(RuntimeError, "cdist: p must be at least 0", T(3, 5), T(2, 5), p=-1.0),
        ],
        gradgrad=False,  # PyTorch's own has none for the norms without a matrix product
    ),
    OpCase(
        "nn.functional.pdist",
        [call(T(4, 3)), call(T(4, 3), 1.0)],
        reference=lambda x, p=2.0: cdist(x, x, p)[np.triu_indices(len(x), 1)],
        gradgrad=False,
        errors=[fails(RuntimeError, "pdist: input must be 2D", T(2, 3, 4))],
        also=["pdist"],
    ),
]
