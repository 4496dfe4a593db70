"""An operation of one's own: forward, backward, and the check that they agree."""

import rushlight as torch
from rushlight.autograd import Function, gradcheck


class Softplus(Function):
    """log(1 + exp(x)), whose slope is the logistic function."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.log1p(torch.exp(x))

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy / (1 + torch.exp(-x))


x = torch.linspace(-2, 2, 5, dtype=torch.float64, requires_grad=True)
Softplus.apply(x).sum().backward()
print(x.grad)
print("the gradient is right:", gradcheck(Softplus.apply, (x,)))
