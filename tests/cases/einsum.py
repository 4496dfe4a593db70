"""Cases of ops/einsum.py."""

import numpy as np

from harness import OpCase, T, call, fails


def einsum(equation, *operands):
    if isinstance(equation, str):
        operands = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
        return np.einsum(equation, *operands)
    return np.einsum(equation, *operands)


CASES = [
    OpCase(
        "einsum",
        [
            call("ij,jk->ik", T(3, 4), T(4, 5)),
            call("bij,bjk->bik", T(2, 3, 4), T(2, 4, 5)),
            call("ii->i", T(3, 3)),
            call("ii", T(3, 3)),
            call("iij->ji", T(3, 3, 4)),
            call("...ij,...jk", T(2, 3, 4), T(5, 1, 4, 6)),
            call("i,j->ij", T(3), T(4)),
            call("ij->", T(3, 4)),
            call("ba", T(2, 3)),
            call("bn,anm,bm->ba", T(2, 5), T(3, 5, 4), T(2, 4)),
            call("ij,ij->ji", T(3, 4), T(3, 4)),
            call("ijk,il->kjl", T(3, 4, 5), T(3, 6)),
            call("bhqd,bhkd->bhqk", T(2, 2, 4, 5), T(2, 2, 3, 5)),
            call("i,i", T(3), T(3)),
            call("a,b,c", T(2), T(3), T(4)),
            call("...i->...", T(2, 3, 4)),
            call("i...->...", T(2, 3, 4)),
            call(" i j , j -> i ", T(3, 4), T(4)),
            call(T(3, 4), [0, 1], T(4, 5), [1, 2], [0, 2]),
            call(T(3, 4), [0, Ellipsis], [Ellipsis, 0]),
            call("ij,jk->ik", [T(3, 4), T(4, 5)]),
            call("ij,jk->ik", T(0, 4), T(4, 5)),
        ],
        reference=einsum,
        dtypes=("float32", "float64", "int64", "complex64"),
        big=call("bij,bjk->bik", T(8, 60, 70), T(8, 70, 50)),
        errors=[
            fails(
                RuntimeError,
                "einsum: the equation must have a subscript list for each operand",
                "ij,jk",
                T(3, 4),
            ),
            fails(RuntimeError, "einsum: operand 0 has 2 dims", "ijk->i", T(3, 4)),
            fails(RuntimeError, "einsum: output subscript z does not appear", "ij->z", T(3, 4)),
            fails(RuntimeError, "einsum: output subscript i must appear once", "ij->ii", T(3, 4)),
            fails(RuntimeError, "einsum: operands do not broadcast", "ij,jk->ik", T(3, 4), T(5, 6)),
            fails(RuntimeError, "einsum: subscript i is repeated for operand 0", "ii->i", T(3, 4)),
            fails(RuntimeError, "einsum: operand 0 must have subscripts in [a-zA-Z]", "i1->i", T(3, 4)),
            fails(ValueError, "einsum: must have an equation", "ij->i"),
        ],
        variants=False,
    ),
    OpCase(
        "tensordot",
        [
            call(T(2, 3, 4), T(3, 4, 5), 2),
            call(T(2, 3), T(4), 0),
            call(T(3, 4, 5), T(4, 6, 3), ([1, 0], [0, 2])),
            call(T(3), T(3), 1),
        ],
        reference=np.tensordot,
        errors=[
            fails(RuntimeError, "tensordot: contracted dimensions need to match", T(2, 3), T(4, 5), 1),
            fails(RuntimeError, "tensordot: both dimension lists", T(2, 3), T(4, 5), ([0], [0, 1])),
        ],
        variants=False,
    ),
]
