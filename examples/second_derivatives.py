"""Newton's method with second derivatives from autograd, on Rosenbrock's function."""

import rushlight as torch

point = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
for step in range(10):
    x, y = point[0], point[1]
    value = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    (gradient,) = torch.autograd.grad(value, point, create_graph=True)
    rows = [torch.autograd.grad(g, point, retain_graph=True)[0] for g in gradient]
    (a, b), (c, d) = (row.tolist() for row in rows)
    u, v = gradient.tolist()
    determinant = a * d - b * c
    move = torch.tensor([(d * u - b * v) / determinant, (a * v - c * u) / determinant], dtype=torch.float64)
    point = (point - move).detach().requires_grad_()
    print(f"step {step + 1}: value {value.item():.3e} at {point.tolist()}")
    if value.item() < 1e-20:
        break
assert abs(point[0].item() - 1) < 1e-6
