"""`rushlight mnist`: options, training, checkpoint, resuming, Ctrl-C, report."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest

import rushlight as rl
from rushlight import cli
from rushlight.demos import mnist as demo

PACKAGE = Path(__file__).parents[1] / "datasets" / "mnist" / "src"
SOURCE = Path(rl.__file__).parent.parent


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """The real MNIST, unpacked once."""
    root = tmp_path_factory.mktemp("mnist")
    sys.path.insert(0, str(PACKAGE))
    try:
        rl.vision.datasets.MNIST(root, download=True)
    finally:
        sys.path.remove(str(PACKAGE))
    return root


@pytest.fixture
def small(monkeypatch):
    """The first 1280 training and 200 test images."""
    plain = demo.load_data

    def load(root):
        train, test = plain(root)
        for dataset, count in ((train, 1280), (test, 200)):
            dataset.data, dataset.targets = dataset.data[:count], dataset.targets[:count]
        return train, test

    monkeypatch.setattr(demo, "load_data", load)
    drawn = types.SimpleNamespace(draw=lambda path, *rest: path.write_bytes(b""))  # drawing takes a second
    monkeypatch.setitem(sys.modules, "rushlight.demos.report", drawn)


def train(*arguments):
    return cli.mnist([str(a) for a in arguments])


def same(a, b):
    if isinstance(a, rl.Tensor):
        return (a.numpy() == b.numpy()).all()
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_resuming_gives_the_same_numbers(model, small, data, tmp_path, capsys):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    common = ("--data", data, "--model", model, "--seed", 3)
    assert train(*common, "--out", whole, "--epochs", 3) == 0
    assert train(*common, "--out", parts, "--epochs", 1) == 0
    rl.rand(7)  # whatever happened in between
    assert train("--data", data, "--out", parts, "--epochs", 3, "--resume") == 0
    a, b = (rl.load(p / "checkpoint.pt") for p in (whole, parts))
    assert a["epoch"] == 3
    assert len(a["history"]["steps"]) == 60
    assert same(a, b)
    assert "goes on from" in capsys.readouterr().out


def test_the_checkpoint_is_pytorchs(small, data, tmp_path, torch):
    train("--data", data, "--out", tmp_path, "--epochs", 1)
    content = torch.load(tmp_path / "checkpoint.pt", weights_only=True)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = torch.nn.Linear(784, 256)
            self.fc2 = torch.nn.Linear(256, 128)
            self.fc3 = torch.nn.Linear(128, 10)

        def forward(self, x):
            return self.fc3(self.fc2(self.fc1(x.flatten(1)).relu()).relu())

    net = Net()
    net.load_state_dict(content["model"])
    torch.optim.Adam(net.parameters()).load_state_dict(content["optimizer"])
    ours = demo.MLP().eval()
    ours.load_state_dict(rl.load(tmp_path / "checkpoint.pt")["model"])
    x = np.random.default_rng(0).normal(size=(4, 1, 28, 28)).astype(np.float32)
    theirs = net(torch.from_numpy(x)).detach().numpy()
    assert np.allclose(ours(rl.from_numpy(x)).detach().numpy(), theirs, rtol=1e-4, atol=1e-5)


def test_the_report_is_drawn(small, data, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.delitem(sys.modules, "rushlight.demos.report")
    Image = pytest.importorskip("PIL.Image")
    train("--data", data, "--out", tmp_path, "--epochs", 1)
    with Image.open(tmp_path / "report.png") as image:
        assert image.size == (1100, 900)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint.pt", "report.png"]


def test_without_matplotlib(small, data, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "rushlight.demos.report")
    assert train("--data", data, "--out", tmp_path, "--epochs", 1) == 0
    assert "pip install 'rushlight[plot]'" in capsys.readouterr().out
    assert (tmp_path / "checkpoint.pt").is_file()


def test_a_failing_save_leaves_the_old_checkpoint(small, data, tmp_path, monkeypatch):
    train("--data", data, "--out", tmp_path, "--epochs", 1)
    before = (tmp_path / "checkpoint.pt").read_bytes()

    def fail(content, path):
        Path(path).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(rl, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        train("--data", data, "--out", tmp_path, "--epochs", 2, "--resume")
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


def test_an_interrupt_leaves_the_last_whole_epoch(small, data, tmp_path, monkeypatch, capsys):
    plain, count = demo.Run.train_epoch, []

    def train_epoch(self, *arguments):
        count.append(1)
        if len(count) == 3:
            raise KeyboardInterrupt
        return plain(self, *arguments)

    monkeypatch.setattr(demo.Run, "train_epoch", train_epoch)
    assert train("--data", data, "--out", tmp_path, "--epochs", 5) == 130
    assert "holds epoch 2: --resume goes on from there" in capsys.readouterr().out
    assert rl.load(tmp_path / "checkpoint.pt")["epoch"] == 2


def heed_ctrl_c():
    """A shell starts what runs in the background with Ctrl-C switched off; a child inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_the_folder_it_writes_is_not_taken_for_a_program(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    with pytest.raises(SystemExit, match="^0$"):
        cli.main(["mnist", "--help"])
    assert "usage: rushlight mnist" in capsys.readouterr().out


@pytest.mark.slow
def test_ctrl_c(data, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [
        sys.executable,
        "-m",
        "rushlight",
        "mnist",
        "--data",
        data,
        "--out",
        tmp_path,
        "--epochs",
        "1000",
        "--batch-size",
        "500",  # an epoch takes seconds without the compiled part, too
    ]
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    ) as process:
        try:
            lines = [process.stdout.readline() for _ in range(2)]
            time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=60)
        finally:
            process.kill()  # whatever went wrong, 1000 epochs are not waited for
    assert lines[1].startswith("epoch 1/1000: loss"), (lines, process.returncode, errors)
    assert process.returncode == 130, errors
    assert "holds epoch" in out
    assert errors == ""
    content = rl.load(tmp_path / "checkpoint.pt")
    assert content["epoch"] == len(content["history"]["test_accuracy"])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--resume"], "--resume needs a checkpoint, got none"),
        (["--epochs", "0"], "argument --epochs: must be at least 1, got 0"),
        (["--epochs", "x"], "argument --epochs: must be a number"),
        (["--lr", "0"], "argument --lr: must be above 0, got 0"),
        (["--lr", "nan"], "argument --lr: must be above 0, got nan"),
        (["--batch-size", "-3"], "must be at least 1"),
        (["--model", "big"], "invalid choice: 'big'"),
        (["--no-such"], "unrecognized arguments"),
    ],
)
def test_wrong_options(arguments, text, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2|resume") as e:
        train("--out", tmp_path, *arguments)
    assert text in capsys.readouterr().err + str(e.value)


def test_data_that_cannot_be_had(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr(rl.vision.datasets.MNIST, "package", None)
    with pytest.raises(
        SystemExit, match="rushlight mnist: MNIST: train-images-idx3-ubyte.gz must be in one of these"
    ):
        train("--data", tmp_path / "none", "--out", tmp_path)


def test_an_interrupt_before_training(tmp_path, monkeypatch, capsys):
    def interrupt(root):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "load_data", interrupt)
    assert train("--out", tmp_path) == 130
    assert "interrupted" in capsys.readouterr().err


def test_resuming_with_other_settings_is_refused(small, data, tmp_path):
    train("--data", data, "--out", tmp_path, "--epochs", 1)
    with pytest.raises(SystemExit, match="--batch-size must be 64 to resume .*, got 32"):
        train("--data", data, "--out", tmp_path, "--resume", "--batch-size", 32)
    (tmp_path / "checkpoint.pt").write_bytes(b"no checkpoint")
    with pytest.raises(SystemExit, match="must be a checkpoint of this program"):
        train("--data", data, "--out", tmp_path, "--resume")


def test_help_reads_well(capsys):
    with pytest.raises(SystemExit, match="0"):
        train("--help")
    text = capsys.readouterr().out
    for option in "--epochs --batch-size --lr --model --seed --data --out --threads --resume".split():
        assert option in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_images_are_moved_by_whole_pixels():
    image = rl.full((1, 1, 28, 28), (0 - demo.MEAN) / demo.STD)
    image[0, 0, 10, 12] = 1.0
    rl.manual_seed(0)
    seen = set()
    for _ in range(100):
        y, x = np.argwhere(demo.move_about(image).numpy()[0, 0] == 1)[0]
        seen.add((y - 10, x - 12))
    assert {y for y, _ in seen} == {x for _, x in seen} == {-2, -1, 0, 1, 2}


@pytest.mark.slow
def test_the_defaults_reach_97_5_percent(data, tmp_path):
    train("--data", data, "--out", tmp_path)
    assert rl.load(tmp_path / "checkpoint.pt")["history"]["test_accuracy"][-1] >= 0.975
