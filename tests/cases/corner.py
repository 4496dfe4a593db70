"""Corners of operations whose usual cases are elsewhere: 0-d, empty and one-element inputs, arguments at their limits,
and what PyTorch refuses."""

import numpy as np

from harness import OpCase, T, call, fails

INT = T(3, dtype="int64")
EMPTY = T(0, 0)
TALL, WIDE = T(5, 3), T(2, 3, 5)
LOOSE = {
    "rtol": 1e-3,
    "atol": 1e-4,
    "reason": "factorizations amplify rounding by the condition number of the matrix",
}


def _number_first(name, *, both=False, **more):
    """Cases of a function of two tensors that takes no number as its first argument (or for `both` no number)."""
    errors = [
        fails(TypeError, f"{name}: input must be a Tensor, got int", 2, INT),
        fails(TypeError, f"{name}: input must be a Tensor, got int", 2, 3),
    ]
    if both:
        errors.append(fails(TypeError, f"{name}: other must be a Tensor, got int", INT, 2))
    return OpCase(name, [], errors=errors, variants=False, **more)


CASES = [
    # -- numbers where PyTorch wants tensors
    *[_number_first(name) for name in ("rsub", "fmod", "copysign", "ldexp", "heaviside")],
    *[_number_first(name, both=True) for name in ("igamma", "igammac", "dist")],
    *[
        OpCase(name, [], errors=[fails(TypeError, "input must be a Tensor, got int", 2, 3)], variants=False)
        for name in ("remainder", "pow", "xlogy", "bitwise_and", "special.zeta", "special.xlog1py")
    ],
    OpCase("outer", [], errors=[fails(TypeError, "outer: vec2 must be a Tensor, got int", T(3), 2)]),
    OpCase(
        "polygamma",
        [
            call(n, T(values=[-9.3, -4.5, -0.25, 0.1, 3.0, 20.0]))
            for n in (1, 2, 3, 5)
        ],
        errors=[
            fails(TypeError, "polygamma: n must be an int, got float", 1.0, T(2)),
            fails(TypeError, "polygamma: input must be a Tensor, got int", 1, 2),
        ],
        rtol=2e-5,
        reason="near its poles the function changes faster than float32 resolves its argument",
    ),
    # -- where a formula has no value, and beyond what a short series reaches
    OpCase(
        "igamma",
        [
            call(T(values=[0.0, 1.0, 5.0, 900.0, 5e4, np.inf], grad=False), T(values=[1.0, 0.0, np.inf, 880.0, 5.1e4, 2.0])),
            call(T(values=[0.0, -1.0, np.inf, np.nan]), T(values=[0.0, 1.0, np.inf, 1.0], grad=False)),
        ],
        grad=False,
        also=["igammac"],
        rtol=1e-4,
        reason="a small difference of the arguments counts sqrt(a) times",
    ),
    OpCase(
        "igammac",
        [call(T(values=[0.5, 5.0, 900.0, 5e4], grad=False), T(values=[60.0, 50.0, 1000.0, 5.1e4], grad=False))],
        grad=False,
        rtol=1e-3,
        reason="far in the tail float32 arguments leave three digits",
    ),
    OpCase("special.xlog1py", [call(T(values=[0.0, 2.0, 0.5]), T(values=[-0.5, 3.0, 0.1])), call(T(3), 0.5)]),
    # -- creation
    OpCase("complex", [call(T(3), T(3)), call(T(0, 1, 3), T(0, 4, 3))], big=call(T(300, 401), T(401)), errors=[
        fails(TypeError, "complex: imag must be a Tensor, got int", T(2), 2),
        fails(TypeError, "complex: real must be a Tensor, got int", 2, T(2)),
        fails(RuntimeError, "complex: real and imag must have the same dtype", T(2), T(2, dtype="int64")),
    ]),
    OpCase("polar", [call(T(3, low=0.5, high=2), T(3)), call(T(0, 1, 3), T(0, 4, 3))], errors=[
        fails(TypeError, "polar: angle must be a Tensor, got int", T(2), 2),
        fails(TypeError, "polar: abs must be a Tensor, got int", 2, T(2)),
        fails(RuntimeError, "polar: abs and angle must be float32 or float64", INT, INT),
    ]),
    OpCase("linspace", [], variants=False, errors=[
        fails(TypeError, "linspace: steps must be an int, got float", 0, 3, 1.0),
        fails(TypeError, "linspace: steps must be an int, got bool", 0, 3, True),
        fails(TypeError, "linspace: start must be a number or a 0-dimensional tensor, got str", "a", 3, 1),
        fails(RuntimeError, "linspace: start must be a number or a 0-dimensional tensor", T(2), 3, 4),
        fails(RuntimeError, "linspace: end must be a number or a 0-dimensional tensor", 3, T(2), 4),
        fails(RuntimeError, "linspace: steps must be non-negative", 0, 3, -1),
    ]),
    OpCase("logspace", [], variants=False, errors=[
        fails(TypeError, "logspace: steps must be an int, got float", 0, 3, 1.0),
        fails(RuntimeError, "logspace: start must be a number or a 0-dimensional tensor", T(2), 3, 4),
    ]),
    OpCase("arange", [], variants=False, errors=[
        fails(RuntimeError, "arange: start, end and step must be real numbers", 1j),
    ]),
    # -- masks and fills
    OpCase(
        "masked_fill",
        [
            call(T(), T(values=True, dtype="bool"), T()),
            call(T(), T(values=False, dtype="bool"), T()),
            call(T(2, 3), T(2, 3, dtype="bool"), 1 + 0j),
        ],
        errors=[
            fails(RuntimeError, "masked_fill: value must be a number in the range of torch.float", T(2), T(2, dtype="bool"), 1j),
            fails(RuntimeError, "masked_fill: value must be a number in the range of torch.int64", INT, T(3, dtype="bool"), 1j),
            fails(RuntimeError, "masked_fill: value must be a number in the range of torch.int8", T(2, dtype="int8"),
                  T(2, dtype="bool"), 128),
            fails(RuntimeError, "masked_fill: value must be a number in the range of torch.uint8", T(2, dtype="uint8"),
                  T(2, dtype="bool"), -256),
            fails(RuntimeError, "masked_fill: value must be a number in the range of torch.float16", T(2, dtype="float16"),
                  T(2, dtype="bool"), 7e4),
        ],
    ),
    OpCase(
        "masked_fill", [call(INT, T(3, dtype="bool"), 1.5), call(INT, T(3, dtype="bool"), -2.5)], dtypes=["int64"]
    ),
    OpCase("masked_scatter", [], errors=[
        fails(RuntimeError, "masked_scatter: only supports boolean masks", T(2), T(2, dtype="uint8"), T(2)),
        fails(RuntimeError, "masked_scatter: source must have input's dtype", T(3), T(3, dtype="bool"), INT),
    ]),
    OpCase("masked_select", [], errors=[
        fails(RuntimeError, "masked_select: only supports boolean masks", T(2), T(2, dtype="uint8")),
    ]),
    OpCase("index_fill", [call(T(), 0, T(values=[0], dtype="int64"), T())]),
    # -- parts and order
    OpCase("flip", [call(T(2, 3), dims=(0, 1)), call(T(2, 3), dims=[-1]), call(T(2, 3), dims=())], errors=[
        fails(TypeError, "flip: dims must be a tuple of ints, got int", T(2), dims=0),
        fails(TypeError, "flip: dims must be given once", T(2), 0, dims=(0,)),
        fails(TypeError, "flip: dims must be given", T(2)),
        fails(TypeError, "flip: input must be a Tensor, got int", 2, 0),
    ]),
    OpCase("permute", [call(T(2, 3), dims=(1, 0))]),
    OpCase("reshape", [call(T(2, 3), shape=(3, -1))], errors=[
        fails(TypeError, "reshape: input must be a Tensor, got int", 2, (1,)),
    ]),
    OpCase("tile", [call(T(2, 3), dims=(2,))]),
    OpCase("Tensor.repeat", [call(T(2, 3), repeats=(2, 1))]),
    OpCase("Tensor.expand", [call(T(3), size=(2, 3))]),
    OpCase("Tensor.view", [call(T(2, 3), size=(6,))], layouts=False),
    OpCase("rot90", [], errors=[
        fails(RuntimeError, "rot90: input must have at least 2 dims", T(3)),
        fails(TypeError, "rot90: k must be an int, got float", T(3, 3), 1.5),
    ]),
    OpCase("narrow", [call(T(5), 0, T(values=2, dtype="int64"), 2)], errors=[
        fails(RuntimeError, "narrow: start must be an int or a 0-dim integral Tensor", T(5), 0, T(dtype="bool"), 1),
        fails(TypeError, "narrow: start must be an int, got float", T(5), 0, 1.0, 1),
        fails(TypeError, "narrow: start must be an int, got bool", T(5), 0, True, 1),
    ]),
    OpCase("narrow_copy", [call(T(5, 4), 1, 1, 2), call(T(5, 4), -1, 0, 0)]),
    OpCase("unbind", [], errors=[
        fails(IndexError, "unbind: input must have at least 1 dim", T(), 0),
        fails(IndexError, "unbind: dim must be in [-1, 0]", T(), 1),
    ]),
    OpCase("hsplit", [], errors=[
        fails(TypeError, "tensor_split: indices_or_sections must be an int", T(3, 3), "abc"),
    ]),
    OpCase("tensor_split", [], errors=[
        fails(RuntimeError, "tensor_split: indices_or_sections must be of dtype int64", T(4), T(values=[1.0])),
    ]),
    OpCase("split", [], errors=[fails(TypeError, "split: split_size must be an int or a tuple", T(4), 2.5)]),
    OpCase("chunk", [], errors=[fails(TypeError, "chunk: chunks must be an int, got float", T(4), 2.0)]),
    *[
        OpCase(name, [], errors=[fails(RuntimeError, f"{name}: tensors must not be empty", [])])
        for name in ("stack", "hstack", "vstack", "dstack", "column_stack")
    ],
    OpCase("take_along_dim", [call(T(3, 4), T(values=[[-1, 0], [1, -4], [2, 3]], dtype="int64"), 1)]),
    OpCase("gather", [call(T(5), 0, T(0, dtype="uint8")), call(T(5), 0, T(0, dtype="float32"))]),
    OpCase("diff", [
        call(T(3, 4), 0, prepend=T(3, 1)), call(T(3, 4), 0, 0, T(1, 4), T(2, 4)), call(T(3, 4), 1, 0, T(1, 4)),
    ]),
    # -- reductions
    *[
        OpCase(name, [call(T(), 0), call(T(), -1, True)], errors=[fails(IndexError, f"{name}: dim must be in", T(), 1)])
        for name in ("max", "min", "argmax", "argmin")
    ],
    *[
        OpCase(name, [call(T(5, 0, 4), 0)], errors=[
            fails(RuntimeError, f"{name}: input must not be empty when no dim is given", T(5, 0, 4)),
            fails(IndexError, f"{name}: dim must have a size other than 0", T(5, 0, 4), 1),
        ])
        for name in ("amax", "amin")
    ],
    # -- statistics
    *[
        OpCase(name, [
            call(T(5), T(values=[0.1, 0.55, 0.95], low=0)), call(T(3, 5), T(values=0.3), 1), call(T(3, 5), 0.3, 0, True),
        ])
        for name in ("quantile", "nanquantile")
    ],
    OpCase("cov", [
        call(T(1, 4)),
        call(T(1, 4), correction=0, fweights=T(4, dtype="int64", low=1)),
        call(T(1, 4), aweights=T(4, low=0.5, high=2, grad=False)),
    ], errors=[
        fails(RuntimeError, "cov: fweights must be of an integer dtype", T(5), fweights=T(5)),
        fails(RuntimeError, "cov: aweights must be of a floating-point dtype", T(3), aweights=INT),
        fails(RuntimeError, "cov: fweights must have the same numel", T(5), fweights=INT),
        fails(RuntimeError, "cov: aweights must have the same numel", T(5), aweights=T(1)),
        fails(RuntimeError, "cov: fweights must not be negative", T(2), fweights=T(values=[1, -1], dtype="int64")),
        fails(RuntimeError, "cov: aweights must not be negative", T(2), aweights=T(values=[1.0, -1.0])),
        fails(RuntimeError, "cov: input must not be bool", T(2, dtype="bool")),
    ]),
    OpCase("corrcoef", [call(T(1, 4))], grad=False),  # it is 1 whatever the input
    OpCase("histogram", [
        call(T(), 1), call(T(values=[3.0, 3.0]), 2), call(T(0), 3), call(T(4), 1), call(T(4), 2, range=(1.0, 1.0)),
    ], errors=[
        fails(RuntimeError, "histogram: bins must be > 0, got 0", T(4), 0),
        fails(RuntimeError, "histogram: weight must have input's shape [4], got [3]", T(4), 2, weight=T(3)),
        fails(NotImplementedError, "histogram: input must be of a floating-point dtype", INT, 2),
    ], grad=False),
    OpCase("histc", [], errors=[
        fails(NotImplementedError, "histc: input must be of a floating-point dtype", INT, 2),
    ]),
    OpCase("multinomial", [], errors=[
        fails(RuntimeError, "multinomial: each row of input must have a weight > 0", T(values=[0.0, 0.0, 0.0]), 2),
    ]),
    OpCase("renorm", [], errors=[fails(RuntimeError, "renorm: needs p > 0, maxnorm >= 0 and", T(), 0.5, 0, 1.0)]),
    OpCase("cdist", [call(T(4, 3), T(2, 3), 0.0), call(T(0, 3), T(2, 3), 0.0)]),
    OpCase("nn.functional.pdist", [call(T(4, 3), p=0.0)]),
    # -- linear algebra
    OpCase("cholesky_inverse", [
        call(T(values=[[2.0, 0.0], [1.0, 3.0]])), call(T(values=[[2.0, 1.0], [0.0, 3.0]]), True),
    ], grad=False, **LOOSE),  # the gradient is that of a full matrix: see tests/test_linalg.py
    OpCase("lu", [call(TALL), call(WIDE), call(T(3, 3), True, True)], errors=[
        fails(RuntimeError, "lu: pivot must be True", T(3, 3), False),
    ], **LOOSE),
    OpCase("linalg.lu", [call(TALL), call(WIDE), call(EMPTY), call(T(0, 3))], errors=[
        fails(RuntimeError, "linalg.lu: pivot must be True", T(3, 3), pivot=False),
    ], **LOOSE),
    OpCase("linalg.lu_factor", [call(TALL), call(WIDE), call(T(2, 0, 0))], errors=[
        fails(RuntimeError, "linalg.lu_factor: A must not be singular, but U[2,2] is zero", T(values=np.ones((2, 2)))),
        fails(RuntimeError, "linalg.lu_factor: pivot must be True", T(3, 3), pivot=False),
    ], **LOOSE),
    OpCase("linalg.svd", [], errors=[
        fails(RuntimeError, "linalg.svd: driver must be None", T(3, 3), driver="gesvd"),
    ]),
    OpCase("linalg.pinv", [call(EMPTY), call(T(2, 0, 3))]),
    OpCase("pinverse", [call(EMPTY)]),
    OpCase("linalg.matrix_power", [call(T(2, 2, 2), 0), call(T(0, 2, 2), 0)]),
    OpCase("linalg.householder_product", [call(T(5, 4), T(0)), call(EMPTY, T(0))]),
    OpCase("linalg.vander", [call(T(), N=2)], errors=[
        fails(RuntimeError, "linalg.vander: N must be greater than 1, got 1", T(2), N=1),
    ]),
    # -- layers
    OpCase("nn.functional.layer_norm", [call(T(1), (1,), T(1), T(1)), call(T(3, 1), (1,))]),
    OpCase("nn.functional.batch_norm", [
        call(T(0), T(0, grad=False), T(0, grad=False), training=True),
        call(T(0), T(0, grad=False), T(0, grad=False)),
    ], variants=False),
    OpCase("nn.functional.multi_margin_loss", [
        call(T(), T(values=0, dtype="int64")),
        call(T(5), T(values=[1], dtype="int64"), reduction="none"),
        call(T(5), T(values=1, dtype="int64"), reduction="none"),
    ], errors=[
        fails(ValueError, "multi_margin_loss: weight must be one-dimensional", T(5), T(values=0, dtype="int64"), weight=T()),
    ]),
    OpCase("nn.functional.multilabel_margin_loss", [
        call(T(), T(values=0, dtype="int64")), call(T(), T(values=-1, dtype="int64")),
    ]),
    OpCase("nn.functional.rrelu", [], errors=[
        fails(RuntimeError, "rrelu: lower must not be greater than upper", T(5), 0.3, 0.1),
    ]),
    *[
        OpCase(f"nn.functional.{name}{n}d", [], errors=[
            fails(ValueError, f"{name}{n}d: input must have {n + 1} (unbatched) or", T(*(2,) * n), (2,) * n),
            fails(NotImplementedError, f"{name}{n}d: input must be of a floating-point dtype",
                  T(*(2,) * (n + 1), dtype="int64"), (2,) * n),
        ])
        for name in ("adaptive_avg_pool", "adaptive_max_pool")
        for n in (2, 3)
    ],
    *[
        OpCase(f"fft.{name}", [], errors=[fails(IndexError, f"{name}: dim must be one of input's", T(), dim=(0,))])
        for name in ("fft2", "ifftn", "rfftn", "irfft2", "hfft2", "ihfftn")
    ],
]  # fmt: skip
