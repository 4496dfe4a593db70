"""Batch normalization: each channel to mean 0 and variance 1 over the batch, then scaled and shifted."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ...ops.creation import empty, ones, zeros
from ...ops.from_data import tensor
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter, UninitializedBuffer, UninitializedParameter
from .lazy import LazyModuleMixin
from .module import Module

__all__ = [
    "BatchNorm1d",
    "LazyBatchNorm1d",
    "BatchNorm2d",
    "LazyBatchNorm2d",
    "BatchNorm3d",
    "LazyBatchNorm3d",
    "SyncBatchNorm",
]


class _NormBase(Module):
    """What batch and instance norms hold: scale, shift and running statistics."""

    _version = 2  # version 1 had no num_batches_tracked
    __constants__ = ["track_running_stats", "momentum", "eps", "num_features", "affine"]
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    _ndims: tuple[int, ...] = ()  # of the input; () allows any

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        kind = {"device": device, "dtype": dtype}
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.register_parameter("weight", Parameter(empty(num_features, **kind)) if affine else None)
        self.register_parameter("bias", Parameter(empty(num_features, **kind)) if affine and bias else None)
        track = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, **kind) if track else None)
        self.register_buffer("running_var", ones(num_features, **kind) if track else None)
        self.register_buffer("num_batches_tracked", tensor(0, dtype=dtypes.int64) if track else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Set the running statistics back to mean 0, variance 1, no batch seen."""
        if self.track_running_stats:
            self.running_mean.zero_()  # type: ignore[union-attr]
            self.running_var.fill_(1)  # type: ignore[union-attr]
            self.num_batches_tracked.zero_()  # type: ignore[union-attr]

    def reset_parameters(self) -> None:
        """Set weight 1, bias 0 and the running statistics back."""
        self.reset_running_stats()
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        if self._ndims and input.dim() not in self._ndims:
            wanted = " or ".join(f"{n}D" for n in self._ndims)
            raise ValueError(f"{type(self).__name__}: input must be {wanted}, got {input.dim()}D input")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: dict, *rest: Any) -> None:
        version = local_metadata.get("version")
        key = prefix + "num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            own = self.num_batches_tracked
            state_dict[key] = tensor(0, dtype=dtypes.int64) if own is None else own
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class _BatchNorm(_NormBase):
    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        training, track = self.training, self.track_running_stats
        if training and track and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the plain average of all batches
                momentum = 1.0 / float(self.num_batches_tracked.item())
        mean, var = self.running_mean, self.running_var
        if not training and mean is None and var is None:
            training = True  # there is nothing else to normalize with
        if self.training and not track:
            mean = var = None
        return F.batch_norm(input, mean, var, self.weight, self.bias, training, momentum, self.eps)


class _LazyNorm(LazyModuleMixin, _NormBase):
    """Norms that read `num_features` off their first input."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        kind = {"device": device, "dtype": dtype}
        if affine:
            self.weight = UninitializedParameter(**kind)
            if bias:
                self.bias = UninitializedParameter(**kind)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(**kind)
            self.running_var = UninitializedBuffer(**kind)
            self.num_batches_tracked = tensor(0, dtype=dtypes.int64)

    def reset_parameters(self) -> None:
        if self.num_features != 0 and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:  # type: ignore[override]
        if not self.has_uninitialized_params():  # loaded from a state_dict, or there is nothing to learn
            self.num_features = input.shape[1]
            return
        self.num_features = input.shape[1]
        for t in (self.weight, self.bias, self.running_mean, self.running_var):
            if t is not None:
                t.materialize((self.num_features,))  # type: ignore[union-attr]
        self.reset_parameters()


class BatchNorm1d(_BatchNorm):
    """Normalize each channel of vectors or sequences over the batch.

    y = (x - mean) / sqrt(var + eps) * weight + bias. Training uses the batch's mean and (biased) variance and
    moves the running ones, running = (1 - momentum) running + momentum batch's (with the unbiased variance);
    evaluation uses the running ones.

    Args:
        num_features: Channels C.
        eps: Added to the variance, so in squared units of the input. Default 1e-5.
        momentum: Weight of the newest batch in the running statistics; None for the average of all batches.
        affine: Whether weight and bias are learned. Default True.
        track_running_stats: Whether there are running statistics; without them evaluation uses the batch's too.
        bias: Whether there is a bias (when affine). Default True.
    Shape:
        input: (N, C) or (N, C, L); output: the same.
    Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
    Example:
        >>> nn.BatchNorm1d(3)(torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])).round()
        tensor([[-1.,  0.,  1.],
                [ 1.,  0., -1.]], grad_fn=<RoundBackward0>)
    """

    _ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalize each channel of images over the batch, height and width.

    The formula, the arguments and the running statistics are those of BatchNorm1d.

    Shape:
        input: (N, C, H, W); output: the same.
    Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
    Example:
        >>> nn.BatchNorm2d(100)(torch.randn(20, 100, 35, 45)).shape
        torch.Size([20, 100, 35, 45])
    """

    _ndims = (4,)


class BatchNorm3d(_BatchNorm):
    """Normalize each channel of volumes over the batch, depth, height and width.

    The formula, the arguments and the running statistics are those of BatchNorm1d.

    Shape:
        input: (N, C, D, H, W); output: the same.
    Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
    Example:
        >>> nn.BatchNorm3d(10)(torch.randn(2, 10, 3, 4, 5)).shape
        torch.Size([2, 10, 3, 4, 5])
    """

    _ndims = (5,)


class LazyBatchNorm1d(_LazyNorm, _BatchNorm):
    """A BatchNorm1d without `num_features`: read off the first input.

    Example:
        >>> m = nn.LazyBatchNorm1d()
        >>> y = m(torch.randn(4, 7))
        >>> m.num_features
        7
    """

    cls_to_become = BatchNorm1d
    _ndims = (2, 3)


class LazyBatchNorm2d(_LazyNorm, _BatchNorm):
    """A BatchNorm2d without `num_features`: read off the first input.

    Example:
        >>> m = nn.LazyBatchNorm2d()
        >>> y = m(torch.randn(4, 7, 2, 2))
        >>> m.num_features
        7
    """

    cls_to_become = BatchNorm2d
    _ndims = (4,)


class LazyBatchNorm3d(_LazyNorm, _BatchNorm):
    """A BatchNorm3d without `num_features`: read off the first input.

    Example:
        >>> m = nn.LazyBatchNorm3d()
        >>> y = m(torch.randn(4, 7, 2, 2, 2))
        >>> m.num_features
        7
    """

    cls_to_become = BatchNorm3d
    _ndims = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch norm over the batches of several processes. It can be made and saved; training needs GPUs in PyTorch.

    In evaluation it is a BatchNorm. Arguments as of BatchNorm1d, and `process_group`, which is kept.

    Raises:
        ValueError: forward in training mode, as PyTorch does on a CPU.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() < 2:
            raise ValueError(f"SyncBatchNorm: input must be at least 2D, got {input.dim()}D input")
        if self.training:
            raise ValueError(
                "SyncBatchNorm: input must be on a GPU in training mode, got a tensor on the CPU; use BatchNorm"
            )
        return super().forward(input)

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """`module` with every BatchNorm in it replaced by a SyncBatchNorm of the same parameters."""
        new = module
        if isinstance(module, _BatchNorm) and not isinstance(module, SyncBatchNorm):
            new = SyncBatchNorm(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                setattr(new, name, getattr(module, name))
            new.training = module.training
        for name, child in module.named_children():
            new.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return new
