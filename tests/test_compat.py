"""`install_as_torch`: the names of PyTorch, and what happens with those that are not there."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import rushlight
from rushlight import compat

SOURCE = str(Path(rushlight.__file__).parent.parent)


def run(code):
    out = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert out.returncode == 0, out.stderr
    return out.stdout


INSTALL = "import rushlight\nrushlight.install_as_torch()\n"


def test_modules_are_the_same_objects():
    code = """
        import torch, torch.nn, torch.utils.data.dataloader as loader
        import torch.optim.lr_scheduler
        import torchvision.models.resnet
        import rushlight.utils.data.dataloader, sys
        assert torch is rushlight
        assert sys.modules["torch.nn"] is rushlight.nn
        assert loader is rushlight.utils.data.dataloader
        assert torch.optim.lr_scheduler is rushlight.optim.lr_scheduler
        assert torchvision.models.resnet is sys.modules["rushlight.vision.models.resnet"]
        assert isinstance(torch.nn.Linear(1, 1), rushlight.nn.Module)
        import importlib
        assert importlib.import_module("torch.nn.functional") is rushlight.nn.functional
    """
    run(INSTALL + textwrap.dedent(code))


def test_submodules_are_there_after_import_torch():
    run(
        INSTALL
        + "import torch\ntorch.nn.functional, torch.optim.lr_scheduler, torch.utils.data, torch.nn.init, torch.autograd"
    )


@pytest.mark.parametrize(
    ("use", "name"),
    [
        ("import torch; torch.no_such", "torch.no_such"),
        ("import torch; torch.nn.NoSuch(3)", "torch.nn.NoSuch"),
        ("import torch.no.such; torch.no.such.thing", "torch.no.such.thing"),
        ("import torch.no.such as m; m.f(1)", "torch.no.such.f"),
        ("from torch.no.such import thing; thing(1)", "torch.no.such.thing"),
        ("from torch.nn import NoSuch; NoSuch(1)", "torch.nn.NoSuch"),
        ("from torch import no_such; no_such.x", "torch.no_such.x"),
        ("from torch.nn import NoSuch\nclass A(NoSuch): pass", "torch.nn.NoSuch"),
        ("from torch.nn import NoSuch; NoSuch[int]", "torch.nn.NoSuch"),
        ("from torchvision.ops import nms; nms()", "torchvision.ops.nms"),
        ("import torchvision; torchvision.io", "torchvision.io"),
        ("from torch.utils import no_such; no_such.x()", "torch.utils.no_such.x"),
    ],
)
def test_a_missing_name_is_an_error_at_its_use(use, name):
    imports, _, rest = use.partition("\n") if "\n" in use else use.partition("; ")
    code = f"{imports}\ntry:\n    {rest}\nexcept AttributeError as e:\n    print(e)"
    assert run(INSTALL + code) == f"{name} is not in rushlight yet\n"


def test_asking_is_no_use():
    code = """
        import torch
        from torch.nn import NoSuch
        assert not hasattr(torch, "no_such") and getattr(torch, "no_such", 3) == 3
        assert not isinstance(4, NoSuch)
        def f(x: NoSuch | None) -> "NoSuch": return x
        print(repr(NoSuch))
    """
    assert run(INSTALL + textwrap.dedent(code)) == "<torch.nn.NoSuch: not in rushlight yet>\n"


def test_errors_of_our_own_modules_are_not_hidden(tmp_path):
    code = """
        import sys
        sys.modules["numpy.no"] = None
        import rushlight.utils
        open(r"{0}/broken.py", "w").write("import numpy.no")
        rushlight.utils.__path__.append(r"{0}")
        try:
            import torch.utils.broken
        except ModuleNotFoundError as e:
            print(e.name)
    """
    assert run(INSTALL + textwrap.dedent(code.format(tmp_path))) == "numpy.no\n"


def test_uninstall():
    code = """
        import torch, torch.nn
        assert "__getattr__" in torch.nn.__dict__
        rushlight.uninstall_as_torch()
        import sys
        assert not any(n.partition(".")[0] in ("torch", "torchvision") for n in sys.modules)
        assert "_rushlight_missing" not in rushlight.nn.__dict__
        try:
            rushlight.nn.NoSuch
        except AttributeError as e:
            print(e)
    """
    assert "NoSuch" in run(INSTALL + textwrap.dedent(code))


def test_installing_twice_is_once():
    run(
        INSTALL
        + "rushlight.install_as_torch()\nimport sys\nassert sum(type(f).__name__ == '_Finder' for f in sys.meta_path) == 1"
    )


def test_the_real_pytorch_is_not_replaced(torch):
    with pytest.raises(RuntimeError, match="install_as_torch: torch must not be imported yet"):
        compat.install_as_torch()
    assert sys.modules["torch"] is torch


def test_a_tensor_of_real_pytorch_is_refused(torch):
    theirs = torch.ones(2, requires_grad=True)
    ours = rushlight.ones(2)
    for use in (
        lambda: rushlight.tensor(theirs),
        lambda: rushlight.as_tensor(theirs),
        lambda: rushlight.nn.Linear(2, 2)(theirs),
        lambda: ours + theirs,
        lambda: rushlight.stack([ours, theirs]),
        lambda: rushlight.matmul(ours, theirs),
    ):
        with pytest.raises(TypeError, match=r"numpy\(\)"):
            use()
