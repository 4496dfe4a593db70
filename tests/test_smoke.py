"""Whether the package works at all, in under five seconds: a tensor, a gradient, a model, a file."""

import io
import subprocess
import sys

import numpy as np
import pytest

import rushlight as torch
from rushlight import nn, optim

pytestmark = pytest.mark.smoke


def test_a_tensor_computes():
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert (x @ x + x.sum() * 2).tolist() == [[27.0, 30.0], [35.0, 42.0]]


def test_a_gradient_flows():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (x**2).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


def test_arrays_share_memory():
    a = np.zeros(3, np.float32)
    torch.from_numpy(a)[1] = 5
    assert a[1] == 5


def test_a_model_learns():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    x = torch.randn(64, 2)
    y = (x[:, :1] * x[:, 1:]).sign()
    losses = []
    for _ in range(50):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_a_convolution_runs():
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
    )
    out = model(torch.randn(2, 1, 8, 8))
    out.sum().backward()
    assert out.shape == (2, 64)


def test_a_file_round_trips():
    model, buffer = nn.Linear(2, 2), io.BytesIO()
    torch.save(model.state_dict(), buffer)
    buffer.seek(0)
    model.load_state_dict(torch.load(buffer))


def test_the_seed_decides():
    torch.manual_seed(7)
    a = torch.rand(3)
    torch.manual_seed(7)
    assert torch.equal(a, torch.rand(3))


def test_batches_come():
    from rushlight.utils.data import DataLoader, TensorDataset

    loader = DataLoader(TensorDataset(torch.arange(10)), batch_size=4)
    assert [len(batch[0]) for batch in loader] == [4, 4, 2]


def test_import_brings_nothing_heavy():
    code = "import sys, rushlight; print([m for m in ('PIL', 'matplotlib', 'tqdm', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
