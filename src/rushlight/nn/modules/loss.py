"""Losses: how far predictions are from targets, as one number or one per sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...tensor import Tensor
from .. import _reduction
from .. import functional as F
from .distance import PairwiseDistance
from .linear import Linear
from .module import Module

__all__ = [
    "L1Loss",
    "NLLLoss",
    "NLLLoss2d",
    "PoissonNLLLoss",
    "GaussianNLLLoss",
    "KLDivLoss",
    "MSELoss",
    "BCELoss",
    "BCEWithLogitsLoss",
    "HingeEmbeddingLoss",
    "MultiLabelMarginLoss",
    "SmoothL1Loss",
    "HuberLoss",
    "SoftMarginLoss",
    "CrossEntropyLoss",
    "LinearCrossEntropyOptions",
    "LinearCrossEntropyLoss",
    "MultiLabelSoftMarginLoss",
    "CosineEmbeddingLoss",
    "MarginRankingLoss",
    "MultiMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
    "CTCLoss",
]

# Every loss takes `reduction`: 'mean' (default), 'sum' or 'none' (one value per sample or element), and
# the flags `size_average` and `reduce`, which said the same before it.


class _Loss(Module):
    """What all losses hold."""

    __constants__ = ["reduction"]
    reduction: str

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = _reduction.legacy_get_string(size_average, reduce)
        self.reduction = reduction


class _WeightedLoss(_Loss):
    """Losses with a weight per class or element, kept as a buffer."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class L1Loss(_Loss):
    """|x - y|, averaged.

    Args:
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input and target: any, the same; output: one number, or the same with 'none'.
    Example:
        >>> nn.L1Loss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
        tensor(1.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(_Loss):
    """(x - y)^2, averaged.

    Args:
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input and target: any, the same; output: one number, or the same with 'none'.
    Example:
        >>> nn.MSELoss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
        tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """0.5 (x - y)^2 / beta where |x - y| < beta, else |x - y| - 0.5 beta; averaged.

    Args:
        beta: Where the parabola becomes a line. Default 1.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input and target: any, the same; output: one number, or the same with 'none'.
    Source: Girshick 2015, arXiv:1504.08083.
    Example:
        >>> nn.SmoothL1Loss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
        tensor(0.7500)
    """

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """0.5 (x - y)^2 where |x - y| <= delta, else delta (|x - y| - 0.5 delta); averaged.

    Args:
        delta: Where the parabola becomes a line. Default 1.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input and target: any, the same; output: one number, or the same with 'none'.
    Example:
        >>> nn.HuberLoss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
        tensor(0.7500)
    """

    __constants__ = ["reduction", "delta"]

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class NLLLoss(_WeightedLoss):
    """Minus the log-probability of the target class, averaged with the classes' weights.

    Args:
        weight: One weight per class. 'mean' divides by the sum of the targets' weights.
        ignore_index: Targets of this value count for nothing. Default -100.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input: (N, C, *) or (C,), log-probabilities; target: (N, *) or (), class indices; output: one number,
        or the target's shape with 'none'.
    Example:
        >>> nn.NLLLoss()(torch.tensor([[-0.5, -1.0]]), torch.tensor([1]))
        tensor(1.)
    """

    __constants__ = ["ignore_index", "reduction"]

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(
            input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class NLLLoss2d(NLLLoss):
    """NLLLoss for images under its older name."""


class CrossEntropyLoss(_WeightedLoss):
    """Minus the log-softmax of the target class's score: softmax and NLLLoss in one.

    Args:
        weight: One weight per class. 'mean' divides by the sum of the targets' weights.
        ignore_index: Targets of this value count for nothing (class indices only). Default -100.
        label_smoothing: Part of the target that is spread over all classes, in [0, 1]. Default 0.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input: (N, C, *) or (C,), scores (logits); target: (N, *) or (), class indices, or the input's shape,
        probabilities; output: one number, or (N, *) with 'none'.
    Source: label smoothing: Szegedy et al. 2015, arXiv:1512.00567.
    Example:
        >>> nn.CrossEntropyLoss()(torch.zeros(2, 4), torch.tensor([0, 3]))
        tensor(1.3863)
    """

    __constants__ = ["ignore_index", "reduction", "label_smoothing"]

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class BCELoss(_WeightedLoss):
    """-(y log(x) + (1 - y) log(1 - x)), averaged; the logarithms are no less than -100.

    Args:
        weight: Multiplies each element's loss; broadcast.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input and target: any, the same, values in [0, 1]; output: one number, or the same with 'none'.
    Example:
        >>> nn.BCELoss()(torch.tensor([0.5]), torch.tensor([1.0]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """BCELoss of sigmoid(x), computed without overflow.

    Args:
        weight: Multiplies each element's loss; broadcast.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
        pos_weight: Multiplies the loss of the positive part, y log(sigmoid(x)); one per class, broadcast.
    Shape:
        input and target: any, the same; output: one number, or the same with 'none'.
    Example:
        >>> nn.BCEWithLogitsLoss()(torch.tensor([0.0]), torch.tensor([1.0]))
        tensor(0.6931)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


class KLDivLoss(_Loss):
    """Kullback-Leibler divergence y (log y - x) of a prediction x in logarithms from a target y.

    Args:
        log_target: The target is in logarithms too. Default False.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input and target: any, the same; output: one number, or the same with 'none'. reduction='batchmean',
        the sum over all divided by the batch size, is the divergence as it is defined.
    Example:
        >>> nn.KLDivLoss(reduction="batchmean")(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[1.0, 0.0]]))
        tensor(0.6931)
    """

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", log_target: bool = False
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(_Loss):
    """Negative log-likelihood of a Poisson distribution: exp(x) - y x, averaged.

    Args:
        log_input: The input is the rate's logarithm; otherwise the loss is x - y log(x + eps). Default True.
        full: Add Stirling's approximation y log(y) - y + 0.5 log(2 pi y) of log(y!). Default False.
        eps: See `log_input`. Default 1e-8.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input and target: any, the same; output: one number, or the same with 'none'.
    Example:
        >>> nn.PoissonNLLLoss()(torch.tensor([0.0]), torch.tensor([2.0]))
        tensor(1.)
    """

    __constants__ = ["log_input", "full", "eps", "reduction"]

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: Any = None,
        eps: float = 1e-8,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            log_input,
            target,
            log_input=self.log_input,
            full=self.full,
            eps=self.eps,
            reduction=self.reduction,
        )


class GaussianNLLLoss(_Loss):
    """Negative log-likelihood of a normal distribution: 0.5 (log(var) + (x - y)^2 / var), averaged.

    Args:
        full: Add the constant 0.5 log(2 pi). Default False.
        eps: Least variance, in squared units of the input. Default 1e-6.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input and target: (*); var: (*), without the last dimension or with 1 there; output: one number, or (*).
    Source: Nix and Weigend 1994, Estimating the mean and variance of the target probability distribution.
    Example:
        >>> nn.GaussianNLLLoss()(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([1.0]))
        tensor(2.)
    """

    __constants__ = ["full", "eps", "reduction"]

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(None, None, reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class HingeEmbeddingLoss(_Loss):
    """x where the target is 1, max(0, margin - x) where it is -1; averaged.

    Args:
        margin: See above. Default 1.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input and target: any, the same; output: one number, or the same with 'none'.
    Example:
        >>> nn.HingeEmbeddingLoss()(torch.tensor([0.5, 0.2]), torch.tensor([1.0, -1.0]))
        tensor(0.6500)
    """

    __constants__ = ["margin", "reduction"]

    def __init__(
        self, margin: float = 1.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    """log(1 + exp(-y x)) with targets y of 1 and -1, averaged.

    Args:
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input and target: any, the same; output: one number, or the same with 'none'.
    Example:
        >>> nn.SoftMarginLoss()(torch.tensor([0.0]), torch.tensor([1.0]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """Hinge loss of several classes: max(0, 1 - (x_target - x_other)) over all pairs, divided by C.

    Args:
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input: (N, C) or (C,); target: the same, class indices, -1 after the last; output: one number, or (N,).
    Example:
        >>> nn.MultiLabelMarginLoss()(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([[3, 0, -1, 1]]))
        tensor(0.8500)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """Mean over the classes of BCEWithLogitsLoss, averaged over the batch.

    Args:
        weight: One weight per class.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input and target: (N, C), targets 0 or 1; output: one number, or (N,).
    Example:
        >>> nn.MultiLabelSoftMarginLoss()(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """Hinge loss of one class: sum of max(0, margin - x_target + x_other)^p over the others, divided by C.

    Args:
        p: 1 or 2. Default 1.
        margin: See above. Default 1.
        weight: One weight per class.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        input: (N, C) or (C,); target: (N,) or (), class indices; output: one number, or (N,).
    Example:
        >>> nn.MultiMarginLoss()(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([3]))
        tensor(0.3250)
    """

    __constants__ = ["p", "margin", "reduction"]

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class _MarginLoss(_Loss):
    """Losses with a margin, 0 by default."""

    __constants__ = ["margin", "reduction"]

    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class CosineEmbeddingLoss(_MarginLoss):
    """1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1; averaged.

    Args:
        margin: In [-1, 1]. Default 0.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        inputs: (N, D) or (D,); target: (N,) or (); output: one number, or the target's shape with 'none'.
    Example:
        >>> x = torch.tensor([[1.0, 0.0]])
        >>> nn.CosineEmbeddingLoss()(x, x, torch.tensor([-1.0]))
        tensor(1.)
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(_MarginLoss):
    """max(0, -y (x1 - x2) + margin): x1 should be larger where y is 1, smaller where it is -1.

    Args:
        margin: By how much. Default 0.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        inputs and target: (N,) or (); output: one number, or the same with 'none'.
    Example:
        >>> nn.MarginRankingLoss()(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([1.0]))
        tensor(2.)
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), averaged; d is the p-norm of the difference.

    Args:
        margin: How much nearer the positive should be. Default 1.
        p: The p of the norm. Default 2.
        eps: Added to each difference. Default 1e-6.
        swap: Use d(positive, negative) where that is less than d(anchor, negative). Default False.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        inputs: (N, D) or (D,); output: one number, or (N,) with 'none'.
    Source: Balntas et al. 2016, Learning local feature descriptors with triplets.
    Example:
        >>> a, p, n = torch.tensor([[0.0]]), torch.tensor([[1.0]]), torch.tensor([[3.0]])
        >>> nn.TripletMarginLoss(margin=4.0)(a, p, n)
        tensor(2.)
    """

    __constants__ = ["margin", "p", "eps", "swap", "reduction"]

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: margin must be > 0, got {margin}")
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """TripletMarginLoss with a distance of one's own.

    Args:
        distance_function: Takes two tensors, gives one distance per row; PairwiseDistance() if None.
        margin: How much nearer the positive should be. Default 1.
        swap: Use d(positive, negative) where that is less than d(anchor, negative). Default False.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
    Shape:
        inputs: (N, *); output: one number, or (N,) with 'none'.
    Example:
        >>> a, p, n = torch.tensor([[0.0]]), torch.tensor([[1.0]]), torch.tensor([[3.0]])
        >>> far = nn.TripletMarginWithDistanceLoss(
        ...     distance_function=lambda x, y: (x - y).abs().sum(1), margin=4.0
        ... )
        >>> far(a, p, n)
        tensor(2.)
    """

    __constants__ = ["margin", "swap", "reduction"]

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginWithDistanceLoss: margin must be > 0, got {margin}")
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


class CTCLoss(_Loss):
    """Connectionist temporal classification: sequences of labels against longer sequences of scores.

    Args:
        blank: The class that stands for no label. Default 0.
        reduction: 'mean' (each sample divided by its target's length first), 'sum' or 'none'.
        zero_infinity: Make infinite losses (inputs too short for their targets) zero. Default False.
    Shape:
        log_probs: (T, N, C) or (T, C); targets: (N, S) or, one after the other, (sum of lengths,); input_lengths and
        target_lengths: (N,); output: one number, or (N,) with 'none'.
    Source: Graves et al. 2006, Connectionist Temporal Classification.
    Example:
        >>> scores = torch.zeros(4, 1, 3).log_softmax(2)
        >>> nn.CTCLoss()(scores, torch.tensor([[1, 2]]), torch.tensor([4]), torch.tensor([2])).shape
        torch.Size([])
    """

    __constants__ = ["blank", "reduction"]

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )


@dataclass
class LinearCrossEntropyOptions:
    """How PyTorch may cut `linear_cross_entropy` into chunks; taken and not needed here."""

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None


class LinearCrossEntropyLoss(_WeightedLoss):
    """A Linear layer that gives class scores, and CrossEntropyLoss of them.

    Args:
        in_features: Size of the input's vectors.
        num_classes: Number of classes C.
        out_features: Further dimensions of the scores, each with a target of its own.
        bias: Whether the layer has a bias. Default False.
        reduction: 'mean', 'sum' or 'none'. Default 'mean'.
        weight: One weight per class.
        ignore_index: Targets of this value count for nothing; -100 if None.
        label_smoothing: Part of the target that is spread over all classes. Default 0.
        options: Taken and not needed.
    Shape:
        input: (N, in_features); target: (N, *out_features), class indices; output: one number, or the target's shape.
    Example:
        >>> nn.LinearCrossEntropyLoss(4, 5)(torch.zeros(2, 4), torch.tensor([0, 1])).item()
        1.6094379425048828
    """

    __constants__ = ["reduction", "num_classes", "out_features", "ignore_index", "label_smoothing", "options"]

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:
        super().__init__(weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = tuple(out_features)
        count = num_classes
        for size in self.out_features:
            count *= size
        self.linear = Linear(in_features, count, bias=bias, device=device, dtype=dtype)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.options = options

    def reset_parameters(self) -> None:
        """Draw new weights."""
        self.linear.reset_parameters()

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        weight, bias = self.linear.weight, self.linear.bias
        if self.out_features:
            weight = weight.reshape(self.num_classes, *self.out_features, weight.size(-1))
            bias = None if bias is None else bias.reshape(self.num_classes, *self.out_features)
        return F.linear_cross_entropy(
            input,
            weight,
            target,
            linear_bias=bias,
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, reduction={self.reduction}, "
            f"ignore_index={self.ignore_index}, label_smoothing={self.label_smoothing}, options={self.options}"
        )
