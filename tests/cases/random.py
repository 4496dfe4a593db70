"""Cases of ops/random.py that have tensors as inputs; values and everything else: tests/test_random.py."""

from harness import OpCase, T, call, fails

CASES = [
    OpCase(
        "bernoulli",
        [
            call(T(3, 4, low=0, high=1)),
            call(T(40, low=0, high=1)),
            call(T(3, 4), 0.3),
            call(T(low=0, high=1)),
        ],
        random=True,
        grad=False,
        gradgrad=False,
        variants=False,
        errors=[fails(RuntimeError, "bernoulli: each probability must be in [0, 1]", T(3, low=2, high=3))],
    ),
    OpCase(
        "normal",
        [
            call(T(3, 4), T(3, 4, low=0, high=2)),
            call(T(3, 4), 0.5),
            call(0.5, T(5, low=0, high=2)),
            call(T(), T(4, low=0, high=1)),
        ],
        random=True,
        grad=False,
        gradgrad=False,
        variants=False,
        errors=[
            fails(
                RuntimeError,
                "normal: mean and std must have shapes that broadcast",
                T(3),
                T(4, low=0, high=1),
            )
        ],
    ),
    OpCase(
        "multinomial",
        [call(T(6, low=0, high=1, grad=False), 3), call(T(2, 6, low=0, high=1, grad=False), 20, True)],
        random=True,
        grad=False,
        gradgrad=False,
        variants=False,
        errors=[
            fails(
                RuntimeError,
                "multinomial: num_samples must be at most the number of weights, 3",
                T(3, low=0, high=1),
                4,
            )
        ],
    ),
    OpCase(
        "poisson",
        [call(T(3, 4, low=0, high=30)), call(T(low=0, high=5))],
        random=True,
        grad=False,
        gradgrad=False,
        variants=False,
        errors=[fails(RuntimeError, "poisson: input must hold rates >= 0", T(3, low=-2, high=-1))],
    ),
    OpCase(
        "binomial",
        [call(T(5, values=[1, 5, 20, 100, 7]), T(5, low=0, high=1))],
        random=True,
        grad=False,
        gradgrad=False,
        variants=False,
    ),
    OpCase(
        "rand_like",
        [call(T(3, 4, grad=False)), call(T(0, 2, grad=False))],
        random=True,
        grad=False,
        gradgrad=False,
        variants=False,
    ),
    OpCase(
        "randn_like",
        [call(T(3, 4, grad=False)), call(T(5, 7, grad=False))],
        random=True,
        grad=False,
        gradgrad=False,
        variants=False,
    ),
    OpCase(
        "randint_like",
        [call(T(3, 4, grad=False), 5), call(T(3, 4, grad=False), -5, 5)],
        random=True,
        grad=False,
        gradgrad=False,
        variants=False,
    ),
]
