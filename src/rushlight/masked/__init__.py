"""Reductions and normalizations that leave masked elements out (`torch.masked`).

Each function takes a `mask`, a bool tensor that broadcasts to the input: where it is False, the element does not count.
It is filled with what changes nothing (0 for sums, 1 for products, -inf for maxima, ...), and what is left of a fully
masked stretch is that very value; a mean of nothing is NaN. Gradients are 0 where the mask is False.
PyTorch's MaskedTensor is not here.
"""

from ..public import open_to_all as _open_to_all
from .normalizations import *  # noqa: F403
from .normalizations import __all__ as _normalizations
from .reductions import *  # noqa: F403
from .reductions import __all__ as _reductions

__all__ = [*_reductions, *_normalizations]
_open_to_all(globals(), __all__, "masked.", numpy_names=False)
