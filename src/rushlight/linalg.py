"""Linear algebra under PyTorch's names (`torch.linalg`); written in ops: linalg, decomposition, eigen, factor, vector_norm."""

from __future__ import annotations

from .ops import decomposition as _decomposition
from .ops import eigen as _eigen
from .ops import factor as _factor
from .ops import linalg as _linalg
from .ops import vector_norm as _norms
from .ops.decomposition import LinAlgError as LinAlgError
from .public import public as _public

__all__ = ["LinAlgError"]
for _module in (_linalg, _decomposition, _eigen, _factor, _norms):
    for _name in _module.linalg:
        # Where torch.<name> differs from torch.linalg.<name>, ours is called linalg_<name>.
        _function = getattr(_module, f"linalg_{_name}", None) or getattr(_module, _name)
        globals()[_name] = _public(_function, f"linalg.{_name}")
        __all__.append(_name)
