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


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (
            "from torchvision.transforms import v2; v2.Compose([])",
            "transforms.v2.Compose is not in rushlight yet; use the",
        ),
        (
            "import torchvision.transforms.v2 as T; T.Resize(3)",
            "transforms.v2.Resize is not in rushlight yet; use the",
        ),
        (
            "import torch; torch.sparse_coo_tensor(1)",
            "torch.sparse_coo_tensor is not in rushlight yet; use dense",
        ),
    ],
)
def test_what_to_do_instead(use, text):
    imports, _, rest = use.partition("; ")
    assert text in run(INSTALL + f"{imports}\ntry:\n    {rest}\nexcept AttributeError as e:\n    print(e)")


def test_the_imports_of_real_programs():
    code = """
        import torch
        import torch.backends.cudnn as cudnn
        import torch.distributed as dist
        import torch.jit, torch.hub, torch.utils.model_zoo as model_zoo
        import torch.multiprocessing as mp
        import torch.nn as nn
        import torch.utils.checkpoint as cp
        import torchvision.transforms as T
        import torchvision.transforms.functional as TF
        from torch import Tensor
        from torch.autograd import Variable
        from torch.autograd.graph import save_on_cpu
        from torch.cuda.amp import GradScaler, autocast
        from torch.func import functional_call, grad, vmap
        from torch.hub import load_state_dict_from_url
        from torch.nn.attention import SDPBackend, sdpa_kernel
        from torch.nn.modules.batchnorm import _BatchNorm
        from torch.nn.modules.utils import _pair
        from torch.nn.parallel import DataParallel, DistributedDataParallel as DDP
        from torch.optim.optimizer import Optimizer
        from torch.testing import assert_close
        from torch.utils.benchmark import Timer
        from torch.utils.data import DataLoader, DistributedSampler
        from torch.utils.data.dataloader import default_collate
        from torch.utils.tensorboard import SummaryWriter
        from torchvision import datasets, models, transforms
        from torchvision.transforms import InterpolationMode
        import rushlight
        from rushlight.compat import Missing
        assert not [n for n, v in list(globals().items()) if isinstance(v, Missing)]
        cudnn.benchmark = True
        assert torch.backends.cudnn is cudnn and cudnn.benchmark
        assert nn.DataParallel is DataParallel
        assert mp is rushlight.multiprocessing
    """
    run(INSTALL + textwrap.dedent(code))


def test_pickles_name_pytorchs_classes_and_the_programs_own(tmp_path):
    (tmp_path / "program.py").write_text(
        textwrap.dedent(
            """
            import pickle, torch
            class Net(torch.nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = torch.nn.Linear(2, 1)
            net = Net()
            again = pickle.loads(pickle.dumps(net))
            assert type(again) is Net and torch.equal(again.fc.weight, net.fc.weight)
            assert pickle.loads(b"\\x80\\x02ctorch.nn.modules.linear\\nLinear\\n.") is torch.nn.Linear
            torch.save(net.state_dict(), "net.pt")
            net.load_state_dict(torch.load("net.pt"))
            torch.serialization.add_safe_globals([Net, torch.nn.Linear])
            torch.save(net, "whole.pt")
            assert b"__main__" in open("whole.pt", "rb").read()
            print(type(torch.load("whole.pt")) is Net)
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "rushlight", "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")


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


def test_version():
    code = """
        import torch
        assert torch.__version__ == "2.13.0+rushlight" and torch.__version__ > "2.5" and torch.__version__ >= (2, 13)
        assert not torch.__version__ < "1.10"
        assert torch.__version__.startswith("2.13") and torch.__version__.split(".")[0] == "2"
        rushlight.uninstall_as_torch()
        assert rushlight.__version__ == PLAIN
    """
    run("import rushlight\nPLAIN = rushlight.__version__\n" + INSTALL + textwrap.dedent(code))
