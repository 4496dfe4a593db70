"""The compiled kernels, or None: everything also runs on NumPy alone.

`RUSHLIGHT_KERNELS=numpy` leaves them out; a wheel without them does so by itself.
"""

from __future__ import annotations

import os
from typing import Any

__all__ = ["_C", "usable"]

_wanted = os.environ.get("RUSHLIGHT_KERNELS", "")
if _wanted not in ("", "numpy", "compiled"):
    raise ImportError(f"RUSHLIGHT_KERNELS must be 'numpy' or 'compiled', got {_wanted!r}")

_C: Any = None
if _wanted != "numpy":
    try:
        from . import _C  # type: ignore[attr-defined,no-redef]
    except ModuleNotFoundError:
        if _wanted == "compiled":
            raise
    except ImportError as e:
        if "cannot import name" not in str(e) or _wanted == "compiled":
            raise  # it is there but does not load: say so instead of going on slowly

if _C is None:

    def usable(*tensors: Any) -> bool:
        """Whether kernels can take these tensors (None is skipped): never, there are none."""
        return False

else:
    usable = _C.usable  # the same question, answered in C

    def _more(name: str) -> Any:
        """Names of PyTorch's own compiled module: torch._C._LinAlgError."""
        if name in ("DisableTorchFunction", "DisableTorchFunctionSubclass", "Generator", "_LinAlgError"):
            from . import _c_names

            return getattr(_c_names, name)
        raise AttributeError(f"module '{_C.__name__}' has no attribute {name!r}")

    _C.__getattr__ = _more
