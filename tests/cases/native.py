"""Cases of ops/native.py: the forms of `torch` with arguments of their own."""

from harness import OpCase, T, call, fails

RUNNING = [T(3, grad=False), T(3, low=0.5, high=2, grad=False)]
RANDOM = {"random": True, "variants": False}

CASES = [
    OpCase(
        "batch_norm",
        [
            call(T(4, 3), T(3), T(3), None, None, True, 0.1, 1e-5, False),
            call(T(4, 3), T(3), T(3), *RUNNING, False, 0.1, 1e-5, False),
        ],
    ),
    OpCase("instance_norm", [call(T(4, 3, 5), T(3), T(3), None, None, True, 0.1, 1e-5, False)]),
    OpCase("layer_norm", [call(T(4, 3), (3,), T(3), T(3), 1e-5, False)]),
    OpCase("group_norm", [call(T(4, 4, 2), 2, T(4), T(4), 1e-5, False)]),
    OpCase(
        "constant_pad_nd",
        [call(T(2, 3), (1, 2)), call(T(2, 3), (-1, 1, 2, 0), 0.5), call(T(3, dtype="int64"), (1, 1), 3.5)],
        variants=False,
    ),
    OpCase("native_layer_norm", [call(T(4, 2, 3), (2, 3), T(2, 3), T(2, 3), 1e-5)]),
    OpCase(
        "native_group_norm",
        [call(T(3, 4, 5), T(4), T(4), 3, 4, 5, 2, 1e-5)],
        errors=[
            fails(
                RuntimeError,
                "native_group_norm: input must have N * C * HxW elements",
                T(3, 4, 5),
                None,
                None,
                3,
                4,
                6,
                2,
                1e-5,
            )
        ],
    ),
    OpCase(
        "native_batch_norm",
        [
            call(T(4, 3, 2), T(3), T(3), None, None, True, 0.1, 1e-5),
            call(T(4, 3), T(3), None, *RUNNING, False, 0.1, 1e-5),
        ],
    ),
    OpCase("embedding", [call(T(30, 25), T(6, dtype="int64", low=0, high=30), 2)], variants=False),
    OpCase("dropout", [call(T(4, 3), 0.3, True), call(T(4, 3), 0.3, False)], also=["dropout_"], **RANDOM),
    OpCase("alpha_dropout", [call(T(4, 3), 0.3, True)], also=["alpha_dropout_"], **RANDOM),
    OpCase("feature_alpha_dropout", [call(T(4, 3), 0.3, True)], also=["feature_alpha_dropout_"], **RANDOM),
    OpCase("feature_dropout", [call(T(4, 3, 2), 0.3, True)], also=["feature_dropout_"], **RANDOM),
]
