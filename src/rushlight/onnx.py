"""`torch.onnx`: models are not exported here."""

from __future__ import annotations

from typing import Any

__all__ = ["export", "is_in_onnx_export"]


def export(model: Any, args: Any = (), f: Any = None, **options: Any) -> Any:
    """An error: export the model with PyTorch, from the same weights.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError(
        "onnx.export: models are not exported here; save the weights with torch.save(model.state_dict(), path), load "
        "them into the same model in PyTorch and export it there"
    )


def is_in_onnx_export() -> bool:
    """False."""
    return False
