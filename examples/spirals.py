"""Two spirals, told apart by a small network: data, model, training loop, accuracy."""

import math

import rushlight as torch
from rushlight import nn, optim
from rushlight.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
n = 400
turn = torch.rand(n) * 1.7 * math.pi + 0.5
label = torch.arange(n) % 2
angle = turn + label * math.pi
points = torch.stack([turn * torch.cos(angle), turn * torch.sin(angle)], dim=1) / 3
points = points + 0.02 * torch.randn(n, 2)

model = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2))
optimizer = optim.Adam(model.parameters(), lr=0.02)
schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, 60)
criterion = nn.CrossEntropyLoss()
loader = DataLoader(TensorDataset(points, label), batch_size=50, shuffle=True)

for epoch in range(60):
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    schedule.step()
    if epoch % 20 == 19:
        print(f"epoch {epoch + 1}: loss {total / n:.4f}")

model.eval()
with torch.no_grad():
    accuracy = (model(points).argmax(1) == label).float().mean().item()
print(f"accuracy {accuracy:.1%}")
assert accuracy > 0.95
