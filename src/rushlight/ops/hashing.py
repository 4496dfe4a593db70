"""A checksum of a tensor's elements, for finding out where two runs part."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.core import TensorBase
from ..errors import kind_of, wrap_dims
from ..tensor import Tensor, into, method, wrap

__all__ = ["hash_tensor"]


@method()
def hash_tensor(
    input: Tensor, dim: Any = (), *, keepdim: bool = False, mode: int = 0, out: Tensor | None = None
) -> Tensor:
    """The exclusive or of the elements' bits, along `dim` (default: all): equal tensors have equal hashes.

    Floating-point numbers count as float64, integers as int64, so that the hash does not depend on the width.

    Args:
        mode: 0, the only one there is.
    Shape:
        input: any; output: as a sum's, uint64.
    Raises:
        RuntimeError: `mode` is unknown, or there is nothing to reduce.
        IndexError: a dim to reduce is empty.
    Example:
        >>> hash_tensor(rushlight.tensor([6, 3])).item()
        5
    """
    if not isinstance(input, TensorBase):
        raise TypeError(f"hash_tensor: input must be a Tensor, got {kind_of(input)}")
    if mode != 0:
        raise RuntimeError(f"hash_tensor: mode must be 0, got {mode}")
    array = input._array
    d = dtypes.of(array.dtype)
    if d.is_complex:
        raise NotImplementedError(f"hash_tensor: input must not be complex, got {d}; use view_as_real")
    given = dim if isinstance(dim, int) else tuple(dim or ())
    dims = wrap_dims(given, array.ndim, "hash_tensor")
    if not array.size:
        if given == ():
            raise RuntimeError(
                "hash_tensor: dim must be given for an empty input (Expected reduction dim to be specified), got none"
            )
        for k in dims:
            if array.shape[k] == 0:
                raise IndexError(
                    f"hash_tensor: dim to reduce must have non-zero size, got {k} of size 0 (shape {list(array.shape)})"
                )
    wide = array.astype(np.float64 if d.is_floating_point else np.int64)
    bits = np.ascontiguousarray(wide).view(np.uint64).reshape(array.shape)
    y = wrap(np.asarray(np.bitwise_xor.reduce(bits, axis=dims, keepdims=keepdim), np.uint64))
    return y if out is None else into(out, y, "hash_tensor")
