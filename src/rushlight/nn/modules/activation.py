"""Activations: functions applied to each element, and the softmax family."""

from __future__ import annotations

import warnings
from typing import Any

from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = [
    "Threshold",
    "ReLU",
    "RReLU",
    "Hardtanh",
    "ReLU6",
    "Sigmoid",
    "Hardsigmoid",
    "Tanh",
    "SiLU",
    "Mish",
    "Hardswish",
    "ELU",
    "CELU",
    "SELU",
    "GLU",
    "GELU",
    "Hardshrink",
    "LeakyReLU",
    "LogSigmoid",
    "Softplus",
    "Softshrink",
    "PReLU",
    "Softsign",
    "Tanhshrink",
    "Softmin",
    "Softmax",
    "Softmax2d",
    "LogSoftmax",
]


class _Inplace(Module):
    """Activations that may change the input itself; further settings are named in `__constants__`."""

    __constants__ = ["inplace"]

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        shown = [f"{name}={getattr(self, name)}" for name in self.__constants__ if name != "inplace"]
        return ", ".join([*shown, "inplace=True"] if self.inplace else shown)


class ReLU(_Inplace):
    """max(0, x).

    Args:
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Example:
        >>> nn.ReLU()(torch.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)


class SiLU(_Inplace):
    """x sigmoid(x), also called swish.

    Args:
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Source: Hendrycks and Gimpel 2016, arXiv:1606.08415.
    Example:
        >>> nn.SiLU()(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.7311])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Mish(_Inplace):
    """x tanh(softplus(x)).

    Args:
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Source: Misra 2019, arXiv:1908.08681.
    Example:
        >>> nn.Mish()(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.8651])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class SELU(_Inplace):
    """scale (max(0, x) + min(0, alpha (exp(x) - 1))), with the two constants that keep mean 0 and variance 1.

    Args:
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Source: Klambauer et al. 2017, arXiv:1706.02515.
    Example:
        >>> nn.SELU()(torch.tensor([-1.0, 1.0]))
        tensor([-1.1113,  1.0507])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


class Hardsigmoid(_Inplace):
    """min(max(x + 3, 0), 6) / 6: a sigmoid of straight lines.

    Args:
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Example:
        >>> nn.Hardsigmoid()(torch.tensor([-4.0, 0.0, 4.0]))
        tensor([0.0000, 0.5000, 1.0000])
    """

    extra_repr = Module.extra_repr  # PyTorch's does not show it

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


class Hardswish(_Inplace):
    """x hardsigmoid(x).

    Args:
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Source: Howard et al. 2019, arXiv:1905.02244.
    Example:
        >>> nn.Hardswish()(torch.tensor([-4.0, 0.0, 4.0]))
        tensor([-0.,  0.,  4.])
    """

    extra_repr = Module.extra_repr  # PyTorch's does not show it

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class Threshold(_Inplace):
    """x where x > threshold, else value.

    Args:
        threshold: The border.
        value: What stands for values up to it.
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Example:
        >>> nn.Threshold(1.0, 20.0)(torch.tensor([0.0, 2.0]))
        tensor([20.,  2.])
    """

    __constants__ = ["threshold", "value", "inplace"]

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold = threshold
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)


class RReLU(_Inplace):
    """x where x >= 0, else a x: in training with a drawn uniformly for each element, else with its mean.

    Args:
        lower: Smallest a. Default 1/8.
        upper: Largest a. Default 1/3.
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Source: Xu et al. 2015, arXiv:1505.00853.
    Example:
        >>> nn.RReLU(0.1, 0.3).eval()(torch.tensor([-1.0, 2.0]))
        tensor([-0.2000,  2.0000])
    """

    __constants__ = ["lower", "upper", "inplace"]

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.lower = lower
        self.upper = upper

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class Hardtanh(_Inplace):
    """x limited to [min_val, max_val].

    Args:
        min_val: Lower limit. Default -1.
        max_val: Upper limit. Default 1.
        inplace: Change the input itself. Default False.
        min_value: Old name of min_val.
        max_value: Old name of max_val.
    Shape:
        input: any; output: the same.
    Example:
        >>> nn.Hardtanh(-2, 2)(torch.tensor([-3.0, 0.0, 3.0]))
        tensor([-2.,  0.,  2.])
    """

    __constants__ = ["min_val", "max_val", "inplace"]

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__(inplace)
        for old, new in ((min_value, "min_val"), (max_value, "max_val")):
            if old is not None:
                warnings.warn(
                    f"keyword argument `{new[:4]}value` is deprecated and rename to `{new}`",
                    FutureWarning,
                    stacklevel=2,
                )
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        if self.max_val <= self.min_val:
            raise ValueError(
                f"Hardtanh: max_val must be larger than min_val ({self.min_val}), got {self.max_val}"
            )

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class ReLU6(Hardtanh):
    """min(max(0, x), 6).

    Args:
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Example:
        >>> nn.ReLU6()(torch.tensor([-1.0, 3.0, 8.0]))
        tensor([0., 3., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    """1 / (1 + exp(-x)).

    Shape:
        input: any; output: the same.
    Example:
        >>> nn.Sigmoid()(torch.tensor([0.0]))
        tensor([0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class Tanh(Module):
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)).

    Shape:
        input: any; output: the same.
    Example:
        >>> nn.Tanh()(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Softsign(Module):
    """x / (1 + |x|).

    Shape:
        input: any; output: the same.
    Example:
        >>> nn.Softsign()(torch.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Tanhshrink(Module):
    """x - tanh(x).

    Shape:
        input: any; output: the same.
    Example:
        >>> nn.Tanhshrink()(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.2384])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class LogSigmoid(Module):
    """log(sigmoid(x)), computed without overflow.

    Shape:
        input: any; output: the same.
    Example:
        >>> nn.LogSigmoid()(torch.tensor([0.0, -100.0]))
        tensor([  -0.6931, -100.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class _WithAlpha(_Inplace):
    __constants__ = ["alpha", "inplace"]

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha


class ELU(_WithAlpha):
    """x where x > 0, else alpha (exp(x) - 1).

    Args:
        alpha: Minus the limit at minus infinity. Default 1.
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Source: Clevert et al. 2015, arXiv:1511.07289.
    Example:
        >>> nn.ELU()(torch.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)


class CELU(_WithAlpha):
    """max(0, x) + min(0, alpha (exp(x / alpha) - 1)).

    Args:
        alpha: Minus the limit at minus infinity; smooth at 0 for every value. Default 1.
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Source: Barron 2017, arXiv:1704.07483.
    Example:
        >>> nn.CELU()(torch.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)


class LeakyReLU(_Inplace):
    """x where x >= 0, else negative_slope x.

    Args:
        negative_slope: Slope on the negative side. Default 0.01.
        inplace: Change the input itself. Default False.
    Shape:
        input: any; output: the same.
    Example:
        >>> nn.LeakyReLU(0.1)(torch.tensor([-1.0, 2.0]))
        tensor([-0.1000,  2.0000])
    """

    __constants__ = ["inplace", "negative_slope"]

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class PReLU(Module):
    """x where x >= 0, else a learned slope times x.

    Args:
        num_parameters: Number of slopes: 1, or the number of channels (dimension 1 of the input).
        init: Their first value. Default 0.25.
    Shape:
        input: (N, C, *); output: the same; weight: (num_parameters,).
    Source: He et al. 2015, arXiv:1502.01852.
    Example:
        >>> nn.PReLU()(torch.tensor([-1.0, 2.0])).tolist()
        [-0.25, 2.0]
    """

    __constants__ = ["num_parameters"]

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set all slopes to `init`."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class GELU(Module):
    """x Phi(x), Phi the normal distribution's cumulative function.

    Args:
        approximate: 'none', or 'tanh' for 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
    Shape:
        input: any; output: the same.
    Source: Hendrycks and Gimpel 2016, arXiv:1606.08415.
    Example:
        >>> nn.GELU()(torch.tensor([-1.0, 1.0]))
        tensor([-0.1587,  0.8413])
    """

    __constants__ = ["approximate"]

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class GLU(Module):
    """a sigmoid(b), a and b being the two halves of the input.

    Args:
        dim: The dimension that is halved. Default -1.
    Shape:
        input: (*, N, *); output: (*, N / 2, *).
    Source: Dauphin et al. 2016, arXiv:1612.08083.
    Example:
        >>> nn.GLU()(torch.tensor([2.0, 0.0]))
        tensor([1.])
    """

    __constants__ = ["dim"]

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softplus(Module):
    """log(1 + exp(beta x)) / beta; x itself where beta x > threshold.

    Args:
        beta: Sharpness. Default 1.
        threshold: Above it the function is the identity. Default 20.
    Shape:
        input: any; output: the same.
    Example:
        >>> nn.Softplus()(torch.tensor([0.0, 30.0]))
        tensor([ 0.6931, 30.0000])
    """

    __constants__ = ["beta", "threshold"]

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class _Shrink(Module):
    __constants__ = ["lambd"]

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        return str(self.lambd)


class Hardshrink(_Shrink):
    """x where |x| > lambd, else 0.

    Args:
        lambd: The border. Default 0.5.
    Shape:
        input: any; output: the same.
    Example:
        >>> nn.Hardshrink()(torch.tensor([-1.0, 0.3]))
        tensor([-1.,  0.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)


class Softshrink(_Shrink):
    """x moved towards 0 by lambd, and 0 where |x| <= lambd.

    Args:
        lambd: The border; must be >= 0. Default 0.5.
    Shape:
        input: any; output: the same.
    Example:
        >>> nn.Softshrink()(torch.tensor([-1.0, 0.3]))
        tensor([-0.5000,  0.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)


class _Softmax(Module):
    """What the softmax family shares."""

    __constants__ = ["dim"]
    dim: int | None

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self.__dict__.setdefault("dim", None)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(_Softmax):
    """exp(-x_i) / sum_j exp(-x_j): softmax of the negated input.

    Args:
        dim: Dimension that sums to 1.
    Shape:
        input: any; output: the same.
    Example:
        >>> nn.Softmin(dim=0)(torch.tensor([0.0, 0.0]))
        tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim, _stacklevel=5)


class Softmax(_Softmax):
    """exp(x_i) / sum_j exp(x_j): numbers in (0, 1) that sum to 1.

    Args:
        dim: Dimension that sums to 1.
    Shape:
        input: any; output: the same.
    Example:
        >>> nn.Softmax(dim=1)(torch.tensor([[0.0, 0.0]]))
        tensor([[0.5000, 0.5000]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim, _stacklevel=5)


class LogSoftmax(_Softmax):
    """log(softmax(x)), computed without overflow.

    Args:
        dim: Dimension whose exponentials sum to 1.
    Shape:
        input: any; output: the same.
    Example:
        >>> nn.LogSoftmax(dim=1)(torch.tensor([[0.0, 0.0]]))
        tensor([[-0.6931, -0.6931]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim, _stacklevel=5)


class Softmax2d(Module):
    """Softmax over the channels of images.

    Shape:
        input: (N, C, H, W) or (C, H, W); output: the same.
    Example:
        >>> nn.Softmax2d()(torch.zeros(1, 2, 1, 1)).flatten()
        tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: input must be 3D or 4D, got {input.dim()}D input")
        return F.softmax(input, -3, _stacklevel=5)
