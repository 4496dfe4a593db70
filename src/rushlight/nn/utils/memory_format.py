"""Memory formats of convolution weights."""

from __future__ import annotations

from typing import Any, TypeVar

M = TypeVar("M")


def _convert(module: Any, memory_format: Any, ndim: int) -> Any:
    for m in module.modules():
        weight = m._parameters.get("weight")
        if type(m).__name__.startswith("Conv") and weight is not None and weight.dim() == ndim:
            weight.data = weight.data.contiguous(memory_format=memory_format)
    return module


def convert_conv2d_weight_memory_format(module: M, memory_format: Any) -> M:
    """Bring the weights of all Conv2d and ConvTranspose2d in `module` into a memory format."""
    return _convert(module, memory_format, 4)


def convert_conv3d_weight_memory_format(module: M, memory_format: Any) -> M:
    """Bring the weights of all Conv3d and ConvTranspose3d in `module` into a memory format."""
    return _convert(module, memory_format, 5)
