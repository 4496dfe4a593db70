"""rushlight: PyTorch's neural-network API as a small, fast framework of its own for the CPU.

import rushlight as torch
"""

from __future__ import annotations

from . import dtypes as _dtypes
from . import kernels as _kernels
from .autograd import enable_grad as enable_grad
from .autograd import inference_mode as inference_mode
from .autograd import is_grad_enabled as is_grad_enabled
from .autograd import is_inference_mode_enabled as is_inference_mode_enabled
from .autograd import no_grad as no_grad
from .autograd import set_grad_enabled as set_grad_enabled
from .devices import device as device
from .dtypes import channels_last as channels_last
from .dtypes import channels_last_3d as channels_last_3d
from .dtypes import contiguous_format as contiguous_format
from .dtypes import dtype as dtype
from .dtypes import finfo as finfo
from .dtypes import get_default_dtype as get_default_dtype
from .dtypes import iinfo as iinfo
from .dtypes import layout as layout
from .dtypes import memory_format as memory_format
from .dtypes import preserve_format as preserve_format
from .dtypes import set_default_dtype as set_default_dtype
from .dtypes import strided as strided
from .ops import families as _ops
from .ops.creation import legacy_constructor as _legacy_constructor
from .ops.promotion import can_cast as can_cast
from .ops.promotion import promote_types as promote_types
from .ops.promotion import result_type as result_type
from .random import Generator as Generator
from .random import default_generator as default_generator
from .random import fork_rng as fork_rng
from .random import get_rng_state as get_rng_state
from .random import initial_seed as initial_seed
from .random import manual_seed as manual_seed
from .random import seed as seed
from .random import set_rng_state as set_rng_state
from .tensor import Size as Size
from .tensor import Tensor as Tensor
from .tensor import is_tensor as is_tensor

__version__ = "0.1.0"

for _d in _dtypes._BY_NAME.values():
    globals()[_d.name] = _d
    globals()[f"{_d.legacy}Tensor"] = _legacy_constructor(_d)
half, double = _dtypes.half, _dtypes.double
short, long = _dtypes.short, _dtypes.long
cfloat, cdouble = _dtypes.cfloat, _dtypes.cdouble
for _family in _ops.values():
    for _name in _family.__all__:
        globals()[_name] = getattr(_family, _name)
float, int, bool = _dtypes.float32, _dtypes.int32, _dtypes.bool_

from math import e as e, inf as inf, nan as nan, pi as pi  # noqa: E402, I001

newaxis = None

from .printing import set_printoptions as set_printoptions  # noqa: E402

_LAZY = {
    "load": "serialization",
    "save": "serialization",
}  # names whose modules are imported at their first use


def __getattr__(name: str) -> object:
    import importlib

    if name in _LAZY:
        value = globals()[name] = getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)
        return value
    if not name.startswith("__"):
        try:
            return importlib.import_module(f".{name}", __name__)  # a submodule: rushlight.safetensors, ...
        except ModuleNotFoundError as e:
            if e.name != f"{__name__}.{name}":
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
