"""Cases of element-wise functions.

Of ops/arithmetic.py, powers.py, rounding.py, complex.py, unary.py, clamp.py, binary.py, ternary.py, comparison.py and
special.py.
"""

import math

import numpy as np

from harness import OpCase, T, call, fails

HALVES = ("float32", "float64", "float16", "bfloat16")
ALL = ("float32", "float64", "int64", "complex128")
REAL = ("float32", "float64", "int64")
INTEGERS = ("int64", "uint8", "bool")


def pair(name, reference, *, low=None, high=None, dtypes=("float32", "float64"), **options):
    """A function of two tensors: broadcasting, strides of 0, large."""
    x, y = T(4, 5, low=low, high=high), T(5, low=low, high=high)
    calls = [
        call(x, y),
        call(y, x),
        call(T(3, 1, 4, low=low, high=high), T(2, 1, low=low, high=high)),
        call(T(2, 0, low=low, high=high), T(2, 1, low=low, high=high)),
    ]
    options.setdefault("big", call(T(300, 401, low=low, high=high), T(401, low=low, high=high)))
    return OpCase(name, calls, reference=reference, dtypes=dtypes, **options)


def one(name, reference, *, low=None, high=None, dtypes=("float32", "float64"), **options):
    """A function of one tensor."""
    x = T(4, 5, low=low, high=high)
    return OpCase(
        name,
        [call(x)],
        reference=reference,
        dtypes=dtypes,
        any_shape=True,
        big=call(T(300, 401, low=low, high=high)),
        **options,
    )


def add(x, y, alpha=1):
    return x + alpha * y


def remainder(x, y):
    return x - np.floor(x / y) * y


POSITIVE = {"low": 0.2, "high": 3.0}
INSIDE = {"low": -0.9, "high": 0.9}

ARITHMETIC = [
    OpCase(
        "add",
        [
            call(T(4, 5), T(5)),
            call(T(4, 5), 2.5),
            call(T(3, 1), T(1, 4), alpha=2),
            call(T(70, 3), T(3)),
            call(T(3, 70, 2), T(70, 1)),
        ],
        reference=add,
        dtypes=ALL[:2] + HALVES[2:],
        any_shape=True,
        big=call(T(300, 401), T(401)),
        errors=[
            fails(
                RuntimeError,
                "add: other must have a shape that broadcasts with input's [2, 3]",
                T(2, 3),
                T(4),
            ),
            fails(
                RuntimeError,
                "add: alpha must be an integer",
                T(2, dtype="int64"),
                T(2, dtype="int64"),
                alpha=0.5,
            ),
        ],
    ),
    OpCase(
        "sub",
        [call(T(4, 5), T(5)), call(T(5), 2, alpha=3)],
        reference=lambda x, y, alpha=1: x - alpha * y,
        errors=[
            fails(
                RuntimeError, "sub: input and other must not be bool", T(2, dtype="bool"), T(2, dtype="bool")
            )
        ],
    ),
    OpCase(
        "rsub", [call(T(4, 5), T(5)), call(T(5), 2, alpha=3)], reference=lambda x, y, alpha=1: y - alpha * x
    ),
    pair("mul", np.multiply, dtypes=("float32", "float64", "int64", "complex128")),
    pair(
        "div",
        np.true_divide,
        **POSITIVE,
        dtypes=("float32", "float64", "complex128"),
        errors=[
            fails(
                RuntimeError,
                "div: rounding_mode must be None, 'trunc' or 'floor', got 'up'",
                T(2),
                2,
                rounding_mode="up",
            )
        ],
    ),
    OpCase(
        "div",
        [call(T(4, 5), T(5, low=0.5, high=2.0), rounding_mode=m) for m in ("floor", "trunc")],
        reference=lambda x, y, rounding_mode: (np.floor if rounding_mode == "floor" else np.trunc)(x / y),
        id="div rounded",
    ),
    OpCase(
        "floor_divide",
        [call(T(4, 5), T(5, low=0.5, high=2.0)), call(T(values=[10.0]), T(values=[0.1]))],
        reference=lambda x, y: np.floor_divide(x, y),
        grad=False,
        dtypes=("float32", "float64"),
        errors=[fails(RuntimeError, "ZeroDivisionError", T(2, dtype="int64"), 0)],
    ),
    pair("remainder", remainder, **POSITIVE),
    pair("fmod", np.fmod, **POSITIVE),
    pair(
        "maximum",
        np.maximum,
        errors=[fails(TypeError, "maximum: other must be a Tensor, got float", T(2), 1.0)],
    ),
    pair("minimum", np.minimum),
    pair("fmax", np.fmax),
    pair("fmin", np.fmin),
    pair("atan2", np.arctan2, **POSITIVE),
    pair("hypot", np.hypot, **POSITIVE),
    pair("logaddexp", np.logaddexp),
    pair("logaddexp2", np.logaddexp2),
    pair("copysign", np.copysign),
    pair("xlogy", lambda x, y: x * np.log(y), **POSITIVE),
    pair("pow", np.power, **POSITIVE),
    OpCase(
        "pow",
        [call(T(4, 5, **POSITIVE), p) for p in (2, 3, 0.5, -1, -0.5, 0, 1.7)],
        reference=np.power,
        id="pow number",
        big=call(T(300, 401, **POSITIVE), 1.5),
        errors=[
            fails(
                RuntimeError,
                "pow: exponent must not be negative for integer tensors",
                T(2, dtype="int64"),
                -1,
            )
        ],
    ),
    OpCase("float_power", [call(T(4, **POSITIVE), 1.5)], reference=np.power, variants=False),
    OpCase("nextafter", [call(T(4), T(4))], reference=None, grad=False),
    OpCase("heaviside", [call(T(values=[-1.0, 0.0, 2.0]), T(1))], reference=np.heaviside, grad=False),
    OpCase(
        "gcd",
        [call(T(9), T(9))],
        reference=np.gcd,
        dtypes=("int64",),
        grad=False,
        errors=[
            fails(
                NotImplementedError,
                "gcd: inputs must be integer tensors",
                T(2, dtype="float32"),
                T(2, dtype="float32"),
            )
        ],
    ),
    OpCase("lcm", [call(T(9), T(9))], reference=np.lcm, dtypes=("int64",), grad=False),
    OpCase(
        "lerp",
        [call(T(4, 5), T(4, 5), 0.3), call(T(4, 5), T(5), T(4, 1))],
        reference=lambda x, y, w: x + w * (y - x),
        big=call(T(300, 401), T(300, 401), 0.3),
    ),
    OpCase(
        "addcmul",
        [call(T(4, 5), T(5), T(4, 1), value=0.5)],
        reference=lambda x, a, b, value: x + value * a * b,
        big=call(T(300, 401), T(401), T(300, 401), value=0.5),
    ),
    OpCase(
        "addcdiv",
        [call(T(4, 5), T(5), T(4, 1, **POSITIVE), value=0.5)],
        reference=lambda x, a, b, value: x + value * a / b,
        errors=[
            fails(
                RuntimeError,
                "addcdiv: tensor1 and tensor2 must not both be integer",
                T(2),
                T(2, dtype="int64"),
                T(2, dtype="int64"),
            )
        ],
    ),
]

UNARY = [
    one(
        "neg",
        np.negative,
        dtypes=ALL,
        errors=[fails(RuntimeError, "neg: input must not be bool", T(2, dtype="bool"))],
    ),
    one("abs", np.abs, dtypes=REAL),
    one("sign", np.sign, dtypes=REAL),
    one("square", np.square),
    one("sqrt", np.sqrt, **POSITIVE),
    one("rsqrt", lambda x: 1 / np.sqrt(x), **POSITIVE),
    one("reciprocal", lambda x: 1 / x, **POSITIVE),
    one("floor", np.floor, dtypes=REAL),
    one("ceil", np.ceil, dtypes=REAL),
    one("trunc", np.trunc, dtypes=REAL),
    one("round", np.rint, dtypes=REAL),
    one("frac", lambda x: x - np.trunc(x)),
    one("exp", np.exp, dtypes=HALVES),
    one("exp2", np.exp2),
    one("expm1", np.expm1),
    one("log", np.log, **POSITIVE, dtypes=HALVES),
    one("log2", np.log2, **POSITIVE),
    one("log10", np.log10, **POSITIVE),
    one("log1p", np.log1p, **POSITIVE),
    one("sigmoid", lambda x: 1 / (1 + np.exp(-x)), dtypes=HALVES),
    one("tanh", np.tanh, dtypes=HALVES),
    one("sin", np.sin),
    one("cos", np.cos),
    one("tan", np.tan, **INSIDE),
    one("asin", np.arcsin, **INSIDE),
    one("acos", np.arccos, **INSIDE),
    one("atan", np.arctan),
    one("sinh", np.sinh),
    one("cosh", np.cosh),
    one("asinh", np.arcsinh),
    one("acosh", np.arccosh, low=1.2, high=4.0),
    one("atanh", np.arctanh, **INSIDE),
    one("sinc", np.sinc),
    one("deg2rad", np.deg2rad),
    one("rad2deg", np.rad2deg),
    one("erf", np.vectorize(math.erf, otypes=[float])),
    one("erfc", np.vectorize(math.erfc, otypes=[float])),
    one("lgamma", np.vectorize(math.lgamma, otypes=[float]), **POSITIVE),
    one("erfinv", None, **INSIDE),
    one("digamma", None, **POSITIVE),
    one("i0", np.i0),
    OpCase(
        "logit",
        [call(T(5, low=0.1, high=0.9)), call(T(5), 0.2)],
        reference=lambda x, eps=None: (lambda p: np.log(p / (1 - p)))(
            x if eps is None else np.clip(x, eps, 1 - eps)
        ),
    ),
    OpCase(
        "nan_to_num",
        [call(T(values=[np.nan, np.inf, -np.inf, 1.0]), 1.0, 2.0, 3.0)],
        reference=lambda x, *n: np.nan_to_num(x, nan=n[0], posinf=n[1], neginf=n[2]),
        grad=False,
    ),
    OpCase(
        "clamp",
        [
            call(T(4, 5), -0.5, 0.5),
            call(T(4, 5), min=0.1),
            call(T(4, 5), max=T(5)),
            call(T(4, 5), T(4, 1, low=-1, high=0), T(5, low=0, high=1)),
        ],
        reference=lambda x, min=None, max=None: np.clip(x, min, max),
        big=call(T(300, 401), -0.5, 0.5),
        errors=[fails(RuntimeError, "clamp: min and max must not both be None", T(2))],
    ),
]


def comparison(name, reference):
    return OpCase(
        name,
        [
            call(T(4, 5, dtype="int64"), T(5, dtype="int64")),
            call(T(4, 5), T(5)),
            call(T(4, 70), T(4, 1)),
            call(T(6), 0.5),
        ],
        reference=reference,
        any_shape=True,
        big=call(T(300, 401), T(401)),
        grad=False,
    )


def logic(name, reference):
    return OpCase(
        name,
        [call(T(9, dtype="bool"), T(9, dtype="bool"))],
        reference=reference,
        grad=False,
        dtypes=("bool",),
    )


COMPARISON = [
    comparison("eq", np.equal),
    comparison("ne", np.not_equal),
    comparison("lt", np.less),
    comparison("le", np.less_equal),
    comparison("gt", np.greater),
    comparison("ge", np.greater_equal),
    *[
        OpCase(
            n,
            [call(T(values=[1.0, np.nan, np.inf, -np.inf, -0.0])), call(T(3, 40))],
            reference=getattr(np, n),
            grad=False,
        )
        for n in ("isnan", "isinf", "isfinite", "isposinf", "isneginf", "signbit")
    ],
    logic("logical_and", np.logical_and),
    logic("logical_or", np.logical_or),
    logic("logical_xor", np.logical_xor),
    OpCase(
        "logical_not", [call(T(9, dtype="int64"))], reference=np.logical_not, grad=False, dtypes=("int64",)
    ),
    OpCase(
        "bitwise_and",
        [call(T(9), T(9))],
        reference=np.bitwise_and,
        dtypes=INTEGERS,
        grad=False,
        errors=[
            fails(
                NotImplementedError,
                "bitwise_and: inputs must be integer or bool tensors",
                T(2, dtype="float32"),
                T(2, dtype="float32"),
            )
        ],
    ),
    OpCase("bitwise_or", [call(T(9), T(9))], reference=np.bitwise_or, dtypes=INTEGERS, grad=False),
    OpCase("bitwise_xor", [call(T(9), T(9))], reference=np.bitwise_xor, dtypes=INTEGERS, grad=False),
    OpCase("bitwise_not", [call(T(9))], reference=np.bitwise_not, dtypes=INTEGERS, grad=False),
    OpCase(
        "bitwise_left_shift",
        [call(T(9), T(9, low=0, high=5))],
        reference=np.left_shift,
        dtypes=("int64",),
        grad=False,
    ),
    OpCase(
        "bitwise_right_shift",
        [call(T(9), T(9, low=0, high=5))],
        reference=np.right_shift,
        dtypes=("int64",),
        grad=False,
    ),
    OpCase(
        "isclose",
        [call(T(9), T(9)), call(T(values=[1.0, np.nan]), T(values=[1.0, np.nan]), equal_nan=True)],
        reference=np.isclose,
        grad=False,
    ),
]

MORE = [
    OpCase("ldexp", [call(T(5), T(5, low=-2, high=2))], reference=lambda x, y: x * 2.0**y, variants=False),
    OpCase(
        "true_divide",
        [call(T(5), T(5, **POSITIVE))],
        reference=np.true_divide,
        also=["divide", "multiply", "subtract"],
    ),
    OpCase("clamp_min", [call(T(5), 0.1)], reference=np.maximum),
    OpCase("clamp_max", [call(T(5), 0.1)], reference=np.minimum),
    OpCase("positive", [call(T(5))], reference=np.positive),
    OpCase("sgn", [call(T(5))], reference=np.sign, grad=False),
    OpCase("angle", [call(T(5))], reference=np.angle),
    OpCase("conj", [call(T(5))], reference=np.conj),
    OpCase("conj_physical", [call(T(5))], reference=np.conj),
    OpCase("frexp", [call(T(5))], reference=np.frexp),
    OpCase("isreal", [call(T(5))], reference=np.isreal, grad=False),
    OpCase("equal", [call(T(5), T(5))], reference=np.array_equal, grad=False, variants=False, torch=False),
    OpCase("allclose", [call(T(5), T(5))], reference=np.allclose, grad=False, variants=False, torch=False),
    OpCase("igamma", [call(T(values=[0.5, 2.0, 9.0], grad=False), T(3, **POSITIVE))], gradgrad=False),
    OpCase("igammac", [call(T(values=[0.5, 2.0, 9.0], grad=False), T(3, **POSITIVE))], gradgrad=False),
    OpCase("mvlgamma", [call(T(5, low=2.0, high=5.0), 2)]),
    OpCase("polygamma", [call(2, T(5, low=1.0, high=5.0))], gradgrad=False, variants=False),
]

CASES = [*ARITHMETIC, *UNARY, *COMPARISON, *MORE]
