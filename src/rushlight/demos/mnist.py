"""`rushlight mnist`: the tutorial's classifier (or a small convolutional one) on the real MNIST."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

import rushlight as torch
from rushlight import nn, optim
from rushlight.nn import functional as F
from rushlight.tensor import wrap
from rushlight.utils.data import DataLoader
from rushlight.vision import datasets, transforms

from .progress import progress

__all__ = ["CNN", "MLP", "evaluate", "run"]

MEAN, STD = 0.1307, 0.3081  # of the training images' pixels
DEFAULTS = {"model": "mlp", "batch_size": 64, "lr": 1e-3, "seed": 0}
SHIFT = 2  # pixels by which training images move at most, for the cnn
DECAY = 0.6  # the cnn's learning rate from epoch to epoch


class MLP(nn.Module):
    """The tutorial's network: 784 -> 256 -> 128 -> 10."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(28 * 28, 256)
        self.fc2 = nn.Linear(256, 128)
        self.fc3 = nn.Linear(128, 10)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(0.2)

    def forward(self, x: Any) -> Any:
        x = self.flatten(x)
        x = self.dropout(self.relu(self.fc1(x)))
        x = self.dropout(self.relu(self.fc2(x)))
        return self.fc3(x)


class CNN(nn.Module):
    """Three 3x3 convolutions of 16, 32 and 64 channels with batch norm, then two linear layers."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels, width in ((1, 16), (16, 32), (32, 64)):
            layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear(64 * 9, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10)
        )

    def forward(self, x: Any) -> Any:
        return self.head(self.features(x))


def move_about(images: Any) -> Any:
    """Each image moved by a random whole number of pixels, up to SHIFT, in x and in y."""
    n, _, h, w = images.shape
    places = torch.randint(0, 2 * SHIFT + 1, (2, n)).numpy()
    sides = ((0, 0), (0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT))
    padded = np.pad(images.numpy(), sides, constant_values=(0 - MEAN) / STD)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (h, w), axis=(2, 3))
    return wrap(np.ascontiguousarray(windows[np.arange(n), :, places[0], places[1]]))


def load_data(root: str) -> tuple[Any, Any]:
    """The training and the test images, normalized."""
    steps = transforms.Compose([transforms.ToTensor(), transforms.Normalize((MEAN,), (STD,))])
    train = datasets.MNIST(root, train=True, download=True, transform=steps)
    return train, datasets.MNIST(root, train=False, download=True, transform=steps)


def evaluate(model: Any, dataset: Any) -> tuple[float, np.ndarray, np.ndarray]:
    """The mean loss on a data set, and each image's class probabilities and label."""
    model.eval()
    rows, labels, loss = [], [], 0.0
    state = torch.get_rng_state()  # a loader draws a seed: training goes on with the same numbers regardless
    with torch.no_grad():
        for images, targets in DataLoader(dataset, batch_size=1000):
            scores = model(images)
            loss += F.cross_entropy(scores, targets, reduction="sum").item()
            rows.append(F.softmax(scores, dim=1).numpy())
            labels.append(targets.numpy())
    torch.set_rng_state(state)
    return loss / len(dataset), np.concatenate(rows), np.concatenate(labels)


class Run:
    """A training run: what a checkpoint holds."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        torch.manual_seed(settings["seed"])
        self.model = MLP() if settings["model"] == "mlp" else CNN()
        self.optimizer = optim.Adam(self.model.parameters(), lr=settings["lr"])
        self.epoch = 0  # whole epochs done
        self.history: dict[str, list[float]] = {"steps": [], "test_loss": [], "test_accuracy": []}

    def save(self, path: Path) -> None:
        """Write the checkpoint under another name first: there is never half a one."""
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        content = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "settings": self.settings,
            "history": self.history,
            "rng_state": torch.get_rng_state(),
        }
        try:
            torch.save(content, part)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path, wanted: dict[str, Any]) -> Run:
        """Go on from a checkpoint. What was asked for must be what it was made with."""
        if not path.is_file():
            raise SystemExit(
                f"rushlight mnist: --resume needs a checkpoint, got none at {path}; train without --resume"
            )
        try:
            content = torch.load(path, weights_only=True)
            settings = content["settings"]
            for name, value in wanted.items():
                if value is not None and value != settings[name]:
                    option = "--" + name.replace("_", "-")
                    raise SystemExit(
                        f"rushlight mnist: {option} must be {settings[name]} to resume {path}, got {value}; leave it out"
                    )
            run = cls(settings)
            run.model.load_state_dict(content["model"])
            run.optimizer.load_state_dict(content["optimizer"])
            run.epoch, run.history = content["epoch"], content["history"]
            torch.set_rng_state(content["rng_state"])
        except Exception as e:  # whatever is wrong with the file
            raise SystemExit(
                f"rushlight mnist: {path} must be a checkpoint of this program, got {e}"
            ) from None
        return run

    def train_epoch(self, dataset: Any, epochs: int) -> float:
        """One pass over the training images; gives the images per second."""
        cnn = self.settings["model"] == "cnn"
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings["lr"] * (DECAY**self.epoch if cnn else 1)
        loader = DataLoader(dataset, batch_size=self.settings["batch_size"], shuffle=True)
        criterion = nn.CrossEntropyLoss()
        bar = progress(len(dataset), f"epoch {self.epoch + 1}/{epochs}")
        steps, began, recent = [], time.perf_counter(), 0.0
        self.model.train()
        try:
            for i, (images, targets) in enumerate(loader):
                self.optimizer.zero_grad()
                loss = criterion(self.model(move_about(images) if cnn else images), targets)
                loss.backward()
                self.optimizer.step()
                steps.append(loss.item())
                recent = steps[-1] if i == 0 else 0.98 * recent + 0.02 * steps[-1]
                if i % 10 == 0:
                    bar.set_postfix_str(f"loss {recent:.4f}", refresh=False)
                bar.update(len(targets))
        finally:
            bar.close()
        self.history["steps"] += steps
        self.epoch += 1
        return len(dataset) / (time.perf_counter() - began)


def run(options: argparse.Namespace) -> int:
    """Train, test, write checkpoint and report; gives the exit code."""
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.pt"
    wanted = {name: getattr(options, name) for name in DEFAULTS}
    if options.resume:
        state = Run.load(checkpoint, wanted)
    else:
        state = Run({name: DEFAULTS[name] if value is None else value for name, value in wanted.items()})
    try:
        train, test = load_data(options.data)
    except (RuntimeError, OSError) as e:  # not to be had, corrupt, no right to write
        raise SystemExit(f"rushlight mnist: {e}") from None
    settings = state.settings
    weights = sum(p.numel() for p in state.model.parameters())
    print(
        f"{settings['model']}, {weights:,} weights, batch size {settings['batch_size']}, learning rate {settings['lr']}, "
        f"seed {settings['seed']}, {torch.get_num_threads()} threads"
    )
    if state.epoch:
        print(f"goes on from {checkpoint}, {state.epoch} epochs done")
    probabilities = labels = None
    try:
        while state.epoch < options.epochs:
            speed = state.train_epoch(train, options.epochs)
            loss, probabilities, labels = evaluate(state.model, test)
            accuracy = float((probabilities.argmax(1) == labels).mean())
            state.history["test_loss"].append(loss)
            state.history["test_accuracy"].append(accuracy)
            batches = -(-len(train) // settings["batch_size"])
            mean = float(np.mean(state.history["steps"][-batches:]))
            state.save(checkpoint)
            print(
                f"epoch {state.epoch}/{options.epochs}: loss {mean:.4f}, test loss {loss:.4f}, "
                f"test accuracy {100 * accuracy:.2f}%, {speed:,.0f} images/s",
                flush=True,
            )
    except KeyboardInterrupt:
        whole = len(state.history["test_accuracy"])
        if checkpoint.is_file() and whole:
            print(f"\ninterrupted; {checkpoint} holds epoch {whole}: --resume goes on from there")
        else:
            print("\ninterrupted before the first epoch was done")
        return 130
    if probabilities is None or labels is None:
        print(
            f"nothing to train: {checkpoint} has {state.epoch} epochs already; give --epochs a larger number"
        )
        _, probabilities, labels = evaluate(state.model, test)
    else:
        print(f"wrote {checkpoint}")
    try:
        from .report import draw
    except ImportError as e:
        print(f"report.png is not drawn: {e.name} is not installed; pip install 'rushlight[plot]'")
        return 0
    draw(out / "report.png", state.history, settings, test.data.numpy(), probabilities, labels)
    print(f"wrote {out / 'report.png'}")
    return 0
