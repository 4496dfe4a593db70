"""torch.backends: switches of libraries that are not in use here, so that scripts may set them."""

from __future__ import annotations

from typing import Any

from ..system import cpu_info

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]


class _Backend:
    """A library that is not there. Attributes may be set; they change nothing."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def is_available(self) -> bool:
        """False."""
        return False

    def is_built(self) -> bool:
        """False."""
        return False


cudnn = _Backend(enabled=False, benchmark=False, deterministic=False, allow_tf32=False, version=lambda: None)
cuda = _Backend(matmul=_Backend(allow_tf32=False))
mps = _Backend()
mkl = _Backend()
mkldnn = _Backend(enabled=False)
openmp = _Backend()
cpu = _Backend(get_cpu_capability=lambda: {"v4": "AVX512", "v3": "AVX2"}.get(cpu_info()["level"], "DEFAULT"))
