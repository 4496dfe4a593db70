"""Whole scripts as a learner writes them print the same under `python -m rushlight` as under PyTorch."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rushlight

SOURCE = str(Path(rushlight.__file__).parent.parent)
HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\nimport torch.optim as optim\ntorch.manual_seed(0)\n"
SCRIPTS = {
    "modules": """
class Block(nn.Module):
    def __init__(self, width, rate=0.2):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
        self.heads = nn.ModuleDict({"a": nn.Linear(width, 2), "b": nn.Sequential(nn.ReLU(), nn.Linear(width, 3))})
        self.scale = nn.Parameter(torch.ones(width))
        self.register_buffer("count", torch.tensor(0))
        self.drop = nn.Dropout(rate)

    def forward(self, x, head):
        for layer in self.layers:
            x = self.drop(torch.tanh(layer(x))) * self.scale
        self.count += 1
        return self.heads[head](x)

net = Block(4)
print(net)
for name, p in net.named_parameters():
    print(name, tuple(p.shape), p.requires_grad, p.numel())
x = torch.randn(2, 4)
print(net(x, "a"), net(x, "b").shape, net.count)
net.eval()
print(net(x, "b"))
print(sum(p.numel() for p in net.parameters()), [n for n, _ in net.named_buffers()], net.training)
""",
    "layers": """
x = torch.randn(2, 3, 8, 8)
for layer in (nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 6, 3, stride=2, groups=3), nn.ConvTranspose2d(3, 2, 2, 2),
              nn.MaxPool2d(2), nn.AvgPool2d(3, 2, 1), nn.AdaptiveAvgPool2d((3, 5)), nn.BatchNorm2d(3),
              nn.GroupNorm(3, 3), nn.InstanceNorm2d(3), nn.Flatten(), nn.Dropout2d(0.3)):
    y = layer(x)
    print(layer, tuple(y.shape), y.mean(), y.std())
print(nn.LayerNorm(8)(x)[0, 0, 0])
print(nn.Embedding(5, 3)(torch.tensor([[0, 4], [2, 2]])))
z = torch.linspace(-3, 3, 7)
for f in (nn.ReLU(), nn.LeakyReLU(0.1), nn.ELU(), nn.GELU(), nn.SiLU(), nn.Softmax(dim=0), nn.Tanh(), nn.Hardswish()):
    print(f, f(z))
""",
    "losses": """
x, y = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3)
t = torch.tensor([0, 2, 1, 2])
for loss in (nn.MSELoss(), nn.L1Loss(), nn.SmoothL1Loss(beta=0.5), nn.HuberLoss()):
    print(loss, loss(x, y).item())
print(nn.CrossEntropyLoss(label_smoothing=0.1)(x, t), F.nll_loss(F.log_softmax(x, 1), t, reduction="none"))
print(nn.BCEWithLogitsLoss()(x, y.sigmoid()), nn.KLDivLoss(reduction="batchmean")(x.log_softmax(1), y.softmax(1)))
print(nn.TripletMarginLoss()(x, y, y.flip(0)), nn.CosineEmbeddingLoss()(x, y, torch.tensor([1, -1, 1, -1])))
nn.CrossEntropyLoss()(x, t).backward()
print(x.grad)
""",
    "init and freezing": """
net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
def start(m):
    if isinstance(m, nn.Linear):
        nn.init.xavier_uniform_(m.weight)
        nn.init.constant_(m.bias, 0.1)
net.apply(start)
for p in net[0].parameters():
    p.requires_grad = False
optimizer = optim.SGD(filter(lambda p: p.requires_grad, net.parameters()), lr=0.1, momentum=0.9)
before = net[0].weight.clone()
for _ in range(3):
    optimizer.zero_grad()
    loss = net(torch.ones(2, 3)).pow(2).mean()
    loss.backward()
    optimizer.step()
    print(loss.item())
print(torch.equal(before, net[0].weight), net[0].weight.grad, optimizer)
state = net.state_dict()
print(list(state), {k: tuple(v.shape) for k, v in state.items()})
other = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
print(other.load_state_dict(state), torch.equal(other[2].bias, net[2].bias))
""",
    "training": """
from torch.utils.data import DataLoader, TensorDataset, random_split
x = torch.randn(60, 5)
y = (x.sum(1) > 0).long()
train, test = random_split(TensorDataset(x, y), [48, 12])
loader = DataLoader(train, batch_size=16, shuffle=True)
net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 2))
optimizer = optim.Adam(net.parameters(), lr=0.01)
scheduler = optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
for epoch in range(3):
    net.train()
    for data, target in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(data), target)
        loss.backward()
        optimizer.step()
    scheduler.step()
    net.eval()
    with torch.no_grad():
        xs, ys = next(iter(DataLoader(test, batch_size=12)))
        right = (net(xs).argmax(1) == ys).sum().item()
    print(f"epoch {epoch}: loss {loss.item():.4f}, right {right}/12, lr {scheduler.get_last_lr()}")
""",
    "errors": """
for f in (lambda: nn.Linear(3, 2)(torch.ones(2, 4)), lambda: torch.ones(2)[5], lambda: torch.ones(2, 3) @ torch.ones(2, 3),
          lambda: torch.tensor([1, 2], requires_grad=True), lambda: F.cross_entropy(torch.ones(1, 2), torch.tensor([7])),
          lambda: nn.Conv2d(1, 1, 3)(torch.ones(1, 2, 5, 5)), lambda: torch.ones(2, requires_grad=True).numpy(),
          lambda: torch.ones(2, device="cuda"), lambda: nn.Module()(1), lambda: torch.zeros(3).view(2, 2)):
    try:
        f()
    except Exception as e:
        print(type(e).__name__)
""",
}
NUMBER = re.compile(r"-?\d+\.\d*(?:e[+-]?\d+)?")


def run(arguments, script, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *arguments, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_prints_what_pytorch_prints(name, tmp_path, torch):
    """Numbers to float rounding, everything else to the letter."""
    script = tmp_path / "script.py"
    script.write_text(HEAD + SCRIPTS[name])
    theirs = run([], script)
    ours = run(["-m", "rushlight"], script, PYTHONPATH=SOURCE)
    assert NUMBER.sub("#", ours) == NUMBER.sub("#", theirs)
    numbers = [[float(v) for v in NUMBER.findall(text)] for text in (ours, theirs)]
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-4, abs=2e-4)
