"""Cases of ops/pool.py, ops/max_pool.py, ops/unpool.py and ops/fold.py."""

import itertools

import numpy as np

from harness import OpCase, T, call, fails
from rushlight.ops import max_pool, pool

FLOATS = ("float32", "float64")
HALVES = (*FLOATS, "float16", "bfloat16")


def tuples(n, *values):
    return [(v,) * n if isinstance(v, int) else tuple(v) for v in values]


def windows(size, k, s, p, d, ceil):
    """For each dimension: the inputs of each window, and its size with the padding."""
    found = []
    for i, kk, t, q, dd in zip(size, k, s, p, d):
        span = dd * (kk - 1) + 1
        out = -(-(i + 2 * q - span) // t) + 1 if ceil else (i + 2 * q - span) // t + 1
        if ceil and (out - 1) * t >= i + q:
            out -= 1
        found.append([
            ([j for j in range(o * t - q, o * t - q + span, dd) if 0 <= j < i], min(o * t - q + kk, i + q) - (o * t - q))
            for o in range(out)
        ])  # fmt: skip
    return found


def adaptive_windows(size, out):
    return [[(list(range(o * i // n, -(-(o + 1) * i // n))), 0) for o in range(n)] for i, n in zip(size, out)]


def apply(x, found, f):
    n = len(found)
    y = np.zeros((*x.shape[:-n], *map(len, found)), x.dtype)
    for at in itertools.product(*[range(len(w)) for w in found]):
        chosen = [w[a] for a, w in zip(at, found)]
        box = x[(..., *np.ix_(*[c[0] for c in chosen]))]
        y[(..., *at)] = f(
            box.reshape(*x.shape[:-n], int(np.prod(box.shape[-n:]))), np.prod([c[1] for c in chosen])
        )
    return y


def max_reference(n):
    def f(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        k, p, d = tuples(n, kernel_size, padding, dilation)
        s = k if stride is None else tuples(n, stride)[0]
        return apply(x, windows(x.shape[-n:], k, s, p, d, ceil_mode), lambda box, _: box.max(-1))

    return f


def avg_reference(n):
    def f(
        x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
    ):
        k, p = tuples(n, kernel_size, padding)
        s = k if stride is None else tuples(n, stride)[0]

        def mean(box, padded):
            return box.sum(-1) / (divisor_override or (padded if count_include_pad else box.shape[-1]))

        return apply(x, windows(x.shape[-n:], k, s, p, (1,) * n, ceil_mode), mean)

    return f


def adaptive_reference(n, f):
    def adaptive(x, output_size):
        out = tuples(n, output_size)[0]
        out = [i if o is None else o for i, o in zip(x.shape[-n:], out)]
        return apply(x, adaptive_windows(x.shape[-n:], out), lambda box, _: f(box, -1))

    return adaptive


def window_composed(n, average):
    def f(x, kernel_size, stride=None, padding=0, *rest, ceil_mode=False, dilation=1, **options):
        rest = list(rest)
        if not average and rest:
            dilation = rest.pop(0)
        if rest:
            ceil_mode = rest.pop(0)
        if average and rest:
            options["count_include_pad"] = rest.pop(0)
        g = pool.window_geometry(
            "test", n, tuple(x.shape[-n:]), kernel_size, stride, padding, dilation, ceil_mode
        )
        if average:
            return pool.avg_pool_composed(
                x, g, options.get("count_include_pad", True), options.get("divisor_override") or 0
            )
        return max_pool.max_pool_composed(x, g)

    return f


def adaptive_composed(n, average):
    def f(x, output_size):
        g = pool.adaptive_geometry("test", n, tuple(x.shape[-n:]), output_size)
        return pool.avg_pool_composed(x, g, False, 0) if average else max_pool.max_pool_composed(x, g)

    return f


def d(*shape):
    return T(*shape, distinct=True)


SIZE_1, SIZE_2, SIZE_3 = (11, 6, 11), (3, 4, 7, 9), (2, 2, 5, 6, 7)  # more than gradcheck takes
BAD_WINDOWS = [
    (RuntimeError, "pool2d: input must have non-zero sizes but for the batch", ((2, 3, 0, 4), 2), {}),
    (RuntimeError, "pool2d: kernel_size must be positive, got [0, 0]", ((1, 4, 4), 0), {}),
    (RuntimeError, "pool2d: stride must be positive, got [0, 0]", ((1, 4, 4), 2), {"stride": 0}),
    (RuntimeError, "pool2d: padding must not be negative, got [-1, -1]", ((1, 4, 4), 2), {"padding": -1}),
    (RuntimeError, "pool2d: padding must be at most half of the window", ((1, 4, 4), 2), {"padding": 2}),
    (RuntimeError, "pool2d: the window must not be larger than the padded input", ((1, 2, 2), 3), {}),
    (RuntimeError, "pool2d: kernel_size must be one int or 2, got [1, 2, 3]", ((1, 4, 4), (1, 2, 3)), {}),
    (TypeError, "pool2d: kernel_size must be an int or 2 ints, got 1.5", ((1, 4, 4), 1.5), {}),
]


def bad(prefix):
    return [fails(e, prefix + text, T(*a[0]), *a[1:], **k) for e, text, a, k in BAD_WINDOWS]


CASES = [
    OpCase(
        "nn.functional.max_pool1d",
        [
            call(d(1, 2, 5), 2, 1),
            call(d(*SIZE_1), 2),
            call(d(30, 71), 3, 2, 1),
            call(d(*SIZE_1), 3, 1, 1, 2, True),
            call(d(10, 8, 50), 4, 3),
        ],
        reference=max_reference(1),
        composed=window_composed(1, False),
        dtypes=HALVES,
        variants=False,
    ),
    OpCase(
        "nn.functional.max_pool2d",
        [
            call(d(1, 1, 3, 4), 2, 1),
            call(d(*SIZE_2), 2),
            call(d(2, 3, 8, 18), 2, 2),
            call(d(13, 7, 9), 3, 2, 1),
            call(d(*SIZE_2), (2, 3), (1, 2)),
            call(d(*SIZE_2), 3, 2, 1, 1, True),
            call(d(*SIZE_2), 2, 3, 1, (3, 2)),
            call(d(2, 3, 20, 37), 3, 2, 1),
            call(d(2, 3, 20, 37), 3, 1, 1),
            call(d(1, 2, 40, 41), 20, 5, 10),
        ],
        reference=max_reference(2),
        composed=window_composed(2, False),
        dtypes=(*HALVES, "int64"),
        torch_dtypes=HALVES,
        big=call(d(4, 16, 64, 64), 3, 2, 1),
        variants=False,
        errors=[
            *bad("max_"),
            fails(
                RuntimeError,
                "max_pool2d: input must have 3 (unbatched) or 4 (batched) dimensions",
                T(3, 3),
                2,
            ),
            fails(RuntimeError, "max_pool2d: dilation must be positive", T(1, 4, 4), 2, dilation=0),
            fails(
                NotImplementedError,
                "max_pool2d: input must be of a real number type, got torch.bool",
                T(1, 4, 4, dtype="bool"),
                2,
            ),
        ],
    ),
    OpCase(
        "nn.functional.max_pool2d",
        [call(d(0, 3, 7, 9), 2)],
        reference=max_reference(2),
        id="max_pool2d_empty",
        variants=False,
    ),
    OpCase(
        "nn.functional.max_pool2d_with_indices",
        [
            call(d(*SIZE_2), 2),
            call(d(2, 3, 20, 37), 3, 2, 1),
            call(d(*SIZE_2), 3, 2, 1, 1, True),
            call(
                T(
                    1,
                    1,
                    4,
                    4,
                    values=[[[[np.nan, 1, 2, 2], [0, np.nan, 2, 2], [-np.inf] * 4, [-np.inf] * 4]]],
                ),
                2,
            ),
        ],
        variants=False,
        gradgrad=False,
        grad=False,
        also=["nn.functional.max_pool1d_with_indices", "nn.functional.max_pool3d_with_indices"],
    ),
    OpCase(
        "nn.functional.max_pool3d",
        [
            call(d(1, 2, 3, 2), 2, 1),
            call(d(*SIZE_3), 2),
            call(d(4, 5, 6, 7), 3, 2, 1),
            call(d(*SIZE_3), (2, 1, 3), 1, (1, 0, 1), (1, 2, 1), True),
        ],
        reference=max_reference(3),
        composed=window_composed(3, False),
        variants=False,
    ),
    OpCase(
        "nn.functional.avg_pool1d",
        [
            call(T(1, 2, 5), 2, 1),
            call(T(*SIZE_1), 2),
            call(T(30, 71), 3, 2, 1),
            call(T(*SIZE_1), 3, 2, 1, True, False),
            call(T(10, 8, 50), 4, 3),
        ],
        reference=avg_reference(1),
        composed=window_composed(1, True),
        dtypes=HALVES,
        variants=False,
    ),
    OpCase(
        "nn.functional.avg_pool2d",
        [
            call(T(1, 1, 3, 4), 2, 1, 1),
            call(T(*SIZE_2), 2),
            call(T(2, 3, 8, 18), 2, 2),
            call(T(13, 7, 9), 3, 2, 1),
            call(T(*SIZE_2), (2, 3), (1, 2), (1, 0)),
            call(T(*SIZE_2), 3, 2, 1, True, False),
            call(T(*SIZE_2), 3, 2, 1, True),
            call(T(*SIZE_2), 2, divisor_override=3),
            call(T(2, 3, 20, 37), 3, 2, 1),
            call(T(2, 3, 20, 37), 3, 1, 1),
            call(T(1, 1, 40, 41), 20, 5),
            call(T(0, 3, 7, 9), 2),
        ],
        reference=avg_reference(2),
        composed=window_composed(2, True),
        dtypes=HALVES,
        big=call(T(4, 16, 64, 64), 3, 2, 1),
        variants=False,
        errors=[
            *bad("avg_"),
            fails(
                IndexError, "avg_pool2d: input must have 3 (unbatched) or 4 (batched) dimensions", T(3, 3), 2
            ),
            fails(
                RuntimeError,
                "avg_pool2d: divisor_override must not be zero",
                T(1, 4, 4),
                2,
                divisor_override=0,
            ),
        ],
    ),
    OpCase(
        "nn.functional.avg_pool3d",
        [
            call(T(1, 2, 3, 2), 2, 1),
            call(T(*SIZE_3), 2),
            call(T(4, 5, 6, 7), 3, 2, 1),
            call(T(*SIZE_3), (2, 1, 3), 1, (1, 0, 1), True, False),
            call(T(*SIZE_3), 2, divisor_override=5),
        ],
        reference=avg_reference(3),
        composed=window_composed(3, True),
        variants=False,
    ),
    OpCase(
        "nn.functional.adaptive_avg_pool1d",
        [call(T(1, 2, 5), 3), call(T(*SIZE_1), 3), call(T(30, 71), 1), call(T(2, 3, 12), 4)],
        reference=adaptive_reference(1, np.mean),
        composed=adaptive_composed(1, True),
        variants=False,
    ),
    OpCase(
        "nn.functional.adaptive_avg_pool2d",
        [
            call(T(1, 3, 4), 2),
            call(T(*SIZE_2), 3),
            call(T(*SIZE_2), 1),
            call(T(13, 7, 9), (None, 4)),
            call(T(*SIZE_2), (10, 2)),
            call(T(0, 3, 7, 9), 2),
            call(T(2, 2, 32, 24), (16, 12)),
        ],
        reference=adaptive_reference(2, np.mean),
        composed=adaptive_composed(2, True),
        dtypes=HALVES,
        variants=False,
        big=call(T(8, 32, 56, 56), 1),
        errors=[
            fails(RuntimeError, "adaptive_avg_pool2d: input must have 3 (unbatched) or 4", T(3, 3), 2),
            fails(
                NotImplementedError,
                "adaptive_avg_pool2d: input must be of a floating-point dtype",
                T(1, 3, 3, dtype="int64"),
                2,
            ),
            fails(
                RuntimeError,
                "adaptive_avg_pool2d: output_size must not be negative, got [-1, -1]",
                T(1, 3, 3),
                -1,
            ),
            fails(
                RuntimeError,
                "adaptive_avg_pool2d: output_size must be one int or 2, got [1, 2, 3]",
                T(1, 1, 3, 3),
                (1, 2, 3),
            ),
            fails(RuntimeError, "adaptive_avg_pool2d: input must have non-zero sizes", T(3, 4, 0, 4), 2),
        ],
    ),
    OpCase(
        "nn.functional.adaptive_avg_pool3d",
        [call(T(1, 2, 3, 2), 2), call(T(*SIZE_3), 3), call(T(*SIZE_3), 1), call(T(4, 5, 6, 7), (2, None, 3))],
        reference=adaptive_reference(3, np.mean),
        composed=adaptive_composed(3, True),
        variants=False,
    ),
    OpCase(
        "nn.functional.adaptive_max_pool1d",
        [call(d(1, 2, 5), 3), call(d(*SIZE_1), 3), call(d(30, 71), 1)],
        reference=adaptive_reference(1, np.max),
        composed=adaptive_composed(1, False),
        variants=False,
    ),
    OpCase(
        "nn.functional.adaptive_max_pool2d",
        [
            call(d(1, 3, 4), 2),
            call(d(*SIZE_2), 3),
            call(d(*SIZE_2), 1),
            call(d(13, 7, 9), (7, 4)),
            call(d(*SIZE_2), (10, 2)),
            call(d(1, 2, 40, 41), 2),
        ],
        reference=adaptive_reference(2, np.max),
        composed=adaptive_composed(2, False),
        dtypes=HALVES,
        torch_dtypes=FLOATS,
        variants=False,
    ),
    OpCase(
        "nn.functional.adaptive_max_pool2d_with_indices",
        [call(d(*SIZE_2), 3)],
        grad=False,
        gradgrad=False,
        variants=False,
        also=[
            "nn.functional.adaptive_max_pool1d_with_indices",
            "nn.functional.adaptive_max_pool3d_with_indices",
        ],
    ),
    OpCase(
        "nn.functional.adaptive_max_pool3d",
        [call(d(1, 2, 3, 2), 2), call(d(*SIZE_3), 3), call(d(*SIZE_3), 1)],
        reference=adaptive_reference(3, np.max),
        composed=adaptive_composed(3, False),
        variants=False,
    ),
    OpCase(
        "nn.functional.lp_pool1d",
        [call(T(2, 3, 9, low=0.1, high=2), 2, 3), call(T(2, 3, 9, low=0.1, high=2), 3, 2, 1, True)],
        variants=False,
    ),
    OpCase(
        "nn.functional.lp_pool2d",
        [call(T(2, 3, 6, 7, low=0.1, high=2), 2, 3), call(T(2, 3, 5, 6, low=0.1, high=2), 3.0, (2, 3), 1)],
        variants=False,
    ),
    OpCase("nn.functional.lp_pool3d", [call(T(2, 3, 4, 5, 3, low=0.1, high=2), 2, 2)], variants=False),
    OpCase(
        "nn.functional.max_unpool1d",
        [
            call(
                T(2, 3, 4),
                T(2, 3, 4, values=np.arange(24).reshape(2, 3, 4) % 4 * 2, dtype="int64", grad=False),
                2,
            ),
            call(T(1, 3), T(1, 3, values=[[0, 2, 5]], dtype="int64", grad=False), 2, 2, 0, (7,)),
        ],
        variants=False,
    ),
    OpCase(
        "nn.functional.max_unpool2d",
        [
            call(
                T(2, 1, 2, 2),
                T(2, 1, 2, 2, values=[[[[0, 3], [8, 10]]], [[[5, 2], [13, 15]]]], dtype="int64", grad=False),
                2,
            ),
            call(
                T(1, 2, 2),
                T(1, 2, 2, values=[[[0, 3], [8, 10]]], dtype="int64", grad=False),
                2,
                output_size=(5, 5),
            ),
        ],
        variants=False,
        errors=[
            fails(
                RuntimeError,
                "max_unpool2d: indices must have dtype torch.int64, got torch.int32",
                T(1, 2, 2),
                T(1, 2, 2, dtype="int32"),
                2,
            ),
            fails(
                RuntimeError,
                "max_unpool2d: indices must have the shape of input, [1, 2, 2], got [1, 2, 1]",
                T(1, 2, 2),
                T(1, 2, 1, dtype="int64"),
                2,
            ),
            fails(
                RuntimeError,
                "max_unpool2d: indices must lie in [0, 16)",
                T(1, 1, 1, values=[[[1.0]]]).with_shape((1, 2, 2)),
                T(1, 2, 2, values=[[[0, 1], [2, 16]]], dtype="int64"),
                2,
            ),
            fails(
                ValueError,
                "max_unpool2d: output_size must lie between 2 and 6 in dim 0, got (12, 4)",
                T(1, 2, 2),
                T(1, 2, 2, dtype="int64", low=0),
                2,
                output_size=(12, 4),
            ),
        ],
    ),
    OpCase(
        "nn.functional.max_unpool3d",
        [call(T(1, 1, 1, 2, 1), T(1, 1, 1, 2, 1, values=[[[[[3], [12]]]]], dtype="int64", grad=False), 2)],
        variants=False,
    ),
    OpCase(
        "nn.functional.fractional_max_pool2d",
        [call(d(2, 3, 9, 8), 2, output_size=3), call(d(2, 3, 9, 8), (2, 3), output_ratio=(0.5, 0.6))],
        random=True,
        variants=False,
        grad=False,  # float32 and float64 draw other windows
        errors=[
            fails(
                ValueError,
                "fractional_max_pool2d: output_size or output_ratio must be given, got neither",
                T(1, 4, 4),
                2,
            ),
            fails(
                RuntimeError,
                "fractional_max_pool2d: kernel_size must be positive and leave room",
                T(1, 4, 4),
                2,
                output_size=4,
            ),
        ],
        also=["nn.functional.fractional_max_pool2d_with_indices"],
    ),
    OpCase(
        "nn.functional.fractional_max_pool2d",
        [
            call(d(3, 9, 8), 2, (1, 4), _random_samples=T(1, 3, 2, low=0, high=1, grad=False)),
            call(d(2, 3, 9, 8), (3, 2), (4, 3), _random_samples=T(2, 3, 2, low=0, high=1, grad=False)),
        ],
        variants=False,
        id="fractional_max_pool2d_fixed",
    ),
    OpCase(
        "nn.functional.fractional_max_pool3d",
        [
            call(
                d(2, 2, 6, 7, 8),
                2,
                output_size=(3, 2, 4),
                _random_samples=T(2, 2, 3, low=0, high=1, grad=False),
            ),
            call(d(2, 6, 7, 8), 2, output_ratio=0.5, _random_samples=T(1, 2, 3, low=0, high=1, grad=False)),
        ],
        variants=False,
        also=["nn.functional.fractional_max_pool3d_with_indices"],
    ),
    OpCase(
        "nn.functional.unfold",
        [
            call(T(1, 2, 3, 4), 2),
            call(T(2, 3, 5, 6), (2, 3), (1, 2), (1, 0), (2, 1)),
            call(T(3, 5, 6), 2, padding=1, stride=2),
        ],
        dtypes=(*HALVES,),
        variants=False,
        errors=[
            fails(IndexError, "unfold: input must have 3 (unbatched) or 4 (batched) dimensions", T(4, 8), 3),
            fails(
                RuntimeError, "unfold: the window must not be larger than the padded image", T(1, 4, 2, 2), 3
            ),
            fails(RuntimeError, "unfold: stride must be positive, got [0, 0]", T(1, 4, 2, 2), 2, stride=0),
        ],
    ),
    OpCase(
        "nn.functional.fold",
        [
            call(T(2, 12, 12), (4, 5), 2),
            call(T(2, 12, 12), (5, 6), (2, 3), 1, (1, 0), (2, 1)),
            call(T(4, 9), (4, 4), 2, padding=1, stride=2),
        ],
        variants=False,
        errors=[
            fails(
                RuntimeError,
                "fold: input must have 2 (unbatched) or 3 (batched) dimensions",
                T(1, 2, 3, 4),
                (4, 5),
                2,
            ),
            fails(
                RuntimeError,
                "fold: dimension 1 of input must be divisible by the 2x2 positions of the window, got 11",
                T(2, 11, 12),
                (4, 5),
                2,
            ),
            fails(
                RuntimeError,
                "fold: dimension 2 of input must have as many windows as images of [4, 5], which is 12, got 11",
                T(2, 12, 11),
                (4, 5),
                2,
            ),
        ],
    ),
]
