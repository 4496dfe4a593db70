"""make_grid and save_image."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight as rl
from rushlight.vision.utils import make_grid, save_image


def test_grid_places_images():
    images = rl.arange(5)[:, None, None, None] * rl.ones(1, 1, 2, 3)
    grid = make_grid(images, nrow=3, padding=1, pad_value=9).numpy()
    assert grid.shape == (3, 7, 13)
    assert (grid[0] == grid[1]).all()
    assert grid[0, 1:3, 1:4].tolist() == [[0] * 3] * 2
    assert grid[0, 4:6, 5:8].tolist() == [[4] * 3] * 2
    assert (grid[0, 0] == 9).all()


def test_grid_of_one_image():
    assert make_grid(rl.zeros(4, 6)).shape == (3, 4, 6)
    assert make_grid(rl.zeros(3, 4, 6)).shape == (3, 4, 6)
    assert make_grid([rl.zeros(1, 2, 2)] * 4, nrow=2, padding=0).shape == (3, 4, 4)


def test_normalize():
    x = rl.tensor([[[[1.0, 3.0]]], [[[5.0, 9.0]]]])
    assert make_grid(x, normalize=True, padding=0)[0].tolist() == [[0, 0.25, 0.5, 1]]
    assert make_grid(x, normalize=True, scale_each=True, padding=0)[0].tolist() == [[0, 1, 0, 1]]
    assert make_grid(x, normalize=True, value_range=(1, 5), padding=0)[0].tolist() == [[0, 0.5, 1, 1]]
    assert x[1, 0, 0, 1].item() == 9
    with pytest.raises(TypeError, match="has to be a tuple"):
        make_grid(x, normalize=True, value_range=[0, 1])


def test_wrong_type():
    with pytest.raises(TypeError, match="tensor or list of tensors expected"):
        make_grid("a")


def test_save_image(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    save_image(rl.tensor([0.0, 0.5, 1.0, 2.0]).reshape(1, 1, 4), tmp_path / "a.png")
    assert np.asarray(Image.open(tmp_path / "a.png"))[0, :, 0].tolist() == [0, 128, 255, 255]
