"""report.png: curves of loss and accuracy, the confusion matrix, the most confidently wrong digits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["draw"]

BLUE, ORANGE, GREY = "#2b6cb0", "#dd6b20", "#718096"


def _smooth(values: np.ndarray, width: int) -> Any:
    """Means over `width` neighbours."""
    if len(values) < 2 * width:
        return values
    total = np.cumsum(np.concatenate(([0.0], values)))
    return (total[width:] - total[:-width]) / width


def _curves(figure: Any, grid: Any, history: dict[str, list[float]]) -> None:
    steps, epochs = np.asarray(history["steps"]), len(history["test_loss"])
    per_epoch = max(1, len(steps) // max(1, epochs))
    at = np.arange(1, epochs + 1)
    left = figure.add_subplot(grid[0, 0])
    smooth = _smooth(steps, 50)
    offset = (len(steps) - len(smooth)) / 2
    left.plot((np.arange(len(smooth)) + offset) / per_epoch, smooth, color=BLUE, lw=1, label="training")
    left.plot(at, history["test_loss"], "o-", color=ORANGE, ms=4, label="test")
    left.set(title="Loss", xlabel="epoch", yscale="log")
    left.legend(frameon=False)
    right = figure.add_subplot(grid[0, 1])
    accuracy = 100 * np.asarray(history["test_accuracy"])
    right.plot(at, accuracy, "o-", color=ORANGE, ms=4)
    right.annotate(
        f"{accuracy[-1]:.2f}%", (at[-1], accuracy[-1]), (0, 7), textcoords="offset points", ha="right"
    )
    right.set(title="Test accuracy, %", xlabel="epoch")
    right.margins(y=0.2)
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)


def _confusion(figure: Any, place: Any, guesses: np.ndarray, labels: np.ndarray) -> None:
    counts = np.zeros((10, 10), np.int64)
    np.add.at(counts, (labels, guesses), 1)
    wrong = counts.astype(float)
    np.fill_diagonal(wrong, 0)
    axes = figure.add_subplot(place)
    axes.imshow(wrong, cmap="Oranges")
    for i in range(10):
        for j in range(10):
            if counts[i, j]:
                colour = GREY if i == j else "white" if wrong[i, j] > 0.6 * wrong.max() else "black"
                axes.text(j, i, str(counts[i, j]), ha="center", va="center", fontsize=7, color=colour)
    axes.set(title="Confusion matrix", xlabel="taken for", ylabel="is", xticks=range(10), yticks=range(10))


def _wrong_digits(
    figure: Any, place: Any, images: np.ndarray, probabilities: np.ndarray, labels: np.ndarray
) -> None:
    guesses = probabilities.argmax(1)
    (wrong,) = np.nonzero(guesses != labels)
    sure = probabilities[wrong, guesses[wrong]]
    wrong = wrong[np.argsort(-sure, kind="stable")][:24]
    part = figure.add_subfigure(place)
    part.suptitle("Wrong, and most sure of it", fontsize=10)
    for k, axes in enumerate(part.subplots(4, 6).flat):
        axes.axis("off")
        if k < len(wrong):
            i = wrong[k]
            axes.imshow(images[i], cmap="gray_r")
            axes.set_title(
                f"{labels[i]} as {guesses[i]}\n{100 * probabilities[i, guesses[i]]:.1f}%", fontsize=7, pad=2
            )


def draw(
    path: Path,
    history: dict[str, list[float]],
    settings: dict[str, Any],
    images: np.ndarray,
    probabilities: np.ndarray,
    labels: np.ndarray,
) -> None:
    """Draw the report of a training run.

    Args:
        history: Training loss of each step, test loss and accuracy of each epoch.
        images, probabilities, labels: Of the test set.
    """
    with matplotlib.rc_context({"font.size": 9, "axes.titlesize": 10}):
        figure = Figure(figsize=(11, 9), layout="constrained")
        canvas: Any = FigureCanvasAgg(figure)
        grid = figure.add_gridspec(2, 2, height_ratios=(1, 1.25))
        figure.suptitle(
            f"MNIST, {settings['model']}: {100 * history['test_accuracy'][-1]:.2f}% of the test digits right after "
            f"{len(history['test_accuracy'])} epochs (batch size {settings['batch_size']}, learning rate "
            f"{settings['lr']}, seed {settings['seed']})"
        )
        _curves(figure, grid, history)
        _confusion(figure, grid[1, 0], probabilities.argmax(1), labels)
        _wrong_digits(figure, grid[1, 1], images, probabilities, labels)
        part = path.with_name(f"{path.stem}.{os.getpid()}.part.png")
        canvas.print_png(str(part))
        os.replace(part, path)
