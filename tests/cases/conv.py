"""Cases of ops/conv.py."""

import itertools

import numpy as np

from harness import OpCase, T, call, fails
from rushlight.ops import conv

FLOATS = ("float32", "float64")
HALVES = (*FLOATS, "float16", "bfloat16")


def tuples(n, *values):
    return [(v,) * n if isinstance(v, int) else tuple(v) * (n // len(v)) for v in values]


def reference(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """One output pixel after the other, by the definition."""
    n = w.ndim - 2
    if x.ndim == n + 1:
        return reference(x[None], w, b, stride, padding, dilation, groups)[0]
    stride, dilation = tuples(n, stride, dilation)
    if padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, w.shape[2:])]
        ends = [(t // 2, t - t // 2) for t in total]
    else:
        ends = [(p, p) for p in tuples(n, 0 if padding == "valid" else padding)[0]]
    x = np.pad(x, [(0, 0), (0, 0), *ends])
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:])]
    out = [(i - r) // s + 1 for i, r, s in zip(x.shape[2:], reach, stride)]
    y = np.zeros((len(x), len(w), *out), np.result_type(x, w))
    cg, og = w.shape[1], len(w) // groups
    for g in range(groups):
        image, weight = x[:, g * cg : (g + 1) * cg], w[g * og : (g + 1) * og]
        for at in itertools.product(*map(range, out)):
            where = tuple(slice(a * s, a * s + r, d) for a, s, r, d in zip(at, stride, reach, dilation))
            window = image[(slice(None), slice(None), *where)]
            y[(slice(None), slice(g * og, (g + 1) * og), *at)] = np.tensordot(
                window, weight, (range(1, n + 2), range(1, n + 2))
            )
    return y if b is None else y + b.reshape(-1, *(1,) * n)


def transposed(x, w, b=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Lay each pixel's window into the result."""
    n = w.ndim - 2
    if x.ndim == n + 1:
        return transposed(x[None], w, b, stride, padding, output_padding, groups, dilation)[0]
    s, p, e, d = tuples(n, stride, padding, output_padding, dilation)
    full = [(i - 1) * t + r * (k - 1) + 1 + o for i, t, r, k, o in zip(x.shape[2:], s, d, w.shape[2:], e)]
    og, cg = w.shape[1], len(w) // groups
    y = np.zeros((len(x), og * groups, *[f + 2 * 8 for f in full]))
    for g in range(groups):
        for at in itertools.product(*map(range, x.shape[2:])):
            where = tuple(
                slice(a * t, a * t + r * (k - 1) + 1, r) for a, t, r, k in zip(at, s, d, w.shape[2:])
            )
            pixel = x[(slice(None), slice(g * cg, (g + 1) * cg), *at)]
            y[(slice(None), slice(g * og, (g + 1) * og), *where)] += np.tensordot(
                pixel, w[g * cg : (g + 1) * cg], 1
            )
    y = y[(slice(None), slice(None), *[slice(q, f - q) for q, f in zip(p, full)])]
    return y if b is None else y + b.reshape(-1, *(1,) * n)


def composed(n, transposed=False):
    """The composed definition with the arguments of the function."""

    def f(x, w, b=None, *args, **kwargs):
        single = x.dim() == n + 1
        x = x.unsqueeze(0) if single else x
        names = ("stride", "padding", "output_padding", "groups", "dilation") if transposed else (
            "stride", "padding", "dilation", "groups")  # fmt: skip
        options = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "output_padding": 0}
        options.update(zip(names, args), **kwargs)
        shapes = (tuple(x.shape), tuple(w.shape), None if b is None else tuple(b.shape))
        options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
        if transposed:
            g = conv._transposed_geometry("test", n, *shapes, options["stride"], options["padding"],
                                          options["output_padding"], options["dilation"], options["groups"])  # fmt: skip
        else:
            g = conv._geometry("test", n, *shapes, options["stride"], options["padding"], options["dilation"],
                               options["groups"])  # fmt: skip
        y = conv.conv_composed(x, w, b, g)
        return y.squeeze(0) if single else y

    return f


def case(name, n, calls, transpose=False, **options):
    return OpCase(
        f"nn.functional.{name}", calls, reference=transposed if transpose else reference,
        composed=composed(n, transpose), variants=False, **options,
    )  # fmt: skip


def refused(message, *shapes, error=RuntimeError, **options):
    """A call with tensors of those shapes that must fail."""
    return fails(error, message, *[T(*shape) for shape in shapes], **options)


# Sums of hundreds of products in float32: the error grows with their number, not with their result.
LONG = {
    "rtol": 5e-5,
    "atol": 1e-5,
    "reason": "sums of up to 1000 products, in another order than the reference",
}

CASES = [
    case(
        "conv1d",
        1,
        [
            call(T(2, 2, 5), T(3, 2, 2), T(3), 2, 1),
            call(T(8, 3, 29), T(4, 3, 3), T(4)),
            call(T(3, 199), T(4, 3, 2), None, 2, 1),
            call(T(2, 4, 81), T(6, 2, 3), T(6), padding="same", dilation=2, groups=2),
            call(T(1, 2, 270), T(20, 2, 5), T(20), 3, 2),
            call(T(0, 3, 9), T(4, 3, 3), T(4)),
        ],
        dtypes=HALVES,
        big=call(T(8, 64, 400), T(64, 64, 5), T(64)),
        **LONG,
    ),
    case(
        "conv2d",
        2,
        [
            call(T(1, 2, 3, 4), T(2, 1, 2, 2), T(2), (1, 2), 1, 1, 2),
            call(T(1, 1, 4, 4), T(1, 1, 2, 2), T(1), 1, 0, 2),
            call(T(4, 3, 8, 6), T(4, 3, 3, 3), T(4)),
            call(T(4, 3, 8, 6), T(4, 3, 3, 3), T(4), 1, 1),
            call(T(3, 15, 16), T(4, 3, 2, 3), None, (2, 1), (0, 2)),
            call(T(4, 4, 7, 7), T(6, 2, 3, 3), T(6), 2, 1, 1, 2),
            call(T(5, 2, 8, 9), T(3, 2, 3, 2), T(3), 1, 2, 2),
            call(T(3, 2, 15, 6), T(3, 2, 4, 2), padding="valid"),
            call(T(8, 5, 4, 4), T(7, 5, 1, 1), T(7)),
            call(T(8, 5, 5, 4), T(7, 5, 1, 1), T(7), 2),
            call(T(4, 6, 6, 5), T(6, 1, 3, 3), T(6), 1, 1, 1, 6),
            call(T(4, 3, 9, 8), T(6, 1, 5, 3), T(6), 2, 2, 1, 3),
            call(T(1, 1, 4, 4), T(1, 1, 4, 4), T(1), 4),
            call(T(3, 17, 13, 18), T(33, 17, 3, 3), T(33), 1, 1),
            call(T(2, 3, 20, 33), T(18, 3, 7, 7), T(18), 2, 3),
            call(T(2, 8, 6, 40), T(2, 8, 3, 3), T(2), 1, 1),
            call(T(0, 3, 5, 6), T(4, 3, 3, 3), T(4)),
            call(T(2, 3, 14, 14), T(4, 3, 2, 2), stride=[2, 1], padding=[1]),
        ],
        dtypes=(*HALVES, "complex64"),
        torch_dtypes=HALVES,
        **LONG,
        big=call(T(4, 32, 28, 28), T(48, 32, 3, 3), T(48), 1, 1),
        errors=[
            fails(TypeError, "conv2d: weight must be a Tensor, got list", T(1, 1, 3, 3), [1.0]),
            fails(
                RuntimeError,
                "conv2d: weight must have the input's dtype torch.float32, got torch.int64",
                T(1, 1, 3, 3, dtype="float32"),
                T(1, 1, 2, 2, dtype="int64"),
            ),
            refused(
                "conv2d: input must have 3 (unbatched) or 4 (batched) dimensions",
                (1, 1, 1, 3, 3),
                (1, 1, 2, 2),
            ),
            refused("conv2d: weight must have 4 dimensions, got shape [2, 1, 3]", (1, 1, 3, 3), (2, 1, 3)),
            refused(
                "conv2d: input of shape [1, 5, 8, 8] must have 4 channels for groups=2, weight of shape [6, 2, 3, 3], got 5",
                (1, 5, 8, 8),
                (6, 2, 3, 3),
                groups=2,
            ),
            refused(
                "conv2d: dimension 0 of weight must be divisible by groups=2, got shape [5, 2, 3, 3]",
                (1, 4, 8, 8),
                (5, 2, 3, 3),
                groups=2,
            ),
            refused("conv2d: dimension 0 of weight must be at least 1", (1, 4, 8, 8), (0, 4, 3, 3)),
            refused("conv2d: groups must be positive, got 0", (1, 4, 8, 8), (5, 2, 3, 3), groups=0),
            refused("conv2d: bias must have shape (4,)", (1, 3, 5, 5), (4, 3, 3, 3), (5,)),
            refused("conv2d: stride must be positive, got [0, 0]", (1, 3, 5, 5), (4, 3, 3, 3), stride=0),
            refused(
                "conv2d: stride must be one int or a list of 2, got [1, 2, 3]",
                (1, 3, 5, 5),
                (4, 3, 3, 3),
                stride=(1, 2, 3),
            ),
            refused(
                "conv2d: stride must be an int or 2 ints, got 1.5",
                (1, 3, 5, 5),
                (4, 3, 3, 3),
                stride=1.5,
                error=TypeError,
            ),
            refused(
                "conv2d: padding must not be negative, got [-1, -1]", (1, 3, 5, 5), (4, 3, 3, 3), padding=-1
            ),
            refused("conv2d: dilation must be positive", (1, 3, 5, 5), (4, 3, 3, 3), dilation=0),
            refused("conv2d: padding must be 'same', 'valid'", (1, 3, 5, 5), (4, 3, 3, 3), padding="full"),
            refused(
                "conv2d: padding='same' must come with stride 1, got stride [2, 2]",
                (1, 3, 5, 5),
                (4, 3, 3, 3),
                stride=2,
                padding="same",
            ),
            refused("must not be larger than the padded input, got [2, 2]", (1, 3, 2, 2), (4, 3, 3, 3)),
            refused(
                "conv2d: input must have non-zero sizes but for the batch and channels",
                (1, 3, 0, 2),
                (4, 3, 3, 3),
                padding=2,
            ),
        ],
    ),
    case(
        "conv2d",
        2,
        [call(T(5, 2, 9, 7), T(3, 2, 4, 2), T(3), padding="same")],
        id="conv2d_same_even",
        torch=False,
    ),
    case(
        "conv3d",
        3,
        [
            call(T(1, 1, 2, 3, 2), T(1, 1, 2, 2, 1), T(1)),
            call(T(2, 3, 5, 5, 4), T(3, 3, 2, 3, 2), T(3)),
            call(T(2, 8, 7, 6), T(4, 2, 3, 3, 3), T(4), (2, 1, 2), 1, 1),
            call(T(2, 4, 5, 4, 5), T(4, 2, 2, 2, 2), None, 1, (1, 0, 1), (2, 1, 2), 2),
            call(T(1, 2, 3, 4, 18), T(19, 2, 3, 3, 3), T(19), padding="same"),
        ],
        big=call(T(2, 16, 10, 12, 14), T(32, 16, 3, 3, 3), T(32), 1, 1),
        **LONG,
    ),
    case(
        "conv_transpose1d",
        1,
        [
            call(T(1, 2, 3), T(2, 2, 2), T(2), 2),
            call(T(2, 3, 95), T(3, 4, 3), T(4)),
            call(T(3, 205), T(3, 4, 3), T(4), 3, 1, 2),
            call(T(2, 4, 76), T(4, 3, 2), T(6), 2, 1, 0, 2, 3),
        ],
        transpose=True,
        **LONG,
    ),
    case(
        "conv_transpose2d",
        2,
        [
            call(T(1, 1, 2, 3), T(1, 2, 2, 2), T(2), (2, 1), 1),
            call(T(6, 3, 4, 8), T(3, 4, 3, 3), T(4)),
            call(T(6, 3, 4, 8), T(3, 4, 3, 2), None, 2, 1, 1),
            call(T(3, 14, 15), T(3, 4, 3, 2), T(4), (2, 3), (1, 0), (1, 2)),
            call(T(8, 4, 5, 4), T(4, 3, 2, 2), T(6), 2, 0, 0, 2),
            call(T(8, 2, 6, 6), T(2, 3, 3, 3), T(3), 1, 1, 1, 1, 2),
            call(T(9, 2, 6, 6), T(2, 3, 1, 1), T(3), 3),
            call(T(2, 18, 5, 9), T(18, 20, 4, 4), T(20), 2, 1),
            call(T(0, 3, 4, 5), T(3, 4, 3, 3), T(4)),
        ],
        transpose=True,
        dtypes=HALVES,
        **LONG,
        big=call(T(4, 32, 14, 14), T(32, 24, 4, 4), T(24), 2, 1),
        errors=[
            refused(
                "conv_transpose2d: output_padding must be smaller than either stride or dilation",
                (1, 2, 4, 4),
                (2, 3, 3, 3),
                stride=2,
                output_padding=2,
            ),
            refused(
                "conv_transpose2d: output_padding must not be negative",
                (1, 2, 4, 4),
                (2, 3, 3, 3),
                output_padding=-1,
            ),
            refused(
                "conv_transpose2d: input of shape [1, 5, 4, 4] must have 2 channels",
                (1, 5, 4, 4),
                (2, 3, 3, 3),
            ),
            refused("conv_transpose2d: bias must have shape (3,)", (1, 2, 4, 4), (2, 3, 3, 3), (5,)),
            refused(
                "conv_transpose2d: the output must not be empty, got size [-1, -1]",
                (1, 2, 1, 1),
                (2, 3, 3, 3),
                padding=2,
            ),
            refused(
                "conv_transpose2d: padding must be an int or ints, got 'same'",
                (1, 2, 1, 1),
                (2, 3, 3, 3),
                padding="same",
                error=TypeError,
            ),
        ],
    ),
    case(
        "conv_transpose3d",
        3,
        [
            call(T(1, 1, 2, 1, 2), T(1, 1, 2, 1, 2), T(1), 2),
            call(T(8, 2, 4, 5, 2), T(2, 3, 2, 3, 2), T(3)),
            call(T(9, 2, 4, 5, 2), T(2, 3, 2, 3, 3), T(3), (1, 2, 2), (0, 1, 1), (0, 1, 0)),
        ],
        transpose=True,
        **LONG,
    ),
    OpCase(
        "convolution",
        [
            call(T(4, 3, 9, 6), T(4, 3, 3, 3), T(4), (2, 1), (1, 0), (1, 1), False, (0, 0), 1),
            call(T(2, 3, 5), T(3, 2, 3), None, (2,), (1,), (1,), True, (1,), 1),
        ],
        variants=False,
        **LONG,
    ),
    OpCase(
        "conv_tbc",
        [call(T(5, 2, 3), T(3, 3, 4), T(4)), call(T(5, 2, 3), T(2, 3, 4), T(4), 2)],
        variants=False,
        **LONG,
    ),
]
