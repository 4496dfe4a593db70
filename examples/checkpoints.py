"""Save a run, go on later with the same numbers; hand weights over as safetensors."""

import rushlight as torch
from rushlight import nn, optim, safetensors


def fresh():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    return model, optim.AdamW(model.parameters(), lr=0.01)


def train(model, optimizer, steps):
    for _ in range(steps):
        x = torch.randn(32, 4)
        loss = ((model(x) - x.sum(1, keepdim=True)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


model, optimizer = fresh()
without_a_break = train(model, optimizer, 40)

model, optimizer = fresh()
train(model, optimizer, 20)
state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "rng": torch.get_rng_state()}
torch.save(state, "run.pt")

model, optimizer = fresh()
state = torch.load("run.pt")
model.load_state_dict(state["model"])
optimizer.load_state_dict(state["optimizer"])
torch.set_rng_state(state["rng"])
with_a_break = train(model, optimizer, 20)
print(f"without a break {without_a_break:.6f}, with one {with_a_break:.6f}")
assert without_a_break == with_a_break

safetensors.save_file(model.state_dict(), "model.safetensors")
print(sorted(safetensors.load_file("model.safetensors")))
