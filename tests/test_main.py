"""`python -m rushlight`: programs run as with Python itself - output, tracebacks, exit codes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

import rushlight

SOURCE = str(Path(rushlight.__file__).parent.parent)
TELL = "import sys; print(__name__, sys.argv, __package__, getattr(__spec__, 'name', None), sys.path[0], __doc__)\n"
FILES = {
    "tell.py": TELL + "print(__file__, sorted(globals()))\n",
    "fails.py": "def f(x):\n    raise ValueError(x)\n\n\nf('text')\n",
    "chained.py": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise TypeError('second') from e\n",
    "exits.py": "import sys\n\nsys.exit(int(sys.argv[1]) if sys.argv[1].isdigit() else sys.argv[1])\n",
    "at_exit.py": "import atexit\n\natexit.register(print, 'bye')\nraise OSError(3)\n",
    "thread.py": "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), print('done'))).start()\n1 / 0\n",
    "hook.py": "import sys\nsys.excepthook = lambda t, e, tb: print(t, e, tb.tb_lineno, tb.tb_frame.f_code.co_name)\n1 / 0\n",
    "syntax.py": "x = 1\ndef (:\n",
    "imports.py": "import no_such_module\n",
    "encoded.py": b"# -*- coding: latin-1 -*-\nprint(ascii('\xe9'))\n",
    "main_is_main.py": "import sys\nx = 5\nprint(sys.modules['__main__'].x, sys.modules['__main__'].__dict__ is globals())\n",
    "pickles.py": "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)\n",
    "exits_with.py": "import sys\nsys.exit(eval(sys.argv[1]))\n",
    "group.py": "def f():\n    raise ExceptionGroup('several', [ValueError(1), KeyError('k')])\n\n\nf()\n",
    "noted.py": "try:\n    {}['a']\nexcept KeyError as e:\n    e.add_note('where it was')\n    raise\n",
    "broken.py": "x = (1,\n",
    "imports_broken.py": "import broken\n",
    "relative.py": "from . import tell\n",
    "warns.py": "import warnings\n\n\ndef f():\n    warnings.warn('old', DeprecationWarning)\n\n\nf()\nwarnings.warn('mind')\n",
    "annotated.py": "import sys\nx: int = 3\nprint(sys.modules['__main__'].__annotations__)\n",
    "asks.py": "print(input('name? '))\nprint(input())\nprint(open('data.txt').read(), open(__file__).readline())\n",
    "data.txt": "beside the program\n",
    "interrupted.py": "try:\n    raise KeyboardInterrupt\nexcept KeyboardInterrupt:\n    print('caught')\nraise SystemExit(4)\n",
    "in_a_thread.py": "import sys, threading\n"
    "t = threading.Thread(target=sys.exit, args=(3,))\nt.start()\nt.join()\nprint('on')\n",
    "folder/__main__.py": TELL,
    "nested/__init__.py": "value = 7\n",
    "nested/part/__init__.py": "",
    "nested/part/__main__.py": "from .. import value\nfrom .other import f\nprint(value, __package__)\nf()\n",
    "nested/part/other.py": "def f():\n    1 / 0\n",
    "package/__init__.py": "",
    "package/__main__.py": TELL,
    "package/module.py": "'''Documentation.'''\nfrom . import __name__ as p\nprint(p)\n" + TELL,
}
CASES = [
    ["tell.py"],
    ["./tell.py", "a", "--b"],
    ["{here}/tell.py", "-m", "x"],
    ["fails.py"],
    ["chained.py"],
    ["exits.py", "7"],
    ["exits.py", "message"],
    ["at_exit.py"],
    ["thread.py"],
    ["hook.py"],
    ["syntax.py"],
    ["imports.py"],
    ["encoded.py"],
    ["main_is_main.py"],
    ["pickles.py"],
    ["annotated.py"],
    ["no_such_file.py"],
    ["folder", "x"],
    ["archive.zip", "y"],
    ["-m", "package", "a"],
    ["-m", "package.module", "1"],
    ["exits_with.py", "None"],
    ["exits_with.py", "True"],
    ["exits_with.py", "(1, 2)"],
    ["exits_with.py", "300"],
    ["group.py"],
    ["noted.py"],
    ["broken.py"],
    ["imports_broken.py"],
    ["relative.py"],
    ["warns.py"],
    ["asks.py"],
    ["interrupted.py"],
    ["in_a_thread.py"],
    ["package"],
    ["-", "a", "-b"],
    ["-m", "no_such_module"],
    ["-m", "package.no_such_module"],
    ["-c", TELL, "a", "-c"],
    ["-c", "1 / 0"],
    ["-c", "def ("],
    ["-c", "def f():\n    1 / 0\n\n\nf()"],
    ["-c", "\n    print('indented')\n    1 / 0\n"],
    ["-c", "import traceback\ntry:\n    1 / 0\nexcept Exception:\n    traceback.print_exc()\nexec('2 / 0')"],
    ["-"],
]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("__main__.py", TELL)
    return folder


def run(arguments, folder, stdin="print('from stdin')\n1 / 0\n", **options):
    environment = {**os.environ, "PYTHONPATH": SOURCE, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


@pytest.mark.parametrize("arguments", CASES, ids=lambda a: " ".join(a)[:40])
def test_as_python_runs_it(arguments, here):
    arguments = [a.format(here=here) if "{here}" in a else a for a in arguments]
    want = run(arguments, here)
    have = run(["-m", "rushlight", *arguments], here)
    assert have.stdout == want.stdout
    assert have.stderr == want.stderr
    assert have.returncode == want.returncode


def test_a_module_that_fails(here):
    """Python shows its own runner's frames here; we show none."""
    (here / "package" / "fails.py").write_text("def f():\n    raise KeyError(1)\n\n\nf()\n")
    have = run(["-m", "rushlight", "-m", "package.fails"], here)
    want = re.sub(r'  File "<frozen runpy>".*\n', "", run(["-m", "package.fails"], here).stderr)
    assert have.stderr == want
    assert "KeyError: 1" in want
    assert have.returncode == 1


def test_a_package_in_a_package(here):
    have = run(["-m", "rushlight", "-m", "nested.part", "x"], here)
    want = run(["-m", "nested.part", "x"], here)
    assert have.stdout == want.stdout == "7 nested.part\n"
    assert have.stderr == re.sub(r'  File "<frozen runpy>".*\n', "", want.stderr)
    assert "ZeroDivisionError" in have.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c(here):
    (here / "waits.py").write_text(
        "import time\nprint('up', flush=True)\nfor _ in range(600): time.sleep(0.05)\n"
    )
    # A signal that comes between the print and the system call of one long sleep would wait for its end.
    for prefix in ([], ["-m", "rushlight"]):
        environment = {**os.environ, "PYTHONPATH": SOURCE}
        command = [sys.executable, *prefix, "waits.py"]
        with subprocess.Popen(
            command,
            cwd=here,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's & switches it off
        ) as process:
            assert process.stdout.readline() == "up\n"
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
        assert process.returncode == -signal.SIGINT
        assert errors.splitlines()[-1] == "KeyboardInterrupt"
        assert "rushlight" not in errors


def test_torch_means_rushlight(here):
    code = """
        import torch, rushlight
        import torch.nn as nn, torch.nn.functional as F
        from torch.utils.data import DataLoader
        from torch.optim import Adam
        import torchvision
        from torchvision import datasets, transforms
        import torchvision.transforms.functional
        assert torch is rushlight and nn is rushlight.nn and F is rushlight.nn.functional
        assert datasets is rushlight.vision.datasets
        assert torchvision.transforms.functional is rushlight.vision.transforms.functional
        print(torch.ones(2))
    """
    out = run(["-m", "rushlight", "-c", textwrap.dedent(code)], here)
    assert (out.stdout, out.stderr, out.returncode) == ("tensor([1., 1.])\n", "", 0)


@pytest.mark.slow
@pytest.mark.parametrize("method", [None, "fork", "spawn", "forkserver"])
def test_workers_inherit_the_names(method, here):
    (here / "workers.py").write_text(
        textwrap.dedent(
            f"""
            import torch
            from torch.utils.data import DataLoader, Dataset
            class Data(Dataset):
                def __len__(self): return 2
                def __getitem__(self, i):
                    import torchvision.transforms, rushlight
                    return float(torch is rushlight and torch.ones(1).item())
            if __name__ == "__main__":
                print(list(DataLoader(Data(), 2, num_workers=1, multiprocessing_context={method!r})))
            """
        )
    )
    out = run(["-m", "rushlight", "workers.py"], here)
    assert (out.stdout, out.stderr) == ("[tensor([1., 1.], dtype=torch.float64)]\n", "")


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ([], 0, "usage: rushlight mnist"),
        (["--help"], 0, "usage: rushlight mnist"),
        (["--version"], 0, f"rushlight {rushlight.__version__}"),
        (["--info"], 0, "NumPy"),
        (["--wrong"], 2, "unknown option --wrong"),
        (["-m"], 2, "Argument expected for the -m option"),
    ],
)
def test_the_command_itself(arguments, code, text, here):
    out = run(["-m", "rushlight", *arguments], here)
    assert out.returncode == code
    assert text in out.stdout + out.stderr
