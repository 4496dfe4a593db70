"""Cases of ops/activation.py."""

import math

import numpy as np

from harness import OpCase, T, call, fails

HALVES = ("float32", "float64", "float16", "bfloat16")
# Away from the corners, where a derivative by differences is none.
VALUES = np.linspace(-4.03, 4.11, 24).reshape(4, 6)
X = T(values=VALUES)
BIG = call(T(300, 401))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def erf(x):
    return np.vectorize(math.erf, otypes=[float])(x)


def elu(x, alpha=1.0, scale=1.0, inner=1.0):
    return np.where(x > 0, scale * x, scale * alpha * np.expm1(np.minimum(x * inner, 0)))


def softplus(x, beta=1.0, threshold=20.0):
    return np.where(x * beta > threshold, x, np.log1p(np.exp(np.minimum(x * beta, threshold))) / beta)


def gelu(x, approximate="none"):
    if approximate == "none":
        return x * 0.5 * (1 + erf(x / math.sqrt(2)))
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def case(name, reference, *arguments, errors=(), **options):
    """`arguments`: of further calls, each a tuple."""
    calls = [call(X), *[call(X, *a) for a in arguments]]
    return OpCase(
        "nn.functional." + name,
        calls,
        reference=reference,
        dtypes=HALVES,
        any_shape=True,
        big=BIG,
        errors=errors,
        **options,
    )


CASES = [
    case("relu", lambda x: np.maximum(x, 0), also=["relu"]),
    case("relu6", lambda x: np.clip(x, 0, 6)),
    case("leaky_relu", lambda x, s=0.01: np.where(x > 0, x, s * x), (0.2,)),
    case("elu", elu, (0.5,)),
    case("selu", lambda x: elu(x, 1.6732632423543772, 1.0507009873554805), also=["selu"]),
    case(
        "celu",
        lambda x, a=1.0: elu(x, a, 1.0, 1 / a),
        (2.0,),
        also=["celu"],
        errors=[fails(RuntimeError, "celu: alpha must not be 0", T(2), 0.0)],
    ),
    case("softplus", softplus, (2.0, 3.0)),
    case("logsigmoid", lambda x: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))),
    case("softsign", lambda x: x / (1 + np.abs(x))),
    case("tanhshrink", lambda x: x - np.tanh(x)),
    case("hardshrink", lambda x, a=0.5: np.where(np.abs(x) > a, x, 0), (0.2,)),
    case(
        "softshrink",
        lambda x, a=0.5: np.sign(x) * np.maximum(np.abs(x) - a, 0),
        (0.2,),
        errors=[fails(RuntimeError, "softshrink: lambd must not be negative, got -1", T(2), -1)],
    ),
    case(
        "hardtanh",
        lambda x, a=-1.0, b=1.0: np.clip(x, a, b),
        (-0.5, 0.7),
        errors=[fails(ValueError, "hardtanh: min_val must not be greater than max_val", T(2), 1.0, -1.0)],
    ),
    # PyTorch multiplies by a float32 1/6 in float64, too.
    case("hardsigmoid", lambda x: np.clip(x + 3, 0, 6) / 6, torch_dtypes=("float32", "float16", "bfloat16")),
    case("hardswish", lambda x: x * np.clip(x + 3, 0, 6) / 6),
    case(
        "silu",
        lambda x: x * sigmoid(x),
        errors=[
            fails(NotImplementedError, "silu: input must be a floating-point tensor", T(2, dtype="int64"))
        ],
    ),
    case("mish", lambda x: x * np.tanh(softplus(x))),
    OpCase(
        "nn.functional.gelu",
        [call(X), call(X, approximate="tanh")],
        reference=gelu,
        dtypes=HALVES,
        big=BIG,
        errors=[
            fails(
                RuntimeError, "gelu: approximate must be 'none' or 'tanh', got 'erf'", T(2), approximate="erf"
            )
        ],
    ),
    OpCase(
        "nn.functional.threshold",
        [call(X, 0.1, 2.0)],
        reference=lambda x, a, v: np.where(x > a, x, v),
        big=call(T(300, 401), 0.1, 2.0),
    ),
    OpCase(
        "nn.functional.glu",
        [call(T(4, 6)), call(T(4, 6), 0), call(T(2, 3, 4), 2)],
        reference=lambda x, dim=-1: (lambda a, b: a * sigmoid(b))(*np.split(x, 2, dim)),
        errors=[fails(RuntimeError, "glu: input must have an even size along dim 1, got 3", T(4, 3))],
    ),
    OpCase(
        "nn.functional.prelu",
        [
            call(X, T(6)),
            call(X, T(1)),
            call(T(values=VALUES.reshape(2, 3, 4)), T(3)),
        ],
        reference=lambda x, w: np.where(x > 0, x, x * (w.reshape((1, -1) + (1,) * (x.ndim - 2)))),
        also=["prelu"],
        errors=[
            fails(
                RuntimeError,
                "prelu: weight must have 1 element or input's number of channels, 6, got 5",
                T(4, 6),
                T(5),
            )
        ],
    ),
    OpCase(
        "nn.functional.rrelu",
        [call(X), call(X, 0.1, 0.2), call(X, 0.1, 0.3, True)],
        random=True,
        gradgrad=False,
        grad=False,
        dtypes=("float32", "float64"),
    ),
]
