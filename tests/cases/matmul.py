"""Cases of ops/matmul.py."""

import numpy as np

from harness import OpCase, T, call, fails

ALL = ("float32", "float64", "float16", "bfloat16", "int64", "complex64")


def _added(join):
    def reference(x, a, b, *, beta=1, alpha=1):
        return beta * x + alpha * join(a, b)

    return reference


CASES = [
    OpCase(
        "matmul",
        [
            call(T(3, 4), T(4, 5)),
            call(T(4), T(4)),
            call(T(3, 4), T(4)),
            call(T(4), T(4, 3)),
            call(T(2, 3, 4), T(4, 5)),
            call(T(2, 3, 4), T(2, 4, 5)),
            call(T(2, 1, 3, 4), T(5, 4, 2)),
            call(T(4), T(2, 4, 3)),
            call(T(2, 3, 4), T(4)),
            call(T(3, 4), T(2, 4, 5)),
            call(T(1, 17), T(17, 33)),
            call(T(33, 17), T(17, 1)),
            call(T(7, 300), T(300, 9)),
            call(T(0, 4), T(4, 2)),
            call(T(3, 0), T(0, 2)),
            call(T(2, 0, 3), T(2, 3, 4)),
        ],
        reference=np.matmul,
        dtypes=ALL,
        big=call(T(130, 270), T(270, 190)),
        errors=[
            fails(RuntimeError, "matmul: mat1 and mat2 shapes cannot be multiplied", T(3, 4), T(5, 6)),
            fails(RuntimeError, "matmul: batch dims must broadcast", T(2, 3, 4), T(3, 4, 5)),
            fails(RuntimeError, "matmul: both arguments must be at least 1-d", T(), T(3)),
            fails(
                RuntimeError,
                "matmul: both operands must have the same dtype",
                T(3, 3),
                T(3, 3, dtype="int64"),
            ),
            fails(TypeError, "matmul: operands must be Tensors, got float", T(3, 3), 2.0),
        ],
        also=["Tensor.__matmul__", "Tensor.__rmatmul__"],
    ),
    OpCase(
        "mm",
        [call(T(3, 4), T(4, 5)), call(T(1, 4), T(4, 5)), call(T(70, 5), T(5, 33)), call(T(3, 0), T(0, 2))],
        reference=np.matmul,
        dtypes=ALL,
        big=call(T(64, 784), T(784, 256)),
        errors=[
            fails(RuntimeError, "mm: input must be a matrix", T(3), T(3, 2)),
            fails(RuntimeError, "mm: mat1 and mat2 shapes cannot be multiplied", T(3, 4), T(5, 6)),
        ],
    ),
    OpCase(
        "bmm",
        [call(T(2, 3, 4), T(2, 4, 5)), call(T(1, 1, 1), T(1, 1, 1)), call(T(0, 3, 4), T(0, 4, 5))],
        reference=np.matmul,
        dtypes=ALL,
        big=call(T(12, 64, 40), T(12, 40, 64)),
        errors=[fails(RuntimeError, "bmm: mat2 must have shape (2, 4, *)", T(2, 3, 4), T(3, 4, 5))],
    ),
    OpCase(
        "mv",
        [call(T(3, 4), T(4)), call(T(1, 1), T(1)), call(T(40, 70), T(70))],
        reference=np.matmul,
        dtypes=ALL,
        big=call(T(400, 600), T(600)),
        errors=[fails(RuntimeError, "mv: vec must have size 4", T(3, 4), T(3))],
    ),
    OpCase(
        "dot",
        [call(T(4), T(4)), call(T(1), T(1)), call(T(0), T(0)), call(T(100), T(100))],
        reference=np.dot,
        dtypes=ALL,
        errors=[
            fails(RuntimeError, "dot: both vectors must have one size", T(3), T(4)),
            fails(RuntimeError, "dot: input must be a vector", T(3, 1), T(3)),
        ],
    ),
    OpCase(
        "vdot",
        [call(T(4), T(4)), call(T(1), T(1))],
        reference=np.vdot,
        dtypes=("float32", "float64", "complex64"),
    ),
    OpCase(
        "outer",
        [call(T(3), T(4)), call(T(1), T(1)), call(T(0), T(3))],
        reference=np.outer,
        dtypes=ALL,
        errors=[fails(RuntimeError, "outer: input must be a vector", T(3, 1), T(3))],
        also=["ger"],
    ),
    OpCase(
        "inner",
        [
            call(T(3), T(3)),
            call(T(2, 3), T(4, 3)),
            call(T(2, 3), T(5, 4, 3)),
            call(T(), T(2, 3)),
            call(T(3), T(2, 3)),
        ],
        reference=np.inner,
        dtypes=("float32", "float64", "int64"),
        errors=[fails(RuntimeError, "inner: the last dim of both operands must be equal", T(3), T(4))],
    ),
    OpCase(
        "addmm",
        [
            call(T(3, 5), T(3, 4), T(4, 5)),
            call(T(5), T(3, 4), T(4, 5), beta=2, alpha=3),
            call(T(3, 1), T(3, 4), T(4, 5), beta=0, alpha=1),
            call(T(), T(3, 4), T(4, 5), beta=1, alpha=2),
        ],
        reference=_added(np.matmul),
        dtypes=("float32", "float64", "bfloat16", "int64", "complex64"),
        big=call(T(130, 190), T(130, 70), T(70, 190)),
        errors=[
            fails(
                RuntimeError,
                "addmm: input must be expandable to the product's shape (3, 5)",
                T(4),
                T(3, 4),
                T(4, 5),
            ),
            fails(RuntimeError, "addmm: mat1 must be a matrix", T(3), T(3), T(3, 3)),
        ],
    ),
    OpCase(
        "addmv",
        [call(T(3), T(3, 4), T(4)), call(T(1), T(3, 4), T(4), beta=2, alpha=3)],
        reference=_added(np.matmul),
        errors=[fails(RuntimeError, "addmv: mat1 and mat2 shapes cannot be multiplied", T(3), T(3, 4), T(3))],
    ),
    OpCase(
        "baddbmm",
        [call(T(2, 3, 5), T(2, 3, 4), T(2, 4, 5)), call(T(1), T(2, 3, 4), T(2, 4, 5), beta=2, alpha=3)],
        reference=_added(np.matmul),
        errors=[fails(RuntimeError, "baddbmm: mat1 and mat2 shapes", T(3), T(2, 3, 4), T(3, 4, 5))],
    ),
    OpCase(
        "addbmm",
        [call(T(3, 5), T(2, 3, 4), T(2, 4, 5)), call(T(1), T(2, 3, 4), T(2, 4, 5), beta=2, alpha=3)],
        reference=_added(lambda a, b: np.matmul(a, b).sum(0)),
        errors=[fails(RuntimeError, "addbmm: mat1 and mat2 shapes", T(3, 5), T(2, 3, 4), T(3, 4, 5))],
    ),
    OpCase(
        "addr",
        [call(T(3, 4), T(3), T(4)), call(T(4), T(3), T(4), beta=2, alpha=3)],
        reference=_added(np.outer),
        errors=[fails(RuntimeError, "outer: input must be a vector", T(3), T(3, 1), T(3))],
    ),
    OpCase(
        "linalg.multi_dot",
        [call([T(2, 3), T(3, 4), T(4, 5)]), call([T(3), T(3, 4), T(4)]), call([T(2, 3), T(3, 2)])],
        reference=np.linalg.multi_dot,
        errors=[
            fails(RuntimeError, "linalg.multi_dot: expected at least 2 tensors", [T(2, 3)]),
            fails(RuntimeError, "linalg.multi_dot: tensors 0 and 1", [T(2, 3), T(2, 3)]),
        ],
        also=["chain_matmul"],
    ),
    OpCase(
        "kron",
        [call(T(2, 3), T(3, 2)), call(T(2), T(3, 2, 2)), call(T(), T(3))],
        reference=np.kron,
        dtypes=("float32", "float64", "int64"),
    ),
]
