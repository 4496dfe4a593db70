"""Linear algebra beyond the cases: reconstructions, gradients of factorizations, errors of LAPACK's kind."""

import numpy as np
import pytest

import rushlight
from rushlight import linalg
from rushlight.autograd import gradcheck

rng = np.random.default_rng(3)


def matrix(*shape):
    return rushlight.from_numpy(rng.standard_normal(shape))


def spd(n):
    a = matrix(n, n)
    return a @ a.mT + 2 * rushlight.eye(n, dtype=rushlight.float64)


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (2, 4, 3)])
def test_factors_give_the_matrix_back(shape):
    A = matrix(*shape)
    Q, R = linalg.qr(A)
    assert rushlight.allclose(Q @ R, A)
    U, S, Vh = linalg.svd(A, full_matrices=False)
    assert rushlight.allclose((U * S.unsqueeze(-2)) @ Vh, A)
    P, L, U = linalg.lu(A)
    assert rushlight.allclose(P @ L @ U, A)
    assert rushlight.allclose(A @ linalg.pinv(A) @ A, A)


def test_eigenvectors():
    A = spd(4)
    w, V = linalg.eigh(A)
    assert rushlight.allclose(A @ V, V * w)
    B = matrix(4, 4)
    w, V = linalg.eig(B)
    assert np.allclose(B.numpy() @ V.numpy(), V.numpy() * w.numpy())


def symmetric(f):
    return lambda A: f((A + A.mT) / 2)


RIGHT = matrix(3, 2)
# Only what does not depend on the free signs of the vectors.
GRADIENTS = {
    "cholesky": symmetric(linalg.cholesky),
    "cholesky_upper": symmetric(lambda A: linalg.cholesky(A, upper=True)),
    "eigvalsh": symmetric(linalg.eigvalsh),
    "eigh": symmetric(lambda A: linalg.eigh(A).eigenvectors.square()),
    "svd_u": lambda A: linalg.svd(A, full_matrices=False).U.square(),
    "svd_vh": lambda A: linalg.svd(A).Vh.square(),
    "qr": lambda A: linalg.qr(A).R,
    "lu": lambda A: linalg.lu_factor(A).LU,
    "lstsq": lambda A: linalg.lstsq(A, RIGHT).solution,
    "det": linalg.det,
    "matrix_exp": linalg.matrix_exp,
    "householder": lambda A: linalg.householder_product(A, A[0, :2]),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    A = spd(3).detach().requires_grad_()
    assert gradcheck(GRADIENTS[name], (A,))


@pytest.mark.parametrize("shape", [(5, 3), (3, 5)])
@pytest.mark.parametrize("name", ["svd_u", "qr"])
def test_gradients_of_rectangles(name, shape):
    assert gradcheck(GRADIENTS[name], (matrix(*shape).requires_grad_(),))


def test_determinant_of_a_singular_matrix_has_a_gradient():
    A = rushlight.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=rushlight.float64, requires_grad=True)
    linalg.det(A).backward()
    assert rushlight.allclose(A.grad, rushlight.tensor([[4.0, -2.0], [-2.0, 1.0]], dtype=rushlight.float64))


def test_linalg_errors():
    zero = rushlight.zeros(2, 2)
    with pytest.raises(linalg.LinAlgError, match="linalg.inv: the diagonal element 1 is zero"):
        linalg.inv(zero)
    with pytest.raises(linalg.LinAlgError, match="linalg.solve: the solver failed"):
        linalg.solve(zero, rushlight.ones(2))
    with pytest.raises(linalg.LinAlgError, match="leading minor of order 2 is not positive-definite"):
        linalg.cholesky(rushlight.tensor([[1.0, 2.0], [2.0, 1.0]]))
    assert linalg.cholesky_ex(-rushlight.eye(2)).info == 1
    assert linalg.inv_ex(zero).info == 1
    assert issubclass(linalg.LinAlgError, RuntimeError)
    assert rushlight.equal(linalg.matrix_power(zero, 0), rushlight.eye(2))


def test_named_results():
    assert repr(linalg.slogdet(rushlight.eye(1))) == (
        "torch.return_types.linalg_slogdet(\nsign=tensor(1.),\nlogabsdet=tensor(0.))"
    )
    A = spd(3)
    L = linalg.cholesky(A)
    b = matrix(3, 2)
    assert rushlight.allclose(rushlight.cholesky_solve(b, L), linalg.solve(A, b))
    assert rushlight.allclose(rushlight.cholesky_inverse(L), linalg.inv(A))
    LU, pivots = linalg.lu_factor(A)
    assert rushlight.allclose(linalg.lu_solve(LU, pivots, b), linalg.solve(A, b))


@pytest.mark.parametrize("upper", [False, True])
def test_a_factor_has_the_gradient_of_a_full_matrix(upper):
    """As PyTorch's: the other triangle is not read, but has a gradient."""
    L = linalg.cholesky(spd(3), upper=upper)
    B = matrix(3, 2)

    def product(f):
        return f.mT @ f if upper else f @ f.mT

    for ours, full in (
        (lambda f: rushlight.cholesky_inverse(f, upper), lambda f: linalg.inv(product(f))),
        (lambda f: rushlight.cholesky_solve(B, f, upper), lambda f: linalg.solve(product(f), B)),
    ):
        grads = []
        for f in (ours, full):
            x = L.clone().requires_grad_()
            f(x).square().sum().backward()
            grads.append(x.grad)
        assert rushlight.allclose(grads[0], grads[1])
    assert rushlight.equal(
        rushlight.cholesky_inverse(L + 7 * (L == 0), upper), rushlight.cholesky_inverse(L, upper)
    )


@pytest.mark.parametrize("uplo", ["L", "U"])
def test_gradient_of_eigenvectors_is_symmetric(uplo):
    A = spd(4).requires_grad_()
    w, V = linalg.eigh(A, uplo)
    (V.abs() * matrix(4, 4)).sum().backward()
    assert rushlight.allclose(A.grad, A.grad.mT)


def test_results_of_several_go_into_out():
    A = spd(3)
    for f, n in ((linalg.qr, 2), (linalg.eigh, 2), (linalg.svd, 3), (linalg.lu, 3), (linalg.slogdet, 2)):
        out = [rushlight.empty(0, dtype=rushlight.float64) for _ in range(n)]
        result = f(A, out=out)
        assert all(a is b for a, b in zip(result, out))
        assert all(rushlight.equal(a, b) for a, b in zip(result, f(A)))
    with pytest.raises(TypeError, match="linalg.qr: out must be a tuple of 2 Tensors, got 1"):
        linalg.qr(A, out=out[:1])
    LU, pivots = rushlight.empty(0, dtype=rushlight.float64), rushlight.empty(0, dtype=rushlight.int32)
    assert rushlight.lu(A, out=(LU, pivots))[0] is LU
    assert rushlight.equal(LU, A.lu()[0])


def test_singular_values_alone():
    U, S, V = rushlight.svd(matrix(2, 3), compute_uv=False)
    assert (U.shape, V.shape) == ((2, 2), (3, 3))
    assert not U.any()
    assert not V.any()
    assert S.all()


def test_status_of_a_singular_matrix():
    A = rushlight.ones(2, 2)
    assert linalg.lu_factor_ex(A).info == 2
    assert A.lu(get_infos=True)[2] == 2
    with pytest.raises(
        linalg.LinAlgError, match=r"linalg.lu_factor_ex: A must not be singular, but U\[2,2\] is zero"
    ):
        linalg.lu_factor_ex(A, check_errors=True)
