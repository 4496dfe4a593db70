"""Softmax over many classes of very different frequency."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ...ops.creation import zeros
from ...ops.join import cat
from ...tensor import Tensor
from .. import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-softmax and its loss over classes sorted by frequency, rare ones in clusters of their own.

    The head scores the frequent classes and one entry for each cluster; a cluster's classes are scored from a
    projection to fewer features, so rare classes cost little.

    Args:
        in_features: Size of the input's vectors.
        n_classes: Number of classes, the most frequent first.
        cutoffs: Classes at which clusters begin, increasing.
        div_value: Cluster i projects to in_features / div_value^(i + 1) features. Default 4.
        head_bias: Whether the head has a bias. Default False.
    Shape:
        input: (N, in_features) or (in_features,), target: (N,) or (); output: the target's log-probability, of the
        target's shape; loss: the mean of its negative.
    Source: Grave et al. 2016, arXiv:1609.04309.
    Example:
        >>> m = nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs=[5, 10])
        >>> m(torch.zeros(3, 16), torch.tensor([0, 7, 19])).output.shape
        torch.Size([3])
    """

    in_features: int
    n_classes: int
    cutoffs: list[int]

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("AdaptiveLogSoftmaxWithLoss: cutoffs must have at least one element, got none")
        if (
            cutoffs != sorted(set(cutoffs))
            or cutoffs[0] <= 0
            or cutoffs[-1] > n_classes - 1
            or any(int(c) != c for c in cutoffs)
        ):
            raise ValueError(
                "AdaptiveLogSoftmaxWithLoss: cutoffs must be unique, increasing integers between 1 and "
                f"n_classes - 1 ({n_classes - 1}), got {cutoffs}"
            )
        kind = {"device": device, "dtype": dtype}
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, **kind)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            size = int(in_features // (div_value ** (i + 1)))
            classes = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(
                    Linear(in_features, size, bias=False, **kind), Linear(size, classes, bias=False, **kind)
                )
            )

    def reset_parameters(self) -> None:
        """Draw new weights."""
        self.head.reset_parameters()
        for project, score in self.tail:  # type: ignore[attr-defined,misc]
            project.reset_parameters()
            score.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        single = target_.dim() == 0
        if target_.dim() > 1:
            raise RuntimeError(f"AdaptiveLogSoftmaxWithLoss: target must be 0D or 1D, got {target_.dim()}D")
        if single:
            if input_.dim() != 1:
                raise RuntimeError(
                    f"AdaptiveLogSoftmaxWithLoss: input must be 1D with a 0D target, got {input_.dim()}D"
                )
        elif input_.dim() != 2:
            raise RuntimeError(
                f"AdaptiveLogSoftmaxWithLoss: input must be 2D with a 1D target, got {input_.dim()}D"
            )
        elif input_.size(0) != target_.size(0):
            raise RuntimeError(
                "AdaptiveLogSoftmaxWithLoss: input and target must have the same batch size (dimension 0), got "
                f"{input_.size(0)} and {target_.size(0)}"
            )
        input = input_.unsqueeze(0) if single else input_
        target = target_.unsqueeze(0) if single else target_

        used = 0
        output = zeros(target.size(0), dtype=input.dtype)
        gather = zeros(target.size(0), dtype=target.dtype)
        edges = [0, *self.cutoffs]
        for i, (low, high) in enumerate(pairwise(edges)):
            rows = ((target >= low) & (target < high)).nonzero().squeeze(1)
            if rows.numel() == 0:
                continue
            relative = target[rows] - low
            if i == 0:
                gather = gather.index_copy(0, rows, relative)
            else:
                cluster = F.log_softmax(self.tail[i - 1](input.index_select(0, rows)), dim=1)
                local = cluster.gather(1, relative.unsqueeze(1)).squeeze(1)
                gather = gather.index_fill(0, rows, self.shortlist_size + i - 1)
                output = output.index_copy(0, rows, local.to(output.dtype))
            used += rows.numel()
        if used != target.size(0):
            raise RuntimeError(
                f"AdaptiveLogSoftmaxWithLoss: target must be in [0, {self.n_classes - 1}], got values in "
                f"[{target.min().item()}, {target.max().item()}]"
            )
        head = F.log_softmax(self.head(input), dim=1)
        output = output + head.gather(1, gather.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return _ASMoutput(output.squeeze(0) if single else output, loss)

    def _get_full_log_prob(self, input: Tensor, head_output: Tensor) -> Tensor:
        """The log-probabilities of all classes from the head's scores."""
        head = F.log_softmax(head_output, dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i, tail in enumerate(self.tail):
            parts.append(F.log_softmax(tail(input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1))
        return cat(parts, 1)

    def log_prob(self, input: Tensor) -> Tensor:
        """Log-probabilities of all classes: (N, in_features) to (N, n_classes)."""
        return self._get_full_log_prob(input, self.head(input))

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each row: (N, in_features) to (N,).

        A cluster is looked into only for the rows whose head puts it first.
        """
        head = self.head(input)
        output = head.argmax(dim=1)
        not_in_shortlist = output >= self.shortlist_size
        if not bool(not_in_shortlist.any()):
            return output
        if bool(not_in_shortlist.all()):
            return self._get_full_log_prob(input, head).argmax(dim=1)
        output[not_in_shortlist] = self._get_full_log_prob(
            input[not_in_shortlist], head[not_in_shortlist]
        ).argmax(dim=1)
        return output
