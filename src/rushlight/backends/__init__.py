"""torch.backends: switches of libraries that are not in use here, so that scripts may set them."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Iterator
from typing import Any

from ..system import cpu_info

__all__ = [
    "cpu",
    "cuda",
    "cudnn",
    "mha",
    "mkl",
    "mkldnn",
    "mps",
    "nnpack",
    "openmp",
    "opt_einsum",
    "quantized",
]


class _Backend(types.ModuleType):
    """A library that is not there. Attributes may be set; they change nothing."""

    def __init__(self, name: str, **attributes: Any) -> None:
        super().__init__(f"{__name__}.{name}", self.__class__.__doc__)
        self.__dict__.update(attributes)
        sys.modules[self.__name__] = self  # for `import torch.backends.cudnn`

    def is_available(self) -> bool:
        """False."""
        return False

    def is_built(self) -> bool:
        """False."""
        return False

    @contextlib.contextmanager
    def flags(self, **attributes: Any) -> Iterator[None]:
        """A context in which attributes have these values."""
        unknown = attributes.keys() - self.__dict__.keys()
        if unknown:
            raise TypeError(
                f"{self.__name__}.flags: got an unexpected keyword argument {sorted(unknown)[0]!r}"
            )
        before = {name: self.__dict__[name] for name in attributes}
        self.__dict__.update(attributes)
        try:
            yield
        finally:
            self.__dict__.update(before)


cudnn = _Backend(
    "cudnn",
    enabled=False,
    benchmark=False,
    benchmark_limit=10,
    deterministic=False,
    allow_tf32=False,
    fp32_precision="none",
    depthwise_kernel="auto",
    version=lambda: None,
)
cuda = _Backend(
    "cuda",
    matmul=_Backend(
        "cuda.matmul", allow_tf32=False, allow_fp16_reduced_precision_reduction=True, fp32_precision="none"
    ),
    flash_sdp_enabled=lambda: True,
    mem_efficient_sdp_enabled=lambda: True,
    math_sdp_enabled=lambda: True,
    enable_flash_sdp=lambda enabled: None,
    enable_mem_efficient_sdp=lambda enabled: None,
    enable_math_sdp=lambda enabled: None,
)
mps = _Backend("mps", is_macos_or_newer=lambda major, minor: False)
mkl = _Backend("mkl")
mkldnn = _Backend("mkldnn", enabled=False, deterministic=False, allow_tf32=False, fp32_precision="none")
openmp = _Backend("openmp")
nnpack = _Backend("nnpack", enabled=False)
mha = _Backend("mha", get_fastpath_enabled=lambda: False, set_fastpath_enabled=lambda value: None)
opt_einsum = _Backend("opt_einsum", enabled=False, strategy=None)
quantized = _Backend("quantized", engine="none", supported_engines=["none"])
cpu = _Backend(
    "cpu", get_cpu_capability=lambda: {"v4": "AVX512", "v3": "AVX2"}.get(cpu_info()["level"], "DEFAULT")
)
