"""Whole training steps and inference of small and middle-sized networks, and the data loader."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from typing import Any

from registry import model


def step(lib: Any, net: Any, x: Any, y: Any, optimizer: Any) -> Callable[[], Any]:
    """One step of training a classifier."""
    criterion = lib.nn.CrossEntropyLoss()

    def run() -> float:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return run


def inference(lib: Any, net: Any, x: Any) -> Callable[[], Any]:
    net.eval()

    def run() -> Any:
        with lib.no_grad():
            return net(x)

    return run


def mlp(lib: Any, width: int = 256) -> Any:
    """The MNIST tutorial's network at width 256."""
    nn = lib.nn
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, width),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(width, width // 2),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(width // 2, 10),
    )


def cnn(lib: Any, width: int = 64) -> Any:
    nn = lib.nn

    def block(i: int, o: int) -> list[Any]:
        return [nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU()]

    return nn.Sequential(
        *block(3, width),
        *block(width, width),
        nn.MaxPool2d(2),
        *block(width, 2 * width),
        nn.MaxPool2d(2),
        *block(2 * width, 4 * width),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4 * width, 10),
    )


def resnet18(lib: Any) -> Any:
    """ResNet-18 (He et al. 2015, arXiv:1512.03385, table 1)."""
    nn = lib.nn

    class Block(nn.Module):
        def __init__(self, i: int, o: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(i, o, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(o)
            self.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(o)
            self.relu = nn.ReLU(inplace=True)
            self.down = nn.Identity()
            if stride != 1 or i != o:
                self.down = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

        def forward(self, x: Any) -> Any:
            y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            return self.relu(y + self.down(x))

    widths = [64, 64, 128, 256, 512]
    blocks = []
    for i, o in pairwise(widths):
        blocks += [Block(i, o, 1 if i == o else 2), Block(o, o, 1)]
    stem = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
    ]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


def gpt(
    lib: Any, vocabulary: int = 512, d: int = 256, layers: int = 4, heads: int = 8, length: int = 128
) -> Any:
    """A decoder-only transformer with pre-normalization."""
    nn, functional = lib.nn, lib.nn.functional

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
            self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
            self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

        def forward(self, x: Any) -> Any:
            n, t, _ = x.shape
            q, k, v = (
                part.view(n, t, heads, d // heads).transpose(1, 2)
                for part in self.qkv(self.ln1(x)).split(d, dim=2)
            )
            y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.proj(y.transpose(1, 2).contiguous().view(n, t, d))
            return x + self.mlp(self.ln2(x))

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.position = nn.Embedding(vocabulary, d), nn.Embedding(length, d)
            self.blocks = nn.ModuleList([Block() for _ in range(layers)])
            self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, vocabulary, bias=False)

        def forward(self, tokens: Any) -> Any:
            x = self.token(tokens) + self.position(lib.arange(tokens.shape[1]))
            for block in self.blocks:
                x = block(x)
            return self.head(self.norm(x)).view(-1, vocabulary)

    return GPT()


def sgd(lib: Any, net: Any) -> Any:
    return lib.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)


def adam(lib: Any, net: Any) -> Any:
    return lib.optim.Adam(net.parameters(), lr=1e-3)


@model
def mlp_step_b64(lib: Any) -> Callable[[], Any]:
    net = mlp(lib)
    return step(lib, net, lib.randn(64, 1, 28, 28), lib.randint(0, 10, (64,)), adam(lib, net))


@model
def mlp_infer_b1(lib: Any) -> Callable[[], Any]:
    return inference(lib, mlp(lib), lib.randn(1, 1, 28, 28))


@model
def cnn_step_b32(lib: Any) -> Callable[[], Any]:
    net = cnn(lib)
    return step(lib, net, lib.randn(32, 3, 32, 32), lib.randint(0, 10, (32,)), sgd(lib, net))


@model
def cnn_infer_b32(lib: Any) -> Callable[[], Any]:
    return inference(lib, cnn(lib), lib.randn(32, 3, 32, 32))


@model
def resnet18_step_b8_112(lib: Any) -> Callable[[], Any]:
    net = resnet18(lib)
    return step(lib, net, lib.randn(8, 3, 112, 112), lib.randint(0, 1000, (8,)), sgd(lib, net))


@model
def resnet18_infer_b1_224(lib: Any) -> Callable[[], Any]:
    return inference(lib, resnet18(lib), lib.randn(1, 3, 224, 224))


@model
def gpt_step_b8(lib: Any) -> Callable[[], Any]:
    net = gpt(lib)
    tokens, targets = lib.randint(0, 512, (8, 128)), lib.randint(0, 512, (8 * 128,))
    return step(lib, net, tokens, targets, lib.optim.AdamW(net.parameters(), lr=3e-4))


@model
def transformer_layer_step(lib: Any) -> Callable[[], Any]:
    net = lib.nn.TransformerEncoderLayer(256, 8, 1024, batch_first=True, dropout=0.1)
    x, optimizer = lib.randn(16, 128, 256), adam(lib, net)

    def run() -> float:
        optimizer.zero_grad()
        loss = net(x).pow(2).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return run


@model
def lstm_step(lib: Any) -> Callable[[], Any]:
    net = lib.nn.LSTM(128, 256, 2, batch_first=True)
    x, optimizer = lib.randn(32, 64, 128), adam(lib, net)

    def run() -> float:
        optimizer.zero_grad()
        loss = net(x)[0].pow(2).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return run


@model
def adam_6m_parameters(lib: Any) -> Callable[[], Any]:
    shapes = [(512, 512)] * 24 + [(512,)] * 24
    parameters = [lib.nn.Parameter(lib.randn(*s)) for s in shapes]
    for p in parameters:
        p.grad = lib.randn(*p.shape)
    return lib.optim.Adam(parameters, lr=1e-3).step


@model
def dataloader_60k(lib: Any) -> Callable[[], Any]:
    data = import_module(f"{lib.__name__}.utils.data")
    dataset = data.TensorDataset(lib.randn(60000, 16), lib.randint(0, 10, (60000,)))
    loader = data.DataLoader(dataset, batch_size=64, shuffle=True)

    def run() -> None:
        for _ in loader:
            pass

    return run


@model
def add_4x4_x1000(lib: Any) -> Callable[[], Any]:
    a, b = lib.randn(4, 4), lib.randn(4, 4)

    def run() -> None:
        for _ in range(1000):
            a + b

    return run


@model
def small_chain_fwd_bwd_x50(lib: Any) -> Callable[[], Any]:
    w, x = lib.randn(8, 8, requires_grad=True), lib.randn(8, 8)

    def run() -> None:
        for _ in range(50):
            (lib.relu(x @ w) * 2 + 1).sum().backward()

    return run


@model
def linear_module_b1_x100(lib: Any) -> Callable[[], Any]:
    net, x = lib.nn.Linear(16, 16), lib.randn(1, 16)

    def run() -> None:
        with lib.no_grad():
            for _ in range(100):
                net(x)

    return run
