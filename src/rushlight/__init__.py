"""rushlight: PyTorch's neural-network API as a small, fast framework of its own for the CPU.

import rushlight as torch
"""

from __future__ import annotations

from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi
from typing import Any as _Any

from . import dtypes as _dtypes
from .autograd import enable_grad as enable_grad
from .autograd import inference_mode as inference_mode
from .autograd import is_grad_enabled as is_grad_enabled
from .autograd import is_inference_mode_enabled as is_inference_mode_enabled
from .autograd import no_grad as no_grad
from .autograd import set_grad_enabled as set_grad_enabled
from .devices import device as device
from .devices import get_default_device as get_default_device
from .devices import set_default_device as set_default_device
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
from .printing import set_printoptions as set_printoptions
from .public import public as _public
from .random import Generator as Generator
from .random import default_generator as default_generator
from .random import fork_rng as fork_rng
from .random import get_rng_state as get_rng_state
from .random import initial_seed as initial_seed
from .random import manual_seed as manual_seed
from .random import seed as seed
from .random import set_rng_state as set_rng_state
from .system import *  # noqa: F403
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
        globals()[_name] = _public(getattr(_family, _name), _name)
newaxis = None
float, int, bool = _dtypes.float32, _dtypes.int32, _dtypes.bool_

# Names whose modules are imported at their first use.
_LAZY = {
    "GradScaler": "amp",
    "autocast": "amp",
    "get_device_module": "_utils",
    **dict.fromkeys(
        (
            "autocast_decrement_nesting",
            "autocast_increment_nesting",
            "clear_autocast_cache",
            "get_autocast_cpu_dtype",
            "get_autocast_dtype",
            "get_autocast_gpu_dtype",
            "is_autocast_cache_enabled",
            "is_autocast_cpu_enabled",
            "is_autocast_enabled",
            "set_autocast_cache_enabled",
            "set_autocast_cpu_dtype",
            "set_autocast_cpu_enabled",
            "set_autocast_dtype",
            "set_autocast_enabled",
            "set_autocast_gpu_dtype",
        ),
        "amp.autocast_mode",
    ),
    "compile": "compiler",
    "load": "serialization",
    "save": "serialization",
    "UntypedStorage": "storage",
    "TypedStorage": "storage",
    "OutOfMemoryError": "errors",
    "install_as_torch": "compat",
    "uninstall_as_torch": "compat",
    "vmap": "func",
    "_assert": "_utils",
    "is_anomaly_check_nan_enabled": "autograd.anomaly",
    "is_anomaly_enabled": "autograd.anomaly",
    "set_default_tensor_type": "_utils",
}


def __getattr__(name: str) -> _Any:
    import importlib

    if name in _LAZY:
        value = getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)
        if _LAZY[name].startswith("ops."):
            value = _public(value, name)
        globals()[name] = value
        return value
    if name.endswith("_") and not name.startswith("_"):  # torch.sin_
        from ._utils import INPLACE

        if name[:-1] in INPLACE:
            return getattr(Tensor, name)
    if name == "_C":  # without the compiled part, or before it is imported by its name
        from .kernels import _C

        return _C or importlib.import_module("._c_names", __name__)
    if not name.startswith("__") or name == "__future__":
        try:
            return importlib.import_module(f".{name}", __name__)  # a submodule: rushlight.safetensors, ...
        except ModuleNotFoundError as e:
            if e.name != f"{__name__}.{name}":
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# Operations that few programs need: their families are imported when one of them is used.
from .ops import LATE as _LATE  # noqa: E402

_LAZY |= {_name: f"ops.{_family}" for _family, _names in _LATE.items() for _name in _names}


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
