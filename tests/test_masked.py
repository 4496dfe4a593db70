"""torch.masked beyond the cases: what is masked reaches neither results nor gradients."""

import numpy as np
import pytest

import rushlight
from rushlight import masked

CALLS = {
    "sum": (),
    "prod": (),
    "mean": (),
    "amax": (),
    "amin": (),
    "var": (),
    "std": (),
    "logsumexp": (),
    "median": (),
    "cumsum": (),
    "cumprod": (),
    "softmax": (),
    "softmin": (),
    "norm": (2.0,),
    "normalize": (2.0,),
}


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e30])
@pytest.mark.parametrize("name", CALLS)
def test_what_is_masked_does_not_matter(name, bad):
    kept = rushlight.tensor([1.0, 3.0, 2.0], requires_grad=True)
    x = rushlight.tensor([1.0, bad, 3.0, 2.0], requires_grad=True)
    mask = rushlight.tensor([True, False, True, True])
    y, z = (
        getattr(masked, name)(t, *CALLS[name], 0, **options)
        for t, options in ((x, {"mask": mask}), (kept, {}))
    )
    weights = rushlight.arange(1.0, 5.0) if y.ndim else rushlight.tensor(1.0)
    (y * weights).masked_fill(~mask if y.ndim else ~mask.any(), 0).sum().backward()
    (z * (weights[mask] if y.ndim else weights)).sum().backward()
    assert np.allclose((y[mask] if y.ndim else y).tolist(), z.tolist())
    assert np.allclose(x.grad[mask].tolist(), kept.grad.tolist())
    assert x.grad[1] == 0


def test_is_imported_when_used():
    import subprocess
    import sys

    code = (
        "import sys, rushlight; late = ('rushlight.masked', 'rushlight.signal', 'rushlight.special');"
        "assert not set(late) & set(sys.modules); rushlight.masked.sum; rushlight.signal.windows.hann;"
        "assert set(late[:2]) <= set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
