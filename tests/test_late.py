"""Operations that are imported at their first use, and old names of the tensor's."""

import inspect
import subprocess
import sys

import numpy as np
import pytest

import rushlight
from rushlight import ops


def test_late_families_are_imported_when_used():
    code = """
import sys, rushlight
late = [f"rushlight.ops.{name}" for name in rushlight.ops.LATE]
assert not any(name in sys.modules for name in late), sys.modules.keys() & set(late)
assert rushlight.ones(2).hash_tensor().shape == ()
assert "rushlight.ops.hashing" in sys.modules and "rushlight.ops.windows" not in sys.modules
rushlight.hann_window(3)
assert "hann_window" in dir(rushlight) and "kaiser_window" in dir(rushlight)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("family", "name"), [(f, n) for f, names in ops.LATE.items() for n in names])
def test_late_names_exist(family, name):
    module = ops.late_families()[family]
    assert name in module.__all__
    assert inspect.unwrap(getattr(rushlight, name)) is getattr(module, name)


def test_late_families_list_all_their_names():
    assert {f: sorted(m.__all__) for f, m in ops.late_families().items()} == {
        f: sorted(names) for f, names in ops.LATE.items()
    }


def test_largest_shares_its_gradient():
    x = rushlight.tensor([3.0, 3.0, 1.0, 2.0, 2.0, 2.0], requires_grad=True)
    rushlight.segment_reduce(x, "max", lengths=rushlight.tensor([2, 4])).sum().backward()
    assert np.allclose(x.grad.numpy(), [0.5, 0.5, 0, 1 / 3, 1 / 3, 1 / 3])


@pytest.mark.parametrize(("largest", "expected"), [(True, [8.0, 7.0]), (False, [1.0, 2.0])])
@pytest.mark.parametrize("method", ["ortho", "basic"])
def test_lobpcg(largest, expected, method):
    q, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((8, 8)))
    A = rushlight.from_numpy(q @ np.diag(np.arange(1.0, 9)) @ q.T).requires_grad_()
    seen = []
    E, X = rushlight.lobpcg(
        A, 2, largest=largest, method=method, tol=1e-9, tracker=lambda w: seen.append(w.ivars["istep"])
    )
    assert np.allclose(E.tolist(), expected)
    assert np.allclose((A @ X - X * E).tolist(), 0, atol=1e-6)
    assert seen == list(range(len(seen)))
    assert seen
    E.sum().backward()
    assert np.allclose(A.grad.numpy(), (X @ X.mT).tolist(), atol=1e-6)


def test_lobpcg_errors():
    with pytest.raises(
        rushlight.linalg.LinAlgError, match="X must have at least k = 2 linearly independent columns"
    ):
        rushlight.lobpcg(rushlight.eye(9), X=rushlight.ones(9, 2))
    with pytest.raises(rushlight.linalg.LinAlgError, match="lobpcg: A must hold finite numbers"):
        rushlight.lobpcg(rushlight.full((9, 9), float("nan")), 2)


def test_lobpcg_of_a_batch():
    a = np.random.default_rng(4).standard_normal((2, 9, 9))
    A = rushlight.from_numpy(a @ a.swapaxes(-1, -2))
    E, X = rushlight.lobpcg(A, 2, tol=1e-9)
    assert np.allclose(E.numpy(), np.linalg.eigvalsh(A.numpy())[:, ::-1][:, :2])
    assert np.allclose((A @ X - X * E.unsqueeze(-2)).numpy(), 0, atol=1e-5)


def test_lobpcg_generalized():
    B = rushlight.diag(rushlight.linspace(1, 2, 9, dtype=rushlight.float64))
    A = rushlight.diag(rushlight.arange(1.0, 10, dtype=rushlight.float64))
    E, X = rushlight.lobpcg(A, 2, B, iK=rushlight.linalg.inv(A), tol=1e-10, largest=False)
    assert np.allclose(E.tolist(), sorted((A.diagonal() / B.diagonal()).tolist())[:2])
    assert np.allclose((X.mT @ B @ X).tolist(), np.eye(2))


def test_lowrank_factors():
    rng = np.random.default_rng(1)
    A = rushlight.from_numpy(rng.standard_normal((2, 9, 3)) @ rng.standard_normal((2, 3, 7)))
    for x in (A, A.mT):
        U, S, V = rushlight.svd_lowrank(x, 3)
        assert rushlight.allclose(U * S.unsqueeze(-2) @ V.mT, x)
    assert rushlight.allclose(rushlight.svd_lowrank(A, 3)[1], rushlight.linalg.svdvals(A)[..., :3])
    centered = A - A.mean(-2, keepdim=True)
    U, S, V = rushlight.pca_lowrank(A, 3)
    assert rushlight.allclose(U * S.unsqueeze(-2) @ V.mT, centered)


def test_copies_of_views_take_out():
    x, out = rushlight.arange(6), rushlight.empty(0, dtype=rushlight.int64)
    assert rushlight.narrow_copy(x, 0, 1, 2, out=out) is out
    assert out.tolist() == [1, 2]
    parts = [rushlight.empty(0, dtype=rushlight.int64) for _ in range(2)]
    rushlight.split_copy(x, 3, out=parts)
    assert [p.tolist() for p in parts] == [[0, 1, 2], [3, 4, 5]]


def test_dim_order():
    x = rushlight.ones(2, 3, 4, 5)
    assert x.dim_order() == (0, 1, 2, 3)
    assert x.to(memory_format=rushlight.channels_last).dim_order(ambiguity_check=True) == (0, 2, 3, 1)
    assert rushlight.ones(2, 1, 3).dim_order(ambiguity_check=[rushlight.contiguous_format]) == (0, 1, 2)
    with pytest.raises(RuntimeError, match="dim_order: the tensor must have a unique dim order"):
        rushlight.ones(1, 1).dim_order(ambiguity_check=True)
    with pytest.raises(
        TypeError, match="dim_order: ambiguity_check must be a bool or a list of memory formats"
    ):
        x.dim_order(ambiguity_check=3)


def test_old_names():
    x = rushlight.ones(2)
    assert x.name is None
    assert x.storage_type() is rushlight.TypedStorage
    assert rushlight.get_device(x) == -1
    assert np.from_dlpack(x).sum() == 2
    assert type(rushlight.to_dlpack(x)).__name__ == "PyCapsule"
    with pytest.raises(RuntimeError, match="chalf: dtype complex32 must not be asked for"):
        x.chalf()
