"""Sequences of different lengths: padded into one tensor, or packed step by step."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from ... import dtypes
from ...ops.creation import full
from ...ops.from_data import as_tensor
from ...ops.join import cat
from ...tensor import Tensor, wrap

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpad_sequence",
    "pack_sequence",
    "unpack_sequence",
]

_Fields = namedtuple("PackedSequence_", ["data", "batch_sizes", "sorted_indices", "unsorted_indices"])  # type: ignore[name-match]


class PackedSequence(_Fields):
    """Sequences sorted by length and stored step by step: all first elements, all second elements, ...

    Made by `pack_padded_sequence` and `pack_sequence`; taken and returned by the recurrent layers.

    Attributes:
        data: The elements, (sum of lengths, *).
        batch_sizes: How many sequences reach each step.
        sorted_indices: The order in which the sequences are stored; None if it is theirs.
        unsorted_indices: Its inverse.
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        if batch_sizes is None:
            if not isinstance(data, (list, tuple)) or len(data) != 2:
                raise ValueError("PackedSequence: data must come with batch_sizes, got no batch_sizes")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same with `data` converted as `Tensor.to` does."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._with(data)

    def _with(self, data: Tensor) -> PackedSequence:
        return self._replace(data=data)

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same: it is on the CPU."""
        return self

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Raise AssertionError, as PyTorch's CPU builds do."""
        self.data.cuda(*args, **kwargs)
        return self

    def pin_memory(self) -> PackedSequence:
        """Raise RuntimeError, as `Tensor.pin_memory` does: there is no accelerator to pin memory for."""
        return self._with(self.data.pin_memory())

    def double(self) -> PackedSequence:
        """The same with float64 data."""
        return self.to(dtype=dtypes.float64)

    def float(self) -> PackedSequence:
        """The same with float32 data."""
        return self.to(dtype=dtypes.float32)

    def half(self) -> PackedSequence:
        """The same with float16 data."""
        return self.to(dtype=dtypes.float16)

    def long(self) -> PackedSequence:
        """The same with int64 data."""
        return self.to(dtype=dtypes.int64)

    def int(self) -> PackedSequence:
        """The same with int32 data."""
        return self.to(dtype=dtypes.int32)

    @property
    def is_cuda(self) -> bool:
        return False

    def is_pinned(self) -> bool:
        """False."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes one.

    Example:
        >>> nn.utils.rnn.invert_permutation(torch.tensor([2, 0, 1]))
        tensor([1, 2, 0])
    """
    return None if permutation is None else wrap(np.argsort(permutation._array))


def _plan(lengths: np.ndarray, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """For sorted lengths: (batch sizes, the place of each packed element among steps x stride)."""
    steps = int(lengths[0])
    sizes = (lengths[None, :] > np.arange(steps)[:, None]).sum(1)
    where = np.concatenate([t * stride + np.arange(n) for t, n in enumerate(sizes)])
    return sizes.astype(np.int64), where


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack padded sequences.

    Args:
        input: The sequences, (T, B, *), or (B, T, *) with `batch_first`.
        lengths: Their lengths, (B,), all at least 1.
        batch_first: See `input`.
        enforce_sorted: They must come sorted, longest first; otherwise they are sorted here.

    Raises:
        ValueError: A length is below 1.
        RuntimeError: The lengths are not sorted, or do not fit the input.

    Example:
        >>> x = torch.tensor([[1, 2, 0], [3, 0, 0]])
        >>> nn.utils.rnn.pack_padded_sequence(x, [2, 1], batch_first=True)
        PackedSequence(data=tensor([1, 3, 2]), batch_sizes=tensor([2, 1]), sorted_indices=None, unsorted_indices=None)
    """
    if not isinstance(lengths, Tensor):
        lengths = as_tensor(lengths, dtype=dtypes.int64)
    counts = lengths._array.astype(np.int64)
    order = None
    if not enforce_sorted:
        order = np.argsort(-counts, kind="stable")
        counts = counts[order]
        input = input.index_select(0 if batch_first else 1, wrap(order))
    if batch_first:
        input = input.transpose(0, 1)
    if input.numel() == 0:
        raise RuntimeError(
            "pack_padded_sequence: input must not be empty (Cannot pack empty tensors), got no elements"
        )
    if counts.ndim != 1 or len(counts) != input.size(1):
        raise RuntimeError(
            f"pack_padded_sequence: lengths must be one per sequence ({input.size(1)}), got {tuple(counts.shape)}"
        )
    if counts.min() <= 0:
        raise RuntimeError(
            "pack_padded_sequence: Length of all samples has to be greater than 0, but found an element in 'lengths' "
            f"that is <= 0, got {int(counts.min())}"
        )
    if (np.diff(counts) > 0).any():
        raise RuntimeError(
            "pack_padded_sequence: lengths must be sorted in decreasing order when enforce_sorted=True, got "
            f"{counts.tolist()}; pass enforce_sorted=False"
        )
    if counts[0] > input.size(0):
        raise RuntimeError(
            f"pack_padded_sequence: lengths must be at most {input.size(0)}, got {int(counts[0])}"
        )
    sizes, where = _plan(counts, input.size(1))
    data = input.reshape(-1, *input.shape[2:]).index_select(0, wrap(where))
    return PackedSequence(data, wrap(sizes), None if order is None else wrap(order))


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Unpack into padded sequences; the inverse of `pack_padded_sequence`.

    Args:
        sequence: The packed sequences.
        batch_first: Give (B, T, *) instead of (T, B, *).
        padding_value: What fills the shorter ones.
        total_length: T, if it shall be more than the longest.

    Returns:
        The padded sequences and their lengths.

    Example:
        >>> packed = nn.utils.rnn.pack_sequence([torch.tensor([1, 2]), torch.tensor([3])])
        >>> nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
        (tensor([[1, 2],
                [3, 0]]), tensor([2, 1]))
    """
    sizes = sequence.batch_sizes._array
    steps, batch = len(sizes), int(sizes[0])
    if total_length is not None and total_length < steps:
        raise ValueError(
            f"pad_packed_sequence: total_length must be at least the length of the longest sequence ({steps}), got "
            f"{total_length}"
        )
    length = steps if total_length is None else total_length
    data = sequence.data
    where = np.concatenate([t * batch + np.arange(n) for t, n in enumerate(sizes)])
    padded = full((length * batch, *data.shape[1:]), padding_value, dtype=data.dtype)
    padded = padded.index_copy(0, wrap(where), data).reshape(length, batch, *data.shape[1:])
    lengths = (sizes[:, None] > np.arange(batch)).sum(0).astype(np.int64)
    if batch_first:
        padded = padded.transpose(0, 1)
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(0 if batch_first else 1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices._array]
    return padded, wrap(lengths)


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Stack sequences of different lengths, filled up to the longest.

    Args:
        sequences: Tensors (L, *), alike but for L.
        batch_first: Give (B, T, *) instead of (T, B, *).
        padding_value: What fills the shorter ones. Default 0.
        padding_side: 'right' or 'left'.

    Example:
        >>> nn.utils.rnn.pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], batch_first=True)
        tensor([[1, 2],
                [3, 0]])
    """
    if isinstance(sequences, Tensor):
        sequences = sequences.unbind(0)
    try:
        sequences = list(sequences)
    except TypeError:
        raise RuntimeError(
            f"pad_sequence: sequences must be an iterable of Tensors, got {type(sequences).__name__}"
        ) from None
    if not sequences:
        raise RuntimeError(
            "pad_sequence: sequences must not be empty (received an empty list of sequences), got none"
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"pad_sequence: padding_side must be 'left' or 'right', got {padding_side!r}")
    longest = max(s.size(0) for s in sequences)
    rest = tuple(sequences[0].shape[1:])
    rows = []
    for i, s in enumerate(sequences):
        if tuple(s.shape[1:]) != rest:
            raise RuntimeError(
                f"pad_sequence: sequences must have the same size but for the first dimension, {list(rest)}, got "
                f"{list(s.shape[1:])} at place {i}"
            )
        fill = full((longest - s.size(0), *rest), padding_value, dtype=s.dtype)
        rows.append(cat([s, fill] if padding_side == "right" else [fill, s]) if len(fill) else s)
    joined = cat([r.unsqueeze(0) for r in rows])
    return joined if batch_first else joined.transpose(0, 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences in a padded tensor, each cut to its length.

    Example:
        >>> nn.utils.rnn.unpad_sequence(
        ...     torch.tensor([[1, 2], [3, 0]]), torch.tensor([2, 1]), batch_first=True
        ... )
        [tensor([1, 2]), tensor([3])]
    """
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [row[: int(n)] for row, n in zip(padded_sequences.unbind(0), lengths.tolist())]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of different lengths.

    Args:
        sequences: Tensors (L, *), longest first.
        enforce_sorted: They must come sorted; otherwise they are sorted here.

    Example:
        >>> nn.utils.rnn.pack_sequence([torch.tensor([1, 2]), torch.tensor([3])]).data
        tensor([1, 3, 2])
    """
    lengths = as_tensor([s.size(0) for s in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences in a PackedSequence; the inverse of `pack_sequence`."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
